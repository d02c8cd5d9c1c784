"""A world with dirt goes through every store; each figure of the marts is computed again from the generator's files."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from clickvault import graph, vault
from clickvault.generator.dirt import DUPLICATE, KINDS, LATE
from clickvault.marts import build as marts
from clickvault.marts.build import build
from clickvault.pipeline.steps import reconcile, run
from clickvault.reconcile.run import landing_reconciliations, sent_reconciliations
from clickvault.reconciliation import Reconciliation
from clickvault.stores.clickhouse import rows
from tests.worlds import START, Event, World, contents, marts_of


def test_every_event_type_is_in_raw_as_often_as_it_was_made(world: World) -> None:
    for event_type, made in world.manifest.clean.items():
        (found,) = rows(world.session.ch, f"SELECT count() AS n FROM raw.`{event_type}` FINAL")
        assert found["n"] == made, event_type
    assert set(world.manifest.clean) == set(world.session.renderer.registry.events)


def test_every_dirty_message_is_a_dead_letter_with_the_expected_reason(world: World) -> None:
    expected: Counter[str] = Counter()
    for by_reason in world.manifest.reasons.values():
        expected.update(by_reason)
    found = {
        r["reason"]: r["n"]
        for r in rows(
            world.session.ch,
            "SELECT arrayStringConcat(reasons, ' + ') AS reason, count() AS n FROM raw.dead_letters GROUP BY reason",
        )
    }
    assert found == dict(expected)
    assert set(world.manifest.reasons) == set(KINDS) - {DUPLICATE, LATE}, "a kind of dirt was not made at all"


def test_duplicates_are_counted_and_never_seen(world: World) -> None:
    (found,) = rows(
        world.session.ch, "SELECT count() AS n, uniqExact(source, stream, partition, offset) AS m FROM landing.events"
    )
    assert found["m"] == world.manifest.messages
    assert world.manifest.duplicates > 0
    assert world.manifest.late > 0


def test_a_second_run_adds_nothing(world: World) -> None:
    before = contents(world.session)
    run(world.session)
    assert contents(world.session) == before


def test_days_built_by_themselves_are_the_same(world: World) -> None:
    """What a build reads outside its window, what was in force before it, does not depend on the window's length."""
    s = world.session
    windows = {mart.name for mart in marts.all_marts(s.renderer) if mart.window != "graph"}
    before = marts_of(s)
    for first, days in ((6, 1), (2, 4), (7, 2)):
        start = START.date() + timedelta(days=first)
        built = build(s.ch, s.renderer, start, start + timedelta(days=days), sorted(windows))
        assert all(b.rows for b in built)
    assert marts_of(s) == before


# ── the graph's marts, computed again ─────────────────────────────────────────────────────────────────────────


def friend_graph(events: dict[str, list[Event]]) -> Any:
    """The friendships in force at the end, among users who have not left."""
    import networkx as nx

    alive: dict[str, bool] = {}
    for e in events["user"]:
        alive[e["user_id"]] = e["op"] != "delete"
    graph = nx.Graph()
    graph.add_nodes_from(u for u, here in alive.items() if here)
    for e in events["friend"]:
        pair = (e["user_id"], e["friend_id"])
        if e["op"] == "delete":
            if graph.has_edge(*pair):
                graph.remove_edge(*pair)
        elif all(p in graph for p in pair):
            graph.add_edge(*pair)
    return graph


def follow_graph(events: dict[str, list[Event]], nodes: Any) -> Any:
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    for e in events["follower"]:
        pair = (e["follower_id"], e["followee_id"])
        if e["op"] == "delete":
            if graph.has_edge(*pair):
                graph.remove_edge(*pair)
        elif all(p in graph for p in pair):
            graph.add_edge(*pair)
    return graph


