-- ═══ ClickHouse: table raw.report
CREATE TABLE IF NOT EXISTS raw.`report`
(
    `event_id` UUID,
    `op` LowCardinality(String),
    `event_time` DateTime64(6, 'UTC'),
    `schema_version` UInt16,
    `producer` String,
    `reporter_id` UUID,
    `post_id` UUID,
    `community_id` Nullable(UUID),
    `reason` LowCardinality(String),
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    version Int64 COMMENT 'minus the microseconds of landed_at: FINAL keeps the row that landed first',
    INDEX landed landed_at TYPE minmax
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(event_time)
ORDER BY (event_time, event_id)
COMMENT 'A user reports a post to the moderators.';

-- ═══ ClickHouse: stream landing.judged_report
CREATE TABLE landing.`judged_report`
(
    `event_id` UUID,
    `op` LowCardinality(String),
    `event_time` DateTime64(6, 'UTC'),
    `schema_version` UInt16,
    `producer` String,
    `reporter_id` UUID,
    `post_id` UUID,
    `community_id` Nullable(UUID),
    `reason` LowCardinality(String),
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    raw String,
    reasons Array(String)
)
ENGINE = Null;

-- ═══ ClickHouse: feed landing.accept_report
CREATE MATERIALIZED VIEW landing.`accept_report` TO raw.`report` AS
SELECT
`event_id`, `op`, `event_time`, `schema_version`, `producer`, `reporter_id`, `post_id`, `community_id`, `reason`,
    source, stream, partition, offset, landed_at, -toUnixTimestamp64Micro(landed_at) AS version
FROM landing.`judged_report`
WHERE empty(reasons);

-- ═══ ClickHouse: feed landing.reject_report
CREATE MATERIALIZED VIEW landing.`reject_report` TO raw.rejected AS
SELECT 'report' AS event_type, reasons, source, stream, partition, offset, landed_at, raw, landed_at AS judged_at
FROM landing.`judged_report`
WHERE notEmpty(reasons);

-- ═══ ClickHouse: feed landing.judge_report
CREATE MATERIALIZED VIEW landing.`judge_report` TO landing.`judged_report` AS
WITH
    JSONExtractKeys(raw) AS _keys,
    JSONExtract(raw, 'Tuple(`event_id` Nullable(String), `event_type` Nullable(String), `op` Nullable(String), `event_time` Nullable(String), `schema_version` Nullable(Int64), `producer` Nullable(String), `reporter_id` Nullable(String), `post_id` Nullable(String), `community_id` Nullable(String), `reason` Nullable(String))') AS _v
SELECT
    CAST(assumeNotNull(toUUIDOrNull(_v.`event_id`)) AS UUID) AS `event_id`,
    CAST(assumeNotNull(_v.`op`) AS LowCardinality(String)) AS `op`,
    CAST(assumeNotNull(parseDateTime64BestEffortOrNull(_v.`event_time`, 6, 'UTC')) AS DateTime64(6, 'UTC')) AS `event_time`,
    CAST(assumeNotNull(_v.`schema_version`) AS UInt16) AS `schema_version`,
    CAST(assumeNotNull(_v.`producer`) AS String) AS `producer`,
    CAST(assumeNotNull(toUUIDOrNull(_v.`reporter_id`)) AS UUID) AS `reporter_id`,
    CAST(assumeNotNull(toUUIDOrNull(_v.`post_id`)) AS UUID) AS `post_id`,
    CAST(toUUIDOrNull(_v.`community_id`) AS Nullable(UUID)) AS `community_id`,
    CAST(assumeNotNull(_v.`reason`) AS LowCardinality(String)) AS `reason`,
    source, stream, partition, offset, landed_at, raw,
    arrayFilter(reason -> reason != '', arrayConcat(
        arrayConcat(
            if(length(arrayDistinct(_keys)) = length(_keys), [],
               arrayMap(_k -> concat('', substringUTF8(_k, 1, 60), ': given twice'),
                        arrayDistinct(arrayFilter(_k -> countEqual(_keys, _k) > 1, _keys)))),
            arrayMap(_k -> concat('', substringUTF8(_k, 1, 60), ': not declared'),
                     arrayDistinct(arrayFilter(_k -> _k NOT IN ('event_id', 'event_type', 'op', 'event_time', 'schema_version', 'producer', 'reporter_id', 'post_id', 'community_id', 'reason'), _keys)))),
        [
        multiIf(
        NOT has(_keys, 'event_id'), 'event_id: missing',
        JSONType(raw, 'event_id') != 'String', 'event_id: not a text',
        NOT match(ifNull(_v.`event_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'event_id: not a UUID',
        ''),
        multiIf(
        NOT has(_keys, 'event_type'), 'event_type: missing',
        NOT (JSONType(raw, 'event_type') = 'String'
            AND if(match(ifNull(_v.`event_type`, ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'),
                                  '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'event_type: not a text',
        lengthUTF8(ifNull(_v.`event_type`, '')) < 1, 'event_type: shorter than 1',
        lengthUTF8(ifNull(_v.`event_type`, '')) > 60, 'event_type: longer than 60',
        position(ifNull(_v.`event_type`, ''), '\0') > 0, 'event_type: has a NUL character',
        NOT match(ifNull(_v.`event_type`, ''), '(?-s)^[a-z][a-z0-9_]*$'), 'event_type: does not match its pattern',
        ''),
        multiIf(
        NOT has(_keys, 'op'), 'op: missing',
        JSONType(raw, 'op') != 'String', 'op: not a text',
        ifNull(_v.`op`, '') NOT IN ('create'), 'op: not one of the allowed values',
        ''),
        multiIf(
        NOT has(_keys, 'event_time'), 'event_time: missing',
        JSONType(raw, 'event_time') != 'String', 'event_time: not a text',
        NOT match(ifNull(_v.`event_time`, ''), '^(19|2[0-2])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?Z$')
            OR isNull(parseDateTime64BestEffortOrNull(ifNull(_v.`event_time`, ''), 6, 'UTC')), 'event_time: not a time',
        ifNull(_v.`event_time`, '') < '2000-01-01', 'event_time: before 2000-01-01',
        assumeNotNull(parseDateTime64BestEffortOrNull(ifNull(_v.`event_time`, ''), 6, 'UTC'))
            > landed_at + toIntervalSecond(600), 'event_time: in the future',
        ''),
        multiIf(
        NOT has(_keys, 'schema_version'), 'schema_version: missing',
        JSONType(raw, 'schema_version') = 'UInt64', 'schema_version: above 65535',
        JSONType(raw, 'schema_version') != 'Int64', 'schema_version: not a whole number',
        assumeNotNull(_v.`schema_version`) < 1, 'schema_version: below 1',
        assumeNotNull(_v.`schema_version`) > 65535, 'schema_version: above 65535',
        ''),
        multiIf(
        NOT has(_keys, 'producer'), 'producer: missing',
        NOT (JSONType(raw, 'producer') = 'String'
            AND if(match(ifNull(_v.`producer`, ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'),
                                  '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'producer: not a text',
        lengthUTF8(ifNull(_v.`producer`, '')) < 1, 'producer: shorter than 1',
        lengthUTF8(ifNull(_v.`producer`, '')) > 80, 'producer: longer than 80',
        position(ifNull(_v.`producer`, ''), '\0') > 0, 'producer: has a NUL character',
        ''),
        multiIf(
        NOT has(_keys, 'reporter_id'), 'reporter_id: missing',
        JSONType(raw, 'reporter_id') != 'String', 'reporter_id: not a text',
        NOT match(ifNull(_v.`reporter_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'reporter_id: not a UUID',
        ''),
        multiIf(
        NOT has(_keys, 'post_id'), 'post_id: missing',
        JSONType(raw, 'post_id') != 'String', 'post_id: not a text',
        NOT match(ifNull(_v.`post_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'post_id: not a UUID',
        ''),
        multiIf(
        JSONType(raw, 'community_id') = 'Null', '',
        JSONType(raw, 'community_id') != 'String', 'community_id: not a text',
        NOT match(ifNull(_v.`community_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'community_id: not a UUID',
        ''),
        multiIf(
        NOT has(_keys, 'reason'), 'reason: missing',
        JSONType(raw, 'reason') != 'String', 'reason: not a text',
        ifNull(_v.`reason`, '') NOT IN ('spam', 'hate', 'violence', 'nudity', 'other'), 'reason: not one of the allowed values',
        '')
        ]    )) AS reasons
FROM landing.events
WHERE event_type = 'report';

-- ═══ PostgreSQL: table stage.report
-- The stage of one event type (PostgreSQL). Grain: one observation of the batch being loaded. Inputs: v (VaultSpec).
-- Nullable and as wide as ClickHouse's types: what does not fit arrives changed, without an error. Unlogged: a killed
-- server empties it, and the load stages again from the watermark. It holds nothing between loads, so it is made anew.
drop table if exists "stage"."report";
create unlogged table "stage"."report" (
    event_id uuid,
    event_time timestamptz,
    is_deleted boolean,
    record_source text
    , "bk_reporter" uuid, "hk_reporter" uuid
    , "bk_post" uuid, "hk_post" uuid
    , "bk_community" uuid, "hk_community" uuid
    , "lhk_report" uuid
    , "a_reason" text
);

-- ═══ PostgreSQL: table vault.link_report
-- One link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one event, for ever, with its attributes; lhk is the hash of the event's id. An optional key may be NULL.
create table if not exists "vault"."link_report" (
    lhk uuid not null,
    "hk_reporter" uuid not null,
    "hk_post" uuid not null,
    "hk_community" uuid,
    event_time timestamptz not null,
    event_id uuid not null,
    load_ts timestamptz not null,
    record_source text not null,
    primary key (event_time, lhk)
) partition by range (event_time);
alter table "vault"."link_report" add column if not exists "reason" text;

-- ═══ bridge: windows
-- What of one event type is new (ClickHouse): landed whole (below `safe`), and not yet in the vault (at or above the watermark).
-- Grain: source, stream, partition. `sample`: sorted offsets, to cut a batch at. Inputs: v (VaultSpec), collection.
SELECT
    r.source AS source, r.stream AS stream, r.partition AS partition,
    count() AS rows, min(r.offset) AS low, max(r.offset) + 1 AS high, arraySort(groupArraySample(1000)(r.offset)) AS sample
FROM `raw`.`report` AS r
INNER JOIN
(
    SELECT p.source AS source, p.stream AS stream, p.partition AS partition, p.safe AS safe, toUInt64(w.next_offset) AS next_offset
    FROM (SELECT source, stream, partition, max(safe) AS safe FROM ops.positions GROUP BY ALL) AS p
    LEFT JOIN
    (
        SELECT source, stream, partition, next_offset
        FROM postgresql(`vault_stage`, schema = 'ops', table = 'watermark')
        WHERE event_type = {event_type:String}
    ) AS w ON w.source = p.source AND w.stream = p.stream AND w.partition = p.partition
) AS p ON p.source = r.source AND p.stream = r.stream AND p.partition = r.partition
WHERE r.offset >= p.next_offset AND r.offset < p.safe
GROUP BY ALL
ORDER BY source, stream, partition;

-- ═══ bridge: batch_times
-- The first and the last event time of a batch, duplicates included (ClickHouse). Inputs: v (VaultSpec), collection.
SELECT count() AS rows, toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`report` AS r
INNER JOIN
(
    SELECT source, stream, partition, toUInt64(low) AS low, toUInt64(high) AS high
    FROM postgresql(`vault_stage`, schema = 'stage', table = 'load_window')
    WHERE event_type = {event_type:String}
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high;

-- ═══ bridge: stage
-- Push one batch into the stage (ClickHouse): one COPY, one transaction in PostgreSQL. Inputs: v (VaultSpec), collection.
-- Hash keys and hashdiffs are computed here; only what the merge needs is sent.
-- Columns by position: in the order of stage_table.sql.j2.
INSERT INTO FUNCTION postgresql(`vault_stage`, schema = 'stage', table = 'report')
SELECT
    r.event_id AS event_id,
    r.event_time AS event_time,
    r.op = 'delete' AS is_deleted,
    concat(toString(r.source), '/', toString(r.stream)) AS record_source
    , r.`reporter_id` AS `bk_reporter`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_reporter`))), ':', toString(`bk_reporter`), ';'))))) AS `hk_reporter`
    , r.`post_id` AS `bk_post`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_post`))), ':', toString(`bk_post`), ';'))))) AS `hk_post`
    , r.`community_id` AS `bk_community`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_community`))), ':', toString(`bk_community`), ';'))))) AS `hk_community`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(r.event_id))), ':', toString(r.event_id), ';'))))) AS `lhk_report`
    , r.`reason` AS `a_reason`
FROM `raw`.`report` AS r FINAL
INNER JOIN
(
    SELECT source, stream, partition, toUInt64(low) AS low, toUInt64(high) AS high
    FROM postgresql(`vault_stage`, schema = 'stage', table = 'load_window')
    WHERE event_type = {event_type:String}
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')};

-- ═══ bridge: batch_sums
-- What the stage must hold (ClickHouse): rows, and sums over identity and operation. stage_sums.sql.j2 is its other side.
-- Inputs: v (VaultSpec), collection.
SELECT
    count() AS rows,
    sum(toUInt64(bitShiftRight(toUInt128(r.event_id), 96))) AS ids,
    sum(toUnixTimestamp64Micro(r.event_time) % 4294967296) AS times,
    countIf(r.op = 'delete') AS deletions
FROM `raw`.`report` AS r FINAL
INNER JOIN
(
    SELECT source, stream, partition, toUInt64(low) AS low, toUInt64(high) AS high
    FROM postgresql(`vault_stage`, schema = 'stage', table = 'load_window')
    WHERE event_type = {event_type:String}
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')};

-- ═══ bridge: stage_sums
-- What the stage holds (PostgreSQL): rows, and sums over identity and operation, as batch_sums.sql.j2. Inputs: v (VaultSpec).
select
    count(*) as rows,
    coalesce(sum(('x' || left(event_id::text, 8))::bit(32)::bigint), 0) as ids,
    coalesce(sum((extract(epoch from event_time) * 1000000)::bigint % 4294967296), 0) as times,
    count(*) filter (where is_deleted) as deletions
from "stage"."report";

-- ═══ merge: months
-- Partitions for the months of the batch (PostgreSQL). Inputs: v (VaultSpec).
select vault.add_months(
    array['link_report']::text[],
    array(select distinct date_trunc('month', event_time at time zone 'UTC')::date from "stage"."report" where event_time is not null));

-- ═══ merge: hubs
-- The stage's keys of one hub (PostgreSQL). Inputs: v (VaultSpec), hub (name). First seen wins, then the source's name.
-- A missing or empty business key has no hash key: no row. Several event types may write at once, hence ON CONFLICT;
-- sorted, so that two of them cannot wait for each other.
insert into "vault"."hub_user" (hk, bk, load_ts, record_source)
select distinct on (k.hk) k.hk, k.bk, now(), k.record_source
from (
    -- Grouped first, since a key is staged many times: a hash of the keys is cheaper than a sort of the rows.
    select a.hk, a.bk, a.record_source, min(a.event_time) as event_time
    from (
        select "hk_reporter" as hk, "bk_reporter" as bk, event_time, record_source from "stage"."report"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source
on conflict (hk) do nothing;

-- The stage's keys of one hub (PostgreSQL). Inputs: v (VaultSpec), hub (name). First seen wins, then the source's name.
-- A missing or empty business key has no hash key: no row. Several event types may write at once, hence ON CONFLICT;
-- sorted, so that two of them cannot wait for each other.
insert into "vault"."hub_post" (hk, bk, load_ts, record_source)
select distinct on (k.hk) k.hk, k.bk, now(), k.record_source
from (
    -- Grouped first, since a key is staged many times: a hash of the keys is cheaper than a sort of the rows.
    select a.hk, a.bk, a.record_source, min(a.event_time) as event_time
    from (
        select "hk_post" as hk, "bk_post" as bk, event_time, record_source from "stage"."report"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source
on conflict (hk) do nothing;

-- The stage's keys of one hub (PostgreSQL). Inputs: v (VaultSpec), hub (name). First seen wins, then the source's name.
-- A missing or empty business key has no hash key: no row. Several event types may write at once, hence ON CONFLICT;
-- sorted, so that two of them cannot wait for each other.
insert into "vault"."hub_community" (hk, bk, load_ts, record_source)
select distinct on (k.hk) k.hk, k.bk, now(), k.record_source
from (
    -- Grouped first, since a key is staged many times: a hash of the keys is cheaper than a sort of the rows.
    select a.hk, a.bk, a.record_source, min(a.event_time) as event_time
    from (
        select "hk_community" as hk, "bk_community" as bk, event_time, record_source from "stage"."report"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source
on conflict (hk) do nothing;

-- ═══ merge: links
-- The stage's rows of one link (PostgreSQL). Inputs: v (VaultSpec), link (LinkSpec). A link with a missing key is not loaded.
set local enable_seqscan = off;

set local enable_hashjoin = off;

set local enable_mergejoin = off;

insert into "vault"."link_report" (
    lhk, "hk_reporter", "hk_post", "hk_community", event_time, event_id, "reason", load_ts, record_source)
select distinct on (s.event_time, s."lhk_report")
    s."lhk_report", s."hk_reporter", s."hk_post", s."hk_community", s.event_time, s.event_id, s."a_reason", now(), s.record_source
from "stage"."report" s
where s."lhk_report" is not null and s."hk_reporter" is not null and s."hk_post" is not null
    and not exists (
        select from "vault"."link_report" t where t.event_time = s.event_time and t.lhk = s."lhk_report")
order by s.event_time, s."lhk_report", s.record_source;

set local enable_seqscan = on;

set local enable_hashjoin = on;

set local enable_mergejoin = on;

-- ═══ dead letters: replay
-- Dead letters of one event type, judged again from landing.events.
-- Inputs: event (EventSpec). The first statement sends them the way that new messages go; the second records which are
-- accepted now: an empty list of reasons under the same position.
INSERT INTO landing.`judged_report`
(`event_id`, `op`, `event_time`, `schema_version`, `producer`, `reporter_id`, `post_id`, `community_id`, `reason`, source, stream, partition, offset, landed_at, raw, reasons)
WITH
    JSONExtractKeys(raw) AS _keys,
    JSONExtract(raw, 'Tuple(`event_id` Nullable(String), `event_type` Nullable(String), `op` Nullable(String), `event_time` Nullable(String), `schema_version` Nullable(Int64), `producer` Nullable(String), `reporter_id` Nullable(String), `post_id` Nullable(String), `community_id` Nullable(String), `reason` Nullable(String))') AS _v
SELECT
    CAST(assumeNotNull(toUUIDOrNull(_v.`event_id`)) AS UUID) AS `event_id`,
    CAST(assumeNotNull(_v.`op`) AS LowCardinality(String)) AS `op`,
    CAST(assumeNotNull(parseDateTime64BestEffortOrNull(_v.`event_time`, 6, 'UTC')) AS DateTime64(6, 'UTC')) AS `event_time`,
    CAST(assumeNotNull(_v.`schema_version`) AS UInt16) AS `schema_version`,
    CAST(assumeNotNull(_v.`producer`) AS String) AS `producer`,
    CAST(assumeNotNull(toUUIDOrNull(_v.`reporter_id`)) AS UUID) AS `reporter_id`,
    CAST(assumeNotNull(toUUIDOrNull(_v.`post_id`)) AS UUID) AS `post_id`,
    CAST(toUUIDOrNull(_v.`community_id`) AS Nullable(UUID)) AS `community_id`,
    CAST(assumeNotNull(_v.`reason`) AS LowCardinality(String)) AS `reason`,
    source, stream, partition, offset, landed_at, raw,
    arrayFilter(reason -> reason != '', arrayConcat(
        arrayConcat(
            if(length(arrayDistinct(_keys)) = length(_keys), [],
               arrayMap(_k -> concat('', substringUTF8(_k, 1, 60), ': given twice'),
                        arrayDistinct(arrayFilter(_k -> countEqual(_keys, _k) > 1, _keys)))),
            arrayMap(_k -> concat('', substringUTF8(_k, 1, 60), ': not declared'),
                     arrayDistinct(arrayFilter(_k -> _k NOT IN ('event_id', 'event_type', 'op', 'event_time', 'schema_version', 'producer', 'reporter_id', 'post_id', 'community_id', 'reason'), _keys)))),
        [
        multiIf(
        NOT has(_keys, 'event_id'), 'event_id: missing',
        JSONType(raw, 'event_id') != 'String', 'event_id: not a text',
        NOT match(ifNull(_v.`event_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'event_id: not a UUID',
        ''),
        multiIf(
        NOT has(_keys, 'event_type'), 'event_type: missing',
        NOT (JSONType(raw, 'event_type') = 'String'
            AND if(match(ifNull(_v.`event_type`, ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'),
                                  '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'event_type: not a text',
        lengthUTF8(ifNull(_v.`event_type`, '')) < 1, 'event_type: shorter than 1',
        lengthUTF8(ifNull(_v.`event_type`, '')) > 60, 'event_type: longer than 60',
        position(ifNull(_v.`event_type`, ''), '\0') > 0, 'event_type: has a NUL character',
        NOT match(ifNull(_v.`event_type`, ''), '(?-s)^[a-z][a-z0-9_]*$'), 'event_type: does not match its pattern',
        ''),
        multiIf(
        NOT has(_keys, 'op'), 'op: missing',
        JSONType(raw, 'op') != 'String', 'op: not a text',
        ifNull(_v.`op`, '') NOT IN ('create'), 'op: not one of the allowed values',
        ''),
        multiIf(
        NOT has(_keys, 'event_time'), 'event_time: missing',
        JSONType(raw, 'event_time') != 'String', 'event_time: not a text',
        NOT match(ifNull(_v.`event_time`, ''), '^(19|2[0-2])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?Z$')
            OR isNull(parseDateTime64BestEffortOrNull(ifNull(_v.`event_time`, ''), 6, 'UTC')), 'event_time: not a time',
        ifNull(_v.`event_time`, '') < '2000-01-01', 'event_time: before 2000-01-01',
        assumeNotNull(parseDateTime64BestEffortOrNull(ifNull(_v.`event_time`, ''), 6, 'UTC'))
            > landed_at + toIntervalSecond(600), 'event_time: in the future',
        ''),
        multiIf(
        NOT has(_keys, 'schema_version'), 'schema_version: missing',
        JSONType(raw, 'schema_version') = 'UInt64', 'schema_version: above 65535',
        JSONType(raw, 'schema_version') != 'Int64', 'schema_version: not a whole number',
        assumeNotNull(_v.`schema_version`) < 1, 'schema_version: below 1',
        assumeNotNull(_v.`schema_version`) > 65535, 'schema_version: above 65535',
        ''),
        multiIf(
        NOT has(_keys, 'producer'), 'producer: missing',
        NOT (JSONType(raw, 'producer') = 'String'
            AND if(match(ifNull(_v.`producer`, ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'),
                                  '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'producer: not a text',
        lengthUTF8(ifNull(_v.`producer`, '')) < 1, 'producer: shorter than 1',
        lengthUTF8(ifNull(_v.`producer`, '')) > 80, 'producer: longer than 80',
        position(ifNull(_v.`producer`, ''), '\0') > 0, 'producer: has a NUL character',
        ''),
        multiIf(
        NOT has(_keys, 'reporter_id'), 'reporter_id: missing',
        JSONType(raw, 'reporter_id') != 'String', 'reporter_id: not a text',
        NOT match(ifNull(_v.`reporter_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'reporter_id: not a UUID',
        ''),
        multiIf(
        NOT has(_keys, 'post_id'), 'post_id: missing',
        JSONType(raw, 'post_id') != 'String', 'post_id: not a text',
        NOT match(ifNull(_v.`post_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'post_id: not a UUID',
        ''),
        multiIf(
        JSONType(raw, 'community_id') = 'Null', '',
        JSONType(raw, 'community_id') != 'String', 'community_id: not a text',
        NOT match(ifNull(_v.`community_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'community_id: not a UUID',
        ''),
        multiIf(
        NOT has(_keys, 'reason'), 'reason: missing',
        JSONType(raw, 'reason') != 'String', 'reason: not a text',
        ifNull(_v.`reason`, '') NOT IN ('spam', 'hate', 'violence', 'nudity', 'other'), 'reason: not one of the allowed values',
        '')
        ]    )) AS reasons
FROM (
    SELECT * FROM landing.events
    WHERE (source, stream, partition, offset) IN
        (SELECT source, stream, partition, offset FROM raw.dead_letters WHERE event_type = 'report')
    LIMIT 1 BY source, stream, partition, offset
)
WHERE event_type = 'report';

INSERT INTO raw.rejected (event_type, reasons, source, stream, partition, offset, landed_at, raw, judged_at)
SELECT 'report', reasons, source, stream, partition, offset, landed_at, raw, now64(6, 'UTC')
FROM (WITH
    JSONExtractKeys(raw) AS _keys,
    JSONExtract(raw, 'Tuple(`event_id` Nullable(String), `event_type` Nullable(String), `op` Nullable(String), `event_time` Nullable(String), `schema_version` Nullable(Int64), `producer` Nullable(String), `reporter_id` Nullable(String), `post_id` Nullable(String), `community_id` Nullable(String), `reason` Nullable(String))') AS _v
SELECT
    CAST(assumeNotNull(toUUIDOrNull(_v.`event_id`)) AS UUID) AS `event_id`,
    CAST(assumeNotNull(_v.`op`) AS LowCardinality(String)) AS `op`,
    CAST(assumeNotNull(parseDateTime64BestEffortOrNull(_v.`event_time`, 6, 'UTC')) AS DateTime64(6, 'UTC')) AS `event_time`,
    CAST(assumeNotNull(_v.`schema_version`) AS UInt16) AS `schema_version`,
    CAST(assumeNotNull(_v.`producer`) AS String) AS `producer`,
    CAST(assumeNotNull(toUUIDOrNull(_v.`reporter_id`)) AS UUID) AS `reporter_id`,
    CAST(assumeNotNull(toUUIDOrNull(_v.`post_id`)) AS UUID) AS `post_id`,
    CAST(toUUIDOrNull(_v.`community_id`) AS Nullable(UUID)) AS `community_id`,
    CAST(assumeNotNull(_v.`reason`) AS LowCardinality(String)) AS `reason`,
    source, stream, partition, offset, landed_at, raw,
    arrayFilter(reason -> reason != '', arrayConcat(
        arrayConcat(
            if(length(arrayDistinct(_keys)) = length(_keys), [],
               arrayMap(_k -> concat('', substringUTF8(_k, 1, 60), ': given twice'),
                        arrayDistinct(arrayFilter(_k -> countEqual(_keys, _k) > 1, _keys)))),
            arrayMap(_k -> concat('', substringUTF8(_k, 1, 60), ': not declared'),
                     arrayDistinct(arrayFilter(_k -> _k NOT IN ('event_id', 'event_type', 'op', 'event_time', 'schema_version', 'producer', 'reporter_id', 'post_id', 'community_id', 'reason'), _keys)))),
        [
        multiIf(
        NOT has(_keys, 'event_id'), 'event_id: missing',
        JSONType(raw, 'event_id') != 'String', 'event_id: not a text',
        NOT match(ifNull(_v.`event_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'event_id: not a UUID',
        ''),
        multiIf(
        NOT has(_keys, 'event_type'), 'event_type: missing',
        NOT (JSONType(raw, 'event_type') = 'String'
            AND if(match(ifNull(_v.`event_type`, ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'),
                                  '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'event_type: not a text',
        lengthUTF8(ifNull(_v.`event_type`, '')) < 1, 'event_type: shorter than 1',
        lengthUTF8(ifNull(_v.`event_type`, '')) > 60, 'event_type: longer than 60',
        position(ifNull(_v.`event_type`, ''), '\0') > 0, 'event_type: has a NUL character',
        NOT match(ifNull(_v.`event_type`, ''), '(?-s)^[a-z][a-z0-9_]*$'), 'event_type: does not match its pattern',
        ''),
        multiIf(
        NOT has(_keys, 'op'), 'op: missing',
        JSONType(raw, 'op') != 'String', 'op: not a text',
        ifNull(_v.`op`, '') NOT IN ('create'), 'op: not one of the allowed values',
        ''),
        multiIf(
        NOT has(_keys, 'event_time'), 'event_time: missing',
        JSONType(raw, 'event_time') != 'String', 'event_time: not a text',
        NOT match(ifNull(_v.`event_time`, ''), '^(19|2[0-2])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?Z$')
            OR isNull(parseDateTime64BestEffortOrNull(ifNull(_v.`event_time`, ''), 6, 'UTC')), 'event_time: not a time',
        ifNull(_v.`event_time`, '') < '2000-01-01', 'event_time: before 2000-01-01',
        assumeNotNull(parseDateTime64BestEffortOrNull(ifNull(_v.`event_time`, ''), 6, 'UTC'))
            > landed_at + toIntervalSecond(600), 'event_time: in the future',
        ''),
        multiIf(
        NOT has(_keys, 'schema_version'), 'schema_version: missing',
        JSONType(raw, 'schema_version') = 'UInt64', 'schema_version: above 65535',
        JSONType(raw, 'schema_version') != 'Int64', 'schema_version: not a whole number',
        assumeNotNull(_v.`schema_version`) < 1, 'schema_version: below 1',
        assumeNotNull(_v.`schema_version`) > 65535, 'schema_version: above 65535',
        ''),
        multiIf(
        NOT has(_keys, 'producer'), 'producer: missing',
        NOT (JSONType(raw, 'producer') = 'String'
            AND if(match(ifNull(_v.`producer`, ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'),
                                  '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'producer: not a text',
        lengthUTF8(ifNull(_v.`producer`, '')) < 1, 'producer: shorter than 1',
        lengthUTF8(ifNull(_v.`producer`, '')) > 80, 'producer: longer than 80',
        position(ifNull(_v.`producer`, ''), '\0') > 0, 'producer: has a NUL character',
        ''),
        multiIf(
        NOT has(_keys, 'reporter_id'), 'reporter_id: missing',
        JSONType(raw, 'reporter_id') != 'String', 'reporter_id: not a text',
        NOT match(ifNull(_v.`reporter_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'reporter_id: not a UUID',
        ''),
        multiIf(
        NOT has(_keys, 'post_id'), 'post_id: missing',
        JSONType(raw, 'post_id') != 'String', 'post_id: not a text',
        NOT match(ifNull(_v.`post_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'post_id: not a UUID',
        ''),
        multiIf(
        JSONType(raw, 'community_id') = 'Null', '',
        JSONType(raw, 'community_id') != 'String', 'community_id: not a text',
        NOT match(ifNull(_v.`community_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'community_id: not a UUID',
        ''),
        multiIf(
        NOT has(_keys, 'reason'), 'reason: missing',
        JSONType(raw, 'reason') != 'String', 'reason: not a text',
        ifNull(_v.`reason`, '') NOT IN ('spam', 'hate', 'violence', 'nudity', 'other'), 'reason: not one of the allowed values',
        '')
        ]    )) AS reasons
FROM (
    SELECT * FROM landing.events
    WHERE (source, stream, partition, offset) IN
        (SELECT source, stream, partition, offset FROM raw.dead_letters WHERE event_type = 'report')
    LIMIT 1 BY source, stream, partition, offset
)
WHERE event_type = 'report');
