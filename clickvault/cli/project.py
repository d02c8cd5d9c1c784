"""Commands for the project folder: new writes one that runs, config shows the settings and where each comes from."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from clickvault.cli import show
from clickvault.cli.stack import Json
from clickvault.errors import ConfigurationError
from clickvault.resources import DOMAINS, TEMPLATES

EXAMPLE = TEMPLATES / "project"
"""The project that `new` writes: NAME in the names and the texts of its files is replaced; dot_ begins a hidden file."""


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (new, config):
        app.command()(command)


def new(
    name: Annotated[str, typer.Argument(help="The name of project, folder and domain: lower-case letters, digits, _.")],
) -> None:
    """Write a project folder that runs as it is: an event type, a mart, a check, a dashboard, samples, a test.

    Example: clickvault new mine
    """
    folder = Path.cwd() / name
    _refuse(name, folder)
    for source in sorted(EXAMPLE.rglob("*")):
        if source.is_file() and source.suffix != ".pyc":
            target = folder / str(source.relative_to(EXAMPLE)).replace("NAME", name).replace("dot_", ".")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source.read_text(encoding="utf-8").replace("NAME", name), encoding="utf-8")
    show.out(f"created {folder}")
    show.out(f"next:   cd {name} && clickvault demo")


def _refuse(name: str, folder: Path) -> None:
    """Raise ConfigurationError for a name that could not be imported, or that is taken."""
    from clickvault.contract.spec import IDENTIFIER

    hint = "clickvault new my_shop"
    if not IDENTIFIER.match(name):
        raise ConfigurationError(f"a project's name must be lower-case letters, digits and _, got {name!r}", hint=hint)
    if (DOMAINS / name).is_dir():
        raise ConfigurationError(f"{name!r} is a domain that ships with clickvault", hint=hint)
    if folder.exists():
        raise ConfigurationError(f"{folder} exists already", hint="choose another name, or remove the folder")
    if find_spec(name) is not None:
        raise ConfigurationError(f"{name!r} is the name of a Python module that is installed", hint=hint)


def config(json: Json = False) -> None:
    """Show each setting, its value and where it comes from; secrets are masked.

    Example: clickvault config --json
    """
    from clickvault.resources import project_folder
    from clickvault.settings import explained, get_settings

    project, home, found = str(project_folder()), str(get_settings().home), explained()
    if json:
        settings = {s.name: {"value": s.value, "from": s.place} for s in found}
        show.as_json({"project": project, "home": home, "settings": settings})
        return
    show.out(f"project: {project}   (.env, clickvault.toml)")
    show.out(f"home:    {home}   (stack.json)")
    show.table([{"setting": s.name, "value": s.value, "from": s.place} for s in found])
