-- ═══ dead letters: replay of user_badges
-- Dead letters of one event type, judged again from landing.events.
-- Inputs: event (EventSpec). Parameter: now, which "in the future" is measured from: what was ahead of its time may have come true.
-- The first statement sends them the way that new messages go; the second records which are
-- accepted now: an empty list of reasons under the same position. An event that came again meanwhile, and was accepted, stays as it was
-- accepted: the vault has it so.
INSERT INTO landing.`validated_user_badges_null`
(`event_id`, `op`, `event_time`, `schema_version`, `producer`, `user_id`, `badges`, source, stream, partition, offset, landed_at, raw, reasons)
SELECT * FROM (WITH
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
            > {now:DateTime64(6, 'UTC')} + toIntervalSecond(600), 'event_time: in the future',
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
    SELECT * FROM landing.events
    WHERE (source, stream, partition, offset) IN
        (SELECT source, stream, partition, offset FROM raw.dead_letters WHERE event_type = 'user_badges')
    LIMIT 1 BY source, stream, partition, offset
)
WHERE event_type = 'user_badges')
WHERE notEmpty(reasons) OR (event_time, event_id) NOT IN (SELECT event_time, event_id FROM raw.`user_badges`);

INSERT INTO raw.rejected (event_type, reasons, source, stream, partition, offset, landed_at, raw, judged_at)
SELECT 'user_badges', reasons, source, stream, partition, offset, landed_at, raw, {now:DateTime64(6, 'UTC')}
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
            > {now:DateTime64(6, 'UTC')} + toIntervalSecond(600), 'event_time: in the future',
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
    SELECT * FROM landing.events
    WHERE (source, stream, partition, offset) IN
        (SELECT source, stream, partition, offset FROM raw.dead_letters WHERE event_type = 'user_badges')
    LIMIT 1 BY source, stream, partition, offset
)
WHERE event_type = 'user_badges');
