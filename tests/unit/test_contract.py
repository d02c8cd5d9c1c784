"""The contract language: an invalid declaration is rejected when the class is defined, with class and field in the message.

A declaration that is let through and should not be becomes a table that can't be filled, or a rule that one of the two
judges does not know.
"""

from __future__ import annotations

import enum
import json
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

import clickvault.contract
from clickvault.contract import (
    Actor,
    After,
    AsOf,
    Backfill,
    Bridge,
    Day,
    Dimension,
    Domain,
    Effectivity,
    Event,
    Filled,
    Historized,
    Hub,
    Id,
    Length,
    MultiActive,
    Node,
    Pattern,
    Pit,
    Range,
    Ref,
    Registry,
    Relation,
    Renamed,
    Sat,
    Time,
    Transaction,
    Window,
    load_domains,
)
from clickvault.contract.language import format_time, parse_day, parse_id, parse_time
from clickvault.contract.spec import snake
from clickvault.contract.validation import MAX_MESSAGE_BYTES, judge
from clickvault.contract.vault import vault_of
from clickvault.domains.social import DOMAIN as SOCIAL
from clickvault.domains.social.values import Language
from clickvault.errors import ConfigurationError, ContractError

WITHOUT_ACTOR = {"user_badges", "group_moderator", "attachment", "thumbnail", "subscription_revenue"}
"""Event types that nobody does. An event type without an actor counts for no daily active user: list it here if so."""


class Item(BaseModel):
    """A member of a list."""

    model_config = ConfigDict(strict=True, extra="forbid")

    name: Annotated[str, Length(1, 9)]
    size: Annotated[int | None, Range(0, 9)] = None


def declare(name: str = "Thing", *, doc: str = "A thing.", group: str = "things", **given: Any) -> type[Event]:
    """A class of these fields (annotation, or annotation and default) and class attributes `link` and `graph`."""
    arguments = {
        k: given.pop(k) for k in ("topic", "op_delete", "activity", "freshness", "entity", "future") if k in given
    }
    attributes: dict[str, Any] = {k: given.pop(k) for k in ("link", "graph", "model_config") if k in given}
    fields = {k: v if isinstance(v, tuple) else (v, ...) for k, v in given.items()}
    body = {
        "__annotations__": {k: annotation for k, (annotation, _) in fields.items()},
        "__module__": __name__, "__qualname__": name, "__doc__": doc, **attributes,
        **{k: default for k, (_, default) in fields.items() if default is not ...},
    }  # fmt: skip
    return type(Event)(name, (Event,), body, group=group, **arguments)


KEY = Annotated[Id, Hub("thing")]
USER = Annotated[Id, Ref("user")]
OTHER = Annotated[Id, Ref("user", role="other")]
TEXT = Annotated[str, Length(1, 9), Sat("card")]
NOTE = Annotated[str | None, Length(1, 9), Sat("card")]


def members(item: type[BaseModel] = Item, key: str = "name", high: int = 3) -> Any:
    """A multi-active list."""
    return Annotated[list[item], Length(0, high), MultiActive("item", child_key=key)]  # type: ignore[valid-type]


def an_item(**fields: Any) -> type[BaseModel]:
    """A member model of these fields."""
    body = {"__annotations__": fields, "__module__": __name__, "model_config": Item.model_config, "__qualname__": "Odd"}
    return type(BaseModel)("Odd", (BaseModel,), body)


class Loose(BaseModel):
    """A member that takes any field."""

    name: Annotated[str, Length(1, 9)]


class Checked(BaseModel):
    """A member with a rule of Python's."""

    model_config = ConfigDict(strict=True, extra="forbid")

    name: Annotated[str, Length(1, 9)]

    @field_validator("name")
    @classmethod
    def polite(cls, value: str) -> str:
        return value


def checked_event() -> type[Event]:
    """An event type with a rule of Python's."""

    class Checking(Event, group="things"):
        """It checks by itself."""

        thing_id: KEY

        @field_validator("thing_id")
        @classmethod
        def polite(cls, value: UUID) -> UUID:
            return value

    return Checking


