"""The report as one HTML page that needs nothing else: style, scripts, Plotly and the rows are in it. Pure.

The page's Content-Security-Policy allows its scripts by their hashes and no address at all, so it can't ask the network for
anything, whatever the data hold.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2

from clickvault.dashboards.formulas import Column, Formula, Number
from clickvault.dashboards.report.ask import Answer, Board, Frame, Trust, choice

MAX_BYTES = 6_000_000
SCRIPTS = ("_words.js.html.j2", "_charts.js.html.j2", "_page.js.html.j2")


def for_script(value: Any) -> str:
    """JSON that can stand in a script element: no character of it ends the element or begins a comment."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def hash_source(script: str) -> str:
    """A script's hash as a Content-Security-Policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def adds_up(formula: Formula) -> bool:
    """Whether values of a metric can be stacked, and the small ones of them be put together."""
    match formula:
        case Column():
            return True
        case Number():
            return False
        case _:
            return formula.operator in "+-" and adds_up(formula.left) and adds_up(formula.right)


def packed(frame: Frame) -> dict[str, Any]:
    """A frame as the page's script reads it: texts as places in a list of the different ones."""
    columns: dict[str, Any] = {}
    for name, values in frame.columns.items():
        if all(isinstance(v, str) for v in values) and values:
            texts = list(dict.fromkeys(values))
            place = {text: i for i, text in enumerate(texts)}
            columns[name] = {"of": texts, "at": [place[v] for v in values]}
        else:
            columns[name] = values
    return {"columns": columns, "choices": frame.choices}


def described(answer: Answer, board: Board) -> dict[str, Any]:
    """A tile as the page's script reads it."""
    a = answer.asked
    return {
        "name": a.name, "board": board.dashboard.name, "chart": a.tile.chart, "against": a.tile.against, "frames": answer.frames,
        "series": a.series, "time": a.view.time, "dimensions": a.dimensions,
        "newest": a.tile.newest, "labels": {d: a.view.label(d) for d in (*a.dimensions, a.view.time) if d},
        "metrics": [
            {"name": m.name, "label": m.label, "unit": m.unit, "adds": adds_up(m.formula)} for m in a.metrics
        ],
    }  # fmt: skip


def choices(board: Board) -> list[dict[str, Any]]:
    """The filters that the page offers for a dashboard, with the values that its rows have; time is offered for all."""
    found = []
    for f in board.dashboard.filters:
        values = {
            v
            for frame in board.frames.values()
            if f.name in frame.choices
            for v in frame.columns[choice(f.name)]
            if v is not None
        }
        if len(values) > 1:
            found.append({"filter": f, "values": [f.default, *sorted(values - {f.default})]})
    return found


def render(folder: Path, boards: Sequence[Board], made_at: datetime, trust: Trust | None = None) -> str:
    """The page; `folder` is where the templates are, `made_at` the time it is made (UTC).

    Without `trust` the page says nothing of quality checks.
    """
    from markupsafe import Markup
    from plotly.offline import get_plotlyjs

    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder / "report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals |= {"choices": choices}
    library = get_plotlyjs()
    scripts = [env.get_template(name).render() for name in SCRIPTS]
    data = {
        "boards": {
            b.dashboard.name: {"first": b.first and b.first.isoformat(), "last": b.last and b.last.isoformat()}
            for b in boards
        },
        "tiles": [described(answer, b) for b in boards for answer in b.answers],
        "frames": {key: packed(frame) for b in boards for key, frame in b.frames.items()},
    }
    ends = [d for b in boards for d in (b.first, b.last) if d]
    return env.get_template("page.html.j2").render(
        boards=boards,
        days=sorted({n for b in boards for n in b.days}),
        first=min(ends, default=None),
        last=max(ends, default=None),
        made_at=made_at,
        trust=trust,
        data=Markup(for_script(data)),
        library=Markup(library),
        scripts=[Markup(s) for s in scripts],
        script_sources=" ".join(hash_source(s) for s in (library, *scripts)),
    )
