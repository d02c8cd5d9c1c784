"""Cases that a living world seldom has, by hand: equal times, people who move, posts that are filed anew, days' edges."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from clickvault.contract import Registry
from clickvault.marts import build as marts
from clickvault.session import Session
from clickvault.sql.render import Renderer
from clickvault.stores import clickhouse
from tests.embedded.facts import ANNA, BEN, CLEO, D1, D2, D3, DAN, HERE, OTHER, POST, THERE, Facts, at
from tests.unit import test_activity as activity


def test_an_event_counts_where_its_actor_was(facts: Facts) -> None:
    facts.put(
        "user",
        "event_time user_id country language event_id",
        (at(D1, 8), ANNA, "DE", "de", UUID(int=1001)),
        (at(D2, 12), ANNA, "IT", "it", UUID(int=1003)),
        (at(D2, 12), ANNA, "FR", "fr", UUID(int=1002)),  # at the same time: what its source gave later is what counts
        (at(D1, 8), BEN, "DE", "de", UUID(int=1004)),
    )
    facts.put(
        "post_view",
        "event_time user_id post_id",
        (at(D2, 12, -1), ANNA, POST),
        (at(D2, 12), ANNA, POST),
        (at(D2, 13), BEN, POST),
        (at(D2, 13), CLEO, POST),  # nobody knows her
        (at(D3), ANNA, POST),
    )
    facts.build("platform_daily")
    found = facts.ask("SELECT day, country, language, views, dau, wau FROM marts.v_platform_segment_daily ORDER BY ALL")
    assert [tuple(r.values()) for r in found] == [
        (D1, "DE", "de", 0, 2, 2),
        (D2, "DE", "de", 2, 2, 2),
        (D2, "FR", "fr", 1, 1, 1),
        (D2, "unknown", "unknown", 1, 1, 1),
        (D3, "DE", "de", 0, 0, 2),
        (D3, "FR", "fr", 1, 1, 1),
        (D3, "unknown", "unknown", 0, 0, 1),
    ]
    found = facts.ask("SELECT day, views, new_users, dau, wau, stickiness FROM marts.v_platform_daily ORDER BY day")
    assert [tuple(r.values()) for r in found] == [(D1, 0, 2, 2, 2, 1), (D2, 4, 2, 3, 3, 1), (D3, 1, 0, 1, 3, 1 / 3)]


def test_someone_who_was_somewhere_else_makes_later_days_out_of_date(facts: Facts) -> None:
    """What is in force is part of what a day is made from: a late move counts on the days after it, too."""
    facts.put("user", "event_time user_id country language", (at(D1), ANNA, "DE", "de"))
    facts.put("post_view", "event_time user_id post_id", *((at(d), ANNA, POST) for d in (D1, D2, D3)))
    s = facts.session
    mart = marts.find(s.renderer, "platform_daily")
    facts.build("platform_daily")
    assert marts.stale_days(s.ch, s.renderer, mart) == []
    facts.put("post_view", "event_time user_id post_id", (at(D2), BEN, POST))
    assert marts.stale_days(s.ch, s.renderer, mart) == [D2]
    facts.put("user", "event_time user_id country language", (at(D2), ANNA, "FR", "fr"))
    assert marts.stale_days(s.ch, s.renderer, mart) == [D2, D3]
    facts.put("user_status", "event_time user_id status device", (at(D1), ANNA, "online", "web"))
    assert marts.stale_days(s.ch, s.renderer, mart) == [D2, D3], "a ping is not read by this mart"


STEPS = ("post_view", "like", "comment", "share")


def funnel(facts: Facts, day: date) -> tuple[int, ...]:
    found = facts.ask(
        f"SELECT viewed, reacted, commented, shared FROM marts.v_funnel_daily WHERE day = '{day}'"
    )  # a day without views has no row
    return tuple(found[0].values()) if found else (0, 0, 0, 0)


def act(facts: Facts, step: int, *when: tuple[datetime, UUID]) -> None:
    actor = facts.session.renderer.registry.event(STEPS[step]).actor
    assert actor is not None
    facts.put(STEPS[step], f"event_time {actor.name} post_id", *((t, who, POST) for t, who in when))


def test_a_funnel_goes_step_by_step_within_a_day(facts: Facts) -> None:
    # all at one microsecond, stored in another order: they count in the order of the steps
    for step in (3, 1, 2, 0):
        act(facts, step, (at(D1), ANNA))
    # a like before the view counts for nothing, until there is another behind it
    act(facts, 1, (at(D1, 9), BEN))
    act(facts, 0, (at(D1, 9, 1), BEN))
    act(facts, 2, (at(D1, 10), BEN))
    # a share without a comment is not the last step; a view between two steps takes nothing back
    act(facts, 0, (at(D1, 9), CLEO), (at(D1, 11), CLEO))
    act(facts, 1, (at(D1, 11, -1), CLEO))
    act(facts, 3, (at(D1, 12), CLEO))
    # the day ends at midnight
    act(facts, 0, (at(D1, 23, 3_600_000_000 - 1), DAN))
    act(facts, 1, (at(D2, 0), DAN))
    facts.build("funnel_daily")
    assert funnel(facts, D1) == (4, 2, 1, 1)
    assert funnel(facts, D2) == (0, 0, 0, 0)


def test_a_funnel_is_a_chain_of_times_that_do_not_fall(facts: Facts) -> None:
    """Against the definition, on many short days with few different times."""
    chance = random.Random(5)
    expected = [0, 0, 0, 0]
    taken: dict[int, list[tuple[datetime, UUID]]] = {step: [] for step in range(4)}
    for person in range(400):
        times: dict[int, list[int]] = {step: [] for step in range(4)}
        for _ in range(chance.randint(1, 9)):
            times[chance.randrange(4)].append(chance.randrange(6))
        reached, now = 0, 0
        while reached < 4 and (later := [t for t in times[reached] if t >= now]):
            now, reached = min(later), reached + 1
            expected[reached - 1] += 1
        for step, some in times.items():
            taken[step] += [(at(D1, 12, t), UUID(int=5000 + person)) for t in some]
    for step, acts in taken.items():
        chance.shuffle(acts)
        act(facts, step, *acts)
    facts.build("funnel_daily")
    assert funnel(facts, D1) == tuple(expected)
    assert min(expected) > 5


def test_sessions_end_at_the_next_status(facts: Facts) -> None:
    columns = "event_time user_id status device"
    second = 1_000_000
    facts.put(
        "user_status",
        columns,
        (at(D1, 23), ANNA, "online", "ios"),
        (at(D2, 1), ANNA, "offline", "web"),  # over midnight: counted on the second day, by the device it began on
        (at(D2, 2), ANNA, "offline", "web"),  # ends nothing
        (at(D2, 3), ANNA, "online", "web"),
        (at(D2, 3, 10 * second), ANNA, "online", "ios"),  # ends the one, begins another
        (at(D2, 3, 10 * second), ANNA, "offline", "ios"),  # at once: a session of no time
        (at(D2, 4), BEN, "online", "web"),
        (at(D3, 4), CLEO, "online", "web"),  # without an end: none
    )
    facts.put(
        "user_status",
        columns,
        (at(D2, 4, 20 * second), BEN, "online", "web"),  # its device can not be told any more: ends, and begins nothing
        op="delete",
    )
    facts.put("user_status", columns, (at(D2, 5), BEN, "offline", "web"))
    facts.build("session_daily")
    whole = facts.ask("SELECT * FROM marts.v_session_device_daily ORDER BY day, device")
    assert [(r["day"], r["device"], r["sessions"], r["users"]) for r in whole] == [(D2, "ios", 2, 1), (D2, "web", 2, 2)]
    assert [r["mean_seconds"] for r in whole] == [3600, 15]
    for row, lengths in zip(whole, ([3600.0, 0.0], [10.0, 20.0]), strict=True):
        assert within_one_per_cent(row["p90_seconds"], lengths, 0.9), row
    (day,) = facts.ask("SELECT * FROM marts.v_session_daily")
    assert (day["sessions"], day["users"], day["sessions_per_user"]) == (4, 2, 2)
    for start in (D3, D2, D1):  # each day by itself sees the session that began before it
        facts.build("session_daily", start, start + timedelta(days=1))
    assert facts.ask("SELECT * FROM marts.v_session_device_daily ORDER BY day, device") == whole


def test_quantiles_of_sessions_are_within_one_per_cent(facts: Facts) -> None:
    """From nothing to a week, each second rank and each third user; the state is merged from parts of devices."""
    seconds = sorted([0.0, 0.000001, 0.5, 604_800.0, *(1.07**n for n in range(150))])
    statuses = []
    for n, length in enumerate(seconds):
        statuses.append((at(D1, 0), UUID(int=n + 1), "online", ("ios", "android", "web")[n % 3]))
        statuses.append((at(D1, 0, round(length * 1e6)), UUID(int=n + 1), "offline", "web"))
    facts.put("user_status", "event_time user_id status device", *statuses)
    facts.build("session_daily", D1, D1 + timedelta(days=8))
    by_day: dict[date, list[float]] = {}
    for length in seconds:
        by_day.setdefault(at(D1, 0, round(length * 1e6)).date(), []).append(round(length, 6))
    found = {r["day"]: r for r in facts.ask("SELECT * FROM marts.v_session_daily")}
    assert set(found) == set(by_day)
    for day, some in by_day.items():
        assert found[day]["mean_seconds"] == pytest.approx(sum(some) / len(some))
        for q, name in ((0.5, "median_seconds"), (0.9, "p90_seconds")):
            assert within_one_per_cent(found[day][name], some, q), (day, name, found[day][name])


def within_one_per_cent(value: float, sample: list[float], q: float) -> bool:
    """Whether `value` is within 1 % of the sample's element at rank q (n - 1), rounded to either side."""
    ordered, rank = sorted(sample), q * (len(sample) - 1)
    low, high = ordered[int(rank)], ordered[min(int(rank) + 1, len(sample) - 1)]
    return low * 0.99 - 1e-9 <= value <= high * 1.01 + 1e-9


