-- ═══ ClickHouse: states marts.author_virality_daily
CREATE TABLE IF NOT EXISTS marts.author_virality_daily
(
    day Date,
    author_id UUID,
    views SimpleAggregateFunction(sum, UInt64),
    reposts SimpleAggregateFunction(sum, UInt64),
    quotes SimpleAggregateFunction(sum, UInt64),
    reactions SimpleAggregateFunction(sum, UInt64),
    comments SimpleAggregateFunction(sum, UInt64),
    viewers AggregateFunction(uniqCombined64(17), UUID)
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY (day, author_id);

-- ═══ ClickHouse: view marts.v_author_virality_daily
CREATE VIEW marts.v_author_virality_daily AS
WITH sums AS
(
    SELECT
        day, author_id, sum(views) AS views, uniqCombined64Merge(17)(viewers) AS seen_by, sum(reposts) AS reposts,
        sum(quotes) AS quotes, sum(reactions) AS reactions, sum(comments) AS comments
    FROM marts.author_virality_daily
    WHERE author_id != toUUID('00000000-0000-0000-0000-000000000000')
    GROUP BY day, author_id
)
SELECT
    day, author_id, if(card.1 = '', 'unknown', card.1) AS author, views, seen_by AS viewers, reposts, quotes, reactions, comments,
    (reposts + quotes) / nullIf(views, 0) AS virality,
    rank() OVER (PARTITION BY day ORDER BY reposts + quotes DESC) AS virality_rank
FROM sums
LEFT JOIN (SELECT user_id AS id, argMax((username, toString(country), toString(language)), (event_time, source_order)) AS card FROM raw.user FINAL GROUP BY user_id) AS users ON author_id = users.id
ORDER BY day, virality_rank, author_id;

-- ═══ ClickHouse: build of [d0, d1)
INSERT INTO marts.staging_author_virality_daily (day, author_id, views, reposts, quotes, reactions, comments, viewers)
WITH
    published AS
    (
        SELECT post_id, argMin(author_id, (event_time, source_order)) AS author_id, toDate(min(event_time)) AS since
        FROM
        (
SELECT `post_id` AS post_id, `author_id` AS author_id, 'post' AS kind, event_time, source_order, op
FROM raw.`post` FINAL
WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT `post_id` AS post_id, `author_id` AS author_id, 'story' AS kind, event_time, source_order, op
FROM raw.`story` FINAL
WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
UNION ALL SELECT `post_id` AS post_id, `author_id` AS author_id, 'reel' AS kind, event_time, source_order, op
FROM raw.`reel` FINAL
WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
        )
        GROUP BY post_id
    ),
    acts AS
    (
        SELECT toDate(event_time) AS day, 'view' AS what, post_id, `user_id` AS actor
        FROM raw.`post_view` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
        UNION ALL SELECT toDate(event_time) AS day, 'repost' AS what, post_id, `user_id` AS actor
        FROM raw.`share` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
        UNION ALL SELECT toDate(event_time) AS day, 'quote' AS what, post_id, `user_id` AS actor
        FROM raw.`quote` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
        UNION ALL SELECT toDate(event_time) AS day, 'reaction' AS what, post_id, `user_id` AS actor
        FROM raw.`like` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
        UNION ALL SELECT toDate(event_time) AS day, 'reaction' AS what, post_id, `user_id` AS actor
        FROM raw.`reaction` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
        UNION ALL SELECT toDate(event_time) AS day, 'comment' AS what, post_id, `author_id` AS actor
        FROM raw.`comment` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
        UNION ALL SELECT toDate(event_time) AS day, 'comment' AS what, post_id, `author_id` AS actor
        FROM raw.`reply` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC') AND op = 'create'
    )
SELECT
    acts.day AS day, if(published.since <= acts.day, published.author_id, toUUID('00000000-0000-0000-0000-000000000000')) AS author,
    countIf(what = 'view'), countIf(what = 'repost'), countIf(what = 'quote'), countIf(what = 'reaction'), countIf(what = 'comment'),
    uniqCombined64StateIf(17)(actor, what = 'view')
FROM acts
LEFT JOIN published ON acts.post_id = published.post_id
GROUP BY day, author;

-- ═══ reconciliation: views
SELECT count(*) FROM vault.link_post_view;

SELECT sum(views) FROM marts.author_virality_daily;

-- ═══ reconciliation: reposts
SELECT count(*) FROM vault.link_share;

SELECT sum(reposts) FROM marts.author_virality_daily;

-- ═══ reconciliation: quotes
SELECT count(*) FROM vault.link_quote;

SELECT sum(quotes) FROM marts.author_virality_daily;
