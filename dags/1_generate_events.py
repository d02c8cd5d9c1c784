"""Makes the events of the domain's world, every minute up to the end of the run's interval, and sends them.

The world goes on from where the last run ended: a minute that was missed is made up for. Where there is no world yet, one begins
with some days of history. Parameters: `from` and `until` for a past period instead; `dirt`, the share of broken messages;
`target`, kafka, s3 or both; `users` and `days` of a world that begins.
"""

from airflow.sdk import CronDataIntervalTimetable, Param

from clickvault.airflow import tasks
from clickvault.airflow.dags import SOURCES_POOL, pipeline, step

PARAMS = {
    "from": Param(None, type=["null", "string"], description="Start of a past period (UTC), e.g. 2026-01-01"),
    "until": Param(None, type=["null", "string"], description="Its end, excluded"),
    "dirt": Param(0.01, type="number", minimum=0, maximum=0.5, description="Share of broken messages"),
    "target": Param("both", enum=["kafka", "s3", "both"], description="Where to; both: half each"),
    "users": Param(2_000, type="integer", minimum=2, maximum=10_000_000, description="People of a world that begins"),
    "days": Param(1, type="integer", minimum=1, maximum=366, description="Days of history of a world that begins"),
}
EVERY_MINUTE = CronDataIntervalTimetable("* * * * *", timezone="UTC")

with pipeline("1_generate_events", __doc__, schedule=EVERY_MINUTE, tags=["source"], minutes=30, params=PARAMS):
    step(tasks.generate_events, pool=SOURCES_POOL)()
