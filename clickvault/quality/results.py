"""Runs the checks and keeps what came of them: every result of every run stays in ops.quality_results.

ClickHouse holds each subject against its bounds and stores the result itself (templates/quality/_store.sql.j2); here the
results are read back, put into an order, and told. A run that was cut short has kept the checks that it came to.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from clickhouse_connect.driver.exceptions import DatabaseError

from clickvault.errors import DataError, QualityError
from clickvault.quality.checks import Check, all_checks, find, query
from clickvault.sql.parameters import refuse_unknown
from clickvault.stores.clickhouse import rows, server_said

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from clickvault.sql.render import Renderer

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Result:
    """What a check says of one subject: passed when at_least <= value <= at_most; `rows` is how many the value is of.

    A check that found nothing to look at has one result without subject and value, which passes.
    """

    check: str
    level: str
    subject: str
    unit: str
    value: float | None
    at_least: float | None
    at_most: float | None
    passed: bool
    rows: int
    sample: str


_COLUMNS = ", ".join(f.name for f in fields(Result))


def run(
    ch: Client, renderer: Renderer, only: Sequence[str] | None = None, progress: Progress | None = None
) -> list[Result]:
    """Run the checks (or those of the names in `only`), keep the results, and return them: breaches first.

    A breach raises nothing: see `require`. Raises DataError, naming the check, when a query can't be run.
    """
    refuse_unknown(renderer)
    chosen = [find(renderer, name) for name in only] if only else all_checks(renderer)
    run_id, now = uuid4(), datetime.now(UTC)
    for done, check in enumerate(chosen):
        if progress:
            progress(f"check {check.name}", done, len(chosen))
        _run(ch, renderer, check, run_id, now)
    found = _read(ch, "ops.quality_results WHERE run_id = {r:UUID}", {"r": str(run_id)})
    for r in found:
        if not r.passed:
            log.warning("check %s is breached (%s): %s: %s", r.check, r.level, r.subject, r.value)
    return found


def _run(ch: Client, renderer: Renderer, check: Check, run_id: UUID, now: datetime) -> None:
    sql = renderer.render("quality/_store.sql.j2", check=check, sql=query(renderer, check))
    values = {"run_id": str(run_id), "checked_at": now}
    try:
        ch.command(sql, parameters=values)
        ch.command(renderer.render("quality/_nothing.sql.j2", check=check), parameters=values)
    except DatabaseError as error:
        raise DataError(
            f"check {check.name} can't be run: {server_said(error)}", hint=f"clickvault render quality.{check.name}"
        ) from error


def latest(ch: Client, renderer: Renderer) -> list[Result]:
    """The newest results of each check that there is, breaches first; empty before the first run."""
    names = [c.name for c in all_checks(renderer)]
    return _read(ch, "ops.v_quality_latest WHERE has({c:Array(String)}, check)", {"c": names})


def _read(ch: Client, source: str, values: dict[str, Any]) -> list[Result]:
    order = "passed, level = 'warning', check, subject"
    return [Result(**r) for r in rows(ch, f"SELECT {_COLUMNS} FROM {source} ORDER BY {order}", values)]


def runs(ch: Client, limit: int = 20) -> list[dict[str, Any]]:
    """The last runs, the newest first: checked_at, run_id, checks, subjects, errors, warnings, names of breached checks."""
    return rows(ch, "SELECT * FROM ops.v_quality_runs ORDER BY checked_at DESC LIMIT {n:UInt32}", {"n": limit})


def breaches(results: Sequence[Result], level: str = "error") -> list[Result]:
    """The results of that level which did not pass."""
    return [r for r in results if not r.passed and r.level == level]


def require(results: Sequence[Result]) -> None:
    """Raises QualityError that names the breaches of level error, and says what to do about the first."""
    found = breaches(results)
    if found:
        names = list(dict.fromkeys(r.check for r in found))
        raise QualityError(
            f"{len(names)} of {len({r.check for r in results})} checks are breached: "
            + "; ".join(f"{r.check} ({r.subject})" for r in found[:5])
            + (f" and {len(found) - 5} more" if len(found) > 5 else ""),
            hint="clickvault quality   (checks again, and says what to do about each breach)",
            results=results,
        )
