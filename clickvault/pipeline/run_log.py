"""What the pipeline tells of itself, as views that BI tools read: lag, freshness, dead letters, quality, reconciliation, runs.

A view is one template in templates/ops/: its header says what it means, as a mart's does (clickvault/marts/headers.py). `logged` is what
notes each step in ops.runs.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clickvault.errors import ContractError
from clickvault.marts.headers import View, ViewHeader, all_marts, view_of
from clickvault.quality.checks import all_checks
from clickvault.sql.headers import read_header
from clickvault.sql.objects import SqlObject, objects_of

if TYPE_CHECKING:
    from pathlib import Path

    from clickhouse_connect.driver.client import Client

    from clickvault.sql.render import Renderer


def ops_views(renderer: Renderer) -> list[View]:
    """The views of `ops` that are declared, by name. Raises ContractError for an invalid header."""
    return [_read(path) for path in _templates(renderer)]


def _read(path: Path) -> View:
    return view_of(path.name.removesuffix(".sql.j2"), read_header(path, "ops", ViewHeader), "ops")


def _templates(renderer: Renderer) -> list[Path]:
    return [p for p in sorted((renderer.folder / "ops").glob("*.sql.j2")) if not p.name.startswith("_")]


def objects(renderer: Renderer) -> list[SqlObject]:
    """What ClickHouse must hold: the record of runs, then the views, each of which its template names as its header does."""
    found = objects_of(renderer.render("ops/_schema.sql.j2"))
    checks = [c.name for c in all_checks(renderer)]
    graph_marts = [m.name for m in all_marts(renderer) if m.window == "graph"]
    for path in _templates(renderer):
        mine = objects_of(renderer.render(f"ops/{path.name}", checks=checks, graph_marts=graph_marts))
        declared = _read(path).table
        if [o.name for o in mine] != [declared]:
            raise ContractError(f"{path}: its header declares {declared}, but it makes {[o.name for o in mine]}")
        found += mine
    return found


@contextmanager
def logged(ch: Client, step: str) -> Iterator[None]:
    """Note in ops.runs that a step was run, how long it took (seconds), and the kind of error that ended it."""
    started, clock = datetime.now(UTC), time.monotonic()

    def note(error: str) -> None:
        row = [started, step, time.monotonic() - clock, bool(error), error]
        ch.insert("ops.runs", [row], ["started_at", "step", "seconds", "failed", "error"])

    try:
        yield
    except BaseException as error:
        with suppress(Exception):  # the step's own error is the one to tell
            note(type(error).__name__)
        raise
    note("")
