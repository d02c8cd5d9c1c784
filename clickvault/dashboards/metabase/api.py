"""Metabase's API: first set-up, database, collection, cards, dashboards; what left the declaration is archived.

Metabase has no upsert. Cards and dashboards of ours are in one collection, and their descriptions end with their name in the
declaration: so a title may change, a second run makes nothing twice, and what people made themselves is left alone.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from clickvault.dashboards.metabase import cards as made
from clickvault.errors import ConfigurationError, StoreError
from clickvault.marts.headers import View

if TYPE_CHECKING:
    import requests

    from clickvault.dashboards.model import Dashboard
    from clickvault.dashboards.questions import Asked
    from clickvault.sql.render import Renderer

NAME = "clickvault"
DATABASES = ("marts", "ops")
SYNC_SECONDS = 300.0
TIMEOUT = 120
Declared = list[tuple["Dashboard", list["Asked"]]]


@dataclass
class Applied:
    """What was made, changed and archived: names in the declaration."""

    made: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    archived: list[str] = field(default_factory=list)


class Metabase:
    """A session with a Metabase server. Raises StoreError where it does not answer as it must."""

    def __init__(self, url: str, email: str, password: str) -> None:
        """Log in; a server without people is set up, with this login as its administrator.

        Raises ConfigurationError when the login is refused.
        """
        import requests

        self.url = url.rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = urlsplit(self.url).hostname not in ("127.0.0.1", "localhost")
        properties = self._call("GET", "session/properties")
        if not properties.get("has-user-setup") and properties.get("setup-token"):
            user = {"email": email, "password": password, "first_name": "Admin", "last_name": NAME}
            body = {"token": properties["setup-token"], "user": user, "prefs": {"site_name": NAME}}
            session = self._call("POST", "setup", body)
        else:
            session = self._call("POST", "session", {"username": email, "password": password})
        self.session.headers["X-Metabase-Session"] = str(session["id"])

    def apply(self, renderer: Renderer, declared: Declared, reader_url: str, seconds: float = SYNC_SECONDS) -> Applied:
        """Bring the server to the declaration; `reader_url` is ClickHouse as the server reaches it, by the login that reads.

        `seconds`: how long to wait for Metabase to have read the views' columns.
        """
        database = self._database(reader_url)
        columns = {
            (a.view.database, f"v_{a.view.name}", c) for _, tiles in declared for a in tiles for _, c in a.filters
        }
        fields = self._fields(database, columns, seconds)
        collection = self._collection()

        def field_id(view: View, column: str) -> int:
            return fields[view.database, f"v_{view.name}", column]

        applied = Applied()
        there = self._ours(collection)
        ids = {}
        for card in made.cards(renderer, declared):
            payload = card.payload(database, collection, field_id)
            ids[card.name] = self._put("card", card.name, payload, there, applied)
        for shown, tiles in declared:
            self._dashboard(shown, tiles, collection, ids, there, applied)
        for (kind, name), number in there.items():
            if name not in (ids if kind == "card" else {d.name for d, _ in declared}):
                self._call("PUT", f"{kind}/{number}", {"archived": True})
                applied.archived.append(name)
        return applied

    def _dashboard(
        self, shown: Dashboard, tiles: list[Asked], collection: int, ids: dict[str, int],
        there: Mapping[tuple[str, str], int], applied: Applied,
    ) -> None:  # fmt: skip
        about = {
            "name": shown.title,
            "description": made.described(shown.name, shown.about),
            "collection_id": collection,
            "parameters": made.parameters(shown),
        }
        number = there.get(("dashboard", shown.name))
        (applied.changed if number else applied.made).append(shown.name)
        if number is None:
            number = int(self._call("POST", "dashboard", about)["id"])
        places = {
            int(p["card_id"]): int(p["id"])
            for p in self._call("GET", f"dashboard/{number}")["dashcards"]
            if p["card_id"]
        }
        body = about | {"width": "full", "dashcards": made.placed(shown, tiles, ids, places)}
        self._call("PUT", f"dashboard/{number}", body)

    def _put(
        self, kind: str, name: str, payload: dict[str, Any], there: Mapping[tuple[str, str], int], applied: Applied
    ) -> int:
        number = there.get((kind, name))
        if number is not None:
            self._call("PUT", f"{kind}/{number}", payload)
            applied.changed.append(name)
            return number
        applied.made.append(name)
        return int(self._call("POST", kind, payload)["id"])

    def _database(self, reader_url: str) -> int:
        parts = urlsplit(reader_url)
        secure = parts.scheme == "https"
        details = {
            "host": parts.hostname,
            "port": parts.port or (8443 if secure else 8123),
            "user": unquote(parts.username or "default"),
            "password": unquote(parts.password or ""),
            "ssl": secure,
            "dbname": DATABASES[0],
            "enable-multiple-db": True,
            "db-filters-type": "inclusion",
            "db-filters-patterns": ",".join(DATABASES),
        }
        wanted = {"name": NAME, "engine": "clickhouse", "details": details}
        for found in self._call("GET", "database")["data"]:
            if found["name"] == NAME and found["engine"] == "clickhouse":
                self._call("PUT", f"database/{found['id']}", wanted)
                return int(found["id"])
        return int(self._call("POST", "database", wanted)["id"])

    def _fields(
        self, database: int, wanted: set[tuple[str, str, str]], seconds: float
    ) -> dict[tuple[str, str, str], int]:
        """Ids of columns, by database, view and column; Metabase reads them in the background."""
        self._call("POST", f"database/{database}/sync_schema")
        deadline = time.monotonic() + seconds
        while True:
            tables = self._call("GET", f"database/{database}/metadata")["tables"]
            found = {(t["schema"], t["name"], f["name"]): int(f["id"]) for t in tables for f in t["fields"]}
            missing = wanted - found.keys()
            if not missing:
                return found
            if time.monotonic() > deadline:
                raise StoreError(
                    f"Metabase has not read {', '.join('.'.join(m) for m in sorted(missing)[:3])} after {seconds:.0f} s",
                    hint="clickvault init; then again: clickvault dashboards apply --to metabase --url ...",
                    store="metabase",
                )
            time.sleep(min(2.0, seconds / 10))

    def _collection(self) -> int:
        for found in self._list("collection"):
            if found["name"] == NAME and not found.get("archived") and not found.get("personal_owner_id"):
                return int(found["id"])
        body = {
            "name": NAME,
            "description": "Dashboards as code: `clickvault dashboards apply` writes what is in here.",
        }
        return int(self._call("POST", "collection", body)["id"])

    def _ours(self, collection: int) -> dict[tuple[str, str], int]:
        """What of the collection is ours: ids by kind and name in the declaration."""
        items = self._call("GET", f"collection/{collection}/items?models=card&models=dashboard")["data"]
        names = {(i["model"], made.declared_name(i["description"])): int(i["id"]) for i in items}
        return {(kind, name): number for (kind, name), number in names.items() if name}

    def _list(self, path: str) -> list[dict[str, Any]]:
        answer = self._send("GET", path, None)
        return list(self._read(answer, path))

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        found = self._read(self._send(method, path, body), path)
        return dict(found) if isinstance(found, dict) else {"data": found}

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> requests.Response:
        import requests

        try:
            return self.session.request(
                method, f"{self.url}/api/{path}", json=None if body is None else dict(body), timeout=TIMEOUT
            )
        except requests.RequestException as error:
            raise StoreError(
                f"Metabase does not answer at {self.url}: {type(error).__name__}",
                hint="docker compose --env-file .env.compose ps metabase",
                store="metabase",
            ) from error

    def _read(self, answer: requests.Response, path: str) -> Any:
        if answer.status_code == 401 and path == "session":
            raise ConfigurationError(
                "Metabase refuses the login", hint="METABASE_ADMIN_PASSWORD=... and --user, as it was set up"
            )
        try:
            if answer.ok:
                return answer.json() if answer.content else {}
        except ValueError:
            pass
        raise StoreError(
            f"Metabase answers {answer.status_code} to /api/{path.split('?')[0]}: {answer.text[:300]}",
            hint="docker compose --env-file .env.compose logs metabase",
            store="metabase",
        )
