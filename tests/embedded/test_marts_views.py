"""The marts' views as BI tools meet them, on the engine: what the headers declare is what is there."""

from __future__ import annotations

import pytest

from clickvault.clickhouse import rows
from clickvault.contract import Registry
from clickvault.mart_headers import View, all_marts
from clickvault.render import Renderer
from contracts.social import DOMAIN
from tests.worlds import World

VIEWS = [view for mart in all_marts(Renderer(Registry([DOMAIN]))) for view in mart.views]


@pytest.mark.parametrize("view", VIEWS, ids=lambda v: v.name)
def test_a_view_has_the_columns_that_its_header_declares(world: World, view: View) -> None:
    """In their order: dictionary and dashboards are made from the header, and would show what is not there."""
    found = rows(
        world.session.ch,
        "SELECT name, type FROM system.columns WHERE database = 'marts' AND table = {t:String} ORDER BY position",
        {"t": f"v_{view.name}"},
    )
    assert [r["name"] for r in found] == view.columns
    assert not [r for r in found if r["type"].startswith("AggregateFunction")], "a state, which no BI tool can show"


@pytest.mark.parametrize("view", VIEWS, ids=lambda v: v.name)
def test_no_view_is_trivial(world: World, view: View) -> None:
    """A metric that is the same everywhere in a living world is not computed, or is nothing to look at."""
    metrics = ", ".join(f"uniqExact(`{m}`) AS `{m}`" for m in view.metrics)
    (found,) = rows(world.session.ch, f"SELECT {metrics} FROM {view.table}")
    (n,) = rows(world.session.ch, f"SELECT count() AS n FROM {view.table}")
    assert n["n"] > 0
    if n["n"] > 1:
        assert {m for m, values in found.items() if values < 2} == set()
