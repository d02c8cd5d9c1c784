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
