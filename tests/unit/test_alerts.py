"""Alerts: their text, that no secret is in it, and that nothing is lost while a receiver is down. Receivers are real servers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from clickvault.alerts import Alert, RunReport, alert, alert_of, over, report, send_due, send_kept, trouble, troubles
from clickvault.alerts.send import AT_ONCE, PATIENCE, name_of, outbox_of
from clickvault.masking import masker, secrets_in_use
from clickvault.settings import Settings
from tests.receivers import CHAT, TOKEN, Telegram, mailbox, telegram

DAY = datetime(2026, 1, 5, tzinfo=UTC)
REPORT = RunReport(
    dag="5_build_marts", run="scheduled__2026-01-06", succeeded=True, start=DAY, end=DAY.replace(day=6), rows=12_345,
    link="http://127.0.0.1:8080/dags/5_build_marts/runs/scheduled__2026-01-06",
)  # fmt: skip


@pytest.fixture
def receiver() -> Iterator[Telegram]:
    with telegram() as found:
        yield found


@pytest.fixture
def settings(tmp_path: Path, receiver: Telegram) -> Settings:
    return Settings(
        home=tmp_path, alerts=[f"tgram://{TOKEN}/{CHAT}"], telegram_api=receiver.url, s3_secret_key="s3-secret/key+"
    )


def test_the_text_of_a_success() -> None:
    assert alert_of(REPORT) == Alert(
        "clickvault 5_build_marts succeeded",
        "DAG: 5_build_marts\n"
        "run: scheduled__2026-01-06\n"
        "interval: 2026-01-05 00:00 to 2026-01-06 00:00 UTC\n"
        "rows: 12,345\n"
        "look: http://127.0.0.1:8080/dags/5_build_marts/runs/scheduled__2026-01-06",
        "success",
    )


def test_the_text_of_a_failure() -> None:
    failed = [("load.others [post]", "StoreError: PostgreSQL does not answer"), ("load.snapshots", "")]
    found = alert_of(RunReport("3_load_vault", "manual__1", False, failed=failed))
    assert found.title == "clickvault 3_load_vault FAILED"
    assert found.level == "failure"
    assert "interval: none" in found.body
    assert "failed: load.others [post]: StoreError: PostgreSQL does not answer\nfailed: load.snapshots\n" in found.body
    assert "rows: not counted" in found.body


def test_a_failure_without_a_failed_task_and_one_with_many() -> None:
    assert "failed: no task did" in alert_of(RunReport("a", "b", False)).body
    many = alert_of(RunReport("a", "b", False, failed=[(f"task {n}", "x" * 5_000) for n in range(25)]))
    assert "and 15 more tasks" in many.body
    assert len(many.body) < 10_000


def test_telegram_and_mail_get_it(tmp_path: Path, receiver: Telegram) -> None:
    with mailbox() as mails:
        targets = [f"tgram://{TOKEN}/{CHAT}", mails.address]
        found = alert(Settings(home=tmp_path, alerts=targets, telegram_api=receiver.url), alert_of(REPORT))
    assert [(o.sent, o.kept) for o in found] == [(1, 0), (1, 0)]
    assert receiver.tokens == {TOKEN}
    assert receiver.chats == {CHAT}
    (text,) = receiver.texts
    assert "clickvault 5_build_marts succeeded" in text
    assert "rows: 12,345" in text
    ((subject, body),) = mails.mails
    assert subject == "clickvault 5_build_marts succeeded"
    assert "rows: 12,345" in body


STRANGE = "expected <uuid>, got <b>x</b> & y; column `a_b` [x](y) *z* 1 < 2 > 0 &lt; <script>z</script> \"q\" 'r'"


@pytest.mark.parametrize("form", ["", "?format=markdown", "?format=html"])
def test_what_stands_in_angle_brackets_is_kept(tmp_path: Path, receiver: Telegram, form: str) -> None:
    """Whatever format the target has: the text is written in it, and no part of it is taken for markup."""
    with mailbox() as mails:
        address = mails.address.replace("&format=text", form.replace("?", "&"))
        settings = Settings(home=tmp_path, alerts=[f"tgram://{TOKEN}/{CHAT}{form}", address], telegram_api=receiver.url)
        alert(settings, Alert("the <title> & more", STRANGE, "failure"))
    (text,) = receiver.texts
    ((subject, body),) = mails.mails
    assert subject == "the <title> & more"
    read = re.sub(r"\\(.)", r"\1", text) if "markdown" in form else unescape(text)
    assert STRANGE in read
    if "markdown" not in form:
        assert "<title>" in read
        assert re.sub(r"&[a-z0-9#]+;|</?b>", "", text).count("<") == 0, "Telegram refuses tags that it does not know"
    if body:
        assert STRANGE in body


def test_a_long_text_is_cut_between_its_characters(settings: Settings, receiver: Telegram) -> None:
    """A bracket is several characters where it is escaped."""
    said = "".join(f"<{n}>" for n in range(2_000))
    alert(settings, Alert("title", said, "failure"))
    assert len(receiver.texts) > 1
    whole = "".join(unescape(t.replace("<b>title</b>", "")) for t in receiver.texts)
    assert re.sub(r"\s", "", whole) == said


def test_no_secret_is_in_a_text(settings: Settings, receiver: Telegram) -> None:
    said = f"refused: {TOKEN}, s3-secret/key+, s3-secret%2Fkey%2B"
    alert(settings, Alert("x", said, "failure"))
    (text,) = receiver.texts
    assert "refused: ***, ***, ***" in text


def test_a_receiver_that_is_down_loses_nothing(tmp_path: Path) -> None:
    with telegram() as receiver:
        pass  # down
    settings = Settings(home=tmp_path, alerts=[f"tgram://{TOKEN}/{CHAT}"], telegram_api=receiver.url)
    for n in (1, 2):
        (found,) = alert(settings, Alert(f"number {n}", "text", "failure"))
        assert (found.sent, found.kept) == (0, n)
    kept = outbox_of(settings).kept()
    assert [k.title for k in kept] == ["number 1", "number 2"]
    assert kept[0].tries == 2
    for file in (tmp_path / "alerts").iterdir():
        assert TOKEN not in file.read_text(encoding="utf-8")
        assert not file.stat().st_mode & 0o077 or file.name == "lock"
    with telegram(into=receiver):
        alert(settings, Alert("number 3", "text", "success"))
    assert [n for n in (1, 2, 3) if f"number {n}" in receiver.texts[n - 1]] == [1, 2, 3]
    assert outbox_of(settings).kept() == []


def test_an_error_of_the_receiver_is_noticed(settings: Settings, receiver: Telegram) -> None:
    """Apprise raises nothing when a server answers 500."""
    receiver.fail = True
    assert [(o.sent, o.kept) for o in alert(settings, alert_of(REPORT))] == [(0, 1)]
    receiver.fail = False
    assert [(o.sent, o.kept) for o in send_kept(settings)] == [(1, 0)]
    assert [(o.sent, o.kept) for o in send_kept(settings)] == [(0, 0)]


def test_a_text_that_is_too_long_for_one_message_goes_in_several(settings: Settings, receiver: Telegram) -> None:
    failed = [(f"load_{n}", f"error {n} " + "x" * 1_000) for n in range(10)]
    assert [(o.sent, o.kept) for o in alert(settings, alert_of(replace(REPORT, succeeded=False, failed=failed)))] == [
        (1, 0)
    ]
    assert len(receiver.texts) > 1
    assert [n for n in range(10) if f"load_{n}: error {n}" in "".join(receiver.texts)] == list(range(10))


def test_a_message_that_is_refused_holds_up_others_a_few_times_only(settings: Settings, receiver: Telegram) -> None:
    receiver.refuses = "unspeakable"
    alert(settings, Alert("first", "unspeakable", "failure"))
    for n in range(PATIENCE):
        alert(settings, Alert(f"number {n}", "text", "failure"))
    assert [n for n in range(PATIENCE) if any(f"number {n}" in t for t in receiver.texts)] == list(range(PATIENCE))
    assert [k.title for k in outbox_of(settings).kept()] == ["first"]
    receiver.refuses = ""
    assert [(o.sent, o.kept) for o in send_kept(settings)] == [(1, 0)]


def test_one_target_that_is_down_holds_up_no_other(tmp_path: Path, receiver: Telegram) -> None:
    with mailbox() as mails:
        pass  # down
    targets = [mails.address, f"tgram://{TOKEN}/{CHAT}", "no-such-service://x"]
    settings = Settings(home=tmp_path, alerts=targets, telegram_api=receiver.url)
    assert [(o.sent, o.kept) for o in alert(settings, alert_of(REPORT))] == [(0, 1), (1, 0), (0, 1)]
    assert len(receiver.texts) == 1
    left = Settings(home=tmp_path, alerts=targets[1:2], telegram_api=receiver.url)
    assert {o.target: o.kept for o in send_kept(left)} == {
        name_of(t): n for t, n in zip(targets, (1, 0, 1), strict=True)
    }


def test_many_kept_go_in_parts(settings: Settings, receiver: Telegram) -> None:
    outbox = outbox_of(settings)
    for n in range(AT_ONCE + 5):
        outbox.keep(name_of(settings.alerts[0]), Alert(f"kept {n}", "text", "failure"))
    (found,) = alert(settings, Alert("new", "text", "failure"))
    assert (found.sent, found.kept) == (AT_ONCE, 6)
    assert [k.title for k in outbox.kept()][-1] == "new"
    (found,) = send_kept(settings)
    assert (found.sent, found.kept) == (6, 0)
    assert "new" in receiver.texts[-1]


def test_what_waited_too_long_is_forgotten(settings: Settings) -> None:
    outbox = outbox_of(settings)
    kept = outbox.keep("x", Alert("old", "text", "failure"))
    path = outbox.folder / f"{kept.id}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "kept_at": "2020-01-01T00:00:00+00:00"}))
    outbox.keep("x", Alert("new", "text", "failure"))
    assert outbox.forget(30) == 1
    assert [k.title for k in outbox.kept()] == ["new"]


def test_without_a_target_it_is_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="clickvault.alerts"):
        assert alert(Settings(home=tmp_path, alerts=[]), alert_of(REPORT)) == []
        assert report(Settings(home=tmp_path, alerts=[]), REPORT) == []
        assert not (tmp_path / "alerts").exists()
        assert report(Settings(home=tmp_path, alerts=["json://x"], alerts_on="failure"), REPORT) == []
    assert caplog.text.count("rows: 12,345") == 3


def titles(receiver: Telegram) -> list[str]:
    return [text.splitlines()[0] for text in receiver.texts]


def failed(*causes: str, dag: str = "3_load_vault") -> RunReport:
    return RunReport(dag, "manual__1", False, failed=[("load.others [like]", cause) for cause in causes])


def test_successes_come_as_a_digest(settings: Settings, receiver: Telegram) -> None:
    """An hour of a pipeline is one message, which says how often each DAG ran, and how many rows it moved."""
    at = DAY
    for minute in range(60):
        report(settings, replace(REPORT, dag="1_generate_events", rows=10), at := DAY + timedelta(minutes=minute))
        if minute % 5 == 0:
            report(settings, replace(REPORT, dag="2_ingest_kafka", rows=None), at)
    assert receiver.texts == []
    send_due(settings, at)
    assert receiver.texts == []
    send_due(settings, DAY + timedelta(minutes=60))
    (text,) = receiver.texts
    assert "clickvault digest: 72 runs succeeded" in text
    assert "from 2026-01-05 00:00 to 2026-01-05 01:00 UTC" in text
    assert "1_generate_events: 60 succeeded, 600 rows" in text
    assert "2_ingest_kafka: 12 succeeded, 0 rows" in text
    send_due(settings, DAY + timedelta(minutes=180))
    assert len(receiver.texts) == 1


def test_a_dag_has_its_own_choice(settings: Settings, receiver: Telegram) -> None:
    mine = settings.model_copy(update={"alerts_on": "failure,5_build_marts=all,2_ingest_s3=digest"})
    for dag in ("1_generate_events", "5_build_marts", "2_ingest_s3"):
        report(mine, replace(REPORT, dag=dag), DAY)
    assert [t for t in titles(receiver) if "5_build_marts succeeded" in t] == titles(receiver)
    send_due(mine, DAY + timedelta(hours=1))
    assert "2_ingest_s3: 1 succeeded" in receiver.texts[1]
    assert "1_generate" not in "".join(receiver.texts)
    for wrong in ("sometimes", "digest,5_build_marts", "digest,5_build_marts=never"):
        with pytest.raises(ValueError, match="all, digest or failure"):
            Settings(home=settings.home, alerts_on=wrong)


def test_a_failure_is_told_once_and_so_is_that_it_is_over(settings: Settings, receiver: Telegram) -> None:
    """The same cause again is counted; another one is told; the first success says how many failed, and since when."""
    report(settings, failed("StoreError: stands at 5"), DAY)
    report(settings, failed("StoreError: stands at 9"), DAY)
    assert len(receiver.texts) == 1
    report(settings, failed("StoreError: stands at 9", "DataError: wrong"), DAY)
    assert len(receiver.texts) == 2
    report(settings, replace(REPORT, dag="3_load_vault"), DAY)
    assert "clickvault 3_load_vault works again" in receiver.texts[2]
    assert "before: 3 runs failed since 2026-01-05 00:00 UTC" in receiver.texts[2]
    report(settings, replace(REPORT, dag="3_load_vault"), DAY)
    assert len(receiver.texts) == 3
    send_due(settings, DAY + timedelta(hours=1))
    assert "3_load_vault: 1 succeeded, 1 failed as before" in receiver.texts[3]


def test_a_trouble_is_told_once_and_so_is_that_it_is_over(settings: Settings, receiver: Telegram) -> None:
    over(settings, "the scheduler")
    trouble(settings, "the scheduler", "ended: s3-secret/key+")
    trouble(settings, "the scheduler", "ended again")
    assert len(receiver.texts) == 1
    assert "clickvault TROUBLE: the scheduler" in receiver.texts[0]
    assert "ended: ***" in troubles(settings)["the scheduler"]
    over(settings, "the scheduler", "2 restarts")
    over(settings, "the scheduler")
    assert "clickvault works again: the scheduler" in receiver.texts[1]
    assert "2 restarts" in receiver.texts[1]
    assert len(receiver.texts) == 2
    assert troubles(settings) == {}


@pytest.mark.parametrize("damage", ["", "[]", '{"failing": 3', '{"troubles": null, "digest": 1, "failing": []}'])
def test_a_damaged_journal_loses_no_alert(settings: Settings, receiver: Telegram, damage: str) -> None:
    outbox_of(settings).folder.mkdir()
    (outbox_of(settings).folder / "journal.state").write_text(damage)
    report(settings, failed("StoreError: away"), DAY)
    trouble(settings, "x", "text")
    over(settings, "x")
    assert len(receiver.texts) == 3


def test_a_test_is_marked_as_one(settings: Settings, receiver: Telegram, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from clickvault.cli.app import app

    monkeypatch.setenv("CLICKVAULT_HOME", str(settings.home))
    monkeypatch.setenv("CLICKVAULT_ALERTS", " ".join(settings.alerts))
    monkeypatch.setenv("CLICKVAULT_TELEGRAM_API", receiver.url)
    assert CliRunner().invoke(app, ["alerts", "test"]).exit_code == 0
    assert "clickvault TEST" in receiver.texts[0]
    assert "This is a test" in receiver.texts[0]


def test_a_cause_is_the_last_try_s() -> None:
    """What an earlier try said is not taken for the reason of a run that failed later on."""
    from clickvault.airflow.callbacks import _cause

    assert _cause({"error": "StoreError: away", "try": 5, "last": True}) == "StoreError: away"
    earlier = _cause({"error": "StoreError: away", "try": 2, "last": False})
    assert earlier.startswith("its last try ended without a word")
    assert "Try 2 said: StoreError: away" in earlier
    assert _cause(None).startswith("ended without a word")


def test_secrets_are_found_wherever_they_are_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"format": 1, "settings": {}, "ports": {}, "processes": {}, "secrets": {"postgres": "of-the-state-file"}}
    (tmp_path / "stack.json").write_text(json.dumps(state))
    monkeypatch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "of-the-environment")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql+psycopg2://a:of%20airflow@h/d")
    settings: Any = Settings(
        home=tmp_path, postgres_url="postgresql://u:p%40ss-word@h:1/d", clickhouse_url="http://u:of-clickhouse@h:1",
        neo4j_password="of-neo4j", s3_secret_key="of-the-bucket",
        alerts=["mailtos://user:of-the-mail@host.example?to=a@b.c", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"],
    )  # fmt: skip
    wanted = {
        "of-the-state-file", "of-the-environment", "of airflow", "p@ss-word", "of-clickhouse", "of-neo4j", "of-the-bucket",
        "of-the-mail", "TIiajkdnlazkcOXrIdevi7FQ",
    }  # fmt: skip
    found = secrets_in_use(settings)
    assert wanted <= found
    assert "user" not in found
    assert "host.example" not in found
    clean = masker(found)
    assert clean("x p@ss-word p%40ss-word y") == "x *** *** y"
    assert clean('"of airflow"') == '"***"'
    assert masker([])("as it is") == "as it is"
