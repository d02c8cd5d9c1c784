"""The graph database is brought up to the vault: what came is put there, what ended is taken away, and then it is noted.

The rows go from PostgreSQL to Neo4j by way of ClickHouse, and none through Python: Neo4j pulls (LOAD CSV) from ClickHouse's
HTTP port what ClickHouse reads from PostgreSQL. Where Neo4j can't reach ClickHouse (NEO4J_LOAD=unwind), Python hands them on.

The order of a sync, and what a crash after each step costs:
  1. find        tables of what changed (changes.py)       made anew by the next
  2. empty       types that are loaded anew                empty until the next, which loads them
  3. nodes       that came, and that ended                 the same again
  4. relations   that came, and that ended                 the same again
  5. note        how far the graph is                      done
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode, urlsplit

from clickvault.graph import changes, cypher
from clickvault.graph.changes import Changes, table_of
from clickvault.graph.relations import GraphNode, GraphRelation, nodes, relations
from clickvault.reconciliation import Reconciliation
from clickvault.sql.render import ch_identifier, pg_identifier
from clickvault.stores import postgres
from clickvault.stores.postgres import STAGE_COLLECTION

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client
    from neo4j import Driver, Session

    from clickvault.settings import Settings
    from clickvault.sql.render import Renderer

FEEDS = {"csv": "LOAD CSV WITH HEADERS FROM $url AS row", "unwind": "UNWIND $rows AS row"}
"""Where a statement's rows come from: an address that Neo4j reads, or a parameter."""

_READ = {"int": "toInteger(row.{})", "float": "toFloat(row.{})", "bool": "toBoolean(row.{})"}


@dataclass(frozen=True)
class Synced:
    """What a sync brought: rows by table, and the seconds that it took to find and to load them."""

    rows: dict[str, int]
    whole: int
    finding: float
    loading: float


