"""Contracts that change while events are there: what is allowed keeps every reconciliation check balanced, what would break is refused before it does.

Each test has an event type of its own in one home, with messages from before and after the change, some of them not yet in the
vault when it came. The checks are those of `clickvault reconcile`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import pytest

from clickvault import vault
from clickvault.contract import (
    Backfill,
    Domain,
    Effectivity,
    Event,
    Hub,
    Id,
    Length,
    Range,
    Ref,
    Registry,
    Renamed,
    Sat,
    Transaction,
)
from clickvault.errors import ConfigurationError, ContractError
from clickvault.ingest import dead_letters as rejected
from clickvault.ingest import versions
from clickvault.pipeline import migrate as schema
from clickvault.reconcile.run import landing_reconciliations, reconcile
from clickvault.session import Session, open_session
from clickvault.sql.render import Renderer
from clickvault.stores.clickhouse import rows
from tests.worlds import running_stack

SOURCE = "test"
TITLE = Annotated[str, Length(1, 20), Sat("face")]
OPTIONAL = {"default": None}


class Home:
    """A stack, and the event types that are declared in it at the moment."""

    def __init__(self, session: Session) -> None:
        self.s = session
        self.domains: dict[str, dict[str, type[Event]]] = {"trial": {}}
        self.sent = 0

    def declare(self, event_type: str, domain: str = "trial", link: Any = None, **fields: Any) -> None:
        """Declare an event type, or declare it anew; an optional field is (annotation, None)."""
        name = "".join(part.capitalize() for part in event_type.split("_"))
        defaults = {n: f[1] for n, f in fields.items() if isinstance(f, tuple)}
        annotations = {n: f[0] if isinstance(f, tuple) else f for n, f in fields.items()}
        body = {"__doc__": "A test's.", "__module__": __name__, "__annotations__": annotations, **defaults}
        cls = type(name, (Event,), body | ({"link": link} if link else {}), group=domain)  # type: ignore[call-overload]
        self.domains.setdefault(domain, {})[event_type] = cls

    @property
    def renderer(self) -> Renderer:
        return Renderer(
            Registry([Domain(name, *classes.values()) for name, classes in self.domains.items() if classes])
        )

    def init(self, **how: Any) -> list[schema.Change]:
        done = schema.init(self.s.settings, self.renderer, self.s.ch, self.s.pg, **how)
        assert schema.plan(self.s.settings, self.renderer, self.s.ch, self.s.pg) == []
        return done

    def plan(self, **how: Any) -> list[schema.Change]:
        return schema.plan(self.s.settings, self.renderer, self.s.ch, self.s.pg, **how)

    def refused(self, kind: str, where: str, way: str, **how: Any) -> None:
        """`plan` names it, and `init` does nothing."""
        (found,) = [c for c in self.plan(**how) if c.action == "refuse"]
        assert (found.store, found.name, found.breaking) == ("contract", where, kind)
        assert way in found.detail
        before = self._stores()
        with pytest.raises(ContractError, match=where) as error:
            self.init(**how)
        assert way in error.value.hint
        assert self._stores() == before

    def _stores(self) -> list[dict[str, Any]]:
        columns = "SELECT table, name, type FROM system.columns WHERE database IN ('landing', 'raw') ORDER BY ALL"
        made = "SELECT name, uuid FROM system.tables WHERE database IN ('landing', 'ops') ORDER BY ALL"
        return rows(self.s.ch, columns) + rows(self.s.ch, made)

    def send(self, event_type: str, at: str = "2026-01-05T10:00:00Z", **fields: Any) -> dict[str, Any]:
        """A message, landed and judged."""
        message = {
            "event_id": str(uuid4()), "event_type": event_type, "op": "create", "event_time": at, "schema_version": 1,
            "producer": "test", **fields,
        }  # fmt: skip
        raw = json.dumps(message).encode()
        columns = ["source", "stream", "partition", "offset", "key", "sent_at", "raw"]
        self.s.ch.insert("landing.inbox_null", [[SOURCE, "s", 0, self.sent, "", None, raw]], columns)
        self.sent += 1
        self.s.ch.command(f"INSERT INTO ops.positions VALUES ('{SOURCE}', 's', 0, {self.sent}, now64(6, 'UTC'))")
        return message

    def load(self, *event_types: str) -> None:
        vault.load(self.s.settings, self.renderer, self.s.ch, self.s.pg, event_types or None)

    def balanced(self) -> None:
        """All is loaded, and every reconciliation check of what was landed, judged and loaded balances."""
        self.load()
        reconciliations = landing_reconciliations(self.renderer, self.s.ch) + vault.reconciliations(
            self.renderer, self.s.ch, self.s.pg
        )
        assert [a for a in reconciliations if not a.ok] == []

    def raw(self, event_type: str, columns: str) -> list[tuple[Any, ...]]:
        return [
            tuple(r.values()) for r in rows(self.s.ch, f"SELECT {columns} FROM raw.{event_type} FINAL ORDER BY ALL")
        ]

    def vault(self, sql: str) -> list[tuple[Any, ...]]:
        with self.s.pg, self.s.pg.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def reasons(self, event_type: str) -> list[str]:
        return sorted(r["reason"] for r in rejected.listing(self.s.ch, event_type))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with running_stack(tmp_path_factory.mktemp("changes") / "home") as settings, open_session(settings) as session:
        yield session


@pytest.fixture(scope="module")
def home(session: Session) -> Home:
    found = Home(session)
    for hub in ("anchor", "buoy"):
        found.declare(hub, **{f"{hub}_id": key(hub)}, title=TITLE)
    found.init()
    return found


def key(hub: str) -> Any:
    return Annotated[Id, Hub(hub)]


# ── names ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_renaming_a_key_puts_no_zeros_into_the_vault(home: Home) -> None:
    home.declare("badge", badge_id=key("badge"), title=TITLE)
    home.init()
    ids = [str(uuid4()) for _ in range(5)]
    home.send("badge", badge_id=ids[0], title="early")
    home.load()
    home.send("badge", badge_id=ids[1], title="not yet loaded")
    home.send("badge", badge_id=ids[2], title="")  # a dead letter under the old name

    home.declare("badge", emblem_id=key("badge"), title=TITLE)
    home.refused("renamed", "badge.emblem_id", 'Renamed(renamed_from="badge_id")', accept_breaking=True)
    with pytest.raises(ContractError, match="badge differs from the contract") as error:
        home.load()
    assert "clickvault init" in error.value.hint

    home.declare(
        "badge",
        emblem_id=Annotated[Id, Hub("badge"), Renamed(renamed_from="badge_id")],
        title=Annotated[str, Length(0, 20), Sat("face")],
    )
    home.init()
    home.send("badge", emblem_id=ids[3], title="new name")
    home.send("badge", badge_id=ids[4], title="a late producer")
    home.send("badge", badge_id=ids[4], emblem_id=ids[4], title="both")
    home.balanced()
    (done,) = rejected.replay(home.renderer, home.s.ch, home.s.pg, "badge")
    assert (done["accepted"], done["rejected"]) == (1, 1), "the letter under the old name is read"
    assert home.reasons("badge") == ["badge_id: not declared"]
    home.balanced()
    assert {str(i) for (i,) in home.raw("badge", "emblem_id")} == set(ids)
    assert {str(bk) for (bk,) in home.vault("select bk from vault.hub_badge")} == set(ids)


def test_a_column_that_would_be_made_up_is_refused_whatever_the_ledger_says(home: Home) -> None:
    """The tables' own guard, for a home whose ledger knows of no change: zeros in the place of keys go nowhere."""
    home.declare("medal", medal_id=key("medal"), title=TITLE)
    home.init()
    home.send("medal", medal_id=str(uuid4()), title="gold")
    home.declare("medal", order_id=key("medal"), title=TITLE)
    objects = schema.clickhouse_objects(home.renderer, home.s.settings)
    with pytest.raises(ContractError, match=r"raw\.medal has rows, and no value for its new column order_id"):
        schema.apply_clickhouse(home.s.ch, objects, home.s.settings, None, home.renderer.registry.events)
    assert "order_id" not in {
        r["name"] for r in rows(home.s.ch, "SELECT name FROM system.columns WHERE table = 'medal'")
    }
    home.declare("medal", medal_id=key("medal"), title=TITLE)
    home.init()
    home.balanced()


