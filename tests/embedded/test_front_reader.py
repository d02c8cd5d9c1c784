"""The front's second login: it reads what the server's configuration lets its reader read, and no password can be read with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from clickhouse_connect.driver.external import ExternalData

from clickvault.settings import Settings
from clickvault.stores.clickhouse import connect


@pytest.fixture(scope="module")
def reader(stack: Settings) -> Iterator[Client]:
    owner = connect(stack.clickhouse_url)
    owner.command("CREATE DATABASE IF NOT EXISTS marts")
    owner.command("CREATE OR REPLACE TABLE marts.of_reader_t (a Int32) ENGINE = MergeTree ORDER BY a")
    owner.command("INSERT INTO marts.of_reader_t VALUES (1), (2)")
    owner.command(
        "CREATE OR REPLACE TABLE marts.of_reader_pg (a Int32) ENGINE = PostgreSQL('127.0.0.1:1', 'd', 't', 'u', 'hush-hush')"
    )
    owner.command("CREATE NAMED COLLECTION IF NOT EXISTS reading AS url = 'http://x', password = 'hush-hush'")
    owner.command(
        "CREATE TABLE IF NOT EXISTS marts.queue_of_reader (raw String) ENGINE = Kafka "
        "SETTINGS kafka_broker_list = '127.0.0.1:1', kafka_topic_list = 'x', "
        "kafka_group_name = 'g', kafka_format = 'RawBLOB'"
    )
    client = connect(stack.clickhouse_reader_url)
    yield client
    client.close()
    for name in ("of_reader_t", "of_reader_pg", "queue_of_reader"):
        owner.command(f"DROP TABLE marts.{name} SYNC")
    owner.command("DROP NAMED COLLECTION reading")
    owner.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sum(a) FROM marts.of_reader_t",
        "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
        "(SELECT 1) UNION ALL (SELECT 2)",
        "SELECT a FROM marts.of_reader_t WHERE a IN (SELECT number FROM numbers(10))",
        "SELECT /* file( */ 'url(x)' FROM system.one -- s3(",
        "SHOW TABLES FROM marts",
        "DESCRIBE TABLE marts.of_reader_t",
        "EXISTS TABLE marts.of_reader_t",
        "EXPLAIN SELECT 1",
        "SHOW CREATE TABLE marts.of_reader_t",
        "SELECT getSetting('max_threads') SETTINGS max_threads = 1",
        "SELECT file, max(file) FROM (SELECT path AS file FROM (SELECT 'a' AS path)) GROUP BY file",
        "SELECT coalesce(NULL, 1), if(format = '', values, input) FROM (SELECT '' AS format, 1 AS values, 2 AS input)",
        "SELECT arrayReduce('sum', [1, 2]), arrayReduce('quantiles(0.5, 0.9)', [1, 2]), finalizeAggregation(initializeAggregation('sumState', 1))",
        "SELECT arrayMap(upper, ['a']), arrayMap(file -> upper(file), ['a'])",
    ],
)
def test_reads(reader: Client, sql: str) -> None:
    assert reader.query(sql).result_rows


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO marts.of_reader_t VALUES (3)",
        "INSERT INTO marts.of_reader_t SELECT 3",
        "INSERT INTO FUNCTION file('x', 'CSV', 'a Int32') SELECT 1",
        "EXPLAIN PIPELINE INSERT INTO FUNCTION file('x', 'CSV', 'a Int32') SELECT 1",
        "WITH 1 AS x INSERT INTO marts.of_reader_t SELECT x",
        "CREATE TABLE marts.of_reader_u (a Int32) ENGINE = Memory",
        "CREATE TEMPORARY TABLE u (a String) ENGINE = File(CSV, '/etc/passwd')",
        "ALTER TABLE marts.of_reader_t DELETE WHERE 1",
        "TRUNCATE TABLE marts.of_reader_t",
        "DROP TABLE marts.of_reader_t",
        "RENAME TABLE marts.of_reader_t TO marts.of_reader_u",
        "DETACH TABLE marts.of_reader_t",
        "OPTIMIZE TABLE marts.of_reader_t",
        "SYSTEM STOP MERGES",
        "KILL QUERY WHERE 1",
        "BACKUP TABLE marts.of_reader_t TO File('x')",
        "SELECT 1 SETTINGS readonly = 0",
        "SET readonly = 0",
    ],
)
def test_changes_nothing(reader: Client, sql: str) -> None:
    with pytest.raises(DatabaseError, match=r"code: 164(.|\n)*READONLY"):
        reader.command(sql)
    assert reader.query("SELECT count() FROM marts.of_reader_t").first_row == (2,)


@pytest.mark.parametrize(
    "source",
    [
        "file('/etc/passwd', 'LineAsString')",
        "FILE('/etc/passwd', 'LineAsString')",
        "`file`('/etc/passwd', 'LineAsString')",
        "url('http://127.0.0.1:1/', 'CSV')",
        "s3('http://127.0.0.1:1/bucket/k', 'CSV')",
        "postgresql('127.0.0.1:1', 'd', 't', 'u', 'p')",
        "mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
        "remote('127.0.0.1', 'system.one')",
        "eval('SELECT 1')",
        "python('x')",
        "executable('x', 'CSV', 'a Int32')",
        "sqlite('x', 'y')",
        "view(SELECT * FROM file('/etc/passwd', 'LineAsString'))",
        "viewExplain('EXPLAIN', '', (SELECT * FROM file('/etc/passwd')))",
    ],
)
def test_reaches_nothing_outside(reader: Client, source: str) -> None:
    for sql in (
        f"SELECT * FROM {source}",
        f"DESCRIBE TABLE {source}",
        f"SELECT 1 WHERE 1 IN (SELECT 1 FROM {source})",
        f"WITH x AS (SELECT * FROM {source}) SELECT * FROM x",
    ):
        with pytest.raises(DatabaseError, match=r"code: 497(.|\n)*ACCESS_DENIED"):
            reader.command(sql)


# A function as an argument of another one: its name alone, however it stands there.
ARGUMENTS = [
    "file", "`file`", '"file"', "`fi\\x6ce`", "(file)", "((file))", "file AS f", "(file AS f)", "ALL file", "/* x */ file",
    "{f:Identifier}", "({f:Identifier})", "{f:Identifier} AS f",
]  # fmt: skip


def test_reaches_no_file_by_a_scalar_function(reader: Client) -> None:
    for sql in (
        "SELECT file('/etc/hostname')",
        "SELECT arrayMap(x -> file(x), ['/etc/hostname'])",
        "SELECT 1 IN file('x')",
        "SELECT arrayReduce('groupConcat(file(''/etc/hostname''))', ['a', 'b'])",
        "SELECT arrayReduce(concat('groupConcat(fi', 'le(''/etc/hostname''))'), ['a', 'b'])",
        "SELECT arrayReduceInRanges('groupConcat((SELECT file(''/etc/hostname'')))', [(1, 2)], ['a', 'b'])",
        "SELECT initializeAggregation('groupConcat(file(''/etc/hostname''))', 'a')",
        "SELECT arrayMap(x -> arrayReduce(x, ['a']), ['groupConcat(file(''/etc/hostname''))'])",
        "SELECT arrayMap(arrayReduce, ['groupConcat(file(''/etc/hostname''))'], [['a']])",
        "SELECT getServerSetting('config_file')",
        "SELECT structureToProtobufSchema('a UInt8 DEFAULT file(''/etc/hostname'')')",
        "SELECT structureToCapnProtoSchema('a UInt8 DEFAULT file(''/etc/hostname'')')",
        *(f"SELECT arrayMap({name}, ['/etc/hostname'])" for name in ARGUMENTS),
        "SELECT mapApply(file, map('/etc/hostname', ''))",
        "SELECT arrayMax(file, ['/etc/hostname'])",
        "FROM (SELECT ['/etc/hostname'] AS s) |> EXTEND arrayMap(file, s)",
    ):
        with pytest.raises(DatabaseError, match="ACCESS_DENIED"):
            reader.command(sql, parameters={"f": "file"})


def test_takes_no_message_from_a_queue(reader: Client, ch: Client) -> None:
    for client in (reader, ch):
        with pytest.raises(DatabaseError, match="QUERY_NOT_ALLOWED"):
            client.query("SELECT * FROM marts.queue_of_reader")
        with pytest.raises(DatabaseError, match="SETTING_CONSTRAINT_VIOLATION"):
            client.query("SELECT * FROM marts.queue_of_reader SETTINGS stream_like_engine_allow_direct_select = 1")


def test_passwords_stay_hidden(reader: Client, stack: Settings) -> None:
    show = " SETTINGS format_display_secrets_in_show_and_select = 1"
    answers = [
        reader.query("SELECT * FROM system.named_collections" + show).result_rows,
        reader.command("SHOW CREATE TABLE marts.of_reader_pg"),
        reader.command("SHOW CREATE TABLE marts.of_reader_pg" + show),
        reader.query(
            "SELECT create_table_query, engine_full FROM system.tables WHERE name = 'of_reader_pg'" + show
        ).result_rows,
    ]
    for table in ("server_settings", "processes", "stack_trace", "session_query_ids"):
        with pytest.raises(DatabaseError, match=r"code: 497(.|\n)*ACCESS_DENIED"):
            reader.query(f"SELECT * FROM system.{table}")
    assert "[HIDDEN]" in str(answers)
    assert "hush-hush" not in str(answers)
    assert stack.clickhouse_url.split(":")[2].split("@")[0] not in str(answers)


def test_the_front_writes_no_file_for_anyone(reader: Client, ch: Client) -> None:
    for client in (reader, ch):
        with pytest.raises(DatabaseError, match="INTO OUTFILE"):
            client.command("SELECT 1 INTO OUTFILE 'x'")
    with pytest.raises(DatabaseError, match="FROM INFILE"):
        ch.command("INSERT INTO marts.of_reader_t FROM INFILE '/etc/passwd' FORMAT LineAsString")


@pytest.mark.parametrize(
    "value", ["file(assumeNotNull('/etc/hostname'))", "arrayMap(x -> file(x), ['/etc/hostname'])[1]", "upper('a')"]
)
def test_data_of_the_format_values_run_no_function(reader: Client, value: str) -> None:
    """They are read with the owner's rights."""
    fine = ExternalData(file_name="x", data=b"('a'), ('b')", fmt="Values", structure="line String")
    assert reader.query("SELECT line FROM x ORDER BY 1", external_data=fine).result_rows == [("a",), ("b",)]
    data = ExternalData(file_name="x", data=f"({value})".encode(), fmt="Values", structure="line String")
    with pytest.raises(DatabaseError, match="Interpreting expressions is disabled"):
        reader.query("SELECT line FROM x", external_data=data)


@pytest.mark.parametrize(
    "structure",
    [
        "line String DEFAULT file('/etc/hostname')",
        "line String) ENGINE = File(LineAsString, '/etc/hostname') --",
        "a Int8); SELECT (1",
    ],
)
def test_external_data_opens_no_way_out(reader: Client, structure: str) -> None:
    fine = ExternalData(file_name="x", data=b"a\n", fmt="TSV", structure="line String")
    assert reader.query("SELECT line FROM x", external_data=fine).result_rows == [("a",)]
    for fmt in ("TSV", "TSV; SELECT 1"):
        data = ExternalData(file_name="x", data=b"\n", fmt=fmt, structure=structure)
        with pytest.raises(DatabaseError):
            reader.query("SELECT line FROM x", external_data=data)
