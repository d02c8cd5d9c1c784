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
from contracts.social.values import Currency, Micros, Tier, Topic


class Ad(Event, group="money", freshness=168, op_delete="the ad is stopped"):
    """An advertisement of a user, shown in a span of days and paid by the thousand impressions or by the click."""

    ad_id: Annotated[Id, Hub("ad")]
    advertiser_id: Annotated[Id, Ref("user", role="advertiser"), Actor]
    title: Annotated[str, Length(1, 200), Sat("creative")]
    topic: Annotated[Topic, Sat("creative"), Dimension]
    pricing: Annotated[Literal["cpm", "cpc"], Sat("terms"), Dimension]
    bid_micros: Annotated[Micros, Sat("terms")]
    currency: Annotated[Currency, Sat("terms"), Dimension]
    starts_on: Annotated[Day, Sat("terms")]
    ends_on: Annotated[Day, After("starts_on"), Sat("terms")]

    graph = [Node("Ad"), Relation("ADVERTISED", source="advertiser_id", target="ad_id")]


class AdImpression(Event, group="money"):
    """An ad is shown to a user; what it costs is known at once."""

    ad_id: Annotated[Id, Ref("ad")]
    user_id: Annotated[Id, Ref("user"), Actor]
    surface: Annotated[Literal["feed", "story", "reel", "search"], Sat("impression"), Dimension]
    cost_micros: Annotated[Micros, Sat("impression")]
    currency: Annotated[Currency, Sat("impression"), Dimension]

    link = Transaction()


class AdClick(Event, group="money"):
    """A user clicks an ad that was shown to them."""

    ad_id: Annotated[Id, Ref("ad")]
    user_id: Annotated[Id, Ref("user"), Actor]
    cost_micros: Annotated[Micros, Sat("click")]
    currency: Annotated[Currency, Sat("click"), Dimension]

    link = Transaction()
    graph = [Relation("CLICKED", source="user_id", target="ad_id")]


class Sponsorship(Event, group="money", freshness=168, op_delete="the sponsorship is called off"):
    """A user pays a creator to be named by them, for a span of days; the terms may change."""

    sponsor_id: Annotated[Id, Ref("user", role="sponsor"), Actor]
    creator_id: Annotated[Id, Ref("user", role="creator")]
    amount_micros: Annotated[Micros, Sat("terms")]
    currency: Annotated[Currency, Sat("terms"), Dimension]
    starts_on: Annotated[Day, Sat("terms")]
    ends_on: Annotated[Day, After("starts_on"), Sat("terms")]

    link = Historized()
    graph = [Relation("SPONSORS", source="sponsor_id", target="creator_id", measured=False)]


class Donation(Event, group="money"):
    """A user gives money to a creator, for a post or just so."""

    donor_id: Annotated[Id, Ref("user", role="donor"), Actor]
    creator_id: Annotated[Id, Ref("user", role="creator")]
    post_id: Annotated[Id | None, Ref("post")] = None
    amount_micros: Annotated[Micros, Sat("gift")]
    currency: Annotated[Currency, Sat("gift"), Dimension]

    link = Transaction()
    graph = [Relation("DONATED_TO", source="donor_id", target="creator_id", measured=False)]


class SubscriptionRevenue(Event, group="money"):
    """A subscriber is charged for a period of a subscription. It renews by itself, so nobody acts."""

    subscriber_id: Annotated[Id, Ref("user", role="subscriber")]
    creator_id: Annotated[Id, Ref("user", role="creator")]
    tier: Annotated[Tier, Sat("charge"), Dimension]
    amount_micros: Annotated[Micros, Sat("charge")]
    currency: Annotated[Currency, Sat("charge"), Dimension]
    period_start: Annotated[Day, Sat("charge")]
    period_end: Annotated[Day, After("period_start"), Sat("charge")]

    link = Transaction()
