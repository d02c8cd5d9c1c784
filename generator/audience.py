"""Who sees a post: friends and followers of the author, members of its community, people who like its topic."""

from __future__ import annotations

import numpy as np

from generator.behaviour import SETTLE, awake
from generator.communities import Communities
from generator.draws import MICRO, Bools, Ints, Lists, chance
from generator.rows import Columns
from generator.ties import Ties
from generator.words import TOPICS
from generator.world import INTERESTS, World

FRIEND, FOLLOWER, MEMBER, STRANGER = 0, 1, 2, 3


class Audience:
    """The ties of a month, in lists by author, community and topic, to sample from."""

    def __init__(self, world: World, ties: Ties, communities: Communities) -> None:
        """Put the ties into lists."""
        self.world = world
        count = world.count
        f, g, m = ties.friends, ties.follows, communities.members
        self._friend = np.concatenate([f["b"], f["a"]])
        self._friend_t, self._friend_end = np.tile(f["t"], 2), np.tile(f["end"], 2)
        self._friends = Lists(np.concatenate([f["a"], f["b"]]), count)
        self._follow = g
        self._followers = Lists(g["b"], count)
        self._member = m
        self._members = Lists(m["community"], len(communities.weights))
        self.memberships = Lists(m["user"], count)
        people = world.people
        topics = [people[f"interest_{i}"] for i in range(INTERESTS)]
        has = [np.flatnonzero(t >= 0) for t in topics]
        self._fan = np.concatenate(has)
        self._fans = Lists(np.concatenate([t[h] for t, h in zip(topics, has, strict=True)]), len(TOPICS))

    def sample(
        self, rng: np.random.Generator, author: Ints, community: Ints, topic: Ints, when: Ints
    ) -> tuple[Ints, Ints, Bools]:
        """For each of many looks at posts: who looks at the moment `when`, why, and whether it comes to that.

        It does not where the tie is not in force, or where who would look is asleep, not there yet, gone, or the
        author.
        """
        count = len(author)
        u = rng.random(count)
        inside = community >= 0
        why = np.where(u < 0.50, FRIEND, np.where(u < 0.66, FOLLOWER, np.where((u < 0.88) & inside, MEMBER, STRANGER)))
        why = np.where(~inside & (u < 0.88) & (u >= 0.66), FRIEND, why)
        who = np.full(count, -1, dtype=np.int64)
        self._look(rng, who, why == FRIEND, author, when, self._friends, self._friend, self._friend_t, self._friend_end)
        g, m = self._follow, self._member
        self._look(rng, who, why == FOLLOWER, author, when, self._followers, g["a"], g["t"], g["end"])
        self._look(rng, who, why == MEMBER, community, when, self._members, m["user"], m["t"], m["end"])
        strange = np.flatnonzero(why == STRANGER)
        at = self._fans.sample(rng, topic[strange])
        who[strange] = np.where(at >= 0, self._fan[at], -1)
        people = self.world.people
        known = np.maximum(who, 0)
        there = (who >= 0) & (who != author)
        there &= (people["join"][known] + SETTLE < when) & (when < people["leave"][known] - MICRO)
        there &= awake(rng, when, people["zone"][known])
        there &= chance(rng, count, np.minimum(1.0, 0.35 + 0.35 * self.world.activity[known]))
        return who, why, there

    @staticmethod
    def _look(
        rng: np.random.Generator,
        who: Ints,
        which: Bools,
        owner: Ints,
        when: Ints,
        lists: Lists,
        other: Ints,
        begins: Ints,
        ends: Ints,
    ) -> None:
        asked = np.flatnonzero(which)
        at = lists.sample(rng, owner[asked])
        asked, at = asked[at >= 0], at[at >= 0]
        held = (begins[at] < when[asked]) & (when[asked] < ends[at])
        who[asked[held]] = other[at[held]]

    def membership(self, rng: np.random.Generator, user: Ints, when: Ints) -> Ints:
        """A community that each user is a member of at a moment; -1 where the one drawn is not in force, or none is."""
        m: Columns = self._member
        at = self.memberships.sample(rng, user)
        if not len(m["t"]):
            return at
        held = (at >= 0) & (m["t"][at] < when) & (when < m["end"][at] - MICRO)
        return np.where(held, m["community"][at], -1)
