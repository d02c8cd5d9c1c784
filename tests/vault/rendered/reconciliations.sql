-- What the vault must hold (ClickHouse). Grain: a table of the vault. Inputs: the registry. Parameters: end_<PIT>.
-- Each raw table is read once. `keys` counts a hub's keys over all event types that mention it, `n` everything else.
SELECT check.1 AS name, uniqExactIfMerge(check.2) + sum(check.3) AS n
FROM
(
    SELECT arrayJoin([
        ('vault.hub_customer: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(r.`customer_id`, '')), ''), isNotNull(nullIf(r.`customer_id`, '')) AND true), toUInt64(0)),
        ('vault.pit_customer: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(nullIf(r.`customer_id`, '')), ''), r.event_time < {end_pit_customer:DateTime64(6, 'UTC')} AND isNotNull(nullIf(r.`customer_id`, '')) AND true), toUInt64(0)),
        ('vault.sat_customer_details: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(r.`customer_id`, '')) AND true))),
        ('vault.sat_customer_phone: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(r.`customer_id`, '')) AND true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`customer` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_nation: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(lowerUTF8(r.`nation_id`), '')), ''), isNotNull(nullIf(lowerUTF8(r.`nation_id`), '')) AND true), toUInt64(0)),
        ('vault.sat_nation: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(lowerUTF8(r.`nation_id`), '')) AND true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`nation` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_till: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`till_no`), ''), true), toUInt64(0)),
        ('vault.sat_till: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`till` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_customer: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(r.`customer_id`, '')), ''), isNotNull(nullIf(r.`customer_id`, '')) AND true), toUInt64(0)),
        ('vault.pit_customer: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(nullIf(r.`customer_id`, '')), ''), r.event_time < {end_pit_customer:DateTime64(6, 'UTC')} AND isNotNull(nullIf(r.`customer_id`, '')) AND true), toUInt64(0)),
        ('vault.hub_nation: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(lowerUTF8(r.`nation_id`), '')), ''), isNotNull(nullIf(lowerUTF8(r.`nation_id`), '')) AND true), toUInt64(0)),
        ('vault.link_customer_nation: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(nullIf(r.`customer_id`, '')), ''), ifNull(toString(nullIf(lowerUTF8(r.`nation_id`), '')), '')), isNotNull(nullIf(r.`customer_id`, '')) AND isNotNull(nullIf(lowerUTF8(r.`nation_id`), '')) AND true))),
        ('vault.sat_customer_nation: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(r.`customer_id`, '')) AND isNotNull(nullIf(lowerUTF8(r.`nation_id`), '')) AND true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`customer_nation` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_order: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(r.`order_id`, '')), ''), isNotNull(nullIf(r.`order_id`, '')) AND true), toUInt64(0)),
        ('vault.pit_order: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(nullIf(r.`order_id`, '')), ''), r.event_time < {end_pit_order:DateTime64(6, 'UTC')} AND isNotNull(nullIf(r.`order_id`, '')) AND true), toUInt64(0)),
        ('vault.hub_customer: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(r.`customer_id`, '')), ''), isNotNull(nullIf(r.`customer_id`, '')) AND true), toUInt64(0)),
        ('vault.pit_customer: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(nullIf(r.`customer_id`, '')), ''), r.event_time < {end_pit_customer:DateTime64(6, 'UTC')} AND isNotNull(nullIf(r.`customer_id`, '')) AND true), toUInt64(0)),
        ('vault.link_order_buyer: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(nullIf(r.`order_id`, '')), ''), ifNull(toString(nullIf(r.`customer_id`, '')), '')), isNotNull(nullIf(r.`order_id`, '')) AND isNotNull(nullIf(r.`customer_id`, '')) AND true))),
        ('vault.eff_order_buyer: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(r.`order_id`, '')) AND true))),
        ('vault.sat_order_note: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(r.`order_id`, '')) AND true))),
        ('vault.sat_order_facts: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(r.`order_id`, '')) AND true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`order` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_order: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(r.`order_id`, '')), ''), isNotNull(nullIf(r.`order_id`, '')) AND true), toUInt64(0)),
        ('vault.pit_order: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(nullIf(r.`order_id`, '')), ''), r.event_time < {end_pit_order:DateTime64(6, 'UTC')} AND isNotNull(nullIf(r.`order_id`, '')) AND true), toUInt64(0)),
        ('vault.hub_customer: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(r.`customer_id`, '')), ''), isNotNull(nullIf(r.`customer_id`, '')) AND true), toUInt64(0)),
        ('vault.pit_customer: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(nullIf(r.`customer_id`, '')), ''), r.event_time < {end_pit_customer:DateTime64(6, 'UTC')} AND isNotNull(nullIf(r.`customer_id`, '')) AND true), toUInt64(0)),
        ('vault.link_refund_buyer: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(nullIf(r.`order_id`, '')), ''), ifNull(toString(nullIf(r.`customer_id`, '')), '')), isNotNull(nullIf(r.`order_id`, '')) AND isNotNull(nullIf(r.`customer_id`, '')) AND true))),
        ('vault.eff_refund_buyer: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(r.`order_id`, '')) AND isNotNull(nullIf(r.`customer_id`, '')) AND true))),
        ('vault.sat_refund_refund: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(r.`order_id`, '')) AND true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`refund` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_order: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(r.`order_id`, '')), ''), isNotNull(nullIf(r.`order_id`, '')) AND true), toUInt64(0)),
        ('vault.pit_order: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(nullIf(r.`order_id`, '')), ''), r.event_time < {end_pit_order:DateTime64(6, 'UTC')} AND isNotNull(nullIf(r.`order_id`, '')) AND true), toUInt64(0)),
        ('vault.hub_customer: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(r.`customer_id`, '')), ''), isNotNull(nullIf(r.`customer_id`, '')) AND true), toUInt64(0)),
        ('vault.pit_customer: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(nullIf(r.`customer_id`, '')), ''), r.event_time < {end_pit_customer:DateTime64(6, 'UTC')} AND isNotNull(nullIf(r.`customer_id`, '')) AND true), toUInt64(0)),
        ('vault.link_order_customer: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(nullIf(r.`order_id`, '')), ''), ifNull(toString(nullIf(r.`customer_id`, '')), '')), isNotNull(nullIf(r.`order_id`, '')) AND isNotNull(nullIf(r.`customer_id`, '')) AND true))),
        ('vault.eff_order_customer: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(r.`order_id`, '')) AND isNotNull(nullIf(r.`customer_id`, '')) AND true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`order_customer` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_order: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(r.`order_id`, '')), ''), isNotNull(nullIf(r.`order_id`, '')) AND true), toUInt64(0)),
        ('vault.pit_order: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(nullIf(r.`order_id`, '')), ''), r.event_time < {end_pit_order:DateTime64(6, 'UTC')} AND isNotNull(nullIf(r.`order_id`, '')) AND true), toUInt64(0)),
        ('vault.hub_customer: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(r.`customer_id`, '')), ''), isNotNull(nullIf(r.`customer_id`, '')) AND true), toUInt64(0)),
        ('vault.pit_customer: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(nullIf(r.`customer_id`, '')), ''), r.event_time < {end_pit_customer:DateTime64(6, 'UTC')} AND isNotNull(nullIf(r.`customer_id`, '')) AND true), toUInt64(0)),
        ('vault.hub_nation: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(lowerUTF8(r.`nation_id`), '')), ''), isNotNull(nullIf(lowerUTF8(r.`nation_id`), '')) AND true), toUInt64(0)),
        ('vault.link_delivery: distinct combinations in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(nullIf(r.`order_id`, '')), ''), ifNull(toString(nullIf(r.`customer_id`, '')), ''), ifNull(toString(nullIf(lowerUTF8(r.`nation_id`), '')), '')), isNotNull(nullIf(r.`order_id`, '')) AND isNotNull(nullIf(r.`customer_id`, '')) AND isNotNull(nullIf(lowerUTF8(r.`nation_id`), '')) AND true))),
        ('vault.eff_delivery: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(r.`order_id`, '')) AND isNotNull(nullIf(r.`customer_id`, '')) AND isNotNull(nullIf(lowerUTF8(r.`nation_id`), '')) AND true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`delivery` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_customer: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(r.`a_id`, '')), ''), isNotNull(nullIf(r.`a_id`, '')) AND true), toUInt64(0)),
        ('vault.pit_customer: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(nullIf(r.`a_id`, '')), ''), r.event_time < {end_pit_customer:DateTime64(6, 'UTC')} AND isNotNull(nullIf(r.`a_id`, '')) AND true), toUInt64(0)),
        ('vault.hub_customer: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(r.`b_id`, '')), ''), isNotNull(nullIf(r.`b_id`, '')) AND true), toUInt64(0)),
        ('vault.pit_customer: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(nullIf(r.`b_id`, '')), ''), r.event_time < {end_pit_customer:DateTime64(6, 'UTC')} AND isNotNull(nullIf(r.`b_id`, '')) AND true), toUInt64(0)),
        ('vault.link_acquaintance: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((least(ifNull(toString(nullIf(r.`a_id`, '')), ''), ifNull(toString(nullIf(r.`b_id`, '')), '')), greatest(ifNull(toString(nullIf(r.`a_id`, '')), ''), ifNull(toString(nullIf(r.`b_id`, '')), ''))), isNotNull(nullIf(r.`a_id`, '')) AND isNotNull(nullIf(r.`b_id`, '')) AND true))),
        ('vault.eff_acquaintance: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(r.`a_id`, '')) AND isNotNull(nullIf(r.`b_id`, '')) AND true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`acquaintance` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_customer: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(r.`customer_id`, '')), ''), isNotNull(nullIf(r.`customer_id`, '')) AND true), toUInt64(0)),
        ('vault.pit_customer: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(nullIf(r.`customer_id`, '')), ''), r.event_time < {end_pit_customer:DateTime64(6, 'UTC')} AND isNotNull(nullIf(r.`customer_id`, '')) AND true), toUInt64(0)),
        ('vault.hub_order: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(r.`order_id`, '')), ''), isNotNull(nullIf(r.`order_id`, '')) AND true), toUInt64(0)),
        ('vault.pit_order: keys in raw at the end of the last day = rows', uniqExactIfState(ifNull(toString(nullIf(r.`order_id`, '')), ''), r.event_time < {end_pit_order:DateTime64(6, 'UTC')} AND isNotNull(nullIf(r.`order_id`, '')) AND true), toUInt64(0)),
        ('vault.hub_till: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`till_no`), ''), true), toUInt64(0)),
        ('vault.link_payment: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(r.`customer_id`, '')) AND true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS check
    FROM `raw`.`payment` AS r FINAL
)
WHERE name != ''
GROUP BY name

;
-- What the vault holds (PostgreSQL). Grain: a table of the vault. Inputs: the registry.
select 'vault.hub_customer: distinct keys in raw = rows' as name, count(*) as n from "vault"."hub_customer"
union all select 'vault.hub_nation: distinct keys in raw = rows' as name, count(*) as n from "vault"."hub_nation"
union all select 'vault.hub_till: distinct keys in raw = rows' as name, count(*) as n from "vault"."hub_till"
union all select 'vault.hub_order: distinct keys in raw = rows' as name, count(*) as n from "vault"."hub_order"
union all select 'vault.sat_customer_details: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_customer_details"
union all select 'vault.sat_customer_phone: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_customer_phone"
union all select 'vault.sat_nation: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_nation"
union all select 'vault.sat_till: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_till"
union all select 'vault.link_customer_nation: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_customer_nation"
union all select 'vault.sat_customer_nation: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_customer_nation"
union all select 'vault.link_order_buyer: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_order_buyer"
union all select 'vault.eff_order_buyer: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_order_buyer"
union all select 'vault.sat_order_note: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_order_note"
union all select 'vault.sat_order_facts: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_order_facts"
union all select 'vault.link_refund_buyer: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_refund_buyer"
union all select 'vault.eff_refund_buyer: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_refund_buyer"
union all select 'vault.sat_refund_refund: distinct events in raw = rows' as name, count(*) as n from "vault"."sat_refund_refund"
union all select 'vault.link_order_customer: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_order_customer"
union all select 'vault.eff_order_customer: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_order_customer"
union all select 'vault.link_delivery: distinct combinations in raw = rows' as name, count(*) as n from "vault"."link_delivery"
union all select 'vault.eff_delivery: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_delivery"
union all select 'vault.link_acquaintance: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_acquaintance"
union all select 'vault.eff_acquaintance: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_acquaintance"
union all select 'vault.link_payment: distinct events in raw = rows' as name, count(*) as n from "vault"."link_payment"

;
-- What the bridge tables must hold (ClickHouse). Grain: a table. Inputs: the registry. Parameters: end_<bridge>.
SELECT '' AS name, toUInt64(0) AS n WHERE false
UNION ALL SELECT 'vault.bridge_order_buyer: in force in raw at the end of the last day = rows' AS name, uniqExact(hk) AS n
FROM
(
    SELECT hk, role, argMax(partner, (event_time, source_order)) AS in_force
    FROM
    (
        SELECT ifNull(toString(nullIf(r.`order_id`, '')), '') AS hk, 'buyer' AS role, r.op != 'delete' AND isNotNull(nullIf(r.`order_id`, '')) AND isNotNull(nullIf(r.`customer_id`, '')) AND true AS partner, r.event_time AS event_time, r.source_order AS source_order FROM `raw`.`order` AS r FINAL WHERE isNotNull(nullIf(r.`order_id`, '')) AND true
        UNION ALL SELECT ifNull(toString(nullIf(r.`order_id`, '')), '') AS hk, 'buyer' AS role, r.op != 'delete' AND isNotNull(nullIf(r.`order_id`, '')) AND isNotNull(nullIf(r.`customer_id`, '')) AND true AS partner, r.event_time AS event_time, r.source_order AS source_order FROM `raw`.`refund` AS r FINAL WHERE isNotNull(nullIf(r.`order_id`, '')) AND isNotNull(nullIf(r.`customer_id`, '')) AND true
    )
    WHERE event_time < {end_bridge_order_buyer:DateTime64(6, 'UTC')}
    GROUP BY hk, role
)
WHERE in_force
UNION ALL SELECT 'vault.bridge_home: in force in raw at the end of the last day = rows' AS name, countIf(in_force) AS n
FROM
(
    SELECT argMax(r.op != 'delete', (event_time, source_order)) AS in_force
    FROM `raw`.`customer_nation` AS r FINAL
    WHERE isNotNull(nullIf(r.`customer_id`, '')) AND isNotNull(nullIf(lowerUTF8(r.`nation_id`), '')) AND true AND r.event_time < {end_bridge_home:DateTime64(6, 'UTC')}
    GROUP BY (ifNull(toString(nullIf(r.`customer_id`, '')), ''), ifNull(toString(nullIf(lowerUTF8(r.`nation_id`), '')), ''))
)
UNION ALL SELECT 'vault.bridge_circle: in force in raw at the end of the last day = rows' AS name, countIf(in_force) AS n
FROM
(
    SELECT argMax(r.op != 'delete', (event_time, source_order)) AS in_force
    FROM `raw`.`acquaintance` AS r FINAL
    WHERE isNotNull(nullIf(r.`a_id`, '')) AND isNotNull(nullIf(r.`b_id`, '')) AND true AND r.event_time < {end_bridge_circle:DateTime64(6, 'UTC')}
    GROUP BY (least(ifNull(toString(nullIf(r.`a_id`, '')), ''), ifNull(toString(nullIf(r.`b_id`, '')), '')), greatest(ifNull(toString(nullIf(r.`a_id`, '')), ''), ifNull(toString(nullIf(r.`b_id`, '')), '')))
)

;
-- What the PIT and bridge tables hold (PostgreSQL). Grain: a check. Inputs: the registry.
-- wanted is NULL where ClickHouse has the other side: under the same name, or that of other_side.
select 'vault.seen_customer: distinct keys in raw = keys' as name, null::bigint as wanted, count(distinct hk) as n, 'vault.hub_customer: distinct keys in raw = rows' as other_side from "vault"."seen_customer"
union all select 'vault.pit_customer: keys in raw at the end of the last day = rows', null, count(*), '' from "vault"."pit_customer" where as_of = (select max(as_of) from ops.snapshot where table_name = 'pit_customer')
union all select 'vault.pit_customer: versions pointed to on the last day = versions found', sum(wanted)::bigint, sum(n)::bigint, ''
from (
    select count(*) as wanted, count(v.hk) as n
    from "vault"."pit_customer" p
    left join "vault"."sat_customer_details" v on v.hk = p."hk" and v.event_time = p."customer_details_time" and v.event_id = p."customer_details_id"
    where p.as_of = (select max(as_of) from ops.snapshot where table_name = 'pit_customer') and p."customer_details_time" > '1900-01-01'
    union all select count(*) as wanted, count(v.hk) as n
    from "vault"."pit_customer" p
    left join "vault"."sat_customer_phone" v on v.hk = p."hk" and v.event_time = p."customer_phone_time" and v.event_id = p."customer_phone_id"
    where p.as_of = (select max(as_of) from ops.snapshot where table_name = 'pit_customer') and p."customer_phone_time" > '1900-01-01'
) f
union all select 'vault.seen_order: distinct keys in raw = keys' as name, null::bigint as wanted, count(distinct hk) as n, 'vault.hub_order: distinct keys in raw = rows' as other_side from "vault"."seen_order"
union all select 'vault.pit_order: keys in raw at the end of the last day = rows', null, count(*), '' from "vault"."pit_order" where as_of = (select max(as_of) from ops.snapshot where table_name = 'pit_order')
union all select 'vault.pit_order: versions pointed to on the last day = versions found', sum(wanted)::bigint, sum(n)::bigint, ''
from (
    select count(*) as wanted, count(v.hk) as n
    from "vault"."pit_order" p
    left join "vault"."sat_order_note" v on v.hk = p."hk" and v.event_time = p."order_note_time" and v.event_id = p."order_note_id"
    where p.as_of = (select max(as_of) from ops.snapshot where table_name = 'pit_order') and p."order_note_time" > '1900-01-01'
    union all select count(*) as wanted, count(v.hk) as n
    from "vault"."pit_order" p
    left join "vault"."sat_order_facts" v on v.hk = p."hk" and v.event_time = p."order_facts_time" and v.event_id = p."order_facts_id"
    where p.as_of = (select max(as_of) from ops.snapshot where table_name = 'pit_order') and p."order_facts_time" > '1900-01-01'
    union all select count(*) as wanted, count(v.hk) as n
    from "vault"."pit_order" p
    left join "vault"."sat_refund_refund" v on v.hk = p."hk" and v.event_time = p."refund_refund_time" and v.event_id = p."refund_refund_id"
    where p.as_of = (select max(as_of) from ops.snapshot where table_name = 'pit_order') and p."refund_refund_time" > '1900-01-01'
) f
union all select 'vault.bridge_order_buyer: in force in raw at the end of the last day = rows' as name, null::bigint as wanted, count(*) as n, '' as other_side from "vault"."bridge_order_buyer" where as_of = (select max(as_of) from ops.snapshot where table_name = 'bridge_order_buyer')
union all select 'vault.bridge_home: in force in raw at the end of the last day = rows' as name, null::bigint as wanted, count(*) as n, '' as other_side from "vault"."bridge_home" where as_of = (select max(as_of) from ops.snapshot where table_name = 'bridge_home')
union all select 'vault.bridge_home: versions pointed to on the last day = versions found', sum(wanted)::bigint, sum(n)::bigint, ''
from (
    select count(*) as wanted, count(v.hk) as n
    from "vault"."bridge_home" p
    left join "vault"."sat_customer_nation" v on v.hk = p."lhk" and v.event_time = p."customer_nation_time" and v.event_id = p."customer_nation_id"
    where p.as_of = (select max(as_of) from ops.snapshot where table_name = 'bridge_home') and p."customer_nation_time" > '1900-01-01'
) f
union all select 'vault.bridge_circle: in force in raw at the end of the last day = rows' as name, null::bigint as wanted, count(*) as n, '' as other_side from "vault"."bridge_circle" where as_of = (select max(as_of) from ops.snapshot where table_name = 'bridge_circle')
