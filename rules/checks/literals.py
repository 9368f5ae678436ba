"""Values that are written out: of params, and of the inputs of a test."""

from __future__ import annotations

from rules.checks.expressions import infer
from rules.checks.promotion import coerce
from rules.checks.scope import Scope
from rules.errors import RuleError
from rules.language import ir, syntax

__all__ = ["literal"]

Value = float | int | bool | str


def literal(node: syntax.Expression, type_: ir.Type, scope: Scope) -> Value:
    """The value of a literal of a type, whether or not it is within its bounds.

    Args:
        node: as written, without names.
        type_: what it must be.
        scope: only its texts are used: no name stands for anything here.

    Raises:
        RuleError: it is of another type.
    """
    typed = coerce(infer(node, Scope(types={}, texts=scope.texts), type_), type_)
    if not isinstance(typed, ir.Const):
        raise RuleError("this is not a single value", span=node.span)
    return typed.value
