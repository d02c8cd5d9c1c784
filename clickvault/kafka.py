"""Kafka as an operator sees it: topics, where they end, what a consumer group has committed, single messages.

No event passes through here on its way: ClickHouse's Kafka engine pulls. This is what waits for it, counts what was
sent, and fetches the few messages that the engine itself drops.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any, NamedTuple

from clickvault.errors import ConfigurationError, StoreError
from clickvault.settings import Settings, own_authorities

COORDINATOR_SECONDS = 30.0


class Partition(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int


class Message(NamedTuple):
    """A message as a plain consumer gets it; a tombstone's value is b''."""

    offset: int
    key: bytes
    value: bytes
    timestamp_ms: int | None


@contextmanager
def _told(settings: Settings) -> Iterator[None]:
    """Errors of the client as a StoreError that says what to do."""
    from kafka import errors

    refused = (
        errors.AuthorizationError,
        errors.SaslAuthenticationFailedError,
        errors.UnsupportedSaslMechanismError,
        errors.InvalidReplicationFactorError,
        errors.InvalidPartitionsError,
        errors.InvalidTopicError,
        errors.PolicyViolationError,
    )
    try:
        yield
    except refused as error:
        raise ConfigurationError(
            f"Kafka at {settings.kafka_bootstrap} refuses: {type(error).__name__}: {str(error)[:200]}",
            hint="look at the settings KAFKA_*; .env.example has them all",
        ) from error
    except (errors.KafkaError, OSError) as error:
        said = f"{type(error).__name__}: {str(error)[:200]}"
        if settings.kafka_security_protocol != "PLAINTEXT" and isinstance(error, errors.KafkaTimeoutError):
            said += " (the client tells a wrong KAFKA_USER, KAFKA_PASSWORD or certificate in no other way)"
        raise StoreError(
            f"Kafka does not answer at {settings.kafka_bootstrap}: {said}",
            hint="clickvault up",
            store="kafka",
        ) from error


def login(settings: Settings) -> dict[str, Any]:
    """How a client of kafka-python encrypts and logs in: what its constructors take.

    Certificates are checked against the authorities of the machine, or those in the file that SSL_CERT_FILE names.
    """
    if settings.kafka_security_protocol == "PLAINTEXT":
        return {}
    found: dict[str, Any] = {"security_protocol": settings.kafka_security_protocol}
    if settings.kafka_security_protocol.startswith("SASL"):
        found["sasl_mechanism"] = settings.kafka_sasl_mechanism
        found["sasl_plain_username"] = settings.kafka_user
        found["sasl_plain_password"] = settings.kafka_password
    return found


def engine_login(settings: Settings) -> dict[str, str]:
    """The same for ClickHouse's Kafka engine: keys of its named collection. Authorities go as text, not as a path there."""
    if settings.kafka_security_protocol == "PLAINTEXT":
        return {}
    found: dict[str, str] = {"kafka.security_protocol": settings.kafka_security_protocol}
    if settings.kafka_security_protocol.startswith("SASL"):
        found["kafka.sasl_mechanism"] = settings.kafka_sasl_mechanism
        found["kafka.sasl_username"] = settings.kafka_user
        found["kafka.sasl_password"] = settings.kafka_password
    if settings.kafka_security_protocol.endswith("SSL") and (authorities := own_authorities()):
        found["kafka.ssl_ca_pem"] = authorities
    return found


def _admin(settings: Settings) -> Any:
    from kafka.admin import KafkaAdminClient

    return KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap, client_id="clickvault", **login(settings))


def _consumer(settings: Settings) -> Any:
    from kafka import KafkaConsumer

    return KafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap,
        client_id="clickvault",
        enable_auto_commit=False,
        auto_offset_reset="none",
        fetch_max_wait_ms=100,
        **login(settings),
    )


def missing_topics(settings: Settings, topics: Iterable[str]) -> list[str]:
    """Those of `topics` that the broker does not have."""
    with _told(settings), closing(_admin(settings)) as admin:
        there = set(admin.list_topics())
    return [t for t in topics if t not in there]


def create_topics(settings: Settings, topics: Iterable[str]) -> list[str]:
    """Create the topics that are missing, with `settings.kafka_partitions` partitions. Returns their names.

    Explicitly, and before anything asks for them: a broker that creates topics by itself gives them its own number.
    """
    from kafka.errors import TopicAlreadyExistsError

    missing = missing_topics(settings, topics)
    left = missing
    while left:
        with _told(settings), closing(_admin(settings)) as admin, suppress(TopicAlreadyExistsError):
            admin.create_topics(
                {
                    t: {"num_partitions": settings.kafka_partitions, "replication_factor": settings.kafka_replication}
                    for t in left
                },
                timeout_ms=30_000,
            )
            break
        left = missing_topics(settings, left)  # another made some of them first
    return missing


def topic_ids(settings: Settings, topics: Iterable[str]) -> dict[str, str]:
    """The broker's own id of each topic that exists: it differs when a topic was deleted and made anew. Old brokers have none."""
    wanted = list(topics)
    with _told(settings), closing(_admin(settings)) as admin:
        found = admin.describe_topics(wanted)
    ids = {t["name"]: str(t.get("topic_id") or "") for t in found if not t["error_code"]}
    return {topic: ids[topic] for topic in wanted if ids.get(topic, "").strip("0-")}


def partitions(settings: Settings, topics: Iterable[str]) -> list[Partition]:
    """The partitions of the topics that exist."""
    with _told(settings), closing(_consumer(settings)) as consumer:
        return [Partition(t, p) for t in topics for p in sorted(consumer.partitions_for_topic(t) or ())]


