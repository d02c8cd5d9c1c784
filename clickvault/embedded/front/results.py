"""A statement's answer as chunks of bytes, in memory that does not grow with the result.

chDB streams a SELECT by running each block through the output format anew. That is right for formats whose blocks can
be put one after the other; a format with a head, a foot or column names would repeat them. Those are written to a file
by the engine itself (INTO OUTFILE), and the file is streamed.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from clickvault.embedded.front.compression import PIECE
from clickvault.embedded.front.engine import Connection
from clickvault.embedded.front.protocol import DEFAULT_FORMAT, summary
from clickvault.embedded.front.statements import Statement, quote

# fmt: off
_CONCATENABLE = frozenset({
    "native", "tabseparated", "tsv", "tabseparatedraw", "tsvraw", "raw", "csv", "rowbinary", "jsoneachrow",
    "jsonlines", "ndjson", "jsonstringseachrow", "jsoncompacteachrow", "jsoncompactstringseachrow", "tskv",
    "lineasstring", "rawblob", "msgpack", "protobuf", "null",
})
# fmt: on


@dataclass
class Answer:
    """What goes back to the client."""

    format: str
    chunks: Iterator[bytes]
    summary: str


def run(
    connection: Connection, statement: Statement, default_format: str, params: Mapping[str, str], spool: Path
) -> Answer:
    """Run anything but an INSERT."""
    output_format = statement.output_format()[0] or default_format or DEFAULT_FORMAT
    if not statement.selects:
        result = connection.query(statement.sql, output_format, params)
        return Answer(
            output_format,
            iter((result.bytes(),)),
            summary(
                read_rows=result.storage_rows_read(),
                read_bytes=result.storage_bytes_read(),
                written_rows=result.rows_written(),
                written_bytes=result.bytes_written(),
                result_rows=result.rows_read(),
                result_bytes=result.size(),
                seconds=result.elapsed(),
            ),
        )
    if output_format.lower() in _CONCATENABLE and b"array_of_rows" not in statement.sql:
        return _streamed(connection, statement, output_format, params)
    return _spooled(connection, statement, output_format, params, spool)


def _streamed(connection: Connection, statement: Statement, output_format: str, params: Mapping[str, str]) -> Answer:
    stream = connection.stream(statement.sql, output_format, params)
    first = next(stream, None)  # most errors come here, while the status line can still tell of them
    if first is None:
        return Answer(output_format, iter(()), summary())

    def chunks() -> Iterator[bytes]:
        with contextlib.closing(stream):
            yield first.bytes()
            for chunk in stream:
                yield chunk.bytes()

    return Answer(
        output_format,
        chunks(),
        summary(
            read_rows=first.storage_rows_read(),
            read_bytes=first.storage_bytes_read(),
            result_rows=first.rows_read(),
            result_bytes=first.size(),
            seconds=first.elapsed(),
        ),
    )


def _spooled(
    connection: Connection, statement: Statement, output_format: str, params: Mapping[str, str], spool: Path
) -> Answer:
    handle, name = tempfile.mkstemp(dir=spool, suffix=".out")
    try:
        at = statement.output_format()[1]
        outfile = f"\nINTO OUTFILE {quote(name)} TRUNCATE COMPRESSION 'none'\n".encode()
        result = connection.query(statement.sql[:at] + outfile + statement.sql[at:], output_format, params)
        file = open(name, "rb")  # noqa: SIM115 (closed by the generator below)
    finally:
        os.close(handle)
        os.unlink(name)

    def chunks() -> Iterator[bytes]:
        with file:
            while piece := file.read(PIECE):
                yield piece

    return Answer(
        output_format,
        chunks(),
        summary(
            read_rows=result.storage_rows_read(),
            read_bytes=result.storage_bytes_read(),
            result_bytes=os.fstat(file.fileno()).st_size,
            seconds=result.elapsed(),
        ),
    )
