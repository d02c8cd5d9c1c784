"""What the report shows, as data: figures and charts, each a question to the view of a mart.

A metric is named here and defined in its mart's header; a declaration that names what a header does not have is refused
by `check`. `WHOLE_AFTER`, `SHARES` and `NAMES` say of a column what its values alone do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from clickvault.errors import ContractError
from clickvault.marts import Mart

Kind = Literal["lines", "stacked", "bars", "ranked", "levels", "level_lines", "distribution"]
MAX_DAYS = 366
MAX_ROWS = 2_000


@dataclass(frozen=True)
class Figure:
    """One number of a mart's newest day; `against` is how many days before it is compared with (0: not at all)."""

    mart: str
    metric: str
    against: int = 0
    top: bool = False


@dataclass(frozen=True)
class Chart:
    """One chart over the view of a mart.

    kind       what is drawn, and of which rows:
               lines, stacked, bars   `metrics` by day, the last MAX_DAYS days
               ranked                 the first `limit` of the dimension by `order`, on the newest day
               levels, level_lines    metrics that are arrays: an element a level, on the newest day
               distribution           how many rows have each value of the one metric, on the newest day
    also       metrics for the table and the hover only
    """

    name: str
    title: str
    mart: str
    kind: Kind
    metrics: tuple[str, ...]
    dimension: str = "day"
    also: tuple[str, ...] = ()
    order: str = ""
    limit: int = 0

    @property
    def view(self) -> str:
        """The view that is asked."""
        return f"marts.v_{self.mart}"

    @property
    def columns(self) -> tuple[str, ...]:
        """All metrics, drawn ones first."""
        return (*self.metrics, *self.also)


FIGURES = [
    Figure("platform_daily", "dau", against=7, top=True),
    Figure("platform_daily", "wau", against=7, top=True),
    Figure("platform_daily", "mau", against=30, top=True),
    Figure("platform_daily", "new_users", against=7),
    Figure("platform_daily", "posts", against=7),
    Figure("platform_daily", "views", against=7),
    Figure("platform_daily", "interactions_a_post", against=7),
    Figure("social_graph_daily", "users", against=7, top=True),
    Figure("social_graph_daily", "friendships", against=7),
    Figure("social_graph_daily", "mean_friends", against=7),
    Figure("social_graph_daily", "mean_followers", against=7),
    Figure("social_graph_daily", "clustering"),
    Figure("social_graph_daily", "components"),
    Figure("social_graph_daily", "largest_component_share"),
    Figure("social_graph_daily", "isolated_share"),
    Figure("social_graph_daily", "mean_distance"),
    Figure("social_graph_daily", "diameter"),
]

# fmt: off
CHARTS = [
    Chart("active", "How many people take part?", "platform_daily", "lines", ("dau", "wau", "mau")),
    Chart("deeds", "What do they do?", "platform_daily", "stacked",
          ("posts", "comments", "reactions", "likes", "shares"), also=("stories", "reels")),
    Chart("interactions", "How much does a post set off?", "platform_daily", "lines", ("interactions_a_post",),
          also=("posts",)),
    Chart("stickiness", "Do they come back?", "platform_daily", "lines", ("dau_wau", "wau_mau", "stickiness")),
    Chart("new_users", "How many people join?", "platform_daily", "bars", ("new_users",)),

    Chart("largest", "Which communities are the largest?", "community_daily", "ranked", ("members",),
          dimension="community_id", also=("new_members", "moderators", "posts", "comments"), order="members", limit=15),
    Chart("growing", "Which communities grow the most in a week?", "community_daily", "ranked", ("growth_7d",),
          dimension="community_id", also=("growth_rank", "members"), order="growth_7d", limit=15),
    Chart("alive", "How alive are the largest communities?", "community_daily", "ranked", ("engagement",),
          dimension="community_id", also=("active_members", "members", "posts", "comments", "reactions"),
          order="members", limit=15),

    Chart("levels", "How many friendships lie between two people?", "social_graph_daily", "levels", ("pairs_at",),
          dimension="level", also=("reached_share",)),
    Chart("reached", "How many are reached by friends of friends?", "social_graph_daily", "level_lines",
          ("reached_share",), dimension="level"),

    Chart("followed", "Whom do many listen to?", "user_centrality", "ranked", ("pagerank",),
          dimension="user_id", also=("betweenness", "friends", "followers"), order="pagerank", limit=20),
    Chart("bridges", "Who holds groups together?", "user_centrality", "ranked", ("betweenness",),
          dimension="user_id", also=("pagerank", "friends", "followers"), order="betweenness", limit=20),
    Chart("friends", "How are friendships spread over people?", "user_centrality", "distribution", ("friends",),
          dimension="friends"),
]
# fmt: on

WHOLE_AFTER = {"wau": 6, "mau": 29, "dau_wau": 6, "wau_mau": 29, "stickiness": 29, "growth_7d": 7}
"""Days that a metric looks back: before the data are that old, it says less than its name."""

SHARES = frozenset(
    {"dau_wau", "wau_mau", "stickiness", "engagement", "isolated_share", "largest_component_share", "reached_share"}
)
"""Metrics shown as per cent."""

NAMES = {"community_id": ("community", "name"), "user_id": ("user", "username")}
"""Where the name of a dimension's key is: event type and field. The key's column has the dimension's name."""

_LABELS = {
    "dau": "DAU", "wau": "WAU", "mau": "MAU", "dau_wau": "DAU / WAU", "wau_mau": "WAU / MAU", "stickiness": "DAU / MAU",
    "pagerank": "PageRank",
    "growth_7d": "growth in 7 days", "pairs_at": "pairs of people", "reached_share": "share of all pairs",
    "community_id": "community", "user_id": "user",
}  # fmt: skip


def label(column: str) -> str:
    """A column's name as people read it."""
    return _LABELS.get(column, column.replace("_", " "))


def counted(mart: str) -> str:
    """The column of a distribution that counts the rows of a mart: not a metric of it."""
    return {"user_centrality": "users"}.get(mart, "rows")


def check(marts: Mapping[str, Mart], charts: Iterable[Chart], figures: Iterable[Figure]) -> None:
    """Raise ContractError for a metric that its mart's header does not define; marts that are not on are passed over."""
    named = [(f"chart {c.name}", c.mart, m) for c in charts for m in (*c.columns, *([c.order] if c.order else []))]
    named += [("figure", f.mart, f.metric) for f in figures]
    for what, mart, metric in named:
        if mart in marts and metric not in marts[mart].metrics:
            raise ContractError(
                f"{what}: mart {mart} defines no metric {metric!r}",
                hint=f"its header: templates/{marts[mart].template}",
            )
