"""Draw the pictures of the docs from a report, by a headless Chromium (Debian: apt-get install chromium).

    python docs/pictures/draw.py REPORT.html

One PNG a shot: a dashboard of the report at the width of a desk or of a phone, light or dark. A phone's window is narrower than
headless Chromium allows, so the page is shown in a frame.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Shot:
    """What a picture shows: which dashboard from its top, in which size (pixels), with what chosen."""

    name: str
    board: str
    width: int = 1280
    height: int = 980
    dark: bool = False
    chosen: str = ""


SHOTS = [
    Shot("report-activity", "activity", height=1560),
    Shot("report-ties", "ties", height=1240),
    Shot("report-money", "money", height=1000, dark=True),
    Shot("report-pipeline", "pipeline", height=1240),
    Shot("report-phone", "activity", width=390, height=1300, chosen="days=7"),
]


def draw(chromium: str, report: Path, shot: Shot, out: Path) -> None:
    """One picture; the frame is scrolled to the dashboard when its charts are drawn."""
    page = f"""<!DOCTYPE html><style>body {{ margin: 0 }} iframe {{ border: 0; display: block }}</style>
    <iframe src="{report.as_uri()}?{shot.chosen}" width="{shot.width}" height="{shot.height}"></iframe>
    <script>setInterval(() => {{
      const shown = document.querySelector("iframe").contentWindow, root = shown.document.documentElement;
      if (root.dataset.drawn) {{
        shown.document.querySelector(".bar").style.position = "static";
        shown.document.getElementById("{shot.board}").style.scrollMarginTop = 0;
        if ("{shot.board}" !== "activity") shown.document.getElementById("{shot.board}").scrollIntoView();
      }}
    }}, 500);</script>"""
    with tempfile.TemporaryDirectory() as folder:
        frame = Path(folder) / "frame.html"
        frame.write_text(page, encoding="utf-8")
        subprocess.run(
            [
                chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
                f"--user-data-dir={folder}/profile", "--allow-file-access-from-files", "--virtual-time-budget=30000",
                f"--blink-settings=preferredColorScheme={0 if shot.dark else 1}", f"--window-size={shot.width},{shot.height}",
                f"--screenshot={out / shot.name}.png", frame.as_uri(),
            ],
            check=True, capture_output=True, timeout=180,
        )  # fmt: skip


def main() -> None:
    """Draw all shots of the report that is given."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    chromium = next((f for f in found if f), "")
    if not chromium:
        sys.exit("Error: no Chromium here\nTry:   apt-get install chromium")
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_file():
        sys.exit("Error: no report is given\nTry:   clickvault report && python docs/pictures/draw.py report.html")
    for shot in SHOTS:
        draw(chromium, Path(sys.argv[1]).resolve(), shot, HERE)
        print(f"{shot.name}.png {(HERE / shot.name).with_suffix('.png').stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
