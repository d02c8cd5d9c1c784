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

-- ═══ ClickHouse: table ops.objects
CREATE TABLE IF NOT EXISTS ops.objects
(
    bucket LowCardinality(String),
    path String,
    etag String,
    number UInt32,
    bytes UInt64,
    lines Nullable(UInt64),
    seen_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(seen_at)
ORDER BY (bucket, path, etag);

-- ═══ ClickHouse: feed landing.reject_unknown
CREATE MATERIALIZED VIEW landing.reject_unknown TO raw.rejected AS
SELECT
    event_type,
    [coalesce(nullIf(multiIf(
        length(raw) = 0, 'empty message',
        length(raw) > 1000000, 'larger than 1000000 bytes',
        startsWith(raw, '\xEF\xBB\xBF'), 'starts with a byte-order mark',
        NOT isValidUTF8(raw) OR NOT isValidJSON(raw), 'not JSON',
        JSONType(raw) != 'Object', 'not a JSON object',
        ''), ''), 'unknown event type')] AS reasons,
    source, stream, partition, offset, landed_at, raw, landed_at AS judged_at
FROM landing.events
WHERE event_type NOT IN ('user', 'user_profile', 'user_settings', 'user_privacy', 'user_status', 'user_badges', 'friend', 'follower', 'subscription', 'block', 'mute', 'close_friend', 'post', 'story', 'reel', 'comment', 'reply', 'reaction', 'like', 'share', 'quote', 'post_view', 'photo', 'video', 'album', 'attachment', 'thumbnail', 'community', 'group', 'group_member', 'group_moderator', 'community_topic', 'pinned_post', 'report', 'ad', 'ad_impression', 'ad_click', 'sponsorship', 'donation', 'subscription_revenue');

-- ═══ ClickHouse: stream landing.inbox
CREATE TABLE landing.inbox
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

-- ═══ ClickHouse: feed landing.inbox_feed
CREATE MATERIALIZED VIEW landing.inbox_feed TO landing.events AS
SELECT source, stream, partition, offset, key, sent_at, now64(6, 'UTC') AS landed_at,
    if(multiIf(
        length(raw) = 0, 'empty message',
        length(raw) > 1000000, 'larger than 1000000 bytes',
        startsWith(raw, '\xEF\xBB\xBF'), 'starts with a byte-order mark',
        NOT isValidUTF8(raw) OR NOT isValidJSON(raw), 'not JSON',
        JSONType(raw) != 'Object', 'not a JSON object',
        '') = '', substringUTF8(JSONExtractString(raw, 'event_type'), 1, 60), '') AS event_type, raw
FROM landing.inbox;

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

-- ═══ graph: summary
-- The summaries of one day, as last written (ClickHouse).
-- Grain: a relation, a metric. Parameter: as_of.
SELECT relation, metric, value, note
FROM graph.summary
WHERE as_of = {as_of:Date}
ORDER BY relation, metric;
