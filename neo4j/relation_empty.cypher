// All relations of a type go. Inputs: type, batch.
MATCH ()-[r:{{ type | cypher }}]->()
CALL (r) {
  DELETE r
} IN TRANSACTIONS OF {{ batch }} ROWS
