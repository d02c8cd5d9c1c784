-- customer: due
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
        select "hk_customer" as hk, event_time from "stage"."customer"
    ) k
    where k.hk is not null
    group by k.hk
), first_heard as (
    insert into "vault"."seen_customer" (hk, event_time, load_ts)
    select h.hk, h.event_time, now()
    from heard h
    where not exists (select from "vault"."seen_customer" s where s.hk = h.hk and s.event_time <= h.event_time)
    order by h.hk
    on conflict (hk, event_time) do nothing
    returning hk, event_time
)
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_customer', hk, event_time from first_heard
where event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_customer');
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_customer', "hk_customer", min(event_time)
from "stage"."customer"
where "hk_customer" is not null and event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_customer')
group by 2;

-- customer: superseded
-- Events of which the stage has a copy that its source gave earlier than the one that was loaded (PostgreSQL). It happens where copies come
-- by two partitions, topics or sources. Inputs: v (VaultSpec). Grain: an event.
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
create temporary table superseded on commit drop as
select t.event_time, t.event_id, t."hk" as key, s."hk_customer" as key_now
from "stage"."customer" s
join "vault"."sat_customer_details" t on t.event_time = s.event_time and t.event_id = s.event_id
where s.source_order < t.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- customer: supersede
-- What was loaded of superseded events leaves the vault, before the merge puts the earlier copy there (PostgreSQL).
-- Inputs: v (VaultSpec), tables (of v, with its events), hubs (that v mentions), snapshots (names of the PIT and bridge tables that v feeds).
delete from "vault"."sat_customer_details" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);
delete from "vault"."sat_customer_phone" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);
-- Keys that nothing but a copy that left may have mentioned, or mentioned first: ClickHouse knows (mentions.sql.j2), once all is loaded.
insert into ops.doubtful_key (table_name, hk)
select 'hub_customer', h.hk from "vault"."hub_customer" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."customer" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_customer" = h.hk));
-- The keys of a copy that left may not be among the staged ones: what was built is built anew, whole; the graph database is loaded anew.
update ops.snapshot set definition = ''
where table_name in ('pit_customer') and exists (select from pg_temp.superseded where key is distinct from key_now);

-- customer: months
-- Partitions for the months of the batch (PostgreSQL). Inputs: v (VaultSpec).
select vault.add_months(
    array['sat_customer_details', 'sat_customer_phone']::text[],
    array(select distinct date_trunc('month', event_time at time zone 'UTC')::date from "stage"."customer" where event_time is not null));

