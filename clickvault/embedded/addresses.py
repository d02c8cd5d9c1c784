"""ClickHouse is told where the other stores are when one of them has moved, so that nothing of ours goes to a stranger.

`init` tells it in named collections. When `up` had to take another port for a store, or passwords were made anew, those
would still name the old ones.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from clickvault.embedded import clickhouse
from clickvault.embedded.state import State
from clickvault.settings import get_settings

log = logging.getLogger(__name__)


def follow(state: State, say: Callable[[str], None]) -> None:
    """Tell ClickHouse what is not as it was told; nothing where no schema was made yet, or the stores are other ones."""
    now = {name: state.settings.get(name) for name in ("kafka_bootstrap", "s3_url", "s3_secret_key", "postgres_url")}
    if state.get("told") == now:
        return
    made = clickhouse.ask(state, "SELECT count() FROM system.tables WHERE database = 'ops' AND name = 'schema_objects'")
    settings = get_settings()
    if made == "1" and settings.home == state.home.resolve():
        from clickvault.ingest.collections import tell_addresses
        from clickvault.stores.clickhouse import connect

        ch = connect(clickhouse.url(state))
        try:
            tell_addresses(settings, ch)
        finally:
            ch.close()
        say("clickhouse: knows the present addresses of the other stores")
        log.warning("told ClickHouse the present addresses of kafka, s3 and postgres")
    state.put("told", now)
