"""All SQL that the contracts of the social domain become, as it was when somebody last read it.

tests/unit/snapshots has one file for each representative (representatives.py: few event types, every construct), and
some for what event types share. A difference means that the SQL of a running installation changes with the next
`clickvault init` or run: read it as you would read a migration, then

    UPDATE_SNAPSHOTS=1 pytest tests/unit/test_render.py

and commit the files with the change that made them differ.
"""

from __future__ import annotations

import difflib
import os
import re
from datetime import date
from functools import cache
from pathlib import Path

import jinja2
import pytest

from clickvault import dashboards, graph, quality
from clickvault.contract import Registry
from clickvault.contract.snapshots import pointer
from clickvault.contract.vault import vault_of
from clickvault.dashboards.tableau.export import extract_sql
from clickvault.domains.social import DOMAIN
from clickvault.errors import ContractError
from clickvault.graph import sql as graph_sql
from clickvault.graph.changes import owners_of
from clickvault.graph.relations import measured, nodes, relations
from clickvault.ingest import collections
from clickvault.ingest.versions import Period
from clickvault.marts import build as marts
from clickvault.pipeline import migrate as schema
from clickvault.settings import Settings
from clickvault.sql.objects import SqlObject, objects_of
from clickvault.sql.render import (
    Renderer,
    ch_identifier,
    check_identifier,
    literal,
    pg_identifier,
    statements,
)
from clickvault.stores.postgres import STAGE_COLLECTION
from clickvault.vault.mentions import mentions_sql
from clickvault.vault.merge import merge_statements
from clickvault.vault.schema import schema_objects
from clickvault.vault.snapshots import build_sql
from tests.unit import representatives


def periods_of(renderer: Renderer) -> list[Period]:
    """Every event type by one contract for ever, as in a home whose contracts never changed."""
    return [Period(name, event) for name, event in renderer.registry.events.items()]


SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = os.environ.get("UPDATE_SNAPSHOTS") == "1"
BRIDGE = ("windows", "batch_times", "stage", "batch_sums", "stage_sums")


class Recording(jinja2.BaseLoader):
    """A loader that knows which templates it was asked for, macros of others included."""

    def __init__(self, loader: jinja2.BaseLoader) -> None:
        self.loader = loader
        self.seen: set[str] = set()

    def get_source(self, environment: jinja2.Environment, template: str):  # type: ignore[no-untyped-def]
        self.seen.add(template)
        return self.loader.get_source(environment, template)


RENDERER = Renderer(Registry([DOMAIN]))
LOADER = Recording(RENDERER._environment.loader)
RENDERER._environment.loader = LOADER
EVENTS = list(RENDERER.registry.events.values())
SMALL = Renderer(Registry([representatives.DOMAIN]))
TWO = Renderer(Registry([representatives.TWO]))
SHOWN = {c.spec.event_type for c in representatives.EVENTS}


def settings(**given: str) -> Settings:
    """Settings of nobody's machine."""
    return Settings(
        home=Path("/nowhere"), kafka_bootstrap="kafka:9092", s3_url="http://s3:9000", s3_access_key="key",
        s3_secret_key="secret", postgres_url="postgresql://vault:secret@postgres:5432/vault",
        clickhouse_url="http://clickhouse:8123", **({"kafka_epoch": "e0"} | given),
    )  # fmt: skip


@cache
def clickhouse() -> tuple[SqlObject, ...]:
    """Every object of ClickHouse."""
    return tuple(schema.clickhouse_objects(RENDERER, settings()))


def section(title: str, *sql: str) -> str:
    """A part of a snapshot, with blank lines left out."""
    body = ";\n\n".join("\n".join(line.rstrip() for line in s.strip().splitlines() if line.strip()) for s in sql)
    return f"-- ═══ {title}\n{body.removesuffix(';')};\n"


