"""A disk that is full: `down` works, `up` says so, and a run that met the end of the disk is finished by the next one."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver.exceptions import ClickHouseError

from clickvault.alerts import journal
from clickvault.demo import produce
from clickvault.embedded import process, stack
from clickvault.errors import ClickvaultError, StoreError
from clickvault.pipeline import migrate as schema
from clickvault.pipeline.steps import ingest, load
from clickvault.session import open_session
from clickvault.settings import get_settings
from clickvault.stores.postgres import rows
from tests.receivers import CHAT, TOKEN, telegram
from tests.worlds import fill, running_stack, small_disk

pytestmark = pytest.mark.slow

CUSTOMERS = 20_000


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small disk of the test's own."""
    with small_disk(480) as folder:
        yield folder


def customers(file: Path) -> Path:
    """Messages whose texts can't be made smaller."""
    with file.open("w") as out:
        for number in range(CUSTOMERS):
            event = {
                "event_id": str(uuid.UUID(int=(4 << 76) + (8 << 60) + number)),
                "event_type": "customer",
                "op": "create",
                "event_time": f"2026-01-01T00:{number // 60 % 60:02}:{number % 60:02}Z",
                "schema_version": 1,
                "producer": "test",
                "customer_id": f"c{number}",
                "name": os.urandom(48).hex(),
                "phones": [{"kind": "home", "number": f"{number}"}],
            }
            out.write(json.dumps(event) + "\n")
    return file


def ingest_and_load(*sources: str) -> None:
    with open_session() as s:
        ingest(s, sources=sources)
        load(s)


def test_what_is_told_once_is_told_once_on_a_full_disk(disk: Path) -> None:
    """The journal is written over what is there: who looks every few seconds would tell it every few seconds."""
    with telegram() as receiver, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLICKVAULT_HOME", str(disk / "home"))
        settings = get_settings().model_copy(
            update={"home": disk / "home", "alerts": (f"tgram://{TOKEN}/{CHAT}",), "telegram_api": receiver.url}
        )
        journal.send_due(settings)
        fill(disk)
        for _ in range(3):
            journal.trouble(settings, "a thing", "is broken")
        assert list(journal.troubles(settings)) == ["a thing"]
        for _ in range(2):
            journal.over(settings, "a thing")
        trouble, over = receiver.texts
        assert "clickvault TROUBLE: a thing" in trouble
        assert "clickvault works again: a thing" in over


def test_a_run_that_meets_the_end_of_the_disk_is_finished_by_the_next_one(disk: Path, tmp_path: Path) -> None:
    home = disk / "home"
    with running_stack(home, CLICKVAULT_DOMAINS="tests.vault.shop"):
        with open_session() as s:
            schema.init(s.settings, s.renderer, s.ch, s.pg)
            produce.send(s, [customers(tmp_path / "customers.jsonl")], "s3")
        filler = fill(disk, but=1 << 20)
        with pytest.raises((ClickvaultError, ClickHouseError)) as error:
            ingest_and_load("s3")
        assert "space" in str(error.value)
        filler.unlink()

        # Nothing is free: what runs can be stopped, and nothing is begun that could not be finished.
        filler = fill(disk)
        said: list[str] = []
        stack.down(said.append)
        assert sorted(said) == sorted(f"{store}: stopped" for store in ("clickhouse", "kafka", "postgres", "s3"))
        assert process.servers_of(home) == {}
        with pytest.raises(StoreError, match="can't be written") as full:
            stack.up()
        assert "free some space" in full.value.hint
        assert process.servers_of(home) == {}
        stack.down()
        filler.unlink()

        stack.up()
        with open_session() as s:
            for _ in range(2):
                ingest_and_load("kafka", "s3")
                assert s.ch.command("SELECT uniqExact(event_id) FROM raw.customer") == CUSTOMERS
                assert s.ch.command("SELECT count() FROM raw.rejected") == 0
                for table in ("hub_customer", "sat_customer_details"):
                    assert rows(s.pg, f"select count(*) as n from vault.{table}") == [{"n": CUSTOMERS}]
