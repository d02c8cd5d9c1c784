"""Communities: places with members, moderators and rules."""

from typing import Annotated, Literal

from clickvault.contract import (
    Actor,
    Dimension,
    Effectivity,
    Event,
    Historized,
    Hub,
    Id,
    Length,
    Node,
    Range,
    Ref,
    Relation,
    Sat,
    Transaction,
)
from contracts.social.values import Language, Topic


class Community(Event, group="communities", freshness=168, op_delete="the community is closed"):
    """A place for people with one interest."""

    community_id: Annotated[Id, Hub("community")]
    founder_id: Annotated[Id, Ref("user", role="founder"), Actor]
    name: Annotated[str, Length(1, 120), Sat("card")]
    topic: Annotated[Topic, Sat("card"), Dimension]
    language: Annotated[Language, Sat("card"), Dimension]
    visibility: Annotated[Literal["public", "private"], Sat("rules")]

    graph = [Node("Community")]


class Group(Event, group="communities", freshness=168, op_delete="the group is closed"):
    """A smaller circle inside a community: a community itself, with a parent."""

    community_id: Annotated[Id, Hub("community")]
    parent_id: Annotated[Id, Ref("community", role="parent")]
    founder_id: Annotated[Id, Ref("user", role="founder"), Actor]
    name: Annotated[str, Length(1, 120), Sat("card")]
    visibility: Annotated[Literal["public", "private"], Sat("rules")]

    graph = [Node("Community"), Relation("PART_OF", source="community_id", target="parent_id", measured=False)]


class GroupMember(Event, group="communities", op_delete="the member leaves"):
    """A user is a member of a community or group, in a rank that may change."""

    user_id: Annotated[Id, Ref("user"), Actor]
    community_id: Annotated[Id, Ref("community")]
    rank: Annotated[Literal["member", "contributor", "veteran"], Sat("membership"), Dimension]

    link = Historized()
    graph = [Relation("MEMBER_OF", source="user_id", target="community_id", properties=("rank",))]


class GroupModerator(Event, group="communities", freshness=168, op_delete="the moderator steps down"):
    """A user moderates a community or group. They are appointed, so nobody acts."""

    user_id: Annotated[Id, Ref("user")]
    community_id: Annotated[Id, Ref("community")]

    link = Effectivity()
    graph = [Relation("MODERATES", source="user_id", target="community_id")]


class CommunityTopic(Event, group="communities", freshness=168, op_delete="the topic is closed"):
    """A topic that a community talks about: what its posts are filed under."""

    topic_id: Annotated[Id, Hub("topic")]
    community_id: Annotated[Id, Ref("community")]
    opened_by: Annotated[Id, Ref("user", role="opener"), Actor]
    title: Annotated[str, Length(1, 200), Sat("card")]
    topic: Annotated[Topic, Sat("card"), Dimension]

    graph = [Node("Topic"), Relation("HAS_TOPIC", source="community_id", target="topic_id")]


class PinnedPost(Event, group="communities", op_delete="the pin is taken off"):
    """A community pins a post at its top: one at a time, another takes its place."""

    community_id: Annotated[Id, Ref("community")]
    post_id: Annotated[Id, Ref("post")]
    moderator_id: Annotated[Id, Ref("user", role="moderator"), Actor]
    position: Annotated[int, Range(1, 10), Sat("pin")]

    link = Effectivity(driving=("community_id",))
    graph = [Relation("PINNED", source="community_id", target="post_id")]


class Report(Event, group="communities"):
    """A user reports a post to the moderators."""

    reporter_id: Annotated[Id, Ref("user", role="reporter"), Actor]
    post_id: Annotated[Id, Ref("post")]
    community_id: Annotated[Id | None, Ref("community")] = None
    reason: Annotated[Literal["spam", "hate", "violence", "nudity", "other"], Sat("report"), Dimension]

    link = Transaction()
