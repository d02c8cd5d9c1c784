"""A receiver that takes what Metabase's API takes, refuses what it refuses, and keeps it: Metabase itself can't be had here.

The bodies' schemas are those that Metabase's own source states in front of each endpoint (`[:map {:closed true} ...]` in
src/metabase: setup_rest/api.clj, warehouses_rest/api.clj, collections_rest/api.clj, queries_rest/api/card.clj,
dashboards_rest/api.clj, parameters/schema.clj, lib/schema/template_tag.cljc), as of its main branch in 2026, version 0.65 to be;
the compose stack has 0.63. They are kept stricter than there: no map that is sent is open, not even visualization_settings, of
which Metabase takes any; every id that is named must exist, each tag of a query must be declared and the other way round, its
field must be of a table that the query asks, and cards must not lie on each other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Annotated, Any, Literal, Required
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, StringConstraints, ValidationError
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=False, pattern=r"\S")]
Map = dict[str, Any]
FIRST_FIELD = 1000
COMMON = {"password", "metabase1", "qwerty123"}


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=False)


class User(Closed):
    email: Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
    password: Annotated[str, StringConstraints(min_length=6, pattern=r"[0-9]")]
    first_name: Text | None = None
    last_name: Text | None = None


class Preferences(Closed):
    site_name: Text
    site_locale: str | None = None


class Setup(Closed):
    token: Literal["the-setup-token"]
    user: User
    prefs: Preferences


class Login(Closed):
    username: Text
    password: Text


class Details(Closed):
    """The connection properties that the ClickHouse driver declares (its metabase-plugin.yaml)."""

    host: Text
    port: PositiveInt
    user: Text
    password: str
    ssl: bool
    dbname: Text
    multiple: bool = Field(alias="enable-multiple-db")
    filters: Literal["inclusion", "exclusion", "all"] = Field(alias="db-filters-type")
    patterns: Text = Field(alias="db-filters-patterns")


class Database(Closed):
    name: Text
    engine: Literal["clickhouse"]
    details: Details


class Collection(Closed):
    name: Text
    description: Text | None = None
    parent_id: PositiveInt | None = None


class Tag(Closed):
    id: Text
    name: Text
    display_name: Text = Field(alias="display-name")
    type: Literal["dimension"]
    dimension: tuple[Literal["field"], PositiveInt, None]
    widget_type: Literal["date/all-options", "string/=", "number/="] = Field(alias="widget-type")
    default: list[str] | None = None
    required: bool = False


class Native(Closed):
    query: Text
    tags: dict[str, Tag] = Field(alias="template-tags")


class Query(Closed):
    type: Literal["native"]
    database: PositiveInt
    native: Native


Names = Annotated[list[Text], Field(min_length=1)]


class Nothing(TypedDict):
    """No settings."""


class Comparison(TypedDict):
    id: Text
    type: Literal["periodsAgo"]
    value: PositiveInt


class Shade(TypedDict):
    columns: Names
    type: Literal["range"]
    colors: Names
    min_type: Literal["all"]
    max_type: Literal["all"]


class Shown(TypedDict):
    name: Text
    enabled: bool


class Format(TypedDict, total=False):
    column_title: Required[Text]
    number_style: Literal["percent"]
    decimals: Annotated[int, Field(ge=0)]
    suffix: Text
    show_mini_bar: bool


Settings = TypedDict(
    "Settings",
    {
        "column_settings": Required[dict[Annotated[str, StringConstraints(pattern=r'^\["name","\w+"\]$')], Format]],
        "scalar.field": Text,
        "scalar.comparisons": list[Comparison],
        "graph.dimensions": Names,
        "graph.metrics": Names,
        "graph.x_axis.title_text": str,
        "graph.x_axis.scale": Literal["log"],
        "graph.y_axis.scale": Literal["log"],
        "stackable.stack_type": Literal["stacked"],
        "funnel.dimension": Text,
        "funnel.metric": Text,
        "table.columns": list[Shown],
        "table.pivot": bool,
        "table.pivot_column": Text,
        "table.cell_column": Text,
        "table.column_formatting": list[Shade],
    },
    total=False,
)
"""What our displays are told. A key that Metabase does not know is taken there, and shown nowhere."""


class Card(Closed):
    name: Text
    type: Literal["question"] | None = None
    dataset_query: Query
    description: Text | None = None
    display: Literal["smartscalar", "scalar", "line", "area", "bar", "row", "table", "scatter", "funnel", "pivot"]
    visualization_settings: Settings
    collection_id: PositiveInt | None = None


class Archive(Closed):
    archived: bool


class Parameter(Closed):
    id: Text
    type: Literal["date/all-options", "string/=", "number/="]
    name: Text
    slug: Text
    sectionId: Text
    default: list[str] | None = None


class Dashboard(Closed):
    name: Text
    description: str | None = None
    collection_id: PositiveInt | None = None
    parameters: list[Parameter] | None = None


class Mapping(Closed):
    parameter_id: Text
    card_id: PositiveInt
    target: tuple[Literal["dimension"], tuple[Literal["template-tag"], Text]]


class Place(Closed):
    id: int
    card_id: PositiveInt
    row: Annotated[int, Field(ge=0)]
    col: Annotated[int, Field(ge=0)]
    size_x: PositiveInt
    size_y: PositiveInt
    parameter_mappings: list[Mapping]
    visualization_settings: Nothing


class Update(Dashboard):
    width: Literal["fixed", "full"]
    dashcards: list[Place]


class Refused(Exception):
    """What Metabase would answer: a status, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


