"""Child processes: told from others, and reaped when they end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from clickvault.embedded import process
from clickvault.resources import CHECKOUT


def test_a_killed_child_is_reaped_once_it_is_not_alive(tmp_path: Path) -> None:
    """However closely its end follows the look at it: a zombie would keep PostgreSQL's lock file valid."""
    for _ in range(30):
        child = process.start(["sleep", "60"], tmp_path / "log")
        assert child.alive()
        os.kill(child.pid, signal.SIGKILL)
        while child.alive():
            pass
        with pytest.raises(ProcessLookupError):
            os.kill(child.pid, 0)


def test_a_child_that_ended_before_it_was_marked_is_not_alive() -> None:
    assert not process.Child(2**22 + 1, "").alive()


_KILLED_WHILE_IT_RECORDS = """
import os, signal, sys
from pathlib import Path
from clickvault.embedded import process

def record(child):
    print(child.pid, child.born, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

begun, log = sys.argv[1:]
process.start(["sh", "-c", 'touch "$0"; sleep 60', begun], Path(log), record=record)
"""


def test_a_child_that_was_not_recorded_never_begins(tmp_path: Path) -> None:
    """Its parent is killed before anybody can know of it."""
    begun, log = tmp_path / "begun", tmp_path / "log"
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED_WHILE_IT_RECORDS, str(begun), str(log)],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    pid, born = killed.stdout.split()
    assert process.gone(process.Child(int(pid), born), 30)
    assert not begun.exists()


def test_a_child_is_recorded_before_it_begins(tmp_path: Path) -> None:
    """It keeps pid and mark, and has no descriptors but the three that every program has."""
    recorded: list[tuple[process.Child, str]] = []
    child = process.start(
        ["sleep", "60"],
        tmp_path / "log",
        record=lambda child: recorded.append((child, psutil.Process(child.pid).name())),
    )
    deadline = time.monotonic() + 30
    while psutil.Process(child.pid).name() != "sleep":
        assert time.monotonic() < deadline
    assert recorded == [(child, "sh")]
    assert child.alive()
    assert psutil.Process(child.pid).num_fds() == 3
    assert process.stop(child, seconds=5.0)


def test_a_record_that_fails_ends_the_child(tmp_path: Path) -> None:
    recorded: list[process.Child] = []

    def record(child: process.Child) -> None:
        recorded.append(child)
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space left"):
        process.start(["sleep", "60"], tmp_path / "log", record=record)
    assert process.gone(recorded[0], 30)


def test_the_exit_status_of_a_child(tmp_path: Path) -> None:
    assert process.exit_status(process.start(["sh", "-c", "exit 3"], tmp_path / "log")) == 3
    assert process.exit_status(process.start(["/nowhere/program"], tmp_path / "log")) == 127
    assert "/nowhere/program: not found" in process.tail(tmp_path / "log")


def test_a_number_that_another_process_has_is_not_taken_for_ours(tmp_path: Path) -> None:
    child = process.start(["sleep", "60"], tmp_path / "log")
    boot = child.born.partition(":")[0]
    assert process.number_is_free_or_its(child)
    assert not process.number_is_free_or_its(process.Child(child.pid, f"{boot}:1"))
    process.stop(child, seconds=5.0)
    assert process.number_is_free_or_its(child)
    assert not process.number_is_free_or_its(process.Child(child.pid, "another boot:1"))


def test_the_end_of_a_log_says_what_went_wrong_and_not_where_in_the_program(tmp_path: Path) -> None:
    log = tmp_path / "log"
    calls = "\n".join(f"\tat org.apache.kafka.Some.call(Some.java:{n})" for n in range(40))
    said = ["ERROR Encountered fatal fault: Error starting", "java.lang.OutOfMemoryError: Java heap space"]
    log.write_text("\n".join(["---", *said, calls]))
    assert process.tail(log) == " | ".join(said)
    assert process.tail(tmp_path / "none") == "no log"


def test_servers_of_a_home_are_found_without_a_record(tmp_path: Path) -> None:
    home, other = tmp_path / "home", tmp_path / "home too"
    started = {}
    for folder in (home, other):
        folder.mkdir()
        command = ["sh", "-c", "sleep 60 & wait"]  # what a server starts in its turn is not one
        started[folder] = process.start(command, tmp_path / "log", serves=("s3", folder))
    unmarked = process.start(["sleep", "60"], tmp_path / "log")
    assert process.servers_of(home) == {"s3": [started[home]]}
    assert process.servers_of(other) == {"s3": [started[other]]}
    for child in (*started.values(), unmarked):
        process.stop(child)
    assert process.servers_of(home) == {}


def test_what_a_server_started_ends_with_it(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    child = process.start(["sh", "-c", 'sleep 60 & echo $! > "$0"; wait', str(pid_file)], tmp_path / "log")
    deadline = time.monotonic() + 30
    while not (pid_file.exists() and pid_file.read_text()):
        assert time.monotonic() < deadline
    started = psutil.Process(int(pid_file.read_text()))
    process.stop(child)
    assert not started.is_running() or started.status() == psutil.STATUS_ZOMBIE


def test_nothing_is_started_once_it_is_cancelled(tmp_path: Path) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(process.Cancelled):
        process.start(["touch", str(tmp_path / "begun")], tmp_path / "log", cancelled=cancelled)
    with pytest.raises(process.Cancelled):
        process.exit_status(process.start(["sleep", "60"], tmp_path / "log"), cancelled)
    assert not (tmp_path / "begun").exists()


def test_what_servers_write_is_for_nobody_else(tmp_path: Path) -> None:
    process.exit_status(process.start(["touch", str(tmp_path / "made")], tmp_path / "log"))
    assert (tmp_path / "made").stat().st_mode & 0o077 == 0
