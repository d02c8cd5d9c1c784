"""clickhouse/: the server's configuration is read by the engine itself, and each user may do its own work and nothing else.

The engine within this process knows one user, `default`. So each user's profile and grants are given to `default` in turn,
and the pipeline's own statements are run with them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from datetime import date
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from clickvault import dashboards
from clickvault.contract import Registry
from clickvault.domains.social import DOMAIN
from clickvault.graph.sync import pages
from clickvault.ingest import collections
from clickvault.marts import build as marts
from clickvault.pipeline import migrate as schema
from clickvault.pipeline.migrate import column_clauses
from clickvault.resources import CHECKOUT
from clickvault.session import OWNER_SETTINGS, Session
from clickvault.settings import Settings
from clickvault.sql.objects import SqlObject
from clickvault.sql.render import Renderer
from clickvault.stores import postgres
from clickvault.stores.clickhouse import rows, server_said

FOLDER = CHECKOUT / "clickhouse"
USERS = ET.parse(FOLDER / "users.d" / "clickvault.xml").getroot()
NAMES = ("operator", "ingest", "loader", "reader", "graph")
SECRETS = {
    **{f"CLICKHOUSE_{name.upper()}_PASSWORD": f"of-{name}" for name in NAMES},
    "CLICKHOUSE_NODE": "clickvault", "KAFKA_BOOTSTRAP": "kafka:9092", "S3_ACCESS_KEY": "key", "S3_SECRET_KEY": "of-s3", "POSTGRES_STAGE_PASSWORD": "of-stage",
}  # fmt: skip
RENDERER = Renderer(Registry([DOMAIN]))


def user_of(name: str) -> ET.Element:
    """The declaration of a user."""
    (found,) = [u for u in USERS.find("users") or [] if u.tag == name]
    return found


def configuration(folder: Path, name: str) -> Path:
    """The server's configuration, with the rights of `name` given to the only user there is; "" gives all rights."""
    users = ET.fromstring(ET.tostring(USERS))
    everybody = users.find("users")
    assert everybody is not None
    everybody.remove(next(u for u in everybody if u.tag == "default"))
    only = ET.SubElement(everybody, "default")
    ET.SubElement(only, "password")
    ET.SubElement(ET.SubElement(only, "networks"), "ip").text = "::/0"
    ET.SubElement(only, "quota").text = "default"
    ET.SubElement(only, "profile").text = "reader" if name == "reader" else "default"
    if name:
        only.append(user_of(name).find("grants"))  # type: ignore[arg-type]
    else:
        for right in ("access_management", "named_collection_control", "show_named_collections"):
            ET.SubElement(only, right).text = "1"
    config = ET.Element("clickhouse")
    for file in sorted((FOLDER / "config.d").glob("*.xml")):
        config.extend(ET.parse(file).getroot())
    ET.SubElement(config, "users_config").text = str(folder / f"users_{name}.xml")
    ET.ElementTree(users).write(folder / f"users_{name}.xml")
    path = folder / f"config_{name}.xml"
    ET.ElementTree(config).write(path)
    return path


def run_as(folder: Path, name: str, statements: list[str], output: str = "Null") -> list[str]:
    """What the engine said to each statement: its result in a format, or its error."""
    command = [sys.executable, str(Path(__file__).parent / "as_user.py"), str(folder / "data")]
    done = subprocess.run(
        [*command, str(configuration(folder, name)), output],
        input=json.dumps(statements), capture_output=True, text=True, check=True, env={**os.environ, **SECRETS},
    )  # fmt: skip
    answer: list[str] = json.loads(done.stdout.splitlines()[-1])
    return answer


