"""Communities: places for a topic in a language, with members of different ranks, moderators, and one pinned post.

Sizes follow a power law, since people choose among the communities of their language and interest in proportion to a
weight. Founders are members and moderators from the first second.
"""

from __future__ import annotations

import numpy as np

from clickvault.generator.draws import DAY, HOUR, MICRO, MINUTE, NEVER, Bools, Floats, Ints, chance, pick, stream
from clickvault.generator.rows import ABSENT, CREATE, DELETE, UPDATE, Agenda, Columns, join, rows
from clickvault.generator.social.behaviour import (
    COMMUNITIES_CLOSE,
    FADES_AFTER,
    GROWTH_AT_ONCE,
    GROWTH_FADES,
    GROWTH_POWERS,
    GROWTH_WEIGHTS,
    MEMBERSHIPS,
    SETTLE,
    UNFRIENDED,
    USERS_PER_COMMUNITY,
    after,
    before,
    own_end,
)
from clickvault.generator.social.presence import Presence
from clickvault.generator.social.words import CLUBS, LANGUAGES, TOPICS
from clickvault.generator.social.world import INTERESTS, MONTH, World

MEMBER, CONTRIBUTOR, VETERAN = 0, 1, 2
RANKS = ("member", "contributor", "veteran")
VISIBILITIES = ("public", "private")


