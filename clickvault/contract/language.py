"""The words of a contract: an event type is an annotated Pydantic model built from these.

    class Post(Event, group="content"):
        '''A publication of a user, in a community or on their own page.'''

        post_id: Annotated[Id, Hub("post")]
        author_id: Annotated[Id, Ref("user", role="author"), Actor]
        text: Annotated[str, Length(1, 5_000), Sat("content"), "What it says"]

Limits (`Length`, `Range`, `Pattern`, `Window`) bind Pydantic and, compiled, ClickHouse. Roles (`Hub`, `Ref`,
`Sat` ...) say what becomes of a field in the vault and in the graph. A plain text is the field's meaning, for the
dictionary and the JSON Schema. An invalid class raises `ContractError` when it is defined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar
from uuid import UUID

import annotated_types as at
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    PlainSerializer,
    StringConstraints,
    ValidationInfo,
    model_validator,
)
from pydantic_core import CoreSchema

UUID_PATTERN = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
_DAY_TEXT = "(19|2[0-2])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
TIME_PATTERN = rf"^{_DAY_TEXT}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{{1,6}})?Z$"
DAY_PATTERN = f"^{_DAY_TEXT}$"
# White space as Unicode has it, written out, since the engines' own classes differ: as RE2 reads it, and as Python does.
BLANK_PATTERN = r"^[\x09-\x0d\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]*$"
BLANK = re.compile(re.sub(r"\\x\{(\w+)\}", lambda m: chr(int(m[1], 16)), BLANK_PATTERN[:-1]) + r"\Z")
_UUID = re.compile(UUID_PATTERN[:-1] + r"\Z")
_TIME = re.compile(TIME_PATTERN[:-1] + r"\Z")
_DAY = re.compile(DAY_PATTERN[:-1] + r"\Z")


def parse_id(value: object) -> UUID:
    """A UUID from its canonical text of 36 characters, in either case; ValueError for every other form."""
    if isinstance(value, UUID):
        return value
    if not isinstance(value, str) or not _UUID.match(value):
        raise ValueError("a UUID is written as 8-4-4-4-12 hexadecimal digits")
    return UUID(value)


def parse_time(value: object) -> datetime:
    """A UTC time from RFC 3339 with a Z and at most 6 digits of a second; ValueError for every other form."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if not isinstance(value, str) or not _TIME.match(value):
        raise ValueError("a time is written as 2026-01-31T23:59:59.123456Z")
    head, _, fraction = value[:-1].partition(".")
    return datetime.fromisoformat(head).replace(microsecond=int(fraction.ljust(6, "0") or 0), tzinfo=UTC)


def parse_day(value: object) -> date:
    """A day from its ISO text, 1900-01-01 to 2299-12-31 (what ClickHouse's Date32 holds); ValueError otherwise."""
    if isinstance(value, str) and _DAY.match(value):
        value = date.fromisoformat(value)
    if type(value) is not date or not 1900 <= value.year <= 2299:
        raise ValueError("a day is written as 2026-01-31, from 1900 to 2299")
    return value


def format_time(value: datetime) -> str:
    """The canonical text of a time: 27 characters, microseconds, Z."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


Id = Annotated[UUID, BeforeValidator(parse_id)]
"""A UUID in canonical text."""

Time = Annotated[datetime, BeforeValidator(parse_time), PlainSerializer(format_time, when_used="json")]
"""A UTC time in canonical text."""

Day = Annotated[date, BeforeValidator(parse_day)]
"""A day in ISO text."""

PARSERS = {"uuid": (parse_id, "Id"), "time": (parse_time, "Time"), "date": (parse_day, "Day")}
"""The kinds that have one canonical text, with the type to declare them by."""


# ── limits ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Length(at.GroupedMetadata):
    """A text's length in code points, or a list's in members: `low` to `high`, both allowed."""

    low: int
    high: int

    def __iter__(self) -> Iterator[object]:
        """The same limit in annotated-types' words, which Pydantic reads."""
        yield at.MinLen(self.low)
        yield at.MaxLen(self.high)


