-- ═══ ClickHouse: states marts.community_daily
CREATE TABLE IF NOT EXISTS marts.community_daily
(
    day Date,
    community_id UUID,
    members SimpleAggregateFunction(sum, UInt64),
    new_members SimpleAggregateFunction(sum, UInt64),
    moderators SimpleAggregateFunction(sum, UInt64),
    posts SimpleAggregateFunction(sum, UInt64),
    comments SimpleAggregateFunction(sum, UInt64),
    replies SimpleAggregateFunction(sum, UInt64),
    reactions SimpleAggregateFunction(sum, UInt64),
    shares SimpleAggregateFunction(sum, UInt64),
    quotes SimpleAggregateFunction(sum, UInt64),
    reports SimpleAggregateFunction(sum, UInt64),
    active AggregateFunction(uniqCombined64(17), UUID)
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY (day, community_id);

-- ═══ ClickHouse: view marts.v_community_daily
CREATE VIEW marts.v_community_daily AS
WITH
    states AS
    (
        SELECT
            day, community_id,
            sum(states.members) AS members,
            sum(states.new_members) AS new_members,
            sum(states.moderators) AS moderators,
            sum(states.posts) AS posts,
            sum(states.comments) AS comments,
            sum(states.replies) AS replies,
            sum(states.reactions) AS reactions,
            sum(states.shares) AS shares,
            sum(states.quotes) AS quotes,
            sum(states.reports) AS reports,
            uniqCombined64Merge(17)(active) AS active_members
        FROM marts.community_daily AS states
        GROUP BY day, community_id
    ),
    -- silent days: members and moderators go on, and nothing is done
    held AS
    (
    SELECT toDate(held + shift) AS day, held
    FROM
    (
        SELECT day AS held, toUInt32(leadInFrame(day, 1, toDate(day + 1)) OVER (ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) - day) AS step
        FROM ops.mart_days FINAL
        WHERE mart = 'community_daily'
    )
    ARRAY JOIN range(if(step > 32, 1, step)) AS shift
    ),
    days AS
    (
        SELECT
            held.day AS day, community_id,
            members,
            if(held.day = held.held, new_members, 0) AS new_members,
            moderators,
            if(held.day = held.held, posts, 0) AS posts,
            if(held.day = held.held, comments, 0) AS comments,
            if(held.day = held.held, replies, 0) AS replies,
            if(held.day = held.held, reactions, 0) AS reactions,
            if(held.day = held.held, shares, 0) AS shares,
            if(held.day = held.held, quotes, 0) AS quotes,
            if(held.day = held.held, reports, 0) AS reports,
            if(held.day = held.held, active_members, 0) AS active_members
        FROM states
        INNER JOIN held ON states.day = held.held
        WHERE held.day = held.held OR members > 0 OR moderators > 0
    ),
    grown AS
    (
        SELECT
            now.*, toInt64(now.members) - toInt64(before.members) AS growth_7d,
            now.day < toDate(now('UTC')) AND toDate(now.day - 7) IN (SELECT day FROM held) AS week_complete
        FROM days AS now
        LEFT JOIN (SELECT toDate(day + 7) AS day, community_id, members FROM days) AS before
            ON now.day = before.day AND now.community_id = before.community_id
    ),
    cards AS
    (
        SELECT community_id AS id, argMax(tuple(name, parent_id, topic, language), (event_time, source_order)) AS card
        FROM
        (
            SELECT community_id, event_time, source_order, toNullable(name) AS name, CAST(NULL, 'Nullable(UUID)') AS parent_id, toNullable(toString(topic)) AS topic, toNullable(toString(language)) AS language
            FROM raw.community FINAL
            UNION ALL
            SELECT community_id, event_time, source_order, name, parent_id, NULL, NULL
            FROM raw.`group` FINAL
        )
        GROUP BY id
    )
SELECT
    day, community_id, ifNull(own.card.1, 'unknown') AS name, own.card.2 AS parent_id,
    coalesce(own.card.3, parent.card.3, 'unknown') AS topic, coalesce(own.card.4, parent.card.4, 'unknown') AS language, week_complete,
    members, new_members, moderators, posts, comments, replies, reactions, shares, quotes, reports,
    (reports) / nullIf(moderators, 0) AS moderator_load,
    active_members, (active_members) / nullIf(members, 0) AS engagement,
    growth_7d, rank() OVER (PARTITION BY day ORDER BY growth_7d DESC) AS growth_rank
FROM grown
LEFT JOIN cards AS own ON community_id = own.id
LEFT JOIN cards AS parent ON own.card.2 = parent.id
ORDER BY day, growth_rank, community_id;

-- ═══ ClickHouse: build of [d0, d1)
INSERT INTO marts.staging_community_daily (day, community_id, members, new_members, moderators, posts, comments, replies, reactions, shares, quotes, reports, active)
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
    WINDOW pair AS (PARTITION BY user_id, community_id ORDER BY event_time, source_order ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING))
    WHERE op != 'delete' AND toDate(since) < {d1:Date} AND toDate(until) > {d0:Date}),
    acts AS
    (
        SELECT toDate(act.event_time) AS day, assumeNotNull(home.community_id) AS community_id, act.what AS what, act.op AS op, act.actor AS actor, act.active AS active
        FROM
        (
            SELECT event_time, toLowCardinality('post') AS what, op, post_id, `author_id` AS actor, op IN ('create', 'update') AS active FROM raw.`post` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
            UNION ALL SELECT event_time, toLowCardinality('comment') AS what, op, post_id, `author_id` AS actor, op IN ('create', 'update') AS active FROM raw.`comment` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
            UNION ALL SELECT event_time, toLowCardinality('reply') AS what, op, post_id, `author_id` AS actor, op IN ('create', 'update') AS active FROM raw.`reply` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
            UNION ALL SELECT event_time, toLowCardinality('reaction') AS what, op, post_id, `user_id` AS actor, op IN ('create', 'update') AS active FROM raw.`reaction` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
            UNION ALL SELECT event_time, toLowCardinality('like') AS what, op, post_id, `user_id` AS actor, op IN ('create', 'update') AS active FROM raw.`like` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
            UNION ALL SELECT event_time, toLowCardinality('share') AS what, op, post_id, `user_id` AS actor, true AS active FROM raw.`share` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
            UNION ALL SELECT event_time, toLowCardinality('quote') AS what, op, post_id, `user_id` AS actor, true AS active FROM raw.`quote` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
            UNION ALL SELECT event_time, toLowCardinality('report') AS what, op, post_id, `reporter_id` AS actor, true AS active FROM raw.`report` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
        ) AS act
        ASOF INNER JOIN (SELECT key, since, said.1 AS `community_id`
    FROM
    (
        SELECT key, since, argMax(tuple(`community_id`), source_order) AS said
        FROM
        (
            SELECT `post_id` AS key, event_time AS since, source_order, `community_id` AS `community_id` FROM raw.`post` FINAL WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
        )
        GROUP BY key, since
    )) AS home ON act.post_id = home.key AND act.event_time >= home.since
        WHERE isNotNull(home.community_id)
    )
