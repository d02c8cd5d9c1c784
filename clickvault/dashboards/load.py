"""The files that declare dashboards, read and checked: each tile against the header of the view that it names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from clickvault.dashboards.model import Dashboard
from clickvault.dashboards.questions import Asked, asked
from clickvault.errors import ContractError
from clickvault.marts.headers import View, all_marts
from clickvault.sql.headers import validated

if TYPE_CHECKING:
    from clickvault.sql.render import Renderer


def read(path: Path) -> Dashboard:
    """The dashboard of one file. Raises ContractError with file, tile and what is wrong."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ContractError(f"{path}: it can't be read: {error}") from error
    return validated(Dashboard, {"name": re.sub(r"^[0-9]+_", "", path.stem), **values}, path)


def views(renderer: Renderer) -> dict[str, View]:
    """The views that a tile may name: those of the marts, and those of `ops`."""
    from clickvault.pipeline.run_log import ops_views

    found = {v.name: v for m in all_marts(renderer) for v in m.views}
    return found | {f"ops.{v.name}": v for v in ops_views(renderer)}


def files(renderer: Renderer, folder: Path | None = None) -> list[Path]:
    """The files of all dashboards: those of `folder`, or those of the domains that are on, and then the kit's own."""
    if folder:
        return sorted(folder.rglob("*.toml"), key=lambda p: p.name)
    kit = sorted((renderer.folder / "dashboards").glob("*.toml"))
    return [p for d in renderer.registry.domains for p in d.files("dashboards", "*.toml")] + kit


def load(renderer: Renderer, folder: Path | None = None) -> list[tuple[Dashboard, list[Asked]]]:
    """All dashboards with their tiles, domain by domain, in the order of the numbers that their files begin with.

    `folder` has others in place of those that are declared. Raises ContractError that names every tile that does not fit, with its file.
    """
    known = views(renderer)
    found, wrong, hint = [], [], ""
    names: dict[str, Path] = {}
    for path in files(renderer, folder):
        dashboard = read(path)
        if names.setdefault(dashboard.name, path) != path:
            wrong.append(f"{path}: {names[dashboard.name]} declares a dashboard {dashboard.name!r}, too")
        tiles = []
        for tile in dashboard.tiles:
            try:
                if tile.view not in known:
                    raise ContractError(f"tile {tile.name}: no view {tile.view!r}", hint=_nearest(tile.view, known))
                tiles.append(asked(dashboard, tile, known[tile.view]))
            except ContractError as error:
                wrong.append(f"{path}: {error}")
                hint = hint or error.hint
        followed = {f.name for t in tiles for f, _ in t.filters}
        wrong += [f"{path}: filter {f.name}: no tile follows it" for f in dashboard.filters if f.name not in followed]
        found.append((dashboard, tiles))
    if wrong:
        raise ContractError("; ".join(wrong), hint=hint)
    return found


def _nearest(name: str, known: Mapping[str, View]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3) or sorted(known)
    return f"views are: {', '.join(near)} ..."
