-- ═══ ClickHouse: table marts.platform_daily
CREATE TABLE IF NOT EXISTS marts.platform_daily
(
    day Date,
    posts SimpleAggregateFunction(sum, UInt64),
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
ORDER BY day;

-- ═══ ClickHouse: view marts.v_platform_daily
CREATE VIEW marts.v_platform_daily AS
WITH
    days AS
    (
        SELECT
            day, sum(posts) AS posts, sum(comments) AS comments, sum(reactions) AS reactions, sum(likes) AS likes,
            sum(shares) AS shares, sum(views) AS views, sum(new_users) AS new_users,
            uniqCombined64Merge(17)(active) AS dau
        FROM marts.platform_daily
        GROUP BY day
    ),
    windows AS
    (
        -- each day's state counts for the 30 days that begin with it
        SELECT
            toDate(day + shift) AS day,
            uniqCombined64MergeIf(17)(active, shift < 7) AS wau,
            uniqCombined64Merge(17)(active) AS mau
        FROM marts.platform_daily
        ARRAY JOIN range(30) AS shift
        GROUP BY day
    )
SELECT
    day, posts, comments, reactions, likes, shares, views, new_users,
    if(posts = 0, NULL, (comments + reactions + likes + shares) / posts) AS interactions_a_post,
    dau, wau, mau, dau / wau AS dau_wau, wau / mau AS wau_mau
FROM days
INNER JOIN windows USING (day)
ORDER BY day;

-- ═══ ClickHouse: build of [d0, d1)
INSERT INTO marts.staging_platform_daily (day, posts, comments, reactions, likes, shares, views, new_users, active)
SELECT
    day,
    sum(what = 'post'), sum(what = 'comment'), sum(what = 'reaction'), sum(what = 'like'),
    sum(what = 'share'), sum(what = 'post_view'), sum(what = 'user'),
    uniqCombined64StateIf(17)(actor, what = '')
FROM
(
    SELECT toDate(event_time) AS day, 'post' AS what, toUUID('00000000-0000-0000-0000-000000000000') AS actor
    FROM raw.`post` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
    UNION ALL
    SELECT toDate(event_time) AS day, 'comment' AS what, toUUID('00000000-0000-0000-0000-000000000000') AS actor
    FROM raw.`comment` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
    UNION ALL
    SELECT toDate(event_time) AS day, 'reaction' AS what, toUUID('00000000-0000-0000-0000-000000000000') AS actor
    FROM raw.`reaction` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
    UNION ALL
    SELECT toDate(event_time) AS day, 'like' AS what, toUUID('00000000-0000-0000-0000-000000000000') AS actor
    FROM raw.`like` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
    UNION ALL
    SELECT toDate(event_time) AS day, 'share' AS what, toUUID('00000000-0000-0000-0000-000000000000') AS actor
    FROM raw.`share` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
    UNION ALL
    SELECT toDate(event_time) AS day, 'post_view' AS what, toUUID('00000000-0000-0000-0000-000000000000') AS actor
    FROM raw.`post_view` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
    UNION ALL
    SELECT toDate(event_time) AS day, 'user' AS what, toUUID('00000000-0000-0000-0000-000000000000') AS actor
    FROM raw.`user` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
    UNION ALL
    SELECT day, '' AS what, actor FROM
    (
SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`user` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`user_profile` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`user_settings` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`user_privacy` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`friend` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `follower_id` AS actor FROM raw.`follower` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `subscriber_id` AS actor FROM raw.`subscription` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `blocker_id` AS actor FROM raw.`block` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `muter_id` AS actor FROM raw.`mute` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`close_friend` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `author_id` AS actor FROM raw.`post` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `author_id` AS actor FROM raw.`story` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `author_id` AS actor FROM raw.`reel` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `author_id` AS actor FROM raw.`comment` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `author_id` AS actor FROM raw.`reply` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`reaction` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`like` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`share` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`quote` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`post_view` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `owner_id` AS actor FROM raw.`photo` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `owner_id` AS actor FROM raw.`video` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `owner_id` AS actor FROM raw.`album` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `founder_id` AS actor FROM raw.`community` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `founder_id` AS actor FROM raw.`group` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`group_member` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `opened_by` AS actor FROM raw.`community_topic` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `moderator_id` AS actor FROM raw.`pinned_post` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `reporter_id` AS actor FROM raw.`report` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `advertiser_id` AS actor FROM raw.`ad` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`ad_impression` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`ad_click` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `sponsor_id` AS actor FROM raw.`sponsorship` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `donor_id` AS actor FROM raw.`donation` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
    )
)
GROUP BY day;

-- ═══ account: views
SELECT count(*) FROM vault.link_post_view;

SELECT sum(views) FROM marts.v_platform_daily;

-- ═══ account: shares
SELECT count(*) FROM vault.link_share;

SELECT sum(shares) FROM marts.v_platform_daily;
