"""What every engine's result is made of, whoever computed the measures: numbering, sampling, and the summary.

An engine gives the measures of the nodes (`Scores`) and the distances; `assemble` adds the communities' rows and the
figures of the whole graph, which are computed from the same edges for all engines.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from clickvault.graph import distances
from clickvault.graph.interface import CommunityRow, GraphData, GraphResult, Metric, Scores, Suggestion

if TYPE_CHECKING:
    from clickvault.graph.distances import Distances
    from clickvault.graph.interface import Floats, Ints

SEED = 20_240_101
"""Of community detection and of the samples: the same graph gives the same result."""


def undirected(graph: GraphData) -> tuple[Ints, Ints]:
    """The edges of the undirected simple graph, each once, as (lower position, higher position)."""
    import numpy as np

    n = max(graph.nodes, 1)
    low, high = np.minimum(graph.source, graph.target), np.maximum(graph.source, graph.target)
    low, high = np.divmod(np.unique(low * n + high), n)
    return low, high


def arcs(graph: GraphData, low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """The arcs that paths follow: the edges, in both directions where the graph is undirected."""
    import numpy as np

    if graph.directed:
        return graph.source, graph.target
    return np.concatenate([low, high]), np.concatenate([high, low])


def sources(nodes: int, arcs: int, work: float) -> Ints:
    """All nodes if sources x arcs is within `work`, or else a random sample of at least 64 for which it is; in order."""
    import numpy as np

    size = min(nodes, max(64, int(work // max(arcs, 1))))
    if size == nodes:
        return np.arange(nodes, dtype=np.int64)
    return np.array(sorted(random.Random(SEED).sample(range(nodes), size)), np.int64)


def by_size(labels: Ints) -> Ints:
    """The same partition, numbered from the largest part on; of equal ones the one with the lowest position first."""
    import numpy as np

    _, first, inverse, size = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    number = np.empty(len(size), np.int64)
    number[np.lexsort((first, -size))] = np.arange(len(size))
    return number[inverse]


def closeness(far: Distances) -> Floats:
    """Sources that reach a node / sum of their distances to it."""
    import numpy as np

    return np.divide(far.reached_by, far.total, out=np.zeros(len(far.total)), where=far.total > 0)


def harmonic(far: Distances, far_from: Ints) -> Floats:
    """Sum of 1 / distance from each of the sources, divided by their number (less the node itself)."""
    import numpy as np

    n = len(far.inverse)
    others = np.full(n, len(far_from), np.float64)
    others[far_from] -= 1
    return np.divide(far.inverse, others, out=np.zeros(n), where=others > 0)


def assemble(
    graph: GraphData,
    engine: str,
    scores: Scores,
    far: Distances,
    far_sources: int,
    between_sources: int,
    community: str,
    suggestions: tuple[Suggestion, ...] = (),
) -> GraphResult:
    """The result of `graph`: what `scores` and `far` say of the whole. `community` says how communities were found."""
    import numpy as np

    n = graph.nodes
    low, high = undirected(graph)
    neighbours = np.bincount(low, minlength=n) + np.bincount(high, minlength=n)
    wedges = neighbours * (neighbours - 1) // 2
    component_sizes = np.bincount(scores.component).tolist()
    communities = _community_rows(scores.community, low, high)
    pairs = _pairs(far.levels, n / max(far_sources, 1), graph.directed)
    summary = {
        "nodes": n,
        "edges": graph.edges,
        "isolated": int((neighbours == 0).sum()),
        "mean_degree": float(scores.degree.mean()) if n else 0,
        "components": len(component_sizes),
        "largest_component": max(component_sizes, default=0),
        "triangles": int(scores.triangles.sum()) // 3,
        "avg_clustering": float(scores.clustering.mean()) if n else 0,
        "transitivity": float(scores.triangles.sum() / wedges.sum()) if wedges.any() else 0,
        "reachable_pairs": sum(pairs),
        "diameter": len(pairs),
        "mean_distance": sum(d * p for d, p in enumerate(pairs, 1)) / max(sum(pairs), 1),
        "effective_diameter_90": distances.effective_diameter(pairs),
        "communities": len(communities),
        "modularity": _modularity(communities, len(low)),
        "distance_sources": far_sources,
        "betweenness_sources": between_sources,
        "fingerprint": 0,
    }
    notes = {
        "modularity": f"{community}, seed {SEED}, resolution 1",
        "effective_diameter_90": "90 % of the connected pairs, interpolated",
        "diameter": "longest finite distance" if far_sources == n else "longest finite distance seen",
        "distance_sources": _how(far_sources, n),
        "betweenness_sources": _how(between_sources, n),
        "fingerprint": graph.fingerprint_of(engine),
    }
    metrics = {name: Metric(float(value), notes.get(name, "")) for name, value in summary.items()}
    return GraphResult(scores, pairs, communities, metrics, suggestions)


def _how(sources: int, nodes: int) -> str:
    if sources == nodes:
        return "exact: paths from every node"
    return f"estimated: paths from {sources} random nodes of {nodes}, seed {SEED}"


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
