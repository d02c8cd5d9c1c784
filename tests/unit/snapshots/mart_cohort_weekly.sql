-- ═══ ClickHouse: states marts.cohort_weekly
CREATE TABLE IF NOT EXISTS marts.cohort_weekly
(
    day Date,
    cohort_week Date,
    users SimpleAggregateFunction(sum, UInt64),
    active AggregateFunction(uniqCombined64(17), UUID)
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY (day, cohort_week);

-- ═══ ClickHouse: view marts.v_cohort_weekly
CREATE VIEW marts.v_cohort_weekly AS
WITH (SELECT max(day) FROM marts.cohort_weekly) AS last_day
SELECT
    cohort_week, weeks_after, week, week + 6 <= last_day AND week + 6 < toDate(now('UTC')) AS complete,
    joined AS users, uniqCombined64MergeIf(17)(active, toMonday(day) = week) AS active_users, (active_users) / nullIf(users, 0) AS retention
FROM
(
    SELECT
        day, cohort_week, active, sum(users) OVER (PARTITION BY cohort_week) AS joined,
        arrayJoin(range(toUInt64(intDiv(toMonday(last_day) - cohort_week, 7) + 1))) AS weeks_after, toDate(cohort_week + 7 * weeks_after) AS week
    FROM marts.cohort_weekly
)
GROUP BY cohort_week, weeks_after, week, joined
ORDER BY cohort_week, weeks_after;

-- ═══ ClickHouse: build of [d0, d1)
INSERT INTO marts.staging_cohort_weekly (day, cohort_week, users, active)
WITH joined AS
(
    SELECT user_id, toDate(min(event_time)) AS joined_on
    FROM raw.user FINAL
    WHERE op = 'create' AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
    GROUP BY user_id
)
SELECT day, toMonday(joined_on) AS cohort_week, sum(joins), uniqCombined64StateIf(17)(user_id, NOT joins)
FROM
(
    SELECT joined_on AS day, joined_on, user_id, 1 AS joins
    FROM joined
    WHERE joined_on >= {d0:Date}
    UNION ALL
    SELECT act.day, joined.joined_on, act.actor, 0
    FROM
    (
        SELECT DISTINCT day, actor FROM
        (
SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`user` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`user_profile` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`user_settings` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`user_privacy` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`friend` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `follower_id` AS actor FROM raw.`follower` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `subscriber_id` AS actor FROM raw.`subscription` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `blocker_id` AS actor FROM raw.`block` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `muter_id` AS actor FROM raw.`mute` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`close_friend` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `author_id` AS actor FROM raw.`post` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `author_id` AS actor FROM raw.`story` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `author_id` AS actor FROM raw.`reel` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `author_id` AS actor FROM raw.`comment` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `author_id` AS actor FROM raw.`reply` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`reaction` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`like` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`share` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`quote` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`post_view` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `owner_id` AS actor FROM raw.`photo` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `owner_id` AS actor FROM raw.`video` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `owner_id` AS actor FROM raw.`album` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `founder_id` AS actor FROM raw.`community` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `founder_id` AS actor FROM raw.`group` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`group_member` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `opened_by` AS actor FROM raw.`community_topic` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `moderator_id` AS actor FROM raw.`pinned_post` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `reporter_id` AS actor FROM raw.`report` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `advertiser_id` AS actor FROM raw.`ad` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `user_id` AS actor FROM raw.`ad_click` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT toDate(event_time) AS day, `sponsor_id` AS actor FROM raw.`sponsorship` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op IN ('create', 'update')
UNION ALL SELECT toDate(event_time) AS day, `donor_id` AS actor FROM raw.`donation` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
        )
    ) AS act
    INNER JOIN joined ON act.actor = joined.user_id
    WHERE joined.joined_on <= act.day
)
GROUP BY day, cohort_week;
