"""The whole pipeline on Apache Kafka and Neo4j: balanced, the measures those of networkx, whatever is killed on the way."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from urllib.parse import quote, urlsplit, urlunsplit

import numpy as np
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from psycopg2.errors import InsufficientPrivilege

from clickvault.embedded import stack as embedded
from clickvault.errors import StoreError
from clickvault.generator import GenerateOptions, KafkaWriter
from clickvault.graph.interface import MEASURES
from clickvault.graph.networkx_engine import NetworkxEngine
from clickvault.graph.relations import measured
from clickvault.graph.store import read_graph
from clickvault.ingest import FATAL, collections, group_of, ingest_kafka
from clickvault.ingest.epochs import source_of
from clickvault.pipeline import migrate as schema
from clickvault.pipeline.steps import newest_day, run
from clickvault.reconcile.run import reconcile
from clickvault.session import Session, open_session
from clickvault.settings import get_settings
from clickvault.stores import kafka
from clickvault.stores.clickhouse import rows
from tests.services.conftest import WORLD, days
from tests.vault.staging import fetch
from tests.worlds import command, kill, pid_of, said, send, until


@pytest.fixture
def s(world: Session) -> Iterator[Session]:
    """A session whose connections are new: servers are killed here."""
    with open_session(get_settings()) as fresh:
        yield fresh


def test_balanced_with_the_graph_databases_checks(s: Session) -> None:
    reconciliations = reconcile(s.settings, s.renderer, s.ch, s.pg)
    assert all(a.ok for a in reconciliations)
    of_neo4j = [a for a in reconciliations if "in Neo4j" in a.name]
    assert len(of_neo4j) > 20
    assert sum(a.actual for a in of_neo4j) > 5_000
    assert any(a.name.startswith("kafka:e1 ") for a in reconciliations)


def test_the_scores_are_those_of_networkx(s: Session) -> None:
    day = newest_day(s)
    compared = 0
    for relation in measured(s.renderer.registry):
        graph = read_graph(s.renderer, s.pg, relation)
        expected = NetworkxEngine().compute(graph)
        sql = "SELECT * FROM graph.scores WHERE as_of = {d:Date} AND relation = {r:String} ORDER BY node_id"
        found = rows(s.ch, sql, {"d": day, "r": relation.type})
        assert tuple(r["node_id"] for r in found) == graph.ids
        for name in set(MEASURES) - {"community"}:
            ours = np.array([r[name] for r in found])
            np.testing.assert_allclose(ours, getattr(expected.scores, name), rtol=1e-9, atol=1e-9, err_msg=name)
            compared += len(ours)
    assert compared > 4_000
    sql = "SELECT count() AS n, countIf(node_id = suggested_id) AS selves FROM graph.suggestions WHERE relation = 'FRIENDS_WITH'"
    (suggested,) = rows(s.ch, sql)
    assert suggested["n"] > 100
    assert suggested["selves"] == 0


def test_the_graph_killed_while_it_is_loaded(s: Session) -> None:
    send(s, days(6, 7))
    pid = pid_of("graph")
    with command("run") as running:
        assert said(running, " User", " POSTED", " FOLLOWS")
        kill("graph", pid)
        _, rest = running.communicate()
    assert running.returncode == 1, "Neo4j was killed when the graph was loaded"
    assert "Error: loading the graph: Neo4j does not answer" in rest
    assert "Traceback" not in rest
    embedded.up()
    with open_session() as again:
        run(again)


def again_and_again(s: Session, what: GenerateOptions) -> None:
    """Send the same events: a single time may be over before ClickHouse has landed the first of them."""
    for _ in range(20):
        send(s, what)


def test_the_broker_killed_while_it_is_written_and_read(s: Session) -> None:
    count = "SELECT count() AS n FROM landing.events WHERE startsWith(source, 'kafka:')"
    before, pid = rows(s.ch, count)[0]["n"], pid_of("kafka")

    def strike() -> None:
        with open_session(s.settings) as other:
            until(lambda: bool(rows(other.ch, count)[0]["n"] > before), "ClickHouse consumes")
        kill("kafka", pid)

    killer = threading.Thread(target=strike)
    killer.start()
    with pytest.raises(StoreError, match="Kafka"):
        again_and_again(s, days(7, 9))
    killer.join()
    embedded.up()
    send(s, days(7, 9))  # who was not told that all arrived sends again: the same events, accepted once
    run(s)


def test_the_broker_killed_while_the_command_waits_for_it(s: Session) -> None:
    """A queue that does not pull holds the step up, so that it is under way for sure."""
    s.ch.command("DETACH TABLE landing.queue_ties SYNC")
    send(s, days(7, 9))
    pid = pid_of("kafka")
    with command("run") as running:
        assert said(running, "kafka to ClickHouse")
        kill("kafka", pid)
        _, rest = running.communicate()
    assert running.returncode == 1
    assert "Error: Kafka does not answer" in rest
    assert "Traceback" not in rest
    s.ch.command("ATTACH TABLE landing.queue_ties")
    embedded.up()
    run(s)


def test_an_event_type_more_in_a_topic_group_that_is_there(s: Session) -> None:
    """The broker gives a member of a fixed name what it had before: the new topic would never be read.

    Others wrote to it before, and the broker has removed their first messages: what is left is landed, the rest is known to be gone.
    """
    poke: dict[str, object] = {
        name: str(uuid.uuid4()) for name in ("event_id", "entity_id", "sender_id", "recipient_id")
    }
    poke |= {"event_type": "poke", "event_time": f"{WORLD.start:%Y-%m-%dT%H:%M:%SZ}", "schema_version": 1}
    poke |= {"producer": "test", "op": "create"}
    more = s.settings.model_copy(update={"domains": [*s.settings.domains, "tests.services.pokes"]})
    topic = "pokes.poke"
    kafka.create_topics(more, [topic])
    producer = KafkaProducer(bootstrap_servers=more.kafka_bootstrap, acks="all")
    for n in range(5):
        producer.send(topic, json.dumps(poke | {"event_id": str(uuid.UUID(int=n))}).encode(), partition=0)
    producer.flush(60)
    producer.close()
    with closing(KafkaAdminClient(bootstrap_servers=more.kafka_bootstrap)) as admin:
        admin.delete_records({TopicPartition(topic, 0): 3})
    try:
        with open_session(more) as wider:
            schema.init(wider.settings, wider.renderer, wider.ch, wider.pg)
            writer = KafkaWriter(more.kafka_bootstrap)
            writer.send(wider.renderer.registry.events["poke"].topic, json.dumps(poke).encode())
            writer.close()
            assert ingest_kafka(wider.settings, wider.renderer, wider.ch).expired == 3
            landed = rows(wider.ch, "SELECT raw FROM landing.events WHERE stream = 'pokes.poke'")
            ids = {json.loads(r["raw"])["event_id"] for r in landed}
            assert ids == {str(uuid.UUID(int=3)), str(uuid.UUID(int=4)), poke["event_id"]}
            reconciliations = reconcile(wider.settings, wider.renderer, wider.ch, wider.pg)
            sent_and_committed = [a.ok for a in reconciliations if a.name.startswith("kafka:") and topic in a.name]
            assert sent_and_committed == [True, True]
    finally:
        schema.init(s.settings, s.renderer, s.ch, s.pg, drop_domains=["pokes"])
    run(s)  # balances without the topic that it knows no more


def test_a_consumer_that_is_dead_is_replaced(s: Session) -> None:
    """Another member of its name throws it out for good, as a broker does that was killed at the wrong moment."""
    topic = s.renderer.registry.topics("ties")[0]
    name = collections.collections(s.settings)["kafka"]["kafka.group_instance_id"]
    given = "SELECT 1 AS n FROM system.kafka_consumers WHERE table = 'queue_ties' AND notEmpty(assignments.topic)"
    until(lambda: bool(rows(s.ch, given)), "ClickHouse's consumer has its topics")
    usurper = KafkaConsumer(
        topic,
        bootstrap_servers=s.settings.kafka_bootstrap,
        group_id=group_of(s.settings, "ties"),
        group_instance_id=name,
        enable_auto_commit=False,
    )
    dead = "SELECT count() AS n FROM system.kafka_consumers WHERE table = 'queue_ties' AND position(exceptions.text[-1], {f:String}) > 0"

    def fenced() -> bool:
        usurper.poll(100)
        return bool(rows(s.ch, dead, {"f": FATAL})[0]["n"])

    with closing(usurper):
        until(fenced, "ClickHouse's consumer is thrown out")
    send(s, days(9, 10))
    run(s)


def test_each_store_with_logins_that_may_do_their_own_work_only(s: Session) -> None:
    """The pipeline as a login in role vault_loader, ClickHouse as one in vault_stage: a day more, to Neo4j and the marts."""
    password = "of a test"
    with s.pg, s.pg.cursor() as cursor:
        for name, role in (("etl", "vault_loader"), ("clickhouse", "vault_stage")):
            cursor.execute(f"create role {name} login password %s in role {role}", (password,))
    parts = urlsplit(s.settings.postgres_url)

    def url(name: str) -> str:
        return urlunsplit(parts._replace(netloc=f"{name}:{quote(password)}@{parts.hostname}:{parts.port}"))

    limited = s.settings.model_copy(update={"postgres_url": url("etl"), "clickhouse_sees_postgres": url("clickhouse")})
    send(s, days(10, 11))
    collections.apply(s.ch, limited)
    try:
        with open_session(limited) as etl:
            with etl.pg, etl.pg.cursor() as cursor, pytest.raises(InsufficientPrivilege):
                cursor.execute("create table vault.mine (a int)")
            run(etl)
    finally:
        collections.apply(s.ch, s.settings)
    (loaded,) = fetch(s.pg, "select count(*), max(newest) from ops.load_log")
    assert loaded[1] > WORLD.start + timedelta(days=10)


def make_anew(s: Session, topic: str) -> None:
    """Delete the topic, and have `init` make it again."""
    admin = KafkaAdminClient(bootstrap_servers=s.settings.kafka_bootstrap)
    before = kafka.topic_ids(s.settings, [topic])
    admin.delete_topics([topic])
    admin.close()

    def again() -> bool:
        with suppress(StoreError):
            kafka.create_topics(s.settings, [topic])
            return kafka.topic_ids(s.settings, [topic]).get(topic, before[topic]) != before[topic]
        return False

    until(again, "the topic is made again")


def repaired(s: Session, topic: str) -> None:
    """Set aside, with the command that mends it; which does."""
    (unread,) = ingest_kafka(s.settings, s.renderer, s.ch).unread
    assert (unread.what, unread.reason) == (topic, "it starts again: it was deleted, and made anew")
    assert unread.hint.startswith("clickvault init --new-epoch ")
    init = [sys.executable, "-m", "clickvault", "init", "--new-epoch"]
    subprocess.run(init, check=True, capture_output=True, timeout=300)
    with open_session(get_settings()) as again:
        assert again.settings.kafka_epoch != s.settings.kafka_epoch
        assert schema.plan(again.settings, again.renderer, again.ch, again.pg) == []
        reconciliations = run(again)
    assert any(
        a.name.startswith(f"kafka:{get_settings().kafka_epoch} {topic}: ") and a.expected for a in reconciliations
    )


def positions_of_two(s: Session) -> int:
    """Positions of the present source that two messages have."""
    sql = (
        "SELECT count() AS n FROM (SELECT 1 FROM landing.events WHERE source = {s:String}"
        " GROUP BY stream, partition, offset HAVING uniqExact(raw) > 1)"
    )
    return int(rows(s.ch, sql, {"s": source_of(s.settings)})[0]["n"])


def test_a_topic_that_was_made_anew_is_shorter_and_was_pulled(s: Session) -> None:
    """ClickHouse starts at the first message again, without a word: its rows lie at the positions of the old ones."""
    topic = s.renderer.registry.topics("ties")[0]
    make_anew(s, topic)
    send(s, days(11, 12))
    # As a later start of ClickHouse does; a consumer that saw the topic go may take minutes to look for it again.
    for change in ("DETACH", "ATTACH"):
        s.ch.command(f"{change} TABLE landing.queue_ties")
    kafka.forget_members(s.settings, group_of(s.settings, "ties"))
    until(lambda: positions_of_two(s) > 5, "ClickHouse pulls from the new topic under the old source")
    repaired(s, topic)
    with open_session(get_settings()) as again:
        sources = {r["source"] for r in rows(again.ch, "SELECT DISTINCT source FROM landing.events")}
        assert f"{source_of(s.settings)}~2" in sources
    assert positions_of_two(s) == 0


def test_a_topic_that_was_made_anew_is_longer_than_before(s: Session) -> None:
    """Its offsets say nothing: ClickHouse would go on in its middle. The broker's id of the topic does."""
    topic = s.renderer.registry.topics("money")[0]
    ends = kafka.ends(s.settings, kafka.partitions(s.settings, [topic]))
    sql = "SELECT raw FROM landing.events WHERE stream = {t:String} AND notEmpty(raw) LIMIT {n:UInt32}"
    known = rows(s.ch, sql, {"t": topic, "n": max(ends.values()) + 100})
    make_anew(s, topic)
    producer = KafkaProducer(bootstrap_servers=s.settings.kafka_bootstrap, acks="all")
    for at in ends:
        for n in range(max(ends.values()) + 100):
            producer.send(topic, known[n % len(known)]["raw"].encode(), partition=at.partition)
    producer.flush(60)
    producer.close()
    now = kafka.ends(s.settings, kafka.partitions(s.settings, [topic]))
    assert all(now[at] > end for at, end in ends.items())
    repaired(s, topic)
