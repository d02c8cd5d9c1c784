"""Waiting for what ClickHouse does, in place of sleeping."""

from __future__ import annotations

import time

from clickhouse_connect.driver.client import Client


def until(client: Client, sql: str, value: int, seconds: float = 60.0) -> None:
    """Ask until a query of one number has this answer; fails when that takes longer."""
    deadline = time.monotonic() + seconds
    while (found := client.query(sql).first_row) != (value,):
        assert time.monotonic() < deadline, f"{found}: {sql}"
        time.sleep(0.05)
