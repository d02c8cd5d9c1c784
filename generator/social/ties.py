"""Ties between people: who becomes friends with whom, who follows whom, when, and until when.

Friendships are drawn as in LDBC's datagen: 45 % among people alike by place and time of study, 45 % among people alike
by language and interests, 10 % at random. People are put in a row by likeness; each puts down as many stubs as
friendships are wanted of that kind, scattered about their place in the row, and neighbouring stubs are joined. That
keeps the degrees and makes triangles, since all friends come from one neighbourhood.
"""

from __future__ import annotations

import numpy as np

from clickvault.generator.draws import DAY, HOUR, MICRO, NEVER, Bools, Floats, Ints, chance, pick, stream
from clickvault.generator.rows import CREATE, DELETE, Agenda, Columns, join, rows, size, take
from clickvault.generator.social.behaviour import (
    BLOCKS_LIFTED,
    CLOSE_FRIENDS,
    FOLLOWERS_BLOCKED,
    FOLLOWS,
    FRIENDS_BLOCKED,
    MUTED,
    MUTES_ENDED,
    REFRIENDED,
    SETTLE,
    STRANGERS_BLOCKED,
    UNFRIENDED,
    after,
    before,
    own_end,
)
from clickvault.generator.social.presence import Presence
from clickvault.generator.social.world import MONTH, World

_WIDTH = 12.0
"""How far, in people, stubs lie from their owner's place: 0.95^d has a mean distance of 19 to both sides."""


