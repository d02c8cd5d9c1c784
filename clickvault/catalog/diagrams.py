"""The entity-relationship diagrams: what is on each page of raw.drawio, vault.drawio, graph.drawio and marts.drawio.

A page a topic group, so that each can be read: tables in full, and of other groups the keys alone that they refer to.
Columns that every table of a kind has are said once, in the foot.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from clickvault.catalog.layout import COLOURS, lay_out
from clickvault.catalog.shapes import Box, Centre, Kind, Row, Sheet, Side
from clickvault.catalog.star import Bond, star
from clickvault.catalog.tables import Column, Table, tables
from clickvault.contract.vault import VaultSpec, vault_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clickvault.catalog.shapes import Page
    from clickvault.contract import Registry
    from clickvault.marts.headers import Mart
    from clickvault.sql.render import Renderer

SAT_COLUMNS = ("event_time", "event_id", "source_order", "hashdiff", "is_deleted", "load_ts", "record_source")
MARTS_PER_PAGE, FEW_MARTS = 6, 3


def pages(renderer: Renderer) -> dict[str, list[Page]]:
    """The pages of each diagram, laid out."""
    registry, there = renderer.registry, tables(renderer)
    hubs = {hub: COLOURS[i % len(COLOURS)] for i, hub in enumerate(registry.hubs)}
    colours = {f"{prefix}{hub}": c for hub, c in hubs.items() for prefix in ("key.", "vault.hub_")}
    colours |= {"key.day": "#9a9a9a", "landing.events": COLOURS[0], "graph.summary": COLOURS[0]}
    sheets = {
        "raw": [*(_raw(registry, there, group) for group in registry.groups), _landing(there)],
        "vault": [_vault(registry, there, group) for group in registry.groups],
        "graph": [_measures(there)],
        "marts": _marts(renderer, there),
    }
    found = {name: [lay_out(sheet, colours) for sheet in mine] for name, mine in sheets.items()}
    if any(e.nodes for e in registry.events.values()):
        found["graph"].insert(0, _nodes(renderer))
    found["vault"].insert(0, _overview(registry))
    return {name: mine for name, mine in found.items() if mine}


# ── boxes ─────────────────────────────────────────────────────────────────────────────────────────────────────


def short_type(text: str) -> str:
    """A column's type as a diagram writes it: without LowCardinality, and ? for Nullable."""
    text = re.sub(r"LowCardinality\((.*)\)$", r"\1", text)
    text = re.sub(r"Nullable\((.*)\)$", r"\1?", text)
    text = re.sub(r"^(Simple)?AggregateFunction\((\w+).*\)$", r"\2", text, flags=re.DOTALL)
    return re.sub(r"\(6, 'UTC'\)|^Array\(Tuple\(.*", lambda m: "list" if m.group().startswith("Array") else "", text)


def _box(table: Table, kind: Kind, columns: Iterable[Column], refs: Iterable[str] = ()) -> Box:
    """A table as a box with these of its columns; `refs` are those that refer to a centre."""
    refs = set(refs)
    rows = tuple(Row(c.name, short_type(c.type), "ref" if c.name in refs else "key" if c.key else "") for c in columns)
    return Box(table.name, kind, table.short, rows)


def _centred(registry: Registry, hubs: Iterable[str]) -> list[str]:
    """Hubs in the order of declaration: what is referred to from everywhere first."""
    wanted = set(hubs)
    return [hub for hub in registry.hubs if hub in wanted]


# ── raw ───────────────────────────────────────────────────────────────────────────────────────────────────────


