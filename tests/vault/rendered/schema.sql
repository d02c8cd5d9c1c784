-- table vault.hub_customer
-- One hub (PostgreSQL). Grain: one business key, by whichever event type it was mentioned. Inputs: hub (HubSpec).
create table if not exists "vault"."hub_customer" (
    hk uuid primary key,
    bk text not null,
    load_ts timestamptz not null,
    first_seen timestamptz not null, -- the earliest event; record_source gave it (of equal times the first by name)
    record_source text not null
);

-- table vault.hub_nation
-- One hub (PostgreSQL). Grain: one business key, by whichever event type it was mentioned. Inputs: hub (HubSpec).
create table if not exists "vault"."hub_nation" (
    hk uuid primary key,
    bk text not null,
    load_ts timestamptz not null,
    first_seen timestamptz not null, -- the earliest event; record_source gave it (of equal times the first by name)
    record_source text not null
);

-- table vault.hub_till
-- One hub (PostgreSQL). Grain: one business key, by whichever event type it was mentioned. Inputs: hub (HubSpec).
create table if not exists "vault"."hub_till" (
    hk uuid primary key,
    bk bigint not null,
    load_ts timestamptz not null,
    first_seen timestamptz not null, -- the earliest event; record_source gave it (of equal times the first by name)
    record_source text not null
);

-- table vault.hub_order
-- One hub (PostgreSQL). Grain: one business key, by whichever event type it was mentioned. Inputs: hub (HubSpec).
create table if not exists "vault"."hub_order" (
    hk uuid primary key,
    bk text not null,
    load_ts timestamptz not null,
    first_seen timestamptz not null, -- the earliest event; record_source gave it (of equal times the first by name)
    record_source text not null
);

-- table stage.customer
-- The stage of one event type (PostgreSQL). Grain: one observation of the batch being loaded. Inputs: v (VaultSpec).
-- Nullable and as wide as ClickHouse's types: what does not fit arrives changed, without an error. Unlogged: a killed
-- server empties it, and the load stages again from the watermark. It holds nothing between loads, so it is made anew.
drop table if exists "stage"."customer";
create unlogged table "stage"."customer" (
    event_id uuid,
    event_time timestamptz,
    source_order uuid,
    is_deleted boolean,
    record_source text
    , "bk_customer" text, "hk_customer" uuid
    , "hd_sat_customer_details" uuid
    , "hd_sat_customer_phone" uuid
    , "a_name" text
    , "a_dob" date
    , "a_phones" jsonb
);

