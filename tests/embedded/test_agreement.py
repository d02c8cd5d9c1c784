"""Pydantic and ClickHouse judge every message alike: accept or reject, and every value of what is accepted.

The contract is compiled to ClickHouse (templates/ingest/_rules.sql.j2); `clickvault.contract.validation` is the same
contract as Pydantic reads it. A failure here means that an event which its producer validated becomes a dead letter,
or, worse, that a value which nobody declared is in raw, and from there in the vault and in the marts.

Three sets of messages: traps, each with the verdict that the contract means; every field of every event type with every
value that is hostile to its kind; and what Hypothesis makes of events by up to three changes at once, of random bytes
and of random JSON.
"""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from clickhouse_connect.driver.client import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from clickvault.contract import (
    Actor,
    Day,
    Domain,
    Event,
    EventSpec,
    FieldSpec,
    Historized,
    Hub,
    Id,
    Length,
    MultiActive,
    Pattern,
    Range,
    Ref,
    Registry,
    Sat,
    Time,
    Window,
)
from clickvault.contract.validation import MAX_MESSAGE_BYTES, judge
from clickvault.domains.social import DOMAIN as SOCIAL
from clickvault.pipeline import migrate as schema
from clickvault.sql.render import Renderer
from clickvault.stores import kafka
from clickvault.stores.clickhouse import connect, rows
from tests.worlds import running_stack

MIN_MESSAGES = 3_000
EXAMPLES = 3_300
BATCH = 9_000  # a block costs the plans of its judges, whatever it holds: few large ones
SOURCE = "test"
INT64 = Range(-(2**63), 2**63 - 1)


# ── a domain with every kind and limit of the language ────────────────────────────────────────────────────────


class Grade(StrEnum):
    """Values that need quoting in SQL, and one that is not ASCII."""

    plain = "plain"
    quoted = 'it\'s \\ "quoted"'
    spaced = " a b "
    nordic = "Ærø"


class Part(BaseModel):
    """A member told apart by a number; everything else may be absent."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    number: Annotated[int, Range(-3, 1_000)]
    weight: Annotated[float | None, Range(-1.5, 1.5)] = None
    grade: Grade | None = None
    label: Annotated[str | None, Length(0, 5)] = None
    tested: bool | None = None
    tested_at: Annotated[Time | None, Window("2020-01-01", 60)] = None
    made_on: Day | None = None
    twin: Id | None = None
    count: Annotated[int | None, Range(0, 255)] = None


class Seal(BaseModel):
    """A member told apart by a UUID: one written in capitals is the same."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    seal_id: Id
    stamped_at: Time


class Sensor(Event, group="limits"):
    """A device, by its number."""

    sensor_no: Annotated[int, INT64, Hub("sensor"), Actor]
    code: Annotated[str, Length(2, 6), Pattern("^[A-Z]+-[0-9]*$"), Sat("card")]
    motto: Annotated[str | None, Length(0, 40), Pattern("^a.*z$"), Sat("card")] = None
    parts: Annotated[list[Part], Length(1, 4), MultiActive("part", child_key="number")]
    seals: Annotated[list[Seal], Length(0, 3), MultiActive("seal", child_key="seal_id")]


class Reading(Event, group="limits", future=timedelta(hours=2)):
    """What a device measured: one field of each kind. It may be announced two hours ahead."""

    reading_id: Annotated[str, Length(1, 40), Hub("reading", fold=True)]
    sensor_no: Annotated[int, INT64, Ref("sensor")]
    share: Annotated[float, Range(0, 1), Sat("values")]
    level: Annotated[float, Range(-1.7976931348623157e308, 1.7976931348623157e308), Sat("values")]
    cold: Annotated[float, Range(-273.15, 1e-300), Sat("values")]
    tiny: Annotated[int, Range(-128, 127), Sat("values")]
    byte: Annotated[int, Range(0, 255), Sat("values")]
    word: Annotated[int, Range(3, 65_535), Sat("values")]
    half: Annotated[int, Range(-(2**31), 2**31 - 1), Sat("values")]
    long: Annotated[int, Range(0, 2**32 - 1), Sat("values")]
    positive: Annotated[int, Range(0, 2**63 - 1), Sat("values")]
    big: Annotated[int, INT64, Sat("values")]
    only: Annotated[int, Range(7, 7), Sat("values")]
    on: Annotated[bool, Sat("values")]
    day: Annotated[Day, Sat("times")]
    taken_at: Annotated[Time, Window("2020-06-15", 0), Sat("times")]
    due_at: Annotated[Time, Sat("times")]
    grade: Annotated[Grade, Sat("texts")]
    colour: Annotated[Literal["red", "green", "Null", "1", ""], Sat("texts")]
    note: Annotated[str, Length(0, 50), Sat("texts")]
    token: Annotated[Id, Sat("texts")]


class Remark(Event, group="limits", op_delete="it is taken back"):
    """Everything that may be absent is."""

    sensor_no: Annotated[int, INT64, Ref("sensor")]
    reading_id: Annotated[str | None, Length(1, 40), Ref("reading")] = None
    share: Annotated[float | None, Range(-1, 1), Sat("values")] = None
    big: Annotated[int | None, INT64, Sat("values")] = None
    byte: Annotated[int | None, Range(0, 255), Sat("values")] = None
    on: Annotated[bool | None, Sat("values")] = None
    day: Annotated[Day | None, Sat("values")] = None
    due_at: Annotated[Time | None, Window("1999-12-31", 86_400), Sat("values")] = None
    grade: Annotated[Grade | None, Sat("values")] = None
    colour: Annotated[Literal["red", "green"] | None, Sat("values")] = None
    note: Annotated[str | None, Length(1, 3), Sat("values")] = None
    token: Annotated[Id | None, Sat("values")] = None

    link = Historized()


REGISTRY = Registry([SOCIAL, Domain("limits", Sensor, Reading, Remark, uses=(SOCIAL,))])
EVENTS = list(REGISTRY.events.values())


# ── the two judges ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def limits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """ClickHouse of a stack of its own (other tests count what is landed), with both domains applied."""
    with running_stack(tmp_path_factory.mktemp("agreement") / ".clickvault") as found:
        renderer = Renderer(REGISTRY)
        kafka.create_topics(found, [t for group in REGISTRY.groups for t in REGISTRY.topics(group)])
        with closing(connect(found.clickhouse_url)) as client:
            schema.apply_clickhouse(client, schema.clickhouse_objects(renderer, found), found)
            yield client


