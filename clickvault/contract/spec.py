"""What is read out of an event class: plain frozen data, which every renderer works from.

`read_event` runs when the class is defined, and rejects an invalid declaration with a message that names class and field.
"""

from __future__ import annotations

import math
import re
import types
import typing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, Literal
from uuid import UUID

import annotated_types as at
from pydantic import BaseModel, BeforeValidator, PlainSerializer, StringConstraints
from pydantic.fields import FieldInfo

from clickvault.contract import language as lang
from clickvault.errors import ContractError

IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
ENVELOPE = ("event_id", "event_type", "op", "event_time", "schema_version", "producer")
RESERVED = {
    *ENVELOPE, "source", "stream", "partition", "offset", "key", "raw", "reasons", "landed_at", "received_at",
    "hk", "hashdiff", "load_ts", "record_source", "is_deleted", "is_current", "is_open", "valid_from", "valid_to",
    "members", "version", "lhk", "bk", "driving_hk", "hashdiff_before",
}  # fmt: skip
RESERVED_PREFIXES = ("hk_", "bk_", "lhk_", "hashdiff_")
MAX_INT, MIN_INT = 2**63 - 1, -(2**63)

Kind = Literal["uuid", "string", "int", "float", "bool", "enum", "time", "date", "list"]


@dataclass(frozen=True)
class FieldSpec:
    """One field: its kind, its limits, its roles. Lengths in code points, bounds inclusive."""

    name: str
    kind: Kind
    optional: bool = False
    low: float | None = None
    high: float | None = None
    patterns: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    since: str = ""
    ahead: int = 0
    hub: lang.Hub | None = None
    ref: lang.Ref | None = None
    sat: str = ""
    multi_active: lang.MultiActive | None = None
    actor: bool = False
    dimension: bool = False
    filled: float = 0
    after: str = ""
    renamed_from: tuple[str, ...] = ()
    backfill: str | int | float | bool | None = None
    items: tuple[FieldSpec, ...] = ()
    meaning: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which a message may bring the field, the present one first."""
        return (self.name, *self.renamed_from)

    @property
    def hash_name(self) -> str:
        """The name under which hashes know the field: its oldest, so that a rename makes no new version of anything."""
        return self.renamed_from[-1] if self.renamed_from else self.name

    @property
    def role(self) -> str:
        """The name of a hub key in links: the role, or else the hub."""
        if self.hub:
            return self.hub.name
        return (self.ref.role or self.ref.hub) if self.ref else ""

    @property
    def hub_name(self) -> str:
        """The hub that the field is a key of, or refers to; empty for a plain field."""
        return self.hub.name if self.hub else self.ref.hub if self.ref else ""


@dataclass(frozen=True)
class EventSpec:
    """One event type, as declared."""

    event_type: str
    class_name: str
    group: str
    topic: str
    doc: str
    op_delete: str
    activity: tuple[str, ...]
    freshness: int
    entity: str
    envelope: tuple[FieldSpec, ...]
    fields: tuple[FieldSpec, ...]
    link: lang.Transaction | lang.Historized | lang.Effectivity | None
    nodes: tuple[lang.Node, ...]
    relations: tuple[lang.Relation, ...]
    model: type[lang.Event]
    domain: str = ""

    @property
    def all_fields(self) -> tuple[FieldSpec, ...]:
        """Envelope and own fields, in the order of the class."""
        return self.envelope + self.fields

    @property
    def ops(self) -> tuple[str, ...]:
        """The operations that mean something for this event type."""
        return self.field("op").choices

    @property
    def hub_field(self) -> FieldSpec | None:
        """The field that is a hub's business key, if the event type has one."""
        return next((f for f in self.fields if f.hub), None)

    @property
    def declares(self) -> str:
        """The hub whose keys come into being and end by this event type; empty for one that describes, and for links."""
        field = self.hub_field
        return field.hub.name if field and field.hub and not field.hub.describes else ""

    @property
    def refs(self) -> tuple[FieldSpec, ...]:
        """The fields that refer to hubs."""
        return tuple(f for f in self.fields if f.ref)

    @property
    def actor(self) -> FieldSpec | None:
        """The field that names who acted; whose operations are `activity` of the key that it has."""
        return next((f for f in self.fields if f.actor), None)

    def field(self, name: str) -> FieldSpec:
        """The field of that name; KeyError if there is none."""
        for f in self.all_fields:
            if f.name == name:
                return f
        raise KeyError(name)


