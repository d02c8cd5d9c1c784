"""A tile as a chart of Superset: which of its kinds shows it, and what that kind is told. Pure.

A metric is the dataset's own where the tile puts rows together in the same way, else an expression of the chart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from clickvault.dashboards.questions import Asked, Metric
from clickvault.sql.render import ch_identifier

Values = dict[str, Any]
FORMATS = {"number": "SMART_NUMBER", "percent": ",.1%", "money": ",.2f", "seconds": ",.3~r", "hours": ",.1f"}
CELLS = FORMATS | {"number": ",.2~f"}
SMALL = ",.2~r"  # of numbers below 1 in a table


def chart(asked: Asked, saved: Mapping[str, str], dataset: str, uuid: str) -> Values:
    """The chart of a tile. `saved` has the expressions of the dataset's own metrics, by name."""
    kind, params = _KINDS[asked.tile.chart](asked, [_metric(m, saved) for m in asked.metrics])
    params |= {"viz_type": kind, "adhoc_filters": [*_time_filter(asked), *_above_zero(asked)], "annotation_layers": []}
    return {
        "slice_name": asked.tile.title,
        "description": _description(asked),
        "viz_type": kind,
        "params": params,
        "query_context": None,
        "cache_timeout": None,
        "uuid": uuid,
        "version": "1.0.0",
        "dataset_uuid": dataset,
    }


def titled(metric: Metric) -> str:
    """A metric's name with the unit that no number format can say."""
    said = metric.unit not in ("seconds", "hours") or metric.unit[:-1] in metric.label.lower()
    return metric.label if said else f"{metric.label}, {metric.unit}"


def _description(asked: Asked) -> str:
    words = [f"{m.label}: {m.meaning}" for m in asked.metrics]
    return ". ".join([*([asked.tile.note] if asked.tile.note else []), *words])


def _metric(metric: Metric, saved: Mapping[str, str]) -> str | Values:
    if saved.get(metric.name) == metric.over() and titled(metric) == metric.label:
        return metric.label
    return _expression(metric.over(), titled(metric))


def _expression(sql: str, name: str) -> Values:
    return {
        "expressionType": "SQL",
        "sqlExpression": sql,
        "label": name,
        "hasCustomLabel": True,
        "optionName": "metric_" + "".join(c if c.isalnum() else "_" for c in name.lower()),
    }


def _time_filter(asked: Asked) -> list[Values]:
    """Where a dashboard's time filter acts: without it in the chart, Superset has no column for it."""
    return [
        {
            "clause": "WHERE",
            "expressionType": "SIMPLE",
            "subject": column,
            "operator": "TEMPORAL_RANGE",
            "comparator": "No filter",
        }
        for choice, column in asked.filters
        if choice.name == "time"
    ]


def _above_zero(asked: Asked) -> list[Values]:
    """A logarithmic axis has no zero, and Superset's ends at 10 where one is among the values."""
    if asked.tile.chart != "spread":
        return []
    x = asked.dimensions[0]
    return [{"clause": "WHERE", "expressionType": "SIMPLE", "subject": x, "operator": ">", "comparator": 0}]


def _number(asked: Asked, metrics: list[Any]) -> tuple[str, Values]:
    unit = asked.metrics[0].unit
    shown = {
        "metric": metrics[0],
        "y_axis_format": FORMATS[unit],
        "header_font_size": 0.4,
        "subtitle": unit if unit in ("seconds", "hours") else "",
    }
    if not asked.by_time:
        return "big_number_total", shown
    n, time = asked.tile.against, asked.view.time
    step = next((word for word in ("day", "week") if word in time), "")
    plural = f"{step}s" if n > 1 else step
    return "big_number", shown | {
        "x_axis": time,
        "time_grain_sqla": None,
        "aggregation": "LAST_VALUE",
        "compare_lag": n,
        "compare_suffix": f"in {n} {plural}" if step else f"against {n} before",
        "show_timestamp": True,
        "show_trend_line": True,
        "start_y_axis_at_zero": True,
        "subheader_font_size": 0.125,
        "time_format": "%Y-%m-%d" if step else "%Y-%m-%d %H:%M",
        "rolling_type": "None",
        "color_picker": {"r": 31, "g": 119, "b": 180, "a": 1},
    }


def _series(kind: str, **more: Any) -> Callable[[Asked, list[Any]], tuple[str, Values]]:
    def made(asked: Asked, metrics: list[Any]) -> tuple[str, Values]:
        x, *lines = asked.dimensions
        values = {
            "x_axis": x,
            "time_grain_sqla": None,
            "x_axis_sort_asc": True,
            "x_axis_title": "" if asked.by_time else asked.view.label(x),
            "x_axis_title_margin": 0 if asked.by_time else 30,
            "x_axis_time_format": _times(asked),
            "xAxisForceCategorical": kind.endswith("bar") and not asked.by_time,
            "metrics": metrics,
            "groupby": lines,
            "row_limit": asked.limit,
            "timeseries_limit_metric": _newest(asked),
            "order_desc": True,
            "truncate_metric": True,
            "rich_tooltip": True,
            "tooltipTimeFormat": "smart_date",
            "show_legend": len(metrics) > 1 or bool(lines),
            "legendType": "scroll",
            "legendOrientation": "top",
            "y_axis_format": FORMATS[asked.metrics[0].unit],
            "y_axis_title": ", ".join(titled(m) for m in asked.metrics) if len(metrics) == 1 else "",
            "y_axis_title_margin": 55 if len(metrics) == 1 else 0,
            "y_axis_title_position": "Left",
        }
        return kind, values | more

    return made


