"""The graph database after any loads: node for node and relation for relation what the vault's views say.

Events of every type that says something of the graph, drawn at random over a few keys: what is deleted comes back, what
ended begins again, what happened first arrives last. A sync after every few loads; then all of Neo4j is held against all
of the views.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from clickvault.contract.vault import VaultSpec
from clickvault.graph import changes, cypher
from clickvault.graph.neo4j_engine import Neo4jEngine
from clickvault.graph.relations import nodes, relations
from clickvault.ingest import collections
from clickvault.session import Session
from clickvault.settings import Settings
from clickvault.stores import postgres
from clickvault.vault import apply_postgres
from tests.vault.staging import day, event_id, fetch, load_rows

Row = dict[str, Any]
DATABASE = "random"
_offsets = itertools.count()


@pytest.fixture(scope="module")
def pg(session: Session) -> Iterator[Any]:
    """A vault of its own, in another database of the same server; ClickHouse reads from there meanwhile."""
    url = urlunsplit(urlsplit(session.settings.postgres_url)._replace(path=f"/{DATABASE}"))
    session.pg.autocommit = True
    with session.pg.cursor() as cursor:
        cursor.execute(f"create database {DATABASE}")
    session.pg.autocommit = False
    connection = postgres.connect(url)
    apply_postgres(connection, session.renderer)
    with connection, connection.cursor() as cursor:
        cursor.execute("set synchronous_commit = off")
    collections.apply(session.ch, session.settings.model_copy(update={"postgres_url": url}))
    yield connection
    connection.close()
    collections.apply(session.ch, session.settings)


def vault_says(session: Session, pg: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for node in nodes(session.renderer.registry):
        found[node.label] = sorted(row[0] for row in fetch(pg, f"select id from graph.{node.view}"))
    for relation in relations(session.renderer.registry):
        names = [f.name for f, _ in relation.parts[0].properties]
        columns = "".join(f", {n}" for n in names)
        rows = fetch(pg, f"select source, target{columns} from graph.{relation.view}")
        found[relation.type] = sorted(rows, key=repr)
    return found


def neo4j_says(session: Session, engine: Neo4jEngine) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    with engine.driver.session() as neo4j:
        for node in nodes(session.renderer.registry):
            found[node.label] = sorted(r["id"] for r in neo4j.run(f"MATCH (n:{node.label}) RETURN n.id AS id"))
        for relation in relations(session.renderer.registry):
            names = [f.name for f, _ in relation.parts[0].properties]
            columns = "".join(f", r.{n}" for n in names)
            ends = f"(a:{relation.source.label})-[r:{relation.type}]->(b:{relation.target.label})"
            rows = neo4j.run(f"MATCH {ends} RETURN a.id, b.id{columns}")
            found[relation.type] = sorted((tuple(r.values()) for r in rows), key=repr)
    return found


def same(session: Session, pg: Any, engine: Neo4jEngine, when: object) -> None:
    vault, neo4j = vault_says(session, pg), neo4j_says(session, engine)
    different = [name for name in vault if vault[name] != neo4j[name]]
    assert not different, (when, {n: (set(vault[n]) ^ set(neo4j[n])) for n in different})
    with engine.driver.session() as neo4j_session:  # and nothing else is there
        total = neo4j_session.run("MATCH ()-[r]->() RETURN count(r) AS n").single()["n"]
    assert total == sum(len(vault[r.type]) for r in relations(session.renderer.registry)), when
    assert all(a.ok for a in engine.reconciliations(session.renderer, session.ch, pg)), when


def told(vault: VaultSpec, draw: random.Random, number: int) -> Row:
    """One event: over few keys, so that things meet; of 40 days, so that months are crossed; now and then a deletion."""
    row: Row = {"event_id": event_id("sync", number, draw.random()), "event_time": day(draw.randrange(1, 40))}
    row["offset"] = next(_offsets)  # no two messages have one position: it orders those of one time
    row["op"] = draw.choices(["create", "update", "delete"], [5, 2, 3])[0] if "delete" in vault.event.ops else "create"
    for key in vault.keys:
        row[key.field.name] = None if key.optional and draw.random() < 0.3 else event_id(key.hub, draw.randrange(6))
    for field in vault.event.fields:
        if field.sat and field.kind == "enum":
            row[field.name] = draw.choice(field.choices)
        elif field.sat and field.kind == "int":
            row[field.name] = draw.randrange(int(field.low or 0), int(field.low or 0) + 3)
        elif field.multi_active:
            row[field.name] = []
    return row


@pytest.fixture(params=["csv", "unwind"])
def way(request: pytest.FixtureRequest, engine: Neo4jEngine) -> Iterator[Neo4jEngine]:
    """The engine, loading in either way."""
    before = engine.settings
    engine.settings = before.model_copy(update={"neo4j_load": request.param})
    yield engine
    engine.settings = before


def test_random_loads(session: Session, pg: Any, way: Neo4jEngine) -> None:
    draw = random.Random(f"loads {way.settings.neo4j_load}")
    vaults = [v for v in session.renderer.vaults() if v.event.hub_field or v.event.relations]
    said: list[str] = []
    way.prepare(session.renderer, session.ch, pg, said.append, whole=True)
    sent: list[tuple[str, Row]] = []
    number = incremental = 0
    for turn in range(14):
        for vault in draw.sample(vaults, draw.choice([1, 3, len(vaults)])):
            rows = [told(vault, draw, number := number + 1) for _ in range(draw.randrange(1, 12))]
            sent += [(vault.event.event_type, row) for row in rows]
            load_rows(pg, session.renderer, vault.event.event_type, rows)
        if turn % 4 == 3:  # what arrived before arrives again
            event_type, row = draw.choice(sent)
            load_rows(pg, session.renderer, event_type, [row])
        way.prepare(session.renderer, session.ch, pg, said.append)
        assert way.synced is not None
        incremental += not way.synced.whole
        same(session, pg, way, turn)
    assert incremental >= 10
    assert sum(map(len, vault_says(session, pg).values())) > 100
    way.prepare(session.renderer, session.ch, pg, said.append)
    assert way.synced is not None
    assert not way.synced.rows, "nothing was loaded, and yet something was brought"


def test_a_sync_that_was_cut_short_is_repeated(
    session: Session, pg: Any, engine: Neo4jEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neo4j has it, PostgreSQL was not told: the same again, and nothing is there twice."""
    draw = random.Random("cut short")
    engine.prepare(session.renderer, session.ch, pg, print)
    for vault in session.renderer.vaults():
        if vault.event.relations or vault.event.nodes:
            load_rows(pg, session.renderer, vault.event.event_type, [told(vault, draw, n) for n in range(5)])
    with monkeypatch.context() as patch:
        patch.setattr(changes, "note", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            engine.prepare(session.renderer, session.ch, pg, print)
    engine.prepare(session.renderer, session.ch, pg, print)
    assert engine.synced is not None
    assert engine.synced.rows
    same(session, pg, engine, "after it was cut short")


def test_a_load_that_was_not_yet_committed_is_not_missed(session: Session, pg: Any, engine: Neo4jEngine) -> None:
    """A load that began before another ended after it: its rows are older than what the graph has already."""
    draw = random.Random("late commit")
    vaults = {v.event.event_type: v for v in session.renderer.vaults()}
    engine.prepare(session.renderer, session.ch, pg, print)
    slow = postgres.connect(pg.dsn if "password" not in pg.dsn else _url(session.settings))
    with slow.cursor() as cursor:
        cursor.execute("select now()")  # the transaction's time, which its rows will carry
    load_rows(pg, session.renderer, "follower", [told(vaults["follower"], draw, n) for n in range(6)])
    engine.prepare(session.renderer, session.ch, pg, print)
    keys = [event_id("user", f"new {n}") for n in range(2)]
    with slow.cursor() as cursor:
        cursor.execute(
            "insert into vault.hub_user (hk, bk, load_ts, first_seen, record_source)"
            " select vault.hash_key(k), k::uuid, now(), now(), 'slow' from unnest(%s) k",
            (keys,),
        )
        cursor.execute(
            "insert into ops.load_log (event_type, started_at, staged, hubs, links, sats, effs)"
            " values ('user', now(), 2, 2, 0, 0, 0)"
        )
    slow.commit()
    slow.close()
    engine.prepare(session.renderer, session.ch, pg, print)
    same(session, pg, engine, "after the late commit")
    assert set(keys) <= set(neo4j_says(session, engine)["User"])


def _url(settings: Settings) -> str:
    return urlunsplit(urlsplit(settings.postgres_url)._replace(path=f"/{DATABASE}"))


def test_what_was_changed_by_hand_is_seen_and_made_anew(session: Session, pg: Any, engine: Neo4jEngine) -> None:
    engine.prepare(session.renderer, session.ch, pg, print)
    with engine.driver.session() as neo4j:
        neo4j.run("MATCH (n:User) WITH n LIMIT 1 DETACH DELETE n").consume()
        neo4j.run("CREATE (:User {id: 'a stranger'})-[:FOLLOWS]->(:User {id: 'another'})").consume()
    broken = [a for a in engine.reconciliations(session.renderer, session.ch, pg) if not a.ok]
    assert any("(:User)" in a.name for a in broken)
    engine.prepare(session.renderer, session.ch, pg, print, whole=True)
    same(session, pg, engine, "made anew")


def test_a_type_that_no_contract_declares_any_more_goes(session: Session, pg: Any, engine: Neo4jEngine) -> None:
    engine.prepare(session.renderer, session.ch, pg, print)
    (found,) = cypher.rows(engine.driver, "database")
    with pg, pg.cursor() as cursor:
        cursor.execute(
            "insert into ops.graph_object (target, kind, name, definition) values (%s, 'relation', 'ADMIRES', 'old')",
            (found["id"],),
        )
    with engine.driver.session() as neo4j:
        neo4j.run("MATCH (a:User), (b:User) WITH a, b LIMIT 3 CREATE (a)-[:ADMIRES]->(b)").consume()
    engine.prepare(session.renderer, session.ch, pg, print)
    same(session, pg, engine, "without ADMIRES")


def test_a_declaration_that_changed_is_loaded_anew(session: Session, pg: Any, engine: Neo4jEngine) -> None:
    engine.prepare(session.renderer, session.ch, pg, print)
    with pg, pg.cursor() as cursor:
        cursor.execute("update ops.graph_object set definition = 'another' where name in ('REACTED', 'Community')")
    engine.prepare(session.renderer, session.ch, pg, print)
    assert engine.synced is not None
    assert engine.synced.whole > 2, "a label that is declared otherwise takes its relations with it"
    same(session, pg, engine, "after the declaration changed")


def test_the_password_is_in_no_log_and_no_error(session: Session, pg: Any, engine: Neo4jEngine) -> None:
    """LOAD CSV's address has ClickHouse's login in it: where it fails, nobody is to read that."""
    draw = random.Random("secret")
    vault = next(v for v in session.renderer.vaults() if v.event.event_type == "user")
    load_rows(pg, session.renderer, "user", [{**told(vault, draw, 0), "user_id": event_id("fresh"), "op": "create"}])
    before = engine.settings
    secret = urlsplit(before.clickhouse_reader_url).password
    assert secret
    engine.settings = before.model_copy(update={"neo4j_sees_clickhouse": "http://127.0.0.1:1"})
    try:
        with pytest.raises(Exception, match="loading the graph") as error:
            engine.prepare(session.renderer, session.ch, pg, print)
    finally:
        engine.settings = before
    chain: BaseException | None = error.value
    while chain is not None:
        assert secret not in repr(chain)
        chain = chain.__cause__
    engine.prepare(session.renderer, session.ch, pg, print)
    same(session, pg, engine, "after the error")
    home = session.settings.home
    logs = [*(home / "logs").iterdir(), *(p for p in (home / "neo4j" / "logs").iterdir() if p.is_file())]
    assert len(logs) >= 5
    for log in logs:
        assert secret not in log.read_text(errors="replace"), log
