"""A PostgreSQL and a ClickHouse engine for the vault's tests, started once for all of them."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clickvault import postgres
from clickvault.embedded import postgres as embedded
from clickvault.embedded import process
from clickvault.embedded.state import State, prepare_home
from clickvault.postgres import Connection


@dataclass
class Server:
    """A running PostgreSQL: its state folder and its URL."""

    state: State

    @property
    def url(self) -> str:
        return embedded.url(self.state)

    def kill(self) -> None:
        """kill -9 of the server."""
        child = self.state.process("postgres")
        assert child is not None
        os.kill(child.pid, 9)

    def start(self) -> None:
        embedded.start(self.state, threading.Event())

    def stop(self) -> None:
        child = self.state.process("postgres")
        if child is not None and child.alive():
            process.stop(child, seconds=20.0, sig=2)
        embedded.purge(self.state)


def make_server(home: Path) -> Server:
    prepare_home(home)
    server = Server(State(home))
    server.start()
    return server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = make_server(tmp_path_factory.mktemp("vault"))
    yield server
    server.stop()


@pytest.fixture
def pg(server: Server) -> Iterator[Connection]:
    """A connection to a database of its own."""
    admin = postgres.connect(server.url)
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute("drop database if exists t with (force)")
        cursor.execute("create database t")
    connection = postgres.connect(server.url.rsplit("/", 1)[0] + "/t")
    yield connection
    connection.close()
    admin.close()


@pytest.fixture(scope="session")
def ch(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A client of the ClickHouse engine, in this process."""
    import clickhouse_connect

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = clickhouse_connect.get_client(interface="chdb", path=str(tmp_path_factory.mktemp("ch")))
    client.command("CREATE DATABASE IF NOT EXISTS raw")
    client.command("CREATE DATABASE IF NOT EXISTS ops")
    return client
