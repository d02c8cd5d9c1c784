"""Dead letters: each broken rule is told in its own words, and a letter is judged again once the contract has changed.

A rule whose text is missing or wrong sends whoever mends a producer looking in the wrong place. A replay that loses a
letter, or leaves it among the dead after it was accepted, makes the accounts wrong for ever: nobody sends it again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict

from clickvault import vault
from clickvault.contract import (
    Day,
    Domain,
    Event,
    Hub,
    Id,
    Length,
    MultiActive,
    Pattern,
    Range,
    Registry,
    Sat,
    Time,
    Transaction,
    Window,
)
from clickvault.contract.language import Event as Envelope
from clickvault.contract.language import Ref, format_time
from clickvault.contract.validation import MAX_MESSAGE_BYTES
from clickvault.ingest import dead_letters as rejected
from clickvault.pipeline import migrate as schema
from clickvault.reconcile.run import landing_accounts
from clickvault.resources import CHECKOUT
from clickvault.session import Session, open_session
from clickvault.sql.render import Renderer
from clickvault.stores.clickhouse import rows
from tests.worlds import running_stack

SOURCE = "test"


class Line(BaseModel):
    """A line of an order."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    sku: Annotated[str, Length(1, 5)]
    pieces: Annotated[int | None, Range(1, 9)] = None


class Order(Event, group="shop"):
    """A field of each kind."""

    order_id: Annotated[Id, Hub("order")]
    pieces: Annotated[int, Range(1, 9), Sat("order")]
    price: Annotated[float, Range(0.5, 99.5), Sat("order")]
    paid: Annotated[bool, Sat("order")]
    colour: Annotated[Literal["red", "green"], Sat("order")]
    code: Annotated[str, Length(2, 4), Pattern("^[A-Z]+$"), Sat("order")]
    due: Annotated[Day, Sat("order")]
    packed_at: Annotated[Time, Window("2020-01-01", 60), Sat("order")]
    lines: Annotated[list[Line], Length(1, 2), MultiActive("line", child_key="sku")]


class Shelf(Event, group="shop"):
    """A shelf under a text key."""

    shelf_id: Annotated[str, Length(0, 9), Hub("shelf")]


class Call(Event, group="shop"):
    """Somebody calls about an order: one row for ever."""

    order_id: Annotated[Id, Ref("order")]

    link = Transaction()


def version_two() -> Domain:
    """The domain a release later: an order may have a note, and there are refunds."""

    class Refund(Event, group="shop"):
        """Money goes back."""

        refund_id: Annotated[Id, Hub("refund")]
        order_id: Annotated[Id, Ref("order")]
        amount: Annotated[float, Range(0, 99), Sat("refund")]

    fields = {
        "__annotations__": {**Order.__annotations__, "note": Annotated[str | None, Length(1, 50), Sat("order")]},
        "__doc__": Order.__doc__, "__module__": __name__, "__qualname__": "Order", "note": None,
    }  # fmt: skip
    return Domain("shop", type(Envelope)("Order", (Event,), fields, group="shop"), Shelf, Call, Refund)


FIRST = Registry([Domain("shop", Order, Shelf, Call)])
ID = "00000000-0000-0000-0000-0000000000"

ORDER: dict[str, Any] = {
    "event_type": "order", "op": "create", "event_time": "2026-01-01T00:00:00Z", "schema_version": 1,
    "producer": "tests", "order_id": f"{ID}aa", "pieces": 1, "price": 1.5, "paid": True, "colour": "red", "code": "AB",
    "due": "2026-01-02", "packed_at": "2026-01-01T00:00:00Z", "lines": [{"sku": "a"}],
}  # fmt: skip


def order(*without: str, **change: Any) -> bytes:
    """An order with changes, and without some fields."""
    return json.dumps({k: v for k, v in (ORDER | change).items() if k not in without}).encode()


def whole(**change: Any) -> bytes:
    """An order with an event_id."""
    return order(event_id=f"{ID}01", **change)


def shelf(shelf_id: str) -> bytes:
    """A shelf with that key."""
    envelope = {k: ORDER[k] for k in ("op", "event_time", "schema_version", "producer")}
    return json.dumps(envelope | {"event_id": f"{ID}08", "event_type": "shelf", "shelf_id": shelf_id}).encode()


# ── a stack with the first version of the shop ────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A session on a stack of its own, so that no other test's dead letters are counted."""
    with (
        running_stack(tmp_path_factory.mktemp("rejected") / ".clickvault") as settings,
        open_session(settings) as session,
    ):
        schema.init(session.settings, Renderer(FIRST), session.ch, session.pg)
        yield session


