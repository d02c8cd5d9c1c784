"""Time zones for the engine's ORC, which reads the machine's files of them, where the engine itself has all zones built in.

A file that ORC may read, the engine's own `file:...` could read, too: under each spelling of its path anew, 4 MB each, for
ever. The engine refuses a file with leap seconds, and ORC does not mind. So the copies have one, far in the future.
"""

from __future__ import annotations

import contextlib
import os
import struct
from pathlib import Path

_SOURCE = Path("/usr/share/zoneinfo")
_HEAD = struct.Struct(
    ">4s c 15x 6I"
)  # magic, version; numbers of: UT flags, standard flags, leap seconds, times, types, letters


def copy(folder: Path) -> None:
    """Copy the machine's zones to a folder, and name it as the place of them. What was copied before, and is no older, stays."""
    for path in _SOURCE.rglob("*") if _SOURCE.is_dir() else ():
        name = path.relative_to(_SOURCE)
        if name.parts[0] in ("posix", "right"):
            continue
        with contextlib.suppress(OSError, ValueError, struct.error):
            target = folder / name
            if path.is_file() and not (target.exists() and target.stat().st_mtime >= path.stat().st_mtime):
                made = with_leap_second(path.read_bytes())
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                new = target.with_suffix(".new")  # of a full disk half a file would stay
                new.write_bytes(made)
                new.replace(target)
    os.environ["TZDIR"] = str(folder)


def with_leap_second(data: bytes) -> bytes:
    """A file of a time zone (RFC 8536) with a leap second in it. Raises ValueError for what is none, or has some."""
    first, rest = _block(data, ">iI", 0x7FFFFFFF)
    if data[4:5] == b"\0":
        return first + rest
    second, rest = _block(rest, ">qI", 1 << 40)
    return first + second + rest


def _block(data: bytes, leap: str, time: int) -> tuple[bytes, bytes]:
    """The first block of a file with the leap second, and what follows it."""
    magic, _, ut, standard, leaps, times, types, letters = _HEAD.unpack_from(data)
    if magic != b"TZif" or leaps:
        raise ValueError("no time zone, or one with leap seconds")
    size = struct.calcsize(leap) - 4
    at = _HEAD.size + times * (size + 1) + types * 6 + letters
    end = at + ut + standard
    head = data[:28] + struct.pack(">I", 1) + data[32 : _HEAD.size]
    return head + data[_HEAD.size : at] + struct.pack(leap, time, 1) + data[at:end], data[end:]
