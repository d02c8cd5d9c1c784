-- Which event types have rows at or above their watermark (ClickHouse): one question for all of them, so that a load with nothing to
-- do costs no more than this. Grain: event type. Inputs: names (of event types), collection.
SELECT DISTINCT r.event_type AS event_type
FROM
(
    SELECT 'customer' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`customer` GROUP BY source, stream, partition
    UNION ALL SELECT 'nation' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`nation` GROUP BY source, stream, partition
    UNION ALL SELECT 'till' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`till` GROUP BY source, stream, partition
    UNION ALL SELECT 'customer_nation' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`customer_nation` GROUP BY source, stream, partition
    UNION ALL SELECT 'order' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`order` GROUP BY source, stream, partition
    UNION ALL SELECT 'refund' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`refund` GROUP BY source, stream, partition
    UNION ALL SELECT 'order_customer' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`order_customer` GROUP BY source, stream, partition
    UNION ALL SELECT 'delivery' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`delivery` GROUP BY source, stream, partition
    UNION ALL SELECT 'acquaintance' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`acquaintance` GROUP BY source, stream, partition
    UNION ALL SELECT 'payment' AS event_type, source, stream, partition, max(offset) AS last FROM `raw`.`payment` GROUP BY source, stream, partition
) AS r
LEFT JOIN
(
    SELECT event_type, source, stream, partition, toUInt64(next_offset) AS next_offset
    FROM postgresql(`vault_stage`, schema = 'ops', table = 'watermark')
) AS w ON w.event_type = r.event_type AND w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.last >= w.next_offset
;

-- customer: windows
-- What of one event type is new (ClickHouse): landed whole (below `safe`), and not yet in the vault (at or above the watermark).
-- Grain: source, stream, partition. `sample`: sorted offsets, to cut a batch at; since, until: the first and the last event time.
-- Inputs: v (VaultSpec). Parameter marks: the watermarks (source, stream, partition, next_offset).
SELECT
    r.source AS source, r.stream AS stream, r.partition AS partition,
    count() AS rows, min(r.offset) AS low, max(r.offset) + 1 AS high, arraySort(groupArraySample(1000)(r.offset)) AS sample,
    toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`customer` AS r
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
ORDER BY source, stream, partition
;

-- customer: batch_times
-- The first and the last event time of a batch that is a part of its windows, duplicates included (ClickHouse). Inputs: v (VaultSpec).
SELECT count() AS rows, toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`customer` AS r

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high
;

