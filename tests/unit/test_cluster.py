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
from pathlib import Path

import pytest

from clickvault import schema
from clickvault.cluster import clustered, on_cluster
from clickvault.contract import Registry
from clickvault.errors import ContractError
from clickvault.objects import SqlObject
from clickvault.render import Renderer
from clickvault.settings import Settings
from contracts.social import DOMAIN

SNAPSHOT = Path(__file__).parent / "snapshots" / "cluster" / "clickhouse.sql"

SETTINGS = Settings(home=Path("/nowhere"), kafka_bootstrap="kafka:9092", kafka_epoch="e0")
ONE = schema.clickhouse_objects(Renderer(Registry([DOMAIN])), SETTINGS)
MANY = clustered(ONE, "clickvault")
BY_NAME = {o.name: o for o in MANY}
_OTHERS = "|".join(sorted(Registry([DOMAIN]).events.keys() - {"user", "reaction"}))
REPEATED = re.compile(rf"^(raw\.|landing\.(judged|accept|reject|routed|route)_)({_OTHERS})(_local)?$|^landing\.judge_")


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
    script = Path(__file__).parent.parent / "embedded" / "as_user.py"
    config = tmp_path / "config.xml"
    config.write_text("<clickhouse/>", encoding="utf-8")
    asked = [f"EXPLAIN AST {o.sql}" for o in MANY]
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "data"), str(config)],
        input=json.dumps([*asked, "EXPLAIN AST CREATE TABLE a ENGINE"]), capture_output=True, text=True, check=True,
    )  # fmt: skip
    said = json.loads(done.stdout.splitlines()[-1])
    assert [f"{o.name}: {error}" for o, error in zip(MANY, said, strict=False) if error] == []
    assert "SYNTAX_ERROR" in said[-1], "the parser was not asked"


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
    accept = BY_NAME["landing.accept_user"].sql
    assert "TO raw.`user`" in accept, "what was accepted goes to its shard"


def test_what_is_not_made_for_a_cluster_is_refused() -> None:
    with pytest.raises(ContractError, match="no statement that a cluster runs"):
        on_cluster("INSERT INTO raw.user SELECT 1", "clickvault")
    unsorted = "CREATE TABLE raw.a\n(\n    b Int8\n)\nENGINE = MergeTree\nORDER BY tuple()"
    with pytest.raises(ContractError, match=r"raw\.a: a sharded table has columns and an ORDER BY of columns"):
        clustered([SqlObject("table", "raw.a", unsorted)], "clickvault")
