"""From a chart's rows to a Plotly figure as JSON. Pure.

Colours are not set here: the page sets them from its style, for light, dark and paper. Plotly reads text as markup, so
whatever comes from data is escaped.
"""

from __future__ import annotations

from html import escape
from typing import Any

from clickvault.report.ask import Answer
from clickvault.report.charts import SHARES, label

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
_SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross")
_LONGEST = 24


def short_name(answer: Answer, key: str) -> str:
    """What an axis calls a key: its name, cut in the middle when it is long, or the beginning of the key."""
    name = answer.names.get(key, key[:8])
    return name if len(name) <= _LONGEST else f"{name[:13].rstrip()}…{name[13 - _LONGEST + 1 :].lstrip()}"


def _hover(column: str) -> str:
    return ":.1%" if column in SHARES else ":,.5~g" if column in ("pagerank", "betweenness") else ":,"


def figure(answer: Answer) -> dict[str, Any]:
    """The figure of a chart: {"data": [...], "layout": {...}}, without the library's default style."""
    from plotly import graph_objects as go

    draw = {
        "lines": _by_day, "stacked": _by_day, "bars": _by_day, "ranked": _ranked, "levels": _levels,
        "level_lines": _levels, "distribution": _distribution,
    }[answer.chart.kind]  # fmt: skip
    traces, layout = draw(go, answer)
    made = go.Figure(data=traces, layout={**layout, "template": go.layout.Template()})
    found: dict[str, Any] = made.to_plotly_json()
    found["layout"].pop("template", None)
    return found


def _axis(column: str, **more: Any) -> dict[str, Any]:
    per_cent = {"tickformat": ".0%"} if column in SHARES else {"nticks": 6, "exponentformat": "SI", "minexponent": 4}
    return {"title": {"text": label(column)}, "rangemode": "tozero", **per_cent, **more}


def _by_day(go: Any, answer: Answer) -> tuple[list[Any], dict[str, Any]]:
    chart, rows = answer.chart, answer.rows
    days = [r[chart.dimension] for r in rows]
    traces = []
    for i, metric in enumerate(chart.metrics):
        values = [r[metric] for r in rows]
        shown = {"x": days, "y": values, "name": label(metric), "hovertemplate": f"%{{y{_hover(metric)}}}"}
        if chart.kind == "lines":
            mode = "lines+markers" if len(rows) <= 62 else "lines"
            line, marker = {"dash": _DASHES[i % 5], "width": 2}, {"symbol": _SYMBOLS[i % 5], "size": 6}
            traces.append(go.Scatter(**shown, mode=mode, line=line, marker=marker))
        else:
            traces.append(go.Bar(**shown))
    several = len(chart.metrics) > 1
    y = _axis(chart.metrics[0])
    if several:
        y["title"] = {"text": ""}
    x: dict[str, Any] = {"type": "date", "hoverformat": "%a %Y-%m-%d"}
    if len(days) <= 7:
        x |= {"tickvals": days, "tickformat": "%b %-d"}
    return traces, {"barmode": "stack", "hovermode": "x unified", "showlegend": several, "xaxis": x, "yaxis": y}


def _ranked(go: Any, answer: Answer) -> tuple[list[Any], dict[str, Any]]:
    chart, rows = answer.chart, answer.rows
    metric = chart.metrics[0]
    keys = [str(r[chart.dimension]) for r in rows]
    whole = [escape(answer.names.get(k, k)) for k in keys]
    hover = "".join(f"<br>{escape(label(c))} %{{customdata[{i}]{_hover(c)}}}" for i, c in enumerate(chart.columns, 1))
    places = list(range(len(rows)))
    bar = go.Bar(
        orientation="h", x=[r[metric] for r in rows], y=places, name=label(metric),
        customdata=[[name, *(r[c] for c in chart.columns)] for name, r in zip(whole, rows, strict=True)],
        hovertemplate=f"%{{customdata[0]}}{hover}<extra></extra>",
    )  # fmt: skip
    names = [escape(short_name(answer, k)) for k in keys]
    y = {"tickvals": places, "ticktext": names, "autorange": "reversed", "showgrid": False}
    return [bar], {"height": 70 + 23 * len(rows), "showlegend": False, "xaxis": _axis(metric), "yaxis": y}


def _levels(go: Any, answer: Answer) -> tuple[list[Any], dict[str, Any]]:
    chart, rows = answer.chart, answer.rows
    metric = chart.metrics[0]
    levels = [r[chart.dimension] for r in rows]
    hover = f"level %{{x}}: %{{y{_hover(metric)}}}<extra></extra>"
    shown = {"x": levels, "y": [r[metric] for r in rows], "name": label(metric), "hovertemplate": hover}
    if chart.kind == "levels":
        trace = go.Bar(**shown)
    else:
        trace = go.Scatter(**shown, mode="lines+markers", line={"width": 2}, marker={"size": 8})
    x = {"title": {"text": "friendships apart"}, "dtick": 1, "showgrid": False}
    return [trace], {"showlegend": False, "xaxis": x, "yaxis": _axis(metric)}


def _distribution(go: Any, answer: Answer) -> tuple[list[Any], dict[str, Any]]:
    chart = answer.chart
    (count,) = answer.columns
    rows = [r for r in answer.rows if r[chart.dimension]]  # a logarithm has no place for 0
    hover = f"{label(chart.dimension)} %{{x:,}}: {label(count)} %{{y:,}}<extra></extra>"
    trace = go.Scatter(
        x=[r[chart.dimension] for r in rows], y=[r[count] for r in rows], name=label(count), hovertemplate=hover,
        mode="markers", marker={"size": 7, "opacity": 0.75},
    )  # fmt: skip
    x, y = ({"type": "log", "title": {"text": label(c)}, "dtick": 1} for c in (chart.dimension, count))
    return [trace], {"showlegend": False, "xaxis": x, "yaxis": y}
