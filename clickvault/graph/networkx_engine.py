"""The engine that needs no server: networkx, with numpy and scipy where pure Python would be slow.

Method of each measure: PageRank, core numbers and Louvain by networkx; distances, closeness and harmonic by
`distances`; betweenness by `betweenness`; triangles, clustering and components by scipy's sparse matrices.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from clickvault.graph import betweenness, distances
from clickvault.graph.interface import CommunityRow, GraphData, GraphResult, Metric, Scores

if TYPE_CHECKING:
    import networkx as nx

    from clickvault.graph.interface import Floats, Ints

SEED = 20_240_101
"""Of Louvain and of the samples: the same graph gives the same result."""


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
        low, high = np.minimum(graph.source, graph.target), np.maximum(graph.source, graph.target)
        low, high = np.divmod(np.unique(low * max(n, 1) + high), max(n, 1))  # the undirected simple graph
        undirected = _networkx(n, low, high, directed=False)
        if graph.directed:
            arcs = (graph.source, graph.target)
            walked = _networkx(n, graph.source, graph.target, directed=True)
        else:
            arcs = (np.concatenate([low, high]), np.concatenate([high, low]))
            walked = undirected

        far_from = _sources(n, len(arcs[0]), self.distance_work)
        far = distances.measure(n, *arcs, far_from)
        between_from = _sources(n, len(arcs[0]), self.betweenness_work)
        between = betweenness.measure(n, *arcs, graph.directed, between_from, diameter=len(far.levels))
        triangles, neighbours = _triangles(n, low, high)
        wedges = neighbours * (neighbours - 1) // 2
        clustering = np.divide(triangles, wedges, out=np.zeros(n), where=wedges > 0)
        component, component_sizes = _components(n, low, high)
        community = _louvain(undirected)
        communities = _community_rows(community, low, high)

        others = np.full(n, len(far_from), np.float64)
        others[far_from] -= 1
        scores = Scores(
            degree=np.bincount(arcs[0], minlength=n) if not graph.directed
            else np.bincount(graph.source, minlength=n) + np.bincount(graph.target, minlength=n),
            in_degree=np.bincount(arcs[1], minlength=n),
            out_degree=np.bincount(arcs[0], minlength=n),
            pagerank=_pagerank(walked),
            betweenness=between,
            closeness=np.divide(far.reached_by, far.total, out=np.zeros(n), where=far.total > 0),
            harmonic=np.divide(far.inverse, others, out=np.zeros(n), where=others > 0),
            clustering=clustering,
            triangles=triangles,
            core=_by_position(_core(undirected), np.int64),
            component=component,
            community=community,
        )  # fmt: skip
        pairs = _pairs(far.levels, n / max(len(far_from), 1), graph.directed)
        summary = {
            "nodes": n,
            "edges": graph.edges,
            "isolated": int((neighbours == 0).sum()),
            "mean_degree": float(scores.degree.mean()) if n else 0,
            "components": len(component_sizes),
            "largest_component": max(component_sizes, default=0),
            "triangles": int(triangles.sum()) // 3,
            "avg_clustering": float(clustering.mean()) if n else 0,
            "transitivity": float(triangles.sum() / wedges.sum()) if wedges.any() else 0,
            "reachable_pairs": sum(pairs),
            "diameter": len(pairs),
            "mean_distance": sum(d * p for d, p in enumerate(pairs, 1)) / max(sum(pairs), 1),
            "effective_diameter_90": distances.effective_diameter(pairs),
            "communities": len(communities),
            "modularity": _modularity(communities, len(low)),
            "distance_sources": len(far_from),
            "betweenness_sources": len(between_from),
            "fingerprint": 0,
        }
        notes = {
            "modularity": f"Louvain, seed {SEED}, resolution 1",
            "effective_diameter_90": "90 % of the connected pairs, interpolated",
            "diameter": "longest finite distance" if len(far_from) == n else "longest finite distance seen",
            "distance_sources": _how(len(far_from), n),
            "betweenness_sources": _how(len(between_from), n),
            "fingerprint": graph.fingerprint_of(self.name),
        }
        return GraphResult(
            scores, pairs, communities, {k: Metric(float(v), notes.get(k, "")) for k, v in summary.items()}
        )


def _sources(nodes: int, arcs: int, work: float) -> Ints:
    """All nodes if that is within `work`, or else a random sample that is; in order."""
    import numpy as np

    size = min(nodes, max(64, int(work // max(arcs, 1))))
    if size == nodes:
        return np.arange(nodes, dtype=np.int64)
    return np.array(sorted(random.Random(SEED).sample(range(nodes), size)), np.int64)


def _how(sources: int, nodes: int) -> str:
    if sources == nodes:
        return "exact: paths from every node"
    return f"estimated: paths from {sources} random nodes of {nodes}, seed {SEED}"


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


def _components(nodes: int, low: Ints, high: Ints) -> tuple[Ints, list[int]]:
    """Each node's weakly connected component, and the components' sizes; numbered by `_by_size`."""
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not nodes:
        return np.zeros(0, np.int64), []
    _, found = connected_components(coo_array((np.ones(len(low)), (low, high)), shape=(nodes, nodes)), directed=False)
    numbered = _by_size(found)
    return numbered, np.bincount(numbered).tolist()


def _by_size(labels: Ints) -> Ints:
    """The same partition, numbered from the largest part on; of equal ones the one with the lowest position first."""
    import numpy as np

    _, first, inverse, size = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    number = np.empty(len(size), np.int64)
    number[np.lexsort((first, -size))] = np.arange(len(size))
    return number[inverse]


def _louvain(graph: nx.Graph[int]) -> Ints:
    import networkx as nx
    import numpy as np

    label = np.zeros(len(graph), np.int64)
    if len(graph):
        for number, members in enumerate(nx.community.louvain_communities(graph, weight=None, seed=SEED)):
            label[list(members)] = number
    return _by_size(label)


def _community_rows(community: Ints, low: Ints, high: Ints) -> tuple[CommunityRow, ...]:
    import numpy as np

    sizes = np.bincount(community)
    a, b = community[low], community[high]
    internal = np.bincount(a[a == b], minlength=len(sizes))
    crossing = np.concatenate([a[a != b], b[a != b]])
    boundary = np.bincount(crossing, minlength=len(sizes))
    columns = (range(len(sizes)), sizes.tolist(), internal.tolist(), boundary.tolist())
    return tuple(CommunityRow(*row) for row in zip(*columns, strict=True))


def _modularity(communities: tuple[CommunityRow, ...], edges: int) -> float:
    """Newman's modularity: sum over communities of internal / m - (degrees / 2m)^2; 0 without edges."""
    if not edges:
        return 0.0
    return sum(
        c.internal_edges / edges - ((2 * c.internal_edges + c.boundary_edges) / (2 * edges)) ** 2 for c in communities
    )


def _pairs(levels: tuple[int, ...], scale: float, directed: bool) -> tuple[int, ...]:
    """Pairs at distance 1, 2 ... from the ordered pairs seen from `1 / scale` of the nodes."""
    return tuple(max(1, round(level * scale / (1 if directed else 2))) for level in levels)
