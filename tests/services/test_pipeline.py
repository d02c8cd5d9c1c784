"""The whole pipeline on Apache Kafka and Neo4j: balanced, the measures those of networkx, whatever is killed on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from kafka.admin import KafkaAdminClient

from clickvault import schema
from clickvault.clickhouse import rows
from clickvault.embedded import stack as embedded
from clickvault.errors import DataError, StoreError
from clickvault.graph.interface import MEASURES
from clickvault.graph.networkx_engine import NetworkxEngine
from clickvault.graph.relations import measured
from clickvault.graph.store import read_graph
from clickvault.ingest import ingest_kafka
from clickvault.reconcile import reconcile
from clickvault.run import newest_day, run
from clickvault.session import Session, open_session
from clickvault.settings import Settings, get_settings
from generator import GenerateOptions
from tests.worlds import options, send

WORLD = options(250, 10, dirt=0.02)
DAY = timedelta(days=1)


def days(first: int, last: int) -> GenerateOptions:
    """A part of the world."""
    return replace(WORLD, start=WORLD.start + first * DAY, end=WORLD.start + last * DAY)


@pytest.fixture(scope="module")
def world(session: Session, engine: Any) -> Session:
    """Six days of the world, run. The graph is empty before."""
    send(session, days(0, 6))
    run(session)  # raises when the accounts do not balance
    return session


@pytest.fixture
def s(world: Session) -> Iterator[Session]:
    """A session whose connections are new: servers are killed here."""
    with open_session(get_settings()) as fresh:
        yield fresh


def kill(store: str) -> None:
    (pid,) = (s.pid for s in embedded.status() if s.store == store)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)


def until(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.02)


def test_balanced_with_the_graph_databases_accounts(s: Session) -> None:
    accounts = reconcile(s.settings, s.renderer, s.ch, s.pg)
    assert all(a.ok for a in accounts)
    of_neo4j = [a for a in accounts if "in Neo4j" in a.name]
    assert len(of_neo4j) > 20
    assert sum(a.right for a in of_neo4j) > 5_000
    assert any(a.name.startswith("kafka:e1 ") for a in accounts)


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
    command = [sys.executable, "-m", "clickvault", "run"]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    rest = ""
    with running.stderr:
        for line in running.stderr:
            if "Neo4j:" in line and ("POSTED" in line or "FOLLOWS" in line or "User" in line):
                kill("graph")
                rest = running.stderr.read()
                break
    running.wait(300)
    assert running.returncode == 1, "Neo4j was killed when the graph was loaded"
    assert "Error:" in rest
    assert "Traceback" not in rest
    embedded.up()
    with open_session() as again:
        run(again)


def test_the_broker_killed_while_it_is_written_and_read(s: Session) -> None:
    before = int(rows(s.ch, "SELECT count() AS n FROM landing.events")[0]["n"])

    def strike() -> None:
        with open_session(s.settings) as other:
            count = "SELECT count() AS n FROM landing.events"
            until(lambda: int(rows(other.ch, count)[0]["n"]) > before, "ClickHouse consumes")
        kill("kafka")

    killer = threading.Thread(target=strike)
    killer.start()
    with suppress(StoreError):  # the producer may or may not come through
        send(s, days(7, 9))
    killer.join()
    embedded.up()
    send(s, days(7, 9))  # who was not told that all arrived sends again: the same events, accepted once
    run(s)


def test_a_topic_that_was_made_anew(s: Session) -> None:
    """Refused, with the command that mends it; which does."""
    topic = s.renderer.registry.topics("ties")[0]
    admin = KafkaAdminClient(bootstrap_servers=s.settings.kafka_bootstrap)
    admin.delete_topics([topic])
    admin.close()
    until(lambda: _recreated(s.settings, s), "the topic is made again")
    send(s, days(9, 10))
    with pytest.raises(DataError, match=f"topic {topic} starts again") as error:
        ingest_kafka(s.settings, s.renderer, s.ch)
    assert error.value.hint.startswith("clickvault init --new-epoch")
    command = [sys.executable, "-m", "clickvault", "init", "--new-epoch"]
    subprocess.run(command, check=True, capture_output=True)
    with open_session(get_settings()) as again:
        assert again.settings.kafka_epoch != s.settings.kafka_epoch
        accounts = run(again)
    assert any(a.name.startswith(f"kafka:{get_settings().kafka_epoch} {topic}: ") and a.left for a in accounts)


def _recreated(settings: Settings, s: Session) -> bool:
    from clickvault import kafka

    with suppress(StoreError):
        schema.init(settings, s.renderer, s.ch, s.pg)
        return not kafka.missing_topics(
            settings, [t for g in s.renderer.registry.groups for t in s.renderer.registry.topics(g)]
        )
    return False
