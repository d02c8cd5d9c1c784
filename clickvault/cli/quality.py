"""The command that checks the data: quality; and how results are shown, which `run` and `demo` do, too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clickvault.cli import show
from clickvault.cli.stack import Json, Quiet

if TYPE_CHECKING:
    from clickvault.quality import Check, Result


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(quality)


def quality(
    only: Annotated[list[str] | None, typer.Option("--check", help="Only this check; may be repeated.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Show passed subjects, too.")] = False,
    history: Annotated[bool, typer.Option("--history", help="Show the last runs, without checking.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run the quality checks on the data and store the results. Exits 1 if a check of level error is breached.

    Example: clickvault quality --check orphans --all
    """
    from clickvault.pipeline.steps import STEPS
    from clickvault.quality import all_checks, breaches, runs
    from clickvault.session import open_session

    with open_session() as s:
        if history:
            show.rows(runs(s.ch), json, empty="no run yet: clickvault quality")
            return
        with show.progress(not quiet and not json) as bar:
            results = STEPS["quality"](s, bar, only=only)
        checks = all_checks(s.renderer)
    show_quality(checks, results, json, every)
    if breaches(results):
        raise typer.Exit(1)


def as_object(checks: Sequence[Check], results: Sequence[Result]) -> dict[str, Any]:
    """Results as one object for JSON: whether they passed, one row per check, one row per subject."""
    from clickvault.quality import breaches
    from clickvault.quality.words import summaries

    return {
        "passed": not breaches(results),
        "checks": [
            {
                "check": s.check.name, "title": s.check.title, "level": s.check.level, "verdict": s.verdict,
                "subjects": len(s.looked_at), "breached": len(s.breached), "hint": s.check.hint,
            }
            for s in summaries(checks, results)
        ],
        "results": [asdict(r) for r in results],
    }  # fmt: skip


def show_quality(checks: Sequence[Check], results: Sequence[Result], json: bool, every: bool = False) -> None:
    """Results as tables (one line per check, then the subjects that breach, or all), with what to do; or as JSON."""
    from clickvault.quality.words import bound, number, summaries

    if json:
        show.as_json(as_object(checks, results))
        return
    found = summaries(checks, results)
    show.table(
        [
            {
                "check": s.check.name,
                "breached": f"{len(s.breached)} of {len(s.looked_at)}" + (f": {s.verdict}" if s.breached else ""),
                "worst": number(s.worst.value, s.worst.unit) if s.worst else "", "bound": bound(s.worst) if s.worst else "",
                "of": s.worst.subject if s.worst else "",
            }
            for s in found
        ],
        title="Quality checks",
    )  # fmt: skip
    shown = [r for r in results if not r.passed or (every and r.subject)]
    if shown:
        show.table(
            [
                {
                    "check": r.check, "subject": r.subject, "value": number(r.value, r.unit), "bound": bound(r),
                    "rows": r.rows, "": "passed" if r.passed else r.level, "sample": r.sample,
                }
                for r in shown
            ]
        )  # fmt: skip
    for s in found:
        if s.breached:
            show.out(f"{s.check.name}: {s.check.title} Value: {s.check.value}.\n  Try: {s.check.hint}")
    show.out(verdict(found))


def verdict(found: Sequence[Any]) -> str:
    """The last line: how many checks (Summary) passed, and the names of those that did not."""
    errors = [s.check.name for s in found if s.verdict == "breached"]
    warnings = [s.check.name for s in found if s.verdict == "warning"]
    told = f"; warnings: {', '.join(warnings)}" if warnings else ""
    count = f"{len(found)} check{'s' if len(found) != 1 else ''}"
    if errors:
        return f"NOT trusted: breaches in {len(errors)} of {count}: {', '.join(errors)}{told}"
    return f"trusted: no breach in {count}{told}"
