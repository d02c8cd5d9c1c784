"""The report's page from made-up rows, without a server: what is in it, what is not, and that data stay data."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from clickvault.contract import Registry
from clickvault.dashboards import Asked, load, report
from clickvault.dashboards.report import ask, page
from clickvault.dashboards.report.ask import EVERYTHING, Answer, Board, Frame, Trust
from clickvault.dashboards.report.page import MAX_BYTES, for_script, hash_source
from clickvault.domains.social import DOMAIN
from clickvault.errors import ConfigurationError
from clickvault.quality import Result, all_checks
from clickvault.quality.words import summaries
from clickvault.sql.render import Renderer
from tests.colours import contrast

SOCIAL = Renderer(Registry([DOMAIN]))
LOADED = load(SOCIAL)
TILES = [a for _, tiles in LOADED for a in tiles]
NOW = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
HOSTILE = "</script><img src=http://x.example/ onerror=alert(1)>&\"'<b>\u2028<!--"


class Page(HTMLParser):
    """A page taken apart: its elements, its scripts, its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.text = ""
        self._open = ""
        self.feed(text)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self._open = tag
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif not self._open:
            self.text += data

    @property
    def data(self) -> dict[str, Any]:
        """What the scripts are given."""
        (found,) = [text for attrs, text in self.scripts if attrs.get("id") == "data"]
        return dict(json.loads(found))


def made_up(a: Asked, rows: int, name: str) -> Frame:
    """Rows of a tile as the views give them."""
    first = NOW.date() - timedelta(days=rows)
    columns: dict[str, list[Any]] = {}
    for d in a.dimensions:
        if d == a.view.time:
            columns[d] = [(first + timedelta(days=i)).isoformat() for i in range(rows)]
        else:
            columns[d] = [str(UUID(int=i + 1)) if d.endswith("_id") else f"{name} {i}" for i in range(rows)]
    columns |= {m.name: [10 + i * 37 for i in range(rows)] for m in a.metrics}
    return Frame(columns)


def boards(rows: int = 45, name: str = "Friends of chess") -> list[Board]:
    found = []
    for dashboard, tiles in LOADED:
        frames = {a.name: made_up(a, rows if a.series else min(rows, a.limit), name) for a in tiles}
        answers = [Answer(a, {EVERYTHING: a.name}) for a in tiles]
        last = NOW.date() - timedelta(days=1)
        found.append(Board(dashboard, last - timedelta(days=rows - 1), last, (7, 14), answers, frames))
    return found


def rendered(some: list[Board], trust: Trust | None = None) -> str:
    return page.render(SOCIAL.folder, some, NOW, trust)


@pytest.fixture(scope="module")
def text() -> str:
    return rendered(boards())


# ── the page ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_tile_is_there_with_its_question_and_the_words_of_the_header(text: str) -> None:
    found = Page(text)
    shown = [a["data-tile"] for t, a in found.elements if t == "article"]
    assert shown == [a.name for a in TILES]
    assert [t["name"] for t in found.data["tiles"]] == shown
    for a in TILES:
        assert a.tile.title in found.text
        for m in a.metrics:
            assert " ".join(m.meaning.split()) in found.text


def test_nothing_is_fetched(text: str) -> None:
    found = Page(text)
    addresses = [
        v for _, attrs in found.elements for k, v in attrs.items() if k in ("src", "href", "srcset", "action", "data")
    ]
    assert addresses
    assert [a for a in addresses if not (a or "").startswith(("#", "data:"))] == []
    assert not {t for t, _ in found.elements} & {"iframe", "object", "embed", "img", "form", "base"}
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert len(style) == 1
    assert "url(" not in style[0]
    assert "@import" not in style[0]


def test_the_policy_allows_the_scripts_and_no_address(text: str) -> None:
    found = Page(text)
    (policy,) = [a["content"] for t, a in found.elements if t == "meta" and a.get("http-equiv")]
    run = [script for attrs, script in found.scripts if attrs.get("type") != "application/json"]
    assert len(run) == 1 + len(page.SCRIPTS)
    assert (policy or "").startswith("default-src 'none'; script-src " + " ".join(hash_source(s) for s in run) + "; ")
    assert "http" not in (policy or "")
    assert not [k for _, attrs in found.elements for k in attrs if k.startswith("on") or k == "style"]


def test_the_page_can_be_read_without_seeing_it(text: str) -> None:
    found = Page(text)
    drawings = [a for t, a in found.elements if t == "div" and a.get("class") == "chart"]
    assert len(drawings) == len([a for a in TILES if a.tile.chart not in ("number", "table")])
    assert all(a["role"] == "img" and "table below" in (a["aria-label"] or "") for a in drawings)
    tables = [a for t, a in found.elements if t == "div" and a.get("class") == "scroll"]
    assert len(tables) == len(TILES), "a table for every tile"
    assert all(a["tabindex"] == "0" and a["aria-label"] for a in tables)
    assert [a for t, a in found.elements if t == "html"] == [{"lang": "en"}]
    ids = [a["id"] for _, a in found.elements if "id" in a]
    assert len(ids) == len(set(ids))
    known = set(ids)
    assert {a["aria-labelledby"] for _, a in found.elements if "aria-labelledby" in a} <= known