def test_a_post_that_is_filed_anew_takes_its_later_acts_with_it(facts: Facts) -> None:
    facts.put("community_topic", "event_time topic_id community_id title", (at(D1, 7), HERE, OTHER, "first"))
    facts.put("community_topic", "event_time topic_id community_id title", (at(D3, 7), HERE, OTHER, "renamed"))
    facts.put(
        "post",
        "event_time post_id author_id topic topic_id op",
        (at(D1, 8), POST, ANNA, "music", HERE, "create"),
        (at(D2, 8), POST, ANNA, "film", THERE, "update"),
    )
    facts.put(
        "comment",
        "event_time post_id author_id",
        (at(D1, 8, -1), POST, BEN),  # before the post: of nothing that is known
        (at(D1, 8), POST, BEN),
        (at(D2, 8, -1), POST, BEN),
        (at(D2, 8), POST, BEN),
        (at(D2, 9), OTHER, BEN),
    )
    facts.put("like", "event_time post_id user_id", (at(D2, 9), POST, CLEO))
    facts.put("like", "event_time post_id user_id", (at(D2, 10), POST, CLEO), op="delete")
    facts.build("topic_daily")
    found = facts.ask(
        "SELECT day, topic, posts, comments, reactions, participants, discussion_rank FROM marts.v_topic_daily"
    )
    assert [tuple(r.values()) for r in found] == [
        (D1, "music", 1, 1, 0, 2, 1),
        (D2, "film", 0, 1, 1, 2, 1),
        (D2, "music", 0, 1, 0, 1, 1),
    ]
    found = facts.ask(
        "SELECT day, topic_id, title, community_id, discussion FROM marts.v_community_topic_daily ORDER BY day, topic_id"
    )
    assert [tuple(r.values()) for r in found] == [
        (D1, HERE, "renamed", OTHER, 1),
        (D2, HERE, "renamed", OTHER, 1),
        (D2, THERE, "unknown", None, 1),
    ]


