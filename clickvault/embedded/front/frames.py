"""ClickHouse's own compressed frames, which its JDBC driver asks for: compress=1 for answers, decompress=1 for requests.

A frame is 16 bytes of CityHash128 (version 1.0.2), over all that follows; the method, a byte; two little-endian UInt32:
the length of the rest with these nine bytes, and the length of the raw data; then the data. Answers are LZ4.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator

from clickvault.embedded.front.errors import QueryError

_HASH = struct.Struct("<QQ")
_HEAD = struct.Struct("<BII")
_NONE, _LZ4, _ZSTD = 0x02, 0x82, 0x90
_RAW = 1 << 20  # raw bytes in a frame of an answer, as the server has it
_MOST = 64 << 20  # of a frame, raw: clients make theirs of 1 MB; a server's limit is 1 GB, in memory


def _hasher() -> Callable[[bytes], bytes]:
    try:
        from clickhouse_cityhash.cityhash import CityHash128
    except ImportError:
        raise QueryError.make(
            48, "NOT_IMPLEMENTED", "compress=1 and decompress=1 need the Python package clickhouse-cityhash"
        ) from None

    def digest(data: bytes) -> bytes:
        value = CityHash128(data)
        return _HASH.pack(value >> 64, value & 0xFFFFFFFFFFFFFFFF)

    return digest


def encode(data: bytes) -> bytes:
    """Data as frames; nothing for nothing."""
    import lz4.block

    digest = _hasher()
    frames: list[bytes] = []
    for start in range(0, len(data), _RAW):
        raw = data[start : start + _RAW]
        packed = lz4.block.compress(raw, store_size=False)
        body = _HEAD.pack(_LZ4, len(packed) + _HEAD.size, len(raw)) + packed
        frames += (digest(body), body)
    return b"".join(frames)


def decode(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The raw data of frames. Errors have the server's codes."""
    digest = _hasher()
    buffer = bytearray()
    head = _HASH.size + _HEAD.size
    for piece in pieces:
        buffer += piece
        while len(buffer) >= head:
            method, size, raw_size = _HEAD.unpack_from(buffer, _HASH.size)
            if method not in (_NONE, _LZ4, _ZSTD):
                raise QueryError.make(89, "UNKNOWN_COMPRESSION_METHOD", f"Unknown compression method 0x{method:02x}")
            if not _HEAD.size <= size <= _MOST or raw_size > _MOST:
                raise QueryError.make(12, "PARAMETER_OUT_OF_BOUND", f"A frame of {size} bytes, {raw_size} raw")
            end = _HASH.size + size
            if len(buffer) < end:
                break
            body = bytes(memoryview(buffer)[_HASH.size : end])
            if digest(body) != buffer[: _HASH.size]:
                raise QueryError.make(40, "CHECKSUM_DOESNT_MATCH", "Checksum doesn't match: corrupted data")
            del buffer[:end]
            if raw := _unpacked(method, body[_HEAD.size :], raw_size):
                yield raw
    if buffer:
        raise QueryError.make(33, "CANNOT_READ_ALL_DATA", "Cannot read all data: the body ends within a frame")


def _unpacked(method: int, data: bytes, size: int) -> bytes:
    import lz4.block
    import zstandard

    try:
        if method == _LZ4:
            data = lz4.block.decompress(data, uncompressed_size=size)
        elif method == _ZSTD:
            data = zstandard.ZstdDecompressor().decompress(data, max_output_size=size)
    except (lz4.block.LZ4BlockError, ValueError, zstandard.ZstdError) as error:
        raise QueryError.make(271, "CANNOT_DECOMPRESS", f"Cannot decompress: {error}") from None
    if len(data) != size:
        raise QueryError.make(271, "CANNOT_DECOMPRESS", f"Cannot decompress: {len(data)} bytes instead of {size}")
    return data
