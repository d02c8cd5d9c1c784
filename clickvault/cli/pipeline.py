"""Commands that move data: init, plan, ingest, load, graph, marts, reconcile, run."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from clickvault.cli import show
from clickvault.cli.stack import Json, Quiet
from clickvault.errors import ConfigurationError, QualityError, ReconciliationError, UnreadError


class Source(StrEnum):
    """The sources of `ingest`."""

    kafka = "kafka"
    s3 = "s3"
    both = "both"


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (init, plan, ingest, load, graph, marts, reconcile, run):
        app.command()(command)


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"a day must be written as 2026-01-31, got {text!r}") from error


def init(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would change, without changing it.")] = False,
    new_epoch: Annotated[
        bool, typer.Option("--new-epoch", help="The broker's topics were recreated: register them as new sources.")
    ] = False,
    accept_breaking: Annotated[
        bool,
        typer.Option(
            "--accept-breaking",
            help="Apply narrower limits and removals of fields, topics or event types, too: docs/contracts.md.",
        ),
    ] = False,
    drop_domain: Annotated[
        list[str] | None,
        typer.Option("--drop-domain", help="Confirm that this domain was removed; its rows stay. May be repeated."),
    ] = None,
    json: Json = False,
) -> None:
    """Create or migrate topics, ClickHouse and PostgreSQL. Idempotent. Exits 1 without changes if a contract change breaks something.

    Example: clickvault init
    """
    from clickvault.pipeline import migrate as schema
    from clickvault.session import open_session
    from clickvault.settings import get_settings

    how: dict[str, Any] = {"accept_breaking": accept_breaking, "drop_domains": drop_domain or []}
    if dry_run:
        with open_session() as s:
            changes = schema.plan(s.settings, s.renderer, s.ch, s.pg, **how)
        _changes(changes, json, "nothing to change")
        return
    settings = schema.new_epoch(get_settings()) if new_epoch else None
    with open_session(settings) as s, show.progress() as bar:
        changes = schema.init(s.settings, s.renderer, s.ch, s.pg, lambda what: bar("init", 0, 0), **how)
    _changes(changes, json, "everything is up to date")


def plan(json: Json = False) -> None:
    """Show what init would change, refused changes first; empty right after init.

    Example: clickvault plan --json
    """
    from clickvault.pipeline import migrate as schema
    from clickvault.session import open_session

    with open_session() as s:
        changes = schema.plan(s.settings, s.renderer, s.ch, s.pg)
    _changes(changes, json, "nothing to change")


def _changes(changes: list[Any], json: bool, empty: str) -> None:
    from dataclasses import asdict

    show.rows([asdict(c) for c in changes], json, empty=empty)


def ingest(
    source: Annotated[Source, typer.Argument(help="The source to read.")] = Source.both,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Wait until all committed Kafka messages are in ClickHouse; load new S3 objects.

    Exits 1 if an object or a partition could not be read; everything else has landed then. Example: clickvault ingest kafka
    """
    from clickvault.pipeline.steps import ingest as stage
    from clickvault.pipeline.steps import require_read
    from clickvault.session import open_session

    with open_session() as s, show.progress(not quiet) as bar:
        found = stage(s, bar, ("kafka", "s3") if source is Source.both else (source.value,))
    show.rows(found if json else [{**row, "unread": len(row["unread"])} for row in found], json)
    if not json:
        require_read(found)
    elif any(row["unread"] for row in found):
        raise typer.Exit(1)


def _step(name: str, json: bool, quiet: bool, **options: Any) -> None:
    from clickvault.pipeline.steps import STEPS
    from clickvault.session import open_session

    with open_session() as s, show.progress(not quiet) as bar:
        found = STEPS[name](s, bar, **options)
    show.rows(found, json)


def load(json: Json = False, quiet: Quiet = False) -> None:
    """Load new events into the Data Vault: stage in PostgreSQL, merge, advance the watermark.

    Example: clickvault load
    """
    _step("load", json, quiet)


