-- ═══ ClickHouse: states marts.ad_daily
CREATE TABLE IF NOT EXISTS marts.ad_daily
(
    day Date,
    ad_id UUID,
    currency LowCardinality(String),
    impressions SimpleAggregateFunction(sum, UInt64),
    clicks SimpleAggregateFunction(sum, UInt64),
    spend_micros SimpleAggregateFunction(sum, Int64),
    reach AggregateFunction(uniqCombined64(17), UUID)
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY (day, ad_id, currency);

-- ═══ ClickHouse: view marts.v_ad_daily
CREATE VIEW marts.v_ad_daily AS
WITH
    sums AS
    (
        SELECT
            day, ad_id, currency, sum(impressions) AS impressions, sum(clicks) AS clicks,
            uniqCombined64Merge(17)(reach) AS reached, sum(spend_micros) AS spend_micros
        FROM marts.ad_daily
        GROUP BY day, ad_id, currency
    ),
    ads AS
    (
        SELECT ad_id, argMax((advertiser_id, title, topic), (event_time, source_order)) AS card
        FROM raw.ad FINAL
        GROUP BY ad_id
    )
SELECT
    sums.day AS day, sums.ad_id AS ad_id, sums.currency AS currency,
    if(ads.card.2 = '', NULL, ads.card.1) AS advertiser_id, nullIf(ads.card.2, '') AS title, nullIf(ads.card.3, '') AS topic,
    impressions, clicks, (clicks) / nullIf(impressions, 0) AS ctr, reached AS reach,
    toDecimal128(spend_micros, 6) / 1000000 AS spend,
    (spend_micros / 1000) / nullIf(impressions, 0) AS spend_per_mille,
    (spend_micros / 1000000) / nullIf(clicks, 0) AS cost_per_click
FROM sums
LEFT JOIN ads ON sums.ad_id = ads.ad_id
ORDER BY day, ad_id, currency;

-- ═══ ClickHouse: build of [d0, d1)
INSERT INTO marts.staging_ad_daily (day, ad_id, currency, impressions, clicks, spend_micros, reach)
SELECT
    day, ad_id, currency, sum(shown), sum(NOT shown), sum(cost_micros), uniqCombined64StateIf(17)(user_id, shown)
FROM
(
    SELECT toDate(event_time) AS day, ad_id, currency, true AS shown, cost_micros, user_id
    FROM raw.`ad_impression` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
    UNION ALL
    SELECT toDate(event_time) AS day, ad_id, currency, false AS shown, cost_micros, user_id
    FROM raw.`ad_click` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
)
GROUP BY day, ad_id, currency;

-- ═══ account: impressions
SELECT count(*) FROM vault.link_ad_impression;

SELECT sum(impressions) FROM marts.ad_daily;

-- ═══ account: clicks
SELECT count(*) FROM vault.link_ad_click;

SELECT sum(clicks) FROM marts.ad_daily;

-- ═══ account: spend
SELECT coalesce(sum(cost_micros), 0) FROM (SELECT cost_micros FROM vault.link_ad_impression UNION ALL SELECT cost_micros FROM vault.link_ad_click) AS charged;

SELECT sum(spend_micros) FROM marts.ad_daily;
