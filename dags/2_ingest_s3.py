"""Loads the S3 objects that are new: each (path, etag) once, into the same landing table as Kafka's messages.

Every 5 minutes; wakes the load when there were any.
"""

from airflow.sdk import CronTriggerTimetable, TaskGroup

from clickvault.airflow import tasks
from clickvault.airflow.dags import S3, pipeline, step

EVERY_5_MINUTES = CronTriggerTimetable("2-59/5 * * * *", timezone="UTC")

with pipeline("2_ingest_s3", __doc__, schedule=EVERY_5_MINUTES, tags=["ingest", "s3"], minutes=60):
    with TaskGroup("read", tooltip="From the bucket into landing.events"):
        landed = step(tasks.land, publishes=S3)("s3")
    with TaskGroup("validate", tooltip="Judged by the contracts' rules: raw or dead letters"):
        step(tasks.all_read)(landed)
        landed >> step(tasks.rejected_share)()
