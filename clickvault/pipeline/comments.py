"""Comments in the databases: what each table holds a row of, what each column means, for whoever looks there first.

Nothing is said here a second time. A field means what its contract says, a column of a view what its template's header says, a column
that the kit makes what templates/meanings.toml says; a table is described by the comment above the statement that makes it. `pending`
compares with what the databases have, `apply` writes what differs. Streams and feeds of `landing`, through which messages only pass,
have none.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clickvault.contract.snapshots import pointer
from clickvault.contract.vault import KeySpec, VaultSpec
from clickvault.sql.cluster import on_cluster
from clickvault.sql.render import ch_identifier, literal, pg_identifier
from clickvault.stores import postgres
from clickvault.stores.clickhouse import rows

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from clickvault.sql.render import Renderer

Columns = dict[str, str]
CLICKHOUSE = """
SELECT c.database AS schema, c.table AS relation, c.name AS name, c.comment AS comment, t.comment AS whole
FROM system.columns AS c INNER JOIN system.tables AS t ON c.database = t.database AND c.table = t.name
WHERE c.database IN ('raw', 'marts', 'graph', 'ops') AND NOT startsWith(c.table, 'staging_')
    OR c.database = 'landing' AND c.table IN ('events', 'events_local')
ORDER BY schema, relation, c.position"""
POSTGRES = """
select n.nspname as schema, c.relname as relation, a.attname as name, coalesce(col_description(c.oid, a.attnum), '') as comment,
    coalesce(obj_description(c.oid, 'pg_class'), '') as whole, case c.relkind when 'v' then 'view' else 'table' end as kind
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
where n.nspname in ('stage', 'vault', 'ops', 'graph') and c.relkind in ('r', 'v', 'p') and not c.relispartition
    and a.attnum > 0 and not a.attisdropped
order by 1, 2, a.attnum"""


@dataclass
class Table:
    """A table or view: its own comment, and its columns' by name. What is not in it has no meaning that is known."""

    name: str
    comment: str = ""
    columns: Columns = field(default_factory=dict)
    kind: str = "table"


def pending(renderer: Renderer, ch: Client, pg: postgres.Connection) -> dict[str, list[Table]]:
    """By store the tables whose comments are not as they should be, with those that differ."""
    with postgres.translated("reading the comments"):
        of_postgres = postgres.rows(pg, POSTGRES)
    return {
        "clickhouse": _differing(rows(ch, CLICKHOUSE), clickhouse_meanings(renderer)),
        "postgres": _differing(of_postgres, postgres_meanings(renderer)),
    }


def apply(found: Mapping[str, Iterable[Table]], ch: Client, pg: postgres.Connection, cluster: str = "") -> None:
    """Write what `pending` found: one statement a table in ClickHouse, one transaction in PostgreSQL."""
    for t in found["clickhouse"]:
        parts = [f"COMMENT COLUMN {ch_identifier(name)} {literal(words)}" for name, words in t.columns.items()]
        parts += [f"MODIFY COMMENT {literal(t.comment)}"] if t.comment else []
        ch.command(on_cluster(f"ALTER TABLE {ch_identifier(t.name)} {', '.join(parts)}", cluster))
    with postgres.translated("writing comments"), pg, pg.cursor() as cursor:
        for t in found["postgres"]:
            name = pg_identifier(t.name)
            said = [(f"comment on column {name}.{pg_identifier(c)} is %s", words) for c, words in t.columns.items()]
            said += [(f"comment on {t.kind} {name} is %s", t.comment)] if t.comment else []
            cursor.execute(b"; ".join(cursor.mogrify(sql, (words,)) for sql, words in said))


def _differing(there: Iterable[Mapping[str, str]], meanings: Mapping[str, Table]) -> list[Table]:
    out: dict[str, Table] = {}
    for row in there:
        name = f"{row['schema']}.{row['relation']}"
        meant = meanings.get(re.sub("_(local|staging)$", "", name))
        if meant is None:
            continue
        differs = out.setdefault(name, Table(name, kind=row.get("kind", "table")))
        if meant.comment != row["whole"]:
            differs.comment = meant.comment
        words = meant.columns.get(row["name"], "")
        if words != row["comment"] and words:
            differs.columns[row["name"]] = words
    return [t for t in out.values() if t.comment or t.columns]


