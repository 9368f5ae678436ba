"""The types of values, and places in a source text."""

from __future__ import annotations

import dataclasses
from typing import TypeAlias

INT_MIN, INT_MAX = -(2**31) + 1, 2**31 - 1  # -2**31 itself marks a missing integer
DAY_MIN, DAY_MAX = -719_162, 2_932_896  # 0001-01-01 and 9999-12-31 as days since 1970-01-01


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A place in a source text; lines and columns count from 1, the end is exclusive.

    `source` is 0 for the text of the rule set itself, k for its k-th imported file.
    """

    line: int
    column: int
    end_line: int
    end_column: int
    source: int = 0


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A file that a rule set imports."""

    filename: str
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class FloatType:
    """A float32, optionally bounded; a value outside its bounds counts as missing."""

    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class IntType:
    """An int32 within inclusive bounds; a value outside counts as missing."""

    low: int = INT_MIN
    high: int = INT_MAX


@dataclasses.dataclass(frozen=True, slots=True)
class BoolType:
    """True or false."""


@dataclasses.dataclass(frozen=True, slots=True)
class EnumType:
    """One of a fixed list of names, in the order of declaration (which gives the codes)."""

    members: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class DateType:
    """A day as a number: days since 1970-01-01, in the proleptic Gregorian calendar.

    Differences of dates are ints (days); a date beyond its bounds is unknown.
    """

    low: int = DAY_MIN
    high: int = DAY_MAX


@dataclasses.dataclass(frozen=True, slots=True)
class StringType:
    """Any text, known only by being equal to another; inputs and literals, never derived."""


@dataclasses.dataclass(frozen=True, slots=True)
class ObjectType:
    """One of the objects of an entity without a fixed domain; only variables are of it."""

    entity: str


Type: TypeAlias = FloatType | IntType | BoolType | EnumType | DateType | StringType | ObjectType
PROB = FloatType(low=0.0, high=1.0)
BOOL = BoolType()
