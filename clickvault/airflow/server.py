"""Airflow beside the embedded stack: `up`, `down`, `status`. Its database is in the embedded PostgreSQL, its folder in <home>/airflow.

Three processes: api-server, scheduler (it runs the tasks), dag-processor. The `supervisor` starts each behind `masked`, so that no
secret reaches a log file, and restarts what ends or hangs. All listen on 127.0.0.1 only. Nothing is typed in the UI: users, pools
and connections come from here.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg2

from clickvault.airflow.connections import as_environment
from clickvault.embedded import process, stack
from clickvault.embedded.postgres import USER as OWNER
from clickvault.embedded.state import State, locked
from clickvault.errors import ConfigurationError, StoreError
from clickvault.resources import DAGS, project_folder, python_path
from clickvault.settings import STATE_FILE, get_settings, stack_ready

log = logging.getLogger(__name__)
Progress = Callable[[str], None]

ADMIN = "admin"
DATABASE = "airflow"
START_SECONDS = 300.0
STOP_SECONDS = 30.0
HEAL_SECONDS = 60.0
SUPERVISOR = "airflow.supervisor"
NO_SUPERVISOR = "Airflow's supervisor"
"""Under which name it is told that it was gone."""
# The scheduler first, then what it and its tasks ask.
COMMANDS = {
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "api-server": ("api-server", "--workers", "1"),
}


def url(state: State) -> str:
    """Where the UI is."""
    return f"http://127.0.0.1:{state.port('airflow')}"


def environment(state: State) -> dict[str, str]:
    """What Airflow's processes and commands are told. Holds secrets."""
    settings = get_settings()
    folder = state.home / "airflow"
    address = f"127.0.0.1:{state.port('postgres')}/{DATABASE}"
    return {
        **as_environment(settings),
        "CLICKVAULT_HOME": str(state.home),
        "CLICKVAULT_PROJECT": str(project_folder()),
        "PYTHONPATH": python_path(),
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(max(2, os.cpu_count() or 2)),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "false",
        "AIRFLOW__CORE__FERNET_KEY": _fernet(state),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folder / "passwords.json"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url(state)}/execution/",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{DATABASE}:{state.secret('airflow')}@{address}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(state.port("airflow")),
        "AIRFLOW__API__BASE_URL": url(state),
        "AIRFLOW__API__SECRET_KEY": state.secret("airflow_key"),
        "AIRFLOW__API_AUTH__JWT_SECRET": state.secret("airflow_jwt") * 2,  # 64 characters at least
        # The DAGs change seldom: reading them every few seconds would keep half a core busy.
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "60",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        # A busy machine answers late; a killed worker is found out after a minute instead of five.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "30",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "false",
    }


def _fernet(state: State) -> str:
    """A Fernet key is 32 bytes in URL-safe base64; state makes texts of 32 characters."""
    return urlsafe_b64encode(state.secret("airflow_fernet").encode()[:32].ljust(32, b"=")).decode()


def up(progress: Progress | None = None, *, home: Path | None = None, paused: bool = False) -> dict[str, str]:
    """Start what does not run, and wait until it is healthy: url, user, password. The embedded stack must be up.

    `paused`: DAGs that are new are paused. Raises ConfigurationError where Airflow is not installed, StoreError where it
    does not start.
    """
    say = progress or (lambda _: None)
    folder = home or get_settings().home
    if find_spec("airflow") is None:
        raise ConfigurationError(
            "Airflow is not installed", hint="pip install 'clickvault[airflow]'   (in the checkout: make airflow)"
        )
    stack.require(folder)
    stack_ready()
    with locked(folder):
        state = State(folder)
        if not _healthy(state) and not _heals(state, say):
            _stop_all(state, say)
            _prepare(state, say)
            try:
                _start(state, say, paused)
            except BaseException:
                _stop_all(state, say)
                raise
        for trouble in troubles(folder):
            say(trouble)
        return {"url": url(state), "user": ADMIN, "password": state.secret("airflow_admin")}


def down(progress: Progress | None = None, *, home: Path | None = None) -> None:
    """Stop Airflow; its database and logs stay."""
    say = progress or (lambda _: None)
    folder = home or get_settings().home
    if not (folder / STATE_FILE).exists():
        say("nothing runs")
        return
    with locked(folder):
        _stop_all(State(folder), say)


