"""A session: the settings, the contracts and the connections that the stages work with, opened when first used."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from clickvault.settings import Settings, get_settings, stack_ready

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from clickvault.sql.render import Renderer

OWNER_SETTINGS = {"parallel_distributed_insert_select": 0, "async_insert": 0}
"""What the pipeline relies on, whatever the server's profile says; clickhouse/users.d explains both."""


@dataclass
class Session:
    """What a stage needs; nothing is connected to before it is asked for."""

    settings: Settings

    @cached_property
    def renderer(self) -> Renderer:
        """The renderer over the domains that are on."""
        from clickvault.contract import load_domains
        from clickvault.sql.render import Renderer

        registry = load_domains(self.settings.domains)
        return Renderer(registry, parameters=self.settings.parameters)

    @cached_property
    def ch(self) -> Client:
        """ClickHouse, as the owner."""
        from clickvault.stores.clickhouse import connect

        return connect(stack_ready(self.settings, "clickhouse").clickhouse_url, **OWNER_SETTINGS)

    @cached_property
    def reader(self) -> Client:
        """ClickHouse, as the login that only reads."""
        from clickvault.stores.clickhouse import connect

        settings = stack_ready(self.settings, "clickhouse")
        if settings.clickhouse_reader_url:
            return connect(settings.clickhouse_reader_url)
        return connect(settings.clickhouse_url, readonly=2)

    @cached_property
    def pg(self) -> Any:
        """PostgreSQL."""
        from clickvault.stores.postgres import connect

        return connect(stack_ready(self.settings, "postgres").postgres_url)

    def close(self) -> None:
        """Close what was opened."""
        for name in ("ch", "reader", "pg"):
            if name in self.__dict__:
                with suppress(Exception):  # the server may be gone: nothing is lost with the connection
                    self.__dict__[name].close()


@contextmanager
def open_session(settings: Settings | None = None) -> Iterator[Session]:
    """A session that is closed at the end of the block."""
    session = Session(settings or get_settings())
    try:
        yield session
    finally:
        session.close()