class Ties:
    """All friendships, follows and blocks that were ever planned, as spells: rows of two users, `t` and `end`.

    `close` has those who are on a list of close friends: b is on the list of a.
    """

    def __init__(self, world: World, presence: Presence) -> None:
        """Begin without any."""
        self.world = world
        self.presence = presence
        none = rows(np.empty(0, np.int64), a=0, b=0, end=0)
        self.friends, self.follows, self.blocks, self.close = none, none, none, none

    def plan(self, month: int, new: Ints, agenda: Agenda) -> None:
        """Put the month's new ties, and the ends of all of them, on the agenda."""
        seed = self.world.seed
        friends = self._plan_friends(stream(seed, "friends", month), month, new)
        follows = self._plan_follows(stream(seed, "follows", month), month, new)
        blocks = self._plan_blocks(stream(seed, "blocks", month), month, friends, follows)
        friends, follows = _cut(friends, blocks), _cut(follows, blocks)
        rng = stream(seed, "ends", month)
        _announce(agenda, "friend", friends, ("user_id", "friend_id"), chance(rng, size(friends), 0.5))
        _announce(agenda, "follower", follows, ("follower_id", "followee_id"))
        _announce(agenda, "block", blocks, ("blocker_id", "blocked_id"))
        self.friends = join([self.friends, friends])
        self.follows = join([self.follows, follows])
        self.blocks = join([self.blocks, blocks])
        self._plan_close(stream(seed, "close", month), friends, agenda)
        self._plan_mutes(stream(seed, "mutes", month), follows, agenda)

    def _quota(self, rng: np.random.Generator, month: int, new: Ints, wanted: Floats, more: float) -> Ints:
        """How many ties each user takes up in a month: the new all that they want, the others a few `more`."""
        quota = np.zeros(self.world.count)
        quota[: new[0] if len(new) else self.world.count] = more
        quota *= wanted
        quota[new] = wanted[new]
        quota[self.world.people["leave"] < month * MONTH * DAY] = 0
        floor = quota.astype(np.int64)
        return floor + chance(rng, len(quota), quota - floor)

    def _both_leave(self, a: Ints, b: Ints) -> Ints:
        """The latest end of a tie: before the first of the two leaves."""
        return before(np.minimum(self.world.people["leave"][a], self.world.people["leave"][b]))

    # ── friends ──────────────────────────────────────────────────────────────────────────────────────────────

    def _plan_friends(self, rng: np.random.Generator, month: int, new: Ints) -> Columns:
        people = self.world.people
        quota = self._quota(rng, month, new, people["wanted"].astype(float), 0.05)
        known = np.concatenate([_pair_key(x["a"], x["b"]) for x in (self.friends, self.blocks)])
        a, b = match(rng, quota, self._likeness(rng), known)
        swap = chance(rng, len(a), 0.5)  # who asked whom
        a, b = np.where(swap, b, a), np.where(swap, a, b)
        start = self._start(rng, month, a, b, new)
        leave = self._both_leave(a, b)
        own = own_end(rng, start, UNFRIENDED, 15)
        end = np.minimum(own, leave)
        real = start < end - MICRO
        again, _ = self.presence.snap(rng, b, after(rng, end, 4))
        back = real & (own < leave) & chance(rng, len(a), REFRIENDED) & (again < leave - MICRO)
        first = rows(start[real], a=a[real], b=b[real], end=end[real])
        return join([first, rows(again[back], a=b[back], b=a[back], end=leave[back])])

    def _likeness(self, rng: np.random.Generator) -> list[tuple[float, Ints]]:
        """The ways to put people in a row: the share of friendships made by it, and who comes first, second ..."""
        p, noise = self.world.people, rng.random(self.world.count)
        study = np.lexsort([noise, p["school"]])
        interests = np.lexsort([noise, p["interest_1"], p["interest_0"], p["language"]])
        return [(0.45, study), (0.45, interests)]

    def _start(self, rng: np.random.Generator, month: int, a: Ints, b: Ints, new: Ints) -> Ints:
        """When ties begin, on a visit of a. On the first day the history: most ties of those who are there from the
        beginning."""
        joins = self.world.people["join"]
        ready = np.maximum(joins[a], joins[b]) + SETTLE
        low, span = max(month * MONTH * DAY, 2 * HOUR), MONTH * DAY - 2 * HOUR
        some_day = np.maximum(ready, low + (rng.random(len(a)) * span).astype(np.int64))
        if month == 0:
            first_day = 2 * HOUR + MICRO * 60 + (rng.random(len(a)) * 21.9 * HOUR).astype(np.int64)
            settled = (joins[a] < 2 * HOUR) & (joins[b] < 2 * HOUR)
            some_day = np.where(settled & chance(rng, len(a), 0.85), first_day, some_day)
        newcomer = (ready > low) & np.isin(np.where(joins[a] > joins[b], a, b), new) & (ready > 2 * HOUR + SETTLE)
        when, _ = self.presence.snap(rng, a, np.where(newcomer, after(rng, ready, 4), some_day))
        return when

    # ── followers ────────────────────────────────────────────────────────────────────────────────────────────

    def _plan_follows(self, rng: np.random.Generator, month: int, new: Ints) -> Columns:
        """People follow the popular, who are mostly busy; a few of these have most followers; and they follow mostly
        those of their own language."""
        people = self.world.people
        wanted = FOLLOWS * np.minimum(self.world.activity, 4.0)
        a = np.repeat(np.arange(self.world.count), self._quota(rng, month, new, wanted, 0.05))
        popularity = stream(self.world.seed, "popularity").pareto(1.4, self.world.count) + 0.2
        popularity *= 0.3 + np.minimum(self.world.activity, 4.0)
        popularity[people["leave"] < month * MONTH * DAY] = 0
        b = pick(rng, popularity, len(a))
        own = chance(rng, len(a), 0.8)
        for language in np.unique(people["language"]).tolist():
            mine = np.flatnonzero(own & (people["language"][a] == language))
            b[mine] = pick(rng, popularity * (people["language"] == language), len(mine))
        key = a * (1 << 31) + b
        known = self.follows["a"] * (1 << 31) + self.follows["b"]
        first = np.unique(key, return_index=True)[1]
        first = first[(a[first] != b[first]) & ~np.isin(key[first], known)]
        blocked = _pair_key(self.blocks["a"], self.blocks["b"])
        first = first[~np.isin(_pair_key(a[first], b[first]), blocked)]
        a, b = a[first], b[first]
        start = self._start(rng, month, a, b, new)
        end = np.minimum(own_end(rng, start, UNFRIENDED, 15), self._both_leave(a, b))
        real = start < end - MICRO
        return rows(start[real], a=a[real], b=b[real], end=end[real])

    # ── blocks, close friends, mutes ─────────────────────────────────────────────────────────────────────────

    def _plan_blocks(self, rng: np.random.Generator, month: int, friends: Columns, follows: Columns) -> Columns:
        """Some block a friend or follower of this month, some a stranger: nobody whom older ties bind to them."""
        count = self.world.count
        tied = [take(x, chance(rng, size(x), p)) for x, p in ((friends, FRIENDS_BLOCKED), (follows, FOLLOWERS_BLOCKED))]
        strangers = int(rng.poisson(STRANGERS_BLOCKED * count))
        low = month * MONTH * DAY + 2 * HOUR + (rng.random(strangers) * (MONTH * DAY - 2 * HOUR)).astype(np.int64)
        a = np.concatenate([*(x["b"] for x in tied), rng.integers(count, size=strangers)])
        b = np.concatenate([*(x["a"] for x in tied), rng.integers(count, size=strangers)])
        since = np.concatenate([*(x["t"] for x in tied), low])
        joins = self.world.people["join"]
        t = after(rng, np.maximum(since, np.maximum(joins[a], joins[b]) + SETTLE), 8)
        t, _ = self.presence.snap(rng, a, t)
        end = np.minimum(own_end(rng, t, BLOCKS_LIFTED, 10), self._both_leave(a, b))
        key = _pair_key(a, b)
        old = np.concatenate([_pair_key(x["a"], x["b"]) for x in (self.friends, self.follows, self.blocks)])
        real = (a != b) & (t < end - MICRO) & ~np.isin(key, old)
        once = np.unique(key[real], return_index=True)[1]  # nobody blocks twice, nor back
        which = np.flatnonzero(real)[once]
        return rows(t[which], a=a[which], b=b[which], end=end[which])

    def _plan_close(self, rng: np.random.Generator, friends: Columns, agenda: Agenda) -> None:
        """Some put a friend on the list; the friend leaves the list when the friendship ends."""
        both = join([friends, {**friends, "a": friends["b"], "b": friends["a"]}])
        # a pair that is friends for the second time is left out: one is on a list once
        again = np.isin(both["a"] * (1 << 31) + both["b"], self.close["a"] * (1 << 31) + self.close["b"])
        some = take(both, np.flatnonzero(chance(rng, size(both), CLOSE_FRIENDS) & ~again))
        some = take(some, np.unique(some["a"] * (1 << 31) + some["b"], return_index=True)[1])
        t, _ = self.presence.snap(rng, some["a"], after(rng, some["t"], 3))
        end = np.minimum(own_end(rng, t, UNFRIENDED, 15), before(some["end"]))
        kept = t < end - MICRO
        close = rows(t[kept], a=some["a"][kept], b=some["b"][kept], end=end[kept])
        _announce(agenda, "close_friend", close, ("user_id", "friend_id"))
        self.close = join([self.close, close])

    def _plan_mutes(self, rng: np.random.Generator, follows: Columns, agenda: Agenda) -> None:
        """Some mute whom they follow, who stays followed."""
        some = take(follows, chance(rng, size(follows), MUTED))
        t, _ = self.presence.snap(rng, some["a"], after(rng, some["t"], 6))
        end = np.minimum(own_end(rng, t, MUTES_ENDED, 10), self._both_leave(some["a"], some["b"]))
        kept = t < end - MICRO
        mutes = rows(t[kept], a=some["a"][kept], b=some["b"][kept], end=end[kept])
        _announce(agenda, "mute", mutes, ("muter_id", "muted_id"))


