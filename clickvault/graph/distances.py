"""Distances between all pairs of nodes, by breadth-first search from 64 sources to a machine word.

Each node keeps a row of bits, one a source, that says which sources have reached it. A level is one bitwise OR over the
in-neighbours' new bits; the bits that appear in a node's row at level d are the sources at distance d from it (the
multi-source search of Then et al., VLDB 2014, over numpy). Exact; chunked over sources, so memory stays bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from clickvault.graph.interface import Floats, Ints

WORDS = 6_000_000
"""Words of 8 bytes in the largest temporary array (48 MB): neighbours' rows of one block of nodes."""


@dataclass(frozen=True)
class Distances:
    """What the searches from `sources` found; arrays of shape (nodes,) count distances *to* each node.

    `reached_by`: sources other than the node itself that reach it; `total`: sum of their distances; `inverse`: sum of
    1 / distance; `levels[d - 1]`: ordered pairs (source, node) at distance d.
    """

    reached_by: Ints
    total: Ints
    inverse: Floats
    levels: tuple[int, ...]


def measure(nodes: int, source: Ints, target: Ints, sources: Ints) -> Distances:
    """Distances from each of `sources` (distinct positions) along the arcs source[i] -> target[i]."""
    import numpy as np

    order = np.argsort(target, kind="stable")
    neighbours = source[order]
    in_degree = np.bincount(target, minlength=nodes)
    words = int(max(1, min(-(-len(sources) // 64), WORDS // max(nodes, 1), 64)))
    blocks = _blocks(in_degree, WORDS // words)
    reached_by = np.zeros(nodes, np.int64)
    total = np.zeros(nodes, np.int64)
    inverse = np.zeros(nodes, np.float64)
    levels: list[int] = []
    for first in range(0, len(sources), words * 64):
        chunk = sources[first : first + words * 64]
        bit = np.arange(len(chunk), dtype=np.uint64)
        seen = np.zeros((nodes, words), np.uint64)
        seen[chunk, bit // np.uint64(64)] = np.uint64(1) << (bit % np.uint64(64))
        front = seen.copy()
        for distance in range(1, nodes + 1):
            new = np.zeros_like(front)
            for rows, starts, arcs in blocks:
                new[rows] = np.bitwise_or.reduceat(front[neighbours[arcs]], starts, axis=0)
            new &= ~seen
            count = np.bitwise_count(new).sum(axis=1, dtype=np.int64)
            found = int(count.sum())
            if not found:
                break
            seen |= new
            front = new
            reached_by += count
            total += distance * count
            inverse += count / distance
            if len(levels) < distance:
                levels.append(0)
            levels[distance - 1] += found
    return Distances(reached_by, total, inverse, tuple(levels))


def _blocks(in_degree: Ints, arcs: int) -> list[tuple[Ints, npt.NDArray[np.intp], slice]]:
    """Nodes with in-neighbours in blocks of about `arcs` arcs: nodes, where each one's arcs start, all their arcs."""
    import numpy as np

    rows = np.flatnonzero(in_degree)
    ends = np.cumsum(in_degree[rows])
    begins = ends - in_degree[rows]
    out = []
    first = 0
    while first < len(rows):
        last = max(first + 1, int(np.searchsorted(ends, begins[first] + arcs, side="right")))
        part = slice(int(begins[first]), int(ends[last - 1]))
        out.append((rows[first:last], begins[first:last] - begins[first], part))
        first = last
    return out


def effective_diameter(levels: tuple[int, ...], share: float = 0.9) -> float:
    """The distance within which `share` of the connected pairs lie, interpolated between whole distances.

    As Leskovec, Kleinberg and Faloutsos (KDD 2005) define it; 0 without pairs.
    """
    wanted, below = share * sum(levels), 0
    for distance, pairs in enumerate(levels, start=1):
        if pairs and below + pairs >= wanted:
            return distance - 1 + (wanted - below) / pairs
        below += pairs
    return 0.0
