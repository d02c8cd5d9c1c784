"""Take the pictures of Airflow's UI that docs/airflow.md shows, from the Airflow that runs (`make airflow`), by headless Chromium.

    python docs/airflow/screenshots.py [FOLDER]

Needs node's npm and Chromium (Debian: apt-get install npm chromium). Playwright goes to a temporary folder: the project does not
depend on it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from clickvault.airflow import server
from clickvault.embedded.state import State
from clickvault.settings import get_settings

LIBRARY = "playwright-core@1.65.1"
HERE = Path(__file__).resolve().parent


def newest_runs(url: str, password: str) -> dict[str, str]:
    """Of each DAG as it is now, the run that succeeded and had most to do: its graph is worth a picture."""
    body = json.dumps({"username": server.ADMIN, "password": password}).encode()
    with urlopen(Request(f"{url}/auth/token", body, {"Content-Type": "application/json"})) as answer:
        token = json.load(answer)["access_token"]
    asked = Request(
        f"{url}/api/v2/dags/~/dagRuns?state=success&limit=500", headers={"Authorization": f"Bearer {token}"}
    )
    with urlopen(asked) as answer:
        runs = json.load(answer)["dag_runs"]

    def weight(run: dict[str, Any]) -> tuple[int, float]:
        return max((v["version_number"] for v in run["dag_versions"]), default=0), run["duration"] or 0

    return {r["dag_id"]: r["dag_run_id"] for r in sorted(runs, key=weight)}


def main(folder: Path) -> None:
    """Write the pictures into `folder`."""
    chromium = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
    )
    if not chromium or not shutil.which("npm"):
        sys.exit("Error: pictures need npm and chromium\nTry:   apt-get install npm chromium")
    state = State(get_settings().home)
    if not all(p["healthy"] for p in server.status(home=state.home)):
        sys.exit("Error: Airflow does not run\nTry:   make airflow")
    password = state.secret("airflow_admin")
    with tempfile.TemporaryDirectory() as made:
        subprocess.run(["npm", "install", "--silent", "--no-save", "--prefix", made, LIBRARY], check=True)
        script = Path(made) / "screenshots.mjs"
        shutil.copy(HERE / "screenshots.mjs", script)
        told = {
            "AIRFLOW_URL": server.url(state), "AIRFLOW_USER": server.ADMIN, "AIRFLOW_PASSWORD": password,
            "CHROMIUM": chromium, "FOLDER": str(folder), "RUNS": json.dumps(newest_runs(server.url(state), password)),
        }  # fmt: skip
        subprocess.run(["node", str(script)], check=True, cwd=made, env={**os.environ, **told})


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else HERE)
