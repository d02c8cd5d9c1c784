"""Tables on terminals of several widths: names stay whole, long texts fold, and what is too wide is read record by record."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clickvault.cli import app, show
from clickvault.errors import DataError

Printed = Callable[..., str]
ROW = {
    "check": "active_before_joining",
    "pid": 12345,
    "rows": 12345,
    "of": "social.community_topic",
    "names": ["a", "b"],
}


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Printed:
    def printed(width: int, row: dict[str, object], exact: bool = False) -> str:
        monkeypatch.setenv("COLUMNS", str(width))
        show.table([row], title="Checks", exact=exact)
        return capsys.readouterr().out

    return printed


def test_wide(at: Printed) -> None:
    (line,) = (x for x in at(120, ROW).splitlines() if "active" in x)
    assert [cell.strip() for cell in line.strip("│").split("│")] == [
        "active_before_joining", "12345", "12,345", "social.community_topic", "a, b",
    ]  # fmt: skip


def test_narrow_folds_what_is_long_and_keeps_what_a_line_is_about(at: Printed) -> None:
    text = at(70, ROW)
    assert max(map(len, text.splitlines())) <= 70
    assert "active_before_joining" in text
    assert "12,345" in text
    assert "social.community_topic" not in text


def test_too_narrow_and_too_long_are_records(at: Printed) -> None:
    assert "of: social.community_topic" in at(50, ROW).splitlines()
    text = at(80, ROW | {"message": "x" * 1000})
    assert text.startswith("Checks\ncheck: active_before_joining\npid: 12345\n")
    assert text.count("x") == 1000


@pytest.mark.parametrize(("exact", "end"), [(False, "04:05:06+00:00"), (True, "04:05:06.789000+00:00")])
def test_times(at: Printed, exact: bool, end: str) -> None:
    assert f" 2026-01-02 {end} " in at(80, {"at": datetime(2026, 1, 2, 4, 5, 6, 789000, UTC)}, exact)


HOSTILE = "\x1b]0;mine\x07\x1b[2J\x9b31m\x7f\r\u202egnp.exe\u2028\ud83d $x$ é 😀"
SHOWN = r"\x1b]0;mine\x07\x1b[2J\x9b31m\x7f\x0d\u202egnp.exe\u2028\ud83d $x$ é 😀"
SENT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


@pytest.mark.parametrize("width", [200, 30])
def test_control_characters_are_shown_and_never_sent(at: Printed, width: int) -> None:
    """In values of all kinds, and in names of columns; as a table, and as records."""
    row = {"text": HOSTILE, HOSTILE: 1, "bytes": b"\x1b[2J", "list": [HOSTILE], "nested": {"a": HOSTILE}}
    printed = at(width, row)
    assert not SENT.search(printed)
    assert r"bytes: \x1b[2J" in printed or r"│ \x1b[2J" in printed
    if width == 30:
        assert f"text: {SHOWN}" in printed.replace("\n", "")
        assert f"{SHOWN}: 1" in printed.replace("\n", "")


def test_control_characters_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    show.as_json([{HOSTILE: HOSTILE}])
    printed = capsys.readouterr().out
    assert not SENT.search(printed)
    assert json.loads(printed) == [{HOSTILE: HOSTILE}]


def test_control_characters_in_errors_and_lines(capsys: pytest.CaptureFixture[str]) -> None:
    show.error(DataError(HOSTILE, hint=HOSTILE))
    show.out(HOSTILE)
    with show.progress() as bar:
        bar(HOSTILE, 1, 2)
    printed = capsys.readouterr()
    assert not SENT.search(printed.out + printed.err)
    assert printed.out == f"{SHOWN}\n"
    assert printed.err == f"Error: {SHOWN}\nTry:   {SHOWN}\n  {SHOWN} ...\n"


def test_commands_print_by_show_alone() -> None:
    """What is printed elsewhere would not pass `visible`."""
    folder = Path(app.__file__).parent
    for file in folder.glob("*.py"):
        if file.name != "show.py":
            assert not re.search(
                r"(?<![\w.])print\((?!\))|sys\.std(out|err)\.write", file.read_text(encoding="utf-8")
            ), file


def test_what_a_step_set_aside_is_read_as_words(at: Printed) -> None:
    row = {
        "source": "kafka:e1",
        "unread": ({"what": "social.like/0", "reason": "no leader"},),
        "held": (),
        "messages": 5,
    }
    shown = at(120, row)
    assert "social.like/0: no leader" in shown
    assert not re.search(r"[{}()]", shown)
