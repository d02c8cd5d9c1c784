"""The graph database, reached by bolt: connections, the statements of neo4j/, and its errors as this project's own.

Statements are files with a header, rendered with Jinja as the SQL is: labels, types and property names come from the
contracts and pass the filter `cypher`, which checks and quotes them; values are parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2

from clickvault.errors import ClickvaultError, ConfigurationError, DataError, StoreError
from clickvault.resources import NEO4J
from clickvault.sql.render import check_identifier, literal

if TYPE_CHECKING:
    from neo4j import Driver

    from clickvault.settings import Settings

FILES = NEO4J
BATCH = 20_000
"""Rows of one transaction."""


def cypher_identifier(name: str) -> str:
    """A label, type or property name in backticks; ContractError where it is no plain identifier."""
    return f"`{check_identifier(name)}`"


@cache
def _environment() -> jinja2.Environment:
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FILES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # Cypher, not HTML: `cypher` and `text` quote
    )
    env.filters |= {"cypher": cypher_identifier, "text": literal}
    env.globals |= {"batch": BATCH}
    return env


def render(name: str, **values: Any) -> str:
    """The text of the statement neo4j/<name>.cypher."""
    return _environment().get_template(f"{name}.cypher").render(**values)


def connect(settings: Settings) -> Driver:
    """A driver for NEO4J_URI; nothing is connected to before it is used."""
    from neo4j import GraphDatabase

    return GraphDatabase.driver(
        settings.neo4j_uri,
        auth=(settings.neo4j_user, settings.neo4j_password),
        user_agent="clickvault",
        connection_timeout=10,
        max_transaction_retry_time=15,
        notifications_min_severity="OFF",
    )


def rows(driver: Driver, name: str, parameters: Mapping[str, Any] | None = None, **values: Any) -> list[dict[str, Any]]:
    """The result of a statement of neo4j/, as row objects. `values` render it."""
    found = driver.execute_query(render(name, **values), dict(parameters or {}))
    return [record.data() for record in found.records]


@contextmanager
def translated(what: str, *secrets: str) -> Iterator[None]:
    """Errors of the driver as StoreError (the server is gone, try again) or DataError; without the secrets' text."""
    from neo4j.exceptions import AuthError, DriverError, Neo4jError, ServiceUnavailable, SessionExpired, TransientError

    try:
        yield
    except ClickvaultError:
        raise
    except AuthError as error:
        raise ConfigurationError(
            f"{what}: Neo4j refuses the login", hint="set NEO4J_USER and NEO4J_PASSWORD, or: clickvault up"
        ) from error
    except (ServiceUnavailable, SessionExpired, TransientError, OSError) as error:
        raise StoreError(
            f"{what}: Neo4j does not answer: {_said(error, secrets)}", hint="clickvault up", store="graph"
        ) from _without(error, secrets)
    except (DriverError, Neo4jError) as error:
        raise DataError(f"{what}: {_said(error, secrets)}", hint="clickvault status") from _without(error, secrets)


def _said(error: Exception, secrets: tuple[str, ...]) -> str:
    text = getattr(error, "message", None) or str(error) or type(error).__name__
    for secret in filter(None, secrets):
        text = text.replace(secret, "***")
    return re.sub(r"\s+", " ", text)[:400]


def _without(error: Exception, secrets: tuple[str, ...]) -> Exception | None:
    """The cause to keep: none, where its own text would say a secret."""
    return None if any(secret and secret in repr(error) + str(error) for secret in secrets) else error
