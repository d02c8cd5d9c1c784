"""Commands for alerts: list and send unsent ones, test the targets."""

from __future__ import annotations

from dataclasses import asdict

import typer

from clickvault.cli import show
from clickvault.cli.stack import Json

alerts_app = typer.Typer(
    no_args_is_help=True, help="Unsent alerts: list, send; test sends a test message to each target."
)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(alerts_app, name="alerts")


@alerts_app.command("list")
def alerts_list(json: Json = False) -> None:
    """List the unsent alerts, the oldest first.

    Example: clickvault alerts list --json
    """
    from clickvault.alerts.send import outbox_of
    from clickvault.settings import get_settings

    kept = [asdict(k) for k in outbox_of(get_settings()).kept()]
    if not json:
        kept = [{k: r[k] for k in ("kept_at", "target", "tries", "title")} for r in kept]
    show.rows(kept, json, empty="no unsent alerts")


@alerts_app.command("send")
def alerts_send(json: Json = False) -> None:
    """Send the unsent alerts again. Exits 1 if one is still unsent.

    Example: clickvault alerts send
    """
    from clickvault.alerts import send_kept
    from clickvault.settings import get_settings

    found = send_kept(get_settings())
    show.rows([asdict(o) for o in found], json, empty="no alert target is configured: set CLICKVAULT_ALERTS")
    if any(o.kept for o in found):
        raise typer.Exit(1)


@alerts_app.command("test")
def alerts_test(json: Json = False) -> None:
    """Send a test message to every target. Exits 1 if a target rejects it.

    Example: clickvault alerts test
    """
    from clickvault.alerts import Alert, alert
    from clickvault.errors import ConfigurationError
    from clickvault.settings import get_settings

    settings = get_settings()
    if not settings.alerts:
        raise ConfigurationError(
            "no alert target is configured", hint="CLICKVAULT_ALERTS=tgram://TOKEN/CHAT clickvault alerts test"
        )
    found = alert(
        settings,
        Alert("clickvault TEST", "This is a test: nothing happened. Alerts of clickvault arrive here.", "info"),
    )
    show.rows([asdict(o) for o in found], json)
    if any(o.kept for o in found):
        raise typer.Exit(1)
