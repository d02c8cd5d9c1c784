-- ═══ ClickHouse: states marts.social_graph_daily
CREATE TABLE IF NOT EXISTS marts.social_graph_daily
(
    day Date,
    users SimpleAggregateFunction(max, UInt64),
    friendships SimpleAggregateFunction(max, UInt64),
    follows SimpleAggregateFunction(max, UInt64),
    isolated SimpleAggregateFunction(max, UInt64),
    components SimpleAggregateFunction(max, UInt64),
    largest_component SimpleAggregateFunction(max, UInt64),
    clustering SimpleAggregateFunction(max, Float64),
    diameter SimpleAggregateFunction(max, UInt64),
    mean_distance SimpleAggregateFunction(max, Float64),
    pairs_at AggregateFunction(sumMap, Array(UInt32), Array(UInt64))
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY day;

-- ═══ ClickHouse: view marts.v_social_graph_daily
CREATE VIEW marts.v_social_graph_daily AS
WITH days AS
(
    SELECT
        day, max(users) AS users, max(friendships) AS friendships, max(follows) AS follows, max(isolated) AS isolated,
        max(components) AS components, max(largest_component) AS largest_component, max(clustering) AS clustering,
        max(diameter) AS diameter, max(mean_distance) AS mean_distance, (sumMapMerge(pairs_at) AS levels).2 AS pairs_at
    FROM marts.social_graph_daily
    GROUP BY day
)
SELECT
    day, users, friendships,
    (2 * friendships) / nullIf(users, 0) AS mean_friends, (follows) / nullIf(users, 0) AS mean_followers,
    (isolated) / nullIf(users, 0) AS isolated_share,
    components, (largest_component) / nullIf(users, 0) AS largest_component_share, clustering, diameter, mean_distance, pairs_at,
    arrayMap(reached -> (reached) / nullIf(users * (users - 1) / 2, 0), arrayCumSum(pairs_at)) AS reached_share
FROM days
ORDER BY day;

-- ═══ ClickHouse: build of [d0, d1)
INSERT INTO marts.staging_social_graph_daily
WITH
    maxIf(value, relation = 'FRIENDS_WITH' AND metric = 'nodes') AS friends_with_nodes,
    maxIf(value, relation = 'FRIENDS_WITH' AND metric = 'edges') AS friends_with_edges,
    maxIf(value, relation = 'FRIENDS_WITH' AND metric = 'isolated') AS friends_with_isolated,
    maxIf(value, relation = 'FRIENDS_WITH' AND metric = 'components') AS friends_with_components,
    maxIf(value, relation = 'FRIENDS_WITH' AND metric = 'largest_component') AS friends_with_largest_component,
    maxIf(value, relation = 'FRIENDS_WITH' AND metric = 'avg_clustering') AS friends_with_avg_clustering,
    maxIf(value, relation = 'FRIENDS_WITH' AND metric = 'diameter') AS friends_with_diameter,
    maxIf(value, relation = 'FRIENDS_WITH' AND metric = 'mean_distance') AS friends_with_mean_distance,
    maxIf(value, relation = 'FOLLOWS' AND metric = 'edges') AS follows_edges
SELECT
    as_of AS day, toUInt64(friends_with_nodes), toUInt64(friends_with_edges), toUInt64(follows_edges),
    toUInt64(friends_with_isolated), toUInt64(friends_with_components), toUInt64(friends_with_largest_component),
    friends_with_avg_clustering, toUInt64(friends_with_diameter), friends_with_mean_distance, any(levels.pairs_at)
FROM graph.summary
LEFT JOIN
(
    SELECT as_of, sumMapState([distance], [pairs]) AS pairs_at
    FROM graph.distances
    WHERE relation = 'FRIENDS_WITH' AND as_of >= {d0:Date} AND as_of < {d1:Date}
    GROUP BY as_of
) AS levels USING (as_of)
WHERE as_of >= {d0:Date} AND as_of < {d1:Date}
GROUP BY as_of;

-- ═══ reconciliation: friendships
SELECT count(*) FROM graph.rel_friends_with;

SELECT friendships FROM marts.v_social_graph_daily ORDER BY day DESC LIMIT 1;
