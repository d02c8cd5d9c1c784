"""What each user does, on how many days people are here, who stays, and sessions: computed again from the sent files."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from clickvault.stores.clickhouse import rows
from tests.embedded.history import ACTORS, Events, active_of, day_of, days_of, full, is_activity, ratio
from tests.embedded.test_marts_cases import within_one_per_cent
from tests.worlds import World

COUNTED = {
    "views": ["post_view"], "reactions": ["reaction", "like"], "comments": ["comment", "reply"],
    "shares": ["share", "quote"], "posts": ["post"], "stories": ["story"], "reels": ["reel"],
}  # fmt: skip


@pytest.fixture(scope="module")
def active(events: Events) -> dict[date, set[str]]:
    """Who was active on each day."""
    return {day: set() for day in days_of(events)} | active_of(events)


def test_user_activity_daily(world: World, events: Events) -> None:
    counts: dict[tuple[date, str], Counter[str]] = defaultdict(Counter)
    for event_type, actor in ACTORS.items():
        names = [name for name, types in COUNTED.items() if event_type in types]
        for e in filter(is_activity, events[event_type]):
            at = counts[day_of(e), e[actor]]
            at["events"] += 1
            for name in names if e["op"] == "create" else ():
                at[name] += 1
    found = {
        (r["day"], str(r["user_id"])): r for r in rows(world.session.ch, "SELECT * FROM marts.v_user_activity_daily")
    }
    assert set(found) == set(counts)
    for at, row in found.items():
        assert {n: row[n] for n in (*COUNTED, "events")} == {n: counts[at][n] for n in (*COUNTED, "events")}, at


def active_days(world: World, active: dict[date, set[str]]) -> set[int]:
    """Holds the numbers of active days against who was active; returns those that there are."""
    found = {
        (r["day"], r["active_days"]): (bool(r["complete"]), r["users"], r["share"])
        for r in rows(world.session.ch, "SELECT * FROM marts.v_activity_days")
    }
    expected = {}
    for day in active:
        here = Counter(user for i in range(28) for user in active.get(day - timedelta(days=i), ()))
        for number, users in Counter(here.values()).items():
            expected[day, number] = (full(set(active), day, 28), users, pytest.approx(users / len(here)))
    assert found == expected
    return {number for _, number in found}


def test_activity_days(world: World, active: dict[date, set[str]]) -> None:
    assert len(active_days(world, active)) > 8


def cohorts(world: World, events: Events, active: dict[date, set[str]]) -> list[bool]:
    """Holds the cohorts against the events; returns of each of their weeks whether it is over."""
    joined: dict[str, date] = {}
    for e in events["user"]:
        if e["op"] == "create":
            joined.setdefault(e["user_id"], day_of(e))

    def monday(day: date) -> date:
        return day - timedelta(days=day.weekday())

    last = max(active)
    by_week: dict[date, set[str]] = defaultdict(set)
    for user, day in joined.items():
        by_week[monday(day)].add(user)
    expected = {}
    for week, users in by_week.items():
        for after in range((monday(last) - week).days // 7 + 1):
            looked_at = [week + timedelta(days=7 * after + i) for i in range(7)]
            here = {u for d in looked_at for u in active.get(d, ()) if u in users and joined[u] <= d}
            over = looked_at[-1] <= last and looked_at[-1] < datetime.now(UTC).date()
            expected[week, after] = (looked_at[0], over, len(users), len(here), ratio(len(here), len(users)))
    found = {
        (r["cohort_week"], r["weeks_after"]): (
            r["week"], bool(r["complete"]), r["users"], r["active_users"], r["retention"],
        )
        for r in rows(world.session.ch, "SELECT * FROM marts.v_cohort_weekly")
    }  # fmt: skip
    assert found == expected
    return [over for _, over, *_ in found.values()]


def test_cohort_weekly(world: World, events: Events, active: dict[date, set[str]]) -> None:
    """A whole week, and one that is not over."""
    assert set(cohorts(world, events, active)) == {True, False}
    (found,) = rows(world.session.ch, "SELECT uniqExact(cohort_week) AS n FROM marts.v_cohort_weekly")
    assert found["n"] >= 2


@pytest.mark.parametrize("view", ["session_daily", "session_device_daily"])
def test_session_daily(world: World, events: Events, view: str) -> None:
    by_user: dict[str, list[tuple[datetime, bool, str]]] = defaultdict(list)
    for e in events["user_status"]:  # in the order of time and id
        online = e["status"] == "online" and e["op"] != "delete"
        by_user[e["user_id"]].append((datetime.fromisoformat(e["event_time"]), online, e["device"]))
    lengths: dict[tuple[date, str], list[float]] = defaultdict(list)
    people: dict[tuple[date, str], set[str]] = defaultdict(set)
    for user, statuses in by_user.items():
        for (began, online, device), (ended, *_) in pairwise(statuses):
            if online:
                at = (ended.date(), device if "device" in view else "")
                lengths[at].append((ended - began).total_seconds())
                people[at].add(user)
    found = {(r["day"], r.get("device", "")): r for r in rows(world.session.ch, f"SELECT * FROM marts.v_{view}")}
    assert set(found) == set(lengths)
    for at, row in found.items():
        assert (row["sessions"], row["users"]) == (len(lengths[at]), len(people[at])), at
        assert row["mean_seconds"] == ratio(sum(lengths[at]), len(lengths[at]))
        assert row["sessions_per_user"] == ratio(len(lengths[at]), len(people[at]))
        assert within_one_per_cent(row["median_seconds"], lengths[at], 0.5), at
        assert within_one_per_cent(row["p90_seconds"], lengths[at], 0.9), at
    assert sum(map(len, lengths.values())) > 500
