"""Responses: what people will ever do with the posts of a day: see, like, react, share, report, comment.

All of it is drawn when the posts are made, together with its end: by whoever did it, with the post (a reply: with the
comment that it answers), or when that person leaves.
"""

from __future__ import annotations

import numpy as np

from clickvault.generator.draws import HOUR, MICRO, MINUTE, NEVER, Floats, Ints, chance, pick, stream
from clickvault.generator.rows import ABSENT, CREATE, DELETE, UPDATE, Agenda, Columns, rows, size, take
from clickvault.generator.social import behaviour as b
from clickvault.generator.social.audience import ANYBODY, CLOSE, FOLLOWER, FRIEND, MEMBER, STRANGER, Audience
from clickvault.generator.social.behaviour import before, own_end
from clickvault.generator.social.pools import VARIANTS
from clickvault.generator.social.presence import Presence
from clickvault.generator.social.words import TOPICS
from clickvault.generator.social.world import World

POST, STORY, REEL = 0, 1, 2
SHARED_TO = ("feed", "story", "message")


class Responses:
    """Makes the responses to the posts of one day after the other; keeps count of comments."""

    def __init__(self, world: World, presence: Presence) -> None:
        """Begin without comments."""
        self.world = world
        self.presence = presence
        self.comments = 0

    def plan(self, day: int, posts: Columns, reach: Floats, audience: Audience, agenda: Agenda) -> None:
        """Put what follows from a day's posts on the agenda; `reach` is how widely each is seen, against the mean."""
        seed = self.world.seed
        self._views(stream(seed, "views", day), posts, reach, audience, agenda)
        self._comments(stream(seed, "comments", day), posts, reach, audience, agenda)

    def _views(
        self, rng: np.random.Generator, posts: Columns, reach: Floats, audience: Audience, agenda: Agenda
    ) -> None:
        at = np.repeat(np.arange(size(posts)), rng.poisson(b.VIEWS_PER_POST * reach))
        why = audience.reasons(rng, posts["community_id"][at], posts["kind"][at] == REEL)
        delay = b.view_delay(rng, len(at))
        viral, spread = b.viral(rng, posts["kind"] == REEL, self.world.users)
        at, why = np.concatenate([at, viral]), np.concatenate([why, np.full(len(viral), ANYBODY)])
        t = posts["t"][at] + MICRO * 2 + np.concatenate([delay, spread])
        seen, views = self._look(rng, posts, at, why, t, audience, agenda)
        at, t, who, dwell = at[seen], views["t"], views["user_id"], views["dwell_ms"]
        count = len(at)
        # who likes or reacts does so at the first look, while looking
        first = np.unique(at * (1 << 31) + who, return_index=True)[1]
        liked = first[chance(rng, len(first), b.LIKE_PER_VIEW)]
        self._like(rng, posts, at[liked], t[liked], who[liked], dwell[liked], agenda)
        felt = first[chance(rng, len(first), b.REACTION_PER_VIEW)]
        self._react(rng, posts, at[felt], t[felt], who[felt], dwell[felt], agenda)
        shared = chance(rng, count, b.SHARE_PER_VIEW)
        self._share(rng, posts, at[shared], t[shared], who[shared], agenda)
        reported = np.flatnonzero(chance(rng, count, b.REPORT_PER_VIEW))
        when, reporter, what = t[reported] + 9 * MICRO, who[reported], at[reported]
        there = (when < posts["end"][what] - MICRO) & (when < self.world.people["leave"][reporter] - MICRO)
        when, reporter, what = when[there], reporter[there], what[there]
        agenda.add(
            "report", when, reporter_id=reporter, post_id=posts["post_id"][what],
            community_id=posts["community_id"][what], reason=pick(rng, b.REASON_WEIGHTS, len(when)),
        )  # fmt: skip

    def plan_stories(self, day: int, stories: Columns, audience: Audience, agenda: Agenda) -> None:
        """Put the looks at a day's stories on the agenda, and what some feel: those of close friends or of all ties."""
        rng = stream(self.world.seed, "story views", day)
        at = np.repeat(np.arange(size(stories)), rng.poisson(b.VIEWS_PER_STORY, size(stories)))
        tied = np.where(chance(rng, len(at), 0.7), FRIEND, FOLLOWER)
        why = np.where(stories["audience"][at] > 0, CLOSE, tied).astype(np.int64)
        t = stories["t"][at] + MICRO * 2 + b.story_delay(rng, len(at))
        seen, views = self._look(rng, stories, at, why, t, audience, agenda)
        felt = chance(rng, size(views), b.STORY_REACTION_PER_VIEW)
        felt &= np.isin(
            np.arange(size(views)), np.unique(at[seen] * (1 << 31) + views["user_id"], return_index=True)[1]
        )
        views = take(views, felt)
        self._react(rng, stories, at[seen][felt], views["t"], views["user_id"], views["dwell_ms"], agenda)

    def _look(
        self, rng: np.random.Generator, posts: Columns, at: Ints, why: Ints, t: Ints, audience: Audience, agenda: Agenda
    ) -> tuple[Ints, Columns]:
        """Put looks at posts on the agenda: which of them come about, and their rows, by post, person and time.

        The rows tell further what is looked at (`kind`, `topic`, `author`) and `until` when, for what is made of looks
        on their day.
        """
        author, topic = posts["author_id"][at], posts["topic"][at]
        who, t, there = audience.sample(rng, why, author, posts["community_id"][at], topic, t)
        there &= (t < posts["end"][at] - MICRO) & (t - posts["t"][at] < b.VIEW_HORIZON - 10 * MINUTE)
        seen = np.flatnonzero(there)
        seen = seen[np.lexsort([t[seen], who[seen], at[seen]])]
        # most look once: of the later looks of somebody at something few are kept
        again = (np.diff(at[seen], prepend=-1) == 0) & (np.diff(who[seen], prepend=-1) == 0)
        seen = seen[~again | chance(rng, len(seen), b.LOOKS_AGAIN)]
        at, t, who, why = at[seen], t[seen], who[seen], why[seen]
        dwell = np.minimum(rng.lognormal(8.3, 1.1, len(at)), 3_600_000).astype(np.int64)
        u = rng.random(len(at))
        surface = np.select(
            [why == MEMBER, why == STRANGER, why == ANYBODY],
            [
                np.where(u < 0.7, 2, 0), np.where(u < 0.5, 0, np.where(u < 0.8, 3, 4)),
                np.where(u < 0.6, 0, np.where(u < 0.7, 3, 4)),
            ], np.where(u < 0.85, 0, 1),
        )  # fmt: skip
        views = rows(
            t, user_id=who, post_id=posts["post_id"][at], dwell_ms=dwell, surface=surface, kind=posts["kind"][at],
            topic=topic[seen], author=author[seen],
            until=np.minimum(posts["end"][at], self.world.people["leave"][who]) - MICRO,
        )  # fmt: skip
        agenda.add("post_view", t, CREATE, **{k: v for k, v in views.items() if k not in ("t", "op")})
        return seen, views

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
        quote = chance(rng, len(t), b.QUOTES)
        cell = self.world.people["language"][who] * len(TOPICS) + posts["topic"][at]
        agenda.add_where(
            "share", ~quote, t, CREATE, user_id=who, post_id=posts["post_id"][at],
            shared_to=pick(rng, b.SHARED_TO_WEIGHTS, len(t)),
        )  # fmt: skip
        agenda.add_where(
            "quote", quote, t, CREATE, user_id=who, post_id=posts["post_id"][at],
            text=cell * VARIANTS + rng.integers(VARIANTS, size=len(t)), language=self.world.people["language"][who],
        )  # fmt: skip

    def _comments(
        self, rng: np.random.Generator, posts: Columns, reach: Floats, audience: Audience, agenda: Agenda
    ) -> None:
        people = self.world.people
        at = np.repeat(np.arange(size(posts)), rng.poisson(b.COMMENTS_PER_POST * reach))
        t = posts["t"][at] + 5 * MICRO + b.comment_delay(rng, len(at))
        author = posts["author_id"][at]
        why = audience.reasons(rng, posts["community_id"][at], posts["kind"][at] == REEL)
        who, when, there = audience.sample(rng, why, author, posts["community_id"][at], posts["topic"][at], t)
        answers = chance(rng, len(at), 0.08)  # authors answer under their own posts
        back, comes = self.presence.snap(rng, author, t)
        who, t, there = np.where(answers, author, who), np.where(answers, back, when), np.where(answers, comes, there)
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
        reply = said["parent_id"] >= 0
        for event_type, which in (("comment", ~reply), ("reply", reply)):
            agenda.add_where(event_type, which, t, CREATE, **said)
        when = t + 3 * MICRO + (rng.random(len(t)) ** 3 * HOUR).astype(np.int64)
        edited = chance(rng, len(t), 0.02) & (when < end - MICRO)
        other = said["text"] // VARIANTS * VARIANTS + rng.integers(VARIANTS, size=len(t))
        said["text"] = np.where(edited, other, said["text"])
        for event_type, which in (("comment", ~reply), ("reply", reply)):
            agenda.add_where(event_type, which & edited, when, UPDATE, **said)
            agenda.add_where(event_type, which & (end < NEVER), end, DELETE, **said)
