"""Expressions that parse and are refused all the same."""

from __future__ import annotations

import re

from rules.errors import RuleError
from rules.language import syntax
from rules.language.source import excerpt

__all__ = ["MAX_DEPTH", "check_depth", "check_expression"]

# Engines and checks walk expressions recursively; this keeps them far from Python's limit.
MAX_DEPTH = 100


def check_expression(expression: syntax.Expression, text: str) -> None:
    """Refuses what parses but should not be: too deep, or a date written as a calculation.

    Raises:
        RuleError: as described.
    """
    check_depth(expression)
    _check_dates(expression, text)


def check_depth(expression: syntax.Expression) -> None:
    """Refuses expressions that are nested too deep.

    Raises:
        RuleError: more than MAX_DEPTH levels.
    """
    level: list[syntax.Expression] = [expression]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in syntax.children(node)]
        if not level:
            return
    raise RuleError(
        f"this expression is nested more than {MAX_DEPTH} levels deep",
        span=expression.span,
        hint="give its parts names of their own with derive",
    )


# How dates are written elsewhere; in the language these would be calculations.
_OTHER_DATE = re.compile(r"\d{4}([-/])\d{1,2}\1\d{1,2}|\d{1,2}([-/])\d{1,2}\2\d{4}")


def _check_dates(expression: syntax.Expression, text: str) -> None:
    pending = [expression]
    while pending:
        node = pending.pop()
        pending.extend(syntax.children(node))
        match node:
            case syntax.Binary(
                op="/" | "-",
                left=syntax.Binary(left=syntax.Number(), right=syntax.Number()),
                right=syntax.Number(),
            ) if _OTHER_DATE.fullmatch(excerpt(text, node.span)):
                raise RuleError(
                    "this calculates; a date is written year-month-day in ten characters",
                    span=node.span,
                    hint="for example 2026-01-31; to calculate, leave blanks around the operators",
                )
