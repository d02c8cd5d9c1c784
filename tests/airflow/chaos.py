"""Chaos: the stack and Airflow are left alone, and struck at random for an hour. `make chaos MINUTES=60` (python -m tests.airflow.chaos).

Events go on every minute. Meanwhile each process of the stack and of Airflow is killed (-9) or stopped (SIGSTOP, then SIGCONT) five times an
hour, the disk is full once, PostgreSQL's connections are taken once, an object is damaged, a transaction of Kafka's is rolled back. What is
promised, and checked at the end:

  - all processes run and are healthy, without a hand, and every DAG's run succeeds again
  - every reconciliation check balances
  - raw, vault and marts hold what an undisturbed stack holds of the same events
  - one alert tells of a trouble, one that it is over; every kill is told of

The one thing that wants a hand is the damaged object: the driver removes it when its alert has come. Ends with 1 where a promise is broken.
"""

from __future__ import annotations

import argparse
import gzip
import html
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import psycopg2
import pytest

from clickvault.airflow import server
from clickvault.airflow.supervisor import Notes
from clickvault.alerts import journal
from clickvault.demo.continue_until import period
from clickvault.demo.demo import DemoWorld, demo_world
from clickvault.embedded import apache_kafka, stack
from clickvault.embedded.process import Child
from clickvault.embedded.state import State, prepare_home
from clickvault.errors import ClickvaultError, ConfigurationError
from clickvault.generator import GenerateOptions
from clickvault.pipeline import migrate as schema
from clickvault.pipeline.steps import STEPS, reconcile
from clickvault.session import Session, open_session
from clickvault.settings import Settings
from clickvault.stores import s3
from clickvault.stores.clickhouse import rows
from tests.airflow.client import Airflow, eventually
from tests.airflow.conftest import Receivers
from tests.worlds import contents, fill, raw_of, running_stack, send, small_disk

STORES = ("clickhouse", "kafka", "s3", "postgres")
SUPERVISOR = "supervisor"
PROCESSES = (*STORES, *server.COMMANDS, SUPERVISOR)
STRIKES_AN_HOUR = 5
DISK_MB = 6_000
DAYS = 3
DIRT = 0.01
"""Of the DAG's scheduled runs, too: the same world is made at once for the comparison."""
KEYS = {
    **dict.fromkeys(STORES, "a store of the stack"),
    **dict.fromkeys(server.COMMANDS, "Airflow's processes"),
    SUPERVISOR: "Airflow's supervisor",
}
"""Under which name a trouble of a process is told."""
SPECIALS = {"connections": 75.0, "disk full": 75.0, "transaction": 45.0, "object damaged": 60.0}
"""What is done once, and for how many seconds."""
TOLD_SECONDS = 180.0
"""A kill is told of within this time."""
CALM_SECONDS = 600.0
"""Behind the last blow, all is healthy within this time."""
RUN_SECONDS = 1_800.0
"""A run of a DAG ends within this time, on a machine that has other things to do, too."""
CHAIN = ("2_ingest_kafka", "2_ingest_s3", "3_load_vault", "4_sync_graph", "5_build_marts", "6_quality_checks")
ROLLED_BACK = 50

began = time.monotonic()


def now() -> float:
    """Seconds since the driver began."""
    return time.monotonic() - began


def say(text: str) -> None:
    """A line with the time, at once."""
    print(f"{datetime.now(UTC):%H:%M:%S} {now():6.0f} s  {text}", flush=True)


@dataclass
class Strike:
    """A blow: when it is due, on whom, what it is; and what came of it, in seconds since the driver began."""

    due: float
    victim: str
    what: str
    lasts: float = 0.0
    begun: float | None = None
    ended: float | None = None
    healed: float | None = None
    pid: int = 0
    note: str = ""
    undo: Callable[[], None] = lambda: None

    @property
    def kills(self) -> bool:
        """Whether its victim must be another process afterwards."""
        return self.what == "kill -9"


@dataclass
class Told:
    """An alert: when it came, of what, and which kind (TROUBLE, FAILED, over)."""

    at: float
    key: str
    kind: str
    text: str

    @property
    def causes(self) -> tuple[str, ...]:
        """What of a run failed, and the kind of its error."""
        return tuple(":".join(c.split(":")[:2]) for c in re.findall(r"^failed: (.*)$", self.text, re.MULTILINE))


