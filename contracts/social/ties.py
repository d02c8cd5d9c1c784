"""Ties between people."""

from typing import Annotated

from clickvault.contract import Actor, Effectivity, Event, Id, Ref, Relation


class Friend(Event, group="ties", op_delete="they are friends no more"):
    """Two users are friends from event_time on."""

    user_id: Annotated[Id, Ref("user"), Actor]
    friend_id: Annotated[Id, Ref("user", role="friend")]

    link = Effectivity(symmetric=True)
    graph = [Relation("FRIENDS_WITH", source="user_id", target="friend_id", undirected=True)]


class Follower(Event, group="ties", op_delete="the follower stops following"):
    """A user follows another from event_time on; the other need not follow back."""

    follower_id: Annotated[Id, Ref("user", role="follower"), Actor]
    followee_id: Annotated[Id, Ref("user", role="followee")]

    link = Effectivity()
    graph = [Relation("FOLLOWS", source="follower_id", target="followee_id")]
