"""The domain of a social network."""

from clickvault.contract import Domain
from contracts.social import communities, content, media, money, ties, users

DOMAIN = Domain("social", users, ties, content, media, communities, money)
