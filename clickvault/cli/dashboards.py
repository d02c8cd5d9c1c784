"""Commands for dashboards: list and check the declarations, render and apply them to BI tools, export files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clickvault.cli import show
from clickvault.cli.stack import Json, Quiet

dashboards_app = typer.Typer(no_args_is_help=True, help="Dashboards as code: list, check, render, apply.")
export_app = typer.Typer(no_args_is_help=True, help="Dashboards as files: tableau.")
Folder = Annotated[
    Path | None, typer.Option("--folder", help="The folder with the dashboards; default: dashboards/ of each domain.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(dashboards_app, name="dashboards")
    app.add_typer(export_app, name="export")


@dashboards_app.command("list")
def dashboards_list(folder: Folder = None, json: Json = False) -> None:
    """List the tiles of all dashboards with question, view, metrics and filters.

    Example: clickvault dashboards list --json
    """
    from clickvault.dashboards import load
    from clickvault.session import Session
    from clickvault.settings import get_settings

    renderer = Session(get_settings()).renderer
    found = [
        {
            "dashboard": dashboard.name,
            "tile": a.tile.name,
            "question": a.tile.title,
            "chart": a.tile.chart,
            "view": a.view.table,
            "metrics": [m.name for m in a.metrics],
            "by": list(a.dimensions),
            "filters": [f.name for f, _ in a.filters],
            **({"sql": a.sql(renderer)} if json else {}),
        }
        for dashboard, tiles in load(renderer, folder)
        for a in tiles
    ]
    show.rows(found, json, empty="no dashboards")


@dashboards_app.command("check")
def dashboards_check(folder: Folder = None) -> None:
    """Check every tile against the header of its view. Exits 1 and names file and tile of an invalid one.

    Example: clickvault dashboards check
    """
    from clickvault.dashboards import load
    from clickvault.session import Session
    from clickvault.settings import get_settings

    found = load(Session(get_settings()).renderer, folder)
    show.out(f"{sum(len(tiles) for _, tiles in found)} tiles of {len(found)} dashboards match their views")


@export_app.command("tableau")
def export_tableau(
    out: Annotated[Path, typer.Option("--out", help="The folder to write to.")] = Path("tableau"),
    folder: Folder = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Export each dashboard as a Tableau workbook (.twbx) with its data. Needs: pip install 'clickvault[tableau]'.

    Example: clickvault export tableau --out tableau
    """
    from clickvault.dashboards import load
    from clickvault.dashboards.tableau.export import export
    from clickvault.session import open_session

    with open_session() as s, show.progress(not quiet) as bar:
        written = export(s.reader, s.renderer, load(s.renderer, folder), out, bar)
    show.rows([{"file": str(path), "bytes": path.stat().st_size} for path in written], json)
