"""Dirt: each dirty message breaks one rule, and the manifest says which; what is late or doubled is accepted once."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import orjson
import pytest

from clickvault.contract import Registry, load_domains
from clickvault.contract.validation import judge
from clickvault.generator import GenerateOptions, Manifest, generate
from clickvault.generator.dirt import DUPLICATE, EMPTY, KINDS, LATE, make
from clickvault.generator.manifest import Delivered
from clickvault.generator.writers import Batch

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 11, 1, tzinfo=UTC)
# what judge says, where it is not what the pipeline says
WORDS = {
    "missing": "missing", "given twice": "given twice", "not JSON": "not JSON", "not a JSON": "not a JSON obj",
    "unknown event type": "unknown event type", "empty message": "empty message", "in the future": "outside its window",
    "not a time": "", "not a day": "", "not a text": "valid string", "not a whole": "valid integer", "not true": "valid boolean",
    "not one of": "Input should be", "longer than": "at most", "below": "greater than or equal",
    "above": "less than or equal",
}  # fmt: skip


class Collect:
    def __init__(self, takes_empty: bool) -> None:
        self.takes_empty = takes_empty
        self.batch: list[tuple[int, str]] = []

    def open(self, options: GenerateOptions, specs: Any) -> None:
        pass

    def write(self, batch: Batch) -> None:
        self.batch += zip(batch.t.tolist(), batch.texts, strict=True)

    def close(self) -> Delivered:
        return Delivered(len(self.batch))


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_domains(["social"])


def run(registry: Registry, *, dirt: float, takes_empty: bool = True) -> tuple[Manifest, list[tuple[int, str]]]:
    writer = Collect(takes_empty)
    options = GenerateOptions(EPOCH, EPOCH + timedelta(days=8), users=300, seed=9, dirt=dirt)
    return generate(options, registry, {"x": writer}), writer.batch


@pytest.fixture(scope="module")
def dirty(registry: Registry) -> tuple[Manifest, list[tuple[int, str]]]:
    return run(registry, dirt=0.05)


def test_the_manifest_adds_up(registry: Registry, dirty: tuple[Manifest, list[tuple[int, str]]]) -> None:
    manifest, messages = dirty
    clean = {text for _, text in run(registry, dirt=0)[1]}
    assert manifest.events == len(clean)
    assert manifest.messages == len(messages) == manifest.by_target["x"].total()
    assert manifest.rejected == sum(sum(counts.values()) for counts in manifest.reasons.values())
    sent = Counter(text for _, text in messages)
    assert {text for text in sent if text in clean} == clean
    assert sum(n - 1 for text, n in sent.items() if text in clean) == manifest.duplicates > 0
    assert sum(n for text, n in sent.items() if text not in clean) == manifest.rejected
    assert manifest.dirt.total() == pytest.approx(0.05 * manifest.events, rel=0.1)
    plain = orjson.loads(manifest.to_json())
    assert plain["events"] == manifest.events
    assert plain["dirt"] == dict(manifest.dirt)


def test_every_kind_comes(dirty: tuple[Manifest, list[tuple[int, str]]]) -> None:
    manifest, _ = dirty
    assert set(manifest.dirt) == set(KINDS)
    assert set(manifest.reasons) == set(KINDS) - {DUPLICATE, LATE}


def test_only_what_is_dirty_is_refused(registry: Registry, dirty: tuple[Manifest, list[tuple[int, str]]]) -> None:
    manifest, messages = dirty
    refused = 0
    for text in dict.fromkeys(text for _, text in messages):
        refused += isinstance(judge(text.encode(), registry, NOW), list)
    doubled = manifest.dirt[EMPTY] - 1  # all empty messages are one text
    assert refused == manifest.rejected - doubled


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in (DUPLICATE, LATE)])
def test_each_breaks_one_rule_and_names_it(
    registry: Registry, dirty: tuple[Manifest, list[tuple[int, str]]], kind: str
) -> None:
    for number, (_, text) in enumerate(dirty[1][:: len(dirty[1]) // 400]):
        try:
            spec = registry.events[orjson.loads(text)["event_type"]]
        except (ValueError, KeyError, TypeError):
            continue
        if isinstance(judge(text.encode(), registry, NOW), list):
            continue
        message, reason = make(kind, spec, text, "00000000-0000-4000-8000-000000000000", Random(number))
        found = judge(message.encode(), registry, NOW)
        assert isinstance(found, list), message
        assert len(found) == 1, found
        field, _, what = reason.rpartition(": ")
        assert field in found[0]
        assert any(theirs in found[0] for ours, theirs in WORDS.items() if what.startswith(ours)), (reason, found)


def test_late_events_come_days_later(dirty: tuple[Manifest, list[tuple[int, str]]]) -> None:
    manifest, messages = dirty
    late = 0
    for delivered, text in messages:
        try:
            age = EPOCH + timedelta(microseconds=delivered) - datetime.fromisoformat(orjson.loads(text)["event_time"])
        except (ValueError, KeyError, TypeError):
            continue
        late += age > timedelta(days=1.5)
    assert 0 < late <= manifest.late
    assert [t for t, _ in messages] == sorted(t for t, _ in messages)


def test_where_nothing_can_be_empty_nothing_is(registry: Registry) -> None:
    manifest, messages = run(registry, dirt=0.05, takes_empty=False)
    assert manifest.dirt[EMPTY] == 0
    assert all(text and "\n" not in text for _, text in messages)