-- customer: stage
-- Push one batch into the stage (ClickHouse): one COPY, one transaction in PostgreSQL. Inputs: v (VaultSpec), collection.
-- Hash keys and hashdiffs are computed here; only what the merge needs is sent.
-- Columns by position: in the order of stage_table.sql.j2.
INSERT INTO FUNCTION postgresql(`vault_stage`, schema = 'stage', table = 'customer')
SELECT
    r.event_id AS event_id,
    r.event_time AS event_time,
    toUUID(leftPad(hex(r.source_order), 32, '0')) AS source_order,
    r.op = 'delete' AS is_deleted,
    concat(toString(r.source), '/', toString(r.stream)) AS record_source
    , nullIf(r.`customer_id`, '') AS `bk_customer`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_customer`))), ':', toString(`bk_customer`), ';'))))) AS `hk_customer`
    , toUUID(lower(hex(MD5(concat('10:is_deleted;', if(r.op = 'delete', '4:true;', '5:false;')
, ifNull(concat('3:dob;', concat(toString(length(toString(r.`dob`))), ':', toString(r.`dob`), ';')), '')
, '4:name;', concat(toString(length(r.`name`)), ':', r.`name`, ';')
))))) AS `hd_sat_customer_details`
    , toUUID(lower(hex(MD5(concat('10:is_deleted;', if(r.op = 'delete', '4:true;', '5:false;')
, arrayStringConcat(arrayMap(n -> concat(toString(length(n)), ':', n, ';'), arrayMap(m -> concat(''
, '4:kind;', concat(toString(length(m.`kind`)), ':', m.`kind`, ';')
, '6:number;', concat(toString(length(m.`number`)), ':', m.`number`, ';')
, ifNull(concat('4:rank;', concat(toString(length(toString(m.`rank`))), ':', toString(m.`rank`), ';')), '')
), arraySort(m -> m.`kind`, r.`phones`))))
))))) AS `hd_sat_customer_phone`
    , r.`name` AS `a_name`
    , r.`dob` AS `a_dob`
    , toJSONString(CAST(arrayMap(m -> tuple(m.`kind`, m.`number`, m.`rank`), arraySort(m -> m.`kind`, r.`phones`)), 'Array(Tuple(`kind` String, `number` String, `rank` Nullable(UInt8)))')) AS `a_phones`
FROM `raw`.`customer` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- customer: batch_sums
-- What the stage must hold (ClickHouse): rows, and sums over identity and operation. stage_sums.sql.j2 is its other side.
-- Inputs: v (VaultSpec).
SELECT
    count() AS rows,
    sum(toUInt64(bitShiftRight(toUInt128(r.event_id), 96))) AS ids,
    sum(toUnixTimestamp64Micro(r.event_time) % 4294967296) AS times,
    countIf(r.op = 'delete') AS deletions
FROM `raw`.`customer` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- nation: windows
-- What of one event type is new (ClickHouse): landed whole (below `safe`), and not yet in the vault (at or above the watermark).
-- Grain: source, stream, partition. `sample`: sorted offsets, to cut a batch at; since, until: the first and the last event time.
-- Inputs: v (VaultSpec). Parameter marks: the watermarks (source, stream, partition, next_offset).
SELECT
    r.source AS source, r.stream AS stream, r.partition AS partition,
    count() AS rows, min(r.offset) AS low, max(r.offset) + 1 AS high, arraySort(groupArraySample(1000)(r.offset)) AS sample,
    toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`nation` AS r
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
ORDER BY source, stream, partition
;

-- nation: batch_times
-- The first and the last event time of a batch that is a part of its windows, duplicates included (ClickHouse). Inputs: v (VaultSpec).
SELECT count() AS rows, toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`nation` AS r

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high
;

-- nation: stage
-- Push one batch into the stage (ClickHouse): one COPY, one transaction in PostgreSQL. Inputs: v (VaultSpec), collection.
-- Hash keys and hashdiffs are computed here; only what the merge needs is sent.
-- Columns by position: in the order of stage_table.sql.j2.
INSERT INTO FUNCTION postgresql(`vault_stage`, schema = 'stage', table = 'nation')
SELECT
    r.event_id AS event_id,
    r.event_time AS event_time,
    toUUID(leftPad(hex(r.source_order), 32, '0')) AS source_order,
    r.op = 'delete' AS is_deleted,
    concat(toString(r.source), '/', toString(r.stream)) AS record_source
    , nullIf(lowerUTF8(r.`nation_id`), '') AS `bk_nation`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_nation`))), ':', toString(`bk_nation`), ';'))))) AS `hk_nation`
    , toUUID(lower(hex(MD5(concat('10:is_deleted;', if(r.op = 'delete', '4:true;', '5:false;')
))))) AS `hd_sat_nation`
FROM `raw`.`nation` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- nation: batch_sums
-- What the stage must hold (ClickHouse): rows, and sums over identity and operation. stage_sums.sql.j2 is its other side.
-- Inputs: v (VaultSpec).
SELECT
    count() AS rows,
    sum(toUInt64(bitShiftRight(toUInt128(r.event_id), 96))) AS ids,
    sum(toUnixTimestamp64Micro(r.event_time) % 4294967296) AS times,
    countIf(r.op = 'delete') AS deletions
FROM `raw`.`nation` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- till: windows
-- What of one event type is new (ClickHouse): landed whole (below `safe`), and not yet in the vault (at or above the watermark).
-- Grain: source, stream, partition. `sample`: sorted offsets, to cut a batch at; since, until: the first and the last event time.
-- Inputs: v (VaultSpec). Parameter marks: the watermarks (source, stream, partition, next_offset).
SELECT
    r.source AS source, r.stream AS stream, r.partition AS partition,
    count() AS rows, min(r.offset) AS low, max(r.offset) + 1 AS high, arraySort(groupArraySample(1000)(r.offset)) AS sample,
    toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`till` AS r
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
ORDER BY source, stream, partition
;

