"""Typed expressions as rule text, with no more parentheses than needed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Set
from datetime import date
from typing import NamedTuple

from rules.language import ir
from rules.language.numbers import shortest_float32
from rules.language.reserved import RESERVED

__all__ = ["bindings_text", "constant_text", "expression_text", "member_text", "quoted_text"]

# How tightly a form binds, from the loosest to the tightest.
CHOOSE, OR, AND, NOT, COMPARE, SUM, PRODUCT, FACTOR, ATOM = range(9)
_BINDING = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "mod": PRODUCT}
_ZEROS = (ir.Const(value=0.0, type=ir.FloatType()), ir.Const(value=0, type=ir.IntType()))


def expression_text(expr: ir.Expr, *, taken: Set[str] = frozenset()) -> str:
    """An expression as it could stand in a rule file: `burden > 3 and not strong`.

    Conversions from int to float are implicit in the language and not printed; a float
    constant is printed with the fewest digits that name it, `3` rather than `3.0`, where
    that does not make it an int.

    Args:
        expr: the expression.
        taken: names that stand for something else, so that members and objects of the same
            name are put in quotes.
    """
    return _Printer(taken=taken).print(expr).text


def bindings_text(bindings: Iterable[ir.Binding]) -> str:
    """`g in Guarantor, m in Month`."""
    return ", ".join(f"{item.name} in {item.entity}" for item in bindings)


def member_text(member: str, *, taken: Set[str] = frozenset()) -> str:
    """An enum member or an outcome: bare when it is a word that is not taken, else quoted."""
    bare = member.isidentifier() and member.isascii() and member not in RESERVED | taken
    return member if bare else quoted_text(member)


def quoted_text(text: str) -> str:
    """A text as it stands in a rule file."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'


def constant_text(
    value: float | int | bool | str, type_: ir.Type, *, taken: Set[str] = frozenset()
) -> str:
    """A value of a type as it stands in a rule file: `true`, `30_000`, `2026-01-31`, `"DE"`."""
    match value, type_:
        case bool(), _:
            return str(value).lower()
        case str(), ir.StringType():
            return quoted_text(value)
        case str(), _:
            return member_text(value, taken=taken)
        case int(), ir.DateType():
            return date.fromordinal(value + _EPOCH).isoformat()
        case int(), _:
            return f"{value:_}"
        case _:
            text = shortest_float32(value).replace("e+", "e")
            return f"{int(text):_}" if text.lstrip("-").isdigit() else text


_EPOCH = date(1970, 1, 1).toordinal()