def land(session: Session, stream: str, messages: list[bytes]) -> None:
    """Messages of a stream from offset 0 on, landed whole."""
    session.ch.insert(
        "landing.inbox_null",
        [[SOURCE, stream, 0, i, "", None, raw] for i, raw in enumerate(messages)],
        ["source", "stream", "partition", "offset", "key", "sent_at", "raw"],
    )
    session.ch.command(
        f"INSERT INTO ops.positions VALUES ('{SOURCE}', '{stream}', 0, {len(messages)}, now64(6, 'UTC'))"
    )


# ── the rules' texts ──────────────────────────────────────────────────────────────────────────────────────────

LONG_AGO, FAR = "2019-12-31T23:59:59.999999Z", "2299-12-31T23:59:59Z"
BROKEN: dict[str, bytes] = {
    "empty message": b"",
    f"larger than {MAX_MESSAGE_BYTES} bytes": b" " * (MAX_MESSAGE_BYTES + 1),
    "starts with a byte-order mark": b"\xef\xbb\xbf" + whole(),
    "not JSON": whole()[:-1],
    "not UTF-8": whole(code="?").replace(b"?", b"\xf0\x9f"),
    "half a surrogate pair: a character cut in two": whole(code="?").replace(b"?", b"\\ud83d"),
    "a number out of range": whole(price="?").replace(b'"?"', b"1e400"),
    "not a JSON object": b"[" + whole() + b"]",
    "unknown event type": whole(event_type="orders"),
    "event_id: missing": order(),
    "event_id: not a text": order(event_id=1),
    "event_id: not a UUID": order(event_id="1"),
    "op: given twice": whole()[:-1] + b', "op": "create"}',
    "op: not one of the allowed values": whole(op="created"),
    "note: not declared": whole(note="Fragile"),
    "shelf_id: a key that is blank": shelf(" \t"),
    "pieces: not a whole number": whole(pieces=1.5),
    "pieces: below 1": whole(pieces=0),
    "pieces: above 9": whole(pieces=10),
    "schema_version: above 65535": whole(schema_version=2**63),
    "price: not a number": whole(price="1.5"),
    "price: out of range": whole(price=10**26),
    "pieces: out of range": whole(pieces=-(10**26)),
    "price: below 0.5": whole(price=0.25),
    "price: above 99.5": whole(price=100),
    "paid: not true or false": whole(paid=1),
    "colour: not a text": whole(colour=1),
    "colour: not one of the allowed values": whole(colour="blue"),
    "code: missing": order("code", event_id=f"{ID}01"),
    "code: not a text": whole(code=12),
    "code: shorter than 2": whole(code="A"),
    "code: longer than 4": whole(code="ABCDE"),
    "code: does not match its pattern": whole(code="ab"),
    "producer: has a NUL character": whole(producer="a\0b"),
    "due: not a text": whole(due=20260102),
    "due: not a day": whole(due="2026-02-30"),
    "packed_at: is null": whole(packed_at=None),
    "packed_at: not a text": whole(packed_at=1),
    "packed_at: not a time": whole(packed_at="2026-01-01"),
    "packed_at: before 2020-01-01": whole(packed_at=LONG_AGO),
    "packed_at: in the future": whole(packed_at=FAR),
    "lines: missing": order("lines", event_id=f"{ID}01"),
    "lines: is null": whole(lines=None),
    "lines: not a list": whole(lines={}),
    "lines: shorter than 1": whole(lines=[]),
    "lines: longer than 2": whole(lines=[{"sku": s} for s in "abc"]),
    "lines: a member is not an object": whole(lines=["a"]),
    "lines: two members of one sku": whole(lines=[{"sku": "a"}, {"sku": "a"}]),
    "lines.sku: missing": whole(lines=[{}, {"sku": "a"}]),
    "lines.sku: longer than 5": whole(lines=[{"sku": "abcdef"}]),
    "lines.sku: given twice": whole().replace(b'{"sku": "a"}', b'{"sku": "a", "sku": "a"}'),
    "lines.pieces: above 9": whole(lines=[{"sku": "a", "pieces": 10}]),
    "lines.more: not declared": whole(lines=[{"sku": "a", "more": 1}]),
}


@pytest.fixture(scope="module")
def told(shop: Session) -> list[list[str]]:
    """The reasons of each broken message, in the order of BROKEN."""
    land(shop, "broken", list(BROKEN.values()))
    found = rows(shop.ch, "SELECT offset, reasons FROM raw.dead_letters WHERE stream = 'broken'")
    reasons = {r["offset"]: r["reasons"] for r in found}
    return [reasons.get(i, []) for i in range(len(BROKEN))]


@pytest.mark.parametrize("reason", BROKEN)
def test_a_broken_rule_is_the_one_reason(told: list[list[str]], reason: str) -> None:
    assert told[list(BROKEN).index(reason)] == [reason]


