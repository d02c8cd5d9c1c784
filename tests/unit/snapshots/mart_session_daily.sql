-- ═══ ClickHouse: states marts.session_daily
CREATE TABLE IF NOT EXISTS marts.session_daily
(
    day Date,
    device LowCardinality(String),
    sessions SimpleAggregateFunction(sum, UInt64),
    micros SimpleAggregateFunction(sum, UInt64),
    users AggregateFunction(uniqCombined64(17), UUID),
    durations AggregateFunction(quantilesDD(0.01, 0.5, 0.9), Float64) COMMENT 'micros: below 1 the sketch errs by more than it says'
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY (day, device);

-- ═══ ClickHouse: view marts.v_session_daily
CREATE VIEW marts.v_session_daily AS
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

-- ═══ ClickHouse: build of [d0, d1)
INSERT INTO marts.staging_session_daily (day, device, sessions, micros, users, durations)
SELECT
    toDate(event_time) AS day, device_before AS device, count(), sum(micros), uniqCombined64State(17)(user_id),
    quantilesDDState(0.01, 0.5, 0.9)(toFloat64(micros))
FROM
(
    SELECT
        user_id, event_time, lagInFrame(is_online) OVER status AS was_online, lagInFrame(device) OVER status AS device_before,
        toUInt64(toUnixTimestamp64Micro(event_time) - lagInFrame(toUnixTimestamp64Micro(event_time)) OVER status) AS micros
    FROM
    (
        SELECT user_id, event_time, source_order, status = 'online' AND op != 'delete' AS is_online, device
        FROM raw.`user_status` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
        UNION ALL
        -- the newest status before the window: a session may have begun there
        SELECT
            user_id, max(event_time), argMax(source_order, (event_time, source_order)),
            argMax(status = 'online' AND op != 'delete', (event_time, source_order)), argMax(device, (event_time, source_order))
        FROM raw.user_status FINAL
        WHERE event_time < toDateTime64({d0:Date}, 6, 'UTC')
        GROUP BY user_id
    )
    WINDOW status AS (PARTITION BY user_id ORDER BY event_time, source_order ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
WHERE was_online AND event_time >= toDateTime64({d0:Date}, 6, 'UTC')
GROUP BY day, device;