-- table vault.sat_customer_details
-- One satellite (PostgreSQL). Inputs: sat (SatSpec), first (whether the event type's other tables are found by it).
-- Insert-only, but for an event of which a copy comes that its source gave earlier: that copy takes its place.
-- Grain: one observation (key, time, event), also where nothing changed: what changed is the view's to say, since a late
-- row can make an observation matter that did not before. Observations of one time are in source_order. hk is the key of hub_customer.
create table if not exists "vault"."sat_customer_details" (
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
alter table "vault"."sat_customer_details" add column if not exists "name" text;
alter table "vault"."sat_customer_details" add column if not exists "dob" date;


-- table vault.sat_customer_phone
-- One satellite (PostgreSQL). Inputs: sat (SatSpec), first (whether the event type's other tables are found by it).
-- Insert-only, but for an event of which a copy comes that its source gave earlier: that copy takes its place.
-- Grain: one observation (key, time, event), also where nothing changed: what changed is the view's to say, since a late
-- row can make an observation matter that did not before. Observations of one time are in source_order. hk is the key of hub_customer.
create table if not exists "vault"."sat_customer_phone" (
    hk uuid not null,
    event_time timestamptz not null,
    event_id uuid not null,
    source_order uuid not null,
    hashdiff uuid not null,
    is_deleted boolean not null,
    load_ts timestamptz not null,
    record_source text not null,
    primary key (hk, event_time, event_id)
) partition by range (event_time);
alter table "vault"."sat_customer_phone" add column if not exists members jsonb not null;

-- table stage.nation
-- The stage of one event type (PostgreSQL). Grain: one observation of the batch being loaded. Inputs: v (VaultSpec).
-- Nullable and as wide as ClickHouse's types: what does not fit arrives changed, without an error. Unlogged: a killed
-- server empties it, and the load stages again from the watermark. It holds nothing between loads, so it is made anew.
drop table if exists "stage"."nation";
create unlogged table "stage"."nation" (
    event_id uuid,
    event_time timestamptz,
    source_order uuid,
    is_deleted boolean,
    record_source text
    , "bk_nation" text, "hk_nation" uuid
    , "hd_sat_nation" uuid
);

-- table vault.sat_nation
-- One satellite (PostgreSQL). Inputs: sat (SatSpec), first (whether the event type's other tables are found by it).
-- Insert-only, but for an event of which a copy comes that its source gave earlier: that copy takes its place.
-- Grain: one observation (key, time, event), also where nothing changed: what changed is the view's to say, since a late
-- row can make an observation matter that did not before. Observations of one time are in source_order. hk is the key of hub_nation.
create table if not exists "vault"."sat_nation" (
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


-- table stage.till
-- The stage of one event type (PostgreSQL). Grain: one observation of the batch being loaded. Inputs: v (VaultSpec).
-- Nullable and as wide as ClickHouse's types: what does not fit arrives changed, without an error. Unlogged: a killed
-- server empties it, and the load stages again from the watermark. It holds nothing between loads, so it is made anew.
drop table if exists "stage"."till";
create unlogged table "stage"."till" (
    event_id uuid,
    event_time timestamptz,
    source_order uuid,
    is_deleted boolean,
    record_source text
    , "bk_till" bigint, "hk_till" uuid
    , "hd_sat_till" uuid
);

-- table vault.sat_till
-- One satellite (PostgreSQL). Inputs: sat (SatSpec), first (whether the event type's other tables are found by it).
-- Insert-only, but for an event of which a copy comes that its source gave earlier: that copy takes its place.
-- Grain: one observation (key, time, event), also where nothing changed: what changed is the view's to say, since a late
-- row can make an observation matter that did not before. Observations of one time are in source_order. hk is the key of hub_till.
create table if not exists "vault"."sat_till" (
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


-- table stage.customer_nation
-- The stage of one event type (PostgreSQL). Grain: one observation of the batch being loaded. Inputs: v (VaultSpec).
-- Nullable and as wide as ClickHouse's types: what does not fit arrives changed, without an error. Unlogged: a killed
-- server empties it, and the load stages again from the watermark. It holds nothing between loads, so it is made anew.
drop table if exists "stage"."customer_nation";
create unlogged table "stage"."customer_nation" (
    event_id uuid,
    event_time timestamptz,
    source_order uuid,
    is_deleted boolean,
    record_source text
    , "bk_customer" text, "hk_customer" uuid
    , "bk_nation" text, "hk_nation" uuid
    , "lhk_customer_nation" uuid
    , "hd_sat_customer_nation" uuid
);

-- table vault.link_customer_nation
-- One link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one combination of hub keys; when it was in force is said by its satellites.
create table if not exists "vault"."link_customer_nation" (
    lhk uuid primary key,
    "hk_customer" uuid not null,
    "hk_nation" uuid not null,
    load_ts timestamptz not null,
    first_seen timestamptz not null, -- the earliest event; record_source gave it (of equal times the first by name)
    record_source text not null
);

-- table vault.sat_customer_nation
-- One satellite (PostgreSQL). Inputs: sat (SatSpec), first (whether the event type's other tables are found by it).
-- Insert-only, but for an event of which a copy comes that its source gave earlier: that copy takes its place.
-- Grain: one observation (key, time, event), also where nothing changed: what changed is the view's to say, since a late
-- row can make an observation matter that did not before. Observations of one time are in source_order. hk is the key of link_customer_nation.
create table if not exists "vault"."sat_customer_nation" (
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


-- table stage.order
-- The stage of one event type (PostgreSQL). Grain: one observation of the batch being loaded. Inputs: v (VaultSpec).
-- Nullable and as wide as ClickHouse's types: what does not fit arrives changed, without an error. Unlogged: a killed
-- server empties it, and the load stages again from the watermark. It holds nothing between loads, so it is made anew.
drop table if exists "stage"."order";
create unlogged table "stage"."order" (
    event_id uuid,
    event_time timestamptz,
    source_order uuid,
    is_deleted boolean,
    record_source text
    , "bk_order" text, "hk_order" uuid
    , "bk_buyer" text, "hk_buyer" uuid
    , "lhk_order_buyer" uuid
    , "hd_sat_order_note" uuid
    , "hd_sat_order_facts" uuid
    , "a_left" text
    , "a_right" text
    , "a_paid" boolean
    , "a_weight" double precision
    , "a_due" timestamptz
    , "a_ref" uuid
);

-- table vault.link_order_buyer
-- One link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one combination of hub keys; when it was in force is said by its eff_order_buyer.
create table if not exists "vault"."link_order_buyer" (
    lhk uuid primary key,
    "hk_order" uuid not null,
    "hk_buyer" uuid not null,
    load_ts timestamptz not null,
    first_seen timestamptz not null, -- the earliest event; record_source gave it (of equal times the first by name)
    record_source text not null
);

-- table vault.eff_order_buyer
-- One effectivity satellite (PostgreSQL). Inputs: link (LinkSpec), first (as sat.sql.j2). Insert-only, as a satellite.
-- Grain: one observation of a driving key: a partner opens (is_open), closes (not is_open), or there is none (lhk NULL).
-- Closing is a row, never an update. Driving key: order.
create table if not exists "vault"."eff_order_buyer" (
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

-- table vault.sat_order_note
-- One satellite (PostgreSQL). Inputs: sat (SatSpec), first (whether the event type's other tables are found by it).
-- Insert-only, but for an event of which a copy comes that its source gave earlier: that copy takes its place.
-- Grain: one observation (key, time, event), also where nothing changed: what changed is the view's to say, since a late
-- row can make an observation matter that did not before. Observations of one time are in source_order. hk is the key of hub_order.
create table if not exists "vault"."sat_order_note" (
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
alter table "vault"."sat_order_note" add column if not exists "left" text;
alter table "vault"."sat_order_note" add column if not exists "right" text;


-- table vault.sat_order_facts
-- One satellite (PostgreSQL). Inputs: sat (SatSpec), first (whether the event type's other tables are found by it).
-- Insert-only, but for an event of which a copy comes that its source gave earlier: that copy takes its place.
-- Grain: one observation (key, time, event), also where nothing changed: what changed is the view's to say, since a late
-- row can make an observation matter that did not before. Observations of one time are in source_order. hk is the key of hub_order.
create table if not exists "vault"."sat_order_facts" (
    hk uuid not null,
    event_time timestamptz not null,
    event_id uuid not null,
    source_order uuid not null,
    hashdiff uuid not null,
    is_deleted boolean not null,
    load_ts timestamptz not null,
    record_source text not null,
    primary key (hk, event_time, event_id)
) partition by range (event_time);
alter table "vault"."sat_order_facts" add column if not exists "paid" boolean;
alter table "vault"."sat_order_facts" add column if not exists "weight" double precision;
alter table "vault"."sat_order_facts" add column if not exists "due" timestamptz;
alter table "vault"."sat_order_facts" add column if not exists "ref" uuid;


-- table stage.refund
-- The stage of one event type (PostgreSQL). Grain: one observation of the batch being loaded. Inputs: v (VaultSpec).
-- Nullable and as wide as ClickHouse's types: what does not fit arrives changed, without an error. Unlogged: a killed
-- server empties it, and the load stages again from the watermark. It holds nothing between loads, so it is made anew.
drop table if exists "stage"."refund";
create unlogged table "stage"."refund" (
    event_id uuid,
    event_time timestamptz,
    source_order uuid,
    is_deleted boolean,
    record_source text
    , "bk_order" text, "hk_order" uuid
    , "bk_buyer" text, "hk_buyer" uuid
    , "lhk_refund_buyer" uuid
    , "hd_sat_refund_refund" uuid
    , "a_cents" bigint
);

-- table vault.link_refund_buyer
-- One link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one combination of hub keys; when it was in force is said by its eff_refund_buyer.
create table if not exists "vault"."link_refund_buyer" (
    lhk uuid primary key,
    "hk_order" uuid not null,
    "hk_buyer" uuid not null,
    load_ts timestamptz not null,
    first_seen timestamptz not null, -- the earliest event; record_source gave it (of equal times the first by name)
    record_source text not null
);

-- table vault.eff_refund_buyer
-- One effectivity satellite (PostgreSQL). Inputs: link (LinkSpec), first (as sat.sql.j2). Insert-only, as a satellite.
-- Grain: one observation of a driving key: a partner opens (is_open), closes (not is_open), or there is none (lhk NULL).
-- Closing is a row, never an update. Driving key: order.
create table if not exists "vault"."eff_refund_buyer" (
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

-- table vault.sat_refund_refund
-- One satellite (PostgreSQL). Inputs: sat (SatSpec), first (whether the event type's other tables are found by it).
-- Insert-only, but for an event of which a copy comes that its source gave earlier: that copy takes its place.
-- Grain: one observation (key, time, event), also where nothing changed: what changed is the view's to say, since a late
-- row can make an observation matter that did not before. Observations of one time are in source_order. hk is the key of hub_order.
create table if not exists "vault"."sat_refund_refund" (
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
alter table "vault"."sat_refund_refund" add column if not exists "cents" bigint;


-- table stage.order_customer
-- The stage of one event type (PostgreSQL). Grain: one observation of the batch being loaded. Inputs: v (VaultSpec).
-- Nullable and as wide as ClickHouse's types: what does not fit arrives changed, without an error. Unlogged: a killed
-- server empties it, and the load stages again from the watermark. It holds nothing between loads, so it is made anew.
drop table if exists "stage"."order_customer";
create unlogged table "stage"."order_customer" (
    event_id uuid,
    event_time timestamptz,
    source_order uuid,
    is_deleted boolean,
    record_source text
    , "bk_order" text, "hk_order" uuid
    , "bk_customer" text, "hk_customer" uuid
    , "lhk_order_customer" uuid
);

-- table vault.link_order_customer
-- One link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one combination of hub keys; when it was in force is said by its eff_order_customer.
create table if not exists "vault"."link_order_customer" (
    lhk uuid primary key,
    "hk_order" uuid not null,
    "hk_customer" uuid not null,
    load_ts timestamptz not null,
    first_seen timestamptz not null, -- the earliest event; record_source gave it (of equal times the first by name)
    record_source text not null
);

-- table vault.eff_order_customer
-- One effectivity satellite (PostgreSQL). Inputs: link (LinkSpec), first (as sat.sql.j2). Insert-only, as a satellite.
-- Grain: one observation of a driving key: a partner opens (is_open), closes (not is_open), or there is none (lhk NULL).
-- Closing is a row, never an update. Driving key: order.
create table if not exists "vault"."eff_order_customer" (
    driving_hk uuid not null,
    event_time timestamptz not null,
    event_id uuid not null,
    source_order uuid not null,
    lhk uuid,
    is_open boolean not null,
    load_ts timestamptz not null,
    record_source text not null,
    unique (event_time, event_id), -- where a merge finds the events that it has a copy of
    primary key (driving_hk, event_time, event_id)
) partition by range (event_time);

-- table stage.delivery
-- The stage of one event type (PostgreSQL). Grain: one observation of the batch being loaded. Inputs: v (VaultSpec).
-- Nullable and as wide as ClickHouse's types: what does not fit arrives changed, without an error. Unlogged: a killed
-- server empties it, and the load stages again from the watermark. It holds nothing between loads, so it is made anew.
drop table if exists "stage"."delivery";
create unlogged table "stage"."delivery" (
    event_id uuid,
    event_time timestamptz,
    source_order uuid,
    is_deleted boolean,
    record_source text
    , "bk_order" text, "hk_order" uuid
    , "bk_customer" text, "hk_customer" uuid
    , "bk_nation" text, "hk_nation" uuid
    , "lhk_delivery" uuid
    , "dhk_delivery" uuid
);

-- table vault.link_delivery
-- One link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one combination of hub keys; when it was in force is said by its eff_delivery.
create table if not exists "vault"."link_delivery" (
    lhk uuid primary key,
    "hk_order" uuid not null,
    "hk_customer" uuid not null,
    "hk_nation" uuid not null,
    load_ts timestamptz not null,
    first_seen timestamptz not null, -- the earliest event; record_source gave it (of equal times the first by name)
    record_source text not null
);

-- table vault.eff_delivery
-- One effectivity satellite (PostgreSQL). Inputs: link (LinkSpec), first (as sat.sql.j2). Insert-only, as a satellite.
-- Grain: one observation of a driving key: a partner opens (is_open), closes (not is_open), or there is none (lhk NULL).
-- Closing is a row, never an update. Driving key: order, customer.
create table if not exists "vault"."eff_delivery" (
    driving_hk uuid not null,
    event_time timestamptz not null,
    event_id uuid not null,
    source_order uuid not null,
    lhk uuid,
    is_open boolean not null,
    load_ts timestamptz not null,
    record_source text not null,
    unique (event_time, event_id), -- where a merge finds the events that it has a copy of
    primary key (driving_hk, event_time, event_id)
) partition by range (event_time);

-- table stage.acquaintance
-- The stage of one event type (PostgreSQL). Grain: one observation of the batch being loaded. Inputs: v (VaultSpec).
-- Nullable and as wide as ClickHouse's types: what does not fit arrives changed, without an error. Unlogged: a killed
-- server empties it, and the load stages again from the watermark. It holds nothing between loads, so it is made anew.
drop table if exists "stage"."acquaintance";
create unlogged table "stage"."acquaintance" (
    event_id uuid,
    event_time timestamptz,
    source_order uuid,
    is_deleted boolean,
    record_source text
    , "bk_a" text, "hk_a" uuid
    , "bk_b" text, "hk_b" uuid
    , "lhk_acquaintance" uuid
);

-- table vault.link_acquaintance
-- One link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one combination of hub keys; when it was in force is said by its eff_acquaintance.
create table if not exists "vault"."link_acquaintance" (
    lhk uuid primary key,
    "hk_a" uuid not null,
    "hk_b" uuid not null,
    load_ts timestamptz not null,
    first_seen timestamptz not null, -- the earliest event; record_source gave it (of equal times the first by name)
    record_source text not null
);

-- table vault.eff_acquaintance
-- One effectivity satellite (PostgreSQL). Inputs: link (LinkSpec), first (as sat.sql.j2). Insert-only, as a satellite.
-- Grain: one observation of a driving key: a partner opens (is_open), closes (not is_open), or there is none (lhk NULL).
-- Closing is a row, never an update. Driving key: a, b.
create table if not exists "vault"."eff_acquaintance" (
    driving_hk uuid not null,
    event_time timestamptz not null,
    event_id uuid not null,
    source_order uuid not null,
    lhk uuid,
    is_open boolean not null,
    load_ts timestamptz not null,
    record_source text not null,
    unique (event_time, event_id), -- where a merge finds the events that it has a copy of
    primary key (driving_hk, event_time, event_id)
) partition by range (event_time);

-- table stage.payment
-- The stage of one event type (PostgreSQL). Grain: one observation of the batch being loaded. Inputs: v (VaultSpec).
-- Nullable and as wide as ClickHouse's types: what does not fit arrives changed, without an error. Unlogged: a killed
-- server empties it, and the load stages again from the watermark. It holds nothing between loads, so it is made anew.
drop table if exists "stage"."payment";
create unlogged table "stage"."payment" (
    event_id uuid,
    event_time timestamptz,
    source_order uuid,
    is_deleted boolean,
    record_source text
    , "bk_customer" text, "hk_customer" uuid
    , "bk_order" text, "hk_order" uuid
    , "bk_till" bigint, "hk_till" uuid
    , "lhk_payment" uuid
    , "a_cents" bigint
);

-- table vault.link_payment
-- One link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one event, for ever, with its attributes; lhk is the hash of the event's id. An optional key may be NULL.
create table if not exists "vault"."link_payment" (
    lhk uuid not null,
    "hk_customer" uuid not null,
    "hk_order" uuid,
    "hk_till" uuid not null,
    event_time timestamptz not null,
    event_id uuid not null,
    source_order uuid not null,
    load_ts timestamptz not null,
    record_source text not null,
    primary key (event_time, lhk)
) partition by range (event_time);
alter table "vault"."link_payment" add column if not exists "hk_order" uuid;
alter table "vault"."link_payment" alter column "hk_order" drop not null;
alter table "vault"."link_payment" add column if not exists "cents" bigint;


-- table vault.seen_customer
-- When a hub's keys were first heard of (PostgreSQL): by any event that mentions them, declared or not. Inputs: hub, sats (SatSpec
-- on the hub). Insert-only: an earlier mention that comes later is another row, and the earliest counts.
-- Grain: a key, a time that was the earliest when it was loaded.
create table if not exists "vault"."seen_customer" (
    hk uuid not null,
    event_time timestamptz not null,
    load_ts timestamptz not null,
    primary key (hk, event_time)
);
-- Keys from before this table: since their satellites speak, or else since they were loaded.
insert into "vault"."seen_customer" (hk, event_time, load_ts)
select h.hk, coalesce(min(o.event_time), h.load_ts), h.load_ts
from "vault"."hub_customer" h
left join (
    select hk, event_time from "vault"."sat_customer_details"
    union all select hk, event_time from "vault"."sat_customer_phone"
) o on o.hk = h.hk
where not exists (select from "vault"."seen_customer" s where s.hk = h.hk)
group by h.hk, h.load_ts;

-- table vault.pit_customer
-- One PIT or bridge table (PostgreSQL). Inputs: s (SnapshotSpec). Computed: a day of it can be built again at any time.
-- Grain: a day, a key that was heard of by its end. <satellite>_time and _id: with hk, the key of the version in force in that
-- satellite, or the ghost record's ('1900-01-01', zero id) where it says nothing yet.
create table if not exists "vault"."pit_customer" (
    as_of date not null,
    "hk" uuid not null,
    primary key (as_of, "hk")
);
alter table "vault"."pit_customer" add column if not exists "customer_details_time" timestamptz not null default timestamptz '1900-01-01 00:00:00+00';
alter table "vault"."pit_customer" add column if not exists "customer_details_id" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
alter table "vault"."pit_customer" add column if not exists "customer_phone_time" timestamptz not null default timestamptz '1900-01-01 00:00:00+00';
alter table "vault"."pit_customer" add column if not exists "customer_phone_id" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
-- What is there is not to be relied on: the table was just made, or its definition is another. The next build fills it anew.
delete from ops.snapshot where table_name = 'pit_customer';
delete from "vault"."pit_customer";

-- table vault.seen_order
-- When a hub's keys were first heard of (PostgreSQL): by any event that mentions them, declared or not. Inputs: hub, sats (SatSpec
-- on the hub). Insert-only: an earlier mention that comes later is another row, and the earliest counts.
-- Grain: a key, a time that was the earliest when it was loaded.
create table if not exists "vault"."seen_order" (
    hk uuid not null,
    event_time timestamptz not null,
    load_ts timestamptz not null,
    primary key (hk, event_time)
);
-- Keys from before this table: since their satellites speak, or else since they were loaded.
insert into "vault"."seen_order" (hk, event_time, load_ts)
select h.hk, coalesce(min(o.event_time), h.load_ts), h.load_ts
from "vault"."hub_order" h
left join (
    select hk, event_time from "vault"."sat_order_note"
    union all select hk, event_time from "vault"."sat_order_facts"
    union all select hk, event_time from "vault"."sat_refund_refund"
) o on o.hk = h.hk
where not exists (select from "vault"."seen_order" s where s.hk = h.hk)
group by h.hk, h.load_ts;

-- table vault.pit_order
-- One PIT or bridge table (PostgreSQL). Inputs: s (SnapshotSpec). Computed: a day of it can be built again at any time.
-- Grain: a day, a key that was heard of by its end. <satellite>_time and _id: with hk, the key of the version in force in that
-- satellite, or the ghost record's ('1900-01-01', zero id) where it says nothing yet.
create table if not exists "vault"."pit_order" (
    as_of date not null,
    "hk" uuid not null,
    primary key (as_of, "hk")
);
alter table "vault"."pit_order" add column if not exists "order_note_time" timestamptz not null default timestamptz '1900-01-01 00:00:00+00';
alter table "vault"."pit_order" add column if not exists "order_note_id" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
alter table "vault"."pit_order" add column if not exists "order_facts_time" timestamptz not null default timestamptz '1900-01-01 00:00:00+00';
alter table "vault"."pit_order" add column if not exists "order_facts_id" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
alter table "vault"."pit_order" add column if not exists "refund_refund_time" timestamptz not null default timestamptz '1900-01-01 00:00:00+00';
alter table "vault"."pit_order" add column if not exists "refund_refund_id" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
-- What is there is not to be relied on: the table was just made, or its definition is another. The next build fills it anew.
delete from ops.snapshot where table_name = 'pit_order';
delete from "vault"."pit_order";

-- table vault.bridge_order_buyer
-- One PIT or bridge table (PostgreSQL). Inputs: s (SnapshotSpec). Computed: a day of it can be built again at any time.
-- Grain: a day, a key of order that had a partner at its end (buyer); the zero id: none in that role.
create table if not exists "vault"."bridge_order_buyer" (
    as_of date not null,
    "hk_order" uuid not null,
    primary key (as_of, "hk_order")
);
alter table "vault"."bridge_order_buyer" add column if not exists "lhk_buyer" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
alter table "vault"."bridge_order_buyer" add column if not exists "hk_buyer" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
-- What is there is not to be relied on: the table was just made, or its definition is another. The next build fills it anew.
delete from ops.snapshot where table_name = 'bridge_order_buyer';
delete from "vault"."bridge_order_buyer";

-- table vault.bridge_home
-- One PIT or bridge table (PostgreSQL). Inputs: s (SnapshotSpec). Computed: a day of it can be built again at any time.
-- Grain: a day, a pair of customer_nation that was in force at its end; <satellite>_time and _id as in a PIT.
create table if not exists "vault"."bridge_home" (
    as_of date not null,
    "lhk" uuid not null,
    primary key (as_of, "lhk")
);
alter table "vault"."bridge_home" add column if not exists "hk_customer" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
alter table "vault"."bridge_home" add column if not exists "hk_nation" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
alter table "vault"."bridge_home" add column if not exists "customer_nation_time" timestamptz not null default timestamptz '1900-01-01 00:00:00+00';
alter table "vault"."bridge_home" add column if not exists "customer_nation_id" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
-- What is there is not to be relied on: the table was just made, or its definition is another. The next build fills it anew.
delete from ops.snapshot where table_name = 'bridge_home';
delete from "vault"."bridge_home";

-- table vault.bridge_circle
-- One PIT or bridge table (PostgreSQL). Inputs: s (SnapshotSpec). Computed: a day of it can be built again at any time.
-- Grain: a day, a pair of acquaintance that was in force at its end; <satellite>_time and _id as in a PIT.
create table if not exists "vault"."bridge_circle" (
    as_of date not null,
    "lhk" uuid not null,
    primary key (as_of, "lhk")
);
alter table "vault"."bridge_circle" add column if not exists "hk_a" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
alter table "vault"."bridge_circle" add column if not exists "hk_b" uuid not null default uuid '00000000-0000-0000-0000-000000000000';
-- What is there is not to be relied on: the table was just made, or its definition is another. The next build fills it anew.
delete from ops.snapshot where table_name = 'bridge_circle';
delete from "vault"."bridge_circle";

-- view vault.v_hub_customer
-- A hub's keys as they are now (PostgreSQL). Grain: one business key. Inputs: hub (HubSpec), sats (SatSpec, one an owner).
-- is_declared: an owner (Customer) said something of it; is_deleted: the newest thing said was op=delete.
create or replace view "vault"."v_hub_customer" as
select h.hk, h.bk, coalesce(s.is_deleted, false) as is_deleted, s.hk is not null as is_declared, h.load_ts, h.record_source
from "vault"."hub_customer" h
left join (
    select distinct on (hk) hk, is_deleted
    from "vault"."sat_customer_details"
    order by hk, event_time desc, source_order desc
) s on s.hk = h.hk;

-- view vault.v_hub_nation
-- A hub's keys as they are now (PostgreSQL). Grain: one business key. Inputs: hub (HubSpec), sats (SatSpec, one an owner).
-- is_declared: an owner (Nation) said something of it; is_deleted: the newest thing said was op=delete.
create or replace view "vault"."v_hub_nation" as
select h.hk, h.bk, coalesce(s.is_deleted, false) as is_deleted, s.hk is not null as is_declared, h.load_ts, h.record_source
from "vault"."hub_nation" h
left join (
    select distinct on (hk) hk, is_deleted
    from "vault"."sat_nation"
    order by hk, event_time desc, source_order desc
) s on s.hk = h.hk;

-- view vault.v_hub_till
-- A hub's keys as they are now (PostgreSQL). Grain: one business key. Inputs: hub (HubSpec), sats (SatSpec, one an owner).
-- is_declared: an owner (Till) said something of it; is_deleted: the newest thing said was op=delete.
create or replace view "vault"."v_hub_till" as
select h.hk, h.bk, coalesce(s.is_deleted, false) as is_deleted, s.hk is not null as is_declared, h.load_ts, h.record_source
from "vault"."hub_till" h
left join (
    select distinct on (hk) hk, is_deleted
    from "vault"."sat_till"
    order by hk, event_time desc, source_order desc
) s on s.hk = h.hk;

-- view vault.v_hub_order
-- A hub's keys as they are now (PostgreSQL). Grain: one business key. Inputs: hub (HubSpec), sats (SatSpec, one an owner).
-- is_declared: an owner (Order, Refund) said something of it; is_deleted: the newest thing said was op=delete.
create or replace view "vault"."v_hub_order" as
select h.hk, h.bk, coalesce(s.is_deleted, false) as is_deleted, s.hk is not null as is_declared, h.load_ts, h.record_source
from "vault"."hub_order" h
left join (
    select distinct on (hk) hk, is_deleted
    from (
        select hk, event_time, source_order, is_deleted from "vault"."sat_order_note"
        union all select hk, event_time, source_order, is_deleted from "vault"."sat_refund_refund"
    ) said
    order by hk, event_time desc, source_order desc
) s on s.hk = h.hk;

-- view vault.v_sat_customer_details
-- A satellite's versions (PostgreSQL). Inputs: sat (SatSpec), link (LinkSpec of its parent, or none).
-- Grain: one change of a key: observations that say the same as the one before them in (event_time, source_order) are
-- left out. In force in [valid_from, valid_to); two changes at one time leave the earlier one in force for no time.
create or replace view "vault"."v_sat_customer_details" as
select
    c.hk,
    p.bk,
    c.valid_from, c.valid_to, c.valid_to is null as is_current, c.is_deleted, c.event_id, c.load_ts, c.record_source
    , c."name"
    , c."dob"
from (
    select o.*, o.event_time as valid_from,
        lead(o.event_time) over (partition by o.hk order by o.event_time, o.source_order) as valid_to
    from (
        select s.*, lag(s.hashdiff) over (partition by s.hk order by s.event_time, s.source_order) as hashdiff_before
        from "vault"."sat_customer_details" s
    ) o
    where o.hashdiff is distinct from o.hashdiff_before
) c
left join "vault"."hub_customer" p on p.hk = c.hk;

-- view vault.v_sat_customer_phone
-- A satellite's versions (PostgreSQL). Inputs: sat (SatSpec), link (LinkSpec of its parent, or none).
-- Grain: one change of a key, one member: observations that say the same as the one before them in (event_time, source_order) are
-- left out. In force in [valid_from, valid_to); two changes at one time leave the earlier one in force for no time.
create or replace view "vault"."v_sat_customer_phone" as
select
    c.hk,
    p.bk,
    c.valid_from, c.valid_to, c.valid_to is null as is_current, c.is_deleted, c.event_id, c.load_ts, c.record_source
    , member."kind"
    , member."number"
    , member."rank"
from (
    select o.*, o.event_time as valid_from,
        lead(o.event_time) over (partition by o.hk order by o.event_time, o.source_order) as valid_to
    from (
        select s.*, lag(s.hashdiff) over (partition by s.hk order by s.event_time, s.source_order) as hashdiff_before
        from "vault"."sat_customer_phone" s
    ) o
    where o.hashdiff is distinct from o.hashdiff_before
) c
left join "vault"."hub_customer" p on p.hk = c.hk
cross join jsonb_to_recordset(c.members) as member ("kind" text, "number" text, "rank" bigint);

-- view vault.v_sat_nation
-- A satellite's versions (PostgreSQL). Inputs: sat (SatSpec), link (LinkSpec of its parent, or none).
-- Grain: one change of a key: observations that say the same as the one before them in (event_time, source_order) are
-- left out. In force in [valid_from, valid_to); two changes at one time leave the earlier one in force for no time.
create or replace view "vault"."v_sat_nation" as
select
    c.hk,
    p.bk,
    c.valid_from, c.valid_to, c.valid_to is null as is_current, c.is_deleted, c.event_id, c.load_ts, c.record_source
from (
    select o.*, o.event_time as valid_from,
        lead(o.event_time) over (partition by o.hk order by o.event_time, o.source_order) as valid_to
    from (
        select s.*, lag(s.hashdiff) over (partition by s.hk order by s.event_time, s.source_order) as hashdiff_before
        from "vault"."sat_nation" s
    ) o
    where o.hashdiff is distinct from o.hashdiff_before
) c
left join "vault"."hub_nation" p on p.hk = c.hk;

-- view vault.v_sat_till
-- A satellite's versions (PostgreSQL). Inputs: sat (SatSpec), link (LinkSpec of its parent, or none).
-- Grain: one change of a key: observations that say the same as the one before them in (event_time, source_order) are
-- left out. In force in [valid_from, valid_to); two changes at one time leave the earlier one in force for no time.
create or replace view "vault"."v_sat_till" as
select
    c.hk,
    p.bk,
    c.valid_from, c.valid_to, c.valid_to is null as is_current, c.is_deleted, c.event_id, c.load_ts, c.record_source
from (
    select o.*, o.event_time as valid_from,
        lead(o.event_time) over (partition by o.hk order by o.event_time, o.source_order) as valid_to
    from (
        select s.*, lag(s.hashdiff) over (partition by s.hk order by s.event_time, s.source_order) as hashdiff_before
        from "vault"."sat_till" s
    ) o
    where o.hashdiff is distinct from o.hashdiff_before
) c
left join "vault"."hub_till" p on p.hk = c.hk;

-- view vault.v_sat_customer_nation
-- A satellite's versions (PostgreSQL). Inputs: sat (SatSpec), link (LinkSpec of its parent, or none).
-- Grain: one change of a key: observations that say the same as the one before them in (event_time, source_order) are
-- left out. In force in [valid_from, valid_to); two changes at one time leave the earlier one in force for no time.
create or replace view "vault"."v_sat_customer_nation" as
select
    c.hk,
    p."hk_customer",
    p."hk_nation",
    c.valid_from, c.valid_to, c.valid_to is null as is_current, c.is_deleted, c.event_id, c.load_ts, c.record_source
from (
    select o.*, o.event_time as valid_from,
        lead(o.event_time) over (partition by o.hk order by o.event_time, o.source_order) as valid_to
    from (
        select s.*, lag(s.hashdiff) over (partition by s.hk order by s.event_time, s.source_order) as hashdiff_before
        from "vault"."sat_customer_nation" s
    ) o
    where o.hashdiff is distinct from o.hashdiff_before
) c
left join "vault"."link_customer_nation" p on p.lhk = c.hk;

-- view vault.v_sat_order_note
-- A satellite's versions (PostgreSQL). Inputs: sat (SatSpec), link (LinkSpec of its parent, or none).
-- Grain: one change of a key: observations that say the same as the one before them in (event_time, source_order) are
-- left out. In force in [valid_from, valid_to); two changes at one time leave the earlier one in force for no time.
create or replace view "vault"."v_sat_order_note" as
select
    c.hk,
    p.bk,
    c.valid_from, c.valid_to, c.valid_to is null as is_current, c.is_deleted, c.event_id, c.load_ts, c.record_source
    , c."left"
    , c."right"
from (
    select o.*, o.event_time as valid_from,
        lead(o.event_time) over (partition by o.hk order by o.event_time, o.source_order) as valid_to
    from (
        select s.*, lag(s.hashdiff) over (partition by s.hk order by s.event_time, s.source_order) as hashdiff_before
        from "vault"."sat_order_note" s
    ) o
    where o.hashdiff is distinct from o.hashdiff_before
) c
left join "vault"."hub_order" p on p.hk = c.hk;

-- view vault.v_sat_order_facts
-- A satellite's versions (PostgreSQL). Inputs: sat (SatSpec), link (LinkSpec of its parent, or none).
-- Grain: one change of a key: observations that say the same as the one before them in (event_time, source_order) are
-- left out. In force in [valid_from, valid_to); two changes at one time leave the earlier one in force for no time.
create or replace view "vault"."v_sat_order_facts" as
select
    c.hk,
    p.bk,
    c.valid_from, c.valid_to, c.valid_to is null as is_current, c.is_deleted, c.event_id, c.load_ts, c.record_source
    , c."paid"
    , c."weight"
    , c."due"
    , c."ref"
from (
    select o.*, o.event_time as valid_from,
        lead(o.event_time) over (partition by o.hk order by o.event_time, o.source_order) as valid_to
    from (
        select s.*, lag(s.hashdiff) over (partition by s.hk order by s.event_time, s.source_order) as hashdiff_before
        from "vault"."sat_order_facts" s
    ) o
    where o.hashdiff is distinct from o.hashdiff_before
) c
left join "vault"."hub_order" p on p.hk = c.hk;

-- view vault.v_eff_order_buyer
-- The periods of a link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one period in which a link is in force without a break: [valid_from, valid_to). Driving key: order.
create or replace view "vault"."v_eff_order_buyer" as
select
    c.lhk,
    l."hk_order",
    l."hk_buyer",
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
                        from "vault"."eff_order_buyer" e
                    ) n
                ) g
            ) o
        ) s
        where s.lhk is distinct from s.before
    ) t
) c
left join "vault"."link_order_buyer" l on l.lhk = c.lhk
where c.lhk is not null;

-- view vault.v_eff_order_buyer_changes
-- The openings and closings of a link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one opening or one closing; a partner that takes another's place is both, at one time, the closing first.
create or replace view "vault"."v_eff_order_buyer_changes" as
select
    change.lhk,
    l."hk_order",
    l."hk_buyer",
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
                    from "vault"."eff_order_buyer" e
                ) n
            ) g
        ) o
    ) s
    where s.lhk is distinct from s.before
) c
cross join lateral (values (c.before, false), (c.lhk, true)) as change (lhk, is_open)
left join "vault"."link_order_buyer" l on l.lhk = change.lhk
where change.lhk is not null;

-- view vault.v_sat_refund_refund
-- A satellite's versions (PostgreSQL). Inputs: sat (SatSpec), link (LinkSpec of its parent, or none).
-- Grain: one change of a key: observations that say the same as the one before them in (event_time, source_order) are
-- left out. In force in [valid_from, valid_to); two changes at one time leave the earlier one in force for no time.
create or replace view "vault"."v_sat_refund_refund" as
select
    c.hk,
    p.bk,
    c.valid_from, c.valid_to, c.valid_to is null as is_current, c.is_deleted, c.event_id, c.load_ts, c.record_source
    , c."cents"
from (
    select o.*, o.event_time as valid_from,
        lead(o.event_time) over (partition by o.hk order by o.event_time, o.source_order) as valid_to
    from (
        select s.*, lag(s.hashdiff) over (partition by s.hk order by s.event_time, s.source_order) as hashdiff_before
        from "vault"."sat_refund_refund" s
    ) o
    where o.hashdiff is distinct from o.hashdiff_before
) c
left join "vault"."hub_order" p on p.hk = c.hk;

-- view vault.v_eff_refund_buyer
-- The periods of a link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one period in which a link is in force without a break: [valid_from, valid_to). Driving key: order.
create or replace view "vault"."v_eff_refund_buyer" as
select
    c.lhk,
    l."hk_order",
    l."hk_buyer",
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
                        from "vault"."eff_refund_buyer" e
                    ) n
                ) g
            ) o
        ) s
        where s.lhk is distinct from s.before
    ) t
) c
left join "vault"."link_refund_buyer" l on l.lhk = c.lhk
where c.lhk is not null;

