"""Child processes: told from others, and reaped when they end."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from clickvault.embedded import process


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
