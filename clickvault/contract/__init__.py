"""The contract language: everything that a declared event type needs.

An event type is one class, and this is all that a domain imports:

    from clickvault.contract import Actor, Domain, Event, Hub, Id, Length, Ref, Sat

`language` defines the annotations and classes, `spec` what is read from a class, `vault` the hubs, links and satellites derived from a spec,
`registry` the domains and the checks across classes, `changes` the stored versions and which changes break something, `snapshots` the PIT and
bridge tables, `validation` the rules in Python.
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