-- view vault.v_eff_refund_buyer_changes
-- The openings and closings of a link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one opening or one closing; a partner that takes another's place is both, at one time, the closing first.
create or replace view "vault"."v_eff_refund_buyer_changes" as
select
    change.lhk,
    l."hk_order",
    l."hk_buyer",
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
                    from "vault"."eff_refund_buyer" e
                ) n
            ) g
        ) o
    ) s
    where s.lhk is distinct from s.before
) c
cross join lateral (values (c.before, false), (c.lhk, true)) as change (lhk, is_open)
left join "vault"."link_refund_buyer" l on l.lhk = change.lhk
where change.lhk is not null;

-- view vault.v_eff_order_customer
-- The periods of a link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one period in which a link is in force without a break: [valid_from, valid_to). Driving key: order.
create or replace view "vault"."v_eff_order_customer" as
select
    c.lhk,
    l."hk_order",
    l."hk_customer",
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
                        from "vault"."eff_order_customer" e
                    ) n
                ) g
            ) o
        ) s
        where s.lhk is distinct from s.before
    ) t
) c
left join "vault"."link_order_customer" l on l.lhk = c.lhk
where c.lhk is not null;

-- view vault.v_eff_order_customer_changes
-- The openings and closings of a link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one opening or one closing; a partner that takes another's place is both, at one time, the closing first.
create or replace view "vault"."v_eff_order_customer_changes" as
select
    change.lhk,
    l."hk_order",
    l."hk_customer",
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
                    from "vault"."eff_order_customer" e
                ) n
            ) g
        ) o
    ) s
    where s.lhk is distinct from s.before
) c
cross join lateral (values (c.before, false), (c.lhk, true)) as change (lhk, is_open)
left join "vault"."link_order_customer" l on l.lhk = change.lhk
where change.lhk is not null;

