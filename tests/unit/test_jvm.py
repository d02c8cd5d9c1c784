"""What is said where Java or Maven is missing, and what a fetch that fails leaves behind."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from clickvault.embedded import jvm, stack
from clickvault.embedded.state import State
from clickvault.errors import ConfigurationError, StoreError

RELEASE = jvm.Release("nothing-1", ("no.such:artifact:1",))


def program(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the whole PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.delenv("CLICKVAULT_SERVICES", raising=False)
    return folder


@pytest.mark.parametrize("choice", [{"broker": "apache"}, {"graph": "neo4j"}])
def test_without_java_nothing_is_started_or_remembered(tmp_path: Path, path: Path, choice: dict[str, str]) -> None:
    home = tmp_path / "home"
    with pytest.raises(ConfigurationError, match="needs Java 17 or newer, and there is none") as error:
        stack.up(home=home, broker=choice.get("broker"), graph=choice.get("graph"))
    assert "JAVA_HOME" in error.value.hint
    assert set(stack.stores(State(home))) == {"clickhouse", "kafka", "s3", "postgres"}
    assert not any(s.pid for s in stack.status(home=home))


def test_an_old_java_is_named(path: Path) -> None:
    program(path, "java", "echo 'openjdk version \"11.0.2\" 2019-01-15' >&2")
    with pytest.raises(ConfigurationError, match=r"Java 17 or newer; .*bin/java is Java 11"):
        jvm.find(17, "Neo4j")


def test_java_home_goes_before_the_path(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "jdk").mkdir()
    program(tmp_path / "jdk" / "bin", "java", "echo 'openjdk version \"21.0.1\"' >&2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "jdk"))
    assert jvm.find(17, "Neo4j") == (tmp_path / "jdk" / "bin" / "java", 21)


def test_without_maven_only_what_was_fetched_runs(path: Path, tmp_path: Path) -> None:
    program(path, "java", "echo 'openjdk version \"17.0.1\"' >&2")
    with pytest.raises(ConfigurationError, match="no mvn on the PATH"):
        jvm.check(RELEASE, tmp_path, 17, "Neo4j")
    (tmp_path / RELEASE.name / "lib").mkdir(parents=True)
    jvm.check(RELEASE, tmp_path, 17, "Neo4j")
    assert jvm.fetch(RELEASE, tmp_path, "graph", threading.Event()) == tmp_path / RELEASE.name


def test_a_fetch_that_fails_says_why_and_leaves_nothing(path: Path, tmp_path: Path) -> None:
    program(path, "mvn", "echo '[ERROR] no route to the repository'; exit 1")
    with pytest.raises(StoreError, match=r"Maven could not fetch graph: .*no route to the repository"):
        jvm.fetch(RELEASE, tmp_path / "cache", "graph", threading.Event())
    assert [p.name for p in (tmp_path / "cache").iterdir()] == [".lock"]


def test_a_fetch_is_tried_three_times(path: Path, tmp_path: Path) -> None:
    """With an end to each wait for the repository."""
    succeeds = """case $(/usr/bin/wc -l < "$0.tries") in *3) for a in "$@"; do case $a in
        -DoutputDirectory=*) /bin/mkdir -p "${a#*=}";; esac; done; exit 0;; esac"""
    program(path, "mvn", f'echo "$*" >> "$0.tries"; {succeeds}; echo "[ERROR] 503 Service Unavailable"; exit 1')
    assert (jvm.fetch(RELEASE, tmp_path / "cache", "graph", threading.Event()) / "lib").is_dir()
    commands = (path / "mvn.tries").read_text().splitlines()
    assert len(commands) == 3
    assert len(set(commands)) == 1
    assert "-Daether.connector.connectTimeout=60000 -Daether.connector.requestTimeout=60000" in commands[0]


def test_a_fetch_is_put_in_place_whole(path: Path, tmp_path: Path) -> None:
    program(
        path, "mvn", 'for a in "$@"; do case $a in -DoutputDirectory=*) /bin/mkdir -p "${a#*=}"; done_=1;; esac; done'
    )
    folder = jvm.fetch(RELEASE, tmp_path / "cache", "graph", threading.Event())
    assert (folder / "lib").is_dir()