def postgres(renderer: Renderer) -> list[tuple[str, str, str]]:
    """Every object of PostgreSQL that is rendered: its snapshot, its title, its SQL."""
    owners: dict[str, str] = {}
    for event in renderer.registry.events.values():
        vault = vault_of(event)
        owners |= {f"stage.{event.event_type}": event.event_type}
        for link in vault.links:
            owners |= {f"vault.{kind}_{link.name}": event.event_type for kind in ("link", "eff")}
        owners |= {f"vault.{s.name}": event.event_type for s in vault.sats}
    out = []
    for o in schema_objects(renderer):
        if o.name.startswith("postgres/"):
            continue  # written by hand, read as it is
        table = o.name.replace(".v_", ".", 1)
        event_type = owners.get(table) or owners.get(table.removesuffix("_changes"))
        out.append((f"event_{event_type}" if event_type else "postgres", f"PostgreSQL: {o.kind} {o.name}", o.sql))
    return out


def checks(renderer: Renderer) -> list[tuple[str, str]]:
    """The query of every quality check by its title, and how the results of one are kept."""
    found = [(f"quality: {c.name}", quality.query(renderer, c)) for c in quality.all_checks(renderer)]
    for name in ("freshness", "orphans"):  # bounds of the contract, of a parameter
        check = quality.find(renderer, name)
        found.append((f"results of {name}", renderer.render("quality/_store.sql.j2", check=check, sql="...")))
        found.append((f"{name} without any", renderer.render("quality/_nothing.sql.j2", check=check)))
    return found


def kept_up(renderer: Renderer) -> list[tuple[str, str]]:
    """By its title, the SQL that keeps PIT and bridge tables up to date, sources apart, a graph database in step with the vault."""
    registry = renderer.registry
    found = [
        ("backlog", renderer.render("vault/backlog.sql.j2", names=list(registry.events), collection=STAGE_COLLECTION))
    ]
    for spec in {s.kind: s for s in reversed(registry.snapshots)}.values():
        for whole, based in ((True, False), (False, True)):
            title = (
                f"{spec.name}: {'all keys' if whole else 'touched keys'}, from {'a day before' if based else 'nothing'}"
            )
            found.append((title, build_sql(renderer, spec, whole=whole, based=based)))
    found.append(("topics made anew", renderer.render("ingest/separate.sql.j2", table="landing.events")))
    found.append(("snapshots", renderer.render("vault/reconciliation_snapshots_postgres.sql.j2", pointer=pointer)))
    found.append(("snapshots", renderer.render("vault/reconciliation_snapshots_clickhouse.sql.j2")))
    for v in {tuple(sorted(link.kind for link in v.links)): v for v in reversed(renderer.vaults())}.values():
        title = f"contents of {v.event.event_type}"
        found.append((title, renderer.render("vault/contents_clickhouse.sql.j2", v=v)))
        found.append((title, renderer.render("vault/contents_postgres.sql.j2", v=v)))
    for table in (
        f"hub_{next(iter(registry.hubs))}",
        next(f"link_{v.links[0].name}" for v in renderer.vaults() if v.links),
    ):
        found.append((f"mentions in {table}", mentions_sql(renderer, table)))
    labels, types = nodes(registry), relations(registry)
    node, owners = labels[0], owners_of(registry, labels[0])
    found.append(
        (f"changes: {node.label}", renderer.render("graph/changes_node.sql.j2", node=node, owners=owners, whole=False))
    )
    shapes = {(r.incremental, r.undirected, len(r.parts) > 1): r for r in reversed(types)}
    for r in shapes.values():
        sql = renderer.render("graph/changes_relation.sql.j2", relation=r, whole=False, back=["source"])
        found.append((f"changes: {r.type}", sql))
    found.append(("reconciliation", renderer.render("graph/sync_reconciliation.sql.j2", nodes=labels, relations=types)))
    return found