-- customer: hubs
-- The stage's keys of one hub (PostgreSQL). Inputs: v (VaultSpec), hub (name). A missing business key has no hash key: no row.
-- A key's source is the one that saw it first by event time, not the one that was loaded first; of equal times the first by name.
-- Several event types may write at once, hence ON CONFLICT; sorted, so that two of them cannot wait for each other.
create temporary table mentioned on commit drop as
select distinct on (k.hk) k.hk, k.bk, k.event_time, k.record_source
from (
    -- Grouped first, since a key is staged many times: a hash of the keys is cheaper than a sort of the rows.
    select a.hk, a.bk, a.record_source, min(a.event_time) as event_time
    from (
        select "hk_customer" as hk, "bk_customer" as bk, event_time, record_source from "stage"."customer"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_customer" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_customer" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_customer" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.hk = e.hk;
drop table pg_temp.mentioned;

-- customer: links

-- customer: sats
-- The stage's observations of one satellite (PostgreSQL). Inputs: v (VaultSpec), sat (SatSpec).
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."sat_customer_details" (
    hk, event_time, event_id, source_order, hashdiff, is_deleted, "name", "dob", load_ts, record_source)
select distinct on (s."hk_customer", s.event_time, s.event_id)
    s."hk_customer", s.event_time, s.event_id, s.source_order, s."hd_sat_customer_details", s.is_deleted, s."a_name", s."a_dob", now(), s.record_source
from "stage"."customer" s
where s."hk_customer" is not null
    and not exists (
        select from "vault"."sat_customer_details" t
        where t.hk = s."hk_customer" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."hk_customer", s.event_time, s.event_id, s.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
-- The stage's observations of one satellite (PostgreSQL). Inputs: v (VaultSpec), sat (SatSpec).
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."sat_customer_phone" (
    hk, event_time, event_id, source_order, hashdiff, is_deleted, "members", load_ts, record_source)
select distinct on (s."hk_customer", s.event_time, s.event_id)
    s."hk_customer", s.event_time, s.event_id, s.source_order, s."hd_sat_customer_phone", s.is_deleted, s."a_phones", now(), s.record_source
from "stage"."customer" s
where s."hk_customer" is not null
    and not exists (
        select from "vault"."sat_customer_phone" t
        where t.hk = s."hk_customer" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."hk_customer", s.event_time, s.event_id, s.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- customer: effs

-- What the stage holds (PostgreSQL): rows, and sums over identity and operation, as batch_sums.sql.j2. Inputs: v (VaultSpec).
select
    count(*) as rows,
    coalesce(sum(('x' || left(event_id::text, 8))::bit(32)::bigint), 0) as ids,
    coalesce(sum((extract(epoch from event_time) * 1000000)::bigint % 4294967296), 0) as times,
    count(*) filter (where is_deleted) as deletions
from "stage"."customer"
;

-- nation: due

-- nation: superseded
-- Events of which the stage has a copy that its source gave earlier than the one that was loaded (PostgreSQL). It happens where copies come
-- by two partitions, topics or sources. Inputs: v (VaultSpec). Grain: an event.
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
create temporary table superseded on commit drop as
select t.event_time, t.event_id, t."hk" as key, s."hk_nation" as key_now
from "stage"."nation" s
join "vault"."sat_nation" t on t.event_time = s.event_time and t.event_id = s.event_id
where s.source_order < t.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- nation: supersede
-- What was loaded of superseded events leaves the vault, before the merge puts the earlier copy there (PostgreSQL).
-- Inputs: v (VaultSpec), tables (of v, with its events), hubs (that v mentions), snapshots (names of the PIT and bridge tables that v feeds).
delete from "vault"."sat_nation" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);
-- Keys that nothing but a copy that left may have mentioned, or mentioned first: ClickHouse knows (mentions.sql.j2), once all is loaded.
insert into ops.doubtful_key (table_name, hk)
select 'hub_nation', h.hk from "vault"."hub_nation" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."nation" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_nation" = h.hk));

-- nation: months
-- Partitions for the months of the batch (PostgreSQL). Inputs: v (VaultSpec).
select vault.add_months(
    array['sat_nation']::text[],
    array(select distinct date_trunc('month', event_time at time zone 'UTC')::date from "stage"."nation" where event_time is not null));

-- nation: hubs
-- The stage's keys of one hub (PostgreSQL). Inputs: v (VaultSpec), hub (name). A missing business key has no hash key: no row.
-- A key's source is the one that saw it first by event time, not the one that was loaded first; of equal times the first by name.
-- Several event types may write at once, hence ON CONFLICT; sorted, so that two of them cannot wait for each other.
create temporary table mentioned on commit drop as
select distinct on (k.hk) k.hk, k.bk, k.event_time, k.record_source
from (
    -- Grouped first, since a key is staged many times: a hash of the keys is cheaper than a sort of the rows.
    select a.hk, a.bk, a.record_source, min(a.event_time) as event_time
    from (
        select "hk_nation" as hk, "bk_nation" as bk, event_time, record_source from "stage"."nation"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_nation" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_nation" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_nation" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.hk = e.hk;
drop table pg_temp.mentioned;

-- nation: links

-- nation: sats
-- The stage's observations of one satellite (PostgreSQL). Inputs: v (VaultSpec), sat (SatSpec).
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."sat_nation" (
    hk, event_time, event_id, source_order, hashdiff, is_deleted, load_ts, record_source)
select distinct on (s."hk_nation", s.event_time, s.event_id)
    s."hk_nation", s.event_time, s.event_id, s.source_order, s."hd_sat_nation", s.is_deleted, now(), s.record_source
from "stage"."nation" s
where s."hk_nation" is not null
    and not exists (
        select from "vault"."sat_nation" t
        where t.hk = s."hk_nation" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."hk_nation", s.event_time, s.event_id, s.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- nation: effs

-- What the stage holds (PostgreSQL): rows, and sums over identity and operation, as batch_sums.sql.j2. Inputs: v (VaultSpec).
select
    count(*) as rows,
    coalesce(sum(('x' || left(event_id::text, 8))::bit(32)::bigint), 0) as ids,
    coalesce(sum((extract(epoch from event_time) * 1000000)::bigint % 4294967296), 0) as times,
    count(*) filter (where is_deleted) as deletions
from "stage"."nation"
;

-- till: due

-- till: superseded
-- Events of which the stage has a copy that its source gave earlier than the one that was loaded (PostgreSQL). It happens where copies come
-- by two partitions, topics or sources. Inputs: v (VaultSpec). Grain: an event.
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
create temporary table superseded on commit drop as
select t.event_time, t.event_id, t."hk" as key, s."hk_till" as key_now
from "stage"."till" s
join "vault"."sat_till" t on t.event_time = s.event_time and t.event_id = s.event_id
where s.source_order < t.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- till: supersede
-- What was loaded of superseded events leaves the vault, before the merge puts the earlier copy there (PostgreSQL).
-- Inputs: v (VaultSpec), tables (of v, with its events), hubs (that v mentions), snapshots (names of the PIT and bridge tables that v feeds).
delete from "vault"."sat_till" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);
-- Keys that nothing but a copy that left may have mentioned, or mentioned first: ClickHouse knows (mentions.sql.j2), once all is loaded.
insert into ops.doubtful_key (table_name, hk)
select 'hub_till', h.hk from "vault"."hub_till" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."till" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_till" = h.hk));

-- till: months
-- Partitions for the months of the batch (PostgreSQL). Inputs: v (VaultSpec).
select vault.add_months(
    array['sat_till']::text[],
    array(select distinct date_trunc('month', event_time at time zone 'UTC')::date from "stage"."till" where event_time is not null));

-- till: hubs
-- The stage's keys of one hub (PostgreSQL). Inputs: v (VaultSpec), hub (name). A missing business key has no hash key: no row.
-- A key's source is the one that saw it first by event time, not the one that was loaded first; of equal times the first by name.
-- Several event types may write at once, hence ON CONFLICT; sorted, so that two of them cannot wait for each other.
create temporary table mentioned on commit drop as
select distinct on (k.hk) k.hk, k.bk, k.event_time, k.record_source
from (
    -- Grouped first, since a key is staged many times: a hash of the keys is cheaper than a sort of the rows.
    select a.hk, a.bk, a.record_source, min(a.event_time) as event_time
    from (
        select "hk_till" as hk, "bk_till" as bk, event_time, record_source from "stage"."till"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_till" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_till" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_till" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.hk = e.hk;
drop table pg_temp.mentioned;

-- till: links

-- till: sats
-- The stage's observations of one satellite (PostgreSQL). Inputs: v (VaultSpec), sat (SatSpec).
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."sat_till" (
    hk, event_time, event_id, source_order, hashdiff, is_deleted, load_ts, record_source)
select distinct on (s."hk_till", s.event_time, s.event_id)
    s."hk_till", s.event_time, s.event_id, s.source_order, s."hd_sat_till", s.is_deleted, now(), s.record_source
from "stage"."till" s
where s."hk_till" is not null
    and not exists (
        select from "vault"."sat_till" t
        where t.hk = s."hk_till" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."hk_till", s.event_time, s.event_id, s.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- till: effs

-- What the stage holds (PostgreSQL): rows, and sums over identity and operation, as batch_sums.sql.j2. Inputs: v (VaultSpec).
select
    count(*) as rows,
    coalesce(sum(('x' || left(event_id::text, 8))::bit(32)::bigint), 0) as ids,
    coalesce(sum((extract(epoch from event_time) * 1000000)::bigint % 4294967296), 0) as times,
    count(*) filter (where is_deleted) as deletions
from "stage"."till"
;

-- customer_nation: due
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
        select "hk_customer" as hk, event_time from "stage"."customer_nation"
    ) k
    where k.hk is not null
    group by k.hk
), first_heard as (
    insert into "vault"."seen_customer" (hk, event_time, load_ts)
    select h.hk, h.event_time, now()
    from heard h
    where not exists (select from "vault"."seen_customer" s where s.hk = h.hk and s.event_time <= h.event_time)
    order by h.hk
    on conflict (hk, event_time) do nothing
    returning hk, event_time
)
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_customer', hk, event_time from first_heard
where event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_customer');
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
insert into ops.snapshot_due (table_name, hk, since)
select 'bridge_home', "lhk_customer_nation", min(event_time)
from "stage"."customer_nation"
where "lhk_customer_nation" is not null and event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'bridge_home')
group by 2;

-- customer_nation: superseded
-- Events of which the stage has a copy that its source gave earlier than the one that was loaded (PostgreSQL). It happens where copies come
-- by two partitions, topics or sources. Inputs: v (VaultSpec). Grain: an event.
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
create temporary table superseded on commit drop as
select t.event_time, t.event_id, t."hk" as key, s."lhk_customer_nation" as key_now
from "stage"."customer_nation" s
join "vault"."sat_customer_nation" t on t.event_time = s.event_time and t.event_id = s.event_id
where s.source_order < t.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- customer_nation: supersede
-- What was loaded of superseded events leaves the vault, before the merge puts the earlier copy there (PostgreSQL).
-- Inputs: v (VaultSpec), tables (of v, with its events), hubs (that v mentions), snapshots (names of the PIT and bridge tables that v feeds).
delete from "vault"."sat_customer_nation" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);
-- Keys that nothing but a copy that left may have mentioned, or mentioned first: ClickHouse knows (mentions.sql.j2), once all is loaded.
insert into ops.doubtful_key (table_name, hk)
select 'hub_customer', h.hk from "vault"."hub_customer" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."customer_nation" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_customer" = h.hk));
insert into ops.doubtful_key (table_name, hk)
select 'hub_nation', h.hk from "vault"."hub_nation" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."customer_nation" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_nation" = h.hk));
insert into ops.doubtful_key (table_name, hk)
select 'link_customer_nation', l.lhk from "vault"."link_customer_nation" l
where l.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."customer_nation" s where s.event_time = l.first_seen and s.record_source collate "C" <= l.record_source collate "C" and s."lhk_customer_nation" = l.lhk);
-- The keys of a copy that left may not be among the staged ones: what was built is built anew, whole; the graph database is loaded anew.
update ops.snapshot set definition = ''
where table_name in ('bridge_home') and exists (select from pg_temp.superseded where key is distinct from key_now);

-- customer_nation: months
-- Partitions for the months of the batch (PostgreSQL). Inputs: v (VaultSpec).
select vault.add_months(
    array['sat_customer_nation']::text[],
    array(select distinct date_trunc('month', event_time at time zone 'UTC')::date from "stage"."customer_nation" where event_time is not null));

-- customer_nation: hubs
-- The stage's keys of one hub (PostgreSQL). Inputs: v (VaultSpec), hub (name). A missing business key has no hash key: no row.
-- A key's source is the one that saw it first by event time, not the one that was loaded first; of equal times the first by name.
-- Several event types may write at once, hence ON CONFLICT; sorted, so that two of them cannot wait for each other.
create temporary table mentioned on commit drop as
select distinct on (k.hk) k.hk, k.bk, k.event_time, k.record_source
from (
    -- Grouped first, since a key is staged many times: a hash of the keys is cheaper than a sort of the rows.
    select a.hk, a.bk, a.record_source, min(a.event_time) as event_time
    from (
        select "hk_customer" as hk, "bk_customer" as bk, event_time, record_source from "stage"."customer_nation"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_customer" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_customer" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_customer" t set first_seen = e.event_time, record_source = e.record_source
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
        select "hk_nation" as hk, "bk_nation" as bk, event_time, record_source from "stage"."customer_nation"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_nation" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_nation" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_nation" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.hk = e.hk;
drop table pg_temp.mentioned;

-- customer_nation: links
-- The stage's rows of one link (PostgreSQL). Inputs: v (VaultSpec), link (LinkSpec). A link with a missing key is not loaded.
create temporary table mentioned on commit drop as
select distinct on (s."lhk_customer_nation") s."lhk_customer_nation" as lhk,
s."hk_customer", s."hk_nation", 
    s.event_time, s.record_source
from "stage"."customer_nation" s
where s."lhk_customer_nation" is not null and s."hk_customer" is not null and s."hk_nation" is not null
order by s."lhk_customer_nation", s.event_time, s.record_source collate "C";
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."link_customer_nation" (lhk, "hk_customer", "hk_nation", load_ts, first_seen, record_source)
select k.lhk, k."hk_customer", k."hk_nation", now(), k.event_time, k.record_source
from pg_temp.mentioned k
where not exists (select from "vault"."link_customer_nation" t where t.lhk = k.lhk)
order by k.lhk;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
with earlier as (
    select t.lhk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."link_customer_nation" t on t.lhk = k.lhk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.lhk
    for update of t
)
update "vault"."link_customer_nation" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.lhk = e.lhk;
drop table pg_temp.mentioned;

-- customer_nation: sats
-- The stage's observations of one satellite (PostgreSQL). Inputs: v (VaultSpec), sat (SatSpec).
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."sat_customer_nation" (
    hk, event_time, event_id, source_order, hashdiff, is_deleted, load_ts, record_source)
select distinct on (s."lhk_customer_nation", s.event_time, s.event_id)
    s."lhk_customer_nation", s.event_time, s.event_id, s.source_order, s."hd_sat_customer_nation", s.is_deleted, now(), s.record_source
from "stage"."customer_nation" s
where s."lhk_customer_nation" is not null
    and not exists (
        select from "vault"."sat_customer_nation" t
        where t.hk = s."lhk_customer_nation" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."lhk_customer_nation", s.event_time, s.event_id, s.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- customer_nation: effs

-- What the stage holds (PostgreSQL): rows, and sums over identity and operation, as batch_sums.sql.j2. Inputs: v (VaultSpec).
select
    count(*) as rows,
    coalesce(sum(('x' || left(event_id::text, 8))::bit(32)::bigint), 0) as ids,
    coalesce(sum((extract(epoch from event_time) * 1000000)::bigint % 4294967296), 0) as times,
    count(*) filter (where is_deleted) as deletions
from "stage"."customer_nation"
;

-- order: due
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
        select "hk_buyer" as hk, event_time from "stage"."order"
    ) k
    where k.hk is not null
    group by k.hk
), first_heard as (
    insert into "vault"."seen_customer" (hk, event_time, load_ts)
    select h.hk, h.event_time, now()
    from heard h
    where not exists (select from "vault"."seen_customer" s where s.hk = h.hk and s.event_time <= h.event_time)
    order by h.hk
    on conflict (hk, event_time) do nothing
    returning hk, event_time
)
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_customer', hk, event_time from first_heard
where event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_customer');
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
with heard as materialized (
    select k.hk, min(k.event_time) as event_time
    from (
        select "hk_order" as hk, event_time from "stage"."order"
    ) k
    where k.hk is not null
    group by k.hk
), first_heard as (
    insert into "vault"."seen_order" (hk, event_time, load_ts)
    select h.hk, h.event_time, now()
    from heard h
    where not exists (select from "vault"."seen_order" s where s.hk = h.hk and s.event_time <= h.event_time)
    order by h.hk
    on conflict (hk, event_time) do nothing
    returning hk, event_time
)
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_order', hk, event_time from first_heard
where event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_order');
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_order', "hk_order", min(event_time)
from "stage"."order"
where "hk_order" is not null and event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_order')
group by 2;
insert into ops.snapshot_due (table_name, hk, since)
select 'bridge_order_buyer', "hk_order", min(event_time)
from "stage"."order"
where "hk_order" is not null and event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'bridge_order_buyer')
group by 2;

-- order: superseded
-- Events of which the stage has a copy that its source gave earlier than the one that was loaded (PostgreSQL). It happens where copies come
-- by two partitions, topics or sources. Inputs: v (VaultSpec). Grain: an event.
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
create temporary table superseded on commit drop as
select t.event_time, t.event_id, t."hk" as key, s."hk_order" as key_now
from "stage"."order" s
join "vault"."sat_order_note" t on t.event_time = s.event_time and t.event_id = s.event_id
where s.source_order < t.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- order: supersede
-- What was loaded of superseded events leaves the vault, before the merge puts the earlier copy there (PostgreSQL).
-- Inputs: v (VaultSpec), tables (of v, with its events), hubs (that v mentions), snapshots (names of the PIT and bridge tables that v feeds).
delete from "vault"."eff_order_buyer" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);
delete from "vault"."sat_order_note" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);
delete from "vault"."sat_order_facts" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);
-- Keys that nothing but a copy that left may have mentioned, or mentioned first: ClickHouse knows (mentions.sql.j2), once all is loaded.
insert into ops.doubtful_key (table_name, hk)
select 'hub_customer', h.hk from "vault"."hub_customer" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."order" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_buyer" = h.hk));
insert into ops.doubtful_key (table_name, hk)
select 'hub_order', h.hk from "vault"."hub_order" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."order" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_order" = h.hk));
insert into ops.doubtful_key (table_name, hk)
select 'link_order_buyer', l.lhk from "vault"."link_order_buyer" l
where l.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."order" s where s.event_time = l.first_seen and s.record_source collate "C" <= l.record_source collate "C" and s."lhk_order_buyer" = l.lhk);
-- The keys of a copy that left may not be among the staged ones: what was built is built anew, whole; the graph database is loaded anew.
update ops.snapshot set definition = ''
where table_name in ('pit_order', 'bridge_order_buyer') and exists (select from pg_temp.superseded where key is distinct from key_now);

