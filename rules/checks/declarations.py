"""Declared types: from syntax to the types of the IR."""

from __future__ import annotations

from collections.abc import Iterable

from rules.errors import RuleError, did_you_mean
from rules.language import ir, syntax
from rules.language.numbers import parse_number, round_float32

__all__ = ["declared_type", "derived_type", "refuse_duplicates"]

_SYNONYMS = {
    "boolean": "bool",
    "integer": "int",
    "number": "float",
    "double": "float",
    "real": "float",
    "probability": "prob",
    "percent": "prob",
}
_TEXTS = ("str", "string", "text", "enum", "category")


def declared_type(node: syntax.TypeExpression) -> ir.Type:
    """The type of an input.

    Raises:
        RuleError: an unknown type, bounds that exclude everything, a member given twice.
    """
    if isinstance(node, syntax.EnumeratedType):
        refuse_duplicates(node.members, "member")
        return ir.EnumType(members=tuple(member.text for member in node.members))
    match node.name.text:
        case "float":
            return _float(node)
        case "int":
            return _int(node)
        case "bool" | "prob" if node.bounds:
            raise RuleError(
                f"{node.name.text} takes no bounds",
                span=node.bounds[0].span,
                hint="prob is float in 0..1; write float with bounds for another range",
            )
        case "bool":
            return ir.BOOL
        case "prob":
            return ir.PROB
    raise _unknown_type(node.name)


def derived_type(node: syntax.TypeExpression) -> ir.Type:
    """The declared type of a derived value: float, int, bool or an enum, without bounds.

    Raises:
        RuleError: as `declared_type`, or bounds are given.
    """
    type_ = declared_type(node)
    if isinstance(node, syntax.NamedType) and (node.bounds or type_ == ir.PROB):
        raise RuleError(
            "a derived value has no bounds of its own",
            span=node.span,
            hint="write float or int; bounds belong to inputs",
        )
    return type_


def refuse_duplicates(words: Iterable[syntax.Word], what: str) -> None:
    """Checks that no word comes twice.

    Raises:
        RuleError: at the second occurrence.
    """
    seen: set[str] = set()
    for word in words:
        if word.text in seen:
            raise RuleError(f"the {what} {word.text} is listed twice", span=word.span)
        seen.add(word.text)


def _float(node: syntax.NamedType) -> ir.FloatType:
    low = high = None
    low_open = high_open = False
    for bound in _one_each(node.bounds):
        value = round_float32(_number(bound.value), span=bound.value.span)
        if ">" in bound.op:
            low, low_open = value, bound.op == ">"
        else:
            high, high_open = value, bound.op == "<"
    if low is not None and high is not None:
        _refuse_empty(low > high or (low == high and (low_open or high_open)), node.span)
    return ir.FloatType(low=low, high=high, low_open=low_open, high_open=high_open)


def _int(node: syntax.NamedType) -> ir.IntType:
    low, high = ir.INT_MIN, ir.INT_MAX
    for bound in _one_each(node.bounds):
        value = _number(bound.value)
        if not isinstance(value, int):
            raise RuleError(
                "the bounds of an int are ints",
                span=bound.value.span,
                hint="write a whole number, or make the input a float",
            )
        if not ir.INT_MIN <= value <= ir.INT_MAX:
            raise RuleError(
                "this bound does not fit an int32",
                span=bound.value.span,
                hint=f"ints go from {ir.INT_MIN} to {ir.INT_MAX}",
            )
        if ">" in bound.op:
            low = value + (bound.op == ">")
        else:
            high = value - (bound.op == "<")
    _refuse_empty(low > high, node.span)
    return ir.IntType(low=low, high=high)


def _one_each(bounds: tuple[syntax.Bound, ...]) -> tuple[syntax.Bound, ...]:
    sides = [bound.op[0] for bound in bounds]
    if len(set(sides)) < len(sides):
        side = "lower" if sides[0] == ">" else "upper"
        raise RuleError(
            f"two {side} bounds",
            span=bounds[1].span,
            hint="give one lower bound (> or >=) and one upper bound (< or <=)",
        )
    return bounds


def _number(node: syntax.Expression) -> int | float:
    if isinstance(node, syntax.Negative):
        return -_number(node.operand)
    assert isinstance(node, syntax.Number)  # the grammar admits nothing else
    return parse_number(node.text, span=node.span)


def _refuse_empty(is_empty: bool, span: ir.Span) -> None:
    if is_empty:
        raise RuleError(
            "no value is within these bounds", span=span, hint="the lower bound comes first"
        )


def _unknown_type(name: syntax.Word) -> RuleError:
    hint = did_you_mean(name.text, ["float", "int", "bool", "prob"])
    if name.text.lower() in _SYNONYMS:
        hint = f"write {_SYNONYMS[name.text.lower()]}"
    elif name.text.lower() in _TEXTS:
        hint = "list the values it can take, for example {car, other}"
    return RuleError(
        f"there is no type {name.text}",
        span=name.span,
        hint=hint or "types are float, int, bool, prob and {member, member, ...}",
    )
