"""postgres/50_roles.sql: with each role's login the work of its stages is done, and what it must not do is refused.

ClickHouse fills the stage as `vault_stage`; load, snapshots and the graph run as `vault_loader`; `vault_reader` reads. Roles
belong to the server, not to the database: they are left as they were found.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pytest
from clickhouse_connect.driver.client import Client

from clickvault.contract import load_domains
from clickvault.graph import changes
from clickvault.graph.networkx_engine import NetworkxEngine
from clickvault.graph.relations import measured
from clickvault.graph.store import read_graph, write_satellites
from clickvault.sql.render import Renderer
from clickvault.stores import postgres
from clickvault.stores.postgres import Connection
from clickvault.vault import apply_postgres, build_snapshots, load, merge, reconciliations, rewind
from tests.vault import shop
from tests.vault.conftest import Server
from tests.vault.staging import Raw, day, event_id, fetch, stage
from tests.vault.test_bridge import awkward_rows

SHOP = shop.renderer()
SOCIAL = Renderer(load_domains(["social"]))
ROLES = ("vault_stage", "vault_loader", "vault_reader")
PASSWORD = "of a test"


@dataclass(frozen=True)
class Settings:
    bridge_batch_rows: int = 2_000_000
    postgres_url: str = ""


def url_of(server: Server, role: str) -> str:
    """The address with the login that is in a role."""
    parts = urlsplit(server.url)
    login = f"test_{role}:{PASSWORD.replace(' ', '%20')}@{parts.hostname}:{parts.port}"
    return urlunsplit(parts._replace(netloc=login))


@pytest.fixture(scope="module")
def logins(server: Server) -> Iterator[None]:
    """A login in each role, which `init` makes."""
    with closing(postgres.connect(server.url)) as owner:
        with owner, owner.cursor() as cursor:
            for name in ROLES:
                cursor.execute(
                    f"do $$ begin if not exists (select from pg_roles where rolname = '{name}') then"
                    f" create role {name} nologin; end if; end $$"
                )
                cursor.execute(f"create role test_{name} login password %s in role {name}", (PASSWORD,))
        yield
        with owner, owner.cursor() as cursor:
            for name in ROLES:
                cursor.execute(f"drop owned by test_{name}; drop role test_{name}")


@pytest.fixture
def loader(server: Server, pg: Connection, logins: None) -> Iterator[Connection]:
    """A connection in role vault_loader, to a database that the owner has not made anything in yet."""
    with closing(postgres.connect(url_of(server, "vault_loader"))) as connection:
        yield connection


def refused(server: Server, role: str, statements: list[str]) -> None:
    """Each statement fails for want of a right."""
    with closing(postgres.connect(url_of(server, role))) as connection:
        for statement in statements:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege), connection, connection.cursor() as cursor:
                cursor.execute(statement)


def test_a_load_from_clickhouse_to_the_snapshots(
    server: Server, ch: Client, raw: Raw, pg: Connection, loader: Connection
) -> None:
    """All of `clickvault load`: ClickHouse in the role of the stage, the merge in that of the loader, months and hubs that are new."""
    apply_postgres(pg, SHOP)
    into_stage = Raw(ch, url_of(server, "vault_stage"))
    into_stage.begin()
    into_stage.create(SHOP)
    rows = awkward_rows()
    for event_type, some in rows.items():
        into_stage.insert(event_type, some)
    into_stage.safe(1_000)
    settings = Settings(postgres_url=url_of(server, "vault_loader"))
    done = load(settings, SHOP, ch, loader)
    assert {r.event_type for r in done if r.staged} == set(rows)
    assert sum(r.sats + r.links + r.effs for r in done) > 50
    build_snapshots(SHOP, loader)
    found = reconciliations(SHOP, ch, loader)
    assert [a for a in found if not a.ok] == []
    assert sum(a.expected for a in found) > 50
    rewind(loader)
    again = load(settings, SHOP, ch, loader)
    assert sum(r.staged for r in again) == sum(r.staged for r in done)
    assert sum(r.hubs + r.links + r.sats + r.effs for r in again) == 0


def test_every_event_type_is_merged_and_the_graph_measured(server: Server, pg: Connection, loader: Connection) -> None:
    """Tables, months and functions of all event types: an empty stage runs the same statements."""
    apply_postgres(pg, SOCIAL)
    friends = [
        {"event_id": event_id("tie", a, b), "event_time": day(a + 1), "user_id": event_id(a), "friend_id": event_id(b)}
        for a, b in ((0, 1), (1, 2), (2, 0), (2, 3))
    ]
    for vault in SOCIAL.vaults():
        name = vault.event.event_type
        stage(loader, SOCIAL, name, friends if name == "friend" else [])
        merge(loader, SOCIAL, vault)
    day_of = day(9).date()
    (relation,) = (r for r in measured(SOCIAL.registry) if r.type == "FRIENDS_WITH")
    graph = read_graph(SOCIAL, loader, relation)
    assert (graph.nodes, graph.edges) == (4, 4)
    write_satellites(SOCIAL, loader, day_of, [(relation, graph, NetworkxEngine().compute(graph))])
    assert fetch(pg, "select count(*) from vault.sat_user_centrality") == [(4,)]
    # what a sync of the graph database does here, and what ClickHouse reads of it
    changes.make_indexes(SOCIAL.registry, loader)
    found = changes.find(SOCIAL, loader, "a graph")
    assert found.rows["changes_rel_friends_with"] == 4
    with closing(postgres.connect(url_of(server, "vault_stage"))) as clickhouse:
        assert fetch(clickhouse, "select count(*) from graph.changes_rel_friends_with where in_force") == [(4,)]
        assert fetch(clickhouse, "select count(*) from ops.watermark") == [(0,)]
    changes.note(loader, "a graph", found)
    with closing(postgres.connect(url_of(server, "vault_reader"))) as reader:
        assert fetch(reader, "select count(*) from graph.rel_friends_with") == [(4,)]
        assert fetch(reader, "select count(*) from vault.v_hub_user") == [(4,)]


def test_what_is_not_a_roles_work_is_refused(server: Server, pg: Connection, loader: Connection) -> None:
    apply_postgres(pg, SOCIAL)
    made = [
        "create table vault.mine (a int)",
        "create table stage.mine (a int)",
        "create schema mine",
        "create role mine",
    ]
    away = ["drop table vault.hub_user", "truncate vault.hub_user", "alter table vault.hub_user add column mine int"]
    months = [
        "select vault.add_months(array['eff_friend'], array[date '2030-01-01'])",
        "select vault.index_loads('{}')",
    ]
    writes = ["delete from vault.hub_user", "insert into stage.load_window values ('user', 'a', 'b', 0, 0, 1)"]
    server_side = ["copy vault.hub_user to program 'cat'", "select pg_read_file('postgresql.conf')"]
    refused(server, "vault_loader", [*made, *away, *server_side, "create table vault_months.mine (a int)"])
    reads = ["select * from vault.hub_user", "select * from ops.load_log", "delete from stage.load_window", writes[0]]
    refused(server, "vault_stage", [*made, *away, *months, *reads, *server_side, "delete from ops.watermark"])
    others = ["select * from stage.user", "select * from ops.watermark", "create table graph.mine (a int)"]
    refused(server, "vault_reader", [*made, *away, *months, *writes, *others, *server_side])


def test_functions_with_the_owners_rights_do_no_more_than_they_are_for(
    server: Server, pg: Connection, loader: Connection
) -> None:
    """Whoever calls them can't have them take another function of the same name, nor touch what is outside the vault."""
    apply_postgres(pg, SOCIAL)
    with loader, loader.cursor() as cursor:
        cursor.execute(
            "create function pg_temp.to_regclass(text) returns regclass language sql as 'select null::regclass'"
        )
        cursor.execute(
            "create function pg_temp.format(text, text) returns text language sql as $$select 'drop schema vault'$$"
        )
        cursor.execute("set local search_path = pg_temp, pg_catalog")
        cursor.execute("select vault.add_months(array['eff_friend'], array[date '2031-05-01'])")
        assert cursor.fetchone() == (1,)
        cursor.execute("select vault.add_months(array['eff_friend'], array[date '2031-05-01'])")
        assert cursor.fetchone() == (0,), "it looked for the month with the function of its caller"
    owners = "select distinct tableowner = current_user from pg_tables where schemaname = 'vault_months'"
    assert fetch(pg, owners) == [(True,)]
    for name in ("hub_user", "no_such_table", 'eff_friend" (a int); drop table vault.hub_user; --'):
        with pytest.raises(psycopg2.Error), loader, loader.cursor() as cursor:
            cursor.execute("select vault.add_months(array[%s], array[date '2031-06-01'])", (name,))
    assert fetch(pg, "select to_regclass('vault.hub_user') is not null") == [(True,)]
