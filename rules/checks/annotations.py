"""What stands in the brackets of a declaration: `[priority 100, since 2026-01-01]`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from rules.checks.arithmetic import date
from rules.checks.collect import Collector
from rules.errors import RuleError, did_you_mean
from rules.language import syntax
from rules.language.ir import INT_MAX, INT_MIN, Span
from rules.language.numbers import parse_number, round_float32

__all__ = ["annotated", "day", "flag", "priority", "tags", "text", "weight"]

Values = Mapping[str, syntax.Annotation]


def annotated(nodes: Sequence[syntax.Annotation], known: Sequence[str]) -> Values:
    """The annotations of a declaration by name.

    Args:
        nodes: as written.
        known: those that the declaration takes.

    Raises:
        RuleError: an unknown one, or one given twice.
    """
    errors = Collector()
    values: dict[str, syntax.Annotation] = {}
    for item in nodes:
        name = item.name.text
        if name not in known:
            hint = did_you_mean(name, known) or f"one of {', '.join(known)}"
            errors.add(RuleError(f"there is no annotation {name}", span=item.name.span, hint=hint))
        elif name in values:
            errors.add(RuleError(f"{name} is given twice", span=item.span))
        values[name] = item
    errors.raise_caught()
    return values


def flag(values: Values, name: str) -> bool:
    """Whether an annotation without a value is there.

    Raises:
        RuleError: it has a value.
    """
    item = values.get(name)
    if item is not None and item.value is not None:
        raise RuleError(f"{name} takes no value", span=item.value.span, hint=f"write [{name}]")
    return item is not None


def priority(values: Values) -> int:
    """`priority`, 0 without.

    Raises:
        RuleError: no whole number, or beyond int32.
    """
    item = values.get("priority")
    if item is None:
        return 0
    value = _number(item.value)
    if not isinstance(value, int):
        raise RuleError(
            "a priority is a whole number",
            span=_span(item),
            hint="for example priority 100",
        )
    if not INT_MIN <= value <= INT_MAX:
        raise RuleError(
            "this priority does not fit an int32",
            span=_span(item),
            hint=f"priorities go from {INT_MIN} to {INT_MAX}",
        )
    return value


def weight(values: Values) -> float | None:
    """`weight`, None without.

    Raises:
        RuleError: no number above zero.
    """
    item = values.get("weight")
    if item is None:
        return None
    value = _number(item.value)
    number = None if value is None else round_float32(value, span=_span(item))
    if number is None or number <= 0:
        raise RuleError(
            "a weight is a number above zero", span=_span(item), hint="for example weight 2.0"
        )
    return number


def text(values: Values, name: str) -> str | None:
    """`owner` and the like, None without.

    Raises:
        RuleError: no text in quotes.
    """
    item = values.get(name)
    if item is None:
        return None
    if not isinstance(item.value, syntax.Text):
        raise RuleError(
            f"{name} takes a text in quotes",
            span=_span(item),
            hint=f'for example {name} "credit"',
        )
    return item.value.text


def tags(values: Values) -> tuple[str, ...]:
    """`tags`, separated by commas or blanks.

    Raises:
        RuleError: no text in quotes.
    """
    return tuple(tag for tag in re.split(r"[,\s]+", text(values, "tags") or "") if tag)


def day(values: Values, name: str) -> int | None:
    """`since` or `until` as a day number, None without.

    Raises:
        RuleError: no date.
    """
    item = values.get(name)
    if item is None:
        return None
    if not isinstance(item.value, syntax.Date):
        raise RuleError(
            f"{name} takes a date", span=_span(item), hint=f"for example {name} 2026-01-31"
        )
    return int(date(item.value).value)


def _number(node: syntax.Expression | None) -> int | float | None:
    if isinstance(node, syntax.Negative):
        value = _number(node.operand)
        return None if value is None else -value
    return parse_number(node.text, span=node.span) if isinstance(node, syntax.Number) else None


def _span(item: syntax.Annotation) -> Span:
    return item.span if item.value is None else item.value.span
