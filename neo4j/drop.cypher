// Frees a projection, if there is one. Parameters: graph.
CALL gds.graph.drop($graph, false) YIELD graphName
RETURN graphName
