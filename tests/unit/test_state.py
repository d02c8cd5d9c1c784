"""The ports that a stack remembers: no number is given out twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from clickvault.embedded import state as state_module
from clickvault.embedded.process import port_free
from clickvault.embedded.state import ABOVE, State


def test_the_port_above_another_is_given_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a range that leaves one right answer, and a wrong one: whichever of the two is chosen first."""
    above = ABOVE["s3.admin"]
    low = next(n for n in range(21_000, 21_500) if all(map(port_free, (n, n + 1, n + above, n + above + 1))))

    def choose(state: State, name: str, first: int, last: int) -> int:
        monkeypatch.setattr(state_module, "PORT_RANGE", (first, last))
        return state.choose_port(name)

    for home in (tmp_path / str(n) for n in range(20)):
        home.mkdir()
        state = State(home)
        assert choose(state, "s3.admin", low, low + above) == low
        assert choose(state, "kafka", low + above, low + above + 1) == low + above + 1
    for home in (tmp_path / f"other {n}" for n in range(20)):
        home.mkdir()
        state = State(home)
        assert choose(state, "kafka", low + above, low + above) == low + above
        assert choose(state, "s3.admin", low, low + above + 1) == low + 1
