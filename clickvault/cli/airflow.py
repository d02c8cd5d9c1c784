"""Commands for Airflow beside the embedded stack: up, down, status, cli."""

from __future__ import annotations

from typing import Annotated

import typer

from clickvault.cli import show
from clickvault.cli.stack import Json

airflow_app = typer.Typer(
    no_args_is_help=True,
    help="Airflow beside the embedded stack: up, down, status, watch; cli runs Airflow's own command line.",
)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(airflow_app, name="airflow")


@airflow_app.command("up")
def airflow_up(
    paused: Annotated[bool, typer.Option("--paused", help="Create new DAGs paused.")] = False,
    json: Json = False,
) -> None:
    """Start the embedded stack and Airflow, migrate the schema, print the UI's address and login. Needs `make airflow` once.

    Example: clickvault airflow up
    """
    from clickvault.airflow import server
    from clickvault.embedded import stack
    from clickvault.pipeline import migrate as schema
    from clickvault.session import open_session

    stack.up(show.say)
    with open_session() as s:
        changes = schema.init(s.settings, s.renderer, s.ch, s.pg)
    show.say(f"init: {len(changes)} objects created or changed")
    found = server.up(show.say, paused=paused)
    if json:
        show.as_json(found)
        return
    show.out(f"Airflow:  {found['url']}\nuser:     {found['user']}\npassword: {found['password']}")
    show.say(
        "Look: clickvault airflow status   Stop: make airflow-down (or clickvault airflow down); the stack stays up"
    )


@airflow_app.command("down")
def airflow_down() -> None:
    """Stop Airflow. Its database, its logs and the stack stay.

    Example: clickvault airflow down
    """
    from clickvault.airflow import server

    server.down(show.say)


@airflow_app.command("cli", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def airflow_cli(context: typer.Context) -> None:
    """Run a command of Airflow's own command line against this Airflow; secrets in the output are masked.

    Example: clickvault airflow cli backfill create --dag-id 5_build_marts --from-date 2026-10-01 --to-date 2026-10-31T23:59:59Z
    """
    from clickvault.airflow import server
    from clickvault.embedded.state import State
    from clickvault.settings import get_settings

    show.out(server.run(State(get_settings().home), *context.args).rstrip())


@airflow_app.command("watch")
def airflow_watch() -> None:
    """Watch an Airflow in containers until stopped: send alerts of silent DAGs, of processes without heartbeat, and the digest.

    Beside the embedded stack, the supervisor does this. Example: clickvault airflow watch
    """
    import os

    from clickvault.airflow import watch
    from clickvault.errors import ConfigurationError
    from clickvault.settings import get_settings

    url = os.environ.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "")
    if not url:
        raise ConfigurationError(
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN is not set: there is no Airflow to watch",
            hint="clickvault airflow up   (its supervisor watches it)",
        )
    watch.forever(watch.Watch(get_settings(), url, tells_beats=True))


@airflow_app.command("status")
def airflow_status(json: Json = False) -> None:
    """Show Airflow's processes with restart counts and log files. Exits 1 if one is not healthy.

    Example: clickvault airflow status --json
    """
    from clickvault.airflow import server

    found = server.status()
    show.rows(found, json)
    for trouble in server.troubles() if not json else ():
        show.say(trouble)
    if not all(p["healthy"] for p in found):
        if not json:
            show.say("Try:   clickvault airflow up")
        raise typer.Exit(1)
