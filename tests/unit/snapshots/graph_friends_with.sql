-- ═══ PostgreSQL: read
-- One relation's graph in one statement, hence one snapshot: nodes as (id, hash key, NULL), edges as (source, NULL, target).
COPY (
    SELECT id, hk::text, NULL::text FROM "graph"."node_user"
    UNION ALL
    SELECT source, NULL, target FROM "graph"."rel_friends_with"
) TO STDOUT (FORMAT csv);

-- ═══ PostgreSQL: clear the day
-- Take one day's measures of one relation out of its business satellite, before they are written anew (PostgreSQL).
-- Parameters: as_of, relation.
DELETE FROM "vault"."sat_user_centrality" WHERE as_of = %(as_of)s AND relation = %(relation)s;

-- ═══ PostgreSQL: fill the day
-- Fill one day's measures of one relation into its business satellite (PostgreSQL).
COPY "vault"."sat_user_centrality" (hk, as_of, relation, "degree", "in_degree", "out_degree", "pagerank", "betweenness", "closeness", "harmonic", "clustering", "triangles", "core", "component", "community") FROM STDIN (FORMAT csv);

-- ═══ reconciliation
-- One relation as the vault has it now, and what its business satellite holds over all days (PostgreSQL).
-- Grain: one row. Parameter: relation.
SELECT
    (SELECT count(*) FROM "graph"."node_user") AS nodes,
    (
        SELECT count(*)
        FROM (SELECT DISTINCT least(source, target), greatest(source, target)
              FROM "graph"."rel_friends_with" WHERE source <> target) AS pair
    ) AS edges,
    (SELECT count(*) FROM "vault"."sat_user_centrality" WHERE relation = %(relation)s) AS satellite_rows,
    (SELECT coalesce(sum(degree), 0) FROM "vault"."sat_user_centrality" WHERE relation = %(relation)s)
        AS satellite_degrees;

-- One relation's results: of the newest day, and sums over all days (ClickHouse).
-- Grain: one row. Parameter: relation.
WITH newest AS (SELECT max(as_of) FROM graph.summary WHERE relation = {relation:String})
SELECT
    toInt64(summary.newest_nodes) AS newest_nodes,
    toInt64(summary.newest_edges) AS newest_edges,
    toInt64(summary.nodes) AS nodes,
    toInt64(summary.edges) AS edges,
    toInt64(summary.reachable_pairs) AS reachable_pairs,
    toInt64(summary.diameters) AS diameters,
    toInt64(summary.community_count) AS community_count,
    toInt64(summary.metrics) AS metrics,
    toInt64(summary.days) AS days,
    toInt64(scores.n) AS score_rows,
    toInt64(scores.degrees) AS score_degrees,
    toInt64(distances.n) AS distance_rows,
    toInt64(distances.pairs) AS distance_pairs,
    toInt64(communities.n) AS community_rows,
    toInt64(communities.sizes) AS community_sizes
FROM
(
    SELECT
        sumIf(value, metric = 'nodes' AND as_of = (SELECT * FROM newest)) AS newest_nodes,
        sumIf(value, metric = 'edges' AND as_of = (SELECT * FROM newest)) AS newest_edges,
        sumIf(value, metric = 'nodes') AS nodes,
        sumIf(value, metric = 'edges') AS edges,
        sumIf(value, metric = 'reachable_pairs') AS reachable_pairs,
        sumIf(value, metric = 'diameter') AS diameters,
        sumIf(value, metric = 'communities') AS community_count,
        count() AS metrics,
        uniqExact(as_of) AS days
    FROM graph.summary WHERE relation = {relation:String}
) AS summary
CROSS JOIN (SELECT count() AS n, sum(degree) AS degrees FROM graph.scores WHERE relation = {relation:String}) AS scores
CROSS JOIN (SELECT count() AS n, sum(pairs) AS pairs FROM graph.distances WHERE relation = {relation:String}) AS distances
CROSS JOIN (SELECT count() AS n, sum(size) AS sizes FROM graph.communities WHERE relation = {relation:String}) AS communities;

-- ═══ ClickHouse: put a day in place
-- Put the staged day in place of what the table holds of it (ClickHouse).
-- A day without rows is dropped: ClickHouse 26 refuses to replace a partition by none, and earlier ones have no setting for it.
ALTER TABLE `graph`.`scores` REPLACE PARTITION '2026-01-31' FROM `graph`.`scores_staging`;

-- ═══ ClickHouse: an empty day
-- Put the staged day in place of what the table holds of it (ClickHouse).
-- A day without rows is dropped: ClickHouse 26 refuses to replace a partition by none, and earlier ones have no setting for it.
ALTER TABLE `graph`.`scores` DROP PARTITION '2026-01-31';
