"""Child processes that outlive the command that started them: start, watch, recognise, stop.

A pid alone proves nothing, for the kernel gives it to someone else after a crash or a reboot. So a process is recorded
as pid and birth mark (its start time, and the boot that time counts from), and is only ever signalled when both match.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from threading import Event
from urllib.error import HTTPError

import psutil

from clickvault.errors import StoreError

_children: set[int] = set()  # those of this very process, which must reap them

# Health checks stay on this machine, whatever proxy the environment names.
LOCAL = urllib.request.build_opener(urllib.request.ProxyHandler({}))

# The program takes the shell's place, with its pid and birth mark, once a line comes; when none can come any more, the
# shell leaves. Its standard input is the gate, so that the program inherits nothing of it.
_BEHIND_A_GATE = ("/bin/sh", "-c", 'read -r _ && exec "$@" </dev/null', "sh")

SERVES = "CLICKVAULT_SERVES"
"""In a server's environment: store and home, so that it is found again where nothing was written down."""

PORT_RANGE = (21_000, 31_500)  # below the range from which Linux takes the ports of outgoing connections


@dataclass(frozen=True)
class Child:
    """A started process: its pid and the mark that tells it from a later owner of that pid."""

    pid: int
    born: str

    def alive(self) -> bool:
        """Whether this very process still runs."""
        alive = bool(self.born) and birth_mark(self.pid) == self.born  # no mark: it was gone before it could be taken
        if not alive and self.pid in _children:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, 0)  # left as a zombie, it would keep its lock files valid
            _children.discard(self.pid)
        return alive


class Cancelled(Exception):
    """Starting was given up because the user, or another store's failure, ended it."""


def birth_mark(pid: int) -> str:
    """What tells this process from any other that ever had the pid; empty when it does not run.

    A killed process counts as running until its last thread is gone, for till then it holds its ports and locks.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        state, threads, started = fields[0], fields[17], fields[19]
        if state == "X" or (state == "Z" and threads in ("0", "1")):
            return ""
        return f"{_boot()}:{started}"
    except (OSError, IndexError):
        pass
    try:  # where there is no /proc, and for a process that has just gone
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return ""


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()


def number_is_free_or_its(child: Child) -> bool:
    """Whether nobody has had this process's number since, as far as can be seen: the same boot, and no other owner now."""
    with contextlib.suppress(OSError):
        return child.born.startswith(f"{_boot()}:") and birth_mark(child.pid) in ("", child.born)
    return False


def gone(child: Child, seconds: float) -> bool:
    """Wait for a process to be gone; False when it still runs after that time."""
    deadline = time.monotonic() + seconds
    while child.alive():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.03)
    return True


def start(
    command: Sequence[str | Path],
    log: Path,
    *,
    record: Callable[[Child], None] | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    user: tuple[int, int] | None = None,
    serves: tuple[str, Path] | None = None,
    inherits: Callable[[str], bool] = bool,
    cancelled: Event | None = None,
) -> Child:
    """Start a command in a session of its own (Ctrl-C does not reach it), its output appended to `log`.

    `record` writes the child down, and the command begins only then: were we killed in between, nobody would know it.
    `env` is added to the environment: that, not the command line, is where passwords go. `user` is (uid, gid). `serves` is
    the store, and the home that it is of, for `servers_of`. `inherits` says of a variable of this process's environment
    whether the child has it, too. Raises Cancelled when that is set before the command begins.
    """
    if cancelled is not None and cancelled.is_set():
        raise Cancelled
    marks = {SERVES: f"{serves[0]}:{serves[1].resolve()}"} if serves else {}
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab", buffering=0) as output:
        with contextlib.suppress(OSError):  # a full disk
            output.write(
                f"--- {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} start {Path(command[0]).name}\n".encode()
            )
        waits, opens = os.pipe()
        with os.fdopen(opens, "wb", buffering=0) as gate:
            with os.fdopen(waits) as behind:
                started = subprocess.Popen(
                    [*_BEHIND_A_GATE, *(str(part) for part in command)],
                    stdin=behind,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env={**{name: os.environ[name] for name in filter(inherits, os.environ)}, **(env or {}), **marks},
                    cwd=cwd,
                    start_new_session=True,
                    user=user[0] if user else None,
                    group=user[1] if user else None,
                    extra_groups=[] if user else None,
                    umask=0o077,  # what servers write, sockets included, is for nobody else
                )
            _children.add(started.pid)
            started.returncode = 0  # it is meant to outlive us: no warning about that from subprocess
            child = Child(started.pid, birth_mark(started.pid))
            if record:
                record(child)
            with contextlib.suppress(BrokenPipeError):  # it was ended already
                gate.write(b"\n")
    return child


