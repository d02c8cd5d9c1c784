"""The stores' addresses go to Airflow as connections in JSON, and come back from Airflow as they were."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clickvault.airflow.connections import as_environment
from clickvault.resources import CHECKOUT
from clickvault.settings import Settings

FIELDS = (
    "clickhouse_url", "postgres_url", "kafka_bootstrap", "s3_url", "s3_access_key", "s3_secret_key", "neo4j_uri",
    "neo4j_user", "neo4j_password",
)  # fmt: skip
READ = """
import json, sys
from clickvault.airflow.connections import from_airflow
from clickvault.settings import Settings
found = from_airflow(Settings(s3_bucket="kept"))
print(json.dumps({name: getattr(found, name) for name in (*sys.argv[1:], "s3_bucket")}))
"""


@pytest.mark.parametrize("neo4j_uri", ["neo4j://graph.example:7687", "neo4j+s://abc.databases.neo4j.io"])
def test_they_come_back_as_they_were(tmp_path: Path, neo4j_uri: str) -> None:
    settings = Settings(
        home=tmp_path,
        clickhouse_url="https://operator:p%40ss%2Fword%25@ch.example",
        postgres_url="postgresql://owner:p%40ss%2Fword%25@pg.example:5432/clickvault?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem",
        kafka_bootstrap="a:9092,b:9092",
        s3_url="http://s3.example:8333",
        s3_access_key="key",
        s3_secret_key="s3cret/+%",
        neo4j_uri=neo4j_uri,
        neo4j_user="neo4j",
        neo4j_password="p@ss/word%",
    )
    told = as_environment(settings)
    assert len(told) == 5
    assert all(isinstance(json.loads(value), dict) for value in told.values())
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", READ, *FIELDS], cwd=CHECKOUT, capture_output=True, text=True, timeout=120,
        env={"PATH": os.environ["PATH"], "AIRFLOW_HOME": str(tmp_path), "CLICKVAULT_HOME": str(tmp_path), **told}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found == {**{name: getattr(settings, name) for name in FIELDS}, "s3_bucket": "kept"}
