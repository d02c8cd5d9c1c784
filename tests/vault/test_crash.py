"""PostgreSQL is killed in mid-bridge: a load after the restart leaves what an undisturbed one leaves."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from clickvault.errors import StoreError
from clickvault.stores import postgres
from clickvault.vault import apply_postgres, load, merge, reconciliations
from clickvault.vault import loader as bridge
from tests.vault import shop
from tests.vault.conftest import Server
from tests.vault.staging import Raw, event_id, fetch
from tests.vault.test_bridge import Settings

pytestmark = pytest.mark.slow
SHOP = shop.renderer()
ROWS = 40_000


@pytest.fixture
def frail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A PostgreSQL that may be killed."""
    server = Server(tmp_path_factory.mktemp("frail"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


def fill(raw: Raw) -> None:
    raw.create(SHOP)
    start = datetime(2026, 1, 30, tzinfo=UTC)
    rows = [
        {
            "event_id": event_id(n % (ROWS - 1000)),  # the last thousand repeat the first
            "event_time": start + timedelta(seconds=10 * (n % (ROWS - 1000))),
            "op": "delete" if n % 7 == 0 else "create",
            "order_id": str(n % 997),
            "customer_id": f"c{n % 31}",
        }
        for n in range(ROWS)
    ]
    raw.insert("order_customer", rows)
    raw.safe(ROWS)


def content(url: str) -> dict[str, Any]:
    """What the vault holds, without the times of loading."""
    pg = postgres.connect(url)
    out = {
        table: fetch(
            pg,
            f"select count(*), md5(string_agg(r, ',' order by r)) from (select {columns}::text r from vault.{table}) t",
        )
        for table, columns in {
            "hub_order": "(hk, bk)",
            "hub_customer": "(hk, bk)",
            "link_order_customer": "(lhk, hk_order, hk_customer)",
            "eff_order_customer": "(driving_hk, event_time, event_id, lhk, is_open)",
            "v_eff_order_customer": "(lhk, valid_from, valid_to)",
        }.items()
    }
    pg.close()
    return out


def test_kill_in_mid_bridge(frail: Server, ch: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = Raw(ch, frail.url)
    raw.begin()
    fill(raw)
    blows: list[threading.Thread] = []
    plan = [("stage", 0.0), ("stage", 0.1), ("staged", 0.0), ("merge", 0.05), ("merge", 0.15), ("merged", 0.0)]

    def strike(here: str) -> None:
        """Kill the server so many seconds after this moment, once a round."""
        if plan and plan[0][0] == here and not blows:
            blows.append(threading.Timer(plan[0][1], frail.kill))
            blows[0].start()

    def stage(*args: Any) -> Any:
        strike("stage")
        found = real_stage(*args)
        strike("staged")
        return found

    def merging(*args: Any) -> Any:
        strike("merge")
        found = merge(*args)
        strike("merged")
        return found

    real_stage = bridge._stage
    monkeypatch.setattr(bridge, "_stage", stage)
    monkeypatch.setattr(bridge, "merge", merging)
    pg = postgres.connect(frail.url)
    apply_postgres(pg, SHOP)
    pg.close()
    killed = 0
    while plan:
        pg = postgres.connect(frail.url)
        try:
            load(Settings(9_000), SHOP, ch, pg)
        except StoreError:
            killed += 1
        pg.close()
        assert blows
        blows.pop().join()
        plan.pop(0)
        frail.start()
    assert killed >= 3
    pg = postgres.connect(frail.url)
    load(Settings(9_000), SHOP, ch, pg)
    assert [a for a in reconciliations(SHOP, ch, pg) if not a.ok] == []
    assert fetch(pg, "select next_offset >= %s from ops.watermark", ROWS - 1000) == [(True,)]
    disturbed = content(frail.url)

    with pg, pg.cursor() as cursor:
        for schema in ("stage", "vault", "vault_months", "ops"):
            cursor.execute(f"drop schema {schema} cascade")
    apply_postgres(pg, SHOP)
    load(Settings(), SHOP, ch, pg)
    pg.close()
    assert content(frail.url) == disturbed
