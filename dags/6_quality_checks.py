"""Can the figures be trusted? Reconciles, from what was sent to the marts, and runs every quality check.

Hourly, so that silence is noticed, and when marts were built. Reconciliation wants quiet sources: no events are made meanwhile, and what
arrived is taken through the pipeline before it is counted. A breach fails the run, and someone is told.
"""

from airflow.sdk import AssetOrTimeSchedule, CronTriggerTimetable

from clickvault.airflow import tasks
from clickvault.airflow.dags import MARTS, SOURCES_POOL, pipeline, step

SCHEDULE = AssetOrTimeSchedule(timetable=CronTriggerTimetable("30 * * * *", timezone="UTC"), assets=[MARTS])

with pipeline("6_quality_checks", __doc__, schedule=SCHEDULE, tags=["quality"], minutes=60):
    step(tasks.settle_and_reconcile, "reconcile", pool=SOURCES_POOL)() >> step(tasks.quality_checks, "quality")()
