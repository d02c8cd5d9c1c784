"""Watches Airflow from outside, so that its silence is noticed: does each entry DAG end runs, do scheduler and dag-processor beat.

Reads Airflow's own database, which answers when no process of Airflow does. Part of the supervisor beside the embedded stack, and
a service of its own in containers (`clickvault airflow watch`). It sends the digest of successes, too, once that is due.
"""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2

from clickvault.alerts import journal
from clickvault.settings import Settings

log = logging.getLogger(__name__)

ENTRY: Mapping[str, timedelta] = {
    "1_generate_events": timedelta(minutes=5),  # every minute, but a run waits while figures are counted
    "2_ingest_kafka": timedelta(minutes=5),
    "2_ingest_s3": timedelta(minutes=5),
}
"""The DAGs that a clock starts and that feed all others, and how often a run of each should end."""
SILENT_INTERVALS = 3
BEATS = {"SchedulerJob": "scheduler", "DagProcessorJob": "dag-processor"}
STALE = timedelta(seconds=30)
"""Airflow's own bound: a process that has not beaten for so long is not healthy."""
SECONDS = 15.0
"""Between two looks."""
BEAT = Path(tempfile.gettempdir()) / "clickvault-watch"
PATIENCE = 4
"""Looks in a row: what lasts shorter is not told."""


@dataclass(frozen=True)
class Seen:
    """What Airflow's database says: when a run of each unpaused entry DAG ended last, and when each process beat last."""

    ended: Mapping[str, datetime | None]
    beats: Mapping[str, datetime]


def look(url: str) -> Seen:
    """Read Airflow's database. Raises psycopg2.Error when it does not answer."""
    connection = psycopg2.connect(url.replace("postgresql+psycopg2://", "postgresql://"), connect_timeout=5)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "select d.dag_id, (select max(end_date) from dag_run r where r.dag_id = d.dag_id"
                " and r.state in ('success', 'failed') and r.end_date > now() - interval '1 day')"
                " from dag d where not d.is_paused and not d.is_stale and d.dag_id = any(%s)",
                (list(ENTRY),),
            )
            ended = dict(cursor.fetchall())
            cursor.execute(
                "select job_type, max(latest_heartbeat) from job where job_type = any(%s) and state = 'running' group by 1",
                (list(BEATS),),
            )
            beats = {BEATS[kind]: at for kind, at in cursor.fetchall()}
    finally:
        connection.close()
    return Seen(ended, beats)


@dataclass
class Watch:
    """What was seen so far. `tells_beats`: nobody else does, as in containers."""

    settings: Settings
    url: str
    tells_beats: bool = False
    seen: Seen | None = None
    since: dict[str, datetime] = field(default_factory=dict)
    unwell: dict[str, int] = field(default_factory=dict)

    def once(self, now: datetime | None = None) -> Seen | None:
        """Look, tell what is wrong and what is over, send the digest that is due. Returns what was seen; None where nobody answers."""
        now = now or datetime.now(UTC)
        try:
            self.seen = found = look(self.url)
        except psycopg2.Error as error:
            found = None
            log.warning("Airflow's database does not answer: %s", str(error).strip().splitlines()[0])
        if self.tells_beats:
            self._tell("Airflow's database", found is None, "it does not answer: no task runs, and no run is noted")
            for name in BEATS.values():
                if found:
                    stale = name not in found.beats or now - found.beats[name] > STALE
                    self._tell(f"Airflow's {name}", stale, f"it does not run, or hangs: last beat {_at(found, name)}")
        if self.seen:
            self._silence(self.seen, now)
        journal.send_due(self.settings, now)
        return found

    def _silence(self, seen: Seen, now: datetime) -> None:
        for dag, interval in ENTRY.items():
            if dag not in seen.ended:
                self.since.pop(dag, None)
                journal.over(self.settings, f"silence of {dag}", "it is paused or gone")
                continue
            ended = seen.ended[dag]
            # A DAG that was paused, or a watch that begins, has its intervals from now on.
            last = max(filter(None, (ended, self.since.setdefault(dag, now))))
            if now - last > SILENT_INTERVALS * interval:
                text = f"no run of it has ended since {last:%Y-%m-%d %H:%M} UTC, which is {SILENT_INTERVALS} intervals"
                journal.trouble(self.settings, f"silence of {dag}", f"{text}; try: clickvault airflow status")
            elif ended and ended >= self.since[dag]:
                journal.over(self.settings, f"silence of {dag}", f"a run of it ended at {ended:%Y-%m-%d %H:%M} UTC")

    def _tell(self, key: str, wrong: bool, text: str) -> None:
        self.unwell[key] = self.unwell.get(key, 0) + 1 if wrong else 0
        if self.unwell[key] >= PATIENCE:
            journal.trouble(self.settings, key, text)
        elif not wrong:
            journal.over(self.settings, key)


def forever(watch: Watch, beat: Path = BEAT) -> None:
    """Look every SECONDS; `beat` is touched each time, for a health check."""
    while True:
        try:
            watch.once()
        except Exception:  # whatever it is: who watches goes on
            log.exception("a look failed")
        beat.touch()
        time.sleep(SECONDS)


def _at(seen: Seen, name: str) -> str:
    return f"{seen.beats[name]:%Y-%m-%d %H:%M:%S} UTC" if name in seen.beats else "never"
