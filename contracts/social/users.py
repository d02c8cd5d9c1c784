"""Users: accounts, and what people say of themselves."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from clickvault.contract import (
    Actor,
    Day,
    Dimension,
    Event,
    Hub,
    Id,
    Length,
    MultiActive,
    Node,
    Pattern,
    Sat,
)
from contracts.social.values import Language


class User(Event, group="users", op_delete="the user leaves"):
    """An account: it is opened, its settings change, and it is closed when the user leaves."""

    user_id: Annotated[Id, Hub("user"), Actor]
    username: Annotated[str, Length(3, 32), Pattern("^[a-z0-9_.]+$"), Sat("account")]
    email: Annotated[str, Length(5, 254), Pattern("^[^@ ]+@[^@ ]+[.][a-z]+$"), Sat("account")]
    country: Annotated[
        str, Length(2, 2), Pattern("^[A-Z]{2}$"), Sat("account"), Dimension, Field(description="ISO 3166-1")
    ]
    language: Annotated[Language, Sat("account"), Dimension]

    graph = [Node("User")]


class Contact(BaseModel):
    """A way to reach a person; one of each kind."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    kind: Literal["website", "phone", "city", "workplace", "school"]
    value: Annotated[str, Length(1, 200)]


class Profile(Event, group="users", op_delete="the profile is emptied"):
    """What a user shows of themselves: name, words, birthday, ways to reach them."""

    user_id: Annotated[Id, Hub("user"), Actor]
    display_name: Annotated[str, Length(1, 100), Sat("person")]
    birthday: Annotated[Day | None, Sat("person")] = None
    bio: Annotated[str | None, Length(0, 500), Sat("words")] = None
    verified: Annotated[bool, Sat("words")]
    contacts: Annotated[list[Contact], Length(0, 5), MultiActive("contact", child_key="kind")]
