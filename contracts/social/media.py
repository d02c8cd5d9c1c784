"""Media: photos and videos that posts carry."""

from typing import Annotated, Literal

from clickvault.contract import Actor, Dimension, Event, Hub, Id, Node, Range, Ref, Relation, Sat


class Media(Event, group="media", op_delete="the file is removed"):
    """A photo or video that a user uploads, attached to a post or not."""

    media_id: Annotated[Id, Hub("media")]
    owner_id: Annotated[Id, Ref("user", role="owner"), Actor]
    post_id: Annotated[Id | None, Ref("post")] = None
    kind: Annotated[Literal["photo", "video"], Sat("file"), Dimension]
    bytes_size: Annotated[int, Range(1, 2**40), Sat("file")]
    width: Annotated[int, Range(1, 32_768), Sat("file")]
    height: Annotated[int, Range(1, 32_768), Sat("file")]
    duration_ms: Annotated[int | None, Range(1, 86_400_000), Sat("file")] = None

    graph = [Node("Media"), Relation("ATTACHED", source="media_id", target="post_id")]
