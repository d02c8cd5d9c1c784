-- ═══ ClickHouse: table raw.donation
CREATE TABLE IF NOT EXISTS raw.`donation`
(
    `event_id` UUID,
    `op` LowCardinality(String),
    `event_time` DateTime64(6, 'UTC'),
    `schema_version` UInt16,
    `producer` String,
    `donor_id` UUID,
    `creator_id` UUID,
    `post_id` Nullable(UUID),
    `amount_micros` Int64,
    `currency` LowCardinality(String),
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
COMMENT 'A user gives money to a creator, for a post or just so.';

-- ═══ ClickHouse: stream landing.validated_donation_null
CREATE TABLE landing.`validated_donation_null`
(
    `event_id` UUID,
    `op` LowCardinality(String),
    `event_time` DateTime64(6, 'UTC'),
    `schema_version` UInt16,
    `producer` String,
    `donor_id` UUID,
    `creator_id` UUID,
    `post_id` Nullable(UUID),
    `amount_micros` Int64,
    `currency` LowCardinality(String),
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    raw String,
    reasons Array(String)
)
ENGINE = Null;

-- ═══ ClickHouse: feed landing.accept_donation_mv
CREATE MATERIALIZED VIEW landing.`accept_donation_mv` TO raw.`donation` AS
SELECT
`event_id`, `op`, `event_time`, `schema_version`, `producer`, `donor_id`, `creator_id`, `post_id`, `amount_micros`, `currency`,
    source, stream, partition, offset, landed_at
FROM landing.`validated_donation_null`
WHERE empty(reasons);

-- ═══ ClickHouse: feed landing.reject_donation_mv
CREATE MATERIALIZED VIEW landing.`reject_donation_mv` TO raw.rejected AS
SELECT 'donation' AS event_type, reasons, source, stream, partition, offset, landed_at, raw, landed_at AS judged_at
FROM landing.`validated_donation_null`
WHERE notEmpty(reasons);

-- ═══ ClickHouse: stream landing.routed_donation_null
CREATE TABLE landing.`routed_donation_null`
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

-- ═══ ClickHouse: feed landing.validate_donation_mv
CREATE MATERIALIZED VIEW landing.`validate_donation_mv` TO landing.`validated_donation_null` AS
WITH
    JSONExtractKeys(raw) AS _keys,
    JSONExtract(raw, 'Tuple(`event_id` Nullable(String), `event_type` Nullable(String), `op` Nullable(String), `event_time` Nullable(String), `schema_version` Nullable(Int64), `producer` Nullable(String), `donor_id` Nullable(String), `creator_id` Nullable(String), `post_id` Nullable(String), `amount_micros` Nullable(Int64), `currency` Nullable(String))') AS _v
SELECT
    CAST(assumeNotNull(toUUIDOrNull(_v.`event_id`)) AS UUID) AS `event_id`,
    CAST(assumeNotNull(_v.`op`) AS LowCardinality(String)) AS `op`,
    CAST(assumeNotNull(parseDateTime64BestEffortOrNull(_v.`event_time`, 6, 'UTC')) AS DateTime64(6, 'UTC')) AS `event_time`,
    CAST(assumeNotNull(_v.`schema_version`) AS UInt16) AS `schema_version`,
    CAST(assumeNotNull(_v.`producer`) AS String) AS `producer`,
    CAST(assumeNotNull(toUUIDOrNull(_v.`donor_id`)) AS UUID) AS `donor_id`,
    CAST(assumeNotNull(toUUIDOrNull(_v.`creator_id`)) AS UUID) AS `creator_id`,
    CAST(toUUIDOrNull(_v.`post_id`) AS Nullable(UUID)) AS `post_id`,
    CAST(assumeNotNull(_v.`amount_micros`) AS Int64) AS `amount_micros`,
    CAST(assumeNotNull(_v.`currency`) AS LowCardinality(String)) AS `currency`,
    source, stream, partition, offset, landed_at, raw,
    arrayFilter(reason -> reason != '', arrayConcat(
        arrayConcat(
            if(length(arrayDistinct(_keys)) = length(_keys), [],
               arrayMap(_k -> concat('', substringUTF8(_k, 1, 60), ': given twice'),
                        arrayDistinct(arrayFilter(_k -> countEqual(_keys, _k) > 1, _keys)))),
            arrayMap(_k -> concat('', substringUTF8(_k, 1, 60), ': not declared'),
                     arrayDistinct(arrayFilter(_k -> _k NOT IN ('event_id', 'event_type', 'op', 'event_time', 'schema_version', 'producer', 'donor_id', 'creator_id', 'post_id', 'amount_micros', 'currency'), _keys)))),
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
        ifNull(_v.`op`, '') NOT IN ('create'), 'op: not one of the allowed values',
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
        NOT has(_keys, 'donor_id'), 'donor_id: missing',
        JSONType(raw, 'donor_id') = 'Null', 'donor_id: is null',
        JSONType(raw, 'donor_id') != 'String', 'donor_id: not a text',
        NOT match(ifNull(_v.`donor_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'donor_id: not a UUID',
        ''),
        multiIf(
        NOT has(_keys, 'creator_id'), 'creator_id: missing',
        JSONType(raw, 'creator_id') = 'Null', 'creator_id: is null',
        JSONType(raw, 'creator_id') != 'String', 'creator_id: not a text',
        NOT match(ifNull(_v.`creator_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'creator_id: not a UUID',
        ''),
        multiIf(
        JSONType(raw, 'post_id') = 'Null', '',
        JSONType(raw, 'post_id') != 'String', 'post_id: not a text',
        NOT match(ifNull(_v.`post_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'post_id: not a UUID',
        ''),
        multiIf(
        NOT has(_keys, 'amount_micros'), 'amount_micros: missing',
        JSONType(raw, 'amount_micros') = 'Null', 'amount_micros: is null',
        JSONType(raw, 'amount_micros') = 'String' AND NOT (JSONType(raw, 'amount_micros') = 'String'
            AND if(match(ifNull(JSONExtractString(raw, 'amount_micros'), ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'), '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'amount_micros: out of range',
        JSONType(raw, 'amount_micros') = 'UInt64', 'amount_micros: above 1000000000000000',
        JSONType(raw, 'amount_micros') != 'Int64', 'amount_micros: not a whole number',
        assumeNotNull(_v.`amount_micros`) < 0, 'amount_micros: below 0',
        assumeNotNull(_v.`amount_micros`) > 1000000000000000, 'amount_micros: above 1000000000000000',
        ''),
        multiIf(
        NOT has(_keys, 'currency'), 'currency: missing',
        JSONType(raw, 'currency') = 'Null', 'currency: is null',
        JSONType(raw, 'currency') != 'String', 'currency: not a text',
        ifNull(_v.`currency`, '') NOT IN ('EUR', 'USD', 'GBP', 'BRL', 'JPY', 'PLN'), 'currency: not one of the allowed values',
        '')
        ]    )) AS reasons
FROM landing.`routed_donation_null`
WHERE event_type = 'donation';

-- ═══ ClickHouse: feed landing.route_donation_mv
CREATE MATERIALIZED VIEW landing.`route_donation_mv` TO landing.`routed_donation_null` AS
SELECT source, stream, partition, offset, landed_at, event_type, raw
FROM landing.`gathered_money_null`
WHERE event_type = 'donation';

-- ═══ PostgreSQL: table stage.donation
-- The stage of one event type (PostgreSQL). Grain: one observation of the batch being loaded. Inputs: v (VaultSpec).
-- Nullable and as wide as ClickHouse's types: what does not fit arrives changed, without an error. Unlogged: a killed
-- server empties it, and the load stages again from the watermark. It holds nothing between loads, so it is made anew.
drop table if exists "stage"."donation";
create unlogged table "stage"."donation" (
    event_id uuid,
    event_time timestamptz,
    source_order uuid,
    is_deleted boolean,
    record_source text
    , "bk_donor" uuid, "hk_donor" uuid
    , "bk_creator" uuid, "hk_creator" uuid
    , "bk_post" uuid, "hk_post" uuid
    , "lhk_donation" uuid
    , "a_amount_micros" bigint
    , "a_currency" text
);

-- ═══ PostgreSQL: table vault.link_donation
-- One link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one event, for ever, with its attributes; lhk is the hash of the event's id. An optional key may be NULL.
create table if not exists "vault"."link_donation" (
    lhk uuid not null,
    "hk_donor" uuid not null,
    "hk_creator" uuid not null,
    "hk_post" uuid,
    event_time timestamptz not null,
    event_id uuid not null,
    source_order uuid not null,
    load_ts timestamptz not null,
    record_source text not null,
    primary key (event_time, lhk)
) partition by range (event_time);
alter table "vault"."link_donation" add column if not exists "hk_post" uuid;
alter table "vault"."link_donation" alter column "hk_post" drop not null;
alter table "vault"."link_donation" add column if not exists "amount_micros" bigint;
alter table "vault"."link_donation" add column if not exists "currency" text;

-- ═══ bridge: windows
-- What of one event type is new (ClickHouse): landed whole (below `safe`), and not yet in the vault (at or above the watermark).
-- Grain: source, stream, partition. `sample`: sorted offsets, to cut a batch at; since, until: the first and the last event time.
-- Inputs: v (VaultSpec). Parameter marks: the watermarks (source, stream, partition, next_offset).
SELECT
    r.source AS source, r.stream AS stream, r.partition AS partition,
    count() AS rows, min(r.offset) AS low, max(r.offset) + 1 AS high, arraySort(groupArraySample(1000)(r.offset)) AS sample,
    toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`donation` AS r
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
FROM `raw`.`donation` AS r
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
INSERT INTO FUNCTION postgresql(`vault_stage`, schema = 'stage', table = 'donation')
SELECT
    r.event_id AS event_id,
    r.event_time AS event_time,
    toUUID(leftPad(hex(r.source_order), 32, '0')) AS source_order,
    r.op = 'delete' AS is_deleted,
    concat(toString(r.source), '/', toString(r.stream)) AS record_source
    , r.`donor_id` AS `bk_donor`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_donor`))), ':', toString(`bk_donor`), ';'))))) AS `hk_donor`
    , r.`creator_id` AS `bk_creator`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_creator`))), ':', toString(`bk_creator`), ';'))))) AS `hk_creator`
    , r.`post_id` AS `bk_post`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_post`))), ':', toString(`bk_post`), ';'))))) AS `hk_post`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(r.event_id))), ':', toString(r.event_id), ';'))))) AS `lhk_donation`
    , r.`amount_micros` AS `a_amount_micros`
    , r.`currency` AS `a_currency`
