-- ═══ ClickHouse: states marts.user_centrality
CREATE TABLE IF NOT EXISTS marts.user_centrality
(
    day Date,
    user_id UUID,
    friends SimpleAggregateFunction(max, UInt32),
    followers SimpleAggregateFunction(max, UInt32),
    following SimpleAggregateFunction(max, UInt32),
    pagerank SimpleAggregateFunction(max, Float64),
    friend_pagerank SimpleAggregateFunction(max, Float64),
    betweenness SimpleAggregateFunction(max, Float64),
    closeness SimpleAggregateFunction(max, Float64),
    harmonic SimpleAggregateFunction(max, Float64),
    clustering SimpleAggregateFunction(max, Float64),
    triangles SimpleAggregateFunction(max, UInt64),
    core SimpleAggregateFunction(max, UInt32),
    component SimpleAggregateFunction(max, UInt32),
    community SimpleAggregateFunction(max, UInt32)
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY (day, user_id);

-- ═══ ClickHouse: view marts.v_user_centrality
CREATE VIEW marts.v_user_centrality AS
SELECT
    day, user_id, if(card.1 = '', 'unknown', card.1) AS username, if(card.2 = '', 'unknown', card.2) AS country,
    if(card.3 = '', 'unknown', card.3) AS language, friends, followers, following, pagerank, friend_pagerank, betweenness,
    closeness, harmonic, clustering, triangles, core, component, community
FROM
(
    SELECT
        day, user_id, max(friends) AS friends, max(followers) AS followers, max(following) AS following,
        max(pagerank) AS pagerank, max(friend_pagerank) AS friend_pagerank, max(betweenness) AS betweenness,
        max(closeness) AS closeness, max(harmonic) AS harmonic, max(clustering) AS clustering, max(triangles) AS triangles,
        max(core) AS core, max(component) AS component, max(community) AS community
    FROM marts.user_centrality
    GROUP BY day, user_id
) AS scores
LEFT JOIN (SELECT user_id AS id, argMax((username, toString(country), toString(language)), (event_time, source_order)) AS card FROM raw.user FINAL GROUP BY user_id) AS users ON scores.user_id = users.id;

-- ═══ ClickHouse: build of [d0, d1)
INSERT INTO marts.staging_user_centrality
SELECT
    as_of AS day, toUUID(node_id) AS user_id,
    maxIf(degree, relation = 'FRIENDS_WITH'), maxIf(in_degree, relation = 'FOLLOWS'), maxIf(out_degree, relation = 'FOLLOWS'),
    maxIf(scores.pagerank, relation = 'FOLLOWS'), maxIf(scores.pagerank, relation = 'FRIENDS_WITH'),
    maxIf(scores.betweenness, relation = 'FRIENDS_WITH'), maxIf(scores.closeness, relation = 'FRIENDS_WITH'),
    maxIf(scores.harmonic, relation = 'FRIENDS_WITH'), maxIf(scores.clustering, relation = 'FRIENDS_WITH'),
    maxIf(scores.triangles, relation = 'FRIENDS_WITH'), maxIf(scores.core, relation = 'FRIENDS_WITH'),
    maxIf(scores.component, relation = 'FRIENDS_WITH'), maxIf(scores.community, relation = 'FRIENDS_WITH')
FROM graph.scores
WHERE as_of >= {d0:Date} AND as_of < {d1:Date} AND label = 'User'
GROUP BY as_of, node_id;

-- ═══ reconciliation: users
SELECT count(*) FROM graph.node_user;

SELECT count() FROM marts.v_user_centrality WHERE day = (SELECT max(day) FROM marts.user_centrality);
