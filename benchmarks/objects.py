"""What a step costs that looks at a bucket in which nothing is new.

    python -m benchmarks.objects [--objects 5000] [--rounds 3] [--json]

The objects are stored and loaded once; then `ingest s3` is run again and again, by the clock and by CPU time: of this process, of
ClickHouse and of S3. Printed are medians of the rounds. It starts a stack of its own, and takes it down.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from clickvault import ingest
from clickvault.embedded import stack
from clickvault.embedded.state import State
from clickvault.pipeline import migrate as schema
from clickvault.session import Session, open_session
from clickvault.settings import get_settings
from clickvault.stores import s3


def cpu(session: Session) -> dict[str, float]:
    """Seconds of CPU time that each process has used so far."""
    state = State(session.settings.home)
    found = {"python": psutil.Process()}
    for store in ("clickhouse", "s3"):
        if child := state.process(store):
            found[store] = psutil.Process(child.pid)
    return {name: sum(process.cpu_times()[:2]) for name, process in found.items()}


def measure(session: Session, objects: int, rounds: int) -> dict[str, Any]:
    """Medians of the rounds, in seconds."""
    client = s3.client(session.settings)
    for n in range(objects):
        name, line = f"events/content/dt=2026-01-{n % 28 + 1:02}/batch_{n}.jsonl", b'{"event_type": "none"}\n'
        client.put_object(session.settings.s3_bucket, name, io.BytesIO(line), len(line))

    def step() -> tuple[dict[str, float], int]:
        before, began = cpu(session), time.perf_counter()
        found = ingest.ingest_s3(session.settings, session.renderer, session.ch)
        seconds = time.perf_counter() - began
        after = cpu(session)
        return {"seconds": seconds, **{name: after[name] - before[name] for name in after}}, found.objects

    first, loaded = step()
    if loaded != objects:
        raise SystemExit(f"{loaded} of {objects} objects were loaded")
    idle = [step()[0] for _ in range(rounds)]
    return {
        "objects": objects,
        "load": {name: round(value, 2) for name, value in first.items()},
        "idle": {name: round(statistics.median(r[name] for r in idle), 2) for name in first},
    }


def main() -> None:
    """Run on a stack of its own, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CLICKVAULT_HOME"] = str(Path(folder) / "home")
        stack.up()
        try:
            with open_session(get_settings()) as session:
                schema.apply_clickhouse(session.ch, schema.landing_objects(session.renderer), session.settings)
                found = measure(session, given.objects, given.rounds)
        finally:
            stack.down(purge=True)
    if given.json:
        print(json.dumps(found, indent=2))
        return
    for name in ("load", "idle"):
        print(f"{name:6}" + "".join(f"{what} {value:8.2f} s   " for what, value in found[name].items()))


if __name__ == "__main__":
    main()
