"""The cells of a table, each of which knows the place of every character."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from rules.errors import RuleError
from rules.language.ir import Span
from rules.language.parser import parse_part
from rules.language.refusals import check_expression
from rules.language.spans import with_spans

__all__ = ["Cell", "Row", "Sheet", "parsed"]

Place = tuple[int, int]  # line and column, from 1


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """What stands in a cell, without the blanks around it.

    Attributes:
        text: the content; line breaks are blanks.
        places: of each character in the file, and of the end.
    """

    text: str
    places: tuple[Place, ...]

    def part(self, start: int, end: int | None = None) -> Cell:
        """A piece of the text, without blanks around it."""
        end = len(self.text) if end is None else end
        piece = self.text[start:end]
        start += len(piece) - len(piece.lstrip())
        end = start + len(piece.strip())
        return Cell(text=self.text[start:end], places=self.places[start : end + 1])

    def span(self, start: int = 0, end: int | None = None) -> Span:
        """The place of a piece of the text."""
        last = len(self.text)
        start, end = min(start, last), min(last if end is None else end, last)
        line, column = end_line, end_column = self.places[start]
        if end > start:  # right after the last character, wherever the next one stands
            end_line, end_column = self.places[end - 1]
            end_column += 1
        return Span(line=line, column=column, end_line=end_line, end_column=end_column)

    def error(self, message: str, hint: str | None = None, *, at: Cell | None = None) -> RuleError:
        """An error at this cell."""
        return RuleError(message, span=(at or self).span(), hint=hint)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One row.

    Attributes:
        number: as people count it: the row of the spreadsheet, the item of the YAML list.
        cells: by position of their column.
        span: of the whole row.
    """

    number: int
    cells: Mapping[int, Cell]
    span: Span


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A table as it was read, before anything is made of its cells.

    Attributes:
        name: of the file, without its suffix.
        settings: the value of each, after the cell that names it.
        tests: the headers of the columns that are tested.
        outputs: the headers of the columns that follow from the tests.
        notes: the headers of what is said about a row besides.
        rows: in their order; the positions of their cells count tests, outputs, then notes.
        text: the whole file.
    """

    name: str
    settings: Mapping[str, tuple[Cell, Cell]]
    tests: tuple[Cell, ...]
    outputs: tuple[Cell, ...]
    notes: tuple[Cell, ...]
    rows: tuple[Row, ...]
    text: str


def parsed(cell: Cell, start: str, prefix: str = "") -> Any:
    """The syntax of a cell that is an `expression`, a `type` or an `input` of the language.

    Args:
        cell: with some text.
        start: which of them.
        prefix: what the language wants before it.

    Raises:
        RuleError: it is none, with the place in the table.
    """
    text = prefix + cell.text

    def moved(span: Span) -> Span:
        return cell.span(
            max(0, span.column - 1 - len(prefix)), max(0, span.end_column - 1 - len(prefix))
        )

    try:
        node = parse_part(text, start)
        if start == "expression":
            check_expression(node, text)
    except RuleError as error:
        span = None if error.span is None else moved(error.span)
        hint = error.hint or _cut(cell.text) or _foreign_date(cell.text)
        raise RuleError(error.message, span=span, hint=hint) from None
    return with_spans(node, moved)


def _cut(text: str) -> str | None:
    if any(text.count(opening) > text.count(closing) for opening, closing in ("()", "{}")):
        return "put a cell that has the separator in it in quotes"
    return None


def _foreign_date(text: str) -> str | None:
    found = re.search(r"\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b", text)
    return "a date is written 2026-01-31" if found else None
