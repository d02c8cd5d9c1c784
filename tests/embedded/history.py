"""What the tests of the marts know of the sent events: who acts, what was in force when. Written by hand, not read from
the contracts, so that a wrong contract is found; nothing here is shared with the SQL."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

from tests.worlds import Event

Events = dict[str, list[Event]]

# Who acts, of every event type that counts as activity: what an actor creates or updates. Nobody acts where something ends (a story
# expires by itself, ties go with whoever leaves), and an ad is shown to a user who does nothing for it.
ACTORS = {
    "user": "user_id", "user_profile": "user_id", "user_settings": "user_id", "user_privacy": "user_id",
    "friend": "user_id", "follower": "follower_id", "subscription": "subscriber_id", "block": "blocker_id",
    "mute": "muter_id", "close_friend": "user_id",
    "post": "author_id", "story": "author_id", "reel": "author_id", "comment": "author_id", "reply": "author_id",
    "reaction": "user_id", "like": "user_id", "share": "user_id", "quote": "user_id", "post_view": "user_id",
    "photo": "owner_id", "video": "owner_id", "album": "owner_id",
    "community": "founder_id", "group": "founder_id", "group_member": "user_id", "community_topic": "opened_by",
    "pinned_post": "moderator_id", "report": "reporter_id",
    "ad": "advertiser_id", "ad_click": "user_id", "sponsorship": "sponsor_id",
    "donation": "donor_id",
}  # fmt: skip


def is_activity(event: Event) -> bool:
    """Whether the event makes somebody active."""
    return event["event_type"] in ACTORS and event["op"] in ("create", "update")


def active_of(events: Events) -> dict[date, set[str]]:
    """Who was active on each day with activity."""
    out: dict[date, set[str]] = defaultdict(set)
    for event_type, actor in ACTORS.items():
        for e in filter(is_activity, events[event_type]):
            out[day_of(e)].add(e[actor])
    return out


def full(days: set[date], day: date, size: int) -> bool:
    """Whether the window of `size` days that ends with a day is full: there is data of its first day, or of the month before."""
    first = day - timedelta(days=size - 1)
    return any(first - timedelta(days=n) in days for n in range(31))


def day_of(event: Event) -> date:
    """The UTC day of an event."""
    return date.fromisoformat(event["event_time"][:10])


def days_of(events: Events) -> list[date]:
    """All days from the first event to the last."""
    there = {day_of(e) for some in events.values() for e in some}
    return [min(there) + timedelta(days=i) for i in range((max(there) - min(there)).days + 1)]


def in_force_at_end(some: list[Event], days: list[date], keys: tuple[str, str]) -> dict[date, set[tuple[str, str]]]:
    """The pairs that are in force at the end of each day."""
    out, now, waiting = {}, set(), list(reversed(some))
    for day in days:
        while waiting and day_of(waiting[-1]) <= day:
            e = waiting.pop()
            pair = (e[keys[0]], e[keys[1]])
            (now.discard if e["op"] == "delete" else now.add)(pair)
        out[day] = set(now)
    return out


class Said:
    """What the events of some types say of their keys, and what was the newest at a time."""

    def __init__(self, events: Events, event_types: tuple[str, ...], key: str) -> None:
        self._by_key: dict[str, list[Event]] = defaultdict(list)
        some = sorted((e for t in event_types for e in events[t]), key=lambda e: (e["event_time"], e["event_id"]))
        for e in some:
            self._by_key[e[key]].append(e)

    def newest(self, key: str) -> Event | None:
        """The last event of a key."""
        return self._by_key[key][-1] if key in self._by_key else None

    def at(self, key: str, time: str) -> Event | None:
        """The last event of a key that is not after `time`."""
        some = self._by_key.get(key, [])
        place = bisect_right(some, time, key=lambda e: e["event_time"])
        return some[place - 1] if place else None


def where(users: Said, user: str, time: str) -> tuple[str, str]:
    """The country and the language of a user at a time."""
    event = users.at(user, time)
    return (event["country"], event["language"]) if event else ("unknown", "unknown")


def ratio(part: float, whole: float) -> Any:
    """What a ratio is to be, as pytest compares it."""
    import pytest

    return pytest.approx(part / whole) if whole else None
