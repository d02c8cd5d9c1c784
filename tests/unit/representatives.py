"""The event types whose rendered SQL is kept as snapshots: few enough to be read, and every construct is among them.

All event types are rendered from the same templates, so one of each construct shows what a template does. What counts as
a construct is computed from the specifications (every attribute of a field, a link, a satellite, a relation that is set),
not listed: an event type that brings a new one asks for a representative, and so does a new word of the language.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

from clickvault.contract import AsOf, Bridge, Domain, EventSpec, FieldSpec, Pit, Registry
from clickvault.contract.vault import vault_of
from clickvault.domains.social import DOMAIN as SOCIAL
from clickvault.domains.social import communities, content, media, money, ties, users

EVENTS = (
    users.User, users.UserProfile, users.UserBadges, ties.Friend, content.Story, content.Reaction,
    content.Share, media.Photo, communities.PinnedPost, money.Sponsorship, money.Donation,
)  # fmt: skip
"""Each has a snapshot of its own."""

DOMAIN = Domain(
    "social", *EVENTS, users.UserStatus, media.Video, media.Album, communities.Community,
    query_assistance=[
        AsOf(days=7, weeks=5, months=12), Pit("post"), Bridge("context", hub="post", roles=("author", "media")),
        Bridge("feelings", link="reaction"),
    ],
)  # fmt: skip
"""The representatives, and what they refer to: for the SQL that speaks of all event types at once."""
DOMAIN.folder = SOCIAL.folder  # whose marts and checks it has
TWO = Domain("social", users.User, users.UserBadges)
"""The smallest domain: for statements that repeat each event type's rules."""

NAMES = {"name", "class_name", "event_type", "group", "topic", "domain", "doc", "meaning", "model", "type", "label"}
SPECS = {"envelope", "fields", "items", "keys", "nodes", "relations", "parent", "key", "driving", "event"}
LIMITS = {"low", "high", "choices"}


def _set(spec: Any, leave: set[str]) -> set[str]:
    """The attributes of a specification that say something: their names, and in brackets what is set inside them."""
    found = set()
    for attribute in dataclasses.fields(spec):
        value = getattr(spec, attribute.name)
        usual = attribute.default is True if isinstance(value, bool) else False
        if attribute.name in leave or bool(value) is usual:
            continue
        inside = type(value).__name__ if dataclasses.is_dataclass(value) else ""
        if inside and not isinstance(value, FieldSpec):
            inside += f"({', '.join(sorted(_set(value, NAMES)))})"
        found.add(f"{'' if value else 'not '}{attribute.name} {inside}".rstrip())
    return found


def _of_field(field: FieldSpec, prefix: str) -> set[str]:
    kind = f"{'optional ' if field.optional else ''}{field.kind}"
    return {f"{prefix}{kind}"} | {f"{prefix}{a}" for a in _set(field, NAMES | SPECS | LIMITS | {"kind", "optional"})}


def of_event(event: EventSpec) -> set[str]:
    """Every construct that an event type uses, as texts."""
    owner = "hub" if event.hub_field else type(event.link).__name__
    found = {f"event: {a}" for a in _set(event, NAMES | SPECS | {"freshness", "activity"})}
    found.add(f"event: actor {event.actor is not None}")
    for field in event.fields:
        found |= _of_field(field, "field: ")
        for member in field.items:
            found |= _of_field(member, "member: ")
        if field.ref:
            found.add(f"{owner}: {'optional' if field.optional else 'required'} reference")
    vault = vault_of(event)
    for link in vault.links:
        flags = sorted(_set(link, NAMES | SPECS | {"kind"})) + [
            w for w in ("nullable", "has_partner") if getattr(link, w)
        ]
        found.add(f"{owner}: {' '.join([link.kind, 'link', *flags])}")
    for sat in vault.sats:
        found.add(f"satellite of {sat.parent.partition('_')[0]}: {', '.join(sorted(_set(sat, NAMES | SPECS)))}")
    found.add(f"{owner}: {('no satellite', 'a satellite', 'several satellites')[min(len(vault.sats), 2)]}")
    found |= {"node"} if event.nodes else set()
    for relation in event.relations:
        found |= {f"relation: {a}" for a in _set(relation, NAMES | SPECS)} | {f"relation of {owner}"}
    return found


def of_registry(registry: Registry) -> set[str]:
    """What event types do together: several declare one hub, one label, one relation; some are no activity."""
    events = registry.events.values()
    labels = Counter(n.label for e in events for n in e.nodes)
    relations = Counter(r.type for e in events for r in e.relations)
    found = {"several declare a hub"} if any(len(h.owners) > 1 for h in registry.hubs.values()) else set()
    found |= {f"activity {e.activity}" for e in events}
    found |= {f"snapshot: {s.kind}" for s in registry.snapshots}
    found |= {"several declare a label"} if max(labels.values()) > 1 else set()
    return found | ({"several declare a relation"} if max(relations.values()) > 1 else set())
