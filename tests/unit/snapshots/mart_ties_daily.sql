-- ═══ ClickHouse: states marts.ties_daily
CREATE TABLE IF NOT EXISTS marts.ties_daily
(
    day Date,
    tie LowCardinality(String),
    degree UInt32,
    users SimpleAggregateFunction(sum, UInt64)
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY (day, tie, degree);

-- ═══ ClickHouse: view marts.v_ties_daily
CREATE VIEW marts.v_ties_daily AS
WITH degrees AS
(
    SELECT held.day AS day, tie, degree, sum(users) AS n
    FROM marts.ties_daily AS states
    INNER JOIN (SELECT toDate(held + shift) AS day, held
    FROM
    (
        SELECT day AS held, toUInt32(leadInFrame(day, 1, toDate(day + 1)) OVER (ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) - day) AS step
        FROM ops.mart_days FINAL
        WHERE mart = 'ties_daily'
    )
    ARRAY JOIN range(if(step > 32, 1, step)) AS shift) AS held ON states.day = held.held
    GROUP BY day, tie, degree
)
SELECT
    day, sumIf(n, tie = 'friends') AS users, intDiv(sumIf(degree * n, tie = 'friends'), 2) AS friendships,
    sumIf(degree * n, tie = 'following') AS follows,
    sumIf(degree * n, tie = 'subscriptions') AS subscriptions,
    sumIf(degree * n, tie = 'blocks') AS blocks,
    sumIf(degree * n, tie = 'mutes') AS mutes,
    sumIf(degree * n, tie = 'close_friends') AS close_friends,
    (sumIf(degree * n, tie = 'friends')) / nullIf(users, 0) AS mean_friends,
    quantileExactWeightedIf(0.5)(degree, n, tie = 'friends') AS median_friends,
    quantileExactWeightedIf(0.9)(degree, n, tie = 'friends') AS p90_friends,
    quantileExactWeightedIf(0.99)(degree, n, tie = 'friends') AS p99_friends,
    maxIf(degree, tie = 'friends') AS max_friends,
    (sumIf(degree * n, tie = 'followers')) / nullIf(users, 0) AS mean_followers,
    quantileExactWeightedIf(0.5)(degree, n, tie = 'followers') AS median_followers,
    quantileExactWeightedIf(0.9)(degree, n, tie = 'followers') AS p90_followers,
    quantileExactWeightedIf(0.99)(degree, n, tie = 'followers') AS p99_followers,
    maxIf(degree, tie = 'followers') AS max_followers,
    (sumIf(degree * n, tie = 'following')) / nullIf(users, 0) AS mean_following,
    quantileExactWeightedIf(0.5)(degree, n, tie = 'following') AS median_following,
    quantileExactWeightedIf(0.9)(degree, n, tie = 'following') AS p90_following,
    quantileExactWeightedIf(0.99)(degree, n, tie = 'following') AS p99_following,
    maxIf(degree, tie = 'following') AS max_following
FROM degrees
GROUP BY day
ORDER BY day;

-- ═══ ClickHouse: build of [d0, d1)
INSERT INTO marts.staging_ties_daily (day, tie, degree, users)
WITH
    gone AS
    (
        SELECT user_id, groupArrayArray(arrayMap(number -> toDate(number), range(toUInt32(greatest(since, {d0:Date})), toUInt32(until)))) AS days
        FROM
        (
SELECT user_id, since, until
FROM
(
    SELECT
        *, leadInFrame(since, 1, {d1:Date}) OVER
            (PARTITION BY user_id ORDER BY since ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS until
    FROM
    (
        SELECT
user_id AS user_id, toDate(event_time) AS since,
            argMax(tuple(NULL), (event_time, source_order)) AS said, argMax(op, (event_time, source_order)) AS newest
        FROM raw.`user` FINAL
        WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
        GROUP BY user_id, since
    )
)
WHERE newest = 'delete' AND until > {d0:Date}
        )
        GROUP BY user_id
    ),
    pairs AS
    (
        SELECT a, b, since, until, 'friends' AS of_a, 'friends' AS of_b
        FROM
        (
SELECT a, b, since, until
FROM
(
    SELECT
        *, leadInFrame(since, 1, {d1:Date}) OVER
            (PARTITION BY a, b ORDER BY since ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS until
    FROM
    (
        SELECT
least(user_id, friend_id) AS a, greatest(user_id, friend_id) AS b, toDate(event_time) AS since,
            argMax(tuple(NULL), (event_time, source_order)) AS said, argMax(op, (event_time, source_order)) AS newest
        FROM raw.`friend` FINAL
        WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
        GROUP BY a, b, since
    )
)
WHERE newest != 'delete' AND until > {d0:Date}
        )
        UNION ALL SELECT a, b, since, until, 'following' AS of_a, 'followers' AS of_b
        FROM
        (
SELECT a, b, since, until
FROM
(
    SELECT
        *, leadInFrame(since, 1, {d1:Date}) OVER
            (PARTITION BY a, b ORDER BY since ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS until
    FROM
    (
        SELECT
follower_id AS a, followee_id AS b, toDate(event_time) AS since,
            argMax(tuple(NULL), (event_time, source_order)) AS said, argMax(op, (event_time, source_order)) AS newest
        FROM raw.`follower` FINAL
        WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
        GROUP BY a, b, since
    )
)
WHERE newest != 'delete' AND until > {d0:Date}
        )
        UNION ALL SELECT a, b, since, until, 'subscriptions' AS of_a, 'subscribers' AS of_b
        FROM
        (
SELECT a, b, since, until
FROM
(
    SELECT
        *, leadInFrame(since, 1, {d1:Date}) OVER
            (PARTITION BY a, b ORDER BY since ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS until
    FROM
    (
        SELECT
subscriber_id AS a, creator_id AS b, toDate(event_time) AS since,
            argMax(tuple(NULL), (event_time, source_order)) AS said, argMax(op, (event_time, source_order)) AS newest
        FROM raw.`subscription` FINAL
        WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
        GROUP BY a, b, since
    )
)
WHERE newest != 'delete' AND until > {d0:Date}
        )
        UNION ALL SELECT a, b, since, until, 'blocks' AS of_a, '' AS of_b
        FROM
        (
SELECT a, b, since, until
FROM
(
    SELECT
        *, leadInFrame(since, 1, {d1:Date}) OVER
            (PARTITION BY a, b ORDER BY since ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS until
    FROM
    (
        SELECT
blocker_id AS a, blocked_id AS b, toDate(event_time) AS since,
            argMax(tuple(NULL), (event_time, source_order)) AS said, argMax(op, (event_time, source_order)) AS newest
        FROM raw.`block` FINAL
        WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
        GROUP BY a, b, since
    )
)
WHERE newest != 'delete' AND until > {d0:Date}
        )
        UNION ALL SELECT a, b, since, until, 'mutes' AS of_a, '' AS of_b
        FROM
        (
SELECT a, b, since, until
FROM
(
    SELECT
        *, leadInFrame(since, 1, {d1:Date}) OVER
            (PARTITION BY a, b ORDER BY since ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS until
    FROM
    (
        SELECT
muter_id AS a, muted_id AS b, toDate(event_time) AS since,
            argMax(tuple(NULL), (event_time, source_order)) AS said, argMax(op, (event_time, source_order)) AS newest
        FROM raw.`mute` FINAL
        WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
        GROUP BY a, b, since
    )
)
WHERE newest != 'delete' AND until > {d0:Date}
        )
        UNION ALL SELECT a, b, since, until, 'close_friends' AS of_a, '' AS of_b
        FROM
        (
SELECT a, b, since, until
FROM
(
    SELECT
        *, leadInFrame(since, 1, {d1:Date}) OVER
            (PARTITION BY a, b ORDER BY since ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS until
    FROM
    (
        SELECT
user_id AS a, friend_id AS b, toDate(event_time) AS since,
            argMax(tuple(NULL), (event_time, source_order)) AS said, argMax(op, (event_time, source_order)) AS newest
        FROM raw.`close_friend` FINAL
        WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
        GROUP BY a, b, since
    )
)
WHERE newest != 'delete' AND until > {d0:Date}
        )
    ),
    -- the spans [first, after) of days at whose ends a pair is tied and neither of the two has left
    tied AS
    (
        SELECT
            a, b, of_a, of_b,
            arrayJoin(if(
                empty(a_gone.days) AND empty(b_gone.days),
                [(greatest(since, {d0:Date}), until)],
                arrayMap(
                    here -> (here, toDate(here + 1)),
                    arrayFilter(d -> NOT has(a_gone.days, d) AND NOT has(b_gone.days, d), arrayMap(number -> toDate(number), range(toUInt32(greatest(since, {d0:Date})), toUInt32(until))))))) AS span
        FROM pairs
        LEFT JOIN gone AS a_gone ON pairs.a = a_gone.user_id
        LEFT JOIN gone AS b_gone ON pairs.b = b_gone.user_id
    ),
    spans AS
    (
        SELECT side.1 AS user_id, side.2 AS tie, span
        FROM tied
        ARRAY JOIN [(a, of_a), (b, of_b)] AS side
        WHERE tie != ''
        UNION ALL
        SELECT user_id, 'account' AS tie, (greatest(since, {d0:Date}), until) AS span
        FROM
        (
SELECT user_id, since, until
FROM
(
    SELECT
        *, leadInFrame(since, 1, {d1:Date}) OVER
            (PARTITION BY user_id ORDER BY since ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS until
    FROM
    (
        SELECT
user_id AS user_id, toDate(event_time) AS since,
            argMax(tuple(NULL), (event_time, source_order)) AS said, argMax(op, (event_time, source_order)) AS newest
        FROM raw.`user` FINAL
        WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
        GROUP BY user_id, since
    )
)
WHERE newest != 'delete' AND until > {d0:Date}
        )
    ),
    -- by how much a user's numbers change on a day, then what they are from that day until the next change
    steps AS
    (
        SELECT
            user_id, step.1 AS since, sumIf(step.2, tie = 'friends') AS friends, sumIf(step.2, tie = 'followers') AS followers, sumIf(step.2, tie = 'following') AS following, sumIf(step.2, tie = 'subscribers') AS subscribers, sumIf(step.2, tie = 'subscriptions') AS subscriptions, sumIf(step.2, tie = 'blocks') AS blocks, sumIf(step.2, tie = 'mutes') AS mutes, sumIf(step.2, tie = 'close_friends') AS close_friends,
            sumIf(step.2, tie = 'account') AS account
        FROM spans
        ARRAY JOIN [(span.1, 1), (span.2, -1)] AS step
        GROUP BY user_id, since
    ),
    levels AS
    (
        SELECT
            since, leadInFrame(since, 1, {d1:Date}) OVER (changes ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS until,
            [('friends', sum(friends) OVER changes), ('followers', sum(followers) OVER changes), ('following', sum(following) OVER changes), ('subscribers', sum(subscribers) OVER changes), ('subscriptions', sum(subscriptions) OVER changes), ('blocks', sum(blocks) OVER changes), ('mutes', sum(mutes) OVER changes), ('close_friends', sum(close_friends) OVER changes), ('account', sum(account) OVER changes)] AS numbers
        FROM steps
        WINDOW changes AS (PARTITION BY user_id ORDER BY since)
    )
SELECT day, number.1 AS tie, toUInt32(number.2) AS degree, count()
FROM (SELECT arrayJoin(arrayMap(number -> toDate(number), range(toUInt32(greatest(since, {d0:Date})), toUInt32(until)))) AS day, numbers FROM levels WHERE arrayExists(n -> n.2 > 0, numbers))
ARRAY JOIN numbers AS number
WHERE tie != 'account'
GROUP BY day, tie, degree;

-- ═══ reconciliation: friendships
SELECT count(*) FROM graph.rel_friends_with;

SELECT friendships FROM marts.v_ties_daily ORDER BY day DESC LIMIT 1;

-- ═══ reconciliation: follows
SELECT count(*) FROM graph.rel_follows;

SELECT follows FROM marts.v_ties_daily ORDER BY day DESC LIMIT 1;

-- ═══ reconciliation: subscriptions
SELECT count(*) FROM graph.rel_subscribed_to;

SELECT subscriptions FROM marts.v_ties_daily ORDER BY day DESC LIMIT 1;

-- ═══ reconciliation: blocks
SELECT count(*) FROM graph.rel_blocked;

SELECT blocks FROM marts.v_ties_daily ORDER BY day DESC LIMIT 1;

-- ═══ reconciliation: mutes
SELECT count(*) FROM graph.rel_muted;

SELECT mutes FROM marts.v_ties_daily ORDER BY day DESC LIMIT 1;

-- ═══ reconciliation: close_friends
SELECT count(*) FROM graph.rel_close_to;

SELECT close_friends FROM marts.v_ties_daily ORDER BY day DESC LIMIT 1;
