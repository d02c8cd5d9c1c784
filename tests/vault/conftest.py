"""A PostgreSQL and a ClickHouse for the vault's tests, started once for all of them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.client import Client

from clickvault.embedded import clickhouse as embedded_clickhouse
from clickvault.embedded import postgres as embedded_postgres
from clickvault.embedded import process
from clickvault.embedded.state import State, prepare_home
from clickvault.errors import StoreError
from clickvault.stores import clickhouse, postgres
from clickvault.stores.postgres import Connection
from tests.vault.staging import Raw


class Server:
    """PostgreSQL and, where asked for, ClickHouse, in a state folder of their own."""

    def __init__(self, home: Path) -> None:
        prepare_home(home)
        self.state = State(home)

    @property
    def url(self) -> str:
        """Of PostgreSQL."""
        return embedded_postgres.url(self.state)

    def start(self, store: Any = embedded_postgres) -> None:
        for _ in range(20):
            with suppress(StoreError):  # the processes of a killed server may still be leaving
                return store.start(self.state, threading.Event())
            time.sleep(0.5)
        store.start(self.state, threading.Event())

    def kill(self, store: str = "postgres") -> None:
        """kill -9."""
        child = self.state.process(store)
        assert child is not None
        os.kill(child.pid, 9)
        while child.alive():  # until it is reaped: a server that starts takes a zombie for one that runs
            time.sleep(0.01)

    def stop(self) -> None:
        for store, sig in (("clickhouse", 15), ("postgres", 2)):
            child = self.state.process(store)
            if child is not None and child.alive():
                process.stop(child, seconds=20.0, sig=sig)
        embedded_postgres.purge(self.state)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("vault"))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def ch(server: Server) -> Iterator[Client]:
    server.start(embedded_clickhouse)
    client = clickhouse.connect(embedded_clickhouse.url(server.state))
    yield client
    client.close()


@pytest.fixture
def pg(server: Server) -> Iterator[Connection]:
    """A connection to an empty database."""
    empty_database(server)
    connection = postgres.connect(server.url)
    yield connection
    connection.close()


def empty_database(server: Server) -> None:
    """Drop what other tests left in the database."""
    connection = postgres.connect(server.url)
    with connection, connection.cursor() as cursor:
        for schema in ("stage", "vault", "vault_months", "ops", "graph"):
            cursor.execute(f"drop schema if exists {schema} cascade")
    connection.close()


@pytest.fixture
def raw(server: Server, ch: Client, pg: Connection) -> Raw:
    """The raw side of ClickHouse, empty, with the way from there to PostgreSQL."""
    raw = Raw(ch, server.url)
    raw.begin()
    return raw
