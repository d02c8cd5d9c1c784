"""The report on a running stack: what stands on the page is what the marts' views say."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from clickvault import report, schema
from clickvault.clickhouse import rows
from clickvault.session import Session, open_session
from clickvault.settings import Settings
from tests.unit.test_report import Page

NOW = datetime(2026, 2, 9, 8, 0, tzinfo=UTC)  # the mart's last day is not over
SHOWN = {"platform_daily": "2026-02-08", "community_daily": "2026-02-08"}
NAME = 'Friends of <img src="http://x.example/"> & chess'

_ID = "toUUID(concat('00000000-0000-4000-8000-', leftPad(toString({0}), 12, '0')))"
STATES = {
    "marts.platform_daily (day, posts, comments, reactions, likes, shares, views, new_users, active)": f"""
        SELECT toDate('2026-01-01') + number AS day, 10 + number, 40, 7 * number, 9, number % 3, 500, 1,
            uniqCombined64State(17)({_ID.format("person")})
        FROM numbers(40) ARRAY JOIN range(number % 11, 60 + number % 7) AS person
        GROUP BY number""",
    "marts.community_daily (day, community_id, members, new_members, moderators, posts, comments, reactions, reports,"
    " active)": f"""
        SELECT toDate('2026-01-01') + number AS day, {_ID.format("place")} AS community_id,
            place * 10 + number * (place % 4), 1, 2, 3, 4, place, 0, uniqCombined64State(17)({_ID.format("person")})
        FROM numbers(40) ARRAY JOIN range(20) AS place ARRAY JOIN range(1 + place % 5) AS person
        GROUP BY number, place""",
    "marts.social_graph_daily": """
        SELECT toDate('2026-02-01') + number * 8 AS day, 100, 300 + number, 250, 2, 3, 97, 0.31, 4, 2.125,
            sumMapState([1, 2, 3, 4]::Array(UInt32), [300, 2000, 1500, 10 + number]::Array(UInt64))
        FROM numbers(2)
        GROUP BY number""",
    "marts.user_centrality": f"""
        SELECT toDate('2026-02-09'), {_ID.format("number")}, number % 7, number, 3, 1 / (number + 2), 0.5, number * 1.5,
            0.1, 0.2, 0.3, 4, 5, 1, 1
        FROM numbers(100)""",
    "raw.community (community_id, name, op, event_time)": f"""
        SELECT {_ID.format("19")}, '{NAME}', 'create', now64(6)""",
    "raw.user (user_id, username, op, event_time)": f"""
        SELECT {_ID.format("0")}, 'anna.b', 'create', now64(6)""",
}


@pytest.fixture(scope="module")
def session(stack: Settings) -> Iterator[Session]:
    with open_session(stack) as s:
        schema.init(s.settings, s.renderer, s.ch, s.pg)
        yield s


@pytest.fixture(scope="module")
def empty(session: Session, tmp_path_factory: pytest.TempPathFactory) -> Page:
    out = tmp_path_factory.mktemp("report") / "empty.html"
    report.write(session.reader, session.renderer, out, NOW)
    return Page(out.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def page(session: Session, empty: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The report over rows that were put into the marts by hand, behind the empty one."""
    out = tmp_path_factory.mktemp("report") / "report.html"
    for table, select in STATES.items():
        session.ch.command(f"INSERT INTO {table} {select}")
    try:
        report.write(session.reader, session.renderer, out, NOW)
        assert out.stat().st_size < 6_000_000
        yield Page(out.read_text(encoding="utf-8"))
    finally:
        for table in STATES:
            session.ch.command(f"TRUNCATE TABLE {table.split()[0]}")


def test_empty_marts_say_what_to_run(empty: Page) -> None:
    assert empty.text.count("This mart is empty. To fill it: clickvault run") == 4
    assert empty.figures == {}


COMMUNITIES = "FROM marts.v_community_daily WHERE day = '2026-02-08' ORDER BY"
PEOPLE = "FROM marts.v_user_centrality WHERE day = '2026-02-09' ORDER BY"


