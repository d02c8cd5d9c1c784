"""What PostgreSQL must hold for the declared events: `plan_postgres` compares, `apply_postgres` applies.

ops.schema_object keeps a hash of each object's SQL as it was last applied. An object whose hash differs, or that is
gone, is applied again; every definition is idempotent, and adds to tables without dropping anything.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from clickvault import graph
from clickvault.contract.snapshots import pointer
from clickvault.contract.vault import LinkSpec, SatSpec, VaultSpec
from clickvault.sql.objects import objects_of
from clickvault.sql.render import Renderer, check_identifier, pg_identifier
from clickvault.stores import postgres
from clickvault.stores.postgres import Connection

log = logging.getLogger(__name__)

MONTH_SUFFIX = "_999912"


@dataclass(frozen=True)
class SchemaObject:
    """One object: `name` is its relation (or the file, for hand-written SQL), `kind` file, table or view."""

    name: str
    kind: str
    sql: str
    event_type: str = ""
    """The one that fills a table of the vault, where it is one."""

    @property
    def hash(self) -> str:
        """What ops.schema_object compares."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def schema_objects(renderer: Renderer) -> list[SchemaObject]:
    """Every object of PostgreSQL in the order of creation: files, tables, views. Asks no store."""
    found = [SchemaObject(f"postgres/{f.name}", "file", f.read_text(encoding="utf-8")) for f in postgres.files()]
    vaults = renderer.vaults()
    for hub in renderer.registry.hubs.values():
        found.append(SchemaObject(f"vault.hub_{hub.name}", "table", renderer.render("vault/hub.sql.j2", hub=hub)))
    for vault in vaults:
        found += _tables(renderer, vault)
    found += _snapshot_tables(renderer)
    for hub in renderer.registry.hubs.values():
        sats = [v.sats[0] for v in vaults if v.event in hub.owners]
        sql = renderer.render("vault/v_hub.sql.j2", hub=hub, sats=sats)
        found.append(SchemaObject(f"vault.v_hub_{hub.name}", "view", sql))
    for vault in vaults:
        found += _views(renderer, vault)
    for spec in renderer.registry.snapshots:
        sql = renderer.render(f"vault/v_{'pit' if spec.kind == 'pit' else 'bridge'}.sql.j2", s=spec, pointer=pointer)
        found.append(SchemaObject(f"vault.v_{spec.name}", "view", sql))
    found += _graph_objects(renderer)
    for name in (o.name for o in found if o.kind != "file"):
        check_identifier(name.split(".")[1])
    return found


def _graph_objects(renderer: Renderer) -> list[SchemaObject]:
    """The graph's views over the vault, and the satellites that take its scores back."""
    rendered = [graph.satellite_sql(renderer), graph.views_sql(renderer)]
    return [
        SchemaObject(o.name, o.kind if o.kind in ("table", "view") else "file", o.sql)
        for text in rendered
        if "-- object: " in text  # a domain without nodes has no graph
        for o in objects_of(text)
    ]


def _tables(renderer: Renderer, vault: VaultSpec) -> Iterable[SchemaObject]:
    name, main = f"stage.{vault.event.event_type}", vault.main.table

    def eff(link: LinkSpec) -> str:
        return renderer.render("vault/eff.sql.j2", link=link, first=f"eff_{link.name}" == main)

    yield SchemaObject(name, "table", renderer.render("vault/stage_table.sql.j2", v=vault))
    for link in vault.links:
        sql = renderer.render("vault/link.sql.j2", link=link)
        yield SchemaObject(f"vault.link_{link.name}", "table", sql, vault.event.event_type)
        if link.kind == "effectivity":
            yield SchemaObject(f"vault.eff_{link.name}", "table", eff(link), vault.event.event_type)
    for sat in vault.sats:
        sql = renderer.render("vault/sat.sql.j2", sat=sat, first=sat.name == main)
        yield SchemaObject(f"vault.{sat.name}", "table", sql, vault.event.event_type)
    for table in partitioned(vault):
        check_identifier(table + MONTH_SUFFIX)  # PostgreSQL would cut a longer name off, and two could meet


def _snapshot_tables(renderer: Renderer) -> Iterable[SchemaObject]:
    for spec in renderer.registry.snapshots:
        if spec.kind == "pit":
            sql = renderer.render("vault/seen.sql.j2", hub=spec.hub, sats=spec.sats)
            yield SchemaObject(f"vault.seen_{spec.hub}", "table", sql)
        yield SchemaObject(f"vault.{spec.name}", "table", renderer.render("vault/snapshot.sql.j2", s=spec))


def _views(renderer: Renderer, vault: VaultSpec) -> Iterable[SchemaObject]:
    for sat in vault.sats:
        sql = renderer.render("vault/v_sat.sql.j2", sat=sat, link=parent_link(vault, sat))
        yield SchemaObject(f"vault.v_{sat.name}", "view", sql)
    for link in vault.links:
        if link.kind == "effectivity":
            for name in (f"v_eff_{link.name}", f"v_eff_{link.name}_changes"):
                template = "v_eff_changes" if name.endswith("_changes") and name != f"v_eff_{link.name}" else "v_eff"
                yield SchemaObject(f"vault.{name}", "view", renderer.render(f"vault/{template}.sql.j2", link=link))


