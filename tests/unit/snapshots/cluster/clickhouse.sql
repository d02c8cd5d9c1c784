-- ═══ database landing
CREATE DATABASE IF NOT EXISTS landing ON CLUSTER `clickvault`;

-- ═══ database raw
CREATE DATABASE IF NOT EXISTS raw ON CLUSTER `clickvault`;

-- ═══ database ops
CREATE DATABASE IF NOT EXISTS ops ON CLUSTER `clickvault`;

-- ═══ table landing.events_local
CREATE TABLE IF NOT EXISTS `landing`.`events_local` ON CLUSTER `clickvault`
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
ENGINE = ReplicatedMergeTree('/clickvault/{uuid}/{shard}', '{replica}')
PARTITION BY toYYYYMM(landed_at)
ORDER BY (source, stream, partition, offset);

-- ═══ table landing.events
CREATE TABLE IF NOT EXISTS `landing`.`events` ON CLUSTER `clickvault`
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
ENGINE = Distributed(`clickvault`, `landing`, `events_local`, cityHash64(source, stream, partition, offset));

-- ═══ table raw.rejected_local
CREATE TABLE IF NOT EXISTS `raw`.`rejected_local` ON CLUSTER `clickvault`
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
ENGINE = ReplicatedReplacingMergeTree('/clickvault/{uuid}/{shard}', '{replica}', judged_at)
PARTITION BY toYYYYMM(landed_at)
ORDER BY (source, stream, partition, offset);

-- ═══ table raw.rejected
CREATE TABLE IF NOT EXISTS `raw`.`rejected` ON CLUSTER `clickvault`
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
ENGINE = Distributed(`clickvault`, `raw`, `rejected_local`, cityHash64(source, stream, partition, offset));

-- ═══ view raw.dead_letters
CREATE VIEW raw.dead_letters ON CLUSTER `clickvault` AS
SELECT * FROM raw.rejected FINAL WHERE notEmpty(reasons);