def _announce(
    agenda: Agenda, event_type: str, spells: Columns, names: tuple[str, str], swap: Bools | None = None
) -> None:
    """Put the beginnings and ends of spells on the agenda; where `swap`, the other one ends it."""
    a, b, end = spells["a"], spells["b"], spells["end"]
    agenda.add(event_type, spells["t"], CREATE, **dict(zip(names, (a, b), strict=True)))
    if swap is not None:
        a, b = np.where(swap, b, a), np.where(swap, a, b)
    agenda.add_where(event_type, end < NEVER, end, DELETE, **dict(zip(names, (a, b), strict=True)))


def _cut(spells: Columns, blocks: Columns) -> Columns:
    """What is left of the spells of pairs of which one blocks the other: they end just before."""
    if not size(blocks):
        return spells
    key, blocked = _pair_key(spells["a"], spells["b"]), _pair_key(blocks["a"], blocks["b"])
    order = np.argsort(blocked)
    at = order[np.minimum(np.searchsorted(blocked[order], key), len(order) - 1)]
    limit = np.where(blocked[at] == key, before(blocks["t"][at]), NEVER)
    cut = {**spells, "end": np.minimum(spells["end"], limit)}
    return take(cut, cut["t"] < cut["end"] - MICRO)


def _pair_key(a: Ints, b: Ints) -> Ints:
    return np.minimum(a, b) * (1 << 31) + np.maximum(a, b)


def match(rng: np.random.Generator, quota: Ints, likeness: list[tuple[float, Ints]], known: Ints) -> tuple[Ints, Ints]:
    """Pairs of people such that nobody has more than their quota, and pairs are alike.

    `likeness` has for each way to be alike its share, and the people in a row; what is left is matched at random. No
    pair is in `known` (keys of pairs), nobody is their own friend, no pair comes twice. Returns the two sides of the
    pairs.
    """
    left = quota.copy()
    pairs: list[Ints] = [known]
    found: list[Ints] = []
    count = len(quota)
    random_row = rng.permutation(count)
    plan = [(share, row, wide) for share, row in likeness for wide in (1.0, 2.0, 4.0)]
    budget = {id(row): np.floor(quota * share + rng.random(count)).astype(np.int64) for share, row in likeness}
    for _, row, wide in [*plan, (1.0, random_row, count / _WIDTH), (1.0, random_row, count / _WIDTH)]:
        place = np.empty(count)
        place[row] = np.arange(count)
        stubs = np.minimum(budget.get(id(row), left), left)
        owner = np.repeat(np.arange(count), stubs)
        width = wide * np.maximum(_WIDTH, 0.8 * stubs[owner])  # who wants many friends looks further
        at = place[owner] + rng.laplace(0.0, 1.0, len(owner)) * width
        owner = owner[np.argsort(at, kind="stable")]
        half = len(owner) // 2 * 2
        key = _pair_key(owner[0:half:2], owner[1:half:2])
        key = np.unique(key[owner[0:half:2] != owner[1:half:2]])
        key = key[~np.isin(key, np.concatenate(pairs))]
        pairs.append(key)
        found.append(key)
        used = np.bincount(np.concatenate([key >> 31, key & ((1 << 31) - 1)]), minlength=count)
        left -= used
        if id(row) in budget:
            budget[id(row)] -= used
    keys = rng.permutation(np.concatenate(found))
    return keys >> 31, keys & ((1 << 31) - 1)
