"""Encoding: from columns of numbers to JSON lines.

A message is compiled once for each event type into pieces. What has a fixed width (ids, times, the envelope) is written
for all rows at once into a matrix of bytes; what has not (texts, numbers, optional fields) is looked up; then the
pieces of a row are joined. So Python touches a row a few times, whatever its number of fields.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import repeat

import numpy as np

from clickvault.contract import EventSpec, FieldSpec
from clickvault.generator.draws import DAY, MICRO, Bytes, Ints, salt, texts, uuid_text
from clickvault.generator.rows import Columns
from clickvault.generator.shapes import Flag, Key, Moment, Number, Pool, Shape, Value, Values

PRODUCER, SCHEMA_VERSION = "generator", 1

Fixed = tuple[int, Callable[[Columns], Bytes]]
"""Width, and the matrix (n, width) of all rows."""
Loose = Callable[[Columns], list[str]]
Piece = str | Fixed | Loose


def _ascii(text: str) -> Bytes:
    return np.frombuffer(text.encode("ascii"), dtype=np.uint8)


_OPS = np.stack([_ascii(op) for op in ("create", "update", "delete")])
_TWO = np.stack([_ascii(f"{i:02d}") for i in range(100)])
_THREE = np.stack([_ascii(f"{i:03d}") for i in range(1_000)])


class Encoder:
    """The messages of one event type of one world."""

    def __init__(self, spec: EventSpec, shape: Shape, pools: dict[str, list[str]], seed: int, start: datetime) -> None:
        """`start` is the world's first moment, `pools` are those of the world."""
        self.spec = spec
        self._pools = pools
        self._seed = seed
        self._start = start
        self._event_key = salt(seed, "event")
        self._steps = _merge(self._compile(shape))

    def lines(self, columns: Columns, numbers: Ints) -> list[str]:
        """A JSON text for each row; `numbers` are the rows' numbers among all events of the world."""
        columns = {**columns, "": numbers}
        parts = [repeat(step) if isinstance(step, str) else step(columns) for step in self._steps]
        return list(map("".join, zip(*parts, strict=False)))

    def _compile(self, shape: Shape) -> list[Piece]:
        pieces: list[Piece] = [
            '{"event_id":"', (36, lambda c: uuid_text(self._event_key, c[""])),
            f'","event_type":"{self.spec.event_type}","op":"', (6, lambda c: _OPS[c["op"]]),
            '","event_time":"', (27, lambda c: self._times(c["t"])),
            f'","schema_version":{SCHEMA_VERSION},"producer":"{PRODUCER}"',
        ]  # fmt: skip
        for field in self.spec.fields:
            if field.name in shape:
                pieces += self._field(field, shape[field.name])
        return [*pieces, "}"]

    def _field(self, field: FieldSpec, value: Value) -> list[Piece]:
        name, head = field.name, f',"{field.name}":'
        if isinstance(value, Key):
            key = salt(self._seed, field.hub_name)
            if not field.optional:
                return [head + '"', (36, lambda c: uuid_text(key, c[name])), '"']
            return [lambda c: _scatter(c[name], lambda there: [f'{head}"{u}"' for u in texts(uuid_text(key, there))])]
        if isinstance(value, Moment):
            return [head + '"', (27, lambda c: self._times(c[name])), '"']
        table: list[str]
        if isinstance(value, Values):
            table = [f'{head}"{v}"' for v in value.values]
        elif isinstance(value, Flag):
            table = [f"{head}false", f"{head}true"]
        elif isinstance(value, Pool):
            pool = self._pools[value.name]
            if not field.optional:
                return [head, lambda c: list(map(pool.__getitem__, c[name].tolist()))]
            return [lambda c: _scatter(c[name], lambda there: [head + pool[i] for i in there.tolist()])]
        elif isinstance(value, Number):
            return [lambda c: _scatter(c[name], lambda there: [f"{head}{i}" for i in there.tolist()])]
        else:
            return [lambda c: _scatter(c[name], lambda there: [f'{head}"{_day(i)}"' for i in there.tolist()])]
        table.append("")  # what index -1 finds: absent
        return [lambda c: list(map(table.__getitem__, c[name].tolist()))]

    def _times(self, t: Ints) -> Bytes:
        out = np.empty((len(t), 27), dtype=np.uint8)
        out[:, 26] = ord("Z")
        days = t // DAY
        for day in range(int(days.min()), int(days.max()) + 1):
            text = (self._start + timedelta(days=day)).astimezone(UTC).strftime("%Y-%m-%dT")
            out[days == day, :11] = _ascii(text)
        micro = t % MICRO
        second = t // MICRO % 86_400
        out[:, 11:20] = _ascii("00:00:00.")
        out[:, 11:13], out[:, 14:16], out[:, 17:19] = _TWO[second // 3600], _TWO[second // 60 % 60], _TWO[second % 60]
        out[:, 20:23] = _THREE[micro // 1_000]
        out[:, 23:26] = _THREE[micro % 1_000]
        return out


def _day(number: int) -> str:
    return (date(1970, 1, 1) + timedelta(days=number)).isoformat()


def _scatter(column: Ints, encode: Callable[[Ints], list[str]]) -> list[str]:
    """A piece for each row: of `encode` where the column has a value, empty where it has not."""
    there = np.flatnonzero(column >= 0)
    if len(there) == len(column):
        return encode(column)
    out = [""] * len(column)
    for i, piece in zip(there.tolist(), encode(column[there]), strict=True):
        out[i] = piece
    return out


def _merge(pieces: list[Piece]) -> list[str | Loose]:
    """Join neighbours of fixed width into one matrix, so that a row has few pieces."""
    steps: list[str | Loose] = []
    run: list[str | Fixed] = []
    for piece in [*pieces, None]:
        if isinstance(piece, str | tuple):
            run.append(piece)
            continue
        if any(isinstance(p, tuple) for p in run):
            steps.append(_block(run))
        elif run:
            steps.append("".join(p for p in run if isinstance(p, str)))
        run = []
        if piece is not None:
            steps.append(piece)
    return steps


def _block(run: list[str | Fixed]) -> Loose:
    row = np.concatenate([_ascii(p) if isinstance(p, str) else np.zeros(p[0], np.uint8) for p in run])
    places, at = [], 0
    for p in run:
        width = len(p) if isinstance(p, str) else p[0]
        if isinstance(p, tuple):
            places.append((slice(at, at + width), p[1]))
        at += width

    def fill(columns: Columns) -> list[str]:
        matrix = np.tile(row, (len(columns["t"]), 1))
        for where, make in places:
            matrix[:, where] = make(columns)
        return texts(matrix)

    return fill
