"""The measures of the networkx engine: against published values, and against plain networkx on random graphs."""

from __future__ import annotations

import gzip
import random
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from clickvault.graph import betweenness
from clickvault.graph.interface import SUMMARY_METRICS, GraphData, GraphResult, simple_graph
from clickvault.graph.networkx_engine import NetworkxEngine

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"

# LDBC Graphalytics, example-undirected
EDGES = [(2, 3), (2, 4), (3, 4), (3, 5), (3, 8), (5, 6), (5, 8), (6, 7), (6, 8), (6, 9), (6, 10), (7, 9)]
# node: PageRank, triangles, core, betweenness, closeness, harmonic, clustering
REFERENCE = {
    2: (0.087300, 1, 2, 0, 8 / 21, 0.5104, 1),
    3: (0.157791, 2, 2, 12, 8 / 15, 0.6875, 1 / 3),
    4: (0.087300, 1, 2, 0, 8 / 21, 0.5104, 1),
    5: (0.118094, 2, 2, 6, 8 / 13, 0.6875, 2 / 3),
    6: (0.202568, 2, 2, 17, 8 / 13, 0.7708, 0.2),
    7: (0.088875, 1, 2, 0, 8 / 19, 0.5417, 1),
    8: (0.118094, 2, 2, 6, 8 / 13, 0.6875, 2 / 3),
    9: (0.088875, 1, 2, 0, 8 / 19, 0.5417, 1),
    10: (0.051103, 0, 1, 0, 8 / 20, 0.4792, 0),
}


def graph_of(nodes: list[int], edges: list[tuple[int, int]], directed: bool = False) -> GraphData:
    """Ids are padded, so that their order is that of the numbers."""
    return simple_graph(
        "R", "User", directed, [(f"{n:06}", f"hk{n}") for n in nodes], [(f"{a:06}", f"{b:06}") for a, b in edges]
    )