@dataclass(frozen=True)
class Range(at.GroupedMetadata):
    """A number's range: `low` to `high`, both allowed."""

    low: float
    high: float

    def __iter__(self) -> Iterator[object]:
        """The same limit in annotated-types' words, which Pydantic reads."""
        yield at.Ge(self.low)
        yield at.Le(self.high)


@dataclass(frozen=True)
class Pattern(at.GroupedMetadata):
    """A regular expression that the text must contain: anchor it with ^ and $.

    Written in what RE2 (ClickHouse) and Rust's regex (Pydantic) read alike: classes in brackets, no \\d \\w \\s \\b.
    """

    regex: str

    def __iter__(self) -> Iterator[object]:
        """The same limit in Pydantic's words."""
        yield StringConstraints(pattern=self.regex)


@dataclass(frozen=True)
class Window:
    """The time window of a time field: not before `since`, at most `ahead` seconds after the message was received."""

    since: str = "2000-01-01"
    ahead: int = 600


# ── roles of a field ──────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Hub:
    """The field is the business key of hub `name`, as it is sent; `fold` compares keys without regard to case.

    A key that is blank (empty, or white space alone) is rejected, in a `Ref` too.

    `describes`: the event type adds attributes to a hub that another event type declares; its op=delete closes these attributes, not
    the key (a profile of a user). A hub that several event types declare (photo and video are media) is ended by any.
    """

    name: str
    fold: bool = False
    describes: bool = False


@dataclass(frozen=True)
class Ref:
    """The field refers to a key of hub `hub`, in a role where one event type names the hub more than once."""

    hub: str
    role: str = ""


@dataclass(frozen=True)
class Sat:
    """The field is an attribute of satellite `name`: fields that change together share a satellite."""

    name: str


@dataclass(frozen=True)
class MultiActive:
    """The list is a group of rows that are in force together: a multi-active satellite `name`.

    `child_key` names the member's field that tells the rows of one group apart.
    """

    name: str
    child_key: str


# ── what a field was before ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Renamed:
    """The field was called `renamed_from` before, several names with the newest first.

    A message that uses an earlier name is read as if it used the new one. The satellites' hashes keep the oldest name.
    """

    renamed_from: str | tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The earlier names, the newest first."""
        return (self.renamed_from,) if isinstance(self.renamed_from, str) else tuple(self.renamed_from)


@dataclass(frozen=True)
class Backfill:
    """What a field that is required now counts as in events from before it was: of the field's own type, within its limits.

    A day or a time is given as its text. New messages without the field are rejected all the same.
    """

    value: str | int | float | bool


# ── quality expectations: violations are reported, rows are kept ──────────────────────────────────────────────────


@dataclass(frozen=True)
class Filled:
    """At least this share of the events has the field, which is optional."""

    share: float


@dataclass(frozen=True)
class After:
    """The time or day is not before that of `field` in the same event, `event_time` among them."""

    field: str


class _Flag:
    """A role without arguments."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


Actor = _Flag("Actor")
"""The field names who acted. Its hub's keys are active by what they create and update, unless the class says otherwise."""

Dimension = _Flag("Dimension")
"""The field is what marts group by."""


# ── links and graph, said of a class ──────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Transaction:
    """A non-historized link: each event is one row, for ever (a view, an impression)."""


@dataclass(frozen=True)
class Historized:
    """A link between the references, with satellites for the attributes; op=delete ends it, in its satellite."""


@dataclass(frozen=True)
class Effectivity:
    """A link that is in force from an event on, until op=delete, or until its driving key takes another partner.

    `driving` names the fields of the driving key, which has at most one open partner; empty: all references,
    so that only op=delete ends it. `symmetric`: (a, b) is the same as (b, a); for two references to one hub.
    """

    driving: tuple[str, ...] = ()
    symmetric: bool = False


@dataclass(frozen=True)
class Node:
    """A kind of node in the graph, by the hub of this event type."""

    label: str


@dataclass(frozen=True)
class Relation:
    """A kind of relation in the graph between two fields of this event type, each a Hub or a Ref.

    `properties` are attributes that the relation carries. `undirected` relations are measured as undirected;
    `measured=False` takes a relation between nodes of one kind out of the measurements (who blocks whom is no influence).
    Several event types may declare one relation, without properties: it is in force where any of them says so.
    """

    type: str
    source: str
    target: str
    undirected: bool = False
    properties: tuple[str, ...] = ()
    measured: bool = True


