"""An account: two numbers, counted independently, that must be equal for the pipeline to have lost nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """Two numbers that must be equal: `left` is what there must be, `right` what there is.

    `waiting`: they are not equal since a step has yet to take what came after its last run.
    """

    name: str
    left: int
    right: int
    waiting: bool = False

    @property
    def ok(self) -> bool:
        """Whether the account balances."""
        return self.waiting or self.left == self.right
