"""Content: what people publish, and what others do with it."""

from typing import Annotated, Literal

from clickvault.contract import (
    Actor,
    Dimension,
    Effectivity,
    Event,
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


class Post(Event, group="content", op_delete="the post is taken down"):
    """A publication of a user, in a community or on their own page."""

    post_id: Annotated[Id, Hub("post")]
    author_id: Annotated[Id, Ref("user", role="author"), Actor]
    community_id: Annotated[Id | None, Ref("community")] = None
    text: Annotated[str, Length(1, 5_000), Sat("content")]
    topic: Annotated[Topic, Sat("content"), Dimension]
    language: Annotated[Language, Sat("content"), Dimension]

    graph = [
        Node("Post"),
        Relation("POSTED", source="author_id", target="post_id"),
        Relation("PUBLISHED_IN", source="post_id", target="community_id"),
    ]


class Comment(Event, group="content", op_delete="the comment is taken down"):
    """An answer to a post, or, with a parent, to another comment of that post."""

    comment_id: Annotated[Id, Hub("comment")]
    post_id: Annotated[Id, Ref("post")]
    author_id: Annotated[Id, Ref("user", role="author"), Actor]
    parent_id: Annotated[Id | None, Ref("comment", role="parent")] = None
    text: Annotated[str, Length(1, 2_000), Sat("content")]
    language: Annotated[Language, Sat("content"), Dimension]

    graph = [
        Node("Comment"),
        Relation("COMMENTED", source="author_id", target="comment_id"),
        Relation("ON_POST", source="comment_id", target="post_id"),
    ]


class Reaction(Event, group="content", op_delete="the reaction is taken back"):
    """How a user feels about a post; one feeling at a time, another takes its place."""

    user_id: Annotated[Id, Ref("user"), Actor]
    post_id: Annotated[Id, Ref("post")]
    reaction: Annotated[Literal["like", "love", "wow", "haha", "sad", "angry"], Sat("feeling"), Dimension]

    link = Effectivity()
    graph = [Relation("REACTED", source="user_id", target="post_id", properties=("reaction",))]


class Like(Event, group="content", op_delete="the like is taken back"):
    """A user likes a post."""

    user_id: Annotated[Id, Ref("user"), Actor]
    post_id: Annotated[Id, Ref("post")]

    link = Effectivity()
    graph = [Relation("LIKED", source="user_id", target="post_id")]


class Share(Event, group="content"):
    """A user passes a post on: a repost as it is, or a quote with words of their own."""

    user_id: Annotated[Id, Ref("user"), Actor]
    post_id: Annotated[Id, Ref("post")]
    kind: Annotated[Literal["repost", "quote"], Sat("share"), Dimension]
    text: Annotated[str | None, Length(1, 1_000), Sat("share")] = None

    link = Transaction()
    graph = [Relation("SHARED", source="user_id", target="post_id", properties=("kind",))]


class PostView(Event, group="content"):
    """A user sees a post for so many milliseconds."""

    user_id: Annotated[Id, Ref("user"), Actor]
    post_id: Annotated[Id, Ref("post")]
    dwell_ms: Annotated[int, Range(0, 3_600_000), Sat("view")]
    surface: Annotated[Literal["feed", "profile", "community", "search", "link"], Sat("view"), Dimension]

    link = Transaction()
