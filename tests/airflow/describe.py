"""Loads the DAGs as Airflow does, in a process of its own, and prints what they are as JSON: python -m tests.airflow.describe"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import airflow.sdk  # noqa: F401  (what follows is timed beside Airflow's own import)
from airflow.dag_processing.dagbag import DagBag

from clickvault.resources import CHECKOUT

HEAVY = ("clickhouse_connect", "kafka", "networkx", "numpy", "plotly", "apprise", "chdb", "faker", "minio", "scipy")


def name(callback: Any) -> list[str]:
    found = callback if isinstance(callback, list) else [callback]
    return [f"{c.__module__}.{c.__qualname__}" for c in found if c]


def task(t: Any) -> dict[str, Any]:
    return {
        "id": t.task_id, "doc": t.doc_md or "", "pool": t.pool, "retries": t.retries, "owner": t.owner,
        "policy": type(t.retry_policy).__name__ if not t.is_mapped else t.partial_kwargs["retry_policy"].__class__.__name__,
        "minutes": t.execution_timeout.total_seconds() / 60 if t.execution_timeout else None,
        "backoff": bool(t.retry_exponential_backoff), "mapped": t.is_mapped,
        "after": sorted(t.upstream_task_ids),
    }  # fmt: skip


def main() -> None:
    before = set(sys.modules)
    began = time.process_time()  # of the processor: whoever else uses the machine does not count
    bag = DagBag(str(CHECKOUT / "dags"))
    seconds = time.process_time() - began
    print(
        json.dumps(
            {
                "seconds": seconds,
                "import_errors": bag.import_errors,
                "warnings": {str(k): list(v) for k, v in bag.captured_warnings.items()},
                "heavy": sorted(m for m in HEAVY if m in set(sys.modules) - before),
                "dags": {
                    d.dag_id: {
                        "tags": sorted(d.tags), "doc": d.doc_md or "", "description": d.description, "catchup": d.catchup,
                        "success": name(d.on_success_callback), "failure": name(d.on_failure_callback),
                        "max_active_runs": d.max_active_runs, "timetable": type(d.timetable).__name__,
                        "groups": sorted(g for g in d.task_group.get_task_group_dict() if g),
                        "tasks": [task(t) for t in d.tasks],
                    }
                    for d in bag.dags.values()
                },
            },
            default=str,
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
