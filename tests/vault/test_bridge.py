"""The bridge, from rows in ClickHouse to rows in the vault: what is taken, how it is hashed, what is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from clickhouse_connect.driver.client import Client

from clickvault.embedded import clickhouse as embedded_clickhouse
from clickvault.errors import ConfigurationError, DataError, StoreError
from clickvault.ingest import watermarks
from clickvault.stores import clickhouse, postgres
from clickvault.stores.postgres import Connection
from clickvault.vault import apply_postgres, build_snapshots, load, merge, reconciliations, rewind
from clickvault.vault import loader as bridge
from clickvault.vault.loader import Window, cut
from tests.vault import shop
from tests.vault.conftest import Server
from tests.vault.staging import Raw, day, event_id, fetch, hash_key, pairs, source_order, stage_row

SHOP = shop.renderer()


@dataclass(frozen=True)
class Settings:
    bridge_batch_rows: int = 2_000_000
    postgres_url: str = ""


@pytest.fixture
def shop_raw(raw: Raw, pg: Connection) -> Raw:
    raw.create(SHOP)
    apply_postgres(pg, SHOP)
    return raw


TEXTS = ["", "a||b", "é 漢字 \U0001f600", "tab\tline\nback\\slash", "quote'\"", "N;", " spaced ", "1:x;", "\\N", "0"]
UUID = "0123abcd-0000-4000-8000-00000000abcd"


def awkward_rows() -> dict[str, list[dict[str, Any]]]:
    """Rows of every event type that take every path through the hashing."""

    def rows(event_type: str, some: list[dict[str, Any]]) -> list[dict[str, Any]]:
        start = datetime(2026, 1, 31, 23, 59, 59, 999_999, tzinfo=UTC)
        return [
            {
                "event_id": event_id(event_type, n),
                "event_time": start + timedelta(hours=n, microseconds=n),
                "op": "delete" if n % 5 == 4 and event_type != "payment" else "create",
                **fields,
            }
            for n, fields in enumerate(some)
        ]

    members = [
        [],
        [{"kind": "b", "number": "2", "rank": None}, {"kind": "a", "number": "1;", "rank": 3}],
        [{"kind": t[:10] or "e", "number": t, "rank": 0} for t in TEXTS[1:4]],
    ]
    times = [None, datetime(2026, 2, 3, 4, 5, 6, 70, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC)]
    return {
        "customer": rows(
            "customer",
            [
                {"customer_id": t, "name": t, "dob": [None, date(1969, 2, 3)][n % 2], "phones": members[n % 3]}
                for n, t in enumerate(TEXTS)
            ],
        ),
        "nation": rows("nation", [{"nation_id": t} for t in ("DEU", "deu", " De", "É", "")]),
        "till": rows("till", [{"till_no": n} for n in (0, 1, 10**12)]),
        "customer_nation": rows("customer_nation", [{"customer_id": t, "nation_id": t[:3]} for t in TEXTS]),
        "order": rows(
            "order",
            [
                {
                    "order_id": t,
                    "buyer": None,
                    "customer_id": [None, *TEXTS][n],
                    "left": [None, *TEXTS][n],
                    "right": [*TEXTS[1:], None][n],
                    "paid": [None, True, False][n % 3],
                    "weight": [None, 0.1, 1e-7, 123456.789, 5.0][n % 5],
                    "due": times[n % 3],
                    "ref": [None, UUID][n % 2],
                }
                for n, t in enumerate(TEXTS)
            ],
        ),
        "refund": rows("refund", [{"order_id": f"r{n}", "customer_id": t, "cents": n} for n, t in enumerate(TEXTS)]),
        "order_customer": rows("order_customer", [{"order_id": t, "customer_id": "c"} for t in TEXTS]),
        "delivery": rows("delivery", [{"order_id": t, "customer_id": "c", "nation_id": "D"} for t in TEXTS]),
        "acquaintance": rows("acquaintance", [{"a_id": t, "b_id": "c"} for t in TEXTS] + [{"a_id": "c", "b_id": "0"}]),
        "payment": rows(
            "payment",
            [
                {"customer_id": t, "order_id": [None, "", "o"][n % 3], "till_no": n, "cents": n}
                for n, t in enumerate(TEXTS)
            ],
        ),
    }


def comparable(value: Any) -> Any:
    return json.dumps(value, sort_keys=True) if isinstance(value, list | dict) else value


def json_ready(row: dict[str, Any]) -> dict[str, Any]:
    due = row.get("due")
    return {
        k: v for k, v in {**row, "due": due and f"{due:%Y-%m-%d %H:%M:%S.%f}"}.items() if k != "buyer" and v is not None
    }


def test_staged_rows_are_hashed_as_documented(shop_raw: Raw, pg: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    staged: dict[str, list[dict[str, Any]]] = {}

    def look(pg: Connection, renderer: Any, vault: Any, *rest: Any) -> Any:
        name = vault.event.event_type
        staged[name] = postgres.rows(pg, f'select * from stage."{name}" order by event_time')
        return merge(pg, renderer, vault, *rest)

    monkeypatch.setattr(bridge, "merge", look)
    feed = awkward_rows()
    start, starts = 0, {}
    for name, rows in feed.items():
        shop_raw.insert(name, [json_ready(r) for r in rows], start=start)
        starts[name] = start
        start += len(rows)
    shop_raw.safe(start)
    load(Settings(), SHOP, shop_raw.ch, pg)
    for vault in SHOP.vaults():
        name = vault.event.event_type
        expected = [
            stage_row(SHOP, vault, {**r, "source": "test/s", "source_order": source_order("test", "s", 0, offset)})
            for offset, r in enumerate(feed[name], starts[name])
        ]
        assert len(expected) == len(staged[name])
        for want, found in zip(expected, staged[name], strict=True):
            for column, value in want.items():
                if isinstance(value, str) and column.startswith("a_") and vault.event.field(column[2:]).kind == "list":
                    value = json.loads(value)
                assert comparable(found[column]) == comparable(value), (name, column)
    assert [a for a in reconciliations(SHOP, shop_raw.ch, pg) if not a.ok] == []


def test_case_15_in_clickhouse(shop_raw: Raw, pg: Connection) -> None:
    values = [("a||b", "c"), ("a", "b||c"), (None, "x"), ("", "x"), ("^^", "x")]
    rows = [
        {"event_id": event_id(n), "event_time": day(1), "order_id": str(n), "left": a, "right": b}
        for n, (a, b) in enumerate(values)
    ]
    shop_raw.insert("order", rows)
    shop_raw.safe(5)
    load(Settings(), SHOP, shop_raw.ch, pg)
    found = {h for (h,) in fetch(pg, "select hashdiff::text from vault.sat_order_note")}
    assert found == {hash_key("is_deleted", "false", *pairs({"left": a, "right": b})) for a, b in values}
    assert len(found) == 5


def tills(start: int, count: int) -> list[dict[str, Any]]:
    return [
        {"event_id": event_id("till", n), "event_time": day(1 + n / 1000), "till_no": n}
        for n in range(start, start + count)
    ]


def test_only_what_is_landed_whole_and_each_event_once(shop_raw: Raw, pg: Connection) -> None:
    shop_raw.insert("till", tills(0, 100))
    shop_raw.safe(60)
    (result,) = load(Settings(), SHOP, shop_raw.ch, pg, ["till"])
    assert (result.event_type, result.staged, result.hubs, result.sats) == ("till", 60, 60, 60)
    assert load(Settings(), SHOP, shop_raw.ch, pg, ["till"])[0].staged == 0
    # The producer repeats itself: other positions, the same events. The first that landed stays.
    shop_raw.insert("till", [{**r, "op": "delete"} for r in tills(20, 60)], start=100)
    shop_raw.safe(160)
    assert load(Settings(), SHOP, shop_raw.ch, pg, ["till"])[0].staged == 40
    assert fetch(pg, "select count(*), count(*) filter (where is_deleted) from vault.sat_till") == [(100, 0)]
    assert fetch(pg, "select next_offset from ops.watermark") == [(160,)]
    assert [a for a in reconciliations(SHOP, shop_raw.ch, pg) if not a.ok] == []


def test_a_load_with_nothing_to_do_asks_once_for_all_types(shop_raw: Raw, pg: Connection) -> None:
    """Two questions each for dozens of event types take longer than most loads."""
    shop_raw.insert("till", tills(0, 10))
    shop_raw.safe(10)
    load(Settings(), SHOP, shop_raw.ch, pg)
    counting: Any = Counting(shop_raw.ch)
    assert {r.staged for r in load(Settings(), SHOP, counting, pg)} == {0}
    assert counting.asked == 3  # which contracts were applied, what is landed whole, what is new


def test_a_large_backlog_is_cut_into_batches(shop_raw: Raw, pg: Connection) -> None:
    shop_raw.insert("till", tills(0, 700))
    shop_raw.insert("till", tills(700, 300), start=5_000, partition=1)
    shop_raw.safe(700)
    shop_raw.safe(5_300, partition=1)
    told: list[tuple[str, int, int]] = []
    (result,) = load(Settings(150), SHOP, shop_raw.ch, pg, ["till"], progress=lambda *a: told.append(a))
    assert result.staged == result.sats == 1000
    batches = [n for (n,) in fetch(pg, "select staged from ops.load_log order by load_id")]
    assert sum(batches) == 1000
    assert max(batches) <= 200
    assert told[-1] == ("till", 1000, 1000)
    assert told[0] == ("till", batches[0], 1000)
    assert [a for a in reconciliations(SHOP, shop_raw.ch, pg) if not a.ok] == []


def test_cut_takes_a_share_of_every_stream() -> None:
    windows = [
        Window("s", "a", 0, 1000, 0, 5000, tuple(range(0, 5000, 5))),
        Window("s", "a", 1, 2, 7, 90, (7, 89)),
    ]
    assert cut(windows, 2000) == windows
    small = cut(windows, 100)
    assert [(w.low, w.high) for w in small] == [(0, 495), (7, 8)]


def test_a_stream_made_anew_is_refused(shop_raw: Raw, pg: Connection) -> None:
    shop_raw.insert("till", tills(0, 10))
    shop_raw.safe(10)
    load(Settings(), SHOP, shop_raw.ch, pg, ["till"])
    shop_raw.ch.command("TRUNCATE TABLE ops.positions")
    shop_raw.safe(3)
    with pytest.raises(DataError, match=r"test/s, partition 0: ends at offset 3, but the vault has read till up to 10"):
        load(Settings(), SHOP, shop_raw.ch, pg, ["till"])


def test_a_spoilt_stage_is_staged_again(shop_raw: Raw, pg: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    shop_raw.insert("till", tills(0, 10))
    shop_raw.safe(10)
    spoil = [
        "delete from stage.till where bk_till = 3",
        "update stage.till set event_id = gen_random_uuid() where bk_till = 3",
    ]

    def spoilt(pg: Connection, *rest: Any) -> Any:
        if spoil:
            with pg, pg.cursor() as cursor:
                cursor.execute(spoil.pop())
        return merge(pg, *rest)

    monkeypatch.setattr(bridge, "merge", spoilt)
    assert load(Settings(), SHOP, shop_raw.ch, pg, ["till"])[0].sats == 10
    spoil += ["delete from stage.till where bk_till = 3"] * 3
    rewind(pg)
    with pytest.raises(DataError, match=r"stage.till holds 9 rows, ClickHouse sent 10"):
        load(Settings(), SHOP, shop_raw.ch, pg, ["till"])
    assert fetch(pg, "select count(*) from ops.watermark") == [(0,)]


def test_two_loads_of_one_type_never_overlap(
    shop_raw: Raw, server: Server, pg: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watermarks, "WAIT_SECONDS", 0.3)
    shop_raw.insert("till", tills(0, 10))
    shop_raw.safe(10)
    other = postgres.connect(server.url)
    fetch(other, "select pg_advisory_lock(hashtext('clickvault.load'), hashtext('till'))")
    with pytest.raises(StoreError, match="another load of till"):
        load(Settings(), SHOP, shop_raw.ch, pg, ["till"])
    assert load(Settings(), SHOP, shop_raw.ch, pg, ["nation"])[0].staged == 0
    other.close()
    assert load(Settings(), SHOP, shop_raw.ch, pg, ["till"])[0].staged == 10


def test_a_load_after_a_rewind_inserts_nothing(shop_raw: Raw, pg: Connection) -> None:
    shop_raw.insert("till", tills(0, 10))
    shop_raw.safe(10)
    load(Settings(), SHOP, shop_raw.ch, pg, ["till"])
    rewind(pg, ["till"])
    (result,) = load(Settings(), SHOP, shop_raw.ch, pg, ["till"])
    assert (result.staged, result.hubs, result.sats) == (10, 0, 0)


def test_a_server_that_is_down(pg: Connection) -> None:
    with pytest.raises(StoreError, match=r"PostgreSQL does not answer at 127.0.0.1:1: ") as error:
        postgres.connect("postgresql://u:secret@127.0.0.1:1/d")
    assert error.value.hint == "clickvault up"
    assert "secret" not in str(error.value)


def test_a_login_that_is_refused_is_no_server_that_is_down(server: Server, ch: Client, pg: Connection) -> None:
    """Another try would be refused, too: a scheduler must not wait for it."""
    for connect, url in (
        (postgres.connect, server.url),
        (clickhouse.connect, embedded_clickhouse.url(server.state)),
    ):
        address = urlsplit(url)
        wrong = f"{address.scheme}://{address.username}:wrong-one@{address.hostname}:{address.port}{address.path}"
        with pytest.raises(ConfigurationError, match="refuses this login") as error:
            connect(wrong)
        assert not error.value.transient
        assert "wrong-one" not in str(error.value)


class Uncommitted:
    """A connection whose transactions go on: what `with connection` would commit can still be rolled back."""

    def __init__(self, pg: Connection) -> None:
        self.pg = pg

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...

    def cursor(self) -> Any:
        return self.pg.cursor()


class Counting:
    """A client that counts its questions."""

    def __init__(self, ch: Any) -> None:
        self.ch, self.asked = ch, 0

    def query(self, sql: str, **more: Any) -> Any:
        self.asked += 1
        return self.ch.query(sql, **more)


class Remembering:
    """A client that asks ClickHouse each question once."""

    def __init__(self, ch: Any) -> None:
        self.ch, self.answers = ch, {}

    def query(self, sql: str, **more: Any) -> Any:
        if sql not in self.answers:
            self.answers[sql] = self.ch.query(sql, **more)
        return self.answers[sql]


def test_every_deleted_row_is_named_by_its_check(shop_raw: Raw, pg: Connection) -> None:
    start = 0
    for name, rows in awkward_rows().items():
        shop_raw.insert(name, [json_ready(r) for r in rows], start=start)
        start += len(rows)
    shop_raw.safe(start)
    load(Settings(), SHOP, shop_raw.ch, pg)
    build_snapshots(SHOP, pg)
    ch: Any = Remembering(shop_raw.ch)
    assert all(a.ok for a in reconciliations(SHOP, ch, pg))
    kinds = "relkind in ('r', 'p') and relnamespace = 'vault'::regnamespace and relname !~ 'centrality|as_of'"
    tables = [t for (t,) in fetch(pg, f"select relname from pg_class where {kinds} order by 1")]
    assert len({a.name.split(":")[0] for a in reconciliations(SHOP, ch, pg)}) == len(tables) == 31
    pointless = 0
    for table in tables:
        with pg.cursor() as cursor:
            last = "order by as_of desc" if table.startswith(("pit_", "bridge_")) else ""
            cursor.execute(f"select tableoid::regclass, ctid from vault.{table} {last} limit 1")
            part, ctid = cursor.fetchone()
            cursor.execute(f"delete from {part} where ctid = %s", (ctid,))
            assert cursor.rowcount == 1
        broken = [a for a in reconciliations(SHOP, ch, Uncommitted(pg)) if not a.ok]
        assert broken[0].name.split(":")[0] == f"vault.{table}"
        assert broken[0].expected == broken[0].actual + 1
        # Besides, what pointed to a version that is gone says so.
        assert all("pointed to" in a.name and a.expected == a.actual + 1 for a in broken[1:])
        assert len(broken) <= 1 + table.startswith("sat_")
        pointless += len(broken) - 1
        pg.rollback()
    assert pointless > 2


def test_two_types_at_a_time(shop_raw: Raw, server: Server, pg: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    start = 0
    for name, rows in awkward_rows().items():
        shop_raw.insert(name, [json_ready(r) for r in rows], start=start)
        start += len(rows)
    shop_raw.safe(start)

    def failing(pg: Connection, renderer: Any, vault: Any, *rest: Any) -> Any:
        if vault.event.event_type == "order":
            raise DataError("no")
        return merge(pg, renderer, vault, *rest)

    both = Settings(postgres_url=server.url)
    with monkeypatch.context() as patch:
        patch.setattr(bridge, "merge", failing)
        with pytest.raises(DataError, match="no"):
            load(both, SHOP, shop_raw.ch, pg)
    results = load(both, SHOP, shop_raw.ch, pg)
    assert [r.event_type for r in results[:4]] == ["customer", "nation", "till", "order"]
    assert len(results) == 10
    assert [a for a in reconciliations(SHOP, shop_raw.ch, pg) if not a.ok] == []
    assert fetch(pg, "select count(*) from pg_locks where locktype = 'advisory'") == [(0,)]
