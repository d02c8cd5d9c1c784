// Leiden: as Louvain, with communities that hang together. One thread, so that a seed repeats the result. Undirected.
// Parameters: seed.
CALL gds.leiden.stream($graph, {randomSeed: $seed, concurrency: 1, maxLevels: 20}) YIELD nodeId, communityId
RETURN nodeId AS node, communityId AS value