@cache
def rendered() -> dict[str, str]:
    """All SQL by the name of its file: of every event type, and of what they share."""
    out: dict[str, list[str]] = {}
    mine = {f"raw.{e.event_type}": e.event_type for e in EVENTS}
    mine |= {
        f"landing.{kind.format(e.event_type)}": e.event_type
        for e in EVENTS
        for kind in (
            "routed_{}_null",
            "route_{}_mv",
            "validated_{}_null",
            "validate_{}_mv",
            "accept_{}_mv",
            "reject_{}_mv",
        )
    }

    def add(name: str, title: str, *sql: str) -> None:
        out.setdefault(name, []).append(section(title, *sql))

    for o in clickhouse():
        first, _, rest = re.sub("_(null|mv)$", "", o.name).partition("_")
        group = rest if first.removeprefix("landing.") in ("queue", "pull", "gathered", "gather") else ""
        name = f"group_{group}" if group else f"event_{mine[o.name]}" if o.name in mine else "clickhouse"
        if o.name.startswith("marts."):
            name = next((f"mart_{m.name}" for m in marts.all_marts(RENDERER) if o.name.endswith(m.name)), "clickhouse")
        add(name, f"ClickHouse: {o.kind} {o.name}", o.sql)
    for mart in marts.all_marts(RENDERER):
        add(f"mart_{mart.name}", "ClickHouse: build of [d0, d1)", marts.build_sql(RENDERER, mart))
        for what, (vault, clickhouse_side) in mart.reconciliation.items():
            add(f"mart_{mart.name}", f"reconciliation: {what}", vault, clickhouse_side)

    for object_of_postgres in postgres(RENDERER):
        add(*object_of_postgres)
    for event in EVENTS:
        name, v = f"event_{event.event_type}", vault_of(event)
        for template in BRIDGE:
            add(
                name,
                f"bridge: {template}",
                RENDERER.render(f"vault/{template}.sql.j2", v=v, collection=STAGE_COLLECTION),
            )
        for kind, sql in merge_statements(RENDERER, v).items():
            if sql:
                add(name, f"merge: {kind}", *sql)
        add(f"replay_{event.event_type}", "replay", *statements(RENDERER.render("ingest/replay.sql.j2", event=event)))

    for relation in measured(RENDERER.registry):
        name, table = f"graph_{relation.type.lower()}", "scores"
        add(name, "PostgreSQL: read", graph_sql.read_sql(RENDERER, relation))
        add(name, "PostgreSQL: clear the day", graph_sql.clear_satellite_sql(RENDERER, relation))
        add(name, "PostgreSQL: fill the day", graph_sql.fill_satellite_sql(RENDERER, relation))
        add(name, "reconciliation", *graph_sql.reconciliation_sql(RENDERER, relation))
        add(name, "ClickHouse: put a day in place", graph_sql.replace_sql(RENDERER, table, date(2026, 1, 31)))
        add(name, "ClickHouse: an empty day", graph_sql.replace_sql(RENDERER, table, date(2026, 1, 31), empty=True))
    add("clickhouse", "graph: summary", RENDERER.render("graph/summary.sql.j2"))
    periods = periods_of(RENDERER)
    for template in ("s3_count", "s3_load", "reconciliation"):
        add(f"ingest_{template}", f"ingest: {template}", RENDERER.render(f"ingest/{template}.sql.j2", periods=periods))
    for template in ("retire", "parts", "load_log"):
        add("maintenance", f"maintenance: {template}", RENDERER.render(f"maintenance/{template}.sql.j2"))
    for store in ("clickhouse", "postgres"):
        add(
            "vault_reconciliation",
            f"reconciliation in {store}",
            RENDERER.render(f"vault/reconciliation_{store}.sql.j2"),
        )
    add("report", "trust", RENDERER.render("report/trust.sql.j2"))
    tiles = {a.tile.chart: a for _, some in reversed(dashboards.load(RENDERER)) for a in reversed(some)}
    for chart, a in tiles.items():
        add("dashboards", f"{chart}: {a.name}", a.sql(RENDERER))
        if chart in ("number", "rank"):
            add("dashboards", f"{chart}: what {a.name} is about", a.source(RENDERER))
            add("dashboards", f"{chart}: the extract of {a.name}", extract_sql(RENDERER, a))
    funnel = tiles["funnel"]
    steps = [(m.name, m.label) for m in funnel.metrics]
    add(
        "dashboards",
        "funnel: its steps as rows",
        RENDERER.render("dashboards/steps.sql.j2", rows=funnel.sql(RENDERER), metrics=steps),
    )
    for title, sql in checks(RENDERER):
        add("quality", title, sql)
    for title, sql in kept_up(RENDERER):
        add("kept_up", title, sql)
    return {f"{name}.sql": "\n".join(parts) for name, parts in out.items()}