-- view vault.v_eff_delivery
-- The periods of a link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one period in which a link is in force without a break: [valid_from, valid_to). Driving key: order, customer.
create or replace view "vault"."v_eff_delivery" as
select
    c.lhk,
    l."hk_order",
    l."hk_customer",
    l."hk_nation",
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
                        from "vault"."eff_delivery" e
                    ) n
                ) g
            ) o
        ) s
        where s.lhk is distinct from s.before
    ) t
) c
left join "vault"."link_delivery" l on l.lhk = c.lhk
where c.lhk is not null;

-- view vault.v_eff_delivery_changes
-- The openings and closings of a link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one opening or one closing; a partner that takes another's place is both, at one time, the closing first.
create or replace view "vault"."v_eff_delivery_changes" as
select
    change.lhk,
    l."hk_order",
    l."hk_customer",
    l."hk_nation",
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
                    from "vault"."eff_delivery" e
                ) n
            ) g
        ) o
    ) s
    where s.lhk is distinct from s.before
) c
cross join lateral (values (c.before, false), (c.lhk, true)) as change (lhk, is_open)
left join "vault"."link_delivery" l on l.lhk = change.lhk
where change.lhk is not null;

-- view vault.v_eff_acquaintance
-- The periods of a link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one period in which a link is in force without a break: [valid_from, valid_to). Driving key: a, b.
create or replace view "vault"."v_eff_acquaintance" as
select
    c.lhk,
    l."hk_a",
    l."hk_b",
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
                        from "vault"."eff_acquaintance" e
                    ) n
                ) g
            ) o
        ) s
        where s.lhk is distinct from s.before
    ) t
) c
left join "vault"."link_acquaintance" l on l.lhk = c.lhk
where c.lhk is not null;

