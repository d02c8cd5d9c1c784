"""What a mart declares of itself: the header of its template, read into plain data.

Everyone who needs to know what a mart means reads it here: the builds (marts.py), the report, the dictionary, the
lineage, dashboards. A header is TOML in the comment that a template in a domain's folder marts/ begins with:

    {#- mart
    title = "How much goes on"             # of the mart, and of its view marts.v_<mart>
    grain = "a day (UTC)"
    window = "day"                         # what makes a day out of date, see marts.py
    sources = ["raw.post", "activity of user"]  # of a hub: the event types by which its keys are active

    [parameters]                           # whole numbers that a setting can change: {{ parameters.top }} in the SQL,
    top = { default = 10, meaning = "..." }  # {top} in the words of this header

    [dimensions]                           # of marts.v_<mart>, with a meaning where the name does not say it
    day = ""

    [metrics]                              # of marts.v_<mart>: name and formula
    posts = "posts published (op create)"
    share = "posts / events; NULL without"  # up to the first `;` it may be arithmetic of other metrics: then it is
                                           # computed so from their sums, too, where rows are put together

    [states]                               # columns of the table of states that no view has, with their meanings
    active = "users with activity"

    [rows]                                 # how BI may aggregate rows
    time = "day"                           # the column that a time filter acts on; default: day, where it is a dimension
    flags = ["complete"]                   # dimensions that say how final a row is: never a part of its key
    key = ["day"]                          # the dimensions that make a row one row; default: all but flags
    sums = ["posts"]                       # additive: over every dimension, days too
    levels = ["members"]                   # semi-additive: over every dimension but time (state at a day's end)
    apart = ["currency"]                   # dimensions over which no metric is additive
    percent = ["share"]                    # metrics that are read as per cent, as money, as a time in seconds or hours
    settled = true                         # rows of the current day are final; default false

    [labels]                               # display names that differ from the column's
    ctr = "Click rate"

    [views.segment_daily]                  # another view of the same mart: marts.v_segment_daily
    title = "..."
    grain = "a day, a country and a language of users"
    by = "user"                            # the Dimension fields of the hub's own event types are dimensions, too
    whole = "all"                          # the value of the total row in each of these dimensions
    same = ["posts"]                       # metrics as above; ["*"] is all of them
    dimensions = { day = "" }
    metrics = { share = "..." }
    rows = { sums = ["..."] }              # as above; sums and levels among `same` are taken over, too

    [reconciliation]                       # a count in the vault, and the same count in the mart
    -#}

The columns of a view are its dimensions (declared ones, then those of `by`), then its metrics (`same`, then its own).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from clickvault.errors import ConfigurationError, ContractError
from clickvault.sql.headers import Closed, Declared, read_header
from clickvault.sql.parameters import Parameter, read, refuse_unknown

if TYPE_CHECKING:
    from pathlib import Path

    from clickvault.contract import FieldSpec, Registry
    from clickvault.sql.render import Renderer

Window = Literal["day", "from", "graph"]
ACTIVITY = "activity of "
UNITS = ("percent", "money", "seconds", "hours")


class Rows(Closed):
    """How BI may aggregate the rows of a view: `[rows]`. None is the default that the module's docstring says."""

    time: str | None = None
    flags: tuple[str, ...] = ()
    key: tuple[str, ...] | None = None
    sums: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    apart: tuple[str, ...] | None = None
    percent: tuple[str, ...] = ()
    money: tuple[str, ...] = ()
    seconds: tuple[str, ...] = ()
    hours: tuple[str, ...] = ()
    settled: bool = False


class ViewHeader(Closed):
    """What every header says of a view: its words, columns and rows."""

    title: str
    grain: str
    dimensions: dict[str, str]
    metrics: dict[str, str] = {}
    rows: Rows = Rows()


class OtherView(ViewHeader):
    """`[views.<name>]`: a view of a mart beside its own."""

    by: str = ""
    whole: str = ""
    same: tuple[str, ...] = ()


class Header(ViewHeader):
    """The header of a mart, with that of its own view."""

    metrics: dict[str, str]
    window: Window
    sources: tuple[str, ...]
    by: str = ""
    parameters: dict[str, Declared] = {}
    states: dict[str, str] = {}
    labels: dict[str, str] = {}
    views: dict[str, OtherView] = {}
    reconciliation: dict[str, list[str]] = {}


