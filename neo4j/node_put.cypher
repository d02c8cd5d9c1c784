// Nodes that are alive. Inputs: feed (where rows come from), node. Rows: id. Run again, it changes nothing.
{{ feed }}
CALL (row) {
  MERGE (:{{ node.label | cypher }} {id: row.id})
} IN TRANSACTIONS OF {{ batch }} ROWS
