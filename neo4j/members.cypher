// The projected nodes: GDS's number, our key, and the degree, by which the projection is checked. Parameters: graph.
CALL gds.degree.stream($graph) YIELD nodeId, score
RETURN nodeId AS node, gds.util.asNode(nodeId).id AS id, toInteger(score) AS value
