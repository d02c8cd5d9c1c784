"""A world that goes on has no holes, whatever failed, and whatever period of it was sent in between."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clickvault.demo.continue_until import follow, period
from clickvault.demo.demo import DemoWorld, demo_world, world_range
from clickvault.errors import ConfigurationError
from clickvault.session import Session
from clickvault.settings import Settings

UNTIL = datetime(2026, 1, 10, tzinfo=UTC)
DAY = timedelta(days=1)
WORLD = DemoWorld(users=30, days=4)


def sent(folder: Path) -> set[tuple[str, str]]:
    """Time and id of every event in the files of a folder."""
    events = [json.loads(line) for p in (folder / "events").rglob("*.jsonl") for line in p.read_text().splitlines()]
    return {(e["event_time"], e["event_id"]) for e in events}


def test_a_period_in_between_leaves_no_hole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("plain", "disturbed"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "plain")
    plain = Session(Settings(home=tmp_path / "plain" / "home"))
    assert follow(plain, UNTIL, to="files", world=WORLD)
    assert follow(plain, UNTIL, to="files") is None

    monkeypatch.chdir(tmp_path / "disturbed")
    s = Session(Settings(home=tmp_path / "disturbed" / "home"))
    with pytest.raises(ConfigurationError):  # the world has begun, and nothing of it was sent
        follow(s, UNTIL, to="nowhere", world=WORLD)
    assert not demo_world(s.settings)["sent"]
    period(s, UNTIL - 2 * DAY, UNTIL - DAY, to="files")
    assert follow(s, UNTIL, to="files")
    assert sent(tmp_path / "disturbed") == sent(tmp_path / "plain") != set()
    period(s, UNTIL - DAY / 2, UNTIL + DAY, to="files")  # from within on: the world has come so far
    assert follow(s, UNTIL + DAY, to="files") is None


def test_a_period_that_failed_has_begun_the_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the next command would begin another one, whose people have the same keys."""
    monkeypatch.chdir(tmp_path)
    s = Session(Settings(home=tmp_path / "home"))
    with pytest.raises(ConfigurationError):
        period(s, UNTIL - 3 * DAY, UNTIL, to="nowhere", world=WORLD)
    found = demo_world(s.settings)
    assert (found["world_start"], found["sent"]) == ((UNTIL - 3 * DAY).isoformat(), False)
    assert follow(s, UNTIL, to="files")
    assert min(time for time, _ in sent(tmp_path))[:10] == "2026-01-07"


@pytest.mark.parametrize("end", ["2025-11-30T15:00", "2025-12-01T00:00", "2024-02-29T18:30", "2024-12-31T23:59"])
def test_a_demonstration_ends_where_it_is_told(tmp_path: Path, end: str) -> None:
    """A Sunday, a month's first moment, a leap day, a leap year's last minute: as many days as asked for, whole from the first."""
    until = datetime.fromisoformat(end).replace(tzinfo=UTC)
    settings = Settings(home=tmp_path)
    found = world_range(settings, DemoWorld(users=30, days=30, until=until))
    first = (until - 30 * DAY).replace(hour=0, minute=0)
    assert (found["start"], found["end"], found["world_start"]) == (
        first.isoformat(), until.isoformat(), first.isoformat(),
    )  # fmt: skip
    assert world_range(settings, DemoWorld(users=99)) == found, "a second run is of the same world"


def test_a_demonstration_does_not_end_in_the_future(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="future"):
        world_range(Settings(home=tmp_path), DemoWorld(until=datetime.now(UTC) + DAY))
    assert demo_world(Settings(home=tmp_path)) == {}
