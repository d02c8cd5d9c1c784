"""The synthetic world hangs together: what is in force, who may do what, what money flows, all told from its events."""

from __future__ import annotations

import bisect
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from clickvault.contract import Registry
from clickvault.generator import GenerateOptions
from clickvault.generator.shapes import check
from clickvault.generator.social.shapes import SHAPES
from clickvault.generator.social.simulate import Simulation
from tests.unit.generated import EPOCH, Event, contracts, events

CURRENCY = {"GB": "GBP", "BR": "BRL", "PL": "PLN", "JP": "JPY", "US": "USD", "CA": "USD", "MX": "USD", "AR": "USD"}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return contracts()


@pytest.fixture(scope="module")
def world() -> list[Event]:
    return events()


@pytest.fixture(scope="module")
def by_type(world: list[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for event in world:
        found[event["event_type"]].append(event)
    return found


@pytest.fixture(scope="module")
def country(by_type: dict[str, list[Event]]) -> dict[str, str]:
    return {e["user_id"]: e["country"] for e in by_type["user"]}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def when(event: Event) -> datetime:
    return at(event["event_time"])


def created(some: list[Event]) -> list[Event]:
    return [e for e in some if e["op"] == "create"]


class Spells:
    """From when until when things are in force, by key."""

    def __init__(self, some: list[Event], *fields: str, symmetric: bool = False) -> None:
        self.of: dict[tuple[str, ...], list[tuple[str, str]]] = defaultdict(list)
        for e in some:
            key = tuple(e[f] for f in fields)
            if symmetric:  # one may have asked, the other have ended it
                key = tuple(sorted(key))
            if e["op"] == "create":
                self.of[key].append((e["event_time"], "9"))
            elif e["op"] == "delete":
                self.of[key][-1] = (self.of[key][-1][0], e["event_time"])

    def held(self, time: str, *key: str) -> bool:
        return any(begins <= time < ends for begins, ends in self.of.get(key, ()))

    def __iter__(self) -> Iterator[tuple[tuple[str, ...], str, str]]:
        return ((key, *spell) for key, spells in self.of.items() for spell in spells)


# ── references ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_reference_names_what_is_there(world: list[Event], registry: Registry) -> None:
    """By the contracts: declared at an earlier or equal time, and not ended yet; no key is declared twice."""
    alive: dict[str, set[str]] = defaultdict(set)
    for event in world:
        spec = registry.events[event["event_type"]]
        declares = None
        for field in spec.fields:
            if field.name not in event or not field.hub_name:
                continue
            if field.hub and not field.hub.describes:
                declares = (field.hub_name, event[field.name])
            else:
                assert event[field.name] in alive[field.hub_name], f"{field.name} of {event}"
        if declares:
            hub, key = declares
            assert (key in alive[hub]) == (event["op"] != "create"), event
            (alive[hub].discard if event["op"] == "delete" else alive[hub].add)(key)


def test_operations_are_those_declared(world: list[Event], registry: Registry) -> None:
    seen: dict[str, set[str]] = defaultdict(set)
    for event in world:
        seen[event["event_type"]].add(event["op"])
    for name, ops in seen.items():
        assert ops <= set(registry.events[name].ops)
    assert seen["donation"] == seen["ad_click"] == seen["subscription_revenue"] == {"create"}


def test_posts_stories_and_reels_share_their_numbers(by_type: dict[str, list[Event]]) -> None:
    for types, key in (
        (("post", "story", "reel"), "post_id"), (("comment", "reply"), "comment_id"), (("photo", "video"), "media_id"),
        (("community", "group"), "community_id"),
    ):  # fmt: skip
        ids = [e[key] for t in types for e in created(by_type[t])]
        assert len(ids) == len(set(ids)) > 20


# ── stories, reels, media ────────────────────────────────────────────────────────────────────────────────────────


def test_stories_pass_after_a_day(by_type: dict[str, list[Event]], world: list[Event]) -> None:
    media = {e["media_id"] for t in ("photo", "video") for e in created(by_type[t])}
    stories = {e["post_id"]: e for e in created(by_type["story"])}
    ended = {e["post_id"]: e["event_time"] for e in by_type["story"] if e["op"] == "delete"}
    horizon = world[-1]["event_time"]
    for post, story in stories.items():
        assert story["media_id"] in media
        assert at(story["expires_at"]) == when(story) + timedelta(days=1)
        if story["expires_at"] < horizon:
            assert ended[post] <= story["expires_at"]
    early = sum(ended[p] < s["expires_at"] for p, s in stories.items() if p in ended)
    assert 0 < early < 0.3 * len(ended)
    views = [v for v in by_type["post_view"] if v["post_id"] in stories]
    assert len(views) > len(stories)
    for view in views:
        assert stories[view["post_id"]]["event_time"] < view["event_time"] < ended.get(view["post_id"], "9")
    reactions = [r for r in created(by_type["reaction"]) if r["post_id"] in stories]
    assert 0 < len(reactions) < 0.2 * len(views)


def test_stories_for_close_friends_are_seen_by_them_alone(by_type: dict[str, list[Event]]) -> None:
    close = Spells(by_type["close_friend"], "user_id", "friend_id")
    stories = {e["post_id"]: e for e in created(by_type["story"]) if e["audience"] == "close_friends"}
    views = [v for v in by_type["post_view"] if v["post_id"] in stories]
    assert len(stories) > 10
    assert len(views) > 10
    for view in views:
        author = stories[view["post_id"]]["author_id"]
        assert close.held(view["event_time"], author, view["user_id"])


def test_reels_have_a_video_and_are_seen_more_than_posts(by_type: dict[str, list[Event]]) -> None:
    videos = {e["media_id"] for e in created(by_type["video"])}
    views = Counter(v["post_id"] for v in by_type["post_view"])
    reels = created(by_type["reel"])
    assert all(e["media_id"] in videos for e in reels)
    mean = {t: np.mean([views[e["post_id"]] for e in created(by_type[t])]) for t in ("post", "reel", "story")}
    assert mean["reel"] > 1.3 * mean["post"] > mean["story"]
    ids = {e["post_id"] for e in reels}
    for name in ("like", "reaction", "comment", "reply", "share", "quote", "report"):
        assert any(e["post_id"] in ids for e in by_type[name]), name


def test_media_have_small_pictures_and_places(by_type: dict[str, list[Event]], world: list[Event]) -> None:
    horizon = at(world[-1]["event_time"]) - timedelta(seconds=10)
    pictures = Counter(e["media_id"] for e in created(by_type["thumbnail"]))
    for name, wanted in (("photo", 1), ("video", 2)):
        for medium in created(by_type[name]):
            if when(medium) < horizon:
                assert pictures[medium["media_id"]] == wanted, medium
    albums = {e["album_id"]: e["owner_id"] for e in created(by_type["album"])}
    inside = [e for t in ("photo", "video") for e in created(by_type[t]) if "album_id" in e]
    assert len({e["album_id"] for e in inside}) > 0.8 * len(albums) > 10
    assert all(albums[e["album_id"]] == e["owner_id"] for e in inside)
    positions: dict[str, list[int]] = defaultdict(list)
    for e in created(by_type["attachment"]):
        positions[e["post_id"]].append(e["position"])
    assert all(p == list(range(1, len(p) + 1)) for p in positions.values())
    assert 0.2 < len(positions) / len(created(by_type["post"])) < 0.4


# ── ties ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_block_ends_what_bound_the_two(by_type: dict[str, list[Event]]) -> None:
    blocks = created(by_type["block"])
    ties = {
        "friend": ("user_id", "friend_id"), "follower": ("follower_id", "followee_id"),
        "close_friend": ("user_id", "friend_id"), "subscription": ("subscriber_id", "creator_id"),
    }  # fmt: skip
    pairs = {frozenset((b["blocker_id"], b["blocked_id"])): b for b in blocks}
    ended: Counter[str] = Counter()
    for name, fields in ties.items():
        for key, _, ends in Spells(by_type[name], *fields, symmetric=name == "friend"):
            block = pairs.get(frozenset(key))
            if block and ends < "9":
                assert ends < block["event_time"], (name, key)
                ended[name] += when(block) - at(ends) < timedelta(milliseconds=5)
    assert ended["friend"] > 2
    assert ended["follower"] > 2
    author = {e["post_id"]: e["author_id"] for t in ("post", "reel", "story") for e in created(by_type[t])}
    spells = Spells(by_type["block"], "blocker_id", "blocked_id")
    for view in by_type["post_view"]:
        other = author[view["post_id"]]
        if frozenset((view["user_id"], other)) in pairs:
            assert not spells.held(view["event_time"], view["user_id"], other)
            assert not spells.held(view["event_time"], other, view["user_id"])


def test_no_tie_is_in_force_while_one_blocks_the_other(world: list[Event]) -> None:
    friends: set[frozenset[str]] = set()
    follows: set[tuple[str, str]] = set()
    close: set[tuple[str, str]] = set()
    for event in world:
        ends = event["op"] == "delete"
        match event["event_type"]:
            case "friend":
                (friends.discard if ends else friends.add)(frozenset((event["user_id"], event["friend_id"])))
            case "follower":
                (follows.discard if ends else follows.add)((event["follower_id"], event["followee_id"]))
            case "close_friend":
                pair = (event["user_id"], event["friend_id"])
                (close.discard if ends else close.add)(pair)
                assert ends or frozenset(pair) in friends, "close friends are friends"
            case "block" if event["op"] == "create":
                pair = (event["blocker_id"], event["blocked_id"])
                assert frozenset(pair) not in friends
                for tied in (follows, close):
                    assert not {pair, pair[::-1]} & tied
    assert close
    assert all(frozenset(pair) in friends for pair in close), "none outlives the friendship"


def test_mutes_end_nothing(by_type: dict[str, list[Event]]) -> None:
    follows = Spells(by_type["follower"], "follower_id", "followee_id")
    mutes = created(by_type["mute"])
    assert len(mutes) > 20
    held = [e for e in mutes if follows.held(e["event_time"], e["muter_id"], e["muted_id"])]
    assert len(held) > 0.8 * len(mutes)
    soon = [(when(e) + timedelta(seconds=10)).isoformat() for e in held]
    assert all(follows.held(t, e["muter_id"], e["muted_id"]) for t, e in zip(soon, held, strict=True))


# ── communities ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_groups_lie_in_a_community(world: list[Event]) -> None:
    parent: dict[str, str] = {}
    members: set[tuple[str, str]] = set()
    inside = 0
    for event in world:
        ends = event["op"] == "delete"
        if event["event_type"] == "group":
            parent[event["community_id"]] = event["parent_id"]
            assert ends or (event["founder_id"], event["parent_id"]) in members or event["op"] == "update"
        elif event["event_type"] == "group_member":
            pair = (event["user_id"], event["community_id"])
            if ends:
                members.discard(pair)
                assert not any(g for g, p in parent.items() if p == pair[1] and (pair[0], g) in members)
            else:
                members.add(pair)
                if pair[1] in parent:
                    inside += 1
                    assert (pair[0], parent[pair[1]]) in members
    assert inside > 30
    assert not set(parent.values()) & set(parent), "no group in a group"


def test_topics_are_opened_by_members_and_used(by_type: dict[str, list[Event]]) -> None:
    members = Spells(by_type["group_member"], "user_id", "community_id")
    topics = {e["topic_id"]: e for e in created(by_type["community_topic"])}
    assert all(members.held(e["event_time"], e["opened_by"], e["community_id"]) for e in topics.values())
    posts = [e for e in created(by_type["post"]) if "community_id" in e]
    filed = [e for e in posts if "topic_id" in e]
    assert len(filed) > 0.55 * len(posts)
    assert all(topics[e["topic_id"]]["community_id"] == e["community_id"] for e in filed)
    assert not [e for e in created(by_type["post"]) if "topic_id" in e and "community_id" not in e]


def test_communities_grow_in_different_ways(by_type: dict[str, list[Event]]) -> None:
    size: dict[str, Counter[int]] = defaultdict(Counter)
    for e in by_type["group_member"]:
        day = (when(e) - EPOCH).days
        size[e["community_id"]][day] += {"create": 1, "update": 0, "delete": -1}[e["op"]]
    shares = []
    for days in size.values():
        total = sum(n for n in days.values())
        if total > 20:
            shares.append(sum(n for d, n in days.items() if d < 10) / total)
    assert len(shares) > 8
    assert min(shares) < 0.6
    assert max(shares) > 1.0, "none shrinks"


# ── money ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_subscriptions_are_charged_every_30_days_while_in_force(
    by_type: dict[str, list[Event]], world: list[Event], country: dict[str, str]
) -> None:
    horizon = world[-1]["event_time"]
    followers = Counter(e["followee_id"] for e in created(by_type["follower"]))
    usual = np.mean([followers[u] for u in country])
    subs = created(by_type["subscription"])
    assert len(subs) > 50
    assert np.mean([followers[e["creator_id"]] for e in subs]) > 3 * usual
    prices: dict[tuple[str, str], set[int]] = defaultdict(set)
    for e in by_type["subscription"]:
        prices[e["currency"], e["tier"]].add(e["price_micros"])
        assert e["currency"] == CURRENCY.get(country[e["subscriber_id"]], "EUR")
    assert {len(p) for p in prices.values()} == {1}
    charges: dict[tuple[str, str], list[Event]] = defaultdict(list)
    for e in by_type["subscription_revenue"]:
        charges[e["subscriber_id"], e["creator_id"]].append(e)
        assert {e["amount_micros"]} == prices[e["currency"], e["tier"]]
        assert date.fromisoformat(e["period_end"]) - date.fromisoformat(e["period_start"]) == timedelta(days=30)
    renewed = 0
    for pair, begins, ends in Spells(by_type["subscription"], "subscriber_id", "creator_id"):
        due = at(begins)
        expected = []
        while due + timedelta(seconds=1) < at(min(ends, horizon) if ends < "9" else horizon):
            expected.append(due)
            due += timedelta(days=30)
        found = charges[pair]
        assert [e["period_start"] for e in found] == [d.date().isoformat() for d in expected]
        assert [round((when(e) - d).total_seconds()) for e, d in zip(found, expected, strict=True)] == [1] * len(found)
        renewed += len(found) > 1
    assert renewed > 5


def test_donations_and_sponsorships_go_to_creators(by_type: dict[str, list[Event]], country: dict[str, str]) -> None:
    followers = Counter(e["followee_id"] for e in created(by_type["follower"]))
    usual = np.mean([followers[u] for u in country])
    author = {e["post_id"]: e["author_id"] for t in ("post", "reel", "story") for e in created(by_type[t])}
    donations = by_type["donation"]
    assert any("post_id" in e for e in donations)
    assert any("post_id" not in e for e in donations)
    for e in donations:
        assert e["currency"] == CURRENCY.get(country[e["donor_id"]], "EUR")
        assert author.get(e.get("post_id", ""), e["creator_id"]) == e["creator_id"] != e["donor_id"]
    for name in ("donation", "sponsorship"):
        assert np.mean([followers[e["creator_id"]] for e in by_type[name]]) > 2 * usual
    for e in by_type["sponsorship"]:
        assert e["event_time"][:10] <= e["starts_on"] < e["ends_on"] or e["op"] != "create"


def test_ads_run_for_their_days_and_cost_what_was_bid(by_type: dict[str, list[Event]], country: dict[str, str]) -> None:
    ads: dict[str, list[Event]] = defaultdict(list)
    for e in by_type["ad"]:
        ads[e["ad_id"]].append(e)
        assert e["currency"] == CURRENCY.get(country[e["advertiser_id"]], "EUR")
        assert e["starts_on"] < e["ends_on"]
    assert len({e["advertiser_id"] for e in by_type["ad"]}) <= 5
    shown: dict[tuple[str, str], str] = {}
    paid = {"cpm": 0, "cpc": 0}
    for name in ("ad_impression", "ad_click"):
        for e in by_type[name]:
            states = ads[e["ad_id"]]
            now = states[bisect.bisect([s["event_time"] for s in states], e["event_time"]) - 1]
            bid = {s["bid_micros"] for s in states}
            assert now["op"] != "delete"
            assert now["starts_on"] <= e["event_time"][:10] <= (now["ends_on"] + "~")
            if name == "ad_impression":
                shown.setdefault((e["user_id"], e["ad_id"]), e["event_time"])
                assert e["cost_micros"] == (now["bid_micros"] // 1000 if now["pricing"] == "cpm" else 0)
            else:
                assert shown[e["user_id"], e["ad_id"]] < e["event_time"]
                assert (e["cost_micros"] in bid) if now["pricing"] == "cpc" else (e["cost_micros"] == 0)
            paid[now["pricing"]] += e["cost_micros"]
            assert e["currency"] == now["currency"]
    assert all(paid.values())
    impressions, clicks = len(by_type["ad_impression"]), len(by_type["ad_click"])
    assert 6 < len(by_type["post_view"]) / impressions < 14
    assert 0.004 < clicks / impressions < 0.03


def test_impressions_come_while_looking(by_type: dict[str, list[Event]]) -> None:
    looks: dict[str, list[str]] = defaultdict(list)
    for view in by_type["post_view"]:
        looks[view["user_id"]].append(view["event_time"])
    for e in by_type["ad_impression"]:
        mine = looks[e["user_id"]]
        last = mine[bisect.bisect(mine, e["event_time"]) - 1]
        assert when(e) - at(last) < timedelta(seconds=21)


# ── users ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_settings_are_chosen_and_changed(by_type: dict[str, list[Event]]) -> None:
    users = len(created(by_type["user"]))
    for name in ("user_settings", "user_privacy"):
        assert 0.3 < len(created(by_type[name])) / users < 0.8
        assert any(e["op"] == "update" for e in by_type[name])


def test_badges_are_given_and_their_levels_rise(by_type: dict[str, list[Event]]) -> None:
    worn: dict[str, dict[str, int]] = defaultdict(dict)
    for event in by_type["user_badges"]:
        now = {b["badge"]: b["level"] for b in event["badges"]}
        before = worn[event["user_id"]]
        assert all(now[badge] >= level for badge, level in before.items())
        assert event["op"] == "delete" or now != before
        worn[event["user_id"]] = now
    assert any(level > 1 for badges in worn.values() for level in badges.values())
    assert any(len(badges) > 2 for badges in worn.values())


def sessions_of(pings: list[Event], horizon: str) -> dict[str, list[tuple[str, str]]]:
    """By user, from when until when they were online; a session that has not ended yet ends with the world."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    online: dict[str, Event] = {}
    for ping in pings:
        user = ping["user_id"]
        if ping["op"] == "delete":
            assert user not in online
        elif ping["status"] == "online":
            assert user not in online, "one session in another"
            online[user] = ping
        else:
            begin = online.pop(user)
            assert begin["device"] == ping["device"]
            found[user].append((begin["event_time"], ping["event_time"]))
    for user, ping in online.items():
        assert timedelta(0) <= at(horizon) - when(ping) < timedelta(hours=6), "a session without an end"
        found[user].append((ping["event_time"], "9"))
    return found


def test_pings_frame_what_people_do(by_type: dict[str, list[Event]], world: list[Event], registry: Registry) -> None:
    sessions = sessions_of(by_type["user_status"], world[-1]["event_time"])
    assert len(by_type["user_status"]) < len(world) / 6
    acted: dict[tuple[str, int], int] = Counter()
    actors = {n: s.actor.name for n, s in registry.events.items() if s.actor and n != "user_status"}
    for event in world:
        if event["event_type"] not in actors or event["op"] == "delete":
            continue
        user = event[actors[event["event_type"]]]
        mine = sessions[user]
        place = bisect.bisect(mine, (event["event_time"], "~")) - 1
        if place >= 0:
            assert event["event_time"] <= mine[place][1], event
            acted[user, place] += 1
        else:
            assert event["event_type"] == "user", event  # nobody is online before they join
    count = sum(map(len, sessions.values()))
    assert 0.01 < 1 - len(acted) / count < 0.15, "sessions in which nothing is done"
    a_day = Counter((user, begin[:10]) for user, mine in sessions.items() for begin, _ in mine)
    assert max(a_day.values()) >= 4
    for mine in sessions.values():
        for (_, end), (begin, _) in pairwise(mine):
            assert end < begin


def test_sessions_end_before_the_next_deed_and_differ_in_length(by_type: dict[str, list[Event]]) -> None:
    pings = by_type["user_status"]
    lengths = [
        (at(end) - at(begin)).total_seconds() / 60
        for mine in sessions_of(pings, pings[-1]["event_time"]).values() for begin, end in mine if end < "9"
    ]  # fmt: skip
    low, middle, high = np.percentile(lengths, [10, 50, 95])
    assert 0.5 < low < middle / 2
    assert 5 < middle < 20 < high < 90
    devices = Counter(p["device"] for p in pings)
    assert set(devices) == {"ios", "android", "web"}
    assert min(devices.values()) > 0.1 * len(pings)


# ── size and spread ──────────────────────────────────────────────────────────────────────────────────────────────


def simulated(users: int, days: int, seed: int) -> Iterator[dict[str, Any]]:
    options = GenerateOptions(EPOCH, EPOCH + timedelta(days=days), users=users, seed=seed)
    return (tables for _, tables in Simulation(options, check(contracts(), SHAPES)).days(days - 1))


@pytest.mark.parametrize("seed", [1, 7, 9])
def test_a_small_world_has_every_type(seed: int, registry: Registry) -> None:
    found = {name for tables in simulated(300, 12, seed) for name, columns in tables.items() if len(columns["t"])}
    assert found == set(registry.events)


def test_a_large_world_has_its_size_and_what_everybody_sees(registry: Registry) -> None:
    counts: Counter[str] = Counter()
    views: list[tuple[Any, Any]] = []
    published = np.zeros(1 << 20, dtype=np.int64)
    for tables in simulated(5_000, 30, 7):
        for name, columns in tables.items():
            counts[name] += len(columns["t"])
            if name in ("post", "reel"):
                published[columns["post_id"]] = np.where(
                    columns["op"] == 0, columns["t"], published[columns["post_id"]]
                )
        views.append((tables["post_view"]["post_id"], tables["post_view"]["t"]))
    assert 1_000_000 <= counts.total() <= 1_500_000
    assert counts["user_status"] < counts.total() / 6
    assert min(counts[name] for name in registry.events) > 100
    post, t = (np.concatenate([v[i] for v in views]) for i in range(2))
    seen = np.bincount(post)
    widely = np.flatnonzero(seen > 1_000)
    assert 2 <= len(widely) <= 60
    hours = [np.sort(t[post == p] - published[p]) / 3.6e9 for p in widely]
    thousandth = [h[999] for h in hours]
    assert min(thousandth) > 3
    assert min(thousandth) < 48
    for h in hours:  # few at first, then ever more, then a long tail
        first, most, late = (np.count_nonzero((h >= low) & (h < low + 12)) for low in (0, 12, 96))
        assert np.count_nonzero(h < 1) < 0.05 * len(h)
        assert late < max(first, most)
