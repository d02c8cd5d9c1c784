"""Builds the marts that BI tools read: the day that has ended, each night, and what is out of date, whenever the graph is done.

A run with an interval (by the clock, or of a backfill) rebuilds its days, whole; any other builds the days whose data has changed.
Parameters `from` and `to` (the day after the last one) name a window. A month again:
`airflow backfill create --dag-id 5_build_marts --from-date 2026-10-01 --to-date 2026-10-31T23:59:59Z --reprocess-behavior completed`
"""

from airflow.sdk import AssetOrTimeSchedule, CronDataIntervalTimetable, Param, TaskGroup

from clickvault.airflow import tasks
from clickvault.airflow.dags import GRAPH, MARTS, MARTS_POOL, pipeline, step

PARAMS = {
    "from": Param(None, type=["null", "string"], description="First day of a window, e.g. 2026-01-01"),
    "to": Param(None, type=["null", "string"], description="The day after its last"),
}
SCHEDULE = AssetOrTimeSchedule(timetable=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"), assets=[GRAPH])

with (
    pipeline(
        "5_build_marts", __doc__, schedule=SCHEDULE, tags=["marts"], minutes=120, max_active_runs=4, params=PARAMS
    ),
    TaskGroup("marts", tooltip="Staged, then put in place a day at a time"),
):
    step(tasks.build_marts, "build", publishes=MARTS, pool=MARTS_POOL)()
