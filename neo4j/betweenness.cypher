// Raw, undirected pairs once. Parameters: sources (how many nodes paths are followed from; all: exact), seed.
CALL gds.betweenness.stream($graph, {samplingSize: $sources, samplingSeed: $seed}) YIELD nodeId, score
RETURN nodeId AS node, score AS value