FROM `raw`.`donation` AS r FINAL
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
FROM `raw`.`donation` AS r FINAL
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
from "stage"."donation";

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
        select "hk_donor" as hk, event_time from "stage"."donation"
        union all select "hk_creator" as hk, event_time from "stage"."donation"
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

set local enable_seqscan = off;

set local enable_hashjoin = off;

set local enable_mergejoin = off;

with heard as materialized (
    select k.hk, min(k.event_time) as event_time
    from (
        select "hk_post" as hk, event_time from "stage"."donation"
    ) k
    where k.hk is not null
    group by k.hk
), first_heard as (
    insert into "vault"."seen_post" (hk, event_time, load_ts)
    select h.hk, h.event_time, now()
    from heard h
    where not exists (select from "vault"."seen_post" s where s.hk = h.hk and s.event_time <= h.event_time)
    order by h.hk
    on conflict (hk, event_time) do nothing
    returning hk, event_time
)
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_post', hk, event_time from first_heard
where event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_post');

set local enable_seqscan = on;

set local enable_hashjoin = on;

set local enable_mergejoin = on;

-- ═══ merge: superseded
-- Events of which the stage has a copy that its source gave earlier than the one that was loaded (PostgreSQL). It happens where copies come
-- by two partitions, topics or sources. Inputs: v (VaultSpec). Grain: an event.
set local enable_seqscan = off;

