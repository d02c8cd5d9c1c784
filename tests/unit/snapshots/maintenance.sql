-- ═══ maintenance: retire
-- Books what a month of the landing table holds that no later month has: the first half of its removal.
-- Inputs: landing.events. Parameters: month (UInt32, as 202601, of landed_at). Grain of ops.retired: a month, a source, a stream.
INSERT INTO ops.retired (month, source, stream, positions, retired_at)
SELECT {month:UInt32}, source, stream, uniqExact(partition, offset), now64(6, 'UTC')
FROM landing.events
WHERE toYYYYMM(landed_at) = {month:UInt32}
  AND (source, stream, partition, offset) GLOBAL NOT IN
  (
      SELECT source, stream, partition, offset FROM landing.events WHERE toYYYYMM(landed_at) > {month:UInt32}
  )
GROUP BY source, stream;

-- ═══ maintenance: parts
-- Partitions of more parts than one in which nothing has been written for a while: merged into one part, FINAL reads them
-- without merging. Inputs: system.parts. Parameters: quiet (UInt32, seconds), most (UInt64, rows). Grain: a partition.
SELECT database, table, partition_id, count() AS parts, sum(rows) AS rows
FROM system.parts
WHERE active AND database IN ('raw', 'ops', 'marts', 'graph')
GROUP BY database, table, partition_id
HAVING parts > 1 AND rows <= {most:UInt64} AND max(modification_time) < now() - {quiet:UInt32}
ORDER BY database, table, partition_id;

-- ═══ maintenance: load_log
-- Removes batches from the load log (PostgreSQL) that are older than `limit`, but for those that are still asked for: the first and
-- the last event's day come from the extremes, a graph database asks for what was loaded since its watermark.
-- Inputs: ops.load_log, ops.graph_watermark. Parameters: limit (timestamptz). Grain: a batch.
delete from ops.load_log as l
where l.loaded_at < %(limit)s
  and l.load_id < (select max(n.load_id) from ops.load_log n where n.event_type = l.event_type)
  and l.load_id <= coalesce((select min(w.load_id) from ops.graph_watermark w where w.event_type = l.event_type), l.load_id)
  and l.load_id not in (select e.load_id from ops.load_log e where e.oldest is not null order by e.oldest, e.load_id limit 1)
  and l.load_id not in (select e.load_id from ops.load_log e where e.newest is not null order by e.newest desc, e.load_id limit 1);
