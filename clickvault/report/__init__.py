"""The report: one page with figures and charts of the marts, which opens from disk without network.

charts.py declares what is shown, ask.py gets the numbers from the marts' views, figures.py draws, words.py says,
page.py puts the page together from templates/report/.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from clickvault.render import Renderer
    from clickvault.report.page import Section

__all__ = ["sections", "write"]


def sections(ch: Client, renderer: Renderer, today: date) -> list[Section]:
    """The marts that charts are declared of, with their numbers as they are now."""
    from clickvault.marts import all_marts
    from clickvault.report import ask
    from clickvault.report.charts import CHARTS, FIGURES, check
    from clickvault.report.page import Section

    marts = {m.name: m for m in all_marts(renderer)}
    check(marts, CHARTS, FIGURES)
    found = []
    for name in dict.fromkeys(c.mart for c in CHARTS):
        if name not in marts:  # its domain is off
            continue
        days = ask.days(ch, renderer, marts[name], today)
        if days is None:
            found.append(Section(marts[name], None))
            continue
        figures = [f for f in FIGURES if f.mart == name]
        readings = ask.readings(ch, renderer, name, figures, days) if figures else []
        answers = [ask.answer(ch, renderer, c, days) for c in CHARTS if c.mart == name]
        found.append(Section(marts[name], days, readings, answers))
    return found


def write(ch: Client, renderer: Renderer, out: Path, now: datetime | None = None) -> None:
    """Write the report to `out`, whole or not at all; the login of `ch` needs to read only.

    `now` (UTC, default: the clock) is printed as the time it was made, and says which day is not over. Raises DataError
    when the views are not there, ConfigurationError when the file can't be written.
    """
    from clickhouse_connect.driver.exceptions import DatabaseError

    from clickvault.errors import ConfigurationError, DataError
    from clickvault.report import ask, page

    made_at = now or datetime.now(UTC)
    try:
        found = sections(ch, renderer, made_at.date())
        totals = ask.totals(ch, renderer)
        trust = ask.trust(ch, renderer)
    except DatabaseError as error:
        reason = str(error).splitlines()[0][:300]
        raise DataError(f"the marts can't be read: {reason}", hint="clickvault init") from error
    text = page.render(renderer.folder, found, totals, made_at, trust)
    part = out.with_name(out.name + ".part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", newline="\n")
        part.replace(out)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise ConfigurationError(
            f"{out} can't be written: {error.strerror}", hint="clickvault report --out report.html"
        ) from error
