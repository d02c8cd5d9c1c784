// Relations in force, between nodes that are there. Inputs: feed, relation, properties (name: how its text is read), fresh:
// the type was emptied before, so that nothing needs to be looked for. Rows: source, target, properties, as text.
{{ feed }}
CALL (row) {
  MATCH (s:{{ relation.source.label | cypher }} {id: row.source})
  MATCH (t:{{ relation.target.label | cypher }} {id: row.target})
  {{ "CREATE" if fresh else "MERGE" }} (s)-[r:{{ relation.type | cypher }}]->(t)
{% for name, read in properties.items() %}
  SET r.{{ name | cypher }} = {{ read }}
{% endfor %}
} IN TRANSACTIONS OF {{ batch }} ROWS
