"""Events of one time, and copies of one event with other contents, however they arrive: the sources' order alone decides.

Two partitions and a bucket give messages: ids come again with other attributes and other keys, and many times are equal. They arrive
in chunks of any size, a source's own in their order, the sources' among each other in any; some chunks twice; loads lie between them, and
some of these fail after the stage is filled. What raw and the vault hold in the end is the same for every arrival, and what a reading of
all messages in order says.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from clickvault.embedded import clickhouse as embedded_clickhouse
from clickvault.embedded import postgres as embedded_postgres
from clickvault.errors import ConfigurationError, DataError, StoreError
from clickvault.pipeline import migrate as schema
from clickvault.stores import clickhouse, postgres
from clickvault.stores.postgres import Connection
from clickvault.vault import (
    apply_postgres,
    build_snapshots,
    contents_reconciliations,
    load,
    merge,
    reconciliations,
    rewind,
)
from clickvault.vault import loader as bridge
from tests.vault import shop
from tests.vault.conftest import Server, empty_database
from tests.vault.staging import Raw, day, event_id, fetch
from tests.vault.test_bridge import Settings

SHOP = shop.renderer()
TYPES = ["customer", "order", "refund", "order_customer", "acquaintance", "customer_nation", "payment"]
SOURCES = [("kafka:e2", "t", 0), ("kafka:e2", "t", 1), ("s3", "bucket", 0)]  # in the order that is written down
MESSAGES = 40
Message = dict[str, Any]


def fields(event_type: str, rng: random.Random) -> Message:
    """What a message of the type says: keys and attributes, both from few values."""
    customer, order = rng.choice(["x", "y", " x", f"only{rng.random()}"]), rng.choice(["p", "q", f"only{rng.random()}"])
    match event_type:
        case "customer":
            phones = [{"kind": k, "number": str(rng.random())} for k in "ab"[: rng.randrange(3)]]
            return {"customer_id": customer, "name": rng.choice("ABC"), "phones": phones}
        case "order":
            some = {"order_id": order, "left": rng.choice("ab"), "weight": rng.random(), "paid": rng.random() < 0.5}
            due = {"due": f"2026-01-01 00:00:00.{rng.randrange(10**6):06}"} if rng.random() < 0.5 else {}
            return some | due | rng.choice([{}, {"customer_id": customer}])
        case "refund":
            return {"order_id": order, "customer_id": customer, "cents": rng.randrange(99)}
        case "order_customer":
            return {"order_id": order, "customer_id": customer}
        case "acquaintance":
            return {"a_id": customer, "b_id": rng.choice(["x", "y"])}
        case "customer_nation":
            return {"customer_id": customer, "nation_id": rng.choice(["DE", "de", "fr"])}
    return {"customer_id": customer, "order_id": order, "till_no": rng.randrange(3), "cents": rng.randrange(99)}


def world(rng: random.Random) -> dict[tuple[str, str, int], list[Message]]:
    """The messages of each source, from offset 0 on."""
    out = {}
    for at in SOURCES:
        out[at] = []
        for offset in range(MESSAGES):
            event_type, n = rng.choice(TYPES), rng.randrange(12)
            op = "create" if event_type == "payment" else rng.choice(["create", "update", "delete"])
            source, stream, partition = at
            out[at].append(
                {
                    "type": event_type, "event_id": event_id(event_type, n), "event_time": day(1 + n % 3 * 20), "op": op,
                    "source": source, "stream": stream, "partition": partition, "offset": offset, **fields(event_type, rng),
                }
            )  # fmt: skip
    return out


def arrive(
    raw: Raw, pg: Connection, messages: dict[Any, list[Message]], safe: dict[Any, int], rng: random.Random
) -> None:
    """Everything arrives and is loaded, in a way of its own. `safe`: up to where each source has landed, which never goes back."""
    came = dict.fromkeys(messages, 0)
    while left := [at for at in SOURCES if came[at] < len(messages[at])]:
        at = rng.choice(left)
        start, end = came[at], min(len(messages[at]), came[at] + rng.choice([1, 3, 10, 40]))
        again = rng.choice([0, 0, min(start, 5)])  # delivered once more, in one block with what is new
        put(raw, messages[at][start - again : end])
        came[at] = end
        safe[at] = max(safe.get(at, 0), end)
        if rng.random() < 0.5:
            source, stream, partition = at
            raw.ch.command(
                "INSERT INTO ops.positions (source, stream, partition, safe)"
                f" VALUES ('{source}', '{stream}', {partition}, {safe[at]})"
            )
            load(Settings(rng.choice([4, 1000])), SHOP, raw.ch, pg, TYPES)
            if rng.random() < 0.3:
                build_snapshots(SHOP, pg)
        if rng.random() < 0.2:
            raw.ch.command(f"OPTIMIZE TABLE raw.`{rng.choice(TYPES)}` FINAL")
    for source, stream, partition in SOURCES:
        raw.ch.command(
            "INSERT INTO ops.positions (source, stream, partition, safe)"
            f" VALUES ('{source}', '{stream}', {partition}, {MESSAGES})"
        )


def put(raw: Raw, some: list[Message]) -> None:
    for event_type in sorted({m["type"] for m in some}):
        rows = [{k: v for k, v in m.items() if k != "type"} for m in some if m["type"] == event_type]
        raw.insert(event_type, rows)


def everything(pg: Connection) -> dict[str, Any]:
    """What is in the vault's tables and views, without when it was loaded."""
    names = fetch(
        pg,
        "select c.relname, string_agg(quote_ident(a.attname), ',' order by a.attnum) from pg_class c"
        " join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid"
        " where n.nspname = 'vault' and c.relkind in ('r', 'p', 'v') and a.attnum > 0 and not a.attisdropped"
        " and a.attname <> 'load_ts' group by 1",
    )
    found = {name: sorted(fetch(pg, f'select {columns} from vault."{name}"'), key=repr) for name, columns in names}
    for name in [name for name in found if name.startswith("seen_")]:
        found[name] = fetch(pg, f"select hk, min(event_time) from vault.{name} group by 1 order by 1")
    return found


def differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, list[str]]:
    """Of each table that differs, up to three rows that only one of both has."""
    rows = {name: {str(r) for r in one[name]} ^ {str(r) for r in other[name]} for name in one}
    return {name: sorted(some)[:3] for name, some in rows.items() if some}


def in_order(messages: dict[Any, list[Message]], event_type: str) -> list[Message]:
    """The events of a type, each as its first copy says, in their order."""
    first: dict[Any, Message] = {}
    for at in SOURCES:
        for m in messages[at]:
            if m["type"] == event_type:
                first.setdefault(m["event_id"], m)
    return sorted(first.values(), key=lambda m: (m["event_time"], SOURCES.index((m["source"], m["stream"], m["partition"])), m["offset"]))  # fmt: skip


def check(raw: Raw, pg: Connection, messages: dict[Any, list[Message]]) -> None:
    """Raw and vault agree, in contents, and say what the messages say."""
    assert [
        a for a in [*reconciliations(SHOP, raw.ch, pg), *contents_reconciliations(SHOP, raw.ch, pg)] if not a.ok
    ] == []
    names = {m["customer_id"]: (m["name"], m["op"] == "delete") for m in in_order(messages, "customer")}
    current = "select bk, name, is_deleted from vault.v_sat_customer_details where is_current"
    assert {bk: rest for bk, *rest in fetch(pg, current)} == {k: list(v) for k, v in names.items()}
    pairs = {m["order_id"]: [] for m in in_order(messages, "order_customer")}
    for m in in_order(messages, "order_customer"):
        held = pairs[m["order_id"]]
        if m["op"] != "delete":
            pairs[m["order_id"]] = [m["customer_id"]]
        elif held == [m["customer_id"]]:
            pairs[m["order_id"]] = []
    partners = """select o.bk, c.bk from vault.v_eff_order_customer e join vault.hub_order o on o.hk = e.hk_order
                  join vault.hub_customer c on c.hk = e.hk_customer where e.is_current"""
    assert dict(fetch(pg, partners)) == {order: held[0] for order, held in pairs.items() if held}
    cents = sorted(m["cents"] for m in in_order(messages, "payment"))
    assert [row[0] for row in fetch(pg, "select cents from vault.link_payment order by 1")] == cents
    in_raw = raw.ch.query("SELECT cents FROM raw.payment FINAL ORDER BY cents").result_rows
    assert [row[0] for row in in_raw] == cents


