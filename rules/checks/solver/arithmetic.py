"""Arithmetic on symbolic numbers, exactly as the engines compute it.

Operations on settled numbers are computed by the specification itself. With one variable
operand most are monotone, see `images.Monotone`. What is left becomes a new variable, tied to
its operands: what follows from the bounds that they reach is computed by the specification
(see `propagation`), and where that does not settle a question, z3 computes in float32 (IEEE
754, round to nearest even) and in bit vectors that cannot overflow.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

from rules.checks.solver.concrete import compute, operation_name
from rules.checks.solver.formulas import Formula, conj, neg, when
from rules.checks.solver.images import Absolute, Monotone, Negated, extreme
from rules.checks.solver.keys import first_true, normal
from rules.checks.solver.numbers import Constant, Variable, constant
from rules.checks.solver.operation import Operation
from rules.checks.solver.space import Number, Space
from rules.language import ir

__all__ = ["Result", "apply"]

Result = tuple[Formula, Number]  # whether there is a result, and which


def apply(space: Space, node: ir.Expr, operands: Sequence[Number]) -> Result:
    """The result of an operation.

    Args:
        space: where new variables and definitions go.
        node: a ToFloat, an Arithmetic or a Call, whose own operands do not matter.
        operands: in their place.
    """
    is_float = _is_float(node.type)
    settled = _settled(node, operands, is_float)
    if settled is not None:
        return settled
    match node:
        case ir.Call(function="min" | "max" as function):
            parts: tuple[tuple[Formula, Number], ...] = tuple((True, item) for item in operands)
            return True, extreme(function, parts)
        case ir.Call(function="abs"):
            return True, Absolute(operand=operands[0])
        case ir.Arithmetic(op="-") if operands[0] == constant(0) or operands[0] == constant(0.0):
            return True, Negated(operand=operands[1])
    memo = (operation_name(node), is_float, *map(_identity, operands))
    if memo not in space.made:
        made = _monotone(space, node, operands, is_float)
        space.made[memo] = made or _tied(space, node, operands), operands
    result: Result = space.made[memo][0]
    return result


def _identity(number: Number) -> object:
    return number if isinstance(number, Constant) else id(number)


def _is_float(type_: ir.Type) -> bool:
    return isinstance(type_, ir.FloatType)


# ------------------------------------------------------------- by the specification itself


def _settled(node: ir.Expr, operands: Sequence[Number], is_float: bool) -> Result | None:
    values = [item.value for item in operands if isinstance(item, Constant)]
    if len(values) < len(operands):
        return None
    result = compute(node, operands, values)
    if result is None:
        return False, Constant(value=0, is_float=is_float)
    return True, Constant(value=result, is_float=is_float)


# ------------------------------------------------------------------ one variable operand


def _monotone(
    space: Space, node: ir.Expr, operands: Sequence[Number], is_float: bool
) -> Result | None:
    places = [place for place, item in enumerate(operands) if not isinstance(item, Constant)]
    if len(places) != 1 or not _keeps_order(node, operands, places[0]):
        return None
    (place,) = places
    operand = operands[place]

    @functools.cache
    def image(key: int) -> int | None:
        keys = [item.value if isinstance(item, Constant) else key for item in operands]
        return compute(node, operands, keys)

    domain = _domain(image, operand)
    if domain is None:
        return None
    first, last = domain
    defined = functools.cache(lambda: _tied(space, node, operands)[1].key())
    number = Monotone(
        operand,
        image,  # type: ignore[arg-type]
        is_float=is_float,
        rising=(image(first) or 0) <= (image(last) or 0),
        domain=domain,
        key=defined,
    )
    within = conj(operand.at_least(first), _not_above(operand, last))
    return within, number


def _not_above(number: Number, bound: int) -> Formula:
    """Whether the key is `bound` or less."""
    return Negated(operand=number).at_least(-bound)


def _keeps_order(node: ir.Expr, operands: Sequence[Number], place: int) -> bool:
    match node:
        case ir.Arithmetic(op="+" | "-" | "*"):
            return True
        case ir.Arithmetic(op="/"):
            divisor = operands[1]
            return place == 0 or divisor.low > 0 or divisor.high < 0
        case ir.Arithmetic():
            return False
        case _:
            return True  # floor, ceil, round, to float


def _domain(image: Callable[[int], int | None], operand: Number) -> tuple[int, int] | None:
    """The keys for which there is a result; they are without holes."""
    low, high = operand.low, operand.high
    anchors = [key for key in (0, low, high) if low <= key <= high and image(key) is not None]
    if not anchors:
        return None
    anchor = anchors[0]
    first = first_true(lambda key: image(key) is not None, low, anchor)
    last = first_true(lambda key: image(key) is None, anchor, high) - 1
    if operand.is_float:
        first, last = normal(first), -normal(-last)
    return first, last


# ------------------------------------------------------------- several variable operands


def _tied(space: Space, node: ir.Expr, operands: Sequence[Number]) -> Result:
    name, is_float = operation_name(node), _is_float(node.type)
    low, high = (
        (node.type.low, node.type.high) if isinstance(node.type, ir.DateType) else (None, None)
    )
    result = Variable(space, name, is_float=is_float, low=low, high=high)
    always = isinstance(node, ir.Arithmetic) and node.op in ("+", "-", "*")
    total = always and isinstance(node.type, ir.IntType)  # ints are checked not to overflow
    defined: Formula = True if total else space.boolean(f"{name} is defined")
    operation = Operation(node=node, operands=tuple(operands), result=result, defined=defined)
    space.ties.append(operation)
    if operation.divides:
        space.axioms.append(when(defined, neg(operation.divisor_is_zero)))
    return defined, result
