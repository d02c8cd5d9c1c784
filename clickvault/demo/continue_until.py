"""The world goes on: each call makes the events from where the last one ended up to a moment, so that none is left out.

A world whose minutes are made one by one must have no holes: what happens later refers to what happened before. So the
time up to which it was sent is kept in <home>/demo.json beside the world itself, and a run that was missed is made up for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from clickvault.demo.demo import DemoWorld, demo_world, keep_world
from clickvault.demo.produce import generate
from clickvault.errors import ConfigurationError
from clickvault.generator.options import GenerateOptions, last
from clickvault.session import Session

if TYPE_CHECKING:
    from clickvault.generator import Manifest


def follow(
    session: Session,
    until: datetime,
    to: str = "both",
    dirt: float = 0.0,
    world: DemoWorld | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Manifest | None:
    """Send the world's events up to `until` (excluded, UTC); None when they were sent already.

    The world is the one that is there; where there is none, `world` begins, with its days of history.
    """
    settings = session.settings
    found = demo_world(settings) or _begun(session, until, world or DemoWorld())
    start = datetime.fromisoformat(found.get("until") or (found["end"] if found["sent"] else found["start"]))
    if start >= until:
        return None
    options = _options(found, start, until, dirt)
    manifest = generate(session, options, to, progress=progress)
    keep_world(settings, {**found, "sent": True, "until": until.isoformat()})
    return manifest


def period(
    session: Session,
    start: datetime,
    end: datetime,
    to: str = "both",
    dirt: float = 0.0,
    world: DemoWorld | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Manifest:
    """Send the world's events of a past period once more, or for the first time; where there is no world, it begins with it.

    Raises ConfigurationError for a period that the world does not have.
    """
    settings = session.settings
    found = demo_world(settings)
    if not found:
        found = _world(world or DemoWorld(), start, start, end)
        keep_world(settings, found)  # before it is sent: after a crash the same world goes on
    if start < (first_day := datetime.fromisoformat(found["world_start"])):
        raise ConfigurationError(
            f"the world begins at {first_day:%F}, after {start:%F}", hint=f"a period from {first_day:%F} on"
        )
    manifest = generate(session, _options(found, start, end, dirt), to, progress=progress)
    reached = datetime.fromisoformat(found.get("until") or (found["end"] if found["sent"] else found["start"]))
    if start <= reached < end:  # a period that leaves a hole before it moves nothing: `follow` sends the hole, too
        keep_world(settings, {**found, "sent": True, "until": end.isoformat()})
    return manifest


def _begun(session: Session, until: datetime, world: DemoWorld) -> dict[str, Any]:
    start, _, _ = last(days=world.days, now=until)
    found = _world(world, start, start, until)
    keep_world(session.settings, found)
    return found


def _world(world: DemoWorld, first_day: datetime, start: datetime, end: datetime) -> dict[str, Any]:
    return {
        "start": start.isoformat(), "end": end.isoformat(), "world_start": first_day.isoformat(),
        "users": world.users, "seed": world.seed, "dirt": world.dirt, "sent": False,
    }  # fmt: skip


def _options(found: dict[str, Any], start: datetime, end: datetime, dirt: float) -> GenerateOptions:
    first_day = datetime.fromisoformat(found["world_start"])
    return GenerateOptions(start, end, users=found["users"], seed=found["seed"], world_start=first_day, dirt=dirt)
