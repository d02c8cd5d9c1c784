"""Topics that were deleted and made anew: recognised by the broker's id of a topic, and their messages told apart.

Offsets begin again in such a topic, so they mean other messages. While its source is the present one, ingestion sets it aside
(`made_anew`); ClickHouse may have pulled some of the new messages by then, to positions of old ones. `clickvault init --new-epoch`
closes the source, and then `separate` makes each position one message again. Its order, and what a crash after each step costs:
  1. withdraw the verdicts on these positions    the same again
  2. land each of their messages once more       the same positions again: readers take positions, not rows
  3. rewind the vault's watermarks               the next load stages more than it needs, and inserts nothing twice
  4. remove what has its own source now          done: nothing is found to separate
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from clickhouse_connect.driver.client import Client

from clickvault.ingest.watermarks import rewind
from clickvault.settings import Settings
from clickvault.sql.cluster import on_cluster
from clickvault.sql.render import Renderer, statements
from clickvault.stores import kafka
from clickvault.stores.clickhouse import rows

log = logging.getLogger(__name__)

HINT = "clickvault init --new-epoch   (takes the broker's topics as new sources; nothing landed is lost)"


def source_of(settings: Settings) -> str:
    """The source name of the current Kafka epoch; offsets are unique within it."""
    return f"kafka:{settings.kafka_epoch}"


def note(settings: Settings, ch: Client, topics: Iterable[str]) -> dict[str, str]:
    """Record the ids of topics that the present source has none of. Returns those that the broker gives, by topic."""
    source, there = source_of(settings), kafka.topic_ids(settings, topics)
    known = _known(ch, source)
    new = [[source, topic, found, datetime.now(UTC)] for topic, found in there.items() if topic not in known]
    if new:
        ch.insert("ops.topics", new, ["source", "topic", "id", "seen_at"])
    return there


def made_anew(settings: Settings, ch: Client, topics: Iterable[str]) -> dict[str, str]:
    """The topics that are other ones than the present source began with, and what there is to say of them."""
    known = _known(ch, source_of(settings))
    return {
        topic: "it was deleted, and made anew"
        for topic, found in note(settings, ch, topics).items()
        if known.get(topic, found) != found
    }


def separate(settings: Settings, renderer: Renderer, ch: Client, pg: Any) -> int:
    """Give the messages of topics that were made anew, in closed sources, a source of their own. Returns how many streams had any."""
    cluster = settings.clickhouse_cluster
    table = "landing.events_local" if cluster else "landing.events"
    find, withdraw, land, remove = statements(renderer.render("ingest/separate.sql.j2", table=table))
    now = {"now": source_of(settings)}
    found = rows(ch, find, now)
    if found:
        ch.command(withdraw, parameters=now)
        ch.command(land, parameters=now)
        rewind(pg, to={(r["source"], r["stream"], r["partition"]): r["low"] for r in found})
        ch.command(on_cluster(remove, cluster))
        log.warning(
            "%d streams were made anew while their source was on: their messages have a source of their own now",
            len(found),
        )
    return len(found)


def _known(ch: Client, source: str) -> dict[str, str]:
    found = rows(ch, "SELECT topic, id FROM ops.topics FINAL WHERE source = {s:String}", {"s": source})
    return {r["topic"]: r["id"] for r in found}
