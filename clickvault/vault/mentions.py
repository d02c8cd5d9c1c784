"""Keys in doubt: what first mentioned them was a copy of an event, and a copy that its source gave earlier has taken its place.

A merge notes such keys (ops.doubtful_key). At the end of a load ClickHouse is asked who mentions them now: a key that nothing mentions
leaves its hub or link, another gets the source that saw it first. One transaction, which excludes merges: what they would add
meanwhile they add afterwards. A crash leaves the notes for the next load.
"""

from __future__ import annotations

import logging
from typing import Any

from clickhouse_connect.driver.client import Client
from psycopg2.extras import execute_values

from clickvault.contract.vault import LinkSpec, VaultSpec
from clickvault.sql.render import Renderer, pg_identifier
from clickvault.stores import postgres
from clickvault.stores.clickhouse import rows
from clickvault.stores.postgres import Connection

log = logging.getLogger(__name__)
KEYS = 10_000  # asked at once


def settle(renderer: Renderer, ch: Client, pg: Connection) -> int:
    """Settle the keys in doubt. Returns how many left the vault."""
    if not postgres.rows(pg, "select 1 from ops.doubtful_key limit 1"):
        return 0
    left = 0
    with pg, pg.cursor() as cursor:
        cursor.execute("lock table ops.doubtful_key in share row exclusive mode")
        cursor.execute("select table_name, array_agg(distinct hk::text) from ops.doubtful_key group by 1 order by 1")
        for table, keys in cursor.fetchall():
            for at in range(0, len(keys), KEYS):
                left += _settle(renderer, ch, cursor, table, keys[at : at + KEYS])
        cursor.execute("delete from ops.doubtful_key")
        if left:
            cursor.execute("delete from ops.graph_object")
    if left:
        log.warning("%d keys left the vault: only superseded copies of events had mentioned them", left)
    return left


def _settle(renderer: Renderer, ch: Client, cursor: Any, table: str, keys: list[str]) -> int:
    kind, name = table.split("_", 1)
    key = "hk" if kind == "hub" else "lhk"
    sql = mentions_sql(renderer, table)
    found = [(str(r["key"]), r["first_seen"] + "+00", r["record_source"]) for r in rows(ch, sql, {"keys": keys})]
    gone = sorted(set(keys) - {k for k, *_ in found})
    where = pg_identifier(f"vault.{table}")
    if gone:
        cursor.execute(f"delete from {where} where {key} = any(%s::uuid[])", (gone,))
    if found:
        execute_values(
            cursor,
            f"update {where} t set first_seen = v.at::timestamptz, record_source = v.source"
            f" from (values %s) as v (key, at, source) where t.{key} = v.key::uuid",
            found,
        )
    if kind == "hub" and any(s.kind == "pit" and s.hub == name for s in renderer.registry.snapshots):
        seen = pg_identifier(f"vault.seen_{name}")
        cursor.execute(f"delete from {seen} where hk = any(%s::uuid[])", (keys,))
        if found:
            execute_values(
                cursor,
                f"insert into {seen} (hk, event_time, load_ts) values %s",
                [(k, at) for k, at, _ in found],
                "(%s::uuid, %s::timestamptz, now())",
            )
        cursor.execute("update ops.snapshot set definition = '' where table_name = %s", (f"pit_{name}",))  # built anew
    return len(gone)


def mentions_sql(renderer: Renderer, table: str) -> str:
    """The question to ClickHouse for the keys of a hub or a link."""
    kind, name = table.split("_", 1)
    vaults: list[VaultSpec] = renderer.vaults()
    link: LinkSpec | None = None
    if kind == "hub":
        vaults = [v for v in vaults if name in {k.hub for k in v.keys}]
    else:
        vaults = [v for v in vaults if any(one.name == name for one in v.links)]
        link = next(one for one in vaults[0].links if one.name == name)
    return renderer.render("vault/mentions.sql.j2", hub="" if link else name, link=link, vaults=vaults)
