"""Where the boxes of a page stand, and how the wires run: what is referred to in the middle, what refers on both sides.

    outer boxes | boxes | lanes | centres, with what hangs under them | lanes | boxes | outer boxes

Each centre has one lane a side, a vertical that all references to it run along: so no wire crosses a box, and wires that
share a line lead to the same place. The order of the lanes is the one with the fewest crossings. Deterministic.
"""

from __future__ import annotations

from itertools import permutations

from clickvault.catalog.shapes import HEAD, Box, Centre, Page, Placed, Sheet, Side, Wire

MARGIN, TOP, MINIMUM = 40, 70, 560
LANE = 16  # between two lanes
CHANNEL = 26  # between a lane and a box
GAP = 22  # between boxes of a column
COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17a0a8", "#8c564b", "#c2378f", "#6b7a00", "#3b3bb3")
QUIET = "#9a9a9a"
TRIED = 7  # so many lanes are ordered by trying all orders


def lay_out(sheet: Sheet, colours: dict[str, str]) -> Page:
    """The page of a sheet. `colours`: the colour of the wires to each centre, the same on every page."""
    page = Page(sheet.name, sheet.title)
    order = {c.box.id: i for i, c in enumerate(sheet.centres)}
    left, right = _halves(sheet.sides, order)
    heights = [_height(left), _height(right), sum(_block_height(c) for c in sheet.centres) + 40 * len(sheet.centres)]
    tall = max(heights)
    x = MARGIN
    outer_left = max((b.width for s in left for b in s.outer), default=0)
    own_left = max((s.box.width for s in left), default=0)
    lanes_left = sorted({c for s in left for _, c in s.ports}, key=order.__getitem__)
    lanes_right = sorted({c for s in right for _, c in s.ports}, key=order.__getitem__)
    x_left = x + (outer_left + 2 * CHANNEL if outer_left else 0)
    x_lanes = x_left + own_left + (CHANNEL if left else 0)
    x_centre = x_lanes + LANE * max(len(lanes_left) - 1, 0) + (CHANNEL if left else 0)
    wide = max((_block_width(c) for c in sheet.centres), default=0)
    x_lanes_right = x_centre + wide + CHANNEL
    x_right = x_lanes_right + LANE * max(len(lanes_right) - 1, 0) + CHANNEL
    own_right = max((s.box.width for s in right), default=0)
    _place_centres(page, sheet.centres, x_centre, wide, tall)
    place = {p.box.id: p for p in page.boxes}
    _place_sides(page, left, x_left, own_left, tall, MARGIN, outer_left, True)
    x_outer = x_right + own_right + 2 * CHANNEL
    outer_right = max((b.width for s in right for b in s.outer), default=0)
    _place_sides(page, right, x_right, own_right, tall, x_outer, outer_right, False)
    place |= {p.box.id: p for p in page.boxes}
    _wire_lanes(page, left, lanes_left, place, colours, x_lanes, True)
    _wire_lanes(page, right, lanes_right, place, colours, x_lanes_right, False)
    width = max(MINIMUM, *(p.x + p.width + MARGIN for p in page.boxes))
    page.close(sheet.notes, width, max(p.y + p.box.height for p in page.boxes) + MARGIN, MARGIN)
    return page


# ── the middle ────────────────────────────────────────────────────────────────────────────────────────────────


