"""The shapes of the social network's event types.

To let the world emit another event type, put its rows on the agenda (columns named as the contract's fields), and declare
its shape here.
"""

from __future__ import annotations

from clickvault.generator.shapes import DATE, FLAG, KEY, NUMBER, TIME, Pool, Shape, Values
from clickvault.generator.social.ads import PRICINGS
from clickvault.generator.social.ads import SURFACES as AD_SURFACES
from clickvault.generator.social.behaviour import REACTIONS, REASONS, SURFACES
from clickvault.generator.social.communities import RANKS, VISIBILITIES
from clickvault.generator.social.content import AUDIENCES
from clickvault.generator.social.media import PHOTO_FORMATS, VIDEO_FORMATS
from clickvault.generator.social.money import TIERS
from clickvault.generator.social.responses import SHARED_TO
from clickvault.generator.social.sessions import DEVICES, STATUSES
from clickvault.generator.social.settings import CIRCLES, DIGESTS, THEMES
from clickvault.generator.social.words import CURRENCIES, LANGUAGES, TOPICS

TOPIC, LANGUAGE = Values(TOPICS), Values(LANGUAGES)
CURRENCY, TIER, VISIBILITY, CIRCLE = Values(CURRENCIES), Values(TIERS), Values(VISIBILITIES), Values(CIRCLES)

SHAPES: dict[str, Shape] = {
    "user": {
        "user_id": KEY, "username": Pool("username"), "email": Pool("email"), "country": Pool("country"),
        "language": LANGUAGE,
    },
    "user_profile": {
        "user_id": KEY, "display_name": Pool("display_name"), "birthday": DATE, "bio": Pool("bio"), "verified": FLAG,
        "contacts": Pool("contacts"),
    },
    "user_settings": {
        "user_id": KEY, "theme": Values(THEMES), "autoplay": FLAG, "push": FLAG, "digest": Values(DIGESTS),
    },
    "user_privacy": {"user_id": KEY, "visible_to": CIRCLE, "messages_from": CIRCLE, "searchable": FLAG},
    "user_badges": {"user_id": KEY, "badges": Pool("badges")},
    "user_status": {"user_id": KEY, "status": Values(STATUSES), "device": Values(DEVICES)},
    "friend": {"user_id": KEY, "friend_id": KEY},
    "close_friend": {"user_id": KEY, "friend_id": KEY},
    "follower": {"follower_id": KEY, "followee_id": KEY},
    "block": {"blocker_id": KEY, "blocked_id": KEY},
    "mute": {"muter_id": KEY, "muted_id": KEY},
    "subscription": {
        "subscriber_id": KEY, "creator_id": KEY, "tier": TIER, "price_micros": NUMBER, "currency": CURRENCY,
    },
    "community": {
        "community_id": KEY, "founder_id": KEY, "name": Pool("community_name"), "topic": TOPIC, "language": LANGUAGE,
        "visibility": VISIBILITY,
    },
    "group": {
        "community_id": KEY, "parent_id": KEY, "founder_id": KEY, "name": Pool("community_name"),
        "visibility": VISIBILITY,
    },
    "group_member": {"user_id": KEY, "community_id": KEY, "rank": Values(RANKS)},
    "group_moderator": {"user_id": KEY, "community_id": KEY},
    "community_topic": {
        "topic_id": KEY, "community_id": KEY, "opened_by": KEY, "title": Pool("topic_title"), "topic": TOPIC,
    },
    "album": {"album_id": KEY, "owner_id": KEY, "title": Pool("album_title"), "visible_to": CIRCLE},
    "photo": {
        "media_id": KEY, "owner_id": KEY, "album_id": KEY, "format": Values(PHOTO_FORMATS), "bytes_size": NUMBER,
        "width": NUMBER, "height": NUMBER,
    },
    "video": {
        "media_id": KEY, "owner_id": KEY, "album_id": KEY, "format": Values(VIDEO_FORMATS), "bytes_size": NUMBER,
        "width": NUMBER, "height": NUMBER, "duration_ms": NUMBER,
    },
    "thumbnail": {
        "thumbnail_id": KEY, "media_id": KEY, "width": NUMBER, "height": NUMBER, "bytes_size": NUMBER,
    },
    "post": {
        "post_id": KEY, "author_id": KEY, "community_id": KEY, "topic_id": KEY, "text": Pool("post_text"),
        "topic": TOPIC, "language": LANGUAGE,
    },
    "story": {
        "post_id": KEY, "author_id": KEY, "media_id": KEY, "audience": Values(AUDIENCES), "expires_at": TIME,
    },
    "reel": {
        "post_id": KEY, "author_id": KEY, "media_id": KEY, "caption": Pool("post_text"), "topic": TOPIC,
        "language": LANGUAGE,
    },
    "attachment": {"media_id": KEY, "post_id": KEY, "position": NUMBER},
    "post_view": {"user_id": KEY, "post_id": KEY, "dwell_ms": NUMBER, "surface": Values(SURFACES)},
    "like": {"user_id": KEY, "post_id": KEY},
    "reaction": {"user_id": KEY, "post_id": KEY, "reaction": Values(REACTIONS)},
    "comment": {
        "comment_id": KEY, "post_id": KEY, "author_id": KEY, "text": Pool("comment_text"), "language": LANGUAGE,
    },
    "reply": {
        "comment_id": KEY, "post_id": KEY, "parent_id": KEY, "author_id": KEY, "text": Pool("comment_text"),
        "language": LANGUAGE,
    },
    "share": {"user_id": KEY, "post_id": KEY, "shared_to": Values(SHARED_TO)},
    "quote": {"user_id": KEY, "post_id": KEY, "text": Pool("post_text"), "language": LANGUAGE},
    "pinned_post": {"community_id": KEY, "post_id": KEY, "moderator_id": KEY, "position": NUMBER},
    "report": {"reporter_id": KEY, "post_id": KEY, "community_id": KEY, "reason": Values(REASONS)},
    "ad": {
        "ad_id": KEY, "advertiser_id": KEY, "title": Pool("ad_title"), "topic": TOPIC, "pricing": Values(PRICINGS),
        "bid_micros": NUMBER, "currency": CURRENCY, "starts_on": DATE, "ends_on": DATE,
    },
    "ad_impression": {
        "ad_id": KEY, "user_id": KEY, "surface": Values(AD_SURFACES), "cost_micros": NUMBER, "currency": CURRENCY,
    },
    "ad_click": {"ad_id": KEY, "user_id": KEY, "cost_micros": NUMBER, "currency": CURRENCY},
    "sponsorship": {
        "sponsor_id": KEY, "creator_id": KEY, "amount_micros": NUMBER, "currency": CURRENCY, "starts_on": DATE,
        "ends_on": DATE,
    },
    "donation": {
        "donor_id": KEY, "creator_id": KEY, "post_id": KEY, "amount_micros": NUMBER, "currency": CURRENCY,
    },
    "subscription_revenue": {
        "subscriber_id": KEY, "creator_id": KEY, "tier": TIER, "amount_micros": NUMBER, "currency": CURRENCY,
        "period_start": DATE, "period_end": DATE,
    },
}  # fmt: skip
"""In the order in which events of one microsecond are told: owners before what they own."""
