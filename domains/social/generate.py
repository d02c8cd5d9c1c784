"""The world of the social network: generator/social, for the event types that are declared here."""

from __future__ import annotations

from clickvault.contract import Registry
from clickvault.generator.options import GenerateOptions
from clickvault.generator.shapes import check
from clickvault.generator.social.shapes import SHAPES
from clickvault.generator.social.simulate import Simulation


def world(options: GenerateOptions, registry: Registry) -> Simulation:
    """The behavioural world, of the event types that it has shapes for. Raises ContractError where they do not fit."""
    return Simulation(options, check(registry, SHAPES))
