"""What a request says (parameters, headers, settings), and what an answer says about itself.

The rule of clickhouse-server: in a URL, what is not a parameter of the HTTP interface and does not begin with `param_`
is a setting of the engine.
"""

from __future__ import annotations

import json
import re
import secrets
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl

from clickvault.embedded.front.compression import choose
from clickvault.embedded.front.errors import QueryError

# Parameters of the HTTP interface that mean something here, or are harmless here.
# fmt: off
_PARAMETERS = frozenset({
    "user", "password", "quota_key", "query", "query_id", "session_id", "session_timeout", "session_check",
    "close_session", "database", "default_format", "compress", "decompress", "stacktrace", "buffer_size",
    "wait_end_of_query", "client_protocol_version", "role",
})
# fmt: on
_EXTERNAL = ("_format", "_types", "_structure")
DEFAULT_FORMAT = "TabSeparated"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_MOST_PARTS, _LONGEST_HEAD = 1000, 4096
MOST_PARAMETERS, _LONGEST_LOGIN = 1000, 1024
_SECONDS = re.compile(r"-?[0-9]{1,18}")
_FORMAT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass
class External:
    """A table that came with the request, as a file of its form."""

    name: str
    data: bytes
    format: str = DEFAULT_FORMAT
    structure: str = ""


@dataclass
class Query:
    """One request, read."""

    user: str = ""
    query: bytes = b""
    query_id: str = ""
    database: str = ""
    session_id: str = ""
    session_seconds: int = 60
    session_must_exist: bool = False
    session_ends: bool = False
    default_format: str = ""
    wait_end: bool = False
    get: bool = False
    framed_answer: bool = False
    framed_body: bool = False
    content_encoding: str = ""
    answer_encoding: str = ""
    form: str = ""  # the content type of a multipart body
    params: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    external: list[External] = field(default_factory=list)
    external_options: dict[str, str] = field(default_factory=dict, repr=False)


def asks(query_string: bytes) -> bool:
    """Whether a URL has a statement. Raises for one of too many parameters, before anything is made of them."""
    if query_string.count(b"&") >= MOST_PARAMETERS:
        raise QueryError.make(36, "BAD_ARGUMENTS", f"A URL has at most {MOST_PARAMETERS} parameters")
    return any(part.partition(b"=")[0] == b"query" for part in query_string.split(b"&"))


def read_login(query_string: bytes, headers: Mapping[str, str]) -> tuple[str, str]:
    """Name and password of a request, which may have nobody's: nothing else of it is read, however long it is."""
    short = b"&".join(part for part in query_string.split(b"&") if len(part) <= _LONGEST_LOGIN)
    pairs = dict(_pairs(short))
    user, password = pairs.get("user", ""), pairs.get("password", "")
    if authorization := headers.get("authorization", ""):
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "basic":
            raise QueryError.make(516, "AUTHENTICATION_FAILED", "Authentication failed: only Basic is served")
        try:
            login = b64decode(token, validate=True).decode("utf-8", "surrogateescape")
        except ValueError:
            raise QueryError.make(516, "AUTHENTICATION_FAILED", "Authentication failed: bad Basic header") from None
        user, _, password = login.partition(":")
    return _text(headers, "x-clickhouse-user") or user, _text(headers, "x-clickhouse-key") or password


def read_request(method: str, query_string: bytes, headers: Mapping[str, str], user: str) -> Query:
    """Read the line and the headers of a request of somebody who is known. `headers` has lower-case names."""
    found = Query(user=user, get=method in ("GET", "HEAD"))
    _take(found, dict(_pairs(query_string)))
    found.database = found.database or _text(headers, "x-clickhouse-database")
    found.default_format = found.default_format or _text(headers, "x-clickhouse-format")
    found.query_id = found.query_id or _text(headers, "x-clickhouse-query-id")
    _check(found)
    found.content_encoding = headers.get("content-encoding", "")
    if found.settings.get("enable_http_compression", "1") not in ("0", "false"):
        found.answer_encoding = choose(headers.get("accept-encoding", ""))
    if headers.get("content-type", "").lower().startswith("multipart/form-data"):
        found.form = headers["content-type"]
    else:
        found.settings.update(found.external_options)  # no tables here: settings that are named like their options
    return found


def _pairs(query_string: bytes) -> list[tuple[str, str]]:
    # Latin-1 and surrogateescape: bytes that are not UTF-8 pass through unharmed.
    return parse_qsl(query_string.decode("latin-1"), keep_blank_values=True, encoding="utf-8", errors="surrogateescape")


def _text(headers: Mapping[str, str], name: str) -> str:
    """A header that may have any bytes; they come as Latin-1."""
    return headers.get(name, "").encode("latin-1").decode("utf-8", "surrogateescape")


def _check(found: Query) -> None:
    """Raise for what would stand in a header of the answer, or in a statement, and can't."""
    if _CONTROL.search(found.query_id):
        raise QueryError.make(36, "BAD_ARGUMENTS", "A query id has no control characters")
    _check_format(found.default_format)


def _check_format(name: str) -> None:
    if name and not _FORMAT.fullmatch(name):
        raise QueryError.make(73, "UNKNOWN_FORMAT", f"Unknown format {name}")