@cache
def shown() -> dict[str, str]:
    """What is kept of it to be read: the representatives alone, also in what speaks of all event types at once."""
    out = {
        name: text
        for name, text in rendered().items()
        if not name.startswith(("event_", "replay_")) or name.removesuffix(".sql").partition("_")[2] in SHOWN
    }
    out = {n: text for n, text in out.items() if not n.startswith("replay_")}  # the rules again: see the tests of drift
    smallest = TWO.registry.event("user_badges")
    parts = [section(title, sql) for name, title, sql in postgres(SMALL) if name == "postgres"]
    vault = [
        section(f"reconciliation in {s}", SMALL.render(f"vault/reconciliation_{s}.sql.j2"))
        for s in ("clickhouse", "postgres")
    ]
    replay = statements(TWO.render("ingest/replay.sql.j2", event=smallest))
    later = TWO.render("ingest/reconciliation.sql.j2", retired=True, periods=periods_of(TWO))
    return out | {
        "maintenance.sql": out["maintenance.sql"] + section("reconciliation of what landed later", later),
        "kept_up.sql": "\n".join(section(title, sql) for title, sql in kept_up(SMALL)),
        "quality.sql": "\n".join(section(title, sql) for title, sql in checks(SMALL)),
        "postgres.sql": "\n".join(parts),
        "vault_reconciliation.sql": "\n".join(vault),
        "ingest_reconciliation.sql": section(
            "ingest: reconciliation", TWO.render("ingest/reconciliation.sql.j2", periods=periods_of(TWO))
        ),
        "ingest_replay.sql": section(f"dead letters: replay of {smallest.event_type}", *replay),
    }


# ── snapshots ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_rendered_sql_is_what_was_read() -> None:
    """The message says what a difference means; a file that nothing renders any more is a difference too."""
    now = shown()
    before = {p.name: p.read_text(encoding="utf-8") for p in SNAPSHOTS.glob("*.sql")}
    if UPDATE:
        SNAPSHOTS.mkdir(exist_ok=True)
        for name in before.keys() - now.keys():
            (SNAPSHOTS / name).unlink()
        for name, text in now.items():
            (SNAPSHOTS / name).write_text(text, encoding="utf-8")
        return
    differ = sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))
    if not differ:
        return
    lines: list[str] = []
    for name in differ:
        old, new = before.get(name, "").splitlines(), now.get(name, "").splitlines()
        lines += list(difflib.unified_diff(old, new, f"{name} as read", f"{name} as rendered", n=2, lineterm=""))[:40]
    pytest.fail(
        f"the rendered SQL differs from its snapshots in {len(differ)} files: {', '.join(differ)}.\n"
        "The next `clickvault init` or run of an installation uses the new text. If that is meant:\n"
        "UPDATE_SNAPSHOTS=1 pytest tests/unit/test_render.py, and commit the files.\n\n" + "\n".join(lines[:200]),
        pytrace=False,
    )


def test_the_collection_is_whole() -> None:
    """An empty collection of snapshots passes every comparison."""
    files = set(shown())
    assert {f"event_{name}.sql" for name in SHOWN} <= files
    assert {f"group_{g}.sql" for g in RENDERER.registry.groups} <= files
    assert {f"mart_{m.name}.sql" for m in marts.all_marts(RENDERER)} <= files
    assert len(marts.all_marts(RENDERER)) >= 4
    text = "\n".join(rendered().values())
    for o in clickhouse():
        assert f"ClickHouse: {o.kind} {o.name}\n" in text
    for p in schema_objects(RENDERER):
        assert p.name.startswith("postgres/") or f"PostgreSQL: {p.kind} {p.name}\n" in text


