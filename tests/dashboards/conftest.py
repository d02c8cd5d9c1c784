"""Superset that runs beside a stack with a small world, all dashboards in it, and a browser that is logged in; once a session."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # kafka-python reads its schemas in a way that Python gave up
    import kafka  # noqa: F401

from clickvault.dashboards import Asked, Dashboard, load
from clickvault.dashboards.superset import server as superset_server
from clickvault.dashboards.superset.api import Applied, Superset, address, types
from clickvault.dashboards.superset.bundle import bundle
from clickvault.pipeline.steps import run
from clickvault.session import Session
from tests.dashboards.browser import CHROMIUM, Browser, browser
from tests.worlds import options, own_stack, send

USERS, DAYS = 150, 38
"""More than a month: some tiles show whole months alone."""


@dataclass(frozen=True)
class World:
    """The stack, what is declared, where Superset is, and what its first import made."""

    session: Session
    declared: list[tuple[Dashboard, list[Asked]]]
    login: dict[str, str]
    first: Applied

    def superset(self) -> Superset:
        """A new session with Superset's API."""
        return Superset(self.login["url"], self.login["user"], self.login["password"])

    def apply(self, declared: list[tuple[Dashboard, list[Asked]]]) -> Applied:
        """Import a declaration."""
        return _apply(self.session, self.superset(), declared)


def _apply(s: Session, superset: Superset, declared: list[tuple[Dashboard, list[Asked]]]) -> Applied:
    uri, secret = address(s.settings.clickhouse_reader_url)
    return superset.apply(bundle(s.renderer, declared, types(s.reader), uri), secret)


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A small world on a stack of its own, and Superset beside it."""
    if not (superset_server.environment() / "bin" / "gunicorn").exists():
        pytest.skip("Superset is not installed here: make test-dashboards installs it")
    home = tmp_path_factory.mktemp("dashboards") / "home"
    with own_stack(home, parameters={"spread_views": 20}) as s:
        send(s, options(USERS, DAYS, dirt=0.02))
        run(s)
        try:
            login = superset_server.up(print, home=home)
            superset = Superset(login["url"], login["user"], login["password"])
            declared = load(s.renderer)
            yield World(s, declared, login, _apply(s, superset, declared))
        finally:
            log = home / "logs" / "superset.log"
            if log.exists():  # the cause of what Superset only calls a fatal error
                shutil.copy(log, tmp_path_factory.getbasetemp() / "superset.log")
            superset_server.down(home=home)


@pytest.fixture(scope="session")
def opened(world: World) -> Iterator[Browser]:
    """A browser at Superset."""
    if not CHROMIUM:
        pytest.skip("no Chromium here (Debian: apt-get install chromium)")
    with browser(world.login["url"], world.login["user"], world.login["password"]) as found:
        yield found