def parent_link(vault: VaultSpec, sat: SatSpec) -> LinkSpec | None:
    """The link that a satellite hangs on; None when it is a hub."""
    return next((link for link in vault.links if f"link_{link.name}" == sat.parent), None)


def partitioned(vault: VaultSpec) -> list[str]:
    """The tables of an event type that are partitioned by month of event_time, without their schema."""
    return [
        *(f"link_{link.name}" for link in vault.links if link.kind == "transaction"),
        *(f"eff_{link.name}" for link in vault.links if link.kind == "effectivity"),
        *(sat.name for sat in vault.sats),
    ]


def schema_sql(renderer: Renderer) -> list[str]:
    """The idempotent DDL of everything, in order; each item is one or more statements."""
    return [o.sql for o in schema_objects(renderer)]


def plan_postgres(pg: Connection, renderer: Renderer) -> list[tuple[str, str, str]]:
    """What `apply_postgres` would do, an object each: ("create", "table", "vault.hub_user"), ("change", "view", ...)."""
    with postgres.translated("reading PostgreSQL's schema"), pg, pg.cursor() as cursor:
        return [(action, o.kind, o.name) for action, o in _changes(cursor, renderer)]


def apply_postgres(pg: Connection, renderer: Renderer) -> list[tuple[str, str, str]]:
    """Bring PostgreSQL to the declared schema, in one transaction. Returns what was done, as plan_postgres."""
    done = []
    with postgres.translated("applying PostgreSQL's schema"), pg, pg.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtext('clickvault.pipeline.migrate'))")
        changes = _changes(cursor, renderer)
        for action, o in changes:
            if o.kind == "view":
                _replace_view(cursor, o)
            else:
                cursor.execute(o.sql)
            done.append((action, o.kind, o.name))
        _read_again(cursor, {o.event_type for action, o in changes if action == "create" and o.event_type})
        for _, o in changes:
            cursor.execute(
                "insert into ops.schema_object (name, hash) values (%s, %s)"
                " on conflict (name) do update set hash = excluded.hash, applied_at = now()",
                (o.name, o.hash),
            )
    return done


def _changes(cursor: Connection, renderer: Renderer) -> list[tuple[str, SchemaObject]]:
    cursor.execute("select to_regclass('ops.schema_object') is not null")
    applied: dict[str, str] = {}
    if cursor.fetchone()[0]:
        cursor.execute("select name, hash from ops.schema_object")
        applied = dict(cursor.fetchall())
    cursor.execute(
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname in ('vault', 'stage', 'ops', 'graph')"
    )
    there = {row[0] for row in cursor.fetchall()}
    changes = []
    for o in schema_objects(renderer):
        if o.name not in applied or (o.kind != "file" and o.name not in there):
            changes.append(("create", o))
        elif applied[o.name] != o.hash:
            changes.append(("change", o))
    return changes


def _read_again(cursor: Connection, event_types: set[str]) -> None:
    """A new table of an event type that was loaded before: the next load reads all of the type again, for this table's sake."""
    for name in sorted(event_types):
        # Not while a load runs, which holds this lock: it would put the watermark back where it was.
        cursor.execute("select pg_advisory_xact_lock(hashtext('clickvault.load'), hashtext(%s))", (name,))
        cursor.execute("delete from ops.watermark where event_type = %s", (name,))
        if cursor.rowcount:
            log.info("%s: has a new table in the vault, and is loaded again from the start", name)


def _replace_view(cursor: Connection, o: SchemaObject) -> None:
    """CREATE OR REPLACE, which can only append columns; else drop, make again, and the views that stood on it too."""
    import psycopg2

    cursor.execute("savepoint view")
    try:
        cursor.execute(o.sql)
    except psycopg2.errors.InvalidTableDefinition:
        cursor.execute("rollback to savepoint view")
        cursor.execute(DEPENDENT_VIEWS, {"view": o.name})
        dependents = cursor.fetchall()
        cursor.execute(f"drop view {pg_identifier(o.name)} cascade")
        cursor.execute(o.sql)
        for name, definition in dependents:
            cursor.execute(f"create or replace view {name} as {definition}")
    cursor.execute("release savepoint view")


# The views above a view, lowest first.
DEPENDENT_VIEWS = """
with recursive above (oid, depth) as (
    select to_regclass(%(view)s)::oid, 0
    union
    select r.ev_class, a.depth + 1
    from above a
    join pg_depend d
        on d.refobjid = a.oid and d.classid = 'pg_rewrite'::regclass and d.refclassid = 'pg_class'::regclass
    join pg_rewrite r on r.oid = d.objid
    where r.ev_class <> a.oid and a.depth < 50
)
select oid::regclass::text, pg_get_viewdef(oid)
from above where depth > 0 group by oid order by max(depth)
"""