-- view vault.v_eff_acquaintance_changes
-- The openings and closings of a link (PostgreSQL). Inputs: link (LinkSpec).
-- Grain: one opening or one closing; a partner that takes another's place is both, at one time, the closing first.
create or replace view "vault"."v_eff_acquaintance_changes" as
select
    change.lhk,
    l."hk_a",
    l."hk_b",
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
                    from "vault"."eff_acquaintance" e
                ) n
            ) g
        ) o
    ) s
    where s.lhk is distinct from s.before
) c
cross join lateral (values (c.before, false), (c.lhk, true)) as change (lhk, is_open)
left join "vault"."link_acquaintance" l on l.lhk = change.lhk
where change.lhk is not null;

-- view vault.v_pit_customer
-- A hub as it was at the end of each day (PostgreSQL). Grain: as its PIT. Inputs: s (SnapshotSpec).
-- Attributes as <event type>_<field>, NULL where their satellite says nothing yet; the members of a list as JSON.
-- is_declared: an owner (sat_customer_details) said something of the key; is_deleted: what they said last was op=delete.
create or replace view "vault"."v_pit_customer" as
select
    p.as_of, p.hk, h.bk,
    "sat_customer_details".hk is not null as is_declared,
    coalesce("sat_customer_details".is_deleted, false) as is_deleted
    , "sat_customer_details"."name" as "customer_name"
    , "sat_customer_details"."dob" as "customer_dob"
    , "sat_customer_phone"."members" as "customer_phones"
