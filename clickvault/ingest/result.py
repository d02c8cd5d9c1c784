"""What the ways of ingestion share: the result of a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Progress = Callable[[str, int, int], None]
"""What long work calls: what it does, how far it is, how far it is to go."""


@dataclass(frozen=True)
class Unread:
    """A partition or an object that could not be read: set aside, tried again by the next step that is due."""

    what: str
    reason: str
    hint: str = ""  # what to do about it, where that is not the usual


@dataclass(frozen=True)
class Ingested:
    """What an ingestion step brought: messages landed by it, of them fetched as the engine dropped them.

    `expired`: messages that the broker had removed before anybody read them (its retention): booked as gaps.
    `unread`: what can't be read at present, also what an earlier step set aside.
    `held`: partitions that an open transaction holds back, and what is known of it: they are landed up to it.
    """

    source: str
    messages: int
    empty: int = 0
    objects: int = 0
    expired: int = 0
    unread: tuple[Unread, ...] = ()
    held: tuple[str, ...] = ()
