"""Kafka as an operator sees it: topics, where they end, what a consumer group has committed, single messages.

No event passes through here on its way: ClickHouse's Kafka engine pulls. This is what waits for it, counts what was
sent, and fetches the few messages that the engine itself drops. Every consumer here reads committed messages only, as the
engine does: what a transaction rolled back is nothing, and what a transaction holds open is not there yet.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

from clickvault.errors import ConfigurationError, StoreError
from clickvault.settings import Settings, own_authorities

log = logging.getLogger(__name__)

COORDINATOR_SECONDS = 30.0
ANSWER_SECONDS = 30.0
ISOLATION = "read_committed"
Answer = TypeVar("Answer")


class Partition(NamedTuple):
    """A partition of a topic."""

    topic: str
    partition: int

    def __str__(self) -> str:
        """As people write it: topic/partition."""
        return f"{self.topic}/{self.partition}"


class Bounds(NamedTuple):
    """Where a partition begins, where it ends for who reads committed messages (the last stable offset), and its high watermark.

    Messages from `end` to `high` are in or behind a transaction that is open.
    """

    begin: int
    end: int
    high: int


class Message(NamedTuple):
    """A message as a plain consumer gets it; a tombstone's value is b''."""

    offset: int
    key: bytes
    value: bytes
    timestamp_ms: int | None


@contextmanager
def told(settings: Settings) -> Iterator[None]:
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


def admin_client(settings: Settings) -> Any:
    """An administrator's client of the broker, to be closed."""
    from kafka.admin import KafkaAdminClient

    return KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap, client_id="clickvault", **login(settings))


def _consumer(settings: Settings, **options: Any) -> Any:
    from kafka import KafkaConsumer

    return KafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap,
        client_id="clickvault",
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level=ISOLATION,
        fetch_max_wait_ms=100,
        **options,
        **login(settings),
    )


def _each(
    settings: Settings,
    wanted: Mapping[Partition, Any],
    ask: Callable[[Mapping[Partition, Any], float], tuple[dict[Partition, Answer], dict[Partition, str]]],
    timeout: float = ANSWER_SECONDS,
) -> tuple[dict[Partition, Answer], dict[Partition, str]]:
    """What `ask` answers of these partitions, and of those that can't be read the reason: one such partition fails no other.

    `ask` takes partitions and seconds, and gives answers and reasons. Raises StoreError when the broker is away.
    """
    from kafka.errors import KafkaError

    found: dict[Partition, Answer] = {}
    reasons: dict[Partition, str] = {}
    if not wanted:
        return found, reasons
    try:
        found, reasons = ask(wanted, timeout)
        if not reasons:
            return found, reasons
    except KafkaError as error:
        reasons = dict.fromkeys(wanted, str(error)[:200] or type(error).__name__)
    missing_topics(settings, ())  # a broker that is away answers for none
    if len(wanted) > 1 and not found and len(reasons) == len(wanted):
        reasons = {}
        for at, value in wanted.items():
            one, why = _each(settings, {at: value}, ask, min(timeout, 5.0))
            found |= one
            reasons |= why
    return found, reasons


def missing_topics(settings: Settings, topics: Iterable[str]) -> list[str]:
    """Those of `topics` that the broker does not have."""
    with told(settings), closing(admin_client(settings)) as admin:
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
        with told(settings), closing(admin_client(settings)) as admin, suppress(TopicAlreadyExistsError):
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
    with told(settings), closing(admin_client(settings)) as admin:
        found = admin.describe_topics(wanted)
    ids = {t["name"]: str(t.get("topic_id") or "") for t in found if not t["error_code"]}
    return {topic: ids[topic] for topic in wanted if ids.get(topic, "").strip("0-")}


def partitions(settings: Settings, topics: Iterable[str]) -> list[Partition]:
    """The partitions of the topics that exist, those included that nobody serves at present."""
    with told(settings), closing(admin_client(settings)) as admin:
        found = {t["name"]: t for t in admin.describe_topics(list(topics))}
    return sorted(
        Partition(name, p["partition_index"])
        for name, t in found.items()
        if not t["error_code"]
        for p in t["partitions"]
    )


