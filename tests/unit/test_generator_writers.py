"""Writers and `send`: names, contents and counts, without a server."""

from __future__ import annotations

import gzip
import io
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from clickvault.contract import Registry, load_domains
from clickvault.errors import ConfigurationError, DataError, StoreError
from clickvault.generator import FileWriter, GenerateOptions, S3Writer, generate, send_files
from clickvault.generator.send import read_lines
from clickvault.generator.writers import object_name, world_of

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Bucket:
    """What a minio client is to the writer."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.puts = 0

    def put_object(self, bucket: str, name: str, data: io.BytesIO, length: int, content_type: str) -> None:
        assert bucket == "vault"
        assert length == len(data.getvalue())
        self.objects[name] = data.getvalue()
        self.puts += 1


@pytest.fixture(scope="module")
def registry() -> Registry:
    return load_domains(["social"])


def options(days: float = 3, **more: Any) -> GenerateOptions:
    return GenerateOptions(EPOCH, EPOCH + timedelta(days=days), **{"users": 100, **more})


def test_files_and_objects_have_the_same_layout_and_bytes(registry: Registry, tmp_path: Path) -> None:
    bucket = Bucket()
    manifest = generate(options(), registry, {"files": FileWriter(tmp_path)})
    generate(options(), registry, {"s3": S3Writer(bucket, "vault")})
    files = {f"events/{p.relative_to(tmp_path).as_posix()}": p.read_bytes() for p in tmp_path.rglob("*.jsonl")}
    assert files == bucket.objects
    assert f"events/content/dt=2026-01-02/batch_20260102T060000_{world_of(options())}.jsonl" in files
    assert sum(content.count(b"\n") for content in files.values()) == manifest.events
    for name, content in files.items():
        for line in content.splitlines():
            event = orjson.loads(line)
            assert registry.events[event["event_type"]].group == name.split("/")[1]
            assert event["event_time"][:10] == name.split("dt=")[1][:10]


def test_a_rerun_writes_the_same_objects(registry: Registry) -> None:
    bucket = Bucket()
    generate(options(dirt=0.02), registry, {"s3": S3Writer(bucket, "vault")})
    before = dict(bucket.objects)
    manifest = generate(options(dirt=0.02), registry, {"s3": S3Writer(bucket, "vault")})
    assert bucket.objects == before
    assert set(manifest.delivered["s3"].objects) == set(before)
    assert manifest.delivered["s3"].messages == manifest.messages


def test_ranges_do_not_overwrite_each_other(registry: Registry) -> None:
    whole, parts = Bucket(), Bucket()
    cut = EPOCH + timedelta(hours=40, minutes=30)
    generate(options(), registry, {"s3": S3Writer(whole, "vault")})
    for start, end in ((EPOCH, cut), (cut, EPOCH + timedelta(days=3))):
        generate(GenerateOptions(start, end, users=100), registry, {"s3": S3Writer(parts, "vault")})
    lines = [sorted(b"".join(b.objects.values()).splitlines()) for b in (whole, parts)]
    assert lines[0] == lines[1]


@pytest.mark.parametrize(
    ("length", "interval"),
    [(timedelta(days=30), timedelta(hours=6)), (timedelta(days=1), timedelta(hours=1)),
     (timedelta(minutes=10), timedelta(minutes=1))],
)  # fmt: skip
def test_batches_fit_the_range(length: timedelta, interval: timedelta) -> None:
    assert GenerateOptions(EPOCH, EPOCH + length).interval == interval
    assert GenerateOptions(EPOCH, EPOCH + length, batch=timedelta(hours=2)).interval == timedelta(hours=2)


def test_object_names() -> None:
    begins = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    assert object_name("ties", begins, "0a") == "ties/dt=2026-02-03/batch_20260203T040506_0a.jsonl"


def test_other_worlds_have_other_objects() -> None:
    """Sent before the first one is ingested, a second world would otherwise take its messages' place."""
    worlds = [options(), options(users=101), options(seed=2), options(dirt=0.01), options(days=1)]
    assert len({world_of(w) for w in worlds}) == len(worlds)
    assert world_of(options(days=3)) == world_of(options(days=4)), "a longer range writes the same objects"


def test_late_events_are_in_the_object_of_their_delivery(registry: Registry, tmp_path: Path) -> None:
    manifest = generate(options(days=6, dirt=0.1), registry, {"files": FileWriter(tmp_path)})
    strangers = 0
    for path in tmp_path.rglob("*.jsonl"):
        day = path.parent.name[3:]
        for line in path.read_bytes().splitlines():
            with suppress(ValueError, KeyError, TypeError):
                strangers += orjson.loads(line)["event_time"][:10] < day
    assert 0.8 * manifest.late < strangers


