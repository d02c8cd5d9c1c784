"""The embedded stack's life: up, down, crashes, stale pids, taken ports, interruptions. On a stack of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from clickvault.clickhouse import connect
from clickvault.embedded import process, s3, stack
from clickvault.embedded.state import State
from clickvault.errors import ConfigurationError, StoreError
from clickvault.settings import CHECKOUT, Settings, get_settings, stack_ready
from tests.worlds import consumed, until_answered

pytestmark = pytest.mark.slow

STORES = ("clickhouse", "kafka", "s3", "postgres")
UP = "from clickvault.embedded import stack; stack.up(print)"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("life") / "state folder"  # a space, for what quotes badly
    yield folder
    stack.down(home=folder, purge=True)


@pytest.fixture
def settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("CLICKVAULT_HOME", str(home))
    stack.up()
    return get_settings()


def pids(home: Path) -> dict[str, int | None]:
    return {status.store: status.pid for status in stack.status(home=home) if status.store in STORES}


def processes_of(home: Path) -> list[psutil.Process]:
    found = []
    for candidate in psutil.process_iter(["cmdline", "cwd"]):
        command = " ".join(candidate.info["cmdline"] or ())
        data = str((home / "postgres").resolve())
        if candidate.pid != os.getpid() and (
            str(home) in command or data in command or candidate.info["cwd"] == str(home)
        ):
            found.append(candidate)
    return found


def start_command(home: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "CLICKVAULT_HOME": str(home), "PYTHONPATH": str(CHECKOUT)}
    return subprocess.Popen([sys.executable, "-c", UP], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def produce(settings: Settings, topic: str, messages: list[bytes]) -> None:
    producer = KafkaProducer(bootstrap_servers=settings.kafka_bootstrap, acks="all", linger_ms=20)
    acknowledgements = [producer.send(topic, message, partition=0) for message in messages]
    producer.flush()
    for acknowledgement in acknowledgements:
        acknowledgement.get(timeout=10)
    producer.close()


def create_topic(settings: Settings, topic: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    admin.create_topics([NewTopic(topic, 1, 1)])
    admin.close()


def postgres(settings: Settings, sql: str) -> Any:
    connection = psycopg2.connect(settings.postgres_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else None
    finally:
        connection.close()


def clickhouse(settings: Settings, sql: str) -> Any:
    client = connect(settings.clickhouse_url)
    try:
        return client.command(sql)
    finally:
        client.close()


def test_nothing_runs_before_the_first_up(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLICKVAULT_HOME", str(home))
    assert [status.healthy for status in stack.status(home=home)] == [False, False, False, False, True]
    with pytest.raises(ConfigurationError) as error:
        stack_ready(get_settings())
    assert error.value.hint == "clickvault up"
    said: list[str] = []
    stack.down(said.append, home=home)
    assert said == ["nothing runs"]


def test_up_is_quick_and_a_second_up_does_nothing(home: Path) -> None:
    for _ in range(3):  # the best of three first starts: the machine may have other things to do
        stack.down(home=home, purge=True)
        begin = time.monotonic()
        first = stack.up(home=home)
        if (seconds := time.monotonic() - begin) < 20:
            break
    assert seconds < 20
    assert [status.store for status in first] == [*STORES, "graph"]
    assert all(status.healthy and status.version for status in first)
    said: list[str] = []
    assert stack.up(said.append, home=home) == first
    assert said == []


def test_only_the_owner_can_read_the_state(home: Path, settings: Settings) -> None:
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "stack.json").stat().st_mode) == 0o600


def test_passwords_are_in_no_log_no_command_line_and_no_status(home: Path, settings: Settings) -> None:
    secrets = list(json.loads((home / "stack.json").read_text())["secrets"].values())
    assert len(secrets) == 4
    texts = [path.read_text(errors="replace") for path in (home / "logs").iterdir()]
    texts += [" ".join(candidate.cmdline()) for candidate in processes_of(home)]
    texts += [repr(stack.status(home=home)), repr(settings), str(settings)]
    assert len(texts) >= 10
    for secret in secrets:
        assert not any(secret in text for text in texts)


def test_down_and_up_keep_data_and_addresses(home: Path, settings: Settings) -> None:
    clickhouse(settings, "CREATE DATABASE kept")
    clickhouse(settings, "CREATE TABLE kept.t (a Int32) ENGINE = MergeTree ORDER BY a")
    clickhouse(settings, "INSERT INTO kept.t VALUES (42)")
    postgres(settings, "create table kept as select 42 as a")
    create_topic(settings, "kept")
    produce(settings, "kept", [b"42", b"", b"\x00\xff"])
    objects = s3.client(State(home))
    path = home / "object"
    path.write_bytes(b"42")
    objects.fput_object("events", "kept/object", str(path))

    stack.down(home=home)
    assert set(pids(home).values()) == {None}
    assert processes_of(home) == []
    stack.up(home=home)

    again = get_settings()
    assert again == settings
    assert clickhouse(again, "SELECT a FROM kept.t") == 42
    assert postgres(again, "select a from kept") == [(42,)]
    assert consumed(again, "kept", 3) == [b"42", b"", b"\x00\xff"]
    with objects.get_object("events", "kept/object") as answer:
        assert answer.read() == b"42"
    objects._http.clear()


@pytest.mark.parametrize("store", STORES)
def test_up_restarts_just_what_died(home: Path, settings: Settings, store: str) -> None:
    before = pids(home)
    victim = before[store]
    assert victim is not None
    os.kill(victim, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while [status.healthy for status in stack.status(home=home) if status.store == store] == [True]:
        assert time.monotonic() < deadline
    after = {status.store: status for status in stack.up(home=home)}
    assert all(status.healthy for status in after.values())
    assert {name for name in STORES if after[name].pid != before[name]} == {store}
    assert get_settings() == settings
    assert clickhouse(settings, "SELECT a FROM kept.t") == 42
    assert postgres(settings, "select a from kept") == [(42,)]
    assert consumed(settings, "kept", 3) == [b"42", b"", b"\x00\xff"]


def test_all_killed_at_once(home: Path, settings: Settings) -> None:
    for pid in pids(home).values():
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    assert all(status.healthy for status in stack.up(home=home))
    assert consumed(settings, "kept", 3) == [b"42", b"", b"\x00\xff"]
    assert clickhouse(settings, "SELECT a FROM kept.t") == 42


def test_a_hanging_store_is_replaced(home: Path, settings: Settings) -> None:
    pid = pids(home)["kafka"]
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    said: list[str] = []
    assert all(status.healthy for status in stack.up(said.append, home=home))
    assert any("does not answer" in line for line in said)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_store_that_is_slow_to_answer_is_left_alone(home: Path, settings: Settings) -> None:
    before = pids(home)
    assert before["kafka"] is not None
    os.kill(before["kafka"], signal.SIGSTOP)
    awake = threading.Timer(4.0, os.kill, (before["kafka"], signal.SIGCONT))  # the first question has 3 s
    awake.start()
    said: list[str] = []
    assert all(status.healthy for status in stack.up(said.append, home=home))
    awake.join()
    assert said == []
    assert pids(home) == before


def test_a_store_that_was_not_started_to_the_end_is_started_again(home: Path, settings: Settings) -> None:
    before = pids(home)
    State(home).put("postgres.starting", True)  # as an `up` leaves it that is killed before it made the database
    said: list[str] = []
    after = {status.store: status for status in stack.up(said.append, home=home)}
    assert any("was not started to the end" in line for line in said)
    assert {name for name in STORES if after[name].pid != before[name]} == {"postgres"}
    assert get_settings() == settings
    said.clear()
    stack.up(said.append, home=home)
    assert said == []


def test_a_pid_that_someone_else_has_now_is_left_alone(home: Path, settings: Settings) -> None:
    stack.down(home=home)
    with subprocess.Popen(["sleep", "60"]) as foreigner:
        state = State(home)
        for store in STORES:
            state.record(store, process.Child(foreigner.pid, "another boot:12345"))
        assert set(pids(home).values()) == {None}
        stack.down(home=home)
        assert foreigner.poll() is None
        for store in STORES:
            state.record(store, process.Child(foreigner.pid, "another boot:12345"))
        assert all(status.healthy for status in stack.up(home=home))
        assert foreigner.poll() is None
        foreigner.kill()


def test_taken_ports_are_given_up(home: Path, settings: Settings) -> None:
    stack.down(home=home)
    taken = {store: State(home).port(store) for store in STORES}
    with contextlib.ExitStack() as others:
        for port in taken.values():
            other = others.enter_context(socket.socket())
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", port))
            other.listen()
        said: list[str] = []
        assert all(status.healthy for status in stack.up(said.append, home=home))
    for store, port in taken.items():
        assert State(home).port(store) != port
        assert any(f"port {port} is taken" in line for line in said)
    assert clickhouse(get_settings(), "SELECT a FROM kept.t") == 42
    assert consumed(get_settings(), "kept", 3) == [b"42", b"", b"\x00\xff"]


def test_two_ups_at_once(home: Path, settings: Settings) -> None:
    stack.down(home=home)
    commands = [start_command(home) for _ in range(3)]
    for command in commands:
        _, errors = command.communicate(timeout=60)
        assert command.returncode == 0, errors
    assert all(status.healthy for status in stack.status(home=home))
    for name in ("weed", "tansu", "clickvault.embedded.front"):
        assert len([one for one in processes_of(home) if name in " ".join(one.cmdline())]) == 1


@pytest.mark.parametrize(("number", "seconds"), [(signal.SIGINT, 0.4), (signal.SIGINT, 0.9), (signal.SIGTERM, 0.9)])
def test_an_interrupted_up_leaves_nothing_running(tmp_path: Path, number: int, seconds: float) -> None:
    home = tmp_path / "interrupted"
    command = start_command(home)
    time.sleep(seconds)
    command.send_signal(number)
    command.communicate(timeout=40)
    left = processes_of(home)
    # Where it had finished before the signal came, the stack is up, whole; else there is nothing.
    assert left == [] or command.returncode == 0
    stack.down(home=home, purge=True)


def test_a_killed_up_is_picked_up_by_the_next(tmp_path: Path) -> None:
    home = tmp_path / "killed"
    command = start_command(home)
    time.sleep(0.8)
    command.kill()
    command.communicate()
    assert all(status.healthy for status in stack.up(home=home))
    for name in ("weed", "tansu", "clickvault.embedded.front"):
        assert len([one for one in processes_of(home) if name in " ".join(one.cmdline())]) == 1
    stack.down(home=home, purge=True)
    assert processes_of(home) == []
    assert not home.exists()


def test_a_store_that_cannot_start_stops_the_others_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "failing"
    monkeypatch.setenv("CALF_TANSU_BIN", "/nowhere/tansu")
    with pytest.raises(StoreError, match="Tansu") as error:
        stack.up(home=home)
    assert error.value.store == "kafka"
    assert error.value.hint
    assert processes_of(home) == []
    stack.down(home=home, purge=True)


def test_a_damaged_state_file_is_named(tmp_path: Path) -> None:
    home = tmp_path / "damaged"
    home.mkdir()
    (home / "stack.json").write_text("{")
    with pytest.raises(ConfigurationError, match=r"stack\.json"):
        stack.up(home=home)


QUEUE = """
CREATE TABLE kept.queue (raw String) ENGINE = Kafka
SETTINGS kafka_broker_list = '{broker}', kafka_topic_list = 'ingest',
kafka_group_name = 'ingest', kafka_format = 'RawBLOB',
kafka_flush_interval_ms = 500, kafka_poll_timeout_ms = 50
"""


def test_no_message_is_lost_when_servers_die_in_mid_ingest(home: Path, settings: Settings) -> None:
    create_topic(settings, "ingest")
    clickhouse(settings, "CREATE TABLE kept.landing (raw String, o Int64) ENGINE = MergeTree ORDER BY o")
    clickhouse(settings, QUEUE.format(broker=settings.kafka_from_clickhouse))
    clickhouse(settings, "CREATE MATERIALIZED VIEW kept.mv TO kept.landing AS SELECT raw, _offset AS o FROM kept.queue")

    def wait_for(rows: int) -> None:
        deadline = time.monotonic() + 40
        while (found := clickhouse(settings, "SELECT uniqExact(raw) FROM kept.landing")) < rows:
            assert time.monotonic() < deadline, f"{found} of {rows}"
            time.sleep(0.2)

    sent = 0
    for victim in ("clickhouse", "kafka"):
        produce(settings, "ingest", [b"%d %s" % (number, b"x" * 150) for number in range(sent, sent + 20_000)])
        sent += 20_000
        if victim != "clickhouse":
            time.sleep(0.5)
        pid = pids(home)[victim]
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        assert all(status.healthy for status in stack.up(home=home))
        wait_for(sent)
    assert clickhouse(settings, "SELECT uniqExact(raw) FROM kept.landing") == sent
    # Sixteen readers do not stop the consumer, nor does it stop them.
    readers = [
        subprocess.Popen([sys.executable, "-c", _READER], env={**os.environ, "PYTHONPATH": str(CHECKOUT)})
        for _ in range(4)
    ]
    produce(settings, "ingest", [b"%d" % number for number in range(sent, sent + 20_000)])
    wait_for(sent + 20_000)
    assert [reader.wait(timeout=30) for reader in readers] == [0, 0, 0, 0]
    for name in ("mv", "queue", "landing"):
        clickhouse(settings, f"DROP TABLE kept.{name} SYNC")


_READER = """
from concurrent.futures import ThreadPoolExecutor
from clickvault.clickhouse import connect
from clickvault.settings import get_settings
client = connect(get_settings().clickhouse_url)
with ThreadPoolExecutor(4) as pool:
    sql = "SELECT count(), uniqExact(raw) FROM kept.landing"
    assert all(rows[0][0] > 0 for rows in pool.map(lambda _: client.query(sql).result_rows, range(40)))
"""

_SLOW = """
from clickvault.clickhouse import connect
from clickvault.settings import get_settings
connect(get_settings().clickhouse_url).query("SELECT count() FROM numbers(1000000000000) WHERE number % 7 = 3")
"""


def test_stopping_clickhouse_is_quick_with_queues_and_queries(home: Path, settings: Settings) -> None:
    pid = pids(home)["clickhouse"]
    assert pid is not None
    slow = subprocess.Popen([sys.executable, "-c", _SLOW], env={**os.environ, "PYTHONPATH": str(CHECKOUT)}, stderr=-3)
    client = connect(settings.clickhouse_url)
    until_answered(
        client, "SELECT count() FROM system.processes WHERE query LIKE '%number % 7%' AND query NOT LIKE '%LIKE%'", 1
    )
    client.close()
    begin = time.monotonic()
    os.kill(pid, signal.SIGTERM)
    while process.birth_mark(pid):
        assert time.monotonic() - begin < 15, "`down` would kill it"
        time.sleep(0.05)
    slow.wait(timeout=60)