from "vault"."pit_customer" p
join "vault"."hub_customer" h on h.hk = p.hk
left join "vault"."sat_customer_details" "sat_customer_details" on "sat_customer_details".hk = p.hk
    and "sat_customer_details".event_time = p."customer_details_time" and "sat_customer_details".event_id = p."customer_details_id"
left join "vault"."sat_customer_phone" "sat_customer_phone" on "sat_customer_phone".hk = p.hk
    and "sat_customer_phone".event_time = p."customer_phone_time" and "sat_customer_phone".event_id = p."customer_phone_id"
;

-- view vault.v_pit_order
-- A hub as it was at the end of each day (PostgreSQL). Grain: as its PIT. Inputs: s (SnapshotSpec).
-- Attributes as <event type>_<field>, NULL where their satellite says nothing yet; the members of a list as JSON.
-- is_declared: an owner (sat_order_note, sat_refund_refund) said something of the key; is_deleted: what they said last was op=delete.
create or replace view "vault"."v_pit_order" as
select
    p.as_of, p.hk, h.bk,
    "sat_order_note".hk is not null or "sat_refund_refund".hk is not null as is_declared,
    coalesce((
        select o.is_deleted
        from (values ("sat_order_note".event_time, "sat_order_note".source_order, "sat_order_note".is_deleted), ("sat_refund_refund".event_time, "sat_refund_refund".source_order, "sat_refund_refund".is_deleted)) as o (event_time, source_order, is_deleted)
        where o.event_time is not null
        order by o.event_time desc, o.source_order desc
        limit 1), false) as is_deleted
    , "sat_order_note"."left" as "order_left"
    , "sat_order_note"."right" as "order_right"
    , "sat_order_facts"."paid" as "order_paid"
    , "sat_order_facts"."weight" as "order_weight"
    , "sat_order_facts"."due" as "order_due"
    , "sat_order_facts"."ref" as "order_ref"
    , "sat_refund_refund"."cents" as "refund_cents"