SELECT
    day, community_id, countIf(what = 'member'), countIf(what = 'joiner'), countIf(what = 'moderator'),
    countIf(what IN ('post')),
    countIf(what IN ('comment')),
    countIf(what IN ('reply')),
    countIf(what IN ('reaction', 'like')),
    countIf(what IN ('share')),
    countIf(what IN ('quote')),
    countIf(what IN ('report')),
    uniqCombined64StateIf(17)(actor, what = 'active member')
FROM
(
    SELECT day, community_id, 'member' AS what, user_id AS actor
    FROM member_days
    UNION ALL
    SELECT toDate(since) AS day, community_id, 'joiner', user_id
    FROM (-- from when until when each pair is in force; the end of a pair's last period is far away
    SELECT
        user_id, community_id, op, event_time AS since,
        leadInFrame(event_time, 1, toDateTime64('2299-01-01 00:00:00', 6, 'UTC')) OVER pair AS until,
        lagInFrame(op, 1, toLowCardinality('delete')) OVER pair AS before
    FROM raw.`group_member` FINAL
    WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
    WINDOW pair AS (PARTITION BY user_id, community_id ORDER BY event_time, source_order ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING))
    WHERE op != 'delete' AND before = 'delete' AND toDate(since) >= {d0:Date}
    UNION ALL
    SELECT day, community_id, 'moderator', user_id
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
    WINDOW pair AS (PARTITION BY user_id, community_id ORDER BY event_time, source_order ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING))
    WHERE op != 'delete' AND toDate(since) < {d1:Date} AND toDate(until) > {d0:Date})
    UNION ALL
    SELECT day, community_id, toString(what), actor
    FROM acts
    WHERE op = 'create'
    UNION ALL
    SELECT acts.day AS day, acts.community_id AS community_id, 'active member', acts.actor AS actor
    FROM acts
    INNER JOIN member_days ON acts.day = member_days.day AND acts.community_id = member_days.community_id AND acts.actor = member_days.user_id
    WHERE acts.active
)
GROUP BY day, community_id;
