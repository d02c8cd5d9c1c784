"""The merge: one PostgreSQL transaction that takes a stage into hubs, links and satellites and moves the watermark.

Either all of a batch is in the vault and the watermark says so, or nothing happened. Merging the same rows again
inserts nothing, so a batch that is staged twice (its watermark was lost with the transaction) costs time only.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from clickvault.contract.vault import VaultSpec
from clickvault.errors import DataError
from clickvault.sql.render import Renderer, pg_identifier, statements
from clickvault.stores.postgres import Connection
from clickvault.vault.schema import partitioned

log = logging.getLogger(__name__)
COUNTED = ("hubs", "links", "sats", "effs")


@dataclass(frozen=True)
class Sums:
    """What both sides of the bridge compute of a batch; equal sums, equal observations."""

    rows: int
    ids: int
    times: int
    deletions: int


@dataclass(frozen=True)
class MergeCounts:
    """Rows of a batch: staged, and new in each kind of table."""

    staged: int = 0
    hubs: int = 0
    links: int = 0
    sats: int = 0
    effs: int = 0

    def __add__(self, other: MergeCounts) -> MergeCounts:
        """The sum of two batches."""
        return MergeCounts(*(a + b for a, b in zip(_counts(self), _counts(other), strict=True)))


def _counts(counts: MergeCounts) -> tuple[int, ...]:
    return counts.staged, counts.hubs, counts.links, counts.sats, counts.effs


class StageDiffers(DataError):
    """The stage does not hold what ClickHouse sent; staging again is worth a try."""

    transient = True


def merge_statements(renderer: Renderer, vault: VaultSpec) -> dict[str, list[str]]:
    """The statements that merge a stage, by what they count as: due, superseded, supersede, months, hubs, links, sats, effs. Asks no store."""

    def render(template: str, **values: Any) -> list[str]:
        return statements(renderer.render(f"vault/{template}.sql.j2", v=vault, **values))

    # In one order for every event type, so that two merges that add the same keys cannot wait for each other.
    hubs = [hub for hub in renderer.registry.hubs if hub in {k.hub for k in vault.keys}]
    effectivities = [link for link in vault.links if link.kind == "effectivity"]
    fed = [s for s in renderer.registry.snapshots if vault.event.event_type in s.feeders]
    seen = [hub for hub in hubs if hub in {s.hub for s in renderer.registry.snapshots if s.kind == "pit"}]
    return {
        "due": render("merge_due", fed=fed, seen=seen) if fed or seen else [],
        "superseded": render("merge_superseded"),
        "supersede": render("merge_supersede", tables=partitioned(vault), hubs=hubs, snapshots=[s.name for s in fed]),
        "months": render("merge_months", tables=partitioned(vault)),
        "hubs": [s for hub in hubs for s in render("merge_hub", hub=hub)],
        "links": [s for link in vault.links for s in render("merge_link", link=link)],
        "sats": [s for sat in vault.sats for s in render("merge_sat", sat=sat)],
        "effs": [s for link in effectivities for s in render("merge_eff", link=link)],
    }


def merge(
    pg: Connection, renderer: Renderer, vault: VaultSpec, expected: Sums | None = None, started: datetime | None = None
) -> MergeCounts:
    """Merge what is in the stage of an event type, in one transaction. Returns how many rows were new.

    `expected`: ClickHouse's sums of the batch; StageDiffers when the stage has others. The watermark moves to the
    ends of the windows in stage.load_window.
    """
    name = vault.event.event_type
    with pg, pg.cursor() as cursor:
        # Nothing is written to the stage between the check and the merge, not even by a load that was killed.
        cursor.execute(f"lock table {pg_identifier(f'stage.{name}')} in share mode")
        cursor.execute("lock table ops.doubtful_key in row exclusive mode")  # see mentions.py
        cursor.execute("set local work_mem = '256MB'; set local jit = off")
        cursor.execute(renderer.render("vault/stage_sums.sql.j2", v=vault))
        found = Sums(*(int(value) for value in cursor.fetchone()))
        if expected is not None and found != expected:
            raise StageDiffers(
                f"stage.{name} holds {found.rows:,} rows, ClickHouse sent {expected.rows:,}"
                + (", of other content" if found.rows == expected.rows else ""),
                hint="clickvault load",
            )
        done: dict[str, int] = {}
        superseded = 0
        for kind, sql in merge_statements(renderer, vault).items():
            if kind == "supersede" and not superseded:
                continue
            for statement in sql:
                cursor.execute(statement)
                if kind == "superseded" and cursor.statusmessage.startswith("SELECT"):
                    superseded = cursor.rowcount
                if kind in COUNTED and cursor.statusmessage.startswith("INSERT"):
                    done[kind] = done.get(kind, 0) + cursor.rowcount
        counts = MergeCounts(found.rows, **done)
        cursor.execute(
            "insert into ops.load_log (event_type, started_at, staged, hubs, links, sats, effs, oldest, newest)"
            f" select %s, %s, %s, %s, %s, %s, %s, min(event_time), max(event_time) from {pg_identifier(f'stage.{name}')}",
            (name, started or datetime.now(UTC), *_counts(counts)),
        )
        cursor.execute(
            "insert into ops.watermark as w (event_type, source, stream, partition, next_offset)"
            " select event_type, source, stream, partition, high from stage.load_window where event_type = %s"
            " on conflict (event_type, source, stream, partition)"
            " do update set next_offset = greatest(w.next_offset, excluded.next_offset), moved_at = now()",
            (name,),
        )
        cursor.execute("delete from stage.load_window where event_type = %s", (name,))
    if superseded:
        log.warning("%s: %d events took the contents of a copy that their source gave earlier", name, superseded)
    return counts
