"""The report's questions to ClickHouse: templates/report/*.sql.j2 on the marts' views, answered as plain values.

What comes back is what is shown: whole numbers, floats, text, and None where a value is missing or not finite.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from clickvault.clickhouse import rows
from clickvault.marts import Mart
from clickvault.quality import all_checks, latest
from clickvault.quality.words import Summary, summaries
from clickvault.report.charts import MAX_DAYS, MAX_ROWS, NAMES, WHOLE_AFTER, Chart, Figure, counted

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from clickvault.render import Renderer

Row = dict[str, Any]


@dataclass(frozen=True)
class Days:
    """What a mart has: the first and the last day, and the day that is shown, the last one that is over."""

    first: date
    last: date
    shown: date


@dataclass(frozen=True)
class Reading:
    """A figure's value, and the value that it is compared with where there is one."""

    figure: Figure
    day: date
    value: Any
    before: Any = None

    @property
    def change(self) -> float | None:
        """The change as a share of the value before; None where nothing is to be compared."""
        if self.value is None or not self.before:
            return None
        return float(self.value) / float(self.before) - 1


@dataclass(frozen=True)
class Answer:
    """A chart's rows; `names` are those of the keys in its dimension, where it has keys."""

    chart: Chart
    rows: list[Row]
    names: dict[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the rows behind the dimension."""
        return (counted(self.chart.mart),) if self.chart.kind == "distribution" else self.chart.columns


@dataclass(frozen=True)
class Trust:
    """What the quality checks said when they were last run: a summary a check, breaches first; how many runs there were.

    Before the first run there is no summary, and no time.
    """

    checks: Sequence[Summary]
    runs: int
    last: datetime | None


def plain(value: Any) -> Any:
    """A value as JSON knows it."""
    match value:
        case bool() | int() | str() | None:
            return value
        case float():
            return value if math.isfinite(value) else None
        case date():
            return value.isoformat()
        case _:
            return str(value)


def days(ch: Client, renderer: Renderer, mart: Mart, today: date) -> Days | None:
    """Which days a mart has; None when it is empty. A measured graph is whole at once: its last day is shown."""
    (found,) = rows(ch, renderer.render("report/days.sql.j2", view=f"marts.v_{mart.name}"), {"today": today})
    if not found["days"]:
        return None
    over = mart.window != "graph" and found["days_over"] > 0
    return Days(found["first"], found["last"], found["last_over"] if over else found["last"])


def readings(ch: Client, renderer: Renderer, mart: str, figures: Sequence[Figure], at: Days) -> list[Reading]:
    """The figures of one mart on the shown day. A period before counts where the mart has all of its days."""
    wanted = {at.shown, *(at.shown - timedelta(days=f.against) for f in figures)}
    sql = renderer.render("report/figures.sql.j2", view=f"marts.v_{mart}", metrics=[f.metric for f in figures])
    found = {r["day"]: r for r in rows(ch, sql, {"days": sorted(wanted)})}
    out = []
    for f in figures:
        before = at.shown - timedelta(days=f.against)
        whole = before - timedelta(days=WHOLE_AFTER.get(f.metric, 0)) >= at.first
        old = found.get(before, {}).get(f.metric) if f.against and whole else None
        out.append(Reading(f, at.shown, plain(found[at.shown][f.metric]), plain(old)))
    return out


def answer(ch: Client, renderer: Renderer, chart: Chart, at: Days) -> Answer:
    """The rows of a chart, with the dimension's values as text, and the names of its keys."""
    sql = renderer.render(
        "report/chart.sql.j2", chart=chart, counted=counted(chart.mart), max_days=MAX_DAYS, max_rows=MAX_ROWS
    )
    found = rows(ch, sql, {"day": at.shown} if "{day:Date}" in sql else {})
    if chart.kind in ("levels", "level_lines"):
        numbered = {f"value_{i}": c for i, c in enumerate(chart.columns, 1)}
        found = [{numbered.get(k, k): v for k, v in r.items()} for r in found]
    clean = [{k: plain(v) for k, v in r.items()} for r in found]
    return Answer(chart, clean, _names(ch, renderer, chart.dimension, [r[chart.dimension] for r in clean]))


def _names(ch: Client, renderer: Renderer, dimension: str, keys: Iterable[Any]) -> dict[str, str]:
    """Names of keys by key; nothing where the dimension has no names or the domain that knows them is off."""
    event_type, name = NAMES.get(dimension, ("", ""))
    wanted = list(keys)
    if event_type not in renderer.registry.events or not wanted:
        return {}
    sql = renderer.render("report/names.sql.j2", event_type=event_type, key=dimension, name=name)
    return {r["id"]: r["name"] for r in rows(ch, sql, {"keys": wanted}) if r["name"]}


def totals(ch: Client, renderer: Renderer) -> Mapping[str, int]:
    """How many messages landed, and how many of them were refused."""
    (found,) = rows(ch, renderer.render("report/totals.sql.j2"))
    return {k: int(v) for k, v in found.items()}


def trust(ch: Client, renderer: Renderer) -> Trust:
    """The newest results of the quality checks."""
    (found,) = rows(ch, renderer.render("report/trust.sql.j2"))
    results = latest(ch, renderer)
    return Trust(summaries(all_checks(renderer), results), found["runs"], found["last"] if found["runs"] else None)
