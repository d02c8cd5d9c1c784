"""What to generate: the world and the range of its events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from clickvault.errors import ConfigurationError

WORLD_START = datetime(2026, 1, 1, tzinfo=UTC)
"""When the world begins if nothing else is said: fixed, so that a range has the same bytes whenever it is asked for."""


@dataclass(frozen=True)
class GenerateOptions:
    """Which events: those of the world (`seed`, `users`, `world_start`) with a time in [start, end).

    `world_start` is cut to the UTC day; None is 2026-01-01. Two ranges continue each other where the world is the same.
    `dirt` is the share of dirty messages, 0 to 0.5; `events` stops after so many events. `batch` is the event time that
    one object or file covers; None chooses by the range: 6 hours from two days on, 1 hour from two hours on, else a
    minute. Raises ConfigurationError for invalid values.
    """

    start: datetime
    end: datetime
    users: int = 2_000
    seed: int = 1
    world_start: datetime | None = None
    dirt: float = 0.0
    events: int | None = None
    batch: timedelta | None = None

    def __post_init__(self) -> None:
        """Reject invalid values."""
        for name, value in (("start", self.start), ("end", self.end), ("world start", self.world_start)):
            if value is not None and value.tzinfo is None:
                raise ConfigurationError(f"{name} has no time zone: {value}", hint="write 2026-01-31T00:00:00Z")
        if self.start >= self.end:
            raise ConfigurationError(f"the range is empty: {self.start:%FT%TZ} to {self.end:%FT%TZ}")
        if self.start < self.epoch:
            raise ConfigurationError(
                f"the world begins at {self.epoch:%F}, after the range's start {self.start:%FT%TZ}",
                hint=f"--world-start {self.start.astimezone(UTC):%F}",
            )
        if not 2 <= self.users <= 10_000_000:
            raise ConfigurationError(f"users must be 2 to 10,000,000, got {self.users}")
        if not 0 <= self.dirt <= 0.5:
            raise ConfigurationError(f"dirt must be a share of 0 to 0.5, got {self.dirt}")
        if self.events is not None and self.events < 1:
            raise ConfigurationError(f"events must be at least 1, got {self.events}")
        if not 0 <= self.seed < 2**63:
            raise ConfigurationError(f"seed must be 0 to 2^63-1, got {self.seed}")
        if self.batch is not None and self.batch < timedelta(seconds=1):
            raise ConfigurationError(f"a batch covers a second at least, got {self.batch}")

    @property
    def epoch(self) -> datetime:
        """The world's first moment: midnight, UTC."""
        start = (self.world_start or WORLD_START).astimezone(UTC)
        return start.replace(hour=0, minute=0, second=0, microsecond=0)

    @property
    def interval(self) -> timedelta:
        """The event time that one object covers."""
        if self.batch is not None:
            return self.batch
        length = self.end - self.start
        if length > timedelta(days=2):
            return timedelta(hours=6)
        return timedelta(hours=1) if length > timedelta(hours=2) else timedelta(minutes=1)

    def micros(self, moment: datetime) -> int:
        """Microseconds from the world's first moment on."""
        return (moment - self.epoch) // timedelta(microseconds=1)


def last(
    *, days: float = 0, minutes: float = 0, now: datetime | None = None
) -> tuple[datetime, datetime, datetime | None]:
    """The range (start, end) that ends now, cut to the minute, and the start of a world for it.

    A range of days has a world that begins with it, at 00:00 of its first day: people who joined before the range would
    be referred to by its events, and never sent. Minutes are of the world that is there already: None, its usual start.
    """
    if (days > 0) == (minutes > 0):
        raise ConfigurationError("either days or minutes must be given", hint="clickvault generate --days 30")
    end = (now or datetime.now(UTC)).astimezone(UTC).replace(second=0, microsecond=0)
    start = end - timedelta(days=days, minutes=minutes)
    first_day = start.replace(hour=0, minute=0, second=0, microsecond=0)
    return (first_day, end, first_day) if days else (start, end, None)
