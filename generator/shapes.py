"""Shapes: how the columns of an event type become JSON, field by field.

A shape names for each field the kind of value that its column holds; a world declares one for each event type that it emits.
`check` holds shapes and contracts together: a contract that asks for a value which no shape has is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clickvault.contract import EventSpec, FieldSpec, Registry
from clickvault.errors import ContractError


@dataclass(frozen=True)
class Key:
    """The number of an entity; its id is the UUID of that number in the hub that the contract names."""


@dataclass(frozen=True)
class Number:
    """A whole number."""


@dataclass(frozen=True)
class Flag:
    """0 or 1, for false or true."""


@dataclass(frozen=True)
class Day:
    """Days since 1970-01-01, for a date."""


@dataclass(frozen=True)
class Moment:
    """Microseconds since the world began, for a time. Never absent."""


@dataclass(frozen=True)
class Pool:
    """An index into a pool of JSON texts."""

    name: str


@dataclass(frozen=True)
class Values:
    """An index into a list of values."""

    values: tuple[str, ...]


Value = Key | Number | Flag | Day | Moment | Pool | Values
Shape = Mapping[str, Value]
KEY, NUMBER, FLAG, DATE, TIME = Key(), Number(), Flag(), Day(), Moment()

_FITS = {
    "uuid": (Key,), "int": (Number,), "float": (Number,), "bool": (Flag,), "date": (Day,), "enum": (Values, Pool),
    "string": (Values, Pool), "list": (Pool,), "time": (Moment,),
}  # fmt: skip


def check(registry: Registry, shapes: Mapping[str, Shape]) -> list[EventSpec]:
    """The declared event types that the world can emit. Raises ContractError for a field that it has no value for.

    Declared types without a shape are left to others; an optional field without a value stays absent.
    """
    known = [registry.events[name] for name in shapes if name in registry.events]
    for spec in known:
        shape = shapes[spec.event_type]
        for field in spec.fields:
            where = f"{spec.class_name}.{field.name}"
            value = shape.get(field.name)
            if value is None:
                if not field.optional:
                    raise ContractError(
                        f"{where}: the generator has no value for this field",
                        hint=f'add a column {field.name!r} to the rows of "{spec.event_type}", and its kind to SHAPES',
                    )
            elif not isinstance(value, _FITS[field.kind]):
                raise ContractError(f"{where}: is {field.kind}, but the generator's value is a {type(value).__name__}")
            elif isinstance(value, Values):
                _check_values(where, field, value)
    return known


def _check_values(where: str, field: FieldSpec, value: Values) -> None:
    strange = [v for v in value.values if field.choices and v not in field.choices]
    if strange:
        raise ContractError(
            f"{where}: the generator makes {', '.join(strange)}, which is none of {', '.join(field.choices)}"
        )
