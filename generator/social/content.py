"""Content: the posts, stories and reels of a day, with their photos and videos, and what communities pin of them.

How long something will last is drawn when it is made, and what depends on it ends with it: cascades need no second
look. What others do with it is in `responses`.
"""

from __future__ import annotations

import numpy as np

from clickvault.generator.draws import DAY, HOUR, MICRO, MINUTE, NEVER, Floats, Ints, chance, stream
from clickvault.generator.rows import ABSENT, CREATE, DELETE, UPDATE, Agenda, Columns, join, rows, size, take
from clickvault.generator.social import behaviour as b
from clickvault.generator.social.audience import Audience
from clickvault.generator.social.behaviour import GAP, SETTLE, before, own_end
from clickvault.generator.social.circles import Topics
from clickvault.generator.social.communities import Communities
from clickvault.generator.social.media import Media
from clickvault.generator.social.pools import VARIANTS
from clickvault.generator.social.presence import Presence
from clickvault.generator.social.responses import POST, REEL, STORY, Responses
from clickvault.generator.social.words import TOPICS
from clickvault.generator.social.world import INTERESTS, World

AUDIENCES = ("everyone", "close_friends")
_CLOSE = AUDIENCES.index("close_friends")


class Content:
    """Makes the content of one day after the other; keeps count of posts, stories and reels, which share numbers."""

    def __init__(
        self, world: World, presence: Presence, communities: Communities, topics: Topics, first_weekday: int
    ) -> None:
        """`first_weekday`: of the world's first day, Monday is 0."""
        self.world = world
        self.presence = presence
        self.communities = communities
        self.topics = topics
        self.first_weekday = first_weekday
        self.media = Media(world, presence)
        self.responses = Responses(world, presence)
        self.count = 0

    def plan(self, day: int, audience: Audience, agenda: Agenda) -> None:
        """Put what is published on a day, and its consequences, on the agenda."""
        seed = self.world.seed
        people = self.world.people
        here = (people["join"] < (day + 1) * DAY) & (people["leave"] > day * DAY)
        weights = self.world.activity * here
        self.media.plan(day, agenda)
        posts, reach = self._posts(stream(seed, "posts", day), day, weights, audience, agenda)
        reels, watched = self._reels(stream(seed, "reels", day), day, weights, agenda)
        stories = self._stories(stream(seed, "stories", day), day, weights, audience, agenda)
        self._attach(stream(seed, "attachments", day), day, posts, agenda)
        self.responses.plan(day, join([posts, reels]), np.concatenate([reach, watched]), audience, agenda)
        self.responses.plan_stories(day, stories, audience, agenda)
        self._pins(stream(seed, "pins", day), day, posts, agenda)

    def _daily(self, rng: np.random.Generator, day: int, weights: Floats, rate: float) -> int:
        """How many are made on a day of what a user of mean activity makes at a rate."""
        return int(rng.poisson(rate * float(weights.sum()) * b.weekday_factor(day, self.first_weekday)))

    def _topics(self, rng: np.random.Generator, author: Ints) -> Ints:
        """What people write about: one of their interests, or something else."""
        people, count = self.world.people, len(author)
        which = rng.integers(INTERESTS, size=count)
        own = np.choose(which, [people[f"interest_{i}"][author] for i in range(INTERESTS)])
        return np.where((own < 0) | chance(rng, count, 0.15), rng.integers(len(TOPICS), size=count), own)

    def _languages(self, rng: np.random.Generator, author: Ints) -> Ints:
        return np.where(chance(rng, len(author), 0.07), 0, self.world.people["language"][author])

    def _reach(self, rng: np.random.Generator, author: Ints) -> Floats:
        """How widely each is seen, against the mean. Few are seen by very many: it grows with the author's activity,
        times a power law."""
        activity = np.minimum(self.world.activity[author], 5)
        return (0.4 + 0.6 * activity) * np.minimum(rng.pareto(2.2, len(author)) * 0.72 + 0.4, 25)

    def _number(self, made: Columns, kept: Ints) -> Columns:
        """Those that come about, in the order of their times, with their numbers."""
        made = take(made, kept[np.argsort(made["t"][kept], kind="stable")])
        made["post_id"] = self.count + np.arange(len(kept))
        self.count += len(kept)
        return made

    # ── posts ────────────────────────────────────────────────────────────────────────────────────────────────

    def _posts(
        self, rng: np.random.Generator, day: int, weights: Floats, audience: Audience, agenda: Agenda
    ) -> tuple[Columns, Floats]:
        people = self.world.people
        usual = self._daily(rng, day, weights, b.POSTS_PER_DAY)
        author, t = self.presence.moments(rng, day, weights, usual)
        topic = np.full(len(author), ABSENT, dtype=np.int64)
        for spike in b.spikes(self.world.seed, day, len(TOPICS)):
            fans = sum(people[f"interest_{i}"] == spike.topic for i in range(INTERESTS)) * 4.0 + 0.2
            extra, when = self.presence.moments(rng, day, weights * fans, int(rng.poisson(usual * spike.on(day))))
            author, t = np.concatenate([author, extra]), np.concatenate([t, when])
            topic = np.concatenate([topic, np.full(len(extra), spike.topic, dtype=np.int64)])
        count = len(author)
        own, language = self._topics(rng, author), self._languages(rng, author)
        community = np.where(chance(rng, count, 0.45), audience.membership(rng, author, t), ABSENT)
        places = self.communities.places
        inside = (community >= 0) & (topic < 0)
        own = np.where(inside & chance(rng, count, 0.85), places["topic"][np.maximum(community, 0)], own)
        topic = np.where(topic < 0, own, topic)
        language = np.where(inside, places["language"][np.maximum(community, 0)], language)
        end = np.minimum(own_end(rng, t, b.POSTS_DELETED, 3), before(people["leave"][author]))
        closes = np.where(community >= 0, before(places["end"][np.maximum(community, 0)]), NEVER)
        end = np.minimum(end, closes)
        text = (language * len(TOPICS) + topic) * VARIANTS + rng.integers(VARIANTS, size=count)
        posts = rows(
            t, author_id=author, community_id=community, text=text, topic=topic, language=language, end=end,
            topic_id=self.topics.at(rng, community, t), kind=POST,
        )  # fmt: skip
        posts = self._number(posts, np.flatnonzero((people["join"][author] + SETTLE < t) & (t < end - MICRO)))
        self._announce_posts(rng, posts, agenda)
        return posts, self._reach(rng, posts["author_id"])

    def _announce_posts(self, rng: np.random.Generator, posts: Columns, agenda: Agenda) -> None:
        said = {k: posts[k] for k in ("post_id", "author_id", "community_id", "topic_id", "text", "topic", "language")}
        t, end = posts["t"], posts["end"]
        agenda.add("post", t, CREATE, **said)
        when = t + MINUTE + (rng.random(len(t)) ** 3 * 6 * HOUR).astype(np.int64)
        when, _ = self.presence.snap(rng, said["author_id"], when)
        edited = chance(rng, len(t), 0.04) & (when < end - MICRO)
        other = said["text"] // VARIANTS * VARIANTS + rng.integers(VARIANTS, size=len(t))
        said["text"] = np.where(edited, other, said["text"])
        agenda.add_where("post", edited, when, UPDATE, **self._filed(said, when))
        agenda.add_where("post", end < NEVER, end, DELETE, **self._filed(said, end))

    def _filed(self, said: Columns, when: Ints) -> Columns:
        """The fields of posts at a moment: under no topic if that is closed."""
        if not len(self.topics.open["t"]):
            return said
        held = (said["topic_id"] >= 0) & (when < self.topics.open["end"][said["topic_id"]])
        return {**said, "topic_id": np.where(held, said["topic_id"], ABSENT)}

    def _attach(self, rng: np.random.Generator, day: int, posts: Columns, agenda: Agenda) -> None:
        """Some posts carry photos and videos, which are uploaded just before."""
        with_media = np.flatnonzero(chance(rng, size(posts), b.POSTS_WITH_MEDIA))
        pieces = np.minimum(rng.geometric(0.6, len(with_media)), 8)
        at = np.repeat(with_media, pieces)
        position = np.arange(len(at)) - np.repeat(np.cumsum(pieces) - pieces, pieces) + 1
        owner, t, end = posts["author_id"][at], posts["t"][at], posts["end"][at]
        uploaded = self._uploaded(rng, day, t)
        gone = np.minimum(np.where(end < NEVER, end + GAP // 2, NEVER), self.media.leaves(owner))
        video = chance(rng, len(at), b.VIDEOS)
        album = self.media.album_at(rng, owner, uploaded, 0.25)
        number = self.media.upload(rng, owner, uploaded, gone, video, album, agenda)
        t = t + position * MICRO // 20
        end = np.minimum(own_end(rng, t, 0.01, 2), before(end))
        carried = {"media_id": number, "post_id": posts["post_id"][at], "position": position}
        kept = (number >= 0) & (t < end - MICRO // 2)
        agenda.add_where("attachment", kept, t, CREATE, **carried)
        agenda.add_where("attachment", kept & (end < NEVER), end, DELETE, **carried)

    @staticmethod
    def _uploaded(rng: np.random.Generator, day: int, t: Ints) -> Ints:
        """Moments up to 20 seconds before `t`, on the same day."""
        return np.maximum(t - MICRO - (rng.random(len(t)) * 19 * MICRO).astype(np.int64), day * DAY)

    # ── stories and reels ────────────────────────────────────────────────────────────────────────────────────

    def _stories(
        self, rng: np.random.Generator, day: int, weights: Floats, audience: Audience, agenda: Agenda
    ) -> Columns:
        author, t = self.presence.moments(rng, day, weights, self._daily(rng, day, weights, b.STORIES_PER_DAY))
        join_, leave = self.world.people["join"][author], self.world.people["leave"][author]
        expires = t + b.STORY_LIFE
        own = own_end(rng, t, 0.04, 0.3)
        end = np.minimum(np.minimum(own, expires), before(leave))
        close = audience.has_close(rng, author, t) & chance(rng, len(t), b.CLOSE_STORIES)
        made = rows(
            t, author_id=author, audience=close * _CLOSE, expires_at=expires, end=end, community_id=ABSENT,
            topic=self._topics(rng, author), language=self._languages(rng, author), kind=STORY,
            taken_down=(own < expires).astype(np.int64),
        )  # fmt: skip
        made = self._number(made, np.flatnonzero((join_ + SETTLE < t) & (t < end - MINUTE)))
        author, t, end = made["author_id"], made["t"], made["end"]
        gone = np.where(made["taken_down"] > 0, end + GAP // 2, NEVER)  # else it is kept where nobody sees it
        gone = np.minimum(gone, self.media.leaves(author))
        video = chance(rng, len(t), b.STORY_VIDEOS)
        none = np.full(len(t), ABSENT)
        number = self.media.upload(rng, author, self._uploaded(rng, day, t), gone, video, none, agenda)
        said = {"media_id": number, **{k: made[k] for k in ("post_id", "author_id", "audience", "expires_at")}}
        agenda.add("story", t, CREATE, **said)
        agenda.add("story", end, DELETE, **said)
        return made

    def _reels(self, rng: np.random.Generator, day: int, weights: Floats, agenda: Agenda) -> tuple[Columns, Floats]:
        author, t = self.presence.moments(rng, day, weights, self._daily(rng, day, weights, b.REELS_PER_DAY))
        topic, language = self._topics(rng, author), self._languages(rng, author)
        caption = (language * len(TOPICS) + topic) * VARIANTS + rng.integers(VARIANTS, size=len(t))
        end = np.minimum(own_end(rng, t, b.POSTS_DELETED, 3), before(self.world.people["leave"][author]))
        made = rows(
            t, author_id=author, community_id=ABSENT, topic=topic, language=language, end=end, kind=REEL,
            text=np.where(chance(rng, len(t), 0.75), caption, ABSENT), topic_id=ABSENT,
        )  # fmt: skip
        made = self._number(made, np.flatnonzero((self.world.people["join"][author] + SETTLE < t) & (t < end - MICRO)))
        author, t, end = made["author_id"], made["t"], made["end"]
        gone = np.minimum(np.where(end < NEVER, end + GAP // 2, NEVER), self.media.leaves(author))
        none = np.full(len(t), ABSENT)
        video = np.ones(len(t), dtype=np.bool_)
        number = self.media.upload(rng, author, self._uploaded(rng, day, t), gone, video, none, agenda)
        said = {"media_id": number, "caption": made["text"]}
        said |= {k: made[k] for k in ("post_id", "author_id", "topic", "language")}
        agenda.add("reel", t, CREATE, **said)
        agenda.add_where("reel", end < NEVER, end, DELETE, **said)
        return made, self._reach(rng, author) * b.REEL_REACH

    # ── pins ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _pins(self, rng: np.random.Generator, day: int, posts: Columns, agenda: Agenda) -> None:
        """A community pins one of the day's posts at most, on that day; it stays until it is taken off or replaced."""
        inside = np.flatnonzero(posts["community_id"] >= 0)
        inside = inside[rng.permutation(len(inside))]
        inside = inside[np.unique(posts["community_id"][inside], return_index=True)[1]]
        inside = inside[chance(rng, len(inside), b.PIN_PER_DAY)]
        community, t = posts["community_id"][inside], posts["t"][inside]
        rest = (day + 1) * DAY - t - MINUTE
        t = t + MINUTE // 2 + (rng.random(len(t)) * np.maximum(rest, 0)).astype(np.int64)
        moderator = self.communities.moderators_at(t, community)
        closes = before(self.communities.places["end"][community])
        end = np.minimum(own_end(rng, t, 0.3, 4), np.minimum(before(posts["end"][inside]), closes))
        end = np.minimum(end, before(self.world.people["leave"][np.maximum(moderator, 0)]))
        kept = (rest > 0) & (moderator >= 0) & (t < end - MICRO)
        community, t, moderator, end = community[kept], t[kept], moderator[kept], end[kept]
        pins = {
            "community_id": community, "post_id": posts["post_id"][inside][kept], "moderator_id": moderator,
            "position": rng.integers(1, 11, size=len(t)),
        }  # fmt: skip
        # the pin that is replaced is not taken off later
        since = np.full(len(self.communities.weights), NEVER)
        since[community] = t
        agenda.drop("pinned_post", day, lambda c: (c["op"] == DELETE) & (c["t"] >= since[c["community_id"]]))
        agenda.add("pinned_post", t, CREATE, **pins)
        agenda.add_where("pinned_post", end < NEVER, end, DELETE, **pins)
