"""The days that a calendar makes special: small worlds that end on them go through the judges into the marts, and give what
the events say. Weeks, months and leap days come from the events' own days, so that the day on which the tests run is no matter."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from clickvault.generator import FileWriter, GenerateOptions, generate, last
from clickvault.marts import build as marts
from clickvault.session import Session
from clickvault.sql.render import ch_identifier
from clickvault.stores.clickhouse import rows
from tests.embedded import test_marts_platform as platform
from tests.embedded import test_marts_retention as retention
from tests.embedded.history import Events, active_of, days_of
from tests.embedded.test_marts_views import not_numbers
from tests.worlds import World

USERS, DAYS = 40, 8
ENDS = {
    "a Sunday": datetime(2025, 11, 30, 15, tzinfo=UTC),
    "a month's first day": datetime(2025, 12, 1, 9, tzinfo=UTC),
    "29 February": datetime(2024, 2, 29, 18, 30, tzinfo=UTC),
    "31 December": datetime(2024, 12, 31, 23, 59, tzinfo=UTC),  # of a leap year: its day 366
}


@pytest.fixture
def emptied(prepared: Session) -> Iterator[Session]:
    """The bare stack, with nothing landed and nothing built after the test."""
    yield prepared
    tables = ["landing.events", "raw.rejected", "ops.mart_days"]
    tables += [f"raw.{ch_identifier(name)}" for name in prepared.renderer.registry.events]
    tables += [m.table for m in marts.all_marts(prepared.renderer)]
    for table in tables:
        prepared.ch.command(f"TRUNCATE TABLE {table}")


@pytest.mark.parametrize("end", ENDS)
def test_a_world_that_ends_on(end: str, emptied: Session, tmp_path: Path) -> None:
    s = emptied
    low, high, first = last(days=DAYS, now=ENDS[end])
    options = GenerateOptions(low, high, users=USERS, seed=3, world_start=first)
    manifest = generate(options, s.renderer.registry, {"files": FileWriter(tmp_path)})
    lines = [line for file in sorted(tmp_path.rglob("*.jsonl")) for line in file.read_bytes().splitlines()]
    s.ch.insert(
        "landing.inbox_null",
        [["calendar", "calendar", 0, n, "", None, line] for n, line in enumerate(lines)],
        ["source", "stream", "partition", "offset", "key", "sent_at", "raw"],
        settings={"max_partitions_per_insert_block": 0},
    )
    (refused,) = rows(s.ch, "SELECT count() AS n, groupUniqArrayArray(reasons) AS why FROM raw.dead_letters")
    assert (refused["n"], len(lines)) == (0, manifest.events), refused["why"]

    built = {b.mart: b.days for b in marts.build(s.ch, s.renderer)}
    events: Events = defaultdict(list)
    for line in lines:
        event = json.loads(line)
        events[event["event_type"]].append(event)
    days = days_of(events)
    assert days[-1] == ENDS[end].date()
    assert built["platform_daily"] == built["ties_daily"] == len(days) == DAYS + 1
    assert [m.name for m in marts.all_marts(s.renderer) if marts.stale_days(s.ch, s.renderer, m)] == []

    world = World(s, manifest, tmp_path)
    active: dict[date, set[str]] = {day: set() for day in days} | active_of(events)
    for view in platform.SEGMENTS:
        platform.test_platform(world, events, view)
    retention.test_user_activity_daily(world, events)
    assert retention.active_days(world, active)
    weeks = retention.cohorts(world, events, active)
    assert len(weeks) >= 2
    assert not_numbers(s) == {}


def test_the_ends_are_the_days_that_they_are_called() -> None:
    found = {name: end.date() for name, end in ENDS.items()}
    assert found["a Sunday"].isoweekday() == 7
    assert found["a month's first day"].day == 1
    assert (found["29 February"] + timedelta(days=1)).month == 3
    assert (found["31 December"].month, found["31 December"].timetuple().tm_yday) == (12, 366)
