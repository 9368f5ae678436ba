"""Numbers that are made of others without arithmetic that the solver would have to learn."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence

import z3

from rules.checks.solver.formulas import Formula, conj, disj, neg, select, when
from rules.checks.solver.keys import first_true, successor
from rules.checks.solver.numbers import BITS, Constant, Variable
from rules.checks.solver.space import Box, Boxes, Number

__all__ = ["Absolute", "Chosen", "Count", "Extreme", "Monotone", "Negated", "extreme"]


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
        return disj(self.operand.at_least(bound), Negated(operand=self.operand).at_least(bound))

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


def extreme(function: str, parts: Sequence[tuple[Formula, Number]]) -> Number:
    """The `min` or `max` of the numbers that count, of which there is one."""
    settled = [part for counts, part in parts if counts is True and isinstance(part, Constant)]
    if len(settled) == len(parts):
        best = (max if function == "max" else min)(part.value for part in settled)
        return dataclasses.replace(settled[0], value=best)
    return Extreme(greatest=function == "max", parts=tuple(parts))


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
