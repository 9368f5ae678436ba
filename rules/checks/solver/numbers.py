"""Symbolic numbers: ints, dates and float32 values, known by which bounds they reach.

A number answers `at_least(bound)` with a formula. A comparison with a constant, which is
most of what rules do, so cuts a variable into finitely many intervals, and the solver sees
booleans only. Where two variables meet, `key()` gives a number as a bit vector in the same
order (see `keys`), tied to the intervals.
"""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Callable
from typing import Protocol

import z3

from rules.checks.solver.formulas import Formula, conj, disj, equal, neg, select, when
from rules.checks.solver.keys import GAP, LARGEST, first_true, normal, predecessor, successor
from rules.language.ir import INT_MAX, INT_MIN

__all__ = [
    "BITS",
    "Absolute",
    "Chosen",
    "Constant",
    "Count",
    "Definition",
    "Extreme",
    "Monotone",
    "Negated",
    "Number",
    "Space",
    "Variable",
    "compare",
]

BITS = 32


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Definition:
    """What ties the result of an operation to its operands, exactly.

    Attributes:
        names: of the variables that it defines.
        formula: over these variables and the operands.
        costly: whether the solver is told only when it goes wrong without.
    """

    names: tuple[str, ...]
    formula: z3.BoolRef
    costly: bool


@dataclasses.dataclass(eq=False)
class Space:
    """What all formulas of one question share.

    Attributes:
        axioms: what holds in every model, and has not been told to the solver yet.
        definitions: of the results of arithmetic; those that are not costly are axioms, too.
        results: of operations that were made already, and their `operands`.
    """

    axioms: list[Formula] = dataclasses.field(default_factory=list)
    definitions: list[Definition] = dataclasses.field(default_factory=list)
    results: dict[object, tuple[Formula, Number]] = dataclasses.field(default_factory=dict)
    operands: list[Number] = dataclasses.field(default_factory=list)
    count: int = 0

    def fresh(self, name: str) -> str:
        """A name that is used once."""
        self.count += 1
        return f"{name}#{self.count}"

    def define(self, formula: z3.BoolRef, *variables: z3.ExprRef, costly: bool = True) -> None:
        """Adds a definition of variables."""
        names = tuple(variable.decl().name() for variable in variables)
        self.definitions.append(Definition(names=names, formula=formula, costly=costly))
        if not costly:
            self.axioms.append(formula)

    def boolean(self, name: str) -> z3.BoolRef:
        """A new boolean variable."""
        return z3.Bool(self.fresh(name))


