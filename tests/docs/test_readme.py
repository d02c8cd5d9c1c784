"""README's commands run, in the order in which it shows them, on a stack of their own; and what it links to is there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.worlds import ADDRESSES

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("clickvault ")
]
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A small demonstration, run once, with README's own event type declared: where names have blanks and letters beyond ASCII, for a user
    without a home folder, in another time zone, in locale C."""
    folder = tmp_path_factory.mktemp("readme") / "Zoë's дом 2"
    folder.mkdir()
    (folder / "my_events").mkdir()
    (folder / "my_events" / "__init__.py").write_text(PYTHON[0])
    clean = {k: v for k, v in os.environ.items() if not k.startswith(ADDRESSES)}
    here = clean | {
        "CLICKVAULT_HOME": str(folder / "home"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{clean['PATH']}",
        "PYTHONPATH": str(folder),
        "CLICKVAULT_DOMAINS": "social,my_events",
        "WORK": str(folder),
        "HOME": os.devnull,
        "TZ": "Pacific/Auckland",
        "LC_ALL": "C",
    }
    done = run("clickvault demo --users 120 --days 3 --quiet", here)
    assert "balanced: " in done.stdout
    assert "Rows at every store" in done.stdout
    try:
        yield here
    finally:
        run("clickvault down --purge --yes", here)


def run(command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        shlex.split(command),
        env=environment,
        cwd=environment["WORK"],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done


def test_there_are_commands() -> None:
    assert len(COMMANDS) >= 10


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"`?make ([a-z-]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"README names make {target}"


def test_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link


@pytest.mark.parametrize("command", COMMANDS)
def test_command_runs(command: str, environment: dict[str, str]) -> None:
    done = run(command, environment)
    assert "Error" not in done.stderr


def test_the_demonstration_again_adds_nothing(environment: dict[str, str]) -> None:
    before = run('clickvault sql "SELECT count() AS n FROM landing.events" --json', environment).stdout
    again = run("clickvault demo --quiet", environment)
    assert "balanced: " in again.stdout
    assert run('clickvault sql "SELECT count() AS n FROM landing.events" --json', environment).stdout == before


def test_the_declared_event_type_is_there(environment: dict[str, str]) -> None:
    assert "message" in run("clickvault contract list --json", environment).stdout
    run('clickvault sql "SELECT count() FROM raw.message"', environment)
