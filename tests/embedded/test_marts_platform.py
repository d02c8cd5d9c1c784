"""The platform's marts, whole and by segment, and the funnel: computed again from the sent files."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest

from clickvault.stores.clickhouse import rows
from tests.embedded.history import ACTORS, Events, Said, day_of, days_of, full, is_activity, ratio, where
from tests.worlds import World

COUNTED = {
    "posts": ["post"], "stories": ["story"], "reels": ["reel"], "comments": ["comment", "reply"],
    "reactions": ["reaction"], "likes": ["like"], "shares": ["share", "quote"], "views": ["post_view"],
    "new_users": ["user"],
}  # fmt: skip
Segment = tuple[str, ...]
# The segments that someone of a country and a language counts in, by view.
SEGMENTS: dict[str, Callable[[str, str], list[Segment]]] = {
    "daily": lambda country, language: [()],
    "segment_daily": lambda country, language: [(country, language)],
    "slice_daily": lambda country, language: [*product((country, "all"), (language, "all"))],
}


def answered(world: World, view: str) -> dict[tuple[date, Segment], dict[str, Any]]:
    """A view's rows by day and segment."""
    found = rows(world.session.ch, f"SELECT * FROM marts.v_{view}")
    by_key = {(r["day"], tuple(r[d] for d in ("country", "language") if d in r)): r for r in found}
    assert len(by_key) == len(found)
    return by_key


@pytest.mark.parametrize("view", SEGMENTS)
def test_platform(world: World, events: Events, view: str) -> None:
    """Each row equals what the events say: an act counts where its actor was at its time."""
    users = Said(events, ("user",), "user_id")
    found = answered(world, f"platform_{view}")
    numbers: dict[tuple[date, Segment], Counter[str]] = defaultdict(Counter)
    active: dict[tuple[date, Segment], set[str]] = defaultdict(set)
    for event_type, actor in ACTORS.items():
        names = [name for name, types in COUNTED.items() if event_type in types]
        for e in events[event_type]:
            for segment in SEGMENTS[view](*where(users, e[actor], e["event_time"])):
                at = (day_of(e), segment)
                if is_activity(e):
                    active[at].add(e[actor])
                for name in names if e["op"] == "create" else ():
                    numbers[at][name] += 1
    days, segments = days_of(events), {s for _, s in active}
    expected = {(d, s) for d in days for s in segments if any((d - timedelta(days=i), s) in active for i in range(30))}
    assert set(found) == expected
    there = {day for day, _ in active}
    for (day, s), row in found.items():
        n = numbers[day, s]
        complete = (True, full(there, day, 7), full(there, day, 30))  # the world is over
        assert tuple(bool(row[c]) for c in ("complete", "week_complete", "month_complete")) == complete, day
        assert {name: row[name] for name in COUNTED} == {name: n[name] for name in COUNTED}, (day, s)
        interactions = n["comments"] + n["reactions"] + n["likes"] + n["shares"]
        assert row["interactions_per_post"] == ratio(interactions, n["posts"] + n["stories"] + n["reels"])
        dau, wau, mau = (
            len(set().union(*(active.get((day - timedelta(days=i), s), set()) for i in range(size))))
            for size in (1, 7, 30)
        )
        assert (row["dau"], row["wau"], row["mau"]) == (dau, wau, mau), (day, s)
        assert row["dau_wau"] == ratio(dau, wau)
        assert row["wau_mau"] == ratio(wau, mau)
        assert row["stickiness"] == ratio(dau, mau)
    assert len(segments) > 5 or view == "daily"


STEPS = (("post_view",), ("reaction", "like"), ("comment", "reply"), ("share", "quote"))


@pytest.fixture(scope="module")
def went(events: Events) -> dict[tuple[date, str], tuple[int, str]]:
    """How many steps each user went on each day, and the time of the first one, for those who took it."""
    acts: dict[tuple[date, str], list[tuple[str, int]]] = defaultdict(list)
    for step, event_types in enumerate(STEPS):
        for event_type in event_types:
            for e in events[event_type]:
                if e["op"] == "create":
                    acts[day_of(e), e[ACTORS[event_type]]].append((e["event_time"], step))
    out = {}
    for at, some in acts.items():
        reached = 0
        for _, step in sorted(some):
            reached += step == reached
        if reached:
            out[at] = reached, min(time for time, step in some if step == 0)
    return out


@pytest.mark.parametrize("view", SEGMENTS)
def test_funnel(world: World, events: Events, went: dict[tuple[date, str], tuple[int, str]], view: str) -> None:
    users = Said(events, ("user",), "user_id")
    counts: dict[tuple[date, Segment], Counter[int]] = defaultdict(Counter)
    for (day, user), (reached, first) in went.items():
        for segment in SEGMENTS[view](*where(users, user, first)):
            counts[day, segment].update(range(1, reached + 1))
    found = answered(world, f"funnel_{view}")
    assert set(found) == set(counts)
    for at, row in found.items():
        steps = [counts[at][i] for i in (1, 2, 3, 4)]
        assert [row["viewed"], row["reacted"], row["commented"], row["shared"]] == steps, at
        assert row["view_to_reaction"] == ratio(steps[1], steps[0])
        assert row["reaction_to_comment"] == ratio(steps[2], steps[1])
        assert row["comment_to_share"] == ratio(steps[3], steps[2])
        assert row["view_to_share"] == ratio(steps[3], steps[0])
    assert sum(c[4] for c in counts.values()) > 10