-- till: batch_times
-- The first and the last event time of a batch that is a part of its windows, duplicates included (ClickHouse). Inputs: v (VaultSpec).
SELECT count() AS rows, toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`till` AS r

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high
;

-- till: stage
-- Push one batch into the stage (ClickHouse): one COPY, one transaction in PostgreSQL. Inputs: v (VaultSpec), collection.
-- Hash keys and hashdiffs are computed here; only what the merge needs is sent.
-- Columns by position: in the order of stage_table.sql.j2.
INSERT INTO FUNCTION postgresql(`vault_stage`, schema = 'stage', table = 'till')
SELECT
    r.event_id AS event_id,
    r.event_time AS event_time,
    toUUID(leftPad(hex(r.source_order), 32, '0')) AS source_order,
    r.op = 'delete' AS is_deleted,
    concat(toString(r.source), '/', toString(r.stream)) AS record_source
    , r.`till_no` AS `bk_till`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_till`))), ':', toString(`bk_till`), ';'))))) AS `hk_till`
    , toUUID(lower(hex(MD5(concat('10:is_deleted;', if(r.op = 'delete', '4:true;', '5:false;')
))))) AS `hd_sat_till`
FROM `raw`.`till` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- till: batch_sums
-- What the stage must hold (ClickHouse): rows, and sums over identity and operation. stage_sums.sql.j2 is its other side.
-- Inputs: v (VaultSpec).
SELECT
    count() AS rows,
    sum(toUInt64(bitShiftRight(toUInt128(r.event_id), 96))) AS ids,
    sum(toUnixTimestamp64Micro(r.event_time) % 4294967296) AS times,
    countIf(r.op = 'delete') AS deletions
FROM `raw`.`till` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- customer_nation: windows
-- What of one event type is new (ClickHouse): landed whole (below `safe`), and not yet in the vault (at or above the watermark).
-- Grain: source, stream, partition. `sample`: sorted offsets, to cut a batch at; since, until: the first and the last event time.
-- Inputs: v (VaultSpec). Parameter marks: the watermarks (source, stream, partition, next_offset).
SELECT
    r.source AS source, r.stream AS stream, r.partition AS partition,
    count() AS rows, min(r.offset) AS low, max(r.offset) + 1 AS high, arraySort(groupArraySample(1000)(r.offset)) AS sample,
    toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`customer_nation` AS r
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
ORDER BY source, stream, partition
;

-- customer_nation: batch_times
-- The first and the last event time of a batch that is a part of its windows, duplicates included (ClickHouse). Inputs: v (VaultSpec).
SELECT count() AS rows, toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`customer_nation` AS r

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high
;

-- customer_nation: stage
-- Push one batch into the stage (ClickHouse): one COPY, one transaction in PostgreSQL. Inputs: v (VaultSpec), collection.
-- Hash keys and hashdiffs are computed here; only what the merge needs is sent.
-- Columns by position: in the order of stage_table.sql.j2.
INSERT INTO FUNCTION postgresql(`vault_stage`, schema = 'stage', table = 'customer_nation')
SELECT
    r.event_id AS event_id,
    r.event_time AS event_time,
    toUUID(leftPad(hex(r.source_order), 32, '0')) AS source_order,
    r.op = 'delete' AS is_deleted,
    concat(toString(r.source), '/', toString(r.stream)) AS record_source
    , nullIf(r.`customer_id`, '') AS `bk_customer`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_customer`))), ':', toString(`bk_customer`), ';'))))) AS `hk_customer`
    , nullIf(lowerUTF8(r.`nation_id`), '') AS `bk_nation`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_nation`))), ':', toString(`bk_nation`), ';'))))) AS `hk_nation`
    , toUUID(lower(hex(MD5(concat(concat(toString(length(toString(`hk_customer`))), ':', toString(`hk_customer`), ';'), concat(toString(length(toString(`hk_nation`))), ':', toString(`hk_nation`), ';'), ''))))) AS `lhk_customer_nation`
    , toUUID(lower(hex(MD5(concat('10:is_deleted;', if(r.op = 'delete', '4:true;', '5:false;')
))))) AS `hd_sat_customer_nation`
FROM `raw`.`customer_nation` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- customer_nation: batch_sums
-- What the stage must hold (ClickHouse): rows, and sums over identity and operation. stage_sums.sql.j2 is its other side.
-- Inputs: v (VaultSpec).
SELECT
    count() AS rows,
    sum(toUInt64(bitShiftRight(toUInt128(r.event_id), 96))) AS ids,
    sum(toUnixTimestamp64Micro(r.event_time) % 4294967296) AS times,
    countIf(r.op = 'delete') AS deletions
FROM `raw`.`customer_nation` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- order: windows
-- What of one event type is new (ClickHouse): landed whole (below `safe`), and not yet in the vault (at or above the watermark).
-- Grain: source, stream, partition. `sample`: sorted offsets, to cut a batch at; since, until: the first and the last event time.
-- Inputs: v (VaultSpec). Parameter marks: the watermarks (source, stream, partition, next_offset).
SELECT
    r.source AS source, r.stream AS stream, r.partition AS partition,
    count() AS rows, min(r.offset) AS low, max(r.offset) + 1 AS high, arraySort(groupArraySample(1000)(r.offset)) AS sample,
    toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`order` AS r
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
ORDER BY source, stream, partition
;

-- order: batch_times
-- The first and the last event time of a batch that is a part of its windows, duplicates included (ClickHouse). Inputs: v (VaultSpec).
SELECT count() AS rows, toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`order` AS r

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high
;

-- order: stage
-- Push one batch into the stage (ClickHouse): one COPY, one transaction in PostgreSQL. Inputs: v (VaultSpec), collection.
-- Hash keys and hashdiffs are computed here; only what the merge needs is sent.
-- Columns by position: in the order of stage_table.sql.j2.
INSERT INTO FUNCTION postgresql(`vault_stage`, schema = 'stage', table = 'order')
SELECT
    r.event_id AS event_id,
    r.event_time AS event_time,
    toUUID(leftPad(hex(r.source_order), 32, '0')) AS source_order,
    r.op = 'delete' AS is_deleted,
    concat(toString(r.source), '/', toString(r.stream)) AS record_source
    , nullIf(r.`order_id`, '') AS `bk_order`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_order`))), ':', toString(`bk_order`), ';'))))) AS `hk_order`
    , nullIf(r.`customer_id`, '') AS `bk_buyer`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_buyer`))), ':', toString(`bk_buyer`), ';'))))) AS `hk_buyer`
    , toUUID(lower(hex(MD5(concat(concat(toString(length(toString(`hk_order`))), ':', toString(`hk_order`), ';'), concat(toString(length(toString(`hk_buyer`))), ':', toString(`hk_buyer`), ';'), ''))))) AS `lhk_order_buyer`
    , toUUID(lower(hex(MD5(concat('10:is_deleted;', if(r.op = 'delete', '4:true;', '5:false;')
, ifNull(concat('4:left;', concat(toString(length(r.`left`)), ':', r.`left`, ';')), '')
, ifNull(concat('5:right;', concat(toString(length(r.`right`)), ':', r.`right`, ';')), '')
))))) AS `hd_sat_order_note`
    , toUUID(lower(hex(MD5(concat('10:is_deleted;', if(r.op = 'delete', '4:true;', '5:false;')
, ifNull(concat('3:due;', concat(toString(length(concat(replaceOne(toString(r.`due`), ' ', 'T'), 'Z'))), ':', concat(replaceOne(toString(r.`due`), ' ', 'T'), 'Z'), ';')), '')
, ifNull(concat('4:paid;', concat(toString(length(toString(r.`paid`))), ':', toString(r.`paid`), ';')), '')
, ifNull(concat('3:ref;', concat(toString(length(toString(r.`ref`))), ':', toString(r.`ref`), ';')), '')
, ifNull(concat('6:weight;', concat(toString(length(toString(r.`weight`))), ':', toString(r.`weight`), ';')), '')
))))) AS `hd_sat_order_facts`
    , r.`left` AS `a_left`
    , r.`right` AS `a_right`
    , r.`paid` AS `a_paid`
    , r.`weight` AS `a_weight`
    , r.`due` AS `a_due`
    , r.`ref` AS `a_ref`
FROM `raw`.`order` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- order: batch_sums
-- What the stage must hold (ClickHouse): rows, and sums over identity and operation. stage_sums.sql.j2 is its other side.
-- Inputs: v (VaultSpec).
SELECT
    count() AS rows,
    sum(toUInt64(bitShiftRight(toUInt128(r.event_id), 96))) AS ids,
    sum(toUnixTimestamp64Micro(r.event_time) % 4294967296) AS times,
    countIf(r.op = 'delete') AS deletions
FROM `raw`.`order` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- refund: windows
-- What of one event type is new (ClickHouse): landed whole (below `safe`), and not yet in the vault (at or above the watermark).
-- Grain: source, stream, partition. `sample`: sorted offsets, to cut a batch at; since, until: the first and the last event time.
-- Inputs: v (VaultSpec). Parameter marks: the watermarks (source, stream, partition, next_offset).
SELECT
    r.source AS source, r.stream AS stream, r.partition AS partition,
    count() AS rows, min(r.offset) AS low, max(r.offset) + 1 AS high, arraySort(groupArraySample(1000)(r.offset)) AS sample,
    toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`refund` AS r
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
ORDER BY source, stream, partition
;

-- refund: batch_times
-- The first and the last event time of a batch that is a part of its windows, duplicates included (ClickHouse). Inputs: v (VaultSpec).
SELECT count() AS rows, toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`refund` AS r

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high
;

-- refund: stage
-- Push one batch into the stage (ClickHouse): one COPY, one transaction in PostgreSQL. Inputs: v (VaultSpec), collection.
-- Hash keys and hashdiffs are computed here; only what the merge needs is sent.
-- Columns by position: in the order of stage_table.sql.j2.
INSERT INTO FUNCTION postgresql(`vault_stage`, schema = 'stage', table = 'refund')
SELECT
    r.event_id AS event_id,
    r.event_time AS event_time,
    toUUID(leftPad(hex(r.source_order), 32, '0')) AS source_order,
    r.op = 'delete' AS is_deleted,
    concat(toString(r.source), '/', toString(r.stream)) AS record_source
    , nullIf(r.`order_id`, '') AS `bk_order`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_order`))), ':', toString(`bk_order`), ';'))))) AS `hk_order`
    , nullIf(r.`customer_id`, '') AS `bk_buyer`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_buyer`))), ':', toString(`bk_buyer`), ';'))))) AS `hk_buyer`
    , toUUID(lower(hex(MD5(concat(concat(toString(length(toString(`hk_order`))), ':', toString(`hk_order`), ';'), concat(toString(length(toString(`hk_buyer`))), ':', toString(`hk_buyer`), ';'), ''))))) AS `lhk_refund_buyer`
    , toUUID(lower(hex(MD5(concat('10:is_deleted;', if(r.op = 'delete', '4:true;', '5:false;')
, '5:cents;', concat(toString(length(toString(r.`cents`))), ':', toString(r.`cents`), ';')
))))) AS `hd_sat_refund_refund`
    , r.`cents` AS `a_cents`
FROM `raw`.`refund` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- refund: batch_sums
-- What the stage must hold (ClickHouse): rows, and sums over identity and operation. stage_sums.sql.j2 is its other side.
-- Inputs: v (VaultSpec).
SELECT
    count() AS rows,
    sum(toUInt64(bitShiftRight(toUInt128(r.event_id), 96))) AS ids,
    sum(toUnixTimestamp64Micro(r.event_time) % 4294967296) AS times,
    countIf(r.op = 'delete') AS deletions
FROM `raw`.`refund` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- order_customer: windows
-- What of one event type is new (ClickHouse): landed whole (below `safe`), and not yet in the vault (at or above the watermark).
-- Grain: source, stream, partition. `sample`: sorted offsets, to cut a batch at; since, until: the first and the last event time.
-- Inputs: v (VaultSpec). Parameter marks: the watermarks (source, stream, partition, next_offset).
SELECT
    r.source AS source, r.stream AS stream, r.partition AS partition,
    count() AS rows, min(r.offset) AS low, max(r.offset) + 1 AS high, arraySort(groupArraySample(1000)(r.offset)) AS sample,
    toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`order_customer` AS r
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
ORDER BY source, stream, partition
;

-- order_customer: batch_times
-- The first and the last event time of a batch that is a part of its windows, duplicates included (ClickHouse). Inputs: v (VaultSpec).
SELECT count() AS rows, toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`order_customer` AS r

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high
;

-- order_customer: stage
-- Push one batch into the stage (ClickHouse): one COPY, one transaction in PostgreSQL. Inputs: v (VaultSpec), collection.
-- Hash keys and hashdiffs are computed here; only what the merge needs is sent.
-- Columns by position: in the order of stage_table.sql.j2.
INSERT INTO FUNCTION postgresql(`vault_stage`, schema = 'stage', table = 'order_customer')
SELECT
    r.event_id AS event_id,
    r.event_time AS event_time,
    toUUID(leftPad(hex(r.source_order), 32, '0')) AS source_order,
    r.op = 'delete' AS is_deleted,
    concat(toString(r.source), '/', toString(r.stream)) AS record_source
    , nullIf(r.`order_id`, '') AS `bk_order`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_order`))), ':', toString(`bk_order`), ';'))))) AS `hk_order`
    , nullIf(r.`customer_id`, '') AS `bk_customer`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_customer`))), ':', toString(`bk_customer`), ';'))))) AS `hk_customer`
    , toUUID(lower(hex(MD5(concat(concat(toString(length(toString(`hk_order`))), ':', toString(`hk_order`), ';'), concat(toString(length(toString(`hk_customer`))), ':', toString(`hk_customer`), ';'), ''))))) AS `lhk_order_customer`
FROM `raw`.`order_customer` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- order_customer: batch_sums
-- What the stage must hold (ClickHouse): rows, and sums over identity and operation. stage_sums.sql.j2 is its other side.
-- Inputs: v (VaultSpec).
SELECT
    count() AS rows,
    sum(toUInt64(bitShiftRight(toUInt128(r.event_id), 96))) AS ids,
    sum(toUnixTimestamp64Micro(r.event_time) % 4294967296) AS times,
    countIf(r.op = 'delete') AS deletions
FROM `raw`.`order_customer` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- delivery: windows
-- What of one event type is new (ClickHouse): landed whole (below `safe`), and not yet in the vault (at or above the watermark).
-- Grain: source, stream, partition. `sample`: sorted offsets, to cut a batch at; since, until: the first and the last event time.
-- Inputs: v (VaultSpec). Parameter marks: the watermarks (source, stream, partition, next_offset).
SELECT
    r.source AS source, r.stream AS stream, r.partition AS partition,
    count() AS rows, min(r.offset) AS low, max(r.offset) + 1 AS high, arraySort(groupArraySample(1000)(r.offset)) AS sample,
    toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`delivery` AS r
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
ORDER BY source, stream, partition
;

-- delivery: batch_times
-- The first and the last event time of a batch that is a part of its windows, duplicates included (ClickHouse). Inputs: v (VaultSpec).
SELECT count() AS rows, toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`delivery` AS r

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high
;

-- delivery: stage
-- Push one batch into the stage (ClickHouse): one COPY, one transaction in PostgreSQL. Inputs: v (VaultSpec), collection.
-- Hash keys and hashdiffs are computed here; only what the merge needs is sent.
-- Columns by position: in the order of stage_table.sql.j2.
INSERT INTO FUNCTION postgresql(`vault_stage`, schema = 'stage', table = 'delivery')
SELECT
    r.event_id AS event_id,
    r.event_time AS event_time,
    toUUID(leftPad(hex(r.source_order), 32, '0')) AS source_order,
    r.op = 'delete' AS is_deleted,
    concat(toString(r.source), '/', toString(r.stream)) AS record_source
    , nullIf(r.`order_id`, '') AS `bk_order`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_order`))), ':', toString(`bk_order`), ';'))))) AS `hk_order`
    , nullIf(r.`customer_id`, '') AS `bk_customer`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_customer`))), ':', toString(`bk_customer`), ';'))))) AS `hk_customer`
    , nullIf(lowerUTF8(r.`nation_id`), '') AS `bk_nation`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_nation`))), ':', toString(`bk_nation`), ';'))))) AS `hk_nation`
    , toUUID(lower(hex(MD5(concat(concat(toString(length(toString(`hk_order`))), ':', toString(`hk_order`), ';'), concat(toString(length(toString(`hk_customer`))), ':', toString(`hk_customer`), ';'), concat(toString(length(toString(`hk_nation`))), ':', toString(`hk_nation`), ';'), ''))))) AS `lhk_delivery`
    , toUUID(lower(hex(MD5(concat(concat(toString(length(toString(`hk_order`))), ':', toString(`hk_order`), ';'), concat(toString(length(toString(`hk_customer`))), ':', toString(`hk_customer`), ';'), ''))))) AS `dhk_delivery`