set local enable_hashjoin = off;

set local enable_mergejoin = off;

create temporary table superseded on commit drop as
select t.event_time, t.event_id, t."lhk" as key, s."lhk_donation" as key_now
from "stage"."donation" s
join "vault"."link_donation" t on t.event_time = s.event_time and t.event_id = s.event_id
where s.source_order < t.source_order;

set local enable_seqscan = on;

set local enable_hashjoin = on;

set local enable_mergejoin = on;

-- ═══ merge: supersede
-- What was loaded of superseded events leaves the vault, before the merge puts the earlier copy there (PostgreSQL).
-- Inputs: v (VaultSpec), tables (of v, with its events), hubs (that v mentions), snapshots (names of the PIT and bridge tables that v feeds).
delete from "vault"."link_donation" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);

-- Keys that nothing but a copy that left may have mentioned, or mentioned first: ClickHouse knows (mentions.sql.j2), once all is loaded.
insert into ops.doubtful_key (table_name, hk)
select 'hub_user', h.hk from "vault"."hub_user" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."donation" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_donor" = h.hk or s."hk_creator" = h.hk));

insert into ops.doubtful_key (table_name, hk)
select 'hub_post', h.hk from "vault"."hub_post" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."donation" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_post" = h.hk));

delete from ops.graph_object;

