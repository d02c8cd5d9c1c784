"""Loads the Data Vault: a task an event type that has something new, owners of hubs before what refers to them.

Woken by what landed; each task goes on from its event type's watermark, wherever that is. Two event types at a time, never two loads of
one (one run at a time, and a lock in PostgreSQL that the command line takes, too). At the end PIT and bridge tables follow.
"""

from airflow.sdk import TaskGroup

from clickvault.airflow import tasks
from clickvault.airflow.dags import KAFKA, S3, VAULT, VAULT_POOL, pipeline, step

MAPPED = {"pool": VAULT_POOL, "map_index_template": "{{ task.op_kwargs['event_type'] }}"}  # named before it runs
GO_ON = {"trigger_rule": "none_failed"}  # where nothing is new, nothing is mapped, and the rest still runs

with pipeline("3_load_vault", __doc__, schedule=(KAFKA | S3), tags=["vault"], minutes=60):
    with TaskGroup("clean", tooltip="Valid and distinct events that the vault does not have"):
        owners = step(tasks.new_event_types, "owners")(owners=True)
        others = step(tasks.new_event_types, "others")(owners=False)
    with TaskGroup("load", tooltip="Staged by ClickHouse, merged by PostgreSQL"):
        hubs = step(tasks.load, "owners", **MAPPED).expand(event_type=owners)
        rest = step(tasks.load, "others", **MAPPED, **GO_ON).expand(event_type=others)
        last = step(tasks.snapshots, outlets=[VAULT], **GO_ON)()
    hubs >> rest >> last
