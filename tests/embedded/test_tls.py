"""Encrypted connections of every client: with the authority that signed the server's certificate, and refused without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError

from clickvault.errors import ConfigurationError, StoreError
from clickvault.generator import S3Writer
from clickvault.ingest import collections
from clickvault.settings import Settings
from clickvault.sql.render import literal
from clickvault.stores import postgres
from clickvault.stores.clickhouse import connect
from clickvault.stores.s3 import s3_client
from tests.tls import Authority, before


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def trusted(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))


@pytest.fixture
def not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)


def at(url: str, port: int, scheme: str = "", query: str = "") -> str:
    """The same login at another port of this machine."""
    parts = urlsplit(url)
    login = f"{parts.username}:{parts.password}@" if parts.username else ""
    return urlunsplit(parts._replace(scheme=scheme or parts.scheme, netloc=f"{login}127.0.0.1:{port}", query=query))


@pytest.fixture
def clickhouse_url(stack: Settings, authority: Authority) -> Iterator[str]:
    with before(urlsplit(stack.clickhouse_url).port or 0, authority) as port:
        yield at(stack.clickhouse_url, port, "https")


@pytest.fixture
def postgres_port(stack: Settings, authority: Authority) -> Iterator[int]:
    with before(urlsplit(stack.postgres_url).port or 0, authority, postgres=True) as port:
        yield port


def test_clickhouse(clickhouse_url: str, trusted: None) -> None:
    client = connect(clickhouse_url)
    assert client.command("SELECT 41 + 1") == 42
    client.close()


def test_clickhouse_of_a_stranger(clickhouse_url: str, not_trusted: None) -> None:
    with pytest.raises(StoreError, match=r"(?i)certificate"):
        connect(clickhouse_url)


def test_s3(stack: Settings, authority: Authority, trusted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with before(urlsplit(stack.s3_url).port or 0, authority) as port:
        url = at(stack.s3_url, port, "https")
        client = s3_client(url, stack.s3_access_key, stack.s3_secret_key)
        S3Writer(client, stack.s3_bucket).put("tls/one.txt", b"encrypted")
        assert client.stat_object(stack.s3_bucket, "tls/one.txt").size == 9
        client.remove_object(stack.s3_bucket, "tls/one.txt")
        monkeypatch.delenv("SSL_CERT_FILE")
        stranger = S3Writer(s3_client(url, stack.s3_access_key, stack.s3_secret_key), stack.s3_bucket)
        monkeypatch.setattr(stranger._client._http.connection_pool_kw["retries"], "total", 0)
        with pytest.raises(StoreError, match=r"(?i)certificate"):
            stranger.put("tls/two.txt", b"encrypted")


@pytest.mark.parametrize("root", ["system", "file"])
def test_postgresql(stack: Settings, authority: Authority, postgres_port: int, trusted: None, root: str) -> None:
    named = "system" if root == "system" else str(authority.file)
    url = at(stack.postgres_url, postgres_port, query=f"sslmode=verify-full&sslrootcert={named}")
    connection = postgres.connect(url)
    assert connection.info.ssl_in_use
    assert postgres.rows(connection, "select 42 as n") == [{"n": 42}]
    connection.close()


def test_postgresql_of_a_stranger(stack: Settings, postgres_port: int, tmp_path: Path, not_trusted: None) -> None:
    other = Authority(tmp_path)
    url = at(stack.postgres_url, postgres_port, query=f"sslmode=verify-full&sslrootcert={other.file}")
    with pytest.raises(StoreError, match=r"(?i)certificate"):
        postgres.connect(url)


def test_from_clickhouse_to_postgresql(
    stack: Settings, authority: Authority, postgres_port: int, ch: Client, tmp_path: Path, not_trusted: None
) -> None:
    """The named collection says what the URL says; of the authority it has the text, so no file has to be on that machine."""

    def ask(file: Path) -> str:
        url = at(stack.postgres_url, postgres_port, query=f"sslmode=verify-full&sslrootcert={file}")
        values = collections.collections(stack.model_copy(update={"postgres_url": url}))["vault_stage"]
        pairs = ", ".join(f"{key} = {literal(value)}" for key, value in values.items())
        ch.command("DROP NAMED COLLECTION IF EXISTS encrypted")
        ch.command(f"CREATE NAMED COLLECTION encrypted AS {pairs}")
        sql = "SELECT count() > 0 FROM postgresql(encrypted, schema = 'pg_catalog', table = 'pg_database')"
        return str(ch.command(sql))

    try:
        assert ask(authority.file) == "1"
        with pytest.raises(ClickHouseError, match=r"(?i)certificate"):
            ask(Authority(tmp_path).file)
    finally:
        ch.command("DROP NAMED COLLECTION IF EXISTS encrypted")


def test_a_file_of_authorities_that_is_not_there(stack: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/authorities.pem")
    encrypted = stack.model_copy(update={"kafka_security_protocol": "SSL"})
    with pytest.raises(ConfigurationError, match=r"/nowhere/authorities.pem can't be read"):
        collections.collections(encrypted)