@dataclass(frozen=True)
class View:
    """A view that BI tools read: dimensions with their meanings, metrics with their formulas, in the columns' order.

    time     the column that a time filter acts on; "" where there is none
    key      the dimensions that make a row one row
    sums     additive metrics; `levels` are semi-additive (over rows of one time only); all others are non-additive
    apart    dimensions over which no metric is additive
    units    percent, money, seconds or hours, by metric; any other is a number
    labels   display names that differ from the column's
    whole    the value of a dimension `apart` in its total rows; "" where there are none
    settled  whether the rows of the current day are final
    """

    name: str
    title: str
    grain: str
    dimensions: dict[str, str]
    metrics: dict[str, str]
    database: str = "marts"
    time: str = ""
    key: tuple[str, ...] = ()
    sums: frozenset[str] = frozenset()
    levels: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()
    units: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    whole: str = ""
    settled: bool = False

    @property
    def table(self) -> str:
        """The view in ClickHouse."""
        return f"{self.database}.v_{self.name}"

    @property
    def columns(self) -> list[str]:
        """The names of its columns, in order."""
        return [*self.dimensions, *self.metrics]

    def label(self, column: str) -> str:
        """A column's name as people read it."""
        return self.labels.get(column) or words(column)


@dataclass(frozen=True)
class Mart:
    """A mart as its header declares it; `template` is its name for the renderer, the first view is marts.v_<name>."""

    name: str
    template: str
    title: str
    window: Window
    sources: list[str]
    views: tuple[View, ...]
    parameters: dict[str, Parameter] = field(default_factory=dict)
    reconciliation: dict[str, list[str]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)

    @property
    def table(self) -> str:
        """The table of states."""
        return f"marts.{self.name}"

    @property
    def staging(self) -> str:
        """The table in which a rebuild is prepared."""
        return f"marts.staging_{self.name}"

    @property
    def activity_of(self) -> list[str]:
        """The hubs whose activity the mart is made of."""
        return [s.removeprefix(ACTIVITY) for s in self.sources if s.startswith(ACTIVITY)]

    @property
    def grain(self) -> str:
        """What one row of marts.v_<name> is."""
        return self.views[0].grain

    @property
    def metrics(self) -> dict[str, str]:
        """The metrics of marts.v_<name>, with their formulas."""
        return self.views[0].metrics


def words(column: str) -> str:
    """A column's name as words: community_id is Community."""
    found = column.removesuffix("_id").replace("_", " ")
    return found[:1].upper() + found[1:]


def all_marts(renderer: Renderer) -> list[Mart]:
    """The marts of the domains that are on, in the order of their names; parameters as the settings have them.

    Raises ContractError for an invalid header, ConfigurationError for a parameter that no mart has, and no check.
    """
    found: list[Mart] = []
    for domain in renderer.registry.domains:
        found += [_read(renderer, *template) for template in renderer.templates(domain, "marts")]
    _check_views(found)
    if found:
        refuse_unknown(renderer)
    return found


def find(renderer: Renderer, name: str) -> Mart:
    """The mart of that name. Raises ConfigurationError with the known names."""
    known = {m.name: m for m in all_marts(renderer)}
    if name not in known:
        raise ConfigurationError(
            f"mart must be one of {', '.join(known)}, got {name!r}",
            hint=f"clickvault marts --mart {next(iter(known), 'NAME')}",
        )
    return known[name]


def hub_dimensions(registry: Registry, hub: str) -> list[FieldSpec]:
    """What marts group the keys of a hub by: the Dimension fields of the event types that the keys come into being by."""
    return [f for owner in registry.hubs[hub].owners for f in owner.fields if f.dimension]


def rendered(renderer: Renderer, mart: Mart) -> str:
    """The SQL of a mart: its table of states, its views, its build."""
    values = {name: p.value for name, p in mart.parameters.items()}
    return renderer.render(mart.template, target=mart.staging, parameters=values, hub_dimensions=hub_dimensions)


# ── reading ───────────────────────────────────────────────────────────────────────────────────────────────────


