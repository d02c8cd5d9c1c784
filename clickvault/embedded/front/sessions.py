"""Sessions: connections with settings, a database and temporary tables that live from request to request."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from clickvault.embedded.front.engine import Connection, Engine, check_names
from clickvault.embedded.front.errors import QueryError
from clickvault.embedded.front.statements import quote, quote_name

DEFAULT_SECONDS = 60
MAX_SECONDS = 3600
MOST = 500  # of a login: each is a connection, which takes memory


@dataclass
class _Session:
    connection: Connection
    expires: float
    lock: threading.Lock = field(default_factory=threading.Lock)


class Sessions:
    """All sessions of the front. A session serves one request at a time; it ends when unused for its timeout."""

    def __init__(self, engine: Engine) -> None:
        """No session yet."""
        self._engine = engine
        self._mutex = threading.Lock()
        self._sessions: dict[tuple[str, str], _Session] = {}

    @contextlib.contextmanager
    def use(
        self, user: str, session_id: str, seconds: int, must_exist: bool, limit: Callable[[Connection], None]
    ) -> Iterator[Connection]:
        """The session's connection. A new one is given to `limit` before it is anybody's session: it begins as the owner's.

        A session in which something of a request was left is not used again.
        """
        key = (user, session_id)
        with self._mutex:
            self._expire()
            session = self._sessions.get(key)
            if session is None:
                if must_exist:
                    raise QueryError.make(372, "SESSION_NOT_FOUND", f"Session {session_id} not found.")
                if sum(owner == user for owner, _ in self._sessions) >= MOST:
                    raise QueryError.make(
                        700, "USER_SESSION_LIMIT_EXCEEDED", f"{user} has {MOST} sessions; one that is not used ends"
                    )
                session = self._sessions[key] = _Session(_limited(self._engine.connect(), limit), 0)
            if not session.lock.acquire(blocking=False):
                raise QueryError.make(
                    373, "SESSION_IS_LOCKED", f"Session {session_id} is locked by a concurrent client."
                )
        try:
            yield session.connection
        finally:
            if session.connection.spoilt:
                with self._mutex:
                    self._sessions.pop(key, None)
                session.connection.close()
            session.expires = time.monotonic() + min(max(seconds, 1), MAX_SECONDS)
            session.lock.release()

    def drop(self, user: str, session_id: str) -> None:
        """End a session now."""
        with self._mutex:
            session = self._sessions.get((user, session_id))
            if session is None or not session.lock.acquire(blocking=False):
                return  # another request has taken it up
            del self._sessions[(user, session_id)]
        session.connection.close()

    def _expire(self) -> None:
        now = time.monotonic()
        for key, session in list(self._sessions.items()):
            if session.expires < now and session.lock.acquire(blocking=False):
                del self._sessions[key]
                session.connection.close()
                session.lock.release()


def _limited(connection: Connection, limit: Callable[[Connection], None]) -> Connection:
    try:
        limit(connection)
    except BaseException:
        connection.close()
        raise
    return connection


@contextlib.contextmanager
def scoped(connection: Connection, settings: Mapping[str, str], database: str) -> Iterator[None]:
    """Settings and database of one request on a session's connection; afterwards they are as before."""
    undo: list[str] = []
    check_names(settings)
    if settings:
        names = ", ".join(quote(name) for name in settings)
        before = connection.query(
            f"SELECT name, value FROM system.settings WHERE changed AND name IN ({names})", "TabSeparated"
        ).bytes()
        # Both sides are escaped alike, so the text can go back as it came.
        old = dict(line.split("\t", 1) for line in before.decode("utf-8", "surrogateescape").splitlines())
        undo += [
            f"SET {name} = " + (f"'{old[name]}'" if name in old else "DEFAULT")
            for name in settings
            if name != "readonly"
        ]
    connection.set(settings)  # all of them, or none
    if database:
        current = connection.value("SELECT currentDatabase()")
        undo.append(f"USE {quote_name(current)}")
    try:
        if database:
            connection.use(database)
        yield
    finally:
        for statement in undo:
            take_back(connection, statement)


def take_back(connection: Connection, sql: str) -> None:
    """Undo something of a request. Where that fails, for whatever reason, the connection is spoilt."""
    try:
        connection.query(sql)
    except BaseException:
        connection.spoilt = True
        raise
