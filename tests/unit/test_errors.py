"""Which errors are worth another try: those of an engine that is away or busy, none of a fault."""

from __future__ import annotations

import warnings

import clickhouse_connect.driver.exceptions as ch
import minio.error
import neo4j.exceptions
import psycopg2
import psycopg2.errors
import pytest
import urllib3.exceptions

from clickvault.errors import AccountsError, ConfigurationError, DataError, QualityError, StoreError, is_transient
from clickvault.vault.merge import StageDiffers

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from kafka.errors import KafkaConnectionError

AGAIN = [
    StoreError("away"), StageDiffers("spoilt"), ConnectionRefusedError(), TimeoutError(), psycopg2.OperationalError(),
    psycopg2.errors.AdminShutdown(), ch.OperationalError("gone"), ch.DatabaseError("memory", code=241), KafkaConnectionError(),
    urllib3.exceptions.ReadTimeoutError(None, "/", "late"), neo4j.exceptions.ServiceUnavailable(),
    minio.error.ServerError("server failed with HTTP status code 503", 503),
]  # fmt: skip
NEVER = [
    ConfigurationError("x"), DataError("x"), AccountsError("x"), QualityError("x"), ValueError(), KeyError("x"),
    psycopg2.ProgrammingError(), ch.DatabaseError("syntax", code=62), ch.ProgrammingError("x"), FileNotFoundError(),
    neo4j.exceptions.ClientError(),
]  # fmt: skip


@pytest.mark.parametrize("error", AGAIN, ids=lambda e: type(e).__name__)
def test_another_try_is_worth_it(error: BaseException) -> None:
    assert is_transient(error)


@pytest.mark.parametrize("error", NEVER, ids=lambda e: type(e).__name__)
def test_another_try_would_fail_too(error: BaseException) -> None:
    assert not is_transient(error)
