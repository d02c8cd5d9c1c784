"""ClickHouse, reached by URL: connections, and running rendered SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from clickvault.errors import StoreError

MAX_QUERY_BYTES = 2**24
"""Statements over all event types grow with the contracts, beyond the engine's usual 256 KiB."""


def connect(url: str, **settings: Any) -> Client:
    """A client for `http://user:password@host:port`. Raises StoreError when nobody answers."""
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
        raise StoreError(
            f"ClickHouse does not answer at {parts.hostname}:{parts.port}: {server_said(error)[:400]}",
            hint="clickvault up",
            store="clickhouse",
        ) from error


def rows(client: Client, sql: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """The result of a query as a list of row objects."""
    return list(client.query(sql, parameters=dict(parameters or {})).named_results())


def server_said(error: Exception) -> str:
    """The server's own words of an error, in one line: without the client's frame around them, and the address."""
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0].split("server response: ", 1)[-1].rsplit(" (for url", 1)[0][:500]