def test_a_renamed_attribute_keeps_its_history(home: Home) -> None:
    home.declare("card", card_id=key("card"), title=TITLE)
    home.init()
    card = str(uuid4())
    home.send("card", at="2026-01-05T10:00:00Z", card_id=card, title="a")
    home.load()
    home.send("card", at="2026-01-05T11:00:00Z", card_id=card, title="b")
    label = Annotated[str, Length(1, 20), Sat("face"), Renamed(renamed_from="title")]
    home.declare("card", card_id=key("card"), label=label)
    home.init()
    home.send("card", at="2026-01-05T12:00:00Z", card_id=card, label="b")  # says the same as before
    home.send("card", at="2026-01-05T13:00:00Z", card_id=card, title="c")
    home.balanced()
    assert home.vault("select label from vault.v_sat_card_face order by valid_from") == [("a",), ("b",), ("c",)]
    assert home.raw("card", "label") == [("a",), ("b",), ("b",), ("c",)]


# ── fields that come ──────────────────────────────────────────────────────────────────────────────────────────


def test_optional_fields_are_added_to_old_and_new_satellites_and_links(home: Home) -> None:
    """A new satellite, or link, has a row of every observation, those of before among them: they are loaded again."""
    home.declare("sheet", sheet_id=key("sheet"), title=TITLE)
    home.declare("look", link=Transaction(), sheet_id=Annotated[Id, Ref("sheet")], title=TITLE)
    home.init()
    sheet = str(uuid4())
    home.send("sheet", sheet_id=sheet, title="a")
    home.send("look", sheet_id=sheet, title="a")
    home.load()
    home.send("sheet", sheet_id=sheet, title="b")
    anchor = Annotated[Id | None, Ref("anchor")]
    home.declare(
        "sheet",
        sheet_id=key("sheet"),
        title=TITLE,
        colour=(Annotated[str | None, Length(1, 9), Sat("face")], None),
        weight=(Annotated[int | None, Range(0, 9), Sat("body")], None),
        anchor_id=(anchor, None),
    )
    home.declare(
        "look", link=Transaction(), sheet_id=Annotated[Id, Ref("sheet")], title=TITLE, anchor_id=(anchor, None)
    )
    home.init()
    home.send("sheet", sheet_id=sheet, title="c", colour="red", weight=3, anchor_id=str(uuid4()))
    home.send("look", sheet_id=sheet, title="c", anchor_id=str(uuid4()))
    home.send("look", sheet_id=sheet, title="d")
    home.balanced()
    assert home.vault("select weight from vault.sat_sheet_body order by weight nulls first") == [(None,), (None,), (3,)]
    assert home.vault("select count(*), count(hk_anchor) from vault.link_look") == [(3, 1)]


