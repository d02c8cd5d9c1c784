-- Functions of the vault.

-- The parts one after the other, each as `<octets>:<text>;`, NULL as `N;`: no value can pass for two, or for NULL.
create or replace function vault.netstrings(variadic parts text[]) returns text
language sql immutable parallel safe
return coalesce((
    select string_agg(case when p is null then 'N;' else octet_length(p) || ':' || p || ';' end, '' order by n)
    from unnest(parts) with ordinality as u(p, n)
), '');

-- The hash key of a business key, as ClickHouse computes it (templates/vault/_macros.sql.j2). Of hub_user:
-- vault.hash_key('ada'); of a link: vault.hash_key(hk_user::text, hk_post::text).
create or replace function vault.hash_key(variadic parts text[]) returns uuid
language sql immutable parallel safe
return md5(vault.netstrings(variadic parts))::uuid;

-- Rename a column of a table of the vault, where it still has its earlier name: what `Renamed` in a contract means.
create or replace function vault.rename_column(name text, earlier text, now text) returns void
language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    columns name[] := array(
        select attname from pg_attribute
        where attrelid = format('vault.%I', name)::regclass and attnum > 0 and not attisdropped);
begin
    if earlier = any(columns) and not now = any(columns) then
        execute format('alter table vault.%I rename column %I to %I', name, earlier, now);
    end if;
end
$$;

-- Add the partitions of `months` (first days) to the tables `parents` of the vault, where they are missing.
-- Attaching a finished table does not block readers of the parent, which CREATE TABLE ... PARTITION OF would.
-- It runs with the owner's rights: whoever loads needs new months, and no right to make or change any other table.
create or replace function vault.add_months(parents text[], months date[]) returns integer
language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    parent text;
    month date;
    part text;
    added integer := 0;
begin
    foreach parent in array parents loop
        foreach month in array months loop
            part := parent || to_char(month, '_YYYYMM');
            continue when to_regclass(format('vault_months.%I', part)) is not null;
            execute format(
                'create table vault_months.%I (like vault.%I including defaults including constraints including indexes)',
                part, parent);
            execute format(
                'alter table vault.%I attach partition vault_months.%I for values from (%L) to (%L)',
                parent, part,
                to_char(month, 'YYYY-MM-DD') || ' 00:00:00+00',
                to_char(month + interval '1 month', 'YYYY-MM-DD') || ' 00:00:00+00');
            added := added + 1;
        end loop;
    end loop;
    return added;
end
$$;
revoke execute on function vault.add_months(text[], date[]) from public;
