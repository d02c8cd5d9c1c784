"""The marts: rendered SQL that rebuilds days, each put in place whole.

A mart is one template in a domain's folder marts/: a header (headers.py), the table of states, the views that BI
tools read, and the statement that builds [d0, d1) into a staging table. A rebuild is: stage, REPLACE PARTITION a day,
record. A crash costs nothing: a day is there or not, and what was not recorded is built again.

A mart is built for days that have something to hold, so that its cost is that of the days with events: one event of long
ago is one day more. Days between are the views' business (`days_held` and `windows` in templates/marts/_facts.sql.j2).

What makes a day out of date is read from the build's own SQL: which events there are of the types that it reads, on the
day, and up to the day where the build reads what is in force. `window` in the header says the rest:
"day"    the days that have such events
"from"   all days on which anything happened, from the first such event on (states at a day's end), and those that the
         statement `days` of the template names: a day without events that has something to hold
"graph"  the days on which the graph was measured
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from typing import Any

from clickhouse_connect.driver.client import Client

from clickvault.errors import ConfigurationError, ContractError
from clickvault.marts.headers import Mart, View, all_marts, find, rendered
from clickvault.reconciliation import Reconciliation
from clickvault.sql.objects import SqlObject, objects_of
from clickvault.sql.render import Renderer, ch_identifier
from clickvault.stores import postgres
from clickvault.stores.clickhouse import rows

log = logging.getLogger(__name__)

__all__ = [
    "Built",
    "Mart",
    "View",
    "all_marts",
    "build",
    "build_sql",
    "find",
    "objects",
    "reconciliations",
    "stale_days",
]

Progress = Callable[[str, int, int], None]
States = dict[str, dict[date, int]]
BUILD_DAYS = 92
VIEWS = ("view", "parameterized")
STATEMENTS = ("build", "days")
EARLIEST = date(1970, 1, 1)
# A read of raw in a build, and whether the macro `window` (templates/marts/_facts.sql.j2) bounds it to [d0, d1).
READ = re.compile(r"\braw\.`?(\w+)`?(?: AS \w+)?(?: FINAL)?(\s+WHERE event_time >= toDateTime64\(\{d0:Date\})?")


def objects(renderer: Renderer) -> list[SqlObject]:
    """What ClickHouse must hold for the marts: their tables, the record of what was built, then their views.

    All tables come first, since a view may read those of other marts. Raises ContractError when the views of a template
    are not those of its header.
    """
    found = objects_of(renderer.render("marts/_schema.sql.j2"))
    for mart in all_marts(renderer):
        mine = [o for o in objects_of(rendered(renderer, mart)) if o.kind not in STATEMENTS]
        views, declared = [o.name for o in mine if o.kind == "view"], [v.table for v in mart.views]
        if sorted(views) != sorted(declared):
            raise ContractError(f"{mart.template}: its header declares {declared}, but it makes {views}")
        found += mine
    return sorted(found, key=lambda o: o.kind in VIEWS)


def staging_sql(renderer: Renderer, mart: Mart) -> str:
    """The statement that makes a mart's staging table: its own, under another name, and never replicated."""
    (states,) = [o for o in objects_of(rendered(renderer, mart)) if o.kind == "states"]
    return re.sub(r"\ACREATE TABLE IF NOT EXISTS \S+", f"CREATE OR REPLACE TABLE {mart.staging}", states.sql, count=1)


def build_sql(renderer: Renderer, mart: Mart) -> str:
    """The statement that fills a mart's staging table; parameters d0, d1 (Date, d1 excluded)."""
    (build,) = [o for o in objects_of(rendered(renderer, mart)) if o.kind == "build"]
    return build.sql


# ── what is out of date ───────────────────────────────────────────────────────────────────────────────────────


def _counts(ch: Client, renderer: Renderer) -> States:
    """Which events of each type there are now, and which copy of each, as a sum by day."""
    counts = " UNION ALL ".join(
        f"SELECT '{name}' AS event_type, toDate(event_time) AS day, sum(cityHash64(event_id, version)) AS n "
        f"FROM raw.{ch_identifier(name)} FINAL GROUP BY day"
        for name in renderer.registry.events
    )
    found: States = {name: {} for name in renderer.registry.events}
    for r in rows(ch, f"{counts} SETTINGS do_not_merge_across_partitions_select_final = 1"):
        found[r["event_type"]][r["day"]] = r["n"]
    return found


