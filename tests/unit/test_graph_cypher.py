"""The statements of neo4j/: what may stand in them, and what an error may say."""

from __future__ import annotations

import pytest
from neo4j.exceptions import AuthError, ClientError, ServiceUnavailable

from clickvault.contract import load_domains
from clickvault.errors import ClickvaultError, ConfigurationError, ContractError, DataError, StoreError
from clickvault.graph import cypher
from clickvault.graph.changes import definitions, mentions, owners_of
from clickvault.graph.relations import nodes, relations
from clickvault.settings import Settings, get_settings
from clickvault.sql.render import Renderer

RENDERER = Renderer(load_domains(["social"]))


def test_every_statement_says_what_it_is_for() -> None:
    files = sorted(cypher.FILES.glob("*.cypher"))
    assert len(files) > 15
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert text.startswith("// "), file.name
        assert not text.rstrip().endswith(";"), file.name


@pytest.mark.parametrize("name", ["A`) DETACH DELETE n //", "", "A B", "1A", "A" * 64])
def test_labels_and_types_are_identifiers(name: str) -> None:
    with pytest.raises(ContractError, match="not an identifier"):
        cypher.render("constraints", label=name)
    with pytest.raises(ContractError, match="not an identifier"):
        cypher.render("relation_empty", type=name)


def test_a_relation_is_put_as_it_is_declared() -> None:
    (relation,) = (r for r in relations(RENDERER.registry) if r.type == "MEMBER_OF")
    text = cypher.render(
        "relation_put", feed="UNWIND $rows AS row", relation=relation, properties={"rank": "row.`rank`"}, fresh=False
    )
    lines = [line.strip() for line in text.splitlines() if not line.startswith("//")]
    assert lines == [
        "UNWIND $rows AS row",
        "CALL (row) {",
        "MATCH (s:`User` {id: row.source})",
        "MATCH (t:`Community` {id: row.target})",
        "MERGE (s)-[r:`MEMBER_OF`]->(t)",
        "SET r.`rank` = row.`rank`",
        "} IN TRANSACTIONS OF 20000 ROWS",
    ]


def test_every_label_and_type_has_a_definition_that_tells_it_from_others() -> None:
    found = definitions(RENDERER)
    assert set(found) == {("node", n.label) for n in nodes(RENDERER.registry)} | {
        ("relation", r.type) for r in relations(RENDERER.registry)
    }
    assert len(set(found.values())) == len(found)


def test_a_node_is_touched_by_all_that_mention_it_and_ended_by_its_owners() -> None:
    (post,) = (n for n in nodes(RENDERER.registry) if n.label == "Post")
    assert set(owners_of(RENDERER.registry, post)) == {"post", "story", "reel"}
    assert {"post", "comment", "like", "pinned_post"} <= mentions(RENDERER.registry, post)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AuthError("no"), ConfigurationError),
        (ServiceUnavailable("gone, secret=hush hush"), StoreError),
        (ClientError("Couldn't load http://127.0.0.1/?password=hush hush"), DataError),
        (DataError("ours"), DataError),
    ],
)
def test_errors_are_ours_and_keep_secrets(error: Exception, kind: type[ClickvaultError]) -> None:
    with pytest.raises(kind) as found, cypher.translated("loading", "hush hush"):
        raise error
    said: BaseException | None = found.value
    while said is not None:
        assert "hush" not in str(said)
        said = said.__cause__


@pytest.mark.parametrize("uri", ["http://127.0.0.1:7474", "bolt://neo4j:secret@127.0.0.1", "127.0.0.1:7687"])
def test_a_wrong_address_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setenv("NEO4J_URI", uri)
    with pytest.raises(ConfigurationError, match="NEO4J_URI: must be bolt://host:port") as error:
        get_settings()
    assert uri not in error.value.message


def test_clickhouse_is_named_to_neo4j_without_a_login() -> None:
    settings = Settings(clickhouse_url="http://owner:secret@ch:8124")
    assert settings.clickhouse_from_neo4j == "http://ch:8124"
    seen = Settings(clickhouse_url="http://owner:secret@ch:8124", neo4j_sees_clickhouse="https://front")
    assert seen.clickhouse_from_neo4j == "https://front:8443"
