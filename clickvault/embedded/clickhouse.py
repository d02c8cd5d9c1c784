"""ClickHouse of the embedded stack: chDB in a Python process of ours, behind ClickHouse's HTTP protocol (`front`)."""

from __future__ import annotations

import re
import sys
import urllib.request
from base64 import b64encode
from threading import Event
from urllib.error import HTTPError

from clickvault.embedded import process
from clickvault.embedded.state import State
from clickvault.resources import PACKAGE, python_path

OWNER = "clickvault"
READER = "reader"

# What the process has of the environment: no password that stands there for somebody else. Proxies are the engine's way to S3.
_INHERITED = re.compile(
    r"PATH|HOME|USER|LANG|LC_\w+|LD_\w+|PYTHON\w+|MALLOC_\w+|SSL_CERT_(FILE|DIR)|(https?|no|all)_proxy|CLICKVAULT_CLICKHOUSE_NAMES",
    re.IGNORECASE,
)


def start(state: State, cancelled: Event) -> None:
    """Start the process and wait until it answers a query."""
    log = state.home / "logs" / "clickhouse.log"
    secrets = {OWNER: state.secret("clickhouse"), READER: state.secret("clickhouse_reader")}
    assert all(secrets.values())  # made before the process reads them from the state file
    child = process.start(
        [sys.executable, "-m", "clickvault.embedded.front", str(state.home), str(state.port("clickhouse"))],
        log,
        record=lambda child: state.record("clickhouse", child),
        serves=("clickhouse", state.home),
        inherits=lambda name: _INHERITED.fullmatch(name) is not None,
        cancelled=cancelled,
        cwd=PACKAGE.parent,
        env={
            "TZ": "UTC",
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": python_path(),
        },
    )
    process.wait_healthy("clickhouse", child, lambda: healthy(state), log, seconds=60, cancelled=cancelled)
    state.put("clickhouse.version", ask(state, "SELECT version()"))
    state.put_settings(clickhouse_url=url(state), clickhouse_reader_url=url(state, READER))


def healthy(state: State) -> bool:
    """Whether the front answers, with the engine behind it."""
    return says(state) == ""


def says(state: State) -> str | None:
    """What the front complains of; "" when it is well, None when nobody answers."""
    try:
        return "" if ask(state, "SELECT 1") == "1" else None
    except HTTPError as error:
        return process.complaint(error)
    except OSError:
        return None


def ask(state: State, sql: str) -> str:
    """One value, as text."""
    login = b64encode(f"{OWNER}:{state.secret('clickhouse')}".encode()).decode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{state.port('clickhouse')}/", data=sql.encode(), headers={"Authorization": f"Basic {login}"}
    )
    with process.asked(request, seconds=5) as answer:
        return str(answer.read().decode().strip())


def url(state: State, login: str = OWNER) -> str:
    """The address with the login's password."""
    secret = state.secret("clickhouse" if login == OWNER else "clickhouse_reader")
    return f"http://{login}:{secret}@127.0.0.1:{state.port('clickhouse')}"