def reads(sql: str) -> tuple[set[str], set[str]]:
    """The event types that a build reads on its days alone, and those that it reads up to its days."""
    whole = {name for name, bounded in READ.findall(sql) if not bounded}
    return {name for name, _ in READ.findall(sql)} - whole, whole


def _states(ch: Client, renderer: Renderer, mart: Mart, counts: States, end: date | None = None) -> dict[date, str]:
    """What the data of each day is at now, as a text: which events the build reads, or the graph's fingerprint.

    The days are those that have something to hold, up to the newest with events; the statement `days` up to `end`
    (excluded). A copy of an event is never changed, so a day with the same copies is the same day; duplicates and merges
    do not touch it. The mart's own SQL is part of the state: a day that another formula made, or that was kept in
    another table, is out of date.
    """
    made = {o.kind: o.sql for o in objects_of(rendered(renderer, mart)) if o.kind not in VIEWS}
    formula = hashlib.sha256("\n".join(made.values()).encode()).hexdigest()[:8]
    if mart.window == "graph":
        sql = (
            "SELECT as_of AS day, hex(cityHash64(arraySort(groupArray((relation, note))))) AS state "
            "FROM graph.summary WHERE metric = 'fingerprint' GROUP BY day ORDER BY day"
        )
        return {r["day"]: f"{r['state']} {formula}" for r in rows(ch, sql)}
    on_day, up_to = reads(made["build"])
    days = sorted({d for name in on_day | up_to for d in counts[name]})
    if mart.window == "from" and days:  # what is in force at a day's end is there on days of other events, too
        there = {d for some in counts.values() for d in some if d >= days[0]}
        if "days" in made:
            bounds = {"d0": EARLIEST, "d1": end or max(there) + timedelta(days=1)}
            there |= {r["day"] for r in rows(ch, made["days"], bounds)}
        days = sorted(there)
    now = [sum(counts[name].get(d, 0) for name in on_day) for d in days]
    so_far = accumulate(sum(counts[name].get(d, 0) for name in up_to) for d in days)
    return {d: f"{n % 2**64:x} {m % 2**64:x} {formula}" for d, n, m in zip(days, now, so_far, strict=True)}


def stale_days(ch: Client, renderer: Renderer, mart: Mart, counts: States | None = None) -> list[date]:
    """The days that the mart does not have, or has from other data than there is now."""
    return _stale(ch, mart, _states(ch, renderer, mart, _counts(ch, renderer) if counts is None else counts))


def _stale(ch: Client, mart: Mart, now: dict[date, str]) -> list[date]:
    """Of the days that have data `now`, those that were built from other data, or not at all.

    Of a mart of window "from" also days that have rows and nothing to hold any more: a deal that was called off later.
    """
    sql = "SELECT day, state, rows FROM ops.mart_days FINAL WHERE mart = {m:String}"
    built = {r["day"]: (r["state"], r["rows"]) for r in rows(ch, sql, {"m": mart.name})}
    stale = [day for day, state in now.items() if built.get(day, ("", 0))[0] != state]
    if mart.window == "from" and now:
        stale += [day for day, (_, n) in built.items() if n and day not in now and day < max(now)]
    return sorted(stale)


# ── building ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Built:
    """What a rebuild did: the days that were put in place, and the rows of the mart in them."""

    mart: str
    days: int
    rows: int


def build(
    ch: Client,
    renderer: Renderer,
    start: date | None = None,
    end: date | None = None,
    only: list[str] | None = None,
    progress: Progress | None = None,
) -> list[Built]:
    """Rebuild [start, end) of the marts; without a window, the days that are out of date.

    A given window is rebuilt whole, whether it is out of date or not: its days that have something to hold.
    """
    if (start is None) != (end is None):
        raise ConfigurationError("a window has both ends", hint="clickvault marts --from 2026-01-01 --to 2026-02-01")
    if start and end and start >= end:
        raise ConfigurationError(f"the window is empty: {start} to {end}", hint="--to is the day after the last one")
    chosen = [find(renderer, name) for name in only] if only else all_marts(renderer)
    counts = _counts(ch, renderer)  # before the build: what lands meanwhile makes its day out of date
    out = []
    for mart in chosen:
        states = _states(ch, renderer, mart, counts, end)
        if start and end:
            held = rows(
                ch, "SELECT day FROM ops.mart_days FINAL WHERE mart = {m:String} AND rows > 0", {"m": mart.name}
            )
            days = [day for day in states.keys() | {r["day"] for r in held} if start <= day < end]
        else:
            days = _stale(ch, mart, states)
        done = 0
        count = 0
        for first, last in _spans(days):
            if progress:
                progress(mart.name, done, len(days))
            count += _build_span(ch, renderer, mart, first, last, states)
            done += (last - first).days
        if progress:
            progress(mart.name, done, len(days))
        if done:
            log.info("marts: %s: %d days built, %d rows", mart.name, done, count)
        out.append(Built(mart.name, done, count))
    return out