def _columns(centre: Centre) -> list[list[Box]]:
    """The boxes under a centre in columns of about the same height."""
    count = min(3, -(-len(centre.under) // 3)) if centre.under else 0
    columns: list[list[Box]] = [[] for _ in range(count)]
    for box in centre.under:
        min(columns, key=lambda c: sum(b.height + GAP for b in c)).append(box)
    return columns


def _block_width(centre: Centre) -> float:
    columns = _columns(centre)
    return max(centre.box.width, sum(max(b.width for b in c) + CHANNEL for c in columns))


def _block_height(centre: Centre) -> float:
    under = [sum(b.height + GAP for b in c) - GAP for c in _columns(centre)]
    return centre.box.height + (2 * GAP + max(under) if under else 0)


def _place_centres(page: Page, centres: tuple[Centre, ...], x: float, wide: float, tall: float) -> None:
    free = tall - sum(_block_height(c) for c in centres)
    gap = free / (len(centres) + 1) if len(centres) > 1 or not any(c.under for c in centres) else 0
    y = TOP + gap
    for centre in centres:
        box = centre.box
        hub = Placed(box, x + (wide - box.width) / 2, y, box.width)
        page.boxes.append(hub)
        at = x + (wide - _block_width(centre)) / 2
        for column in _columns(centre):
            at += CHANNEL
            width = max(b.width for b in column)
            below = y + box.height + 2 * GAP
            for b in column:
                placed = Placed(b, at, below, width)
                page.boxes.append(placed)
                page.wires.append(_hang(placed, hub, at - CHANNEL / 2))
                below += b.height + GAP
            at += width
        y += _block_height(centre) + gap


def _hang(box: Placed, hub: Placed, spine: float) -> Wire:
    """From the first row of a box that hangs under a hub, up along the spine, to the middle of the hub's foot."""
    row = 0 if box.box.rows else -1
    foot = hub.y + hub.box.height + GAP
    middle = hub.x + hub.width / 2
    points = ((spine, box.row_y(row)), (spine, foot), (middle, foot))
    return Wire(box.box.id, row, hub.box.id, -1, (0, 0.5), (0.5, 1), points, QUIET, arrow=False)


# ── the sides ─────────────────────────────────────────────────────────────────────────────────────────────────


def _halves(sides: tuple[Side, ...], order: dict[str, int]) -> tuple[list[Side], list[Side]]:
    """The boxes left and right: each to the shorter side, in the order of what they refer to."""

    def mean(side: Side) -> float:
        return sum(order[c] for _, c in side.ports) / len(side.ports) if side.ports else 0

    halves: tuple[list[Side], list[Side]] = ([], [])
    for side in sorted(sides, key=lambda s: (mean(s), s.box.id)):
        halves[_height(halves[0]) > _height(halves[1])].append(side)
    return halves


def _height_of(side: Side) -> float:
    return max(side.box.height, sum(b.height + GAP / 2 for b in side.outer) - GAP / 2)


def _height(sides: list[Side]) -> float:
    return sum(_height_of(s) + GAP for s in sides) - GAP if sides else 0


def _place_sides(
    page: Page, sides: list[Side], x: float, width: float, tall: float, x_outer: float, outer: float, left: bool
) -> None:
    gap = GAP + min(60, (tall - _height(sides)) / max(len(sides), 1))
    y = TOP + (tall - sum(_height_of(s) + gap for s in sides) + gap) / 2
    for side in sides:
        own = Placed(side.box, x, y, width)
        page.boxes.append(own)
        below = y
        for box in side.outer:
            placed = Placed(box, x_outer, below, outer)
            page.boxes.append(placed)
            row, own_row = (0 if box.rows else -1), (0 if side.box.rows else -1)
            trunk = x - CHANNEL if left else x + width + CHANNEL
            points = ((trunk, placed.row_y(row)), (trunk, own.row_y(own_row))) if below > y else ()
            ends = ((1.0, 0.5), (0.0, 0.5)) if left else ((0.0, 0.5), (1.0, 0.5))
            page.wires.append(Wire(box.id, row, side.box.id, own_row, *ends, points, QUIET, arrow=False))
            below += box.height + GAP / 2
        y += _height_of(side) + gap


# ── the lanes between ─────────────────────────────────────────────────────────────────────────────────────────


def _wire_lanes(
    page: Page, sides: list[Side], lanes: list[str], place: dict[str, Placed], colours: dict[str, str],
    x: float, left: bool,
) -> None:  # fmt: skip
    ports: dict[str, list[float]] = {c: [] for c in lanes}
    for side in sides:
        for row, centre in side.ports:
            ports[centre].append(place[side.box.id].row_y(row))
    taken = [y for ys in ports.values() for y in ys]
    entry = {c: _free(place[c], taken) for c in lanes}
    order = _order(lanes, ports, entry)
    for side in sides:
        own = place[side.box.id]
        for row, centre in side.ports:
            hub, at = place[centre], order.index(centre)
            lane = x + LANE * (at if left else len(order) - 1 - at)
            y = own.row_y(row)
            points = ((lane, y), (lane, entry[centre]))
            inner, outer = ((1.0, 0.5), 0.0) if left else ((0.0, 0.5), 1.0)
            ends = (inner, (outer, (entry[centre] - hub.y) / hub.box.height))
            page.wires.append(Wire(side.box.id, row, centre, -1, *ends, points, colours.get(centre, QUIET)))


def _free(hub: Placed, taken: list[float]) -> float:
    """Where the wires enter a centre: at a height that no row beside it has."""
    heights = [hub.y + HEAD / 2 + i for i in range(0, int(hub.box.height - HEAD / 2 - 4), 2)]
    return max(heights, key=lambda y: (min((min(abs(y - t), 7) for t in taken), default=7), -y))


def _order(lanes: list[str], ports: dict[str, list[float]], entry: dict[str, float]) -> list[str]:
    """The lanes from the outside to the middle, in the order with the fewest crossings."""
    span = {c: (min([*ports[c], entry[c]]), max([*ports[c], entry[c]])) for c in lanes}

    def crossings(order: tuple[str, ...]) -> int:
        found = 0
        for i, a in enumerate(order):
            for b in order[:i]:  # a's references cross b's lane
                found += sum(span[b][0] < y < span[b][1] for y in ports[a])
            for b in order[i + 1 :]:
                found += span[b][0] < entry[a] < span[b][1]
        return found

    if len(lanes) <= TRIED:
        fewest = min(permutations(lanes), key=crossings)
        return list(fewest)
    best: tuple[str, ...] = ()
    for lane in lanes:
        best = min(((*best[:i], lane, *best[i:]) for i in range(len(best) + 1)), key=crossings)
    return list(best)