def survey(settings: Settings, topics: Iterable[str]) -> tuple[dict[Partition, Bounds], dict[str, str]]:
    """Where each partition of these topics begins and ends; and what of them can't be read (topic, or topic/partition), with the reason.

    Raises StoreError when the broker is away.
    """
    from kafka.errors import for_code

    wanted, topics = [], list(topics)
    unreadable = {}
    with told(settings), closing(admin_client(settings)) as admin:
        found = {t["name"]: t for t in admin.describe_topics(topics)} if topics else {}
    for topic in topics:
        if topic not in found:
            unreadable[topic] = "the broker has no such topic"
        elif found[topic]["error_code"]:
            unreadable[topic] = f"the broker says {for_code(found[topic]['error_code']).__name__}"
        else:
            for p in sorted(found[topic]["partitions"], key=lambda p: p["partition_index"]):
                at = Partition(topic, p["partition_index"])
                if p["leader_id"] < 0:
                    unreadable[str(at)] = "it has no leader: the brokers that hold it are away"
                else:
                    wanted.append(at)
    bounds, late = bounds_of(settings, wanted)
    return bounds, unreadable | {str(at): reason for at, reason in late.items()}


def bounds_of(
    settings: Settings, wanted: Iterable[Partition], timeout: float = ANSWER_SECONDS
) -> tuple[dict[Partition, Bounds], dict[Partition, str]]:
    """Where each partition begins and ends, and of those that can't be read the reason.

    The ends are those that come with the answer to a fetch. ListOffsets gives others: some brokers answer it with the first offset
    of the last batch, which is too small by up to a whole batch.
    """
    with told(settings):
        return _each(settings, dict.fromkeys(wanted), lambda some, seconds: _bounds(settings, some, seconds), timeout)


def _bounds(
    settings: Settings, wanted: Iterable[Partition], timeout: float
) -> tuple[dict[Partition, Bounds], dict[Partition, str]]:
    from kafka import TopicPartition
    from kafka.admin import OffsetSpec
    from kafka.errors import KafkaError, for_code

    out: dict[Partition, Bounds] = {}
    reasons: dict[Partition, str] = {}
    deadline = time.monotonic() + timeout
    with closing(admin_client(settings)) as admin:
        left = set(wanted)
        while left:
            tps = [TopicPartition(*at) for at in left]
            begin = admin.list_partition_offsets(dict.fromkeys(tps, OffsetSpec.EARLIEST))
            last = admin.list_partition_offsets(dict.fromkeys(tps, OffsetSpec.LATEST))
            positions = {at: max(begin[at].offset, last[at].offset) for at in left}
            for leader, some in leaders(admin, left).items():
                try:
                    answers = fetched(admin, leader, {at: positions[at] for at in some}, most=1, isolation_level=1)
                except KafkaError as error:
                    reasons |= dict.fromkeys(some, str(error)[:200] or type(error).__name__)
                    continue
                for at, part in answers.items():
                    if part.error_code:
                        reasons[at] = f"the broker says {for_code(part.error_code).__name__}"
                    else:
                        high = max(part.high_watermark, positions[at])
                        end = high if part.last_stable_offset < 0 else min(high, part.last_stable_offset)
                        out[at] = Bounds(begin[at].offset, end, high)
            left -= set(out)
            if left and time.monotonic() > deadline:
                break
            if left:
                time.sleep(0.2)  # a partition's leader may just have changed
    return out, {at: reasons.get(at, _late(timeout)) for at in left}


def _late(timeout: float) -> str:
    return f"the broker does not answer for it within {timeout:.0f} s"


def leaders(admin: Any, wanted: Iterable[Partition]) -> dict[int, list[Partition]]:
    """The partitions by the broker that serves them (-1: none)."""
    there = {
        Partition(t["name"], p["partition_index"]): p["leader_id"]
        for t in admin.describe_topics(sorted({at.topic for at in wanted}))
        for p in t["partitions"]
    }
    found: dict[int, list[Partition]] = {}
    for at in wanted:
        found.setdefault(there.get(at, -1), []).append(at)
    return found


def fetched(
    admin: Any, leader: int, positions: Mapping[Partition, int], most: int, isolation_level: int
) -> dict[Partition, Any]:
    """The answer of a broker to one fetch from these offsets on, of each partition: its high watermark, last stable offset,
    error code, and record batches of at most `most` bytes in all (one batch at least)."""
    from kafka.protocol.consumer import FetchRequest

    kind = FetchRequest.FetchTopic.FetchPartition
    topics: dict[str, list[Any]] = {}
    for at, offset in positions.items():
        part = kind(partition=at.partition, fetch_offset=offset, partition_max_bytes=most)
        topics.setdefault(at.topic, []).append(part)
    request = FetchRequest(
        max_wait_ms=100,
        min_bytes=1,
        max_bytes=most,
        isolation_level=isolation_level,
        topics=list(topics.items()),
        max_version=12,  # later ones take ids in place of names
    )
    answer = admin._manager.run(_sent, admin, request, leader)
    return {Partition(t.topic, p.partition_index): p for t in answer.responses for p in t.partitions}


