# Superset with the ClickHouse driver in it.
FROM apache/superset:6.1.0

USER root
COPY constraints.txt /tmp/constraints.txt
RUN grep -E '^(clickhouse-connect|psycopg2-binary)==' /tmp/constraints.txt > /tmp/drivers.txt \
    && uv pip install --python /app/.venv/bin/python -r /tmp/drivers.txt
USER superset
CMD ["/bin/sh", "-c", "superset db upgrade && { superset fab create-admin --username admin --firstname A --lastname D --email admin@localhost --password \"$SUPERSET_ADMIN_PASSWORD\" || true; } && superset init && exec /usr/bin/run-server.sh"]
