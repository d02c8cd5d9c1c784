"""The export for Tableau of a real world: workbooks that Tableau's schema accepts, extracts that hold the marts' rows."""

from __future__ import annotations

import importlib.util
import math
import zipfile
from pathlib import Path
from typing import Any

import pytest

from clickvault.clickhouse import rows
from clickvault.dashboards import Asked, load
from clickvault.dashboards.tableau import export, extract_sql, kind_of
from clickvault.dashboards.tableau_workbook import components
from tests.tableau_schema import complaints, schema
from tests.worlds import World

needed = pytest.mark.skipif(
    not importlib.util.find_spec("tableauhyperapi"), reason="tableauhyperapi is not installed: make test-tableau"
)


@pytest.fixture(scope="module")
def written(world: World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    out = tmp_path_factory.mktemp("tableau")
    found = export(world.session.reader, world.session.renderer, load(world.session.renderer), out)
    assert sorted(out.iterdir()) == sorted(found), "nothing half is left"
    return {p.stem: p for p in found}


def tiles(world: World) -> list[Asked]:
    return [a for _, some in load(world.session.renderer) for a in some]


@needed
def test_every_workbook_passes_tableaus_schema(written: dict[str, Path], tmp_path: Path) -> None:
    judge = schema(tmp_path)
    for name, path in written.items():
        with zipfile.ZipFile(path) as package:
            assert complaints(judge, package.read(f"{name}.twb")) == [], name
    assert complaints(judge, b"<workbook/>"), "the schema accepts anything"


@needed
def test_every_extract_holds_the_rows_of_its_mart(world: World, written: dict[str, Path], tmp_path: Path) -> None:
    """As many, and with the same sums as SQL on the view that the tile names."""
    from tableauhyperapi import Connection, HyperProcess, Telemetry

    assert len(written) == 7
    with HyperProcess(Telemetry.DO_NOT_SEND_USAGE_DATA_TO_TABLEAU, parameters={"log_dir": str(tmp_path)}) as hyper:
        for a in tiles(world):
            with zipfile.ZipFile(written[a.dashboard.name]) as package:
                file = package.extract(f"Data/{a.tile.name}.hyper", tmp_path / a.dashboard.name)
            names = list(components(a.metrics))
            with Connection(hyper.endpoint, file) as connection:
                sums = ", ".join(f'sum("{n}")' for n in names)
                ((count, *got),) = connection.execute_list_query(f'SELECT count(*), {sums} FROM "Extract"."Extract"')
            sql = extract_sql(world.session.renderer, a)
            wanted_sums = ", ".join(f"sum(toFloat64({n})) AS {n}" for n in names)
            (wanted,) = rows(world.session.reader, f"SELECT count() AS rows_of_it, {wanted_sums} FROM ({sql})")
            assert count == wanted["rows_of_it"] > 0 or a.name == "retention.second_week", a.name
            if not a.name.startswith("pipeline."):  # hours go by
                for name, value in zip(names, got, strict=True):
                    assert math.isclose(value or 0, wanted[name] or 0, rel_tol=1e-9), f"{a.name}: {name}"
    whole = next(a for a in tiles(world) if a.name == "virality.views")
    sql = extract_sql(world.session.renderer, whole)
    (extract,) = rows(world.session.reader, f"SELECT sum(views) AS n FROM ({sql})")
    assert (
        extract
        == rows(world.session.reader, "SELECT sum(views) AS n FROM marts.v_author_virality_daily WHERE day < today()")[
            0
        ]
    )


@needed
def test_the_first_values_of_a_ranking_are_those_of_the_tile(world: World) -> None:
    for a in tiles(world):
        if a.tile.chart == "rank" and not a.tile.newest and not any(f.default for f, _ in a.filters):
            keys = ", ".join(a.dimensions)
            sql = extract_sql(world.session.renderer, a)
            (row,) = rows(world.session.reader, f"SELECT uniqExact({keys}) AS n FROM ({sql})")
            assert row["n"] == len(rows(world.session.reader, a.sql(world.session.renderer, lambda f, c: ""))), a.name


@pytest.mark.parametrize(
    ("ch_type", "kind"),
    [
        ("UInt64", "integer"), ("Nullable(Int64)", "integer"), ("Date", "date"), ("DateTime64(6, 'UTC')", "datetime"), ("Bool", "boolean"),
        ("Nullable(Float64)", "real"), ("Decimal(38, 6)", "real"), ("LowCardinality(Nullable(String))", "string"), ("UUID", "string"),
    ],
)  # fmt: skip
def test_types_as_tableau_takes_them(ch_type: str, kind: Any) -> None:
    assert kind_of(ch_type) == kind
