"""The embedded stack's life: up, down, crashes, stale pids, taken ports, interruptions. On a stack of its own."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg2
import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from clickvault.embedded import process, s3, stack
from clickvault.embedded.state import State
from clickvault.errors import ConfigurationError, StoreError
from clickvault.ingest import collections
from clickvault.pipeline import migrate as schema
from clickvault.pipeline.steps import ingest
from clickvault.resources import CHECKOUT
from clickvault.session import Session, open_session
from clickvault.settings import Settings, get_settings, stack_ready
from clickvault.stores.clickhouse import connect
from clickvault.stores.postgres import connect as connect_postgres
from clickvault.stores.postgres import translated
from tests.vault import shop
from tests.worlds import consumed, until, until_answered

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


def test_a_store_that_nobody_reaped_is_started_again(home: Path, settings: Settings) -> None:
    """Its number is taken still, and PostgreSQL takes the owner of its lock file for one that runs."""
    for store in ("postgres", "kafka"):
        os.kill(pids(home)[store] or 0, signal.SIGKILL)
    assert all(status.healthy for status in stack.up(home=home)), "now they are children of this very process"
    left = [pids(home)[store] or 0 for store in ("postgres", "kafka")]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    until(lambda: all(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE for pid in left), "they are dead")
    command = start_command(home)
    said, _ = command.communicate(timeout=60)
    assert command.returncode == 0, said
    assert all(status.healthy for status in stack.status(home=home))


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


def test_after_ports_moved_the_stores_are_found_and_no_stranger_is_asked(home: Path, settings: Settings) -> None:
    renderer = shop.renderer()
    with open_session(settings) as s:
        schema.init(settings, renderer, s.ch, s.pg)
        queue = s.ch.command("SELECT name FROM system.tables WHERE database = 'landing' AND engine = 'Kafka' LIMIT 1")
    stack.down(home=home)
    taken = {store: State(home).port(store) for store in ("kafka", "s3", "postgres")}
    with contextlib.ExitStack() as others:
        strangers = {
            store: others.enter_context(socket.create_server(("127.0.0.1", port))) for store, port in taken.items()
        }
        stack.up(home=home)
        with open_session(get_settings()) as s:
            assert collections.moved(s.settings, s.ch) == {}
            sql = "SELECT count() FROM s3(s3_events, filename = 'kept/*', format = 'RawBLOB', structure = 'raw String')"
            assert s.ch.command(sql) == 1
            produce(s.settings, renderer.registry.topics(str(queue).removeprefix("queue_"))[0], [b"not JSON"])
            until_answered(s.ch, "SELECT count() > 0 FROM landing.events WHERE raw = 'not JSON'", 1)
            for store in ("s3", "postgres"):
                strangers[store].setblocking(False)
                with pytest.raises(BlockingIOError):
                    strangers[store].accept()
            # An address that nobody told ClickHouse, as of another broker in the environment.
            elsewhere = s.settings.model_copy(update={"kafka_bootstrap": "127.0.0.1:9"})
            with pytest.raises(
                ConfigurationError, match=r"address of kafka is .*, but the settings have 127\.0\.0\.1:9"
            ) as error:
                ingest(Session(elsewhere))
            assert error.value.hint == "clickvault init"


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
    # Where it had finished before the signal came, the stack is up, whole; else there is nothing.
    assert processes_of(home) == [] or all(status.healthy for status in stack.status(home=home))
    stack.down(home=home, purge=True)


_INTERRUPTED = """
import os, signal, sys, threading
from clickvault.embedded import stack
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background begins without it
real, start_stores, started = threading.Thread.start, stack._start, []

def start(thread):
    real(thread)
    started.append(thread)
    if len(started) == int(sys.argv[1]):
        os.kill(os.getpid(), getattr(signal, sys.argv[2]))

def begin(*args):
    threading.Thread.start = start
    start_stores(*args)