def _raw(registry: Registry, there: dict[str, Table], group: str) -> Sheet:
    events = registry.groups[group]
    sides = []
    common: dict[str, None] = {}
    for e in events:
        table = there[f"raw.{e.event_type}"]
        own = {f.name for f in e.fields}
        common |= {c.name: None for c in table.columns if c.name not in own}
        keys = [f for f in e.fields if f.hub_name]
        columns = [c for c in table.columns if c.name in own]
        box = _box(table, "table", columns, [f.name for f in keys])
        names = [c.name for c in columns]
        sides.append(Side(box, tuple((names.index(f.name), f"key.{f.hub_name}") for f in keys)))
    hubs = _centred(registry, (f.hub_name for e in events for f in e.fields if f.hub_name))
    centres = tuple(Centre(_key(registry, hub, group)) for hub in hubs)
    notes = (
        "In the middle: the keys that events refer to, and the event types that they come into being by; ? may be NULL. "
        f"Besides, each table has {', '.join(common)}; it is sorted by (event_time, event_id)."
    )
    return Sheet(group, f"raw: {group} (ClickHouse)", centres, tuple(sides), notes)


def _key(registry: Registry, hub: str, group: str) -> Box:
    owners = registry.hubs[hub].owners
    rows = [Row(e.event_type, "declares it") for e in owners]
    described = [
        e.event_type
        for e in registry.events.values()
        if e.hub_field and e.hub_field.hub_name == hub and e not in owners
    ]
    here = any(e.group == group for e in owners)
    if not here:
        rows = [Row(f"declared by {', '.join(e.event_type for e in owners)}")]
    elif described:
        rows += [Row(name, "describes it") for name in described]
    return Box(f"key.{hub}", "key" if here else "other", hub, tuple(rows))


def _landing(there: dict[str, Table]) -> Sheet:
    """Where messages land, and the dead letters: both by position."""
    events, rejected = there["landing.events"], there["raw.rejected"]
    centre = Centre(replace(_box(events, "hub", events.columns), title=events.name))
    names = [c.name for c in rejected.columns]
    side = Side(
        replace(_box(rejected, "table", rejected.columns), title=rejected.name),
        ((names.index("offset"), "landing.events"),),
    )
    notes = (
        "A position is (source, stream, partition, offset). Each message that landed is a row of raw.<event type>, or of "
        "raw.rejected with the reasons; both carry its position."
    )
    return Sheet("landing", "raw: where it comes from, and dead letters (ClickHouse)", (centre,), (side,), notes)


# ── vault ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _overview(registry: Registry) -> Page:
    """All hubs and links: from a link's first key to each other one."""
    links = [link for e in registry.events.values() for link in vault_of(e).links]
    bonds = [
        Bond(f"{link.name}.{k.role}", f"link_{link.name}", link.keys[0].hub, k.hub, not link.symmetric)
        for link in links
        for k in link.keys[1:]
    ]
    notes = "All hubs and links; a link of three hubs has two lines. The pages of the groups have their columns and satellites."
    return star("overview", "vault: hubs and links (PostgreSQL)", list(registry.hubs), bonds, notes)


def _vault(registry: Registry, there: dict[str, Table], group: str) -> Sheet:
    vaults = [vault_of(e) for e in registry.groups[group]]
    others = computed(registry, there)
    sides = [side for v in vaults for side in _links(v, there)]
    owned = [h.name for h in registry.hubs.values() if h.owners[0].group == group]
    for table in others.values():
        hubs = _hub_columns(registry, table)
        if hubs and _home(registry, table, hubs) == group:
            columns = [c for c in table.columns if c.name not in SAT_COLUMNS]
            names = [c.name for c in columns]
            ports = tuple((names.index(column), f"vault.hub_{hub}") for column, hub in hubs.items())
            sides.append(Side(_box(table, "business", columns, hubs), ports))
    wanted = [k.hub for v in vaults for k in v.keys] + [p[1].removeprefix("vault.hub_") for s in sides for p in s.ports]
    centres = []
    for hub in _centred(registry, [*owned, *wanted]):
        table = there[f"vault.hub_{hub}"]
        columns = [c for c in table.columns if c.name in ("hk", "bk")]
        under = [_sat(there, s.name, bool(s.multi_active)) for v in vaults for s in v.sats if s.parent == f"hub_{hub}"]
        if hub in owned:
            under += [_box(t, "business", [c for c in t.columns if c.name not in SAT_COLUMNS])
                      for t in others.values() if _hub_of(registry, t) == hub]  # fmt: skip
        centres.append(Centre(_box(table, "hub" if hub in owned else "other", columns), tuple(under)))
    notes = (
        "Blue: hubs (grey, dashed: of another group). Green: links. Pink: effectivity satellites. Yellow: satellites; orange: "
        f"multi-active. Violet: computed from the others. Besides, satellites have {', '.join(SAT_COLUMNS)}; hubs and links "
        "load_ts and record_source, those of transactions event_time and event_id, too."
    )
    return Sheet(group, f"vault: {group} (PostgreSQL)", tuple(centres), tuple(sides), notes)