def status(*, home: Path | None = None) -> list[dict[str, Any]]:
    """What runs: process, pid, healthy, how often it was restarted since `up`, log."""
    from clickvault.airflow.supervisor import Notes

    folder = home or get_settings().home
    state = State(folder)
    answer = health(state) if (folder / STATE_FILE).exists() else {}
    notes = Notes.read(folder)
    found = []
    for name in COMMANDS:
        kept = notes.kept.get(name)
        alive = kept is not None and kept.child.alive()
        part = "metadatabase" if name == "api-server" else name.replace("-", "_")
        found.append(
            {
                "process": name,
                "pid": kept.pid if kept and alive else None,
                "healthy": alive and answer.get(part, {}).get("status") == "healthy",
                "restarts": kept.restarts if kept else 0,
                "log": str(log_of(state, name)),
            }
        )
    child = state.process(SUPERVISOR)
    alive = child is not None and child.alive()
    found.append(
        {
            "process": "supervisor",
            "pid": child.pid if child and alive else None,
            "healthy": alive and notes.lively,
            "restarts": 0,
            "log": str(log_of(state, "supervisor")),
        }
    )
    return found


def troubles(home: Path | None = None) -> list[str]:
    """What an operator must know of an Airflow that was started here and not stopped: a line each; none where all is well."""
    from clickvault.alerts import journal

    folder = home or get_settings().home
    if not (folder / STATE_FILE).exists() or State(folder).process(SUPERVISOR) is None:
        return []
    lines = [
        f"airflow: {p['process']} does not run, or is not healthy" for p in status(home=folder) if not p["healthy"]
    ]
    told = journal.troubles(get_settings().model_copy(update={"home": folder}))
    return [*lines, *(f"{key}: {text}" for key, text in told.items())]


def keep_watch(home: Path) -> None:
    """Start a supervisor where one should run and does not, and tell of it: called by what stands before each process of Airflow's
    (`masked`) when the notes grow old, and at a run's end."""
    from clickvault.airflow.supervisor import Notes
    from clickvault.alerts import journal

    if not (home / STATE_FILE).exists():
        return  # Airflow in containers: their engine restarts them
    child = State(home).process(SUPERVISOR)
    if child is None or (child.alive() and Notes.read(home).lively):
        return
    process.stop(child, seconds=1.0, with_family=False)  # before the lock is asked for: one that hangs may hold it
    with locked(home, seconds=5.0):
        state = State(home)
        if state.process(SUPERVISOR) == child:
            log.warning("the supervisor did not run, or hung: started anew")
            told = get_settings().model_copy(update={"home": home})
            # Before there is one who tells that it is over.
            journal.trouble(told, NO_SUPERVISOR, "it did not run, or hung. It is started again.")
            _supervise(state)