def test_a_required_field_needs_a_value_for_what_was_before(home: Home) -> None:
    size = Annotated[int, Range(1, 9), Sat("face")]
    note = Annotated[str | None, Length(1, 9), Sat("face")]
    home.declare("box", box_id=key("box"), title=TITLE, note=(note, None))
    home.declare("weigh", link=Transaction(), box_id=Annotated[Id, Ref("box")], title=TITLE)
    home.init()
    box = str(uuid4())
    home.send("box", at="2026-01-05T10:00:00Z", box_id=box, title="a")
    home.send("weigh", box_id=box, title="a")
    home.load()
    home.send("box", at="2026-01-05T11:00:00Z", box_id=box, title="b", note="said")
    home.declare("box", box_id=key("box"), title=TITLE, note=(note, None), size=size)
    home.refused("required", "box.size", "Backfill(value) on size", accept_breaking=True)
    home.declare("box", box_id=key("box"), title=TITLE, note=Annotated[str, Length(1, 9), Sat("face")])
    home.refused("required", "box.note", "Backfill(value) on note", accept_breaking=True)

    home.declare(
        "box",
        box_id=key("box"),
        title=TITLE,
        note=Annotated[str, Length(1, 9), Sat("face"), Backfill("it's")],
        size=Annotated[int, Range(1, 9), Sat("face"), Backfill(3)],
    )
    home.declare(
        "weigh", link=Transaction(), box_id=Annotated[Id, Ref("box")], title=TITLE,
        grams=Annotated[float, Range(0, 9), Sat("face"), Backfill(0.5)],
    )  # fmt: skip
    home.init()
    home.send("box", at="2026-01-05T12:00:00Z", box_id=box, title="b", note="said", size=3)  # says the same as before
    home.send("box", at="2026-01-05T13:00:00Z", box_id=box, title="b", note="said", size=4)
    home.send("box", box_id=box, title="c")
    home.send("weigh", box_id=box, title="b", grams=2.5)
    home.balanced()
    assert home.reasons("box") == ["note: missing", "size: missing"]
    assert home.raw("box", "title, note, size") == [
        ("a", "it's", 3),
        ("b", "said", 3),
        ("b", "said", 3),
        ("b", "said", 4),
    ]
    assert home.vault("select title, note, size from vault.sat_box_face order by event_time") == [
        ("a", "it's", 3), ("b", "said", 3), ("b", "said", 3), ("b", "said", 4),
    ]  # fmt: skip
    versions_of = "select title, size from vault.v_sat_box_face order by valid_from"
    assert home.vault(versions_of) == [("a", 3), ("b", 3), ("b", 4)]
    assert home.vault("select title, grams from vault.link_weigh order by title") == [("a", 0.5), ("b", 2.5)]


