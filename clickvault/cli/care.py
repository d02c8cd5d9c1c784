"""Commands for operation: lag, maintenance."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from clickvault.cli import show
from clickvault.cli.stack import Json, Quiet


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(lag)
    app.command()(maintenance)


def lag(json: Json = False) -> None:
    """Show each topic group's consumers and lag. Exits 1 if a group has no consumer.

    Example: clickvault lag --json
    """
    from clickvault.ingest.consumers import queues
    from clickvault.session import open_session

    with open_session() as s:
        found = queues(s.settings, s.renderer, s.ch)
    show.rows([{**asdict(q), "alive": q.alive} for q in found], json)
    if not all(q.alive for q in found):
        if not json:
            show.say("Try:   clickvault init")
        raise typer.Exit(1)


def maintenance(
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--step", help="Run only this step: landing, ledgers, files, optimize or vacuum. May be repeated."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be done, without doing it.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Apply retention (recorded in ops.retired), OPTIMIZE old ClickHouse partitions, VACUUM PostgreSQL.

    CLICKVAULT_KEEP_LANDED_DAYS and CLICKVAULT_KEEP_LEDGER_DAYS set the retention. Example: clickvault maintenance --dry-run
    """
    from clickvault.pipeline.maintenance import maintain
    from clickvault.session import open_session

    with open_session() as s, show.progress(not quiet and not json) as bar:
        found = maintain(s, bar, only, dry_run)
    show.rows(found, json, empty="nothing to do")
