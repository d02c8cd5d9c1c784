"""The embedded ClickHouse under attack: a reader with a fuzzer, malformed HTTP, a crowd of slow queries, many requests.

On a process of its own, so that what it does to the process harms no other test. There are canaries: a file, an address,
tables and a statement of the owner's. What they hold may be in no answer to the reader; the address may see nobody.
"""

from __future__ import annotations

import base64
import itertools
import os
import random
import re
import socket
import statistics
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import urllib3
import zstandard

from clickvault.embedded import clickhouse, process
from clickvault.embedded.front import config
from clickvault.embedded.front.app import READERS, THREADS
from clickvault.embedded.front.sessions import MOST
from clickvault.embedded.state import State

SECRET = "canary-in-a-coal-mine"
LIMITS = {"max_execution_time": 2, "max_result_rows": 1000, "result_overflow_mode": "break"}


@dataclass
class Server:
    """A front of its own, with what must not be reached through it."""

    state: State
    secret: Path  # a file
    written: Path  # a folder where nothing may appear
    trap: socket.socket
    callers: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.port = self.state.port("clickhouse")
        self.http = urllib3.PoolManager(maxsize=100)
        self.child = self.state.process("clickhouse")

    def ask(self, sql: str | bytes, user: str = clickhouse.READER, /, **parameters: object) -> str:
        secret = self.state.secret("clickhouse" if user == clickhouse.OWNER else "clickhouse_reader")
        url = f"http://127.0.0.1:{self.port}/?{urlencode({'wait_end_of_query': 1, **parameters})}"
        body = sql.encode() if isinstance(sql, str) else sql
        login = urllib3.make_headers(basic_auth=f"{user}:{secret}")
        return self.http.request("POST", url, body=body, headers=login, timeout=90, retries=False).data.decode(
            "utf-8", "replace"
        )

    def with_table(
        self, structure: str, sql: str = "SELECT * FROM x", data: bytes = b"", /, **parameters: object
    ) -> str:
        """The answer to a statement of the reader's with a table `x`, in CSV."""
        url = f"http://127.0.0.1:{self.port}/?{urlencode(parameters)}"
        login = urllib3.make_headers(basic_auth=f"reader:{self.state.secret('clickhouse_reader')}")
        fields = {"query": sql, "x_format": "CSV", "x_structure": structure, "x": ("x", data)}
        answer = self.http.request("POST", url, fields=fields, headers=login, timeout=90, retries=False)
        return answer.data.decode("utf-8", "replace")

    def owner(self, sql: str, **parameters: object) -> str:
        answer = self.ask(sql, clickhouse.OWNER, **parameters)
        assert not answer.startswith("Code: "), answer
        return answer.rstrip("\n")

    def same_process(self) -> bool:
        assert self.child is not None
        return self.child.alive() and self.owner("SELECT 1") == "1"

    def files(self) -> int:
        assert self.child is not None
        return len(os.listdir(f"/proc/{self.child.pid}/fd"))

    def memory(self) -> float:
        """Resident memory in MB."""
        assert self.child is not None
        found = re.search(r"VmRSS:\s*(\d+)", Path(f"/proc/{self.child.pid}/status").read_text())
        assert found is not None
        return int(found[1]) / 1024


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("hostile")
    home = folder / "home"
    (home / "logs").mkdir(parents=True)
    secret = folder / "secret"
    secret.write_text(f"{SECRET},1\n")
    (folder / "written").mkdir()
    state = State(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLICKVAULT_CLICKHOUSE_NAMES", "vault.internal, other")
        patch.setenv("A_PASSWORD", SECRET)
        clickhouse.start(state, threading.Event())
    with socket.create_server(("127.0.0.1", 0), backlog=100) as trap:
        found = Server(state, secret, folder / "written", trap)
        threading.Thread(target=_watch, args=(found,), daemon=True).start()
        for sql in (
            "CREATE DATABASE marts", "CREATE DATABASE landing", "CREATE DATABASE hidden",
            "CREATE TABLE marts.t (a Int32, s String) ENGINE = MergeTree ORDER BY a",
            "INSERT INTO marts.t VALUES (1, 'one'), (2, 'two')",
            "CREATE TABLE landing.events (source String, raw String) ENGINE = MergeTree ORDER BY source",
            f"INSERT INTO landing.events VALUES ('s', '{SECRET}')",
            f"CREATE TABLE hidden.t ENGINE = MergeTree ORDER BY s AS SELECT '{SECRET}' AS s",
            "CREATE DICTIONARY hidden.d (s String, v String) PRIMARY KEY s SOURCE(CLICKHOUSE(QUERY 'SELECT s, s AS v FROM hidden.t')) LAYOUT(COMPLEX_KEY_DIRECT())",
            "CREATE TABLE hidden.j (a Int32, s String) ENGINE = Join(ANY, LEFT, a)",
            f"INSERT INTO hidden.j VALUES (1, '{SECRET}')",
            f"CREATE NAMED COLLECTION hidden AS url = 'http://127.0.0.1:{trap.getsockname()[1]}/', format = 'CSV', access_key_id = '{SECRET}'",
        ):  # fmt: skip
            found.owner(sql)
        yield found
    child = state.process("clickhouse")
    if child is not None:
        process.stop(child)


def _watch(front: Server) -> None:
    with suppress(OSError):
        while True:
            connection, address = front.trap.accept()
            front.callers.append(str(address))
            connection.close()


# --- statements


def literals(front: Server) -> list[str]:
    """Texts that mean something to functions that reach out."""
    address = f"127.0.0.1:{front.trap.getsockname()[1]}"
    return [
        f"'{front.secret}'", f"'file://{front.secret}'", f"'http://{address}/x'", f"'{address}'", "'hidden.d'", "'hidden.t'",
        "'hidden.j'", f"'{front.written}/f'", "'SELECT 1'", "'a String'", "'CSV'", "1", "0.5", "[1, 2]", "now()", "NULL",
        "(1, 'a')", "map('a', 1)", "toDate('2026-01-01')", f"$x${front.secret}$x$", f"‘{front.secret}’", "x -> x",
    ]  # fmt: skip


def sources(front: Server, name: str, random_: random.Random) -> Iterator[str]:
    """Calls of a table function."""
    path, written = f"'{front.secret}'", f"'{front.written}/f'"
    address = f"127.0.0.1:{front.trap.getsockname()[1]}"
    hidden = f"'a String, s String ALIAS file({chr(92)}'{front.secret}{chr(92)}')'"
    yield from (
        f"{name}({some})"
        for some in (
            "", path, f"{path}, 'CSV'", f"{path}, 'LineAsString', 'line String'", f"{written}, 'CSV', 'a String'",
            f"'http://{address}/x'", f"'http://{address}/x', 'CSV', 'a String'", f"'{address}', 'hidden', 't', 'u', 'p'",
            f"'{address}', hidden.t", f"'{address}', 'hidden', 't'", "hidden", "hidden, t", "hidden.t", "'hidden', 't'",
            "'hidden', '.*'", "hidden, filename = 'x'", "'hidden.d'", hidden, f"{hidden}, 'x'", f"CSV, {hidden}, 'x'",
            f"(SELECT file({path}))", f"SELECT file({path})", f"'SELECT file({chr(92)}'{front.secret}{chr(92)}')'",
            f"Values, 'a String', '(file({chr(92)}'{front.secret}{chr(92)}'))'", "10", "1, 10",
            "'EXPLAIN', '', (SELECT * FROM hidden.t)", "landing.events", "landing, events", "system.processes",
            f"azure, '{address}'", f"'{address}', 1, 'x', 'a String'",
        )
    )  # fmt: skip
    some = literals(front)
    for count in (1, 2, 3, 4, 5, 6):
        yield f"{name}({', '.join(random_.choice(some) for _ in range(count))})"


def wrapped(call: str, random_: random.Random) -> str:
    """A statement around a table function."""
    return random_.choice(
        [
            f"SELECT * FROM {call}", f"DESCRIBE TABLE {call}", f"SELECT 1 WHERE 1 IN (SELECT 1 FROM {call})",
            f"WITH x AS (SELECT * FROM {call}) SELECT * FROM x", f"EXPLAIN SELECT * FROM {call}", f"SELECT 1 IN {call}",
            f"EXPLAIN AST SELECT * FROM {call}", f"EXPLAIN TABLE OVERRIDE {call}", f"SELECT * FROM view(SELECT * FROM {call})",
            f"SELECT * FROM marts.t JOIN {call} AS b ON 1", f"INSERT INTO FUNCTION {call} SELECT 'x'", f"FROM {call} SELECT *",
            f"SELECT (SELECT count() FROM {call})", f"SELECT * FROM {call} SETTINGS max_threads = 1 FORMAT JSON",
            f"SELECT * FROM viewIfPermitted(SELECT * FROM {call} ELSE null('a String'))", f"CHECK TABLE {call}",
        ]
    )  # fmt: skip


def calls(front: Server, name: str, random_: random.Random) -> Iterator[str]:
    """Statements with a function."""
    some = literals(front)
    args = ", ".join(random_.choice(some) for _ in range(random_.randint(0, 4)))
    path = f"'{front.secret}'"
    yield f"SELECT {name}({path})"
    yield f"SELECT arrayMap({name}, [{path}])"
    yield random_.choice(
        [
            f"SELECT {name}({args})", f"SELECT * APPLY {name} FROM (SELECT {path})", f"SELECT `{name}`({args})",
            f'SELECT "{name}"({args}) FROM marts.t', f"SELECT arrayMap(x -> {name}(x), [{path}])", f"SELECT {name}('hidden.d', 'v', tuple('{SECRET[:5]}'))",
            f"SELECT /* ( */ {name} -- x\n ({args})", f"SELECT a FROM marts.t WHERE {name}({args}) != ''", f"SELECT {name}('hidden.j', 's', 1)",
            f"SELECT * FROM marts.t ORDER BY {name}({args})", f"SELECT {name}({path}, 'x') FORMAT JSON", f"SELECT {name}(1)({args})",
            f"WITH {name}({path}) AS x SELECT x", f"SELECT COLUMNS('s') APPLY(x -> {name}(x)) FROM (SELECT {path} AS s)",
            f"SELECT {name}(DISTINCT s) OVER () FROM marts.t", f"EXPLAIN QUERY TREE SELECT {name}({args})",
            f"SELECT 1 SETTINGS additional_result_filter = '{name}({chr(92)}'{front.secret}{chr(92)}') != {chr(92)}'{chr(92)}''",
            f"SELECT * FROM (SELECT 1 SETTINGS select = '{name}({chr(92)}'{front.secret}{chr(92)}')')",
        ]
    )  # fmt: skip


def tricks(front: Server, random_: random.Random) -> Iterator[str]:
    """Quotes of all kinds, comments, heredocs and several statements, around what must not happen."""
    out = f"{front.written}/f"
    harms = [
        f"INTO OUTFILE '{out}'", f"; SELECT '{SECRET[:3]}' INTO OUTFILE '{out}'", f"; SELECT file('{front.secret}')",
        "; DROP TABLE marts.t", "; SET ROLE owner; SELECT * FROM hidden.t", "UNION ALL SELECT raw FROM landing.events",
        "PARALLEL WITH DROP TABLE marts.t", f", file('{front.secret}')", "; INSERT INTO marts.t VALUES (3, 'x')",
        f"FORMAT Template SETTINGS format_template_row = '{front.secret}'", "; KILL QUERY WHERE 1",
        f"SETTINGS output_format_schema = '{out}', format_protobuf_use_autogenerated_schema = 1 FORMAT Protobuf",
        "SETTINGS profile = 'default'", "SETTINGS dialect = 'kusto'", "SETTINGS readonly = 0", "UNION ALL SELECT s FROM hidden.t",
    ]  # fmt: skip
    opening = [
        "'",
        '"',
        "`",
        "‘",
        "“",
        "$$",
        "$a$",
        "/*",
        "--",
        "#!",
        "# ",
        "(",
        "{",
        "\\'",
        "''",
        "x'",
        "b'",
        "\x00",
        "\\",
        "\ufeff",
        "\xa0",
    ]
    closing = ["'", '"', "`", "’", "”", "$$", "$a$", "*/", "\n", ")", "}", ";", "", "\r", "\t", "\x0b", "\u2028"]
    kinds = [
        "SELECT",
        "EXPLAIN AST SELECT",
        "EXPLAIN SYNTAX SELECT",
        "DESCRIBE TABLE (SELECT",
        "WITH x AS (SELECT 1) SELECT",
        "SHOW TABLES LIKE",
        "SET param_x =",
        "USE",
        "(SELECT",
        "EXISTS",
        "",
        "CHECK TABLE",
        "SET",
        "EXECUTE AS reader SELECT",
    ]
    while True:
        inner = "".join(random_.choice(opening + closing + ["1", "a", " ", ","]) for _ in range(random_.randint(0, 4)))
        yield (
            f"{random_.choice(kinds)} {random_.choice(opening)}{inner}{random_.choice(closing)} "
            f"{random_.choice([*opening, ' '])} {random_.choice(harms)} {random_.choice(closing)}"
        )


OTHER_VALUES = {
    "Bool": "1", "UInt64": "7", "Map": "{'marts.t': '1'}", "Dialect": "kusto", "OverflowMode": "break", "LogsLevel": "trace",
    "OverflowModeGroupBy": "any", "URI": "http://127.0.0.1:1/", "StreamingHandleErrorMode": "stream",
}  # fmt: skip


def fixed(front: Server) -> Iterator[tuple[str, dict[str, str]]]:
    """Ways to change what is fixed for the reader, to values that the engine would take."""
    names = config.fixed_settings()
    kinds = dict(line.split("\t") for line in front.owner("SELECT name, type FROM system.settings").split("\n"))
    assert names - {"profile"} <= kinds.keys()
    values = {name: OTHER_VALUES.get(kinds.get(name, ""), "elsewhere") for name in names}
    on = [n for n in names if kinds.get(n) == "Bool" and front.ask(f"SELECT getSetting('{n}')") == "true\n"]
    values |= {"profile": "default", "readonly": "0", "format_schema_source": "string", "compatibility": "24.1"}
    values |= dict.fromkeys(on, "0")
    for name, value in sorted(values.items()):
        text = value if kinds.get(name) in ("Bool", "UInt64", "Map") else f"'{value}'"
        yield f"SET {name} = {text}", {}
        yield f"SELECT 1 SETTINGS {name} = {text}", {}
        yield f"SELECT * FROM (SELECT 1 SETTINGS {name} = {text})", {}
        yield f"SELECT * FROM view(SELECT 1 SETTINGS max_threads = 1, `{name}` = {text})", {}
        yield f"WITH a AS (SELECT 1 SETTINGS /* x */ {name} = {text}) SELECT * FROM a", {}
        yield "SELECT 1", {name: value}


def test_a_fuzzer_as_the_reader_reaches_nothing(front: Server) -> None:
    """Over every table function and every function of the engine; at least 5,000 statements."""
    random_ = random.Random(7)
    names = front.owner("SELECT name FROM system.functions").split("\n")
    tables = front.owner("SELECT name FROM system.table_functions").split("\n")
    assert len(names) > 1500
    assert len(tables) > 90
    statements = [
        wrapped(call, random_) for name in tables for call in random_.sample(list(sources(front, name, random_)), 14)
    ]
    made = itertools.count()
    statements += [
        wrapped(f"{name}('{front.written}/{next(made)}'{rest})", random_)
        for name in tables
        for rest in ("", ", 't'", ", 't', 'a String'")
    ]
    statements += [sql for name in names for sql in calls(front, name, random_)]
    trick = tricks(front, random_)
    statements += [next(trick) for _ in range(1200)]
    assert len(statements) >= 5000
    before = state_of(front)
    marker = threading.Event()
    busy = threading.Thread(target=_keep_busy, args=(front, marker), daemon=True)
    busy.start()

    def send(sql: str) -> tuple[str, str]:
        return sql, front.ask(sql.encode(), **LIMITS)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(send, statements))
    marker.set()
    busy.join(timeout=60)
    assert [sql for sql, answer in answers if SECRET in answer] == []
    codes = Counter(found[1] if (found := re.match(r"Code: (\d+)", answer)) else "done" for _, answer in answers)
    assert codes["497"] > 300, codes
    assert codes["done"] > 300, codes  # the fuzzer's statements are not all nonsense
    for sql, parameters in fixed(front):
        answer = front.ask(sql, **parameters)
        assert re.match(r"Code: (452|164)\.", answer), (sql, parameters, answer)
    assert state_of(front) == before
    assert os.listdir(front.written) == []
    assert front.callers == []
    assert "canary" not in (front.state.home / "logs" / "clickhouse.log").read_text(errors="replace")
    assert front.same_process()


