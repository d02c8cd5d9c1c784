"""The ports that a stack remembers: no number is given out twice."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from clickvault.embedded import state as state_module
from clickvault.embedded.process import port_free
from clickvault.embedded.state import ABOVE, State
from clickvault.settings import CHECKOUT


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of temporary files, and a list of homes in it, of the test's own."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def new(home: Path) -> State:
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    return State(home)


def test_the_port_above_another_is_given_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a range that leaves one right answer, and a wrong one: whichever of the two is chosen first."""
    above = ABOVE["s3.admin"]
    low = next(n for n in range(21_000, 21_500) if all(map(port_free, (n, n + 1, n + above, n + above + 1))))

    def choose(state: State, name: str, first: int, last: int) -> int:
        monkeypatch.setattr(state_module, "PORT_RANGE", (first, last))
        return state.choose_port(name)

    for _ in range(20):
        state = new(tmp_path / "home")
        assert choose(state, "s3.admin", low, low + above) == low
        assert choose(state, "kafka", low + above, low + above + 1) == low + above + 1
        state = new(tmp_path / "home")
        assert choose(state, "kafka", low + above, low + above) == low + above
        assert choose(state, "s3.admin", low, low + above + 1) == low + 1


_CHOOSE = """
import sys
from pathlib import Path
from clickvault.embedded import state
state.PORT_RANGE = (30_000, 30_149)
chosen = state.State(Path(sys.argv[1]))
print(*(chosen.port(f"store.{n}") for n in range(16)))
"""


def test_homes_that_choose_at_once_choose_different_ports(tmp_path: Path, temporary: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(CHECKOUT)}
    homes = [tmp_path / f"home {n}" for n in range(4)]
    choosing = []
    for home in homes:
        home.mkdir()
        command = [sys.executable, "-c", _CHOOSE, str(home)]
        choosing.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE))
    chosen = [int(port) for one in choosing for port in one.communicate(timeout=60)[0].split()]
    assert [one.returncode for one in choosing] == [0, 0, 0, 0]
    assert len(set(chosen)) == len(chosen) == 64


def test_the_ports_of_a_home_that_is_gone_are_free_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    low = next(n for n in range(30_000, 31_000) if port_free(n) and port_free(n + 1))
    monkeypatch.setattr(state_module, "PORT_RANGE", (low, low + 1))
    first = new(tmp_path / "first").port("kafka")
    for _ in range(20):
        assert new(tmp_path / "second").port("kafka") == 2 * low + 1 - first
    shutil.rmtree(tmp_path / "first")
    assert {new(tmp_path / "second").port("kafka") for _ in range(40)} == {low, low + 1}


def test_more_homes_than_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    low = next(n for n in range(30_000, 31_000) if port_free(n))
    monkeypatch.setattr(state_module, "PORT_RANGE", (low, low))
    assert new(tmp_path / "first").port("kafka") == new(tmp_path / "second").port("kafka") == low


@pytest.mark.parametrize("damage", ["a folder", "not text", "no folder", "a damaged home"])
def test_a_list_of_homes_that_is_of_no_use_stops_nobody(tmp_path: Path, temporary: Path, damage: str) -> None:
    new(tmp_path / "first").port("kafka")
    (homes,) = temporary.iterdir()
    if damage == "a folder":
        homes.unlink()
        homes.mkdir()
    elif damage == "not text":
        homes.write_bytes(b"\xff\0\n\n" * 100)
    elif damage == "no folder":
        shutil.rmtree(temporary)
    else:
        (tmp_path / "first" / "stack.json").write_text("[1]")
    assert new(tmp_path / "second").port("kafka")
