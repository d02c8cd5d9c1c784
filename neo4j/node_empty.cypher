// All nodes of a label go, with all their relations. Inputs: label, batch.
MATCH (n:{{ label | cypher }})
CALL (n) {
  DETACH DELETE n
} IN TRANSACTIONS OF {{ batch }} ROWS
