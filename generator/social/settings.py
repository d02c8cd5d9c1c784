"""What else is said of users: how they want things, who may see them, and the badges that they are given.

Some say how they want things when they join, and change their mind now and then. Badges come over time, to the busy
sooner, and their levels rise; each event has the whole list.
"""

from __future__ import annotations

import numpy as np

from clickvault.generator.draws import DAY, MICRO, MINUTE, Ints, chance, pick, stream
from clickvault.generator.rows import CREATE, DELETE, UPDATE, Agenda, Columns
from clickvault.generator.social import behaviour as b
from clickvault.generator.social.behaviour import GAP, after
from clickvault.generator.social.presence import Presence
from clickvault.generator.social.world import MONTH, World

THEMES = ("light", "dark", "system")
DIGESTS = ("never", "daily", "weekly")
CIRCLES = ("everyone", "friends", "nobody")
BADGES = ("newcomer", "author", "commentator", "organizer", "supporter", "popular")
MOST = 5
"""The highest level of a badge."""

_CHOICES = {  # for each field of each event type, how its values are spread
    "user_settings": {
        "theme": (0.35, 0.40, 0.25), "autoplay": (0.3, 0.7), "push": (0.25, 0.75), "digest": (0.5, 0.1, 0.4),
    },
    "user_privacy": {"visible_to": (0.6, 0.35, 0.05), "messages_from": (0.4, 0.5, 0.1), "searchable": (0.2, 0.8)},
}  # fmt: skip


class Settings:
    """The settings, limits and badges of all users as they are now; -1 is what was never said."""

    def __init__(self, world: World, presence: Presence) -> None:
        """Begin with nobody."""
        self.world = world
        self.presence = presence
        self._said: dict[str, Columns] = {
            event_type: {name: np.empty(0, np.int64) for name in fields} for event_type, fields in _CHOICES.items()
        }
        self._levels = np.empty((0, len(BADGES)), np.int64)

    def plan(self, month: int, new: Ints, agenda: Agenda) -> None:
        """Put what is said and given in a month on the agenda."""
        for event_type, share in (("user_settings", b.SET_UP), ("user_privacy", b.LIMITED)):
            self._plan_choices(stream(self.world.seed, event_type, month), event_type, share, month, new, agenda)
        self._plan_badges(stream(self.world.seed, "badges", month), month, new, agenda)

    def _plan_choices(
        self, rng: np.random.Generator, event_type: str, share: float, month: int, new: Ints, agenda: Agenda
    ) -> None:
        people, said = self.world.people, self._said[event_type]
        for name in said:
            said[name] = np.concatenate([said[name], np.full(len(new), -1)])
        first, last = month * MONTH * DAY, (month + 1) * MONTH * DAY
        early = new[chance(rng, len(new), share)]
        t = people["join"][early] + 7 * MICRO + (rng.random(len(early)) * 20 * MICRO).astype(np.int64)
        self._choose(rng, event_type, early, t, CREATE, agenda)
        here = np.flatnonzero((people["leave"] > first) & (people["join"] < last))
        busy = here[chance(rng, len(here), b.MINDS_CHANGED)]
        when = after(rng, np.maximum(people["join"][busy] + MINUTE, first), 10)
        when, _ = self.presence.snap(rng, busy, when)
        kept = (when < last) & (when < people["leave"][busy] - MINUTE)
        busy, when = busy[kept], when[kept]
        there = next(iter(said.values()))[busy] >= 0
        self._choose(rng, event_type, busy[~there], when[~there], CREATE, agenda)
        self._choose(rng, event_type, busy[there], when[there], UPDATE, agenda)
        there = next(iter(said.values()))[here] >= 0
        gone = here[there & (people["leave"][here] < last)]
        agenda.add(
            event_type, people["leave"][gone] - GAP, DELETE, user_id=gone, **{n: v[gone] for n, v in said.items()}
        )

    def _choose(self, rng: np.random.Generator, event_type: str, who: Ints, t: Ints, op: int, agenda: Agenda) -> None:
        """Somebody says how they want things; who did before changes some of it."""
        said = self._said[event_type]
        for name, weights in _CHOICES[event_type].items():
            drawn = pick(rng, np.array(weights), len(who))
            said[name][who] = np.where((op == CREATE) | chance(rng, len(who), 0.5), drawn, said[name][who])
        agenda.add(event_type, t, op, user_id=who, **{name: values[who] for name, values in said.items()})

    # ── badges ───────────────────────────────────────────────────────────────────────────────────────────────

    def _plan_badges(self, rng: np.random.Generator, month: int, new: Ints, agenda: Agenda) -> None:
        people = self.world.people
        self._levels = np.concatenate([self._levels, np.zeros((len(new), len(BADGES)), np.int64)])
        first, last = month * MONTH * DAY, (month + 1) * MONTH * DAY
        self._give(new, np.zeros(len(new), np.int64), people["join"][new] + 30 * MICRO, CREATE, agenda)
        here = np.flatnonzero((people["leave"] > first) & (people["join"] < last))
        who, when = here, np.maximum(people["join"][here] + DAY, first)
        for _ in range(b.BADGES_PER_MONTH):  # each round a later badge or level
            earned = chance(rng, len(who), np.minimum(0.9, 0.40 * self.world.activity[who]))
            who, when = who[earned], after(rng, when[earned], 4)
            kept = (when < last) & (when < people["leave"][who] - MINUTE)
            who, when = who[kept], when[kept]
            which = pick(rng, np.array([0.02, 0.25, 0.25, 0.08, 0.15, 0.25]), len(who))
            rises = self._levels[who, which] < MOST
            who, when, which = who[rises], when[rises], which[rises]
            self._give(who, which, when, UPDATE, agenda)
        gone = here[people["leave"][here] < last]
        agenda.add("user_badges", people["leave"][gone] - GAP, DELETE, user_id=gone, badges=self._lists(gone))

    def _give(self, who: Ints, which: Ints, when: Ints, op: int, agenda: Agenda) -> None:
        self._levels[who, which] += 1
        agenda.add("user_badges", when, op, user_id=who, badges=self._lists(who))

    def _lists(self, who: Ints) -> Ints:
        """The place of each user's list of badges in its pool."""
        code = self._levels[who] @ (MOST + 1) ** np.arange(len(BADGES))
        kinds, place = np.unique(code, return_inverse=True)
        made = [
            self.world.pools.badges(BADGES, [int(k) // (MOST + 1) ** i % (MOST + 1) for i in range(len(BADGES))])
            for k in kinds
        ]
        return np.array(made, dtype=np.int64)[place]
