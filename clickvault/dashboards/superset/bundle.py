"""The declaration as a bundle of Superset's assets: a database, a dataset a view, a chart a tile, dashboards with filters. Pure.

Superset makes SQL of its own, so it gets the parts of a question: dataset, metrics, dimensions, filters. What a tile holds fixed
(its newest rows, days that are over) is in the SQL of its dataset, since Superset allows no subquery in a filter.

The id of everything is a uuid5 of its name in the declaration: an import again overwrites what it made. superset_api.py imports.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid5

from clickvault.dashboards.formulas import expression, formula
from clickvault.dashboards.questions import Asked
from clickvault.dashboards.superset.charts import chart
from clickvault.dashboards.superset.layout import dashboard
from clickvault.errors import DataError
from clickvault.marts.headers import View

if TYPE_CHECKING:
    from clickvault.dashboards.model import Dashboard
    from clickvault.sql.render import Renderer

NAMESPACE = UUID("0b8f2f55-6c0e-5f0f-9d43-6f1c1a4d7c11")
OWNER = "clickvault"  # what certifies everything that is ours; anything else in Superset is left alone
DATABASE = "databases/clickvault.yaml"
Types = Mapping[str, Mapping[str, str]]
"""Columns and their types in ClickHouse, by view: {"marts.v_platform_daily": {"day": "Date"}}."""


def identity(kind: str, name: str = "") -> str:
    """The uuid of one of our assets."""
    return str(uuid5(NAMESPACE, f"{kind}/{name}"))


@dataclass
class Dataset:
    """Rows that charts are made of: a view as it is (no `sql`), or with what its tiles hold fixed."""

    view: View
    name: str
    sql: str = ""
    metrics: dict[str, str] = field(default_factory=dict)
    steps: bool = False

    @property
    def uuid(self) -> str:
        """Its id in Superset."""
        return identity("dataset", self.name)


def bundle(
    renderer: Renderer, declared: Iterable[tuple[Dashboard, list[Asked]]], types: Types, uri: str
) -> dict[str, dict[str, Any]]:
    """The files of the bundle by their paths. `uri` is SQLAlchemy's, without the password.

    Raises DataError for a view that ClickHouse does not have.
    """
    files: dict[str, dict[str, Any]] = {
        "metadata.yaml": {"version": "1.0.0", "type": "assets", "timestamp": "2026-01-01T00:00:00+00:00"},
        DATABASE: _database(uri),
    }
    datasets: dict[str, Dataset] = {}
    for shown, tiles in declared:
        placed = []
        for asked in tiles:
            mine = _dataset(renderer, asked)
            mine = datasets.setdefault(mine.name, mine)
            for m in asked.metrics:
                mine.metrics.setdefault(m.name, m.over())
            made = chart(asked, mine.metrics, mine.uuid, identity("chart", asked.name))
            files[f"charts/{asked.dashboard.name}_{asked.tile.name}.yaml"] = made | _ours(asked.name)
            placed.append((asked, made["uuid"], mine.uuid))
        made = dashboard(shown, placed, identity("dashboard", shown.name))
        files[f"dashboards/{shown.name}.yaml"] = made | _ours(shown.name)
    for found in datasets.values():
        if found.view.table not in types:
            raise DataError(f"{found.view.table} is not in ClickHouse", hint="clickvault init")
        path = "".join(c if c.isalnum() else "_" for c in found.name)
        files[f"datasets/clickvault/{path}.yaml"] = _columns(found, types[found.view.table])
    return files


def zipped(files: Mapping[str, Mapping[str, Any]]) -> bytes:
    """The bundle as a zip, equal for equal files. Each file is JSON, which is YAML, too."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, values in sorted(files.items()):
            text = json.dumps(values, indent=1, sort_keys=True, ensure_ascii=False)
            archive.writestr(zipfile.ZipInfo(f"{OWNER}/{path}", (2026, 1, 1, 0, 0, 0)), text)
    return out.getvalue()


def _ours(name: str) -> dict[str, Any]:
    return {"certified_by": OWNER, "certification_details": name}


def _database(uri: str) -> dict[str, Any]:
    return {
        "database_name": OWNER,
        "sqlalchemy_uri": uri,
        "cache_timeout": None,
        "expose_in_sqllab": True,
        "allow_run_async": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "extra": {},
        "uuid": identity("database"),
        "version": "1.0.0",
    }


def _dataset(renderer: Renderer, asked: Asked) -> Dataset:
    """The rows that a tile is about. Tiles with the same ones share them."""
    view, tile = asked.view, asked.tile
    words = [f"{k} {v}" for k, v in tile.where.items()]
    if tile.newest:
        words.append("newest")
    elif asked.over:
        words.append("whole days")
    if view.whole:
        words += [f"each {d}" for d in asked.dimensions if d in view.apart]
    metrics = {m: expression(found) for m in view.metrics if (found := formula(view, m, view.key))}
    if tile.chart == "funnel":
        steps = [(m.name, m.label) for m in asked.metrics]
        sql = renderer.render("dashboards/steps.sql.j2", rows=asked.source(renderer), metrics=steps).strip()
        return Dataset(view, f"{view.name}, steps of {asked.name}", sql, metrics, steps=True)
    if not asked.fixed and not asked.over:
        return Dataset(view, f"v_{view.name}", metrics=metrics)
    return Dataset(view, f"{view.name}, {', '.join(words)}", asked.source(renderer), metrics)


def _columns(dataset: Dataset, types: Mapping[str, str]) -> dict[str, Any]:
    view = dataset.view
    more = {"step": "String", "value": "Float64"} if dataset.steps else {}
    said = view.dimensions | view.metrics
    columns = [
        {
            "column_name": name,
            "verbose_name": view.label(name),
            "description": said.get(name, ""),
            "type": kind,
            "is_dttm": "Date" in kind,
            "is_active": True,
            "groupby": name in view.dimensions or name == "step",
            "filterable": True,
            "expression": None,
            "python_date_format": None,
            "extra": None,
        }
        for name, kind in ({n: types.get(n, "String") for n in view.columns} | more).items()
    ]
    metrics = [
        {
            "metric_name": view.label(name),
            "verbose_name": view.label(name),
            "metric_type": None,
            "expression": sql,
            "description": view.metrics[name],
            "d3format": None,
            "currency": None,
            "warning_text": None,
            "extra": None,
        }
        for name, sql in dataset.metrics.items()
    ]
    return {
        "table_name": dataset.name,
        "schema": view.database,
        "main_dttm_col": view.time or None,
        "description": f"{view.title}. A row is {view.grain}.",
        "default_endpoint": None,
        "offset": 0,
        "cache_timeout": None,
        "sql": dataset.sql or None,
        "params": None,
        "template_params": None,
        "filter_select_enabled": True,
        "fetch_values_predicate": None,
        "extra": {"certification": {"certified_by": OWNER, "details": dataset.name}},
        "uuid": dataset.uuid,
        "columns": columns,
        "metrics": metrics,
        "version": "1.0.0",
        "database_uuid": identity("database"),
    }
