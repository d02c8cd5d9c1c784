-- pit_customer: whole
-- One day of a PIT (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
insert into "vault"."pit_customer" as t (as_of, hk, "customer_details_time", "customer_details_id", "customer_phone_time", "customer_phone_id")
with new_1 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_customer_details" o
    where o.event_time < %(ends)s
), version_1 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_1
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
), new_2 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_customer_phone" o
    where o.event_time < %(ends)s
), version_2 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_2
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
)
select
    %(as_of)s, k.hk
    , coalesce(v1.event_time, timestamptz '1900-01-01 00:00:00+00')
    , coalesce(v1.event_id, uuid '00000000-0000-0000-0000-000000000000')
    , coalesce(v2.event_time, timestamptz '1900-01-01 00:00:00+00')
    , coalesce(v2.event_id, uuid '00000000-0000-0000-0000-000000000000')
from (
    select distinct hk from "vault"."seen_customer" where event_time < %(ends)s
) k
left join version_1 v1 on v1.hk = k.hk
left join version_2 v2 on v2.hk = k.hk
order by k.hk

;

-- pit_customer: whole from a base
-- One day of a PIT (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
insert into "vault"."pit_customer" as t (as_of, hk, "customer_details_time", "customer_details_id", "customer_phone_time", "customer_phone_id")
with new_1 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_customer_details" o
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
), version_1 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_1
            union all
            -- Looked up key by key (offset 0 keeps it so): a join might read the whole satellite.
            select v.hk, v.event_time, v.event_id, v.source_order, v.hashdiff
            from (select distinct hk from new_1) k
            join "vault"."pit_customer" b on b.as_of = %(base)s and b."hk" = k.hk
            cross join lateral (
                select * from "vault"."sat_customer_details" x
                where x.hk = k.hk and x.event_time = b."customer_details_time" and x.event_id = b."customer_details_id" offset 0
            ) v
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
), new_2 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_customer_phone" o
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
), version_2 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_2
            union all
            -- Looked up key by key (offset 0 keeps it so): a join might read the whole satellite.
            select v.hk, v.event_time, v.event_id, v.source_order, v.hashdiff
            from (select distinct hk from new_2) k
            join "vault"."pit_customer" b on b.as_of = %(base)s and b."hk" = k.hk
            cross join lateral (
                select * from "vault"."sat_customer_phone" x
                where x.hk = k.hk and x.event_time = b."customer_phone_time" and x.event_id = b."customer_phone_id" offset 0
            ) v
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
)
select
    %(as_of)s, k.hk
    , coalesce(v1.event_time, b."customer_details_time", timestamptz '1900-01-01 00:00:00+00')
    , coalesce(v1.event_id, b."customer_details_id", uuid '00000000-0000-0000-0000-000000000000')
    , coalesce(v2.event_time, b."customer_phone_time", timestamptz '1900-01-01 00:00:00+00')
    , coalesce(v2.event_id, b."customer_phone_id", uuid '00000000-0000-0000-0000-000000000000')
from (
    select distinct hk from "vault"."seen_customer" where event_time < %(ends)s
) k
left join "vault"."pit_customer" b on b.as_of = %(base)s and b.hk = k.hk
left join version_1 v1 on v1.hk = k.hk
left join version_2 v2 on v2.hk = k.hk
order by k.hk

;

