"""Data from a request into a table, in memory that does not grow with the data.

chDB's own streaming insert (`send_insert`, `insert_append`, `insert_done`) is not used: it swallows what goes wrong
behind the parser (a violated constraint, too many partitions, a view that throws, a refusing foreign table) and reports
the rows as written. So the data goes to a file, and one plain query reads it from there; its errors are the engine's.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clickvault.embedded.front.engine import Connection
from clickvault.embedded.front.errors import QueryError
from clickvault.embedded.front.protocol import summary
from clickvault.embedded.front.statements import Insert, Target, quote, quote_name


def insert(connection: Connection, taken: Insert, data: Iterator[bytes], params: Mapping[str, str], spool: Path) -> str:
    """Run an INSERT whose data is `data`; return the summary header. All formats of the engine are served."""
    sql = taken.statement.sql
    if call := taken.input_call():
        with _spooled(data, spool) as path:
            return _summary(connection.query(_from_input(sql, call, taken.format, path), params=params))
    if not taken.format:
        return _summary(connection.query(sql, params=params))
    target = taken.target()
    columns = _with_foreign_defaults(connection, target, params)
    with _spooled(data, spool) as path:
        if columns is None:
            source = f" FROM INFILE {quote(path)} COMPRESSION 'none' ".encode()
            whole = sql[: target.source_at] + source + sql[target.source_at :]
        else:
            names = ", ".join(quote_name(column.name) for column in columns)
            structure = ", ".join(column.definition() for column in columns)
            listed = b"" if target.columns is not None else f" ({names}) ".encode()
            file = f"file({quote(path)}, {quote(taken.format)}, {quote(structure)}, 'none')"
            settings = sql[target.source_at :].removesuffix(f"FORMAT {taken.format}".encode())
            whole = sql[: target.source_at] + listed + settings + f" SELECT {names} FROM {file}".encode()
        return _summary(connection.query(whole, params=params))


@contextlib.contextmanager
def _spooled(data: Iterator[bytes], spool: Path) -> Iterator[str]:
    """The data in a file: its path for the engine."""
    with tempfile.NamedTemporaryFile(dir=spool, suffix=".in") as file:
        for piece in data:
            file.write(piece)
        file.flush()
        # The engine reads * ? {} in a path as patterns and a=1 as a column of that name; this path has none of them.
        path = f"/proc/self/fd/{file.fileno()}"
        yield path if os.path.exists(path) else file.name


def _from_input(sql: bytes, call: tuple[int, int, int], input_format: str, path: str) -> bytes:
    """INSERT ... SELECT ... FROM input(...): chDB feeds input() from nowhere, so the file takes its place."""
    start, structure, end = call
    file = f"file({quote(path)}, {quote(input_format or 'TabSeparated')}, ".encode()
    rest = sql[end:].removesuffix(f" FORMAT {input_format}".encode()) if input_format else sql[end:]
    return sql[:start] + file + sql[structure : end - 1] + b", 'none')" + rest


@dataclass(frozen=True)
class _Column:
    name: str
    type: str
    kind: str = ""  # "", DEFAULT, MATERIALIZED, ALIAS, EPHEMERAL
    expression: str = ""

    def uses(self, other: _Column) -> bool:
        """Whether the default names the other column, or seems to."""
        word = re.search(rf"(?<!\w){re.escape(other.name)}(?!\w)", self.expression)
        return word is not None or quote_name(other.name) in self.expression

    def definition(self) -> str:
        """The column as one of a table's structure."""
        return f"{quote_name(self.name)} {self.type}" + (f" DEFAULT {self.expression}" if self.kind else "")

    def value(self) -> str:
        """The column as a named expression."""
        value = self.expression or f"defaultValueOfTypeName({quote(self.type)})"
        return f"CAST({value}, {quote(self.type)}) AS {quote_name(self.name)}"


def _with_foreign_defaults(connection: Connection, target: Target, params: Mapping[str, str]) -> list[_Column] | None:
    """The columns that the data brings, if the default of one needs a column that the data does not bring.

    FROM INFILE is what a server does with data, to the last detail, but for this: it knows the columns of the data
    only, and a default that names another one (MATERIALIZED, ALIAS, EPHEMERAL, not in the list) is error 47. So for
    these tables the defaults are made whole: the other columns' expressions go into them. None: no need, or not known.
    """
    if not target.described:
        return None
    try:
        table = {column.name: column for column in _describe(connection, target.described, params)}
        names = target.columns
        if names is None:
            names = tuple(name for name, column in table.items() if column.kind in ("", "DEFAULT"))
        elif not names:  # (* EXCEPT (a)) and the like
            query = b"(SELECT " + target.listed + b" FROM " + target.described + b")"
            names = tuple(column.name for column in _describe(connection, query, params))
    except QueryError:
        return None  # whatever it is, the INSERT will say it
    if any(name not in table for name in names):
        return None
    brought = [table[name] for name in names]
    others = [column for name, column in table.items() if name not in names]
    if not any(column.kind and column.uses(other) for column in brought for other in others):
        return None
    return [_whole(column, others) if column.kind else column for column in brought]


def _describe(connection: Connection, table: bytes, params: Mapping[str, str]) -> list[_Column]:
    options = b" SETTINGS describe_compact_output = 0, describe_include_subcolumns = 0"
    answer = connection.query(b"DESCRIBE TABLE " + table + options, "JSONCompactEachRow", params)
    return [_Column(*json.loads(line)[:4]) for line in answer.bytes().splitlines()]


def _whole(column: _Column, others: list[_Column]) -> _Column:
    needed: list[_Column] = []
    open_ends = [column]
    while open_ends:
        end = open_ends.pop()
        found = [other for other in others if other not in needed and end.uses(other)]
        needed += found
        open_ends += found
    if not needed:
        return column
    values = ", ".join(other.value() for other in needed)
    value = f"tupleElement(({values}, {column.expression}), {len(needed) + 1})"
    return _Column(column.name, column.type, column.kind, value)


def _summary(result: Any) -> str:
    return summary(
        read_rows=result.rows_written(),
        written_rows=result.rows_written(),
        written_bytes=result.bytes_written(),
        seconds=result.elapsed(),
    )
