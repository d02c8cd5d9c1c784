// Relations that ended. Inputs: feed, relation. Rows: source, target. Run again, it changes nothing.
{{ feed }}
CALL (row) {
  MATCH (:{{ relation.source.label | cypher }} {id: row.source})-[r:{{ relation.type | cypher }}]->(:{{ relation.target.label | cypher }} {id: row.target})
  DELETE r
} IN TRANSACTIONS OF {{ batch }} ROWS