# Settings whose value is a text and which name a form, a codec, a mark: nothing that is run, read, written or reached.
# fmt: off
HARMLESS_TEXTS = """
    bool_false_representation bool_true_representation chdb_client_name column_names_for_schema_inference compression
    count_distinct_implementation database default_format distributed_cache_client_id distributed_cache_file_cache_name
    distributed_plan_force_exchange_kind errors_output_format exclude_materialize_skip_indexes_on_insert filesystem_cache_name
    force_data_skipping_indices force_optimize_projection_name format format_csv_null_representation format_custom_field_delimiter
    format_custom_result_after_delimiter format_custom_result_before_delimiter format_custom_row_after_delimiter
    format_custom_row_before_delimiter format_custom_row_between_delimiter format_json_object_each_row_column_for_object_name
    format_regexp format_schema_message_name format_template_rows_between_delimiter format_tsv_null_representation framing_output_format
    iceberg_metadata_compression_method ignore_data_skipping_indices input_format input_format_mysql_dump_table_name
    input_format_orc_reader_time_zone_name insert_deduplication_token local_filesystem_read_method log_comment metrics_perf_events_list
    network_compression_method output_format output_format_avro_codec output_format_avro_confluent_subject
    output_format_avro_string_column_pattern output_format_image_terminal_mode output_format_orc_writer_time_zone_name
    output_format_pretty_grid_charset output_format_sql_insert_table_name preferred_optimize_projection_name query_cache_tag
    remote_filesystem_read_method s3_upload_checksum_algorithm s3queue_default_zookeeper_path temporary_files_codec
    trace_profile_events_list
""".split()  # noqa: SIM905
# fmt: on


