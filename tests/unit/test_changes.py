"""What is breaking of a contract that changes, and what is not: compared as data, without a store."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict

from clickvault.contract import (
    Backfill,
    Effectivity,
    Event,
    EventSpec,
    Historized,
    Hub,
    Id,
    Length,
    MultiActive,
    Pattern,
    Range,
    Ref,
    Renamed,
    Sat,
    Time,
    Transaction,
    Window,
)
from clickvault.contract.changes import breaking, read, rules, written
from clickvault.contract.validation import judge
from clickvault.domains.social import DOMAIN
from clickvault.pipeline.migrate import _nullable, _wider

KEY = Annotated[Id, Hub("thing")]
USER = Annotated[Id, Ref("user")]
TEXT = Annotated[str, Length(1, 9), Sat("card")]
STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)


def spec(link: Any = None, **fields: Any) -> EventSpec:
    """An event type; an optional field is (annotation, None)."""
    body = {n: f[1] for n, f in fields.items() if isinstance(f, tuple)} | ({"link": link} if link else {})
    notes = {n: f[0] if isinstance(f, tuple) else f for n, f in fields.items()}
    names = {"__doc__": "A thing.", "__module__": __name__, "__annotations__": notes, **body}
    found: EventSpec = type("Thing", (Event,), names, group="things").spec  # type: ignore[call-overload]
    return found


def members(low: int = 0, **fields: Any) -> Any:
    notes = {
        "kind": Annotated[str, Length(1, 9)],
        **{n: f[0] if isinstance(f, tuple) else f for n, f in fields.items()},
    }
    body = {n: f[1] for n, f in fields.items() if isinstance(f, tuple)}
    names = {"model_config": STRICT, "__module__": __name__, "__annotations__": notes, **body}
    return Annotated[list[type("Item", (BaseModel,), names)], Length(low, 5), MultiActive("item", "kind")]  # type: ignore[misc]


def number(low: int = 0, high: int = 9, *more: Any) -> Any:
    return Annotated[(int, Range(low, high), Sat("card"), *more)]  # type: ignore[return-value]


def text(*more: Any) -> Any:
    return Annotated[(str, Length(1, 9), Sat("card"), *more)]  # type: ignore[return-value]


NOTE = (Annotated[str | None, Length(1, 9), Sat("card")], None)
PAIR = {"a": Annotated[Id, Ref("user", role="a")], "b": Annotated[Id, Ref("user", role="b")]}
OTHER_KEY = (Annotated[Id | None, Ref("user", role="c")], None)

CASES: dict[str, tuple[dict[str, Any], dict[str, Any], list[tuple[str, str]]]] = {
    "the same": ({"k": KEY, "t": TEXT}, {"k": KEY, "t": TEXT}, []),
    "a meaning": ({"k": KEY, "t": TEXT}, {"k": KEY, "t": text("What it says")}, []),
    "optional, new": ({"k": KEY}, {"k": KEY, "t": NOTE}, []),
    "optional, was required": ({"k": KEY, "t": TEXT}, {"k": KEY, "t": NOTE}, []),
    "wider": ({"k": KEY, "n": number(0, 9)}, {"k": KEY, "n": number(-5, 70_000)}, []),
    "another satellite": ({"k": KEY, "t": TEXT}, {"k": KEY, "t": Annotated[str, Length(1, 9), Sat("face")]}, []),
    "one more value": (
        {"k": KEY, "t": Annotated[Literal["x"], Sat("card")]}, {"k": KEY, "t": Annotated[Literal["x", "y"], Sat("card")]}, []),
    "any text, was an enumeration": ({"k": KEY, "t": Annotated[Literal["x"], Sat("card")]}, {"k": KEY, "t": TEXT}, []),
    "an empty list, new": ({"k": KEY}, {"k": KEY, "m": members()}, []),
    "a member's optional field, new": (
        {"k": KEY, "m": members()}, {"k": KEY, "m": members(n=(Annotated[int | None, Range(0, 9)], None))}, []),
    "a transaction's optional key, new": (
        {"link": Transaction(), **PAIR}, {"link": Transaction(), **PAIR, "c": OTHER_KEY}, []),
    "renamed, and said so": ({"k": KEY, "t": TEXT}, {"k": KEY, "u": text(Renamed("t"))}, []),
    "a key renamed, and said so": ({"k": KEY}, {"i": Annotated[Id, Hub("thing"), Renamed(renamed_from=("j", "k"))]}, []),
    "required, with a value": ({"k": KEY}, {"k": KEY, "t": text(Backfill("x"))}, []),
    "required, was optional, with a value": ({"k": KEY, "t": NOTE}, {"k": KEY, "t": text(Backfill("x"))}, []),
    # breaking
    "into a satellite that was there": (
        {"k": KEY, "t": TEXT, "u": Annotated[str, Length(1, 9), Sat("face")]},
        {"k": KEY, "t": Annotated[str, Length(1, 9), Sat("face")], "u": Annotated[str, Length(1, 9), Sat("face")]},
        [("satellite", "thing.t")]),
    "renamed": ({"k": KEY, "t": TEXT}, {"k": KEY, "u": TEXT}, [("renamed", "thing.u")]),
    "a key renamed": ({"k": KEY}, {"i": KEY}, [("renamed", "thing.i")]),
    "required": ({"k": KEY}, {"k": KEY, "t": TEXT}, [("required", "thing.t")]),
    "required, was optional": ({"k": KEY, "t": NOTE}, {"k": KEY, "t": TEXT}, [("required", "thing.t")]),
    "a required key": ({"k": KEY}, {"k": KEY, "u": USER}, [("required", "thing.u")]),
    "a list that is never empty": ({"k": KEY}, {"k": KEY, "m": members(1)}, [("required", "thing.m")]),
    "a member's required field": (
        {"k": KEY, "m": members()}, {"k": KEY, "m": members(n=Annotated[int, Range(0, 9)])}, [("required", "thing.m.n")]),
    "a member's field that is gone": (
        {"k": KEY, "m": members(n=Annotated[int, Range(0, 9)])}, {"k": KEY, "m": members()}, [("removed", "thing.m.n")]),
    "removed": ({"k": KEY, "t": TEXT}, {"k": KEY}, [("removed", "thing.t")]),
    "a reference removed": ({"k": KEY, "u": USER}, {"k": KEY}, [("removed", "thing.u")]),
    "narrower": ({"k": KEY, "n": number(0, 9)}, {"k": KEY, "n": number(1, 8)}, [("limits", "thing.n"), ("limits", "thing.n")]),
    "shorter": ({"k": KEY, "t": TEXT}, {"k": KEY, "t": Annotated[str, Length(1, 8), Sat("card")]}, [("limits", "thing.t")]),
    "one value less": (
        {"k": KEY, "t": Annotated[Literal["x", "y"], Sat("card")]}, {"k": KEY, "t": Annotated[Literal["x"], Sat("card")]},
        [("limits", "thing.t")]),
    "an enumeration, was any text": (
        {"k": KEY, "t": TEXT}, {"k": KEY, "t": Annotated[Literal["x"], Sat("card")]}, [("limits", "thing.t")]),
    "a pattern": ({"k": KEY, "t": TEXT}, {"k": KEY, "t": text(Pattern("^x"))}, [("limits", "thing.t")]),
    "a window": (
        {"k": KEY, "t": Annotated[Time, Window("2000-01-01", 60), Sat("card")]},
        {"k": KEY, "t": Annotated[Time, Window("2001-01-01", 30), Sat("card")]}, [("limits", "thing.t"), ("limits", "thing.t")]),
    "another type": ({"k": KEY, "t": TEXT}, {"k": KEY, "t": number()}, [("type", "thing.t")]),
    "another hub": ({"k": KEY, "u": USER}, {"k": KEY, "u": Annotated[Id, Ref("post", role="user")]}, [("hub", "thing.u")]),
    "another role": ({"k": KEY, "u": USER}, {"k": KEY, "u": Annotated[Id, Ref("user", role="x")]}, [("key", "thing.u")]),
    "folded": (
        {"k": Annotated[str, Length(1, 9), Hub("thing")]}, {"k": Annotated[str, Length(1, 9), Hub("thing", fold=True)]},
        [("key", "thing.k")]),
    "one key more": ({"link": Historized(), **PAIR}, {"link": Historized(), **PAIR, "c": OTHER_KEY}, [("key", "thing.c")]),
    "one key less": ({"link": Effectivity(), **PAIR}, {"link": Effectivity(), "a": PAIR["a"]}, [("key", "thing.b")]),
    "another link": ({"link": Effectivity(), **PAIR}, {"link": Historized(), **PAIR}, [("link", "thing")]),
    "another driving key": (
        {"link": Effectivity(), **PAIR}, {"link": Effectivity(driving=("a",)), **PAIR}, [("link", "thing")]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_breaks_is_named(case: str) -> None:
    before, after, expected = CASES[case]
    found = breaking(read(written(spec(**before))), spec(**after))
    assert [(b.kind, b.where) for b in found] == expected
    assert all(b.way and b.detail for b in found)
    assert {b.kind for b in found if b.acceptable} <= {"limits", "removed"}


def test_another_topic_leaves_messages_behind() -> None:
    before = spec(k=KEY)
    (found,) = breaking(replace(before, topic="a.thing"), replace(before, topic="b.thing"))
    assert (found.kind, found.where, found.acceptable) == ("topic", "thing", True)
    assert 'topic="a.thing"' in found.way


@pytest.mark.parametrize("event", DOMAIN.events, ids=lambda e: e.event_type)
def test_a_contract_is_read_as_it_was_written(event: EventSpec) -> None:
    again = read(written(event))
    assert written(again) == written(event)
    assert rules(again) == rules(event)
    assert breaking(again, event) == []
    assert [f.name for f in again.all_fields] == [f.name for f in event.all_fields]


def test_python_reads_earlier_names_as_clickhouse_does() -> None:
    from clickvault.contract import Domain, Registry

    fields = {"i": Annotated[Id, Hub("thing"), Renamed("k")], "t": text(Renamed(renamed_from=("u", "v")))}
    registry = Registry([Domain("d", spec(**fields).model)])
    head = (
        b'"event_id": "00000000-0000-4000-8000-000000000001", "event_type": "thing", "op": "create", '
        b'"event_time": "2026-01-01T00:00:00Z", "schema_version": 1, "producer": "t"'
    )
    for names, good in (
        (("i", "t"), True), (("k", "t"), True), (("k", "v"), True), (("i", "k", "t"), False), (("i", "u", "v"), False),
        (("j", "t"), False),
    ):  # fmt: skip
        said = b", ".join(
            b'"%s": "%s"' % (n.encode(), b"x" if n in "tuv" else b"00000000-0000-4000-8000-000000000002") for n in names
        )
        verdict = judge(b"{" + head + b", " + said + b"}", registry)
        assert isinstance(verdict, Event) is good, (names, verdict)


@pytest.mark.parametrize(
    ("there", "wanted", "both"),
    [
        ("UInt16", "UInt8", "UInt16"), ("UInt8", "UInt16", "UInt16"), ("Int8", "UInt8", "Int16"), ("UInt32", "Int8", "Int64"),
        ("Nullable(UInt16)", "Nullable(UInt8)", "Nullable(UInt16)"), ("UInt16", "Nullable(UInt8)", "Nullable(UInt16)"),
        ("String", "LowCardinality(String)", "LowCardinality(String)"), ("Nullable(String)", "String", "Nullable(String)"),
    ],
)  # fmt: skip
def test_no_column_gets_narrower(there: str, wanted: str, both: str) -> None:
    assert _wider(there, wanted) == both


def test_the_type_with_null() -> None:
    assert _nullable("LowCardinality(String)") == "LowCardinality(Nullable(String))"
    assert _nullable("Array(Tuple(a String))") == "Array(Tuple(a String))"
    assert _nullable("UUID") == "Nullable(UUID)"
