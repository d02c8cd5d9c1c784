"""The report's page from made-up rows, without a server: what is in it, what is not, and that data stay data."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from clickvault import report
from clickvault.contract import Registry
from clickvault.errors import ConfigurationError, ContractError
from clickvault.marts import Mart, all_marts
from clickvault.quality import Result, all_checks
from clickvault.quality.words import summaries
from clickvault.render import Renderer
from clickvault.report import ask, charts, page, words
from clickvault.report.ask import Answer, Days, Reading, Trust
from clickvault.report.charts import CHARTS, FIGURES, SHARES, WHOLE_AFTER, Chart, Figure
from clickvault.report.page import MAX_BYTES, Section, for_script, hash_source
from contracts.social import DOMAIN

SOCIAL = Renderer(Registry([DOMAIN]))
MARTS = {m.name: m for m in all_marts(SOCIAL) if m.name in {c.mart for c in CHARTS}}
NOW = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
HOSTILE = "</script><img src=http://x.example/ onerror=alert(1)>&\"'<b>\u2028<!--"


class Page(HTMLParser):
    """A page taken apart: its elements, the text of scripts and styles, each chart's table as exact values."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.tables: dict[str, list[list[Any]]] = {}
        self.tiles: dict[str, Any] = {}
        self.text = ""
        self._figure = self._tile = ""
        self._cell: list[str] | None = None
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.elements.append((tag, found))
        match tag:
            case "script" | "style":
                self._open = tag
                self.scripts.append((found, "")) if tag == "script" else None
            case "figure":
                self._figure = (found["id"] or "").removeprefix("chart-")
            case "div" if "data-metric" in found:
                self._tile = found["data-metric"] or ""
                self.tiles[self._tile] = None
            case "tr" if self._figure:
                self.tables.setdefault(self._figure, []).append([])
            case "td" | "th" if self._figure:
                self._cell = []
            case "data":
                value = json.loads(found["value"] or "")
                if self._cell is not None:
                    self.tables[self._figure][-1].append(value)
                    self._cell = None
                elif self._tile:
                    self.tiles[self._tile] = value

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style"):
            self._open = ""
        if tag in ("td", "th") and self._cell is not None:
            self.tables[self._figure][-1].append("".join(self._cell).strip())
            self._cell = None
        if tag == "figure":
            self._figure = ""

    def handle_data(self, data: str) -> None:
        if self._open == "script":
            self.scripts[-1] = (self.scripts[-1][0], self.scripts[-1][1] + data)
        elif not self._open:
            self.text += data
            if self._cell is not None:
                self._cell.append(data)

    @property
    def figures(self) -> dict[str, Any]:
        """What Plotly is given."""
        (found,) = [text for attrs, text in self.scripts if attrs.get("id") == "figures"]
        return dict(json.loads(found))


def value(column: str, n: int) -> Any:
    """A made-up value of a column."""
    return n / 1000 + 1 / 7 if column in (*SHARES, "pagerank", "betweenness", "interactions_a_post") else 10 + n * 37


def made_up(chart: Chart, days: int = 45, name: str = "Friends of chess") -> Answer:
    """An answer with rows as the views give them, days up to the day before NOW."""
    columns = Answer(chart, []).columns
    if chart.dimension == "day":
        first = NOW.date() - timedelta(days=days)
        keys: list[Any] = [(first + timedelta(days=i)).isoformat() for i in range(days)]
    elif chart.kind == "ranked":
        keys = [str(UUID(int=i + 1)) for i in range(chart.limit)]
    else:
        keys = list(range(1 if chart.dimension == "level" else 0, 8))
    rows = [{chart.dimension: k, **{c: value(c, i) for c in columns}} for i, k in enumerate(keys)]
    named = chart.dimension in charts.NAMES
    return Answer(chart, rows, {k: f"{name} {i}" for i, k in enumerate(keys)} if named else {})


