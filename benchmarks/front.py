"""What many requests leave behind in the embedded ClickHouse: memory and open files after each round.

    python -m benchmarks.front [--queries 20000] [--inserts 500] [--rounds 10]

Asks the stack of CLICKVAULT_HOME (`clickvault up` before), in a database `front_benchmark` that is dropped at the end. After
the first round, when every thread of the front has been used, neither number should grow.
"""

from __future__ import annotations

import argparse
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from clickvault.embedded.state import State
from clickvault.settings import get_settings
from clickvault.stores.clickhouse import connect


def main() -> None:
    """Send the rounds and print a line after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=20_000)
    parser.add_argument("--inserts", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    settings = get_settings()
    child = State(settings.home).process("clickhouse")
    assert child is not None, "clickvault up"
    owner, reader = connect(settings.clickhouse_url), connect(settings.clickhouse_reader_url)
    owner.command("CREATE DATABASE IF NOT EXISTS front_benchmark")
    owner.command("CREATE OR REPLACE TABLE front_benchmark.t (a UInt64, s String) ENGINE = MergeTree ORDER BY a")
    block = [[number, "x" * 50] for number in range(10_000)]

    def query(number: int) -> None:
        if number % 2:
            reader.query("SELECT number, toString(number) FROM numbers(100)")
        else:
            owner.raw_query("SELECT count(), max(s) FROM front_benchmark.t", fmt=("JSON", "TSV")[number // 2 % 2])

    def insert(_: int) -> None:
        owner.insert("front_benchmark.t", block, ["a", "s"])

    print(f"{'queries':>8} {'inserts':>8} {'files':>6} {'MB':>6}")
    with ThreadPoolExecutor(16) as pool:
        for done in range(1, options.rounds + 1):
            list(pool.map(query, range(options.queries // options.rounds)))
            list(pool.map(insert, range(options.inserts // options.rounds)))
            files = len(os.listdir(f"/proc/{child.pid}/fd"))
            memory = re.search(r"VmRSS:\s*(\d+)", Path(f"/proc/{child.pid}/status").read_text())
            megabytes = int(memory[1]) // 1024 if memory else 0
            share = done / options.rounds
            print(
                f"{options.queries * share:>8.0f} {options.inserts * share:>8.0f} {files:>6} {megabytes:>6}", flush=True
            )
    owner.command("DROP DATABASE front_benchmark SYNC")


if __name__ == "__main__":
    main()