def snake(name: str) -> str:
    """CamelCase to snake_case: GroupMember is group_member."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def plural(name: str) -> str:
    """What many of a thing are called, by the rule: story is stories; user_badges stays."""
    if name.endswith("s"):
        return name
    return name[:-1] + "ies" if re.search(r"[^aeiou]y$", name) else name + "s"


def read_event(
    cls: type[lang.Event],
    *,
    group: str,
    topic: str,
    op_delete: str,
    activity: bool | tuple[str, ...],
    freshness: int,
    entity: str,
    future: timedelta | None,
) -> EventSpec:
    """The declaration of `cls` as data. Raises ContractError, naming class and field."""
    name = cls.__name__
    event_type = snake(name)
    doc = " ".join((cls.__doc__ or "").split())
    _check_identifier(event_type, name, "the class")
    if not group:
        raise ContractError(f"{name}: no group", hint=f'write class {name}(Event, group="...")')
    _check_identifier(group, name, "group")
    _check_identifier(entity or event_type, name, "entity")
    if topic and not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,199}", topic):
        raise ContractError(f"{name}: topic must be lower-case letters, digits, dots, dashes, got {topic!r}")
    if not cls.__doc__ or cls.__doc__ == lang.Event.__doc__:
        raise ContractError(f"{name}: no docstring", hint="say in one sentence what the event means")
    _check_class(cls)
    envelope = tuple(_read_field(name, n, cls.model_fields[n]) for n in ENVELOPE)
    if isinstance(cls.link, lang.Transaction):  # what has happened is never changed
        envelope = tuple(replace(f, choices=("create",)) if f.name == "op" else f for f in envelope)
    if future is not None:
        ahead = _seconds(name, future)
        envelope = tuple(replace(f, ahead=ahead) if f.name == "event_time" else f for f in envelope)
    own = tuple(_read_field(name, n, f) for n, f in cls.model_fields.items() if n not in ENVELOPE)
    spec = EventSpec(
        event_type=event_type,
        class_name=name,
        group=group,
        topic=topic,
        doc=doc,
        op_delete=op_delete,
        activity=(),
        freshness=freshness,
        entity=entity or plural(event_type),
        envelope=envelope,
        fields=own,
        link=cls.link,
        nodes=tuple(g for g in cls.graph if isinstance(g, lang.Node)),
        relations=tuple(g for g in cls.graph if isinstance(g, lang.Relation)),
        model=cls,
    )
    _check_event(spec)
    return replace(spec, activity=_activity(spec, activity))


def _activity(spec: EventSpec, said: bool | tuple[str, ...]) -> tuple[str, ...]:
    """The operations that are activity of the actor, in the order of `ops`: creates and updates, or what the class says."""
    if isinstance(said, bool):
        return tuple(op for op in spec.ops if op != "delete") if said and spec.actor else ()
    hint = f"activity=({spec.ops[0]!r},), or activity=False for none"
    if isinstance(said, str) or not set(said) <= set(spec.ops):
        raise ContractError(
            f"{spec.class_name}: activity names operations, {', '.join(spec.ops)}, got {said!r}", hint=hint
        )
    if said and not spec.actor:
        raise ContractError(f"{spec.class_name}: activity without an Actor", hint="mark the field of who acts as Actor")
    return tuple(op for op in spec.ops if op in said)


def _seconds(cls: str, future: object) -> int:
    if not isinstance(future, timedelta) or future < timedelta(0) or future % timedelta(seconds=1):
        raise ContractError(
            f"{cls}: future must be a timedelta of whole seconds, got {future!r}", hint="future=timedelta(hours=1)"
        )
    return int(future.total_seconds())


def _check_class(cls: type[lang.Event]) -> None:
    """Refuse what would bind Python alone: ClickHouse judges by the fields' limits and knows nothing else."""
    name = cls.__name__
    for own in cls.__annotations__:
        if own in ENVELOPE:
            raise ContractError(
                f"{name}.{own}: is a field of the envelope", hint=f"call it otherwise, e.g. {own}_value"
            )
    changed = {k for k, v in cls.model_config.items() if lang.Event.model_config.get(k) != v}
    if changed:
        raise ContractError(f"{name}: model_config is the same for all event types, got {', '.join(sorted(changed))}")
    _check_validators(name, cls)