class Sync:
    """Brings one graph database up to one vault."""

    def __init__(self, settings: Settings, renderer: Renderer, ch: Client, pg: Any, driver: Driver) -> None:
        self.settings, self.renderer, self.ch, self.pg, self.driver = settings, renderer, ch, pg, driver
        login = urlsplit(settings.clickhouse_graph_url or settings.clickhouse_reader_url or settings.clickhouse_url)
        self._login = {"user": unquote(login.username or "default"), "password": unquote(login.password or "")}

    def run(self, tell: Callable[[str], None], whole: bool = False) -> Synced:
        """Bring what changed; `whole`: empty the graph of all that is declared, and bring everything."""
        began = monotonic()
        with self._translated("the graph database"):
            target = self._target()
            if whole:
                tell("Neo4j: emptying")
                self._empty(set(changes.forget(self.pg, target)) | set(changes.definitions(self.renderer)))
        tell("Neo4j: what changed")
        found = changes.find(self.renderer, self.pg, target)
        finding = monotonic() - began
        if found.whole:
            changes.make_indexes(self.renderer.registry, self.pg)
        with self._translated("loading the graph"):
            self._load(found, tell)
        changes.note(self.pg, target, found)
        return Synced(found.rows, len(found.whole), finding, monotonic() - began - finding)

    def reconciliations(self) -> list[Reconciliation]:
        """Nodes and relations of the vault, and of the graph database, by label and by type."""
        labels, types = nodes(self.renderer.registry), relations(self.renderer.registry)
        if not labels:
            return []
        sql = self.renderer.render("graph/sync_reconciliation.sql.j2", nodes=labels, relations=types)
        vault = {(r["kind"], r["name"]): int(r["n"]) for r in postgres.rows(self.pg, sql)}
        with self._translated("counting the graph"):
            counted = cypher.rows(
                self.driver, "reconciliation", labels=[n.label for n in labels], types=[r.type for r in types]
            )
            there = {(r["kind"], r["name"]): int(r["n"]) for r in counted}
        form = {
            "node": "(:{}): alive in the vault = nodes in Neo4j",
            "relation": "[:{}]: in force in the vault = relations in Neo4j",
        }
        return [
            Reconciliation(f"graph {form[kind].format(name)}", n, there[kind, name])
            for (kind, name), n in vault.items()
        ]

    def _translated(self, what: str) -> Any:
        return cypher.translated(what, self._login["password"], urlencode({"password": self._login["password"]}))

    def _target(self) -> str:
        (found,) = cypher.rows(self.driver, "database")
        return str(found["id"])

    def _load(self, found: Changes, tell: Callable[[str], None]) -> None:
        with self.driver.session() as session:
            self._empty({key for key in found.whole if key[0] == "relation"} | found.gone, session)
            for node in nodes(self.renderer.registry):
                if ("node", node.label) in found.whole:
                    session.run(cypher.render("constraints", label=node.label)).consume()
            session.run("CALL db.awaitIndexes(300)").consume()
            items: list[GraphNode | GraphRelation] = [*found.nodes, *found.relations]
            for item in items:
                name = item.label if isinstance(item, GraphNode) else item.type
                tell(f"Neo4j: {found.rows[table_of(item)]:,} {name}")
                self._take(session, item, found)

    def _take(self, session: Session, item: GraphNode | GraphRelation, found: Changes) -> None:
        """Put what a table says is in force, and take away the rest."""
        table = table_of(item)
        feed = FEEDS[self.settings.neo4j_load]
        if isinstance(item, GraphNode):
            put = cypher.render("node_put", feed=feed, node=item)
            end = cypher.render("node_end", feed=feed, node=item)
            columns = ["id"]
        else:
            fresh = ("relation", item.type) in found.whole
            properties = {
                f.name: _READ.get(f.kind, "row.{}").format(cypher.cypher_identifier(f.name))
                for f, _ in item.parts[0].properties
            }
            put = cypher.render("relation_put", feed=feed, relation=item, properties=properties, fresh=fresh)
            end = cypher.render("relation_end", feed=feed, relation=item)
            columns = ["source", "target", *properties]
        if self.settings.neo4j_load == "csv":
            self.ch.command(
                f"CREATE OR REPLACE TABLE {ch_identifier('graph.' + table)} "
                f"ENGINE = PostgreSQL({STAGE_COLLECTION}, schema = 'graph', table = '{table}')"
            )
            try:
                self._pull(session, put, table, columns, True, found.rows[table])
                self._pull(session, end, table, columns, False, found.rows[table])
            finally:
                self.ch.command(f"DROP TABLE IF EXISTS {ch_identifier('graph.' + table)} SYNC")
        else:
            self._hand_on(session, put, table, columns, True)
            self._hand_on(session, end, table, columns, False)

    def _pull(
        self, session: Session, statement: str, table: str, columns: list[str], in_force: bool, rows: int
    ) -> None:
        """Neo4j reads the rows from ClickHouse, a page at a time, with a login that only reads."""
        for sql in pages(table, columns, in_force, rows):
            asked = {"query": sql, "format_csv_null_representation": "", **self._login}
            session.run(statement, {"url": f"{self.settings.clickhouse_from_neo4j}/?{urlencode(asked)}"}).consume()

    def _hand_on(self, session: Session, statement: str, table: str, columns: list[str], in_force: bool) -> None:
        """Python reads the rows from PostgreSQL, and gives them to Neo4j a batch at a time."""
        sql = (
            f"select {', '.join(pg_identifier(c) for c in columns)} from {pg_identifier('graph.' + table)} "
            f"where {'' if in_force else 'not '}in_force"
        )
        with self.pg, self.pg.cursor("graph_rows") as cursor:
            cursor.itersize = cypher.BATCH
            cursor.execute(sql)
            while batch := cursor.fetchmany(cypher.BATCH):
                rows = [dict(zip(columns, row, strict=True)) for row in batch]
                session.run(statement, {"rows": rows}).consume()

    def _empty(self, kinds: set[tuple[str, str]], session: Session | None = None) -> None:
        """Take all relations of these types away, then all nodes of these labels."""
        if session is None:
            with self.driver.session() as own:
                return self._empty(kinds, own)
        for kind, name in sorted(kinds, reverse=True):
            statement = (
                cypher.render("relation_empty", type=name)
                if kind == "relation"
                else cypher.render("node_empty", label=name)
            )
            session.run(statement).consume()
        return None


def pages(table: str, columns: list[str], in_force: bool, rows: int) -> list[str]:
    """What is asked of ClickHouse for the rows of a sync's table, as CSV: a query a page, none of which reaches a login's bounds."""
    wanted = ", ".join(ch_identifier(c) for c in columns)
    return [
        f"SELECT {wanted} FROM {ch_identifier('graph.' + table)} "
        f"WHERE {'' if in_force else 'NOT '}in_force AND page = {page} FORMAT CSVWithNames"
        for page in range(-(-rows // changes.PAGE_ROWS))
    ]
