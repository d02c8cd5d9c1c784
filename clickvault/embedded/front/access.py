"""The two logins, and what the reader may run.

chDB knows one user, so the limits of the second login are set here: `readonly = 2` on its connections, which is the
engine's own rule for DDL and writes, and on top of it what that rule lets pass in a local engine: functions that reach
files, the network or other servers, `INSERT INTO FUNCTION`, temporary tables over foreign engines. The syntax tree
that decides comes from the engine's own parser (EXPLAIN AST).
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping

from clickvault.embedded.front.engine import Connection
from clickvault.embedded.front.errors import QueryError
from clickvault.embedded.front.sqltext import Statement

# Table functions that only make or look at data of this engine. What a later version adds is not allowed by default.
# fmt: off
_HARMLESS = frozenset({
    "dictionary", "format", "generaterandom", "generateseries", "generate_series", "input", "loop", "merge",
    "mergetreeindex", "mergetreeprojection", "null", "numbers", "numbers_mt", "primes", "sqlstandardvalues",
    "values", "view", "viewexplain", "viewifpermitted", "zeros", "zeros_mt",
})
# fmt: on
_FORBIDDEN_FUNCTIONS = frozenset(["file", "catboostevaluate", "reversednsquery", "executable"])
_READS = (
    "SelectWithUnionQuery",
    "SelectQuery",
    "SelectIntersectExceptQuery",
    "Show",
    "Describe",
    "Explain",
    "Exists",
    "Check",
)
_STATEMENTS = (*_READS, "Set", "Use")
_WRITES = re.compile(r"^\s*(Insert|Create|Alter|Drop|Kill|System|Backup|Grant)\w*Query", re.MULTILINE)
_FUNCTION = re.compile(r"^\s*Function (\S+)", re.MULTILINE)


class Access:
    """Names and passwords, and the rules of the reader."""

    def __init__(self, passwords: Mapping[str, str], reader: str, table_functions: frozenset[str]) -> None:
        """`passwords` by login; `reader` is the login that only reads."""
        self._passwords = dict(passwords)
        self._reader = reader
        self._forbidden = (table_functions - _HARMLESS) | _FORBIDDEN_FUNCTIONS

    def login(self, user: str, password: str) -> None:
        """Raise the server's error 516 when name and password do not go together; in constant time."""
        known = self._passwords.get(user)
        matches = hmac.compare_digest((known or "\0").encode(), password.encode())
        if known is None or not matches:
            raise QueryError.make(
                516,
                "AUTHENTICATION_FAILED",
                f"{user}: Authentication failed: password is incorrect, or there is no user with such name.",
            )

    def reads_only(self, user: str) -> bool:
        """Whether this login may only read."""
        return user == self._reader

    def check(
        self, connection: Connection, user: str, request: Statement, params: Mapping[str, str], get: bool
    ) -> None:
        """Raise the server's error for what the reader, or a GET request, may not run. Syntax errors are raised too."""
        reader = self.reads_only(user)
        if not reader and not get:
            return
        because = "" if reader else " For queries over HTTP, method GET implies readonly."
        refused = QueryError.make(164, "READONLY", f"{user}: Cannot execute query in readonly mode.{because}")
        if request.kind == "insert":
            raise refused
        sql = request.sql if request.format_start < 0 else request.sql[: request.format_start]
        tree = connection.query(b"EXPLAIN AST " + sql, "TabSeparatedRaw", params).bytes().decode("utf-8", "replace")
        if not tree.startswith(_STATEMENTS) or _WRITES.search(tree):
            raise refused
        for name in _FUNCTION.findall(tree):
            if reader and name.lower() in self._forbidden:
                raise QueryError.make(
                    497,
                    "ACCESS_DENIED",
                    f"{user}: Not enough privileges. The function {name} is not allowed for this login.",
                )

    def check_external(self, connection: Connection, user: str, create: str) -> None:
        """Raise for a CREATE of an external table that is more than columns with types."""
        tree = connection.query(f"EXPLAIN AST {create}", "TabSeparatedRaw").bytes().decode("utf-8", "replace")
        if not tree.startswith("CreateQuery") or _FUNCTION.findall(tree) != ["Memory"]:
            raise QueryError.make(36, "BAD_ARGUMENTS", f"{user}: the structure of an external table is names and types")
