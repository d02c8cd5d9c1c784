"""PostgreSQL, reached by URL: connections, hand-written files, and errors as this project's own."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import psycopg2.errors

from clickvault.errors import READ_ONLY, ClickvaultError, ConfigurationError, DataError, StoreError, hint_for
from clickvault.resources import POSTGRES

Connection = Any  # psycopg2 has no types
FILES = POSTGRES
STAGE_COLLECTION = "vault_stage"
"""The named collection by which ClickHouse reaches this database."""
_REFUSED = re.compile(
    r'authentication failed|no password supplied|(role|database) "[^"]*" does not exist|permission denied for database'
)
"""Errors of connecting have no SQLSTATE: only their words tell a refused login from a server that is away."""


def connect(url: str, application: str = "clickvault") -> Connection:
    """A connection for `postgresql://user:password@host:port/database`.

    Raises StoreError when nobody answers, ConfigurationError when the login or the database is refused.

    Its time zone is UTC. The server ends what a vanished client left running: a killed load holds no lock for long.
    """
    parts = urlsplit(url)
    try:
        return psycopg2.connect(
            url,
            application_name=application,
            connect_timeout=10,
            options="-c timezone=UTC -c client_connection_check_interval=1000",
        )
    except psycopg2.Error as error:
        if _REFUSED.search(str(error)):
            raise ConfigurationError(
                f"PostgreSQL at {parts.hostname}:{parts.port or 5432} refuses this login: {_first_line(error)}",
                hint="look at POSTGRES_URL; docs/security.md",
            ) from error
        where = f"{parts.hostname}:{parts.port or 5432}"
        said = str(error).partition("FATAL:")[2].strip()
        if said:  # it answers: starting it again would end the sessions of those who use it
            raise StoreError(
                f"PostgreSQL at {where} accepts no session: {said.splitlines()[0]}",
                hint=hint_for(said) or "clickvault status",
                store="postgres",
            ) from error
        raise StoreError(
            f"PostgreSQL does not answer at {where}: {_first_line(error)}", hint="clickvault up", store="postgres"
        ) from error


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Errors of psycopg2 as StoreError (the server is gone or can't just now: try again) or DataError, beginning with `what`."""
    try:
        yield
    except psycopg2.Error as error:
        raise as_ours(what, error) from error


def as_ours(what: str, error: psycopg2.Error) -> ClickvaultError:
    """An error of psycopg2 as this project's own: a full disk or a server that takes no writes is worth another try, too."""
    message = f"{what}: {_first_line(error)}"
    if isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError) or error.pgcode in READ_ONLY:
        return StoreError(message, hint=hint_for(message) or "clickvault status", store="postgres")
    return DataError(message)


@contextmanager
def alone(connection: Connection, step: str, name: str, seconds: float = 120.0) -> Iterator[None]:
    """Hold the lock of a step on `name` (an advisory lock of the session): one at a time, whoever asks.

    Waits `seconds` for one that is ending, then raises StoreError.
    """
    deadline = time.monotonic() + seconds
    key = (f"clickvault.{step}", name)
    while True:
        with connection, connection.cursor() as cursor:
            cursor.execute("select pg_try_advisory_lock(hashtext(%s), hashtext(%s))", key)
            if cursor.fetchone()[0]:
                break
        if time.monotonic() > deadline:
            raise StoreError(
                f"another {step} of {name} has been running for {seconds:.0f} s",
                hint=f"clickvault {step}   (when it has ended)",
                store="postgres",
            )
        time.sleep(0.2)
    try:
        yield
    finally:
        with suppress(psycopg2.Error), connection, connection.cursor() as cursor:  # a broken connection holds no lock
            cursor.execute("select pg_advisory_unlock(hashtext(%s), hashtext(%s))", key)


def rows(connection: Connection, sql: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """The result of a query as a list of row objects, in a transaction of its own."""
    with connection, connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def files() -> list[Path]:
    """The hand-written files of postgres/, in the order in which they are run."""
    return sorted(FILES.glob("*.sql"))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__
