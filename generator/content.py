"""Content: the posts of a day, and everything that people will ever do with them.

When a post is made, all that follows from it is drawn: who sees it when, who likes, reacts, comments, shares, reports,
and when each of these ends. What depends on something ends with it so that cascades need no second look.
"""

from __future__ import annotations

import numpy as np

from generator import behaviour as b
from generator.audience import FOLLOWER, FRIEND, MEMBER, STRANGER, Audience
from generator.behaviour import SETTLE, before, own_end
from generator.communities import Communities
from generator.draws import DAY, HOUR, MICRO, MINUTE, NEVER, Floats, Ints, chance, pick, stream
from generator.pools import VARIANTS
from generator.rows import ABSENT, CREATE, DELETE, UPDATE, Agenda, Columns, rows, size, take
from generator.words import TOPICS
from generator.world import INTERESTS, World

PHOTO, VIDEO = 0, 1
MEDIA_KINDS = ("photo", "video")
SHARE_KINDS = ("repost", "quote")


class Content:
    """Makes the content of one day after the other; keeps count of posts, comments and media."""

    def __init__(self, world: World, communities: Communities, first_weekday: int) -> None:
        self.world = world
        self.communities = communities
        self.first_weekday = first_weekday
        self.posts = self.comments = self.media = 0

    def plan(self, day: int, audience: Audience, agenda: Agenda) -> None:
        """Put a day's posts and their consequences on the agenda."""
        seed = self.world.seed
        posts, reach = self._posts(stream(seed, "posts", day), day, audience, agenda)
        self._media(stream(seed, "media", day), day, posts, agenda)
        if size(posts):
            self._views(stream(seed, "views", day), posts, reach, audience, agenda)
            self._comments(stream(seed, "comments", day), posts, reach, audience, agenda)
            self._pins(stream(seed, "pins", day), day, posts, agenda)

    # ── posts ────────────────────────────────────────────────────────────────────────────────────────────────

    def _posts(
        self, rng: np.random.Generator, day: int, audience: Audience, agenda: Agenda
    ) -> tuple[Columns, Floats]:
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

    # ── what others do ───────────────────────────────────────────────────────────────────────────────────────

    def _views(
        self, rng: np.random.Generator, posts: Columns, reach: Floats, audience: Audience, agenda: Agenda
    ) -> None:
        at = np.repeat(np.arange(size(posts)), rng.poisson(b.VIEWS_A_POST * reach))
        t = posts["t"][at] + MICRO * 2 + b.view_delay(rng, len(at))
        who, why, there = audience.sample(
            rng, posts["author_id"][at], posts["community_id"][at], posts["topic"][at], t
        )
        there &= t < posts["end"][at] - MICRO
        at, t, who, why = at[there], t[there], who[there], why[there]
        count = len(at)
        dwell = np.minimum(rng.lognormal(8.3, 1.1, count), 3_600_000).astype(np.int64)
        u = rng.random(count)
        surface = np.select(
            [(why == FRIEND) | (why == FOLLOWER), why == MEMBER, why == STRANGER],
            [np.where(u < 0.85, 0, 1), np.where(u < 0.7, 2, 0), np.where(u < 0.5, 0, np.where(u < 0.8, 3, 4))],
        )
        post = posts["post_id"][at]
        agenda.add("post_view", t, user_id=who, post_id=post, dwell_ms=dwell, surface=surface)
        # who likes or reacts does so at the first look, while looking
        first = np.unique(at * (1 << 31) + who, return_index=True)[1]
        liked = first[chance(rng, len(first), b.LIKE_A_VIEW)]
        self._like(rng, posts, at[liked], t[liked], who[liked], dwell[liked], agenda)
        felt = first[chance(rng, len(first), b.REACTION_A_VIEW)]
        self._react(rng, posts, at[felt], t[felt], who[felt], dwell[felt], agenda)
        shared = chance(rng, count, b.SHARE_A_VIEW)
        self._share(rng, posts, at[shared], t[shared], who[shared], agenda)
        reported = np.flatnonzero(chance(rng, count, b.REPORT_A_VIEW))
        when, reporter, what = t[reported] + 9 * MICRO, who[reported], at[reported]
        seen = (when < posts["end"][what] - MICRO) & (when < self.world.people["leave"][reporter] - MICRO)
        when, reporter, what = when[seen], reporter[seen], what[seen]
        agenda.add(
            "report", when, reporter_id=reporter, post_id=posts["post_id"][what],
            community_id=posts["community_id"][what], reason=pick(rng, b.REASON_WEIGHTS, len(when)),
        )  # fmt: skip

    def _span(
        self, rng: np.random.Generator, posts: Columns, at: Ints, t: Ints, who: Ints, share: float
    ) -> Ints:
        """The end of what `who` does to posts at `t`: by themselves, with the post, or when they leave."""
        theirs = before(self.world.people["leave"][who])
        return np.minimum(np.minimum(own_end(rng, t, share, 3), before(posts["end"][at])), theirs)

    def _like(
        self, rng: np.random.Generator, posts: Columns, at: Ints, t: Ints, who: Ints, dwell: Ints, agenda: Agenda
    ) -> None:
        t = t + MICRO // 3 + np.minimum(dwell, 60_000) * 900
        end = self._span(rng, posts, at, t, who, b.LIKES_DELETED)
        kept = t < end - MICRO
        t, end, columns = t[kept], end[kept], {"user_id": who[kept], "post_id": posts["post_id"][at[kept]]}
        agenda.add("like", t, CREATE, **columns)
        agenda.add_where("like", end < NEVER, end, DELETE, **columns)

    def _react(
        self, rng: np.random.Generator, posts: Columns, at: Ints, t: Ints, who: Ints, dwell: Ints, agenda: Agenda
    ) -> None:
        t = t + MICRO // 4 + np.minimum(dwell, 60_000) * 800
        end = self._span(rng, posts, at, t, who, b.LIKES_DELETED)
        kept = t < end - MICRO
        t, end, who, at = t[kept], end[kept], who[kept], at[kept]
        feeling = pick(rng, b.REACTION_WEIGHTS, len(t))
        agenda.add("reaction", t, CREATE, user_id=who, post_id=posts["post_id"][at], reaction=feeling)
        when = t + 2 * MICRO + (rng.random(len(t)) ** 4 * HOUR).astype(np.int64)
        changed = chance(rng, len(t), 0.03) & (when < end - MICRO)
        other = (feeling + rng.integers(1, len(b.REACTIONS), size=len(t))) % len(b.REACTIONS)
        feeling = np.where(changed, other, feeling)
        columns = {"user_id": who, "post_id": posts["post_id"][at], "reaction": feeling}
        agenda.add_where("reaction", changed, when, UPDATE, **columns)
        agenda.add_where("reaction", end < NEVER, end, DELETE, **columns)

    def _share(
        self, rng: np.random.Generator, posts: Columns, at: Ints, t: Ints, who: Ints, agenda: Agenda
    ) -> None:
        t = t + 4 * MICRO + (rng.random(len(t)) * MINUTE).astype(np.int64)
        kept = (t < posts["end"][at] - MICRO) & (t < self.world.people["leave"][who] - MICRO)
        t, at, who = t[kept], at[kept], who[kept]
        quote = chance(rng, len(t), 0.4)
        cell = self.world.people["language"][who] * len(TOPICS) + posts["topic"][at]
        text = np.where(quote, cell * VARIANTS + rng.integers(VARIANTS, size=len(t)), ABSENT)
        agenda.add(
            "share", t, user_id=who, post_id=posts["post_id"][at], kind=quote.astype(np.int64), text=text
        )

    def _comments(
        self, rng: np.random.Generator, posts: Columns, reach: Floats, audience: Audience, agenda: Agenda
    ) -> None:
        people = self.world.people
        at = np.repeat(np.arange(size(posts)), rng.poisson(b.COMMENTS_A_POST * reach))
        t = posts["t"][at] + 5 * MICRO + b.comment_delay(rng, len(at))
        author = posts["author_id"][at]
        who, _, there = audience.sample(rng, author, posts["community_id"][at], posts["topic"][at], t)
        answers = chance(rng, len(at), 0.08)  # authors answer under their own posts
        who = np.where(answers, author, who)
        there |= answers
        end = self._span(rng, posts, at, t, np.maximum(who, 0), b.COMMENTS_DELETED)
        there &= t < end - MICRO
        order = np.flatnonzero(there)
        order = order[np.lexsort([t[order], at[order]])]
        at, t, who, end = at[order], t[order], who[order], end[order]
        # a reply is to an earlier comment of the same post, and ends with it
        count = len(at)
        first = np.searchsorted(at, at)
        rank = np.arange(count) - first
        replies = chance(rng, count, 0.35) & (rank > 0)
        parent = np.where(replies, first + (rng.random(count) * rank).astype(np.int64), ABSENT)
        replies &= t[parent] < t  # not in the same microsecond
        parent = np.where(replies, parent, ABSENT)
        while True:
            bound = np.where(replies, np.minimum(end, before(end[parent])), end)
            if (bound == end).all():
                break
            end = bound
        kept = t < end - MICRO  # a comment whose parent is gone is not made; nor are its replies
        number = np.cumsum(kept) - 1 + self.comments
        cell = np.where(chance(rng, count, 0.1), people["language"][who], posts["language"][at])
        text = (cell * len(TOPICS) + posts["topic"][at]) * VARIANTS + rng.integers(VARIANTS, size=count)
        said = {
            "comment_id": number, "post_id": posts["post_id"][at], "author_id": who,
            "parent_id": np.where(replies, number[parent], ABSENT), "text": text, "language": cell,
        }  # fmt: skip
        said = take(said, kept)
        t, end = t[kept], end[kept]
        self.comments += len(t)
        agenda.add("comment", t, CREATE, **said)
        when = t + 3 * MICRO + (rng.random(len(t)) ** 3 * HOUR).astype(np.int64)
        edited = chance(rng, len(t), 0.02) & (when < end - MICRO)
        other = said["text"] // VARIANTS * VARIANTS + rng.integers(VARIANTS, size=len(t))
        said["text"] = np.where(edited, other, said["text"])
        agenda.add_where("comment", edited, when, UPDATE, **said)
        agenda.add_where("comment", end < NEVER, end, DELETE, **said)

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