def _check_validators(name: str, cls: type[BaseModel]) -> None:
    decorators = cls.__pydantic_decorators__
    found = [*decorators.field_validators, *decorators.validators, *decorators.root_validators]
    found += [n for n in decorators.model_validators if n != "_check_contract"]
    if found:
        raise ContractError(
            f"{name}.{found[0]}: a validator is a rule that ClickHouse does not know",
            hint="Length, Range, Pattern, Window, an enumeration",
        )


def _check_identifier(value: str, cls: str, what: str) -> None:
    if not IDENTIFIER.match(value):
        raise ContractError(f"{cls}: {what} must be a lower-case identifier of at most 40 characters, got {value!r}")


def _read_field(cls: str, name: str, info: FieldInfo) -> FieldSpec:
    where = f"{cls}.{name}"
    if name not in ENVELOPE:
        _check_identifier(name, cls, f"field {name}")
        if name in RESERVED or name.startswith(RESERVED_PREFIXES):
            raise ContractError(f"{where}: {name} is a reserved name", hint=f"call it otherwise, e.g. {name}_value")
    if info.alias or info.validation_alias:
        raise ContractError(
            f"{where}: an alias is another name in the message", hint="name the field as in the message"
        )
    annotation, optional = _unwrap_optional(info.annotation)
    metadata = list(info.metadata)
    if typing.get_origin(annotation) is typing.Annotated:  # Annotated[...] | None keeps its metadata inside
        annotation, *inner = typing.get_args(annotation)
        metadata = [*_expand(inner), *metadata]
    metadata = _expand(metadata)
    if optional != (not info.is_required()) or (optional and info.default is not None):
        raise ContractError(
            f"{where}: an optional field is `X | None = None`, and no other has a default",
            hint="the default would be a value that nobody sent",
        )
    meaning = _meaning(where, annotation, info, metadata)
    metadata = [m for m in metadata if not isinstance(m, str)]
    spec = FieldSpec(name=name, kind=_kind(where, annotation), optional=optional, meaning=meaning)
    parser, alias = lang.PARSERS.get(spec.kind, (None, ""))
    if parser and not any(getattr(m, "func", None) is parser for m in metadata):
        raise ContractError(f"{where}: write {alias}, which takes the canonical text alone", hint=f"{name}: {alias}")
    spec = _with_metadata(where, spec, metadata)
    if spec.kind == "enum":
        spec = replace(spec, choices=_choices(where, annotation))
    if spec.kind == "list":
        (item,) = typing.get_args(annotation)
        if not (isinstance(item, type) and issubclass(item, BaseModel)):
            raise ContractError(f"{where}: the members of a list are a Pydantic model", hint="list[Contact]")
        if item.model_config.get("extra") != "forbid" or not item.model_config.get("strict"):
            raise ContractError(f"{where}: {item.__name__} needs model_config strict=True and extra='forbid'")
        _check_validators(item.__name__, item)
        spec = replace(spec, items=tuple(_read_field(item.__name__, n, f) for n, f in item.model_fields.items()))
    _check_limits(where, spec)
    return spec


def _meaning(where: str, annotation: Any, info: FieldInfo, metadata: list[Any]) -> str:
    """The plain texts among the metadata, the field's own before its type's; or what its enumeration says of itself."""
    said = [m for m in (*metadata, info.description) if isinstance(m, str)]
    if any(not text.strip() or "\n" in text for text in said):
        raise ContractError(f"{where}: a meaning is one line of text, got {said!r}")
    if not said and isinstance(annotation, type) and issubclass(annotation, Enum):
        said = [" ".join((annotation.__doc__ or "").split())]
    return ", ".join(text.rstrip(".") for text in reversed(said))


