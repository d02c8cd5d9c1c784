"""Superset beside the embedded stack: in an environment of its own, on a free port that is remembered.

Superset pins what the rest of the project has in other versions, so that it lives in .venv-superset (`make superset`). Its
database is a SQLite file in the state folder; key and password are made at the first start. It reads ClickHouse as `reader`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from clickvault.embedded import process, stack
from clickvault.embedded.state import State, locked
from clickvault.errors import ConfigurationError, StoreError
from clickvault.resources import project_folder
from clickvault.settings import STATE_FILE, get_settings, stack_ready

Progress = Callable[[str], None]

ADMIN = "admin"
CONFIGURATION = Path(__file__).with_name("config.py")
PREPARE = Path(__file__).with_name("prepare.py")
CONSTRAINTS = Path(__file__).with_name("constraints.txt")
PREPARE_SECONDS = 600.0
START_SECONDS = 180.0


def url(state: State) -> str:
    """Where it is."""
    return f"http://127.0.0.1:{state.port('superset')}"


def login(state: State) -> tuple[str, str]:
    """User and password of the administrator."""
    return ADMIN, state.secret("superset_admin")


def up(progress: Progress | None = None, *, home: Path | None = None) -> dict[str, str]:
    """Start it where it does not run, and wait until it is healthy: url, user, password. The embedded stack must be up.

    Raises ConfigurationError where Superset is not installed, StoreError where it does not start.
    """
    say = progress or (lambda _: None)
    folder = home or get_settings().home
    if not (_bin() / "gunicorn").exists():
        raise ConfigurationError(
            f"Superset is not installed in {environment()}",
            hint=f"make superset, or: python3 -m venv {environment()} && {_bin()}/pip install --no-deps -r {CONSTRAINTS}",
        )
    stack.require(folder)
    stack_ready()
    with locked(folder, seconds=PREPARE_SECONDS):
        state = State(folder)
        if not _healthy(state):
            _stop(state, say)
            _prepare(state, say)
            _start(state, say)
        user, password = login(state)
        return {"url": url(state), "user": user, "password": password}


def down(progress: Progress | None = None, *, home: Path | None = None) -> None:
    """Stop it; its database stays."""
    say = progress or (lambda _: None)
    folder = home or get_settings().home
    if (folder / STATE_FILE).exists():
        with locked(folder):
            _stop(State(folder), say)


def status(*, home: Path | None = None) -> dict[str, Any]:
    """Whether it runs: url, pid, healthy, log."""
    folder = home or get_settings().home
    state = State(folder)
    child = state.process("superset")
    alive = child is not None and child.alive()
    return {
        "url": url(state) if state.ports("superset") else "",
        "pid": child.pid if child and alive else None,
        "healthy": alive and _healthy(state),
        "log": str(_log(state)),
    }


def environment() -> Path:
    """Where Superset is installed: in an environment of its own beside the project."""
    return project_folder() / ".venv-superset"


def _bin() -> Path:
    return environment() / "bin"


def _log(state: State) -> Path:
    return state.home / "logs" / "superset.log"


def _environment(state: State) -> dict[str, str]:
    """What its processes are told. Holds secrets."""
    folder = state.home / "superset"
    return {
        "SUPERSET_HOME": str(folder),
        "SUPERSET_CONFIG_PATH": str(CONFIGURATION),
        "SUPERSET_SECRET_KEY": state.secret("superset_key"),
        "SUPERSET_ADMIN_PASSWORD": state.secret("superset_admin"),
        "SUPERSET_DATABASE_URI": f"sqlite:///{folder / 'superset.db'}?check_same_thread=false",
        "FLASK_APP": "superset",
        "PYTHONPATH": "",
        "PYTHONWARNINGS": "ignore",
    }


def _prepare(state: State, say: Progress) -> None:
    """Its database, once for each version of what is installed."""
    (state.home / "superset").mkdir(exist_ok=True, mode=0o700)
    marker = CONSTRAINTS.read_text(encoding="utf-8")
    if state.get("superset.prepared") == marker:
        return
    say("superset: making its database (a minute)")
    with _log(state).open("ab") as log:
        done = subprocess.run(
            [_bin() / "python", "-P", PREPARE],
            env={**os.environ, **_environment(state)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=PREPARE_SECONDS,
            check=False,
            cwd=state.home / "superset",
        )
    if done.returncode:
        raise StoreError(
            f"superset's database can't be made: {process.tail(_log(state))}",
            hint=f"cat {_log(state)}",
            store="superset",
        )
    state.put("superset.prepared", marker)


def _start(state: State, say: Progress) -> None:
    if not process.port_free(state.port("superset")):
        state.choose_port("superset")
    say("superset: starting")
    command: list[str | Path] = [
        _bin() / "gunicorn",
        *("--workers", "1", "--worker-class", "gthread", "--threads", "8", "--timeout", "120"),
        *("--bind", f"127.0.0.1:{state.port('superset')}", "superset.app:create_app()"),
    ]
    child = process.start(command, _log(state), env=_environment(state), cwd=state.home / "superset")
    state.record("superset", child)
    try:
        process.wait_healthy("superset", child, lambda: _healthy(state), _log(state), seconds=START_SECONDS)
    except BaseException:
        _stop(state, say)
        raise
    say(f"superset: ready at {url(state)}")


def _healthy(state: State) -> bool:
    """Whether its page answers: /health says OK even where every page fails."""
    child = state.process("superset")
    if child is None or not child.alive():
        return False
    with contextlib.suppress(OSError), process.asked(f"{url(state)}/login/", seconds=30) as answer:
        return bool(answer.status == 200)
    return False


def _stop(state: State, say: Progress) -> None:
    child = state.process("superset")
    if child is not None:
        if child.alive():
            process.stop(child, seconds=30)
            say("superset: stopped")
        state.record("superset", None)