def test_every_construct_has_a_representative() -> None:
    """A construct that no snapshot shows can change in all event types that use it, and nobody reads it."""
    users = {event.class_name: representatives.of_event(event) for event in EVENTS}
    seen = set().union(*(representatives.of_event(c.spec) for c in representatives.EVENTS))
    missing = {what: [c for c, used in users.items() if what in used] for what in set().union(*users.values()) - seen}
    assert not missing, f"add one of these to EVENTS in representatives.py: {missing}"
    together = representatives.of_registry(RENDERER.registry) - representatives.of_registry(SMALL.registry)
    assert not together, "add classes to DOMAIN in representatives.py"


def test_every_representative_is_needed() -> None:
    """The collection stays small enough to be read."""
    for one in representatives.EVENTS:
        others = set().union(*(representatives.of_event(c.spec) for c in representatives.EVENTS if c is not one))
        assert representatives.of_event(one.spec) - others, f"{one.__name__} shows nothing that others do not show"
    assert sum(text.count("\n") for text in shown().values()) < 14_500


def test_every_template_is_rendered() -> None:
    """SQL that no snapshot has can change without anybody reading it."""
    rendered()
    kit = {str(p.relative_to(RENDERER.folder)) for p in RENDERER.folder.rglob("*.sql.j2")}
    kit = {name for name in kit if not name.startswith("project/")}  # of the project that `new` writes: test_project.py
    domain = {f"domains/social/{p.relative_to(DOMAIN.folder)}" for p in DOMAIN.folder.rglob("*.sql.j2")}
    assert kit
    assert domain
    there = kit | domain
    assert there - LOADER.seen == set(), "render it in `rendered`"


def test_nothing_unrendered_is_left_in_the_sql() -> None:
    for name, text in rendered().items():
        for mark in ("{{", "}}", "{%", "{#", "Undefined", "None,", "<clickvault"):
            assert mark not in text, f"{name} has {mark}"


# ── drift: parts of the SQL that must agree with each other ───────────────────────────────────────────────────


def columns_of(create: str) -> list[str]:
    """The names of the columns of a CREATE TABLE that are written, in order."""
    body = create[create.index("(\n") : create.index("\n)\nENGINE")]
    computed = ("INDEX ", " MATERIALIZED ", " ALIAS ")
    return [line.split()[0].strip("`") for line in body.splitlines()[1:] if not any(c in line for c in computed)]


def selected(view: str) -> list[str]:
    """The names that a view of plain columns selects, in order."""
    body = view[view.index("SELECT") + 6 : view.index("\nFROM ")]
    return [part.strip().rpartition(" AS ")[2].strip("` ") for part in body.split(",")]


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e.event_type)
def test_columns_agree_on_the_way_to_raw(event) -> None:  # type: ignore[no-untyped-def]
    """A view writes by name, but a column that one side lacks gets its type's default, silently."""
    by_name = {o.name: o.sql for o in clickhouse()}
    name = event.event_type
    raw = columns_of(by_name[f"raw.{name}"])
    judged = columns_of(by_name[f"landing.validated_{name}_null"])
    assert selected(by_name[f"landing.accept_{name}_mv"]) == raw
    own = [f.name for f in event.all_fields if f.name != "event_type"]
    assert raw[: len(own)] == judged[: len(own)] == own
    verdict = by_name[f"landing.validate_{name}_mv"]
    aliases = [
        line.strip().rpartition(" AS ")[2].strip("`, ") for line in verdict.splitlines() if line.startswith("    ")
    ]
    assert [a for a in aliases if a in own][-len(own) :] == own
    assert set(selected(by_name[f"landing.reject_{name}_mv"])) == set(columns_of(by_name["raw.rejected"]))


def test_every_way_in_lands_the_same_columns() -> None:
    """What one source leaves out would be empty for its messages alone."""
    by_name = {o.name: o.sql for o in clickhouse()}
    landed = set(columns_of(by_name["landing.events"]))
    for name in [f"landing.pull_{g}_mv" for g in RENDERER.registry.groups]:
        aliases = {line.strip().rpartition(" AS ")[2].strip(", ") for line in by_name[name].splitlines()}
        assert landed <= aliases | {"raw"}, name
    load = RENDERER.render("ingest/s3_load.sql.j2")
    assert all(f" AS {c}" in load for c in landed)
    assert by_name["landing.inbox_mv"].count(" AS ") >= 2


