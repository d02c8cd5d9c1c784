"""Results of checks in words, for the command line and the report: values with their units, bounds, a line a check. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clickvault.quality.checks import Check
from clickvault.quality.results import Result


@dataclass(frozen=True)
class Summary:
    """A check with its results: `looked_at` without the one that says there was nothing, `breached` of either level."""

    check: Check
    looked_at: Sequence[Result]
    breached: Sequence[Result]

    @property
    def worst(self) -> Result | None:
        """The result that is furthest beyond its bound, or nearest to it; None where nothing was looked at."""
        return max(self.looked_at, key=lambda r: (not r.passed, _excess(r)), default=None)

    @property
    def verdict(self) -> str:
        """What came of the check in a word."""
        if self.breached:
            return "breached" if self.check.level == "error" else "warning"
        return "passed" if self.looked_at else "nothing to look at"


def summaries(checks: Sequence[Check], results: Sequence[Result]) -> list[Summary]:
    """One for each check that has results: breaches first, then warnings, then in the order of the checks."""
    found = []
    for check in checks:
        mine = [r for r in results if r.check == check.name]
        if mine:
            found.append(Summary(check, [r for r in mine if r.rows or r.subject], [r for r in mine if not r.passed]))
    return sorted(found, key=lambda s: ["breached", "warning"].index(s.verdict) if s.breached else 2)


def _excess(result: Result) -> float:
    """How far a value is beyond its bound; negative within it."""
    value = result.value or 0.0
    above = value - result.at_most if result.at_most is not None else float("-inf")
    below = result.at_least - value if result.at_least is not None else float("-inf")
    return max(above, below)


def number(value: float | None, unit: str) -> str:
    """A value in its unit: 1.25 %, 3.4 h, 0.97, 1,204."""
    match value, unit:
        case None, _:
            return "–"
        case float() | int(), "share":
            return f"{value * 100:.3g} %"
        case float() | int(), "hours":
            return f"{value:,.1f} h"
        case float() | int(), "ratio":
            return f"{value:.2f}"
        case _:
            return f"{value:,.0f}"


def bound(result: Result) -> str:
    """What the value has to be: at most 1 %, at least 50 %, 0.50 to 2.00."""
    low, high = (number(b, result.unit) for b in (result.at_least, result.at_most))
    if result.at_least is not None and result.at_most is not None:
        return f"{low} to {high}"
    return f"at least {low}" if result.at_least is not None else f"at most {high}"
