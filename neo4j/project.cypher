// The simple graph of one relation, in GDS's memory: all nodes of the label, isolated ones too; no loops; undirected: a pair
// once, whichever way its relations point. Inputs: label, type, directed. Parameters: graph (its name).
MATCH (s:{{ label | cypher }})
{% if directed %}
OPTIONAL MATCH (s)-[:{{ type | cypher }}]->(t:{{ label | cypher }}) WHERE s <> t
RETURN gds.graph.project($graph, s, t) AS projected
{% else %}
OPTIONAL MATCH (s)-[:{{ type | cypher }}]-(t:{{ label | cypher }}) WHERE s.id < t.id
WITH DISTINCT s, t
RETURN gds.graph.project($graph, s, t, {}, {undirectedRelationshipTypes: ['*']}) AS projected
{% endif %}
