"""What a quality check declares of itself, and its SQL. Pure.

A check is a template with a header in TOML and one query:

    {#- quality
    title = "Do events refer to what is known?"
    level = "error"                  # a breach ends `quality` and `run` with exit code 1; "warning": it is told
    unit = "share"                   # of value and bounds: share, ratio, hours, number
    value = "share of the keys ..."  # what the value is
    at_most = "orphans_at_most"      # it passes when at_least <= value <= at_most, of which one may be missing
    spare = 3                        # so many rows beyond at_most never breach: a share of few rows says little
    hint = "clickvault ..."          # what to do about a breach

    [parameters]
    orphans_at_most = { default = 10, meaning = "..." }
    -#}

A bound is a number, the name of a parameter (shares and ratios in thousandths there, since parameters are whole numbers),
or "contract": the query has a column of the bound's name, from what the contracts say.

The query returns subject (a topic, a type.field, a hub ...), value, rows (how many the value is of) and sample, one row
a subject, and no row for a subject without data. It sees `registry`, `parameters` and `references`: by hub, the event
types and fields that refer to its keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from clickvault.errors import ConfigurationError, ContractError
from clickvault.sql.headers import Closed, Declared, read_header
from clickvault.sql.objects import SqlObject, objects_of
from clickvault.sql.parameters import OF_EVERY_CHECK, Parameter, read
from clickvault.sql.render import statements

if TYPE_CHECKING:
    from pathlib import Path

    from clickvault.contract import EventSpec, FieldSpec, Registry
    from clickvault.sql.render import Renderer

Level = Literal["error", "warning"]
Unit = Literal["share", "ratio", "hours", "number"]
CONTRACT = "contract"


class Said(Closed):
    """What a header says of a check. Bounds as said in the module."""

    title: str
    level: Level
    unit: Unit
    value: str
    hint: str
    at_least: float | str | None = None
    at_most: float | str | None = None
    spare: int = 0


class Header(Said):
    """The header of a check."""

    parameters: dict[str, Declared] = {}


class Check(Said):
    """A check as its header declares it; `template` is its name for the renderer, parameters are as the settings have them."""

    name: str
    template: str
    parameters: dict[str, Parameter] = {}

    def bound(self, side: Literal["at_least", "at_most"]) -> float | None:
        """A bound as a number in the check's unit; None where there is none, or where the contracts say it."""
        bound = self.at_least if side == "at_least" else self.at_most
        if bound is None or bound == CONTRACT:
            return None
        if isinstance(bound, str):
            return self.parameters[bound].value / (1000 if self.unit in ("share", "ratio") else 1)
        return float(bound)

    def bound_sql(self, side: Literal["at_least", "at_most"], rows: bool = True) -> str:
        """The bound as an expression over the check's query, which is called `found`, or (rows=False) over nothing."""
        if rows and (self.at_least if side == "at_least" else self.at_most) == CONTRACT:
            return f"found.{side}"
        number = self.bound(side)
        return f"CAST({'NULL' if number is None else repr(number)} AS Nullable(Float64))"


def all_checks(renderer: Renderer) -> list[Check]:
    """The checks of every domain, then those of the domains that are on, each by name; parameters as the settings have them.

    Raises ContractError for an invalid header.
    """
    kit = [(f"quality/{p.name}", p) for p in sorted((renderer.folder / "quality").glob("*.sql.j2")) if p.name[0] != "_"]
    own = [template for d in renderer.registry.domains for template in renderer.templates(d, "quality")]
    found = [_read(renderer, *template) for template in (*kit, *own)]
    names = [c.name for c in found]
    for check in found:
        if names.count(check.name) > 1:
            raise ContractError(f"{check.template}: there is another check {check.name!r}", hint="rename one of them")
    return found


def find(renderer: Renderer, name: str) -> Check:
    """The check of that name. Raises ConfigurationError with the known names."""
    known = {c.name: c for c in all_checks(renderer)}
    if name not in known:
        raise ConfigurationError(
            f"check must be one of {', '.join(known)}, got {name!r}",
            hint=f"clickvault quality --check {next(iter(known), 'NAME')}",
        )
    return known[name]


def query(renderer: Renderer, check: Check) -> str:
    """The query of a check."""
    values = {name: p.value for name, p in check.parameters.items()}
    (sql,) = statements(renderer.render(check.template, parameters=values, references=references(renderer.registry)))
    return sql


def objects(renderer: Renderer) -> list[SqlObject]:
    """What ClickHouse must hold for the checks: their results, those of reconciliation, and the views over them."""
    return objects_of(renderer.render("quality/_schema.sql.j2"))


def references(registry: Registry) -> dict[str, list[tuple[EventSpec, FieldSpec]]]:
    """By hub, the fields that refer to its keys: each Ref, and the key of an event type that only describes the hub."""
    found: dict[str, list[tuple[EventSpec, FieldSpec]]] = {}
    for event in registry.events.values():
        for f in event.fields:
            if f.ref or (f.hub and f.hub.describes):
                found.setdefault(f.hub_name, []).append((event, f))
    return found


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────


def _read(renderer: Renderer, template: str, path: Path) -> Check:
    header = read_header(path, "quality", Header)
    values = header.model_dump(exclude={"parameters"})
    parameters = read(renderer, OF_EVERY_CHECK | header.parameters)
    check = Check(name=path.name.removesuffix(".sql.j2"), template=template, parameters=parameters, **values)
    _refuse(path, check)
    return check


def _refuse(path: Path, check: Check) -> None:
    empty = [name for name in ("title", "value", "hint") if not str(getattr(check, name)).strip()]
    if empty:
        raise ContractError(f"{path}: {empty[0]} is empty", hint="people read it when the check is breached")
    bounds = [b for b in (check.at_least, check.at_most) if b is not None]
    if not bounds:
        raise ContractError(f"{path}: a check without at_least and at_most always passes")
    for bound in bounds:
        if isinstance(bound, str) and bound != CONTRACT and bound not in check.parameters:
            raise ContractError(f"{path}: the bound {bound!r} is no parameter", hint="declare it under [parameters]")