class Metabase:
    """The state of a server, and its endpoints. `columns` are ClickHouse's, which a sync will find at the second look."""

    def __init__(self, columns: list[tuple[str, str, str]]) -> None:
        self.columns = columns
        self.user: User | None = None
        self.databases: dict[int, Database] = {}
        self.collections: dict[int, Map] = {}
        self.cards: dict[int, Map] = {}
        self.dashboards: dict[int, Map] = {}
        self.requests: list[tuple[str, str]] = []
        self.synced = 0
        self._last = 0

    def id(self) -> int:
        self._last += 1
        return self._last

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any, session: str | None) -> Any:
        self.requests.append((method, path))
        if path not in ("session/properties", "setup", "session") and session != "the-session":
            raise Refused(401, "Unauthenticated")
        for pattern, verb, name in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and verb == method:
                numbers = [int(n) for n in found.groups()]
                arguments = [*numbers, *([query] if name == "items" else []), *([body] if body is not None else [])]
                return getattr(self, name)(*arguments)
        raise Refused(404, f"no endpoint {method} /api/{path}")

    def properties(self) -> Map:
        return {"has-user-setup": self.user is not None, "setup-token": None if self.user else "the-setup-token"}

    def setup(self, body: Any) -> Map:
        if self.user:
            raise Refused(403, "only the first user is created so")
        wanted = Setup.model_validate_json(json.dumps(body)).user
        if wanted.password in COMMON:
            raise Refused(400, "password is too common")
        self.user = wanted
        return {"id": "the-session"}

    def login(self, body: Any) -> Map:
        login = Login.model_validate_json(json.dumps(body))
        if not self.user or (login.username, login.password) != (self.user.email, self.user.password):
            raise Refused(401, "did not match stored password")
        return {"id": "the-session"}

    def list_databases(self) -> Map:
        return {"data": [{"id": n, "name": d.name, "engine": d.engine} for n, d in self.databases.items()]}

    def make_database(self, body: Any) -> Map:
        number = self.id()
        self.databases[number] = Database.model_validate_json(json.dumps(body))
        return {"id": number}

    def put_database(self, number: int, body: Any) -> Map:
        self._there(self.databases, number)
        self.databases[number] = Database.model_validate_json(json.dumps(body))
        return {"id": number}

    def sync(self, number: int) -> Map:
        self._there(self.databases, number)
        self.synced = 0
        return {"status": "ok"}

    def metadata(self, number: int) -> Map:
        self._there(self.databases, number)
        self.synced += 1
        tables: dict[tuple[str, str], list[Map]] = {}
        for i, (schema, table, column) in enumerate(self.columns, FIRST_FIELD):
            tables.setdefault((schema, table), []).append({"id": i, "name": column})
        found = [{"schema": s, "name": t, "fields": f} for (s, t), f in tables.items()]
        return {"tables": found if self.synced > 1 else found[:1]}

    def list_collections(self) -> list[Map]:
        return [{"id": "root", "name": "Our analytics"}, *self.collections.values()]

    def make_collection(self, body: Any) -> Map:
        number = self.id()
        values = Collection.model_validate_json(json.dumps(body)).model_dump()
        self.collections[number] = values | {"id": number, "archived": False, "personal_owner_id": None}
        return self.collections[number]

    def items(self, number: int, query: dict[str, list[str]]) -> Map:
        self._there(self.collections, number)
        kinds = {"card": self.cards, "dashboard": self.dashboards}
        found = [
            {"id": n, "model": kind, "name": v["name"], "description": v["description"]}
            for kind in query["models"]
            for n, v in kinds[kind].items()
            if v["collection_id"] == number and not v["archived"]
        ]
        return {"total": len(found), "data": found}

    def make_card(self, body: Any) -> Map:
        number = self.id()
        self.cards[number] = self._card(body) | {"id": number, "archived": False}
        return {"id": number}

    def put_card(self, number: int, body: Any) -> Map:
        before = self._there(self.cards, number)
        self.cards[number] = before | self._update(body, self._card)
        return {"id": number}

    def make_dashboard(self, body: Any) -> Map:
        number = self.id()
        wanted = Dashboard.model_validate_json(json.dumps(body))
        self._there(self.collections, wanted.collection_id or 0)
        self.dashboards[number] = wanted.model_dump() | {"id": number, "archived": False, "dashcards": []}
        return {"id": number}

    def get_dashboard(self, number: int) -> Map:
        return dict(self._there(self.dashboards, number))

    def put_dashboard(self, number: int, body: Any) -> Map:
        before = self._there(self.dashboards, number)
        after = before | self._update(body, lambda b: Update.model_validate_json(json.dumps(b)).model_dump())
        if not after["archived"]:
            after["dashcards"] = self._places(before, after)
        self.dashboards[number] = after
        return after

    def _update(self, body: Any, whole: Any) -> Map:
        if set(body) == {"archived"}:
            return Archive.model_validate_json(json.dumps(body)).model_dump()
        return dict(whole(body))

    def _card(self, body: Any) -> Map:
        card = Card.model_validate_json(json.dumps(body))
        self._there(self.collections, card.collection_id or 0)
        self._there(self.databases, card.dataset_query.database)
        native = card.dataset_query.native
        named = set(re.findall(r"\{\{\s*(\w+)\s*\}\}", native.query))
        if named != set(native.tags):
            raise Refused(400, f"the query names {named}, its tags are {set(native.tags)}")
        for name, tag in native.tags.items():
            if name != tag.name:
                raise Refused(400, "keys in template tag map must match the :name of their values")
            schema, table, column = self._field(tag.dimension[1])
            if not re.search(rf"\b{schema}\.{table}\b", native.query):
                raise Refused(400, f"{name} is a filter on {schema}.{table}.{column}, which the query does not ask")
            optional = re.search(rf"\[\[[^\]]*\{{\{{{name}\}}\}}[^\]]*\]\]", native.query)
            if not optional and not (tag.required and tag.default):
                raise Refused(400, f"{name} must have a value, and has no default")
        return card.model_dump(by_alias=True)

    def _field(self, number: int) -> tuple[str, str, str]:
        if not FIRST_FIELD <= number < FIRST_FIELD + len(self.columns):
            raise Refused(400, f"no field {number}")
        return self.columns[number - FIRST_FIELD]

    def _places(self, before: Map, after: Map) -> list[Map]:
        ids = [p["id"] for p in after["dashcards"]]
        if len(set(ids)) != len(ids):
            raise Refused(400, "ids of dashcards must be unique")
        known = {p["id"] for p in before["dashcards"]}
        cells: set[tuple[int, int]] = set()
        found = []
        parameters = {p["id"] for p in after["parameters"]}
        for place in after["dashcards"]:
            if place["id"] >= 0 and place["id"] not in known:
                raise Refused(404, f"no dashcard {place['id']} here")
            card = self._there(self.cards, place["card_id"])
            if card["archived"]:
                raise Refused(400, "the card is archived")
            if place["col"] + place["size_x"] > 24:
                raise Refused(400, "beyond the grid")
            mine = {
                (place["col"] + x, place["row"] + y) for x in range(place["size_x"]) for y in range(place["size_y"])
            }
            if cells & mine:
                raise Refused(400, "cards lie on each other")
            cells |= mine
            for mapping in place["parameter_mappings"]:
                tags = card["dataset_query"]["native"]["template-tags"]
                good = mapping["parameter_id"] in parameters and mapping["card_id"] == place["card_id"]
                if not good or mapping["target"][1][1] not in tags:
                    raise Refused(400, f"a mapping leads nowhere: {mapping}")
            found.append(place | {"id": place["id"] if place["id"] >= 0 else self.id()})
        return found

    @staticmethod
    def _there(kept: dict[int, Any], number: int) -> Any:
        if number not in kept:
            raise Refused(404, "Not found.")
        return kept[number]


