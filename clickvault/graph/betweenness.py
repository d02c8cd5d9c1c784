"""Betweenness by Brandes' algorithm, for a block of sources at a time as products of a sparse and a dense matrix.

networkx walks one source after the other in Python; here a level of the search from a block of sources is one product,
some hundred times as fast on graphs with short paths. Work is sources x arcs x levels: for graphs with long paths
networkx is the better one, and `measure` uses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clickvault.graph.interface import Floats, Ints

LONGEST = 64
"""Diameter above which networkx does the work."""

BLOCK = 2_000_000
"""Elements of one dense block (16 MB); about eight are alive at a time."""


def measure(nodes: int, source: Ints, target: Ints, directed: bool, sources: Ints, diameter: int) -> Floats:
    """Raw betweenness of each node over the arcs source[i] -> target[i]; shape (nodes,).

    `source` and `target` hold each edge of an undirected graph in both directions. With fewer `sources` than nodes the
    sum over them is scaled up to an unbiased estimate, as networkx does: a source is no inner node of its own paths, so
    that a node's own sum is over k - 1 others if it is a source, and over k if it is not.
    """
    import numpy as np

    if nodes < 3 or not len(source):
        return np.zeros(nodes)
    add_up = _sum_networkx if diameter > LONGEST else _sum_blocks
    total = add_up(nodes, source, target, sources)
    others = np.full(nodes, len(sources), np.float64)
    others[sources] -= 1
    scale: Floats = (nodes - 1) / np.maximum(others, 1)
    return total * scale / (1 if directed else 2)


def _sum_blocks(nodes: int, source: Ints, target: Ints, sources: Ints) -> Floats:
    """The dependencies of `sources` (Brandes 2001, theorem 6) on each node, summed."""
    import numpy as np
    from scipy.sparse import csr_array

    ones = np.ones(len(source))
    out = csr_array((ones, (source, target)), shape=(nodes, nodes))
    into = csr_array((ones, (target, source)), shape=(nodes, nodes))
    total = np.zeros(nodes)
    width = max(1, min(64, BLOCK // nodes))
    for first in range(0, len(sources), width):
        chunk = sources[first : first + width]
        column = np.arange(len(chunk))
        distance = np.full((nodes, len(chunk)), -1, np.int16)
        paths = np.zeros((nodes, len(chunk)))
        front = np.zeros((nodes, len(chunk)))
        distance[chunk, column] = 0
        paths[chunk, column] = front[chunk, column] = 1
        level = 0
        while True:
            front = into @ front
            front[distance >= 0] = 0
            reached = front > 0
            if not reached.any():
                break
            level += 1
            distance[reached] = level
            paths += front
        dependency = np.zeros((nodes, len(chunk)))
        per_path = np.zeros((nodes, len(chunk)))
        for d in range(level, 1, -1):
            per_path[:] = 0
            np.divide(1 + dependency, paths, out=per_path, where=distance == d)
            np.multiply(out @ per_path, paths, out=dependency, where=distance == d - 1)
        total += dependency.sum(axis=1)
    return total


def _sum_networkx(nodes: int, source: Ints, target: Ints, sources: Ints) -> Floats:
    """The same sum, by networkx: linear in the arcs for each source, whatever the length of the paths."""
    import networkx as nx
    import numpy as np

    graph = nx.DiGraph()
    graph.add_nodes_from(range(nodes))
    graph.add_edges_from(zip(source.tolist(), target.tolist(), strict=True))
    total = nx.betweenness_centrality_subset(graph, sources.tolist(), range(nodes))
    return np.array([total[v] for v in range(nodes)])
