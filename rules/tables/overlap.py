"""What a test lets pass, as far as two tests can be told apart by looking at them."""

from __future__ import annotations

import dataclasses
import math
from typing import TypeAlias

from rules.errors import RuleError
from rules.language import syntax
from rules.language.numbers import round_float32
from rules.tables.columns import Column
from rules.tables.unary_tests import constant

__all__ = ["Region", "disjoint", "region"]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Range:
    """Numbers or days between two bounds."""

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Words:
    """Members, texts or truths: these, or all others."""

    words: frozenset[str]
    inverted: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Missing:
    """Unknown values, or known ones."""

    known: bool


Region: TypeAlias = tuple[_Range | _Words | _Missing, ...]


def region(test: syntax.Expression, column: Column) -> Region | None:
    """The values for which a test is true, as a union; None where it does not show.

    Args:
        test: of one cell of the column.
        column: where it stands.
    """
    match test:
        case syntax.Known(known=known):
            return (_Missing(known=known),)
        case syntax.Disjunction(operands=operands):
            parts = [region(operand, column) for operand in operands]
            return _united(parts)
        case syntax.Conjunction(operands=(above, below)):  # an open interval
            return _intersection(region(above, column), region(below, column))
        case syntax.Within(low=low, high=high):
            least, most = _number(low, column), _number(high, column)
            return None if least is None or most is None else (_Range(low=least, high=most),)
        case syntax.Member(members=members):
            return _united([_equal(member, column) for member in members])
        case syntax.Comparison(operators=(op,), operands=(_, right)):
            return _compared(op, right, column)
        case syntax.Negation(operand=operand):
            inner = region(operand, column)
            return None if inner is None else _complement(inner)
        case _:  # the column itself, of truths
            return (_Words(words=frozenset({"true"})),)


def disjoint(left: Region | None, right: Region | None) -> bool:
    """Whether no value is in both; False where that does not show."""
    if left is None or right is None:
        return False
    return all(_apart(one, other) for one in left for other in right)


def _united(parts: list[Region | None]) -> Region | None:
    found: Region = ()
    for part in parts:
        if part is None:
            return None
        found += part
    return found


def _intersection(left: Region | None, right: Region | None) -> Region | None:
    match left, right:
        case (_Range() as above,), (_Range() as below,):
            return (dataclasses.replace(above, high=below.high, high_open=below.high_open),)
    return None


def _equal(node: syntax.Expression, column: Column) -> Region | None:
    number = _number(node, column)
    if number is not None:
        return (_Range(low=number, high=number),)
    match node:
        case syntax.Text(text=text):
            return (_Words(words=frozenset({text})),)
        case syntax.Truth(value=value):
            return (_Words(words=frozenset({str(value).lower()})),)
    return None  # a name may stand for any value


def _compared(op: str, node: syntax.Expression, column: Column) -> Region | None:
    if op in ("=", "!="):
        equal = _equal(node, column)
        return equal if op == "=" or equal is None else _complement(equal)
    number = _number(node, column)
    if number is None:
        return None
    if op in ("<", "<="):
        return (_Range(high=number, high_open=op == "<"),)
    return (_Range(low=number, low_open=op == ">"),)


def _complement(inner: Region) -> Region | None:
    match inner:
        case (_Missing(known=known),):
            return (_Missing(known=not known),)
        case (_Range() as item,):
            below = _Range(high=item.low, high_open=not item.low_open)
            above = _Range(low=item.high, low_open=not item.high_open)
            return tuple(
                part
                for part in (below, above)
                if not (part.high == -math.inf or part.low == math.inf)
            )
        case _ if all(isinstance(item, _Words) and not item.inverted for item in inner):
            words = frozenset[str]().union(*(i.words for i in inner if isinstance(i, _Words)))
            return (_Words(words=words, inverted=True),)
    return None


def _number(node: syntax.Expression, column: Column) -> float | None:
    """A number or a day, rounded as engines do it."""
    number = constant(node)
    if number is None or _is_int(column):
        return number
    try:
        return round_float32(number)
    except RuleError:
        return None


def _is_int(column: Column) -> bool:
    match column.declared:
        case syntax.InputDeclaration(type=syntax.NamedType(name=syntax.Word(text="int"))):
            return True
    return False


def _apart(one: _Range | _Words | _Missing, other: _Range | _Words | _Missing) -> bool:
    match one, other:
        case _Missing(known=known), _Missing(known=also):
            return known != also
        case (_Missing(known=known), _) | (_, _Missing(known=known)):
            return not known  # every other test is true of known values only
        case _Range(), _Range():
            return _before(one, other) or _before(other, one)
        case _Words(words=words, inverted=False), _Words(words=others, inverted=False):
            return not words & others
        case _Words(words=words, inverted=False), _Words(words=others, inverted=True):
            return words <= others
        case _Words(words=words, inverted=True), _Words(words=others, inverted=False):
            return others <= words
    return False


def _before(one: _Range, other: _Range) -> bool:
    touching = one.high == other.low and (one.high_open or other.low_open)
    return one.high < other.low or touching
