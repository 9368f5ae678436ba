"""Where a model goes wrong that no bounds exclude, and cutting a range there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import z3

from rules.checks.solver.comparing import Comparison
from rules.checks.solver.keys import normal
from rules.checks.solver.numbers import Variable
from rules.checks.solver.operation import Operation
from rules.checks.solver.propagation import View, excluded, implied
from rules.checks.solver.space import Tie

__all__ = ["first_broken", "split"]


def first_broken(
    ties: Sequence[Tie], model: z3.ModelRef, keys: Mapping[Variable, int]
) -> Tie | None:
    """The first tie that a model breaks, if variables have these keys.

    Args:
        ties: each after those that it needs.
        model: of the solver.
        keys: of the variables that are no results.
    """
    view = View(model)
    view.smaller.update({variable: (key, key) for variable, key in keys.items()})
    for tie in ties:
        boxes = [operand.box(view) for operand in tie.operands]
        if isinstance(tie, Comparison):
            held = view.holds(tie.held)
            if (held and excluded(tie, boxes)) or (not held and implied(tie, boxes)):
                return tie
            continue
        assert isinstance(tie, Operation)
        if view.holds(tie.defined) is tie.never_defined(boxes):
            return tie
        if view.holds(tie.defined):
            low, high = tie.result.reached(model)
            image = tie.image(boxes)
            if image is None or not low <= image[0] <= high:
                return tie
            view.smaller[tie.result] = image
    return None


def _behind(tie: Tie, ties: Sequence[Tie]) -> list[Tie]:
    """The tie and those that it depends on."""
    of = {other.result: other for other in ties if isinstance(other, Operation)}
    found = {tie: None}
    pending = [tie]
    while pending:
        for operand in pending.pop().operands:
            for variable in operand.variables():
                other = of.get(variable)
                if other is not None and other not in found:
                    found[other] = None
                    pending.append(other)
    return list(found)


def split(tie: Tie, ties: Sequence[Tie], model: z3.ModelRef) -> bool:
    """Cuts the widest range of an input behind a tie in two; False if all are points."""
    results = {other.result for other in ties if isinstance(other, Operation)}
    inputs = {
        variable: variable.reached(model)
        for other in _behind(tie, ties)
        for operand in other.operands
        for variable in operand.variables()
        if variable not in results
    }
    if not inputs:
        return False
    widest = max(inputs, key=lambda variable: inputs[variable][1] - inputs[variable][0])
    low, high = inputs[widest]
    middle = (low + high + 1) // 2
    cut = normal(middle) if widest.is_float else middle
    if not low < cut <= high:
        cut = high
    if low == high:
        return False
    widest.at_least(cut)
    return True