# ── limits ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_limits_bind_from_their_change_on(home: Home) -> None:
    def declared(high: int, *colours: str) -> None:
        pieces, colour = Annotated[int, Range(0, high), Sat("face")], Annotated[Literal[colours], Sat("face")]  # type: ignore[valid-type]
        home.declare("crate", crate_id=key("crate"), pieces=pieces, colour=colour)

    declared(300, "red", "green")
    home.init()
    for pieces, colour in ((300, "red"), (7, "green"), (301, "red")):
        home.send("crate", crate_id=str(uuid4()), pieces=pieces, colour=colour)
    home.load()
    home.send("crate", crate_id=str(uuid4()), pieces=299, colour="green")

    declared(70_000, "red", "green", "blue")
    home.init()
    home.balanced()  # the letter of before is one until it is judged again
    assert home.reasons("crate") == ["pieces: above 300"]
    home.send("crate", crate_id=str(uuid4()), pieces=70_000, colour="blue")
    home.balanced()
    (done,) = rejected.replay(home.renderer, home.s.ch, home.s.pg, "crate")
    assert (done["accepted"], done["rejected"]) == (1, 0)
    home.balanced()

    declared(9, "red", "green")
    found = [c for c in home.plan() if c.action == "refuse"]
    assert {(c.name, c.breaking) for c in found} == {("crate.pieces", "limits"), ("crate.colour", "limits")}
    assert all("clickvault init --accept-breaking" in c.detail for c in found)
    with pytest.raises(ContractError, match="2 breaking changes"):
        home.init()
    done_now = home.init(accept_breaking=True)
    assert {(c.action, c.name) for c in done_now if c.store == "contract"} == {
        ("accept", "crate.pieces"), ("accept", "crate.colour"),
    }  # fmt: skip
    home.send("crate", crate_id=str(uuid4()), pieces=10, colour="red")
    home.send("crate", crate_id=str(uuid4()), pieces=9, colour="blue")
    home.send("crate", crate_id=str(uuid4()), pieces=8, colour="green")
    home.balanced()
    assert home.reasons("crate") == ["colour: not one of the allowed values", "pieces: above 9"]
    kept = [(7,), (8,), (299,), (300,), (301,), (70_000,)]
    assert home.raw("crate", "pieces") == kept, "what was valid when it came stays what it was"
    assert home.vault("select pieces from vault.sat_crate_face order by pieces") == kept
    vault.rewind(home.s.pg, ["crate"])
    home.balanced()


# ── what is refused, and what goes ────────────────────────────────────────────────────────────────────────────


def test_another_hub_another_key_another_link_another_type_are_refused(home: Home) -> None:
    home.declare("disc", disc_id=key("disc"), title=TITLE, anchor_id=(Annotated[Id | None, Ref("anchor")], None))
    home.declare("spin", link=Effectivity(), disc_id=Annotated[Id, Ref("disc")], anchor_id=Annotated[Id, Ref("anchor")])
    home.init()
    disc = dict(home.domains["trial"])
    other = Annotated[Id | None, Ref("buoy", role="anchor")]
    cases: list[tuple[str, str, dict[str, Any]]] = [
        ("hub", "disc.anchor_id", {"disc_id": key("disc"), "title": TITLE, "anchor_id": (other, None)}),
        ("type", "disc.title", {"disc_id": key("disc"), "title": Annotated[int, Range(0, 9), Sat("face")],
                                "anchor_id": (Annotated[Id | None, Ref("anchor")], None)}),
        ("key", "disc.anchor_id", {"disc_id": key("disc"), "title": TITLE,
                                   "anchor_id": (Annotated[Id | None, Ref("anchor", role="place")], None)}),
    ]  # fmt: skip
    for kind, where, fields in cases:
        home.declare("disc", **fields)
        home.refused(kind, where, "another", accept_breaking=True)
    home.domains["trial"] = dict(disc)
    home.declare("spin", link=Transaction(), disc_id=Annotated[Id, Ref("disc")], anchor_id=Annotated[Id, Ref("anchor")])
    found = [c for c in home.plan(accept_breaking=True) if c.action == "refuse"]
    assert {(c.breaking, c.name) for c in found} == {("link", "spin")}
    home.domains["trial"] = disc


