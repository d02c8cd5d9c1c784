"""Makes or migrates everything: topics, ClickHouse, PostgreSQL. By hand, after a change of the contracts; idempotent.

The same as `clickvault init`; then `clickvault plan` must be empty.
"""

from clickvault.airflow import tasks
from clickvault.airflow.dags import pipeline, step

with pipeline("0_init_schemas", __doc__, schedule=None, tags=["setup"], minutes=30):  # an Airflow DAG
    step(tasks.init_schemas)() >> step(tasks.nothing_left_to_change)()
