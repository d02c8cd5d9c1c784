"""Encrypted connections with a login: Apache Kafka by SASL_SSL, from Python's client and ClickHouse's engine; Neo4j by bolt+s.

A broker of its own is started for it, with certificates by an authority that no machine knows.
"""

from __future__ import annotations

import base64
import subprocess
import time
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from clickvault.embedded import apache_kafka, jvm, process
from clickvault.embedded.state import State
from clickvault.errors import StoreError
from clickvault.generator import KafkaWriter
from clickvault.graph import cypher
from clickvault.ingest import collections
from clickvault.session import Session
from clickvault.settings import Settings
from clickvault.sql.render import literal
from clickvault.stores import kafka
from clickvault.stores.clickhouse import rows
from tests.services.conftest import SERVICES
from tests.tls import Authority, before

TOPIC, PASSWORD = "encrypted", "of-a-test"
# What is said last holds.
CONFIGURATION = f"""{apache_kafka.CONFIGURATION}
listeners=CLIENTS://127.0.0.1:{{port}},INSIDE://127.0.0.1:{{inside}},CONTROLLER://127.0.0.1:{{controller}}
advertised.listeners=CLIENTS://127.0.0.1:{{port}},INSIDE://127.0.0.1:{{inside}}
inter.broker.listener.name=INSIDE
listener.security.protocol.map=CLIENTS:SASL_SSL,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT
ssl.keystore.type=PEM
ssl.keystore.location={{folder}}/keystore.pem
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.clients.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.clients.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_etl="{{password}}";
"""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))


def keystore(authority: Authority) -> bytes:
    """Key (Java takes PKCS #8 alone) and certificates in one PEM file."""
    key = load_pem_private_key(authority.server.private_key_pem.bytes(), None)
    chain = [pem.bytes() for pem in authority.server.cert_chain_pems]
    return b"".join([key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), *chain])


@pytest.fixture(scope="module")
def broker(stack: Settings, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings with the address and the login of the broker; the stack fetched its jars."""
    folder = tmp_path_factory.mktemp("broker")
    java, _ = jvm.find(apache_kafka.JAVA, "Apache Kafka")
    state = State(folder)
    port, inside, controller = (state.port(name) for name in ("clients", "inside", "controller"))
    (folder / "keystore.pem").write_bytes(keystore(authority))
    (folder / "log4j2.properties").write_text(apache_kafka.LOGGING)
    (folder / "server.properties").write_text(
        CONFIGURATION.format(
            port=port, inside=inside, controller=controller, folder=folder, data=folder / "data", password=PASSWORD
        )
    )
    jars = SERVICES / apache_kafka.RELEASE.name / "lib"
    logging = f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}"
    common = [java, *apache_kafka.MEMORY, logging, "-cp", f"{jars}/*"]
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
    storage = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", folder / "server.properties", "--standalone"]
    scram = f"SCRAM-SHA-512=[name=etl,password={PASSWORD}]"
    subprocess.run([*common, *storage, "--add-scram", scram], check=True, capture_output=True, timeout=60)
    log = folder / "kafka.log"
    child = process.start([*common, "kafka.Kafka", folder / "server.properties"], log, cwd=folder)
    try:
        process.wait_healthy("kafka", child, lambda: process.port_answers(port), log, seconds=60)
        yield stack.model_copy(
            update={
                "kafka_bootstrap": f"127.0.0.1:{port}", "kafka_security_protocol": "SASL_SSL", "kafka_partitions": 1,
                "kafka_user": "etl", "kafka_password": PASSWORD,
            }
        )  # fmt: skip
    finally:
        process.stop(child, seconds=20)


def test_kafkas_clients(broker: Settings, trusted: None) -> None:
    assert kafka.create_topics(broker, [TOPIC]) == [TOPIC]
    writer = KafkaWriter(broker.kafka_bootstrap, **kafka.login(broker))
    for n in range(3):
        writer.send(TOPIC, f"message {n}".encode())
    assert writer.close().topics == {TOPIC: 3}
    (at,) = kafka.partitions(broker, [TOPIC])
    assert kafka.ends(broker, [at]) == {at: 3}
    assert [m.value for m in kafka.fetch(broker, at, [0, 2])] == [b"message 0", b"message 2"]


def test_kafka_engine_of_clickhouse(broker: Settings, session: Session, trusted: None) -> None:
    """By the named collection that `init` makes: the login in it, and the authority as text. chDB was built without SCRAM."""
    plain = broker.model_copy(update={"kafka_sasl_mechanism": "PLAIN"})
    values = collections.collections(plain)["kafka"] | {"kafka.group_instance_id": "encrypted"}
    assert "BEGIN CERTIFICATE" in values["kafka.ssl_ca_pem"]
    pairs = ", ".join(f"`{key}` = {literal(value)}" for key, value in values.items())
    kafka.create_topics(broker, [TOPIC])
    writer = KafkaWriter(broker.kafka_bootstrap, **kafka.login(broker))
    writer.send(TOPIC, b"to ClickHouse")
    writer.close()
    made = (
        ("VIEW", "ops.encrypted_pull"),
        ("TABLE", "ops.encrypted_queue"),
        ("TABLE", "ops.encrypted"),
        ("NAMED COLLECTION", "encrypted"),
    )
    try:
        session.ch.command(f"CREATE NAMED COLLECTION encrypted AS {pairs}")
        session.ch.command(
            f"CREATE TABLE ops.encrypted_queue (raw String) ENGINE = Kafka(encrypted) SETTINGS kafka_topic_list = '{TOPIC}',"
            " kafka_group_name = 'encrypted', kafka_format = 'RawBLOB', kafka_flush_interval_ms = 500"
        )
        session.ch.command("CREATE TABLE ops.encrypted (raw String) ENGINE = MergeTree ORDER BY raw")
        session.ch.command(
            "CREATE MATERIALIZED VIEW ops.encrypted_pull TO ops.encrypted AS SELECT raw FROM ops.encrypted_queue"
        )
        until = time.monotonic() + 60
        while not rows(session.ch, "SELECT 1 AS n FROM ops.encrypted WHERE raw = 'to ClickHouse'"):
            assert time.monotonic() < until, rows(
                session.ch, "SELECT exceptions.text AS said FROM system.kafka_consumers WHERE table = 'encrypted_queue'"
            )
            time.sleep(0.3)
    finally:
        for kind, name in made:
            session.ch.command(f"DROP {kind} IF EXISTS {name}")


def test_a_wrong_password_and_an_unknown_authority_are_refused(
    broker: Settings, trusted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(StoreError, match=r"Kafka does not answer.*wrong KAFKA_USER, KAFKA_PASSWORD or certificate"):
        kafka.missing_topics(broker.model_copy(update={"kafka_password": "wrong"}), [TOPIC])
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(StoreError, match="Kafka does not answer"):
        kafka.missing_topics(broker, [TOPIC])


def test_neo4j(session: Session, authority: Authority, trusted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with before(urlsplit(session.settings.neo4j_uri).port or 0, authority) as port:
        encrypted = session.settings.model_copy(update={"neo4j_uri": f"bolt+s://127.0.0.1:{port}"})
        with cypher.connect(encrypted) as driver:
            assert len(cypher.rows(driver, "database")) == 1
        monkeypatch.delenv("SSL_CERT_FILE")
        with (
            cypher.connect(encrypted) as driver,
            pytest.raises(StoreError, match=r"(?i)certificate|Neo4j does not answer"),
            cypher.translated("asking"),
        ):
            cypher.rows(driver, "database")
