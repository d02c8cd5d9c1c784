"""Fixtures of the tests that run on the embedded stack: one stack a session, in a folder of its own."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client

from clickvault.clickhouse import connect
from clickvault.embedded import stack as embedded
from clickvault.settings import Settings, get_settings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # kafka-python reads its schemas in a way that Python gave up
    import kafka  # noqa: F401

_ADDRESSES = ("CLICKHOUSE_", "KAFKA_", "S3_", "POSTGRES_", "NEO4J_", "CLICKVAULT_")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The settings of a running stack; whatever the environment says about other stores is set aside."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(_ADDRESSES)]:
            patch.delenv(name)
        patch.setenv("CLICKVAULT_HOME", str(tmp_path_factory.mktemp("home") / ".clickvault"))
        embedded.up()
        try:
            yield get_settings()
        finally:
            embedded.down(purge=True)


@pytest.fixture
def ch(stack: Settings) -> Iterator[Client]:
    """A clickhouse-connect client of the owner, without a session of its own."""
    client = connect(stack.clickhouse_url)
    yield client
    client.close()
