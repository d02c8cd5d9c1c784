"""Keeps Airflow's processes running: python -m clickvault.airflow.supervisor, started by `server.up` with CLICKVAULT_HOME set.

Starts them in order (the scheduler once the API server is healthy: tasks talk to it), restarts what ended or hangs with growing
pauses, starts a store of the embedded stack that died, and tells of it: one alert for a trouble, one when it is over. What runs
is noted in <home>/airflow/processes.json; a supervisor that begins goes on with what it finds there.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

from clickvault.airflow import server
from clickvault.airflow.masked import NOTES
from clickvault.airflow.watch import SECONDS, STALE, Watch
from clickvault.alerts import journal
from clickvault.embedded import process, stack
from clickvault.embedded.state import State
from clickvault.errors import ClickvaultError
from clickvault.settings import get_settings
from clickvault.statefile import write_in_room

log = logging.getLogger(__name__)

ROOM = 4_096
"""Bytes that the notes have, so that they can be written on a full disk."""
ORDER = ("api-server", "dag-processor", "scheduler")
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
STEADY_SECONDS = 60.0
"""After running for so long, the next end of a process counts as its first."""
HANG_SECONDS = 90.0
"""A process that was healthy, and has not been for so long, is ended, and started anew; one that starts has server.START_SECONDS."""


@dataclass
class Kept:
    """A process that is kept running, as processes.json has it."""

    pid: int = 0
    born: str = ""
    started: str = ""
    ends: int = 0
    """How often it ended or was ended since it was steady."""
    restarts: int = 0
    """How often it was started anew since `up`."""

    @property
    def child(self) -> process.Child:
        """The process itself."""
        return process.Child(self.pid, self.born)


@dataclass
class Notes:
    """<home>/airflow/processes.json: of which home, when the supervisor looked last, and the processes. Holds no secrets."""

    home: str
    looked: str = ""
    paused: bool = False
    kept: dict[str, Kept] = field(default_factory=dict)

    @classmethod
    def read(cls, home: Path) -> Notes:
        """Those of a home; empty where there are none, or a copied home has another's."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            found = json.loads((home / NOTES).read_text(encoding="utf-8"))
            if found["home"] == str(home):
                return cls(**{**found, "kept": {name: Kept(**k) for name, k in found["kept"].items()}})
        return cls(str(home))

    def write(self) -> None:
        """Write them, on a full disk, too: that a supervisor is at work is seen by it."""
        with contextlib.suppress(OSError):
            write_in_room(Path(self.home, NOTES), json.dumps(asdict(self), indent=1), ROOM)

    @property
    def lively(self) -> bool:
        """Whether the supervisor looked lately."""
        return bool(self.looked) and datetime.now(UTC) - datetime.fromisoformat(self.looked) < timedelta(seconds=120)


