"""Commands that apply the dashboards to Superset and Metabase, and run Superset beside the embedded stack."""

from __future__ import annotations

import os
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clickvault.cli import show
from clickvault.cli.dashboards import Folder, dashboards_app
from clickvault.cli.stack import Json

if TYPE_CHECKING:
    from clickvault.session import Session

superset_app = typer.Typer(no_args_is_help=True, help="Superset beside the embedded stack: up, down, status.")


class Tool(StrEnum):
    """The BI tools with an API."""

    superset = "superset"
    metabase = "metabase"


To = Annotated[Tool, typer.Option("--to", help="The BI tool.")]
PASSWORDS = {Tool.superset: "SUPERSET_ADMIN_PASSWORD", Tool.metabase: "METABASE_ADMIN_PASSWORD"}
USERS = {Tool.superset: "admin", Tool.metabase: "admin@clickvault.example"}


def register(app: typer.Typer) -> None:
    """Add the commands to the application; those of `dashboards` are added when this module is read."""
    app.add_typer(superset_app, name="superset")


@dashboards_app.command("render")
def dashboards_render(
    to: To,
    out: Annotated[
        Path | None, typer.Option("--out", help="Superset only: write its import bundle (zip) to this file.")
    ] = None,
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Print what apply would send: Superset's import bundle, or Metabase's cards with their SQL.

    Example: clickvault dashboards render --to superset --out dashboards.zip
    """
    from clickvault.session import open_session

    with open_session() as s:
        if to is Tool.superset:
            from clickvault.dashboards.superset.bundle import zipped

            files = _superset_files(s, folder)[0]
            if out:
                out.write_bytes(zipped(files))
                show.say(f"{len(files)} files in {out}")
            if json or not out:
                show.as_json(files)
            return
        from clickvault.dashboards.metabase.cards import asked_with, cards

        found = [
            {"card": c.name, "title": c.asked.tile.title, "display": c.display, "sql": c.sql, "runs": asked_with(c)}
            for c in cards(s.renderer, _declared(s, folder))
        ]
        if out:
            raise typer.BadParameter("--out is for Superset only", param_hint="--out")
        show.rows(found if json else [{k: v for k, v in c.items() if k != "runs"} for c in found], json)


@dashboards_app.command("apply")
def dashboards_apply(
    to: To,
    url: Annotated[str, typer.Option("--url", help="The tool's address; default: Superset's of this stack.")] = "",
    user: Annotated[str, typer.Option("--user", help="Its administrator; for Metabase an e-mail address.")] = "",
    reader_url: Annotated[
        str, typer.Option("--clickhouse", help="ClickHouse as the tool reaches it; default: CLICKHOUSE_READER_URL.")
    ] = "",
    folder: Folder = None,
    json: Json = False,
) -> None:
    """Create or update a tool's dashboards from the declaration, and remove those that are no longer declared.

    The password is read from SUPERSET_ADMIN_PASSWORD or METABASE_ADMIN_PASSWORD, else it is the one that the embedded stack generated.
    Tools log in to ClickHouse with the read-only login.

    Example: clickvault dashboards apply --to metabase --url http://127.0.0.1:3000
    """
    from clickvault.embedded.state import State
    from clickvault.errors import ConfigurationError
    from clickvault.session import open_session
    from clickvault.settings import STATE_FILE, get_settings

    home = get_settings().home
    state = State(home)
    if to is Tool.superset and not url and state.ports("superset"):
        url = f"http://127.0.0.1:{state.port('superset')}"
    if not url:
        raise ConfigurationError(
            f"No URL for {to.value}",
            hint=f"--url http://127.0.0.1:{'3000' if to is Tool.metabase else '8088'}",
        )
    password = os.environ.get(PASSWORDS[to], "")
    if not password and (home / STATE_FILE).exists():
        # Metabase wants a digit in it
        password = state.secret("superset_admin") if to is Tool.superset else f"{state.secret('metabase_admin')}1a"
    if not password:
        raise ConfigurationError(
            f"{PASSWORDS[to]} is not set", hint=f"{PASSWORDS[to]}=... clickvault dashboards apply ..."
        )
    with open_session() as s:
        applied: Any
        if to is Tool.superset:
            from clickvault.dashboards.superset.api import Superset

            files, secret = _superset_files(s, folder, reader_url)
            applied = Superset(url, user or USERS[to], password).apply(files, secret)
            words = f"{applied.dashboards} dashboards with {applied.charts} charts in {url}; removed: {', '.join(applied.removed) or 'nothing'}"
        else:
            from clickvault.dashboards.metabase.api import Metabase

            declared = _declared(s, folder)
            applied = Metabase(url, user or USERS[to], password).apply(s.renderer, declared, reader_url or _reader(s))
            words = f"{len(applied.made)} created, {len(applied.changed)} updated, {len(applied.archived)} archived in {url}"
    if json:
        show.as_json(asdict(applied))
    else:
        show.out(words)


@superset_app.command("up")
def superset_up(json: Json = False) -> None:
    """Start Superset beside the embedded stack, import all dashboards, print its address and login. Needs `make superset` once.

    Example: clickvault superset up
    """
    from clickvault.dashboards.superset import server as superset_server
    from clickvault.dashboards.superset.api import Superset
    from clickvault.session import open_session

    with open_session() as s:
        files, secret = _superset_files(s, None)
        found = superset_server.up(show.say)
        show.say("superset: importing the dashboards")
        applied = Superset(found["url"], found["user"], found["password"]).apply(files, secret)
    if json:
        show.as_json(found | asdict(applied))
        return
    show.out(f"Superset: {found['url']}\nuser:     {found['user']}\npassword: {found['password']}")
    show.say(
        f"{applied.dashboards} dashboards with {applied.charts} charts. Stop: make superset-down (or clickvault superset down)"
    )


@superset_app.command("down")
def superset_down() -> None:
    """Stop Superset. Its database and the stack stay.

    Example: clickvault superset down
    """
    from clickvault.dashboards.superset import server as superset_server

    superset_server.down(show.say)


@superset_app.command("status")
def superset_status(json: Json = False) -> None:
    """Show Superset's address and state. Exits 1 if it does not run.

    Example: clickvault superset status --json
    """
    from clickvault.dashboards.superset import server as superset_server

    found = superset_server.status()
    show.as_json(found) if json else show.table([found])
    if not found["healthy"]:
        if not json:
            show.say("Try:   make superset")
        raise typer.Exit(1)


def _declared(s: Session, folder: Path | None) -> Any:
    from clickvault.dashboards import load

    return load(s.renderer, folder)


def _reader(s: Session) -> str:
    from clickvault.errors import ConfigurationError
    from clickvault.settings import stack_ready

    url = stack_ready(s.settings, "clickhouse").clickhouse_reader_url
    if not url:
        raise ConfigurationError(
            "No read-only ClickHouse login is configured", hint="CLICKHOUSE_READER_URL=http://reader:password@host:8123"
        )
    return url


def _superset_files(s: Session, folder: Path | None, reader_url: str = "") -> tuple[dict[str, dict[str, Any]], str]:
    """Superset's bundle, and the password of its read-only ClickHouse login."""
    from clickvault.dashboards.superset.api import address, types
    from clickvault.dashboards.superset.bundle import bundle

    uri, secret = address(reader_url or _reader(s))
    return bundle(s.renderer, _declared(s, folder), types(s.reader), uri), secret