from "vault"."pit_order" p
join "vault"."hub_order" h on h.hk = p.hk
left join "vault"."sat_order_note" "sat_order_note" on "sat_order_note".hk = p.hk
    and "sat_order_note".event_time = p."order_note_time" and "sat_order_note".event_id = p."order_note_id"
left join "vault"."sat_order_facts" "sat_order_facts" on "sat_order_facts".hk = p.hk
    and "sat_order_facts".event_time = p."order_facts_time" and "sat_order_facts".event_id = p."order_facts_id"
left join "vault"."sat_refund_refund" "sat_refund_refund" on "sat_refund_refund".hk = p.hk
    and "sat_refund_refund".event_time = p."refund_refund_time" and "sat_refund_refund".event_id = p."refund_refund_id"
;

-- view vault.v_bridge_order_buyer
-- A bridge with its business keys (PostgreSQL). Grain: as its bridge. Inputs: s (SnapshotSpec).
create or replace view "vault"."v_bridge_order_buyer" as
select
    b.as_of
    , b."hk_order", h.bk as "bk_order"
    , b."hk_buyer", h1.bk as "bk_buyer"
from "vault"."bridge_order_buyer" b
join "vault"."hub_order" h on h.hk = b."hk_order"
left join "vault"."hub_customer" h1 on h1.hk = b."hk_buyer"
;

