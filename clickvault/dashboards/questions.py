"""A tile held against the header of its view: what every target asks, and the one place where its SQL is made.

`Asked` is a tile that can be answered: `sql` is the whole question for tools that take SQL (report, Metabase, tests), and
the parts (`view`, `metrics`, `dimensions`, `fixed`, `order`, `limit`) are for tools that make their own (Superset, Tableau).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from clickvault.dashboards.formulas import Formula, expression, formula
from clickvault.dashboards.model import Dashboard, Filter, Tile
from clickvault.errors import ContractError
from clickvault.marts.headers import View
from clickvault.sql.render import ch_identifier, literal

if TYPE_CHECKING:
    from clickvault.sql.render import Renderer

Condition = Callable[[Filter, str], str]
"""What a target puts into the SQL for a filter on a column: a text that begins with AND, e.g.
`AND day >= {from:Date}` or `[[AND {{country}}]]`; "" for none."""

MOST_ROWS = 10_000
"""The most rows of a series."""


@dataclass(frozen=True)
class Metric:
    """A metric as a tile shows it: its name in the view, its words from the header, and how rows are put together.

    `unit` is number, percent (of a share: 0.5 is 50 %), money, seconds or hours; `label` is how people read the name.
    """

    name: str
    label: str
    meaning: str
    unit: str
    formula: Formula

    def over(self, table: str = "") -> str:
        """The expression over a group of rows, in ClickHouse's SQL. Give it an alias that is no column of the view."""
        return expression(self.formula, table)


@dataclass(frozen=True)
class Asked:
    """A tile with its view: all that a target needs to know.

    dimensions  what the rows are grouped by; the first is the x axis
    filters     the dashboard's filters that it follows, with the column of the view that each acts on
    """

    dashboard: Dashboard
    tile: Tile
    view: View
    metrics: tuple[Metric, ...]
    dimensions: tuple[str, ...]
    filters: tuple[tuple[Filter, str], ...]

    @property
    def name(self) -> str:
        """Its name among all tiles."""
        return f"{self.dashboard.name}.{self.tile.name}"

    @property
    def by_time(self) -> bool:
        """Whether its rows are a series: the first dimension is the view's time."""
        return bool(self.view.time) and self.dimensions[:1] == (self.view.time,)

    @cached_property
    def fixed(self) -> tuple[str, ...]:
        """SQL conditions that are always there: what the tile holds to a value, its newest rows, no rows of a whole."""
        tile, time = self.tile, self.view.time
        found = [f"{ch_identifier(k)} = {_value(v)}" for k, v in tile.where.items()]
        if self.view.whole:
            found += [
                f"{ch_identifier(d)} != {literal(self.view.whole)}" for d in self.dimensions if d in self.view.apart
            ]
        at, of = ch_identifier(time) if time else "", self.view.table
        if tile.newest and self.view.settled:
            found.append(f"{at} = (SELECT max({at}) FROM {of})")
        elif tile.newest:  # the newest day that is over, or the only one there is
            found.append(f"{at} = (SELECT ifNull(maxOrNullIf({at}, {at} < today()), max({at})) FROM {of})")
        return tuple(found)

    @property
    def series(self) -> bool:
        """Whether it is a number or a chart by time: these show days that are over."""
        return self.by_time and self.tile.chart not in ("rank", "table")

    @property
    def over(self) -> tuple[str, ...]:
        """The SQL condition that a series is of days that are over, or of the only one that there is."""
        time, of = self.view.time, self.view.table
        if not self.series or self.view.settled:
            return ()
        at = ch_identifier(time)
        return (f"({at} < today() OR (SELECT min({at}) FROM {of}) >= today())",)

    @property
    def order(self) -> tuple[tuple[str, bool], ...]:
        """Columns that the rows are in the order of, and whether the largest is first."""
        if self.tile.chart in ("rank", "table") and not self.by_time:
            return ((self.metrics[0].name, not self.tile.ascending), *((d, False) for d in self.dimensions))
        newest_first = self.tile.chart == "table" and self.by_time
        return tuple((d, newest_first and not i) for i, d in enumerate(self.dimensions))

    @property
    def limit(self) -> int:
        """The most rows that are shown: the first of a rank or a table, the newest of a series."""
        return self.tile.limit if self.tile.chart in ("rank", "table") else MOST_ROWS

    def sql(
        self, renderer: Renderer, condition: Condition | None = None, also: Sequence[str] = (), most: int = MOST_ROWS
    ) -> str:
        """The question in ClickHouse's SQL: columns are the dimensions, then the metrics, by their names in the view.

        `condition` says what becomes of each filter; without it, filters are at their defaults. `also` are more dimensions
        to group by, in front of the others: the limit is then that of each of their values. `most` is a smaller limit.
        """
        said = [(condition or default)(f, column) for f, column in self.filters]
        conditions = [*(f"AND {c}" for c in (*self.fixed, *self.over)), *(s for s in said if s)]
        values = {"asked": self, "conditions": conditions, "also": also, "limit": min(self.limit, most)}
        return renderer.render("dashboards/tile.sql.j2", **values).strip()

    def source(self, renderer: Renderer) -> str:
        """The rows that the tile is about, for a tool that groups and filters by itself; no filter is applied."""
        return renderer.render("dashboards/source.sql.j2", asked=self, conditions=(*self.fixed, *self.over)).strip()


