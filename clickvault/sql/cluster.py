"""ClickHouse's objects as a cluster has them, made from the rendered statements of one server. Pure text; without a cluster unchanged.

    landing.events, raw.*        sharded by their sorting key, so that all copies of an event or position lie on one shard, where
                                 FINAL finds them: <name>_local holds the rows (replicated), <name> is Distributed over them
    marts.*, graph.*, ops.*      small, and written by one server at a time: a replica on every server of every shard
    queues, feeds, views         on every server; each server's queues take their share of the partitions

Queues write to the local landing table and the validating views read it there, so that a message is validated where it landed; accepted
rows go to the shard of their event. Templates describe one server, apart from the GLOBAL IN of two; this module places the tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from clickvault.errors import ContractError
from clickvault.sql.objects import SqlObject
from clickvault.sql.render import ch_identifier

SHARDED = ("landing", "raw")
LANDING = "landing.events"
_CREATE = re.compile(
    r"\A(CREATE (?:OR REPLACE )?(?:TABLE|MATERIALIZED VIEW|VIEW|DATABASE)(?: IF NOT EXISTS)?|DROP (?:TABLE|VIEW)(?: IF EXISTS)?"
    r"|ALTER TABLE|TRUNCATE TABLE(?: IF EXISTS)?) ([A-Za-z0-9_.`]+)"
)
_ENGINE = re.compile(r"^ENGINE = (\w*MergeTree)(?:\(([^)\n]*)\))?", re.MULTILINE)
_SORTED = re.compile(r"^ORDER BY (?:\(([^()\n]+)\)|(\w+))$", re.MULTILINE)
_COLUMNS = re.compile(r"\(\n.*?\n\)\n(?=ENGINE = )", re.DOTALL)


def on_cluster(sql: str, cluster: str) -> str:
    """A CREATE, DROP, ALTER or TRUNCATE that is run on every server of `cluster`; the same text where there is none.

    Raises ContractError for a statement of another kind.
    """
    if not cluster:
        return sql
    changed, count = _CREATE.subn(lambda m: f"{m[1]} {m[2]} ON CLUSTER {ch_identifier(cluster)}", sql, count=1)
    if not count:
        raise ContractError(f"no statement that a cluster runs: {sql[:60]!r}")
    return changed


def clustered(objects: Iterable[SqlObject], cluster: str) -> list[SqlObject]:
    """The objects of one server as objects of a cluster, in the order of creation."""
    if not cluster:
        return list(objects)
    found: list[SqlObject] = []
    for o in objects:
        if _ENGINE.search(o.sql) and o.name.partition(".")[0] in SHARDED:
            found += _sharded(o, cluster)
        elif _ENGINE.search(o.sql):
            found.append(replace(o, sql=on_cluster(_replicated(o.sql, everywhere=True), cluster)))
        else:
            found.append(replace(o, sql=on_cluster(_landing_is_local(o), cluster)))
    return found


def _replicated(sql: str, everywhere: bool) -> str:
    """The table with a replicated engine. The path has the table's UUID, which one statement gives on all servers alike."""
    path, replica = ("all", "{shard}-{replica}") if everywhere else ("{shard}", "{replica}")

    def engine(match: re.Match[str]) -> str:
        rest = f", {match[2]}" if match[2] else ""
        return f"ENGINE = Replicated{match[1]}('/clickvault/{{uuid}}/{path}', '{replica}'{rest})"

    return _ENGINE.sub(engine, sql, count=1)


def _sharded(o: SqlObject, cluster: str) -> list[SqlObject]:
    """The local table, and the one over all shards, sharded by the sorting key."""
    database, table = o.name.split(".")
    key = _SORTED.search(o.sql)
    columns = _COLUMNS.search(o.sql)
    if not key or not columns:
        raise ContractError(f"{o.name}: a sharded table has columns and an ORDER BY of columns")
    name = f"{o.name}_local"
    local = _CREATE.sub(lambda m: f"{m[1]} {ch_identifier(name)}", o.sql, count=1)
    without_indexes = re.sub(r",?\n\s*INDEX [^\n]*", "", columns[0])
    over = (
        f"CREATE TABLE IF NOT EXISTS {ch_identifier(o.name)}\n{without_indexes}"
        f"ENGINE = Distributed({ch_identifier(cluster)}, {ch_identifier(database)}, {ch_identifier(f'{table}_local')}, "
        f"cityHash64({key[1] or key[2]}))"
    )
    return [
        SqlObject(o.kind, name, on_cluster(_replicated(local, everywhere=False), cluster)),
        SqlObject(o.kind, o.name, on_cluster(over, cluster)),
    ]


def _landing_is_local(o: SqlObject) -> str:
    """Feeds read, and pulls write, the landing table of their own server."""
    if o.kind not in ("feed", "pull"):
        return o.sql
    return re.sub(rf"\b(FROM|TO) {re.escape(LANDING)}\b", rf"\1 {LANDING}_local", o.sql)
