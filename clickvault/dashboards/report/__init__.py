"""The report: all dashboards as one page that opens from disk without network.

What is shown is declared by the domains; ask.py gets the rows of each tile, page.py puts the page together from
templates/report/, whose scripts draw the tiles and let the reader choose a time, a country, a language, a currency.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from clickvault.sql.render import Renderer

__all__ = ["write"]


def write(ch: Client, renderer: Renderer, out: Path, now: datetime | None = None, folder: Path | None = None) -> None:
    """Write the report to `out`, whole or not at all; the login of `ch` needs to read only.

    `now` (UTC, default: the clock) is printed as the time it was made, and says which day is not over; `folder` has
    other dashboards than the domains declare. Raises ContractError for a tile that does not fit its view, DataError when the views are not there,
    ConfigurationError when the file can't be written.
    """
    from clickhouse_connect.driver.exceptions import DatabaseError

    from clickvault.dashboards.load import load
    from clickvault.dashboards.report import ask, page
    from clickvault.errors import ConfigurationError, DataError

    made_at = now or datetime.now(UTC)
    dashboards = load(renderer, folder)
    try:
        boards = [ask.board(ch, renderer, dashboard, tiles) for dashboard, tiles in dashboards]
        trust = ask.trust(ch, renderer)
    except DatabaseError as error:
        reason = str(error).splitlines()[0][:300]
        raise DataError(f"the marts can't be read: {reason}", hint="clickvault init") from error
    text = page.render(renderer.folder, boards, made_at, trust)
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
