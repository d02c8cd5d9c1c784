"""Generated worlds for the unit tests: a writer that keeps what it gets, and one world that several modules look at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import orjson

from clickvault.contract import Registry, load_domains
from clickvault.generator import GenerateOptions, generate
from clickvault.generator.manifest import Delivered
from clickvault.generator.writers import Batch

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
Event = dict[str, Any]


class Collect:
    """A writer that keeps what it gets."""

    takes_empty = True

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.times: list[int] = []

    def open(self, options: GenerateOptions, specs: Any) -> None:
        pass

    def write(self, batch: Batch) -> None:
        self.texts += batch.texts
        self.times += batch.t.tolist()

    def close(self) -> Delivered:
        return Delivered(len(self.texts))


@cache
def contracts() -> Registry:
    """The social contracts."""
    return load_domains(["social"])


def run(registry: Registry, days: float = 3, start: float = 0, **options: Any) -> list[str]:
    """The messages of a range of a world."""
    begins = EPOCH + timedelta(days=start)
    writer = Collect()
    asked = GenerateOptions(begins, EPOCH + timedelta(days=days), **{"users": 150, **options})
    generate(asked, registry, {"x": writer})
    return writer.texts


@cache
def events() -> list[Event]:
    """All events of 500 people in 35 days: into the second month. Not to be changed."""
    return [orjson.loads(t) for t in run(contracts(), days=35, users=500, seed=3)]
