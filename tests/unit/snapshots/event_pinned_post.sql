-- ═══ ClickHouse: table raw.pinned_post
CREATE TABLE IF NOT EXISTS raw.`pinned_post`
(
    `event_id` UUID,
    `op` LowCardinality(String),
    `event_time` DateTime64(6, 'UTC'),
    `schema_version` UInt16,
    `producer` String,
    `community_id` UUID,
    `post_id` UUID,
    `moderator_id` UUID,
    `position` UInt8,
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
COMMENT 'A community pins a post at its top: one at a time, another takes its place.';

-- ═══ ClickHouse: stream landing.validated_pinned_post_null
CREATE TABLE landing.`validated_pinned_post_null`
(
    `event_id` UUID,
    `op` LowCardinality(String),
    `event_time` DateTime64(6, 'UTC'),
    `schema_version` UInt16,
    `producer` String,
    `community_id` UUID,
    `post_id` UUID,
    `moderator_id` UUID,
    `position` UInt8,
    source LowCardinality(String),
    stream LowCardinality(String),
    partition Int32,
    offset UInt64,
    landed_at DateTime64(6, 'UTC'),
    raw String,
    reasons Array(String)
)
ENGINE = Null;

-- ═══ ClickHouse: feed landing.accept_pinned_post_mv
CREATE MATERIALIZED VIEW landing.`accept_pinned_post_mv` TO raw.`pinned_post` AS
SELECT
`event_id`, `op`, `event_time`, `schema_version`, `producer`, `community_id`, `post_id`, `moderator_id`, `position`,
    source, stream, partition, offset, landed_at
FROM landing.`validated_pinned_post_null`
WHERE empty(reasons);

-- ═══ ClickHouse: feed landing.reject_pinned_post_mv
CREATE MATERIALIZED VIEW landing.`reject_pinned_post_mv` TO raw.rejected AS
SELECT 'pinned_post' AS event_type, reasons, source, stream, partition, offset, landed_at, raw, landed_at AS judged_at
FROM landing.`validated_pinned_post_null`
WHERE notEmpty(reasons);

-- ═══ ClickHouse: stream landing.routed_pinned_post_null
CREATE TABLE landing.`routed_pinned_post_null`
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

-- ═══ ClickHouse: feed landing.validate_pinned_post_mv
CREATE MATERIALIZED VIEW landing.`validate_pinned_post_mv` TO landing.`validated_pinned_post_null` AS
WITH
    JSONExtractKeys(raw) AS _keys,
    JSONExtract(raw, 'Tuple(`event_id` Nullable(String), `event_type` Nullable(String), `op` Nullable(String), `event_time` Nullable(String), `schema_version` Nullable(Int64), `producer` Nullable(String), `community_id` Nullable(String), `post_id` Nullable(String), `moderator_id` Nullable(String), `position` Nullable(Int64))') AS _v
SELECT
    CAST(assumeNotNull(toUUIDOrNull(_v.`event_id`)) AS UUID) AS `event_id`,
    CAST(assumeNotNull(_v.`op`) AS LowCardinality(String)) AS `op`,
    CAST(assumeNotNull(parseDateTime64BestEffortOrNull(_v.`event_time`, 6, 'UTC')) AS DateTime64(6, 'UTC')) AS `event_time`,
    CAST(assumeNotNull(_v.`schema_version`) AS UInt16) AS `schema_version`,
    CAST(assumeNotNull(_v.`producer`) AS String) AS `producer`,
    CAST(assumeNotNull(toUUIDOrNull(_v.`community_id`)) AS UUID) AS `community_id`,
    CAST(assumeNotNull(toUUIDOrNull(_v.`post_id`)) AS UUID) AS `post_id`,
    CAST(assumeNotNull(toUUIDOrNull(_v.`moderator_id`)) AS UUID) AS `moderator_id`,
    CAST(assumeNotNull(_v.`position`) AS UInt8) AS `position`,
    source, stream, partition, offset, landed_at, raw,
    arrayFilter(reason -> reason != '', arrayConcat(
        arrayConcat(
            if(length(arrayDistinct(_keys)) = length(_keys), [],
               arrayMap(_k -> concat('', substringUTF8(_k, 1, 60), ': given twice'),
                        arrayDistinct(arrayFilter(_k -> countEqual(_keys, _k) > 1, _keys)))),
            arrayMap(_k -> concat('', substringUTF8(_k, 1, 60), ': not declared'),
                     arrayDistinct(arrayFilter(_k -> _k NOT IN ('event_id', 'event_type', 'op', 'event_time', 'schema_version', 'producer', 'community_id', 'post_id', 'moderator_id', 'position'), _keys)))),
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
        NOT has(_keys, 'community_id'), 'community_id: missing',
        JSONType(raw, 'community_id') = 'Null', 'community_id: is null',
        JSONType(raw, 'community_id') != 'String', 'community_id: not a text',
        NOT match(ifNull(_v.`community_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'community_id: not a UUID',
        ''),
        multiIf(
        NOT has(_keys, 'post_id'), 'post_id: missing',
        JSONType(raw, 'post_id') = 'Null', 'post_id: is null',
        JSONType(raw, 'post_id') != 'String', 'post_id: not a text',
        NOT match(ifNull(_v.`post_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'post_id: not a UUID',
        ''),
        multiIf(
        NOT has(_keys, 'moderator_id'), 'moderator_id: missing',
        JSONType(raw, 'moderator_id') = 'Null', 'moderator_id: is null',
        JSONType(raw, 'moderator_id') != 'String', 'moderator_id: not a text',
        NOT match(ifNull(_v.`moderator_id`, ''), '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$'), 'moderator_id: not a UUID',
        ''),
        multiIf(
        NOT has(_keys, 'position'), 'position: missing',
        JSONType(raw, 'position') = 'Null', 'position: is null',
        JSONType(raw, 'position') = 'String' AND NOT (JSONType(raw, 'position') = 'String'
            AND if(match(ifNull(JSONExtractString(raw, 'position'), ''), '^-?[0-9]{19,}$'),
                   NOT arrayExists(_n -> match(_n, '^-?[0-9]{19,}$')
                           AND _n != toString(toInt64OrZero(_n)) AND _n != toString(toUInt64OrZero(_n)),
                       extractAll(replaceRegexpAll(raw, '"(\\\\.|[^"\\\\])*"', '""'), '-?[0-9]+(?:[.][0-9]+)?(?:[eE][+-]?[0-9]+)?')), true)), 'position: out of range',
        JSONType(raw, 'position') = 'UInt64', 'position: above 10',
        JSONType(raw, 'position') != 'Int64', 'position: not a whole number',
        assumeNotNull(_v.`position`) < 1, 'position: below 1',
        assumeNotNull(_v.`position`) > 10, 'position: above 10',
        '')
        ]    )) AS reasons
FROM landing.`routed_pinned_post_null`
WHERE event_type = 'pinned_post';

-- ═══ ClickHouse: feed landing.route_pinned_post_mv
CREATE MATERIALIZED VIEW landing.`route_pinned_post_mv` TO landing.`routed_pinned_post_null` AS
SELECT source, stream, partition, offset, landed_at, event_type, raw
FROM landing.`gathered_communities_null`
WHERE event_type = 'pinned_post';

-- ═══ PostgreSQL: table stage.pinned_post
-- The stage of one event type (PostgreSQL). Grain: one observation of the batch being loaded. Inputs: v (VaultSpec).
-- Nullable and as wide as ClickHouse's types: what does not fit arrives changed, without an error. Unlogged: a killed
-- server empties it, and the load stages again from the watermark. It holds nothing between loads, so it is made anew.
drop table if exists "stage"."pinned_post";
create unlogged table "stage"."pinned_post" (
    event_id uuid,
    event_time timestamptz,
    source_order uuid,
    is_deleted boolean,
    record_source text
    , "bk_community" uuid, "hk_community" uuid
    , "bk_post" uuid, "hk_post" uuid
    , "bk_moderator" uuid, "hk_moderator" uuid
    , "lhk_pinned_post" uuid
    , "hd_sat_pinned_post_pin" uuid
    , "a_position" bigint
);

-- ═══ PostgreSQL: table vault.link_pinned_post
-- One link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one combination of hub keys; when it was in force is said by its eff_pinned_post.
create table if not exists "vault"."link_pinned_post" (
    lhk uuid primary key,
    "hk_community" uuid not null,
    "hk_post" uuid not null,
    "hk_moderator" uuid not null,
    load_ts timestamptz not null,
    first_seen timestamptz not null, -- the earliest event; record_source gave it (of equal times the first by name)
    record_source text not null
);

-- ═══ PostgreSQL: table vault.eff_pinned_post
-- One effectivity satellite (PostgreSQL). Inputs: link (LinkSpec), first (as sat.sql.j2). Insert-only, as a satellite.
-- Grain: one observation of a driving key: a partner opens (is_open), closes (not is_open), or there is none (lhk NULL).
-- Closing is a row, never an update. Driving key: community.
create table if not exists "vault"."eff_pinned_post" (
    driving_hk uuid not null,
    event_time timestamptz not null,
    event_id uuid not null,
    source_order uuid not null,
    lhk uuid,
    is_open boolean not null,
    load_ts timestamptz not null,
    record_source text not null,
    primary key (driving_hk, event_time, event_id)
) partition by range (event_time);

-- ═══ PostgreSQL: table vault.sat_pinned_post_pin
-- One satellite (PostgreSQL). Inputs: sat (SatSpec), first (whether the event type's other tables are found by it).
-- Insert-only, but for an event of which a copy comes that its source gave earlier: that copy takes its place.
-- Grain: one observation (key, time, event), also where nothing changed: what changed is the view's to say, since a late
-- row can make an observation matter that did not before. Observations of one time are in source_order. hk is the key of link_pinned_post.
create table if not exists "vault"."sat_pinned_post_pin" (
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
alter table "vault"."sat_pinned_post_pin" add column if not exists "position" bigint;

-- ═══ PostgreSQL: view vault.v_sat_pinned_post_pin
-- A satellite's versions (PostgreSQL). Inputs: sat (SatSpec), link (LinkSpec of its parent, or none).
-- Grain: one change of a key: observations that say the same as the one before them in (event_time, source_order) are
-- left out. In force in [valid_from, valid_to); two changes at one time leave the earlier one in force for no time.
create or replace view "vault"."v_sat_pinned_post_pin" as
select
    c.hk,
    p."hk_community",
    p."hk_post",
    p."hk_moderator",
    c.valid_from, c.valid_to, c.valid_to is null as is_current, c.is_deleted, c.event_id, c.load_ts, c.record_source
    , c."position"
from (
    select o.*, o.event_time as valid_from,
        lead(o.event_time) over (partition by o.hk order by o.event_time, o.source_order) as valid_to
    from (
        select s.*, lag(s.hashdiff) over (partition by s.hk order by s.event_time, s.source_order) as hashdiff_before
        from "vault"."sat_pinned_post_pin" s
    ) o
    where o.hashdiff is distinct from o.hashdiff_before
) c
left join "vault"."link_pinned_post" p on p.lhk = c.hk;

-- ═══ PostgreSQL: view vault.v_eff_pinned_post
-- The periods of a link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one period in which a link is in force without a break: [valid_from, valid_to). Driving key: community.
create or replace view "vault"."v_eff_pinned_post" as
select
    c.lhk,
    l."hk_community",
    l."hk_post",
    l."hk_moderator",
    c.driving_hk, c.event_time as valid_from, c.valid_to, c.valid_to is null as is_current
from (
    select t.*, lead(t.event_time) over (partition by t.driving_hk order by t.event_time, t.source_order) as valid_to
    from (
        select * from (
            select o.driving_hk, o.event_time, o.event_id, o.source_order, o.state as lhk,
                lag(o.state) over (partition by o.driving_hk order by o.event_time, o.source_order) as before
            from (
                select g.driving_hk, g.event_time, g.event_id, g.source_order,
                    case when not bool_or(not g.sets and g.lhk = g.set_lhk)
                        over (partition by g.driving_hk, g.grp order by g.event_time, g.source_order)
                    then g.set_lhk end as state
                from (
                    select n.*, first_value(n.lhk) over (partition by n.driving_hk, n.grp order by n.event_time, n.source_order) as set_lhk
                    from (
                        select e.driving_hk, e.event_time, e.event_id, e.source_order, e.lhk, e.is_open or e.lhk is null as sets,
                            count(*) filter (where e.is_open or e.lhk is null)
                                over (partition by e.driving_hk order by e.event_time, e.source_order) as grp
                        from "vault"."eff_pinned_post" e
                    ) n
                ) g
            ) o
        ) s
        where s.lhk is distinct from s.before
    ) t
) c
left join "vault"."link_pinned_post" l on l.lhk = c.lhk
where c.lhk is not null;

-- ═══ PostgreSQL: view vault.v_eff_pinned_post_changes
-- The openings and closings of a link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one opening or one closing; a partner that takes another's place is both, at one time, the closing first.
create or replace view "vault"."v_eff_pinned_post_changes" as
select
    change.lhk,
    l."hk_community",
    l."hk_post",
    l."hk_moderator",
    c.driving_hk, c.event_time, c.event_id, change.is_open
from (
    select * from (
        select o.driving_hk, o.event_time, o.event_id, o.source_order, o.state as lhk,
            lag(o.state) over (partition by o.driving_hk order by o.event_time, o.source_order) as before
        from (
            select g.driving_hk, g.event_time, g.event_id, g.source_order,
                case when not bool_or(not g.sets and g.lhk = g.set_lhk)
                    over (partition by g.driving_hk, g.grp order by g.event_time, g.source_order)
                then g.set_lhk end as state
            from (
                select n.*, first_value(n.lhk) over (partition by n.driving_hk, n.grp order by n.event_time, n.source_order) as set_lhk
                from (
                    select e.driving_hk, e.event_time, e.event_id, e.source_order, e.lhk, e.is_open or e.lhk is null as sets,
                        count(*) filter (where e.is_open or e.lhk is null)
                            over (partition by e.driving_hk order by e.event_time, e.source_order) as grp
                    from "vault"."eff_pinned_post" e
                ) n
            ) g
        ) o
    ) s
    where s.lhk is distinct from s.before
) c
cross join lateral (values (c.before, false), (c.lhk, true)) as change (lhk, is_open)
left join "vault"."link_pinned_post" l on l.lhk = change.lhk
where change.lhk is not null;

-- ═══ bridge: windows
-- What of one event type is new (ClickHouse): landed whole (below `safe`), and not yet in the vault (at or above the watermark).
-- Grain: source, stream, partition. `sample`: sorted offsets, to cut a batch at; since, until: the first and the last event time.
-- Inputs: v (VaultSpec). Parameter marks: the watermarks (source, stream, partition, next_offset).
SELECT
    r.source AS source, r.stream AS stream, r.partition AS partition,
    count() AS rows, min(r.offset) AS low, max(r.offset) + 1 AS high, arraySort(groupArraySample(1000)(r.offset)) AS sample,
    toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`pinned_post` AS r
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
FROM `raw`.`pinned_post` AS r
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
INSERT INTO FUNCTION postgresql(`vault_stage`, schema = 'stage', table = 'pinned_post')
SELECT
    r.event_id AS event_id,
    r.event_time AS event_time,
    toUUID(leftPad(hex(r.source_order), 32, '0')) AS source_order,
    r.op = 'delete' AS is_deleted,
    concat(toString(r.source), '/', toString(r.stream)) AS record_source
    , r.`community_id` AS `bk_community`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_community`))), ':', toString(`bk_community`), ';'))))) AS `hk_community`
    , r.`post_id` AS `bk_post`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_post`))), ':', toString(`bk_post`), ';'))))) AS `hk_post`
    , r.`moderator_id` AS `bk_moderator`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_moderator`))), ':', toString(`bk_moderator`), ';'))))) AS `hk_moderator`
    , toUUID(lower(hex(MD5(concat(concat(toString(length(toString(`hk_community`))), ':', toString(`hk_community`), ';'), concat(toString(length(toString(`hk_post`))), ':', toString(`hk_post`), ';'), concat(toString(length(toString(`hk_moderator`))), ':', toString(`hk_moderator`), ';'), ''))))) AS `lhk_pinned_post`
    , toUUID(lower(hex(MD5(concat('10:is_deleted;', if(r.op = 'delete', '4:true;', '5:false;')
, '8:position;', concat(toString(length(toString(r.`position`))), ':', toString(r.`position`), ';')
))))) AS `hd_sat_pinned_post_pin`
    , r.`position` AS `a_position`
FROM `raw`.`pinned_post` AS r FINAL
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
FROM `raw`.`pinned_post` AS r FINAL
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
from "stage"."pinned_post";

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
        select "hk_moderator" as hk, event_time from "stage"."pinned_post"
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
        select "hk_post" as hk, event_time from "stage"."pinned_post"
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
select t.event_time, t.event_id, t."hk" as key, s."lhk_pinned_post" as key_now
from "stage"."pinned_post" s
join "vault"."sat_pinned_post_pin" t on t.event_time = s.event_time and t.event_id = s.event_id
where s.source_order < t.source_order;

set local enable_seqscan = on;

set local enable_hashjoin = on;

set local enable_mergejoin = on;

-- ═══ merge: supersede
-- What was loaded of superseded events leaves the vault, before the merge puts the earlier copy there (PostgreSQL).
-- Inputs: v (VaultSpec), tables (of v, with its events), hubs (that v mentions), snapshots (names of the PIT and bridge tables that v feeds).
delete from "vault"."eff_pinned_post" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);

delete from "vault"."sat_pinned_post_pin" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);

-- Keys that nothing but a copy that left may have mentioned, or mentioned first: ClickHouse knows (mentions.sql.j2), once all is loaded.
insert into ops.doubtful_key (table_name, hk)
select 'hub_user', h.hk from "vault"."hub_user" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."pinned_post" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_moderator" = h.hk));

insert into ops.doubtful_key (table_name, hk)
select 'hub_post', h.hk from "vault"."hub_post" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."pinned_post" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_post" = h.hk));

insert into ops.doubtful_key (table_name, hk)
select 'hub_community', h.hk from "vault"."hub_community" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."pinned_post" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_community" = h.hk));

insert into ops.doubtful_key (table_name, hk)
select 'link_pinned_post', l.lhk from "vault"."link_pinned_post" l
where l.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."pinned_post" s where s.event_time = l.first_seen and s.record_source collate "C" <= l.record_source collate "C" and s."lhk_pinned_post" = l.lhk);

delete from ops.graph_object where exists (select from pg_temp.superseded where key is distinct from key_now);

-- ═══ merge: months
-- Partitions for the months of the batch (PostgreSQL). Inputs: v (VaultSpec).
select vault.add_months(
    array['eff_pinned_post', 'sat_pinned_post_pin']::text[],
    array(select distinct date_trunc('month', event_time at time zone 'UTC')::date from "stage"."pinned_post" where event_time is not null));

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
        select "hk_moderator" as hk, "bk_moderator" as bk, event_time, record_source from "stage"."pinned_post"
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
        select "hk_post" as hk, "bk_post" as bk, event_time, record_source from "stage"."pinned_post"
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

-- The stage's keys of one hub (PostgreSQL). Inputs: v (VaultSpec), hub (name). A missing business key has no hash key: no row.
-- A key's source is the one that saw it first by event time, not the one that was loaded first; of equal times the first by name.
-- Several event types may write at once, hence ON CONFLICT; sorted, so that two of them cannot wait for each other.
create temporary table mentioned on commit drop as
select distinct on (k.hk) k.hk, k.bk, k.event_time, k.record_source
from (
    -- Grouped first, since a key is staged many times: a hash of the keys is cheaper than a sort of the rows.
    select a.hk, a.bk, a.record_source, min(a.event_time) as event_time
    from (
        select "hk_community" as hk, "bk_community" as bk, event_time, record_source from "stage"."pinned_post"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";

insert into "vault"."hub_community" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;

with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_community" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_community" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.hk = e.hk;

drop table pg_temp.mentioned;

-- ═══ merge: links
-- The stage's rows of one link (PostgreSQL). Inputs: v (VaultSpec), link (LinkSpec). A link with a missing key is not loaded.
create temporary table mentioned on commit drop as
select distinct on (s."lhk_pinned_post") s."lhk_pinned_post" as lhk,
s."hk_community", s."hk_post", s."hk_moderator",
    s.event_time, s.record_source
from "stage"."pinned_post" s
where s."lhk_pinned_post" is not null and s."hk_community" is not null and s."hk_post" is not null and s."hk_moderator" is not null
order by s."lhk_pinned_post", s.event_time, s.record_source collate "C";

set local enable_seqscan = off;

set local enable_hashjoin = off;

set local enable_mergejoin = off;

insert into "vault"."link_pinned_post" (lhk, "hk_community", "hk_post", "hk_moderator", load_ts, first_seen, record_source)
select k.lhk, k."hk_community", k."hk_post", k."hk_moderator", now(), k.event_time, k.record_source
from pg_temp.mentioned k
where not exists (select from "vault"."link_pinned_post" t where t.lhk = k.lhk)
order by k.lhk;

set local enable_seqscan = on;

set local enable_hashjoin = on;

set local enable_mergejoin = on;

with earlier as (
    select t.lhk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."link_pinned_post" t on t.lhk = k.lhk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.lhk
    for update of t
)
update "vault"."link_pinned_post" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.lhk = e.lhk;

drop table pg_temp.mentioned;

-- ═══ merge: sats
-- The stage's observations of one satellite (PostgreSQL). Inputs: v (VaultSpec), sat (SatSpec).
set local enable_seqscan = off;

set local enable_hashjoin = off;

set local enable_mergejoin = off;

insert into "vault"."sat_pinned_post_pin" (
    hk, event_time, event_id, source_order, hashdiff, is_deleted, "position", load_ts, record_source)
select distinct on (s."lhk_pinned_post", s.event_time, s.event_id)
    s."lhk_pinned_post", s.event_time, s.event_id, s.source_order, s."hd_sat_pinned_post_pin", s.is_deleted, s."a_position", now(), s.record_source
from "stage"."pinned_post" s
where s."lhk_pinned_post" is not null
    and not exists (
        select from "vault"."sat_pinned_post_pin" t
        where t.hk = s."lhk_pinned_post" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."lhk_pinned_post", s.event_time, s.event_id, s.source_order;

set local enable_seqscan = on;

set local enable_hashjoin = on;

set local enable_mergejoin = on;

-- ═══ merge: effs
-- The stage's observations of one effectivity satellite (PostgreSQL). Inputs: v (VaultSpec), link (LinkSpec).
-- Where a hub's own event drives the link, op=delete leaves it without any partner.
set local enable_seqscan = off;

set local enable_hashjoin = off;

set local enable_mergejoin = off;

insert into "vault"."eff_pinned_post" (driving_hk, event_time, event_id, source_order, lhk, is_open, load_ts, record_source)
select distinct on (s."hk_community", s.event_time, s.event_id)
    s."hk_community", s.event_time, s.event_id, s.source_order,
    s."lhk_pinned_post",
    not s.is_deleted and s."lhk_pinned_post" is not null, now(), s.record_source
from "stage"."pinned_post" s
where s."hk_community" is not null and s."hk_community" is not null and s."hk_post" is not null and s."hk_moderator" is not null
    and not exists (
        select from "vault"."eff_pinned_post" t
        where t.driving_hk = s."hk_community" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."hk_community", s.event_time, s.event_id, s.source_order;

set local enable_seqscan = on;

set local enable_hashjoin = on;

set local enable_mergejoin = on;