# ── what is meant ─────────────────────────────────────────────────────────────────────────────────────────────


def shared_columns(renderer: Renderer) -> Columns:
    """What a column means by its name, wherever it stands: for the databases and for the dictionary."""
    return _kit(renderer)[0]


def _kit(renderer: Renderer) -> tuple[Columns, dict[str, Table]]:
    """What a column's name means wherever it stands, and the tables that the kit itself makes: templates/meanings.toml, and the comments above."""
    own = tomllib.loads((renderer.folder / "meanings.toml").read_text(encoding="utf-8"))
    shared: Columns = own.pop("columns")
    above = _above(renderer)
    names = above | own
    return shared, {n: Table(n, own.get(n, {}).get("", above.get(n, "")), shared | own.get(n, {})) for n in names}


def clickhouse_meanings(renderer: Renderer) -> dict[str, Table]:
    """Every table and view that is commented on, by name."""
    from clickvault.marts.headers import all_marts
    from clickvault.pipeline.run_log import ops_views

    shared, out = _kit(renderer)
    registry = renderer.registry
    marts = all_marts(renderer)
    keys = {f.name: f"key of hub {f.hub_name}" for e in registry.events.values() for f in e.fields if f.hub_name}
    fields = {f.name: f.meaning for e in registry.events.values() for f in reversed(e.all_fields)}
    for event in registry.events.values():
        name = f"raw.{event.event_type}"
        out[name] = Table(name, event.doc, shared | {f.name: f.meaning for f in event.all_fields})
    names = fields | shared | keys
    for view in [v for m in marts for v in m.views] + ops_views(renderer):
        declared = {c: words or names.get(c, "") for c, words in (view.dimensions | view.metrics).items()}
        out[view.table] = Table(view.table, f"{view.title}. Grain: {view.grain}", shared | declared)
    for mart in marts:
        of_views = {c: words for v in reversed(mart.views) for c, words in out[v.table].columns.items()}
        states = {c: f"state of {c}: {words}" for c, words in of_views.items() if c in mart.metrics} | mart.states
        about = f"States of {mart.views[0].table}: to be merged by its sorting key"
        out[mart.table] = Table(mart.table, about, shared | of_views | states)
    return out


def postgres_meanings(renderer: Renderer) -> dict[str, Table]:
    """Every table and view of the vault, its stage, its ledgers and the graph's views, by name."""
    shared, out = _kit(renderer)
    vaults = renderer.vaults()
    for hub in renderer.registry.hubs.values():
        key = f"the business key {hub.key.name}: {hub.key.meaning}"
        one = f"hub of {hub.name}: one row per business key"
        for name, words in (
            (f"vault.hub_{hub.name}", f"The {one}"),
            (f"vault.v_hub_{hub.name}", f"The keys of the {one}, as they are now"),
            (f"vault.seen_{hub.name}", f"When the keys of hub {hub.name} were first mentioned. Grain: a key, a time"),
            (
                f"vault.sat_{hub.name}_centrality",
                f"Measures of the graph. Grain: a key of {hub.name}, a day, a relation",
            ),
        ):
            out[name] = Table(name, words, shared | {"bk": key})
    for v in vaults:
        for table in _vault_tables(v, shared):
            out[table.name] = table
    for spec in renderer.registry.snapshots:
        links = {k.role: k.hub for k in spec.link.keys} if spec.link else {r.role: r.hub for r in spec.roles}
        if spec.hub:
            links[spec.hub] = spec.hub
        columns = dict(shared)
        for role, hub_name in links.items():
            columns |= _role(role, hub_name) | {f"lhk_{role}": f"hash key of the link to {role}; the zero id: none"}
        for sat in spec.sats:
            time, event = pointer(sat)
            columns |= {time: f"event_time of the version of {sat.name} in force; 1900-01-01: none yet"}
            columns |= {event: f"event_id of the version of {sat.name} in force; the zero id: none yet"}
        columns |= {a.column: a.field.meaning or a.field.name for a in spec.attributes}
        what = "PIT table" if spec.kind == "pit" else "Bridge table"
        of = spec.hub or (spec.link.name if spec.link else "")
        for name in (f"vault.{spec.name}", f"vault.v_{spec.name}"):
            out[name] = Table(name, f"{what} of {of}. Grain: a day, {'a pair' if spec.link else 'a key'}", columns)
    return out | _graph(renderer, shared)