-- pit_customer: touched from a base
-- One day of a PIT (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
insert into "vault"."pit_customer" as t (as_of, hk, "customer_details_time", "customer_details_id", "customer_phone_time", "customer_phone_id")
with new_1 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_customer_details" o
    join pg_temp.due d on d.hk = o."hk" and d.since < %(ends)s
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
), version_1 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_1
            union all
            -- Looked up key by key (offset 0 keeps it so): a join might read the whole satellite.
            select v.hk, v.event_time, v.event_id, v.source_order, v.hashdiff
            from (select distinct hk from new_1) k
            join "vault"."pit_customer" b on b.as_of = %(base)s and b."hk" = k.hk
            cross join lateral (
                select * from "vault"."sat_customer_details" x
                where x.hk = k.hk and x.event_time = b."customer_details_time" and x.event_id = b."customer_details_id" offset 0
            ) v
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
), new_2 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_customer_phone" o
    join pg_temp.due d on d.hk = o."hk" and d.since < %(ends)s
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
), version_2 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_2
            union all
            -- Looked up key by key (offset 0 keeps it so): a join might read the whole satellite.
            select v.hk, v.event_time, v.event_id, v.source_order, v.hashdiff
            from (select distinct hk from new_2) k
            join "vault"."pit_customer" b on b.as_of = %(base)s and b."hk" = k.hk
            cross join lateral (
                select * from "vault"."sat_customer_phone" x
                where x.hk = k.hk and x.event_time = b."customer_phone_time" and x.event_id = b."customer_phone_id" offset 0
            ) v
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
)
select
    %(as_of)s, k.hk
    , coalesce(v1.event_time, b."customer_details_time", timestamptz '1900-01-01 00:00:00+00')
    , coalesce(v1.event_id, b."customer_details_id", uuid '00000000-0000-0000-0000-000000000000')
    , coalesce(v2.event_time, b."customer_phone_time", timestamptz '1900-01-01 00:00:00+00')
    , coalesce(v2.event_id, b."customer_phone_id", uuid '00000000-0000-0000-0000-000000000000')
from (
    select d.hk from pg_temp.due d
    where d.since < %(ends)s and exists (select from "vault"."seen_customer" s where s.hk = d.hk and s.event_time < %(ends)s)
) k
left join "vault"."pit_customer" b on b.as_of = %(base)s and b.hk = k.hk
left join version_1 v1 on v1.hk = k.hk
left join version_2 v2 on v2.hk = k.hk
order by k.hk
on conflict (as_of, "hk") do update set
"customer_details_time" = excluded."customer_details_time", "customer_details_id" = excluded."customer_details_id", "customer_phone_time" = excluded."customer_phone_time", "customer_phone_id" = excluded."customer_phone_id"
where (t."customer_details_time", t."customer_details_id", t."customer_phone_time", t."customer_phone_id") is distinct from (excluded."customer_details_time", excluded."customer_details_id", excluded."customer_phone_time", excluded."customer_phone_id")
;

-- pit_order: whole
-- One day of a PIT (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
insert into "vault"."pit_order" as t (as_of, hk, "order_note_time", "order_note_id", "order_facts_time", "order_facts_id", "refund_refund_time", "refund_refund_id")
with new_1 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_order_note" o
    where o.event_time < %(ends)s
), version_1 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_1
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
), new_2 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_order_facts" o
    where o.event_time < %(ends)s
), version_2 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_2
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
), new_3 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_refund_refund" o
    where o.event_time < %(ends)s
), version_3 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_3
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
)
select
    %(as_of)s, k.hk
    , coalesce(v1.event_time, timestamptz '1900-01-01 00:00:00+00')
    , coalesce(v1.event_id, uuid '00000000-0000-0000-0000-000000000000')
    , coalesce(v2.event_time, timestamptz '1900-01-01 00:00:00+00')
    , coalesce(v2.event_id, uuid '00000000-0000-0000-0000-000000000000')
    , coalesce(v3.event_time, timestamptz '1900-01-01 00:00:00+00')
    , coalesce(v3.event_id, uuid '00000000-0000-0000-0000-000000000000')
from (
    select distinct hk from "vault"."seen_order" where event_time < %(ends)s
) k
left join version_1 v1 on v1.hk = k.hk
left join version_2 v2 on v2.hk = k.hk
left join version_3 v3 on v3.hk = k.hk
order by k.hk

;

