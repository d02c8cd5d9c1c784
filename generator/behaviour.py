"""How people behave: the rates, rhythms, delays and lifetimes of the synthetic world.

All numbers of the world are here. Those of deletions, comment delays, likes and spikes are of LDBC's Social Network
Benchmark (ldbc_snb_datagen_spark); daily rates are set so that 2,000 users make about 11,500 events a day.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from generator.draws import DAY, HOUR, MICRO, MINUTE, NEVER, Bools, Floats, Ints, chance, pick, power_delay, stream

GAP = 1_000
"""What ends with its owner ends a millisecond before it, so that no event names what is gone."""
SETTLE = 30 * MICRO
"""Nobody acts in the first half minute after joining: account and profile come first."""

# lifetimes: share that is deleted; half of it within 15 minutes
UNFRIENDED, POSTS_DELETED, COMMENTS_DELETED, LIKES_DELETED = 0.05, 0.027, 0.018, 0.024
REFRIENDED = 0.25  # of those unfriended
USERS_LEAVE, LEAVE_WITHIN = 0.12, 90  # share of the users, in days after joining
COMMUNITIES_CLOSE = 0.02

# rates
POSTS_A_DAY = 0.23  # by a user of mean activity
VIEWS_A_POST, COMMENTS_A_POST = 36.5, 5.2  # drawn; fewer come about: people sleep, and posts are taken down
MEDIA_A_POST, MEDIA_A_DAY = 0.30, 0.02
LIKE_A_VIEW, REACTION_A_VIEW, SHARE_A_VIEW, REPORT_A_VIEW = 0.26, 0.15, 0.04, 0.004
PIN_A_DAY = 0.15  # by a community that has posts that day
FOLLOWS, MEMBERSHIPS = 10.0, 10.0  # a user, on average
USERS_A_COMMUNITY = 25

# delays: density x^-exponent up to the horizon
COMMENT_HORIZON, COMMENT_EXPONENT = DAY, 0.6006  # mean 24 h (1-b)/(2-b) = 6.85 h
VIEW_HORIZON, VIEW_EXPONENT = 7 * DAY, 0.8

# by local hour: how likely people are awake and online, 1 at the peak
HOURS = np.array(
    [0.25, 0.14, 0.08, 0.06, 0.06, 0.10, 0.22, 0.42, 0.55, 0.60, 0.62, 0.66,
     0.74, 0.72, 0.66, 0.64, 0.68, 0.76, 0.86, 0.95, 1.00, 0.97, 0.76, 0.46]
)  # fmt: skip
WEEKDAYS = np.array([0.95, 0.93, 0.94, 0.97, 1.03, 1.12, 1.06])  # Monday first

REACTIONS = ("like", "love", "wow", "haha", "sad", "angry")
REACTION_WEIGHTS = np.array([0.30, 0.28, 0.10, 0.18, 0.08, 0.06])
REASONS = ("spam", "hate", "violence", "nudity", "other")
REASON_WEIGHTS = np.array([0.45, 0.20, 0.10, 0.08, 0.17])
SURFACES = ("feed", "profile", "community", "search", "link")


def own_end(rng: np.random.Generator, start: Ints, share: float, days: float) -> Ints:
    """When things that start at `start` are ended by their owner; NEVER for most.

    `share` of them end: half within 15 minutes (at least 5 s), the others after an exponential time with mean `days`.
    """
    count = len(start)
    ends = chance(rng, count, share)
    soon = 5 * MICRO + (rng.random(count) * (15 * MINUTE - 5 * MICRO)).astype(np.int64)
    later = 15 * MINUTE + (rng.exponential(days * DAY, count)).astype(np.int64)
    delay = np.where(chance(rng, count, 0.5), soon, later)
    return np.where(ends, start + delay, NEVER)


def before(end: Ints) -> Ints:
    """The latest end of what depends on something that ends at `end`."""
    return np.where(end < NEVER, end - GAP, NEVER)


def after(rng: np.random.Generator, start: Ints, days: float) -> Ints:
    """A moment after `start` by an exponential time with mean `days`, and at least a minute."""
    return start + MINUTE + rng.exponential(days * DAY, len(start)).astype(np.int64)


def time_of_day(rng: np.random.Generator, zone: Ints) -> Ints:
    """Moments of a UTC day for people whose clocks are `zone` hours ahead, by the daily rhythm."""
    hour = (pick(rng, HOURS, len(zone)) - zone) % 24
    return hour * HOUR + (rng.random(len(zone)) * HOUR).astype(np.int64)


def awake(rng: np.random.Generator, when: Ints, zone: Ints) -> Bools:
    """Whether people are online at a moment, by the daily rhythm: thins a stream of moments to that rhythm."""
    local = (when // HOUR + zone) % 24
    return chance(rng, len(when), 0.15 + 0.85 * HOURS[local])


def comment_delay(rng: np.random.Generator, count: int) -> Ints:
    """Power law, mean 6.85 hours, within a day."""
    return power_delay(rng, count, COMMENT_HORIZON, COMMENT_EXPONENT)


def view_delay(rng: np.random.Generator, count: int) -> Ints:
    """Power law within 7 days, so that likes, which follow a view, are too."""
    return power_delay(rng, count, VIEW_HORIZON - 10 * MINUTE, VIEW_EXPONENT)


@dataclass(frozen=True)
class Spike:
    """A topic that everybody talks about for 72 hours; `size`: the extra posts on its first day, as a share of all."""

    topic: int
    start: int
    size: float

    def on(self, day: int) -> float:
        """The extra share of posts on a day: full on the first, half on the next, a quarter on the third."""
        age = day - self.start
        return self.size * 0.5**age if 0 <= age < 3 else 0.0


def spikes(seed: int, day: int, topics: int) -> list[Spike]:
    """The spikes that are on at a day: one starts every third day on average, its size is a power law."""
    found = []
    for start in range(max(0, day - 2), day + 1):
        rng = stream(seed, "spikes", start)
        if rng.random() < 1 / 3:
            size = min(1.5, 0.08 * float(rng.pareto(1.3) + 1))
            found.append(Spike(int(rng.integers(topics)), start, size))
    return found


def weekday_factor(day: int, first_weekday: int) -> float:
    """How active people are on a day of the world, against the mean of a week."""
    return float(WEEKDAYS[(first_weekday + day) % 7])


def facebook_degrees(rng: np.random.Generator, count: int, size: int) -> Ints:
    """Friend counts wanted for `count` people in a world of `size`.

    Facebook's percentiles (p10 8, p50 97, p90 435, p99 950, at most 5000, mean 190), scaled to the mean
    n^(0.512 - 0.028 log10 n) of LDBC's datagen: 19 for 1,000 people, 40 for 10,000, 72 for 100,000.
    """
    mean = mean_degree(size)
    points = np.array([0.0, 0.10, 0.50, 0.90, 0.99, 1.0])
    values = np.log(np.array([1.0, 8.0, 97.0, 435.0, 950.0, 5000.0]))
    grid = (np.arange(10_000) + 0.5) / 10_000
    most = max(2.0, size / 4)
    scale = mean / 190
    for _ in range(3):  # the bounds move the mean a little
        scale *= mean / float(np.mean(np.clip(np.exp(np.interp(grid, points, values)) * scale, 1, most)))
    wanted: Floats = np.clip(np.exp(np.interp(rng.random(count), points, values)) * scale, 1, most)
    floor = wanted.astype(np.int64)
    return floor + chance(rng, count, wanted - floor)


def mean_degree(size: int) -> float:
    """The mean number of friends in a world of `size` people."""
    return float(max(2, size) ** (0.512 - 0.028 * np.log10(max(2, size))))
