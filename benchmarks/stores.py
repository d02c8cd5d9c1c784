"""What each store holds of an event, and how long each step of the pipeline took: of a stack that has run something.

    clickvault demo; python -m benchmarks.stores [--json]

Bytes are those on disk, compressed where the store compresses, with indexes; of Apache Kafka and Neo4j where the stack has them.
Seconds are those of ops.runs: of each step the longest run, which took most of the events. docs/scale.md counts with these.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from clickvault.session import Session, open_session
from clickvault.stores import postgres
from clickvault.stores.clickhouse import rows

CLICKHOUSE = """
SELECT database || if(database = 'landing', '.events', '') AS what, sum(rows) AS rows, sum(bytes_on_disk) AS bytes
FROM system.parts WHERE active AND database IN ('landing', 'raw', 'marts', 'graph', 'ops') GROUP BY 1 ORDER BY 1
"""
POSTGRES = """
select split_part(relname, '_', 1) || '_*' as what, sum(greatest(reltuples, 0))::bigint as rows, sum(pg_total_relation_size(c.oid))::bigint as bytes
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where nspname in ('vault', 'vault_months') and relkind = 'r' group by 1 order by 1
"""
STEPS = "SELECT step, max(seconds) AS seconds FROM ops.runs WHERE NOT failed GROUP BY step ORDER BY min(started_at)"
EVENTS = "SELECT uniqExact(source, stream, partition, offset) AS messages FROM landing.events"
SENT = "SELECT uniqExact(stream, partition, offset) AS n FROM landing.events WHERE startsWith(source, 'kafka:')"


def on_disk(folder: Path) -> int:
    """Bytes of the files below a folder."""
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) if folder.exists() else 0


def measure(s: Session) -> dict[str, Any]:
    """Messages, the stores' sizes, the steps' seconds."""
    with s.pg, s.pg.cursor() as cursor:
        cursor.execute("select sum(staged) from ops.load_log")
        loaded = int(cursor.fetchone()[0])
    s.pg.autocommit = True
    with s.pg.cursor() as cursor:
        cursor.execute("analyze")
    s.pg.autocommit = False
    messages = int(rows(s.ch, EVENTS)[0]["messages"])
    sent = int(rows(s.ch, SENT)[0]["n"])
    stores = [("ClickHouse", r) for r in rows(s.ch, CLICKHOUSE)]
    stores += [("PostgreSQL", r) for r in postgres.rows(s.pg, POSTGRES)]
    home = s.settings.home
    stores.append(("Kafka", {"what": "its log", "rows": sent, "bytes": on_disk(home / "kafka" / "data")}))
    stores.append(("Neo4j", {"what": "its store", "rows": 0, "bytes": on_disk(home / "neo4j" / "data" / "databases")}))
    return {
        "messages": messages,
        "loaded": loaded,
        "stores": [
            {"store": store, **r, "bytes_per_message": round(r["bytes"] / messages, 1)}
            for store, r in stores
            if r["bytes"]
        ],
        "steps": [
            {**r, "seconds": round(r["seconds"], 1), "messages_per_second": round(messages / r["seconds"])}
            for r in rows(s.ch, STEPS)
        ],
    }


def table(found: list[dict[str, Any]]) -> str:
    """The rows as a table in Markdown."""
    head = list(found[0])
    lines = [
        head,
        ["---"] * len(head),
        *([f"{v:,}" if isinstance(v, int) else str(v) for v in r.values()] for r in found),
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with open_session() as session:
        result = measure(session)
    if asked.json:
        print(json.dumps(result, indent=2))
    else:
        print(f"{result['messages']:,} messages, {result['loaded']:,} loaded\n")
        print(table(result["stores"]), "\n")
        print(table(result["steps"]))
