"""The two logins, and what of a statement the reader may run.

Rights are the engine's: the reader's connections run in the role `reader`, with the grants, limits and constraints that
the server's configuration gives its reader (see config). What is checked here is the little that roles do not stop in an
engine within a process: which kinds of statement, files of the client, and functions that reach files or the network.
What is checked is a statement in canonical form, see statements.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from clickvault.embedded.front.engine import Connection
from clickvault.embedded.front.errors import NoLogin, QueryError
from clickvault.embedded.front.sessions import take_back
from clickvault.embedded.front.statements import ANY_NAME, Statement, quote
from clickvault.embedded.front.types import NoType, Types

_CREATE = [b"CREATE", b"TEMPORARY", b"TABLE", b"ENGINE", b"", b"MEMORY"]

# The kinds of statement that read, by their first word.
_READS = frozenset({"SELECT", "WITH", "(", "SHOW", "DESCRIBE", "EXPLAIN", "EXISTS", "CHECK", "SET", "USE"})
_EXPLAINS = frozenset({b"AST", b"SYNTAX", b"QUERY", b"TREE", b"PLAN", b"PIPELINE", b"ESTIMATE"})

# Functions that roles do not stop and that reach files (file), the network (AI functions, found by their category) or the
# log (logTrace), that run the SQL of a text (a default in a structure is evaluated), or that tell of the server what
# `system` keeps from this login.
_REFUSED = frozenset(
    {
        "file",
        "logtrace",
        "showcertificate",
        "catboostevaluate",
        "reversednsquery",
        "structuretoprotobufschema",
        "structuretocapnprotoschema",
        "getserversetting",
        "getoskernelversion",
    }
)
# Functions that take the name of an aggregate function as a text, and evaluate what stands there as its parameters.
_BY_NAME = frozenset({"arrayreduce", "arrayreduceinranges", "initializeaggregation"})
# Table functions of the reader's: every other one reaches out, or takes SQL, or columns with expressions, as a text in which no
# function can be seen (`null('a String ALIAS file(...)')`). Several read that text before they ask for rights: redis, sqlite.
_TABLES = frozenset(
    {
        "numbers", "numbers_mt", "zeros", "zeros_mt", "generateseries", "generate_series", "primes", "view",
        "viewifpermitted", "merge", "loop", "dictionary",
    }
)  # fmt: skip

_FREE_TRIES = 5
_FORGOTTEN_AFTER = 60.0  # seconds without a wrong password
_LONGEST_WAIT, _LONGEST_QUEUE = 4.0, 20.0


class Access:
    """Names and passwords, and the rules of the reader."""

    def __init__(
        self,
        passwords: Mapping[str, str],
        reader: str,
        refused: Iterable[str],
        settings: Mapping[str, str],
        fixed: Iterable[str],
        types: Types,
        sources: Iterable[str],
    ) -> None:
        """`passwords` by login; `reader` is the login that only reads, in connections with these settings.

        `refused` are functions of this engine that the reader may not call, in small letters. `fixed` are the settings
        that the reader may not change: the engine sees to that, but for the SETTINGS of a subquery. `types` is what the
        structure of a client's table may name, `sources` the engine's table functions, in small letters.
        """
        self._passwords = dict(passwords)
        self._reader = reader
        self._refused = _REFUSED | frozenset(refused)
        self._fixed = frozenset(fixed)
        self._types = types
        self._reaching = frozenset(sources) - _TABLES
        changes = ", ".join(f"{name} = {quote(value)}" for name, value in settings.items())
        self._limits = f"SET {changes}; SET ROLE reader; SET profile = 'reader'"
        self._tries, self._last = 0, 0.0  # wrong passwords lately, and when the last one came
        self._answered = 0.0  # when the last that waits will be answered

    async def knows(self, user: str, password: str) -> bool:
        """Whether name and password go together. After some wrong ones, a further one waits for its answer.

        Wrong ones wait one behind the other, by however many connections they come, up to a time that an honest slip
        still bears. The right one is never kept waiting,
        so nobody can lock another out. Compares in constant time.
        """
        known = self._passwords.get(user)
        matches = hmac.compare_digest((known or "\0").encode(), password.encode("utf-8", "surrogateescape"))
        if known is not None and matches:
            return True
        if user or password:  # else nobody tries to log in
            now = time.monotonic()
            self._tries = 1 if now - self._last > _FORGOTTEN_AFTER else self._tries + 1
            self._last = now
            if (over := self._tries - _FREE_TRIES) > 0:
                wait = min(_LONGEST_WAIT, 0.125 * 2.0 ** min(over, 10))
                self._answered = min(max(self._answered, now) + wait, now + _LONGEST_QUEUE)
                await asyncio.sleep(self._answered - now)
        return False

    def refused(self, user: str) -> QueryError:
        """What a wrong login is answered."""
        if not user:
            return NoLogin.make(
                516,
                "AUTHENTICATION_FAILED",
                "Authentication failed: log in with name and password, by HTTP Basic, by X-ClickHouse-User and X-ClickHouse-Key, "
                "or by user= and password= in the URL",
            )
        return QueryError.make(
            516,
            "AUTHENTICATION_FAILED",
            f"{user}: Authentication failed: password is incorrect, or there is no user with such name.",
        )

    def reads_only(self, user: str) -> bool:
        """Whether this login may only read."""
        return user == self._reader

    def limit(self, connection: Connection) -> None:
        """Give up the owner's rights on a connection, for the reader's."""
        connection.query(self._limits)

    @contextlib.contextmanager
    def making_external(self, connection: Connection, user: str) -> Iterator[None]:
        """The right to make an external table, and no other, for the time of the block."""
        if not self.reads_only(user):
            yield
            return
        connection.query("SET ROLE external")
        try:
            yield
        finally:
            take_back(connection, "SET ROLE reader")

    @contextlib.contextmanager
    def explaining(self, user: str) -> Iterator[None]:
        """Say of a table that is not there that it is unknown: the engine looks for a file of that name, which needs a right.

        No table function that needs it is let through. And name the login, where the engine names its only user.
        """
        try:
            yield
        except QueryError as error:
            if error.code != 497 or not self.reads_only(user):
                raise
            if "grant READ ON " in error.text:
                text = "Unknown table, or none in a database of this login: SHOW DATABASES, SHOW TABLES FROM name"
                raise QueryError.make(60, "UNKNOWN_TABLE", text) from None
            raise QueryError(497, error.name, error.text.replace("default: Not", f"{user}: Not")) from None

    def check_external(self, user: str, create: Statement) -> None:
        """Raise for a CREATE of an external table that is more than columns with types, whoever sends it."""
        tokens = create.tokens  # CREATE TEMPORARY TABLE name (columns) ENGINE = Memory
        with contextlib.suppress(NoType):
            around = [token.word for token in (*tokens[:3], *tokens[-3:])]
            if around == _CREATE and tokens[4].text == b"(" and tokens[-4].text == b")":
                self._types.check_columns(tokens[5:-4])
                return
        raise QueryError.make(36, "BAD_ARGUMENTS", f"{user}: the structure of an external table is names and types")

    def check(self, user: str, statement: Statement, get: bool) -> None:
        """Raise the server's error for what the reader, or a GET request, may not run."""
        reader = self.reads_only(user)
        if not reader and not get:
            return
        if not _reads(statement):
            because = "" if reader else " For queries over HTTP, method GET implies readonly."
            raise QueryError.make(164, "READONLY", f"{user}: Cannot execute query in readonly mode.{because}")
        if reader:
            for name in statement.settings():
                if name in ("profile", "readonly"):
                    raise QueryError.make(164, "READONLY", f"Cannot modify '{name}' setting in readonly mode.")
                if name in self._fixed:
                    raise QueryError.make(452, "SETTING_CONSTRAINT_VIOLATION", f"Setting {name} should not be changed")
            for name in statement.not_plain(_BY_NAME):
                raise QueryError.make(
                    497,
                    "ACCESS_DENIED",
                    f"{user}: Not enough privileges. {name} takes a plain name for this login, as in {name}('sum', ...).",
                )
            arguments = [name for name in statement.arguments() if name in self._refused or name == ANY_NAME]
            for name in chain(arguments, statement.calls()):
                if name in arguments or name in self._refused or name in self._reaching:
                    raise QueryError.make(
                        497,
                        "ACCESS_DENIED",
                        f"{user}: Not enough privileges. The function {name} is not allowed for this login.",
                    )


def _reads(statement: Statement) -> bool:
    tokens = statement.tokens
    if statement.has(b"PARALLEL", b"WITH"):
        return False
    if statement.kind == "SET":
        return len(tokens) > 2 and tokens[2].kind == "Equals"  # not SET ROLE, SET DEFAULT ROLE, SET TRANSACTION
    if statement.kind == "EXPLAIN":  # kind setting = value, ... query
        number = 1
        while number < len(tokens) and tokens[number].word in _EXPLAINS:
            number += 1
        while number + 2 < len(tokens) and tokens[number + 1].kind == "Equals":
            number += 4 if number + 3 < len(tokens) and tokens[number + 3].kind == "Comma" else 3
        return number < len(tokens) and tokens[number].text in (b"SELECT", b"WITH", b"(")
    return statement.kind in _READS
