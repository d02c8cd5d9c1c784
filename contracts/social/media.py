"""Media: photos and videos, the albums that hold them, what posts carry, and small pictures of both."""

from typing import Annotated, Literal

from clickvault.contract import Actor, Dimension, Effectivity, Event, Hub, Id, Length, Node, Range, Ref, Relation, Sat

Side = Annotated[int, Range(1, 32_768)]
"""A width or height in pixels."""
Bytes = Annotated[int, Range(1, 2**40)]
"""The size of a file."""


class Photo(Event, group="media", op_delete="the photo is removed"):
    """A photo that a user uploads, into an album or not."""

    media_id: Annotated[Id, Hub("media")]
    owner_id: Annotated[Id, Ref("user", role="owner"), Actor]
    album_id: Annotated[Id | None, Ref("album")] = None
    format: Annotated[Literal["jpeg", "png", "webp", "heic"], Sat("file"), Dimension]
    bytes_size: Annotated[Bytes, Sat("file")]
    width: Annotated[Side, Sat("file")]
    height: Annotated[Side, Sat("file")]

    graph = [Node("Media"), Relation("UPLOADED", source="owner_id", target="media_id")]


class Video(Event, group="media", op_delete="the video is removed"):
    """A video that a user uploads, into an album or not."""

    media_id: Annotated[Id, Hub("media")]
    owner_id: Annotated[Id, Ref("user", role="owner"), Actor]
    album_id: Annotated[Id | None, Ref("album")] = None
    format: Annotated[Literal["mp4", "webm", "mov"], Sat("file"), Dimension]
    bytes_size: Annotated[Bytes, Sat("file")]
    width: Annotated[Side, Sat("file")]
    height: Annotated[Side, Sat("file")]
    duration_ms: Annotated[int, Range(1, 86_400_000), Sat("file")]

    graph = [Node("Media"), Relation("UPLOADED", source="owner_id", target="media_id")]


class Album(Event, group="media", op_delete="the album is removed, its media stay"):
    """A collection of media of one user; a photo or video says which album it lies in."""

    album_id: Annotated[Id, Hub("album")]
    owner_id: Annotated[Id, Ref("user", role="owner"), Actor]
    title: Annotated[str, Length(1, 200), Sat("card")]
    visible_to: Annotated[Literal["everyone", "friends", "nobody"], Sat("card"), Dimension]


class Attachment(Event, group="media", op_delete="the post carries it no more"):
    """A post carries a photo or video, at a position among its others."""

    media_id: Annotated[Id, Ref("media")]
    post_id: Annotated[Id, Ref("post")]
    position: Annotated[int, Range(1, 20), Sat("place")]

    link = Effectivity()
    graph = [Relation("ATTACHED", source="media_id", target="post_id")]


class Thumbnail(Event, group="media", op_delete="the picture is made again or not needed any more"):
    """A small picture of a photo or video, made by the service."""

    thumbnail_id: Annotated[Id, Hub("thumbnail")]
    media_id: Annotated[Id, Ref("media")]
    width: Annotated[int, Range(16, 1_024), Sat("file")]
    height: Annotated[int, Range(16, 1_024), Sat("file")]
    bytes_size: Annotated[Bytes, Sat("file")]
