"""Domains whose files lie elsewhere, and the text of a template wherever it lies: shared by tests of marts and checks."""

from __future__ import annotations

from copy import copy
from pathlib import Path

from clickvault.contract import Domain
from clickvault.sql.render import Renderer


def at(domain: Domain, folder: Path) -> Domain:
    """The same event types in another folder, which has marts, checks and dashboards of its own."""
    moved = copy(domain)
    moved.folder = folder
    return moved


def source(renderer: Renderer, template: str) -> str:
    """The text of a template, of the kit or of a domain."""
    environment = renderer._environment
    assert environment.loader is not None
    return environment.loader.get_source(environment, template)[0]
