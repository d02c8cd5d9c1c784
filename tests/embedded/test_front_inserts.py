"""Inserts with data through the HTTP front: what fails is said, what is said to be written is there.

chDB's streaming insert told of 200 rows written where it had written none, so each way an insert can fail behind the
parser is tried here, with the client's binary insert and with text in a body.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from threading import Thread
from urllib.parse import urlencode, urlsplit

import psycopg2
import pytest
import urllib3
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError
from kafka import KafkaProducer

from clickvault.settings import Settings
from tests.worlds import until_answered

Post = Callable[..., str]
MONTHS = [f"{2000 + month // 12}-{month % 12 + 1:02}-01" for month in range(300)]
ROWS = 200_000


@pytest.fixture
def post(stack: Settings) -> Post:
    """POST a statement with its data behind it; the answer's text."""
    parts = urlsplit(stack.clickhouse_url)
    http = urllib3.PoolManager()
    login = urllib3.make_headers(basic_auth=f"{parts.username}:{parts.password}")

    def call(sql: str, data: bytes | str = b"", **parameters: object) -> str:
        body = sql.encode() + b"\n" + (data.encode() if isinstance(data, str) else data)
        url = f"http://{parts.hostname}:{parts.port}/?{urlencode(parameters)}"
        return http.request("POST", url, body=body, headers=login, timeout=60).data.decode("utf-8", "replace")

    return call


@pytest.fixture(autouse=True)
def database(ch: Client) -> Iterator[None]:
    ch.command("CREATE DATABASE ins")
    yield
    ch.command("DROP DATABASE ins SYNC")


