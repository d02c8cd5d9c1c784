// The identity of the database: another one, or a new one in the same place, has another. Grain: one row.
CALL db.info() YIELD id
RETURN id
