"""One HTTP request: log in, read the body, run the statement in a thread, stream the answer, cancel when left alone.

An ASGI application on Starlette's request object; uvicorn serves it. The event loop never waits for the engine, so
`/ping` answers while queries run.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import IO, Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive, Scope, Send

from clickvault.embedded.front import compression, frames, protocol
from clickvault.embedded.front.access import Access
from clickvault.embedded.front.engine import Connection, Engine, Running, new_query_id
from clickvault.embedded.front.errors import QueryError
from clickvault.embedded.front.inserts import insert
from clickvault.embedded.front.protocol import DEFAULT_FORMAT, Query
from clickvault.embedded.front.results import Answer, run
from clickvault.embedded.front.sessions import Sessions, scoped
from clickvault.embedded.front.sqltext import Statement, quote, quote_name, read_statement

log = logging.getLogger("clickvault.front")
T = TypeVar("T")

THREADS = 64
_MEMORY_FOR_BODY = 8 << 20  # larger bodies go to a file
_HEAD_OF_BODY = 1 << 20  # a statement ends within this much of a body that brings data


class Front:
    """The ASGI application."""

    def __init__(self, engine: Engine, access: Access, spool: Path) -> None:
        """`spool` is the folder for what is too large for memory."""
        self._engine = engine
        self._access = access
        self._spool = spool
        self._sessions = Sessions(engine)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="query")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (or the server's own start and stop)."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        reply = _Reply(send, head_only=request.method == "HEAD")
        path = request.url.path
        if path in ("/ping", "/replicas_status"):
            await reply.text(200, "Ok.\n")
        elif path not in ("/", "/query"):
            await reply.text(404, f"There is no handle {path}\n\nUse / or /ping for health checks.\n")
        elif request.method not in ("GET", "HEAD", "POST"):
            await reply.text(501, f"Method {request.method} is not served\n")
        elif request.method in ("GET", "HEAD") and "query" not in request.query_params:
            await reply.text(200, "Ok.\n")
        else:
            await self._serve(request, reply)

    async def _serve(self, request: Request, reply: _Reply) -> None:
        work: _Work | None = None
        try:
            query = protocol.read_request(request.method, request.scope["query_string"], request.headers)
            query.query_id = query.query_id or new_query_id()
            reply.query(query, self._engine.timezone)
            self._access.login(query.user, query.password)
            body = await _read_body(request, self._spool)
            work = _Work(self._engine, self._access, self._sessions, self._spool, query, body)
            watcher = asyncio.create_task(_until_disconnect(request.receive))
            try:
                await self._answer(work, reply, watcher)
            finally:
                watcher.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watcher
        except ClientDisconnect:
            return
        except QueryError as error:
            if work is not None:
                await self._in_thread(work.close)
            await reply.error(error)
        except Exception as error:
            if reply.started:
                raise
            log.exception("request failed")
            await reply.error(QueryError.make(1001, "STD_EXCEPTION", f"{type(error).__name__}: {error}"))
        finally:
            if work is not None:
                await self._in_thread(work.close)

    async def _answer(self, work: _Work, reply: _Reply, watcher: asyncio.Task[None]) -> None:
        answer = await self._watched(work, watcher, work.begin)
        if answer is None:
            return
        try:
            await reply.begin(answer)
            while (chunk := await self._watched(work, watcher, lambda: next(answer.chunks, None))) is not None:
                await reply.chunk(chunk)
        except QueryError as error:
            if not reply.started:
                raise
            await reply.broken(error)
            raise BrokenAnswer(error.text) from None
        # Before the client knows that it has all: its next request may use the same session or query id.
        await self._in_thread(work.close)
        await reply.end()

    async def _watched(self, work: _Work, watcher: asyncio.Task[None], call: Callable[[], T | None]) -> T | None:
        """Run a blocking call in a thread; when the client leaves before it returns, cancel the query."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().run_in_executor(self._pool, call)
        ends: list[asyncio.Future[Any]] = [future, watcher]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if not future.done():
            while not future.done():  # until the engine knows the query, there is nothing to cancel
                await asyncio.get_running_loop().run_in_executor(None, work.cancel)
                await asyncio.wait({future}, timeout=0.2)
            with contextlib.suppress(QueryError):
                await future
            raise ClientDisconnect
        result: T | None = await future
        return result

    async def _in_thread(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, call)


class BrokenAnswer(Exception):
    """Ends a connection whose answer could not be completed, so that the client does not take it for whole."""


