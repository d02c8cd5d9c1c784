// Weakly connected components, numbered anyhow.
CALL gds.wcc.stream($graph) YIELD nodeId, componentId
RETURN nodeId AS node, componentId AS value
