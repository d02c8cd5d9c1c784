"""The declaration as Metabase's cards and dashboards: each tile is a question in SQL with field filters. Pure.

The SQL is the declaration's own, with `[[AND {{country}}]]` where a filter acts; a filter that has a default is required, so
that its card alone asks the same. What it needs of a server (ids of database, collection, fields) comes in from outside.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from clickvault.dashboards.model import Dashboard, Filter
from clickvault.dashboards.questions import Asked, Metric
from clickvault.marts.headers import View

if TYPE_CHECKING:
    from clickvault.sql.render import Renderer

Values = dict[str, Any]
FieldId = Callable[[View, str], int]
"""The id that Metabase gave to a column of a view."""
NAMESPACE = UUID("6a4c8f0e-3b0a-5d0c-8d53-0d3f8f4f0c55")
COLUMNS = 24  # of Metabase's grid: two for each of ours
HEIGHTS = {"number": 3, "table": 9, "rank": 8, "heatmap": 8}
HEIGHT = 7
SHOWN_ROWS = 2_000  # Metabase shows so many of a question in SQL: the newest are taken, not the first
MARK = "clickvault: "
_DISPLAYS = {
    "number": "smartscalar",
    "line": "line",
    "area": "area",
    "bar": "bar",
    "rank": "table",
    "spread": "scatter",
    "heatmap": "table",
    "funnel": "funnel",
    "table": "table",
}


@dataclass(frozen=True)
class Card:
    """A tile as Metabase shows it. `name` is what it is found by again; `sql` has Metabase's tags in it."""

    asked: Asked
    sql: str
    display: str
    settings: Values

    @property
    def name(self) -> str:
        """Its name in the declaration."""
        return self.asked.name

    def payload(self, database: int, collection: int, field: FieldId) -> Values:
        """What /api/card is told."""
        tags = {f.name: tag(f, field(self.asked.view, column)) for f, column in self.asked.filters}
        return {
            "name": self.asked.tile.title,
            "description": described(self.name, _meaning(self.asked)),
            "type": "question",
            "display": self.display,
            "visualization_settings": self.settings,
            "collection_id": collection,
            "dataset_query": {
                "type": "native",
                "database": database,
                "native": {"query": self.sql, "template-tags": tags},
            },
        }


def cards(renderer: Renderer, declared: Iterable[tuple[Dashboard, list[Asked]]]) -> list[Card]:
    """All tiles, in their order."""
    return [_card(renderer, asked) for _, tiles in declared for asked in tiles]


def described(name: str, about: str) -> str:
    """A description that ends with the name in the declaration."""
    return f"{about}\n\n{MARK}{name}"


def declared_name(description: str | None) -> str:
    """The name in the declaration that a description ends with; "" for what people made themselves."""
    _, mark, name = (description or "").rpartition(MARK)
    return name.strip() if mark else ""


def tag(choice: Filter, field: int) -> Values:
    """A filter as a template tag: a condition on a field."""
    found = {
        "id": _id("tag", choice.name),
        "name": choice.name,
        "display-name": choice.title,
        "type": "dimension",
        "dimension": ["field", field, None],
        "widget-type": _widget(choice),
    }
    return found | ({"default": [choice.default], "required": True} if choice.default else {})


def parameters(shown: Dashboard) -> list[Values]:
    """The filters of a dashboard."""
    return [
        {
            "id": _id("parameter", f"{shown.name}.{f.name}")[:8],
            "name": f.title,
            "slug": f.name,
            "type": _widget(f),
            "sectionId": "date" if f.name == "time" else "string",
            **({"default": [f.default]} if f.default else {}),
        }
        for f in shown.filters
    ]


def placed(shown: Dashboard, tiles: list[Asked], ids: dict[str, int], there: dict[int, int]) -> list[Values]:
    """The cards on a dashboard. `ids` of cards by name; `there` has the ids of places that cards have already.

    A place with a negative id is new.
    """
    found = []
    left, row, height = 0, 0, 0
    ours = {p["slug"]: p["id"] for p in parameters(shown)}
    for i, asked in enumerate(tiles):
        width = 2 * asked.tile.columns
        if width > left:
            row, left, height = row + height, COLUMNS, 0
        card = ids[asked.name]
        tall = HEIGHTS.get(asked.tile.chart, HEIGHT)
        found.append(
            {
                "id": there.get(card, -i - 1),
                "card_id": card,
                "row": row,
                "col": COLUMNS - left,
                "size_x": width,
                "size_y": tall,
                "parameter_mappings": [
                    {
                        "parameter_id": ours[f.name],
                        "card_id": card,
                        "target": ["dimension", ["template-tag", f.name]],
                    }
                    for f, _ in asked.filters
                ],
                "visualization_settings": {},
            }
        )
        left -= width
        height = max(height, tall)
    return found