def default(choice: Filter, column: str) -> str:
    """The condition of a filter that nobody touched."""
    return f"AND {ch_identifier(column)} = {literal(choice.default)}" if choice.default else ""


def _value(value: str | int | bool) -> str:
    return literal(value) if isinstance(value, str) else str(int(value))


def asked(dashboard: Dashboard, tile: Tile, view: View) -> Asked:
    """The tile held against its view. Raises ContractError with what does not fit; the caller knows the file."""
    dimensions = tile.by or ((view.time,) if view.time and tile.chart != "funnel" else ())
    _refuse(tile, view, dimensions)
    filters = _filters(dashboard, tile, view, dimensions)
    held = {*dimensions, *tile.where, *(c for f, c in filters if f.default), *([view.time] if tile.newest else [])}
    metrics = _metrics(tile, view, [d for d in view.key if d not in held])
    return Asked(dashboard, tile, view, metrics, tuple(dimensions), filters)


def _refuse(tile: Tile, view: View, dimensions: Sequence[str]) -> None:
    """Raises ContractError for what the tile asks of its view, and the view does not have."""
    hint = f"{view.table} has: {', '.join(view.columns)}"
    for what, names, known in (
        ("metric", tile.metrics, view.metrics), ("dimension", [*dimensions, *tile.where], view.dimensions),
    ):  # fmt: skip
        if wrong := next((n for n in names if n not in known), ""):
            raise ContractError(f"tile {tile.name}: {view.table} has no {what} {wrong!r}", hint=hint)
    if tile.newest and not view.time:
        raise ContractError(
            f"tile {tile.name}: {view.table} has no time, so that nothing in it is the newest", hint=hint
        )
    if tile.newest and tile.chart == "number":
        raise ContractError(f"tile {tile.name}: a number is the newest one by itself", hint="leave `newest` out")


def _filters(dashboard: Dashboard, tile: Tile, view: View, dimensions: Sequence[str]) -> tuple[tuple[Filter, str], ...]:
    """The dashboard's filters that the tile follows, with the columns that they act on.

    It does not follow one whose column its `where` fixes, one of time if it is of the newest time anyway, and one with a default
    whose values it shows side by side.
    """
    found = []
    for f in dashboard.filters:
        column = view.time if f.name == "time" else f.name
        newest, beside = f.name == "time" and tile.newest, f.default and column in dimensions
        if column in view.dimensions and column not in tile.where and not newest and not beside:
            found.append((f, column))
    return tuple(found)


def _metrics(tile: Tile, view: View, over: Sequence[str]) -> tuple[Metric, ...]:
    """The tile's metrics, put together over these dimensions. Raises ContractError for one that can't be."""
    found = []
    for name in tile.metrics:
        sql = formula(view, name, over)
        if sql is None:
            raise ContractError(
                f"tile {tile.name}: {name} is not additive over {', '.join(over)}",
                hint=f"group by it, fix it to one value by `where` or a filter's default, or declare in the header of {view.table} that {name} is additive",
            )
        unit = tile.unit or view.units.get(name, "number")
        found.append(Metric(name, view.label(name), view.metrics[name], unit, sql))
    return tuple(found)
