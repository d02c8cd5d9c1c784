"""What one server's objects become on a cluster: the text is compared here, and read by the real parser.

No cluster runs in these tests: the engine within this process has no keeper. What it can say is whether each statement is one.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from clickvault import dashboards
from clickvault.contract import Registry
from clickvault.domains.social import DOMAIN
from clickvault.errors import ContractError
from clickvault.ingest import collections
from clickvault.ingest.versions import Period
from clickvault.marts import build as marts
from clickvault.pipeline import migrate as schema
from clickvault.quality.checks import all_checks, query
from clickvault.resources import CHECKOUT
from clickvault.settings import Settings
from clickvault.sql.cluster import clustered, on_cluster
from clickvault.sql.objects import SqlObject
from clickvault.sql.render import Renderer, statements

SNAPSHOT = Path(__file__).parent / "snapshots" / "cluster" / "clickhouse.sql"

SETTINGS = Settings(home=Path("/nowhere"), kafka_bootstrap="kafka:9092", kafka_epoch="e0")
ONE = schema.clickhouse_objects(Renderer(Registry([DOMAIN])), SETTINGS)
MANY = clustered(ONE, "clickvault")
BY_NAME = {o.name: o for o in MANY}
_OTHERS = "|".join(sorted(Registry([DOMAIN]).events.keys() - {"user", "reaction"}))
REPEATED = re.compile(
    rf"^raw\.({_OTHERS})(_local)?$|^landing\.(validated|accept|reject|routed|route)_({_OTHERS})_(null|mv)$|^landing\.validate_"
)


def test_without_a_cluster_nothing_changes() -> None:
    assert clustered(ONE, "") == ONE
    assert on_cluster("DROP TABLE raw.user", "") == "DROP TABLE raw.user"


def test_the_rendered_sql_is_what_was_read() -> None:
    """All of it, but for what repeats: of event types two, and no rules, which the snapshots of one server have."""
    shown = [o for o in MANY if not REPEATED.search(o.name)]
    now = "".join(f"-- ═══ {o.kind} {o.name}\n{o.sql};\n\n" for o in shown)
    assert len(shown) > 100
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        SNAPSHOT.parent.mkdir(exist_ok=True)
        SNAPSHOT.write_text(now, encoding="utf-8")
    before = SNAPSHOT.read_text(encoding="utf-8")
    lines = difflib.unified_diff(before.splitlines(), now.splitlines(), "as read", "as rendered", n=2, lineterm="")
    assert before == now, (
        "a cluster's SQL differs from its snapshot, so that its next `clickvault init` changes it. If that is meant:\n"
        "UPDATE_SNAPSHOTS=1 pytest tests/unit/test_cluster.py, and commit the file.\n\n" + "\n".join(list(lines)[:200])
    )


def test_every_statement_is_one_to_the_engine_s_parser(tmp_path: Path) -> None:
    asked = [f"EXPLAIN AST {o.sql}" for o in MANY]
    said = _said(tmp_path, "<clickhouse/>", [*asked, "EXPLAIN AST CREATE TABLE a ENGINE"])
    assert [f"{o.name}: {error}" for o, error in zip(MANY, said, strict=False) if error] == []
    assert "SYNTAX_ERROR" in said[-1], "the parser was not asked"


SHARDS = """<clickhouse><remote_servers><clickvault>
<shard><replica><host>127.0.0.1</host><port>1</port></replica></shard>
<shard><replica><host>127.0.0.2</host><port>1</port></replica></shard>
</clickvault></remote_servers></clickhouse>"""
AWAY = ("Code: 279.", "Code: 614.")  # no shard, or no PostgreSQL, answers
REPLICATED = re.compile(r"ENGINE = Replicated(\w+)\('[^']*', '[^']*'(?:, )?")
PARAMETER = re.compile(r"\{\w+:((?:[^{}()]|\([^()]*\))+)\}")
VALUES = {"String": "'x'", "Date": "toDate('2026-01-02')", "DateTime64(6, 'UTC')": "now64(6, 'UTC')"}


def test_what_is_asked_later_is_planned_for_two_shards(tmp_path: Path) -> None:
    """No shard answers, so a plan may end there; a subquery over two shards that the engine denies ends before."""
    renderer = Renderer(Registry([DOMAIN]))
    objects = [o.sql for o in MANY if o.kind not in ("queue", "pull", "feed")]
    made = [REPLICATED.sub(r"ENGINE = \1(", sql.replace(" ON CLUSTER `clickvault`", "")) for sql in objects]
    asked = {f"separate {i}": s for i, s in enumerate(statements(renderer.render("ingest/separate.sql.j2", table="x")))}
    del asked["separate 3"]  # an ALTER has no plan
    asked["retire"] = renderer.render("maintenance/retire.sql.j2")
    like = renderer.registry.events["like"]
    changed = datetime(2026, 1, 2, tzinfo=UTC)
    periods = [Period(name, event) for name, event in renderer.registry.events.items() if event is not like]
    periods += [Period("like", None, None, changed), Period("like", like, changed)]
    asked["reconciliation"] = renderer.render("ingest/reconciliation.sql.j2", retired=True, periods=periods)
    asked |= {f"replay {i}": s for i, s in enumerate(statements(renderer.render("ingest/replay.sql.j2", event=like)))}
    asked |= {m.name: marts.build_sql(renderer, m) for m in marts.all_marts(renderer)}
    asked |= {c.name: query(renderer, c) for c in all_checks(renderer)}
    asked |= {a.name: a.sql(renderer) for _, some in dashboards.load(renderer) for a in some}
    asked["denied"] = "SELECT 1 FROM raw.like WHERE event_id IN (SELECT event_id FROM raw.like)"
    plans = [f"EXPLAIN PLAN {_select(sql)}" for sql in asked.values()]
    said = _said(tmp_path, SHARDS, ["SET max_query_size = 4000000", *made, *plans])
    assert [error for error in said[: len(made) + 1] if error] == []
    refused = {n: e for n, e in zip(asked, said[len(made) + 1 :], strict=True) if e and not e.startswith(AWAY)}
    assert refused.keys() == {"denied"}, {n: e[:300] for n, e in refused.items()}
    assert refused["denied"].startswith("Code: 288.")


def _select(sql: str) -> str:
    """What a statement reads, with a value for each parameter."""
    sql = "\n".join(line for line in sql.splitlines() if not line.startswith("--")).strip().rstrip(";")
    if sql.startswith("INSERT"):
        sql = sql[re.search(r"\n\s*(WITH|SELECT)\b", sql).start() :]  # type: ignore[union-attr]
    return PARAMETER.sub(
        lambda m: VALUES.get(m[1], "[1]" if m[1].startswith("Array(U") else "['x']" if "(" in m[1] else "1"), sql
    )


def _said(folder: Path, configuration: str, asked: list[str]) -> list[str]:
    """What an engine with that configuration answers to each statement: "", or its error."""
    script = Path(__file__).parent.parent / "embedded" / "as_user.py"
    config = folder / "config.xml"
    config.write_text(configuration, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script), str(folder / "data"), str(config)],
        input=json.dumps(asked), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return list(json.loads(done.stdout.splitlines()[-1]))


def test_everything_is_made_on_every_server() -> None:
    assert [o.name for o in MANY if " ON CLUSTER `clickvault`" not in o.sql.splitlines()[0]] == []
    kinds = {o.kind for o in MANY}
    assert {"table", "states", "view", "feed", "stream", "queue", "pull", "database"} <= kinds


def test_no_table_that_holds_rows_is_on_one_server_alone() -> None:
    rows = [o for o in MANY if "MergeTree" in o.sql and o.kind in ("table", "states")]
    assert len(rows) > 60
    for o in rows:
        everywhere = not o.name.startswith(("landing.", "raw."))
        assert f"'/clickvault/{{uuid}}/{'all' if everywhere else '{shard}'}'" in o.sql, o.name
        assert o.name.endswith("_local") != everywhere, o.name


def test_an_event_has_one_shard() -> None:
    """The sharding key is the sorting key, by which FINAL finds the copies of an event."""
    assert (
        "ENGINE = Distributed(`clickvault`, `raw`, `user_local`, cityHash64(event_time, event_id))"
        in BY_NAME["raw.user"].sql
    )
    local = BY_NAME["raw.user_local"].sql
    assert "ENGINE = ReplicatedReplacingMergeTree('/clickvault/{uuid}/{shard}', '{replica}', version)" in local
    assert "ORDER BY (event_time, event_id)" in local
    over = BY_NAME["raw.user"].sql
    assert "INDEX" not in over
    assert "ORDER BY" not in over


def test_a_message_is_judged_where_it_landed() -> None:
    for o in MANY:
        if o.kind == "pull":
            assert " TO landing.events_local " in o.sql
        if o.kind == "feed":
            assert "landing.events\n" not in f"{o.sql}\n".replace(" landing.events ", " landing.events\n"), o.name
    assert any("FROM landing.events_local" in o.sql for o in MANY if o.kind == "feed")
    accept = BY_NAME["landing.accept_user_mv"].sql
    assert "TO raw.`user`" in accept, "what was accepted goes to its shard"


def test_what_is_not_made_for_a_cluster_is_refused() -> None:
    with pytest.raises(ContractError, match="no statement that a cluster runs"):
        on_cluster("INSERT INTO raw.user SELECT 1", "clickvault")
    unsorted = "CREATE TABLE raw.a\n(\n    b Int8\n)\nENGINE = MergeTree\nORDER BY tuple()"
    with pytest.raises(ContractError, match=r"raw\.a: a sharded table has columns and an ORDER BY of columns"):
        clustered([SqlObject("table", "raw.a", unsorted)], "clickvault")


class Recorded:
    """Takes statements as a client does, and says that nothing is there."""

    def __init__(self, answers: list[dict[str, object]]) -> None:
        self.said: list[str] = []
        self.answers = answers

    def command(self, sql: str) -> None:
        self.said.append(sql)

    def query(self, sql: str, parameters: dict[str, object]) -> Recorded:
        return self

    def named_results(self) -> list[dict[str, object]]:
        return self.answers


def test_collections_are_made_on_every_server() -> None:
    """With a text for all, no server has the member's name of another; those of the configuration have one each."""
    settings = SETTINGS.model_copy(update={"clickhouse_cluster": "clickvault"})
    ch = Recorded([{"name": "s3_events", "source": "SQL", "keys": ["url", "old"]}])
    collections.apply(ch, settings)  # type: ignore[arg-type]
    kafka, s3, stage = ch.said
    assert kafka.startswith("CREATE NAMED COLLECTION IF NOT EXISTS kafka ON CLUSTER `clickvault` AS ")
    assert "group_instance_id" not in kafka
    assert s3.startswith("ALTER NAMED COLLECTION s3_events ON CLUSTER `clickvault` SET ")
    assert "DELETE `old`" in s3
    assert stage.startswith("CREATE NAMED COLLECTION IF NOT EXISTS vault_stage ON CLUSTER `clickvault` AS ")
    one = Recorded([])
    collections.apply(one, SETTINGS)  # type: ignore[arg-type]
    assert "`kafka.group_instance_id` = 'clickvault'" in one.said[0]
    assert "ON CLUSTER" not in "".join(one.said)
    nodes = set(re.findall(r"CLICKHOUSE_NODE: ([\w-]+)", (CHECKOUT / "docker-compose.cluster.yml").read_text()))
    assert nodes == {"clickhouse", "clickhouse-1b", "clickhouse-2a", "clickhouse-2b"}
    said = (CHECKOUT / "clickhouse" / "config.d" / "named_collections.xml").read_text(encoding="utf-8")
    assert '<group_instance_id from_env="CLICKHOUSE_NODE"/>' in said
