"""The layout of an overview: the node with the most relations in the middle, its own on the left, the others on the right.

its relations with itself | the node | a straight line a relation | the other nodes | the relations among these
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

from clickvault.catalog.layout import COLOURS, MARGIN, TOP, TRIED
from clickvault.catalog.shapes import LETTER, Box, Page, Placed, Wire

STEP = 26  # between two relations
GAP = 24
WIDTH = 130


@dataclass(frozen=True)
class Bond:
    """A relation between two nodes, by their names; `id` is its own, `label` what is written on it."""

    id: str
    label: str
    source: str
    target: str
    arrow: bool = True


def star(name: str, title: str, nodes: Sequence[str], relations: Sequence[Bond], notes: str) -> Page:
    """The page of the declared nodes and relations."""
    page = Page(name, title)
    ends = Counter(n for r in relations for n in (r.source, r.target))
    middle = max(nodes, key=ends.__getitem__)
    own = [r for r in relations if r.source == r.target == middle]
    spokes = [r for r in relations if r.source != r.target and middle in (r.source, r.target)]
    rest = [r for r in relations if middle not in (r.source, r.target)]
    others = _ordered([n for n in nodes if n != middle], rest)
    colours = {n: COLOURS[i % len(COLOURS)] for i, n in enumerate(nodes)}
    loops = max((len(r.label) for r in own), default=0) * LETTER * 1.2 + 40
    x_middle = MARGIN + loops
    x_others = x_middle + WIDTH + max((len(r.label) for r in spokes), default=10) * LETTER * 1.2 + 110
    heights: dict[str, float] = {n: STEP * max(_at(n, spokes), _at(n, rest, loops=True), 1) + 16 for n in others}
    tall = max(sum(h + GAP for h in heights.values()) - GAP, 2 * STEP * len(own) + 16)
    y = TOP + (tall - sum(h + GAP for h in heights.values()) + GAP) / 2
    placed = {middle: _node(page, middle, x_middle, TOP, tall)}
    for node in others:
        placed[node] = _node(page, node, x_others, y, heights[node])
        y += heights[node] + GAP
    _loops(page, placed[middle], tall, own, x_middle - loops, colours[middle])
    _spokes(page, placed, middle, others, spokes, colours, tall, heights)
    _rest(page, placed, others, rest, colours, heights)
    lanes = max((p[0] for w in page.wires for p in w.points), default=0)
    page.close(notes, max(lanes, x_others + WIDTH) + MARGIN, TOP + tall + MARGIN, MARGIN)
    return page


def _at(node: str, relations: Sequence[Bond], loops: bool = False) -> int:
    return sum((r.source == node) + (r.target == node) if loops else node in (r.source, r.target) for r in relations)


def _ordered(nodes: list[str], rest: Sequence[Bond]) -> list[str]:
    """The order in which relations among the nodes have the shortest ways."""
    if len(nodes) > TRIED:
        return nodes

    def ways(order: tuple[str, ...]) -> int:
        return sum(abs(order.index(r.source) - order.index(r.target)) for r in rest)

    best = min(permutations(nodes), key=ways)
    return list(best)


def _node(page: Page, node: str, x: float, y: float, height: float) -> Placed:
    placed = Placed(_Node(f"node.{node}", "node", node, tall=height), x, y, WIDTH)
    page.boxes.append(placed)
    return placed


@dataclass(frozen=True)
class _Node(Box):
    """A box without rows, whose height is given."""

    tall: float = 0

    @property
    def height(self) -> float:
        return self.tall


def _loops(page: Page, at: Placed, tall: float, own: Sequence[Bond], x: float, colour: str) -> None:
    step = tall / max(len(own), 1)
    for i, r in enumerate(own):
        y1, y2 = at.y + step * i + step / 2 - STEP / 2, at.y + step * i + step / 2 + STEP / 2
        _wire(page, r, at, at, (0, y1), (0, y2), ((x, y1), (x, y2)), colour)


def _spokes(
    page: Page, placed: dict[str, Placed], middle: str, others: Sequence[str],
    spokes: Sequence[Bond], colours: dict[str, str], tall: float, heights: dict[str, float],
) -> None:  # fmt: skip
    for node in others:
        mine = [r for r in spokes if node in (r.source, r.target)]
        for i, r in enumerate(mine):
            y = placed[node].y + heights[node] / 2 + STEP * (i - (len(mine) - 1) / 2)
            sides = {middle: 1.0, node: 0.0}
            ends = ((sides[r.source], y), (sides[r.target], y))
            _wire(page, r, placed[r.source], placed[r.target], *ends, (), colours[node])


def _rest(
    page: Page, placed: dict[str, Placed], others: Sequence[str], rest: Sequence[Bond],
    colours: dict[str, str], heights: dict[str, float],
) -> None:  # fmt: skip
    """Relations among the other nodes: out to a lane on the right and back, the short ways inside."""
    index = {n: i for i, n in enumerate(others)}
    ends = [(n, r, what) for r in rest for n, what in ((r.source, "out"), (r.target, "in"))]
    rows: dict[tuple[str, str], float] = {}
    for node in others:

        def elsewhere(end: tuple[str, Bond, str]) -> tuple[int, int]:
            _, r, what = end
            other = r.target if what == "out" else r.source
            return (index[other] - index[end[0]], what == "in")

        mine = sorted((e for e in ends if e[0] == node), key=elsewhere)
        for i, (_, r, what) in enumerate(mine):
            rows[r.id, what] = placed[node].y + heights[node] / 2 + STEP * (i - (len(mine) - 1) / 2)
    x = (
        max((p.x + p.width for p in placed.values()), default=0)
        + max((len(r.label) for r in rest), default=0) * LETTER * 1.2
        + 40
    )
    for lane, r in enumerate(sorted(rest, key=lambda r: (abs(rows[r.id, "out"] - rows[r.id, "in"]), r.id))):
        y1, y2 = rows[r.id, "out"], rows[r.id, "in"]
        at = x + 18 * lane
        _wire(page, r, placed[r.source], placed[r.target], (1, y1), (1, y2), ((at, y1), (at, y2)), colours[r.source])


def _wire(
    page: Page, r: Bond, source: Placed, target: Placed, start: tuple[float, float], end: tuple[float, float],
    points: tuple[tuple[float, float], ...], colour: str,
) -> None:  # fmt: skip
    way = 0.0
    if points:
        first = abs(points[0][0] - (source.x + start[0] * source.width))
        last = abs(points[-1][0] - (target.x + end[0] * target.width))
        length = first + abs(points[1][1] - points[0][1]) + last
        way = -1 + 2 * (len(r.label) * LETTER * 0.6 + 14) / length
    exits = (start[0], (start[1] - source.y) / source.box.height)
    entry = (end[0], (end[1] - target.y) / target.box.height)
    page.wires.append(
        Wire(source.box.id, -1, target.box.id, -1, exits, entry, points, colour, r.label, way, arrow=r.arrow)
    )
