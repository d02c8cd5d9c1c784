"""Maintenance: apply retention (recorded in ops.retired), merge old partitions, vacuum PostgreSQL.

    landing    months of the landing table, and of the dead letters, that are older than CLICKVAULT_KEEP_LANDED_DAYS
    ledgers    months of the quality history, reconciliation and the runs, batches of the load log, older than CLICKVAULT_KEEP_LEDGER_DAYS
    files      the generator's manifests, Airflow's logs, and unsent alerts: as old as landed messages
    optimize   partitions without new rows are merged into one part, which FINAL reads without merging
    vacuum     PostgreSQL's ledgers and vault: room of deleted rows, and statistics of partitioned tables, which autovacuum leaves out

A month of the landing table is removed in this order; what a crash costs:
  1. book     ops.retired has its positions: from then on reconciliation takes the booked number, and looks at later months only
  2. drop     both partitions, that of the landing table last; a month that is booked and still there is booked (the same) and dropped by the next run
What is in raw, in the vault and in the marts stays. Removed messages can't be validated again (`clickvault rejected replay`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from clickhouse_connect.driver.client import Client

from clickvault.errors import ConfigurationError
from clickvault.ingest.offsets import retired_up_to
from clickvault.session import Session
from clickvault.settings import Settings
from clickvault.sql.cluster import on_cluster
from clickvault.sql.render import ch_identifier, pg_identifier, statements
from clickvault.stores import postgres
from clickvault.stores.clickhouse import rows

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
Done = dict[str, Any]
"""What was done, or would be: step, what, rows (or files), seconds."""

QUIET_SECONDS = 600
MOST_ROWS = 50_000_000
HISTORY = {"ops.quality_results": "checked_at", "ops.reconciliation": "checked_at", "ops.runs": "started_at"}
"""Ledgers that nothing but a person looks back into, and the time that each is partitioned by."""


def maintain(
    session: Session,
    progress: Progress | None = None,
    only: Collection[str] | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
) -> list[Done]:
    """Do all steps, or those of the names in `only`; with `dry_run` say what would be done. One row a thing that was done.

    `now` is the moment that ages are counted from. Raises StoreError when an engine is away.
    """
    unknown = sorted(set(only or ()) - STEPS.keys())
    if unknown:
        raise ConfigurationError(f"no step {unknown[0]!r}", hint=f"one of {', '.join(STEPS)}")
    moment = now or datetime.now(UTC)
    found: list[Done] = []
    for name, step in STEPS.items():
        if only and name not in only:
            continue
        started = time.monotonic()
        for what, count, action in step(session, moment):
            if progress:
                progress(f"{name}: {what}", 0, 0)
            if not dry_run:
                action()
                log.info("maintenance: %s: %s, %d rows", name, what, count)
            now_at = time.monotonic()
            found.append({"step": name, "what": what, "rows": count, "seconds": round(now_at - started, 3)})
            started = now_at
    return found


Todo = tuple[str, int, Callable[[], None]]


# ── what is old ───────────────────────────────────────────────────────────────────────────────────────────────


def _landing(s: Session, now: datetime) -> Iterator[Todo]:
    """Whole months whose last day is older than the days to keep; those that were booked, and not dropped, too."""
    first_kept = _month(now - timedelta(days=s.settings.keep_landed_days))
    booked = retired_up_to(s.ch)
    for r in rows(
        s.ch,
        "SELECT toYYYYMM(landed_at) AS month, count() AS n FROM landing.events GROUP BY month ORDER BY month",
    ):
        if r["month"] < first_kept or r["month"] <= booked:
            yield f"landing.events, raw.rejected {r['month']}", r["n"], partial(_retire, s, r["month"])


def _retire(s: Session, month: int) -> None:
    (book,) = statements(s.renderer.render("maintenance/retire.sql.j2"))
    with postgres.alone(s.pg, "ingest", s.settings.s3_bucket):  # its ledger of objects counts what landed
        s.ch.command(book, parameters={"month": month})
        for table in ("raw.rejected", "landing.events"):  # what tells of the month goes last
            _drop(s.ch, s.settings, table, month)


def _ledgers(s: Session, now: datetime) -> Iterator[Todo]:
    limit = now - timedelta(days=s.settings.keep_ledger_days)
    for table, column in HISTORY.items():
        sql = f"SELECT toYYYYMM({column}) AS month, count() AS n FROM {table} GROUP BY month ORDER BY month"
        for r in rows(s.ch, sql):
            if r["month"] < _month(limit):
                yield f"{table} {r['month']}", r["n"], partial(_drop, s.ch, s.settings, table, r["month"])
    sql = s.renderer.render("maintenance/load_log.sql.j2")
    count = sql.replace("delete from ops.load_log as l", "select count(*) as n from ops.load_log as l")
    (old,) = postgres.rows(s.pg, count, {"limit": limit})
    if old["n"]:
        yield "ops.load_log", old["n"], partial(_execute, s.pg, sql, {"limit": limit})


def _files(s: Session, now: datetime) -> Iterator[Todo]:
    from clickvault.alerts.send import outbox_of

    limit = (now - timedelta(days=s.settings.keep_landed_days)).timestamp()
    airflow = s.settings.airflow_home or s.settings.home / "airflow"
    for folder in (s.settings.home / "manifests", airflow / "logs"):
        old = [p for p in folder.rglob("*") if p.is_file() and p.stat().st_mtime < limit]
        if old:
            yield str(folder), len(old), partial(_remove, old)
    days = s.settings.keep_landed_days
    waiting = [k for k in outbox_of(s.settings).kept() if datetime.fromisoformat(k.kept_at).timestamp() < limit]
    if waiting:
        yield "alerts that could not be sent", len(waiting), partial(_forget, s.settings, days)


# ── what gets tidy ────────────────────────────────────────────────────────────────────────────────────────────


def _optimize(s: Session, _now: datetime) -> Iterator[Todo]:
    (sql,) = statements(s.renderer.render("maintenance/parts.sql.j2"))
    for r in rows(s.ch, sql, {"quiet": QUIET_SECONDS, "most": MOST_ROWS}):
        table = f"{r['database']}.{r['table']}"
        what = f"{table} {r['partition_id']}: {r['parts']} parts into one"
        yield what, r["rows"], partial(_merge, s.ch, s.settings, table, r["partition_id"])


def _merge(ch: Client, settings: Settings, table: str, partition: str) -> None:
    cluster = f" ON CLUSTER {ch_identifier(settings.clickhouse_cluster)}" if settings.clickhouse_cluster else ""
    ch.command(f"OPTIMIZE TABLE {ch_identifier(table)}{cluster} PARTITION ID '{partition}' FINAL")


def _vacuum(s: Session, _now: datetime) -> Iterator[Todo]:
    for r in postgres.rows(
        s.pg,
        "select n.nspname || '.' || c.relname as name, greatest(c.reltuples, 0)::bigint as n from pg_class c"
        " join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname in ('ops', 'vault') and c.relkind in ('r', 'p') and not c.relispartition order by 1",
    ):
        yield r["name"], r["n"], partial(_vacuum_one, s.settings, r["name"])


def _vacuum_one(settings: Settings, table: str) -> None:
    connection = postgres.connect(settings.postgres_url)
    try:
        connection.autocommit = True  # VACUUM runs in no transaction
        with postgres.translated(f"vacuum of {table}"), connection.cursor() as cursor:
            cursor.execute(f"vacuum (analyze, skip_locked) {pg_identifier(table)}")
    finally:
        connection.close()


# ── the small parts ───────────────────────────────────────────────────────────────────────────────────────────


def _month(moment: datetime) -> int:
    return moment.year * 100 + moment.month


def _drop(ch: Client, settings: Settings, table: str, month: int) -> None:
    name = f"{table}_local" if settings.clickhouse_cluster and not table.startswith("ops.") else table
    ch.command(
        on_cluster(
            f"ALTER TABLE {name} DROP PARTITION {int(month)} SETTINGS max_partition_size_to_drop = 0",
            settings.clickhouse_cluster,
        )
    )


def _execute(pg: Any, sql: str, parameters: dict[str, Any]) -> None:
    with postgres.translated("tidying the load log"), pg, pg.cursor() as cursor:
        cursor.execute(sql, parameters)


def _remove(files: list[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def _forget(settings: Settings, days: int) -> None:
    from clickvault.alerts.send import outbox_of

    outbox_of(settings).forget(days)


STEPS: dict[str, Callable[[Session, datetime], Iterator[Todo]]] = {
    "landing": _landing,
    "ledgers": _ledgers,
    "files": _files,
    "optimize": _optimize,
    "vacuum": _vacuum,
}