def test_every_setting_with_a_text_is_fixed_or_known(front: Server) -> None:
    """SQL in a setting is run where no check of a statement sees it; a new version of the engine may bring another."""
    texts = front.owner(
        "SELECT name FROM system.settings WHERE type IN ('String', 'Map', 'URI') AND NOT is_obsolete"
    ).split("\n")
    assert set(texts) - config.fixed_settings() == set(HARMLESS_TEXTS)


def _keep_busy(front: Server, ended: threading.Event) -> None:
    """A statement of the owner's is always to be seen by who may see it."""
    while not ended.is_set():
        front.owner(f"SELECT sleepEachRow(0.5), '{SECRET}' FROM numbers(4) SETTINGS max_block_size = 1")


def state_of(front: Server) -> list[str]:
    """All that a reader could have changed."""
    return [
        front.owner("SELECT groupArray((a, s)) FROM (SELECT * FROM marts.t ORDER BY a)"),
        front.owner(
            "SELECT groupArray(database || '.' || name) FROM (SELECT * FROM system.tables WHERE database != 'system' ORDER BY ALL)"
        ),
        front.owner(
            "SELECT groupArray(name) FROM (SELECT name FROM system.functions WHERE origin != 'System' ORDER BY name)"
        ),
        front.owner("SELECT groupArray(name) FROM (SELECT name FROM system.named_collections ORDER BY name)"),
        front.owner(
            "SELECT groupArray((role_name, access_type, database, table)) FROM (SELECT * FROM system.grants ORDER BY ALL)"
        ),
    ]


