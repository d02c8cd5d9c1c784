"""Who is passed on, and how fast publications spread: computed again from the generator's files."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from clickvault.marts.build import find, stale_days
from clickvault.stores.clickhouse import rows
from tests.embedded.facts import ANNA, BEN, CLEO, D1, D2, D3, DAN, HERE, OTHER, POST, Facts, at
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


# ── by hand ───────────────────────────────────────────────────────────────────────────────────────────────────

VIEW = "event_time user_id post_id"
POSTED = "event_time post_id author_id"


def test_what_is_done_before_the_publication_is_known_counts_for_nobody(facts: Facts) -> None:
    s = facts.session
    mart = find(s.renderer, "author_virality_daily")
    facts.put("reel", POSTED, (at(D2, 8), POST, ANNA))
    facts.put(
        "post_view", VIEW, (at(D1), BEN, POST), (at(D2, 7), BEN, POST), (at(D2), BEN, POST), (at(D3), CLEO, OTHER)
    )
    facts.put("share", VIEW, (at(D2), BEN, POST))
    facts.put("quote", VIEW, (at(D3), BEN, POST), (at(D3), BEN, OTHER))
    facts.put("like", VIEW, (at(D2), BEN, POST))
    facts.put("like", VIEW, (at(D2, 13), BEN, POST), op="delete")
    facts.build(mart.name)
    ask = "SELECT * FROM marts.v_author_virality_daily"
    found = facts.ask(ask)
    assert [tuple(r.values()) for r in found] == [
        (D2, ANNA, "unknown", 2, 1, 1, 0, 1, 0, 0.5, 1),
        (D3, ANNA, "unknown", 0, 0, 0, 1, 0, 0, None, 1),
    ]
    (sums,) = facts.ask("SELECT sum(views) AS views, sum(quotes) AS quotes FROM marts.author_virality_daily")
    assert sums == {"views": 4, "quotes": 2}, "reconciliation balances with what counts for nobody"
    for day in (D3, D1):  # a day by itself is the same
        facts.build(mart.name, day, day + timedelta(days=1))
    assert facts.ask(ask) == found
    assert stale_days(s.ch, s.renderer, mart) == []
    facts.put("post", POSTED, (at(D1, 8), OTHER, DAN))
    assert stale_days(s.ch, s.renderer, mart) == [D1, D2, D3], "whose publication it is was not known"
    facts.build(mart.name)
    found = facts.ask(f"{ask} WHERE day = '{D3}'")
    assert [(r["author_id"], r["quotes"], r["virality"], r["virality_rank"]) for r in found] == [
        (ANNA, 1, None, 1),
        (DAN, 1, 1, 1),
    ]


def test_a_creation_that_comes_late_makes_only_its_own_day_out_of_date(facts: Facts) -> None:
    """Ages come about where the days meet: views of later days need not be counted again."""
    s = facts.session
    mart = find(s.renderer, "post_spread")
    facts.put("post_view", VIEW, *((at(D1, 8, n * 500_000), ANNA, POST) for n in range(4)), (at(D3, 9), BEN, POST))
    facts.build(mart.name)
    assert facts.ask("SELECT * FROM marts.v_post_spread") == []
    facts.put("post", POSTED, (at(D1, 8, 1_900_000), POST, DAN))  # after its first views: they count as at it
    assert stale_days(s.ch, s.renderer, mart) == [D1]
    facts.build(mart.name, D1, D2)
    reached = {
        n: facts.ask(f"SELECT * FROM marts.v_post_spread_at(views = {n})")[0]["seconds_to_views"] for n in (1, 4, 5, 6)
    }
    assert reached == {1: 0, 4: 0, 5: 49 * 3600 - 1, 6: None}
    (post,) = facts.ask("SELECT * FROM marts.v_post_spread")
    assert tuple(post.values())[:4] == (POST, DAN, "unknown", "post")
    assert (post["views"], post["seconds_to_views"]) == (5, None)


def test_a_curve_ends_after_168_hours(facts: Facts) -> None:
    hours, week = timedelta(hours=1), timedelta(days=7)
    facts.put("story", POSTED, (at(D1), POST, ANNA))
    facts.put("post", POSTED, (at(D1, 13), OTHER, ANNA), (at(D1, 14), HERE, ANNA))
    facts.put("post", POSTED, (at(D1, 15), OTHER, ANNA), op="delete")
    facts.put(
        "post_view",
        VIEW,
        (at(D1) + hours - timedelta(seconds=1), BEN, POST),
        (at(D1) + hours, BEN, POST),
        (at(D1) + week - timedelta(seconds=1), BEN, POST),
        (at(D1) + week, BEN, POST),  # too late to count
        (at(D1, 13), BEN, OTHER),
        (at(D1, 14) + week, BEN, HERE),  # a publication without a view in its week
    )
    facts.build("post_spread", D1, D1 + timedelta(days=9))
    curve = {r["age_hours"]: r for r in facts.ask("SELECT * FROM marts.v_spread_curve")}
    assert set(curve) == set(range(WEEK))
    assert {r["posts"] for r in curve.values()} == {2}
    shares = {hour: curve[hour]["seen_share"] for hour in (0, 1, 166, 167)}
    assert shares == pytest.approx({0: (1 / 3 + 1) / 2, 1: (2 / 3 + 1) / 2, 166: (2 / 3 + 1) / 2, 167: 1})
