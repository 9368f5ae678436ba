"""Symbolic numbers: ints, dates and float32 values, known by which bounds they reach.

A number answers `at_least(bound)` with a formula. A comparison with a constant, which is
most of what rules do, so cuts a variable into finitely many intervals, and the solver sees
booleans only. Where two variables meet, `key()` gives a number as a bit vector in the same
order (see `keys`), tied to the intervals.
"""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import z3

from rules.checks.solver.formulas import Formula, conj, disj, neg, select, when
from rules.checks.solver.keys import GAP, LARGEST, first_true, normal, predecessor, successor
from rules.language.ir import INT_MAX, INT_MIN

__all__ = [
    "BITS",
    "Absolute",
    "Box",
    "Boxes",
    "Chosen",
    "Constant",
    "Count",
    "Extreme",
    "Monotone",
    "Negated",
    "Number",
    "Space",
    "Tie",
    "Variable",
]

BITS = 32


Box = tuple[int, int]  # the smallest and the largest key


class Boxes(Protocol):
    """What is known of variables at some point of a search."""

    def of(self, variable: Variable) -> Box:
        """The keys that a variable may have."""

    def holds(self, formula: Formula) -> bool:
        """Whether a formula is true."""


class Tie(Protocol):
    """What ties variables to the numbers that they come from, exactly.

    Attributes:
        names: of the variables.
        operands: the numbers.
    """

    @property
    def names(self) -> tuple[str, ...]:
        """Of the variables."""

    @property
    def operands(self) -> tuple[Number, ...]:
        """The numbers."""

    def exact(self) -> z3.BoolRef:
        """The tie as a formula over bit vectors and floats; costly for the solver."""


@dataclasses.dataclass(eq=False)
class Space:
    """What all formulas of one question share.

    Attributes:
        axioms: what holds in every case, and has not been told to the solver yet.
        ties: of the results of arithmetic, and of comparisons of variables, each after those
            that it needs. The solver is told what follows from them only where it goes wrong.
        made: results of operations and comparisons that were met already, and the operands,
            which are kept because an identity may be used again.
    """

    axioms: list[Formula] = dataclasses.field(default_factory=list)
    ties: list[Tie] = dataclasses.field(default_factory=list)
    made: dict[object, tuple[Any, object]] = dataclasses.field(default_factory=dict)
    count: int = 0
    _tied: tuple[int, set[Variable]] = dataclasses.field(default=(0, set()))

    @property
    def tied(self) -> set[Variable]:
        """The variables that arithmetic or comparisons with other variables depend on."""
        if self._tied[0] != len(self.ties):
            operands = [operand for tie in self.ties for operand in tie.operands]
            found = {variable for operand in operands for variable in operand.variables()}
            self._tied = len(self.ties), found
        return self._tied[1]

    def fresh(self, name: str) -> str:
        """A name that is used once."""
        self.count += 1
        return f"{name}#{self.count}"

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

    def box(self, boxes: Boxes) -> Box:
        """The keys that it may have."""

    def variables(self) -> Iterator[Variable]:
        """What it depends on."""


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

    def box(self, _boxes: Boxes) -> Box:
        """See `Number`."""
        return self.value, self.value

    def variables(self) -> Iterator[Variable]:
        """See `Number`."""
        return iter(())


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

    def box(self, boxes: Boxes) -> Box:
        """See `Number`."""
        return boxes.of(self)

    def variables(self) -> Iterator[Variable]:
        """See `Number`."""
        yield self

    def exact_key(self, model: z3.ModelRef) -> int | None:
        """The key in a model, where more depends on it than which bounds it reaches."""
        if self._key is None:
            return None
        key: int = model.eval(self._key, model_completion=True).as_signed_long()
        return key

    def reached(self, model: z3.ModelRef) -> Box:
        """The keys that reach the same bounds as in a model."""
        # The bounds that are reached come first.
        first, last = 0, len(self._bounds)
        while first < last:
            middle = (first + last) // 2
            literal = self.literals[self._bounds[middle]]
            if z3.is_true(model.eval(literal, model_completion=True)):
                first = middle + 1
            else:
                last = middle
        low = self._bounds[first - 1] if first else self.low
        if first == len(self._bounds):
            return low, self.high
        return low, predecessor(self._bounds[first], is_float=self.is_float)


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

    def box(self, boxes: Boxes) -> Box:
        """See `Number`."""
        return (self.then if boxes.holds(self.condition) else self.otherwise).box(boxes)

    def variables(self) -> Iterator[Variable]:
        """See `Number`."""
        yield from self.then.variables()
        yield from self.otherwise.variables()


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

    def box(self, boxes: Boxes) -> Box:
        """See `Number`."""
        low, high = self.operand.box(boxes)
        return -high, -low

    def variables(self) -> Iterator[Variable]:
        """See `Number`."""
        return self.operand.variables()


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

    def box(self, boxes: Boxes) -> Box:
        """See `Number`."""
        low, high = self.operand.box(boxes)
        return max(0, low, -high), max(abs(low), abs(high))

    def variables(self) -> Iterator[Variable]:
        """See `Number`."""
        return self.operand.variables()


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

    def box(self, boxes: Boxes) -> Box:
        """See `Number`."""
        found = [part.box(boxes) for counts, part in self.parts if boxes.holds(counts)]
        if not found:
            return self.low, self.high
        extreme = max if self.greatest else min
        return extreme(low for low, _ in found), extreme(high for _, high in found)

    def variables(self) -> Iterator[Variable]:
        """See `Number`."""
        for _, part in self.parts:
            yield from part.variables()


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
        start = z3.BitVecVal(self.settled, BITS)
        return sum((z3.If(part, one, zero) for part in self.parts), start)

    def box(self, boxes: Boxes) -> Box:
        """See `Number`."""
        count = self.settled + sum(map(boxes.holds, self.parts))
        return count, count

    def variables(self) -> Iterator[Variable]:
        """See `Number`."""
        return iter(())


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

    def box(self, boxes: Boxes) -> Box:
        """See `Number`."""
        first, last = self.domain
        ends = (min(max(end, first), last) for end in self.operand.box(boxes))
        low, high = sorted(map(self._image, ends))
        return low, high

    def variables(self) -> Iterator[Variable]:
        """See `Number`."""
        return self.operand.variables()
