"""Rows as one derived value: the rows are the branches of its choice."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

from rules.checks.collect import Collector
from rules.errors import RuleError
from rules.language import syntax
from rules.tables.cells import Cell, Row
from rules.tables.columns import Columns, Output
from rules.tables.overlap import Region, disjoint, region
from rules.tables.rule_rows import condition
from rules.tables.unary_tests import is_blank, refuse_decimal_comma, value

__all__ = ["Line", "derived_value"]

# Of one choice: engines walk expressions recursively, so longer tables go on in another name.
MAX_BRANCHES = 40


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A row and the conditions of its cells, by column."""

    row: Row
    tests: Mapping[int, syntax.Expression]


def derived_value(
    output: Output, lines: Sequence[Line], columns: Columns, is_unique: bool
) -> list[syntax.DeriveDeclaration]:
    """The value of the first row that applies, or of the only one.

    Args:
        output: the column of the value.
        lines: the rows; of those that say nothing here, nothing follows.
        columns: all of them.
        is_unique: refuse rows of which two could apply.

    Raises:
        RuleError: there is no default row, or rows that never apply, or that may both.
    """
    lines = [line for line in lines if not is_blank(line.row.cells.get(output.position))]
    errors = Collector()
    values = []
    for line in lines:
        with errors.catch():
            values.append(_value(line.row.cells[output.position], output))
    errors.raise_caught()
    _check_default(output, lines)
    _check_repetition(lines)
    if is_unique:
        _check_unique(lines[:-1], columns)
    return _chosen(output, lines, values)


def _value(cell: Cell, output: Output) -> syntax.Expression:
    refuse_decimal_comma(cell)
    return value(cell, output.texts)


def _check_default(output: Output, lines: Sequence[Line]) -> None:
    for line, following in itertools.pairwise(lines):
        if not line.tests:
            raise RuleError(
                f"row {following.row.number} never applies: row {line.row.number} takes every case",
                span=following.row.span,
                hint="the row with - in every test comes last",
            )
    name = output.name.text
    if not lines or lines[-1].tests:
        raise RuleError(
            f"{name} has no value where no row applies",
            span=lines[-1].row.span if lines else output.cell.span(),
            hint=f"add a last row with - in every test and a value for {name}",
        )


def _check_repetition(lines: Sequence[Line]) -> None:
    first: dict[tuple[tuple[int, str], ...], Row] = {}
    errors = Collector()
    for line in lines:
        key = tuple((i, _plain(line.row.cells[i])) for i in line.tests)
        earlier = first.setdefault(key, line.row)
        if earlier is not line.row:
            errors.add(
                RuleError(
                    f"row {line.row.number} never applies: row {earlier.number} has the same tests",
                    span=line.row.span,
                    hint="remove one of them",
                )
            )
    errors.raise_caught()


def _plain(cell: Cell) -> str:
    return "".join(cell.text.split())


def _check_unique(lines: Sequence[Line], columns: Columns) -> None:
    """Proves that no two rows can apply together, column by column."""
    regions: list[dict[int, Region | None]] = [
        {
            column.position: region(line.tests[column.position], column)
            for column in columns.tests
            if column.position in line.tests
        }
        for line in lines
    ]
    errors = Collector()
    for later, theirs in enumerate(regions):
        for earlier, ours in enumerate(regions[:later]):
            if any(disjoint(ours[i], theirs[i]) for i in ours.keys() & theirs.keys()):
                continue
            row, other = lines[later].row, lines[earlier].row
            errors.add(_overlap(row, other, None in (*ours.values(), *theirs.values())))
            break
    errors.raise_caught()


def _overlap(row: Row, other: Row, is_open: bool) -> RuleError:
    hint = "make a test of one exclude those of the other, or write the policy first"
    if is_open:
        hint += (
            "; names and calculations are not compared, unless the header lists the members: "
            "purpose: {car, other}"
        )
    return RuleError(
        f"rows {other.number} and {row.number} may both apply, and the policy is unique",
        span=row.span,
        hint=hint,
    )


def _chosen(
    output: Output, lines: Sequence[Line], values: Sequence[syntax.Expression]
) -> list[syntax.DeriveDeclaration]:
    found: list[syntax.DeriveDeclaration] = []
    branches, otherwise = list(zip(lines[:-1], values, strict=False)), values[-1]
    while len(branches) > MAX_BRANCHES:
        tail, branches = branches[-MAX_BRANCHES:], branches[:-MAX_BRANCHES]
        row = tail[0][0].row
        name = syntax.Word(text=f"{output.name.text}_from_{row.number}", span=row.span)
        found.append(_derived(output, name, tail, otherwise))
        otherwise = syntax.Name(text=name.text, span=row.span)
    return [*found, _derived(output, output.name, branches, otherwise)]


def _derived(
    output: Output,
    name: syntax.Word,
    branches: Sequence[tuple[Line, syntax.Expression]],
    otherwise: syntax.Expression,
) -> syntax.DeriveDeclaration:
    for line, then in reversed(branches):
        otherwise = syntax.IfElse(
            condition=condition(line.row, line.tests),
            then=then,
            otherwise=otherwise,
            span=line.row.span,
        )
    return syntax.DeriveDeclaration(
        name=name,
        type=output.type,
        value=otherwise,
        is_clause=False,
        span=name.span,
    )
