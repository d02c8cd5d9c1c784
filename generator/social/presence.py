"""When people are here: the visits that each plans to make, which everything that they do is put into.

Somebody who is to see a post, or to befriend somebody, does so on the next visit. So deeds come in sessions, and a
day has its rhythm. What is done is what counts in the end: `sessions` tells who came online, from the deeds.
"""

from __future__ import annotations

import numpy as np

from clickvault.generator.draws import DAY, HOUR, MICRO, MINUTE, Bools, Floats, Ints, chance, pick, stream
from clickvault.generator.social import behaviour as b
from clickvault.generator.social.world import MONTH, World

AHEAD = 10
"""Days of the next month that are planned with a month: what is published on its last day is seen in them."""


class Presence:
    """The visits of a month, in order of user and start: `user`, `start`, `end`."""

    def __init__(self, world: World) -> None:
        """Begin without visits."""
        self.world = world
        self.user = self.start = self.end = self._key = np.empty(0, np.int64)
        self._origin = 0

    def plan(self, month: int) -> None:
        """Plan the visits of a month and of the first days of the next. Who comes later has no visits yet."""
        self._origin = month * MONTH * DAY
        days = range(month * MONTH, (month + 1) * MONTH + AHEAD)
        parts = [self._day(cohort, day) for cohort in range(len(self.world.cohorts)) for day in days]
        user, start, end = (np.concatenate([p[i] for p in parts]) for i in range(3))
        order = np.lexsort([start, user])
        self.user, self.start, self.end = user[order], start[order], end[order]
        self._key = self._keys(self.user, self.start)

    def _day(self, cohort: int, day: int) -> tuple[Ints, Ints, Ints]:
        """The visits of a cohort on a day: a long one on joining, others by the daily rhythm."""
        rng = stream(self.world.seed, f"presence {cohort}", day)
        people = self.world.people
        users = np.arange(*self.world.cohorts[cohort])
        join = people["join"][users]
        rate = b.VISITS_PER_DAY * (0.4 + 0.6 * np.minimum(self.world.activity[users], 4))
        arrives = join // DAY == day
        who = np.repeat(users, rng.poisson(rate + b.MORE_VISITS_ON_JOINING * arrives))
        start = day * DAY + b.time_of_day(rng, people["zone"][who])
        who = np.concatenate([users[arrives], who])
        start = np.concatenate([join[arrives], start])
        length = rng.lognormal(np.log(b.VISIT_MINUTES), 0.7, len(who)) * MINUTE
        end = start + np.clip(length, MINUTE, 2 * HOUR).astype(np.int64)
        here = (start >= people["join"][who]) & (start < people["leave"][who] - MINUTE)
        return who[here], start[here], end[here]

    def _keys(self, user: Ints, t: Ints) -> Ints:
        return (user << 33) + (t - self._origin) // 1000  # milliseconds of 40 days need 32 bits

    def snap(self, rng: np.random.Generator, user: Ints, t: Ints) -> tuple[Ints, Bools]:
        """The first moment from `t` on at which each user is here, and whether there is one; where not, `t` itself."""
        u = rng.random(len(t))
        at = np.searchsorted(self._key, self._keys(user, t), side="right") - 1
        now = np.maximum(at, 0)
        inside = (at >= 0) & (self.user[now] == user) & (t < self.end[now])
        then = np.minimum(at + 1, len(self.user) - 1)
        later = ~inside & (self.user[then] == user) & (self.start[then] >= t)
        start = self.start[then]
        when = start + (u * (self.end[then] - start)).astype(np.int64)
        return np.where(later, when, t), inside | later

    def moments(self, rng: np.random.Generator, day: int, weights: Floats, count: int) -> tuple[Ints, Ints]:
        """`count` moments of visits that begin on a day, chosen by the weights of their users: users and times."""
        mine = np.flatnonzero((self.start >= day * DAY) & (self.start < (day + 1) * DAY))
        if not len(mine) or not weights[self.user[mine]].any():
            return np.empty(0, np.int64), np.empty(0, np.int64)
        at = mine[pick(rng, weights[self.user[mine]], count)]
        span = self.end[at] - self.start[at] - MICRO
        return self.user[at], self.start[at] + (rng.random(count) * span).astype(np.int64)

    def idle(self, rng: np.random.Generator, day: int) -> tuple[Ints, Ints]:
        """Visits of a day that are made though nothing may be done in them: users and starts."""
        mine = np.flatnonzero((self.start >= day * DAY) & (self.start < (day + 1) * DAY))
        mine = mine[chance(rng, len(mine), b.IDLE_VISITS)]
        return self.user[mine], self.start[mine]
