#!/bin/sh
# Secrets of the compose stack, made at the first start and kept: .env.compose (what compose puts in its file's place) and
# .secrets/ (files that containers read). Both are in .gitignore. Run from the checkout; a newer version's secrets are added.
set -eu
umask 077

secret() { LC_ALL=C tr -dc 'A-Za-z0-9' < /dev/urandom | head -c 32; }
add() { grep -q "^$1=" .env.compose.part || echo "$1=$2" >> .env.compose.part; } # name, value

if [ -f .env.compose ]; then
    cp .env.compose .env.compose.part
else
    echo "# Made by docker/secrets.sh: the secrets of the compose stack. Keep it, and keep it to yourself." > .env.compose.part
fi
for name in CLICKHOUSE_OPERATOR_PASSWORD CLICKHOUSE_INGEST_PASSWORD CLICKHOUSE_LOADER_PASSWORD \
    CLICKHOUSE_READER_PASSWORD CLICKHOUSE_GRAPH_PASSWORD POSTGRES_PASSWORD POSTGRES_STAGE_PASSWORD AIRFLOW_DB_PASSWORD METABASE_DB_PASSWORD \
    SUPERSET_DB_PASSWORD SUPERSET_SECRET_KEY SUPERSET_ADMIN_PASSWORD NEO4J_PASSWORD S3_SECRET_KEY \
    AIRFLOW_SECRET_KEY CLICKHOUSE_CLUSTER_SECRET REDIS_PASSWORD; do
    add "$name" "$(secret)"
done
add METABASE_ADMIN_PASSWORD "$(secret)1a" # Metabase wants a digit in it
add AIRFLOW_JWT_SECRET "$(secret)$(secret)" # Airflow signs with SHA-512, whose keys have 64 bytes
add S3_ACCESS_KEY clickvault
# a Fernet key is 32 bytes in URL-safe base64
add AIRFLOW_FERNET_KEY "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_')"
if cmp -s .env.compose .env.compose.part; then
    rm .env.compose.part
else
    mv .env.compose.part .env.compose
    echo "secrets written to .env.compose"
fi
if [ ! -f .secrets/airflow_passwords.json ]; then
    mkdir -p .secrets
    printf '{"admin": "%s"}\n' "$(secret)" > .secrets/airflow_passwords.json
    chmod 644 .secrets/airflow_passwords.json # Airflow's user in the container reads it; the folder is ours alone
    echo "Airflow's password is in .secrets/airflow_passwords.json (user admin)"
fi