@pytest.mark.parametrize("seed", range(int(os.environ.get("SEEDS", "2"))))
def test_every_arrival_gives_the_same(
    server: Server, raw: Raw, pg: Connection, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    rng = random.Random(seed)
    messages = world(rng)
    fails = 0.0

    def failing(*args: Any) -> Any:
        """The merge, unless a crash comes between stage and merge."""
        if rng.random() < fails:
            raise StoreError("the load was cut short")
        return merge(*args)

    monkeypatch.setattr(bridge, "merge", failing)
    found = []
    for n in range(3):
        raw.empty()
        raw.create(SHOP)
        empty_database(server)
        apply_postgres(pg, SHOP)
        if n == 0:  # in order, at once: a source after the other, and each loaded
            for at in SOURCES:
                put(raw, messages[at])
                raw.ch.command(
                    "INSERT INTO ops.positions (source, stream, partition, safe)"
                    f" VALUES ('{at[0]}', '{at[1]}', {at[2]}, {MESSAGES})"
                )
            load(Settings(), SHOP, raw.ch, pg)
        else:
            fails = 0.2
            safe: dict[Any, int] = {}
            while True:
                try:
                    arrive(raw, pg, messages, safe, rng)
                    break
                except StoreError:  # whoever runs it again begins with all that had come
                    pass
            fails = 0.0
            load(Settings(), SHOP, raw.ch, pg)
        build_snapshots(SHOP, pg)
        check(raw, pg, messages)
        found.append(everything(pg))
    assert differences(found[0], found[1]) == {}
    assert differences(found[0], found[2]) == {}
    rewind(pg)
    load(Settings(), SHOP, raw.ch, pg)
    assert differences(everything(pg), found[2]) == {}, "loading again changed something"


KILLS = int(os.environ.get("KILLS", "6"))
"""`KILLS=60 pytest -n 0 tests/vault/test_order.py -k kills`: the long form of the test of kills."""


@pytest.fixture
def frail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Both servers, which may be killed."""
    server = Server(tmp_path_factory.mktemp("frail"))
    try:
        server.start()
        server.start(embedded_clickhouse)
        yield server
    finally:
        server.stop()


@pytest.mark.slow
def test_random_kills(frail: Server) -> None:
    """ClickHouse and PostgreSQL are killed at random moments while copies of other contents land and are loaded: the contents are those
    of an arrival that nobody disturbed."""
    rng = random.Random(KILLS)
    messages = world(rng)
    safe: dict[Any, int] = {}

    def connected() -> tuple[Raw, Connection]:
        return Raw(clickhouse.connect(embedded_clickhouse.url(frail.state)), frail.url), postgres.connect(frail.url)

    def begin() -> None:
        raw, pg = connected()
        raw.begin()
        raw.create(SHOP)
        pg.close()
        empty_database(frail)
        with closing(postgres.connect(frail.url)) as fresh:
            apply_postgres(fresh, SHOP)

    def finish() -> dict[str, Any]:
        raw, pg = connected()
        load(Settings(), SHOP, raw.ch, pg)
        build_snapshots(SHOP, pg)
        check(raw, pg, messages)
        found = everything(pg)
        pg.close()
        return found

    begin()
    raw, pg = connected()
    arrive(raw, pg, messages, safe, rng)
    pg.close()
    undisturbed = finish()

    begin()
    safe.clear()
    struck = cut_short = 0
    while struck < KILLS:
        victim = rng.choice(["postgres", "postgres", "clickhouse"])
        blow = threading.Timer(rng.random() * 2, frail.kill, (victim,))
        raw, pg = connected()
        blow.start()
        try:
            while blow.is_alive():
                arrive(raw, pg, messages, safe, rng)
        except (StoreError, DataError, psycopg2.Error, ClickHouseError, OSError):
            cut_short += 1
        blow.join()
        struck += 1
        with suppress(psycopg2.Error):
            pg.close()
        frail.start(embedded_clickhouse if victim == "clickhouse" else embedded_postgres)
    print(f"{struck} kills, {cut_short} of them cut a load or an insert short")
    assert cut_short > KILLS / 2
    raw, pg = connected()
    arrive(raw, pg, messages, safe, rng)
    pg.close()
    found = finish()
    assert differences(undisturbed, found) == {}


def test_contents_that_were_changed_are_told(raw: Raw, pg: Connection) -> None:
    """Keys and counts are as they were."""
    raw.create(SHOP)
    apply_postgres(pg, SHOP)
    messages = world(random.Random(9))
    for at in SOURCES:
        put(raw, messages[at])
        raw.ch.command(f"INSERT INTO ops.positions (source, stream, partition, safe) VALUES {(*at, MESSAGES)}")
    load(Settings(), SHOP, raw.ch, pg)
    build_snapshots(SHOP, pg)
    changes = {
        "sat_customer_details": "name = name || '!'",
        "sat_customer_phone": 'members = \'[{"kind": "a", "number": "1", "rank": 5}]\'',
        "sat_order_facts": "weight = weight + 1e-9",
        "eff_order_customer": "is_open = not is_open",
        "link_payment": "cents = cents + 1",
    }
    for table, change in changes.items():
        with pg, pg.cursor() as cursor:
            where = f"where event_id = (select min(event_id::text)::uuid from vault.{table})"
            cursor.execute(f"update vault.{table} set {change} {where}")
            assert cursor.rowcount == 1
    assert [a for a in reconciliations(SHOP, raw.ch, pg) if not a.ok] == []
    wrong = {
        a.name.split(":")[0].removeprefix("vault.") for a in contents_reconciliations(SHOP, raw.ch, pg) if not a.ok
    }
    assert wrong == set(changes)


def test_a_table_of_another_order_is_refused(ch: Client, raw: Raw) -> None:
    """It can't be altered to the present one, and would go on to keep the copy that landed first."""
    (wanted, *_) = [o for o in schema.landing_objects(SHOP) if o.name == "raw.customer"]
    raw.create(SHOP)
    assert schema._alterations(ch, wanted, "") == []
    ch.command("DROP TABLE raw.customer")
    old = wanted.sql.split("version UInt128")[0] + "version Int64) ENGINE = ReplacingMergeTree(version)"
    ch.command(f"{old} PARTITION BY toYYYYMM(event_time) ORDER BY (event_time, event_id)")
    with pytest.raises(ConfigurationError, match="made by an earlier version") as told:
        schema._alterations(ch, wanted, "")
    assert "purge" in str(told.value.hint)


def test_the_order_of_sources(raw: Raw) -> None:
    """Kafka by epoch before S3, whatever their names are; within a stream by partition, then by offset."""
    raw.create(SHOP)
    places = [
        ("kafka:e2", "t", 0, 2**40), ("kafka:e2", "t", 1, 0), ("kafka:e2", "t", 1, 1), ("kafka:e10", "t", 0, 0),
        ("s3", "b", 0, 3 * 2**32 + 7), ("s3", "b", 0, 4 * 2**32), ("table", "a", 0, 0),
    ]  # fmt: skip
    for source, stream, partition, offset in reversed(places):
        at = {"source": source, "stream": stream, "partition": partition, "offset": offset}
        row = {"event_id": event_id(source, partition, offset), "event_time": day(1), "till_no": 1, **at}
        raw.insert("till", [row])
    sql = "SELECT source, stream, partition, offset FROM raw.till FINAL ORDER BY source_order"
    assert raw.ch.query(sql).result_rows == places


def test_a_load_compares_the_contents_of_what_it_loaded(raw: Raw, pg: Connection) -> None:
    raw.create(SHOP)
    raw.ch.command(
        "CREATE TABLE ops.reconciliation (checked_at DateTime64(6, 'UTC'), name String, expected UInt64, actual UInt64) ENGINE = Memory"
    )
    apply_postgres(pg, SHOP)
    raw.insert("till", [{"event_id": event_id(1), "event_time": day(1), "till_no": 1}])
    raw.safe(1)
    load(Settings(), SHOP, raw.ch, pg)
    (reconciliation,) = contents_reconciliations(SHOP, raw.ch, pg, whole=False)
    assert reconciliation.name.startswith("vault.sat_till:")
    assert reconciliation.ok
    with pg, pg.cursor() as cursor:  # it was loaded long ago, and balanced since
        cursor.execute("update ops.load_log set loaded_at = loaded_at - interval '1 day'")
    raw.ch.command(f"INSERT INTO ops.reconciliation SELECT now64(6), '{reconciliation.name}', 1, 1")
    assert contents_reconciliations(SHOP, raw.ch, pg, whole=False) == []
    raw.insert("till", [{"event_id": event_id(2), "event_time": day(1) + timedelta(hours=1), "till_no": 1}], start=1)
    raw.safe(2)
    load(Settings(), SHOP, raw.ch, pg)
    assert [a.ok for a in contents_reconciliations(SHOP, raw.ch, pg, whole=False)] == [True]
