#!/bin/sh
# Run once by PostgreSQL's image, on an empty volume: a database and a login each for Airflow, Metabase and Superset, and
# the login that ClickHouse fills the stage by. `clickvault init` gives that one its rights (postgres/50_roles.sql).
set -eu

make() { # name, password
    NEW_PASSWORD="$2" psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v name="$1" <<'SQL'
\getenv password NEW_PASSWORD
create role :"name" login password :'password';
SQL
}

for application in airflow metabase superset; do
    case $application in
        airflow) password=$AIRFLOW_DB_PASSWORD ;;
        metabase) password=$METABASE_DB_PASSWORD ;;
        superset) password=$SUPERSET_DB_PASSWORD ;;
    esac
    make "$application" "$password"
    createdb -U "$POSTGRES_USER" -O "$application" "$application"
    psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$application" -c 'revoke all on schema public from public'
    psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$application" -c "grant all on schema public to \"$application\""
done
make vault_stage_login "$POSTGRES_STAGE_PASSWORD"
psql -v ON_ERROR_STOP=1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c 'alter role vault_stage_login set timezone to UTC'
