"""The contract language: everything that a declared event type needs.

An event type is one class, and this is all that a domain imports:

    from clickvault.contract import Actor, Domain, Event, Hub, Id, Length, Ref, Sat

`language` has the words, `spec` what is read out of a class, `vault` what of it becomes of it in the
Data Vault, `domain` what is checked across classes, `changes` how one is kept and what of it is breaking, `assistance` what Pits and Bridges become, `judge` the Python reading of the same rules.
"""

from clickvault.contract.language import (
    Actor,
    After,
    AsOf,
    Backfill,
    Bridge,
    Day,
    Dimension,
    Effectivity,
    Event,
    Filled,
    Historized,
    Hub,
    Id,
    Length,
    MultiActive,
    Node,
    Pattern,
    Pit,
    Range,
    Ref,
    Relation,
    Renamed,
    Sat,
    Time,
    Transaction,
    Window,
)
from clickvault.contract.registry import Domain, Registry, load_domains
from clickvault.contract.spec import EventSpec, FieldSpec

__all__ = [
    "Actor", "After", "AsOf", "Backfill", "Bridge", "Day", "Dimension", "Domain", "Effectivity", "Event", "EventSpec", "FieldSpec", "Filled", "Historized", "Hub", "Id",
    "Length", "MultiActive", "Node", "Pattern", "Pit", "Range", "Ref", "Registry", "Relation", "Renamed", "Sat", "Time", "Transaction",
    "Window", "load_domains",
]  # fmt: skip