def _links(vault: VaultSpec, there: dict[str, Table]) -> list[Side]:
    sides = []
    for link in vault.links:
        table = there[f"vault.link_{link.name}"]
        columns = [c for c in table.columns if c.name not in SAT_COLUMNS]
        names = [c.name for c in columns]
        refs = {f"hk_{k.role}": k.hub for k in link.keys}
        outer = []
        if link.kind == "effectivity":
            eff = there[f"vault.eff_{link.name}"]
            outer.append(_box(eff, "eff", [c for c in eff.columns if c.name in ("driving_hk", "lhk", "is_open")]))
        outer += [_sat(there, s.name, bool(s.multi_active)) for s in vault.sats if s.parent == f"link_{link.name}"]
        ports = tuple((names.index(column), f"vault.hub_{hub}") for column, hub in refs.items())
        sides.append(Side(_box(table, "link", columns, refs), ports, tuple(outer)))
    return sides


def _sat(there: dict[str, Table], name: str, multi_active: bool) -> Box:
    table = there[f"vault.{name}"]
    columns = [c for c in table.columns if c.name not in SAT_COLUMNS]
    return _box(table, "multi" if multi_active else "sat", columns)


def computed(registry: Registry, there: dict[str, Table]) -> dict[str, Table]:
    """The tables of the vault that no event type feeds directly: point-in-time, bridges, business satellites."""
    fed = {f"vault.hub_{hub}" for hub in registry.hubs}
    for event in registry.events.values():
        vault = vault_of(event)
        fed |= {f"vault.{kind}_{link.name}" for link in vault.links for kind in ("link", "eff")}
        fed |= {f"vault.{s.name}" for s in vault.sats}
    return {name: t for name, t in there.items() if t.schema == "vault" and name not in fed}


def _hub_of(registry: Registry, table: Table) -> str:
    """The hub that a computed table with the key `hk` hangs on: the longest name that its own continues."""
    if "hk" not in {c.name for c in table.columns}:
        return ""
    rest = table.short.partition("_")[2]
    return max((h for h in registry.hubs if rest == h or rest.startswith(f"{h}_")), key=len, default="")


def _hub_columns(registry: Registry, table: Table) -> dict[str, str]:
    """The columns hk_<role> of a computed table, and the hubs that they are keys of."""
    roles = {f.role: f.hub_name for e in registry.events.values() for f in e.fields if f.hub_name}
    found = {c.name: c.name.removeprefix("hk_") for c in table.columns if c.name.startswith("hk_")}
    return {column: roles[role] for column, role in found.items() if role in roles}


def _home(registry: Registry, table: Table, hubs: dict[str, str]) -> str:
    """The group whose page a computed table stands on: that of the event types that its name speaks of, or of its first hub."""
    for name in (table.short.partition("_")[2], *(c.name for c in table.columns)):
        named = [e for e in registry.events.values() if f"{name}_".startswith(f"{e.event_type}_")]
        if named:
            return max(named, key=lambda e: len(e.event_type)).group
    return registry.hubs[next(iter(hubs.values()))].owners[0].group


