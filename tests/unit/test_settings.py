"""Where settings come from: all addresses of one store from one place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clickvault import settings as module
from clickvault.airflow.connections import apply
from clickvault.errors import ConfigurationError
from clickvault.settings import Settings, get_settings

STATE = {
    "clickhouse_url": "http://owner:p@127.0.0.1:21001",
    "clickhouse_reader_url": "http://reader:p@127.0.0.1:21001",
    "kafka_bootstrap": "127.0.0.1:21002",
    "kafka_epoch": "e3",
    "s3_url": "http://127.0.0.1:21003",
    "s3_access_key": "key",
    "s3_secret_key": "secret-word",
    "s3_bucket": "events",
    "postgres_url": "postgresql://owner:p@127.0.0.1:21004/clickvault",
    "neo4j_uri": "",
    "neo4j_user": "neo4j",
    "neo4j_password": "secret-word",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home whose stack was started once, and an environment and a .env that say nothing else."""
    (tmp_path / "stack.json").write_text(
        json.dumps({"format": 1, "settings": STATE, "ports": {}, "secrets": {}, "processes": {}})
    )
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("CLICKVAULT_HOME", str(tmp_path))
    monkeypatch.setenv("CLICKVAULT_PROJECT", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("given", "other"),
    [
        ({"CLICKHOUSE_URL": "http://owner:p@ch:8123"}, "CLICKHOUSE_READER_URL"),
        ({"CLICKHOUSE_READER_URL": "http://reader:p@ch:8123"}, "CLICKHOUSE_READER_URL"),
        ({"NEO4J_SEES_CLICKHOUSE": "http://ch:8123"}, "NEO4J_SEES_CLICKHOUSE"),
        ({"KAFKA_BOOTSTRAP": "kafka:9092"}, "KAFKA_EPOCH"),
        ({"CLICKHOUSE_SEES_KAFKA": "kafka:9092"}, "CLICKHOUSE_SEES_KAFKA"),
        ({"S3_URL": "http://s3:8333", "S3_ACCESS_KEY": "other"}, "S3_SECRET_KEY"),
        ({"CLICKHOUSE_SEES_S3": "http://s3:8333"}, "CLICKHOUSE_SEES_S3"),
        ({"CLICKHOUSE_SEES_POSTGRES": "postgresql://stage:p@pg:5432/clickvault"}, "CLICKHOUSE_SEES_POSTGRES"),
        ({"NEO4J_URI": "bolt://graph:7687"}, "NEO4J_PASSWORD"),
    ],
)
def test_addresses_of_one_store_from_two_places_are_refused(
    home: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], other: str
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=rf"two places.* {other} from ") as error:
        get_settings()
    assert "the environment" in error.value.message
    assert str(home / "stack.json") in error.value.message
    assert other in error.value.hint
    assert "secret-word" not in error.value.message + error.value.hint


@pytest.mark.parametrize(
    "given",
    [
        {"CLICKHOUSE_URL": "http://owner:p@ch:8123", "CLICKHOUSE_READER_URL": "http://reader:p@ch:8123"},
        {"CLICKHOUSE_URL": "http://operator:p@127.0.0.1:21001"},  # another login of the same server
        {"CLICKHOUSE_SEES_POSTGRES": "postgresql://stage:p@127.0.0.1:21004/clickvault"},
        {"KAFKA_BOOTSTRAP": "kafka:9092", "KAFKA_EPOCH": "e0", "CLICKHOUSE_SEES_KAFKA": "inside:9092"},
        {"KAFKA_EPOCH": "e9"},
        {"S3_BUCKET": "other"},
        {"POSTGRES_URL": "postgresql://owner:p@pg:5432/clickvault"},  # a store with one address
        {"NEO4J_URI": "bolt://graph:7687", "NEO4J_PASSWORD": "p"},
    ],
)
def test_from_one_place_they_are_taken(home: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str]) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    found = get_settings()
    assert {name: getattr(found, name.lower()) for name in given} == given


def test_the_environment_and_a_file_are_two_places(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "stack.json").unlink()
    (home / ".env").write_text("KAFKA_BOOTSTRAP=a:9092\nCLICKHOUSE_SEES_KAFKA=inside:9092\nS3_URL=http://s3\n")
    monkeypatch.setenv("S3_SECRET_KEY", "a login may come from elsewhere")
    assert get_settings().kafka_bootstrap == "a:9092"
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "b:9092")
    with pytest.raises(
        ConfigurationError, match=r"KAFKA_BOOTSTRAP from the environment, CLICKHOUSE_SEES_KAFKA from \.env"
    ):
        get_settings()


def test_a_connection_of_airflow_replaces_all_addresses_or_none() -> None:
    class Connection:
        host, port, login, password, schema, extra_dejson = "ch", 8123, "operator", "p", "", {"scheme": "http"}

    before = Settings(clickhouse_url=STATE["clickhouse_url"], clickhouse_reader_url=STATE["clickhouse_reader_url"])
    with pytest.raises(ConfigurationError, match=r"replaces CLICKHOUSE_URL, but CLICKHOUSE_READER_URL"):
        apply(before, {"clickhouse": Connection})
    alone = before.model_copy(update={"clickhouse_reader_url": ""})
    assert apply(alone, {"clickhouse": Connection}).clickhouse_url == "http://operator:p@ch:8123"
    assert module._server("postgresql://u:p@h:5432/d?x=1") == "h:5432"
