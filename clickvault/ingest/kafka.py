"""Kafka: wait until ClickHouse has pulled what is in the topics, and look after what its Kafka engine drops (messages of length 0).

Order of a step, and what a crash costs:
  1. ends of the topics        nothing was written
  2. wait until committed      ClickHouse commits after its write: what is committed is landed, at least once
  3. fill the gaps             what expired, and what the engine dropped; the same positions again: readers take positions, not rows
  4. record the safe offsets   the bridge sees the rows later, by the next run

Only committed messages count. A topic's end is the last stable offset: an open transaction holds its own partition back, and is
named. A partition that can't be read is set aside with its reason; the others go on.
"""

from __future__ import annotations

import logging
import time
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta

from clickhouse_connect.driver.client import Client

from clickvault.errors import StoreError
from clickvault.ingest import committed, epochs
from clickvault.ingest.offsets import landed_in, record_safe, safe_positions
from clickvault.ingest.result import Ingested, Progress, Unread
from clickvault.settings import Settings
from clickvault.sql.render import Renderer, ch_identifier
from clickvault.stores import kafka
from clickvault.stores.clickhouse import rows
from clickvault.stores.kafka import Partition

log = logging.getLogger(__name__)

STALL_SECONDS = 60.0
LOOK_SECONDS = 1.5
"""When nothing moves for so long, the broker is asked whether there is anything for the engine at all."""
QUIET_SECONDS = 5.0
BLOCK_SECONDS = 1800.0
"""So long may ClickHouse write one block before it counts as standing still."""
END_OF_TIME_MS = 10_413_792_000_000
"""2300-01-01: a DateTime64 ends there."""
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
    """Wait until every committed message that is in the topics now is landed.

    `landing` is a lock, held while this process inserts messages: it prevents concurrent schema changes. A partition that can't be
    read, or where nothing moves for `stall` s, is among the result's `unread`; so is a topic that was made anew, or is shorter than what
    was read of it: its offsets mean other messages. Raises StoreError when the broker or ClickHouse is away.
    """
    registry = renderer.registry
    source = epochs.source_of(settings)
    topics = {t: g for g in registry.groups for t in registry.topics(g)}
    again = epochs.made_anew(settings, ch, topics)
    bounds, unread = kafka.survey(settings, [t for t in topics if t not in again])
    before = {Partition(s, p): safe for (src, s, p), safe in safe_positions(ch).items() if src == source}
    again |= {
        at.topic: f"it ends at {b.high} in partition {at.partition}, but {before[at]} messages of that were read before"
        for at, b in bounds.items()
        if b.high < before.get(at, 0)
    }
    bounds = {at: b for at, b in bounds.items() if at.topic not in again}
    groups = {at: topics[at.topic] for at in bounds}
    held = [f"{at}: transaction {what}" for at, what in kafka.open_transactions(settings, bounds).items()]
    for what in held:
        log.warning("an open transaction holds a partition back: %s", what)
        if progress:
            progress(f"held back: {what}", 0, 0)
    readable = {at: max(b.begin, before.get(at, 0)) for at, b in bounds.items()}
    ends = {at: max(b.end, readable[at]) for at, b in bounds.items()}
    reached, stuck = _wait(settings, ch, groups, ends, readable, progress, stall)
    empty = expired = 0
    with landing or nullcontext():
        new = {at: (readable[at], reached[at]) for at in reached}
        landed = landed_in(ch, source, new)
        for at, (low, high) in new.items():
            try:
                if landed.get(at, 0) < high - low:
                    empty += _fill_gaps(settings, ch, source, at, low, high)
            except StoreError as error:
                if error.store != "kafka":
                    raise
                stuck.setdefault(at, error.message)
                del reached[at]
                continue
            expired += _book_expired(ch, source, at, before.get(at, 0), bounds[at].begin)
        record_safe(
            ch, {(source, at.topic, at.partition): end for at, end in reached.items() if end > before.get(at, 0)}
        )
    unread |= {str(at): reason for at, reason in stuck.items()}
    for what, reason in (again | unread).items():
        log.warning("%s is set aside: %s", what, reason)
    messages = sum(end - before.get(at, 0) for at, end in reached.items()) - expired
    log.info(
        "kafka: %d messages landed up to the ends of %d partitions, %d of them empty", messages, len(reached), empty
    )
    return Ingested(
        source,
        messages,
        empty=empty,
        expired=expired,
        unread=(
            *(Unread(topic, f"it starts again: {why}", epochs.HINT) for topic, why in again.items()),
            *(Unread(what, reason) for what, reason in unread.items()),
        ),
        held=tuple(held),
    )


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
) -> tuple[dict[Partition, int], dict[Partition, str]]:
    """Block until every partition is committed up to `ends`. Returns the committed offsets, and the stalled partitions with the reasons."""
    total = sum(end - before[at] for at, end in ends.items())
    done, stuck = dict(before), dict[Partition, str]()
    looked: dict[Partition, int] = {}
    last, moved, revived = -1, time.monotonic(), 0
    pause = 0.1
    while True:
        behind = [at for at, end in ends.items() if end > done[at] and at not in stuck]
        for group in {groups[at] for at in behind}:
            for at, offset in kafka.committed(settings, group_of(settings, group)).items():
                done[at] = max(done.get(at, 0), offset)
        behind = [at for at in behind if ends[at] > done[at]]
        sofar = sum(min(done[at], end) - before[at] for at, end in ends.items())
        if progress:
            progress("kafka to ClickHouse", sofar, total)
        if not behind:
            return {at: done[at] for at in ends}, stuck
        quiet = time.monotonic() - moved
        look = {at: (done[at], ends[at]) for at in behind if looked.get(at) != done[at]}
        if sofar != last:
            last, moved = sofar, time.monotonic()
        elif quiet > LOOK_SECONDS and look:
            _look(settings, look, done, stuck)
            looked |= {at: low for at, (low, _) in look.items()}
        elif quiet > QUIET_SECONDS and revived < 3 and _revive(settings, ch, {(groups[at], at.topic) for at in behind}):
            revived, moved = revived + 1, time.monotonic()
        elif quiet > stall and (quiet > BLOCK_SECONDS or not _writes(ch, {groups[at] for at in behind})):
            said = {group: _consumer_trouble(ch, group) for group in {groups[at] for at in behind}}
            for at in behind:
                stuck[at] = f"ClickHouse stands at {done[at]} of {ends[at]} for {stall:.0f} s{said[groups[at]]}"
        time.sleep(pause)
        pause = min(pause * 1.5, 0.5)


