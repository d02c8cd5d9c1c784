"""The marts of money, computed again from the generator's files: advertising, what creators earn, revenue by user."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from clickvault.clickhouse import rows
from tests.worlds import Event, World

Key = tuple[date, str, str]
Events = dict[str, list[Event]]


def day_of(event: Event) -> date:
    return date.fromisoformat(event["event_time"][:10])


def days_of(events: Events) -> list[date]:
    """All days from the first event to the last."""
    there = {day_of(e) for some in events.values() for e in some}
    return [min(there) + timedelta(days=i) for i in range((max(there) - min(there)).days + 1)]


def units(micros: int) -> Decimal:
    return Decimal(micros) / 1_000_000


def test_ad_daily(world: World, events: Events) -> None:
    count: dict[Key, Counter[str]] = defaultdict(Counter)
    reach: dict[Key, set[str]] = defaultdict(set)
    for event_type in ("ad_impression", "ad_click"):
        for e in events[event_type]:
            key = (day_of(e), e["ad_id"], e["currency"])
            count[key][event_type] += 1
            count[key]["micros"] += e["cost_micros"]
            if event_type == "ad_impression":
                reach[key].add(e["user_id"])
    cards = {e["ad_id"]: e for e in events["ad"]}  # the newest last
    found = {
        (r["day"], str(r["ad_id"]), r["currency"]): r for r in rows(world.session.ch, "SELECT * FROM marts.v_ad_daily")
    }
    assert set(found) == set(count)
    for key, row in found.items():
        n, card = count[key], cards[key[1]]
        shown, clicks = n["ad_impression"], n["ad_click"]
        assert (str(row["advertiser_id"]), row["title"], row["topic"]) == (
            card["advertiser_id"], card["title"], card["topic"],
        )  # fmt: skip
        assert (row["impressions"], row["clicks"], row["reach"]) == (shown, clicks, len(reach[key])), key
        assert row["spend"] == units(n["micros"])
        assert row["ctr"] == (pytest.approx(clicks / shown, rel=1e-9) if shown else None)
        assert row["spend_a_mille"] == (pytest.approx(n["micros"] / 1000 / shown, rel=1e-9) if shown else None)
        assert row["cost_a_click"] == (pytest.approx(n["micros"] / 1e6 / clicks, rel=1e-9) if clicks else None)
    assert sum(n["ad_click"] for n in count.values()) > 0
    assert any(r["spend"] > 0 for r in found.values())
    assert any(0 < r["reach"] < r["impressions"] for r in found.values()), "nobody saw an ad twice: reach is not tested"


def test_advertising_daily(world: World, events: Events) -> None:
    count: dict[tuple[date, str], Counter[str]] = defaultdict(Counter)
    reach: dict[tuple[date, str], set[str]] = defaultdict(set)
    ads: dict[tuple[date, str], set[str]] = defaultdict(set)
    for event_type in ("ad_impression", "ad_click"):
        for e in events[event_type]:
            key = (day_of(e), e["currency"])
            count[key][event_type] += 1
            count[key]["micros"] += e["cost_micros"]
            ads[key].add(e["ad_id"])
            if event_type == "ad_impression":
                reach[key].add(e["user_id"])
    found = {(r["day"], r["currency"]): r for r in rows(world.session.ch, "SELECT * FROM marts.v_advertising_daily")}
    assert set(found) == set(count)
    for key, row in found.items():
        n = count[key]
        shown, clicks = n["ad_impression"], n["ad_click"]
        assert (row["impressions"], row["clicks"]) == (shown, clicks)
        assert (row["reach"], row["ads"], row["spend"]) == (len(reach[key]), len(ads[key]), units(n["micros"]))
        assert row["ctr"] == (pytest.approx(clicks / shown, rel=1e-9) if shown else None)
        assert row["spend_a_mille"] == (pytest.approx(n["micros"] / 1000 / shown, rel=1e-9) if shown else None)
        assert row["cost_a_click"] == (pytest.approx(n["micros"] / 1e6 / clicks, rel=1e-9) if clicks else None)
    assert max(len(a) for a in ads.values()) > 1, "never two ads on a day: the reach of several is not tested"


def sponsored(events: Events) -> tuple[Counter[Key], Counter[Key]]:
    """Deals in force, and the micros of them, by day, creator and currency."""
    deals: Counter[Key] = Counter()
    micros: Counter[Key] = Counter()
    terms: dict[tuple[str, str], Event] = {}
    waiting = list(events["sponsorship"])
    for day in days_of(events):
        while waiting and day_of(waiting[0]) <= day:
            e = waiting.pop(0)
            terms[e["sponsor_id"], e["creator_id"]] = e
        for e in terms.values():
            first, last = date.fromisoformat(e["starts_on"]), date.fromisoformat(e["ends_on"])
            if e["op"] != "delete" and first <= day <= last:
                key = (day, e["creator_id"], e["currency"])
                n, k = (last - first).days + 1, (day - first).days
                deals[key] += 1
                micros[key] += e["amount_micros"] * (k + 1) // n - e["amount_micros"] * k // n
    return deals, micros


def test_creator_revenue_daily(world: World, events: Events) -> None:
    deals, sponsorships = sponsored(events)
    count: dict[str, Counter[Key]] = {"donation": Counter(), "subscription_revenue": Counter()}
    micros: dict[str, Counter[Key]] = {"donation": Counter(), "subscription_revenue": Counter()}
    payers: dict[tuple[str, Key], set[str]] = defaultdict(set)
    for event_type, payer in (("donation", "donor_id"), ("subscription_revenue", "subscriber_id")):
        for e in events[event_type]:
            key = (day_of(e), e["creator_id"], e["currency"])
            count[event_type][key] += 1
            micros[event_type][key] += e["amount_micros"]
            payers[event_type, key].add(e[payer])
    found = {
        (r["day"], str(r["creator_id"]), r["currency"]): r
        for r in rows(world.session.ch, "SELECT * FROM marts.v_creator_revenue_daily")
    }
    assert set(found) == {*count["donation"], *count["subscription_revenue"], *deals}
    for key, row in found.items():
        assert (row["donations"], row["donors"]) == (count["donation"][key], len(payers["donation", key]))
        assert row["charges"] == count["subscription_revenue"][key]
        assert row["subscribers"] == len(payers["subscription_revenue", key])
        assert row["deals"] == deals[key], key
        parts = (micros["donation"][key], micros["subscription_revenue"][key], sponsorships[key])
        assert (row["donated"], row["charged"], row["sponsored"]) == tuple(map(units, parts)), key
        assert row["total"] == units(sum(parts))
    for what in ("donated", "charged", "sponsored"):
        assert any(r[what] > 0 for r in found.values()), f"nothing {what}: not tested"


def test_revenue_daily(world: World, events: Events) -> None:
    _, sponsorships = sponsored(events)
    sources: dict[str, Counter[tuple[date, str]]] = {
        what: Counter() for what in ("ads", "donations", "subscriptions", "sponsorships")
    }
    for (day, _, currency), n in sponsorships.items():
        sources["sponsorships"][day, currency] += n
    for event_type, what, amount in (
        ("ad_impression", "ads", "cost_micros"),
        ("ad_click", "ads", "cost_micros"),
        ("donation", "donations", "amount_micros"),
        ("subscription_revenue", "subscriptions", "amount_micros"),
    ):
        for e in events[event_type]:
            sources[what][day_of(e), e["currency"]] += e[amount]
    total: Counter[tuple[date, str]] = Counter()
    for some in sources.values():
        total.update(some)
    active: dict[date, set[str]] = defaultdict(set)
    for spec in world.session.renderer.registry.events.values():
        if spec.actor and spec.activity:
            for e in events[spec.event_type]:
                active[day_of(e)].add(e[spec.actor.name])
    found = {(r["day"], r["currency"]): r for r in rows(world.session.ch, "SELECT * FROM marts.v_revenue_daily")}
    earning = {
        (d, c): sum(total[d - timedelta(days=i), c] for i in range(30))
        for d in days_of(events)
        for c in {k[1] for k in total}
    }
    since = {c: min(d for d, currency in total if currency == c) for c in {k[1] for k in total}}
    assert set(found) == {(d, c) for d, c in earning if since[c] <= d <= since[c] + timedelta(days=29)}
    for (day, currency), row in found.items():
        for what, some in sources.items():
            assert row[what] == units(some[day, currency]), (day, currency, what)
        assert row["total"] == units(total[day, currency])
        month = set().union(*(active[day - timedelta(days=i)] for i in range(30)))
        assert (row["dau"], row["mau"]) == (len(active[day]), len(month))
        assert row["arpdau"] == pytest.approx(total[day, currency] / 1e6 / row["dau"], rel=1e-9)
        assert row["arpu_30d"] == pytest.approx(earning[day, currency] / 1e6 / row["mau"], rel=1e-9)
    for what in (*sources, "arpdau", "arpu_30d"):
        assert any(r[what] > 0 for r in found.values()), f"no {what}: not tested"
