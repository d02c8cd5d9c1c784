"""Commands that read: contract, render, sql, rejected, report."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from clickvault.cli import show
from clickvault.cli.stack import Json
from clickvault.errors import ConfigurationError

contract_app = typer.Typer(no_args_is_help=True, help="Declared event types: list, show, schema, check, docs.")
rejected_app = typer.Typer(no_args_is_help=True, help="Dead letters: list, show, replay.")


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(contract_app, name="contract")
    app.add_typer(rejected_app, name="rejected")
    for command in (render, sql, report):
        app.command()(command)


def _renderer() -> Any:
    from clickvault.session import Session
    from clickvault.settings import get_settings

    return Session(get_settings()).renderer


# ── contract ──────────────────────────────────────────────────────────────────────────────────────────────────


@contract_app.command("list")
def contract_list(json: Json = False) -> None:
    """List the declared event types.

    Example: clickvault contract list --json
    """
    events = _renderer().registry.events.values()
    found = [
        {
            "event_type": e.event_type,
            "entity": e.entity,
            "group": e.group,
            "topic": e.topic,
            "fields": [f.name for f in e.fields],
        }
        for e in events
    ]
    show.rows(found, json)


@contract_app.command("show")
def contract_show(
    event_type: Annotated[str, typer.Argument(help="An event type, e.g. post.")], json: Json = False
) -> None:
    """Show an event type: fields with limits and roles, and its lineage from the topic to dashboard tiles.

    Example: clickvault contract show post
    """
    from clickvault.catalog.describe import activity, describe

    renderer = _renderer()
    found = describe(renderer, event_type)
    if json:
        show.as_json(found)
        return
    show.out(f"{event_type}: {found['meaning']}")
    show.out(f"topic {found['topic']} (group {found['group']}); op=delete: {found['op_delete'] or 'has no meaning'}")
    show.out(f"activity: {activity(renderer.registry.event(event_type))}")
    show.table(found["fields"])
    show.out("lineage:")
    for step, names in found["lineage"].items():
        show.out(f"  {step:<9}{', '.join(names) or '-'}")


@contract_app.command("docs")
def contract_docs(
    out: Annotated[Path, typer.Option("--out", help="The folder to write to.")] = Path("docs"), json: Json = False
) -> None:
    """Write dictionary, lineage and diagrams of the declared event types. `make diagrams` draws the pictures.

    Example: clickvault contract docs --out docs
    """
    from clickvault.catalog import write

    found = write(_renderer().registry, out)
    show.rows([{"file": path, "state": state} for path, state in found], json)


@contract_app.command("schema")
def contract_schema(event_type: Annotated[str, typer.Argument(help="An event type, e.g. post.")]) -> None:
    """Print the JSON Schema of one event type's messages.

    Example: clickvault contract schema post > post.schema.json
    """
    show.as_json(_renderer().registry.event(event_type).model.model_json_schema())


@contract_app.command("check")
def contract_check(file: Annotated[Path, typer.Argument(help="A file of JSON lines.")], json: Json = False) -> None:
    """Validate a file of messages by the pipeline's rules, without sending them. Exits 1 if one is invalid.

    Example: clickvault contract check events.jsonl
    """
    from clickvault.contract.validation import judge

    if not file.is_file():
        raise ConfigurationError(f"no file {file}")
    registry = _renderer().registry
    bad = []
    with file.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            verdict = judge(line.rstrip(b"\n"), registry)
            if isinstance(verdict, list):
                bad.append({"line": number, "reasons": verdict if json else "; ".join(verdict)})
    show.rows(bad, json, empty="all messages are valid")
    if bad:
        raise typer.Exit(1)


# ── render and sql ────────────────────────────────────────────────────────────────────────────────────────────


def render(
    name: Annotated[
        str | None, typer.Argument(help="An object (raw.post) or a template (ingest/landing.sql.j2).")
    ] = None,
    list_all: Annotated[bool, typer.Option("--list", help="List the objects.")] = False,
) -> None:
    """Print the SQL of a database object, or of a template that needs no event type.

    Example: clickvault render raw.post
    """
    from jinja2 import UndefinedError

    from clickvault import quality
    from clickvault.marts import build as marts
    from clickvault.pipeline import migrate as schema
    from clickvault.settings import get_settings
    from clickvault.vault.schema import schema_objects

    renderer = _renderer()
    objects = {f"{o.name}": o.sql for o in schema_objects(renderer)}
    objects |= {o.name: o.sql for o in schema.clickhouse_objects(renderer, get_settings())}
    objects |= {f"build.{m.name}": marts.build_sql(renderer, m) for m in marts.all_marts(renderer)}
    objects |= {f"quality.{c.name}": quality.query(renderer, c) for c in quality.all_checks(renderer)}
    if list_all or name is None:
        show.table([{"object": o} for o in objects])
    elif name in objects:
        show.out(objects[name])
    elif name.endswith(".j2"):
        try:
            show.out(renderer.render(name))
        except UndefinedError as error:
            raise ConfigurationError(
                f"{name} can't be rendered alone: it needs inputs from its object ({error.message})",
                hint="clickvault render --list",
            ) from error
    else:
        raise ConfigurationError(f"no object {name!r}", hint="clickvault render --list")


def sql(
    query: Annotated[str | None, typer.Argument(help="A query; without one, an interactive shell starts.")] = None,
    json: Json = False,
    write: Annotated[bool, typer.Option("--write", help="Log in as the owner instead of the read-only login.")] = False,
) -> None:
    """Run a ClickHouse query, or an interactive shell. Uses the read-only login unless --write is given.

    Example: clickvault sql "SELECT * FROM marts.v_platform_daily" --json
    """
    from clickhouse_connect.driver.exceptions import ClickHouseError

    from clickvault.errors import DataError
    from clickvault.session import open_session
    from clickvault.stores.clickhouse import server_said

    with open_session() as s:
        client = s.ch if write else s.reader
        interactive = query is None and sys.stdin.isatty()
        if interactive:
            import readline  # noqa: F401  (line editing and history, by being there)

            show.say("ClickHouse. A query ends with ; and Enter; exit with Ctrl-D.")
        try:
            if query is None:
                _shell(client, json, interactive)
            else:
                _ask(client, query, json)
        except ClickHouseError as error:
            raise DataError(server_said(error), hint='clickvault sql "SHOW TABLES FROM marts"') from error
        except (OverflowError, ValueError) as error:  # Python has no such date, no such number
            raise DataError(
                f"the result has a value that Python can't represent: {error}", hint="toString(column)"
            ) from error


_BEFORE = re.compile(r"^(?:\s+|\(|--[^\n]*(?:\n|$)|/\*.*?\*/)+", re.DOTALL)
"""What may precede a statement's first word: comments, brackets."""


