"""What a client's text says, by the engine's own parser and tokenizer.

A client's text reaches the engine only as a parameter of functions that parse (formatQuerySingleLineOrNull,
tokenizeQuery) and run nothing. What comes back is one statement in canonical form: no comments, no quotes but '...' and
`...`, keywords in capitals. That text, and never the client's, is checked and run. The data of an INSERT is taken off
before, since the canonical form has no place for it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from clickvault.embedded.front.errors import QueryError

if TYPE_CHECKING:
    from clickvault.embedded.front.engine import Connection, Engine

LARGEST = 64 << 20  # bytes of one statement, without the data of an INSERT
_HEADS = (16 << 10, 1 << 20)  # the head of an INSERT ends within the first of these, or the second
_KEPT, _LONGEST_KEPT = 512, 16 << 10  # what clients ask again and again is parsed once
_CANONICAL = "SELECT formatQuerySingleLineOrNull({text:String})"
_WHY_NOT = "SELECT formatQuerySingleLine({text:String})"
_TOKENS = "SELECT tokenizeQuery({text:String})"
_TOKEN = re.compile(rb"\((\d+),(\d+),'(\w+)'\)")
_LAST_FORMAT = re.compile(
    rb" FORMAT (\w+)\Z"
)  # a text that ends with a bare word ends in no quotes, and in no brackets
# The name of an aggregate function, with numbers as its parameters.
_PLAIN = re.compile(rb"'\w+(\([0-9., ]*\))?'")
ANY_NAME = "{:Identifier}"
_NAMES = ("BareWord", "QuotedIdentifier")
_OPENING = {"OpeningRoundBracket", "OpeningSquareBracket", "OpeningCurlyBrace"}
_CLOSING = {"ClosingRoundBracket", "ClosingSquareBracket", "ClosingCurlyBrace"}


class Token(NamedTuple):
    """A token that means something: its text, where it stands, and in how many brackets."""

    text: bytes
    start: int
    end: int
    depth: int
    kind: str  # as the engine's tokenizer names it: BareWord, QuotedIdentifier, StringLiteral, ...

    @property
    def word(self) -> bytes:
        """The word in capitals; empty for anything but a bare word."""
        return self.text.upper() if self.kind == "BareWord" else b""

    @property
    def name(self) -> str:
        """The identifier that this is, without its quotes; empty for anything else."""
        text = self.text.decode("utf-8", "surrogateescape")
        if self.kind == "BareWord":
            return text
        if self.kind != "QuotedIdentifier" or "\\" in text:
            return ""
        return text[1:-1].replace(text[0] * 2, text[0])

    @property
    def lower(self) -> str:
        """The name in small letters; as it stands in the text, where that is all there is."""
        return (self.name or self.text.decode("utf-8", "replace")).lower()


_NONE = Token(b"", 0, 0, 0, "")


class Statement:
    """One statement in canonical form."""

    def __init__(self, parser: Parser, sql: bytes, most: int | None = None) -> None:
        """`sql` is what the parser made of a client's text; `most` is how many tokens of it may be looked at."""
        self._parser = parser
        self._most = most
        self._tokens: list[Token] | None = None
        self.sql = sql
        first = sql.split(None, 1)[0].split(b"(")[0] or b"("
        self.kind = first.decode("ascii", "replace")  # the first word, in capitals

    @property
    def tokens(self) -> list[Token]:
        """All tokens."""
        if self._tokens is None:
            self._tokens = self._parser.tokens(self.sql, self._most)
        return self._tokens

    @property
    def selects(self) -> bool:
        """Whether this is a query whose result may be streamed."""
        return self.kind in ("SELECT", "WITH", "(") and not self.has(b"PARALLEL", b"WITH")

    def has(self, *words: bytes) -> bool:
        """Whether these words follow each other somewhere, as words."""
        if any(word not in self.sql for word in words):
            return False
        follows = zip(*(self.tokens[number:] for number in range(len(words))), strict=False)
        return any(all(token.word == word for token, word in zip(some, words, strict=True)) for some in follows)

    @property
    def local_file(self) -> str:
        """INTO OUTFILE or FROM INFILE where the statement has it: files of a client, which a server does not serve."""
        return (
            "INTO OUTFILE" if self.has(b"INTO", b"OUTFILE") else "FROM INFILE" if self.has(b"FROM", b"INFILE") else ""
        )

    def output_format(self) -> tuple[str, int]:
        """The format that the FORMAT clause names, and where the clause begins; without one, "" and the statement's end."""
        if last := _LAST_FORMAT.search(self.sql):
            return last[1].decode(), last.start() + 1
        if b" FORMAT " in self.sql:
            top = [token for token in self.tokens if token.depth == 0]
            for number, (token, name) in reversed(list(enumerate(pairwise(top)))):
                after = top[number + 2].word if number + 2 < len(top) else b"SETTINGS"
                if token.text == b"FORMAT" and name.kind == "BareWord" and after == b"SETTINGS":
                    return name.text.decode(), token.start
        return "", len(self.sql)

    def settings(self) -> Iterator[str]:
        """Names of the settings in all SETTINGS clauses, a subquery's too. May give more: equal signs behind a clause."""
        depths: list[int] = []  # of the clauses that the token stands in
        for token, following in pairwise(self.tokens):
            while depths and token.depth < depths[-1]:
                depths.pop()
            if token.text == b"SETTINGS":
                depths.append(token.depth)
            elif depths and following.kind == "Equals" and token.name:
                yield token.name

    def calls(self) -> Iterator[str]:
        """Names that stand where a function's name may stand, in small letters: before a bracket, or behind APPLY."""
        last = _NONE
        for token, following in pairwise([*self.tokens, _NONE]):
            if token.kind in _NAMES and (following.text == b"(" or last.word == b"APPLY"):
                yield token.lower
            last = token

    def arguments(self) -> Iterator[str]:
        """Names, in small letters, that may be the first of several arguments, in brackets or under another name, too: arrayMap and
        its like call the function of that name. A parameter there may be any name: `{f:Identifier}`.
        """
        tokens = [_NONE, *self.tokens, _NONE]
        for number in (n for n, token in enumerate(tokens) if token.text == b"("):
            name, end = tokens[number + 1], number + 2
            if name.text == b"{":
                end += 4  # f:Identifier}
            following = tokens[min(end, len(tokens) - 1)]
            only = following.text == b")" and bool(tokens[number - 1].name)
            if only or not (following.text in (b",", b")") or following.word == b"AS"):
                continue
            if name.kind in _NAMES:
                yield name.lower
            elif name.text == b"{" and tokens[end - 2].word == b"IDENTIFIER":
                yield ANY_NAME

    def not_plain(self, names: frozenset[str]) -> Iterator[str]:
        """Those of these names, in small letters, that stand anywhere but before a bracket and a plain text: `f('sum', ...)`."""
        tokens = [*self.tokens, _NONE, _NONE, _NONE]
        for number, token in enumerate(self.tokens):
            if token.kind in _NAMES and token.lower in names:
                opening, text, after = tokens[number + 1 : number + 4]
                if opening.text != b"(" or after.text != b"," or not _PLAIN.fullmatch(text.text):
                    yield token.lower


