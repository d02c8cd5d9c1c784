// Sum of 1 / distance to the node, divided by N - 1.
CALL gds.closeness.harmonic.stream($graph) YIELD nodeId, score
RETURN nodeId AS node, score AS value
