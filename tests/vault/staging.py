"""What the vault's tests feed it with: raw rows in ClickHouse, or a stage filled from here, hashed independently."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID, uuid5
from zlib import crc32

from clickhouse_connect.driver.client import Client
from psycopg2.extras import execute_values

from clickvault.contract.vault import KeySpec, LinkSpec, VaultSpec
from clickvault.sql.objects import objects_of
from clickvault.sql.render import Renderer, ch_identifier, pg_identifier
from clickvault.stores.postgres import Connection
from clickvault.vault import MergeCounts, merge

NAMESPACE = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")


def event_id(*what: object) -> str:
    """An event id that is made of something."""
    return str(uuid5(NAMESPACE, repr(what)))


def day(n: float) -> datetime:
    """Day `n` of January 2026; 1.5 is the noon of the first."""
    return datetime.fromtimestamp(datetime(2025, 12, 31, tzinfo=UTC).timestamp() + n * 86_400, UTC)


# ── hashes, as facts and docstrings say, not as the templates do it ───────────────────────────────────────────


def netstrings(*parts: str | None) -> str:
    return "".join("N;" if p is None else f"{len(p.encode())}:{p};" for p in parts)


def hash_key(*parts: str | None) -> str:
    return str(UUID(hashlib.md5(netstrings(*parts).encode()).hexdigest()))


def text(value: object) -> str | None:
    """The canonical text of a value."""
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case float():  # the shortest text that reads back, as ClickHouse writes it
            return repr(value).removesuffix(".0").replace("e-0", "e-")
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case date():
            return value.isoformat()
    return str(value)


def pairs(values: Mapping[str, object]) -> list[str]:
    return [x for name in sorted(values) if (t := text(values[name])) is not None for x in (name, t)]


def key_of(renderer: Renderer, key: KeySpec, row: Mapping[str, Any]) -> Any:
    """The business key as the vault keeps it; None where there is none."""
    value = row.get(key.field.name)
    if isinstance(value, str) and key.field.kind == "string":
        hub = renderer.registry.hubs[key.hub].key.hub
        assert hub is not None
        value = value.lower() if hub.fold else value
    return None if value in (None, "") else value


def link_key(link: LinkSpec, row: Mapping[str, Any], stage: Mapping[str, Any]) -> str | None:
    if link.kind == "transaction":
        return hash_key(str(row["event_id"]))
    hks = [stage[f"hk_{k.role}"] for k in link.keys]
    if None in hks:
        return None
    return hash_key(*(sorted(hks) if link.symmetric else hks))


def source_order(source: str, stream: str, partition: int, offset: int) -> str:
    """The documented order of sources (templates/ingest/_order.sql.j2), computed without SQL, as the vault keeps it."""
    kind = 0 if source.startswith("kafka:") else 1 if source == "s3" else 2
    epoch = re.match(r"kafka:e(\d+)", source)
    head = kind << 28 | min(int(epoch[1]) if epoch else 0, 4095) << 16 | crc32(f"{source}/{stream}".encode()) % 65536
    return str(UUID(int=head << 96 | partition << 64 | offset))


def stage_row(renderer: Renderer, vault: VaultSpec, row: Mapping[str, Any]) -> dict[str, Any]:
    """What the stage holds of an observation: `row` has its fields, event_id, event_time, perhaps op and source."""
    deleted = row.get("op") == "delete"
    out: dict[str, Any] = {
        "event_id": row["event_id"],
        "event_time": row["event_time"],
        "source_order": row.get("source_order", str(UUID(int=row.get("offset", 0)))),
        "is_deleted": deleted,
        "record_source": row.get("source", "test/stream"),
    }
    for k in vault.keys:
        out[f"bk_{k.role}"] = key_of(renderer, k, row)
        out[f"hk_{k.role}"] = None if out[f"bk_{k.role}"] is None else hash_key(str(out[f"bk_{k.role}"]))
    for link in vault.links:
        out[f"lhk_{link.name}"] = link_key(link, row, out)
        if link.kind == "effectivity" and 1 < len(link.driving) < len(link.keys):
            hks = [out[f"hk_{r}"] for r in link.driving]
            out[f"dhk_{link.name}"] = None if None in hks else hash_key(*hks)
    for sat in vault.sats:
        head = ["is_deleted", text(deleted)]
        if sat.multi_active:
            child = sat.multi_active.multi_active.child_key
            members = sorted(row[sat.multi_active.name], key=lambda m: str(m[child]).encode())
            out[f"hd_{sat.name}"] = hash_key(*head, *(netstrings(*pairs(m)) for m in members))
        else:
            out[f"hd_{sat.name}"] = hash_key(*head, *pairs({f.name: row.get(f.name) for f in sat.attributes}))
    for f in vault.event.fields:
        if f.multi_active:
            members = sorted(row[f.name], key=lambda m: str(m[f.multi_active.child_key]).encode())
            out[f"a_{f.name}"] = json.dumps([{i.name: m.get(i.name) for i in f.items} for m in members])
        elif f.sat:
            out[f"a_{f.name}"] = row.get(f.name)
    return out


def stage(pg: Connection, renderer: Renderer, event_type: str, rows: Iterable[Mapping[str, Any]]) -> VaultSpec:
    """Fill the stage of an event type."""
    vault = next(v for v in renderer.vaults() if v.event.event_type == event_type)
    staged = [stage_row(renderer, vault, row) for row in rows]
    with pg, pg.cursor() as cursor:
        cursor.execute(f"truncate {pg_identifier('stage.' + event_type)}")
        if staged:
            columns = ", ".join(pg_identifier(c) for c in staged[0])
            execute_values(
                cursor,
                f"insert into {pg_identifier('stage.' + event_type)} ({columns}) values %s",
                [tuple(r.values()) for r in staged],
            )
    return vault


def load_rows(pg: Connection, renderer: Renderer, event_type: str, rows: Iterable[Mapping[str, Any]]) -> MergeCounts:
    """Fill the stage and run the rendered merge."""
    return merge(pg, renderer, stage(pg, renderer, event_type, rows))


def fetch(pg: Connection, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
    with pg, pg.cursor() as cursor:
        cursor.execute(sql, parameters or None)
        return list(cursor.fetchall())


# ── the raw side ──────────────────────────────────────────────────────────────────────────────────────────────


class Raw:
    """Tables as the ingestion makes them, and a way to put rows into them."""

    def __init__(self, ch: Client, url: str) -> None:
        self.ch = ch
        self.url = url

    def begin(self) -> None:
        """Empty databases, and the way to PostgreSQL."""
        parts = urlsplit(self.url)
        values = {
            "host": parts.hostname, "port": parts.port, "database": parts.path.lstrip("/"),
            "user": parts.username, "password": unquote(parts.password or ""),
        }  # fmt: skip
        self.empty()
        self.ch.command("DROP NAMED COLLECTION IF EXISTS vault_stage")
        self.ch.command(
            f"CREATE NAMED COLLECTION vault_stage AS {', '.join(f'{k} = {v!r}' for k, v in values.items())}"
        )

    def empty(self) -> None:
        """Make both databases anew."""
        for database in ("raw", "ops"):
            self.ch.command(f"DROP DATABASE IF EXISTS {database} SYNC")
            self.ch.command(f"CREATE DATABASE {database}")
        self.ch.command(
            "CREATE TABLE ops.positions (source LowCardinality(String), stream LowCardinality(String), partition Int32,"
            " safe UInt64, seen_at DateTime64(6, 'UTC') DEFAULT now64(6))"
            " ENGINE = ReplacingMergeTree(seen_at) ORDER BY (source, stream, partition)"
        )

    def create(self, renderer: Renderer) -> None:
        for event in renderer.registry.events.values():
            self.ch.command(objects_of(renderer.render("ingest/event.sql.j2", event=event))[0].sql)

    def insert(self, event_type: str, rows: Iterable[Mapping[str, Any]], start: int = 0, partition: int = 0) -> None:
        """Put rows at offsets from `start` on, in the source `test`, stream `s`."""
        out = []
        for n, row in enumerate(rows):
            out.append(
                {
                    "op": "create", "schema_version": 1, "producer": "test", "source": "test", "stream": "s",
                    "partition": partition, "offset": start + n, **row,
                    "event_time": f"{row['event_time']:%Y-%m-%d %H:%M:%S.%f}",
                }
            )  # fmt: skip
        body = "\n".join(json.dumps(r, default=str) for r in out)
        self.ch.command(f"INSERT INTO raw.{ch_identifier(event_type)} FORMAT JSONEachRow\n{body}")

    def safe(self, offset: int, partition: int = 0) -> None:
        """Say that everything below the offset is landed."""
        self.ch.command(
            f"INSERT INTO ops.positions (source, stream, partition, safe) VALUES ('test', 's', {partition}, {offset})"
        )