# --- tables of the reader's own


@pytest.mark.parametrize(
    "rest",
    [
        ", PROJECTION p (SELECT CAST({call}, 'UInt8'))", ", INDEX i {call} TYPE minmax", ", CONSTRAINT c CHECK {call} = 'x'",
        ", CONSTRAINT c ASSUME {call} = 'x'", " DEFAULT {call}", " MATERIALIZED {call}", " ALIAS {call}", " EPHEMERAL {call}",
        " TTL toDate({call})", " CODEC(ZSTD({call}))", " COMMENT {call}", " COLLATE binary", " STATISTICS(TDigest)", ", b DEFAULT {call}",
        ", PRIMARY KEY a", ", b DateTime('file:{path}')", ", b Array(Nullable(DateTime64(3, 'file:{path}')))", ", b Nothing2",
        ", b FixedString({call})", ", b AggregateFunction(sum, {call})", ", b AggregateFunction(quantile({call}), UInt8)",
        ", b JSON(SKIP REGEXP '{path}')", ", b Enum8('a' = {call})", ") ENGINE = File(CSV, '{path}') --", ", b Tuple(x UInt8 DEFAULT {call})",
    ],
)  # fmt: skip
def test_the_structure_of_a_table_is_names_and_types(front: Server, rest: str) -> None:
    structure = "a String" + rest.format(call=f"file('{front.secret}')", path=front.secret)
    answer = front.with_table(structure, "SELECT 1")
    assert re.match(r"Code: (36|62)\.", answer), answer
    assert SECRET not in answer


def test_tables_of_all_types_are_served(front: Server) -> None:
    structure = (
        "a String, `b c` Nullable(Int8), c DateTime('Europe/Berlin'), d DateTime64(3, 'UTC'), e Enum8('x' = -1, 'y'' z' = 2), "
        "f Array(Tuple(m UInt8, n String)), g Map(String, Array(UInt8)), h Decimal(10, 2), i FixedString(3), j LowCardinality(String), "
        "k DOUBLE PRECISION, l int, m JSON(max_dynamic_paths = 3), n Nested(x UInt8, y DateTime), o Enum('p', 'q'), p Variant(UInt8, String), "
        "q AggregateFunction(quantiles(0.5, 0.9), UInt8), r SimpleAggregateFunction(sum, UInt64), s Tuple()"
    )
    assert front.with_table(structure, "SELECT count() FROM x") == "0\n"
    assert (
        front.with_table("a String, b UInt8", "SELECT a, b, currentRoles() FROM x", b"one,1\n")
        == "one\t1\t['reader']\n"
    )


def test_a_session_that_does_not_get_its_role_back_ends(front: Server) -> None:
    """A setting of the client's lets the statements of the front's own fail, in the middle of a request."""
    lines = b"".join(b"%d,%d\n" % (n, n) for n in range(200_000))
    filling = "SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO %x%INFILE%'"
    answers: list[str] = []
    for size in (4, 8, 16):
        for number in range(3):
            session = f"role{size}-{number}"
            request = threading.Thread(
                target=lambda s=session, n=size: answers.append(  # type: ignore[misc]
                    front.with_table(
                        "a UInt64, b UInt64",
                        "SELECT 1",
                        lines * n,
                        session_id=s,
                        max_concurrent_queries_for_all_users=3,
                    )
                )
            )
            request.start()
            deadline = time.monotonic() + 60
            while request.is_alive() and front.owner(filling) == "0":
                assert time.monotonic() < deadline
            with ThreadPoolExecutor(3) as pool:
                list(pool.map(lambda _: front.owner("SELECT sleep(3)"), range(3)))
            request.join(timeout=90)
            assert front.ask("SELECT currentRoles()", session_id=session, close_session=1) == "['reader']\n"
        if any("Code: 202" in answer for answer in answers):
            break
    assert any("Code: 202" in answer for answer in answers), "no statement of the front's own has failed"


def test_a_structure_has_a_largest_size(front: Server) -> None:
    columns = ", ".join(f"a{n} String" for n in range(8_000))
    assert "at most 20000 tokens" in front.with_table(columns, "SELECT 1")
    assert front.with_table("a String" + " " * (1 << 20), "SELECT 1").startswith("Code: 62.")


def test_a_table_that_is_not_there_is_unknown(front: Server) -> None:
    for sql in ("SELECT * FROM ads", "SELECT count() FROM default.ads", "SELECT 1 IN (SELECT a FROM `ads`)"):
        assert front.ask(sql).startswith("Code: 60."), sql
    assert front.ask("SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')").startswith("Code: 497.")


# --- functions that read SQL out of a text


def test_no_function_reads_a_file_by_a_text_of_sql(front: Server) -> None:
    """Every function and table function, with a structure whose default reads a file, in each place, also computed.

    Whether the file was opened is seen by the file, and not only by the answer: behind the fence nothing would be in it.
    """
    inner = f"file(\\'{front.secret}\\')"
    column, default = f"'a UInt8 ALIAS CAST({inner} AS UInt8)'", f"'a UInt8 DEFAULT CAST({inner} AS UInt8)'"
    computed = f"concat('a UInt8 ALIAS CAST(fi', 'le(\\'{front.secret}\\') AS UInt8)')"
    named = f"'groupConcat({inner})'"
    names = front.owner("SELECT name FROM system.functions WHERE name NOT LIKE 'sleep%'").split("\n")
    tables = front.owner("SELECT name FROM system.table_functions").split("\n")
    calls_ = (f"({default})", f"({default}, 'a')", f"('a', {default})", f"({named}, ['a'])", f"({named}, 'a')")
    of_tables = (
        "({0})",
        "({0}, '1')",
        "('a', {0})",
        "('a', 'CSV', {0})",
        "(CSV, {0}, '1')",
        "('a', 'b', 'c', 'd', 'e', {0})",
    )
    statements = [f"SELECT {name}{call}" for name in names for call in calls_]
    statements += [
        f"DESCRIBE TABLE {name}{call.format(text)}"
        for name in tables
        for call in of_tables
        for text in (column, computed)
    ]
    random.Random(3).shuffle(statements)

    def send(sql: str) -> str:
        answer = front.ask(sql.encode(), max_execution_time=2)
        return sql if SECRET in answer or (str(front.secret) in answer and "Permission denied" in answer) else ""

    with ThreadPoolExecutor(6) as pool:
        assert [sql for sql in pool.map(send, statements) if sql] == []


