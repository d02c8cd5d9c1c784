"""The accounts: for every table of the vault, what ClickHouse's raw tables say it must hold, and what it holds.

Counted independently of the bridge: by business keys, not by hashes, and over everything that is in raw. So an account
that does not balance means that the vault lacks rows (load, or rewind and load) or has rows that nobody sent.
"""

from __future__ import annotations

from clickhouse_connect.driver.client import Client

from clickvault import postgres
from clickvault.accounts import Account
from clickvault.postgres import Connection
from clickvault.render import Renderer


def accounts(renderer: Renderer, ch: Client, pg: Connection) -> list[Account]:
    """One account a hub, link, satellite and effectivity satellite: two queries, one to each engine."""
    settings = {"do_not_merge_across_partitions_select_final": 1}
    wanted = {
        str(name): int(n)
        for name, n in ch.query(renderer.render("vault/accounts_clickhouse.sql.j2"), settings=settings).result_rows
    }
    with postgres.translated("counting the vault"):
        found = postgres.rows(pg, renderer.render("vault/accounts_postgres.sql.j2"))
    return [Account(row["name"], wanted.get(row["name"], 0), row["n"]) for row in found]