def test_a_folder_that_cant_be_written_is_a_clear_error(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="can't be written"):
        generate(options(), registry, {"files": FileWriter(tmp_path / "file")})


# ── send ─────────────────────────────────────────────────────────────────────────────────────────────────────────

LINES = [
    b'{"event_type": "friend", "user_id": "1"}', b'  {"event_type":"post","x":1}  ', b"not json",
    b'{"event_type":"poke"}', b"\xff\xfe", "{\"event_type\":\"friend\",\"ü\":\"\u2028\"}".encode(),
]  # fmt: skip


def test_send_to_s3_keeps_the_bytes_and_groups_lines(registry: Registry, tmp_path: Path) -> None:
    plain, packed = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    plain.write_bytes(b"\n".join(LINES[:3]) + b"\r\n\n")
    packed.write_bytes(gzip.compress(b"\n".join(LINES[3:])))
    bucket, seen = Bucket(), []
    writer = S3Writer(bucket, "vault")
    done = send_files([plain, packed], writer, registry, lambda n, read: seen.append((n, read)), EPOCH, "social.user")
    assert done.messages == 6
    assert done.objects == {name: content.count(b"\n") for name, content in bucket.objects.items()}
    assert seen[-1] == (6, plain.stat().st_size + packed.stat().st_size)
    by_group = {name.split("/")[1]: content for name, content in bucket.objects.items()}
    assert by_group["ties"] == LINES[0] + b"\n" + LINES[5] + b"\n"
    assert by_group["content"] == LINES[1] + b"\n"
    assert by_group["users"] == b"\n".join(LINES[2:5]) + b"\n"  # dead letters to be
    assert all(name.startswith("events/") and "/dt=2026-01-01/send_" in name for name in bucket.objects)
    before = dict(bucket.objects)
    send_files([plain, packed], S3Writer(bucket, "vault"), registry, now=EPOCH, topic="social.user")
    assert bucket.objects == before


STRANGERS = [
    b"not json", b'{"event_type":"poke"}', b'{"event_type":"Like"}', b'{"event_type":null}', b'["event_type"]', b"\xff",
    b'{"payload":{"event_type":"like"}}', b'{"payload":{"event_type":"like"},"event_type":"poke"}', b"{}",
]  # fmt: skip


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_line_of_no_known_event_type_is_refused_before_anything_is_sent(
    registry: Registry, tmp_path: Path, stranger: bytes
) -> None:
    """It went into the topic (S3: the group) of a type that it is not."""
    file, bucket = tmp_path / "a.jsonl", Bucket()
    file.write_bytes(b'{"event_type":"like"}\n\n' + stranger + b'\n{"event_type":"post"}\n')
    with pytest.raises(ConfigurationError, match="1 line has no known event type, nothing is sent") as error:
        send_files([file], S3Writer(bucket, "vault"), registry)
    assert f"{file}, line 3: " in error.value.message
    assert "--topic" in error.value.hint
    assert bucket.objects == {}
    send_files([file], S3Writer(bucket, "vault"), registry, topic="social.friend")
    assert {n.split("/")[1]: c for n, c in bucket.objects.items()} == {
        "content": b'{"event_type":"like"}\n{"event_type":"post"}\n',
        "ties": stranger + b"\n",
    }


def test_lines_of_no_known_event_type_are_named_by_file_line_and_type(registry: Registry, tmp_path: Path) -> None:
    first, second = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    first.write_bytes(b'{"event_type":"like"}\n')
    second.write_bytes(gzip.compress(b'{"event_type":"poke"}\n' * 7))
    with pytest.raises(ConfigurationError, match="7 lines have no known event type") as error:
        send_files([first, second], S3Writer(Bucket(), "vault"), registry)
    assert f"{second}, line 5: event type 'poke'; and 2 more" in error.value.message
    assert str(first) not in error.value.message
    with pytest.raises(ConfigurationError, match="no event type has the topic 'pokes'"):
        send_files([first, second], S3Writer(Bucket(), "vault"), registry, topic="pokes")


def test_a_line_that_is_cut_short_goes_to_its_own_type(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"event_type":"friend","user_id":')
    bucket = Bucket()
    send_files([tmp_path / "a.jsonl"], S3Writer(bucket, "vault"), registry)
    assert [name.split("/")[1] for name in bucket.objects] == ["ties"]


def test_send_of_what_is_no_file(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no file"):
        send_files([tmp_path / "x"], S3Writer(Bucket(), "vault"), registry)
    (tmp_path / "x.gz").write_text("plain")
    with pytest.raises(DataError, match="no gzip"):
        list(read_lines([tmp_path / "x.gz"]))
