-- ═══ ClickHouse: states marts.creator_revenue_daily
CREATE TABLE IF NOT EXISTS marts.creator_revenue_daily
(
    day Date,
    creator_id UUID,
    currency LowCardinality(String),
    donations SimpleAggregateFunction(sum, UInt64),
    donated_micros SimpleAggregateFunction(sum, Int64),
    donors AggregateFunction(uniqCombined64(17), UUID),
    charges SimpleAggregateFunction(sum, UInt64),
    charged_micros SimpleAggregateFunction(sum, Int64),
    subscribers AggregateFunction(uniqCombined64(17), UUID),
    deals SimpleAggregateFunction(sum, UInt64),
    sponsored_micros SimpleAggregateFunction(sum, Int64)
)
ENGINE = AggregatingMergeTree
PARTITION BY day
ORDER BY (day, creator_id, currency);

-- ═══ ClickHouse: view marts.v_creator_revenue_daily
CREATE VIEW marts.v_creator_revenue_daily AS
WITH sums AS
(
    SELECT
        day, creator_id, currency, sum(donations) AS donations, sum(donated_micros) AS donated,
        uniqCombined64Merge(17)(donors) AS givers, sum(charges) AS charges, sum(charged_micros) AS charged,
        uniqCombined64Merge(17)(subscribers) AS payers, sum(deals) AS deals, sum(sponsored_micros) AS sponsored
    FROM marts.creator_revenue_daily
    GROUP BY day, creator_id, currency
)
SELECT
    day, creator_id, if(card.1 = '', 'unknown', card.1) AS creator, currency,
    sums.donations AS donations, toDecimal128(sums.donated, 6) / 1000000 AS donated, givers AS donors,
    sums.charges AS charges, toDecimal128(sums.charged, 6) / 1000000 AS charged, payers AS subscribers,
    sums.deals AS deals, toDecimal128(sums.sponsored, 6) / 1000000 AS sponsored,
    toDecimal128(sums.donated + sums.charged + sums.sponsored, 6) / 1000000 AS total
FROM sums
LEFT JOIN (SELECT user_id AS id, argMax((username, toString(country), toString(language)), (event_time, source_order)) AS card FROM raw.user FINAL GROUP BY user_id) AS users ON creator_id = users.id
ORDER BY day, creator_id, currency;

-- ═══ ClickHouse: build of [d0, d1)
INSERT INTO marts.staging_creator_revenue_daily
(day, creator_id, currency, donations, donated_micros, donors, charges, charged_micros, subscribers, deals, sponsored_micros)
SELECT
    day, creator_id, currency,
    countIf(what = 'donation'), sumIf(micros, what = 'donation'), uniqCombined64StateIf(17)(payer, what = 'donation'),
    countIf(what = 'charge'), sumIf(micros, what = 'charge'), uniqCombined64StateIf(17)(payer, what = 'charge'),
    countIf(what = 'deal'), sumIf(micros, what = 'deal')
FROM
(
    SELECT toDate(event_time) AS day, creator_id, currency, 'donation' AS what, donor_id AS payer, amount_micros AS micros
    FROM raw.`donation` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
    UNION ALL
    SELECT toDate(event_time) AS day, creator_id, currency, 'charge' AS what, subscriber_id AS payer, amount_micros AS micros
    FROM raw.`subscription_revenue` FINAL
WHERE event_time >= toDateTime64({d0:Date}, 6, 'UTC') AND event_time < toDateTime64({d1:Date}, 6, 'UTC')
    UNION ALL
    SELECT
        day, creator_id, currency, 'deal' AS what, sponsor_id AS payer,
        toInt64(intDiv(amount * (before + 1), span) - intDiv(amount * before, span)) AS micros
    FROM
    (
        SELECT
            arrayJoin(arrayMap(number -> toDate(number), range(toUInt32(greatest(since, {d0:Date})), toUInt32(until)))) AS day, creator_id, currency, sponsor_id, starts_on, ends_on,
            toInt128(amount_micros) AS amount, greatest(dateDiff('day', starts_on, ends_on) + 1, 1) AS span,
            dateDiff('day', starts_on, toDate32(day)) AS before
        FROM
        (
SELECT sponsor_id, creator_id, said.1 AS amount_micros, said.2 AS currency, said.3 AS starts_on, said.4 AS ends_on, since, until
FROM
(
    SELECT
        *, leadInFrame(since, 1, {d1:Date}) OVER
            (PARTITION BY sponsor_id, creator_id ORDER BY since ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS until
    FROM
    (
        SELECT
sponsor_id AS sponsor_id, creator_id AS creator_id, toDate(event_time) AS since,
            argMax(tuple(amount_micros, currency, starts_on, ends_on), (event_time, source_order)) AS said, argMax(op, (event_time, source_order)) AS newest
        FROM raw.`sponsorship` FINAL
        WHERE event_time < toDateTime64({d1:Date}, 6, 'UTC')
        GROUP BY sponsor_id, creator_id, since
    )
)
WHERE newest != 'delete' AND until > {d0:Date}
        )
    )
    WHERE toDate32(day) BETWEEN starts_on AND ends_on
)
GROUP BY day, creator_id, currency;

-- ═══ reconciliation: donations
SELECT count(*) FROM vault.link_donation;

SELECT sum(donations) FROM marts.creator_revenue_daily;

-- ═══ reconciliation: donated
SELECT coalesce(sum(amount_micros), 0) FROM vault.link_donation;

SELECT sum(donated_micros) FROM marts.creator_revenue_daily;

-- ═══ reconciliation: charges
SELECT count(*) FROM vault.link_subscription_revenue;

SELECT sum(charges) FROM marts.creator_revenue_daily;

-- ═══ reconciliation: charged
SELECT coalesce(sum(amount_micros), 0) FROM vault.link_subscription_revenue;

SELECT sum(charged_micros) FROM marts.creator_revenue_daily;
