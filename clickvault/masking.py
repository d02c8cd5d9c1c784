"""Every secret in use, and texts without them: what the alerts, Airflow's logs and its processes' output pass through.

Errors of this project name no secret's value. This is the second line: what a library, a traceback or a user's own code
says is searched for the values themselves, in each form in which they are usually written.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable
from urllib.parse import quote, unquote, urlsplit

from clickvault import statefile
from clickvault.errors import ConfigurationError
from clickvault.settings import Settings
from clickvault.statefile import STATE_FILE

MASK = "***"
SHORTEST = 6  # a shorter one would be found in many words
_NAMES = re.compile(r"(PASSWORD|PASSWD|SECRET|SECRET_KEY|TOKEN|FERNET_KEY|JWT_SECRET)$")
_URL_NAMES = re.compile(r"(_URL|_CONN|_URI)$")


def secrets_in_use(settings: Settings) -> frozenset[str]:
    """The values of all secrets: of the settings, of the embedded stack's state, and of the environment."""
    found = {settings.s3_secret_key, settings.neo4j_password, settings.kafka_password}
    urls = [
        settings.clickhouse_url,
        settings.clickhouse_reader_url,
        settings.clickhouse_graph_url,
        settings.postgres_url,
        settings.clickhouse_sees_postgres,
    ]
    for name, value in os.environ.items():
        if _NAMES.search(name):
            found.add(value)
        elif _URL_NAMES.search(name) and "://" in value:
            urls.append(value)
    for url in urls:
        found.add(_password(url))
    for target in settings.alerts:
        found |= _of_alert(target)
    found |= _of_state(settings)
    return frozenset(value for value in found if len(value) >= SHORTEST)


def _password(url: str) -> str:
    try:
        return unquote(urlsplit(url).password or "")
    except ValueError:
        return ""


def _of_alert(target: str) -> set[str]:
    """Passwords and tokens of an Apprise address: they stand where other addresses have the login, the host or the path."""
    scheme, _, rest = target.partition("://")
    rest = rest.partition("?")[0]
    login, at, place = rest.rpartition("@")
    found = {unquote(login.partition(":")[2])}
    if not at or not scheme.startswith("mailto"):
        host, _, path = place.partition("/")
        found |= {unquote(piece) for piece in path.split("/")} | {unquote(login), unquote(host.partition(":")[2])}
        if scheme not in ("json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos"):
            found.add(unquote(host))
    return {piece for piece in found if len(piece) >= 2 * SHORTEST or piece == unquote(login.partition(":")[2])}


def _of_state(settings: Settings) -> set[str]:
    try:
        return set(statefile.read(settings.home / STATE_FILE)["secrets"].values())
    except (OSError, ConfigurationError):
        return set()


def written(secret: str) -> set[str]:
    """The forms in which a secret appears: as it is, quoted for an address, within JSON."""
    return {secret, quote(secret, safe=""), quote(secret), json.dumps(secret)[1:-1]}


def masker(secrets: Iterable[str]) -> Callable[[str], str]:
    """A function that replaces each of the secrets, in any of its forms, by ***."""
    forms = sorted({form for secret in secrets for form in written(secret)}, key=len, reverse=True)
    if not forms:
        return lambda text: text
    pattern = re.compile("|".join(map(re.escape, forms)))
    return lambda text: pattern.sub(MASK, text)


def masked(text: str, settings: Settings) -> str:
    """The text without any secret in use."""
    return masker(secrets_in_use(settings))(text)
