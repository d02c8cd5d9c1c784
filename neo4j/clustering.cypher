// Triangles / pairs of neighbours. Undirected.
CALL gds.localClusteringCoefficient.stream($graph) YIELD nodeId, localClusteringCoefficient
RETURN nodeId AS node, localClusteringCoefficient AS value