def test_social_graph_daily(world: World, events: dict[str, list[Event]]) -> None:
    import networkx as nx

    graph = friend_graph(events)
    follows = follow_graph(events, graph)
    (row,) = rows(world.session.ch, "SELECT * FROM marts.v_social_graph_daily")
    n = graph.number_of_nodes()
    components = list(nx.connected_components(graph))
    distances: Counter[int] = Counter()
    for _, reached in nx.all_pairs_shortest_path_length(graph):
        distances.update(d for d in reached.values() if d)
    pairs = {d: c // 2 for d, c in distances.items()}
    assert row["users"] == n
    assert row["friendships"] == graph.number_of_edges()
    assert row["mean_friends"] == pytest.approx(2 * graph.number_of_edges() / n)
    assert row["mean_followers"] == pytest.approx(follows.number_of_edges() / n)
    assert row["isolated_share"] == pytest.approx(len(list(nx.isolates(graph))) / n)
    assert row["components"] == len(components)
    assert row["largest_component_share"] == pytest.approx(max(map(len, components)) / n)
    assert row["clustering"] == pytest.approx(nx.average_clustering(graph))
    assert row["diameter"] == max(pairs)
    assert row["mean_distance"] == pytest.approx(sum(d * c for d, c in pairs.items()) / sum(pairs.values()))
    assert list(row["pairs_at"]) == [pairs[d] for d in sorted(pairs)]
    reached = [sum(pairs[d] for d in sorted(pairs)[: i + 1]) for i in range(len(pairs))]
    assert list(row["reached_share"]) == pytest.approx([r / math.comb(n, 2) for r in reached])
    assert all(a <= b for a, b in pairwise(row["reached_share"]))


def test_user_centrality(world: World, events: dict[str, list[Event]]) -> None:
    import networkx as nx

    graph = friend_graph(events)
    follows = follow_graph(events, graph)
    found = {str(r["user_id"]): r for r in rows(world.session.ch, "SELECT * FROM marts.v_user_centrality")}
    assert set(found) == set(graph)
    n = graph.number_of_nodes()
    expected = {
        "friends": dict(graph.degree()),
        "followers": dict(follows.in_degree()),
        "following": dict(follows.out_degree()),
        "pagerank": nx.pagerank(follows, tol=1e-14, max_iter=1000),
        "friend_pagerank": nx.pagerank(graph, tol=1e-14, max_iter=1000),
        "betweenness": nx.betweenness_centrality(graph, normalized=False),
        "closeness": nx.closeness_centrality(graph, wf_improved=False),
        "harmonic": {u: v / (n - 1) for u, v in nx.harmonic_centrality(graph).items()},
        "clustering": nx.clustering(graph),
        "triangles": nx.triangles(graph),
        "core": nx.core_number(graph),
    }
    for measure, values in expected.items():
        for user, value in values.items():
            assert found[user][measure] == pytest.approx(value, rel=1e-7, abs=1e-10), (measure, user)
    together = defaultdict(set)
    for user, row in found.items():
        together[row["component"]].add(user)
    assert sorted(map(sorted, together.values())) == sorted(map(sorted, nx.connected_components(graph)))
    groups = defaultdict(set)
    for user, row in found.items():
        groups[row["community"]].add(user)
    assert nx.community.modularity(graph, groups.values()) > 0.2, "the communities are no better than chance"


# ── reconciliation, broken by hand ──────────────────────────────────────────────────────────────────────────────

CLICKHOUSE_ROWS = [
    ("landing.events", "source = 's3'", ["s3 events: lines of loaded objects = landed"]),
    ("landing.events", "stream = 'social.like'", ["kafka:e1 social.like: sent = landed"]),
    ("raw.post", "op = 'create'", ["raw.post: distinct valid events landed = rows"]),
    ("raw.rejected", "event_type = 'post_view'", ["landing post_view: landed = valid + dead letters"]),
    ("raw.rejected", "event_type NOT IN ('post_view')", ["landed = valid + dead letters"]),
    ("ops.objects", "lines > 0", ["s3 events: "]),
    ("graph.scores", "relation = 'FRIENDS_WITH'", ["graph FRIENDS_WITH: "]),
    ("graph.summary", "relation = 'FOLLOWS' AND metric = 'edges'", ["graph FOLLOWS: "]),
    ("graph.distances", "relation = 'FRIENDS_WITH' AND distance = 2", ["graph FRIENDS_WITH: "]),
    ("graph.communities", "relation = 'FRIENDS_WITH'", ["graph FRIENDS_WITH: "]),
    ("marts.platform_daily", "true", ["marts.platform_daily: rows built = rows"]),
    ("marts.community_daily", "true", ["marts.community_daily: rows built = rows"]),
    ("marts.funnel_daily", "true", ["marts.funnel_daily: rows built = rows"]),
    ("marts.social_graph_daily", "true", ["marts.social_graph_daily: rows built = rows"]),
    ("marts.user_centrality", "true", ["marts.user_centrality: rows built = rows"]),
]
VAULT_TABLES = [
    "hub_user", "hub_comment", "link_friend", "eff_friend", "link_post_author", "eff_post_community", "link_post_view",
    "sat_post_content", "sat_user_profile_contact", "link_group_member", "sat_group_member_membership", "sat_user_centrality",
]  # fmt: skip


def broken(world: World, table: str = "") -> list[str]:
    """Names of reconciliation checks that do not balance: those of the table's own stage, or all."""
    s = world.session
    stages: dict[str, Callable[[], list[Reconciliation]]] = {
        "landing": lambda: sent_reconciliations(s.settings, s.renderer, s.ch),
        "ops": lambda: sent_reconciliations(s.settings, s.renderer, s.ch),
        "raw": lambda: landing_reconciliations(s.renderer, s.ch),
        "vault": lambda: vault.reconciliations(s.renderer, s.ch, s.pg),
        "graph": lambda: graph.reconciliations(s.renderer, s.ch, s.pg),
        "marts": lambda: marts.reconciliations(s.ch, s.pg, s.renderer),
    }
    reconciliations = stages.get(table.split(".")[0], lambda: reconcile(s))()
    return [a.name for a in reconciliations if not a.ok]


@pytest.mark.parametrize(("table", "which", "names"), CLICKHOUSE_ROWS, ids=lambda v: v if isinstance(v, str) else "")
def test_a_row_deleted_from_clickhouse_is_named(world: World, table: str, which: str, names: list[str]) -> None:
    ch = world.session.ch
    key = {r["name"] for r in rows(ch, "SELECT name FROM system.columns WHERE database = {d:String} AND table = {t:String}"
           " AND is_in_sorting_key", dict(zip("dt", table.split("."), strict=True)))}  # fmt: skip
    columns = ", ".join(sorted(key))
    ch.command(f"CREATE OR REPLACE TABLE ops.kept AS {table}")
    ch.command(
        f"INSERT INTO ops.kept SELECT * FROM {table} WHERE {which} ORDER BY {columns} LIMIT 1 BY {columns} LIMIT 1"
    )
    ch.command(f"DELETE FROM {table} WHERE ({columns}) IN (SELECT {columns} FROM ops.kept)")
    try:
        found = broken(world, table)
        assert any(name in check for check in found for name in names), found
        if table.startswith("raw."):  # `run` judges what changed alone, and finds the same
            new = landing_reconciliations(world.session.renderer, ch, whole=False)
            assert [a.name for a in new if not a.ok] == found
    finally:
        ch.command(
            f"INSERT INTO {table} SELECT * FROM ops.kept"
        )  # that it balances again, test_reconcile_exits_1 says of all
        ch.command("DROP TABLE ops.kept")


@pytest.mark.parametrize("table", VAULT_TABLES)
def test_a_row_deleted_from_the_vault_is_named(world: World, table: str) -> None:
    pg = world.session.pg
    with pg, pg.cursor() as cursor:
        cursor.execute(f"create temporary table kept as select * from vault.{table} limit 1")
        cursor.execute("select * from kept")
        names = [c.name for c in cursor.description[:3]]
        keys = " and ".join(f't."{n}" is not distinct from k."{n}"' for n in names)
        cursor.execute(f"delete from vault.{table} t using kept k where {keys}")
        assert cursor.rowcount == 1
    try:
        found = broken(world, "graph." if table.endswith("_centrality") else "vault.")
        assert any(table in check or "satellite" in check for check in found), found
    finally:
        with pg, pg.cursor() as cursor:
            cursor.execute(f"insert into vault.{table} select * from kept")
            cursor.execute("drop table kept")


def test_reconcile_exits_1_and_names_the_check(world: World) -> None:
    command = [sys.executable, "-m", "clickvault", "--log-format", "json", "reconcile", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert json.loads(done.stdout)["balanced"] is True
    (kept,) = rows(
        world.session.ch, "SELECT * FROM ops.mart_days FINAL WHERE mart = 'platform_daily' ORDER BY day LIMIT 1"
    )
    world.session.ch.command(f"ALTER TABLE marts.platform_daily DROP PARTITION '{kept['day']}'")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert answer["balanced"] is False
    assert "marts.platform_daily: rows built = rows" in [a["name"] for a in answer["checks"] if not a["ok"]]
    logged = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    assert "does not balance: marts.platform_daily: rows built = rows" in "\n".join(
        line["message"] for line in logged if line["level"] == "WARNING"
    )
    assert [line["message"].split(":")[0] for line in logged if line["logger"] == "clickvault.pipeline.steps"] == [
        "reconcile"
    ]
    build(world.session.ch, world.session.renderer, kept["day"], kept["day"] + timedelta(days=1), ["platform_daily"])
    assert broken(world) == []


def test_the_shell_answers_queries_and_says_what_is_wrong(world: World) -> None:
    def ask(*arguments: str, typed: str | None = None) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "clickvault", "sql", *arguments]
        return subprocess.run(command, input=typed, capture_output=True, text=True, check=False)

    posts = world.manifest.clean["post"]
    assert json.loads(ask("SELECT count() AS n FROM raw.post FINAL", "--json").stdout) == [{"n": posts}]
    done = ask(typed="SELECT 1 AS one;\nSELECT count() AS n\nFROM raw.post FINAL;\n")
    assert done.returncode == 0
    assert f"{posts:,}" in done.stdout
    done = ask("SELECT nothing FROM raw.post")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Code: 47.")
    done = ask("INSERT INTO raw.post SELECT * FROM raw.post")
    assert "(READONLY)" in done.stderr, "the default login of `sql` must only read"


def test_an_event_that_comes_late_makes_its_day_out_of_date(world: World) -> None:
    """A replayed dead letter keeps its old time of landing: a mart that looked at times alone would never have it."""
    ch, mart = world.session.ch, marts.find(world.session.renderer, "platform_daily")
    assert marts.stale_days(ch, world.session.renderer, mart) == []
    ch.command(
        "INSERT INTO raw.like SELECT * REPLACE (generateUUIDv4() AS event_id, toDateTime64('2026-01-05 01:02:03', 6, 'UTC')"
        " AS event_time, toDateTime64('2026-01-05 01:02:04', 6, 'UTC') AS landed_at) FROM raw.like LIMIT 1"
    )
    try:
        assert marts.stale_days(ch, world.session.renderer, mart) == [date(2026, 1, 5)]
    finally:
        ch.command("DELETE FROM raw.like WHERE event_time = toDateTime64('2026-01-05 01:02:03', 6, 'UTC')")
    assert marts.stale_days(ch, world.session.renderer, mart) == []
