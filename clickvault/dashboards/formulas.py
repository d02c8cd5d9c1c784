"""How rows of a view are put together: from a metric's words in the header to an expression over its rows. Pure.

A metric that is named in the header's `sums` is added up. One whose words begin with arithmetic of other metrics
("clicks / impressions; NULL without impressions") is computed so from their sums: a ratio of sums, never a sum of ratios.
Any other (distinct people, a median, a rank) is never put together: it is shown where one row is one group.
"""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from clickvault.errors import ContractError
from clickvault.marts.headers import View
from clickvault.sql.render import ch_identifier

_OPERATORS: dict[type[ast.operator], Literal["+", "-", "*", "/"]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}


@dataclass(frozen=True)
class Column:
    """The value of a view's column in a group of rows: added up, or that of the one row that there is."""

    name: str
    how: Literal["sum", "only"]


@dataclass(frozen=True)
class Number:
    """A constant of a formula."""

    value: int | float


@dataclass(frozen=True)
class Operation:
    """Two parts put together; a division by zero has no value."""

    operator: Literal["+", "-", "*", "/"]
    left: Formula
    right: Formula


Formula = Column | Number | Operation


def arithmetic(view: View, metric: str) -> ast.expr | None:
    """What the words of a metric begin with, if it is arithmetic of the view's other metrics."""
    try:
        tree = ast.parse(view.metrics[metric].split(";")[0].strip(), mode="eval").body
    except SyntaxError:
        return None
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    known = (ast.BinOp, ast.Name, ast.Constant, ast.operator, ast.expr_context)
    fits = isinstance(tree, ast.BinOp) and names <= view.metrics.keys() - {metric}
    return tree if fits and all(isinstance(n, known) for n in ast.walk(tree)) else None


def formula(view: View, metric: str, over: Collection[str]) -> Formula | None:
    """A metric over the rows of a group, in which the key's dimensions `over` differ; None where it can't be said.

    A group in which none differs is one row, whose value is taken as it is. Raises ContractError for a metric that is made
    of itself.
    """
    return _formula(view, metric, over, ())


def _formula(view: View, metric: str, over: Collection[str], inside: tuple[str, ...]) -> Formula | None:
    if metric in inside:
        raise ContractError(
            f"view {view.table}: {metric} refers to itself", hint="change its formula in the header of its mart"
        )
    if not over:
        return Column(metric, "only")
    if not view.apart.isdisjoint(over):
        return None
    if metric in view.sums or (metric in view.levels and view.time not in over):
        return Column(metric, "sum")
    tree = arithmetic(view, metric)
    return _put_together(view, tree, over, (*inside, metric)) if tree else None


def _put_together(view: View, tree: ast.expr, over: Collection[str], inside: tuple[str, ...]) -> Formula | None:
    match tree:
        case ast.Name(id=name):
            return _formula(view, name, over, inside)
        case ast.Constant(value=int() | float() as value):
            return Number(value)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _OPERATORS:
            parts = _put_together(view, left, over, inside), _put_together(view, right, over, inside)
            return Operation(_OPERATORS[type(operator)], parts[0], parts[1]) if parts[0] and parts[1] else None
    return None


def expression(found: Formula, table: str = "") -> str:
    """The formula in ClickHouse's SQL, over a group of rows; `table` goes before the columns' names."""
    match found:
        case Column(name, how):
            return f"{'sum' if how == 'sum' else 'any'}({table + '.' if table else ''}{ch_identifier(name)})"
        case Number(value):
            return str(value)
        case Operation(operator, left, right):
            divisor = expression(right, table)
            return f"({expression(left, table)} {operator} {f'nullIf({divisor}, 0)' if operator == '/' else divisor})"