@pytest.mark.parametrize(
    ("chart", "sql"),
    [
        ("active", "SELECT day, dau, wau, mau FROM marts.v_platform_daily ORDER BY day"),
        (
            "deeds",
            "SELECT day, posts, comments, reactions, likes, shares, stories, reels FROM marts.v_platform_daily ORDER BY day",
        ),
        ("interactions", "SELECT day, interactions_a_post, posts FROM marts.v_platform_daily ORDER BY day"),
        ("stickiness", "SELECT day, dau_wau, wau_mau, stickiness FROM marts.v_platform_daily ORDER BY day"),
        ("new_users", "SELECT day, new_users FROM marts.v_platform_daily ORDER BY day"),
        (
            "largest",
            "SELECT community_id, members, new_members, moderators, posts, comments "
            f"{COMMUNITIES} members DESC, community_id LIMIT 15",
        ),
        (
            "growing",
            f"SELECT community_id, growth_7d, growth_rank, members {COMMUNITIES} growth_7d DESC, community_id LIMIT 15",
        ),
        (
            "alive",
            "SELECT community_id, engagement, active_members, members, posts, comments, reactions "
            f"{COMMUNITIES} members DESC, community_id LIMIT 15",
        ),
        (
            "levels",
            "SELECT arrayJoin(arrayZip(arrayEnumerate(pairs_at), pairs_at, reached_share)) AS t, t.1, t.2, t.3 "
            "FROM marts.v_social_graph_daily WHERE day = '2026-02-09' ORDER BY t.1",
        ),
        (
            "reached",
            "SELECT arrayJoin(arrayZip(arrayEnumerate(pairs_at), reached_share)) AS t, t.1, t.2 "
            "FROM marts.v_social_graph_daily WHERE day = '2026-02-09' ORDER BY t.1",
        ),
        (
            "followed",
            f"SELECT user_id, pagerank, betweenness, friends, followers {PEOPLE} pagerank DESC, user_id LIMIT 20",
        ),
        (
            "bridges",
            f"SELECT user_id, betweenness, pagerank, friends, followers {PEOPLE} betweenness DESC, user_id LIMIT 20",
        ),
        ("friends", "SELECT friends, count() FROM marts.v_user_centrality GROUP BY friends ORDER BY friends"),
    ],
)
def test_each_table_equals_sql_on_the_view(session: Session, page: Page, chart: str, sql: str) -> None:
    expected = [[v for v in r if not isinstance(v, tuple)] for r in session.reader.query(sql).result_rows]
    assert expected
    head, *shown = page.tables[chart]
    if head[1] == "key":  # the name comes before it
        shown = [r[1:] for r in shown]
    for row, wanted in zip(shown, expected, strict=True):
        for got, want in zip(row, wanted, strict=True):
            same = got == want if isinstance(want, int | float) else got == str(want)
            assert same, f"{chart}: {row} is not {wanted}"


@pytest.mark.parametrize("mart", ["platform_daily", "social_graph_daily"])
def test_each_figure_equals_sql_on_the_view(session: Session, page: Page, mart: str) -> None:
    day = SHOWN.get(mart, "2026-02-09")
    (row,) = rows(session.reader, f"SELECT * FROM marts.v_{mart} WHERE day = {{day:Date}}", {"day": day})
    shown: dict[str, Any] = {k.split(".")[1]: v for k, v in page.tiles.items() if k.startswith(f"{mart}.")}
    assert len(shown) >= 7
    for metric, value in shown.items():
        assert math.isclose(value, row[metric], rel_tol=1e-15), metric


def test_changes_are_against_the_period_before(session: Session, page: Page) -> None:
    before, after = (
        r["dau"]
        for r in rows(
            session.reader,
            "SELECT dau FROM marts.v_platform_daily WHERE day IN ('2026-02-01', '2026-02-08') ORDER BY day",
        )
    )
    assert f"{after / before - 1:+.1%} in 7 days" in page.text
    assert "2026-02-09 is not over: its numbers still grow." in page.text


def test_names_come_from_the_events_and_are_text(page: Page) -> None:
    assert NAME in {row[0] for row in page.tables["largest"]}
    assert "anna.b" in {row[0] for row in page.tables["followed"]}
    assert not {t for t, _ in page.elements} & {"img"}


def test_views_that_are_not_there_are_an_error_with_a_hint(session: Session, tmp_path: Path) -> None:
    from clickvault.errors import DataError

    text = session.ch.command("SHOW CREATE VIEW marts.v_user_centrality")
    session.ch.command("DROP VIEW marts.v_user_centrality SYNC")
    try:
        with pytest.raises(DataError) as failed:
            report.write(session.reader, session.renderer, tmp_path / "report.html", NOW)
        assert failed.value.hint == "clickvault init"
        assert not list(tmp_path.iterdir())
    finally:
        session.ch.command(str(text).replace("\\n", "\n").replace("\\'", "'"))
