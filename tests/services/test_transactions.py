"""Transactions on Apache Kafka, and a partition whose log is damaged: only committed rows anywhere, and no partition stops another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaError

from clickvault import vault
from clickvault.accounts import Account
from clickvault.ingest import committed, ingest_kafka
from clickvault.ingest.consumers import queues
from clickvault.ingest.epochs import source_of
from clickvault.ingest.offsets import safe_positions
from clickvault.reconcile.run import landing_accounts, sent_accounts
from clickvault.session import Session
from clickvault.stores import kafka
from clickvault.stores.clickhouse import rows
from clickvault.stores.kafka import Partition
from tests.vault.staging import fetch

TOPIC = "social.like"
LANDED = "SELECT raw FROM landing.events WHERE stream = {t:String}"


@pytest.fixture
def s(session: Session) -> Session:
    """A session without anything left from other tests to land."""
    ingest_kafka(session.settings, session.renderer, session.ch)
    return session


def like() -> bytes:
    event = {
        "event_id": str(uuid4()), "event_type": "like", "op": "create", "event_time": "2026-01-05T10:00:00Z",
        "schema_version": 1, "producer": "test", "user_id": str(uuid4()), "post_id": str(uuid4()),
    }  # fmt: skip
    return json.dumps(event).encode()


def likes(n: int) -> list[bytes]:
    return [like() for _ in range(n)]


@contextmanager
def producer(s: Session, name: str | None = None, **options: Any) -> Iterator[Any]:
    """A producer; with a name one of transactions. It is closed without waiting for what it left open."""
    if name:
        options |= {"transactional_id": name}
    made = KafkaProducer(bootstrap_servers=s.settings.kafka_bootstrap, **options)
    try:
        if name:
            made.init_transactions()
        yield made
    finally:
        made.close(timeout=0)


def put(made: Any, messages: list[bytes], partition: int = 0, topic: str = TOPIC) -> list[bytes]:
    for message in messages:
        made.send(topic, message, partition=partition)
    made.flush(60)
    return messages


def landed(s: Session, topic: str = TOPIC) -> set[bytes]:
    return {r["raw"].encode() for r in rows(s.ch, LANDED, {"t": topic})}


def broken(s: Session) -> list[Account]:
    accounts = [*sent_accounts(s.settings, s.renderer, s.ch), *landing_accounts(s.renderer, s.ch)]
    return [a for a in accounts if not a.ok]


def people(messages: list[bytes]) -> list[str]:
    return [json.loads(m)["user_id"] for m in messages]


def in_vault(s: Session, messages: list[bytes]) -> int:
    (found,) = fetch(s.pg, "select count(*) from vault.hub_user where bk = any(%s::uuid[])", (people(messages),))
    return int(found[0])


def test_only_what_is_committed_is_anywhere(s: Session) -> None:
    """Committed, rolled back in the middle and at the end, open, and of a producer that was fenced off; plain ones among them."""
    good, bad = [], []
    with producer(s, "first") as first, producer(s) as plain, producer(s, "open") as opened:
        for n, commit in ((3, True), (5, False), (2, True)):
            first.begin_transaction()
            (good if commit else bad).extend(put(first, likes(n)))
            (first.commit_transaction if commit else first.abort_transaction)()
        good += put(plain, likes(2))
        good += put(plain, likes(2), partition=1)
        opened.begin_transaction()
        held = put(opened, likes(3), partition=1)
        held += put(plain, likes(4), partition=1)
        with producer(s, "twice") as fenced:
            fenced.begin_transaction()
            bad += put(fenced, likes(3))
            with producer(s, "twice") as fencing:
                with pytest.raises(KafkaError):
                    fenced.commit_transaction()
                fencing.begin_transaction()
                good += put(fencing, likes(1))
                fencing.commit_transaction()
        first.begin_transaction()
        bad += put(first, likes(400))  # the last thing in the topic: longer than what was looked at at once
        first.abort_transaction()

        found = ingest_kafka(s.settings, s.renderer, s.ch)
        assert found.unread == (), "it waited until nothing moved"
        (what,) = found.held
        assert what.startswith(f"{TOPIC}/1: transaction 'open' (since ")
        assert "7 offsets from" in what
        assert set(good) <= landed(s)
        assert not landed(s) & {*bad, *held}
        assert broken(s) == []
        assert [q.lag for q in queues(s.settings, s.renderer, s.ch) if q.group == "content"] == [0]

        opened.commit_transaction()
        found = ingest_kafka(s.settings, s.renderer, s.ch)
        assert (found.unread, found.held) == ((), ())
        assert {*good, *held} <= landed(s)
    assert not landed(s) & set(bad)
    vault.load(s.settings, s.renderer, s.ch, s.pg)
    assert in_vault(s, [*good, *held]) == len(good) + len(held)
    assert in_vault(s, bad) == 0
    assert rows(s.ch, "SELECT count() AS n FROM raw.like WHERE user_id IN {u:Array(UUID)}", {"u": people(bad)}) == [
        {"n": 0}
    ]
    assert broken(s) == []
    assert ingest_kafka(s.settings, s.renderer, s.ch).messages == 0


def test_a_transaction_that_was_rolled_back_and_landed_does_not_balance(s: Session) -> None:
    """As an engine would land it that reads everything: the offsets are all there, so that counting them shows nothing."""
    source, at = source_of(s.settings), Partition(TOPIC, 0)
    begin = kafka.ends(s.settings, [at])[at]
    with producer(s, "landed") as made:
        made.begin_transaction()
        bad = put(made, likes(3))
        made.abort_transaction()
        made.begin_transaction()
        lost = put(made, likes(1))
        made.commit_transaction()
    columns = ["source", "stream", "partition", "offset", "key", "sent_at", "raw"]
    s.ch.insert("landing.inbox_null", [[source, *at, begin + n, "", None, m] for n, m in enumerate(bad)], columns)
    ingest_kafka(s.settings, s.renderer, s.ch)
    (account,) = broken(s)
    assert account.name == f"{source} {TOPIC}: committed at the broker = landed"
    assert account.right - account.left == 3
    where = "stream = {t:String} AND raw IN {m:Array(String)}"

    def remove(messages: list[bytes], low: int) -> None:
        """From all that landing and raw hold, with a gap booked in its place."""
        values = {"t": TOPIC, "m": [m.decode() for m in messages]}
        s.ch.command(f"DELETE FROM landing.events WHERE {where}", parameters=values)
        ids = {"e": [json.loads(m)["event_id"] for m in messages]}
        s.ch.command("DELETE FROM raw.like WHERE event_id IN {e:Array(UUID)}", parameters=ids)
        gaps = [[source, *at, low + n, datetime.now(UTC)] for n in range(len(messages))]
        s.ch.insert("ops.gaps", gaps, ["source", "stream", "partition", "offset", "seen_at"])

    remove(bad, begin)
    before = rows(s.ch, "SELECT * FROM ops.counted WHERE stream = {t:String}", {"t": TOPIC})
    assert broken(s) == []
    after = rows(s.ch, "SELECT * FROM ops.counted WHERE stream = {t:String}", {"t": TOPIC})
    assert max(r["upto"] for r in after) > max((r["upto"] for r in before), default=0), (
        "what is equal is not counted again"
    )

    # the other way round: committed, booked as a gap
    s.ch.command("DELETE FROM ops.counted WHERE stream = {t:String}", parameters={"t": TOPIC})
    remove(lost, begin + 4)
    (account,) = broken(s)
    assert account.left - account.right == 1
    s.ch.insert("landing.inbox_null", [[source, *at, begin + 4, "", None, lost[0]]], columns)
    s.ch.command(
        "DELETE FROM ops.gaps WHERE stream = {t:String} AND offset = {o:UInt64}",
        parameters={"t": TOPIC, "o": begin + 4},
    )
    assert broken(s) == []


def test_batches_of_transactions_that_overlap(s: Session) -> None:
    """Each batch is told by its own producer's marker, which may lie behind the end of what is looked at."""
    at = Partition(TOPIC, 0)
    begin = kafka.ends(s.settings, [at])[at]
    with producer(s, "one") as one, producer(s, "two") as two, producer(s) as plain:
        one.begin_transaction()
        two.begin_transaction()
        put(one, likes(2))
        put(two, likes(3))
        put(plain, likes(1))
        two.abort_transaction()
        end = kafka.bounds_of(s.settings, [at])[0][at].high
        put(one, likes(4))
        one.commit_transaction()
    with closing(kafka.admin_client(s.settings)) as admin:
        (leader,) = kafka.leaders(admin, [at])
        found = list(committed.batches(admin, leader, at, begin, end))
    offsets = {True: set[int](), False: set[int]()}
    for batch in found:
        assert batch.messages == batch.last - batch.first + 1
        offsets[batch.committed] |= set(range(batch.first, batch.last + 1))
    assert offsets == {
        True: {begin, begin + 1, begin + 5},
        False: {begin + 2, begin + 3, begin + 4},
    }
    ingest_kafka(s.settings, s.renderer, s.ch)
    assert broken(s) == []


