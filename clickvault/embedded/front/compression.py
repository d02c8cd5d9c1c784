"""HTTP content encodings, both ways, without holding a body: lz4, zstd, gzip and deflate."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol

from clickvault.embedded.front.errors import QueryError

# In the order of preference when a client accepts several: what the engine's own clients ask for first.
ENCODINGS = ("lz4", "zstd", "gzip", "deflate")
PIECE = 1 << 20
_STEPS = {"zstd": 1 << 10}  # bytes decoded at once: a few of zstd's may be 128 KB


class Encoder(Protocol):
    """Turns chunks into encoded chunks."""

    def encode(self, data: bytes) -> bytes:
        """Encode a chunk; the answer may be empty while the encoder collects."""

    def finish(self) -> bytes:
        """What is left, and the end mark."""


class _Lz4:
    def __init__(self) -> None:
        import lz4.frame

        self._compressor = lz4.frame.LZ4FrameCompressor()
        self._head = bytes(self._compressor.begin())

    def encode(self, data: bytes) -> bytes:
        head, self._head = self._head, b""
        return head + bytes(self._compressor.compress(data))

    def finish(self) -> bytes:
        head, self._head = self._head, b""
        return head + bytes(self._compressor.flush())


class _Stream:
    """An object with compress() and flush()."""

    def __init__(self, compressor: Any) -> None:
        self._compressor = compressor

    def encode(self, data: bytes) -> bytes:
        return bytes(self._compressor.compress(data))

    def finish(self) -> bytes:
        return bytes(self._compressor.flush())


def encoder(name: str) -> Encoder:
    """The encoder of a content encoding in ENCODINGS."""
    if name == "lz4":
        return _Lz4()
    if name == "zstd":
        import zstandard

        return _Stream(zstandard.ZstdCompressor(level=1).compressobj())
    return _Stream(zlib.compressobj(3, zlib.DEFLATED, 31 if name == "gzip" else 15))


def choose(accepted: str) -> str:
    """The encoding to answer in, of what an Accept-Encoding header names; empty for none."""
    wanted = set()
    for part in accepted.lower().split(","):
        name, _, parameters = part.strip().partition(";")
        if parameters.replace(" ", "") not in ("q=0", "q=0.0"):
            wanted.add(name.strip())
    return next((name for name in ENCODINGS if name in wanted), "")


def decode(name: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The decoded body of a request with this Content-Encoding."""
    name = name.strip().lower()
    if name in ("", "identity"):
        return pieces
    make: Callable[[], Any]
    if name == "lz4":
        import lz4.frame

        make = lz4.frame.LZ4FrameDecompressor
    elif name == "zstd":
        import zstandard

        make = zstandard.ZstdDecompressor().decompressobj
    elif name in ("gzip", "x-gzip", "deflate"):
        make = _inflate
    else:
        raise QueryError.make(89, "UNKNOWN_COMPRESSION_METHOD", f"Unknown compression method {name}")
    return _decoded(name, make, pieces)


def _inflate() -> Any:
    return zlib.decompressobj(47)  # gzip or zlib, as the header says


def _decoded(name: str, make: Callable[[], Any], pieces: Iterator[bytes]) -> Iterator[bytes]:
    decompressor = make()
    try:
        for part in _parts(pieces, _STEPS.get(name, 16 << 10)):
            data = part
            while data:
                if decompressor.eof:  # several frames one after the other are one body
                    decompressor = make()
                if out := decompressor.decompress(data):
                    yield out
                data = (decompressor.unused_data or b"") if decompressor.eof else b""
        if not decompressor.eof:
            raise QueryError.make(271, "CANNOT_DECOMPRESS", f"The {name} body ends too early")
    except (RuntimeError, ValueError, zlib.error, EOFError) as error:
        raise QueryError.make(271, "CANNOT_DECOMPRESS", f"Cannot decode the {name} body: {error}") from None
    except Exception as error:
        if type(error).__name__ != "ZstdError":
            raise
        raise QueryError.make(271, "CANNOT_DECOMPRESS", f"Cannot decode the {name} body: {error}") from None


def _parts(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    for piece in pieces:
        for start in range(0, len(piece), size):
            yield piece[start : start + size]
