"""Reconciliation: what was sent is what landed, what landed is valid or rejected, and so on to the marts.

Each stage counts its own boundary (`reconciliations` of vault, graph, marts); the boundary of ingestion is counted here. What was
counted is kept in ops.reconciliation, where the quality check `reconciliation` reads it.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from clickhouse_connect.driver.client import Client

from clickvault import graph, ingest, vault
from clickvault.ingest import committed, epochs, versions
from clickvault.ingest import offsets as positions
from clickvault.marts import build as marts
from clickvault.reconcile import cut
from clickvault.reconcile.cut import last_began
from clickvault.reconciliation import Reconciliation
from clickvault.settings import Settings
from clickvault.sql.render import Renderer, statements
from clickvault.stores import kafka, s3
from clickvault.stores.clickhouse import rows

log = logging.getLogger(__name__)

CLOCKS = timedelta(minutes=1)
"""S3's clock may be so far behind: what seems to have been put so long before the last `ingest` began may have come later."""


def reconcile(
    settings: Settings,
    renderer: Renderer,
    ch: Client,
    pg: Any,
    progress: Callable[[str], None] | None = None,
    whole: bool = True,
) -> list[Reconciliation]:
    """All reconciliation checks, from the broker and the bucket to the marts, and kept. None is left out when one fails.

    They are counted up to the positions that there are now (clickvault.reconcile.cut). Not `whole`: contents are compared of what was loaded
    since they last balanced, instead of everything.
    """
    found: list[Reconciliation] = []

    def count(name: str, stage: Callable[[], list[Reconciliation]], built: bool = True) -> None:
        if progress:
            progress(name)
        found.extend(cut.unless_built(stage(), built))

    at = datetime.now(UTC)  # what is loaded from now on, the next count compares
    with cut.fixed(settings, renderer, ch) as now:
        with now.landed():
            count("sent and landed", lambda: sent_reconciliations(settings, renderer, ch, now.safe))
            count("landed and judged", lambda: landing_reconciliations(renderer, ch, whole))
        with now.in_vault():
            count("vault", lambda: vault.reconciliations(renderer, ch, now.pg))
            count("contents of the vault", lambda: vault.contents_reconciliations(renderer, ch, now.pg, whole))
        with now.built(pg, "graph") as built:
            count("graph", lambda: graph.reconciliations(renderer, ch, now.pg), built)
            count("graph database", lambda: graph.sync_reconciliations(settings, renderer, ch, now.pg), built)
        with now.built(pg, "marts") as built:
            count("marts", lambda: marts.reconciliations(ch, now.pg, renderer), built)
    for a in found:
        if not a.ok:
            log.warning("does not balance: %s: %d expected, %d there", a.name, a.expected, a.actual)
    columns = ["checked_at", "name", "expected", "actual"]
    ch.insert("ops.reconciliation", [[at, a.name, a.expected, a.actual] for a in found if not a.waiting], columns)
    return found


def sent_reconciliations(
    settings: Settings, renderer: Renderer, ch: Client, safe: Mapping[positions.At, int] | None = None
) -> list[Reconciliation]:
    """What the broker and the bucket hold, against the positions that landed; with `safe` up to these positions."""
    landed: dict[tuple[str, str], int] = defaultdict(int)
    for r in rows(
        ch,
        "SELECT source, stream, uniqExact(partition, offset) AS n FROM "
        "(SELECT source, stream, partition, offset FROM landing.events "
        "WHERE toYYYYMM(landed_at) > (SELECT max(month) FROM ops.retired) "
        "UNION ALL SELECT source, stream, partition, offset FROM ops.gaps) GROUP BY source, stream "
        "UNION ALL SELECT source, stream, sum(positions) AS n FROM ops.retired FINAL GROUP BY source, stream",
    ):
        landed[r["source"], r["stream"]] += r["n"]
    now = epochs.source_of(settings)
    topics = [t for g in renderer.registry.groups for t in renderer.registry.topics(g)]
    sent: dict[tuple[str, str], int] = defaultdict(int)
    bounds, unreadable = kafka.survey(settings, topics)
    safe_positions = positions.safe_positions(ch) if safe is None else safe
    for at, b in bounds.items():  # messages may have come, or a transaction ended, since the last of them landed
        upto = safe_positions.get((now, *at), 0)
        sent[now, at.topic] += max(b.end, min(upto, b.high)) if safe is None else min(b.high, upto)
    # A broker's earlier life can't be asked any more, and topics that nothing declares any more are not asked for: what was
    # recorded as landed whole stands for them.
    for (source, stream, _), end in safe_positions.items():
        if source.startswith("kafka:") and (source != now or stream not in topics):
            sent[source, stream] += end
    keys = sorted({k for k in sent | landed if k[0].startswith("kafka:")})
    found = [
        Reconciliation(f"{source} {stream}: sent = landed", sent[source, stream], landed[source, stream])
        for source, stream in keys
    ]
    found += [committed.unread_reconciliation(now, what) for what in unreadable]
    whole = {
        kafka.Partition(stream, p): offset for (source, stream, p), offset in safe_positions.items() if source == now
    }
    found += committed.reconciliations(settings, ch, now, bounds, whole)
    bucket = settings.s3_bucket
    (loaded,) = rows(
        ch,
        "SELECT sum(lines) AS n FROM ops.objects FINAL "
        "WHERE bucket = {b:String} AND bitShiftLeft(toUInt64(number), 32) < {up_to:UInt64}",
        {"b": bucket, "up_to": 2**64 - 1 if safe is None else safe.get(("s3", bucket, 0), 0)},
    )
    found.append(
        Reconciliation(f"s3 {bucket}: lines of loaded objects = landed", int(loaded["n"] or 0), landed["s3", bucket])
    )
    return [*found, object_reconciliation(settings, ch, None if safe is None else last_began(ch, "ingest") - CLOCKS)]


