"""The changes that a sync applies to the graph database: selected in PostgreSQL, in tables made for it.

Every row of the vault carries `load_ts`, the time of the transaction that wrote it, which ops.load_log has, too. The
loads that the graph has not seen give the time from which rows are new. The keys of these rows are read again through the
views that define what is in force. Over-selecting keys is safe, only slower.

    ops.load_log, ops.graph_watermark -> pending loads -> graph.changes_<view>: key, whether it is in force
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from clickvault.contract.vault import SatSpec, vault_of
from clickvault.graph.relations import GraphNode, GraphRelation, nodes, relations
from clickvault.sql.render import Renderer, pg_identifier
from clickvault.stores import postgres

if TYPE_CHECKING:
    from clickvault.contract import Registry

NEVER = "infinity"
PAGE_ROWS = 250_000
"""Rows of a page, as Neo4j pulls them: below the bounds of a query's rows and time that ClickHouse's logins have."""


@dataclass
class Changes:
    """What a sync brings: the tables that say it, in the order in which they are to be taken.

    `whole` are the kinds (node or relation, name) that are loaded anew; `gone` those that no contract declares any more.
    `heads` is the newest load of each event type, to be noted once all is in the graph.
    """

    heads: dict[str, int] = field(default_factory=dict)
    definitions: dict[tuple[str, str], str] = field(default_factory=dict)
    whole: set[tuple[str, str]] = field(default_factory=set)
    gone: set[tuple[str, str]] = field(default_factory=set)
    nodes: list[GraphNode] = field(default_factory=list)
    relations: list[GraphRelation] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)


def table_of(item: GraphNode | GraphRelation) -> str:
    """The table of a sync, in schema `graph`."""
    return f"changes_{item.view}"


def owners_of(registry: Registry, node: GraphNode) -> dict[str, SatSpec]:
    """The satellite that tells of deletion, of each event type that owns the node's hub."""
    return {e.event_type: vault_of(e).sats[0] for e in registry.hubs[node.hub].owners}


def mentions(registry: Registry, node: GraphNode) -> set[str]:
    """The event types that bring keys of the node's hub."""
    return {e.event_type for e in registry.events.values() if any(k.hub == node.hub for k in vault_of(e).keys)}


def make_indexes(registry: Registry, pg: Any) -> None:
    """Index `load_ts` of the tables that a sync asks."""
    wanted: dict[str, None] = {}
    for node in nodes(registry):
        wanted |= dict.fromkeys([f"hub_{node.hub}", *(s.name for s in owners_of(registry, node).values())])
    for relation in relations(registry):
        for part in relation.parts:
            link = part.links[0]
            kinds = {"effectivity": f"eff_{link.name}", "transaction": f"link_{link.name}"}
            wanted[kinds.get(link.kind) or part.vault.sats[0].name] = None
    with pg, pg.cursor() as cursor:
        cursor.execute("select vault.index_loads(%s)", (list(wanted),))


def find(renderer: Renderer, pg: Any, target: str) -> Changes:
    """Make the tables of what changed since the last sync of `target`, in one snapshot of the vault."""
    registry = renderer.registry
    with postgres.translated("finding what changed in the graph"), pg, pg.cursor() as cursor:
        cursor.execute("set transaction isolation level repeatable read")
        cursor.execute("set local jit = off")
        cursor.execute("set local work_mem = '128MB'")
        drop_tables(cursor)
        found = Changes(definitions=definitions(renderer))
        since = _pending(cursor, target, found)
        cursor.execute("select kind, name, definition from ops.graph_object where target = %s", (target,))
        there = {(kind, name): definition for kind, name, definition in cursor.fetchall()}
        found.whole = {key for key, text in found.definitions.items() if there.get(key) != text}
        found.gone = set(there) - set(found.definitions)

        back = {node for node in nodes(registry) if _find_nodes(cursor, renderer, node, since, found)}
        for relation in relations(registry):
            _find_pairs(cursor, renderer, relation, since, back, found)
        _show_to_clickhouse(cursor, found.rows)
    return found


def _find_nodes(
    cursor: Any, renderer: Renderer, node: GraphNode, since: Mapping[str, datetime], found: Changes
) -> bool:
    """Make the table of a node's keys that changed, if any may have; whether one of them came back."""
    owners = owners_of(renderer.registry, node)
    whole = ("node", node.label) in found.whole
    pending = mentions(renderer.registry, node) & set(since)
    if not whole and not pending:
        return False
    times = {f"since_{name}": since.get(name, NEVER) for name in owners}
    times["since_hub"] = min((since[name] for name in pending), default=NEVER)
    sql = renderer.render("graph/changes_node.sql.j2", node=node, owners=owners, whole=whole, page_rows=PAGE_ROWS)
    found.rows[table_of(node)] = rows = _make(cursor, sql, times, table_of(node))
    if rows:
        found.nodes.append(node)
    if not set(owners) & set(since):
        return False
    cursor.execute(f"select exists (select from {pg_identifier('graph.' + table_of(node))} where ended and in_force)")
    return bool(cursor.fetchone()[0])


