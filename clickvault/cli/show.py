"""The output of commands: results on stdout as a table or as JSON, progress and errors on stderr.

All that a command prints passes `visible`: texts of messages, names of objects and words of servers may hold control
characters, which a terminal would execute: move the cursor, set colours or its title.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from clickvault.errors import ClickvaultError

# Controls of ASCII but tab and newline, those above it, marks that turn the direction of what follows, separators of
# lines, and halves of a character, which no output can encode.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """The text with its control characters written out, as \\x1b or \\u202e; tab and newline stay."""
    return _CONTROLS.sub(lambda found: _written(found[0], r"\x{:02x}"), text)


def _written(character: str, short: str) -> str:
    number = ord(character)
    return short.format(number) if number < 256 else rf"\u{number:04x}"


def out(text: str) -> None:
    """A line of a result, on stdout."""
    print(visible(text))


def as_json(value: Any) -> None:
    """Print a value as JSON; numbers that JSON has no word for are null, and control characters are escaped as JSON does."""
    text = json.dumps(_finite(value), default=_plain, indent=2, ensure_ascii=False, allow_nan=False)
    print(_CONTROLS.sub(lambda found: _written(found[0], r"\u{:04x}"), text))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {k if isinstance(k, str) else str(_plain(k)): _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    return str(value)


NAMES = ("pid", "port", "partition", "offset")
"""Columns of numbers that name something: not grouped, for they are copied."""


def table(rows: Sequence[dict[str, Any]], title: str = "", empty: str = "nothing", exact: bool = False) -> None:
    """Print row objects as a table; numbers to the right, thousands grouped; times to the second, unless they are to be exact."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if not rows:
        console.print(f"{title + ': ' if title else ''}{empty}", highlight=False)
        return
    rows = [{visible(name): value for name, value in row.items()} for row in rows]
    cells = {name: [_cell(name, r.get(name), exact) for r in rows] for name in rows[0]}
    widths = {name: max(map(len, [name, *column])) for name, column in cells.items()}
    # What a line is about, and what is short, stays whole; the rest is folded. Where that leaves too little, a record a row is read better.
    whole = {name: width for n, (name, width) in enumerate(widths.items()) if width <= (12 if n else 24)}
    left, folded = console.width - sum(whole.values()) - 3 * len(widths) - 1, len(widths) - len(whole)
    if left < 8 * folded or (folded and max(widths.values()) > 10 * (left // folded)):
        if title:
            console.print(title, style="italic")
        for n in range(len(rows)):
            lines = (Text.assemble((f"{name}: ", "bold"), column[n]) for name, column in cells.items())
            console.print(*lines, "", sep="\n")
        return
    grid = Table(title=title or None, title_justify="left", header_style="bold")
    for name in cells:
        numeric = all(isinstance(r.get(name), int | float) and not isinstance(r.get(name), bool) for r in rows)
        grid.add_column(name, justify="right" if numeric else "left", overflow="fold", no_wrap=name in whole)
    for row in zip(*cells.values(), strict=True):
        grid.add_row(*map(Text, row))
    console.print(grid)


def _cell(name: str, value: Any, exact: bool) -> str:
    return visible(_text(name, value, exact))


def _text(name: str, value: Any, exact: bool) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return str(value) if name in NAMES else f"{value:,}"
        case float():
            return f"{value:,.4g}" if abs(value) < 1e6 else f"{value:,.0f}"
        case bytes():
            return value.decode("utf-8", "backslashreplace")
        case list() | tuple() if not exact:
            return ", ".join(": ".join(map(str, v.values())) if isinstance(v, dict) else str(v) for v in value)
        case datetime():
            return str(value if exact else value.replace(microsecond=0))
        case _:
            return str(value)


def rows(found: Sequence[dict[str, Any]], json_wanted: bool, empty: str = "nothing", exact: bool = False) -> None:
    """Print row objects as a table, or as JSON."""
    if json_wanted:
        as_json(list(found))
    else:
        table(found, empty=empty, exact=exact)


def say(text: str) -> None:
    """A line for the person who watches, on stderr."""
    sys.stderr.write(visible(text) + "\n")  # in one piece: several threads speak while the stack starts
    sys.stderr.flush()


@contextmanager
def progress(shown: bool = True) -> Iterator[Any]:
    """A callable (what, done, total) that draws a bar on stderr; without a terminal, a line when the work changes."""
    if not shown:
        yield lambda _what, _done, _total: None
        return
    if not sys.stderr.isatty():
        last = [""]

        def line(what: str, done: int, total: int) -> None:
            if what != last[0]:
                last[0] = what
                say(f"  {what} ...")

        yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def draw(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(visible(what), total=total or None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield draw


def error(problem: ClickvaultError) -> None:
    """`Error:` and `Try:` on stderr."""
    say(f"Error: {problem.message}")
    if problem.hint:
        say(f"Try:   {problem.hint}")
