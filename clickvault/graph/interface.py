"""What a graph engine takes and gives: the same data, measures and scales whichever engine computes them.

`GraphData` is the simple graph of one relation, read from the vault's views; `GraphResult` its measures. The
definitions below bind every engine, so that results compare across engines and days:

| measure | definition |
|---|---|
| degree | neighbours; in a directed relation in_degree + out_degree |
| pagerank | damping .85, converged to 1e-12 in L1, sums to 1, dangling mass spread evenly (Brin and Page 1998) |
| betweenness | raw number of shortest paths through the node, each unordered pair once if undirected (Brandes 2001) |
| closeness | nodes that reach v / sum of their distances to v (Bavelas 1950); 0 if none; no Wasserman-Faust factor |
| harmonic | sum of 1 / distance to v over all others, divided by N - 1 (Marchiori and Latora 2000) |
| clustering | triangles / pairs of neighbours (Watts and Strogatz 1998); 0 below two neighbours |
| triangles, core | triangles through the node; largest k whose k-core holds it (Seidman 1983) |
| component | weakly connected component, 0 is the largest |
| community | by modularity, with a fixed seed, 0 is the largest: Louvain (Blondel et al. 2008) or Leiden (Traag et al. 2019) |

In a directed relation clustering, triangles, core, component and community are those of the undirected simple graph.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy as np
    import numpy.typing as npt
    from clickhouse_connect.driver.client import Client

    from clickvault.reconciliation import Reconciliation
    from clickvault.sql.render import Renderer

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

METHODS = "2"
"""Part of the fingerprint: raised when a measure's definition or method changes, so that no result of old is kept."""

SUMMARY_METRICS = (
    "nodes", "edges", "isolated", "mean_degree", "components", "largest_component", "triangles", "avg_clustering",
    "transitivity", "reachable_pairs", "diameter", "mean_distance", "effective_diameter_90", "communities",
    "modularity", "distance_sources", "betweenness_sources", "fingerprint",
)  # fmt: skip
"""Every summary has exactly these; reconciliation counts them."""


@dataclass(frozen=True)
class GraphData:
    """The simple graph of one relation: no self-loops, no parallel edges, edges in order.

    `ids` are the nodes' business keys, sorted; `hash_keys` their keys in the vault, in the same order. Edge i goes from
    node `source[i]` to node `target[i]` (positions in `ids`); in an undirected graph source < target.
    """

    relation: str
    label: str
    directed: bool
    ids: tuple[str, ...]
    hash_keys: tuple[str, ...]
    source: Ints
    target: Ints

    @property
    def nodes(self) -> int:
        """Number of nodes, isolated ones included."""
        return len(self.ids)

    @property
    def edges(self) -> int:
        """Number of edges, each once."""
        return len(self.source)

    @property
    def fingerprint(self) -> str:
        """64 bits in hexadecimal that change when a node, an edge or a method does."""
        digest = hashlib.sha256(f"{METHODS} {self.relation} {self.label} {self.directed} {self.nodes}\n".encode())
        digest.update("\n".join(self.ids).encode())
        digest.update(self.source.tobytes())
        digest.update(self.target.tobytes())
        return digest.hexdigest()[:16]

    def fingerprint_of(self, engine: str) -> str:
        """What a summary notes under `fingerprint`: the graph, and the engine that measured it."""
        return f"{self.fingerprint} {engine}"


def simple_graph(
    relation: str,
    label: str,
    directed: bool,
    nodes: Iterable[tuple[str, str]],
    edges: Iterable[tuple[str, str]],
) -> GraphData:
    """The simple graph of `nodes` (id, hash key) and `edges` (id, id).

    Loops, repeated edges and edges to unknown nodes are left out; in an undirected graph (a, b) and (b, a) are one.
    """
    import numpy as np

    by_id = dict(sorted(nodes))
    position = {key: i for i, key in enumerate(by_id)}
    known = [(position[a], position[b]) for a, b in edges if a in position and b in position]
    pairs = np.array(known, dtype=np.int64).reshape(-1, 2)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    if not directed:
        pairs.sort(axis=1)
    codes = np.unique(pairs[:, 0] * max(len(position), 1) + pairs[:, 1])
    source, target = np.divmod(codes, max(len(position), 1))
    return GraphData(relation, label, directed, tuple(by_id), tuple(by_id.values()), source, target)


@dataclass(frozen=True)
class Scores:
    """The measures of every node, in the order of `GraphData.ids`; each array has shape (nodes,)."""

    degree: Ints
    in_degree: Ints
    out_degree: Ints
    pagerank: Floats
    betweenness: Floats
    closeness: Floats
    harmonic: Floats
    clustering: Floats
    triangles: Ints
    core: Ints
    component: Ints
    community: Ints


MEASURES = tuple(Scores.__dataclass_fields__)
"""The names of the measures of a node, in the order of the tables' columns."""


@dataclass(frozen=True)
class CommunityRow:
    """One community: `internal_edges` have both ends in it, `boundary_edges` one; edges of the undirected graph."""

    community: int
    size: int
    internal_edges: int
    boundary_edges: int


@dataclass(frozen=True)
class Metric:
    """A figure of the whole graph, and how it was come by where that is not plain."""

    value: float
    note: str = ""


@dataclass(frozen=True)
class Suggestion:
    """A node (position in `ids`) that another one may want to be tied to: its `rank`-th, by the Jaccard similarity."""

    node: int
    suggested: int
    rank: int
    similarity: float


@dataclass(frozen=True)
class GraphResult:
    """Everything measured of one relation.

    `distances[d - 1]` is the number of pairs at distance d (unordered pairs if undirected, ordered otherwise);
    `summary` has every name of `SUMMARY_METRICS`; `suggestions` are those of an engine that makes some.
    """

    scores: Scores
    distances: tuple[int, ...]
    communities: tuple[CommunityRow, ...]
    summary: dict[str, Metric]
    suggestions: tuple[Suggestion, ...] = ()


class GraphEngine(Protocol):
    """An engine that measures graphs, by the definitions of this module."""

    name: str

    def prepare(
        self, renderer: Renderer, ch: Client, pg: Any, tell: Callable[[str], None], whole: bool = False
    ) -> None:
        """Bring the engine's own copy of the graph up to the vault; `whole`: make it anew. Nothing where there is none."""
        ...

    def compute(self, graph: GraphData) -> GraphResult:
        """All measures of `graph`; the same graph gives the same result."""
        ...

    def reconciliations(self, renderer: Renderer, ch: Client, pg: Any) -> list[Reconciliation]:
        """The vault's nodes and relations against those of the engine's own copy, if it has one."""
        ...

    def close(self) -> None:
        """Give back what the engine holds."""
        ...
