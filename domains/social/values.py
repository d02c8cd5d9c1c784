"""The value lists and types that several event types of the social network share."""

from enum import StrEnum
from typing import Annotated

from clickvault.contract import Range


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


class Currency(StrEnum):
    """What an amount is in, ISO 4217."""

    EUR = "EUR"
    USD = "USD"
    GBP = "GBP"
    BRL = "BRL"
    JPY = "JPY"
    PLN = "PLN"


class Tier(StrEnum):
    """What a subscriber gets of a creator."""

    basic = "basic"
    plus = "plus"
    patron = "patron"


Micros = Annotated[int, Range(0, 10**15), "in millionths of the currency's unit"]
"""An amount in millionths of its currency's unit: 2,500,000 is 2.50; whole numbers add up exactly."""
