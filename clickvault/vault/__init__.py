"""The Data Vault: its schema, the bridge that fills its stage from ClickHouse, and the merge.

`schema` decides what PostgreSQL must hold, `bridge` what is new and when it is staged, `merge` is the transaction that
takes a stage into hubs, links and satellites and moves the watermark, `snapshots` keeps PIT and bridge tables. The SQL is in templates/vault and postgres/.
"""

from clickvault.ingest.watermarks import rewind
from clickvault.vault.checks import contents_reconciliations, reconciliations
from clickvault.vault.loader import LoadResult, load, waiting
from clickvault.vault.merge import MergeCounts, merge
from clickvault.vault.schema import apply_postgres, plan_postgres, schema_sql
from clickvault.vault.snapshots import SnapshotResult, as_of_days, build_snapshots

__all__ = [
    "LoadResult",
    "MergeCounts",
    "SnapshotResult",
    "apply_postgres",
    "as_of_days",
    "build_snapshots",
    "contents_reconciliations",
    "load",
    "merge",
    "plan_postgres",
    "reconciliations",
    "rewind",
    "schema_sql",
    "waiting",
]