def _expand(metadata: list[Any]) -> list[Any]:
    """Metadata with the grouped ones (Length, Range, Pattern) kept once, as Pydantic's own parts."""
    out: list[Any] = []
    for item in metadata:
        if isinstance(item, lang.Length | lang.Range | lang.Pattern):
            out.extend(item)
        else:
            out.append(item)
    return out


def _unwrap_optional(annotation: Any) -> tuple[Any, bool]:
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        rest = [a for a in typing.get_args(annotation) if a is not type(None)]
        if len(rest) == 1:
            return rest[0], True
    return annotation, False


def _kind(where: str, annotation: Any) -> Kind:
    simple: dict[Any, Kind] = {
        UUID: "uuid", datetime: "time", date: "date", str: "string", int: "int", float: "float", bool: "bool",
    }  # fmt: skip
    if annotation in simple:
        return simple[annotation]
    if typing.get_origin(annotation) is Literal or (isinstance(annotation, type) and issubclass(annotation, Enum)):
        return "enum"
    if typing.get_origin(annotation) is list:
        return "list"
    raise ContractError(
        f"{where}: type must be Id, Time, Day, str, int, float, bool, an enumeration or a list, got {annotation!r}"
    )


def _choices(where: str, annotation: Any) -> tuple[str, ...]:
    if typing.get_origin(annotation) is Literal:
        values = list(typing.get_args(annotation))
    else:
        values = [member.value for member in annotation]
    if not values or not all(isinstance(v, str) for v in values):
        raise ContractError(f"{where}: the values of an enumeration are texts, got {values!r}")
    if any(re.fullmatch(r"-?[0-9]{19,}", v) for v in values):
        raise ContractError(f"{where}: ClickHouse can't tell a value of 19 digits from a number, got {values!r}")
    return tuple(values)


def _with_metadata(where: str, spec: FieldSpec, metadata: list[Any]) -> FieldSpec:
    for m in metadata:
        match m:
            case at.MinLen(low) | at.Ge(low):
                spec = replace(spec, low=low)  # type: ignore[arg-type]  # wider in the library than numbers
            case at.MaxLen(high) | at.Le(high):
                spec = replace(spec, high=high)  # type: ignore[arg-type]
            case StringConstraints(pattern=str(pattern)) if m == StringConstraints(pattern=pattern):
                spec = replace(spec, patterns=(*spec.patterns, pattern))
            case lang.Window():
                spec = replace(spec, since=m.since, ahead=m.ahead)
            case lang.Hub():
                spec = replace(spec, hub=m)
            case lang.Ref():
                spec = replace(spec, ref=m)
            case lang.Sat():
                spec = replace(spec, sat=m.name)
            case lang.MultiActive():
                spec = replace(spec, multi_active=m)
            case lang.Filled():
                spec = replace(spec, filled=m.share)
            case lang.After():
                spec = replace(spec, after=m.field)
            case lang.Renamed():
                spec = replace(spec, renamed_from=m.names)
            case lang.Backfill():
                spec = replace(spec, backfill=m.value)
            case lang._Flag():
                spec = replace(
                    spec, actor=spec.actor or m is lang.Actor, dimension=spec.dimension or m is lang.Dimension
                )
            case _ if list(getattr(m, "__dict__", ())) == [
                "pattern"
            ]:  # what StringConstraints becomes inside FieldInfo
                spec = replace(spec, patterns=(*spec.patterns, str(m.pattern)))
            case PlainSerializer():
                pass
            case BeforeValidator() if m.func in [parser for parser, _ in lang.PARSERS.values()]:
                pass
            case _:
                raise ContractError(
                    f"{where}: {m!r} is a rule that ClickHouse does not know",
                    hint="Length, Range, Pattern, Window, an enumeration",
                )
    return spec