def first_word(query: str) -> str:
    """The first keyword of a statement, in capitals; empty where there is none."""
    return next(iter(_BEFORE.sub("", query).split(None, 1)), "").upper()


def _ask(client: Any, query: str, json: bool) -> None:
    text = query.strip().rstrip(";")
    if first_word(text) in ("SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK"):
        result = client.query(text)
        found = [dict(zip(result.column_names, row, strict=True)) for row in result.result_rows]
        show.rows(found, json, empty="no rows", exact=True)
    elif text:
        done = client.command(text)
        if json:
            show.as_json([])
        else:
            show.out(str(done) if isinstance(done, str | int) else "done")


def _shell(client: Any, json: bool, interactive: bool) -> None:
    """Read queries, each ended by a ; at a line's end, and run them. An error ends the shell unless it is interactive."""
    from clickhouse_connect.driver.exceptions import ClickHouseError

    from clickvault.stores.clickhouse import server_said

    lines: list[str] = []
    while True:
        try:
            lines.append(input("... " if lines and interactive else ":) " if interactive else ""))
        except EOFError:
            if "".join(lines).strip():
                _ask(client, "\n".join(lines), json)
            return
        except KeyboardInterrupt:
            lines = []
            print()
            continue
        text = "\n".join(lines).strip()
        if text.lower() in ("exit", "quit", "exit;", "quit;"):
            return
        if not text.endswith(";"):
            continue
        lines = []
        try:
            _ask(client, text, json)
        except ClickHouseError as error:
            if not interactive:
                raise
            show.say(f"Error: {server_said(error)}")


# ── rejected ──────────────────────────────────────────────────────────────────────────────────────────────────

EventType = Annotated[str, typer.Option("--event-type", help="Only this event type.")]


@rejected_app.command("list")
def rejected_list(event_type: EventType = "", json: Json = False) -> None:
    """Count the dead letters by reason.

    Example: clickvault rejected list --json
    """
    from clickvault.ingest import dead_letters as rejected
    from clickvault.session import open_session

    with open_session() as s:
        show.rows(rejected.listing(s.ch, event_type), json, empty="no dead letters")


@rejected_app.command("show")
def rejected_show(
    reason: Annotated[
        str, typer.Option("--reason", help="Only dead letters with this reason, as `list` prints it.")
    ] = "",
    event_type: EventType = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most so many rows.")] = 10,
    json: Json = False,
) -> None:
    """Show dead letters with message and reasons, the newest first.

    Example: clickvault rejected show --reason "text: longer than 5000" --limit 3
    """
    from clickvault.ingest import dead_letters as rejected
    from clickvault.session import open_session

    with open_session() as s:
        show.rows(rejected.letters(s.ch, reason, event_type, limit), json, empty="no such dead letters")


@rejected_app.command("replay")
def rejected_replay(event_type: EventType = "", json: Json = False) -> None:
    """Validate dead letters again after a contract change, and retry unread S3 objects. Then: clickvault run.

    Example: clickvault rejected replay --event-type post
    """
    from clickvault.ingest import dead_letters as rejected
    from clickvault.pipeline.steps import read_again
    from clickvault.session import open_session

    with open_session() as s:
        found = [*rejected.replay(s.renderer, s.ch, s.pg, event_type or None)]
        if not event_type:
            found += read_again(s)
    show.rows(found, json, empty="no dead letters")
    if any(r["accepted"] for r in found) and not json:
        show.say("Try:   clickvault run   (loads the accepted ones into the vault and the marts)")


def report(
    out: Annotated[Path, typer.Option("--out", help="The file to write.")] = Path("report.html"),
) -> None:
    """Write all dashboards to one self-contained HTML page.

    Example: clickvault report --out report.html
    """
    from clickvault.dashboards.report import write
    from clickvault.session import open_session

    with open_session() as s:
        write(s.reader, s.renderer, out)
    show.out(str(out.resolve()))
