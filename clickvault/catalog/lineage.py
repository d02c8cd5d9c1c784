"""Lineage: what becomes of an event type from its topic to the tiles of dashboards, and what each mart is made from.

Read from the contracts and from the SQL that is run: what a mart's statements name behind FROM and JOIN is its sources.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from clickvault.contract.vault import vault_of
from clickvault.marts.headers import ACTIVITY
from clickvault.sql.objects import objects_of

if TYPE_CHECKING:
    from clickvault.contract import EventSpec, Registry
    from clickvault.marts.headers import Mart
    from clickvault.sql.render import Renderer

_READ = re.compile(r"\b(?:FROM|JOIN)\s+((?:raw|graph|marts)\.`?\w+`?)", re.IGNORECASE)
_WORD = re.compile(r"'([A-Z][A-Z0-9_]*)'")


@dataclass(frozen=True)
class Lineage:
    """The way of an event type, store by store, in the order in which an event passes them. Full names."""

    topic: tuple[str, ...]
    landing: tuple[str, ...]
    raw: tuple[str, ...]
    stage: tuple[str, ...]
    vault: tuple[str, ...]
    graph: tuple[str, ...]
    measured: tuple[str, ...]
    marts: tuple[str, ...]
    views: tuple[str, ...]
    tiles: tuple[str, ...]

    def steps(self) -> dict[str, list[str]]:
        """As plain data: step, names."""
        return {step: list(names) for step, names in asdict(self).items()}


class Lines:
    """The lineage of all event types and marts of a renderer's domains, read once."""

    def __init__(self, renderer: Renderer) -> None:
        from clickvault.dashboards import load
        from clickvault.marts.headers import all_marts, rendered

        self.registry: Registry = renderer.registry
        self.marts: dict[str, Mart] = {m.name: m for m in all_marts(renderer)}
        self.builds: dict[str, str] = {}
        self.views: dict[str, str] = {}
        self.sources: dict[str, set[str]] = {}
        for mart in self.marts.values():
            made = objects_of(rendered(renderer, mart))
            own = {o.name for o in made}
            self.builds[mart.table] = next(o.sql for o in made if o.kind == "build")
            self.views |= {o.name: o.sql for o in made if o.kind == "view"}
            self.sources[mart.name] = {t for o in made for t in tables_read(o.sql)} - own
        self._made_of = {name: self._events(sql) for name, sql in self.builds.items()}
        self.dashboards = load(renderer)

    def events_of(self, view: str) -> set[str]:
        """The event types that a view of a mart is made of, by whatever way."""
        found: set[str] = set()
        for table in tables_read(self.views[view]):
            found |= self.events_of(table) if table in self.views and table != view else self._made_of.get(table, set())
        return found

    def events_in(self, mart: str) -> set[str]:
        """The event types that a mart's table of states is made of."""
        return self._made_of[self.marts[mart].table]

    def _events(self, build: str) -> set[str]:
        """Of one build: the types whose raw table it reads, or whose relations were measured for what it reads of graph."""
        read = tables_read(build)
        found = {t.removeprefix("raw.") for t in read if t.startswith("raw.")}
        if any(t.startswith("graph.") for t in read):
            named = set(_WORD.findall(build))
            measured = _measured(self.registry)
            for relation, events in measured.items():
                if relation in named or not named & measured.keys():
                    found |= events
        return found

    def of(self, event: EventSpec) -> Lineage:
        """The way of one event type."""
        vault = vault_of(event)
        name = event.event_type
        tables = [f"hub_{k.hub}" for k in vault.keys]
        for link in vault.links:
            tables += [f"link_{link.name}", *([f"eff_{link.name}"] if link.kind == "effectivity" else [])]
        tables += [s.name for s in vault.sats]
        measured = [r for r, events in _measured(self.registry).items() if name in events]
        views = [v.table for m in self.marts.values() for v in m.views if name in self.events_of(v.table)]
        return Lineage(
            topic=(event.topic,),
            landing=(f"landing.queue_{event.group}", "landing.events"),
            raw=(f"raw.{name}", "raw.rejected"),
            stage=(f"stage.{name}",),
            vault=tuple(f"vault.{t}" for t in dict.fromkeys(tables)),
            graph=(*(f"(:{n.label})" for n in event.nodes), *(f"[:{r.type}]" for r in event.relations)),
            measured=tuple(f"graph.scores ({r})" for r in measured),
            marts=tuple(m.table for m in self.marts.values() if name in self.events_in(m.name)),
            views=tuple(views),
            tiles=tuple(a.name for _, tiles in self.dashboards for a in tiles if a.view.table in views),
        )

    def read_itself(self, mart: Mart) -> set[str]:
        """The event types that a build reads by their tables, leaving out what it reads as activity alone."""
        raw = {t.removeprefix("raw.") for t in mart.sources if t.startswith("raw.")}
        return raw & self.registry.events.keys()

    def declared(self, mart: Mart) -> set[str]:
        """The sources in a mart's header, with the activity of a hub as the event types that it is made of."""
        active = {f"raw.{e.event_type}" for hub in mart.activity_of for e in self.registry.activity(hub)}
        return {s for s in mart.sources if not s.startswith(ACTIVITY)} | active


def tables_read(sql: str) -> set[str]:
    """The tables of raw, graph and marts that a statement reads."""
    return {t.replace("`", "") for t in _READ.findall(sql)}


def _measured(registry: Registry) -> dict[str, set[str]]:
    """The measured relations, and the event types that they are made of: those of the relation, and of its nodes."""
    from clickvault.graph.relations import measured

    found = {}
    for r in measured(registry):
        nodes = {e.event_type for e in registry.events.values() if e.declares in (r.source.hub, r.target.hub)}
        found[r.type] = nodes | {part.vault.event.event_type for part in r.parts}
    return found


# ── the diagrams of docs/lineage.md ───────────────────────────────────────────────────────────────────────────


def page(renderer: Renderer) -> str:
    """The text of docs/lineage.md."""
    lines = Lines(renderer)
    ways = {e.event_type: lines.of(e) for e in renderer.registry.events.values()}
    groups = [_group(lines, ways, group) for group in renderer.registry.groups]
    return renderer.render("docs/lineage.md.j2", groups=groups, marts=list(lines.marts.values()), lines=lines)


def _group(lines: Lines, ways: dict[str, Lineage], group: str) -> dict[str, Any]:
    """What the diagram of one topic group shows; marts and views that any of its event types comes to."""
    events = lines.registry.groups[group]
    names = {e.event_type for e in events}
    marts = [m for m in lines.marts.values() if names & lines.events_in(m.name)]
    views = [v.table for m in lines.marts.values() for v in m.views if names & lines.events_of(v.table)]
    shown = {*views, *(m.table for m in marts)}
    return {
        "name": group,
        "topics": lines.registry.topics(group),
        "events": events,
        "ways": ways,
        "activity": {
            hub: [e.event_type for e in lines.registry.activity(hub) if e in events]
            for hub in dict.fromkeys(hub for m in marts for hub in m.activity_of)
        },
        "marts": marts,
        "direct": {m.name: lines.read_itself(m) for m in marts},
        "views": {name: sorted(t for t in tables_read(lines.views[name]) if t in shown) for name in views},
    }
