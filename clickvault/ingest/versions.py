"""Which contract the stores were made for, since when: the ledger ops.contracts, written by `init`.

`differences` compares it with what is declared now: what is breaking (contract/changes.py), and which domains are off that
were on. `periods` tells reconciliation by which contract a message was judged: by the one in force at its verdict. `check` keeps
the bridge from loading by another contract than `init` applied.

A home from before this ledger has none: names, types and optionality are read from the tables that the verdicts pass through,
which have the columns of the contract that was applied last.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError

from clickvault.contract import Registry
from clickvault.contract.changes import Breaking, breaking, read, rules, written
from clickvault.contract.spec import ENVELOPE, EventSpec, FieldSpec, Kind
from clickvault.errors import ConfigurationError, ContractError
from clickvault.stores.clickhouse import rows

if TYPE_CHECKING:
    from clickvault.settings import Settings

log = logging.getLogger(__name__)

TABLE = "ops.contracts"
NOT_THERE = (60, 81)  # no such table, no such database
ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""Since when a contract counts that no message came before."""


@dataclass(frozen=True)
class Version:
    """A declaration of an event type, in force from `since` on; no contract: nobody declares it from then on."""

    event_type: str
    domain: str
    since: datetime
    contract: str


@dataclass(frozen=True)
class Period:
    """A time in which one contract judged the messages of a type: [since, until), None for no bound. No event: nobody did."""

    event_type: str
    event: EventSpec | None
    since: datetime | None = None
    until: datetime | None = None


@dataclass
class Differences:
    """What `init` has to say of the contracts: what is breaking, what is meant, which domains are off, what to write down."""

    breaking: list[Breaking] = field(default_factory=list)
    meant: list[Breaking] = field(default_factory=list)
    off: dict[str, list[str]] = field(default_factory=dict)
    notes: list[tuple[str, str, str]] = field(default_factory=list)  # event type, domain, contract


def history(ch: Client) -> dict[str, list[Version]]:
    """The versions of every event type that was ever declared, the oldest first. Empty where the ledger is not there yet."""
    try:
        there = rows(ch, f"SELECT event_type, domain, since, contract FROM {TABLE} FINAL ORDER BY event_type, since")
    except DatabaseError as error:
        if getattr(error, "code", None) in NOT_THERE:
            return {}
        raise
    found: dict[str, list[Version]] = {}
    for r in there:
        found.setdefault(r["event_type"], []).append(Version(**{**r, "since": r["since"].replace(tzinfo=UTC)}))
    return found


def differences(ch: Client, registry: Registry, accept: bool = False, drop: Iterable[str] = ()) -> Differences:
    """What is declared now against what was applied last. `accept`: --accept-breaking; `drop`: domains of --drop-domain."""
    installed = {name: versions[-1] for name, versions in history(ch).items()}
    before, partial = _read(installed), not installed
    if partial:
        before = _from_tables(ch)
    on, drop = {d.name for d in registry.domains}, set(drop)
    domains = {v.domain for v in installed.values() if v.contract} | on
    for name in sorted(drop & on | drop - domains):
        why = "is on: take it out of CLICKVAULT_DOMAINS first" if name in on else "is none that was on"
        raise ConfigurationError(f"--drop-domain {name}: {name} {why}", hint="clickvault plan")
    found = Differences()
    for event in registry.events.values():
        old = before.get(event.event_type)
        changes = breaking(old, event, partial) if old else []
        found.breaking += [b for b in changes if not (accept and b.acceptable)]
        found.meant += [b for b in changes if accept and b.acceptable]
        version = installed.get(event.event_type)
        if version is None or version.contract != written(event):
            found.notes.append((event.event_type, event.domain, written(event)))
    for name, old in before.items():
        if name in registry.events:
            continue
        if old.domain and old.domain not in on:
            found.off.setdefault(old.domain, []).append(name)
            if old.domain not in drop:
                continue
        else:
            gone = _no_event_type(name, partial)
            (found.meant if accept else found.breaking).append(gone)
        if name in installed:
            found.notes.append((name, old.domain, ""))
    for name, events in found.off.items():
        if name not in drop:
            found.breaking.append(_domain_off(name, events))
    return found


def _no_event_type(name: str, partial: bool) -> Breaking:
    way = "clickvault init --accept-breaking, if it is meant: its rows stay"
    if partial:
        way = f"add its domain to CLICKVAULT_DOMAINS; or {way}"
    return Breaking("removed", name, "is an event type that nothing declares any more", way, True)


def _domain_off(name: str, events: list[str]) -> Breaking:
    return Breaking(
        "domain",
        name,
        f"is a domain that was on and is off, with {len(events)} event types ({', '.join(events[:5])}"
        f"{', ...' if len(events) > 5 else ''}): nothing of it is changed",
        f"add its package to CLICKVAULT_DOMAINS; or clickvault init --drop-domain {name}: its messages wait then, its rows stay",
    )


