"""Writers: where generated messages go. S3 objects and files by topic group and time; for Kafka see `kafka_writer`.

Objects and files have one layout, `<group>/dt=YYYY-MM-DD/batch_<time>_<world>.jsonl`, where the time is the beginning of what
the batch covers, and the world a hash of what tells its contents from another world's. Names and contents depend on the world and the range only, so that a rerun writes the same objects
again.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from clickvault.contract import EventSpec
from clickvault.errors import StoreError
from clickvault.generator.draws import Ints
from clickvault.generator.manifest import Delivered
from clickvault.generator.options import GenerateOptions


@dataclass(frozen=True)
class Batch:
    """Messages in the order of their delivery: `t` in microseconds of the world, `kind` indexes `specs`."""

    t: Ints
    kind: Ints
    texts: list[str]


class Writer(Protocol):
    """Takes batches in the order of time; `close` returns what was delivered once all of it is safe."""

    takes_empty: bool

    def open(self, options: GenerateOptions, specs: Sequence[EventSpec]) -> None:
        """Begin a run."""

    def write(self, batch: Batch) -> None:
        """Take messages. Raises StoreError."""

    def close(self) -> Delivered:
        """Finish: everything is written when this returns. Raises StoreError."""


class _Objects:
    """Cuts the stream into objects by group and interval; a subclass stores one object."""

    takes_empty = False

    def open(self, options: GenerateOptions, specs: Sequence[EventSpec]) -> None:
        """Begin a run."""
        self._options = options
        self._groups = list(dict.fromkeys(s.group for s in specs))
        self._group_of = np.array([self._groups.index(s.group) for s in specs], dtype=np.int64)
        self._interval = options.interval // timedelta(microseconds=1)
        self._open: dict[int, list[str]] = {}
        self._period = -1
        self._delivered = Delivered()

    def write(self, batch: Batch) -> None:
        """Take messages; objects whose time is over are stored."""
        period = batch.t // self._interval
        cuts = [0, *(np.flatnonzero(np.diff(period)) + 1).tolist(), len(period)]
        group = self._group_of[batch.kind]
        for a, b in pairwise(cuts):
            if a == b:
                continue
            if period[a] != self._period:
                self._flush()
                self._period = int(period[a])
            for g in np.unique(group[a:b]).tolist():
                which = (np.flatnonzero(group[a:b] == g) + a).tolist()
                self._open.setdefault(g, []).extend([batch.texts[i] for i in which])

    def _flush(self) -> None:
        begins = max(self._options.epoch + timedelta(microseconds=self._period * self._interval), self._options.start)
        for group in sorted(self._open):
            lines = self._open[group]
            name = object_name(self._groups[group], begins, world_of(self._options))
            self._store(name, ("\n".join(lines) + "\n").encode())
            self._delivered.objects[name] = len(lines)
            self._delivered.messages += len(lines)
        self._open = {}

    def close(self) -> Delivered:
        """Store what is left."""
        self._flush()
        return self._delivered

    def _store(self, name: str, content: bytes) -> None:
        raise NotImplementedError


def object_name(group: str, begins: datetime, world: str) -> str:
    """The name of the object with a group's messages from a moment (UTC) on."""
    return f"{group}/dt={begins:%Y-%m-%d}/batch_{begins:%Y%m%dT%H%M%S}_{world}.jsonl"


def world_of(options: GenerateOptions) -> str:
    """Eight hexadecimal digits that worlds do not share: neither overwrites the other's objects before they are read."""
    told = (options.seed, options.users, options.epoch.isoformat(), options.dirt, str(options.interval))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:8]


class FileWriter(_Objects):
    """JSON lines under a folder, which is made."""

    def __init__(self, folder: Path | str) -> None:
        """`folder` is made with the first file."""
        self._folder = Path(folder)

    def _store(self, name: str, content: bytes) -> None:
        path = self._folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        except OSError as error:
            raise StoreError(f"{path} can't be written: {error.strerror}", hint="--to files --out FOLDER") from error


class S3Writer(_Objects):
    """JSON lines as objects `<prefix><group>/dt=.../batch_....jsonl` of a bucket that exists."""

    def __init__(self, client: Any, bucket: str, prefix: str = "events/") -> None:
        """`client` is a minio client, `prefix` comes before every name."""
        self._client = client
        self._bucket = bucket
        self.prefix = prefix

    def _store(self, name: str, content: bytes) -> None:
        self.put(self.prefix + name, content)

    def close(self) -> Delivered:
        """Store what is left; object names are given with their prefix."""
        done = super().close()
        done.objects = {self.prefix + name: lines for name, lines in done.objects.items()}
        return done

    def put(self, name: str, content: bytes) -> None:
        """Store one object under its full name. Raises StoreError."""
        from minio.error import MinioException
        from urllib3.exceptions import HTTPError

        try:
            self._client.put_object(
                self._bucket, name, io.BytesIO(content), len(content), content_type="application/x-ndjson"
            )
        except (MinioException, HTTPError, OSError) as error:
            raise StoreError(
                f"S3 did not take {self._bucket}/{name}: {str(error)[:200]}", hint="clickvault status", store="s3"
            ) from error