def _times(asked: Asked) -> str:
    """How times are written at the axis. Superset's own way writes milliseconds where bars end between two days."""
    return "%d %b" if _in_days(asked) else "%d %b %H:%M"


def _in_days(asked: Asked) -> bool:
    return asked.view.time.endswith(("day", "week", "month"))


def _newest(asked: Asked) -> Any:
    """What rows by time are ordered by, so that a limit leaves out the oldest."""
    return _expression(f"max({ch_identifier(asked.view.time)})", "Newest") if asked.by_time else None


def _spread(asked: Asked, metrics: list[Any]) -> tuple[str, Values]:
    x = asked.dimensions[0]
    return "bubble_v2", {
        "entity": x,
        "x": _expression(f"any({ch_identifier(x)})", asked.view.label(x)),
        "y": metrics[0],
        "size": _expression("any(1)", "One"),
        "max_bubble_size": "5",
        "logXAxis": True,
        "logYAxis": True,
        "x_axis_label": asked.view.label(x),
        "x_axis_title_margin": 30,
        "y_axis_label": titled(asked.metrics[0]),
        "y_axis_title_margin": 55,
        "xAxisFormat": "SMART_NUMBER",
        "y_axis_format": FORMATS[asked.metrics[0].unit],
        "tooltipSizeFormat": "SMART_NUMBER",
        "opacity": 0.7,
        "row_limit": asked.limit,
        "show_legend": False,
        "truncateXAxis": False,
    }


def _heatmap(asked: Asked, metrics: list[Any]) -> tuple[str, Values]:
    x, y = asked.dimensions
    return "heatmap_v2", {
        "x_axis": x,
        "time_grain_sqla": None,
        "groupby": y,
        "metric": metrics[0],
        "sort_x_axis": "alpha_asc",
        "sort_y_axis": "alpha_asc",
        "normalize_across": "heatmap",
        "legend_type": "continuous",
        "linear_color_scheme": "superset_seq_1",
        "show_legend": True,
        "show_percentage": False,
        "show_values": True,
        "xscale_interval": -1,
        "yscale_interval": -1,
        "left_margin": 75,
        "bottom_margin": 50,
        "value_bounds": [None, None],
        "border_color": {"r": 255, "g": 255, "b": 255, "a": 1},
        "border_width": 1,
        "y_axis_format": FORMATS[asked.metrics[0].unit],
        "x_axis_time_format": _times(asked),
        "row_limit": asked.limit,
    }


def _funnel(asked: Asked, metrics: list[Any]) -> tuple[str, Values]:
    how = {m.over().partition("(")[0] for m in asked.metrics}
    together = "any" if how == {"any"} else "sum"
    return "funnel", {
        "groupby": ["step"],
        "metric": _expression(f"{together}(value)", asked.metrics[0].label),
        "sort_by_metric": True,
        "percent_calculation_type": "first_step",
        "label_type": 5,
        "tooltip_label_type": 5,
        "number_format": FORMATS[asked.metrics[0].unit],
        "show_labels": True,
        "show_tooltip_labels": True,
        "show_legend": False,
        "row_limit": 10,
    }


def _table(asked: Asked, metrics: list[Any]) -> tuple[str, Values]:
    named = [d for d in asked.dimensions if not d.endswith("_id")]
    keys = [d for d in asked.dimensions if d.endswith("_id")] if named else []
    newest = _newest(asked)
    small = {"d3SmallNumberFormat": SMALL}
    return "table", {
        "query_mode": "aggregate",
        "groupby": [*named, *[d for d in asked.dimensions if d not in named]],
        "metrics": metrics,
        "all_columns": [],
        "percent_metrics": [],
        "timeseries_limit_metric": newest or metrics[0],
        "order_desc": bool(newest) or not asked.tile.ascending,
        "row_limit": asked.limit,
        "server_pagination": False,
        "table_timestamp_format": "%Y-%m-%d" if _in_days(asked) else "%Y-%m-%d %H:%M",
        "time_grain_sqla": None,
        "show_cell_bars": asked.tile.chart == "rank",
        "color_pn": False,
        "align_pn": False,
        "column_config": {
            **{
                titled(m): {"d3NumberFormat": CELLS[m.unit]} | (small if m.unit == "number" else {})
                for m in asked.metrics
            },
            **{key: {"visible": False} for key in keys},
        },
    }


_KINDS: dict[str, Callable[[Asked, list[Any]], tuple[str, Values]]] = {
    "number": _number,
    "line": _series("echarts_timeseries_line"),
    "area": _series("echarts_area", stack="Stack", opacity=0.6),
    "bar": _series("echarts_timeseries_bar", stack="Stack"),
    "rank": _table,
    "spread": _spread,
    "heatmap": _heatmap,
    "funnel": _funnel,
    "table": _table,
}
