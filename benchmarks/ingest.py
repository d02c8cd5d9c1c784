"""What the number of event types costs: ingest with all types' views on, against a small set's, on the same messages.

    python -m benchmarks.ingest [--messages 400000] [--rounds 3] [--json]

The messages are of the small set alone. They are put into the topics and into the bucket once, and then taken in again
and again, in turns: with the views of `all` event types, with those of the `small` set, and with none (`limit`: the same
messages into landing.events, and nothing behind it). Besides, one small message at a time ("single").
Printed are medians of the rounds: messages per second by the clock, and seconds of ClickHouse's CPU time a million
messages, which say more where other work goes on beside; by Kafka both without what waiting queues use to poll, and with it. It starts a stack of its own, and takes it down.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from clickvault.demo.produce import send
from clickvault.embedded import stack
from clickvault.embedded.state import State
from clickvault.errors import StoreError
from clickvault.generator import FileWriter, GenerateOptions, generate
from clickvault.ingest.objects import Numbered, filename
from clickvault.pipeline import migrate as schema
from clickvault.session import Session, open_session
from clickvault.settings import Settings, get_settings
from clickvault.sql.render import ch_identifier, statements
from clickvault.stores import kafka, s3
from clickvault.stores.clickhouse import rows


class Taken(NamedTuple):
    """What it took: by the clock, and of ClickHouse's CPU time, without and with what it uses to poll queues that wait."""

    seconds: float
    cpu: float
    cpu_with_polling: float


SMALL = frozenset(
    [
        "user",
        "user_profile",
        "friend",
        "follower",
        "post",
        "comment",
        "reaction",
        "like",
        "share",
        "post_view",
        "photo",
        "community",
        "group_member",
        "group_moderator",
        "pinned_post",
        "report",
    ]
)
"""The event types that are sent, and the small set of views: sixteen."""

VARIANTS = ("all", "small", "limit")
WAYS = ("kafka", "s3", "single")
SINGLES = 20
IDLE_SECONDS = 8
START = datetime(2026, 1, 1, tzinfo=UTC)


