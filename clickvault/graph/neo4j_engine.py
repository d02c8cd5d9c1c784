"""The engine that runs in Neo4j: its Graph Data Science measures the graph that `sync` keeps there.

Method of each measure: PageRank, betweenness, closeness, harmonic, triangles, clustering, core, component and community
(Leiden) by GDS, converted to the definitions of `interface`. GDS has no distribution of distances: that, and closeness and
harmonic where they must be estimated, come from the same edges by `distances`. Degrees are those of the edges, and GDS's are
held against them, so that a projection that is not the vault's graph is never measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from clickvault.errors import ConfigurationError, StoreError
from clickvault.graph import cypher, distances, results
from clickvault.graph.interface import GraphData, GraphResult, Scores, Suggestion
from clickvault.graph.sync import Sync, Synced

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from clickvault.graph.interface import Floats, Ints
    from clickvault.reconciliation import Reconciliation
    from clickvault.settings import Settings
    from clickvault.sql.render import Renderer

CANDIDATES = 30
TOP = 10
"""Suggestions for a node, and how many of the nodes most like it are looked at for them."""


class Neo4jEngine:
    """Measures in Neo4j.

    The bounds are in sources x arcs, as those of the networkx engine: up to `closeness_work` closeness and harmonic are
    GDS's; up to `distance_work` and `betweenness_work` results are exact, above they are estimated from a sample.
    """

    name = "neo4j"

    def __init__(
        self,
        settings: Settings,
        closeness_work: float = 1e10,
        distance_work: float = 2e11,
        betweenness_work: float = 5e9,
    ) -> None:
        self.settings = settings
        self.closeness_work = closeness_work
        self.distance_work = distance_work
        self.betweenness_work = betweenness_work
        self.driver = cypher.connect(settings)
        self.synced: Synced | None = None
        """What the last `prepare` brought."""
        self.seconds: dict[str, float] = {}
        """What the last `compute` took, by algorithm."""

    def prepare(
        self, renderer: Renderer, ch: Client, pg: Any, tell: Callable[[str], None], whole: bool = False
    ) -> None:
        """Bring Neo4j up to the vault; `whole`: make the graph anew."""
        self.synced = Sync(self.settings, renderer, ch, pg, self.driver).run(tell, whole)

    def reconciliations(self, renderer: Renderer, ch: Client, pg: Any) -> list[Reconciliation]:
        """Nodes and relations of the vault, and of Neo4j."""
        return Sync(self.settings, renderer, ch, pg, self.driver).reconciliations()

    def close(self) -> None:
        """Close the connections."""
        self.driver.close()

    def compute(self, graph: GraphData) -> GraphResult:
        """All measures of `graph`, as `interface` defines them."""
        self.seconds = {}
        with cypher.translated(f"measuring {graph.relation}"):
            return self._compute(graph)

    def _compute(self, graph: GraphData) -> GraphResult:
        import numpy as np

        n = graph.nodes
        low, high = results.undirected(graph)
        arcs = results.arcs(graph, low, high)
        out_degree, in_degree = np.bincount(arcs[0], minlength=n), np.bincount(arcs[1], minlength=n)
        neighbours = np.bincount(low, minlength=n) + np.bincount(high, minlength=n)
        far_from = results.sources(n, len(arcs[0]), self.distance_work)
        with self._timed("distances"):
            far = distances.measure(n, *arcs, far_from)
        between_from = len(results.sources(n, len(arcs[0]), self.betweenness_work))
        self.check_memory(n, 2 * len(low) + (graph.edges if graph.directed else 0))

        with self._projected(graph, False, neighbours) as plain, self._walked(graph, plain, out_degree) as walked:
            exact = n * len(arcs[0]) <= self.closeness_work
            scores = Scores(
                degree=out_degree + in_degree if graph.directed else out_degree,
                in_degree=in_degree,
                out_degree=out_degree,
                pagerank=_shares(walked.measure("pagerank")),
                betweenness=walked.measure("betweenness", sources=between_from, seed=results.SEED)
                * (n / max(between_from, 1)),
                closeness=walked.measure("closeness") if exact else results.closeness(far),
                harmonic=walked.measure("harmonic") if exact and n > 1 else results.harmonic(far, far_from),
                clustering=plain.measure("clustering"),
                triangles=plain.measure("triangles").astype(np.int64),
                core=plain.measure("core").astype(np.int64),
                component=results.by_size(plain.measure("component").astype(np.int64)),
                # GDS's Leiden fails on a graph without edges, where each node is a community of its own.
                community=results.by_size(
                    plain.measure("community", seed=results.SEED).astype(np.int64) if len(low) else np.arange(n)
                ),
            )
            suggestions = () if graph.directed else plain.suggestions()
        return results.assemble(graph, self.name, scores, far, len(far_from), between_from, "Leiden", suggestions)

    def check_memory(self, nodes: int, relationships: int) -> None:
        """Raise ConfigurationError where projections of this size can't be in Neo4j's heap."""
        (found,) = self.rows("memory", {"nodes": max(nodes, 1), "relationships": relationships})
        if found["needed"] > found["heap"]:
            needed, heap = (f"{found[k] / 2**20:,.0f} MiB" for k in ("needed", "heap"))
            raise ConfigurationError(
                f"a graph of {nodes:,} nodes and {relationships:,} arcs needs {needed}; Neo4j's heap has {heap}",
                hint="clickvault down; NEO4J_HEAP_MB=<more> clickvault up   (server.memory.heap.max_size of another Neo4j)",
            )

    def rows(self, statement: str, parameters: dict[str, Any], **values: Any) -> list[dict[str, Any]]:
        """The result of neo4j/<statement>.cypher, its seconds noted."""
        with self._timed(statement):
            return cypher.rows(self.driver, statement, parameters, **values)

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        began = monotonic()
        yield
        self.seconds[what] = round(self.seconds.get(what, 0) + monotonic() - began, 2)

    @contextmanager
    def _projected(self, graph: GraphData, directed: bool, degree: Ints) -> Iterator[_Projection]:
        name = f"clickvault {graph.relation} {uuid4()}"
        try:
            if graph.nodes:  # GDS makes no graph of nothing
                self.rows("project", {"graph": name}, label=graph.label, type=graph.relation, directed=directed)
            yield _Projection(self, name, graph, degree)
        finally:
            self.rows("drop", {"graph": name})

    @contextmanager
    def _walked(self, graph: GraphData, plain: _Projection, degree: Ints) -> Iterator[_Projection]:
        """The projection that paths follow: the plain one, where the relation is undirected."""
        if not graph.directed:
            yield plain
        else:
            with self._projected(graph, True, degree) as directed:
                yield directed


class _Projection:
    """A graph in GDS's memory, whose nodes are known by their positions in `GraphData.ids`."""

    def __init__(self, engine: Neo4jEngine, name: str, graph: GraphData, degree: Ints) -> None:
        """Raises StoreError unless the projection has the nodes of `graph`, each with its `degree`."""
        self.engine, self.name, self.nodes = engine, name, graph.nodes
        self._of_id = {key: i for i, key in enumerate(graph.ids)}
        members = engine.rows("members", {"graph": name}) if graph.nodes else []
        same = len(members) == graph.nodes and all(
            m["id"] in self._of_id and m["value"] == degree[self._of_id[m["id"]]] for m in members
        )
        if not same:
            raise StoreError(
                f"{graph.relation} in Neo4j differs from the vault: a load ran meanwhile, or the graph was changed",
                hint="clickvault graph   (if it stays: clickvault graph --force rebuilds the graph)",
                store="graph",
            )
        self._of_node = {m["node"]: self._of_id[m["id"]] for m in members}

    def measure(self, algorithm: str, **parameters: Any) -> Floats:
        """What neo4j/<algorithm>.cypher says of every node, in the order of `GraphData.ids`."""
        import numpy as np

        values = np.zeros(self.nodes)
        if self.nodes:
            for row in self.engine.rows(algorithm, {"graph": self.name, **parameters}):
                values[self._of_node[row["node"]]] = row["value"]
        return values

    def suggestions(self) -> tuple[Suggestion, ...]:
        """For each node at most TOP others, most alike first."""
        if not self.nodes:
            return ()
        found = self.engine.rows("suggestions", {"graph": self.name, "candidates": CANDIDATES, "top": TOP})
        at = self._of_id
        return tuple(Suggestion(at[r["id"]], at[r["suggested"]], r["rank"], r["similarity"]) for r in found)


def _shares(values: Floats) -> Floats:
    total = values.sum()
    return values / total if total else values
