"""The tables of the schema, read back out of the DDL that `init` would run: what the diagrams and the dictionary show.

Nothing is asked of a store, and nothing is declared a second time: a table that a template gains is in the next diagram.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clickvault.sql.objects import objects_of

if TYPE_CHECKING:
    from clickvault.sql.render import Renderer

_CREATE = re.compile(r"create (?:unlogged )?table (?:if not exists )?(\S+)[^(]*\(", re.IGNORECASE)
_ALTER = re.compile(r"alter table (\S+) add column if not exists (\S+) ([^;]+);", re.IGNORECASE)
_KEY = re.compile(r"(?:primary key|order by)\s*\(?([\w`\", ]+)", re.IGNORECASE)
_TYPE_ENDS = re.compile(r"\s+(?:not null|null|primary key|default|comment|codec|generated|references)\b.*", re.I | re.S)
_COMMENT = re.compile(r"--[^'\n]*$", re.MULTILINE)
_NO_COLUMN = ("index", "primary", "constraint", "unique", "foreign", "projection")


@dataclass(frozen=True)
class Column:
    """A column; `key` if it is part of the primary key, or of what a MergeTree is sorted by."""

    name: str
    type: str
    key: bool = False


@dataclass(frozen=True)
class Table:
    """A table by its full name, `vault.hub_user`, with its columns in order."""

    name: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> str:
        """The database or schema that it lies in."""
        return self.name.partition(".")[0]

    @property
    def short(self) -> str:
        """The name without its schema."""
        return self.name.partition(".")[2]

    def column(self, name: str) -> Column:
        """The column of that name; StopIteration if there is none."""
        return next(c for c in self.columns if c.name == name)


def read_table(sql: str) -> Table | None:
    """The table that a CREATE TABLE makes, with the columns that ALTERs behind it add; None for another statement."""
    sql = _COMMENT.sub("", sql)
    create = _CREATE.search(sql)
    if not create:
        return None
    body, end = _bracketed(sql, create.end())
    found, keys = [], set()
    for part in body:
        words = part.strip().split(None, 1)
        if not words:
            continue
        if words[0].lower() == "primary":
            keys |= _names(part)
        if words[0].lower() in _NO_COLUMN or len(words) < 2:
            continue
        name, rest = _bare(words[0]), words[1]
        if "primary key" in rest.lower():
            keys.add(name)
        found.append((name, _TYPE_ENDS.sub("", rest).strip()))
    if not keys:
        keys = _names(sql[end:])
    added = [(_bare(c), _TYPE_ENDS.sub("", kind).strip()) for _, c, kind in _ALTER.findall(sql[end:])]
    found += [(name, kind) for name, kind in added if name not in dict(found)]
    columns = tuple(Column(name, kind, name in keys) for name, kind in found)
    return Table(_bare(create.group(1)), columns)


def tables(renderer: Renderer) -> dict[str, Table]:
    """Every table of `landing`, `raw`, `graph`, `marts` (ClickHouse) and `vault` (PostgreSQL) that holds rows, by name."""
    from clickvault import graph
    from clickvault.marts import build as marts
    from clickvault.vault.schema import schema_objects

    clickhouse = objects_of(renderer.render("ingest/landing.sql.j2"))
    for event in renderer.registry.events.values():
        clickhouse += objects_of(renderer.render("ingest/event.sql.j2", event=event))
    clickhouse += objects_of(graph.schema_sql(renderer)) + marts.objects(renderer)
    statements = [o.sql for o in clickhouse if "ENGINE = Null" not in o.sql]
    statements += [o.sql for o in schema_objects(renderer) if o.kind == "table"]
    found = [t for t in map(read_table, statements) if t and t.schema in ("landing", "raw", "graph", "marts", "vault")]
    return {t.name: t for t in found if not t.name.endswith("_staging")}


def _bare(name: str) -> str:
    return name.replace("`", "").replace('"', "").rstrip(",")


def _names(text: str) -> set[str]:
    key = _KEY.search(text)
    return {_bare(n.strip()) for n in key.group(1).split(",")} if key else set()


def _bracketed(text: str, start: int) -> tuple[list[str], int]:
    """The parts between commas up to the bracket that closes the one before `start`, and where that is."""
    parts: list[str] = []
    depth, at, quoted = 0, start, False
    for i in range(start, len(text)):
        c = text[i]
        if c == "'" and text[i - 1] != "\\":
            quoted = not quoted
        if quoted:
            continue
        if c == "(":
            depth += 1
        elif c == ")" and depth:
            depth -= 1
        elif c == ")":
            return [*parts, text[at:i]], i + 1
        elif c == "," and not depth:
            parts.append(text[at:i])
            at = i + 1
    raise ValueError(f"no closing bracket in {text[:80]!r}")