def test_what_is_whole_is_accepted(shop: Session) -> None:
    """The message that all the others are made of, so that each is rejected for its one fault."""
    land(shop, "whole", [whole()])
    assert rows(shop.ch, "SELECT stream FROM raw.order WHERE stream = 'whole'")
    assert not rows(shop.ch, "SELECT stream FROM raw.dead_letters WHERE stream = 'whole'")


def test_several_broken_rules_are_all_told(shop: Session) -> None:
    land(shop, "several", [order("code", event_id="1", pieces=0, more=1)])
    (row,) = rows(shop.ch, "SELECT reasons FROM raw.dead_letters WHERE stream = 'several'")
    assert row["reasons"] == [
        "more: not declared", "event_id: not a UUID", "pieces: below 1", "code: missing",
    ]  # fmt: skip


def test_an_operation_that_means_nothing_is_told(shop: Session) -> None:
    call = {k: ORDER[k] for k in ("op", "event_time", "schema_version", "producer", "order_id")}
    raw = json.dumps(call | {"event_id": f"{ID}02", "event_type": "call", "op": "delete"}).encode()
    land(shop, "operation", [raw])
    (row,) = rows(shop.ch, "SELECT reasons FROM raw.dead_letters WHERE stream = 'operation'")
    assert row["reasons"] == ["op: not one of the allowed values"]


def test_every_rule_has_its_message() -> None:
    """A rule that no message of BROKEN breaks may never fire, or fire with another's text."""
    source = (CHECKOUT / "templates" / "ingest" / "_rules.sql.j2").read_text(encoding="utf-8")
    source = re.sub(r"\{#.*?#\}", "", source, flags=re.DOTALL)
    texts = set(re.findall(r"'(?:\{\{ name \}\}|\{\{ f\.name \}\})?:? ?([a-z][^'{]*?) ?(?:\{\{[^']*)?'", source))
    texts |= {"not JSON", "given twice", "not declared"}
    texts = {t for t in texts if " " in t or t in ("missing", "below", "above")}
    assert len(texts) > 25
    unbroken = [t for t in texts if not any(t in reason for reason in BROKEN)]
    assert not unbroken, f"rules without a message that breaks them: {unbroken}"


# ── listing and letters ───────────────────────────────────────────────────────────────────────────────────────


def test_listing_counts_by_reason(shop: Session, told: list[list[str]]) -> None:
    land(shop, "listed", [whole(code="ABCDEFG"), whole(code="HIJKLMN"), whole(paid="yes")])
    found = {(r["reason"], r["event_type"]): r["count"] for r in rejected.listing(shop.ch)}
    assert found["code: longer than 4", "order"] == 3
    assert found["paid: not true or false", "order"] == 2
    assert found["unknown event type", "orders"] == 1
    counts = [r["count"] for r in rejected.listing(shop.ch)]
    assert counts == sorted(counts, reverse=True)
    assert {r["event_type"] for r in rejected.listing(shop.ch, "order")} == {"order"}
    first = rejected.listing(shop.ch, "order")[0]
    assert first["first_landed"] <= first["last_landed"]


def test_letters_show_the_messages(shop: Session, told: list[list[str]]) -> None:
    (letter,) = rejected.letters(shop.ch, reason="due: not a day")
    assert json.loads(letter["message"])["due"] == "2026-02-30"
    assert (letter["source"], letter["stream"], letter["event_type"]) == (SOURCE, "broken", "order")
    assert len(rejected.letters(shop.ch, limit=3)) == 3
    assert not rejected.letters(shop.ch, reason="due: not a day", event_type="call")
    assert rejected.letters(shop.ch, reason="not JSON")  # however broken, it can be shown


# ── replay ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_replay_without_a_change_changes_nothing(shop: Session, told: list[list[str]]) -> None:
    before = rows(shop.ch, "SELECT stream, offset, reasons FROM raw.dead_letters ORDER BY ALL")
    (row,) = rejected.replay(Renderer(FIRST), shop.ch, shop.pg, "order")
    assert row["accepted"] == 0
    assert row["judged"] == row["rejected"] > len(BROKEN) / 2
    assert rows(shop.ch, "SELECT stream, offset, reasons FROM raw.dead_letters ORDER BY ALL") == before


