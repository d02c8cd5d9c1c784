"""One event type in words: its fields with limits and roles, and its way through the stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clickvault.contract.spec import EventSpec, FieldSpec

if TYPE_CHECKING:
    from clickvault.sql.render import Renderer


def limits(f: FieldSpec) -> str:
    """The limits of a field in one line."""
    parts = []
    if f.choices:
        parts.append(", ".join(f.choices))
    if f.low is not None and f.high is not None:
        unit = {"string": " characters", "list": " members"}.get(f.kind, "")
        parts.append((f"{f.low:,}" if f.low == f.high else f"{f.low:,} to {f.high:,}") + unit)
    parts += [f"matches {p}" for p in f.patterns]
    if f.since:
        parts.append(f"from {f.since}, at most {f.ahead} s ahead")
    if f.after:
        parts.append(f"not before {f.after}")
    if f.filled:
        parts.append(f"in at least {f.filled:.0%} of the events")
    if f.renamed_from:
        parts.append(f"was called {', '.join(f.renamed_from)}")
    if f.backfill is not None:
        parts.append(f"{f.backfill} in events from before it was required")
    return "; ".join(parts)


def roles(f: FieldSpec) -> str:
    """What a field is for, in one line."""
    parts = []
    if f.hub:
        parts.append(f"{'describes' if f.hub.describes else 'key of'} hub {f.hub.name}")
    if f.ref:
        parts.append(f"refers to {f.ref.hub}" + (f" as {f.ref.role}" if f.ref.role else ""))
    if f.actor:
        parts.append("actor")
    if f.sat:
        parts.append(f"attribute ({f.sat})")
    if f.multi_active:
        parts.append(f"multi-active by {f.multi_active.child_key}")
    if f.dimension:
        parts.append("dimension")
    return ", ".join(parts)


def activity(event: EventSpec) -> str:
    """Whose activity the events are, in one line."""
    if not (event.actor and event.activity):
        return "nobody's"
    return f"of {event.actor.hub_name} ({event.actor.name}), by op={' or '.join(event.activity)}"


def describe(renderer: Renderer, event_type: str) -> dict[str, Any]:
    """An event type as one object: meaning, names, fields, and its lineage from the topic to the views of the marts."""
    from clickvault.catalog.lineage import Lines

    event = renderer.registry.event(event_type)
    return {
        "event_type": event_type,
        "entity": event.entity,
        "meaning": event.doc,
        "group": event.group,
        "topic": event.topic,
        "op_delete": event.op_delete,
        "activity": {"of": event.actor.hub_name, "by": event.actor.name, "ops": list(event.activity)}
        if event.actor and event.activity
        else None,
        "freshness_hours": event.freshness,
        "fields": [
            {
                "field": f.name, "type": f.kind + (" (optional)" if f.optional else ""), "limits": limits(f),
                "role": roles(f) or "envelope", "meaning": f.meaning,
            }
            for f in event.all_fields
        ],
        "lineage": Lines(renderer).of(event).steps(),
    }  # fmt: skip
