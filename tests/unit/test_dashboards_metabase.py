"""Metabase, told by a receiver that is stricter than it: the first set-up, a second run, changes, what left the declaration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from clickvault.contract import Registry
from clickvault.dashboards import load
from clickvault.dashboards.load import views
from clickvault.dashboards.metabase.api import Applied, Declared
from clickvault.dashboards.metabase.api import Metabase as Client
from clickvault.dashboards.metabase.cards import asked_with, cards, declared_name
from clickvault.dashboards.questions import Asked
from clickvault.domains.social import DOMAIN
from clickvault.errors import ConfigurationError, StoreError
from clickvault.sql.render import Renderer
from tests.unit.metabase_receiver import FIRST_FIELD, Metabase, serving

RENDERER = Renderer(Registry([DOMAIN]))
READER = "http://reader:word%2F1@clickhouse:8123"
COLUMNS = [(v.database, f"v_{v.name}", c) for v in views(RENDERER).values() for c in v.columns]
LOGIN = ("admin@clickvault.example", "a-long-word-1")


@pytest.fixture
def server() -> Iterator[tuple[Metabase, str]]:
    metabase = Metabase(COLUMNS)
    with serving(metabase) as url:
        yield metabase, url


@pytest.fixture(scope="module")
def declared() -> Declared:
    found = load(RENDERER)
    assert len(found) >= 7
    return found


def apply(url: str, declared: Declared) -> Applied:
    return Client(url, *LOGIN).apply(RENDERER, declared, READER, seconds=5)


def changed(asked: Asked, **values: object) -> Asked:
    return replace(asked, tile=asked.tile.model_copy(update=values))


def test_the_first_run_makes_everything(server: tuple[Metabase, str], declared: Declared) -> None:
    metabase, url = server
    applied = apply(url, declared)
    tiles = [a for _, some in declared for a in some]
    assert applied.made == [a.name for a in tiles] + [d.name for d, _ in declared]
    assert (applied.changed, applied.archived) == ([], [])
    [database] = metabase.databases.values()
    assert (database.details.user, database.details.password) == ("reader", "word/1")
    assert [c["name"] for c in metabase.collections.values()] == ["clickvault"]
    for dashboard, some in declared:
        [made] = [d for d in metabase.dashboards.values() if declared_name(d["description"]) == dashboard.name]
        shown = [metabase.cards[p["card_id"]]["name"] for p in made["dashcards"]]
        assert shown == [a.tile.title for a in some]
        assert [p["slug"] for p in made["parameters"]] == [f.name for f in dashboard.filters]
        for place, asked in zip(made["dashcards"], some, strict=True):
            assert len(place["parameter_mappings"]) == len(asked.filters)


def test_a_second_run_makes_nothing_twice(server: tuple[Metabase, str], declared: Declared) -> None:
    metabase, url = server
    apply(url, declared)
    before = (dict(metabase.databases), dict(metabase.cards), {k: dict(v) for k, v in metabase.dashboards.items()})
    applied = apply(url, declared)
    assert (applied.made, applied.archived) == ([], [])
    assert (dict(metabase.databases), dict(metabase.cards), metabase.dashboards) == before
    assert metabase.requests.count(("POST", "setup")) == 1


def test_what_changed_is_changed_and_what_left_is_archived(server: tuple[Metabase, str], declared: Declared) -> None:
    metabase, url = server
    apply(url, declared)
    ids = {declared_name(c["description"]): n for n, c in metabase.cards.items()}
    mine = metabase.make_card(_someones(metabase, ids["activity.dau"]))["id"]
    (activity, tiles), *others = declared
    kept = [changed(tiles[0], title="How many people come on a day?"), *tiles[2:]]
    applied = apply(url, [(activity, kept), *others[:-1]])
    assert applied.made == []
    gone, (_, gone_tiles) = tiles[1], others[-1]
    assert set(applied.archived) == {gone.name, others[-1][0].name, *(a.name for a in gone_tiles)}
    assert metabase.cards[ids[tiles[0].name]]["name"] == "How many people come on a day?"
    assert metabase.cards[ids[gone.name]]["archived"]
    assert not metabase.cards[mine]["archived"], "what people made themselves is left alone"
    [dashboard] = [d for d in metabase.dashboards.values() if declared_name(d["description"]) == activity.name]
    assert len(dashboard["dashcards"]) == len(kept)
    assert [d["archived"] for d in metabase.dashboards.values()].count(True) == 1


def _someones(metabase: Metabase, number: int) -> dict[str, object]:
    keep = ("type", "dataset_query", "display", "visualization_settings", "collection_id")
    return {k: v for k, v in metabase.cards[number].items() if k in keep} | {"name": "Mine", "description": "My own"}


def test_one_more_tile_is_one_more_card(server: tuple[Metabase, str], declared: Declared) -> None:
    _, url = server
    apply(url, declared)
    (activity, tiles), *others = declared
    more = changed(tiles[0], name="again", title="How many people come, once more?")
    applied = apply(url, [(activity, [*tiles, more]), *others])
    assert applied.made == ["activity.again"]


def test_a_wrong_password_is_refused(server: tuple[Metabase, str], declared: Declared) -> None:
    _, url = server
    apply(url, declared)
    with pytest.raises(ConfigurationError, match="refuses the login"):
        Client(url, LOGIN[0], "another-word-1")


def test_views_that_metabase_does_not_find_are_named(declared: Declared) -> None:
    there = [c for c in COLUMNS if c[1] != "v_revenue_daily"]
    with serving(Metabase(there)) as url, pytest.raises(StoreError, match=r"marts\.v_revenue_daily\.currency"):
        Client(url, *LOGIN).apply(RENDERER, declared, READER, seconds=0.3)


def test_nobody_there() -> None:
    with pytest.raises(StoreError, match="does not answer"):
        Client("http://127.0.0.1:9", *LOGIN)


def test_tags_stand_where_filters_act(declared: Declared) -> None:
    for card in cards(RENDERER, declared):
        for choice, _ in card.asked.filters:
            place = f"AND {{{{{choice.name}}}}}"
            assert card.sql.count(place) == 1, card.name
            assert (f"[[{place}]]" in card.sql) is not bool(choice.default)
        assert "{{" not in asked_with(card)
        assert "[[" not in asked_with(card)


def test_the_receiver_refuses_what_metabase_refuses(server: tuple[Metabase, str], declared: Declared) -> None:
    """A receiver that took everything would show nothing."""
    metabase, url = server
    client = Client(url, *LOGIN)
    client.apply(RENDERER, declared, READER, seconds=5)
    number, card = next((n, c) for n, c in metabase.cards.items() if c["dataset_query"]["native"]["template-tags"])
    body = {k: v for k, v in card.items() if k not in ("id", "archived")}
    client._call("PUT", f"card/{number}", body)
    query = body["dataset_query"]
    native = query["native"]
    (name, tag), *_ = native["template-tags"].items()
    here = COLUMNS[tag["dimension"][1] - FIRST_FIELD]
    elsewhere = next(i for i, c in enumerate(COLUMNS, FIRST_FIELD) if c[1] != here[1] and c[2] == here[2])

    def filtered_by(field: int) -> dict[str, object]:
        tags = native["template-tags"] | {name: tag | {"dimension": ["field", field, None]}}
        return body | {"dataset_query": query | {"native": native | {"template-tags": tags}}}

    wrong = [
        filtered_by(elsewhere),
        filtered_by(FIRST_FIELD + len(COLUMNS)),
        body | {"visualization_settings": body["visualization_settings"] | {"graph.sparkles": True}},
        body | {"visualization_settings": body["visualization_settings"] | {"graph.x_axis.title_text": 1}},
        body | {"unknown": 1},
        body | {"description": ""},
        body | {"display": "sparkles"},
        body | {"collection_id": 999},
        {k: v for k, v in body.items() if k != "visualization_settings"},
        body | {"dataset_query": query | {"database": 999}},
        body | {"dataset_query": query | {"native": native | {"query": native["query"] + " {{more}}"}}},
        body | {"dataset_query": query | {"native": native | {"template-tags": {}}}},
    ]
    for values in wrong:
        with pytest.raises(StoreError, match=r"Metabase answers 40[04]"):
            client._call("PUT", f"card/{number}", values)
    with pytest.raises(StoreError, match="404"):
        client._call("PUT", "card/999", body)
    dashboard = next(n for n, d in metabase.dashboards.items() if d["dashcards"])
    shown = client._call("GET", f"dashboard/{dashboard}")
    with pytest.raises(StoreError, match="400"):  # its own answer, sent back, has keys that it does not take
        client._call("PUT", f"dashboard/{dashboard}", shown)