@dataclass(frozen=True)
class Verdict:
    """What both sides said of one message: the values if accepted, else the reasons."""

    raw: bytes
    clickhouse: dict[str, Any] | list[str]
    pydantic: dict[str, Any] | list[str]
    landed: int
    verdicts: int

    @property
    def disagreement(self) -> str:
        """What a person needs to see to mend it; empty if both agree."""
        shown = self.raw if len(self.raw) < 3_000 else self.raw[:1_500] + b" ... " + self.raw[-1_500:]
        if (self.landed, self.verdicts) != (1, 1):
            return f"{self.landed} landed rows and {self.verdicts} rows in raw or dead letters for {shown!r}"
        if isinstance(self.clickhouse, dict) and isinstance(self.pydantic, dict):
            other = {
                name: (self.clickhouse.get(name), value)
                for name, value in self.pydantic.items()
                if not _same(self.clickhouse.get(name), value)
            }
            return f"ClickHouse and Pydantic read other values: {other} in {shown!r}" if other else ""
        if isinstance(self.clickhouse, dict) != isinstance(self.pydantic, dict):
            accepts = "ClickHouse" if isinstance(self.clickhouse, dict) else "Pydantic"
            reasons = self.pydantic if accepts == "ClickHouse" else self.clickhouse
            return f"{accepts} accepts what the other refuses for {reasons}: {shown!r}"
        return ""


def _same(a: object, b: object) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return a == b and math.copysign(1, a) == math.copysign(1, b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(_same(x, y) for x, y in zip(a, b, strict=True))
    return type(a) is type(b) and a == b


def _plain(value: Any) -> Any:
    """A value of either side in one shape: enumerations as texts, times with their zone, members as lists."""
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, BaseModel):
        return [_plain(getattr(value, n)) for n in type(value).model_fields]
    if isinstance(value, dict):
        return [_plain(v) for v in value.values()]
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value


def ask_both(ch: Client, stream: str, messages: list[bytes]) -> list[Verdict]:
    """Land the messages as one batch at (source, stream, offset = index), and put both verdicts side by side."""
    ch.insert(
        "landing.inbox_null",
        [[SOURCE, stream, 0, i, "", None, raw] for i, raw in enumerate(messages)],
        ["source", "stream", "partition", "offset", "key", "sent_at", "raw"],
        settings={"max_partitions_per_insert_block": 0},  # the times are of any month since 1900
    )
    where = "WHERE source = {source:String} AND stream = {stream:String}"
    at = {"source": SOURCE, "stream": stream}
    landed: dict[int, list[datetime]] = {}
    for row in rows(ch, f"SELECT offset, landed_at FROM landing.events {where}", at):
        landed.setdefault(row["offset"], []).append(_plain(row["landed_at"]))
    said: dict[int, list[dict[str, Any] | list[str]]] = {}
    for row in rows(ch, f"SELECT offset, reasons FROM raw.dead_letters {where}", at):
        said.setdefault(row["offset"], []).append(row["reasons"])
    wherever = " UNION ALL ".join(f"SELECT '{n}' AS n, count() AS c FROM raw.`{n}` {where}" for n in REGISTRY.events)
    for name in [r["n"] for r in rows(ch, wherever, at) if r["c"]]:
        for row in rows(ch, f"SELECT * FROM raw.`{name}` {where}", at):
            columns = {f.name for f in REGISTRY.events[name].all_fields}
            values = {k: _plain(v) for k, v in row.items() if k in columns}
            said.setdefault(row["offset"], []).append({"event_type": name, **values})
    assert set(landed) == set(range(len(messages))), "a message did not become a landed row"
    found = []
    for i, raw in enumerate(messages):
        event = judge(raw, REGISTRY, received_at=landed[i][0])
        mine = event if isinstance(event, list) else {n: _plain(v) for n, v in event}
        verdicts = said.get(i, [])
        found.append(Verdict(raw, verdicts[0] if verdicts else [], mine, len(landed[i]), len(verdicts)))
    return found


def assert_agreed(verdicts: list[Verdict]) -> None:
    """Fails with the shortest messages on which the judges differ."""
    wrong = sorted((v.disagreement for v in verdicts if v.disagreement), key=len)
    text = "\n\n".join(wrong[:8])
    assert not wrong, f"{len(wrong)} of {len(verdicts)} messages are judged differently, among them:\n\n{text}"


# ── valid events, and the values that are hostile to each kind ────────────────────────────────────────────────