def made_up_sections(days: int = 45, name: str = "Friends of chess") -> list[Section]:
    at = Days(NOW.date() - timedelta(days=days), NOW.date() - timedelta(days=1), NOW.date() - timedelta(days=1))
    return [
        Section(
            MARTS[mart],
            at,
            [Reading(f, at.shown, value(f.metric, 1), value(f.metric, 0)) for f in FIGURES if f.mart == mart],
            [made_up(c, days, name) for c in CHARTS if c.mart == mart],
        )
        for mart in dict.fromkeys(c.mart for c in CHARTS)
    ]


def rendered(sections: list[Section]) -> str:
    return page.render(SOCIAL.folder, sections, {"landed": 1234, "rejected": 5}, NOW)


@pytest.fixture(scope="module")
def text() -> str:
    return rendered(made_up_sections())


# ── declarations ──────────────────────────────────────────────────────────────────────────────────────────────


def test_every_metric_that_is_shown_is_defined_in_a_header() -> None:
    assert {c.mart for c in CHARTS} == set(MARTS)
    assert {"platform_daily", "community_daily", "social_graph_daily", "user_centrality"} <= set(MARTS)
    charts.check(MARTS, CHARTS, FIGURES)
    assert len({c.name for c in CHARTS}) == len(CHARTS)
    shown = {(c.mart, m) for c in CHARTS for m in c.columns} | {(f.mart, f.metric) for f in FIGURES}
    metrics = {m for mart in MARTS.values() for m in mart.metrics}
    assert metrics >= SHARES | set(WHOLE_AFTER)
    assert {("platform_daily", m) for m in MARTS["platform_daily"].metrics} <= shown


@pytest.mark.parametrize(
    "wrong",
    [
        Chart("x", "?", "platform_daily", "lines", ("dua",)),
        Chart("x", "?", "platform_daily", "lines", ("dau",), also=("n",)),
    ],
)
def test_a_metric_that_the_header_does_not_define_is_refused(wrong: Chart) -> None:
    with pytest.raises(ContractError, match="chart x: mart platform_daily defines no metric"):
        charts.check(MARTS, [wrong], [])
    with pytest.raises(ContractError, match="figure: mart user_centrality defines no metric 'rank'"):
        charts.check(MARTS, [], [Figure("user_centrality", "rank")])


def test_marts_of_a_domain_that_is_off_are_passed_over() -> None:
    charts.check({}, CHARTS, FIGURES)
    assert "No mart of a domain that is on has charts" in Page(rendered([])).text


@pytest.mark.parametrize("chart", CHARTS, ids=lambda c: c.name)
def test_a_chart_asks_the_view_of_its_mart_only(chart: Chart) -> None:
    sql = SOCIAL.render(
        "report/chart.sql.j2", chart=chart, counted=charts.counted(chart.mart), max_days=366, max_rows=2000
    )
    assert set(re.findall(r"FROM (\S+)", sql)) - {"("} == {f"`marts`.`v_{chart.mart}`"}
    assert ("{day:Date}" in sql) == (chart.dimension != "day")
    assert "LIMIT" in sql


# ── the page ──────────────────────────────────────────────────────────────────────────────────────────────────


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


def test_the_policy_allows_the_two_scripts_and_no_address(text: str) -> None:
    found = Page(text)
    (policy,) = [a["content"] for t, a in found.elements if t == "meta" and a.get("http-equiv")]
    run = [script for attrs, script in found.scripts if attrs.get("type") != "application/json"]
    assert len(run) == 2
    assert (policy or "").startswith("default-src 'none'; script-src " + " ".join(hash_source(s) for s in run) + "; ")
    assert "http" not in (policy or "")
    assert not [k for _, attrs in found.elements for k in attrs if k.startswith("on") or k == "style"]


def test_every_chart_has_a_table_with_the_numbers_that_are_drawn(text: str) -> None:
    found = Page(text)
    assert set(found.tables) == set(found.figures) == {c.name for c in CHARTS}
    for chart in CHARTS:
        answer = made_up(chart)
        _head, *body = found.tables[chart.name]
        keyed = chart.dimension in charts.NAMES
        assert body == [
            [
                *([answer.names[r[chart.dimension]]] if keyed else []),
                r[chart.dimension],
                *(r[c] for c in answer.columns),
            ]
            for r in answer.rows
        ]
        for metric, trace in zip(chart.metrics, found.figures[chart.name]["data"], strict=True):
            drawn = trace["x"] if chart.kind == "ranked" else trace["y"]
            column = "users" if chart.kind == "distribution" else metric
            rows = answer.rows[1:] if chart.kind == "distribution" else answer.rows  # no place for 0
            assert drawn == [r[column] for r in rows]