def check_against_networkx(graph: GraphData, result: GraphResult) -> None:
    n = graph.nodes
    plain = nx.DiGraph() if graph.directed else nx.Graph()
    plain.add_nodes_from(range(n))
    plain.add_edges_from(zip(graph.source.tolist(), graph.target.tolist(), strict=True))
    undirected = nx.Graph(plain)
    s = result.scores

    def same(mine: np.ndarray, theirs: dict[int, float], tolerance: float = 1e-9) -> None:
        assert mine.shape == (n,)
        np.testing.assert_allclose(mine, [theirs[i] for i in range(n)], rtol=tolerance, atol=tolerance)

    same(s.degree, dict(plain.degree), 0)
    same(s.in_degree, dict(plain.in_degree if graph.directed else plain.degree), 0)
    same(s.out_degree, dict(plain.out_degree if graph.directed else plain.degree), 0)
    same(s.pagerank, nx.pagerank(plain, tol=1e-14, max_iter=2000, weight=None) if n else {}, 1e-9)
    same(s.betweenness, nx.betweenness_centrality(plain, normalized=False))
    same(s.closeness, nx.closeness_centrality(plain, wf_improved=False))
    same(s.harmonic, {v: h / max(n - 1, 1) for v, h in nx.harmonic_centrality(plain).items()})
    same(s.clustering, nx.clustering(undirected))
    same(s.triangles, nx.triangles(undirected), 0)
    same(s.core, nx.core_number(undirected), 0)

    parts = list(nx.connected_components(undirected))
    assert partition(s.component) == {frozenset(p) for p in parts}
    assert np.bincount(s.component).tolist() == sorted(map(len, parts), reverse=True)
    members = [set(np.flatnonzero(s.community == c).tolist()) for c in range(len(result.communities))]
    assert [c.size for c in result.communities] == [len(m) for m in members]
    assert sum(c.size for c in result.communities) == n
    assert [c.internal_edges for c in result.communities] == [undirected.subgraph(m).number_of_edges() for m in members]
    assert [c.boundary_edges for c in result.communities] == [nx.cut_size(undirected, m) for m in members]

    seen: dict[int, int] = {}
    for _, lengths in nx.all_pairs_shortest_path_length(plain):
        for d in lengths.values():
            if d:
                seen[d] = seen.get(d, 0) + 1
    expected = [seen[d] // (1 if graph.directed else 2) for d in sorted(seen)]
    assert list(result.distances) == expected

    summary = {k: m.value for k, m in result.summary.items()}
    assert set(summary) == set(SUMMARY_METRICS)
    assert summary["nodes"] == n
    assert summary["edges"] == plain.number_of_edges() == graph.edges
    assert summary["isolated"] == nx.number_of_isolates(plain)
    assert summary["components"] == len(parts)
    assert summary["largest_component"] == max(map(len, parts), default=0)
    assert summary["triangles"] == sum(nx.triangles(undirected).values()) // 3
    assert summary["avg_clustering"] == pytest.approx(nx.average_clustering(undirected) if n else 0)
    assert summary["transitivity"] == pytest.approx(nx.transitivity(undirected))
    assert summary["reachable_pairs"] == sum(expected)
    assert summary["diameter"] == max(seen, default=0)
    assert summary["mean_distance"] == pytest.approx(
        sum(d * c for d, c in seen.items()) / sum(seen.values()) if seen else 0
    )
    assert summary["communities"] == len(members)
    assert summary["distance_sources"] == summary["betweenness_sources"] == n
    if undirected.number_of_edges():
        assert summary["modularity"] == pytest.approx(nx.community.modularity(undirected, members))
        best = max(nx.community.modularity(undirected, nx.community.louvain_communities(undirected, seed=1)), 0)
        assert summary["modularity"] >= best - 0.1


def partition(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in np.unique(labels)}


def test_the_reference_table() -> None:
    result = NetworkxEngine().compute(graph_of(list(REFERENCE), EDGES))
    s = result.scores
    for i, (node, row) in enumerate(REFERENCE.items()):
        pagerank, triangles, core, between, closeness, harmonic, clustering = row
        assert s.pagerank[i] == pytest.approx(pagerank, abs=1e-6), node
        assert (s.triangles[i], s.core[i]) == (triangles, core), node
        assert s.betweenness[i] == pytest.approx(between, abs=1e-12), node
        assert s.closeness[i] == pytest.approx(closeness, abs=1e-12), node
        assert s.harmonic[i] == pytest.approx(harmonic, abs=5e-5), node  # printed with four digits
        assert s.clustering[i] == pytest.approx(clustering, abs=1e-12), node
    assert s.pagerank.sum() == pytest.approx(1, abs=1e-12)
    assert result.summary["edges"].value == 12
    check_against_networkx(graph_of(list(REFERENCE), EDGES), result)


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize(("nodes", "edges"), [(2, 1), (5, 20), (40, 25), (60, 200), (130, 300), (200, 3000)])
def test_random_graphs(nodes: int, edges: int, directed: bool) -> None:
    rng = random.Random(nodes * edges)
    for _ in range(3):
        # loops, repeated and reversed edges included; a few nodes are isolated
        drawn = [(rng.randrange(nodes), rng.randrange(int(nodes * 0.9) + 1)) for _ in range(edges)]
        graph = graph_of(list(range(nodes)), drawn + drawn[:5] + [(b, a) for a, b in drawn[:5]], directed)
        check_against_networkx(graph, NetworkxEngine().compute(graph))


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize(
    "edges",
    [
        [],
        [(i, i + 1) for i in range(99)],  # a path: longer than the block method takes
        [(0, i) for i in range(1, 100)],  # a star
        [(i, (i + 1) % 50) for i in range(50)],  # a ring, and fifty alone
        [(a, b) for a in range(12) for b in range(a)] + [(a, b) for a in range(50, 60) for b in range(50, a)],
    ],
)
def test_plain_shapes(edges: list[tuple[int, int]], directed: bool) -> None:
    graph = graph_of(list(range(100)), edges, directed)
    check_against_networkx(graph, NetworkxEngine().compute(graph))


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("nodes", [0, 1, 2])
def test_graphs_of_almost_nothing(nodes: int, directed: bool) -> None:
    graph = graph_of(list(range(nodes)), [(0, 0)], directed)
    result = NetworkxEngine().compute(graph)
    check_against_networkx(graph, result)
    assert all(np.isfinite(m.value) for m in result.summary.values())
    assert len(result.communities) == nodes


def test_distances_in_many_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(7)
    graph = graph_of(list(range(300)), [(rng.randrange(300), rng.randrange(300)) for _ in range(600)], directed=True)
    whole = NetworkxEngine().compute(graph)
    monkeypatch.setattr("clickvault.graph.distances.WORDS", 350)  # one word at a time, several blocks of nodes
    monkeypatch.setattr("clickvault.graph.betweenness.BLOCK", 900)  # three sources at a time
    parts = NetworkxEngine().compute(graph)
    np.testing.assert_array_equal(whole.scores.closeness, parts.scores.closeness)
    np.testing.assert_allclose(whole.scores.betweenness, parts.scores.betweenness, rtol=1e-12)
    assert whole.distances == parts.distances


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("longest", [64, 0])
def test_betweenness_from_a_sample_is_networkx_s_estimate(
    directed: bool, longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(betweenness, "LONGEST", longest)  # 0: networkx does the sum
    plain = nx.gnm_random_graph(80, 300, seed=3, directed=directed)
    sample = random.Random(11).sample(list(plain), 20)  # what networkx draws from this seed
    source, target = (np.array(e) for e in zip(*plain.edges, strict=True))
    if not directed:
        source, target = np.concatenate([source, target]), np.concatenate([target, source])
    mine = betweenness.measure(80, source, target, directed, np.array(sample), diameter=10)
    theirs = nx.betweenness_centrality(plain, k=20, normalized=False, seed=random.Random(11))
    np.testing.assert_allclose(mine, [theirs[v] for v in range(80)], rtol=1e-9, atol=1e-9)


def test_above_the_bounds_measures_are_estimates_and_say_so() -> None:
    rng = random.Random(5)
    graph = graph_of(list(range(1000)), [(rng.randrange(1000), rng.randrange(1000)) for _ in range(8000)])
    exact = NetworkxEngine().compute(graph)
    engine = NetworkxEngine(distance_work=300 * 2 * graph.edges, betweenness_work=300 * 2 * graph.edges)
    estimate = engine.compute(graph)
    assert estimate.summary["distance_sources"].value == estimate.summary["betweenness_sources"].value == 300
    assert "300 random nodes of 1000" in estimate.summary["betweenness_sources"].note
    assert "exact" in exact.summary["betweenness_sources"].note
    for measure in ("closeness", "harmonic"):
        np.testing.assert_allclose(getattr(estimate.scores, measure), getattr(exact.scores, measure), rtol=0.06)
    assert estimate.scores.betweenness.sum() == pytest.approx(exact.scores.betweenness.sum(), rel=0.05)
    assert sum(estimate.distances) == pytest.approx(sum(exact.distances), rel=0.05)
    again = engine.compute(graph)
    np.testing.assert_array_equal(again.scores.betweenness, estimate.scores.betweenness)


def test_the_same_graph_in_another_order_gives_the_same_result() -> None:
    rng = random.Random(2)
    edges = [(rng.randrange(150), rng.randrange(150)) for _ in range(700)]
    shuffled = rng.sample([(b, a) for a, b in edges], len(edges))
    one, two = graph_of(list(range(150)), edges), graph_of(list(range(150))[::-1], shuffled)
    assert one.fingerprint == two.fingerprint
    assert one.fingerprint != graph_of(list(range(150)), edges[1:]).fingerprint
    assert one.fingerprint != graph_of(list(range(151)), edges).fingerprint
    first, second = NetworkxEngine().compute(one), NetworkxEngine().compute(two)
    assert first.summary == second.summary
    np.testing.assert_array_equal(first.scores.community, second.scores.community)


def test_edges_to_unknown_nodes_are_left_out() -> None:
    graph = simple_graph("R", "User", False, [("a", "1"), ("b", "2")], [("a", "b"), ("b", "a"), ("a", "z"), ("a", "a")])
    assert (graph.ids, graph.hash_keys, graph.edges) == (("a", "b"), ("1", "2"), 1)


def test_ego_facebook_as_snap_publishes_it() -> None:
    path = DATA / "snap" / "facebook_combined.txt.gz"
    if not path.exists():
        pytest.skip(f"no {path}: the public data set is not here")
    with gzip.open(path, "rt") as lines:
        edges = [(int(a), int(b)) for a, b in map(str.split, lines)]
    graph = graph_of(sorted({n for edge in edges for n in edge}), edges)
    result = NetworkxEngine().compute(graph)
    summary = {k: m.value for k, m in result.summary.items()}
    assert (summary["nodes"], summary["edges"], summary["components"]) == (4039, 88234, 1)
    assert summary["avg_clustering"] == pytest.approx(0.6055, abs=5e-5)
    assert summary["triangles"] == 1_612_010
    assert summary["diameter"] == 8
    assert summary["effective_diameter_90"] == pytest.approx(4.7, abs=0.1)
    assert summary["modularity"] > 0.83
    assert sum(result.distances) == 4039 * 4038 // 2
    plain = nx.Graph(zip(graph.source.tolist(), graph.target.tolist(), strict=True))
    pagerank = nx.pagerank(plain, tol=1e-14, max_iter=1000)
    hub = int(result.scores.betweenness.argmax())
    assert result.scores.pagerank[hub] == pytest.approx(pagerank[hub], rel=1e-9)
    for v in (hub, 0, 2000):
        assert result.scores.closeness[v] == pytest.approx(nx.closeness_centrality(plain, u=v), rel=1e-12)