ROUTES = [
    (r"session/properties", "GET", "properties"),
    (r"setup", "POST", "setup"),
    (r"session", "POST", "login"),
    (r"database", "GET", "list_databases"),
    (r"database", "POST", "make_database"),
    (r"database/(\d+)", "PUT", "put_database"),
    (r"database/(\d+)/sync_schema", "POST", "sync"),
    (r"database/(\d+)/metadata", "GET", "metadata"),
    (r"collection", "GET", "list_collections"),
    (r"collection", "POST", "make_collection"),
    (r"collection/(\d+)/items", "GET", "items"),
    (r"card", "POST", "make_card"),
    (r"card/(\d+)", "PUT", "put_card"),
    (r"dashboard", "POST", "make_dashboard"),
    (r"dashboard/(\d+)", "GET", "get_dashboard"),
    (r"dashboard/(\d+)", "PUT", "put_dashboard"),
]


@contextmanager
def serving(metabase: Metabase) -> Iterator[str]:
    """The address at which it answers."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            status, said = 200, None
            try:
                said = metabase.answer(
                    self.command,
                    parts.path.removeprefix("/api/"),
                    parse_qs(parts.query),
                    body,
                    self.headers.get("X-Metabase-Session"),
                )
            except Refused as refusal:
                status, said = refusal.status, {"message": refusal.why}
            except ValidationError as error:
                status, said = 400, {"errors": error.errors(include_url=False, include_input=False)}
            text = json.dumps(said, default=str).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = _answer

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
