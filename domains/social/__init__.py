"""The domain of a social network."""

from clickvault.contract import AsOf, Bridge, Domain, Pit

from . import communities, content, media, money, ties, users

DOMAIN = Domain(
    "social",
    users,
    ties,
    content,
    media,
    communities,
    money,
    query_assistance=[
        AsOf(days=7, weeks=5, months=12),
        Pit("user"),
        Pit("post"),
        Bridge("post_context", hub="post", roles=("author", "community", "topic")),
        Bridge("membership", link="group_member"),
    ],
)
