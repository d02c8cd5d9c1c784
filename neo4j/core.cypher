// The largest k whose k-core holds the node. Undirected.
CALL gds.kcore.stream($graph) YIELD nodeId, coreValue
RETURN nodeId AS node, coreValue AS value