def test_each_metric_is_explained_in_the_words_of_the_header(text: str) -> None:
    shown = " ".join(Page(text).text.split())
    for chart in CHARTS:
        for metric in chart.columns:
            assert " ".join(MARTS[chart.mart].metrics[metric].split()) in shown
    for mart in MARTS.values():
        assert mart.title in shown
        assert mart.grain in shown


def test_figures_show_value_and_change(text: str) -> None:
    found = Page(text)
    assert found.tiles["platform_daily.dau"] == 47
    assert found.tiles["messages landed"] == 1234
    assert set(found.tiles) == {f"{f.mart}.{f.metric}" for f in FIGURES} | {"messages landed", "messages refused"}
    assert "+370.0% in 7 days" in found.text


def test_charts_can_be_read_without_seeing_them(text: str) -> None:
    found = Page(text)
    drawings = [a for t, a in found.elements if t == "div" and a.get("class") == "chart"]
    assert len(drawings) == len(CHARTS)
    assert all(a["role"] == "img" and "table below" in (a["aria-label"] or "") for a in drawings)
    assert [a for t, a in found.elements if t == "html"] == [{"lang": "en"}]
    assert sum(t == "caption" for t, _ in found.elements) == len(CHARTS)
    assert all("scope" in a for t, a in found.elements if t == "th")
    ids = [a["id"] for _, a in found.elements if "id" in a]
    assert len(ids) == len(set(ids))


def made_up_trust() -> Trust:
    """Every check passes but one of each level, whose subject is hostile."""
    checks = all_checks(SOCIAL)
    wrong = {"orphans", "volume"}
    results = [
        Result(c.name, c.level, HOSTILE, c.unit, 0.25, c.bound("at_least"), 0.01, c.name not in wrong, 1_000, HOSTILE)
        for c in checks
    ]
    return Trust(summaries(checks, results), 12, NOW)


def test_quality_is_told_with_every_check() -> None:
    found = Page(page.render(SOCIAL.folder, made_up_sections(), {"landed": 1234, "rejected": 5}, NOW, made_up_trust()))
    checks = all_checks(SOCIAL)
    shown = [a["data-check"] for t, a in found.elements if t == "tr" and "data-check" in a]
    assert shown[:2] == ["orphans", "volume"], "what is wrong comes first"
    assert sorted(filter(None, shown)) == sorted(c.name for c in checks)
    text = " ".join(found.text.split())
    assert (
        f"No: 1 of {len(checks)} checks are breached. 1 warns. 12 runs so far, the last on 2026-03-02 12:30 UTC" in text
    )
    assert all(c.title in text for c in checks)
    assert "25 %" in text
    assert "at most 1 %" in text
    assert next(c.hint for c in checks if c.name == "orphans") in text
    assert not {t for t, _ in found.elements} & {"img", "b"}


def test_quality_before_the_first_run_says_what_to_run() -> None:
    text = page.render(SOCIAL.folder, [], {"landed": 0, "rejected": 0}, NOW, Trust([], 0, None))
    assert "No quality check has been run. To run them: clickvault quality" in " ".join(Page(text).text.split())


def test_data_stay_data() -> None:
    found = Page(rendered(made_up_sections(name=HOSTILE)))
    assert not {t for t, _ in found.elements} & {"img", "b"}
    assert len(found.scripts) == 3
    assert found.tables["largest"][1][0] == f"{HOSTILE} 0"
    for trace in found.figures["largest"]["data"]:  # Plotly reads texts as markup
        assert "<" not in "".join(row[0] for row in trace["customdata"])
    assert "<" not in "".join(found.figures["largest"]["layout"]["yaxis"]["ticktext"])