def read_form(found: Query, body: bytes) -> None:
    """Read a multipart body: parameters and the query as fields, external tables as files."""
    boundary = _head(f"Content-Type: {found.form}".encode("latin-1")).get_boundary("")
    mark = b"\r\n--" + boundary.encode("latin-1", "replace")
    _, *parts = (b"\r\n" + body).split(mark, _MOST_PARTS + 1)
    if not boundary or not parts or not parts[-1].startswith(b"--"):
        raise QueryError.make(36, "BAD_ARGUMENTS", f"A form has an end, and at most {_MOST_PARTS} parts")
    fields: dict[str, str] = {}
    for part in parts[:-1]:
        head, _, data = part.partition(b"\r\n\r\n")
        said = _head(head.strip())
        name = str(said.get_param("name", header="content-disposition"))
        if said.get_filename() is None:
            fields[name] = data.decode("utf-8", "surrogateescape")
        else:
            found.external.append(External(name, data))
    _take(found, fields)
    _check(found)
    for table in found.external:
        table.format = found.external_options.pop(f"{table.name}_format", table.format)
        types = found.external_options.pop(f"{table.name}_types", "")
        numbered = (
            ", ".join(f"_{number} {kind.strip()}" for number, kind in enumerate(types.split(","), 1)) if types else ""
        )
        table.structure = found.external_options.pop(f"{table.name}_structure", numbered)
        _check_format(table.format)
    found.settings.update(found.external_options)


def _head(lines: bytes) -> Message:
    """The head of a form, or of one of its parts. What is long takes Python's parser minutes."""
    if len(lines) > _LONGEST_HEAD:
        raise QueryError.make(36, "BAD_ARGUMENTS", f"The head of a part of a form has at most {_LONGEST_HEAD} bytes")
    return message_from_bytes(lines)


def _take(found: Query, pairs: Mapping[str, str]) -> None:
    for name, value in pairs.items():
        if name.startswith("param_"):
            found.params[name.removeprefix("param_")] = value
        elif name not in _PARAMETERS:
            (found.external_options if name.endswith(_EXTERNAL) else found.settings)[name] = value
    if "query" in pairs:
        found.query = pairs["query"].encode("utf-8", "surrogateescape")
    found.query_id = pairs.get("query_id", found.query_id)
    found.database = pairs.get("database", found.database)
    found.session_id = pairs.get("session_id", found.session_id)
    if seconds := pairs.get("session_timeout", ""):
        if not _SECONDS.fullmatch(seconds):
            raise QueryError.make(374, "INVALID_SESSION_TIMEOUT", f"Invalid session timeout: '{seconds[:20]}'")
        found.session_seconds = int(seconds)
    found.session_must_exist = _flag(pairs, "session_check", found.session_must_exist)
    found.session_ends = _flag(pairs, "close_session", found.session_ends)
    found.default_format = pairs.get("default_format", found.default_format)
    found.wait_end = _flag(pairs, "wait_end_of_query", found.wait_end)
    found.framed_answer = _flag(pairs, "compress", found.framed_answer)
    found.framed_body = _flag(pairs, "decompress", found.framed_body)


def _flag(pairs: Mapping[str, str], name: str, default: bool) -> bool:
    return pairs[name].lower() in ("1", "true") if name in pairs else default


def summary(read_rows: int = 0, read_bytes: int = 0, written_rows: int = 0, written_bytes: int = 0,
            result_rows: int = 0, result_bytes: int = 0, seconds: float = 0.0) -> str:  # fmt: skip
    """The X-ClickHouse-Summary header: numbers as text, as the server writes them."""
    values: dict[str, Any] = {
        "read_rows": read_rows,
        "read_bytes": read_bytes,
        "written_rows": written_rows,
        "written_bytes": written_bytes,
        "total_rows_to_read": "0",
        "result_rows": result_rows,
        "result_bytes": result_bytes,
        "elapsed_ns": int(seconds * 1e9),
    }
    return json.dumps({name: str(value) for name, value in values.items()}, separators=(",", ":"))


def content_type(output_format: str) -> str:
    """The Content-Type that the server sends with a format."""
    name = output_format.lower()
    if "eachrow" in name or name in ("jsonlines", "ndjson"):
        return "application/x-ndjson; charset=UTF-8"
    if name.startswith("json"):
        return "application/json; charset=UTF-8"
    if name.startswith("csv"):
        return "text/csv; charset=UTF-8; header=" + ("present" if "withnames" in name else "absent")
    if name.startswith(("tsv", "tabseparated")):
        return "text/tab-separated-values; charset=UTF-8"
    if name.startswith(
        ("native", "rowbinary", "parquet", "arrow", "avro", "orc", "msgpack", "npy", "protobuf", "rawblob")
    ):
        return "application/octet-stream"
    return "text/plain; charset=UTF-8"


def exception_tag() -> str:
    """The mark of this answer's exception block: random, so that data can't forge it."""
    return secrets.token_hex(8)


def exception_block(tag: str, message: str) -> bytes:
    """What is appended to a body when the query fails after the headers went out."""
    text = message.encode("utf-8", "replace") + b"\r\n"
    mark = tag.encode()
    return (
        b"\r\n__exception__\r\n"
        + mark
        + b"\r\n"
        + text
        + str(len(text)).encode()
        + b" "
        + mark
        + b"\r\n__exception__\r\n"
    )
