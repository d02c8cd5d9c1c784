"""Dead letters: what was rejected and why, and judging it again after a contract changed; objects that could not be read, too.

A replay reads landing.events, never the source. Order, and what a crash costs:
  1. judge again, as of now, into raw         the same identities again: readers take the first
  2. rewind the vault's watermarks            the next load stages more than it needs, and inserts nothing twice
  3. mark as resolved                         the letters are judged again by the next replay
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from clickhouse_connect.driver.client import Client

from clickvault.ingest.watermarks import rewind
from clickvault.sql.render import Renderer, statements
from clickvault.stores.clickhouse import rows

if TYPE_CHECKING:
    pass

log = logging.getLogger(__name__)


UNREAD = """
        SELECT concat(path, ': ', reason) AS reason, '' AS event_type, 's3' AS source, bucket AS stream, 0 AS partition,
            bitShiftLeft(toUInt64(number), 32) AS offset, seen_at AS landed_at
        FROM ops.unread_objects"""
"""Objects that could not be read, as dead letters: without a message or an event type."""


def listing(ch: Client, event_type: str | None = None) -> list[dict[str, Any]]:
    """Dead letters by reason: reason, event_type, count, first and last time of landing, most frequent first.

    An object that could not be read is one, too: its reason begins with its path.
    """
    return rows(
        ch,
        f"""
        SELECT reason, event_type, count() AS count, min(landed_at) AS first_landed, max(landed_at) AS last_landed
        FROM
        (
            SELECT reason, event_type, landed_at FROM raw.dead_letters ARRAY JOIN reasons AS reason
            UNION ALL
            SELECT reason, event_type, landed_at FROM ({UNREAD})
        )
        WHERE {{t:String}} = '' OR event_type = {{t:String}}
        GROUP BY reason, event_type ORDER BY count DESC, reason, event_type""",
        {"t": event_type or ""},
    )


def letters(ch: Client, reason: str = "", event_type: str = "", limit: int = 10) -> list[dict[str, Any]]:
    """Dead letters themselves, the newest first: event_type, reasons, position, the message as text; of an unread object, none."""
    return rows(
        ch,
        f"""
        SELECT event_type, reasons, source, stream, partition, offset, landed_at, message
        FROM
        (
            SELECT event_type, reasons, source, stream, partition, offset, landed_at, toValidUTF8(substring(raw, 1, 4000)) AS message
            FROM raw.dead_letters
            UNION ALL
            SELECT event_type, [reason] AS reasons, source, stream, partition, offset, landed_at, '' AS message FROM ({UNREAD})
        )
        WHERE ({{r:String}} = '' OR has(reasons, {{r:String}})) AND ({{t:String}} = '' OR event_type = {{t:String}})
        ORDER BY landed_at DESC, source, stream, partition, offset LIMIT {{n:UInt32}}""",
        {"r": reason, "t": event_type, "n": limit},
    )


def replay(renderer: Renderer, ch: Client, pg: Any, event_type: str | None = None) -> list[dict[str, Any]]:
    """Judge the dead letters of one event type, or of all, again. One row a type: judged, accepted, rejected.

    A message whose type was unknown is judged by the class that has come to declare it.
    """
    registry = renderer.registry
    names = [registry.event(event_type).event_type] if event_type else list(registry.events)
    out = []
    for name in names:
        values = {"t": name}
        (count,) = rows(ch, "SELECT count() AS n FROM raw.dead_letters WHERE event_type = {t:String}", values)
        if not count["n"]:
            continue
        again, resolve = statements(renderer.render("ingest/replay.sql.j2", event=registry.events[name]))
        now = {"now": datetime.now(UTC)}
        ch.command(again, parameters=now)
        rewind(pg, [name])
        ch.command(resolve, parameters=now)
        (left,) = rows(ch, "SELECT count() AS n FROM raw.dead_letters WHERE event_type = {t:String}", values)
        log.info("%s: %d dead letters validated again, %d rejected", name, count["n"], left["n"])
        out.append(
            {"event_type": name, "judged": count["n"], "accepted": count["n"] - left["n"], "rejected": left["n"]}
        )
    return out