def test_what_was_ahead_of_its_time_is_accepted_when_its_time_has_come(shop: Session) -> None:
    """And the accounts, which judge every message once more, know of it."""
    landed = datetime.now(UTC) - timedelta(hours=1)
    ahead = {"come": landed + timedelta(minutes=30), "far": landed + timedelta(days=30)}
    call = {k: ORDER[k] for k in ("op", "schema_version", "producer")} | {"event_type": "call", "order_id": f"{ID}aa"}
    raw = [
        json.dumps(call | {"event_id": f"{ID}1{n}", "event_time": format_time(at)})
        for n, at in enumerate(ahead.values())
    ]
    shop.ch.insert(
        "landing.events",
        [[SOURCE, "ahead", 0, n, "", None, landed, "call", message] for n, message in enumerate(raw)],
        ["source", "stream", "partition", "offset", "key", "sent_at", "landed_at", "event_type", "raw"],
    )
    dead = "SELECT offset FROM raw.dead_letters WHERE stream = 'ahead' ORDER BY offset"
    assert [r["offset"] for r in rows(shop.ch, dead)] == [0, 1]
    (done,) = rejected.replay(Renderer(FIRST), shop.ch, shop.pg, "call")
    assert (done["accepted"], done["rejected"]) == (1, done["judged"] - 1)
    assert [r["offset"] for r in rows(shop.ch, dead)] == [1]
    assert [r["offset"] for r in rows(shop.ch, "SELECT offset FROM raw.call FINAL WHERE stream = 'ahead'")] == [0]
    assert [a for a in landing_accounts(Renderer(FIRST), shop.ch) if "call" in a.name and not a.ok] == []


def test_letters_are_accepted_once_the_contract_declares_them(shop: Session, told: list[list[str]]) -> None:
    """A field and an event type are declared in the next release: what was rejected for them comes to the vault."""
    refund = {k: ORDER[k] for k in ("op", "event_time", "schema_version", "producer")}
    refund |= {"event_type": "refund", "refund_id": f"{ID}bb", "order_id": f"{ID}ab", "amount": 2.5}
    noted = order(event_id=f"{ID}04", note="Fragile", order_id=f"{ID}ab")
    land(
        shop,
        "early",
        [
            json.dumps(refund | {"event_id": f"{ID}03"}).encode(),
            noted,
            order(event_id=f"{ID}05", note="Fragile", pieces=0),
            json.dumps(refund | {"event_id": f"{ID}06", "amount": -1}).encode(),
            noted,  # a repetition: one event, and one letter a delivery
            order(event_id=f"{ID}07", note="Fragile", order_id=f"{ID}ac"),
        ],
    )
    land(shop, "again", [order(event_id=f"{ID}07", order_id=f"{ID}ac")])  # sent again without what was refused
    first, second = Renderer(FIRST), Renderer(Registry([version_two()]))
    vault.load(shop.settings, first, shop.ch, shop.pg)  # the watermark goes past the letters

    changes = schema.init(shop.settings, second, shop.ch, shop.pg)
    assert any("raw.refund" in c.name for c in changes)
    done = {r["event_type"]: r for r in rejected.replay(second, shop.ch, shop.pg)}
    assert done["order"]["accepted"] == 4  # two of them one event; one that came again; and one of BROKEN
    assert done["refund"] == {"event_type": "refund", "judged": 2, "accepted": 1, "rejected": 1}
    assert done["order"]["judged"] == done["order"]["accepted"] + done["order"]["rejected"]

    (row,) = rows(shop.ch, "SELECT toString(refund_id) AS id, amount, offset FROM raw.refund FINAL")
    assert row == {"id": f"{ID}bb", "amount": 2.5, "offset": 0}
    noted_rows = rows(shop.ch, f"SELECT note, offset FROM raw.order FINAL WHERE order_id = '{ID}ab'")
    assert [r["note"] for r in noted_rows] == ["Fragile"]
    assert noted_rows[0]["offset"] in (1, 4)
    (again,) = rows(shop.ch, f"SELECT stream, note FROM raw.order FINAL WHERE order_id = '{ID}ac'")
    assert again == {"stream": "again", "note": None}, "raw has it as the vault has loaded it"
    left = {r["offset"]: r["reasons"] for r in rows(shop.ch, "SELECT * FROM raw.dead_letters WHERE stream = 'early'")}
    assert left == {2: ["pieces: below 1"], 3: ["amount: below 0"]}

    vault.load(shop.settings, second, shop.ch, shop.pg)
    with shop.pg.cursor() as cursor:
        cursor.execute("select amount from vault.v_sat_refund_refund where is_current")
        assert cursor.fetchall() == [(2.5,)]
        cursor.execute(
            "select s.note from vault.v_sat_order_order s join vault.hub_order h using (hk) where h.bk = %s and s.is_current",
            (f"{ID}ab",),
        )
        assert cursor.fetchall() == [("Fragile",)]
        cursor.execute("select count(*) from vault.sat_order_order")
        observations = cursor.fetchone()
    shop.pg.commit()

    none = {r["event_type"]: r["accepted"] for r in rejected.replay(second, shop.ch, shop.pg)}
    assert set(none.values()) == {0}
    vault.load(shop.settings, second, shop.ch, shop.pg)
    with shop.pg.cursor() as cursor:
        cursor.execute("select count(*) from vault.sat_order_order")
        assert cursor.fetchone() == observations, "a replay inserted an observation twice"
    shop.pg.commit()
