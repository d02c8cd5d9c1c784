"""One run of the generator: the simulation's slices, with dirt mixed in, shared out to the writers, counted in a
manifest."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from random import Random

import numpy as np

from clickvault.contract import EventSpec, Registry
from clickvault.contract.language import format_time
from clickvault.errors import ConfigurationError
from clickvault.generator import dirt
from clickvault.generator.draws import DAY, MICRO, Bools, Ints, hashed, salt, texts, uuid_text
from clickvault.generator.manifest import Manifest
from clickvault.generator.options import GenerateOptions
from clickvault.generator.worlds import Slice, find_world
from clickvault.generator.writers import Batch, Writer

Progress = Callable[[float, int], None]
"""Is told the share of the range that is done, 0 to 1, and the number of messages so far."""


def generate(
    options: GenerateOptions, registry: Registry, writers: Mapping[str, Writer], progress: Progress | None = None
) -> Manifest:
    """Make the events of a range and send them.

    `writers` has one writer a target ("kafka", "s3", "files"). With two, each message goes to one of them, about half
    to each, by a rule that depends on the event alone. Raises ContractError where the contracts ask for what the
    generator has not, StoreError where a store fails.
    """
    if not writers:
        raise ConfigurationError("generate needs a target", hint="--to kafka, s3, both or files")
    world = find_world(options, registry)
    run = _Run(options, world.specs, writers)
    for piece in world.slices():
        if run.send(piece):
            break
        if progress:
            progress(run.share(int(piece.t[-1])), run.sent)
    manifest = run.finish()
    if progress:
        progress(1.0, run.sent)
    return manifest


class _Run:
    """Sends slices, keeps what is held back, counts."""

    def __init__(self, options: GenerateOptions, specs: list[EventSpec], writers: Mapping[str, Writer]) -> None:
        """Open the writers."""
        self.options = options
        self.specs = specs
        self.sent = 0
        self._names = list(writers)
        self._writers = list(writers.values())
        self._salts = {name: salt(options.seed, name) for name in ("dirt", "route", "dirty event")}
        self._held: list[tuple[int, int, int, int, str]] = []  # delivery, sequence, target, kind, text
        self._sequence = 0
        self._low, self._high = options.micros(options.start), options.micros(options.end)
        self.manifest = Manifest(
            options.seed,
            options.users,
            format_time(options.epoch),
            format_time(options.start),
            format_time(options.end),
        )
        for writer in self._writers:
            writer.open(options, specs)

    def share(self, t: int) -> float:
        """How much of the range is over at a moment."""
        return min(1.0, (t - self._low) / (self._high - self._low))

    def send(self, piece: Slice) -> bool:
        """Send a slice, and what was held back until now. True when the wanted number of events is reached."""
        left = (self.options.events or 1 << 62) - self.manifest.events
        t, kind, number, lines = piece.t[:left], piece.kind[:left], piece.number[:left], piece.texts[:left]
        for k, count in enumerate(np.bincount(kind, minlength=len(self.specs)).tolist()):
            if count:
                self.manifest.clean[self.specs[k].event_type] += count
        route = (hashed(self._salts["route"], number) % np.uint64(len(self._writers))).astype(np.int64)
        on_time: Bools = np.ones(len(t), dtype=np.bool_)
        if self.options.dirt:
            drawn = (hashed(self._salts["dirt"], number) >> np.uint64(11)) / float(1 << 53)
            for i in np.flatnonzero(drawn < self.options.dirt).tolist():
                on_time[i] = self._spoil(int(t[i]), int(kind[i]), int(number[i]), int(route[i]), lines[i])
        done = left <= len(piece.texts)
        self._deliver(t, kind, route, lines, on_time, int(t[-1]))
        return done

    def _spoil(self, t: int, kind: int, number: int, target: int, text: str) -> bool:
        """Add a dirty message made from a clean one. False if the clean one itself is held back."""
        r = Random(f"{self.options.seed} {number}")
        what = r.choice(dirt.KINDS)
        if what == dirt.EMPTY and not self._writers[target].takes_empty:
            what = "broken_json"
        self.manifest.dirt[what] += 1
        if what == dirt.LATE:
            self._hold(t + r.randrange(2 * DAY, 5 * DAY), target, kind, text)
            return False
        if what == dirt.DUPLICATE:
            self._hold(t + r.randrange(MICRO, 3_600 * MICRO), r.randrange(len(self._writers)), kind, text)
            return True
        event_id = texts(uuid_text(self._salts["dirty event"], np.array([number])))[0]
        message, reason = dirt.make(what, self.specs[kind], text, event_id, r)
        self.manifest.reasons[what][reason] += 1
        self._hold(t, target, kind, message)
        return True

    def _hold(self, until: int, target: int, kind: int, text: str) -> None:
        self._sequence += 1
        heapq.heappush(self._held, (min(until, self._high - 1), self._sequence, target, kind, text))

    def _deliver(self, t: Ints, kind: Ints, route: Ints, lines: list[str], on_time: Bools, now: int) -> None:
        due = []
        while self._held and self._held[0][0] <= now:
            due.append(heapq.heappop(self._held))
        for target, (name, writer) in enumerate(zip(self._names, self._writers, strict=True)):
            mine = np.flatnonzero((route == target) & on_time)
            extra = [h for h in due if h[2] == target]
            mine_lines = lines if len(mine) == len(lines) else [lines[i] for i in mine.tolist()]
            when, kinds = t[mine], kind[mine]
            if extra:  # after the clean ones of the same moment
                when = np.concatenate([when, np.array([h[0] for h in extra])])
                kinds = np.concatenate([kinds, np.array([h[3] for h in extra])])
                place = np.argsort(when, kind="stable")
                both = mine_lines + [h[4] for h in extra]
                when, kinds, mine_lines = when[place], kinds[place], [both[i] for i in place.tolist()]
            if not len(when):
                continue
            writer.write(Batch(when, kinds, mine_lines))
            self.sent += len(when)
            for k, count in enumerate(np.bincount(kinds, minlength=len(self.specs)).tolist()):
                if count:
                    self.manifest.by_target[name][self.specs[k].event_type] += count

    def finish(self) -> Manifest:
        """Send what is still held back, and wait for the writers."""
        nothing = np.empty(0, dtype=np.int64)
        self._deliver(nothing, nothing, nothing, [], np.empty(0, dtype=np.bool_), self._high)
        for name, writer in zip(self._names, self._writers, strict=True):
            self.manifest.delivered[name] = writer.close()
        return self.manifest
