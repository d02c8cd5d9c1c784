"""The marts' views as BI tools meet them, on the engine: what the headers declare is what is there."""

from __future__ import annotations

from collections import defaultdict

import pytest

from clickvault.contract import Registry
from clickvault.domains.social import DOMAIN
from clickvault.marts import build as marts
from clickvault.marts.headers import View, all_marts
from clickvault.pipeline import migrate as schema
from clickvault.session import Session
from clickvault.sql.render import Renderer
from clickvault.stores.clickhouse import rows
from tests.embedded.facts import ANNA, D1, D2, D3, HERE, POST, Facts, at
from tests.embedded.history import Events, Said
from tests.worlds import World

NUMBERS = "SELECT table, name, type FROM system.columns WHERE database = {d:String} AND startsWith(table, 'v_') AND type LIKE '%Float%'"


def not_numbers(session: Session) -> dict[str, int]:
    """By column, how many values of the views of marts and ops are nan or inf."""
    found: dict[str, int] = {}
    for database in ("marts", "ops"):
        columns: dict[str, list[str]] = defaultdict(list)
        for r in rows(session.ch, NUMBERS, {"d": database}):
            value = f"`{r['name']}`" if r["type"].startswith("Array") else f"[`{r['name']}`]"
            columns[r["table"]].append(f"sum(arrayCount(x -> NOT isFinite(ifNull(x, 0)), {value})) AS `{r['name']}`")
        for view, counts in columns.items():
            if view != "v_post_spread_at":  # is asked with a value, and has v_post_spread's formulas
                (row,) = rows(session.ch, f"SELECT {', '.join(counts)} FROM {database}.{view}")
                found |= {f"{database}.{view}.{name}": n for name, n in row.items() if n}
    return found


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


def test_no_view_shows_what_is_no_number(world: World) -> None:
    """A ratio of nothing is NULL: nan equals nothing, not even itself, and inf can't be drawn."""
    assert not_numbers(world.session) == {}


def test_ratios_of_nothing_are_null(facts: Facts) -> None:
    """What a backfill leaves in between: activity of a cohort whose joining was not built, ads without impressions, one user."""
    facts.put("user", "event_time user_id country language", (at(D1), ANNA, "DE", "de"))
    facts.put("like", "event_time user_id post_id", (at(D2), ANNA, POST))
    facts.put("ad_click", "event_time ad_id user_id cost_micros currency", (at(D2), HERE, ANNA, 3, "EUR"))
    facts.put("user_status", "event_time user_id status device", (at(D2, 1), ANNA, "online", "web"))
    facts.put("user_status", "event_time user_id status device", (at(D2, 1), ANNA, "offline", "web"))
    for mart in marts.all_marts(facts.session.renderer):
        facts.build(mart.name, D2, D3)
    facts.session.ch.command(
        "INSERT INTO marts.social_graph_daily (day, users, friendships) VALUES ({d:Date}, 0, 0)", {"d": D2}
    )
    facts.session.ch.command(
        "INSERT INTO marts.social_graph_daily SELECT {d:Date}, 1, 0, 0, 1, 1, 1, 0, 0, 0, sumMapState([toUInt32(1)], [toUInt64(0)])",
        {"d": D3},
    )
    assert not_numbers(facts.session) == {}
    (cohort,) = facts.ask("SELECT users, active_users, retention FROM marts.v_cohort_weekly")
    assert tuple(cohort.values()) == (0, 1, None)


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
        assert {(c.kind, c.name) for c in planned} <= {("view", view) for view in views}
        assert not [m for m in stale if marts.build_sql(changed, m) == marts.build_sql(s.renderer, m)]
    assert known
