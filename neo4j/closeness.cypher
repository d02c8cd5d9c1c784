// Nodes that reach the node / sum of their distances to it.
CALL gds.closeness.stream($graph, {useWassermanFaust: false}) YIELD nodeId, score
RETURN nodeId AS node, score AS value
