# Airflow with clickvault in it: the scheduler's tasks, and the command line beside the stack. Exact versions, no start-up installs.
FROM apache/airflow:3.3.2-python3.11

USER root
RUN mkdir -p /opt/clickvault/state && chown -R airflow:root /opt/clickvault
USER airflow
WORKDIR /opt/clickvault

# What changes seldom comes first, so that a change of the code installs nothing anew.
COPY --chown=airflow:root pyproject.toml constraints.txt README.md LICENSE ./
RUN mkdir clickvault && touch clickvault/__init__.py \
    && pip install --no-cache-dir -c constraints.txt -e . \
    && pip check
COPY --chown=airflow:root clickvault clickvault
COPY --chown=airflow:root domains domains
COPY --chown=airflow:root generator generator
COPY --chown=airflow:root templates templates
COPY --chown=airflow:root postgres postgres
COPY --chown=airflow:root neo4j neo4j
COPY --chown=airflow:root dags dags
ENV PYTHONPATH=/opt/clickvault
