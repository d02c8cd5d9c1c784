"""A state folder that is moved, copied or damaged: what was in PostgreSQL is there, or it is said; never is it made anew."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from clickvault.embedded import postgres, process
from clickvault.embedded.state import State, prepare_home
from clickvault.errors import ConfigurationError
from clickvault.stores.postgres import connect, rows

pytestmark = pytest.mark.slow


def start(home: Path) -> State:
    prepare_home(home)
    state = State(home)
    postgres.start(state, threading.Event())
    return state


def stop(state: State) -> None:
    child = state.process("postgres")
    assert child is not None
    process.stop(child, seconds=20.0, sig=2)


def run(state: State, sql: str) -> None:
    pg = connect(postgres.url(state))
    with pg, pg.cursor() as cursor:
        cursor.execute(sql)
    pg.close()


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[Path]:
    """A folder of homes; whatever they have elsewhere is removed."""
    yield tmp_path
    for home in tmp_path.iterdir():
        state = State(home)
        if (child := state.process("postgres")) and child.alive():
            process.stop(child, seconds=20.0, sig=2)
        postgres.purge(state)


def test_moved_copied_or_damaged(homes: Path) -> None:
    first = start(homes / "first")
    run(first, "create table kept as select 1 as n")
    stop(first)

    (homes / "first").rename(homes / "second")
    moved = start(homes / "second")
    pg = connect(postgres.url(moved))
    assert rows(pg, "select n from kept") == [{"n": 1}]
    pg.close()
    stop(moved)

    other = start(homes / "first")  # a new stack where the moved one was: data of its own
    run(other, "create table kept as select 2 as n")
    stop(other)
    pg = connect(postgres.url(start(homes / "second")))
    assert rows(pg, "select n from kept") == [{"n": 1}]
    pg.close()
    stop(State(homes / "second"))

    if os.geteuid() == 0:  # otherwise the data lie in the home, and are copied with it
        shutil.copytree(homes / "second", homes / "copy", symlinks=True)
        with pytest.raises(ConfigurationError, match=r"is a copy of .*second"):
            start(homes / "copy")
        postgres.purge(State(homes / "copy"))  # not its to remove

    data = (homes / "second" / "postgres" / "data").resolve()
    data.rename(data.with_name("taken"))
    with pytest.raises(ConfigurationError, match="empty, gone or damaged"):
        start(homes / "second")
    data.with_name("taken").rename(data)
    stop(start(homes / "second"))