async def _sent(admin: Any, request: Any, node: int) -> Any:
    return await admin._manager.send(request, node_id=node)


def ends(settings: Settings, wanted: Iterable[Partition]) -> dict[Partition, int]:
    """The end of each partition for who reads committed messages. Raises StoreError for one that can't be read."""
    found, unreadable = bounds_of(settings, wanted)
    for at, reason in unreadable.items():
        raise StoreError(f"Kafka's {at} can't be read: {reason}", hint="look at the broker's log", store="kafka")
    return {at: b.end for at, b in found.items()}


def open_transactions(settings: Settings, bounds: Mapping[Partition, Bounds]) -> dict[Partition, str]:
    """Of partitions that an open transaction holds back, what is known of it: its id, since when, how many offsets wait behind it.

    The id is the broker's to tell: some do not, and some logins may not ask.
    """
    from kafka.errors import KafkaError

    held = {at: b for at, b in bounds.items() if b.end < b.high}
    if not held:
        return {}
    names: dict[Partition, list[str]] = {at: [] for at in held}
    with suppress(KafkaError, OSError, ValueError), closing(admin_client(settings)) as admin:
        found = admin.list_transactions()
        ids = [
            t.transactional_id
            for some in found.values()
            for t in some
            if not str(t.state.value).startswith(("Complete", "Empty", "Dead"))
        ]
        for name, t in sorted(admin.describe_transactions(ids).items()):
            for tp in t.topic_partitions:
                if (at := Partition(tp.topic, tp.partition)) in names:
                    since = datetime.fromtimestamp(t.transaction_start_time_ms / 1_000, UTC)
                    names[at].append(f"{name!r} (since {since:%Y-%m-%d %H:%M:%S})")
    return {
        at: f"{', '.join(names[at]) or 'of an unknown id'}: {b.high - b.end} offsets from {b.end} on wait for its end"
        for at, b in held.items()
    }


def committed(settings: Settings, group: str) -> dict[Partition, int]:
    """The offsets that a consumer group has committed."""
    with told(settings), closing(admin_client(settings)) as admin:
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

    with told(settings), closing(admin_client(settings)) as admin:
        try:
            found = _coordinated(lambda: admin.describe_groups([group]))[group].get("members") or []
        except ValueError:  # Tansu tells of rights that kafka-python does not know; it deals topics out anew by itself
            return
        names = sorted({m["group_instance_id"] for m in found if m.get("group_instance_id")})
        if names:
            members = [MemberToRemove(group_instance_id=name) for name in names]
            _coordinated(lambda: admin.remove_group_members(group, members))


def fetch(settings: Settings, at: Partition, offsets: list[int], timeout: float = ANSWER_SECONDS) -> list[Message]:
    """The committed messages at these offsets (ascending); an offset where the broker has none is left out.

    Nothing is taken for granted: an offset is empty when the consumer came past it, or when the broker answered
    that its log ends there. Raises StoreError when it does not answer within `timeout` seconds.
    """
    from kafka import TopicPartition

    wanted, found = set(offsets), []
    tp = TopicPartition(*at)
    with told(settings), closing(_consumer(settings)) as consumer:
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
                for r in consumer.poll(timeout_ms=500, max_records=1_000).get(tp, []):
                    if r.offset in wanted:
                        found.append(Message(r.offset, r.key or b"", r.value or b"", r.timestamp))
                there = consumer.position(tp)  # also past markers, and past what was rolled back
                if there > position:
                    position, quiet, deadline = there, 0, time.monotonic() + timeout
                    continue
                quiet += 1
                if quiet >= 2 and _ends_at(settings, tp, offset):
                    return found
                if time.monotonic() > deadline:
                    raise StoreError(f"Kafka gives nothing at {at} {offset}", hint="clickvault status", store="kafka")
    return found


def _ends_at(settings: Settings, tp: Any, offset: int) -> bool:
    """Whether the broker, asked anew for what is at `offset`, answers, and gives nothing."""
    with closing(_consumer(settings)) as consumer:
        consumer.assign([tp])
        consumer.seek(tp, offset)
        for _ in range(10):
            consumer.poll(timeout_ms=300, max_records=1)
            if consumer.position(tp) > offset:
                return False
            if consumer.highwater(tp) is not None:
                # an answer came; what it holds would be given by now, or by the next
                consumer.poll(timeout_ms=500, max_records=1)
                return bool(consumer.position(tp) == offset)
    return False
