-- How far the graph database is with the vault: written after what it speaks of is committed there, so that a crash repeats
-- a part, which changes nothing. `target` is the id of the graph database: a new one starts from nothing.

-- Grain: graph database, event type. Loads of an event type come one after the other (each holds its lock), so that all up to
-- load_id, of ops.load_log, are in the graph.
create table if not exists ops.graph_watermark (
    target text not null,
    event_type text not null,
    load_id bigint not null,
    moved_at timestamptz not null default now(),
    primary key (target, event_type)
);

-- Which declaration of each label (kind node) and each type (kind relation) is there. Another one is loaded anew.
create table if not exists ops.graph_object (
    target text not null,
    kind text not null check (kind in ('node', 'relation')),
    name text not null,
    definition text not null,
    loaded_at timestamptz not null default now(),
    primary key (target, kind, name)
);

-- Index `load_ts` of these tables of the vault, where it is not: what lets a sync find the rows of the last loads without reading
-- the others. Rows lie in the order of their loads, so a BRIN index, which is next to nothing to keep, knows where they begin.
-- With the owner's rights, as vault.add_months.
create or replace function vault.index_loads(tables text[]) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp set client_min_messages = warning as $$
declare
    name text;
begin
    foreach name in array tables loop
        execute format(
            'create index if not exists %I on vault.%I using brin (load_ts) with (autosummarize = on, pages_per_range = 32)',
            name || '_loads', name);
    end loop;
end
$$;
revoke execute on function vault.index_loads(text[]) from public;