# --- the fence


def fenced(front: Server) -> None:
    if "no fence" in (front.state.home / "logs" / "clickhouse.log").read_text(errors="replace"):
        pytest.skip("this kernel has no Landlock")


def test_the_system_keeps_the_files_of_the_user(front: Server) -> None:
    """As the owner, whom no check of ours stops."""
    fenced(front)
    for path in (front.secret, "/etc/passwd", front.state.home / "stack.json", "/proc/1/environ", f"/proc/{os.getpid()}/environ", Path.home() / ".ssh"):  # fmt: skip
        for sql in (f"SELECT file('{path}')", f"SELECT * FROM file('{path}', 'LineAsString', 'line String')"):
            answer = front.ask(sql, clickhouse.OWNER)
            assert re.match(r"Code: (76|107|731|1001)\.|Code: .*(Permission denied|doesn't exist)", answer), (
                sql,
                answer,
            )
            assert SECRET not in answer
    for sql in (
        f"INSERT INTO FUNCTION file('{front.written}/f', 'CSV', 'a String') SELECT 'x'",
        f"SELECT * FROM sqlite('{front.written}/s', 't')",
        f"CREATE TABLE hidden.f (a String) ENGINE = Log SETTINGS disk = disk(type = local, path = '{front.written}/')",
    ):
        assert front.ask(sql, clickhouse.OWNER).startswith("Code: "), sql
    assert os.listdir(front.written) == []
    assert "root:" not in front.ask(
        "SELECT * FROM file('/proc/self/root/etc/passwd', 'LineAsString')", clickhouse.OWNER
    )


def test_the_engine_works_behind_the_fence(front: Server) -> None:
    """Parts are moved from folder to folder, sorts and joins go to the disk, a name is looked up."""
    for sql in (
        "CREATE TABLE marts.moves (a UInt64, s String) ENGINE = MergeTree ORDER BY a PARTITION BY a % 2",
        "INSERT INTO marts.moves SELECT number, toString(number) FROM numbers(1000)",
        "ALTER TABLE marts.moves UPDATE s = 'x' WHERE a = 1 SETTINGS mutations_sync = 1",
        "ALTER TABLE marts.moves DETACH PARTITION 0", "ALTER TABLE marts.moves ATTACH PARTITION 0", "OPTIMIZE TABLE marts.moves FINAL",
        "ALTER TABLE marts.moves FREEZE", "CREATE TABLE marts.moves_2 AS marts.moves", "ALTER TABLE marts.moves_2 ATTACH PARTITION 0 FROM marts.moves",
        "RENAME TABLE marts.moves_2 TO hidden.moves_2", "DROP TABLE hidden.moves_2 SYNC",
    ):  # fmt: skip
        assert front.owner(sql) == ""
    sort = "SELECT number FROM numbers(3000000) ORDER BY sipHash64(number) LIMIT 1 SETTINGS max_bytes_before_external_sort = 1000000, max_bytes_ratio_before_external_sort = 0"
    assert front.owner(sort)
    assert front.owner("SELECT count() FROM marts.moves") == "1000"
    front.owner("DROP TABLE marts.moves SYNC")
    port = front.trap.getsockname()[1]
    before = len(front.callers)
    front.ask(
        f"SELECT * FROM url('http://localhost:{port}/x', 'CSV', 'a String') SETTINGS http_max_tries = 1",
        clickhouse.OWNER,
    )
    deadline = time.monotonic() + 10
    while len(front.callers) == before:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    front.callers.clear()


def test_no_password_stands_in_the_environment(front: Server) -> None:
    assert front.child is not None
    assert SECRET not in Path(f"/proc/{front.child.pid}/environ").read_text(errors="replace")
    assert SECRET not in front.ask(
        "SELECT * FROM file('/proc/self/environ', 'LineAsString', 'line String')", clickhouse.OWNER
    )


def test_time_zones_are_the_engines_own(front: Server) -> None:
    """One of a file's would be kept under each spelling of its path, 4 MB each; one that is a pipe's end would be waited for."""
    fenced(front)
    assert front.child is not None
    folder = Path(f"/proc/{front.child.pid}/fd")
    pipes = [path.name for path in folder.iterdir() if path.exists() and path.is_fifo()]
    assert pipes, "the engine has some"
    paths = [f"file:/proc/self/fd/{name}" for name in pipes]
    paths += [
        "file:/usr/share/zoneinfo/Europe/Berlin",
        "file:Europe/Berlin",
        "Europe/./Berlin",
        "Europe//Berlin",
        "posix/Europe/Berlin",
    ]
    before = front.memory()
    for path in paths:
        for sql in (
            f"SELECT toTimeZone(toDateTime('2026-01-01 00:00:00', 'UTC'), '{path}')",
            f"SELECT toTimeZone(toDateTime('2026-01-01 00:00:00', 'UTC'), concat('{path[:4]}', '{path[4:]}'))",
            f"SELECT CAST(now(), concat('DateTime(', char(39), '{path}', char(39), ')'))",
            f"SELECT 1 SETTINGS session_timezone = '{path}'",
        ):
            assert front.ask(sql).startswith("Code: 36."), sql
    assert front.memory() < before + 50
    assert (
        front.ask("SELECT toTimeZone(toDateTime('2026-01-01 00:00:00', 'UTC'), 'Asia/Kathmandu')")
        == "2026-01-01 05:45:00\n"
    )


# --- HTTP