-- order: months
-- Partitions for the months of the batch (PostgreSQL). Inputs: v (VaultSpec).
select vault.add_months(
    array['eff_order_buyer', 'sat_order_note', 'sat_order_facts']::text[],
    array(select distinct date_trunc('month', event_time at time zone 'UTC')::date from "stage"."order" where event_time is not null));

-- order: hubs
-- The stage's keys of one hub (PostgreSQL). Inputs: v (VaultSpec), hub (name). A missing business key has no hash key: no row.
-- A key's source is the one that saw it first by event time, not the one that was loaded first; of equal times the first by name.
-- Several event types may write at once, hence ON CONFLICT; sorted, so that two of them cannot wait for each other.
create temporary table mentioned on commit drop as
select distinct on (k.hk) k.hk, k.bk, k.event_time, k.record_source
from (
    -- Grouped first, since a key is staged many times: a hash of the keys is cheaper than a sort of the rows.
    select a.hk, a.bk, a.record_source, min(a.event_time) as event_time
    from (
        select "hk_buyer" as hk, "bk_buyer" as bk, event_time, record_source from "stage"."order"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_customer" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_customer" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_customer" t set first_seen = e.event_time, record_source = e.record_source
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
        select "hk_order" as hk, "bk_order" as bk, event_time, record_source from "stage"."order"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_order" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_order" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_order" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.hk = e.hk;
drop table pg_temp.mentioned;

-- order: links
-- The stage's rows of one link (PostgreSQL). Inputs: v (VaultSpec), link (LinkSpec). A link with a missing key is not loaded.
create temporary table mentioned on commit drop as
select distinct on (s."lhk_order_buyer") s."lhk_order_buyer" as lhk,
s."hk_order", s."hk_buyer", 
    s.event_time, s.record_source
from "stage"."order" s
where s."lhk_order_buyer" is not null and s."hk_order" is not null and s."hk_buyer" is not null
order by s."lhk_order_buyer", s.event_time, s.record_source collate "C";
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."link_order_buyer" (lhk, "hk_order", "hk_buyer", load_ts, first_seen, record_source)
select k.lhk, k."hk_order", k."hk_buyer", now(), k.event_time, k.record_source
from pg_temp.mentioned k
where not exists (select from "vault"."link_order_buyer" t where t.lhk = k.lhk)
order by k.lhk;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
with earlier as (
    select t.lhk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."link_order_buyer" t on t.lhk = k.lhk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.lhk
    for update of t
)
update "vault"."link_order_buyer" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.lhk = e.lhk;
drop table pg_temp.mentioned;

-- order: sats
-- The stage's observations of one satellite (PostgreSQL). Inputs: v (VaultSpec), sat (SatSpec).
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."sat_order_note" (
    hk, event_time, event_id, source_order, hashdiff, is_deleted, "left", "right", load_ts, record_source)
select distinct on (s."hk_order", s.event_time, s.event_id)
    s."hk_order", s.event_time, s.event_id, s.source_order, s."hd_sat_order_note", s.is_deleted, s."a_left", s."a_right", now(), s.record_source
from "stage"."order" s
where s."hk_order" is not null
    and not exists (
        select from "vault"."sat_order_note" t
        where t.hk = s."hk_order" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."hk_order", s.event_time, s.event_id, s.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
-- The stage's observations of one satellite (PostgreSQL). Inputs: v (VaultSpec), sat (SatSpec).
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."sat_order_facts" (
    hk, event_time, event_id, source_order, hashdiff, is_deleted, "paid", "weight", "due", "ref", load_ts, record_source)
select distinct on (s."hk_order", s.event_time, s.event_id)
    s."hk_order", s.event_time, s.event_id, s.source_order, s."hd_sat_order_facts", s.is_deleted, s."a_paid", s."a_weight", s."a_due", s."a_ref", now(), s.record_source
from "stage"."order" s
where s."hk_order" is not null
    and not exists (
        select from "vault"."sat_order_facts" t
        where t.hk = s."hk_order" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."hk_order", s.event_time, s.event_id, s.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- order: effs
-- The stage's observations of one effectivity satellite (PostgreSQL). Inputs: v (VaultSpec), link (LinkSpec).
-- Where a hub's own event drives the link, op=delete leaves it without any partner.
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."eff_order_buyer" (driving_hk, event_time, event_id, source_order, lhk, is_open, load_ts, record_source)
select distinct on (s."hk_order", s.event_time, s.event_id)
    s."hk_order", s.event_time, s.event_id, s.source_order,
    case when not s.is_deleted then s."lhk_order_buyer" end,
    not s.is_deleted and s."lhk_order_buyer" is not null, now(), s.record_source
from "stage"."order" s
where s."hk_order" is not null and s."hk_order" is not null
    and not exists (
        select from "vault"."eff_order_buyer" t
        where t.driving_hk = s."hk_order" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."hk_order", s.event_time, s.event_id, s.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- What the stage holds (PostgreSQL): rows, and sums over identity and operation, as batch_sums.sql.j2. Inputs: v (VaultSpec).
select
    count(*) as rows,
    coalesce(sum(('x' || left(event_id::text, 8))::bit(32)::bigint), 0) as ids,
    coalesce(sum((extract(epoch from event_time) * 1000000)::bigint % 4294967296), 0) as times,
    count(*) filter (where is_deleted) as deletions
from "stage"."order"
;

-- refund: due
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
        select "hk_buyer" as hk, event_time from "stage"."refund"
    ) k
    where k.hk is not null
    group by k.hk
), first_heard as (
    insert into "vault"."seen_customer" (hk, event_time, load_ts)
    select h.hk, h.event_time, now()
    from heard h
    where not exists (select from "vault"."seen_customer" s where s.hk = h.hk and s.event_time <= h.event_time)
    order by h.hk
    on conflict (hk, event_time) do nothing
    returning hk, event_time
)
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_customer', hk, event_time from first_heard
where event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_customer');
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
with heard as materialized (
    select k.hk, min(k.event_time) as event_time
    from (
        select "hk_order" as hk, event_time from "stage"."refund"
    ) k
    where k.hk is not null
    group by k.hk
), first_heard as (
    insert into "vault"."seen_order" (hk, event_time, load_ts)
    select h.hk, h.event_time, now()
    from heard h
    where not exists (select from "vault"."seen_order" s where s.hk = h.hk and s.event_time <= h.event_time)
    order by h.hk
    on conflict (hk, event_time) do nothing
    returning hk, event_time
)
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_order', hk, event_time from first_heard
where event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_order');
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_order', "hk_order", min(event_time)
from "stage"."refund"
where "hk_order" is not null and event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_order')
group by 2;
insert into ops.snapshot_due (table_name, hk, since)
select 'bridge_order_buyer', "hk_order", min(event_time)
from "stage"."refund"
where "hk_order" is not null and event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'bridge_order_buyer')
group by 2;

-- refund: superseded
-- Events of which the stage has a copy that its source gave earlier than the one that was loaded (PostgreSQL). It happens where copies come
-- by two partitions, topics or sources. Inputs: v (VaultSpec). Grain: an event.
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
create temporary table superseded on commit drop as
select t.event_time, t.event_id, t."hk" as key, s."hk_order" as key_now
from "stage"."refund" s
join "vault"."sat_refund_refund" t on t.event_time = s.event_time and t.event_id = s.event_id
where s.source_order < t.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- refund: supersede
-- What was loaded of superseded events leaves the vault, before the merge puts the earlier copy there (PostgreSQL).
-- Inputs: v (VaultSpec), tables (of v, with its events), hubs (that v mentions), snapshots (names of the PIT and bridge tables that v feeds).
delete from "vault"."eff_refund_buyer" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);
delete from "vault"."sat_refund_refund" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);
-- Keys that nothing but a copy that left may have mentioned, or mentioned first: ClickHouse knows (mentions.sql.j2), once all is loaded.
insert into ops.doubtful_key (table_name, hk)
select 'hub_customer', h.hk from "vault"."hub_customer" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."refund" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_buyer" = h.hk));
insert into ops.doubtful_key (table_name, hk)
select 'hub_order', h.hk from "vault"."hub_order" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."refund" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_order" = h.hk));
insert into ops.doubtful_key (table_name, hk)
select 'link_refund_buyer', l.lhk from "vault"."link_refund_buyer" l
where l.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."refund" s where s.event_time = l.first_seen and s.record_source collate "C" <= l.record_source collate "C" and s."lhk_refund_buyer" = l.lhk);
-- The keys of a copy that left may not be among the staged ones: what was built is built anew, whole; the graph database is loaded anew.
update ops.snapshot set definition = ''
where table_name in ('pit_order', 'bridge_order_buyer') and exists (select from pg_temp.superseded where key is distinct from key_now);

