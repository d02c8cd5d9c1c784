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
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
import urllib3

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
    "URI": "http://127.0.0.1:1/", "StreamingHandleErrorMode": "stream",
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
