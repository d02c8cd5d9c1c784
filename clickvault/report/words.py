"""The report's numbers and sentences as text. Pure; the page escapes what is returned."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from clickvault.report.ask import Answer, Days, Reading
from clickvault.report.charts import MAX_DAYS, MAX_ROWS, SHARES, WHOLE_AFTER, label


def number(column: str, value: Any) -> str:
    """A value of a column: shares as per cent, whole numbers grouped, other numbers to four digits."""
    match value:
        case None:
            return "–"
        case float() if column in SHARES:
            return f"{value:.1%}"
        case int() if column in SHARES:
            return f"{value:.0%}"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:,.4g}"
        case _:
            return str(value)


def change(reading: Reading) -> str:
    """How a figure changed, and in how long; empty where it is not compared."""
    if not reading.figure.against:
        return ""
    if reading.change is None:
        return "nothing to compare with yet"
    return f"{reading.change:+.1%} in {reading.figure.against} days"


def lead(answer: Answer, at: Days) -> str:
    """A chart's answer in a sentence."""
    chart, rows = answer.chart, answer.rows
    if not rows:
        return ""
    metric = chart.metrics[0]
    if chart.kind in ("lines", "stacked", "bars"):
        row = next(r for r in reversed(rows) if r[chart.dimension] == at.shown.isoformat())
        return f"{at.shown}: " + ", ".join(f"{label(m)} {number(m, row[m])}" for m in chart.metrics) + "."
    if chart.kind == "ranked":
        key = str(rows[0][chart.dimension])
        return f"{answer.names.get(key, key)}: {label(metric)} {number(metric, rows[0][metric])} on {at.shown}."
    if chart.kind == "levels":
        most = max(rows, key=lambda r: r[metric])
        return f"Most pairs of people who reach each other are {most[chart.dimension]} apart ({at.shown})."
    if chart.kind == "level_lines":
        half = next((r for r in rows if r[metric] >= 0.5), rows[-1])
        return (
            f"{number(metric, half[metric])} of all pairs are within {half[chart.dimension]}, "
            f"{number(metric, rows[-1][metric])} reach each other at all ({at.shown})."
        )
    return _spread(answer, at)


def _spread(answer: Answer, at: Days) -> str:
    """The middle of a distribution, and what its logarithmic axis leaves out."""
    chart, rows = answer.chart, answer.rows
    (count,) = answer.columns
    total = sum(r[count] for r in rows)
    seen = 0
    middle = rows[-1][chart.dimension]
    for row in rows:
        seen += row[count]
        if 2 * seen >= total:
            middle = row[chart.dimension]
            break
    none = sum(r[count] for r in rows if not r[chart.dimension])
    return (
        f"Half of the {total:,} {count} have at most {middle:,} {label(chart.dimension)}; {none:,} have none, "
        f"which the chart has no place for ({at.shown})."
    )


def notes(answer: Answer, at: Days, today: date) -> list[str]:
    """What a reader has to know so as not to misread a chart."""
    chart, rows = answer.chart, answer.rows
    out = []
    by_day = chart.kind in ("lines", "stacked", "bars")
    first_shown = date.fromisoformat(rows[0][chart.dimension]) if by_day else at.shown
    whole = {m: at.first + timedelta(days=WHOLE_AFTER[m]) for m in chart.metrics if m in WHOLE_AFTER}
    late = [f"{label(m)} is whole from {since} on" for m, since in whole.items() if since > first_shown]
    if late:
        out.append(f"The data begin on {at.first}: {', '.join(late)}.")
    if by_day and at.last >= today:
        out.append(f"{at.last} is not over: its numbers still grow.")
    if by_day and len(rows) == MAX_DAYS:
        out.append(f"The last {MAX_DAYS} days are shown.")
    if not by_day and len(rows) == MAX_ROWS:
        out.append(f"The first {MAX_ROWS:,} rows are shown.")
    return out