def assisted(*assistance: Pit | Bridge | AsOf) -> Domain:
    """A domain of things with these snapshot tables."""
    thing, user = Annotated[Id, Ref("thing")], Annotated[Id, Ref("person", role="user")]
    return Domain(
        "d", declare(a=KEY, b=user), declare("Person", a=Annotated[Id, Hub("person")]),
        declare("Pair", a=thing, b=user, link=Historized()), declare("Wave", a=thing, b=user, link=Transaction()),
        declare("Pin", a=thing, b=user, link=Effectivity(driving=("a",))), query_assistance=assistance,
    )  # fmt: skip


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    # the class
    "no group": (lambda: declare(group="", thing_id=KEY), "Thing: no group"),
    "group": (lambda: declare(group="No Group", thing_id=KEY), "Thing: group must be a lower-case identifier"),
    "entity": (lambda: declare(entity="Two Words", thing_id=KEY), "Thing: entity must be a lower-case identifier"),
    "topic": (lambda: declare(topic="No Topic", thing_id=KEY), "Thing: topic must be lower-case"),
    "activity of no operation": (
        lambda: declare(thing_id=Annotated[Id, Hub("thing"), Actor], activity=("made",)), "activity names operations"),
    "activity of nobody": (lambda: declare(thing_id=KEY, activity=("create",)), "activity without an Actor"),
    "activity of no hub": (
        lambda: Registry([Domain("d", declare(thing_id=KEY))]).activity("user"), "there is no such hub"),
    "no docstring": (lambda: declare(doc="", thing_id=KEY), "Thing: no docstring"),
    "the envelope's docstring": (lambda: declare(doc=Event.__doc__ or "", thing_id=KEY), "Thing: no docstring"),
    "class name": (lambda: declare("X" * 41, thing_id=KEY), "the class must be a lower-case identifier of at most 40"),
    "class name in other letters": (lambda: declare("Dürer", thing_id=KEY), "Dürer: the class must be"),
    "envelope": (lambda: declare(thing_id=KEY, producer=TEXT), "Thing.producer: is a field of the envelope"),
    "model_config": (
        lambda: declare(thing_id=KEY, model_config=ConfigDict(extra="ignore")), "Thing: model_config is the same .* extra"),
    "validator": (checked_event, "Checking.polite: a validator"),
    "a meaning of no words": (
        lambda: declare(thing_id=KEY, a=Annotated[bool, Sat("card"), " "]), "Thing.a: a meaning is one line of text"),
    "neither hub nor link": (lambda: declare(text=TEXT), "Thing: neither a Hub field nor a link"),
    "hub and link": (lambda: declare(thing_id=KEY, link=Historized()), "Thing: a hub's references become links"),
    "two hubs": (lambda: declare(a=KEY, b=Annotated[Id, Hub("other")]), "Thing.b: a second hub"),
    "a link without references": (lambda: declare(text=TEXT, link=Historized()), "Thing: a link needs required"),
    "a link with optional references": (
        lambda: declare(user_id=(Annotated[Id | None, Ref("user")], None), link=Transaction()),
        "Thing: a link needs required references"),
    "two keys in one role": (
        lambda: declare(a=USER, b=USER, link=Historized()), "Thing: two keys in one role 'user'"),
    "two actors": (
        lambda: declare(a=Annotated[Id, Ref("user"), Actor], b=Annotated[Id, Ref("post"), Actor], link=Historized()),
        "Thing: more than one Actor"),
    "an actor that is no key": (
        lambda: declare(thing_id=KEY, text=Annotated[str, Length(1, 9), Sat("card"), Actor]), "Thing.text: an Actor is"),
    "no role": (lambda: declare(thing_id=KEY, text=Annotated[str, Length(1, 9)]), "Thing.text: no role"),
    "driving key": (
        lambda: declare(user_id=USER, link=Effectivity(driving=("post_id",))), "Thing: driving key 'post_id'"),
    "symmetric with one reference": (
        lambda: declare(user_id=USER, link=Effectivity(symmetric=True)), "Thing: symmetric is for two references"),
    "symmetric with two hubs": (
        lambda: declare(user_id=USER, post_id=Annotated[Id, Ref("post")], link=Effectivity(symmetric=True)),
        "Thing: symmetric is for two references"),
    "symmetric with a driving key": (
        lambda: declare(a=USER, b=OTHER, link=Effectivity(symmetric=True, driving=("a",))), "Thing: symmetric is for"),
    "effectivity with an optional reference": (
        lambda: declare(a=USER, b=(Annotated[Id | None, Ref("post")], None), link=Effectivity()),
        "Thing: the references of an effectivity link are required"),
    # the graph
    "a node without a hub": (
        lambda: declare(user_id=USER, link=Historized(), graph=[Node("Thing")]), r"Thing: Node\('Thing'\) needs a Hub"),
    "label": (lambda: declare(thing_id=KEY, graph=[Node("a thing")]), "Thing: a node's label is CamelCase"),
    "relation type": (
        lambda: declare(a=USER, b=OTHER, link=Historized(), graph=[Relation("likes", "a", "b")]),
        "Thing: a relation's type is UPPER_CASE"),
    "relation's end": (
        lambda: declare(a=USER, b=OTHER, link=Historized(), graph=[Relation("LIKES", "a", "c")]),
        "Thing: LIKES names 'c', which is no key"),
    "relation's property": (
        lambda: declare(a=USER, b=OTHER, link=Historized(), graph=[Relation("LIKES", "a", "b", properties=("a",))]),
        "Thing: LIKES carries 'a', which is no attribute"),
    # a field
    "field name": (lambda: declare(thing_id=KEY, BadName=TEXT), "Thing: field BadName must be a lower-case"),
    "reserved name": (lambda: declare(thing_id=KEY, offset=TEXT), "Thing.offset: offset is a reserved name"),
    "default": (lambda: declare(thing_id=KEY, text=(TEXT, "x")), "Thing.text: an optional field is"),
    "default of an optional field": (lambda: declare(thing_id=KEY, text=(NOTE, "x")), "Thing.text: an optional field is"),
    "optional without default": (lambda: declare(thing_id=KEY, text=NOTE), "Thing.text: an optional field is"),
    "alias": (lambda: declare(thing_id=KEY, text=(TEXT, Field(alias="t"))), "Thing.text: an alias is another name"),
    "bare UUID": (lambda: declare(thing_id=Annotated[UUID, Hub("thing")]), "Thing.thing_id: write Id"),
    "bare datetime": (lambda: declare(thing_id=KEY, at=Annotated[datetime, Sat("card")]), "Thing.at: write Time"),
    "bare date": (lambda: declare(thing_id=KEY, day=Annotated[date, Sat("card")]), "Thing.day: write Day"),
    "type": (lambda: declare(thing_id=KEY, a=Annotated[bytes, Sat("card")]), "Thing.a: type must be Id, Time, Day"),
    "two types": (lambda: declare(thing_id=KEY, a=Annotated[int | str, Sat("card")]), "Thing.a: type must be"),
    "enumeration of numbers": (
        lambda: declare(thing_id=KEY, a=Annotated[Literal[1, 2], Sat("card")]), "Thing.a: the values of an enumeration"),
    "enumeration without values": (
        lambda: declare(thing_id=KEY, a=Annotated[enum.Enum("Nothing", []), Sat("card")]),  # type: ignore[arg-type]
        "Thing.a: the values of an enumeration"),
    "enumeration of long numbers": (
        lambda: declare(thing_id=KEY, a=Annotated[Literal["1234567890123456789"], Sat("card")]),
        "Thing.a: ClickHouse can't tell"),
    "no length": (lambda: declare(thing_id=KEY, a=Annotated[str, Sat("card")]), "Thing.a: no length"),
    "no range": (lambda: declare(thing_id=KEY, a=Annotated[int, Sat("card")]), "Thing.a: no range"),
    "no range of a fraction": (lambda: declare(thing_id=KEY, a=Annotated[float, Sat("card")]), "Thing.a: no range"),
    "range of 64 bits": (
        lambda: declare(thing_id=KEY, a=Annotated[int, Range(0, 2**63), Sat("card")]), "Thing.a: .* within 64 bits"),
    "range without end": (
        lambda: declare(thing_id=KEY, a=Annotated[float, Range(0, float("inf")), Sat("card")]), "Thing.a: .* finite"),
    "empty range": (lambda: declare(thing_id=KEY, a=Annotated[int, Range(2, 1), Sat("card")]), "Thing.a: 2 to 1 is empty"),
    "window of a text": (
        lambda: declare(thing_id=KEY, a=Annotated[str, Length(1, 9), Window(), Sat("card")]), "Thing.a: a Window is"),
    "window's day": (
        lambda: declare(thing_id=KEY, a=Annotated[Time, Window("yesterday"), Sat("card")]), "Thing.a: a window opens"),
    "pattern's class": (
        lambda: declare(thing_id=KEY, a=Annotated[str, Length(1, 9), Pattern(r"^\d$"), Sat("card")]),
        "Thing.a: pattern .* read differently"),
    "another rule": (
        lambda: declare(thing_id=KEY, a=Annotated[int, Range(1, 9), Field(multiple_of=3), Sat("card")]),
        r"Thing.a: MultipleOf\(multiple_of=3\) is a rule that ClickHouse does not know"),
    "a key of another type": (lambda: declare(thing_id=Annotated[bool, Hub("thing")]), "Thing.thing_id: a key is an Id"),
    "an optional business key": (
        lambda: declare(thing_id=(Annotated[Id | None, Hub("thing")], None)), "Thing.thing_id: a business key is required"),
    "a business key that refers": (
        lambda: declare(thing_id=Annotated[Id, Hub("thing"), Ref("user")]), "Thing.thing_id: a business key is required"),
    "hub's name": (lambda: declare(thing_id=Annotated[Id, Hub("Thing")]), "Thing.thing_id: 'Thing' is not a lower-case"),
    "role's name": (
        lambda: declare(a=Annotated[Id, Ref("user", role="A B")], link=Historized()), "Thing.a: 'A B' is not"),
    "satellite's name": (
        lambda: declare(thing_id=KEY, a=Annotated[bool, Sat("a-b")]), "Thing.a: 'a-b' is not a lower-case"),
    "a key in a satellite": (
        lambda: declare(thing_id=Annotated[Id, Hub("thing"), Sat("card")]), "Thing.thing_id: a key is no attribute"),
    "backfill of an optional field": (
        lambda: declare(thing_id=KEY, text=(Annotated[str | None, Length(1, 9), Sat("card"), Backfill("x")], None)),
        "Thing.text: Backfill is for a required attribute"),
    "backfill of a key": (lambda: declare(thing_id=Annotated[Id, Hub("thing"), Backfill("x")]), "Thing.thing_id: Backfill"),
    "backfill beyond the limits": (
        lambda: declare(thing_id=KEY, text=Annotated[str, Length(1, 9), Sat("card"), Backfill("")]),
        "Thing.text: the value of Backfill"),
    "backfill of another type": (
        lambda: declare(thing_id=KEY, n=Annotated[int, Range(0, 9), Sat("card"), Backfill(True)]),
        "Thing.n: the value of Backfill"),
    "an earlier name that is a field": (
        lambda: declare(thing_id=KEY, text=Annotated[str, Length(1, 9), Sat("card"), Renamed("thing_id")]),
        "Thing: 'thing_id' is no earlier name of one field"),
    "filled": (lambda: declare(thing_id=KEY, text=Annotated[str, Length(1, 9), Sat("card"), Filled(0.5)]), "Thing.text: Filled"),
    "filled by more than all": (
        lambda: declare(thing_id=KEY, text=(Annotated[str | None, Length(1, 9), Sat("card"), Filled(2)], None)),
        "Thing.text: Filled is a share"),
    "after another kind": (
        lambda: declare(thing_id=KEY, day=Annotated[Day, Sat("card"), After("event_time")]),
        "Thing.day: is date, and can't be after 'event_time'"),
    "after nothing": (
        lambda: declare(thing_id=KEY, day=Annotated[Day, Sat("card"), After("start")]), "Thing.day: is date, and can't be"),
    "freshness": (lambda: declare(thing_id=KEY, freshness=0), "Thing: freshness is a number of hours"),
    "future": (lambda: declare(thing_id=KEY, future=timedelta(seconds=-1)), "Thing: future must be a timedelta"),
    # a list
    "list of texts": (
        lambda: declare(thing_id=KEY, a=Annotated[list[str], Length(0, 3), MultiActive("item", "name")]),
        "Thing.a: the members of a list are a Pydantic model"),
    "member that takes any field": (lambda: declare(thing_id=KEY, a=members(Loose)), "Thing.a: Loose needs model_config"),
    "member's validator": (lambda: declare(thing_id=KEY, a=members(Checked)), "Checked.polite: a validator"),
    "list without a satellite": (
        lambda: declare(thing_id=KEY, a=Annotated[list[Item], Length(0, 3)]), "Thing.a: a list needs MultiActive"),
    "list without a length": (
        lambda: declare(thing_id=KEY, a=Annotated[list[Item], MultiActive("item", "name")]), "Thing.a: no length"),
    "multi-active text": (
        lambda: declare(thing_id=KEY, a=Annotated[str, Length(0, 3), MultiActive("item", "name")]),
        "Thing.a: MultiActive is for a list"),
    "child key": (lambda: declare(thing_id=KEY, a=members(key="number")), "Thing.a: child key 'number' is no required"),
    "optional child key": (lambda: declare(thing_id=KEY, a=members(key="size")), "Thing.a: child key 'size' is no required"),
    "child key of fractions": (
        lambda: declare(thing_id=KEY, a=members(an_item(name=Annotated[float, Range(0, 1)]))), "Thing.a: child key 'name'"),
    "optional list": (
        lambda: declare(
            thing_id=KEY, a=(Annotated[list[Item] | None, Length(0, 3), MultiActive("item", "name")], None)),
        "Thing.a: a list is never optional"),
    "list in a list": (
        lambda: declare(thing_id=KEY, a=members(an_item(name=Annotated[str, Length(1, 9)], more=members()))),
        "Thing.a: a member has no list"),
    "member's role": (
        lambda: declare(thing_id=KEY, a=members(an_item(name=Annotated[Id, Ref("user")]))), "Thing.a: a member's field"),
    "member's field": (
        lambda: declare(thing_id=KEY, a=members(an_item(name=str))), "Odd.name: no length"),
    # across classes
    "domain's name": (lambda: Domain("My Domain", declare(thing_id=KEY)), "domain name must be"),
    "empty domain": (lambda: Domain("empty"), "domain empty: no event type"),
    "module without events": (lambda: Domain("empty", ModuleType("nothing")), "domain empty: no event type"),
    "event type twice": (
        lambda: Domain("d", declare(thing_id=KEY), declare(thing_id=KEY)), "d.Thing: event type 'thing' is declared by d.Thing"),
    "event type in two domains": (
        lambda: Registry([SOCIAL, Domain("d", declare("Post", thing_id=KEY))]), "d.Post: .* declared by social.Post"),
    "topic in two groups": (
        lambda: Domain("d", declare("A", thing_id=KEY, topic="t"), declare("B", thing_id=KEY, topic="t", group="other")),
        "B: topic 't' is in group 'things' by A, in 'other' here"),
    "hub with another key": (
        lambda: Domain("d", declare("A", a=KEY), declare("B", b=Annotated[str, Length(1, 9), Hub("thing")])),
        "B.b: hub 'thing' has another key in A.a: string of 1 to 9 here, uuid there"),
    "hub with other limits": (
        lambda: Domain("d", *(declare(n, a=Annotated[str, Length(1, len(n)), Hub("thing")]) for n in ("A", "Bb"))),
        "Bb.a: hub 'thing' has another key"),
    "hub with other folding": (
        lambda: Domain(
            "d", *(declare(n, a=Annotated[str, Length(1, 9), Hub("thing", fold=n == "A")]) for n in ("A", "B"))),
        "B.a: hub 'thing' has another key in A.a: .* case folded there"),
    "reference to nothing": (
        lambda: Domain("d", declare(thing_id=KEY, user_id=USER)), "Thing.user_id: refers to hub 'user', which nothing"),
    "reference of another type": (
        lambda: Domain("d", declare(a=Annotated[int, Range(0, 9), Ref("user")], link=Historized()), uses=(SOCIAL,)),
        r"Thing.a: is int, but the key of hub 'user' \(User.user_id\) is uuid"),
    "label twice": (
        lambda: Domain(
            "d", declare("A", a=KEY, graph=[Node("T")]), declare("B", b=Annotated[Id, Hub("b")], graph=[Node("T")])),
        "B: T is declared by A too, for hub 'thing'"),
    "relation twice": (
        lambda: Domain(
            "d", declare("A", a=USER, b=OTHER, link=Historized(), graph=[Relation("R", "a", "b")]),
            declare("B", a=USER, b=OTHER, link=Historized(), graph=[Relation("R", "a", "b", undirected=True)]),
            uses=(SOCIAL,)),
        "B: R is declared by A too"),
    "relation with properties twice": (
        lambda: Domain(
            "d", *(declare(n, a=USER, b=OTHER, text=TEXT, link=Historized(),
                           graph=[Relation("R", "a", "b", properties=("text",))]) for n in ("A", "B")), uses=(SOCIAL,)),
        "B: R is declared by A too"),
    "a hub that is only described": (
        lambda: Domain("d", declare("A", a=Annotated[Id, Hub("thing", describes=True)])),
        r"hub 'thing' is only described \(a\)"),
    "relation to no node": (
        lambda: Domain(
            "d", declare("A", a=KEY),
            declare("B", a=Annotated[Id, Ref("thing")], b=USER, link=Historized(), graph=[Relation("R", "a", "b")]),
            uses=(SOCIAL,)),
        "B.a: R ends at hub 'thing', which is no node"),
    # query assistance
    "as-of days twice": (lambda: assisted(AsOf(), AsOf(days=3)), "AsOf must be declared once"),
    "as-of days of none": (lambda: assisted(AsOf(days=0)), "AsOf must be declared once, with at least one day"),
    "a PIT of no hub": (lambda: assisted(Pit("things")), r"Pit\(hub='things'\): no hub 'things'"),
    "a bridge over no hub": (lambda: assisted(Bridge("b", hub="things", roles=("user",))), "Bridge.*: no hub 'things'"),
    "PIT twice": (lambda: assisted(Pit("thing"), Pit("thing")), "pit_thing is declared twice"),
    "bridge twice": (
        lambda: assisted(Bridge("b", hub="thing", roles=("user",)), Bridge("b", link="pair")), "bridge_b is declared twice"),
    "two columns of one name": (
        lambda: Domain("d", declare("A1", a=KEY, b_c=Annotated[bool, Sat("card")]),
                       declare("A1B", a=KEY, c=Annotated[bool, Sat("card")]), query_assistance=[Pit("thing")]),
        "pit_thing: two columns of its view are a1_b_c"),
    "a bridge over both": (lambda: assisted(Bridge("b", hub="thing", link="pair")), "Bridge.*: a bridge has"),
    "a bridge over nothing": (lambda: assisted(Bridge("b", roles=("user",))), "Bridge.*: a bridge has"),
    "bridge's name": (lambda: assisted(Bridge("B", link="pair")), "Bridge.*: a bridge has a lower-case name"),
    "a bridge over a link by roles": (
        lambda: assisted(Bridge("b", link="pair", roles=("user",))), "Bridge.*: a bridge has"),
    "a bridge over no link": (lambda: assisted(Bridge("b", link="thing")), "Bridge.*: 'thing' must be a link of two keys"),
    "a bridge over transactions": (lambda: assisted(Bridge("b", link="wave")), "Bridge.*: 'wave' must be a link of two keys"),
    "a bridge over a driving key": (lambda: assisted(Bridge("b", link="pin")), "Bridge.*: 'pin' must be a link of two keys"),
    "a bridge without roles": (lambda: assisted(Bridge("b", hub="thing")), "no event type of hub 'thing' refers .* as ''"),
    "bridge's role": (
        lambda: assisted(Bridge("b", hub="thing", roles=("author",))), "no event type of hub 'thing' refers .* as 'author'"),
    "a role of two hubs": (
        lambda: Domain(
            "d", declare("A", a=KEY, b=Annotated[Id, Ref("user", role="owner")]),
            declare("B", a=KEY, b=Annotated[Id, Ref("post", role="owner")]), uses=(SOCIAL,),
            query_assistance=[Bridge("b", hub="thing", roles=("owner",))]),
        "Bridge.*: role 'owner' is not of one hub"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_not_be_meant_is_refused(case: str) -> None:
    build, message = REFUSED[case]
    with pytest.raises(ContractError, match=message):
        build()


def test_every_refusal_has_a_case() -> None:
    """A check that no declaration reaches may be wrong, or in the wrong order, and nobody would know."""
    folder = Path(clickvault.contract.__file__).parent
    checks = sum(
        (folder / f"{name}.py").read_text(encoding="utf-8").count("raise ContractError(")
        for name in ("spec", "registry")
    )
    assert len(REFUSED) >= checks, "a check was added: add the declaration that it refuses"


def test_what_is_meant_is_accepted() -> None:
    """The helper of the cases above makes valid classes, so that each is refused for its one fault."""
    thing = declare(thing_id=KEY, text=TEXT, note=(NOTE, None), items=members(), user_id=USER, graph=[Node("Thing")])
    registry = Registry([SOCIAL, Domain("d", thing, uses=(SOCIAL,))])
    assert registry.events["thing"].topic == "d.thing"
    assert [e.class_name for e in registry.hubs["thing"].owners] == ["Thing"]
    assert registry.groups["things"] == [registry.events["thing"]]
    assert registry.topics("things") == ["d.thing"]


def test_several_event_types_may_declare_or_describe_one_hub() -> None:
    told = declare("C", c=Annotated[Id, Hub("thing", describes=True)])
    registry = Registry([Domain("d", told, declare("A", a=KEY), declare("B", b=KEY))])
    assert set(registry.hubs) == {"thing"}
    assert [e.class_name for e in registry.hubs["thing"].owners] == ["A", "B"]


def test_a_domain_brings_the_domains_it_uses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_events").mkdir()
    (tmp_path / "my_events" / "__init__.py").write_text(
        "from typing import Annotated\n"
        "from clickvault.contract import Domain, Event, Id, Ref, Transaction\n"
        "from clickvault.domains.social import DOMAIN as SOCIAL\n\n"
        "class Wave(Event, group='waves'):\n"
        "    'A user waves.'\n\n"
        "    user_id: Annotated[Id, Ref('user')]\n"
        "    link = Transaction()\n\n"
        "DOMAIN = Domain('waves', Wave, uses=(SOCIAL,))\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    registry = load_domains(["my_events"])
    assert [d.name for d in registry.domains] == ["social", "waves"]
    assert list(load_domains(["social", "my_events"]).events) == list(registry.events)


def test_a_package_that_is_not_there() -> None:
    with pytest.raises(ConfigurationError, match=r"no domain 'no_such_package\.events'") as caught:
        load_domains(["no_such_package.events"])
    assert "CLICKVAULT_DOMAINS" in caught.value.hint


def test_a_package_without_a_domain() -> None:
    with pytest.raises(ConfigurationError, match="package 'json' has no DOMAIN"):
        load_domains(["json"])


def test_a_package_that_misses_another_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The missing package is not the one that the settings name: to say so would send the reader the wrong way."""
    (tmp_path / "needs_more.py").write_text("import a_package_that_is_missing\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path)])
    with pytest.raises(ModuleNotFoundError, match="a_package_that_is_missing"):
        load_domains(["needs_more"])


def test_an_unknown_event_type_names_the_known_ones() -> None:
    with pytest.raises(ConfigurationError, match="got 'none'") as caught:
        Registry([SOCIAL]).event("none")
    assert "post" in caught.value.hint


# ── the social domain ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("spec", Registry([SOCIAL]).events.values(), ids=lambda s: s.event_type)
def test_social_event_types_say_what_they_are(spec: Any) -> None:
    """A docstring becomes the dictionary's meaning; an event without actor or with a delete unsaid misleads a reader."""
    assert len(spec.doc) > 10
    assert spec.group
    assert (spec.actor is None) == (spec.event_type in WITHOUT_ACTOR)
    assert bool(spec.op_delete) == ("delete" in spec.ops), f"{spec.class_name}: say what op=delete means, or why not"


def test_many_of_an_event_type_have_a_name() -> None:
    """A message is one event, so its type is singular; people look for the plural."""
    entities = {e.event_type: e.entity for e in SOCIAL.events}
    names = ("user", "user_badges", "user_privacy", "story", "subscription_revenue", "ad_click")
    assert [entities[n] for n in names] == [
        "users", "user_badges", "user_privacy", "stories", "subscriptions_revenue", "ad_clicks",
    ]  # fmt: skip
    assert len(set(entities.values())) == len(entities)


def test_names_become_snake_case() -> None:
    assert [snake(n) for n in ("Post", "GroupMember", "A1B", "PostView2")] == [
        "post",
        "group_member",
        "a1_b",
        "post_view2",
    ]


# ── what becomes of a declaration in the vault ────────────────────────────────────────────────────────────────


def one(*events: type[Event]) -> Any:
    """The vault of the last of these event types."""
    return vault_of(Registry([SOCIAL, Domain("d", *events, uses=(SOCIAL,))]).events[events[-1].spec.event_type])


def test_vault_of_a_hub() -> None:
    vault = one(declare(thing_id=KEY, text=TEXT, more=Annotated[bool, Sat("flags")], items=members(), user_id=USER,
                        other_id=(Annotated[Id | None, Ref("user", role="other")], None)))  # fmt: skip
    assert [(k.hub, k.role, k.optional) for k in vault.keys] == [
        ("thing", "thing", False), ("user", "user", False), ("user", "other", True),
    ]  # fmt: skip
    assert [(li.name, li.kind, li.driving, [k.role for k in li.keys]) for li in vault.links] == [
        ("thing_user", "effectivity", ("thing",), ["thing", "user"]),
        ("thing_other", "effectivity", ("thing",), ["thing", "other"]),
    ]
    assert [li.nullable for li in vault.links] == [False, True]
    assert all(li.has_partner for li in vault.links)
    assert [(s.name, s.parent, s.key, [a.name for a in s.attributes]) for s in vault.sats] == [
        ("sat_thing_card", "hub_thing", "hk_thing", ["text"]),
        ("sat_thing_flags", "hub_thing", "hk_thing", ["more"]),
        ("sat_thing_item", "hub_thing", "hk_thing", ["name", "size"]),
    ]
    assert vault.sats[2].multi_active.name == "items"
    assert vault.key("other").field.name == "other_id"


def test_vault_of_a_hub_without_attributes() -> None:
    assert [(s.name, s.attributes) for s in one(declare(thing_id=KEY)).sats] == [("sat_thing", ())]


def test_vault_of_an_effectivity_link() -> None:
    vault = one(declare(a=USER, b=OTHER, text=TEXT, link=Effectivity(symmetric=True)))
    (link,) = vault.links
    assert (link.name, link.kind, link.driving, link.symmetric) == ("thing", "effectivity", ("user", "other"), True)
    assert not link.has_partner
    assert [(s.name, s.parent, s.key) for s in vault.sats] == [("sat_thing_card", "link_thing", "lhk_thing")]


def test_vault_of_an_effectivity_link_with_a_driving_key() -> None:
    vault = one(declare(a=USER, b=OTHER, link=Effectivity(driving=("b",))))
    assert vault.links[0].driving == ("other",)
    assert vault.links[0].has_partner
    assert vault.sats == ()


def test_vault_of_a_historized_link() -> None:
    vault = one(declare(a=USER, b=OTHER, link=Historized()))
    assert [(li.kind, li.driving) for li in vault.links] == [("historized", ())]
    assert [(s.name, s.parent, s.attributes) for s in vault.sats] == [("sat_thing", "link_thing", ())]


def test_vault_of_a_transaction() -> None:
    vault = one(declare(a=USER, text=TEXT, link=Transaction()))
    assert [(li.kind, [a.name for a in li.attributes]) for li in vault.links] == [("transaction", ["text"])]
    assert vault.sats == ()
    assert vault.event.ops == ("create",)


def test_snapshots_of_declared_assistance() -> None:
    domain = assisted(Pit("thing"), Bridge("home", hub="thing", roles=("user",)), Bridge("pairs", link="pair"))
    pit, home, pairs = Registry([domain]).snapshots
    assert (pit.name, pit.key, pit.feeders, [s.name for s in pit.owners]) == (
        "pit_thing", "hk", {"thing": "hk_thing"}, ["sat_thing"])  # fmt: skip
    assert pit.columns == ["as_of", "hk", "thing_time", "thing_id"]
    assert (home.name, home.key, home.feeders) == ("bridge_home", "hk_thing", {"thing": "hk_thing"})
    assert home.columns == ["as_of", "hk_thing", "lhk_user", "hk_user"]
    assert [(event, link.name) for event, link in home.role_links] == [("thing", "thing_user")]
    assert (pairs.name, pairs.key, pairs.feeders) == ("bridge_pairs", "lhk", {"pair": "lhk_pair"})
    assert pairs.columns == ["as_of", "lhk", "hk_thing", "hk_user", "pair_time", "pair_id"]
    assert Registry([domain]).as_of == AsOf()


# ── the words ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_uuid_is_read_from_its_canonical_text_alone() -> None:
    u = UUID("abcdefab-cdef-abcd-efab-cdefabcdefab")
    assert parse_id(str(u)) == parse_id(str(u).upper()) == parse_id(u) == u
    for other in (u.hex, f"{{{u}}}", u.urn, f"{u} ", f"{u}\n", str(u)[:-1], "", 1, None, str(u).encode()):
        with pytest.raises(ValueError, match="a UUID is written as"):
            parse_id(other)


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [("2026-01-31T23:59:59Z", 0), ("2026-01-31T23:59:59.1Z", 100_000), ("2026-01-31T23:59:59.000001Z", 1)],
)
def test_a_time_is_read_from_its_canonical_text(text: str, microsecond: int) -> None:
    expected = datetime(2026, 1, 31, 23, 59, 59, microsecond, tzinfo=UTC)
    assert parse_time(text) == expected
    assert parse_time(format_time(expected)) == expected
    assert len(format_time(expected)) == 27


@pytest.mark.parametrize(
    "text",
    ["2026-01-31T23:59:59", "2026-01-31T23:59:59+00:00", "2026-01-31 23:59:59Z", "2026-01-31T23:59:59.Z",
     "2026-01-31T23:59:59.1234567Z", "2026-02-30T00:00:00Z", "2026-01-31T24:00:00Z", "2026-01-31T23:59:60Z",
     "1899-12-31T00:00:00Z", "2300-01-01T00:00:00Z", "2026-01-31T23:59:59Z\n", "２026-01-31T23:59:59Z", "", 0, None,
     datetime(2026, 1, 1)],
)  # fmt: skip
def test_no_other_text_is_a_time(text: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_time(text)


def test_a_day_is_read_from_its_canonical_text() -> None:
    assert parse_day("2024-02-29") == parse_day(date(2024, 2, 29)) == date(2024, 2, 29)
    for other in ("2023-02-29", "1899-12-31", "2300-01-01", "20240229", "2024-2-29", "2024-02-29\n", "", 0, None,
                  date(1899, 12, 31), datetime(2024, 2, 29)):  # fmt: skip
        with pytest.raises(ValueError, match=r".+"):
            parse_day(other)


# ── the judge ─────────────────────────────────────────────────────────────────────────────────────────────────

LIKE: dict[str, Any] = {
    "event_id": "00000000-0000-0000-0000-000000000001", "event_type": "like", "op": "create",
    "event_time": "2026-01-01T00:00:00Z", "schema_version": 1, "producer": "tests",
    "user_id": "00000000-0000-0000-0000-000000000002", "post_id": "00000000-0000-0000-0000-000000000003",
}  # fmt: skip
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def verdict(raw: bytes | None = None, **change: Any) -> Any:
    return judge(raw if raw is not None else json.dumps(LIKE | change).encode(), Registry([SOCIAL]), NOW)


def test_judge_accepts() -> None:
    event = verdict()
    assert isinstance(event, Event)
    assert event.event_time == NOW
    assert event.event_type == "like"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "empty message"),
        (b" " * (MAX_MESSAGE_BYTES + 1), "larger than 1000000 bytes"),
        (b"\xef\xbb\xbf{}", "starts with a byte-order mark"),
        (b"{", "not JSON"),
        (b"\xff", "not UTF-8"),
        (json.dumps(LIKE).encode().replace(b"tests", b"\\ud83d"), "half a surrogate pair: a character cut in two"),
        (b'{"a": 1e999}', "a number out of range"),
        (b'{"a": NaN}', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b'{"a": 1, "a": 1}', "a: given twice"),
        (b'{"a": {"b": 1, "b": 1}}', "b: given twice"),
        (b"{}", "unknown event type"),
        (b'{"event_type": "none"}', "unknown event type"),
    ],
)
def test_judge_refuses_a_message_as_a_whole(raw: bytes, reason: str) -> None:
    assert verdict(raw) == [reason]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"op": "created"}, "op"),
        ({"schema_version": "1"}, "schema_version"),
        ({"schema_version": 0}, "schema_version"),
        ({"more": 1}, "more"),
        ({"user_id": None}, "user_id: is null"),
        ({"producer": ...}, "producer: missing"),
        ({"more": 10**26}, "more: not declared"),
        ({"schema_version": 10**26}, "schema_version: out of range"),
        ({"producer": "a\0"}, "producer"),
        ({"event_time": "1999-12-31T23:59:59Z"}, "event_time"),
        ({"event_time": format_time(NOW + timedelta(seconds=601))}, "event_time"),
        ({"event_type": "share"}, "shared_to"),
        ({"event_type": "share", "shared_to": "feed", "op": "delete"}, "op"),
    ],
)
def test_judge_refuses_a_field(change: dict[str, Any], field: str) -> None:
    raw = json.dumps({k: v for k, v in (LIKE | change).items() if v is not ...})
    reasons = verdict(raw.encode())
    assert isinstance(reasons, list)
    assert any(field in reason for reason in reasons), reasons


