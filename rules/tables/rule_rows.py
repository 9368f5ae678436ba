"""Rows as rules: `limits_3` is row 3 of limits.csv."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rules.language import syntax
from rules.language.ir import Span
from rules.language.reserved import RESERVED
from rules.tables.cells import Cell, Row
from rules.tables.columns import Columns, Output
from rules.tables.unary_tests import is_blank, value

__all__ = ["condition", "rule_of"]

_VALUES = ("priority", "since", "until", "weight")
_TEXTS = ("owner", "tags")


def rule_of(
    row: Row, tests: Mapping[int, syntax.Expression], output: Output, columns: Columns, table: str
) -> syntax.RuleDeclaration | None:
    """The rule that a row stands for; None where it says nothing of the outcome.

    Args:
        row: one of the table.
        tests: the conditions of its cells.
        output: the column of the outcome.
        columns: all of them.
        table: what the names of rules start with.

    Raises:
        RuleError: no outcome, or a note that is no value.
    """
    cell = row.cells.get(output.position)
    if cell is None or is_blank(cell):
        others = [item for item in columns.outputs if item is not output]
        if any(not is_blank(row.cells.get(item.position)) for item in others):
            return None
        raise (cell or output.cell).error(
            f"row {row.number} does not say {output.name.text}",
            "remove the row, or write the outcome here",
            at=cell or _row_cell(row),
        )
    notes = {
        name: row.cells[position]
        for name, (position, _) in columns.notes.items()
        if position in row.cells and row.cells[position].text
    }
    title = notes.get("title")
    because = notes.get("because")
    return syntax.RuleDeclaration(
        name=_name(row, notes.get("rule"), table),
        title=_quoted(title) if title else _title(row, table),
        annotations=tuple(_annotation(name, cell) for name, cell in notes.items() if _noted(name)),
        decision=output.name,
        outcome=_outcome(cell, output),
        condition=condition(row, tests),
        because=_quoted(because) if because else None,
        span=row.span,
    )


def condition(row: Row, tests: Mapping[int, syntax.Expression]) -> syntax.Expression:
    """All tests of a row together."""
    operands = tuple(tests.values())
    if not operands:
        return syntax.Truth(value=True, span=row.span)
    return (
        operands[0]
        if len(operands) == 1
        else syntax.Conjunction(operands=operands, span=_spanned(operands))
    )


def _spanned(operands: tuple[syntax.Expression, ...]) -> Span:
    first, last = operands[0].span, operands[-1].span
    return Span(
        line=first.line,
        column=first.column,
        end_line=last.end_line,
        end_column=last.end_column,
    )


def _row_cell(row: Row) -> Cell:
    span = row.span
    return Cell(text="", places=((span.end_line, span.end_column),))


def _noted(name: str) -> bool:
    return name in _VALUES or name in _TEXTS


def _annotation(name: str, cell: Cell) -> syntax.Annotation:
    word = syntax.Word(text=name, span=cell.span())
    if name in _TEXTS:
        node: syntax.Expression = syntax.Text(text=_unquoted(cell), span=cell.span())
    else:
        node = value(cell)
    return syntax.Annotation(name=word, value=node, span=cell.span())


def _name(row: Row, cell: Cell | None, table: str) -> syntax.Word:
    if cell is None:
        return syntax.Word(text=f"{table}_{row.number}", span=row.span)
    if not re.fullmatch(r"[^\W\d]\w*", cell.text) or cell.text in RESERVED:
        raise cell.error(f"{cell.text} cannot be the name of a rule", "a name is one word")
    return syntax.Word(text=cell.text, span=cell.span())


def _title(row: Row, table: str) -> syntax.Word:
    return syntax.Word(text=f"{table}, row {row.number}", span=row.span, quoted=True)


def _quoted(cell: Cell) -> syntax.Word:
    return syntax.Word(text=_unquoted(cell), span=cell.span(), quoted=True)


def _unquoted(cell: Cell) -> str:
    text = cell.text
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _outcome(cell: Cell, output: Output) -> syntax.Word:
    text = _unquoted(cell)
    if re.fullmatch(r"[-+.,\d%]+", text):
        raise cell.error(
            f"{text} is no outcome",
            f"for a derived value give its type in the header: -> {output.name.text}: float",
        )
    return syntax.Word(text=text, span=cell.span(), quoted=text != cell.text)
