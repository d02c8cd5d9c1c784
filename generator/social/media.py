"""Media: photos and videos with their small pictures, and the albums that hold them.

Media are uploaded for posts, stories and reels, into a new album, or just so. An album that is removed leaves its
media behind; they lie in none then.
"""

from __future__ import annotations

import numpy as np

from clickvault.generator.draws import MICRO, MINUTE, NEVER, Bools, Ints, Lists, chance, pick, stream
from clickvault.generator.rows import ABSENT, CREATE, DELETE, Agenda, Columns, join, rows, take
from clickvault.generator.social import behaviour as b
from clickvault.generator.social.behaviour import GAP, SETTLE, own_end
from clickvault.generator.social.pools import ALBUM_TITLES
from clickvault.generator.social.presence import Presence
from clickvault.generator.social.world import World

PHOTO_FORMATS, VIDEO_FORMATS = ("jpeg", "png", "webp", "heic"), ("mp4", "webm", "mov")
_SIDES = np.array([480, 720, 1080, 1440, 2160])


class Media:
    """Makes media; keeps count of them and of their small pictures, and all albums: owner, t, end."""

    def __init__(self, world: World, presence: Presence) -> None:
        """Begin without any."""
        self.world = world
        self.presence = presence
        self.count = self.thumbnails = 0
        self.albums: Columns = rows(np.empty(0, np.int64), owner=0, end=0)
        self._lists = Lists(np.empty(0, np.int64), world.count)

    def leaves(self, owner: Ints) -> Ints:
        """The latest end of the media of each owner: after what they published, before they leave."""
        leave = self.world.people["leave"][owner]
        return np.where(leave < NEVER, leave - GAP // 2, NEVER)

    def plan(self, day: int, agenda: Agenda) -> None:
        """A day's albums with their first media, and the media that belong to no post."""
        rng = stream(self.world.seed, "albums", day)
        weights = self.world.activity
        owner, t = self.presence.moments(rng, day, weights, int(rng.poisson(b.ALBUMS_PER_DAY * self.world.count)))
        end = np.minimum(own_end(rng, t, 0.08, 8), self.leaves(owner) + GAP // 8)
        kept = (self.world.people["join"][owner] + SETTLE < t) & (t < end - 10 * MINUTE)
        owner, t, end = owner[kept], t[kept], end[kept]
        number = len(self.albums["t"]) + np.arange(len(t))
        title = self.world.people["language"][owner] * ALBUM_TITLES + rng.integers(ALBUM_TITLES, size=len(t))
        card = {"album_id": number, "owner_id": owner, "title": title}
        card["visible_to"] = pick(rng, np.array([0.45, 0.45, 0.10]), len(t))
        agenda.add("album", t, CREATE, **card)
        agenda.add_where("album", end < NEVER, end, DELETE, **card)
        self.albums = join([self.albums, rows(t, owner=owner, end=end)])
        self._lists = Lists(self.albums["owner"], self.world.count)
        fill = np.repeat(np.arange(len(t)), 1 + rng.poisson(3, len(t)))
        when = t[fill] + MICRO + (rng.random(len(fill)) * 4 * MINUTE).astype(np.int64)
        loose, loose_t = self.presence.moments(
            rng, day, weights, int(rng.poisson(b.UPLOADS_PER_DAY * self.world.count))
        )
        ready = self.world.people["join"][loose] + SETTLE < loose_t
        loose, loose_t = loose[ready], loose_t[ready]
        who, when = np.concatenate([owner[fill], loose]), np.concatenate([when, loose_t])
        album = np.concatenate([number[fill], self.album_at(rng, loose, loose_t, 0.8)])
        end = np.minimum(own_end(rng, when, 0.04, 8), self.leaves(who))
        self.upload(rng, who, when, end, chance(rng, len(who), b.VIDEOS), album, agenda)

    def album_at(self, rng: np.random.Generator, owner: Ints, t: Ints, share: float) -> Ints:
        """For some of the owners an album of theirs that is there at a moment, or -1."""
        at = np.where(chance(rng, len(owner), share), self._lists.sample(rng, owner), ABSENT)
        if not len(self.albums["t"]):
            return at
        return np.where((at >= 0) & (self.albums["t"][at] < t) & (t < self.albums["end"][at] - MICRO), at, ABSENT)

    def upload(
        self, rng: np.random.Generator, owner: Ints, t: Ints, end: Ints, video: Bools, album: Ints, agenda: Agenda
    ) -> Ints:
        """Photos and videos with their small pictures, until `end`: returns their numbers, -1 for what would not last."""
        count = len(t)
        kept = t < end - MICRO
        number = np.where(kept, self.count + np.cumsum(kept) - 1, ABSENT)
        self.count += int(kept.sum())
        side, upright = _SIDES[rng.integers(5, size=count)], chance(rng, count, 0.4)
        seconds = np.clip(rng.lognormal(3.0, 1.0, count), 1, 7_200)
        file = {
            "media_id": number, "owner_id": owner, "album_id": album,
            "format": np.where(video, pick(rng, np.array([0.8, 0.1, 0.1]), count), pick(rng, np.array([0.6, 0.1, 0.2, 0.1]), count)),
            "bytes_size": (side * side * rng.uniform(0.3, 0.9, count) * np.where(video, seconds, 1)).astype(np.int64),
            "width": np.where(upright, side, side * 16 // 9), "height": np.where(upright, side * 16 // 9, side),
            "duration_ms": (seconds * 1000).astype(np.int64),
        }  # fmt: skip
        if len(self.albums["t"]):
            held = (album >= 0) & (end < self.albums["end"][album])
        else:
            held = np.zeros(count, dtype=np.bool_)
        last = {**file, "album_id": np.where(held, album, ABSENT)}
        for event_type, which in (("photo", kept & ~video), ("video", kept & video)):
            agenda.add_where(event_type, which, t, CREATE, **file)
            agenda.add_where(event_type, which & (end < NEVER), end, DELETE, **last)
        self._shrink(rng, take({"t": t, "end": end, "video": video.astype(np.int64), **file}, kept), agenda)
        return number

    def _shrink(self, rng: np.random.Generator, media: Columns, agenda: Agenda) -> None:
        """The service makes a small picture of a photo, two of a video, in a few seconds."""
        at = np.repeat(np.arange(len(media["t"])), 1 + media["video"])
        t = media["t"][at] + MICRO // 5 + (rng.random(len(at)) * 3 * MICRO).astype(np.int64)
        end = np.where(media["end"][at] < NEVER, media["end"][at] - GAP // 4, NEVER)
        at, t, end = at[t < end], t[t < end], end[t < end]
        longer = np.array([160, 320, 640])[rng.integers(3, size=len(at))]
        wide = media["width"][at] > media["height"][at]
        width, height = np.where(wide, longer, longer * 9 // 16), np.where(wide, longer * 9 // 16, longer)
        picture = {
            "thumbnail_id": self.thumbnails + np.arange(len(at)), "media_id": media["media_id"][at], "width": width,
            "height": height, "bytes_size": (width * height * rng.uniform(0.1, 0.3, len(at))).astype(np.int64) + 200,
        }  # fmt: skip
        self.thumbnails += len(at)
        agenda.add("thumbnail", t, CREATE, **picture)
        agenda.add_where("thumbnail", end < NEVER, end, DELETE, **picture)
