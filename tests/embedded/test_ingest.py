"""Ingestion at its edges: messages of length 0, objects of any name and damaged ones, topics that are made anew, contracts that grow."""

from __future__ import annotations

import gzip
import io
import json
import lzma
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Annotated, Any
from uuid import uuid4

import lz4.frame
import pytest
import zstandard

from clickvault import ingest, vault
from clickvault.contract import Actor, Domain, Event, Hub, Id, Length, Registry, Sat
from clickvault.contract.vault import vault_of
from clickvault.embedded import stack as embedded
from clickvault.errors import QualityError, UnreadError
from clickvault.ingest import dead_letters as rejected
from clickvault.ingest import epochs
from clickvault.ingest.objects import _Step, _write, set_aside
from clickvault.ingest.offsets import record_safe
from clickvault.pipeline import migrate as schema
from clickvault.pipeline.steps import STEPS, read_again, require_read, run
from clickvault.reconcile.run import landing_reconciliations, object_reconciliation, sent_reconciliations
from clickvault.session import Session
from clickvault.sql.render import Renderer
from clickvault.stores.clickhouse import connect, rows
from clickvault.stores.s3 import s3_client
from tests.worlds import command, kill, options, own_stack, pid_of, until, write


@pytest.fixture(scope="module")
def s(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with own_stack(tmp_path_factory.mktemp("ingest") / "home") as session:
        yield session


def like(at: str = "2026-01-05T10:00:00Z") -> bytes:
    event = {
        "event_id": str(uuid4()), "event_type": "like", "op": "create", "event_time": at, "schema_version": 1,
        "producer": "test", "user_id": str(uuid4()), "post_id": str(uuid4()),
    }  # fmt: skip
    return json.dumps(event).encode()


def produce(s: Session, *messages: bytes | None) -> None:
    from kafka import KafkaProducer

    with closing(KafkaProducer(bootstrap_servers=s.settings.kafka_bootstrap, acks="all")) as producer:
        for message in messages:
            producer.send("social.like", message, key=None if message is not None else b"tombstone")
        producer.flush(30)


def put(s: Session, name: str, *lines: bytes) -> None:
    store(s, name, b"\n".join(lines) + b"\n")


def store(s: Session, name: str, content: bytes) -> None:
    bucket(s).put_object(s.settings.s3_bucket, name, io.BytesIO(content), len(content))


def bucket(s: Session) -> Any:
    return s3_client(s.settings.s3_url, s.settings.s3_access_key, s.settings.s3_secret_key)


def count(s: Session, sql: str) -> int:
    return int(rows(s.ch, f"SELECT count() AS n FROM {sql}")[0]["n"])


def check(s: Session) -> None:
    reconciliations = [
        *sent_reconciliations(s.settings, s.renderer, s.ch),
        *landing_reconciliations(s.renderer, s.ch, whole=False),
    ]
    assert [a for a in reconciliations if not a.ok] == []


def test_reconciliation_balances_at_any_moment(s: Session) -> None:
    """Between any two steps, while messages come; what is lost of what was taken along is told all the same."""

    def balanced() -> int:
        reconciliations = STEPS["reconcile"](s)
        assert [a for a in reconciliations if not a.ok] == []
        return sum(a.waiting for a in reconciliations)

    landed = count(s, "landing.events")
    produce(s, *(like() for _ in range(20)))
    balanced()  # nothing of it is noted as landed
    STEPS["ingest"](s)
    balanced()  # nothing of it is in the vault
    produce(s, *(like() for _ in range(20)), b"no event")
    STEPS["load"](s)
    for _ in range(100):  # ClickHouse pulls by itself
        if count(s, "landing.events") == landed + 41:
            break
        sleep(0.2)
    balanced()
    STEPS["graph"](s)
    STEPS["marts"](s)
    put(s, "events/content/dt=2026-01-05/moment.jsonl", like())
    STEPS["ingest"](s)
    balanced()
    STEPS["load"](s)
    assert balanced() > 0, "marts have yet to be built of it"
    STEPS["graph"](s)
    STEPS["marts"](s)
    assert balanced() == 0
    put(
        s, "events/content/dt=2026-01-05/later.jsonl", like()
    )  # a listing that leaves it out would be told by a strict count
    assert balanced() == 0
    assert not object_reconciliation(s.settings, s.ch).ok
    assert not object_reconciliation(s.settings, s.ch, datetime.now(UTC) + timedelta(minutes=5)).ok
    STEPS["ingest"](s)
    STEPS["load"](s)

    (link,) = vault_of(s.renderer.registry.events["like"]).links
    with s.pg, s.pg.cursor() as cursor:
        cursor.execute(f"create temporary table kept as select * from vault.link_{link.name} limit 1")
        cursor.execute(f"delete from vault.link_{link.name} where lhk in (select lhk from kept)")
    produce(s, like())
    assert [a.name for a in STEPS["reconcile"](s) if not a.ok and a.name.startswith(f"vault.link_{link.name}:")]
    with s.pg, s.pg.cursor() as cursor:
        cursor.execute(f"insert into vault.link_{link.name} select * from kept")
        cursor.execute("drop table kept")
    STEPS["ingest"](s)
    STEPS["load"](s)
    balanced()


HOSTILE = [
    "br{a,b}", "{1..3}", "[a-z]{}", "st*ar", "**", "q?m", "[x]", "quo'te", 'dq"x', "back`tick", "new\nline", "\nlead", "tab\t", "cr\r",
    "crlf\r\n", "emoji\N{GRINNING FACE}", "\N{LATIN SMALL LETTER U WITH DIAERESIS}", "e\u0301", "pc%20t", "%", "%zz", "%7B", "ha#sh", " lead",
    "trail ", "plus+", "a&b=c", "<x>", "&lt;", "semi;colon", "at@:x", "dots..", "..hidden", ".../x", "\x01", "\x7f", "\u2028", "$(x)", "a.zip::b",
    "x?versionId=3", "dt=2026-01-01/x", "{x}/y", "\ufffe",
]  # fmt: skip


def test_any_name_is_read_and_what_is_damaged_fails_alone(s: Session, tmp_path: Path) -> None:
    """Everything else goes on to the vault and the marts, then `run` names what could not be read, until it is mended."""
    write(s, options(60, 3), tmp_path / "events")
    files = sorted((tmp_path / "events").rglob("*.jsonl"))
    lines = [line for file in files for line in file.read_bytes().splitlines(keepends=True)]
    assert len(lines) > 1_000
    damaged = {
        "cut.gz": (gzip.compress, -100), "cut.zst": (zstandard.compress, -1), "cut{a,b}.lz4": (lz4.frame.compress, -200),
        "cut.xz": (lzma.compress, -50), "other.gz": (lambda text: text, None), "other.jsonl.bz2": (lambda text: text, None),
    }  # fmt: skip
    names = [f"events/content/dt=2026-01-05/{name}" for name in (*HOSTILE, *damaged)]
    parts = [b"".join(lines[i :: len(names)]) for i in range(len(names))]
    for name, part in zip(names[: len(HOSTILE)], parts, strict=False):
        store(s, name, part)
    bad = dict(zip(names[len(HOSTILE) :], parts[len(HOSTILE) :], strict=True))
    for (name, part), (pack, end) in zip(bad.items(), damaged.values(), strict=True):
        store(s, name, pack(part)[:end])

    before = count(s, "landing.events")
    steps: dict[str, Any] = {}
    with pytest.raises(UnreadError, match="6 could not be read") as error:
        run(s, step=steps.__setitem__)
    paths = {f"{s.settings.s3_bucket}/{name}" for name in bad}
    assert {u["what"] for u in error.value.unread} == paths
    assert "rejected replay" in error.value.hint
    assert list(steps) == list(STEPS), "a step was left out"
    assert count(s, "landing.events") == before + sum(p.count(b"\n") for p in parts[: len(HOSTILE)])
    reasons = {r["path"].rpartition("/")[2]: r["reason"] for r in set_aside(s.ch, s.settings.s3_bucket)}
    assert "inflate failed" in reasons["cut.gz"]
    assert "middle of its compressed data" in reasons["cut.zst"]
    assert ".bz2" in reasons["other.jsonl.bz2"]
    assert {p for p in paths if any(r["reason"].startswith(f"{p}: ") for r in rejected.listing(s.ch))} == paths
    (check,) = (r for r in steps["quality"] if r.check == "unread_objects")
    assert (check.value, check.passed) == (6, False)
    assert count(s, "ops.v_rejected_daily WHERE startsWith(reason, 'object not read: ')") > 0
    with command("ingest", "s3", "--quiet") as again:
        assert "cut.gz" in again.communicate()[1], "it is not named any more, though it is not mended"
    assert again.returncode == 1

    for name, part in bad.items():
        store(s, name, dict(damaged).get(name.rpartition("/")[2], (gzip.compress,))[0](part))
    bucket(s).remove_object(s.settings.s3_bucket, next(n for n in bad if n.endswith("other.gz")))
    bucket(s).remove_object(s.settings.s3_bucket, next(n for n in bad if n.endswith(".bz2")))
    store(s, "events/content/others.jsonl", b"".join(part for name, part in bad.items() if "other" in name))
    with command("ingest", "s3", "--quiet") as mended:
        mended.communicate()
    assert mended.returncode == 0
    with suppress(QualityError):  # so small a world may breach a check of its own
        run(s, step=steps.__setitem__)
    assert all(a.ok for a in steps["reconcile"])
    assert all(r.passed for r in steps["quality"] if r.check == "unread_objects")
    assert count(s, "landing.events") == before + len(lines)
    assert set_aside(s.ch, s.settings.s3_bucket) == []


def test_an_object_that_is_tried_again(s: Session) -> None:
    """It gets a number of its own; what an attempt landed that failed halfway is not doubled, and reconciliation knows of both."""
    name = "events/content/dt=2026-01-05/again.jsonl"
    put(s, name, like(), like())
    ingest.ingest_s3(s.settings, s.renderer, s.ch)
    before = count(s, "raw.like FINAL")
    path = f"{s.settings.s3_bucket}/{name}"
    (o,) = rows(s.ch, "SELECT * FROM ops.objects FINAL WHERE path = {p:String}", {"p": path})
    o |= {"reason": "half of it", "seen_at": datetime.now(UTC)}
    _write(s.ch, [list(o.values())])
    assert [(u.what, u.reason) for u in ingest.ingest_s3(s.settings, s.renderer, s.ch).unread] == [(path, "half of it")]
    assert read_again(s) == [{"event_type": "(objects)", "judged": 1, "accepted": 1, "rejected": 0}]
    assert read_again(s) == []
    assert count(s, "raw.like FINAL") == before
    assert ingest.ingest_s3(s.settings, s.renderer, s.ch).unread == ()
    check(s)


def test_an_object_that_vanished_before_it_was_loaded(s: Session) -> None:
    """It is named once, and loaded if it comes back as it was."""
    name = "events/content/dt=2026-01-05/vanished.jsonl"
    message = like()
    for listed_again in (False, True):
        put(s, name, message)
        step = _Step(s.settings, s.renderer, s.ch)
        step.list_bucket()
        bucket(s).remove_object(s.settings.s3_bucket, name)
        if listed_again:
            step = _Step(s.settings, s.renderer, s.ch)
            step.list_bucket()
        step.take(step.waiting())
        assert [u.what for u in step.vanished] == [f"{s.settings.s3_bucket}/{name}"]
        assert step.objects == 0
        assert ingest.ingest_s3(s.settings, s.renderer, s.ch).unread == ()
    put(s, name, message)
    assert ingest.ingest_s3(s.settings, s.renderer, s.ch).messages == 1
    check(s)


def test_the_memory_of_a_load_is_bounded(s: Session) -> None:
    """However large an object is: one as large as a block of the engine's usual size is judged in parts."""
    line = b"x" * 20_000
    put(s, "events/content/dt=2026-01-05/large.jsonl", *[line] * 12_000)
    with closing(connect(s.settings.clickhouse_url, max_memory_usage=500_000_000)) as bounded:
        found = ingest.ingest_s3(s.settings, s.renderer, bounded)
    assert (found.messages, found.unread) == (12_000, ())
    check(s)


def test_s3_killed_while_clickhouse_reads(s: Session) -> None:
    """The load ends by itself and names S3; no object is set aside for it."""
    for n in range(3):
        put(s, f"events/content/dt=2026-01-05/dying{n}.jsonl", *[b"y" * 20_000] * 4_000)
    pid = pid_of("s3")
    with command("ingest", "s3", "--quiet") as loading:
        until(
            lambda: count(s, "system.processes WHERE startsWith(query, 'INSERT INTO landing.events')") > 0,
            "ClickHouse reads",
        )
        kill("s3", pid)
        told = loading.communicate()[1]
    assert loading.returncode == 1
    assert "S3" in told
    embedded.up()
    assert set_aside(s.ch, s.settings.s3_bucket) == []
    ingest.ingest_s3(s.settings, s.renderer, s.ch)
    check(s)


def test_messages_of_length_0_are_dead_letters(s: Session) -> None:
    """The Kafka engine drops them and commits their offsets: unless they are looked for, they are lost without a word."""
    before = count(s, "raw.dead_letters WHERE has(reasons, 'empty message')")
    produce(s, like(), b"", like(), None, b"", like(), b"")  # also at the tail
    found = ingest.ingest_kafka(s.settings, s.renderer, s.ch)
    assert found.empty == 4
    assert count(s, "raw.dead_letters WHERE has(reasons, 'empty message')") == before + 4
    assert ingest.ingest_kafka(s.settings, s.renderer, s.ch).messages == 0
    produce(s, b"")  # alone: nothing comes with it that would have its offset committed
    assert ingest.ingest_kafka(s.settings, s.renderer, s.ch).empty == 1
    check(s)


def test_a_block_that_takes_long_is_no_stall(s: Session) -> None:
    """A large block passes all views before its offsets are committed: here each of some views takes seconds."""
    views = [f"landing.slow_{n}" for n in range(14)]
    s.ch.command("CREATE TABLE landing.slow (n UInt8) ENGINE = Null")
    for view in views:
        s.ch.command(
            f"CREATE MATERIALIZED VIEW {view} TO landing.slow AS SELECT sleepEachRow(2.5) AS n FROM landing.events"
        )
    try:
        produce(s, like())
        begin = monotonic()
        found = ingest.ingest_kafka(s.settings, s.renderer, s.ch, stall=20)
        assert (found.messages, found.unread) == (1, ())
        assert monotonic() - begin > 25, "the block took no longer than a stall"
    finally:
        for table in (*views, "landing.slow"):
            s.ch.command(f"DROP TABLE {table} SYNC")
    check(s)


BAD_TIMES = (
    1_795_973_000_000_000,  # microseconds where milliseconds are meant: the year 58881
    253_402_300_800_000,  # the year 10000
    10_413_792_000_000,  # 2300, where a DateTime64 ends
    2**62,
    -5_000,
)


def test_record_times_that_cant_be_are_none(s: Session) -> None:
    """They ended every ingest for good, with an exception of Python: a message of length 0 with such a time is fetched by us."""
    from kafka import KafkaProducer

    times = (*BAD_TIMES, 10_413_791_999_999, 1_767_600_000_000)
    with closing(KafkaProducer(bootstrap_servers=s.settings.kafka_bootstrap, acks="all")) as producer:
        for n, time in enumerate(times):
            for value in (like(), None):
                producer.send("social.like", value, key=b"timed %d" % n, timestamp_ms=time).get(30)
    found = ingest.ingest_kafka(s.settings, s.renderer, s.ch)
    assert (found.empty, found.unread) == (len(times), ())
    landed = rows(s.ch, "SELECT key, empty(raw) AS empty, sent_at FROM landing.events WHERE startsWith(key, 'timed')")
    by_key: dict[str, set[datetime | None]] = {}
    for r in landed:
        by_key.setdefault(r["key"], set()).add(r["sent_at"])
    assert len(landed) == 2 * len(times)
    last = datetime(2299, 12, 31, 23, 59, 59, 999_000)
    expected = [*(None for _ in BAD_TIMES), last, datetime(2026, 1, 5, 8)]
    assert by_key == {f"timed {n}": {time} for n, time in enumerate(expected)}
    check(s)


def test_times_that_python_cant_hold_are_shown_as_the_last_and_first(s: Session) -> None:
    """What landed before, or a query makes: reading it ended in an exception, of `clickvault sql`, too."""
    sql = "SELECT fromUnixTimestamp64Milli(toInt64({})) AS t, [t] AS list, toNullable(t) AS maybe, (t, 1) AS pair"
    last, first = datetime(2299, 12, 31, 23, 59, 59, 999_000), datetime(1900, 1, 1)
    for milliseconds, time in ((BAD_TIMES[0], last), (-(10**15), first)):
        for client in (s.ch, s.reader):
            (row,) = client.query(sql.format(milliseconds)).result_rows
            assert row == (time, [time], time, (time, 1))
    for name, shown in (
        ("Europe/Berlin", "2300-01-01 00:59:59.999000+01:00"),
        ("UTC", "2299-12-31 23:59:59.999000"),
    ):
        zoned = f"SELECT fromUnixTimestamp64Milli(toInt64({BAD_TIMES[0]}), '{name}') AS t"
        assert str(s.ch.query(zoned).result_rows[0][0]) == shown
        with command("sql", zoned, "--json") as running:
            assert running.wait() == 0, running.stderr and running.stderr.read()


def test_an_object_is_loaded_once_and_a_changed_one_again(s: Session) -> None:
    name = "events/content/dt=2026-01-05/changing.jsonl"
    first = like()
    before = count(s, "raw.like FINAL")
    put(s, name, first, like())
    assert ingest.ingest_s3(s.settings, s.renderer, s.ch).objects == 1
    assert ingest.ingest_s3(s.settings, s.renderer, s.ch).objects == 0
    assert count(s, "raw.like FINAL") == before + 2
    put(s, name, first, like(), like())  # one event is there already
    assert ingest.ingest_s3(s.settings, s.renderer, s.ch).objects == 1
    assert count(s, "raw.like FINAL") == before + 4
    check(s)


def test_an_object_replaced_before_it_was_loaded(s: Session) -> None:
    """What was numbered and then replaced can't be loaded any more: it must not stop the others for ever."""
    name = "events/content/dt=2026-01-05/replaced.jsonl"
    put(s, name, like())
    _Step(s.settings, s.renderer, s.ch).list_bucket()
    put(s, name, like(), like())
    before = count(s, "raw.like FINAL")
    assert ingest.ingest_s3(s.settings, s.renderer, s.ch).objects == 1
    assert count(s, "raw.like FINAL") == before + 2
    assert count(s, "ops.objects FINAL WHERE lines IS NULL") == 0
    check(s)


def test_events_of_many_years_land(s: Session) -> None:
    """raw is partitioned by month: a message a month since 2001 is 300 partitions in one block."""
    months = [f"{2001 + m // 12}-{m % 12 + 1:02}-03T00:00:00Z" for m in range(300)]
    before = count(s, "raw.like FINAL")
    put(s, "events/content/dt=2026-01-05/years.jsonl", *map(like, months))
    produce(s, *map(like, months))
    ingest.ingest_s3(s.settings, s.renderer, s.ch)
    ingest.ingest_kafka(s.settings, s.renderer, s.ch)
    assert count(s, "raw.like FINAL") == before + 600
    check(s)


def test_a_topic_that_is_shorter_than_before_is_refused_then_taken_as_a_new_source(s: Session) -> None:
    """Offsets that go back mean other messages: to go on would skip them without a word.

    The ledger is set ahead of the topic, which is what it is after a topic was made anew.
    """
    from kafka import KafkaProducer

    produce(s, *(like() for _ in range(30)))
    ingest.ingest_kafka(s.settings, s.renderer, s.ch)
    before = count(s, "raw.like FINAL")
    read = rows(s.ch, "SELECT max(safe) AS safe FROM ops.positions WHERE stream = 'social.like'")[0]["safe"]
    at = ("kafka:e1", "social.like", 0)
    record_safe(s.ch, {at: read + 1_000})
    other = next(t for t in s.renderer.registry.topics("content") if t != "social.like")
    with closing(KafkaProducer(bootstrap_servers=s.settings.kafka_bootstrap, acks="all")) as producer:
        producer.send(other, like()).get(30)
    found = ingest.ingest_kafka(s.settings, s.renderer, s.ch)
    (unread,) = found.unread
    assert (unread.what, found.messages) == ("social.like", 1), "what else there is has landed"
    assert "starts again: it ends at" in unread.reason
    with pytest.raises(UnreadError) as error:
        require_read([asdict(found)])
    assert "clickvault init --new-epoch" in error.value.hint
    s.ch.command("DELETE FROM ops.positions WHERE safe = {n:UInt64}", parameters={"n": read + 1_000})
    s.settings = schema.new_epoch(s.settings)
    changed = {c.name for c in schema.init(s.settings, s.renderer, s.ch, s.pg)}
    assert {"landing.queue_content", "landing.pull_content_mv"} <= changed
    ingest.ingest_kafka(s.settings, s.renderer, s.ch)
    assert epochs.source_of(s.settings) == "kafka:e2"
    assert count(s, "landing.events WHERE source = 'kafka:e2' AND stream = 'social.like'") >= 30
    assert count(s, "raw.like FINAL") == before + 1, "the same events came again"
    assert [a for a in landing_reconciliations(s.renderer, s.ch) if not a.ok] == []


def test_messages_of_a_topic_that_was_made_anew_are_told_apart(s: Session) -> None:
    """ClickHouse pulled some of them before anybody looked: to positions of old ones, of other types and verdicts.

    They are put there by hand; what Apache Kafka and the Kafka engine do of themselves is in tests/services.
    """
    old = [like(), b"{", like(), b'{"event_type": "like"}', like(), b"[]"]
    anew = [like(), like(), b"}", b"[1]", b'{"event_type": "anew"}', like()]
    produce(s, *old)
    ingest.ingest_kafka(s.settings, s.renderer, s.ch)
    vault.load(s.settings, s.renderer, s.ch, s.pg)
    source = epochs.source_of(s.settings)
    landed = rows(s.ch, "SELECT partition, offset, raw FROM landing.events WHERE source = {s:String}", {"s": source})
    position = {r["raw"].encode(): (r["partition"], r["offset"]) for r in landed}
    columns = ["source", "stream", "partition", "offset", "key", "sent_at", "raw"]
    foreign = [[source, "social.like", *position[o], "", None, a] for o, a in zip(old, anew, strict=True)]
    s.ch.insert("landing.inbox_null", [*foreign, *foreign[:2]], columns)
    id_of = "SELECT id FROM ops.topics FINAL WHERE source = {s:String} AND topic = 'social.like'"
    assert len(rows(s.ch, id_of, {"s": source})) == 1, "the broker gave no id"
    s.ch.insert("ops.topics", [[source, "social.like", "another", datetime.now(UTC)]])
    (unread,) = ingest.ingest_kafka(s.settings, s.renderer, s.ch).unread
    assert (unread.what, unread.hint) == ("social.like", epochs.HINT)
    assert unread.reason == "it starts again: it was deleted, and made anew"
    assert [a for a in landing_reconciliations(s.renderer, s.ch) if not a.ok], "nothing to mend"

    s.settings = schema.new_epoch(s.settings)
    schema.init(s.settings, s.renderer, s.ch, s.pg)
    for messages, name in ((old, source), (anew, f"{source}~2")):
        sql = "SELECT DISTINCT raw, source, partition, offset FROM landing.events WHERE startsWith(source, {s:String})"
        landed = [r for r in rows(s.ch, sql, {"s": source}) if r["raw"].encode() in messages]
        assert {r["raw"].encode() for r in landed} == set(messages)
        assert {(r["source"], r["partition"], r["offset"]) for r in landed} == {(name, *position[o]) for o in old}
    assert schema.plan(s.settings, s.renderer, s.ch, s.pg) == []
    assert epochs.separate(s.settings, s.renderer, s.ch, s.pg) == 0
    ingest.ingest_kafka(s.settings, s.renderer, s.ch)
    check(s)
    vault.load(s.settings, s.renderer, s.ch, s.pg)
    keys = [json.loads(raw)["user_id"] for raw in [*old, *anew] if b"user_id" in raw]
    with s.pg, s.pg.cursor() as cursor:
        cursor.execute("select count(*) from vault.hub_user where bk = any(%s::uuid[])", (keys,))
        assert cursor.fetchone() == (len(keys),)


def test_a_field_that_is_added_is_planned_and_applied_without_loss(s: Session) -> None:
    """`plan` is empty after `init`; a new field shows in all stores, and the rows that are there stay."""
    social = s.renderer.registry.domains

    class Badge(Event, group="users"):
        """A badge of a user."""

        badge_id: Annotated[Id, Hub("badge"), Actor]
        title: Annotated[str, Length(1, 100), Sat("face")]

    first = Renderer(Registry([*social, Domain("badges", Badge)]))
    schema.init(s.settings, first, s.ch, s.pg)
    assert schema.plan(s.settings, first, s.ch, s.pg) == []

    def send(**fields: Any) -> None:
        event = {
            "event_id": str(uuid4()), "event_type": "badge", "op": "create", "event_time": "2026-01-06T00:00:00Z",
            "schema_version": 1, "producer": "test", "badge_id": str(uuid4()), **fields,
        }  # fmt: skip
        put(s, f"events/users/dt=2026-01-06/{uuid4()}.jsonl", json.dumps(event).encode())

    send(title="early bird")
    ingest.ingest_s3(s.settings, first, s.ch)
    _loaded(s, first)

    class Badge2(Event, group="users"):
        """A badge of a user."""

        badge_id: Annotated[Id, Hub("badge"), Actor]
        title: Annotated[str, Length(1, 100), Sat("face")]
        colour: Annotated[str | None, Length(1, 20), Sat("face")] = None

    from dataclasses import replace

    Badge2.spec = replace(Badge2.spec, event_type="badge", class_name="Badge")
    second = Renderer(Registry([*social, Domain("badges", Badge2)]))
    planned = {c.name for c in schema.plan(s.settings, second, s.ch, s.pg)}
    assert {"raw.badge", "landing.validate_badge_mv"} <= planned
    assert any("sat_badge_face" in name for name in planned)
    schema.init(s.settings, second, s.ch, s.pg)
    assert schema.plan(s.settings, second, s.ch, s.pg) == []
    send(title="night owl", colour="blue")
    ingest.ingest_s3(s.settings, second, s.ch)
    _loaded(s, second)
    assert rows(s.ch, "SELECT title, colour FROM raw.badge FINAL ORDER BY title") == [
        {"title": "early bird", "colour": None},
        {"title": "night owl", "colour": "blue"},
    ]
    with s.pg, s.pg.cursor() as cursor:
        cursor.execute("select title, colour from vault.sat_badge_face order by title")
        assert cursor.fetchall() == [("early bird", None), ("night owl", "blue")]


def _loaded(s: Session, renderer: Renderer) -> None:
    vault.load(s.settings, renderer, s.ch, s.pg, ["badge"])