def graph(
    as_of: Annotated[
        str | None, typer.Option(help="The day under which results are stored; default: that of the newest event.")
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="Measure even if nothing changed; with Neo4j, empty its graph and sync everything again.",
        ),
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Sync and measure the graph of the vault, and write the scores back.

    Example: clickvault graph
    """
    _step("graph", json, quiet, as_of=_day(as_of), force=force)


def marts(
    start: Annotated[str | None, typer.Option("--from", help="First day.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="The day after the last one.")] = None,
    only: Annotated[list[str] | None, typer.Option("--mart", help="Only this mart; may be repeated.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Rebuild the stale days of the marts, or a window of days.

    Example: clickvault marts --from 2026-01-01 --to 2026-02-01
    """
    _step("marts", json, quiet, start=_day(start), end=_day(end), only=only)


def reconcile(
    every: Annotated[bool, typer.Option("--all", help="Show the checks that balance, too.")] = False,
    json: Json = False,
) -> None:
    """Prove that nothing was lost or changed: count and compare, from what was sent to the marts. Exits 1 unless all checks balance.

    The contents of the whole vault are compared; `clickvault run` compares those of what it loaded.

    Example: clickvault reconcile --json
    """
    from clickvault.pipeline.steps import reconcile as stage
    from clickvault.session import open_session

    with open_session() as s, show.progress(not json) as bar:
        reconciliations = stage(s, bar, whole=True)
    show_reconciliation(reconciliations, json, every)
    if not all(a.ok for a in reconciliations):
        raise typer.Exit(1)


def show_reconciliation(reconciliations: list[Any], json: bool, every: bool = False) -> None:
    """The reconciliation checks as a table (those that do not balance first), or as JSON."""
    if json:
        show.as_json(_as_object(reconciliations))
        return
    rows = _as_object(reconciliations)["checks"]
    broken = [r for r in rows if not r["ok"]]
    if every or broken:
        show.table([*broken, *(r for r in rows if r["ok"] and every)])
    waiting = sum(r["waiting"] for r in rows)
    show.out(
        f"balanced: {len(rows) - waiting} reconciliation checks"
        if not broken
        else f"NOT balanced: {len(broken)} of {len(rows)} reconciliation checks"
    )
    if waiting:
        show.out(
            f"waiting:  {waiting} reconciliation checks of graph and marts, for what came after their last run: clickvault run"
        )


def _as_object(reconciliations: list[Any]) -> dict[str, Any]:
    rows = [
        {"name": a.name, "expected": a.expected, "actual": a.actual, "ok": a.ok, "waiting": a.waiting}
        for a in reconciliations
    ]
    return {"balanced": all(a.ok for a in reconciliations), "checks": rows}


def run(json: Json = False, quiet: Quiet = False) -> None:
    """Run all steps: ingest, load, graph, marts, reconcile, quality. Each resumes where it stopped.

    Exits 1 if a source could not be read, reconciliation does not balance or a check of level error is breached. Example: clickvault run
    """
    from time import monotonic

    from clickvault.cli.quality import as_object, show_quality
    from clickvault.pipeline.steps import run as pipeline
    from clickvault.quality import all_checks
    from clickvault.session import open_session

    began = [monotonic()]
    found: dict[str, Any] = {}
    problem: ReconciliationError | QualityError | UnreadError | None = None

    def step(name: str, result: object) -> None:
        now = monotonic()
        found[name] = result
        if not quiet:
            show.say(f"{datetime.now():%H:%M:%S} {name}: done in {now - began[0]:.1f} s")
        began[0] = now

    with open_session() as s, show.progress(not quiet) as bar:
        try:
            pipeline(s, bar, step)
        except (
            ReconciliationError,
            QualityError,
            UnreadError,
        ) as error:  # all steps are done: what they found is shown first
            problem = error
        checks = all_checks(s.renderer)
    if json:
        unread = [u for row in found["ingest"] for u in row["unread"]]
        show.as_json(
            {**_as_object(found["reconcile"]), "quality": as_object(checks, found["quality"]), "unread": unread}
        )
    else:
        show_reconciliation(found["reconcile"], json)
        show_quality(checks, found["quality"], json)
    if problem and not json:
        raise problem
    if problem:
        raise typer.Exit(1)
