"""`make release-check` passes a commit that is ready, and names what another one lacks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from clickvault import __version__
from clickvault.resources import CHECKOUT

assert CHECKOUT is not None
NAME = ("-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "safe.directory=*")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone of the checkout whose changelog has a part of this version with all that was not released."""
    if not (CHECKOUT / ".git").exists():
        pytest.skip("the checkout has no .git: a release is a commit")
    git(CHECKOUT, "clone", "--quiet", f"file://{CHECKOUT}", str(tmp_path / "clone"))
    changelog = tmp_path / "clone" / "CHANGELOG.md"
    text = re.sub(
        rf"^## \[{re.escape(__version__)}\] - .*\n", "", changelog.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    changelog.write_text(
        text.replace("## [Unreleased]\n", f"## [Unreleased]\n\n## [{__version__}] - 2030-01-31\n"), encoding="utf-8"
    )
    git(tmp_path / "clone", "commit", "--quiet", "--all", "--message=Release")
    return tmp_path / "clone"


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *NAME, *arguments], cwd=folder, check=True, capture_output=True)


def check(clone: Path) -> tuple[int, str]:
    """The exit code and what is said."""
    command = [sys.executable, ".ci/release_check.py"]
    environment = os.environ | {"PYTHONPATH": str(clone)}
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, timeout=600, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_commit_that_is_ready_passes(clone: Path) -> None:
    code, said = check(clone)
    assert code == 0, said
    assert f"{__version__} can be released" in said
    git(clone, "tag", f"v{__version__}")
    code, said = check(clone)
    assert code == 1
    assert f"v{__version__} is tagged" in said


def test_each_fault_is_named(clone: Path) -> None:
    (clone / "clickvault" / "__init__.py").write_text('"""clickvault."""\n\n__version__ = "9.9.9"\n', encoding="utf-8")
    changelog = (clone / "CHANGELOG.md").read_text(encoding="utf-8").replace("### Contracts and schemas", "### Else")
    (clone / "CHANGELOG.md").write_text(
        changelog.replace("## [Unreleased]\n", "## [Unreleased]\n\n- One more.\n"), encoding="utf-8"
    )
    dictionary = clone / "docs" / "dictionary.md"
    dictionary.write_text(dictionary.read_text(encoding="utf-8") + "\nby hand\n", encoding="utf-8")
    code, said = check(clone)
    assert code == 1
    for fault in (
        "the working tree has changes",
        "clickvault/__init__.py says 9.9.9",
        "entries under Unreleased",
        "what changes in contracts and schemas",
        "docs/dictionary.md lags behind",
    ):
        assert fault in said
