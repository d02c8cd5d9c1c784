"""Superset's bundle, without Superset: ids that stay, charts that hang together, filters that act where tiles follow them."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from clickvault.contract import Registry
from clickvault.dashboards import load
from clickvault.dashboards.load import views
from clickvault.dashboards.superset.api import address
from clickvault.dashboards.superset.bundle import Types, bundle, identity, zipped
from clickvault.domains.social import DOMAIN
from clickvault.errors import DataError
from clickvault.sql.render import Renderer

RENDERER = Renderer(Registry([DOMAIN]))
URI, PASSWORD = address("http://reader:word%2F1@127.0.0.1:8123")
DECLARED = load(RENDERER)
TYPES: Types = {
    v.table: {c: "Date" if c == v.time else "UInt64" if c in v.metrics else "String" for c in v.columns}
    for v in views(RENDERER).values()
}


def of(files: dict[str, dict[str, Any]], folder: str) -> dict[str, dict[str, Any]]:
    found = {path: f for path, f in files.items() if path.startswith(folder)}
    assert found
    return found


@pytest.fixture(scope="module")
def files() -> dict[str, dict[str, Any]]:
    return bundle(RENDERER, DECLARED, TYPES, URI)


def test_every_tile_is_a_chart_on_its_dashboard(files: dict[str, dict[str, Any]]) -> None:
    tiles = [a for _, some in DECLARED for a in some]
    assert [c["slice_name"] for c in of(files, "charts/").values()] == [a.tile.title for a in tiles]
    for shown, some in DECLARED:
        made = files[f"dashboards/{shown.name}.yaml"]
        placed = [v["meta"] for v in made["position"].values() if isinstance(v, dict) and v["type"] == "CHART"]
        assert [m["uuid"] for m in placed] == [identity("chart", a.name) for a in some]
        assert [m["chartId"] for m in placed] == [*range(1, len(some) + 1)]


def test_everything_that_is_referred_to_is_there(files: dict[str, dict[str, Any]]) -> None:
    datasets = {d["uuid"]: d for d in of(files, "datasets/").values()}
    names = [d["table_name"] for d in datasets.values()]
    assert len(set(names)) == len(names), "Superset's own database wants names that are unique over schemas"
    for chart in of(files, "charts/").values():
        dataset = datasets[chart["dataset_uuid"]]
        columns = {c["column_name"] for c in dataset["columns"]}
        params = chart["params"]
        used = [params[k] for k in ("x_axis", "entity") if params.get(k)]
        groups = params.get("groupby") or []
        used += [groups] if isinstance(groups, str) else groups
        used += [f["subject"] for f in params["adhoc_filters"]]
        assert set(used) <= columns, chart["slice_name"]
        metrics = {m["metric_name"] for m in dataset["metrics"]}
        for metric in [*(params.get("metrics") or []), *([params["metric"]] if "metric" in params else [])]:
            assert isinstance(metric, dict) or metric in metrics
        assert params["viz_type"] == chart["viz_type"]
    for dataset in datasets.values():
        labels = [m["metric_name"] for m in dataset["metrics"]]
        assert len(set(labels)) == len(labels)
        assert not set(labels) & {c["column_name"] for c in dataset["columns"]}, (
            "ClickHouse would take it for the column"
        )


def test_filters_act_where_a_tile_follows_them(files: dict[str, dict[str, Any]]) -> None:
    for shown, some in DECLARED:
        made = files[f"dashboards/{shown.name}.yaml"]["metadata"]["native_filter_configuration"]
        assert [f["name"] for f in made] == [f.title for f in shown.filters]
        for choice, f in zip(shown.filters, made, strict=True):
            follows = {i for i, a in enumerate(some, 1) if choice.name in {c.name for c, _ in a.filters}}
            assert set(f["scope"]["excluded"]) == {*range(1, len(some) + 1)} - follows
            assert bool(f["defaultDataMask"]["filterState"]) is bool(choice.default)


def test_a_number_has_its_change_against_what_is_declared(files: dict[str, dict[str, Any]]) -> None:
    numbers = [a for _, some in DECLARED for a in some if a.tile.chart == "number"]
    assert len(numbers) >= 20
    for a in numbers:
        params = files[f"charts/{a.dashboard.name}_{a.tile.name}.yaml"]["params"]
        assert (params["viz_type"], params["compare_lag"]) == ("big_number", a.tile.against)


def test_the_same_declaration_is_the_same_bundle(files: dict[str, dict[str, Any]]) -> None:
    again = bundle(RENDERER, load(RENDERER), TYPES, URI)
    assert zipped(again) == zipped(files)
    with zipfile.ZipFile(io.BytesIO(zipped(files))) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"clickvault"}, "one root folder"
        assert json.loads(archive.read("clickvault/metadata.yaml"))["type"] == "assets"
    uuids = [f["uuid"] for f in files.values() if "uuid" in f]
    assert len({UUID(u) for u in uuids}) == len(uuids)


def test_a_new_title_keeps_the_id_and_a_new_tile_adds_one_chart(files: dict[str, dict[str, Any]]) -> None:
    (shown, some), *others = DECLARED
    renamed = replace(some[0], tile=some[0].tile.model_copy(update={"title": "How many people come, by day?"}))
    more = replace(some[0], tile=some[0].tile.model_copy(update={"name": "again"}))
    after = bundle(RENDERER, [(shown, [renamed, *some[1:], more]), *others], TYPES, URI)
    path = f"charts/{shown.name}_{some[0].tile.name}.yaml"
    assert after[path]["uuid"] == files[path]["uuid"]
    assert after.keys() - files.keys() == {f"charts/{shown.name}_again.yaml"}


def test_no_password_is_in_the_bundle(files: dict[str, dict[str, Any]]) -> None:
    assert PASSWORD == "word/1"
    assert "word" not in json.dumps(files["databases/clickvault.yaml"])
    assert "reader" in files["databases/clickvault.yaml"]["sqlalchemy_uri"]


def test_a_view_that_clickhouse_lacks_is_named() -> None:
    with pytest.raises(DataError, match=r"marts\.v_platform_slice_daily is not in ClickHouse"):
        bundle(RENDERER, DECLARED, {k: v for k, v in TYPES.items() if "slice" not in k}, URI)