def test_fields_and_event_types_that_go_leave_their_rows(home: Home) -> None:
    home.declare("leaf", leaf_id=key("leaf"), title=TITLE, note=TITLE)
    home.declare("twig", twig_id=key("twig"), title=TITLE)
    home.init()
    for event_type in ("leaf", "twig"):
        more = {"note": "n"} if event_type == "leaf" else {}
        home.send(event_type, **{f"{event_type}_id": str(uuid4())}, title="a", **more)
        home.load()
        home.send(event_type, **{f"{event_type}_id": str(uuid4())}, title="b", **more)
        home.send(event_type, title="a dead letter")
    home.load()
    home.declare("leaf", leaf_id=key("leaf"), title=TITLE)
    home.refused("removed", "leaf.note", "clickvault init --accept-breaking")
    home.init(accept_breaking=True)
    home.send("leaf", leaf_id=str(uuid4()), title="c")
    home.send("leaf", leaf_id=str(uuid4()), title="d", note="n")
    home.balanced()
    assert "note: not declared" in home.reasons("leaf")
    assert home.raw("leaf", "title, note") == [("a", "n"), ("b", "n"), ("c", None)], (
        "empty, and no value that nobody sent"
    )

    del home.domains["trial"]["twig"]
    home.refused("removed", "twig", "clickvault init --accept-breaking")
    home.init(accept_breaking=True)
    home.send("twig", twig_id=str(uuid4()), title="c")
    home.balanced()
    assert "unknown event type" in home.reasons("twig")
    assert len(home.raw("twig", "twig_id")) == 2

    again = Annotated[str, Length(1, 20), Sat("face"), Backfill("none")]
    home.declare("leaf", leaf_id=key("leaf"), title=TITLE, note=again)
    home.declare("twig", twig_id=key("twig"), title=TITLE)
    home.init()
    home.balanced()
    assert home.raw("leaf", "title, note") == [("a", "n"), ("b", "n"), ("c", "none")]
    assert home.vault("select title, note from vault.sat_leaf_face order by title") == home.raw("leaf", "title, note")
    rejected.replay(home.renderer, home.s.ch, home.s.pg, "twig")
    home.balanced()
    assert len(home.raw("twig", "twig_id")) == 3


# ── domains ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_nothing_of_a_domain_that_is_off_is_dropped_unless_it_is_named(home: Home) -> None:
    home.declare("visit", domain="web", visit_id=key("visit"), title=TITLE)
    home.init()
    for title in "ab":
        home.send("visit", visit_id=str(uuid4()), title=title)
    home.balanced()
    web = home.domains.pop("web")
    assert not [c for c in home.plan() if c.action == "drop"]
    home.refused("domain", "web", "--drop-domain web", accept_breaking=True)
    for wrong in ("trial", "wbe"):
        with pytest.raises(ConfigurationError, match=f"--drop-domain {wrong}"):
            home.init(drop_domains=[wrong])
    home.domains["web"] = web
    assert home.plan() == [], "it is on again, as it was"

    home.domains.pop("web")
    dropped = {c.name for c in home.init(drop_domains=["web"]) if c.action == "drop"}
    assert {"landing.queue_web", "landing.validate_visit_mv"} <= dropped
    assert not any("raw." in name for name in dropped)
    home.send("visit", visit_id=str(uuid4()), title="c")
    home.balanced()
    assert len(home.raw("visit", "visit_id")) == 2

    home.domains["web"] = web
    home.init()
    rejected.replay(home.renderer, home.s.ch, home.s.pg, "visit")
    home.balanced()
    assert home.raw("visit", "title") == [("a",), ("b",), ("c",)]
    assert home.vault("select count(*) from vault.hub_visit") == [(3,)]


