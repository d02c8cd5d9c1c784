"""The file in which the embedded stack remembers (`<home>/stack.json`): where it is, what must be in it, and whose it is.

`clickvault.settings` reads its `settings` object, `clickvault.embedded.state` writes it. It is read with suspicion: a file that
was damaged or edited is named, and never taken for an empty one.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from clickvault.errors import ConfigurationError

STATE_FILE = "stack.json"
OLDER_FILE = "stack.json.old"
FORMAT = 1
HINT = (
    "clickvault up   (it takes the older copy of the file, or makes the file anew from the data that are there;"
    " nothing is deleted)"
)


class Damaged(ConfigurationError):
    """The state file exists, but its content is invalid."""


def read(path: Path) -> dict[str, Any]:
    """What the file holds. Raises FileNotFoundError, Damaged, or ConfigurationError where this user may not read it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise FileNotFoundError(path) from None
    except OSError as error:
        raise ConfigurationError(
            f"{path} can't be read: {error.strerror}", hint="run clickvault as the user who started the stack"
        ) from error
    except (ValueError, RecursionError):
        raise Damaged(f"{path} is damaged: it is not JSON", hint=HINT) from None
    if wrong := _wrong(found):
        raise Damaged(f"{path} is damaged: {wrong}", hint=HINT)
    return dict(found)


def write_in_room(path: Path, text: str, room: int) -> None:
    """Write a small file whole or not at all; on a full disk over what is there, which was given `room` bytes for that: blanks at its end.

    Raises OSError where that is not enough. Only its owner may read it.
    """
    data = text.encode().ljust(room)
    part = path.with_suffix(".part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        part.replace(path)
    except OSError:
        size = path.stat().st_size if path.exists() else 0
        if len(data) > size:
            raise
        with path.open("r+b", buffering=0) as file:
            file.write(data.ljust(size))


def original_of(found: dict[str, Any], home: Path) -> Path | None:
    """The home that this one is a copy of, where that one is still there; None for a home that was moved."""
    there = found.get("home", "")
    if not there or Path(there) == home.resolve():
        return None
    try:
        same = (Path(there) / STATE_FILE).samefile(home / STATE_FILE)  # two names of one folder
    except OSError:
        same = not (Path(there) / STATE_FILE).exists()
    return None if same else Path(there)


def _wrong(found: Any) -> str:
    """What is wrong with a state, in words; values are not repeated, for they may be passwords."""
    if not isinstance(found, dict):
        return "it is not an object"
    if found.get("format") != FORMAT:
        return f"its format is not {FORMAT}"
    for name in ("settings", "ports", "secrets", "processes"):
        if not isinstance(found.get(name), dict):
            return f'"{name}" is not an object'
    if not isinstance(found.get("facts", {}), dict):
        return '"facts" is not an object'
    if not isinstance(found.get("home", ""), str):
        return '"home" is not a path'
    for name, port in found["ports"].items():
        if type(port) is not int or not 0 < port < 65536:
            return f'port "{name}" is not the number of a port'
    for name, secret in found["secrets"].items():
        if not isinstance(secret, str) or not secret:
            return f'secret "{name}" is not a text'
    for name, one in found["processes"].items():
        good = isinstance(one, dict) and type(one.get("pid")) is int and one["pid"] > 0
        if not good or not isinstance(one.get("born"), str):
            return f'process "{name}" has no pid and birth mark'
    for name, value in found["settings"].items():
        if name != "parameters" and not isinstance(value, str):
            return f'setting "{name}" is not a text'
    return ""
