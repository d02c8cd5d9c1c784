"""Sessions: who comes online and goes offline, told from what people do.

The deeds of a person that lie less than half an hour apart are one session. It begins some seconds before the first
deed and ends some minutes after the last. A session that may go on after midnight is kept open until the next day is
known, so that none is cut by a day's end, and none overlaps another of the same person.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from clickvault.generator.draws import DAY, MICRO, MINUTE, Bools, Ints, chance, stream
from clickvault.generator.rows import CREATE, DELETE, UPDATE, Agenda
from clickvault.generator.social import behaviour as b
from clickvault.generator.social.behaviour import GAP
from clickvault.generator.social.presence import Presence
from clickvault.generator.social.world import World

ONLINE, OFFLINE = 0, 1
STATUSES = ("online", "offline")
DEVICES = ("ios", "android", "web")
_WEB = DEVICES.index("web")


class Sessions:
    """Makes the pings of one day after the other; remembers the sessions that are open at its end."""

    def __init__(self, world: World, presence: Presence, actors: Mapping[str, str]) -> None:
        """`actors`: for each event type that is a person's deed, the column of who acts."""
        self.world = world
        self.presence = presence
        self.actors = actors
        self._device = np.empty(0, dtype=np.int64)  # the last, -1 before the first ping
        self._open: tuple[Ints, Ints, Ints] = (np.empty(0, np.int64),) * 3  # user, last deed, device

    def plan(self, day: int, agenda: Agenda) -> None:
        """Put the pings of a day on the agenda, on which everything else of that day is already."""
        rng = stream(self.world.seed, "sessions", day)
        self._device = np.concatenate([self._device, np.full(self.world.count - len(self._device), -1)])
        begins, ends = day * DAY, (day + 1) * DAY
        user, t = self._deeds(rng, day, agenda)
        held, since, held_device = self._open
        user, t = np.concatenate([held, user]), np.concatenate([since, t])
        order = np.lexsort([t, user])
        user, t = user[order], t[order]
        apart = np.diff(t, prepend=0) > b.SESSION_GAP
        # what is open lasts until midnight at least; a deed just after goes on with it
        apart &= ~((np.concatenate([[ends], t[:-1]]) < begins) & (t < begins + MINUTE))
        first = np.flatnonzero(apart | (np.diff(user, prepend=-1) != 0))
        last = np.concatenate([first[1:], [len(user)]]) - 1 if len(first) else first
        who, start, stop = user[first], t[first], t[last]
        count = len(who)
        device = np.where(chance(rng, count, b.SECOND_DEVICE), _WEB, self.world.people["device"][who])
        goes_on = start < begins
        device[goes_on] = held_device[np.argsort(held, kind="stable")]
        join, leave = self.world.people["join"][who], self.world.people["leave"][who]
        early = (rng.random(count) * 19 * MICRO).astype(np.int64) + MICRO
        online = np.maximum(np.maximum(start - early, begins), join + GAP)
        linger = 20 * MICRO + (rng.random(count) ** 2 * b.LINGER).astype(np.int64)
        offline = np.where(stop < begins, np.maximum(stop + linger, begins + linger // 64), stop + linger)
        offline = np.maximum(np.minimum(offline, leave - 3 * GAP), stop)
        late: Bools = stop > ends - b.SESSION_GAP
        stays = late & (leave > ends + MINUTE)
        offline = np.where(late & ~stays, np.maximum(np.minimum(offline, ends - 1), stop), offline)
        self._open = (who[stays], stop[stays], device[stays])
        fresh = ~goes_on
        new = fresh & (self._device[who] < 0)
        new &= np.diff(who, prepend=-1) != 0  # the first of several on a day
        self._device[who] = device  # of several on a day, the last
        agenda.add("user_status", online[new], CREATE, user_id=who[new], status=ONLINE, device=device[new])
        known = fresh & ~new
        agenda.add("user_status", online[known], UPDATE, user_id=who[known], status=ONLINE, device=device[known])
        over = ~stays
        agenda.add("user_status", offline[over], UPDATE, user_id=who[over], status=OFFLINE, device=device[over])
        self._leave(begins, ends, agenda)

    def _deeds(self, rng: np.random.Generator, day: int, agenda: Agenda) -> tuple[Ints, Ints]:
        """Who does something when. What is taken away is no deed: mostly it goes with something else."""
        users, times = self.presence.idle(rng, day)
        found = [(users, times)]
        for event_type, actor in self.actors.items():
            for part in agenda.peek(day, event_type):
                done = part["op"] != DELETE
                found.append((part[actor][done], part["t"][done]))
        user, t = (np.concatenate([f[i] for f in found]) for i in range(2))
        return user, t

    def _leave(self, begins: int, ends: int, agenda: Agenda) -> None:
        """Where somebody who left is can't be told any more."""
        gone = self.world.people["leave"] - 2 * GAP
        who = np.flatnonzero((self._device >= 0) & (gone >= begins) & (gone < ends))
        agenda.add("user_status", gone[who], DELETE, user_id=who, status=OFFLINE, device=self._device[who])
