"""How many rows there are at every store: what `demo` and `status --rows` show."""

from __future__ import annotations

from typing import Any

from clickvault.marts.build import all_marts
from clickvault.session import Session
from clickvault.sql.render import ch_identifier, pg_identifier
from clickvault.stores.clickhouse import rows
from clickvault.stores.postgres import rows as postgres_rows


def counts(session: Session) -> list[dict[str, Any]]:
    """One row a store and kind of table, in the order of the flow: store, what, rows."""
    s = session
    out: list[dict[str, Any]] = []
    for r in rows(
        s.ch,
        "SELECT splitByChar(':', source)[1] AS source, count() AS n, uniqExact(source, stream, partition, offset) AS messages "
        "FROM landing.events GROUP BY source ORDER BY source",
    ):
        out.append({"store": "ClickHouse", "what": f"landing.events from {r['source']}", "rows": r["messages"]})
    out.append(
        {"store": "ClickHouse", "what": "raw.dead_letters", "rows": _one(s, "SELECT count() FROM raw.dead_letters")}
    )
    raw = " UNION ALL ".join(
        f"SELECT count() AS n FROM raw.{ch_identifier(name)} FINAL" for name in s.renderer.registry.events
    )
    out.append(
        {"store": "ClickHouse", "what": "raw.* (valid, distinct)", "rows": _one(s, f"SELECT sum(n) FROM ({raw})")}
    )
    for prefix, what in (("hub_", "hubs"), ("link_", "links"), ("eff_", "effectivity"), ("sat_", "satellites")):
        out.append({"store": "PostgreSQL", "what": f"vault.{prefix}* ({what})", "rows": _vault_rows(s, prefix)})
    for r in rows(
        s.ch,
        "SELECT relation, toUInt64(maxIf(value, metric = 'nodes')) AS nodes, toUInt64(maxIf(value, metric = 'edges')) AS edges "
        "FROM graph.summary WHERE as_of = (SELECT max(as_of) FROM graph.summary) GROUP BY relation ORDER BY relation",
    ):
        out.append({"store": "graph", "what": f"{r['relation']}: nodes", "rows": r["nodes"]})
        out.append({"store": "graph", "what": f"{r['relation']}: relations", "rows": r["edges"]})
    for mart in all_marts(s.renderer):
        n = _one(s, f"SELECT count() FROM marts.{ch_identifier(mart.name)}")
        out.append({"store": "ClickHouse", "what": f"marts.{mart.name}", "rows": n})
    return out


def _one(session: Session, sql: str) -> int:
    row = session.ch.query(sql).first_row
    return int(row[0]) if row else 0


def _vault_rows(session: Session, prefix: str) -> int:
    """Rows of all tables of the vault whose names begin so."""
    tables = postgres_rows(
        session.pg,
        "select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = 'vault' and c.relkind in ('r', 'p') and starts_with(c.relname, %(prefix)s)",
        {"prefix": prefix},
    )
    union = " union all ".join(f"select count(*) as n from vault.{pg_identifier(t['name'])}" for t in tables)
    return int(postgres_rows(session.pg, f"select coalesce(sum(n), 0) as n from ({union}) t")[0]["n"]) if tables else 0
