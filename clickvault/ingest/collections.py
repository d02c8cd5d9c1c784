"""How ClickHouse reaches Kafka, S3 and PostgreSQL: the named collections, and the addresses that it was told of (ops.schema_objects).

They hold secrets. Those of a server's own configuration are the operator's, and stay as they are.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

from clickhouse_connect.driver.client import Client

from clickvault.errors import ConfigurationError
from clickvault.settings import Settings, own_authorities
from clickvault.sql.render import ch_identifier, literal
from clickvault.stores import kafka, postgres
from clickvault.stores.clickhouse import rows

KAFKA_CLIENT = {
    # A queue that is made from a named collection does not read the server's <kafka> section, so these stand here.
    # A join takes half the session timeout: 3 s, not 23. A fixed member id (one consumer a table) is let in again at once
    # after a kill -9. A topic made later is seen after 2 s. Lag shows in system.kafka_consumers.rdkafka_stat. What a
    # transaction rolled back, or holds open, is not read.
    "kafka.isolation_level": kafka.ISOLATION,
    "kafka.session_timeout_ms": "6000",
    "kafka.group_instance_id": "clickvault",
    "kafka.topic_metadata_refresh_interval_ms": "2000",
    "kafka.reconnect_backoff_max_ms": "1000",
    "kafka.statistics_interval_ms": "1000",
}


def collections(settings: Settings) -> dict[str, dict[str, str]]:
    """The named collections that ClickHouse reaches the other stores by. They hold secrets: never print them."""
    pg = urlsplit(settings.postgres_from_clickhouse)
    client = dict(KAFKA_CLIENT)
    if settings.clickhouse_cluster:
        # One text for all servers: a name in it would be one for all, and they would throw each other out. Without a name the
        # broker gives each its own; clickhouse/config.d has a name for each server.
        del client["kafka.group_instance_id"]
    return {
        "kafka": {
            "kafka_broker_list": settings.kafka_from_clickhouse,
            **client,
            **kafka.engine_login(settings),
        },
        "s3_events": {
            "url": f"{settings.s3_from_clickhouse.rstrip('/')}/{settings.s3_bucket}/",
            "access_key_id": settings.s3_access_key,
            "secret_access_key": settings.s3_secret_key,
        },
        postgres.STAGE_COLLECTION: {
            "host": pg.hostname or "",
            "port": str(pg.port or 5432),
            "database": pg.path.lstrip("/"),
            "user": unquote(pg.username or ""),
            "password": unquote(pg.password or ""),
            **_encryption(dict(parse_qsl(pg.query))),
        },
    }


def addresses(settings: Settings) -> dict[str, str]:
    """Where ClickHouse is told that each store is, by the store's name; without logins."""
    pg = urlsplit(settings.postgres_from_clickhouse)
    return {
        "kafka": settings.kafka_from_clickhouse,
        "s3": f"{settings.s3_from_clickhouse.rstrip('/')}/{settings.s3_bucket}/",
        "postgres": f"{pg.hostname}:{pg.port or 5432}{pg.path}",
    }


def moved(settings: Settings, ch: Client) -> dict[str, tuple[str, str]]:
    """The stores that ClickHouse was told another address of than the settings have: the one it has, and the right one."""
    told = _told(ch)
    return {store: (told[store], now) for store, now in addresses(settings).items() if told.get(store, now) != now}


def _told(ch: Client) -> dict[str, str]:
    sql = "SELECT name, fingerprint FROM ops.schema_objects FINAL WHERE kind = 'address' AND NOT dropped"
    return {r["name"].removeprefix("address."): r["fingerprint"] for r in rows(ch, sql)}


def require_addresses(settings: Settings, ch: Client) -> None:
    """Raise ConfigurationError where ClickHouse would ask a stranger: a store has moved since it was told of it."""
    for store, (told, now) in moved(settings, ch).items():
        raise ConfigurationError(
            f"ClickHouse's address of {store} is {told}, but the settings have {now}", hint="clickvault init"
        )


def tell_addresses(settings: Settings, ch: Client) -> None:
    """Tell ClickHouse where the stores are, and have the queues look there; of the schema nothing is changed."""
    apply(ch, settings)
    for queue in rows(ch, "SELECT name FROM system.tables WHERE database = 'landing' AND engine = 'Kafka'"):
        # A queue reads its collection when it is made or attached.
        for action in ("DETACH", "ATTACH"):
            ch.command(f"{action} TABLE {ch_identifier('landing.' + queue['name'])}")
    note_addresses(settings, ch)


def note_addresses(settings: Settings, ch: Client) -> None:
    """Record the addresses that ClickHouse was told; nothing where they are the ones that it has."""
    if _told(ch) == addresses(settings):
        return
    found = [[f"address.{store}", "address", address] for store, address in addresses(settings).items()]
    ch.insert("ops.schema_objects", found, ["name", "kind", "fingerprint"])


def apply(ch: Client, settings: Settings) -> None:
    """Make them on every server. Those of the server's own configuration can't be changed by SQL: they are the operator's, and stay."""
    cluster = settings.clickhouse_cluster
    everywhere = f" ON CLUSTER {ch_identifier(cluster)}" if cluster else ""
    found = rows(ch, "SELECT name, source, mapKeys(collection) AS keys FROM system.named_collections")
    there = {r["name"]: (r["source"], r["keys"]) for r in found}
    for name, values in collections(settings).items():
        source, keys = there.get(name, ("", ()))
        if source == "CONFIG":
            continue
        pairs = ", ".join(f"`{key}` = {literal(value)}" for key, value in values.items())
        if name in there:
            gone = ", ".join(f"`{key}`" for key in keys if key not in values)
            ch.command(f"ALTER NAMED COLLECTION {name}{everywhere} SET {pairs}{f' DELETE {gone}' if gone else ''}")
        else:
            ch.command(f"CREATE NAMED COLLECTION {'IF NOT EXISTS ' if cluster else ''}{name}{everywhere} AS {pairs}")


def _encryption(options: dict[str, str]) -> dict[str, str]:
    """How ClickHouse encrypts to PostgreSQL, as the URL says it: sslmode, and the authorities' text, not a path there."""
    found = {"sslmode": options["sslmode"]} if options.get("sslmode") else {}
    path = options.get("sslrootcert", "")
    if path == "system":
        path = ""
    if options.get("sslmode", "").startswith("verify") and (authorities := own_authorities(path)):
        found["sslrootcert_pem"] = authorities
    return found
