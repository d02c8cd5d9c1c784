"""Commands that generate and send events: generate, send, and demo, which runs the whole pipeline."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from clickvault.cli import show
from clickvault.cli.stack import Json, Quiet
from clickvault.errors import ConfigurationError


class Target(StrEnum):
    """The targets of `generate`."""

    kafka = "kafka"
    s3 = "s3"
    both = "both"
    files = "files"


class Store(StrEnum):
    """The targets of `send`."""

    kafka = "kafka"
    s3 = "s3"


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (generate, send, demo):
        app.command()(command)


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(
            f"a time must be written as 2026-01-31 or 2026-01-31T12:00:00Z, got {text!r}"
        ) from error
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def generate(
    days: Annotated[float, typer.Option(help="Generate N days ending now, as a new world.")] = 0,
    minutes: Annotated[float, typer.Option(help="Generate N minutes ending now, in the existing world.")] = 0,
    start: Annotated[str | None, typer.Option("--from", help="The range's start (UTC).")] = None,
    end: Annotated[str | None, typer.Option("--until", help="The range's end (UTC), excluded.")] = None,
    world_start: Annotated[
        str | None, typer.Option(help="The world's first day; default: the demo's, or 2026-01-01.")
    ] = None,
    users: Annotated[int | None, typer.Option(help="Users in the world; default: the demo's, or 2,000.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Random seed: the same seed gives the same world; default: the demo's, or 1.")
    ] = None,
    to: Annotated[Target, typer.Option("--to", help="The target; both: half of the events each.")] = Target.both,
    dirt: Annotated[float, typer.Option(help="Share of invalid or repeated messages to add, 0 to 0.5.")] = 0.0,
    events: Annotated[int | None, typer.Option(help="Stop after N events.")] = None,
    out: Annotated[Path, typer.Option(help="The folder for --to files.")] = Path("events"),
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Generate events of the domain's world and send them. The same seed and range give the same bytes.

    Example: clickvault generate --from 2026-01-01 --until 2026-01-31 --users 2000 --seed 1 --to files --out events
    """
    from clickvault.demo.demo import demo_world
    from clickvault.demo.produce import generate as make
    from clickvault.generator import GenerateOptions, last
    from clickvault.session import open_session
    from clickvault.settings import get_settings

    known = demo_world(get_settings())  # more of the world that is there, unless another is asked for
    if days or users is not None or seed is not None or world_start is not None:
        known = {}
    users, seed = users or known.get("users", 2_000), known.get("seed", 1) if seed is None else seed
    first_day = _time(world_start or known.get("world_start"))
    low, high = _time(start), _time(end)
    if low is None and high is None:
        low, high, fresh = last(days=days, minutes=minutes)
        first_day = first_day or fresh
    elif low is None or high is None or days or minutes:
        raise ConfigurationError(
            "a range must be --from with --until, or --days, or --minutes", hint="clickvault generate --days 30"
        )
    options = GenerateOptions(low, high, users=users, seed=seed, world_start=first_day, dirt=dirt, events=events)
    with open_session() as s, show.progress(not quiet) as bar:
        manifest = make(s, options, to.value, out, bar)
    if json:
        show.out(manifest.to_json())
        return
    show.table([{"event_type": k, "events": n} for k, n in sorted(manifest.clean.items())])
    if manifest.dirt:
        show.table([{"dirt": k, "messages": n} for k, n in sorted(manifest.dirt.items())])
    show.out(
        f"{manifest.messages:,} messages, {manifest.events:,} distinct valid events, {manifest.rejected:,} to be rejected"
    )
    if to is Target.files:
        show.out(str(out.resolve()))


def send(
    files: Annotated[list[Path], typer.Argument(help="JSON-lines files, also .gz.")],
    to: Annotated[Store, typer.Option("--to", help="The target.")],
    topic: Annotated[
        str,
        typer.Option(
            help="The topic for lines of unknown event types, which become dead letters; default: refuse them."
        ),
    ] = "",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Send JSON-lines files of existing events unchanged. Lines of unknown event types are refused before anything is sent.

    Example: clickvault send events/*.jsonl --to kafka
    """
    from dataclasses import asdict

    from clickvault.demo.produce import send as deliver
    from clickvault.session import open_session

    with open_session() as s, show.progress(not quiet) as bar:
        done = deliver(s, files, to.value, bar, topic)
    if json:
        show.as_json(asdict(done))
    else:
        show.out(f"{done.messages:,} messages sent to {to.value}")


def demo(
    users: Annotated[int, typer.Option(help="Users in the world.")] = 2_000,
    days: Annotated[int, typer.Option(help="Days of history.")] = 30,
    seed: Annotated[int, typer.Option(help="Random seed: the same seed gives the same world.")] = 1,
    dirt: Annotated[float, typer.Option(help="Share of invalid or repeated messages.")] = 0.01,
    until: Annotated[str | None, typer.Option(help="The end of the history (UTC); default: now.")] = None,
    report: Annotated[Path, typer.Option(help="The report file to write.")] = Path("report.html"),
    quiet: Quiet = False,
) -> None:
    """Start the stack (unless the settings name other stores), generate a month of events (or send the domains' samples),
    run the pipeline and write the report.

    A second run adds nothing. Example: clickvault demo
    """
    from clickvault.cli.pipeline import show_reconciliation
    from clickvault.cli.quality import show_quality
    from clickvault.demo.demo import DemoWorld
    from clickvault.demo.demo import demo as everything
    from clickvault.marts.headers import all_marts
    from clickvault.quality import all_checks
    from clickvault.reconcile.counts import counts
    from clickvault.session import open_session
    from clickvault.settings import stores_elsewhere

    elsewhere = stores_elsewhere()
    if not elsewhere:
        from clickvault.embedded import stack

        stack.up(show.say)
    with open_session() as s:
        with show.progress(not quiet) as bar:
            reconciliations, results = everything(
                s, DemoWorld(users, days, seed, dirt, _time(until)), report, bar, _say_with_time()
            )
        show.table(counts(s), title="Rows at every store")
        checks = all_checks(s.renderer)
        view = next((m.views[0].table for m in all_marts(s.renderer)), "ops.v_freshness")
        event_type = next(iter(s.renderer.registry.events))
    show_reconciliation(reconciliations, json=False)
    show_quality(checks, results, json=False)
    show.out(f"report: {report.resolve()}")
    if elsewhere:  # in containers, or on servers of one's own: no stack to look at or stop
        show.out(f'look around: clickvault sql "SELECT * FROM {view}"; clickvault rejected list; clickvault lag')
        return
    show.out(f'look around: clickvault sql "SELECT * FROM {view}"   (without a query: a shell)')
    show.out(f"             clickvault rejected list; clickvault contract show {event_type}; clickvault status")
    show.out("stop:        clickvault down   (the data stays)")


def _say_with_time() -> Callable[[str], None]:
    """A line with the seconds since the start."""
    from time import monotonic

    began = monotonic()
    return lambda text: show.say(f"[{monotonic() - began:6.1f} s] {text}")