-- refund: months
-- Partitions for the months of the batch (PostgreSQL). Inputs: v (VaultSpec).
select vault.add_months(
    array['eff_refund_buyer', 'sat_refund_refund']::text[],
    array(select distinct date_trunc('month', event_time at time zone 'UTC')::date from "stage"."refund" where event_time is not null));

-- refund: hubs
-- The stage's keys of one hub (PostgreSQL). Inputs: v (VaultSpec), hub (name). A missing business key has no hash key: no row.
-- A key's source is the one that saw it first by event time, not the one that was loaded first; of equal times the first by name.
-- Several event types may write at once, hence ON CONFLICT; sorted, so that two of them cannot wait for each other.
create temporary table mentioned on commit drop as
select distinct on (k.hk) k.hk, k.bk, k.event_time, k.record_source
from (
    -- Grouped first, since a key is staged many times: a hash of the keys is cheaper than a sort of the rows.
    select a.hk, a.bk, a.record_source, min(a.event_time) as event_time
    from (
        select "hk_buyer" as hk, "bk_buyer" as bk, event_time, record_source from "stage"."refund"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_customer" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_customer" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_customer" t set first_seen = e.event_time, record_source = e.record_source
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
        select "hk_order" as hk, "bk_order" as bk, event_time, record_source from "stage"."refund"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_order" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_order" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_order" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.hk = e.hk;
drop table pg_temp.mentioned;

-- refund: links
-- The stage's rows of one link (PostgreSQL). Inputs: v (VaultSpec), link (LinkSpec). A link with a missing key is not loaded.
create temporary table mentioned on commit drop as
select distinct on (s."lhk_refund_buyer") s."lhk_refund_buyer" as lhk,
s."hk_order", s."hk_buyer", 
    s.event_time, s.record_source
from "stage"."refund" s
where s."lhk_refund_buyer" is not null and s."hk_order" is not null and s."hk_buyer" is not null
order by s."lhk_refund_buyer", s.event_time, s.record_source collate "C";
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."link_refund_buyer" (lhk, "hk_order", "hk_buyer", load_ts, first_seen, record_source)
select k.lhk, k."hk_order", k."hk_buyer", now(), k.event_time, k.record_source
from pg_temp.mentioned k
where not exists (select from "vault"."link_refund_buyer" t where t.lhk = k.lhk)
order by k.lhk;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
with earlier as (
    select t.lhk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."link_refund_buyer" t on t.lhk = k.lhk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.lhk
    for update of t
)
update "vault"."link_refund_buyer" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.lhk = e.lhk;
drop table pg_temp.mentioned;

-- refund: sats
-- The stage's observations of one satellite (PostgreSQL). Inputs: v (VaultSpec), sat (SatSpec).
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."sat_refund_refund" (
    hk, event_time, event_id, source_order, hashdiff, is_deleted, "cents", load_ts, record_source)
select distinct on (s."hk_order", s.event_time, s.event_id)
    s."hk_order", s.event_time, s.event_id, s.source_order, s."hd_sat_refund_refund", s.is_deleted, s."a_cents", now(), s.record_source
from "stage"."refund" s
where s."hk_order" is not null
    and not exists (
        select from "vault"."sat_refund_refund" t
        where t.hk = s."hk_order" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."hk_order", s.event_time, s.event_id, s.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- refund: effs
-- The stage's observations of one effectivity satellite (PostgreSQL). Inputs: v (VaultSpec), link (LinkSpec).
-- Where a hub's own event drives the link, op=delete leaves it without any partner.
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."eff_refund_buyer" (driving_hk, event_time, event_id, source_order, lhk, is_open, load_ts, record_source)
select distinct on (s."hk_order", s.event_time, s.event_id)
    s."hk_order", s.event_time, s.event_id, s.source_order,
    case when not s.is_deleted then s."lhk_refund_buyer" end,
    not s.is_deleted and s."lhk_refund_buyer" is not null, now(), s.record_source
from "stage"."refund" s
where s."hk_order" is not null and s."hk_order" is not null and s."hk_buyer" is not null
    and not exists (
        select from "vault"."eff_refund_buyer" t
        where t.driving_hk = s."hk_order" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."hk_order", s.event_time, s.event_id, s.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- What the stage holds (PostgreSQL): rows, and sums over identity and operation, as batch_sums.sql.j2. Inputs: v (VaultSpec).
select
    count(*) as rows,
    coalesce(sum(('x' || left(event_id::text, 8))::bit(32)::bigint), 0) as ids,
    coalesce(sum((extract(epoch from event_time) * 1000000)::bigint % 4294967296), 0) as times,
    count(*) filter (where is_deleted) as deletions
from "stage"."refund"
;

-- order_customer: due
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
        select "hk_customer" as hk, event_time from "stage"."order_customer"
    ) k
    where k.hk is not null
    group by k.hk
), first_heard as (
    insert into "vault"."seen_customer" (hk, event_time, load_ts)
    select h.hk, h.event_time, now()
    from heard h
    where not exists (select from "vault"."seen_customer" s where s.hk = h.hk and s.event_time <= h.event_time)
    order by h.hk
    on conflict (hk, event_time) do nothing
    returning hk, event_time
)
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_customer', hk, event_time from first_heard
where event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_customer');
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
with heard as materialized (
    select k.hk, min(k.event_time) as event_time
    from (
        select "hk_order" as hk, event_time from "stage"."order_customer"
    ) k
    where k.hk is not null
    group by k.hk
), first_heard as (
    insert into "vault"."seen_order" (hk, event_time, load_ts)
    select h.hk, h.event_time, now()
    from heard h
    where not exists (select from "vault"."seen_order" s where s.hk = h.hk and s.event_time <= h.event_time)
    order by h.hk
    on conflict (hk, event_time) do nothing
    returning hk, event_time
)
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_order', hk, event_time from first_heard
where event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_order');
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- order_customer: superseded
-- Events of which the stage has a copy that its source gave earlier than the one that was loaded (PostgreSQL). It happens where copies come
-- by two partitions, topics or sources. Inputs: v (VaultSpec). Grain: an event.
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
create temporary table superseded on commit drop as
select t.event_time, t.event_id, t."driving_hk" as key, s."hk_order" as key_now
from "stage"."order_customer" s
join "vault"."eff_order_customer" t on t.event_time = s.event_time and t.event_id = s.event_id
where s.source_order < t.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- order_customer: supersede
-- What was loaded of superseded events leaves the vault, before the merge puts the earlier copy there (PostgreSQL).
-- Inputs: v (VaultSpec), tables (of v, with its events), hubs (that v mentions), snapshots (names of the PIT and bridge tables that v feeds).
delete from "vault"."eff_order_customer" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);
-- Keys that nothing but a copy that left may have mentioned, or mentioned first: ClickHouse knows (mentions.sql.j2), once all is loaded.
insert into ops.doubtful_key (table_name, hk)
select 'hub_customer', h.hk from "vault"."hub_customer" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."order_customer" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_customer" = h.hk));
insert into ops.doubtful_key (table_name, hk)
select 'hub_order', h.hk from "vault"."hub_order" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."order_customer" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_order" = h.hk));
insert into ops.doubtful_key (table_name, hk)
select 'link_order_customer', l.lhk from "vault"."link_order_customer" l
where l.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."order_customer" s where s.event_time = l.first_seen and s.record_source collate "C" <= l.record_source collate "C" and s."lhk_order_customer" = l.lhk);

