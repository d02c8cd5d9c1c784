"""The synthetic world: the same bytes from the same seed, valid events, people who act like people."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import networkx
import numpy as np
import orjson
import pytest

from clickvault.contract import Registry
from clickvault.contract.validation import judge
from clickvault.errors import ConfigurationError, ContractError
from clickvault.generator import FileWriter, GenerateOptions, generate, last
from clickvault.generator.draws import HOUR, stream
from clickvault.generator.encode import Encoder
from clickvault.generator.shapes import Number, check
from clickvault.generator.social.behaviour import comment_delay, facebook_degrees, mean_degree
from clickvault.generator.social.shapes import SHAPES
from clickvault.generator.social.simulate import Simulation
from tests.unit.generated import EPOCH, Collect, contracts, events, run

NOW = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return contracts()


@pytest.fixture(scope="module")
def world() -> list[dict[str, Any]]:
    """All events of 500 people in 35 days: into the second month."""
    return events()


def digest(texts: list[str]) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()


# ── determinism ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_same_seed_and_range_give_the_same_bytes(registry: Registry) -> None:
    assert digest(run(registry, seed=5)) == digest(run(registry, seed=5))
    assert digest(run(registry, seed=5)) != digest(run(registry, seed=6))


@pytest.mark.parametrize("cut", [1.0, 1.37, 2.5])
def test_ranges_continue_each_other(registry: Registry, cut: float) -> None:
    whole = run(registry, days=3)
    assert run(registry, days=cut) + run(registry, start=cut, days=3) == whole


def test_ranges_continue_each_other_over_months(registry: Registry) -> None:
    whole = run(registry, days=62, users=20)
    assert run(registry, days=30.5, users=20) + run(registry, start=30.5, days=62, users=20) == whole


def test_the_number_of_events_can_be_limited(registry: Registry) -> None:
    assert run(registry, events=321) == run(registry)[:321]


def test_dirt_does_not_change_the_clean_events(registry: Registry) -> None:
    clean, dirty = run(registry), run(registry, dirt=0.05)
    assert set(clean) <= set(dirty)


def test_targets_share_the_messages(registry: Registry) -> None:
    kafka, s3 = Collect(), Collect()
    options = GenerateOptions(EPOCH, EPOCH + timedelta(days=2), users=150)
    manifest = generate(options, registry, {"kafka": kafka, "s3": s3})
    assert sorted(kafka.texts + s3.texts) == sorted(run(registry, days=2))
    assert 0.45 < len(kafka.texts) / manifest.events < 0.55
    assert manifest.by_target["kafka"].total() == len(kafka.texts)


# ── the contracts ────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_event_type_comes_in_realistic_proportions(world: list[dict[str, Any]], registry: Registry) -> None:
    counts = Counter(e["event_type"] for e in world)
    assert set(counts) == set(registry.events)
    assert counts.most_common(1)[0][0] == "post_view"
    assert counts["like"] > counts["reaction"] > counts["share"] > counts["report"]
    assert counts["comment"] > counts["post"] > counts["photo"] > counts["video"]


def test_every_clean_event_is_accepted(world: list[dict[str, Any]], registry: Registry) -> None:
    by_type: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for event in world:
        by_type[event["event_type"], event["op"]].append(event)
    for some in by_type.values():
        for event in [*some[:150], *some[-150:]]:
            assert not isinstance(judge(orjson.dumps(event), registry, NOW), list), event


def test_messages_have_the_envelope_first_and_canonical_text(registry: Registry) -> None:
    for text in run(registry, days=1)[:2_000]:
        event = orjson.loads(text)
        spec = registry.events[event["event_type"]]
        order = [f.name for f in spec.all_fields if f.name in event]
        assert list(event) == order
        assert orjson.dumps(event).decode() == text
        assert len(event["event_time"]) == 27


def test_event_ids_are_unique_and_events_in_time_order(world: list[dict[str, Any]]) -> None:
    assert len({e["event_id"] for e in world}) == len(world)
    assert all(a["event_time"] <= b["event_time"] for a, b in itertools.pairwise(world))


def test_every_declared_type_has_a_shape(registry: Registry) -> None:
    assert set(SHAPES) == set(registry.events)


def test_a_field_without_a_value_is_refused_by_name(registry: Registry) -> None:
    shapes = {**SHAPES, "post": {k: v for k, v in SHAPES["post"].items() if k != "text"}}
    with pytest.raises(ContractError, match=r"Post\.text: the generator has no value"):
        check(registry, shapes)


def test_a_value_of_another_kind_is_refused_by_name(registry: Registry) -> None:
    with pytest.raises(ContractError, match=r"Like\.post_id: is uuid, but the generator's value is a Number"):
        check(registry, {"like": {"user_id": SHAPES["like"]["user_id"], "post_id": Number()}})


def test_an_optional_field_without_a_value_is_absent(registry: Registry) -> None:
    shapes = {"photo": {k: v for k, v in SHAPES["photo"].items() if k != "album_id"}}
    (spec,) = check(registry, shapes)
    one = {name: np.ones(1, dtype=np.int64) for name in ("t", "op", *shapes["photo"])}
    assert "album_id" not in Encoder(spec, shapes["photo"], {}, 1, EPOCH).lines(one, np.ones(1, dtype=np.int64))[0]


# ── who is there, and what is in force ───────────────────────────────────────────────────────────────────────────

USER, POST, MEDIA, PLACE = "user", "post", "media", "community"
OWNERS = {  # what an event's fields refer to
    "user_profile": {"user_id": USER}, "user_settings": {"user_id": USER}, "user_privacy": {"user_id": USER},
    "user_badges": {"user_id": USER}, "user_status": {"user_id": USER},
    "friend": {"user_id": USER, "friend_id": USER}, "close_friend": {"user_id": USER, "friend_id": USER},
    "follower": {"follower_id": USER, "followee_id": USER}, "block": {"blocker_id": USER, "blocked_id": USER},
    "mute": {"muter_id": USER, "muted_id": USER}, "subscription": {"subscriber_id": USER, "creator_id": USER},
    "community": {}, "group": {"parent_id": PLACE},
    "group_member": {"user_id": USER, "community_id": PLACE}, "group_moderator": {"user_id": USER, "community_id": PLACE},
    "community_topic": {"community_id": PLACE},
    "album": {"owner_id": USER}, "photo": {"owner_id": USER, "album_id": "album"},
    "video": {"owner_id": USER, "album_id": "album"}, "thumbnail": {"media_id": MEDIA},
    "post": {"author_id": USER, "community_id": PLACE, "topic_id": "topic"},
    "story": {"author_id": USER, "media_id": MEDIA}, "reel": {"author_id": USER, "media_id": MEDIA},
    "attachment": {"media_id": MEDIA, "post_id": POST},
    "post_view": {"user_id": USER, "post_id": POST}, "like": {"user_id": USER, "post_id": POST},
    "reaction": {"user_id": USER, "post_id": POST}, "share": {"user_id": USER, "post_id": POST},
    "quote": {"user_id": USER, "post_id": POST}, "comment": {"author_id": USER, "post_id": POST},
    "reply": {"author_id": USER, "post_id": POST, "parent_id": "comment"},
    "pinned_post": {"post_id": POST, "community_id": PLACE, "moderator_id": USER},
    "report": {"reporter_id": USER, "post_id": POST, "community_id": PLACE},
    "ad": {"advertiser_id": USER}, "ad_impression": {"user_id": USER, "ad_id": "ad"},
    "ad_click": {"user_id": USER, "ad_id": "ad"}, "sponsorship": {"sponsor_id": USER, "creator_id": USER},
    "donation": {"donor_id": USER, "creator_id": USER, "post_id": POST},
    "subscription_revenue": {"subscriber_id": USER, "creator_id": USER},
}  # fmt: skip
KEYS = {  # what is there or in force, by the hub that others name it by
    "user": (USER, "user_id"), "community": (PLACE, "community_id"), "group": (PLACE, "community_id"),
    "community_topic": ("topic", "topic_id"), "album": ("album", "album_id"), "photo": (MEDIA, "media_id"),
    "video": (MEDIA, "media_id"), "thumbnail": ("thumbnail", "thumbnail_id"), "post": (POST, "post_id"),
    "story": (POST, "post_id"), "reel": (POST, "post_id"), "comment": ("comment", "comment_id"),
    "reply": ("comment", "comment_id"), "ad": ("ad", "ad_id"), "pinned_post": ("pinned_post", "community_id"),
    **{name: (name, *OWNERS[name]) for name in (
        "user_profile", "user_settings", "user_privacy", "user_badges", "user_status", "friend", "close_friend",
        "follower", "block", "mute", "subscription", "group_member", "group_moderator", "attachment", "like",
        "reaction", "sponsorship",
    )},
}  # fmt: skip
STAY = {("post", "topic_id"), ("photo", "album_id"), ("video", "album_id")}  # outlive what they refer to, without it


def key_of(event: dict[str, Any]) -> tuple[str, ...]:
    hub, *fields = KEYS[event["event_type"]]
    values = [event[k] for k in fields]
    return (hub, *(sorted(values) if hub == "friend" else values))


def test_life_is_consistent(world: list[dict[str, Any]]) -> None:
    """Nothing names what is not there, begins twice, or ends without a beginning; what ends takes along its own."""
    alive: dict[tuple[str, ...], dict[str, Any]] = {}
    dependents: dict[tuple[str, ...], set[tuple[str, ...]]] = defaultdict(set)
    for event in world:
        name, op = event["event_type"], event["op"]
        owners = [(hub, event[f]) for f, hub in OWNERS.get(name, {}).items() if event.get(f)]
        for owner in owners:
            assert owner in alive, f"{event} names what is not there: {owner}"
        if name not in KEYS:
            continue
        key = key_of(event)
        if op == "create":
            assert key not in alive or name == "pinned_post", f"begins twice: {event}"
            alive[key] = event
            for owner in owners:
                dependents[owner].add(key)
        elif op == "update":
            assert key in alive
            alive[key] = event
        else:
            state = alive.pop(key)
            same = {k: v for k, v in state.items() if k in event and k not in ("event_id", "op", "event_time")}
            if name != "friend":
                assert {k: event[k] for k in same} == same, "a delete carries the last state"
            left = [d for d in dependents.pop(key, ()) if d in alive and key in _lasting_owners_of(alive[d])]
            assert not left, f"{event} leaves {left[:3]}"
            if name == "post":
                assert not any(p["post_id"] == event["post_id"] for k, p in alive.items() if k[0] == "pinned_post")


def _lasting_owners_of(event: dict[str, Any]) -> set[tuple[str, str]]:
    name = event["event_type"]
    return {(hub, event[f]) for f, hub in OWNERS[name].items() if event.get(f) and (name, f) not in STAY}


def test_roles_in_communities(world: list[dict[str, Any]]) -> None:
    """Moderators are members, members post in communities, moderators pin."""
    members: set[tuple[str, str]] = set()
    moderators: set[tuple[str, str]] = set()
    pins = 0
    for event in world:
        name, ends = event["event_type"], event["op"] == "delete"
        if name == "group_member":
            (members.discard if ends else members.add)((event["user_id"], event["community_id"]))
        elif name == "group_moderator":
            pair = (event["user_id"], event["community_id"])
            assert ends or pair in members
            (moderators.discard if ends else moderators.add)(pair)
        elif name == "post" and event["op"] == "create" and event.get("community_id"):
            assert (event["author_id"], event["community_id"]) in members
        elif name == "pinned_post" and not ends:
            pins += 1
            assert (event["moderator_id"], event["community_id"]) in moderators
    assert pins > 10


def test_profiles_follow_accounts_and_change_back(world: list[dict[str, Any]]) -> None:
    created = {e["user_id"]: e["event_time"] for e in world if e["event_type"] == "user" and e["op"] == "create"}
    states: dict[str, list[str]] = defaultdict(list)
    for event in world:
        if event["event_type"] == "user_profile":
            if event["op"] == "create":
                gap = datetime.fromisoformat(event["event_time"]) - datetime.fromisoformat(created[event["user_id"]])
                assert timedelta(0) < gap < timedelta(seconds=10)
            shown = {k: event.get(k) for k in ("display_name", "bio", "contacts")}
            states[event["user_id"]].append(orjson.dumps(shown).decode())
    assert len(states) == len(created)
    assert any(len(s) > 2 and s[i] == s[i + 2] != s[i + 1] for s in states.values() for i in range(len(s) - 2))


def test_users_join_over_time_leave_and_friends_come_back(world: list[dict[str, Any]]) -> None:
    days = Counter(e["event_time"][:10] for e in world if e["event_type"] == "user" and e["op"] == "create")
    assert days["2026-01-01"] >= 400
    assert len(days) > 25
    assert sum(days.values()) > 500  # the second month's cohort
    gone = sum(e["event_type"] == "user" and e["op"] == "delete" for e in world)
    assert 5 < gone < 50
    pairs = Counter(key_of(e) for e in world if e["event_type"] == "friend" and e["op"] == "create")
    assert any(n == 2 for n in pairs.values())


# ── what it looks like ───────────────────────────────────────────────────────────────────────────────────────────


def test_degrees_are_facebook_like() -> None:
    for size, mean in ((1_000, 19), (10_000, 40), (100_000, 72)):
        assert mean_degree(size) == pytest.approx(mean, rel=0.04)
    degrees = facebook_degrees(stream(1, "test"), 20_000, 10_000)
    assert degrees.mean() == pytest.approx(40, rel=0.08)
    low, middle, high = np.percentile(degrees, [10, 50, 90])
    assert low < 4
    assert middle == pytest.approx(97 / 190 * 40, rel=0.2)
    assert high == pytest.approx(435 / 190 * 40, rel=0.2)


def test_friends_cluster(registry: Registry) -> None:
    options = GenerateOptions(EPOCH, EPOCH + timedelta(days=30), users=2_000)
    simulation = Simulation(options, check(registry, SHAPES))
    simulation._new_month(0)
    friends = simulation.ties.friends
    graph = networkx.Graph(list(zip(friends["a"].tolist(), friends["b"].tolist(), strict=True)))
    mean = 2 * graph.number_of_edges() / 2_000
    assert mean == pytest.approx(mean_degree(2_000), rel=0.1)
    assert networkx.average_clustering(graph) > 5 * mean / 2_000
    people = simulation.world.people
    for trait in ("country", "interest_0", "school"):
        values = people[trait]
        alike = (values[friends["a"]] == values[friends["b"]]).mean()
        chance = (values == np.random.default_rng(1).permutation(values)).mean()
        assert alike > 1.5 * chance, trait


def test_comments_come_after_a_power_law_delay() -> None:
    delays = comment_delay(stream(1, "test"), 50_000)
    assert delays.max() <= 24 * HOUR + 1
    assert delays.mean() / HOUR == pytest.approx(6.85, rel=0.02)


def test_days_and_nights_differ(world: list[dict[str, Any]]) -> None:
    where = {e["user_id"]: e["country"] for e in world if e["event_type"] == "user"}
    zone = {"US": -6, "CA": -5, "MX": -6}
    hours = Counter(
        (int(e["event_time"][11:13]) + zone[where[e["author_id"]]]) % 24
        for e in world if e["event_type"] == "post" and where[e["author_id"]] in zone
    )  # fmt: skip
    assert sum(hours[h] for h in (19, 20, 21)) > 4 * sum(hours[h] for h in (2, 3, 4))


def test_likes_come_within_seven_days_and_a_few_are_taken_back(world: list[dict[str, Any]]) -> None:
    posted = {
        e["post_id"]: e["event_time"] for e in world if e["event_type"] in ("post", "reel") and e["op"] == "create"
    }
    likes = [e for e in world if e["event_type"] == "like"]
    created = [e for e in likes if e["op"] == "create"]
    for like in created:
        delay = datetime.fromisoformat(like["event_time"]) - datetime.fromisoformat(posted[like["post_id"]])
        assert timedelta(0) < delay <= timedelta(days=7)
    assert 0.01 < (len(likes) - len(created)) / len(created) < 0.12


# ── options ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"end": EPOCH}, "the range is empty"),
        ({"users": 1}, "users must be"),
        ({"dirt": 0.9}, "dirt must be"),
        ({"events": 0}, "events must be"),
        ({"start": datetime(2025, 1, 1, tzinfo=UTC)}, "the world begins at 2026-01-01"),
        ({"start": datetime(2026, 1, 1)}, "no time zone"),
    ],
)
def test_wrong_options_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        GenerateOptions(**{"start": EPOCH, "end": EPOCH + timedelta(days=1), **wrong})


def test_the_last_days_and_minutes() -> None:
    now = datetime(2026, 5, 6, 7, 8, 9, 10, tzinfo=UTC)
    assert last(minutes=10, now=now) == (
        datetime(2026, 5, 6, 6, 58, tzinfo=UTC), datetime(2026, 5, 6, 7, 8, tzinfo=UTC), None
    )  # fmt: skip
    start, _, world_start = last(days=2, now=now)
    assert start == world_start == datetime(2026, 5, 4, tzinfo=UTC), "who joins before the range is never sent"
    with pytest.raises(ConfigurationError):
        last()


def test_no_target_is_refused(registry: Registry) -> None:
    with pytest.raises(ConfigurationError, match="needs a target"):
        generate(GenerateOptions(EPOCH, EPOCH + timedelta(days=1)), registry, {})


def test_progress_ends_at_one(registry: Registry, tmp_path: Path) -> None:
    seen: list[tuple[float, int]] = []
    options = GenerateOptions(EPOCH, EPOCH + timedelta(days=2), users=50)
    manifest = generate(options, registry, {"files": FileWriter(tmp_path)}, lambda share, n: seen.append((share, n)))
    assert seen[-1] == (1.0, manifest.messages)
    assert seen == sorted(seen)
