-- ═══ ClickHouse: states marts.post_spread
CREATE TABLE IF NOT EXISTS marts.post_spread
(
    day Date,
    post_id UUID,
    created AggregateFunction(argMin, Tuple(UUID, String, DateTime64(6, 'UTC')), Tuple(DateTime64(6, 'UTC'), UInt128)),
    seen SimpleAggregateFunction(groupArrayArray, Array(Tuple(UInt32, UInt32)))
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY (day, post_id);

-- ═══ ClickHouse: view marts.v_post_spread
CREATE VIEW marts.v_post_spread AS
WITH
    spread AS
    (
    SELECT
        post_id, card.1 AS author_id, card.2 AS kind, card.3 AS published_at,
        toUInt32(toUnixTimestamp(published_at)) AS published,
        arraySort(arrayMap(pair -> (greatest(pair.1, published), pair.2), pairs)) AS ordered
    FROM
    (
        SELECT post_id, argMinMerge(created) AS card, groupArrayArray(seen) AS pairs
        FROM marts.post_spread
        GROUP BY post_id
        HAVING card.2 != ''
    )
    ),
    counted AS
    (
        SELECT *, arrayCumSum(ordered.2) AS so_far, arrayFirstIndex(n -> n >= 1000, so_far) AS place
        FROM spread
    )
SELECT
    post_id, author_id, if(users.card.1 = '', 'unknown', users.card.1) AS author, kind, published_at, if(empty(so_far), 0, so_far[-1]) AS views,
    if(place = 0 OR 1000 = 0, NULL, ordered.1[place] - published) AS seconds_to_views
FROM counted
LEFT JOIN (SELECT user_id AS id, argMax((username, toString(country), toString(language)), (event_time, source_order)) AS card FROM raw.user FINAL GROUP BY user_id) AS users ON author_id = users.id
ORDER BY published_at, post_id;

-- ═══ ClickHouse: build of [d0, d1)
INSERT INTO marts.staging_post_spread (day, post_id, created, seen)
SELECT
    day, post_id, argMinStateIf((author_id, kind, event_time), (event_time, source_order), kind != ''),
    groupArrayIf((second, n), n > 0)
FROM
(
    SELECT toDate(event_time) AS day, post_id, author_id, kind, event_time, source_order, toUInt32(0) AS second, toUInt32(0) AS n
    FROM
    (
SELECT `post_id` AS post_id, `author_id` AS author_id, 'post' AS kind, event_time, source_order, op
FROM raw.`post` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
UNION ALL SELECT `post_id` AS post_id, `author_id` AS author_id, 'story' AS kind, event_time, source_order, op
FROM raw.`story` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
UNION ALL SELECT `post_id` AS post_id, `author_id` AS author_id, 'reel' AS kind, event_time, source_order, op
FROM raw.`reel` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
    )
    UNION ALL
    SELECT
        toDate(event_time) AS day, post_id, toUUID('00000000-0000-0000-0000-000000000000'), '', toDateTime64(0, 6, 'UTC'), toUInt128(0),
        toUInt32(toUnixTimestamp(event_time)) AS second, toUInt32(count())
    FROM raw.`post_view` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
    GROUP BY day, post_id, second
)
GROUP BY day, post_id;