class _Printed(NamedTuple):
    """A text, how tightly it binds, and whether it ends with the body of a quantifier, which
    would take in whatever follows.
    """

    text: str
    binding: int
    is_open: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Printer:
    taken: Set[str]

    def print(self, expr: ir.Expr, *, point: bool = False) -> _Printed:
        """Prints an expression; with `point`, no float constant of it may look like an int."""
        match expr:
            case ir.Const(value=value, type=type_):
                text = constant_text(value, type_, taken=self.taken)
                looks_int = text.lstrip("-").replace("_", "").isdigit()
                text += ".0" if point and isinstance(value, float) and looks_int else ""
                return _Printed(text, FACTOR if text.startswith("-") else ATOM)
            case ir.Variable(name=name) | ir.Ref(name=name, arguments=()):
                return _Printed(name, ATOM)
            case ir.Ref(name=name, arguments=arguments):
                return _Printed(f"{name}({self.listed(arguments)})", ATOM)
            case ir.ToFloat(operand=operand):
                return self.print(operand)
            case ir.Arithmetic():
                return self.arithmetic(expr)
            case ir.Call(function=function, arguments=arguments):
                return _Printed(f"{function}({self.listed(arguments)})", ATOM)
            case ir.Choose():
                return self.choose(expr, point=point)
            case ir.Compare(op=op, left=left, right=right):
                point = _seem_ints(left, right)
                return self.joined(f" {op} ", (left, right), COMPARE, (SUM, SUM), point=point)
            case ir.And(operands=operands):
                return self.joined(" and ", operands, AND, (AND, AND))
            case ir.Or(operands=operands):
                return self.joined(" or ", operands, OR, (OR, OR))
            case ir.Not(operand=ir.IsUnknown(operand=operand)):
                return _Printed(f"{self.within(operand, SUM, point=True)} is known", COMPARE)
            case ir.Not(operand=operand):
                text, is_open = self.last(operand, NOT)
                return _Printed(f"not {text}", NOT, is_open)
            case ir.IsUnknown(operand=operand):
                return _Printed(f"{self.within(operand, SUM, point=True)} is unknown", COMPARE)
            case ir.Quantified(kind=kind, bindings=bindings, body=body):
                text = f"{kind} {bindings_text(bindings)}: {self.print(body).text}"
                return _Printed(text, ATOM, is_open=True)
            case ir.Aggregate():
                return _Printed(self.aggregate(expr), ATOM, is_open=True)

    def arithmetic(self, expr: ir.Arithmetic) -> _Printed:
        if expr.op == "-" and expr.left in _ZEROS and not isinstance(expr.right, ir.Const):
            text, is_open = self.last(expr.right, FACTOR)
            return _Printed(f"-{text}", FACTOR, is_open)
        point = expr.op != "/" and _seem_ints(expr.left, expr.right)
        own = _BINDING[expr.op]
        operands, limits = (expr.left, expr.right), (own, own + 1)
        return self.joined(f" {expr.op} ", operands, own, limits, point=point)

    def choose(self, expr: ir.Choose, *, point: bool) -> _Printed:
        point = point and _seem_ints(expr.then, expr.otherwise)
        condition, _ = self.last(expr.condition, OR)
        then, _ = self.last(expr.then, OR, point=point)
        otherwise, is_open = self.last(expr.otherwise, CHOOSE, point=point)
        return _Printed(f"if {condition} then {then} else {otherwise}", CHOOSE, is_open)

    def aggregate(self, expr: ir.Aggregate) -> str:
        head = f"{expr.function} {bindings_text(expr.bindings)}"
        if expr.where is not None:
            head += f" where {self.within(expr.where, OR)}"
        return f"{head}: {self.print(expr.body, point=expr.function != 'mean').text}"

    def listed(self, arguments: tuple[ir.Expr, ...]) -> str:
        point = _seem_ints(*arguments)
        return ", ".join(self.print(argument, point=point).text for argument in arguments)

    def joined(
        self,
        sign: str,
        operands: tuple[ir.Expr, ...],
        binding: int,
        limits: tuple[int, int],
        *,
        point: bool = False,
    ) -> _Printed:
        """Operands with a sign between, within limits for all but the last, and for that."""
        *before, final = operands
        texts = [self.within(operand, limits[0], point=point) for operand in before]
        text, is_open = self.last(final, limits[1], point=point)
        return _Printed(sign.join([*texts, text]), binding, is_open)

    def last(self, expr: ir.Expr, binding: int, *, point: bool = False) -> tuple[str, bool]:
        """The text of an operand that nothing follows, and whether it is open."""
        text, own, is_open = self.print(expr, point=point)
        return (text, is_open) if own >= binding else (f"({text})", False)

    def within(self, expr: ir.Expr, binding: int, *, point: bool = False) -> str:
        """The text of an operand, in parentheses where it binds less tightly than asked."""
        text, own, is_open = self.print(expr, point=point)
        return text if own >= binding and not is_open else f"({text})"


def _seem_ints(*operands: ir.Expr) -> bool:
    """Whether floats would be read as ints if constants were printed without a point."""
    for expr in operands:
        match expr:
            case ir.ToFloat():
                continue
            case ir.Const(value=float() as value) if value.is_integer():
                continue
            case ir.Choose(then=then, otherwise=otherwise) if _seem_ints(then, otherwise):
                continue
            case _:
                return False
    return True
