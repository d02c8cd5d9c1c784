"""Which tests run beside each other: those that share a server stay on one worker of pytest-xdist, the longest begin first."""

from __future__ import annotations

import os

import pytest

SHARED = ("world", "stack", "server")  # fixtures of the session that start servers
SERVICES = ("world",)  # beside it, each worker of these tests has an Apache Kafka and a Neo4j
LONGEST = ("test_kills.py", "world", "test_agreement.py")


def pytest_configure(config: pytest.Config) -> None:
    """A client of kafka-python that is closed while it connects or writes leaves its socket to the garbage collector."""
    left = "ignore:Exception ignored in. <(socket.s|ssl.SSLS)ocket:pytest.PytestUnraisableExceptionWarning"
    config.addinivalue_line("filterwarnings", left)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests by the server that they share, else by their file; unit tests fill what is left of the time."""
    ranks = {}
    for item in items:
        names = getattr(item, "fixturenames", ())
        shared = {"services": SERVICES, "unit": ()}.get(item.path.parent.name, SHARED)
        group = next((name for name in shared if name in names), item.path.name)
        item.add_marker(pytest.mark.xdist_group(group))
        ranks[item] = LONGEST.index(group) if group in LONGEST else len(LONGEST) + ("unit" in item.path.parts)
    items.sort(key=ranks.__getitem__)


def pytest_collection_finish(session: pytest.Session) -> None:
    """pytest-xdist 3.8 names the groups in a way that pytest 9.2 has given up, and says nothing: each test would go anywhere."""
    if "PYTEST_XDIST_WORKER" in os.environ and any("@" not in item.nodeid for item in session.items):
        raise pytest.UsageError("pytest-xdist does not group the tests; take the versions of constraints.txt")