class Number(Protocol):
    """A number, apart from whether it is known."""

    @property
    def is_float(self) -> bool:
        """Whether keys are those of floats; else they are the numbers themselves."""

    @property
    def low(self) -> int:
        """A key that it never falls below."""

    @property
    def high(self) -> int:
        """A key that it never exceeds."""

    def at_least(self, bound: int) -> Formula:
        """Whether its key is `bound` or more."""

    def key(self) -> z3.BitVecRef:
        """Its key, signed."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Constant:
    """A number that is settled."""

    value: int
    is_float: bool

    @property
    def low(self) -> int:
        """Its key."""
        return self.value

    @property
    def high(self) -> int:
        """Its key."""
        return self.value

    def at_least(self, bound: int) -> Formula:
        """See `Number`."""
        return self.value >= bound

    def key(self) -> z3.BitVecRef:
        """See `Number`."""
        return z3.BitVecVal(self.value, BITS)

    def interval(self, _model: z3.ModelRef) -> tuple[int, int]:
        """See `Variable`."""
        return self.value, self.value


class Variable:
    """A number that the solver chooses.

    Attributes:
        literals: for each bound that was asked for, whether it is reached.
    """

    def __init__(
        self,
        space: Space,
        name: str,
        *,
        is_float: bool,
        low: int | None = None,
        high: int | None = None,
    ) -> None:
        self.space = space
        self.name = space.fresh(name)
        self.is_float = is_float
        self.low = low if low is not None else -LARGEST if is_float else INT_MIN
        self.high = high if high is not None else LARGEST if is_float else INT_MAX
        self.literals: dict[int, z3.BoolRef] = {}
        self._bounds: list[int] = []
        self._key: z3.BitVecRef | None = None

    def at_least(self, bound: int) -> Formula:
        """See `Number`."""
        bound = normal(bound) if self.is_float else bound
        if bound <= self.low:
            return True
        if bound > self.high:
            return False
        if bound not in self.literals:
            self._add(bound)
        return self.literals[bound]

    def _add(self, bound: int) -> None:
        literal = z3.Bool(f"{self.name}>={bound}")
        place = bisect.bisect(self._bounds, bound)
        if place > 0:
            self.space.axioms.append(when(literal, self.literals[self._bounds[place - 1]]))
        if place < len(self._bounds):
            self.space.axioms.append(when(self.literals[self._bounds[place]], literal))
        self._bounds.insert(place, bound)
        self.literals[bound] = literal
        if self._key is not None:
            self.space.axioms.append(literal == (self._key >= bound))

    def key(self) -> z3.BitVecRef:
        """See `Number`."""
        if self._key is None:
            self._key = key = z3.BitVec(self.name, BITS)
            self.space.axioms += [key >= self.low, key <= self.high]
            if self.is_float:
                self.space.axioms.append(z3.Or(key == 0, key > GAP, key < -GAP))
            for bound, literal in self.literals.items():
                self.space.axioms.append(literal == (key >= bound))
        return self._key

    @property
    def is_linked(self) -> bool:
        """Whether more depends on it than which bounds it reaches."""
        return self._key is not None

    def interval(self, model: z3.ModelRef) -> tuple[int, int]:
        """The keys that the model leaves open: a single one if it is linked."""
        if self._key is not None:
            key = model.eval(self._key, model_completion=True).as_signed_long()
            return key, key
        return self.reached(model)

    def reached(self, model: z3.ModelRef) -> tuple[int, int]:
        """The keys that reach the same bounds as in the model."""
        low, high = self.low, self.high
        for bound in self._bounds:
            if not z3.is_true(model.eval(self.literals[bound], model_completion=True)):
                high = predecessor(bound, is_float=self.is_float)
                break
            low = bound
        return low, high


@dataclasses.dataclass(frozen=True, kw_only=True)
class Chosen:
    """One of two numbers."""

    condition: Formula
    then: Number
    otherwise: Number

    @property
    def is_float(self) -> bool:
        """See `Number`."""
        return self.then.is_float

    @property
    def low(self) -> int:
        """See `Number`."""
        return min(self.then.low, self.otherwise.low)

    @property
    def high(self) -> int:
        """See `Number`."""
        return max(self.then.high, self.otherwise.high)

    def at_least(self, bound: int) -> Formula:
        """See `Number`."""
        return select(self.condition, self.then.at_least(bound), self.otherwise.at_least(bound))

    def key(self) -> z3.BitVecRef:
        """See `Number`."""
        return z3.If(self.condition, self.then.key(), self.otherwise.key())


@dataclasses.dataclass(frozen=True, kw_only=True)
class Negated:
    """Zero minus a number."""

    operand: Number

    @property
    def is_float(self) -> bool:
        """See `Number`."""
        return self.operand.is_float

    @property
    def low(self) -> int:
        """See `Number`."""
        return -self.operand.high

    @property
    def high(self) -> int:
        """See `Number`."""
        return -self.operand.low

    def at_least(self, bound: int) -> Formula:
        """See `Number`."""
        return neg(self.operand.at_least(successor(-bound, is_float=self.is_float)))

    def key(self) -> z3.BitVecRef:
        """See `Number`."""
        return -self.operand.key()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Absolute:
    """The distance of a number from zero."""

    operand: Number

    @property
    def is_float(self) -> bool:
        """See `Number`."""
        return self.operand.is_float

    @property
    def low(self) -> int:
        """See `Number`."""
        return max(0, self.operand.low, -self.operand.high)

    @property
    def high(self) -> int:
        """See `Number`."""
        return max(abs(self.operand.low), abs(self.operand.high))

    def at_least(self, bound: int) -> Formula:
        """See `Number`."""
        if bound <= 0:
            return True
        negative = neg(self.operand.at_least(successor(-bound, is_float=self.is_float)))
        return disj(self.operand.at_least(bound), negative)

    def key(self) -> z3.BitVecRef:
        """See `Number`."""
        key = self.operand.key()
        return z3.If(key >= 0, key, -key)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Extreme:
    """The least or the greatest of the numbers that count, of which there is one.

    Attributes:
        greatest: the greatest, else the least.
        parts: whether a number counts, and the number.
    """

    greatest: bool
    parts: tuple[tuple[Formula, Number], ...]

    @property
    def is_float(self) -> bool:
        """See `Number`."""
        return self.parts[0][1].is_float

    @property
    def low(self) -> int:
        """See `Number`."""
        return min(part.low for _, part in self.parts)

    @property
    def high(self) -> int:
        """See `Number`."""
        return max(part.high for _, part in self.parts)

    def at_least(self, bound: int) -> Formula:
        """See `Number`."""
        if self.greatest:
            return disj(*(conj(counts, part.at_least(bound)) for counts, part in self.parts))
        return conj(*(when(counts, part.at_least(bound)) for counts, part in self.parts))

    def key(self) -> z3.BitVecRef:
        """See `Number`."""
        worst = self.low if self.greatest else self.high
        key: z3.BitVecRef = z3.BitVecVal(worst, BITS)
        for counts, part in self.parts:
            other = part.key()
            better = other > key if self.greatest else other < key
            key = z3.If(conj(counts, better), other, key)
        return key


@dataclasses.dataclass(frozen=True, kw_only=True)
class Count:
    """How many of the formulas hold."""

    parts: tuple[z3.BoolRef, ...]
    settled: int  # how many more hold anyway
    is_float = False

    @property
    def low(self) -> int:
        """See `Number`."""
        return self.settled

    @property
    def high(self) -> int:
        """See `Number`."""
        return self.settled + len(self.parts)

    def at_least(self, bound: int) -> Formula:
        """See `Number`."""
        wanted = bound - self.settled
        if wanted <= 0 or wanted > len(self.parts):
            return wanted <= 0
        return z3.PbGe([(part, 1) for part in self.parts], wanted)

    def key(self) -> z3.BitVecRef:
        """See `Number`."""
        one, zero = z3.BitVecVal(1, BITS), z3.BitVecVal(0, BITS)
        return sum(
            (z3.If(part, one, zero) for part in self.parts), z3.BitVecVal(self.settled, BITS)
        )


class Monotone:
    """The image of a number under a function that never falls (or never rises).

    Rounding keeps order, so float32 arithmetic with one variable operand is of this kind, and
    the bound that the operand must reach is found by bisection, with the very function that
    the engines compute.
    """

    def __init__(
        self,
        operand: Number,
        image: Callable[[int], int],
        *,
        is_float: bool,
        rising: bool,
        domain: tuple[int, int],
        key: Callable[[], z3.BitVecRef],
    ) -> None:
        """The image, as keys, is defined on the keys of `domain`; `key` gives it as a vector."""
        self.operand = operand
        self.is_float = is_float
        self.rising = rising
        self.domain = domain
        self.key = key
        self._image = image
        self._turns: dict[int, int] = {}
        ends = sorted(map(image, domain))
        self.low, self.high = ends[0], ends[1]

    def at_least(self, bound: int) -> Formula:
        """See `Number`."""
        if bound <= self.low or bound > self.high:
            return bound <= self.low
        first, last = self.domain
        if bound not in self._turns:
            turned = (
                (lambda key: self._image(key) >= bound)
                if self.rising
                else (lambda key: self._image(key) < bound)
            )
            self._turns[bound] = first_true(turned, first, last)
        reached = self.operand.at_least(self._turns[bound])
        return reached if self.rising else neg(reached)


def compare(op: str, left: Number, right: Number) -> Formula:
    """Whether the comparison holds of two numbers of one kind."""
    match op:
        case ">=":
            return _not_below(left, right)
        case "<=":
            return _not_below(right, left)
        case ">":
            return neg(_not_below(right, left))
        case "<":
            return neg(_not_below(left, right))
        case "!=":
            return neg(compare("=", left, right))
        case _:
            return _same(left, right)


def _not_below(left: Number, right: Number) -> Formula:
    """Whether left >= right."""
    if isinstance(right, Constant):
        return left.at_least(right.value)
    if isinstance(left, Constant):
        return neg(right.at_least(successor(left.value, is_float=left.is_float)))
    if left.low >= right.high:
        return True
    return False if left.high < right.low else left.key() >= right.key()


def _same(left: Number, right: Number) -> Formula:
    if isinstance(left, Constant):
        left, right = right, left
    if isinstance(right, Constant):
        above = left.at_least(successor(right.value, is_float=right.is_float))
        return conj(left.at_least(right.value), neg(above))
    if left.high < right.low or right.high < left.low:
        return False
    return left.key() == right.key()
