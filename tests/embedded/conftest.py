"""Fixtures of the tests that run on the embedded stack, each made once a session in a folder of its own.

`stack` is a bare stack, and `facts` puts events into it by hand. `world` is a stack through whose stores a small world with
dirt went, and `events` is what was sent: many tests read them, so that one which damages a row puts it back.
"""

from __future__ import annotations

import json
import warnings
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from clickvault.settings import Settings
from clickvault.stores.clickhouse import connect

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # kafka-python reads its schemas in a way that Python gave up
    import kafka  # noqa: F401

from clickvault.embedded import stack as embedded
from clickvault.pipeline import migrate as schema
from clickvault.pipeline.steps import run
from clickvault.session import Session, open_session
from tests.embedded.facts import Facts
from tests.worlds import Event, World, options, own_stack, running_stack, send, write

USERS, DAYS = 300, 12


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The settings of a running stack; whatever the environment says about other stores is set aside."""
    with running_stack(tmp_path_factory.mktemp("home") / ".clickvault") as settings:
        yield settings


@pytest.fixture
def ch(stack: Settings) -> Iterator[Client]:
    """A clickhouse-connect client of the owner, without a session of its own."""
    client = connect(stack.clickhouse_url)
    yield client
    client.close()


@pytest.fixture(scope="session")
def prepared(stack: Settings) -> Iterator[Session]:
    """A session on the bare stack, with its schema made."""
    with open_session(stack) as s:
        schema.init(s.settings, s.renderer, s.ch, s.pg)
        yield s


@pytest.fixture
def facts(prepared: Session) -> Iterator[Facts]:
    """What puts events into raw of the bare stack; they are taken out, and the marts emptied, after the test."""
    made = Facts(prepared)
    yield made
    made.clear()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """USERS people, DAYS days, a dirty message in fifty: sent to Kafka and S3, and run once."""
    folder = tmp_path_factory.mktemp("world")
    with own_stack(folder / "home", parameters={"spread_views": 20}) as s:  # few publications are seen 1,000 times here
        what = options(USERS, DAYS, dirt=0.02)
        manifest = send(s, what)
        write(s, what, folder / "files")
        run(s)  # raises when reconciliation does not balance
        yield World(s, manifest, folder / "files")


@pytest.fixture(scope="session")
def events(world: World) -> dict[str, list[Event]]:
    """The clean events by type, in the order of their times."""
    found: dict[str, list[Event]] = defaultdict(list)
    for file in sorted(world.files.rglob("*.jsonl")):
        for line in file.read_bytes().splitlines():
            event = json.loads(line)
            found[event["event_type"]].append(event)
    for some in found.values():
        some.sort(key=lambda e: (e["event_time"], e["event_id"]))
    assert sum(map(len, found.values())) == world.manifest.events
    return found


@pytest.fixture(autouse=True)
def home(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands that a test runs find its own stack, while others of the session are up.

    Behind the last test that shares a stack it is stopped: its queues look for messages as long as it runs.
    """
    shared = next((name for name in ("world", "stack") if name in request.fixturenames), None)
    if shared is None:
        yield
        return
    found = request.getfixturevalue(shared)
    settings = found.session.settings if isinstance(found, World) else found
    monkeypatch.setenv("CLICKVAULT_HOME", str(settings.home))
    yield
    from_last = (i for i in reversed(request.session.items) if shared in getattr(i, "fixturenames", ()))
    if next(i for i in from_last if i.path.is_relative_to(Path(__file__).parent)) is request.node:
        embedded.down(home=settings.home)
