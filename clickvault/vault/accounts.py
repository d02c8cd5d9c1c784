"""The accounts: for every table of the vault, what ClickHouse's raw tables say it must hold, and what it holds.

Counted independently of the bridge: by business keys, not by hashes, and over everything that is in raw. So an account
that does not balance means that the vault lacks rows (load, or rewind and load) or has rows that nobody sent.
"""

from __future__ import annotations

from typing import Any

from clickhouse_connect.driver.client import Client

from clickvault import postgres
from clickvault.accounts import Account
from clickvault.contract.assistance import pointer
from clickvault.postgres import Connection
from clickvault.render import Renderer
from clickvault.vault.snapshots import ends


def accounts(renderer: Renderer, ch: Client, pg: Connection) -> list[Account]:
    """One account a hub, link, satellite and effectivity satellite, and those of the PIT and bridge tables."""
    wanted = _asked(ch, renderer.render("vault/accounts_clickhouse.sql.j2"))
    with postgres.translated("counting the vault"):
        found = postgres.rows(pg, renderer.render("vault/accounts_postgres.sql.j2"))
    tables = [Account(row["name"], wanted.get(row["name"], 0), row["n"]) for row in found]
    return tables + (snapshot_accounts(renderer, ch, pg) if renderer.registry.snapshots else [])


def snapshot_accounts(renderer: Renderer, ch: Client, pg: Connection) -> list[Account]:
    """The PIT and bridge tables: the keys and pairs that they must have by what is in raw, and what they point to."""
    with postgres.translated("counting the vault's snapshots"):
        found = postgres.rows(pg, renderer.render("vault/accounts_snapshots_postgres.sql.j2", pointer=pointer))
        days = postgres.rows(pg, "select table_name, as_of from ops.snapshot")
    moments = {
        f"ends_{s.name}": [ends(row["as_of"]) for row in days if row["table_name"] == s.name]
        for s in renderer.registry.snapshots
    }
    wanted = _asked(ch, renderer.render("vault/accounts_snapshots_clickhouse.sql.j2"), moments)
    return [
        Account(row["name"], wanted.get(row["name"], 0) if row["wanted"] is None else row["wanted"], row["n"])
        for row in found
    ]


def _asked(ch: Client, sql: str, parameters: dict[str, Any] | None = None) -> dict[str, int]:
    settings = {"do_not_merge_across_partitions_select_final": 1}
    found = ch.query(sql, parameters=parameters, settings=settings).result_rows
    return {str(name): int(n) for name, n in found}
