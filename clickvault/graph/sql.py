"""The SQL of the graph, rendered from templates/graph: what `init` applies, and what the stage runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clickvault.graph.interface import MEASURES
from clickvault.graph.relations import nodes, relations, satellites

if TYPE_CHECKING:
    from datetime import date

    from clickvault.graph.relations import GraphRelation
    from clickvault.sql.render import Renderer

TABLES = ("scores", "distances", "communities", "suggestions", "summary")
"""The result tables in ClickHouse, in the order in which a day is put in place."""

FRACTIONS = {"pagerank", "betweenness", "closeness", "harmonic", "clustering"}
MEASURE_TYPES = {
    m: ("Float64", "double precision") if m in FRACTIONS else ("UInt64" if m == "triangles" else "UInt32", "bigint")
    for m in MEASURES
}
"""Column types of the measures, in ClickHouse and in PostgreSQL."""


def schema_sql(renderer: Renderer) -> str:
    """ClickHouse: database `graph` and its tables."""
    return renderer.render("graph/schema.sql.j2", measures=MEASURE_TYPES)


def views_sql(renderer: Renderer) -> str:
    """PostgreSQL: schema `graph`, a view for each node and relation. After the vault's views."""
    registry = renderer.registry
    return renderer.render("graph/views.sql.j2", nodes=nodes(registry), relations=relations(registry))


def satellite_sql(renderer: Renderer) -> str:
    """PostgreSQL: the business satellites of the measured relations, in schema `vault`."""
    return renderer.render("graph/satellite.sql.j2", satellites=satellites(renderer.registry), measures=MEASURE_TYPES)


def read_sql(renderer: Renderer, relation: GraphRelation) -> str:
    """PostgreSQL: COPY of one relation's nodes and edges."""
    return renderer.render("graph/read.sql.j2", relation=relation)


def replace_sql(renderer: Renderer, table: str, as_of: date, empty: bool = False) -> str:
    """ClickHouse: put a staged day in place; `empty` if nothing was staged."""
    return renderer.render("graph/replace.sql.j2", table=table, as_of=as_of, empty=empty)


def clear_satellite_sql(renderer: Renderer, relation: GraphRelation) -> str:
    """PostgreSQL: delete a day of a relation, parameters `as_of` and `relation`."""
    return renderer.render("graph/clear_satellite.sql.j2", relation=relation)


def fill_satellite_sql(renderer: Renderer, relation: GraphRelation) -> str:
    """PostgreSQL: COPY a day of a relation: hk, as_of, relation, the measures in order."""
    return renderer.render("graph/fill_satellite.sql.j2", relation=relation, measures=MEASURES)


def reconciliation_sql(renderer: Renderer, relation: GraphRelation) -> tuple[str, str]:
    """What reconciliation asks of PostgreSQL and of ClickHouse; both with parameter `relation`."""
    return (
        renderer.render("graph/reconciliation_postgres.sql.j2", relation=relation),
        renderer.render("graph/reconciliation_clickhouse.sql.j2"),
    )
