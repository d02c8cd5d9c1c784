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
from generator.ads import PRICINGS
from generator.ads import SURFACES as AD_SURFACES
from generator.behaviour import REACTIONS, REASONS, SURFACES
from generator.communities import RANKS, VISIBILITIES
from generator.content import AUDIENCES
from generator.media import PHOTO_FORMATS, VIDEO_FORMATS
from generator.money import TIERS
from generator.responses import SHARED_TO
from generator.sessions import DEVICES, STATUSES
from generator.settings import CIRCLES, DIGESTS, THEMES
from generator.words import CURRENCIES, LANGUAGES, TOPICS


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
TOPIC, LANGUAGE = Values(TOPICS), Values(LANGUAGES)
CURRENCY, TIER, VISIBILITY, CIRCLE = Values(CURRENCIES), Values(TIERS), Values(VISIBILITIES), Values(CIRCLES)

SHAPES: dict[str, Shape] = {
    "user": {
        "user_id": KEY, "username": Pool("username"), "email": Pool("email"), "country": Pool("country"),
        "language": LANGUAGE,
    },
    "user_profile": {
        "user_id": KEY, "display_name": Pool("display_name"), "birthday": DATE, "bio": Pool("bio"), "verified": FLAG,
        "contacts": Pool("contacts"),
    },
    "user_settings": {
        "user_id": KEY, "theme": Values(THEMES), "autoplay": FLAG, "push": FLAG, "digest": Values(DIGESTS),
    },
    "user_privacy": {"user_id": KEY, "visible_to": CIRCLE, "messages_from": CIRCLE, "searchable": FLAG},
    "user_badges": {"user_id": KEY, "badges": Pool("badges")},
    "user_status": {"user_id": KEY, "status": Values(STATUSES), "device": Values(DEVICES)},
    "friend": {"user_id": KEY, "friend_id": KEY},
    "close_friend": {"user_id": KEY, "friend_id": KEY},
    "follower": {"follower_id": KEY, "followee_id": KEY},
    "block": {"blocker_id": KEY, "blocked_id": KEY},
    "mute": {"muter_id": KEY, "muted_id": KEY},
    "subscription": {
        "subscriber_id": KEY, "creator_id": KEY, "tier": TIER, "price_micros": NUMBER, "currency": CURRENCY,
    },
    "community": {
        "community_id": KEY, "founder_id": KEY, "name": Pool("community_name"), "topic": TOPIC, "language": LANGUAGE,
        "visibility": VISIBILITY,
    },
    "group": {
        "community_id": KEY, "parent_id": KEY, "founder_id": KEY, "name": Pool("community_name"),
        "visibility": VISIBILITY,
    },
    "group_member": {"user_id": KEY, "community_id": KEY, "rank": Values(RANKS)},
    "group_moderator": {"user_id": KEY, "community_id": KEY},
    "community_topic": {
        "topic_id": KEY, "community_id": KEY, "opened_by": KEY, "title": Pool("topic_title"), "topic": TOPIC,
    },
    "album": {"album_id": KEY, "owner_id": KEY, "title": Pool("album_title"), "visible_to": CIRCLE},
    "photo": {
        "media_id": KEY, "owner_id": KEY, "album_id": KEY, "format": Values(PHOTO_FORMATS), "bytes_size": NUMBER,
        "width": NUMBER, "height": NUMBER,
    },
    "video": {
        "media_id": KEY, "owner_id": KEY, "album_id": KEY, "format": Values(VIDEO_FORMATS), "bytes_size": NUMBER,
        "width": NUMBER, "height": NUMBER, "duration_ms": NUMBER,
    },
    "thumbnail": {
        "thumbnail_id": KEY, "media_id": KEY, "width": NUMBER, "height": NUMBER, "bytes_size": NUMBER,
    },
    "post": {
        "post_id": KEY, "author_id": KEY, "community_id": KEY, "topic_id": KEY, "text": Pool("post_text"),
        "topic": TOPIC, "language": LANGUAGE,
    },
    "story": {
        "post_id": KEY, "author_id": KEY, "media_id": KEY, "audience": Values(AUDIENCES), "expires_at": TIME,
    },
    "reel": {
        "post_id": KEY, "author_id": KEY, "media_id": KEY, "caption": Pool("post_text"), "topic": TOPIC,
        "language": LANGUAGE,
    },
    "attachment": {"media_id": KEY, "post_id": KEY, "position": NUMBER},
    "post_view": {"user_id": KEY, "post_id": KEY, "dwell_ms": NUMBER, "surface": Values(SURFACES)},
    "like": {"user_id": KEY, "post_id": KEY},
    "reaction": {"user_id": KEY, "post_id": KEY, "reaction": Values(REACTIONS)},
    "comment": {
        "comment_id": KEY, "post_id": KEY, "author_id": KEY, "text": Pool("comment_text"), "language": LANGUAGE,
    },
    "reply": {
        "comment_id": KEY, "post_id": KEY, "parent_id": KEY, "author_id": KEY, "text": Pool("comment_text"),
        "language": LANGUAGE,
    },
    "share": {"user_id": KEY, "post_id": KEY, "shared_to": Values(SHARED_TO)},
    "quote": {"user_id": KEY, "post_id": KEY, "text": Pool("post_text"), "language": LANGUAGE},
    "pinned_post": {"community_id": KEY, "post_id": KEY, "moderator_id": KEY, "position": NUMBER},
    "report": {"reporter_id": KEY, "post_id": KEY, "community_id": KEY, "reason": Values(REASONS)},
    "ad": {
        "ad_id": KEY, "advertiser_id": KEY, "title": Pool("ad_title"), "topic": TOPIC, "pricing": Values(PRICINGS),
        "bid_micros": NUMBER, "currency": CURRENCY, "starts_on": DATE, "ends_on": DATE,
    },
    "ad_impression": {
        "ad_id": KEY, "user_id": KEY, "surface": Values(AD_SURFACES), "cost_micros": NUMBER, "currency": CURRENCY,
    },
    "ad_click": {"ad_id": KEY, "user_id": KEY, "cost_micros": NUMBER, "currency": CURRENCY},
    "sponsorship": {
        "sponsor_id": KEY, "creator_id": KEY, "amount_micros": NUMBER, "currency": CURRENCY, "starts_on": DATE,
        "ends_on": DATE,
    },
    "donation": {
        "donor_id": KEY, "creator_id": KEY, "post_id": KEY, "amount_micros": NUMBER, "currency": CURRENCY,
    },
    "subscription_revenue": {
        "subscriber_id": KEY, "creator_id": KEY, "tier": TIER, "amount_micros": NUMBER, "currency": CURRENCY,
        "period_start": DATE, "period_end": DATE,
    },
}  # fmt: skip
"""In the order in which events of one microsecond are told: owners before what they own."""

_FITS = {
    "uuid": (Key,), "int": (Number,), "float": (Number,), "bool": (Flag,), "date": (Day,), "enum": (Values, Pool),
    "string": (Values, Pool), "list": (Pool,), "time": (Moment,),
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
