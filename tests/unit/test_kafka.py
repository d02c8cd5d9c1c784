"""How every client reads Kafka: committed messages only."""

from __future__ import annotations

import ast
import os
import sys
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

import pytest

import clickvault
from clickvault.embedded import kafka
from clickvault.embedded.front import config
from clickvault.ingest import collections
from clickvault.ingest.kafka import END_OF_TIME_MS, _utc


def test_the_engine_reads_committed_messages_only(tmp_path: Path) -> None:
    assert collections.KAFKA_CLIENT["kafka.isolation_level"] == "read_committed"
    engine = ET.parse(config.write(tmp_path)).getroot().find("kafka")
    assert engine is not None
    assert {f"kafka.{e.tag}": e.text for e in engine} == collections.KAFKA_CLIENT


def test_every_consumer_of_ours_reads_committed_messages_only() -> None:
    """kafka-python reads everything unless it is told otherwise."""
    found = 0
    for path in Path(clickvault.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "KafkaConsumer":
                found += 1
                assert any(k.arg == "isolation_level" for k in node.keywords), f"{path}, line {node.lineno}"
    assert found


def test_tansu_wants_no_home_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not every user has one. A program that is named is taken."""
    monkeypatch.delenv("CALF_TANSU_BIN", raising=False)
    monkeypatch.setenv("HOME", os.devnull)
    assert os.access(kafka._binary(), os.X_OK)
    monkeypatch.setenv("CALF_TANSU_BIN", sys.executable)
    assert kafka._binary() == sys.executable


@pytest.mark.parametrize(
    "time", [None, 0, -1, -(2**62), END_OF_TIME_MS, 253_402_300_800_000, 1_795_973_000_000_000, 2**62]
)
def test_a_record_time_that_cant_be_is_none(time: int | None) -> None:
    assert _utc(time) is None


def test_a_record_time() -> None:
    assert _utc(1) == datetime(1970, 1, 1, 0, 0, 0, 1_000, UTC)
    assert _utc(END_OF_TIME_MS - 1) == datetime(2299, 12, 31, 23, 59, 59, 999_000, UTC)
