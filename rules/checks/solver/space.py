"""What all formulas of one question share: variables, and what ties them together."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

import z3

from rules.checks.solver.formulas import Formula

if TYPE_CHECKING:
    from rules.checks.solver.numbers import Variable

__all__ = ["Box", "Boxes", "Number", "Space", "Tie"]

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
        links: between the keys of variables, as bit vectors, and the bounds that they reach.
        ties: of the results of arithmetic, and of comparisons of variables, each after those
            that it needs. The solver is told what follows from them only where it goes wrong.
        made: results of operations and comparisons that were met already, and the operands,
            which are kept because an identity may be used again.
    """

    axioms: list[Formula] = dataclasses.field(default_factory=list)
    links: list[z3.BoolRef] = dataclasses.field(default_factory=list)
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
