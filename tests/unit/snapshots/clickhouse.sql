-- ═══ ClickHouse: database landing
CREATE DATABASE IF NOT EXISTS landing;

-- ═══ ClickHouse: database raw
CREATE DATABASE IF NOT EXISTS raw;

-- ═══ ClickHouse: database ops
CREATE DATABASE IF NOT EXISTS ops;

-- ═══ ClickHouse: table landing.events
CREATE TABLE IF NOT EXISTS landing.events
(
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    key String,
    sent_at Nullable(DateTime64(3, 'UTC')),
    landed_at DateTime64(6, 'UTC'),
    event_type String,
    raw String CODEC(ZSTD(1))
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(landed_at)
ORDER BY (source, stream, partition, offset);

-- ═══ ClickHouse: table raw.rejected
CREATE TABLE IF NOT EXISTS raw.rejected
(
    event_type String,
    reasons Array(String),
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    raw String CODEC(ZSTD(1)),
    judged_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(judged_at)
PARTITION BY toYYYYMM(landed_at)
ORDER BY (source, stream, partition, offset);

-- ═══ ClickHouse: view raw.dead_letters
CREATE VIEW raw.dead_letters AS
SELECT * FROM raw.rejected FINAL WHERE notEmpty(reasons);

-- ═══ ClickHouse: table ops.positions
CREATE TABLE IF NOT EXISTS ops.positions
(
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    safe UInt64,
    seen_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(safe)
ORDER BY (source, stream, partition);

-- ═══ ClickHouse: table ops.topics
CREATE TABLE IF NOT EXISTS ops.topics
(
    source LowCardinality(String),
    topic LowCardinality(String),
    id String,
    seen_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(seen_at)
ORDER BY (source, topic);

-- ═══ ClickHouse: table ops.gaps
CREATE TABLE IF NOT EXISTS ops.gaps
(
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    seen_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(seen_at)
ORDER BY (source, stream, partition, offset);

-- ═══ ClickHouse: table ops.counted
CREATE TABLE IF NOT EXISTS ops.counted
(
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    upto UInt64,
    messages UInt64,
    seen_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(seen_at)
ORDER BY (source, stream, partition);

-- ═══ ClickHouse: table ops.judged
CREATE TABLE IF NOT EXISTS ops.judged
(
    event_type String,
    since DateTime64(6, 'UTC'),
    landed UInt64,
    valid UInt64,
    events UInt64,
    dead UInt64,
    seen_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(seen_at)
ORDER BY event_type;

-- ═══ ClickHouse: table ops.retired
CREATE TABLE IF NOT EXISTS ops.retired
(
    month UInt32,
    source LowCardinality(String),
    stream LowCardinality(String),
    positions UInt64,
    retired_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(retired_at)
ORDER BY (month, source, stream);

-- ═══ ClickHouse: table ops.objects
CREATE TABLE IF NOT EXISTS ops.objects
(
    bucket LowCardinality(String),
    path String,
    etag String,
    number UInt32,
    bytes UInt64,
    lines Nullable(UInt64),
    reason String,
    gone Bool,
    seen_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(seen_at)
ORDER BY (bucket, path, etag);

-- ═══ ClickHouse: view ops.unread_objects
CREATE VIEW ops.unread_objects AS
SELECT bucket, path, etag, number, bytes, lines, reason, seen_at FROM ops.objects FINAL WHERE notEmpty(reason) AND NOT gone;

-- ═══ ClickHouse: table ops.contracts
CREATE TABLE IF NOT EXISTS ops.contracts
(
    event_type String,
    domain String,
    since DateTime64(6, 'UTC'),
    contract String
)
ENGINE = ReplacingMergeTree
ORDER BY (event_type, since);

-- ═══ ClickHouse: feed landing.reject_unknown_mv
CREATE MATERIALIZED VIEW landing.reject_unknown_mv TO raw.rejected AS
SELECT
    event_type,
    [coalesce(nullIf(multiIf(
        length(raw) = 0, 'empty message',
        length(raw) > 1000000, 'larger than 1000000 bytes',
        startsWith(raw, '\xEF\xBB\xBF'), 'starts with a byte-order mark',
        NOT isValidUTF8(raw), 'not UTF-8',
        isValidJSON(raw), if(JSONType(raw) = 'Object', '', 'not a JSON object'),
        isValidJSON(replaceRegexpAll(raw, '\\\\(?:\\\\|u[dD][89a-fA-F][0-9a-fA-F]{2})', '__')), 'half a surrogate pair: a character cut in two',
        isValidJSON(replaceRegexpAll(raw, '("(?:\\\\.|[^"\\\\])*")|[eE][+-]?[0-9]+', '\\1')), 'a number out of range',
        'not JSON'), ''), 'unknown event type')] AS reasons,
    source, stream, partition, offset, landed_at, raw, landed_at AS judged_at
FROM landing.events
WHERE event_type NOT IN ('user', 'user_profile', 'user_settings', 'user_privacy', 'user_status', 'user_badges', 'friend', 'follower', 'subscription', 'block', 'mute', 'close_friend', 'post', 'story', 'reel', 'comment', 'reply', 'reaction', 'like', 'share', 'quote', 'post_view', 'photo', 'video', 'album', 'attachment', 'thumbnail', 'community', 'group', 'group_member', 'group_moderator', 'community_topic', 'pinned_post', 'report', 'ad', 'ad_impression', 'ad_click', 'sponsorship', 'donation', 'subscription_revenue');

-- ═══ ClickHouse: stream landing.inbox_null
CREATE TABLE landing.inbox_null
(
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    key String,
    sent_at Nullable(DateTime64(3, 'UTC')),
    raw String
)
ENGINE = Null;

-- ═══ ClickHouse: feed landing.inbox_mv
CREATE MATERIALIZED VIEW landing.inbox_mv TO landing.events AS
SELECT source, stream, partition, offset, key, if(toUnixTimestamp64Milli(inbox_null.sent_at) > 0 AND toUnixTimestamp64Milli(inbox_null.sent_at) < 10413792000000, inbox_null.sent_at, NULL) AS sent_at, now64(6, 'UTC') AS landed_at,
    if(multiIf(
        length(raw) = 0, 'empty message',
        length(raw) > 1000000, 'larger than 1000000 bytes',
        startsWith(raw, '\xEF\xBB\xBF'), 'starts with a byte-order mark',
        NOT isValidUTF8(raw), 'not UTF-8',
        isValidJSON(raw), if(JSONType(raw) = 'Object', '', 'not a JSON object'),
        isValidJSON(replaceRegexpAll(raw, '\\\\(?:\\\\|u[dD][89a-fA-F][0-9a-fA-F]{2})', '__')), 'half a surrogate pair: a character cut in two',
        isValidJSON(replaceRegexpAll(raw, '("(?:\\\\.|[^"\\\\])*")|[eE][+-]?[0-9]+', '\\1')), 'a number out of range',
        'not JSON') = '', substringUTF8(JSONExtractString(raw, 'event_type'), 1, 60), '') AS event_type, raw
FROM landing.inbox_null;

-- ═══ ClickHouse: database graph
CREATE DATABASE IF NOT EXISTS graph;

-- ═══ ClickHouse: table graph.scores
CREATE TABLE IF NOT EXISTS graph.scores
(
    as_of Date,
    relation LowCardinality(String),
    label LowCardinality(String),
    node_id String,
    `degree` UInt32,
    `in_degree` UInt32,
    `out_degree` UInt32,
    `pagerank` Float64,
    `betweenness` Float64,
    `closeness` Float64,
    `harmonic` Float64,
    `clustering` Float64,
    `triangles` UInt64,
    `core` UInt32,
    `component` UInt32,
    `community` UInt32
)
ENGINE = MergeTree
PARTITION BY as_of
ORDER BY (as_of, relation, node_id);

-- ═══ ClickHouse: table graph.distances
CREATE TABLE IF NOT EXISTS graph.distances
(
    as_of Date,
    relation LowCardinality(String),
    distance UInt32,
    pairs UInt64
)
ENGINE = MergeTree
PARTITION BY as_of
ORDER BY (as_of, relation, distance);

-- ═══ ClickHouse: table graph.communities
CREATE TABLE IF NOT EXISTS graph.communities
(
    as_of Date,
    relation LowCardinality(String),
    community UInt32,
    size UInt32,
    internal_edges UInt64,
    boundary_edges UInt64
)
ENGINE = MergeTree
PARTITION BY as_of
ORDER BY (as_of, relation, community);

-- ═══ ClickHouse: table graph.suggestions
CREATE TABLE IF NOT EXISTS graph.suggestions
(
    as_of Date,
    relation LowCardinality(String),
    label LowCardinality(String),
    node_id String,
    suggested_id String,
    rank UInt8,
    similarity Float64
)
ENGINE = MergeTree
PARTITION BY as_of
ORDER BY (as_of, relation, node_id, rank);

-- ═══ ClickHouse: table graph.summary
CREATE TABLE IF NOT EXISTS graph.summary
(
    as_of Date,
    relation LowCardinality(String),
    metric LowCardinality(String),
    value Float64,
    note String
)
ENGINE = MergeTree
PARTITION BY as_of
ORDER BY (as_of, relation, metric);

-- ═══ ClickHouse: table graph.scores_staging
CREATE TABLE IF NOT EXISTS graph.scores_staging
(
    as_of Date,
    relation LowCardinality(String),
    label LowCardinality(String),
    node_id String,
    `degree` UInt32,
    `in_degree` UInt32,
    `out_degree` UInt32,
    `pagerank` Float64,
    `betweenness` Float64,
    `closeness` Float64,
    `harmonic` Float64,
    `clustering` Float64,
    `triangles` UInt64,
    `core` UInt32,
    `component` UInt32,
    `community` UInt32
)
ENGINE = MergeTree
PARTITION BY as_of
ORDER BY (as_of, relation, node_id);

-- ═══ ClickHouse: table graph.distances_staging
CREATE TABLE IF NOT EXISTS graph.distances_staging
(
    as_of Date,
    relation LowCardinality(String),
    distance UInt32,
    pairs UInt64
)
ENGINE = MergeTree
PARTITION BY as_of
ORDER BY (as_of, relation, distance);

-- ═══ ClickHouse: table graph.communities_staging
CREATE TABLE IF NOT EXISTS graph.communities_staging
(
    as_of Date,
    relation LowCardinality(String),
    community UInt32,
    size UInt32,
    internal_edges UInt64,
    boundary_edges UInt64
)
ENGINE = MergeTree
PARTITION BY as_of
ORDER BY (as_of, relation, community);

-- ═══ ClickHouse: table graph.suggestions_staging
CREATE TABLE IF NOT EXISTS graph.suggestions_staging
(
    as_of Date,
    relation LowCardinality(String),
    label LowCardinality(String),
    node_id String,
    suggested_id String,
    rank UInt8,
    similarity Float64
)
ENGINE = MergeTree
PARTITION BY as_of
ORDER BY (as_of, relation, node_id, rank);

-- ═══ ClickHouse: table graph.summary_staging
CREATE TABLE IF NOT EXISTS graph.summary_staging
(
    as_of Date,
    relation LowCardinality(String),
    metric LowCardinality(String),
    value Float64,
    note String
)
ENGINE = MergeTree
PARTITION BY as_of
ORDER BY (as_of, relation, metric);

-- ═══ ClickHouse: database marts
CREATE DATABASE IF NOT EXISTS marts;

-- ═══ ClickHouse: table ops.mart_days
CREATE TABLE IF NOT EXISTS ops.mart_days
(
    mart LowCardinality(String),
    day Date,
    rows UInt64,
    state String,
    built_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(built_at)
ORDER BY (mart, day);

-- ═══ ClickHouse: view marts.v_advertising_daily
CREATE VIEW marts.v_advertising_daily AS
WITH sums AS
(
    SELECT
        day, currency, sum(impressions) AS impressions, sum(clicks) AS clicks, uniqCombined64Merge(17)(reach) AS reached,
        sum(spend_micros) AS spend_micros, uniqExact(ad_id) AS ads
    FROM marts.ad_daily
    GROUP BY day, currency
)
SELECT
    day, currency, impressions, clicks, (clicks) / nullIf(impressions, 0) AS ctr, reached AS reach,
    toDecimal128(spend_micros, 6) / 1000000 AS spend,
    (spend_micros / 1000) / nullIf(impressions, 0) AS spend_per_mille,
    (spend_micros / 1000000) / nullIf(clicks, 0) AS cost_per_click, ads
FROM sums
ORDER BY day, currency;

-- ═══ ClickHouse: view marts.v_revenue_daily
CREATE VIEW marts.v_revenue_daily AS
WITH
    earned AS
    (
        SELECT day, currency, sum(ad) AS ads, sum(gift) AS donations, sum(charge) AS subscriptions, sum(deal) AS sponsorships
        FROM
        (
            SELECT day, currency, spend_micros AS ad, 0 AS gift, 0 AS charge, 0 AS deal
            FROM marts.ad_daily
            UNION ALL
            SELECT day, currency, 0 AS ad, donated_micros AS gift, charged_micros AS charge, sponsored_micros AS deal
            FROM marts.creator_revenue_daily
        )
        GROUP BY day, currency
    ),
    -- each day's amounts, and each day's active users, count for the 30 days that begin with it
    amounts AS
    (
        SELECT
            toDate(earned.day + shift) AS day, currency, max(shift = 0) AS earns,
            sumIf(earned.ads, shift = 0) AS ads, sumIf(earned.donations, shift = 0) AS donations,
            sumIf(earned.subscriptions, shift = 0) AS subscriptions, sumIf(earned.sponsorships, shift = 0) AS sponsorships,
            sum(earned.ads + earned.donations + earned.subscriptions + earned.sponsorships) AS month
        FROM earned
        ARRAY JOIN range(30) AS shift
        GROUP BY day, currency
    ),
    windows AS
    (
    SELECT
        toDate(held + shift) AS day, day < toDate(now('UTC')) AS complete,
        complete AND max(shift BETWEEN 29 AND 59) AS month_complete
    FROM (SELECT DISTINCT day AS held FROM marts.platform_daily)
    ARRAY JOIN range(60) AS shift
    GROUP BY day
    ),
    users AS
    (
        SELECT toDate(p.day + shift) AS day, uniqCombined64MergeIf(17)(active, shift = 0) AS dau, uniqCombined64Merge(17)(active) AS mau
        FROM marts.platform_daily AS p
        ARRAY JOIN range(30) AS shift
        GROUP BY day
    )
SELECT
    a.day AS day, a.currency AS currency, a.day < toDate(now('UTC')) AS complete, toUInt8(month_complete) AS month_complete,
    toDecimal128(a.ads, 6) / 1000000 AS ads, toDecimal128(a.donations, 6) / 1000000 AS donations,
    toDecimal128(a.subscriptions, 6) / 1000000 AS subscriptions, toDecimal128(a.sponsorships, 6) / 1000000 AS sponsorships,
    toDecimal128(a.ads + a.donations + a.subscriptions + a.sponsorships, 6) / 1000000 AS total,
    users.dau AS dau, users.mau AS mau,
    ((a.ads + a.donations + a.subscriptions + a.sponsorships) / 1000000) / nullIf(users.dau, 0) AS arpdau,
    (month / 1000000) / nullIf(users.mau, 0) AS arpu_30d
FROM amounts AS a
LEFT JOIN users ON a.day = users.day
LEFT JOIN windows ON a.day = windows.day
WHERE a.earns OR users.dau > 0
ORDER BY day, currency;

-- ═══ ClickHouse: view marts.v_funnel_segment_daily
CREATE VIEW marts.v_funnel_segment_daily AS
SELECT
    day, `country`, `language`, viewed, reacted, commented, shared,
    (reacted) / nullIf(viewed, 0) AS view_to_reaction, (commented) / nullIf(reacted, 0) AS reaction_to_comment,
    (shared) / nullIf(commented, 0) AS comment_to_share, (shared) / nullIf(viewed, 0) AS view_to_share
FROM
(
    SELECT day, `country`, `language`, sum(states.viewed) AS viewed, sum(states.reacted) AS reacted, sum(states.commented) AS commented, sum(states.shared) AS shared
    FROM marts.funnel_daily AS states
    GROUP BY day, `country`, `language`
)
ORDER BY day, `country`, `language`;

-- ═══ ClickHouse: view marts.v_funnel_slice_daily
CREATE VIEW marts.v_funnel_slice_daily AS
SELECT
    day, `country`, `language`, viewed, reacted, commented, shared,
    (reacted) / nullIf(viewed, 0) AS view_to_reaction, (commented) / nullIf(reacted, 0) AS reaction_to_comment,
    (shared) / nullIf(commented, 0) AS comment_to_share, (shared) / nullIf(viewed, 0) AS view_to_share
FROM
(
    SELECT day, `country`, `language`, sum(states.viewed) AS viewed, sum(states.reacted) AS reacted, sum(states.commented) AS commented, sum(states.shared) AS shared
    FROM (SELECT * REPLACE (day AS day, arrayJoin([toString(`country`), 'all']) AS `country`, arrayJoin([toString(`language`), 'all']) AS `language`) FROM marts.funnel_daily) AS states
    GROUP BY day, `country`, `language`
)
ORDER BY day, `country`, `language`;

-- ═══ ClickHouse: view marts.v_platform_segment_daily
CREATE VIEW marts.v_platform_segment_daily AS
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
    sums.day AS day, complete, week_complete, month_complete, `country`, `language`, posts, stories, reels, comments, reactions, likes, shares, views, new_users,
    (comments + reactions + likes + shares) / nullIf(posts + stories + reels, 0) AS interactions_per_post,
    dau, wau, mau, (dau) / nullIf(wau, 0) AS dau_wau, (wau) / nullIf(mau, 0) AS wau_mau, (dau) / nullIf(mau, 0) AS stickiness
FROM
(
    -- each day's states count for the 30 days that begin with it; its own day is shift 0
    SELECT
        day, `country`, `language`,
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
    GROUP BY day, `country`, `language`
) AS sums
INNER JOIN windows ON sums.day = windows.day
ORDER BY day, `country`, `language`;

-- ═══ ClickHouse: view marts.v_platform_slice_daily
CREATE VIEW marts.v_platform_slice_daily AS
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
    sums.day AS day, complete, week_complete, month_complete, `country`, `language`, posts, stories, reels, comments, reactions, likes, shares, views, new_users,
    (comments + reactions + likes + shares) / nullIf(posts + stories + reels, 0) AS interactions_per_post,
    dau, wau, mau, (dau) / nullIf(wau, 0) AS dau_wau, (wau) / nullIf(mau, 0) AS wau_mau, (dau) / nullIf(mau, 0) AS stickiness
FROM
(
    -- each day's states count for the 30 days that begin with it; its own day is shift 0
    SELECT
        day, `country`, `language`,
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
        SELECT * REPLACE (toDate(day + shift) AS day, arrayJoin([toString(`country`), 'all']) AS `country`, arrayJoin([toString(`language`), 'all']) AS `language`), shift
        FROM marts.platform_daily
        ARRAY JOIN range(30) AS shift
    ) AS states
    WHERE day <= (SELECT max(day) FROM marts.platform_daily)
    GROUP BY day, `country`, `language`
) AS sums
INNER JOIN windows ON sums.day = windows.day
ORDER BY day, `country`, `language`;

-- ═══ ClickHouse: parameterized marts.v_post_spread_at
CREATE VIEW marts.v_post_spread_at AS
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
        SELECT *, arrayCumSum(ordered.2) AS so_far, arrayFirstIndex(n -> n >= {views:UInt64}, so_far) AS place
        FROM spread
    )
SELECT
    post_id, author_id, if(users.card.1 = '', 'unknown', users.card.1) AS author, kind, published_at, if(empty(so_far), 0, so_far[-1]) AS views,
    if(place = 0 OR {views:UInt64} = 0, NULL, ordered.1[place] - published) AS seconds_to_views
FROM counted
LEFT JOIN (SELECT user_id AS id, argMax((username, toString(country), toString(language)), (event_time, source_order)) AS card FROM raw.user FINAL GROUP BY user_id) AS users ON author_id = users.id
ORDER BY published_at, post_id;

-- ═══ ClickHouse: view marts.v_spread_curve
CREATE VIEW marts.v_spread_curve AS
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
    hours AS
    (
        SELECT toDate(published_at) AS day, post_id, intDiv(pair.1 - published, 3600) AS age, sum(pair.2) AS n
        FROM spread
        ARRAY JOIN ordered AS pair
        GROUP BY day, post_id, age
        HAVING age < 168
    ),
    shares AS
    (
        SELECT day, age, sum(share) AS added
        FROM (SELECT day, age, assumeNotNull((n) / nullIf(sum(n) OVER (PARTITION BY post_id), 0)) AS share FROM hours)
        GROUP BY day, age
    ),
    days AS
    (
        SELECT day, mapFromArrays(groupArray(age), groupArray(added)) AS by_age
        FROM shares
        GROUP BY day
    )
SELECT
    days.day AS day, curve.1 AS age_hours, published.n AS posts, least(curve.2, toFloat64(published.n)) AS seen, (seen) / nullIf(posts, 0) AS seen_share
FROM days
INNER JOIN (SELECT day, uniqExact(post_id) AS n FROM hours GROUP BY day) AS published ON days.day = published.day
ARRAY JOIN arrayZip(range(168), arrayCumSum(arrayMap(age -> by_age[age], range(168)))) AS curve
ORDER BY day, age_hours;

-- ═══ ClickHouse: view marts.v_session_device_daily
CREATE VIEW marts.v_session_device_daily AS
SELECT
    day, device, sessions, users, (micros / 1e6) / nullIf(sessions, 0) AS mean_seconds, quantiles[1] / 1e6 AS median_seconds, quantiles[2] / 1e6 AS p90_seconds,
    (sessions) / nullIf(users, 0) AS sessions_per_user
FROM
(
    SELECT
        day, device, sum(states.sessions) AS sessions, sum(states.micros) AS micros, uniqCombined64Merge(17)(states.users) AS users,
        quantilesDDMerge(0.01, 0.5, 0.9)(states.durations) AS quantiles
    FROM marts.session_daily AS states
    GROUP BY day, device
)
ORDER BY day, device;

-- ═══ ClickHouse: view marts.v_friendship_depth_daily
CREATE VIEW marts.v_friendship_depth_daily AS
SELECT
    day, at.1 AS level, at.2 AS pairs, (pairs) / nullIf(users * (users - 1) / 2, 0) AS share, at.3 AS reached_share
FROM marts.v_social_graph_daily AS levels
ARRAY JOIN arrayZip(arrayEnumerate(pairs_at), pairs_at, levels.reached_share) AS at
ORDER BY day, level;

-- ═══ ClickHouse: view marts.v_degrees_daily
CREATE VIEW marts.v_degrees_daily AS
SELECT day, tie, degree, n AS users, (n) / nullIf(sum(n) OVER (PARTITION BY day, tie), 0) AS share
FROM
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
ORDER BY day, tie, degree;

-- ═══ ClickHouse: view marts.v_activity_days
CREATE VIEW marts.v_activity_days AS
WITH windows AS
(
    SELECT
        toDate(held + shift) AS day, day < toDate(now('UTC')) AS complete,
        complete AND max(shift BETWEEN 27 AND 57) AS month_complete
    FROM (SELECT DISTINCT day AS held FROM marts.user_activity_daily)
    ARRAY JOIN range(58) AS shift
    GROUP BY day
)
SELECT day, active_days, any(month_complete) AS complete, count() AS users, (users) / nullIf(sum(users) OVER (PARTITION BY day), 0) AS share
FROM
(
    -- an active day counts for the 28 days that begin with it
    SELECT toDate(active_on + shift) AS day, user_id, toUInt8(count()) AS active_days
    FROM (SELECT DISTINCT day AS active_on, user_id FROM marts.user_activity_daily)
    ARRAY JOIN range(28) AS shift
    WHERE active_on + shift <= (SELECT max(day) FROM marts.user_activity_daily)
    GROUP BY day, user_id
) AS here
INNER JOIN windows ON here.day = windows.day
GROUP BY day, active_days
ORDER BY day, active_days;

-- ═══ ClickHouse: table ops.quality_results
CREATE TABLE IF NOT EXISTS ops.quality_results
(
    run_id UUID,
    checked_at DateTime64(6, 'UTC'),
    check LowCardinality(String),
    subject String,
    level LowCardinality(String) COMMENT 'error or warning',
    unit LowCardinality(String) COMMENT 'what value and bounds are: share, ratio, hours, number',
    value Nullable(Float64),
    at_least Nullable(Float64),
    at_most Nullable(Float64),
    passed Bool,
    rows UInt64 COMMENT 'how many rows the value is computed of',
    sample String
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(checked_at)
ORDER BY (check, checked_at, subject);

-- ═══ ClickHouse: view ops.v_quality_latest
CREATE VIEW ops.v_quality_latest AS
SELECT *
FROM ops.quality_results
WHERE (check, run_id) IN (SELECT check, argMax(run_id, checked_at) FROM ops.quality_results GROUP BY check)
ORDER BY check, subject;

-- ═══ ClickHouse: view ops.v_quality_runs
CREATE VIEW ops.v_quality_runs AS
SELECT
    checked_at, run_id, uniqExact(check) AS checks, countIf(rows > 0) AS subjects,
    countIf(NOT passed AND level = 'error') AS errors, countIf(NOT passed AND level = 'warning') AS warnings,
    arraySort(groupUniqArrayIf(toString(check), NOT passed)) AS breached
FROM ops.quality_results
GROUP BY checked_at, run_id
ORDER BY checked_at;

-- ═══ ClickHouse: table ops.accounts
CREATE TABLE IF NOT EXISTS ops.accounts
(
    counted_at DateTime64(6, 'UTC'),
    name String,
    left Int64 COMMENT 'what there must be',
    right Int64 COMMENT 'what there is'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(counted_at)
ORDER BY (counted_at, name);

-- ═══ ClickHouse: table ops.cut
CREATE TABLE IF NOT EXISTS ops.cut
(
    cut UUID,
    scope LowCardinality(String),
    source LowCardinality(String),
    stream String,
    partition Int32,
    below UInt64 COMMENT 'the offset behind the last that is counted',
    fixed_at DateTime DEFAULT now()
)
ENGINE = MergeTree
ORDER BY (cut, scope)
TTL fixed_at + INTERVAL 1 DAY;

-- ═══ ClickHouse: table ops.runs
CREATE TABLE IF NOT EXISTS ops.runs
(
    started_at DateTime64(6, 'UTC'),
    step LowCardinality(String),
    seconds Float64,
    failed Bool,
    error String COMMENT 'the kind of error; what it said is in the log of who ran it'
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(started_at)
ORDER BY (started_at, step);

-- ═══ ClickHouse: view ops.v_accounts_history
CREATE VIEW ops.v_accounts_history AS
SELECT counted_at, name AS account, left AS must, right AS found, right - left AS difference, 1 AS accounts, toUInt8(left != right) AS unbalanced
FROM ops.accounts
ORDER BY counted_at, account;

-- ═══ ClickHouse: view ops.v_checks
CREATE VIEW ops.v_checks AS
SELECT
    check, any(level) AS severity, max(checked_at) AS checked_at, countIf(rows > 0) AS looked_at, countIf(NOT passed) AS breached,
    countIf(NOT passed AND level = 'error') AS errors, countIf(NOT passed AND level = 'warning') AS warnings
FROM ops.v_quality_latest
WHERE check IN ('arrival', 'before_parent', 'created_twice', 'empty_fields', 'ends_before_start', 'filled_fields', 'freshness', 'ids_at_two_times', 'orphans', 'reconciliation', 'rejected', 'rejected_reasons', 'rejected_types', 'repeated_messages', 'stray_events', 'unread_objects', 'volume', 'active_before_joining', 'click_before_impression', 'story_viewed_late')
GROUP BY check
ORDER BY check;

-- ═══ ClickHouse: view ops.v_freshness
CREATE VIEW ops.v_freshness AS
WITH (
    SELECT makeDateTime(1970, 1, 1, 0, 0, 0, 'UTC') + toIntervalMonth(greatest(0, (intDiv(max(month), 100) - 1970) * 12 + max(month) % 100))
    FROM ops.retired
) AS kept_from
SELECT
    event_type, topic, if(n = 0, NULL, dateDiff('second', newest, now64(6, 'UTC')) / 3600) AS hours_since,
    toFloat64(hours) AS hours_expected, (hours_since) / nullIf(hours_expected, 0) AS overdue, n AS messages
FROM
(
SELECT event_type, topic, hours FROM values('event_type String, topic String, hours UInt32',
        ('user', 'social.user', 24),
        ('user_profile', 'social.user_profile', 24),
        ('user_settings', 'social.user_settings', 24),
        ('user_privacy', 'social.user_privacy', 24),
        ('user_status', 'social.user_status', 24),
        ('user_badges', 'social.user_badges', 168),
        ('friend', 'social.friend', 24),
        ('follower', 'social.follower', 24),
        ('subscription', 'social.subscription', 24),
        ('block', 'social.block', 24),
        ('mute', 'social.mute', 24),
        ('close_friend', 'social.close_friend', 24),
        ('post', 'social.post', 24),
        ('story', 'social.story', 24),
        ('reel', 'social.reel', 24),
        ('comment', 'social.comment', 24),
        ('reply', 'social.reply', 24),
        ('reaction', 'social.reaction', 24),
        ('like', 'social.like', 24),
        ('share', 'social.share', 24),
        ('quote', 'social.quote', 24),
        ('post_view', 'social.post_view', 24),
        ('photo', 'social.photo', 24),
        ('video', 'social.video', 24),
        ('album', 'social.album', 24),
        ('attachment', 'social.attachment', 24),
        ('thumbnail', 'social.thumbnail', 24),
        ('community', 'social.community', 168),
        ('group', 'social.group', 168),
        ('group_member', 'social.group_member', 24),
        ('group_moderator', 'social.group_moderator', 168),
        ('community_topic', 'social.community_topic', 168),
        ('pinned_post', 'social.pinned_post', 24),
        ('report', 'social.report', 24),
        ('ad', 'social.ad', 168),
        ('ad_impression', 'social.ad_impression', 24),
        ('ad_click', 'social.ad_click', 24),
        ('sponsorship', 'social.sponsorship', 168),
        ('donation', 'social.donation', 24),
        ('subscription_revenue', 'social.subscription_revenue', 24))
) AS declared
LEFT JOIN
(
    SELECT event_type, max(newest) AS newest, sum(n) AS n FROM
    (
        SELECT event_type, max(landed_at) AS newest, count() AS n FROM landing.events GROUP BY event_type
        UNION ALL SELECT 'user', max(landed_at), count() FROM raw.`user` WHERE landed_at < kept_from
        UNION ALL SELECT 'user_profile', max(landed_at), count() FROM raw.`user_profile` WHERE landed_at < kept_from
        UNION ALL SELECT 'user_settings', max(landed_at), count() FROM raw.`user_settings` WHERE landed_at < kept_from
        UNION ALL SELECT 'user_privacy', max(landed_at), count() FROM raw.`user_privacy` WHERE landed_at < kept_from
        UNION ALL SELECT 'user_status', max(landed_at), count() FROM raw.`user_status` WHERE landed_at < kept_from
        UNION ALL SELECT 'user_badges', max(landed_at), count() FROM raw.`user_badges` WHERE landed_at < kept_from
        UNION ALL SELECT 'friend', max(landed_at), count() FROM raw.`friend` WHERE landed_at < kept_from
        UNION ALL SELECT 'follower', max(landed_at), count() FROM raw.`follower` WHERE landed_at < kept_from
        UNION ALL SELECT 'subscription', max(landed_at), count() FROM raw.`subscription` WHERE landed_at < kept_from
        UNION ALL SELECT 'block', max(landed_at), count() FROM raw.`block` WHERE landed_at < kept_from
        UNION ALL SELECT 'mute', max(landed_at), count() FROM raw.`mute` WHERE landed_at < kept_from
        UNION ALL SELECT 'close_friend', max(landed_at), count() FROM raw.`close_friend` WHERE landed_at < kept_from
        UNION ALL SELECT 'post', max(landed_at), count() FROM raw.`post` WHERE landed_at < kept_from
        UNION ALL SELECT 'story', max(landed_at), count() FROM raw.`story` WHERE landed_at < kept_from
        UNION ALL SELECT 'reel', max(landed_at), count() FROM raw.`reel` WHERE landed_at < kept_from
        UNION ALL SELECT 'comment', max(landed_at), count() FROM raw.`comment` WHERE landed_at < kept_from
        UNION ALL SELECT 'reply', max(landed_at), count() FROM raw.`reply` WHERE landed_at < kept_from
        UNION ALL SELECT 'reaction', max(landed_at), count() FROM raw.`reaction` WHERE landed_at < kept_from
        UNION ALL SELECT 'like', max(landed_at), count() FROM raw.`like` WHERE landed_at < kept_from
        UNION ALL SELECT 'share', max(landed_at), count() FROM raw.`share` WHERE landed_at < kept_from
        UNION ALL SELECT 'quote', max(landed_at), count() FROM raw.`quote` WHERE landed_at < kept_from
        UNION ALL SELECT 'post_view', max(landed_at), count() FROM raw.`post_view` WHERE landed_at < kept_from
        UNION ALL SELECT 'photo', max(landed_at), count() FROM raw.`photo` WHERE landed_at < kept_from
        UNION ALL SELECT 'video', max(landed_at), count() FROM raw.`video` WHERE landed_at < kept_from
        UNION ALL SELECT 'album', max(landed_at), count() FROM raw.`album` WHERE landed_at < kept_from
        UNION ALL SELECT 'attachment', max(landed_at), count() FROM raw.`attachment` WHERE landed_at < kept_from
        UNION ALL SELECT 'thumbnail', max(landed_at), count() FROM raw.`thumbnail` WHERE landed_at < kept_from
        UNION ALL SELECT 'community', max(landed_at), count() FROM raw.`community` WHERE landed_at < kept_from
        UNION ALL SELECT 'group', max(landed_at), count() FROM raw.`group` WHERE landed_at < kept_from
        UNION ALL SELECT 'group_member', max(landed_at), count() FROM raw.`group_member` WHERE landed_at < kept_from
        UNION ALL SELECT 'group_moderator', max(landed_at), count() FROM raw.`group_moderator` WHERE landed_at < kept_from
        UNION ALL SELECT 'community_topic', max(landed_at), count() FROM raw.`community_topic` WHERE landed_at < kept_from
        UNION ALL SELECT 'pinned_post', max(landed_at), count() FROM raw.`pinned_post` WHERE landed_at < kept_from
        UNION ALL SELECT 'report', max(landed_at), count() FROM raw.`report` WHERE landed_at < kept_from
        UNION ALL SELECT 'ad', max(landed_at), count() FROM raw.`ad` WHERE landed_at < kept_from
        UNION ALL SELECT 'ad_impression', max(landed_at), count() FROM raw.`ad_impression` WHERE landed_at < kept_from
        UNION ALL SELECT 'ad_click', max(landed_at), count() FROM raw.`ad_click` WHERE landed_at < kept_from
        UNION ALL SELECT 'sponsorship', max(landed_at), count() FROM raw.`sponsorship` WHERE landed_at < kept_from
        UNION ALL SELECT 'donation', max(landed_at), count() FROM raw.`donation` WHERE landed_at < kept_from
        UNION ALL SELECT 'subscription_revenue', max(landed_at), count() FROM raw.`subscription_revenue` WHERE landed_at < kept_from
    )
    GROUP BY event_type
) AS landed USING (event_type)
ORDER BY overdue DESC, event_type;

-- ═══ ClickHouse: view ops.v_lag
CREATE VIEW ops.v_lag AS
SELECT stage, dateDiff('second', newest, now64(6, 'UTC')) / 3600 AS hours_behind
FROM
(
    SELECT 'landed' AS stage, max(landed_at) AS newest FROM landing.events
    UNION ALL
    SELECT 'graph', max(built_at) FROM ops.mart_days WHERE mart IN ('social_graph_daily', 'user_centrality')
    UNION ALL
    SELECT 'marts', max(built_at) FROM ops.mart_days
    UNION ALL
    SELECT 'accounts', max(counted_at) FROM ops.accounts
    UNION ALL
    SELECT 'quality', minOrNull(at) FROM
    (
        SELECT max(checked_at) AS at FROM ops.quality_results WHERE check IN ('arrival', 'before_parent', 'created_twice', 'empty_fields', 'ends_before_start', 'filled_fields', 'freshness', 'ids_at_two_times', 'orphans', 'reconciliation', 'rejected', 'rejected_reasons', 'rejected_types', 'repeated_messages', 'stray_events', 'unread_objects', 'volume', 'active_before_joining', 'click_before_impression', 'story_viewed_late') GROUP BY check
    )
)
WHERE newest > toDateTime64(0, 6, 'UTC')
ORDER BY hours_behind DESC;

-- ═══ ClickHouse: view ops.v_landing_daily
CREATE VIEW ops.v_landing_daily AS
SELECT
    day, event_type, sum(n) AS messages, sum(dead) AS rejected, (rejected) / nullIf(messages, 0) AS rejected_share, sum(timed) AS sent,
    sum(seconds) AS waited, (waited) / nullIf(sent, 0) AS delay, if(sent = 0, NULL, max(longest)) AS longest_delay
FROM
(
    SELECT
        toDate(landed_at) AS day, event_type, count() AS n, 0 AS dead, count(sent_at) AS timed,
        sum(ifNull(greatest(dateDiff('millisecond', sent_at, landed_at), 0) / 1000, 0)) AS seconds,
        max(ifNull(greatest(dateDiff('millisecond', sent_at, landed_at), 0) / 1000, 0)) AS longest
    FROM landing.events
    GROUP BY day, event_type
    UNION ALL
    SELECT toDate(landed_at) AS day, event_type, 0 AS n, count() AS dead, 0 AS timed, 0 AS seconds, 0 AS longest
    FROM raw.dead_letters
    GROUP BY day, event_type
)
GROUP BY day, event_type
HAVING messages > 0
ORDER BY day, event_type;

-- ═══ ClickHouse: view ops.v_mart_history
CREATE VIEW ops.v_mart_history AS
SELECT
    mart, countIf(held.rows > 0) AS days, sum(held.rows) AS rows, dateDiff('second', max(built_at), now64(6, 'UTC')) / 3600 AS hours_since
FROM (SELECT * FROM ops.mart_days FINAL) AS held
GROUP BY mart
ORDER BY mart;

-- ═══ ClickHouse: view ops.v_quality_history
CREATE VIEW ops.v_quality_history AS
SELECT
    checked_at, check, any(level) AS severity, countIf(rows > 0) AS looked_at, countIf(NOT passed) AS breached,
    countIf(NOT passed AND level = 'error') AS errors, countIf(NOT passed AND level = 'warning') AS warnings
FROM ops.quality_results
GROUP BY checked_at, check
ORDER BY checked_at, check;

-- ═══ ClickHouse: view ops.v_rejected_daily
CREATE VIEW ops.v_rejected_daily AS
SELECT day, event_type, reason, count() AS letters
FROM
(
    SELECT toDate(landed_at) AS day, event_type, reason FROM raw.dead_letters ARRAY JOIN reasons AS reason
    UNION ALL
    SELECT toDate(seen_at) AS day, '' AS event_type, concat('object not read: ', reason) AS reason FROM ops.unread_objects
)
GROUP BY day, event_type, reason
ORDER BY day, letters DESC;

-- ═══ ClickHouse: view ops.v_run_history
CREATE VIEW ops.v_run_history AS
SELECT started_at, step, error, seconds, 1 AS runs, toUInt8(failed) AS failures
FROM ops.runs
ORDER BY started_at, step;

-- ═══ graph: summary
-- The summaries of one day, as last written (ClickHouse).
-- Grain: a relation, a metric. Parameter: as_of.
SELECT relation, metric, value, note
FROM graph.summary
WHERE as_of = {as_of:Date}
ORDER BY relation, metric;