# ── graph ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _nodes(renderer: Renderer) -> Page:
    from clickvault.graph.relations import nodes, relations

    bonds = [
        Bond(r.type, r.type, r.source.label, r.target.label, not r.undirected) for r in relations(renderer.registry)
    ]
    labels = [n.label for n in nodes(renderer.registry)]
    notes = "A relation is a view graph.rel_<type> over the vault, a node a view graph.node_<label>. Without an arrow: undirected."
    return star("nodes", "graph: nodes and relations (PostgreSQL)", labels, bonds, notes)


def _measures(there: dict[str, Table]) -> Sheet:
    """What the measurement writes back: each table a day at a time, complete when the day has a summary."""
    summary = there["graph.summary"]
    centre = Centre(_box(summary, "hub", summary.columns))
    sides = []
    for t in there.values():
        if t.schema == "graph" and t is not summary:
            names = [c.name for c in t.columns]
            ports = ((names.index("relation"), summary.name),) if "relation" in names else ()
            sides.append(Side(_box(t, "table", t.columns), ports))
    notes = "A day of a relation is complete when graph.summary has it. The vault's business satellites hold the same measures."
    return Sheet("measures", "graph: what is measured (ClickHouse)", (centre,), tuple(sides), notes)


# ── marts ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _marts(renderer: Renderer, there: dict[str, Table]) -> list[Sheet]:
    from clickvault.marts.headers import all_marts

    hubs = {f.name: f.hub_name for e in renderer.registry.events.values() for f in e.fields if f.hub_name}
    by: dict[str, list[Mart]] = {}
    for mart in all_marts(renderer):
        keys = [hubs[c.name] for c in there[mart.table].columns if c.key and c.name in hubs]
        by.setdefault(keys[0] if keys else "day", []).append(mart)
    order = ["day", *renderer.registry.hubs]
    keys = sorted(by, key=order.index)
    small = [key for key in keys if len(by[key]) < FEW_MARTS]  # these share pages
    split = [([key], by[key]) for key in keys if key not in small] + [(small, [m for key in small for m in by[key]])]
    sheets = []
    for what, mine in split:
        parts = [mine[i : i + MARTS_PER_PAGE] for i in range(0, len(mine), MARTS_PER_PAGE)]
        for number, part in enumerate(parts, 1):
            more = f" ({number})" if len(parts) > 1 else ""
            sheets.append(_mart_sheet(renderer.registry, there, f"by {', '.join(what)}{more}", part, hubs))
    return sheets


def _mart_sheet(
    registry: Registry, there: dict[str, Table], what: str, marts: list[Mart], hubs: dict[str, str]
) -> Sheet:
    sides = []
    for mart in marts:
        table = there[mart.table]
        names = [c.name for c in table.columns]
        refs = {
            c.name: "day" if c.name == "day" else hubs[c.name]
            for c in table.columns
            if c.key and c.name in {*hubs, "day"}
        }
        views = tuple(
            Box(
                v.table,
                "view",
                f"v_{v.name}",
                tuple(Row(c, mark="ref" if c in v.dimensions else "") for c in v.columns),
            )
            for v in mart.views
        )
        ports = tuple((names.index(column), f"key.{hub}") for column, hub in refs.items())
        sides.append(Side(_box(table, "table", table.columns, refs), ports, views))
    used = {centre for s in sides for _, centre in s.ports}
    centres = [Centre(Box("key.day", "key", "day", (Row("UTC, [d0, d1)"),)))] if "key.day" in used else []
    centres += [
        Centre(Box(f"key.{hub}", "key", hub, (Row(registry.hubs[hub].key.name),)))
        for hub in registry.hubs
        if f"key.{hub}" in used
    ]
    notes = "Green: tables of states, with the function that merges them. Yellow: the views that BI reads; dimensions in bold."
    name = re.sub(r"[^a-z0-9]+", "_", what).strip("_")
    return Sheet(name, f"marts: {what} (ClickHouse)", tuple(centres), tuple(sides), notes)
