"""What `Pit` and `Bridge` mean: the snapshot tables of the business vault, as plain data for the templates.

A snapshot says how things stood when a day (`as_of`, UTC) had ended, so that a query joins on equality, where the vault's
history would want ranges of time. `Registry` has checked what is read here.

| declared | table | grain |
|---|---|---|
| `Pit("user")` | pit_user: of every satellite on the hub, the key of the version in force | a day, a key heard of |
| `Bridge("post_context", hub="post", roles=("author",))` | bridge_post_context: the partners in force | a day, a key with a partner |
| `Bridge("membership", link="group_member")` | bridge_membership: the pairs in force, and their satellites' versions | a day, a pair |
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from clickvault.contract import language as lang
from clickvault.contract.spec import FieldSpec
from clickvault.contract.vault import LinkSpec, SatSpec, VaultSpec, vault_of

if TYPE_CHECKING:
    from clickvault.contract.registry import Registry


@dataclass(frozen=True)
class RoleSpec:
    """A partner of a hub's keys: its role and hub, and the links that tell of it, one an event type."""

    role: str
    hub: str
    links: tuple[LinkSpec, ...]


@dataclass(frozen=True)
class Attribute:
    """A column of a snapshot's view: its name there, the field, and the satellite that it is read from."""

    column: str
    field: FieldSpec
    sat: SatSpec


@dataclass(frozen=True)
class SnapshotSpec:
    """A snapshot table. `key` is its key beside as_of; `feeders` the stage column of that key, by event type."""

    name: str
    kind: Literal["pit", "hub", "link"]
    key: str
    feeders: dict[str, str]
    hub: str = ""
    link: LinkSpec | None = None
    sats: tuple[SatSpec, ...] = ()
    roles: tuple[RoleSpec, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    owners: tuple[SatSpec, ...] = ()

    @property
    def columns(self) -> list[str]:
        """The columns of the table."""
        keys = [f"hk_{k.role}" for k in self.link.keys] if self.link else []
        keys += [column for r in self.roles for column in (f"lhk_{r.role}", f"hk_{r.role}")]
        return ["as_of", self.key, *keys, *(c for s in self.sats for c in pointer(s))]

    @property
    def role_links(self) -> list[tuple[str, LinkSpec]]:
        """The links that the roles are read from, with the event type of each."""
        return [(link.name.removesuffix(f"_{r.role}"), link) for r in self.roles for link in r.links]

    @property
    def view_columns(self) -> list[str]:
        """The columns of its view."""
        if self.kind == "pit":
            head = ["as_of", "hk", "bk", "is_declared", "is_deleted"]
        else:
            roles = [k.role for k in self.link.keys] if self.link else [self.hub, *(r.role for r in self.roles)]
            head = ["as_of", *(["lhk"] if self.link else []), *(c for r in roles for c in (f"hk_{r}", f"bk_{r}"))]
        return [*head, *(a.column for a in self.attributes)]


def pointer(sat: SatSpec) -> tuple[str, str]:
    """The columns that hold the key of a satellite's version, beside the parent's key: event_time and event_id."""
    short = sat.name.removeprefix("sat_")
    return f"{short}_time", f"{short}_id"


def snapshots(registry: Registry) -> list[SnapshotSpec]:
    """The snapshot tables of the declared Pits and Bridges, in the order of declaration."""
    vaults = [vault_of(event) for event in registry.events.values()]
    out = []
    for declared in registry.query_assistance:
        match declared:
            case lang.Pit(hub):
                out.append(_pit(registry, vaults, hub))
            case lang.Bridge(hub=hub) if hub:
                out.append(_hub_bridge(vaults, declared))
            case lang.Bridge():
                out.append(_link_bridge(next(v for v in vaults if v.event.event_type == declared.link), declared))
    return out


def _pit(registry: Registry, vaults: list[VaultSpec], hub: str) -> SnapshotSpec:
    feeding = [v for v in vaults if v.sats and v.sats[0].parent == f"hub_{hub}"]
    return SnapshotSpec(
        name=f"pit_{hub}",
        kind="pit",
        key="hk",
        feeders={v.event.event_type: v.sats[0].key for v in feeding},
        hub=hub,
        sats=tuple(s for v in feeding for s in v.sats),
        attributes=tuple(a for v in feeding for a in _attributes(v, f"{v.event.event_type}_")),
        owners=tuple(v.sats[0] for v in feeding if v.event.declares == hub),
    )


def hub_roles(vaults: Iterable[VaultSpec], hub: str) -> dict[str, RoleSpec]:
    """What the event types of a hub refer to, by role; the links of one role may come from several of them."""
    out: dict[str, RoleSpec] = {}
    for v in vaults:
        if v.event.hub_field is None or v.event.hub_field.hub_name != hub:
            continue
        for link in v.links:
            partner = link.keys[1]
            known = out.get(partner.role, RoleSpec(partner.role, partner.hub, ()))
            out[partner.role] = RoleSpec(known.role, known.hub, (*known.links, link))
    return out


def _hub_bridge(vaults: list[VaultSpec], declared: lang.Bridge) -> SnapshotSpec:
    known = hub_roles(vaults, declared.hub)
    roles = tuple(known[r] for r in declared.roles)
    links = {link.name for r in roles for link in r.links}
    key = f"hk_{declared.hub}"
    feeding = [v for v in vaults if any(link.name in links for link in v.links)]
    return SnapshotSpec(
        name=f"bridge_{declared.name}",
        kind="hub",
        key=key,
        feeders={v.event.event_type: key for v in feeding},
        hub=declared.hub,
        roles=roles,
    )


def _link_bridge(vault: VaultSpec, declared: lang.Bridge) -> SnapshotSpec:
    return SnapshotSpec(
        name=f"bridge_{declared.name}",
        kind="link",
        key="lhk",
        feeders={vault.event.event_type: f"lhk_{vault.links[0].name}"},
        link=vault.links[0],
        sats=vault.sats,
        attributes=tuple(_attributes(vault, "")),
    )


def _attributes(vault: VaultSpec, prefix: str) -> Iterable[Attribute]:
    for sat in vault.sats:
        for f in (sat.multi_active,) if sat.multi_active else sat.attributes:
            yield Attribute(prefix + f.name, f, sat)