TEXTS = ["a", "ab", "abc", "Ab-1", "user_1.x", "DE", "PL", "a@b.cd", "AB-12", "Z-", "az", "a z", "żółć", "🜁🜂", "x" * 40]
MONTHS = [datetime(2000, 1, 1), datetime(2012, 2, 1), datetime(2019, 12, 1), datetime(2025, 12, 1)]
ASTRAL = "\U0001f701"
HOSTILE = [
    "null", "true", "false", "0", "1", "-0", "-0.0", "1.0", "1e2", "1E+2", "1e-2", "0.5", "-1", "7", "7.0", '"7"',
    "255", "256",
    "9007199254740993", str(2**63 - 1), str(2**63), str(-(2**63)), str(-(2**63) - 1), str(2**64 - 1), str(2**64),
    str(10**30), str(-(10**30)), "9" * 19, "9" * 40, "0.1000000000000000055511151231257827", "1e400", "-1e400",
    "5e-324",
    "1e-400", "1.7976931348623157e308", "0.30000000000000004", "123456789012345678901234567890.5", '"' + "9" * 19 + '"',
    '"' + "9" * 40 + '"', '"-' + "9" * 25 + '"', '""', '" "', '"a"', '"A"', '"null"', '"true"', '"1"', '"0.5"', "[]",
    "{}",
    "[null]", "[[]]", "[{}]", '["a"]', '[1, "x"]', '{"a": 1}', '{"a": 1, "a": 2}', "NaN", "Infinity", "-Infinity",
    "nan",
    "01", "+1", "1.", ".5", "1_000", "0x10", "'a'", '"\\u0000"', '"a\\u0000b"', '"\\ud83d\\ude00"', '"\\ud800"',
    '"\\udc00\\ud800"', '"a\\ud800b"', '"\ud800"', '"\\u006fk"', '"\\n"', '"a\\nz"', '"\n"', '"\t"', '"\x7f"', '"\x00"',
    '"\\x41"', '"\\/"', '"\\"', '"', '"\ufeff"', '"\ufffe\uffff"', '"\u2028"', '"\u0301e"', '"İı"', "[" * 60 + "]" * 60,
    "[" * 250 + "]" * 250, "[" * 1_100 + "]" * 1_100, '{"a":' * 150 + "1" + "}" * 150, '"' + "a" * 5_001 + '"',
'"it\'s"', '"\\\\"', '"$1 {x} %s"', "1 // one", "/* one */ 1", "undefined", "",
]  # fmt: skip
DAYS = [
    "2026-01-01", "2024-02-29", "2023-02-29", "2026-02-30", "2026-04-31", "1900-01-01", "1899-12-31", "1970-01-01",
    "1969-12-31", "2299-12-31", "2300-01-01", "0000-01-01", "9999-12-31", "2026-13-01", "2026-00-10", "2026-01-00",
    "2026-01-32", "2026-1-1", "20260101", "2026-01-01T00:00:00Z", " 2026-01-01", "2026-01-01 ", "2026-01-01\n",
    "26-01-01",
    "2026/01/01", "１９９９-01-01", "2100-02-29", "2000-02-29", "1900-02-29", "today", "0", "2026-W01-1", "2026-001",
]  # fmt: skip
TIMES = [
    "2026-01-01T00:00:00Z", "2026-01-01T00:00:00z", "2026-01-01t00:00:00Z", "2026-01-01 00:00:00Z",
    "2026-01-01T00:00:00",
    "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00-00:00", "2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.12Z",
    "2026-01-01T00:00:00.123Z", "2026-01-01T00:00:00.1234Z", "2026-01-01T00:00:00.12345Z",
    "2026-01-01T00:00:00.123456Z",
    "2026-01-01T00:00:00.000001Z", "2026-01-01T00:00:00.999999Z", "2026-01-01T00:00:00.1234567Z",
    "2026-01-01T00:00:00.Z",
    "2026-01-01T00:00:00,5Z", "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z",
    "2024-02-29T00:00:00Z",
    "2023-02-29T00:00:00Z", "2026-02-30T00:00:00Z", "2026-04-31T12:00:00Z", "2026-01-01T24:00:00Z",
    "2026-01-01T23:59:60Z",
    "2026-01-01T23:60:00Z", "2016-12-31T23:59:60Z", "0000-01-01T00:00:00Z", "1899-12-31T23:59:59Z",
    "1900-01-01T00:00:00Z",
    "1900-01-01T00:00:00.000001Z", "1999-12-31T23:59:59.999999Z", "2000-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z",
    "1970-01-01T00:00:00Z", "2019-12-31T23:59:59.999999Z", "2020-01-01T00:00:00Z", "2020-06-14T23:59:59.999999Z",
    "2020-06-15T00:00:00Z", "2299-12-31T23:59:59.999999Z", "2300-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-01-01",
    "2026-01-01T00Z", "2026-01-01T00:00Z", "20260101T000000Z", "2026-01-01T00:00:00Z ", " 2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00Z\n", "2026-01-01T00:00:00ZZ", "1767225600", "1767225600.5", "now",
    "Thu, 01 Jan 2026 00:00:00 GMT",
    "２０26-01-01T00:00:00Z", "2026-01-01T00:00:00\u00a0Z", "+2026-01-01T00:00:00Z", "-2026-01-01T00:00:00Z",
]  # fmt: skip


def ids(rng: random.Random) -> list[str]:
    """One UUID in many forms."""
    u = UUID(int=rng.getrandbits(128))
    return [
        str(u), str(u).upper(), u.hex, "{" + str(u) + "}", u.urn, str(u) + " ", " " + str(u), str(u) + "\n",
        str(u)[:-1],
        str(u) + "0", str(u).replace("-", " "), str(u)[:-1] + "g", str(u).replace("-", "", 1), str(UUID(int=0)),
        str(UUID(int=2**128 - 1)), str(u).capitalize(), "x" * 36, "-" * 36,
    ]  # fmt: skip


def now(seconds: float) -> str:
    """The canonical text of a time so many seconds from now."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def quoted(text: str, rng: random.Random | None = None) -> str:
    """A JSON text, sometimes with everything escaped."""
    return json.dumps(text, ensure_ascii=bool(rng and rng.random() < 0.3))


def valid(f: FieldSpec, rng: random.Random) -> str:
    """JSON of a value within the field's limits, often at one of them."""
    if f.optional and rng.random() < 0.25:
        return "null"
    match f.kind:
        case "uuid":
            return quoted(str(UUID(int=rng.getrandbits(128))))
        case "int":
            low, high = int(f.low or 0), int(f.high or 0)
            return str(rng.choice([low, high, rng.randint(low, high), min(high, max(low, rng.randint(-300, 300)))]))
        case "float":
            low, high = float(f.low or 0), float(f.high or 0)
            some = rng.uniform(max(low, -1e6), min(high, 1e6))
            value = rng.choice([low, high, low / 2 + high / 2, some, max(low, min(high, 0.1 + 0.2))])
            return str(int(value)) if abs(value) < 2**53 and value.is_integer() and rng.random() < 0.5 else repr(value)
        case "bool":
            return rng.choice(["true", "false"])
        case "enum":
            return quoted(rng.choice(f.choices), rng)
        case "date":
            return quoted((date(1900, 1, 1) + timedelta(days=rng.randrange(146_000))).isoformat())
        case "time":
            since = datetime.fromisoformat(f.since or "1900-01-01")
            at = since + rng.random() * (datetime(2026, 1, 1) - since)
            if (
                f.name == "event_time"
            ):  # raw is partitioned by its month, and each month of each block is files of its own
                at = rng.choice(MONTHS) + rng.random() * timedelta(days=29)
            text = at.strftime("%Y-%m-%dT%H:%M:%S.%f")
            return quoted(rng.choice([text, text[: -rng.randint(1, 5)], text[:-7]]) + "Z")
        case "string":
            low, high = int(f.low or 0), int(f.high or 0)
            fit = [t for t in TEXTS if low <= len(t) <= high and all(re.search(p, t) for p in f.patterns)]
            assert fit or not f.patterns, f"no text of TEXTS fits {f.name}: add one"
            texts = fit if f.patterns else [*fit, "é" * low, ASTRAL * min(high, 200), "x" * high]
            return quoted(rng.choice(texts), rng)
        case "list":
            assert f.multi_active
            members: dict[str, str] = {}
            for _ in range(rng.randint(int(f.low or 0), int(f.high or 0))):
                member = {m.name: valid(m, rng) for m in f.items if not (m.optional and rng.random() < 0.3)}
                members[member[f.multi_active.child_key].lower()] = _object(list(member.items()))
            return f"[{', '.join(members.values())}]"
    raise AssertionError(f.kind)


