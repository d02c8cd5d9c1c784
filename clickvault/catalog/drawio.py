"""Pages as a draw.io file: plain mxGraph XML, the same bytes for the same pages, so that a diff shows what changed.

The styles are those that draw.io gives its own entity shapes, and that mxGraph alone can draw, too.
"""

from __future__ import annotations

from xml.etree import ElementTree as ET

from clickvault.catalog.shapes import HEAD, ROW, Page, Placed, Row, Wire

FILLS = {
    "hub": ("#dae8fc", "#6c8ebf"), "key": ("#dae8fc", "#6c8ebf"), "other": ("#f2f2f2", "#a0a0a0"),
    "link": ("#d5e8d4", "#82b366"), "sat": ("#fff2cc", "#d6b656"), "multi": ("#ffe6cc", "#d79b00"),
    "eff": ("#fbe4ef", "#c76b98"), "business": ("#e1d5e7", "#9673a6"), "table": ("#d5e8d4", "#82b366"),
    "view": ("#fff2cc", "#d6b656"), "node": ("#dae8fc", "#6c8ebf"), "note": ("#ffffff", "#cccccc"),
}  # fmt: skip
_BOX = (
    "swimlane;shape=swimlane;verticalAlign=middle;fontStyle=1;childLayout=stackLayout;horizontal=1;startSize={head};horizontalStack=0;resizeParent=1;"
    "resizeParentMax=0;resizeLast=0;collapsible=0;marginBottom=0;swimlaneFillColor=#ffffff;html=1;fontSize=12;"
    "fontColor=#222222;fillColor={fill};strokeColor={stroke};dashed={dashed};"
)
_NODE = "rounded=1;arcSize=6;whiteSpace=wrap;html=1;fontStyle=1;fontSize=15;fontColor=#222222;fillColor={fill};strokeColor={stroke};"
_ROW = (
    "text;strokeColor=none;fillColor=none;align=left;verticalAlign=middle;spacingLeft=8;spacingRight=4;"
    "rotatable=0;points=[[0,0.5],[1,0.5]];portConstraint=eastwest;html=1;fontSize=11;fontColor=#222222;"
)
_TEXT = "text;html=1;align=left;verticalAlign=top;strokeColor=none;fillColor=none;fontSize={size};fontStyle={style};fontColor={colour};"
_WIRE = (
    "edgeStyle=orthogonalEdgeStyle;rounded=1;arcSize=6;html=1;exitX={ex};exitY={ey};exitDx=0;exitDy=0;entryX={nx};"
    "entryY={ny};entryDx=0;entryDy=0;endArrow={arrow};endFill=1;endSize=5;strokeColor={colour};strokeWidth=1.2;"
    "fontSize=11;fontColor=#222222;labelBackgroundColor=#ffffff;"
)


def _cell(root: ET.Element, id: str, parent: str = "", **values: str) -> ET.Element:
    """A cell in the layer (parent "1"), or in another cell."""
    return ET.SubElement(root, "mxCell", {"id": id, **values, **({"parent": parent} if parent else {})})


def drawio(pages: list[Page]) -> str:
    """The text of a .drawio file with these pages."""
    file = ET.Element("mxfile", host="clickvault", type="device")
    for page in pages:
        diagram = ET.SubElement(file, "diagram", id=page.name, name=page.name)
        size = {"pageWidth": _number(page.width), "pageHeight": _number(page.height)}
        model = ET.SubElement(
            diagram, "mxGraphModel", {"grid": "1", "gridSize": "10", "guides": "1", "page": "1", **size}
        )
        root = ET.SubElement(model, "root")
        _cell(root, "0")
        _cell(root, "1", "0")
        _text(root, "title", page.title, 40, 22, page.width - 80, 26, size=18, style=1, colour="#222222")
        if page.notes:
            words, height = "<br>".join(_escaped(n) for n in page.notes), 16 * len(page.notes)
            y = page.height - height - 24
            _text(root, "notes", words, 40, y, page.width - 80, height, size=11, style=0, colour="#666666", raw=True)
        for placed in page.boxes:
            _box(root, placed)
        for number, wire in enumerate(page.wires, 1):
            _wire(root, wire, number)
    ET.indent(file, " ")
    return ET.tostring(file, encoding="unicode") + "\n"


def _text(
    root: ET.Element, id: str, words: str, x: float, y: float, width: float, height: float, *,
    size: int, style: int, colour: str, raw: bool = False,
) -> None:  # fmt: skip
    look = _TEXT.format(size=size, style=style, colour=colour)
    cell = _cell(root, id, "1", value=words if raw else _escaped(words), style=look, vertex="1")
    _geometry(cell, x, y, width, height)


def _box(root: ET.Element, placed: Placed) -> None:
    box = placed.box
    fill, stroke = FILLS[box.kind]
    look = (_NODE if box.kind == "node" else _BOX).format(
        head=HEAD, fill=fill, stroke=stroke, dashed=int(box.kind == "other")
    )
    cell = _cell(root, box.id, "1", value=_escaped(box.title), style=look, vertex="1")
    _geometry(cell, placed.x, placed.y, placed.width, box.height)
    if box.kind == "node":
        return
    for number, row in enumerate(box.rows):
        line = _cell(root, f"{box.id}:{number}", box.id, value=_row(row), style=_ROW, vertex="1")
        _geometry(line, 0, HEAD + ROW * number, placed.width, ROW)


def _row(row: Row) -> str:
    name = _escaped(row.name)
    name = f"<b><u>{name}</u></b>" if row.mark == "key" else f"<b>{name}</b>" if row.mark == "ref" else name
    return f'{name} <font color="#8a8a8a">{_escaped(row.type)}</font>' if row.type else name


def _wire(root: ET.Element, wire: Wire, number: int) -> None:
    sides = {"ex": wire.exit[0], "ey": wire.exit[1], "nx": wire.entry[0], "ny": wire.entry[1]}
    look = _WIRE.format(
        **{k: _number(v, 4) for k, v in sides.items()}, arrow="classic" if wire.arrow else "none", colour=wire.colour
    )
    source = wire.source if wire.source_row < 0 else f"{wire.source}:{wire.source_row}"
    target = wire.target if wire.target_row < 0 else f"{wire.target}:{wire.target_row}"
    ends = {"source": source, "target": target}
    cell = _cell(root, f"wire{number}", "1", value=_escaped(wire.label), style=look, edge="1", **ends)
    at = {"x": _number(wire.label_at, 3)} if wire.label_at else {}
    geometry = ET.SubElement(cell, "mxGeometry", {**at, "relative": "1", "as": "geometry"})
    if wire.points:
        points = ET.SubElement(geometry, "Array", {"as": "points"})
        for x, y in wire.points:
            ET.SubElement(points, "mxPoint", x=_number(x), y=_number(y))


def _geometry(cell: ET.Element, x: float, y: float, width: float, height: float) -> None:
    numbers = {"x": _number(x), "y": _number(y), "width": _number(width), "height": _number(height)}
    ET.SubElement(cell, "mxGeometry", {**numbers, "as": "geometry"})


def _number(value: float, digits: int = 1) -> str:
    """At most so many digits behind the point, and none that say nothing."""
    return f"{value:.{digits}f}".rstrip("0").rstrip(".")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
