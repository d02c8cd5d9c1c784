"""The accounts: for every table of the vault, what ClickHouse's raw tables say it must hold, and what it holds.

Counted independently of the bridge: by business keys, not by hashes, and over everything that is in raw. So an account
that does not balance means that the vault lacks rows (load, or rewind and load) or has rows that nobody sent.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from clickhouse_connect.driver.client import Client

from clickvault import postgres
from clickvault.accounts import Account
from clickvault.contract.assistance import pointer
from clickvault.postgres import Connection
from clickvault.render import Renderer
from clickvault.vault.snapshots import ends

QUERY_SETTINGS = {"do_not_merge_across_partitions_select_final": 1}


def accounts(renderer: Renderer, ch: Client, pg: Connection) -> list[Account]:
    """One account a hub, link, satellite and effectivity satellite, and those of the PIT and bridge tables.

    The latter are counted on their last day: the keys and pairs that raw has at its end, and the versions that they point to.
    """
    with postgres.translated("counting the vault"):
        tables = postgres.rows(pg, renderer.render("vault/accounts_postgres.sql.j2"))
        snapshots, last = [], {}
        if renderer.registry.snapshots:
            snapshots = postgres.rows(pg, renderer.render("vault/accounts_snapshots_postgres.sql.j2", pointer=pointer))
            last = {
                row["table_name"]: row["day"]
                for row in postgres.rows(pg, "select table_name, max(as_of) as day from ops.snapshot group by 1")
            }
    moments = {f"end_{s.name}": ends(last.get(s.name, date(1970, 1, 1))) for s in renderer.registry.snapshots}
    wanted: dict[str, int] = {}
    for template in ("accounts_clickhouse", "accounts_snapshots_clickhouse"):
        found = ch.query(renderer.render(f"vault/{template}.sql.j2"), parameters=moments, settings=QUERY_SETTINGS)
        wanted |= {str(name): int(n) for name, n in found.result_rows}
    return [
        *(Account(row["name"], wanted.get(row["name"], 0), row["n"]) for row in tables),
        *(Account(row["name"], _other_side(row, wanted), row["n"]) for row in snapshots),
    ]


def _other_side(row: dict[str, Any], wanted: dict[str, int]) -> int:
    if row["wanted"] is not None:
        return int(row["wanted"])
    return wanted.get(row["other_side"] or row["name"], 0)
