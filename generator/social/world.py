"""The world: its people, who arrive in cohorts, and what each is like.

The first cohort is the population of the first 30 days: four fifths are there in the first two hours, the others
join over the month. Each later month brings a twentieth more. Everything about a person that others depend on (when
they join, when they leave) is decided on arrival.
"""

from __future__ import annotations

import numpy as np

from clickvault.generator.draws import DAY, HOUR, MICRO, MINUTE, NEVER, Floats, Ints, chance, pick, stream
from clickvault.generator.rows import ABSENT, DELETE, UPDATE, Agenda, Columns, join, rows, take
from clickvault.generator.social import words
from clickvault.generator.social.behaviour import (
    GAP,
    LEAVE_WITHIN,
    USERS_LEAVE,
    after,
    facebook_degrees,
    mean_degree,
    time_of_day,
)
from clickvault.generator.social.pools import BIOS, Pools

MONTH = 30
"""Days between cohorts."""
GROWTH = 0.05
"""The size of later cohorts, against the first."""
INTERESTS = 3


class World:
    """The people of a world, as columns by the number of the user.

    `people` has: join, leave, country, language, zone, city, school (a class of a school), birth (days since 1970),
    interest_0.., wanted (friends), device, verified, and the present index of each value that may change.
    `activity` is the rate of doing things against the mean.
    """

    def __init__(self, seed: int, users: int, pools: Pools) -> None:
        """Begin without people; `users` is the size after the first month."""
        self.seed = seed
        self.users = users
        self.pools = pools
        self.people: Columns = {}
        self.activity = np.empty(0)
        self.cohorts: list[tuple[int, int]] = []  # of each month the first user's number, and the next month's

    @property
    def count(self) -> int:
        """The number of users that were ever planned."""
        return len(self.activity)

    def grow(self, month: int) -> Ints:
        """The cohort of a month arrives: the numbers of the new users, in the order they join."""
        rng = stream(self.seed, "people", month)
        if month == 0:
            early = max(2, round(self.users * 0.8))
            joins = np.concatenate([
                (rng.random(early) * 2 * HOUR).astype(np.int64),
                self._joins(rng, max(0, self.users - early), 0, 2 * HOUR),
            ])  # fmt: skip
        else:
            joins = self._joins(rng, round(self.users * GROWTH), month, 0)
        joins = np.sort(joins)
        first, count = self.count, len(joins)
        self.cohorts.append((first, first + count))
        cohort = self._cohort(rng, joins, first)
        self.people = join([self.people, cohort]) if self.people else cohort
        eager = rng.lognormal(-0.18, 0.6, count)
        self.activity = np.concatenate(
            [self.activity, eager * (0.4 + 0.6 * np.sqrt(cohort["wanted"] / mean_degree(self.users)))]
        )
        self.pools.add_users(first, cohort["country"].tolist(), cohort["city"].tolist())
        return np.arange(first, first + count)

    @staticmethod
    def _joins(rng: np.random.Generator, count: int, month: int, offset: int) -> Ints:
        spread = MONTH * DAY - offset
        return month * MONTH * DAY + offset + (rng.random(count) * spread).astype(np.int64)

    def _cohort(self, rng: np.random.Generator, joins: Ints, first: int) -> Columns:
        count = len(joins)
        country = pick(rng, np.array([c[3] for c in words.COUNTRIES]), count)
        languages = np.array([words.LANGUAGES.index(c[1]) for c in words.COUNTRIES])
        zones = np.array([c[2] for c in words.COUNTRIES])
        language = languages[country]
        foreign = chance(rng, count, 0.06)
        language = np.where(foreign, rng.integers(len(words.LANGUAGES), size=count), language)
        # cities and topics are popular in different degrees, and topics differ by country
        city = pick(rng, 1.0 / np.arange(1, self.pools.places + 1, dtype=np.float64), count)
        age = np.clip(rng.gamma(4.0, 5.5, count) + 14, 14, 95)
        birth = 20_454 - (age * 365.25).astype(np.int64)  # at the start of 2026
        topic_weights: Floats = 1.0 / np.arange(1, len(words.TOPICS) + 1, dtype=np.float64) ** 0.6
        interests: Columns = {}
        for i in range(INTERESTS):
            drawn = (pick(rng, topic_weights, count) + country * 5 * (i == 0)) % len(words.TOPICS)
            interests[f"interest_{i}"] = drawn if i == 0 else np.where(chance(rng, count, 0.7), drawn, ABSENT)
        leave = joins + HOUR + (rng.random(count) * LEAVE_WITHIN * DAY).astype(np.int64)
        return rows(
            joins,
            join=joins,
            leave=np.where(chance(rng, count, USERS_LEAVE), leave, NEVER),
            country=country,
            language=language,
            zone=zones[country],
            city=city,
            school=(country * self.pools.places + city) * 100 + (age / 4).astype(np.int64),
            birth=birth,
            wanted=facebook_degrees(rng, count, self.users),
            device=pick(rng, np.array([0.33, 0.45, 0.22]), count),
            verified=chance(rng, count, 0.05).astype(np.int64),
            shows_birthday=chance(rng, count, 0.7).astype(np.int64),
            email=2 * np.arange(first, first + count),
            display_name=2 * np.arange(first, first + count),
            contacts=3 * np.arange(first, first + count),
            bio=np.where(chance(rng, count, 0.8), language * BIOS + rng.integers(BIOS, size=count), ABSENT),
            **interests,
        )

    # ── accounts and profiles ────────────────────────────────────────────────────────────────────────────────

    def account(self, who: Ints) -> Columns:
        """The fields of `user` events, as they are now."""
        p = take(self.people, who)
        return {
            "user_id": who, "username": who, "email": p["email"], "country": p["country"], "language": p["language"],
        }  # fmt: skip

    def profile(self, who: Ints) -> Columns:
        """The fields of `user_profile` events, as they are now."""
        p = take(self.people, who)
        birthday = np.where(p["shows_birthday"] > 0, p["birth"], ABSENT)
        return {
            "user_id": who, "display_name": p["display_name"], "birthday": birthday, "bio": p["bio"],
            "verified": p["verified"], "contacts": p["contacts"],
        }  # fmt: skip

    def plan(self, month: int, new: Ints, agenda: Agenda) -> None:
        """Put the month's account and profile events of everybody on the agenda."""
        rng = stream(self.seed, "accounts", month)
        p = self.people
        joins = p["join"][new]
        agenda.add("user", joins, **self.account(new))
        created = joins + MICRO // 2 + (rng.random(len(new)) * 5 * MICRO).astype(np.int64)
        agenda.add("user_profile", created, **self.profile(new))
        first, last = month * MONTH * DAY, (month + 1) * MONTH * DAY
        here = np.flatnonzero((p["leave"] > first) & (p["join"] < last))
        busy = here[chance(rng, len(here), 0.22)]
        when = np.maximum(p["join"][busy] + HOUR, first)
        for _ in range(3):  # each round another change, later than the last
            when = (after(rng, when, 6) // DAY) * DAY + DAY + time_of_day(rng, p["zone"][busy])
            kept = (when < last) & (when < p["leave"][busy] - MINUTE)
            busy, when = busy[kept], when[kept]
            self._change(rng, busy, when, agenda)
        gone = here[(p["leave"][here] < last)]
        agenda.add("user_profile", p["leave"][gone] - GAP, DELETE, **self.profile(gone))
        agenda.add("user", p["leave"][gone], DELETE, **self.account(gone))

    def _change(self, rng: np.random.Generator, who: Ints, when: Ints, agenda: Agenda) -> None:
        """One change of each: words, contacts, name, or the account's address. Some go back to what was before (A, B,
        A)."""
        p = self.people
        kind = pick(rng, np.array([0.40, 0.30, 0.15, 0.15]), len(who))
        before = {name: p[name][who].copy() for name in ("bio", "contacts", "display_name", "email")}
        bio = p["language"][who] * BIOS + rng.integers(BIOS, size=len(who))
        p["bio"][who] = np.where(kind == 0, bio, p["bio"][who])
        contacts = who * 3 + (p["contacts"][who] + 1) % 3
        p["contacts"][who] = np.where(kind == 1, contacts, p["contacts"][who])
        p["display_name"][who] = np.where(kind == 2, p["display_name"][who] ^ 1, p["display_name"][who])
        p["email"][who] = np.where(kind == 3, p["email"][who] ^ 1, p["email"][who])
        account = kind == 3
        agenda.add("user", when[account], UPDATE, **self.account(who[account]))
        agenda.add("user_profile", when[~account], UPDATE, **self.profile(who[~account]))
        back = ~account & chance(rng, len(who), 0.2)
        rest = DAY - when % DAY - 2 * MINUTE  # of the day: the next change is on a later one
        again = when + MINUTE + (rng.random(len(who)) * np.maximum(rest, 0)).astype(np.int64)
        back &= (rest > 0) & (again < p["leave"][who] - MINUTE)
        for name in ("bio", "contacts", "display_name"):
            p[name][who[back]] = before[name][back]
        agenda.add("user_profile", again[back], UPDATE, **self.profile(who[back]))
