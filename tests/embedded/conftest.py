"""Fixtures of the tests that run on the embedded stack: one stack a session, in a folder of its own."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from clickvault.clickhouse import connect
from clickvault.settings import Settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # kafka-python reads its schemas in a way that Python gave up
    import kafka  # noqa: F401

from tests.worlds import running_stack


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
