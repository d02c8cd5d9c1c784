"""The bridge: ClickHouse pushes what is new of each event type into the stage, and the merge takes it from there.

Which event types have anything new is asked once for all of them. A batch, and what a crash after each step costs:
  1. windows     nothing: [low, high) of each stream, read from ClickHouse, written to stage.load_window
  2. truncate    nothing: the stage is empty between loads
  3. stage       one COPY; the next load truncates the stage, or PostgreSQL's recovery emptied it
  4. merge       all or nothing, the watermark with it (merge.py)
So a load that is run again continues at the watermark, and a batch is never in the vault by half.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from queue import SimpleQueue
from typing import Any

import psycopg2
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from psycopg2.extras import execute_values

from clickvault.contract.vault import VaultSpec
from clickvault.errors import DataError
from clickvault.ingest import versions
from clickvault.ingest.offsets import safe_positions
from clickvault.ingest.watermarks import writer
from clickvault.sql.render import Renderer, pg_identifier
from clickvault.stores import postgres
from clickvault.stores.clickhouse import as_ours
from clickvault.stores.postgres import STAGE_COLLECTION, Connection
from clickvault.vault.mentions import settle
from clickvault.vault.merge import MergeCounts, StageDiffers, Sums, merge

log = logging.getLogger(__name__)

BATCH_ROWS = 2_000_000
ATTEMPTS = 3
# Months never share an observation, so each can be deduplicated by itself.
QUERY_SETTINGS = {"do_not_merge_across_partitions_select_final": 1, "external_table_functions_use_nulls": 1}

Progress = Callable[[str, int, int], None]
"""Told after each batch: event type, rows staged so far, rows that were found to be new (duplicates included)."""


@dataclass(frozen=True)
class LoadResult:
    """What a load did with one event type: observations staged, rows new in the vault, seconds it took."""

    event_type: str
    staged: int
    hubs: int
    links: int
    sats: int
    effs: int
    seconds: float


@dataclass(frozen=True)
class Window:
    """The offsets [low, high) of one stream that a batch takes: `rows` lie in it, between the event times `since` and `until`; `sample` are some of them."""

    source: str
    stream: str
    partition: int
    rows: int
    low: int
    high: int
    sample: tuple[int, ...] = ()
    since: str = ""
    until: str = ""


def load(
    settings: object,
    renderer: Renderer,
    ch: Client,
    pg: Connection,
    event_types: Iterable[str] | None = None,
    progress: Progress | None = None,
) -> list[LoadResult]:
    """Bring the vault up to what is landed whole, for these event types (default: all), owners of hubs first.

    Two event types at a time where settings have a `postgres_url` to connect to a second time: `progress` is then
    called from two threads.

    Raises StoreError when an engine is down, or another load of the type runs for longer than two minutes; ContractError
    when an event type is declared otherwise than `init` has applied; DataError when the stage does not hold what was sent,
    or a stream's offsets have gone back.
    """
    names = list(renderer.registry.events) if event_types is None else list(event_types)
    wanted = {renderer.registry.event(name).event_type for name in names}
    batch_rows = int(getattr(settings, "bridge_batch_rows", BATCH_ROWS))
    ordered = _ordered(renderer, wanted)
    with _translated("finding what is new"):
        versions.check(ch, renderer.registry, wanted)
        _check_streams(ch, pg, wanted)
        new = _backlog(renderer, ch, [v.event.event_type for v in ordered])

    def one(vault: VaultSpec, connection: Connection) -> LoadResult:
        started = time.monotonic()
        with _translated(f"loading {vault.event.event_type}"), writer(connection, vault.event.event_type):
            c = _load_type(renderer, ch, connection, vault, batch_rows, progress)
        seconds = round(time.monotonic() - started, 3)
        log.info(
            "vault: %s: %d staged, %d hubs, %d links, %d satellites new",
            vault.event.event_type,
            c.staged,
            c.hubs,
            c.links,
            c.sats + c.effs,
        )
        return LoadResult(vault.event.event_type, c.staged, c.hubs, c.links, c.sats, c.effs, seconds)

    waiting = [v for v in ordered if v.event.event_type in new]
    url = str(getattr(settings, "postgres_url", ""))
    if not url or len(waiting) < 2:
        loaded = [one(vault, pg) for vault in waiting]
    else:
        loaded = _side_by_side(one, waiting, [pg, postgres.connect(url)])
    with _translated("settling keys in doubt"):
        settle(renderer, ch, pg)
    done = {r.event_type: r for r in loaded}
    nothing = LoadResult("", 0, 0, 0, 0, 0, 0.0)
    return [done.get(v.event.event_type, replace(nothing, event_type=v.event.event_type)) for v in ordered]


def waiting(renderer: Renderer, ch: Client, pg: Connection) -> list[str]:
    """The event types that have something to load, in the order in which they are loaded: owners of hubs first.

    Raises as `load` does when an engine is down, or a stream was made anew.
    """
    names = [v.event.event_type for v in _ordered(renderer, set(renderer.registry.events))]
    with _translated("finding what is new"):
        _check_streams(ch, pg, set(names))
        new = _backlog(renderer, ch, names)
    return [name for name in names if name in new]


def _ordered(renderer: Renderer, names: set[str]) -> list[VaultSpec]:
    vaults = [v for v in renderer.vaults() if v.event.event_type in names]
    return sorted(vaults, key=lambda v: v.event.hub_field is None)


def _side_by_side(
    one: Callable[[VaultSpec, Connection], LoadResult], vaults: list[VaultSpec], connections: list[Connection]
) -> list[LoadResult]:
    """Load an event type a connection: while one merges, ClickHouse stages the next. Closes all but the first."""
    free: SimpleQueue[Connection] = SimpleQueue()
    for connection in connections:
        free.put(connection)

    def work(vault: VaultSpec) -> LoadResult:
        connection = free.get()
        try:
            return one(vault, connection)
        finally:
            free.put(connection)

    pool = ThreadPoolExecutor(len(connections), thread_name_prefix="load")
    try:
        futures = [pool.submit(work, vault) for vault in vaults]
        for future in as_completed(futures):
            future.result()
        return [future.result() for future in futures]
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for connection in connections:  # an error elsewhere, or Ctrl-C: what still runs ends now, and leaves nothing
            with suppress(psycopg2.Error):
                connection.cancel()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        for connection in connections[1:]:
            connection.close()


def _load_type(
    renderer: Renderer, ch: Client, pg: Connection, vault: VaultSpec, batch_rows: int, progress: Progress | None
) -> MergeCounts:
    total = MergeCounts()
    while found := _windows(renderer, ch, pg, vault):
        new = sum(w.rows for w in found)
        windows = cut(found, batch_rows)
        total += _load_batch(renderer, ch, pg, vault, windows, whole=windows == found)
        if progress:
            progress(vault.event.event_type, total.staged, total.staged + max(0, new - sum(w.rows for w in windows)))
        if windows == found:
            break
    return total


def _check_streams(ch: Client, pg: Connection, event_types: set[str]) -> None:
    """Refuse a stream that ends before the watermark: the stream was recreated, and its first rows would be skipped."""
    marks = postgres.rows(pg, "select event_type, source, stream, partition, next_offset from ops.watermark")
    safe = safe_positions(ch)  # after the watermarks: another load may be moving them
    for mark in marks:
        stream = (mark["source"], mark["stream"], mark["partition"])
        if mark["event_type"] in event_types and stream in safe and safe[stream] < mark["next_offset"]:
            raise DataError(
                f"{mark['source']}/{mark['stream']}, partition {mark['partition']}: ends at offset {safe[stream]}, "
                f"but the vault has read {mark['event_type']} up to {mark['next_offset']}: the stream was recreated",
                hint="give the new stream another source name (KAFKA_EPOCH for a topic)",
            )


def _backlog(renderer: Renderer, ch: Client, names: list[str]) -> set[str]:
    """The event types that may have something to load: what of it is landed whole, their windows say."""
    if not names:
        return set()
    sql = renderer.render("vault/backlog.sql.j2", names=names, collection=STAGE_COLLECTION)
    return {str(row[0]) for row in ch.query(sql, settings=QUERY_SETTINGS).result_rows}


def _windows(renderer: Renderer, ch: Client, pg: Connection, vault: VaultSpec) -> list[Window]:
    marks = postgres.rows(
        pg,
        "select source, stream, partition, next_offset from ops.watermark where event_type = %(e)s",
        {"e": vault.event.event_type},
    )
    sql = renderer.render("vault/windows.sql.j2", v=vault)
    values = {"marks": [tuple(m.values()) for m in marks]}
    found = ch.query(sql, parameters=values, settings=QUERY_SETTINGS).named_results()
    return [Window(**{**row, "sample": tuple(row["sample"])}) for row in found]


def cut(windows: list[Window], batch_rows: int) -> list[Window]:
    """The windows, shortened so that about `batch_rows` rows lie in them; each keeps at least one row."""
    rows = sum(w.rows for w in windows)
    if rows <= batch_rows:
        return windows
    out = []
    for w in windows:
        high = w.sample[min(len(w.sample) - 1, int(len(w.sample) * batch_rows / rows))]
        out.append(replace(w, high=max(high, w.low + 1), rows=max(1, w.rows * batch_rows // rows)))
    return out


def _load_batch(
    renderer: Renderer, ch: Client, pg: Connection, vault: VaultSpec, windows: list[Window], whole: bool
) -> MergeCounts:
    """Stage and merge one batch; `whole`: its windows were not cut. What a killed load still sends can spoil a stage: that is seen, and staged again."""
    for attempt in range(1, ATTEMPTS + 1):
        started = datetime.now(UTC)
        expected = _stage(renderer, ch, pg, vault, windows, whole)
        try:
            return merge(pg, renderer, vault, expected, started)
        except StageDiffers as error:
            if attempt == ATTEMPTS:
                raise
            log.warning("%s: %s; staged again", vault.event.event_type, error)
    raise AssertionError("unreachable")


def _stage(
    renderer: Renderer, ch: Client, pg: Connection, vault: VaultSpec, windows: list[Window], whole: bool
) -> Sums:
    name = vault.event.event_type
    with pg, pg.cursor() as cursor:
        cursor.execute("delete from stage.load_window where event_type = %s", (name,))
        execute_values(
            cursor,
            "insert into stage.load_window (event_type, source, stream, partition, low, high) values %s",
            [(name, w.source, w.stream, w.partition, w.low, w.high) for w in windows],
        )
        cursor.execute(f"truncate {pg_identifier(f'stage.{name}')}")

    def run(template: str) -> Any:
        sql = renderer.render(f"vault/{template}.sql.j2", v=vault)
        return ch.query(sql, parameters=values, settings=QUERY_SETTINGS).first_row

    values: dict[str, Any] = {"windows": [(w.source, w.stream, w.partition, w.low, w.high) for w in windows]}
    since, until = min(w.since for w in windows), max(w.until for w in windows)
    if not whole:
        _, since, until = run("batch_times")
    values |= {"since": since, "until": until}
    sql = renderer.render("vault/stage.sql.j2", v=vault, collection=STAGE_COLLECTION)
    ch.command(sql, parameters=values, settings=QUERY_SETTINGS)
    return Sums(*(int(value) for value in run("batch_sums")))


@contextmanager
def _translated(what: str) -> Iterator[None]:
    try:
        with postgres.translated(what):
            yield
    except ClickHouseError as error:
        raise as_ours(what, error, "clickvault status") from error
