"""Whether a store is healthy: asked of what answers badly, and of what was never started."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from clickvault.embedded import clickhouse, process, s3, stack
from clickvault.embedded.state import State


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n1", b"220 another protocol\r\n"])
@pytest.mark.parametrize(("store", "healthy"), [("clickhouse", clickhouse.healthy), ("s3", s3.healthy)])
def test_an_answer_that_is_cut_short(
    tmp_path: Path, store: str, healthy: Callable[[State], bool], answer: bytes
) -> None:
    """As of a server that is killed at that moment; the gateway's answer has nothing but its status."""
    state = State(tmp_path)
    with socket.create_server(("127.0.0.1", state.port(store))) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        assert healthy(state) is (store == "s3" and answer.startswith(b"HTTP/1.1 200"))
        thread.join()


def test_status_writes_nothing(tmp_path: Path) -> None:
    """While a first `up` is at work, with PostgreSQL's data folder being made, and no port chosen yet."""
    state = State(tmp_path)
    state.record("postgres", process.Child(os.getpid(), process.birth_mark(os.getpid())))
    before = (tmp_path / "stack.json").read_bytes()
    found = {status.store: status for status in stack.status(home=tmp_path)}
    assert found["postgres"].pid == os.getpid()
    assert {store for store, status in found.items() if status.healthy} == {"graph"}
    assert {status.url for store, status in found.items() if store != "graph"} == {""}
    assert (tmp_path / "stack.json").read_bytes() == before
