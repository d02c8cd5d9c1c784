"""The stores' addresses as Airflow's connections: written into the environment as JSON, and read by every task.

A task asks Airflow for the connections `clickvault_<store>` first, so that an operator may keep them where Airflow keeps such
things (the environment, a secrets backend); what Airflow does not have comes from the settings, as everywhere else.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from clickvault.settings import Settings, check_replaced

PREFIX = "clickvault_"
_URLS = {"clickhouse": ("clickhouse_url", "http"), "postgres": ("postgres_url", "postgresql")}
STORES = (*_URLS, "kafka", "s3", "neo4j")


def as_environment(settings: Settings) -> dict[str, str]:
    """AIRFLOW_CONN_CLICKVAULT_<STORE> for each store that has an address. The values hold passwords."""
    found: dict[str, dict[str, Any]] = {}
    for store, (field, _) in _URLS.items():
        if url := getattr(settings, field):
            found[store] = _of_url(url)
    if settings.kafka_bootstrap:
        found["kafka"] = {"conn_type": "kafka", "extra": {"bootstrap.servers": settings.kafka_bootstrap}}
    if settings.s3_url:
        found["s3"] = {
            "conn_type": "aws", "login": settings.s3_access_key, "password": settings.s3_secret_key,
            "extra": {"endpoint_url": settings.s3_url},
        }  # fmt: skip
    if settings.neo4j_uri:
        parts = urlsplit(settings.neo4j_uri)
        found["neo4j"] = {
            "conn_type": "neo4j", "host": parts.hostname, "port": parts.port,
            "login": settings.neo4j_user, "password": settings.neo4j_password, "extra": {"scheme": parts.scheme},
        }  # fmt: skip
    return {f"AIRFLOW_CONN_{PREFIX.upper()}{store.upper()}": json.dumps(values) for store, values in found.items()}


def _of_url(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    kind = {"https": "http", "postgresql": "postgres"}.get(parts.scheme, parts.scheme)
    return {
        "conn_type": kind, "host": parts.hostname, "port": parts.port,
        "login": unquote(parts.username or ""), "password": unquote(parts.password or ""),
        "schema": parts.path.lstrip("/"), "extra": {"scheme": parts.scheme, "query": parts.query},
    }  # fmt: skip


def apply(settings: Settings, connections: dict[str, Any]) -> Settings:
    """The settings with what these connections (by store) say instead.

    Raises ConfigurationError where a store's other addresses (its reader's, or as another store sees it) stay an old server's.
    """
    update: dict[str, Any] = {}
    for store, found in connections.items():
        extra = dict(found.extra_dejson)
        port = f":{found.port}" if found.port else ""  # none: the scheme's own
        if store in _URLS:
            field, scheme = _URLS[store]
            login = f"{quote(found.login or '', safe='')}:{quote(found.password or '', safe='')}"
            path = f"/{found.schema}" if found.schema else ""
            query = f"?{extra['query']}" if extra.get("query") else ""  # how the connection is encrypted, for one
            update[field] = f"{extra.get('scheme', scheme)}://{login}@{found.host}{port}{path}{query}"
        elif store == "kafka":
            update["kafka_bootstrap"] = extra["bootstrap.servers"]
        elif store == "s3":
            update |= {
                "s3_url": extra["endpoint_url"], "s3_access_key": found.login, "s3_secret_key": found.password,
            }  # fmt: skip
        elif store == "neo4j":
            update |= {
                "neo4j_uri": f"{extra.get('scheme', 'bolt')}://{found.host}{port}",
                "neo4j_user": found.login, "neo4j_password": found.password,
            }  # fmt: skip
    return check_replaced(settings, settings.model_copy(update=update), "a connection of Airflow")


def from_airflow(settings: Settings) -> Settings:
    """The settings with the connections that Airflow has; only within a task. Its logs mask their passwords from then on."""
    from airflow.sdk import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException

    found = {}
    for store in STORES:
        try:
            found[store] = Connection.get(f"{PREFIX}{store}")
        except AirflowNotFoundException:
            continue
    return apply(settings, found)
