"""Content: what people publish, and what others do with it."""

from typing import Annotated, Literal

from clickvault.contract import (
    Actor,
    After,
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
    Time,
    Transaction,
    Window,
)

from .values import Language, Topic


class Post(Event, group="content", op_delete="the post is taken down"):
    """A publication of a user, in a community or on their own page."""

    post_id: Annotated[Id, Hub("post"), "The post, under a number of its own"]
    author_id: Annotated[Id, Ref("user", role="author"), Actor, "Who publishes it"]
    community_id: Annotated[Id | None, Ref("community"), "Where it is published; none: on the author's own page"] = None
    topic_id: Annotated[Id | None, Ref("topic"), "What the community files it under"] = None
    text: Annotated[str, Length(1, 5_000), Sat("content"), "What it says"]
    topic: Annotated[Topic, Sat("content"), Dimension, "What it is about, of the service's own list"]
    language: Annotated[Language, Sat("content"), Dimension, "What it is written in, ISO 639-1"]

    graph = [
        Node("Post"),
        Relation("POSTED", source="author_id", target="post_id"),
        Relation("PUBLISHED_IN", source="post_id", target="community_id"),
        Relation("ABOUT", source="post_id", target="topic_id"),
    ]


class Story(Event, group="content", op_delete="the story expires, or is taken down"):
    """A picture or video that is shown for a day, to everyone or to close friends: a post that passes."""

    post_id: Annotated[Id, Hub("post"), "The story as a post: views, likes and comments name it"]
    author_id: Annotated[Id, Ref("user", role="author"), Actor, "Who publishes it"]
    media_id: Annotated[Id, Ref("media"), "The photo or video that it shows"]
    audience: Annotated[Literal["everyone", "close_friends"], Sat("story"), Dimension, "Who gets to see it"]
    expires_at: Annotated[Time, Window(ahead=8 * 86_400), After("event_time"), Sat("story"), "When it passes by itself"]

    graph = [
        Node("Post"),
        Relation("POSTED", source="author_id", target="post_id"),
        Relation("ATTACHED", source="media_id", target="post_id"),
    ]


class Reel(Event, group="content", op_delete="the reel is taken down"):
    """A short video with a caption: a post that is watched."""

    post_id: Annotated[Id, Hub("post"), "The reel as a post: views, likes and comments name it"]
    author_id: Annotated[Id, Ref("user", role="author"), Actor, "Who publishes it"]
    media_id: Annotated[Id, Ref("media"), "The video that it shows"]
    caption: Annotated[str | None, Length(1, 2_000), Sat("content"), "The words under the video"] = None
    topic: Annotated[Topic, Sat("content"), Dimension, "What it is about, of the service's own list"]
    language: Annotated[Language, Sat("content"), Dimension, "What is spoken and written in it, ISO 639-1"]

    graph = [
        Node("Post"),
        Relation("POSTED", source="author_id", target="post_id"),
        Relation("ATTACHED", source="media_id", target="post_id"),
    ]


class Comment(Event, group="content", op_delete="the comment is taken down"):
    """An answer to a post, a story or a reel."""

    comment_id: Annotated[Id, Hub("comment"), "The comment, under a number of its own"]
    post_id: Annotated[Id, Ref("post"), "The post, story or reel that it answers"]
    author_id: Annotated[Id, Ref("user", role="author"), Actor, "Who writes it"]
    text: Annotated[str, Length(1, 2_000), Sat("content"), "What it says"]
    language: Annotated[Language, Sat("content"), Dimension, "What it is written in, ISO 639-1"]

    graph = [
        Node("Comment"),
        Relation("COMMENTED", source="author_id", target="comment_id"),
        Relation("ON_POST", source="comment_id", target="post_id"),
    ]


class Reply(Event, group="content", op_delete="the reply is taken down"):
    """An answer to a comment, or to another reply: a comment with a parent."""

    comment_id: Annotated[Id, Hub("comment"), "The reply as a comment: further replies name it"]
    post_id: Annotated[Id, Ref("post"), "The post at the top of the thread"]
    parent_id: Annotated[Id, Ref("comment", role="parent"), "The comment or reply that it answers"]
    author_id: Annotated[Id, Ref("user", role="author"), Actor, "Who writes it"]
    text: Annotated[str, Length(1, 2_000), Sat("content"), "What it says"]
    language: Annotated[Language, Sat("content"), Dimension, "What it is written in, ISO 639-1"]

    graph = [
        Node("Comment"),
        Relation("COMMENTED", source="author_id", target="comment_id"),
        Relation("ON_POST", source="comment_id", target="post_id"),
        Relation("REPLIED_TO", source="comment_id", target="parent_id", measured=False),
    ]


class Reaction(Event, group="content", op_delete="the reaction is taken back"):
    """How a user feels about a post; one feeling at a time, another takes its place."""

    user_id: Annotated[Id, Ref("user"), Actor, "Who feels so"]
    post_id: Annotated[Id, Ref("post"), "What is felt about"]
    reaction: Annotated[
        Literal["like", "love", "wow", "haha", "sad", "angry"], Sat("feeling"), Dimension, "The feeling from now on"
    ]

    link = Effectivity()
    graph = [Relation("REACTED", source="user_id", target="post_id", properties=("reaction",))]


class Like(Event, group="content", op_delete="the like is taken back"):
    """A user likes a post."""

    user_id: Annotated[Id, Ref("user"), Actor, "Who likes it"]
    post_id: Annotated[Id, Ref("post"), "What is liked"]

    link = Effectivity()
    graph = [Relation("LIKED", source="user_id", target="post_id")]


class Share(Event, group="content"):
    """A user passes a post on as it is: a repost."""

    user_id: Annotated[Id, Ref("user"), Actor, "Who passes it on"]
    post_id: Annotated[Id, Ref("post"), "What is passed on"]
    shared_to: Annotated[Literal["feed", "story", "message"], Sat("share"), Dimension, "Where the repost appears"]

    link = Transaction()
    graph = [Relation("SHARED", source="user_id", target="post_id")]


class Quote(Event, group="content"):
    """A user passes a post on with words of their own."""

    user_id: Annotated[Id, Ref("user"), Actor, "Who passes it on"]
    post_id: Annotated[Id, Ref("post"), "What is passed on"]
    text: Annotated[str, Length(1, 1_000), Sat("quote"), "The words added to it"]
    language: Annotated[Language, Sat("quote"), Dimension, "What these are written in, ISO 639-1"]

    link = Transaction()
    graph = [Relation("SHARED", source="user_id", target="post_id")]


class PostView(Event, group="content"):
    """A user sees a post for so many milliseconds."""

    user_id: Annotated[Id, Ref("user"), Actor, "Who sees it"]
    post_id: Annotated[Id, Ref("post"), "What is seen"]
    dwell_ms: Annotated[int, Range(0, 3_600_000), Sat("view"), "How long it was in sight, in milliseconds"]
    surface: Annotated[
        Literal["feed", "profile", "community", "search", "link"],
        Sat("view"),
        Dimension,
        "The part of the application in which it was seen",
    ]

    link = Transaction()
