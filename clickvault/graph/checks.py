"""The graph's reconciliation checks: what the vault holds is what was measured, and nothing of a result is missing.

Measured against the vault is the newest day; the tables of results are held against each other over all days, so that
a row lost on any day shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clickvault.graph import sql
from clickvault.graph.interface import SUMMARY_METRICS
from clickvault.graph.relations import measured
from clickvault.reconciliation import Reconciliation
from clickvault.stores import clickhouse

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from clickvault.graph.relations import GraphRelation
    from clickvault.sql.render import Renderer


def reconciliations(renderer: Renderer, ch: Client, pg: Any) -> list[Reconciliation]:
    """The checks of every measured relation; before the first measurement they say what is yet to be measured."""
    return [a for relation in measured(renderer.registry) for a in _of_relation(renderer, ch, pg, relation)]


def _of_relation(renderer: Renderer, ch: Client, pg: Any, relation: GraphRelation) -> list[Reconciliation]:
    ask_postgres, ask_clickhouse = sql.reconciliation_sql(renderer, relation)
    with pg, pg.cursor() as cursor:
        cursor.execute(ask_postgres, {"relation": relation.type})
        names = [column[0] for column in cursor.description]
        vault = {name: int(value) for name, value in zip(names, cursor.fetchone(), strict=True)}
    graph = {k: int(v) for k, v in clickhouse.rows(ch, ask_clickhouse, {"relation": relation.type})[0].items()}

    def check(name: str, expected: int, actual: int) -> Reconciliation:
        return Reconciliation(f"graph {relation.type}: {name}", expected, actual)

    satellite = f"vault.{relation.satellite}"
    return [
        check("live nodes of the vault = nodes measured", vault["nodes"], graph["newest_nodes"]),
        check("edges in force in the vault = edges measured", vault["edges"], graph["newest_edges"]),
        check("days x metrics = rows of graph.summary", graph["days"] * len(SUMMARY_METRICS), graph["metrics"]),
        check("nodes measured = rows of graph.scores", graph["nodes"], graph["score_rows"]),
        check("2 x edges measured = degrees in graph.scores", 2 * graph["edges"], graph["score_degrees"]),
        check("diameters = rows of graph.distances", graph["diameters"], graph["distance_rows"]),
        check("connected pairs = pairs in graph.distances", graph["reachable_pairs"], graph["distance_pairs"]),
        check("communities found = rows of graph.communities", graph["community_count"], graph["community_rows"]),
        check("nodes measured = members in graph.communities", graph["nodes"], graph["community_sizes"]),
        check(f"rows of graph.scores = rows of {satellite}", graph["score_rows"], vault["satellite_rows"]),
        check(f"degrees in graph.scores = degrees in {satellite}", graph["score_degrees"], vault["satellite_degrees"]),
    ]
