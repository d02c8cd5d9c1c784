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

from .values import Language, Topic


class Community(Event, group="communities", freshness=168, op_delete="the community is closed"):
    """A place for people with one interest."""

    community_id: Annotated[Id, Hub("community"), "The community, under a number of its own"]
    founder_id: Annotated[Id, Ref("user", role="founder"), Actor, "Who opens it"]
    name: Annotated[str, Length(1, 120), Sat("card"), "What it is called"]
    topic: Annotated[Topic, Sat("card"), Dimension, "What its members talk about, of the service's own list"]
    language: Annotated[Language, Sat("card"), Dimension, "What is spoken in it, ISO 639-1"]
    visibility: Annotated[Literal["public", "private"], Sat("rules"), "Whether people who are no members see its posts"]

    graph = [Node("Community")]


class Group(Event, group="communities", freshness=168, op_delete="the group is closed"):
    """A smaller circle inside a community: a community itself, with a parent."""

    community_id: Annotated[Id, Hub("community"), "The group as a community: members, posts and pins name it"]
    parent_id: Annotated[Id, Ref("community", role="parent"), "The community that it is a part of"]
    founder_id: Annotated[Id, Ref("user", role="founder"), Actor, "Who opens it"]
    name: Annotated[str, Length(1, 120), Sat("card"), "What it is called"]
    visibility: Annotated[Literal["public", "private"], Sat("rules"), "Whether people who are no members see its posts"]

    graph = [Node("Community"), Relation("PART_OF", source="community_id", target="parent_id", measured=False)]


class GroupMember(Event, group="communities", op_delete="the member leaves"):
    """A user is a member of a community or group, in a rank that may change."""

    user_id: Annotated[Id, Ref("user"), Actor, "Who is a member"]
    community_id: Annotated[Id, Ref("community"), "The community or group"]
    rank: Annotated[
        Literal["member", "contributor", "veteran"],
        Sat("membership"),
        Dimension,
        "The standing among the members from now on",
    ]

    link = Historized()
    graph = [Relation("MEMBER_OF", source="user_id", target="community_id", properties=("rank",))]


class GroupModerator(Event, group="communities", freshness=168, op_delete="the moderator steps down"):
    """A user moderates a community or group. They are appointed, so nobody acts."""

    user_id: Annotated[Id, Ref("user"), "Who moderates"]
    community_id: Annotated[Id, Ref("community"), "The community or group"]

    link = Effectivity()
    graph = [Relation("MODERATES", source="user_id", target="community_id")]


class CommunityTopic(Event, group="communities", freshness=168, op_delete="the topic is closed"):
    """A topic that a community talks about: what its posts are filed under."""

    topic_id: Annotated[Id, Hub("topic"), "What posts are filed under"]
    community_id: Annotated[Id, Ref("community"), "Where it is talked about"]
    opened_by: Annotated[Id, Ref("user", role="opener"), Actor, "Who proposes it"]
    title: Annotated[str, Length(1, 200), Sat("card"), "What it is called"]
    topic: Annotated[Topic, Sat("card"), Dimension, "What it belongs to, of the service's own list"]

    graph = [Node("Topic"), Relation("HAS_TOPIC", source="community_id", target="topic_id")]


class PinnedPost(Event, group="communities", op_delete="the pin is taken off"):
    """A community pins a post at its top: one at a time, another takes its place."""

    community_id: Annotated[Id, Ref("community"), "Where the post is pinned"]
    post_id: Annotated[Id, Ref("post"), "What stands at the top from now on"]
    moderator_id: Annotated[Id, Ref("user", role="moderator"), Actor, "Who pins it"]
    position: Annotated[int, Range(1, 10), Sat("pin"), "The place at the top, from 1"]

    link = Effectivity(driving=("community_id",))
    graph = [Relation("PINNED", source="community_id", target="post_id")]


class Report(Event, group="communities"):
    """A user reports a post to the moderators."""

    reporter_id: Annotated[Id, Ref("user", role="reporter"), Actor, "Who complains"]
    post_id: Annotated[Id, Ref("post"), "What the complaint is about"]
    community_id: Annotated[Id | None, Ref("community"), "Whose moderators decide; none: the service"] = None
    reason: Annotated[
        Literal["spam", "hate", "violence", "nudity", "other"], Sat("report"), Dimension, "What is wrong with it"
    ]

    link = Transaction()