-- order_customer: months
-- Partitions for the months of the batch (PostgreSQL). Inputs: v (VaultSpec).
select vault.add_months(
    array['eff_order_customer']::text[],
    array(select distinct date_trunc('month', event_time at time zone 'UTC')::date from "stage"."order_customer" where event_time is not null));

-- order_customer: hubs
-- The stage's keys of one hub (PostgreSQL). Inputs: v (VaultSpec), hub (name). A missing business key has no hash key: no row.
-- A key's source is the one that saw it first by event time, not the one that was loaded first; of equal times the first by name.
-- Several event types may write at once, hence ON CONFLICT; sorted, so that two of them cannot wait for each other.
create temporary table mentioned on commit drop as
select distinct on (k.hk) k.hk, k.bk, k.event_time, k.record_source
from (
    -- Grouped first, since a key is staged many times: a hash of the keys is cheaper than a sort of the rows.
    select a.hk, a.bk, a.record_source, min(a.event_time) as event_time
    from (
        select "hk_customer" as hk, "bk_customer" as bk, event_time, record_source from "stage"."order_customer"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_customer" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_customer" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_customer" t set first_seen = e.event_time, record_source = e.record_source
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
        select "hk_order" as hk, "bk_order" as bk, event_time, record_source from "stage"."order_customer"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_order" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_order" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_order" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.hk = e.hk;
drop table pg_temp.mentioned;

-- order_customer: links
-- The stage's rows of one link (PostgreSQL). Inputs: v (VaultSpec), link (LinkSpec). A link with a missing key is not loaded.
create temporary table mentioned on commit drop as
select distinct on (s."lhk_order_customer") s."lhk_order_customer" as lhk,
s."hk_order", s."hk_customer", 
    s.event_time, s.record_source
from "stage"."order_customer" s
where s."lhk_order_customer" is not null and s."hk_order" is not null and s."hk_customer" is not null
order by s."lhk_order_customer", s.event_time, s.record_source collate "C";
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."link_order_customer" (lhk, "hk_order", "hk_customer", load_ts, first_seen, record_source)
select k.lhk, k."hk_order", k."hk_customer", now(), k.event_time, k.record_source
from pg_temp.mentioned k
where not exists (select from "vault"."link_order_customer" t where t.lhk = k.lhk)
order by k.lhk;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
with earlier as (
    select t.lhk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."link_order_customer" t on t.lhk = k.lhk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.lhk
    for update of t
)
update "vault"."link_order_customer" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.lhk = e.lhk;
drop table pg_temp.mentioned;

-- order_customer: sats

-- order_customer: effs
-- The stage's observations of one effectivity satellite (PostgreSQL). Inputs: v (VaultSpec), link (LinkSpec).
-- Where a hub's own event drives the link, op=delete leaves it without any partner.
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."eff_order_customer" (driving_hk, event_time, event_id, source_order, lhk, is_open, load_ts, record_source)
select distinct on (s."hk_order", s.event_time, s.event_id)
    s."hk_order", s.event_time, s.event_id, s.source_order,
    s."lhk_order_customer",
    not s.is_deleted and s."lhk_order_customer" is not null, now(), s.record_source
from "stage"."order_customer" s
where s."hk_order" is not null and s."hk_order" is not null and s."hk_customer" is not null
    and not exists (
        select from "vault"."eff_order_customer" t
        where t.driving_hk = s."hk_order" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."hk_order", s.event_time, s.event_id, s.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- What the stage holds (PostgreSQL): rows, and sums over identity and operation, as batch_sums.sql.j2. Inputs: v (VaultSpec).
select
    count(*) as rows,
    coalesce(sum(('x' || left(event_id::text, 8))::bit(32)::bigint), 0) as ids,
    coalesce(sum((extract(epoch from event_time) * 1000000)::bigint % 4294967296), 0) as times,
    count(*) filter (where is_deleted) as deletions
from "stage"."order_customer"
;

-- delivery: due
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
        select "hk_customer" as hk, event_time from "stage"."delivery"
    ) k
    where k.hk is not null
    group by k.hk
), first_heard as (
    insert into "vault"."seen_customer" (hk, event_time, load_ts)
    select h.hk, h.event_time, now()
    from heard h
    where not exists (select from "vault"."seen_customer" s where s.hk = h.hk and s.event_time <= h.event_time)
    order by h.hk
    on conflict (hk, event_time) do nothing
    returning hk, event_time
)
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_customer', hk, event_time from first_heard
where event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_customer');
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
with heard as materialized (
    select k.hk, min(k.event_time) as event_time
    from (
        select "hk_order" as hk, event_time from "stage"."delivery"
    ) k
    where k.hk is not null
    group by k.hk
), first_heard as (
    insert into "vault"."seen_order" (hk, event_time, load_ts)
    select h.hk, h.event_time, now()
    from heard h
    where not exists (select from "vault"."seen_order" s where s.hk = h.hk and s.event_time <= h.event_time)
    order by h.hk
    on conflict (hk, event_time) do nothing
    returning hk, event_time
)
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_order', hk, event_time from first_heard
where event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_order');
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- delivery: superseded
-- Events of which the stage has a copy that its source gave earlier than the one that was loaded (PostgreSQL). It happens where copies come
-- by two partitions, topics or sources. Inputs: v (VaultSpec). Grain: an event.
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
create temporary table superseded on commit drop as
select t.event_time, t.event_id, t."driving_hk" as key, s."dhk_delivery" as key_now
from "stage"."delivery" s
join "vault"."eff_delivery" t on t.event_time = s.event_time and t.event_id = s.event_id
where s.source_order < t.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- delivery: supersede
-- What was loaded of superseded events leaves the vault, before the merge puts the earlier copy there (PostgreSQL).
-- Inputs: v (VaultSpec), tables (of v, with its events), hubs (that v mentions), snapshots (names of the PIT and bridge tables that v feeds).
delete from "vault"."eff_delivery" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);
-- Keys that nothing but a copy that left may have mentioned, or mentioned first: ClickHouse knows (mentions.sql.j2), once all is loaded.
insert into ops.doubtful_key (table_name, hk)
select 'hub_customer', h.hk from "vault"."hub_customer" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."delivery" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_customer" = h.hk));
insert into ops.doubtful_key (table_name, hk)
select 'hub_nation', h.hk from "vault"."hub_nation" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."delivery" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_nation" = h.hk));
insert into ops.doubtful_key (table_name, hk)
select 'hub_order', h.hk from "vault"."hub_order" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."delivery" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_order" = h.hk));
insert into ops.doubtful_key (table_name, hk)
select 'link_delivery', l.lhk from "vault"."link_delivery" l
where l.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."delivery" s where s.event_time = l.first_seen and s.record_source collate "C" <= l.record_source collate "C" and s."lhk_delivery" = l.lhk);

