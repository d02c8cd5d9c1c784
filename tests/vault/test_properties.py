"""Random streams of observations, cut into batches, shuffled, some replayed, with ties in time.

However they arrive, the views must say what a plain reading of the whole stream in order says; and what is loaded again
inserts nothing. The model below knows nothing of SQL: it reads a list from first to last.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clickvault.stores import postgres
from clickvault.stores.postgres import Connection
from clickvault.vault import apply_postgres
from tests.vault import shop
from tests.vault.conftest import Server, empty_database
from tests.vault.staging import day, event_id, fetch, load_rows

SHOP = shop.renderer()
Row = dict[str, Any]

CI = settings(
    max_examples=100,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def connection(server: Server) -> Any:
    """One database for all examples of this module: each empties its tables."""
    empty_database(server)
    pg = postgres.connect(server.url)
    apply_postgres(pg, SHOP)
    with pg, pg.cursor() as cursor:
        cursor.execute("set synchronous_commit = off")
    yield pg
    pg.close()


@st.composite
def arrivals(
    draw: st.DrawFn, fields: st.SearchStrategy[Row], ops: tuple[str, ...]
) -> tuple[list[Row], list[list[Row]]]:
    """A stream, and the batches in which it arrives: every observation at least once."""
    drawn = draw(st.lists(st.tuples(st.integers(1, 6), st.sampled_from(ops), fields), min_size=1, max_size=14))
    # Days 1 to 6 and a month later, so that partitions are crossed. The source gave them in this order; ids and arrival have others.
    stream = [
        {
            "event_id": event_id(n * 7919 % 31, n),
            "offset": n,
            "event_time": day(t if t < 5 else t + 31),
            "op": op,
            **values,
        }
        for n, (t, op, values) in enumerate(drawn)
    ]
    order = draw(st.permutations(range(len(stream))))
    again = draw(st.lists(st.sampled_from(range(len(stream))), max_size=6))
    cuts = sorted(draw(st.lists(st.integers(0, len(stream)), max_size=4)))
    batches = [[stream[i] for i in order[a:b]] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    for n, i in enumerate(again):
        batches[n % len(batches)].append(stream[i])
    return stream, batches


def in_order(stream: list[Row]) -> list[Row]:
    return sorted(stream, key=lambda r: (r["event_time"], r["offset"]))


def check(
    pg: Connection,
    event_type: str,
    arrival: tuple[list[Row], list[list[Row]]],
    views: list[tuple[str, Callable[..., Any]]],
) -> None:
    """Load by batches and look; load again and see nothing new; load whole in order and see the same."""
    stream, batches = arrival

    def clear() -> None:
        with pg, pg.cursor() as cursor:
            for name in TABLES:
                cursor.execute(f"delete from vault.{name}")

    def seen() -> list[list[Any]]:
        return [sorted(fetch(pg, sql), key=repr) for sql, _ in views]

    expected = [sorted(model(in_order(stream)), key=repr) for _, model in views]
    clear()
    for batch in batches:
        load_rows(pg, SHOP, event_type, batch)
    assert seen() == expected
    for batch in [stream, *batches]:
        counts = load_rows(pg, SHOP, event_type, batch)
        assert (counts.hubs, counts.links, counts.sats, counts.effs) == (0, 0, 0, 0)
    clear()
    load_rows(pg, SHOP, event_type, in_order(stream))
    assert seen() == expected


TABLES = [
    "hub_customer", "hub_order", "hub_nation", "sat_customer_details", "sat_customer_phone", "link_order_customer",
    "eff_order_customer", "link_delivery", "eff_delivery", "link_acquaintance", "eff_acquaintance", "sat_order_note",
    "sat_order_facts", "link_order_buyer", "eff_order_buyer",
]  # fmt: skip


# ── satellites ────────────────────────────────────────────────────────────────────────────────────────────────


def versions(rows: list[Row], key: str, value: Callable[[Row], Any]) -> list[tuple[Any, ...]]:
    """(key, valid_from, valid_to, is_current, is_deleted, value) of each change of a key."""
    out = []
    for k in {r[key] for r in rows}:
        changes: list[Row] = []
        for r in (r for r in rows if r[key] == k):
            if not changes or (r["op"] == "delete", value(r)) != (changes[-1]["op"] == "delete", value(changes[-1])):
                changes.append(r)
        for c, after in zip(changes, [*changes[1:], None], strict=True):
            end = after["event_time"] if after else None
            out.append((k, c["event_time"], end, end is None, c["op"] == "delete", value(c)))
    return out


PHONES = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("12")), max_size=3, unique_by=lambda p: p[0]
).map(lambda some: [{"kind": k, "number": n, "rank": None} for k, n in some])  # fmt: skip
CUSTOMERS = st.fixed_dictionaries(
    {"customer_id": st.sampled_from("xy"), "name": st.sampled_from(["", "A", "B"]), "dob": st.none(), "phones": PHONES}
)


@CI
@given(arrival=arrivals(CUSTOMERS, ("create", "update", "delete")))
def test_satellites(connection: Connection, arrival: Any) -> None:
    def names(rows: list[Row]) -> list[tuple[Any, ...]]:
        return versions(rows, "customer_id", lambda r: r["name"])

    def phones(rows: list[Row]) -> list[tuple[Any, ...]]:
        found = versions(rows, "customer_id", lambda r: sorted((p["kind"], p["number"]) for p in r["phones"]))
        return [(*head, *member) for *head, members in found for member in members]

    columns = "bk, valid_from, valid_to, is_current, is_deleted"
    check(
        connection,
        "customer",
        arrival,
        [
            (f"select {columns}, name from vault.v_sat_customer_details", names),
            (f"select {columns}, kind, number from vault.v_sat_customer_phone", phones),
        ],
    )


# ── effectivity ───────────────────────────────────────────────────────────────────────────────────────────────


def periods(
    rows: list[Row], driving: Callable[[Row], Any], partner: Callable[[Row], Any], gone: Callable[[Row], bool]
) -> list[tuple[Any, ...]]:
    """(driving key, partner, valid_from, valid_to, is_current): one partner at a time; `gone` leaves none."""
    out: list[tuple[Any, ...]] = []
    for k in {driving(r) for r in rows}:
        held, since = None, None
        for r in (r for r in rows if driving(r) == k):
            if gone(r):
                wanted = None
            elif r["op"] == "delete":
                wanted = None if partner(r) == held else held
            else:
                wanted = partner(r)
            if wanted != held:
                if held is not None:
                    out.append((k, held, since, r["event_time"], False))
                held, since = wanted, r["event_time"]
        if held is not None:
            out.append((k, held, since, None, True))
    return out


PAIRS = st.fixed_dictionaries({"order_id": st.sampled_from("pq"), "customer_id": st.sampled_from("xyz")})


@CI
@given(arrival=arrivals(PAIRS, ("create", "update", "delete")))
def test_effectivity_with_a_driving_key(connection: Connection, arrival: Any) -> None:
    sql = """
        select o.bk, c.bk, valid_from, valid_to, is_current from vault.v_eff_order_customer e
        join vault.hub_order o on o.hk = e.hk_order join vault.hub_customer c on c.hk = e.hk_customer"""

    def model(rows: list[Row]) -> list[tuple[Any, ...]]:
        return periods(rows, lambda r: r["order_id"], lambda r: r["customer_id"], lambda r: False)

    def changes(rows: list[Row]) -> list[tuple[Any, ...]]:
        out = []
        for order, customer, since, until, _ in model(rows):
            out.append((order, customer, since, True))
            if until is not None:
                out.append((order, customer, until, False))
        return out

    changes_sql = """
        select o.bk, c.bk, event_time, is_open from vault.v_eff_order_customer_changes e
        join vault.hub_order o on o.hk = e.hk_order join vault.hub_customer c on c.hk = e.hk_customer"""
    check(connection, "order_customer", arrival, [(sql, model), (changes_sql, changes)])


TRIPLES = st.fixed_dictionaries(
    {
        "order_id": st.sampled_from("pq"),
        "customer_id": st.sampled_from("xy"),
        "nation_id": st.sampled_from(["de", "fr"]),
    }
)


@CI
@given(arrival=arrivals(TRIPLES, ("create", "delete")))
def test_effectivity_with_a_driving_key_of_two(connection: Connection, arrival: Any) -> None:
    sql = """
        select (o.bk, c.bk)::text, n.bk, valid_from, valid_to, is_current from vault.v_eff_delivery e
        join vault.hub_order o on o.hk = e.hk_order join vault.hub_customer c on c.hk = e.hk_customer
        join vault.hub_nation n on n.hk = e.hk_nation"""

    def model(rows: list[Row]) -> list[tuple[Any, ...]]:
        return periods(
            rows, lambda r: f"({r['order_id']},{r['customer_id']})", lambda r: r["nation_id"], lambda r: False
        )

    check(connection, "delivery", arrival, [(sql, model)])


FRIENDS = st.fixed_dictionaries({"a_id": st.sampled_from("xyz"), "b_id": st.sampled_from("xyz")})


@CI
@given(arrival=arrivals(FRIENDS, ("create", "delete")))
def test_effectivity_without_a_driving_key(connection: Connection, arrival: Any) -> None:
    sql = """
        select least(a.bk, b.bk) || greatest(a.bk, b.bk), valid_from, valid_to, is_current
        from vault.v_eff_acquaintance e
        join vault.hub_customer a on a.hk = e.hk_a join vault.hub_customer b on b.hk = e.hk_b"""

    def model(rows: list[Row]) -> list[tuple[Any, ...]]:
        found = periods(rows, lambda r: "".join(sorted(r["a_id"] + r["b_id"])), lambda r: "it", lambda r: False)
        return [(pair, *rest) for pair, _, *rest in found]

    check(connection, "acquaintance", arrival, [(sql, model)])


ORDERS = st.fixed_dictionaries(
    {
        "order_id": st.sampled_from("pq"),
        "customer_id": st.sampled_from(["x", "y", "", None]),
        "left": st.sampled_from([None, "", "a"]),
        "right": st.sampled_from([None, "", "a"]),
    }
)


@CI
@given(arrival=arrivals(ORDERS, ("create", "update", "delete")))
def test_a_hub_and_its_optional_reference(connection: Connection, arrival: Any) -> None:
    sql = """
        select o.bk, c.bk, valid_from, valid_to, is_current from vault.v_eff_order_buyer e
        join vault.hub_order o on o.hk = e.hk_order join vault.hub_customer c on c.hk = e.hk_buyer"""

    def model(rows: list[Row]) -> list[tuple[Any, ...]]:
        return periods(
            rows,
            lambda r: r["order_id"],
            lambda r: r["customer_id"],
            lambda r: r["op"] == "delete" or not r["customer_id"],
        )

    def notes(rows: list[Row]) -> list[tuple[Any, ...]]:
        found = versions(rows, "order_id", lambda r: (r["left"], r["right"]))
        return [(*head, *value) for *head, value in found]

    def hubs(rows: list[Row]) -> list[tuple[Any, ...]]:
        return list({r["order_id"]: (r["order_id"], r["op"] == "delete") for r in rows}.values())

    columns = "bk, valid_from, valid_to, is_current, is_deleted"
    views = [
        (sql, model),
        (f'select {columns}, "left", "right" from vault.v_sat_order_note', notes),
        ("select bk, is_deleted from vault.v_hub_order", hubs),
    ]
    check(connection, "order", arrival, views)