def test_the_future_begins_after_the_allowance() -> None:
    assert isinstance(verdict(event_time=format_time(NOW + timedelta(seconds=600))), Event)


def test_a_class_sets_how_far_ahead_its_events_may_be() -> None:
    thing = declare(thing_id=KEY, future=timedelta(hours=1))
    like = {k: v for k, v in LIKE.items() if k not in ("user_id", "post_id")}
    for seconds, accepted in ((3_600, True), (3_601, False)):
        at = {"event_type": "thing", "event_time": format_time(NOW + timedelta(seconds=seconds))}
        raw = json.dumps(like | at | {"thing_id": LIKE["user_id"]}).encode()
        assert isinstance(judge(raw, Registry([Domain("d", thing)]), NOW), Event) == accepted


@pytest.mark.parametrize(("key", "accepted"), [(" A", True), ("A\u3000", True), (" ", False), ("\t\u00a0", False)])
def test_a_key_is_as_it_was_sent_and_never_blank(key: str, accepted: bool) -> None:
    thing = declare(thing_id=Annotated[str, Length(0, 9), Hub("thing")])
    like = {k: v for k, v in LIKE.items() if k not in ("user_id", "post_id")}
    found = judge(
        json.dumps(like | {"event_type": "thing", "thing_id": key}).encode(), Registry([Domain("d", thing)]), NOW
    )
    if accepted:
        assert found.thing_id == key  # type: ignore[union-attr]
    else:
        assert "thing_id: a key that is blank" in str(found)