def _look(
    settings: Settings,
    ranges: dict[Partition, tuple[int, int]],
    done: dict[Partition, int],
    stuck: dict[Partition, str],
) -> None:
    """Where there is nothing for the engine up to the end, the partition is done; where the broker can't give it, it is stuck.

    Nothing are messages of length 0, which the engine drops, and commits only with others; a transaction that was rolled back, and
    the markers of any; and offsets that a broker gave before it died.
    """
    found, unreadable = committed.next_messages(settings, ranges)
    done |= {at: ranges[at][1] for at, offset in found.items() if offset is None}
    stuck |= unreadable


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


def _writes(ch: Client, groups: set[str]) -> bool:
    """Whether a queue is at a block that it has read: its consumer is in use, and does not poll meanwhile.

    A large block passes all rules and views before its offsets are committed, which takes minutes on a slow machine.
    """
    (found,) = rows(
        ch,
        "SELECT countIf(is_currently_used AND last_poll_time < now() - 5 AND last_poll_time > 0) AS n FROM system.kafka_consumers "
        "WHERE database = 'landing' AND table IN {t:Array(String)}",
        {"t": [f"queue_{group}" for group in groups]},
    )
    return bool(found["n"])


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
            "landing.inbox_null",
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
    """A record's time; None where it has none, or one that no column holds. The same rule as `sent_at` in ingest/_landing.sql.j2."""
    if milliseconds is None or not 0 < milliseconds < END_OF_TIME_MS:
        return None
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
