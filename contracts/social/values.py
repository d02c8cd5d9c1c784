"""The value lists and types that several event types of the social network share."""

from enum import StrEnum


class Language(StrEnum):
    """The language of a text or of a person, ISO 639-1."""

    en = "en"
    es = "es"
    pt = "pt"
    de = "de"
    fr = "fr"
    it = "it"
    pl = "pl"
    ja = "ja"


class Topic(StrEnum):
    """What a text is about."""

    sports = "sports"
    music = "music"
    film = "film"
    travel = "travel"
    food = "food"
    science = "science"
    technology = "technology"
    politics = "politics"
    fashion = "fashion"
    gaming = "gaming"
    books = "books"
    health = "health"
