"""A dashboard of Superset: its charts in rows of twelve columns, and its filters. Pure.

A filter acts on the charts whose tile follows it, and on no other: those are named as excluded.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clickvault.dashboards.model import Dashboard, Filter
from clickvault.dashboards.questions import Asked

Values = dict[str, Any]
Placed = Sequence[tuple[Asked, str, str]]
"""Tiles with the uuids of chart and dataset."""
COLUMNS = 12
HEIGHTS = {"number": 22, "table": 50}  # in Superset's units of 8 pixels
HEIGHT = 44


def dashboard(shown: Dashboard, tiles: Placed, uuid: str) -> Values:
    """The dashboard with its charts, which have the numbers 1, 2, ... in it; Superset puts its own in their place."""
    return {
        "dashboard_title": shown.title,
        "description": shown.about,
        "css": "",
        "slug": shown.name,
        "published": True,
        "uuid": uuid,
        "position": _position(shown, tiles),
        "metadata": {
            "native_filter_configuration": [_filter(f, shown, tiles) for f in shown.filters],
            "filter_bar_orientation": "HORIZONTAL",
            "chart_configuration": {},
            "color_scheme": "",
            "cross_filters_enabled": False,
            "expanded_slices": {},
            "label_colors": {},
            "refresh_frequency": 0,
            "timed_refresh_immune_slices": [],
        },
        "version": "1.0.0",
    }


def _position(shown: Dashboard, tiles: Placed) -> Values:
    rows: list[list[int]] = []
    left = 0
    for i, (asked, _, _) in enumerate(tiles):
        if asked.tile.columns > left:
            rows.append([])
            left = COLUMNS
        rows[-1].append(i)
        left -= asked.tile.columns
    names = [f"ROW-{n}" for n in range(len(rows))]
    found: Values = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["GRID_ID"]},
        "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": names, "parents": ["ROOT_ID"]},
        "HEADER_ID": {"type": "HEADER", "id": "HEADER_ID", "meta": {"text": shown.title}},
    }
    for name, row in zip(names, rows, strict=True):
        charts = [f"CHART-{tiles[i][0].tile.name}" for i in row]
        above = ["ROOT_ID", "GRID_ID"]
        meta = {"background": "BACKGROUND_TRANSPARENT"}
        found[name] = {"type": "ROW", "id": name, "children": charts, "parents": above, "meta": meta}
        height = max(HEIGHTS.get(tiles[i][0].tile.chart, HEIGHT) for i in row)
        for i, chart in zip(row, charts, strict=True):
            asked, uuid, _ = tiles[i]
            meta_ = {
                "chartId": i + 1,
                "uuid": uuid,
                "sliceName": asked.tile.title,
                "width": asked.tile.columns,
                "height": height,
            }
            found[chart] = {"type": "CHART", "id": chart, "children": [], "parents": [*above, name], "meta": meta_}
    return found


def _filter(choice: Filter, shown: Dashboard, tiles: Placed) -> Values:
    follows = [choice.name in {f.name for f, _ in asked.filters} for asked, _, _ in tiles]
    dataset = next(d for (_, _, d), yes in zip(tiles, follows, strict=True) if yes)
    time = choice.name == "time"
    chosen: Values = {"extraFormData": {}, "filterState": {}}
    if choice.default:
        chosen = {
            "extraFormData": {"filters": [{"col": choice.name, "op": "IN", "val": [choice.default]}]},
            "filterState": {"value": [choice.default], "label": choice.default},
        }
    return {
        "id": f"NATIVE_FILTER-{shown.name}-{choice.name}",
        "type": "NATIVE_FILTER",
        "name": choice.title,
        "description": "",
        "filterType": "filter_time" if time else "filter_select",
        "targets": [{}] if time else [{"datasetUuid": dataset, "column": {"name": choice.name}}],
        "defaultDataMask": chosen,
        "controlValues": {}
        if time
        else {
            "multiSelect": not choice.default,
            "enableEmptyFilter": bool(choice.default),  # a value must be chosen
            "defaultToFirstItem": False,
            "inverseSelection": False,
            "searchAllOptions": False,
            "sortAscending": True,
        },
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": [i + 1 for i, yes in enumerate(follows) if not yes]},
    }