def requests(front: Server, random_: random.Random) -> Iterator[bytes]:
    """Requests that are wrong somewhere."""

    def login(user: str, secret: str) -> bytes:
        return b"Basic " + base64.b64encode(f"{user}:{secret}".encode())

    owner = login(clickhouse.OWNER, front.state.secret("clickhouse"))
    reader = login(clickhouse.READER, front.state.secret("clickhouse_reader"))
    anything = [bytes([n]) for n in range(256)] + [b"\r\n", b"\r\n\r\n", b"%00", b"%0d%0a", b"%ff", b"\xe2\x80\x98"]

    def noise(most: int) -> bytes:
        return b"".join(random_.choice(anything) for _ in range(random_.randint(1, most)))

    def value(most: int = 12) -> bytes:
        return quote(noise(most)).encode()

    names = [b"query_id", b"session_id", b"session_timeout", b"database", b"default_format", b"compress", b"decompress", b"user", b"password",
             b"param_x", b"max_threads", b"wait_end_of_query", b"close_session", b"x_format", b"x_structure", b"role", b"quota_key", b"log_comment"]  # fmt: skip
    fields = [b"X-ClickHouse-Query-Id", b"X-ClickHouse-Format", b"X-ClickHouse-Database", b"X-ClickHouse-User", b"X-ClickHouse-Key", b"Content-Encoding",
              b"Accept-Encoding", b"Content-Type", b"Transfer-Encoding", b"Content-Length", b"Expect", b"Upgrade", b"Connection", b"Host", b"Authorization", b"Range"]  # fmt: skip
    values = [b"gzip", b"lz4", b"zstd", b"deflate", b"chunked", b"-1", b"99999999999", b"0", b"100-continue", b"websocket", b"evil.example",
              b"multipart/form-data", b"multipart/form-data; boundary=x", b"Basic //8=", b"Basic x", b"Bearer x", b"Upgrade", b"1" * 5000]  # fmt: skip
    bodies = [b"SELECT 1", b"SELECT number FROM numbers(100000)", b"SELECT 1 FORMAT JSON", b"", b"INSERT INTO marts.t FORMAT Native\n\x01\x02",
              b"--x\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT 1\r\n--x--", b"--x\r\nContent-Disposition: form-data; name=\"x\"; filename=\"x\"\r\n\r\n1\r\n--x--",
              b"SELECT {x:String}", b"SELECT '\xff\x00'", b"\x1f\x8b\x08\x00", b"\x28\xb5\x2f\xfd", bytes(25), b"SELECT throwIf(number = 90000) FROM numbers(100000)"]  # fmt: skip
    while True:
        body = random_.choice(bodies) if random_.random() < 0.8 else noise(60)
        query = b"&".join(random_.choice(names) + b"=" + value() for _ in range(random_.randint(0, 4)))
        if random_.random() < 0.3:
            query += b"&query=" + quote(random_.choice(bodies)).encode()
        method = random_.choice([b"POST", b"POST", b"GET", b"HEAD", b"PUT", b"OPTIONS", noise(4)])
        path = random_.choice(
            [b"/", b"/", b"/", b"/query", b"/ping", b"//", b"/%2e%2e/", b"http://evil.example/", b"*", noise(6)]
        )
        lines = [method + b" " + path + b"?" + query + b" HTTP/1." + random_.choice([b"1", b"1", b"1", b"0", b"9"])]
        lines.append(b"Host: 127.0.0.1")
        lines.append(b"Authorization: " + random_.choice([owner, reader, reader, b"Basic eDp5"]))
        for _ in range(random_.randint(0, 3)):
            lines.append(
                random_.choice(fields) + b": " + (random_.choice(values) if random_.random() < 0.7 else noise(10))
            )
        if random_.random() < 0.7:
            lines.append(b"Content-Length: " + str(len(body) + random_.choice([0, 0, 0, 0, 5, -1])).encode())
        else:
            lines.append(b"Transfer-Encoding: chunked")
            body = (
                b"%x\r\n" % len(body) + body + random_.choice([b"\r\n0\r\n\r\n", b"\r\n0\r\n\r\n", b"", b"\r\nzz\r\n"])
            )
        text = b"\r\n".join(lines) + b"\r\n\r\n" + body
        if random_.random() < 0.3:
            place = random_.randrange(len(text))
            text = text[:place] + noise(3) + text[place + random_.randint(0, 2) :]
        yield text * (2 if random_.random() < 0.05 else 1)


def test_no_request_ends_the_process(front: Server) -> None:
    """10,000 malformed requests, many of them left in the middle; afterwards the same process answers."""
    make = requests(front, random.Random(11))
    texts = [next(make) for _ in range(10_000)]
    statuses: Counter[str] = Counter()

    def send(text: bytes) -> None:
        patience = 2.0 if sum(text) % 8 == 0 and b"Basic eDp5" not in text else 0.01  # most leave before the answer
        with suppress(OSError), socket.create_connection(("127.0.0.1", front.port), timeout=10) as connection:
            connection.settimeout(patience)
            connection.sendall(text)
            statuses[connection.recv(12)[9:].decode("latin-1")] += 1

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(send, texts))
    assert front.same_process()
    assert {"200", "400"} <= statuses.keys(), statuses


def raw(front: Server, text: str, body: bytes = b"") -> str:
    """The answer to a request, with the reader's login where it says LOGIN."""
    login = base64.b64encode(f"reader:{front.state.secret('clickhouse_reader')}".encode()).decode()
    head = (
        text.replace("LOGIN", f"Authorization: Basic {login}").replace("\n", "\r\n") + "\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", front.port), timeout=30) as connection:
        connection.sendall(head.encode("latin-1") + body)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer.decode("latin-1")


@pytest.mark.parametrize("query_id", ["a%01b", "a%0d%0aX-Forged:%20yes", "%7f", "%c2%85"])
def test_a_query_id_with_control_characters_is_refused(front: Server, query_id: str) -> None:
    for line in (
        f"GET /?query=SELECT%201&query_id={query_id} HTTP/1.1",
        f"HEAD /?query=SELECT%201&query_id={query_id} HTTP/1.1",
    ):
        answer = raw(front, f"{line}\nHost: localhost\nLOGIN")
        assert answer.startswith("HTTP/1.1 400"), answer
        assert "x-forged" not in answer.lower().partition("\r\n\r\n")[0]
    assert front.same_process()


def test_other_texts_of_a_request_forge_no_header(front: Server) -> None:
    for name in ("default_format", "database", "session_id", "user", "log_comment"):
        answer = raw(front, f"GET /?query=SELECT%201&{name}=TSV%0d%0aX-Forged:%20yes HTTP/1.1\nHost: localhost\nLOGIN")
        assert "x-forged" not in answer.lower().partition("\r\n\r\n")[0], answer
    assert "200 OK" in raw(front, "GET /?query=SELECT%201&query_id=%c3%bc%e2%82%ac HTTP/1.1\nHost: localhost\nLOGIN")


