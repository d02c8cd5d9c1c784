"""Superset's API: log in, import the bundle, remove charts and dashboards that left the declaration.

What is ours carries "certified by clickvault" with its name in the declaration, so that what people made themselves is never
touched. A dataset that left is removed when no chart is made of it any more.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from clickvault.dashboards.superset import bundle as bundles
from clickvault.errors import ConfigurationError, StoreError
from clickvault.stores.clickhouse import rows

if TYPE_CHECKING:
    import requests
    from clickhouse_connect.driver.client import Client

PAGE = 100
TIMEOUT = 300


@dataclass(frozen=True)
class Applied:
    """What is there after an import, and what was removed by it (names in the declaration)."""

    dashboards: int
    charts: int
    datasets: int
    removed: list[str] = field(default_factory=list)


def types(reader: Client) -> dict[str, dict[str, str]]:
    """The columns' types of all views that charts can be made of."""
    found: dict[str, dict[str, str]] = {}
    sql = "SELECT database, table, name, type FROM system.columns WHERE database IN ('marts', 'ops') AND startsWith(table, 'v_') ORDER BY position"
    for row in rows(reader, sql):
        found.setdefault(f"{row['database']}.{row['table']}", {})[row["name"]] = row["type"]
    return found


def address(reader_url: str) -> tuple[str, str]:
    """SQLAlchemy's URI of the login that only reads, its password masked; and the password."""
    parts = urlsplit(reader_url)
    secure = parts.scheme == "https"
    port = parts.port or (8443 if secure else 8123)
    user, more = parts.username or "default", "?secure=true" if secure else ""
    return f"clickhousedb://{user}:XXXXXXXXXX@{parts.hostname}:{port}/marts{more}", unquote(parts.password or "")


class Superset:
    """A session with a Superset server. Raises StoreError where it does not answer as it must."""

    def __init__(self, url: str, user: str, password: str) -> None:
        """Log in. Raises ConfigurationError when the login is refused."""
        import requests

        self.url = url.rstrip("/")
        self.session = requests.Session()
        self.session.trust_env = not _local(self.url)  # no proxy stands between us and this machine
        login = {"username": user, "password": password, "provider": "db", "refresh": False}
        answer = self._send("POST", "security/login", json=login)
        if answer.status_code == 401:
            raise ConfigurationError(
                f"Superset refuses the login {user!r}",
                hint="SUPERSET_ADMIN_PASSWORD=... clickvault dashboards apply --to superset --url ...",
            )
        self.session.headers["Authorization"] = f"Bearer {self._read(answer)['access_token']}"
        token = self._read(self._send("GET", "security/csrf_token/"))["result"]
        # without the token it redirects, and ends as a page with status 200; the referrer is checked behind TLS
        self.session.headers.update({"X-CSRFToken": token, "Referer": self.url})

    def apply(self, files: Mapping[str, Mapping[str, Any]], password: str) -> Applied:
        """Import the files of a bundle, over what is there; then remove what of ours is not in it."""
        answer = self._send(
            "POST",
            "assets/import/",
            files={"bundle": ("clickvault.zip", bundles.zipped(files), "application/zip")},
            data={"passwords": json.dumps({bundles.DATABASE: password})},
        )
        if self._read(answer).get("message") != "OK":
            raise StoreError(f"Superset did not import the dashboards: {answer.text[:300]}", store="superset")
        removed = [
            name
            for kind, names in (
                ("dashboard", _names(files, "dashboards/")),
                ("chart", _names(files, "charts/")),
                ("dataset", {f["table_name"] for path, f in files.items() if path.startswith("datasets/")}),
            )
            for name in self._remove(kind, names)
        ]
        counts = {k: sum(path.startswith(f"{k}/") for path in files) for k in ("dashboards", "charts", "datasets")}
        return Applied(**counts, removed=removed)

    def ours(self, kind: str) -> dict[str, int]:
        """Ids of what is ours, by name; kind is dashboard, chart or dataset."""
        found = {}
        for item in self._all(kind):
            if kind == "dataset":
                extra = json.loads(item.get("extra") or "{}").get("certification", {})
                if extra.get("certified_by") == bundles.OWNER:
                    found[str(extra["details"])] = int(item["id"])
            elif item.get("certified_by") == bundles.OWNER:
                found[str(item["certification_details"])] = int(item["id"])
        return found

    def _remove(self, kind: str, names: set[str]) -> list[str]:
        removed = []
        for name, number in self.ours(kind).items():
            if name in names:
                continue
            if kind == "dataset":
                used = self._read(self._send("GET", f"dataset/{number}/related_objects"))
                if used["charts"]["count"]:
                    continue
            self._read(self._send("DELETE", f"{kind}/{number}"))
            removed.append(name)
        return removed

    def _all(self, kind: str) -> Iterator[dict[str, Any]]:
        page = 0
        while True:
            query = json.dumps({"page": page, "page_size": PAGE})
            items = self._read(self._send("GET", f"{kind}/", params={"q": query}))["result"]
            yield from items
            if len(items) < PAGE:
                return
            page += 1

    def _send(self, method: str, path: str, **more: Any) -> requests.Response:
        import requests

        try:
            return self.session.request(
                method, f"{self.url}/api/v1/{path}", timeout=TIMEOUT, allow_redirects=False, **more
            )
        except requests.RequestException as error:
            raise StoreError(
                f"Superset does not answer at {self.url}: {type(error).__name__}",
                hint="make superset",
                store="superset",
            ) from error

    def _read(self, answer: requests.Response) -> dict[str, Any]:
        """The JSON of an answer."""
        try:
            if answer.ok:
                return dict(answer.json())
        except ValueError:
            pass
        path = urlsplit(answer.url).path
        raise StoreError(
            f"Superset answers {answer.status_code} to {path}: {answer.text[:300]}",
            hint="its log has the cause: .clickvault/logs/superset.log" if _local(self.url) else "see Superset's log",
            store="superset",
        )


def _local(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "localhost")


def _names(files: Mapping[str, Mapping[str, Any]], folder: str) -> set[str]:
    return {str(f["certification_details"]) for path, f in files.items() if path.startswith(folder)}
