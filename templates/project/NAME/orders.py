"""Orders of customers."""

from typing import Annotated, Literal

from clickvault.contract import Event, Hub, Id, Length, Range, Sat


class Order(Event, group="orders", op_delete="the order is withdrawn"):
    """An order, as it stands at the time of the event."""

    order_id: Annotated[Id, Hub("order")]
    customer: Annotated[str, Length(1, 80), Sat("details")]
    amount_cents: Annotated[int, Range(0, 100_000_000), Sat("details")]
    status: Annotated[Literal["open", "paid", "sent"], Sat("state")]
