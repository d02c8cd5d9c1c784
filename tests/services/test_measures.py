"""The measures of GDS, by the definitions of `interface`: against published values, and against the networkx engine."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from clickvault.errors import ConfigurationError, StoreError
from clickvault.graph.interface import MEASURES, GraphData, GraphResult, simple_graph
from clickvault.graph.neo4j_engine import TOP, Neo4jEngine
from clickvault.graph.networkx_engine import NetworkxEngine
from tests.unit.test_graph_measures import EDGES, REFERENCE

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
EXACT = ("degree", "in_degree", "out_degree", "triangles", "core", "component")
CLOSE = ("pagerank", "betweenness", "closeness", "harmonic", "clustering")


def put(
    engine: Neo4jEngine, name: str, nodes: Iterable[int], edges: Iterable[tuple[int, int]], directed: bool = False
) -> GraphData:
    """A graph in Neo4j under a label and a type of its own, and the same as data. Loops and doubles are put there as they come."""
    ids = [f"{n:06}" for n in nodes]
    pairs = [[f"{a:06}", f"{b:06}"] for a, b in edges]
    label, kind = f"Label{name}", f"TYPE_{name}"
    with engine.driver.session() as neo4j:
        neo4j.run(f"CREATE CONSTRAINT IF NOT EXISTS FOR (n:{label}) REQUIRE n.id IS UNIQUE").consume()
        neo4j.run(f"UNWIND $ids AS id CREATE (:{label} {{id: id}})", {"ids": ids}).consume()
        create = (
            f"UNWIND $pairs AS p MATCH (a:{label} {{id: p[0]}}), (b:{label} {{id: p[1]}}) CREATE (a)-[:{kind}]->(b)"
        )
        neo4j.run(create, {"pairs": pairs}).consume()
    return simple_graph(kind, label, directed, [(i, f"hk{i}") for i in ids], [(a, b) for a, b in pairs])


def check(graph: GraphData, found: GraphResult) -> GraphResult:
    """GDS and networkx say the same of everything; of communities the modularity is compared. Returns networkx's."""
    assert set(EXACT) | set(CLOSE) | {"community"} == set(MEASURES)
    expected = NetworkxEngine().compute(graph)
    for name in EXACT:
        np.testing.assert_array_equal(getattr(found.scores, name), getattr(expected.scores, name), name)
    for name in CLOSE:
        np.testing.assert_allclose(
            getattr(found.scores, name), getattr(expected.scores, name), rtol=1e-9, atol=1e-9, err_msg=name
        )
    assert found.distances == expected.distances
    ours, theirs = ({k: m.value for k, m in r.summary.items()} for r in (found, expected))
    assert abs(ours.pop("modularity") - theirs.pop("modularity")) < 0.05
    ours.pop("communities"), theirs.pop("communities")
    assert ours == pytest.approx(theirs, rel=1e-9)
    assert sum(c.size for c in found.communities) == graph.nodes
    return expected


def test_the_reference_table(engine: Neo4jEngine) -> None:
    graph = put(engine, "Reference", REFERENCE, EDGES)
    found = engine.compute(graph)
    check(graph, found)
    s = found.scores
    for i, (node, row) in enumerate(REFERENCE.items()):
        pagerank, triangles, core, between, closeness, harmonic, clustering = row
        assert s.pagerank[i] == pytest.approx(pagerank, abs=1e-6), node
        assert (s.triangles[i], s.core[i]) == (triangles, core), node
        assert s.betweenness[i] == pytest.approx(between, abs=1e-9), node
        assert s.closeness[i] == pytest.approx(closeness, abs=1e-9), node
        assert s.harmonic[i] == pytest.approx(harmonic, abs=5e-5), node
        assert s.clustering[i] == pytest.approx(clustering, abs=1e-9), node


def test_friends_of_two_thousand(engine: Neo4jEngine) -> None:
    """Friends of friends become friends; some people have none."""
    draw = random.Random(11)
    edges: set[tuple[int, int]] = set()
    near: dict[int, list[int]] = {n: [] for n in range(2_000)}
    while len(edges) < 20_000:
        a = int(1_900 * draw.random() ** 1.5)
        b = draw.choice(near[draw.choice(near[a])]) if near[a] and draw.random() < 0.6 else draw.randrange(1_900)
        if a != b and (min(a, b), max(a, b)) not in edges:
            edges.add((min(a, b), max(a, b)))
            near[a].append(b)
            near[b].append(a)
    graph = put(engine, "Friends", range(2_000), sorted(edges))
    found = engine.compute(graph)
    assert found.summary["isolated"].value >= 100
    check(graph, found)
    again = engine.compute(graph)
    np.testing.assert_array_equal(again.scores.community, found.scores.community)
    assert engine.seconds["community"] >= 0
    suggested(graph, found)


