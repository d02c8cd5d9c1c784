"""The export for Tableau of a real world: workbooks that Tableau's schema accepts, extracts that hold the marts' rows."""

from __future__ import annotations

import importlib.util
import math
import zipfile
from pathlib import Path
from typing import Any

import pytest

from clickvault.dashboards import Asked, load
from clickvault.dashboards.tableau.export import export, extract_sql, kind_of
from clickvault.dashboards.tableau.workbook import components
from clickvault.stores.clickhouse import rows
from tests.tableau_schema import complaints, schema
from tests.worlds import AS_OF_NOW, WANT_MORE_DAYS, World

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


def test_every_extract_is_of_the_rows_of_its_view(world: World) -> None:
    """The same groups and sums as the view that the tile names, in what the tile is about and, of a ranking, its first values."""
    ch, renderer = world.session.reader, world.session.renderer
    for a in tiles(world):
        conditions = [*a.fixed, *a.over]
        if a.tile.chart in ("rank", "table") and not a.tile.newest:
            keys = ", ".join(a.dimensions)
            conditions.append(f"({keys}) IN (SELECT {keys} FROM ({a.sql(renderer, lambda f, c: '')}))")
        names = set(components(a.metrics))
        extract = ch.query(extract_sql(renderer, a))
        view = f"{a.view.table} WHERE {' AND '.join(conditions) or 1}"
        if not extract.result_rows:  # the client names no columns then
            assert a.name in WANT_MORE_DAYS, a.name
            assert rows(ch, f"SELECT count() AS n FROM {view}") == [{"n": 0}], a.name
            continue
        by = [c for c in extract.column_names if c not in names]
        assert {*a.dimensions, *(column for _, column in a.filters)} <= {*by}, a.name
        steady = sorted(names - AS_OF_NOW)
        sums = ", ".join(["count() AS asked", *(f"sum(toFloat64({n})) AS {n}" for n in steady)])
        (wanted,) = rows(ch, f"SELECT {sums} FROM {view}")
        groups = rows(ch, f"SELECT DISTINCT {', '.join(by)} FROM {view}")
        assert len(extract.result_rows) == len(groups), a.name
        assert wanted["asked"], a.name
        for name in steady:
            place = extract.column_names.index(name)
            got = math.fsum(float(r[place] or 0) for r in extract.result_rows)
            assert math.isclose(got, wanted[name] or 0, rel_tol=1e-9), f"{a.name}: {name}"


@needed
def test_every_extract_holds_what_was_asked(world: World, written: dict[str, Path], tmp_path: Path) -> None:
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
            assert count == wanted["rows_of_it"]
            assert count > 0 or a.name in WANT_MORE_DAYS, a.name
            for name, value in zip(names, got, strict=True):
                if name not in AS_OF_NOW:
                    assert math.isclose(value or 0, wanted[name] or 0, rel_tol=1e-9), f"{a.name}: {name}"


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
