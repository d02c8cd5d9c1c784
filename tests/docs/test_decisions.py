"""The decisions: numbered without gaps, each with its parts, each in the index under its title."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "decisions"
FILES = sorted(FOLDER.glob("[0-9]*.md"))
PARTS = ["Context", "Decision", "Alternatives considered", "Consequence"]


def test_numbers_have_no_gap_and_are_in_the_index() -> None:
    assert [int(f.name[:4]) for f in FILES] == list(range(1, len(FILES) + 1))
    rows = re.findall(r"^\| \[(\d{4})\]", (FOLDER / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert rows == [f.name[:4] for f in FILES]


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_index_link_has_the_title_and_the_file_its_parts(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    title = re.match(r"# (\d{4})\. (.+)\n\nDate: \d{4}-\d{2}-\d{2}", text)
    assert title is not None
    assert title[1] == file.name[:4]
    assert f"| [{title[1]}]({file.name}) | {title[2]} |" in (FOLDER / "README.md").read_text(encoding="utf-8")
    parts = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert parts in (PARTS, [p for p in PARTS if p != "Alternatives considered"])
