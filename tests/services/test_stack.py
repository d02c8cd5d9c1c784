"""Apache Kafka and Neo4j as stores of the embedded stack: chosen, remembered, stopped, killed, found again."""

from __future__ import annotations

import json
import os
import signal
import socket
from contextlib import ExitStack, closing
from typing import Any

import psutil
import pytest
from kafka import KafkaProducer

from clickvault.embedded import stack as embedded
from clickvault.embedded.state import State
from clickvault.errors import ConfigurationError
from clickvault.graph import cypher, engine_for
from clickvault.settings import Settings, get_settings
from clickvault.stores import kafka
from tests.worlds import consumed

TOPIC = "kept"


def statuses() -> dict[str, embedded.StoreStatus]:
    return {s.store: s for s in embedded.status()}


def ask(cypher_text: str) -> list[Any]:
    with cypher.connect(get_settings()) as driver:
        return [r[0] for r in driver.execute_query(cypher_text).records]  # type: ignore[arg-type]


def engine_name() -> str:
    with closing(engine_for(get_settings())) as engine:
        return engine.name


@pytest.fixture(scope="module", autouse=True)
def kept(stack: Settings) -> None:
    """A message and a node that must survive everything below."""
    kafka.create_topics(stack.model_copy(update={"kafka_partitions": 1}), [TOPIC])
    producer = KafkaProducer(bootstrap_servers=stack.kafka_bootstrap, acks="all")
    producer.send(TOPIC, b"42", partition=0).get(timeout=30)
    producer.close()
    ask("MERGE (:Kept {id: '42'})")


def still_there() -> bool:
    return consumed(get_settings(), TOPIC, 1) == [b"42"] and ask("MATCH (k:Kept) RETURN k.id") == ["42"]


def test_what_runs_and_how_it_is(stack: Settings) -> None:
    found = statuses()
    assert all(s.healthy for s in found.values())
    assert found["kafka"].version.startswith("Apache Kafka 4.")
    assert found["graph"].version.startswith("Neo4j ")
    assert "GDS 2." in found["graph"].version
    assert found["graph"].url == stack.neo4j_uri
    assert engine_name() == "neo4j"
    assert still_there()


def test_a_second_up_keeps_the_choice_and_does_nothing(stack: Settings) -> None:
    said: list[str] = []
    before = statuses()
    assert {s.store: s for s in embedded.up(said.append)} == before
    assert {s.store: s for s in embedded.up(said.append, broker="apache", graph="neo4j")} == before
    assert said == []


def test_another_broker_is_refused_where_there_are_messages(stack: Settings) -> None:
    before = statuses()
    with pytest.raises(ConfigurationError, match="kept by the broker 'apache'") as error:
        embedded.up(broker="tansu")
    assert "CLICKVAULT_HOME" in error.value.hint
    with pytest.raises(ConfigurationError, match='must be "tansu" or "apache", got "redpanda"'):
        embedded.up(broker="redpanda")
    assert statuses() == before


def test_servers_listen_on_this_machine_only_and_passwords_are_nowhere(stack: Settings) -> None:
    secrets = list(json.loads((stack.home / "stack.json").read_text())["secrets"].values())
    assert stack.neo4j_password in secrets
    texts = [p.read_text(errors="replace") for folder in ("logs", "neo4j/logs", "neo4j/conf", "kafka")
             for p in (stack.home / folder).iterdir() if p.is_file()]  # fmt: skip
    for store in ("kafka", "graph"):
        pid = statuses()[store].pid
        assert pid is not None
        process = psutil.Process(pid)
        texts.append(" ".join(process.cmdline()))
        listening = [c.laddr.ip for c in process.net_connections("tcp") if c.status == psutil.CONN_LISTEN]
        assert listening
        assert {ip.removeprefix("::ffff:") for ip in listening} == {"127.0.0.1"}
    texts += [repr(stack), repr(embedded.status())]
    assert len(texts) > 8
    assert not [secret for secret in secrets if any(secret in text for text in texts)]


def test_networkx_and_back(stack: Settings) -> None:
    """The graph is a copy: its engine may change at any time, and Neo4j's data waits."""
    before, pid = get_settings(), statuses()["graph"].pid
    assert pid is not None
    embedded.up(graph="networkx")
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert get_settings().neo4j_uri == ""
    assert engine_name() == "networkx"
    assert statuses()["graph"].url == "networkx, in process"
    embedded.up(graph="neo4j")
    assert get_settings() == before
    assert still_there()


def test_down_and_up_with_all_ports_taken(stack: Settings) -> None:
    """The choice is remembered; a controller whose port changed is found by its broker."""
    embedded.down()
    assert not any(s.healthy for s in statuses().values())
    state = State(stack.home)
    names = [*state.ports("kafka"), *state.ports("graph")]
    taken = {name: state.port(name) for name in names}
    assert {"kafka", "kafka.controller", "graph"} <= set(taken)
    with ExitStack() as others:
        for port in taken.values():
            other = others.enter_context(socket.socket())
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", port))
            other.listen()
        said: list[str] = []
        assert all(s.healthy for s in embedded.up(said.append))
    for name, port in taken.items():
        assert State(stack.home).port(name) != port
        assert any(f"port {port} is taken" in line for line in said)
    assert still_there()


def test_both_killed(stack: Settings) -> None:
    settings = get_settings()
    pids = {store: statuses()[store].pid for store in ("kafka", "graph")}
    for pid in pids.values():
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    assert all(s.healthy for s in embedded.up())
    assert {store for store in pids if statuses()[store].pid != pids[store]} == {"kafka", "graph"}
    assert get_settings() == settings
    assert still_there()
