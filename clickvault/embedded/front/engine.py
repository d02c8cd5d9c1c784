"""chDB in this process: one root connection for its life, cheap connections for the work, and the running queries.

A connection has its own settings, database and temporary tables, costs about a millisecond, and takes one query at a
time. The engine gives queries ids of its own, so a client's query id is kept in the setting `log_comment` of the
connection, and found there when the query is to be killed.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import uuid
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from clickvault.embedded.front.errors import QueryError
from clickvault.embedded.front.statements import quote, quote_name
from clickvault.embedded.front.types import Types

log = logging.getLogger("clickvault.front")

_MOST_KEPT = 256 << 10
_SETTING = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Connection:
    """One chDB connection. Methods block; errors are QueryErrors."""

    def __init__(self, raw: Any) -> None:
        """`raw` is chDB's own connection."""
        self.raw = raw
        self._kept = 0
        self.spoilt = False  # something of a request is left on it: it must not serve another
        self._stream: Generator[Any, None, None] | None = None

    def query(
        self, sql: str | bytes, output_format: str = "TabSeparated", params: Mapping[str, str] | None = None
    ) -> Any:
        """Run to the end; the result has bytes(), rows_written() and so on."""
        try:
            return self.raw.query(_plain(sql), output_format, params=_plain_values(params or {}))
        except (RuntimeError, UnicodeDecodeError) as error:  # the engine quotes bytes of any value
            raise QueryError.from_engine(error) from None

    def value(self, sql: str, params: Mapping[str, str] | None = None) -> str:
        """One value, as text."""
        return str(self.query(sql, "TabSeparatedRaw", params).bytes().decode("utf-8", "replace")).rstrip("\n")

    def stream(self, sql: bytes, output_format: str, params: Mapping[str, str]) -> Generator[Any, None, None]:
        """Start a SELECT and yield its result objects, each one chunk of output."""
        self._stream = self._streaming(sql, output_format, params)
        return self._stream

    def keep(self, size: int) -> None:
        """Count what a session keeps of its SETs: of parameters with long values, the memory of this process would fill."""
        self._kept += size
        if self._kept > _MOST_KEPT:
            raise QueryError.make(
                290, "LIMIT_EXCEEDED", f"The SETs of a session have at most {_MOST_KEPT} bytes in all"
            )

    def end_stream(self) -> None:
        """End a stream that was not read to its end; a connection must not be used or closed while one runs."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _streaming(self, sql: bytes, output_format: str, params: Mapping[str, str]) -> Generator[Any, None, None]:
        try:
            running = self.raw.send_query(sql, output_format, params=_plain_values(params))
            try:
                while True:
                    chunk = self.raw.streaming_fetch_result(running)
                    if chunk is None or not chunk.size():
                        return
                    yield chunk
            finally:
                with contextlib.suppress(RuntimeError):
                    self.raw.streaming_cancel_query(running)
        except (RuntimeError, UnicodeDecodeError) as error:  # the engine quotes bytes of any value
            raise QueryError.from_engine(error) from None

    def use(self, database: str) -> None:
        """Make a database the current one."""
        self.query(f"USE {quote_name(database)}")

    def set(self, settings: Mapping[str, str]) -> None:
        """Change settings of this connection. Unknown ones are the engine's error 115."""
        check_names(settings)
        if settings:
            self.query("SET " + ", ".join(f"{name} = {quote(value)}" for name, value in settings.items()))

    def close(self) -> None:
        """Close; whatever ran on it ends."""
        with contextlib.suppress(Exception):
            self.end_stream()
        with contextlib.suppress(Exception):
            self.raw.close()


def check_names(settings: Iterable[str]) -> None:
    """Raise for a name that no setting can have, before it stands in a statement."""
    for name in settings:
        if not _SETTING.fullmatch(name):
            raise QueryError.make(115, "UNKNOWN_SETTING", f"Unknown setting {quote(name)}.")


