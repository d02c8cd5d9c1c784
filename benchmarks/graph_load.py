"""How fast the vault's graph comes into Neo4j, and is measured there: both ways of loading, and a small change.

    CLICKVAULT_HOME=/tmp/bench clickvault up --graph neo4j
    CLICKVAULT_HOME=/tmp/bench python -m benchmarks.graph_load [--users 50000] [--relations 1000000] [--change 0.01]

Fills the vault of that stack, which should be a new one, with users who follow each other, by SQL; then loads them whole
by LOAD CSV (Neo4j pulls from ClickHouse) and by UNWIND (rows pass through Python), then a change of so many relations (half of
them new, half ended), then measures. Prints seconds, rows per second, and what Neo4j had of memory at most.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

import psutil

from clickvault.embedded.state import State
from clickvault.graph.neo4j_engine import Neo4jEngine
from clickvault.graph.relations import measured
from clickvault.graph.store import read_graph
from clickvault.pipeline import migrate as schema
from clickvault.session import Session, open_session

USERS = """
insert into vault.hub_user (hk, bk, load_ts, record_source)
select vault.hash_key(md5('user' || n)::uuid::text), md5('user' || n)::uuid, now(), 'benchmark'
from generate_series(1, %(users)s) n on conflict do nothing
"""
# Preferences are skewed: the square of a uniform draw makes some people popular.
PAIRS = """
create temp table pair on commit drop as
select a, b, vault.hash_key(a::text, b::text) as lhk from (
    select distinct vault.hash_key(md5('user' || (1 + floor(random() * %(users)s))::int)::uuid::text) as a,
        vault.hash_key(md5('user' || (1 + floor(random() * random() * %(users)s))::int)::uuid::text) as b
    from generate_series(1, %(pairs)s)
) p where a <> b
"""
LINKS = """
insert into vault.link_follower (lhk, hk_follower, hk_followee, load_ts, record_source)
select lhk, a, b, now(), 'benchmark' from pair on conflict do nothing
"""
OPEN = """
insert into vault.eff_follower (driving_hk, event_time, event_id, lhk, is_open, load_ts, record_source)
select lhk, timestamptz '2026-01-01' + random() * interval '20 days', gen_random_uuid(), lhk, true, now(), 'benchmark' from pair
"""
CLOSE = """
insert into vault.eff_follower (driving_hk, event_time, event_id, lhk, is_open, load_ts, record_source)
select lhk, timestamptz '2026-01-25', gen_random_uuid(), lhk, false, now(), 'benchmark'
from vault.link_follower order by lhk limit %(ended)s
"""
LOGGED = """
insert into ops.load_log (event_type, started_at, staged, hubs, links, sats, effs) values (%(type)s, now(), 0, 0, 0, 0, 0)
"""


def fill(s: Session, users: int, relations: int) -> int:
    """Users, and about so many relations between them, as one load each. Returns how many relations are in force."""
    with s.pg, s.pg.cursor() as cursor:
        cursor.execute("select vault.add_months(array['eff_follower'], array[date '2026-01-01'])")
        cursor.execute("select setseed(0.5)")
        cursor.execute(USERS, {"users": users})
        cursor.execute(LOGGED, {"type": "user"})
        cursor.execute(PAIRS, {"users": users, "pairs": int(relations * 1.02)})
        for sql in (LINKS, OPEN):
            cursor.execute(sql)
        cursor.execute(LOGGED, {"type": "follower"})
    s.pg.autocommit = True
    with s.pg.cursor() as cursor:
        cursor.execute("vacuum analyze vault.link_follower, vault.eff_follower, vault.hub_user")
        cursor.execute("select count(*) from graph.rel_follows")
        found = int(cursor.fetchone()[0])
    s.pg.autocommit = False
    return found


def change(s: Session, users: int, relations: int) -> None:
    """So many relations come, and as many end."""
    with s.pg, s.pg.cursor() as cursor:
        cursor.execute(CLOSE, {"ended": relations // 2})
        cursor.execute(PAIRS, {"users": users, "pairs": relations // 2})
        for sql in (LINKS, OPEN):
            cursor.execute(sql)
        cursor.execute(LOGGED, {"type": "follower"})


def memory(s: Session) -> int:
    """Megabytes that Neo4j had at most so far."""
    child = State(s.settings.home).process("graph")
    assert child is not None
    with open(f"/proc/{child.pid}/status") as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))


def measure(users: int, relations: int, share: float, load: list[str]) -> dict[str, Any]:
    """One run of everything."""
    found: dict[str, Any] = {"cores": psutil.cpu_count(), "users": users}
    with open_session() as s:
        schema.init(s.settings, s.renderer, s.ch, s.pg)
        found["relations"] = total = fill(s, users, relations)
        for way in load:
            engine = Neo4jEngine(s.settings.model_copy(update={"neo4j_load": way}))
            began = time.monotonic()
            engine.prepare(s.renderer, s.ch, s.pg, print, whole=True)
            seconds = time.monotonic() - began
            found[way] = {"seconds": round(seconds, 1), "relations_per_second": round(total / seconds), **parts(engine)}
            tell(way, found[way])
            engine.close()
        engine = Neo4jEngine(s.settings)
        for name in ("nothing new", "changed"):
            if name == "changed":
                change(s, users, int(total * share))
            began = time.monotonic()
            engine.prepare(s.renderer, s.ch, s.pg, print)
            found[name] = {"seconds": round(time.monotonic() - began, 2), **parts(engine)}
            tell(name, found[name])
        found["balanced"] = all(a.ok for a in engine.accounts(s.renderer, s.ch, s.pg))
        (relation,) = (r for r in measured(s.renderer.registry) if r.type == "FOLLOWS")
        graph = read_graph(s.renderer, s.pg, relation)
        began = time.monotonic()
        result = engine.compute(graph)
        found["measured"] = {"seconds": round(time.monotonic() - began, 1), "edges": graph.edges, **engine.seconds}
        found["modularity"] = round(result.summary["modularity"].value, 4)
        found["neo4j_megabytes_at_most"] = memory(s)
        engine.close()
    return found


def tell(what: str, figures: dict[str, Any]) -> None:
    """A figure as soon as it is known: the rest may take long."""
    print(what, figures, file=sys.stderr, flush=True)


def parts(engine: Neo4jEngine) -> dict[str, Any]:
    """What the last sync's seconds went into."""
    done = engine.synced
    assert done is not None
    return {"finding": round(done.finding, 2), "loading": round(done.loading, 2), "rows": sum(done.rows.values())}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=50_000)
    parser.add_argument("--relations", type=int, default=1_000_000)
    parser.add_argument("--change", type=float, default=0.01)
    parser.add_argument("--load", nargs="+", default=["unwind", "csv"], choices=["unwind", "csv"])
    asked = parser.parse_args()
    print(json.dumps(measure(asked.users, asked.relations, asked.change, asked.load), indent=2))
