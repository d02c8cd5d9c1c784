"""Reconciliation: for every table of the vault, what ClickHouse's raw tables say it must hold, and what it holds.

Counted independently of the bridge: by business keys, not by hashes, and over everything that is in raw. So a reconciliation check
that does not balance means that the vault lacks rows (load, or rewind and load) or has rows that nobody sent.

Contents are compared by checksums that both engines compute from their own columns: of all events, or of the times of those that
were loaded since their contents last balanced, so that a run pays for what is new.
"""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from typing import Any

from clickhouse_connect.driver.client import Client

from clickvault.contract.snapshots import pointer
from clickvault.contract.vault import VaultSpec
from clickvault.reconciliation import Reconciliation
from clickvault.sql.render import Renderer
from clickvault.stores import postgres
from clickvault.stores.clickhouse import rows
from clickvault.stores.postgres import Connection
from clickvault.vault.schema import partitioned
from clickvault.vault.snapshots import ends

log = logging.getLogger(__name__)
CONTENTS = ": checksum of contents in raw = in the vault"
QUERY_SETTINGS = {"do_not_merge_across_partitions_select_final": 1}


def reconciliations(renderer: Renderer, ch: Client, pg: Connection) -> list[Reconciliation]:
    """One reconciliation check per hub, link, satellite and effectivity satellite, and those of the PIT and bridge tables.

    The latter are counted on their last day: the keys and pairs that raw has at its end, and the versions that they point to.
    """
    with postgres.translated("counting the vault"):
        tables = postgres.rows(pg, renderer.render("vault/reconciliation_postgres.sql.j2"))
        snapshots, last = [], {}
        if renderer.registry.snapshots:
            snapshots = postgres.rows(
                pg, renderer.render("vault/reconciliation_snapshots_postgres.sql.j2", pointer=pointer)
            )
            last = {
                row["table_name"]: row["day"]
                for row in postgres.rows(pg, "select table_name, max(as_of) as day from ops.snapshot group by 1")
            }
    moments = {f"end_{s.name}": ends(last.get(s.name, date(1970, 1, 1))) for s in renderer.registry.snapshots}
    wanted: dict[str, int] = {}
    for template in ("reconciliation_clickhouse", "reconciliation_snapshots_clickhouse"):
        found = ch.query(renderer.render(f"vault/{template}.sql.j2"), parameters=moments, settings=QUERY_SETTINGS)
        wanted |= {str(name): int(n) for name, n in found.result_rows}
    return [
        *(Reconciliation(row["name"], wanted.get(row["name"], 0), row["n"]) for row in tables),
        *(Reconciliation(row["name"], _other_side(row, wanted), row["n"]) for row in snapshots),
    ]


def contents_reconciliations(
    renderer: Renderer, ch: Client, pg: Connection, whole: bool = True
) -> list[Reconciliation]:
    """One reconciliation check per satellite, effectivity satellite and transaction link: the checksums of its contents.

    Not `whole`: of the event types that were loaded since their contents last balanced, from the oldest of those events to the newest.
    """
    found = []
    for v, since, until in _windows(renderer, ch, pg, whole):
        bounds = {"since": since, "until": until}
        with postgres.translated("comparing the contents of the vault"):
            there = postgres.rows(pg, renderer.render("vault/contents_postgres.sql.j2", v=v), bounds)
        sql = renderer.render("vault/contents_clickhouse.sql.j2", v=v)
        wanted = {str(name): int(n) for name, n in ch.query(sql, bounds, QUERY_SETTINGS).result_rows}
        found += [Reconciliation(r["name"], wanted[r["name"]], int(r["checksum"])) for r in there]
    log.info("compared the contents of %d tables of the vault", len(found))
    return found


def _windows(renderer: Renderer, ch: Client, pg: Connection, whole: bool) -> list[tuple[VaultSpec, datetime, datetime]]:
    """The event types to compare, with the bounds of event_time (both included)."""
    if whole:
        return [(v, datetime(1900, 1, 1, tzinfo=UTC), datetime(2299, 12, 31, tzinfo=UTC)) for v in renderer.vaults()]
    sql = (
        "SELECT name, max(checked_at) AS at FROM (SELECT name, checked_at, expected = actual AS ok FROM ops.reconciliation"
        " WHERE endsWith(name, {suffix:String})) WHERE ok GROUP BY name"
    )
    balanced = {r["name"]: r["at"] for r in rows(ch, sql, {"suffix": CONTENTS})}
    out = []
    for v in renderer.vaults():
        names = [f"vault.{table}{CONTENTS}" for table in partitioned(v)]
        last = min(balanced.get(name, datetime(1970, 1, 1, tzinfo=UTC)) for name in names)
        with postgres.translated("reading what was loaded"):
            (new,) = postgres.rows(
                pg,
                "select min(oldest) as since, max(newest) as until from ops.load_log"
                " where event_type = %(event_type)s and staged > 0 and loaded_at >= %(last)s::timestamptz - interval '1 hour'",
                {"event_type": v.event.event_type, "last": last},
            )
        if new["since"] is not None:
            out.append((v, new["since"], new["until"]))
    return out


def _other_side(row: dict[str, Any], wanted: dict[str, int]) -> int:
    if row["wanted"] is not None:
        return int(row["wanted"])
    return wanted.get(row["other_side"] or row["name"], 0)