-- delivery: months
-- Partitions for the months of the batch (PostgreSQL). Inputs: v (VaultSpec).
select vault.add_months(
    array['eff_delivery']::text[],
    array(select distinct date_trunc('month', event_time at time zone 'UTC')::date from "stage"."delivery" where event_time is not null));

-- delivery: hubs
-- The stage's keys of one hub (PostgreSQL). Inputs: v (VaultSpec), hub (name). A missing business key has no hash key: no row.
-- A key's source is the one that saw it first by event time, not the one that was loaded first; of equal times the first by name.
-- Several event types may write at once, hence ON CONFLICT; sorted, so that two of them cannot wait for each other.
create temporary table mentioned on commit drop as
select distinct on (k.hk) k.hk, k.bk, k.event_time, k.record_source
from (
    -- Grouped first, since a key is staged many times: a hash of the keys is cheaper than a sort of the rows.
    select a.hk, a.bk, a.record_source, min(a.event_time) as event_time
    from (
        select "hk_customer" as hk, "bk_customer" as bk, event_time, record_source from "stage"."delivery"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_customer" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_customer" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_customer" t set first_seen = e.event_time, record_source = e.record_source
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
        select "hk_nation" as hk, "bk_nation" as bk, event_time, record_source from "stage"."delivery"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_nation" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_nation" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_nation" t set first_seen = e.event_time, record_source = e.record_source
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
        select "hk_order" as hk, "bk_order" as bk, event_time, record_source from "stage"."delivery"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_order" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_order" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_order" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.hk = e.hk;
drop table pg_temp.mentioned;

-- delivery: links
-- The stage's rows of one link (PostgreSQL). Inputs: v (VaultSpec), link (LinkSpec). A link with a missing key is not loaded.
create temporary table mentioned on commit drop as
select distinct on (s."lhk_delivery") s."lhk_delivery" as lhk,
s."hk_order", s."hk_customer", s."hk_nation", 
    s.event_time, s.record_source
from "stage"."delivery" s
where s."lhk_delivery" is not null and s."hk_order" is not null and s."hk_customer" is not null and s."hk_nation" is not null
order by s."lhk_delivery", s.event_time, s.record_source collate "C";
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."link_delivery" (lhk, "hk_order", "hk_customer", "hk_nation", load_ts, first_seen, record_source)
select k.lhk, k."hk_order", k."hk_customer", k."hk_nation", now(), k.event_time, k.record_source
from pg_temp.mentioned k
where not exists (select from "vault"."link_delivery" t where t.lhk = k.lhk)
order by k.lhk;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
with earlier as (
    select t.lhk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."link_delivery" t on t.lhk = k.lhk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.lhk
    for update of t
)
update "vault"."link_delivery" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.lhk = e.lhk;
drop table pg_temp.mentioned;

-- delivery: sats

-- delivery: effs
-- The stage's observations of one effectivity satellite (PostgreSQL). Inputs: v (VaultSpec), link (LinkSpec).
-- Where a hub's own event drives the link, op=delete leaves it without any partner.
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."eff_delivery" (driving_hk, event_time, event_id, source_order, lhk, is_open, load_ts, record_source)
select distinct on (s."dhk_delivery", s.event_time, s.event_id)
    s."dhk_delivery", s.event_time, s.event_id, s.source_order,
    s."lhk_delivery",
    not s.is_deleted and s."lhk_delivery" is not null, now(), s.record_source
from "stage"."delivery" s
where s."dhk_delivery" is not null and s."hk_order" is not null and s."hk_customer" is not null and s."hk_nation" is not null
    and not exists (
        select from "vault"."eff_delivery" t
        where t.driving_hk = s."dhk_delivery" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."dhk_delivery", s.event_time, s.event_id, s.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- What the stage holds (PostgreSQL): rows, and sums over identity and operation, as batch_sums.sql.j2. Inputs: v (VaultSpec).
select
    count(*) as rows,
    coalesce(sum(('x' || left(event_id::text, 8))::bit(32)::bigint), 0) as ids,
    coalesce(sum((extract(epoch from event_time) * 1000000)::bigint % 4294967296), 0) as times,
    count(*) filter (where is_deleted) as deletions
from "stage"."delivery"
;

-- acquaintance: due
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
        select "hk_a" as hk, event_time from "stage"."acquaintance"
        union all select "hk_b" as hk, event_time from "stage"."acquaintance"
    ) k
    where k.hk is not null
    group by k.hk
), first_heard as (
    insert into "vault"."seen_customer" (hk, event_time, load_ts)
    select h.hk, h.event_time, now()
    from heard h
    where not exists (select from "vault"."seen_customer" s where s.hk = h.hk and s.event_time <= h.event_time)
    order by h.hk
    on conflict (hk, event_time) do nothing
    returning hk, event_time
)
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_customer', hk, event_time from first_heard
where event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_customer');
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
insert into ops.snapshot_due (table_name, hk, since)
select 'bridge_circle', "lhk_acquaintance", min(event_time)
from "stage"."acquaintance"
where "lhk_acquaintance" is not null and event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'bridge_circle')
group by 2;