def near(f: FieldSpec, rng: random.Random) -> list[str]:
    """JSON of values at, just inside and just outside what the field's kind and limits allow."""
    match f.kind:
        case "int" | "float":
            low, high = f.low or 0, f.high or 0
            texts = [repr(v) for v in (low, high, low - 1, low + 1, high - 1, high + 1)]
            texts += [repr(math.nextafter(v, to)) for v in (float(low), float(high)) for to in (-math.inf, math.inf)]
            texts = [t for t in texts if "inf" not in t]
            return [*texts, f'"{texts[0]}"', f"{int(high)}.0", f"{int(low)}e0", f"[{texts[0]}]"]
        case "uuid":
            return [quoted(t) for t in ids(rng)]
        case "date":
            return [quoted(t) for t in DAYS]
        case "time":
            ahead = [now(f.ahead + s) for s in (-3_600, -5, 5, 3_600)] + [now(86_400 * 400)]
            return [quoted(t) for t in TIMES + ahead]
        case "enum":
            some = rng.choice(f.choices)
            texts = [*f.choices, some.upper(), some + " ", some + "\n", some[:-1], some + "\0", "\0" + some]
            return [quoted(t) for t in texts]
        case "string":
            low, high = int(f.low or 0), int(f.high or 0)
            lengths = [n for n in (low - 1, low, high, high + 1) if n >= 0]
            texts = [c * n for n in lengths for c in ("a", "ż", ASTRAL, "e\u0301"[:1])] + TEXTS
            texts += [t + "\n" for t in TEXTS[:10]] + ["\n" + TEXTS[2], "a\nz", "a\r\nz", "a\u2028z", TEXTS[2] + "\0"]
            return [quoted(t) for t in texts] + [quoted(t, random.Random(2)) for t in texts[:4]]
        case "list":
            return _near_lists(f, rng)
    return []


def _near_lists(f: FieldSpec, rng: random.Random) -> list[str]:
    """Lists that are too long, have members twice, or a member with one hostile value in one of its fields."""
    assert f.multi_active
    key = f.multi_active.child_key

    def member(**change: str | None) -> str:
        values = {m.name: valid(m, rng) for m in f.items} | change
        return _object([(k, v) for k, v in values.items() if v is not None])

    one = member()
    lists = [[one] * n for n in range(2, int(f.high or 0) + 3)]
    lists += [[one, "null"], ["1", one], [one, "[]"], [one, '"x"'], [one, member(), one]]
    lists += [["{}"], ["{}", "{}"], [one, "{}"]]
    lists += [[one[:-1] + ', "more": 1}'], [one[:-1] + f', "{key}": 1}}'], [one[:-1] + ", " + one[1:]]]
    for m in f.items:
        for text in HOSTILE + near(m, rng):
            lists.append([member(**{m.name: text})])
        lists.append([member(**{m.name: None})])
        lists.append([member(), member(), member(**{m.name: None})])
    child = next(m for m in f.items if m.name == key)
    for text in HOSTILE[:60] + near(child, rng):
        lists.append([member(**{key: text}), member(**{key: text})])
        lists.append([member(**{key: text}), member(**{key: text.upper()})])
    lists += [[member(**{key: a}), member(**{key: b})] for a, b in (("1", "-0"), ("0", "-0"), ("1", "2"), ("1", '"1"'))]
    return [f"[{', '.join(members)}]" for members in lists]


def _object(pairs: list[tuple[str, str]]) -> str:
    return "{" + ", ".join(f"{quoted(k)}: {v}" for k, v in pairs) + "}"


OWN_ID = re.compile(rb'("(?:e|\\u0065)vent_id": )"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"')
Document = list[tuple[str, str]]
"""A message as (key, value) pairs, both as JSON text, so that keys may repeat and values need not be JSON."""


def document(spec: EventSpec, rng: random.Random) -> Document:
    """A valid event. Its event_id is its own, so that no other message can stand in for it."""
    made = {f.name: valid(f, rng) for f in spec.all_fields}
    made["event_type"] = quoted(spec.event_type)
    made["op"] = quoted(rng.choice(spec.ops))
    left_out = {f.name for f in spec.fields if f.optional and rng.random() < 0.3}
    pairs = [(quoted(k), v) for k, v in made.items() if k not in left_out]
    if rng.random() < 0.3:
        rng.shuffle(pairs)
    return pairs


def written(pairs: Document) -> bytes:
    """The message's bytes."""
    return ("{" + ", ".join(f"{k}: {v}" for k, v in pairs) + "}").encode("utf-8", "surrogatepass")


# ── changes ───────────────────────────────────────────────────────────────────────────────────────────────────


def _pick(pairs: Document, rng: random.Random) -> int:
    return rng.randrange(len(pairs))


def _value(new: Callable[[FieldSpec, random.Random], str]) -> Callable[[Document, EventSpec, random.Random], Document]:
    """A change of one field's value."""

    def change(pairs: Document, spec: EventSpec, rng: random.Random) -> Document:
        if not pairs:
            return pairs
        i = _pick(pairs, rng)
        try:
            f = spec.field(json.loads(pairs[i][0]))
        except (KeyError, ValueError):
            return pairs
        if f.name == "event_id":  # stays its own, in whatever form
            text = rng.choice(ids(rng)[:13])
            return [*pairs[:i], (pairs[i][0], quoted(text)), *pairs[i + 1 :]]
        return [*pairs[:i], (pairs[i][0], new(f, rng)), *pairs[i + 1 :]]

    return change


def _drop(pairs: Document, spec: EventSpec, rng: random.Random) -> Document:
    i = rng.randrange(len(pairs) + 1)
    return pairs[:i] + pairs[i + 1 :]


def _repeat(pairs: Document, spec: EventSpec, rng: random.Random) -> Document:
    if not pairs:
        return pairs
    key, value = rng.choice(pairs)
    return [*pairs, (rng.choice([key, _escape(key)]), rng.choice([value, value, "null", "1", '"x"']))]


