"""The written documents are what would be written now, and hold together: links, Mermaid, draw.io's XML, every table.

A dictionary that lags behind the contracts is believed all the same.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest

from clickvault.catalog import COMMAND, documents
from clickvault.catalog.describe import describe
from clickvault.catalog.diagrams import pages
from clickvault.catalog.lineage import Lines, tables_read
from clickvault.catalog.shapes import Page
from clickvault.catalog.tables import Column, Table, read_table, tables
from clickvault.contract import Registry
from clickvault.domains.social import DOMAIN
from clickvault.sql.render import Renderer
from clickvault.vault.schema import schema_objects
from docs.diagrams import draw
from tests.vault.shop import DOMAIN as SHOP

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
RENDERER = Renderer(Registry([DOMAIN]))
LINES = Lines(RENDERER)
TABLES = tables(RENDERER)
SHOWN = {a.name: a.view.table for _, tiles in LINES.dashboards for a in tiles}
WRITTEN = documents(RENDERER.registry)
MARKDOWN = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
PAGES = [(name, page) for name, found in pages(RENDERER).items() for page in found]
OTHERS = [(f"shop {name}", page) for name, found in pages(Renderer(Registry([SHOP]))).items() for page in found]


# ── up to date ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", WRITTEN)
def test_the_written_documents_are_up_to_date(name: str) -> None:
    there = (DOCS / name).read_text(encoding="utf-8") if (DOCS / name).is_file() else ""
    if there == WRITTEN[name]:
        return
    old, new = there.splitlines(), WRITTEN[name].splitlines()
    at = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    pytest.fail(
        f"docs/{name} is not what the contracts and templates say now, from line {at + 1} on:\n"
        f"  there: {' '.join(old[at : at + 1])[:200]}\n  now:   {' '.join(new[at : at + 1])[:200]}\n"
        f"Write it anew: {COMMAND}" + ("   and draw it: make diagrams" if name.endswith(".drawio") else ""),
        pytrace=False,
    )


def test_writing_again_gives_the_same() -> None:
    """Otherwise each run would change files that nobody changed."""
    assert documents(Registry([DOMAIN])) == WRITTEN


def test_every_page_has_its_picture_and_no_picture_is_left_over() -> None:
    there = {p.name: p.stat().st_size for p in (DOCS / "diagrams").glob("*.png")}
    assert there.keys() == {f"{name}-{page.name}.png" for name, page in PAGES}, "draw them: make diagrams"
    assert not {n: size for n, size in there.items() if not 10_000 < size < 1_000_000}


@pytest.mark.parametrize("file", sorted((DOCS / "diagrams").glob("*.drawio")), ids=lambda f: f.stem)
def test_pictures_are_drawn_from_the_pages_as_they_are_now(file: Path) -> None:
    """Each PNG holds the fingerprint of the page that it was drawn from."""
    for diagram in ET.parse(file).getroot():
        picture = DOCS / "diagrams" / f"{file.stem}-{diagram.get('name')}.png"
        assert draw.fingerprint(diagram).encode() in picture.read_bytes()[:200], (
            f"{picture.name}: draw it, make diagrams"
        )


def test_a_domain_without_graph_and_marts_has_documents() -> None:
    """Whoever declares other events gets theirs; what they do not have is left out, not an error."""
    found = documents(Registry([SHOP]))
    assert "diagrams/marts.drawio" not in found
    assert "#### order\n" in found["dictionary.md"]
    assert found["lineage.md"].count("```mermaid") == len({e.group for e in SHOP.events})


# ── complete ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_dictionary_names_everything() -> None:
    text = WRITTEN["dictionary.md"]
    for e in RENDERER.registry.events.values():
        assert f"#### {e.event_type}\n" in text
        assert f"| {e.entity} | [{e.event_type}]" in text
        for f in e.all_fields:
            assert f"| `{f.name}` |" in text
    for mart in LINES.marts.values():
        for view in mart.views:
            assert f"`{view.table}`: " in text
            assert all(f"| `{column}` |" in text for column in view.columns)
    for table in TABLES.values():
        if table.schema == "vault":
            assert f"`{table.short}`" in text, f"{table.name} has no row"


@pytest.mark.parametrize("event", DOMAIN.events, ids=lambda e: e.event_type)
def test_every_field_says_what_it_means(event) -> None:  # type: ignore[no-untyped-def]
    silent = [f.name for f in event.all_fields if not f.meaning]
    silent += [f"{f.name}[].{i.name}" for f in event.fields for i in f.items if not i.meaning]
    assert not silent, 'a plain text in its declaration: Annotated[Id, Ref("user"), "Who likes it"]'


def test_every_table_is_in_a_diagram() -> None:
    drawn = {p.box.id for _, page in PAGES for p in page.boxes}
    assert set(TABLES) - drawn == set()


def test_tables_are_read_whole_from_their_ddl() -> None:
    """Against a second reading: every table that a statement makes, and the number of its columns."""
    made = re.compile(r'create table if not exists "?(vault)"?\."?(\w+)"?', re.IGNORECASE)
    wanted = {
        ".".join(m.groups()) for o in schema_objects(RENDERER) for m in [made.search(o.sql)] if m and o.kind == "table"
    }
    found = TABLES
    assert len(wanted) > 100
    assert wanted <= found.keys()
    for event in RENDERER.registry.events.values():
        names = [c.name for c in found[f"raw.{event.event_type}"].columns]
        assert names[:3] == ["event_id", "op", "event_time"]
        assert {f.name for f in event.fields} < set(names)
        assert names[-2:] == ["version", "source_order"]


def test_a_table_is_read_with_types_and_keys() -> None:
    clickhouse = read_table(
        "CREATE TABLE IF NOT EXISTS a.`b`\n(\n    `k` UUID, -- the key\n    t DateTime64(6, 'UTC') COMMENT 'x, (y)',\n"
        "    l Array(Tuple(`m` String, n UInt8)),\n    INDEX i t TYPE minmax\n)\nENGINE = MergeTree\nORDER BY (k, t)"
    )
    assert clickhouse == Table("a.b", (Column("k", "UUID", True), Column("t", "DateTime64(6, 'UTC')", True),
                                       Column("l", "Array(Tuple(`m` String, n UInt8))")))  # fmt: skip
    postgres = read_table(
        'create table if not exists "v"."s" (\n    hk uuid not null,\n    n bigint default 0,\n    primary key (hk)\n) '
        'partition by range (n);\nalter table "v"."s" add column if not exists "x" double precision;'
    )
    assert postgres == Table(
        "v.s", (Column("hk", "uuid", True), Column("n", "bigint"), Column("x", "double precision"))
    )
    assert read_table("CREATE VIEW a.v AS SELECT 1") is None


# ── lineage ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mart", LINES.marts.values(), ids=lambda m: m.name)
def test_the_sources_in_a_header_are_what_the_sql_reads(mart) -> None:  # type: ignore[no-untyped-def]
    """A mart that reads raw.reel must say so: the header is what people believe, the SQL what is true."""
    assert LINES.declared(mart) == LINES.sources[mart.name], f"{mart.template}: sources"


def test_what_a_statement_reads() -> None:
    sql = "INSERT INTO marts.staging_x SELECT a FROM raw.`like` FINAL JOIN marts.y AS raw ON raw.z = y.z -- from raw"
    assert tables_read(sql) == {"raw.like", "marts.y"}


@pytest.mark.parametrize(
    ("event_type", "in_marts", "not_in_marts"),
    [
        ("ad_click", "marts.ad_daily", "marts.user_centrality"),
        ("friend", "marts.user_centrality", "marts.ad_daily"),
        ("user_status", "marts.session_daily", "marts.cohort_weekly"),
    ],
)
def test_an_event_type_comes_to_the_marts_that_are_made_of_it(
    event_type: str, in_marts: str, not_in_marts: str
) -> None:
    """Directly, by way of the measured graph, or not at all: pings of presence are no activity."""
    way = describe(RENDERER, event_type)["lineage"]
    assert in_marts in way["marts"]
    assert not_in_marts not in way["marts"]
    assert way["topic"] == [f"social.{event_type}"]
    assert all(name.startswith("marts.v_") for name in way["views"])
    assert all(t in SHOWN and SHOWN[t] in way["views"] for t in way["tiles"])
    assert way["tiles"], f"{event_type} is shown nowhere"


def test_a_view_is_made_of_what_the_views_under_it_are_made_of() -> None:
    assert "ad_click" in LINES.events_of("marts.v_revenue_daily")
    assert (
        LINES.events_of("marts.v_friendship_depth_daily")
        == LINES.events_of("marts.v_social_graph_daily")
        >= {"friend", "user"}
    )


def test_all_that_is_there_has_a_lineage() -> None:
    for event in RENDERER.registry.events.values():
        way = LINES.of(event)
        assert {*way.raw, *way.vault, *way.marts} <= set(TABLES)
        assert way.graph or not (event.nodes or event.relations)
    read = {view for e in RENDERER.registry.events.values() for view in LINES.of(e).views}
    assert read == {v.table for m in LINES.marts.values() for v in m.views}


# ── what readers' programs make of it ─────────────────────────────────────────────────────────────────────────


def anchors(text: str) -> list[str]:
    """The anchors that a Markdown page offers, as GitHub makes them from its headings."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    heads = [h.replace("`", "").strip().lower() for h in re.findall(r"^#+ (.+)$", prose, re.MULTILINE)]
    return [re.sub(r"[^\w\- ]", "", h).replace(" ", "-") for h in heads]


@pytest.mark.parametrize("file", MARKDOWN, ids=lambda f: str(f.relative_to(ROOT)))
def test_links_lead_somewhere(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (file.parent / path) if path else file
        assert target.exists(), f"{file.name}: {link}"
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{file.name}: {link}"


@pytest.mark.parametrize("name", [n for n in WRITTEN if n.endswith(".md")])
def test_no_two_headings_share_an_anchor(name: str) -> None:
    """The second one would be #name-1, and links would lead to the first."""
    assert [a for a, times in Counter(anchors(WRITTEN[name])).items() if times > 1] == []


@pytest.mark.parametrize("name", [n for n in WRITTEN if n.endswith(".md")])
def test_tables_have_one_width(name: str) -> None:
    """A | in a formula would open another column."""
    for block in re.findall(r"(?:^\|.*\n)+", WRITTEN[name], re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
        assert len(widths) == 1, block[:300]


NODE = re.compile(r'(\w+)(?:\(\["[^"]+"\]\)|\[\["[^"]+"\]\]|\[\("[^"]+"\)\]|\{\{"[^"]+"\}\}|\["[^"]+"\])?')
EDGE = re.compile(rf"  {NODE.pattern} (?:-{{2,5}}>|-\.->) {NODE.pattern}")


def test_mermaid_is_a_flowchart() -> None:
    """The part of Mermaid's grammar that the template writes, line by line, and less than the 500 edges that it draws."""
    blocks = re.findall(r"```mermaid\n(.*?)```", WRITTEN["lineage.md"], re.DOTALL)
    assert len(blocks) == len(RENDERER.registry.groups)
    for block in blocks:
        first, *lines = block.splitlines()
        assert first == "flowchart LR"
        assert len(lines) < 500
        edges = [EDGE.fullmatch(line) for line in lines]
        assert all(edges), [line for line, edge in zip(lines, edges, strict=True) if not edge]
        labelled = {m.group(1) for line in lines for m in re.finditer(r'(\w+)[\[({]+"', line)}
        bare = {n for edge in edges if edge for n in edge.groups()} - labelled - {"activity"}
        assert not bare, "nodes without a label"


@pytest.mark.parametrize("name", [n for n in WRITTEN if n.endswith(".drawio")])
def test_drawio_is_well_formed(name: str) -> None:
    """What draw.io needs to open a page: ids once, parents and ends that are there, a size for every box."""
    for diagram in ET.fromstring(WRITTEN[name]):
        cells = diagram.findall("./mxGraphModel/root/mxCell")
        ids = [c.get("id") for c in cells]
        assert len(ids) == len(set(ids)) > 4
        for cell in cells[2:]:
            assert cell.get("parent") in ids
            assert cell.find("mxGeometry") is not None
            if cell.get("edge"):
                assert {cell.get("source"), cell.get("target")} <= set(ids)
            else:
                assert float(cell.find("mxGeometry").get("width")) > 0  # type: ignore[union-attr, arg-type]


@pytest.mark.parametrize(("name", "page"), PAGES + OTHERS, ids=[f"{n}-{p.name}" for n, p in PAGES + OTHERS])
def test_nothing_covers_anything(name: str, page: Page) -> None:
    """No two boxes overlap, no wire runs through a box, and nothing lies outside the page."""
    boxes = [(p.box.id, p.x, p.y, p.x + p.width, p.y + p.box.height) for p in page.boxes]
    for i, (a, left, top, right, bottom) in enumerate(boxes):
        assert 0 <= left < right <= page.width, a
        assert 0 <= top < bottom <= page.height, a
        for b, x0, y0, x1, y1 in boxes[i + 1 :]:
            assert x1 <= left or right <= x0 or y1 <= top or bottom <= y0, f"{a} and {b}"
    place = {p.box.id: p for p in page.boxes}
    for wire in page.wires:
        ends = []
        for box, row, (fx, fy) in (
            (wire.source, wire.source_row, wire.exit),
            (wire.target, wire.target_row, wire.entry),
        ):
            p = place[box]
            y = p.row_y(row) if row >= 0 else p.y + fy * p.box.height
            ends.append((p.x + fx * p.width, y))
        way = [ends[0], *wire.points, ends[1]]
        for (xa, ya), (xb, yb) in pairwise(way):
            assert abs(xa - xb) < 0.6 or abs(ya - yb) < 0.6, f"{wire.source} to {wire.target} is not orthogonal"
            for box, x0, y0, x1, y1 in boxes:
                inside = min(xa, xb) < x1 - 1 and max(xa, xb) > x0 + 1 and min(ya, yb) < y1 - 1 and max(ya, yb) > y0 + 1
                assert not inside, f"{wire.source} to {wire.target} runs through {box}"


def test_wires_of_two_centres_never_share_a_line() -> None:
    """Lines that lie on one another are read as one reference."""
    for name, page in PAGES + OTHERS:
        seen: dict[tuple[str, float], list[tuple[float, float, str]]] = {}
        for wire in page.wires:
            for (xa, ya), (xb, yb) in pairwise(wire.points):
                key = ("x", round(xa)) if abs(xa - xb) < 0.6 else ("y", round(ya))
                low, high = sorted((ya, yb) if key[0] == "x" else (xa, xb))
                for a, b, target in seen.get(key, []):
                    assert target == wire.target or high <= a + 1 or b <= low + 1, (
                        f"{name}-{page.name}: {wire.target}, {target}"
                    )
                seen.setdefault(key, []).append((low, high, wire.target))


def test_every_mart_is_drawn_with_its_views() -> None:
    drawn = {p.box.id for name, page in PAGES if name == "marts" for p in page.boxes}
    for mart in LINES.marts.values():
        assert {mart.table, *(v.table for v in mart.views)} <= drawn
