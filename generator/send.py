"""Sending events that somebody already has: JSON-lines files go to Kafka or S3 line by line, byte for byte.

Nothing is judged here. A line's event type is looked for only to find its topic (or group, in S3). A file with a line of no
known type is refused before anything is sent, unless a topic is named where such lines are to go; they become dead letters.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import orjson

from clickvault.contract import EventSpec, Registry
from clickvault.errors import ConfigurationError, DataError
from clickvault.generator.kafka_writer import KafkaWriter
from clickvault.generator.manifest import Delivered
from clickvault.generator.writers import S3Writer

CHUNK = 50_000
"""Lines of one S3 object."""

NAMED = 5
"""So many of the lines without a known type are named."""

_TYPE = re.compile(rb'"event_type"\s*:\s*"([a-z][a-z0-9_]{0,59})"')
SendProgress = Callable[[int, int], None]
"""Is told the number of lines sent so far, and of bytes of the files read."""


def read_lines(paths: Iterable[Path | str], empty: bool = False) -> Iterator[tuple[bytes, int]]:
    """The lines of the files without their ends, and the bytes read so far (compressed ones, of a .gz). Empty lines are
    none, unless `empty`.

    Raises ConfigurationError for a file that can't be opened, DataError for one that is no gzip.
    """
    before = 0
    for path in map(Path, paths):
        try:
            packed = path.suffix == ".gz"
            with path.open("rb") as raw, gzip.GzipFile(fileobj=raw) if packed else nullcontext(raw) as source:
                for line in source:
                    line = line.rstrip(b"\r\n")
                    if line or empty:
                        yield line, before + raw.tell()
                before += raw.tell()
        except (gzip.BadGzipFile, EOFError) as error:
            raise DataError(f"{path} is no gzip file: {error}") from error
        except OSError as error:
            raise ConfigurationError(
                f"{path} can't be read: {error.strerror}", hint="clickvault send FILE... --to kafka"
            ) from error


def _type_of(line: bytes) -> str:
    """The event type of a line's object; of a line that is not JSON the first that is written in it. Empty where there is none."""
    try:
        found = orjson.loads(line)
    except ValueError:
        written = _TYPE.search(line)
        return written[1].decode() if written else ""
    return str(found.get("event_type", "")) if isinstance(found, dict) else ""


def send_files(
    paths: Iterable[Path | str],
    writer: KafkaWriter | S3Writer,
    registry: Registry,
    progress: SendProgress | None = None,
    now: datetime | None = None,
    topic: str = "",
) -> Delivered:
    """Send all lines of the files (.gz too) unchanged; the writer is closed. Lines without a known event type go to `topic`.

    Raises ConfigurationError when there are such lines and no topic (nothing is sent then), for a topic that nobody declares, and
    for a file that is none. S3 objects are named by their content, `events/<group>/dt=<today>/send_<sha1>.jsonl`, so that sending
    a file again on the same day adds nothing.
    """
    files = [Path(p) for p in paths]
    for path in files:
        if not path.is_file():
            raise ConfigurationError(f"no file {path}", hint="clickvault send FILE... --to kafka")
    topics = {s.topic: s for s in registry.events.values()}
    if topic and topic not in topics:
        raise ConfigurationError(
            f"no event type has the topic {topic!r}: nothing would read it", hint="clickvault contract list"
        )
    if not topic:
        _require_types(files, registry)
    where = _Where(registry, topics.get(topic))
    if isinstance(writer, KafkaWriter):
        return _to_kafka(files, writer, where, progress)
    return _to_s3(files, writer, where, progress, now or datetime.now(UTC))


def _require_types(paths: list[Path], registry: Registry) -> None:
    strangers, named = 0, list[str]()
    for path in paths:
        for number, (line, _) in enumerate(read_lines([path], empty=True), 1):
            if line and (found := _type_of(line)) not in registry.events:
                strangers += 1
                if len(named) < NAMED:
                    named.append(f"{path}, line {number}: {f'event type {found[:60]!r}' if found else 'no event type'}")
    if strangers:
        more = f"; and {strangers - len(named):,} more" if strangers > len(named) else ""
        raise ConfigurationError(
            f"{strangers:,} {'line has' if strangers == 1 else 'lines have'} no known event type, nothing is sent: "
            f"{'; '.join(named)}{more}",
            hint="clickvault contract list shows the known types; --topic TOPIC sends such lines there, as dead letters",
        )


class _Where:
    """Where a line goes: the declaration of its type, or, where its type is not known, that of the topic for such lines."""

    def __init__(self, registry: Registry, fallback: EventSpec | None) -> None:
        self.registry, self.fallback = registry, fallback

    def __call__(self, line: bytes) -> EventSpec:
        found = self.registry.events.get(_type_of(line), self.fallback)
        if found is None:  # not there when the files were looked through
            raise DataError(f"a file changed while it was sent: a line without a known event type: {line[:100]!r}")
        return found


def _to_kafka(paths: list[Path], writer: KafkaWriter, where: _Where, progress: SendProgress | None) -> Delivered:
    keys = {
        s.event_type: re.compile(rb'"' + (s.hub_field or s.refs[0]).name.encode() + rb'"\s*:\s*"?([^",}]{1,200})')
        for s in where.registry.events.values()
    }
    count = 0
    for count, (line, read) in enumerate(read_lines(paths), 1):
        spec = where(line)
        key = keys[spec.event_type].search(line)
        writer.send(spec.topic, line, key[1] if key else None)
        if progress and count % 2_000 == 0:
            progress(count, read)
    done = writer.close()
    if progress:
        progress(count, sum(p.stat().st_size for p in paths))
    return done


def _to_s3(
    paths: list[Path], writer: S3Writer, where: _Where, progress: SendProgress | None, now: datetime
) -> Delivered:
    done = Delivered()
    waiting: dict[str, list[bytes]] = {}

    def store(group: str) -> None:
        lines = waiting.pop(group)
        content = b"\n".join(lines) + b"\n"
        digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()[:12]
        name = f"{writer.prefix}{group}/dt={now:%Y-%m-%d}/send_{digest}.jsonl"
        writer.put(name, content)
        done.objects[name] = len(lines)
        done.messages += len(lines)

    for count, (line, read) in enumerate(read_lines(paths), 1):
        group = where(line).group
        waiting.setdefault(group, []).append(line)
        if len(waiting[group]) >= CHUNK:
            store(group)
        if progress and count % 2_000 == 0:
            progress(count, read)
    for group in list(waiting):
        store(group)
    if progress:
        progress(done.messages, sum(p.stat().st_size for p in paths))
    return done