def servers_of(home: Path) -> dict[str, list[Child]]:
    """The processes that serve a home now, by store, written down or not: found by what `start` put into their environment."""
    found: dict[str, list[Child]] = {}
    marked = {}
    for one in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            store, _, of = one.environ().get(SERVES, "").partition(":")
            if of == str(home.resolve()):
                marked[one.pid] = (store, one.ppid(), Child(one.pid, birth_mark(one.pid)))
    for store, parent, child in marked.values():
        if parent not in marked and child.alive():  # else a server started it in its turn
            found.setdefault(store, []).append(child)
    return found


def exit_status(child: Child, cancelled: Event | None = None) -> int:
    """Wait for a child of this very process to end: its exit status, or the signal that ended it as a negative number.

    Raises Cancelled, once the child is gone, when that is set before.
    """
    while cancelled is not None and os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        if cancelled.wait(0.05):
            stop(child)
            raise Cancelled
    _children.discard(child.pid)
    return os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])


def wait_healthy(
    store: str,
    child: Child,
    healthy: Callable[[], bool],
    log: Path,
    *,
    seconds: float,
    cancelled: Event | None = None,
) -> None:
    """Return when `healthy()` is true; raise StoreError when the process ends or the deadline passes before."""
    deadline = time.monotonic() + seconds
    while True:
        if cancelled is not None and cancelled.is_set():
            raise Cancelled
        if not child.alive():
            raise StoreError(f"{store} ended while starting: {tail(log)}", hint=f"cat {log}", store=store)
        if healthy():
            return
        if time.monotonic() > deadline:
            raise StoreError(
                f"{store} is not healthy after {seconds:.0f} s: {tail(log)}", hint=f"cat {log}", store=store
            )
        time.sleep(0.05)


def stop(
    child: Child, *, seconds: float = 10.0, sig: signal.Signals = signal.SIGTERM, with_family: bool = True
) -> bool:
    """Ask a process to end, and after the deadline make it. True when it was asked and ended by itself.

    What it had started ends with it: PostgreSQL's backends, and those of initdb, outlive their parent for a moment. Not
    `with_family`: who starts servers is ended, and not the servers.
    """
    if not child.alive():
        return True
    family = _family(child) if with_family else set()
    with contextlib.suppress(ProcessLookupError):
        os.kill(child.pid, sig)
    ended = gone(child, seconds)
    if not ended:
        family |= _family(child) if with_family else set()
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGKILL)
        gone(child, 30)
    left = psutil.wait_procs(family, timeout=5)[1]
    for one in left:
        with contextlib.suppress(psutil.Error):
            one.kill()
    psutil.wait_procs(left, timeout=5)
    return ended


def _family(child: Child) -> set[psutil.Process]:
    with contextlib.suppress(psutil.Error):
        return set(psutil.Process(child.pid).children(recursive=True))
    return set()


def tail(log: Path) -> str:
    """The end of a log file, for an error message, in one line: without rules and a Java error's list of calls."""
    try:
        text = log.read_bytes()[-40_000:].decode("utf-8", errors="replace")
    except OSError:
        return "no log"
    said = (line.strip() for line in text.splitlines() if not line.startswith(("---", "\tat ", "    at ")))
    return " | ".join(line for line in said if line)[-600:]


def port_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@contextlib.contextmanager
def asked(request: str | urllib.request.Request, seconds: float) -> Iterator[HTTPResponse]:
    """The answer of a server on this machine. Raises OSError, also where it ends in the middle of its answer."""
    try:
        with LOCAL.open(request, timeout=seconds) as answer:
            yield answer
    except HTTPException as error:
        raise OSError(f"a broken answer: {error!r}") from error


def complaint(error: HTTPError) -> str:
    """What a server on this machine answered in place of its result, in one line."""
    with contextlib.suppress(OSError, HTTPException):
        return f"HTTP {error.code} {error.read(300).decode('utf-8', errors='replace').strip()}".splitlines()[0]
    return f"HTTP {error.code}"


def port_answers(port: int) -> bool:
    """Whether something accepts connections on 127.0.0.1:port."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
