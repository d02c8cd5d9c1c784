"""Quality checks without a server: headers, bounds, what is rendered over the contracts, and the words of results."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import pytest

from clickvault.contract import Domain, Registry, Transaction
from clickvault.contract.language import Actor, Event, Hub, Id, Length, Ref, Sat
from clickvault.domains.social import DOMAIN
from clickvault.errors import ConfigurationError, ContractError, QualityError
from clickvault.marts.headers import all_marts
from clickvault.quality import Check, Result, all_checks, breaches, find, query, require
from clickvault.quality.checks import references
from clickvault.quality.words import bound, number, summaries
from clickvault.sql.render import Renderer
from tests.domains import at, source

SOCIAL = Renderer(Registry([DOMAIN]))
CHECKS = all_checks(SOCIAL)


class Shelf(Event, group="things"):
    """A shelf, known by a name that people write in capitals or not."""

    shelf: Annotated[str, Length(1, 40), Hub("shelf", fold=True), Actor]
    color: Annotated[str, Length(1, 40), Sat("look")]


class Visit(Event, group="things"):
    """Somebody looks at a shelf."""

    visit_id: Annotated[Id, Ref("visit")]
    shelf: Annotated[str, Length(1, 40), Ref("shelf")]

    link = Transaction()


class Opening(Event, group="things"):
    """A visit begins."""

    visit_id: Annotated[Id, Hub("visit")]


THINGS = Domain("things", Shelf, Visit, Opening)

HEADER = """{#- quality
title = "Is it red?"
level = "warning"
unit = "share"
value = "share of what is red"
at_most = "red_at_most"
hint = "clickvault sql"

[parameters]
red_at_most = { default = 25, meaning = "what may be red, in a thousand" }
-#}
SELECT 'all' AS subject, {{ parameters.red_at_most }} / 1000 AS value, 1 AS rows, '' AS sample
"""


def made(tmp_path: Path, text: str, domain: str = "", **parameters: int) -> Renderer:
    """A renderer with one check: of the kit, or of the domain."""
    folder = tmp_path / domain / "quality"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "red.sql.j2").write_text(text, encoding="utf-8")
    return Renderer(Registry([at(DOMAIN, tmp_path / "social")]), folder=tmp_path, parameters=parameters)


def result(**values: Any) -> Result:
    """A result that passes, but for what is given."""
    plain = Result("red", "warning", "all", "share", 0.01, None, 0.025, True, 100, "")
    return replace(plain, **values)


# ── headers ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_there_are_the_checks_that_every_domain_has_and_those_of_the_social_one() -> None:
    names = [c.name for c in CHECKS]
    assert len(names) == len(set(names)) >= 17
    assert {c.name for c in CHECKS if c.template.startswith("domains/social/")} == {
        "active_before_joining", "click_before_impression", "story_viewed_late",
    }  # fmt: skip
    assert [c.name for c in all_checks(Renderer(Registry([THINGS])))] == [
        c.name for c in CHECKS if not c.template.startswith("domains/social/")
    ]


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.name)
def test_every_check_says_what_it_means_and_what_to_do(check: Check) -> None:
    assert check.title.endswith("?")
    assert not check.value.endswith(".")
    assert len(check.hint) > 10
    assert check.at_least is not None or check.at_most is not None
    text = source(SOCIAL, check.template)
    assert "-- Inputs: " in text or "Inputs: " in text.split("-#}", 1)[1]
    assert "Grain: " in text
    own = set(check.parameters) - {"checked_days"}
    assert all(name.startswith(check.name) for name in own), "a parameter's name says whose it is"
    bounds = {check.at_least, check.at_most}
    assert own <= bounds | set(re.findall(r"parameters\.(\w+)", text)), "a parameter that changes nothing"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('level = "warning"', 'level = "fatal"', "level: Input should be 'error' or 'warning', got 'fatal'"),
        (
            'unit = "share"',
            'unit = "per cent"',
            "unit: Input should be 'share', 'ratio', 'hours' or 'number', got 'per cent'",
        ),
        ('at_most = "red_at_most"', "", "without at_least and at_most always passes"),
        ('at_most = "red_at_most"', 'at_most = "blue"', "the bound 'blue' is no parameter"),
        ('hint = "clickvault sql"', 'hint = " "', "hint is empty"),
        ('hint = "clickvault sql"', "", "it lacks 'hint'"),
        ('title = "Is it red?"', 'title = "Is it red?"\nlevle = 1', "it can't have 'levle'; did you mean 'level'?"),
        ("default = 25", "default = 2.5", "parameters red_at_most default: Input should be a valid integer"),
        ("default = 25, ", "", "parameters red_at_most lacks 'default'"),
        ('level = "warning"', "level = warning", "can't be read"),
        ("{#- quality", "{#- check", "begins with a header"),
    ],
)
def test_a_header_that_can_not_be_meant_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in HEADER
    with pytest.raises(ContractError, match=re.escape(words)) as caught:
        all_checks(made(tmp_path, HEADER.replace(old, new)))
    assert "red.sql.j2" in str(caught.value)


def test_two_checks_of_one_name_are_refused(tmp_path: Path) -> None:
    made(tmp_path, HEADER)
    with pytest.raises(ContractError, match="another check 'red'"):
        all_checks(made(tmp_path, HEADER, domain="social"))


def test_an_unknown_check_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"check must be one of .*orphans.*, got 'orphan'"):
        find(SOCIAL, "orphan")


# ── bounds ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_bound_is_a_parameter_in_thousandths_for_shares(tmp_path: Path) -> None:
    assert find(made(tmp_path, HEADER), "red").bound("at_most") == 0.025
    (check,) = all_checks(made(tmp_path, HEADER, red_at_most=100))
    assert check.bound("at_most") == 0.1
    assert check.bound_sql("at_most") == "CAST(0.1 AS Nullable(Float64))"
    assert check.bound_sql("at_least") == "CAST(NULL AS Nullable(Float64))"
    assert "100 / 1000 AS value" in query(made(tmp_path, HEADER, red_at_most=100), check)
    (check,) = all_checks(made(tmp_path, HEADER.replace('"share"', '"number"'), red_at_most=100))
    assert check.bound("at_most") == 100


def test_a_bound_of_the_contract_is_a_column() -> None:
    fresh = find(SOCIAL, "freshness")
    assert fresh.bound_sql("at_most") == "found.at_most"
    assert fresh.bound_sql("at_most", rows=False) == "CAST(NULL AS Nullable(Float64))"
    assert "min(hours_expected) AS at_most\nFROM ops.v_freshness" in query(SOCIAL, fresh)
    sql = SOCIAL.render("ops/freshness.sql.j2")
    for event in SOCIAL.registry.events.values():
        assert f"('{event.event_type}', '{event.topic}', {event.freshness})" in sql


def test_parameters_of_checks_are_known_to_the_setting() -> None:
    given = {"orphans_at_most": 5, "checked_days": 0}
    tight = Renderer(SOCIAL.registry, parameters=given)
    assert all_marts(tight)
    assert find(tight, "orphans").bound("at_most") == 0.005
    assert "landed_at >=" not in query(tight, find(tight, "orphans"))
    assert "toIntervalDay(30)" in query(SOCIAL, find(SOCIAL, "orphans"))
    with pytest.raises(ConfigurationError, match="no mart has a parameter 'orphan', and no check") as caught:
        all_marts(Renderer(SOCIAL.registry, parameters={"orphan": 5}))
    assert "orphans_at_most" in caught.value.hint


# ── rendered over the contracts ───────────────────────────────────────────────────────────────────────────────


def test_references_are_refs_and_keys_that_are_only_described() -> None:
    found = {
        hub: {f"{e.event_type}.{f.name}" for e, f in fields} for hub, fields in references(SOCIAL.registry).items()
    }
    assert {"user_profile.user_id", "post.author_id", "friend.friend_id"} <= found["user"]
    assert "user.user_id" not in found["user"]
    assert {"comment.post_id", "donation.post_id"} <= found["post"]
    count = sum(len(e.refs) for e in SOCIAL.registry.events.values())
    described = sum(1 for e in SOCIAL.registry.events.values() if e.hub_field and not e.declares)
    assert sum(map(len, found.values())) == count + described


@pytest.mark.parametrize("name", ["orphans", "before_parent"])
def test_every_reference_is_checked(name: str) -> None:
    sql = query(SOCIAL, find(SOCIAL, name))
    for fields in references(SOCIAL.registry).values():
        for event, f in fields:
            assert f"'{event.event_type}.{f.name}' AS subject" in sql


@pytest.mark.parametrize("check", [c for c in CHECKS if "/social/" not in c.template], ids=lambda c: c.name)
def test_the_checks_of_every_domain_name_no_event_type(check: Check) -> None:
    text = source(SOCIAL, check.template)
    named = set(re.findall(r"\braw\.(\w+)", text)) - {"dead_letters", "rejected", "TYPE"}
    assert named == set()
    sql = query(Renderer(Registry([THINGS])), check)
    assert "post" not in sql
    assert "{{" not in sql


def test_text_keys_are_compared_as_the_vault_compares_them() -> None:
    things = Renderer(Registry([THINGS]))
    sql = query(things, find(things, "orphans"))
    assert sql.count("nullIf(lowerUTF8(`shelf`), '')") >= 2
    assert "`visit_id`" in sql


def test_fields_of_the_contract_are_all_held_to_it() -> None:
    ends, filled, empty = (
        query(SOCIAL, find(SOCIAL, n)) for n in ("ends_before_start", "filled_fields", "empty_fields")
    )
    for event in SOCIAL.registry.events.values():
        for f in event.fields:
            subject = f"'{event.event_type}.{f.name}'"
            assert (subject in ends) == bool(f.after)
            assert (subject in filled) == bool(f.filled)
        section = empty.split(f"'{event.event_type}.'")[1].split("UNION ALL")[0]
        for f in event.all_fields:
            looked_at = f.hub_name or f.name == "event_id" or (f.kind in ("time", "date") and not f.optional)
            assert (f"('{f.name}', countIf(" in section) == bool(looked_at), f"{event.event_type}.{f.name}"


# ── results ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_breach_of_level_error_is_raised_and_a_warning_is_not() -> None:
    warning = result(passed=False, value=0.5)
    require([result(), warning])
    assert breaches([warning]) == []
    error = result(check="blue", level="error", subject="sky", passed=False)
    with pytest.raises(QualityError, match=r"1 of 2 checks are breached: blue \(sky\)") as caught:
        require([result(), warning, error])
    assert caught.value.results == [result(), warning, error]
    assert caught.value.hint.startswith("clickvault quality")


def test_many_breaches_are_counted() -> None:
    many = [result(check="blue", level="error", subject=str(i), passed=False) for i in range(7)]
    with pytest.raises(QualityError, match="and 2 more"):
        require(many)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.0125, "share", "1.25 %"), (0.0, "share", "0 %"), (1.0, "share", "100 %"), (30.04, "hours", "30.0 h"),
        (0.5, "ratio", "0.50"), (1204.0, "number", "1,204"), (None, "share", "–"),
    ],
)  # fmt: skip
def test_values_in_their_units(value: float | None, unit: str, text: str) -> None:
    assert number(value, unit) == text


def test_bounds_in_words() -> None:
    assert bound(result()) == "at most 2.5 %"
    assert bound(result(unit="ratio", at_least=0.5, at_most=2.0)) == "0.50 to 2.00"
    assert bound(result(unit="number", at_least=1.0, at_most=None)) == "at least 1"


def test_breaches_come_first_and_the_worst_stands_for_a_check(tmp_path: Path) -> None:
    (red,) = all_checks(made(tmp_path, HEADER))
    blue = red.model_copy(update={"name": "blue", "level": "error"})
    empty, never = (red.model_copy(update={"name": name}) for name in ("empty", "never run"))
    results = [
        result(value=0.02), result(subject="near", value=0.024),
        result(check="blue", level="error", subject="far", value=0.5, passed=False),
        result(check="blue", level="error", subject="spared", value=0.9, rows=1),
        result(check="empty", subject="", value=None, rows=0),
    ]  # fmt: skip
    found = summaries([red, blue, empty, never], results)
    assert [(s.check.name, s.verdict) for s in found] == [
        ("blue", "breached"), ("red", "passed"), ("empty", "nothing to look at"),
    ]  # fmt: skip
    assert [s.worst.subject if s.worst else None for s in found] == ["far", "near", None]
