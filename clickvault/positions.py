"""Up to where each stream is landed whole: what ingestion notes, and what the load of the vault goes by (ops.positions)."""

from __future__ import annotations

from datetime import UTC, datetime

from clickhouse_connect.driver.client import Client

from clickvault.clickhouse import rows

At = tuple[str, str, int]
"""Source, stream, partition."""


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
