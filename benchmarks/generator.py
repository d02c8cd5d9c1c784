"""How fast the generator is: simulate, encode and write to files, on one core.

    python -m benchmarks.generator [--users 2000] [--days 30] [--dirt 0.01]

Prints events per second of CPU time (imports excluded, filling of the pools included), and the ratio to merely writing
the same bytes. Wall time is shown beside it, since on a busy machine only CPU time means something.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from clickvault.contract import load_domains
from clickvault.generator import FileWriter, GenerateOptions, generate


def measure(users: int, days: float, dirt: float) -> dict[str, float]:
    """One run: counts, seconds, and rates."""
    registry = load_domains(["social"])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    options = GenerateOptions(start, start + timedelta(days=days), users=users, dirt=dirt)
    with tempfile.TemporaryDirectory() as folder:
        cpu, wall = time.process_time(), time.perf_counter()
        manifest = generate(options, registry, {"files": FileWriter(Path(folder) / "made")})
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        contents = {p: p.read_bytes() for p in Path(folder).rglob("*.jsonl")}
        copy = time.process_time()
        for number, content in enumerate(contents.values()):
            (Path(folder) / str(number)).write_bytes(content)
        copy = time.process_time() - copy
    return {
        "messages": manifest.messages,
        "megabytes": round(sum(map(len, contents.values())) / 1e6, 1),
        "cpu_seconds": round(cpu, 3),
        "wall_seconds": round(wall, 3),
        "events_per_cpu_second": round(manifest.messages / cpu),
        "times_as_long_as_writing": round(cpu / max(copy, 1e-6), 1),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=2_000)
    parser.add_argument("--days", type=float, default=30)
    parser.add_argument("--dirt", type=float, default=0.01)
    print(json.dumps(measure(**vars(parser.parse_args())), indent=2))
