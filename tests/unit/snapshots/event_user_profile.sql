-- ═══ ClickHouse: table raw.user_profile
CREATE TABLE IF NOT EXISTS raw.`user_profile`
(
    `event_id` UUID,
    `op` LowCardinality(String),
    `event_time` DateTime64(6, 'UTC'),
    `schema_version` UInt16,
    `producer` String,
    `user_id` UUID,
    `display_name` String,
    `birthday` Nullable(Date32),
    `bio` Nullable(String),
    `verified` Bool,
    `contacts` Array(Tuple(`kind` String, `value` String)),
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    version UInt128 MATERIALIZED bitNot(bitOr(bitOr(bitShiftLeft(toUInt128(bitShiftLeft(toUInt32(multiIf(startsWith(source, 'kafka:'), 0, source = 's3', 1, 2)), 28) + bitShiftLeft(least(toUInt32OrZero(extract(source, '^kafka:e([0-9]+)')), toUInt32(4095)), 16) + CRC32(concat(source, '/', stream)) % 65536), 96), bitShiftLeft(toUInt128(toUInt32(partition)), 64)), toUInt128(offset))) COMMENT 'the complement of source_order: FINAL keeps the copy that comes first',
    source_order UInt128 ALIAS bitNot(version) COMMENT 'where its source gave it: orders events of one time',
    INDEX landed landed_at TYPE minmax
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(event_time)
ORDER BY (event_time, event_id)
COMMENT 'What a user shows of themselves: name, words, birthday, ways to reach them.';

-- ═══ ClickHouse: stream landing.validated_user_profile_null
CREATE TABLE landing.`validated_user_profile_null`
(
    `event_id` UUID,
    `op` LowCardinality(String),
    `event_time` DateTime64(6, 'UTC'),
    `schema_version` UInt16,
    `producer` String,
    `user_id` UUID,
    `display_name` String,
    `birthday` Nullable(Date32),
    `bio` Nullable(String),
    `verified` Bool,
    `contacts` Array(Tuple(`kind` String, `value` String)),
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    raw String,
    reasons Array(String)
)
ENGINE = Null;

-- ═══ ClickHouse: feed landing.accept_user_profile_mv
CREATE MATERIALIZED VIEW landing.`accept_user_profile_mv` TO raw.`user_profile` AS
SELECT
`event_id`, `op`, `event_time`, `schema_version`, `producer`, `user_id`, `display_name`, `birthday`, `bio`, `verified`, `contacts`,
    source, stream, partition, offset, landed_at
FROM landing.`validated_user_profile_null`
WHERE empty(reasons);

-- ═══ ClickHouse: feed landing.reject_user_profile_mv
CREATE MATERIALIZED VIEW landing.`reject_user_profile_mv` TO raw.rejected AS
SELECT 'user_profile' AS event_type, reasons, source, stream, partition, offset, landed_at, raw, landed_at AS judged_at
FROM landing.`validated_user_profile_null`
WHERE notEmpty(reasons);

-- ═══ ClickHouse: stream landing.routed_user_profile_null
CREATE TABLE landing.`routed_user_profile_null`
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

-- ═══ ClickHouse: feed landing.validate_user_profile_mv
CREATE MATERIALIZED VIEW landing.`validate_user_profile_mv` TO landing.`validated_user_profile_null` AS
WITH
    JSONExtractKeys(raw) AS _keys,
    JSONExtract(raw, 'Tuple(`event_id` Nullable(String), `event_type` Nullable(String), `op` Nullable(String), `event_time` Nullable(String), `schema_version` Nullable(Int64), `producer` Nullable(String), `user_id` Nullable(String), `display_name` Nullable(String), `birthday` Nullable(String), `bio` Nullable(String), `verified` Nullable(Bool))') AS _v
SELECT
    CAST(assumeNotNull(toUUIDOrNull(_v.`event_id`)) AS UUID) AS `event_id`,
    CAST(assumeNotNull(_v.`op`) AS LowCardinality(String)) AS `op`,
    CAST(assumeNotNull(parseDateTime64BestEffortOrNull(_v.`event_time`, 6, 'UTC')) AS DateTime64(6, 'UTC')) AS `event_time`,
    CAST(assumeNotNull(_v.`schema_version`) AS UInt16) AS `schema_version`,
    CAST(assumeNotNull(_v.`producer`) AS String) AS `producer`,
    CAST(assumeNotNull(toUUIDOrNull(_v.`user_id`)) AS UUID) AS `user_id`,
    CAST(assumeNotNull(_v.`display_name`) AS String) AS `display_name`,
    CAST(toDate32OrNull(_v.`birthday`) AS Nullable(Date32)) AS `birthday`,
    CAST(_v.`bio` AS Nullable(String)) AS `bio`,
    CAST(assumeNotNull(_v.`verified`) AS Bool) AS `verified`,
    CAST(arrayMap(_m -> tuple(CAST(assumeNotNull(_m.1) AS LowCardinality(String)), CAST(assumeNotNull(_m.2) AS String)),
        JSONExtract(raw, 'contacts', 'Array(Tuple(`kind` Nullable(String), `value` Nullable(String)))'))
        AS Array(Tuple(`kind` String, `value` String))) AS `contacts`,
    source, stream, partition, offset, landed_at, raw,
    arrayFilter(reason -> reason != '', arrayConcat(
        arrayConcat(
            if(length(arrayDistinct(_keys)) = length(_keys), [],
               arrayMap(_k -> concat('', substringUTF8(_k, 1, 60), ': given twice'),
                        arrayDistinct(arrayFilter(_k -> countEqual(_keys, _k) > 1, _keys)))),
            arrayMap(_k -> concat('', substringUTF8(_k, 1, 60), ': not declared'),
                     arrayDistinct(arrayFilter(_k -> _k NOT IN ('event_id', 'event_type', 'op', 'event_time', 'schema_version', 'producer', 'user_id', 'display_name', 'birthday', 'bio', 'verified', 'contacts'), _keys)))),
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
            > landed_at + toIntervalSecond(600), 'event_time: in the future',
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
        NOT has(_keys, 'display_name'), 'display_name: missing',
        JSONType(raw, 'display_name') = 'Null', 'display_name: is null',
        NOT (JSONType(raw, 'display_name') = 'String'
            AND if(match(ifNull(_v.`display_name`, ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'), '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'display_name: not a text',
        lengthUTF8(ifNull(_v.`display_name`, '')) < 1, 'display_name: shorter than 1',
        lengthUTF8(ifNull(_v.`display_name`, '')) > 100, 'display_name: longer than 100',
        position(ifNull(_v.`display_name`, ''), '\0') > 0, 'display_name: has a NUL character',
        ''),
        multiIf(
        JSONType(raw, 'birthday') = 'Null', '',
        JSONType(raw, 'birthday') != 'String', 'birthday: not a text',
        NOT match(ifNull(_v.`birthday`, ''), '^(19|2[0-2])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$')
            OR toString(toDate32OrNull(ifNull(_v.`birthday`, ''))) != ifNull(_v.`birthday`, ''), 'birthday: not a day',
        ''),
        multiIf(
        JSONType(raw, 'bio') = 'Null', '',
        NOT (JSONType(raw, 'bio') = 'String'
            AND if(match(ifNull(_v.`bio`, ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'), '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'bio: not a text',
        lengthUTF8(ifNull(_v.`bio`, '')) < 0, 'bio: shorter than 0',
        lengthUTF8(ifNull(_v.`bio`, '')) > 500, 'bio: longer than 500',
        position(ifNull(_v.`bio`, ''), '\0') > 0, 'bio: has a NUL character',
        ''),
        multiIf(
        NOT has(_keys, 'verified'), 'verified: missing',
        JSONType(raw, 'verified') = 'Null', 'verified: is null',
        JSONType(raw, 'verified') != 'Bool', 'verified: not true or false',
        '')
        ],
        multiIf(
        NOT has(_keys, 'contacts'), ['contacts: missing'],
        JSONType(raw, 'contacts') = 'Null', ['contacts: is null'],
        JSONType(raw, 'contacts') != 'Array', ['contacts: not a list'],
        JSONLength(raw, 'contacts') < 0, ['contacts: shorter than 0'],
        JSONLength(raw, 'contacts') > 5, ['contacts: longer than 5'],
        arrayConcat(
            if(length(arrayDistinct(arrayFilter(_k -> isNotNull(_k), arrayMap(_m -> _m.1,
                JSONExtract(raw, 'contacts', 'Array(Tuple(`kind` Nullable(String)))')))))
                < length(arrayFilter(_k -> isNotNull(_k), arrayMap(_m -> _m.1,
                JSONExtract(raw, 'contacts', 'Array(Tuple(`kind` Nullable(String)))')))),
                ['contacts: two members of one kind'], []),
            arrayFlatten(arrayMap(_i -> if(JSONType(raw, 'contacts', _i) != 'Object', ['contacts: a member is not an object'],
            arrayConcat(
            arrayConcat(
            if(length(arrayDistinct(JSONExtractKeys(raw, 'contacts', _i))) = length(JSONExtractKeys(raw, 'contacts', _i)), [],
               arrayMap(_k -> concat('contacts.', substringUTF8(_k, 1, 60), ': given twice'),
                        arrayDistinct(arrayFilter(_k -> countEqual(JSONExtractKeys(raw, 'contacts', _i), _k) > 1, JSONExtractKeys(raw, 'contacts', _i))))),
            arrayMap(_k -> concat('contacts.', substringUTF8(_k, 1, 60), ': not declared'),
                     arrayDistinct(arrayFilter(_k -> _k NOT IN ('kind', 'value'), JSONExtractKeys(raw, 'contacts', _i))))),
            [
        multiIf(
        NOT has(JSONExtractKeys(raw, 'contacts', _i), 'kind'), 'contacts.kind: missing',
        JSONType(raw, 'contacts', _i, 'kind') = 'Null', 'contacts.kind: is null',
        JSONType(raw, 'contacts', _i, 'kind') != 'String', 'contacts.kind: not a text',
        ifNull(JSONExtract(raw, 'contacts', _i, 'kind', 'Nullable(String)'), '') NOT IN ('website', 'phone', 'city', 'workplace', 'school'), 'contacts.kind: not one of the allowed values',
        ''),
        multiIf(
        NOT has(JSONExtractKeys(raw, 'contacts', _i), 'value'), 'contacts.value: missing',
        JSONType(raw, 'contacts', _i, 'value') = 'Null', 'contacts.value: is null',
        NOT (JSONType(raw, 'contacts', _i, 'value') = 'String'
            AND if(match(ifNull(JSONExtract(raw, 'contacts', _i, 'value', 'Nullable(String)'), ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'), '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'contacts.value: not a text',
        lengthUTF8(ifNull(JSONExtract(raw, 'contacts', _i, 'value', 'Nullable(String)'), '')) < 1, 'contacts.value: shorter than 1',
        lengthUTF8(ifNull(JSONExtract(raw, 'contacts', _i, 'value', 'Nullable(String)'), '')) > 200, 'contacts.value: longer than 200',
        position(ifNull(JSONExtract(raw, 'contacts', _i, 'value', 'Nullable(String)'), ''), '\0') > 0, 'contacts.value: has a NUL character',
        '')
            ])), range(1, least(JSONLength(raw, 'contacts'), 5) + 1)))))    )) AS reasons
FROM landing.`routed_user_profile_null`
WHERE event_type = 'user_profile';

-- ═══ ClickHouse: feed landing.route_user_profile_mv
CREATE MATERIALIZED VIEW landing.`route_user_profile_mv` TO landing.`routed_user_profile_null` AS
SELECT source, stream, partition, offset, landed_at, event_type, raw
FROM landing.`gathered_users_null`
WHERE event_type = 'user_profile';

-- ═══ PostgreSQL: table stage.user_profile
-- The stage of one event type (PostgreSQL). Grain: one observation of the batch being loaded. Inputs: v (VaultSpec).
-- Nullable and as wide as ClickHouse's types: what does not fit arrives changed, without an error. Unlogged: a killed
-- server empties it, and the load stages again from the watermark. It holds nothing between loads, so it is made anew.
drop table if exists "stage"."user_profile";
create unlogged table "stage"."user_profile" (
    event_id uuid,
    event_time timestamptz,
    source_order uuid,
    is_deleted boolean,
    record_source text
    , "bk_user" uuid, "hk_user" uuid
    , "hd_sat_user_profile_person" uuid
    , "hd_sat_user_profile_words" uuid
    , "hd_sat_user_profile_contact" uuid
    , "a_display_name" text
    , "a_birthday" date
    , "a_bio" text
    , "a_verified" boolean
    , "a_contacts" jsonb
);

-- ═══ PostgreSQL: table vault.sat_user_profile_person
-- One satellite (PostgreSQL). Inputs: sat (SatSpec), first (whether the event type's other tables are found by it).
-- Insert-only, but for an event of which a copy comes that its source gave earlier: that copy takes its place.
-- Grain: one observation (key, time, event), also where nothing changed: what changed is the view's to say, since a late
-- row can make an observation matter that did not before. Observations of one time are in source_order. hk is the key of hub_user.
create table if not exists "vault"."sat_user_profile_person" (
    hk uuid not null,
    event_time timestamptz not null,
    event_id uuid not null,
    source_order uuid not null,
    hashdiff uuid not null,
    is_deleted boolean not null,
    load_ts timestamptz not null,
    record_source text not null,
    unique (event_time, event_id), -- where a merge finds the events that it has a copy of
    primary key (hk, event_time, event_id)
) partition by range (event_time);
alter table "vault"."sat_user_profile_person" add column if not exists "display_name" text;
alter table "vault"."sat_user_profile_person" add column if not exists "birthday" date;

-- ═══ PostgreSQL: table vault.sat_user_profile_words
-- One satellite (PostgreSQL). Inputs: sat (SatSpec), first (whether the event type's other tables are found by it).
-- Insert-only, but for an event of which a copy comes that its source gave earlier: that copy takes its place.
-- Grain: one observation (key, time, event), also where nothing changed: what changed is the view's to say, since a late
-- row can make an observation matter that did not before. Observations of one time are in source_order. hk is the key of hub_user.
create table if not exists "vault"."sat_user_profile_words" (
    hk uuid not null,
    event_time timestamptz not null,
    event_id uuid not null,
    source_order uuid not null,
    hashdiff uuid not null,
    is_deleted boolean not null,
    load_ts timestamptz not null,
    record_source text not null,
    primary key (hk, event_time, event_id)
) partition by range (event_time);
alter table "vault"."sat_user_profile_words" add column if not exists "bio" text;
alter table "vault"."sat_user_profile_words" add column if not exists "verified" boolean;

-- ═══ PostgreSQL: table vault.sat_user_profile_contact
-- One satellite (PostgreSQL). Inputs: sat (SatSpec), first (whether the event type's other tables are found by it).
-- Insert-only, but for an event of which a copy comes that its source gave earlier: that copy takes its place.
-- Grain: one observation (key, time, event), also where nothing changed: what changed is the view's to say, since a late
-- row can make an observation matter that did not before. Observations of one time are in source_order. hk is the key of hub_user.
create table if not exists "vault"."sat_user_profile_contact" (
    hk uuid not null,
    event_time timestamptz not null,
    event_id uuid not null,
    source_order uuid not null,
    hashdiff uuid not null,
    is_deleted boolean not null,
    load_ts timestamptz not null,
    record_source text not null,
    primary key (hk, event_time, event_id)
) partition by range (event_time);
alter table "vault"."sat_user_profile_contact" add column if not exists members jsonb not null;

-- ═══ PostgreSQL: view vault.v_sat_user_profile_person
-- A satellite's versions (PostgreSQL). Inputs: sat (SatSpec), link (LinkSpec of its parent, or none).
-- Grain: one change of a key: observations that say the same as the one before them in (event_time, source_order) are
-- left out. In force in [valid_from, valid_to); two changes at one time leave the earlier one in force for no time.
create or replace view "vault"."v_sat_user_profile_person" as
select
    c.hk,
    p.bk,
    c.valid_from, c.valid_to, c.valid_to is null as is_current, c.is_deleted, c.event_id, c.load_ts, c.record_source
    , c."display_name"
    , c."birthday"
from (
    select o.*, o.event_time as valid_from,
        lead(o.event_time) over (partition by o.hk order by o.event_time, o.source_order) as valid_to
    from (
        select s.*, lag(s.hashdiff) over (partition by s.hk order by s.event_time, s.source_order) as hashdiff_before
        from "vault"."sat_user_profile_person" s
    ) o
    where o.hashdiff is distinct from o.hashdiff_before
) c
left join "vault"."hub_user" p on p.hk = c.hk;

-- ═══ PostgreSQL: view vault.v_sat_user_profile_words
-- A satellite's versions (PostgreSQL). Inputs: sat (SatSpec), link (LinkSpec of its parent, or none).
-- Grain: one change of a key: observations that say the same as the one before them in (event_time, source_order) are
-- left out. In force in [valid_from, valid_to); two changes at one time leave the earlier one in force for no time.
create or replace view "vault"."v_sat_user_profile_words" as
select
    c.hk,
    p.bk,
    c.valid_from, c.valid_to, c.valid_to is null as is_current, c.is_deleted, c.event_id, c.load_ts, c.record_source
    , c."bio"
    , c."verified"
from (
    select o.*, o.event_time as valid_from,
        lead(o.event_time) over (partition by o.hk order by o.event_time, o.source_order) as valid_to
    from (
        select s.*, lag(s.hashdiff) over (partition by s.hk order by s.event_time, s.source_order) as hashdiff_before
        from "vault"."sat_user_profile_words" s
    ) o
    where o.hashdiff is distinct from o.hashdiff_before
) c
left join "vault"."hub_user" p on p.hk = c.hk;

-- ═══ PostgreSQL: view vault.v_sat_user_profile_contact
-- A satellite's versions (PostgreSQL). Inputs: sat (SatSpec), link (LinkSpec of its parent, or none).
-- Grain: one change of a key, one member: observations that say the same as the one before them in (event_time, source_order) are
-- left out. In force in [valid_from, valid_to); two changes at one time leave the earlier one in force for no time.
create or replace view "vault"."v_sat_user_profile_contact" as
select
    c.hk,
    p.bk,
    c.valid_from, c.valid_to, c.valid_to is null as is_current, c.is_deleted, c.event_id, c.load_ts, c.record_source
    , member."kind"
    , member."value"
from (
    select o.*, o.event_time as valid_from,
        lead(o.event_time) over (partition by o.hk order by o.event_time, o.source_order) as valid_to
    from (
        select s.*, lag(s.hashdiff) over (partition by s.hk order by s.event_time, s.source_order) as hashdiff_before
        from "vault"."sat_user_profile_contact" s
    ) o
    where o.hashdiff is distinct from o.hashdiff_before
) c
left join "vault"."hub_user" p on p.hk = c.hk
cross join jsonb_to_recordset(c.members) as member ("kind" text, "value" text);

-- ═══ bridge: windows
-- What of one event type is new (ClickHouse): landed whole (below `safe`), and not yet in the vault (at or above the watermark).
-- Grain: source, stream, partition. `sample`: sorted offsets, to cut a batch at; since, until: the first and the last event time.
-- Inputs: v (VaultSpec). Parameter marks: the watermarks (source, stream, partition, next_offset).
SELECT
    r.source AS source, r.stream AS stream, r.partition AS partition,
    count() AS rows, min(r.offset) AS low, max(r.offset) + 1 AS high, arraySort(groupArraySample(1000)(r.offset)) AS sample,
    toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`user_profile` AS r
INNER JOIN
(
    SELECT p.source AS source, p.stream AS stream, p.partition AS partition, p.safe AS safe, w.next_offset AS next_offset
    FROM (SELECT source, stream, partition, max(safe) AS safe FROM ops.positions GROUP BY ALL) AS p
    LEFT JOIN
    (
        SELECT mark.1 AS source, mark.2 AS stream, mark.3 AS partition, mark.4 AS next_offset
        FROM (SELECT arrayJoin({marks:Array(Tuple(String, String, Int32, UInt64))}) AS mark)
    ) AS w ON w.source = p.source AND w.stream = p.stream AND w.partition = p.partition
) AS p ON p.source = r.source AND p.stream = r.stream AND p.partition = r.partition
WHERE r.offset >= p.next_offset AND r.offset < p.safe
GROUP BY ALL
ORDER BY source, stream, partition;

-- ═══ bridge: batch_times
-- The first and the last event time of a batch that is a part of its windows, duplicates included (ClickHouse). Inputs: v (VaultSpec).
SELECT count() AS rows, toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`user_profile` AS r
INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high;

-- ═══ bridge: stage
-- Push one batch into the stage (ClickHouse): one COPY, one transaction in PostgreSQL. Inputs: v (VaultSpec), collection.
-- Hash keys and hashdiffs are computed here; only what the merge needs is sent.
-- Columns by position: in the order of stage_table.sql.j2.
INSERT INTO FUNCTION postgresql(`vault_stage`, schema = 'stage', table = 'user_profile')
SELECT
    r.event_id AS event_id,
    r.event_time AS event_time,
    toUUID(leftPad(hex(r.source_order), 32, '0')) AS source_order,
    r.op = 'delete' AS is_deleted,
    concat(toString(r.source), '/', toString(r.stream)) AS record_source
    , r.`user_id` AS `bk_user`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_user`))), ':', toString(`bk_user`), ';'))))) AS `hk_user`
    , toUUID(lower(hex(MD5(concat('10:is_deleted;', if(r.op = 'delete', '4:true;', '5:false;')
, ifNull(concat('8:birthday;', concat(toString(length(toString(r.`birthday`))), ':', toString(r.`birthday`), ';')), '')
, '12:display_name;', concat(toString(length(r.`display_name`)), ':', r.`display_name`, ';')
))))) AS `hd_sat_user_profile_person`
    , toUUID(lower(hex(MD5(concat('10:is_deleted;', if(r.op = 'delete', '4:true;', '5:false;')
, ifNull(concat('3:bio;', concat(toString(length(r.`bio`)), ':', r.`bio`, ';')), '')
, '8:verified;', concat(toString(length(toString(r.`verified`))), ':', toString(r.`verified`), ';')
))))) AS `hd_sat_user_profile_words`
    , toUUID(lower(hex(MD5(concat('10:is_deleted;', if(r.op = 'delete', '4:true;', '5:false;')
, arrayStringConcat(arrayMap(n -> concat(toString(length(n)), ':', n, ';'), arrayMap(m -> concat(''
, '4:kind;', concat(toString(length(m.`kind`)), ':', m.`kind`, ';')
, '5:value;', concat(toString(length(m.`value`)), ':', m.`value`, ';')
), arraySort(m -> m.`kind`, r.`contacts`))))
))))) AS `hd_sat_user_profile_contact`
    , r.`display_name` AS `a_display_name`
    , r.`birthday` AS `a_birthday`
    , r.`bio` AS `a_bio`
    , r.`verified` AS `a_verified`
    , toJSONString(CAST(arrayMap(m -> tuple(m.`kind`, m.`value`), arraySort(m -> m.`kind`, r.`contacts`)), 'Array(Tuple(`kind` String, `value` String))')) AS `a_contacts`
FROM `raw`.`user_profile` AS r FINAL
INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')};

-- ═══ bridge: batch_sums
-- What the stage must hold (ClickHouse): rows, and sums over identity and operation. stage_sums.sql.j2 is its other side.
-- Inputs: v (VaultSpec).
SELECT
    count() AS rows,
    sum(toUInt64(bitShiftRight(toUInt128(r.event_id), 96))) AS ids,
    sum(toUnixTimestamp64Micro(r.event_time) % 4294967296) AS times,
    countIf(r.op = 'delete') AS deletions
FROM `raw`.`user_profile` AS r FINAL
INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')};

-- ═══ bridge: stage_sums
-- What the stage holds (PostgreSQL): rows, and sums over identity and operation, as batch_sums.sql.j2. Inputs: v (VaultSpec).
select
    count(*) as rows,
    coalesce(sum(('x' || left(event_id::text, 8))::bit(32)::bigint), 0) as ids,
    coalesce(sum((extract(epoch from event_time) * 1000000)::bigint % 4294967296), 0) as times,
    count(*) filter (where is_deleted) as deletions
from "stage"."user_profile";

-- ═══ merge: due
-- The keys whose snapshots this batch touches (PostgreSQL): those with an event before the end of the last day that is built.
-- Inputs: v (VaultSpec), seen (hubs with a PIT that v mentions), fed (SnapshotSpec that v feeds).
-- First in its transaction. A build takes this lock in a mode that excludes it: either the build sees the batch, or the batch
-- sees which days are built.
lock table ops.snapshot_due in row exclusive mode;

set local enable_seqscan = off;

set local enable_hashjoin = off;

set local enable_mergejoin = off;

with heard as materialized (
    select k.hk, min(k.event_time) as event_time
    from (
        select "hk_user" as hk, event_time from "stage"."user_profile"
    ) k
    where k.hk is not null
    group by k.hk
), first_heard as (
    insert into "vault"."seen_user" (hk, event_time, load_ts)
    select h.hk, h.event_time, now()
    from heard h
    where not exists (select from "vault"."seen_user" s where s.hk = h.hk and s.event_time <= h.event_time)
    order by h.hk
    on conflict (hk, event_time) do nothing
    returning hk, event_time
)
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_user', hk, event_time from first_heard
where event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_user');

set local enable_seqscan = on;

set local enable_hashjoin = on;

set local enable_mergejoin = on;

insert into ops.snapshot_due (table_name, hk, since)
select 'pit_user', "hk_user", min(event_time)
from "stage"."user_profile"
where "hk_user" is not null and event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_user')
group by 2;

-- ═══ merge: superseded
-- Events of which the stage has a copy that its source gave earlier than the one that was loaded (PostgreSQL). It happens where copies come
-- by two partitions, topics or sources. Inputs: v (VaultSpec). Grain: an event.
set local enable_seqscan = off;

set local enable_hashjoin = off;

set local enable_mergejoin = off;

create temporary table superseded on commit drop as
select t.event_time, t.event_id, t."hk" as key, s."hk_user" as key_now
from "stage"."user_profile" s
join "vault"."sat_user_profile_person" t on t.event_time = s.event_time and t.event_id = s.event_id
where s.source_order < t.source_order;

set local enable_seqscan = on;

set local enable_hashjoin = on;

set local enable_mergejoin = on;

-- ═══ merge: supersede
-- What was loaded of superseded events leaves the vault, before the merge puts the earlier copy there (PostgreSQL).
-- Inputs: v (VaultSpec), tables (of v, with its events), hubs (that v mentions), snapshots (names of the PIT and bridge tables that v feeds).
delete from "vault"."sat_user_profile_person" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);

delete from "vault"."sat_user_profile_words" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);

delete from "vault"."sat_user_profile_contact" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);

-- Keys that nothing but a copy that left may have mentioned, or mentioned first: ClickHouse knows (mentions.sql.j2), once all is loaded.
insert into ops.doubtful_key (table_name, hk)
select 'hub_user', h.hk from "vault"."hub_user" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."user_profile" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_user" = h.hk));

-- The keys of a copy that left may not be among the staged ones: what was built is built anew, whole; the graph database is loaded anew.
update ops.snapshot set definition = ''
where table_name in ('pit_user') and exists (select from pg_temp.superseded where key is distinct from key_now);

-- ═══ merge: months
-- Partitions for the months of the batch (PostgreSQL). Inputs: v (VaultSpec).
select vault.add_months(
    array['sat_user_profile_person', 'sat_user_profile_words', 'sat_user_profile_contact']::text[],
    array(select distinct date_trunc('month', event_time at time zone 'UTC')::date from "stage"."user_profile" where event_time is not null));

-- ═══ merge: hubs
-- The stage's keys of one hub (PostgreSQL). Inputs: v (VaultSpec), hub (name). A missing business key has no hash key: no row.
-- A key's source is the one that saw it first by event time, not the one that was loaded first; of equal times the first by name.
-- Several event types may write at once, hence ON CONFLICT; sorted, so that two of them cannot wait for each other.
create temporary table mentioned on commit drop as
select distinct on (k.hk) k.hk, k.bk, k.event_time, k.record_source
from (
    -- Grouped first, since a key is staged many times: a hash of the keys is cheaper than a sort of the rows.
    select a.hk, a.bk, a.record_source, min(a.event_time) as event_time
    from (
        select "hk_user" as hk, "bk_user" as bk, event_time, record_source from "stage"."user_profile"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";

insert into "vault"."hub_user" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;

with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_user" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_user" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.hk = e.hk;

drop table pg_temp.mentioned;

-- ═══ merge: sats
-- The stage's observations of one satellite (PostgreSQL). Inputs: v (VaultSpec), sat (SatSpec).
set local enable_seqscan = off;

set local enable_hashjoin = off;

set local enable_mergejoin = off;

insert into "vault"."sat_user_profile_person" (
    hk, event_time, event_id, source_order, hashdiff, is_deleted, "display_name", "birthday", load_ts, record_source)
select distinct on (s."hk_user", s.event_time, s.event_id)
    s."hk_user", s.event_time, s.event_id, s.source_order, s."hd_sat_user_profile_person", s.is_deleted, s."a_display_name", s."a_birthday", now(), s.record_source
from "stage"."user_profile" s
where s."hk_user" is not null
    and not exists (
        select from "vault"."sat_user_profile_person" t
        where t.hk = s."hk_user" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."hk_user", s.event_time, s.event_id, s.source_order;

set local enable_seqscan = on;

set local enable_hashjoin = on;

set local enable_mergejoin = on;

-- The stage's observations of one satellite (PostgreSQL). Inputs: v (VaultSpec), sat (SatSpec).
set local enable_seqscan = off;

set local enable_hashjoin = off;

set local enable_mergejoin = off;

insert into "vault"."sat_user_profile_words" (
    hk, event_time, event_id, source_order, hashdiff, is_deleted, "bio", "verified", load_ts, record_source)
select distinct on (s."hk_user", s.event_time, s.event_id)
    s."hk_user", s.event_time, s.event_id, s.source_order, s."hd_sat_user_profile_words", s.is_deleted, s."a_bio", s."a_verified", now(), s.record_source
from "stage"."user_profile" s
where s."hk_user" is not null
    and not exists (
        select from "vault"."sat_user_profile_words" t
        where t.hk = s."hk_user" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."hk_user", s.event_time, s.event_id, s.source_order;

set local enable_seqscan = on;

set local enable_hashjoin = on;

set local enable_mergejoin = on;

-- The stage's observations of one satellite (PostgreSQL). Inputs: v (VaultSpec), sat (SatSpec).
set local enable_seqscan = off;

set local enable_hashjoin = off;

set local enable_mergejoin = off;

insert into "vault"."sat_user_profile_contact" (
    hk, event_time, event_id, source_order, hashdiff, is_deleted, "members", load_ts, record_source)
select distinct on (s."hk_user", s.event_time, s.event_id)
    s."hk_user", s.event_time, s.event_id, s.source_order, s."hd_sat_user_profile_contact", s.is_deleted, s."a_contacts", now(), s.record_source
from "stage"."user_profile" s
where s."hk_user" is not null
    and not exists (
        select from "vault"."sat_user_profile_contact" t
        where t.hk = s."hk_user" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."hk_user", s.event_time, s.event_id, s.source_order;

set local enable_seqscan = on;

set local enable_hashjoin = on;

set local enable_mergejoin = on;
