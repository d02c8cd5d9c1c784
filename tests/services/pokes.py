"""A domain with one event type, in a topic group of the social network: what someone adds later."""

from typing import Annotated

from clickvault.contract import Actor, Domain, Event, Id, Ref, Transaction
from clickvault.domains.social import DOMAIN as SOCIAL


class Poke(Event, group="ties"):
    """A nudge of one person to another."""

    sender_id: Annotated[Id, Ref("user", role="sender"), Actor]
    recipient_id: Annotated[Id, Ref("user", role="recipient")]

    link = Transaction()


DOMAIN = Domain("pokes", Poke, uses=(SOCIAL,))