def _unknown(pairs: Document, spec: EventSpec, rng: random.Random) -> Document:
    keys = ['"x"', '""', '"event_id "', '"Event_Id"', '"op\\u0000"', '"żółć"', '"\\ud800"', "x", "1", "null", '"a.b"']
    return [(rng.choice(keys), rng.choice(HOSTILE)), *pairs]


def _escaped_key(pairs: Document, spec: EventSpec, rng: random.Random) -> Document:
    return [(_escape(k), v) if rng.random() < 0.5 else (k, v) for k, v in pairs]


def _escape(key: str) -> str:
    """The same key in escapes: "op" becomes "\\u006fp"."""
    return f'"\\u{ord(key[1]):04x}{key[2:]}' if len(key) > 2 and key[1] != "\\" else key


def _other_type(pairs: Document, spec: EventSpec, rng: random.Random) -> Document:
    names = [*REGISTRY.events, "none", "POST", "post ", "p" * 61, ""]
    return [(k, quoted(rng.choice(names)) if k == '"event_type"' else v) for k, v in pairs]


@cache
def _nearby(f: FieldSpec) -> list[str]:
    """What is near to a field's limits, made once: for a list it is a lot."""
    return near(f, random.Random(3))


CHANGES: list[Callable[[Document, EventSpec, random.Random], Document]] = [
    _value(lambda f, rng: rng.choice(HOSTILE)),
    _value(lambda f, rng: rng.choice(_nearby(f) or HOSTILE)),
    _value(lambda f, rng: rng.choice(_nearby(f) or HOSTILE)),
    _value(valid),
    _drop,
    _repeat,
    _unknown,
    _escaped_key,
    _other_type,
]

TAILS = [b",", b"{}", b"\0", b"x", b"\x1a", b"\xff", b"\n\n", b"]", b"//", b"\x0b", b"\xc2\xa0", b"\xe2\x80\xa8"]
NOT_UTF8 = [b"\xed\xa0\x80", b"\xc0\x80", b"\xf4\x90\x80\x80", b"\xf0\x80\x80\x80", b"\xff", b"\n", b"\0"]
WRAPPINGS: list[Callable[[bytes, random.Random], bytes]] = [
    lambda raw, rng: b"\xef\xbb\xbf" + raw,
    lambda raw, rng: b" \t\r\n" + raw + b" \n",
    lambda raw, rng: raw + rng.choice(TAILS),
    lambda raw, rng: rng.choice([b"\0", b"\x0b", b"\xc2\xa0", b"[", b"\xe2\x80\xa8", b"//\n", b"\xff\xfe"]) + raw,
    lambda raw, rng: b"[" + raw + b"]",
    lambda raw, rng: raw[: rng.randrange(len(raw) + 1)],
    lambda raw, rng: raw.replace(b'"', b"'"),
    lambda raw, rng: raw.replace(b", ", b",\n"),
    lambda raw, rng: raw.replace(b"}", b",}"),
    lambda raw, rng: _splice(raw, rng, rng.randbytes(rng.randint(1, 3))),
    lambda raw, rng: _splice(raw, rng, rng.choice(NOT_UTF8)),
    lambda raw, rng: raw.decode("utf-8", "replace").encode("utf-16"),
    lambda raw, rng: raw.decode("utf-8", "replace").encode("latin-1", "replace"),
    lambda raw, rng: json.dumps(raw.decode("utf-8", "replace")).encode(),
    lambda raw, rng: raw + b" " * rng.choice([10, 1_000, 100_000]),
]


def _splice(raw: bytes, rng: random.Random, part: bytes) -> bytes:
    at = rng.randrange(len(raw) + 1)
    return raw[:at] + part + raw[at:]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """A message: mostly an event with up to three changes, now and then something else altogether."""
    what = draw(st.integers(0, 19))
    if what == 0:
        return draw(st.binary(max_size=30))
    if what == 1:
        return json.dumps(draw(JSON_VALUES)).encode()
    spec = draw(st.sampled_from(EVENTS))
    rng = random.Random(draw(st.integers(0, 2**62)))
    pairs = document(spec, rng)
    for change in draw(st.lists(st.sampled_from(CHANGES), max_size=3)):
        pairs = change(pairs, spec, rng)
    if what == 2:  # any text at all in one of the fields
        i = rng.randrange(len(pairs) + 1)
        key = pairs[i][0] if i < len(pairs) else '"more"'
        pairs[i : i + 1] = [(key, json.dumps(draw(st.text(max_size=30)), ensure_ascii=False))]
    raw = written(pairs)
    return draw(st.sampled_from(WRAPPINGS))(raw, rng) if what in (3, 4, 5) else raw


def unique(raw: bytes, stream: str, i: int) -> bytes:
    """The message with an event_id of its own: of two with one identity readers see one, and here both are compared."""
    own = str(UUID(int=random.Random(f"{stream}/{i}").getrandbits(128))).encode()
    return OWN_ID.sub(rb'\g<1>"' + own + rb'"', raw)


# ── traps: what was found to differ, or easily would ──────────────────────────────────────────────────────────

PLAIN = {
    "sensor": {
        "sensor_no": "1", "code": '"AB-12"', "parts": '[{"number": 1}]', "seals": "[]",
    },
    "reading": {
        "reading_id": '"r1"', "sensor_no": "1", "share": "0.5", "level": "0", "cold": "-1", "tiny": "1", "byte": "1",
        "word": "3", "half": "1", "long": "1", "positive": "1", "big": "1", "only": "7", "on": "true",
        "day": '"2026-01-01"', "taken_at": '"2026-01-01T00:00:00Z"', "due_at": '"2026-01-01T00:00:00Z"',
        "grade": '"plain"', "colour": '"red"', "note": '""', "token": '"00000000-0000-0000-0000-00000000000a"',
    },
    "remark": {"sensor_no": "1"},
}  # fmt: skip


def plain(event_type: str, **change: str | None) -> bytes:
    """A valid event of fixed values with some of them changed; None leaves a field out."""
    values: dict[str, str | None] = {
        "event_id": '"00000000-0000-0000-0000-000000000000"', "event_type": f'"{event_type}"', "op": '"create"',
        "event_time": '"2026-01-01T00:00:00Z"', "schema_version": "1", "producer": '"tests"',
        **PLAIN[event_type], **change,
    }  # fmt: skip
    return written([(quoted(k), v) for k, v in values.items() if v is not None])