# ── earlier names ─────────────────────────────────────────────────────────────────────────────────────────────

EARLIER = (
    (r"\blanding\.(`?)validated_(\w+)_null\b", r"landing.\1judged_\2"),
    (r"\blanding\.(`?)(routed|gathered)_(\w+)_null\b", r"landing.\1\2_\3"),
    (r"\blanding\.(`?)validate_(\w+)_mv\b", r"landing.\1judge_\2"),
    (r"\blanding\.(`?)(accept|reject|route|gather|pull)_(\w+)_mv\b", r"landing.\1\2_\3"),
    (r"\blanding\.inbox_mv\b", "landing.inbox_feed"),
    (r"\binbox_null\b", "inbox"),
)


def earlier(text: str) -> str:
    """The text with the names that Null tables and materialized views of `landing` had in 0.1.0."""
    for now, before in EARLIER:
        text = re.sub(now, before, text)
    return text


def test_what_has_the_names_of_an_earlier_version_comes_over(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old views beside new ones would take each message twice; a queue without its view takes none."""
    home.declare("ferry", ferry_id=key("ferry"), title=TITLE)
    home.init()
    settings, ch, events = home.s.settings, home.s.ch, home.renderer.registry.events
    wanted = schema.clickhouse_objects(home.renderer, settings)
    old = [replace(o, name=earlier(o.name), sql=earlier(o.sql)) for o in wanted]
    gone = {o.name for o in old} - {o.name for o in wanted}
    assert {"landing.judged_ferry", "landing.judge_ferry", "landing.inbox", "landing.reject_unknown"} <= gone
    schema.apply_clickhouse(ch, old, settings, None, events)
    assert gone <= schema._existing(ch)

    said: list[str] = []
    command = ch.command
    monkeypatch.setattr(ch, "command", lambda sql, *args, **how: (said.append(sql), command(sql, *args, **how))[1])
    assert {c.name for c in home.init() if c.action == "drop"} == gone
    monkeypatch.undo()
    pulls = [o.name for o in old if o.kind == "pull"]
    stopped = [sql.replace("`", "").split(" ")[-1] for sql in said if sql.startswith("DROP VIEW")]
    assert sorted(stopped) == sorted(pulls), "ingestion stops first"
    changing = [sql for sql in said if sql.startswith(("DROP TABLE", "CREATE MATERIALIZED"))]
    assert said.index(changing[0]) > max(i for i, sql in enumerate(said) if sql.startswith("DROP VIEW"))
    assert not gone & schema._existing(ch)
    home.send("ferry", ferry_id=str(uuid4()), title="a")
    home.balanced()
    assert home.raw("ferry", "title") == [("a",)]
    assert rows(ch, "SELECT count() AS n FROM landing.events WHERE event_type = 'ferry'") == [{"n": 1}]


# ── all of it ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_check_balances_after_all_of_it(home: Home) -> None:
    home.load()
    reconciliations = reconcile(home.s.settings, home.renderer, home.s.ch, home.s.pg)
    assert [a for a in reconciliations if not a.ok] == []


def test_a_home_without_a_ledger_is_compared_with_its_tables(home: Home) -> None:
    """What was made before the ledger: names, types and what is required are read from the tables of the last contract."""
    home.declare("relic", relic_id=key("relic"), title=TITLE)
    home.init()
    home.send("relic", relic_id=str(uuid4()), title="a")
    home.balanced()
    home.s.ch.command("DROP TABLE ops.contracts SYNC")
    assert [c.name for c in home.plan()] == ["ops.contracts"]
    home.declare("relic", find_id=key("relic"), title=TITLE)
    (found,) = [c for c in home.plan() if c.action == "refuse"]
    assert (found.name, found.breaking) == ("relic.find_id", "renamed")
    home.declare("relic", relic_id=key("relic"), title=Annotated[int, Range(0, 9), Sat("face")])
    (found,) = [c for c in home.plan() if c.action == "refuse"]
    assert (found.name, found.breaking) == ("relic.title", "type")
    home.declare("relic", relic_id=key("relic"), title=TITLE)
    home.init()
    assert {v[-1].since for v in versions.history(home.s.ch).values()} == {versions.ALWAYS}
    assert UUID(str(home.raw("relic", "relic_id")[0][0]))