FROM `raw`.`delivery` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- delivery: batch_sums
-- What the stage must hold (ClickHouse): rows, and sums over identity and operation. stage_sums.sql.j2 is its other side.
-- Inputs: v (VaultSpec).
SELECT
    count() AS rows,
    sum(toUInt64(bitShiftRight(toUInt128(r.event_id), 96))) AS ids,
    sum(toUnixTimestamp64Micro(r.event_time) % 4294967296) AS times,
    countIf(r.op = 'delete') AS deletions
FROM `raw`.`delivery` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- acquaintance: windows
-- What of one event type is new (ClickHouse): landed whole (below `safe`), and not yet in the vault (at or above the watermark).
-- Grain: source, stream, partition. `sample`: sorted offsets, to cut a batch at; since, until: the first and the last event time.
-- Inputs: v (VaultSpec). Parameter marks: the watermarks (source, stream, partition, next_offset).
SELECT
    r.source AS source, r.stream AS stream, r.partition AS partition,
    count() AS rows, min(r.offset) AS low, max(r.offset) + 1 AS high, arraySort(groupArraySample(1000)(r.offset)) AS sample,
    toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`acquaintance` AS r
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
ORDER BY source, stream, partition
;

-- acquaintance: batch_times
-- The first and the last event time of a batch that is a part of its windows, duplicates included (ClickHouse). Inputs: v (VaultSpec).
SELECT count() AS rows, toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`acquaintance` AS r

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high
;