class _Work:
    """The blocking side of one request: everything that touches the engine."""

    def __init__(
        self, engine: Engine, access: Access, sessions: Sessions, spool: Path, query: Query, body: IO[bytes]
    ) -> None:
        self._engine = engine
        self._access = access
        self._sessions = sessions
        self._spool = spool
        self._query = query
        self._body = body
        self._stack = contextlib.ExitStack()
        self._running: Running | None = None

    def begin(self) -> Answer:
        """Run the statement as far as its first output."""
        query = self._query
        if query.framed_answer:
            frames.encode(b"")  # before the statement runs: the error that there is no package for it
        pieces = compression.decode(query.content_encoding, iter(lambda: self._body.read(compression.PIECE), b""))
        if query.framed_body and not query.form:
            pieces = frames.decode(pieces)
        if query.form:
            protocol.read_form(query, b"".join(pieces))
            pieces = iter(())
        statement, data = _split(query.query, pieces)
        if statement.kind == "empty":
            raise QueryError.make(62, "SYNTAX_ERROR", "Syntax error: failed at position 1 (end of query): Empty query.")
        if statement.statements > 1:
            raise QueryError.make(62, "SYNTAX_ERROR", "Syntax error (Multi-statements are not allowed)")
        if statement.local_file:
            raise QueryError.make(
                78,
                "UNKNOWN_TYPE_OF_QUERY",
                f"{statement.local_file} is for a client's own files and is not served over HTTP",
            )
        self._running = self._stack.enter_context(self._engine.running(query.query_id))
        connection = self._connect()
        self._access.check(connection, query.user, statement, query.params, query.get)
        for table in query.external:
            self._external(connection, table)
        if statement.kind == "insert":
            answer_summary = insert(connection, statement, data, query.default_format, query.params, self._spool)
            return Answer(DEFAULT_FORMAT, iter(()), answer_summary)
        if statement.kind == "kill":
            return self._kill(connection, statement)
        answer = run(connection, statement, query.default_format, query.params, self._spool)
        return _collected(answer, self._spool) if query.wait_end else answer

    def cancel(self) -> None:
        """End the query in the engine."""
        if self._running is not None:
            self._running.cancel()

    def close(self) -> None:
        """Free all that the request held. May be called twice."""
        self._stack.close()
        self._body.close()
        if self._query.session_id and self._query.session_ends:
            self._sessions.drop(self._query.user, self._query.session_id)

    def _connect(self) -> Connection:
        query = self._query
        settings = {"log_comment": query.query_id, **query.settings}
        limits = {"readonly": "2"} if self._access.reads_only(query.user) else {}
        if query.session_id:
            connection, new = self._stack.enter_context(
                self._sessions.use(query.user, query.session_id, query.session_seconds, query.session_must_exist)
            )
            if new:
                connection.set(limits)
            self._stack.enter_context(scoped(connection, settings, query.database))
            return connection
        connection = self._stack.enter_context(self._engine.connection())
        connection.set(limits)
        connection.set(settings)
        if query.database:
            connection.use(query.database)
        return connection

    def _external(self, connection: Connection, table: protocol.External) -> None:
        name = quote_name(table.name)
        if not table.format.isidentifier():
            raise QueryError.make(73, "UNKNOWN_FORMAT", f"Unknown format {quote(table.format)}")
        create = f"CREATE TEMPORARY TABLE {name} (\n{table.structure}\n) ENGINE = Memory"
        if read_statement(create.encode()).statements > 1:
            raise QueryError.make(62, "SYNTAX_ERROR", "Syntax error (Multi-statements are not allowed)")
        self._access.check_external(connection, self._query.user, create)
        connection.query(create)
        self._stack.callback(connection.query, f"DROP TEMPORARY TABLE IF EXISTS {name}")
        target = read_statement(f"INSERT INTO {name} FORMAT {table.format} ".encode())
        insert(connection, target, iter((table.data,)), "", {}, self._spool)

    def _kill(self, connection: Connection, statement: Statement) -> Answer:
        """KILL QUERY names the client's query ids; the engine knows others."""
        ids = {ours: theirs for ours, theirs in self._engine.engine_ids().items() if ours != self._query.query_id}
        sql = statement.sql
        for ours, theirs in ids.items():
            sql = sql.replace(quote(ours).encode(), quote(theirs).encode())
        translated = Statement(sql, "kill", statement.format)
        answer = run(connection, translated, self._query.default_format, self._query.params, self._spool)

        def back() -> Iterator[bytes]:
            for chunk in answer.chunks:
                for ours, theirs in ids.items():
                    chunk = chunk.replace(theirs.encode(), ours.encode()) if len(ours) == len(theirs) else chunk
                yield chunk

        return Answer(answer.format, back(), answer.summary)