def _spans(days: list[date]) -> list[tuple[date, date]]:
    """Runs of days as [first, last + 1), at most BUILD_DAYS long."""
    spans: list[tuple[date, date]] = []
    for day in sorted(days):
        if spans and spans[-1][1] == day and (day - spans[-1][0]).days < BUILD_DAYS:
            spans[-1] = (spans[-1][0], day + timedelta(days=1))
        else:
            spans.append((day, day + timedelta(days=1)))
    return spans


def _build_span(ch: Client, renderer: Renderer, mart: Mart, d0: date, d1: date, states: dict[date, str]) -> int:
    """Stage [d0, d1), put it in place day by day, record it as built from `states`. Returns the mart's rows of these days."""
    name = f"marts.{ch_identifier(mart.name)}"
    ch.command(staging_sql(renderer, mart))
    try:
        ch.command(build_sql(renderer, mart), parameters={"d0": d0, "d1": d1})
        # one part a day, so that the count of rows is the count of keys
        ch.command(f"OPTIMIZE TABLE {mart.staging} FINAL")
        counts = {r["day"]: r["n"] for r in rows(ch, f"SELECT day, count() AS n FROM {mart.staging} GROUP BY day")}
        days = [d0 + timedelta(days=i) for i in range((d1 - d0).days)]
        there = {
            str(r["partition"])
            for r in rows(
                ch,
                "SELECT DISTINCT partition FROM system.parts WHERE database = 'marts' AND table = {t:String} AND active",
                {"t": mart.name},
            )
        }
        for day in days:
            if counts.get(day):
                ch.command(f"ALTER TABLE {name} REPLACE PARTITION '{day}' FROM {mart.staging}")
            elif str(day) in there:  # REPLACE from an empty partition is refused
                ch.command(f"ALTER TABLE {name} DROP PARTITION '{day}'")
    finally:
        ch.command(f"DROP TABLE IF EXISTS {mart.staging}")
    now = datetime.now(UTC)
    ch.insert(
        "ops.mart_days",
        [[mart.name, day, counts.get(day, 0), states.get(day, ""), now] for day in days],
        ["mart", "day", "rows", "state", "built_at"],
    )
    return sum(counts.values())


# ── reconciliation checks ──────────────────────────────────────────────────────────────────────────────────────────────────


def reconciliations(ch: Client, pg: Any, renderer: Renderer) -> list[Reconciliation]:
    """The marts against what was built, against what has come since, and against the vault."""
    found = []
    counts = _counts(ch, renderer)
    for mart in all_marts(renderer):
        built = rows(
            ch,
            "SELECT day, rows FROM ops.mart_days FINAL WHERE mart = {m:String} AND rows > 0 ORDER BY day",
            {"m": mart.name},
        )
        there = {
            r["day"]: r["n"]
            for r in rows(ch, f"SELECT day, count() AS n FROM marts.{ch_identifier(mart.name)} GROUP BY day")
        }
        expected = {r["day"]: r["rows"] for r in built}
        found.append(
            Reconciliation(f"marts.{mart.name}: rows built = rows", sum(expected.values()), sum(there.values()))
        )
        found.append(
            Reconciliation(f"marts.{mart.name}: days out of date = 0", len(stale_days(ch, renderer, mart, counts)), 0)
        )
        for what, (in_vault, in_mart) in mart.reconciliation.items():
            (in_vault_now,) = postgres.rows(pg, in_vault)[0].values()
            in_mart_now = ch.query(in_mart).first_row
            found.append(
                Reconciliation(
                    f"marts.{mart.name}: {what} in the vault = in the mart",
                    int(in_vault_now),
                    int(in_mart_now[0]) if in_mart_now else 0,
                )
            )
    return found
