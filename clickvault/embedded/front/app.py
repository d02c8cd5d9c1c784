"""One HTTP request: log in, read the body, run the statement in a thread, stream the answer, cancel when left alone.

An ASGI application on Starlette's request object; uvicorn serves it. The event loop never waits for the engine, so
`/ping` answers while queries run.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
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
from clickvault.embedded.front.sessions import Sessions, scoped, take_back
from clickvault.embedded.front.statements import LARGEST, Insert, Parser, Statement, quote, quote_name

log = logging.getLogger("clickvault.front")
T = TypeVar("T")

THREADS = 64
READERS = max(4, os.cpu_count() or 1)  # queries of the reader at the same time; more of them wait
_MOST_WAITING = 500
_SECONDS_TO_WAIT = 120.0  # for one of these places

_MEMORY_FOR_BODY = 8 << 20  # larger bodies go to a file
_HEAD_OF_BODY = 1 << 20  # a statement ends within this much of a body that brings data
_LARGEST_BODY = 8 << 30
_LARGEST_OF_READER = 64 << 20
_LONGEST_OF_READER = (
    256 << 10
)  # of a statement, as a server's max_query_size: to read one takes time and memory of this process
_MOST_OF_READER = 20_000  # tokens of a statement: the check of one takes a fifth of a second
_LONG_URL = 16 << 10  # from here on it is read in a thread
_SECONDS_OF_SILENCE = 60.0  # in the middle of a body
_SECONDS_OF_BODY = 3600.0
_SECONDS_TO_TAKE = 600.0  # for a client that does not read its answer

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")
LOCAL_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})


class Front:
    """The ASGI application."""

    def __init__(self, engine: Engine, access: Access, spool: Path, names: frozenset[str] = frozenset()) -> None:
        """`spool` is the folder for what is too large for memory; `names` are host names beside those of this machine."""
        self._engine = engine
        self._access = access
        self._spool = spool
        self._names = LOCAL_NAMES | names
        self._parser = Parser(engine)
        self._sessions = Sessions(engine)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="query")
        self._readers_pool = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._places = _Places(READERS)
        self._checking = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (or the server's own start and stop)."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        reply = _Reply(send, head_only=request.method == "HEAD")
        path = scope["path"]
        if refused := self._refused(request):
            await reply.text(*refused, close=True)
        elif path in ("/ping", "/replicas_status"):
            await reply.text(200, "Ok.\n")
        elif path not in ("/", "/query"):
            await reply.text(404, f"There is no handle {path}\n\nUse / or /ping for health checks.\n")
        elif request.method not in ("GET", "HEAD", "POST"):
            await reply.text(501, f"Method {request.method} is not served\n")
        else:
            await self._serve(request, reply)

    def _refused(self, request: Request) -> tuple[int, str] | None:
        """Status and text for what is refused by its headers alone."""
        host = request.headers.get("host", "")
        name = host.rpartition(":")[0] if ":" in host.rpartition("]")[2] else host
        if host and name.lower().rstrip(".") not in self._names:
            # A page of a stranger, whose name was made to lead here, asks by that name.
            return 403, "This host name is not served\n"
        if "content-length" in request.headers and "transfer-encoding" in request.headers:
            return 400, "Content-Length beside Transfer-Encoding\n"
        return None

    async def _serve(self, request: Request, reply: _Reply) -> None:
        work: _Work | None = None
        pool = self._pool
        try:
            query_string: bytes = request.scope["query_string"]
            if not protocol.asks(query_string) and request.method in ("GET", "HEAD"):
                await reply.text(200, "Ok.\n")
                return
            user, password = protocol.read_login(query_string, request.headers)
            if not await self._access.knows(user, password):
                raise self._access.refused(user)
            read = partial(protocol.read_request, request.method, query_string, request.headers, user)
            query = await _in_thread(self._pool, read) if len(query_string) > _LONG_URL else read()
            query.query_id = query.query_id or new_query_id()
            reply.query(query, self._engine.timezone)
            reader = self._access.reads_only(user)
            body = await _read_body(request, self._spool, _LARGEST_OF_READER if reader else _LARGEST_BODY)
            work = _Work(
                self._engine, self._parser, self._access, self._sessions, self._spool, query, body, self._checking
            )
            watcher = asyncio.create_task(_until_disconnect(request.receive))
            try:
                if reader:
                    pool = self._readers_pool
                    async with self._places.one(watcher):
                        await self._answer(work, reply, watcher, pool)
                else:
                    await self._answer(work, reply, watcher, pool)
            finally:
                watcher.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await watcher
        except ClientDisconnect:
            return
        except QueryError as error:
            if work is not None:
                await _in_thread(self._pool, work.close)
            await reply.error(error)
        except Exception as error:
            if reply.started:
                raise
            log.exception("request failed")
            await reply.error(QueryError.make(1001, "STD_EXCEPTION", f"{type(error).__name__}: {error}"))
        finally:
            if work is not None:
                await _in_thread(self._pool, work.close)

    async def _answer(self, work: _Work, reply: _Reply, watcher: asyncio.Task[None], pool: ThreadPoolExecutor) -> None:
        try:
            answer = await self._watched(work, watcher, pool, work.begin)
            if answer is None:
                return
            try:
                await reply.begin(answer)
                while (chunk := await self._watched(work, watcher, pool, work.chunk)) is not None:
                    await reply.chunk(chunk)
            except QueryError as error:
                if not reply.started:
                    raise
                await reply.broken(error)
                raise BrokenAnswer(error.text) from None
        finally:
            # Before the client knows that it has all: its next request may use the same session or query id. And before
            # the place of a reader is another's.
            await _in_thread(pool, work.close)
        await reply.end()

    async def _watched(
        self, work: _Work, watcher: asyncio.Task[None], pool: ThreadPoolExecutor, call: Callable[[], T | None]
    ) -> T | None:
        """Run a blocking call in a thread; when the client leaves before it returns, cancel the query."""
        if watcher.done():
            raise ClientDisconnect
        begun = pool.submit(call)
        future: asyncio.Future[Any] = asyncio.wrap_future(begun)
        ends: list[asyncio.Future[Any]] = [future, watcher]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if not future.done():
            if begun.cancel():  # it was still waiting for a thread
                raise ClientDisconnect
            while not future.done():  # until the engine knows the query, there is nothing to cancel
                await asyncio.get_running_loop().run_in_executor(None, work.cancel)
                await asyncio.wait({future}, timeout=0.2)
            with contextlib.suppress(QueryError):
                await future
            raise ClientDisconnect
        result: T | None = await future
        return result


async def _in_thread(pool: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(pool, call)


class _Places:
    """As many queries of the reader as may run; others wait for a time, so that the owner finds the engine free."""

    def __init__(self, number: int) -> None:
        self._free = asyncio.Semaphore(number)
        self._waiting = 0

    @contextlib.asynccontextmanager
    async def one(self, left: asyncio.Task[None]) -> AsyncIterator[None]:
        """A place, for the time of the block. Raises the server's error 202; ClientDisconnect when `left` ends first."""
        too_many = QueryError.make(
            202,
            "TOO_MANY_SIMULTANEOUS_QUERIES",
            f"Too many simultaneous queries for this login: {READERS} run, others wait",
        )
        if self._waiting >= _MOST_WAITING:
            raise too_many
        self._waiting += 1
        taken = asyncio.ensure_future(self._free.acquire())
        try:
            await asyncio.wait({taken, left}, timeout=_SECONDS_TO_WAIT, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._waiting -= 1
            if not taken.done():
                taken.cancel()
        if not taken.done() or taken.cancelled():
            raise ClientDisconnect if left.done() else too_many
        try:
            yield
        finally:
            self._free.release()


class BrokenAnswer(Exception):
    """Ends a connection whose answer could not be completed, so that the client does not take it for whole."""


class _Work:
    """The blocking side of one request: everything that touches the engine."""

    def __init__(
        self,
        engine: Engine,
        parser: Parser,
        access: Access,
        sessions: Sessions,
        spool: Path,
        query: Query,
        body: IO[bytes],
        checking: threading.Lock,
    ) -> None:
        self._engine = engine
        self._parser = parser
        self._access = access
        self._sessions = sessions
        self._spool = spool
        self._query = query
        self._body = body
        self._checking = checking
        self._stack = contextlib.ExitStack()
        self._running: Running | None = None
        self._chunks: Iterator[bytes] = iter(())
        self._lock = threading.Lock()  # a connection serves one thread at a time

    def _begin(self) -> Answer:
        query = self._query
        if query.framed_answer:
            frames.encode(b"")  # before the statement runs: the error that there is no package for it
        pieces = compression.decode(query.content_encoding, iter(lambda: self._body.read(compression.PIECE), b""))
        if query.framed_body and not query.form:
            pieces = frames.decode(pieces)
        if query.form:
            protocol.read_form(query, _joined(pieces, LARGEST))
            pieces = iter(())
        reader = self._access.reads_only(query.user)
        with self._one_by_one():
            statement, taken, data = self._read(pieces)
            if statement.local_file:
                raise QueryError.make(
                    78,
                    "UNKNOWN_TYPE_OF_QUERY",
                    f"{statement.local_file} is for a client's own files and is not served over HTTP",
                )
            self._access.check(query.user, statement, query.get)
        self._running = self._stack.enter_context(self._engine.running(query.query_id))
        connection = self._connect()
        for table in query.external:
            self._external(connection, table)
        self._stack.callback(connection.end_stream)  # before the tables are dropped
        if reader and query.session_id and statement.kind == "SET":
            connection.keep(len(statement.sql))
        if taken is not None:
            return Answer(DEFAULT_FORMAT, iter(()), insert(connection, taken, data, query.params, self._spool))
        if statement.kind == "KILL":
            answer = self._kill(connection, statement)
        else:
            with self._access.explaining(query.user):
                answer = run(connection, statement, query.default_format, query.params, self._spool)
        return _collected(answer, self._spool) if query.wait_end else answer

    def begin(self) -> Answer:
        """Run the statement as far as its first output."""
        with self._lock:
            answer = self._begin()
            self._chunks = answer.chunks
            return answer

    def chunk(self) -> bytes | None:
        """The next piece of output; None at the end."""
        with self._lock:
            return next(self._chunks, None)

    def _read(self, pieces: Iterator[bytes]) -> tuple[Statement, Insert | None, Iterator[bytes]]:
        """The statement, and the data of an INSERT: parameter and body are one text, as clickhouse-server has it."""
        default_format = self._query.default_format or "Values"
        head, longest, most = self._query.query, LARGEST, None
        if self._access.reads_only(self._query.user):  # it has no INSERT, whose data may be long
            longest, most = _LONGEST_OF_READER, _MOST_OF_READER
            head, pieces = _joined(chain((head,), pieces), longest), iter(())
        if head:
            taken = self._parser.insert(head, default_format, most)
        else:
            for piece in pieces:
                head += piece
                if len(head) >= _HEAD_OF_BODY:
                    break
            taken = self._parser.insert(head, default_format)
        if taken is None:
            return self._parser.statement(_joined(chain((head,), pieces), longest), most), None, iter(())
        inline = head[taken.data_start :]
        return taken.statement, taken, chain((inline,) if inline else (), pieces)

    def cancel(self) -> None:
        """End the query in the engine."""
        if self._running is not None:
            self._running.cancel()

    def close(self) -> None:
        """Free all that the request held. May be called twice."""
        with self._lock:
            with contextlib.suppress(QueryError):  # of what could not be taken back: its connection is closed, too
                self._stack.close()
            self._body.close()
            if self._query.session_id and self._query.session_ends:
                self._sessions.drop(self._query.user, self._query.session_id)

    def _connect(self) -> Connection:
        query = self._query
        settings = {"log_comment": query.query_id, **query.settings}
        if query.session_id:
            connection = self._stack.enter_context(
                self._sessions.use(
                    query.user, query.session_id, query.session_seconds, query.session_must_exist, self._limit
                )
            )
            self._stack.enter_context(scoped(connection, settings, query.database))
            return connection
        connection = self._stack.enter_context(self._engine.connection())
        self._limit(connection)
        connection.set(settings)
        if query.database:
            connection.use(query.database)
        return connection

    def _one_by_one(self) -> contextlib.AbstractContextManager[object]:
        """To look at what the reader sends takes Python's one lock, which the owner's requests need, too."""
        return self._checking if self._access.reads_only(self._query.user) else contextlib.nullcontext()

    def _limit(self, connection: Connection) -> None:
        if self._access.reads_only(self._query.user):
            self._access.limit(connection)

    def _external(self, connection: Connection, table: protocol.External) -> None:
        """Make a table of the request's data."""
        name = quote_name(table.name)
        sql = f"CREATE TEMPORARY TABLE {name} (\n{table.structure}\n) ENGINE = Memory"
        with self._one_by_one():
            create = self._parser.statement(
                _joined(iter([sql.encode("utf-8", "surrogateescape")]), _LONGEST_OF_READER), _MOST_OF_READER
            )
            self._access.check_external(self._query.user, create)
        target = self._parser.insert(f"INSERT INTO {name} FORMAT {table.format}".encode(), "")
        assert target is not None
        with self._access.making_external(connection, self._query.user):
            connection.query(create.sql)
            self._stack.callback(take_back, connection, f"DROP TEMPORARY TABLE IF EXISTS {name}")
            insert(connection, target, iter((table.data,)), {}, self._spool)

    def _kill(self, connection: Connection, statement: Statement) -> Answer:
        """KILL QUERY names the client's query ids; the engine knows others."""
        ids = {ours: theirs for ours, theirs in self._engine.engine_ids().items() if ours != self._query.query_id}
        sql = statement.sql
        for ours, theirs in ids.items():
            sql = sql.replace(quote(ours).encode(), quote(theirs).encode())
        translated = Statement(self._parser, sql)
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
        self._headers["X-ClickHouse-Query-Id"] = query.query_id
        self._headers["X-ClickHouse-Timezone"] = timezone
        self._headers["X-ClickHouse-Server-Display-Name"] = "clickvault"

    async def text(self, status: int, text: str, close: bool = False) -> None:
        """A whole short answer; `close` ends the connection."""
        if close:
            self._headers["Connection"] = "close"
        await self._whole(status, text.encode("utf-8", "replace"))

    async def _whole(self, status: int, body: bytes) -> None:
        await self._start(status, {"Content-Type": "text/plain; charset=UTF-8", "Content-Length": str(len(body))})
        await self._send({"type": "http.response.body", "body": b"" if self._head_only else body})

    async def error(self, error: QueryError) -> None:
        """An error before anything else was sent."""
        self._headers["X-ClickHouse-Exception-Code"] = str(error.code)
        if error.status in (408, 413):  # the rest of the body is not waited for
            self._headers["Connection"] = "close"
        if error.status == 401:
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
            message = {"type": "http.response.body", "body": data, "more_body": True}
            try:
                await asyncio.wait_for(self._send(message), _SECONDS_TO_TAKE)
            except TimeoutError:
                raise BrokenAnswer("the client does not read its answer") from None

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
        # Whatever a header quotes of a request: a control character in it would break the answer.
        lines = [
            (name.lower().encode(), _UNPRINTABLE.sub("?", value).encode("ascii"))
            for name, value in {**self._headers, **headers}.items()
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": lines})


def _joined(pieces: Iterator[bytes], most: int) -> bytes:
    """A text in pieces, if it is not too long."""
    text = bytearray()
    for piece in pieces:
        text += piece
        if len(text) > most:
            raise QueryError.make(62, "SYNTAX_ERROR", f"Syntax error: a statement has at most {most} bytes")
    return bytes(text)


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


async def _read_body(request: Request, spool: Path, most: int) -> IO[bytes]:
    """The body as it came, in a file where it is large. It has a largest size, and a time."""
    file: IO[bytes] = tempfile.SpooledTemporaryFile(_MEMORY_FOR_BODY, dir=str(spool))  # noqa: SIM115
    deadline = time.monotonic() + _SECONDS_OF_BODY
    pieces = request.stream()
    size = 0
    try:
        declared = request.headers.get("content-length", "0")
        while size <= most >= int(declared):
            seconds = min(_SECONDS_OF_SILENCE, deadline - time.monotonic())
            piece = await asyncio.wait_for(anext(pieces, None), seconds)
            if piece is None:
                file.seek(0)
                return file
            size += len(piece)
            file.write(piece)
        raise QueryError.make(290, "LIMIT_EXCEEDED", f"The body of a request has at most {most} bytes for this login")
    except TimeoutError:
        file.close()
        raise QueryError.make(209, "SOCKET_TIMEOUT", "Timeout: the body of the request did not come") from None
    except BaseException:
        file.close()
        raise


async def _until_disconnect(receive: Callable[[], Any]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
