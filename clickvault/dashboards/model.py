"""What a dashboard is, as data: the files in a domain's dashboards/ are read into these closed models, and nothing else is allowed.

A tile asks one question of one view. What a metric means, and how its rows are put together, is in the header of the view's
mart (clickvault/marts/headers.py) and never here: a tile only names it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from clickvault.sql.headers import Closed

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
Question = Annotated[str, StringConstraints(pattern=r"^[A-Z].{8,70}\?$")]
Chart = Literal["number", "line", "area", "bar", "rank", "spread", "heatmap", "funnel", "table"]
Unit = Literal["", "number", "percent", "money", "seconds", "hours"]
WIDTHS: dict[Chart, int] = {
    "number": 3,
    "line": 6,
    "area": 6,
    "bar": 6,
    "rank": 6,
    "spread": 6,
    "heatmap": 6,
    "funnel": 6,
    "table": 12,
}


class Filter(Closed):
    """What a reader can choose for all tiles whose view has it.

    name     `time`, or a dimension of the views; a tile whose view does not have the dimension does not follow
    title    as people read it
    default  what is chosen at first; "" is everything. Dimensions over which nothing adds up (a currency, or country and
             language of a view that has them as a whole, too) need one
    """

    name: Name
    title: str
    default: str = ""


class Tile(Closed):
    """One question, and how its answer is shown.

    name      unique among the tiles of its dashboard
    title     the question, as a product manager asks it
    view      a view of a mart without its `v_` (platform_daily), or one of `ops` (ops.runs_daily)
    chart     number    the newest whole day of one metric, and its change; its rows are a series by time
              line, area, bar   metrics by the first of `by`, or one metric by it with a line a value of the second
              rank      the first `limit` values of a dimension by the first metric, as bars; other metrics beside it
              spread    one metric by a number, both on a logarithmic scale
              heatmap   one metric by two dimensions
              funnel    metrics as steps of one another
              table     dimensions and metrics in rows
    metrics   of the view's header; of a rank or a table the first one gives the order
    by        dimensions: default the view's time
    newest    only the rows of the newest time: the current state, whatever period is selected
    where     dimensions fixed to a value
    limit     the most rows of a rank or a table
    against   KPI only: compare with the value this many rows (usually days) earlier
    unit      how the metrics are written; default: as the view's header says of each
    ascending the smallest first
    """

    name: Name
    title: Question
    view: Annotated[str, StringConstraints(pattern=r"^(ops\.)?[a-z][a-z0-9_]*$")]
    chart: Chart
    metrics: Annotated[tuple[Name, ...], Field(min_length=1, max_length=8)]
    by: tuple[Name, ...] = ()
    newest: bool = False
    where: dict[Name, str | int | bool] = {}
    against: Annotated[int, Field(ge=1, le=366)] = 7
    limit: Annotated[int, Field(ge=1, le=1000)] = 1000
    ascending: bool = False
    unit: Unit = ""
    width: Annotated[int, Field(ge=0, le=12)] = 0
    note: str = ""

    @model_validator(mode="after")
    def _one_metric(self) -> Tile:
        if self.chart in ("number", "spread", "heatmap") and len(self.metrics) != 1:
            raise ValueError(f"a {self.chart} shows one metric, got {', '.join(self.metrics)}")
        if len(self.by) == 2 and self.chart in ("line", "area", "bar") and len(self.metrics) != 1:
            raise ValueError(f"a {self.chart} with a line a value of {self.by[1]} shows one metric")
        if self.chart == "number" and self.by:
            raise ValueError("a number is by its view's time, and by nothing else")
        return self

    @property
    def columns(self) -> int:
        """Its width, of twelve columns."""
        return self.width or WIDTHS[self.chart]


class Dashboard(Closed):
    """Tiles under one heading: numbers first, then what changes, then tables to act on.

    `name` is the file's name without its number; `about` says in a sentence whom it serves, and for what.
    """

    name: Name
    title: str
    about: str
    filters: tuple[Filter, ...] = ()
    tiles: Annotated[tuple[Tile, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _unique(self) -> Dashboard:
        for what, names in (("tile", [t.name for t in self.tiles]), ("filter", [f.name for f in self.filters])):
            if twice := next((n for n in names if names.count(n) > 1), ""):
                raise ValueError(f"two {what}s have the name {twice!r}")
        return self
