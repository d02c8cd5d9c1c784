"""Kafka of the embedded stack, where `up --kafka apache` chose it: Apache Kafka, one KRaft node on loopback.

Plaintext, as Tansu: it listens on 127.0.0.1 only. Its log is the broker's data, in `<home>/kafka`.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
import uuid
from pathlib import Path
from threading import Event

from clickvault.embedded import jvm, process
from clickvault.embedded.kafka import healthy, says, url
from clickvault.embedded.state import State
from clickvault.errors import ConfigurationError, StoreError

VERSION = "4.4.0"
RELEASE = jvm.Release(
    f"kafka-{VERSION}",
    (f"org.apache.kafka:kafka_2.13:{VERSION}", "org.apache.logging.log4j:log4j-slf4j-impl:2.25.5"),
)
JAVA = 17

MEMORY = ("-Xms64m", "-Xmx256m", "-XX:+UseSerialGC")

# One node: every internal topic has one replica. The two broker.* timeouts let it start again in half the time after a
# kill -9: until the session of the killed broker ends, the controller refuses the new one. The cleaner of
# compacted topics takes its buffer at the start and in one piece: its 128 MB would not always be free in so small a heap.
CONFIGURATION = """\
# Written by clickvault at each start.
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
log.retention.ms=-1
log.cleaner.dedupe.buffer.size=16777216
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""

__all__ = ["check", "healthy", "says", "start", "url"]

LOGGING = """\
status = warn
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


def check(state: State) -> None:
    """Raise ConfigurationError where Java, or what fetches the broker, is missing."""
    jvm.check(RELEASE, state.services, JAVA, "Apache Kafka")


def start(state: State, cancelled: Event) -> None:
    """Fetch and format on first use, start, wait until the broker answers."""
    program, _ = jvm.find(JAVA, "Apache Kafka")
    release = jvm.fetch(RELEASE, state.services, "kafka", cancelled)
    folder = state.home / "kafka"
    folder.mkdir(exist_ok=True, mode=0o700)
    data, log = folder / "data", state.home / "logs" / "kafka.log"
    configuration, logging = folder / "server.properties", folder / "log4j2.properties"

    def configure(data: Path) -> None:
        text = CONFIGURATION.format(port=state.port("kafka"), controller=state.port("kafka.controller"), data=data)
        configuration.write_text(text, encoding="utf-8")

    logging.write_text(LOGGING, encoding="utf-8")
    common: list[str | Path] = [program, f"-Dlog4j2.configurationFile={logging}", "-cp", f"{release / 'lib'}/*"]
    if not (data / "meta.properties").exists():
        if state.get("kafka.formatted") or (data.exists() and any(data.iterdir())):
            raise ConfigurationError(
                f"Kafka's data folder {data} is empty, gone or damaged, and this stack has kept messages in it",
                hint="put the folder back as it was   (docs/embedded.md, When something is damaged)",
            )
        # A broker without its old messages numbers them from 0 again: sources must not be mixed up. Counted before the
        # broker is there: a kill in between skips a number, and mixes nothing.
        state.put("kafka.epoch", int(state.get("kafka.epoch", 0)) + 1)
        unfinished = folder / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)  # of a first start that was cut short
        configure(unfinished)
        _format(common, configuration, log)
        unfinished.rename(data)  # what bears that name is complete, and never made anew
    state.put("kafka.formatted", True)
    configure(data)
    child = process.start(
        [*common[:1], *MEMORY, *common[1:], "kafka.Kafka", configuration],
        log,
        record=lambda child: state.record("kafka", child),
        serves=("kafka", state.home),
        cancelled=cancelled,
        cwd=folder,
        env={"TZ": "UTC"},
    )
    process.wait_healthy("kafka", child, lambda: healthy(state), log, seconds=180, cancelled=cancelled)
    state.put("kafka.version", VERSION)
    state.put_settings(kafka_bootstrap=url(state), kafka_epoch=f"e{state.get('kafka.epoch', 1)}")


def _format(common: list[str | Path], configuration: Path, log: Path) -> None:
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
    command = [*common[:1], "-Xmx128m", *common[1:], "kafka.tools.StorageTool", "format", "-t", cluster]
    with log.open("ab") as output:
        told = subprocess.run(
            [str(part) for part in (*command, "-c", configuration, "--standalone")],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if told.returncode:
        raise StoreError(
            f"Kafka's storage could not be formatted: {process.tail(log)}", hint=f"cat {log}", store="kafka"
        )