def test_a_dimension_and_a_meaning_are_kept() -> None:
    thing = declare(thing_id=KEY, a=(Annotated[bool, Sat("card"), Dimension], Field(description="Whether it is")),
                    day=Annotated[Day, Sat("card")])  # fmt: skip
    field = thing.spec.field("a")
    assert field.dimension
    assert field.meaning == "Whether it is"
    assert thing.spec.field("day").kind == "date"


def test_a_plain_text_is_the_meaning() -> None:
    """The field's own words come before those of its type, wherever they stand, and the JSON Schema has them too."""
    size = Annotated[int, Range(1, 9), "in bytes"]
    thing = declare(
        thing_id=KEY,
        file=Annotated[size, Sat("card"), "The size of the file"],
        spare=(Annotated[size, Sat("card"), "The room left"] | None, None),
        language=Annotated[Language, Sat("card")],
        parts=members(an_item(name=Annotated[str, Length(1, 9), "What it is called"])),
    )
    assert {f.name: f.meaning for f in thing.spec.fields} == {
        "thing_id": "", "file": "The size of the file, in bytes", "spare": "The room left, in bytes",
        "language": "The language of a text or of a person, ISO 639-1", "parts": "",
    }  # fmt: skip
    assert thing.spec.field("parts").items[0].meaning == "What it is called"
    schema = thing.model_json_schema()
    assert schema["properties"]["file"]["description"] == "The size of the file, in bytes"
    assert [
        d["properties"]["name"]["description"] for d in schema["$defs"].values() if "name" in d.get("properties", {})
    ] == ["What it is called"]
    assert "description" not in schema["properties"]["thing_id"]
