"""A dashboard as a Tableau workbook: the XML of a .twb. Pure; tableau.py puts it beside its extracts.

A tile is a worksheet on a data source of its own, an extract with the tile's rows. Measures are calculated there by the
formula of the header, as everywhere: a ratio of sums, whatever is chosen. A filter with a default is set to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree as ET

from clickvault.dashboards.formulas import Column, Formula, Number
from clickvault.dashboards.model import Dashboard, Filter
from clickvault.dashboards.questions import Asked, Metric

Kind = Literal["date", "datetime", "integer", "real", "string", "boolean"]
VERSION = "26.1"
USER = "http://www.tableausoftware.com/xml/user"
MARKS = {
    "line": "Line",
    "area": "Area",
    "bar": "Bar",
    "rank": "Bar",
    "spread": "Circle",
    "heatmap": "Square",
    "funnel": "Bar",
}
FORMATS = {"percent": "p0.0%", "money": "n#,##0.00", "seconds": "n#,##0.0", "hours": "n#,##0.0", "number": "n#,##0.##"}
WIDTH, HEIGHT, ROW = 1400, 170, 330


@dataclass(frozen=True)
class Sheet:
    """A tile with the columns of its extract and their kinds, and the filters that it follows by them."""

    asked: Asked
    columns: Mapping[str, Kind]
    filters: Sequence[tuple[Filter, str]]

    @property
    def source(self) -> str:
        """The name of its data source."""
        return f"hyper.{self.asked.tile.name}"

    @property
    def extract(self) -> str:
        """Where its extract is in the package."""
        return f"Data/{self.asked.tile.name}.hyper"


def _e(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, tag, {k.rstrip("_").replace("_", "-"): v for k, v in attributes.items()})
    made.text = text or None
    return made


def _id(parent: ET.Element, *names: str) -> None:
    """The identity of a part of the workbook: the same each time that it is written."""
    _e(parent, "simple-id", uuid=f"{{{str(uuid5(NAMESPACE_URL, '/'.join(('clickvault', *names)))).upper()}}}")


def calculated(found: Formula, only: str = "") -> str:
    """A formula in Tableau's language; `only`: a condition that rows have to meet."""
    match found:
        case Column(name, how):
            column = f"IF {only} THEN [{name}] END" if only else f"[{name}]"
            return f"{'SUM' if how == 'sum' else 'MAX'}({column})"
        case Number(value):
            return str(value)
        case _:
            left, right = calculated(found.left, only), calculated(found.right, only)
            if found.operator == "/":
                return f"(IF {right} = 0 THEN NULL ELSE {left} / {right} END)"
            return f"({left} {found.operator} {right})"


def measures(sheet: Sheet) -> dict[str, tuple[str, str, str]]:
    """The calculated fields of a sheet by their names: caption, formula, format. Of a number: the newest value, its change."""
    a = sheet.asked
    if a.tile.chart != "number":
        return {f"calc_{m.name}": (m.label, calculated(m.formula), FORMATS[m.unit]) for m in a.metrics}
    (m,) = a.metrics
    if not a.view.time:
        return {f"calc_{m.name}": (m.label, calculated(m.formula), FORMATS[m.unit])}
    time = f"[{a.view.time}]"
    now = calculated(m.formula, f"{time} = {{MAX({time})}}")
    days = a.tile.against * (7 if "week" in a.view.time else 1)
    before = calculated(m.formula, f"{time} = DATEADD('day', -{days}, {{MAX({time})}})")
    return {
        f"calc_{m.name}": (m.label, now, FORMATS[m.unit]),
        "calc_change": (f"Change in {days} days", f"{now} / {before} - 1", FORMATS["percent"]),
    }


