-- ═══ ClickHouse: states marts.funnel_daily
CREATE TABLE IF NOT EXISTS marts.funnel_daily
(
    day Date,
    `country` LowCardinality(String),
    `language` LowCardinality(String),
    viewed SimpleAggregateFunction(sum, UInt64),
    reacted SimpleAggregateFunction(sum, UInt64),
    commented SimpleAggregateFunction(sum, UInt64),
    shared SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY (day, `country`, `language`);

-- ═══ ClickHouse: view marts.v_funnel_daily
CREATE VIEW marts.v_funnel_daily AS
SELECT
    day, viewed, reacted, commented, shared,
    (reacted) / nullIf(viewed, 0) AS view_to_reaction, (commented) / nullIf(reacted, 0) AS reaction_to_comment,
    (shared) / nullIf(commented, 0) AS comment_to_share, (shared) / nullIf(viewed, 0) AS view_to_share
FROM
(
    SELECT day, sum(states.viewed) AS viewed, sum(states.reacted) AS reacted, sum(states.commented) AS commented, sum(states.shared) AS shared
    FROM marts.funnel_daily AS states
    GROUP BY day
)
ORDER BY day;

-- ═══ ClickHouse: build of [d0, d1)
INSERT INTO marts.staging_funnel_daily (day, `country`, `language`, viewed, reacted, commented, shared)
SELECT
    went.day AS day, toLowCardinality(if(known.since = toDateTime64(0, 6, 'UTC'), 'unknown', ifNull(toString(known.`country`), 'unknown'))) AS `country`, toLowCardinality(if(known.since = toDateTime64(0, 6, 'UTC'), 'unknown', ifNull(toString(known.`language`), 'unknown'))) AS `language`,
    countIf(went.steps >= 1),
    countIf(went.steps >= 2),
    countIf(went.steps >= 3),
    countIf(went.steps >= 4)
FROM
(
    -- the window is longer than a day: the day itself is the bound. Equal times are put in the order of the steps.
    SELECT
        toDate(event_time) AS day, actor, minIf(event_time, what = 'post_view') AS first_view,
        windowFunnel(90000000000)(toUInt64(toUnixTimestamp64Micro(event_time)), what IN ('post_view'), what IN ('reaction', 'like'), what IN ('comment', 'reply'), what IN ('share', 'quote')) AS steps
    FROM
    (
SELECT event_time, toLowCardinality('comment') AS what, op, `author_id` AS actor, op IN ('create', 'update') AS active FROM raw.`comment` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('reply') AS what, op, `author_id` AS actor, op IN ('create', 'update') AS active FROM raw.`reply` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('reaction') AS what, op, `user_id` AS actor, op IN ('create', 'update') AS active FROM raw.`reaction` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('like') AS what, op, `user_id` AS actor, op IN ('create', 'update') AS active FROM raw.`like` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('share') AS what, op, `user_id` AS actor, true AS active FROM raw.`share` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('quote') AS what, op, `user_id` AS actor, true AS active FROM raw.`quote` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('post_view') AS what, op, `user_id` AS actor, true AS active FROM raw.`post_view` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
    )
    WHERE op = 'create'
    GROUP BY day, actor
    HAVING steps > 0
) AS went
ASOF LEFT JOIN (SELECT key, since, said.1 AS `country`, said.2 AS `language`
    FROM
    (
        SELECT key, since, argMax(tuple(`country`, `language`), source_order) AS said
        FROM
        (
            SELECT `user_id` AS key, event_time AS since, source_order, `country` AS `country`, `language` AS `language` FROM raw.`user` FINAL WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
        )
        GROUP BY key, since
    )) AS known ON went.actor = known.key AND went.first_view >= known.since
GROUP BY day, `country`, `language`;
