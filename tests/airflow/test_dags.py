"""The DAGs as files: they load without errors, warnings or heavy libraries, quickly, and each is complete."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clickvault.pipeline.maintenance import STEPS
from clickvault.resources import CHECKOUT

IDS = [
    "0_init_schemas", "1_generate_events", "2_ingest_kafka", "2_ingest_s3", "3_load_vault", "4_sync_graph", "5_build_marts",
    "6_quality_checks", "7_maintenance",
]  # fmt: skip


@pytest.fixture(scope="session")
def described(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home = tmp_path_factory.mktemp("parse")
    done = subprocess.run(
        [sys.executable, "-m", "tests.airflow.describe"],
        env={**os.environ, "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "false"},
        cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(params=IDS)
def dag(request: pytest.FixtureRequest, described: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = described["dags"][request.param]
    return found


def test_they_load(described: dict[str, Any]) -> None:
    assert described["import_errors"] == {}
    assert described["warnings"] == {}
    assert sorted(described["dags"]) == IDS
    assert len(list((CHECKOUT / "dags").glob("*.py"))) == len(IDS)


def test_they_load_quickly_and_light(described: dict[str, Any]) -> None:
    """The dag-processor reads them every few seconds; what stages need is imported by their tasks."""
    assert described["seconds"] <= 2
    assert described["heavy"] == []


def test_no_import_is_deprecated() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--select", "AIR", "--isolated", "dags", "clickvault/airflow"],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_each_is_told_of_and_explained(dag: dict[str, Any]) -> None:
    assert dag["success"] == ["clickvault.airflow.callbacks.succeeded"]
    assert dag["failure"] == ["clickvault.airflow.callbacks.failed"]
    assert "clickvault" in dag["tags"]
    assert len(dag["tags"]) >= 2
    assert len(dag["doc"]) > 100
    assert dag["description"] == dag["doc"].splitlines()[0]
    assert not dag["catchup"]


def test_each_task_is_limited_explained_and_tried_again_for_the_right_reason(dag: dict[str, Any]) -> None:
    pools = json.loads((CHECKOUT / "dags" / "pools.json").read_text(encoding="utf-8"))
    assert dag["tasks"]
    for task in dag["tasks"]:
        assert task["owner"] == "clickvault"
        assert len(task["doc"]) > 20, task["id"]
        assert task["pool"] in {*pools, "default_pool"}
        assert task["retries"] >= 3
        assert task["backoff"]
        assert task["policy"] == "TransientOnly"
        assert task["minutes"] <= 240


def test_two_loads_of_one_event_type_never_overlap(described: dict[str, Any]) -> None:
    """One run at a time, in which each event type is mapped once; beside it stands the lock in PostgreSQL."""
    dag = described["dags"]["3_load_vault"]
    assert dag["max_active_runs"] == 1
    loads = [t for t in dag["tasks"] if t["mapped"]]
    assert {t["id"] for t in loads} == {"load.owners", "load.others"}
    assert {t["pool"] for t in loads} == {"vault"}
    after = {t["id"]: t["after"] for t in dag["tasks"]}
    assert after["load.others"] == ["clean.others", "load.owners"]
    assert after["load.snapshots"] == ["load.others"]


def test_stages_are_visible(described: dict[str, Any]) -> None:
    groups = {group for dag in described["dags"].values() for group in dag["groups"]}
    assert groups == {"read", "validate", "clean", "load", "marts"}


def test_maintenance_does_what_the_command_does(described: dict[str, Any]) -> None:
    tasks = [t["id"] for t in described["dags"]["7_maintenance"]["tasks"]]
    assert tasks == [*STEPS, "send_kept_alerts"]


def test_each_file_is_thin() -> None:
    for path in (CHECKOUT / "dags").glob("*.py"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 40, path
    assert Path(CHECKOUT / "dags" / "pools.json").is_file()
