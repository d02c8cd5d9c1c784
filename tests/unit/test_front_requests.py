"""Requests to the embedded ClickHouse's front that never come to their end, without a server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from clickvault.embedded.front import app, protocol
from clickvault.embedded.front.errors import QueryError

Receive = Callable[[], Awaitable[dict[str, Any]]]


def read(tmp_path: Path, receive: Receive, most: int = 1000, **headers: str) -> bytes:
    """What _read_body makes of a request."""
    lines = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "method": "POST", "headers": lines}, receive)

    async def body() -> bytes:
        with await app._read_body(request, tmp_path, most) as file:
            return file.read()

    return asyncio.run(body())


def pieces(*some: bytes, silence: float = 0.0) -> Receive:
    """A client that sends these pieces; after the first it waits."""
    left = list(some)

    async def receive() -> dict[str, Any]:
        if len(left) < len(some):
            await asyncio.sleep(silence)
        return {"type": "http.request", "body": left.pop(0), "more_body": bool(left)}

    return receive


def test_a_body_comes_in_pieces(tmp_path: Path) -> None:
    assert read(tmp_path, pieces(b"SELECT", b" 1", b"")) == b"SELECT 1"


def test_a_body_that_stops_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "_SECONDS_OF_SILENCE", 0.05)
    with pytest.raises(QueryError) as error:
        read(tmp_path, pieces(b"SELECT", b" 1", silence=5))
    assert error.value.status == 408


def test_a_body_that_drips_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "_SECONDS_OF_BODY", 0.2)
    with pytest.raises(QueryError) as error:
        read(tmp_path, pieces(*[b"x"] * 1000, silence=0.02))
    assert error.value.status == 408


def test_a_body_has_a_largest_size_declared_or_not(tmp_path: Path) -> None:
    for receive, headers in ((pieces(b"x" * 600, b"x" * 600), {}), (pieces(b"x"), {"content_length": "1001"})):
        with pytest.raises(QueryError) as error:
            read(tmp_path, receive, 1000, **headers)
        assert error.value.status == 413
    assert read(tmp_path, pieces(b"x" * 1000)) == b"x" * 1000


PART = b'--x\r\nContent-Disposition: form-data; name="t"; filename="f"\r\n\r\n'


def form(body: bytes, kind: str = "multipart/form-data; boundary=x") -> protocol.Query:
    found = protocol.Query(form=kind)
    protocol.read_form(found, body)
    return found


def test_a_form_is_read_byte_for_byte() -> None:
    data = b"a\n\r\n--y\r\r\n\xff\0"
    query = b'\r\n--x\r\nContent-Disposition: form-data; name="query"\r\nContent-Type: text/plain\r\n\r\nSELECT 1\r\n--x--\r\n'
    found = form(PART + data + query)
    assert ([(e.name, e.data) for e in found.external], found.query) == ([("t", data)], b"SELECT 1")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PART * 100_000 + b"--x--", ""),
        (b"--x\r\nContent-Disposition: form-data; name=t" + b";\r\n a=b" * 100_000 + b"\r\n\r\n1\r\n--x--", ""),
        (PART + b"1\r\n--x--", "multipart/form-data; boundary=x" + "; a=b" * 100_000),
        (PART + b"1\r\n--x", ""), (PART + b"1", ""), (b"", ""), (PART + b"1\r\n--x--", "multipart/form-data"),
    ],
    ids=["parts", "head", "content type", "no end", "no end of a part", "nothing", "no boundary"],
)  # fmt: skip
def test_a_form_that_takes_minutes_or_has_no_end_is_refused(body: bytes, kind: str) -> None:
    """Half a megabyte of a head took Python's parser longer than any client waits, and no other thread ran meanwhile."""
    begin = time.monotonic()
    with pytest.raises(QueryError) as error:
        form(body, kind or "multipart/form-data; boundary=x")
    assert error.value.status == 400
    assert time.monotonic() - begin < 1
