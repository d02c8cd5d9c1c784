"""Users: accounts, what people say of themselves, how they want things, and whether they are here."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from clickvault.contract import (
    Actor,
    Day,
    Dimension,
    Event,
    Filled,
    Hub,
    Id,
    Length,
    MultiActive,
    Node,
    Pattern,
    Range,
    Sat,
)
from contracts.social.values import Language


class User(Event, group="users", op_delete="the user leaves"):
    """An account: it is opened, its address changes, and it is closed when the user leaves."""

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


class UserProfile(Event, group="users", op_delete="the profile is emptied"):
    """What a user shows of themselves: name, words, birthday, ways to reach them."""

    user_id: Annotated[Id, Hub("user", describes=True), Actor]
    display_name: Annotated[str, Length(1, 100), Sat("person")]
    birthday: Annotated[Day | None, Sat("person"), Filled(0.5)] = None
    bio: Annotated[str | None, Length(0, 500), Sat("words")] = None
    verified: Annotated[bool, Sat("words")]
    contacts: Annotated[list[Contact], Length(0, 5), MultiActive("contact", child_key="kind")]


class UserSettings(Event, group="users", op_delete="the settings go back to what is usual"):
    """How a user wants the application to look, and what to be told of."""

    user_id: Annotated[Id, Hub("user", describes=True), Actor]
    theme: Annotated[Literal["light", "dark", "system"], Sat("display"), Dimension]
    autoplay: Annotated[bool, Sat("display")]
    push: Annotated[bool, Sat("notices")]
    digest: Annotated[Literal["never", "daily", "weekly"], Sat("notices")]


class UserPrivacy(Event, group="users", op_delete="the limits go back to what is usual"):
    """Who may see a user, write to them, and find them."""

    user_id: Annotated[Id, Hub("user", describes=True), Actor]
    visible_to: Annotated[Literal["everyone", "friends", "nobody"], Sat("limits"), Dimension]
    messages_from: Annotated[Literal["everyone", "friends", "nobody"], Sat("limits")]
    searchable: Annotated[bool, Sat("limits")]


class UserStatus(Event, group="users", activity=False, op_delete="where the user is can not be told any more"):
    """A user comes online or goes offline, on a device: what sessions are made of. No activity by itself."""

    user_id: Annotated[Id, Hub("user", describes=True), Actor]
    status: Annotated[Literal["online", "offline"], Sat("presence")]
    device: Annotated[Literal["ios", "android", "web"], Sat("presence"), Dimension]


class Badge(BaseModel):
    """A mark of honour, in the level reached."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    badge: Literal["newcomer", "author", "commentator", "organizer", "supporter", "popular"]
    level: Annotated[int, Range(1, 5)]


class UserBadges(Event, group="users", freshness=168, op_delete="all badges are taken back"):
    """The badges that a user wears from now on, all of them. They are given, so nobody acts."""

    user_id: Annotated[Id, Hub("user", describes=True)]
    badges: Annotated[list[Badge], Length(0, 6), MultiActive("badge", child_key="badge")]