def test_json_in_a_script_element_can_not_end_it() -> None:
    text = for_script({"a": HOSTILE, "b": [1, 2.5, None]})
    assert not re.search("[<>&\u2028\u2029]", text)
    assert json.loads(text) == {"a": HOSTILE, "b": [1, 2.5, None]}
    with pytest.raises(ValueError, match="Out of range"):
        for_script(float("nan"))


def test_the_largest_page_is_small_enough() -> None:
    sections = made_up_sections(days=charts.MAX_DAYS, name="A community with a name that goes on and on " * 2)
    for s in sections:
        for a in s.answers:
            if a.chart.kind == "distribution":
                a.rows.extend(
                    {"friends": 10 + i, "users": 10_000_000 - i} for i in range(charts.MAX_ROWS - len(a.rows))
                )
    size = len(rendered(sections).encode())
    assert size < MAX_BYTES, f"the report may grow to {size:,} bytes"


def test_an_empty_mart_says_what_to_run() -> None:
    found = Page(rendered([Section(MARTS[m], None) for m in MARTS]))
    assert found.text.count("This mart is empty. To fill it: clickvault run") == len(MARTS)
    assert found.figures == {}
    assert "No days yet" in found.text


def test_values_that_are_missing_are_drawn_as_gaps() -> None:
    chart = next(c for c in CHARTS if c.name == "interactions")
    rows = [
        {"day": "2026-02-28", "interactions_a_post": None, "posts": 0},
        {"day": "2026-03-01", "interactions_a_post": 2.5, "posts": 2},
    ]
    at = Days(date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 1))
    found = Page(rendered([Section(MARTS["platform_daily"], at, [], [Answer(chart, rows)])]))
    assert found.tables["interactions"][1:] == [["2026-02-28", "–", 0], ["2026-03-01", 2.5, 2]]
    assert found.figures["interactions"]["data"][0]["y"] == [None, 2.5]


# ── questions and words ───────────────────────────────────────────────────────────────────────────────────────


class Server:
    """Answers queries with what it was given, in order, and keeps them."""

    def __init__(self, *answers: list[dict[str, Any]]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def query(self, sql: str, parameters: dict[str, Any]) -> Any:
        self.asked.append((sql, parameters))
        rows = self.answers.pop(0)

        class Result:
            def named_results(self) -> list[dict[str, Any]]:
                return rows

        return Result()


def client(*answers: list[dict[str, Any]]) -> Any:
    return Server(*answers)


def mart_days(mart: Mart, days: int, last: date, days_over: int, last_over: date) -> Days | None:
    first = date(2026, 1, 1)
    row = {"days": days, "first": first, "last": last, "days_over": days_over, "last_over": last_over}
    return ask.days(client([row]), SOCIAL, mart, NOW.date())


def test_the_day_that_is_shown_is_over_where_that_matters() -> None:
    today, before = NOW.date(), NOW.date() - timedelta(days=1)
    assert mart_days(MARTS["platform_daily"], 9, today, 8, before) == Days(date(2026, 1, 1), today, before)
    assert mart_days(MARTS["platform_daily"], 1, today, 0, date(1970, 1, 1)) == Days(date(2026, 1, 1), today, today)
    assert mart_days(MARTS["user_centrality"], 9, today, 8, before) == Days(date(2026, 1, 1), today, today)
    assert mart_days(MARTS["platform_daily"], 0, date(1970, 1, 1), 0, date(1970, 1, 1)) is None


@pytest.mark.parametrize(
    ("metric", "against", "days_of_data", "expected"),
    [
        ("dau", 7, 8, 0.25),  # the day before is the first one
        ("dau", 7, 7, None),
        ("wau", 7, 14, 0.25),  # all seven days of the week before are there
        ("wau", 7, 13, None),
        ("mau", 30, 60, 0.25),
        ("mau", 30, 59, None),
        ("dau", 0, 60, None),
    ],
)
def test_a_period_before_counts_when_all_its_days_are_there(
    metric: str, against: int, days_of_data: int, expected: float | None
) -> None:
    shown = date(2026, 3, 1)
    rows = [{"day": shown - timedelta(days=against), metric: 80}] if against else []
    at = Days(shown - timedelta(days=days_of_data - 1), shown, shown)
    server = client([*rows, {"day": shown, metric: 100}])
    (reading,) = ask.readings(server, SOCIAL, "platform_daily", [Figure("platform_daily", metric, against)], at)
    assert (reading.value, reading.change) == (100, expected)
    assert words.change(reading) == (
        "" if not against else f"+25.0% in {against} days" if expected else "nothing to compare with yet"
    )


def test_names_are_asked_for_keys_that_have_some() -> None:
    key = UUID(int=7)
    chart = next(c for c in CHARTS if c.name == "largest")
    row = {"community_id": key, **dict.fromkeys(chart.columns, 1)}
    server = client([row], [{"id": str(key), "name": "Chess"}])
    at = Days(date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 2))
    found = ask.answer(server, SOCIAL, chart, at)
    assert found.names == {str(key): "Chess"}
    assert found.rows[0]["community_id"] == str(key)
    assert server.asked[1][1] == {"keys": [str(key)]}


