"""The report's questions to ClickHouse: each tile's rows, for every time and choice that the page offers.

The page computes nothing that the engine can: a series by time is asked once and cut in the page, any other tile is asked
once for each time. Tiles that ask the same rows of a view share them. What comes back is what is shown: whole numbers,
floats, text, and None where a value is missing or not finite.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from clickvault.clickhouse import rows
from clickvault.dashboards import Asked, Dashboard, Filter
from clickvault.dashboards.questions import default
from clickvault.quality import all_checks, latest
from clickvault.quality.words import Summary, summaries
from clickvault.render import ch_identifier, literal

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from clickvault.render import Renderer

DAYS = (7, 14, 28, 90, 365)
"""Times that a reader can choose, up to the newest day; those that are clearly shorter than what there is."""

MAX_ROWS = 8_000
"""Rows of a series with all values of its choices; where there are more, the page offers no choice for it."""

EVERYTHING = 0
"""The time that is all time."""


@dataclass(frozen=True)
class Frame:
    """Rows in columns; `choices` are those of the columns that a reader holds to a value."""

    columns: dict[str, list[Any]]
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """A tile and its rows: by the number of days, or under EVERYTHING alone where the page cuts them itself."""

    asked: Asked
    frames: dict[int, str]


@dataclass(frozen=True)
class Board:
    """A dashboard with its answers; `first` and `last` are the days that its series have, None without rows."""

    dashboard: Dashboard
    first: date | None
    last: date | None
    days: tuple[int, ...]
    answers: Sequence[Answer]
    frames: dict[str, Frame]


@dataclass(frozen=True)
class Trust:
    """What the quality checks said when they were last run: a summary a check, breaches first; how many runs there were.

    Before the first run there is no summary, and no time.
    """

    checks: Sequence[Summary]
    runs: int
    last: datetime | None


def plain(value: Any) -> Any:
    """A value as JSON knows it, floats to nine digits."""
    match value:
        case bool() | int() | str() | None:
            return value
        case float() | Decimal():
            return float(f"{value:.9g}") if math.isfinite(value) else None
        case datetime():
            return value.isoformat(" ", "seconds")
        case date():
            return value.isoformat()
        case _:
            return str(value)


def board(ch: Client, renderer: Renderer, dashboard: Dashboard, tiles: Sequence[Asked]) -> Board:
    """The rows of a dashboard's tiles."""
    frames: dict[str, Frame] = {}
    shared: dict[tuple[Any, ...], list[Asked]] = {}
    for a in tiles:
        if a.series:
            shared.setdefault((a.view.table, a.fixed, a.dimensions, a.filters), []).append(a)
    series: dict[str, str] = {}
    for some in shared.values():
        key = some[0].name
        metrics = {m.name: m for a in some for m in a.metrics}
        frames[key] = _series(ch, renderer, replace(some[0], metrics=tuple(metrics.values())))
        series |= {a.name: key for a in some}
    times = [str(t)[:10] for a in tiles if a.name in series for t in frames[series[a.name]].columns[a.view.time]]
    first, last = (date.fromisoformat(f(times)) if times else None for f in (min, max))
    days = tuple(n for n in DAYS if first and last and 1.25 * n <= (last - first).days + 1)
    answers = []
    for a in tiles:
        if a.name in series:
            answers.append(Answer(a, {EVERYTHING: series[a.name]}))
            continue
        by_days = {}
        follows = any(f.name == "time" for f, _ in a.filters)
        for n in (EVERYTHING, *(days if follows else ())):
            by_days[n] = f"{a.name}@{n}"
            since = last - timedelta(days=n - 1) if n and last else None
            frames[by_days[n]] = _frame(ch, renderer, a, since)
        answers.append(Answer(a, by_days))
    return Board(dashboard, first, last, days, answers, frames)


def _series(ch: Client, renderer: Renderer, a: Asked) -> Frame:
    """A series over all time, with every value of what a reader can choose where that is not too much."""
    frame = _frame(ch, renderer, a, None)
    if any(len(column) > MAX_ROWS for column in frame.columns.values()):
        return _asked(ch, renderer, a, None, ())
    return frame


def _frame(ch: Client, renderer: Renderer, a: Asked, since: date | None) -> Frame:
    """The rows since a day, for each value of the choices that the tile can't do without."""
    return _asked(ch, renderer, a, since, tuple(column for f, column in a.filters if f.default))


def _asked(ch: Client, renderer: Renderer, a: Asked, since: date | None, choices: tuple[str, ...]) -> Frame:
    def condition(choice: Filter, column: str) -> str:
        if choice.name == "time":
            return f"AND {ch_identifier(column)} >= {literal(since.isoformat())}" if since else ""
        return "" if column in choices else default(choice, column)

    also = (*choices, *([a.view.time] if a.tile.newest else []))
    found = rows(ch, a.sql(renderer, condition, also))
    names = [*also, *a.dimensions, *(m.name for m in a.metrics)]
    return Frame({name: [plain(r[name]) for r in found] for name in dict.fromkeys(names)}, choices)


def trust(ch: Client, renderer: Renderer) -> Trust:
    """The newest results of the quality checks."""
    (found,) = rows(ch, renderer.render("report/trust.sql.j2"))
    results = latest(ch, renderer)
    return Trust(summaries(all_checks(renderer), results), found["runs"], found["last"] if found["runs"] else None)
