"""Declared types: from syntax to the types of the IR."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rules.checks.arithmetic import date
from rules.checks.collect import PoisonedError
from rules.errors import RuleError, did_you_mean
from rules.language import ir, syntax
from rules.language.numbers import parse_number, round_float32

__all__ = ["declared_type", "derived_type", "int32", "refuse_duplicates"]

_SYNONYMS = {
    "boolean": "bool",
    "integer": "int",
    "number": "float",
    "double": "float",
    "real": "float",
    "probability": "prob",
    "percent": "prob",
}
_TEXTS = ("str", "text", "varchar", "char")
_DAYS = ("day", "datetime", "timestamp", "time")
_NAMES = ("float", "int", "bool", "prob", "date", "string")

Entities = Mapping[str, ir.Entity | None]


def declared_type(node: syntax.TypeExpression, entities: Entities | None = None) -> ir.Type:
    """The type of an input or a param.

    Args:
        node: the type as written.
        entities: by name; those with a fixed domain are types, too.

    Raises:
        RuleError: an unknown type, bounds that exclude everything, a member given twice.
    """
    if isinstance(node, syntax.EnumeratedType):
        refuse_duplicates(node.members, "member")
        return ir.EnumType(members=tuple(member.text for member in node.members))
    if entities is not None and node.name.text in entities:
        return _entity_type(node, entities[node.name.text])
    match node.name.text:
        case "float":
            return _float(node)
        case "int":
            return _int(node)
        case "date":
            return _date(node)
        case "bool" | "prob" | "string" if node.bounds:
            raise RuleError(
                f"{node.name.text} takes no bounds",
                span=node.bounds[0].span,
                hint="prob is float in 0..1; write float with bounds for another range",
            )
        case "bool":
            return ir.BOOL
        case "prob":
            return ir.PROB
        case "string":
            return ir.StringType()
    raise _unknown_type(node.name, entities or {})


def derived_type(node: syntax.TypeExpression, entities: Entities | None = None) -> ir.Type:
    """The declared type of a derived value: one without bounds, and no string.

    Raises:
        RuleError: as `declared_type`, or bounds are given, or it is a string.
    """
    type_ = declared_type(node, entities)
    if isinstance(type_, ir.StringType):
        raise RuleError(
            "a text is never derived",
            span=node.span,
            hint="texts are inputs and are only compared; derive one of a list: {car, other}",
        )
    is_range = isinstance(type_, ir.IntType) and type_ != ir.IntType()
    if isinstance(node, syntax.NamedType) and (node.bounds or type_ == ir.PROB or is_range):
        raise RuleError(
            "a derived value has no bounds of its own",
            span=node.span,
            hint="write float or int; bounds belong to inputs",
        )
    return type_


def _entity_type(node: syntax.NamedType, entity: ir.Entity | None) -> ir.Type:
    if entity is None:
        raise PoisonedError(f"{node.name.text} has an error of its own", span=node.span)
    if entity.domain is None:
        raise RuleError(
            f"{entity.name} is no type: each case names its objects",
            span=node.name.span,
            hint=f"for what is known about them write a relation: name({entity.name}): bool",
        )
    if node.bounds:
        raise RuleError(f"{entity.name} has bounds already", span=node.bounds[0].span)
    return entity.type


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
        value = int32(bound.value)
        if ">" in bound.op:
            low = value + (bound.op == ">")
        else:
            high = value - (bound.op == "<")
    _refuse_empty(low > high, node.span)
    return ir.IntType(low=low, high=high)


def int32(node: syntax.Expression) -> int:
    """A bound of ints.

    Raises:
        RuleError: it is no whole number, or beyond int32.
    """
    value = _number(node)
    if not isinstance(value, int):
        raise RuleError(
            "the bounds of an int are ints",
            span=node.span,
            hint="write a whole number, or make the input a float",
        )
    if not ir.INT_MIN <= value <= ir.INT_MAX:
        raise RuleError(
            "this bound does not fit an int32",
            span=node.span,
            hint=f"ints go from {ir.INT_MIN} to {ir.INT_MAX}",
        )
    return value


def _date(node: syntax.NamedType) -> ir.DateType:
    low, high = ir.DAY_MIN, ir.DAY_MAX
    for bound in _one_each(node.bounds):
        if not isinstance(bound.value, syntax.Date):
            raise RuleError(
                "the bounds of a date are dates",
                span=bound.value.span,
                hint="for example date >= 2000-01-01",
            )
        value = int(date(bound.value).value)
        if ">" in bound.op:
            low = value + (bound.op == ">")
        else:
            high = value - (bound.op == "<")
    _refuse_empty(low > high or low > ir.DAY_MAX or high < ir.DAY_MIN, node.span)
    return ir.DateType(low=low, high=high)


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
    if not isinstance(node, syntax.Number):
        raise RuleError("this bound is not a number", span=node.span)
    return parse_number(node.text, span=node.span)


def _refuse_empty(is_empty: bool, span: ir.Span) -> None:
    if is_empty:
        raise RuleError(
            "no value is within these bounds", span=span, hint="the lower bound comes first"
        )


def _unknown_type(name: syntax.Word, entities: Entities) -> RuleError:
    hint = did_you_mean(name.text, [*_NAMES, *entities])
    synonyms = {**_SYNONYMS, **dict.fromkeys(_TEXTS, "string"), **dict.fromkeys(_DAYS, "date")}
    if name.text.lower() in synonyms:
        hint = f"write {synonyms[name.text.lower()]}"
    elif name.text.lower() in ("enum", "category"):
        hint = "list the values it can take, for example {car, other}"
    return RuleError(
        f"there is no type {name.text}",
        span=name.span,
        hint=hint or f"types are {', '.join(_NAMES)} and {{member, member, ...}}",
    )