def _check_limits(where: str, f: FieldSpec) -> None:
    if f.kind in ("string", "list") and (f.low is None or f.high is None):
        raise ContractError(f"{where}: no length", hint="Annotated[str, Length(1, 200)]")
    if f.kind in ("int", "float"):
        if f.low is None or f.high is None:
            raise ContractError(f"{where}: no range", hint="Annotated[int, Range(0, 1_000_000)]")
        if not all(math.isfinite(v) for v in (f.low, f.high)):
            raise ContractError(f"{where}: a range has two finite ends, got {f.low} to {f.high}")
        if f.kind == "int" and (f.low < MIN_INT or f.high > MAX_INT):
            raise ContractError(f"{where}: a range of whole numbers lies within 64 bits, got {f.low} to {f.high}")
    if f.low is not None and f.high is not None and f.low > f.high:
        raise ContractError(f"{where}: {f.low} to {f.high} is empty")
    if f.since and f.kind != "time":
        raise ContractError(f"{where}: a Window is for a Time, got {f.kind}")
    if f.since and (not re.fullmatch(lang.DAY_PATTERN, f.since) or f.ahead < 0):
        raise ContractError(
            f"{where}: a window opens on a day and ends some seconds ahead, got {f.since!r}, {f.ahead}",
            hint='Window(since="2000-01-01", ahead=600)',
        )
    for pattern in f.patterns:
        if re.search(r"\\[dDwWsSbBpP]", pattern):
            raise ContractError(
                f"{where}: pattern {pattern!r} has a class that the engines read differently",
                hint="write [0-9], [A-Za-z0-9_], [ \\t]",
            )
    if f.kind == "list" and not f.multi_active:
        raise ContractError(f"{where}: a list needs MultiActive(name, child_key)")
    if f.multi_active:
        if f.kind != "list":
            raise ContractError(f"{where}: MultiActive is for a list of a Pydantic model")
        key = next((i for i in f.items if i.name == f.multi_active.child_key), None)
        if key is None or key.optional or key.kind == "float":
            raise ContractError(f"{where}: child key {f.multi_active.child_key!r} is no required field of the members")
        for item in f.items:
            said = (item.hub, item.ref, item.sat, item.actor, item.dimension, item.filled, item.after)
            if any(said) or item.renamed_from or item.backfill is not None:
                raise ContractError(f"{where}: a member's field has no role, but {item.name} has one")
        if f.optional:
            raise ContractError(f"{where}: a list is never optional", hint="Length(0, n): an empty list says it")
        if any(i.kind == "list" for i in f.items):
            raise ContractError(f"{where}: a member has no list of its own")
    if (f.hub or f.ref) and f.kind not in ("uuid", "string", "int"):
        raise ContractError(f"{where}: a key is an Id, a str or an int, got {f.kind}")
    if f.hub and (f.optional or f.ref):
        raise ContractError(f"{where}: a business key is required, and refers to nothing")
    for what in (f.hub.name if f.hub else "", f.ref.hub if f.ref else "", f.ref.role if f.ref else "", f.sat):
        if what and not IDENTIFIER.match(what):
            raise ContractError(f"{where}: {what!r} is not a lower-case identifier")
    if f.sat and (f.hub or f.ref or f.multi_active):
        raise ContractError(f"{where}: a key is no attribute of a satellite")
    if f.backfill is not None:
        _check_backfill(where, f)
    if f.filled and not (f.optional and 0 < f.filled <= 1):
        raise ContractError(
            f"{where}: Filled is a share above 0 up to 1, of an optional field, got {f.filled}", hint="Filled(0.5)"
        )


def _check_backfill(where: str, f: FieldSpec) -> None:
    """A value for events from before is one that a message could have brought."""
    if not f.sat or f.optional:
        raise ContractError(
            f"{where}: Backfill is for a required attribute, not for a key, a list or an optional field",
            hint="a key that earlier events lack is optional: `X | None = None`",
        )
    value = f.backfill
    text = value if isinstance(value, str) else ""
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    low, high = f.low if f.low is not None else -math.inf, f.high if f.high is not None else math.inf
    match f.kind:
        case "int":
            good = type(value) is int and low <= value <= high
        case "float":
            good = numeric and low <= float(value or 0) <= high
        case "bool":
            good = isinstance(value, bool)
        case "enum":
            good = value in f.choices
        case "string":
            good = isinstance(value, str) and low <= len(text) <= high and "\0" not in text
            good = good and all(re.search(pattern, text) for pattern in f.patterns)
        case "uuid":
            good = bool(re.match(lang.UUID_PATTERN, text))
        case "time":
            good = bool(re.match(lang.TIME_PATTERN, text)) and text >= f.since
        case "date":
            good = bool(re.match(lang.DAY_PATTERN, text))
        case _:
            good = False
    if not good:
        raise ContractError(
            f"{where}: the value of Backfill is of the field's type and within its limits, got {value!r}"
        )


