"""Small worlds on stacks of their own, what their stores hold, and blows to them: shared by the tests that run the whole pipeline."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from clickvault.demo.produce import writer
from clickvault.embedded import stack as embedded
from clickvault.embedded.state import State
from clickvault.generator import FileWriter, GenerateOptions, Manifest, generate
from clickvault.marts.build import all_marts
from clickvault.pipeline import migrate as schema
from clickvault.session import Session, open_session
from clickvault.settings import Settings, get_settings
from clickvault.sql.render import ch_identifier
from clickvault.stores.clickhouse import rows

ADDRESSES = ("CLICKHOUSE_", "KAFKA_", "S3_", "POSTGRES_", "NEO4J_", "CLICKVAULT_")
Event = dict[str, Any]
START = datetime(2026, 1, 1, tzinfo=UTC)
AS_OF_NOW = {"hours_since", "hours_behind", "overdue"}
"""Metrics of views in ops that are another number whenever they are asked."""


@dataclass(frozen=True)
class World:
    """A world on a stack: `files` has what was sent, as files that the same generator wrote."""

    session: Session
    manifest: Manifest
    files: Path


@contextmanager
def running_stack(home: Path, broker: str | None = None, **environment: str) -> Iterator[Settings]:
    """The settings of a running stack in `home`; nothing of the caller's environment names another store."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(ADDRESSES)]:
            patch.delenv(name)
        for name, value in {"CLICKVAULT_HOME": str(home), **environment}.items():
            patch.setenv(name, value)
        embedded.up(broker=broker)
        try:
            yield get_settings()
        finally:
            embedded.down(purge=True)


@contextmanager
def own_stack(home: Path, parameters: dict[str, int] | None = None, **environment: str) -> Iterator[Session]:
    """A session on a running stack in `home`, with its schema made; `parameters` of marts that are not the usual ones."""
    with running_stack(home, **environment) as settings:
        if parameters:  # in the stack's own state: the commands that a test runs see them, and no other stack does
            State(settings.home).put_settings(parameters=parameters)
            settings = get_settings()
        with open_session(settings) as s:
            schema.init(s.settings, s.renderer, s.ch, s.pg)
            yield s


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A disk of so many MB, with a folder `home` on it; PostgreSQL's data are on it, too, where they would lie elsewhere (as root).

    Skips the test where none can be mounted.
    """
    folder = Path(tempfile.mkdtemp())
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=755", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        folder.rmdir()
        pytest.skip(f"no disk of its own can be mounted here: {done.stderr.strip()}")
    try:
        (folder / "home").mkdir(mode=0o700)
        if os.geteuid() == 0:
            (folder / "home" / "postgres").symlink_to(folder / "postgres")
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        folder.rmdir()


def fill(disk: Path, but: int = 0) -> Path:
    """A file that takes all room that is left on the disk, but so many bytes."""
    filler = disk / "filler"
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - max(but, 1 << 20)
    with filler.open("wb", buffering=0) as file:
        while free > 0:
            try:
                os.posix_fallocate(file.fileno(), 0, free)
                break
            except OSError:  # what servers wrote meanwhile is missing
                if but:
                    raise
                free -= 16 << 20
        file.seek(0, os.SEEK_END)
        with suppress(OSError):  # servers write meanwhile
            while not but:
                file.write(bytes(4096))
    return filler


def pid_of(store: str) -> int:
    """The process that serves a store of the running stack."""
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


def until(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    """Wait for it."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.02)


def until_answered(ch: Client, sql: str, value: int) -> None:
    """Wait until this is ClickHouse's answer to a query of one number."""
    until(lambda: ch.query(sql).first_row == (value,), f"{value} is the answer to {sql}", 60)


