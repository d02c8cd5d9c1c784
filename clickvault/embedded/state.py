"""What the embedded stack remembers: `<home>/stack.json` (mode 0600), and the lock that keeps two commands apart.

The file holds ports, passwords, and pid and birth mark of each process. It is written as soon as a process is started,
so that even a killed `up` leaves nothing behind that the next one does not know. `clickvault.settings` reads its
`settings` object.

It is written whole (a new file, fsync, rename), with the one before kept as `stack.json.old`. `State.mended` is how `up` and
`down` read it: from the older copy where the file is damaged, from the data of the home where neither can be used.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import random
import secrets
import shutil
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from clickvault import statefile
from clickvault.embedded.process import PORT_RANGE, Child, port_free
from clickvault.errors import ConfigurationError
from clickvault.settings import get_settings
from clickvault.statefile import FORMAT, OLDER_FILE, STATE_FILE, Damaged

log = logging.getLogger(__name__)

DATA = {
    "clickhouse": "clickhouse/data",
    "s3": "s3/filerldb2",
    "postgres": "postgres/data/PG_VERSION",
    "kafka": "kafka/data/meta.properties",
    "graph": "neo4j/data/databases",
}
"""What is in a home where a store has kept data."""
ABOVE = {"s3.admin": 10_000}
"""Ports that come with a second one, so far above: SeaweedFS's worker expects the admin's gRPC port there, whatever
-admin.port.grpc says."""


class State:
    """The state file in memory. Every change is written at once; safe to use from several threads."""

    def __init__(self, home: Path) -> None:
        """Read the state file of a state folder, or begin an empty one. Raises ConfigurationError where it can't be used."""
        self.home = home
        self._mutex = threading.RLock()
        self._data: dict[str, Any] = {"format": FORMAT, "settings": {}, "ports": {}, "secrets": {}, "processes": {}}
        self.copied_from: Path | None = None
        """The home that this one is a copy of: its servers and ports are not ours."""
        with contextlib.suppress(FileNotFoundError):
            self._take(statefile.read(home / STATE_FILE))

    def _take(self, found: dict[str, Any]) -> None:
        self._data.update(found)
        self.copied_from = statefile.original_of(found, self.home)
        if self.copied_from:
            self._data.update(processes={}, ports={}, settings={})

    @classmethod
    def mended(cls, home: Path, say: Callable[[str], None]) -> State:
        """The state of a home, whatever became of its file: `say` is told what was found, and what was done.

        Nothing is deleted: a damaged file is put aside. Raises ConfigurationError where the file belongs to another user.
        """
        path, older = home / STATE_FILE, home / OLDER_FILE
        try:
            state = cls(home)
        except Damaged as error:
            _tell(say, error.message)
            aside = home / f"{STATE_FILE}.damaged-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}"
            path.replace(aside)
            state = cls(home)
        if path.exists():
            _close(path, say)
            return state
        try:
            state._take(statefile.read(older))
        except FileNotFoundError:
            pass
        except Damaged as error:
            _tell(say, error.message)
        else:
            _tell(say, f"{path} was not there: the older copy, {older.name}, is used")
            state.save()
            return state
        if there := [store for store, kept in DATA.items() if (home / kept).exists()]:
            _tell(say, f"{path} was not there: it is made anew; the data of {', '.join(there)} stay as they are")
            broker = "apache" if "kafka" in there else "tansu"
            state._data["facts"] = {"rebuilt": True, "kafka.choice": broker, "kafka.version": "?"}
            state.save()
        return state

    def save(self) -> None:
        """Write the file, whole or not at all, and keep the one before as the older copy."""
        with self._mutex:
            path, older = self.home / STATE_FILE, self.home / OLDER_FILE
            self._data["home"] = str(self.home.resolve())
            temporary = path.with_suffix(".new")
            try:
                with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                    json.dump(self._data, file, indent=1)
                    file.flush()
                    os.fsync(file.fileno())
                _keep(path, older)
                temporary.replace(path)
                _sync(self.home)
            except OSError:
                temporary.unlink(missing_ok=True)  # of a full disk it would hold the last bytes
                raise

    def secret(self, name: str) -> str:
        """The password of that name, made at its first use."""
        with self._mutex:
            if name not in self._data["secrets"]:
                self._data["secrets"][name] = secrets.token_urlsafe(24)
                self.save()
            return str(self._data["secrets"][name])

    def port(self, name: str) -> int:
        """The remembered port of that name, chosen at its first use."""
        with self._mutex:
            if name not in self._data["ports"]:
                self.choose_port(name)
            return int(self._data["ports"][name])

    def port_free(self, name: str) -> bool:
        """Whether a server could listen on the remembered port of that name now, and on the one that comes with it."""
        return all(port_free(number) for number in _with_above(name, self.port(name)))

    def choose_port(self, name: str) -> int:
        """Choose another free port for that name, and one that no other home of this user remembers."""
        with self._mutex, _ports_of_other_homes(self.home.resolve()) as claimed:
            taken = _numbers(self._data)
            tries = 0
            while True:
                tries += 1
                port = random.randint(PORT_RANGE[0], PORT_RANGE[1] - ABOVE.get(name, 0))
                wanted = _with_above(name, port)
                if wanted & taken or not all(port_free(number) for number in wanted):
                    continue
                if wanted & claimed and tries < 1000:  # where others remember them all: a free one
                    continue
                self._data["ports"][name] = port
                self.save()
                return port

    def ports(self, prefix: str) -> list[str]:
        """The names of the ports that a store has so far."""
        with self._mutex:
            return [name for name in self._data["ports"] if name == prefix or name.startswith(f"{prefix}.")]

    @property
    def services(self) -> Path:
        """The folder of fetched programs: this home's own, or the one that CLICKVAULT_SERVICES names."""
        return get_settings().services or self.home / "services"

    def knows_secret(self, name: str) -> bool:
        """Whether the password of that name was made, and is known."""
        with self._mutex:
            return name in self._data["secrets"]

    def process(self, store: str) -> Child | None:
        """The recorded process of a store, dead or alive."""
        with self._mutex:
            found = self._data["processes"].get(store)
            return Child(int(found["pid"]), str(found["born"])) if found else None

    def record(self, store: str, child: Child | None) -> None:
        """Write down which process serves a store, or that none does."""
        with self._mutex:
            if child is None:
                self._data["processes"].pop(store, None)
            else:
                self._data["processes"][store] = {"pid": child.pid, "born": child.born}
            self.save()

    def get(self, name: str, default: Any = None) -> Any:
        """A fact that a store noted with `put`."""
        with self._mutex:
            return self._data.get("facts", {}).get(name, default)

    def put(self, name: str, value: Any) -> None:
        """Note a fact (a version, a marker) under a name."""
        with self._mutex:
            self._data.setdefault("facts", {})[name] = value
            self.save()

    @property
    def settings(self) -> dict[str, Any]:
        """What `clickvault.settings` will read."""
        return dict(self._data["settings"])

    def put_settings(self, **values: Any) -> None:
        """Set some of what `clickvault.settings` will read."""
        with self._mutex:
            if any(self._data["settings"].get(name) != value for name, value in values.items()):
                self._data["settings"].update(values)
                self.save()


