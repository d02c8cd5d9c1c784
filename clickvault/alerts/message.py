"""The text of an alert: what ran, for which time, what failed, how many rows it moved, where to look. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

MAX_ERROR = 600
MAX_FAILED = 10


@dataclass(frozen=True)
class Alert:
    """A message for a person: `level` is success, failure or info."""

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


def recovery_of(report: RunReport, since: datetime, failed: int) -> Alert:
    """The alert of the first run that succeeded behind failed ones."""
    found = alert_of(report)
    runs = f"{failed} run{'s' if failed > 1 else ''} failed since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return Alert(f"clickvault {report.dag} works again", f"{found.body}\nbefore: {runs}", "success")


def digest_of(dags: Mapping[str, Mapping[str, int]], since: datetime, until: datetime) -> Alert:
    """The runs of an interval in one message: of each DAG how many succeeded and failed, and the rows they moved."""
    runs, failed = (sum(d[what] for d in dags.values()) for what in ("succeeded", "failed"))
    lines = [f"from {since.astimezone(UTC):%Y-%m-%d %H:%M} to {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC"]
    for dag, d in sorted(dags.items()):
        again = f", {d['failed']:,} failed as before" if d["failed"] else ""
        lines.append(f"{dag}: {d['succeeded']:,} succeeded{again}, {d['rows']:,} rows")
    title = f"clickvault digest: {runs:,} runs succeeded" + (f", {failed:,} failed as before" if failed else "")
    return Alert(title, "\n".join(lines), "failure" if failed else "success")


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
