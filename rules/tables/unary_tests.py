"""Cells that test a column, in the manner of S-FEEL: `< 10`, `[10..20)`, `car, education`."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import re
from collections.abc import Collection

from rules.language import syntax
from rules.language.ir import Span
from rules.language.numbers import parse_number
from rules.language.reserved import RESERVED
from rules.tables.cells import Cell, parsed

__all__ = ["constant", "is_blank", "refuse_decimal_comma", "unary_test", "value"]

_OPERATOR = re.compile(r"<=|>=|!=|==?|<|>")
_NOT = re.compile(r"not\s*\(")
_NUMBER = re.compile(r"[0-9]+(_[0-9]+)*(\.[0-9]+(_[0-9]+)*)?([eE][+-]?[0-9]+|%)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WORD = re.compile(r"[^\W\d]\w*")
_TEXT = re.compile(r'"[^"\\]*"|\'[^\']*\'')
_DECIMAL_COMMA = re.compile(r"(?<![\w.,])\d+,\d+(?![\w,])|(?<![\w.])\d{1,3}(,\d{3})+(?!\w)")
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"|\'[^\']*\'')
_BLOT = "\0"
_TRUTHS = {"true": True, "TRUE": True, "false": False, "FALSE": False}


def is_blank(cell: Cell | None) -> bool:
    """Whether a cell says nothing: it is empty, or a dash."""
    return cell is None or cell.text in ("", "-", "–", "—")  # noqa: RUF001, spreadsheets do it


def unary_test(
    cell: Cell, operand: syntax.Expression, texts: Collection[str] | None = None
) -> syntax.Expression:
    """The condition that a cell puts on its column.

    Args:
        cell: not blank.
        operand: what the column is about.
        texts: the members of the column, which need no quotes; every text if there are none;
            None where it is not known to be of texts.

    Raises:
        RuleError: it is no test.
    """
    refuse_decimal_comma(cell)
    values: list[syntax.Expression] = []
    tests: list[syntax.Expression] = []
    for part in _split(cell, ","):
        if not part.text:
            raise cell.error(
                "a test is missing beside a comma", "write several as: car, education", at=part
            )
        test = _test(part, operand, texts)
        if isinstance(test, _Value):
            values.append(test.node)
        else:
            tests.append(test)
    if len(values) == 1:
        tests.insert(0, _equal(values[0], operand))
    elif values:
        tests.insert(0, syntax.Member(operand=operand, members=tuple(values), span=cell.span()))
    if len(tests) == 1:
        return tests[0]
    return syntax.Disjunction(operands=tuple(tests), span=cell.span())


@dataclasses.dataclass(frozen=True, slots=True)
class _Value:
    """A test for being equal, which others of its kind can join."""

    node: syntax.Expression


def _test(
    cell: Cell, operand: syntax.Expression, texts: Collection[str] | None
) -> syntax.Expression | _Value:
    text, span = cell.text, cell.span()
    if text in ("known", "unknown"):
        return syntax.Known(operand=operand, known=text == "known", span=span)
    if text in ("-", "–", "—"):  # noqa: RUF001
        raise cell.error("a dash stands for any value, and only by itself")
    if (negation := _NOT.match(text)) and _closing(text, negation.end() - 1) == len(text) - 1:
        inner = cell.part(negation.end(), -1 + len(text))
        if not inner.text:
            raise cell.error("not() needs a test", "for example not(car)")
        return _negated(unary_test(inner, operand, texts), span)
    if operator := _OPERATOR.match(text):
        op = "=" if operator[0] == "==" else operator[0]
        right = value(cell.part(operator.end()), texts)
        return syntax.Comparison(operators=(op,), operands=(operand, right), span=span)
    ends = _split(cell, "..")
    if len(ends) == 2:
        return _interval(cell, operand, ends)
    return _Value(value(cell, texts))


def _equal(node: syntax.Expression, operand: syntax.Expression) -> syntax.Expression:
    if isinstance(node, syntax.Truth):  # of a truth: `stretched`, and not `stretched = true`
        itself = dataclasses.replace(operand, span=node.span)
        return itself if node.value else syntax.Negation(operand=itself, span=node.span)
    return syntax.Comparison(operators=("=",), operands=(operand, node), span=node.span)


def _negated(test: syntax.Expression, span: Span) -> syntax.Expression:
    match test:
        case syntax.Comparison(operators=("=",)):
            return dataclasses.replace(test, operators=("!=",), span=span)
        case syntax.Known(known=known):
            return dataclasses.replace(test, known=not known, span=span)
    return syntax.Negation(operand=test, span=span)


def _interval(cell: Cell, operand: syntax.Expression, ends: list[Cell]) -> syntax.Expression:
    text, span = cell.text, cell.span()
    first, last = text[0], text[-1]
    masked = _masked(text)
    if masked[0] == masked[-1] == _BLOT:
        low, high = ends[0].part(1), ends[1].part(0, -1 + len(ends[1].text))
    elif first in "[]" or last in "[]":
        raise cell.error(
            "this interval has one bracket",
            "write [10..20] with both ends, (10..20) with neither, [10..20) with the first",
        )
    else:
        first, last, low, high = "[", "]", ends[0], ends[1]
    for end in (low, high):
        if not end.text:
            raise cell.error(
                "an interval has two ends", "for one bound write >= 10 or < 20", at=cell
            )
    least, most = value(low), value(high)
    _refuse_empty(cell, constant(least), constant(most), first + last == "[]")
    if (first, last) == ("[", "]"):
        return syntax.Within(operand=operand, low=least, high=most, span=span)
    bounds = ((">=" if first == "[" else ">", least), ("<=" if last == "]" else "<", most))
    return syntax.Conjunction(
        operands=tuple(
            syntax.Comparison(operators=(op,), operands=(operand, bound), span=span)
            for op, bound in bounds
        ),
        span=span,
    )


def _refuse_empty(cell: Cell, low: float | None, high: float | None, is_closed: bool) -> None:
    if low is not None and high is not None and (low > high or (low == high and not is_closed)):
        raise cell.error("this range is empty", "the smaller bound comes first")


def constant(node: syntax.Expression) -> float | None:
    """The number that a literal is, of a date its day; None for anything else."""
    match node:
        case syntax.Number(text=text):
            return parse_number(text, span=node.span)
        case syntax.Negative(operand=operand):
            number = constant(operand)
            return None if number is None else -number
        case syntax.Date(text=text):
            with contextlib.suppress(ValueError):
                return datetime.date.fromisoformat(text).toordinal()
    return None


def value(cell: Cell, texts: Collection[str] | None = None) -> syntax.Expression:
    """What a column is compared with, or what follows: a literal, a name, a calculation.

    Args:
        cell: with some text.
        texts: as for `unary_test`.

    Raises:
        RuleError: it is no expression.
    """
    text, span = cell.text, cell.span()
    if not text:
        raise cell.error("a value is missing here", "for example < 10")
    if _TEXT.fullmatch(text):
        return syntax.Text(text=text[1:-1], span=span)
    if texts is not None and (text in texts or not texts):
        return syntax.Text(text=text, span=span)
    if text in _TRUTHS:
        return syntax.Truth(value=_TRUTHS[text], span=span)
    if _DATE.fullmatch(text):
        return syntax.Date(text=text, span=span)
    if _NUMBER.fullmatch(text):
        return syntax.Number(text=text, span=span)
    if _WORD.fullmatch(text) and text not in RESERVED:
        return syntax.Name(text=text, span=span)
    expression: syntax.Expression = parsed(cell, "expression")
    return expression


def refuse_decimal_comma(cell: Cell) -> None:
    """Refuses `0,5`, which would be two values.

    Raises:
        RuleError: a comma stands right between digits.
    """
    found = _DECIMAL_COMMA.search(_QUOTED.sub(lambda match: _BLOT * len(match[0]), cell.text))
    if found:
        raise cell.error(
            f"{found[0]} could be one number or several",
            f"the decimal sign is a point, thousands are set apart by _; "
            f"for several values write blanks: {found[0].replace(',', ', ')}",
            at=cell.part(*found.span()),
        )


def _split(cell: Cell, separator: str) -> list[Cell]:
    """The pieces of a cell between separators that no parentheses, braces or quotes enclose."""
    parts, start, depth = [], 0, 0
    masked = _masked(cell.text)
    for position, char in enumerate(masked):
        depth += (char in "({") - (char in ")}")
        if depth <= 0 and position >= start and masked.startswith(separator, position):
            parts.append(cell.part(start, position))
            start = position + len(separator)
    return [*parts, cell.part(start)]


def _masked(text: str) -> str:
    """The text with texts in quotes and the brackets of intervals blotted out."""
    chars = list(_QUOTED.sub(lambda match: _BLOT * len(match[0]), text))
    before = ""
    for position, char in enumerate(chars):
        if char in "[](" and before in ("", ",", "("):
            end = _interval_end(chars, position)
            if end is not None:
                chars[position] = chars[end] = _BLOT
        if not char.isspace():
            before = chars[position]
    return "".join(chars)


def _interval_end(chars: list[str], start: int) -> int | None:
    """Where the interval that starts here ends; None where it is none, as in `(1 + 2) * 3`."""
    depth, dots = 0, False
    for position in range(start + 1, len(chars)):
        char = chars[position]
        if depth == 0 and char in "[])":
            return position if dots else None
        if depth == 0 and char == ",":
            return None
        depth += (char == "(") - (char == ")")
        dots = dots or (depth == 0 and chars[position : position + 2] == [".", "."])
    return None


def _closing(text: str, opening: int) -> int:
    """Where the parenthesis that opens at a position closes; -1 where it does not."""
    depth = 0
    for position, char in enumerate(_masked(text)[opening:], start=opening):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return position
    return -1
