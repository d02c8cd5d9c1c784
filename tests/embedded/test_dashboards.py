"""Tiles on a real world: each is answered for the reader, what is put together is right, and the reader can write nothing."""

from __future__ import annotations

import math

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from clickvault.dashboards import Asked, load
from clickvault.dashboards.formulas import expression, formula
from clickvault.dashboards.load import views
from clickvault.pipeline.run_log import logged
from clickvault.stores.clickhouse import rows
from tests.worlds import WANT_MORE_DAYS, World


def tiles(world: World) -> list[Asked]:
    return [a for _, some in load(world.session.renderer) for a in some]


def test_every_tile_is_answered_for_the_reader(world: World) -> None:
    """Its whole question, and its rows for tools that group by themselves; both with rows in them."""
    empty = []
    for a in tiles(world):
        found = rows(world.session.reader, a.sql(world.session.renderer))
        (source,) = rows(world.session.reader, f"SELECT count() AS n FROM ({a.source(world.session.renderer)})")
        assert all([*r] == [*a.dimensions, *(m.name for m in a.metrics)] for r in found), a.name
        assert bool(source["n"]) >= bool(found), a.name
        if not found:
            empty.append(a.name)
    assert set(empty) <= WANT_MORE_DAYS


@pytest.mark.parametrize(
    "write",
    [
        "INSERT INTO ops.runs (step) VALUES ('x')", "ALTER TABLE marts.platform_daily DELETE WHERE 1", "DROP VIEW marts.v_platform_daily",
        "CREATE TABLE marts.mine (a Int8) ENGINE = Memory", "TRUNCATE TABLE marts.platform_daily",
        "CREATE VIEW marts.mine AS SELECT 1",
    ],
)  # fmt: skip
def test_a_write_by_the_reader_is_refused(world: World, write: str) -> None:
    with pytest.raises(DatabaseError, match=r"READONLY|readonly"):
        world.session.reader.command(write)


def test_a_ratio_over_days_is_that_of_the_sums(world: World) -> None:
    view = views(world.session.renderer)["author_virality_daily"]
    found = formula(view, "virality", ["day", "author_id"])
    assert found
    (row,) = rows(
        world.session.reader,
        f"SELECT {expression(found, 'v')} AS ratio FROM marts.v_author_virality_daily AS v",
    )
    (raw,) = rows(
        world.session.reader,
        "SELECT ((SELECT sum(reposts + quotes) FROM marts.v_author_virality_daily) "
        "/ (SELECT sum(views) FROM marts.v_author_virality_daily)) AS ratio",
    )
    assert math.isclose(row["ratio"], raw["ratio"])
    assert 0 < row["ratio"] < 1


def test_what_is_said_to_add_up_adds_up(world: World) -> None:
    """A sum over segments is the whole: where the header says so of a metric of the platform."""
    both = views(world.session.renderer)["platform_segment_daily"].sums
    sums = ", ".join(f"sum({m}) AS {m}" for m in sorted(both))
    whole = rows(world.session.reader, f"SELECT {sums} FROM marts.v_platform_daily")
    assert whole == rows(world.session.reader, f"SELECT {sums} FROM marts.v_platform_segment_daily")


def test_views_of_the_pipeline_are_what_landed(world: World) -> None:
    r, ch = world.session.reader, world.session.ch
    (landed,) = rows(
        r,
        "SELECT sum(messages) AS messages, sum(rejected) AS rejected, max(longest_delay) AS longest FROM ops.v_landing_daily",
    )
    (there,) = rows(
        ch,
        "SELECT (SELECT count() FROM landing.events) AS messages, (SELECT count() FROM raw.dead_letters) AS rejected",
    )
    assert {k: landed[k] for k in there} == there
    assert landed["rejected"] > 0
    assert landed["longest"] > 0
    (letters,) = rows(r, "SELECT sum(letters) AS n FROM ops.v_rejected_daily")
    (reasons,) = rows(ch, "SELECT sum(length(reasons)) AS n FROM raw.dead_letters")
    assert letters == reasons
    fresh = rows(r, "SELECT event_type, messages, hours_since FROM ops.v_freshness")
    assert {f["event_type"] for f in fresh} == set(world.session.renderer.registry.events)
    assert all(f["hours_since"] is None or 0 <= f["hours_since"] < 2 for f in fresh)
    (reconciliations,) = rows(r, "SELECT sum(unbalanced) AS off, count() AS n FROM ops.v_reconciliation_history")
    assert reconciliations["n"] > 100
    assert reconciliations["off"] == 0
    assert {s["stage"] for s in rows(r, "SELECT * FROM ops.v_lag")} == {
        "landed",
        "graph",
        "marts",
        "reconciliation",
        "quality",
    }


def test_each_step_is_noted_with_what_became_of_it(world: World) -> None:
    noted = rows(world.session.reader, "SELECT step, error, seconds, failures FROM ops.v_run_history")
    assert {n["step"] for n in noted} >= {"ingest", "load", "graph", "marts", "reconcile", "quality"}
    assert all(n["seconds"] > 0 for n in noted)

    def breaks() -> None:
        with logged(world.session.ch, "broken"):
            raise ValueError("with a secret in it")

    with pytest.raises(ValueError, match="with a secret in it"):
        breaks()
    try:
        (row,) = rows(
            world.session.reader, "SELECT * EXCEPT (started_at, seconds) FROM ops.v_run_history WHERE step = 'broken'"
        )
        assert row == {"step": "broken", "error": "ValueError", "runs": 1, "failures": 1}
    finally:
        world.session.ch.command("ALTER TABLE ops.runs DELETE WHERE step = 'broken' SETTINGS mutations_sync = 1")


def test_a_series_that_is_too_long_ends_now(world: World) -> None:
    """What is left out is the oldest."""
    series = [a for _, some in load(world.session.renderer) for a in some if a.series and len(a.dimensions) == 1]
    assert len(series) > 20
    cut = 0
    for a in series:
        whole = rows(world.session.reader, a.sql(world.session.renderer))
        newest = rows(world.session.reader, a.sql(world.session.renderer, most=2))
        assert [r[a.view.time] for r in newest] == [r[a.view.time] for r in whole[-2:]], a.name
        cut += len(whole) > 2
    assert cut > 20
