"""Neo4j pulls a large graph through ClickHouse within the bounds that clickhouse/users.d gives its login."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.exceptions import ClickHouseError

from clickvault.graph import changes
from clickvault.graph.relations import nodes
from clickvault.graph.sync import pages
from clickvault.resources import CHECKOUT
from clickvault.session import Session
from clickvault.stores.postgres import STAGE_COLLECTION
from tests.vault.staging import fetch

ROWS = 1_500_000
TARGET = "test_graph_pages"


def limits(profile: str) -> dict[str, str]:
    """The settings of a profile of the server."""
    found = ET.parse(CHECKOUT / "clickhouse" / "users.d" / "clickvault.xml").getroot().find(f"profiles/{profile}")
    assert found is not None
    return {s.tag: s.text or "" for s in found if s.tag not in ("constraints", "readonly")}


@pytest.fixture
def people(prepared: Session) -> Iterator[str]:
    """The table of a sync of so many people, as ClickHouse shows it to Neo4j."""
    s = prepared
    (user,) = [n for n in nodes(s.renderer.registry) if n.hub == "user"]
    table = changes.table_of(user)
    bk = fetch(
        s.pg,
        "select data_type from information_schema.columns where (table_schema, table_name, column_name) = ('vault', 'hub_user', 'bk')",
    )
    with s.pg, s.pg.cursor() as cursor:
        cursor.execute(
            "insert into vault.hub_user (hk, bk, load_ts, first_seen, record_source)"
            f" select md5(n::text)::uuid, md5(n::text)::{bk[0][0]}, now(), now(), %s from generate_series(1, %s) n",
            (TARGET, ROWS),
        )
    try:
        assert changes.find(s.renderer, s.pg, TARGET).rows[table] == ROWS
        s.ch.command(
            f"CREATE OR REPLACE TABLE graph.{table} ENGINE = PostgreSQL({STAGE_COLLECTION}, schema = 'graph', table = '{table}')"
        )
        yield table
    finally:
        s.ch.command(f"DROP TABLE IF EXISTS graph.{table} SYNC")
        with s.pg, s.pg.cursor() as cursor:
            cursor.execute("delete from vault.hub_user where record_source = %s", (TARGET,))
            changes.drop_tables(cursor)


def test_1_500_000_rows_are_pulled_within_the_limits(prepared: Session, people: str) -> None:
    """Each once, and by no query more than the login may have; all at once is refused."""
    bounds = limits("graph")
    assert int(bounds["max_result_rows"]) == 1_000_000
    assert int(limits("reader")["max_result_rows"]) == 1_048_576  # Metabase asks for one less
    asked = pages(people, ["id"], True, ROWS)
    read = [prepared.ch.raw_query(sql, settings=bounds).splitlines() for sql in asked]
    assert {header for header, *_ in read} == {b'"id"'}
    assert max(map(len, read)) <= changes.PAGE_ROWS + 1
    ids = [line for _, *lines in read for line in lines]
    assert len(ids) == len(set(ids)) == ROWS
    ended = [prepared.ch.raw_query(sql, settings=bounds).splitlines() for sql in pages(people, ["id"], False, ROWS)]
    assert max(map(len, ended)) <= 1
    with pytest.raises(ClickHouseError, match=r"Limit for result exceeded|TOO_MANY_ROWS"):
        prepared.ch.raw_query(f"SELECT id FROM graph.{people} WHERE in_force FORMAT CSVWithNames", settings=bounds)
