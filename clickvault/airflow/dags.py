"""What all DAGs share: retries for what is worth another try, pools, the assets that chain them, alerts, and how a task is made.

    with pipeline("4_sync_graph", __doc__, schedule=VAULT, tags=["graph"]):
        step(tasks.measure_graph, pool=GRAPH_POOL, outlets=[GRAPH])()

Imported by the files in dags/ alone: it needs Airflow.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from airflow.sdk import DAG, Asset, AssetAlias, RetryDecision, RetryPolicy, get_current_context, task
from airflow.sdk.exceptions import AirflowTaskTimeout

from clickvault.airflow import callbacks
from clickvault.errors import is_transient

# Which stage's work an asset stands for. A stage is woken by it, and then does all that is not yet done.
KAFKA = Asset(name="landed_from_kafka", uri="clickvault://landing/kafka")
S3 = Asset(name="landed_from_s3", uri="clickvault://landing/s3")
VAULT = Asset(name="vault", uri="clickvault://vault/all")
GRAPH = Asset(name="graph", uri="clickvault://graph/all")
MARTS = Asset(name="marts", uri="clickvault://marts/all")

# Pools (dags/pools.json makes them): who makes or counts messages is alone; two merges at a time; one measuring, one building.
SOURCES_POOL, VAULT_POOL, GRAPH_POOL, MARTS_POOL = "sources", "vault", "graph", "marts"

FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)


class TransientOnly(RetryPolicy):  # type: ignore[misc]
    """Another try for an engine that was away; none for what would fail again."""

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> Any:
        """Airflow's own rule (retries, back-off) for transient errors, an end for all others."""
        if is_transient(exception) or isinstance(exception, AirflowTaskTimeout):
            return RetryDecision.default()
        return RetryDecision.fail(f"{type(exception).__name__} is not transient: another try would fail, too")

    def serialize(self) -> dict[str, Any]:
        """It has nothing to keep."""
        return {}

    @classmethod
    def deserialize(cls, _data: dict[str, Any]) -> TransientOnly:
        """It has nothing to keep."""
        return cls()


def pipeline(
    dag_id: str,
    doc: str | None,
    schedule: Any,
    tags: list[str],
    *,
    minutes: int = 60,
    max_active_runs: int = 1,
    params: dict[str, Any] | None = None,
) -> Any:
    """A DAG of the pipeline: one run at a time, told of at its end. `minutes`: how long a run, and each task, may take."""
    return DAG(
        dag_id=dag_id,
        description=(doc or "").strip().splitlines()[0],
        doc_md=inspect.cleandoc(doc or ""),
        schedule=schedule,
        start_date=FIRST_DAY,
        catchup=False,
        max_active_runs=max_active_runs,
        tags={"clickvault", *tags},
        params=params or {},
        dagrun_timeout=timedelta(minutes=2 * minutes),
        on_success_callback=callbacks.succeeded,
        on_failure_callback=callbacks.failed,
        default_args={
            "owner": "clickvault",
            "retries": 4,
            "retry_delay": timedelta(seconds=5),
            "retry_exponential_backoff": True,
            "max_retry_delay": timedelta(minutes=5),
            "retry_policy": TransientOnly(),
            "execution_timeout": timedelta(minutes=minutes),
        },
    )


def step(function: Callable[..., Any], task_id: str = "", publishes: Any = None, **options: Any) -> Any:
    """A function of clickvault.airflow.tasks as a task. `publishes`: an asset that is updated when the task moved rows.

    A backfill updates none: what it builds is past, and nobody has to be woken for it.
    """
    alias = AssetAlias(f"{publishes.name}_changed") if publishes is not None else None

    @wraps(function)
    def body(*args: Any, **kwargs: Any) -> Any:
        found = function(*args, **kwargs)
        if alias is not None and found["rows"]:
            here = get_current_context()
            if here["dag_run"].run_type != "backfill":
                here["outlet_events"][alias].add(publishes)
        return found

    if alias is not None:
        options["outlets"] = [alias]
    return task(
        task_id=task_id or function.__name__, doc_md=inspect.getdoc(function), multiple_outputs=False, **options
    )(body)
