"""Circles: the groups inside communities, and the topics that communities talk about.

A group is a community with a parent, in which only members of the parent are, and only while they are. A topic is
opened by a member of its community; most of the community's posts are filed under one.
"""

from __future__ import annotations

import numpy as np

from clickvault.generator.draws import DAY, HOUR, MICRO, MINUTE, NEVER, Ints, Lists, chance, stream
from clickvault.generator.rows import CREATE, DELETE, UPDATE, Agenda, Columns, join, rows
from clickvault.generator.social import behaviour as b
from clickvault.generator.social.behaviour import after, before, own_end
from clickvault.generator.social.communities import Communities
from clickvault.generator.social.pools import TITLES
from clickvault.generator.social.presence import Presence
from clickvault.generator.social.words import CIRCLES, TOPICS
from clickvault.generator.social.world import MONTH, World


class Groups:
    """Makes the groups of one month after the other; they are kept among the communities."""

    def __init__(self, world: World, presence: Presence, communities: Communities) -> None:
        """Begin without groups."""
        self.world = world
        self.presence = presence
        self.communities = communities

    def plan(self, month: int, fresh: Ints, agenda: Agenda) -> Ints:
        """Found groups in the communities that this month brought, and let members of these enter; the new ones."""
        rng = stream(self.world.seed, "groups", month)
        places, members = self.communities.places, self.communities.members
        wanted = rng.poisson(b.GROUPS, len(fresh))
        wanted[:1] = np.maximum(wanted[:1], month == 0)  # a small world has a group, too
        parent = np.repeat(fresh, wanted)
        at = Lists(members["community"], self.communities.count).sample(rng, parent)
        parent, at = parent[at >= 0], at[at >= 0]
        founder = members["user"][at]
        t, _ = self.presence.snap(rng, founder, after(rng, members["t"][at] + MINUTE, 2))
        closes = np.where(chance(rng, len(t), b.COMMUNITIES_CLOSE), after(rng, t, 20), NEVER)
        end = np.minimum(closes, before(places["end"][parent]))
        end = np.minimum(end, before(self.world.people["leave"][founder]))
        # the founder stays in the parent until the group is well begun
        real = (t < members["end"][at] - HOUR) & (t < end - HOUR)
        parent, at, founder, t, end = parent[real], at[real], founder[real], t[real], end[real]
        order = np.argsort(t, kind="stable")
        parent, at, founder, t, end = parent[order], at[order], founder[order], t[order], end[order]
        numbers = self._found(rng, parent, founder, t, end, agenda)
        if len(numbers):
            self._enter(rng, numbers, at, agenda)
        return numbers

    def _found(self, rng: np.random.Generator, parent: Ints, founder: Ints, t: Ints, end: Ints, agenda: Agenda) -> Ints:
        places = self.communities.places
        topic, language, growth = (places[k][parent] for k in ("topic", "language", "growth"))
        numbers = self.communities.add(
            rows(t, end=end, founder=founder, topic=topic, language=language, growth=growth, parent=parent),
            np.zeros(len(t)), CIRCLES,
        )  # fmt: skip
        card = {
            "community_id": numbers, "parent_id": parent, "founder_id": founder, "name": 2 * numbers,
            "visibility": chance(rng, len(t), 0.5).astype(np.int64),
        }  # fmt: skip
        agenda.add("group", t, CREATE, **card)
        when, _ = self.presence.snap(rng, founder, after(rng, t + HOUR, 10))
        renamed = (
            chance(rng, len(t), 0.15) & (when < end - MINUTE) & (when < self.world.people["leave"][founder] - MINUTE)
        )
        card["name"] = card["name"] + renamed
        agenda.add_where("group", renamed, when, UPDATE, **card)
        agenda.add_where("group", end < NEVER, end, DELETE, **card)
        return numbers

    def _enter(self, rng: np.random.Generator, numbers: Ints, founder_at: Ints, agenda: Agenda) -> None:
        """`founder_at`: which spells the founders have in the parents."""
        members, places = self.communities.members, self.communities.places
        groups, spells = [numbers], [founder_at]
        for number, at in zip(numbers.tolist(), founder_at.tolist(), strict=True):
            others = (members["community"] == members["community"][at]) & (members["user"] != members["user"][at])
            there = np.flatnonzero(others)
            there = there[chance(rng, len(there), b.GROUP_SHARE)]
            groups.append(np.full(len(there), number))
            spells.append(there)
        group, spell = np.concatenate(groups), np.concatenate(spells)
        is_founder = np.arange(len(group)) < len(numbers)
        opened, closed = places["t"][group], places["end"][group]
        user = members["user"][spell]
        start, _ = self.presence.snap(rng, user, after(rng, np.maximum(members["t"][spell], opened) + MINUTE, 5))
        start = np.where(is_founder, opened + MICRO, start)
        last = np.minimum(before(members["end"][spell]), before(closed))
        own = np.minimum(np.where(is_founder, NEVER, own_end(rng, start, 0.08, 12)), last)
        self.communities.admit(rng, user, group, start, own, is_founder, agenda)


