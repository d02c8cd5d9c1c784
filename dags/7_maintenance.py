"""Nightly maintenance: applies retention (recorded in ops.retired), merges partitions, vacuums, sends waiting alerts.

The same as `clickvault maintenance` and `clickvault alerts send`. One step after the other; a step that fails leaves the later ones for
the next night.
"""

from airflow.sdk import CronTriggerTimetable, chain

from clickvault.airflow import tasks
from clickvault.airflow.dags import pipeline, step

STEPS = ("landing", "ledgers", "files", "optimize", "vacuum")
EVERY_NIGHT = CronTriggerTimetable("15 3 * * *", timezone="UTC")

with pipeline("7_maintenance", __doc__, schedule=EVERY_NIGHT, tags=["maintenance"], minutes=240):
    chain(*(step(tasks.maintain, name)(name) for name in STEPS), step(tasks.send_kept_alerts)())