class Communities:
    """All communities, memberships and moderators that were ever planned.

    `places` has t, end, founder, topic, language, growth, and of a group its parent; `members` and `moderators` are
    spells: user, community, t, end.
    """

    def __init__(self, world: World, presence: Presence) -> None:
        """Begin without any."""
        self.world = world
        self.presence = presence
        none = np.empty(0, np.int64)
        self.places: Columns = rows(none, end=0, founder=0, topic=0, language=0, growth=0, parent=0)
        self.weights = np.empty(0)
        self.members: Columns = rows(none, user=0, community=0, end=0)
        self.moderators: Columns = rows(none, user=0, community=0, end=0)

    @property
    def count(self) -> int:
        """The number of communities and groups that were ever planned."""
        return len(self.weights)

    def add(self, places: Columns, weights: Floats, names: dict[str, str]) -> Ints:
        """Communities or groups are founded, in the order of their rows; returns their numbers."""
        first = self.count
        self.world.pools.add_communities(first, places["language"].tolist(), places["topic"].tolist(), names)
        self.places = join([self.places, places])
        self.weights = np.concatenate([self.weights, weights])
        return np.arange(first, self.count)

    def plan(self, month: int, new: Ints, agenda: Agenda) -> Ints:
        """Put the month's new communities, members and moderators, and their ends, on the agenda; the new ones."""
        rng = stream(self.world.seed, "communities", month)
        founded = self._found(rng, month, agenda)
        user, community = self._choose(rng, month, new)
        self._enter(rng, month, founded, user, community, agenda)
        return founded

    def _found(self, rng: np.random.Generator, month: int, agenda: Agenda) -> Ints:
        people, world = self.world.people, self.world
        usual = world.users // USERS_PER_COMMUNITY
        count = max(4, usual) if month == 0 else max(1, usual // 10)
        opening = month * MONTH * DAY
        able = (people["join"] < max(opening, 2 * HOUR)) & (people["leave"] > opening + MONTH * DAY)
        founder = pick(rng, able * self.world.activity, count)
        t = opening + 3 * HOUR + (rng.random(count) * (MONTH * DAY - 4 * HOUR)).astype(np.int64)
        if month == 0:
            first_day = 2 * HOUR + MINUTE + (rng.random(count) * 4 * HOUR).astype(np.int64)
            t = np.where(chance(rng, count, 0.85), first_day, t)
        t, _ = self.presence.snap(rng, founder, np.sort(t))
        topic, language = people["interest_0"][founder], people["language"][founder]
        closes = t + 5 * DAY + rng.exponential(20 * DAY, count).astype(np.int64)
        stays = people["leave"][founder] - MINUTE  # only its founder closes or changes it
        end = np.where(chance(rng, count, COMMUNITIES_CLOSE) & (closes < stays), closes, NEVER)
        growth = pick(rng, GROWTH_WEIGHTS, count)
        place = rows(t, end=end, founder=founder, topic=topic, language=language, growth=growth, parent=ABSENT)
        numbers = self.add(place, rng.pareto(1.2, count) + 0.3, CLUBS)
        card = {
            "community_id": numbers, "founder_id": founder, "name": 2 * numbers, "topic": topic, "language": language,
            "visibility": chance(rng, count, 0.2).astype(np.int64),
        }  # fmt: skip
        agenda.add("community", t, CREATE, **card)
        when, _ = self.presence.snap(rng, founder, after(rng, t + HOUR, 12))
        changed = chance(rng, count, 0.10) & (when < end - MINUTE) & (when < stays)
        renamed = changed & chance(rng, count, 0.5)
        card["name"] = card["name"] + renamed
        card["visibility"] = np.where(changed & ~renamed, 1 - card["visibility"], card["visibility"])
        agenda.add_where("community", changed, when, UPDATE, **card)
        agenda.add_where("community", end < NEVER, end, DELETE, **card)
        return numbers

    def _choose(self, rng: np.random.Generator, month: int, new: Ints) -> tuple[Ints, Ints]:
        """Who enters what: by one of one's interests, mostly in one's own language."""
        people, count = self.world.people, self.world.count
        wanted = MEMBERSHIPS * np.minimum(self.world.activity, 5.0)
        mean = np.where(np.isin(np.arange(count), new), wanted, 0.08 * wanted)
        mean[people["leave"] < month * MONTH * DAY] = 0
        user = np.repeat(np.arange(count), rng.poisson(mean))
        size = len(user)
        which = rng.integers(INTERESTS, size=size)
        topic = np.choose(which, [people[f"interest_{i}"][user] for i in range(INTERESTS)])
        topic = np.where((topic < 0) | chance(rng, size, 0.2), rng.integers(len(TOPICS), size=size), topic)
        language = np.where(chance(rng, size, 0.85), people["language"][user], 0)
        cell = language * len(TOPICS) + topic
        places = self.places["language"] * len(TOPICS) + self.places["topic"]
        open_now = self.weights * (self.places["end"] > month * MONTH * DAY) * (self.places["parent"] < 0)
        community = pick(rng, open_now, size)  # where a cell has no community, any
        for c in range(len(LANGUAGES) * len(TOPICS)):
            mine = np.flatnonzero(cell == c)
            weights = open_now * (places == c)
            if len(mine) and weights.any():
                community[mine] = pick(rng, weights, len(mine))
        return user, community

    def _enter(
        self, rng: np.random.Generator, month: int, founded: Ints, user: Ints, community: Ints, agenda: Agenda
    ) -> None:
        people, places = self.world.people, self.places
        founder = places["founder"][founded]
        user, community = np.concatenate([founder, user]), np.concatenate([founded, community])
        key = user * (1 << 31) + community
        first = np.sort(np.unique(key, return_index=True)[1])  # a founder's own row comes before a drawn one
        first = first[~np.isin(key[first], self.members["user"] * (1 << 31) + self.members["community"])]
        is_founder = first < len(founded)
        user, community = user[first], community[first]
        ready = np.maximum(people["join"][user] + SETTLE, places["t"][community] + MINUTE)
        growth = places["growth"][community]
        low, span = month * MONTH * DAY + 2 * HOUR, MONTH * DAY - 3 * HOUR
        # in the course of the month: early, evenly, late or early, as the community grows
        rise = rng.random(len(user)) ** np.array(GROWTH_POWERS)[growth]
        start = np.maximum(ready + MINUTE, low + (rise * span).astype(np.int64))
        if month == 0:
            room = np.maximum(DAY - ready - MINUTE, 1)
            today = ready + (rng.random(len(user)) * room).astype(np.int64)
            at_once = np.array(GROWTH_AT_ONCE)[growth]
            start = np.where((ready < DAY - HOUR) & chance(rng, len(user), at_once), today, start)
        start, _ = self.presence.snap(rng, user, start)
        start = np.where(is_founder, places["t"][community] + MICRO, start)
        last = np.minimum(before(people["leave"][user]), before(places["end"][community]))
        fades = chance(rng, len(user), np.array(GROWTH_FADES)[growth])
        own = np.minimum(own_end(rng, start, UNFRIENDED, 20), np.where(fades, after(rng, start, FADES_AFTER), NEVER))
        end = np.minimum(np.where(is_founder, NEVER, own), last)
        self.admit(rng, user, community, start, end, is_founder, agenda)

    def admit(
        self, rng: np.random.Generator, user: Ints, community: Ints, start: Ints, end: Ints, is_founder: Bools,
        agenda: Agenda,
    ) -> None:  # fmt: skip
        """Users are members from `start` to `end`, where that is a while; some rise in rank, some moderate."""
        real = start < end - MICRO
        user, community, start, end = user[real], community[real], start[real], end[real]
        is_founder = is_founder[real]
        self.members = join([self.members, rows(start, user=user, community=community, end=end)])
        self._ranks(rng, user, community, start, end, is_founder, agenda)
        self._moderate(rng, user, community, start, end, is_founder, agenda)

    def _ranks(
        self,
        rng: np.random.Generator,
        user: Ints,
        community: Ints,
        start: Ints,
        end: Ints,
        is_founder: Bools,
        agenda: Agenda,
    ) -> None:
        rank: Ints = np.where(is_founder, VETERAN, MEMBER).astype(np.int64)
        agenda.add("group_member", start, CREATE, user_id=user, community_id=community, rank=rank)
        for share, days in ((0.12, 8.0), (0.4, 10.0)):  # contributors, and of these veterans
            when, _ = self.presence.snap(rng, user, after(rng, start, days))
            rises: Bools = ~is_founder & chance(rng, len(user), share) & (when < end - MICRO)
            if share > 0.2:
                rises &= rank == CONTRIBUTOR
            rank = np.where(rises, rank + 1, rank)
            agenda.add_where("group_member", rises, when, UPDATE, user_id=user, community_id=community, rank=rank)
            start = np.where(rises, when, start)
        agenda.add_where("group_member", end < NEVER, end, DELETE, user_id=user, community_id=community, rank=rank)

    def _moderate(
        self,
        rng: np.random.Generator,
        user: Ints,
        community: Ints,
        start: Ints,
        end: Ints,
        is_founder: Bools,
        agenda: Agenda,
    ) -> None:
        crowd = np.bincount(community, minlength=len(self.weights))[community]
        called = is_founder | chance(rng, len(user), np.minimum(0.5, 1.5 / np.maximum(crowd, 1)))
        user, community, start, end = (x[called] for x in (user, community, start, end))
        founds = is_founder[called]
        start = np.where(founds, start + MICRO, start + HOUR + (rng.random(len(user)) * 3 * DAY).astype(np.int64))
        end = np.minimum(np.where(founds, NEVER, own_end(rng, start, 0.10, 15)), before(end))
        real = start < end - MICRO
        user, community, start, end = user[real], community[real], start[real], end[real]
        self.moderators = join([self.moderators, rows(start, user=user, community=community, end=end)])
        agenda.add("group_moderator", start, CREATE, user_id=user, community_id=community)
        agenda.add_where("group_moderator", end < NEVER, end, DELETE, user_id=user, community_id=community)

    def moderators_at(self, t: Ints, community: Ints) -> Ints:
        """A moderator of each community at each moment, or -1. For few questions."""
        found = np.full(len(t), -1, dtype=np.int64)
        m = self.moderators
        for i, (when, place) in enumerate(zip(t.tolist(), community.tolist(), strict=True)):
            there = np.flatnonzero((m["community"] == place) & (m["t"] < when) & (m["end"] > when + MICRO))
            if len(there):
                found[i] = m["user"][there[i % len(there)]]
        return found