@pytest.mark.parametrize(
    ("column", "value", "text"),
    [
        ("posts", 1234567, "1,234,567"),
        ("dau_wau", 0.1234, "12.3%"),
        ("dau_wau", 1.0, "100.0%"),
        ("mean_friends", 14.2345, "14.23"),
        ("betweenness", 10129.4, "10,129"),
        ("engagement", None, "–"),
        ("day", "2026-01-01", "2026-01-01"),
    ],
)
def test_numbers_as_people_read_them(column: str, value: Any, text: str) -> None:
    assert words.number(column, value) == text


def test_numbers_that_are_none_are_missing() -> None:
    assert [ask.plain(v) for v in (float("nan"), float("inf"), None, 0.5, 3)] == [None, None, None, 0.5, 3]
    assert ask.plain(date(2026, 1, 1)) == "2026-01-01"


@pytest.mark.parametrize(
    ("name", "lead"),
    [
        ("active", "2026-03-01: DAU 1,638, WAU 1,638, MAU 1,638."),
        ("largest", "Friends of chess 0: members 10 on 2026-03-01."),
        ("levels", "Most pairs of people who reach each other are 7 apart (2026-03-01)."),
        ("reached", "14.9% of all pairs are within 7, 14.9% reach each other at all (2026-03-01)."),
        (
            "friends",
            "Half of the 1,116 users have at most 5 friends; 10 have none, which the chart has no place for (2026-03-01).",
        ),
    ],
)
def test_leads(name: str, lead: str) -> None:
    at = Days(date(2026, 1, 16), date(2026, 3, 1), date(2026, 3, 1))
    assert words.lead(made_up(next(c for c in CHARTS if c.name == name)), at) == lead


def test_notes_say_what_is_not_whole() -> None:
    answer = made_up(next(c for c in CHARTS if c.name == "active"))
    first = date(2026, 1, 16)
    whole = "The data begin on 2026-01-16: WAU is whole from 2026-01-22 on, MAU is whole from 2026-02-14 on."
    assert words.notes(answer, Days(first, date(2026, 3, 1), date(2026, 3, 1)), NOW.date()) == [whole]
    running = words.notes(answer, Days(first, NOW.date(), date(2026, 3, 1)), NOW.date())
    assert running == [whole, "2026-03-02 is not over: its numbers still grow."]
    assert words.notes(answer, Days(date(2025, 1, 1), date(2026, 3, 1), date(2026, 3, 1)), NOW.date()) == []


# ── writing ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_that_can_not_be_written_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "sections", lambda *_: [])
    (tmp_path / "taken").write_text("")
    answers: list[list[dict[str, Any]]] = [[{"landed": 0, "rejected": 0}], [{"runs": 0, "last": NOW}], []]
    with pytest.raises(ConfigurationError, match="can't be written"):
        report.write(client(*answers), SOCIAL, tmp_path / "taken" / "report.html", NOW)
    report.write(client(*answers), SOCIAL, tmp_path / "new" / "report.html", NOW)
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["report.html"]