-- acquaintance: superseded
-- Events of which the stage has a copy that its source gave earlier than the one that was loaded (PostgreSQL). It happens where copies come
-- by two partitions, topics or sources. Inputs: v (VaultSpec). Grain: an event.
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
create temporary table superseded on commit drop as
select t.event_time, t.event_id, t."driving_hk" as key, s."lhk_acquaintance" as key_now
from "stage"."acquaintance" s
join "vault"."eff_acquaintance" t on t.event_time = s.event_time and t.event_id = s.event_id
where s.source_order < t.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- acquaintance: supersede
-- What was loaded of superseded events leaves the vault, before the merge puts the earlier copy there (PostgreSQL).
-- Inputs: v (VaultSpec), tables (of v, with its events), hubs (that v mentions), snapshots (names of the PIT and bridge tables that v feeds).
delete from "vault"."eff_acquaintance" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);
-- Keys that nothing but a copy that left may have mentioned, or mentioned first: ClickHouse knows (mentions.sql.j2), once all is loaded.
insert into ops.doubtful_key (table_name, hk)
select 'hub_customer', h.hk from "vault"."hub_customer" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."acquaintance" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_a" = h.hk or s."hk_b" = h.hk));
insert into ops.doubtful_key (table_name, hk)
select 'link_acquaintance', l.lhk from "vault"."link_acquaintance" l
where l.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."acquaintance" s where s.event_time = l.first_seen and s.record_source collate "C" <= l.record_source collate "C" and s."lhk_acquaintance" = l.lhk);
-- The keys of a copy that left may not be among the staged ones: what was built is built anew, whole; the graph database is loaded anew.
update ops.snapshot set definition = ''
where table_name in ('bridge_circle') and exists (select from pg_temp.superseded where key is distinct from key_now);

-- acquaintance: months
-- Partitions for the months of the batch (PostgreSQL). Inputs: v (VaultSpec).
select vault.add_months(
    array['eff_acquaintance']::text[],
    array(select distinct date_trunc('month', event_time at time zone 'UTC')::date from "stage"."acquaintance" where event_time is not null));