def test_a_cohort_is_of_the_week_of_the_first_account(facts: Facts) -> None:
    sunday, monday = D1 - timedelta(days=1), D1
    facts.put(
        "user",
        "event_time user_id country language op",
        (at(sunday, 23), ANNA, "DE", "de", "create"),
        (at(monday + timedelta(days=9)), ANNA, "DE", "de", "delete"),
        (at(monday + timedelta(days=10)), ANNA, "DE", "de", "create"),  # back again: still of her first week
        (at(monday, 0), BEN, "DE", "de", "create"),
    )
    facts.put(
        "post_view",
        "event_time user_id post_id",
        (at(sunday, 1), BEN, POST),  # the day before he joined
        (at(sunday, 1), CLEO, POST),  # never joined
        (at(monday + timedelta(days=16)), BEN, POST),
    )
    facts.build("cohort_weekly", sunday, monday + timedelta(days=20))
    found = facts.ask("SELECT * FROM marts.v_cohort_weekly")
    shown = [(r["cohort_week"], r["weeks_after"], r["users"], r["active_users"]) for r in found]
    before = monday - timedelta(days=7)
    assert shown == [
        (before, 0, 1, 1), (before, 1, 1, 0), (before, 2, 1, 1), (before, 3, 1, 0),
        (monday, 0, 1, 1), (monday, 1, 1, 0), (monday, 2, 1, 1),
    ]  # fmt: skip
    assert {r["week"] for r in found if not r["complete"]} >= {monday + timedelta(days=14)}, "its Sunday is not there"
    assert all(r["week"] == r["cohort_week"] + timedelta(weeks=r["weeks_after"]) for r in found)


