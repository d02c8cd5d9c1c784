"""The graph's way out of the vault and its results' way back: PostgreSQL and ClickHouse.

A day is written in this order, and a crash at any point is made good by running the day again:

1. the business satellites, in one PostgreSQL transaction      crash: the next run writes the same rows again
2. staging tables in ClickHouse, emptied first                 crash: nobody reads them
3. REPLACE PARTITION of scores and the others                  crash: the summary still tells of the earlier run
4. REPLACE PARTITION of summary, which has the fingerprint     done: a run that finds the same fingerprint may skip
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from clickvault.graph import sql
from clickvault.graph.interface import MEASURES, GraphData, GraphResult, Metric, simple_graph
from clickvault.stores import clickhouse

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from clickvault.graph.relations import GraphRelation
    from clickvault.sql.render import Renderer

Measured = Sequence[tuple["GraphRelation", GraphData, GraphResult]]


def read_graph(renderer: Renderer, pg: Any, relation: GraphRelation) -> GraphData:
    """The graph of `relation` as the vault has it now, in one snapshot."""
    buffer = io.StringIO(newline="")
    with pg, pg.cursor() as cursor:
        cursor.copy_expert(sql.read_sql(renderer, relation), buffer)
    buffer.seek(0)
    nodes: list[tuple[str, str]] = []
    edges: list[tuple[str, str]] = []
    for key, hash_key, target in csv.reader(buffer):
        if hash_key:
            nodes.append((key, hash_key))
        else:
            edges.append((key, target))
    return simple_graph(relation.type, relation.source.label, not relation.undirected, nodes, edges)


def write_satellites(renderer: Renderer, pg: Any, as_of: date, measured: Measured) -> None:
    """Put the day's measures into the business satellites, in one transaction; an earlier run of the day goes."""
    with pg, pg.cursor() as cursor:
        for relation, graph, result in measured:
            cursor.execute(sql.clear_satellite_sql(renderer, relation), {"as_of": as_of, "relation": relation.type})
            buffer = io.StringIO(newline="")
            columns = [getattr(result.scores, m).tolist() for m in MEASURES]
            csv.writer(buffer).writerows(
                (hash_key, as_of, relation.type, *values)
                for hash_key, *values in zip(graph.hash_keys, *columns, strict=True)
            )
            buffer.seek(0)
            cursor.copy_expert(sql.fill_satellite_sql(renderer, relation), buffer)


def write_results(renderer: Renderer, ch: Client, as_of: date, measured: Measured) -> None:
    """Put the day's results into ClickHouse; an earlier run of the day goes."""
    for table in sql.TABLES:
        ch.command(f"TRUNCATE TABLE graph.{table}_staging")
    staged = dict.fromkeys(sql.TABLES, 0)
    for _, graph, result in measured:
        ids = graph.ids
        scores = [getattr(result.scores, m).tolist() for m in MEASURES]
        communities = ((c.community, c.size, c.internal_edges, c.boundary_edges) for c in result.communities)
        content = {
            "scores": [[graph.label] * graph.nodes, list(ids), *scores],
            "distances": _columns(enumerate(result.distances, 1)),
            "communities": _columns(communities),
            "suggestions": _columns(
                (graph.label, ids[s.node], ids[s.suggested], s.rank, s.similarity) for s in result.suggestions
            ),
            "summary": _columns((name, m.value, m.note) for name, m in result.summary.items()),
        }
        for table, columns in content.items():
            staged[table] += _stage(ch, table, as_of, graph.relation, columns)
    for table, rows in staged.items():
        ch.command(sql.replace_sql(renderer, table, as_of, empty=not rows))


def _columns(rows: Iterable[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _stage(ch: Client, table: str, as_of: date, relation: str, columns: list[list[Any]]) -> int:
    """Insert columns, after those of day and relation, into a staging table. Returns the number of rows."""
    rows = len(columns[-1]) if columns else 0
    if rows:
        ch.insert(
            f"{table}_staging",
            [[as_of] * rows, [relation] * rows, *columns],
            database="graph",
            column_oriented=True,
            settings={"insert_deduplicate": 0},  # a repeated day is meant, on replicated tables too
        )
    return rows


def read_summaries(renderer: Renderer, ch: Client, as_of: date) -> dict[str, dict[str, Metric]]:
    """What was last written of the day: by relation, by metric."""
    found: dict[str, dict[str, Metric]] = {}
    for row in clickhouse.rows(ch, renderer.render("graph/summary.sql.j2"), {"as_of": as_of}):
        found.setdefault(row["relation"], {})[row["metric"]] = Metric(row["value"], row["note"])
    return found
