"""Up to where each event type was loaded into the vault (ops.watermark in PostgreSQL): the lock of its writer, and the way back.

The load moves a watermark in the transaction that merges the rows; what makes rows appear below it rewinds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager

from clickvault.stores import postgres
from clickvault.stores.postgres import Connection

WAIT_SECONDS = 120.0


def writer(pg: Connection, event_type: str) -> AbstractContextManager[None]:
    """Hold the lock of an event type's load: its tables have one writer. Waits for a load that is ending."""
    return postgres.alone(pg, "load", event_type, WAIT_SECONDS)


def rewind(
    pg: Connection,
    event_types: Iterable[str] | None = None,
    to: Mapping[tuple[str, str, int], int] | None = None,
) -> None:
    """Forget the watermarks of these event types (default: all): the next load stages everything again.

    `to`: only those of these streams (source, stream, partition), and only down to this offset. For rows that appear below
    the watermark (dead letters judged again), and for a vault that lost rows: what it has is not inserted twice.
    """
    with postgres.translated("rewinding the watermarks"):
        if event_types is None:
            found = postgres.rows(pg, "select distinct event_type from ops.watermark")
            event_types = [row["event_type"] for row in found]
        for name in event_types:
            # Not while a load runs: it would put the watermark back where it was.
            with writer(pg, name), pg, pg.cursor() as cursor:
                if to is None:
                    cursor.execute("delete from ops.watermark where event_type = %s", (name,))
                    continue
                cursor.executemany(
                    "update ops.watermark set next_offset = least(next_offset, %s), moved_at = now()"
                    " where event_type = %s and source = %s and stream = %s and partition = %s",
                    [(offset, name, *stream) for stream, offset in to.items()],
                )
