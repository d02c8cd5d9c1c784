-- ═══ ClickHouse: states marts.platform_daily
CREATE TABLE IF NOT EXISTS marts.platform_daily
(
    day Date,
    `country` LowCardinality(String),
    `language` LowCardinality(String),
    posts SimpleAggregateFunction(sum, UInt64),
    stories SimpleAggregateFunction(sum, UInt64),
    reels SimpleAggregateFunction(sum, UInt64),
    comments SimpleAggregateFunction(sum, UInt64),
    reactions SimpleAggregateFunction(sum, UInt64),
    likes SimpleAggregateFunction(sum, UInt64),
    shares SimpleAggregateFunction(sum, UInt64),
    views SimpleAggregateFunction(sum, UInt64),
    new_users SimpleAggregateFunction(sum, UInt64),
    active AggregateFunction(uniqCombined64(17), UUID)
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY (day, `country`, `language`);

-- ═══ ClickHouse: view marts.v_platform_daily
CREATE VIEW marts.v_platform_daily AS
WITH windows AS
(
    SELECT
        toDate(held + shift) AS day, day < toDate(now('UTC')) AS complete,
        complete AND max(shift BETWEEN 6 AND 36) AS week_complete,
        complete AND max(shift BETWEEN 29 AND 59) AS month_complete
    FROM (SELECT DISTINCT day AS held FROM marts.platform_daily)
    ARRAY JOIN range(60) AS shift
    GROUP BY day
)
SELECT
    sums.day AS day, complete, week_complete, month_complete, posts, stories, reels, comments, reactions, likes, shares, views, new_users,
    (comments + reactions + likes + shares) / nullIf(posts + stories + reels, 0) AS interactions_per_post,
    dau, wau, mau, (dau) / nullIf(wau, 0) AS dau_wau, (wau) / nullIf(mau, 0) AS wau_mau, (dau) / nullIf(mau, 0) AS stickiness
FROM
(
    -- each day's states count for the 30 days that begin with it; its own day is shift 0
    SELECT
        day,
        sumIf(states.posts, shift = 0) AS posts,
        sumIf(states.stories, shift = 0) AS stories,
        sumIf(states.reels, shift = 0) AS reels,
        sumIf(states.comments, shift = 0) AS comments,
        sumIf(states.reactions, shift = 0) AS reactions,
        sumIf(states.likes, shift = 0) AS likes,
        sumIf(states.shares, shift = 0) AS shares,
        sumIf(states.views, shift = 0) AS views,
        sumIf(states.new_users, shift = 0) AS new_users,
        uniqCombined64MergeIf(17)(active, shift = 0) AS dau,
        uniqCombined64MergeIf(17)(active, shift < 7) AS wau,
        uniqCombined64Merge(17)(active) AS mau
    FROM
    (
        SELECT * REPLACE (toDate(day + shift) AS day), shift
        FROM marts.platform_daily
        ARRAY JOIN range(30) AS shift
    ) AS states
    WHERE day <= (SELECT max(day) FROM marts.platform_daily)
    GROUP BY day
) AS sums
INNER JOIN windows ON sums.day = windows.day
ORDER BY day;

-- ═══ ClickHouse: build of [d0, d1)
INSERT INTO marts.staging_platform_daily (day, `country`, `language`, posts, stories, reels, comments, reactions, likes, shares, views, new_users, active)
SELECT
    toDate(act.event_time) AS day, toLowCardinality(if(known.since = toDateTime64(0, 6, 'UTC'), 'unknown', ifNull(toString(known.`country`), 'unknown'))) AS `country`, toLowCardinality(if(known.since = toDateTime64(0, 6, 'UTC'), 'unknown', ifNull(toString(known.`language`), 'unknown'))) AS `language`,
    countIf(act.what IN ('post') AND act.op = 'create'),
    countIf(act.what IN ('story') AND act.op = 'create'),
    countIf(act.what IN ('reel') AND act.op = 'create'),
    countIf(act.what IN ('comment', 'reply') AND act.op = 'create'),
    countIf(act.what IN ('reaction') AND act.op = 'create'),
    countIf(act.what IN ('like') AND act.op = 'create'),
    countIf(act.what IN ('share', 'quote') AND act.op = 'create'),
    countIf(act.what IN ('post_view') AND act.op = 'create'),
    countIf(act.what IN ('user') AND act.op = 'create'),
    uniqCombined64StateIf(17)(act.actor, act.active)
FROM
(
SELECT event_time, toLowCardinality('user') AS what, op, `user_id` AS actor, op IN ('create', 'update') AS active FROM raw.`user` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('user_profile') AS what, op, `user_id` AS actor, op IN ('create', 'update') AS active FROM raw.`user_profile` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('user_settings') AS what, op, `user_id` AS actor, op IN ('create', 'update') AS active FROM raw.`user_settings` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('user_privacy') AS what, op, `user_id` AS actor, op IN ('create', 'update') AS active FROM raw.`user_privacy` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('friend') AS what, op, `user_id` AS actor, op IN ('create', 'update') AS active FROM raw.`friend` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('follower') AS what, op, `follower_id` AS actor, op IN ('create', 'update') AS active FROM raw.`follower` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('subscription') AS what, op, `subscriber_id` AS actor, op IN ('create', 'update') AS active FROM raw.`subscription` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('block') AS what, op, `blocker_id` AS actor, op IN ('create', 'update') AS active FROM raw.`block` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('mute') AS what, op, `muter_id` AS actor, op IN ('create', 'update') AS active FROM raw.`mute` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('close_friend') AS what, op, `user_id` AS actor, op IN ('create', 'update') AS active FROM raw.`close_friend` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('post') AS what, op, `author_id` AS actor, op IN ('create', 'update') AS active FROM raw.`post` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('story') AS what, op, `author_id` AS actor, op IN ('create', 'update') AS active FROM raw.`story` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('reel') AS what, op, `author_id` AS actor, op IN ('create', 'update') AS active FROM raw.`reel` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('comment') AS what, op, `author_id` AS actor, op IN ('create', 'update') AS active FROM raw.`comment` FINAL
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
UNION ALL SELECT event_time, toLowCardinality('photo') AS what, op, `owner_id` AS actor, op IN ('create', 'update') AS active FROM raw.`photo` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('video') AS what, op, `owner_id` AS actor, op IN ('create', 'update') AS active FROM raw.`video` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('album') AS what, op, `owner_id` AS actor, op IN ('create', 'update') AS active FROM raw.`album` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('community') AS what, op, `founder_id` AS actor, op IN ('create', 'update') AS active FROM raw.`community` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('group') AS what, op, `founder_id` AS actor, op IN ('create', 'update') AS active FROM raw.`group` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('group_member') AS what, op, `user_id` AS actor, op IN ('create', 'update') AS active FROM raw.`group_member` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('community_topic') AS what, op, `opened_by` AS actor, op IN ('create', 'update') AS active FROM raw.`community_topic` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('pinned_post') AS what, op, `moderator_id` AS actor, op IN ('create', 'update') AS active FROM raw.`pinned_post` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('report') AS what, op, `reporter_id` AS actor, true AS active FROM raw.`report` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('ad') AS what, op, `advertiser_id` AS actor, op IN ('create', 'update') AS active FROM raw.`ad` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('ad_click') AS what, op, `user_id` AS actor, true AS active FROM raw.`ad_click` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('sponsorship') AS what, op, `sponsor_id` AS actor, op IN ('create', 'update') AS active FROM raw.`sponsorship` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT event_time, toLowCardinality('donation') AS what, op, `donor_id` AS actor, true AS active FROM raw.`donation` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
) AS act
ASOF LEFT JOIN (SELECT key, since, said.1 AS `country`, said.2 AS `language`
    FROM
    (
        SELECT key, since, argMax(tuple(`country`, `language`), source_order) AS said
        FROM
        (
            SELECT `user_id` AS key, event_time AS since, source_order, `country` AS `country`, `language` AS `language` FROM raw.`user` FINAL WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
        )
        GROUP BY key, since
    )) AS known ON act.actor = known.key AND act.event_time >= known.since
WHERE act.active OR act.op = 'create'
GROUP BY day, `country`, `language`;

-- ═══ account: views
SELECT count(*) FROM vault.link_post_view;

SELECT sum(views) FROM marts.platform_daily;

-- ═══ account: shares
SELECT (SELECT count(*) FROM vault.link_share) + (SELECT count(*) FROM vault.link_quote);

SELECT sum(shares) FROM marts.platform_daily;
