"""Responses: what people will ever do with the posts of a day: see, like, react, share, report, comment.

All of it is drawn when the posts are made, together with its end: by whoever did it, with the post (a reply: with the
comment that it answers), or when that person leaves.
"""

from __future__ import annotations

import numpy as np

from generator import behaviour as b
from generator.audience import FOLLOWER, FRIEND, MEMBER, STRANGER, Audience
from generator.behaviour import before, own_end
from generator.draws import HOUR, MICRO, MINUTE, NEVER, Floats, Ints, chance, pick, stream
from generator.pools import VARIANTS
from generator.rows import ABSENT, CREATE, DELETE, UPDATE, Agenda, Columns, size, take
from generator.words import TOPICS
from generator.world import World

SHARE_KINDS = ("repost", "quote")


class Responses:
    """Makes the responses to the posts of one day after the other; keeps count of comments."""

    def __init__(self, world: World) -> None:
        """Begin without comments."""
        self.world = world
        self.comments = 0

    def plan(self, day: int, posts: Columns, reach: Floats, audience: Audience, agenda: Agenda) -> None:
        """Put what follows from a day's posts on the agenda; `reach` is how widely each is seen, against the mean."""
        seed = self.world.seed
        self._views(stream(seed, "views", day), posts, reach, audience, agenda)
        self._comments(stream(seed, "comments", day), posts, reach, audience, agenda)

    def _views(
        self, rng: np.random.Generator, posts: Columns, reach: Floats, audience: Audience, agenda: Agenda
    ) -> None:
        at = np.repeat(np.arange(size(posts)), rng.poisson(b.VIEWS_A_POST * reach))
        t = posts["t"][at] + MICRO * 2 + b.view_delay(rng, len(at))
        who, why, there = audience.sample(rng, posts["author_id"][at], posts["community_id"][at], posts["topic"][at], t)
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

    def _span(self, rng: np.random.Generator, posts: Columns, at: Ints, t: Ints, who: Ints, share: float) -> Ints:
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

    def _share(self, rng: np.random.Generator, posts: Columns, at: Ints, t: Ints, who: Ints, agenda: Agenda) -> None:
        t = t + 4 * MICRO + (rng.random(len(t)) * MINUTE).astype(np.int64)
        kept = (t < posts["end"][at] - MICRO) & (t < self.world.people["leave"][who] - MICRO)
        t, at, who = t[kept], at[kept], who[kept]
        quote = chance(rng, len(t), 0.4)
        cell = self.world.people["language"][who] * len(TOPICS) + posts["topic"][at]
        text = np.where(quote, cell * VARIANTS + rng.integers(VARIANTS, size=len(t)), ABSENT)
        agenda.add("share", t, user_id=who, post_id=posts["post_id"][at], kind=quote.astype(np.int64), text=text)

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
