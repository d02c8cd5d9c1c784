"""Ties between people: who becomes friends with whom, who follows whom, when, and until when.

Friendships are drawn as in LDBC's datagen: 45 % among people alike by place and time of study, 45 % among people alike
by language and interests, 10 % at random. People are put in a row by likeness; each puts down as many stubs as
friendships are wanted of that kind, scattered about their place in the row, and neighbouring stubs are joined. That
keeps the degrees and makes triangles, since all friends come from one neighbourhood.
"""

from __future__ import annotations

import numpy as np

from generator.behaviour import (
    FOLLOWS,
    REFRIENDED,
    SETTLE,
    UNFRIENDED,
    after,
    before,
    own_end,
)
from generator.draws import DAY, HOUR, MICRO, NEVER, Floats, Ints, chance, pick, stream
from generator.rows import CREATE, DELETE, Agenda, Columns, join, rows
from generator.world import MONTH, World

_WIDTH = 12.0
"""How far, in people, stubs lie from their owner's place: 0.95^d has a mean distance of 19 to both sides."""


class Ties:
    """All friendships and follows that were ever planned, as spells: rows of two users, `t` and `end`."""

    def __init__(self, world: World) -> None:
        """Begin without any."""
        self.world = world
        self.friends: Columns = rows(np.empty(0, np.int64), a=0, b=0, end=0)
        self.follows: Columns = rows(np.empty(0, np.int64), a=0, b=0, end=0)

    def plan(self, month: int, new: Ints, agenda: Agenda) -> None:
        """Put the month's new ties, and the ends of all of them, on the agenda."""
        self._plan_friends(stream(self.world.seed, "friends", month), month, new, agenda)
        self._plan_follows(stream(self.world.seed, "follows", month), month, new, agenda)

    def _quota(self, rng: np.random.Generator, month: int, new: Ints, wanted: Floats, more: float) -> Ints:
        """How many ties each user takes up in a month: the new all that they want, the others a few `more`."""
        quota = np.zeros(self.world.count)
        quota[: new[0] if len(new) else self.world.count] = more
        quota *= wanted
        quota[new] = wanted[new]
        quota[self.world.people["leave"] < month * MONTH * DAY] = 0
        floor = quota.astype(np.int64)
        return floor + chance(rng, len(quota), quota - floor)

    # ── friends ──────────────────────────────────────────────────────────────────────────────────────────────

    def _plan_friends(self, rng: np.random.Generator, month: int, new: Ints, agenda: Agenda) -> None:
        people = self.world.people
        quota = self._quota(rng, month, new, people["wanted"].astype(float), 0.05)
        known = _pair_key(self.friends["a"], self.friends["b"])
        a, b = match(rng, quota, self._likeness(rng), known)
        swap = chance(rng, len(a), 0.5)  # who asked whom
        a, b = np.where(swap, b, a), np.where(swap, a, b)
        start = self._start(rng, month, a, b, new)
        leave = before(np.minimum(people["leave"][a], people["leave"][b]))
        own = own_end(rng, start, UNFRIENDED, 15)
        end = np.minimum(own, leave)
        real = start < end - MICRO
        self._add(agenda, rng, "friend", a[real], b[real], start[real], end[real])
        again = after(rng, end, 4)
        back = real & (own < leave) & chance(rng, len(a), REFRIENDED) & (again < leave - MICRO)
        self._add(agenda, rng, "friend", b[back], a[back], again[back], leave[back])

    def _likeness(self, rng: np.random.Generator) -> list[tuple[float, Ints]]:
        """The ways to put people in a row: the share of friendships made by it, and who comes first, second ..."""
        p, noise = self.world.people, rng.random(self.world.count)
        study = np.lexsort([noise, p["school"]])
        interests = np.lexsort([noise, p["interest_1"], p["interest_0"], p["language"]])
        return [(0.45, study), (0.45, interests)]

    def _start(self, rng: np.random.Generator, month: int, a: Ints, b: Ints, new: Ints) -> Ints:
        """When ties begin. On the first day the history: most ties of those who are there from the beginning."""
        joins = self.world.people["join"]
        ready = np.maximum(joins[a], joins[b]) + SETTLE
        low, span = max(month * MONTH * DAY, 2 * HOUR), MONTH * DAY - 2 * HOUR
        some_day = np.maximum(ready, low + (rng.random(len(a)) * span).astype(np.int64))
        if month == 0:
            first_day = 2 * HOUR + MICRO * 60 + (rng.random(len(a)) * 21.9 * HOUR).astype(np.int64)
            settled = (joins[a] < 2 * HOUR) & (joins[b] < 2 * HOUR)
            some_day = np.where(settled & chance(rng, len(a), 0.85), first_day, some_day)
        newcomer = (ready > low) & np.isin(np.where(joins[a] > joins[b], a, b), new) & (ready > 2 * HOUR + SETTLE)
        return np.where(newcomer, after(rng, ready, 4), some_day)

    def _add(
        self, agenda: Agenda, rng: np.random.Generator, event_type: str, a: Ints, b: Ints, start: Ints, end: Ints
    ) -> None:
        spells = rows(start, a=a, b=b, end=end)
        ends = end < NEVER
        if event_type == "friend":
            self.friends = join([self.friends, spells])
            agenda.add("friend", start, CREATE, user_id=a, friend_id=b)
            swap = chance(rng, len(a), 0.5)  # either may end it
            a, b = np.where(swap, b, a), np.where(swap, a, b)
            agenda.add_where("friend", ends, end, DELETE, user_id=a, friend_id=b)
        else:
            self.follows = join([self.follows, spells])
            agenda.add("follower", start, CREATE, follower_id=a, followee_id=b)
            agenda.add_where("follower", ends, end, DELETE, follower_id=a, followee_id=b)

    # ── followers ────────────────────────────────────────────────────────────────────────────────────────────

    def _plan_follows(self, rng: np.random.Generator, month: int, new: Ints, agenda: Agenda) -> None:
        """People follow the popular, a few of whom have most followers, and mostly those of their own language."""
        people = self.world.people
        wanted = FOLLOWS * np.minimum(self.world.activity, 4.0)
        a = np.repeat(np.arange(self.world.count), self._quota(rng, month, new, wanted, 0.05))
        popularity = stream(self.world.seed, "popularity").pareto(1.4, self.world.count) + 0.2
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
        a, b = a[first], b[first]
        start = self._start(rng, month, a, b, new)
        leave = before(np.minimum(people["leave"][a], people["leave"][b]))
        end = np.minimum(own_end(rng, start, UNFRIENDED, 15), leave)
        real = start < end - MICRO
        self._add(agenda, rng, "follower", a[real], b[real], start[real], end[real])


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