def messages(session: Session, wanted: int, folder: Path) -> list[Path]:
    """Files with `wanted` messages of the small set, as the generator makes them, one an event type."""
    options = GenerateOptions(START, START + timedelta(days=400), users=max(500, wanted // 150), events=wanted * 2)
    generate(options, session.renderer.registry, {"files": FileWriter(folder / "all")})
    out: dict[str, list[bytes]] = defaultdict(list)
    count = 0
    for path in sorted((folder / "all").rglob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            event_type = json.loads(line)["event_type"]
            if event_type in SMALL and count < wanted:
                out[event_type].append(line)
                count += 1
    files = []
    for event_type, lines in out.items():
        files.append(folder / f"{event_type}.jsonl")
        files[-1].write_bytes(b"\n".join(lines) + b"\n")
    return files


def renamed(sql: str, variant: str) -> str:
    """A statement over the databases of a variant: landing and raw for `all`, landing_small ... for the others."""
    return sql if variant == "all" else re.sub(r"\b(landing|raw)\.", rf"\1_{variant}.", sql)


def prepare(session: Session) -> None:
    """The topics, and three times what takes messages in: one does not stand on the other, so all are there at once."""
    registry = session.renderer.registry
    kafka.create_topics(session.settings, [t for group in registry.groups for t in registry.topics(group)])
    schema.apply_clickhouse(session.ch, schema.landing_objects(session.renderer), session.settings)
    for variant, names in (("small", SMALL), ("limit", frozenset())):
        for database in ("landing", "raw"):
            session.ch.command(f"CREATE DATABASE {database}_{variant}")
        for o in schema.landing_objects(session.renderer):
            last = re.sub("_(null|mv)$", "", o.name).partition("_")[2]
            event_type = last if o.kind in ("stream", "feed") else o.name.partition(".")[2]
            shared = event_type not in registry.events and (names or last not in ("unknown", *registry.groups))
            if o.name.startswith(("landing.", "raw.")) and (shared or event_type in names):
                session.ch.command(renamed(o.sql, variant))


def empty(session: Session, variant: str) -> None:
    """Nothing landed."""
    database = renamed("raw.", variant)[:-1]
    session.ch.command(f"TRUNCATE TABLE {renamed('landing.events', variant)}")
    for r in rows(session.ch, f"SELECT name FROM system.tables WHERE database = '{database}' AND engine LIKE '%Tree'"):
        session.ch.command(f"TRUNCATE TABLE {database}.{ch_identifier(r['name'])}")


@contextmanager
def cpu_of(settings: Settings) -> Iterator[Callable[[], float]]:
    """How many seconds of CPU time ClickHouse's process has used since."""
    child = State(settings.home).process("clickhouse")
    if child is None:
        raise StoreError("ClickHouse does not run", hint="clickvault status", store="clickhouse")
    process = psutil.Process(child.pid)

    def used() -> float:
        times = process.cpu_times()
        return float(times.user + times.system)

    before = used()
    yield lambda: used() - before


def landed_of(session: Session, variant: str) -> int:
    """How many rows have landed. Asked often, so by the parts' counts: reading the tables would be measured, too."""
    return _rows(session, renamed("landing.", variant)[:-1], ["events"])


def valid_of(session: Session, variant: str, wanted: int) -> int:
    """How many messages were accepted; `wanted` where there are no views that could."""
    names = sorted(session.renderer.registry.events if variant == "all" else SMALL)
    return wanted if variant == "limit" else _rows(session, renamed("raw.", variant)[:-1], names)


def _rows(session: Session, database: str, tables: list[str]) -> int:
    sql = "SELECT sum(total_rows) AS n FROM system.tables WHERE database = {d:String} AND name IN {t:Array(String)}"
    return int(rows(session.ch, sql, {"d": database, "t": tables})[0]["n"] or 0)


def check(session: Session, variant: str, wanted: int) -> None:
    """Everything landed and was accepted: otherwise other work was measured."""
    landed, valid = landed_of(session, variant), valid_of(session, variant, wanted)
    if (landed, valid) != (wanted, wanted):
        raise StoreError(f"{variant}: {landed} landed, {valid} valid, {wanted} sent", hint="", store="clickhouse")


def by_kafka(session: Session, variant: str, epoch: str, wanted: int) -> Taken:
    """By the clock from the first block to the last row; CPU time beyond what waiting queues use, and all of it."""
    settings = session.settings.model_copy(update={"kafka_epoch": epoch})  # other consumer groups: they read it all
    queues = schema.queue_objects(session.renderer, settings)
    empty(session, variant)
    with cpu_of(settings) as used:
        created = time.time()
        for o in queues:
            session.ch.command(renamed(o.sql, variant))
        while landed_of(session, variant) < wanted:
            time.sleep(0.1)
        while valid_of(session, variant, wanted) < wanted:
            time.sleep(0.1)
        first = session.ch.query(f"SELECT min(landed_at) FROM {renamed('landing.events', variant)}").first_row
        ended, cpu = time.time(), used()
        time.sleep(IDLE_SECONDS)
        idle = (used() - cpu) / IDLE_SECONDS
        started = (first or [None])[0].replace(tzinfo=UTC).timestamp()
    for o in reversed(queues):
        session.ch.command(f"DROP TABLE {renamed(o.name, variant)} SYNC")
    return Taken(ended - started, cpu - idle * (ended - created), cpu)


def by_s3(session: Session, variant: str) -> Taken:
    """To load the objects of the bucket."""
    pages = s3.pages(session.settings, s3.client(session.settings))
    found = [Numbered(o.path, o.etag, o.bytes, n) for n, o in enumerate((o for page in pages for o in page), 1)]
    values = {
        "bucket": session.settings.s3_bucket,
        "filename": filename(found),
        "paths": [o.path for o in found],
        "etags": [o.etag.strip('"') for o in found],
        "numbers": [o.number for o in found],
    }
    (load,) = statements(session.renderer.render("ingest/s3_load.sql.j2"))
    empty(session, variant)
    with cpu_of(session.settings) as used:
        started = time.perf_counter()
        session.ch.command(renamed(load, variant), parameters=values)
        return Taken(time.perf_counter() - started, cpu := used(), cpu)


def single(session: Session, variant: str, message: bytes) -> Taken:
    """For one block of one message."""
    with cpu_of(session.settings) as used:
        started = time.perf_counter()
        for i in range(SINGLES):
            session.ch.insert(
                renamed("landing.inbox_null", variant),
                [["benchmark", "single", 0, i, "", None, message]],
                ["source", "stream", "partition", "offset", "key", "sent_at", "raw"],
            )
        return Taken((time.perf_counter() - started) / SINGLES, cpu := used() / SINGLES, cpu)


def measure(session: Session, wanted: int, rounds: int, folder: Path) -> dict[str, Any]:
    """All rounds: medians by variant and way in, and the ratios to the limit and to the small set."""
    files = messages(session, wanted, folder)
    wanted = sum(f.read_bytes().count(b"\n") for f in files)
    one = files[0].read_bytes().splitlines()[0]
    for target in ("kafka", "s3"):
        send(session, files, target)
    taken: dict[tuple[str, str], list[Taken]] = defaultdict(list)
    for number in range(rounds):
        for variant in VARIANTS[number % 3 :] + VARIANTS[: number % 3]:
            taken["kafka", variant].append(by_kafka(session, variant, f"{variant}{number}", wanted))
            check(session, variant, wanted)
            taken["s3", variant].append(by_s3(session, variant))
            check(session, variant, wanted)
            taken["single", variant].append(single(session, variant, one))
            last = {way: taken[way, variant][-1] for way in WAYS}
            print(f"round {number + 1}, {variant}: {last}", file=sys.stderr, flush=True)
    out: dict[str, Any] = {
        "messages": wanted,
        "rounds": rounds,
        "types": {"all": len(session.renderer.registry.events), "small": len(SMALL)},
    }
    for way in WAYS:
        count = 1 if way == "single" else wanted
        rates = {v: count / statistics.median(t.seconds for t in taken[way, v]) for v in VARIANTS}
        cpu = {v: statistics.median(t.cpu for t in taken[way, v]) / count for v in VARIANTS}
        whole = {v: statistics.median(t.cpu_with_polling for t in taken[way, v]) / count for v in VARIANTS}
        out[way] = {
            v: {
                "messages_per_second": round(rates[v], 1),
                "cpu_seconds_per_million": round(cpu[v] * 1e6, 2),
                "of_the_limit": round(rates[v] / rates["limit"], 3),
                "of_the_small_set": round(rates[v] / rates["small"], 3),
                "cpu_of_the_limit": round(cpu[v] / cpu["limit"], 3),
                "cpu_of_the_small_set": round(cpu[v] / cpu["small"], 3),
                "cpu_seconds_per_million_with_polling": round(whole[v] * 1e6, 2),
                "cpu_with_polling_of_the_limit": round(whole[v] / whole["limit"], 3),
            }
            for v in VARIANTS
        }
    return out


def table(found: dict[str, Any]) -> str:
    """The figures as people read them."""
    lines = [
        f"{'':8}{'views':10}{'messages/s':>12}{'of limit':>10}{'of small':>10}{'CPU s/million':>15}{'of limit':>10}{'of small':>10}"
        f"{'with polling':>15}{'of limit':>10}"
    ]
    for way in WAYS:
        for variant, f in found[way].items():
            lines.append(
                f"{way:8}{variant:10}{f['messages_per_second']:12,.0f}{f['of_the_limit']:10.2f}{f['of_the_small_set']:10.2f}"
                f"{f['cpu_seconds_per_million']:15,.1f}{f['cpu_of_the_limit']:10.2f}{f['cpu_of_the_small_set']:10.2f}"
                f"{f['cpu_seconds_per_million_with_polling']:15,.1f}{f['cpu_with_polling_of_the_limit']:10.2f}"
            )
    return "\n".join(lines)


def main() -> None:
    """Run on a stack of its own, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=400_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CLICKVAULT_HOME"] = str(Path(folder) / "home")
        stack.up()
        try:
            with open_session(get_settings()) as session:
                prepare(session)
                found = measure(session, given.messages, given.rounds, Path(folder) / "messages")
        finally:
            stack.down(purge=True)
    print(json.dumps(found, indent=2) if given.json else table(found))


if __name__ == "__main__":
    main()
