"""The writer to Kafka: each event type has its topic, each entity its partition."""

from __future__ import annotations

import zlib
from collections import Counter, deque
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from clickvault.contract import EventSpec
from clickvault.errors import StoreError
from clickvault.generator.manifest import Delivered
from clickvault.generator.options import GenerateOptions
from clickvault.generator.writers import Batch


class KafkaWriter:
    """Messages to the topic of their event type, keyed by the entity that they are about; the topics must exist.

    kafka-python is safe as it is set here: all replicas acknowledge, and sends are idempotent. What is slow in it is
    avoided: its murmur2 of the key (the partition is the key's CRC-32 modulo the topic's partitions), and its CRC-32C
    in plain Python (compressed batches have fewer bytes; not needed where the package crc32c is installed). Its queue
    has no bound, so no more than `WINDOW` messages are let on their way. `settings` go to KafkaProducer.
    """

    takes_empty = True
    WINDOW = 20_000

    def __init__(self, bootstrap: str, **settings: Any) -> None:
        """Connect; StoreError when nobody answers within 10 s."""
        from kafka import KafkaProducer
        from kafka.errors import KafkaError

        self._error = KafkaError
        self._bootstrap = bootstrap
        options: dict[str, Any] = {
            "acks": "all", "enable_idempotence": True, "linger_ms": 50, "batch_size": 128 * 1024,
            "compression_type": _compression(), "max_block_ms": 30_000, "bootstrap_timeout_ms": 10_000,
            "allow_auto_create_topics": False, **settings,
        }  # fmt: skip
        try:
            self._producer = KafkaProducer(bootstrap_servers=bootstrap, **options)
        except KafkaError as error:
            raise self._down(error) from error
        self._partitions: dict[str, list[int]] = {}
        self._sent: Counter[str] = Counter()
        self._count = 0
        self._waiting: deque[Any] = deque()
        self._failed: list[BaseException] = []
        self._specs: Sequence[EventSpec] = ()
        self._markers: list[str] = []

    def open(self, options: GenerateOptions, specs: Sequence[EventSpec]) -> None:
        """Begin a run."""
        self._specs = specs
        self._markers = [f'"{(s.hub_field or s.refs[0]).name}":"' for s in specs]

    def write(self, batch: Batch) -> None:
        """Send messages. Raises StoreError, also for messages of earlier batches."""
        topics = [s.topic for s in self._specs]
        for kind, text in zip(batch.kind.tolist(), batch.texts, strict=True):
            _, found, rest = text.partition(self._markers[kind])
            self.send(topics[kind], text.encode(), rest[:36].encode() if found else None)

    def send(self, topic: str, value: bytes, key: bytes | None = None) -> None:
        """Send one message; without a key to the topic's first partition."""
        try:
            partitions = self._partitions.get(topic)
            if partitions is None:
                partitions = self._partitions[topic] = self._partitions_of(topic)
            partition = partitions[zlib.crc32(key) % len(partitions)] if key else partitions[0]
            future = self._producer.send(topic, value=value, key=key, partition=partition)
            future.add_errback(self._failed.append)
            self._sent[topic] += 1
            self._count += 1
            if self._count % 1_000 == 0:
                self._waiting.append(future)
                if len(self._waiting) > self.WINDOW // 1_000:
                    self._waiting.popleft().get(timeout=120)
        except self._error as error:
            raise self._given_up(error) from error
        if self._failed:
            raise self._given_up(self._failed[0])

    def _partitions_of(self, topic: str) -> list[int]:
        found = self._producer.partitions_for(topic)
        if not found:
            raise StoreError(f"Kafka has no topic {topic}", hint="clickvault init", store="kafka")
        return sorted(found)

    def close(self) -> Delivered:
        """Wait until everything is acknowledged, and leave."""
        try:
            self._producer.flush(timeout=120)
            if not self._failed:
                self._producer.close(timeout=10)
        except self._error as error:
            raise self._given_up(error) from error
        if self._failed:
            raise self._given_up(self._failed[0])
        return Delivered(self._sent.total(), dict(sorted(self._sent.items())))

    def _given_up(self, error: BaseException) -> StoreError:
        """The error to raise. What is on its way is dropped: else the producer would wait for the broker once more when it goes."""
        self._producer._sender.force_close()
        self._producer._sender.join(10)
        return self._down(error)

    def _down(self, error: BaseException) -> StoreError:
        return StoreError(
            f"Kafka at {self._bootstrap} did not take messages: {type(error).__name__}: {str(error)[:200]}",
            hint="clickvault status   (the topics are made by `clickvault init`)",
            store="kafka",
        )


def _compression() -> str | None:
    if find_spec("crc32c"):
        return None
    return "lz4" if find_spec("lz4") else "gzip"