def test_a_four_weeks_window_holds_28_days(facts: Facts) -> None:
    facts.put("post_view", "event_time user_id post_id", (at(D1), ANNA, POST), (at(D1, 13), ANNA, POST))
    facts.put("post_view", "event_time user_id post_id", (at(D1 + timedelta(days=27)), ANNA, POST))
    facts.put("post_view", "event_time user_id post_id", (at(D1 + timedelta(days=28)), BEN, POST))
    facts.build("user_activity_daily", D1, D1 + timedelta(days=29))
    found = facts.ask("SELECT * FROM marts.v_activity_days")
    last = {r["day"]: (r["active_days"], r["users"], r["share"]) for r in found}
    assert last[D1 + timedelta(days=26)] == (1, 1, 1)
    assert last[D1 + timedelta(days=27)] == (2, 1, 1)
    assert last[D1 + timedelta(days=28)] == (1, 2, 1), "the first day is out of the window"
    assert Counter(r["day"] for r in found) == dict.fromkeys((D1 + timedelta(days=i) for i in range(29)), 1)


def test_a_moderator_load_needs_moderators(facts: Facts) -> None:
    facts.put("community", "event_time community_id name topic language", (at(D1, 1), HERE, "Here", "music", "de"))
    facts.put("group", "event_time community_id parent_id name", (at(D1, 1), THERE, HERE, "There"))
    facts.put("post", "event_time post_id author_id community_id", (at(D1, 2), POST, ANNA, HERE))
    facts.put("post", "event_time post_id author_id community_id", (at(D1, 2), OTHER, ANNA, THERE))
    facts.put("report", "event_time post_id reporter_id", *((at(D1, 3), POST, who) for who in (BEN, CLEO, DAN)))
    facts.put("report", "event_time post_id reporter_id", (at(D1, 3), OTHER, BEN))
    facts.put("group_moderator", "event_time user_id community_id", (at(D1, 1), BEN, HERE), (at(D1, 1), CLEO, HERE))
    facts.build("community_daily", D1, D1 + timedelta(days=1))
    found = facts.ask(
        "SELECT name, parent_id, topic, language, reports, moderators, moderator_load FROM marts.v_community_daily ORDER BY name"
    )
    assert [tuple(r.values()) for r in found] == [
        ("Here", None, "music", "de", 3, 2, 1.5),
        ("There", HERE, "music", "de", 1, 0, None),
    ]


# ── days without events ───────────────────────────────────────────────────────────────────────────────────────

LONG_AGO = date(2000, 1, 1)


def a_few_days(facts: Facts, *days: date) -> None:
    """Something on each day: people, ties, a community, posts, money."""
    for n, day in enumerate(days):
        facts.put("user", "event_time user_id country language", (at(day, 1), UUID(int=100 + n), "DE", "de"))
        facts.put("friend", "event_time user_id friend_id", (at(day, 2), UUID(int=100 + n), ANNA))
        facts.put("group_member", "event_time user_id community_id", (at(day, 3), UUID(int=100 + n), HERE))
        facts.put("post", "event_time post_id author_id community_id", (at(day, 4), UUID(int=200 + n), ANNA, HERE))
        facts.put("like", "event_time user_id post_id", (at(day, 5), UUID(int=100 + n), UUID(int=200 + n)))
        facts.put("donation", "event_time donor_id creator_id amount_micros currency", (at(day), ANNA, BEN, 5, "EUR"))