def test_two_lengths_are_refused(front: Server) -> None:
    text = "POST / HTTP/1.1\nHost: localhost\nLOGIN\nContent-Length: 5\nTransfer-Encoding: chunked"
    answer = raw(front, text, b"8\r\nSELECT 1\r\n0\r\n\r\n")
    assert answer.startswith("HTTP/1.1 400")
    assert answer.count("HTTP/1.1") == 1


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200), ("localhost:8123", 200), ("LOCALHOST", 200), ("[::1]:8123", 200), ("vault.internal:80", 200),
        ("evil.example", 403), ("127.0.0.1.evil.example:8123", 403), ("[::2]", 403), ("0.0.0.0", 403), ("", 200),
    ],
)  # fmt: skip
def test_only_names_of_this_machine_are_served(front: Server, host: str, status: int) -> None:
    """A page of a stranger whose name leads here (DNS rebinding) asks by that name."""
    for path in ("/?query=SELECT%201", "/ping"):
        version, line = ("1.1", f"Host: {host}") if host else ("1.0", "X: y")
        assert raw(front, f"GET {path} HTTP/{version}\n{line}\nLOGIN").startswith(f"HTTP/1.1 {status}")


def test_a_password_that_is_not_utf8_is_a_wrong_one(front: Server) -> None:
    token = base64.b64encode(b"reader:\xff\xfe").decode()
    for line in (f"Authorization: Basic {token}", "X-ClickHouse-User: reader\nX-ClickHouse-Key: \xff\xfe"):
        answer = raw(front, f"GET /?query=SELECT%201 HTTP/1.1\nHost: localhost\n{line}")
        assert answer.startswith("HTTP/1.1 403"), answer
        assert "(AUTHENTICATION_FAILED)" in answer
    assert raw(front, "GET /?query=SELECT%201&user=reader&password=%ff HTTP/1.1\nHost: localhost").startswith(
        "HTTP/1.1 403"
    )


def test_wrong_passwords_are_slowed_down_and_lock_nobody_out(front: Server) -> None:
    """After some tries a wrong password waits for its answer; the right one, of the same login, meanwhile does not."""
    ended: list[float] = []

    def wrong(number: int) -> str:
        answer = raw(front, f"GET /?query=SELECT%201&user=clickvault&password={number} HTTP/1.1\nHost: localhost")
        assert answer.startswith("HTTP/1.1 403")
        ended.append(time.monotonic())
        return answer

    for number in range(6):
        wrong(number)
    begin = time.monotonic()
    guesser = threading.Thread(target=lambda: list(map(wrong, range(3))))
    guesser.start()
    rights = [time.monotonic() for _ in range(3) if front.owner("SELECT 1") == "1"]
    guesser.join(timeout=60)
    assert ended[-1] - begin > 1.5
    assert max(rights) < ended[-1]


def test_wrong_passwords_wait_in_a_row(front: Server) -> None:
    """Sent by many connections at once, they take as long as one behind the other."""

    def wrong(number: int) -> str:
        return raw(front, f"GET /?query=SELECT%201&user=clickvault&password={number} HTTP/1.1\nHost: localhost")[:12]

    begin = time.monotonic()
    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(wrong, range(12))) == {"HTTP/1.1 403"}
    assert time.monotonic() - begin > 8


def test_without_a_login_little_is_read(front: Server) -> None:
    """Large heads of strangers: of many parameters, one long one, a long path, many headers, one long one, many trailers."""
    requests = [
        b"GET /?query=1&%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % b"&".join(b"a%d=" % n for n in range(100_000)),
        b"GET /?query=1&%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % b"&".join(b"a%d=" % n for n in range(400_000)),
        b"GET /?query=%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (b"%41" * 300_000),
        b"GET /%s HTTP/1.1\r\nHost: localhost\r\n\r\n" % (b"%41" * 1_300_000),
        b"GET / HTTP/1.1\r\nHost: localhost\r\n%s\r\n" % b"".join(b"X%d: a\r\n" % n for n in range(100_000)),
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n" % (b"a" * 4_000_000),
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n%s\r\n" % b"".join(b"X%d: a\r\n" % n for n in range(100_000)),
        b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n%s\r\n" % b"".join(b"X%d: a\r\n" % n for n in range(100_000)),
    ]  # fmt: skip

    def send(text: bytes) -> bytes:
        with suppress(OSError), socket.create_connection(("127.0.0.1", front.port), timeout=30) as connection:
            connection.sendall(text)
            return connection.recv(12)
        return b"HTTP/1.1 400"  # it was closed while more came

    for text in requests:
        worst: list[float] = []
        with ThreadPoolExecutor(4) as pool:
            sent = [pool.submit(send, text) for _ in range(4)]
            while not all(one.done() for one in sent) or not worst:
                begin = time.monotonic()
                front.owner("SELECT 1")
                worst.append(time.monotonic() - begin)
        assert {one.result() for one in sent} <= {b"HTTP/1.1 400", b"HTTP/1.1 401", b"HTTP/1.1 200"}
        assert max(worst) < 1, text[:60]
    answer = raw(
        front, "GET /?query=SELECT%201 HTTP/1.1\nHost: localhost\n" + "\n".join(f"X{n}: a" for n in range(101))
    )
    assert "at most 100 headers" in answer
    assert "at most 1000 parameters" in raw(front, f"GET /?query=1{'&a=1' * 1000} HTTP/1.1\nHost: localhost\nLOGIN")
    assert raw(front, f"GET /?query=SELECT%201{'&param_a=1' * 900} HTTP/1.1\nHost: localhost\nLOGIN").startswith(
        "HTTP/1.1 200"
    )


def test_a_stranger_is_told_how_to_log_in(front: Server) -> None:
    answer = raw(front, "GET /?query=SELECT%201 HTTP/1.1\nHost: localhost")
    assert answer.startswith("HTTP/1.1 401")
    assert "log in with name and password" in answer
    assert "www-authenticate" in answer.lower()


@pytest.mark.parametrize("parameter", ["max_threads=%ff", "session_timeout=" + "9" * 5000, "session_timeout=1_0"])
def test_a_value_that_is_none_is_a_bad_request(front: Server, parameter: str) -> None:
    answer = raw(front, f"GET /?query=SELECT%201&{parameter} HTTP/1.1\nHost: localhost\nLOGIN")
    assert answer.startswith("HTTP/1.1 400"), answer


