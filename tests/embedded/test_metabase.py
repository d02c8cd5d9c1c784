"""Every question that Metabase would send, sent: with its filters' defaults, and with conditions as Metabase writes them."""

from __future__ import annotations

from typing import Any

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from clickvault.dashboards import Filter, load
from clickvault.dashboards.metabase.cards import asked_with, cards
from clickvault.marts.headers import View
from clickvault.stores.clickhouse import connect, rows
from tests.worlds import World


def chosen(choice: Filter, view: View, column: str) -> str:
    """A field filter in Metabase's words: the column by its whole name, a span of days for a time."""
    name = f"`{view.database}`.`v_{view.name}`.`{column}`"
    if choice.name == "time":
        return f"{name} BETWEEN toDate('2026-01-03') AND toDate('2026-01-09')"
    return f"({name} = '{choice.default or 'DE'}')"


def test_every_card_runs_as_the_login_that_reads(world: World) -> None:
    reader, renderer = world.session.reader, world.session.renderer
    found = cards(renderer, load(renderer))
    assert len(found) >= 60
    empty = []
    for card in found:
        answer = rows(reader, asked_with(card))
        steps = card.asked.tile.chart == "funnel"
        wanted = [*card.asked.dimensions, *(m.name for m in card.asked.metrics)]
        for row in answer[:1]:
            assert list(row) == ([*wanted, "step", "value"] if steps else wanted), card.name
        if not answer:
            empty.append(card.name)
        some = rows(reader, asked_with(card, chosen))
        if (
            card.asked.by_time
            and [f.name for f, _ in card.asked.filters] == ["time"]
            and card.asked.view.database == "marts"
        ):
            times = {str(r[card.asked.view.time])[:10] for r in some}
            assert all("2026-01-03" <= t <= "2026-01-09" for t in times), card.name
    assert len(empty) < 5, f"nothing to be seen: {empty}"


def test_a_card_s_number_is_the_mart_s(world: World) -> None:
    renderer = world.session.renderer
    [card] = [c for c in cards(renderer, load(renderer)) if c.name == "activity.dau"]
    answer = rows(world.session.reader, asked_with(card))
    sql = "SELECT day, dau FROM marts.v_platform_daily ORDER BY day"
    there: list[dict[str, Any]] = rows(world.session.ch, sql)
    assert len(there) >= 10
    assert answer == there


@pytest.mark.parametrize(
    "sql", ["INSERT INTO marts.platform_daily (day) VALUES ('2026-01-01')", "DROP VIEW marts.v_platform_daily"]
)
def test_the_login_of_the_tools_can_not_write(world: World, sql: str) -> None:
    client = connect(world.session.settings.clickhouse_reader_url)
    with pytest.raises(DatabaseError, match="164"):
        client.command(sql)
    client.close()
