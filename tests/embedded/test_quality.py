"""The quality checks on the shared world: all pass on it, and each is breached by data that are broken for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from clickhouse_connect.driver.client import Client

from clickvault import quality
from clickvault.dashboards import report
from clickvault.errors import DataError, QualityError
from clickvault.pipeline.steps import reconcile, run
from clickvault.quality import Result
from clickvault.sql.render import Renderer
from clickvault.stores.clickhouse import rows
from tests.unit.test_report import Page
from tests.worlds import World

ANOTHER = "generateUUIDv4(1) AS event_id"
NONE = "toUUID('00000000-0000-0000-0000-000000000000')"


@contextmanager
def broken(ch: Client, table: str, remove: str = "", add: str = "") -> Iterator[None]:
    """A table without the rows `remove`, and with those of the SELECT `add`, which finds the table's own rows as KEPT.

    Rows come and go as parts of partitions, so that no view on the table sees them.
    """
    kept, added = (f"ops.{what}_{table.replace('.', '_')}" for what in ("kept", "added"))

    def attach(source: str, target: str) -> None:
        for p in rows(ch, f"SELECT DISTINCT _partition_id AS id FROM {source}"):
            ch.command(f"ALTER TABLE {target} ATTACH PARTITION ID '{p['id']}' FROM {source}")

    for name in (kept, added):
        ch.command(f"CREATE OR REPLACE TABLE {name} AS {table}")
    attach(table, kept)
    try:
        if remove:
            ch.command(f"DELETE FROM {table} WHERE {remove}")
        if add:
            ch.command(f"INSERT INTO {added} {add.replace('KEPT', kept)}")
            attach(added, table)
        yield
    finally:
        ch.command(f"TRUNCATE TABLE {table}")
        attach(kept, table)
        for name in (kept, added):
            ch.command(f"DROP TABLE {name} SYNC")


def checked(world: World, *names: str) -> list[Result]:
    """The results of the checks of these names, run now."""
    return quality.run(world.session.ch, world.session.renderer, names)


# ── what is whole ─────────────────────────────────────────────────────────────────────────────────────────────


def test_all_checks_pass_on_a_world_with_dirt(world: World) -> None:
    results = quality.run(world.session.ch, world.session.renderer)
    assert [r for r in results if not r.passed] == []
    assert {r.check for r in results} == {c.name for c in quality.all_checks(world.session.renderer)}
    empty = {r.check for r in results if r.value is None}
    assert empty == {"volume"}, "twelve days have one weekday before, and nothing else is without data"
    subjects = {r.check: {s.subject for s in results if s.check == r.check} for r in results}
    types = world.session.renderer.registry.events
    assert subjects["freshness"] == subjects["arrival"] == {e.topic for e in types.values()}
    assert subjects["created_twice"] == set(world.session.renderer.registry.hubs)
    references = {f"{e.event_type}.{f.name}" for e in types.values() for f in e.refs}
    references |= {f"{t}.user_id" for t in ("user_profile", "user_settings", "user_privacy", "user_status")}
    assert references <= subjects["orphans"]
    assert references <= subjects["before_parent"]
    assert {"story.expires_at", "ad.ends_on", "sponsorship.ends_on"} <= subjects["ends_before_start"]


def test_the_shares_are_those_of_the_manifest(world: World) -> None:
    """The dirt that was made is what the checks measure."""
    made = world.manifest
    (refused,) = checked(world, "rejected")
    assert refused.rows == made.messages
    assert refused.value == pytest.approx(made.rejected / made.messages)
    repeated = checked(world, "repeated_messages")
    assert sum((r.value or 0) * r.rows for r in repeated) == pytest.approx(made.duplicates)
    arrived = checked(world, "arrival")
    assert 0 < sum(r.value or 0 for r in arrived) <= made.messages


def test_nothing_in_the_reference_counts_of_the_world_is_an_orphan(world: World) -> None:
    found = checked(world, "orphans")
    assert {r.subject: r.value for r in found if r.value} == {}
    (posts,) = rows(world.session.ch, "SELECT uniqExact(post_id) AS n FROM raw.comment")
    assert {r.subject: r.rows for r in found}["comment.post_id"] == posts["n"]


# ── what is broken ────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Case:
    """Data broken for a check: the table, the rows that are removed, those that are added, the subject that is named."""

    check: str
    subject: str
    table: str
    remove: str = ""
    add: str = ""


def together(cases: list[Case]) -> list[list[Case]]:
    """The cases in rounds that are broken at once: of one check, and each of another table and subject."""
    rounds: list[list[Case]] = []
    for case in cases:
        for some in rounds:
            if some[0].check == case.check and not any(
                case.table == c.table or case.subject == c.subject for c in some
            ):
                some.append(case)
                break
        else:
            rounds.append([case])
    return rounds


def changed(expressions: str, where: str = "true LIMIT 1") -> str:
    """Rows of the table, as other events, with some columns changed."""
    return f"SELECT * REPLACE ({ANOTHER}, {expressions}) FROM KEPT WHERE {where}"


AGO = "event_time - toIntervalYear(1) AS event_time"
LATER = "event_time + toIntervalYear(1) AS event_time"
CASES = [
    Case("stray_events", "like", "raw.like", "", changed("event_time - toIntervalYear(20) AS event_time")),
    Case("freshness", "social.quote", "landing.events", "event_type = 'quote'",
         "SELECT * REPLACE (landed_at - toIntervalHour(25) AS landed_at) FROM KEPT WHERE event_type = 'quote'"),
    Case("arrival", "social.quote", "landing.events", "event_type = 'quote'"),
    Case("repeated_messages", "social.reel", "landing.events", "",
         "SELECT * REPLACE (offset + 1000000000 AS offset) FROM KEPT WHERE event_type = 'reel'"),
    Case("empty_fields", "post.author_id", "raw.post", "", changed(f"{NONE} AS author_id")),
    Case("empty_fields", "post.community_id", "raw.post", "", changed(f"{NONE} AS community_id")),
    Case("empty_fields", "like.event_id", "raw.like", "", f"SELECT * REPLACE ({NONE} AS event_id) FROM KEPT LIMIT 1"),
    Case("empty_fields", "story.expires_at", "raw.story", "", changed("toDateTime64(0, 6, 'UTC') AS expires_at")),
    Case("empty_fields", "ad.starts_on", "raw.ad", "", changed("toDate32('1970-01-01') AS starts_on")),
    Case("filled_fields", "user_profile.birthday", "raw.user_profile", "isNotNull(birthday)"),
    Case("created_twice", "post", "raw.post", "", changed("event_time + 1 AS event_time", "op = 'create' LIMIT 1")),
    Case("created_twice", "post", "raw.story", "",
         changed("(SELECT any(post_id) FROM raw.post WHERE op = 'create') AS post_id", "op = 'create' LIMIT 1")),
    Case("ids_at_two_times", "post", "raw.post", "", "SELECT * REPLACE (event_time + 1 AS event_time) FROM KEPT LIMIT 1"),
    Case("orphans", "comment.post_id", "raw.comment", "", changed("generateUUIDv4(2) AS post_id", "true LIMIT 100")),
    Case("orphans", "user_profile.user_id", "raw.user_profile", "", changed("generateUUIDv4(2) AS user_id", "true LIMIT 50")),
    Case("orphans", "post.topic_id", "raw.community_topic", "true"),
    Case("before_parent", "comment.post_id", "raw.comment", "", changed(AGO, "true LIMIT 100")),
    Case("before_parent", "user_settings.user_id", "raw.user_settings", "", changed(AGO, "true LIMIT 100")),
    Case("ends_before_start", "story.expires_at", "raw.story", "", changed("event_time - 3600 AS expires_at")),
    Case("ends_before_start", "ad.ends_on", "raw.ad", "", changed("starts_on - 1 AS ends_on")),
    Case("volume", "like", "raw.like", "",  # 2026-01-12 is the last day; a second Monday before it, and both large
         f"SELECT * EXCEPT (week, copy) REPLACE ({ANOTHER}, event_time - toIntervalDay(7 * week) AS event_time) FROM"
         " (SELECT *, week, copy FROM KEPT ARRAY JOIN [1, 2] AS week ARRAY JOIN range(20) AS copy"
         " WHERE toDate(event_time) = '2026-01-12')"),
    Case("rejected", "all messages", "raw.rejected", "",
         "SELECT * REPLACE (offset + 1000000000 * copy AS offset) FROM KEPT ARRAY JOIN range(1, 10) AS copy"),
    Case("rejected_types", "sponsorship", "raw.rejected", "",
         "SELECT * REPLACE (offset + 1000000000 * copy AS offset, 'sponsorship' AS event_type) FROM KEPT"
         " ARRAY JOIN range(1, 10) AS copy"),
    Case("rejected_reasons", "made up", "raw.rejected", "",
         "SELECT * REPLACE (offset + 1000000000 * copy AS offset, ['made up'] AS reasons) FROM KEPT"
         " ARRAY JOIN range(1, 10) AS copy"),
    Case("unread_objects", "events", "ops.objects", "",
         "SELECT * REPLACE ('unreadable' AS reason, number + 1000000 AS number, seen_at + 3600 AS seen_at) FROM KEPT LIMIT 1"),
    Case("click_before_impression", "ad_click", "raw.ad_click", "", changed(AGO, "true LIMIT 20")),
    Case("click_before_impression", "ad_click", "raw.ad_impression", "true"),
    Case("active_before_joining", "post", "raw.post", "", changed(AGO, "isNotNull(community_id) AND op = 'create'")),
    Case("story_viewed_late", "post_view", "raw.post_view", "", changed(LATER, "post_id IN (SELECT post_id FROM raw.story)")),
]  # fmt: skip


@pytest.mark.parametrize("cases", together(CASES), ids=lambda some: f"{some[0].check}-{some[0].table}")
def test_broken_data_are_named(world: World, cases: list[Case]) -> None:
    check = quality.find(world.session.renderer, cases[0].check)
    with ExitStack() as all_broken:
        for case in cases:
            all_broken.enter_context(broken(world.session.ch, case.table, case.remove, case.add))
        results = {r.subject: r for r in checked(world, check.name)}
    for case in cases:
        found = results[case.subject]
        assert not found.passed, case
        assert found in quality.breaches(list(results.values()), check.level)
        if check.name in ("empty_fields", "before_parent", "ends_before_start", "story_viewed_late"):
            assert len(found.sample) >= 36, "the sample has an event to look at"


def test_every_check_has_a_case(world: World) -> None:
    there = {c.name for c in quality.all_checks(world.session.renderer)}
    assert there == {c.check for c in CASES} | {"reconciliation"}


def test_a_few_late_parents_are_no_breach(world: World) -> None:
    add = changed("generateUUIDv4(2) AS creator_id", "true LIMIT 2")
    with broken(world.session.ch, "raw.donation", "", add):
        (found,) = [r for r in checked(world, "orphans") if r.subject == "donation.creator_id"]
    assert (found.value or 0) > (found.at_most or 0)
    assert found.passed


def test_deleted_parents_are_no_orphans(world: World) -> None:
    only_ends = "post_id IN (SELECT post_id FROM raw.post WHERE op = 'delete') AND op != 'delete'"
    with broken(world.session.ch, "raw.post", only_ends):
        assert [r for r in checked(world, "orphans") if not r.passed] == []


def test_a_query_that_can_not_be_run_is_named(world: World) -> None:
    ch = world.session.ch
    ch.command("RENAME TABLE raw.quote TO raw.quote_away")
    try:
        with pytest.raises(DataError, match=r"check orphans can't be run: .*quote"):
            checked(world, "orphans")
    finally:
        ch.command("RENAME TABLE raw.quote_away TO raw.quote")


# ── what is kept, and what is told ────────────────────────────────────────────────────────────────────────────


def test_every_run_is_kept(world: World) -> None:
    s = world.session
    before = {r["run_id"]: r for r in quality.runs(s.ch, 1000)}
    whole = quality.run(s.ch, s.renderer)
    with broken(s.ch, "landing.events", "event_type = 'quote'"):
        partly = checked(world, "arrival")
    after = quality.runs(s.ch, 1000)
    assert len(after) == len(before) + 2
    assert {r["run_id"]: r for r in after[2:]} == before, "a run changes nothing of those before it"
    assert (after[0]["checks"], after[0]["errors"], after[0]["warnings"]) == (1, 0, 1)
    assert list(after[0]["breached"]) == ["arrival"]
    assert after[1]["checks"] == len({r.check for r in whole})
    newest = quality.latest(s.ch, s.renderer)
    assert sorted(map(str, newest)) == sorted(map(str, [*partly, *(r for r in whole if r.check != "arrival")]))
    assert rows(s.reader, "SELECT count() AS n FROM ops.v_quality_latest")[0]["n"] >= len(newest)
    checked(world, "arrival")


def test_what_one_check_found_stays_until_it_runs_again(world: World) -> None:
    """The tile of what does not pass, and how far behind the checks are: a run of another check changes neither."""
    s = world.session
    quality.run(s.ch, s.renderer)
    (whole,) = rows(s.reader, "SELECT min(checked_at) AS at FROM ops.v_checks")
    case = next(c for c in CASES if c.subject == "post.author_id")
    with broken(s.ch, case.table, case.remove, case.add):
        checked(world, "empty_fields")
    checked(world, "arrival")
    found = {r["check"]: r for r in rows(s.reader, "SELECT * FROM ops.v_checks")}
    assert {name for name, r in found.items() if r["breached"]} == {"empty_fields"}
    assert found.keys() == {c.name for c in quality.all_checks(s.renderer)}
    assert min(r["checked_at"] for r in found.values()) == whole["at"]
    (lag,) = rows(s.reader, "SELECT hours_behind * 3600 AS seconds FROM ops.v_lag WHERE stage = 'quality'")
    (now,) = rows(s.reader, "SELECT now64(6, 'UTC') AS at")
    assert abs(lag["seconds"] - (now["at"] - whole["at"]).total_seconds()) < 5
    checked(world, "empty_fields")


def test_the_report_has_the_newest_results(world: World, tmp_path: Path) -> None:
    """The login that only reads makes it."""
    s = world.session
    checks = len(quality.all_checks(s.renderer))
    quality.run(s.ch, s.renderer)
    checked(world, "arrival")
    (last,) = rows(s.ch, "SELECT min(checked_at) AS at FROM ops.v_quality_latest")
    report.write(s.reader, s.renderer, tmp_path / "report.html")
    text = " ".join(Page((tmp_path / "report.html").read_text(encoding="utf-8")).text.split())
    assert f"Can the figures be trusted? Yes: none of {checks} quality checks is breached" in text
    assert f"Last looked at on {last['at']:%Y-%m-%d %H:%M} UTC" in text


def clickvault(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "clickvault", *arguments]
    wide = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=wide)


def test_a_breach_exits_1_and_says_what_to_do(world: World) -> None:
    case = next(c for c in CASES if c.subject == "post.author_id")
    with broken(world.session.ch, case.table, case.remove, case.add):
        done = clickvault("quality", "--check", "empty_fields")
        assert done.returncode == 1
        assert "post.author_id" in done.stdout
        assert "Try: " in done.stdout
        assert done.stdout.strip().endswith("NOT trusted: breaches in 1 of 1 check: empty_fields")
        done = clickvault("quality", "--json")
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert answer["passed"] is False
    assert [c["check"] for c in answer["checks"] if c["verdict"] == "breached"] == ["created_twice", "empty_fields"]
    assert [r["subject"] for r in answer["results"] if not r["passed"]] == ["post", "post.author_id"]


def test_a_warning_is_told_and_exits_0(world: World) -> None:
    with broken(world.session.ch, "landing.events", "event_type = 'quote'"):
        done = clickvault("quality", "--check", "arrival")
    assert done.returncode == 0
    assert "social.quote" in done.stdout
    assert done.stdout.strip().endswith("trusted: no breach in 1 check; warnings: arrival")
    done = clickvault("quality", "--history", "--json")
    assert done.returncode == 0
    newest = json.loads(done.stdout)[0]
    assert newest["warnings"] == 1
    checked(world, "arrival")


def test_run_reconciles_before_it_checks_and_checks_before_it_fails(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reconciliation checks that do not balance are a breach until they are counted again, which `run` does.

    Its own breach comes of a bound that is tightened by the setting, so that the dirt of the world is too much.
    """
    s = world.session
    with broken(s.ch, "raw.rejected", "event_type = 'post_view'"):
        assert not all(a.ok for a in reconcile(s))
    (found,) = checked(world, "reconciliation")
    assert (found.passed, found.value) == (False, 1)
    assert "landing post_view: landed = valid + dead letters" in found.sample

    tight = Renderer(s.renderer.registry, parameters={**s.renderer.parameters, "rejected_at_most": 10})
    steps: list[str] = []
    with monkeypatch.context() as patch:
        patch.setitem(s.__dict__, "renderer", tight)
        with pytest.raises(QualityError, match=r"1 of \d+ checks are breached: rejected \(all messages\)") as caught:
            run(s, step=lambda name, _: steps.append(name))
    assert steps == ["ingest", "load", "graph", "marts", "reconcile", "quality"]
    results = {(r.check, r.subject): r for r in caught.value.results}
    assert {check for check, _ in results} == {c.name for c in quality.all_checks(tight)}
    assert results["reconciliation", "checks"].passed
    (kept,) = [r for r in quality.latest(s.ch, tight) if r.check == "rejected"]
    assert (kept.passed, kept.at_most) == (False, 0.01)
    checked(world, "rejected")


def test_a_bound_is_a_setting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLICKVAULT_PARAMETERS", "rejected_at_most=10")
    assert clickvault("quality", "--check", "rejected").returncode == 1
    monkeypatch.setenv("CLICKVAULT_PARAMETERS", "rejected_at_mots=10")
    done = clickvault("quality", "--check", "rejected")
    assert done.returncode == 1
    assert "no mart has a parameter 'rejected_at_mots', and no check" in done.stderr
    checked(world, "rejected")


def test_all_is_whole_again(world: World) -> None:
    """What the tests above broke is as it was."""
    assert [r for r in quality.run(world.session.ch, world.session.renderer) if not r.passed] == []