def seals(*keys: str) -> str:
    """Members with these keys."""
    return "[" + ", ".join(f'{{"seal_id": "{k}", "stamped_at": "2026-01-01T00:00:00Z"}}' for k in keys) + "]"


WHOLE = plain("remark")
TRAPS: dict[str, tuple[bytes, bool]] = {
    "as it is": (WHOLE, True),
    "empty": (b"", False),
    "a space": (b" ", False),
    "spaces around": (b" \t\r\n" + WHOLE + b"\n", True),
    "a form feed behind": (WHOLE + b"\x0c", False),
    "a NUL behind": (WHOLE + b"\0", False),
    "a byte-order mark first": (b"\xef\xbb\xbf" + WHOLE, False),
    "UTF-16": (WHOLE.decode().encode("utf-16"), False),
    "two objects": (WHOLE + WHOLE, False),
    "in an array": (b"[" + WHOLE + b"]", False),
    "a trailing comma": (WHOLE[:-1] + b",}", False),
    "a comment": (WHOLE[:-1] + b"/* */}", False),
    "null": (b"null", False),
    "a number": (b"1", False),
    "a text": (b'"' + b"x" * 10 + b'"', False),
    "an empty object": (b"{}", False),
    "of the largest size": (WHOLE + b" " * (MAX_MESSAGE_BYTES - len(WHOLE)), True),
    "larger by a byte": (WHOLE + b" " * (MAX_MESSAGE_BYTES - len(WHOLE) + 1), False),
    "a key twice": (WHOLE[:-1] + b', "op": "create"}', False),
    "a key twice, once escaped": (WHOLE[:-1] + b', "\\u006fp": "create"}', False),
    "the type twice": (WHOLE[:-1] + b', "event_type": "remark"}', False),
    "an escaped key": (WHOLE.replace(b'"op"', b'"\\u006fp"'), True),
    "an escaped type": (WHOLE.replace(b'"remark"', b'"\\u0072emark"'), True),
    "an unknown field": (WHOLE[:-1] + b', "more": null}', False),
    "an unknown field, deep": (WHOLE[:-1] + b', "more": ' + b"[" * 600 + b"]" * 600 + b"}", False),
    "a key of nothing": (WHOLE[:-1] + b', "": 1}', False),
    "a type in capitals": (WHOLE.replace(b'"remark"', b'"REMARK"'), False),
    "a type with a NUL": (WHOLE.replace(b'"remark"', b'"remark\\u0000"'), False),
    "a type that is a number": (WHOLE.replace(b'"remark"', b"1"), False),
    "optional fields as null": (plain("remark", byte="null", on="null", day="null", note="null", token="null"), True),
    "a required field as null": (plain("reading", big="null"), False),
    "largest whole number": (plain("reading", big=str(2**63 - 1)), True),
    "smallest whole number": (plain("reading", big=str(-(2**63))), True),
    "whole number above 63 bits": (plain("reading", big=str(2**63)), False),
    "whole number above 64 bits": (plain("reading", big=str(2**64)), False),
    "whole number below 64 bits": (plain("reading", big=str(-(2**63) - 1)), False),
    "minus zero": (plain("reading", big="-0", level="-0"), True),
    "minus zero, a fraction": (plain("reading", level="-0.0"), True),
    "a fraction for a whole number": (plain("reading", big="1.0"), False),
    "an exponent for a whole number": (plain("reading", big="1e2"), False),
    "a text for a whole number": (plain("reading", big='"1"'), False),
    "true for a whole number": (plain("reading", big="true"), False),
    "one for true": (plain("reading", on="1"), False),
    "a whole number for a fraction": (plain("reading", level="9007199254740993"), True),
    "2^64 - 1 for a fraction": (plain("reading", level=str(2**64 - 1)), True),
    "2^64 for a fraction": (plain("reading", level=str(2**64)), False),
    "30 digits and a point": (plain("reading", level="123456789012345678901234567890.5"), True),
    "too many digits": (plain("reading", level="0.1000000000000000055511151231257827021181583404541015625"), True),
    "smallest fraction": (plain("reading", level="5e-324"), True),
    "a fraction that is zero": (plain("reading", level="1e-400"), True),
    "largest fraction": (plain("reading", level="1.7976931348623157e308"), True),
    "a fraction without end": (plain("reading", level="1e400"), False),
    "NaN": (plain("reading", level="NaN"), False),
    "Infinity": (plain("reading", level="Infinity"), False),
    "just above the range": (plain("reading", share="1.0000000000000002"), False),
    "digits as a text": (plain("reading", note='"12345678901234567890"'), True),
    "19 digits as a text, 19 digits as a number": (
        plain("reading", note='"1234567890123456789"', big="1234567890123456789"), True),
    "40 digits as a text, 40 digits behind a point": (
        plain("reading", note=f'"{"1" * 40}"', share=f"0.{'1' * 40}"), True),
    "digits as a text, an exponent of digits": (
        plain("reading", note=f'"{"1" * 20}"', level="0e-" + "1" * 20), True),
    "digits as a text in quotes of a text": (
        plain("reading", note=f'"{"1" * 20}"', reading_id='"\\"' + "2" * 20 + '\\""'), True),
    "digits as a number": (plain("reading", note="12345678901234567890"), False),
    "more than 64 bits as a text's number": (plain("reading", note="123456789012345678901"), False),
    "more than 64 bits below zero": (plain("reading", note="-12345678901234567890"), False),
    "a NUL, escaped": (plain("reading", note='"\\u0000"'), False),
    "a NUL in a member": (plain("sensor", parts='[{"number": 1, "label": "\\u0000"}]'), False),
    "a line break in a text": (plain("reading", note='"a\nb"'), False),
    "a line break, escaped": (plain("reading", note='"a\\nb"'), True),
    "a surrogate pair": (plain("reading", note='"\\ud83d\\ude00"'), True),
    "a lone surrogate": (plain("reading", note='"\\ud83d"'), False),
    "a lone surrogate's bytes": (plain("reading", note='"\ud83d"'), False),
    "not UTF-8": (plain("reading", note='"?"').replace(b"?", b"\xff"), False),
    "a noncharacter": (plain("reading", note='"\ufffe\uffff"'), True),
    "length in code points": (plain("reading", note=f'"{ASTRAL * 50}"'), True),
    "a text of 100 kB": (plain("reading", note='"' + "x" * 100_000 + '"'), False),
    "a code point too many": (plain("reading", note=f'"{ASTRAL * 51}"'), False),
    "a line break against a pattern's dot": (plain("sensor", motto='"a\\nz"'), False),
    "a line break behind a pattern": (plain("sensor", motto='"az\\n"'), False),
    "an enumeration with quotes": (plain("reading", grade=json.dumps(Grade.quoted.value)), True),
    "an enumeration not in ASCII": (plain("reading", grade='"\\u00c6r\\u00f8"'), True),
    "an enumeration with an empty value": (plain("reading", colour='""'), True),
    "an enumeration's number": (plain("reading", colour="1"), False),
    "a UUID in capitals": (plain("reading", token='"ABCDEFAB-CDEF-ABCD-EFAB-CDEFABCDEFAB"'), True),
    "a UUID in braces": (plain("reading", token='"{abcdefab-cdef-abcd-efab-cdefabcdefab}"'), False),
    "a UUID without dashes": (plain("reading", token='"abcdefabcdefabcdefabcdefabcdefab"'), False),
    "29 February": (plain("reading", day='"2024-02-29"', due_at='"2024-02-29T00:00:00Z"'), True),
    "29 February of another year": (plain("reading", day='"2023-02-29"'), False),
    "30 February": (plain("reading", due_at='"2024-02-30T00:00:00Z"'), False),
    "29 February 1900": (plain("reading", due_at='"1900-02-29T00:00:00Z"'), False),
    "the first time there is": (plain("reading", due_at='"1900-01-01T00:00:00Z"', day='"1900-01-01"'), True),
    "the last time there is": (plain("reading", due_at='"2299-12-31T23:59:59.999999Z"', day='"2299-12-31"'), True),
    "seven digits of a second": (plain("reading", due_at='"2026-01-01T00:00:00.1234567Z"'), False),
    "one digit of a second": (plain("reading", due_at='"2026-01-01T00:00:00.5Z"'), True),
    "before 1970, with a fraction": (plain("reading", due_at='"1969-12-31T23:59:59.999999Z"'), True),
    "a space for the T": (plain("reading", due_at='"2026-11-29 12:00:00"'), False),
    "milliseconds for a time": (plain("reading", event_time="1790000000123"), False),
    "a text for an event id": (plain("reading", event_id='"ajs-next-1700-ab"'), False),
    "a letter for an operation": (plain("reading", op='"c"'), False),
    "a decimal as a text": (plain("reading", level='"12.50"'), False),
    "a leap second": (plain("reading", due_at='"2016-12-31T23:59:60Z"'), False),
    "an offset for Z": (plain("reading", due_at='"2026-01-01T00:00:00+00:00"'), False),
    "at the start of its window": (plain("reading", taken_at='"2020-06-15T00:00:00Z"'), True),
    "before its window": (plain("reading", taken_at='"2020-06-14T23:59:59.999999Z"'), False),
    "a member's time before its window": (
        plain("sensor", parts='[{"number": 1, "tested_at": "2019-12-31T23:59:59.999999Z"}]'), False),
    "a member's time in the future": (
        plain("sensor", parts='[{"number": 1, "tested_at": "2299-01-01T00:00:00Z"}]'), False),
    "a key with white space": (plain("reading", reading_id='" r\u3000"'), True),
    "a key of white space": (plain("reading", reading_id='" \\t\u00a0\u3000"'), False),
    "a key that is empty": (plain("remark", reading_id='""'), False),
    "a reference of white space": (plain("remark", reading_id='"  "'), False),
    "a key of what only looks blank": (plain("reading", reading_id='"\u200b"'), True),
    "a text of white space": (plain("reading", note='"  "'), True),
    "announced": (plain("reading", event_time=quoted(now(7_000))), True),
    "announced too early": (plain("reading", event_time=quoted(now(10_800))), False),
    "of another type, announced": (plain("remark", event_time=quoted(now(3_600))), False),
    "members told apart by numbers": (plain("sensor", parts='[{"number": 1}, {"number": 2}]'), True),
    "members of one number": (plain("sensor", parts='[{"number": 0}, {"number": -0}]'), False),
    "members told apart by UUIDs": (plain("sensor", seals=seals(str(UUID(int=1)), str(UUID(int=2)))), True),
    "members of one UUID, once in capitals": (
        plain("sensor", seals=seals(str(UUID(int=10)), str(UUID(int=10)).upper())), False),
    "a member's field twice": (plain("sensor", parts='[{"number": 1, "count": 1, "count": 1}]'), False),
    "a member's unknown field": (plain("sensor", parts='[{"number": 1, "more": 1}]'), False),
    "a member as an array": (plain("sensor", parts="[[1]]"), False),
    "a member's optional fields as null": (
        plain("sensor", parts='[{"number": 1, "weight": null, "grade": null, "tested_at": null}]'), True),
    "too few members": (plain("sensor", parts="[]"), False),
    "too many members": (plain("sensor", parts=str([{"number": n} for n in range(5)]).replace("'", '"')), False),
    "an object for a list": (plain("sensor", parts='{"number": 1}'), False),
}  # fmt: skip


