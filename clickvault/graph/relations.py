"""Which nodes and relations the contracts declare, and where in the vault each lies.

Pure: the templates of templates/graph write the SQL from these.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clickvault.contract.vault import LinkSpec, VaultSpec, vault_of
from clickvault.errors import ContractError

if TYPE_CHECKING:
    from clickvault.contract import EventSpec, FieldSpec, Registry, Relation


@dataclass(frozen=True)
class GraphNode:
    """A kind of node: its label, and the hub whose keys are its nodes."""

    label: str
    hub: str

    @property
    def view(self) -> str:
        """The view of the live nodes, in schema `graph`."""
        return f"node_{self.label.lower()}"


@dataclass(frozen=True)
class RelationPart:
    """What one event type says of a relation: the links of the vault that hold it.

    `links` has one link, or two where both ends are references of a hub event, which are joined at the hub.
    `source_role` and `target_role` name the hash keys of the ends, hk_<role>; `at_hub` is the role of the own hub of a
    hub event, or empty. `properties` are pairs of attribute and satellite; of a transaction link they lie in the link.
    """

    vault: VaultSpec
    links: tuple[LinkSpec, ...]
    source_role: str
    target_role: str
    at_hub: str
    properties: tuple[tuple[FieldSpec, str], ...]

    @property
    def transaction(self) -> bool:
        """Whether its pairs are events, which nothing ends."""
        return self.links[0].kind == "transaction"


@dataclass(frozen=True)
class GraphRelation:
    """A kind of relation: its ends, and its parts, one for each event type that declares it."""

    type: str
    source: GraphNode
    target: GraphNode
    undirected: bool
    measured: bool
    parts: tuple[RelationPart, ...]

    @property
    def view(self) -> str:
        """The view of the edges in force, in schema `graph`."""
        return f"rel_{self.type.lower()}"

    @property
    def incremental(self) -> bool:
        """Whether what changed can be asked for key by key; if not, a change loads the relation anew.

        It can't where two links are joined at a hub, nor for properties of events: the latest may be any.
        """
        return all(len(p.links) == 1 and not (p.transaction and p.properties) for p in self.parts)

    @property
    def unipartite(self) -> bool:
        """Whether both ends are of one kind, so that the relation alone is a graph to measure."""
        return self.source == self.target

    @property
    def satellite(self) -> str:
        """The business satellite that takes the measures of the relation's nodes, in schema `vault`."""
        return f"sat_{self.source.hub}_centrality"


def nodes(registry: Registry) -> list[GraphNode]:
    """The kinds of node, in the order of declaration."""
    found = [GraphNode(n.label, e.hub_field.hub_name) for e in registry.events.values() if e.hub_field for n in e.nodes]
    return list(dict.fromkeys(found))


def relations(registry: Registry) -> list[GraphRelation]:
    """The kinds of relation, in the order of declaration. Raises ContractError, naming class and relation."""
    by_hub: dict[str, GraphNode] = {}
    for node in nodes(registry):
        by_hub.setdefault(node.hub, node)
    found: dict[str, GraphRelation] = {}
    for event in registry.events.values():
        for declared in event.relations:
            part = _part(event, declared)
            if declared.type in found:
                same = found[declared.type]
                found[declared.type] = replace(same, parts=(*same.parts, part))
                continue
            found[declared.type] = GraphRelation(
                type=declared.type,
                source=by_hub[event.field(declared.source).hub_name],
                target=by_hub[event.field(declared.target).hub_name],
                undirected=declared.undirected,
                measured=declared.measured,
                parts=(part,),
            )
    _check_views(registry, list(found.values()))
    return list(found.values())


def _part(event: EventSpec, declared: Relation) -> RelationPart:
    vault = vault_of(event)
    source, target = event.field(declared.source), event.field(declared.target)
    own = event.hub_field
    if own is None:
        links = vault.links
    else:
        ends = {source.role, target.role} - {own.role}
        links = tuple(link for link in vault.links if link.keys[1].role in ends)
    if not links:
        raise ContractError(f"{event.class_name}: {declared.type} relates a node with itself")
    if {"source", "target"} & set(declared.properties):
        raise ContractError(f"{event.class_name}: {declared.type} carries a property named source or target")
    return RelationPart(
        vault=vault,
        links=links,
        source_role=source.role,
        target_role=target.role,
        at_hub=own.role if own else "",
        properties=tuple((f, f"sat_{event.event_type}_{f.sat}") for f in map(event.field, declared.properties)),
    )


def _check_views(registry: Registry, found: list[GraphRelation]) -> None:
    views = Counter([n.view for n in nodes(registry)] + [r.view for r in found])
    for view, times in views.items():
        if times > 1:
            raise ContractError(f"two labels become the view graph.{view}: they differ by case only")


def measured(registry: Registry) -> list[GraphRelation]:
    """The relations that are measured: the unipartite ones, unless their declaration says otherwise."""
    return [r for r in relations(registry) if r.unipartite and r.measured]


def satellites(registry: Registry) -> dict[str, str]:
    """The business satellites of the measured relations, and the hub of each."""
    return {r.satellite: r.source.hub for r in measured(registry)}
