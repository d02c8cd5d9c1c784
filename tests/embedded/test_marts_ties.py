"""How many ties people have, and how far friends of friends reach: computed again from the generator's files."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import date, timedelta
from uuid import UUID

import pytest

from clickvault.stores.clickhouse import rows
from tests.embedded.facts import ANNA, BEN, CLEO, D1, DAN, Facts, at
from tests.worlds import Event, World

Events = dict[str, list[Event]]
Pair = tuple[str, str]
# what a pair is counted as: for the one who says so, and for the other
TIES = {
    "friend": ("user_id", "friend_id", "friends", "friends"),
    "follower": ("follower_id", "followee_id", "following", "followers"),
    "subscription": ("subscriber_id", "creator_id", "subscriptions", "subscribers"),
    "block": ("blocker_id", "blocked_id", "blocks", None),
    "mute": ("muter_id", "muted_id", "mutes", None),
    "close_friend": ("user_id", "friend_id", "close_friends", None),
}
KINDS = {kind for *_, own, other in TIES.values() for kind in (own, other) if kind}


def day_of(event: Event) -> date:
    return date.fromisoformat(event["event_time"][:10])


@pytest.fixture(scope="module")
def here(events: Events) -> dict[date, set[str]]:
    """The users at each day's end."""
    there = {day_of(e) for some in events.values() for e in some}
    out: dict[date, set[str]] = {}
    now: set[str] = set()
    waiting = list(events["user"])
    for day in (min(there) + timedelta(days=i) for i in range((max(there) - min(there)).days + 1)):
        while waiting and day_of(waiting[0]) <= day:
            e = waiting.pop(0)
            (now.discard if e["op"] == "delete" else now.add)(e["user_id"])
        out[day] = set(now)
    return out


@pytest.fixture(scope="module")
def pairs(events: Events, here: dict[date, set[str]]) -> dict[str, dict[date, set[Pair]]]:
    """The pairs of each kind that are tied at each day's end, both of them here."""
    out: dict[str, dict[date, set[Pair]]] = {}
    for event_type, (own, other, *_) in TIES.items():
        now: set[Pair] = set()
        waiting = list(events[event_type])
        out[event_type] = {}
        for day, users in here.items():
            while waiting and day_of(waiting[0]) <= day:
                e = waiting.pop(0)
                pair = (e[own], e[other]) if event_type != "friend" else tuple(sorted((e[own], e[other])))
                (now.discard if e["op"] == "delete" else now.add)(pair)
            out[event_type][day] = {(a, b) for a, b in now if a in users and b in users}
    return out


@pytest.fixture(scope="module")
def degrees(
    here: dict[date, set[str]], pairs: dict[str, dict[date, set[Pair]]]
) -> dict[tuple[date, str], dict[str, int]]:
    """How many ties of a kind each user has at a day's end."""
    out: dict[tuple[date, str], dict[str, int]] = {
        (day, kind): dict.fromkeys(users, 0) for day, users in here.items() for kind in KINDS
    }
    for event_type, (_, _, of_own, of_other) in TIES.items():
        for day, tied in pairs[event_type].items():
            for pair in tied:
                for kind, user in zip((of_own, of_other), pair, strict=True):
                    if kind:
                        out[day, kind][user] += 1
    return out


def test_ties_daily(
    world: World,
    here: dict[date, set[str]],
    pairs: dict[str, dict[date, set[Pair]]],
    degrees: dict[tuple[date, str], dict[str, int]],
) -> None:
    names = {
        "friend": "friendships", "follower": "follows", "subscription": "subscriptions", "block": "blocks",
        "mute": "mutes", "close_friend": "close_friends",
    }  # fmt: skip
    found = {r["day"]: r for r in rows(world.session.ch, "SELECT * FROM marts.v_ties_daily")}
    assert set(found) == set(here)
    for day, row in found.items():
        users = len(here[day])
        assert row["users"] == users
        for event_type, name in names.items():
            assert row[name] == len(pairs[event_type][day]), (day, name)
        for kind in ("friends", "followers", "following"):
            numbers = sorted(degrees[day, kind].values())
            assert row[f"mean_{kind}"] == pytest.approx(sum(numbers) / users, rel=1e-9)
            for name, share in (("median", 0.5), ("p90", 0.9), ("p99", 0.99)):
                assert row[f"{name}_{kind}"] == numbers[math.ceil(users * share) - 1], (day, name, kind)
            assert row[f"max_{kind}"] == numbers[-1]
    last = found[max(found)]
    assert all(last[name] > 0 for name in names.values()), last
    assert last["median_friends"] < last["p90_friends"] < last["max_friends"]


def test_degrees_daily(world: World, degrees: dict[tuple[date, str], dict[str, int]]) -> None:
    expected = {
        (day, kind, degree): (n, n / len(by_user))
        for (day, kind), by_user in degrees.items()
        for degree, n in Counter(by_user.values()).items()
    }
    found = {
        (r["day"], r["tie"], r["degree"]): (r["users"], r["share"])
        for r in rows(world.session.ch, "SELECT * FROM marts.v_degrees_daily")
    }
    assert set(found) == set(expected)
    for key, (users, share) in expected.items():
        assert found[key][0] == users, key
        assert found[key][1] == pytest.approx(share, rel=1e-9)
    assert {kind for _, kind, degree in found if degree > 0} == KINDS


