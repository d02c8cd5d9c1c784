"""The graph store of the embedded stack, where `up --graph neo4j` chose it: Neo4j Community with its Graph Data Science.

Bolt on loopback only, no HTTP; a password made at the first start. A Neo4j and a GDS that do not belong together start
without a complaint and without procedures, so health means that `gds.version()` answers. docs/services.md has the rest.
"""

from __future__ import annotations

import logging
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from clickvault.embedded import jvm, process
from clickvault.embedded.state import State
from clickvault.errors import ConfigurationError, StoreError
from clickvault.settings import get_settings

log = logging.getLogger(__name__)

USER = "neo4j"
JAVA = 17


@dataclass(frozen=True)
class Pair:
    """A Neo4j and a GDS that work together, the Java that they ask for, and the server's main class."""

    neo4j: str
    gds: str
    needs: int
    main: str
    modules: tuple[str, ...]

    @property
    def release(self) -> jvm.Release:
        """What Maven fetches: all modules of GDS are of one version."""
        gds = tuple(f"org.neo4j.gds:{module}:{self.gds}" for module in self.modules)
        name = f"neo4j-{self.neo4j}-gds-{self.gds}"
        return jvm.Release(name, (f"org.neo4j:neo4j:{self.neo4j}", *gds), plugins="org.neo4j.gds")


_MODULES = ("proc", "proc-sysinfo", "opengds-extension")
PAIRS = (
    Pair("2026.01.4", "2.26.0", 25, "org.neo4j.server.Neo4jCommunity", _MODULES),
    Pair("5.26.30", "2.13.9", 17, "org.neo4j.server.CommunityEntryPoint", (*_MODULES, "open-write-services")),
)

CONFIGURATION = """\
# Written by clickvault at each start.
server.directories.data={home}/data
server.directories.logs={home}/logs
server.directories.run={home}/run
server.directories.import={home}/import
server.directories.plugins={plugins}
server.default_listen_address=127.0.0.1
server.bolt.listen_address=127.0.0.1:{port}
server.bolt.advertised_address=127.0.0.1:{port}
server.http.enabled=false
server.https.enabled=false
dbms.security.auth_enabled=true
dbms.security.procedures.unrestricted=gds.*
server.memory.pagecache.size=512m
dbms.usage_report.enabled=false
"""

_OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")


def check(state: State) -> None:
    """Raise ConfigurationError where Java, or what fetches the server, is missing."""
    _, major = jvm.find(JAVA, "Neo4j")
    pair = _pair(state, major)
    jvm.check(pair.release, state.services, pair.needs, "Neo4j")


def start(state: State, cancelled: Event) -> None:
    """Fetch on first use, set the password before the first start, start, wait until GDS answers."""
    program, major = jvm.find(JAVA, "Neo4j")
    pair = _pair(state, major)
    release = jvm.fetch(pair.release, state.services, "graph", cancelled)
    home, log = state.home / "neo4j", state.home / "logs" / "graph.log"
    (home / "conf").mkdir(parents=True, exist_ok=True, mode=0o700)
    home.chmod(0o700)
    (home / "import").mkdir(exist_ok=True)
    (home / "conf" / "neo4j.conf").write_text(
        CONFIGURATION.format(home=home, plugins=release / "plugins", port=state.port("graph")), encoding="utf-8"
    )
    if not state.get("graph.initialised"):
        _put_aside(home / "data")  # of a first start that was cut short, or with a password that is not known any more
        _set_password(state, program, release, home, log)
        state.put("graph.initialised", True)
    heap = get_settings().neo4j_heap_mb
    child = process.start(
        [
            *(program, f"-Xms{heap}m", f"-Xmx{heap}m", "-XX:+UseG1GC", "-cp", f"{release / 'lib'}/*"),
            *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED),
            *(pair.main, f"--home-dir={home}", f"--config-dir={home / 'conf'}", "--console-mode"),
        ],
        log,
        record=lambda child: state.record("graph", child),
        serves=("graph", state.home),
        cancelled=cancelled,
        cwd=home,
        env={"TZ": "UTC"},
    )
    # After a kill -9 it recovers first: half a minute with two million relations.
    process.wait_healthy("graph", child, lambda: healthy(state), log, seconds=240, cancelled=cancelled)
    state.put("graph.version", f"{pair.neo4j}, GDS {_ask(state, 'RETURN gds.version() AS version')}")
    state.put_settings(neo4j_uri=url(state), neo4j_user=USER, neo4j_password=state.secret("graph"))


def _put_aside(data: Path) -> None:
    """The graph is made again from the vault; still nothing is deleted that may be somebody's."""
    if data.exists():
        aside = data.with_name(f"{data.name}.{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
        log.warning("Neo4j: the data in %s are put aside, as %s", data, aside.name)
        data.rename(aside)


def healthy(state: State) -> bool:
    """Whether the server takes our login, and GDS is in it."""
    return says(state) == ""


def says(state: State) -> str | None:
    """What the server complains of; "" when it is well, None when nobody answers."""
    if not process.port_answers(state.port("graph")):
        return None
    from neo4j.exceptions import Neo4jError

    try:
        return "" if _ask(state, "RETURN gds.version() AS version") else "a wrong answer"
    except Neo4jError as error:
        return str(error.message or error.code)
    except Exception:
        return None


def url(state: State) -> str:
    """The address, without the login."""
    return f"bolt://127.0.0.1:{state.port('graph')}"


def _ask(state: State, cypher: Any) -> str:
    from neo4j import GraphDatabase

    with GraphDatabase.driver(
        url(state), auth=(USER, state.secret("graph")), connection_timeout=3, max_transaction_retry_time=0
    ) as driver:
        record = driver.execute_query(cypher).records[0]
        return str(record[0])


def _pair(state: State, major: int) -> Pair:
    """The pair that this home's data was made with, or the newest that this Java runs."""
    made = state.get("graph.release", "")
    for pair in PAIRS:
        if pair.release.name == made or (not made and pair.needs <= major):
            if major < pair.needs:
                raise ConfigurationError(
                    f"the graph in {state.home} was made by {made}, which needs Java {pair.needs}; this is Java {major}",
                    hint="set JAVA_HOME to the newer Java",
                )
            state.put("graph.release", pair.release.name)
            return pair
    raise ConfigurationError(f"Neo4j needs Java {JAVA} or newer", hint=jvm.INSTALL)


def _set_password(state: State, program: Path, release: Path, home: Path, log: Path) -> None:
    """By a file of arguments, so that the password is on no command line."""
    arguments = home / "password"
    with os.fdopen(os.open(arguments, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(f'dbms\nset-initial-password\n--\n"{state.secret("graph")}"\n')
    try:
        with log.open("ab") as output:
            told = subprocess.run(
                [str(program), "-cp", f"{release / 'lib'}/*", "org.neo4j.cli.AdminTool", f"@{arguments}"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")},
                check=False,
            )
    finally:
        arguments.unlink(missing_ok=True)
    if told.returncode:
        raise StoreError(f"Neo4j's password could not be set: {process.tail(log)}", hint=f"cat {log}", store="graph")
