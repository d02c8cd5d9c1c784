-- Roles by what one does, without a login: a login is made by whoever runs the server, and given one of them, e.g.
--   create role bi login password '...' in role vault_reader;
-- vault_stage   fills the stage tables (ClickHouse's PostgreSQL engine), and sees the windows of a batch and the graph's changes
-- vault_loader  merges the stage into the vault and keeps the ledgers
-- vault_reader  reads the vault and the graph's views
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
    grant usage on schema stage to vault_stage, vault_loader;
    grant usage on schema vault, vault_months, ops, graph to vault_loader;
    grant usage on schema vault, graph to vault_reader;
    grant usage on schema graph to vault_stage;

    grant select, insert on all tables in schema stage to vault_stage;
    grant select, insert, update, delete, truncate on all tables in schema stage to vault_loader;
    grant select, insert, update, delete on all tables in schema vault, vault_months, ops to vault_loader;
    grant usage on all sequences in schema ops to vault_loader;
    grant create on schema vault_months to vault_loader;
    grant select on all tables in schema vault, graph to vault_reader;
    grant select on all tables in schema graph to vault_loader, vault_stage;

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
