"""Apache Kafka and Neo4j with GDS, real ones: one stack a session, where Java and Maven are there.

They are fetched into CLICKVAULT_SERVICES, by default ~/.cache/clickvault, so that the next session finds them.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # kafka-python reads its schemas in a way that Python gave up
    import kafka  # noqa: F401

from clickvault.embedded import apache_kafka, neo4j
from clickvault.embedded import stack as embedded
from clickvault.embedded.state import State, prepare_home
from clickvault.errors import ConfigurationError
from clickvault.generator import GenerateOptions
from clickvault.graph import changes, cypher
from clickvault.graph.neo4j_engine import Neo4jEngine
from clickvault.pipeline import migrate as schema
from clickvault.pipeline.steps import run
from clickvault.session import Session, open_session
from clickvault.settings import Settings, get_settings
from tests.worlds import ADDRESSES, options, send

DAY = timedelta(days=1)
WORLD = options(250, 12, dirt=0.02)
SERVICES = Path(os.environ.get("CLICKVAULT_SERVICES") or "~/.cache/clickvault").expanduser()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The settings of a running stack with Apache Kafka and Neo4j."""
    home = tmp_path_factory.mktemp("services") / "home"
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(ADDRESSES)]:
            patch.delenv(name)
        patch.setenv("CLICKVAULT_HOME", str(home))
        patch.setenv("CLICKVAULT_SERVICES", str(SERVICES))
        prepare_home(home)
        try:
            for store in (apache_kafka, neo4j):
                store.check(State(home))
        except ConfigurationError as error:  # Java or Maven is missing; whatever comes later is a failure
            pytest.skip(f"{error.message}; try: {error.hint}")
        try:
            embedded.up(print, broker="apache", graph="neo4j")
            yield get_settings()
        finally:
            embedded.down(print, purge=True)


@pytest.fixture(scope="session")
def made(stack: Settings) -> Settings:
    """The stack, with its schema made."""
    with open_session(stack) as s:
        schema.init(s.settings, s.renderer, s.ch, s.pg)
    return stack


@pytest.fixture(scope="module")
def session(made: Settings) -> Iterator[Session]:
    """A session on it: of a module, since servers are killed and moved to other ports."""
    with open_session(get_settings()) as s:
        yield s


def days(first: int, last: int) -> GenerateOptions:
    """A part of the world."""
    return replace(WORLD, start=WORLD.start + first * DAY, end=WORLD.start + last * DAY)


@pytest.fixture(scope="session")
def world(made: Settings) -> Iterator[Session]:
    """Six days of the world, run."""
    with open_session(made) as s:
        send(s, days(0, 6))
        run(s)  # raises when reconciliation does not balance
        yield s


@pytest.fixture(scope="module")
def engine(session: Session) -> Iterator[Neo4jEngine]:
    """The engine, on a Neo4j that holds nothing, and a vault that knows it."""
    made = Neo4jEngine(session.settings)
    with made.driver.session() as neo4j:
        neo4j.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS").consume()
        (found,) = cypher.rows(made.driver, "database")
        changes.forget(session.pg, found["id"])
    yield made
    made.close()
