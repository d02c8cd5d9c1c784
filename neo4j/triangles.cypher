// Triangles through the node. Undirected.
CALL gds.triangleCount.stream($graph) YIELD nodeId, triangleCount
RETURN nodeId AS node, triangleCount AS value
