"""The graph stage: relations between nodes of one kind are measured, and the measures go to ClickHouse and the vault.

    vault views -> schema `graph` of PostgreSQL -> engine -> vault.sat_<hub>_centrality, ClickHouse `graph`.*

Two engines: Neo4j with its Graph Data Science where NEO4J_URI is set, networkx otherwise. networkx keeps nothing between
runs: the graph is read whole from the views each time, so that an edge that ended is simply not there. Neo4j keeps all nodes
and relations, and takes what changed (`sync`) before it measures. When the graph is the one that the day's results tell of, they
stay. `as_of` names the day that the results are kept under; what is measured is the vault as it is now.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from clickvault.graph.checks import reconciliations
from clickvault.graph.interface import GraphData, GraphEngine, GraphResult, Metric
from clickvault.graph.relations import measured
from clickvault.graph.sql import satellite_sql, schema_sql, views_sql
from clickvault.graph.store import read_graph, read_summaries, write_results, write_satellites

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from clickvault.reconciliation import Reconciliation
    from clickvault.settings import Settings
    from clickvault.sql.render import Renderer

log = logging.getLogger(__name__)

__all__ = [
    "GraphData", "GraphEngine", "GraphResult", "GraphSummary", "Metric", "engine_for", "reconciliations", "run",
    "satellite_sql", "schema_sql", "sync_reconciliations", "views_sql",
]  # fmt: skip


@dataclass(frozen=True)
class GraphSummary:
    """One relation's figures of a day; `computed` is False where the results of an earlier run still hold."""

    as_of: date
    relation: str
    label: str
    metrics: dict[str, Metric]
    computed: bool


def engine_for(settings: Settings) -> GraphEngine:
    """The engine that the settings ask for."""
    if settings.neo4j_uri:
        from clickvault.graph.neo4j_engine import Neo4jEngine

        return Neo4jEngine(settings)
    from clickvault.graph.networkx_engine import NetworkxEngine

    return NetworkxEngine()


def sync_reconciliations(settings: Settings, renderer: Renderer, ch: Client, pg: Any) -> list[Reconciliation]:
    """The vault's nodes and relations against the graph database's, where there is one."""
    with closing(engine_for(settings)) as engine:
        return engine.reconciliations(renderer, ch, pg)


def run(
    settings: Settings,
    renderer: Renderer,
    ch: Client,
    pg: Any,
    as_of: date,
    progress: Callable[[str], None] | None = None,
    force: bool = False,
) -> list[GraphSummary]:
    """Measure every relation between nodes of one kind, and write the results under the day `as_of`.

    `pg` is a psycopg2 connection outside a transaction; the tables and views of `schema_sql`, `views_sql` and
    `satellite_sql` are there. `progress` is told what is being done. A day whose results are those of the same graph
    and complete is left as it is, unless `force`, which makes the engine's own copy of the graph anew, too. Running again after a crash is safe (see `store`).
    """
    with closing(engine_for(settings)) as engine:
        return _run(engine, renderer, ch, pg, as_of, progress or (lambda _: None), force)


def _run(
    engine: GraphEngine,
    renderer: Renderer,
    ch: Client,
    pg: Any,
    as_of: date,
    tell: Callable[[str], None],
    force: bool,
) -> list[GraphSummary]:
    engine.prepare(renderer, ch, pg, tell, whole=force)
    graphs = []
    for relation in measured(renderer.registry):
        tell(f"{relation.type}: reading")
        graphs.append((relation, read_graph(renderer, pg, relation)))

    kept = read_summaries(renderer, ch, as_of)
    same = {r: m["fingerprint"].note for r, m in kept.items() if "fingerprint" in m} == {
        g.relation: g.fingerprint_of(engine.name) for _, g in graphs
    }
    if same and not force and all(a.ok for a in reconciliations(renderer, ch, pg)):
        tell(f"unchanged since the results of {as_of}")
        return [GraphSummary(as_of, g.relation, g.label, kept[g.relation], computed=False) for _, g in graphs]

    results = []
    for relation, graph in graphs:
        tell(f"{graph.relation}: measuring {graph.nodes:,} nodes, {graph.edges:,} edges")
        results.append((relation, graph, engine.compute(graph)))
        log.info("graph: %s measured: %d nodes, %d edges", graph.relation, graph.nodes, graph.edges)
    tell("writing the results")
    write_satellites(renderer, pg, as_of, results)
    write_results(renderer, ch, as_of, results)
    return [GraphSummary(as_of, g.relation, g.label, result.summary, computed=True) for _, g, result in results]
