// How many there are, from the database's own counters. Grain: a label or a type. Inputs: labels, types.
{% for label in labels %}
{{ "UNION ALL " if not loop.first }}MATCH (n:{{ label | cypher }}) WITH count(n) AS n RETURN 'node' AS kind, {{ label | text }} AS name, n
{% endfor %}
{% for type in types %}
UNION ALL MATCH ()-[r:{{ type | cypher }}]->() WITH count(r) AS n RETURN 'relation' AS kind, {{ type | text }} AS name, n
{% endfor %}
