"""The queues as an operator watches them: does each topic group's consumer live, what does it say, how far is it behind.

ClickHouse pulls by itself, so nothing fails when it stops: somebody has to look. `clickvault lag` and the DAG 2_ingest_kafka do.
"""

from __future__ import annotations

from dataclasses import dataclass

from clickhouse_connect.driver.client import Client

from clickvault.errors import StoreError
from clickvault.ingest import FATAL, group_of
from clickvault.ingest.epochs import source_of
from clickvault.ingest.offsets import safe_positions
from clickvault.settings import Settings
from clickvault.sql.render import Renderer
from clickvault.stores import kafka
from clickvault.stores.clickhouse import rows


@dataclass(frozen=True)
class Queue:
    """A topic group: its consumers in ClickHouse that are not dead for good, the messages that they have not committed yet, their last exception."""

    group: str
    table: str
    topics: int
    consumers: int
    lag: int
    says: str

    @property
    def alive(self) -> bool:
        """Whether somebody consumes it."""
        return self.consumers > 0


def queues(settings: Settings, renderer: Renderer, ch: Client) -> list[Queue]:
    """Every topic group, in the order of the contracts. Raises StoreError when the broker or ClickHouse is away."""
    registry = renderer.registry
    found = {
        r["table"]: r
        for r in rows(
            ch,
            "SELECT table, countIf(position(exceptions.text[-1], {fatal:String}) = 0) AS consumers, "
            "argMax(exceptions.text[-1], exceptions.time[-1]) AS says, max(exceptions.time[-1]) AS said_at, "
            "max(last_poll_time) AS polled_at FROM system.kafka_consumers WHERE database = 'landing' GROUP BY table",
            {"fatal": FATAL},
        )
    }
    topics = {t: g for g in registry.groups for t in registry.topics(g)}
    bounds, unreadable = kafka.survey(settings, topics)
    source = source_of(settings)
    safe = {kafka.Partition(s, p): offset for (src, s, p), offset in safe_positions(ch).items() if src == source}
    out = []
    for group in registry.groups:
        table = f"queue_{group}"
        mine = {at: b.end for at, b in bounds.items() if topics[at.topic] == group}
        done = kafka.committed(settings, group_of(settings, group)) if any(mine.values()) else {}
        # What the engine never commits, such as a transaction that was rolled back last, was looked through by `ingest`.
        lag = sum(max(0, end - max(done.get(at, 0), safe.get(at, 0))) for at, end in mine.items())
        row = found.get(table)
        says = str(row["says"])[:200] if row and row["said_at"] >= row["polled_at"] else ""
        says = says or "; ".join(
            f"{w} can't be read: {r}" for w, r in unreadable.items() if topics[w.split("/")[0]] == group
        )
        out.append(Queue(group, table, len(registry.topics(group)), row["consumers"] if row else 0, lag, says))
    return out


def require_alive(found: list[Queue]) -> None:
    """Raises StoreError that names the groups nobody consumes."""
    dead = [q.group for q in found if not q.alive]
    if dead:
        raise StoreError(
            f"nobody consumes {', '.join(dead)}: messages wait in the broker",
            hint="clickvault init   (recreates the queues); clickvault status",
            store="clickhouse",
        )
