"""The marts through ClickHouse's JDBC driver, on which Metabase's driver stands: Java asks, Python knows what must come.

`jdbc/Marts.java` is built and run here; its driver is fetched once with Maven, at the exact version of `jdbc/pom.xml`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from clickvault.dashboards import load
from clickvault.dashboards.metabase.cards import asked_with, cards
from clickvault.session import Session
from clickvault.stores.clickhouse import rows
from tests.embedded.test_metabase import chosen
from tests.services.conftest import SERVICES

FOLDER = Path(__file__).parent / "jdbc"
Told = dict[str, list[list[str]]]


@pytest.fixture(scope="module")
def classes(world: Session, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The class path of the program: the driver's jars, and the program compiled against them."""
    if not shutil.which("javac"):
        pytest.skip("no javac: a Java runtime alone does not build; try: apt-get install openjdk-17-jdk-headless")
    jars = SERVICES / "clickhouse-jdbc-0.10.0"
    if not jars.exists():
        if not shutil.which("mvn"):
            pytest.skip("no mvn; try: apt-get install maven")
        part = jars.with_suffix(".part")
        fetch = ["mvn", "-B", "-q", "-f", str(FOLDER / "pom.xml"), "dependency:copy-dependencies"]
        subprocess.run([*fetch, "-DincludeScope=runtime", f"-DoutputDirectory={part}"], check=True, timeout=600)
        part.rename(jars)
    out = tmp_path_factory.mktemp("jdbc")
    build = ["javac", "-Xlint:all", "-Werror", "-cp", f"{jars}/*", "-d", out, FOLDER / "Marts.java"]
    subprocess.run(build, check=True, timeout=120)
    return f"{out}:{jars}/*"


@pytest.fixture(scope="module")
def questions(world: Session) -> list[str]:
    """What Metabase would ask: each card's SQL, with its filters' defaults, and with conditions as Metabase writes them."""
    found = cards(world.renderer, load(world.renderer))
    return [sql for card in found for sql in (asked_with(card), asked_with(card, chosen))]


@pytest.fixture(scope="module", params=["true", "false"], ids=["compressed", "plain"])
def told(
    request: pytest.FixtureRequest, world: Session, classes: str, questions: list[str], tmp_path_factory: Any
) -> Told:
    """What the program said, by what it is: as the reader, with the answers compressed or not."""
    url, login = _parts(world.settings.clickhouse_reader_url)
    file = tmp_path_factory.mktemp("questions") / "questions"
    file.write_text("\0".join(questions), encoding="utf-8")
    command = ["java", "-Xmx256m", "-cp", classes, "Marts", f"jdbc:ch:{url}/marts", request.param, str(file)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env={**os.environ, **login}, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    found: Told = defaultdict(list)
    for line in done.stdout.splitlines():
        said = json.loads(line)
        found[said["what"]].append(said["values"])
    return found


def _parts(url: str) -> tuple[str, dict[str, str]]:
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(url)
    login = {"CLICKHOUSE_USER": unquote(parts.username or ""), "CLICKHOUSE_PASSWORD": unquote(parts.password or "")}
    return f"http://{parts.hostname}:{parts.port}", login


def ask(world: Session, sql: str) -> list[dict[str, Any]]:
    return rows(world.ch, sql)


def test_the_driver_knows_whom_it_speaks_to(told: Told, world: Session) -> None:
    (product,) = told["product"]
    assert product[0] == "ClickHouse"
    assert product[1].startswith(str(ask(world, "SELECT version() AS v")[0]["v"]))


def test_metadata_as_a_bi_tools_sync_asks_for_it(told: Told, world: Session) -> None:
    assert {"marts", "raw", "graph", "ops"} <= {s for (s,) in told["schema"]}
    views = {
        r["name"] for r in ask(world, "SELECT name FROM system.tables WHERE database = 'marts' AND name LIKE 'v\\_%'")
    }
    assert len(views) > 15
    assert {name for name, _ in told["table"]} == views
    assert {kind for _, kind in told["table"]} == {"VIEW"}
    columns = ask(
        world,
        "SELECT name, type FROM system.columns WHERE database = 'marts' AND table = 'v_platform_daily' ORDER BY position",
    )
    assert len(columns) > 10
    assert [(name, kind) for name, kind, _ in told["column"]] == [(c["name"], c["type"]) for c in columns]
    assert next(code for name, _, code in told["column"] if name == "day") == "91", "java.sql.Types.DATE"
    assert told["keys"] == [["false"]]


def test_rows_of_a_mart(told: Told, world: Session) -> None:
    sql = "SELECT toString(day) AS day, dau, posts, interactions_per_post AS share FROM marts.v_platform_daily ORDER BY day"
    expected = ask(world, sql)
    assert len(expected) >= 6
    assert len(told["day"]) == len(expected)
    for (day, dau, posts, share), row in zip(told["day"], expected, strict=True):
        assert (day, int(dau), int(posts)) == (row["day"], row["dau"], row["posts"])
        assert (None if share == "null" else float(share)) == row["share"]


def test_prepared_statements(told: Told, world: Session) -> None:
    sql = (
        "SELECT count() AS days, sum(views) AS views FROM marts.v_platform_daily"
        " WHERE day >= '2026-01-03' AND day < '2026-01-06' AND dau > 0"
    )
    (expected,) = ask(world, sql)
    assert expected["days"] == 3
    assert told["window"] == [[str(expected["days"]), str(expected["views"])]]
    assert told["text"] == [["<it's \\ ü\n>"]]


def test_an_answer_of_many_frames(told: Told) -> None:
    assert told["many"] == [["200000"]]


def test_every_question_of_metabase_s_cards(told: Told, world: Session, questions: list[str]) -> None:
    assert len(told["question"]) == len(questions) > 120
    empty = 0
    for sql, (count, *columns) in zip(questions, told["question"], strict=True):
        expected = rows(world.reader, sql)
        assert int(count) == len(expected), sql
        if expected:
            assert columns == list(expected[0]), sql
        empty += not expected
    assert empty < len(questions) / 3, "most of them have something to show"


def test_what_a_reader_must_not_do_is_refused_with_the_engines_own_code(told: Told) -> None:
    unknown, insert, drop = told["refused"]
    assert unknown[0] == "47", unknown
    for code, message in (insert, drop):
        assert code in ("164", "497"), (code, message)
