"""Commands that look: contract, render, sql, rejected, report."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
