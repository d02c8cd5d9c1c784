"""PIT and bridge tables: what they say of a day is what a plain reading of the stream says, however it arrived."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clickvault.contract import AsOf, Domain, Event, Hub, Id, Length, Pit, Ref, Registry, Sat, Transaction
from clickvault.errors import StoreError
from clickvault.sql.render import Renderer
from clickvault.stores import postgres
from clickvault.stores.postgres import Connection
from clickvault.vault import apply_postgres, as_of_days, build_snapshots
from clickvault.vault.snapshots import ends
from tests.vault import shop
from tests.vault.conftest import Server, empty_database
from tests.vault.staging import day, event_id, fetch, hash_key, load_rows
from tests.vault.test_cases import at, customer

SHOP = shop.renderer()
Row = dict[str, Any]
GHOST = datetime(1900, 1, 1, tzinfo=UTC)
ZERO = "00000000-0000-0000-0000-000000000000"


def kept(pg: Connection) -> list[date]:
    """The days that there are."""
    return [d for (d,) in fetch(pg, "select as_of from vault.as_of order by 1")]


def january(n: int) -> date:
    return day(n).date()


@pytest.fixture
def vault(pg: Connection) -> Connection:
    """An empty vault of the shop."""
    apply_postgres(pg, SHOP)
    return pg


def names(pg: Connection) -> list[tuple[int, str, str | None]]:
    """The PIT view of customers: day of January, key, name."""
    sql = "select as_of, bk, customer_name from vault.v_pit_customer order by as_of, bk"
    return [((d - january(0)).days, bk, name) for d, bk, name in fetch(pg, sql)]


# ── which days ────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_days_of_a_policy() -> None:
    found = as_of_days(AsOf(days=3, weeks=2, months=3), date(2020, 1, 1), date(2026, 3, 4))
    assert [f"{d:%m-%d}" for d in found] == ["12-31", "01-31", "02-22", "02-28", "03-01", "03-02", "03-03", "03-04"]
    assert as_of_days(AsOf(days=1, weeks=0, months=1), date(2020, 1, 1), date(2024, 2, 29)) == [date(2024, 2, 29)]
    assert as_of_days(AsOf(days=1, weeks=1, months=0), date(2020, 1, 1), date(2026, 3, 1)) == [date(2026, 3, 1)]
    assert as_of_days(AsOf(), date(2026, 3, 3), date(2026, 3, 4)) == [date(2026, 3, 3), date(2026, 3, 4)]
    assert len(as_of_days(AsOf(), date(2000, 1, 1), date(2026, 3, 4))) == 7 + 5 + 12 - 2  # 1 March, 28 February


def test_the_control_table_says_what_a_day_is(vault: Connection) -> None:
    load_rows(vault, SHOP, "customer", customer(10, "k") + customer(32.5, "k"))
    build_snapshots(SHOP, vault)
    assert fetch(vault, "select as_of, ends, is_week_end, is_month_end from vault.as_of order by 1") == [
        (date(2026, 1, 30), datetime(2026, 1, 31, tzinfo=UTC), False, False),
        (date(2026, 1, 31), datetime(2026, 2, 1, tzinfo=UTC), False, True),
        (date(2026, 2, 1), datetime(2026, 2, 2, tzinfo=UTC), True, False),
    ]


# ── what a day says ───────────────────────────────────────────────────────────────────────────────────────────


def test_case_14_ghost_before_the_first_row(vault: Connection) -> None:
    """The key is known by a payment; its satellite begins a day later, and changes on the day after that."""
    load_rows(vault, SHOP, "payment", at(1, customer_id="k", till_no=1, cents=1))
    load_rows(vault, SHOP, "customer", customer(2, "k", name="A") + customer(3, "k", name="B"))
    build_snapshots(SHOP, vault)
    assert names(vault) == [(1, "k", None), (2, "k", "A"), (3, "k", "B")]
    pointers = "select customer_details_time, customer_details_id::text from vault.pit_customer order by as_of"
    assert fetch(vault, pointers)[0] == (GHOST, ZERO)
    assert [t for t, _ in fetch(vault, pointers)[1:]] == [day(2), day(3)]


def test_a_day_ends_before_the_next_begins(vault: Connection) -> None:
    last = datetime(2026, 1, 1, 23, 59, 59, 999_999, tzinfo=UTC)
    load_rows(vault, SHOP, "customer", customer(last, "k", name="A") + customer(2, "k", name="B"))  # type: ignore[arg-type]
    build_snapshots(SHOP, vault)
    assert names(vault) == [(1, "k", "A"), (2, "k", "B")]


def test_a_pointer_is_the_version_s_not_the_newest_observation_s(vault: Connection) -> None:
    rows = [customer(1, "k", name="A"), customer(2, "k", name="A"), customer(3, "k", name="A")]
    for batch in rows:  # a day at a time: each from the one before
        load_rows(vault, SHOP, "customer", batch)
        build_snapshots(SHOP, vault)
    assert fetch(vault, "select distinct customer_details_time from vault.pit_customer") == [(day(1),)]


def test_a_deleted_key(vault: Connection) -> None:
    load_rows(vault, SHOP, "customer", customer(1, "k", name="A") + customer(2, "k", name="A", op="delete"))
    build_snapshots(SHOP, vault)
    sql = "select is_declared, is_deleted, customer_name from vault.v_pit_customer order by as_of"
    assert fetch(vault, sql) == [(True, False, "A"), (True, True, "A")]


def test_a_key_that_only_others_mention(vault: Connection) -> None:
    load_rows(vault, SHOP, "acquaintance", at(1, a_id="x", b_id="y"))
    build_snapshots(SHOP, vault)
    sql = "select bk, is_declared, is_deleted, customer_name, customer_phones from vault.v_pit_customer order by bk"
    assert fetch(vault, sql) == [("x", False, False, None, None), ("y", False, False, None, None)]
    assert fetch(vault, "select distinct customer_phone_time, customer_phone_id::text from vault.pit_customer") == [
        (GHOST, ZERO)
    ]


def test_a_group_is_one_row(vault: Connection) -> None:
    phones = [{"kind": "a", "number": "1", "rank": None}, {"kind": "b", "number": "2", "rank": 3}]
    load_rows(vault, SHOP, "customer", customer(1, "k", phones=phones) + customer(2, "k", phones=[]))
    build_snapshots(SHOP, vault)
    assert fetch(vault, "select customer_phones from vault.v_pit_customer order by as_of") == [(phones,), ([],)]


def test_a_hub_s_partner_by_whichever_type_told_of_it(vault: Connection) -> None:
    load_rows(vault, SHOP, "order", at(1, order_id="o", customer_id="x") + at(1, order_id="p"))
    load_rows(vault, SHOP, "refund", at(1, order_id="r", customer_id="y", cents=1))
    load_rows(vault, SHOP, "order", at(2, order_id="o", customer_id="y") + at(3, order_id="o", op="delete"))
    build_snapshots(SHOP, vault)
    sql = "select as_of, bk_order, bk_buyer from vault.v_bridge_order_buyer order by 1, 2"
    assert [((d - january(0)).days, *rest) for d, *rest in fetch(vault, sql)] == [
        (1, "o", "x"), (1, "r", "y"), (2, "o", "y"), (2, "r", "y"), (3, "r", "y"),
    ]  # fmt: skip


# ── what a late row changes ───────────────────────────────────────────────────────────────────────────────────


def versions_of_rows(pg: Connection) -> dict[tuple[date, str], str]:
    """The transaction that wrote each row of the PIT."""
    return {(d, k): x for d, k, x in fetch(pg, "select as_of, hk::text, xmin::text from vault.pit_customer")}


def test_a_late_row_changes_the_right_days_only(vault: Connection) -> None:
    rows = customer(1, "k", name="A") + customer(3, "k", name="B") + customer(1, "other", name="C")
    load_rows(vault, SHOP, "customer", rows)
    build_snapshots(SHOP, vault)
    assert kept(vault) == [january(1), january(2), january(3)]
    before = versions_of_rows(vault)
    load_rows(vault, SHOP, "customer", customer(2.5, "k", name="late"))
    (result,) = build_snapshots(SHOP, vault)
    assert (result.table, result.days_built, result.days_touched, result.rows) == ("pit_customer", 0, 2, 1)
    assert names(vault) == [
        (1, "k", "A"), (1, "other", "C"), (2, "k", "late"), (2, "other", "C"), (3, "k", "B"), (3, "other", "C"),
    ]  # fmt: skip
    after = versions_of_rows(vault)
    assert [k for k in after if after[k] != before[k]] == [(january(2), hash_key("k"))]


def test_a_replay_changes_nothing(vault: Connection) -> None:
    rows = customer(1, "k", name="A") + customer(3, "k", name="B")
    load_rows(vault, SHOP, "customer", rows)
    build_snapshots(SHOP, vault)
    assert build_snapshots(SHOP, vault) == []
    before = versions_of_rows(vault)
    load_rows(vault, SHOP, "customer", rows)
    assert [r.rows for r in build_snapshots(SHOP, vault)] == [0]
    assert versions_of_rows(vault) == before
    assert fetch(vault, "select count(*) from ops.snapshot_due") == [(0,)]


def test_an_earlier_mention_adds_the_key_to_earlier_days(vault: Connection) -> None:
    load_rows(vault, SHOP, "customer", customer(1, "other") + customer(3, "k", name="B"))
    build_snapshots(SHOP, vault)
    load_rows(vault, SHOP, "payment", at(2.5, customer_id="k", till_no=1, cents=1))
    build_snapshots(SHOP, vault)
    assert [n for n in names(vault) if n[1] == "k"] == [(2, "k", None), (3, "k", "B")]


def test_days_that_the_policy_drops_are_gone(vault: Connection) -> None:
    load_rows(vault, SHOP, "customer", customer(12, "k", name="A") + customer(14, "k", name="B"))
    build_snapshots(SHOP, vault)
    assert kept(vault) == [january(12), january(13), january(14)]
    load_rows(vault, SHOP, "customer", customer(15, "k", name="C"))
    found = {r.table: (r.days_built, r.days_touched) for r in build_snapshots(SHOP, vault)}
    assert found["pit_customer"] == (1, 0)
    assert kept(vault) == [january(13), january(14), january(15)]
    load_rows(vault, SHOP, "customer", customer(33, "k", name="D"))
    build_snapshots(SHOP, vault)
    days = [date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 2)]
    assert kept(vault) == days
    assert [name for _, _, name in names(vault)] == ["C", "C", "D"]
    assert fetch(vault, "select distinct as_of from ops.snapshot order by 1") == [(d,) for d in days]


# ── crashes, and others at work ───────────────────────────────────────────────────────────────────────────────


def everything(pg: Connection) -> list[list[tuple[Any, ...]]]:
    """All that the snapshots say."""
    return [fetch(pg, f"select * from vault.{s.name} order by 1, 2") for s in SHOP.registry.snapshots]


def a_week(pg: Connection) -> None:
    for n in range(1, 6):
        load_rows(pg, SHOP, "customer", customer(n, "k", name=f"{n}") + customer(n, f"k{n}"))
        load_rows(pg, SHOP, "order", at(n, order_id="o", customer_id=f"k{n}"))


def test_a_backend_that_dies_in_the_middle(server: Server, vault: Connection) -> None:
    a_week(vault)
    build_snapshots(SHOP, vault)
    late = customer(2.5, "k", name="late") + customer(4.5, "k", name="late, too")
    load_rows(vault, SHOP, "customer", late)
    before = everything(vault)
    victim = postgres.connect(server.url)
    pid = victim.get_backend_pid()

    def strike(table: str, done: int, _: int) -> None:
        if (table, done) == ("pit_customer", 2):
            fetch(vault, "select pg_terminate_backend(%s)", pid)

    with pytest.raises(StoreError, match=r"building vault.pit_customer"):
        build_snapshots(SHOP, victim, strike)
    assert everything(vault) == before
    build_snapshots(SHOP, vault)
    mended = everything(vault)
    assert mended != before
    fetch(vault, "delete from ops.snapshot returning 1")
    build_snapshots(SHOP, vault)
    assert everything(vault) == mended


def test_a_merge_waits_for_a_build_and_is_noted(server: Server, vault: Connection) -> None:
    a_week(vault)
    other = postgres.connect(server.url)
    merging = threading.Thread(target=lambda: load_rows(other, SHOP, "customer", customer(5, "new", name="N")))
    waits: list[bool] = []

    def meanwhile(table: str, done: int, _: int) -> None:
        if (table, done) == ("pit_customer", 1):
            merging.start()
            merging.join(0.5)
            waits.append(merging.is_alive())

    build_snapshots(SHOP, vault, meanwhile)
    merging.join(20)
    assert waits == [True]
    assert not merging.is_alive()
    other.close()
    build_snapshots(SHOP, vault)
    assert [n for n in names(vault) if n[1] == "new"] == [(5, "new", "N")]


def test_a_table_that_was_dropped_is_filled_again(vault: Connection) -> None:
    a_week(vault)
    build_snapshots(SHOP, vault)
    before = everything(vault)
    with vault, vault.cursor() as cursor:
        cursor.execute("drop table vault.pit_customer, vault.seen_customer cascade")
    apply_postgres(vault, SHOP)
    build_snapshots(SHOP, vault)
    assert everything(vault) == before


def library(*events: type[Event]) -> Renderer:
    return Renderer(Registry([Domain("library", *events, query_assistance=[Pit("book")])]))


def test_a_new_satellite_fills_its_column_for_all_days(pg: Connection) -> None:
    class Book(Event, group="books"):
        """A book."""

        book_id: Annotated[Id, Hub("book")]
        title: Annotated[str, Length(0, 99), Sat("card")]

    class Loan(Event, group="books"):
        """A book is lent."""

        book_id: Annotated[Id, Ref("book")]
        to: Annotated[str, Length(0, 99), Sat("loan")]

        link = Transaction()

    class Cover(Event, group="books"):
        """What a book looks like."""

        book_id: Annotated[Id, Hub("book", describes=True)]
        colour: Annotated[str, Length(0, 99), Sat("look")]

    small, large = library(Book, Loan), library(Book, Loan, Cover)
    apply_postgres(pg, small)
    load_rows(pg, small, "book", at(1, book_id=event_id("b"), title="A"))
    load_rows(pg, small, "loan", at(2, book_id=event_id("b"), to="x"))
    build_snapshots(small, pg)
    apply_postgres(pg, large)
    load_rows(pg, large, "cover", at(1.5, book_id=event_id("b"), colour="red"))
    (result,) = build_snapshots(large, pg)
    assert (result.days_built, result.days_touched) == (2, 0)
    assert fetch(pg, "select book_title, cover_colour from vault.v_pit_book order by as_of") == [("A", "red")] * 2


# ── any stream, in any order ──────────────────────────────────────────────────────────────────────────────────

FIELDS = {
    "customer": st.fixed_dictionaries(
        {
            "customer_id": st.sampled_from("xy"),
            "name": st.sampled_from("AB"),
            "phones": st.sampled_from([[], [{"kind": "a", "number": "1", "rank": None}]]),
        }
    ),
    "customer_nation": st.fixed_dictionaries(
        {"customer_id": st.sampled_from("xz"), "nation_id": st.sampled_from(["de", "fr"])}
    ),
    "acquaintance": st.fixed_dictionaries({"a_id": st.sampled_from("xyz"), "b_id": st.sampled_from("xyz")}),
    "order": st.fixed_dictionaries(
        {"order_id": st.sampled_from("pq"), "customer_id": st.sampled_from(["x", "y", "", None])}
    ),
    "refund": st.fixed_dictionaries(
        {"order_id": st.sampled_from("pq"), "customer_id": st.sampled_from(["x", ""]), "cents": st.just(1)}
    ),
}


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Row], list[list[Row]]]:
    """A stream of several event types, and the batches in which it arrives."""
    kinds = st.sampled_from(list(FIELDS)).flatmap(lambda t: st.tuples(st.just(t), FIELDS[t]))
    ops = st.sampled_from(["create", "create", "delete"])
    drawn = draw(
        st.lists(st.tuples(st.sampled_from([1, 2, 2.5, 3, 4, 30, 33, 35]), ops, kinds), min_size=2, max_size=20)
    )
    stream = [
        {"event_id": event_id(n), "offset": n * 7919 % 31, "event_time": day(t), "op": op, "type": kind, **fields}
        for n, (t, op, (kind, fields)) in enumerate(drawn)
    ]
    order = draw(st.permutations(range(len(stream))))
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), min_size=1, max_size=3)))
    return stream, [[stream[i] for i in order[a:b]] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


MENTIONS = {
    "customer": {"customer": ["customer_id"], "customer_nation": ["customer_id"], "acquaintance": ["a_id", "b_id"],
                 "order": ["customer_id"], "refund": ["customer_id"]},
    "order": {"order": ["order_id"], "refund": ["order_id"]},
}  # fmt: skip


def heard_of(rows: list[Row], hub: str) -> set[str]:
    return {r[f] for r in rows for f in MENTIONS[hub].get(r["type"], []) if r[f]}


def version(rows: Iterable[Row], value: Callable[[Row], Any]) -> tuple[datetime, str]:
    """Time and id of the version in force after these rows."""
    found, last = (GHOST, ZERO), None
    for r in rows:
        now = (r["op"] == "delete", value(r))
        if now != last:
            found, last = (r["event_time"], r["event_id"]), now
    return found


def model(stream: list[Row], end: datetime) -> dict[str, list[tuple[Any, ...]]]:
    """What each snapshot says at a moment: a plain reading from first to last."""
    rows = sorted((r for r in stream if r["event_time"] < end), key=lambda r: (r["event_time"], r["offset"]))

    def of(kind: str, **keys: str) -> list[Row]:
        return [r for r in rows if r["type"] == kind and all(r[k] == v for k, v in keys.items())]

    customers = [
        (k, *version(of("customer", customer_id=k), lambda r: r["name"]),
         *version(of("customer", customer_id=k), lambda r: r["phones"]))
        for k in heard_of(rows, "customer")
    ]  # fmt: skip
    orders = [
        (k, *version(of("order", order_id=k), lambda _: 0), *version(of("refund", order_id=k), lambda _: 0))
        for k in heard_of(rows, "order")
    ]
    buyers: dict[str, str | None] = {}
    homes: dict[tuple[str, str], list[Row]] = {}
    circle: dict[tuple[str, ...], bool] = {}
    for r in rows:
        match r["type"]:
            case "order":
                buyers[r["order_id"]] = None if r["op"] == "delete" else (r["customer_id"] or None)
            case "refund" if r["customer_id"]:
                buyers[r["order_id"]] = None if r["op"] == "delete" else r["customer_id"]
            case "customer_nation":
                homes.setdefault((r["customer_id"], r["nation_id"]), []).append(r)
            case "acquaintance":
                circle[tuple(sorted((r["a_id"], r["b_id"])))] = r["op"] != "delete"
    return {
        "pit_customer": customers,
        "pit_order": orders,
        "bridge_order_buyer": [(o, b) for o, b in buyers.items() if b],
        "bridge_home": [(*k, *version(v, lambda _: 0)) for k, v in homes.items() if v[-1]["op"] != "delete"],
        "bridge_circle": [pair for pair, in_force in circle.items() if in_force],
    }


SAID = {
    "pit_customer": """
        select h.bk, customer_details_time, customer_details_id::text, customer_phone_time, customer_phone_id::text
        from vault.pit_customer p join vault.hub_customer h using (hk) where as_of = %s""",
    "pit_order": """
        select h.bk, order_note_time, order_note_id::text, refund_refund_time, refund_refund_id::text
        from vault.pit_order p join vault.hub_order h using (hk) where as_of = %s""",
    "bridge_order_buyer": "select bk_order, bk_buyer from vault.v_bridge_order_buyer where as_of = %s",
    "bridge_home": """
        select bk_customer, bk_nation, customer_nation_time, customer_nation_id::text
        from vault.bridge_home b join vault.v_bridge_home v using (as_of, lhk) where as_of = %s""",
    "bridge_circle": "select least(bk_a, bk_b), greatest(bk_a, bk_b) from vault.v_bridge_circle where as_of = %s",
}

# The view of a PIT, and the satellite's own view where it was in force when the day ended.
IN_FORCE = """
    select as_of, p.hk, {columns} from vault.v_pit_{hub} p where {columns_there}
    except
    select a.as_of, s.hk, {columns_of_sat} from vault.v_sat_{sat} s
    join vault.as_of a on s.valid_from < a.ends and (s.valid_to is null or s.valid_to >= a.ends)"""


@pytest.fixture(scope="module")
def connection(server: Server) -> Any:
    """One database for all examples: each empties it."""
    empty_database(server)
    pg = postgres.connect(server.url)
    apply_postgres(pg, SHOP)
    with pg, pg.cursor() as cursor:
        cursor.execute("set synchronous_commit = off")
    yield pg
    pg.close()


def clear(pg: Connection) -> None:
    with pg, pg.cursor() as cursor:
        cursor.execute(
            "select n.nspname || '.' || quote_ident(c.relname) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
            " where c.relkind in ('r', 'p') and (n.nspname = 'vault' or c.relname in ('snapshot', 'snapshot_due', 'load_log'))"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"delete from {name}")


@settings(
    max_examples=40, derandomize=True, deadline=None, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(arrival=arrivals())
def test_any_stream_in_any_order(connection: Connection, arrival: tuple[list[Row], list[list[Row]]]) -> None:
    pg, (stream, batches) = connection, arrival
    clear(pg)
    for batch in batches:
        for kind in FIELDS:
            rows = [{"phones": [], **r} for r in batch if r["type"] == kind]
            if rows:
                load_rows(pg, SHOP, kind, rows)
        build_snapshots(SHOP, pg)
    newest = max(r["event_time"] for r in stream).date()
    oldest = min(r["event_time"] for r in stream).date()
    assert kept(pg) == as_of_days(SHOP.registry.as_of, oldest, newest)
    for d in kept(pg):
        expected = model(stream, ends(d))
        for table, sql in SAID.items():
            assert sorted(fetch(pg, sql, d)) == sorted(expected[table]), (table, d)
    built = everything(pg)
    for spec in SHOP.registry.snapshots:
        days = f"select distinct as_of from vault.{spec.name} except select as_of from vault.as_of"
        assert fetch(pg, days) == []
    details = {
        "hub": "customer", "sat": "customer_details", "columns": "customer_name",
        "columns_there": "customer_name is not null", "columns_of_sat": "name",
    }  # fmt: skip
    assert fetch(pg, IN_FORCE.format(**details)) == []
    with pg, pg.cursor() as cursor:
        cursor.execute("delete from ops.snapshot")
    build_snapshots(SHOP, pg)
    assert everything(pg) == built


def test_the_days_after_a_pause_are_built_from_what_is_kept(vault: Connection) -> None:
    """No event for two months: the days that were kept meanwhile are gone, and the new ones begin from nothing."""
    load_rows(vault, SHOP, "customer", customer(1, "k", name="A") + customer(3, "k", name="B"))
    build_snapshots(SHOP, vault)
    later = day(3) + timedelta(days=70)
    load_rows(vault, SHOP, "till", at(later, till_no=1))
    build_snapshots(SHOP, vault)
    assert {name for _, _, name in names(vault)} == {"B"}
    assert len(names(vault)) == len(kept(vault)) >= 4
