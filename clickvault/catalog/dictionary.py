"""The dictionary: every event type with its fields, every table of the vault, node, mart, metric and check, on one page.

Collects what the contracts and the headers say, for templates/docs/dictionary.md.j2. Nothing is said here a second time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from clickvault.catalog.describe import activity, limits, roles
from clickvault.catalog.tables import tables
from clickvault.contract.vault import vault_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clickvault.contract import EventSpec, Registry
    from clickvault.marts.headers import Mart, View
    from clickvault.quality import Check
    from clickvault.sql.render import Renderer

TERMS = (
    ("position", "(source, stream, partition, offset): where a message lies; the deduplication key of a delivery"),
    ("[d0, d1)", "a window of days: d0 is in it, d1 is not"),
    ("micros", "millionths of the currency's unit: 2,500,000 is 2.50"),
)
"""Terms of the texts; columns that many tables share stand in templates/meanings.toml."""


def page(renderer: Renderer) -> str:
    """The text of docs/dictionary.md."""
    from clickvault.pipeline.comments import shared_columns
    from clickvault.pipeline.run_log import ops_views

    registry = renderer.registry
    first = next(iter(registry.events.values()))
    return renderer.render(
        "docs/dictionary.md.j2",
        envelope=[_field(f) for f in first.model.spec.envelope],
        groups={g: [_event(e) for e in events] for g, events in registry.groups.items()},
        hubs=_hubs(registry),
        links_=_links(registry),
        sats=_sats(registry),
        computed=_computed(renderer),
        nodes=_nodes(registry),
        relations=_relations(registry),
        marts=_marts(renderer),
        checks=_checks(renderer),
        ops=ops_views(renderer),
        words=[*TERMS, *shared_columns(renderer).items()],
    )


# ── event types ───────────────────────────────────────────────────────────────────────────────────────────────


def _field(f: Any) -> dict[str, str]:
    return {
        "name": f.name,
        "type": f.kind + (" (optional)" if f.optional else ""),
        "limits": limits(f),
        "role": roles(f),
        "meaning": f.meaning,
    }


def _event(e: EventSpec) -> dict[str, Any]:
    fields = []
    for f in e.fields:
        fields.append(_field(f))
        fields += [_field(i) | {"name": f"{f.name}[].{i.name}", "role": "of each member"} for i in f.items]
    return {
        "name": e.event_type,
        "entity": e.entity,
        "meaning": e.doc,
        "topic": e.topic,
        "ops": ", ".join(e.ops),
        "op_delete": (e.op_delete or "it ends") if "delete" in e.ops else "none, since it happened once",
        "actor": e.actor.name if e.actor else "nobody",
        "active": activity(e),
        "freshness": e.freshness,
        "fields": fields,
    }


# ── vault and graph ───────────────────────────────────────────────────────────────────────────────────────────


def _hubs(registry: Registry) -> list[dict[str, Any]]:
    return [
        {
            "name": f"hub_{hub.name}",
            "key": f"{hub.key.name} ({hub.key.kind})",
            "declares": [e.event_type for e in hub.owners],
            "describes": [e.event_type for e in registry.events.values()
                          if e.hub_field and e.hub_field.hub_name == hub.name and not e.declares],
            "refers": [e.event_type for e in registry.events.values() if any(f.hub_name == hub.name for f in e.refs)],
        }
        for hub in registry.hubs.values()
    ]  # fmt: skip


def _links(registry: Registry) -> list[dict[str, Any]]:
    return [
        {
            "name": f"link_{link.name}",
            "kind": link.kind + (", symmetric" if link.symmetric else ""),
            "keys": ", ".join(f"{k.role} (hub_{k.hub})" if k.role != k.hub else f"hub_{k.hub}" for k in link.keys),
            "driving": ", ".join(link.driving) if link.has_partner else "",
            "eff": f"eff_{link.name}" if link.kind == "effectivity" else "",
            "event": e.event_type,
        }
        for e in registry.events.values()
        for link in vault_of(e).links
    ]


def _sats(registry: Registry) -> list[dict[str, Any]]:
    return [
        {
            "name": sat.name,
            "parent": sat.parent,
            "attributes": ", ".join(f.name for f in sat.attributes) or "none: whether it is deleted",
            "multi": sat.multi_active.multi_active.child_key
            if sat.multi_active and sat.multi_active.multi_active
            else "",
            "event": e.event_type,
        }
        for e in registry.events.values()
        for sat in vault_of(e).sats
    ]


def _computed(renderer: Renderer) -> list[dict[str, str]]:
    from clickvault.catalog.diagrams import computed

    return [
        {"name": t.short, "key": ", ".join(c.name for c in t.columns if c.key), "columns": ", ".join(c.name for c in t.columns if not c.key)}
        for t in computed(renderer.registry, tables(renderer)).values()
    ]  # fmt: skip


def _nodes(registry: Registry) -> list[dict[str, str]]:
    from clickvault.graph.relations import nodes

    return [
        {"label": n.label, "hub": f"hub_{n.hub}", "view": f"graph.{n.view}",
         "declared": ", ".join(e.event_type for e in registry.events.values() if n.label in [m.label for m in e.nodes])}
        for n in nodes(registry)
    ]  # fmt: skip


def _relations(registry: Registry) -> list[dict[str, Any]]:
    from clickvault.graph.relations import measured, relations

    taken = {r.type for r in measured(registry)}
    return [
        {
            "type": r.type,
            "ends": f"(:{r.source.label}){'-' if r.undirected else '→'}(:{r.target.label})",
            "properties": ", ".join(f.name for p in r.parts for f, _ in p.properties),
            "measured": r.type in taken,
            "view": f"graph.{r.view}",
            "declared": ", ".join(p.vault.event.event_type for p in r.parts),
        }
        for r in relations(registry)
    ]


# ── marts and quality ─────────────────────────────────────────────────────────────────────────────────────────


def _marts(renderer: Renderer) -> list[Mart]:
    """The marts, with a word on the dimensions that their headers leave to their names: the day, and keys."""
    from clickvault.marts.headers import all_marts

    keys = {
        f.name: f"key of hub {f.hub_name}" for e in renderer.registry.events.values() for f in e.fields if f.hub_name
    }
    said = {"day": "UTC, from midnight to midnight"} | keys

    def views(mart: Mart) -> Iterator[View]:
        for v in mart.views:
            yield replace(v, dimensions={name: words or said.get(name, "") for name, words in v.dimensions.items()})

    return [replace(m, views=tuple(views(m))) for m in all_marts(renderer)]


def _checks(renderer: Renderer) -> list[dict[str, Any]]:
    from clickvault.quality import all_checks

    return [{"check": c, "bound": _bound(c)} for c in all_checks(renderer)]


def _bound(check: Check) -> str:
    """When a check passes, in words, with the parameters as they are now."""
    parts = []
    for words, side, value in (
        ("at least", check.at_least, check.bound("at_least")),
        ("at most", check.at_most, check.bound("at_most")),
    ):
        if side is not None:
            parts.append(f"{words} {'what the contract says' if value is None else f'{value:g}'}")
    return " and ".join(parts)