stack._start = begin
stack.up(print)
"""


@pytest.mark.parametrize(("nth", "number"), [(1, "SIGTERM"), (2, "SIGINT"), (3, "SIGINT"), (4, "SIGINT")])
def test_an_up_interrupted_while_it_starts_a_thread_leaves_nothing_running(
    tmp_path: Path, nth: int, number: str
) -> None:
    """The thread runs, and its pool does not know it yet: nobody would wait for it, nor end the server that it starts."""
    home = tmp_path / "interrupted"
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED, str(nth), number],
        env={**os.environ, "CLICKVAULT_HOME": str(home), "PYTHONPATH": str(CHECKOUT)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "KeyboardInterrupt" in done.stderr
    assert processes_of(home) == []
    assert process.servers_of(home) == {}
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
    with pytest.raises(StoreError, match="Tansu"):
        stack.up(home=home, keep=True)
    assert {s.store for s in stack.status(home=home) if s.healthy} == {"clickhouse", "s3", "postgres", "graph"}
    monkeypatch.delenv("CALF_TANSU_BIN")
    before = pids(home)
    assert all(status.healthy for status in stack.up(home=home))
    assert {**pids(home), "kafka": None} == before, "what ran was left alone"
    stack.down(home=home, purge=True)


# ── what is damaged, lost or copied ────────────────────────────────────────────────────────────────────────────


def same_data(home: Path) -> None:
    settings = get_settings()
    assert settings.home == home
    assert clickhouse(settings, "SELECT a FROM kept.t") == 42
    assert postgres(settings, "select a from kept") == [(42,)]
    assert consumed(settings, "kept", 3) == [b"42", b"", b"\x00\xff"]


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize("lost", ["damaged", "older copy, too"])
def test_a_lost_state_loses_no_data_and_leaves_no_server_behind(
    home: Path, settings: Settings, lost: str, running: bool
) -> None:
    if not running:
        stack.down(home=home)
    (home / "stack.json").write_text("{")
    if lost == "older copy, too":
        (home / "stack.json.old").unlink()
    with pytest.raises(ConfigurationError, match=r"stack\.json is damaged"):
        stack.status(home=home)
    said: list[str] = []
    assert all(status.healthy for status in stack.up(said.append, home=home))
    assert "stack.json is damaged" in said[0]
    assert ("older copy" if lost == "damaged" else "the data of clickhouse, s3, postgres stay") in said[1]
    same_data(home)
    assert {store: len(found) for store, found in process.servers_of(home).items()} == dict.fromkeys(STORES, 1)


def test_down_finds_servers_that_nobody_wrote_down(home: Path, settings: Settings) -> None:
    for file in home.glob("stack.json*"):
        file.unlink()
    said: list[str] = []
    stack.down(said.append, home=home)
    assert sorted(line for line in said if "stopped" in line) == sorted(f"{store}: stopped" for store in STORES)
    assert processes_of(home) == []
    stack.up(home=home)
    same_data(home)


def test_data_that_cannot_be_used_are_refused_and_kept(home: Path, settings: Settings) -> None:
    stack.down(home=home)
    version = home / "postgres" / "data" / "PG_VERSION"
    version.rename(version.with_name("taken"))
    for state in ("known", "lost"):
        if state == "lost":
            for file in home.glob("stack.json*"):
                file.unlink()
        with pytest.raises(ConfigurationError, match="empty, gone or damaged"):
            stack.up(home=home)
        assert (version.parent / "global").is_dir()
    version.with_name("taken").rename(version)
    stack.up(home=home)
    same_data(home)


def test_a_copy_of_a_running_home_leaves_its_servers_alone(home: Path, settings: Settings) -> None:
    before = pids(home)
    copy = home.with_name("copy")
    copy.mkdir()
    for file in home.glob("stack.json*"):
        (copy / file.name).write_bytes(file.read_bytes())
    assert set(pids(copy).values()) == {None}
    with pytest.raises(ConfigurationError, match="is a copy of"):
        stack.up(home=copy)
    stack.down(home=copy)
    assert pids(home) == before
    stack.down(home=copy, purge=True)
    assert all(status.healthy for status in stack.status(home=home) if status.store in STORES)
    same_data(home)


# ── servers that answer, and can't serve ───────────────────────────────────────────────────────────────────────


def test_a_server_without_free_connections_is_told_and_not_restarted(
    home: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack, "_ANSWER_SECONDS", 1.0)
    before = pids(home)
    sessions = []
    try:
        with contextlib.suppress(psycopg2.OperationalError):
            for _ in range(200):
                sessions.append(psycopg2.connect(settings.postgres_url))
        assert 0 < len(sessions) < 200
        for call in (lambda: stack.up(home=home), lambda: connect_postgres(settings.postgres_url)):
            with pytest.raises(StoreError, match="too many clients") as error:
                call()
            assert error.value.transient
            assert "close sessions" in error.value.hint
        found = {status.store: status for status in stack.status(home=home)}
        assert "too many clients" in found["postgres"].problem
        assert pids(home) == before
        with sessions[0].cursor() as cursor:
            cursor.execute("select 1")
    finally:
        for session in sessions:
            session.close()
    assert all(status.healthy for status in stack.up(home=home))
    assert pids(home) == before


def test_a_server_that_takes_no_writes_is_worth_another_try(settings: Settings) -> None:
    pg = connect_postgres(settings.postgres_url)
    with pg.cursor() as cursor:
        cursor.execute("set default_transaction_read_only = on")
        pg.commit()
        with pytest.raises(StoreError, match="read-only") as error, translated("a load"):
            cursor.execute("create table nothing (a int)")
    assert "writable" in error.value.hint
    pg.close()


# ── ports ──────────────────────────────────────────────────────────────────────────────────────────────────────

OPEN = {"kafka": "the Kafka protocol without a login: docs/security.md"}
"""Ports of the stack that let anybody on this machine in, and why."""


def listening(home: Path) -> dict[int, str]:
    """The TCP ports on which the stack's processes listen, with the store."""
    found = {}
    for store, children in process.servers_of(home).items():
        for child in children:
            leader = psutil.Process(child.pid)
            for one in (leader, *leader.children(recursive=True)):
                for connection in one.net_connections("inet"):
                    if connection.status == psutil.CONN_LISTEN:
                        assert connection.laddr.ip == "127.0.0.1"
                        found[connection.laddr.port] = store
    return found


