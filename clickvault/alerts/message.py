"""The text of an alert: what ran, for which time, what failed, how many rows it moved, where to look. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

MAX_ERROR = 600
MAX_FAILED = 10


@dataclass(frozen=True)
class Alert:
    """A message for a person: `level` is success or failure."""

    title: str
    body: str
    level: str


@dataclass(frozen=True)
class RunReport:
    """What is known of a run of a DAG. `failed`: task and its error; `rows`: None where no task counted any."""

    dag: str
    run: str
    succeeded: bool
    start: datetime | None = None
    end: datetime | None = None
    rows: int | None = None
    failed: list[tuple[str, str]] = field(default_factory=list)
    link: str = ""


def alert_of(report: RunReport) -> Alert:
    """The alert of a run. It is plain text: whatever shows it changes nothing in it."""
    lines = [("DAG", report.dag), ("run", report.run), ("interval", _interval(report))]
    for task, error in report.failed[:MAX_FAILED]:
        lines.append(("failed", f"{task}: {_short(error)}" if error else task))
    if len(report.failed) > MAX_FAILED:
        lines.append(("", f"and {len(report.failed) - MAX_FAILED} more tasks"))
    if not report.succeeded and not report.failed:
        lines.append(("failed", "no task did: it ran out of time, or was ended by hand"))
    lines.append(("rows", "not counted" if report.rows is None else f"{report.rows:,}"))
    if report.link:
        lines.append(("look", report.link))
    what = "succeeded" if report.succeeded else "FAILED"
    return Alert(
        f"clickvault {report.dag} {what}",
        "\n".join(f"{name}: {text}" if name else text for name, text in lines),
        "success" if report.succeeded else "failure",
    )


def _interval(report: RunReport) -> str:
    if report.start is None or report.end is None:
        return "none, it works off what is there"
    start, end = report.start.astimezone(UTC), report.end.astimezone(UTC)
    if start == end:  # a clock that gives moments, not intervals
        return f"none, at {end:%Y-%m-%d %H:%M} UTC"
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"


def _short(error: str) -> str:
    line = " ".join(error.split())
    return line if len(line) <= MAX_ERROR else f"{line[: MAX_ERROR - 4]} ..."
