"""Money: advertising, and what people give to those they listen to. Amounts are in millionths of the currency's unit."""

from typing import Annotated, Literal

from clickvault.contract import (
    Actor,
    After,
    Day,
    Dimension,
    Event,
    Historized,
    Hub,
    Id,
    Length,
    Node,
    Ref,
    Relation,
    Sat,
    Transaction,
)

from .values import Currency, Micros, Tier, Topic


class Ad(Event, group="money", freshness=168, op_delete="the ad is stopped"):
    """An advertisement of a user, shown in a span of days and paid by the thousand impressions or by the click."""

    ad_id: Annotated[Id, Hub("ad"), "The ad, under a number of its own"]
    advertiser_id: Annotated[Id, Ref("user", role="advertiser"), Actor, "Who pays for it"]
    title: Annotated[str, Length(1, 200), Sat("creative"), "The words that it shows"]
    topic: Annotated[Topic, Sat("creative"), Dimension, "What it is about; it is shown to people who read of that"]
    pricing: Annotated[
        Literal["cpm", "cpc"],
        Sat("terms"),
        Dimension,
        "What is paid for: a thousand impressions (cpm), or a click (cpc)",
    ]
    bid_micros: Annotated[Micros, Sat("terms"), "The price of that"]
    currency: Annotated[Currency, Sat("terms"), Dimension, "What all amounts of the ad are in, ISO 4217"]
    starts_on: Annotated[Day, Sat("terms"), "The first day on which it may be shown"]
    ends_on: Annotated[Day, After("starts_on"), Sat("terms"), "The last day on which it may be shown"]

    graph = [Node("Ad"), Relation("ADVERTISED", source="advertiser_id", target="ad_id")]


class AdImpression(Event, group="money", activity=False):
    """An ad is shown to a user, who does nothing for it; what it costs is known at once."""

    ad_id: Annotated[Id, Ref("ad"), "What is shown"]
    user_id: Annotated[Id, Ref("user"), Actor, "Who sees it"]
    surface: Annotated[
        Literal["feed", "story", "reel", "search"],
        Sat("impression"),
        Dimension,
        "The part of the application in which it was shown",
    ]
    cost_micros: Annotated[
        Micros, Sat("impression"), "What the advertiser pays for this impression (0 when clicks are paid)"
    ]
    currency: Annotated[Currency, Sat("impression"), Dimension, "The currency of the cost, ISO 4217"]

    link = Transaction()


class AdClick(Event, group="money"):
    """A user clicks an ad that was shown to them."""

    ad_id: Annotated[Id, Ref("ad"), "What is clicked"]
    user_id: Annotated[Id, Ref("user"), Actor, "Who clicks"]
    cost_micros: Annotated[
        Micros, Sat("click"), "What the advertiser pays for this click (0 when impressions are paid)"
    ]
    currency: Annotated[Currency, Sat("click"), Dimension, "The currency of the cost, ISO 4217"]

    link = Transaction()
    graph = [Relation("CLICKED", source="user_id", target="ad_id")]


class Sponsorship(Event, group="money", freshness=168, op_delete="the sponsorship is called off"):
    """A user pays a creator to be named by them, for a span of days; the terms may change."""

    sponsor_id: Annotated[Id, Ref("user", role="sponsor"), Actor, "Who pays"]
    creator_id: Annotated[Id, Ref("user", role="creator"), "Who is paid"]
    amount_micros: Annotated[Micros, Sat("terms"), "What is paid for the whole span"]
    currency: Annotated[Currency, Sat("terms"), Dimension, "The currency of the amount, ISO 4217"]
    starts_on: Annotated[Day, Sat("terms"), "The first day of the span"]
    ends_on: Annotated[Day, After("starts_on"), Sat("terms"), "The last day of the span"]

    link = Historized()
    graph = [Relation("SPONSORS", source="sponsor_id", target="creator_id", measured=False)]


class Donation(Event, group="money"):
    """A user gives money to a creator, for a post or just so."""

    donor_id: Annotated[Id, Ref("user", role="donor"), Actor, "Who gives"]
    creator_id: Annotated[Id, Ref("user", role="creator"), "Who is given to"]
    post_id: Annotated[Id | None, Ref("post"), "What it is given for; none: just so"] = None
    amount_micros: Annotated[Micros, Sat("gift"), "What is given"]
    currency: Annotated[Currency, Sat("gift"), Dimension, "The currency of the amount, ISO 4217"]

    link = Transaction()
    graph = [Relation("DONATED_TO", source="donor_id", target="creator_id", measured=False)]


class SubscriptionRevenue(Event, group="money", entity="subscriptions_revenue"):
    """A subscriber is charged for a period of a subscription. It renews by itself, so nobody acts."""

    subscriber_id: Annotated[Id, Ref("user", role="subscriber"), "Who is charged"]
    creator_id: Annotated[Id, Ref("user", role="creator"), "Who is paid"]
    tier: Annotated[Tier, Sat("charge"), Dimension, "What the charge is for: what the subscriber gets in the period"]
    amount_micros: Annotated[Micros, Sat("charge"), "What is charged"]
    currency: Annotated[Currency, Sat("charge"), Dimension, "The currency of the amount, ISO 4217"]
    period_start: Annotated[Day, Sat("charge"), "The first day that is paid for"]
    period_end: Annotated[Day, After("period_start"), Sat("charge"), "The day on which the next period begins"]

    link = Transaction()
