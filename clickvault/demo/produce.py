"""Making and sending events: between the command line and the generator, which knows no settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from clickvault.errors import ConfigurationError
from clickvault.session import Session
from clickvault.settings import stack_ready

if TYPE_CHECKING:
    from clickvault.generator import Delivered, GenerateOptions, Manifest, Writer

TARGETS = {"kafka": ("kafka",), "s3": ("s3",), "both": ("kafka", "s3"), "files": ("files",)}


def writer(session: Session, target: str, folder: Path | None = None) -> Writer:
    """A writer to `kafka`, `s3` or `files` (into `folder`)."""
    from clickvault.generator import FileWriter, KafkaWriter, S3Writer

    settings = session.settings
    if target == "files":
        return FileWriter(folder or Path("events"))
    settings = stack_ready(settings, target)
    if target == "s3":
        from clickvault.stores.s3 import client

        return S3Writer(client(settings), settings.s3_bucket)
    from clickvault.stores.kafka import login, missing_topics

    registry = session.renderer.registry
    missing = missing_topics(settings, [t for g in registry.groups for t in registry.topics(g)])
    if missing:  # a producer would have the broker make them, with a number of partitions of its own
        raise ConfigurationError(f"topic {missing[0]} does not exist yet", hint="clickvault init")
    return KafkaWriter(settings.kafka_bootstrap, **login(settings))


def generate(
    session: Session,
    options: GenerateOptions,
    to: str,
    folder: Path | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Manifest:
    """Make the events of a range, send them, and keep the manifest in <home>/manifests."""
    from clickvault import generator

    if to not in TARGETS:
        raise ConfigurationError(f"--to must be kafka, s3, both or files, got {to!r}")
    writers = {name: writer(session, name, folder) for name in TARGETS[to]}

    def share(done: float, messages: int) -> None:
        if progress:
            progress("generate", messages, max(messages, round(messages / done)) if done else 0)

    manifest = generator.generate(options, session.renderer.registry, writers, share)
    kept = session.settings.home / "manifests"
    kept.mkdir(parents=True, exist_ok=True)
    manifest.save(kept / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}.json")
    return manifest


def send(
    session: Session,
    files: Iterable[Path],
    to: str,
    progress: Callable[[str, int, int], None] | None = None,
    topic: str = "",
) -> Delivered:
    """Send JSON-lines files unchanged to `kafka` or `s3`; lines without a known event type to `topic`, without which they are refused."""
    from clickvault import generator

    files = list(files)
    total = sum(f.stat().st_size for f in files if f.is_file())

    def share(_lines: int, size: int) -> None:
        if progress:
            progress("send (bytes)", size, total)

    target = writer(session, to)
    return generator.send_files(files, target, session.renderer.registry, share, topic=topic)  # type: ignore[arg-type]
