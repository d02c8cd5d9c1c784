"""Media: photos and videos, the albums that hold them, what posts carry, and small pictures of both."""

from typing import Annotated, Literal

from clickvault.contract import Actor, Dimension, Effectivity, Event, Hub, Id, Length, Node, Range, Ref, Relation, Sat

Side = Annotated[int, Range(1, 32_768), "in pixels"]
"""A width or height in pixels."""
Bytes = Annotated[int, Range(1, 2**40), "in bytes"]
"""The size of a file."""


class Photo(Event, group="media", op_delete="the photo is removed"):
    """A photo that a user uploads, into an album or not."""

    media_id: Annotated[Id, Hub("media"), "The photo: what posts, stories and thumbnails name"]
    owner_id: Annotated[Id, Ref("user", role="owner"), Actor, "Who uploads it"]
    album_id: Annotated[Id | None, Ref("album"), "The album it lies in"] = None
    format: Annotated[Literal["jpeg", "png", "webp", "heic"], Sat("file"), Dimension, "How the file is encoded"]
    bytes_size: Annotated[Bytes, Sat("file"), "The size of the file"]
    width: Annotated[Side, Sat("file"), "The width"]
    height: Annotated[Side, Sat("file"), "The height"]

    graph = [Node("Media"), Relation("UPLOADED", source="owner_id", target="media_id")]


class Video(Event, group="media", op_delete="the video is removed"):
    """A video that a user uploads, into an album or not."""

    media_id: Annotated[Id, Hub("media"), "The video: what posts, stories, reels and thumbnails name"]
    owner_id: Annotated[Id, Ref("user", role="owner"), Actor, "Who uploads it"]
    album_id: Annotated[Id | None, Ref("album"), "The album it lies in"] = None
    format: Annotated[Literal["mp4", "webm", "mov"], Sat("file"), Dimension, "How the file is encoded"]
    bytes_size: Annotated[Bytes, Sat("file"), "The size of the file"]
    width: Annotated[Side, Sat("file"), "The width"]
    height: Annotated[Side, Sat("file"), "The height"]
    duration_ms: Annotated[int, Range(1, 86_400_000), Sat("file"), "How long it plays, in milliseconds"]

    graph = [Node("Media"), Relation("UPLOADED", source="owner_id", target="media_id")]


class Album(Event, group="media", op_delete="the album is removed, its media stay"):
    """A collection of media of one user; a photo or video says which album it lies in."""

    album_id: Annotated[Id, Hub("album"), "The album, under a number of its own"]
    owner_id: Annotated[Id, Ref("user", role="owner"), Actor, "Whose album it is"]
    title: Annotated[str, Length(1, 200), Sat("card"), "What the owner calls it"]
    visible_to: Annotated[Literal["everyone", "friends", "nobody"], Sat("card"), Dimension, "Who may look into it"]


class Attachment(Event, group="media", op_delete="the post carries it no more"):
    """A post carries a photo or video, at a position among its others."""

    media_id: Annotated[Id, Ref("media"), "What is carried"]
    post_id: Annotated[Id, Ref("post"), "The post that carries it"]
    position: Annotated[int, Range(1, 20), Sat("place"), "The place among what the post carries, from 1"]

    link = Effectivity()
    graph = [Relation("ATTACHED", source="media_id", target="post_id")]


class Thumbnail(Event, group="media", op_delete="the picture is made again or not needed any more"):
    """A small picture of a photo or video, made by the service."""

    thumbnail_id: Annotated[Id, Hub("thumbnail"), "The small picture"]
    media_id: Annotated[Id, Ref("media"), "The photo or video that it is made of"]
    width: Annotated[int, Range(16, 1_024), Sat("file"), "The width in pixels"]
    height: Annotated[int, Range(16, 1_024), Sat("file"), "The height in pixels"]
    bytes_size: Annotated[Bytes, Sat("file"), "The size of the file"]
