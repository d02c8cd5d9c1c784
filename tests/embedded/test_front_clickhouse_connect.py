"""The HTTP front with clickhouse-connect, the client of this project and of Superset."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import clickhouse_connect
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from clickhouse_connect.driver.external import ExternalData

from clickvault.settings import Settings
from tests.worlds import until_answered

TABLE = "(a UInt64, s Nullable(String), d DateTime64(6, 'UTC'), l Array(String)) ENGINE = MergeTree ORDER BY a"
COLUMNS = ["a", "s", "d", "l"]
DAY = dt.datetime(2026, 1, 2, 3, 4, 5, 678901)

Connect = Callable[..., Client]


@pytest.fixture
def connect(stack: Settings) -> Iterator[Connect]:
    """Clients with options; closed after the test."""
    opened: list[Client] = []

    def make(**options: object) -> Client:
        parts = urlsplit(stack.clickhouse_url)
        client = clickhouse_connect.get_client(
            host=parts.hostname, port=parts.port, username=parts.username, password=parts.password, **options
        )
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def table(ch: Client) -> Iterator[str]:
    ch.command("CREATE DATABASE IF NOT EXISTS front")
    ch.command(f"CREATE OR REPLACE TABLE front.t {TABLE}")
    yield "front.t"
    ch.command("DROP TABLE front.t")


def test_handshake_knows_version_and_time_zone(ch: Client) -> None:
    assert ch.server_version.startswith("26.")
    assert ch.server_tz == dt.UTC


@pytest.mark.parametrize("compress", ["lz4", "zstd", "gzip", True, False])
def test_values_come_back_as_they_went(connect: Connect, table: str, compress: str | bool) -> None:
    client = connect(compress=compress)
    rows = [(i, None if i % 3 == 0 else f"\0 'ü\n{i}", DAY, ["a,'b\\", "", "ü"]) for i in range(20_000)]
    assert client.insert(table, rows, column_names=COLUMNS).written_rows == 20_000
    found = client.query(f"SELECT * FROM {table} ORDER BY a").result_rows
    assert [(a, s, d.replace(tzinfo=None), many) for a, s, d, many in found] == rows


def test_parameters_of_every_kind(ch: Client) -> None:
    values = {"s": "a'b\\\t\n{é}", "i": 5, "l": ["a", "b'c\\"], "d": DAY, "n": None, "db": "system", "t": "one"}
    columns = "{s:String}, {i:UInt8}, {l:Array(String)}, {d:DateTime64(6)}, {n:Nullable(String)}"
    sql = f"SELECT {columns} FROM {{db:Identifier}}.{{t:Identifier}}"
    row = ch.query(sql, parameters=values).result_rows[0]
    assert row == ("a'b\\\t\n{é}", 5, ["a", "b'c\\"], DAY, None)


def test_parameters_too_long_for_a_url_travel_as_a_form(ch: Client, connect: Connect) -> None:
    many = [f"value {i}" for i in range(40_000)]
    assert ch.query("SELECT length({l:Array(String)})", parameters={"l": many}).first_row == (40_000,)
    form = connect(form_encode_query_params=True)
    assert form.query("SELECT {s:String}", parameters={"s": "été & co"}).first_row == ("été & co",)


def test_settings_hold_for_their_query_only(connect: Connect) -> None:
    client = connect()  # with a session, where a setting could stay behind
    sql = "SELECT getSetting('max_block_size')"
    before = client.query(sql).first_row
    assert client.query(sql, settings={"max_block_size": 77}).first_row == (77,)
    assert client.query(sql).first_row == before
    client.command("SET max_block_size = 99")
    assert client.query(sql, settings={"max_block_size": 77}).first_row == (77,)
    assert client.query(sql).first_row == (99,)
    assert connect().query(sql).first_row == before


def test_an_unknown_setting_is_the_engines_error(ch: Client) -> None:
    # The client refuses settings that it did not see in system.settings; in a query's text nobody can.
    with pytest.raises(DatabaseError, match=r"code: 115(.|\n)*UNKNOWN_SETTING"):
        ch.query("SELECT 1 SETTINGS no_such_setting = 1")


def test_sessions_keep_temporary_tables_apart(connect: Connect) -> None:
    one, other = connect(session_id="one"), connect(session_id="other")
    one.command("CREATE TEMPORARY TABLE mine (a Int32)")
    one.command("INSERT INTO mine VALUES (1), (2)")
    assert one.query("SELECT sum(a) FROM mine").first_row == (3,)
    with pytest.raises(DatabaseError, match="UNKNOWN_TABLE"):
        other.query("SELECT sum(a) FROM mine")


def test_database_of_the_client(connect: Connect, table: str) -> None:
    assert connect(database="front").query("SELECT currentDatabase(), count() FROM t").first_row == ("front", 0)
    with pytest.raises(DatabaseError, match="UNKNOWN_DATABASE"):
        connect(database="no_such_database").query("SELECT 1")


def test_a_large_result_streams(ch: Client) -> None:
    rows = 0
    with ch.query_row_block_stream("SELECT number, toString(number) FROM numbers(2000000)") as blocks:
        for block in blocks:
            rows += len(block)
    assert rows == 2_000_000


def test_empty_results_have_columns_where_the_client_asks(ch: Client) -> None:
    assert ch.query("SELECT number FROM numbers(0)").result_rows == []
    assert ch.query("SELECT number AS n FROM numbers(5) LIMIT 0").column_names == ("n",)


def test_data_frames_and_arrow(ch: Client, table: str) -> None:
    frame = ch.query_df("SELECT number AS a, 'x' AS s, now64(6) AS d, ['z'] AS l FROM numbers(10)")
    assert ch.insert_df(table, frame).written_rows == 10
    assert ch.query_arrow(f"SELECT a FROM {table}").num_rows == 10


def test_raw_formats_are_whole_however_many_blocks(ch: Client) -> None:
    lines = ch.raw_query("SELECT number AS n FROM numbers(200000)", fmt="CSVWithNames").splitlines()
    assert lines[0] == b'"n"'
    assert len(lines) == 200_001
    assert lines.count(b'"n"') == 1


def test_commands_tell_what_they_wrote(ch: Client, table: str) -> None:
    ch.command(f"INSERT INTO {table} SELECT number, 'x', now(), [] FROM numbers(77)")
    assert ch.command(f"SELECT count() FROM {table}") == 77
    block = '{"a":1,"s":"q","d":"2026-01-01 00:00:00","l":["x"]}\n'
    assert ch.raw_insert(table, insert_block=block, fmt="JSONEachRow").written_rows == 1
    assert int(ch.query(f"SELECT count() FROM {table}").summary["read_rows"]) > 0


def test_external_data(ch: Client) -> None:
    data = ExternalData(file_name="films", data=b"a,1\nb,2\n", fmt="CSV", structure=["name String", "year Int32"])
    assert ch.query("SELECT name, year FROM films ORDER BY year", external_data=data).result_rows == [
        ("a", 1),
        ("b", 2),
    ]


@pytest.mark.parametrize(
    ("sql", "code", "name"),
    [
        ("SELECT * FROM nowhere", 60, "UNKNOWN_TABLE"),
        ("SELEC 1", 62, "SYNTAX_ERROR"),
        ("SELECT 1; SELECT 2", 62, "SYNTAX_ERROR"),
        ("SELECT nothing", 47, "UNKNOWN_IDENTIFIER"),
        ("SELECT throwIf(number = 1500000), number FROM numbers(3000000)", 395, "FUNCTION_THROW_IF"),
        (
            "SELECT count() FROM numbers(100000000000) WHERE number % 7 = 3 SETTINGS max_execution_time = 1",
            159,
            "TIMEOUT",
        ),
    ],
)
def test_errors_have_code_and_name(ch: Client, sql: str, code: int, name: str) -> None:
    with pytest.raises(DatabaseError) as error:
        ch.query(sql)
    assert f"code: {code}," in str(error.value)
    assert name in str(error.value)


def test_an_error_after_the_first_rows_reaches_the_client(ch: Client) -> None:
    rows = 0
    with pytest.raises(DatabaseError, match="FUNCTION_THROW_IF"):  # noqa: PT012, SIM117
        with ch.query_row_block_stream("SELECT throwIf(number = 2900000), number FROM numbers(3000000)") as blocks:
            for block in blocks:
                rows += len(block)
    assert 0 < rows < 3_000_000


def test_kill_query_by_the_clients_id(ch: Client, connect: Connect) -> None:
    failures: list[str] = []

    def run() -> None:
        try:
            client.query(
                "SELECT count() FROM numbers(1000000000000) WHERE number % 7 = 3", settings={"query_id": "my-id"}
            )
        except DatabaseError as error:
            failures.append(str(error))

    client = connect(autogenerate_session_id=False)
    thread = threading.Thread(target=run)
    thread.start()
    until_answered(ch, "SELECT count() FROM system.processes WHERE Settings['log_comment'] = 'my-id'", 1)
    ch.command("KILL QUERY WHERE query_id = 'my-id' SYNC")
    thread.join(timeout=60)
    assert not thread.is_alive()
    assert "QUERY_WAS_CANCELLED" in failures[0]


def test_sixteen_queries_at_once(connect: Connect) -> None:
    client = connect(autogenerate_session_id=False)
    found: list[int] = []

    def run(number: int) -> None:
        found.append(client.query("SELECT sleep(2), {n:UInt8}", parameters={"n": number}).first_row[1])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(16)]
    begin = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(16))
    assert time.monotonic() - begin < 20  # one after the other: 32 s


def test_sqlalchemy_dialect(stack: Settings, table: str) -> None:
    import sqlalchemy as sa

    engine = sa.create_engine(stack.clickhouse_url.replace("http://", "clickhousedb://") + "/front")
    with engine.connect() as connection:
        connection.execute(sa.text("INSERT INTO t (a, s) VALUES (1, 'x')"))
        assert connection.execute(sa.text("SELECT a, s FROM t WHERE a = :a"), {"a": 1}).fetchall() == [(1, "x")]
        inspector = sa.inspect(engine)
        assert "t" in inspector.get_table_names(schema="front")
        assert [column["name"] for column in inspector.get_columns("t", schema="front")] == COLUMNS
    engine.dispose()
