"""Servers and the command line are killed with -9 in the middle of their work; after `up` and `run` nothing is missing.

One stack takes all blows. After each reconciliation balances; in the end vault and marts equal those of a world that nobody disturbed. Some events
come again, by both ways, with other contents: which copy counts is the same, whatever was killed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from clickvault.embedded import stack as embedded
from clickvault.errors import StoreError
from clickvault.pipeline.steps import STEPS, require_read, run
from clickvault.reconcile.run import landing_reconciliations, sent_reconciliations
from clickvault.session import Session, open_session
from clickvault.stores.clickhouse import rows
from clickvault.stores.kafka import ends, partitions
from tests.worlds import command, contents, kill, options, own_stack, pid_of, said, send, send_copies, until

WORLD = options(250, 12, dirt=0.02)
DAYS = [WORLD.start + timedelta(days=day) for day in range((WORLD.end - WORLD.start).days)]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What vault and marts hold when nothing goes wrong."""
    with own_stack(tmp_path_factory.mktemp("undisturbed")) as s:
        send(s, WORLD)
        copies(s)
        run(s)
        return contents(s)


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A stack that gets the world some days at a time; each test sends the next ones, and strikes meanwhile."""
    with own_stack(tmp_path_factory.mktemp("kills") / "home") as s:
        yield s


def copies(s: Session) -> None:
    """Some of the world's events again, with other contents."""
    send_copies(s, WORLD, s.settings.home / "copies")


def send_days(s: Session, first: int, last: int) -> None:
    """These days of the world, the last one excluded."""
    send(s, replace(WORLD, start=DAYS[first], end=DAYS[last - 1] + timedelta(days=1)))


def check_landed() -> None:
    """`up` and `ingest` again: all that was sent is landed and judged, once."""
    embedded.up()
    with open_session() as s:
        require_read(STEPS["ingest"](s), [])
        reconciliations = [
            *sent_reconciliations(s.settings, s.renderer, s.ch),
            *landing_reconciliations(s.renderer, s.ch, whole=False),
        ]
        assert [a for a in reconciliations if not a.ok] == []


def landed(s: Session, source: str = "") -> int:
    sql = "SELECT count() AS n FROM landing.events WHERE startsWith(source, {s:String})"
    return int(rows(s.ch, sql, {"s": source})[0]["n"])


def test_clickhouse_killed_while_it_consumes(session: Session) -> None:
    """Days are sent one after the other, and ClickHouse is killed as their rows come in: three times, if they come for so long."""
    errors: list[BaseException] = []

    def produce() -> None:
        try:
            for day in range(1, 5):
                send_days(session, day, day + 1)
        except BaseException as error:
            errors.append(error)

    send_days(session, 0, 1)
    until(lambda: landed(session) > 0, "the queues have joined their groups")
    producer = threading.Thread(target=produce)
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
    assert not errors
    assert strikes > 1, "ClickHouse was not killed while it consumed"
    check_landed()


def more_landed_or_all(s: Session, before: int, producer: threading.Thread) -> bool:
    return landed(s) > before or (not producer.is_alive() and landed(s, "kafka") >= in_topics(s))


def in_topics(s: Session) -> int:
    """How many messages the broker holds."""
    topics = [t for g in s.renderer.registry.groups for t in s.renderer.registry.topics(g)]
    return sum(ends(s.settings, partitions(s.settings, topics)).values())


def test_clickhouse_killed_while_it_loads_objects(session: Session) -> None:
    before = landed(session, "s3")
    send_days(session, 5, 7)
    pid = pid_of("clickhouse")
    with command("ingest", "s3", "--quiet") as loading:
        until(lambda: landed(session, "s3") > before, "objects are loaded")
        kill("clickhouse", pid)
        assert loading.wait() == 1, "ClickHouse was killed when the objects were loaded"
    check_landed()


def test_broker_killed_while_it_is_written_and_read(session: Session) -> None:
    before = landed(session)

    def strike() -> None:
        with open_session(session.settings) as s:
            until(lambda: landed(s) > before, "ClickHouse consumes")
        kill("kafka")
        embedded.up()

    killer = threading.Thread(target=strike)
    killer.start()
    with suppress(StoreError):  # the producer may or may not come through
        send_days(session, 7, 9)
    killer.join()
    send_days(session, 7, 9)  # who was not told that all arrived sends again: the same events, accepted once
    check_landed()


def test_broker_killed_while_clickhouse_is_behind(session: Session) -> None:
    before = in_topics(session)
    send_days(session, 9, 11)
    kill("kafka")
    embedded.up()
    assert in_topics(session) > before + 1_000, "the broker forgot"
    check_landed()


def test_postgres_killed_in_the_bridge(session: Session) -> None:
    send_days(session, 11, 12)
    copies(session)
    STEPS["ingest"](session)
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


SAID = ["kafka to ClickHouse", "S3 to ClickHouse", "post ...", "friend ...", "FRIENDS_WITH: measuring", "writing the results",
         "community_daily", "platform_daily", "landed and judged"]  # fmt: skip


def test_command_line_killed_at_each_step(session: Session, undisturbed: dict[str, Any]) -> None:
    """The world is whole by now: when `run` comes to its end at last, everything is as if nothing had happened."""
    struck = []
    for step in SAID:
        with command("run") as running:
            if said(running, step):
                time.sleep(0.05)
                running.kill()
                struck.append(step)
    assert {"kafka to ClickHouse", "S3 to ClickHouse", "landed and judged"} <= set(struck)
    assert len(struck) >= 7, f"the run was over before it could be killed: {struck}"
    embedded.up()
    with open_session() as s:
        run(s)  # raises when reconciliation does not balance
        found = contents(s)
    different = [name for name in undisturbed if found.get(name) != undisturbed[name]]
    assert not different, {name: (undisturbed[name][0], found.get(name, (None,))[0]) for name in different}