def _check_event(spec: EventSpec) -> None:
    name = spec.class_name
    every_name = [n for f in spec.all_fields for n in f.names]
    for old in (n for f in spec.fields for n in f.renamed_from):
        if not IDENTIFIER.match(old) or every_name.count(old) > 1:
            raise ContractError(
                f"{name}: {old!r} is no earlier name of one field",
                hint='Renamed(renamed_from="..."), a name that no field of this class has or had',
            )
    hubs = [f for f in spec.fields if f.hub]
    if len(hubs) > 1:
        raise ContractError(f"{name}.{hubs[1].name}: a second hub; an event type has one", hint='use Ref("...")')
    if not hubs and spec.link is None:
        raise ContractError(f"{name}: neither a Hub field nor a link", hint="link = Effectivity(), Historized() ...")
    if hubs and spec.link is not None:
        raise ContractError(f"{name}: a hub's references become links by themselves; drop `link`")
    if spec.link is not None and not [f for f in spec.refs if not f.optional]:
        raise ContractError(f"{name}: a link needs required references", hint='Annotated[Id, Ref("user")]')
    roles = [f.role for f in spec.fields if f.role]
    for role in roles:
        if roles.count(role) > 1:
            raise ContractError(f"{name}: two keys in one role {role!r}", hint='Ref("user", role="friend")')
    if len([f for f in spec.fields if f.actor]) > 1:
        raise ContractError(f"{name}: more than one Actor")
    for f in spec.fields:
        if f.actor and not f.hub_name:
            raise ContractError(f"{name}.{f.name}: an Actor is a Hub or a Ref")
        if not (f.hub or f.ref or f.sat or f.multi_active):
            raise ContractError(f"{name}.{f.name}: no role", hint='declare its role: Hub, Ref, Sat("...")')
        if f.after:
            earlier = next((g for g in spec.all_fields if g.name == f.after), None)
            if earlier is None or earlier.kind != f.kind or f.kind not in ("time", "date"):
                raise ContractError(
                    f"{name}.{f.name}: is {f.kind}, and can't be after {f.after!r}",
                    hint="After names a field of this class that is a Time, or a Day, too",
                )
    if spec.freshness < 1:
        raise ContractError(f"{name}: freshness is a number of hours, at least 1, got {spec.freshness}")
    link = spec.link
    if isinstance(link, lang.Effectivity):
        names = {f.name for f in spec.refs}
        for d in link.driving:
            if d not in names:
                raise ContractError(f"{name}: driving key {d!r} is no reference of this class")
        if link.symmetric and (len(spec.refs) != 2 or len({f.hub_name for f in spec.refs}) != 1 or link.driving):
            raise ContractError(f"{name}: symmetric is for two references to one hub, without a driving key")
        if any(f.optional for f in spec.refs):
            raise ContractError(f"{name}: the references of an effectivity link are required")
    for node in spec.nodes:
        if not hubs:
            raise ContractError(f"{name}: Node({node.label!r}) needs a Hub field")
        if not re.fullmatch(r"[A-Z][A-Za-z0-9]{0,39}", node.label):
            raise ContractError(f"{name}: a node's label is CamelCase, got {node.label!r}")
    for relation in spec.relations:
        if not re.fullmatch(r"[A-Z][A-Z0-9_]{0,39}", relation.type):
            raise ContractError(f"{name}: a relation's type is UPPER_CASE, got {relation.type!r}")
        for end in (relation.source, relation.target):
            if end not in {f.name for f in spec.fields if f.hub_name}:
                raise ContractError(f"{name}: {relation.type} names {end!r}, which is no key of this class")
        for prop in relation.properties:
            if prop not in {f.name for f in spec.fields if f.sat}:
                raise ContractError(f"{name}: {relation.type} carries {prop!r}, which is no attribute of this class")
