"""The command line without a server: help, examples, errors, and that it starts light."""

from __future__ import annotations

import json
import logging
import math
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import typer

from clickvault.cli import logs, look, show
from clickvault.cli.app import app


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


ALL = dict(commands(typer.main.get_command(app)))


def clickvault(*arguments: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "clickvault", *arguments],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "CLICKVAULT_HOME": str(home), **environment},
        timeout=180,  # a client gives up after half a minute; a busy machine takes its time besides
        check=False,
    )


def test_there_are_commands() -> None:
    expected = [
        "up",
        "down",
        "status",
        "init",
        "plan",
        "generate",
        "send",
        "ingest",
        "load",
        "graph",
        "marts",
        "reconcile",
        "quality",
        "run",
        "render",
        "sql",
        "report",
        "demo",
    ]
    expected += [
        "contract list",
        "contract show",
        "contract schema",
        "rejected list",
        "rejected show",
        "rejected replay",
    ]
    assert {" ".join(path) for path in ALL} >= set(expected)


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_an_example_of_itself(path: tuple[str, ...]) -> None:
    """A command without an example is one that a new user has to guess."""
    text = " ".join((ALL[path].help or ALL[path].callback.__doc__).split())
    assert f"Example: clickvault {' '.join(path)}" in text


def test_help_needs_no_heavy_library() -> None:
    """`clickvault --help` answers at once only while none of these is imported for it."""
    heavy = [
        "chdb",
        "networkx",
        "numpy",
        "scipy",
        "plotly",
        "pandas",
        "kafka",
        "faker",
        "clickhouse_connect",
        "psycopg2",
    ]
    code = f"import sys, clickvault.cli.app; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "command", [["load"], ["reconcile"], ["sql", "SELECT 1"], ["init"], ["rejected", "list"], ["run"]]
)
def test_without_a_stack_each_command_says_what_to_do(command: list[str], tmp_path: Path) -> None:
    done = clickvault(*command, home=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: No address for ")
    assert "Try:   clickvault up" in done.stderr
    assert done.stdout == ""


STORES = {
    "CLICKHOUSE_URL": "http://u:secret-word@127.0.0.1:9",
    "POSTGRES_URL": "postgresql://u:secret-word@127.0.0.1:9/db",
    "KAFKA_BOOTSTRAP": "127.0.0.1:9",
    "S3_URL": "http://127.0.0.1:9",
    "S3_ACCESS_KEY": "key",
    "S3_SECRET_KEY": "secret-word",
}


@pytest.mark.parametrize(
    ("store", "command"),
    [
        ("ClickHouse", ["sql", "SELECT 1"]),
        ("Kafka", ["generate", "--minutes", "1", "--to", "kafka", "--users", "10", "--world-start", "2026-11-01"]),
    ],
)
def test_an_engine_that_is_down_gives_error_and_try(store: str, command: list[str], tmp_path: Path) -> None:
    done = clickvault(*command, home=tmp_path, **STORES)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-2].startswith(f"Error: {store} does not answer at 127.0.0.1:9")
    assert done.stderr.splitlines()[-1].startswith("Try:   clickvault")
    assert "secret-word" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("POSTGRES_URL", "user:secret-word@db/x"),
        ("POSTGRES_URL", "postgresql://u:secret-word%zz@db/x"),
        ("CLICKHOUSE_URL", "http://u:se/secret-word@db:1"),
        ("CLICKHOUSE_URL", "http://u:secret-word@db:port"),
        ("CLICKHOUSE_CLUSTER", "secret-word"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(name: str, value: str, tmp_path: Path) -> None:
    done = clickvault("load", home=tmp_path, **{name: value})
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {name}: ")
    assert "secret-word" not in done.stderr


def test_a_wrong_call_exits_2(tmp_path: Path) -> None:
    assert clickvault("generate", "--no-such-option", home=tmp_path).returncode == 2
    assert clickvault("no-such-command", home=tmp_path).returncode == 2


def test_a_wrong_value_says_what_to_write(tmp_path: Path) -> None:
    done = clickvault("generate", "--from", "yesterday", "--until", "2026-01-02", "--to", "files", home=tmp_path)
    assert done.returncode == 1
    assert "2026-01-31" in done.stderr
    done = clickvault("contract", "show", "pots", home=tmp_path)
    assert done.returncode == 1
    assert "pots" in done.stderr
    assert "clickvault contract list" in done.stderr


def test_contract_list_as_json(tmp_path: Path) -> None:
    import json

    found = json.loads(clickvault("contract", "list", "--json", home=tmp_path).stdout)
    assert len({e["event_type"] for e in found}) == len(found) >= 40
    assert {e["group"] for e in found} == {"communities", "content", "media", "money", "ties", "users"}
    assert set(found[0]) == {"event_type", "entity", "group", "topic", "fields"}


def test_contract_check_names_the_line(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text('{"event_type": "nobody"}\n[1]\n')
    done = clickvault("contract", "check", str(file), "--json", home=tmp_path)
    assert done.returncode == 1
    assert '"line": 2' in done.stdout


def test_json_is_json_whatever_the_numbers_and_keys(capsys: pytest.CaptureFixture[str]) -> None:
    show.as_json([{"a": math.nan, "b": {date(2026, 1, 2): -math.inf, 3: (1.5, None)}}])

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    said = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert said == [{"a": None, "b": {"2026-01-02": None, "3": [1.5, None]}}]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1",
        "-- why\nSELECT 1",
        "/* a\nb */ (SELECT 1)",
        "((select 1) union all select 2)",
        "\n  with 1 as a select a",
    ],
)
def test_a_query_is_known_by_its_first_word(query: str) -> None:
    assert look.first_word(query) in ("SELECT", "WITH")


def test_a_template_that_needs_inputs_says_so(tmp_path: Path) -> None:
    done = clickvault("render", "domains/social/marts/platform_daily.sql.j2", home=tmp_path)
    assert done.returncode == 1
    assert "needs inputs" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_log_line_is_json_and_has_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing of what the stores' clients log, which is raised and said once."""
    monkeypatch.setenv("CLICKVAULT_HOME", str(tmp_path))
    monkeypatch.setenv("S3_SECRET_KEY", "a-secret-word")
    ours = logging.getLogger("clickvault")
    before = (list(ours.handlers), ours.level, ours.propagate)
    try:
        logs.start("json")
        logging.getLogger("clickvault.ingest.objects").warning("s3: %s is set aside", 'x"\na-secret-word')
        logging.getLogger("kafka").warning("no broker")
        logging.getLogger("clickvault.ingest.objects").debug("nobody wants to know")
    finally:
        ours.handlers, ours.level, ours.propagate = before[0], before[1], before[2]
    (line,) = capsys.readouterr().err.splitlines()
    found = json.loads(line)
    assert found | {"time": ""} == {
        "time": "", "level": "WARNING", "logger": "clickvault.ingest.objects", "message": 's3: x"\n*** is set aside',
    }  # fmt: skip
    assert datetime.fromisoformat(found["time"]).tzinfo is not None