class Topics:
    """All topics of all communities: community, t, end."""

    def __init__(self, world: World, presence: Presence, communities: Communities) -> None:
        """Begin without topics."""
        self.world = world
        self.presence = presence
        self.communities = communities
        self.open: Columns = rows(np.empty(0, np.int64), community=0, end=0)
        self._lists = Lists(np.empty(0, np.int64), 0)

    def plan(self, month: int, fresh: Ints, agenda: Agenda) -> None:
        """Members open topics in this month's communities and groups and, now and then, in the others."""
        rng = stream(self.world.seed, "topics", month)
        places, members = self.communities.places, self.communities.members
        count = self.communities.count
        mean = np.full(count, b.MORE_TOPICS)
        mean[fresh] = b.TOPICS_PER_COMMUNITY
        drawn = rng.poisson(mean)
        drawn[fresh] += 1
        place = np.repeat(np.arange(count), drawn)
        at = Lists(members["community"], count).sample(rng, place)
        place, at = place[at >= 0], at[at >= 0]
        opener = members["user"][at]
        t = after(rng, np.maximum(members["t"][at], month * MONTH * DAY) + MINUTE, b.TOPICS_AFTER)
        t, _ = self.presence.snap(rng, opener, t)
        closes = np.where(chance(rng, len(t), b.TOPICS_CLOSE), after(rng, t, 12), NEVER)
        end = np.minimum(closes, before(places["end"][place]))
        end = np.minimum(end, before(self.world.people["leave"][opener]))
        real = (t < members["end"][at] - MICRO) & (t < end - MICRO)
        place, opener, t, end = place[real], opener[real], t[real], end[real]
        numbers = len(self.open["t"]) + np.arange(len(t))
        self.open = join([self.open, rows(t, community=place, end=end)])
        self._lists = Lists(self.open["community"], count)
        topic, language = places["topic"][place], places["language"][place]
        title = (language * len(TOPICS) + topic) * TITLES + rng.integers(TITLES, size=len(t))
        card = {"topic_id": numbers, "community_id": place, "opened_by": opener, "title": title, "topic": topic}
        agenda.add("community_topic", t, CREATE, **card)
        agenda.add_where("community_topic", end < NEVER, end, DELETE, **card)

    def at(self, rng: np.random.Generator, community: Ints, t: Ints) -> Ints:
        """For each post to a community (or -1) at a moment the topic that it is filed under, or -1."""
        found = np.full(len(t), -1, dtype=np.int64)
        inside = np.flatnonzero((community >= 0) & chance(rng, len(t), b.POSTS_FILED))
        for _ in range(3):  # one that is not open is drawn again
            at = self._lists.sample(rng, community[inside])
            inside, at = inside[at >= 0], at[at >= 0]
            held = (self.open["t"][at] < t[inside]) & (t[inside] < self.open["end"][at] - MICRO)
            found[inside[held]] = at[held]
            inside = inside[~held]
        return found
