"""Up to where each stream is ingested (ops.positions), which the load of the vault goes by; and the months that were retired (ops.retired)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from clickhouse_connect.driver.client import Client

from clickvault.stores.clickhouse import rows
from clickvault.stores.kafka import Partition

At = tuple[str, str, int]
"""Source, stream, partition."""

RANGES_PER_QUERY = 200
"""So many ranges are four times as many parameters: a statement, and a form, have a largest size."""


def safe_positions(ch: Client) -> dict[At, int]:
    """Up to where each (source, stream, partition) is landed whole (exclusive)."""
    found = rows(ch, "SELECT source, stream, partition, max(safe) AS safe FROM ops.positions GROUP BY ALL")
    return {(r["source"], r["stream"], r["partition"]): r["safe"] for r in found}


def record_safe(ch: Client, safe: dict[At, int]) -> None:
    """Note that these streams are landed whole up to there."""
    if safe:
        now = datetime.now(UTC)
        ch.insert(
            "ops.positions",
            [[*at, offset, now] for at, offset in safe.items()],
            ["source", "stream", "partition", "safe", "seen_at"],
        )


def landed_in(ch: Client, source: str, ranges: Mapping[Partition, tuple[int, int]]) -> dict[Partition, int]:
    """How many offsets of each range (from, up to) landed; a partition without any is missing. Reads these ranges alone, by the table's key."""
    wanted = [(at, low, high) for at, (low, high) in ranges.items() if low < high]
    found: list[dict[str, Any]] = []
    for first in range(0, len(wanted), RANGES_PER_QUERY):
        some: dict[str, Any] = {"source": source}
        within = []
        for n, (at, low, high) in enumerate(wanted[first : first + RANGES_PER_QUERY]):
            some |= {f"s{n}": at.topic, f"p{n}": at.partition, f"l{n}": low, f"h{n}": high}
            within.append(
                f"(stream = {{s{n}:String}} AND partition = {{p{n}:Int32}} AND offset >= {{l{n}:UInt64}} AND offset < {{h{n}:UInt64}})"
            )
        found += rows(
            ch,
            "SELECT stream, partition, uniqExact(offset) AS n FROM landing.events WHERE source = {source:String} "
            f"AND ({' OR '.join(within)}) GROUP BY stream, partition",
            some,
        )
    return {Partition(r["stream"], r["partition"]): r["n"] for r in found}


def retired_up_to(ch: Client) -> int:
    """The last month (as 202601) that was removed from the landing table; 0: none was."""
    return int(rows(ch, "SELECT max(month) AS month FROM ops.retired")[0]["month"])


def retired_before(ch: Client) -> datetime | None:
    """The moment up to which what landed was removed (excluded); None where nothing was."""
    month = retired_up_to(ch)
    return datetime(month // 100 + month % 100 // 12, month % 12 + 1, 1, tzinfo=UTC) if month else None