def _read(renderer: Renderer, template: str, path: Path) -> Mart:
    header = read_header(path, "mart", Header)
    name = path.name.removesuffix(".sql.j2")
    parameters = read(renderer, header.parameters)
    mart = Mart(
        name=name,
        template=template,
        title=header.title,
        window=header.window,
        sources=list(header.sources),
        views=_views(renderer.registry, name, header, {k: p.value for k, p in parameters.items()}),
        parameters=parameters,
        reconciliation=header.reconciliation,
        states=header.states,
    )
    if wrong := next((hub for hub in mart.activity_of if hub not in renderer.registry.hubs), ""):
        raise ContractError(f"{path}: sources: there is no hub {wrong!r}", hint=", ".join(renderer.registry.hubs))
    return mart


def _views(registry: Registry, name: str, header: Header, parameters: Mapping[str, int]) -> tuple[View, ...]:
    """The mart's own view, then the others."""
    own = view_of(name, _filled(registry, header, header.by, {}, parameters))
    found = (own, *(_other(registry, n, other, own, parameters) for n, other in header.views.items()))
    if wrong := next((c for c in header.labels if not any(c in v.columns for v in found)), ""):
        raise ContractError(f"mart {name}: labels: no view has a column {wrong!r}")
    return tuple(replace(v, labels=header.labels) for v in found)


def _other(registry: Registry, name: str, header: OtherView, own: View, parameters: Mapping[str, int]) -> View:
    """A view beside the mart's own, from which it takes metrics over."""
    if unknown := next((m for m in header.same if m != "*" and m not in own.metrics), ""):
        raise ContractError(f"view {name}: the mart's own view has no metric {unknown!r} to take over")
    taken = {m: f for m, f in own.metrics.items() if m in header.same or "*" in header.same}
    view = view_of(name, _filled(registry, header, header.by, taken, parameters, header.whole))
    return replace(
        view,
        sums=view.sums | taken.keys() & own.sums,
        levels=view.levels | taken.keys() & own.levels,
        units={m: u for m, u in own.units.items() if m in taken} | {**view.units},
        whole=header.whole,
    )


def _filled(
    registry: Registry,
    header: ViewHeader,
    by: str,
    taken: Mapping[str, str],
    parameters: Mapping[str, int],
    whole: str = "",
) -> ViewHeader:
    """The header with the dimensions of `by`, the metrics taken over, and the parameters' values in its formulas."""
    fields = hub_dimensions(registry, by) if by else []
    suffix = f"as it was when the {by} acted; 'unknown' before it was known" + (
        f"; {whole!r}: of all together" if whole else ""
    )
    return ViewHeader(
        title=header.title,
        grain=header.grain,
        dimensions=header.dimensions | {f.name: f"{f.meaning}, {suffix}" if f.meaning else suffix for f in fields},
        metrics={**taken, **{m: _with_values(f, parameters) for m, f in header.metrics.items()}},
        rows=header.rows.model_copy(update={"apart": tuple(f.name for f in fields)})
        if whole and header.rows.apart is None
        else header.rows,
    )


def view_of(name: str, header: ViewHeader, database: str = "marts") -> View:
    """A view with what its header's `rows` say. Raises ContractError where they name a column that it does not have."""
    dimensions, metrics, said = header.dimensions, header.metrics, header.rows
    time = ("day" if "day" in dimensions else "") if said.time is None else said.time
    key = tuple(d for d in dimensions if d not in said.flags) if said.key is None else said.key
    apart = said.apart or ()
    units = {m: unit for unit in UNITS for m in getattr(said, unit)}
    for what, names, known in (
        ("time", [time] if time else [], dimensions), ("key", key, dimensions), ("flags", said.flags, dimensions), ("sums", said.sums, metrics),
        ("levels", said.levels, metrics), ("apart", apart, dimensions), ("units", units, metrics),
    ):  # fmt: skip
        if wrong := next((n for n in names if n not in known), ""):
            raise ContractError(f"view {name}: rows: {what} names {wrong!r}, which it does not have")
    return View(
        name=name, title=header.title, grain=header.grain, dimensions=dimensions, metrics=metrics, database=database, time=time, key=key,
        sums=frozenset(said.sums), levels=frozenset(said.levels), apart=frozenset(apart), units=units, settled=said.settled,
    )  # fmt: skip


def _with_values(formula: str, parameters: Mapping[str, int]) -> str:
    for key, value in parameters.items():
        formula = formula.replace(f"{{{key}}}", str(value))
    return formula


def _check_views(marts: list[Mart]) -> None:
    names = [v.name for m in marts for v in m.views]
    for name in names:
        if names.count(name) > 1:
            raise ContractError(f"view marts.v_{name} is declared by two marts")
