"""The demonstration: a month of a small world, and the samples of the domains, through every store, from nothing to a report.

Each part is what its own command does. The world's range is fixed at the first run and kept in <home>/demo.json, so
that a second run makes nothing new; a run that was cut short is finished by the next. Samples that were sent are noted in
<home>/samples.json.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clickvault.errors import ConfigurationError, QualityError
from clickvault.reconciliation import Reconciliation
from clickvault.session import Session
from clickvault.settings import Settings

if TYPE_CHECKING:
    from clickvault.quality import Result


@dataclass(frozen=True)
class DemoWorld:
    """What the demonstration generates."""

    users: int = 2_000
    days: int = 30
    seed: int = 1
    dirt: float = 0.01
    until: datetime | None = None
    """Where its events end; None: now."""


def demo_world(settings: Settings) -> dict[str, Any]:
    """What `world_range` kept at the first run; empty before it."""
    path = settings.home / "demo.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def world_range(settings: Settings, world: DemoWorld) -> dict[str, Any]:
    """The range of the first run: start, end, world_start as ISO texts; `sent` once all of it was sent."""
    from clickvault.generator import last

    if found := demo_world(settings):
        return found
    if world.until and world.until > datetime.now(UTC):
        raise ConfigurationError(
            f"the history can't end in the future: {world.until:%FT%TZ}", hint="clickvault demo --until 2026-01-31"
        )
    start, end, first_day = last(days=world.days, now=world.until)
    found = {
        "start": start.isoformat(), "end": end.isoformat(), "world_start": (first_day or start).isoformat(),
        "users": world.users, "seed": world.seed, "dirt": world.dirt, "sent": False,
    }  # fmt: skip
    keep_world(settings, found)
    return found


def keep_world(settings: Settings, found: dict[str, Any]) -> None:
    """Write down the world that is there, whole or not at all."""
    settings.home.mkdir(parents=True, exist_ok=True)
    path = settings.home / "demo.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    part.replace(path)


def demo(
    session: Session,
    world: DemoWorld,
    report: Path,
    progress: Callable[[str, int, int], None],
    say: Callable[[str], None],
) -> tuple[list[Reconciliation], list[Result]]:
    """Schema, events, the pipeline, the report. The stack must be up. Raises ReconciliationError when reconciliation does not balance.

    A breached check is told and not raised: the world of the first run stands still, so that a day later no topic is fresh.
    """
    from clickvault.dashboards.report import write
    from clickvault.generator.worlds import has_world
    from clickvault.pipeline import migrate as schema
    from clickvault.pipeline.steps import run

    s = session
    changes = schema.init(s.settings, s.renderer, s.ch, s.pg, lambda what: progress("init", 0, 0))
    say(f"init: {len(changes)} objects made or changed")
    _send_samples(s, progress, say)
    if has_world(s.renderer.registry):
        _send_world(s, world, progress, say)
    found: dict[str, Any] = {}

    def step(name: str, result: Any) -> None:
        found[name] = result
        say(f"{name}: done")

    try:
        run(s, progress, step)
    except QualityError as breach:
        say(f"quality: {breach.message}")
    write(s.reader, s.renderer, report)
    return found["reconcile"], found["quality"]


def _send_samples(s: Session, progress: Callable[[str, int, int], None], say: Callable[[str], None]) -> None:
    """Send the samples of the domains that are on to Kafka, each file once. After a crash they are sent again, and count once."""
    from clickvault.demo import produce

    files = [f for d in s.renderer.registry.domains for f in d.files("samples", "*.jsonl")]
    path = s.settings.home / "samples.json"
    sent: list[str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    contents = {hashlib.sha256(f.read_bytes()).hexdigest(): f for f in files}
    new = {digest: f for digest, f in contents.items() if digest not in sent}
    if new:
        done = produce.send(s, new.values(), "kafka", progress)
        path.write_text(json.dumps([*sent, *new]), encoding="utf-8")
        say(f"samples: {done.messages:,} messages of {len(new)} files sent")


def _send_world(
    s: Session, world: DemoWorld, progress: Callable[[str, int, int], None], say: Callable[[str], None]
) -> None:
    """Make the world's events and send them, unless that was done."""
    from clickvault.demo import produce
    from clickvault.generator import GenerateOptions

    fixed = world_range(s.settings, world)
    if fixed["sent"]:
        say(f"generate: {fixed['users']:,} users, {fixed['start'][:10]} to {fixed['end'][:10]}: sent before")
    else:
        options = GenerateOptions(
            datetime.fromisoformat(fixed["start"]),
            datetime.fromisoformat(fixed["end"]),
            users=fixed["users"],
            seed=fixed["seed"],
            dirt=fixed["dirt"],
            world_start=datetime.fromisoformat(fixed["world_start"]),
        )
        manifest = produce.generate(s, options, "both", progress=progress)
        keep_world(s.settings, {**fixed, "sent": True})
        say(
            f"generate: {manifest.messages:,} messages: {manifest.events:,} distinct valid events, "
            f"{manifest.rejected:,} to be rejected, {manifest.duplicates:,} sent twice, {manifest.late:,} late"
        )
