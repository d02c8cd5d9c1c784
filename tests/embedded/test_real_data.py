"""Real public data through the whole pipeline, against the figures that its publishers give.

Skipped, saying so, where the data is not beside the checkout.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest

from clickvault.contract.language import format_time
from clickvault.demo.produce import send
from clickvault.errors import QualityError
from clickvault.pipeline.steps import run
from clickvault.session import Session
from clickvault.stores.clickhouse import rows
from tests.worlds import own_stack

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "snap"

COLLEGE = '''
"""Messages of a student community: one event type, on the users of the social network."""

from typing import Annotated

from clickvault.contract import Actor, Domain, Event, Id, Ref, Relation, Transaction
from clickvault.domains.social import DOMAIN as SOCIAL


class Message(Event, group="messages"):
    """A private message of one person to another."""

    sender_id: Annotated[Id, Ref("user", role="sender"), Actor]
    recipient_id: Annotated[Id, Ref("user", role="recipient")]

    link = Transaction()
    graph = [Relation("MESSAGED", source="sender_id", target="recipient_id")]


DOMAIN = Domain("college", Message, uses=(SOCIAL,))
'''


def _lines(name: str) -> Iterator[list[int]]:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"no {path}: the public data set is not beside the checkout")
    with gzip.open(path, "rt") as text:
        for line in text:
            yield [int(part) for part in line.split()]


def _id(kind: str, number: object) -> str:
    return str(uuid5(NAMESPACE_URL, f"{kind}/{number}"))


def _event(event_type: str, at: datetime, number: int, **fields: Any) -> str:
    envelope = {
        "event_id": _id(event_type, number), "event_type": event_type, "op": "create", "event_time": format_time(at),
        "schema_version": 1, "producer": "snap",
    }  # fmt: skip
    return json.dumps(envelope | fields)


def _summary(s: Session, relation: str) -> dict[str, float]:
    found = rows(
        s.ch,
        "SELECT metric, value FROM graph.summary WHERE relation = {r:String} AND as_of = (SELECT max(as_of) FROM graph.summary)",
        {"r": relation},
    )
    return {r["metric"]: r["value"] for r in found}


def _count(s: Session, table: str) -> int:
    with s.pg, s.pg.cursor() as cursor:
        cursor.execute(f"select count(*) from {table}")
        return int(cursor.fetchone()[0])


def test_ego_facebook_through_kafka(tmp_path: Path) -> None:
    """McAuley and Leskovec 2012, SNAP: 4,039 nodes, 88,234 edges, clustering 0.6055, 1,612,010 triangles, diameter 8."""
    edges = list(_lines("facebook_combined.txt.gz"))
    start = datetime(2012, 1, 1, tzinfo=UTC)
    file = tmp_path / "facebook.jsonl"
    with file.open("w") as out:
        for person in sorted({p for edge in edges for p in edge}):
            at = start + timedelta(seconds=person)
            account = {
                "username": f"user{person}",
                "email": f"user{person}@example.org",
                "country": "US",
                "language": "en",
            }
            print(_event("user", at, person, user_id=_id("person", person), **account), file=out)
        for i, (a, b) in enumerate(edges):
            at = start + timedelta(days=1, seconds=i)
            print(_event("friend", at, i, user_id=_id("person", a), friend_id=_id("person", b)), file=out)
    with own_stack(tmp_path / "home") as s:
        assert send(s, [file], "kafka").messages == 4_039 + 88_234
        run(s)  # raises when reconciliation does not balance
        for table, expected in (("user", 4_039), ("friend", 88_234)):
            assert rows(s.ch, f"SELECT count() AS n FROM raw.{table} FINAL")[0]["n"] == expected
        assert _count(s, "vault.hub_user") == 4_039
        assert _count(s, "vault.link_friend") == 88_234
        assert _count(s, "vault.v_eff_friend where is_current") == 88_234
        found = _summary(s, "FRIENDS_WITH")
        assert found["nodes"] == 4_039
        assert found["edges"] == 88_234
        assert found["components"] == 1
        assert found["triangles"] == 1_612_010
        assert found["diameter"] == 8
        assert round(found["avg_clustering"], 4) == 0.6055
        assert round(found["effective_diameter_90"], 1) in (4.7, 4.8)  # published 4.7; the interpolation differs


def test_college_messages_through_s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Panzarasa, Opsahl, Carley 2009, SNAP: a domain of one class outside the project takes 59,835 real messages."""
    messages = list(_lines("CollegeMsg.txt.gz"))
    package = tmp_path / "packages" / "college"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(COLLEGE)
    monkeypatch.syspath_prepend(str(package.parent))
    file = tmp_path / "messages.jsonl"
    with file.open("w") as out:
        for i, (sender, recipient, at) in enumerate(messages):
            ids = {"sender_id": _id("person", sender), "recipient_id": _id("person", recipient)}
            print(_event("message", datetime.fromtimestamp(at, UTC), i, **ids), file=out)
    with own_stack(tmp_path / "home", CLICKVAULT_DOMAINS="social,college") as s:
        assert send(s, [file], "s3").messages == 59_835
        with pytest.raises(
            QualityError, match="orphans"
        ):  # raised when all is done and balanced: nobody told of these people
            run(s)
        assert rows(s.ch, "SELECT count() AS n FROM raw.message FINAL")[0]["n"] == 59_835
        assert _count(s, "vault.hub_user") == 1_899
        assert _count(s, "vault.link_message") == 59_835
        found = _summary(s, "MESSAGED")
        assert found["nodes"] == 1_899
        assert found["edges"] == 20_296
        busiest = rows(s.ch, "SELECT day, dau FROM marts.v_platform_daily ORDER BY dau DESC LIMIT 1")[0]
        assert (str(busiest["day"]), busiest["dau"]) == ("2004-05-27", 386)
