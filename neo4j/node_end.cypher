// Nodes that are no more, with all their relations. Inputs: feed, node. Rows: id. Run again, it changes nothing.
{{ feed }}
CALL (row) {
  MATCH (n:{{ node.label | cypher }} {id: row.id})
  DETACH DELETE n
} IN TRANSACTIONS OF {{ batch }} ROWS
