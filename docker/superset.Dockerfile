# Superset with the ClickHouse driver in it, and the configuration that it has beside the embedded stack, too.
FROM apache/superset:6.1.0

USER root
COPY constraints.txt /tmp/constraints.txt
RUN grep -E '^(clickhouse-connect|psycopg2-binary)==' /tmp/constraints.txt > /tmp/drivers.txt \
    && uv pip install --python /app/.venv/bin/python -r /tmp/drivers.txt
COPY clickvault/dashboards/superset/config.py clickvault/dashboards/superset/prepare.py /opt/clickvault/
ENV SUPERSET_CONFIG_PATH=/opt/clickvault/config.py
USER superset
CMD ["/bin/sh", "-c", "/app/.venv/bin/python -P /opt/clickvault/prepare.py && exec /usr/bin/run-server.sh"]