-- view vault.v_bridge_home
-- A bridge with its business keys (PostgreSQL). Grain: as its bridge. Inputs: s (SnapshotSpec).
create or replace view "vault"."v_bridge_home" as
select
    b.as_of
    , b.lhk
    , b."hk_customer", h1.bk as "bk_customer"
    , b."hk_nation", h2.bk as "bk_nation"
from "vault"."bridge_home" b
left join "vault"."hub_customer" h1 on h1.hk = b."hk_customer"
left join "vault"."hub_nation" h2 on h2.hk = b."hk_nation"
left join "vault"."sat_customer_nation" "sat_customer_nation" on "sat_customer_nation".hk = b.lhk
    and "sat_customer_nation".event_time = b."customer_nation_time" and "sat_customer_nation".event_id = b."customer_nation_id"
;

-- view vault.v_bridge_circle
-- A bridge with its business keys (PostgreSQL). Grain: as its bridge. Inputs: s (SnapshotSpec).
create or replace view "vault"."v_bridge_circle" as
select
    b.as_of
    , b.lhk
    , b."hk_a", h1.bk as "bk_a"
    , b."hk_b", h2.bk as "bk_b"
from "vault"."bridge_circle" b
left join "vault"."hub_customer" h1 on h1.hk = b."hk_a"
left join "vault"."hub_customer" h2 on h2.hk = b."hk_b"
;
