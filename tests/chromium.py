"""A page in headless Chromium, driven by its command line: what its scripts made of it, what it said, what it fetched."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

FOUND = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), "")
needed = pytest.mark.skipif(not FOUND, reason="no Chromium here (Debian: apt-get install chromium)")
NARROWEST = 500  # a window of headless Chromium is not narrower: see `framed`


@dataclass(frozen=True)
class Seen:
    """The page's HTML after its scripts, and the lines of its console, which tell of whatever its policy refused."""

    html: str
    console: list[str]


def look(
    address: str,
    width: int = 1440,
    height: int = 2000,
    dark: bool = False,
    picture: Path | None = None,
    paper: Path | None = None,
) -> Seen:
    """Open an address and wait until its scripts are done; `picture` is a PNG to write, `paper` a PDF."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                FOUND, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
                f"--user-data-dir={folder}/profile", f"--window-size={width},{height}", "--virtual-time-budget=30000",
                "--enable-logging=stderr", "--allow-file-access-from-files",
                f"--blink-settings=preferredColorScheme={0 if dark else 1}",
                *([f"--screenshot={picture}"] if picture else []), *([f"--print-to-pdf={paper}"] if paper else []),
                "--dump-dom", address,
            ],
            capture_output=True, text=True, check=True, timeout=180,
        )  # fmt: skip
        console = re.findall(r"CONSOLE[:(]\d+\)?\] (.*)", done.stderr)
    return Seen(done.stdout, console)


def framed(address: str, width: int, folder: Path) -> str:
    """An address that shows another one in a frame, which may be narrower than a window.

    It says how many charts were drawn there, how wide the page is, in which colours, and what it fetched:
    <pre>{"drawn": ..., ...}</pre>
    """
    page = folder / f"frame{width}.html"
    page.write_text(
        f"""<!DOCTYPE html><style>body {{ margin: 0 }} iframe {{ border: 0; display: block }}</style>
        <iframe src="{address}" width="{width}" height="8000"></iframe>
        <pre></pre>
        <script>setInterval(() => {{
          const shown = document.querySelector("iframe").contentWindow, root = shown.document.documentElement;
          const style = shown.getComputedStyle(shown.document.body);
          document.querySelector("pre").textContent = JSON.stringify({{
            drawn: Number(root.dataset.drawn), width: root.scrollWidth, paper: style.backgroundColor, ink: style.color,
            fetched: shown.performance.getEntriesByType("resource").map((entry) => entry.name),
          }});
        }}, 500);</script>""",
        encoding="utf-8",
    )
    return page.as_uri()


class Tiles(HTMLParser):
    """The tiles of a report's page as it is shown: their texts, the exact values of numbers, the rows of tables."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tables: dict[str, list[list[Any]]] = {}
        self.numbers: dict[str, Any] = {}
        self.texts: dict[str, str] = {}
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self._tile = ""
        self._cell: list[Any] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append((tag, found))
        match tag:
            case "article":
                self._tile = found["data-tile"] or ""
                self.tables[self._tile] = []
                self.texts[self._tile] = ""
            case "tr" if self._tile:
                self.tables[self._tile].append([])
            case "td" | "th" if self._tile:
                self._cell = []
            case "data" | "code" if self._cell is not None and {"value", "data-key"} & found.keys():
                exact = json.loads(found["value"] or "") if tag == "data" else found["data-key"]
                self.tables[self._tile][-1].append(exact)
                self._cell = None
            case "data" if self._tile:
                self.numbers.setdefault(self._tile, json.loads(found["value"] or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th") and self._cell is not None:
            self.tables[self._tile][-1].append("".join(self._cell))
            self._cell = None
        if tag == "article":
            self._tile = ""

    def handle_data(self, data: str) -> None:
        if self._tile:
            self.texts[self._tile] += data
        if self._cell is not None:
            self._cell.append(data)