class _Reply:
    """The answer's side of the ASGI protocol."""

    def __init__(self, send: Send, head_only: bool) -> None:
        self._send = send
        self._head_only = head_only
        self._headers: dict[str, str] = {}
        self._query: Query | None = None
        self._encoder: compression.Encoder | None = None
        self._tag = protocol.exception_tag()
        self._framed = False
        self.started = False

    def query(self, query: Query, timezone: str) -> None:
        """Headers that every answer to a query has."""
        self._query = query
        self._framed = query.framed_answer
        self._headers["X-ClickHouse-Query-Id"] = query.query_id.encode("ascii", "replace").decode().replace("\n", " ")
        self._headers["X-ClickHouse-Timezone"] = timezone
        self._headers["X-ClickHouse-Server-Display-Name"] = "clickvault"

    async def text(self, status: int, text: str) -> None:
        """A whole short answer."""
        body = text.encode("utf-8", "replace")
        await self._whole(status, body)

    async def _whole(self, status: int, body: bytes) -> None:
        await self._start(status, {"Content-Type": "text/plain; charset=UTF-8", "Content-Length": str(len(body))})
        await self._send({"type": "http.response.body", "body": b"" if self._head_only else body})

    async def error(self, error: QueryError) -> None:
        """An error before anything else was sent."""
        self._headers["X-ClickHouse-Exception-Code"] = str(error.code)
        if error.code == 194 or (error.code == 516 and self._query is not None and not self._query.user):
            self._headers["WWW-Authenticate"] = 'Basic realm="ClickHouse"'
            await self.text(401, error.text + "\n")
        else:
            body = (error.text + "\n").encode("utf-8", "replace")
            # As the server does; the JDBC driver takes the text of 401 and 403 as it is.
            if self._framed and error.status not in (401, 403):
                with contextlib.suppress(QueryError):  # the package is missing: the error says it
                    body = frames.encode(body)
            await self._whole(error.status, body)

    async def begin(self, answer: Answer) -> None:
        """Status line and headers of a good answer."""
        assert self._query is not None
        headers = {
            "Content-Type": protocol.content_type(answer.format),
            "X-ClickHouse-Format": answer.format,
            "X-ClickHouse-Summary": answer.summary,
            "X-ClickHouse-Exception-Tag": self._tag,
        }
        if self._query.answer_encoding:
            self._encoder = compression.encoder(self._query.answer_encoding)
            headers["Content-Encoding"] = self._query.answer_encoding
        await self._start(200, headers)

    async def chunk(self, data: bytes) -> None:
        """A piece of the answer."""
        if self._framed:
            data = frames.encode(data)
        if self._encoder is not None:
            data = self._encoder.encode(data)
        if data and not self._head_only:
            await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self) -> None:
        """The end of a whole answer."""
        rest = self._encoder.finish() if self._encoder is not None else b""
        await self._send({"type": "http.response.body", "body": b"" if self._head_only else rest})

    async def broken(self, error: QueryError) -> None:
        """Tell of an error in the middle of the answer; the connection must be broken after this."""
        await self.chunk(protocol.exception_block(self._tag, error.text))
        if self._encoder is not None and (rest := self._encoder.finish()):
            await self._send({"type": "http.response.body", "body": rest, "more_body": True})

    async def _start(self, status: int, headers: dict[str, str]) -> None:
        self.started = True
        lines = [(k.lower().encode(), v.encode("latin-1", "replace")) for k, v in {**self._headers, **headers}.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": lines})


def _split(query: bytes, pieces: Iterator[bytes]) -> tuple[Statement, Iterator[bytes]]:
    """The statement, and the data behind it: parameter and body are one text, as clickhouse-server has it."""
    if query:
        statement = read_statement(query)
        if statement.kind == "insert":
            inline = query[statement.data_start :] if statement.data_start >= 0 else b""
            return statement, chain((inline,) if inline else (), pieces)
        return read_statement(query + b"".join(pieces)), iter(())
    head = b""
    for piece in pieces:
        head += piece
        if len(head) >= _HEAD_OF_BODY and read_statement(head[:_HEAD_OF_BODY]).kind == "insert":
            break
    statement = read_statement(head)
    if statement.kind != "insert" or statement.data_start < 0:
        return statement, iter(())
    return statement, chain((head[statement.data_start :],), pieces)


def _collected(answer: Answer, spool: Path) -> Answer:
    """The answer, once its query has ended well (wait_end_of_query=1)."""
    file: IO[bytes] = tempfile.SpooledTemporaryFile(_MEMORY_FOR_BODY, dir=str(spool))  # noqa: SIM115
    for chunk in answer.chunks:
        file.write(chunk)
    file.seek(0)

    def chunks() -> Iterator[bytes]:
        with file:
            while piece := file.read(compression.PIECE):
                yield piece

    return Answer(answer.format, chunks(), answer.summary)


async def _read_body(request: Request, spool: Path) -> IO[bytes]:
    """The body as it came, in a file where it is large."""
    file: IO[bytes] = tempfile.SpooledTemporaryFile(_MEMORY_FOR_BODY, dir=str(spool))  # noqa: SIM115
    try:
        async for chunk in request.stream():
            file.write(chunk)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


async def _until_disconnect(receive: Callable[[], Any]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
