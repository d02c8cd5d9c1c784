"""The report of a real world, opened from disk in Chromium: what stands on the page is what SQL says of the marts' views."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from clickvault.dashboards import Asked, Filter, load, report
from clickvault.dashboards.questions import default
from clickvault.dashboards.report.ask import plain
from clickvault.dashboards.report.page import MAX_BYTES
from clickvault.errors import DataError
from clickvault.stores.clickhouse import rows
from tests import chromium
from tests.chromium import Seen, Tiles
from tests.colours import luminance
from tests.worlds import AS_OF_NOW, WANT_MORE_DAYS, World

SIZES = [(1440, False), (1440, True), (390, False), (390, True)]


@pytest.fixture(scope="module")
def written(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("report") / "report.html"
    report.write(world.session.reader, world.session.renderer, out)
    assert out.stat().st_size < MAX_BYTES
    return out


@pytest.fixture(scope="module")
def seen(written: Path) -> Seen:
    return chromium.look(written.as_uri())


def expected(world: World, a: Asked, **chosen: str) -> list[list[Any]]:
    """The rows of a tile by its own SQL: dimensions, then metrics. `chosen`: what filters are at, `time` a first day."""

    def condition(choice: Filter, column: str) -> str:
        if choice.name == "time":
            return f"AND `{column}` >= '{chosen['time']}'" if "time" in chosen else ""
        return f"AND `{column}` = '{chosen[choice.name]}'" if choice.name in chosen else default(choice, column)

    found = rows(world.session.reader, a.sql(world.session.renderer, condition))
    return [[plain(r[c]) for c in (*a.dimensions, *(m.name for m in a.metrics))] for r in found]


def same(got: Any, want: Any) -> bool:
    if isinstance(want, float) or isinstance(got, float):
        return isinstance(got, int | float) and want is not None and math.isclose(got, want, rel_tol=1e-8)
    return bool(got == ("–" if want is None else want))


def check(world: World, page: Tiles, a: Asked, **chosen: str) -> int:
    """The table of a tile is what its SQL says. Returns the number of rows."""
    if a.tile.chart == "number":
        chosen.pop("time", None)  # a number is compared with days before the chosen ones
    _head, *shown = page.tables[a.name]
    wanted = expected(world, a, **chosen)
    wanted = wanted[-400:] if a.series else wanted[:400]
    assert len(shown) == len(wanted), a.name
    columns = [*a.dimensions, *(m.name for m in a.metrics)]
    steady = [i for i, c in enumerate(columns) if c not in AS_OF_NOW]
    if len(steady) < len(columns):  # the hours have gone by since, and may have changed the order, too
        shown, wanted = (
            sorted(some, key=lambda r: [str(v) for v in r[: len(a.dimensions)]]) for some in (shown, wanted)
        )
    for got, want in zip(shown, wanted, strict=True):
        assert len(got) == len(columns)
        assert all(same(got[i], want[i]) for i in steady), f"{a.name}: {got} is not {want}"
    if a.tile.chart == "number" and wanted and wanted[-1][-1] is not None:
        assert same(page.numbers[a.name], wanted[-1][-1]), a.name
    return len(shown)


def tiles(world: World) -> dict[str, Asked]:
    return {a.name: a for _, some in load(world.session.renderer) for a in some}


@chromium.needed
def test_every_number_and_table_equals_sql(world: World, seen: Seen) -> None:
    page = Tiles(seen.html)
    filled = {name for name, a in tiles(world).items() if check(world, page, a)}
    assert tiles(world).keys() - filled <= WANT_MORE_DAYS, "tiles without rows"


@chromium.needed
def test_the_newest_day_equals_the_view_of_the_whole(world: World, seen: Seen) -> None:
    """Asked in other words, of another view than the tile's own."""
    page = Tiles(seen.html)
    (row,) = rows(
        world.session.reader, "SELECT * FROM marts.v_platform_daily WHERE day < today() ORDER BY day DESC LIMIT 1"
    )
    for tile in ("dau", "wau", "new_users", "posts", "views"):
        assert same(page.numbers[f"activity.{tile}"], plain(row[tile])), tile
    (week_before,) = rows(
        world.session.reader, "SELECT dau FROM marts.v_platform_daily WHERE day = {d:Date} - 7", {"d": row["day"]}
    )
    sign = "+" if row["dau"] >= week_before["dau"] else "−"
    assert f"{sign}{abs(row['dau'] / week_before['dau'] - 1):.1%} against" in page.texts["activity.dau"]


