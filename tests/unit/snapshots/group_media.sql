-- ═══ ClickHouse: stream landing.gathered_media_null
CREATE TABLE landing.`gathered_media_null`
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

-- ═══ ClickHouse: feed landing.gather_media_mv
CREATE MATERIALIZED VIEW landing.`gather_media_mv` TO landing.`gathered_media_null` AS
SELECT source, stream, partition, offset, landed_at, event_type, raw
FROM landing.events
WHERE event_type IN ('photo', 'video', 'album', 'attachment', 'thumbnail');

-- ═══ ClickHouse: queue landing.queue_media
CREATE TABLE landing.`queue_media` (raw String) -- from kafka:9092
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

-- ═══ ClickHouse: pull landing.pull_media_mv
CREATE MATERIALIZED VIEW landing.`pull_media_mv` TO landing.events AS
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