-- acquaintance: stage
-- Push one batch into the stage (ClickHouse): one COPY, one transaction in PostgreSQL. Inputs: v (VaultSpec), collection.
-- Hash keys and hashdiffs are computed here; only what the merge needs is sent.
-- Columns by position: in the order of stage_table.sql.j2.
INSERT INTO FUNCTION postgresql(`vault_stage`, schema = 'stage', table = 'acquaintance')
SELECT
    r.event_id AS event_id,
    r.event_time AS event_time,
    toUUID(leftPad(hex(r.source_order), 32, '0')) AS source_order,
    r.op = 'delete' AS is_deleted,
    concat(toString(r.source), '/', toString(r.stream)) AS record_source
    , nullIf(r.`a_id`, '') AS `bk_a`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_a`))), ':', toString(`bk_a`), ';'))))) AS `hk_a`
    , nullIf(r.`b_id`, '') AS `bk_b`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_b`))), ':', toString(`bk_b`), ';'))))) AS `hk_b`
    , if(isNull(toString(`hk_a`)) OR isNull(toString(`hk_b`)), NULL, toUUID(lower(hex(MD5(concat(concat(toString(length(least(toString(`hk_a`), toString(`hk_b`)))), ':', least(toString(`hk_a`), toString(`hk_b`)), ';'), concat(toString(length(greatest(toString(`hk_a`), toString(`hk_b`)))), ':', greatest(toString(`hk_a`), toString(`hk_b`)), ';'))))))) AS `lhk_acquaintance`
