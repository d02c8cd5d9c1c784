"""Where files lie: what the program reads and is no Python, what ships with it, and the project that it works in.

The folders that the program reads are folders of the package (in the checkout: links to those at its top), so that they
are found by the same path wherever the package was installed to.
"""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
TEMPLATES = PACKAGE / "templates"
POSTGRES = PACKAGE / "postgres"
NEO4J = PACKAGE / "neo4j"
CLICKHOUSE = PACKAGE / "clickhouse"
DAGS = PACKAGE / "dags"
DOMAINS = PACKAGE / "domains"

CHECKOUT = PACKAGE.parent if (PACKAGE.parent / "pyproject.toml").is_file() else None
"""The checkout that the program runs from; None where it was installed."""

PROJECT_FILE = "clickvault.toml"
DEFAULT_DOMAINS = ("social",)
"""What is on where no project says otherwise: the domain that shows what the kit can do."""


def python_path() -> str:
    """The PYTHONPATH of child processes, which import this package whatever their current folder is."""
    return os.pathsep.join(filter(None, (str(CHECKOUT or ""), os.environ.get("PYTHONPATH"))))


def project_folder() -> Path:
    """The folder of the project: its settings, its own domains, its state.

    CLICKVAULT_PROJECT names it; else it is the nearest folder with a clickvault.toml, from the current one upwards; else the
    checkout that the program runs from; else the current folder.
    """
    if named := os.environ.get("CLICKVAULT_PROJECT"):
        return Path(named).expanduser().resolve()
    here = Path.cwd()
    return next((f for f in (here, *here.parents) if (f / PROJECT_FILE).is_file()), CHECKOUT or here)
