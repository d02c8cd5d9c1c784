"""Commands for the embedded stack: up, down, status."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from clickvault.cli import show
from clickvault.errors import hint_for

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Show no progress.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.command()(up)
    app.command()(down)
    app.command()(status)


class Broker(StrEnum):
    """The broker."""

    tansu = "tansu"
    apache = "apache"


class Graph(StrEnum):
    """The graph engine."""

    networkx = "networkx"
    neo4j = "neo4j"


def up(
    kafka: Annotated[
        Broker | None, typer.Option(help="The broker; Apache Kafka needs Java 17 and Maven. The choice is remembered.")
    ] = None,
    graph: Annotated[
        Graph | None, typer.Option(help="The graph engine; Neo4j needs Java 17 and Maven. The choice is remembered.")
    ] = None,
    json: Json = False,
) -> None:
    """Start the embedded stack and wait until it is healthy. Running stores are not touched.

    Example: clickvault up --kafka apache --graph neo4j
    """
    from clickvault.airflow import server
    from clickvault.embedded import stack

    found = stack.up(show.say, broker=kafka and kafka.value, graph=graph and graph.value)
    if json:
        show.as_json({"stores": [asdict(s) for s in found]})
    else:
        _show([asdict(s) for s in found])
        for trouble in server.troubles():
            show.say(f"{trouble}   (clickvault airflow up)")
        show.say('Look around: clickvault sql "SELECT 1"   Stop: clickvault down')


def down(
    purge: Annotated[bool, typer.Option("--purge", help="Also delete the state folder with all data.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before deleting.")] = False,
) -> None:
    """Stop the embedded stack, and Airflow and Superset if they run. The data stays for the next `up`.

    Example: clickvault down
    """
    from clickvault.airflow import server
    from clickvault.dashboards.superset import server as superset_server
    from clickvault.embedded import stack
    from clickvault.settings import get_settings

    if purge and not yes:
        typer.confirm(f"Delete all data in {get_settings().home}?", abort=True, err=True)
    stack.mend(show.say)
    if any(process["pid"] for process in server.status()):
        server.down(show.say)
    superset_server.down(show.say)
    stack.down(show.say, purge=purge)


def _show(found: list[dict[str, Any]]) -> None:
    """Stores as a table, and the folder where they log."""
    show.table([{k: v for k, v in store.items() if k not in ("log", "problem")} for store in found])
    for store in found:
        if store["problem"]:
            show.say(f"{store['store']}: {store['problem']}")
    if folders := {str(Path(store["log"]).parent) for store in found if store["log"]}:
        show.say(f"Logs: {', '.join(sorted(folders))}")


def status(
    rows: Annotated[bool, typer.Option("--rows", help="Also count the rows per store.")] = False,
    json: Json = False,
) -> None:
    """Show version, address and health of each store, and problems of Airflow if it was started. Exits 1 if one is not healthy.

    Example: clickvault status --json
    """
    from clickvault.airflow import server
    from clickvault.embedded import stack

    found = [asdict(s) for s in stack.status()]
    troubles = server.troubles()
    counted = _counts() if rows and all(s["healthy"] for s in found) else []
    if json:
        show.as_json(
            {"stores": found, **({"rows": counted} if rows else {}), **({"airflow": troubles} if troubles else {})}
        )
    else:
        _show(found)
        if counted:
            show.table(counted, title="Rows at every store")
        for trouble in troubles:
            show.say(trouble)
    if troubles or not all(s["healthy"] for s in found):
        if not json:
            problems = " ".join(s["problem"] for s in found)
            show.say(f"Try:   {'clickvault airflow up' if troubles else hint_for(problems) or 'clickvault up'}")
        raise typer.Exit(1)


def _counts() -> list[dict[str, object]]:
    from clickvault.reconcile.counts import counts
    from clickvault.session import open_session

    with open_session() as s:
        return counts(s)
