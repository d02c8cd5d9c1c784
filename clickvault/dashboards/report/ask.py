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
from itertools import combinations
from typing import TYPE_CHECKING, Any

from clickvault.dashboards import Asked, Dashboard, Filter
from clickvault.dashboards.questions import default
from clickvault.quality import all_checks, latest
from clickvault.quality.words import Summary, summaries
from clickvault.sql.render import ch_identifier, literal
from clickvault.stores.clickhouse import rows

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from clickvault.sql.render import Renderer

DAYS = (7, 14, 28, 90, 365)
"""Times that a reader can choose, up to the newest day; those that are clearly shorter than what there is."""

MAX_ROWS = 8_000
"""Rows of a tile with all values of its choices; where there are more, the page offers no choice for it that has no default."""

EVERYTHING = 0
"""The time that is all time."""

EVERY = ""
"""The value of a choice without a default that is all values."""


@dataclass(frozen=True)
class Frame:
    """Rows in columns; `choices` are what a reader holds to a value, which is in a column of its own (see choice)."""

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
    """The rows of a dashboard's tiles. Tiles by time say which period there is, which the others can be of a part of."""
    frames, series = _all_series(ch, renderer, tiles)
    times = [str(t)[:10] for a in tiles if a.name in series for t in frames[series[a.name]].columns[a.view.time]]
    first, last = (date.fromisoformat(f(times)) if times else None for f in (min, max))
    days = tuple(n for n in DAYS if first and last and 1.25 * n <= (last - first).days + 1)
    answers = []
    for a in tiles:
        if a.name in series:
            answers.append(Answer(a, {EVERYTHING: series[a.name]}))
            continue
        follows = any(f.name == "time" for f, _ in a.filters)
        by_days = {n: f"{a.name}@{n}" for n in (EVERYTHING, *(days if follows else ()))}
        for n, key in by_days.items():
            frames[key] = _frame(ch, renderer, a, last - timedelta(days=n - 1) if n and last else None)
        answers.append(Answer(a, by_days))
    return Board(dashboard, first, last, days, answers, frames)


def _all_series(ch: Client, renderer: Renderer, tiles: Sequence[Asked]) -> tuple[dict[str, Frame], dict[str, str]]:
    """The frames of all tiles by time, and which is whose: tiles that differ in their metrics alone share one."""
    shared: dict[tuple[Any, ...], list[Asked]] = {}
    for a in tiles:
        if a.series:
            shared.setdefault((a.view.table, a.fixed, a.dimensions, a.filters), []).append(a)
    frames: dict[str, Frame] = {}
    series: dict[str, str] = {}
    for some in shared.values():
        key = some[0].name
        metrics = {m.name: m for a in some for m in a.metrics}
        frames[key] = _series(ch, renderer, replace(some[0], metrics=tuple(metrics.values())))
        series |= {a.name: key for a in some}
    return frames, series


def _series(ch: Client, renderer: Renderer, a: Asked) -> Frame:
    """A series over all time, with every value of what a reader can choose where that is not too much."""
    frame = _frame(ch, renderer, a, None)
    return _asked(ch, renderer, a, None, ()) if _size(frame) > MAX_ROWS else frame


def _frame(ch: Client, renderer: Renderer, a: Asked, since: date | None) -> Frame:
    """The rows since a day, for each value of the choices: a tile can't do without those that have a default.

    Of any other choice there are the rows without it, too, under EVERY: people are counted anew, not added.
    """
    must = tuple(column for f, column in a.filters if f.default)
    free = [column for f, column in a.filters if f.name != "time" and not f.default]
    some: list[Frame] = []
    for held in (c for n in range(len(free) + 1) for c in combinations(free, n)):  # the first holds none
        some.append(_asked(ch, renderer, a, since, (*must, *held)))
        if sum(map(_size, some)) > (MAX_ROWS if a.series else MAX_ROWS // 4):
            return some[0]
    names = [*(choice(c) for c in free), *some[0].columns]
    columns = {n: [v for part in some for v in part.columns.get(n, [EVERY] * _size(part))] for n in names}
    return Frame(columns, (*must, *free))


def choice(column: str) -> str:
    """The column of a frame that holds the value which its rows are for; one of its own name may be shown."""
    return f"@{column}"


def _size(frame: Frame) -> int:
    return max(map(len, frame.columns.values()), default=0)


def _asked(ch: Client, renderer: Renderer, a: Asked, since: date | None, choices: tuple[str, ...]) -> Frame:
    def condition(of: Filter, column: str) -> str:
        if of.name == "time":
            return f"AND {ch_identifier(column)} >= {literal(since.isoformat())}" if since else ""
        return "" if column in choices else default(of, column)

    newest = (a.view.time,) if a.tile.newest else ()
    found = rows(ch, a.sql(renderer, condition, (*choices, *newest)))
    named = {choice(c): c for c in choices} | {n: n for n in (*newest, *a.dimensions, *(m.name for m in a.metrics))}
    return Frame({name: [plain(r[column]) for r in found] for name, column in named.items()}, choices)


def trust(ch: Client, renderer: Renderer) -> Trust:
    """The newest results of the quality checks."""
    (found,) = rows(ch, renderer.render("report/trust.sql.j2"))
    results = latest(ch, renderer)
    return Trust(summaries(all_checks(renderer), results), found["runs"], found["last"] if found["runs"] else None)
