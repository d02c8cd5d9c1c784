// One node a business key. Before any load: MERGE looks nodes up by the index behind it. Inputs: label.
CREATE CONSTRAINT {{ (label ~ '_id') | cypher }} IF NOT EXISTS FOR (n:{{ label | cypher }}) REQUIRE n.id IS UNIQUE
