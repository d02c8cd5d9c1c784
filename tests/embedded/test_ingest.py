"""Ingestion at its edges: messages of length 0, objects that change, topics that are made anew, contracts that grow."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import uuid4

import pytest

from clickvault import epochs, ingest, run, schema, vault
from clickvault.clickhouse import rows
from clickvault.contract import Actor, Domain, Event, Hub, Id, Length, Registry, Sat
from clickvault.contract.vault import vault_of
from clickvault.errors import DataError
from clickvault.positions import record_safe
from clickvault.reconcile import landing_accounts, sent_accounts
from clickvault.render import Renderer
from clickvault.run import reconcile
from clickvault.session import Session
from generator import s3_client
from tests.worlds import own_stack


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
    client = s3_client(s.settings.s3_url, s.settings.s3_access_key, s.settings.s3_secret_key)
    content = b"\n".join(lines) + b"\n"
    client.put_object(s.settings.s3_bucket, name, io.BytesIO(content), len(content))


def count(s: Session, sql: str) -> int:
    return int(rows(s.ch, f"SELECT count() AS n FROM {sql}")[0]["n"])


def check(s: Session) -> None:
    accounts = [*sent_accounts(s.settings, s.renderer, s.ch), *landing_accounts(s.renderer, s.ch)]
    assert [a for a in accounts if not a.ok] == []


def test_the_accounts_balance_at_any_moment(s: Session) -> None:
    """Between any two steps, while messages come; what is lost of what was taken along is told all the same."""

    def balanced() -> int:
        accounts = reconcile(s)
        assert [a for a in accounts if not a.ok] == []
        return sum(a.waiting for a in accounts)

    landed = count(s, "landing.events")
    produce(s, *(like() for _ in range(20)))
    balanced()  # nothing of it is noted as landed
    run.ingest(s)
    balanced()  # nothing of it is in the vault
    produce(s, *(like() for _ in range(20)), b"no event")
    put(s, "events/content/dt=2026-01-05/moment.jsonl", like())
    run.load(s)
    for _ in range(100):  # ClickHouse pulls by itself
        if count(s, "landing.events") == landed + 41:
            break
        time.sleep(0.2)
    balanced()
    run.graph(s)
    run.marts(s)
    run.ingest(s)
    balanced()
    run.load(s)
    assert balanced() > 0, "marts have yet to be built of it"
    run.graph(s)
    run.marts(s)
    assert balanced() == 0

    (link,) = vault_of(s.renderer.registry.events["like"]).links
    with s.pg, s.pg.cursor() as cursor:
        cursor.execute(f"create temporary table kept as select * from vault.link_{link.name} limit 1")
        cursor.execute(f"delete from vault.link_{link.name} where lhk in (select lhk from kept)")
    produce(s, like())
    assert [a.name for a in reconcile(s) if not a.ok and a.name.startswith(f"vault.link_{link.name}:")]
    with s.pg, s.pg.cursor() as cursor:
        cursor.execute(f"insert into vault.link_{link.name} select * from kept")
        cursor.execute("drop table kept")
    run.ingest(s)
    run.load(s)
    balanced()


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
    ingest.objects._number_new_objects(s.ch, s.settings.s3_bucket)
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
    produce(s, *(like() for _ in range(30)))
    ingest.ingest_kafka(s.settings, s.renderer, s.ch)
    before = count(s, "raw.like FINAL")
    read = rows(s.ch, "SELECT max(safe) AS safe FROM ops.positions WHERE stream = 'social.like'")[0]["safe"]
    at = ("kafka:e1", "social.like", 0)
    record_safe(s.ch, {at: read + 1_000})
    with pytest.raises(DataError, match=r"topic social\.like starts again") as error:
        ingest.ingest_kafka(s.settings, s.renderer, s.ch)
    assert "clickvault init --new-epoch" in error.value.hint
    s.ch.command("DELETE FROM ops.positions WHERE safe = {n:UInt64}", parameters={"n": read + 1_000})
    s.settings = schema.new_epoch(s.settings)
    changed = {c.name for c in schema.init(s.settings, s.renderer, s.ch, s.pg)}
    assert {"queue landing.queue_content", "pull landing.pull_content"} <= changed
    ingest.ingest_kafka(s.settings, s.renderer, s.ch)
    assert epochs.source_of(s.settings) == "kafka:e2"
    assert count(s, "landing.events WHERE source = 'kafka:e2' AND stream = 'social.like'") >= 30
    assert count(s, "raw.like FINAL") == before, "the same events came again"
    assert [a for a in landing_accounts(s.renderer, s.ch) if not a.ok] == []


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
    s.ch.insert("landing.inbox", [*foreign, *foreign[:2]], columns)
    id_of = "SELECT id FROM ops.topics FINAL WHERE source = {s:String} AND topic = 'social.like'"
    assert len(rows(s.ch, id_of, {"s": source})) == 1, "the broker gave no id"
    s.ch.insert("ops.topics", [[source, "social.like", "another", datetime.now(UTC)]])
    with pytest.raises(DataError, match=r"topic social\.like starts again: it was deleted") as error:
        ingest.ingest_kafka(s.settings, s.renderer, s.ch)
    assert error.value.hint == epochs.HINT
    assert [a for a in landing_accounts(s.renderer, s.ch) if not a.ok], "nothing to mend"

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
    assert {"table raw.badge", "feed landing.judge_badge"} <= planned
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
