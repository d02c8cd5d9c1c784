"""The ports that a stack remembers: no number is given out twice."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from clickvault.embedded import state as state_module
from clickvault.embedded.process import Child, port_free
from clickvault.embedded.state import ABOVE, State
from clickvault.errors import ConfigurationError
from clickvault.resources import CHECKOUT
from clickvault.settings import get_settings


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


def kept(home: Path) -> State:
    """A home whose state was written several times."""
    state = new(home)
    state.secret("postgres")
    state.put_settings(postgres_url="postgresql://clickvault@127.0.0.1:1/clickvault")
    state.put("postgres.initialised", True)
    return state


DAMAGES: dict[str, Any] = {
    "empty": "",
    "cut short": '{"format": 1, "settings": {"a',
    "no text": b"\xff\xfe\x00",
    "a list": [1],
    "null": None,
    "another format": {"format": 2},
    "no ports": {"format": 1, "settings": {}, "secrets": {}, "processes": {}},
    "a port that is none": {"ports": {"s3": "80"}},
    "a port out of range": {"ports": {"s3": 70000}},
    "a secret that is no text": {"secrets": {"postgres": None}},
    "a process without a pid": {"processes": {"s3": {"born": "x"}}},
    "a process that is a number": {"processes": {"s3": 5}},
    "settings that are numbers": {"settings": {"postgres_url": 5}},
    "facts that are a list": {"facts": []},
    "deep": "[" * 100_000,
}


def damage(home: Path, what: Any, name: str = "stack.json") -> None:
    whole = {"format": 1, "settings": {}, "ports": {}, "secrets": {}, "processes": {}}
    if isinstance(what, dict) and "format" not in what:
        what = whole | what
    data = what if isinstance(what, bytes) else (what if isinstance(what, str) else json.dumps(what)).encode()
    (home / name).write_bytes(data)


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damaged_state_is_named_and_read_from_the_older_copy(
    tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    state = kept(home)
    password = state.secret("postgres")
    damage(home, DAMAGES[what])
    damaged = (home / "stack.json").read_bytes()
    monkeypatch.setenv("CLICKVAULT_HOME", str(home))
    for read in (lambda: State(home), get_settings):
        with pytest.raises(ConfigurationError, match=r"stack\.json is damaged") as error:
            read()
        assert error.value.hint.startswith("clickvault up ")
    said: list[str] = []
    mended = State.mended(home, said.append)
    assert mended.secret("postgres") == password
    assert [words in " ".join(said) for words in ("is damaged", "older copy")] == [True, True]
    (aside,) = home.glob("stack.json.damaged-*")
    assert aside.read_bytes() == damaged
    assert State(home).secret("postgres") == password
    assert State.mended(home, said.append).secret("postgres") == password
    assert len(said) == 2


@pytest.mark.parametrize("older", ["none", "damaged"])
def test_a_state_that_is_lost_is_made_anew_from_the_data(tmp_path: Path, older: str) -> None:
    home = tmp_path / "home"
    kept(home)
    for made in ("postgres/data", "kafka/data", "s3/filerldb2"):
        (home / made).mkdir(parents=True)
    (home / "postgres" / "data" / "PG_VERSION").write_text("18")
    (home / "kafka" / "data" / "meta.properties").write_text("")
    (home / "stack.json").unlink()
    if older == "damaged":
        damage(home, "{", "stack.json.old")
    else:
        (home / "stack.json.old").unlink()
    said: list[str] = []
    state = State.mended(home, said.append)
    assert "the data of s3, postgres, kafka stay as they are" in said[-1]
    assert state.get("kafka.choice") == "apache"
    assert not state.get("postgres.initialised")  # its password is unknown: `up` sets one
    assert (home / "postgres" / "data" / "PG_VERSION").exists()


def test_the_state_is_never_seen_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash, or a full disk, at each call that reaches the disk."""
    home = tmp_path / "home"
    state = kept(home)
    calls = ("open", "fdopen", "fsync", "link", "replace")
    for call in calls:
        real = getattr(os, call)

        def fail(*args: Any, real: Any = real, **more: Any) -> Any:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as broken:
            broken.setattr(os, call, fail)
            with contextlib.suppress(OSError):
                state.put("n", call)
        assert State(home).get("postgres.initialised")
    state.put("n", "end")
    assert State(home).get("n") == "end"
    assert sorted(path.name for path in home.iterdir()) == ["stack.json", "stack.json.old"]


def test_a_mode_that_is_too_open_is_mended_and_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    kept(home)
    said: list[str] = []
    for name in ("stack.json", "stack.json.old"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
        (home / name).chmod(0o644)
    State.mended(home, said.append)
    for name in ("stack.json", "stack.json.old"):
        assert stat.S_IMODE((home / name).stat().st_mode) == 0o600
        assert any(f"{name} was open to other users (mode 0644)" in line for line in said)


def test_a_copy_has_none_of_the_servers_and_addresses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original, copy = tmp_path / "original", tmp_path / "copy"
    state = kept(original)
    state.record("postgres", Child(os.getpid(), "any"))
    port = state.port("postgres")
    shutil.copytree(original, copy)
    monkeypatch.setenv("CLICKVAULT_HOME", str(copy))
    copied = State(copy)
    assert copied.copied_from == original
    assert copied.process("postgres") is None
    assert copied.secret("postgres") == state.secret("postgres")
    assert copied.port("postgres") != port
    shutil.copy(original / "stack.json", copy / "stack.json")
    assert not get_settings().postgres_url
    link = tmp_path / "link"
    link.symlink_to(original)
    assert State(link).copied_from is None
    moved = original.rename(tmp_path / "moved")
    assert State(moved).copied_from is None
    assert State(moved).port("postgres") == port
