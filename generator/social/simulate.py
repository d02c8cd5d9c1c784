"""The simulation: the world from its first day on, one day after the other, as a time-ordered stream of events.

A day is always simulated as a whole, from the random streams of that day and of the days before; a range is cut out of
it afterwards. So a range has the same bytes whether it is asked for alone or as a part of another.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np

from clickvault.contract import EventSpec
from clickvault.generator.draws import DAY
from clickvault.generator.encode import Encoder
from clickvault.generator.options import GenerateOptions
from clickvault.generator.rows import Agenda, Columns, size, take
from clickvault.generator.social.ads import Ads
from clickvault.generator.social.audience import Audience
from clickvault.generator.social.circles import Groups, Topics
from clickvault.generator.social.communities import Communities
from clickvault.generator.social.content import Content
from clickvault.generator.social.money import Money
from clickvault.generator.social.pools import Pools
from clickvault.generator.social.presence import Presence
from clickvault.generator.social.sessions import Sessions
from clickvault.generator.social.settings import Settings
from clickvault.generator.social.shapes import SHAPES
from clickvault.generator.social.ties import Ties
from clickvault.generator.social.world import MONTH, World
from clickvault.generator.worlds import Slice

SLICE = 50_000
"""Events that are text at one time."""
_DAY_BITS = 36


class Simulation:
    """A world that is run once, from its first day to the end of a range."""

    def __init__(self, options: GenerateOptions, specs: list[EventSpec]) -> None:
        """A world before its first day."""
        self.options = options
        self.specs = specs
        self.pools = Pools(options.seed)
        self.world = World(options.seed, options.users, self.pools)
        first_day = (options.epoch.date() - date(1970, 1, 1)).days
        self.presence = Presence(self.world)
        self.settings = Settings(self.world, self.presence)
        self.ties = Ties(self.world, self.presence)
        self.communities = Communities(self.world, self.presence)
        self.groups = Groups(self.world, self.presence, self.communities)
        self.topics = Topics(self.world, self.presence, self.communities)
        self.content = Content(self.world, self.presence, self.communities, self.topics, options.epoch.weekday())
        self.ads = Ads(self.world, self.presence, first_day)
        self.money = Money(self.world, self.presence, self.ties, first_day)
        actors = {s.event_type: s.actor.name for s in specs if s.actor and s.event_type != "user_status"}
        self.sessions = Sessions(self.world, self.presence, actors)
        self._agenda = Agenda()
        self._encoders = {
            s.event_type: Encoder(s, SHAPES[s.event_type], self.pools.lists, options.seed, options.epoch) for s in specs
        }

    def days(self, last: int) -> Iterator[tuple[int, dict[str, Columns]]]:
        """The events of each day up to the day `last`, by type, as columns in time order."""
        audience: Audience | None = None
        for day in range(last + 1):
            if day % MONTH == 0:
                self._new_month(day // MONTH)
                audience = None
            audience = audience or Audience(self.world, self.presence, self.ties, self.communities)
            self.content.plan(day, audience, self._agenda)
            self.ads.show(day, self._agenda)
            self.money.give(day, self._agenda)
            self.sessions.plan(day, self._agenda)  # the last: it tells of all that is done on the day
            yield day, self._agenda.take_day(day)

    def _new_month(self, month: int) -> None:
        new = self.world.grow(month)
        self.presence.plan(month)
        self.world.plan(month, new, self._agenda)
        self.settings.plan(month, new, self._agenda)
        self.ties.plan(month, new, self._agenda)
        founded = self.communities.plan(month, new, self._agenda)
        groups = self.groups.plan(month, founded, self._agenda)
        self.topics.plan(month, np.concatenate([founded, groups]), self._agenda)
        self.ads.plan(month, self._agenda)
        self.money.plan(month, self._agenda)

    def slices(self) -> Iterator[Slice]:
        """The events of the range, as text, in time order."""
        low, high = self.options.micros(self.options.start), self.options.micros(self.options.end)
        for day, tables in self.days((high - 1) // DAY):
            if (day + 1) * DAY > low:
                yield from self._day_slices(day, tables, low, high)

    def _day_slices(self, day: int, tables: dict[str, Columns], low: int, high: int) -> Iterator[Slice]:
        names = [name for name in SHAPES if size(tables.get(name, {}))]
        if not names:
            return
        t = np.concatenate([tables[n]["t"] for n in names])
        order = np.argsort(t, kind="stable")
        rank = np.empty(len(t), dtype=np.int64)
        rank[order] = np.arange(len(t))
        sorted_t = t[order]
        first, last = np.searchsorted(sorted_t, [low, high]).tolist()
        starts = np.cumsum([0, *(size(tables[n]) for n in names)]).tolist()
        ranks = {n: rank[a:b] for n, a, b in zip(names, starts[:-1], starts[1:], strict=True)}
        for at in range(first, last, SLICE):
            upto = min(at + SLICE, last)
            lines: list[str] = []
            kinds, numbers = [], []
            for kind, spec in enumerate(self.specs):
                name = spec.event_type
                if name not in ranks:
                    continue
                a, b = np.searchsorted(ranks[name], [at, upto]).tolist()
                if a == b:
                    continue
                mine = (day << _DAY_BITS) + ranks[name][a:b]
                lines += self._encoders[name].lines(take(tables[name], slice(a, b)), mine)
                kinds.append(np.full(b - a, kind, dtype=np.int64))
                numbers.append(mine)
            if not lines:
                continue
            number = np.concatenate(numbers)
            place = np.argsort(number, kind="stable")
            number = number[place]
            when = sorted_t[number - (day << _DAY_BITS)]
            yield Slice(when, np.concatenate(kinds)[place], number, [lines[i] for i in place.tolist()])
