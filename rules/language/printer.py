"""Typed expressions as rule text, with no more parentheses than needed."""

from __future__ import annotations

from rules.language import ir
from rules.language.numbers import shortest_float32
from rules.language.reserved import RESERVED

__all__ = ["expression_text", "member_text"]

# How tightly a form binds, from the loosest to the tightest.
CHOOSE, OR, AND, NOT, COMPARE, SUM, PRODUCT, FACTOR, ATOM = range(9)
_BINDING = {"+": SUM, "-": SUM, "*": PRODUCT, "/": PRODUCT, "mod": PRODUCT}


def expression_text(expr: ir.Expr) -> str:
    """An expression as it could stand in a rule file: `burden > 3 and not strong`.

    Conversions from int to float are implicit in the language and not printed; a float
    constant is printed with the fewest digits that name it, `3` rather than `3.0`.
    """
    return _print(expr)[0]


def member_text(member: str) -> str:
    """An enum member or an outcome: bare when it is a word, else quoted."""
    if member.isidentifier() and member.isascii() and member not in RESERVED:
        return member
    escaped = member.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'


def _print(expr: ir.Expr) -> tuple[str, int]:
    """The text of an expression and how tightly it binds."""
    match expr:
        case ir.Const(value=value):
            return _constant(value)
        case ir.Ref(name=name):
            return name, ATOM
        case ir.ToFloat(operand=operand):
            return _print(operand)
        case ir.Arithmetic(op=op, left=left, right=right):
            if op == "-" and left in _ZEROS and not isinstance(right, ir.Const):
                return f"-{_within(right, FACTOR)}", FACTOR
            binding = _BINDING[op]
            return f"{_within(left, binding)} {op} {_within(right, binding + 1)}", binding
        case ir.Call(function=function, arguments=arguments):
            return f"{function}({', '.join(map(expression_text, arguments))})", ATOM
        case ir.Choose(condition=condition, then=then, otherwise=otherwise):
            condition_text, then_text = _within(condition, OR), _within(then, OR)
            return f"if {condition_text} then {then_text} else {_within(otherwise, CHOOSE)}", CHOOSE
        case ir.Compare(op=op, left=left, right=right):
            return f"{_within(left, SUM)} {op} {_within(right, SUM)}", COMPARE
        case ir.And(operands=operands):
            return " and ".join(_within(operand, AND) for operand in operands), AND
        case ir.Or(operands=operands):
            return " or ".join(_within(operand, OR) for operand in operands), OR
        case ir.Not(operand=ir.IsUnknown(operand=operand)):
            return f"{_within(operand, SUM)} is known", COMPARE
        case ir.Not(operand=operand):
            return f"not {_within(operand, NOT)}", NOT
        case ir.IsUnknown(operand=operand):
            return f"{_within(operand, SUM)} is unknown", COMPARE


_ZEROS = (ir.Const(value=0.0, type=ir.FloatType()), ir.Const(value=0, type=ir.IntType()))


def _within(expr: ir.Expr, binding: int) -> str:
    """The text of an operand, in parentheses where it binds less tightly than asked."""
    text, own = _print(expr)
    return text if own >= binding else f"({text})"


def _constant(value: float | int | bool | str) -> tuple[str, int]:
    match value:
        case bool():
            return str(value).lower(), ATOM
        case str():
            return member_text(value), ATOM
        case int():
            text = f"{value:_}"
        case float():
            text = shortest_float32(value).replace("e+", "e")
            text = f"{int(text):_}" if text.lstrip("-").isdigit() else text
    return text, FACTOR if text.startswith("-") else ATOM