FROM `raw`.`acquaintance` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- acquaintance: batch_sums
-- What the stage must hold (ClickHouse): rows, and sums over identity and operation. stage_sums.sql.j2 is its other side.
-- Inputs: v (VaultSpec).
SELECT
    count() AS rows,
    sum(toUInt64(bitShiftRight(toUInt128(r.event_id), 96))) AS ids,
    sum(toUnixTimestamp64Micro(r.event_time) % 4294967296) AS times,
    countIf(r.op = 'delete') AS deletions
FROM `raw`.`acquaintance` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- payment: windows
-- What of one event type is new (ClickHouse): landed whole (below `safe`), and not yet in the vault (at or above the watermark).
-- Grain: source, stream, partition. `sample`: sorted offsets, to cut a batch at; since, until: the first and the last event time.
-- Inputs: v (VaultSpec). Parameter marks: the watermarks (source, stream, partition, next_offset).
SELECT
    r.source AS source, r.stream AS stream, r.partition AS partition,
    count() AS rows, min(r.offset) AS low, max(r.offset) + 1 AS high, arraySort(groupArraySample(1000)(r.offset)) AS sample,
    toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`payment` AS r
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
ORDER BY source, stream, partition
;

-- payment: batch_times
-- The first and the last event time of a batch that is a part of its windows, duplicates included (ClickHouse). Inputs: v (VaultSpec).
SELECT count() AS rows, toString(min(r.event_time)) AS since, toString(max(r.event_time)) AS until
FROM `raw`.`payment` AS r

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high
;

