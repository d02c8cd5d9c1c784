"""What the number of event types costs: ingest with all types' views on, against a small set's, on the same messages.

    python -m benchmarks.ingest [--messages 400000] [--rounds 3] [--json]

The messages are of the small set alone. They are put into the topics and into the bucket once, and then taken in again
and again, in turns: with the views of all event types, with those of the small set, and with none ("landing": the same
messages into landing.events, and nothing behind it: the limit). Besides, one small message at a time ("single").
Printed are medians of the rounds: messages a second by the clock, and seconds of ClickHouse's CPU time a million
messages, which say more where other work goes on beside. It starts a stack of its own, and takes it down.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

from clickvault import ingest, kafka, schema
from clickvault.clickhouse import rows
from clickvault.embedded import stack
from clickvault.embedded.state import State
from clickvault.errors import StoreError
from clickvault.objects import SqlObject
from clickvault.produce import send
from clickvault.render import ch_identifier
from clickvault.session import Session, open_session
from clickvault.settings import Settings, get_settings
from generator import FileWriter, GenerateOptions, generate

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

SINGLES = 20
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


def objects(session: Session, settings: Settings, variant: str) -> list[SqlObject]:
    """ClickHouse's objects with the views of `all` event types, of the `small` set, or with none (`landing`)."""
    names = {"all": set(session.renderer.registry.events), "small": set(SMALL), "landing": set()}[variant]
    found = []
    for o in schema.landing_objects(session.renderer):
        event_type = o.name.partition(".")[2].partition("_")[2] if o.kind in ("stream", "feed") else ""
        if event_type not in session.renderer.registry.events or event_type in names:
            found.append(o)
    if variant == "landing":
        found = [o for o in found if o.name != "landing.reject_unknown"]
    return found + schema.queue_objects(session.renderer, settings)


def empty(session: Session) -> None:
    """Nothing landed, nothing loaded."""
    for name in ("landing.events", "raw.rejected", "ops.objects", "ops.positions", "ops.gaps"):
        session.ch.command(f"TRUNCATE TABLE {name}")
    for name in session.renderer.registry.events:
        session.ch.command(f"TRUNCATE TABLE raw.{ch_identifier(name)}")


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


def by_kafka(session: Session, variant: str, epoch: str, wanted: int) -> tuple[float, float]:
    """Seconds by the clock, from the first block to the last one committed, and of CPU time."""
    settings = replace_epoch(session.settings, epoch)
    empty(session)
    with cpu_of(settings) as used:
        schema.apply_clickhouse(session.ch, objects(session, settings, variant), settings)
        started, before, landed = time.time(), used(), 0
        while landed < wanted:
            time.sleep(0.1)
            (found,) = rows(session.ch, "SELECT count() AS n, min(landed_at) AS first FROM landing.events")
            if found["n"] and not landed:
                started = found["first"].replace(tzinfo=UTC).timestamp()
            landed = found["n"]
        registry = session.renderer.registry
        while True:
            behind = 0
            for group in registry.groups:
                done = kafka.committed(settings, ingest.group_of(settings, group))
                ends = kafka.ends(settings, kafka.partitions(settings, registry.topics(group)))
                behind += sum(end - done.get(at, 0) for at, end in ends.items())
            if not behind:
                return time.time() - started, used() - before
            time.sleep(0.05)


def replace_epoch(settings: Settings, epoch: str) -> Settings:
    """The settings under another epoch: its consumer groups read the topics from their beginning."""
    return settings.model_copy(update={"kafka_epoch": epoch})


def by_s3(session: Session, wanted: int) -> tuple[float, float]:
    """Seconds by the clock and of CPU time, to load the bucket with the views that are there."""
    empty(session)
    with cpu_of(session.settings) as used:
        started = time.perf_counter()
        found = ingest.ingest_s3(session.settings, session.renderer, session.ch)
        took = time.perf_counter() - started
        if found.messages != wanted:
            raise StoreError(f"{found.messages} of {wanted} messages came by S3", hint="", store="s3")
        return took, used()


def single(session: Session, message: bytes) -> tuple[float, float]:
    """Seconds by the clock and of CPU time for one block of one message."""
    with cpu_of(session.settings) as used:
        started = time.perf_counter()
        for i in range(SINGLES):
            session.ch.insert(
                "landing.inbox",
                [["benchmark", "single", 0, i, "", None, message]],
                ["source", "stream", "partition", "offset", "key", "sent_at", "raw"],
            )
        return (time.perf_counter() - started) / SINGLES, used() / SINGLES


def measure(session: Session, wanted: int, rounds: int, folder: Path) -> dict[str, Any]:
    """All rounds: medians by variant and way in, and the ratios to the limit and to the small set."""
    files = messages(session, wanted, folder)
    wanted = sum(f.read_bytes().count(b"\n") for f in files)
    one = files[0].read_bytes().splitlines()[0]
    for target in ("kafka", "s3"):
        send(session, files, target)
    taken: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    variants = ("all", "small", "landing")
    for number in range(rounds):
        for variant in variants[number % 3 :] + variants[: number % 3]:
            taken["kafka", variant].append(by_kafka(session, variant, f"b{number}{variant}", wanted))
            (rejected,) = rows(session.ch, "SELECT count() AS n FROM raw.rejected")
            if rejected["n"]:
                raise StoreError(f"{rejected['n']} messages were rejected", hint="", store="clickhouse")
            taken["s3", variant].append(by_s3(session, wanted))
            taken["single", variant].append(single(session, one))
    out: dict[str, Any] = {
        "messages": wanted,
        "rounds": rounds,
        "types": {"all": len(session.renderer.registry.events), "small": len(SMALL)},
    }
    for way in ("kafka", "s3", "single"):
        count = 1 if way == "single" else wanted
        rates = {v: count / statistics.median(t for t, _ in taken[way, v]) for v in variants}
        cpu = {v: statistics.median(c for _, c in taken[way, v]) / count for v in variants}
        out[way] = {
            v: {
                "messages_per_second": round(rates[v], 1),
                "cpu_seconds_per_million": round(cpu[v] * 1e6, 2),
                "of_the_limit": round(rates[v] / rates["landing"], 3),
                "of_the_small_set": round(rates[v] / rates["small"], 3),
                "cpu_of_the_small_set": round(cpu[v] / cpu["small"], 3),
            }
            for v in variants
        }
    return out


def table(found: dict[str, Any]) -> str:
    """The figures as people read them."""
    lines = [
        f"{'':8}{'views':10}{'messages/s':>12}{'of limit':>10}{'of small':>10}{'CPU s/million':>15}{'of small':>10}"
    ]
    for way in ("kafka", "s3", "single"):
        for variant, f in found[way].items():
            lines.append(
                f"{way:8}{variant:10}{f['messages_per_second']:12,.0f}{f['of_the_limit']:10.2f}{f['of_the_small_set']:10.2f}"
                f"{f['cpu_seconds_per_million']:15,.1f}{f['cpu_of_the_small_set']:10.2f}"
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
                schema.init(session.settings, session.renderer, session.ch, session.pg)
                found = measure(session, given.messages, given.rounds, Path(folder) / "messages")
        finally:
            stack.down(purge=True)
    print(json.dumps(found, indent=2) if given.json else table(found))


if __name__ == "__main__":
    main()
