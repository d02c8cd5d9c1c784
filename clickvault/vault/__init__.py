"""The Data Vault: its schema, the bridge that fills its stage from ClickHouse, and the merge.

`schema` decides what PostgreSQL must hold, `bridge` what is new and when it is staged, `merge` is the transaction that
takes a stage into hubs, links and satellites and moves the watermark. The SQL is in templates/vault and postgres/.
"""

from clickvault.vault.accounts import accounts
from clickvault.vault.bridge import LoadResult, load, rewind
from clickvault.vault.merge import MergeCounts, merge
from clickvault.vault.schema import apply_postgres, plan_postgres, schema_sql

__all__ = [
    "LoadResult",
    "MergeCounts",
    "accounts",
    "apply_postgres",
    "load",
    "merge",
    "plan_postgres",
    "rewind",
    "schema_sql",
]
