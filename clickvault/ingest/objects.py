"""S3: load each object, (path, etag), once, in batches, by a ledger (ops.objects).

Order of a step, and what a crash costs:
  1. list the bucket, number what is new     nothing: a number is given once, and a load is repeated under the same positions
  2. count an object's lines                 nothing was written
  3. load a batch                            the same positions again: readers take positions, not rows
  4. compare what landed, and book it        the objects wait still, and are loaded again under the same positions
  5. record the safe offsets                 the bridge sees the rows later, by the next run

The lines are counted through S3's own API, the rows are read by ClickHouse: what one of them does not see, the other does. An object
that can't be read fails alone: its batch is halved until it stands by itself, and then it is set aside with the reason.
The bucket is listed once a step, from its beginning: a listing from the last key on would miss what comes late, and what was replaced.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from clickvault.errors import StoreError, is_transient
from clickvault.ingest.offsets import record_safe, safe_positions
from clickvault.ingest.result import Ingested, Progress, Unread
from clickvault.settings import Settings
from clickvault.sql.render import Renderer, statements
from clickvault.stores import s3
from clickvault.stores.clickhouse import LOGIN, as_ours, rows, server_said
from clickvault.stores.s3 import Gone, Replaced, S3Object, Unreadable

log = logging.getLogger(__name__)

OBJECTS_PER_LOAD = 100
BYTES_PER_LOAD = 256 * 2**20
NAMES_PER_LOAD = 2**14
"""Bytes of the names in one statement: they travel in the address of the request."""

_MEMORY = 241
_STATEMENT = {46, 47, 60, 62}  # an unknown function, column or table, the syntax: no object's fault
_NOT_IMPLEMENTED = 48
_S3_ERROR = 499
_GLOB = re.compile(r"[{}*?,\x00-\x1f\x7f]|::")
"""What ClickHouse takes for a glob or an archive, or does not find, in the name of an object."""


@dataclass(frozen=True)
class Numbered(S3Object):
    """An object of the ledger that waits to be loaded; its number is the upper half of its lines' positions."""

    number: int

    @property
    def odd(self) -> bool:
        """Whether its name can't stand beside others in one statement."""
        return bool(_GLOB.search(self.key))


def ingest_s3(settings: Settings, renderer: Renderer, ch: Client, progress: Progress | None = None) -> Ingested:
    """Load the objects that are in the bucket and were not loaded: each (path, etag) once, in batches.

    What can't be read is set aside and returned as `unread`, with what earlier steps set aside and what vanished before it was read.
    Raises StoreError when a store is away.
    """
    step = _Step(settings, renderer, ch)
    step.list_bucket()
    waiting = step.waiting()
    done = 0
    for batch in _batches(waiting):
        if progress:
            progress("S3 to ClickHouse", done, len(waiting))
        step.take(batch)
        done += len(batch)
    if progress:
        progress("S3 to ClickHouse", done, len(waiting))
    at, safe = ("s3", settings.s3_bucket, 0), _loaded_up_to(ch, settings.s3_bucket)
    if safe_positions(ch).get(at) != safe:
        record_safe(ch, {at: safe})
    unread = (*step.vanished, *(Unread(r["path"], r["reason"]) for r in set_aside(ch, settings.s3_bucket)))
    log.info("s3: %d objects loaded, %d lines; %d unread", step.objects, step.lines, len(unread))
    return Ingested("s3", step.lines, objects=step.objects, unread=unread)


def set_aside(ch: Client, bucket: str) -> list[dict[str, Any]]:
    """The objects that could not be read: path, etag, number, bytes, lines (that landed of it), reason."""
    return rows(
        ch,
        "SELECT path, etag, number, bytes, lines, reason FROM ops.unread_objects WHERE bucket = {b:String} ORDER BY path, number",
        {"b": bucket},
    )


def try_again(ch: Client, bucket: str) -> int:
    """Let the objects that were set aside wait for the next step, under new numbers; returns how many. Nobody may ingest meanwhile."""
    found = set_aside(ch, bucket)
    _number(ch, bucket, [(S3Object(r["path"], r["etag"], r["bytes"]), r) for r in found])
    return len(found)