def refuse(found: Differences, settings: Settings) -> None:
    """Raise ContractError if anything is breaking that no one has said to be meant."""
    if not found.breaking:
        return
    lines = [
        f"{b.where} {b.detail}" if b.kind == "domain" else f"{b.where} ({b.kind}): {b.detail}" for b in found.breaking
    ]
    ways = list(dict.fromkeys(b.way for b in found.breaking))
    raise ContractError(
        f"{len(lines)} breaking change{'s' if len(lines) > 1 else ''} of applied contracts; nothing was changed:\n  "
        + "\n  ".join(lines),
        hint="\n       ".join(ways)
        + (f"\n       (CLICKVAULT_DOMAINS={','.join(settings.domains)} now)" if found.off else ""),
    )


def note(ch: Client, notes: Iterable[tuple[str, str, str]]) -> None:
    """Write down which contracts count from now on. For while nothing lands: every message is then before, or after."""
    notes = list(notes)
    if not notes:
        return
    known = history(ch)
    dated = {name for name, versions in known.items() if versions[-1].since != ALWAYS}
    if known:  # else a home without a ledger: what was judged before is taken as judged by what is declared now
        landed = "SELECT DISTINCT event_type FROM landing.events WHERE event_type IN {t:Array(String)}"
        dated |= {r["event_type"] for r in rows(ch, landed, {"t": [name for name, _, _ in notes]})}
    (now,) = rows(ch, "SELECT now64(6, 'UTC') AS now")
    out = [[name, domain, now["now"] if name in dated else ALWAYS, contract] for name, domain, contract in notes]
    ch.insert(TABLE, out, ["event_type", "domain", "since", "contract"])
    log.info("contracts of %d event types noted", len(out))


def periods(ch: Client, registry: Registry, since: datetime | None = None) -> list[Period]:
    """By which contract the messages of each type were judged, and when, as far as there are any from `since` on.

    Contracts that accept the same messages are one period. The types of `registry` first; their present contract is in
    force for ever where the ledger knows nothing else.
    """
    known = history(ch)
    found: list[Period] = []
    for name in dict.fromkeys([*registry.events, *known]):
        mine: list[Period] = []
        for version in known.get(name, []):
            event = read(version.contract) if version.contract else None
            if event and name in registry.events and rules(event) == rules(registry.events[name]):
                event = registry.events[name]
            if mine and _alike(mine[-1].event, event):
                continue
            start = None if version.since == ALWAYS else version.since
            if mine:
                mine[-1] = Period(name, mine[-1].event, mine[-1].since, start)
            elif start:
                mine.append(Period(name, None, None, start))
            mine.append(Period(name, event, start))
        found += mine or [Period(name, registry.events[name])]
    return [p for p in found if not (p.until and since and p.until <= since)]


def _alike(a: EventSpec | None, b: EventSpec | None) -> bool:
    return (a and rules(a)) == (b and rules(b))


def check(ch: Client, registry: Registry, names: Iterable[str]) -> None:
    """Raise ContractError where an event type is declared otherwise than `init` has applied: its rows would be taken for others."""
    installed = {name: versions[-1].contract for name, versions in history(ch).items()}
    for name in names:
        if name in installed and installed[name] != written(registry.events[name]):
            raise ContractError(
                f"{name} differs from the contract that init applied",
                hint="clickvault plan, then clickvault init",
            )


def _read(installed: dict[str, Version]) -> dict[str, EventSpec]:
    return {name: read(v.contract) for name, v in installed.items() if v.contract}


_TYPES: tuple[tuple[str, Kind], ...] = (
    ("LowCardinality", "enum"), ("UUID", "uuid"), ("String", "string"), ("Int", "int"), ("UInt", "int"),
    ("Float", "float"), ("Bool", "bool"), ("DateTime64", "time"), ("Date32", "date"), ("Array", "list"),
)  # fmt: skip
_BESIDES = ("source", "stream", "partition", "offset", "landed_at", "raw", "reasons")


def _from_tables(ch: Client) -> dict[str, EventSpec]:
    """The event types of a home without a ledger, by the columns of the tables that verdicts pass through, under either of their names."""
    sql = (
        "SELECT if(startsWith(table, 'judged_'), substring(table, 8), extract(table, '^validated_(.+)_null$')) AS event_type, name, type "
        "FROM system.columns WHERE database = 'landing' AND notEmpty(event_type) ORDER BY table, position LIMIT 1 BY event_type, name"
    )
    fields: dict[str, list[FieldSpec]] = {}
    for r in rows(ch, sql):
        if r["name"] in ENVELOPE or r["name"] in _BESIDES:
            continue
        optional = "Nullable(" in r["type"] and not r["type"].startswith("Array")
        plain = re.sub(r"^Nullable\((.*)\)$", r"\1", r["type"])
        kind = next(kind for prefix, kind in _TYPES if plain.startswith(prefix))
        fields.setdefault(r["event_type"], []).append(FieldSpec(r["name"], kind, optional))
    blank = read('{"link": null, "envelope": [], "fields": []}')
    return {name: replace(blank, event_type=name, fields=tuple(some)) for name, some in fields.items()}
