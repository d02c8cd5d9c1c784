"""The marts: rendered SQL that rebuilds days, each put in place whole.

A mart is one template in templates/marts/<domain>/: a header in TOML (grain, metrics with their formulas, sources,
accounts against the vault), the table of states, the view that BI tools read, and the statement that builds
[d0, d1) into a staging table. A rebuild is: stage, REPLACE PARTITION a day, record. A crash costs nothing: a day is
there or not, and what was not recorded is built again.

`window` says what makes a day out of date: "day", events of that day; "from", events of that day or an earlier
one (states at a day's end); "graph", a new measurement of the graph.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal

from clickhouse_connect.driver.client import Client

from clickvault import postgres
from clickvault.accounts import Account
from clickvault.clickhouse import rows
from clickvault.errors import ConfigurationError, ContractError
from clickvault.objects import SqlObject, objects_of
from clickvault.render import Renderer, ch_identifier

Progress = Callable[[str, int, int], None]
HEADER = re.compile(r"\A\{#- mart\n(.*?)\n-#\}", re.DOTALL)
BUILD_DAYS = 92


@dataclass(frozen=True)
class Mart:
    """A mart as its header declares it; `template` is its path under templates/."""

    name: str
    template: str
    title: str
    grain: str
    window: Literal["day", "from", "graph"]
    sources: list[str]
    metrics: dict[str, str]
    accounts: dict[str, list[str]] = field(default_factory=dict)

    @property
    def staging(self) -> str:
        """The table in which a rebuild is prepared."""
        return f"marts.staging_{self.name}"


def all_marts(renderer: Renderer) -> list[Mart]:
    """The marts of the domains that are on, in the order of their names."""
    found = []
    for domain in renderer.registry.domains:
        for path in sorted((renderer.folder / "marts" / domain.name).glob("*.sql.j2")):
            header = HEADER.match(path.read_text(encoding="utf-8"))
            name = path.name.removesuffix(".sql.j2")
            if not header:
                raise ContractError(f"{path}: a mart begins with a header", hint="see templates/marts/social")
            try:
                values = tomllib.loads(header.group(1))
                found.append(Mart(name=name, template=str(path.relative_to(renderer.folder)), **values))
            except (tomllib.TOMLDecodeError, TypeError) as error:
                raise ContractError(f"{path}: its header can't be read: {error}") from error
    return found


def find(renderer: Renderer, name: str) -> Mart:
    """The mart of that name. Raises ConfigurationError with the known names."""
    known = {m.name: m for m in all_marts(renderer)}
    if name not in known:
        raise ConfigurationError(
            f"mart must be one of {', '.join(known)}, got {name!r}",
            hint=f"clickvault marts --mart {next(iter(known), 'NAME')}",
        )
    return known[name]


def objects(renderer: Renderer) -> list[SqlObject]:
    """What ClickHouse must hold for the marts: their tables and views, and the record of what was built."""
    found = objects_of(renderer.render("marts/_schema.sql.j2"))
    for mart in all_marts(renderer):
        found += [o for o in objects_of(renderer.render(mart.template, target=mart.staging)) if o.kind != "build"]
    return found


def build_sql(renderer: Renderer, mart: Mart) -> str:
    """The statement that fills a mart's staging table; parameters d0, d1 (Date, d1 excluded)."""
    (build,) = [o for o in objects_of(renderer.render(mart.template, target=mart.staging)) if o.kind == "build"]
    return build.sql


# ── what is out of date ───────────────────────────────────────────────────────────────────────────────────────


def _states(ch: Client, renderer: Renderer, mart: Mart) -> dict[date, str]:
    """What the data of each day is at now, as a text: how many events it has, or the graph's fingerprint.

    Events are never changed, so a day whose count of distinct events is the same is the same day; duplicates and merges
    do not touch it. The build's own SQL is part of the state: a day that another formula made is out of date.
    """
    if mart.window == "graph":
        sql = (
            "SELECT as_of AS day, hex(cityHash64(arraySort(groupArray((relation, note))))) AS state "
            "FROM graph.summary WHERE metric = 'fingerprint' GROUP BY day ORDER BY day"
        )
    else:
        counts = " UNION ALL ".join(
            f"SELECT toDate(event_time) AS day, count() AS n FROM raw.{ch_identifier(name)} FINAL GROUP BY day"
            for name in renderer.registry.events
        )
        sql = (
            f"SELECT day, toString(sum(n)) AS state FROM ({counts}) GROUP BY day ORDER BY day "
            "SETTINGS do_not_merge_across_partitions_select_final = 1"
        )
    found = {r["day"]: r["state"] for r in rows(ch, sql)}
    if mart.window == "from" and found:  # what is in force at a day's end is there on days without events, too
        first, last = min(found), max(found)
        found = {d: found.get(d, "0") for d in (first + timedelta(days=i) for i in range((last - first).days + 1))}
    formula = hashlib.sha256(build_sql(renderer, mart).encode()).hexdigest()[:8]
    return {day: f"{state} {formula}" for day, state in found.items()}


def stale_days(ch: Client, renderer: Renderer, mart: Mart) -> list[date]:
    """The days that the mart does not have, or has from other data than there is now."""
    return _stale(ch, mart, _states(ch, renderer, mart))


def _stale(ch: Client, mart: Mart, now: dict[date, str]) -> list[date]:
    """Of the days that have data `now`, those that were built from other data, or not at all."""
    built = {
        r["day"]: r["state"]
        for r in rows(ch, "SELECT day, state FROM ops.mart_days FINAL WHERE mart = {m:String}", {"m": mart.name})
    }
    stale = [day for day, state in now.items() if built.get(day) != state]
    if mart.window == "from" and stale:
        return [day for day in now if day >= min(stale)]
    return stale


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

    A given window is rebuilt whole, whether it is out of date or not.
    """
    if (start is None) != (end is None):
        raise ConfigurationError("a window has both ends", hint="clickvault marts --from 2026-01-01 --to 2026-02-01")
    if start and end and start >= end:
        raise ConfigurationError(f"the window is empty: {start} to {end}", hint="--to is the day after the last one")
    chosen = [find(renderer, name) for name in only] if only else all_marts(renderer)
    out = []
    for mart in chosen:
        states = _states(ch, renderer, mart)  # before the build: what lands meanwhile makes its day out of date
        if start and end:
            days = [start + timedelta(days=i) for i in range((end - start).days)]
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
    ch.command(f"CREATE OR REPLACE TABLE {mart.staging} AS {name}")
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


# ── accounts ──────────────────────────────────────────────────────────────────────────────────────────────────


def accounts(ch: Client, pg: Any, renderer: Renderer) -> list[Account]:
    """The marts against what was built, against what has come since, and against the vault."""
    found = []
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
        found.append(Account(f"marts.{mart.name}: rows built = rows", sum(expected.values()), sum(there.values())))
        found.append(Account(f"marts.{mart.name}: days out of date = 0", len(stale_days(ch, renderer, mart)), 0))
        for what, (in_vault, in_mart) in mart.accounts.items():
            (left,) = postgres.rows(pg, in_vault)[0].values()
            right = ch.query(in_mart).first_row
            found.append(
                Account(
                    f"marts.{mart.name}: {what} in the vault = in the mart", int(left), int(right[0]) if right else 0
                )
            )
    return found
