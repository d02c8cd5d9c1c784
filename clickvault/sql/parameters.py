"""Parameters: whole numbers in the formulas of marts and in the bounds of quality checks that a setting can change.

A template declares its own in its header, `name = { default = 10, meaning = "..." }` under `[parameters]`, and reads them
as `{{ parameters.name }}`; CLICKVAULT_PARAMETERS=name=20 gives one another value. A name that two templates declare is one
parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clickvault.errors import ConfigurationError
from clickvault.sql.headers import Declared, Kind, values_of

if TYPE_CHECKING:
    from pathlib import Path

    from clickvault.sql.render import Renderer

OF_EVERY_CHECK = {
    "checked_days": Declared(
        default=30, meaning="the checks of events and messages look at those that landed in so many days; 0: at all"
    )
}


@dataclass(frozen=True)
class Parameter:
    """A whole number that a setting can change: its value now, its default, what it means."""

    value: int
    default: int
    meaning: str


def read(renderer: Renderer, declared: Mapping[str, Declared]) -> dict[str, Parameter]:
    """The parameters of one header, as the settings have them."""
    return {
        name: Parameter(renderer.parameters.get(name, p.default), p.default, p.meaning) for name, p in declared.items()
    }


def refuse_unknown(renderer: Renderer) -> None:
    """Raises ConfigurationError for a parameter of the settings that no mart and no check of the domains that are on declares."""
    known = _declared(renderer) if renderer.parameters else set()
    for name in renderer.parameters:
        if name not in known:
            raise ConfigurationError(
                f"CLICKVAULT_PARAMETERS: no mart has a parameter {name!r}, and no check",
                hint=f"known: {', '.join(sorted(known)) or 'none'}",
            )


def _declared(renderer: Renderer) -> set[str]:
    kit = [p for p in (renderer.folder / "quality").glob("*.sql.j2") if p.name[0] != "_"]
    known = set(OF_EVERY_CHECK)
    kinds: tuple[tuple[Kind, str, list[Path]], ...] = (("mart", "marts", []), ("quality", "quality", kit))
    for kind, folder, paths in kinds:
        for path in (*paths, *(p for d in renderer.registry.domains for p in d.files(folder, "*.sql.j2"))):
            known |= values_of(path, kind).get("parameters", {}).keys()
    return known
