"""The report as one HTML page that needs nothing else: style, script, Plotly and the numbers are in it. Pure.

The page's Content-Security-Policy allows the two scripts by their hashes and no address at all, so it can't ask the
network for anything, whatever the data hold.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2

from clickvault.marts import Mart
from clickvault.quality import words as quality_words
from clickvault.report import words
from clickvault.report.ask import Answer, Days, Reading, Trust
from clickvault.report.charts import NAMES, label
from clickvault.report.figures import figure

MAX_BYTES = 6_000_000


@dataclass(frozen=True)
class Section:
    """One mart on the page: `days` is None, and nothing else is there, while it is empty."""

    mart: Mart
    days: Days | None
    readings: Sequence[Reading] = ()
    answers: Sequence[Answer] = ()


def for_script(value: Any) -> str:
    """JSON that can stand in a script element: no character of it ends the element or begins a comment."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def hash_source(script: str) -> str:
    """A script's hash as a Content-Security-Policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def render(
    folder: Path, sections: Sequence[Section], totals: Mapping[str, int], made_at: datetime, trust: Trust | None = None
) -> str:
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
    env.globals |= {
        "label": label, "number": words.number, "change": words.change, "lead": words.lead, "notes": words.notes,
        "in_unit": quality_words.number, "bound": quality_words.bound, "keys_with_names": NAMES, "today": made_at.date(),
    }  # fmt: skip
    library = get_plotlyjs()
    script = env.get_template("_script.js.html.j2").render()
    figures = {a.chart.name: figure(a) for s in sections for a in s.answers if a.rows}
    with_days = [s.days for s in sections if s.days]
    return env.get_template("page.html.j2").render(
        sections=sections,
        totals=totals,
        trust=trust,
        made_at=made_at,
        first=min((d.first for d in with_days), default=None),
        last=max((d.last for d in with_days), default=None),
        top=[r for s in sections for r in s.readings if r.figure.top],
        definitions={s.mart.name: s.mart.metrics for s in sections},
        library=Markup(library),
        script=Markup(script),
        figures=Markup(for_script(figures)),
        script_sources=" ".join(hash_source(s) for s in (library, script)),
    )
