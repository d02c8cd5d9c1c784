"""Who is passed on, and how fast publications spread: computed again from the generator's files."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime
from typing import Any

import pytest

from clickvault.clickhouse import rows
from clickvault.marts import find
from tests.worlds import Event, World

Events = dict[str, list[Event]]
PUBLICATIONS = ("post", "story", "reel")
WEEK = 168


def day_of(event: Event) -> date:
    return date.fromisoformat(event["event_time"][:10])


def second_of(event: Event) -> int:
    return int(datetime.fromisoformat(event["event_time"]).timestamp())


@pytest.fixture(scope="module")
def published(events: Events) -> dict[str, Event]:
    """The creation of each publication."""
    made = sorted(
        (e for t in PUBLICATIONS for e in events[t] if e["op"] == "create"),
        key=lambda e: (e["event_time"], e["event_id"]),
    )
    return {e["post_id"]: e for e in reversed(made)}


@pytest.fixture(scope="module")
def ages(events: Events, published: dict[str, Event]) -> dict[str, list[int]]:
    """The ages of a publication's views in seconds, in order."""
    found: dict[str, list[int]] = {post: [] for post in published}
    for e in events["post_view"]:
        found[e["post_id"]].append(max(0, second_of(e) - second_of(published[e["post_id"]])))
    return {post: sorted(some) for post, some in found.items()}


def test_author_virality_daily(world: World, events: Events, published: dict[str, Event]) -> None:
    counted = {
        "post_view": "views", "share": "reposts", "quote": "quotes", "like": "reactions", "reaction": "reactions",
        "comment": "comments", "reply": "comments",
    }  # fmt: skip
    count: dict[tuple[date, str], Counter[str]] = defaultdict(Counter)
    viewers: dict[tuple[date, str], set[str]] = defaultdict(set)
    for event_type, what in counted.items():
        for e in events[event_type]:
            if e["op"] == "create":
                key = (day_of(e), published[e["post_id"]]["author_id"])
                count[key][what] += 1
                if what == "views":
                    viewers[key].add(e["user_id"])
    found = {
        (r["day"], str(r["author_id"])): r
        for r in rows(world.session.ch, "SELECT * FROM marts.v_author_virality_daily")
    }
    assert set(found) == set(count)
    passed_on = {key: n["reposts"] + n["quotes"] for key, n in count.items()}
    for key, row in found.items():
        n = count[key]
        for what in set(counted.values()):
            assert row[what] == n[what], (key, what)
        assert row["viewers"] == len(viewers[key])
        assert row["virality"] == (pytest.approx(passed_on[key] / n["views"], rel=1e-9) if n["views"] else None)
        assert row["virality_rank"] == 1 + sum(
            1 for (d, a), n in passed_on.items() if d == key[0] and n > passed_on[key]
        )
    assert {event for event in counted if not events[event]} == set()
    assert max(r["virality"] or 0 for r in found.values()) > 0
    assert max(r["virality_rank"] for r in found.values()) > 3


def check_spread(
    found: list[dict[str, Any]], published: dict[str, Event], ages: dict[str, list[int]], threshold: int
) -> int:
    """Compare rows of v_post_spread for a number of views; returns how many publications reached it."""
    assert {str(r["post_id"]) for r in found} == set(published)
    for row in found:
        post = str(row["post_id"])
        made, seen = published[post], ages[post]
        assert str(row["author_id"]) == made["author_id"]
        assert row["kind"] == made["event_type"]
        assert row["published_at"].isoformat(timespec="microseconds")[:26] == made["event_time"][:26]
        assert row["views"] == len(seen)
        assert row["seconds_to_views"] == (seen[threshold - 1] if len(seen) >= threshold else None), post
    return sum(1 for r in found if r["seconds_to_views"] is not None)


def test_post_spread(world: World, published: dict[str, Event], ages: dict[str, list[int]]) -> None:
    """The view waits for as many views as its parameter says; another view asks for any number."""
    mart = find(world.session.renderer, "post_spread")
    (waits_for,) = (p.value for p in mart.parameters.values())
    assert waits_for != mart.parameters["spread_views"].default, "the setting did not reach the mart"
    found = rows(world.session.ch, "SELECT * FROM marts.v_post_spread")
    assert 10 < check_spread(found, published, ages, waits_for) < len(published)
    reached = {}
    for n in (1, 2, 100, mart.parameters["spread_views"].default):
        found = rows(world.session.ch, f"SELECT * FROM marts.v_post_spread_at(views = {n})")
        reached[n] = check_spread(found, published, ages, n)
    assert reached[1] > reached[2] > reached[100] > 0
    found = rows(world.session.ch, "SELECT DISTINCT seconds_to_views FROM marts.v_post_spread_at(views = 0)")
    assert found == [{"seconds_to_views": None}]


def test_spread_curve(world: World, published: dict[str, Event], ages: dict[str, list[int]]) -> None:
    curves: dict[date, list[list[float]]] = defaultdict(list)
    for post, seen in ages.items():
        week = [age // 3600 for age in seen if age < WEEK * 3600]
        if week:
            by_hour = Counter(week)
            so_far, curve = 0, []
            for hour in range(WEEK):
                so_far += by_hour[hour]
                curve.append(so_far / len(week))
            curves[day_of(published[post])].append(curve)
    found = {(r["day"], r["age_hours"]): r for r in rows(world.session.ch, "SELECT * FROM marts.v_spread_curve")}
    assert set(found) == {(day, hour) for day in curves for hour in range(WEEK)}
    for (day, hour), row in found.items():
        some = curves[day]
        assert row["posts"] == len(some)
        assert row["seen_share"] == pytest.approx(sum(c[hour] for c in some) / len(some), rel=1e-9)
    assert any(0 < r["seen_share"] < 0.9 for r in found.values()), "everything is seen at once: not tested"
