"""Watches ClickHouse pull from Kafka: every topic group is consumed, what is there has landed, not too much is refused.

The rows go from the broker to ClickHouse by themselves; this run waits for them, fetches what the engine drops, and records up to
where everything is landed whole. Every 5 minutes; wakes the load when messages came.
"""

from airflow.sdk import CronTriggerTimetable, TaskGroup

from clickvault.airflow import tasks
from clickvault.airflow.dags import KAFKA, pipeline, step

EVERY_5_MINUTES = CronTriggerTimetable("*/5 * * * *", timezone="UTC")

with pipeline("2_ingest_kafka", __doc__, schedule=EVERY_5_MINUTES, tags=["ingest", "kafka"], minutes=30):
    with TaskGroup("read", tooltip="From the broker into landing.events"):
        landed = step(tasks.land, publishes=KAFKA)("kafka")
        step(tasks.consumers)() >> landed
    with TaskGroup("validate", tooltip="Judged by the contracts' rules: raw or dead letters"):
        step(tasks.all_read)(landed)
        landed >> step(tasks.rejected_share)()
