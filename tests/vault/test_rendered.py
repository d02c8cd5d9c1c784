"""The vault's SQL as it is rendered, whole: a change of a template shows as a change of these files.

UPDATE_SNAPSHOTS=1 writes them anew; read the difference before it is committed.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clickvault.contract.snapshots import pointer
from clickvault.stores.postgres import STAGE_COLLECTION
from clickvault.vault.merge import merge_statements
from clickvault.vault.schema import schema_objects
from clickvault.vault.snapshots import build_sql
from tests.vault import shop

FOLDER = Path(__file__).parent / "rendered"
SHOP = shop.renderer()


def schema() -> str:
    return "\n".join(f"-- {o.kind} {o.name}\n{o.sql}" for o in schema_objects(SHOP) if o.kind != "file")


def merges() -> str:
    parts = []
    for vault in SHOP.vaults():
        for kind, sql in merge_statements(SHOP, vault).items():
            parts += [f"-- {vault.event.event_type}: {kind}", *(f"{statement};" for statement in sql), ""]
        parts.append(SHOP.render("vault/stage_sums.sql.j2", v=vault) + ";\n")
    return "\n".join(parts)


def bridge() -> str:
    names = ("windows", "batch_times", "stage", "batch_sums")
    every = [vault.event.event_type for vault in SHOP.vaults()]
    return (
        SHOP.render("vault/backlog.sql.j2", names=every, collection=STAGE_COLLECTION)
        + ";\n\n"
        + "\n".join(
            f"-- {vault.event.event_type}: {name}\n{SHOP.render(f'vault/{name}.sql.j2', v=vault, collection=STAGE_COLLECTION)};\n"
            for vault in SHOP.vaults()
            for name in names
        )
    )


def snapshots() -> str:
    return "\n".join(
        f"-- {spec.name}: {'whole' if whole else 'touched'}{' from a base' if based else ''}\n"
        f"{build_sql(SHOP, spec, whole, based)};\n"
        for spec in SHOP.registry.snapshots
        for whole, based in ((True, False), (True, True), (False, True))
    )


def reconciliations() -> str:
    engines = ("clickhouse", "postgres", "snapshots_clickhouse", "snapshots_postgres")
    return "\n;\n".join(SHOP.render(f"vault/reconciliation_{engine}.sql.j2", pointer=pointer) for engine in engines)


@pytest.mark.parametrize("part", [schema, merges, bridge, snapshots, reconciliations])
def test_rendered(part: object) -> None:
    assert callable(part)
    path = FOLDER / f"{part.__name__}.sql"
    text = part()
    if os.environ.get("UPDATE_SNAPSHOTS") == "1":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{path.name} is not what the templates give: see the docstring"