@pytest.mark.parametrize("behind", [0, 5])
def test_a_partition_that_cant_be_read_is_set_aside_and_stops_no_other(s: Session, behind: int) -> None:
    """A batch is damaged on the broker's disk: the last one, or one with good ones behind it. Mended, it is read."""
    source, bad = source_of(s.settings), Partition("social.share", 0)
    (log,) = (s.settings.home / "kafka" / "data" / f"{bad.topic}-{bad.partition}").glob("*.log")
    begin = kafka.ends(s.settings, [bad])[bad]
    s.ch.command("DETACH TABLE landing.queue_content SYNC")  # it would have read them before they are damaged
    try:
        start = log.stat().st_size
        with producer(s, compression_type="gzip", linger_ms=200) as made:
            damaged = put(made, likes(50), topic=bad.topic)
            whole = log.read_bytes()
            damaged += put(made, likes(behind), topic=bad.topic)
            good = put(made, likes(20), partition=1, topic=bad.topic) + put(made, likes(20))
        _flip(log, start + (len(whole) - start) // 2)
    finally:
        s.ch.command("ATTACH TABLE landing.queue_content")
    found = ingest_kafka(s.settings, s.renderer, s.ch)
    assert [u.what for u in found.unread] == [str(bad)]
    assert "crc" in found.unread[0].reason
    assert set(good) <= landed(s) | landed(s, bad.topic)
    safe = safe_positions(s.ch)
    assert safe.get((source, *bad), 0) <= begin
    for at, end in kafka.ends(s.settings, [Partition(bad.topic, 1), Partition(TOPIC, 0)]).items():
        assert safe[source, *at] == end
    assert any(a.name.endswith(f"{bad}: can be read") or bad.topic in a.name for a in broken(s))

    _flip(log, start + (len(whole) - start) // 2)
    found = ingest_kafka(s.settings, s.renderer, s.ch)
    assert found.unread == ()
    assert set(damaged) <= landed(s, bad.topic)
    assert broken(s) == []


def _flip(file: Path, place: int, size: int = 40) -> None:
    with file.open("r+b") as f:
        f.seek(place)
        found = f.read(size)
        f.seek(place)
        f.write(bytes(b ^ 0x5A for b in found))


def test_a_topic_that_is_not_there_is_named(s: Session) -> None:
    """It has no partitions, so that nothing waits for it; that is no reason to say nothing."""
    bounds, unreadable = kafka.survey(s.settings, [TOPIC, "social.not_there"])
    assert {at.topic for at in bounds} == {TOPIC}
    assert unreadable == {"social.not_there": "the broker says UnknownTopicOrPartitionError"}