-- payment: stage
-- Push one batch into the stage (ClickHouse): one COPY, one transaction in PostgreSQL. Inputs: v (VaultSpec), collection.
-- Hash keys and hashdiffs are computed here; only what the merge needs is sent.
-- Columns by position: in the order of stage_table.sql.j2.
INSERT INTO FUNCTION postgresql(`vault_stage`, schema = 'stage', table = 'payment')
SELECT
    r.event_id AS event_id,
    r.event_time AS event_time,
    toUUID(leftPad(hex(r.source_order), 32, '0')) AS source_order,
    r.op = 'delete' AS is_deleted,
    concat(toString(r.source), '/', toString(r.stream)) AS record_source
    , nullIf(r.`customer_id`, '') AS `bk_customer`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_customer`))), ':', toString(`bk_customer`), ';'))))) AS `hk_customer`
    , nullIf(r.`order_id`, '') AS `bk_order`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_order`))), ':', toString(`bk_order`), ';'))))) AS `hk_order`
    , r.`till_no` AS `bk_till`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(`bk_till`))), ':', toString(`bk_till`), ';'))))) AS `hk_till`
    , toUUID(lower(hex(MD5(concat(toString(length(toString(r.event_id))), ':', toString(r.event_id), ';'))))) AS `lhk_payment`
    , r.`cents` AS `a_cents`
FROM `raw`.`payment` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;

-- payment: batch_sums
-- What the stage must hold (ClickHouse): rows, and sums over identity and operation. stage_sums.sql.j2 is its other side.
-- Inputs: v (VaultSpec).
SELECT
    count() AS rows,
    sum(toUInt64(bitShiftRight(toUInt128(r.event_id), 96))) AS ids,
    sum(toUnixTimestamp64Micro(r.event_time) % 4294967296) AS times,
    countIf(r.op = 'delete') AS deletions
FROM `raw`.`payment` AS r FINAL

INNER JOIN
(
    SELECT window.1 AS source, window.2 AS stream, window.3 AS partition, window.4 AS low, window.5 AS high
    FROM (SELECT arrayJoin({windows:Array(Tuple(String, String, Int32, UInt64, UInt64))}) AS window)
) AS w ON w.source = r.source AND w.stream = r.stream AND w.partition = r.partition
WHERE r.offset >= w.low AND r.offset < w.high AND r.event_time >= {since:DateTime64(6, 'UTC')} AND r.event_time <= {until:DateTime64(6, 'UTC')}
;
