"""The little that must be known of a statement before the engine sees it.

Which kind it is, which output format it names, where the data of an INSERT begins, whether it is one statement. This is
a tokenizer, not a parser: strings, quoted names and comments are skipped rightly, and everything else is left to the
engine. It works on bytes, since what follows an INSERT may be anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

_TOKEN = re.compile(
    rb"""(?P<skip>\s+|--[^\n]*|\#[ !][^\n]*|/\*.*?\*/)
       |(?P<quoted>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`\\]|\\.|``)*`|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
       |(?P<word>[A-Za-z_][A-Za-z0-9_]*)
       |(?P<number>\d[\w.]*)
       |(?P<mark>.)""",
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """One token that means something: upper-case text for words, and where it stands."""

    text: bytes
    start: int
    end: int
    depth: int
    word: bool
    quoted: bool = False


@dataclass(frozen=True)
class Statement:
    """What is known of one statement."""

    sql: bytes  # for an INSERT without its data; otherwise without a closing semicolon
    kind: str  # "select", "insert", "kill", "use", "set" or "other"
    format: str = ""  # the format named in the text
    format_start: int = -1  # where FORMAT stands in sql
    data_start: int = -1  # INSERT: where inline data begins in the text that was given
    takes_data: bool = False  # INSERT: FORMAT or VALUES, so the request's body is data
    input_call: tuple[int, int] | None = None  # INSERT ... SELECT ... FROM input(...): span of the arguments in sql
    local_file: str = ""  # "INTO OUTFILE" or "FROM INFILE"
    statements: int = 1
    words: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Target:
    """Where an INSERT with data writes to."""

    described: bytes  # the table as it stands in the text; empty for a table function
    columns: tuple[str, ...] | None  # the names in the list; None without a list, () for one that is not only names
    listed: bytes  # what is between the list's parentheses
    source_at: int  # where FROM INFILE would stand in the text: before SETTINGS


def tokens(sql: bytes) -> Iterator[Token]:
    """The tokens that mean something, with their depth in parentheses."""
    depth = 0
    position = 0
    while match := _TOKEN.match(sql, position):
        position = match.end()
        kind = match.lastgroup
        if kind == "tag":
            kind = "quoted"
        if kind == "skip":
            continue
        text = match.group()
        if kind == "mark" and text in b")]}":
            depth -= 1
        if kind == "word":
            text = text.upper()
        yield Token(text, match.start(), match.end(), depth, kind == "word", kind == "quoted")
        if kind == "mark" and text in b"([{":
            depth += 1


def read_statement(sql: bytes) -> Statement:
    """Read a statement; `sql` may have the data of an INSERT behind it."""
    first = next(tokens(sql), None)
    if first is not None and first.text == b"INSERT":
        return _read_insert(sql)
    found = list(tokens(sql))
    statements = 1
    for number, token in enumerate(found):
        if token.text == b";" and not token.word:
            if any(later.text != b";" for later in found[number + 1 :]):
                statements = 2
            sql = sql[: token.start]
            found = found[:number]
            break
    if not found:
        return Statement(sql, "empty")
    top = [token for token in found if token.depth == 0]
    format_name, format_start = _trailing_format(sql, top)
    if any(token.text == b"INSERT" and token.word for token in top) and found[0].text == b"WITH":
        kind = "other"
    elif found[0].text in (b"SELECT", b"WITH", b"("):
        kind = "select"
    else:
        kind = {b"KILL": "kill", b"USE": "use", b"SET": "set"}.get(found[0].text, "other")
    return Statement(
        sql,
        kind,
        format=format_name,
        format_start=format_start,
        local_file=_local_file(top),
        statements=statements,
        words=tuple(token.text for token in found[:4]),
    )


def _trailing_format(sql: bytes, top: list[Token]) -> tuple[str, int]:
    """The FORMAT clause at the end (SETTINGS may follow it): name and place."""
    for number in range(len(top) - 2, 0, -1):
        token, name = top[number], top[number + 1]
        if token.word and token.text == b"FORMAT" and name.word:
            after = top[number + 2] if number + 2 < len(top) else None
            if after is None or after.text in (b"SETTINGS", b"INTO"):
                return sql[name.start : name.end].decode(), token.start
    return "", -1


def _local_file(top: list[Token]) -> str:
    for token, following in pairwise(top):
        if token.word and following.word:
            pair = token.text + b" " + following.text
            if pair in (b"INTO OUTFILE", b"FROM INFILE"):
                return pair.decode()
    return ""


def _read_insert(sql: bytes) -> Statement:
    """An INSERT is read only as far as its data, which may be binary."""
    seen: list[Token] = []
    selects = False
    input_call: tuple[int, int] | None = None
    local_file = ""
    stream = tokens(sql)
    for token in stream:
        previous = seen[-1] if seen else None
        seen.append(token)
        if token.text == b";" and not token.word and token.depth == 0:
            rest = next(stream, None)
            return Statement(
                sql[: token.start],
                "insert",
                local_file=local_file,
                input_call=input_call,
                statements=1 if rest is None else 2,
            )
        if previous is not None and previous.text == b"INPUT" and previous.word and token.text == b"(":
            close = next((later for later in stream if later.text == b")" and later.depth == token.depth), None)
            if close is not None:
                input_call = (previous.start, close.end)
            continue
        if not token.word:
            if token.text == b"(" and token.depth == 0 and _opens_select(sql, token.end):
                selects = True
            continue
        if token.text in (b"SELECT", b"WITH", b"WATCH") and token.depth == 0:
            selects = True
        if previous is not None and previous.text + b" " + token.text == b"FROM INFILE":
            local_file = "FROM INFILE"
        if token.text == b"VALUES" and token.depth == 0 and not selects and len(seen) > 2:
            return Statement(
                sql[: token.start], "insert", "Values", data_start=token.end, takes_data=True, local_file=local_file
            )
        if token.text == b"FORMAT" and token.depth == 0 and len(seen) > 2 and (not selects or input_call):
            name = next(stream, None)
            if name is None or not name.word:
                break
            return Statement(
                sql[: token.start],
                "insert",
                sql[name.start : name.end].decode(),
                data_start=_after_format(sql, name.end),
                takes_data=True,
                input_call=input_call,
                local_file=local_file,
            )
    return Statement(
        sql, "insert", takes_data=not selects, data_start=len(sql), local_file=local_file, input_call=input_call
    )


def read_target(sql: bytes) -> Target:
    """Read the head of an INSERT, which ends before FORMAT or VALUES."""
    found = list(tokens(sql))
    source_at = len(sql)
    for number, token in enumerate(found[:-2]):
        name, equals = found[number + 1 : number + 3]
        if token.depth == 0 and token.word and token.text == b"SETTINGS" and name.word and equals.text == b"=":
            source_at = token.start
            break
    head = [token for token in found if token.start < source_at]
    at = 1
    while at < len(head) and head[at].word and head[at].text in (b"INTO", b"TABLE"):
        at += 1
    if at + 1 < len(head) and head[at].word and head[at].text == b"FUNCTION" and head[at + 1].word:
        return Target(b"", (), b"", source_at)
    first = at
    while at < len(head) and not (head[at].depth == 0 and head[at].text == b"("):
        at += 1
    if at == first:
        return Target(b"", (), b"", source_at)
    described = sql[head[first].start : head[at - 1].end]
    if at == len(head):
        return Target(described, None, b"", source_at)
    return Target(described, _names(sql, head[at + 1 : -1]), sql[head[at].end : head[-1].start], source_at)


def _names(sql: bytes, listed: list[Token]) -> tuple[str, ...]:
    """The names of a list, as the engine knows them; () when there is anything but names."""
    names = [""]
    for token in listed:
        text = sql[token.start : token.end]
        if token.text == b",":
            names.append("")
        elif token.word or token.text == b".":
            names[-1] += text.decode()
        elif token.quoted and text[:1] in b'`"' and b"\\" not in text:
            mark = text[:1]
            names[-1] += text[1:-1].replace(mark * 2, mark).decode("utf-8", "surrogateescape")
        else:
            return ()
    if names[-1] == "":
        names.pop()  # a comma at the end is forgiven
    return tuple(names)


def _opens_select(sql: bytes, position: int) -> bool:
    first = next(tokens(sql[position : position + 4096]), None)
    return first is not None and first.text in (b"SELECT", b"WITH")


def _after_format(sql: bytes, position: int) -> int:
    """ClickHouse's rule: blanks after the format's name are skipped, and one line end."""
    end = len(sql)
    while position < end and sql[position] in b" \t\f":
        position += 1
    if position < end and sql[position] == 0x3B:  # a semicolon right after the name is forgiven
        position += 1
        while position < end and sql[position] in b" \t\f":
            position += 1
    if position < end and sql[position] == 0x0D:
        position += 1
    if position < end and sql[position] == 0x0A:
        position += 1
    return position


def quote(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quote_name(name: str) -> str:
    """A quoted identifier."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