def _tell(say: Callable[[str], None], text: str) -> None:
    log.warning("%s", text)
    say(text)


def _close(path: Path, say: Callable[[str], None]) -> None:
    """Take from others the right to read the passwords."""
    for one in (path, path.with_name(OLDER_FILE)):
        with contextlib.suppress(FileNotFoundError):
            mode = stat.S_IMODE(one.stat().st_mode)
            if mode & 0o077:
                one.chmod(0o600)
                _tell(
                    say, f"{one} was open to other users (mode {mode:04o}): it is {0o600:04o} again; it holds passwords"
                )


def _keep(path: Path, older: Path) -> None:
    """Give the present file a second name, which stays when the first one goes to the new file."""
    second = older.with_suffix(".keep")
    with contextlib.suppress(FileNotFoundError):
        second.unlink(missing_ok=True)
        try:
            os.link(path, second)
        except FileNotFoundError:
            raise
        except OSError:  # a file system without hard links
            shutil.copy2(path, second)
        second.replace(older)


def _sync(folder: Path) -> None:
    """Have the renamed entries of a folder on disk, too."""
    with contextlib.suppress(OSError):  # where folders can't be synced
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _with_above(name: str, port: int) -> set[int]:
    return {port, port + ABOVE.get(name, 0)}


def _numbers(data: dict[str, Any]) -> set[int]:
    """The ports that a state file remembers."""
    return {number for name, port in data["ports"].items() for number in _with_above(name, int(port))}


@contextlib.contextmanager
def _ports_of_other_homes(home: Path) -> Iterator[set[int]]:
    """The ports in the state files of this user's other homes; till the end of the block no home gets another.

    A list of homes is kept with the machine's temporary files, and those that are gone leave it at the next choice. Where
    it can't be had, a port is free if nobody listens on it.
    """
    claimed: set[int] = set()
    with contextlib.ExitStack() as until_chosen:
        with contextlib.suppress(OSError, ValueError):
            path = Path(tempfile.gettempdir()) / f"clickvault-homes-{os.getuid()}"
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            until_chosen.callback(os.close, file)
            if os.fstat(file).st_uid == os.getuid() and _lock(file, seconds=5.0):
                known = {Path(line) for line in os.fsdecode(os.read(file, 1 << 20)).splitlines()}
                there = {other for other in known - {home} if os.path.isfile(other / STATE_FILE)}
                for other in there:
                    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
                        claimed |= _numbers(json.loads((other / STATE_FILE).read_text(encoding="utf-8")))
                os.ftruncate(file, 0)
                os.pwrite(file, os.fsencode("".join(f"{one}\n" for one in sorted({*there, home}))), 0)
        yield claimed


def prepare_home(home: Path) -> None:
    """Make the state folder, for its owner only."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    home.chmod(0o700)
    (home / "logs").mkdir(exist_ok=True)


@contextlib.contextmanager
def locked(home: Path, *, seconds: float = 120.0) -> Iterator[None]:
    """Hold the stack's lock; wait for another command that holds it."""
    with (home / "stack.lock").open("a") as file:
        if not _lock(file.fileno(), seconds):
            raise ConfigurationError(
                f"Another up or down has held {home}/stack.lock for {seconds:.0f} s", hint="clickvault status"
            )
        yield


def _lock(file: int, seconds: float) -> bool:
    """Lock a file till it is closed; False when another has held it for so long."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