class Supervisor:
    """Looks every second; what costs more it looks at every SECONDS."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.notes = Notes.read(home)
        self.ended: dict[str, str] = {}
        self._next: dict[str, float] = {}
        self._unwell: dict[str, float] = {}
        self._was_well: set[str] = set()
        self._steady_from: dict[str, float] = {}
        self._answers = False
        self._healing: Thread | None = None
        settings = get_settings()
        self.settings = settings
        self.watch = Watch(settings, server.environment(State(home))["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"])
        for name in ORDER:
            self.notes.kept.setdefault(name, Kept())

    def run(self, ended: Callable[[], bool]) -> None:
        """Until `ended`. Raises nothing: what goes wrong is logged, and tried again."""
        looked = 0.0
        while not ended():
            try:
                thorough = time.monotonic() - looked >= SECONDS
                if thorough:
                    looked = time.monotonic()
                    self.notes.looked = datetime.now(UTC).isoformat()
                self.once(thorough)
                self.notes.write()
            except ClickvaultError as error:
                log.warning("%s: %s", type(error).__name__, error)
            except Exception:  # whatever it is: who supervises goes on
                log.exception("a look failed")
            time.sleep(1.0)

    def once(self, thorough: bool = True) -> None:
        """Look at every process, and do what is to be done."""
        state = State(self.home)
        if thorough or not self._answers:
            self._answers = bool(server.health(state))
        for name in ORDER:
            kept = self.notes.kept[name]
            if kept.child.alive():
                if time.monotonic() - self._steady_from.setdefault(name, time.monotonic()) > STEADY_SECONDS:
                    kept.ends = 0
                continue
            if kept.pid:
                self._ended(state, name, "ended")
            if time.monotonic() >= self._next.get(name, 0.0) and (name != "scheduler" or self._answers):
                self._start(state, name)
        if thorough:
            self._thorough(state)

    def _thorough(self, state: State) -> None:
        self.watch.url = server.environment(state)["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]  # its port may have changed
        seen = self.watch.once()
        well = {"api-server": self._answers}
        for name in ("dag-processor", "scheduler"):
            # A database that is away says nothing of a process.
            beat = seen.beats.get(name) if seen else None
            started = self.notes.kept[name].started  # a beat before it was of the process that ran before
            well[name] = seen is None or bool(
                beat and started and beat >= datetime.fromisoformat(started) and datetime.now(UTC) - beat < STALE
            )
        for name in ORDER:
            kept = self.notes.kept[name]
            if well[name] or not kept.pid:
                self._unwell.pop(name, None)
                if kept.pid and seen:
                    self._was_well.add(name)
                continue
            patience = HANG_SECONDS if name in self._was_well else server.START_SECONDS
            if time.monotonic() - self._unwell.setdefault(name, time.monotonic()) >= patience:
                self._ended(state, name, f"was not healthy for {patience:.0f} s")
        journal.over(self.settings, server.NO_SUPERVISOR)
        if self.ended:
            text = "; ".join(f"{name} {how}" for name, how in self.ended.items())
            journal.trouble(self.settings, "Airflow's processes", f"{text}. They are started again.")
        if all(well.values()) and seen and all(k.child.alive() for k in self.notes.kept.values()):
            done = ", ".join(
                f"{name}: {self.notes.kept[name].restarts} restarts since it was started" for name in ORDER
            )
            journal.over(self.settings, "Airflow's processes", done)
            self.ended.clear()
        # Starting a store may take minutes, in which Airflow's processes are looked after all the same.
        if self._healing is None or not self._healing.is_alive():
            self._healing = Thread(target=self._stores, args=(state,), daemon=True)
            self._healing.start()

    def _start(self, state: State, name: str) -> None:
        told = server.environment(state)
        if self.notes.paused:
            told["AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION"] = "true"
        kept = self.notes.kept[name]

        def record(child: process.Child) -> None:
            kept.pid, kept.born, kept.started = child.pid, child.born, datetime.now(UTC).isoformat()
            self.notes.write()

        path = server.log_of(state, name)
        masked = [sys.executable, "-m", "clickvault.airflow.masked", "--log", str(path)]
        command = [*masked, sys.executable, "-m", "airflow", *server.COMMANDS[name]]
        process.start(command, path, record=record, env=told, cwd=self.home)
        self._steady_from[name] = time.monotonic()
        log.info("%s: started as %s", name, kept.pid)

    def _ended(self, state: State, name: str, how: str) -> None:
        """Clear up behind a process, and say when it is started again."""
        kept = self.notes.kept[name]
        server.end(kept.child, seconds=2.0)
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**kept.ends)
        kept.ends, kept.restarts = kept.ends + 1, kept.restarts + 1
        kept.pid, kept.born = 0, ""
        self._next[name] = time.monotonic() + pause
        self._steady_from.pop(name, None)
        self._unwell.pop(name, None)
        self._was_well.discard(name)
        self._answers = self._answers and name != "api-server"
        self.ended[name] = f"{how}: {process.tail(server.log_of(state, name))[-200:]}"
        log.warning("%s %s; it is started again in %.0f s", name, how, pause)

    def _stores(self, state: State) -> None:
        """See to the stores of the stack. Raises nothing: the next look tries again."""
        try:
            self._heal(state)
        except ClickvaultError as error:
            log.warning("%s: %s", type(error).__name__, error)
        except Exception:
            log.exception("the stores could not be looked at")

    def _heal(self, state: State) -> None:
        """Start a store of the stack that died, hangs, or could not be started before. While we run, all of them should."""
        key = "a store of the stack"
        bad = [f"{s.store}: {s.problem}" for s in stack.status(home=self.home) if not s.healthy]
        if not bad:
            self._unwell.pop(key, None)
            journal.over(self.settings, key)
            return
        dead = any((child := state.process(s)) is None or not child.alive() for s in stack.stores(state))
        if not dead and time.monotonic() - self._unwell.setdefault(key, time.monotonic()) < HANG_SECONDS:
            return
        journal.trouble(self.settings, key, f"{'; '.join(bad)}. What does not run, or hangs, is started again.")
        stack.up(log.info, home=self.home, keep=True)
        self._unwell.pop(key, None)


def main() -> None:
    """Supervise until TERM; the processes go on without it, for `server.down` to end or the next supervisor to find."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stdout)
    logging.getLogger("clickvault.alerts").setLevel(logging.INFO)
    ended: list[Any] = []
    signal.signal(signal.SIGTERM, lambda *received: ended.append(received))
    for name in [n for n in os.environ if n.startswith(("_AIRFLOW", "AIRFLOW_CTX"))]:
        del os.environ[name]  # of the process of Airflow's that started us (server.keep_watch)
    Supervisor(get_settings().home).run(lambda: bool(ended))


if __name__ == "__main__":
    main()
