"""What becomes of an event type in the Data Vault: the hubs, links and satellites that its declaration means.

| declared | vault |
|---|---|
| `Hub("post")` | hub_post; every event that mentions a post, owner or not, adds its key |
| `Ref` beside a `Hub` | link_post_author: effectivity, driven by the post: one author at a time, none while NULL |
| `link = Effectivity(...)` | link_friend and eff_friend |
| `link = Historized()` | link_group_member and its satellites |
| `link = Transaction()` | link_post_view: one row an event, attributes inside |
| `Sat("content")` | sat_post_content on the hub or link; no attribute at all: sat_post, which tracks deletion |
| `MultiActive("contact", ...)` | sat_profile_contact: one group an observation |

Column names: hk_<role> is the hash key of a hub in a role, bk_<role> its business key, lhk_<link> a link's hash key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from clickvault.contract import language as lang
from clickvault.contract.spec import EventSpec, FieldSpec

LinkKind = Literal["effectivity", "historized", "transaction"]


@dataclass(frozen=True)
class KeySpec:
    """A hub key that an event mentions: the field, its hub, its role."""

    field: FieldSpec
    hub: str
    role: str
    optional: bool


@dataclass(frozen=True)
class LinkSpec:
    """A link: `keys` in order; `driving` the roles of the driving key (effectivity only)."""

    name: str
    kind: LinkKind
    keys: tuple[KeySpec, ...]
    driving: tuple[str, ...] = ()
    symmetric: bool = False
    attributes: tuple[FieldSpec, ...] = ()

    @property
    def nullable(self) -> bool:
        """Whether an observation may say that the driving key has no partner."""
        return any(k.optional for k in self.keys)

    @property
    def driving_column(self) -> str:
        """The column of the stage that holds the driving key: a role's, the link's own, or a hash of several."""
        if len(self.driving) == 1:
            return f"hk_{self.driving[0]}"
        return f"{'lhk' if len(self.driving) == len(self.keys) else 'dhk'}_{self.name}"

    @property
    def has_partner(self) -> bool:
        """Whether the driving key is a part of the keys, so that another partner can take the place of one."""
        return self.kind == "effectivity" and len(self.driving) < len(self.keys)


@dataclass(frozen=True)
class SatSpec:
    """A satellite: `parent` is the hub's or link's table, `key` the stage column with the parent's hash key."""

    name: str
    parent: str
    key: str
    attributes: tuple[FieldSpec, ...]
    multi_active: FieldSpec | None = None


@dataclass(frozen=True)
class MainTable:
    """Where a merge looks an event up: `table` in the vault, `key` its key there, `staged` that key's column in the stage."""

    table: str
    key: str
    staged: str


@dataclass(frozen=True)
class VaultSpec:
    """Everything that one event type feeds in the vault."""

    event: EventSpec
    keys: tuple[KeySpec, ...]
    links: tuple[LinkSpec, ...]
    sats: tuple[SatSpec, ...]

    def key(self, role: str) -> KeySpec:
        """The key in that role."""
        return next(k for k in self.keys if k.role == role)

    @property
    def main(self) -> MainTable:
        """The table that has every event of the type that is anywhere in the vault."""
        link = self.links[0] if self.links else None
        if link and link.kind == "transaction":
            return MainTable(f"link_{link.name}", "lhk", f"lhk_{link.name}")
        if self.sats:
            return MainTable(self.sats[0].name, "hk", self.sats[0].key)
        assert link is not None  # an effectivity link without attributes: everything else has a satellite
        return MainTable(f"eff_{link.name}", "driving_hk", link.driving_column)


def vault_of(event: EventSpec) -> VaultSpec:
    """The vault structures of an event type."""
    keys = tuple(KeySpec(f, f.hub_name, f.role, f.optional) for f in event.fields if f.hub_name)
    links = _links(event, keys)
    return VaultSpec(event, keys, links, _sats(event, links))


def _links(event: EventSpec, keys: tuple[KeySpec, ...]) -> tuple[LinkSpec, ...]:
    if event.hub_field is not None:
        own = next(k for k in keys if k.field.hub)
        return tuple(
            LinkSpec(f"{event.event_type}_{k.role}", "effectivity", (own, k), driving=(own.role,))
            for k in keys
            if k is not own
        )
    roles = {k.field.name: k.role for k in keys}
    match event.link:
        case lang.Transaction():
            attributes = tuple(f for f in event.fields if f.sat)
            return (LinkSpec(event.event_type, "transaction", keys, attributes=attributes),)
        case lang.Historized():
            return (LinkSpec(event.event_type, "historized", keys),)
        case lang.Effectivity(driving, symmetric):
            by_role = tuple(roles[d] for d in driving) or tuple(k.role for k in keys)
            return (LinkSpec(event.event_type, "effectivity", keys, driving=by_role, symmetric=symmetric),)
    raise AssertionError(f"{event.class_name}: neither hub nor link")  # _check_event lets no such class through


def _sats(event: EventSpec, links: tuple[LinkSpec, ...]) -> tuple[SatSpec, ...]:
    if isinstance(event.link, lang.Transaction):
        return ()
    if event.hub_field is not None:
        parent, key = f"hub_{event.hub_field.hub_name}", f"hk_{event.hub_field.role}"
    else:
        parent, key = f"link_{links[0].name}", f"lhk_{links[0].name}"
    names = list(dict.fromkeys(f.sat for f in event.fields if f.sat))
    sats = [
        SatSpec(f"sat_{event.event_type}_{n}", parent, key, tuple(f for f in event.fields if f.sat == n)) for n in names
    ]
    sats += [
        SatSpec(f"sat_{event.event_type}_{f.multi_active.name}", parent, key, f.items, f)
        for f in event.fields
        if f.multi_active
    ]
    if not sats and not isinstance(event.link, lang.Effectivity):
        sats.append(SatSpec(f"sat_{event.event_type}", parent, key, ()))
    return tuple(sats)