-- pit_order: whole from a base
-- One day of a PIT (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
insert into "vault"."pit_order" as t (as_of, hk, "order_note_time", "order_note_id", "order_facts_time", "order_facts_id", "refund_refund_time", "refund_refund_id")
with new_1 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_order_note" o
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
), version_1 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_1
            union all
            -- Looked up key by key (offset 0 keeps it so): a join might read the whole satellite.
            select v.hk, v.event_time, v.event_id, v.source_order, v.hashdiff
            from (select distinct hk from new_1) k
            join "vault"."pit_order" b on b.as_of = %(base)s and b."hk" = k.hk
            cross join lateral (
                select * from "vault"."sat_order_note" x
                where x.hk = k.hk and x.event_time = b."order_note_time" and x.event_id = b."order_note_id" offset 0
            ) v
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
), new_2 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_order_facts" o
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
), version_2 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_2
            union all
            -- Looked up key by key (offset 0 keeps it so): a join might read the whole satellite.
            select v.hk, v.event_time, v.event_id, v.source_order, v.hashdiff
            from (select distinct hk from new_2) k
            join "vault"."pit_order" b on b.as_of = %(base)s and b."hk" = k.hk
            cross join lateral (
                select * from "vault"."sat_order_facts" x
                where x.hk = k.hk and x.event_time = b."order_facts_time" and x.event_id = b."order_facts_id" offset 0
            ) v
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
), new_3 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_refund_refund" o
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
), version_3 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_3
            union all
            -- Looked up key by key (offset 0 keeps it so): a join might read the whole satellite.
            select v.hk, v.event_time, v.event_id, v.source_order, v.hashdiff
            from (select distinct hk from new_3) k
            join "vault"."pit_order" b on b.as_of = %(base)s and b."hk" = k.hk
            cross join lateral (
                select * from "vault"."sat_refund_refund" x
                where x.hk = k.hk and x.event_time = b."refund_refund_time" and x.event_id = b."refund_refund_id" offset 0
            ) v
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
)
select
    %(as_of)s, k.hk
    , coalesce(v1.event_time, b."order_note_time", timestamptz '1900-01-01 00:00:00+00')
    , coalesce(v1.event_id, b."order_note_id", uuid '00000000-0000-0000-0000-000000000000')
    , coalesce(v2.event_time, b."order_facts_time", timestamptz '1900-01-01 00:00:00+00')
    , coalesce(v2.event_id, b."order_facts_id", uuid '00000000-0000-0000-0000-000000000000')
    , coalesce(v3.event_time, b."refund_refund_time", timestamptz '1900-01-01 00:00:00+00')
    , coalesce(v3.event_id, b."refund_refund_id", uuid '00000000-0000-0000-0000-000000000000')
from (
    select distinct hk from "vault"."seen_order" where event_time < %(ends)s
) k
left join "vault"."pit_order" b on b.as_of = %(base)s and b.hk = k.hk
left join version_1 v1 on v1.hk = k.hk
left join version_2 v2 on v2.hk = k.hk
left join version_3 v3 on v3.hk = k.hk
order by k.hk

;

