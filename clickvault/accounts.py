"""An account: two numbers, counted independently, that must be equal for the pipeline to have lost nothing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """`left` and `right` of the equation that `name` states."""

    name: str
    left: int
    right: int

    @property
    def ok(self) -> bool:
        """Whether the account balances."""
        return self.left == self.right
