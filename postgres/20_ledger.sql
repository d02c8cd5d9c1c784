-- Ledgers: written in the same transaction as the rows that they speak of.

-- How far each event type has come. Grain: event type, source, stream, partition. next_offset is the first offset that
-- is not in the vault yet.
create table if not exists ops.watermark (
    event_type text not null,
    source text not null,
    stream text not null,
    partition integer not null,
    next_offset bigint not null,
    moved_at timestamptz not null default now(),
    primary key (event_type, source, stream, partition)
);

-- What each batch did. Grain: one merged batch of one event type. The counts are of rows that were new.
create table if not exists ops.load_log (
    load_id bigint generated always as identity primary key,
    event_type text not null,
    started_at timestamptz not null,
    loaded_at timestamptz not null default now(),
    staged bigint not null,
    hubs bigint not null,
    links bigint not null,
    sats bigint not null,
    effs bigint not null
);

-- Which definition of each object was applied last. Grain: object. What `clickvault plan` compares with.
create table if not exists ops.schema_object (
    name text primary key,
    hash text not null,
    applied_at timestamptz not null default now()
);

-- The part of each stream that is being staged: [low, high). Every query of a batch gets these windows, and the watermark moves to
-- exactly `high`. Grain: as ops.watermark.
create table if not exists stage.load_window (
    event_type text not null,
    source text not null,
    stream text not null,
    partition integer not null,
    low bigint not null,
    high bigint not null,
    primary key (event_type, source, stream, partition)
);

-- The first and the last event time of each batch: they tell which days there can be. Of batches from before these columns
-- only the bounds are known.
alter table ops.load_log add column if not exists oldest timestamptz;
alter table ops.load_log add column if not exists newest timestamptz;
update ops.load_log set oldest = '2000-01-01', newest = loaded_at where newest is null and staged > 0;
create index if not exists load_log_oldest on ops.load_log (oldest);
create index if not exists load_log_newest on ops.load_log (newest);

-- The days that PIT and bridge tables are kept for. A snapshot of a day says how things stood at `ends`, which the day
-- itself does not reach any more. Grain: day (UTC). The policy is the contract's: AsOf(days, weeks, months).
create table if not exists vault.as_of (
    as_of date primary key,
    ends timestamptz not null,
    is_week_end boolean not null,
    is_month_end boolean not null
);

-- Which days are in each PIT and bridge table, by which definition: a day of another one is built anew.
-- Grain: table, day. Written in the same transaction as the rows.
create table if not exists ops.snapshot (
    table_name text not null,
    as_of date not null,
    definition text not null,
    built_at timestamptz not null default now(),
    primary key (table_name, as_of)
);

-- The keys whose snapshots no longer hold, from the days on that end after `since`. Written by the merge, in its own
-- transaction; deleted in the transaction that builds them. Grain: table, key, merge.
create table if not exists ops.snapshot_due (
    table_name text not null,
    hk uuid not null,
    since timestamptz not null
);
create index if not exists snapshot_due_table on ops.snapshot_due (table_name);

-- Keys of hubs and links whose first mention left the vault with a copy of an event that another one superseded. Written by the merge,
-- in its own transaction; deleted in the transaction that settles them, at the end of a load. Grain: table, key, merge.
create table if not exists ops.doubtful_key (
    table_name text not null,
    hk uuid not null
);
