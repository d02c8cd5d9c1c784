"""S3: load each object, (path, etag), once, in batches, by a ledger (ops.objects)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from clickhouse_connect.driver.client import Client

from clickvault.clickhouse import rows
from clickvault.errors import StoreError
from clickvault.ingest.result import Ingested, Progress
from clickvault.positions import record_safe, safe_positions
from clickvault.render import Renderer, statements
from clickvault.settings import Settings

OBJECTS_A_LOAD = 100
BYTES_A_LOAD = 256 * 2**20


def ingest_s3(settings: Settings, renderer: Renderer, ch: Client, progress: Progress | None = None) -> Ingested:
    """Load the objects that are in the bucket and were not loaded: each (path, etag) once, in batches."""
    _number_new_objects(ch, settings.s3_bucket)
    _close_replaced_objects(ch, settings.s3_bucket)
    waiting = rows(
        ch,
        "SELECT path, etag, number, bytes FROM ops.objects FINAL WHERE bucket = {b:String} AND lines IS NULL ORDER BY number",
        {"b": settings.s3_bucket},
    )
    messages = done = 0
    for batch in _batches(waiting):
        if progress:
            progress("S3 to ClickHouse", done, len(waiting))
        messages += _load_objects(ch, renderer, settings.s3_bucket, batch)
        done += len(batch)
    if progress:
        progress("S3 to ClickHouse", done, len(waiting))
    at, safe = ("s3", settings.s3_bucket, 0), _loaded_up_to(ch, settings.s3_bucket)
    if safe_positions(ch).get(at) != safe:
        record_safe(ch, {at: safe})
    return Ingested("s3", messages, objects=done)


def _loaded_up_to(ch: Client, bucket: str) -> int:
    """The position up to which all objects are loaded: the first waiting one, or behind the last."""
    (found,) = rows(
        ch,
        "SELECT if(countIf(lines IS NULL) > 0, toUInt64(minIf(number, lines IS NULL)), toUInt64(max(number)) + 1) AS number "
        "FROM ops.objects FINAL WHERE bucket = {b:String}",
        {"b": bucket},
    )
    return int(found["number"]) << 32


def _number_new_objects(ch: Client, bucket: str) -> None:
    """Give each object that is in the bucket and not in the ledger a number, in the order of their paths."""
    ch.command(
        """
        INSERT INTO ops.objects (bucket, path, etag, number, bytes, lines, seen_at)
        SELECT {b:String}, path, etag,
            (SELECT max(number) FROM ops.objects WHERE bucket = {b:String}) + row_number() OVER (ORDER BY path, etag),
            bytes, NULL, now64(6, 'UTC')
        FROM
        (
            SELECT _path AS path, _etag AS etag, _size AS bytes
            FROM s3(s3_events, filename = 'events/**', format = 'One') WHERE _size > 0
        )
        WHERE (path, etag) NOT IN (SELECT path, etag FROM ops.objects WHERE bucket = {b:String})""",
        parameters={"b": bucket},
    )


def _close_replaced_objects(ch: Client, bucket: str) -> None:
    """Objects that were replaced or removed before they were loaded whole: what landed of them is all there will be."""
    ch.command(
        """
        INSERT INTO ops.objects (bucket, path, etag, number, bytes, lines, seen_at)
        SELECT o.bucket, o.path, o.etag, o.number, o.bytes, landed.lines, now64(6, 'UTC')
        FROM (SELECT * FROM ops.objects FINAL WHERE bucket = {b:String} AND lines IS NULL) AS o
        LEFT JOIN
        (
            SELECT toUInt32(bitShiftRight(offset, 32)) AS number, uniqExact(offset) AS lines
            FROM landing.events WHERE source = 's3' AND stream = {b:String} GROUP BY number
        ) AS landed USING (number)
        WHERE (o.path, o.etag) NOT IN (SELECT _path, _etag FROM s3(s3_events, filename = 'events/**', format = 'One'))""",
        parameters={"b": bucket},
    )


def _batches(objects: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    out: list[list[dict[str, Any]]] = []
    size = 0
    for o in objects:
        if not out or len(out[-1]) >= OBJECTS_A_LOAD or size + o["bytes"] > BYTES_A_LOAD:
            out.append([])
            size = 0
        out[-1].append(o)
        size += o["bytes"]
    return out


def _load_objects(ch: Client, renderer: Renderer, bucket: str, batch: list[dict[str, Any]]) -> int:
    values = {
        "bucket": bucket,
        "paths": [o["path"] for o in batch],
        "numbers": [o["number"] for o in batch],
        "etags": [o["etag"] for o in batch],
    }
    (count,) = statements(renderer.render("ingest/s3_count.sql.j2"))
    lines = {r["path"]: r["lines"] for r in rows(ch, count, {"paths": values["paths"]})}
    (load,) = statements(renderer.render("ingest/s3_load.sql.j2"))
    ch.command(load, parameters=values)
    landed = {
        r["number"]: r["lines"]
        for r in rows(
            ch,
            "SELECT bitShiftRight(offset, 32) AS number, uniqExact(offset) AS lines FROM landing.events "
            "WHERE source = 's3' AND stream = {bucket:String} AND number IN {numbers:Array(UInt64)} GROUP BY number",
            {"bucket": bucket, "numbers": values["numbers"]},
        )
    }
    for o in batch:
        if landed.get(o["number"], 0) != lines.get(o["path"], 0):
            raise StoreError(
                f"{o['path']}: {lines.get(o['path'], 0)} lines, {landed.get(o['number'], 0)} landed",
                hint="clickvault ingest s3   (the object was replaced meanwhile, or is gone)",
                store="s3",
            )
    now = datetime.now(UTC)
    ch.insert(
        "ops.objects",
        [[bucket, o["path"], o["etag"], o["number"], o["bytes"], lines.get(o["path"], 0), now] for o in batch],
        ["bucket", "path", "etag", "number", "bytes", "lines", "seen_at"],
    )
    return sum(landed.values())