def workbook(dashboard: Dashboard, sheets: Sequence[Sheet]) -> bytes:
    """The XML of the workbook, in the order of elements that Tableau's schema asks for."""
    ET.register_namespace("user", USER)
    root = ET.Element("workbook", {
        "version": VERSION, "original-version": VERSION, "source-build": "2026.1.0", "source-platform": "win",
    })  # fmt: skip
    manifest = _e(root, "document-format-change-manifest")
    _e(manifest, "ManifestByVersion")
    _e(root, "preferences")
    sources, worksheets = _e(root, "datasources"), _e(root, "worksheets")
    for s in sheets:
        _datasource(sources, s)
        _worksheet(worksheets, s)
    _dashboard(_e(root, "dashboards"), dashboard, sheets)
    windows = _e(root, "windows")
    window = _e(windows, "window", class_="dashboard", name=dashboard.title, maximized="true")
    _e(window, "viewpoints")
    _e(window, "active", id="-1")
    _id(window, dashboard.name, "window")
    for s in sheets:
        window = _e(windows, "window", class_="worksheet", name=s.asked.tile.title)
        _e(window, "cards")
        _id(window, s.asked.name, "window")
    explain = _e(root, "explain-data", enabled_for_viewer="false", extreme_values_enabled_for_all="false")
    _e(explain, "explanation-types")
    ET.indent(root)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


# ── data ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _fields(parent: ET.Element, s: Sheet) -> None:
    """The columns of a data source: those of the extract, then the calculated ones."""
    dimensions = {*s.asked.dimensions, *(c for _, c in s.filters)}
    for name, kind in s.columns.items():
        measure, caption = name not in dimensions, s.asked.view.label(name)
        _e(
            parent, "column", caption=f"{caption} (rows)" if measure else caption, datatype=kind, name=f"[{name}]", role="measure" if measure else "dimension",
            type="quantitative" if measure else "ordinal" if kind in ("date", "datetime", "integer", "real") else "nominal",
            **({"hidden": "true"} if measure else {}),
        )  # fmt: skip
    for name, (caption, formula, shown) in measures(s).items():
        column = _e(
            parent, "column", caption=caption, datatype="real", default_format=shown, name=f"[{name}]", role="measure", type="quantitative",
        )  # fmt: skip
        _e(column, "calculation", class_="tableau", formula=formula)


def _datasource(parent: ET.Element, s: Sheet) -> None:
    made = _e(parent, "datasource", caption=s.asked.tile.title, inline="true", name=s.source, version=VERSION)
    connection = _e(
        made, "connection", authentication="auth-none", class_="hyper", dbname=s.extract, default_settings="yes",
        schema="Extract", sslmode="", tablename="Extract", username="tableau_internal_user",
    )  # fmt: skip
    _e(connection, "relation", name="Extract", table="[Extract].[Extract]", type="table")
    _fields(made, s)


def _instance(name: str, s: Sheet, discrete: bool = False) -> tuple[str, dict[str, str]]:
    """How a shelf names a column: the name of its instance, and what declares it."""
    if name.startswith("calc_"):
        return f"[usr:{name}:qk]", {
            "column": f"[{name}]",
            "derivation": "User",
            "name": f"[usr:{name}:qk]",
            "pivot": "key",
            "type": "quantitative",
        }
    continuous = s.columns[name] in ("date", "datetime", "integer", "real") and not discrete
    key, kind = (
        ("qk", "quantitative")
        if continuous
        else ("nk", "nominal")
        if s.columns[name] in ("string", "boolean")
        else ("ok", "ordinal")
    )
    return f"[none:{name}:{key}]", {
        "column": f"[{name}]",
        "derivation": "None",
        "name": f"[none:{name}:{key}]",
        "pivot": "key",
        "type": kind,
    }


# ── a worksheet ───────────────────────────────────────────────────────────────────────────────────────────────


