"""HTTP connections: a request's head has a time, as its body has (see app). uvicorn's own protocol waits for ever."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

SECONDS_OF_HEAD = 30.0


class Protocol(H11Protocol):
    """uvicorn's HTTP on h11, which ends a connection whose request's head does not come."""

    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The client has connected."""
        super().connection_made(transport)
        self._patience = self.loop.call_later(SECONDS_OF_HEAD, self._give_up)

    def data_received(self, data: bytes) -> None:
        """The client has sent a piece, which may begin, go on with or end a request."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._rest()
        elif self._patience is None and self.conn.trailing_data[0]:
            self._patience = self.loop.call_later(SECONDS_OF_HEAD, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """The client has gone."""
        self._rest()
        super().connection_lost(exc)

    def _rest(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        self._patience = None
        if not self.transport.is_closing() and self.conn.their_state is h11.IDLE:
            self.transport.close()
