"""What counts as activity, in a domain without users: the contract, `contract show`, the dictionary, the lineage, the marts' macros."""

from __future__ import annotations

from typing import Annotated

import pytest

from clickvault.catalog import write
from clickvault.catalog.describe import activity, describe
from clickvault.contract import Actor, Domain, Event, Historized, Hub, Id, Length, Ref, Registry, Sat, Transaction
from clickvault.domains.social import DOMAIN as SOCIAL
from clickvault.errors import ContractError
from clickvault.sql.render import Renderer

KEY = Annotated[str, Length(1, 50), Ref("customer"), Actor]


class Account(Event, group="shop"):
    """A customer has an account."""

    customer_id: Annotated[str, Length(1, 50), Hub("customer", fold=True), Actor]
    name: Annotated[str, Length(1, 50), Sat("card")]


class Cart(Event, group="shop", activity=("create",), op_delete="it is emptied by the night"):
    """A customer fills a cart; changes are the shop's own."""

    cart_id: Annotated[Id, Hub("cart")]
    customer_id: KEY


class Banner(Event, group="shop", activity=False):
    """A banner is shown to a customer, who does nothing for it."""

    customer_id: KEY
    cart_id: Annotated[Id, Ref("cart")]

    link = Transaction()


class Visit(Event, group="shop"):
    """Somebody comes, known or not."""

    cart_id: Annotated[Id, Ref("cart")]
    customer_id: Annotated[str | None, Length(1, 50), Ref("customer"), Actor] = None

    link = Transaction()


class Price(Event, group="shop"):
    """A cart has a price: nobody acts."""

    cart_id: Annotated[Id, Ref("cart")]
    amount: Annotated[str, Length(1, 9), Sat("price")]

    link = Historized()


DOMAIN = Domain("corner", Account, Cart, Banner, Visit, Price)
RENDERER = Renderer(Registry([DOMAIN]))
ACTIVE = {
    "account": ("create", "update"), "cart": ("create",), "banner": (), "visit": ("create",), "price": (),
}  # fmt: skip


def test_operations_are_activity_as_the_class_says() -> None:
    assert {name: e.activity for name, e in RENDERER.registry.events.items()} == ACTIVE
    assert [e.event_type for e in RENDERER.registry.activity("customer")] == ["account", "cart", "visit"]
    assert RENDERER.registry.activity("cart") == []
    with pytest.raises(ContractError, match="no such hub"):
        RENDERER.registry.activity("user")


@pytest.mark.parametrize("event_type", ACTIVE)
def test_everyone_says_the_same(event_type: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """`contract show`, the dictionary, and the SQL that marts are made of."""
    event = RENDERER.registry.event(event_type)
    ops = ACTIVE[event_type]
    said = {"of": "customer", "by": "customer_id", "ops": list(ops)} if ops else None
    assert describe(RENDERER, event_type)["activity"] == said
    words = activity(event)
    assert words == (f"of customer (customer_id), by op={' or '.join(ops)}" if ops else "nobody's")
    folder = tmp_path_factory.mktemp("docs")
    write(RENDERER.registry, folder)
    page = (folder / "dictionary.md").read_text(encoding="utf-8")
    assert f"activity: {words}. At least one message" in page
    assert "delete: ." not in page
    macros = RENDERER._environment.get_template("marts/_facts.sql.j2").make_module({"registry": RENDERER.registry})
    assert (f"FROM raw.`{event_type}` FINAL" in macros.activity("customer")) == bool(ops)


@pytest.mark.parametrize(
    "event_type", ["user", "story", "ad_impression", "ad_click", "user_status", "like", "user_badges"]
)
def test_a_social_network_is_active_by_what_people_do(event_type: str) -> None:
    """What expires or is taken away is nobody's act, and an ad is shown to people who do nothing for it."""
    event = Registry([SOCIAL]).event(event_type)
    nothing = event_type in ("ad_impression", "user_status", "user_badges")
    assert event.activity == (() if nothing else tuple(op for op in event.ops if op != "delete"))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("create", "activity names operations"),
        (("remove",), "activity names operations"),
        (("create", "delete"), "activity names operations"),
    ],
)
def test_what_is_no_operation_is_refused(said: tuple[str, ...], words: str) -> None:
    with pytest.raises(ContractError, match=words):
        type(Event)(
            "Wave", (Event,), {"__annotations__": {"customer_id": KEY}, "__module__": __name__, "__qualname__": "Wave", "__doc__": "A wave.", "link": Transaction()},
            group="shop", activity=said,
        )  # fmt: skip
