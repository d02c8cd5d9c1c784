"""Sending events that somebody already has: JSON-lines files go to Kafka or S3 line by line, byte for byte.

Nothing is judged here. A line's event type is looked for only to find its topic (or group, in S3); a line without a
known one goes where the first declared type goes, and becomes a dead letter there.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

from clickvault.contract import EventSpec, Registry
from clickvault.errors import ConfigurationError, DataError
from generator.kafka_writer import KafkaWriter
from generator.manifest import Delivered
from generator.writers import S3Writer

CHUNK = 50_000
"""Lines of one S3 object."""

_TYPE = re.compile(rb'"event_type"\s*:\s*"([a-z][a-z0-9_]{0,59})"')
SendProgress = Callable[[int, int], None]
"""Is told the number of lines sent so far, and of bytes of the files read."""


def read_lines(paths: Iterable[Path | str]) -> Iterator[tuple[bytes, int]]:
    """The lines of the files without their ends, and the bytes read so far (compressed ones, of a .gz). Empty lines are
    none.

    Raises ConfigurationError for a file that can't be opened, DataError for one that is no gzip.
    """
    before = 0
    for path in map(Path, paths):
        try:
            packed = path.suffix == ".gz"
            with path.open("rb") as raw, gzip.GzipFile(fileobj=raw) if packed else nullcontext(raw) as source:
                for line in source:
                    line = line.rstrip(b"\r\n")
                    if line:
                        yield line, before + raw.tell()
                before += raw.tell()
        except (gzip.BadGzipFile, EOFError) as error:
            raise DataError(f"{path} is no gzip file: {error}") from error
        except OSError as error:
            raise ConfigurationError(
                f"{path} can't be read: {error.strerror}", hint="clickvault send FILE... --to kafka"
            ) from error


def _spec_of(line: bytes, registry: Registry, fallback: EventSpec) -> EventSpec:
    found = _TYPE.search(line)
    return registry.events.get(found[1].decode(), fallback) if found else fallback


def send_files(
    paths: Iterable[Path | str],
    writer: KafkaWriter | S3Writer,
    registry: Registry,
    progress: SendProgress | None = None,
    now: datetime | None = None,
) -> Delivered:
    """Send all lines of the files (.gz too) unchanged; the writer is closed. Raises ClickvaultError.

    S3 objects are named by their content, `events/<group>/dt=<today>/send_<sha1>.jsonl`, so that sending a file again
    on the same day adds nothing.
    """
    files = [Path(p) for p in paths]
    for path in files:
        if not path.is_file():
            raise ConfigurationError(f"no file {path}", hint="clickvault send FILE... --to kafka")
    if isinstance(writer, KafkaWriter):
        return _to_kafka(files, writer, registry, progress)
    return _to_s3(files, writer, registry, progress, now or datetime.now(UTC))


def _to_kafka(paths: list[Path], writer: KafkaWriter, registry: Registry, progress: SendProgress | None) -> Delivered:
    fallback = next(iter(registry.events.values()))
    keys = {
        s.event_type: re.compile(rb'"' + (s.hub_field or s.refs[0]).name.encode() + rb'"\s*:\s*"?([^",}]{1,200})')
        for s in registry.events.values()
    }
    count = 0
    for count, (line, read) in enumerate(read_lines(paths), 1):
        spec = _spec_of(line, registry, fallback)
        key = keys[spec.event_type].search(line)
        writer.send(spec.topic, line, key[1] if key else None)
        if progress and count % 2_000 == 0:
            progress(count, read)
    done = writer.close()
    if progress:
        progress(count, sum(p.stat().st_size for p in paths))
    return done


def _to_s3(
    paths: list[Path], writer: S3Writer, registry: Registry, progress: SendProgress | None, now: datetime
) -> Delivered:
    fallback = next(iter(registry.events.values()))
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
        group = _spec_of(line, registry, fallback).group
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
