"""What a mart's header says, without a server: views, parameters, what a build reads, and invalid entries."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clickvault.contract import Registry
from clickvault.domains.social import DOMAIN
from clickvault.errors import ConfigurationError, ContractError
from clickvault.marts import build as marts
from clickvault.marts.headers import all_marts, rendered
from clickvault.pipeline import run_log as ops
from clickvault.quality import checks
from clickvault.settings import get_settings
from clickvault.sql.objects import objects_of
from clickvault.sql.render import Renderer
from tests.domains import at

REGISTRY = Registry([DOMAIN])
SOCIAL = Renderer(REGISTRY)
HEADER = """{#- mart
title = "How much"
grain = "a day"
window = "day"
sources = ["raw.post"]

[parameters]
least = { default = 3, meaning = "posts that count as many" }

[dimensions]
day = ""

[metrics]
posts = "posts published"
busy = "users with {least} posts or more"

[views.where]
title = "Where"
grain = "a day, a country and a language"
by = "user"
same = ["posts"]
dimensions = { day = "" }
metrics = { share = "posts of {least} days" }
-#}
-- object: states marts.much
CREATE TABLE marts.much (day Date) ENGINE = AggregatingMergeTree ORDER BY day;
-- object: view marts.v_much
CREATE VIEW marts.v_much AS SELECT {{ parameters.least }} AS busy;
-- object: view marts.v_where
CREATE VIEW marts.v_where AS SELECT 1;
-- object: build marts.much
INSERT INTO {{ target }} SELECT 1 FROM raw.post;
"""


def made(tmp_path: Path, text: str, **parameters: int) -> Renderer:
    """A renderer over a domain in a folder with one mart."""
    (tmp_path / "marts").mkdir(exist_ok=True)
    (tmp_path / "marts" / "much.sql.j2").write_text(text, encoding="utf-8")
    return Renderer(Registry([at(DOMAIN, tmp_path)]), parameters=parameters)


def test_views_are_data(tmp_path: Path) -> None:
    (mart,) = all_marts(made(tmp_path, HEADER))
    own, where = mart.views
    assert (own.table, own.columns) == ("marts.v_much", ["day", "posts", "busy"])
    assert own.metrics["busy"] == "users with 3 posts or more"
    assert (where.table, where.columns) == ("marts.v_where", ["day", "country", "language", "posts", "share"])
    assert where.metrics == {"posts": "posts published", "share": "posts of 3 days"}
    assert "ISO 3166-1" in where.dimensions["country"]
    assert where.dimensions["country"].endswith("as it was when the user acted; 'unknown' before it was known")
    assert (mart.grain, mart.metrics) == (own.grain, own.metrics)


def test_a_parameter_changes_the_sql_and_the_words(tmp_path: Path) -> None:
    renderer = made(tmp_path, HEADER, least=5)
    (mart,) = all_marts(renderer)
    assert (mart.parameters["least"].value, mart.parameters["least"].default) == (5, 3)
    assert mart.views[1].metrics["share"] == "posts of 5 days"
    before = {o.name: o.fingerprint for o in marts.objects(made(tmp_path, HEADER))}
    after = {o.name: o.fingerprint for o in marts.objects(renderer)}
    assert {name for name in before if before[name] != after[name]} == {"marts.v_much"}


def test_a_parameter_that_no_mart_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no mart has a parameter 'most'") as caught:
        all_marts(made(tmp_path, HEADER, most=1))
    known = caught.value.hint.removeprefix("known: ").split(", ")
    assert "least" in known
    assert "orphans_at_most" in known  # of a check of the kit


def test_parameters_are_read_from_one_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLICKVAULT_HOME", str(tmp_path))  # where no stack has parameters of its own
    assert get_settings().parameters == {}
    monkeypatch.setenv("CLICKVAULT_PARAMETERS", "spread_views=100, least=5")
    assert get_settings().parameters == {"spread_views": 100, "least": 5}
    for wrong in ("least", "least=", "least=2.5", "least=1e3", "least=many"):
        monkeypatch.setenv("CLICKVAULT_PARAMETERS", wrong)
        with pytest.raises(ConfigurationError, match=r"CLICKVAULT_PARAMETERS: .*whole numbers"):
            get_settings()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('window = "day"', 'window = "week"', "window: Input should be 'day', 'from' or 'graph', got 'week'"),
        ("default = 3", "default = 2.5", "parameters least default: Input should be a valid integer, got 2.5"),
        ('same = ["posts"]', 'same = ["likes"]', "no metric 'likes' to take over"),
        ('grain = "a day"\n', "", "grain"),
        ('title = "How much"\n', "", "lacks 'title'"),
        ('[dimensions]\nday = ""\n', "", "lacks 'dimensions'"),
        ("[metrics]", "[metric]", "it lacks 'metrics'; .*it can't have 'metric'; did you mean 'metrics'?"),
        (
            'dimensions = { day = "" }',
            'dimensions = { day = "" }\nrows = { sum = [] }',
            "views where rows can't have 'sum'; did you mean 'sums'?",
        ),
        ("{#- mart", "{#- a mart", "begins with a header"),
        ("views.where", "views.much", "marts.v_much is declared by two marts"),
        ('["raw.post"]', '["activity of customer"]', "there is no hub 'customer'"),
        ('dimensions = { day = "" }', 'dimensions = { day = "" }\nrows = { flags = ["over"] }', "flags names 'over'"),
    ],
)
def test_a_header_that_can_not_be_meant_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in HEADER
    with pytest.raises(ContractError, match=words):
        all_marts(made(tmp_path, HEADER.replace(old, new)))


def test_views_are_those_of_the_header(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="its header declares"):
        marts.objects(made(tmp_path, HEADER.replace("[views.where]", "[views.there]")))


def test_what_a_build_reads() -> None:
    """On its days alone where the shared macro bounds the read; anything else counts as read up to its days."""
    facts = SOCIAL._environment.get_template("marts/_facts.sql.j2").module
    bounded = facts.window("post")
    assert marts.reads(f"SELECT 1 FROM {bounded} AND op = 'create'") == ({"post"}, set())
    assert marts.reads("SELECT 1 FROM raw.post FINAL WHERE event_time < 1") == (set(), {"post"})
    assert marts.reads(f"SELECT 1 FROM raw.`like` JOIN ({bounded}) JOIN raw.user AS u FINAL") == (
        {"post"},
        {"like", "user"},
    )
    assert marts.reads(f"SELECT 1 FROM {bounded} UNION ALL SELECT 1 FROM raw.post") == (set(), {"post"})


@pytest.mark.parametrize("mart", all_marts(SOCIAL), ids=lambda m: m.name)
def test_sources_are_what_the_sql_reads(mart: marts.Mart) -> None:
    """The lineage is drawn from them."""
    sql = "\n".join(o.sql for o in objects_of(rendered(SOCIAL, mart)))
    found = {f"{db}.{name}" for db, name in re.findall(r"\b(raw|graph|vault|marts)\.`?(\w+)", sql)}
    found -= {mart.table, mart.staging} | {o.name for o in objects_of(rendered(SOCIAL, mart))}
    activity = {f"raw.{e.event_type}" for e in REGISTRY.events.values() if e.actor and e.activity}
    declared = set(mart.sources) - {"activity of user"}
    assert found - (activity if mart.activity_of else set()) <= declared
    assert declared <= found
    assert (mart.activity_of == ["user"]) == (activity <= found)


DIVISION = re.compile(r"(?<![*/])/(?![*/])\s*(?!\s*(?:\d|nullIf\())")
COMMENT = re.compile(r"--[^\n]*|'(?:[^'\\]|\\.)*'")


def test_every_division_is_of_something() -> None:
    """By a constant, or by the macro `ratio`, which is NULL where it is of nothing: no view or check shows nan or inf."""
    made = {o.name: o.sql for mart in all_marts(SOCIAL) for o in objects_of(rendered(SOCIAL, mart))}
    made |= {o.name: o.sql for o in ops.objects(SOCIAL)}
    made |= {check.name: checks.query(SOCIAL, check) for check in checks.all_checks(SOCIAL)}
    wrong = {name: found for name, sql in made.items() if (found := DIVISION.findall(COMMENT.sub("", sql)))}
    assert len(made) > 60
    assert wrong == {}
