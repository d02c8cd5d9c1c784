"""Servers and the command line are killed with -9 in the middle of their work; after `up` and `run` nothing is missing.

Each time the accounts balance, and vault and marts equal those of a world that nobody disturbed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clickvault.clickhouse import rows
from clickvault.embedded import stack as embedded
from clickvault.errors import StoreError
from clickvault.kafka import Partition, ends, partitions
from clickvault.run import run
from clickvault.session import Session, open_session
from tests.worlds import contents, options, own_stack, send

WORLD = options(250, 10, dirt=0.02)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What vault and marts hold when nothing goes wrong."""
    with own_stack(tmp_path_factory.mktemp("undisturbed")) as s:
        send(s, WORLD)
        run(s)
        return contents(s)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with own_stack(tmp_path / "home") as s:
        yield s


def pid_of(store: str) -> int:
    (pid,) = (s.pid for s in embedded.status() if s.store == store)
    assert pid is not None, f"{store} does not run"
    return pid


def kill(store: str, pid: int | None = None) -> None:
    """kill -9 of a store's process, and wait until it is gone. To strike at once, ask for its pid before."""
    pid = pid or pid_of(store)
    os.kill(pid, signal.SIGKILL)
    for _ in range(200):
        if not Path(f"/proc/{pid}/stat").exists() or " Z " in Path(f"/proc/{pid}/stat").read_text():
            return
        time.sleep(0.02)
    raise AssertionError(f"{store} is still there")


def until(condition: Callable[[], bool], what: str, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.02)


def check(undisturbed: dict[str, Any]) -> None:
    """`up` and `run` again: balanced, and nothing differs."""
    embedded.up()
    with open_session() as s:
        run(s)  # raises when the accounts do not balance
        found = contents(s)
    different = [name for name in undisturbed if found.get(name) != undisturbed[name]]
    assert not different, {name: (undisturbed[name][0], found.get(name, (None,))[0]) for name in different}


def landed(s: Session) -> int:
    return int(rows(s.ch, "SELECT count() AS n FROM landing.events")[0]["n"])


def test_clickhouse_killed_while_it_consumes(session: Session, undisturbed: dict[str, Any]) -> None:
    """The world is sent a day at a time, and ClickHouse is killed as its rows come in, three times."""
    days = (WORLD.end - WORLD.start).days
    errors: list[BaseException] = []

    def produce() -> None:
        try:
            for day in range(days):
                start = WORLD.start + timedelta(days=day)
                send(session, replace(WORLD, start=start, end=start + timedelta(days=1)))
        except BaseException as error:
            errors.append(error)

    producer = threading.Thread(target=produce)
    producer.start()
    seen = 0
    for _ in range(3):
        with open_session(session.settings) as s:
            until(partial(more_landed, s, seen), "ClickHouse consumes")
            seen = landed(s)
        kill("clickhouse")
        embedded.up()
    producer.join()
    assert not errors
    check(undisturbed)


def more_landed(s: Session, before: int) -> bool:
    return landed(s) > before


def test_clickhouse_killed_while_it_loads_objects(session: Session, undisturbed: dict[str, Any]) -> None:
    send(session, WORLD)
    until(lambda: landed(session) > 0, "the queues have joined their groups")
    pid = pid_of("clickhouse")
    command = [sys.executable, "-m", "clickvault", "ingest", "s3", "--quiet"]
    loading = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    count = "SELECT count() AS n FROM landing.events WHERE source = 's3'"
    until(lambda: rows(session.ch, count)[0]["n"] > 0, "objects are loaded")
    kill("clickhouse", pid)
    loading.wait(60)
    assert loading.returncode == 1, "ClickHouse was killed when the objects were loaded"
    check(undisturbed)


def test_broker_killed_while_it_is_written_and_read(session: Session, undisturbed: dict[str, Any]) -> None:
    def strike() -> None:
        with open_session(session.settings) as s:
            until(lambda: landed(s) > 0, "ClickHouse consumes")
        kill("kafka")

    killer = threading.Thread(target=strike)
    killer.start()
    with suppress(StoreError):  # the producer may or may not come through
        send(session, WORLD)
    killer.join()
    embedded.up()
    send(session, WORLD)  # who was not told that all arrived sends again: the same events, accepted once
    check(undisturbed)


def test_broker_killed_while_clickhouse_is_behind(session: Session, undisturbed: dict[str, Any]) -> None:
    send(session, WORLD)
    kill("kafka")
    embedded.up()
    topics = [t for g in session.renderer.registry.groups for t in session.renderer.registry.topics(g)]
    assert sum(ends(session.settings, partitions(session.settings, topics)).values()) > 1_000, "the broker forgot"
    assert isinstance(partitions(session.settings, topics[:1])[0], Partition)
    check(undisturbed)


def test_postgres_killed_in_the_bridge(session: Session, undisturbed: dict[str, Any]) -> None:
    from clickvault.run import ingest

    send(session, WORLD)
    ingest(session)
    cut_short = 0
    for _ in range(2):
        pid = pid_of("postgres")
        command = [sys.executable, "-m", "clickvault", "load"]
        loading = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert loading.stderr is not None
        for line in loading.stderr:
            if line.strip().startswith(("vault: user", "vault: comment")):
                break
        kill("postgres", pid)
        with loading.stderr:
            rest = loading.stderr.read()
        loading.wait(120)
        if loading.returncode:
            cut_short += 1
            assert "Error:" in rest
            assert "Traceback" not in rest
        embedded.up()
    assert cut_short, "PostgreSQL was killed when the load was over"
    check(undisturbed)


STEPS = ["kafka to ClickHouse", "S3 to ClickHouse", "post ...", "friend ...", "FRIENDS_WITH: measuring", "writing the results",
         "community_daily", "platform_daily", "landed and judged"]  # fmt: skip


def test_command_line_killed_at_each_step(session: Session, undisturbed: dict[str, Any]) -> None:
    send(session, WORLD)
    struck = []
    for step in STEPS:
        command = [sys.executable, "-m", "clickvault", "run"]
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        assert running.stderr is not None
        with running.stderr:
            for line in running.stderr:
                if step in line:
                    time.sleep(0.05)
                    running.send_signal(signal.SIGKILL)
                    struck.append(step)
                    break
        running.wait(120)
    assert {"kafka to ClickHouse", "S3 to ClickHouse", "landed and judged"} <= set(struck)
    assert len(struck) >= 7, f"the run was over before it could be killed: {struck}"
    check(undisturbed)