@chromium.needed
def test_time_and_choices_act_on_every_tile_that_follows(world: World, written: Path) -> None:
    (country,) = rows(
        world.session.reader,
        "SELECT country FROM marts.v_platform_segment_daily WHERE country != 'unknown' GROUP BY country ORDER BY sum(views) DESC LIMIT 1",
    )
    (topic,) = rows(
        world.session.reader,
        "SELECT topic, language FROM marts.v_community_daily GROUP BY topic, language ORDER BY sum(reports) DESC LIMIT 1",
    )
    choices = {"activity": country, "ties": country, "communities": topic, "money": {"currency": "USD"}}
    asked = "".join(f"&{board}.{name}={value}" for board, some in choices.items() for name, value in some.items())
    seen = chromium.look(f"{written.as_uri()}?days=7{asked}")
    page = Tiles(seen.html)
    for board, some in load(world.session.renderer):
        times = [r[a.dimensions.index(a.view.time)] for a in some if a.series for r in expected(world, a)]
        (row,) = rows(
            world.session.reader, "SELECT toString(toDate({d:String}) - 6) AS since", {"d": str(max(times))[:10]}
        )
        chosen = choices.get(board.name, {})
        enough = (len({str(t)[:10] for t in times}) + 1) >= 9
        for a in some:
            check(world, page, a, **chosen, **({"time": row["since"]} if enough else {}))
    assert page.numbers["activity.dau"] < Tiles(chromium.look(written.as_uri()).html).numbers["activity.dau"]


@chromium.needed
@pytest.mark.parametrize(("width", "dark"), SIZES)
def test_the_page_is_quiet_at_every_size(written: Path, tmp_path: Path, width: int, dark: bool) -> None:
    """Nothing on the console, nothing asked of the network, nothing wider than the page, dark for who wants it dark."""
    address = chromium.framed(written.as_uri(), width, tmp_path)
    seen = chromium.look(address, max(width, chromium.NARROWEST), dark=dark, picture=tmp_path / "page.png")
    assert seen.console == []
    (found,) = re.findall(r"<pre>(.*)</pre>", seen.html)
    page = json.loads(found)
    assert page["fetched"] == []
    assert page["width"] == width, "the page is wider than its window"
    assert page["drawn"] > 30
    paper, ink = luminance(page["paper"]), luminance(page["ink"])
    assert (paper < 0.1 and ink > 0.7) if dark else (paper > 0.9 and ink < 0.1), (page["paper"], page["ink"])
    assert (tmp_path / "page.png").stat().st_size > 30_000


@chromium.needed
def test_the_page_can_be_printed(world: World, written: Path, tmp_path: Path) -> None:
    """On at least as many pages as there are dashboards: each begins on one of its own."""
    chromium.look(written.as_uri(), paper=tmp_path / "report.pdf")
    pdf = (tmp_path / "report.pdf").read_bytes()
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= len(load(world.session.renderer)) >= 7


def test_a_tile_that_does_not_fit_stops_the_report(world: World, tmp_path: Path) -> None:
    from clickvault.errors import ContractError

    (tmp_path / "1_wrong.toml").write_text(
        'title = "W"\nabout = "w"\n[[tiles]]\nname = "x"\ntitle = "What is this about?"\nview = "nothing"\nchart = "table"\nmetrics = ["a"]\n',
        encoding="utf-8",
    )
    with pytest.raises(ContractError, match="no view 'nothing'"):
        report.write(world.session.reader, world.session.renderer, tmp_path / "report.html", folder=tmp_path)


def test_views_that_are_not_there_are_an_error_with_a_hint(world: World, tmp_path: Path) -> None:
    world.session.ch.command("RENAME TABLE marts.v_user_centrality TO marts.v_away")
    try:
        with pytest.raises(DataError) as failed:
            report.write(world.session.reader, world.session.renderer, tmp_path / "report.html")
        assert failed.value.hint == "clickvault init"
        assert not list(tmp_path.iterdir())
    finally:
        world.session.ch.command("RENAME TABLE marts.v_away TO marts.v_user_centrality")