@contextmanager
def command(*arguments: str, seconds: float = 300) -> Iterator[subprocess.Popen[str]]:
    """The command line at work, what it says to be read from its stderr. It is killed at the end, and after so many seconds,
    so that no reading waits for ever."""
    running = subprocess.Popen(
        [sys.executable, "-m", "clickvault", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    limit = threading.Timer(seconds, running.kill)
    limit.start()
    with running:
        try:
            yield running
        finally:
            limit.cancel()
            running.kill()


def said(running: subprocess.Popen[str], *what: str) -> bool:
    """Read what a command says, up to a line with one of these in it."""
    assert running.stderr is not None
    return any(word in line for line in running.stderr for word in what)


def consumed(settings: Settings, topic: str, count: int) -> list[bytes]:
    """The messages of the topic's partition 0, once there are so many: a broker that has just started may be slow to give them."""
    from kafka import KafkaConsumer, TopicPartition

    consumer = KafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap, enable_auto_commit=False, isolation_level="read_committed"
    )
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    found: list[bytes] = []
    end = time.monotonic() + 30
    while (records := consumer.poll(500)) or (len(found) < count and time.monotonic() < end):
        found += [record.value for batch in records.values() for record in batch]
    consumer.close()
    return found


def options(users: int, days: int, dirt: float = 0.0, seed: int = 7) -> GenerateOptions:
    """A world of so many people and days, from 2026-01-01 on."""
    return GenerateOptions(START, START + timedelta(days=days), users=users, seed=seed, dirt=dirt)


def send(session: Session, what: GenerateOptions) -> Manifest:
    """Generate, half to Kafka and half to S3."""
    writers = {name: writer(session, name) for name in ("kafka", "s3")}
    return generate(what, session.renderer.registry, writers)


def write(session: Session, what: GenerateOptions, folder: Path) -> None:
    """The clean events of the same world, as files."""
    clean = GenerateOptions(what.start, what.end, users=what.users, seed=what.seed)
    generate(clean, session.renderer.registry, {"files": FileWriter(folder)})


def send_copies(session: Session, what: GenerateOptions, folder: Path) -> None:
    """Send comments and likes of the world again, to Kafka and to S3, with other texts, and by somebody else."""
    from clickvault.demo.produce import send as send_files

    write(session, what, folder / "clean")
    lines = [line for file in sorted((folder / "clean").rglob("*.jsonl")) for line in file.read_bytes().splitlines()]
    some = [e for e in map(json.loads, lines) if e["event_type"] in ("comment", "like")][::7]
    for n, to in enumerate(("kafka", "s3", "kafka")):
        others = [some[(i + n + 1) % len(some)] for i in range(len(some))]
        copies = [e | ({"text": f"copy {n}"} if "text" in e else {"user_id": o.get("user_id", e["user_id"])})
                  for e, o in zip(some, others, strict=True)]  # fmt: skip
        file = folder / f"copies_{n}.jsonl"
        file.write_text("".join(json.dumps(e) + "\n" for e in copies), encoding="utf-8")
        send_files(session, [file], to)


def contents(session: Session) -> dict[str, Any]:
    """What the vault and the marts hold, without when and by which way it came: equal for equal histories."""
    found: dict[str, Any] = {}
    with session.pg, session.pg.cursor() as cursor:
        cursor.execute(
            "select c.relname, string_agg(a.attname, ',' order by a.attnum) from pg_class c"
            " join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid"
            " where n.nspname = 'vault' and c.relkind in ('r', 'p') and not c.relispartition and a.attnum > 0"
            " and not a.attisdropped and a.attname not in ('load_ts', 'record_source', 'source_order') group by c.relname order by 1"
        )
        for table, columns in cursor.fetchall():
            quoted = ",".join(f'"{c}"' for c in columns.split(","))
            # a row each time that an earlier mention was loaded: the earliest is what counts
            if table.startswith("seen_"):
                cursor.execute(f'select hk, min(event_time) from vault."{table}" group by hk')
            else:
                cursor.execute(f'select {quoted} from vault."{table}"')
            found[f"vault.{table}"] = _digest(cursor.fetchall())
    return found | marts_of(session)


def raw_of(session: Session) -> dict[str, Any]:
    """How many events of each type raw holds, and a sum over what they say, without the way by which they came."""
    found: dict[str, Any] = {}
    for event in session.renderer.registry.events.values():
        there = rows(
            session.ch,
            "SELECT name FROM system.columns WHERE database = 'raw' AND table = {t:String}",
            {"t": event.event_type},
        )
        said = {n for f in event.all_fields for n in f.names} & {r["name"] for r in there}
        columns = ", ".join(ch_identifier(name) for name in sorted(said))
        sql = f"SELECT count() AS n, sum(sipHash64(toString(tuple({columns})))) AS said FROM raw.{ch_identifier(event.event_type)} FINAL"
        found[f"raw.{event.event_type}"] = tuple(rows(session.ch, sql)[0].values())
    return found


def marts_of(session: Session) -> dict[str, Any]:
    """What the views of the marts hold."""
    found: dict[str, Any] = {}
    for mart in all_marts(session.renderer):
        for view in mart.views:
            there = rows(session.ch, f"SELECT * FROM {view.table} ORDER BY ALL")
            found[view.table] = _digest([tuple(r.values()) for r in there])
    return found


def _digest(table: list[Any]) -> tuple[int, str]:
    lines = sorted(repr(row) for row in table)
    return len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()


WANT_MORE_DAYS = frozenset(
    {"activity.mau", "activity.stickiness", "money.arpu", "retention.active_days", "retention.second_week"}
)
"""Tiles of windows of a month, or of a cohort's second week, that a world of twelve days does not fill."""