@pytest.mark.parametrize("group", RENDERER.registry.groups)
def test_each_group_has_one_queue_with_its_topics_and_one_view(group: str) -> None:
    """A topic that no queue reads is never ingested; a second view on a queue loses blocks at a restart."""
    queues = [o for o in clickhouse() if o.kind == "queue" and o.name == f"landing.queue_{group}"]
    pulls = [o for o in clickhouse() if o.kind == "pull" and f"FROM landing.`queue_{group}`" in o.sql]
    assert len(queues) == len(pulls) == 1
    topics = ",".join(e.topic for e in RENDERER.registry.groups[group])
    assert f"kafka_topic_list = '{topics}'" in queues[0].sql


def test_every_type_is_gathered_once() -> None:
    """A type that no group gathers is judged by nobody; one that two gather is judged twice."""
    gathered = [o.sql for o in clickhouse() if o.name.startswith("landing.gather_")]
    for event in EVENTS:
        assert sum(sql.count(f"'{event.event_type}'") for sql in gathered) == 1


def test_every_topic_is_in_one_queue() -> None:
    queues = [o for o in clickhouse() if o.kind == "queue"]
    assert len(queues) == len(RENDERER.registry.groups)
    listed = [t for o in queues for t in o.sql.split("kafka_topic_list = '")[1].split("'")[0].split(",")]
    assert sorted(listed) == sorted(e.topic for e in EVENTS)


def test_what_pulls_comes_last() -> None:
    """Messages that come before the last view is there are lost to it."""
    kinds = [o.kind for o in clickhouse()]
    first = kinds.index("queue")
    assert set(kinds[first:]) == {"queue", "pull"}
    names = [o.name for o in clickhouse()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e.event_type)
def test_everything_judges_by_the_same_rules(event) -> None:  # type: ignore[no-untyped-def]
    """New messages, replayed ones and reconciliation; otherwise a dead letter could come back that nobody would accept. Only what "in the
    future" is measured from differs: the landing, the replay, the last verdict."""

    def plain(sql: str) -> str:
        return "\n".join(line.strip() for line in sql.splitlines() if line.strip())

    view = plain(next(o.sql for o in clickhouse() if o.name == f"landing.validate_{event.event_type}_mv"))
    verdict = view[view.index("JSONExtractKeys(raw) AS _keys") : view.index(" AS reasons")]
    assert verdict.count("\n") > 30
    assert "> landed_at + toIntervalSecond(" in verdict

    def measured_from(time: str) -> str:
        return verdict.replace("> landed_at + toIntervalSecond(", f"> {time} + toIntervalSecond(")

    again = measured_from("{now:DateTime64(6, 'UTC')}")
    assert plain(rendered()[f"replay_{event.event_type}.sql"]).count(again) == 2
    assert plain(rendered()["ingest_reconciliation.sql"]).count(measured_from("greatest(landed_at, judged_at)")) >= 1


@pytest.mark.parametrize("event", EVENTS, ids=lambda e: e.event_type)
def test_the_judge_comes_after_what_it_feeds(event) -> None:  # type: ignore[no-untyped-def]
    """In the other order a message that lands meanwhile is judged into nothing, or routed to no judge."""
    order = [o.name for o in clickhouse()]
    name = event.event_type
    assert order.index(f"landing.route_{name}_mv") > order.index(f"landing.validate_{name}_mv")
    assert order.index(f"landing.gather_{event.group}_mv") > order.index(f"landing.route_{name}_mv")
    routed = next(o.sql for o in clickhouse() if o.name == f"landing.routed_{name}_null")
    assert selected(next(o.sql for o in clickhouse() if o.name == f"landing.route_{name}_mv")) == columns_of(routed)
    assert order.index(f"landing.validate_{name}_mv") > max(
        order.index(f"landing.{k}_{name}_mv") for k in ("accept", "reject")
    )


