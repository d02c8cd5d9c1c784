"""One set of positions that reconciliation checks are counted up to, fixed when counting begins, so that they balance while the pipeline runs.

    ClickHouse pulls -> landing, raw | up to what was landed whole | vault | up to its watermarks | graph, marts

PostgreSQL is read in one snapshot. In ClickHouse what lies behind the positions is left out by the engine itself (setting
additional_table_filters), in whatever statement; the positions lie in ops.cut, so that a filter stays short. Graph and marts are built of everything there is: they are not compared where
something has moved since they were built, and not while they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from clickvault.errors import StoreError
from clickvault.ingest.offsets import At, safe_positions
from clickvault.reconciliation import Reconciliation
from clickvault.sql.render import literal
from clickvault.stores import postgres
from clickvault.stores.clickhouse import rows

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from clickvault.settings import Settings
    from clickvault.sql.render import Renderer

LANDED = ""
"""The scope of what was landed whole, among those that are named by event types."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class _Snapshot:
    """A connection whose blocks end no transaction: all that is asked by it is of one moment."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    def __enter__(self) -> _Snapshot:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)


@dataclass(frozen=True)
class Cut:
    """The positions: `safe`, landed whole; `loaded`, in the vault, by event type. `pg` reads PostgreSQL as it was then."""

    id: UUID
    ch: Client
    pg: Any
    safe: Mapping[At, int]
    loaded: Mapping[str, Mapping[At, int]]
    loaded_at: datetime
    """When the last load that the vault has was committed."""

    @contextmanager
    def landed(self) -> Iterator[None]:
        """Within, ClickHouse shows what was landed whole."""
        tables = ["landing.events", "raw.rejected", "ops.gaps", *(f"raw.{name}" for name in self.loaded)]
        with _filtered(self.ch, dict.fromkeys(tables, self._below(LANDED))):
            yield

    @contextmanager
    def in_vault(self) -> Iterator[None]:
        """Within, ClickHouse shows of raw what the vault has."""
        with _filtered(self.ch, {f"raw.{name}": self._below(name) for name in self.loaded}):
            yield

    def note(self) -> None:
        """Put the positions where the filters read them."""
        positions = [(scope, *at, below) for scope, of in self._scopes().items() for at, below in of.items()]
        if positions:
            columns = ["cut", "scope", "source", "stream", "partition", "below"]
            self.ch.insert("ops.cut", [[self.id, *position] for position in positions], columns)

    def _scopes(self) -> Mapping[str, Mapping[At, int]]:
        return {LANDED: self.safe, **self.loaded}

    def _below(self, scope: str) -> str:
        """The condition of a row that lies before the positions of a scope; a partition without one has no such row."""
        at = "toString((source, stream, partition))"
        found = f"SELECT groupArray(({at}, below)) FROM ops.cut WHERE cut = {literal(str(self.id))} AND scope = {literal(scope)}"
        return f"offset < CAST(({found}), 'Map(String, UInt64)')[{at}]"

    @contextmanager
    def built(self, pg: Any, step: str) -> Iterator[bool]:
        """Whether a step (graph, marts) has done all there was to do; it does not run within the block."""
        with ExitStack() as until_counted:
            try:
                until_counted.enter_context(postgres.alone(pg, step, step, 0.0))
            except StoreError:
                yield False
                return
            began = last_began(self.ch, step)
            moved = self.loaded_at > began
            if step == "marts":
                (landed,) = rows(
                    self.ch,
                    "SELECT count() AS n FROM landing.events WHERE landed_at > {t:DateTime64(6, 'UTC')}",
                    {"t": began},
                )
                moved = moved or landed["n"] > 0
            yield not moved


@contextmanager
def fixed(settings: Settings, renderer: Renderer, ch: Client) -> Iterator[Cut]:
    """Fix the positions now. Raises StoreError when an engine is away."""
    connection = postgres.connect(settings.postgres_url)
    try:
        connection.set_session(isolation_level="REPEATABLE READ")
        pg = _Snapshot(connection)
        marks = postgres.rows(pg, "select event_type, source, stream, partition, next_offset from ops.watermark")
        (last,) = postgres.rows(pg, "select max(loaded_at) as at from ops.load_log")
        loaded: dict[str, dict[At, int]] = {name: {} for name in renderer.registry.events}
        for m in marks:
            loaded.setdefault(m["event_type"], {})[m["source"], m["stream"], m["partition"]] = int(m["next_offset"])
        cut = Cut(uuid4(), ch, pg, safe_positions(ch), loaded, last["at"] or _NEVER)
        cut.note()
        yield cut
        connection.commit()
    finally:
        connection.close()


def unless_built(reconciliations: Iterable[Reconciliation], built: bool) -> list[Reconciliation]:
    """The checks of a step, which wait for its next run where it was not built from all there is."""
    return [a if built or a.ok else replace(a, waiting=True) for a in reconciliations]


@contextmanager
def _filtered(ch: Client, conditions: Mapping[str, str]) -> Iterator[None]:
    text = ", ".join(f"{literal(table)}: {literal(condition)}" for table, condition in conditions.items())
    ch.set_client_setting("additional_table_filters", f"{{{text}}}")
    try:
        yield
    finally:
        ch.set_client_setting("additional_table_filters", "{}")


def last_began(ch: Client, step: str) -> datetime:
    """When the last run of a step that came to its end began; 1970 where there is none."""
    (last,) = rows(ch, "SELECT max(started_at) AS at FROM ops.runs WHERE step = {s:String} AND NOT failed", {"s": step})
    at: datetime = last["at"]
    return at.replace(tzinfo=UTC) if at.year > 1970 else datetime(1970, 1, 1, tzinfo=UTC)
