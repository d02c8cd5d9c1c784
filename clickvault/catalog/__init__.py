"""Documents that are written from the contracts and the templates: dictionary, lineage, diagrams.

`clickvault contract docs` writes them, a test holds the written ones to what would be written now. PNGs of the diagrams
are drawn from the .drawio files by docs/diagrams/draw.py, which needs more than Python.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from clickvault.sql.render import Renderer

if TYPE_CHECKING:
    from clickvault.contract import Registry

COMMAND = "clickvault contract docs --out docs"


def documents(registry: Registry) -> dict[str, str]:
    """The text of every document, by its path under docs/: for one machine, with the parameters' defaults."""
    from clickvault.catalog import dictionary, lineage
    from clickvault.catalog.diagrams import pages
    from clickvault.catalog.drawio import drawio

    renderer = Renderer(registry)
    drawn = pages(renderer)
    return {
        "dictionary.md": dictionary.page(renderer),
        "lineage.md": lineage.page(renderer),
        "diagrams/README.md": renderer.render("docs/diagrams.md.j2", diagrams=drawn),
        **{f"diagrams/{name}.drawio": drawio(found) for name, found in drawn.items()},
    }


def write(registry: Registry, out: Path) -> list[tuple[str, str]]:
    """Write the documents that differ from what is there. Returns (path, "written" or "up to date") of each."""
    done = []
    for name, text in documents(registry).items():
        path = out / name
        same = path.is_file() and path.read_text(encoding="utf-8") == text
        if not same:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        done.append((str(path), "up to date" if same else "written"))
    return done