def lines(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def refused(ch: Client, post: Post, table: str, rows: list[dict[str, object]], code: int, name: str) -> None:
    """The same rows by each way in; each must give the engine's error and leave the table as it was."""
    left = ch.query(f"SELECT count() FROM {table}").first_row
    columns = ", ".join(rows[0])
    for settings in ({}, {"async_insert": 1}):
        answer = post(f"INSERT INTO {table} ({columns}) FORMAT JSONEachRow", lines(rows), **settings)
        assert answer.startswith(f"Code: {code}. DB::Exception: "), answer[:300]
        assert f"({name})" in answer
    values = ", ".join("(" + ", ".join(repr(value) for value in row.values()) + ")" for row in rows)
    answer = post(f"INSERT INTO {table} ({columns}) VALUES", values)
    assert answer.startswith(f"Code: {code}. DB::Exception: "), answer[:300]
    with pytest.raises(DatabaseError, match=rf"code: {code}(.|\n)*{name}"):
        ch.insert(
            table,
            [list(row.values()) for row in rows],
            column_names=list(rows[0]),
            column_type_names=["String" if isinstance(value, str) else "UInt32" for value in rows[0].values()],
        )
    assert ch.query(f"SELECT count() FROM {table}").first_row == left


class TestRefusals:
    def test_too_many_partitions(self, ch: Client, post: Post) -> None:
        ch.command("CREATE TABLE ins.t (m String, n UInt32) ENGINE = MergeTree PARTITION BY m ORDER BY n")
        rows = lines([{"m": month, "n": 1} for month in MONTHS])
        sql = "INSERT INTO ins.t SETTINGS max_partitions_per_insert_block = 100 FORMAT JSONEachRow"
        for answer in (
            post(sql, rows),
            post("INSERT INTO ins.t FORMAT JSONEachRow", rows, max_partitions_per_insert_block=100),
        ):
            assert answer.startswith("Code: 252. DB::Exception: Too many partitions"), answer[:300]
            assert "(TOO_MANY_PARTS)" in answer
        with pytest.raises(DatabaseError, match=r"code: 252(.|\n)*TOO_MANY_PARTS"):
            ch.insert("ins.t", [[m, 1] for m in MONTHS], settings={"max_partitions_per_insert_block": 100})
        assert ch.query("SELECT count() FROM ins.t").first_row == (0,)

    def test_too_many_partitions_behind_a_view(self, ch: Client, post: Post) -> None:
        ch.command("CREATE TABLE ins.t (m String) ENGINE = Null")
        ch.command("CREATE TABLE ins.monthly (m String) ENGINE = MergeTree PARTITION BY m ORDER BY m")
        ch.command("CREATE MATERIALIZED VIEW ins.v TO ins.monthly AS SELECT m FROM ins.t")
        sql = "INSERT INTO ins.t FORMAT JSONEachRow"
        answer = post(sql, lines([{"m": m} for m in MONTHS]), max_partitions_per_insert_block=100)
        assert answer.startswith("Code: 252."), answer[:300]
        with pytest.raises(DatabaseError, match="TOO_MANY_PARTS"):
            ch.insert("ins.t", [[m] for m in MONTHS], settings={"max_partitions_per_insert_block": 100})
        assert ch.query("SELECT count() FROM ins.monthly").first_row == (0,)

    def test_a_constraint_violated_in_the_last_row(self, ch: Client, post: Post) -> None:
        constraint = f"CONSTRAINT small CHECK n < {ROWS - 1}"
        ch.command(f"CREATE TABLE ins.t (n UInt32, {constraint}) ENGINE = MergeTree ORDER BY n")
        refused(ch, post, "ins.t", [{"n": n} for n in range(ROWS)], 469, "VIOLATED_CONSTRAINT")

    def test_a_view_that_throws(self, ch: Client, post: Post) -> None:
        ch.command("CREATE TABLE ins.t (n UInt32) ENGINE = Null")
        ch.command("CREATE TABLE ins.target (n UInt32) ENGINE = MergeTree ORDER BY n")
        ch.command("CREATE MATERIALIZED VIEW ins.v TO ins.target AS SELECT n + throwIf(n = 150) AS n FROM ins.t")
        refused(ch, post, "ins.t", [{"n": n} for n in range(200)], 395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO")
        assert ch.query("SELECT count() FROM ins.target").first_row == (0,)

    def test_a_view_that_casts_badly(self, ch: Client, post: Post) -> None:
        ch.command("CREATE TABLE ins.t (s String) ENGINE = Null")
        ch.command("CREATE TABLE ins.target (n UInt32) ENGINE = MergeTree ORDER BY n")
        ch.command("CREATE MATERIALIZED VIEW ins.v TO ins.target AS SELECT toUInt32(s) AS n FROM ins.t")
        refused(ch, post, "ins.t", [{"s": "1"}, {"s": "x"}], 6, "CANNOT_PARSE_TEXT")

    def test_a_wrong_type_in_the_middle(self, ch: Client, post: Post) -> None:
        ch.command("CREATE TABLE ins.t (n UInt32) ENGINE = MergeTree ORDER BY n")
        text = "".join(f'{{"n":{n if n != ROWS // 2 else chr(34) + "x" + chr(34)}}}\n' for n in range(ROWS))
        answer = post("INSERT INTO ins.t FORMAT JSONEachRow", text)
        assert answer.startswith("Code: 27. DB::Exception: "), answer[:300]
        assert "CANNOT_PARSE_INPUT" in answer
        assert ch.query("SELECT count() FROM ins.t").first_row == (0,)

    def test_data_that_ends_too_early(self, ch: Client, post: Post) -> None:
        ch.command("CREATE TABLE ins.t (n UInt32, s String) ENGINE = MergeTree ORDER BY n")
        whole = ch.raw_query("SELECT toUInt32(number) AS n, 'abc' AS s FROM numbers(1000)", fmt="Native")
        assert post("INSERT INTO ins.t FORMAT Native", whole[:-2]).startswith("Code: 33."), "CANNOT_READ_ALL_DATA"
        assert ch.query("SELECT count() FROM ins.t").first_row == (0,)

    def test_a_refusing_postgresql(self, ch: Client, post: Post, stack: Settings) -> None:
        parts = urlsplit(stack.postgres_url)
        postgres = psycopg2.connect(stack.postgres_url)
        postgres.autocommit = True
        with postgres.cursor() as cursor:
            cursor.execute("CREATE TABLE refusing (n integer CHECK (n < 1000))")
        address = f"'{parts.hostname}:{parts.port}', '{parts.path[1:]}', 'refusing', '{parts.username}'"
        address += f", '{parts.password}'"
        ch.command(f"CREATE TABLE ins.pg (n UInt32) ENGINE = PostgreSQL({address})")
        ch.command("CREATE TABLE ins.t (n UInt32) ENGINE = Null")
        ch.command("CREATE MATERIALIZED VIEW ins.v TO ins.pg AS SELECT n FROM ins.t")
        text = lines([{"n": n} for n in range(1001)])
        for target in (f"FUNCTION postgresql({address})", "ins.pg", "ins.t"):
            answer = post(f"INSERT INTO {target} (n) FORMAT JSONEachRow", text)
            assert answer.startswith("Code: 1001. DB::Exception: "), answer[:300]
            assert "violates check constraint" in answer
            assert "(STD_EXCEPTION)" in answer
        with pytest.raises(DatabaseError, match="violates check constraint"):
            ch.insert("ins.t", [[n] for n in range(1001)])
        with postgres.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM refusing")
            assert cursor.fetchone() == (0,)
            assert post("INSERT INTO ins.t FORMAT JSONEachRow", '{"n":1}') == ""
            cursor.execute("SELECT count(*) FROM refusing")
            assert cursor.fetchone() == (1,)
            cursor.execute("DROP TABLE refusing")
        postgres.close()

    def test_input_function(self, ch: Client, post: Post) -> None:
        ch.command("CREATE TABLE ins.t (n UInt32, CONSTRAINT small CHECK n < 9) ENGINE = MergeTree ORDER BY n")
        sql = "INSERT INTO ins.t SELECT n FROM input('n UInt32') FORMAT CSV"
        assert post(sql, "1\n9\n").startswith("Code: 469.")
        assert ch.query("SELECT count() FROM ins.t").first_row == (0,)

    def test_an_unknown_format_and_an_unknown_table(self, ch: Client, post: Post) -> None:
        ch.command("CREATE TABLE ins.t (n UInt32) ENGINE = Memory")
        assert "(UNKNOWN_FORMAT)" in post("INSERT INTO ins.t FORMAT Nope", "1")
        assert "(UNKNOWN_FORMAT)" in post("INSERT INTO ins.t", default_format="CSV SETTINGS a=1")
        assert "(UNKNOWN_TABLE)" in post("INSERT INTO ins.nowhere FORMAT CSV", "1")

    def test_a_session_goes_on_after_a_refusal(self, post: Post) -> None:
        session = {"session_id": uuid.uuid4().hex}
        assert post("CREATE TEMPORARY TABLE mine (n UInt8, CONSTRAINT c CHECK n < 5)", **session) == ""
        assert post("INSERT INTO mine FORMAT JSONEachRow", '{"n":7}', **session).startswith("Code: 469.")
        assert post("INSERT INTO mine FORMAT JSONEachRow", '{"n":3}', **session) == ""
        assert post("SELECT * FROM mine", **session) == "3\n"


def test_a_killed_insert_is_an_error(ch: Client, post: Post) -> None:
    ch.command("CREATE TABLE ins.t (n UInt32) ENGINE = Null")
    ch.command("CREATE TABLE ins.target (n UInt32) ENGINE = MergeTree ORDER BY n")
    ch.command("CREATE MATERIALIZED VIEW ins.v TO ins.target AS SELECT n + sleepEachRow(0.05) AS n FROM ins.t")
    answers: list[str] = []
    small = {"max_insert_block_size": 10, "min_insert_block_size_rows": 10, "max_block_size": 10, "query_id": "slow"}
    sql = "INSERT INTO ins.t FORMAT JSONEachRow"
    thread = Thread(target=lambda: answers.append(post(sql, lines([{"n": n} for n in range(400)]), **small)))
    thread.start()
    until_answered(ch, "SELECT count() FROM system.processes WHERE Settings['log_comment'] = 'slow'", 1)
    ch.command("KILL QUERY WHERE query_id = 'slow' SYNC")
    thread.join(timeout=60)
    assert "(QUERY_WAS_CANCELLED)" in answers[0]


class TestMonths:
    """300 months in one block: tables are partitioned by month, and events come from 2000 on."""

    @pytest.fixture(autouse=True)
    def tables(self, ch: Client) -> None:
        ch.command("CREATE TABLE ins.monthly (d Date) ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY d")
        ch.command("CREATE TABLE ins.t (d Date) ENGINE = Null")
        ch.command("CREATE MATERIALIZED VIEW ins.v TO ins.monthly AS SELECT d FROM ins.t")

    def test_by_data_and_by_select(self, ch: Client, post: Post) -> None:
        assert post("INSERT INTO ins.t FORMAT JSONEachRow", lines([{"d": month} for month in MONTHS])) == ""
        ch.command("INSERT INTO ins.t SELECT toDate('2000-01-01') + toIntervalMonth(number) FROM numbers(300)")
        assert ch.query("SELECT count(), uniqExact(toYYYYMM(d)) FROM ins.monthly").first_row == (600, 300)

    def test_by_a_kafka_queue(self, ch: Client, stack: Settings) -> None:
        producer = KafkaProducer(bootstrap_servers=stack.kafka_bootstrap, acks="all", linger_ms=50)
        for month in MONTHS:
            producer.send("months", month.encode(), partition=0)
        producer.flush()
        producer.close()
        ch.command(
            "CREATE TABLE ins.queue (d String) ENGINE = Kafka SETTINGS "
            f"kafka_broker_list = '{stack.kafka_from_clickhouse}', kafka_topic_list = 'months', "
            "kafka_group_name = 'months', kafka_format = 'LineAsString', kafka_max_block_size = 65536"
        )
        ch.command("CREATE MATERIALIZED VIEW ins.consumer TO ins.monthly AS SELECT toDate(d) AS d FROM ins.queue")
        deadline = time.monotonic() + 60
        while ch.query("SELECT count() FROM ins.monthly").first_row != (300,):
            assert time.monotonic() < deadline, ch.query("SELECT * FROM system.kafka_consumers").result_rows
            time.sleep(0.5)
        parts = ch.query("SELECT uniqExact(partition) FROM system.parts WHERE database = 'ins' AND active").first_row
        assert parts == (300,)
        ch.command("DROP TABLE ins.consumer SYNC")
        ch.command("DROP TABLE ins.queue SYNC")


FORMATS = [
    "Native",
    "RowBinary",
    "RowBinaryWithNamesAndTypes",
    "Parquet",
    "ORC",
    "Arrow",
    "ArrowStream",
    "Avro",
    "MsgPack",
    "BSONEachRow",
    "TSV",
    "TSKV",
    "TSVWithNamesAndTypes",
    "CSV",
    "CSVWithNames",
    "JSONEachRow",
    "JSONCompactEachRow",
    "JSON",
    "JSONColumns",
    "Values",
    "CustomSeparated",
]


@pytest.mark.parametrize("name", FORMATS)
def test_formats(ch: Client, post: Post, name: str) -> None:
    ch.command(
        "CREATE TABLE ins.t (n UInt32, s Nullable(String), d DateTime64(3, 'UTC'), a Array(UInt8)) ENGINE = Memory"
    )
    select = (
        "SELECT toUInt32(number) AS n, if(n % 2, 'ü\\n' || n, NULL) AS s, toDateTime64(n, 3, 'UTC') AS d, [1, 2] AS a"
    )
    data = ch.raw_query(f"{select} FROM numbers(5000)", fmt=name)
    assert post(f"INSERT INTO ins.t FORMAT {name}", data) == ""
    found = ch.query("SELECT count(), sum(n), countIf(s IS NULL), max(s), max(d) = 4999, sum(length(a)) FROM ins.t")
    assert found.first_row == (5000, 12497500, 2500, "ü\n999", 1, 10000)


class TestDefaults:
    """What the data leaves out is what a server would put there."""

    COLUMNS = """
        a UInt32, b String DEFAULT concat('d', toString(a)), m UInt32 MATERIALIZED a * 2, al UInt32 ALIAS a + 1,
        n Nullable(UInt8) DEFAULT 9, nn UInt8 DEFAULT 5, lc LowCardinality(String) DEFAULT 'lc',
        t Tuple(p UInt8, q String), ne Nested(k String, v UInt8), `we``ird name` String DEFAULT b || '!', _path String
    """

    @pytest.fixture(autouse=True)
    def table(self, ch: Client) -> None:
        ch.command(f"CREATE TABLE ins.t ({self.COLUMNS}) ENGINE = MergeTree ORDER BY a")

    def rows(self, ch: Client, columns: str = "*") -> list[tuple[object, ...]]:
        return [tuple(row) for row in ch.query(f"SELECT {columns} FROM ins.t ORDER BY a").result_rows]

    def test_omitted_keys_and_nulls(self, ch: Client, post: Post) -> None:
        data = '{"a":1}\n{"a":2,"b":null,"nn":null,"n":null,"t":{"p":1,"q":"z"},"ne.k":["x"],"ne.v":[1],"_path":"p"}'
        assert post("INSERT INTO ins.t FORMAT JSONEachRow", data) == ""
        assert self.rows(ch, "a, b, m, al, n, nn, lc, t.p, t.q, ne.k, ne.v, `we``ird name`, _path") == [
            (1, "d1", 2, 2, 9, 5, "lc", 0, "", [], [], "d1!", ""),
            (2, "d2", 4, 3, None, 5, "lc", 1, "z", ["x"], [1], "d2!", "p"),
        ]

    def test_settings_that_change_it(self, ch: Client, post: Post) -> None:
        sql = "INSERT INTO ins.t (a, nn) SETTINGS input_format_defaults_for_omitted_fields = 0 FORMAT JSONEachRow"
        assert post(sql, '{"a":1}') == ""
        assert self.rows(ch, "a, nn") == [(1, 0)]
        sql = "INSERT INTO ins.t (a, nn) FORMAT CSV"
        assert "(INCORRECT_DATA)" in post(sql, "1,\\N\n", input_format_null_as_default=0)
        answer = post("INSERT INTO ins.t FORMAT JSONEachRow", '{"a":1,"zz":2}', input_format_skip_unknown_fields=0)
        assert "(INCORRECT_DATA)" in answer

    def test_a_list_in_another_order(self, ch: Client, post: Post) -> None:
        assert post("INSERT INTO ins.t (nn, `we``ird name`, a) FORMAT CSV", "10,w,1\n") == ""
        assert post("INSERT INTO ins.t (* EXCEPT (b, lc)) FORMAT JSONEachRow", '{"a":2,"b":"not read"}') == ""
        assert self.rows(ch, "a, nn, b, `we``ird name`") == [(1, 10, "d1", "w"), (2, 5, "d2", "d2!")]
        assert ch.insert("ins.t", [[3, "x"]], column_names=["a", "lc"]).written_rows == 1
        assert self.rows(ch, "a, b, lc")[2] == (3, "d3", "x")

    def test_what_may_not_be_inserted(self, post: Post) -> None:
        assert "(ILLEGAL_COLUMN)" in post("INSERT INTO ins.t (a, m) FORMAT CSV", "1,2\n")
        assert "(NO_SUCH_COLUMN_IN_TABLE)" in post("INSERT INTO ins.t (a, al) FORMAT CSV", "1,2\n")

    def test_the_table_as_a_parameter(self, ch: Client, post: Post) -> None:
        sql = "INSERT INTO {d:Identifier}.{t:Identifier} (a, b) FORMAT JSONEachRow"
        assert post(sql, '{"a":4}', param_d="ins", param_t="t") == ""
        assert self.rows(ch, "a, b") == [(4, "d4")]

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("JSONEachRow", b'{"a":1,"b":99,"e":9}\n{"a":2,"x":7}\n'),
            ("CSV", b"1,,\n2,7,\n"),
            ("Values", b"(1, DEFAULT, DEFAULT), (2, 7, DEFAULT)"),
            ("Values", b"(1, DEFAULT, DEFAULT), (2, 7, DEFAULT)" + b" " * (1 << 21)),
            ("RowBinaryWithDefaults", b"\0\1\0\0\0\1\1" + b"\0\2\0\0\0\0\7\0\1"),
        ],
    )
    def test_defaults_that_need_columns_outside_the_data(self, ch: Client, post: Post, name: str, data: bytes) -> None:
        ch.command(
            "CREATE OR REPLACE TABLE ins.t (a UInt32, m UInt8 MATERIALIZED a * 2, al UInt8 ALIAS a + 7, "
            "e UInt8 EPHEMERAL 3, b UInt8, b2 UInt8 DEFAULT b3 + 7, b3 UInt8 DEFAULT 1, x UInt16 DEFAULT m * 2 + b2 - b2, "
            "y UInt16 DEFAULT al + e + b + b2) ENGINE = MergeTree ORDER BY a"
        )
        assert post(f"INSERT INTO ins.t (a, x, y) FORMAT {name}", data) == ""
        assert self.rows(ch, "a, x, y, b, b2") == [(1, 4, 19, 0, 8), (2, 7, 20, 0, 8)]

    def test_the_same_without_a_list(self, ch: Client, post: Post) -> None:
        ch.command(
            "CREATE OR REPLACE TABLE ins.t (a UInt32, e String EPHEMERAL, `x y` UInt16 DEFAULT a + length(e) + 1, "
            "CONSTRAINT small CHECK a < 9) ENGINE = MergeTree ORDER BY a"
        )
        assert post("INSERT INTO ins.t FORMAT JSONEachRow", '{"a":1,"e":"not read"}') == ""
        assert post("INSERT INTO ins.t (a, e) FORMAT CSV", "2,four\n") == ""
        assert post("INSERT INTO ins.t FORMAT JSONEachRow", '{"a":9}').startswith("Code: 469.")
        assert self.rows(ch, "a, `x y`") == [(1, 2), (2, 7)]