def test_rendering_is_repeatable() -> None:
    """Otherwise every plan would list changes that nobody made."""
    again = schema.clickhouse_objects(Renderer(Registry([DOMAIN])), settings())
    assert tuple(again) == clickhouse()
    assert [o.sql for o in schema_objects(Renderer(Registry([DOMAIN])))] == [o.sql for o in schema_objects(RENDERER)]


# ── quoting ───────────────────────────────────────────────────────────────────────────────────────────────────

HOSTILE = [
    "", " ", "a b", "a`b", 'a"b', "a'b", "a;b", "a--b", "a/*b", "a\\b", "a\0b", "a\nb", "1a", "a-b", "ä", "a" * 64, "a)",
    "`", '"', "a`; DROP TABLE x; --", "ａ", "a\n",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_no_other_text_is_an_identifier(name: str) -> None:
    for quote in (check_identifier, ch_identifier, pg_identifier):
        with pytest.raises(ContractError, match="not an identifier"):
            quote(name)
        with pytest.raises(ContractError, match="not an identifier"):
            quote(f"raw.{name}") if quote is not check_identifier else quote(name)


def test_identifiers_are_quoted() -> None:
    assert ch_identifier("raw.post") == "`raw`.`post`"
    assert pg_identifier("vault.Post_1") == '"vault"."Post_1"'
    assert check_identifier("_" + "a" * 62)


def unquoted(sql: str) -> str:
    """What ClickHouse reads of a literal."""
    assert sql[0] == sql[-1] == "'"
    out, escaped = "", False
    for c in sql[1:-1]:
        assert escaped or c != "'", "the literal ends early"
        if c == "\\" and not escaped:
            escaped = True
            continue
        out, escaped = out + c, False
    assert not escaped, "the closing quote is escaped"
    return out


@pytest.mark.parametrize(
    "text", [*(h for h in HOSTILE if "\0" not in h), "\\'", "\\\\'", "'; DROP TABLE x; --", "\\", "''"]
)
def test_a_literal_is_read_back_as_it_was(text: str) -> None:
    assert unquoted(literal(text)) == text


def test_a_literal_has_no_nul() -> None:
    with pytest.raises(ContractError, match="NUL"):
        literal("a\0b")


@pytest.mark.parametrize("epoch", ["e1", "it's", "\\", "e', kafka_num_consumers = 99 --"])
def test_an_epoch_stays_inside_its_literals(epoch: str) -> None:
    """The epoch is a setting: it names the consumer group and the source, and must not become SQL."""
    hostile = {o.name: o.sql for o in schema.clickhouse_objects(RENDERER, settings(kafka_epoch=epoch))}
    for group in RENDERER.registry.groups:
        for name, text in (
            (f"landing.queue_{group}", "clickvault." + group + "."),
            (f"landing.pull_{group}_mv", "kafka:"),
        ):
            plain = next(o.sql for o in clickhouse() if o.name == name)
            assert plain.count(literal(text + "e0")) == 1
            assert hostile[name] == plain.replace(literal(text + "e0"), literal(text + epoch))


def test_passwords_stay_inside_their_literals() -> None:
    values = collections.collections(settings(clickhouse_sees_postgres="postgresql://v:p%27%5C%22@h:5432/d"))[
        "vault_stage"
    ]
    assert values["password"] == "p'\\\""
    assert unquoted(literal(values["password"])) == values["password"]


def test_objects_are_found_by_their_marks() -> None:
    found = objects_of("-- head\n-- object: table a.b\nCREATE TABLE a.b\n\n(x Int8);\n-- object: view a.v\nSELECT 1;\n")
    assert [(o.kind, o.name, o.sql) for o in found] == [
        ("table", "a.b", "CREATE TABLE a.b\n(x Int8)"), ("view", "a.v", "SELECT 1"),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="no statement"):
        objects_of("-- object: table a.b\n-- nothing\n")


def test_the_graph_is_in_both_stores() -> None:
    assert objects_of(graph.schema_sql(RENDERER))
    assert any(o.name.startswith("graph.node_") for o in schema_objects(RENDERER))
