"""A domain: a package of event types that is checked as a whole when it is imported.

    DOMAIN = Domain("shop", orders, customers)        # in the package's __init__.py

Everything of a domain lies in the package's folder: beside the event types marts/, quality/, dashboards/, samples/.
Settings name the domains that are on (CLICKVAULT_DOMAINS); `load_domains` imports them into one `Registry`,
where hubs and event types are shared: a hub is what several domains meet in.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

from clickvault.contract.language import AsOf, Bridge, Event, Pit
from clickvault.contract.snapshots import SnapshotSpec, hub_roles, snapshots
from clickvault.contract.spec import IDENTIFIER, EventSpec, FieldSpec
from clickvault.contract.vault import vault_of
from clickvault.errors import ConfigurationError, ContractError
from clickvault.resources import DOMAINS, project_folder


@dataclass(frozen=True)
class HubSpec:
    """A hub: its name, the kind and limits of its business key, and the event types that its keys come and end by."""

    name: str
    key: FieldSpec
    owners: tuple[EventSpec, ...] = ()


class Domain:
    """The event types of some modules (or single classes), checked against each other.

    `uses`: other domains whose hubs may be referred to. `query_assistance`: the snapshot tables of the business vault, and
    the days that they are kept for. Raises ContractError, naming class and field.

    `package` and `folder` are those of the module that makes the domain; `folder` is None where it has no file.
    """

    def __init__(
        self,
        name: str,
        *parts: ModuleType | type[Event],
        uses: Iterable[Domain] = (),
        query_assistance: Iterable[Pit | Bridge | AsOf] = (),
    ) -> None:
        if not IDENTIFIER.match(name):
            raise ContractError(f"domain name must be a lower-case identifier, got {name!r}")
        self.name = name
        self.uses = tuple(uses)
        self.query_assistance = tuple(query_assistance)
        declared_in = sys._getframe(1).f_globals
        self.package = str(declared_in.get("__name__", ""))
        self.folder = Path(declared_in["__file__"]).resolve().parent if declared_in.get("__file__") else None
        self.events = tuple(
            replace(c.spec, domain=name, topic=c.spec.topic or f"{name}.{c.spec.event_type}") for c in _classes(parts)
        )
        if not self.events:
            raise ContractError(f"domain {name}: no event type in {', '.join(str(p) for p in parts) or 'nothing'}")
        Registry([*self._used(), self])  # raises what clashes

    def files(self, kind: str, pattern: str) -> list[Path]:
        """The domain's files of a kind (the folder marts, quality, dashboards, samples) by name; those that begin with `_` serve others."""
        if self.folder is None:
            return []
        return [p for p in sorted((self.folder / kind).glob(pattern)) if not p.name.startswith("_")]

    @property
    def has_world(self) -> bool:
        """Whether a module `generate` makes the domain's events."""
        return self.folder is not None and (self.folder / "generate.py").is_file()

    def module(self, name: str) -> ModuleType:
        """A module of the domain's package."""
        return importlib.import_module(f"{self.package}.{name}")

    def _used(self) -> list[Domain]:
        return [d for used in self.uses for d in (*used._used(), used)]


def _classes(parts: Iterable[ModuleType | type[Event]]) -> list[type[Event]]:
    found: list[type[Event]] = []
    for part in parts:
        if isinstance(part, ModuleType):
            found += [
                c for c in vars(part).values()
                if isinstance(c, type) and issubclass(c, Event) and c is not Event and c.__module__ == part.__name__
            ]  # fmt: skip
        else:
            found.append(part)
    return found


