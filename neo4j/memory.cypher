// What a projection needs at least, and what Neo4j's heap can have. Grain: one row. Parameters: nodes, relationships.
CALL gds.graph.project.estimate('*', '*', {nodeCount: $nodes, relationshipCount: $relationships}) YIELD bytesMin
CALL dbms.queryJmx('java.lang:type=Memory') YIELD attributes
RETURN bytesMin AS needed, attributes.HeapMemoryUsage.value.properties.max AS heap