def rebuilt(facts: Facts) -> dict[str, int]:
    """How many days of each mart are out of date, and are built."""
    found = {b.mart: b.days for b in marts.build(facts.session.ch, facts.session.renderer)}
    facts.built |= set(found)
    return found


@pytest.mark.parametrize(
    ("event_type", "columns", "values", "cumulative"),
    [
        ("like", "user_id post_id", (ANNA, POST), set()),
        ("donation", "donor_id creator_id amount_micros currency", (ANNA, BEN, 5, "EUR"), set()),
        ("friend", "user_id friend_id", (CLEO, DAN), {"ties_daily"}),
        ("group_member", "user_id community_id", (CLEO, HERE), {"community_daily"}),
        ("user_status", "user_id status device", (ANNA, "online", "web"), {"session_daily"}),
    ],
)
def test_an_event_of_long_ago_costs_a_day(
    facts: Facts, event_type: str, columns: str, values: tuple[object, ...], cumulative: set[str]
) -> None:
    """One day in each mart that it is in, and of a mart that keeps what is in force those days that there are."""
    days = [D1 + timedelta(days=n) for n in range(5)]
    a_few_days(facts, *days)
    assert rebuilt(facts)["ties_daily"] == len(days)
    assert set(rebuilt(facts).values()) == {0}
    facts.put(event_type, f"event_time {columns}", (at(LONG_AGO), *values))
    built = rebuilt(facts)
    assert max(n for mart, n in built.items() if mart not in cumulative) <= 1 <= max(built.values())
    assert all(built[mart] <= 1 + len(days) for mart in cumulative)
    held = facts.ask("SELECT DISTINCT day FROM ops.mart_days WHERE rows > 0 ORDER BY day")
    assert {r["day"] for r in held} <= {LONG_AGO, *days}
    for view in ("ties_daily", "community_daily", "creator_revenue_daily"):
        found = facts.ask(f"SELECT uniqExact(day) AS n, max(day) AS last FROM marts.v_{view}")
        assert found[0]["n"] <= 1 + len(days), view
    assert set(rebuilt(facts).values()) == {0}


def test_a_deal_of_long_ago_has_its_own_days(facts: Facts) -> None:
    """Its parts add up to its amount: nothing else happened on these days, and nothing is built after them."""
    a_few_days(facts, D1, D2)
    rebuilt(facts)
    end = LONG_AGO + timedelta(days=6)
    facts.put(
        "sponsorship",
        "event_time sponsor_id creator_id amount_micros currency starts_on ends_on",
        (at(LONG_AGO), ANNA, BEN, 1_000_003, "PLN", LONG_AGO, end),
    )
    assert rebuilt(facts)["creator_revenue_daily"] == 7 + 2
    (found,) = facts.ask(
        "SELECT sum(sponsored) AS whole, count() AS n FROM marts.v_creator_revenue_daily WHERE currency = 'PLN'"
    )
    assert (found["whole"] * 1_000_000, found["n"]) == (1_000_003, 7)
    facts.put(
        "sponsorship",
        "event_time sponsor_id creator_id amount_micros currency starts_on ends_on op",
        (at(LONG_AGO + timedelta(days=2)), ANNA, BEN, 1_000_003, "PLN", LONG_AGO, end, "delete"),
    )
    # the day of the call, the four after it, which have nothing to hold any more, and the two that may have read of it
    assert rebuilt(facts)["creator_revenue_daily"] == 1 + 4 + 2
    (found,) = facts.ask(
        "SELECT max(day) AS last, count() AS n FROM marts.v_creator_revenue_daily WHERE currency = 'PLN'"
    )
    assert (found["last"], found["n"]) == (LONG_AGO + timedelta(days=1), 2)
    assert rebuilt(facts)["creator_revenue_daily"] == 0


