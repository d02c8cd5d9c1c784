"""Facts by hand: events that a test puts into raw of the bare stack, and the marts that it builds from them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from clickvault.marts import build as marts
from clickvault.session import Session
from clickvault.sql.render import ch_identifier
from clickvault.stores.clickhouse import rows

D1, D2, D3 = (date(2027, 3, day) for day in (1, 2, 3))  # a Monday and on
ANNA, BEN, CLEO, DAN = (UUID(int=n) for n in range(1, 5))
POST, OTHER, HERE, THERE = (UUID(int=n) for n in range(11, 15))


def at(day: date, hour: int = 12, micros: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC) + timedelta(microseconds=micros)


class Facts:
    """Puts events into raw, and takes them out at the end."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.filled: set[str] = set()
        self.built: set[str] = set()
        self.numbers = iter(range(1, 1_000_000))

    def put(self, event_type: str, columns: str, *values: Sequence[Any], op: str = "create") -> None:
        """Events of one type; `columns` begin with event_time. event_id and offset count up, unless they are given: of two
        events of one time the one that was put later is the later one."""
        names = columns.split()
        events = [dict(zip(names, v, strict=True)) for v in values]
        for event in events:
            event.setdefault("op", op)
            event.setdefault("offset", next(self.numbers))
            event.setdefault("event_id", UUID(int=event["offset"]))
        keys = list(events[0])
        self.session.ch.insert(f"raw.{ch_identifier(event_type)}", [[e[k] for k in keys] for e in events], keys)
        self.filled.add(event_type)

    def build(self, mart: str, start: date = D1, end: date = D3 + timedelta(days=1)) -> None:
        marts.build(self.session.ch, self.session.renderer, start, end, [mart])
        self.built.add(mart)

    def ask(self, sql: str) -> list[dict[str, Any]]:
        return rows(self.session.ch, sql)

    def clear(self) -> None:
        for table in [f"raw.{ch_identifier(e)}" for e in self.filled] + [f"marts.{m}" for m in self.built]:
            self.session.ch.command(f"TRUNCATE TABLE {table}")
        for mart in self.built:
            self.session.ch.command("DELETE FROM ops.mart_days WHERE mart = {m:String}", {"m": mart})
