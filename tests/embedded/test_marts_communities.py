"""The marts of communities and of topics: computed again from the sent files."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

import pytest

from clickvault.stores.clickhouse import rows
from tests.embedded.history import ACTORS, Events, Said, day_of, days_of, in_force_at_end, is_activity, ratio
from tests.worlds import Event, World

ACTS = {
    "post": "posts", "comment": "comments", "reply": "replies", "reaction": "reactions", "like": "reactions",
    "share": "shares", "quote": "quotes", "report": "reports",
}  # fmt: skip


def test_community_daily(world: World, events: Events) -> None:
    days = days_of(events)
    pair = ("user_id", "community_id")
    members = in_force_at_end(events["group_member"], days, pair)
    moderators = in_force_at_end(events["group_moderator"], days, pair)
    joined: Counter[tuple[date, str]] = Counter()
    there: set[tuple[str, str]] = set()
    for e in events["group_member"]:
        key = (e["user_id"], e["community_id"])
        if e["op"] != "delete" and key not in there:
            joined[day_of(e), e["community_id"]] += 1
        (there.discard if e["op"] == "delete" else there.add)(key)
    posts = Said(events, ("post",), "post_id")
    counts: dict[tuple[date, str], Counter[str]] = defaultdict(Counter)
    acted: dict[tuple[date, str], set[str]] = defaultdict(set)
    for event_type, name in ACTS.items():
        for e in events[event_type]:
            post = posts.at(e["post_id"], e["event_time"])
            community = post.get("community_id") if post else None
            if community is None:
                continue
            at = (day_of(e), community)
            if e["op"] == "create":
                counts[at][name] += 1
            if is_activity(e) and (e[ACTORS[event_type]], community) in members[at[0]]:
                acted[at].add(e[ACTORS[event_type]])
    found = {
        (r["day"], str(r["community_id"])): r for r in rows(world.session.ch, "SELECT * FROM marts.v_community_daily")
    }
    assert len(found) > 50
    size = {d: Counter(community for _, community in members[d]) for d in days}
    moderating = {d: Counter(community for _, community in moderators[d]) for d in days}
    for (day, community), row in found.items():
        at, n, c = (day, community), size[day][community], counts[day, community]
        assert (row["members"], row["new_members"], row["moderators"]) == (n, joined[at], moderating[day][community])
        assert {name: row[name] for name in ACTS.values()} == {name: c[name] for name in ACTS.values()}, at
        assert row["moderator_load"] == ratio(c["reports"], row["moderators"])
        assert row["active_members"] == len(acted[at])
        assert row["engagement"] == ratio(len(acted[at]), n)
        assert bool(row["week_complete"]) == (day - timedelta(days=7) in days)
        assert row["growth_7d"] == n - size.get(day - timedelta(days=7), Counter())[community]
    for day in days:
        ranked = [(r["growth_rank"], r["growth_7d"]) for (d, _), r in found.items() if d == day]
        for rank, growth in ranked:
            assert rank == 1 + sum(1 for _, other in ranked if other > growth)
    expected = {*counts, *acted} | {(d, c) for d in days for sizes in (size[d], moderating[d]) for c in sizes}
    assert set(found) == expected


def test_communities_are_shown_by_name(world: World, events: Events) -> None:
    cards = Said(events, ("community", "group"), "community_id")
    found = rows(
        world.session.ch,
        "SELECT DISTINCT community_id, name, parent_id, topic, language FROM marts.v_community_daily",
    )
    groups = 0
    for r in found:
        card = cards.newest(str(r["community_id"]))
        assert card is not None
        above = card
        if card["event_type"] == "group":
            groups += 1
            above = cards.newest(card["parent_id"]) or {}
        assert r["name"] == card["name"]
        assert (str(r["parent_id"]) if r["parent_id"] else None) == card.get("parent_id")
        assert (r["topic"], r["language"]) == (above.get("topic", "unknown"), above.get("language", "unknown"))
    assert 0 < groups < len(found)


TOPICAL = {
    "post": "posts", "reel": "reels", "comment": "comments", "reply": "replies", "reaction": "reactions",
    "like": "reactions", "share": "shares", "quote": "shares",
}  # fmt: skip


@pytest.mark.parametrize(("view", "key"), [("topic_daily", "topic"), ("community_topic_daily", "topic_id")])
def test_topic_daily(world: World, events: Events, view: str, key: str) -> None:
    subjects = Said(events, ("post", "reel"), "post_id")
    counts: dict[tuple[date, str], Counter[str]] = defaultdict(Counter)
    people: dict[tuple[date, str], set[str]] = defaultdict(set)
    for event_type, name in TOPICAL.items():
        for e in events[event_type]:
            subject: Event | dict[str, Any] = subjects.at(e["post_id"], e["event_time"]) or {}
            topic = subject.get(key)
            if topic is not None and e["op"] == "create":
                counts[day_of(e), topic][name] += 1
                people[day_of(e), topic].add(e[ACTORS[event_type]])
    found = {(r["day"], str(r[key])): r for r in rows(world.session.ch, f"SELECT * FROM marts.v_{view}")}
    assert set(found) == set(counts)
    assert len(found) > 50
    titles = Said(events, ("community_topic",), "topic_id")
    names = set(TOPICAL.values()) - ({"reels"} if key == "topic_id" else set())
    discussed: dict[date, list[int]] = defaultdict(list)
    for (day, _), c in counts.items():
        discussed[day].append(c["comments"] + c["replies"])
    for (day, topic), row in found.items():
        c = counts[day, topic]
        assert {name: row[name] for name in names} == {name: c[name] for name in names}, (day, topic)
        assert row["discussion"] == c["comments"] + c["replies"]
        assert row["participants"] == len(people[day, topic])
        assert row["discussion_rank"] == 1 + sum(1 for other in discussed[day] if other > row["discussion"])
        if key == "topic_id":
            card = titles.newest(topic)
            assert card is not None
            assert (row["title"], str(row["community_id"])) == (card["title"], card["community_id"])