@pytest.fixture(scope="module")
def trapped(limits: Client) -> dict[str, Verdict]:
    """The verdicts on all traps, which land as one batch."""
    sent = [raw.replace(b'"' + str(UUID(int=0)).encode(), b'"' + str(UUID(int=i + 1)).encode())
            for i, (raw, _) in enumerate(TRAPS.values())]  # fmt: skip
    return dict(zip(TRAPS, ask_both(limits, "traps", sent), strict=True))


SHAPES = {
    "Debezium": b'{"before": null, "after": {"id": 7, "note": "x"}, "source": {"connector": "postgresql", "table": "remark"}, "op": "c"}',
    "Debezium, a delete": b'{"before": {"id": 7}, "after": null, "source": {"connector": "postgresql"}, "op": "d", "ts_ms": 1790000000123}',
    "Debezium, unwrapped": b'{"id": 7, "note": "x", "__op": "c", "__deleted": "false", "__ts_ms": 1790000000123}',
    "CloudEvents": b'{"specversion": "1.0", "id": "A234-1234", "source": "/shop", "type": "remark", "data": {"sensor_no": 7}}',
    "Segment": b'{"type": "track", "event": "Order Completed", "messageId": "ajs-1", "userId": "97980", "properties": {"sensor_no": 7}}',
}
"""Messages as other tools send them: no contract declares these, so each is a dead letter as a whole."""