def objects() -> list[SqlObject]:
    """What `init` makes in ClickHouse; queues and what pulls would look for a broker."""
    settings = Settings(home=Path("/nowhere"), kafka_bootstrap="kafka:9092", kafka_epoch="e0")
    return [o for o in schema.clickhouse_objects(RENDERER, settings) if o.kind != "pull"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose data the operator made the schema in."""
    folder = tmp_path_factory.mktemp("access")
    statements = ["CREATE DATABASE IF NOT EXISTS ops", schema.LEDGER, *(o.sql for o in objects())]
    said = run_as(folder, "operator", statements)
    assert [f"{s[:60]}: {e}" for s, e in zip(statements, said, strict=True) if e] == []
    return folder


def denied(said: list[str]) -> list[bool]:
    """Whether each statement was refused for want of a right."""
    return ["ACCESS_DENIED" in s for s in said]


def test_the_engine_reads_users_profiles_and_collections(made: Path) -> None:
    """A grant that the engine does not know, or a key that it reads otherwise, would only show on a server."""
    said = run_as(
        made,
        "",
        [
            f"SELECT throwIf(count() != {len(NAMES)}) FROM (SELECT DISTINCT user_name FROM system.grants WHERE user_name IN {NAMES})",
            "SELECT throwIf(count() != 3) FROM system.named_collections WHERE source = 'CONFIG'",
            "SELECT throwIf(NOT mapContains(collection, 'kafka.session_timeout_ms')) FROM system.named_collections WHERE name = 'kafka'",
            "SELECT throwIf(count() != 1) FROM system.settings_profiles WHERE name = 'reader'",
            "SELECT throwIf(count() != 1) FROM system.quotas WHERE name = 'reader'",
        ],
    )
    assert said == [""] * 5


def test_the_collections_are_those_that_init_would_make() -> None:
    settings = Settings(
        home=Path("/nowhere"), kafka_bootstrap="kafka:9092", s3_url="http://s3:8333", s3_access_key="k",
        s3_secret_key="s", postgres_url="postgresql://vault_stage_login:p@postgres:5432/clickvault",
    )  # fmt: skip
    configured = ET.parse(FOLDER / "config.d" / "named_collections.xml").getroot().find("named_collections")
    assert configured is not None
    found: dict[str, dict[str, str]] = {}
    for collection in configured:
        flat = {
            (f"{collection.tag}.{k.tag}" if k in list(g) else g.tag): k for g in collection for k in (list(g) or [g])
        }
        found[collection.tag] = {
            key: e.text or "" for key, e in flat.items() if isinstance(e.tag, str) and "from_env" not in e.attrib
        }
    told = ("access_key_id", "secret_access_key", "password", "kafka.group_instance_id", "kafka_broker_list")
    wanted = collections.collections(settings)
    assert found == {n: {k: v for k, v in values.items() if k not in told} for n, values in wanted.items()}


def test_every_user_has_a_password_and_no_more_than_its_name_says() -> None:
    for name in NAMES:
        user = user_of(name)
        (password,) = user.findall("password")
        assert password.attrib == {"from_env": f"CLICKHOUSE_{name.upper()}_PASSWORD"}
        assert user.find("access_management") is None, "a user who gives rights can take all"
    assert user_of("default").attrib == {"remove": "remove"}
    reader = USERS.find("profiles/reader/readonly")
    assert reader is not None
    assert reader.text == "2"


def test_the_operator_may_make_a_cluster_s_tables_and_a_block_may_have_many_months(made: Path) -> None:
    said = run_as(
        made,
        "operator",
        [
            "CREATE TABLE raw.months (t DateTime) ENGINE = MergeTree PARTITION BY toYYYYMM(t) ORDER BY t",
            "INSERT INTO raw.months SELECT toDateTime('2000-01-01') + INTERVAL number MONTH FROM numbers(300)",
            "CREATE TABLE raw.over AS raw.months ENGINE = Distributed('default', 'raw', 'months')",
            "SET stream_like_engine_allow_direct_select = 1",
        ],
    )
    assert said[:2] == ["", ""]
    assert "grant" not in said[2], "this engine knows no cluster; what it must not miss is the right to one"
    assert "SETTING_CONSTRAINT_VIOLATION" in said[3]


def test_inserts_are_noted_at_once_and_go_through_the_server_that_was_asked(made: Path) -> None:
    """Neither is ClickHouse's default. A shard that inserts into itself would split the copies of an event."""
    for name in ("operator", "ingest", "loader"):
        asked = [
            f"SELECT throwIf(getSetting('{s}') != 0)" for s in ("async_insert", "parallel_distributed_insert_select")
        ]
        assert run_as(made, name, asked) == ["", ""], name
    assert OWNER_SETTINGS == {"async_insert": 0, "parallel_distributed_insert_select": 0}


def test_a_column_is_added_by_each_shard(made: Path) -> None:
    """Shards that are replicas of one table run the same ALTER one after the other."""
    columns = "CREATE TABLE IF NOT EXISTS marts.grown\n(\n    a Int8,\n    b String\n)\nENGINE = MergeTree\nORDER BY a"
    (clause,) = column_clauses([("a", "Int8"), ("b", "String")], {"a": "Int8"})
    twice = [f"ALTER TABLE marts.grown {clause}"] * 2
    assert run_as(made, "operator", [columns.replace(",\n    b String", ""), *twice]) == ["", "", ""]


def test_ingest_takes_messages_in_and_reads_no_mart(made: Path) -> None:
    allowed = [
        "INSERT INTO landing.inbox_null VALUES ('kafka:e0', 'social.user', 0, 0, '', NULL, '{}')",
        "SELECT count() FROM raw.dead_letters",
        "INSERT INTO ops.positions VALUES ('kafka:e0', 'social.user', 0, 1, now64(6))",
        "SELECT * FROM system.kafka_consumers",
    ]
    forbidden = [
        "SELECT * FROM marts.v_platform_daily", "DROP TABLE raw.user", "TRUNCATE TABLE landing.events",
        "ALTER TABLE raw.user DELETE WHERE true", "CREATE TABLE raw.mine (a Int8) ENGINE = Memory",
        "CREATE USER mine", "SELECT * FROM postgresql(vault_stage, table = 'load_window')",
    ]  # fmt: skip
    said = run_as(made, "ingest", allowed + forbidden)
    assert said[: len(allowed)] == [""] * len(allowed)
    assert denied(said[len(allowed) :]) == [True] * len(forbidden)


def test_loader_builds_marts_and_changes_nothing_that_landed(made: Path) -> None:
    """All statements of a rebuild, as marts.py sends them."""
    mart = marts.find(RENDERER, "platform_daily")
    build = marts.build_sql(RENDERER, mart).replace("{d0:Date}", f"toDate('{date(2026, 1, 1)}')")
    allowed = [
        f"CREATE OR REPLACE TABLE {mart.staging} AS marts.platform_daily",
        build.replace("{d1:Date}", f"toDate('{date(2026, 1, 2)}')"),
        f"OPTIMIZE TABLE {mart.staging} FINAL",
        "ALTER TABLE marts.platform_daily DROP PARTITION '2026-01-01'",
        f"DROP TABLE IF EXISTS {mart.staging}",
        "INSERT INTO ops.mart_days VALUES ('platform_daily', '2026-01-01', 0, '', now64(6))",
        "TRUNCATE TABLE graph.scores_staging",
        "ALTER TABLE graph.scores DROP PARTITION '2026-01-01'",
    ]
    forbidden = [
        "INSERT INTO raw.user (event_id) VALUES (generateUUIDv4())", "DROP TABLE raw.user", "DROP TABLE graph.scores",
        "INSERT INTO landing.events (raw) VALUES ('{}')", "CREATE USER mine",
        "SELECT * FROM s3(s3_events, filename = 'events/**', format = 'One')",
    ]  # fmt: skip
    said = run_as(made, "loader", allowed + forbidden)
    assert said[: len(allowed)] == [""] * len(allowed)
    assert denied(said[len(allowed) :]) == [True] * len(forbidden)


CHANGES = "CREATE OR REPLACE TABLE graph.changes_node_user (id String, in_force Bool, page Int32) ENGINE = PostgreSQL(vault_stage, schema = 'graph', table = 'changes_node_user')"


def test_the_graph_database_is_synced_with_the_rights_of_loader_and_graph(made: Path) -> None:
    """`loader` makes the tables through which Neo4j pulls, and drops them; Neo4j asks as `graph`, which sees nothing else."""
    (answered,) = pages("changes_node_user", ["id"], True, 1)
    said = run_as(made, "loader", [CHANGES, CHANGES])
    assert said == ["", ""]
    others = ["SELECT * FROM graph.scores", "SELECT * FROM marts.v_platform_daily", "SELECT count() FROM raw.user"]
    asked, *refused = run_as(made, "graph", [answered, CHANGES, "DROP TABLE graph.changes_node_user SYNC", *others])
    assert "Connection to `postgres:5432` failed" in asked, "allowed: it got as far as looking for the server"
    assert denied(refused) == [True] * 5
    ends = ["DROP TABLE IF EXISTS graph.changes_node_user SYNC", CHANGES.replace("changes_node_user (", "mine (", 1)]
    assert [bool(s) for s in run_as(made, "loader", ends)] == [False, True]


def test_reader_reads_what_bi_reads(made: Path) -> None:
    """Every view of marts and ops, and every tile of the dashboards; of what landed, when and of what type it was."""
    views = [f"SELECT * FROM {o.name}" for o in objects() if o.kind == "view" and o.name.startswith(("marts.", "ops."))]
    tiles = [a.sql(RENDERER) for _, some in dashboards.load(RENDERER) for a in some]
    allowed = [*views, *tiles, "SELECT count() FROM raw.user FINAL", "SELECT count() FROM graph.scores"]
    forbidden = [
        "INSERT INTO marts.platform_daily (day) VALUES ('2026-01-01')", "DROP VIEW marts.v_platform_daily",
        "SELECT raw FROM landing.events", "SELECT key FROM landing.events", "INSERT INTO ops.runs (step) VALUES ('x')",
        "ALTER TABLE marts.platform_daily DELETE WHERE 1", "CREATE TABLE marts.mine (a Int8) ENGINE = Memory", "CREATE USER mine",
        "SELECT * FROM postgresql(vault_stage, table = 'load_window')", "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    ]  # fmt: skip
    said = run_as(made, "reader", allowed + forbidden)
    assert [f"{s}: {e}" for s, e in zip(allowed, said, strict=False) if e] == []
    assert denied(said[len(allowed) :]) == [True] * len(forbidden)


def reader_s_statements() -> tuple[list[str], list[str]]:
    """30 statements: what a reader gets, and what is refused."""
    allowed = [
        "SELECT sum(a), groupArray(s) FROM marts.same",
        "WITH x AS (SELECT a FROM marts.same) SELECT max(a) FROM x",
        "(SELECT 1) UNION ALL (SELECT 1)",
        "SELECT number FROM numbers(3) WHERE number IN (SELECT a FROM marts.same)",
        "SELECT count() FROM marts.v_platform_daily WHERE 0",
        "SELECT count() FROM raw.user FINAL WHERE 0",
        "SELECT count() FROM ops.runs WHERE 0",
        "SELECT count() FROM graph.scores WHERE 0",
        "SELECT source, stream, partition, offset, event_type FROM landing.events WHERE 0",
        "SHOW TABLES FROM marts LIKE 'same'",
        "DESCRIBE TABLE marts.same",
        "EXISTS TABLE marts.same",
        "EXISTS TABLE marts.nowhere",
        "SHOW CREATE TABLE marts.same",
        "SELECT name, type FROM system.columns WHERE database = 'marts' AND table = 'same' ORDER BY name",
        "SELECT count() FROM system.tables WHERE database = 'marts' AND name = 'same'",
        "SELECT getSetting('max_execution_time'), getSetting('max_result_rows'), getSetting('max_memory_usage')",
        "SELECT max_threads FROM (SELECT getSetting('max_threads') AS max_threads) SETTINGS max_threads = 1",
    ]
    refused = [
        "SELECT raw FROM landing.events",
        "SELECT * FROM landing.events",
        "SELECT * FROM s3('http://127.0.0.1:1/bucket/k', 'CSV', 'a Int8')",
        "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a Int8')",
        "SELECT * FROM postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')",
        "SELECT * FROM remote('127.0.0.1:1', 'system.one')",
        "SELECT * FROM system.users",
        "SELECT * FROM loop(marts.same) LIMIT 1",
        "SELECT 1 SETTINGS max_execution_time = 0",
        "SELECT 1 SETTINGS max_result_rows = 1048577",
        "SET max_memory_usage = 0",
        "SELECT 1 SETTINGS max_result_rows = 0",
    ]
    return allowed, refused


def test_the_reader_of_the_embedded_clickhouse_has_the_reader_s_rights(made: Path, prepared: Session) -> None:
    """30 statements on the front, and on an engine that has the server's configuration: the same answers, the engine's own refusals."""
    same = [
        "CREATE TABLE marts.same (a Int32, s String) ENGINE = MergeTree ORDER BY a",
        "INSERT INTO marts.same VALUES (1, 'one'), (2, 'two')",
    ]
    assert run_as(made, "", same) == ["", ""]
    for sql in same:
        prepared.ch.command(sql)
    allowed, refused = reader_s_statements()
    assert len(allowed + refused) == 30
    here = [_answer(prepared.reader, sql) for sql in allowed + refused]
    there = run_as(made, "reader", allowed + refused, "TabSeparated")
    prepared.ch.command("DROP TABLE marts.same")
    assert dict(zip(allowed, here, strict=False)) == dict(zip(allowed, there, strict=False))
    codes = [[e.partition(". DB::Exception")[0] for e in some[len(allowed) :]] for some in (here, there)]
    assert codes[0] == codes[1]
    assert set(codes[0]) == {"Code: 497", "Code: 452"}
    by_the_front = [sql for sql, e in zip(allowed + refused, here, strict=True) if "is not allowed for this login" in e]
    assert all(re.search(r"FROM (s3|url|postgresql|remote)\(", sql) for sql in by_the_front), (
        "the engine refuses it itself"
    )


def _answer(client: Client, sql: str) -> str:
    try:
        return client.raw_query(sql, fmt=None).decode()
    except ClickHouseError as error:
        return server_said(error)


def test_the_reader_s_grants_are_those_of_the_server(made: Path, prepared: Session) -> None:
    columns = "access_type, database, table, column, is_partial_revoke, grant_option"
    sql = f"SELECT {columns} FROM system.grants WHERE {{0}} ORDER BY ALL FORMAT TSV"
    here = prepared.ch.raw_query(sql.format("role_name = 'reader'")).decode()
    (there,) = run_as(made, "", [sql.format("user_name = 'reader'")], "TSV")
    assert here == there
    assert here.count("\n") > 10


def test_every_table_and_column_is_described(prepared: Session) -> None:
    """In both databases; but for what messages only pass through (landing's streams, feeds and queues), and staging tables of marts."""
    columns = rows(
        prepared.ch,
        "SELECT database || '.' || table AS table, name, comment FROM system.columns WHERE database IN ('landing', 'raw', 'marts', 'graph', 'ops')",
    )
    tables = rows(
        prepared.ch,
        "SELECT database || '.' || name AS table, comment, engine, as_select FROM system.tables"
        " WHERE database IN ('landing', 'raw', 'marts', 'graph', 'ops')",
    )
    passing = {t["table"] for t in tables if t["engine"] in ("Null", "MaterializedView", "Kafka")}
    parameterized = {t["table"] for t in tables if "{" in t["as_select"]}  # it has no columns before it is asked
    wanted = {t["table"] for t in tables} - passing - parameterized
    assert len([c for c in columns if c["table"] in wanted]) > 1_200
    assert [c for c in columns if c["table"] in wanted and not c["comment"]] == []
    assert [t for t in tables if t["table"] in wanted and not t["comment"]] == []

    of_postgres = postgres.rows(
        prepared.pg,
        """select table_schema, table_name, column_name,
            col_description(format('%I.%I', table_schema, table_name)::regclass, ordinal_position) as comment,
            obj_description(format('%I.%I', table_schema, table_name)::regclass) as whole
        from information_schema.columns join pg_class c on c.oid = format('%I.%I', table_schema, table_name)::regclass
        where table_schema in ('stage', 'vault', 'ops', 'graph') and not c.relispartition""",
    )
    assert len(of_postgres) > 2_400
    assert [r for r in of_postgres if not r["comment"] or not r["whole"]] == []

    said = {(c["table"], c["name"]): c["comment"] for c in columns}
    assert said["raw.post", "text"] == "What it says"
    assert "distinct users" in said["marts.v_platform_daily", "mau"]
    assert schema.plan(prepared.settings, prepared.renderer, prepared.ch, prepared.pg) == []
    prepared.ch.command("ALTER TABLE raw.post COMMENT COLUMN text 'something else'")
    with prepared.pg, prepared.pg.cursor() as cursor:
        cursor.execute("comment on view vault.v_hub_user is null")
    changes = schema.init(prepared.settings, prepared.renderer, prepared.ch, prepared.pg)
    assert [(c.store, c.action, c.name) for c in changes] == [
        ("clickhouse", "comment", "raw.post"), ("postgres", "comment", "vault.v_hub_user"),
    ]  # fmt: skip
    assert schema.plan(prepared.settings, prepared.renderer, prepared.ch, prepared.pg) == []
