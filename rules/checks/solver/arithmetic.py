"""Arithmetic on symbolic numbers, exactly as the engines compute it.

Operations on settled numbers are computed by the specification itself. With one variable
operand most are monotone, see `numbers.Monotone`. What is left becomes a new variable, tied to
its operands: what follows from the bounds that they reach is computed by the specification
(see `propagation`), and where that does not settle a question, z3 computes in float32 (IEEE
754, round to nearest even) and in bit vectors that cannot overflow.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import operator
from collections.abc import Callable, Sequence
from types import MappingProxyType

import z3

from rules.checks.solver.formulas import Formula, conj, neg, when
from rules.checks.solver.keys import GAP, first_true, key_of, normal, number_of, successor
from rules.checks.solver.numbers import (
    BITS,
    Absolute,
    Box,
    Constant,
    Extreme,
    Monotone,
    Negated,
    Number,
    Space,
    Variable,
)
from rules.engines.semantics import value
from rules.engines.values import Value
from rules.engines.world import World
from rules.language import ir
from rules.language.walk import children

__all__ = ["Operation", "Result", "apply", "constant", "to_value"]

Result = tuple[Formula, Number]  # whether there is a result, and which

_NOWHERE = World(objects=MappingProxyType({}), values=MappingProxyType({}))
_SIGN = z3.BitVecVal(1 << (BITS - 1), BITS)
_WIDE = 2 * BITS  # no operation on two ints of 32 bits overflows 64


def constant(value: Value) -> Constant:
    """A settled number."""
    if isinstance(value, float):
        return Constant(value=key_of(value), is_float=True)
    return Constant(value=int(value), is_float=False)


def to_value(key: int, *, is_float: bool) -> float | int:
    """The value with this key."""
    return number_of(key) if is_float else key


def apply(space: Space, node: ir.Expr, operands: Sequence[Number]) -> Result:
    """The result of an operation.

    Args:
        space: where new variables and definitions go.
        node: a ToFloat, an Arithmetic or a Call, whose own operands do not matter.
        operands: in their place.
    """
    match node:
        case ir.Call(function="min" | "max" as function):
            parts: tuple[tuple[Formula, Number], ...] = tuple((True, item) for item in operands)
            return True, Extreme(greatest=function == "max", parts=parts)
        case ir.Call(function="abs"):
            return True, Absolute(operand=operands[0])
        case ir.Arithmetic(op="-") if operands[0] == constant(0) or operands[0] == constant(0.0):
            return True, Negated(operand=operands[1])
    memo = (_name(node), is_float := _is_float(node.type), *map(_identity, operands))
    if memo not in space.made:
        made = _settled(node, operands, is_float) or _monotone(space, node, operands, is_float)
        space.made[memo] = made or _tied(space, node, operands), operands
    result: Result = space.made[memo][0]
    return result


def _identity(number: Number) -> object:
    return number if isinstance(number, Constant) else id(number)


def _is_float(type_: ir.Type) -> bool:
    return isinstance(type_, ir.FloatType)


def _name(node: ir.Expr) -> str:
    match node:
        case ir.Arithmetic(op=op, type=ir.DateType()):
            return f"date {op}"
        case ir.Arithmetic(op=op):
            return op
        case ir.Call(function=function):
            return function
        case _:
            return "to float"


# ------------------------------------------------------------- by the specification itself


def _settled(node: ir.Expr, operands: Sequence[Number], is_float: bool) -> Result | None:
    values = [item.value for item in operands if isinstance(item, Constant)]
    if len(values) < len(operands):
        return None
    result = _compute(node, operands, values)
    if result is None:
        return False, Constant(value=0, is_float=is_float)
    return True, Constant(value=result, is_float=is_float)


def _compute(node: ir.Expr, operands: Sequence[Number], keys: Sequence[int]) -> int | None:
    """The key of the result for operands with these keys; None where there is none."""
    parts = [
        ir.Const(value=to_value(key, is_float=item.is_float), type=part.type)
        for key, item, part in zip(keys, operands, children(node), strict=True)
    ]
    result = value(_with_operands(node, parts), _NOWHERE)
    return None if result is None else constant(result).value


def _with_operands(node: ir.Expr, parts: Sequence[ir.Expr]) -> ir.Expr:
    match node:
        case ir.Arithmetic():
            return dataclasses.replace(node, left=parts[0], right=parts[1])
        case ir.Call():
            return dataclasses.replace(node, arguments=tuple(parts))
        case _:
            return dataclasses.replace(node, operand=parts[0])  # type: ignore[call-arg]


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
        return _compute(node, operands, keys)

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
    name, is_float = _name(node), _is_float(node.type)
    low, high = (node.type.low, node.type.high) if isinstance(node.type, ir.DateType) else (None, None)
    result = Variable(space, name, is_float=is_float, low=low, high=high)
    always = isinstance(node, ir.Arithmetic) and node.op in ("+", "-", "*")
    total = always and isinstance(node.type, ir.IntType)  # ints are checked not to overflow
    defined: Formula = True if total else space.boolean(f"{name} is defined")
    operation = Operation(node=node, operands=tuple(operands), result=result, defined=defined)
    space.ties.append(operation)
    if operation.divides:
        space.axioms.append(when(defined, neg(operation.divisor_is_zero)))
    return defined, result


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Operation:
    """An operation on numbers that vary, and its result."""

    node: ir.Expr
    operands: tuple[Number, ...]
    result: Variable
    defined: Formula

    @property
    def names(self) -> tuple[str, ...]:
        """See `numbers.Tie`."""
        own = (self.result.name,)
        return own if isinstance(self.defined, bool) else (*own, self.defined.decl().name())

    @property
    def divides(self) -> bool:
        """Whether there is no result where the second operand is zero."""
        return _name(self.node) in ("/", "mod")

    @property
    def divisor_is_zero(self) -> Formula:
        """Whether it is."""
        divisor = self.operands[1]
        return conj(divisor.at_least(0), neg(divisor.at_least(successor(0, is_float=divisor.is_float))))

    def at(self, keys: Sequence[int]) -> int | None:
        """The key of the result for operands with these keys; None where there is none."""
        return _compute(self.node, self.operands, keys)

    def never_defined(self, boxes: Sequence[Box]) -> bool:
        """Whether there is no result for any operands within boxes; False if that is hard."""
        return all(low == high for low, high in boxes) and self.at([low for low, _ in boxes]) is None

    def always_defined(self, boxes: Sequence[Box]) -> bool:
        """Whether there is a result for all operands within boxes; False if that is hard."""
        image = self.image(boxes)
        return image is not None and self.result.low <= image[0] <= image[1] <= self.result.high

    def image(self, boxes: Sequence[Box]) -> Box | None:
        """The keys between which the results are, where there are any; None if that is hard.

        Between the ends of its operands no operation leaves what it gives there: it is
        monotone in each of them, if not always in one direction, and rounding keeps order.
        Ends beyond what the result can be stand for operands without a result.
        """
        if all(low == high for low, high in boxes):
            point = self.at([low for low, _ in boxes])
            return None if point is None else (point, point)
        if _name(self.node) == "mod" or (self.divides and boxes[1][0] <= 0 <= boxes[1][1]):
            return None
        corners = [self._corner(keys) for keys in itertools.product(*(set(box) for box in boxes))]
        return min(corners), max(corners)

    def _corner(self, keys: Sequence[int]) -> int:
        key = self.at(keys)
        if key is not None:
            return key
        parts = zip(keys, self.operands, strict=True)
        exact = _EXACT[_name(self.node)](*(to_value(k, is_float=n.is_float) for k, n in parts))
        return self.result.high + 1 if exact > 0 else self.result.low - 1

    def exact(self) -> z3.BoolRef:
        """See `numbers.Tie`."""
        return (_float_tie if _is_float(self.node.type) else _int_tie)(self)


# Beyond float32, and beyond the days there are, only the sign of a result matters.
_EXACT = MappingProxyType(
    {
        "+": operator.add,
        "-": operator.sub,
        "*": operator.mul,
        "/": operator.truediv,
        "date +": operator.add,
        "date -": operator.sub,
    }
)


def _float_tie(tie: Operation) -> z3.BoolRef:
    result, exists = _float_result(tie.node, tie.operands)
    bits = z3.fpToIEEEBV(result)
    exact = z3.If(bits >= 0, bits, _SIGN - bits)
    tiny = z3.And(exact >= -GAP, exact <= GAP)
    finite = z3.Not(z3.Or(z3.fpIsInf(result), z3.fpIsNaN(result)))
    there = z3.And(exists, finite)
    held = z3.If(tiny, z3.BitVecVal(0, BITS), exact)
    return z3.And(tie.defined == there, z3.Implies(there, tie.result.key() == held))


def _float_result(node: ir.Expr, operands: Sequence[Number]) -> tuple[z3.FPRef, z3.BoolRef]:
    """The result in IEEE 754, and whether the operation is allowed."""
    nearest, always = z3.RNE(), z3.BoolVal(True)
    if isinstance(node, ir.ToFloat):
        return z3.fpSignedToFP(nearest, operands[0].key(), z3.Float32()), always
    left = _float(operands[0])
    match _name(node):
        case "floor":
            return z3.fpRoundToIntegral(z3.RTN(), left), always
        case "ceil":
            return z3.fpRoundToIntegral(z3.RTP(), left), always
        case "round":
            return z3.fpRoundToIntegral(nearest, left), always
    right = _float(operands[1])
    match _name(node):
        case "+":
            return z3.fpAdd(nearest, left, right), always
        case "-":
            return z3.fpSub(nearest, left, right), always
        case "*":
            return z3.fpMul(nearest, left, right), always
        case _:
            return z3.fpDiv(nearest, left, right), z3.Not(z3.fpIsZero(right))


def _float(number: Number) -> z3.FPRef:
    key = number.key()
    return z3.fpBVToFP(z3.If(key >= 0, key, _SIGN - key), z3.Float32())


def _int_tie(tie: Operation) -> z3.BoolRef:
    """Of ints and dates, in vectors wide enough for any result."""
    left, right = (z3.SignExt(_WIDE - BITS, item.key()) for item in tie.operands)
    exists = z3.BoolVal(True)
    match _name(tie.node).removeprefix("date "):
        case "+":
            result = left + right
        case "-":
            result = left - right
        case "*":
            result = left * right
        case _:
            result = left % right  # with the sign of the divisor, as in Python
            exists = right != 0
    if isinstance(tie.node.type, ir.DateType):
        exists = z3.And(result >= tie.node.type.low, result <= tie.node.type.high)
    held = z3.SignExt(_WIDE - BITS, tie.result.key()) == result
    return z3.And(tie.defined == exists, z3.Implies(exists, held))