class Registry:
    """All event types and hubs of the domains that are on. Raises ContractError when they clash."""

    def __init__(self, domains: Iterable[Domain]) -> None:
        self.domains = tuple(dict.fromkeys(domains))
        self.events: dict[str, EventSpec] = {}
        self.hubs: dict[str, HubSpec] = {}
        topics: dict[str, EventSpec] = {}
        for spec in (e for d in self.domains for e in d.events):
            other = self.events.setdefault(spec.event_type, spec)
            if other is not spec:
                raise ContractError(
                    f"{spec.domain}.{spec.class_name}: event type {spec.event_type!r} is declared by "
                    f"{other.domain}.{other.class_name} too",
                    hint="rename one of the classes",
                )
            shared = topics.setdefault(spec.topic, spec)
            if shared.group != spec.group:
                raise ContractError(
                    f"{spec.class_name}: topic {spec.topic!r} is in group {shared.group!r} by {shared.class_name}, "
                    f"in {spec.group!r} here"
                )
            self._add_hub(spec)
        for hub in self.hubs.values():
            if not hub.owners:
                raise ContractError(
                    f"hub {hub.name!r} is only described ({hub.key.name}): no event type declares its keys",
                    hint=f'Hub("{hub.name}") without describes=True in the class that creates the key',
                )
        for spec in self.events.values():
            self._check_refs(spec)
        self._check_relations()
        self._check_tables()
        given = [a for d in self.domains for a in d.query_assistance]
        self.query_assistance = tuple(a for a in given if not isinstance(a, AsOf))
        self.as_of = self._read_as_of([a for a in given if isinstance(a, AsOf)])
        self.snapshots = self._read_snapshots()

    def _add_hub(self, spec: EventSpec) -> None:
        field = spec.hub_field
        if field is None or field.hub is None:
            return
        hub = self.hubs.setdefault(field.hub.name, HubSpec(field.hub.name, field))
        mine, theirs = _key_type(field), _key_type(hub.key)
        if mine != theirs:
            raise ContractError(
                f"{spec.class_name}.{field.name}: hub {hub.name!r} has another key in "
                f"{_class_of(hub, self)}.{hub.key.name}: {mine} here, {theirs} there"
            )
        if spec.declares:
            self.hubs[hub.name] = replace(hub, owners=(*hub.owners, spec))

    def _check_refs(self, spec: EventSpec) -> None:
        for field in spec.refs:
            assert field.ref is not None
            hub = self.hubs.get(field.ref.hub)
            if hub is None:
                raise ContractError(
                    f"{spec.class_name}.{field.name}: refers to hub {field.ref.hub!r}, which nothing declares",
                    hint=f"known hubs: {', '.join(sorted(self.hubs)) or 'none'}; for another domain's, uses=(DOMAIN,)",
                )
            if field.kind != hub.key.kind:
                raise ContractError(
                    f"{spec.class_name}.{field.name}: is {field.kind}, but the key of hub {hub.name!r} "
                    f"({_class_of(hub, self)}.{hub.key.name}) is {hub.key.kind}"
                )

    def _check_relations(self) -> None:
        labels: dict[str, EventSpec] = {}
        seen: dict[str, tuple[EventSpec, object]] = {}
        nodes = {s.hub_field.hub_name for s in self.events.values() if s.nodes and s.hub_field}
        for spec in self.events.values():
            for node in spec.nodes:
                other = labels.setdefault(node.label, spec)
                if spec.hub_field and other.hub_field and spec.hub_field.hub_name != other.hub_field.hub_name:
                    raise ContractError(
                        f"{spec.class_name}: {node.label} is declared by {other.class_name} too, for hub "
                        f"{other.hub_field.hub_name!r}"
                    )
            for relation in spec.relations:
                ends = (spec.field(relation.source).hub_name, spec.field(relation.target).hub_name)
                meant = (*ends, relation.undirected, relation.measured, relation.properties)
                first, said = seen.setdefault(relation.type, (spec, meant))
                if first is not spec and (said != meant or relation.properties):
                    raise ContractError(
                        f"{spec.class_name}: {relation.type} is declared by {first.class_name} too",
                        hint="one relation by several classes has the same ends and kind, and no properties",
                    )
                for end in (relation.source, relation.target):
                    hub = spec.field(end).hub_name
                    if hub not in nodes:
                        raise ContractError(
                            f"{spec.class_name}.{end}: {relation.type} ends at hub {hub!r}, which is no node",
                            hint='graph = [Node("...")] in the class that owns the hub',
                        )

    def _check_tables(self) -> None:
        """No two event types may mean one table of the vault (Order with a customer, and OrderCustomer)."""
        owners: dict[str, EventSpec] = {}
        for spec in self.events.values():
            vault = vault_of(spec)
            for table in [f"link_{link.name}" for link in vault.links] + [sat.name for sat in vault.sats]:
                other = owners.setdefault(table, spec)
                if other is not spec:
                    raise ContractError(
                        f"{spec.class_name}: its table {table} is {other.class_name}'s too",
                        hint="rename one of the classes",
                    )

    @staticmethod
    def _read_as_of(given: list[AsOf]) -> AsOf:
        policy = given[0] if given else AsOf()
        if len(given) > 1 or policy.days < 1 or min(policy.weeks, policy.months) < 0:
            raise ContractError(
                f"AsOf must be declared once, with at least one day, got {given}",
                hint="query_assistance=[AsOf(days=7, weeks=5, months=12), ...] in one domain",
            )
        return policy

    def _read_snapshots(self) -> list[SnapshotSpec]:
        for declared in self.query_assistance:
            if declared.hub and declared.hub not in self.hubs:
                raise ContractError(
                    f"{declared}: no hub {declared.hub!r}", hint=f"known hubs: {', '.join(sorted(self.hubs))}"
                )
            if isinstance(declared, Bridge):
                self._check_bridge(declared)
        found = snapshots(self)
        for n, snapshot in enumerate(found):
            if snapshot.name in {s.name for s in found[:n]}:
                raise ContractError(f"{snapshot.name} is declared twice", hint="give one of the bridges another name")
            for column in snapshot.view_columns:
                if snapshot.view_columns.count(column) > 1:
                    raise ContractError(
                        f"{snapshot.name}: two columns of its view are {column}", hint="rename one of the fields"
                    )
        return found

    def _check_bridge(self, bridge: Bridge) -> None:
        over_one = bool(bridge.hub) != bool(bridge.link) and not (bridge.link and bridge.roles)
        if not (IDENTIFIER.match(bridge.name) and over_one):
            raise ContractError(
                f"{bridge}: a bridge has a lower-case name, and is over a hub or over a link",
                hint='Bridge("home", hub="post", roles=("author",)), Bridge("membership", link="group_member")',
            )
        if bridge.link:
            event = self.events.get(bridge.link)
            (link, *_) = vault_of(event).links if event and event.link else (None,)
            if link is None or link.kind == "transaction" or link.has_partner or len(link.keys) < 2:
                raise ContractError(
                    f"{bridge}: {bridge.link!r} must be a link of two keys that is in force until it ends",
                    hint="an event type with link = Historized(), or Effectivity() without a driving key",
                )
            return
        known = hub_roles([vault_of(e) for e in self.events.values()], bridge.hub)
        for role in bridge.roles or ("",):
            if role not in known:
                raise ContractError(
                    f"{bridge}: no event type of hub {bridge.hub!r} refers to anything as {role!r}",
                    hint=f"known roles: {', '.join(known) or 'none'}",
                )
            if {link.keys[1].hub for link in known[role].links} != {known[role].hub}:
                raise ContractError(f"{bridge}: role {role!r} is not of one hub in all event types of {bridge.hub!r}")

    @property
    def groups(self) -> dict[str, list[EventSpec]]:
        """Event types by topic group, in the order of declaration."""
        out: dict[str, list[EventSpec]] = {}
        for spec in self.events.values():
            out.setdefault(spec.group, []).append(spec)
        return out

    def topics(self, group: str) -> list[str]:
        """The distinct topics of a group, in the order of declaration."""
        return list(dict.fromkeys(s.topic for s in self.groups[group]))

    def activity(self, hub: str) -> list[EventSpec]:
        """The event types by which the keys of a hub are active: the operations are in `EventSpec.activity`, the key in `actor`."""
        if hub not in self.hubs:
            raise ContractError(f"activity of {hub}: there is no such hub", hint=f"known: {', '.join(self.hubs)}")
        return [e for e in self.events.values() if e.activity and e.actor and e.actor.hub_name == hub]

    def event(self, event_type: str) -> EventSpec:
        """The event type of that name. Raises ConfigurationError with the known names."""
        if event_type not in self.events:
            raise ConfigurationError(
                f"event type must be one of the declared ones, got {event_type!r}",
                hint=f"clickvault contract list   (known: {', '.join(self.events)})",
            )
        return self.events[event_type]


