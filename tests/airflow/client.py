"""Airflow's REST API, as an operator's script would use it: trigger, wait, look."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request

from clickvault.embedded.process import LOCAL

ENDED = ("success", "failed")


class Airflow:
    """A running Airflow. Run ids are given by Airflow."""

    def __init__(self, url: str, user: str, password: str) -> None:
        self.url = url
        body = json.dumps({"username": user, "password": password}).encode()
        with LOCAL.open(
            Request(f"{url}/auth/token", body, {"Content-Type": "application/json"}), timeout=120
        ) as answer:
            self._token = json.load(answer)["access_token"]

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
        return self._call(method, f"api/v2/{path}", body, **query)

    def page(self, path: str, **query: Any) -> Any:
        """What the pages in the browser ask for."""
        return self._call("GET", f"ui/{path}", **query)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None, **query: Any) -> Any:
        url = f"{self.url}/{path}{'?' + urlencode(query, doseq=True) if query else ''}"
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        with LOCAL.open(Request(url, data, headers, method=method), timeout=120) as answer:
            return json.load(answer)

    def pause(self, dag: str, paused: bool = True) -> None:
        """Pause or unpause; waits for a DAG that was not parsed yet."""
        eventually(lambda: self._patched(dag, paused), f"{dag} is there", 60)

    def stop(self, dag: str, seconds: float = 240) -> None:
        """Pause with no run under way: what is left of a paused DAG's run is never scheduled, and the run never ends."""
        while True:
            self.pause(dag)
            if not self.unfinished(dag):
                return
            self.pause(dag, False)
            eventually(lambda: not self.unfinished(dag), f"the runs of {dag} end", seconds)

    def _patched(self, dag: str, paused: bool) -> bool:
        try:
            return bool(self.call("PATCH", f"dags/{dag}", {"is_paused": paused})["is_paused"] == paused)
        except HTTPError as error:
            if error.code != 404:
                raise
            return False

    def trigger(self, dag: str, **conf: Any) -> str:
        found = self.call("POST", f"dags/{dag}/dagRuns", {"logical_date": None, "conf": conf})
        return str(found["dag_run_id"])

    def run(self, dag: str, run_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"dags/{dag}/dagRuns/{quote(run_id, safe='')}")
        return found

    def runs(self, dag: str = "~", since: datetime | None = None) -> list[dict[str, Any]]:
        after = {"start_date_gte": since.isoformat()} if since else {}
        found: list[dict[str, Any]] = self.call("GET", f"dags/{dag}/dagRuns", limit=500, **after)["dag_runs"]
        return found

    def unfinished(self, dag: str = "~") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", f"dags/{dag}/dagRuns", state=["queued", "running"])["dag_runs"]
        return found

    def wait(self, dag: str, run_id: str, seconds: float = 180) -> dict[str, Any]:
        """The run, once it has ended."""
        eventually(lambda: self.run(dag, run_id)["state"] in ENDED, f"{dag} {run_id} ends", seconds)
        return self.run(dag, run_id)

    def tasks(self, dag: str, run_id: str) -> list[dict[str, Any]]:
        path = f"dags/{dag}/dagRuns/{quote(run_id, safe='')}/taskInstances"
        found: list[dict[str, Any]] = self.call("GET", path, limit=500)["task_instances"]
        return found

    def log(self, dag: str, run_id: str, task: str, attempt: int = 1, index: int = -1) -> str:
        path = f"dags/{dag}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task}/logs/{attempt}"
        return json.dumps(self.call("GET", path, full_content=True, map_index=index))

    def idle(self, seconds: float = 240) -> None:
        """Wait until no run is queued or running, twice in a row."""
        calm = [0]

        def calmed() -> bool:
            calm[0] = 0 if self.unfinished() else calm[0] + 1
            return calm[0] >= 3

        eventually(calmed, "all runs have ended", seconds, pause=1.0)


def eventually(condition: Callable[[], Any], what: str, seconds: float = 60, pause: float = 0.5) -> Any:
    """Wait for it; returns what the condition gives."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"never happened in {seconds} s: {what}"
        time.sleep(pause)
    return found


def now() -> datetime:
    return datetime.now(UTC)
