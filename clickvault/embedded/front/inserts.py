"""Data from a request into a table, in memory that does not grow with the data."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

from clickvault.embedded.front.engine import Connection
from clickvault.embedded.front.errors import QueryError
from clickvault.embedded.front.protocol import summary
from clickvault.embedded.front.sqltext import Statement, quote

_SMALL = 1 << 20


def insert(
    connection: Connection,
    statement: Statement,
    data: Iterator[bytes],
    default_format: str,
    params: Mapping[str, str],
    spool: Path,
) -> str:
    """Run an INSERT whose data is `data`; return the summary header. All formats of the engine are served."""
    if statement.input_call is not None:
        return _through_input(connection, statement, data, params, spool)
    if not statement.takes_data:
        return _summary(connection.query(statement.sql, params=params))
    output_format = statement.format or default_format or "Values"
    if output_format == "Values":
        # The engine's own parser knows expressions and parameters among values; it needs the text in one piece.
        head = b""
        for piece in data:
            head += piece
            if len(head) > _SMALL:
                break
        else:
            return _summary(connection.query(statement.sql + b" VALUES " + head, params=params))
        data = chain((head,), data)
    if params and b"{" in statement.sql:
        connection.query(
            "SET "
            + ", ".join(f"param_{name} = {quote(value)}" for name, value in params.items() if name.isidentifier())
        )
    return _append(connection, statement.sql, output_format, data)


def _append(connection: Connection, sql: bytes, output_format: str, data: Iterator[bytes]) -> str:
    raw = connection.raw
    handle = None
    try:
        handle = raw.send_insert(sql, output_format)
        for piece in data:
            raw.insert_append(handle, piece)
        done, handle = handle, None
        return _summary(raw.insert_done(done))
    except RuntimeError as error:
        raise QueryError.from_engine(error) from None
    finally:
        if handle is not None:
            _cancel(raw, handle)


def _cancel(raw: Any, handle: Any) -> None:
    with contextlib.suppress(RuntimeError):  # raised when the engine had given it up already
        raw.insert_cancel(handle)


def _through_input(
    connection: Connection, statement: Statement, data: Iterator[bytes], params: Mapping[str, str], spool: Path
) -> str:
    """INSERT ... SELECT ... FROM input(...): chDB feeds input() from nowhere, so a file takes its place."""
    assert statement.input_call is not None
    start, end = statement.input_call
    structure = statement.sql[start:end].partition(b"(")[2].rpartition(b")")[0]
    handle, name = tempfile.mkstemp(dir=spool, suffix=".in")
    try:
        with os.fdopen(handle, "wb") as file:
            for piece in data:
                file.write(piece)
        call = f"file({quote(name)}, {quote(statement.format or 'TabSeparated')}, ".encode() + structure + b", 'none')"
        return _summary(connection.query(statement.sql[:start] + call + statement.sql[end:], params=params))
    finally:
        os.unlink(name)


def _summary(result: Any) -> str:
    return summary(
        read_rows=result.rows_written(),
        written_rows=result.rows_written(),
        written_bytes=result.bytes_written(),
        seconds=result.elapsed(),
    )