def _vault_tables(v: VaultSpec, shared: Columns) -> Iterable[Table]:
    """The stage, links, satellites and their views of one event type."""
    event = v.event
    of = f"of event type {event.event_type}: {event.doc}"
    envelope = {f.name: f.meaning for f in event.envelope}
    base = shared | envelope
    for k in v.keys:
        base |= _role(k.role, k.hub, k)
    staged = {f"a_{f.name}": f.meaning for f in event.fields}
    staged |= {f"lhk_{link.name}": f"hash key of link_{link.name}" for link in v.links}
    staged |= {f"dhk_{link.name}": f"hash key of the driving key of link_{link.name}" for link in v.links}
    staged |= {f"hd_{sat.name}": f"hashdiff of {sat.name}" for sat in v.sats}
    yield Table(f"stage.{event.event_type}", f"The stage {of} Grain: an observation of the batch", base | staged)
    for link in v.links:
        roles = " and ".join(k.role for k in link.keys)
        attributes = base | {f.name: f.meaning for f in link.attributes}
        grain = "an event" if link.kind == "transaction" else f"a combination of {roles}"
        yield Table(f"vault.link_{link.name}", f"Link between {roles}, {of} Grain: {grain}", attributes)
        if link.kind == "effectivity":
            name = f"eff_{link.name}"
            yield Table(f"vault.{name}", f"Effectivity of link_{link.name}. Grain: an observation", base)
            yield Table(f"vault.v_{name}", f"Periods of link_{link.name}. Grain: a period [valid_from, valid_to)", base)
            yield Table(
                f"vault.v_{name}_changes", f"Openings and closings of link_{link.name}. Grain: one of either", base
            )
    for sat in v.sats:
        columns = base | {f.name: f.meaning for f in sat.attributes}
        yield Table(f"vault.{sat.name}", f"Satellite on {sat.parent}, {of} Grain: an observation", columns)
        yield Table(f"vault.v_{sat.name}", f"Versions of {sat.name}. Grain: a change [valid_from, valid_to)", columns)


def _role(role: str, hub: str, key: KeySpec | None = None) -> Columns:
    meaning = f": {key.field.meaning}" if key and key.field.meaning else ""
    words = f"hub_{hub}" if role == hub else f"hub_{hub} in the role {role}"
    return {f"hk_{role}": f"hash key of {words}{meaning}", f"bk_{role}": f"business key of {words}{meaning}"}


def _graph(renderer: Renderer, shared: Columns) -> dict[str, Table]:
    from clickvault.graph.relations import nodes, relations

    out = {}
    for node in nodes(renderer.registry):
        name = f"graph.{node.view}"
        out[name] = Table(name, f"Nodes (:{node.label}) that are alive. Grain: a node", shared)
    for r in relations(renderer.registry):
        name = f"graph.{r.view}"
        ends = {
            "source": f"the (:{r.source.label}) that it comes from",
            "target": f"the (:{r.target.label}) that it leads to",
        }
        properties = {f.name: f.meaning for p in r.parts for f, _ in p.properties}
        out[name] = Table(name, f"Relations [:{r.type}] in force. Grain: a pair of nodes", shared | ends | properties)
    return out


# ── the comments above statements ─────────────────────────────────────────────────────────────────────────────

_TABLE = re.compile(
    r"(?P<words>(?:^-- (?!object:).*\n)+)(?:-- object: table .*\n)?create table if not exists (?P<name>\w+\.\w+)",
    re.MULTILINE | re.IGNORECASE,
)


def _above(renderer: Renderer) -> Columns:
    """By table what the comment says that stands above its statement, in the hand-written SQL and in templates without arguments."""
    texts = [f.read_text(encoding="utf-8") for f in postgres.files()]
    for template in ("ingest/landing", "marts/_schema", "quality/_schema", "ops/_schema", "graph/schema"):
        texts.append((renderer.folder / f"{template}.sql.j2").read_text(encoding="utf-8"))
    return {
        m["name"]: " ".join(line.removeprefix("--").strip() for line in m["words"].splitlines())
        for text in texts
        for m in _TABLE.finditer(text)
    }
