"""Pools of realistic values, filled once from the seed and kept as ready pieces of JSON.

Faker is slow for each value, so it fills small pools of names, cities and companies by country; users and texts are
combined from them. A pool is a list of JSON texts, and an event row holds an index into it: whoever encodes a million
rows only looks things up.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from random import Random

import orjson
from faker import Faker

from clickvault.generator.social import words

VARIANTS = 120
"""Texts for each language and topic."""
BIOS = 40
"""Biographies for each language."""
TITLES = 9
"""Titles of a community's topics, and of ads, for each language and topic."""
ALBUM_TITLES = 40
"""Titles of albums, for each language."""
CONTACT_VARIANTS = 3
NAME_VARIANTS = EMAIL_VARIANTS = 2

_FIRST, _LAST, _PLACES = 90, 90, 24
_MAIL_HOSTS = ("example.com", "example.org", "example.net")


def encoded(value: object) -> str:
    """A value as compact JSON."""
    return orjson.dumps(value).decode()


def slug(text: str) -> str:
    """The letters a to z of a text without its accents."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "".join(c for c in plain if "a" <= c <= "z")


class Pools:
    """All pools of a world: by name, lists of JSON texts. The world adds the users' own as they join."""

    def __init__(self, seed: int) -> None:
        """Fill the pools that do not depend on who joins."""
        self._random = Random(f"{seed} pools")
        self._badges: dict[str, int] = {}
        self.lists: dict[str, list[str]] = {
            "username": [], "email": [], "display_name": [], "contacts": [], "community_name": [],
            "country": [encoded(c[0]) for c in words.COUNTRIES],
        }  # fmt: skip
        self._people = [self._country(seed, i) for i in range(len(words.COUNTRIES))]
        self._fill_texts()

    def _country(self, seed: int, index: int) -> dict[str, list[str]]:
        locale = words.COUNTRIES[index][4]
        fake = Faker(locale)
        fake.seed_instance(seed * 100 + index)
        romanized = locale == "ja_JP"
        first = [fake.first_romanized_name() if romanized else fake.first_name() for _ in range(_FIRST)]
        last = [fake.last_romanized_name() if romanized else fake.last_name() for _ in range(_LAST)]
        return {
            "first": [n for n in first if slug(n)] or ["Sam"],
            "last": [n for n in last if slug(n)] or ["Doe"],
            "city": [fake.city()[:60] for _ in range(_PLACES)],
            "company": [fake.company()[:80] for _ in range(_PLACES)],
        }

    @property
    def places(self) -> int:
        """Cities (and schools, one a city) of a country."""
        return _PLACES

    def _fill_texts(self) -> None:
        r = self._random
        posts, comments, bios = [], [], []
        for language in words.LANGUAGES:
            for things in words.WORDS[language]:
                for _ in range(VARIANTS):
                    text = r.choice(words.OPENINGS[language]).format(r.choice(things))
                    for _ in range(r.choice((0, 1, 1, 2))):
                        text += " " + r.choice(words.CLOSINGS[language])
                    if r.random() < 0.1:
                        text += f"\n#{words.TOPICS[words.WORDS[language].index(things)]}"
                    posts.append(encoded(text))
                    answer = r.choice(words.ANSWERS[language]).format(r.choice(things))
                    comments.append(encoded(answer[:1].upper() + answer[1:]))
            everything = [w for things in words.WORDS[language] for w in things]
            bios += [encoded(" · ".join(r.sample(everything, r.choice((1, 2, 2, 3))))) for _ in range(BIOS)]
        titles, slogans = (
            [
                encoded(form.format(thing)) for language in words.LANGUAGES for things in words.WORDS[language]
                for form in forms[language] for thing in things
            ] for forms in (words.TITLES, words.SLOGANS)
        )  # fmt: skip
        albums = [encoded(f"{title} {year}") for language in words.LANGUAGES for title in words.ALBUMS[language]
                  for year in range(2019, 2027)]  # fmt: skip
        self.lists |= {
            "post_text": posts, "comment_text": comments, "bio": bios, "topic_title": titles, "album_title": albums,
            "ad_title": slogans, "badges": [],
        }  # fmt: skip

    def add_users(self, first: int, countries: Sequence[int], cities: Sequence[int]) -> None:
        """Names, addresses and contacts for the users from number `first` on; every variant that they may change to."""
        r = self._random
        lists = self.lists
        for number, (country, city) in enumerate(zip(countries, cities, strict=True), first):
            people = self._people[country]
            given, family, other = r.choice(people["first"]), r.choice(people["last"]), r.choice(people["last"])
            handle = f"{slug(given)[:10]}{r.choice('._')}{slug(family)[:10]}{number}"
            host = r.choice(_MAIL_HOSTS)
            lists["username"].append(encoded(handle))
            lists["email"] += [encoded(f"{handle}@{host}"), encoded(f"{slug(family)[:12]}{number}@{host}")]
            lists["display_name"] += [encoded(f"{given} {family}"), encoded(f"{given} {family}-{other}")]
            town = {"kind": "city", "value": people["city"][city]}
            school = {"kind": "school", "value": f"{people['city'][city]} College"}
            work = {"kind": "workplace", "value": r.choice(people["company"])}
            site = {"kind": "website", "value": f"https://{handle.replace('_', '-')}.example.com"}
            phone = {"kind": "phone", "value": f"+{r.randrange(10, 99)} 555 01{r.randrange(100):02d}"}
            lists["contacts"] += [encoded([town, school]), encoded([town, work, site]), encoded([phone, town, work])]

    def badges(self, names: Sequence[str], levels: Sequence[int]) -> int:
        """The place of a list of badges, of each name in its level if that is not 0."""
        text = encoded([{"badge": n, "level": level} for n, level in zip(names, levels, strict=True) if level])
        if text not in self._badges:
            self._badges[text] = len(self.lists["badges"])
            self.lists["badges"].append(text)
        return self._badges[text]

    def add_communities(
        self, first: int, languages: Sequence[int], topics: Sequence[int], forms: Mapping[str, str]
    ) -> None:
        """Two names for each community from number `first` on; `forms` has how they are called in each language."""
        for number, (language, topic) in enumerate(zip(languages, topics, strict=True), first):
            code = words.LANGUAGES[language]
            thing = self._random.choice(words.WORDS[code][topic])
            name = forms[code].format(thing)
            names = (f"{name} #{number + 1}", f"{name} {number + 1}, reloaded")
            self.lists["community_name"] += [encoded(n) for n in names]
