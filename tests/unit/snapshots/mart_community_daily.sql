-- ═══ ClickHouse: table marts.community_daily
CREATE TABLE IF NOT EXISTS marts.community_daily
(
    day Date,
    community_id UUID,
    members SimpleAggregateFunction(sum, UInt64),
    new_members SimpleAggregateFunction(sum, UInt64),
    moderators SimpleAggregateFunction(sum, UInt64),
    posts SimpleAggregateFunction(sum, UInt64),
    comments SimpleAggregateFunction(sum, UInt64),
    reactions SimpleAggregateFunction(sum, UInt64),
    reports SimpleAggregateFunction(sum, UInt64),
    active AggregateFunction(uniqCombined64(17), UUID)
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY (day, community_id);

-- ═══ ClickHouse: view marts.v_community_daily
CREATE VIEW marts.v_community_daily AS
WITH
    days AS
    (
        SELECT
            day, community_id, sum(members) AS members, sum(new_members) AS new_members, sum(moderators) AS moderators,
            sum(posts) AS posts, sum(comments) AS comments, sum(reactions) AS reactions, sum(reports) AS reports,
            uniqCombined64Merge(17)(active) AS active_members
        FROM marts.community_daily
        GROUP BY day, community_id
    ),
    grown AS
    (
        SELECT now.*, toInt64(now.members) - toInt64(before.members) AS growth_7d
        FROM days AS now
        LEFT JOIN (SELECT toDate(day + 7) AS day, community_id, members FROM days) AS before
            ON now.day = before.day AND now.community_id = before.community_id
    )
SELECT
    day, community_id, members, new_members, moderators, posts, comments, reactions, reports, active_members,
    if(members = 0, NULL, active_members / members) AS engagement,
    growth_7d, rank() OVER (PARTITION BY day ORDER BY growth_7d DESC) AS growth_rank
FROM grown
ORDER BY day, growth_rank, community_id;

-- ═══ ClickHouse: build of [d0, d1)
INSERT INTO marts.staging_community_daily (day, community_id, members, new_members, moderators, posts, comments, reactions, reports, active)
WITH
    member_days AS (SELECT DISTINCT arrayJoin(range(
        toUInt32(greatest(toDate(since), {d0:Date})),
        toUInt32(least(toDate(until), {d1:Date})))) AS number, toDate(number) AS day, user_id, community_id
    FROM (-- from when until when each pair is in force; the end of a pair's last period is far away
    SELECT
        user_id, community_id, op, event_time AS since,
        leadInFrame(event_time, 1, toDateTime64('2299-01-01 00:00:00', 6, 'UTC')) OVER pair AS until,
        lagInFrame(op, 1, toLowCardinality('delete')) OVER pair AS before
    FROM raw.`group_member` FINAL
    WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
    WINDOW pair AS (PARTITION BY user_id, community_id ORDER BY event_time, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING))
    WHERE op != 'delete' AND toDate(since) < {d1:Date} AND toDate(until) > {d0:Date}),
    homes AS (SELECT post_id, argMax(community_id, (event_time, event_id)) AS home FROM raw.post FINAL WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC') GROUP BY post_id HAVING isNotNull(home)),
    acts AS
    (
        SELECT toDate(event_time) AS day, assumeNotNull(home) AS community_id, 'post' AS what, op, author_id AS actor
        FROM (SELECT event_time, op, author_id, community_id AS home FROM raw.`post` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')) WHERE isNotNull(home)
        UNION ALL
        SELECT toDate(act.event_time) AS day, assumeNotNull(homes.home) AS community_id, 'comment' AS what, act.op AS op, act.author_id AS actor
        FROM (SELECT event_time, op, post_id, author_id FROM raw.`comment` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')) AS act
        INNER JOIN homes ON act.post_id = homes.post_id
        UNION ALL
        SELECT toDate(act.event_time) AS day, assumeNotNull(homes.home) AS community_id, 'reaction' AS what, act.op AS op, act.user_id AS actor
        FROM (SELECT event_time, op, post_id, user_id FROM raw.`reaction` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')) AS act
        INNER JOIN homes ON act.post_id = homes.post_id
        UNION ALL
        SELECT toDate(act.event_time) AS day, assumeNotNull(homes.home) AS community_id, 'like' AS what, act.op AS op, act.user_id AS actor
        FROM (SELECT event_time, op, post_id, user_id FROM raw.`like` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')) AS act
        INNER JOIN homes ON act.post_id = homes.post_id
        UNION ALL
        SELECT toDate(act.event_time) AS day, assumeNotNull(homes.home) AS community_id, 'share' AS what, act.op AS op, act.user_id AS actor
        FROM (SELECT event_time, op, post_id, user_id FROM raw.`share` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')) AS act
        INNER JOIN homes ON act.post_id = homes.post_id
        UNION ALL
        SELECT toDate(act.event_time) AS day, assumeNotNull(homes.home) AS community_id, 'report' AS what, act.op AS op, act.reporter_id AS actor
        FROM (SELECT event_time, op, post_id, reporter_id FROM raw.`report` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')) AS act
        INNER JOIN homes ON act.post_id = homes.post_id
    )
SELECT
    day, community_id, sum(a_member), sum(a_joiner), sum(a_moderator), sum(a_post), sum(a_comment), sum(a_reaction), sum(a_report),
    uniqCombined64StateIf(17)(actor, a_deed)
FROM
(
    SELECT day, community_id, 1 AS a_member, 0 AS a_joiner, 0 AS a_moderator, 0 AS a_post, 0 AS a_comment, 0 AS a_reaction, 0 AS a_report, user_id AS actor, 0 AS a_deed
    FROM member_days
    UNION ALL
    SELECT toDate(since) AS day, community_id, 0, 1, 0, 0, 0, 0, 0, user_id, 0
    FROM (-- from when until when each pair is in force; the end of a pair's last period is far away
    SELECT
        user_id, community_id, op, event_time AS since,
        leadInFrame(event_time, 1, toDateTime64('2299-01-01 00:00:00', 6, 'UTC')) OVER pair AS until,
        lagInFrame(op, 1, toLowCardinality('delete')) OVER pair AS before
    FROM raw.`group_member` FINAL
    WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
    WINDOW pair AS (PARTITION BY user_id, community_id ORDER BY event_time, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING))
    WHERE op != 'delete' AND before = 'delete' AND toDate(since) >= {d0:Date}
    UNION ALL
    SELECT day, community_id, 0, 0, 1, 0, 0, 0, 0, user_id, 0
    FROM (SELECT DISTINCT arrayJoin(range(
        toUInt32(greatest(toDate(since), {d0:Date})),
        toUInt32(least(toDate(until), {d1:Date})))) AS number, toDate(number) AS day, user_id, community_id
    FROM (-- from when until when each pair is in force; the end of a pair's last period is far away
    SELECT
        user_id, community_id, op, event_time AS since,
        leadInFrame(event_time, 1, toDateTime64('2299-01-01 00:00:00', 6, 'UTC')) OVER pair AS until,
        lagInFrame(op, 1, toLowCardinality('delete')) OVER pair AS before
    FROM raw.`group_moderator` FINAL
    WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
    WINDOW pair AS (PARTITION BY user_id, community_id ORDER BY event_time, event_id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING))
    WHERE op != 'delete' AND toDate(since) < {d1:Date} AND toDate(until) > {d0:Date})
    UNION ALL
    SELECT day, community_id, 0, 0, 0, what = 'post', what = 'comment', what IN ('reaction', 'like'), what = 'report', actor, 0
    FROM acts
    WHERE op = 'create'
    UNION ALL
    SELECT acts.day AS day, acts.community_id AS community_id, 0, 0, 0, 0, 0, 0, 0, acts.actor AS actor, 1
    FROM acts
    INNER JOIN member_days ON acts.day = member_days.day AND acts.community_id = member_days.community_id AND acts.actor = member_days.user_id
)
GROUP BY day, community_id;
