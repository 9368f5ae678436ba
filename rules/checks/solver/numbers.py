"""Symbolic numbers: ints, dates and float32 values, known by which bounds they reach.

A number answers `at_least(bound)` with a formula. A comparison with a constant, which is
most of what rules do, so cuts a variable into finitely many intervals, and the solver sees
booleans only. Where two variables meet, `key()` gives a number as a bit vector in the same
order (see `keys`), tied to the intervals.
"""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Iterator

import z3

from rules.checks.solver.formulas import Formula, when
from rules.checks.solver.keys import GAP, LARGEST, key_of, normal, predecessor
from rules.checks.solver.space import Box, Boxes, Space
from rules.engines.values import Value
from rules.language.ir import INT_MAX, INT_MIN

__all__ = ["BITS", "Constant", "Variable", "constant"]

BITS = 32


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
            self.space.links.append(literal == (self._key >= bound))

    def key(self) -> z3.BitVecRef:
        """See `Number`."""
        if self._key is None:
            self._key = key = z3.BitVec(self.name, BITS)
            self.space.links += [key >= self.low, key <= self.high]
            if self.is_float:
                self.space.links.append(z3.Or(key == 0, key > GAP, key < -GAP))
            for bound, literal in self.literals.items():
                self.space.links.append(literal == (key >= bound))
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


def constant(value: Value) -> Constant:
    """A settled number."""
    if isinstance(value, float):
        return Constant(value=key_of(value), is_float=True)
    return Constant(value=int(value), is_float=False)