@dataclass(frozen=True)
class Target:
    """Where an INSERT with data writes to."""

    described: bytes  # the table as it stands in the text; empty for a table function
    columns: tuple[str, ...] | None  # the names in the list; None without a list, () for one that is not only names
    listed: bytes  # what is between the list's parentheses
    source_at: int  # where FROM INFILE would stand in the text: before SETTINGS and FORMAT


@dataclass(frozen=True)
class Insert:
    """An INSERT, taken apart: the statement (its format last, where it takes data), and where in the text the data begins."""

    statement: Statement
    format: str = ""  # where it takes data
    data_start: int = 0

    def target(self) -> Target:
        """Read the head of an INSERT that takes data."""
        tokens = self.statement.tokens
        end = next(
            token.start
            for token, name, equals in zip(tokens, tokens[1:], [*tokens[2:], None], strict=False)
            if token.depth == 0
            and (
                (token.text == b"SETTINGS" and equals is not None and equals.kind == "Equals")
                or (token.text == b"FORMAT" and name is tokens[-1])
            )
        )
        sql = self.statement.sql
        head = [token for token in tokens[2:] if token.start < end]  # behind INSERT INTO
        if len(head) > 1 and head[0].text == b"FUNCTION" and head[1].kind in ("BareWord", "QuotedIdentifier"):
            return Target(b"", (), b"", end)
        at = next((n for n, token in enumerate(head) if token.text == b"(" and token.depth == 0), len(head))
        described = sql[head[0].start : head[at - 1].end] if at else b""
        if at == len(head):
            return Target(described, None, b"", end)
        return Target(described, _names(head[at + 1 : -1]), sql[head[at].end : head[-1].start], end)

    def input_call(self) -> tuple[int, int, int] | None:
        """INSERT ... SELECT ... FROM input(...): where the call begins, its first bracket ends, and its last one ends."""
        tokens = self.statement.tokens
        for number, token in enumerate(tokens[:-1]):
            opening = tokens[number + 1]
            if token.word == b"INPUT" and opening.text == b"(":
                closing = next(t for t in tokens[number + 2 :] if t.text == b")" and t.depth == opening.depth)
                return token.start, opening.end, closing.end
        return None


