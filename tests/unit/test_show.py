"""Tables on terminals of several widths: names stay whole, long texts fold, and what is too wide is read record by record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from clickvault.cli import show

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
