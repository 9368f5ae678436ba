"""Proof trees: how the value of an expression comes about, down to the inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rules.engines.semantics import Values, value
from rules.engines.values import Value
from rules.explain.reasons import format_value
from rules.language import ir
from rules.language.numbers import shortest_float32
from rules.language.printer import expression_text

__all__ = ["Proof", "failing", "plain_value", "prove"]

DEPTH = 100  # levels down to which names are expanded; with an expression below, 200 in all


@dataclasses.dataclass(frozen=True, kw_only=True)
class Proof:
    """An expression, its value, and where the value comes from.

    Attributes:
        text: the expression, or the name of an input or derived value.
        definition: of a derived value, the text of what derives it; else None.
        value: of a condition True or False; None is unknown.
        condition: whether this is a condition, so that the value is its truth.
        children: the parts of the expression; none for inputs and constants.
    """

    text: str
    definition: str | None = None
    value: Value | None
    condition: bool
    children: tuple[Proof, ...] = ()

    @property
    def truth(self) -> bool | None:
        """Whether the condition holds; None is unknown, or no condition."""
        return self.value if isinstance(self.value, bool) and self.condition else None

    def lines(self, indent: int = 0) -> Iterator[str]:
        """The tree as indented text."""
        yield f"{'  ' * indent}{self}"
        for child in self.children:
            yield from child.lines(indent + 1)

    def __str__(self) -> str:
        shown = format_value(self.value)
        if self.condition:
            mark = {True: "yes", False: "no ", None: "?  "}[self.truth]
            text = self.text if self.definition is None else f"{self.text}: {self.definition}"
            return f"{mark}  {text}"
        text = self.text if self.definition is None else f"{self.text} = {self.definition}"
        return f"     {text} = {shown}"

    def to_json(self) -> dict[str, Any]:
        """Plain data: text, definition, value, children."""
        return {
            "text": self.text,
            **({} if self.definition is None else {"definition": self.definition}),
            "value": plain_value(self.value),
            **({"children": [child.to_json() for child in self.children]} if self.children else {}),
        }


def prove(expr: ir.Expr, values: Values, derived: Mapping[str, ir.Derived]) -> Proof:
    """The proof tree of an expression.

    A derived value that several parts use is expanded where it comes first, and not below
    100 levels.

    Args:
        expr: any expression.
        values: of all inputs and derived names, as in `Evaluation.values`.
        derived: the derived values by name.
    """
    return _prove(expr, values, dict(derived), 0)


def _prove(expr: ir.Expr, values: Values, unexpanded: dict[str, ir.Derived], level: int) -> Proof:
    if isinstance(expr, ir.ToFloat):
        return _prove(expr.operand, values, unexpanded, level)
    definition = None
    parts = _parts(expr)
    if isinstance(expr, ir.Ref) and expr.name in unexpanded and level < DEPTH:
        clauses = unexpanded.pop(expr.name).clauses
        whole = clauses[0] if len(clauses) == 1 else ir.Or(operands=clauses)
        definition = expression_text(whole)
        parts = _parts(whole) or ((whole,) if isinstance(whole, ir.Ref) else ())
    return Proof(
        text=expression_text(expr),
        definition=definition,
        value=value(expr, values),
        condition=isinstance(expr.type, ir.BoolType),
        children=tuple(
            _prove(part, values, unexpanded, level + 1)
            for part in parts
            if not isinstance(part, ir.Const)
        ),
    )


def failing(expr: ir.Expr, values: Values, derived: Mapping[str, ir.Derived]) -> tuple[Proof, ...]:
    """The literals that keep a condition from holding.

    Of an `and` the parts that are false (or, when none is, unknown), of an `or` all parts.
    Arguments as for `prove`; the condition must not hold.
    """
    if isinstance(expr, ir.And | ir.Or):
        blamed: Sequence[ir.Expr] = expr.operands
        if isinstance(expr, ir.And):
            false = [operand for operand in expr.operands if value(operand, values) is False]
            blamed = false or [part for part in expr.operands if value(part, values) is None]
        return tuple(proof for part in blamed for proof in failing(part, values, derived))
    return (prove(expr, values, derived),)


def plain_value(value: Value | None) -> Value | None:
    """A value for JSON: a float32 as the shortest decimal that names it, 0.1 for 0.1."""
    return float(shortest_float32(value)) if isinstance(value, float) else value


def _parts(expr: ir.Expr) -> tuple[ir.Expr, ...]:
    match expr:
        case ir.And(operands=operands) | ir.Or(operands=operands):
            return operands
        case ir.Not(operand=operand) | ir.IsUnknown(operand=operand) | ir.ToFloat(operand=operand):
            return (operand,)
        case ir.Compare(left=left, right=right) | ir.Arithmetic(left=left, right=right):
            return (left, right)
        case ir.Call(arguments=arguments):
            return arguments
        case ir.Choose(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case _:
            return ()
