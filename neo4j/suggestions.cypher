// Whom a node may want to be tied to: those with the most alike neighbours (Jaccard) that it has no relation with of any type.
// Parameters: graph, candidates (nodes looked at for each), top (kept of them). Undirected.
CALL gds.nodeSimilarity.stream($graph, {topK: $candidates, degreeCutoff: 2}) YIELD node1, node2, similarity
WITH gds.util.asNode(node1) AS a, gds.util.asNode(node2) AS b, similarity
WHERE NOT (a)--(b)
WITH a, b, similarity ORDER BY similarity DESC, b.id
WITH a, collect({id: b.id, similarity: similarity})[..$top] AS found
UNWIND range(0, size(found) - 1) AS i
RETURN a.id AS id, found[i].id AS suggested, i + 1 AS rank, found[i].similarity AS similarity
