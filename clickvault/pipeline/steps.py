"""The pipeline as steps: ingest, load, graph, marts, reconcile, quality; each does everything that is pending.

`run` does them in order. Steps are idempotent and resume from stored state (positions, watermarks, stale days), not from the
event that triggered them, so they can be run again after a crash anywhere. Quality follows reconcile, because one of
its checks reads the results of reconcile. Breaches, differences and unread sources are raised when all steps are done.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import asdict
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from clickvault.errors import ReconciliationError, UnreadError
from clickvault.reconciliation import Reconciliation
from clickvault.session import Session
from clickvault.sql.render import ch_identifier
from clickvault.stores.clickhouse import rows

if TYPE_CHECKING:
    from clickvault.quality import Result

log = logging.getLogger(__name__)

Step = TypeVar("Step", bound=Callable[..., Any])
Progress = Callable[[str, int, int], None]
"""What long work calls: what it does, how far it is, how far it is to go (0: not known)."""


def _quiet(_what: str, _done: int, _total: int) -> None:
    return None


def _noted(step: Step) -> Step:
    """The step, noted in ops.runs whenever it is run."""

    @wraps(step)
    def noted(session: Session, *args: Any, **kwargs: Any) -> Any:
        from clickvault.pipeline.run_log import logged

        began = time.monotonic()
        with logged(session.ch, step.__name__):
            found = step(session, *args, **kwargs)
        log.info("%s: done in %.1f s: %s", step.__name__, time.monotonic() - began, summary(found))
        return found

    return cast(Step, noted)


def summary(found: Collection[Any]) -> str:
    """A step's result in a line: its rows, and the sum of each whole number in them, zeros left out."""
    sums: dict[str, int] = {}
    for row in found:
        if isinstance(row, dict):
            for key, value in row.items():
                if type(value) is int:
                    sums[key] = sums.get(key, 0) + value
        elif hasattr(row, "ok"):
            sums["ok"] = sums.get("ok", 0) + bool(row.ok)
        elif hasattr(row, "passed"):
            sums["passed"] = sums.get("passed", 0) + bool(row.passed)
    return ", ".join([f"{len(found):,} rows", *(f"{key} {value:,}" for key, value in sums.items() if value)])


@_noted
def ingest(
    session: Session, progress: Progress = _quiet, sources: Collection[str] = ("kafka", "s3")
) -> list[dict[str, Any]]:
    """Wait for Kafka's messages, load new S3 objects. One row a source; what could not be read raises nothing here: see `require_read`."""
    from clickvault.ingest import ingest_kafka, ingest_s3
    from clickvault.ingest.collections import require_addresses
    from clickvault.stores.postgres import alone

    s = session
    require_addresses(s.settings, s.ch)
    found = []
    if "kafka" in sources:
        landing = alone(s.pg, "ingest", "kafka")  # not the bucket's: loading objects may take long
        found.append(ingest_kafka(s.settings, s.renderer, s.ch, progress, landing=landing))
    if "s3" in sources:
        with alone(s.pg, "ingest", s.settings.s3_bucket):  # objects are numbered one after the other
            found.append(ingest_s3(s.settings, s.renderer, s.ch, progress))
    return [asdict(i) for i in found]


def read_again(session: Session) -> list[dict[str, Any]]:
    """Try the objects that were set aside again, and load what can be read. One row, or none: judged, accepted, rejected."""
    from clickvault.ingest import objects
    from clickvault.stores.postgres import alone

    s, bucket = session, session.settings.s3_bucket
    if not objects.set_aside(s.ch, bucket):
        return []
    with alone(s.pg, "ingest", bucket):
        tried = objects.try_again(s.ch, bucket)
        ingest(s, sources=("s3",))
        left = len(objects.set_aside(s.ch, bucket))
    return [{"event_type": "(objects)", "judged": tried, "accepted": max(tried - left, 0), "rejected": left}]


