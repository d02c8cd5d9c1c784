"""How people behave: the rates, rhythms, delays and lifetimes of the synthetic world.

All numbers of the world are here. Those of deletions, comment delays, likes and spikes are of LDBC's Social Network
Benchmark (ldbc_snb_datagen_spark), those of friendships of Facebook's graph. The others are set by what comes of them:
2,000 users make about 16,800 events a day after the first, 5,000 about 45,000; half of the people come on a day; a
reel is seen twice as often as a post, a story less; a few posts in a month are seen by most; pings are a seventh of
all events; and an event type that is rare comes often enough for its marts to have something to show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clickvault.generator.draws import (
    DAY,
    HOUR,
    MICRO,
    MINUTE,
    NEVER,
    Bools,
    Floats,
    Ints,
    chance,
    pick,
    power_delay,
    stream,
)

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
POSTS_PER_DAY, STORIES_PER_DAY, REELS_PER_DAY = 0.20, 0.06, 0.02  # by a user of mean activity
VIEWS_PER_POST, COMMENTS_PER_POST, LOOKS_AGAIN = (
    28.0,
    3.2,
    0.25,
)  # drawn; fewer come about: people are away, and posts are taken down
VIEWS_PER_STORY, REEL_REACH = 20.0, 2.0  # a reel is seen so many times as often as a post
LIKE_PER_VIEW, REACTION_PER_VIEW, SHARE_PER_VIEW, REPORT_PER_VIEW = 0.22, 0.12, 0.03, 0.004
QUOTES, STORY_REACTION_PER_VIEW = 0.35, 0.05  # of the shares; of the views of a story
SHARED_TO_WEIGHTS = np.array([0.50, 0.20, 0.30])
VIRAL, VIRAL_REELS = 0.0007, 0.003  # share of the posts, of the reels
PIN_PER_DAY = 0.15  # by a community that has posts that day
FOLLOWS, MEMBERSHIPS = 10.0, 10.0  # a user, on average
USERS_PER_COMMUNITY = 25

# delays: density x^-exponent up to the horizon
COMMENT_HORIZON, COMMENT_EXPONENT = DAY, 0.6006  # mean 24 h (1-b)/(2-b) = 6.85 h
VIEW_HORIZON, VIEW_EXPONENT = 7 * DAY, 0.8

# media
POSTS_WITH_MEDIA, UPLOADS_PER_DAY, ALBUMS_PER_DAY = 0.30, 0.02, 0.006
VIDEOS, STORY_VIDEOS = 0.22, 0.35  # share of the media with posts, of those of stories
STORY_LIFE = DAY
CLOSE_STORIES = 0.25  # shown to close friends only, of the stories of those who have any

# presence: with these, half of the people come on a day, most of them once or twice
VISITS_PER_DAY, MORE_VISITS_ON_JOINING, VISIT_MINUTES = 0.75, 2.0, 9.0
IDLE_VISITS = 0.25  # are sessions even if nothing is done
SESSION_GAP, LINGER = 30 * MINUTE, 12 * MINUTE
SECOND_DEVICE = 0.12

# ties that few have
FRIENDS_BLOCKED, FOLLOWERS_BLOCKED, STRANGERS_BLOCKED = 0.008, 0.004, 0.01  # of the pairs; a user a month
BLOCKS_LIFTED, MUTES_ENDED = 0.15, 0.20
CLOSE_FRIENDS, MUTED = 0.06, 0.015  # of the friendships, by each side; of those followed

# communities grow in four ways: at once, evenly, ever faster, and at once with many who leave again
GROWTH_WEIGHTS = np.array([0.30, 0.35, 0.20, 0.15])
GROWTH_POWERS = (2.0, 1.0, 0.4, 2.0)  # members of a month come at its share u^power
GROWTH_AT_ONCE = (0.85, 0.60, 0.15, 0.85)  # of the first month's, on the first day
GROWTH_FADES = (0.0, 0.0, 0.0, 0.60)  # of the members, that leave again, after 9 days on average
FADES_AFTER = 9.0
GROUPS, GROUP_SHARE = 0.80, 0.30  # a community, on average; of its members that enter a group
TOPICS_PER_COMMUNITY, MORE_TOPICS, TOPICS_CLOSE, TOPICS_AFTER, POSTS_FILED = 3.0, 0.3, 0.06, 0.3, 0.85

# settings and badges
SET_UP, LIMITED, MINDS_CHANGED = 0.60, 0.45, 0.06  # on joining; a month
BADGES_PER_MONTH = 5  # at most, a user

# advertising: one impression for eight things looked at; of these about one in a hundred is clicked
IMPRESSION_PER_VIEW, CLICK_RATE = 1 / 8, 0.012
USERS_PER_ADVERTISER, USERS_PER_AD = 150, 50  # ads: a month
CPM_BID, CPC_BID, CPC_SHARE = 6.0, 0.45, 0.4  # in euros: a thousand impressions, a click
ADS_STOPPED = 0.10

# creators: the share of the users with most followers, and what others give them
CREATORS, SUBSCRIBE, SUBSCRIBE_LATER, UNSUBSCRIBE = 0.04, 0.12, 0.02, 0.30
TIER_WEIGHTS, TIER_CHANGES = np.array([0.66, 0.26, 0.08]), 0.08
DONATION_PER_VIEW, USERS_PER_SPONSORSHIP, SPONSORSHIP = 0.02, 50, 250.0  # the last in euros
DONATIONS, DONATION_WEIGHTS = (1, 2, 3, 5, 10, 20, 50), np.array([0.22, 0.22, 0.18, 0.20, 0.11, 0.05, 0.02])
RATES = {"EUR": 1.0, "USD": 1.1, "GBP": 0.85, "BRL": 6.0, "JPY": 160.0, "PLN": 4.3}  # for one euro, rounded
PRICES = {  # micros a month of each tier, as shops price them: a little under a round number
    "EUR": (2_990_000, 5_990_000, 14_990_000), "USD": (2_990_000, 5_990_000, 14_990_000),
    "GBP": (2_490_000, 4_990_000, 12_990_000), "BRL": (9_900_000, 19_900_000, 49_900_000),
    "JPY": (400_000_000, 800_000_000, 2_000_000_000), "PLN": (12_990_000, 24_990_000, 59_990_000),
}  # fmt: skip

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


def comment_delay(rng: np.random.Generator, count: int) -> Ints:
    """Power law, mean 6.85 hours, within a day."""
    return power_delay(rng, count, COMMENT_HORIZON, COMMENT_EXPONENT)


def view_delay(rng: np.random.Generator, count: int) -> Ints:
    """Power law within 7 days, so that likes, which follow a view, are too."""
    return power_delay(rng, count, VIEW_HORIZON - 10 * MINUTE, VIEW_EXPONENT)


def story_delay(rng: np.random.Generator, count: int) -> Ints:
    """Power law within the life of a story."""
    return power_delay(rng, count, STORY_LIFE - 10 * MINUTE, VIEW_EXPONENT)


def viral(rng: np.random.Generator, reels: Bools, users: int) -> tuple[Ints, Ints]:
    """Extra looks at the few posts and reels that everybody passes on: which, and how long after them.

    The looks of one are an eighth of the users to all of them, and come by a lognormal law: few at first, most within a day, a
    long tail; the wider it spreads, the faster.
    """
    chosen = np.flatnonzero(chance(rng, len(reels), np.where(reels, VIRAL_REELS, VIRAL)))
    share = np.minimum(0.12 * (1 + rng.pareto(1.1, len(chosen))), 1.1)
    at = np.repeat(np.arange(len(chosen)), (share * users).astype(np.int64))
    median = 14 * HOUR / (1 + 2 * share[at])
    delay = np.minimum(median * rng.lognormal(0.0, 0.8, len(at)), VIEW_HORIZON - 20 * MINUTE)
    return chosen[at], delay.astype(np.int64)


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
