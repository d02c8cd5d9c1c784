"""Kafka: wait until ClickHouse has pulled what is in the topics, and look after what its Kafka engine drops (messages of length 0).

Order of a step, and what a crash costs:
  1. ends of the topics        nothing was written
  2. wait until committed      ClickHouse commits after its write: what is committed is landed, at least once
  3. fill the gaps             what expired, and what the engine dropped; the same positions again: readers take positions, not rows
  4. record the safe offsets   the bridge sees the rows later, by the next run
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client

from clickvault import epochs, kafka
from clickvault.clickhouse import rows
from clickvault.errors import DataError, StoreError
from clickvault.ingest.result import Ingested, Progress
from clickvault.kafka import Partition
from clickvault.positions import record_safe, safe_positions
from clickvault.render import Renderer, ch_identifier
from clickvault.settings import Settings

STALL_SECONDS = 60.0
QUIET_SECONDS = 5.0
FATAL = "Local: Fatal error"
"""What librdkafka says from the moment on when a consumer is dead for good."""


def group_of(settings: Settings, group: str) -> str:
    """The consumer group that ClickHouse pulls a topic group with."""
    return f"clickvault.{group}.{settings.kafka_epoch}"


def ingest_kafka(
    settings: Settings,
    renderer: Renderer,
    ch: Client,
    progress: Progress | None = None,
    stall: float = STALL_SECONDS,
    landing: AbstractContextManager[None] | None = None,
) -> Ingested:
    """Wait until everything that is in the topics now is landed. Raises StoreError when nothing moves for `stall` s.

    `landing` is held while messages are landed from here, which must not be while the schema changes. Raises DataError when a
    topic is shorter than what was read of it: it was made anew, and its offsets mean others.
    """
    registry = renderer.registry
    source = epochs.source_of(settings)
    epochs.check(settings, ch, [t for g in registry.groups for t in registry.topics(g)])
    groups = {p: g for g in registry.groups for p in kafka.partitions(settings, registry.topics(g))}
    ends = kafka.ends(settings, groups)
    before = {Partition(s, p): safe for (src, s, p), safe in safe_positions(ch).items() if src == source}
    for at, end in ends.items():
        if end < before.get(at, 0):
            raise DataError(
                f"topic {at.topic} starts again: it ends at {end}, but {before[at]} messages of it were read before",
                hint=epochs.HINT,
            )
    begins = kafka.begins(settings, groups)
    readable = {at: max(begins[at], before.get(at, 0)) for at in ends}
    reached = _wait(settings, ch, groups, ends, readable, progress, stall)
    empty = expired = 0
    with landing or nullcontext():
        for at, end in reached.items():
            expired += _book_expired(ch, source, at, before.get(at, 0), begins[at])
            empty += _fill_gaps(settings, ch, source, at, readable[at], end)
        record_safe(
            ch, {(source, at.topic, at.partition): end for at, end in reached.items() if end > before.get(at, 0)}
        )
    messages = sum(end - before.get(at, 0) for at, end in reached.items()) - expired
    return Ingested(source, messages, empty=empty, expired=expired)


def close_earlier_epochs(settings: Settings, ch: Client) -> None:
    """Record what landed of a broker's earlier lives as landed whole: its queues are gone, nothing more will come.

    Offsets that never landed can't be asked for any more: they are booked as gaps.
    """
    known = safe_positions(ch)
    found = rows(
        ch,
        "SELECT source, stream, partition, max(offset) + 1 AS seen FROM landing.events "
        "WHERE startsWith(source, 'kafka:') AND source != {now:String} GROUP BY source, stream, partition",
        {"now": epochs.source_of(settings)},
    )
    for r in found:
        at = (r["source"], r["stream"], r["partition"])
        if r["seen"] > known.get(at, 0):
            partition = Partition(r["stream"], r["partition"])
            _book_gaps(ch, r["source"], partition, _missing(ch, r["source"], partition, known.get(at, 0), r["seen"]))
            record_safe(ch, {at: r["seen"]})


def _wait(
    settings: Settings,
    ch: Client,
    groups: dict[Partition, str],
    ends: dict[Partition, int],
    before: dict[Partition, int],
    progress: Progress | None,
    stall: float,
) -> dict[Partition, int]:
    """Until each partition's committed offset has reached its end; returns what is reached, at least the ends."""
    total = sum(end - before.get(at, 0) for at, end in ends.items())
    last, moved, revived = -1, time.monotonic(), 0
    pause = 0.1
    while True:
        behind = [at for at, end in ends.items() if end > before.get(at, 0)]
        done = dict(before)
        for group in {groups[at] for at in behind}:
            done |= {at: o for at, o in kafka.committed(settings, group_of(settings, group)).items() if at in ends}
        reached = {at: max(done.get(at, 0), before.get(at, 0)) for at in ends}
        sofar = sum(min(reached[at], ends[at]) - before.get(at, 0) for at in behind)
        lagging = {(groups[at], at.topic) for at in behind if reached[at] < ends[at]}
        if progress:
            progress("kafka to ClickHouse", sofar, total)
        if not lagging:
            return reached
        if sofar != last:
            last, moved = sofar, time.monotonic()
        elif time.monotonic() - moved > QUIET_SECONDS and revived < 3 and _revive(settings, ch, lagging):
            revived, moved = revived + 1, time.monotonic()
        elif time.monotonic() - moved > min(stall, 15) and _nothing_for_the_engine(settings, reached, ends):
            return {at: max(reached[at], ends[at]) for at in ends}
        elif time.monotonic() - moved > stall:
            at = next(a for a in behind if reached[a] < ends[a])
            raise StoreError(
                f"ClickHouse stands at {reached[at]} of {ends[at]} in {at.topic}, partition {at.partition}, "
                f"for {stall:.0f} s{_consumer_trouble(ch, groups[at])}",
                hint="clickvault status; then clickvault init, which makes the queues again if one is missing",
                store="clickhouse",
            )
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)


