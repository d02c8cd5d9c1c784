"""Errors as ClickHouse's HTTP server reports them: code, name, and the HTTP status that goes with the code."""

from __future__ import annotations

import re

_CODE = re.compile(r"Code: (\d+)\. ")
_NAME = re.compile(r"\(([A-Z][A-Z0-9_]+)\)\s*$")
_NESTED = re.compile(
    r"^Code: (\d+)\. (DB::\w+): Code: \1\. \2: (.*) \(([A-Z0-9_]+)\) \(version [^)]*\)\. \(\4\)$", re.DOTALL
)
_VERSION = re.compile(r"\s*\(version [0-9.]+[^)]*\)\s*$")

_BAD_REQUEST = {6, 25, 26, 27, 28, 33, 36, 38, 41, 43, 53, 62, 69, 70, 72, 117, 130, 131, 183, 322, 374, 427, 441, 457}
_NOT_FOUND = {46, 47, 50, 56, 60, 63, 73, 78, 81, 115, 161, 336}
_FORBIDDEN = {192, 193, 497, 516}


class QueryError(Exception):
    """A failed request: ClickHouse's error code, and its whole text (`Code: N. DB::Exception: ... (NAME)`)."""

    def __init__(self, code: int, name: str, message: str) -> None:
        """`message` is the whole text."""
        super().__init__(message)
        self.code = code
        self.name = name
        self.text = message

    @classmethod
    def make(cls, code: int, name: str, message: str) -> QueryError:
        """An error of the front's own, worded as the engine words its errors."""
        return cls(code, name, f"Code: {code}. DB::Exception: {message} ({name})")

    @classmethod
    def from_engine(cls, error: BaseException) -> QueryError:
        """From what chDB raised."""
        text = str(error).strip()
        if isinstance(error, UnicodeDecodeError):  # of the engine's message, which quotes a client's bytes
            text = error.object.decode("utf-8", "replace").strip()
        if "throwIf" in text and "'Not enough privileges'_String" in text:  # the row policy of config
            return cls.make(497, "ACCESS_DENIED", "Not enough privileges. This table of system is not for this login.")
        # Some errors come wrapped in themselves.
        text = _NESTED.sub(r"Code: \1. \2: \3 (\4)", text)
        without = _VERSION.sub("", text)
        code = _CODE.search(text)
        name = _NAME.search(without)
        if code is None:
            return cls.make(1001, "STD_EXCEPTION", text or type(error).__name__)
        return cls(int(code[1]), name[1] if name else "", without)

    @property
    def status(self) -> int:
        """The HTTP status that clickhouse-server sends with this code."""
        if self.code == 194:
            return 401
        if self.code in _FORBIDDEN:
            return 403
        if self.code in _BAD_REQUEST:
            return 400
        if self.code in _NOT_FOUND:
            return 404
        return {48: 501, 159: 408, 202: 503, 209: 408, 290: 413, 373: 423, 439: 503}.get(self.code, 500)


class NoLogin(QueryError):
    """Somebody who did not say who it is."""

    @property
    def status(self) -> int:
        """The HTTP status at which clients ask for a password."""
        return 401
