"""What a diagram is made of, before and after it is laid out: boxes with rows, wires between them, pages.

`diagrams` says what is on a page, `layout` where, `drawio` writes it down. Lengths are in draw.io's pixels.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field
from typing import Literal

ROW, HEAD = 18, 26
LETTER, BOLD = 6.0, 7.4  # the width of a letter of a row, and of a title

Kind = Literal["hub", "key", "other", "link", "sat", "multi", "eff", "business", "table", "view", "node", "note"]
Point = tuple[float, float]


@dataclass(frozen=True)
class Row:
    """A line in a box: a column with its type. `mark` sets keys and references off: "key", "ref" or nothing."""

    name: str
    type: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Box:
    """A table, a view, a node; `id` is its name in the diagram, `title` what stands at its head."""

    id: str
    kind: Kind
    title: str
    rows: tuple[Row, ...] = ()

    @property
    def width(self) -> float:
        """Wide enough for the longest line."""
        lines = [len(self.title) * BOLD + 24, *((len(r.name) + len(r.type) + 2) * LETTER + 24 for r in self.rows)]
        return max(130, -(-max(lines) // 10) * 10)

    @property
    def height(self) -> float:
        """The head and the rows."""
        return HEAD + ROW * len(self.rows)


@dataclass(frozen=True)
class Centre:
    """A box in the middle that others refer to, and the boxes that hang under it (a hub with its satellites)."""

    box: Box
    under: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Side:
    """A box beside the middle: `ports` are rows and the centres that they refer to; `outer` boxes hang on its far side."""

    box: Box
    ports: tuple[tuple[int, str], ...] = ()
    outer: tuple[Box, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """The content of one page, not laid out yet. `notes` are said in its foot."""

    name: str
    title: str
    centres: tuple[Centre, ...]
    sides: tuple[Side, ...]
    notes: str = ""


@dataclass(frozen=True)
class Placed:
    """A box where it is drawn, in its final width."""

    box: Box
    x: float
    y: float
    width: float

    def row_y(self, row: int) -> float:
        """The middle of a row; of the head for -1."""
        return self.y + (HEAD / 2 if row < 0 else HEAD + ROW * row + ROW / 2)


@dataclass(frozen=True)
class Wire:
    """A line from a box's row (-1: the box) to another's, by way of `points`; ends as fractions of the cells' sides."""

    source: str
    source_row: int
    target: str
    target_row: int
    exit: Point
    entry: Point
    points: tuple[Point, ...]
    colour: str
    label: str = ""
    label_at: float = 0  # from -1, the source, to 1, the target
    arrow: bool = True


@dataclass
class Page:
    """A page as it is drawn; `notes` are the lines of its foot."""

    name: str
    title: str
    width: float = 0
    height: float = 0
    boxes: list[Placed] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)
    notes: tuple[str, ...] = ()

    def close(self, notes: str, width: float, height: float, margin: float) -> None:
        """Give the page its size, and its foot, in lines that the width holds."""
        self.width = width
        self.notes = tuple(textwrap.wrap(notes, int((width - 2 * margin) / 5.6)))
        self.height = height + 16 * len(self.notes)
