"""Airflow is left alone: its processes and the stores under it end, hang or fall silent, and all run again without a hand.

Real processes, killed and stopped. One alert tells of a trouble, one that it is over.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clickvault import vault
from clickvault.airflow import server
from clickvault.airflow.watch import Watch
from clickvault.alerts import journal
from clickvault.demo.continue_until import period
from clickvault.demo.demo import DemoWorld
from clickvault.embedded.state import State
from clickvault.pipeline import migrate as schema
from clickvault.pipeline.steps import ingest
from clickvault.session import Session, open_session
from clickvault.settings import Settings
from tests.airflow.client import Airflow, eventually
from tests.airflow.conftest import Receivers
from tests.vault.staging import fetch
from tests.worlds import kill, pid_of

SECONDS = 300


@pytest.fixture(scope="module", autouse=True)
def made(session: Session) -> None:
    """The schema, where these tests are run alone."""
    schema.init(session.settings, session.renderer, session.ch, session.pg)


@pytest.fixture(autouse=True)
def well(airflow: Airflow, session: Session) -> Any:
    """Everything is healthy before and after each test, and nothing is told that is not over."""
    eventually(healthy, "all is healthy", SECONDS)
    yield
    eventually(lambda: healthy() and not journal.troubles(session.settings), "all is healthy again", SECONDS)


def healthy() -> bool:
    return all(p["healthy"] for p in server.status())


def pid(name: str) -> int:
    (found,) = [p["pid"] for p in server.status() if p["process"] == name]
    return int(found or 0)


def told(receivers: Receivers, title: str, since: int) -> list[str]:
    return [text for text in receivers.telegram.texts[since:] if title in text]


def test_they_start_in_order(home: Path) -> None:
    """The scheduler starts tasks, which talk to the API server: it comes when that one is healthy."""
    said = (home / "logs" / "airflow-supervisor.log").read_text(encoding="utf-8")
    api, scheduler = (said.index(f"{name}: started as") for name in ("api-server", "scheduler"))
    assert api < scheduler
    before = (home / "logs" / "airflow-api-server.log").read_text(encoding="utf-8")
    assert "Uvicorn running on" in before
    (at,) = [line.split()[0] for line in before.splitlines() if "Uvicorn running on" in line][:1]
    started = next(line for line in said.splitlines() if "scheduler: started as" in line)
    listens = datetime.fromisoformat(at.replace("Z", "+00:00"))
    local = datetime.strptime(started[:19], "%Y-%m-%d %H:%M:%S").astimezone()
    assert local >= listens - timedelta(seconds=1)


@pytest.mark.parametrize(
    ("name", "sent"),
    [("scheduler", signal.SIGKILL), ("scheduler", signal.SIGSTOP), ("dag-processor", signal.SIGKILL), ("api-server", signal.SIGKILL)],
)  # fmt: skip
def test_a_process_that_ends_or_hangs_is_started_again(
    receivers: Receivers, home: Path, name: str, sent: signal.Signals
) -> None:
    texts, before = len(receivers.telegram.texts), pid(name)
    if sent == signal.SIGSTOP:  # the whole session: the process behind `masked`, and its workers
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if os.getsid(int(path.name)) == before:
                    os.kill(int(path.name), sent)
            except OSError:
                continue
    else:
        os.kill(before, sent)
    eventually(lambda: pid(name) not in (0, before), f"another {name} runs", SECONDS)
    eventually(healthy, "all is healthy", SECONDS)
    eventually(lambda: told(receivers, "clickvault works again: Airflow's processes", texts), "it is over", SECONDS)
    (trouble,) = told(receivers, "clickvault TROUBLE: Airflow's processes", texts)
    assert name in trouble
    assert next(p["restarts"] for p in server.status() if p["process"] == name) >= 1


def test_postgres_away_ends_nothing_for_good(airflow: Airflow, receivers: Receivers) -> None:
    """Scheduler and dag-processor end without their database; it and they are started again, and runs succeed."""
    texts = len(receivers.telegram.texts)
    kill("postgres")
    eventually(lambda: told(receivers, "clickvault works again: a store of the stack", texts), "it is back", SECONDS)
    eventually(healthy, "all is healthy", SECONDS)
    assert "postgres" in told(receivers, "clickvault TROUBLE: a store of the stack", texts)[0]
    airflow.pause("4_sync_graph", False)
    assert airflow.wait("4_sync_graph", airflow.trigger("4_sync_graph"), SECONDS)["state"] == "success"
    airflow.stop("4_sync_graph")


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP])
def test_a_supervisor_that_is_gone_is_started_by_those_that_it_keeps(
    airflow: Airflow, receivers: Receivers, home: Path, sent: signal.Signals
) -> None:
    """No run has to end for it: a scheduler that ended with it would end none. What it had started goes on."""
    texts = len(receivers.telegram.texts)
    kill("kafka")  # so that it starts one
    eventually(lambda: told(receivers, "clickvault works again: a store of the stack", texts), "it is back", SECONDS)
    before, kafka = pid("supervisor"), pid_of("kafka")
    kept = {name: pid(name) for name in server.COMMANDS}
    os.kill(before, sent)
    eventually(lambda: pid("supervisor") not in (0, before), "another supervisor runs", SECONDS)
    eventually(healthy, "all is healthy", SECONDS)
    eventually(lambda: told(receivers, "clickvault works again: Airflow's supervisor", texts), "it is over", SECONDS)
    assert len(told(receivers, "clickvault TROUBLE: Airflow's supervisor", texts)) == 1
    assert {name: pid(name) for name in server.COMMANDS} == kept, "it goes on with what runs"
    assert pid_of("kafka") == kafka
    server.up(print)  # changes nothing
    assert {name: pid(name) for name in server.COMMANDS} == kept


def test_silence_is_told(airflow: Airflow, receivers: Receivers, session: Session, home: Path) -> None:
    """A DAG that a clock starts and of which no run ends for three intervals; then one that does."""
    texts = len(receivers.telegram.texts)
    watch = Watch(session.settings, server.environment(State(home))["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"])
    airflow.pause("2_ingest_kafka", False)
    now = datetime.now(UTC)
    watch.once(now)
    watch.once(now + timedelta(minutes=14))
    assert told(receivers, "silence", texts) == []
    watch.once(now + timedelta(minutes=22))
    (text,) = told(receivers, "clickvault TROUBLE: silence of 2_ingest_kafka", texts)
    assert "3 intervals" in text
    assert airflow.wait("2_ingest_kafka", airflow.trigger("2_ingest_kafka"), SECONDS)["state"] == "success"
    watch.once(datetime.now(UTC))
    eventually(lambda: told(receivers, "clickvault works again: silence of 2_ingest_kafka", texts), "it is over", 30)
    airflow.stop("2_ingest_kafka")


@pytest.fixture
def own(stack: Settings) -> Iterator[Session]:
    """A session whose connections no earlier test has ended."""
    with open_session(stack) as opened:
        yield opened


def test_a_mapped_task_has_the_name_of_its_event_type(airflow: Airflow, receivers: Receivers, own: Session) -> None:
    """In the alert of its failure, and in the grid, whatever became of it; the next run that succeeds says that it works again."""
    texts = len(receivers.telegram.texts)
    if not fetch(own.pg, "select 1 from ops.watermark where event_type = 'reaction'"):  # this file alone
        today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        period(own, today - timedelta(days=3), today, to="kafka", world=DemoWorld(users=60, days=3))
        ingest(own)
    vault.rewind(own.pg, ["reaction"])
    with own.pg, own.pg.cursor() as cursor:
        cursor.execute("alter table stage.reaction rename to reaction_away")
    airflow.pause("3_load_vault", False)
    try:
        run = airflow.trigger("3_load_vault")
        assert airflow.wait("3_load_vault", run, SECONDS)["state"] == "failed"
    finally:
        with own.pg, own.pg.cursor() as cursor:
            cursor.execute("alter table stage.reaction_away rename to reaction")
    (text,) = eventually(lambda: told(receivers, "clickvault 3_load_vault FAILED", texts), "it is told", 120)
    assert "failed: load.others [reaction]: " in text
    assert "reaction" in {t["rendered_map_index"] for t in airflow.tasks("3_load_vault", run)}
    assert airflow.wait("3_load_vault", airflow.trigger("3_load_vault"), SECONDS)["state"] == "success"
    eventually(lambda: told(receivers, "clickvault 3_load_vault works again", texts), "it is over", 120)
    airflow.stop("3_load_vault")
