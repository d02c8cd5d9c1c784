// Not normalised, and the mass of nodes without a way out is lost: divided by its sum it is what interface.py defines.
CALL gds.pageRank.stream($graph, {dampingFactor: 0.85, maxIterations: 1000, tolerance: 1e-13}) YIELD nodeId, score
RETURN nodeId AS node, score AS value
