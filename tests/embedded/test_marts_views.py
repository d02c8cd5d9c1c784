"""The marts' views as BI tools meet them, on the engine: what the headers declare is what is there."""

from __future__ import annotations

import pytest

from clickvault import marts, schema
from clickvault.clickhouse import rows
from clickvault.contract import Registry
from clickvault.mart_headers import View, all_marts
from clickvault.render import Renderer
from contracts.social import DOMAIN
from tests.embedded.history import Events, Said
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


@pytest.mark.parametrize(
    ("view", "key", "shown"),
    [
        ("user_centrality", "user_id", {"username": "username", "country": "country", "language": "language"}),
        ("author_virality_daily", "author_id", {"author": "username"}),
        ("post_spread", "author_id", {"author": "username"}),
        ("creator_revenue_daily", "creator_id", {"creator": "username"}),
    ],
)
def test_people_are_shown_as_their_newest_event_has_them(
    world: World, events: Events, view: str, key: str, shown: dict[str, str]
) -> None:
    users = Said(events, ("user",), "user_id")
    found = rows(world.session.ch, f"SELECT {key}, {', '.join(shown)} FROM marts.v_{view}")
    for row in found:
        said = users.newest(str(row[key])) or dict.fromkeys(shown.values(), "unknown")
        assert {column: row[column] for column in shown} == {c: said[field] for c, field in shown.items()}, row[key]
    assert len({tuple(r.values()) for r in found}) > 5


def test_a_parameter_changes_what_is_planned(world: World) -> None:
    """The setting alone is changed: `plan` names the views that have it in their formulas, or their days are out of date."""
    s = world.session
    known = {name for mart in all_marts(s.renderer) for name in mart.parameters}
    assert schema.plan_clickhouse(s.ch, schema.clickhouse_objects(s.renderer, s.settings)) == []
    for name in known:
        changed = Renderer(s.renderer.registry, parameters=s.renderer.parameters | {name: 3})
        planned = schema.plan_clickhouse(s.ch, schema.clickhouse_objects(changed, s.settings))
        views = {v.table for m in all_marts(changed) if name in m.parameters for v in m.views}
        stale = [m for m in all_marts(changed) if name in m.parameters and marts.stale_days(s.ch, changed, m)]
        assert planned or stale, name
        assert {c.name for c in planned} <= {f"view {view}" for view in views}
        assert not [m for m in stale if marts.build_sql(changed, m) == marts.build_sql(s.renderer, m)]
    assert known
