"""Ads: who advertises what, for how long and what price, and to whom each is shown.

A few users advertise. Ads are shown between the things that people look at, to those who like their topic first, and
are clicked by few. An ad is paid by the thousand impressions (cpm) or by the click (cpc).
"""

from __future__ import annotations

import numpy as np

from clickvault.generator.draws import DAY, HOUR, MICRO, MINUTE, NEVER, chance, pick, stream
from clickvault.generator.rows import CREATE, DELETE, UPDATE, Agenda, Columns, join, rows, take
from clickvault.generator.social import behaviour as b
from clickvault.generator.social.behaviour import before
from clickvault.generator.social.money import currencies, in_currency
from clickvault.generator.social.pools import TITLES
from clickvault.generator.social.presence import Presence
from clickvault.generator.social.responses import REEL, STORY
from clickvault.generator.social.words import TOPICS
from clickvault.generator.social.world import INTERESTS, MONTH, World

PRICINGS = ("cpm", "cpc")
_CPC = PRICINGS.index("cpc")
SURFACES = ("feed", "story", "reel", "search")


class Ads:
    """All ads that were ever planned: advertiser, t, end, first and last day, topic, pricing, bid, later bid and since
    when, currency; `weights` is how much of each is shown, `rates` how many impressions are clicked."""

    def __init__(self, world: World, presence: Presence, first_day: int) -> None:
        """`first_day`: of the world, in days since 1970."""
        self.world = world
        self.presence = presence
        self.first_day = first_day
        none = np.empty(0, np.int64)
        self.ads: Columns = rows(
            none, advertiser=0, end=0, first=0, last=0, topic=0, pricing=0, bid=0, later=0, since=0, currency=0
        )
        self.weights = self.rates = np.empty(0)

    def plan(self, month: int, agenda: Agenda) -> None:
        """Put the month's ads on the agenda."""
        rng = stream(self.world.seed, "ads", month)
        people, low = self.world.people, month * MONTH * DAY
        # the same few in all months, of those who are there from the beginning and stay
        marks = stream(self.world.seed, "advertisers").random(self.world.cohorts[0][1])
        stays = np.flatnonzero((people["join"][: len(marks)] < 2 * HOUR) & (people["leave"][: len(marks)] == NEVER))
        some = stays[np.argsort(marks[stays])[: max(3, self.world.users // b.USERS_PER_ADVERTISER)]]
        count = max(6, self.world.users // b.USERS_PER_AD)
        if not len(some):  # a world of a handful
            return
        who = some[pick(rng, 1.0 / np.arange(1, len(some) + 1), count)]
        t = low + 3 * HOUR + (rng.random(count) ** 1.3 * (MONTH * DAY - 4 * HOUR)).astype(np.int64)
        if month == 0:  # some run from the first day on
            early = 2 * HOUR + (rng.random(count) * 4 * HOUR).astype(np.int64)
            t = np.where(np.arange(count) < max(3, count // 4), early, t)
        t, _ = self.presence.snap(rng, who, np.maximum(t, people["join"][who] + MINUTE))
        first_on = t // DAY + rng.integers(3, size=count) * chance(rng, count, 0.5)
        last_on = first_on + rng.integers(2, 22, size=count)
        stop = np.where(
            chance(rng, count, b.ADS_STOPPED), t + DAY + (rng.random(count) * 9 * DAY).astype(np.int64), NEVER
        )
        end = np.minimum(stop, before(people["leave"][who]))
        pricing = chance(rng, count, b.CPC_SHARE).astype(np.int64)
        currency = currencies(people["country"][who])
        bid = in_currency(np.where(pricing == _CPC, b.CPC_BID, b.CPM_BID) * rng.lognormal(0.0, 0.45, count), currency)
        since = t + HOUR + (rng.random(count) * 6 * DAY).astype(np.int64)
        changes = chance(rng, count, 0.2)
        later = np.where(changes, (bid * rng.uniform(0.7, 1.6, count)).astype(np.int64) // 10_000 * 10_000, bid)
        topic = people["interest_0"][who]
        made = rows(
            t, advertiser=who, end=end, first=first_on, last=last_on, topic=topic, pricing=pricing, bid=bid,
            later=later, since=since, currency=currency,
        )  # fmt: skip
        title = (people["language"][who] * len(TOPICS) + topic) * TITLES + rng.integers(TITLES, size=count)
        kept = np.flatnonzero((t < end - HOUR) & (t < (month + 1) * MONTH * DAY + 2 * DAY))
        made, title, changes = take(made, kept), title[kept], changes[kept]
        number = len(self.ads["t"]) + np.arange(len(kept))
        self.ads = join([self.ads, made])
        self.weights = np.concatenate([self.weights, rng.pareto(1.5, len(kept)) + 0.5])
        self.rates = np.concatenate([self.rates, np.minimum(b.CLICK_RATE * rng.lognormal(-0.18, 0.6, len(kept)), 0.2)])
        said = {
            "ad_id": number, "advertiser_id": made["advertiser"], "title": title, "topic": made["topic"],
            "pricing": made["pricing"], "bid_micros": made["bid"], "currency": made["currency"],
            "starts_on": self.first_day + made["first"], "ends_on": self.first_day + made["last"],
        }  # fmt: skip
        agenda.add("ad", made["t"], CREATE, **said)
        changed = changes & (made["since"] < made["end"] - MINUTE)
        said["bid_micros"] = np.where(changed, made["later"], made["bid"])
        agenda.add_where("ad", changed, made["since"], UPDATE, **said)
        agenda.add_where("ad", made["end"] < NEVER, made["end"], DELETE, **said)

    def show(self, day: int, agenda: Agenda) -> None:
        """Put the impressions and clicks on the agenda that come of what is looked at on a day."""
        rng = stream(self.world.seed, "impressions", day)
        ads = self.ads
        running = np.flatnonzero((ads["first"] <= day) & (day <= ads["last"]) & (ads["end"] > day * DAY))
        views = join(agenda.peek(day, "post_view"))
        if not len(running) or not views:
            return
        views = take(views, chance(rng, len(views["t"]), b.IMPRESSION_PER_VIEW))
        user, people = views["user_id"], self.world.people
        t = views["t"] + MICRO // 2 + np.minimum(views["dwell_ms"], 20_000) * 1000
        ad = running[pick(rng, self.weights[running], len(t))]
        for _ in range(2):  # another ad, where the user does not care for the topic of this one
            cares = np.zeros(len(t), dtype=np.bool_)
            for i in range(INTERESTS):
                cares |= people[f"interest_{i}"][user] == ads["topic"][ad]
            ad = np.where(cares, ad, running[pick(rng, self.weights[running], len(t))])
        shown = (ads["t"][ad] < t) & (t < ads["end"][ad] - MINUTE) & (t // DAY == day)
        shown &= (ads["advertiser"][ad] != user) & (t < people["leave"][user] - MINUTE)
        views, user, t, ad = take(views, shown), user[shown], t[shown], ad[shown]
        bid = np.where(t < ads["since"][ad], ads["bid"][ad], ads["later"][ad])
        by_click = ads["pricing"][ad] == _CPC
        kind = views["kind"]
        surface = np.select([kind == STORY, kind == REEL, views["surface"] == 3], [1, 2, 3], 0)
        said = {"ad_id": ad, "user_id": user, "currency": ads["currency"][ad]}
        agenda.add("ad_impression", t, CREATE, **said, surface=surface, cost_micros=np.where(by_click, 0, bid // 1000))
        clicked = chance(rng, len(t), self.rates[ad])
        when = t + MICRO + (rng.random(len(t)) * 20 * MICRO).astype(np.int64)
        agenda.add_where("ad_click", clicked, when, CREATE, **said, cost_micros=np.where(by_click, bid, 0))
