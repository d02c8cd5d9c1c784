"""A reconciliation check: two numbers, counted independently, that must be equal for the pipeline to have lost nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reconciliation:
    """Two numbers that must be equal: `expected` is what there must be, `actual` what there is.

    `waiting`: they are not equal since a step has yet to take what came after its last run.
    """

    name: str
    expected: int
    actual: int
    waiting: bool = False

    @property
    def ok(self) -> bool:
        """Whether the check balances."""
        return self.waiting or self.expected == self.actual
