-- What the vault must hold (ClickHouse). Grain: a table of the vault. Inputs: the registry.
-- Each raw table is read once. `keys` counts a hub's keys over all event types that mention it, `n` everything else.
SELECT account.1 AS name, uniqExactIfMerge(account.2) + sum(account.3) AS n
FROM
(
    SELECT arrayJoin([
        ('vault.hub_customer: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(trimBoth(r.`customer_id`), '')), ''), isNotNull(nullIf(trimBoth(r.`customer_id`), '')) AND true), toUInt64(0)),
        ('vault.sat_customer_details: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(trimBoth(r.`customer_id`), '')) AND true))),
        ('vault.sat_customer_phone: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(trimBoth(r.`customer_id`), '')) AND true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`customer` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_nation: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(lowerUTF8(trimBoth(r.`nation_id`)), '')), ''), isNotNull(nullIf(lowerUTF8(trimBoth(r.`nation_id`)), '')) AND true), toUInt64(0)),
        ('vault.sat_nation: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(lowerUTF8(trimBoth(r.`nation_id`)), '')) AND true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`nation` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_till: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`till_no`), ''), true), toUInt64(0)),
        ('vault.sat_till: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`till` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_customer: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(trimBoth(r.`customer_id`), '')), ''), isNotNull(nullIf(trimBoth(r.`customer_id`), '')) AND true), toUInt64(0)),
        ('vault.hub_nation: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(lowerUTF8(trimBoth(r.`nation_id`)), '')), ''), isNotNull(nullIf(lowerUTF8(trimBoth(r.`nation_id`)), '')) AND true), toUInt64(0)),
        ('vault.link_customer_nation: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(nullIf(trimBoth(r.`customer_id`), '')), ''), ifNull(toString(nullIf(lowerUTF8(trimBoth(r.`nation_id`)), '')), '')), isNotNull(nullIf(trimBoth(r.`customer_id`), '')) AND isNotNull(nullIf(lowerUTF8(trimBoth(r.`nation_id`)), '')) AND true))),
        ('vault.sat_customer_nation: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(trimBoth(r.`customer_id`), '')) AND isNotNull(nullIf(lowerUTF8(trimBoth(r.`nation_id`)), '')) AND true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`customer_nation` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_order: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(trimBoth(r.`order_id`), '')), ''), isNotNull(nullIf(trimBoth(r.`order_id`), '')) AND true), toUInt64(0)),
        ('vault.hub_customer: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(trimBoth(r.`customer_id`), '')), ''), isNotNull(nullIf(trimBoth(r.`customer_id`), '')) AND true), toUInt64(0)),
        ('vault.link_order_buyer: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(nullIf(trimBoth(r.`order_id`), '')), ''), ifNull(toString(nullIf(trimBoth(r.`customer_id`), '')), '')), isNotNull(nullIf(trimBoth(r.`order_id`), '')) AND isNotNull(nullIf(trimBoth(r.`customer_id`), '')) AND true))),
        ('vault.eff_order_buyer: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(trimBoth(r.`order_id`), '')) AND true))),
        ('vault.sat_order_note: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(trimBoth(r.`order_id`), '')) AND true))),
        ('vault.sat_order_facts: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(trimBoth(r.`order_id`), '')) AND true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`order` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_order: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(trimBoth(r.`order_id`), '')), ''), isNotNull(nullIf(trimBoth(r.`order_id`), '')) AND true), toUInt64(0)),
        ('vault.hub_customer: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(trimBoth(r.`customer_id`), '')), ''), isNotNull(nullIf(trimBoth(r.`customer_id`), '')) AND true), toUInt64(0)),
        ('vault.link_order_customer: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(nullIf(trimBoth(r.`order_id`), '')), ''), ifNull(toString(nullIf(trimBoth(r.`customer_id`), '')), '')), isNotNull(nullIf(trimBoth(r.`order_id`), '')) AND isNotNull(nullIf(trimBoth(r.`customer_id`), '')) AND true))),
        ('vault.eff_order_customer: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(trimBoth(r.`order_id`), '')) AND isNotNull(nullIf(trimBoth(r.`customer_id`), '')) AND true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`order_customer` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_order: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(trimBoth(r.`order_id`), '')), ''), isNotNull(nullIf(trimBoth(r.`order_id`), '')) AND true), toUInt64(0)),
        ('vault.hub_customer: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(trimBoth(r.`customer_id`), '')), ''), isNotNull(nullIf(trimBoth(r.`customer_id`), '')) AND true), toUInt64(0)),
        ('vault.hub_nation: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(lowerUTF8(trimBoth(r.`nation_id`)), '')), ''), isNotNull(nullIf(lowerUTF8(trimBoth(r.`nation_id`)), '')) AND true), toUInt64(0)),
        ('vault.link_delivery: distinct combinations in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((ifNull(toString(nullIf(trimBoth(r.`order_id`), '')), ''), ifNull(toString(nullIf(trimBoth(r.`customer_id`), '')), ''), ifNull(toString(nullIf(lowerUTF8(trimBoth(r.`nation_id`)), '')), '')), isNotNull(nullIf(trimBoth(r.`order_id`), '')) AND isNotNull(nullIf(trimBoth(r.`customer_id`), '')) AND isNotNull(nullIf(lowerUTF8(trimBoth(r.`nation_id`)), '')) AND true))),
        ('vault.eff_delivery: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(trimBoth(r.`order_id`), '')) AND isNotNull(nullIf(trimBoth(r.`customer_id`), '')) AND isNotNull(nullIf(lowerUTF8(trimBoth(r.`nation_id`)), '')) AND true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`delivery` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_customer: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(trimBoth(r.`a_id`), '')), ''), isNotNull(nullIf(trimBoth(r.`a_id`), '')) AND true), toUInt64(0)),
        ('vault.hub_customer: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(trimBoth(r.`b_id`), '')), ''), isNotNull(nullIf(trimBoth(r.`b_id`), '')) AND true), toUInt64(0)),
        ('vault.link_acquaintance: distinct pairs in raw = rows', uniqExactIfState('', false), toUInt64(uniqExactIf((least(ifNull(toString(nullIf(trimBoth(r.`a_id`), '')), ''), ifNull(toString(nullIf(trimBoth(r.`b_id`), '')), '')), greatest(ifNull(toString(nullIf(trimBoth(r.`a_id`), '')), ''), ifNull(toString(nullIf(trimBoth(r.`b_id`), '')), ''))), isNotNull(nullIf(trimBoth(r.`a_id`), '')) AND isNotNull(nullIf(trimBoth(r.`b_id`), '')) AND true))),
        ('vault.eff_acquaintance: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(trimBoth(r.`a_id`), '')) AND isNotNull(nullIf(trimBoth(r.`b_id`), '')) AND true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
    FROM `raw`.`acquaintance` AS r FINAL
    UNION ALL SELECT arrayJoin([
        ('vault.hub_customer: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(trimBoth(r.`customer_id`), '')), ''), isNotNull(nullIf(trimBoth(r.`customer_id`), '')) AND true), toUInt64(0)),
        ('vault.hub_order: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(nullIf(trimBoth(r.`order_id`), '')), ''), isNotNull(nullIf(trimBoth(r.`order_id`), '')) AND true), toUInt64(0)),
        ('vault.hub_till: distinct keys in raw = rows', uniqExactIfState(ifNull(toString(r.`till_no`), ''), true), toUInt64(0)),
        ('vault.link_payment: distinct events in raw = rows', uniqExactIfState('', false), toUInt64(countIf(isNotNull(nullIf(trimBoth(r.`customer_id`), '')) AND true))),
        ('', uniqExactIfState('', false), toUInt64(0))
    ]) AS account
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
union all select 'vault.link_order_customer: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_order_customer"
union all select 'vault.eff_order_customer: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_order_customer"
union all select 'vault.link_delivery: distinct combinations in raw = rows' as name, count(*) as n from "vault"."link_delivery"
union all select 'vault.eff_delivery: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_delivery"
union all select 'vault.link_acquaintance: distinct pairs in raw = rows' as name, count(*) as n from "vault"."link_acquaintance"
union all select 'vault.eff_acquaintance: distinct events in raw = rows' as name, count(*) as n from "vault"."eff_acquaintance"
union all select 'vault.link_payment: distinct events in raw = rows' as name, count(*) as n from "vault"."link_payment"
