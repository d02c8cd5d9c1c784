"""Objects of a rendered file: a template marks each statement with `-- object: <kind> <name>`.

Kinds of ClickHouse objects, and what becomes of one whose text changed:
  database, table   kept: columns are added, nothing is dropped
  states            a mart's table: dropped and made again, empty; the next build of the marts fills it
  view, stream      dropped and made again (they hold no rows)
  parameterized     a view that is asked with values, SELECT ... FROM v(name = 1): as view
  queue, pull, feed dropped and made again, with ingestion stopped meanwhile: messages wait in the broker
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from clickvault.sql.render import statements

_MARK = re.compile(r"^-- object: (\w+) ([A-Za-z0-9_.]+)$", re.MULTILINE)


@dataclass(frozen=True)
class SqlObject:
    """One database object: its kind, its name, the statement that makes it."""

    kind: str
    name: str
    sql: str

    @property
    def fingerprint(self) -> str:
        """A hash of the statement: other text, other object."""
        return hashlib.sha256(self.sql.encode()).hexdigest()[:16]


def objects_of(rendered: str) -> list[SqlObject]:
    """The objects of a rendered file, in its order. Comments above a mark are not part of them."""
    marks = list(_MARK.finditer(rendered))
    found = []
    for mark, end in zip(marks, [*[m.start() for m in marks[1:]], len(rendered)], strict=True):
        body = statements(rendered[mark.end() : end])
        if not body:
            raise ValueError(f"no statement behind {mark.group(0)!r}")
        if len(body) > 1:
            raise ValueError(f"two statements behind {mark.group(0)!r}: give each its mark")
        found.append(SqlObject(mark.group(1), mark.group(2), _tidy(body[0])))
    return found


def _tidy(sql: str) -> str:
    """The statement without blank lines, which templates leave behind."""
    return "\n".join(line.rstrip() for line in sql.splitlines() if line.strip())
