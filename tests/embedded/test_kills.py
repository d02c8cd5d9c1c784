"""Servers and the command line are killed with -9 in the middle of their work; after `up` and `run` nothing is missing.

Each time the accounts balance, and vault and marts equal those of a world that nobody disturbed. Some events come again, by both ways, with
other contents: which copy counts is the same, whatever was killed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from clickvault.clickhouse import rows
from clickvault.embedded import stack as embedded
from clickvault.errors import StoreError
from clickvault.kafka import ends, partitions
from clickvault.run import run
from clickvault.session import Session, open_session
from tests.worlds import command, contents, kill, options, own_stack, pid_of, said, send, send_copies, until

WORLD = options(250, 10, dirt=0.02)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What vault and marts hold when nothing goes wrong."""
    with own_stack(tmp_path_factory.mktemp("undisturbed")) as s:
        send_all(s)
        run(s)
        return contents(s)


def send_all(s: Session) -> None:
    """The world, and copies of some of its events."""
    send(s, WORLD)
    copies(s)


def copies(s: Session) -> None:
    send_copies(s, WORLD, s.settings.home / "copies")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with own_stack(tmp_path / "home") as s:
        yield s


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
    """The world is sent a day at a time, and ClickHouse is killed as its rows come in: three times, if they come for so long."""
    days = [WORLD.start + timedelta(days=day) for day in range((WORLD.end - WORLD.start).days)]
    errors: list[BaseException] = []

    def produce(days: list[datetime]) -> None:
        try:
            for day in days:
                send(session, replace(WORLD, start=day, end=day + timedelta(days=1)))
        except BaseException as error:
            errors.append(error)

    produce(days[:1])
    until(lambda: landed(session) > 0, "the queues have joined their groups")
    producer = threading.Thread(target=produce, args=(days[1:],))
    producer.start()
    seen = strikes = 0
    while strikes < 3:
        with open_session(session.settings) as s:
            until(partial(more_landed_or_all, s, seen, producer), "ClickHouse consumes")
            before, seen = seen, landed(s)
        if seen == before:
            break
        kill("clickhouse")
        strikes += 1
        embedded.up()
    producer.join()
    copies(session)
    assert not errors
    assert strikes > 1, "ClickHouse was not killed while it consumed"
    check(undisturbed)


def more_landed_or_all(s: Session, before: int, producer: threading.Thread) -> bool:
    from_kafka = "SELECT count() AS n FROM landing.events WHERE source = 'kafka'"
    return landed(s) > before or (not producer.is_alive() and int(rows(s.ch, from_kafka)[0]["n"]) >= in_topics(s))


def in_topics(s: Session) -> int:
    """How many messages the broker holds."""
    topics = [t for g in s.renderer.registry.groups for t in s.renderer.registry.topics(g)]
    return sum(ends(s.settings, partitions(s.settings, topics)).values())


def test_clickhouse_killed_while_it_loads_objects(session: Session, undisturbed: dict[str, Any]) -> None:
    send_all(session)
    until(lambda: landed(session) > 0, "the queues have joined their groups")
    pid = pid_of("clickhouse")
    count = "SELECT count() AS n FROM landing.events WHERE source = 's3'"
    with command("ingest", "s3", "--quiet") as loading:
        until(lambda: rows(session.ch, count)[0]["n"] > 0, "objects are loaded")
        kill("clickhouse", pid)
        assert loading.wait() == 1, "ClickHouse was killed when the objects were loaded"
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
    send_all(session)  # who was not told that all arrived sends again: the same events, accepted once
    check(undisturbed)


def test_broker_killed_while_clickhouse_is_behind(session: Session, undisturbed: dict[str, Any]) -> None:
    send_all(session)
    kill("kafka")
    embedded.up()
    assert in_topics(session) > 1_000, "the broker forgot"
    check(undisturbed)


def test_postgres_killed_in_the_bridge(session: Session, undisturbed: dict[str, Any]) -> None:
    from clickvault.run import ingest

    send_all(session)
    ingest(session)
    cut_short = 0
    for _ in range(2):
        pid = pid_of("postgres")
        with command("load") as loading:
            said(loading, "vault: user", "vault: comment")
            kill("postgres", pid)
            _, rest = loading.communicate()
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
    send_all(session)
    struck = []
    for step in STEPS:
        with command("run") as running:
            if said(running, step):
                time.sleep(0.05)
                running.kill()
                struck.append(step)
    assert {"kafka to ClickHouse", "S3 to ClickHouse", "landed and judged"} <= set(struck)
    assert len(struck) >= 7, f"the run was over before it could be killed: {struck}"
    check(undisturbed)
