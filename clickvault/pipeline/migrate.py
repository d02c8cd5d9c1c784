"""What the stores must hold, and how they get there: `plan` compares, `init` applies. Both are idempotent.

ClickHouse objects come from templates marked with `-- object:` (see objects.py); what was applied last is recorded in
ops.schema_objects, so that a plan right after an init is empty. What is declared otherwise than before is compared first
(versions.py): a breaking change ends an init before it did anything. Order of an init, and what a crash in it costs:
  1. collections and topics   nothing: made again
  2. drop what pulls          nothing: messages wait in the broker
  3. note the contracts       nothing: a rerun finds no change, and brings the tables to what was meant
  4. tables, then feeds       nothing: ingestion is off, and a rerun goes on here
  5. record                   a rerun drops and makes the same objects again
  6. what pulls again         ingestion starts last, on a whole schema
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import uuid4

from clickhouse_connect.driver.client import Client

from clickvault import ingest
from clickvault.contract import EventSpec
from clickvault.errors import ConfigurationError, ContractError
from clickvault.ingest import collections, epochs, versions
from clickvault.pipeline import comments
from clickvault.settings import STATE_FILE, Settings
from clickvault.sql.cluster import clustered, on_cluster
from clickvault.sql.objects import SqlObject, objects_of
from clickvault.sql.render import Renderer, ch_backfill, ch_identifier
from clickvault.stores import kafka
from clickvault.stores.clickhouse import rows

log = logging.getLogger(__name__)

LEDGER = """
CREATE TABLE IF NOT EXISTS ops.schema_objects
(
    name String,
    kind LowCardinality(String),
    fingerprint String,
    applied_at DateTime64(6, 'UTC') DEFAULT now64(6, 'UTC'),
    dropped Bool DEFAULT false
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY name"""
KEPT = ("database", "table", "address")
PULLS = ("pull", "queue")


@dataclass(frozen=True)
class Change:
    """One thing that init would do: `create`, `change`, `comment` or `drop`, of what kind of object, in which store.

    Of a contract: `refuse`, with what to do in `detail`, or `accept`; `breaking` is the kind, see contract/changes.py.
    """

    store: str
    action: str
    kind: str
    name: str
    detail: str = ""
    breaking: str = ""


def clickhouse_objects(renderer: Renderer, settings: Settings) -> list[SqlObject]:
    """Everything that ClickHouse must hold, in the order of creation."""
    from clickvault import graph, quality
    from clickvault.marts import build as marts
    from clickvault.pipeline import run_log as ops

    found = landing_objects(renderer)
    found += objects_of(graph.schema_sql(renderer))
    found += marts.objects(renderer)
    found += quality.objects(renderer)
    found += ops.objects(renderer)
    return clustered(found + queue_objects(renderer, settings), settings.clickhouse_cluster)


def landing_objects(renderer: Renderer) -> list[SqlObject]:
    """What takes messages in: the landing table, the ledgers, and for each event type its table, rules and views."""
    found = objects_of(renderer.render("ingest/landing.sql.j2"))
    feeds = []
    for group, events in renderer.registry.groups.items():
        stream, feed = objects_of(renderer.render("ingest/group.sql.j2", group=group, events=events))
        found.append(stream)
        feeds.append(feed)
    for event in renderer.registry.events.values():
        found += objects_of(renderer.render("ingest/event.sql.j2", event=event))
    return found + feeds  # behind what they feed


def queue_objects(renderer: Renderer, settings: Settings) -> list[SqlObject]:
    """What pulls: a queue a topic group, with its view. They come last: messages would be judged by half the rules."""
    registry = renderer.registry
    found: list[SqlObject] = []
    for group in registry.groups:
        found += objects_of(
            renderer.render(
                "ingest/queue.sql.j2",
                group=group,
                topics=registry.topics(group),
                epoch=settings.kafka_epoch,
                broker=settings.kafka_from_clickhouse,
            )
        )
    return found


def plan_clickhouse(
    ch: Client, wanted: Iterable[SqlObject], cluster: str = "", events: Mapping[str, EventSpec] | None = None
) -> list[Change]:
    """What ClickHouse (this server of it) lacks, or holds otherwise, or should hold no longer.

    `events`: the declared ones by name; they say which columns were renamed, and what rows from before have in a new one.
    """
    wanted = list(wanted)
    there = _existing(ch)
    applied = _applied(ch) if "ops.schema_objects" in there else {}
    changes = []
    for o in wanted:
        if o.name not in there:
            changes.append(Change("clickhouse", "create", o.kind, o.name))
        elif applied.get(o.name, ("", ""))[1] != o.fingerprint:
            changes.append(Change("clickhouse", "change", o.kind, o.name, _column_changes(ch, o, cluster, events)))
    names = {o.name for o in wanted}
    for name, (kind, _) in applied.items():
        if name not in names and kind not in KEPT:
            changes.append(Change("clickhouse", "drop", kind, name))
    return changes


def _existing(ch: Client) -> set[str]:
    databases = {r["name"] for r in rows(ch, "SELECT name FROM system.databases")}
    tables = {
        f"{r['database']}.{r['name']}"
        for r in rows(
            ch, "SELECT database, name FROM system.tables WHERE database NOT IN ('system', 'INFORMATION_SCHEMA')"
        )
    }
    return databases | tables


def _applied(ch: Client) -> dict[str, tuple[str, str]]:
    found = rows(ch, "SELECT name, kind, fingerprint FROM ops.schema_objects FINAL WHERE NOT dropped")
    return {r["name"]: (r["kind"], r["fingerprint"]) for r in found}


def _column_changes(ch: Client, o: SqlObject, cluster: str, events: Mapping[str, EventSpec] | None) -> str:
    if o.kind != "table":
        return ""
    return ", ".join(_alterations(ch, o, cluster, _event_of(o, events)))


def _event_of(o: SqlObject, events: Mapping[str, EventSpec] | None) -> EventSpec | None:
    """The event type whose rows a table has; on a cluster its local tables, too."""
    database, _, table = o.name.partition(".")
    if database != "raw" or not events:
        return None
    return events.get(table) or events.get(table.removesuffix("_local"))


def _alterations(ch: Client, o: SqlObject, cluster: str, event: EventSpec | None = None) -> list[str]:
    """The clauses that bring an existing table to the wanted columns; nothing is ever dropped, and no type gets narrower.

    The engine reads the wanted statement itself: it is run under another name, and the columns are compared.
    """
    database, table = o.name.split(".")
    wanted_name = f"scratch_{uuid4().hex}"
    scratch = f"ops.{wanted_name}"
    ch.command(re.sub(r"^CREATE TABLE (IF NOT EXISTS )?\S+", f"CREATE TABLE {scratch}", o.sql, count=1))
    try:
        columns = (
            "SELECT name, type FROM system.columns WHERE database = {d:String} AND table = {t:String} ORDER BY position"
        )
        wanted = [(r["name"], r["type"]) for r in rows(ch, columns, {"d": "ops", "t": wanted_name})]
        there = {r["name"]: r["type"] for r in rows(ch, columns, {"d": database, "t": table})}
        _refuse_other_order(ch, o.name, ("ops", wanted_name), (database, table))
    finally:
        ch.command(on_cluster(f"DROP TABLE IF EXISTS {scratch}", cluster))
    renamed = []
    for f in event.fields if event else ():
        old = next((name for name in f.renamed_from if name in there), None)
        if old and f.name not in there:
            renamed.append(f"RENAME COLUMN IF EXISTS {ch_identifier(old)} TO {ch_identifier(f.name)}")
            there[f.name] = there.pop(old)
    backfills = {f.name: ch_backfill(f) for f in event.fields if f.backfill is not None} if event else {}
    return [*renamed, *column_clauses(wanted, there, backfills), *(_emptied(wanted, there) if event else ())]


def column_clauses(
    wanted: list[tuple[str, str]], there: Mapping[str, str], backfills: Mapping[str, str] | None = None
) -> list[str]:
    """The clauses that bring the columns that are there (name: type) to the wanted ones. Each may be run again.

    On a cluster each shard runs it, and marts are one table for all shards: the second finds the column there.
    `backfills`: what rows from before have in a column.
    """
    out, before = [], ""
    for name, kind in wanted:
        column, backfill = ch_identifier(name), (backfills or {}).get(name, "")
        default = f" DEFAULT {backfill}" if backfill else ""
        if name not in there:
            after = f"AFTER {ch_identifier(before)}" if before else "FIRST"
            out.append(f"ADD COLUMN IF NOT EXISTS {column} {kind}{default} {after}")
        elif backfill and _nullable(kind) == there[name]:
            out.append(f"MODIFY COLUMN {column} {kind}{default}")  # the engine puts it in the place of NULLs
        elif (wider := _wider(there[name], kind)) != there[name]:
            out.append(f"MODIFY COLUMN {column} {wider}")
        before = name
    return out


def _emptied(wanted: list[tuple[str, str]], there: Mapping[str, str]) -> list[str]:
    """Clauses for columns that no message fills any more: empty in new rows, not a value that nobody sent."""
    gone = {name: kind for name, kind in there.items() if name not in dict(wanted) and _nullable(kind) != kind}
    return [f"MODIFY COLUMN {ch_identifier(name)} {_nullable(kind)}" for name, kind in gone.items()]


def _nullable(kind: str) -> str:
    """The column type that has NULL besides; lists have none."""
    if "Nullable(" in kind or kind.startswith("Array("):
        return kind
    inner = re.fullmatch(r"LowCardinality\((.*)\)", kind)
    return f"LowCardinality(Nullable({inner[1]}))" if inner else f"Nullable({kind})"


def _wider(there: str, wanted: str) -> str:
    """The type that holds the values of both: rows from before stay what they were where a contract allows less."""
    if there == wanted:
        return there
    if _nullable(wanted) == there:
        return there
    old, new = (re.fullmatch(r"(?:(Nullable)\()?(U?)Int(\d+)\)?", kind) for kind in (there, wanted))
    if not old or not new:
        return wanted
    # An unsigned type in a signed one takes a bit more: UInt8 and Int8 both fit in Int16.
    signed = not (old[2] and new[2])
    bits = max(int(m[3]) * (2 if signed and m[2] else 1) for m in (old, new))
    if bits > 64:
        raise ContractError(f"no whole number of 64 bits holds {there} and {wanted}", hint="give it to another field")
    both = f"{'' if signed else 'U'}Int{bits}"
    return f"Nullable({both})" if old[1] or new[1] else both


def _check_added(ch: Client, o: SqlObject, event: EventSpec | None, clauses: Iterable[str]) -> None:
    """Raise ContractError where rows would get a value that nobody sent: zeros for a key, an empty text."""
    added = [re.match(r"ADD COLUMN IF NOT EXISTS `(\w+)` (.*)", clause) for clause in clauses]
    made_up = [
        m[1]
        for m in added
        if m and "Nullable(" not in m[2] and " DEFAULT " not in m[2] and not m[2].startswith("Array(")
    ]
    if event and made_up and rows(ch, f"SELECT 1 AS n FROM {ch_identifier(o.name)} LIMIT 1"):
        raise ContractError(
            f"{o.name} has rows, and no value for its new column {made_up[0]}",
            hint=f'Renamed(renamed_from="...") or Backfill(value) on {made_up[0]}, or make it optional',
        )


def _refuse_other_order(ch: Client, name: str, wanted: tuple[str, str], there: tuple[str, str]) -> None:
    """No ALTER changes by what a table is sorted, or which of its rows FINAL keeps."""
    sql = (
        "SELECT partition_key, sorting_key, arrayElement(splitByRegexp('[, ()]+', extract(engine_full, 'MergeTree\\\\([^)]*\\\\)')), -2) AS kept,"
        " (SELECT any(type) FROM system.columns AS c WHERE c.database = {d:String} AND c.table = {t:String} AND c.name = kept)"
        " FROM system.tables WHERE database = {d:String} AND name = {t:String}"
    )
    now, was = (ch.query(sql, parameters={"d": d, "t": t}).first_row for d, t in (wanted, there))
    if now != was:
        raise ConfigurationError(
            f"{name} was made by an earlier version of clickvault, which sorted or deduplicated its rows otherwise",
            hint="versions 0.x do not migrate it: begin with empty stores (embedded: clickvault down --purge, then up and init), and "
            "let the sources be read again",
        )


def apply_clickhouse(
    ch: Client,
    wanted: list[SqlObject],
    settings: Settings,
    progress: Callable[[str], None] | None = None,
    events: Mapping[str, EventSpec] | None = None,
    notes: Iterable[tuple[str, str, str]] = (),
) -> list[Change]:
    """Bring ClickHouse to what is wanted, in the order of the module's docstring. Returns what was done.

    `events` as in plan_clickhouse; `notes`: what versions.note writes down.
    """
    cluster = settings.clickhouse_cluster
    ledger = SqlObject("table", "ops.schema_objects", LEDGER.strip())
    ch.command(on_cluster("CREATE DATABASE IF NOT EXISTS ops", cluster))
    ch.command(clustered([ledger], cluster)[0].sql)
    collections.apply(ch, settings)
    collections.note_addresses(settings, ch)
    changes = plan_clickhouse(ch, wanted, cluster, events)
    if not changes:
        versions.note(ch, notes)
        return []
    applied = _applied(ch)
    todo = {c.name: c.action for c in changes}
    by_name = {o.name: o for o in wanted}
    stop = any(c.kind not in ("view", "parameterized", "database", "states") for c in changes)
    pulls = [n for n, (kind, _) in applied.items() if kind == "pull"] if stop else []
    for name in pulls:  # ingestion stops first, and starts last
        ch.command(on_cluster(f"DROP VIEW IF EXISTS {ch_identifier(name)}", cluster))
        todo.setdefault(name, "create")
    for contracts in (o for o in wanted if o.name == versions.TABLE):
        ch.command(contracts.sql)
    versions.note(ch, notes)
    dropped = [n for n, action in todo.items() if action != "create"]
    order = {o.name: i for i, o in enumerate(wanted)}
    for name in sorted(dropped, key=lambda n: order.get(n, len(order)), reverse=True):
        kind = by_name[name].kind if name in by_name else applied[name][0]
        if kind not in KEPT:
            ch.command(on_cluster(f"DROP TABLE IF EXISTS {ch_identifier(name)} SYNC", cluster))
        if kind == "queue":
            kafka.forget_members(settings, ingest.group_of(settings, name.removeprefix("landing.queue_")))
        if name not in by_name:
            ch.insert("ops.schema_objects", [[name, kind, "", True]], ["name", "kind", "fingerprint", "dropped"])
    made: list[list[str]] = []
    try:
        for o in wanted:
            if o.name not in todo:
                continue
            if progress:
                progress(f"{todo[o.name]} {o.kind} {o.name}")
            if todo[o.name] == "change" and o.kind == "table":
                event = _event_of(o, events)
                clauses = _alterations(ch, o, cluster, event)
                _check_added(ch, o, event, clauses)
                for clause in clauses:
                    log.info("%s: %s", o.name, clause)
                    ch.command(on_cluster(f"ALTER TABLE {ch_identifier(o.name)} {clause}", cluster))
            else:
                ch.command(o.sql)
            made.append([o.name, o.kind, o.fingerprint])
    finally:  # at once: a statement for each object is half of the time of a first `init`. What is not recorded is made again
        if made:
            ch.insert("ops.schema_objects", made, ["name", "kind", "fingerprint"])
    return changes


def init(
    settings: Settings,
    renderer: Renderer,
    ch: Client,
    pg: object,
    progress: Callable[[str], None] | None = None,
    accept_breaking: bool = False,
    drop_domains: Iterable[str] = (),
) -> list[Change]:
    """Make or migrate everything: topics, ClickHouse, PostgreSQL. Returns what was changed; empty the second time.

    Raises ContractError, before anything is done, for a breaking change of a contract that nothing says the way of, unless
    `accept_breaking`; and for a domain that was on and is off, unless it is one of `drop_domains`.
    """
    from clickvault import vault
    from clickvault.stores.postgres import alone

    found = versions.differences(ch, renderer.registry, accept_breaking, drop_domains)
    versions.refuse(found, settings)
    changes = _contract_changes(found)
    changes += [Change("kafka", "create", "topic", t) for t in kafka.create_topics(settings, _topics(renderer))]
    # What lands while feeds are made again would be judged by none.
    with alone(pg, "ingest", settings.s3_bucket), alone(pg, "ingest", "kafka"):
        changes += apply_clickhouse(
            ch, clickhouse_objects(renderer, settings), settings, progress, renderer.registry.events, found.notes
        )
        epochs.note(settings, ch, _topics(renderer))
        epochs.separate(settings, renderer, ch, pg)
        ingest.close_earlier_epochs(settings, ch)
    changes += [Change("postgres", *change) for change in vault.apply_postgres(pg, renderer)]
    found_comments = comments.pending(renderer, ch, pg)
    comments.apply(found_comments, ch, pg, settings.clickhouse_cluster)
    changes += _comment_changes(found_comments, changes)
    log.info("init: %d changes", len(changes))
    return changes


def _contract_changes(found: versions.Differences) -> list[Change]:
    """What differs of the contracts, as changes: first what is refused."""
    out = [Change("contract", "refuse", "contract", b.where, f"{b.detail}. {b.way}", b.kind) for b in found.breaking]
    return out + [Change("contract", "accept", "contract", b.where, b.detail, b.kind) for b in found.meant]


def _comment_changes(found: Mapping[str, list[comments.Table]], others: Iterable[Change]) -> list[Change]:
    """The comments that differ, one a table; not of a table that is made or changed at the same time, which brings them along."""
    known = {c.name for c in others}
    return [
        Change(store, "comment", "table", t.name, f"{len(t.columns)} columns")
        for store, tables in found.items()
        for t in tables
        if t.name not in known
    ]


def new_epoch(settings: Settings) -> Settings:
    """Take the broker's topics as new sources from now on: the embedded stack's epoch is counted up. Then `init`.

    Raises ConfigurationError where the epoch is not the embedded stack's to give.
    """
    from clickvault.embedded.state import State
    from clickvault.settings import get_settings

    epoch = settings.kafka_epoch
    if not (settings.home / STATE_FILE).exists() or State(settings.home).settings.get("kafka_epoch") != epoch:
        raise ConfigurationError(
            f"the epoch {epoch!r} was given by the environment or .env",
            hint="set KAFKA_EPOCH there to a name that was not used before, then clickvault init",
        )
    state = State(settings.home)
    number = int(state.get("kafka.epoch", 1)) + 1
    state.put("kafka.epoch", number)
    state.put_settings(kafka_epoch=f"e{number}")
    return get_settings()


def plan(
    settings: Settings,
    renderer: Renderer,
    ch: Client,
    pg: object,
    accept_breaking: bool = False,
    drop_domains: Iterable[str] = (),
) -> list[Change]:
    """What `init` would change, with the same arguments; what it would refuse comes first."""
    from clickvault import vault

    found = versions.differences(ch, renderer.registry, accept_breaking, drop_domains)
    changes = _contract_changes(found)
    changes += [Change("kafka", "create", "topic", t) for t in kafka.missing_topics(settings, _topics(renderer))]
    objects = plan_clickhouse(
        ch, clickhouse_objects(renderer, settings), settings.clickhouse_cluster, renderer.registry.events
    )
    # While anything is refused, nothing is dropped: what belongs to a domain that is off stays as it is.
    changes += [c for c in objects if c.action != "drop" or not found.breaking]
    changes += [Change("postgres", *change) for change in vault.plan_postgres(pg, renderer)]
    return changes + _comment_changes(comments.pending(renderer, ch, pg), changes)


def _topics(renderer: Renderer) -> list[str]:
    return [t for group in renderer.registry.groups for t in renderer.registry.topics(group)]
