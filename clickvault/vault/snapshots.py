"""PIT and bridge tables: how the vault stood at the end of each day, kept up to date at the end of a load.

A table is built in one transaction, with its ledger (ops.snapshot):
  1. exclude    no merge is under way meanwhile, and none begins: what it would touch is either seen here or noted for later
  2. drop       days that are wanted no more, or were built by another definition
  3. build      the days that are not there yet, whole; in the others the keys that merges noted as touched (ops.snapshot_due)
  4. note       the days that are there now; the noted keys are done
A crash anywhere leaves the table, its ledger and the notes as they were: the next build does the same again.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from clickvault.contract.language import AsOf
from clickvault.contract.snapshots import SnapshotSpec, pointer
from clickvault.sql.render import Renderer, pg_identifier
from clickvault.stores import postgres
from clickvault.stores.postgres import Connection

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Told of each day: the table, days done, days to do."""


@dataclass(frozen=True)
class SnapshotResult:
    """What a build did with one table: days built whole, days of which some keys were, rows written, seconds it took."""

    table: str
    days_built: int
    days_touched: int
    rows: int
    seconds: float


def as_of_days(policy: AsOf, oldest: date, newest: date) -> list[date]:
    """The days that the policy wants, in order, between the days of the oldest and of the newest event."""
    wanted = {newest - timedelta(n) for n in range(policy.days)}
    sunday = newest - timedelta((newest.weekday() + 1) % 7)
    wanted |= {sunday - timedelta(weeks=n) for n in range(policy.weeks)}
    month_end = newest if is_month_end(newest) else newest.replace(day=1) - timedelta(1)
    for _ in range(policy.months):
        wanted.add(month_end)
        month_end = month_end.replace(day=1) - timedelta(1)
    return sorted(d for d in wanted if oldest <= d)


def is_month_end(day: date) -> bool:
    """Whether the day is the last of its month."""
    return (day + timedelta(1)).day == 1


def ends(day: date) -> datetime:
    """The moment at which a day has ended, UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(1)


def build_snapshots(renderer: Renderer, pg: Connection, progress: Progress | None = None) -> list[SnapshotResult]:
    """Bring vault.as_of and every PIT and bridge table up to what is in the vault. One result a table that changed.

    Raises StoreError when PostgreSQL is down.
    """
    if not renderer.registry.snapshots:
        return []
    # One at a time: another one that began earlier would take away the newest day again.
    with postgres.alone(pg, "load", "PIT and bridge tables", seconds=600.0):
        return _build_all(renderer, pg, progress)


def _build_all(renderer: Renderer, pg: Connection, progress: Progress | None) -> list[SnapshotResult]:
    with postgres.translated("finding the as-of days"):
        days = _control(pg, renderer.registry.as_of)
    found = []
    for spec in renderer.registry.snapshots:
        with postgres.translated(f"building vault.{spec.name}"):
            result = _build(renderer, pg, spec, days, progress)
        if result.days_built or result.days_touched:
            found.append(result)
    return found


def _control(pg: Connection, policy: AsOf) -> list[date]:
    """Put the wanted days into vault.as_of. The batches' own times tell the first and the last event's day."""
    with pg, pg.cursor() as cursor:
        cursor.execute("select min(oldest), max(newest) from ops.load_log")
        oldest, newest = cursor.fetchone()
        days = as_of_days(policy, oldest.date(), newest.date()) if newest else []
        cursor.execute("select as_of from vault.as_of order by as_of")
        if [row[0] for row in cursor.fetchall()] != days:
            cursor.execute("delete from vault.as_of where not as_of = any(%s::date[])", (days,))
            cursor.executemany(
                "insert into vault.as_of (as_of, ends, is_week_end, is_month_end) values (%s, %s, %s, %s)"
                " on conflict (as_of) do nothing",
                [(d, ends(d), d.weekday() == 6, is_month_end(d)) for d in days],
            )
    return days


def build_sql(renderer: Renderer, spec: SnapshotSpec, whole: bool, based: bool) -> str:
    """The statement that builds a day: all keys, or those that were touched; from an earlier day, or from nothing."""
    template = {"pit": "build_pit", "hub": "build_bridge_hub", "link": "build_bridge_link"}[spec.kind]
    return renderer.render(f"vault/{template}.sql.j2", s=spec, whole=whole, based=based, pointer=pointer)


def definition(renderer: Renderer, spec: SnapshotSpec) -> str:
    """A hash of the statement that builds: a day that another one built is not up to date."""
    return hashlib.sha256(build_sql(renderer, spec, whole=True, based=True).encode()).hexdigest()


def _build(
    renderer: Renderer, pg: Connection, spec: SnapshotSpec, days: list[date], progress: Progress | None
) -> SnapshotResult:
    started = time.monotonic()
    table, wanted = pg_identifier(f"vault.{spec.name}"), definition(renderer, spec)
    written = built = touched = 0
    with pg, pg.cursor() as cursor:
        cursor.execute("lock table ops.snapshot_due in share row exclusive mode")
        cursor.execute("set local work_mem = '256MB'; set local jit = off")
        cursor.execute("select as_of, definition from ops.snapshot where table_name = %s", (spec.name,))
        there = dict(cursor.fetchall())
        dropped = [d for d, by in there.items() if d not in days or by != wanted]
        new = [d for d in days if d not in there or d in dropped]
        since = _due(cursor, spec.name)
        if dropped or new:
            cursor.execute(f"delete from {table} where as_of = any(%s)", ([*dropped, *new],))
            cursor.execute("delete from ops.snapshot where table_name = %s and as_of = any(%s)", (spec.name, dropped))
        todo = [d for d in days if d in new or (since and since < ends(d))]
        for n, (day, base) in enumerate(_with_base(days, todo)):
            if progress:
                progress(spec.name, n, len(todo))
            parameters: dict[str, Any] = {"as_of": day, "ends": ends(day)}
            if base:
                parameters |= {"base": base, "base_ends": ends(base)}
            cursor.execute(build_sql(renderer, spec, whole=day in new, based=base is not None), parameters)
            written += cursor.rowcount
            built, touched = built + (day in new), touched + (day not in new)
        cursor.executemany(
            "insert into ops.snapshot (table_name, as_of, definition) values (%s, %s, %s)",
            [(spec.name, d, wanted) for d in new],
        )
        if since:
            cursor.execute("delete from ops.snapshot_due where table_name = %s", (spec.name,))
    log.info("vault: %s: %d days built, %d keys again, %d rows", spec.name, built, touched, written)
    return SnapshotResult(spec.name, built, touched, written, round(time.monotonic() - started, 3))


def _due(cursor: Any, table: str) -> datetime | None:
    """Put the touched keys of a table into the temporary table `due`. Returns since when; None where there is none."""
    cursor.execute("select min(since) from ops.snapshot_due where table_name = %s", (table,))
    (since,) = cursor.fetchone()
    if since is not None:
        cursor.execute(
            "create temporary table due on commit drop as"
            " select hk, min(since) as since from ops.snapshot_due where table_name = %s group by hk",
            (table,),
        )
        cursor.execute("alter table pg_temp.due add primary key (hk); analyze pg_temp.due")
    return since if isinstance(since, datetime) else None


def _with_base(days: list[date], todo: list[date]) -> Iterator[tuple[date, date | None]]:
    """Each day with the one before it that is kept, which is right by the time it is read."""
    for day in todo:
        n = days.index(day)
        yield day, days[n - 1] if n else None