-- pit_order: touched from a base
-- One day of a PIT (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
insert into "vault"."pit_order" as t (as_of, hk, "order_note_time", "order_note_id", "order_facts_time", "order_facts_id", "refund_refund_time", "refund_refund_id")
with new_1 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_order_note" o
    join pg_temp.due d on d.hk = o."hk" and d.since < %(ends)s
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
), version_1 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_1
            union all
            -- Looked up key by key (offset 0 keeps it so): a join might read the whole satellite.
            select v.hk, v.event_time, v.event_id, v.source_order, v.hashdiff
            from (select distinct hk from new_1) k
            join "vault"."pit_order" b on b.as_of = %(base)s and b."hk" = k.hk
            cross join lateral (
                select * from "vault"."sat_order_note" x
                where x.hk = k.hk and x.event_time = b."order_note_time" and x.event_id = b."order_note_id" offset 0
            ) v
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
), new_2 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_order_facts" o
    join pg_temp.due d on d.hk = o."hk" and d.since < %(ends)s
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
), version_2 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_2
            union all
            -- Looked up key by key (offset 0 keeps it so): a join might read the whole satellite.
            select v.hk, v.event_time, v.event_id, v.source_order, v.hashdiff
            from (select distinct hk from new_2) k
            join "vault"."pit_order" b on b.as_of = %(base)s and b."hk" = k.hk
            cross join lateral (
                select * from "vault"."sat_order_facts" x
                where x.hk = k.hk and x.event_time = b."order_facts_time" and x.event_id = b."order_facts_id" offset 0
            ) v
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
), new_3 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_refund_refund" o
    join pg_temp.due d on d.hk = o."hk" and d.since < %(ends)s
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
), version_3 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_3
            union all
            -- Looked up key by key (offset 0 keeps it so): a join might read the whole satellite.
            select v.hk, v.event_time, v.event_id, v.source_order, v.hashdiff
            from (select distinct hk from new_3) k
            join "vault"."pit_order" b on b.as_of = %(base)s and b."hk" = k.hk
            cross join lateral (
                select * from "vault"."sat_refund_refund" x
                where x.hk = k.hk and x.event_time = b."refund_refund_time" and x.event_id = b."refund_refund_id" offset 0
            ) v
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
)
select
    %(as_of)s, k.hk
    , coalesce(v1.event_time, b."order_note_time", timestamptz '1900-01-01 00:00:00+00')
    , coalesce(v1.event_id, b."order_note_id", uuid '00000000-0000-0000-0000-000000000000')
    , coalesce(v2.event_time, b."order_facts_time", timestamptz '1900-01-01 00:00:00+00')
    , coalesce(v2.event_id, b."order_facts_id", uuid '00000000-0000-0000-0000-000000000000')
    , coalesce(v3.event_time, b."refund_refund_time", timestamptz '1900-01-01 00:00:00+00')
    , coalesce(v3.event_id, b."refund_refund_id", uuid '00000000-0000-0000-0000-000000000000')
from (
    select d.hk from pg_temp.due d
    where d.since < %(ends)s and exists (select from "vault"."seen_order" s where s.hk = d.hk and s.event_time < %(ends)s)
) k
left join "vault"."pit_order" b on b.as_of = %(base)s and b.hk = k.hk
left join version_1 v1 on v1.hk = k.hk
left join version_2 v2 on v2.hk = k.hk
left join version_3 v3 on v3.hk = k.hk
order by k.hk
on conflict (as_of, "hk") do update set
"order_note_time" = excluded."order_note_time", "order_note_id" = excluded."order_note_id", "order_facts_time" = excluded."order_facts_time", "order_facts_id" = excluded."order_facts_id", "refund_refund_time" = excluded."refund_refund_time", "refund_refund_id" = excluded."refund_refund_id"
where (t."order_note_time", t."order_note_id", t."order_facts_time", t."order_facts_id", t."refund_refund_time", t."refund_refund_id") is distinct from (excluded."order_note_time", excluded."order_note_id", excluded."order_facts_time", excluded."order_facts_id", excluded."refund_refund_time", excluded."refund_refund_id")
;