def _class_of(hub: HubSpec, registry: Registry) -> str:
    return next(e.class_name for e in registry.events.values() if hub.key in e.fields)


def _key_type(field: FieldSpec) -> str:
    """A text that is equal for keys that may share a hub: kind, limits and case folding."""
    limits = "" if field.kind == "uuid" else f" of {field.low} to {field.high}"
    fold = ", case folded" if field.hub and field.hub.fold else ""
    return f"{field.kind}{limits}{fold}"


def load_domains(names: Iterable[str], project: Path | None = None) -> Registry:
    """The domains of those names, and the domains that these use.

    A name is that of a domain that ships with the kit (social), of a package on the Python path or in the folder `project`
    (default: the project's), or the path of a domain's folder.
    Raises ConfigurationError for a domain that is not there, ContractError for a wrong declaration.
    """
    folder = project or project_folder()
    domains: list[Domain] = []
    for name in names:
        domain = getattr(_import(name, folder), "DOMAIN", None)
        if not isinstance(domain, Domain):
            raise ConfigurationError(f"package {name!r} has no DOMAIN", hint='DOMAIN = Domain("name", module, ...)')
        domains += [*domain._used(), domain]
    return Registry(domains)


def _import(name: str, project: Path) -> ModuleType:
    """The package of a domain, by what a setting calls it."""
    if "/" in name:
        folder = (project / Path(name).expanduser()).resolve()
        if not (folder / "__init__.py").is_file():
            raise ConfigurationError(
                f"no domain in {folder}", hint="a domain's folder has an __init__.py with a DOMAIN"
            )
        module = _package(folder.name, folder.parent)
        if Path(module.__file__ or "").resolve().parent != folder:
            raise ConfigurationError(
                f"the domain in {folder} can't be imported: {folder.name!r} is {module.__file__}",
                hint="rename the folder",
            )
        return module
    if IDENTIFIER.match(name) and (DOMAINS / name / "__init__.py").is_file():
        return importlib.import_module(f"clickvault.domains.{name}")
    try:
        return _package(name, project)
    except ModuleNotFoundError as error:
        if error.name and name.startswith(error.name):
            shipped = ", ".join(sorted(p.parent.name for p in DOMAINS.glob("*/__init__.py")))
            raise ConfigurationError(
                f"no domain {name!r}",
                hint=f"name in CLICKVAULT_DOMAINS or clickvault.toml what ships with the kit ({shipped}), a package beside "
                "the project or on PYTHONPATH, or a folder: shipping/shop",
            ) from error
        raise


def _package(name: str, beside: Path) -> ModuleType:
    if str(beside) not in sys.path:
        sys.path.append(str(beside))
        importlib.invalidate_caches()
    return importlib.import_module(name)
