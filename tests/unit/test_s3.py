"""How many lines an object has, by the ending of its name; what is cut or damaged is told, never counted short."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable

import lz4.frame
import pytest
import zstandard

from clickvault.ingest.objects import Numbered, filename
from clickvault.stores.s3 import S3Object, Unreadable, _decoded, _decoder

TEXT = b"".join(b'{"n": %d, "text": "%d"}\n' % (n, n * n) for n in range(5_000))
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "GZ": gzip.compress,
    "deflate": zlib.compress,
    "xz": lzma.compress,
    "bz2": bz2.compress,
    "zst": zstandard.compress,
    "lz4": lz4.frame.compress,
}


def contents(key: str, stored: bytes, chunk: int = 1_000) -> bytes:
    new = _decoder(key)
    assert new is not None
    chunks = (stored[i : i + chunk] for i in range(0, len(stored), chunk))
    return b"".join(_decoded(chunks, new, S3Object(f"bucket/{key}", '""', len(stored))))


@pytest.mark.parametrize("ending", PACKERS)
def test_what_is_whole_is_decoded(ending: str) -> None:
    assert contents(f"a.jsonl.{ending}", PACKERS[ending](TEXT)) == TEXT


@pytest.mark.parametrize("ending", ["gz", "xz", "bz2", "zst", "lz4"])
def test_several_streams_behind_each_other(ending: str) -> None:
    assert contents(f"a.{ending}", PACKERS[ending](TEXT) + PACKERS[ending](b"") + PACKERS[ending](TEXT)) == TEXT * 2


@pytest.mark.parametrize("ending", PACKERS)
@pytest.mark.parametrize("cut", [-1, 0.5, 3])
def test_what_is_cut_is_not_taken_for_a_short_one(ending: str, cut: float) -> None:
    """ClickHouse takes a cut .zst or .lz4 for a short one, and says nothing."""
    stored = PACKERS[ending](TEXT)
    left = stored[: int(len(stored) * cut) if isinstance(cut, float) else cut]
    with pytest.raises(Unreadable, match="middle of its compressed data"):
        contents(f"a.{ending}", left)
    with pytest.raises(Unreadable):
        contents(f"a.{ending}", stored + left)


@pytest.mark.parametrize("ending", PACKERS)
def test_what_is_something_else_can_not_be_decoded(ending: str) -> None:
    with pytest.raises(Unreadable, match="can't be decoded"):
        contents(f"a.{ending}", TEXT)


def test_what_is_not_compressed_may_end_anywhere() -> None:
    assert contents("a.jsonl", TEXT[:-5]) == TEXT[:-5]
    assert contents("gz", TEXT) == TEXT, "an ending has a dot before it"


def test_only_clickhouse_decodes_these() -> None:
    assert _decoder("a.br") is None
    assert _decoder("a.jsonl.snappy") is None


def numbered(key: str) -> Numbered:
    return Numbered(f"bucket/{key}", '"e"', 1, 1)


def test_names_are_written_out_and_listed_only_where_they_are_globs() -> None:
    assert filename([numbered("events/a b.jsonl")]) == "events/a%20b.jsonl"
    both = [numbered("events/a#1%.jsonl"), numbered("events/\N{GRINNING FACE}.jsonl")]
    assert filename(both) == "{events/a%231%25.jsonl,events/%F0%9F%98%80.jsonl}"
    assert filename([numbered("events/dt=1/a{1}/b.gz")]) == "events/dt=1/a???/????"
    assert not any(o.odd for o in both)
    assert all(numbered(f"events/{c}").odd for c in ("{", "}", "*", "?", "a,b", "\n", "\r", "\x01", "a.zip::b"))