def plan(rng: random.Random, minutes: float, specials: Iterable[str]) -> list[Strike]:
    """The blows, spread over the time: each process about half by kills and half by stops, everything else once."""
    blows: list[Strike] = []
    each = max(1, round(STRIKES_AN_HOUR * minutes / 60))
    for victim in PROCESSES:
        first = rng.randrange(2)
        for kind in [("kill", "stop")[(n + first) % 2] for n in range(each)]:
            lasts = rng.choice([rng.uniform(5, 30), rng.uniform(150, 200)]) if kind == "stop" else 0.0
            blows.append(Strike(0, victim, f"stop for {lasts:.0f} s" if lasts else "kill -9", lasts))
    rng.shuffle(blows)
    for blow in [Strike(0, name, "", SPECIALS[name]) for name in specials]:  # none at the very end: they last longer
        blows.insert(rng.randrange(len(blows) // 6, max(1, len(blows) * 3 // 4)), blow)
    slot = minutes * 60 / len(blows)
    for n, blow in enumerate(blows):
        blow.due = n * slot + rng.uniform(0.05, 0.75) * slot
    return blows


class Chaos:
    """A run of it: strikes, looks, and remembers."""

    def __init__(self, settings: Settings, disk: Path | None, receivers: Receivers, rng: random.Random) -> None:
        self.settings, self.home, self.disk, self.receivers, self.rng = settings, settings.home, disk, receivers, rng
        self.told: list[Told] = []
        self.alive: dict[str, tuple[int, bool]] = {}
        self.strikes: list[Strike] = []
        self.ending: list[Strike] = []
        self.struck, self.over = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self.damaged = f"events/content/dt={datetime.now(UTC):%F}/damaged.jsonl.gz"
        self.rolled_back: list[str] = []

    # ── looking ───────────────────────────────────────────────────────────────────────────────────────────────

    def child(self, name: str) -> Child | None:
        """The process that is noted under this name, if it lives."""
        with suppress(ClickvaultError, OSError):
            if name in server.COMMANDS:
                kept = Notes.read(self.home).kept.get(name)
                found = kept.child if kept and kept.pid else None
            else:
                found = State(self.home).process(server.SUPERVISOR if name == SUPERVISOR else name)
            return found if found and found.alive() else None
        return None

    def look(self) -> dict[str, tuple[int, bool]]:
        """Of each process its pid (0: none) and whether it is healthy."""
        found = dict.fromkeys(PROCESSES, (0, False))
        with suppress(ClickvaultError, OSError, psycopg2.Error):
            found |= {s.store: (s.pid or 0, s.healthy) for s in stack.status(home=self.home) if s.store in STORES}
            found |= {p["process"]: (p["pid"] or 0, p["healthy"]) for p in server.status(home=self.home)}
        return found

    @property
    def well(self) -> bool:
        """Whether everything was healthy when it was looked at."""
        return bool(self.alive) and all(healthy for _, healthy in self.alive.values())

    def watch(self) -> None:
        """Look every two seconds, until it is over: who is healthy again, and what was told."""
        while not self.over.is_set():
            asked = now()
            self.alive = self.look()
            for strike in self.strikes:
                if strike.ended is None or strike.healed is not None or asked < strike.ended + 2:
                    continue
                pid, healthy = self.alive.get(strike.victim, (0, self.well))
                if healthy and (pid != strike.pid or not strike.kills):
                    strike.healed = now()
                    if strike.lasts and strike.pid:
                        strike.note = "went on" if pid == strike.pid else "was started anew"
                    say(f"healthy again: {strike.victim}, {strike.healed - strike.ended:.0f} s behind the blow's end")
            self.hear()
            self.over.wait(2.0)

    def hear(self) -> None:
        """Take note of the alerts that came."""
        with self._lock:
            for sent in self.receivers.telegram.texts[len(self.told) :]:
                text = html.unescape(re.sub(r"</?\w+>|\r", "", sent))
                trouble = re.search(r"clickvault TROUBLE: (.+)", text)
                works = re.search(r"clickvault works again: (.+)", text) or re.search(
                    r"clickvault (\S+) works again", text
                )
                fails = re.search(r"clickvault (\S+) FAILED", text)
                match = trouble or works or fails
                kind = "TROUBLE" if trouble else "over" if works else "FAILED" if fails else "other"
                told = Told(now(), match[1].strip() if match else text.splitlines()[0], kind, text)
                self.told.append(told)
                say(f"alert: {told.kind} {told.key}: {' | '.join(text.splitlines()[1:])[:300]}")

    def trigger(self) -> None:
        """Ingest every minute, not only every five: whoever is started between two blows has something to do."""
        while not self.struck.wait(60.0):
            with suppress(Exception):  # Airflow is struck, too
                airflow = self.airflow()
                for dag in CHAIN[:2]:
                    if not airflow.unfinished(dag):
                        airflow.trigger(dag)

    def airflow(self) -> Airflow:
        """Its API, as of now."""
        state = State(self.home)
        return Airflow(server.url(state), server.ADMIN, state.secret("airflow_admin"))

    # ── striking ──────────────────────────────────────────────────────────────────────────────────────────────

    def strike_all(self, blows: list[Strike], seconds: float) -> None:
        """Each when it is due; then nothing, until the time is over, and every blow."""
        start = now()
        for blow in blows:
            time.sleep(max(0.0, start + blow.due - now()))
            self.strike(blow)
        time.sleep(max(0.0, start + seconds - now()))
        eventually(lambda: all(s.ended is not None for s in self.strikes), "all blows are over", RUN_SECONDS)

    def end_due(self) -> None:
        """End the blows that have lasted long enough, each by itself: what one wants may be struck by another."""
        while not self.over.wait(0.5):
            for strike in [s for s in self.strikes if s.begun is not None and now() >= s.begun + s.lasts]:
                if strike not in self.ending:
                    self.ending.append(strike)
                    threading.Thread(target=self.end, args=(strike,), daemon=True).start()

    @staticmethod
    def end(strike: Strike) -> None:
        """End a blow."""
        strike.undo()
        strike.ended = now()
        if strike.lasts:
            say(f"over: {strike.victim}: {strike.what}")

    def strike(self, strike: Strike) -> None:
        """The blow itself, once its victim runs."""
        if strike.victim in SPECIALS:
            strike.what, strike.undo = getattr(self, strike.victim.replace(" ", "_"))()
            strike.begun = now()
        else:
            child = eventually(lambda: self.child(strike.victim), f"{strike.victim} runs", CALM_SECONDS)
            target = self.one_of(child)
            strike.pid, strike.begun = child.pid, now()
            with suppress(psutil.Error):
                target.send_signal(signal.SIGKILL if strike.kills else signal.SIGSTOP)
            if not strike.kills:
                strike.undo = partial(self.go_on, target)
        say(f"strike: {strike.victim}: {strike.what} {strike.pid or ''}")
        self.strikes.append(strike)

    def one_of(self, child: Child) -> psutil.Process:
        """The process, or, where it passes on what another one says, one of both."""
        process = psutil.Process(child.pid)
        behind = process.children() if "clickvault.airflow.masked" in " ".join(process.cmdline()) else []
        return self.rng.choice([process, *behind[:1]])

    @staticmethod
    def go_on(target: psutil.Process) -> None:
        with suppress(psutil.Error):
            target.resume()

    def disk_full(self) -> tuple[str, Callable[[], None]]:
        """Nothing is free any more."""
        assert self.disk is not None
        filler = fill(self.disk)
        return "no byte free for 75 s", filler.unlink

    def connections(self) -> tuple[str, Callable[[], None]]:
        """All of PostgreSQL's connections are taken, the administrator's, too; whichever becomes free is taken, too."""
        held: list[Any] = []
        ended = threading.Event()
        url = self.settings.postgres_url

        def take() -> None:
            while not ended.is_set():
                with suppress(psycopg2.Error):
                    while not ended.is_set():
                        held.append(psycopg2.connect(url))
                ended.wait(0.2)
            for connection in held:
                with suppress(psycopg2.Error):
                    connection.close()

        def give_back() -> None:
            ended.set()
            taking.join()

        taking = threading.Thread(target=take)
        taking.start()
        return "all of PostgreSQL's taken for 75 s", give_back

    def object_damaged(self) -> tuple[str, Callable[[], None]]:
        """An object whose compressed data end in the middle. It is removed by whoever reads its alert."""
        data = gzip.compress(os.urandom(20_000).hex().encode())[:-200]
        client, bucket = s3.client(self.settings), self.settings.s3_bucket
        self.s3_put(client, bucket, data)

        def told() -> bool:
            return any(t.kind == "FAILED" and self.damaged.rpartition("/")[2] in t.text for t in self.told)

        def remove() -> None:
            eventually(told, "the damaged object is told of", RUN_SECONDS)
            eventually(
                lambda: self.works(lambda: client.remove_object(bucket, self.damaged)), "it is removed", CALM_SECONDS
            )

        return "cut in the middle; removed by hand", remove

    def s3_put(self, client: Any, bucket: str, data: bytes) -> None:
        from io import BytesIO

        put: Callable[[], Any] = lambda: client.put_object(bucket, self.damaged, BytesIO(data), len(data))  # noqa: E731
        eventually(lambda: self.works(put), "the object is put", CALM_SECONDS)

    @staticmethod
    def works(what: Callable[[], Any]) -> bool:
        with suppress(Exception):  # S3 may be struck just now
            what()
            return True
        return False

    def transaction(self) -> tuple[str, Callable[[], None]]:
        """Valid events in a transaction that is rolled back a minute later: nobody may ever see them."""
        from kafka import KafkaProducer

        made: list[Any] = []

        def begin() -> None:
            producer = KafkaProducer(
                bootstrap_servers=self.settings.kafka_bootstrap, transactional_id=f"chaos-{uuid4()}"
            )
            producer.init_transactions()
            producer.begin_transaction()
            for event in (self.like() for _ in range(ROLLED_BACK)):
                self.rolled_back.append(event["event_id"])
                producer.send("social.like", json.dumps(event).encode(), partition=0)
            producer.flush(30)
            made.append(producer)

        def ask() -> None:
            with suppress(Exception):
                made[-1].abort_transaction()
            made[-1].close(timeout=0)

        def abort() -> None:
            asking = threading.Thread(target=ask, daemon=True)
            asking.start()
            asking.join(
                60
            )  # a producer waits for ever for a broker that was struck, which rolls it back by itself, in a minute

        eventually(lambda: self.works(begin), "a transaction is begun", CALM_SECONDS)
        return f"{ROLLED_BACK} events, rolled back after 45 s", abort

    @staticmethod
    def like() -> dict[str, Any]:
        return {
            "event_id": str(uuid4()), "event_type": "like", "op": "create", "event_time": f"{datetime.now(UTC):%FT%TZ}",
            "schema_version": 1, "producer": "chaos", "user_id": str(uuid4()), "post_id": str(uuid4()),
        }  # fmt: skip

    # ── afterwards ────────────────────────────────────────────────────────────────────────────────────────────

    def settle(self) -> Iterator[str]:
        """Nothing is done by hand but to wait; then each DAG is run once more. Yields what is broken."""
        self.struck.set()
        calm = now() + CALM_SECONDS
        while not (self.well and not journal.troubles(self.settings)) and now() < calm:
            time.sleep(2)
        if not self.well:
            yield f"not healthy {CALM_SECONDS:.0f} s later: {[n for n, (_, healthy) in self.alive.items() if not healthy]}"
        for key, text in journal.troubles(self.settings).items():
            yield f"a trouble is not over: {key}: {text}"
        try:
            airflow = self.airflow()
            airflow.stop("1_generate_events", RUN_SECONDS)
            airflow.idle(RUN_SECONDS)
            for dag in CHAIN:
                ended = airflow.wait(dag, airflow.trigger(dag), RUN_SECONDS)
                if ended["state"] != "success":
                    yield f"{dag} does not succeed: {ended['dag_run_id']} {ended['state']}"
            airflow.idle(RUN_SECONDS)
        except (AssertionError, OSError) as error:
            yield f"Airflow does not work: {type(error).__name__}: {error}"
        time.sleep(20)  # the last alerts
        self.hear()

    def alerts(self) -> Iterator[str]:
        """What is wrong with the alerts."""
        for key in sorted({t.key for t in self.told}):
            some = [t for t in self.told if t.key == key]
            if some[-1].kind != "over":
                yield f"alerts of {key} do not end with one that it is over"
            if some[0].kind == "over":
                yield f"alerts of {key} begin with one that it is over"
            for one, other in pairwise(some):
                if one.kind == other.kind == "over" or (one.kind == other.kind and one.causes == other.causes):
                    yield f"told twice: {one.kind} {key}, at {one.at:.0f} s and {other.at:.0f} s"
        for strike in self.strikes:
            if strike.victim not in KEYS or strike.begun is None:
                continue
            if strike.kills or strike.note == "was started anew":
                delay = self.told_after(strike)
                if delay is None or delay > TOLD_SECONDS + strike.lasts:
                    yield f"nobody was told: {strike.victim} {strike.what} at {strike.begun:.0f} s"

    def told_after(self, strike: Strike) -> float | None:
        """Seconds until its trouble was told; 0 where one of the same kind was still open."""
        assert strike.begun is not None
        some = [t for t in self.told if t.key == KEYS.get(strike.victim)]
        before = [t for t in some if t.at < strike.begun]
        if before and before[-1].kind == "TROUBLE":
            return 0.0
        return next((t.at - strike.begun for t in some if t.at >= strike.begun and t.kind == "TROUBLE"), None)


def table(lines: list[list[str]]) -> None:
    """A table in plain text."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def show(chaos: Chaos) -> None:
    """Strikes, recoveries, alerts."""
    print("\nBlows: when, on whom, what; seconds until it was told, and from the blow's end until it was healthy\n")
    lines = [["at", "victim", "blow", "told", "healthy", ""]]
    for s in chaos.strikes:
        told = chaos.told_after(s) if s.victim in KEYS else None
        healed = None if s.healed is None or s.ended is None else s.healed - s.ended
        numbers = ["-" if n is None else f"{n:.0f}" for n in (told, healed)]
        lines.append([f"{s.begun or 0:.0f}", s.victim, s.what, *numbers, s.note])
    table(lines)
    print("\nAlerts by what they are of\n")
    lines = [["of", "trouble", "over"]]
    for key in sorted({t.key for t in chaos.told}):
        kinds = [t.kind for t in chaos.told if t.key == key]
        lines.append([key, str(len(kinds) - kinds.count("over")), str(kinds.count("over"))])
    table(lines)


def everything(session: Session) -> dict[str, Any]:
    """Raw, vault and marts."""
    return {**raw_of(session), **contents(session)}


@contextmanager
def room(megabytes: int) -> Iterator[tuple[Path, Path | None]]:
    """A home, and the small disk that it is on; without rights to mount one, a plain folder, and no full disk."""
    with ExitStack() as opened:
        try:
            disk = opened.enter_context(small_disk(megabytes))
        except pytest.skip.Exception as reason:
            say(f"the disk is not filled: {reason}")
            yield Path(opened.enter_context(tempfile.TemporaryDirectory())) / "home", None
        else:
            yield disk / "home", disk


def disturbed(args: argparse.Namespace, rng: random.Random) -> tuple[Chaos, list[str], dict[str, Any], dict[str, Any]]:
    """The run: what it was like, what is broken, what the stores hold, the world that was sent."""
    with ExitStack() as opened:
        receivers = Receivers(opened)
        home, disk = opened.enter_context(room(DISK_MB))
        told = {
            "CLICKVAULT_ALERTS": receivers.addresses.split()[0],
            "CLICKVAULT_TELEGRAM_API": receivers.telegram.url,
            "CLICKVAULT_ALERTS_ON": "failure",
        }
        settings = opened.enter_context(running_stack(home, args.broker, **told))
        if args.logs:
            opened.callback(keep_logs, home, args.logs)
        with open_session(settings) as s:
            schema.init(s.settings, s.renderer, s.ch, s.pg)
            until = datetime.now(UTC).replace(second=0, microsecond=0)
            start = until.replace(hour=0, minute=0) - timedelta(days=DAYS)
            period(s, start, until, world=DemoWorld(users=args.users, days=DAYS, dirt=DIRT), to="both", dirt=DIRT)
        opened.callback(server.down, say)
        server.up(say)
        chaos = Chaos(settings, disk, receivers, rng)
        threads = [threading.Thread(target=work, daemon=True) for work in (chaos.watch, chaos.trigger, chaos.end_due)]
        for thread in threads:
            thread.start()
        eventually(lambda: chaos.well, "all is healthy at first", 300)
        broken: list[str] = []
        try:
            specials = ["connections", "object damaged"]
            specials += ["disk full"] if disk else []
            specials += ["transaction"] if args.broker == "apache" else []
            chaos.strike_all(plan(rng, args.minutes, specials), args.minutes * 60)
            broken += chaos.settle()
        except (AssertionError, psutil.Error, ClickvaultError) as error:
            broken.append(f"the run was cut short: {type(error).__name__}: {error}")
        finally:
            chaos.struck.set()
            chaos.over.set()
            for thread in threads:
                thread.join(60)
        world, found = demo_world(settings), {}
        try:
            with open_session(settings) as s:
                checks = reconcile(s, whole=True)
                say(f"reconcile: {len(checks)} checks, {sum(not c.ok for c in checks)} of them broken")
                broken += [f"not balanced: {c.name} ({c.expected} / {c.actual})" for c in checks if not c.ok]
                if chaos.rolled_back:
                    sql = "SELECT count() AS n FROM raw.like WHERE toString(event_id) IN {ids:Array(String)}"
                    (seen,) = rows(s.ch, sql, {"ids": chaos.rolled_back})
                    broken += (
                        [f"{seen['n']} events of a transaction that was rolled back were read"] if seen["n"] else []
                    )
                found = everything(s)
        except Exception as error:
            broken.append(f"the stores do not answer: {type(error).__name__}: {error}")
        broken += chaos.alerts()
        if disk:
            used = shutil.disk_usage(disk)
            say(f"the disk: {used.used >> 20} of {used.total >> 20} MB used")
        return chaos, broken, found, world


def keep_logs(home: Path, to: Path) -> None:
    """Copy what was logged and told to a folder that stays."""
    to.mkdir(parents=True, exist_ok=True)
    for name in ("logs", "airflow/logs", "alerts"):
        if (home / name).exists():
            shutil.copytree(home / name, to / name.replace("/", "-"), dirs_exist_ok=True, symlinks=True)


def undisturbed(args: argparse.Namespace, world: dict[str, Any]) -> dict[str, Any]:
    """What the stores hold of the same world when it is sent at once, and nothing is struck."""
    start, end, first = (datetime.fromisoformat(world[name]) for name in ("start", "until", "world_start"))
    options = GenerateOptions(start, end, users=world["users"], seed=world["seed"], world_start=first, dirt=DIRT)
    with ExitStack() as opened:
        home = Path(opened.enter_context(tempfile.TemporaryDirectory())) / "home"
        with open_session(opened.enter_context(running_stack(home, args.broker))) as s:
            schema.init(s.settings, s.renderer, s.ch, s.pg)
            manifest = send(s, options)
            say(f"the same at once: {manifest.messages:,} messages, {manifest.events:,} events")
            for step in ("ingest", "load", "graph", "marts"):
                STEPS[step](s)
            return everything(s)


def choose_broker(wanted: str | None) -> str:
    """Apache Kafka, which knows transactions, where Java is there; else Tansu."""
    if wanted:
        return wanted
    with tempfile.TemporaryDirectory() as folder:
        prepare_home(Path(folder) / "home")
        try:
            apache_kafka.check(State(Path(folder) / "home"))
        except ConfigurationError as error:
            say(f"no transaction is rolled back: {error.message}")
            return "tansu"
    return "apache"


def main() -> int:
    """Run it; returns the exit code."""
    parser = argparse.ArgumentParser(
        description="Strike the stack and Airflow at random, and see that all promises hold."
    )
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--users", type=int, default=300, help="people of the world whose events are sent")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--broker", choices=("tansu", "apache"), help="apache where Java is there; a transaction needs it"
    )
    parser.add_argument("--logs", type=Path, help="a folder to keep the logs in")
    args = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    args.broker = choose_broker(args.broker)
    say(f"{args.minutes:.0f} minutes, seed {args.seed}, broker {args.broker}")
    chaos, broken, found, world = disturbed(args, random.Random(args.seed))
    if found:
        wanted = undisturbed(args, world)
        different = [name for name in sorted(wanted.keys() | found.keys()) if wanted.get(name) != found.get(name)]
        say(f"contents: {len(wanted)} tables and views compared, {len(different)} differ")
        broken += [f"contents differ: {name}: {found.get(name)} in place of {wanted.get(name)}" for name in different]
    show(chaos)
    print("\nPromises\n")
    for text in broken:
        print(f"BROKEN  {text}")
    done = {name: sum(s.victim == name for s in chaos.strikes) for name in PROCESSES}
    print(f"{'NOT kept' if broken else 'kept'}: {len(chaos.strikes)} blows ({done}), {len(chaos.told)} alerts")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