def test_an_asynchronous_insert_is_there_or_an_error(ch: Client, post: Post) -> None:
    ch.command("CREATE TABLE ins.t (n UInt32, CONSTRAINT small CHECK n < 9) ENGINE = MergeTree ORDER BY n")
    for wait in (0, 1):
        settings = {"async_insert": 1, "wait_for_async_insert": wait}
        assert post("INSERT INTO ins.t FORMAT JSONEachRow", '{"n":9}', **settings).startswith("Code: 469.")
        assert post("INSERT INTO ins.t VALUES (9)", **settings).startswith("Code: 469.")
        assert post("INSERT INTO ins.t FORMAT JSONEachRow", '{"n":1}', **settings) == ""
        assert post("INSERT INTO ins.t VALUES (2)", **settings) == ""
        assert ch.query("SELECT count() FROM ins.t").first_row == (2 * wait + 2,)


TWO, ALL = "7,FORMAT\n", "7,FORMAT,3\n"


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("INSERT INTO ins.t FORMAT CSV", ALL),
        ("insert into table ins.`t` (`a b`, settings,) format CSV", TWO),
        ("INSERT /* FUNCTION ( FORMAT JSON ' */ INTO ins.t -- (\n ( /* b */ `a b`, settings) FORMAT CSV", TWO),
        ("INSERT INTO ins.t (* EXCEPT (c)) FORMAT CSV", TWO),
        ("INSERT INTO ins.t (COLUMNS(‘a|settings’)) FORMAT CSV", TWO),
        ("INSERT INTO ins.t SETTINGS format_csv_null_representation = ‘FORMAT JSON VALUES ('’ FORMAT CSV", ALL),
        ("INSERT INTO ins.t SETTINGS format_csv_null_representation = $q$ VALUES ' FORMAT $q$ FORMAT CSV;", ALL),
        ("INSERT INTO ins.t SELECT * FROM input($x$`a b` UInt8, settings String, c Int8$x$) FORMAT CSV", ALL),
    ],
)
def test_the_head_of_an_insert_is_read_as_the_engine_reads_it(ch: Client, post: Post, head: str, line: str) -> None:
    """Where data begins is found by the engine's own tokenizer: it knows more quotes than one thinks of."""
    ch.command("CREATE TABLE ins.t (`a b` UInt8, settings String, c Int8 DEFAULT 3) ENGINE = Memory")
    assert post(head, line) == ""
    assert ch.query("SELECT * FROM ins.t").result_rows == [(7, "FORMAT", 3)]


def test_what_stands_behind_the_data_is_data(ch: Client, post: Post) -> None:
    ch.command("CREATE TABLE ins.t (s String) ENGINE = Memory")
    assert post("INSERT INTO ins.t FORMAT LineAsString", "a; DROP TABLE ins.t\n'; DROP TABLE ins.t; --") == ""
    post("INSERT INTO ins.t VALUES ('b'); DROP TABLE ins.t")
    post("INSERT INTO ins.t SELECT 'c'; DROP TABLE ins.t")
    assert ch.query("SELECT count() FROM ins.t WHERE s != 'c'").first_row[0] >= 2
