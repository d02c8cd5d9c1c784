"""A world: where the events of a domain come from, as text and in the order of time.

A domain has one by a module `generate` beside its event types, whose function `world(options, registry)` returns it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from clickvault.contract import EventSpec, Registry
from clickvault.errors import ConfigurationError
from clickvault.generator.draws import Ints
from clickvault.generator.options import GenerateOptions


@dataclass(frozen=True)
class Slice:
    """Some events in time order: `t` in microseconds of the world, `kind` an index of its specs, unique `number`."""

    t: Ints
    kind: Ints
    number: Ints
    texts: list[str]


class World(Protocol):
    """The events of a range; the same range has the same events whenever it is asked for."""

    specs: list[EventSpec]

    def slices(self) -> Iterator[Slice]:
        """The events of the range, in time order."""


def has_world(registry: Registry) -> bool:
    """Whether a domain that is on has a world."""
    return any(d.has_world for d in registry.domains)


def find_world(options: GenerateOptions, registry: Registry) -> World:
    """The world of the domains that are on. Raises ConfigurationError where none has one, or several have."""
    found = [d for d in registry.domains if d.has_world]
    if len(found) != 1:
        names = ", ".join(d.name for d in found or registry.domains) or "none"
        raise ConfigurationError(
            f"{'no' if not found else 'more than one'} domain that is on makes events of its own: {names}",
            hint="one domain has a module `generate` with world(options, registry); events of files: clickvault send FILE...",
        )
    world: World = found[0].module("generate").world(options, registry)
    return world
