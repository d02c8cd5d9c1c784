"""Maintenance of what landed long ago: it goes, is booked, and reconciliation stays balanced; also when the same events come once more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from clickvault.pipeline.maintenance import maintain
from clickvault.pipeline.steps import STEPS, check, reconcile
from clickvault.session import Session
from clickvault.stores.clickhouse import rows
from tests.worlds import options, own_stack, send

pytestmark = pytest.mark.slow
WORLD = options(80, 4, dirt=0.02)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def s(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with own_stack(tmp_path_factory.mktemp("maintenance") / "home") as session:
        yield session


def through(s: Session) -> None:
    """The pipeline up to the marts, and reconciliation."""
    for step in ("ingest", "load", "graph", "marts"):
        STEPS[step](s)
    check(reconcile(s))


def landed(s: Session) -> int:
    return int(rows(s.ch, "SELECT count() AS n FROM landing.events")[0]["n"])


def grown_old(s: Session, days: int) -> None:
    """What landed, as if it had so many days before: landed and judged once more at that time, and the present months dropped."""
    months = [r["m"] for r in rows(s.ch, "SELECT DISTINCT toYYYYMM(landed_at) AS m FROM landing.events")]
    s.ch.command(
        f"INSERT INTO landing.events SELECT * REPLACE (landed_at - INTERVAL {days} DAY AS landed_at) FROM landing.events"
    )
    for month in months:
        for table in ("landing.events", "raw.rejected"):
            s.ch.command(f"ALTER TABLE {table} DROP PARTITION {month}")


def test_what_was_kept_long_enough_goes_and_reconciliation_balances(s: Session) -> None:
    """Messages of half a year ago are removed and booked; what comes then, old events once more among it, balances as before."""
    send(s, WORLD)
    through(s)
    grown_old(s, 200)
    check(reconcile(s))
    before = landed(s)
    assert before > 2_000
    assert sum(r["rows"] for r in maintain(s, only=["landing"], dry_run=True)) == before == landed(s)
    maintain(s, only=["landing"])
    assert landed(s) == 0
    assert rows(s.ch, "SELECT count() AS n FROM raw.rejected")[0]["n"] == 0
    check(reconcile(s))
    assert maintain(s, only=["landing"]) == []
    send(s, replace(WORLD, start=WORLD.start + 2 * DAY, end=WORLD.end + 2 * DAY))  # half of it was sent before
    through(s)
    assert landed(s) > 500
    # Whatever else there is to keep tidy, on a stack that has run.
    assert {d["step"] for d in maintain(s)} >= {"vacuum"}
    check(reconcile(s))
