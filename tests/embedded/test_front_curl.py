"""The HTTP front with curl: how logins, statements, formats, bodies and encodings may be given."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from clickhouse_connect.driver.client import Client

from clickvault.settings import Settings
from tests.worlds import until_answered

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

Curl = Callable[..., str]


@pytest.fixture
def base(stack: Settings) -> str:
    parts = urlsplit(stack.clickhouse_url)
    return f"http://{parts.hostname}:{parts.port}/"


@pytest.fixture
def login(stack: Settings) -> tuple[str, str]:
    parts = urlsplit(stack.clickhouse_url)
    return str(parts.username), str(parts.password)


def curl(*arguments: str, stdin: bytes = b"", ok: bool = True) -> str:
    done = subprocess.run(["curl", "-sS", "--max-time", "60", *arguments], input=stdin, capture_output=True)
    if ok:
        assert done.returncode == 0, done.stderr
    return done.stdout.decode("utf-8", "replace")


def test_health_needs_no_login(base: str) -> None:
    assert curl(base + "ping") == "Ok.\n"
    assert curl(base) == "Ok.\n"
    assert "200 OK" in curl("-I", base + "ping")


def test_four_ways_to_log_in(base: str, login: tuple[str, str]) -> None:
    user, password = login
    query = "?query=SELECT%201"
    assert curl("-u", f"{user}:{password}", base + query) == "1\n"
    assert curl("-H", f"X-ClickHouse-User: {user}", "-H", f"X-ClickHouse-Key: {password}", base + query) == "1\n"
    assert curl(f"{base}{query}&user={user}&password={quote(password)}") == "1\n"
    assert curl(base.replace("//", f"//{user}:{password}@") + query) == "1\n"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((), 401),
        (("-u", "clickvault:wrong"), 403),
        (("-u", "nobody:"), 403),
        (("-u", "clickvault:"), 403),
        (("-u", "reader:"), 403),
    ],
)
def test_without_the_password_nothing(base: str, arguments: tuple[str, ...], status: int) -> None:
    answer = curl("-i", *arguments, base + "?query=SELECT%201")
    assert f"HTTP/1.1 {status}" in answer
    assert "x-clickhouse-exception-code: 516" in answer.lower()
    assert "AUTHENTICATION_FAILED" in answer


class TestStatements:
    @pytest.fixture
    def post(self, base: str, login: tuple[str, str]) -> Curl:
        def call(sql: bytes | str, parameters: str = "", *arguments: str, ok: bool = True) -> str:
            body = sql.encode() if isinstance(sql, str) else sql
            url = base + ("?" + parameters if parameters else "")
            return curl("-u", ":".join(login), "--data-binary", "@-", *arguments, url, stdin=body, ok=ok)

        return call

    def test_format_in_the_sql_beats_the_default(self, post: Curl) -> None:
        assert post("SELECT 1 AS a, 'x' AS b") == "1\tx\n"
        assert post("SELECT 1 AS a FORMAT JSONEachRow") == '{"a":1}\n'
        assert post("SELECT 1 AS a FORMAT CSVWithNames;  -- done\n", "default_format=JSON") == '"a"\n1\n'
        assert json.loads(post("SELECT 1 AS a", "default_format=JSON"))["data"] == [{"a": 1}]
        assert post("SELECT 1 AS a SETTINGS max_threads = 1 FORMAT CSVWithNames") == '"a"\n1\n'
        assert post("SELECT 1 AS a FORMAT CSVWithNames SETTINGS max_threads = 1") == '"a"\n1\n'
        assert post("SELECT 1 AS a", "", "-H", "X-ClickHouse-Format: CSVWithNames") == '"a"\n1\n'

    def test_words_in_strings_and_comments_are_not_clauses(self, post: Curl) -> None:
        assert post("SELECT 'x FORMAT JSON' -- FORMAT CSV") == "x FORMAT JSON\n"
        assert post("/* FORMAT JSON; */ SELECT ';' # FORMAT XML") == ";\n"
        assert post("SELECT $tag$; 'FORMAT JSON$tag$") == "; 'FORMAT JSON\n".replace("'", "\\'")
        assert post("SELECT 'it''s; \\' INTO OUTFILE'") == "it\\'s; \\' INTO OUTFILE\n"

    def test_a_document_of_many_blocks_is_one_document(self, post: Curl) -> None:
        document = json.loads(post("SELECT number AS n FROM numbers(300000) FORMAT JSON"))
        assert document["rows"] == len(document["data"]) == 300_000

    def test_totals_come_once(self, post: Curl) -> None:
        sql = "SELECT number % 2 AS k, count() FROM numbers(10) GROUP BY k WITH TOTALS ORDER BY k"
        assert post(sql) == "0\t5\n1\t5\n\n0\t10\n"
        assert json.loads(post(sql + " FORMAT JSONCompact"))["totals"] == [0, 10]

    def test_parameters_and_settings_in_the_url(self, post: Curl) -> None:
        assert post("SELECT {a:UInt8} + 1, {b:String}", "param_a=41&param_b=caf%C3%A9%5Ct%2B+x") == "42\tcafé\\t+ x\n"
        assert post("SELECT getSetting('max_block_size')", "max_block_size=123") == "123\n"
        assert "UNKNOWN_SETTING" in post("SELECT 1", "no_such_setting=1")
        harmless = "wait_end_of_query=1&buffer_size=9&send_progress_in_http_headers=1&client_protocol_version=54460"
        assert (
            post(
                "SELECT 1", harmless + "&stacktrace=0&quota_key=x&http_headers_progress_interval_ms=1000&log_queries=0"
            )
            == "1\n"
        )

    def test_get_reads_only(self, base: str, login: tuple[str, str]) -> None:
        answer = curl("-u", ":".join(login), base + "?query=" + quote("CREATE TABLE x (a Int32) ENGINE = Memory"))
        assert "READONLY" in answer
        assert "GET implies readonly" in answer

    def test_headers_of_an_answer(self, post: Curl) -> None:
        answer = post("SELECT 1 FORMAT JSONEachRow", "query_id=my-id", "-i").lower()
        assert "x-clickhouse-query-id: my-id" in answer
        assert "x-clickhouse-format: jsoneachrow" in answer
        assert "x-clickhouse-timezone: " in answer
        assert '"result_rows":"1"' in answer

    def test_headers_of_an_error(self, post: Curl) -> None:
        answer = post("SELECT * FROM nowhere", "", "-i")
        assert "HTTP/1.1 404" in answer
        assert "x-clickhouse-exception-code: 60" in answer
        assert "\nCode: 60. DB::Exception: " in answer
        assert answer.rstrip().endswith("(UNKNOWN_TABLE)")

    def test_an_error_after_the_first_rows_breaks_the_answer(self, post: Curl) -> None:
        sql = "SELECT throwIf(number = 2900000), number FROM numbers(3000000)"
        answer = post(sql, ok=False)
        assert answer.startswith("0\t0\n")
        assert "FUNCTION_THROW_IF" in answer[-1000:]
        with pytest.raises(AssertionError):  # curl itself sees that the answer is not whole
            post(sql)
        assert post(sql, "wait_end_of_query=1").startswith("Code: 395.")

    @pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd", "lz4"])
    def test_encodings_of_answers(self, post: Curl, encoding: str) -> None:
        answer = post(
            "SELECT repeat('a', 100000)", "enable_http_compression=1", "-i", "-H", f"Accept-Encoding: {encoding}"
        )
        assert f"content-encoding: {encoding}" in answer.lower()
        assert len(answer) < 5000

    def test_inserts_from_body_parameter_and_both(self, post: Curl, ch: Client) -> None:
        ch.command("CREATE OR REPLACE TABLE default.c (a UInt64, s String) ENGINE = MergeTree ORDER BY a")
        each_row = quote("INSERT INTO c FORMAT JSONEachRow")
        post('{"a":1,"s":"x"}\n{"a":2,"s":"y"}', "query=" + each_row)
        post("INSERT INTO c (a, s) FORMAT CSV\n3,z\n")
        post("INSERT INTO c VALUES (4, 'v'), (2 + 3, concat('a', 'b'))")
        post("(6, 'w')", "query=" + quote("INSERT INTO c VALUES"))
        post("INSERT INTO c VALUES ({a:UInt64}, {s:String})", "param_a=7&param_s=p")
        post(gzip.compress(b'{"a":8,"s":"gz"}'), "query=" + each_row, "-H", "Content-Encoding: gzip")
        post("9\tt\n", "query=" + quote("INSERT INTO {t:Identifier} (a, s) FORMAT TSV") + "&param_t=c")
        post(b"20\tq\n", "query=" + quote("INSERT INTO c SELECT a / 2, s FROM input('a UInt64, s String') FORMAT TSV"))
        post("INSERT INTO c SELECT number, 'n' FROM numbers(11, 1)")
        assert post("SELECT groupArray(a) FROM (SELECT a FROM c ORDER BY a)") == "[1,2,3,4,5,6,7,8,9,10,11]\n"
        assert "CANNOT_PARSE" in post('{"a":"x"}', "query=" + each_row)
        ch.command("DROP TABLE default.c")

    def test_bytes_of_any_value(self, post: Curl, ch: Client) -> None:
        ch.command("CREATE OR REPLACE TABLE default.b (raw String) ENGINE = Memory")
        everything = bytes(range(256)) * 3
        post(everything, "query=" + quote("INSERT INTO b FORMAT RawBLOB"))
        assert post("SELECT hex(raw) FROM b").strip() == everything.hex().upper()
        assert post(b"SELECT hex('\xff\x00')").strip() == "FF00"
        ch.command("DROP TABLE default.b")

    def test_a_large_file(self, post: Curl, ch: Client, tmp_path: Path, base: str, login: tuple[str, str]) -> None:
        ch.command("CREATE OR REPLACE TABLE default.large (a UInt64, s String) ENGINE = MergeTree ORDER BY a")
        line = "x" * 180
        path = tmp_path / "large.jsonl"
        with path.open("w") as file:
            for start in range(0, 1_000_000, 10_000):
                file.write("".join(f'{{"a":{i},"s":"{line}"}}\n' for i in range(start, start + 10_000)))
        assert path.stat().st_size > 190_000_000
        url = base + "?query=" + quote("INSERT INTO large FORMAT JSONEachRow")
        curl("-u", ":".join(login), "--data-binary", f"@{path}", url)
        assert post("SELECT count(), max(a) FROM large") == "1000000\t999999\n"
        target = tmp_path / "back"
        curl(
            "-u", ":".join(login), "-o", str(target), base + "?query=" + quote("SELECT * FROM large FORMAT JSONCompact")
        )
        assert target.stat().st_size > 190_000_000
        ch.command("DROP TABLE default.large SYNC")


def test_a_client_that_leaves_cancels_its_query(base: str, login: tuple[str, str], ch: Client) -> None:
    running = "SELECT count() FROM system.processes WHERE query LIKE '%1000000000001%' AND query NOT LIKE '%processes%'"
    for sql in (
        "SELECT count() FROM numbers(1000000000001) WHERE number % 7 = 3",  # before the first byte
        "SELECT number, 1000000000001 FROM numbers(100000000000)",  # in the middle of a stream
        "INSERT INTO FUNCTION null('n UInt64') SELECT number FROM numbers(1000000000001)",
        "SELECT number FROM numbers(1000000000001) FORMAT JSON",
    ):
        client = subprocess.Popen(
            ["curl", "-sS", "-u", ":".join(login), "--data-binary", sql, "--limit-rate", "100K", base],
            stdout=subprocess.DEVNULL,
        )
        until_answered(ch, running, 1)
        client.kill()
        client.wait()
        until_answered(ch, running, 0)


def test_health_answers_while_queries_run(base: str, login: tuple[str, str], ch: Client) -> None:
    sql = "SELECT sum(sleepEachRow(3)) FROM numbers(3) SETTINGS max_block_size = 1"
    running = "SELECT count() FROM system.processes WHERE query LIKE 'SELECT sum(sleepEachRow(3))%'"
    busy = [
        subprocess.Popen(["curl", "-s", "-u", ":".join(login), "-d", sql, base], stdout=subprocess.PIPE)
        for _ in range(8)
    ]
    until_answered(ch, running, 8)
    assert curl(base + "ping") == "Ok.\n"
    assert ch.query(running).first_row != (0,)  # it did not wait for them
    for client in busy:
        assert client.communicate()[0] == b"0\n"


def test_a_client_that_sends_half_a_request_harms_nobody(base: str, login: tuple[str, str]) -> None:
    parts = urlsplit(base)
    for junk in (b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\nSELECT", b"\x16\x03\x01\x02\x00", b"GET / HT"):
        with socket.create_connection((str(parts.hostname), int(parts.port or 0))) as connection:
            connection.sendall(junk)
    assert curl("-u", ":".join(login), base + "?query=SELECT%201") == "1\n"