def answer(port: int, request: bytes, tls: bool) -> bytes:
    """What a stranger gets for a request, without a login or a certificate."""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain, contextlib.ExitStack() as until:
        try:
            connection: socket.socket = plain
            if tls:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                connection = until.enter_context(context.wrap_socket(plain))
            connection.sendall(request)
            return connection.recv(65_536)
        except OSError:  # shut, as it should be
            return b""


def test_every_port_asks_for_a_login_or_is_shut(home: Path, settings: Settings) -> None:
    """Found among the sockets of its processes, not in a list of ours."""
    ports = listening(home)
    assert set(ports.values()) == set(STORES)
    requests = [
        b"GET /%s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\nConnection: close\r\n\r\n" % path
        for path in (b"", b"?query=SELECT%201", b"buckets/", b"buckets/broker/", b"dir/assign", b"v1/config", b"status")
    ]
    requests.append(
        b"PUT /buckets/broker/x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx"
    )
    requests.append(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")  # gRPC's first words
    asks = {urlsplit(url).port for url in (settings.clickhouse_url, settings.s3_url, settings.postgres_url)}
    for port, store in ports.items():
        if store in OPEN:
            continue
        for request in requests:
            for tls in (False, True):
                got = answer(port, request, tls)
                # A login is asked for (401, 403), or the request is none here (400, 404); else there is no word at all.
                refused = re.match(rb"HTTP/1\.[01] (400|401|403|404) ", got)
                if port in asks and got.endswith((b"\r\n\r\nOk.\n", b"\r\n\r\n")):  # pings: nothing but that it lives
                    continue
                assert not got or refused or (port in asks and store == "postgres"), (store, port, request, got)
    for url, password in ((settings.postgres_url, "wrong"), (settings.postgres_url, "")):
        parts = urlsplit(url)
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(
                host="127.0.0.1", port=parts.port, user=parts.username, password=password, dbname="postgres"
            )


def test_sockets_in_the_file_system_are_for_the_owner_alone(home: Path, settings: Settings) -> None:
    paths = set()
    for children in process.servers_of(home).values():
        for child in children:
            paths |= {
                c.laddr for c in psutil.Process(child.pid).net_connections("unix") if str(c.laddr).startswith("/")
            }
    assert paths
    for path in paths:
        assert Path(path).stat().st_mode & 0o077 == 0, path


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
from clickvault.stores.clickhouse import connect
from clickvault.settings import get_settings
client = connect(get_settings().clickhouse_url)
with ThreadPoolExecutor(4) as pool:
    sql = "SELECT count(), uniqExact(raw) FROM kept.landing"
    assert all(rows[0][0] > 0 for rows in pool.map(lambda _: client.query(sql).result_rows, range(40)))
"""

_SLOW = """
from clickvault.stores.clickhouse import connect
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
