"""The header of a table: what its columns are about."""

from __future__ import annotations

import dataclasses
import re

from rules.errors import did_you_mean
from rules.language import syntax
from rules.tables.cells import Cell, Sheet, parsed

__all__ = ["ARROWS", "NOTES", "Column", "Columns", "Output", "header_name", "read_columns"]

ARROWS = ("->", "→", "then ")
NOTES = ("rule", "title", "priority", "because", "owner", "since", "until", "weight", "tags")
_NAMED = re.compile(r"[^\W\d]\w*\s*(\([^()]*\)\s*)?:")
_LISTED = re.compile(r"([^\W\d]\w*)\s+in\s*(?=\{)")


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column that is tested.

    Attributes:
        position: among the cells of a row.
        operand: what is tested.
        declared: the input, where the header declares it.
    """

    position: int
    cell: Cell
    operand: syntax.Expression
    declared: syntax.InputDeclaration | None

    @property
    def texts(self) -> tuple[str, ...] | None:
        """Members that need no quotes, none for any text; None where that is not known."""
        return None if self.declared is None else _texts(self.declared.type)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """A column that follows: the outcome of the decision, or a derived value.

    Attributes:
        position: among the cells of a row.
        type: of the derived value; None for a decision.
        outcomes: of the decision, where the header declares it.
    """

    position: int
    cell: Cell
    name: syntax.Word
    type: syntax.TypeExpression | None
    outcomes: tuple[syntax.Word, ...]

    @property
    def texts(self) -> tuple[str, ...] | None:
        """As for `Column`."""
        return None if self.type is None else _texts(self.type)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Columns:
    """All columns; notes by name, each with its position and its header."""

    tests: tuple[Column, ...]
    outputs: tuple[Output, ...]
    notes: dict[str, tuple[int, Cell]]

    @property
    def decision(self) -> Output | None:
        """The column of the decision, if there is one."""
        return next((item for item in self.outputs if item.type is None), None)


def read_columns(sheet: Sheet) -> Columns:
    """What the headers of a table say.

    Raises:
        RuleError: a header is no declaration, name or expression, or comes twice.
    """
    tests = tuple(_column(cell, i) for i, cell in enumerate(sheet.tests))
    outputs = tuple(_output(cell, len(tests) + i) for i, cell in enumerate(sheet.outputs))
    notes: dict[str, tuple[int, Cell]] = {}
    for index, cell in enumerate(sheet.notes, start=len(tests) + len(outputs)):
        if cell.text not in NOTES:
            raise cell.error(
                f"there is no column {cell.text} for what is said about a row",
                did_you_mean(cell.text, NOTES)
                or f"after the outputs stand {', '.join(NOTES)}; tests stand before them",
            )
        if cell.text in notes:
            raise cell.error(f"the column {cell.text} comes twice")
        notes[cell.text] = (index, cell)
    decisions = [item for item in outputs if item.type is None]
    if len(decisions) > 1:
        second = decisions[1]
        raise second.cell.error(
            f"a table makes one decision, {decisions[0].name.text}; {second.name.text} is a second",
            f"for a derived value give its type: -> {second.name.text}: float",
        )
    if notes and not decisions:
        name, (_, cell) = next(iter(notes.items()))
        raise cell.error(
            f"{name} is said about a rule, and the rows of this table derive values",
            "start the header with # to make the column a remark",
        )
    return Columns(tests=tests, outputs=outputs, notes=notes)


def _column(cell: Cell, position: int) -> Column:
    if not _NAMED.match(cell.text):
        operand = parsed(cell, "expression")
        return Column(position=position, cell=cell, operand=operand, declared=None)
    declared: syntax.InputDeclaration = parsed(cell, "input", "input ")
    if declared.parameters:
        raise cell.error(
            "a column is about the case itself",
            "ask about its objects, for example some g: earns(g) > 50_000, with true in the cells",
        )
    name = syntax.Name(text=declared.name.text, span=declared.name.span)
    return Column(position=position, cell=cell, operand=name, declared=declared)


def _output(cell: Cell, position: int) -> Output:
    inner = _without_arrow(cell)
    if not inner.text:
        raise cell.error("this output has no name", "for example -> outcome or -> fee: float")
    if _NAMED.match(inner.text):
        declared: syntax.InputDeclaration = parsed(inner, "input", "input ")
        if declared.parameters or declared.annotations:
            raise cell.error(
                "an output is a name and a type", f"for example -> {declared.name.text}: float"
            )
        return Output(
            position=position,
            cell=inner,
            name=declared.name,
            type=declared.type,
            outcomes=(),
        )
    outcomes: tuple[syntax.Word, ...] = ()
    word = inner
    if listed := _LISTED.match(inner.text):
        type_: syntax.EnumeratedType = parsed(inner.part(listed.end()), "type")
        outcomes, word = type_.members, inner.part(0, listed.end(1))
    name = parsed(word, "expression")
    if not isinstance(name, syntax.Name):
        raise word.error(
            "an output is a name",
            "-> outcome for the decision, -> fee: float for a derived value",
        )
    return Output(
        position=position,
        cell=inner,
        name=syntax.Word(text=name.text, span=name.span),
        type=None,
        outcomes=outcomes,
    )


def header_name(cell: Cell) -> str:
    """What a row calls a column: its name, or the calculation."""
    text = _without_arrow(cell).text
    if named := _NAMED.match(text):
        return named[0].rstrip(": \t")
    if listed := _LISTED.match(text):
        return listed[1]
    return " ".join(text.split())


def _without_arrow(cell: Cell) -> Cell:
    arrow = next((sign for sign in ARROWS if cell.text.startswith(sign)), "")
    return cell.part(len(arrow))


def _texts(type_: syntax.TypeExpression) -> tuple[str, ...] | None:
    match type_:
        case syntax.EnumeratedType(members=members):
            return tuple(word.text for word in members)
        case syntax.NamedType(name=syntax.Word(text="string")):
            return ()
    return None
