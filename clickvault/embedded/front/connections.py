"""HTTP connections: a request's head has a time, as its body has (see app), and a largest size.

uvicorn's own protocol waits for ever, and h11 makes objects of whatever comes. Nobody has logged in yet: what one
connection sends may cost the others nothing.
"""

from __future__ import annotations

import asyncio
import re

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

SECONDS_OF_HEAD = 30.0
MOST_HEADERS, LONGEST_HEADERS, LONGEST_PATH = 100, 64 << 10, 8 << 10
_PIECE = 16 << 10  # of a body in chunks: behind it may be headers again
_END = re.compile(rb"\n\r?\n")


class _Head:
    """What has come of a request's head: looked at once, as it comes, and without making anything of it."""

    def __init__(self) -> None:
        self._last = b""
        self._line = 0  # bytes of the first line, and whether a ? was in it, and whether it has ended
        self._asks = self._over = False
        self._headers = self._bytes = 0

    def takes(self, data: bytes) -> bool:
        """The next piece, which may have more behind the head. False when it is a head that no client sends."""
        if len(data) > _PIECE:  # sent while another request was being answered
            return False
        if end := _END.search(self._last + data):
            data = data[: max(end.end() - len(self._last), 0)]
        self._last = (self._last + data)[-2:]
        if not self._over:
            first, self._over, data = _parted(data)
            self._asks = self._asks or b"?" in first[: max(LONGEST_PATH - self._line, 0)]
            self._line += len(first)
        self._headers += data.count(b"\n")
        self._bytes += len(data)
        path_too_long = self._line > LONGEST_PATH and not self._asks
        return not path_too_long and self._headers <= MOST_HEADERS + 1 and self._bytes <= LONGEST_HEADERS


def _parted(data: bytes) -> tuple[bytes, bool, bytes]:
    first, end, rest = data.partition(b"\n")
    return first, bool(end), rest


class Protocol(H11Protocol):
    """uvicorn's HTTP on h11, which ends a connection whose request's head does not come."""

    _patience: asyncio.TimerHandle | None = None
    _head: _Head | None = None  # of the request that comes, once something of it has

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The client has connected."""
        super().connection_made(transport)
        self._patience = self.loop.call_later(SECONDS_OF_HEAD, self._give_up)

    def data_received(self, data: bytes) -> None:
        """The client has sent a piece, which may begin, go on with or end a request."""
        with_length = self.conn.their_state is h11.SEND_BODY and b"transfer-encoding" not in dict(self.headers)
        size = len(data) if with_length else _PIECE
        for start in range(0, len(data), size):
            piece = data[start : start + size]
            if self._head is not None and not self._bearable(piece):
                return
            super().data_received(piece)
            if self.conn.their_state is h11.SEND_BODY and len(self.conn.trailing_data[0]) > _PIECE:
                self._refuse()
            if self.transport.is_closing():
                return
        if self.conn.their_state is not h11.IDLE:
            self._rest()
        elif self._patience is None and self.conn.trailing_data[0]:
            self._patience = self.loop.call_later(SECONDS_OF_HEAD, self._give_up)

    def handle_events(self) -> None:
        """Read what has come; what came while the request before was answered begins a head, too."""
        if self._head is None and self.conn.their_state is h11.IDLE and (came := self.conn.trailing_data[0]):
            self._head = _Head()
            if not self._bearable(came):
                return
        super().handle_events()
        if self.conn.their_state is not h11.IDLE:
            self._head = None

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP. In the middle of an answer, or behind the last one, there is no saying so."""
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._rest()
        super().connection_lost(exc)

    def _bearable(self, piece: bytes) -> bool:
        assert self._head is not None
        if self._head.takes(piece):
            return True
        self._refuse()
        return False

    def _refuse(self) -> None:
        self.send_400_response(
            f"A request has at most {MOST_HEADERS} headers, of {LONGEST_HEADERS} bytes, and a path of {LONGEST_PATH}."
        )

    def _rest(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if not self.transport.is_closing() and self.conn.their_state is h11.IDLE:
            self.transport.close()
