"""The structure of a client's table: names and types, and nothing else.

The engine's own grammar of a column knows DEFAULT, CODEC, PROJECTION, INDEX and more, all with expressions that the engine
runs when it reads the structure. So what is allowed is written down here, and never what is forbidden.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clickvault.embedded.front.statements import Token

_NAMES = ("BareWord", "QuotedIdentifier")
_OF_AGGREGATES = ("aggregatefunction", "simpleaggregatefunction")
_WITH_ZONE = ("datetime", "datetime32", "datetime64", "timestamp")
_DEEPEST = 30


class NoType(Exception):
    """What stands there is not names and types."""


@dataclass(frozen=True)
class Types:
    """The names that the engine knows."""

    families: frozenset[str]  # of types, in small letters; some have several words
    zones: frozenset[str]

    def check_columns(self, tokens: Sequence[Token]) -> None:
        """Raise NoType unless the tokens, in the canonical form of a statement, are columns: `name Type, name Type`."""
        _Reader(self, tokens).columns()


class _Reader:
    def __init__(self, types: Types, tokens: Sequence[Token]) -> None:
        self._types = types
        self._tokens = tokens
        self._at = 0

    def columns(self) -> None:
        self._name()
        self.type(0)
        while self._took(b","):
            self._name()
            self.type(0)
        if self._at != len(self._tokens):
            raise NoType

    def type(self, depth: int) -> None:
        """A type: words that are one name of the engine's, and arguments."""
        words = [self._name()]
        while self._at < len(self._tokens) and self._tokens[self._at].kind == "BareWord":
            words.append(self._name())
        name = " ".join(words).lower()
        if name not in self._types.families or depth > _DEEPEST:
            raise NoType
        if not self._took(b"("):
            return
        if name in _OF_AGGREGATES:
            self._aggregate(depth)
        elif not self._took(b")"):
            self._argument(name, depth)
        else:
            return
        while self._took(b","):
            self._argument(name, depth)
        self._must(b")")

    def _aggregate(self, depth: int) -> None:
        """The function of a state, which the engine looks up among aggregate functions alone: a name, and numbers."""
        self._name()
        if self._took(b"("):
            self._number()
            while self._took(b","):
                self._number()
            self._must(b")")

    def _argument(self, of: str, depth: int) -> None:
        kind = self._kind()
        if kind == "StringLiteral":
            text = self._tokens[self._at].text
            self._at += 1
            if of.startswith("enum"):
                if self._took(b"="):
                    self._number()
            elif of not in _WITH_ZONE or text[1:-1].decode("utf-8", "replace") not in self._types.zones:
                raise NoType
        elif kind in ("Number", "Minus"):
            self._number()
        elif of in ("tuple", "nested") and self._kind(1) in _NAMES:
            self._name()  # of an element
            self.type(depth + 1)
        elif of in ("json", "dynamic"):
            self._name()  # max_dynamic_paths = 8
            self._must(b"=")
            self._number()
        else:
            self.type(depth + 1)

    def _kind(self, further: int = 0) -> str:
        return self._tokens[self._at + further].kind if self._at + further < len(self._tokens) else ""

    def _name(self) -> str:
        if self._kind() not in _NAMES:
            raise NoType
        self._at += 1
        return self._tokens[self._at - 1].name

    def _number(self) -> None:
        self._at += self._kind() == "Minus"
        if self._kind() != "Number":
            raise NoType
        self._at += 1

    def _took(self, text: bytes) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at].text == text
        self._at += found
        return found

    def _must(self, text: bytes) -> None:
        if not self._took(text):
            raise NoType
