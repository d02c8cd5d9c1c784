"""plan and apply on PostgreSQL: nothing to do right after, a new field is seen and added, nothing is lost."""

from __future__ import annotations

from types import ModuleType
from typing import Annotated, Any

import pytest

from clickvault.contract import Domain, Effectivity, Event, Hub, Id, Length, Ref, Registry, Sat, load_domains
from clickvault.errors import ContractError
from clickvault.sql.render import Renderer
from clickvault.stores.postgres import Connection
from clickvault.vault import apply_postgres, plan_postgres, schema_sql
from tests.vault import shop
from tests.vault.staging import day, event_id, fetch, load_rows

SOCIAL = Renderer(load_domains(["social"]))


def renderer(*events: type[Event] | ModuleType) -> Renderer:
    return Renderer(Registry([Domain("growing", *events)]))


def before() -> Renderer:
    class Book(Event, group="books"):
        """A book."""

        book_id: Annotated[Id, Hub("book")]
        title: Annotated[str, Length(0, 99), Sat("card")]

    return renderer(Book)


def after() -> Renderer:
    class Book(Event, group="books"):
        """A book."""

        book_id: Annotated[Id, Hub("book")]
        subtitle: Annotated[str | None, Length(0, 99), Sat("card")] = None
        title: Annotated[str, Length(0, 99), Sat("card")]
        author_id: Annotated[Id | None, Ref("book", role="original")] = None

    return renderer(Book)


@pytest.mark.parametrize("some", [SOCIAL, shop.renderer()], ids=["social", "shop"])
def test_nothing_to_do_after_apply(pg: Connection, some: Renderer) -> None:
    planned = plan_postgres(pg, some)
    assert {("create", "table", "vault.hub_customer"), ("create", "table", "vault.hub_user")} & set(planned)
    assert apply_postgres(pg, some) == planned
    assert plan_postgres(pg, some) == []
    assert apply_postgres(pg, some) == []


def test_the_ddl_may_run_again(pg: Connection) -> None:
    for _ in range(2):
        with pg, pg.cursor() as cursor:
            for sql in schema_sql(SOCIAL):
                cursor.execute(sql)
    assert plan_postgres(pg, SOCIAL)  # the ledger does not know of it
    apply_postgres(pg, SOCIAL)
    assert plan_postgres(pg, SOCIAL) == []


def test_what_is_dropped_by_hand_is_planned_again(pg: Connection) -> None:
    apply_postgres(pg, SOCIAL)
    with pg, pg.cursor() as cursor:
        cursor.execute("drop view vault.v_sat_user_account; drop table stage.friend")
    assert plan_postgres(pg, SOCIAL) == [
        ("create", "table", "stage.friend"),
        ("create", "view", "vault.v_sat_user_account"),
    ]
    apply_postgres(pg, SOCIAL)
    assert plan_postgres(pg, SOCIAL) == []


def test_a_field_is_added_without_loss(pg: Connection) -> None:
    def book(n: int, **fields: Any) -> dict[str, Any]:
        return {"event_id": event_id(n), "event_time": day(n), "book_id": event_id("b"), **fields}

    apply_postgres(pg, before())
    load_rows(pg, before(), "book", [book(1, title="A"), book(2, title="B")])
    with pg, pg.cursor() as cursor:  # someone stands on the view
        cursor.execute("create view graph.shelf as select bk, title from vault.v_sat_book_card")
        cursor.execute("create view graph.top as select * from graph.shelf")
    assert [" ".join(change) for change in plan_postgres(pg, after())] == [
        "change table stage.book",
        "create table vault.link_book_original",
        "create table vault.eff_book_original",
        "change table vault.sat_book_card",
        "change view vault.v_sat_book_card",
        "create view vault.v_eff_book_original",
        "create view vault.v_eff_book_original_changes",
    ]
    apply_postgres(pg, after())
    assert plan_postgres(pg, after()) == []
    # A row that says nothing of the new field changes nothing.
    load_rows(pg, after(), "book", [book(3, title="B"), book(4, title="B", subtitle="b")])
    sql = "select valid_from, title, subtitle from vault.v_sat_book_card order by valid_from"
    assert fetch(pg, sql) == [(day(1), "A", None), (day(2), "B", None), (day(4), "B", "b")]
    assert fetch(pg, "select count(*) from vault.sat_book_card") == [(4,)]
    assert fetch(pg, "select count(*) from graph.top") == [(3,)]


def test_a_failed_apply_leaves_nothing(pg: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    from clickvault.vault import schema

    objects = schema.schema_objects
    broken = schema.SchemaObject("vault.broken", "table", "create table nonsense")
    monkeypatch.setattr(schema, "schema_objects", lambda r: [*objects(r), broken])
    with pytest.raises(Exception, match="applying PostgreSQL's schema"):
        apply_postgres(pg, SOCIAL)
    assert fetch(pg, "select to_regclass('ops.schema_object')") == [(None,)]


def test_two_declarations_of_one_name_are_refused() -> None:
    class Book(Event, group="books"):
        """A book."""

        book_id: Annotated[Id, Hub("book")]
        other_id: Annotated[Id, Ref("book", role="twin")]

    class BookTwin(Event, group="books"):
        """Two books."""

        a_id: Annotated[Id, Ref("book")]
        b_id: Annotated[Id, Ref("book", role="b")]

        link = Effectivity()

    with pytest.raises(ContractError, match=r"BookTwin: its table link_book_twin is Book's too"):
        renderer(Book, BookTwin)


def test_a_name_that_postgresql_would_cut_is_refused() -> None:
    class RatherLongNameOfAnEventThatGoes(Event, group="books"):
        """Long."""

        book_id: Annotated[Id, Hub("book")]
        title: Annotated[str, Length(0, 99), Sat("a_satellite_of_long_name")]

    with pytest.raises(ContractError, match="at most 63 characters"):
        schema_sql(renderer(RatherLongNameOfAnEventThatGoes))
