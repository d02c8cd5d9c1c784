"""Which errors are worth another try: those of an engine that is away or busy, none of a fault."""

from __future__ import annotations

import errno
import os
import warnings

import clickhouse_connect.driver.exceptions as ch
import minio.error
import neo4j.exceptions
import psycopg2
import psycopg2.errors
import pytest
import urllib3.exceptions

from clickvault.cli import app as command_line
from clickvault.errors import (
    ConfigurationError,
    DataError,
    QualityError,
    ReconciliationError,
    StoreError,
    hint_for,
    is_transient,
)
from clickvault.stores.postgres import translated
from clickvault.vault.merge import StageDiffers

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka.errors import KafkaConnectionError

AGAIN = [
    StoreError("away"), StageDiffers("spoilt"), ConnectionRefusedError(), TimeoutError(), psycopg2.OperationalError(),
    psycopg2.errors.AdminShutdown(), psycopg2.errors.DiskFull(), ch.DatabaseError("full", code=243), ch.OperationalError("gone"), ch.DatabaseError("memory", code=241), KafkaConnectionError(),
    urllib3.exceptions.ReadTimeoutError(None, "/", "late"), neo4j.exceptions.ServiceUnavailable(),
    minio.error.ServerError("server failed with HTTP status code 503", 503),
]  # fmt: skip
NEVER = [
    ConfigurationError("x"), DataError("x"), ReconciliationError("x"), QualityError("x"), ValueError(), KeyError("x"),
    psycopg2.ProgrammingError(), ch.DatabaseError("syntax", code=62), ch.ProgrammingError("x"), FileNotFoundError(),
    neo4j.exceptions.ClientError(),
]  # fmt: skip


@pytest.mark.parametrize("error", AGAIN, ids=lambda e: type(e).__name__)
def test_another_try_is_worth_it(error: BaseException) -> None:
    assert is_transient(error)


@pytest.mark.parametrize("error", NEVER, ids=lambda e: type(e).__name__)
def test_another_try_would_fail_too(error: BaseException) -> None:
    assert not is_transient(error)


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("FATAL:  sorry, too many clients already", "close sessions"),
        ("remaining connection slots are reserved for roles with the SUPERUSER attribute", "close sessions"),
        ("FATAL:  the database system is starting up", "wait a moment"),
        ('could not extend file "base/5/1": No space left on device', "free some space"),
        ("cannot execute INSERT in a read-only transaction", "writable"),
        ("Code: 243. Cannot reserve 1.00 MiB, not enough space. (NOT_ENOUGH_SPACE)", "free some space"),
    ],
)
def test_a_server_that_can_not_serve_just_now_has_a_hint_that_helps(said: str, hint: str) -> None:
    assert hint in hint_for(said)
    assert "clickvault up" not in hint_for(said)


def test_other_words_have_none() -> None:
    assert hint_for("connection refused") == ""


@pytest.mark.parametrize("kind", [psycopg2.errors.DiskFull, psycopg2.errors.TooManyConnections])
def test_a_full_disk_in_postgresql_is_worth_another_try(kind: type[psycopg2.Error]) -> None:
    with pytest.raises(StoreError, match="a load: No space left on device") as error, translated("a load"):
        raise kind("No space left on device")
    assert error.value.transient
    assert "free some space" in error.value.hint


@pytest.mark.parametrize(("number", "hint"), [(errno.ENOSPC, "free some space"), (errno.EROFS, "writable")])
def test_a_disk_that_can_not_be_written_is_an_error_and_no_traceback(
    number: int, hint: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(**_: object) -> None:
        raise OSError(number, os.strerror(number), "/a/file")

    monkeypatch.setattr(command_line, "app", fail)
    with pytest.raises(SystemExit) as done:
        command_line.main()
    said = capsys.readouterr().err
    assert done.value.code == 1
    assert said.startswith(f"Error: /a/file: {os.strerror(number)}\nTry:   ")
    assert hint in said
