-- ═══ ClickHouse: states marts.topic_daily
CREATE TABLE IF NOT EXISTS marts.topic_daily
(
    day Date,
    topic LowCardinality(String),
    topic_id UUID COMMENT 'zeros: the post is filed under none',
    posts SimpleAggregateFunction(sum, UInt64),
    reels SimpleAggregateFunction(sum, UInt64),
    comments SimpleAggregateFunction(sum, UInt64),
    replies SimpleAggregateFunction(sum, UInt64),
    reactions SimpleAggregateFunction(sum, UInt64),
    shares SimpleAggregateFunction(sum, UInt64),
    participants AggregateFunction(uniqCombined64(17), UUID)
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY (day, topic, topic_id);

-- ═══ ClickHouse: view marts.v_topic_daily
CREATE VIEW marts.v_topic_daily AS
SELECT
    day, topic, posts, reels, comments, replies, reactions, shares, comments + replies AS discussion, participants,
    rank() OVER (PARTITION BY day ORDER BY comments + replies DESC) AS discussion_rank
FROM
(
    SELECT day, topic, sum(states.posts) AS posts, sum(states.reels) AS reels, sum(states.comments) AS comments, sum(states.replies) AS replies, sum(states.reactions) AS reactions, sum(states.shares) AS shares, uniqCombined64Merge(17)(states.participants) AS participants
    FROM marts.topic_daily AS states
    GROUP BY day, topic
)
ORDER BY day, discussion_rank, topic;

-- ═══ ClickHouse: view marts.v_community_topic_daily
CREATE VIEW marts.v_community_topic_daily AS
SELECT
    day, topic_id, ifNull(newest.1, 'unknown') AS title, newest.2 AS community_id, posts, comments, replies, reactions, shares,
    comments + replies AS discussion, participants,
    rank() OVER (PARTITION BY day ORDER BY comments + replies DESC) AS discussion_rank
FROM
(
    SELECT day, topic_id, sum(states.posts) AS posts, sum(states.comments) AS comments, sum(states.replies) AS replies, sum(states.reactions) AS reactions, sum(states.shares) AS shares, uniqCombined64Merge(17)(states.participants) AS participants
    FROM marts.topic_daily AS states
    WHERE topic_id != toUUID('00000000-0000-0000-0000-000000000000')
    GROUP BY day, topic_id
) AS sums
LEFT JOIN
(
    SELECT topic_id, argMax(tuple(toNullable(title), toNullable(community_id)), (event_time, source_order)) AS newest
    FROM raw.community_topic FINAL
    GROUP BY topic_id
) AS card USING (topic_id)
ORDER BY day, discussion_rank, topic_id;

-- ═══ ClickHouse: build of [d0, d1)
INSERT INTO marts.staging_topic_daily (day, topic, topic_id, posts, reels, comments, replies, reactions, shares, participants)
SELECT
    toDate(event_time) AS day, topic, ifNull(topic_id, toUUID('00000000-0000-0000-0000-000000000000')) AS filed_under,
    countIf(what IN ('post')),
    countIf(what IN ('reel')),
    countIf(what IN ('comment')),
    countIf(what IN ('reply')),
    countIf(what IN ('reaction', 'like')),
    countIf(what IN ('share', 'quote')),
    uniqCombined64State(17)(actor)
FROM
(
    SELECT act.event_time AS event_time, act.what AS what, act.actor AS actor, subject.topic AS topic, subject.topic_id AS topic_id
    FROM
    (
        SELECT event_time, toLowCardinality('post') AS what, post_id, `author_id` AS actor FROM raw.`post` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
        UNION ALL SELECT event_time, toLowCardinality('reel') AS what, post_id, `author_id` AS actor FROM raw.`reel` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
        UNION ALL SELECT event_time, toLowCardinality('comment') AS what, post_id, `author_id` AS actor FROM raw.`comment` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
        UNION ALL SELECT event_time, toLowCardinality('reply') AS what, post_id, `author_id` AS actor FROM raw.`reply` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
        UNION ALL SELECT event_time, toLowCardinality('reaction') AS what, post_id, `user_id` AS actor FROM raw.`reaction` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
        UNION ALL SELECT event_time, toLowCardinality('like') AS what, post_id, `user_id` AS actor FROM raw.`like` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
        UNION ALL SELECT event_time, toLowCardinality('share') AS what, post_id, `user_id` AS actor FROM raw.`share` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
        UNION ALL SELECT event_time, toLowCardinality('quote') AS what, post_id, `user_id` AS actor FROM raw.`quote` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
    ) AS act
    ASOF INNER JOIN (SELECT key, since, said.1 AS `topic`, said.2 AS `topic_id`
    FROM
    (
        SELECT key, since, argMax(tuple(`topic`, `topic_id`), source_order) AS said
        FROM
        (
            SELECT `post_id` AS key, event_time AS since, source_order, `topic` AS `topic`, `topic_id` AS `topic_id` FROM raw.`post` FINAL WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
            UNION ALL SELECT `post_id` AS key, event_time AS since, source_order, `topic` AS `topic`, NULL AS `topic_id` FROM raw.`reel` FINAL WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
        )
        GROUP BY key, since
    )) AS subject ON act.post_id = subject.key AND act.event_time >= subject.since
)
GROUP BY day, topic, filed_under;