-- ═══ table ops.positions
CREATE TABLE IF NOT EXISTS ops.positions ON CLUSTER `clickvault`
(
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    safe UInt64,
    seen_at DateTime64(6, 'UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}', safe)
ORDER BY (source, stream, partition);

-- ═══ table ops.topics
CREATE TABLE IF NOT EXISTS ops.topics ON CLUSTER `clickvault`
(
    source LowCardinality(String),
    topic LowCardinality(String),
    id String,
    seen_at DateTime64(6, 'UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}', seen_at)
ORDER BY (source, topic);

-- ═══ table ops.gaps
CREATE TABLE IF NOT EXISTS ops.gaps ON CLUSTER `clickvault`
(
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    seen_at DateTime64(6, 'UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}', seen_at)
ORDER BY (source, stream, partition, offset);

-- ═══ table ops.counted
CREATE TABLE IF NOT EXISTS ops.counted ON CLUSTER `clickvault`
(
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    upto UInt64,
    messages UInt64,
    seen_at DateTime64(6, 'UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}', seen_at)
ORDER BY (source, stream, partition);

-- ═══ table ops.judged
CREATE TABLE IF NOT EXISTS ops.judged ON CLUSTER `clickvault`
(
    event_type String,
    since DateTime64(6, 'UTC'),
    landed UInt64,
    valid UInt64,
    events UInt64,
    dead UInt64,
    seen_at DateTime64(6, 'UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}', seen_at)
ORDER BY event_type;

-- ═══ table ops.retired
CREATE TABLE IF NOT EXISTS ops.retired ON CLUSTER `clickvault`
(
    month UInt32,
    source LowCardinality(String),
    stream LowCardinality(String),
    positions UInt64,
    retired_at DateTime64(6, 'UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}', retired_at)
ORDER BY (month, source, stream);

-- ═══ table ops.objects
CREATE TABLE IF NOT EXISTS ops.objects ON CLUSTER `clickvault`
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
ENGINE = ReplicatedReplacingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}', seen_at)
ORDER BY (bucket, path, etag);

-- ═══ view ops.unread_objects
CREATE VIEW ops.unread_objects ON CLUSTER `clickvault` AS
SELECT bucket, path, etag, number, bytes, lines, reason, seen_at FROM ops.objects FINAL WHERE notEmpty(reason) AND NOT gone;

-- ═══ table ops.contracts
CREATE TABLE IF NOT EXISTS ops.contracts ON CLUSTER `clickvault`
(
    event_type String,
    domain String,
    since DateTime64(6, 'UTC'),
    contract String
)
ENGINE = ReplicatedReplacingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
ORDER BY (event_type, since);

-- ═══ feed landing.reject_unknown_mv
CREATE MATERIALIZED VIEW landing.reject_unknown_mv ON CLUSTER `clickvault` TO raw.rejected AS
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
FROM landing.events_local
WHERE event_type NOT IN ('user', 'user_profile', 'user_settings', 'user_privacy', 'user_status', 'user_badges', 'friend', 'follower', 'subscription', 'block', 'mute', 'close_friend', 'post', 'story', 'reel', 'comment', 'reply', 'reaction', 'like', 'share', 'quote', 'post_view', 'photo', 'video', 'album', 'attachment', 'thumbnail', 'community', 'group', 'group_member', 'group_moderator', 'community_topic', 'pinned_post', 'report', 'ad', 'ad_impression', 'ad_click', 'sponsorship', 'donation', 'subscription_revenue');

-- ═══ stream landing.inbox_null
CREATE TABLE landing.inbox_null ON CLUSTER `clickvault`
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

-- ═══ feed landing.inbox_mv
CREATE MATERIALIZED VIEW landing.inbox_mv ON CLUSTER `clickvault` TO landing.events_local AS
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

-- ═══ stream landing.gathered_users_null
CREATE TABLE landing.`gathered_users_null` ON CLUSTER `clickvault`
(
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    event_type String,
    raw String
)
ENGINE = Null;

-- ═══ stream landing.gathered_ties_null
CREATE TABLE landing.`gathered_ties_null` ON CLUSTER `clickvault`
(
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    event_type String,
    raw String
)
ENGINE = Null;

-- ═══ stream landing.gathered_content_null
CREATE TABLE landing.`gathered_content_null` ON CLUSTER `clickvault`
(
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    event_type String,
    raw String
)
ENGINE = Null;

-- ═══ stream landing.gathered_media_null
CREATE TABLE landing.`gathered_media_null` ON CLUSTER `clickvault`
(
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    event_type String,
    raw String
)
ENGINE = Null;

-- ═══ stream landing.gathered_communities_null
CREATE TABLE landing.`gathered_communities_null` ON CLUSTER `clickvault`
(
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    event_type String,
    raw String
)
ENGINE = Null;

-- ═══ stream landing.gathered_money_null
CREATE TABLE landing.`gathered_money_null` ON CLUSTER `clickvault`
(
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    event_type String,
    raw String
)
ENGINE = Null;

-- ═══ table raw.user_local
CREATE TABLE IF NOT EXISTS `raw`.`user_local` ON CLUSTER `clickvault`
(
    `event_id` UUID,
    `op` LowCardinality(String),
    `event_time` DateTime64(6, 'UTC'),
    `schema_version` UInt16,
    `producer` String,
    `user_id` UUID,
    `username` String,
    `email` String,
    `country` String,
    `language` LowCardinality(String),
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    version UInt128 MATERIALIZED bitNot(bitOr(bitOr(bitShiftLeft(toUInt128(bitShiftLeft(toUInt32(multiIf(startsWith(source, 'kafka:'), 0, source = 's3', 1, 2)), 28) + bitShiftLeft(least(toUInt32OrZero(extract(source, '^kafka:e([0-9]+)')), toUInt32(4095)), 16) + CRC32(concat(source, '/', stream)) % 65536), 96), bitShiftLeft(toUInt128(toUInt32(partition)), 64)), toUInt128(offset))) COMMENT 'the complement of source_order: FINAL keeps the copy that comes first',
    source_order UInt128 ALIAS bitNot(version) COMMENT 'where its source gave it: orders events of one time',
    INDEX landed landed_at TYPE minmax
)
ENGINE = ReplicatedReplacingMergeTree('/clickvault/{uuid}/{shard}', '{replica}', version)
PARTITION BY toYYYYMM(event_time)
ORDER BY (event_time, event_id)
COMMENT 'An account: it is opened, its address changes, and it is closed when the user leaves.';

-- ═══ table raw.user
CREATE TABLE IF NOT EXISTS `raw`.`user` ON CLUSTER `clickvault`
(
    `event_id` UUID,
    `op` LowCardinality(String),
    `event_time` DateTime64(6, 'UTC'),
    `schema_version` UInt16,
    `producer` String,
    `user_id` UUID,
    `username` String,
    `email` String,
    `country` String,
    `language` LowCardinality(String),
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    version UInt128 MATERIALIZED bitNot(bitOr(bitOr(bitShiftLeft(toUInt128(bitShiftLeft(toUInt32(multiIf(startsWith(source, 'kafka:'), 0, source = 's3', 1, 2)), 28) + bitShiftLeft(least(toUInt32OrZero(extract(source, '^kafka:e([0-9]+)')), toUInt32(4095)), 16) + CRC32(concat(source, '/', stream)) % 65536), 96), bitShiftLeft(toUInt128(toUInt32(partition)), 64)), toUInt128(offset))) COMMENT 'the complement of source_order: FINAL keeps the copy that comes first',
    source_order UInt128 ALIAS bitNot(version) COMMENT 'where its source gave it: orders events of one time'
)
ENGINE = Distributed(`clickvault`, `raw`, `user_local`, cityHash64(event_time, event_id));

-- ═══ stream landing.validated_user_null
CREATE TABLE landing.`validated_user_null` ON CLUSTER `clickvault`
(
    `event_id` UUID,
    `op` LowCardinality(String),
    `event_time` DateTime64(6, 'UTC'),
    `schema_version` UInt16,
    `producer` String,
    `user_id` UUID,
    `username` String,
    `email` String,
    `country` String,
    `language` LowCardinality(String),
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    raw String,
    reasons Array(String)
)
ENGINE = Null;

-- ═══ feed landing.accept_user_mv
CREATE MATERIALIZED VIEW landing.`accept_user_mv` ON CLUSTER `clickvault` TO raw.`user` AS
SELECT
`event_id`, `op`, `event_time`, `schema_version`, `producer`, `user_id`, `username`, `email`, `country`, `language`,
    source, stream, partition, offset, landed_at
FROM landing.`validated_user_null`
WHERE empty(reasons);

-- ═══ feed landing.reject_user_mv
CREATE MATERIALIZED VIEW landing.`reject_user_mv` ON CLUSTER `clickvault` TO raw.rejected AS
SELECT 'user' AS event_type, reasons, source, stream, partition, offset, landed_at, raw, landed_at AS judged_at
FROM landing.`validated_user_null`
WHERE notEmpty(reasons);

-- ═══ stream landing.routed_user_null
CREATE TABLE landing.`routed_user_null` ON CLUSTER `clickvault`
(
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    event_type String,
    raw String
)
ENGINE = Null;

-- ═══ feed landing.route_user_mv
CREATE MATERIALIZED VIEW landing.`route_user_mv` ON CLUSTER `clickvault` TO landing.`routed_user_null` AS
SELECT source, stream, partition, offset, landed_at, event_type, raw
FROM landing.`gathered_users_null`
WHERE event_type = 'user';

-- ═══ table raw.reaction_local
CREATE TABLE IF NOT EXISTS `raw`.`reaction_local` ON CLUSTER `clickvault`
(
    `event_id` UUID,
    `op` LowCardinality(String),
    `event_time` DateTime64(6, 'UTC'),
    `schema_version` UInt16,
    `producer` String,
    `user_id` UUID,
    `post_id` UUID,
    `reaction` LowCardinality(String),
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    version UInt128 MATERIALIZED bitNot(bitOr(bitOr(bitShiftLeft(toUInt128(bitShiftLeft(toUInt32(multiIf(startsWith(source, 'kafka:'), 0, source = 's3', 1, 2)), 28) + bitShiftLeft(least(toUInt32OrZero(extract(source, '^kafka:e([0-9]+)')), toUInt32(4095)), 16) + CRC32(concat(source, '/', stream)) % 65536), 96), bitShiftLeft(toUInt128(toUInt32(partition)), 64)), toUInt128(offset))) COMMENT 'the complement of source_order: FINAL keeps the copy that comes first',
    source_order UInt128 ALIAS bitNot(version) COMMENT 'where its source gave it: orders events of one time',
    INDEX landed landed_at TYPE minmax
)
ENGINE = ReplicatedReplacingMergeTree('/clickvault/{uuid}/{shard}', '{replica}', version)
PARTITION BY toYYYYMM(event_time)
ORDER BY (event_time, event_id)
COMMENT 'How a user feels about a post; one feeling at a time, another takes its place.';

-- ═══ table raw.reaction
CREATE TABLE IF NOT EXISTS `raw`.`reaction` ON CLUSTER `clickvault`
(
    `event_id` UUID,
    `op` LowCardinality(String),
    `event_time` DateTime64(6, 'UTC'),
    `schema_version` UInt16,
    `producer` String,
    `user_id` UUID,
    `post_id` UUID,
    `reaction` LowCardinality(String),
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    version UInt128 MATERIALIZED bitNot(bitOr(bitOr(bitShiftLeft(toUInt128(bitShiftLeft(toUInt32(multiIf(startsWith(source, 'kafka:'), 0, source = 's3', 1, 2)), 28) + bitShiftLeft(least(toUInt32OrZero(extract(source, '^kafka:e([0-9]+)')), toUInt32(4095)), 16) + CRC32(concat(source, '/', stream)) % 65536), 96), bitShiftLeft(toUInt128(toUInt32(partition)), 64)), toUInt128(offset))) COMMENT 'the complement of source_order: FINAL keeps the copy that comes first',
    source_order UInt128 ALIAS bitNot(version) COMMENT 'where its source gave it: orders events of one time'
)
ENGINE = Distributed(`clickvault`, `raw`, `reaction_local`, cityHash64(event_time, event_id));

-- ═══ stream landing.validated_reaction_null
CREATE TABLE landing.`validated_reaction_null` ON CLUSTER `clickvault`
(
    `event_id` UUID,
    `op` LowCardinality(String),
    `event_time` DateTime64(6, 'UTC'),
    `schema_version` UInt16,
    `producer` String,
    `user_id` UUID,
    `post_id` UUID,
    `reaction` LowCardinality(String),
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    raw String,
    reasons Array(String)
)
ENGINE = Null;

-- ═══ feed landing.accept_reaction_mv
CREATE MATERIALIZED VIEW landing.`accept_reaction_mv` ON CLUSTER `clickvault` TO raw.`reaction` AS
SELECT
`event_id`, `op`, `event_time`, `schema_version`, `producer`, `user_id`, `post_id`, `reaction`,
    source, stream, partition, offset, landed_at
FROM landing.`validated_reaction_null`
WHERE empty(reasons);

-- ═══ feed landing.reject_reaction_mv
CREATE MATERIALIZED VIEW landing.`reject_reaction_mv` ON CLUSTER `clickvault` TO raw.rejected AS
SELECT 'reaction' AS event_type, reasons, source, stream, partition, offset, landed_at, raw, landed_at AS judged_at
FROM landing.`validated_reaction_null`
WHERE notEmpty(reasons);

-- ═══ stream landing.routed_reaction_null
CREATE TABLE landing.`routed_reaction_null` ON CLUSTER `clickvault`
(
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    event_type String,
    raw String
)
ENGINE = Null;

-- ═══ feed landing.route_reaction_mv
CREATE MATERIALIZED VIEW landing.`route_reaction_mv` ON CLUSTER `clickvault` TO landing.`routed_reaction_null` AS
SELECT source, stream, partition, offset, landed_at, event_type, raw
FROM landing.`gathered_content_null`
WHERE event_type = 'reaction';

-- ═══ feed landing.gather_users_mv
CREATE MATERIALIZED VIEW landing.`gather_users_mv` ON CLUSTER `clickvault` TO landing.`gathered_users_null` AS
SELECT source, stream, partition, offset, landed_at, event_type, raw
FROM landing.events_local
WHERE event_type IN ('user', 'user_profile', 'user_settings', 'user_privacy', 'user_status', 'user_badges');

-- ═══ feed landing.gather_ties_mv
CREATE MATERIALIZED VIEW landing.`gather_ties_mv` ON CLUSTER `clickvault` TO landing.`gathered_ties_null` AS
SELECT source, stream, partition, offset, landed_at, event_type, raw
FROM landing.events_local
WHERE event_type IN ('friend', 'follower', 'subscription', 'block', 'mute', 'close_friend');

-- ═══ feed landing.gather_content_mv
CREATE MATERIALIZED VIEW landing.`gather_content_mv` ON CLUSTER `clickvault` TO landing.`gathered_content_null` AS
SELECT source, stream, partition, offset, landed_at, event_type, raw
FROM landing.events_local
WHERE event_type IN ('post', 'story', 'reel', 'comment', 'reply', 'reaction', 'like', 'share', 'quote', 'post_view');

-- ═══ feed landing.gather_media_mv
CREATE MATERIALIZED VIEW landing.`gather_media_mv` ON CLUSTER `clickvault` TO landing.`gathered_media_null` AS
SELECT source, stream, partition, offset, landed_at, event_type, raw
FROM landing.events_local
WHERE event_type IN ('photo', 'video', 'album', 'attachment', 'thumbnail');

-- ═══ feed landing.gather_communities_mv
CREATE MATERIALIZED VIEW landing.`gather_communities_mv` ON CLUSTER `clickvault` TO landing.`gathered_communities_null` AS
SELECT source, stream, partition, offset, landed_at, event_type, raw
FROM landing.events_local
WHERE event_type IN ('community', 'group', 'group_member', 'group_moderator', 'community_topic', 'pinned_post', 'report');

-- ═══ feed landing.gather_money_mv
CREATE MATERIALIZED VIEW landing.`gather_money_mv` ON CLUSTER `clickvault` TO landing.`gathered_money_null` AS
SELECT source, stream, partition, offset, landed_at, event_type, raw
FROM landing.events_local
WHERE event_type IN ('ad', 'ad_impression', 'ad_click', 'sponsorship', 'donation', 'subscription_revenue');

-- ═══ database graph
CREATE DATABASE IF NOT EXISTS graph ON CLUSTER `clickvault`;

-- ═══ table graph.scores
CREATE TABLE IF NOT EXISTS graph.scores ON CLUSTER `clickvault`
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
ENGINE = ReplicatedMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY as_of
ORDER BY (as_of, relation, node_id);

-- ═══ table graph.distances
CREATE TABLE IF NOT EXISTS graph.distances ON CLUSTER `clickvault`
(
    as_of Date,
    relation LowCardinality(String),
    distance UInt32,
    pairs UInt64
)
ENGINE = ReplicatedMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY as_of
ORDER BY (as_of, relation, distance);

-- ═══ table graph.communities
CREATE TABLE IF NOT EXISTS graph.communities ON CLUSTER `clickvault`
(
    as_of Date,
    relation LowCardinality(String),
    community UInt32,
    size UInt32,
    internal_edges UInt64,
    boundary_edges UInt64
)
ENGINE = ReplicatedMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY as_of
ORDER BY (as_of, relation, community);

-- ═══ table graph.suggestions
CREATE TABLE IF NOT EXISTS graph.suggestions ON CLUSTER `clickvault`
(
    as_of Date,
    relation LowCardinality(String),
    label LowCardinality(String),
    node_id String,
    suggested_id String,
    rank UInt8,
    similarity Float64
)
ENGINE = ReplicatedMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY as_of
ORDER BY (as_of, relation, node_id, rank);

-- ═══ table graph.summary
CREATE TABLE IF NOT EXISTS graph.summary ON CLUSTER `clickvault`
(
    as_of Date,
    relation LowCardinality(String),
    metric LowCardinality(String),
    value Float64,
    note String
)
ENGINE = ReplicatedMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY as_of
ORDER BY (as_of, relation, metric);

-- ═══ table graph.scores_staging
CREATE TABLE IF NOT EXISTS graph.scores_staging ON CLUSTER `clickvault`
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
ENGINE = ReplicatedMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY as_of
ORDER BY (as_of, relation, node_id);

-- ═══ table graph.distances_staging
CREATE TABLE IF NOT EXISTS graph.distances_staging ON CLUSTER `clickvault`
(
    as_of Date,
    relation LowCardinality(String),
    distance UInt32,
    pairs UInt64
)
ENGINE = ReplicatedMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY as_of
ORDER BY (as_of, relation, distance);

-- ═══ table graph.communities_staging
CREATE TABLE IF NOT EXISTS graph.communities_staging ON CLUSTER `clickvault`
(
    as_of Date,
    relation LowCardinality(String),
    community UInt32,
    size UInt32,
    internal_edges UInt64,
    boundary_edges UInt64
)
ENGINE = ReplicatedMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY as_of
ORDER BY (as_of, relation, community);

-- ═══ table graph.suggestions_staging
CREATE TABLE IF NOT EXISTS graph.suggestions_staging ON CLUSTER `clickvault`
(
    as_of Date,
    relation LowCardinality(String),
    label LowCardinality(String),
    node_id String,
    suggested_id String,
    rank UInt8,
    similarity Float64
)
ENGINE = ReplicatedMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY as_of
ORDER BY (as_of, relation, node_id, rank);

-- ═══ table graph.summary_staging
CREATE TABLE IF NOT EXISTS graph.summary_staging ON CLUSTER `clickvault`
(
    as_of Date,
    relation LowCardinality(String),
    metric LowCardinality(String),
    value Float64,
    note String
)
ENGINE = ReplicatedMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY as_of
ORDER BY (as_of, relation, metric);

-- ═══ database marts
CREATE DATABASE IF NOT EXISTS marts ON CLUSTER `clickvault`;

-- ═══ table ops.mart_days
CREATE TABLE IF NOT EXISTS ops.mart_days ON CLUSTER `clickvault`
(
    mart LowCardinality(String),
    day Date,
    rows UInt64,
    state String,
    built_at DateTime64(6, 'UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}', built_at)
ORDER BY (mart, day);

-- ═══ states marts.ad_daily
CREATE TABLE IF NOT EXISTS marts.ad_daily ON CLUSTER `clickvault`
(
    day Date,
    ad_id UUID,
    currency LowCardinality(String),
    impressions SimpleAggregateFunction(sum, UInt64),
    clicks SimpleAggregateFunction(sum, UInt64),
    spend_micros SimpleAggregateFunction(sum, Int64),
    reach AggregateFunction(uniqCombined64(17), UUID)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY day
ORDER BY (day, ad_id, currency);

-- ═══ states marts.author_virality_daily
CREATE TABLE IF NOT EXISTS marts.author_virality_daily ON CLUSTER `clickvault`
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
ENGINE = ReplicatedAggregatingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY day
ORDER BY (day, author_id);

-- ═══ states marts.cohort_weekly
CREATE TABLE IF NOT EXISTS marts.cohort_weekly ON CLUSTER `clickvault`
(
    day Date,
    cohort_week Date,
    users SimpleAggregateFunction(sum, UInt64),
    active AggregateFunction(uniqCombined64(17), UUID)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY day
ORDER BY (day, cohort_week);

-- ═══ states marts.community_daily
CREATE TABLE IF NOT EXISTS marts.community_daily ON CLUSTER `clickvault`
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
ENGINE = ReplicatedAggregatingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY day
ORDER BY (day, community_id);

-- ═══ states marts.creator_revenue_daily
CREATE TABLE IF NOT EXISTS marts.creator_revenue_daily ON CLUSTER `clickvault`
(
    day Date,
    creator_id UUID,
    currency LowCardinality(String),
    donations SimpleAggregateFunction(sum, UInt64),
    donated_micros SimpleAggregateFunction(sum, Int64),
    donors AggregateFunction(uniqCombined64(17), UUID),
    charges SimpleAggregateFunction(sum, UInt64),
    charged_micros SimpleAggregateFunction(sum, Int64),
    subscribers AggregateFunction(uniqCombined64(17), UUID),
    deals SimpleAggregateFunction(sum, UInt64),
    sponsored_micros SimpleAggregateFunction(sum, Int64)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY day
ORDER BY (day, creator_id, currency);

-- ═══ states marts.funnel_daily
CREATE TABLE IF NOT EXISTS marts.funnel_daily ON CLUSTER `clickvault`
(
    day Date,
    `country` LowCardinality(String),
    `language` LowCardinality(String),
    viewed SimpleAggregateFunction(sum, UInt64),
    reacted SimpleAggregateFunction(sum, UInt64),
    commented SimpleAggregateFunction(sum, UInt64),
    shared SimpleAggregateFunction(sum, UInt64)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY day
ORDER BY (day, `country`, `language`);

-- ═══ states marts.platform_daily
CREATE TABLE IF NOT EXISTS marts.platform_daily ON CLUSTER `clickvault`
(
    day Date,
    `country` LowCardinality(String),
    `language` LowCardinality(String),
    posts SimpleAggregateFunction(sum, UInt64),
    stories SimpleAggregateFunction(sum, UInt64),
    reels SimpleAggregateFunction(sum, UInt64),
    comments SimpleAggregateFunction(sum, UInt64),
    reactions SimpleAggregateFunction(sum, UInt64),
    likes SimpleAggregateFunction(sum, UInt64),
    shares SimpleAggregateFunction(sum, UInt64),
    views SimpleAggregateFunction(sum, UInt64),
    new_users SimpleAggregateFunction(sum, UInt64),
    active AggregateFunction(uniqCombined64(17), UUID)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY day
ORDER BY (day, `country`, `language`);

-- ═══ states marts.post_spread
CREATE TABLE IF NOT EXISTS marts.post_spread ON CLUSTER `clickvault`
(
    day Date,
    post_id UUID,
    created AggregateFunction(argMin, Tuple(UUID, String, DateTime64(6, 'UTC')), Tuple(DateTime64(6, 'UTC'), UInt128)),
    seen SimpleAggregateFunction(groupArrayArray, Array(Tuple(UInt32, UInt32)))
)
ENGINE = ReplicatedAggregatingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY day
ORDER BY (day, post_id);

-- ═══ states marts.session_daily
CREATE TABLE IF NOT EXISTS marts.session_daily ON CLUSTER `clickvault`
(
    day Date,
    device LowCardinality(String),
    sessions SimpleAggregateFunction(sum, UInt64),
    micros SimpleAggregateFunction(sum, UInt64),
    users AggregateFunction(uniqCombined64(17), UUID),
    durations AggregateFunction(quantilesDD(0.01, 0.5, 0.9), Float64) COMMENT 'micros: below 1 the sketch errs by more than it says'
)
ENGINE = ReplicatedAggregatingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY day
ORDER BY (day, device);

-- ═══ states marts.social_graph_daily
CREATE TABLE IF NOT EXISTS marts.social_graph_daily ON CLUSTER `clickvault`
(
    day Date,
    users SimpleAggregateFunction(max, UInt64),
    friendships SimpleAggregateFunction(max, UInt64),
    follows SimpleAggregateFunction(max, UInt64),
    isolated SimpleAggregateFunction(max, UInt64),
    components SimpleAggregateFunction(max, UInt64),
    largest_component SimpleAggregateFunction(max, UInt64),
    clustering SimpleAggregateFunction(max, Float64),
    diameter SimpleAggregateFunction(max, UInt64),
    mean_distance SimpleAggregateFunction(max, Float64),
    pairs_at AggregateFunction(sumMap, Array(UInt32), Array(UInt64))
)
ENGINE = ReplicatedAggregatingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY day
ORDER BY day;

-- ═══ states marts.ties_daily
CREATE TABLE IF NOT EXISTS marts.ties_daily ON CLUSTER `clickvault`
(
    day Date,
    tie LowCardinality(String),
    degree UInt32,
    users SimpleAggregateFunction(sum, UInt64)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY day
ORDER BY (day, tie, degree);

-- ═══ states marts.topic_daily
CREATE TABLE IF NOT EXISTS marts.topic_daily ON CLUSTER `clickvault`
(
    day Date,
    topic LowCardinality(String),
    topic_id UUID COMMENT 'zeros: the post is filed under none',
    posts SimpleAggregateFunction(sum, UInt64),
    reels SimpleAggregateFunction(sum, UInt64),
    comments SimpleAggregateFunction(sum, UInt64),
    replies SimpleAggregateFunction(sum, UInt64),
    reactions SimpleAggregateFunction(sum, UInt64),
    shares SimpleAggregateFunction(sum, UInt64),
    participants AggregateFunction(uniqCombined64(17), UUID)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY day
ORDER BY (day, topic, topic_id);

-- ═══ states marts.user_activity_daily
CREATE TABLE IF NOT EXISTS marts.user_activity_daily ON CLUSTER `clickvault`
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
ENGINE = ReplicatedAggregatingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY day
ORDER BY (day, user_id);

-- ═══ states marts.user_centrality
CREATE TABLE IF NOT EXISTS marts.user_centrality ON CLUSTER `clickvault`
(
    day Date,
    user_id UUID,
    friends SimpleAggregateFunction(max, UInt32),
    followers SimpleAggregateFunction(max, UInt32),
    following SimpleAggregateFunction(max, UInt32),
    pagerank SimpleAggregateFunction(max, Float64),
    friend_pagerank SimpleAggregateFunction(max, Float64),
    betweenness SimpleAggregateFunction(max, Float64),
    closeness SimpleAggregateFunction(max, Float64),
    harmonic SimpleAggregateFunction(max, Float64),
    clustering SimpleAggregateFunction(max, Float64),
    triangles SimpleAggregateFunction(max, UInt64),
    core SimpleAggregateFunction(max, UInt32),
    component SimpleAggregateFunction(max, UInt32),
    community SimpleAggregateFunction(max, UInt32)
)
ENGINE = ReplicatedAggregatingMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY day
ORDER BY (day, user_id);

-- ═══ view marts.v_ad_daily
CREATE VIEW marts.v_ad_daily ON CLUSTER `clickvault` AS
WITH
    sums AS
    (
        SELECT
            day, ad_id, currency, sum(impressions) AS impressions, sum(clicks) AS clicks,
            uniqCombined64Merge(17)(reach) AS reached, sum(spend_micros) AS spend_micros
        FROM marts.ad_daily
        GROUP BY day, ad_id, currency
    ),
    ads AS
    (
        SELECT ad_id, argMax((advertiser_id, title, topic), (event_time, source_order)) AS card
        FROM raw.ad FINAL
        GROUP BY ad_id
    )
SELECT
    sums.day AS day, sums.ad_id AS ad_id, sums.currency AS currency,
    if(ads.card.2 = '', NULL, ads.card.1) AS advertiser_id, nullIf(ads.card.2, '') AS title, nullIf(ads.card.3, '') AS topic,
    impressions, clicks, (clicks) / nullIf(impressions, 0) AS ctr, reached AS reach,
    toDecimal128(spend_micros, 6) / 1000000 AS spend,
    (spend_micros / 1000) / nullIf(impressions, 0) AS spend_per_mille,
    (spend_micros / 1000000) / nullIf(clicks, 0) AS cost_per_click
FROM sums
LEFT JOIN ads ON sums.ad_id = ads.ad_id
ORDER BY day, ad_id, currency;

-- ═══ view marts.v_advertising_daily
CREATE VIEW marts.v_advertising_daily ON CLUSTER `clickvault` AS
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

-- ═══ view marts.v_author_virality_daily
CREATE VIEW marts.v_author_virality_daily ON CLUSTER `clickvault` AS
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

-- ═══ view marts.v_cohort_weekly
CREATE VIEW marts.v_cohort_weekly ON CLUSTER `clickvault` AS
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

-- ═══ view marts.v_community_daily
CREATE VIEW marts.v_community_daily ON CLUSTER `clickvault` AS
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

-- ═══ view marts.v_creator_revenue_daily
CREATE VIEW marts.v_creator_revenue_daily ON CLUSTER `clickvault` AS
WITH sums AS
(
    SELECT
        day, creator_id, currency, sum(donations) AS donations, sum(donated_micros) AS donated,
        uniqCombined64Merge(17)(donors) AS givers, sum(charges) AS charges, sum(charged_micros) AS charged,
        uniqCombined64Merge(17)(subscribers) AS payers, sum(deals) AS deals, sum(sponsored_micros) AS sponsored
    FROM marts.creator_revenue_daily
    GROUP BY day, creator_id, currency
)
SELECT
    day, creator_id, if(card.1 = '', 'unknown', card.1) AS creator, currency,
    sums.donations AS donations, toDecimal128(sums.donated, 6) / 1000000 AS donated, givers AS donors,
    sums.charges AS charges, toDecimal128(sums.charged, 6) / 1000000 AS charged, payers AS subscribers,
    sums.deals AS deals, toDecimal128(sums.sponsored, 6) / 1000000 AS sponsored,
    toDecimal128(sums.donated + sums.charged + sums.sponsored, 6) / 1000000 AS total
FROM sums
LEFT JOIN (SELECT user_id AS id, argMax((username, toString(country), toString(language)), (event_time, source_order)) AS card FROM raw.user FINAL GROUP BY user_id) AS users ON creator_id = users.id
ORDER BY day, creator_id, currency;

-- ═══ view marts.v_revenue_daily
CREATE VIEW marts.v_revenue_daily ON CLUSTER `clickvault` AS
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

-- ═══ view marts.v_funnel_daily
CREATE VIEW marts.v_funnel_daily ON CLUSTER `clickvault` AS
SELECT
    day, viewed, reacted, commented, shared,
    (reacted) / nullIf(viewed, 0) AS view_to_reaction, (commented) / nullIf(reacted, 0) AS reaction_to_comment,
    (shared) / nullIf(commented, 0) AS comment_to_share, (shared) / nullIf(viewed, 0) AS view_to_share
FROM
(
    SELECT day, sum(states.viewed) AS viewed, sum(states.reacted) AS reacted, sum(states.commented) AS commented, sum(states.shared) AS shared
    FROM marts.funnel_daily AS states
    GROUP BY day
)
ORDER BY day;

-- ═══ view marts.v_funnel_segment_daily
CREATE VIEW marts.v_funnel_segment_daily ON CLUSTER `clickvault` AS
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

-- ═══ view marts.v_funnel_slice_daily
CREATE VIEW marts.v_funnel_slice_daily ON CLUSTER `clickvault` AS
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

-- ═══ view marts.v_platform_daily
CREATE VIEW marts.v_platform_daily ON CLUSTER `clickvault` AS
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
    sums.day AS day, complete, week_complete, month_complete, posts, stories, reels, comments, reactions, likes, shares, views, new_users,
    (comments + reactions + likes + shares) / nullIf(posts + stories + reels, 0) AS interactions_per_post,
    dau, wau, mau, (dau) / nullIf(wau, 0) AS dau_wau, (wau) / nullIf(mau, 0) AS wau_mau, (dau) / nullIf(mau, 0) AS stickiness
FROM
(
    -- each day's states count for the 30 days that begin with it; its own day is shift 0
    SELECT
        day,
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
    GROUP BY day
) AS sums
INNER JOIN windows ON sums.day = windows.day
ORDER BY day;

-- ═══ view marts.v_platform_segment_daily
CREATE VIEW marts.v_platform_segment_daily ON CLUSTER `clickvault` AS
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

-- ═══ view marts.v_platform_slice_daily
CREATE VIEW marts.v_platform_slice_daily ON CLUSTER `clickvault` AS
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

-- ═══ view marts.v_post_spread
CREATE VIEW marts.v_post_spread ON CLUSTER `clickvault` AS
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

-- ═══ parameterized marts.v_post_spread_at
CREATE VIEW marts.v_post_spread_at ON CLUSTER `clickvault` AS
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

-- ═══ view marts.v_spread_curve
CREATE VIEW marts.v_spread_curve ON CLUSTER `clickvault` AS
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

-- ═══ view marts.v_session_daily
CREATE VIEW marts.v_session_daily ON CLUSTER `clickvault` AS
SELECT
    day, sessions, users, (micros / 1e6) / nullIf(sessions, 0) AS mean_seconds, quantiles[1] / 1e6 AS median_seconds, quantiles[2] / 1e6 AS p90_seconds,
    (sessions) / nullIf(users, 0) AS sessions_per_user
FROM
(
    SELECT
        day, sum(states.sessions) AS sessions, sum(states.micros) AS micros, uniqCombined64Merge(17)(states.users) AS users,
        quantilesDDMerge(0.01, 0.5, 0.9)(states.durations) AS quantiles
    FROM marts.session_daily AS states
    GROUP BY day
)
ORDER BY day;

-- ═══ view marts.v_session_device_daily
CREATE VIEW marts.v_session_device_daily ON CLUSTER `clickvault` AS
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

-- ═══ view marts.v_social_graph_daily
CREATE VIEW marts.v_social_graph_daily ON CLUSTER `clickvault` AS
WITH days AS
(
    SELECT
        day, max(users) AS users, max(friendships) AS friendships, max(follows) AS follows, max(isolated) AS isolated,
        max(components) AS components, max(largest_component) AS largest_component, max(clustering) AS clustering,
        max(diameter) AS diameter, max(mean_distance) AS mean_distance, (sumMapMerge(pairs_at) AS levels).2 AS pairs_at
    FROM marts.social_graph_daily
    GROUP BY day
)
SELECT
    day, users, friendships,
    (2 * friendships) / nullIf(users, 0) AS mean_friends, (follows) / nullIf(users, 0) AS mean_followers,
    (isolated) / nullIf(users, 0) AS isolated_share,
    components, (largest_component) / nullIf(users, 0) AS largest_component_share, clustering, diameter, mean_distance, pairs_at,
    arrayMap(reached -> (reached) / nullIf(users * (users - 1) / 2, 0), arrayCumSum(pairs_at)) AS reached_share
FROM days
ORDER BY day;

-- ═══ view marts.v_friendship_depth_daily
CREATE VIEW marts.v_friendship_depth_daily ON CLUSTER `clickvault` AS
SELECT
    day, at.1 AS level, at.2 AS pairs, (pairs) / nullIf(users * (users - 1) / 2, 0) AS share, at.3 AS reached_share
FROM marts.v_social_graph_daily AS levels
ARRAY JOIN arrayZip(arrayEnumerate(pairs_at), pairs_at, levels.reached_share) AS at
ORDER BY day, level;

-- ═══ view marts.v_ties_daily
CREATE VIEW marts.v_ties_daily ON CLUSTER `clickvault` AS
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

-- ═══ view marts.v_degrees_daily
CREATE VIEW marts.v_degrees_daily ON CLUSTER `clickvault` AS
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

-- ═══ view marts.v_topic_daily
CREATE VIEW marts.v_topic_daily ON CLUSTER `clickvault` AS
SELECT
    day, topic, posts, reels, comments, replies, reactions, shares, comments + replies AS discussion, participants,
    rank() OVER (PARTITION BY day ORDER BY comments + replies DESC) AS discussion_rank
FROM
(
    SELECT day, topic, sum(states.posts) AS posts, sum(states.reels) AS reels, sum(states.comments) AS comments, sum(states.replies) AS replies, sum(states.reactions) AS reactions, sum(states.shares) AS shares, uniqCombined64Merge(17)(states.participants) AS participants
    FROM marts.topic_daily AS states
    GROUP BY day, topic
)
ORDER BY day, discussion_rank, topic;

-- ═══ view marts.v_community_topic_daily
CREATE VIEW marts.v_community_topic_daily ON CLUSTER `clickvault` AS
SELECT
    day, topic_id, ifNull(newest.1, 'unknown') AS title, newest.2 AS community_id, posts, comments, replies, reactions, shares,
    comments + replies AS discussion, participants,
    rank() OVER (PARTITION BY day ORDER BY comments + replies DESC) AS discussion_rank
FROM
(
    SELECT day, topic_id, sum(states.posts) AS posts, sum(states.comments) AS comments, sum(states.replies) AS replies, sum(states.reactions) AS reactions, sum(states.shares) AS shares, uniqCombined64Merge(17)(states.participants) AS participants
    FROM marts.topic_daily AS states
    WHERE topic_id != toUUID('00000000-0000-0000-0000-000000000000')
    GROUP BY day, topic_id
) AS sums
LEFT JOIN
(
    SELECT topic_id, argMax(tuple(toNullable(title), toNullable(community_id)), (event_time, source_order)) AS newest
    FROM raw.community_topic FINAL
    GROUP BY topic_id
) AS card USING (topic_id)
ORDER BY day, discussion_rank, topic_id;

-- ═══ view marts.v_user_activity_daily
CREATE VIEW marts.v_user_activity_daily ON CLUSTER `clickvault` AS
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

-- ═══ view marts.v_activity_days
CREATE VIEW marts.v_activity_days ON CLUSTER `clickvault` AS
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

-- ═══ view marts.v_user_centrality
CREATE VIEW marts.v_user_centrality ON CLUSTER `clickvault` AS
SELECT
    day, user_id, if(card.1 = '', 'unknown', card.1) AS username, if(card.2 = '', 'unknown', card.2) AS country,
    if(card.3 = '', 'unknown', card.3) AS language, friends, followers, following, pagerank, friend_pagerank, betweenness,
    closeness, harmonic, clustering, triangles, core, component, community
FROM
(
    SELECT
        day, user_id, max(friends) AS friends, max(followers) AS followers, max(following) AS following,
        max(pagerank) AS pagerank, max(friend_pagerank) AS friend_pagerank, max(betweenness) AS betweenness,
        max(closeness) AS closeness, max(harmonic) AS harmonic, max(clustering) AS clustering, max(triangles) AS triangles,
        max(core) AS core, max(component) AS component, max(community) AS community
    FROM marts.user_centrality
    GROUP BY day, user_id
) AS scores
LEFT JOIN (SELECT user_id AS id, argMax((username, toString(country), toString(language)), (event_time, source_order)) AS card FROM raw.user FINAL GROUP BY user_id) AS users ON scores.user_id = users.id;

-- ═══ table ops.quality_results
CREATE TABLE IF NOT EXISTS ops.quality_results ON CLUSTER `clickvault`
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
ENGINE = ReplicatedMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY toYYYYMM(checked_at)
ORDER BY (check, checked_at, subject);

-- ═══ view ops.v_quality_latest
CREATE VIEW ops.v_quality_latest ON CLUSTER `clickvault` AS
SELECT *
FROM ops.quality_results
WHERE (check, run_id) IN (SELECT check, argMax(run_id, checked_at) FROM ops.quality_results GROUP BY check)
ORDER BY check, subject;

-- ═══ view ops.v_quality_runs
CREATE VIEW ops.v_quality_runs ON CLUSTER `clickvault` AS
SELECT
    checked_at, run_id, uniqExact(check) AS checks, countIf(rows > 0) AS subjects,
    countIf(NOT passed AND level = 'error') AS errors, countIf(NOT passed AND level = 'warning') AS warnings,
    arraySort(groupUniqArrayIf(toString(check), NOT passed)) AS breached
FROM ops.quality_results
GROUP BY checked_at, run_id
ORDER BY checked_at;

-- ═══ table ops.accounts
CREATE TABLE IF NOT EXISTS ops.accounts ON CLUSTER `clickvault`
(
    counted_at DateTime64(6, 'UTC'),
    name String,
    left Int64 COMMENT 'what there must be',
    right Int64 COMMENT 'what there is'
)
ENGINE = ReplicatedMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY toYYYYMM(counted_at)
ORDER BY (counted_at, name);

-- ═══ table ops.cut
CREATE TABLE IF NOT EXISTS ops.cut ON CLUSTER `clickvault`
(
    cut UUID,
    scope LowCardinality(String),
    source LowCardinality(String),
    stream String,
    partition Int32,
    below UInt64 COMMENT 'the offset behind the last that is counted',
    fixed_at DateTime DEFAULT now()
)
ENGINE = ReplicatedMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
ORDER BY (cut, scope)
TTL fixed_at + INTERVAL 1 DAY;

-- ═══ table ops.runs
CREATE TABLE IF NOT EXISTS ops.runs ON CLUSTER `clickvault`
(
    started_at DateTime64(6, 'UTC'),
    step LowCardinality(String),
    seconds Float64,
    failed Bool,
    error String COMMENT 'the kind of error; what it said is in the log of who ran it'
)
ENGINE = ReplicatedMergeTree('/clickvault/{uuid}/all', '{shard}-{replica}')
PARTITION BY toYYYYMM(started_at)
ORDER BY (started_at, step);

-- ═══ view ops.v_accounts_history
CREATE VIEW ops.v_accounts_history ON CLUSTER `clickvault` AS
SELECT counted_at, name AS account, left AS must, right AS found, right - left AS difference, 1 AS accounts, toUInt8(left != right) AS unbalanced
FROM ops.accounts
ORDER BY counted_at, account;

-- ═══ view ops.v_checks
CREATE VIEW ops.v_checks ON CLUSTER `clickvault` AS
SELECT
    check, any(level) AS severity, max(checked_at) AS checked_at, countIf(rows > 0) AS looked_at, countIf(NOT passed) AS breached,
    countIf(NOT passed AND level = 'error') AS errors, countIf(NOT passed AND level = 'warning') AS warnings
FROM ops.v_quality_latest
WHERE check IN ('arrival', 'before_parent', 'created_twice', 'empty_fields', 'ends_before_start', 'filled_fields', 'freshness', 'ids_at_two_times', 'orphans', 'reconciliation', 'rejected', 'rejected_reasons', 'rejected_types', 'repeated_messages', 'stray_events', 'unread_objects', 'volume', 'active_before_joining', 'click_before_impression', 'story_viewed_late')
GROUP BY check
ORDER BY check;

-- ═══ view ops.v_freshness
CREATE VIEW ops.v_freshness ON CLUSTER `clickvault` AS
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

-- ═══ view ops.v_lag
CREATE VIEW ops.v_lag ON CLUSTER `clickvault` AS
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

-- ═══ view ops.v_landing_daily
CREATE VIEW ops.v_landing_daily ON CLUSTER `clickvault` AS
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

-- ═══ view ops.v_mart_history
CREATE VIEW ops.v_mart_history ON CLUSTER `clickvault` AS
SELECT
    mart, countIf(held.rows > 0) AS days, sum(held.rows) AS rows, dateDiff('second', max(built_at), now64(6, 'UTC')) / 3600 AS hours_since
FROM (SELECT * FROM ops.mart_days FINAL) AS held
GROUP BY mart
ORDER BY mart;

-- ═══ view ops.v_quality_history
CREATE VIEW ops.v_quality_history ON CLUSTER `clickvault` AS
SELECT
    checked_at, check, any(level) AS severity, countIf(rows > 0) AS looked_at, countIf(NOT passed) AS breached,
    countIf(NOT passed AND level = 'error') AS errors, countIf(NOT passed AND level = 'warning') AS warnings
FROM ops.quality_results
GROUP BY checked_at, check
ORDER BY checked_at, check;

-- ═══ view ops.v_rejected_daily
CREATE VIEW ops.v_rejected_daily ON CLUSTER `clickvault` AS
SELECT day, event_type, reason, count() AS letters
FROM
(
    SELECT toDate(landed_at) AS day, event_type, reason FROM raw.dead_letters ARRAY JOIN reasons AS reason
    UNION ALL
    SELECT toDate(seen_at) AS day, '' AS event_type, concat('object not read: ', reason) AS reason FROM ops.unread_objects
)
GROUP BY day, event_type, reason
ORDER BY day, letters DESC;

-- ═══ view ops.v_run_history
CREATE VIEW ops.v_run_history ON CLUSTER `clickvault` AS
SELECT started_at, step, error, seconds, 1 AS runs, toUInt8(failed) AS failures
FROM ops.runs
ORDER BY started_at, step;

-- ═══ queue landing.queue_users
CREATE TABLE landing.`queue_users` ON CLUSTER `clickvault` (raw String) -- from kafka:9092
ENGINE = Kafka(kafka)
SETTINGS
    kafka_topic_list = 'social.user,social.user_profile,social.user_settings,social.user_privacy,social.user_status,social.user_badges',
    kafka_group_name = 'clickvault.users.e0',
    kafka_format = 'RawBLOB',
    kafka_num_consumers = 1,
    kafka_thread_per_consumer = 1,
    kafka_flush_interval_ms = 500,
    kafka_poll_timeout_ms = 50,
    kafka_consumer_reschedule_ms = 2000,
    kafka_max_block_size = 262144;

-- ═══ pull landing.pull_users_mv
CREATE MATERIALIZED VIEW landing.`pull_users_mv` ON CLUSTER `clickvault` TO landing.events_local AS
SELECT
    'kafka:e0' AS source,
    _topic AS stream,
    toInt32(_partition) AS partition,
    _offset AS offset,
    _key AS key,
    if(toUnixTimestamp64Milli(_timestamp_ms) > 0 AND toUnixTimestamp64Milli(_timestamp_ms) < 10413792000000, _timestamp_ms, NULL) AS sent_at,
    now64(6, 'UTC') AS landed_at,
    if(multiIf(
        length(raw) = 0, 'empty message',
        length(raw) > 1000000, 'larger than 1000000 bytes',
        startsWith(raw, '\xEF\xBB\xBF'), 'starts with a byte-order mark',
        NOT isValidUTF8(raw), 'not UTF-8',
        isValidJSON(raw), if(JSONType(raw) = 'Object', '', 'not a JSON object'),
        isValidJSON(replaceRegexpAll(raw, '\\\\(?:\\\\|u[dD][89a-fA-F][0-9a-fA-F]{2})', '__')), 'half a surrogate pair: a character cut in two',
        isValidJSON(replaceRegexpAll(raw, '("(?:\\\\.|[^"\\\\])*")|[eE][+-]?[0-9]+', '\\1')), 'a number out of range',
        'not JSON') = '', substringUTF8(JSONExtractString(raw, 'event_type'), 1, 60), '') AS event_type,
    raw
FROM landing.`queue_users`;

-- ═══ queue landing.queue_ties
CREATE TABLE landing.`queue_ties` ON CLUSTER `clickvault` (raw String) -- from kafka:9092
ENGINE = Kafka(kafka)
SETTINGS
    kafka_topic_list = 'social.friend,social.follower,social.subscription,social.block,social.mute,social.close_friend',
    kafka_group_name = 'clickvault.ties.e0',
    kafka_format = 'RawBLOB',
    kafka_num_consumers = 1,
    kafka_thread_per_consumer = 1,
    kafka_flush_interval_ms = 500,
    kafka_poll_timeout_ms = 50,
    kafka_consumer_reschedule_ms = 2000,
    kafka_max_block_size = 262144;

-- ═══ pull landing.pull_ties_mv
CREATE MATERIALIZED VIEW landing.`pull_ties_mv` ON CLUSTER `clickvault` TO landing.events_local AS
SELECT
    'kafka:e0' AS source,
    _topic AS stream,
    toInt32(_partition) AS partition,
    _offset AS offset,
    _key AS key,
    if(toUnixTimestamp64Milli(_timestamp_ms) > 0 AND toUnixTimestamp64Milli(_timestamp_ms) < 10413792000000, _timestamp_ms, NULL) AS sent_at,
    now64(6, 'UTC') AS landed_at,
    if(multiIf(
        length(raw) = 0, 'empty message',
        length(raw) > 1000000, 'larger than 1000000 bytes',
        startsWith(raw, '\xEF\xBB\xBF'), 'starts with a byte-order mark',
        NOT isValidUTF8(raw), 'not UTF-8',
        isValidJSON(raw), if(JSONType(raw) = 'Object', '', 'not a JSON object'),
        isValidJSON(replaceRegexpAll(raw, '\\\\(?:\\\\|u[dD][89a-fA-F][0-9a-fA-F]{2})', '__')), 'half a surrogate pair: a character cut in two',
        isValidJSON(replaceRegexpAll(raw, '("(?:\\\\.|[^"\\\\])*")|[eE][+-]?[0-9]+', '\\1')), 'a number out of range',
        'not JSON') = '', substringUTF8(JSONExtractString(raw, 'event_type'), 1, 60), '') AS event_type,
    raw
FROM landing.`queue_ties`;

-- ═══ queue landing.queue_content
CREATE TABLE landing.`queue_content` ON CLUSTER `clickvault` (raw String) -- from kafka:9092
ENGINE = Kafka(kafka)
SETTINGS
    kafka_topic_list = 'social.post,social.story,social.reel,social.comment,social.reply,social.reaction,social.like,social.share,social.quote,social.post_view',
    kafka_group_name = 'clickvault.content.e0',
    kafka_format = 'RawBLOB',
    kafka_num_consumers = 1,
    kafka_thread_per_consumer = 1,
    kafka_flush_interval_ms = 500,
    kafka_poll_timeout_ms = 50,
    kafka_consumer_reschedule_ms = 2000,
    kafka_max_block_size = 262144;

-- ═══ pull landing.pull_content_mv
CREATE MATERIALIZED VIEW landing.`pull_content_mv` ON CLUSTER `clickvault` TO landing.events_local AS
SELECT
    'kafka:e0' AS source,
    _topic AS stream,
    toInt32(_partition) AS partition,
    _offset AS offset,
    _key AS key,
    if(toUnixTimestamp64Milli(_timestamp_ms) > 0 AND toUnixTimestamp64Milli(_timestamp_ms) < 10413792000000, _timestamp_ms, NULL) AS sent_at,
    now64(6, 'UTC') AS landed_at,
    if(multiIf(
        length(raw) = 0, 'empty message',
        length(raw) > 1000000, 'larger than 1000000 bytes',
        startsWith(raw, '\xEF\xBB\xBF'), 'starts with a byte-order mark',
        NOT isValidUTF8(raw), 'not UTF-8',
        isValidJSON(raw), if(JSONType(raw) = 'Object', '', 'not a JSON object'),
        isValidJSON(replaceRegexpAll(raw, '\\\\(?:\\\\|u[dD][89a-fA-F][0-9a-fA-F]{2})', '__')), 'half a surrogate pair: a character cut in two',
        isValidJSON(replaceRegexpAll(raw, '("(?:\\\\.|[^"\\\\])*")|[eE][+-]?[0-9]+', '\\1')), 'a number out of range',
        'not JSON') = '', substringUTF8(JSONExtractString(raw, 'event_type'), 1, 60), '') AS event_type,
    raw
FROM landing.`queue_content`;

-- ═══ queue landing.queue_media
CREATE TABLE landing.`queue_media` ON CLUSTER `clickvault` (raw String) -- from kafka:9092
ENGINE = Kafka(kafka)
SETTINGS
    kafka_topic_list = 'social.photo,social.video,social.album,social.attachment,social.thumbnail',
    kafka_group_name = 'clickvault.media.e0',
    kafka_format = 'RawBLOB',
    kafka_num_consumers = 1,
    kafka_thread_per_consumer = 1,
    kafka_flush_interval_ms = 500,
    kafka_poll_timeout_ms = 50,
    kafka_consumer_reschedule_ms = 2000,
    kafka_max_block_size = 262144;

-- ═══ pull landing.pull_media_mv
CREATE MATERIALIZED VIEW landing.`pull_media_mv` ON CLUSTER `clickvault` TO landing.events_local AS
SELECT
    'kafka:e0' AS source,
    _topic AS stream,
    toInt32(_partition) AS partition,
    _offset AS offset,
    _key AS key,
    if(toUnixTimestamp64Milli(_timestamp_ms) > 0 AND toUnixTimestamp64Milli(_timestamp_ms) < 10413792000000, _timestamp_ms, NULL) AS sent_at,
    now64(6, 'UTC') AS landed_at,
    if(multiIf(
        length(raw) = 0, 'empty message',
        length(raw) > 1000000, 'larger than 1000000 bytes',
        startsWith(raw, '\xEF\xBB\xBF'), 'starts with a byte-order mark',
        NOT isValidUTF8(raw), 'not UTF-8',
        isValidJSON(raw), if(JSONType(raw) = 'Object', '', 'not a JSON object'),
        isValidJSON(replaceRegexpAll(raw, '\\\\(?:\\\\|u[dD][89a-fA-F][0-9a-fA-F]{2})', '__')), 'half a surrogate pair: a character cut in two',
        isValidJSON(replaceRegexpAll(raw, '("(?:\\\\.|[^"\\\\])*")|[eE][+-]?[0-9]+', '\\1')), 'a number out of range',
        'not JSON') = '', substringUTF8(JSONExtractString(raw, 'event_type'), 1, 60), '') AS event_type,
    raw
FROM landing.`queue_media`;

-- ═══ queue landing.queue_communities
CREATE TABLE landing.`queue_communities` ON CLUSTER `clickvault` (raw String) -- from kafka:9092
ENGINE = Kafka(kafka)
SETTINGS
    kafka_topic_list = 'social.community,social.group,social.group_member,social.group_moderator,social.community_topic,social.pinned_post,social.report',
    kafka_group_name = 'clickvault.communities.e0',
    kafka_format = 'RawBLOB',
    kafka_num_consumers = 1,
    kafka_thread_per_consumer = 1,
    kafka_flush_interval_ms = 500,
    kafka_poll_timeout_ms = 50,
    kafka_consumer_reschedule_ms = 2000,
    kafka_max_block_size = 262144;

-- ═══ pull landing.pull_communities_mv
CREATE MATERIALIZED VIEW landing.`pull_communities_mv` ON CLUSTER `clickvault` TO landing.events_local AS
SELECT
    'kafka:e0' AS source,
    _topic AS stream,
    toInt32(_partition) AS partition,
    _offset AS offset,
    _key AS key,
    if(toUnixTimestamp64Milli(_timestamp_ms) > 0 AND toUnixTimestamp64Milli(_timestamp_ms) < 10413792000000, _timestamp_ms, NULL) AS sent_at,
    now64(6, 'UTC') AS landed_at,
    if(multiIf(
        length(raw) = 0, 'empty message',
        length(raw) > 1000000, 'larger than 1000000 bytes',
        startsWith(raw, '\xEF\xBB\xBF'), 'starts with a byte-order mark',
        NOT isValidUTF8(raw), 'not UTF-8',
        isValidJSON(raw), if(JSONType(raw) = 'Object', '', 'not a JSON object'),
        isValidJSON(replaceRegexpAll(raw, '\\\\(?:\\\\|u[dD][89a-fA-F][0-9a-fA-F]{2})', '__')), 'half a surrogate pair: a character cut in two',
        isValidJSON(replaceRegexpAll(raw, '("(?:\\\\.|[^"\\\\])*")|[eE][+-]?[0-9]+', '\\1')), 'a number out of range',
        'not JSON') = '', substringUTF8(JSONExtractString(raw, 'event_type'), 1, 60), '') AS event_type,
    raw
FROM landing.`queue_communities`;

-- ═══ queue landing.queue_money
CREATE TABLE landing.`queue_money` ON CLUSTER `clickvault` (raw String) -- from kafka:9092
ENGINE = Kafka(kafka)
SETTINGS
    kafka_topic_list = 'social.ad,social.ad_impression,social.ad_click,social.sponsorship,social.donation,social.subscription_revenue',
    kafka_group_name = 'clickvault.money.e0',
    kafka_format = 'RawBLOB',
    kafka_num_consumers = 1,
    kafka_thread_per_consumer = 1,
    kafka_flush_interval_ms = 500,
    kafka_poll_timeout_ms = 50,
    kafka_consumer_reschedule_ms = 2000,
    kafka_max_block_size = 262144;

-- ═══ pull landing.pull_money_mv
CREATE MATERIALIZED VIEW landing.`pull_money_mv` ON CLUSTER `clickvault` TO landing.events_local AS
SELECT
    'kafka:e0' AS source,
    _topic AS stream,
    toInt32(_partition) AS partition,
    _offset AS offset,
    _key AS key,
    if(toUnixTimestamp64Milli(_timestamp_ms) > 0 AND toUnixTimestamp64Milli(_timestamp_ms) < 10413792000000, _timestamp_ms, NULL) AS sent_at,
    now64(6, 'UTC') AS landed_at,
    if(multiIf(
        length(raw) = 0, 'empty message',
        length(raw) > 1000000, 'larger than 1000000 bytes',
        startsWith(raw, '\xEF\xBB\xBF'), 'starts with a byte-order mark',
        NOT isValidUTF8(raw), 'not UTF-8',
        isValidJSON(raw), if(JSONType(raw) = 'Object', '', 'not a JSON object'),
        isValidJSON(replaceRegexpAll(raw, '\\\\(?:\\\\|u[dD][89a-fA-F][0-9a-fA-F]{2})', '__')), 'half a surrogate pair: a character cut in two',
        isValidJSON(replaceRegexpAll(raw, '("(?:\\\\.|[^"\\\\])*")|[eE][+-]?[0-9]+', '\\1')), 'a number out of range',
        'not JSON') = '', substringUTF8(JSONExtractString(raw, 'event_type'), 1, 60), '') AS event_type,
    raw
FROM landing.`queue_money`;

