"""Shapes: how the columns of each event type become JSON, field by field.

A shape names for each field the kind of value that its column holds. To let the world emit another event type, put its
rows on the agenda (columns named as the contract's fields), and declare its shape here. `check` holds shapes and
contracts together: a contract that asks for a value which no shape has is refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clickvault.contract import EventSpec, FieldSpec, Registry
from clickvault.errors import ContractError
from generator.behaviour import REACTIONS, REASONS, SURFACES
from generator.communities import RANKS, VISIBILITIES
from generator.content import MEDIA_KINDS
from generator.responses import SHARE_KINDS
from generator.words import LANGUAGES, TOPICS


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
class Pool:
    """An index into a pool of JSON texts."""

    name: str


@dataclass(frozen=True)
class Values:
    """An index into a list of values."""

    values: tuple[str, ...]


Value = Key | Number | Flag | Day | Pool | Values
Shape = Mapping[str, Value]
KEY, NUMBER, FLAG, DATE = Key(), Number(), Flag(), Day()
TOPIC, LANGUAGE = Values(TOPICS), Values(LANGUAGES)

SHAPES: dict[str, Shape] = {
    "user": {
        "user_id": KEY, "username": Pool("username"), "email": Pool("email"), "country": Pool("country"),
        "language": LANGUAGE,
    },
    "profile": {
        "user_id": KEY, "display_name": Pool("display_name"), "birthday": DATE, "bio": Pool("bio"), "verified": FLAG,
        "contacts": Pool("contacts"),
    },
    "friend": {"user_id": KEY, "friend_id": KEY},
    "follower": {"follower_id": KEY, "followee_id": KEY},
    "community": {
        "community_id": KEY, "founder_id": KEY, "name": Pool("community_name"), "topic": TOPIC, "language": LANGUAGE,
        "visibility": Values(VISIBILITIES),
    },
    "group_member": {"user_id": KEY, "community_id": KEY, "rank": Values(RANKS)},
    "group_moderator": {"user_id": KEY, "community_id": KEY},
    "post": {
        "post_id": KEY, "author_id": KEY, "community_id": KEY, "text": Pool("post_text"), "topic": TOPIC,
        "language": LANGUAGE,
    },
    "media": {
        "media_id": KEY, "owner_id": KEY, "post_id": KEY, "kind": Values(MEDIA_KINDS), "bytes_size": NUMBER,
        "width": NUMBER, "height": NUMBER, "duration_ms": NUMBER,
    },
    "post_view": {"user_id": KEY, "post_id": KEY, "dwell_ms": NUMBER, "surface": Values(SURFACES)},
    "like": {"user_id": KEY, "post_id": KEY},
    "reaction": {"user_id": KEY, "post_id": KEY, "reaction": Values(REACTIONS)},
    "comment": {
        "comment_id": KEY, "post_id": KEY, "author_id": KEY, "parent_id": KEY, "text": Pool("comment_text"),
        "language": LANGUAGE,
    },
    "share": {"user_id": KEY, "post_id": KEY, "kind": Values(SHARE_KINDS), "text": Pool("post_text")},
    "pinned_post": {"community_id": KEY, "post_id": KEY, "moderator_id": KEY, "position": NUMBER},
    "report": {"reporter_id": KEY, "post_id": KEY, "community_id": KEY, "reason": Values(REASONS)},
}  # fmt: skip
"""In the order in which events of one microsecond are told: owners before what they own."""

_FITS = {
    "uuid": (Key,), "int": (Number,), "float": (Number,), "bool": (Flag,), "date": (Day,), "enum": (Values, Pool),
    "string": (Values, Pool), "list": (Pool,), "time": (),
}  # fmt: skip


def check(registry: Registry, shapes: Mapping[str, Shape] = SHAPES) -> list[EventSpec]:
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
