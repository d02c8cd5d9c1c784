"""What happens at a run's end: a person is told. Called by Airflow's dag-processor with the run's context.

To alert never fails a run and never raises: what can't be sent is kept (clickvault.alerts), what can't be found out is left out.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from clickvault.alerts.message import RunReport, alert_of

log = logging.getLogger("clickvault.alerts")
FAILED = ("failed", "upstream_failed")


def succeeded(context: Any) -> None:
    """Tell that a run ended well."""
    tell(context, True)


def failed(context: Any) -> None:
    """Tell that a run failed, and what of it."""
    tell(context, False)


def tell(context: Any, success: bool) -> None:
    """Write the alert of a run and send it."""
    from clickvault.alerts.send import alert
    from clickvault.settings import get_settings

    try:
        message = alert_of(report_of(context, success))
        outcomes = alert(get_settings(), message)
        log.info("alert %r: %s", message.title, [f"{o.target}: {o.sent} sent, {o.kept} kept" for o in outcomes])
    except Exception as error:
        log.error("alert of %s: %s", context.get("run_id"), type(error).__name__)


def report_of(context: Any, success: bool) -> RunReport:
    """What the context and the run's tasks say."""
    dag, run_id = context["dag"], context["run_id"]
    run, ti = context.get("dag_run"), context.get("ti")
    failed: list[tuple[str, str]] = []
    rows: int | None = None
    if ti is not None:
        with suppress(Exception):  # without the tasks' states the alert is shorter
            failed = _failed(ti, dag.dag_id, run_id)
        with suppress(Exception):
            rows = _rows(ti, dag)
    return RunReport(
        dag=dag.dag_id,
        run=run_id,
        succeeded=success,
        start=getattr(run, "data_interval_start", None),
        end=getattr(run, "data_interval_end", None),
        rows=rows,
        failed=failed,
        link=_link(dag.dag_id, run_id),
    )


def _failed(ti: Any, dag_id: str, run_id: str) -> list[tuple[str, str]]:
    """The tasks that failed, with the error that each left, those that never ran because of them left out."""
    states = ti.get_task_states(dag_id=dag_id, run_ids=[run_id]).get(run_id, {})
    found = []
    for name in sorted(name for name, state in states.items() if state == "failed"):
        task, _, index = name.rpartition("_")
        mapped = index.isdigit() and task not in states and task
        error = None
        with suppress(Exception):
            pulled = ti.xcom_pull(
                task_ids=task if mapped else name, key="error", map_indexes=int(index) if mapped else -1, run_id=run_id
            )
            error = pulled
        found.append((f"{task} [{index}]" if mapped else name, str(error or "")))
    return found


def _rows(ti: Any, dag: Any) -> int | None:
    """The rows that the run's tasks say they moved."""
    total, counted = 0, False
    for task in dag.tasks:
        found = ti.xcom_pull(task_ids=task.task_id, map_indexes=None)
        for summary in found if isinstance(found, list | tuple) else [found]:
            if isinstance(summary, dict) and "rows" in summary:
                total, counted = total + int(summary["rows"]), True
    return total if counted else None


def _link(dag_id: str, run_id: str) -> str:
    from urllib.parse import quote

    from airflow.sdk import conf

    return f"{conf.get('api', 'base_url', fallback='http://127.0.0.1:8080').rstrip('/')}/dags/{dag_id}/runs/{quote(run_id)}"
