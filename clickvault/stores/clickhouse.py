"""ClickHouse, reached by URL: connections, and running rendered SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.datatypes import temporal
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from clickvault.errors import ClickvaultError, ConfigurationError, DataError, StoreError, hint_for

# ClickHouse's own codes: an unknown user, a wrong password, a right that is missing; and what is wrong with a statement,
# whenever it is asked (a text that is no number, a column, a function, a type, a setting that there is not, ...).
LOGIN = {192, 193, 497, 516}
_FOR_GOOD = {6, 20, 36, 42, 43, 44, 46, 47, 53, 62, 70, 115, 215, 386}

MAX_QUERY_BYTES = 2**24
"""Statements over all event types grow with the contracts, beyond the engine's usual 256 KiB."""


_FIRST, _LAST = -2_208_988_800, 10_413_791_999
"""1900-01-01 and 2299-12-31 23:59:59, in seconds since 1970: what a DateTime64 is meant to hold."""


class DateTime64(temporal.DateTime64):
    """The client's type of that name, which this one takes the place of (types are registered by their names).

    ClickHouse keeps times that Python can't hold (microseconds taken for milliseconds: the year 58881), and prints them as the
    first or last that a DateTime64 is meant to hold. They are read so here; the client itself would end in an exception.
    """

    __slots__ = ()

    def _read_binary_tz(self, column: Sequence[int], tz_info: Any) -> Any:
        return super()._read_binary_tz(self._clamped(column), tz_info)

    def _read_binary_naive(self, column: Sequence[int]) -> Any:
        return super()._read_binary_naive(self._clamped(column))

    def _clamped(self, column: Sequence[int]) -> Sequence[int]:
        low, high = _FIRST * self.prec, (_LAST + 1) * self.prec - 1
        if not column or (min(column) >= low and max(column) <= high):
            return column
        return type(column)("q", (min(max(ticks, low), high) for ticks in column))  # type: ignore[call-arg]


def connect(url: str, **settings: Any) -> Client:
    """A client for `http://user:password@host:port`. Raises StoreError when nobody answers, ConfigurationError when it refuses the login."""
    parts = urlsplit(url)
    try:
        return clickhouse_connect.get_client(
            host=parts.hostname or "127.0.0.1",
            port=parts.port or (8443 if parts.scheme == "https" else 8123),
            secure=parts.scheme == "https",
            username=unquote(parts.username or "default"),
            password=unquote(parts.password or ""),
            autogenerate_session_id=False,
            send_receive_timeout=3600,
            settings={"max_query_size": MAX_QUERY_BYTES, **settings},
        )
    except ClickHouseError as error:
        raise as_ours(f"ClickHouse does not answer at {parts.hostname}:{parts.port}", error, "clickvault up") from error


def as_ours(what: str, error: ClickHouseError, hint: str) -> ClickvaultError:
    """A client's error as this project's own: of a login, of a statement that would fail again, or of a server that is away or busy."""
    code = getattr(error, "code", None)
    if code in LOGIN:
        return ConfigurationError(
            f"ClickHouse refuses this login: {server_said(error)}", hint="look at CLICKHOUSE_URL; docs/security.md"
        )
    if code in _FOR_GOOD:
        return DataError(f"{what}: {server_said(error)}")
    return StoreError(f"{what}: {server_said(error)}", hint=hint_for(server_said(error)) or hint, store="clickhouse")


def rows(client: Client, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """The result of a query as a list of row objects."""
    return list(client.query(sql, parameters=dict(parameters or {})).named_results())


def server_said(error: Exception) -> str:
    """The server's own words of an error, in one line: without the client's frame around them, and the address."""
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0].split("server response: ", 1)[-1].rsplit(" (for url", 1)[0][:500]
