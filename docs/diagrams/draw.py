"""Draw the pages of the .drawio files here as PNGs, by mxGraph (draw.io's drawing library) in a headless Chromium.

    python docs/diagrams/draw.py [FOLDER]          or: make diagrams

Needs node's npm and Chromium (Debian: apt-get install npm chromium). The library goes to a temporary folder, and the
project does not depend on it. One PNG a page: raw-users.png is page `users` of raw.drawio.
"""

from __future__ import annotations

import hashlib
import html
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path
from xml.etree import ElementTree as ET

SCALE = 1.5
LIBRARY = "mxgraph@4.2.2"
PAGE = """<!DOCTYPE html><meta charset="utf-8"><style>body {{ margin: 0; background: #fff }}</style>
<div id="page" style="width: {width}px; height: {height}px; position: relative; overflow: hidden"></div>
<script id="model" type="text/xml">{model}</script>
<script>mxBasePath = "{library}/src"; mxLoadResources = false; mxLoadStylesheets = false;</script>
<script src="{library}/mxClient.min.js"></script>
<script>
  const parsed = mxUtils.parseXml(document.getElementById("model").textContent);
  const graph = new mxGraph(document.getElementById("page"));
  graph.setHtmlLabels(true);
  graph.foldingEnabled = false;
  const plain = {{ fontFamily: "Liberation Sans,Helvetica,Arial,sans-serif", fontColor: "#222222" }};
  Object.assign(graph.getStylesheet().getDefaultVertexStyle(), plain);
  Object.assign(graph.getStylesheet().getDefaultEdgeStyle(), plain);
  new mxCodec(parsed).decode(parsed.documentElement, graph.getModel());
</script>
"""


def fingerprint(diagram: ET.Element) -> str:
    """A hash of a page, which its picture keeps: the test sees whether the picture was drawn from it."""
    return hashlib.sha256(ET.tostring(diagram)).hexdigest()


def sign(picture: Path, text: str) -> None:
    """Write a text into a PNG, behind its header (which has 33 bytes)."""
    body = b"tEXtSource\0" + text.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    data = picture.read_bytes()
    picture.write_bytes(data[:33] + chunk + data[33:])


def main(folder: Path) -> None:
    """Write the PNGs beside the .drawio files of `folder`; what no page stands behind any more goes."""
    chromium = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
    )
    if not chromium or not shutil.which("npm"):
        sys.exit("Error: drawing needs npm and chromium\nTry:   apt-get install npm chromium")
    with tempfile.TemporaryDirectory() as made:
        work = Path(made)
        subprocess.run(["npm", "install", "--silent", "--no-save", "--prefix", made, LIBRARY], check=True)
        library = (work / "node_modules" / "mxgraph" / "javascript").as_uri()
        drawn = set()
        for file in sorted(folder.glob("*.drawio")):
            for diagram in ET.parse(file).getroot():
                picture = folder / f"{file.stem}-{diagram.get('name')}.png"
                model = diagram[0]
                width, height = int(float(model.get("pageWidth", 0))), int(float(model.get("pageHeight", 0)))
                text = ET.tostring(model, encoding="unicode").replace("</script", "<\\/script")
                page = PAGE.format(width=width, height=height, library=html.escape(library), model=text)
                (work / "page.html").write_text(page, encoding="utf-8")
                options = [
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--hide-scrollbars",
                    f"--force-device-scale-factor={SCALE}",
                ]
                options += [
                    f"--user-data-dir={work / 'profile'}",
                    f"--window-size={width},{height}",
                    "--virtual-time-budget=5000",
                ]
                subprocess.run(
                    [chromium, *options, f"--screenshot={picture}", (work / "page.html").as_uri()],
                    check=True,
                    capture_output=True,
                )
                sign(picture, fingerprint(diagram))
                drawn.add(picture)
                print(f"{picture.name}  {picture.stat().st_size // 1024} KB")
        for old in set(folder.glob("*.png")) - drawn:
            old.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent)