-- ═══ merge: months
-- Partitions for the months of the batch (PostgreSQL). Inputs: v (VaultSpec).
select vault.add_months(
    array['link_donation']::text[],
    array(select distinct date_trunc('month', event_time at time zone 'UTC')::date from "stage"."donation" where event_time is not null));

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
        select "hk_donor" as hk, "bk_donor" as bk, event_time, record_source from "stage"."donation"
        union all select "hk_creator" as hk, "bk_creator" as bk, event_time, record_source from "stage"."donation"
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

-- The stage's keys of one hub (PostgreSQL). Inputs: v (VaultSpec), hub (name). A missing business key has no hash key: no row.
-- A key's source is the one that saw it first by event time, not the one that was loaded first; of equal times the first by name.
-- Several event types may write at once, hence ON CONFLICT; sorted, so that two of them cannot wait for each other.
create temporary table mentioned on commit drop as
select distinct on (k.hk) k.hk, k.bk, k.event_time, k.record_source
from (
    -- Grouped first, since a key is staged many times: a hash of the keys is cheaper than a sort of the rows.
    select a.hk, a.bk, a.record_source, min(a.event_time) as event_time
    from (
        select "hk_post" as hk, "bk_post" as bk, event_time, record_source from "stage"."donation"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";

insert into "vault"."hub_post" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;

with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_post" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_post" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.hk = e.hk;

drop table pg_temp.mentioned;

-- ═══ merge: links
-- The stage's rows of one link (PostgreSQL). Inputs: v (VaultSpec), link (LinkSpec). A link with a missing key is not loaded.
set local enable_seqscan = off;

set local enable_hashjoin = off;

set local enable_mergejoin = off;

insert into "vault"."link_donation" (
    lhk, "hk_donor", "hk_creator", "hk_post", event_time, event_id, source_order, "amount_micros", "currency", load_ts, record_source)
select distinct on (s.event_time, s."lhk_donation")
    s."lhk_donation", s."hk_donor", s."hk_creator", s."hk_post", s.event_time, s.event_id, s.source_order, s."a_amount_micros", s."a_currency", now(), s.record_source
from "stage"."donation" s
where s."lhk_donation" is not null and s."hk_donor" is not null and s."hk_creator" is not null
    and not exists (
        select from "vault"."link_donation" t where t.event_time = s.event_time and t.lhk = s."lhk_donation")
order by s.event_time, s."lhk_donation", s.source_order;

set local enable_seqscan = on;

set local enable_hashjoin = on;

set local enable_mergejoin = on;
