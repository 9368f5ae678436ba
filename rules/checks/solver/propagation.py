"""What follows from bounds: clauses that arithmetic adds to the solver's knowledge.

The solver chooses which bounds numbers reach, at first without knowing how sums come from
summands. Where a choice cannot be, the reason is told as a clause over bounds: if the operands
are within these boxes, the result is below that bound. The clauses are computed with the very
operations of the engines, so they are exact, and they hold for every case and every question
(interval constraint propagation within clause learning: Fränzle, Herde, Teige, Ratschan and
Schubert, "Efficient solving of large non-linear arithmetic constraint systems", 2007).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import z3

from rules.checks.solver.comparing import Comparison
from rules.checks.solver.formulas import Formula, conj, neg, when
from rules.checks.solver.keys import successor
from rules.checks.solver.numbers import Variable
from rules.checks.solver.operation import Operation
from rules.checks.solver.space import Box, Number, Tie
from rules.checks.solver.symbolic_case import holds

__all__ = ["View", "clauses", "excluded", "implied"]

Boxes = list[Box]
Check = Callable[[Sequence[Box]], bool]


class View:
    """The boxes of variables in a model, as far as they have been made smaller.

    Attributes:
        smaller: by variable, what follows for results from the boxes of their operands.
    """

    def __init__(self, model: z3.ModelRef) -> None:
        self.model = model
        self.smaller: dict[Variable, Box] = {}

    def of(self, variable: Variable) -> Box:
        """See `numbers.Boxes`."""
        if variable not in self.smaller:
            self.smaller[variable] = variable.reached(self.model)
        return self.smaller[variable]

    def holds(self, formula: Formula) -> bool:
        """See `numbers.Boxes`."""
        return holds(self.model, formula)


def clauses(ties: Sequence[Tie], model: z3.ModelRef) -> list[Formula]:
    """Clauses that hold in every case and not in the model; none if boxes can't tell.

    Args:
        ties: those that matter, each after those that it needs.
        model: of what the solver knows so far.
    """
    view = View(model)
    reasons = _Reasons(view, ties)
    for tie in ties:
        boxes = [operand.box(view) for operand in tie.operands]
        if isinstance(tie, Comparison):
            _compare(tie, boxes, view, reasons)
        else:
            assert isinstance(tie, Operation)
            _operate(tie, boxes, view, reasons)
    return reasons.clauses


def _compare(tie: Comparison, boxes: Boxes, view: View, reasons: _Reasons) -> None:
    held = view.holds(tie.held)
    if held and excluded(tie, boxes):
        reasons.add(tie, boxes, neg(tie.held), lambda trial: excluded(tie, trial))
    elif not held and implied(tie, boxes):
        reasons.add(tie, boxes, tie.held, lambda trial: implied(tie, trial))


def excluded(tie: Comparison, boxes: Sequence[Box]) -> bool:
    """Whether a comparison is false for all operands within boxes."""
    (low, high), (other_low, other_high) = boxes
    return high < other_low or (tie.is_equality and other_high < low)


def implied(tie: Comparison, boxes: Sequence[Box]) -> bool:
    """Whether a comparison is true for all operands within boxes."""
    (low, high), (other_low, other_high) = boxes
    return low == high == other_low == other_high if tie.is_equality else low >= other_high


def _operate(tie: Operation, boxes: Boxes, view: View, reasons: _Reasons) -> None:
    defined = view.holds(tie.defined)
    if defined and tie.never_defined(boxes):
        reasons.add(tie, boxes, neg(tie.defined), tie.never_defined)
    elif not defined and tie.always_defined(boxes):
        reasons.add(tie, boxes, tie.defined, tie.always_defined)
    elif defined and (image := tie.image(boxes)) is not None:
        low, high = view.of(tie.result)
        if image[1] < low:
            reasons.add_bound(tie, boxes, low - 1, rising=False)
        elif image[0] > high:
            reasons.add_bound(tie, boxes, high + 1, rising=True)
        else:
            view.smaller[tie.result] = max(low, image[0]), min(high, image[1])


class _Reasons:
    def __init__(self, view: View, ties: Iterable[Tie]) -> None:
        self.view = view
        self.clauses: list[Formula] = []
        self.tie_of = {tie.result: tie for tie in ties if isinstance(tie, Operation)}
        self.told: set[tuple[Variable, int, bool]] = set()

    def add_bound(self, tie: Operation, boxes: Boxes, bound: int, *, rising: bool) -> None:
        """Tells why a result is at least, or at most, a bound."""
        if (tie.result, bound, rising) in self.told:
            return
        self.told.add((tie.result, bound, rising))

        def check(trial: Sequence[Box]) -> bool:
            image = tie.image(trial)
            return image is not None and (image[0] >= bound if rising else image[1] <= bound)

        limit = tie.result.at_least(bound) if rising else neg(tie.result.at_least(bound + 1))
        self.add(tie, boxes, when(tie.defined, limit), check)

    def add(self, tie: Tie, boxes: Boxes, conclusion: Formula, check: Check) -> None:
        """Tells why something follows, from boxes that are as wide as they can be."""
        boxes = _widened(tie.operands, boxes, check)
        premises = [
            premise
            for operand, box in zip(tie.operands, boxes, strict=True)
            for premise in _sides(operand, box)
        ]
        self.clauses.append(when(conj(*premises), conclusion))
        for operand, box in zip(tie.operands, boxes, strict=True):
            if not all(map(self.view.holds, _sides(operand, box))):
                for variable in operand.variables():
                    self._add_box(variable)

    def _add_box(self, variable: Variable) -> None:
        """Tells why a box is smaller than the model says."""
        tie = self.tie_of.get(variable)
        reached, smaller = variable.reached(self.view.model), self.view.of(variable)
        if tie is None or reached == smaller:
            return
        boxes = [operand.box(self.view) for operand in tie.operands]
        if smaller[0] > reached[0]:
            self.add_bound(tie, boxes, smaller[0], rising=True)
        if smaller[1] < reached[1]:
            self.add_bound(tie, boxes, smaller[1], rising=False)


def _widened(operands: Sequence[Number], boxes: Boxes, check: Check) -> Boxes:
    boxes = list(boxes)
    for place, operand in enumerate(operands):
        for low, high in ((operand.low, boxes[place][1]), (boxes[place][0], operand.high)):
            # The other side may have been widened in the step before.
            wide = min(low, boxes[place][0]), max(high, boxes[place][1])
            if check([*boxes[:place], wide, *boxes[place + 1 :]]):
                boxes[place] = wide
    return boxes


def _sides(operand: Number, box: Box) -> tuple[Formula, Formula]:
    low, high = box
    return (
        operand.at_least(low),
        neg(operand.at_least(successor(high, is_float=operand.is_float))),
    )