NUMBER, HALF = "9" * 26, "half a surrogate pair: a character cut in two"
NAMED: dict[str, tuple[bytes, str]] = {
    "a field that is not there": (plain("reading", note=None), "note: missing"),
    "a field that nobody declared": (plain("reading", more="1"), "more: not declared"),
    "a required text as null": (plain("reading", note="null"), "note: is null"),
    "a required number as null": (plain("reading", level="null"), "level: is null"),
    "a required time as null": (plain("reading", due_at="null"), "due_at: is null"),
    "a required list as null": (plain("sensor", parts="null"), "parts: is null"),
    "a member's required number as null": (plain("sensor", parts='[{"number": null}]'), "parts.number: is null"),
    "a fraction, 26 digits": (plain("reading", level=NUMBER), "level: out of range"),
    "a whole number, 26 digits": (plain("reading", big=NUMBER), "big: out of range"),
    "a whole number, 26 digits below zero": (plain("reading", tiny="-" + NUMBER), "tiny: out of range"),
    "an optional number, 26 digits": (plain("remark", share=NUMBER), "share: out of range"),
    "a member's number, 26 digits": (plain("sensor", parts=f'[{{"number": {NUMBER}}}]'), "parts.number: out of range"),
    "a fraction without end": (plain("reading", level="1e400"), "a number out of range"),
    "half an emoji": (plain("reading", note='"\\ud83d"'), HALF),
    "the other half": (plain("reading", note='"a\\uDE00b"'), HALF),
    "half an emoji behind a backslash": (plain("reading", note='"\\\\\\ud83d"'), HALF),
    "half an emoji in a key": (plain("reading", **{"\\ud83d": "1"}).replace(b"\\\\ud83d", b"\\ud83d"), HALF),
    "half an emoji's bytes": (plain("reading", note='"?"').replace(b"?", b"\xf0\x9f"), "not UTF-8"),
    "half an emoji, and no JSON": (plain("reading", note='"\\ud83d"')[:-1], "not JSON"),
    "no number": (plain("reading", level="NaN"), "not JSON"),
    **{f"as of {tool}": (raw, "unknown event type") for tool, raw in SHAPES.items()},
    "two events in an array": (b"[" + WHOLE + b", " + WHOLE + b"]", "not a JSON object"),
    "two events in two lines": (WHOLE + b"\n" + WHOLE, "not JSON"),
}  # fmt: skip
"""What is refused for one reason that a person is to understand: the word of both judges."""


def test_reasons_say_what_is_wrong(limits: Client) -> None:
    """Both sides in the same words, where others were found to mislead."""
    sent = [unique(raw, "named", i) for i, (raw, _) in enumerate(NAMED.values())]
    found = dict(zip(NAMED, ask_both(limits, "named", sent), strict=True))
    for name, (_, reason) in NAMED.items():
        assert found[name].clickhouse == [reason], name
        assert found[name].pydantic == [reason], name


@pytest.mark.parametrize("trap", TRAPS)
def test_trap(trapped: dict[str, Verdict], trap: str) -> None:
    """Both sides agree, and on what the contract means: two judges may be wrong alike."""
    verdict = trapped[trap]
    assert not verdict.disagreement, verdict.disagreement
    assert isinstance(verdict.pydantic, dict) == TRAPS[trap][1], verdict.pydantic


# ── the tests ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_valid_is_accepted(limits: Client) -> None:
    """Without it, a judge that refuses everything would agree with another that does."""
    rng = random.Random(1)
    sent = [unique(written(document(spec, rng)), "valid", i) for i, spec in enumerate(EVENTS * 15)]
    verdicts = ask_both(limits, "valid", sent)
    assert_agreed(verdicts)
    refused = [(v.pydantic, v.raw) for v in verdicts if isinstance(v.pydantic, list)]
    assert not refused, f"{len(refused)} generated events are not valid: {refused[:3]}"


def test_every_field_with_every_hostile_value(limits: Client) -> None:
    """One change at a time, exhaustively: a rule that is wrong for one kind of field shows here by its field."""
    rng = random.Random(2)
    sent = []
    for spec in EVENTS:
        envelope = spec.envelope if spec.event_type == "reading" else ()
        for f in (*envelope, *spec.fields):
            hostile = HOSTILE if spec.domain == "limits" else HOSTILE[::3]
            for text in near(f, rng)[:13] if f.name == "event_id" else near(f, rng) + hostile:
                pairs = [(k, v) for k, v in document(spec, rng) if k != quoted(f.name)]
                sent.append(written([*pairs, (quoted(f.name), text)]))
    sent = [unique(raw, "fields", i) for i, raw in enumerate(sent)]
    verdicts = []
    for at in range(0, len(sent), BATCH):
        verdicts += ask_both(limits, f"fields-{at}", sent[at : at + BATCH])
    assert_agreed(verdicts)
    accepted = sum(isinstance(v.pydantic, dict) for v in verdicts)
    print(f"{len(sent):,} messages, {accepted:,} accepted")
    assert accepted > len(sent) / 20, "hardly anything was accepted: the values are not compared"


def test_generated_messages(limits: Client) -> None:
    """At least 3,000 messages that nobody thought of: each lands once, and both judges say the same of it.

    Hypothesis makes them, one an example, and they are landed together: a batch costs ClickHouse what a message costs.
    A failure shows the shortest of the messages, which need no shrinking.
    """
    sent: list[bytes] = []

    @settings(
        max_examples=EXAMPLES, derandomize=True, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(messages())
    def collect(raw: bytes) -> None:
        sent.append(unique(raw, "generated", len(sent)))

    collect()
    assert len(sent) >= MIN_MESSAGES
    verdicts = []
    for at in range(0, len(sent), BATCH):
        verdicts += ask_both(limits, f"generated-{at}", sent[at : at + BATCH])
    assert_agreed(verdicts)
    accepted = sum(isinstance(v.pydantic, dict) for v in verdicts)
    print(f"{len(sent):,} messages, {accepted:,} accepted")
    assert accepted > len(sent) / 10, "hardly anything was accepted"
    assert len(sent) - accepted > len(sent) / 10, "hardly anything was refused"
