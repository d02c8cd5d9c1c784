"""What the contracts become in the graph's SQL."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import pytest

from clickvault import graph
from clickvault.contract import (
    Domain,
    Effectivity,
    Event,
    Hub,
    Id,
    Length,
    Node,
    Ref,
    Registry,
    Relation,
    Sat,
    Transaction,
)
from clickvault.domains.social import DOMAIN
from clickvault.errors import ContractError
from clickvault.graph import sql
from clickvault.graph.relations import measured, nodes, relations
from clickvault.sql.objects import objects_of
from clickvault.sql.render import Renderer, statements

SOCIAL = Renderer(Registry([DOMAIN]))


def one_view(text: str, name: str) -> str:
    """The statement of one view, on one line."""
    return next(" ".join(o.sql.split()) for o in objects_of(text) if o.name == f"graph.{name}")


def test_every_declared_node_and_relation_has_a_view() -> None:
    views = {o.name for o in objects_of(graph.views_sql(SOCIAL)) if o.kind == "view"}
    declared = list(SOCIAL.registry.events.values())
    assert views == {f"graph.node_{n.label.lower()}" for e in declared for n in e.nodes} | {
        f"graph.rel_{r.type.lower()}" for e in declared for r in e.relations
    }
    assert {"graph.node_user", "graph.rel_friends_with", "graph.rel_member_of", "graph.rel_shared"} <= views


def test_relations_between_nodes_of_one_kind_are_measured() -> None:
    found = {r.type: r for r in measured(SOCIAL.registry)}
    assert set(found) >= {"FRIENDS_WITH", "FOLLOWS"}
    assert found["FRIENDS_WITH"].undirected
    assert not found["FOLLOWS"].undirected
    assert found["FOLLOWS"].satellite == "sat_user_centrality"
    assert "POSTED" not in found
    assert "BLOCKED" not in found, "its declaration takes it out"


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (
            "node_user",
            'CREATE OR REPLACE VIEW "graph"."node_user" AS SELECT bk::text AS id, hk FROM "vault"."v_hub_user" '
            "WHERE is_deleted IS NOT TRUE",
        ),
        (
            "rel_friends_with",
            'CREATE OR REPLACE VIEW "graph"."rel_friends_with" AS SELECT DISTINCT s.id AS source, t.id AS target '
            'FROM "vault"."v_eff_friend" AS l JOIN "graph"."node_user" AS s ON s.hk = l."hk_user" '
            'JOIN "graph"."node_user" AS t ON t.hk = l."hk_friend" WHERE l.is_current',
        ),
        (
            "rel_uploaded",
            'CREATE OR REPLACE VIEW "graph"."rel_uploaded" AS SELECT DISTINCT s.id AS source, t.id AS target '
            'FROM "vault"."v_eff_photo_owner" AS l JOIN "graph"."node_user" AS s ON s.hk = l."hk_owner" '
            'JOIN "graph"."node_media" AS t ON t.hk = l."hk_media" WHERE l.is_current UNION '
            "SELECT DISTINCT s.id AS source, t.id AS target "
            'FROM "vault"."v_eff_video_owner" AS l JOIN "graph"."node_user" AS s ON s.hk = l."hk_owner" '
            'JOIN "graph"."node_media" AS t ON t.hk = l."hk_media" WHERE l.is_current',
        ),
        (
            "rel_subscribed_to",
            'CREATE OR REPLACE VIEW "graph"."rel_subscribed_to" AS SELECT DISTINCT ON (s.id, t.id) s.id AS source, '
            't.id AS target, "sat_subscription_plan"."tier" FROM "vault"."link_subscription" AS l '
            'JOIN "vault"."v_sat_subscription_plan" AS f ON f.hk = l.lhk AND f.is_current '
            'AND f.is_deleted IS NOT TRUE JOIN "graph"."node_user" AS s ON s.hk = l."hk_subscriber" '
            'JOIN "graph"."node_user" AS t ON t.hk = l."hk_creator" '
            'LEFT JOIN "vault"."v_sat_subscription_plan" AS "sat_subscription_plan" '
            'ON "sat_subscription_plan".hk = l."lhk" AND "sat_subscription_plan".is_current '
            "ORDER BY s.id, t.id, f.valid_from DESC, l.lhk",
        ),
        (
            "rel_member_of",
            'CREATE OR REPLACE VIEW "graph"."rel_member_of" AS SELECT DISTINCT ON (s.id, t.id) s.id AS source, '
            't.id AS target, "sat_group_member_membership"."rank" FROM "vault"."link_group_member" AS l '
            'JOIN "vault"."v_sat_group_member_membership" AS f ON f.hk = l.lhk AND f.is_current '
            'AND f.is_deleted IS NOT TRUE JOIN "graph"."node_user" AS s ON s.hk = l."hk_user" '
            'JOIN "graph"."node_community" AS t ON t.hk = l."hk_community" '
            'LEFT JOIN "vault"."v_sat_group_member_membership" AS "sat_group_member_membership" '
            'ON "sat_group_member_membership".hk = l."lhk" AND "sat_group_member_membership".is_current '
            "ORDER BY s.id, t.id, f.valid_from DESC, l.lhk",
        ),
        (
            "rel_shared",
            'CREATE OR REPLACE VIEW "graph"."rel_shared" AS SELECT DISTINCT s.id AS source, t.id AS target '
            'FROM "vault"."link_share" AS l JOIN "graph"."node_user" AS s ON s.hk = l."hk_user" '
            'JOIN "graph"."node_post" AS t ON t.hk = l."hk_post" UNION SELECT DISTINCT s.id AS source, '
            't.id AS target FROM "vault"."link_quote" AS l JOIN "graph"."node_user" AS s ON s.hk = l."hk_user" '
            'JOIN "graph"."node_post" AS t ON t.hk = l."hk_post"',
        ),
    ],
)
def test_a_view_of_each_kind_of_link(view: str, expected: str) -> None:
    assert one_view(graph.views_sql(SOCIAL), view) == expected


def test_a_relation_between_two_references_is_joined_at_the_hub() -> None:
    class Town(Event, group="places"):
        """A town."""

        town_id: Annotated[Id, Hub("town")]
        name: Annotated[str, Length(1, 10), Sat("card")]
        graph = [Node("Town")]

    class Road(Event, group="places"):
        """A road between two towns."""

        road_id: Annotated[Id, Hub("road")]
        one_id: Annotated[Id, Ref("town", role="one")]
        two_id: Annotated[Id, Ref("town", role="two")]
        surface: Annotated[str, Length(1, 10), Sat("build")]
        graph = [Relation("JOINED_TO", source="two_id", target="one_id", undirected=True, properties=("surface",))]

    registry = Registry([Domain("places", Town, Road)])
    assert [(r.type, r.satellite) for r in measured(registry)] == [("JOINED_TO", "sat_town_centrality")]
    assert one_view(graph.views_sql(Renderer(registry)), "rel_joined_to") == (
        'CREATE OR REPLACE VIEW "graph"."rel_joined_to" AS SELECT DISTINCT ON (s.id, t.id) s.id AS source, '
        't.id AS target, "sat_road_build"."surface" FROM "vault"."v_eff_road_one" AS l '
        'JOIN "vault"."v_eff_road_two" AS m ON m."hk_road" = l."hk_road" AND m.is_current '
        'JOIN "vault"."v_hub_road" AS h ON h.hk = l."hk_road" AND h.is_deleted IS NOT TRUE '
        'JOIN "graph"."node_town" AS s ON s.hk = m."hk_two" JOIN "graph"."node_town" AS t ON t.hk = l."hk_one" '
        'LEFT JOIN "vault"."v_sat_road_build" AS "sat_road_build" '
        'ON "sat_road_build".hk = l."hk_road" AND "sat_road_build".is_current '
        "WHERE l.is_current ORDER BY s.id, t.id, l.valid_from DESC, l.lhk"
    )


def test_another_domain_s_relation_over_the_same_hub() -> None:
    class Message(Event, group="messages"):
        """A private message."""

        from_id: Annotated[Id, Ref("user", role="sender")]
        to_id: Annotated[Id, Ref("user", role="receiver")]
        link = Transaction()
        graph = [Relation("MESSAGED", source="from_id", target="to_id")]

    registry = Registry([DOMAIN, Domain("college", Message, uses=[DOMAIN])])
    assert "MESSAGED" in [r.type for r in measured(registry)]
    assert one_view(graph.views_sql(Renderer(registry)), "rel_messaged") == (
        'CREATE OR REPLACE VIEW "graph"."rel_messaged" AS SELECT DISTINCT s.id AS source, t.id AS target '
        'FROM "vault"."link_message" AS l JOIN "graph"."node_user" AS s ON s.hk = l."hk_sender" '
        'JOIN "graph"."node_user" AS t ON t.hk = l."hk_receiver"'
    )


def test_a_property_may_not_hide_an_end() -> None:
    class Tie(Event, group="ties"):
        """A tie."""

        one_id: Annotated[Id, Ref("user", role="one")]
        two_id: Annotated[Id, Ref("user", role="two")]
        target: Annotated[str, Length(1, 10), Sat("tie")]
        link = Effectivity()
        graph = [Relation("TIED", source="one_id", target="two_id", properties=("target",))]

    with pytest.raises(ContractError, match="Tie: TIED carries a property named source or target"):
        relations(Registry([DOMAIN, Domain("more", Tie, uses=[DOMAIN])]))


def test_a_domain_without_a_graph_renders_too() -> None:
    class Thing(Event, group="things"):
        """A thing."""

        thing_id: Annotated[Id, Hub("thing")]
        name: Annotated[str, Length(1, 10), Sat("card")]

    renderer = Renderer(Registry([Domain("things", Thing)]))
    assert nodes(renderer.registry) == measured(renderer.registry) == []
    assert statements(graph.views_sql(renderer)) == [
        s for s in statements(graph.views_sql(renderer)) if "CREATE SCHEMA IF NOT EXISTS graph" in s
    ]
    assert statements(graph.satellite_sql(renderer)) == []


def test_the_tables_of_results() -> None:
    objects = {o.name: o for o in objects_of(graph.schema_sql(SOCIAL))}
    tables = {f"graph.{t}{s}" for t in sql.TABLES for s in ("", "_staging")}
    assert set(objects) == {"graph"} | tables
    for name in tables:
        assert "ENGINE = MergeTree\nPARTITION BY as_of\n" in objects[name].sql
        # REPLACE PARTITION wants tables of one structure
        staged = objects[name.removesuffix("_staging") + "_staging"].sql
        assert staged.replace("_staging", "") == objects[name].sql.replace("_staging", "")


def test_the_business_satellite_takes_every_measure() -> None:
    (table, index) = objects_of(graph.satellite_sql(SOCIAL))
    assert (table.name, index.name) == ("vault.sat_user_centrality", "vault.sat_user_centrality_day")
    for measure in ("degree", "pagerank", "betweenness", "closeness", "harmonic", "clustering", "triangles", "core"):
        assert f'"{measure}" ' in table.sql
    assert "PRIMARY KEY (hk, as_of, relation)" in table.sql


def test_the_statements_of_a_run() -> None:
    (friends, follows) = (r for r in measured(SOCIAL.registry) if r.type in ("FRIENDS_WITH", "FOLLOWS"))
    assert sql.replace_sql(SOCIAL, "scores", date(2026, 1, 31)).splitlines()[-1] == (
        "ALTER TABLE `graph`.`scores` REPLACE PARTITION '2026-01-31' FROM `graph`.`scores_staging`"
    )
    assert sql.replace_sql(SOCIAL, "scores", date(2026, 1, 31), empty=True).splitlines()[-1] == (
        "ALTER TABLE `graph`.`scores` DROP PARTITION '2026-01-31'"
    )
    assert 'FROM "graph"."rel_friends_with"' in sql.read_sql(SOCIAL, friends)
    assert "least(source, target)" in sql.reconciliation_sql(SOCIAL, friends)[0]
    assert "least(" not in sql.reconciliation_sql(SOCIAL, follows)[0]
    assert (
        sql.fill_satellite_sql(SOCIAL, friends)
        .splitlines()[-1]
        .startswith('COPY "vault"."sat_user_centrality" (hk, as_of, relation, "degree", "in_degree"')
    )
