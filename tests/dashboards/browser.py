"""Superset in a real browser: log in, open a dashboard, wait until every chart is drawn, read what stands there.

Playwright drives the Chromium that the system has. It is what pictures for docs/ are made by, too:

    CLICKVAULT_HOME=... python -m tests.dashboards.browser docs/superset [dashboard ...]
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = next((p for name in ("chromium", "chromium-browser", "google-chrome") if (p := shutil.which(name))), "")
WIDTH = 1400
SECONDS = 120
# What is left to wait for, and what went wrong, of each chart on the page.
STATE = """() => {
  const text = (e) => (e ? e.innerText.trim() : "");
  const nothing = /No results were returned[^]*/;
  return [...document.querySelectorAll("[data-test-chart-id]")].map((chart) => ({
    name: chart.getAttribute("data-test-chart-name"),
    loading: !!chart.querySelector('[data-test="loading-indicator"], .loading, .ant-spin-spinning'),
    drawn: !!chart.querySelector(".slice_container") && !!chart.querySelector(".slice_container *"),
    error: text(chart.querySelector('[role="alert"], .ant-alert-error, [data-test="error-message"]')),
    empty: (text(chart).match(nothing) || [""])[0],
    number: text(chart.querySelector(".header-line")),
    text: text(chart.querySelector(".slice_container")),
    pixels: [...chart.querySelectorAll("canvas")].map((c) => c.width * c.height).reduce((a, b) => a + b, 0),
  }));
}"""


@dataclass(frozen=True)
class Shown:
    """A chart as it stands on the page; `number` is that of a big number."""

    name: str
    error: str
    empty: str
    number: str
    text: str
    pixels: int


@dataclass
class Page:
    """A dashboard that was opened: its charts by their titles, and what the browser complained of."""

    charts: dict[str, Shown]
    console: list[str] = field(default_factory=list)


class Browser:
    """A browser that is logged in."""

    def __init__(self, context: Any, url: str) -> None:
        self.context, self.url = context, url

    def open(self, dashboard: str, picture: Path | None = None) -> Page:
        """Open a dashboard, scroll through it, and wait for every chart. Raises TimeoutError that names those not drawn."""
        page = self.context.new_page()
        console: list[str] = []
        page.on("console", lambda said: console.append(said.text) if said.type == "error" else None)
        page.goto(f"{self.url}/superset/dashboard/{dashboard}/?standalone=2", wait_until="domcontentloaded")
        page.wait_for_selector("[data-test-chart-id]", timeout=SECONDS * 1000)
        # Charts are drawn when they come into sight: a window as high as the page shows all of them.
        page.wait_for_timeout(1000)
        high = page.evaluate("() => Math.max(...[...document.querySelectorAll('*')].map((e) => e.scrollHeight))")
        page.set_viewport_size({"width": WIDTH, "height": min(int(high) + 20, 6000)})
        waited = 0
        while True:
            found = page.evaluate(STATE)
            left = [c["name"] for c in found if not c["error"] and not c["empty"] and (c["loading"] or not c["drawn"])]
            if found and not left:
                break
            waited += 1
            if waited > SECONDS:
                raise TimeoutError(f"not drawn after {SECONDS} s: {left}")
            page.wait_for_timeout(1000)
        page.wait_for_timeout(2500)  # the charts move into their places
        found = page.evaluate(STATE)
        if picture:
            page.screenshot(path=str(picture))
        page.close()
        keep = ("name", "error", "empty", "number", "text", "pixels")
        return Page({c["name"]: Shown(**{k: c[k] for k in keep}) for c in found}, console)


@contextmanager
def browser(url: str, user: str, password: str) -> Iterator[Browser]:
    """A browser in which this user has logged in by the page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        )
        context = started.new_context(viewport={"width": WIDTH, "height": 1200}, locale="en-GB", timezone_id="UTC")
        page = context.new_page()
        page.goto(f"{url}/login/", timeout=SECONDS * 1000)
        page.locator('input[name="username"], #username').first.fill(user, timeout=SECONDS * 1000)
        page.locator('input[name="password"], #password').first.fill(password)
        page.locator('button[type="submit"], input[type="submit"]').first.click()
        page.wait_for_url(lambda address: "/login" not in address, timeout=SECONDS * 1000)
        page.close()
        yield Browser(context, url)
        started.close()


def main(folder: Path, names: list[str]) -> None:
    """Pictures of the dashboards of the running Superset, in a folder."""
    from clickvault.dashboards import load
    from clickvault.dashboards.superset import server as superset_server
    from clickvault.embedded.state import State
    from clickvault.session import Session
    from clickvault.settings import get_settings

    settings = get_settings()
    state = State(settings.home)
    folder.mkdir(parents=True, exist_ok=True)
    with browser(superset_server.url(state), *superset_server.login(state)) as opened:
        for shown, _ in load(Session(settings).renderer):
            if names and shown.name not in names:
                continue
            found = opened.open(shown.name, folder / f"{shown.name}.png")
            wrong = [f"{c.name}: {c.error or c.empty}" for c in found.charts.values() if c.error or c.empty]
            print(f"{shown.name}: {len(found.charts)} charts; {'; '.join(wrong) or 'all drawn'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
