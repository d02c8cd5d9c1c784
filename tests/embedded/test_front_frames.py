"""ClickHouse's own compressed frames (compress=1, decompress=1), against frames that the engine itself has written.

The engine keeps each column of a table in a file of such frames, so its files are what a request may bring: the raw bytes
of a UInt32 column are that column in RowBinary.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import lz4.block
import pytest
import urllib3
from clickhouse_connect.driver.client import Client

from clickvault.embedded.front import frames
from clickvault.embedded.front.errors import QueryError
from clickvault.settings import Settings

cityhash = pytest.importorskip("clickhouse_cityhash.cityhash")

Post = Callable[..., urllib3.BaseHTTPResponse]
ROWS = 300_000


@pytest.fixture
def post(stack: Settings) -> Post:
    parts = urlsplit(stack.clickhouse_url)
    http = urllib3.PoolManager()
    login = urllib3.make_headers(basic_auth=f"{parts.username}:{parts.password}")

    def call(body: bytes, headers: dict[str, str] | None = None, **parameters: object) -> urllib3.BaseHTTPResponse:
        url = f"http://{parts.hostname}:{parts.port}/?{urlencode(parameters)}"
        return http.request("POST", url, body=body, headers=login | (headers or {}), decode_content=False)

    return call


@pytest.fixture
def written(ch: Client) -> Iterator[Callable[[str], bytes]]:
    """The engine's frames of the numbers below ROWS, by codec."""

    def write(codec: str) -> bytes:
        ch.command(
            f"CREATE OR REPLACE TABLE frames.source (n UInt32 CODEC({codec})) ENGINE = MergeTree ORDER BY n "
            "SETTINGS min_bytes_for_wide_part = 0, min_rows_for_wide_part = 0"
        )
        ch.command(f"INSERT INTO frames.source SELECT number FROM numbers({ROWS})")
        path = ch.command("SELECT path FROM system.parts WHERE database = 'frames' AND active")
        return (Path(str(path)) / "n.bin").read_bytes()

    ch.command("CREATE DATABASE frames")
    ch.command("CREATE TABLE frames.t (n UInt32) ENGINE = MergeTree ORDER BY n")
    yield write
    ch.command("DROP DATABASE frames SYNC")


def read(data: bytes) -> bytes:
    """LZ4 frames as the driver reads them."""
    raw = []
    while data:
        low, high, method, size, raw_size = struct.unpack_from("<QQBII", data)
        assert method == 0x82
        assert cityhash.CityHash128(data[16 : 16 + size]) == (low << 64 | high)
        raw.append(lz4.block.decompress(data[25 : 16 + size], uncompressed_size=raw_size))
        data = data[16 + size :]
    return b"".join(raw)


@pytest.mark.parametrize("codec", ["LZ4", "ZSTD(3)", "NONE"])
def test_the_engines_own_frames_as_a_request(
    ch: Client, post: Post, written: Callable[[str], bytes], codec: str
) -> None:
    body = written(codec)
    sql = "INSERT INTO frames.t FORMAT RowBinary"
    answer = post(body, query=sql, decompress=1)
    assert (answer.status, answer.data) == (200, b"")
    assert ch.query("SELECT count(), sum(n) FROM frames.t").first_row == (ROWS, ROWS * (ROWS - 1) // 2)


def test_broken_frames_are_errors_and_write_nothing(ch: Client, post: Post, written: Callable[[str], bytes]) -> None:
    body = written("LZ4")
    flipped = bytearray(body)
    flipped[len(body) // 2] ^= 1
    for broken, code in (
        (bytes(flipped), 40),
        (body[:-1], 33),
        (body[:16] + b"\x55" + body[17:], 89),
        (body[:17] + b"\xff\xff\xff\xff" + body[21:], 12),
        (b"INSERT INTO frames.t VALUES (1)", 89),
    ):
        answer = post(broken, query="INSERT INTO frames.t FORMAT RowBinary", decompress=1)
        assert answer.headers["X-ClickHouse-Exception-Code"] == str(code)
        assert answer.data.startswith(f"Code: {code}. DB::Exception: ".encode())
    assert ch.query("SELECT count() FROM frames.t").first_row == (0,)


def test_answers_in_frames(post: Post) -> None:
    sql = b"SELECT toUInt32(number) AS n FROM numbers(1000000) FORMAT RowBinary"
    plain = post(sql).data
    framed = post(sql, compress=1).data
    assert len(plain) == 4_000_000
    assert framed != plain
    assert read(framed) == plain
    assert b"".join(frames.decode(framed[i : i + 7] for i in range(0, len(framed), 7))) == plain
    assert post(b"SELECT 1 WHERE 0", compress=1).data == b""


def test_both_ways_as_the_driver_does(post: Post) -> None:
    headers = {"X-ClickHouse-Format": "RowBinaryWithNamesAndTypes"}
    answer = post(frames.encode(b"SELECT 'a' AS x"), headers, compress=1, decompress=1)
    assert answer.headers["X-ClickHouse-Format"] == "RowBinaryWithNamesAndTypes"
    assert read(answer.data) == b"\x01\x01x\x06String\x01a"


def test_frames_within_an_encoding(post: Post) -> None:
    import gzip

    headers = {"Accept-Encoding": "gzip", "Content-Encoding": "gzip"}
    body = gzip.compress(frames.encode(b"SELECT 42"))
    answer = post(body, headers, compress=1, decompress=1)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert read(gzip.decompress(answer.data)) == b"42\n"


def test_errors_in_frames(post: Post) -> None:
    answer = post(b"SELECT * FROM nowhere", compress=1)
    assert answer.status == 404
    assert answer.headers["X-ClickHouse-Exception-Code"] == "60"
    assert read(answer.data).startswith(b"Code: 60. DB::Exception: ")
    late = post(b"SELECT throwIf(number = 2900000), number FROM numbers(3000000)", compress=1, wait_end_of_query=1)
    assert read(late.data).startswith(b"Code: 395.")
    refused = post(b"SELECT 1", {"authorization": "Basic eDp5"}, compress=1)
    assert refused.status == 403
    assert refused.data.startswith(b"Code: 516.")


def test_an_error_after_the_first_rows_is_in_a_frame(post: Post) -> None:
    with pytest.raises(urllib3.exceptions.HTTPError):
        post(b"SELECT throwIf(number = 2900000), number FROM numbers(3000000)", compress=1)


def test_sizes_that_lie() -> None:
    frame = frames.encode(b"x" * 1000)

    def sealed(body: bytes) -> bytes:
        value = cityhash.CityHash128(body)
        return struct.pack("<QQ", value >> 64, value & (1 << 64) - 1) + body

    for size in (999, 1001, 0):
        with pytest.raises(QueryError, match="CANNOT_DECOMPRESS"):
            list(frames.decode(iter([sealed(frame[16:21] + struct.pack("<I", size) + frame[25:])])))