def _find_pairs(
    cursor: Any,
    renderer: Renderer,
    relation: GraphRelation,
    since: Mapping[str, datetime],
    back: Collection[GraphNode],
    found: Changes,
) -> None:
    """Make the table of a relation's pairs that may have changed, if any may have: with those of a node that came back."""
    key = ("relation", relation.type)
    types = {p.vault.event.event_type for p in relation.parts}
    ends = {"source": relation.source, "target": relation.target}
    came_back = [end for end, node in ends.items() if node in back]
    touched = bool(types & set(since)) or bool(came_back)
    if {("node", node.label) for node in ends.values()} & found.whole or (touched and not relation.incremental):
        found.whole.add(key)
    whole = key in found.whole
    if not whole and not touched:
        return
    times = {f"since_{name}": since.get(name, NEVER) for name in types}
    sql = renderer.render(
        "graph/changes_relation.sql.j2", relation=relation, whole=whole, back=came_back, page_rows=PAGE_ROWS
    )
    found.rows[table_of(relation)] = rows = _make(cursor, sql, times, table_of(relation))
    if rows:
        found.relations.append(relation)


def note(pg: Any, target: str, changes: Changes) -> None:
    """Note that the graph `target` has these changes, and drop their tables. After the graph's own commit."""
    with postgres.translated("noting how far the graph is"), pg, pg.cursor() as cursor:
        for event_type, load_id in changes.heads.items():
            cursor.execute(
                "insert into ops.graph_watermark (target, event_type, load_id) values (%s, %s, %s)"
                " on conflict (target, event_type) do update set load_id = excluded.load_id, moved_at = now()",
                (target, event_type, load_id),
            )
        for kind, name in changes.whole:
            cursor.execute(
                "insert into ops.graph_object (target, kind, name, definition) values (%s, %s, %s, %s)"
                " on conflict (target, kind, name) do update set definition = excluded.definition, loaded_at = now()",
                (target, kind, name, changes.definitions[kind, name]),
            )
        for kind, name in changes.gone:
            cursor.execute(
                "delete from ops.graph_object where target = %s and kind = %s and name = %s", (target, kind, name)
            )
        drop_tables(cursor)


def forget(pg: Any, target: str) -> list[tuple[str, str]]:
    """Forget what the graph `target` has: the next sync brings everything. Returns what it had, as (kind, name)."""
    with postgres.translated("forgetting how far the graph is"), pg, pg.cursor() as cursor:
        cursor.execute("delete from ops.graph_watermark where target = %s", (target,))
        cursor.execute("delete from ops.graph_object where target = %s returning kind, name", (target,))
        return [(kind, name) for kind, name in cursor.fetchall()]


def drop_tables(cursor: Any) -> None:
    """Drop the tables of a sync, of one that was cut short, too."""
    cursor.execute(
        "select relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = 'graph' and c.relkind = 'r' and starts_with(relname, 'changes_')"
    )
    for (name,) in cursor.fetchall():
        cursor.execute(f"drop table {pg_identifier('graph.' + name)}")


def _pending(cursor: Any, target: str, found: Changes) -> dict[str, datetime]:
    """When the first load that is not in the graph began, of each event type that has one; the newest into `heads`."""
    cursor.execute(
        "select l.event_type, min(l.loaded_at), max(l.load_id) from ops.load_log l"
        " left join ops.graph_watermark w on w.target = %s and w.event_type = l.event_type"
        " where l.load_id > coalesce(w.load_id, 0) group by l.event_type",
        (target,),
    )
    since = {}
    for event_type, first, newest in cursor.fetchall():
        since[event_type] = first
        found.heads[event_type] = newest
    return since


def _make(cursor: Any, sql: str, times: dict[str, Any], table: str) -> int:
    cursor.execute(sql, times)
    rows = int(cursor.rowcount)
    if rows > PAGE_ROWS:  # each page is asked for by its number
        cursor.execute(f"create index on {pg_identifier('graph.' + table)} (page)")
    return rows


def _show_to_clickhouse(cursor: Any, tables: Iterable[str]) -> None:
    """Let ClickHouse's login read the tables, whoever made them (postgres/50_roles.sql)."""
    cursor.execute("select exists (select from pg_roles where rolname = 'vault_stage')")
    if cursor.fetchone()[0]:
        for table in tables:
            cursor.execute(f"grant select on {pg_identifier('graph.' + table)} to vault_stage")


def definitions(renderer: Renderer) -> dict[tuple[str, str], str]:
    """What each label and type is made by: a hash of all that is asked for it."""
    registry = renderer.registry
    found = {}
    for node in nodes(registry):
        owners = owners_of(registry, node)
        sql = renderer.render("graph/changes_node.sql.j2", node=node, owners=owners, whole=False)
        found["node", node.label] = _hash(sql)
    for relation in relations(registry):
        sql = renderer.render("graph/changes_relation.sql.j2", relation=relation, whole=False, back=[])
        found["relation", relation.type] = _hash(f"{relation.undirected} {sql}")
    return found


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
