"""Content: the posts of a day, with their photos and videos, and what communities pin of them.

How long a post will last is drawn when it is made, and what depends on it ends with it: cascades need no second look.
What others do with the posts is in `responses`.
"""

from __future__ import annotations

import numpy as np

from generator import behaviour as b
from generator.audience import Audience
from generator.behaviour import SETTLE, before, own_end
from generator.communities import Communities
from generator.draws import DAY, HOUR, MICRO, MINUTE, NEVER, Floats, chance, pick, stream
from generator.pools import VARIANTS
from generator.responses import Responses
from generator.rows import ABSENT, CREATE, DELETE, UPDATE, Agenda, Columns, rows, size, take
from generator.words import TOPICS
from generator.world import INTERESTS, World

MEDIA_KINDS = ("photo", "video")


class Content:
    """Makes the content of one day after the other; keeps count of posts and media."""

    def __init__(self, world: World, communities: Communities, first_weekday: int) -> None:
        """`first_weekday`: of the world's first day, Monday is 0."""
        self.world = world
        self.communities = communities
        self.first_weekday = first_weekday
        self.responses = Responses(world)
        self.posts = self.media = 0

    def plan(self, day: int, audience: Audience, agenda: Agenda) -> None:
        """Put a day's posts and their consequences on the agenda."""
        seed = self.world.seed
        posts, reach = self._posts(stream(seed, "posts", day), day, audience, agenda)
        self._media(stream(seed, "media", day), day, posts, agenda)
        if size(posts):
            self.responses.plan(day, posts, reach, audience, agenda)
            self._pins(stream(seed, "pins", day), day, posts, agenda)

    # ── posts ────────────────────────────────────────────────────────────────────────────────────────────────

    def _posts(self, rng: np.random.Generator, day: int, audience: Audience, agenda: Agenda) -> tuple[Columns, Floats]:
        people, activity = self.world.people, self.world.activity
        today = (people["join"] < (day + 1) * DAY) & (people["leave"] > day * DAY)
        weights = activity * today
        usual = b.POSTS_A_DAY * float(weights.sum()) * b.weekday_factor(day, self.first_weekday)
        author = pick(rng, weights, int(rng.poisson(usual)))
        topic = np.full(len(author), ABSENT, dtype=np.int64)
        for spike in b.spikes(self.world.seed, day, len(TOPICS)):
            fans = sum(people[f"interest_{i}"] == spike.topic for i in range(INTERESTS)) * 4.0 + 0.2
            extra = pick(rng, weights * fans, int(rng.poisson(usual * spike.on(day))))
            author = np.concatenate([author, extra])
            topic = np.concatenate([topic, np.full(len(extra), spike.topic, dtype=np.int64)])
        count = len(author)
        t = day * DAY + b.time_of_day(rng, people["zone"][author])
        which = rng.integers(INTERESTS, size=count)
        own = np.choose(which, [people[f"interest_{i}"][author] for i in range(INTERESTS)])
        own = np.where((own < 0) | chance(rng, count, 0.15), rng.integers(len(TOPICS), size=count), own)
        community = np.where(chance(rng, count, 0.45), audience.membership(rng, author, t), ABSENT)
        places = self.communities.places
        inside = (community >= 0) & (topic < 0)
        own = np.where(inside & chance(rng, count, 0.85), places["topic"][np.maximum(community, 0)], own)
        topic = np.where(topic < 0, own, topic)
        language = np.where(chance(rng, count, 0.07), 0, people["language"][author])
        language = np.where(inside, places["language"][np.maximum(community, 0)], language)
        end = np.minimum(own_end(rng, t, b.POSTS_DELETED, 3), before(people["leave"][author]))
        # few posts are seen by very many: reach grows with the author's activity, times a power law
        reach = (0.4 + 0.6 * np.minimum(activity[author], 5)) * np.minimum(rng.pareto(2.2, count) * 0.72 + 0.4, 25)
        kept = (people["join"][author] + SETTLE < t) & (t < end - MICRO)
        order = np.flatnonzero(kept)[np.argsort(t[kept], kind="stable")]
        text = (language * len(TOPICS) + topic) * VARIANTS + rng.integers(VARIANTS, size=count)
        posts = take(
            rows(t, author_id=author, community_id=community, text=text, topic=topic, language=language, end=end), order
        )
        posts["post_id"] = self.posts + np.arange(len(order))
        self.posts += len(order)
        self._announce_posts(rng, posts, agenda)
        return posts, reach[order]

    @staticmethod
    def _announce_posts(rng: np.random.Generator, posts: Columns, agenda: Agenda) -> None:
        said = {k: posts[k] for k in ("post_id", "author_id", "community_id", "text", "topic", "language")}
        t, end = posts["t"], posts["end"]
        agenda.add("post", t, CREATE, **said)
        when = t + MINUTE + (rng.random(len(t)) ** 3 * 6 * HOUR).astype(np.int64)
        edited = chance(rng, len(t), 0.04) & (when < end - MICRO)
        other = said["text"] // VARIANTS * VARIANTS + rng.integers(VARIANTS, size=len(t))
        said["text"] = np.where(edited, other, said["text"])
        agenda.add_where("post", edited, when, UPDATE, **said)
        agenda.add_where("post", end < NEVER, end, DELETE, **said)

    def _media(self, rng: np.random.Generator, day: int, posts: Columns, agenda: Agenda) -> None:
        people = self.world.people
        loose = pick(rng, self.world.activity, int(rng.poisson(b.MEDIA_A_DAY * self.world.count)))
        loose_t = day * DAY + b.time_of_day(rng, people["zone"][loose])
        with_post = chance(rng, size(posts), b.MEDIA_A_POST)
        owner = np.concatenate([posts["author_id"][with_post], loose])
        t = np.concatenate([posts["t"][with_post] + MICRO // 5, loose_t])
        post = np.concatenate([posts["post_id"][with_post], np.full(len(loose), ABSENT)])
        bound = np.concatenate([before(posts["end"][with_post]), np.full(len(loose), NEVER)])
        end = np.minimum(bound, before(people["leave"][owner]))
        kept = (people["join"][owner] + SETTLE < t) & (t < end - MICRO)
        owner, t, post, end = owner[kept], t[kept], post[kept], end[kept]
        count = len(t)
        video = chance(rng, count, 0.22)
        side = np.array([480, 720, 1080, 1440, 2160])[rng.integers(5, size=count)]
        upright = chance(rng, count, 0.4)
        seconds = np.clip(rng.lognormal(3.0, 1.0, count), 1, 7_200)
        shown = {
            "media_id": self.media + np.arange(count), "owner_id": owner, "post_id": post,
            "kind": video.astype(np.int64),
            "bytes_size": (side * side * rng.uniform(0.3, 0.9, count) * np.where(video, seconds, 1)).astype(np.int64),
            "width": np.where(upright, side, side * 16 // 9), "height": np.where(upright, side * 16 // 9, side),
            "duration_ms": np.where(video, (seconds * 1000).astype(np.int64), ABSENT),
        }  # fmt: skip
        self.media += count
        agenda.add("media", t, CREATE, **shown)
        agenda.add_where("media", end < NEVER, end, DELETE, **shown)

    def _pins(self, rng: np.random.Generator, day: int, posts: Columns, agenda: Agenda) -> None:
        """A community pins one of the day's posts at most, on that day; it stays until it is taken off or replaced."""
        inside = np.flatnonzero(posts["community_id"] >= 0)
        inside = inside[rng.permutation(len(inside))]
        inside = inside[np.unique(posts["community_id"][inside], return_index=True)[1]]
        inside = inside[chance(rng, len(inside), b.PIN_A_DAY)]
        community, t = posts["community_id"][inside], posts["t"][inside]
        rest = (day + 1) * DAY - t - MINUTE
        t = t + MINUTE // 2 + (rng.random(len(t)) * np.maximum(rest, 0)).astype(np.int64)
        moderator = self.communities.moderators_at(t, community)
        closes = before(self.communities.places["end"][community])
        end = np.minimum(own_end(rng, t, 0.3, 4), np.minimum(before(posts["end"][inside]), closes))
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
