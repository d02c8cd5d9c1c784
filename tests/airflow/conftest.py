"""One stack and one Airflow for all tests: real processes, real receivers of alerts. `make test-airflow` installs Airflow."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # kafka-python reads its schemas in a way that Python gave up
    import kafka  # noqa: F401

from clickvault.airflow import server
from clickvault.session import Session, open_session
from clickvault.settings import Settings
from tests.airflow.client import Airflow
from tests.receivers import CHAT, TOKEN, Mailbox, Telegram, mailbox, telegram
from tests.worlds import running_stack


def pytest_configure() -> None:
    if find_spec("airflow") is None:
        pytest.exit("Airflow is not installed; try: make test-airflow", returncode=1)


class Receivers:
    """Where alerts go. Telegram's can be switched off and on again; it keeps its port."""

    def __init__(self, stack: ExitStack) -> None:
        self._all, self._telegram = stack, ExitStack()
        self.mails: Mailbox = stack.enter_context(mailbox())
        self.telegram: Telegram = self._telegram.enter_context(telegram())
        stack.callback(self.telegram_down)

    @property
    def addresses(self) -> str:
        return f"tgram://{TOKEN}/{CHAT} {self.mails.address}"

    def telegram_down(self) -> None:
        self._telegram.close()

    def telegram_up(self) -> None:
        self._telegram.enter_context(telegram(into=self.telegram))


@pytest.fixture(scope="session")
def receivers() -> Iterator[Receivers]:
    with ExitStack() as stack:
        yield Receivers(stack)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, receivers: Receivers) -> Iterator[Settings]:
    """The settings of a running stack, whose alerts go to the receivers."""
    told = {
        "CLICKVAULT_ALERTS": receivers.addresses,
        "CLICKVAULT_TELEGRAM_API": receivers.telegram.url,
        "CLICKVAULT_ALERTS_ON": "all",
    }
    with running_stack(tmp_path_factory.mktemp("airflow") / "home", **told) as settings:
        yield settings


@pytest.fixture(scope="session")
def session(stack: Settings) -> Iterator[Session]:
    with open_session(stack) as s:
        yield s


@pytest.fixture(scope="session")
def airflow(stack: Settings) -> Iterator[Airflow]:
    """Airflow on that stack, its DAGs paused."""
    try:
        found = server.up(print, paused=True)
        yield Airflow(**found)
    finally:
        server.down(print)


@pytest.fixture(scope="session")
def home(stack: Settings) -> Path:
    return stack.home