def suggested(graph: GraphData, found: GraphResult) -> None:
    """At most TOP each, best first, none of them a neighbour, and the similarity is Jaccard's."""
    neighbours: dict[int, set[int]] = {n: set() for n in range(graph.nodes)}
    for a, b in zip(graph.source.tolist(), graph.target.tolist(), strict=True):
        neighbours[a].add(b)
        neighbours[b].add(a)
    assert len(found.suggestions) > graph.nodes
    of: dict[int, list[float]] = {}
    for s in found.suggestions:
        assert s.node != s.suggested
        assert s.suggested not in neighbours[s.node]
        both = neighbours[s.node] & neighbours[s.suggested]
        assert s.similarity == pytest.approx(len(both) / len(neighbours[s.node] | neighbours[s.suggested]), abs=1e-9)
        of.setdefault(s.node, []).append(s.similarity)
        assert s.rank == len(of[s.node])
    assert all(len(values) <= TOP and values == sorted(values, reverse=True) for values in of.values())


@pytest.mark.parametrize("seed", range(3))
def test_directed_with_loops_and_pairs_both_ways(engine: Neo4jEngine, seed: int) -> None:
    """Nodes without a way out, parts that do not hang together, loops, and many pairs that follow each other."""
    draw = random.Random(seed)
    edges = [(draw.randrange(60), draw.randrange(40)) for _ in range(150)]
    edges += [(b, a) for a, b in edges[::2]] + [(n, n) for n in range(5)] + [(70, 71), (71, 72)]
    graph = put(engine, f"Directed{seed}", range(80), sorted(set(edges)), directed=True)
    found = engine.compute(graph)
    check(graph, found)
    assert found.suggestions == ()


def test_undirected_pairs_that_are_there_both_ways(engine: Neo4jEngine) -> None:
    graph = put(engine, "Both", range(6), [(0, 1), (1, 0), (1, 2), (2, 2), (2, 0), (3, 4)])
    check(graph, engine.compute(graph))


@pytest.mark.parametrize(("nodes", "edges"), [(0, []), (1, []), (3, []), (2, [(0, 1)]), (2, [(0, 0), (1, 1)])])
@pytest.mark.parametrize("directed", [False, True])
def test_small_graphs(engine: Neo4jEngine, nodes: int, edges: list[tuple[int, int]], directed: bool) -> None:
    graph = put(engine, f"Small{nodes}{len(edges)}{directed}{sum(map(sum, edges))}", range(nodes), edges, directed)
    check(graph, engine.compute(graph))


def test_ego_facebook(engine: Neo4jEngine) -> None:
    path = DATA / "snap" / "facebook_combined.txt.gz"
    if not path.exists():
        pytest.skip(f"no {path}")
    with gzip.open(path, "rt") as lines:
        edges = [(int(a), int(b)) for a, b in (line.split() for line in lines)]
    graph = put(engine, "Facebook", range(4_039), edges)
    found = engine.compute(graph)
    check(graph, found)
    assert (graph.edges, found.summary["triangles"].value) == (88_234, 1_612_010)
    assert found.summary["modularity"].value > 0.83


def test_sampled_betweenness_is_near(engine: Neo4jEngine) -> None:
    """From a quarter of the nodes: the estimate's sum is near the exact one's, and the summary says what it is."""
    graph = put(
        engine, "Sampled", range(400), sorted({(a, (a * 7 + k) % 400) for a in range(400) for k in range(1, 4)})
    )
    exact = engine.compute(graph)
    before, engine.betweenness_work = engine.betweenness_work, 100 * 2 * graph.edges
    try:
        found = engine.compute(graph)
    finally:
        engine.betweenness_work = before
    assert found.summary["betweenness_sources"].value == 100
    assert "estimated" in found.summary["betweenness_sources"].note
    assert found.scores.betweenness.sum() == pytest.approx(exact.scores.betweenness.sum(), rel=0.1)


def test_estimated_distances_are_those_of_the_same_sample(engine: Neo4jEngine) -> None:
    graph = put(engine, "Far", range(300), [(n, (n * 13 + 5) % 300) for n in range(300)])
    wide = NetworkxEngine(distance_work=100 * 2 * graph.edges).compute(graph)
    before = engine.distance_work, engine.closeness_work
    engine.distance_work = engine.closeness_work = 100 * 2 * graph.edges
    try:
        found = engine.compute(graph)
    finally:
        engine.distance_work, engine.closeness_work = before
    assert found.summary["distance_sources"].value == 100
    np.testing.assert_allclose(found.scores.closeness, wide.scores.closeness, rtol=1e-12)
    np.testing.assert_allclose(found.scores.harmonic, wide.scores.harmonic, rtol=1e-12)


def test_a_graph_that_is_not_the_vaults_is_not_measured(engine: Neo4jEngine) -> None:
    graph = put(engine, "Other", range(4), [(0, 1), (1, 2)])
    with engine.driver.session() as neo4j:
        neo4j.run("MATCH (:LabelOther {id: '000000'})-[r]->() DELETE r").consume()
    with pytest.raises(StoreError, match="differs from the vault"):
        engine.compute(graph)
    with engine.driver.session() as neo4j:  # and nothing of it stays in memory
        assert neo4j.run("CALL gds.graph.list() YIELD graphName RETURN count(*) AS n").single()["n"] == 0


def test_what_does_not_fit_into_memory_is_refused(engine: Neo4jEngine) -> None:
    engine.check_memory(50_000, 2_000_000)
    with pytest.raises(ConfigurationError, match=r"needs [\d,]+ MiB; Neo4j's heap has [\d,]+ MiB") as error:
        engine.check_memory(100_000_000, 5_000_000_000)
    assert "NEO4J_HEAP_MB" in error.value.hint