def mixed(one: str, other: str, share: float) -> str:
    """The colour between two, as far from the first as `share` says."""
    ends = [[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (one, other)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in zip(*ends, strict=True))


def test_contrast_is_enough_in_light_and_dark() -> None:
    """Text 4.5 to 1, lines of charts 3 to 1 (WCAG 2.2, 1.4.3 and 1.4.11)."""
    style = (SOCIAL.folder / "report" / "_style.css.html.j2").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--(\w+): ([^;]+);", part)) for part in style.split("@media screen and")[:2])
    for colours in (light, light | dark):
        for ground in (colours["paper"], colours["card"]):
            for ink in ("ink", "quiet", "link"):
                assert contrast(colours[ink], ground) >= 4.5, f"{ink} on {ground}"
            for colour in colours["series"].split():
                assert contrast(colour, ground) >= 3, f"{colour} on {ground}"
        for n in range(21):
            cell = mixed(colours["cold"], colours["warm"], n / 20)
            assert contrast(colours["ink"], cell) >= 4.5, f"ink on {cell}"


def test_times_and_choices_are_those_of_the_rows() -> None:
    some = boards()
    money = next(b for b in some if b.dashboard.name == "money")
    money.frames["money.total"] = Frame(
        {"@currency": ["USD", "EUR", "USD"], "day": ["2026-02-01"] * 3, "total": [1, 2, 3]}, ("currency",)
    )
    found = Page(rendered(some))
    assert [a["value"] for t, a in found.elements if t == "input"] == ["0", "7", "14"]
    (select,) = [a for t, a in found.elements if t == "select"]
    assert (select["name"], select["data-board"]) == ("currency", "money")
    assert "Currency EUR USD" in found.text


def test_data_stay_data() -> None:
    found = Page(rendered(boards(name=HOSTILE)))
    assert not {t for t, _ in found.elements} & {"img", "b"}
    assert len(found.scripts) == 2 + len(page.SCRIPTS)
    assert f"{HOSTILE} 0" in found.data["frames"]["communities.growing"]["columns"]["name"]["of"]


def test_dollars_in_texts_are_no_formula(text: str) -> None:
    """Plotly would set `$x$` as TeX, and show nothing where MathJax is not there."""
    (options,) = re.findall(r"Plotly\.react\([^{]*(\{[^}]*\})\)", text)
    assert "typesetMath: false" in options


def test_json_in_a_script_element_can_not_end_it() -> None:
    text = for_script({"a": HOSTILE, "b": [1, 2.5, None]})
    assert not re.search("[<>&\u2028\u2029]", text)
    assert json.loads(text) == {"a": HOSTILE, "b": [1, 2.5, None]}
    with pytest.raises(ValueError, match="Out of range"):
        for_script(float("nan"))


def test_the_largest_page_is_small_enough() -> None:
    size = len(rendered(boards(rows=366, name="A name that goes on and on " * 2)).encode())
    assert size < MAX_BYTES, f"the report may grow to {size:,} bytes"


def test_without_rows_the_page_is_there() -> None:
    some = [
        Board(
            b.dashboard, None, None, (), b.answers, {k: Frame({n: [] for n in f.columns}) for k, f in b.frames.items()}
        )
        for b in boards()
    ]
    assert "No days yet" in Page(rendered(some)).text
    assert "No dashboard of a domain that is on" in Page(rendered([])).text


# ── quality ───────────────────────────────────────────────────────────────────────────────────────────────────


def made_up_trust(*wrong: str) -> Trust:
    checks = all_checks(SOCIAL)
    results = [
        Result(c.name, c.level, HOSTILE, c.unit, 0.25, c.bound("at_least"), 0.01, c.name not in wrong, 1_000, HOSTILE)
        for c in checks
    ]
    return Trust(summaries(checks, results), 12, NOW)


def test_whether_the_figures_can_be_trusted_is_said_first() -> None:
    checks = len(all_checks(SOCIAL))
    said = Page(rendered(boards(), made_up_trust("orphans", "volume"))).text
    assert f"No: 1 of {checks} quality checks are breached (orphans)." in said
    assert "Last looked at on 2026-03-02 12:30 UTC" in said
    said = Page(rendered(boards(), made_up_trust("volume"))).text
    assert f"Yes: none of {checks} quality checks is breached, 1 warns (volume)." in said
    assert "No quality check has been run: clickvault quality" in Page(rendered([], Trust([], 0, None))).text


# ── questions ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2**63, 2**63), (0.1 + 0.2, 0.3), (float("nan"), None), (float("inf"), None), (None, None), (True, True),
        (Decimal("1.250000"), 1.25), (date(2026, 1, 2), "2026-01-02"), (NOW, "2026-03-02 12:30:00+00:00"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)  # fmt: skip
def test_values_as_json_knows_them(value: Any, expected: Any) -> None:
    assert ask.plain(value) == expected


def test_what_can_be_stacked() -> None:
    by_name = {a.name: {m.name: page.adds_up(m.formula) for m in a.metrics} for a in TILES}
    assert by_name["communities.topics"] == {"discussion": True}
    assert by_name["virality.rate"] == {"virality": False}


def test_a_file_that_can_not_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever was there stays, and nothing half is left."""
    monkeypatch.setattr(ask, "board", lambda ch, renderer, dashboard, tiles: Board(dashboard, None, None, (), [], {}))
    monkeypatch.setattr(ask, "trust", lambda ch, renderer: Trust([], 0, None))
    client: Any = None
    report.write(client, SOCIAL, tmp_path / "new" / "report.html", NOW)
    assert (tmp_path / "new" / "report.html").stat().st_size > 1_000_000
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="can't be written"):
        report.write(client, SOCIAL, tmp_path / "taken" / "report.html", NOW)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["new", "report.html", "taken"]