-- acquaintance: hubs
-- The stage's keys of one hub (PostgreSQL). Inputs: v (VaultSpec), hub (name). A missing business key has no hash key: no row.
-- A key's source is the one that saw it first by event time, not the one that was loaded first; of equal times the first by name.
-- Several event types may write at once, hence ON CONFLICT; sorted, so that two of them cannot wait for each other.
create temporary table mentioned on commit drop as
select distinct on (k.hk) k.hk, k.bk, k.event_time, k.record_source
from (
    -- Grouped first, since a key is staged many times: a hash of the keys is cheaper than a sort of the rows.
    select a.hk, a.bk, a.record_source, min(a.event_time) as event_time
    from (
        select "hk_a" as hk, "bk_a" as bk, event_time, record_source from "stage"."acquaintance"
        union all select "hk_b" as hk, "bk_b" as bk, event_time, record_source from "stage"."acquaintance"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_customer" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_customer" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_customer" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.hk = e.hk;
drop table pg_temp.mentioned;

-- acquaintance: links
-- The stage's rows of one link (PostgreSQL). Inputs: v (VaultSpec), link (LinkSpec). A link with a missing key is not loaded.
create temporary table mentioned on commit drop as
select distinct on (s."lhk_acquaintance") s."lhk_acquaintance" as lhk,
    least(s."hk_a", s."hk_b") as "hk_a",
    greatest(s."hk_a", s."hk_b") as "hk_b",
    s.event_time, s.record_source
from "stage"."acquaintance" s
where s."lhk_acquaintance" is not null and s."hk_a" is not null and s."hk_b" is not null
order by s."lhk_acquaintance", s.event_time, s.record_source collate "C";
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."link_acquaintance" (lhk, "hk_a", "hk_b", load_ts, first_seen, record_source)
select k.lhk, k."hk_a", k."hk_b", now(), k.event_time, k.record_source
from pg_temp.mentioned k
where not exists (select from "vault"."link_acquaintance" t where t.lhk = k.lhk)
order by k.lhk;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
with earlier as (
    select t.lhk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."link_acquaintance" t on t.lhk = k.lhk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.lhk
    for update of t
)
update "vault"."link_acquaintance" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.lhk = e.lhk;
drop table pg_temp.mentioned;

-- acquaintance: sats

-- acquaintance: effs
-- The stage's observations of one effectivity satellite (PostgreSQL). Inputs: v (VaultSpec), link (LinkSpec).
-- Where a hub's own event drives the link, op=delete leaves it without any partner.
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."eff_acquaintance" (driving_hk, event_time, event_id, source_order, lhk, is_open, load_ts, record_source)
select distinct on (s."lhk_acquaintance", s.event_time, s.event_id)
    s."lhk_acquaintance", s.event_time, s.event_id, s.source_order,
    s."lhk_acquaintance",
    not s.is_deleted and s."lhk_acquaintance" is not null, now(), s.record_source
from "stage"."acquaintance" s
where s."lhk_acquaintance" is not null and s."hk_a" is not null and s."hk_b" is not null
    and not exists (
        select from "vault"."eff_acquaintance" t
        where t.driving_hk = s."lhk_acquaintance" and t.event_time = s.event_time and t.event_id = s.event_id)
order by s."lhk_acquaintance", s.event_time, s.event_id, s.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- What the stage holds (PostgreSQL): rows, and sums over identity and operation, as batch_sums.sql.j2. Inputs: v (VaultSpec).
select
    count(*) as rows,
    coalesce(sum(('x' || left(event_id::text, 8))::bit(32)::bigint), 0) as ids,
    coalesce(sum((extract(epoch from event_time) * 1000000)::bigint % 4294967296), 0) as times,
    count(*) filter (where is_deleted) as deletions
from "stage"."acquaintance"
;

-- payment: due
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
        select "hk_customer" as hk, event_time from "stage"."payment"
    ) k
    where k.hk is not null
    group by k.hk
), first_heard as (
    insert into "vault"."seen_customer" (hk, event_time, load_ts)
    select h.hk, h.event_time, now()
    from heard h
    where not exists (select from "vault"."seen_customer" s where s.hk = h.hk and s.event_time <= h.event_time)
    order by h.hk
    on conflict (hk, event_time) do nothing
    returning hk, event_time
)
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_customer', hk, event_time from first_heard
where event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_customer');
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
with heard as materialized (
    select k.hk, min(k.event_time) as event_time
    from (
        select "hk_order" as hk, event_time from "stage"."payment"
    ) k
    where k.hk is not null
    group by k.hk
), first_heard as (
    insert into "vault"."seen_order" (hk, event_time, load_ts)
    select h.hk, h.event_time, now()
    from heard h
    where not exists (select from "vault"."seen_order" s where s.hk = h.hk and s.event_time <= h.event_time)
    order by h.hk
    on conflict (hk, event_time) do nothing
    returning hk, event_time
)
insert into ops.snapshot_due (table_name, hk, since)
select 'pit_order', hk, event_time from first_heard
where event_time < (select coalesce(max(as_of) + 1, '-infinity')::timestamp at time zone 'UTC' from ops.snapshot where table_name = 'pit_order');
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- payment: superseded
-- Events of which the stage has a copy that its source gave earlier than the one that was loaded (PostgreSQL). It happens where copies come
-- by two partitions, topics or sources. Inputs: v (VaultSpec). Grain: an event.
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
create temporary table superseded on commit drop as
select t.event_time, t.event_id, t."lhk" as key, s."lhk_payment" as key_now
from "stage"."payment" s
join "vault"."link_payment" t on t.event_time = s.event_time and t.event_id = s.event_id
where s.source_order < t.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- payment: supersede
-- What was loaded of superseded events leaves the vault, before the merge puts the earlier copy there (PostgreSQL).
-- Inputs: v (VaultSpec), tables (of v, with its events), hubs (that v mentions), snapshots (names of the PIT and bridge tables that v feeds).
delete from "vault"."link_payment" t using pg_temp.superseded x
where t.event_time = x.event_time and t.event_id = x.event_id
    and t.event_time between (select min(event_time) from pg_temp.superseded) and (select max(event_time) from pg_temp.superseded);
-- Keys that nothing but a copy that left may have mentioned, or mentioned first: ClickHouse knows (mentions.sql.j2), once all is loaded.
insert into ops.doubtful_key (table_name, hk)
select 'hub_customer', h.hk from "vault"."hub_customer" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."payment" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_customer" = h.hk));
insert into ops.doubtful_key (table_name, hk)
select 'hub_till', h.hk from "vault"."hub_till" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."payment" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_till" = h.hk));
insert into ops.doubtful_key (table_name, hk)
select 'hub_order', h.hk from "vault"."hub_order" h
where h.first_seen in (select event_time from pg_temp.superseded)
    and not exists (select from "stage"."payment" s where s.event_time = h.first_seen and s.record_source collate "C" <= h.record_source collate "C" and (s."hk_order" = h.hk));

-- payment: months
-- Partitions for the months of the batch (PostgreSQL). Inputs: v (VaultSpec).
select vault.add_months(
    array['link_payment']::text[],
    array(select distinct date_trunc('month', event_time at time zone 'UTC')::date from "stage"."payment" where event_time is not null));

-- payment: hubs
-- The stage's keys of one hub (PostgreSQL). Inputs: v (VaultSpec), hub (name). A missing business key has no hash key: no row.
-- A key's source is the one that saw it first by event time, not the one that was loaded first; of equal times the first by name.
-- Several event types may write at once, hence ON CONFLICT; sorted, so that two of them cannot wait for each other.
create temporary table mentioned on commit drop as
select distinct on (k.hk) k.hk, k.bk, k.event_time, k.record_source
from (
    -- Grouped first, since a key is staged many times: a hash of the keys is cheaper than a sort of the rows.
    select a.hk, a.bk, a.record_source, min(a.event_time) as event_time
    from (
        select "hk_customer" as hk, "bk_customer" as bk, event_time, record_source from "stage"."payment"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_customer" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_customer" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_customer" t set first_seen = e.event_time, record_source = e.record_source
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
        select "hk_till" as hk, "bk_till" as bk, event_time, record_source from "stage"."payment"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_till" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_till" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_till" t set first_seen = e.event_time, record_source = e.record_source
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
        select "hk_order" as hk, "bk_order" as bk, event_time, record_source from "stage"."payment"
    ) a
    where a.hk is not null
    group by a.hk, a.bk, a.record_source
) k
order by k.hk, k.event_time, k.record_source collate "C";
insert into "vault"."hub_order" (hk, bk, load_ts, first_seen, record_source)
select hk, bk, now(), event_time, record_source from pg_temp.mentioned order by hk
on conflict (hk) do nothing;
with earlier as (
    select t.hk, k.event_time, k.record_source
    from pg_temp.mentioned k
    join "vault"."hub_order" t on t.hk = k.hk
    where (k.event_time, k.record_source collate "C") < (t.first_seen, t.record_source collate "C")
    order by t.hk
    for update of t
)
update "vault"."hub_order" t set first_seen = e.event_time, record_source = e.record_source
from earlier e where t.hk = e.hk;
drop table pg_temp.mentioned;

-- payment: links
-- The stage's rows of one link (PostgreSQL). Inputs: v (VaultSpec), link (LinkSpec). A link with a missing key is not loaded.
set local enable_seqscan = off;
set local enable_hashjoin = off;
set local enable_mergejoin = off;
insert into "vault"."link_payment" (
    lhk, "hk_customer", "hk_order", "hk_till", event_time, event_id, source_order, "cents", load_ts, record_source)
select distinct on (s.event_time, s."lhk_payment")
    s."lhk_payment", s."hk_customer", s."hk_order", s."hk_till", s.event_time, s.event_id, s.source_order, s."a_cents", now(), s.record_source
from "stage"."payment" s
where s."lhk_payment" is not null and s."hk_customer" is not null and s."hk_till" is not null
    and not exists (
        select from "vault"."link_payment" t where t.event_time = s.event_time and t.lhk = s."lhk_payment")
order by s.event_time, s."lhk_payment", s.source_order;
set local enable_seqscan = on;
set local enable_hashjoin = on;
set local enable_mergejoin = on;

-- payment: sats

-- payment: effs

-- What the stage holds (PostgreSQL): rows, and sums over identity and operation, as batch_sums.sql.j2. Inputs: v (VaultSpec).
select
    count(*) as rows,
    coalesce(sum(('x' || left(event_id::text, 8))::bit(32)::bigint), 0) as ids,
    coalesce(sum((extract(epoch from event_time) * 1000000)::bigint % 4294967296), 0) as times,
    count(*) filter (where is_deleted) as deletions
from "stage"."payment"
;
