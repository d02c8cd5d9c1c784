"""What was told and what is yet to be told, kept in <home>/alerts/journal.state: DAGs that fail, open troubles, the digest of successes.

So a person gets one alert when something breaks, one when it works again, and the many successes between as one digest an
interval. Airflow's callbacks, its supervisor and the command line share the file, one at a time.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from clickvault.alerts.message import Alert, RunReport, alert_of, digest_of, recovery_of
from clickvault.alerts.send import Outcome, alert, log, outbox_of
from clickvault.errors import ClickvaultError
from clickvault.masking import masked
from clickvault.settings import Settings
from clickvault.statefile import write_in_room

ROOM = 16_384
"""Bytes that the journal has, so that it can be written on a full disk: what is told once must not be told at every look."""


@contextmanager
def _journal(settings: Settings) -> Iterator[dict[str, Any]]:
    """The journal, written back at the end of the block. Where it can't be had or written, things are told as if nothing was before."""
    outbox = outbox_of(settings)
    path = outbox.folder / "journal.state"
    found: dict[str, Any] = {"failing": {}, "troubles": {}, "digest": None}
    with ExitStack() as until_written:
        try:
            until_written.enter_context(outbox.locked(name="journal.lock"))
            read = json.loads(path.read_text(encoding="utf-8"))
            if not all(isinstance(read[name], dict | None) for name in found):
                raise ValueError("of another form")
            found = {"failing": read["failing"] or {}, "troubles": read["troubles"] or {}, "digest": read["digest"]}
        except FileNotFoundError:
            pass
        except (ClickvaultError, OSError, ValueError, TypeError, KeyError) as error:
            log.error("alerts: the journal begins anew: %s: %s", type(error).__name__, error)
        yield found
        try:
            write_in_room(path, json.dumps(found, indent=1, ensure_ascii=False), ROOM)
        except OSError as error:
            log.error("alerts: the journal could not be written: %s", error.strerror)


def report(settings: Settings, run: RunReport, now: datetime | None = None) -> list[Outcome]:
    """Tell of a run's end as the settings want it: at once, in the digest, or not at all. One outcome a target of what was sent.

    A failure is told at once, unless the DAG's last run failed for the same reasons; so is the first success behind failures.
    """
    if not settings.alerts:
        return alert(settings, alert_of(run))
    now = now or datetime.now(UTC)
    with _journal(settings) as journal:
        messages = _of_run(settings, journal, run, now)
        messages += _due(settings, journal, now)
    return [outcome for message in messages for outcome in alert(settings, message)]


def _of_run(settings: Settings, journal: dict[str, Any], run: RunReport, now: datetime) -> list[Alert]:
    """What is told at once of a run; the rest is counted."""
    before = journal["failing"].get(run.dag)
    if not run.succeeded:
        causes = [[task, error.partition(":")[0]] for task, error in run.failed]  # figures in a text differ each time
        since, runs = (before["since"], before["runs"] + 1) if before else (now.isoformat(), 1)
        journal["failing"][run.dag] = {"since": since, "runs": runs, "causes": causes}
        if not before or before["causes"] != causes:
            return [alert_of(run)]
    elif before:
        del journal["failing"][run.dag]
        return [recovery_of(run, datetime.fromisoformat(before["since"]), before["runs"])]
    wanted = settings.alerts_of(run.dag)
    if run.succeeded and wanted == "all":
        return [alert_of(run)]
    if wanted == "failure" and run.succeeded:
        message = alert_of(run)
        log.info("%s\n%s", message.title, message.body)
        return []
    digest = journal["digest"] = journal["digest"] or {"since": now.isoformat(), "dags": {}}
    counted = digest["dags"].setdefault(run.dag, {"succeeded": 0, "failed": 0, "rows": 0})
    counted["succeeded" if run.succeeded else "failed"] += 1
    counted["rows"] += run.rows or 0
    return []


def _due(settings: Settings, journal: dict[str, Any], now: datetime) -> list[Alert]:
    digest = journal["digest"]
    if not digest:
        return []
    since = datetime.fromisoformat(digest["since"])
    if now - since < timedelta(minutes=settings.alerts_minutes):
        return []
    journal["digest"] = None
    return [digest_of(digest["dags"], since, now)]


def send_due(settings: Settings, now: datetime | None = None) -> None:
    """Send the digest if its interval is over; what waits in the outbox goes with it."""
    with _journal(settings) as journal:
        messages = _due(settings, journal, now or datetime.now(UTC))
    for message in messages:
        alert(settings, message)


def trouble(settings: Settings, key: str, text: str) -> None:
    """Tell of a trouble that is no run's: once, until it is `over`."""
    text = masked(text, settings)
    with _journal(settings) as journal:
        known = key in journal["troubles"]
        if not known:
            journal["troubles"][key] = {"since": datetime.now(UTC).isoformat(), "text": text}
    if not known:
        log.warning("%s: %s", key, text)
        alert(settings, Alert(f"clickvault TROUBLE: {key}", text, "failure"))


def over(settings: Settings, key: str, text: str = "") -> None:
    """Tell that a trouble is over, if it was told."""
    if key not in troubles(settings):
        return
    with _journal(settings) as journal:
        told = journal["troubles"].pop(key, None)
    if told:
        since = datetime.fromisoformat(told["since"])
        log.info("%s: over", key)
        lines = [f"was: {told['text']}", f"since: {since:%Y-%m-%d %H:%M:%S} UTC", *([text] if text else [])]
        alert(settings, Alert(f"clickvault works again: {key}", "\n".join(lines), "success"))


def troubles(settings: Settings) -> dict[str, str]:
    """What is told and not over, by key."""
    path = outbox_of(settings).folder / "journal.state"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["troubles"]
        return {key: f"since {told['since'][:19]}Z: {told['text']}" for key, told in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