def _revive(settings: Settings, ch: Client, lagging: set[tuple[str, str]]) -> bool:
    """Have those queues consume that do not, of the topic groups with topics that wait; whether there was one.

    A consumer is dead for good when the broker threw it out: another one had its name (group.instance.id), or the broker was
    killed in the middle of a join and took it for another one. A new one is made then, by attaching the table anew. Or the
    broker gave it other topics than it asked for (see kafka.forget_members): then it joins again.
    """
    found = rows(
        ch,
        "SELECT table, position(exceptions.text[-1], {f:String}) > 0 AS dead, assignments.topic AS topics "
        "FROM system.kafka_consumers WHERE database = 'landing'",
        {"f": FATAL},
    )
    revived = False
    for group in {group for group, _ in lagging}:
        waiting = {topic for of, topic in lagging if of == group}
        table = f"queue_{group}"
        consumers = [c for c in found if c["table"] == table]
        dead = any(c["dead"] for c in consumers)
        given = {topic for c in consumers for topic in c["topics"]}
        other_topics = given and waiting - given and not settings.clickhouse_cluster  # there other servers have them
        if not (dead or other_topics):
            continue
        name = ch_identifier(f"landing.{table}")
        if dead:
            ch.command(f"DETACH TABLE {name} SYNC")
        kafka.forget_members(settings, group_of(settings, group))
        if dead:
            ch.command(f"ATTACH TABLE {name}")
        revived = True
    return revived


def _nothing_for_the_engine(settings: Settings, reached: dict[Partition, int], ends: dict[Partition, int]) -> bool:
    """Whether between what is committed and the end there is no message (the broker gave the offsets and died), or empty ones alone.

    Those the engine drops, and does not commit where a poll brought nothing else.
    """
    for at in (at for at in ends if reached[at] < ends[at]):
        left = range(reached[at], ends[at])
        if len(left) <= 1_000:
            if any(m.value for m in kafka.fetch(settings, at, list(left))):
                return False
        elif len(left) >= 100_000 or kafka.fetch(settings, at, [left[0]]) or kafka.fetch(settings, at, [left[-1]]):
            return False
    return True


def _consumer_trouble(ch: Client, group: str) -> str:
    found = rows(
        ch,
        "SELECT exceptions.text[-1] AS said FROM system.kafka_consumers "
        "WHERE database = 'landing' AND table = {t:String} AND notEmpty(exceptions.text)",
        {"t": f"queue_{group}"},
    )
    return f"; its consumer says: {found[0]['said'][:200]}" if found else ""


def _fill_gaps(settings: Settings, ch: Client, source: str, at: Partition, low: int, high: int) -> int:
    """Fetch what is missing between the offsets; returns how many messages were landed so."""
    missing = _missing(ch, source, at, low, high)
    if not missing:
        return 0
    found = kafka.fetch(settings, at, missing)
    if found:
        ch.insert(
            "landing.inbox",
            [[source, at.topic, at.partition, m.offset, m.key, _utc(m.timestamp_ms), m.value] for m in found],
            ["source", "stream", "partition", "offset", "key", "sent_at", "raw"],
        )
    _book_gaps(ch, source, at, sorted(set(missing) - {m.offset for m in found}))
    return len(found)


_UNKNOWN = """
        SELECT number FROM numbers({low:UInt64}, {high:UInt64} - {low:UInt64})
        WHERE number NOT IN
        (
            SELECT offset FROM
            (
                SELECT source, stream, partition, offset FROM landing.events
                UNION ALL
                SELECT source, stream, partition, offset FROM ops.gaps
            )
            WHERE source = {source:String} AND stream = {stream:String} AND partition = {partition:Int32}
              AND offset >= {low:UInt64} AND offset < {high:UInt64}
        ) ORDER BY number"""
"""The offsets from `low` to `high` (excluded) that are neither landed nor booked as gaps."""


def _missing(ch: Client, source: str, at: Partition, low: int, high: int) -> list[int]:
    within = {"source": source, "stream": at.topic, "partition": at.partition, "low": low, "high": high}
    return [r["number"] for r in rows(ch, _UNKNOWN, within)]


def _book_expired(ch: Client, source: str, at: Partition, low: int, begin: int) -> int:
    """Book as gaps what the broker removed before it landed: a topic may begin far from 0. Returns how many."""
    if begin <= low:
        return 0
    within = {"source": source, "stream": at.topic, "partition": at.partition, "low": low, "high": begin}
    (found,) = rows(ch, f"SELECT count() AS n FROM ({_UNKNOWN})", within)
    if found["n"]:
        ch.command(
            "INSERT INTO ops.gaps (source, stream, partition, offset, seen_at) "
            "SELECT {source:String}, {stream:String}, {partition:Int32}, number, now64(6, 'UTC') "
            f"FROM ({_UNKNOWN})",
            parameters=within,
        )
    return int(found["n"])


def _book_gaps(ch: Client, source: str, at: Partition, offsets: list[int]) -> None:
    if offsets:
        now = datetime.now(UTC)
        ch.insert(
            "ops.gaps",
            [[source, at.topic, at.partition, offset, now] for offset in offsets],
            ["source", "stream", "partition", "offset", "seen_at"],
        )


def _utc(milliseconds: int | None) -> datetime | None:
    return datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds and milliseconds > 0 else None