# ── query assistance, said of a domain ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Pit:
    """A point-in-time table of a hub: for each day of `AsOf`, the key of the version in force in every satellite on it."""

    hub: str


@dataclass(frozen=True)
class Bridge:
    """A bridge table: what was in force at the end of each day of `AsOf`.

    `hub` and `roles`: for each key of the hub, its partners in these roles, as its own event types tell of them (a post's
    author, by whichever event type declared the post). `link`: the pairs of that event type that are in force.
    """

    name: str
    hub: str = ""
    roles: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True)
class AsOf:
    """The days that Pits and Bridges are kept for, back from the newest event's: the last `days`, the last `weeks` Sundays,
    the last days of the last `months` months."""

    days: int = 7
    weeks: int = 5
    months: int = 12


# ── the event ─────────────────────────────────────────────────────────────────────────────────────────────────


class Op(StrEnum):
    """What an event says of its subject."""

    create = "create"
    update = "update"
    delete = "delete"


class Event(BaseModel):
    """The envelope of each message; an event type is a subclass that adds its fields.

    Class arguments: `group` (the topic group, one queue table in ClickHouse), `topic` (default: domain.event_type),
    `op_delete` (what op=delete means here), `activity` (the operations that are activity of the actor: default create and
    update; `activity=("create",)`: only these; `activity=False`: none, since they are not the actor's doing),
    `freshness` (hours in which at least one message is expected), `entity` (what many of them are called; default: the plural),
    `future` (how far event_time may be ahead of the receipt; default: 10 minutes).
    Unknown fields are rejected: what nobody declared is not silently dropped.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    event_id: Annotated[
        Id, "Made by the producer; with event_time it identifies the event, and a repetition is a duplicate"
    ]
    event_type: Annotated[str, Length(1, 60), Pattern("^[a-z][a-z0-9_]*$"), "The class's name in snake_case"]
    op: Annotated[Op, "What happened to the subject; every operation carries the whole state"]
    event_time: Annotated[Time, Window(), "When it happened, UTC; its day is the day that it counts for"]
    schema_version: Annotated[int, Range(1, 65_535), "The version of the declaration that the producer knows"]
    producer: Annotated[str, Length(1, 80), "Who sent the message: a name of a service"]

    spec: ClassVar[Any]  # EventSpec; Any, since spec.py is built on this module
    link: ClassVar[Transaction | Historized | Effectivity | None] = None
    graph: ClassVar[list[Node | Relation]] = []

    @model_validator(mode="after")
    def _check_contract(self, info: ValidationInfo) -> Event:
        """What a field alone can't know. Context `received_at` (datetime, UTC) is the bound of time windows."""
        from clickvault.contract.validation import broken_rules

        broken = broken_rules(self, (info.context or {}).get("received_at"))
        if broken:
            raise ValueError("; ".join(broken))
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The JSON Schema, with the meanings of the fields, and of their members."""
        schema = handler.resolve_ref_schema(handler(core))
        for field in cls.spec.all_fields:
            here = schema["properties"][field.name]
            members = handler.resolve_ref_schema(here["items"])["properties"] if field.items else {}
            for name, meaning in [("", field.meaning), *((i.name, i.meaning) for i in field.items)]:
                if meaning:
                    (members[name] if name else here)["description"] = meaning
        return schema

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Class arguments are for the contract, not for Pydantic's configuration."""
        super().__init_subclass__()

    @classmethod
    def __pydantic_init_subclass__(
        cls,
        *,
        group: str = "",
        topic: str = "",
        op_delete: str = "",
        activity: bool | tuple[str, ...] = True,
        freshness: int = 24,
        entity: str = "",
        future: timedelta | None = None,
        **kwargs: Any,
    ) -> None:
        """Read and check the declaration, into `cls.spec`."""
        from clickvault.contract.spec import read_event

        super().__pydantic_init_subclass__(**kwargs)
        cls.spec = read_event(
            cls,
            group=group,
            topic=topic,
            op_delete=op_delete,
            activity=activity,
            freshness=freshness,
            entity=entity,
            future=future,
        )