class Parser:
    """The engine's parser: connections of its own, with settings that no client can change."""

    def __init__(self, engine: Engine) -> None:
        """Connections are made as they are needed, and kept."""
        self._engine = engine
        self._mutex = threading.Lock()
        self._idle: list[Connection] = []
        self._kept = lru_cache(_KEPT)(self._canonical)

    def statement(self, text: bytes, most: int | None = None) -> Statement:
        """The one statement of a text. Raises the engine's error 62 for what does not parse, and for two statements."""
        if len(text) > LARGEST:
            raise QueryError.make(62, "SYNTAX_ERROR", f"Syntax error: a statement has at most {LARGEST} bytes")
        if not text.strip():
            raise QueryError.make(62, "SYNTAX_ERROR", "Syntax error: failed at position 1 (end of query): Empty query.")
        return Statement(self, self._kept(text) if len(text) <= _LONGEST_KEPT else self._canonical(text), most)

    def _canonical(self, text: bytes) -> bytes:
        sql = self._ask(_CANONICAL, text).removesuffix(b"\n")
        if sql == b"\\N":
            try:
                self._ask(_WHY_NOT, text)
            except QueryError as error:
                said = error.text.split(": In scope SELECT formatQuery", 1)[0].removesuffix(f" ({error.name})")
                raise QueryError(error.code, error.name, f"{said} ({error.name})") from None
            raise QueryError.make(62, "SYNTAX_ERROR", "Syntax error")
        return sql

    def insert(self, head: bytes, default_format: str, most: int | None = None) -> Insert | None:
        """The INSERT that a text begins with, data behind it or not; None for anything else."""
        if b"insert" not in head.lower():
            return None
        for size in _HEADS:
            tokens = self.tokens(head[:size], most)
            if not tokens or tokens[0].word != b"INSERT":
                return None
            found = _data_of(head, tokens)
            if found is not None or len(head) <= size:
                break
        if found is None:
            statement = self.statement(head if _selects(tokens) else head + b" FORMAT " + default_format.encode())
            insert = Insert(statement, "" if _selects(tokens) else default_format, len(head))
        else:
            at, name, data_start = found
            insert = Insert(self.statement(head[:at] + b" FORMAT " + name.encode()), name, data_start)
        if insert.statement.kind != "INSERT":
            raise QueryError.make(62, "SYNTAX_ERROR", "Syntax error: an INSERT that is none")
        return insert

    def tokens(self, text: bytes, most: int | None = None) -> list[Token]:
        """The tokens of a text that mean something. Raises for more than `most`, before anything is made of them."""
        answer = self._ask(_TOKENS, text)
        if most is not None and (many := answer.count(b"(") - answer.count(b",'Whitespace'")) > most:
            raise QueryError.make(
                62,
                "SYNTAX_ERROR",
                f"Syntax error: a statement of this login has at most {most} tokens, this one {many}",
            )
        return _read(text, answer)

    def _ask(self, sql: str, text: bytes) -> bytes:
        with self._mutex:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self._engine.connect()
            connection.query("SET max_query_size = 0, max_threads = 1")
        try:
            answer: bytes = connection.query(sql, "TabSeparatedRaw", {"text": escaped(text)}).bytes()
        finally:
            with self._mutex:
                self._idle.append(connection)
        return answer


def _read(text: bytes, answer: bytes) -> list[Token]:
    """Tokens as the engine's tokenizer tells of them."""
    found: list[Token] = []
    depth = 0
    for match in _TOKEN.finditer(answer):
        start, end, kind = int(match[1]), int(match[2]), match[3].decode()
        if kind not in ("Whitespace", "Comment"):
            depth -= kind in _CLOSING
            found.append(Token(text[start:end], start, end, depth, kind))
            depth += kind in _OPENING
    return found


def _data_of(text: bytes, tokens: Sequence[Token]) -> tuple[int, str, int] | None:
    """Where FORMAT or VALUES of an INSERT stands, the format, and where its data begins."""
    for number, token in enumerate(tokens[2:], 2):
        if token.depth or not token.word:
            continue
        before = tokens[:number]
        if token.word == b"VALUES" and not _selects(before):
            return token.start, "Values", token.end
        if token.word == b"FORMAT" and number + 1 < len(tokens) and tokens[number + 1].word:
            from_input = any(t.word == b"INPUT" and n.text == b"(" for t, n in pairwise(before))
            if from_input or not _selects(before):
                name = tokens[number + 1]
                return token.start, name.text.decode(), _after_format(text, name.end)
    return None


def _selects(tokens: Sequence[Token]) -> bool:
    """Whether an INSERT has a query, so that it takes no data."""
    if any(token.depth == 0 and token.word in (b"SELECT", b"WITH", b"WATCH") for token in tokens[2:]):
        return True
    return any(
        token.text == b"(" and token.depth == 0 and following.word in (b"SELECT", b"WITH")
        for token, following in pairwise(tokens)
    )


def _names(listed: Sequence[Token]) -> tuple[str, ...]:
    """The names of a list, as the engine knows them; () when there is anything but names."""
    names = [""]
    for token in listed:
        if token.kind == "Comma":
            names.append("")
        elif token.kind == "Dot" or token.name:
            names[-1] += token.name or "."
        else:
            return ()
    return tuple(names)


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


def escaped(text: bytes) -> str:
    """A text as the value of a parameter of type String, whatever bytes it has."""
    for byte, escape in ((b"\\", b"\\\\"), (b"\0", b"\\0"), (b"\t", b"\\t"), (b"\n", b"\\n"), (b"\r", b"\\r")):
        text = text.replace(byte, escape)
    return text.decode("utf-8", "backslashreplace")


def quote(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def quote_name(name: str) -> str:
    """A quoted identifier."""
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