def _loaded_up_to(ch: Client, bucket: str) -> int:
    """The position up to which all objects are loaded or set aside: the first waiting one, or behind the last."""
    (found,) = rows(
        ch,
        "SELECT if(countIf(lines IS NULL) > 0, toUInt64(minIf(number, lines IS NULL)), toUInt64(max(number)) + 1) AS number "
        "FROM ops.objects FINAL WHERE bucket = {b:String}",
        {"b": bucket},
    )
    return int(found["number"]) << 32


def _number(ch: Client, bucket: str, objects: Iterable[tuple[S3Object, dict[str, Any] | None]]) -> None:
    """Give each object a number of its own. Beside it, what the ledger holds of it: what landed then keeps its place in the accounts."""
    (found,) = rows(ch, "SELECT max(number) AS number FROM ops.objects WHERE bucket = {b:String}", {"b": bucket})
    number, now, out = int(found["number"]), datetime.now(UTC), []
    for o, before in objects:
        number += 1
        out.append([bucket, o.path, o.etag, number, o.bytes, None, "", False, now])
        if before and before["lines"]:
            earlier = f"{o.etag} {before['number']}"
            out.append(
                [bucket, o.path, earlier, before["number"], o.bytes, before["lines"], before["reason"], True, now]
            )
    _write(ch, out)


_COLUMNS = ["bucket", "path", "etag", "number", "bytes", "lines", "reason", "gone", "seen_at"]


def _write(ch: Client, ledger: list[list[Any]]) -> None:
    if ledger:
        ch.insert("ops.objects", ledger, _COLUMNS)


def ledger(ch: Client, bucket: str, page: list[S3Object]) -> dict[tuple[str, str], dict[str, Any]]:
    """What the ledger knows of the objects of a page of the listing, by (path, etag)."""
    paths = sorted((o.path for o in page), key=str.encode)
    found = rows(
        ch,
        "SELECT path, etag, number, lines, reason, gone FROM ops.objects FINAL "
        "WHERE bucket = {b:String} AND path >= {first:String} AND path <= {last:String}",
        {"b": bucket, "first": paths[0], "last": paths[-1]},
    )
    return {(r["path"], r["etag"]): r for r in found}


def _batches(objects: list[Numbered]) -> Iterator[list[Numbered]]:
    """Batches of what may be read by one statement; an object with an odd name is one by itself."""
    batch: list[Numbered] = []
    size = names = 0
    for o in objects:
        length = len(quote(o.path))
        full = len(batch) >= OBJECTS_PER_LOAD or size + o.bytes > BYTES_PER_LOAD or names + length > NAMES_PER_LOAD
        if batch and (full or o.odd or batch[-1].odd):
            yield batch
            batch, size, names = [], 0, 0
        batch.append(o)
        size, names = size + o.bytes, names + length
    if batch:
        yield batch


def filename(batch: list[Numbered]) -> str:
    """What s3() is told to read; it may match more, never less.

    A name that could be meant as a glob has a `?` for each character from its first odd one on. All others are written out, so that nothing
    is listed.
    """
    if batch[0].odd:
        plain = re.match(r"[A-Za-z0-9/=._~-]*", batch[0].key)
        start = plain.end() if plain else 0
        return batch[0].key[:start] + re.sub(r"[^/]", "?", batch[0].key[start:])
    names = [quote(o.key, safe="/=-._~") for o in batch]
    return names[0] if len(names) == 1 else "{" + ",".join(names) + "}"