def _worksheet(parent: ET.Element, s: Sheet) -> None:
    a, src = s.asked, f"[{s.source}]"
    made = _e(parent, "worksheet", name=a.tile.title)
    table = _e(made, "table")
    view = _e(table, "view")
    _e(_e(view, "datasources"), "datasource", caption=a.tile.title, name=s.source)
    dependencies = _e(view, "datasource-dependencies", datasource=s.source)
    _fields(dependencies, s)
    used: dict[str, str] = {}

    def shelf(name: str, discrete: bool = False) -> str:
        instance, declared = _instance(name, s, discrete)
        if instance not in used:
            used[instance] = name
            ET.SubElement(dependencies, "column-instance", declared)
        return f"{src}.{instance}"

    values = [shelf(name) for name in measures(s)]
    many = len(values) > 1
    value = f"{src}.[Multiple Values]" if many else values[0]
    names = f"{src}.[:Measure Names]"
    rows, cols, encodings = _shelves(a, shelf, value, names, many)
    held = [(f.default, shelf(c, True), _instance(c, s, True)[0]) for f, c in s.filters if f.default]
    for chosen, column, level in held:
        _categorical(view, column, level, [f'"{chosen}"'])
    if many:
        _categorical(view, names, "[:Measure Names]", [f'"{v}"' for v in values])
    if a.tile.chart == "rank":
        _e(view, "computed-sort", column=rows, direction="DESC", using=values[0])
    if used_filters := [*(c for _, c, _ in held), *([names] if many else [])]:
        slices = _e(view, "slices")
        for column in used_filters:
            _e(slices, "column", column)
    _e(view, "aggregation", value="true")
    _e(table, "style")
    pane = _e(_e(table, "panes"), "pane")
    _e(_e(pane, "view"), "breakdown", value="auto")
    _e(pane, "mark", class_=MARKS.get(a.tile.chart, "Text"))
    if encodings:
        found = _e(pane, "encodings")
        for kind, column in encodings:
            _e(found, kind, column=column)
    _e(table, "rows", rows)
    _e(table, "cols", cols)
    _id(made, a.name, "worksheet")


def _shelves(
    a: Asked, shelf: Callable[[str, bool], str], value: str, names: str, many: bool
) -> tuple[str, str, list[tuple[str, str]]]:
    """What stands on rows, on columns, and on the marks of a worksheet."""
    chart, by = a.tile.chart, a.dimensions
    colour = [("color", names)] if many else []
    match chart:
        case "number":
            return "", names if many else "", [("text", value)]
        case "table":
            return " / ".join(shelf(d, True) for d in by), names if many else "", [("text", value)]
        case "rank":
            return shelf(by[-1], True), value, [("color", names)] if many else []
        case "heatmap":
            return shelf(by[1], True), shelf(by[0], True), [("color", value), ("text", value)]
        case "funnel":
            return names if many else "", value, []
        case _:
            return value, shelf(by[0], False), [("color", shelf(by[1], True))] if len(by) > 1 else colour


def _categorical(view: ET.Element, column: str, level: str, members: Sequence[str]) -> None:
    """A filter that lets some members through."""
    made = _e(view, "filter", class_="categorical", column=column)
    group = (
        ET.SubElement(made, "groupfilter", {"function": "union", f"{{{USER}}}op": "manual"})
        if len(members) > 1
        else made
    )
    for member in members:
        _e(group, "groupfilter", function="member", level=level, member=member)


# ── the dashboard ─────────────────────────────────────────────────────────────────────────────────────────────


def _dashboard(parent: ET.Element, dashboard: Dashboard, sheets: Sequence[Sheet]) -> None:
    """The worksheets in rows of twelve columns, as on the other targets."""
    lines: list[list[Sheet]] = []
    for s in sheets:
        if not lines or sum(x.asked.tile.columns for x in lines[-1]) + s.asked.tile.columns > 12:
            lines.append([])
        lines[-1].append(s)
    tall = [HEIGHT if all(s.asked.tile.chart == "number" for s in line) else ROW for line in lines]
    whole = sum(tall)
    made = _e(parent, "dashboard", name=dashboard.title)
    _e(made, "style")
    _e(made, "size", maxheight=str(whole), maxwidth=str(WIDTH), minheight=str(whole), minwidth=str(WIDTH))
    zones = _e(made, "zones")
    root = _e(zones, "zone", h="100000", id="1", type_v2="layout-basic", w="100000", x="0", y="0")
    number, y = 2, 0
    for line, height in zip(lines, tall, strict=True):
        x, h = 0, 100_000 * height // whole
        for s in line:
            w = 100_000 * s.asked.tile.columns // 12
            _e(root, "zone", h=str(h), id=str(number), name=s.asked.tile.title, w=str(w), x=str(x), y=str(y))
            number, x = number + 1, x + w
        y += h
    _id(made, dashboard.name, "dashboard")


def components(metrics: Sequence[Metric]) -> dict[str, Column]:
    """The columns of the view that the metrics are computed of."""

    def of(found: Formula) -> list[Column]:
        match found:
            case Column():
                return [found]
            case Number():
                return []
            case _:
                return of(found.left) + of(found.right)

    return {c.name: c for m in metrics for c in of(m.formula)}
