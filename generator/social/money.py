"""Money: what people pay in, and what creators get: subscriptions, donations, sponsorships.

Creators are those with many followers. Who subscribes follows them, and is charged at once and every 30 days. Amounts
are whole micros, and prices those of the payer's country.
"""

from __future__ import annotations

import numpy as np

from clickvault.generator.draws import DAY, HOUR, MICRO, MINUTE, NEVER, Bools, Floats, Ints, chance, pick, stream
from clickvault.generator.rows import ABSENT, CREATE, DELETE, UPDATE, Agenda, Columns, join, rows, take
from clickvault.generator.social import behaviour as b
from clickvault.generator.social.behaviour import SETTLE, after, before, own_end
from clickvault.generator.social.presence import Presence
from clickvault.generator.social.ties import Ties
from clickvault.generator.social.words import COUNTRIES, COUNTRY_CURRENCIES, CURRENCIES
from clickvault.generator.social.world import MONTH, World

TIERS = ("basic", "plus", "patron")
_CURRENCIES = np.array([CURRENCIES.index(COUNTRY_CURRENCIES.get(c[0], "EUR")) for c in COUNTRIES])
_RATES = np.array([b.RATES[c] for c in CURRENCIES])
_PRICES = np.array([b.PRICES[c] for c in CURRENCIES])


def currencies(country: Ints) -> Ints:
    """What people pay in, by country."""
    found: Ints = _CURRENCIES[country]
    return found


def in_currency(euros: Floats, currency: Ints) -> Ints:
    """Amounts in another currency: in micros, to the hundredth of its unit, yen to the unit."""
    grain = np.where(currency == CURRENCIES.index("JPY"), 1_000_000, 10_000)
    micros: Ints = (euros * _RATES[currency] * 1_000_000).astype(np.int64)
    return micros // grain * grain


