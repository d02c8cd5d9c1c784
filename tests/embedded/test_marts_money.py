"""The marts of money, computed again from the generator's files: advertising, what creators earn, revenue by user."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest

from clickvault.marts.build import find, stale_days
from clickvault.stores.clickhouse import rows
from tests.embedded.facts import ANNA, BEN, CLEO, D1, D2, D3, DAN, HERE, POST, THERE, Facts, at
from tests.embedded.history import Events, active_of, full
from tests.worlds import Event, World

Key = tuple[date, str, str]


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
        assert row["spend_per_mille"] == (pytest.approx(n["micros"] / 1000 / shown, rel=1e-9) if shown else None)
        assert row["cost_per_click"] == (pytest.approx(n["micros"] / 1e6 / clicks, rel=1e-9) if clicks else None)
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
        assert row["spend_per_mille"] == (pytest.approx(n["micros"] / 1000 / shown, rel=1e-9) if shown else None)
        assert row["cost_per_click"] == (pytest.approx(n["micros"] / 1e6 / clicks, rel=1e-9) if clicks else None)
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
    active = active_of(events)
    there = set(active)  # as it is now: days that are asked for below come into being empty
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
        assert (bool(row["complete"]), bool(row["month_complete"])) == (True, full(there, day, 30))
        assert row["arpdau"] == pytest.approx(total[day, currency] / 1e6 / row["dau"], rel=1e-9)
        assert row["arpu_30d"] == pytest.approx(earning[day, currency] / 1e6 / row["mau"], rel=1e-9)
    for what in (*sources, "arpdau", "arpu_30d"):
        assert any(r[what] > 0 for r in found.values()), f"no {what}: not tested"


# ── by hand ───────────────────────────────────────────────────────────────────────────────────────────────────

TERMS = "event_time sponsor_id creator_id amount_micros currency starts_on ends_on"


def test_a_deal_counts_by_its_newest_terms_until_it_is_called_off(facts: Facts) -> None:
    days = [D1 + timedelta(days=i) for i in range(7)]
    span = (days[0], days[6])
    facts.put(
        "sponsorship",
        f"{TERMS} op",
        (at(days[1]), ANNA, BEN, 10, "EUR", *span, "create"),  # made on the second day of its span
        (at(days[3]), ANNA, BEN, 20, "EUR", *span, "update"),
        (at(days[5]), ANNA, BEN, 20, "EUR", *span, "delete"),
        (at(days[0]), CLEO, BEN, 5, "EUR", days[2], days[3], "create"),
        (at(days[0]), DAN, BEN, 7, "USD", days[4], days[2], "create"),  # ends before it starts: never in force
        (at(days[2], 9), DAN, CLEO, 1, "EUR", days[2], days[2], "create"),
        (
            at(days[2], 9),
            DAN,
            CLEO,
            1,
            "EUR",
            days[2],
            days[2],
            "delete",
        ),  # at the same time: what its source gave later is the later one
    )
    facts.build("creator_revenue_daily", days[0], days[6])
    found = facts.ask("SELECT * FROM marts.v_creator_revenue_daily")
    shown = [(r["day"], r["creator_id"], r["currency"], r["deals"], r["sponsored"]) for r in found]
    # of 10 in 7 days: 1 1 2 1 2 1 2; of 20: 2 3 3 3 3 3 3; of 5 in 2 days: 2 3
    assert shown == [
        (days[1], BEN, "EUR", 1, units(1)),
        (days[2], BEN, "EUR", 2, units(2 + 2)),
        (days[3], BEN, "EUR", 2, units(3 + 3)),
        (days[4], BEN, "EUR", 1, units(3)),
    ]
    for day in (days[4], days[2]):  # a day by itself is the same
        facts.build("creator_revenue_daily", day, day + timedelta(days=1))
    assert facts.ask("SELECT * FROM marts.v_creator_revenue_daily") == found


def test_the_days_of_a_deal_add_up_to_its_amount(facts: Facts) -> None:
    """The largest amount that the contract allows, over a span that it does not divide by."""
    amount, last = 10**15, D1 + timedelta(days=30)
    facts.put(
        "sponsorship",
        TERMS,
        (at(D1, 0), ANNA, BEN, amount, "EUR", D1, last),
        (at(D1, 0), CLEO, BEN, 1, "JPY", D1, last),
    )
    facts.build("creator_revenue_daily", D1, last + timedelta(days=5))
    found = facts.ask(
        "SELECT currency, sum(sponsored) AS whole, min(sponsored) AS least, max(sponsored) AS most, count() AS n"
        " FROM marts.v_creator_revenue_daily GROUP BY currency ORDER BY currency"
    )
    assert [tuple(r.values()) for r in found] == [
        ("EUR", units(amount), units(amount // 31), units(amount // 31 + 1), 31),
        ("JPY", units(1), units(0), units(1), 31),
    ]


def test_terms_that_come_late_make_the_following_days_out_of_date(facts: Facts) -> None:
    s = facts.session
    mart = find(s.renderer, "creator_revenue_daily")
    facts.put("sponsorship", TERMS, (at(D1), ANNA, BEN, 10, "EUR", D1, D3))
    facts.put("donation", "event_time donor_id creator_id amount_micros currency", (at(D3), ANNA, BEN, 5, "EUR"))
    facts.build(mart.name)
    assert stale_days(s.ch, s.renderer, mart) == []
    facts.put("sponsorship", TERMS, (at(D2), CLEO, BEN, 10, "EUR", D1, D3))
    assert stale_days(s.ch, s.renderer, mart) == [D2, D3]


def test_revenue_of_a_day_without_users_and_of_users_without_revenue(facts: Facts) -> None:
    """On the second day only a deal runs; on the third, people are there and nobody pays; EUR and USD stay apart."""
    facts.put("donation", "event_time donor_id creator_id amount_micros currency", (at(D1), ANNA, BEN, 6, "USD"))
    facts.put("sponsorship", TERMS, (at(D1), CLEO, BEN, 4, "EUR", D2, D2))
    facts.put("like", "event_time user_id post_id", (at(D3), ANNA, POST), (at(D3), DAN, POST))
    for mart in ("platform_daily", "creator_revenue_daily", "ad_daily"):
        facts.build(mart)
    found = facts.ask("SELECT day, currency, total, dau, mau, arpdau, arpu_30d FROM marts.v_revenue_daily")
    assert [tuple(r.values()) for r in found] == [
        (D1, "USD", units(6), 2, 2, pytest.approx(3e-6), pytest.approx(3e-6)),
        (D2, "EUR", units(4), 0, 2, None, pytest.approx(2e-6)),
        (D3, "EUR", units(0), 2, 3, 0, pytest.approx(4e-6 / 3)),
        (D3, "USD", units(0), 2, 3, 0, pytest.approx(2e-6)),
    ]


def test_an_ad_that_nobody_declared_and_a_click_without_impressions(facts: Facts) -> None:
    columns = "event_time ad_id user_id cost_micros currency"
    facts.put("ad_impression", columns, (at(D1), HERE, ANNA, 1, "EUR"), (at(D1), HERE, ANNA, 2, "PLN"))
    facts.put("ad_click", columns, (at(D1), THERE, BEN, 3, "EUR"))
    facts.put(
        "ad",
        "event_time ad_id advertiser_id title topic",
        (at(D2), HERE, CLEO, "new", "music"),
        (at(D1), HERE, DAN, "old", "film"),
    )
    facts.build("ad_daily")
    found = facts.ask("SELECT * FROM marts.v_ad_daily ORDER BY ad_id, currency")
    assert [tuple(r.values())[1:] for r in found] == [
        (HERE, "EUR", CLEO, "new", "music", 1, 0, 0, 1, units(1), 0.001, None),
        (HERE, "PLN", CLEO, "new", "music", 1, 0, 0, 1, units(2), 0.002, None),
        (THERE, "EUR", None, None, None, 0, 1, None, 0, units(3), None, 3e-6),
    ]
