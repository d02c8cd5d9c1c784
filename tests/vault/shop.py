"""A small domain with every structure of the vault, in the terms of the reference cases."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from clickvault.contract import (
    AsOf,
    Bridge,
    Day,
    Domain,
    Effectivity,
    Event,
    Historized,
    Hub,
    Id,
    Length,
    MultiActive,
    Pit,
    Range,
    Ref,
    Registry,
    Sat,
    Time,
    Transaction,
)
from clickvault.sql.render import Renderer


class Phone(BaseModel):
    """A telephone number."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    kind: Annotated[str, Length(1, 10)]
    number: Annotated[str, Length(1, 20)]
    rank: Annotated[int | None, Range(0, 9)] = None


class Customer(Event, group="shop"):
    """A customer, by a key that is text."""

    customer_id: Annotated[str, Length(0, 50), Hub("customer")]
    name: Annotated[str, Length(0, 100), Sat("details")]
    dob: Annotated[Day | None, Sat("details")] = None
    phones: Annotated[list[Phone], Length(0, 9), MultiActive("phone", child_key="kind")]


class Nation(Event, group="shop"):
    """A nation, by its code in either case."""

    nation_id: Annotated[str, Length(0, 3), Hub("nation", fold=True)]


class Till(Event, group="shop"):
    """A till, by its number."""

    till_no: Annotated[int, Range(0, 10**12), Hub("till")]


class CustomerNation(Event, group="shop"):
    """A customer lives in a nation."""

    customer_id: Annotated[str, Length(0, 50), Ref("customer")]
    nation_id: Annotated[str, Length(0, 3), Ref("nation")]

    link = Historized()


class Order(Event, group="shop"):
    """An order, of a customer or not."""

    order_id: Annotated[str, Length(0, 50), Hub("order")]
    customer_id: Annotated[str | None, Length(0, 50), Ref("customer", role="buyer")] = None
    left: Annotated[str | None, Length(0, 50), Sat("note")] = None
    right: Annotated[str | None, Length(0, 50), Sat("note")] = None
    paid: Annotated[bool | None, Sat("facts")] = None
    weight: Annotated[float | None, Range(0, 1e6), Sat("facts")] = None
    due: Annotated[Time | None, Sat("facts")] = None
    ref: Annotated[Id | None, Sat("facts")] = None


class Refund(Event, group="shop"):
    """An order that is paid back: an order, too."""

    order_id: Annotated[str, Length(0, 50), Hub("order")]
    customer_id: Annotated[str, Length(0, 50), Ref("customer", role="buyer")]
    cents: Annotated[int, Range(0, 10**12), Sat("refund")]


class OrderCustomer(Event, group="shop"):
    """An order has one customer at a time."""

    order_id: Annotated[str, Length(0, 50), Ref("order")]
    customer_id: Annotated[str, Length(0, 50), Ref("customer")]

    link = Effectivity(driving=("order_id",))


class Delivery(Event, group="shop"):
    """An order of a customer goes to one nation at a time."""

    order_id: Annotated[str, Length(0, 50), Ref("order")]
    customer_id: Annotated[str, Length(0, 50), Ref("customer")]
    nation_id: Annotated[str, Length(0, 3), Ref("nation")]

    link = Effectivity(driving=("order_id", "customer_id"))


class Acquaintance(Event, group="shop"):
    """Two customers know each other."""

    a_id: Annotated[str, Length(0, 50), Ref("customer", role="a")]
    b_id: Annotated[str, Length(0, 50), Ref("customer", role="b")]

    link = Effectivity(symmetric=True)


class Payment(Event, group="shop"):
    """A customer pays, for an order or not."""

    customer_id: Annotated[str, Length(0, 50), Ref("customer")]
    order_id: Annotated[str | None, Length(0, 50), Ref("order")] = None
    till_no: Annotated[int, Range(0, 10**12), Ref("till")]
    cents: Annotated[int, Range(0, 10**12), Sat("payment")]

    link = Transaction()


DOMAIN = Domain(
    "shop", Customer, Nation, Till, CustomerNation, Order, Refund, OrderCustomer, Delivery, Acquaintance, Payment,
    query_assistance=[
        AsOf(days=3, weeks=1, months=2),
        Pit("customer"),
        Pit("order"),
        Bridge("order_buyer", hub="order", roles=("buyer",)),
        Bridge("home", link="customer_nation"),
        Bridge("circle", link="acquaintance"),
    ],
)  # fmt: skip


def renderer() -> Renderer:
    """A renderer of this domain alone."""
    return Renderer(Registry([DOMAIN]))
