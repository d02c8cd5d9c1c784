"""Superset with every dashboard: each tile is drawn, its numbers are the mart's, an import again changes no id and adds nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from clickvault.contract import Registry
from clickvault.dashboards import Asked, load
from clickvault.domains.social import DOMAIN
from clickvault.sql.render import Renderer
from clickvault.stores.clickhouse import rows
from tests.dashboards.browser import Browser, Page
from tests.dashboards.conftest import World

NAMES = [shown.name for shown, _ in load(Renderer(Registry([DOMAIN])))]
# Nobody blocks so much in a small world that each tile has something to say: these may be empty, and say so.
MAY_BE_EMPTY: set[str] = set()


@pytest.fixture(scope="module")
def pages(world: World, opened: Browser, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    """All dashboards, opened once; pictures are kept in pytest's folder."""
    folder = tmp_path_factory.mktemp("pictures")
    return {shown.name: opened.open(shown.name, folder / f"{shown.name}.png") for shown, _ in world.declared}


def written(asked: Asked, value: Any) -> str:
    """A number as Superset writes it."""
    match asked.metrics[0].unit:
        case "percent":
            return f"{float(value):,.1%}"
        case "money":
            return f"{float(value):,.2f}"
        case "number":
            thousands = math.floor(math.log10(abs(value)) / 3) if abs(value) >= 1000 else 0
            return f"{float(value) / 1000**thousands:.3g}" + " kMG"[thousands].strip()
        case _:
            return f"{float(value):.3g}"


@pytest.mark.parametrize("name", NAMES)
def test_every_tile_is_drawn(name: str, world: World, pages: dict[str, Page]) -> None:
    [tiles] = [some for shown, some in world.declared if shown.name == name]
    charts = pages[name].charts
    assert set(charts) == {a.tile.title for a in tiles}
    assert {c.name: c.error for c in charts.values() if c.error} == {}
    empty = {a.name for a in tiles if charts[a.tile.title].empty}
    assert empty <= MAY_BE_EMPTY, "nothing to be seen"
    for a in tiles:
        chart = charts[a.tile.title]
        if a.name not in empty:
            assert chart.pixels > 10_000 or len(chart.text) > 20 or chart.number, f"{a.name} is blank"


def test_numbers_on_the_page_are_the_marts(world: World, pages: dict[str, Page]) -> None:
    """The newest row of the declaration's own SQL, against what a person reads."""
    compared = 0
    for shown, tiles in world.declared:
        for a in tiles:
            if a.tile.chart != "number":
                continue
            answer = rows(world.session.reader, a.sql(world.session.renderer))
            value = [r[a.metrics[0].name] for r in answer if r[a.metrics[0].name] is not None][-1]
            read = pages[shown.name].charts[a.tile.title].number
            assert read == written(a, value), a.name
            compared += 1
    assert compared >= 20


def test_an_import_again_changes_no_id_and_adds_nothing(world: World) -> None:
    superset = world.superset()
    kinds = ("dashboard", "chart", "dataset")
    before = {kind: superset.ours(kind) for kind in kinds}
    assert {k: len(v) for k, v in before.items()} == {
        "dashboard": world.first.dashboards, "chart": world.first.charts, "dataset": world.first.datasets,
    }  # fmt: skip
    assert world.apply(world.declared).removed == []
    assert {kind: superset.ours(kind) for kind in kinds} == before


def test_what_left_the_declaration_is_removed_and_what_came_is_made(world: World) -> None:
    superset = world.superset()
    before = superset.ours("chart")
    (shown, tiles), *others = world.declared
    more = replace(
        tiles[0], tile=tiles[0].tile.model_copy(update={"name": "again", "title": "How many people, again?"})
    )
    try:
        applied = world.apply([(shown, [*tiles[1:], more]), *others])
        assert applied.removed == [tiles[0].name]
        after = superset.ours("chart")
        assert after.keys() - before.keys() == {more.name}
        assert {k: v for k, v in after.items() if k in before} == {k: v for k, v in before.items() if k in after}
    finally:
        world.apply(world.declared)
    assert superset.ours("chart").keys() == before.keys()


def test_superset_logs_in_as_the_user_that_reads(world: World) -> None:
    """The database's login is `reader`, and a write by it is refused by ClickHouse."""
    superset = world.superset()
    [database] = superset._read(superset._send("GET", "database/"))["result"]
    assert database["database_name"] == "clickvault"
    found = superset._read(superset._send("GET", f"database/{database['id']}/connection"))["result"]
    assert "//reader:XXXXXXXXXX@" in found["sqlalchemy_uri"]
    refused = superset._send(
        "POST",
        "sqllab/execute/",
        json={"database_id": database["id"], "sql": "INSERT INTO marts.platform_daily (day) VALUES ('2026-01-01')"},
    )
    assert not refused.ok


def test_it_stays_on_this_machine_and_asks_for_a_login(world: World) -> None:
    assert world.login["url"].startswith("http://127.0.0.1:")
    answer = requests.get(f"{world.login['url']}/api/v1/chart/", timeout=30)
    assert answer.status_code == 401
    log = (world.session.settings.home / "logs" / "superset.log").read_text(encoding="utf-8", errors="replace")
    assert world.login["password"] not in log


def test_its_files_are_the_owner_s_alone(world: World) -> None:
    folder: Path = world.session.settings.home / "superset"
    assert folder.stat().st_mode & 0o077 == 0
