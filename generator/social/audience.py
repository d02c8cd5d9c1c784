"""Who sees a post: friends and followers of the author, members of its community, people who like its topic."""

from __future__ import annotations

import numpy as np

from clickvault.generator.draws import MICRO, NEVER, Bools, Ints, Lists, chance, pick
from clickvault.generator.rows import Columns
from clickvault.generator.social.behaviour import SETTLE
from clickvault.generator.social.communities import Communities
from clickvault.generator.social.presence import Presence
from clickvault.generator.social.ties import Ties
from clickvault.generator.social.words import TOPICS
from clickvault.generator.social.world import INTERESTS, World

FRIEND, FOLLOWER, MEMBER, STRANGER, CLOSE, ANYBODY = 0, 1, 2, 3, 4, 5


class Audience:
    """The ties of a month, in lists by author, community and topic, to sample from."""

    def __init__(self, world: World, presence: Presence, ties: Ties, communities: Communities) -> None:
        """Put the ties into lists."""
        self.world = world
        self.presence = presence
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
        self._close = ties.close
        self._close_lists = Lists(ties.close["a"], count)
        blocks = ties.blocks
        key = np.concatenate([blocks["a"] * (1 << 31) + blocks["b"], blocks["b"] * (1 << 31) + blocks["a"]])
        order = np.argsort(key)
        self._blocked = key[order], np.tile(blocks["t"], 2)[order], np.tile(blocks["end"], 2)[order]
        people = world.people
        topics = [people[f"interest_{i}"] for i in range(INTERESTS)]
        has = [np.flatnonzero(t >= 0) for t in topics]
        self._fan = np.concatenate(has)
        self._fans = Lists(np.concatenate([t[h] for t, h in zip(topics, has, strict=True)]), len(TOPICS))

    @staticmethod
    def reasons(rng: np.random.Generator, community: Ints, shown: Bools) -> Ints:
        """Why people look at posts to a community or (-1) none: by which of these they are drawn.

        What is `shown` to everybody, a reel, is looked at by more strangers.
        """
        u = rng.random(len(community))
        inside = community >= 0
        why = np.where(u < 0.50, FRIEND, np.where(u < 0.66, FOLLOWER, np.where((u < 0.88) & inside, MEMBER, STRANGER)))
        why = np.where(~inside & (u < 0.88) & (u >= 0.66), FRIEND, why)
        return np.where(shown, np.where(u < 0.25, FRIEND, np.where(u < 0.45, FOLLOWER, STRANGER)), why)

    def sample(
        self, rng: np.random.Generator, why: Ints, author: Ints, community: Ints, topic: Ints, when: Ints
    ) -> tuple[Ints, Ints, Bools]:
        """For each of many looks at posts from a moment on: who looks, when they are there, and whether it comes to
        that.

        It does not where the tie is not in force, or where who would look does not come, is not there yet, gone,
        blocked, or the author.
        """
        count = len(author)
        who = np.full(count, -1, dtype=np.int64)
        begins, ends = np.zeros(count, np.int64), np.full(count, NEVER)
        f, g, m, c = self._friend, self._follow, self._member, self._close
        for reason, owner, lists, other, t, end in (
            (FRIEND, author, self._friends, f, self._friend_t, self._friend_end),
            (FOLLOWER, author, self._followers, g["a"], g["t"], g["end"]),
            (MEMBER, community, self._members, m["user"], m["t"], m["end"]),
            (CLOSE, author, self._close_lists, c["b"], c["t"], c["end"]),
        ):
            asked = np.flatnonzero(why == reason)
            at = lists.sample(rng, owner[asked])
            asked, at = asked[at >= 0], at[at >= 0]
            who[asked], begins[asked], ends[asked] = other[at], t[at], end[at]
        strange = np.flatnonzero(why == STRANGER)
        at = self._fans.sample(rng, topic[strange])
        who[strange] = np.where(at >= 0, self._fan[at], -1)
        anybody = why == ANYBODY
        who[anybody] = pick(rng, self.world.activity, int(anybody.sum()))
        people = self.world.people
        known = np.maximum(who, 0)
        t, there = self.presence.snap(rng, known, when)
        there &= (who >= 0) & (who != author) & (begins < t) & (t < ends)
        there &= (people["join"][known] + SETTLE < t) & (t < people["leave"][known] - MICRO)
        there &= anybody | chance(rng, count, np.minimum(1.0, 0.35 + 0.35 * self.world.activity[known]))
        there &= ~self._is_blocked(author, known, t)
        return who, t, there

    def _is_blocked(self, a: Ints, b: Ints, t: Ints) -> Bools:
        """Whether one of two blocks the other at a moment."""
        key, begins, ends = self._blocked
        if not len(key):
            return np.zeros(len(t), dtype=np.bool_)
        asked = a * (1 << 31) + b
        at = np.minimum(np.searchsorted(key, asked), len(key) - 1)
        blocked: Bools = (key[at] == asked) & (begins[at] <= t) & (t < ends[at])
        return blocked

    def has_close(self, rng: np.random.Generator, user: Ints, when: Ints) -> Bools:
        """Whether a close friend of each user, drawn from all that they ever have, is one at a moment."""
        at = self._close_lists.sample(rng, user)
        if not len(self._close["t"]):
            return at >= 0
        there: Bools = (at >= 0) & (self._close["t"][at] < when) & (when < self._close["end"][at])
        return there

    def membership(self, rng: np.random.Generator, user: Ints, when: Ints) -> Ints:
        """A community that each user is a member of at a moment; -1 where the one drawn is not in force, or none is."""
        m: Columns = self._member
        at = self.memberships.sample(rng, user)
        if not len(m["t"]):
            return at
        held = (at >= 0) & (m["t"][at] < when) & (when < m["end"][at] - MICRO)
        return np.where(held, m["community"][at], -1)