def object_reconciliation(settings: Settings, ch: Client, up_to: datetime | None = None) -> Reconciliation:
    """What the bucket holds, against the ledger: each object is loaded or set aside. With `up_to` those that came later, and are in no
    ledger, are not counted.

    By another request of S3 than the load lists by, and by neither of the engine's ways to read it.
    """
    there = known = 0
    for page in s3.pages(settings, s3.client(settings), old_request=True):
        ledger = ingest.objects.ledger(ch, settings.s3_bucket, page)
        for o in page:
            row = ledger.get((o.path, o.etag))
            there += row is not None or up_to is None or o.modified < up_to
            known += bool(row and row["lines"] is not None and not row["gone"])
    return Reconciliation(f"s3 {settings.s3_bucket}: objects = loaded + set aside", there, known)


def landing_reconciliations(renderer: Renderer, ch: Client, whole: bool = True) -> list[Reconciliation]:
    """What landed, judged once more: landed = valid + dead letters, distinct valid events = raw rows.

    Of event types that were declared once, too; each message by the contract in force at its verdict. A type without a message is not
    judged: the engine takes 0.1 to 0.2 s to plan its rules. Not `whole`: nor are those of which nothing landed, and no verdict changed,
    since they last balanced.
    """
    since = positions.retired_before(ch)
    periods = versions.periods(ch, renderer.registry, since)
    known = {} if whole or any(p.event is None for p in periods) else _judged(ch, since)
    names = {p.event_type for p in periods}
    known = {name: row for name, row in known.items() if name in names} | {
        name: {"landed": 0, "valid": 0, "events": 0} for name in sorted(names - _landed(ch, since))
    }
    (sql,) = statements(
        renderer.render("ingest/reconciliation.sql.j2", retired=since is not None, periods=periods, known=known)
    )
    found, new = [], []
    for r in rows(ch, sql, {"since": since} if since else None):
        name = r["event_type"] or "(no event type)"
        landed = Reconciliation(f"landing {name}: landed = valid + dead letters", r["landed"], r["valid"] + r["dead"])
        found.append(landed)
        if r["event_type"]:
            kept = Reconciliation(f"raw.{name}: distinct valid events landed = rows", r["events"], r["kept"])
            found.append(kept)
            if landed.ok and kept.ok and name not in known:
                counts = [r[column] for column in ("landed", "valid", "events", "dead")]
                new.append([name, since or versions.ALWAYS, *counts, datetime.now(UTC)])
    if new:
        ch.insert("ops.judged", new, ["event_type", "since", "landed", "valid", "events", "dead", "seen_at"])
    return found


def _landed(ch: Client, since: datetime | None) -> set[str]:
    """The event types that messages are landed of."""
    found = rows(
        ch,
        "SELECT DISTINCT event_type FROM landing.events WHERE landed_at >= {since:DateTime64(6, 'UTC')}",
        {"since": since or versions.ALWAYS},
    )
    return {r["event_type"] for r in found}


def _judged(ch: Client, since: datetime | None) -> dict[str, dict[str, Any]]:
    """The rows of ops.judged, by event type, that still hold: as many messages are landed, as many are dead letters."""
    found = rows(
        ch,
        "SELECT event_type, landed, valid, events FROM ops.judged FINAL "
        "JOIN (SELECT event_type, uniqExact(source, stream, partition, offset) AS landed FROM landing.events"
        " WHERE landed_at >= {since:DateTime64(6, 'UTC')} GROUP BY event_type) AS now USING (event_type, landed) "
        "LEFT JOIN (SELECT event_type, count() AS dead FROM raw.dead_letters"
        " WHERE landed_at >= {since:DateTime64(6, 'UTC')} GROUP BY event_type) AS then USING (event_type) "
        "WHERE since = {since:DateTime64(6, 'UTC')} AND ops.judged.dead = then.dead",
        {"since": since or versions.ALWAYS},
    )
    return {r["event_type"]: r for r in found}
