-- ═══ ClickHouse: states marts.user_activity_daily
CREATE TABLE IF NOT EXISTS marts.user_activity_daily
(
    day Date,
    user_id UUID,
    views SimpleAggregateFunction(sum, UInt64),
    reactions SimpleAggregateFunction(sum, UInt64),
    comments SimpleAggregateFunction(sum, UInt64),
    shares SimpleAggregateFunction(sum, UInt64),
    posts SimpleAggregateFunction(sum, UInt64),
    stories SimpleAggregateFunction(sum, UInt64),
    reels SimpleAggregateFunction(sum, UInt64),
    events SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY (day, user_id);

-- ═══ ClickHouse: view marts.v_user_activity_daily
CREATE VIEW marts.v_user_activity_daily AS
SELECT
    day, user_id,
    sum(states.views) AS views,
    sum(states.reactions) AS reactions,
    sum(states.comments) AS comments,
    sum(states.shares) AS shares,
    sum(states.posts) AS posts,
    sum(states.stories) AS stories,
    sum(states.reels) AS reels,
    sum(states.events) AS events
FROM marts.user_activity_daily AS states
GROUP BY day, user_id;

-- ═══ ClickHouse: build of [d0, d1)
INSERT INTO marts.staging_user_activity_daily (day, user_id, views, reactions, comments, shares, posts, stories, reels, events)
SELECT
    toDate(event_time) AS day, actor AS user_id,
    countIf(what IN ('post_view') AND op = 'create'),
    countIf(what IN ('reaction', 'like') AND op = 'create'),
    countIf(what IN ('comment', 'reply') AND op = 'create'),
    countIf(what IN ('share', 'quote') AND op = 'create'),
    countIf(what IN ('post') AND op = 'create'),
    countIf(what IN ('story') AND op = 'create'),
    countIf(what IN ('reel') AND op = 'create'),
    count()
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
)
WHERE active
GROUP BY day, user_id;

-- ═══ reconciliation: views
SELECT count(*) FROM vault.link_post_view;

SELECT sum(views) FROM marts.user_activity_daily;
