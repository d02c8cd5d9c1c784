"""Ties between people."""

from typing import Annotated

from clickvault.contract import Actor, Dimension, Effectivity, Event, Historized, Id, Ref, Relation, Sat

from .values import Currency, Micros, Tier


class Friend(Event, group="ties", op_delete="they are friends no more"):
    """Two users are friends from event_time on."""

    user_id: Annotated[Id, Ref("user"), Actor, "Who asked, or ended it"]
    friend_id: Annotated[Id, Ref("user", role="friend"), "The other of the two"]

    link = Effectivity(symmetric=True)
    graph = [Relation("FRIENDS_WITH", source="user_id", target="friend_id", undirected=True)]


class Follower(Event, group="ties", op_delete="the follower stops following"):
    """A user follows another from event_time on; the other need not follow back."""

    follower_id: Annotated[Id, Ref("user", role="follower"), Actor, "Who follows"]
    followee_id: Annotated[Id, Ref("user", role="followee"), "Who is followed"]

    link = Effectivity()
    graph = [Relation("FOLLOWS", source="follower_id", target="followee_id")]


class Subscription(Event, group="ties", op_delete="the subscription ends"):
    """A user subscribes to a creator, for a price a month; the tier may change."""

    subscriber_id: Annotated[Id, Ref("user", role="subscriber"), Actor, "Who pays"]
    creator_id: Annotated[Id, Ref("user", role="creator"), "Who is paid"]
    tier: Annotated[Tier, Sat("plan"), Dimension, "What the subscriber gets from now on"]
    price_micros: Annotated[Micros, Sat("plan"), "The price of a month"]
    currency: Annotated[Currency, Sat("plan"), Dimension, "The currency of the price, ISO 4217"]

    link = Historized()
    graph = [
        Relation("SUBSCRIBED_TO", source="subscriber_id", target="creator_id", properties=("tier",), measured=False)
    ]


class Block(Event, group="ties", op_delete="the block is lifted"):
    """A user blocks another, which ends a friendship between them, and following."""

    blocker_id: Annotated[Id, Ref("user", role="blocker"), Actor, "Who shuts the other out"]
    blocked_id: Annotated[Id, Ref("user", role="blocked"), "Who is shut out"]

    link = Effectivity()
    graph = [Relation("BLOCKED", source="blocker_id", target="blocked_id", measured=False)]


class Mute(Event, group="ties", op_delete="the user listens again"):
    """A user hears no more of another, who is not told."""

    muter_id: Annotated[Id, Ref("user", role="muter"), Actor, "Who wants to hear no more"]
    muted_id: Annotated[Id, Ref("user", role="muted"), "Who is not heard any more"]

    link = Effectivity()
    graph = [Relation("MUTED", source="muter_id", target="muted_id", measured=False)]


class CloseFriend(Event, group="ties", op_delete="the friend is taken off the list"):
    """A user puts a friend on the list of close friends, which only its owner sees."""

    user_id: Annotated[Id, Ref("user"), Actor, "Whose list it is"]
    friend_id: Annotated[Id, Ref("user", role="friend"), "Who is put on the list"]

    link = Effectivity()
    graph = [Relation("CLOSE_TO", source="user_id", target="friend_id", measured=False)]
