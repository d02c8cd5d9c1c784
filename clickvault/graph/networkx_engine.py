"""The engine that needs no server: networkx, with numpy and scipy where pure Python would be slow.

Method of each measure: PageRank, core numbers and Louvain by networkx; distances, closeness and harmonic by
`distances`; betweenness by `betweenness`; triangles, clustering and components by scipy's sparse matrices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clickvault.graph import betweenness, distances, results
from clickvault.graph.interface import GraphData, GraphResult, Scores

if TYPE_CHECKING:
    from collections.abc import Callable

    import networkx as nx
    from clickhouse_connect.driver.client import Client

    from clickvault.graph.interface import Floats, Ints
    from clickvault.reconciliation import Reconciliation
    from clickvault.sql.render import Renderer


class NetworkxEngine:
    """Measures in memory, on one core.

    `distance_work` and `betweenness_work` bound sources x arcs (an undirected edge is two arcs): below, results are
    exact; above, they are estimated from as many random sources as the bound allows, at least 64, and the summary's
    `distance_sources` and `betweenness_sources` say from how many. The defaults are minutes of work at most.
    """

    name = "networkx"

    def __init__(self, distance_work: float = 2e11, betweenness_work: float = 5e9) -> None:
        """The bounds, in sources x arcs."""
        self.distance_work = distance_work
        self.betweenness_work = betweenness_work

    def compute(self, graph: GraphData) -> GraphResult:
        """All measures of `graph`, as `interface` defines them."""
        import numpy as np

        n = graph.nodes
        low, high = results.undirected(graph)
        arcs = results.arcs(graph, low, high)
        undirected = _networkx(n, low, high, directed=False)
        walked = _networkx(n, graph.source, graph.target, directed=True) if graph.directed else undirected

        far_from = results.sources(n, len(arcs[0]), self.distance_work)
        far = distances.measure(n, *arcs, far_from)
        between_from = results.sources(n, len(arcs[0]), self.betweenness_work)
        between = betweenness.measure(n, *arcs, graph.directed, between_from, diameter=len(far.levels))
        triangles, neighbours = _triangles(n, low, high)
        wedges = neighbours * (neighbours - 1) // 2
        out_degree, in_degree = np.bincount(arcs[0], minlength=n), np.bincount(arcs[1], minlength=n)
        scores = Scores(
            degree=out_degree + in_degree if graph.directed else out_degree,
            in_degree=in_degree,
            out_degree=out_degree,
            pagerank=_pagerank(walked),
            betweenness=between,
            closeness=results.closeness(far),
            harmonic=results.harmonic(far, far_from),
            clustering=np.divide(triangles, wedges, out=np.zeros(n), where=wedges > 0),
            triangles=triangles,
            core=_by_position(_core(undirected), np.int64),
            component=_components(n, low, high),
            community=_louvain(undirected),
        )
        return results.assemble(graph, self.name, scores, far, len(far_from), len(between_from), "Louvain")

    def prepare(
        self, renderer: Renderer, ch: Client, pg: Any, tell: Callable[[str], None], whole: bool = False
    ) -> None:
        """Nothing to do: the graph is read from the vault each time."""

    def reconciliations(self, renderer: Renderer, ch: Client, pg: Any) -> list[Reconciliation]:
        """None: there is no copy."""
        return []

    def close(self) -> None:
        """Nothing is held."""


def _networkx(nodes: int, source: Ints, target: Ints, directed: bool) -> nx.Graph[int]:
    """A networkx graph of positions; nodes and edges in order, which fixes what depends on order."""
    import networkx as nx

    graph = nx.DiGraph() if directed else nx.Graph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(zip(source.tolist(), target.tolist(), strict=True))
    return graph


def _by_position(values: dict[int, Any], dtype: Any) -> Any:
    """The values of nodes 0, 1, 2 ... as an array."""
    import numpy as np

    return np.array([values[i] for i in range(len(values))], dtype)


def _pagerank(graph: nx.Graph[int]) -> Floats:
    import networkx as nx
    import numpy as np

    n = len(graph)
    if not n:
        return np.zeros(0)
    # networkx stops at an L1 change below n * tol
    rank: Floats = _by_position(nx.pagerank(graph, alpha=0.85, tol=1e-12 / n, max_iter=1000, weight=None), np.float64)
    rank /= rank.sum()
    return rank


def _core(graph: nx.Graph[int]) -> dict[int, int]:
    import networkx as nx

    core: dict[int, int] = nx.core_number(graph)
    return core


def _triangles(nodes: int, low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Triangles through each node, and its number of neighbours, in the undirected graph.

    The product U U, seen only where U has an edge, counts each triangle once, at its lowest and highest node; U holds
    edges from the node of fewer neighbours to that of more, so that hubs cost little (Chiba and Nishizeki 1985).
    """
    import numpy as np
    from scipy.sparse import csr_array

    neighbours = np.bincount(low, minlength=nodes) + np.bincount(high, minlength=nodes)
    if not len(low):
        return np.zeros(nodes, np.int64), neighbours
    rank = np.empty(nodes, np.int64)
    rank[np.argsort(neighbours, kind="stable")] = np.arange(nodes)
    first, last = np.minimum(rank[low], rank[high]), np.maximum(rank[low], rank[high])
    up = csr_array((np.ones(len(low), np.int64), (first, last)), shape=(nodes, nodes))
    # closing[a, c]: paths a -> b -> c whose ends are joined; the middle ones are found from the other side
    closing = (up @ up).multiply(up)
    middle = (up.T @ up).multiply(up)  # middle[b, c]: a with a -> b and a -> c, where b -> c
    ends = closing.sum(axis=1) + closing.sum(axis=0)
    count = np.asarray(ends + middle.sum(axis=1)).ravel()
    return count[rank].astype(np.int64), neighbours


def _components(nodes: int, low: Ints, high: Ints) -> Ints:
    """Each node's weakly connected component; 0 is the largest."""
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not nodes:
        return np.zeros(0, np.int64)
    _, found = connected_components(coo_array((np.ones(len(low)), (low, high)), shape=(nodes, nodes)), directed=False)
    return results.by_size(found)


def _louvain(graph: nx.Graph[int]) -> Ints:
    import networkx as nx
    import numpy as np

    label = np.zeros(len(graph), np.int64)
    if len(graph):
        for number, members in enumerate(nx.community.louvain_communities(graph, weight=None, seed=results.SEED)):
            label[list(members)] = number
    return results.by_size(label)
