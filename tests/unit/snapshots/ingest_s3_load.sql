-- ═══ ingest: s3_load
-- S3 objects into landing.events: a line is a message, its position the object's number and the line's.
-- Inputs: bucket, filename (as s3() takes it), paths Array(String), numbers Array(UInt64) and etags Array(String) beside them.
-- `filename` may name more than is meant, `paths` are exact. An object that was replaced since it was listed stops the load.
-- A block of 16 MiB is judged by all event types at once: the memory of a load is some twenty times that, however large an object is.
INSERT INTO landing.events
SELECT
    's3' AS source,
    {bucket:String} AS stream,
    toInt32(0) AS partition,
    bitShiftLeft(transform(toString(_path), {paths:Array(String)}, {numbers:Array(UInt64)}, toUInt64(0)), 32) + assumeNotNull(_row_number) AS offset,
    '' AS key,
    CAST(_time AS Nullable(DateTime64(3, 'UTC'))) AS sent_at,
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
FROM
(
    SELECT _path, _row_number, _time, line AS raw,
        throwIf(trim(BOTH '"' FROM _etag) != transform(toString(_path), {paths:Array(String)}, {etags:Array(String)}, ''), 'the object was replaced') AS same
    FROM s3(s3_events, filename = {filename:String}, format = 'LineAsString')
    WHERE _path IN {paths:Array(String)}
)
WHERE same = 0
SETTINGS max_insert_threads = 1, min_insert_block_size_bytes = 16777216, input_format_max_block_size_bytes = 8388608, s3_request_timeout_ms = 30000, s3_connect_timeout_ms = 5000, s3_max_single_read_retries = 3, s3_retry_attempts = 5, use_hive_partitioning = 0;