def test_silent_days_are_filled_in_views_alone(facts: Facts) -> None:
    """On days on which nothing happens, ties and members go on; after more than 31 of them there is a gap."""
    later, after = D1 + timedelta(days=9), D1 + timedelta(days=9 + 33)
    a_few_days(facts, D1, later, after)
    assert rebuilt(facts)["ties_daily"] == 3
    ties = {r["day"]: r["friendships"] for r in facts.ask("SELECT day, friendships FROM marts.v_ties_daily")}
    assert ties == {D1 + timedelta(days=n): 1 for n in range(9)} | {later: 2, after: 3}
    found = facts.ask(
        "SELECT day, members, new_members, posts, active_members, engagement, growth_7d, week_complete FROM marts.v_community_daily"
    )
    rows = {r["day"]: tuple(r.values())[1:] for r in found}
    assert rows[D1] == (1, 1, 1, 1, 1, 1, 0)
    assert rows[D2] == (1, 0, 0, 0, 0, 1, 0)
    assert rows[D1 + timedelta(days=8)][-2] == 0, "no growth since a silent day a week before"
    assert rows[later][-2] == 1
    assert sorted(rows) == sorted(ties)


def test_windows_say_whether_they_are_full(facts: Facts) -> None:
    """The 7th day has a whole week, the 30th a whole month; days that are not over are complete in nothing, and an event of
    long ago makes no window full."""
    first = date(2026, 3, 1)
    days = [first + timedelta(days=n) for n in range(31)]
    facts.put("like", "event_time user_id post_id", *((at(d), ANNA, POST) for d in (LONG_AGO, *days)))
    facts.put("like", "event_time user_id post_id", (at(D1), ANNA, POST))  # later than now, whenever that is
    for mart in ("platform_daily", "user_activity_daily"):
        marts.build(facts.session.ch, facts.session.renderer, only=[mart])
        facts.built.add(mart)
    columns = "complete, week_complete, month_complete"
    for view, more in (("platform_daily", ""), ("platform_slice_daily", " AND country = 'all' AND language = 'all'")):
        found = {
            r["day"]: (bool(r["complete"]), bool(r["week_complete"]), bool(r["month_complete"]))
            for r in facts.ask(f"SELECT day, {columns} FROM marts.v_{view} WHERE 1{more}")
        }
        assert {d: found[d] for d in days} == {d: (True, n >= 6, n >= 29) for n, d in enumerate(days)}
        assert found[D1] == (datetime.now(UTC).date() > D1, False, False)
    found = {
        r["day"]: bool(r["complete"]) for r in facts.ask("SELECT DISTINCT day, complete FROM marts.v_activity_days")
    }
    assert {d: found[d] for d in days} == {d: n >= 27 for n, d in enumerate(days)}


# ── activity of whatever hub ──────────────────────────────────────────────────────────────────────────────────


def test_activity_of_a_hub_that_is_no_user(prepared: Session) -> None:
    """The shared macros on a shop's events: by its contracts' operations, its customers' keys as they are compared."""
    renderer = Renderer(Registry([activity.DOMAIN]))
    macros = renderer._environment.get_template("marts/_facts.sql.j2").make_module({"registry": renderer.registry})
    events = {
        "account": [("create", "Ann"), ("update", "ANN"), ("delete", "bob")],
        "cart": [("create", "ann"), ("update", "eve"), ("delete", "dan")],
        "banner": [("create", "zoe")],
        "visit": [("create", "bob"), ("create", None)],
    }
    for name, some in events.items():
        prepared.ch.command(
            f"CREATE OR REPLACE TABLE raw.{name} (event_time DateTime64(6, 'UTC'), op String, customer_id Nullable(String), n UInt8)"
            " ENGINE = ReplacingMergeTree ORDER BY n"
        )
        prepared.ch.insert(
            f"raw.{name}",
            [[at(D1), op, who, n] for n, (op, who) in enumerate(some)],
            ["event_time", "op", "customer_id", "n"],
        )
    try:
        at_days = {"d0": D1, "d1": D2}
        found = [tuple(r.values()) for r in clickhouse.rows(prepared.ch, macros.activity("customer"), at_days)]
        assert sorted(found) == [(D1, "ann"), (D1, "ann"), (D1, "ann"), (D1, "bob")]
        acts = clickhouse.rows(prepared.ch, macros.acts("customer", more=("banner",)), at_days)
        assert Counter((r["what"], bool(r["active"])) for r in acts) == {
            ("account", True): 2, ("account", False): 1, ("cart", True): 1, ("cart", False): 2, ("banner", False): 1,
            ("visit", True): 1,
        }  # fmt: skip
    finally:
        for name in events:
            prepared.ch.command(f"DROP TABLE raw.{name}")