class Money:
    """All subscriptions that were ever planned: subscriber, creator, t, end, tier, later tier and since when."""

    def __init__(self, world: World, presence: Presence, ties: Ties, first_day: int) -> None:
        """`first_day`: of the world, in days since 1970."""
        self.world = world
        self.presence = presence
        self.ties = ties
        self.first_day = first_day
        none = np.empty(0, np.int64)
        self.subscriptions: Columns = rows(none, a=0, b=0, end=0, tier=0, later=0, since=0)
        self.creates: Bools = np.empty(0, dtype=np.bool_)
        self._sponsored = np.empty(0, np.int64)

    def plan(self, month: int, agenda: Agenda) -> None:
        """Put the month's subscriptions, charges and sponsorships on the agenda."""
        follows = self.ties.follows
        fans = np.bincount(follows["b"], minlength=self.world.count)
        few = max(4, round(self.world.count * b.CREATORS))
        # ties in the number of followers are broken by age: the order is stable
        best = np.argsort(-fans, kind="stable")[:few]
        self.creates = np.concatenate([self.creates, np.zeros(self.world.count - len(self.creates), dtype=np.bool_)])
        self.creates[best] = True
        self._subscribe(stream(self.world.seed, "subscriptions", month), month, agenda)
        self._charge(month, agenda)
        self._sponsor(stream(self.world.seed, "sponsorships", month), month, best, agenda)

    def _subscribe(self, rng: np.random.Generator, month: int, agenda: Agenda) -> None:
        low, known = month * MONTH * DAY, self.subscriptions
        follows = take(self.ties.follows, self.creates[self.ties.follows["b"]])
        share = np.where(follows["t"] >= low, b.SUBSCRIBE, b.SUBSCRIBE_LATER)
        follows = take(follows, chance(rng, len(follows["t"]), share))
        once = ~np.isin(follows["a"] * (1 << 31) + follows["b"], known["a"] * (1 << 31) + known["b"])
        follows = take(follows, once & (follows["end"] > low))
        a, creator = follows["a"], follows["b"]
        t, _ = self.presence.snap(rng, a, after(rng, np.maximum(follows["t"], low), 4))
        end = np.minimum(own_end(rng, t, b.UNSUBSCRIBE, 30), before(follows["end"]))
        kept = (t < end - MINUTE) & (t < low + MONTH * DAY)
        a, creator, t, end = a[kept], creator[kept], t[kept], end[kept]
        tier = pick(rng, b.TIER_WEIGHTS, len(t))
        later = np.where(chance(rng, len(t), b.TIER_CHANGES), (tier + 1 + rng.integers(2, size=len(t))) % 3, tier)
        since, _ = self.presence.snap(rng, a, after(rng, t + HOUR, 12))
        changed = (later != tier) & (since < end - MINUTE)
        later = np.where(changed, later, tier)
        made = rows(t, a=a, b=creator, end=end, tier=tier, later=later, since=since)
        self.subscriptions = join([known, made])
        agenda.add("subscription", t, CREATE, **self._plan_of(made, tier))
        last = self._plan_of(made, later)
        agenda.add_where("subscription", changed, since, UPDATE, **last)
        agenda.add_where("subscription", end < NEVER, end, DELETE, **last)

    def _plan_of(self, made: Columns, tier: Ints) -> Columns:
        currency = currencies(self.world.people["country"][made["a"]])
        return {
            "subscriber_id": made["a"], "creator_id": made["b"], "tier": tier,
            "price_micros": _PRICES[currency, tier], "currency": currency,
        }  # fmt: skip

    def _charge(self, month: int, agenda: Agenda) -> None:
        """Each subscription is charged once in the 30 days of a month, a second after its beginning or renewal."""
        subs = self.subscriptions
        due = subs["t"] + (month - subs["t"] // (MONTH * DAY)) * MONTH * DAY
        subs, due = take(subs, due < subs["end"] - MINUTE), due[due < subs["end"] - MINUTE]
        tier = np.where(due < subs["since"], subs["tier"], subs["later"])
        plan = self._plan_of(subs, tier)
        starts = self.first_day + due // DAY
        agenda.add(
            "subscription_revenue", due + MICRO, CREATE, **{k: v for k, v in plan.items() if k != "price_micros"},
            amount_micros=plan["price_micros"], period_start=starts, period_end=starts + MONTH,
        )  # fmt: skip

    def _sponsor(self, rng: np.random.Generator, month: int, best: Ints, agenda: Agenda) -> None:
        people, low = self.world.people, month * MONTH * DAY
        count = max(4, self.world.users // b.USERS_PER_SPONSORSHIP)
        here = (people["join"] < low + DAY) & (people["leave"] > low + DAY)
        sponsor = pick(rng, here * self.world.activity, count)
        creator = best[rng.integers(len(best), size=count)]
        ready = np.maximum(people["join"][sponsor], people["join"][creator]) + SETTLE
        t = low + 3 * HOUR + (rng.random(count) * (MONTH * DAY - 4 * HOUR)).astype(np.int64)
        t[: max(2, count // 6)] = low + 3 * HOUR
        t, _ = self.presence.snap(rng, sponsor, np.maximum(t, ready))
        leave = before(np.minimum(people["leave"][sponsor], people["leave"][creator]))
        off = np.where(chance(rng, count, 0.1), after(rng, t + HOUR, 6), NEVER)
        end = np.minimum(off, leave)
        key = sponsor * (1 << 31) + creator
        real = (sponsor != creator) & (t < end - MINUTE) & ~np.isin(key, self._sponsored)
        which = np.flatnonzero(real)
        which = which[np.unique(key[which], return_index=True)[1]]
        self._sponsored = np.concatenate([self._sponsored, key[which]])
        sponsor, creator, t, end = sponsor[which], creator[which], t[which], end[which]
        currency = currencies(people["country"][sponsor])
        amount = in_currency(b.SPONSORSHIP * rng.lognormal(0.0, 0.7, len(t)), currency)
        starts = self.first_day + t // DAY + rng.integers(6, size=len(t))
        terms = {
            "sponsor_id": sponsor, "creator_id": creator, "amount_micros": amount, "currency": currency,
            "starts_on": starts, "ends_on": starts + rng.integers(7, 61, size=len(t)),
        }  # fmt: skip
        agenda.add("sponsorship", t, CREATE, **terms)
        when, _ = self.presence.snap(rng, sponsor, after(rng, t + HOUR, 5))
        changed = chance(rng, len(t), 0.2) & (when < end - MINUTE)
        terms["ends_on"] = terms["ends_on"] + np.where(changed, 7, 0)
        terms["amount_micros"] = np.where(changed, amount * 5 // 4 // 10_000 * 10_000, amount)
        agenda.add_where("sponsorship", changed, when, UPDATE, **terms)
        agenda.add_where("sponsorship", end < NEVER, end, DELETE, **terms)

    def give(self, day: int, agenda: Agenda) -> None:
        """Put the donations on the agenda that come of what is looked at on a day."""
        rng = stream(self.world.seed, "donations", day)
        views = join(agenda.peek(day, "post_view"))
        if not views:
            return
        views = take(views, self.creates[views["author"]])
        views = take(views, chance(rng, len(views["t"]), b.DONATION_PER_VIEW))
        t = views["t"] + 5 * MICRO + (rng.random(len(views["t"])) * 40 * MICRO).astype(np.int64)
        there = (t < views["until"]) & (t < self.world.people["leave"][views["author"]] - MICRO)
        views, t = take(views, there), t[there]
        currency = currencies(self.world.people["country"][views["user_id"]])
        euros = np.array(b.DONATIONS)[pick(rng, b.DONATION_WEIGHTS, len(t))].astype(float)
        for_post = chance(rng, len(t), 0.7)
        agenda.add(
            "donation", t, CREATE, donor_id=views["user_id"], creator_id=views["author"],
            post_id=np.where(for_post, views["post_id"], ABSENT), amount_micros=in_currency(euros, currency),
            currency=currency,
        )  # fmt: skip