-- bridge_order_buyer: whole
-- One day of a bridge (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
-- What was said last of a role counts, whichever of its links it was said by: a hub's own event names the partner, or none.
with said_1 as materialized (
    select distinct on (o.driving_hk) o.driving_hk as hk, o.lhk
    from (
        select driving_hk, event_time, source_order, lhk from "vault"."eff_order_buyer"
        union all select driving_hk, event_time, source_order, lhk from "vault"."eff_refund_buyer"
    ) o
    where o.event_time < %(ends)s
    order by o.driving_hk, o.event_time desc, o.source_order desc
), partner_1 as materialized (
    select n.hk, coalesce(n.lhk, uuid '00000000-0000-0000-0000-000000000000') as lhk, coalesce(l1."hk_buyer", l2."hk_buyer", uuid '00000000-0000-0000-0000-000000000000') as partner
    from said_1 n
    left join "vault"."link_order_buyer" l1 on l1.lhk = n.lhk
    left join "vault"."link_refund_buyer" l2 on l2.lhk = n.lhk
), fresh as materialized (
    select k.hk as "hk_order"
        , coalesce(p1.lhk, uuid '00000000-0000-0000-0000-000000000000') as "lhk_buyer"
        , coalesce(p1.partner, uuid '00000000-0000-0000-0000-000000000000') as "hk_buyer"
    from (
        select hk from partner_1
    ) k
    left join partner_1 p1 on p1.hk = k.hk
)
insert into "vault"."bridge_order_buyer" as t (as_of, "hk_order", "lhk_buyer", "hk_buyer")
select %(as_of)s, "hk_order", "lhk_buyer", "hk_buyer"
from fresh
where "lhk_buyer" <> uuid '00000000-0000-0000-0000-000000000000'
order by "hk_order"

;

-- bridge_order_buyer: whole from a base
-- One day of a bridge (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
-- What was said last of a role counts, whichever of its links it was said by: a hub's own event names the partner, or none.
with said_1 as materialized (
    select distinct on (o.driving_hk) o.driving_hk as hk, o.lhk
    from (
        select driving_hk, event_time, source_order, lhk from "vault"."eff_order_buyer"
        union all select driving_hk, event_time, source_order, lhk from "vault"."eff_refund_buyer"
    ) o
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
    order by o.driving_hk, o.event_time desc, o.source_order desc
), partner_1 as materialized (
    select n.hk, coalesce(n.lhk, uuid '00000000-0000-0000-0000-000000000000') as lhk, coalesce(l1."hk_buyer", l2."hk_buyer", uuid '00000000-0000-0000-0000-000000000000') as partner
    from said_1 n
    left join "vault"."link_order_buyer" l1 on l1.lhk = n.lhk
    left join "vault"."link_refund_buyer" l2 on l2.lhk = n.lhk
), fresh as materialized (
    select k.hk as "hk_order"
        , coalesce(p1.lhk, b."lhk_buyer", uuid '00000000-0000-0000-0000-000000000000') as "lhk_buyer"
        , coalesce(p1.partner, b."hk_buyer", uuid '00000000-0000-0000-0000-000000000000') as "hk_buyer"
    from (
        select hk from partner_1
        union select "hk_order" from "vault"."bridge_order_buyer" where as_of = %(base)s
    ) k
    left join "vault"."bridge_order_buyer" b on b.as_of = %(base)s and b."hk_order" = k.hk
    left join partner_1 p1 on p1.hk = k.hk
)
insert into "vault"."bridge_order_buyer" as t (as_of, "hk_order", "lhk_buyer", "hk_buyer")
select %(as_of)s, "hk_order", "lhk_buyer", "hk_buyer"
from fresh
where "lhk_buyer" <> uuid '00000000-0000-0000-0000-000000000000'
order by "hk_order"

;

-- bridge_order_buyer: touched from a base
-- One day of a bridge (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
-- What was said last of a role counts, whichever of its links it was said by: a hub's own event names the partner, or none.
with said_1 as materialized (
    select distinct on (o.driving_hk) o.driving_hk as hk, o.lhk
    from (
        select driving_hk, event_time, source_order, lhk from "vault"."eff_order_buyer"
        union all select driving_hk, event_time, source_order, lhk from "vault"."eff_refund_buyer"
    ) o
    join pg_temp.due d on d.hk = o."driving_hk" and d.since < %(ends)s
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
    order by o.driving_hk, o.event_time desc, o.source_order desc
), partner_1 as materialized (
    select n.hk, coalesce(n.lhk, uuid '00000000-0000-0000-0000-000000000000') as lhk, coalesce(l1."hk_buyer", l2."hk_buyer", uuid '00000000-0000-0000-0000-000000000000') as partner
    from said_1 n
    left join "vault"."link_order_buyer" l1 on l1.lhk = n.lhk
    left join "vault"."link_refund_buyer" l2 on l2.lhk = n.lhk
), fresh as materialized (
    select k.hk as "hk_order"
        , coalesce(p1.lhk, b."lhk_buyer", uuid '00000000-0000-0000-0000-000000000000') as "lhk_buyer"
        , coalesce(p1.partner, b."hk_buyer", uuid '00000000-0000-0000-0000-000000000000') as "hk_buyer"
    from (
        select hk from pg_temp.due where since < %(ends)s
    ) k
    left join "vault"."bridge_order_buyer" b on b.as_of = %(base)s and b."hk_order" = k.hk
    left join partner_1 p1 on p1.hk = k.hk
)
, gone as (
    delete from "vault"."bridge_order_buyer" t using pg_temp.due d
    where t.as_of = %(as_of)s and t."hk_order" = d.hk and d.since < %(ends)s
        and not exists (select from fresh f where f."hk_order" = d.hk and ("lhk_buyer" <> uuid '00000000-0000-0000-0000-000000000000'))
)
insert into "vault"."bridge_order_buyer" as t (as_of, "hk_order", "lhk_buyer", "hk_buyer")
select %(as_of)s, "hk_order", "lhk_buyer", "hk_buyer"
from fresh
where "lhk_buyer" <> uuid '00000000-0000-0000-0000-000000000000'
order by "hk_order"
on conflict (as_of, "hk_order") do update set
"lhk_buyer" = excluded."lhk_buyer", "hk_buyer" = excluded."hk_buyer"
where (t."lhk_buyer", t."hk_buyer") is distinct from (excluded."lhk_buyer", excluded."hk_buyer")
;

-- bridge_home: whole
-- One day of a bridge (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
-- A pair that is not in force has no row in the base. Its satellites then begin anew: the first thing they say is a version, for what
-- they said before was that the pair is ended.
with said as materialized (
    select distinct on (o.hk) o.hk as hk, not o.is_deleted as in_force
    from "vault"."sat_customer_nation" o
    where o.event_time < %(ends)s
    order by o.hk, o.event_time desc, o.source_order desc
), new_1 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_customer_nation" o
    where o.event_time < %(ends)s
), version_1 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_1
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
), fresh as materialized (
    select l.lhk
        , l."hk_customer"
        , l."hk_nation"
        , coalesce(v1.event_time, timestamptz '1900-01-01 00:00:00+00') as "customer_nation_time"
        , coalesce(v1.event_id, uuid '00000000-0000-0000-0000-000000000000') as "customer_nation_id"
        , coalesce(n.in_force, false) as in_force
    from (
        select hk from said
    ) k
    join "vault"."link_customer_nation" l on l.lhk = k.hk
    left join said n on n.hk = k.hk
    left join version_1 v1 on v1.hk = k.hk
)
insert into "vault"."bridge_home" as t (as_of, "lhk", "hk_customer", "hk_nation", "customer_nation_time", "customer_nation_id")
select %(as_of)s, "lhk", "hk_customer", "hk_nation", "customer_nation_time", "customer_nation_id"
from fresh
where in_force
order by "lhk"

;

-- bridge_home: whole from a base
-- One day of a bridge (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
-- A pair that is not in force has no row in the base. Its satellites then begin anew: the first thing they say is a version, for what
-- they said before was that the pair is ended.
with said as materialized (
    select distinct on (o.hk) o.hk as hk, not o.is_deleted as in_force
    from "vault"."sat_customer_nation" o
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
    order by o.hk, o.event_time desc, o.source_order desc
), new_1 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_customer_nation" o
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
), version_1 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_1
            union all
            -- Looked up key by key (offset 0 keeps it so): a join might read the whole satellite.
            select v.hk, v.event_time, v.event_id, v.source_order, v.hashdiff
            from (select distinct hk from new_1) k
            join "vault"."bridge_home" b on b.as_of = %(base)s and b."lhk" = k.hk
            cross join lateral (
                select * from "vault"."sat_customer_nation" x
                where x.hk = k.hk and x.event_time = b."customer_nation_time" and x.event_id = b."customer_nation_id" offset 0
            ) v
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
), fresh as materialized (
    select l.lhk
        , l."hk_customer"
        , l."hk_nation"
        , coalesce(v1.event_time, b."customer_nation_time", timestamptz '1900-01-01 00:00:00+00') as "customer_nation_time"
        , coalesce(v1.event_id, b."customer_nation_id", uuid '00000000-0000-0000-0000-000000000000') as "customer_nation_id"
        , coalesce(n.in_force, b.lhk is not null) as in_force
    from (
        select hk from said
        union select lhk from "vault"."bridge_home" where as_of = %(base)s
    ) k
    join "vault"."link_customer_nation" l on l.lhk = k.hk
    left join said n on n.hk = k.hk
    left join "vault"."bridge_home" b on b.as_of = %(base)s and b.lhk = k.hk
    left join version_1 v1 on v1.hk = k.hk
)
insert into "vault"."bridge_home" as t (as_of, "lhk", "hk_customer", "hk_nation", "customer_nation_time", "customer_nation_id")
select %(as_of)s, "lhk", "hk_customer", "hk_nation", "customer_nation_time", "customer_nation_id"
from fresh
where in_force
order by "lhk"

;

-- bridge_home: touched from a base
-- One day of a bridge (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
-- A pair that is not in force has no row in the base. Its satellites then begin anew: the first thing they say is a version, for what
-- they said before was that the pair is ended.
with said as materialized (
    select distinct on (o.hk) o.hk as hk, not o.is_deleted as in_force
    from "vault"."sat_customer_nation" o
    join pg_temp.due d on d.hk = o."hk" and d.since < %(ends)s
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
    order by o.hk, o.event_time desc, o.source_order desc
), new_1 as materialized (
    select o.hk, o.event_time, o.event_id, o.source_order, o.hashdiff
    from "vault"."sat_customer_nation" o
    join pg_temp.due d on d.hk = o."hk" and d.since < %(ends)s
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
), version_1 as materialized (
    select distinct on (c.hk) c.hk, c.event_time, c.event_id
    from (
        select o.*, lag(o.hashdiff) over (partition by o.hk order by o.event_time, o.source_order) as hashdiff_before
        from (
            select * from new_1
            union all
            -- Looked up key by key (offset 0 keeps it so): a join might read the whole satellite.
            select v.hk, v.event_time, v.event_id, v.source_order, v.hashdiff
            from (select distinct hk from new_1) k
            join "vault"."bridge_home" b on b.as_of = %(base)s and b."lhk" = k.hk
            cross join lateral (
                select * from "vault"."sat_customer_nation" x
                where x.hk = k.hk and x.event_time = b."customer_nation_time" and x.event_id = b."customer_nation_id" offset 0
            ) v
        ) o
    ) c
    where c.hashdiff is distinct from c.hashdiff_before
    order by c.hk, c.event_time desc, c.source_order desc
), fresh as materialized (
    select l.lhk
        , l."hk_customer"
        , l."hk_nation"
        , coalesce(v1.event_time, b."customer_nation_time", timestamptz '1900-01-01 00:00:00+00') as "customer_nation_time"
        , coalesce(v1.event_id, b."customer_nation_id", uuid '00000000-0000-0000-0000-000000000000') as "customer_nation_id"
        , coalesce(n.in_force, b.lhk is not null) as in_force
    from (
        select hk from pg_temp.due where since < %(ends)s
    ) k
    join "vault"."link_customer_nation" l on l.lhk = k.hk
    left join said n on n.hk = k.hk
    left join "vault"."bridge_home" b on b.as_of = %(base)s and b.lhk = k.hk
    left join version_1 v1 on v1.hk = k.hk
)
, gone as (
    delete from "vault"."bridge_home" t using pg_temp.due d
    where t.as_of = %(as_of)s and t."lhk" = d.hk and d.since < %(ends)s
        and not exists (select from fresh f where f."lhk" = d.hk and (in_force))
)
insert into "vault"."bridge_home" as t (as_of, "lhk", "hk_customer", "hk_nation", "customer_nation_time", "customer_nation_id")
select %(as_of)s, "lhk", "hk_customer", "hk_nation", "customer_nation_time", "customer_nation_id"
from fresh
where in_force
order by "lhk"
on conflict (as_of, "lhk") do update set
"hk_customer" = excluded."hk_customer", "hk_nation" = excluded."hk_nation", "customer_nation_time" = excluded."customer_nation_time", "customer_nation_id" = excluded."customer_nation_id"
where (t."hk_customer", t."hk_nation", t."customer_nation_time", t."customer_nation_id") is distinct from (excluded."hk_customer", excluded."hk_nation", excluded."customer_nation_time", excluded."customer_nation_id")
;

-- bridge_circle: whole
-- One day of a bridge (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
-- A pair that is not in force has no row in the base. Its satellites then begin anew: the first thing they say is a version, for what
-- they said before was that the pair is ended.
with said as materialized (
    select distinct on (o.driving_hk) o.driving_hk as hk, o.is_open as in_force
    from "vault"."eff_acquaintance" o
    where o.event_time < %(ends)s
    order by o.driving_hk, o.event_time desc, o.source_order desc
), fresh as materialized (
    select l.lhk
        , l."hk_a"
        , l."hk_b"
        , coalesce(n.in_force, false) as in_force
    from (
        select hk from said
    ) k
    join "vault"."link_acquaintance" l on l.lhk = k.hk
    left join said n on n.hk = k.hk
)
insert into "vault"."bridge_circle" as t (as_of, "lhk", "hk_a", "hk_b")
select %(as_of)s, "lhk", "hk_a", "hk_b"
from fresh
where in_force
order by "lhk"

;

-- bridge_circle: whole from a base
-- One day of a bridge (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
-- A pair that is not in force has no row in the base. Its satellites then begin anew: the first thing they say is a version, for what
-- they said before was that the pair is ended.
with said as materialized (
    select distinct on (o.driving_hk) o.driving_hk as hk, o.is_open as in_force
    from "vault"."eff_acquaintance" o
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
    order by o.driving_hk, o.event_time desc, o.source_order desc
), fresh as materialized (
    select l.lhk
        , l."hk_a"
        , l."hk_b"
        , coalesce(n.in_force, b.lhk is not null) as in_force
    from (
        select hk from said
        union select lhk from "vault"."bridge_circle" where as_of = %(base)s
    ) k
    join "vault"."link_acquaintance" l on l.lhk = k.hk
    left join said n on n.hk = k.hk
    left join "vault"."bridge_circle" b on b.as_of = %(base)s and b.lhk = k.hk
)
insert into "vault"."bridge_circle" as t (as_of, "lhk", "hk_a", "hk_b")
select %(as_of)s, "lhk", "hk_a", "hk_b"
from fresh
where in_force
order by "lhk"

;

-- bridge_circle: touched from a base
-- One day of a bridge (PostgreSQL). Inputs: s (SnapshotSpec), whole, based; parameters as _snapshots.sql.j2 says.
-- A pair that is not in force has no row in the base. Its satellites then begin anew: the first thing they say is a version, for what
-- they said before was that the pair is ended.
with said as materialized (
    select distinct on (o.driving_hk) o.driving_hk as hk, o.is_open as in_force
    from "vault"."eff_acquaintance" o
    join pg_temp.due d on d.hk = o."driving_hk" and d.since < %(ends)s
    where o.event_time < %(ends)s and o.event_time >= %(base_ends)s
    order by o.driving_hk, o.event_time desc, o.source_order desc
), fresh as materialized (
    select l.lhk
        , l."hk_a"
        , l."hk_b"
        , coalesce(n.in_force, b.lhk is not null) as in_force
    from (
        select hk from pg_temp.due where since < %(ends)s
    ) k
    join "vault"."link_acquaintance" l on l.lhk = k.hk
    left join said n on n.hk = k.hk
    left join "vault"."bridge_circle" b on b.as_of = %(base)s and b.lhk = k.hk
)
, gone as (
    delete from "vault"."bridge_circle" t using pg_temp.due d
    where t.as_of = %(as_of)s and t."lhk" = d.hk and d.since < %(ends)s
        and not exists (select from fresh f where f."lhk" = d.hk and (in_force))
)
insert into "vault"."bridge_circle" as t (as_of, "lhk", "hk_a", "hk_b")
select %(as_of)s, "lhk", "hk_a", "hk_b"
from fresh
where in_force
order by "lhk"
on conflict (as_of, "lhk") do update set
"hk_a" = excluded."hk_a", "hk_b" = excluded."hk_b"
where (t."hk_a", t."hk_b") is distinct from (excluded."hk_a", excluded."hk_b")
;