def test_a_packed_body_is_unpacked_in_pieces(front: Server) -> None:
    """1 MB that is a few GB: the process would have them in memory."""
    before = front.memory()
    login = urllib3.make_headers(basic_auth=f"reader:{front.state.secret('clickhouse_reader')}")
    for name, body in (
        ("deflate", zlib.compress(bytes(1 << 30), 1)),
        ("zstd", zstandard.ZstdCompressor().compress(bytes(1 << 30))),
    ):
        answer = front.http.request(
            "POST",
            f"http://127.0.0.1:{front.port}/",
            body=body,
            headers={**login, "Content-Encoding": name},
            timeout=90,
            retries=False,
        )
        assert b"at most" in answer.data
    assert front.memory() < before + 300


def test_the_body_of_a_request_has_a_largest_size(front: Server) -> None:
    answer = raw(front, f"POST / HTTP/1.1\nHost: localhost\nLOGIN\nContent-Length: {1 << 40}", b"SELECT 1")
    assert answer.startswith("HTTP/1.1 413"), answer
    assert front.same_process()


def test_a_statement_of_the_reader_has_a_largest_size(front: Server) -> None:
    """To read one takes memory of this process, 300 bytes for each of it, and no limit of the engine ends that."""
    values = ",".join(["1"] * (1 << 20))
    before = front.memory()
    for sql in (f"SELECT [{values}]", f"SELECT [{values}] SETTINGS max_query_size = 0"):
        assert front.ask(sql).startswith("Code: 62."), "it was read"
    assert front.ask("/* " + "x" * 200_000 + " */ SELECT 1") == "1\n"
    assert front.memory() < before + 100


def test_long_statements_of_the_reader_leave_the_owner_room(front: Server) -> None:
    """To check one takes Python's one lock: so they are short, and checked one by one."""
    assert "at most 20000 tokens, this one 24000" in front.ask("SELECT " + ",".join(["1"] * 12_000))
    for sql in ("SELECT " + ",".join(["1"] * 49_000), "SELECT " + ",".join(["1"] * 9_900) + " FORMAT Null"):
        worst: list[float] = []
        with ThreadPoolExecutor(8) as pool:
            sent = [pool.submit(front.ask, sql) for _ in range(8)]
            while not all(one.done() for one in sent):
                begin = time.monotonic()
                front.owner("SELECT 1")
                worst.append(time.monotonic() - begin)
        assert statistics.median(worst) < 0.5, worst
        assert max(worst) < 1.5, worst


def test_a_session_keeps_a_largest_size(front: Server) -> None:
    answers = [
        front.ask(f"SET param_p{n} = '{'x' * 100_000}'", session_id="kept", session_timeout=60) for n in range(4)
    ]
    assert answers[:2] == ["", ""]
    assert all(answer.startswith("Code: 290.") for answer in answers[2:])
    assert front.ask("SELECT length({p1:String})", session_id="kept", close_session=1) == "100000\n"


def test_a_result_of_the_reader_has_a_largest_size(front: Server) -> None:
    long = "SELECT repeat('a', 1000000) FROM numbers(30) FORMAT JSON"
    assert front.ask(long, max_result_bytes=10_000_000, max_block_size=1).startswith("Code: 396.")
    assert (
        len(front.ask(long, max_result_bytes=10_000_000, max_block_size=1, result_overflow_mode="break")) < 12_000_000
    )
    for name, value in (("max_result_bytes", 0), ("max_result_bytes", 2_000_000_000), ("max_block_size", 3_000_000)):
        assert front.ask("SELECT 1", **{name: value}).startswith("Code: 452.")


def test_a_login_has_a_largest_number_of_sessions(front: Server) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: front.ask("SELECT 1", session_id=f"s{n}", session_timeout=60), range(MOST + 8)))
    counts = Counter(answer[:9] for answer in made)
    assert counts.keys() == {"1\n", "Code: 700"}
    assert MOST - 50 < counts["1\n"] <= MOST, "some are left by other tests"
    assert front.owner("SELECT 1", session_id="mine", close_session=1) == "1"
    assert front.ask("SELECT 1", session_id="s0", close_session=1) == "1\n"
    assert front.ask("SELECT 1") == "1\n"


# --- crowds


def test_slow_queries_of_the_reader_leave_the_owner_room(front: Server) -> None:
    """80 queries of the reader that take all that they are given; the owner's SELECT 1 takes less than a second."""
    slow = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"
    login = base64.b64encode(f"reader:{front.state.secret('clickhouse_reader')}".encode())
    text = b"POST / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic %s\r\nContent-Length: %d\r\n\r\n%s" % (
        login,
        len(slow),
        slow.encode(),
    )
    clients = [socket.create_connection(("127.0.0.1", front.port)) for _ in range(80)]
    running = "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64(number) = 1'"
    try:
        for client in clients:
            client.sendall(text)
        deadline = time.monotonic() + 60
        while front.owner(running) != str(READERS):
            assert time.monotonic() < deadline
        seconds = []
        for _ in range(10):
            begin = time.monotonic()
            front.owner("SELECT 1")
            seconds.append(time.monotonic() - begin)
        assert front.owner(running) == str(READERS)
        assert statistics.median(seconds) < 1, seconds
    finally:
        for client in clients:
            client.close()
    deadline = time.monotonic() + 60
    while front.owner(running) != "0":  # who leaves ends what ran, and what waited
        assert time.monotonic() < deadline
    assert front.ask("SELECT 1") == "1\n"


def test_memory_and_open_files_do_not_grow_with_requests(front: Server) -> None:
    """1,000 queries and 25 inserts, when all threads have been used. benchmarks/front.py sends twenty times as many.

    The engine opens three files of /proc for each thread that has run a query, so their number grows until each of the
    front's threads has: that is their bound.
    """

    def query(number: int) -> None:
        user = clickhouse.READER if number % 4 == 0 else clickhouse.OWNER
        form = ("TSV", "JSON")[number % 2]
        assert front.ask(f"SELECT a, s FROM marts.t ORDER BY a FORMAT {form}", user)
        if number % 40 == 0:
            front.owner("INSERT INTO hidden.many FORMAT CSV\n" + "1,x\n" * 1000)

    front.owner("CREATE TABLE hidden.many (a Int32, s String) ENGINE = MergeTree ORDER BY a")
    with ThreadPoolExecutor(THREADS + READERS) as pool:
        list(pool.map(lambda _: front.owner("SELECT sleep(2)"), range(THREADS)))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(query, range(1, 200)))
        files, memory = front.files(), front.memory()
        list(pool.map(query, range(1000)))
    assert front.owner("SELECT count() FROM hidden.many") != "0"
    assert front.files() <= files + 30, "three a thread of the engine's own pools"
    assert front.memory() < memory + 300