def _plain(sql: str | bytes) -> bytes:
    return sql if isinstance(sql, bytes) else sql.encode("utf-8", "surrogateescape")


def _plain_values(params: Mapping[str, str]) -> dict[str, str]:
    """Parameters whose bytes are not UTF-8, in the escaped form that the engine reads parameters in."""
    return {_escapes(name): _escapes(value) for name, value in params.items()}


def _escapes(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


class Running:
    """A query that runs now, so that it can be cancelled from elsewhere."""

    def __init__(self, engine: Engine, query_id: str) -> None:
        """`query_id` is the client's."""
        self.engine = engine
        self.query_id = query_id
        self.cancelled = False

    def cancel(self) -> None:
        """End the query in the engine."""
        self.cancelled = True
        self.engine.kill(self.query_id)


class Engine:
    """The engine of this process."""

    def __init__(self, chdb: ModuleType, data: Path, config: Path) -> None:
        """Open the data folder with a configuration file; `chdb` is what import_chdb gives."""
        self._chdb = chdb
        self._path = str(data)
        self._mutex = threading.Lock()
        self._running: dict[str, Running] = {}
        # Must stay open: closing the last connection shuts Kafka tables down for good.
        self._root = Connection(self._chdb.connect(f"{data}?config-file={config}&log-level=warning"))
        self._chdb.reset_signal_handlers()
        self.version = self._root.value("SELECT version()")
        self.timezone = self._root.value("SELECT timezone()")
        names = self._root.value(
            "SELECT arrayStringConcat(groupArray(name), ' ') FROM system.functions WHERE categories = 'AI'"
        )
        self.ai_functions = frozenset(name.lower() for name in names.split())
        self.sources = frozenset(name.lower() for name in self._names("table_functions"))
        self.types = Types(
            families=frozenset(name.lower() for name in self._names("data_type_families")),
            zones=frozenset(self._names("time_zones", "time_zone")),
        )

    def _names(self, table: str, column: str = "name") -> list[str]:
        return self._root.value(f"SELECT {column} FROM system.{table}").split("\n")

    def connect(self) -> Connection:
        """A new connection, with the rights of the owner."""
        return Connection(self._chdb.connect(self._path))

    @contextlib.contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection for a moment."""
        connection = self.connect()
        try:
            yield connection
        finally:
            connection.close()

    @contextlib.contextmanager
    def running(self, query_id: str) -> Iterator[Running]:
        """Register a query for the time it runs. Two of one id are refused, as clickhouse-server does."""
        entry = Running(self, query_id)
        with self._mutex:
            if query_id in self._running:
                raise QueryError.make(
                    216, "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING", f"Query with id = {query_id} is already running."
                )
            self._running[query_id] = entry
        try:
            yield entry
        finally:
            with self._mutex:
                self._running.pop(query_id, None)

    def engine_ids(self) -> dict[str, str]:
        """The engine's id of each running query that has a client's id."""
        with self.connection() as connection:
            text = connection.query(
                "SELECT Settings['log_comment'] AS id, query_id FROM system.processes WHERE id != ''", "TabSeparatedRaw"
            ).bytes()
        pairs = (line.split("\t") for line in text.decode("utf-8", "replace").splitlines())
        return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}

    def kill(self, query_id: str) -> None:
        """Ask the engine to end a client's query; no error when it does not run."""
        with contextlib.suppress(QueryError):
            found = self.engine_ids().get(query_id)
            if found:
                with self.connection() as connection:
                    connection.query(f"KILL QUERY WHERE query_id = {quote(found)} ASYNC")

    def cancel_all(self) -> None:
        """End every running query."""
        with contextlib.suppress(QueryError), self.connection() as connection:
            connection.query("KILL QUERY WHERE query_id != queryID() ASYNC")

    def close(self) -> None:
        """Close the engine; only at the end of the process."""
        self._root.close()


def new_query_id() -> str:
    """An id for a query whose client gave none."""
    return str(uuid.uuid4())