def asked_with(card: Card, chosen: Callable[[Filter, View, str], str] | None = None) -> str:
    """The SQL that Metabase sends: with conditions in the tags' places, or with the defaults alone.

    `chosen` gives the condition that Metabase writes for a filter on a column of a view.
    """
    sql = card.sql
    for choice, column in card.asked.filters:
        view = card.asked.view
        if chosen:
            condition = chosen(choice, view, column)
        else:
            condition = f"{_column(view, column)} = '{choice.default}'" if choice.default else ""
        sql = sql.replace(_place(choice), f"AND {condition}" if condition else "")
    return sql


def _column(view: View, column: str) -> str:
    """A column as Metabase names it in a field filter."""
    return f"`{view.database}`.`v_{view.name}`.`{column}`"


def _place(choice: Filter) -> str:
    return f"AND {{{{{choice.name}}}}}" if choice.default else f"[[AND {{{{{choice.name}}}}}]]"


def _card(renderer: Renderer, asked: Asked) -> Card:
    sql = asked.sql(renderer, lambda choice, _: _place(choice), most=SHOWN_ROWS)
    if asked.tile.chart == "funnel":
        steps = [(m.name, m.label) for m in asked.metrics]
        sql = renderer.render("dashboards/steps.sql.j2", rows=sql, metrics=steps).strip()
    return Card(asked, sql, _DISPLAYS[asked.tile.chart], _settings(asked))


def _widget(choice: Filter) -> str:
    return "date/all-options" if choice.name == "time" else "string/="


def _id(kind: str, name: str) -> str:
    return str(uuid5(NAMESPACE, f"{kind}/{name}"))


def _meaning(asked: Asked) -> str:
    words = [f"{m.label}: {m.meaning}" for m in asked.metrics]
    return ". ".join([*([asked.tile.note] if asked.tile.note else []), *words])


def _settings(asked: Asked) -> Values:
    """What its display is told; columns have the names that the SQL gives them."""
    names, tile = [m.name for m in asked.metrics], asked.tile
    found: Values = {"column_settings": {_key(m.name): _format(asked, m) for m in asked.metrics}}
    for d in asked.dimensions:
        found["column_settings"][_key(d)] = {"column_title": asked.view.label(d)}
    match tile.chart:
        case "number":
            ago = {"id": _id("comparison", asked.name), "type": "periodsAgo", "value": tile.against}
            found |= {"scalar.field": names[0], "scalar.comparisons": [ago]}
        case "line" | "area" | "bar":
            found |= {"graph.dimensions": list(asked.dimensions), "graph.metrics": names}
            found |= {"graph.x_axis.title_text": "" if asked.by_time else asked.view.label(asked.dimensions[0])}
            if tile.chart != "line":
                found["stackable.stack_type"] = "stacked"
        case "spread":
            found |= {"graph.dimensions": list(asked.dimensions), "graph.metrics": names}
            found |= {"graph.x_axis.scale": "log", "graph.y_axis.scale": "log"}
        case "heatmap":
            found |= {"table.pivot": True, "table.pivot_column": asked.dimensions[0], "table.cell_column": names[0]}
            shade = {
                "columns": names,
                "type": "range",
                "colors": ["white", "#509EE3"],
                "min_type": "all",
                "max_type": "all",
            }
            found["table.column_formatting"] = [shade]
        case "funnel":
            found |= {"funnel.dimension": "step", "funnel.metric": "value"}
        case _:
            hidden = [d for d in asked.dimensions if d.endswith("_id")] if len(asked.dimensions) > 1 else []
            found["table.columns"] = [{"name": c, "enabled": c not in hidden} for c in [*asked.dimensions, *names]]
    return found


def _key(column: str) -> str:
    return json.dumps(["name", column], separators=(",", ":"))


def _format(asked: Asked, metric: Metric) -> Values:
    found: Values = {"column_title": metric.label}
    if metric.unit == "percent":
        found |= {"number_style": "percent", "decimals": 1}
    elif metric.unit == "money":
        found |= {"decimals": 2}
    elif metric.unit in ("seconds", "hours"):
        found |= {"suffix": " s" if metric.unit == "seconds" else " h"}
    if asked.tile.chart == "rank":
        found["show_mini_bar"] = True
    return found
