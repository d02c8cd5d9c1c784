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

-- The part of each stream that is being staged: [low, high). ClickHouse joins it, so that the windows of a batch are the
-- same for every query of it, and the watermark moves to exactly `high`. Grain: as ops.watermark.
create table if not exists stage.load_window (
    event_type text not null,
    source text not null,
    stream text not null,
    partition integer not null,
    low bigint not null,
    high bigint not null,
    primary key (event_type, source, stream, partition)
);
