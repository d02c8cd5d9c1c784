"""Users: accounts, what people say of themselves, how they want things, and whether they are here."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict

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

from .values import Language


class User(Event, group="users", op_delete="the user leaves"):
    """An account: it is opened, its address changes, and it is closed when the user leaves."""

    user_id: Annotated[Id, Hub("user"), Actor, "The user, under a number of their own"]
    username: Annotated[
        str, Length(3, 32), Pattern("^[a-z0-9_.]+$"), Sat("account"), "The login, and the name in links"
    ]
    email: Annotated[
        str, Length(5, 254), Pattern("^[^@ ]+@[^@ ]+[.][a-z]+$"), Sat("account"), "Where the service writes to"
    ]
    country: Annotated[
        str, Length(2, 2), Pattern("^[A-Z]{2}$"), Sat("account"), Dimension, "Where the user lives, ISO 3166-1"
    ]
    language: Annotated[Language, Sat("account"), Dimension, "What the application speaks to the user, ISO 639-1"]

    graph = [Node("User")]


class Contact(BaseModel):
    """A way to reach a person; one of each kind."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    kind: Annotated[Literal["website", "phone", "city", "workplace", "school"], "Which way it is"]
    value: Annotated[str, Length(1, 200), "The address, number or name"]


class UserProfile(Event, group="users", op_delete="the profile is emptied"):
    """What a user shows of themselves: name, words, birthday, ways to reach them."""

    user_id: Annotated[Id, Hub("user", describes=True), Actor, "Whose profile it is"]
    display_name: Annotated[str, Length(1, 100), Sat("person"), "What the page shows as the name"]
    birthday: Annotated[Day | None, Sat("person"), Filled(0.5), "The day of birth"] = None
    bio: Annotated[str | None, Length(0, 500), Sat("words"), "A few words about oneself"] = None
    verified: Annotated[bool, Sat("words"), "The service has checked who this is"]
    contacts: Annotated[
        list[Contact], Length(0, 5), MultiActive("contact", child_key="kind"), "All ways to reach the user"
    ]


class UserSettings(Event, group="users", op_delete="the settings go back to what is usual"):
    """How a user wants the application to look, and what to be told of."""

    user_id: Annotated[Id, Hub("user", describes=True), Actor, "Who wants it so"]
    theme: Annotated[Literal["light", "dark", "system"], Sat("display"), Dimension, "The colours of the application"]
    autoplay: Annotated[bool, Sat("display"), "Videos start by themselves"]
    push: Annotated[bool, Sat("notices"), "Notices go to the device at once"]
    digest: Annotated[Literal["never", "daily", "weekly"], Sat("notices"), "How often a summary is sent by mail"]


class UserPrivacy(Event, group="users", entity="user_privacy", op_delete="the limits go back to what is usual"):
    """Who may see a user, write to them, and find them."""

    user_id: Annotated[Id, Hub("user", describes=True), Actor, "Whose limits they are"]
    visible_to: Annotated[
        Literal["everyone", "friends", "nobody"], Sat("limits"), Dimension, "Who sees the page and the posts"
    ]
    messages_from: Annotated[
        Literal["everyone", "friends", "nobody"], Sat("limits"), "Who may write messages to the user"
    ]
    searchable: Annotated[bool, Sat("limits"), "The search finds the user"]


class UserStatus(Event, group="users", activity=False, op_delete="where the user is can not be told any more"):
    """A user comes online or goes offline, on a device: what sessions are made of. No activity by itself."""

    user_id: Annotated[Id, Hub("user", describes=True), Actor, "Who comes or goes"]
    status: Annotated[Literal["online", "offline"], Sat("presence"), "Whether the application is open from now on"]
    device: Annotated[Literal["ios", "android", "web"], Sat("presence"), Dimension, "What the application runs on"]


class Badge(BaseModel):
    """A mark of honour, in the level reached."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    badge: Annotated[
        Literal["newcomer", "author", "commentator", "organizer", "supporter", "popular"], "What is honoured"
    ]
    level: Annotated[int, Range(1, 5), "How far, 5 is the highest"]


class UserBadges(Event, group="users", freshness=168, op_delete="all badges are taken back"):
    """The badges that a user wears from now on, all of them. They are given, so nobody acts."""

    user_id: Annotated[Id, Hub("user", describes=True), "Who wears them"]
    badges: Annotated[
        list[Badge], Length(0, 6), MultiActive("badge", child_key="badge"), "All that the user wears from now on"
    ]