def begins(settings: Settings, wanted: Iterable[Partition]) -> dict[Partition, int]:
    """Where each partition begins: the offset of the first message that the broker still has."""
    from kafka import TopicPartition

    with _told(settings), closing(_consumer(settings)) as consumer:
        found = consumer.beginning_offsets([TopicPartition(*p) for p in wanted])
    return {Partition(tp.topic, tp.partition): offset for tp, offset in found.items()}


def ends(settings: Settings, wanted: Iterable[Partition], timeout: float = 30.0) -> dict[Partition, int]:
    """The end of each partition: the offset that the next message will get.

    Taken from the high watermark of a fetch, not from ListOffsets: some brokers answer that with the first offset of
    the last batch, which is too small by up to a whole batch.
    """
    from kafka import TopicPartition

    out: dict[Partition, int] = {}
    with _told(settings), closing(_consumer(settings)) as consumer:
        tps = [TopicPartition(*p) for p in wanted]
        if not tps:
            return {}
        consumer.assign(tps)
        hint = consumer.end_offsets(tps)
        begin = consumer.beginning_offsets(tps)
        for tp in tps:
            consumer.seek(tp, max(begin[tp], hint[tp] - 1, 0))
        deadline = time.monotonic() + timeout
        while len(out) < len(tps):
            consumer.poll(timeout_ms=200)
            for tp in tps:
                at = consumer.highwater(tp)
                if at is not None and Partition(tp.topic, tp.partition) not in out:
                    out[Partition(tp.topic, tp.partition)] = max(at, hint[tp])
                    consumer.pause(tp)
            if time.monotonic() > deadline:
                late = [tp for tp in tps if Partition(tp.topic, tp.partition) not in out]
                raise StoreError(f"Kafka gives no end for {late[0]}", hint="clickvault status", store="kafka")
    return out


def committed(settings: Settings, group: str) -> dict[Partition, int]:
    """The offsets that a consumer group has committed."""
    with _told(settings), closing(_admin(settings)) as admin:
        found = _coordinated(lambda: admin.list_group_offsets(group))
    offsets = found.get(group, found) if isinstance(found, dict) else {}
    return {Partition(tp.topic, tp.partition): getattr(o, "offset", o) for tp, o in offsets.items()}


def _coordinated(ask: Callable[[], Any]) -> Any:
    """What a group's coordinator answers. A broker that has just started reads its groups first, and refuses meanwhile."""
    from kafka.errors import KafkaError

    deadline = time.monotonic() + COORDINATOR_SECONDS
    while True:
        try:
            return ask()
        except KafkaError as error:
            if not error.retriable or time.monotonic() > deadline:
                raise
        time.sleep(0.5)


def forget_members(settings: Settings, group: str) -> None:
    """Have the broker forget a consumer group's members; its offsets stay, and who is still there joins again.

    A member of a fixed name (group.instance.id) that comes back is given the topics that it had before, whatever it asks for now:
    without this, a queue that was made anew with one topic more would never read that topic.
    """
    from kafka.admin import MemberToRemove

    with _told(settings), closing(_admin(settings)) as admin:
        try:
            found = _coordinated(lambda: admin.describe_groups([group]))[group].get("members") or []
        except ValueError:  # Tansu tells of rights that kafka-python does not know; it deals topics out anew by itself
            return
        names = sorted({m["group_instance_id"] for m in found if m.get("group_instance_id")})
        if names:
            members = [MemberToRemove(group_instance_id=name) for name in names]
            _coordinated(lambda: admin.remove_group_members(group, members))


def fetch(settings: Settings, at: Partition, offsets: list[int], timeout: float = 30.0) -> list[Message]:
    """The messages at these offsets (ascending); an offset where the broker has nothing is left out.

    Nothing is taken for granted: an offset is empty when a message behind it came first, or when the broker answered
    that its log ends there. Raises StoreError when it does not answer within `timeout` seconds.
    """
    from kafka import TopicPartition

    wanted, found = set(offsets), []
    tp = TopicPartition(*at)
    with _told(settings), closing(_consumer(settings)) as consumer:
        consumer.assign([tp])
        position = -1  # the next offset that the consumer gives; what was asked for and lies before it is known
        deadline = time.monotonic() + timeout
        for offset in offsets:
            if offset < position:
                continue
            if position < 0 or offset - position >= 1_000:
                consumer.seek(tp, offset)
                position = offset
            quiet = 0
            while position <= offset:
                records = consumer.poll(timeout_ms=500, max_records=1_000).get(tp, [])
                for r in records:
                    if r.offset in wanted and r.offset >= position:
                        found.append(Message(r.offset, r.key or b"", r.value or b"", r.timestamp))
                    position = max(position, r.offset + 1)
                if records:
                    deadline = time.monotonic() + timeout
                    continue
                quiet += 1
                if quiet >= 2 and _ends_at(settings, tp, offset):
                    return found
                if time.monotonic() > deadline:
                    raise StoreError(f"Kafka gives nothing at {at} {offset}", hint="clickvault status", store="kafka")
    return found


def _ends_at(settings: Settings, tp: Any, offset: int) -> bool:
    """Whether the broker, asked anew for what is at `offset`, answers, and gives no message."""
    with closing(_consumer(settings)) as consumer:
        consumer.assign([tp])
        consumer.seek(tp, offset)
        for _ in range(10):
            if consumer.poll(timeout_ms=300, max_records=1):
                return False
            if (
                consumer.highwater(tp) is not None
            ):  # an answer came; what it holds would be given by now, or by the next
                return not consumer.poll(timeout_ms=500, max_records=1)
    return False