-- ═══ reconciliation of what landed later
-- Reconciliation of the landing table: messages are judged once more, by the contract and at the time of their last verdict, and counted.
-- Inputs: the contracts; periods (clickvault/ingest/versions.py), by which contract which time goes. Grain: one row an event type, '' for
-- messages that no type claims.
-- landed, valid: distinct positions; events: distinct (event_time, event_id) among the valid; dead: dead letters.
-- `known`: by event type the rows of ops.judged that still hold; what these say is not judged again.
-- Where months were removed from the landing table (`retired`; parameter since, DateTime64) only what landed later is looked at, and of
-- events that came once more only those count that first came later.
WITH
    judged AS
    (
        SELECT event_type, uniqExactMerge(landed) AS landed, uniqExactIfMerge(valid) AS valid, uniqExactIfMerge(events) AS events
        FROM
        (
        SELECT
            'user' AS event_type,
            uniqExactState(source, stream, partition, offset) AS landed,
            uniqExactIfState((source, stream, partition, offset), empty(reasons)) AS valid,
            uniqExactIfState((event_time, event_id), empty(reasons) AND (event_time, event_id) NOT IN
                (SELECT event_time, event_id FROM raw.`user` FINAL WHERE NOT landed_at >= {since:DateTime64(6, 'UTC')})) AS events
        FROM (WITH
    JSONExtractKeys(raw) AS _keys,
    JSONExtract(raw, 'Tuple(`event_id` Nullable(String), `event_type` Nullable(String), `op` Nullable(String), `event_time` Nullable(String), `schema_version` Nullable(Int64), `producer` Nullable(String), `user_id` Nullable(String), `username` Nullable(String), `email` Nullable(String), `country` Nullable(String), `language` Nullable(String))') AS _v
SELECT
    CAST(assumeNotNull(toUUIDOrNull(_v.`event_id`)) AS UUID) AS `event_id`,
    CAST(assumeNotNull(_v.`op`) AS LowCardinality(String)) AS `op`,
    CAST(assumeNotNull(parseDateTime64BestEffortOrNull(_v.`event_time`, 6, 'UTC')) AS DateTime64(6, 'UTC')) AS `event_time`,
    CAST(assumeNotNull(_v.`schema_version`) AS UInt16) AS `schema_version`,
    CAST(assumeNotNull(_v.`producer`) AS String) AS `producer`,
    CAST(assumeNotNull(toUUIDOrNull(_v.`user_id`)) AS UUID) AS `user_id`,
    CAST(assumeNotNull(_v.`username`) AS String) AS `username`,
    CAST(assumeNotNull(_v.`email`) AS String) AS `email`,
    CAST(assumeNotNull(_v.`country`) AS String) AS `country`,
    CAST(assumeNotNull(_v.`language`) AS LowCardinality(String)) AS `language`,
    source, stream, partition, offset, landed_at, raw,
    arrayFilter(reason -> reason != '', arrayConcat(
        arrayConcat(
            if(length(arrayDistinct(_keys)) = length(_keys), [],
               arrayMap(_k -> concat('', substringUTF8(_k, 1, 60), ': given twice'),
                        arrayDistinct(arrayFilter(_k -> countEqual(_keys, _k) > 1, _keys)))),
            arrayMap(_k -> concat('', substringUTF8(_k, 1, 60), ': not declared'),
                     arrayDistinct(arrayFilter(_k -> _k NOT IN ('event_id', 'event_type', 'op', 'event_time', 'schema_version', 'producer', 'user_id', 'username', 'email', 'country', 'language'), _keys)))),
        [
        multiIf(
        NOT has(_keys, 'event_id'), 'event_id: missing',
        JSONType(raw, 'event_id') = 'Null', 'event_id: is null',
        JSONType(raw, 'event_id') != 'String', 'event_id: not a text',
        NOT match(ifNull(_v.`event_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'event_id: not a UUID',
        ''),
        multiIf(
        NOT has(_keys, 'event_type'), 'event_type: missing',
        JSONType(raw, 'event_type') = 'Null', 'event_type: is null',
        NOT (JSONType(raw, 'event_type') = 'String'
            AND if(match(ifNull(_v.`event_type`, ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'), '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'event_type: not a text',
        lengthUTF8(ifNull(_v.`event_type`, '')) < 1, 'event_type: shorter than 1',
        lengthUTF8(ifNull(_v.`event_type`, '')) > 60, 'event_type: longer than 60',
        position(ifNull(_v.`event_type`, ''), '\0') > 0, 'event_type: has a NUL character',
        NOT match(ifNull(_v.`event_type`, ''), '(?-s)^[a-z][a-z0-9_]*$'), 'event_type: does not match its pattern',
        ''),
        multiIf(
        NOT has(_keys, 'op'), 'op: missing',
        JSONType(raw, 'op') = 'Null', 'op: is null',
        JSONType(raw, 'op') != 'String', 'op: not a text',
        ifNull(_v.`op`, '') NOT IN ('create', 'update', 'delete'), 'op: not one of the allowed values',
        ''),
        multiIf(
        NOT has(_keys, 'event_time'), 'event_time: missing',
        JSONType(raw, 'event_time') = 'Null', 'event_time: is null',
        JSONType(raw, 'event_time') != 'String', 'event_time: not a text',
        NOT match(ifNull(_v.`event_time`, ''), '^(19|2[0-2])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?Z$')
            OR isNull(parseDateTime64BestEffortOrNull(ifNull(_v.`event_time`, ''), 6, 'UTC')), 'event_time: not a time',
        ifNull(_v.`event_time`, '') < '2000-01-01', 'event_time: before 2000-01-01',
        assumeNotNull(parseDateTime64BestEffortOrNull(ifNull(_v.`event_time`, ''), 6, 'UTC'))
            > greatest(landed_at, judged_at) + toIntervalSecond(600), 'event_time: in the future',
        ''),
        multiIf(
        NOT has(_keys, 'schema_version'), 'schema_version: missing',
        JSONType(raw, 'schema_version') = 'Null', 'schema_version: is null',
        JSONType(raw, 'schema_version') = 'String' AND NOT (JSONType(raw, 'schema_version') = 'String'
            AND if(match(ifNull(JSONExtractString(raw, 'schema_version'), ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'), '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'schema_version: out of range',
        JSONType(raw, 'schema_version') = 'UInt64', 'schema_version: above 65535',
        JSONType(raw, 'schema_version') != 'Int64', 'schema_version: not a whole number',
        assumeNotNull(_v.`schema_version`) < 1, 'schema_version: below 1',
        assumeNotNull(_v.`schema_version`) > 65535, 'schema_version: above 65535',
        ''),
        multiIf(
        NOT has(_keys, 'producer'), 'producer: missing',
        JSONType(raw, 'producer') = 'Null', 'producer: is null',
        NOT (JSONType(raw, 'producer') = 'String'
            AND if(match(ifNull(_v.`producer`, ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'), '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'producer: not a text',
        lengthUTF8(ifNull(_v.`producer`, '')) < 1, 'producer: shorter than 1',
        lengthUTF8(ifNull(_v.`producer`, '')) > 80, 'producer: longer than 80',
        position(ifNull(_v.`producer`, ''), '\0') > 0, 'producer: has a NUL character',
        ''),
        multiIf(
        NOT has(_keys, 'user_id'), 'user_id: missing',
        JSONType(raw, 'user_id') = 'Null', 'user_id: is null',
        JSONType(raw, 'user_id') != 'String', 'user_id: not a text',
        NOT match(ifNull(_v.`user_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'user_id: not a UUID',
        ''),
        multiIf(
        NOT has(_keys, 'username'), 'username: missing',
        JSONType(raw, 'username') = 'Null', 'username: is null',
        NOT (JSONType(raw, 'username') = 'String'
            AND if(match(ifNull(_v.`username`, ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'), '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'username: not a text',
        lengthUTF8(ifNull(_v.`username`, '')) < 3, 'username: shorter than 3',
        lengthUTF8(ifNull(_v.`username`, '')) > 32, 'username: longer than 32',
        position(ifNull(_v.`username`, ''), '\0') > 0, 'username: has a NUL character',
        NOT match(ifNull(_v.`username`, ''), '(?-s)^[a-z0-9_.]+$'), 'username: does not match its pattern',
        ''),
        multiIf(
        NOT has(_keys, 'email'), 'email: missing',
        JSONType(raw, 'email') = 'Null', 'email: is null',
        NOT (JSONType(raw, 'email') = 'String'
            AND if(match(ifNull(_v.`email`, ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'), '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'email: not a text',
        lengthUTF8(ifNull(_v.`email`, '')) < 5, 'email: shorter than 5',
        lengthUTF8(ifNull(_v.`email`, '')) > 254, 'email: longer than 254',
        position(ifNull(_v.`email`, ''), '\0') > 0, 'email: has a NUL character',
        NOT match(ifNull(_v.`email`, ''), '(?-s)^[^@ ]+@[^@ ]+[.][a-z]+$'), 'email: does not match its pattern',
        ''),
        multiIf(
        NOT has(_keys, 'country'), 'country: missing',
        JSONType(raw, 'country') = 'Null', 'country: is null',
        NOT (JSONType(raw, 'country') = 'String'
            AND if(match(ifNull(_v.`country`, ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'), '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'country: not a text',
        lengthUTF8(ifNull(_v.`country`, '')) < 2, 'country: shorter than 2',
        lengthUTF8(ifNull(_v.`country`, '')) > 2, 'country: longer than 2',
        position(ifNull(_v.`country`, ''), '\0') > 0, 'country: has a NUL character',
        NOT match(ifNull(_v.`country`, ''), '(?-s)^[A-Z]{2}$'), 'country: does not match its pattern',
        ''),
        multiIf(
        NOT has(_keys, 'language'), 'language: missing',
        JSONType(raw, 'language') = 'Null', 'language: is null',
        JSONType(raw, 'language') != 'String', 'language: not a text',
        ifNull(_v.`language`, '') NOT IN ('en', 'es', 'pt', 'de', 'fr', 'it', 'pl', 'ja'), 'language: not one of the allowed values',
        '')
        ]    )) AS reasons
FROM (
            SELECT e.*, d.judged_at AS judged_at FROM (SELECT * FROM landing.events WHERE landed_at >= {since:DateTime64(6, 'UTC')}) AS e
            LEFT ANY JOIN (SELECT source, stream, partition, offset, judged_at FROM raw.rejected FINAL WHERE event_type = 'user') AS d
                USING (source, stream, partition, offset)
            WHERE e.event_type = 'user'
        )
WHERE event_type = 'user')
        UNION ALL
        SELECT
            'user_badges' AS event_type,
            uniqExactState(source, stream, partition, offset) AS landed,
            uniqExactIfState((source, stream, partition, offset), empty(reasons)) AS valid,
            uniqExactIfState((event_time, event_id), empty(reasons) AND (event_time, event_id) NOT IN
                (SELECT event_time, event_id FROM raw.`user_badges` FINAL WHERE NOT landed_at >= {since:DateTime64(6, 'UTC')})) AS events
        FROM (WITH
    JSONExtractKeys(raw) AS _keys,
    JSONExtract(raw, 'Tuple(`event_id` Nullable(String), `event_type` Nullable(String), `op` Nullable(String), `event_time` Nullable(String), `schema_version` Nullable(Int64), `producer` Nullable(String), `user_id` Nullable(String))') AS _v
SELECT
    CAST(assumeNotNull(toUUIDOrNull(_v.`event_id`)) AS UUID) AS `event_id`,
    CAST(assumeNotNull(_v.`op`) AS LowCardinality(String)) AS `op`,
    CAST(assumeNotNull(parseDateTime64BestEffortOrNull(_v.`event_time`, 6, 'UTC')) AS DateTime64(6, 'UTC')) AS `event_time`,
    CAST(assumeNotNull(_v.`schema_version`) AS UInt16) AS `schema_version`,
    CAST(assumeNotNull(_v.`producer`) AS String) AS `producer`,
    CAST(assumeNotNull(toUUIDOrNull(_v.`user_id`)) AS UUID) AS `user_id`,
    CAST(arrayMap(_m -> tuple(CAST(assumeNotNull(_m.1) AS LowCardinality(String)), CAST(assumeNotNull(_m.2) AS UInt8)),
        JSONExtract(raw, 'badges', 'Array(Tuple(`badge` Nullable(String), `level` Nullable(Int64)))'))
        AS Array(Tuple(`badge` String, `level` UInt8))) AS `badges`,
    source, stream, partition, offset, landed_at, raw,
    arrayFilter(reason -> reason != '', arrayConcat(
        arrayConcat(
            if(length(arrayDistinct(_keys)) = length(_keys), [],
               arrayMap(_k -> concat('', substringUTF8(_k, 1, 60), ': given twice'),
                        arrayDistinct(arrayFilter(_k -> countEqual(_keys, _k) > 1, _keys)))),
            arrayMap(_k -> concat('', substringUTF8(_k, 1, 60), ': not declared'),
                     arrayDistinct(arrayFilter(_k -> _k NOT IN ('event_id', 'event_type', 'op', 'event_time', 'schema_version', 'producer', 'user_id', 'badges'), _keys)))),
        [
        multiIf(
        NOT has(_keys, 'event_id'), 'event_id: missing',
        JSONType(raw, 'event_id') = 'Null', 'event_id: is null',
        JSONType(raw, 'event_id') != 'String', 'event_id: not a text',
        NOT match(ifNull(_v.`event_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'event_id: not a UUID',
        ''),
        multiIf(
        NOT has(_keys, 'event_type'), 'event_type: missing',
        JSONType(raw, 'event_type') = 'Null', 'event_type: is null',
        NOT (JSONType(raw, 'event_type') = 'String'
            AND if(match(ifNull(_v.`event_type`, ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'), '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'event_type: not a text',
        lengthUTF8(ifNull(_v.`event_type`, '')) < 1, 'event_type: shorter than 1',
        lengthUTF8(ifNull(_v.`event_type`, '')) > 60, 'event_type: longer than 60',
        position(ifNull(_v.`event_type`, ''), '\0') > 0, 'event_type: has a NUL character',
        NOT match(ifNull(_v.`event_type`, ''), '(?-s)^[a-z][a-z0-9_]*$'), 'event_type: does not match its pattern',
        ''),
        multiIf(
        NOT has(_keys, 'op'), 'op: missing',
        JSONType(raw, 'op') = 'Null', 'op: is null',
        JSONType(raw, 'op') != 'String', 'op: not a text',
        ifNull(_v.`op`, '') NOT IN ('create', 'update', 'delete'), 'op: not one of the allowed values',
        ''),
        multiIf(
        NOT has(_keys, 'event_time'), 'event_time: missing',
        JSONType(raw, 'event_time') = 'Null', 'event_time: is null',
        JSONType(raw, 'event_time') != 'String', 'event_time: not a text',
        NOT match(ifNull(_v.`event_time`, ''), '^(19|2[0-2])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?Z$')
            OR isNull(parseDateTime64BestEffortOrNull(ifNull(_v.`event_time`, ''), 6, 'UTC')), 'event_time: not a time',
        ifNull(_v.`event_time`, '') < '2000-01-01', 'event_time: before 2000-01-01',
        assumeNotNull(parseDateTime64BestEffortOrNull(ifNull(_v.`event_time`, ''), 6, 'UTC'))
            > greatest(landed_at, judged_at) + toIntervalSecond(600), 'event_time: in the future',
        ''),
        multiIf(
        NOT has(_keys, 'schema_version'), 'schema_version: missing',
        JSONType(raw, 'schema_version') = 'Null', 'schema_version: is null',
        JSONType(raw, 'schema_version') = 'String' AND NOT (JSONType(raw, 'schema_version') = 'String'
            AND if(match(ifNull(JSONExtractString(raw, 'schema_version'), ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'), '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'schema_version: out of range',
        JSONType(raw, 'schema_version') = 'UInt64', 'schema_version: above 65535',
        JSONType(raw, 'schema_version') != 'Int64', 'schema_version: not a whole number',
        assumeNotNull(_v.`schema_version`) < 1, 'schema_version: below 1',
        assumeNotNull(_v.`schema_version`) > 65535, 'schema_version: above 65535',
        ''),
        multiIf(
        NOT has(_keys, 'producer'), 'producer: missing',
        JSONType(raw, 'producer') = 'Null', 'producer: is null',
        NOT (JSONType(raw, 'producer') = 'String'
            AND if(match(ifNull(_v.`producer`, ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'), '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'producer: not a text',
        lengthUTF8(ifNull(_v.`producer`, '')) < 1, 'producer: shorter than 1',
        lengthUTF8(ifNull(_v.`producer`, '')) > 80, 'producer: longer than 80',
        position(ifNull(_v.`producer`, ''), '\0') > 0, 'producer: has a NUL character',
        ''),
        multiIf(
        NOT has(_keys, 'user_id'), 'user_id: missing',
        JSONType(raw, 'user_id') = 'Null', 'user_id: is null',
        JSONType(raw, 'user_id') != 'String', 'user_id: not a text',
        NOT match(ifNull(_v.`user_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'user_id: not a UUID',
        '')
        ],
        multiIf(
        NOT has(_keys, 'badges'), ['badges: missing'],
        JSONType(raw, 'badges') = 'Null', ['badges: is null'],
        JSONType(raw, 'badges') != 'Array', ['badges: not a list'],
        JSONLength(raw, 'badges') < 0, ['badges: shorter than 0'],
        JSONLength(raw, 'badges') > 6, ['badges: longer than 6'],
        arrayConcat(
            if(length(arrayDistinct(arrayFilter(_k -> isNotNull(_k), arrayMap(_m -> _m.1,
                JSONExtract(raw, 'badges', 'Array(Tuple(`badge` Nullable(String)))')))))
                < length(arrayFilter(_k -> isNotNull(_k), arrayMap(_m -> _m.1,
                JSONExtract(raw, 'badges', 'Array(Tuple(`badge` Nullable(String)))')))),
                ['badges: two members of one badge'], []),
            arrayFlatten(arrayMap(_i -> if(JSONType(raw, 'badges', _i) != 'Object', ['badges: a member is not an object'],
            arrayConcat(
            arrayConcat(
            if(length(arrayDistinct(JSONExtractKeys(raw, 'badges', _i))) = length(JSONExtractKeys(raw, 'badges', _i)), [],
               arrayMap(_k -> concat('badges.', substringUTF8(_k, 1, 60), ': given twice'),
                        arrayDistinct(arrayFilter(_k -> countEqual(JSONExtractKeys(raw, 'badges', _i), _k) > 1, JSONExtractKeys(raw, 'badges', _i))))),
            arrayMap(_k -> concat('badges.', substringUTF8(_k, 1, 60), ': not declared'),
                     arrayDistinct(arrayFilter(_k -> _k NOT IN ('badge', 'level'), JSONExtractKeys(raw, 'badges', _i))))),
            [
        multiIf(
        NOT has(JSONExtractKeys(raw, 'badges', _i), 'badge'), 'badges.badge: missing',
        JSONType(raw, 'badges', _i, 'badge') = 'Null', 'badges.badge: is null',
        JSONType(raw, 'badges', _i, 'badge') != 'String', 'badges.badge: not a text',
        ifNull(JSONExtract(raw, 'badges', _i, 'badge', 'Nullable(String)'), '') NOT IN ('newcomer', 'author', 'commentator', 'organizer', 'supporter', 'popular'), 'badges.badge: not one of the allowed values',
        ''),
        multiIf(
        NOT has(JSONExtractKeys(raw, 'badges', _i), 'level'), 'badges.level: missing',
        JSONType(raw, 'badges', _i, 'level') = 'Null', 'badges.level: is null',
        JSONType(raw, 'badges', _i, 'level') = 'String' AND NOT (JSONType(raw, 'badges', _i, 'level') = 'String'
            AND if(match(ifNull(JSONExtractString(raw, 'badges', _i, 'level'), ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'), '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'badges.level: out of range',
        JSONType(raw, 'badges', _i, 'level') = 'UInt64', 'badges.level: above 5',
        JSONType(raw, 'badges', _i, 'level') != 'Int64', 'badges.level: not a whole number',
        assumeNotNull(JSONExtract(raw, 'badges', _i, 'level', 'Nullable(Int64)')) < 1, 'badges.level: below 1',
        assumeNotNull(JSONExtract(raw, 'badges', _i, 'level', 'Nullable(Int64)')) > 5, 'badges.level: above 5',
        '')
            ])), range(1, least(JSONLength(raw, 'badges'), 6) + 1)))))    )) AS reasons
FROM (
            SELECT e.*, d.judged_at AS judged_at FROM (SELECT * FROM landing.events WHERE landed_at >= {since:DateTime64(6, 'UTC')}) AS e
            LEFT ANY JOIN (SELECT source, stream, partition, offset, judged_at FROM raw.rejected FINAL WHERE event_type = 'user_badges') AS d
                USING (source, stream, partition, offset)
            WHERE e.event_type = 'user_badges'
        )
WHERE event_type = 'user_badges')
        )
        GROUP BY event_type
        UNION ALL
        SELECT '' AS event_type, uniqExact(source, stream, partition, offset), 0, 0
        FROM
        (
            SELECT source, stream, partition, offset FROM (SELECT * FROM landing.events WHERE landed_at >= {since:DateTime64(6, 'UTC')}) AS e WHERE e.event_type NOT IN ('user', 'user_badges')
        )
    ),
    dead AS
    (
        SELECT
            if(d.event_type IN ('user', 'user_badges'), d.event_type, '') AS event_type,
            count() AS dead
        FROM raw.dead_letters AS d
        WHERE d.landed_at >= {since:DateTime64(6, 'UTC')}
        GROUP BY 1
    ),
    kept AS
    (
        SELECT 'user' AS event_type, count() AS kept FROM raw.`user` FINAL WHERE landed_at >= {since:DateTime64(6, 'UTC')}
        UNION ALL
        SELECT 'user_badges' AS event_type, count() AS kept FROM raw.`user_badges` FINAL WHERE landed_at >= {since:DateTime64(6, 'UTC')}
    )
SELECT event_type, landed, valid, events, dead, kept
FROM judged
LEFT JOIN dead USING (event_type)
LEFT JOIN kept USING (event_type)
ORDER BY event_type;
