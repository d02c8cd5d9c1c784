"""Rows: columns of whole numbers, the form in which events wait until their day comes.

An event type's rows have `t` (microseconds since the world began), `op`, and a column for each field that it fills: the
number of a user, the index of a text in its pool, a value. What a field has not is -1. Nothing is text before `encode`.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from clickvault.generator.draws import DAY, Bools, Ints

Columns = dict[str, Ints]
CREATE, UPDATE, DELETE = 0, 1, 2
ABSENT = -1


def rows(t: Ints, op: int = CREATE, /, **columns: Ints | int) -> Columns:
    """Rows at times `t`; a single number fills its column."""
    count = len(t)
    out: Columns = {"t": t, "op": np.full(count, op, dtype=np.int64)}
    for name, values in columns.items():
        filled = np.full(count, values, dtype=np.int64) if isinstance(values, int) else values
        out[name] = filled.astype(np.int64, copy=False)
    return out


def take(columns: Columns, which: Ints | Bools | slice) -> Columns:
    """Some of the rows."""
    return {name: values[which] for name, values in columns.items()}


def join(parts: list[Columns]) -> Columns:
    """The rows of all parts, one after the other; of no part, no columns."""
    if not parts:
        return {}
    return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}


def size(columns: Columns) -> int:
    """The number of rows."""
    return len(columns["t"]) if columns else 0


class Agenda:
    """What will happen: rows by event type and day. Whatever is known of the future is put here when it is decided."""

    def __init__(self) -> None:
        """Begin with an empty agenda."""
        self._days: dict[int, dict[str, list[Columns]]] = defaultdict(lambda: defaultdict(list))

    def add(self, event_type: str, t: Ints, op: int = CREATE, /, **columns: Ints | int) -> None:
        """Put rows down for the days of their times, which must not be over yet."""
        if not len(t):
            return
        order = np.argsort(t, kind="stable")
        sorted_rows = take(rows(t, op, **columns), order)
        days = sorted_rows["t"] // DAY
        cuts = np.flatnonzero(np.diff(days)) + 1
        for first, last in zip([0, *cuts.tolist()], [*cuts.tolist(), len(t)], strict=True):
            self._days[int(days[first])][event_type].append(take(sorted_rows, slice(first, last)))

    def add_where(self, event_type: str, which: Bools, t: Ints, op: int, **columns: Any) -> None:
        """`add` for the rows that a mask names."""
        self.add(event_type, t[which], op, **{k: v if isinstance(v, int) else v[which] for k, v in columns.items()})

    def peek(self, day: int, event_type: str) -> list[Columns]:
        """The rows of an event type on a day, in no order; they stay on the agenda."""
        return self._days[day][event_type] if day in self._days and event_type in self._days[day] else []

    def take_day(self, day: int) -> dict[str, Columns]:
        """The rows of a day by event type, each in time order; they leave the agenda."""
        found = {}
        for event_type, parts in self._days.pop(day, {}).items():
            columns = join(parts)
            if size(columns):
                found[event_type] = take(columns, np.argsort(columns["t"], kind="stable"))
        return found

    def drop(self, event_type: str, day: int, gone: Any) -> None:
        """Strike out rows of an event type on a day and later: `gone(columns)` says which."""
        for later in [d for d in self._days if d >= day]:
            parts = self._days[later].get(event_type)
            if parts:
                kept = [take(p, ~gone(p)) for p in parts]
                self._days[later][event_type] = [p for p in kept if len(p["t"])]