def run(state: State, *command: str, seconds: float = 300.0) -> str:
    """Run an `airflow` command against this Airflow, e.g. run(state, "db", "migrate"); returns what it printed, masked.

    Raises StoreError when it fails.
    """
    done = subprocess.run(
        [sys.executable, "-m", "clickvault.airflow.masked", sys.executable, "-m", "airflow", *command],
        env={**os.environ, **environment(state)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
        cwd=state.home,
    )
    if done.returncode:
        raise StoreError(
            f"airflow {' '.join(command[:2])} failed: {done.stdout.strip()[-600:]}",
            hint="clickvault status",
            store="airflow",
        )
    return done.stdout


# ── starting ──────────────────────────────────────────────────────────────────────────────────────────────────


def _prepare(state: State, say: Progress) -> None:
    """Folder, password file, database with a login of its own, its tables, the pools."""
    folder = state.home / "airflow"
    folder.mkdir(exist_ok=True, mode=0o700)
    passwords = folder / "passwords.json"
    with os.fdopen(os.open(passwords, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump({ADMIN: state.secret("airflow_admin")}, file)
    if "airflow" in state.ports("airflow") and not process.port_free(state.port("airflow")):
        state.choose_port("airflow")
    say("airflow: database")
    _make_database(state)
    run(state, "db", "migrate")
    run(state, "pools", "import", str(DAGS / "pools.json"))


def _make_database(state: State) -> None:
    """A database of Airflow's own, whose login may nothing else."""
    connection = psycopg2.connect(
        host="127.0.0.1", port=state.port("postgres"), user=OWNER, password=state.secret("postgres"), dbname="postgres"
    )
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("select 1 from pg_roles where rolname = %s", (DATABASE,))
            verb = "alter" if cursor.fetchone() else "create"
            cursor.execute(f"{verb} role {DATABASE} login password %s", (state.secret("airflow"),))
            cursor.execute("select 1 from pg_database where datname = %s", (DATABASE,))
            if not cursor.fetchone():
                cursor.execute(f"create database {DATABASE} owner {DATABASE}")
            cursor.execute(f"revoke connect on database {DATABASE} from public")
    finally:
        connection.close()


def _start(state: State, say: Progress, paused: bool) -> None:
    from clickvault.airflow.supervisor import Notes

    began = datetime.now(UTC)
    notes = Notes(str(state.home), looked=began.isoformat(), paused=paused)
    notes.write()
    say("airflow: starting")
    supervisor = _supervise(state)
    deadline = time.monotonic() + START_SECONDS
    while not _healthy(state, began):
        ended = [name for name, kept in Notes.read(state.home).kept.items() if kept.ends > 1]
        if not supervisor.alive():
            ended = ["supervisor"]
        if ended:
            path = log_of(state, ended[0])
            raise StoreError(
                f"airflow's {ended[0]} ended while starting: {process.tail(path)}", hint=f"cat {path}", store="airflow"
            )
        if time.monotonic() > deadline:
            raise StoreError(
                f"airflow is not healthy after {START_SECONDS:.0f} s",
                hint=f"cat {log_of(state, 'scheduler')}",
                store="airflow",
            )
        time.sleep(0.5)
    say(f"airflow: ready at {url(state)}")


def _supervise(state: State) -> process.Child:
    """Start the supervisor. It is told where its home is, and nothing else: each process gets its environment from it."""
    told = {"CLICKVAULT_HOME": str(state.home), "PYTHONPATH": environment(state)["PYTHONPATH"]}
    return process.start(
        [sys.executable, "-m", "clickvault.airflow.supervisor"],
        log_of(state, "supervisor"),
        record=lambda child: state.record(SUPERVISOR, child),
        env=told,
        cwd=state.home,
    )


def _heals(state: State, say: Progress) -> bool:
    """Whether a supervisor that runs gets all healthy again by itself, in a while."""
    from clickvault.airflow.supervisor import Notes

    child = state.process(SUPERVISOR)
    if child is None or not child.alive() or not Notes.read(state.home).lively:
        return False
    say("airflow: not healthy; its supervisor restarts what ended")
    deadline = time.monotonic() + HEAL_SECONDS
    while time.monotonic() < deadline and child.alive():
        if _healthy(state):
            return True
        time.sleep(1.0)
    return False


def log_of(state: State, name: str) -> Path:
    """Where a process logs to; older ones are beside it."""
    return state.home / "logs" / f"airflow-{name}.log"


def health(state: State) -> dict[str, Any]:
    """What the API server says of all processes; empty when it does not answer."""
    if "airflow" not in state.ports("airflow"):
        return {}
    try:
        with process.asked(f"{url(state)}/api/v2/monitor/health", seconds=5) as answer:
            return dict(json.load(answer))
    except (OSError, ValueError):
        return {}


def _healthy(state: State, since: datetime | None = None) -> bool:
    """Whether all processes run, and have beaten `since` then: Airflow calls healthy for a while what was killed."""
    from clickvault.airflow.supervisor import Notes

    kept = Notes.read(state.home).kept
    children = [state.process(SUPERVISOR), *(kept[name].child if name in kept else None for name in COMMANDS)]
    if not all(child is not None and child.alive() for child in children):
        return False
    answer = health(state)
    for part in ("scheduler", "dag_processor"):
        found = answer.get(part) or {}
        beat = found.get(f"latest_{part}_heartbeat")
        if found.get("status") != "healthy" or not beat:
            return False
        if since and datetime.fromisoformat(beat.replace("Z", "+00:00")) < since:
            return False
    return True


# ── stopping ──────────────────────────────────────────────────────────────────────────────────────────────────


def _stop_all(state: State, say: Progress) -> None:
    """The supervisor first, which would start anew what ends."""
    from clickvault.airflow.supervisor import Notes

    supervisor = state.process(SUPERVISOR)
    if supervisor is not None:
        process.stop(supervisor, seconds=10.0, with_family=False)  # the stores that it started stay
        state.record(SUPERVISOR, None)
    notes = Notes.read(state.home)
    for name in COMMANDS:
        if name in notes.kept and notes.kept[name].pid:
            if notes.kept[name].child.alive():
                end(notes.kept[name].child, STOP_SECONDS)
                say(f"airflow: {name} stopped")
            end(notes.kept[name].child)
    if notes.kept:
        Notes(str(state.home)).write()


def end(child: process.Child, seconds: float = 2.0) -> None:
    """End a process, and what is left of its session."""
    process.stop(child, seconds=seconds)
    _end_session(child)


def _end_session(leader: process.Child) -> None:
    """End what is left of a process's session: workers of a scheduler that was killed live on, and do not heed TERM.

    While one of them lives, the kernel gives the number of their session to nobody else; afterwards it may.
    """
    if not process.number_is_free_or_its(leader):
        return
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            pid = int(path.name)
            if os.getsid(pid) == leader.pid and process.birth_mark(pid):
                os.kill(pid, signal.SIGKILL)