class _Step:
    """One step of ingestion: what it works with, and what came of it so far."""

    def __init__(self, settings: Settings, renderer: Renderer, ch: Client) -> None:
        self.settings, self.renderer, self.ch, self.bucket = settings, renderer, ch, settings.s3_bucket
        self.client = s3.client(settings)
        self.objects = self.lines = 0
        self.vanished: list[Unread] = []
        (self.load,) = statements(renderer.render("ingest/s3_load.sql.j2"))
        (self.count,) = statements(renderer.render("ingest/s3_count.sql.j2"))

    def list_bucket(self) -> None:
        """Number what is new; what waited or was set aside and is not there any more is closed."""
        left = {
            (r["path"], r["etag"]): r
            for r in rows(
                self.ch,
                "SELECT path, etag, number, bytes, lines, reason FROM ops.objects FINAL "
                "WHERE bucket = {b:String} AND NOT gone AND (lines IS NULL OR notEmpty(reason))",
                {"b": self.bucket},
            )
        }
        listed: set[str] = set()
        for page in s3.pages(self.settings, self.client):
            known = ledger(self.ch, self.bucket, page)
            new = []
            for o in page:
                row = known.get((o.path, o.etag))
                if left.pop((o.path, o.etag), None) is None and (row is None or row["gone"]):
                    new.append((o, row))
            if new:
                log.info("s3: %d new objects", len(new))
            _number(self.ch, self.bucket, new)
            if left:
                listed.update(o.path for o in page)
        for (path, etag), r in left.items():
            o = Numbered(path, etag, r["bytes"], r["number"])
            replaced = path in listed
            self._gone(o, "replaced" if replaced else "removed", not replaced and not r["reason"], r["lines"])

    def waiting(self) -> list[Numbered]:
        """The objects that are to be loaded, by number."""
        found = rows(
            self.ch,
            "SELECT path, etag, bytes, number FROM ops.objects FINAL WHERE bucket = {b:String} AND lines IS NULL ORDER BY number",
            {"b": self.bucket},
        )
        return [Numbered(**r) for r in found]

    def take(self, batch: list[Numbered]) -> None:
        """Load these objects, as many of them as can be read."""
        lines: dict[Numbered, int] = {}
        for o in batch:
            try:
                lines[o] = self._lines(o)
            except (Gone, Replaced) as error:
                self._left(o, error)
            except Unreadable as error:
                try:  # the engine's own words, if it has some
                    self._counted(o)
                    self._set_aside(o, error.message)
                except Unreadable as engine:
                    self._set_aside(o, engine.message)
        if lines:
            self._load(list(lines), lines)

    def _lines(self, o: Numbered) -> int:
        """How many lines an object has. It is read once more before it counts as unreadable: S3 may have been restarted meanwhile."""
        try:
            found = s3.lines(self.settings, self.client, o)
        except Unreadable:
            found = s3.lines(self.settings, self.client, o)
        return self._counted(o) if found is None else found

    def _load(self, batch: list[Numbered], lines: dict[Numbered, int], again: bool = False) -> None:
        values = {
            "bucket": self.bucket,
            "filename": filename(batch),
            "paths": [o.path for o in batch],
            "numbers": [o.number for o in batch],
            "etags": [o.etag.strip('"') for o in batch],
        }
        try:
            self.ch.command(self.load, parameters=values)
        except ClickHouseError as error:
            if len(batch) == 1 and (again or getattr(error, "code", None) != _S3_ERROR):
                self._failed(batch[0], error)
                return
            if len(batch) == 1:
                self._raise_if_no_object_is_at_fault(error, alone=True)
                self._load(batch, lines, again=True)
                return
            self._raise_if_no_object_is_at_fault(error, alone=False)
            log.warning("s3: %d objects are loaded by halves: %s", len(batch), server_said(error))
            middle = len(batch) // 2
            self._load(batch[:middle], lines)
            self._load(batch[middle:], lines)
            return
        landed = self._landed(batch)
        now = datetime.now(UTC)
        good = [o for o in batch if landed.get(o.number, 0) == lines[o]]
        _write(self.ch, [[self.bucket, o.path, o.etag, o.number, o.bytes, lines[o], "", False, now] for o in good])
        self.objects += len(good)
        self.lines += sum(lines[o] for o in good)
        for o in batch:
            if landed.get(o.number, 0) != lines[o]:
                try:
                    s3.check_there(self.settings, self.client, o)
                except (Gone, Replaced) as error:
                    self._left(o, error)
                else:
                    self._set_aside(o, f"it has {lines[o]} lines, of which ClickHouse read {landed.get(o.number, 0)}")

    def _counted(self, o: Numbered) -> int:
        """How many lines ClickHouse sees in an object. Raises Unreadable in the engine's words."""
        try:
            (found,) = rows(self.ch, self.count, {"filename": filename([o]), "path": o.path})
        except ClickHouseError as error:
            self._raise_if_no_object_is_at_fault(error, alone=True)
            raise Unreadable(_words(o, error)) from error
        return int(found["lines"])

    def _failed(self, o: Numbered, error: ClickHouseError) -> None:
        """An object by itself could not be loaded: it is set aside if it is at fault."""
        try:
            s3.check_there(self.settings, self.client, o)
        except (Gone, Replaced) as left:
            self._left(o, left)
            return
        self._raise_if_no_object_is_at_fault(error, alone=True)
        self._set_aside(o, _words(o, error))

    def _raise_if_no_object_is_at_fault(self, error: ClickHouseError, alone: bool) -> None:
        """Raises when ClickHouse is away or busy, may not, or does not reach S3. `alone`: of one object, so memory is its matter."""
        code = getattr(error, "code", None)
        if code in LOGIN | _STATEMENT or (is_transient(error) and not (alone and code == _MEMORY)):
            raise as_ours("loading objects of S3", error, "clickvault ingest s3   (once ClickHouse answers)") from error
        try:
            self.ch.query(self.count, parameters={"filename": "nothing-of-this-name/*", "path": ""})
        except ClickHouseError as unreached:
            raise StoreError(
                f"ClickHouse does not reach S3 at {self.settings.s3_from_clickhouse}: {server_said(unreached)}",
                hint="clickvault status; clickvault up",
                store="s3",
            ) from unreached

    def _landed(self, batch: list[Numbered]) -> dict[int, int]:
        found = rows(
            self.ch,
            "SELECT bitShiftRight(offset, 32) AS number, uniqExact(offset) AS lines FROM landing.events "
            "WHERE source = 's3' AND stream = {b:String} AND offset >= {low:UInt64} AND offset < {high:UInt64} "
            "AND number IN {n:Array(UInt64)} GROUP BY number",
            {
                "b": self.bucket,
                "n": [o.number for o in batch],
                "low": min(o.number for o in batch) << 32,
                "high": (max(o.number for o in batch) + 1) << 32,
            },
        )
        return {r["number"]: r["lines"] for r in found}

    def _left(self, o: Numbered, why: Gone | Replaced) -> None:
        removed = isinstance(why, Gone)
        self._gone(o, "removed" if removed else "replaced", removed)

    def _gone(self, o: Numbered, how: str, loud: bool, lines: int | None = None) -> None:
        """Close an object that left the bucket before it was loaded whole: what landed of it is all there will be."""
        reason = f"{how} before it was loaded"
        log.warning("s3: %s was %s", o.path, reason)
        self._close(o, reason, True, lines)
        if loud:
            self.vanished.append(Unread(o.path, reason))

    def _set_aside(self, o: Numbered, reason: str) -> None:
        log.warning("s3: %s is set aside: %s", o.path, reason)
        self._close(o, reason, False)

    def _close(self, o: Numbered, reason: str, gone: bool, lines: int | None = None) -> None:
        landed = self._landed([o]).get(o.number, 0) if lines is None else lines
        _write(self.ch, [[self.bucket, o.path, o.etag, o.number, o.bytes, landed, reason, gone, datetime.now(UTC)]])


def _words(o: Numbered, error: ClickHouseError) -> str:
    """The engine's reason, without what stands around it: the object's name, the parts of the engine."""
    said = server_said(error)
    if getattr(error, "code", None) == _NOT_IMPLEMENTED and o.key.lower().endswith(".bz2"):
        return "this ClickHouse can't read .bz2: compress it as .gz or .zst"
    said = re.sub(r"^(Code: \d+\. )?DB::Exception: ", "", said)
    return re.split(r":? (?:While reading from|\(in file/uri|While executing)", said, maxsplit=1)[0][:300]