@_noted
def load(
    session: Session, progress: Progress = _quiet, event_types: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """Bridge and merge into the vault, then its PIT and bridge tables. One row an event type.

    With `event_types` only these, and the tables are left to `snapshots`.
    """
    from clickvault import vault
    from clickvault.ingest.collections import require_addresses

    s = session
    require_addresses(s.settings, s.ch)

    def told(event_type: str, done: int, total: int) -> None:
        progress(f"vault: {event_type}", done, total)

    found = vault.load(s.settings, s.renderer, s.ch, s.pg, event_types, told)
    if event_types is None:
        snapshots(s, progress)
    return [asdict(r) for r in found]


def waiting(session: Session) -> list[str]:
    """The event types that `load` has something to do for, owners of hubs first."""
    from clickvault import vault

    return vault.waiting(session.renderer, session.ch, session.pg)


@_noted
def snapshots(session: Session, progress: Progress = _quiet) -> list[dict[str, Any]]:
    """Bring PIT and bridge tables up to the vault. One row a table that changed."""
    from clickvault import vault

    found = vault.build_snapshots(session.renderer, session.pg, lambda what, n, of: progress(f"vault: {what}", n, of))
    return [asdict(r) for r in found]


def newest_day(session: Session) -> date | None:
    """The day of the newest event in raw; None where nothing has landed."""
    names = session.renderer.registry.events
    sql = " UNION ALL ".join(f"SELECT max(event_time) AS newest FROM raw.{ch_identifier(n)}" for n in names)
    (found,) = rows(session.ch, f"SELECT toDate(max(newest)) AS day FROM ({sql})")
    day = found["day"]
    return day if isinstance(day, date) and day.year > 1970 else None


@_noted
def graph(
    session: Session, progress: Progress = _quiet, as_of: date | None = None, force: bool = False
) -> list[dict[str, Any]]:
    """Measure the graph as it is now, kept under `as_of` (default: the day of the newest event). One row a relation."""
    from clickvault import graph as stage
    from clickvault.stores.postgres import alone

    s = session
    day = as_of or newest_day(s)
    if day is None:
        return []
    with alone(s.pg, "graph", "graph"):  # a day is staged in tables that all runs share
        found = stage.run(
            s.settings, s.renderer, s.ch, s.pg, day, progress=lambda what: progress(what, 0, 0), force=force
        )
    return [
        {"as_of": g.as_of, "relation": g.relation, "computed": g.computed, **{k: m.value for k, m in g.metrics.items()}}
        for g in found
    ]


@_noted
def marts(
    session: Session,
    progress: Progress = _quiet,
    start: date | None = None,
    end: date | None = None,
    only: list[str] | None = None,
) -> list[dict[str, Any]]:
    """Rebuild the days that are out of date, or the window [start, end). One row a mart."""
    from clickvault.marts.build import build
    from clickvault.stores.postgres import alone

    with alone(session.pg, "marts", "marts"):  # days are staged in tables that all builds share
        return [asdict(b) for b in build(session.ch, session.renderer, start, end, only, progress)]


@_noted
def reconcile(session: Session, progress: Progress = _quiet, whole: bool = False) -> list[Reconciliation]:
    """All reconciliation checks; they are kept in ops.reconciliation. `whole`: contents are compared of everything, not of what is new alone."""
    from clickvault.reconcile.run import reconcile as stage

    s = session
    return stage(s.settings, s.renderer, s.ch, s.pg, lambda what: progress(what, 0, 0), whole)


@_noted
def quality(session: Session, progress: Progress = _quiet, only: list[str] | None = None) -> list[Result]:
    """Run the quality checks and keep their results; a breach raises nothing here. One result a subject, breaches first."""
    from clickvault import quality as stage

    return stage.run(session.ch, session.renderer, only, progress)


STEPS: dict[str, Callable[..., Any]] = {
    "ingest": ingest,
    "load": load,
    "graph": graph,
    "marts": marts,
    "reconcile": reconcile,
    "quality": quality,
}


def run(
    session: Session, progress: Progress = _quiet, step: Callable[[str, Any], None] | None = None
) -> list[Reconciliation]:
    """All steps in order; `step` is told each one's name and result.

    Raises, when all are done: UnreadError when something could not be read, otherwise ReconciliationError when reconciliation does not balance,
    otherwise QualityError when a check of level error is breached.
    """
    from clickvault.quality import require

    found: dict[str, Any] = {}
    for name, function in STEPS.items():
        found[name] = function(session, progress)
        if step:
            step(name, found[name])
    reconciliations: list[Reconciliation] = found["reconcile"]
    require_read(found["ingest"], reconciliations)
    check(reconciliations)
    require(found["quality"])
    return reconciliations


_UNREAD_HINTS = {
    "s3": "clickvault rejected list; store each object anew, or once it can be read: clickvault rejected replay.",
    "kafka": "clickvault lag; the next run tries the partitions again.",
}


def require_read(ingested: Collection[dict[str, Any]], reconciliations: Collection[Reconciliation] = ()) -> None:
    """Raises UnreadError that names what the steps of ingestion could not read, and how many reconciliation checks do not balance."""
    unread = [{"source": row["source"].partition(":")[0], **u} for row in ingested for u in row["unread"]]
    if not unread:
        return
    broken = sum(not a.ok for a in reconciliations)
    raise UnreadError(
        f"{len(unread)} could not be read, all else was done: "
        + "; ".join(f"{u['what']}: {u['reason']}" for u in unread[:5])
        + (f"; and {len(unread) - 5} more" if len(unread) > 5 else "")
        + (f"; {broken} of {len(reconciliations)} reconciliation checks do not balance" if broken else ""),
        hint=" ".join(dict.fromkeys(u["hint"] or _UNREAD_HINTS[u["source"]] for u in unread)),
        unread=unread,
    )


def check(reconciliations: list[Reconciliation]) -> None:
    """Raises ReconciliationError that names what does not balance."""
    broken = [a for a in reconciliations if not a.ok]
    if broken:
        raise ReconciliationError(
            f"{len(broken)} of {len(reconciliations)} reconciliation checks do not balance: "
            + "; ".join(f"{a.name} ({a.expected} / {a.actual})" for a in broken[:5]),
            hint="clickvault run   (finishes what was cut short); if it stays, clickvault reconcile --json shows all",
            reconciliations=reconciliations,
        )
