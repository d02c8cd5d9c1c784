"""What happens at a run's end: a person is told. Called by Airflow's dag-processor with the run's context.

To alert never fails a run and never raises: what can't be sent is kept (clickvault.alerts), what can't be found out is left out.
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Any

from clickvault.alerts.message import RunReport

log = logging.getLogger("clickvault.alerts")
FAILED = ("failed", "upstream_failed")


def succeeded(context: Any) -> None:
    """Tell that a run ended well."""
    tell(context, True)


def failed(context: Any) -> None:
    """Tell that a run failed, and what of it."""
    tell(context, False)


def tell(context: Any, success: bool) -> None:
    """Write the alert of a run, and send it or count it; see that somebody supervises Airflow's processes."""
    from clickvault.airflow.server import keep_watch
    from clickvault.alerts import report
    from clickvault.settings import get_settings

    try:
        settings = get_settings()
        found = report_of(context, success)
        outcomes = report(settings, found)
        log.info(
            "alert of %s %s: %s", found.dag, found.run, [f"{o.target}: {o.sent} sent, {o.kept} kept" for o in outcomes]
        )
        keep_watch(settings.home)
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
            failed = _failed(ti, dag, run_id)
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


def _failed(ti: Any, dag: Any, run_id: str) -> list[tuple[str, str]]:
    """The tasks that failed, each with the error of its last try; those that never ran because of them are left out."""
    states = ti.get_task_states(dag_id=dag.dag_id, run_ids=[run_id]).get(run_id, {})
    found = []
    for name in sorted(name for name, state in states.items() if state == "failed"):
        task, _, number = name.rpartition("_")
        mapped = number.isdigit() and task not in states and bool(task)
        task, index = (task, int(number)) if mapped else (name, -1)
        said: Any = None
        with suppress(Exception):
            said = ti.xcom_pull(task_ids=task, key="error", map_indexes=index, run_id=run_id)
        found.append((f"{task} [{_mapped(ti, dag, task, index, run_id)}]" if mapped else task, _cause(said)))
    return found


def _cause(said: Any) -> str:
    """The error of the last try. Where that one ended without a word, an earlier one's is not taken for it."""
    if not isinstance(said, dict):
        return "ended without a word: it was killed, or never began; its log says more"
    if said.get("last"):
        return str(said["error"])
    return f"its last try ended without a word: it was killed, or never began. Try {said['try']} said: {said['error']}"


def _mapped(ti: Any, dag: Any, task: str, index: int, run_id: str) -> str:
    """What a mapped task was mapped over, e.g. its event type; its number where that can't be found out."""
    with suppress(Exception):
        (source,) = {a.operator.task_id for a in dag.get_task(task).op_kwargs_expand_input.value.values()}
        return str(ti.xcom_pull(task_ids=source, run_id=run_id)[index])
    return str(index)


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