def test_the_last_day_agrees_with_the_measured_graph(world: World) -> None:
    """Two ways to the same numbers: raw events in ClickHouse, and the vault's relations measured in the graph."""
    for kind in ("friends", "followers", "following"):
        (row,) = rows(
            world.session.ch,
            "WITH"
            " (SELECT sumMap([degree], [users]) FROM marts.v_degrees_daily"
            f"  WHERE tie = '{kind}' AND day = (SELECT max(day) FROM marts.ties_daily)) AS counted,"
            f" (SELECT sumMap([{kind}], [toUInt64(1)]) FROM marts.v_user_centrality"
            "  WHERE day = (SELECT max(day) FROM marts.user_centrality)) AS measured"
            " SELECT counted.1 AS a, counted.2 AS b, measured.1 AS c, measured.2 AS d",
        )
        assert (list(row["a"]), list(row["b"])) == (list(row["c"]), list(row["d"])), kind
        assert len(row["a"]) > 3


def test_friendship_depth_daily(
    world: World, here: dict[date, set[str]], pairs: dict[str, dict[date, set[Pair]]]
) -> None:
    """Breadth-first from everybody, in the friendships at the end."""
    users, tied = here[max(here)], pairs["friend"][max(here)]
    friends: dict[str, set[str]] = defaultdict(set)
    for a, b in tied:
        friends[a].add(b)
        friends[b].add(a)
    ends: Counter[int] = Counter()
    for user in users:
        seen, now, level = {user}, {user}, 0
        while now := set().union(*(friends[u] for u in now)) - seen:
            level += 1
            ends[level] += len(now)
            seen |= now
    found = rows(world.session.ch, "SELECT * FROM marts.v_friendship_depth_daily ORDER BY day, level")
    everybody = len(users) * (len(users) - 1) / 2
    assert [r["level"] for r in found] == list(range(1, max(ends) + 1))
    reached = 0
    for row in found:
        level = row["level"]
        reached += ends[level] // 2
        assert row["pairs"] == ends[level] // 2
        assert row["share"] == pytest.approx(row["pairs"] / everybody, rel=1e-9)
        assert row["reached_share"] == pytest.approx(reached / everybody, rel=1e-9)
    assert len(found) > 2


# ── by hand ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_ties_of_users_who_leave_come_back_or_are_not_known(facts: Facts) -> None:
    days = [D1 + timedelta(days=i) for i in range(6)]
    nobody = UUID(int=99)  # of whom only ties are known
    facts.put("user", "event_time user_id", *((at(days[0]), who) for who in (ANNA, BEN, CLEO, DAN)))
    facts.put("user", "event_time user_id", (at(days[1]), ANNA), op="update")
    facts.put("user", "event_time user_id", (at(days[3]), DAN), (at(days[5]), CLEO), op="delete")
    facts.put("user", "event_time user_id", (at(days[4]), DAN))
    tie = "event_time user_id friend_id"
    facts.put("friend", tie, (at(days[0]), ANNA, BEN), (at(days[0], 13), BEN, ANNA))  # one friendship
    facts.put("friend", tie, (at(days[1]), DAN, ANNA), (at(days[1]), nobody, ANNA))
    facts.put("friend", tie, (at(days[2]), BEN, ANNA), op="delete")  # by the other one
    facts.put("friend", tie, (at(days[2], 13), ANNA, CLEO))
    facts.put("friend", tie, (at(days[2], 14), ANNA, CLEO), op="delete")  # never at a day's end
    facts.put("follower", "event_time follower_id followee_id", (at(days[1]), ANNA, BEN), (at(days[1]), BEN, ANNA))
    facts.put("follower", "event_time follower_id followee_id", (at(days[1]), CLEO, DAN))
    facts.build("ties_daily", days[0], days[5] + timedelta(days=1))
    found = facts.ask("SELECT * FROM marts.v_ties_daily")
    assert [(r["day"], r["users"], r["friendships"], r["follows"], r["max_friends"]) for r in found] == [
        (days[0], 4, 1, 0, 1),
        (days[1], 5, 3, 3, 3),
        (days[2], 5, 2, 3, 2),
        (days[3], 4, 1, 2, 1),
        (days[4], 5, 2, 3, 2),
        (days[5], 4, 2, 2, 2),
    ]
    whole = facts.ask("SELECT * FROM marts.v_degrees_daily")
    assert [(r["degree"], r["users"]) for r in whole if r["tie"] == "friends" and r["day"] == days[2]] == [
        (0, 2),
        (1, 2),
        (2, 1),
    ]
    for day in (days[4], days[3], days[1]):  # a day by itself is the same
        facts.build("ties_daily", day, day + timedelta(days=1))
    assert facts.ask("SELECT * FROM marts.v_degrees_daily") == whole
