-- Roles by what one does, without a login: a login is made by whoever runs the server, and given one of them, e.g.
--   create role bi login password '...' in role vault_reader;
-- vault_stage   ClickHouse's login: fills the stage, and reads the windows of a batch, the watermarks and the graph's changes
-- vault_loader  what the pipeline runs as after `init`: merges the stage, builds snapshots, syncs and measures the graph, keeps ledgers
-- vault_reader  reads the vault and the graph's views
-- None of them makes or changes a table of the vault: `init` runs as the owner. A new month's partition, and the index that a sync
-- needs, are made by functions with the owner's rights.
-- Whoever may not create roles (a managed server) skips them: the pipeline runs as the owner then.
do $$
declare
    name text;
begin
    foreach name in array array['vault_stage', 'vault_loader', 'vault_reader'] loop
        if not exists (select from pg_roles where rolname = name) then
            execute format('create role %I nologin', name);
        end if;
    end loop;
    -- the login that docker/postgres-init.sh makes for ClickHouse
    if exists (select from pg_roles where rolname = 'vault_stage_login') then
        grant vault_stage to vault_stage_login;
    end if;

    create schema if not exists graph;
    grant usage on schema stage, ops, graph to vault_stage;
    grant usage on schema stage, vault, vault_months, ops, graph to vault_loader;
    grant usage on schema vault, graph to vault_reader;

    grant select, insert on all tables in schema stage to vault_stage;
    grant select on ops.watermark to vault_stage;
    grant select on all tables in schema graph to vault_stage, vault_loader, vault_reader;

    grant select, insert, update, delete, truncate on all tables in schema stage to vault_loader;
    grant select, insert, update, delete on all tables in schema vault, vault_months, ops to vault_loader;
    grant usage on all sequences in schema ops to vault_loader;
    grant create on schema graph to vault_loader; -- the tables of a sync, which it drops again
    grant execute on function vault.add_months(text[], date[]), vault.index_loads(text[]) to vault_loader;
    revoke create on schema vault_months from vault_loader; -- had before the functions had the owner's rights

    grant select on all tables in schema vault to vault_reader;

    -- what is made later
    alter default privileges in schema stage grant select, insert on tables to vault_stage;
    alter default privileges in schema stage grant select, insert, update, delete, truncate on tables to vault_loader;
    alter default privileges in schema vault grant select, insert, update, delete on tables to vault_loader;
    alter default privileges in schema vault_months grant select, insert, update, delete on tables to vault_loader;
    alter default privileges in schema ops grant select, insert, update, delete on tables to vault_loader;
    alter default privileges in schema ops grant usage on sequences to vault_loader;
    alter default privileges in schema vault grant select on tables to vault_reader;
    alter default privileges in schema graph grant select on tables to vault_reader, vault_loader, vault_stage;
exception
    when insufficient_privilege then
        raise notice 'roles are left out: %', sqlerrm;
end
$$;
