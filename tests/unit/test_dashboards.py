"""What a dashboard's file may say, and what becomes of it: the SQL of a tile, and how rows are put together. No server."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from clickvault.contract import Registry
from clickvault.dashboards import Asked, load
from clickvault.dashboards.formulas import expression, formula
from clickvault.dashboards.load import files, views
from clickvault.domains.social import DOMAIN
from clickvault.errors import ContractError
from clickvault.marts.headers import View, words
from clickvault.sql.render import Renderer

RENDERER = Renderer(Registry([DOMAIN]))
VIEWS = views(RENDERER)
LOADED = load(RENDERER)
TILES = {a.name: a for _, tiles in LOADED for a in tiles}

FILE = """
title = "Trial"
about = "A dashboard of a test."

[[filters]]
name = "time"
title = "Time"

[[tiles]]
name = "posts"
title = "How many posts are published?"
view = "platform_daily"
chart = "number"
metrics = ["posts"]
"""


def tried(tmp_path: Path, text: str, name: str = "1_trial.toml") -> list[Asked]:
    """The tiles of a folder with one file."""
    (tmp_path / name).write_text(text, encoding="utf-8")
    ((_, tiles),) = load(RENDERER, tmp_path)
    return tiles


def flat(sql: str) -> str:
    return " ".join(sql.split())


# ── the declared ones ─────────────────────────────────────────────────────────────────────────────────────────


def test_the_dashboards_are_those_that_were_asked_for() -> None:
    assert [d.name for d, _ in LOADED] == [
        "activity",
        "ties",
        "communities",
        "virality",
        "money",
        "retention",
        "pipeline",
    ]
    for dashboard, tiles in LOADED:
        charts = [a.tile.chart for a in tiles]
        first_other = next(i for i, c in enumerate(charts) if c != "number")
        assert first_other >= 3, f"{dashboard.name}: the answer comes first"
        assert "number" not in charts[first_other:], f"{dashboard.name}: numbers are together"
        assert dashboard.filters[0].name == "time"
        assert len(tiles) <= 15, f"{dashboard.name}: few tiles"


def test_a_formula_is_written_in_one_place() -> None:
    for path in files(RENDERER):
        text = path.read_text(encoding="utf-8")
        for tile in tomllib.loads(text)["tiles"]:
            assert all(m.isidentifier() for m in tile["metrics"]), f"{path}: {tile['name']}"
        assert "SELECT" not in text


def test_dashboards_of_a_domain_that_is_off_are_left_out() -> None:
    from tests.vault.shop import DOMAIN as SHOP

    assert [d.name for d, _ in load(Renderer(Registry([SHOP])))] == ["pipeline"]


# ── what does not fit ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('"platform_daily"', '"platform_dialy"', "tile posts: no view 'platform_dialy'"),
        ('["posts"]', '["post"]', "tile posts: marts.v_platform_daily has no metric 'post'"),
        ('metrics = ["posts"]', 'metrics = ["posts"]\nwhere = { country = "DE" }', "has no dimension 'country'"),
        ('"platform_daily"', '"platform_slice_daily"', "posts is not additive over country, language"),
        ('chart = "number"', 'chart = "pie"', "tile posts chart: Input should be 'number'"),
        ('metrics = ["posts"]', 'metrics = ["posts", "dau"]', "a number shows one metric, got posts, dau"),
        ('metrics = ["posts"]', 'metrics = ["posts"]\ncolor = "red"', "tile posts can't have 'color'"),
        ("How many posts are published?", "Posts", "tile posts title: String should match pattern"),
        ('name = "time"', 'name = "country"', "filter country: no tile follows it"),
        ('chart = "number"', 'chart = "number"\nnewest = true', "a number is the newest one by itself"),
        ("title = ", "title", "it can't be read"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_named_with_file_and_tile(tmp_path: Path, before: str, after: str, said: str) -> None:
    with pytest.raises(ContractError) as failed:
        tried(tmp_path, FILE.replace(before, after, 1))
    assert said in str(failed.value)
    assert str(tmp_path / "1_trial.toml") in str(failed.value)


def test_two_tiles_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="two tiles have the name 'posts'"):
        tried(tmp_path, FILE + FILE[FILE.index("[[tiles]]") :])


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    second = FILE[FILE.index("[[tiles]]") :].replace('"posts"', '"dua"')
    with pytest.raises(ContractError) as failed:
        tried(tmp_path, FILE.replace('"platform_daily"', '"nothing"') + second)
    assert "tile posts" in str(failed.value)
    assert "tile dua" in str(failed.value)


# ── how rows are put together ─────────────────────────────────────────────────────────────────────────────────


def over(view: str, metric: str, *dimensions: str) -> str:
    found = formula(VIEWS[view], metric, dimensions)
    return expression(found).replace("`", "") if found else ""


@pytest.mark.parametrize(
    ("view", "metric", "dimensions", "expected"),
    [
        ("platform_daily", "posts", ["day"], "sum(posts)"),
        ("platform_daily", "dau", ["day"], ""),  # distinct people are never added
        ("platform_daily", "dau", [], "any(dau)"),
        ("author_virality_daily", "virality", ["day"], "((sum(reposts) + sum(quotes)) / nullIf(sum(views), 0))"),
        ("author_virality_daily", "viewers", ["author_id"], ""),
        ("community_daily", "members", ["community_id"], "sum(members)"),
        ("community_daily", "members", ["day"], ""),  # as of a day's end
        ("community_daily", "engagement", ["community_id"], ""),  # people who are active in two communities
        ("ad_daily", "spend_per_mille", ["day"], "((1000 * sum(spend)) / nullIf(sum(impressions), 0))"),
        ("ad_daily", "spend", ["currency"], ""),  # money of two currencies is never added
        ("revenue_daily", "total", ["day"], "(((sum(ads) + sum(donations)) + sum(subscriptions)) + sum(sponsorships))"),
        ("platform_slice_daily", "posts", ["country"], ""),  # its rows of all would be added to those of each
        ("platform_segment_daily", "posts", ["country"], "sum(posts)"),
        ("cohort_weekly", "retention", ["weeks_after"], "(sum(active_users) / nullIf(sum(users), 0))"),
    ],
)  # fmt: skip
def test_metrics_over_rows(view: str, metric: str, dimensions: list[str], expected: str) -> None:
    assert over(view, metric, *dimensions) == expected


def test_every_named_dimension_of_a_key_is_one() -> None:
    for view in VIEWS.values():
        assert set(view.key) <= set(view.dimensions)
        assert view.sums | view.levels <= view.metrics.keys()
        assert not view.sums & view.levels
        assert view.time in ("", *view.dimensions)


def test_a_formula_in_circles_is_none() -> None:
    view = View("v", "", "", {"day": ""}, {"a": "b + 1", "b": "a / 2"}, time="day", key=("day",))
    with pytest.raises(ContractError, match="v_v: a refers to itself"):
        formula(view, "a", ["day"])


# ── the SQL ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_filters_at_their_defaults() -> None:
    sql = flat(TILES["activity.dau"].sql(RENDERER))
    assert "AND `country` = 'all' AND `language` = 'all'" in sql
    assert "`day` < today()" in sql
    assert flat(TILES["communities.growing"].sql(RENDERER)).endswith(
        "ORDER BY `growth_7d` DESC, `community_id`, `name` LIMIT 15"
    )


def test_each_target_says_what_becomes_of_a_filter() -> None:
    said: list[tuple[str, str]] = []

    def condition(choice: Any, column: str) -> str:
        said.append((choice.name, column))
        return f"[[AND {{{{{choice.name}}}}}]]"

    sql = TILES["retention.second_week"].sql(RENDERER, condition)
    assert said == [("time", "cohort_week")]
    assert "[[AND {{time}}]]" in sql
    assert "[[" not in TILES["ties.listened"].sql(RENDERER, lambda f, c: "" if f.name != "time" else "[[")
    assert "{{currency}}" in TILES["money.total"].sql(RENDERER, condition)


def test_a_tile_by_what_a_filter_chooses_does_not_follow_it() -> None:
    a = TILES["activity.countries"]
    assert [f.name for f, _ in a.filters] == ["language"]
    assert "`country` != 'all'" in a.sql(RENDERER)


def test_the_source_has_the_conditions_and_no_filter() -> None:
    source = flat(TILES["activity.dau"].source(RENDERER))
    assert source.startswith("SELECT * FROM marts.v_platform_slice_daily WHERE (`day` < today()")
    assert "country" not in source
    assert flat(TILES["ties.spread"].source(RENDERER)) == (
        "SELECT * FROM marts.v_degrees_daily WHERE `tie` = 'friends' "
        "AND `day` = (SELECT ifNull(maxOrNullIf(`day`, `day` < today()), max(`day`)) FROM marts.v_degrees_daily)"
    )
    assert "WHERE `day` = (SELECT max(`day`) FROM marts.v_" in flat(TILES["ties.influence"].source(RENDERER))


def test_more_dimensions_have_a_limit_each() -> None:
    sql = flat(TILES["money.creators"].sql(RENDERER, lambda f, c: "", ("currency",)))
    assert "GROUP BY v.`currency`, v.`creator_id`, v.`creator`" in sql
    assert sql.endswith("LIMIT 15 BY `currency`")


def test_labels_are_words() -> None:
    platform = views(RENDERER)["platform_daily"]
    assert [platform.label(c) for c in ("dau", "new_users")] == ["DAU", "New users"]
    assert words("community_id") == "Community"


# ── one declaration, every target ─────────────────────────────────────────────────────────────────────────────

ADDED = """
[[tiles]]
name = "added"
title = "Is this tile everywhere?"
view = "platform_daily"
chart = "line"
metrics = ["posts", "views"]
"""


def in_report(dashboard: Any, tiles: list[Asked]) -> str:
    from datetime import UTC, datetime

    from clickvault.dashboards.report import ask, page

    empty = [ask.Answer(a, {ask.EVERYTHING: a.name}) for a in tiles]
    frames = {a.name: ask.Frame({n: [] for n in (*a.dimensions, *(m.name for m in a.metrics))}) for a in tiles}
    board = ask.Board(dashboard, None, None, (), empty, frames)
    return page.render(RENDERER.folder, [board], datetime.now(UTC))


def in_tableau(dashboard: Any, tiles: list[Asked]) -> str:
    from clickvault.dashboards.tableau.workbook import Sheet, workbook

    sheets = [Sheet(a, {"day": "date", **{m.name: "real" for m in a.metrics}}, []) for a in tiles]
    return workbook(dashboard, sheets).decode()


def in_superset(dashboard: Any, tiles: list[Asked]) -> str:
    import json

    from clickvault.dashboards.superset.bundle import bundle

    types = {a.view.table: dict.fromkeys(a.view.columns, "UInt64") for a in tiles}
    return json.dumps(
        bundle(RENDERER, [(dashboard, tiles)], types, "clickhousedb://reader@127.0.0.1/marts"), default=str
    )


def in_metabase(dashboard: Any, tiles: list[Asked]) -> str:
    from clickvault.dashboards.metabase.cards import cards

    return repr(cards(RENDERER, [(dashboard, tiles)]))


TARGETS = {"report": in_report, "tableau": in_tableau, "superset": in_superset, "metabase": in_metabase}


@pytest.mark.parametrize("target", TARGETS)
def test_a_tile_that_is_added_in_one_place_is_in_every_target(tmp_path: Path, target: str) -> None:
    shown = []
    for text in (FILE, FILE + ADDED):
        (tmp_path / "1_trial.toml").write_text(text, encoding="utf-8")
        ((dashboard, tiles),) = load(RENDERER, tmp_path)
        shown.append(TARGETS[target](dashboard, tiles))
    assert "Is this tile everywhere?" not in shown[0]
    assert "Is this tile everywhere?" in shown[1]
    assert "How many posts are published?" in shown[1]


def test_a_workbook_calculates_by_the_formula_of_the_header() -> None:
    text = in_tableau(LOADED[3][0], [TILES["virality.rate"]])
    assert 'formula="(IF SUM([views]) = 0 THEN NULL ELSE (SUM([reposts]) + SUM([quotes])) / SUM([views]) END)"' in text
    assert 'default-format="p0.0%"' in text


def test_a_workbook_passes_tableaus_schema(tmp_path: Path) -> None:
    from tests.tableau_schema import complaints, schema

    judge = schema(tmp_path)
    ((dashboard, tiles),) = [(d, t) for d, t in LOADED if d.name == "virality"]
    assert complaints(judge, in_tableau(dashboard, [t for t in tiles if t.dimensions == ("day",)]).encode()) == []
