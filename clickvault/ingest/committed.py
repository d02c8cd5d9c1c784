"""What the broker holds that is committed, read from its own record batches, against what landed.

Independent of how messages come in: neither the Kafka engine nor a consumer's filter of rolled-back transactions is asked. A batch
says whose it is and whether it belongs to a transaction; the marker behind it says how that ended. For the accounts only
headers are looked at, and only where there are gaps in what landed: a marker takes an offset that is never landed, so where none is
missing, there was no transaction. What was found equal is kept in ops.counted, and the next time goes on behind it. `next_messages` looks
at values, too: it says whether the engine has anything left to pull; what is then missing is fetched by a consumer (ingest/kafka.py).
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, NamedTuple

from clickhouse_connect.driver.client import Client

from clickvault.accounts import Account
from clickvault.errors import StoreError
from clickvault.ingest.offsets import landed_in
from clickvault.settings import Settings
from clickvault.stores import kafka
from clickvault.stores.clickhouse import rows
from clickvault.stores.kafka import Bounds, Partition

log = logging.getLogger(__name__)

FETCH_BYTES = 4 * 2**20
VALUES_BYTES = 64 * 2**10
OFFSETS_PER_LOOK = 1_000_000


class Batch(NamedTuple):
    """A record batch: its first and last offset, the messages that are left in it, whether they are committed."""

    first: int
    last: int
    messages: int
    committed: bool
    full: int | None = None  # the offset of the first message that has a value, where values are looked at


def accounts(
    settings: Settings, ch: Client, source: str, bounds: Mapping[Partition, Bounds], safe: Mapping[Partition, int]
) -> list[Account]:
    """One account a topic: messages committed at the broker, and those of them that landed; what landed and is not committed is
    on the right alone.

    Up to the offset that is recorded as landed whole, `safe`. A partition that can't be read has an account of its own, which does
    not balance.
    """
    counted = {
        Partition(r["stream"], r["partition"]): (r["upto"], r["messages"])
        for r in rows(
            ch,
            "SELECT stream, partition, upto, messages FROM ops.counted FINAL WHERE source = {s:String}",
            {"s": source},
        )
    }
    (retired,) = rows(ch, "SELECT count() AS months FROM ops.retired")
    ranges = {}
    for at, b in bounds.items():
        high = min(safe.get(at, 0), b.end)
        # where months are gone that were never counted, counting begins now
        ranges[at] = max(b.begin, counted[at][0] if at in counted else high if retired["months"] else 0), high
    landed = landed_in(ch, source, ranges)
    sums: dict[str, list[int]] = {}
    new, unreadable = [], []
    for at, (low, high) in sorted(ranges.items()):
        left = right = landed.get(at, 0)
        if right != max(0, high - low):
            try:
                left, right = _compared(settings, ch, source, at, low, high)
            except StoreError as error:
                log.warning("%s can't be counted: %s", at, error.message)
                unreadable.append(unread_account(source, str(at)))
                continue
        before = counted.get(at, (0, 0))[1]
        total = sums.setdefault(at.topic, [0, 0])
        total[0] += before + left
        total[1] += before + right
        if left == right and (high > low or at not in counted):
            new.append([source, at.topic, at.partition, high, before + left, datetime.now(UTC)])
    if new:
        ch.insert("ops.counted", new, ["source", "stream", "partition", "upto", "messages", "seen_at"])
    return [
        *(
            Account(f"{source} {topic}: committed at the broker = landed", left, right)
            for topic, (left, right) in sums.items()
        ),
        *unreadable,
    ]


def unread_account(source: str, what: str) -> Account:
    """What can't be read can't be accounted for: it does not balance, under its name."""
    return Account(f"{source} {what}: can be read", 1, 0)


def _compared(settings: Settings, ch: Client, source: str, at: Partition, low: int, high: int) -> tuple[int, int]:
    """Messages committed in [low, high), and how many landed of them, with what landed and is not committed.

    What a compacted topic gave before and has no longer is on neither side.
    """
    left = right = 0
    offsets: Sequence[int] = ()
    upto = low
    with kafka.told(settings), closing(kafka.admin_client(settings)) as admin:
        (leader,) = kafka.leaders(admin, [at])
        for batch in batches(admin, leader, at, low, high):
            while batch.last >= upto and upto < high:
                offsets = [o for o in offsets if o >= batch.first] + _offsets(
                    ch, source, at, upto, min(upto + OFFSETS_PER_LOOK, high)
                )
                upto = min(upto + OFFSETS_PER_LOOK, high)
            there = bisect_left(offsets, batch.last + 1) - bisect_left(offsets, batch.first)
            left += batch.messages if batch.committed else 0
            right += min(there, batch.messages) if batch.committed else there
    return left, right


def _offsets(ch: Client, source: str, at: Partition, low: int, high: int) -> list[int]:
    found = ch.query(
        "SELECT DISTINCT offset FROM landing.events WHERE source = {s:String} AND stream = {t:String} "
        "AND partition = {p:Int32} AND offset >= {low:UInt64} AND offset < {high:UInt64} ORDER BY offset",
        parameters={"s": source, "t": at.topic, "p": at.partition, "low": low, "high": high},
    )
    return list(found.result_columns[0]) if found.result_rows else []


def next_messages(
    settings: Settings, ranges: Mapping[Partition, tuple[int, int]]
) -> tuple[dict[Partition, int | None], dict[Partition, str]]:
    """The offset of the first committed message in each range [low, high), None where there is none; a message of length 0 counts as none.

    And of the partitions that can't be read, the reason. Raises StoreError when the broker is away.
    """
    from kafka.errors import KafkaError

    found: dict[Partition, int | None] = {}
    unreadable: dict[Partition, str] = {}
    with kafka.told(settings), closing(kafka.admin_client(settings)) as admin:
        leaders = {at: node for node, some in kafka.leaders(admin, ranges).items() for at in some}
        for at, (low, high) in ranges.items():
            try:
                some = batches(admin, leaders[at], at, low, high, values=True)
                found[at] = next((b.full for b in some if b.committed and b.full is not None), None)
            except (KafkaError, StoreError) as error:
                kafka.missing_topics(settings, ())
                unreadable[at] = str(error)[:200] or type(error).__name__
    return found, unreadable


def batches(admin: Any, leader: int, at: Partition, low: int, high: int, values: bool = False) -> Iterator[Batch]:
    """The batches of messages in [low, high) in their order, those of transactions once it is known how they ended: one whose end is
    not written is not committed. `values`: whether there is a message with a value is looked at."""
    waiting: list[Batch | None] = []
    open_: dict[int, list[int]] = {}  # of each producer the places in `waiting` of its transaction's batches
    for batch in _raw(admin, leader, at, low, VALUES_BYTES if values else FETCH_BYTES):
        if batch.base_offset >= high and not open_:
            break
        producer = batch.producer_id if batch.magic >= 2 and batch.is_transactional else None
        if producer is not None and batch.is_control_batch:
            committed = next(iter(batch)).commit
            for place in open_.pop(producer, ()):
                found = waiting[place]
                assert found is not None
                waiting[place] = found._replace(committed=committed)
        elif batch.base_offset < high and batch.last_offset >= low:
            first, last = max(batch.base_offset, low), min(batch.last_offset, high - 1)
            count = batch.records_count if batch.magic >= 2 else batch.last_offset - batch.base_offset + 1
            if values and not batch.validate_crc():
                raise StoreError(
                    f"Kafka's {at} can't be read: the crc of its batch at {batch.base_offset} is wrong", store="kafka"
                )
            full = next((r.offset for r in batch if r.value and low <= r.offset < high), None) if values else None
            if producer is not None:
                open_.setdefault(producer, []).append(len(waiting))
            waiting.append(Batch(first, last, min(count, last - first + 1), producer is None, full))
        if not open_:
            yield from (b for b in waiting if b)
            waiting = []
    yield from (b for b in waiting if b)


def _raw(admin: Any, leader: int, at: Partition, low: int, most: int) -> Iterator[Any]:
    """Every record batch from the one that holds `low` on, up to the high watermark, as kafka-python reads it."""
    from kafka.errors import for_code
    from kafka.record import MemoryRecords

    position = low
    while True:
        part = kafka.fetched(admin, leader, {at: position}, most=most, isolation_level=0)[at]
        if part.error_code:
            raise StoreError(f"Kafka's {at} can't be read: {for_code(part.error_code).__name__}", store="kafka")
        records = MemoryRecords(part.records or b"")
        before = position
        while (batch := records.next_batch()) is not None:
            position = batch.last_offset + 1
            yield batch
        if position == before or position >= part.high_watermark:
            return
