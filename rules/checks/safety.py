"""Safety: a variable that nothing written binds must stand in a condition that holds of it.

`derive ancestor(x, z) if parent(x, y) and ancestor(y, z)` means `some y: ...` around the
whole; that says what was meant only if every way to make it true names a y. Under `not` it
would be read as "of somebody it does not hold", in one branch of `or` as "and there is
anybody at all": there the author must write the quantifier.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable

from rules.errors import RuleError
from rules.language import ir, syntax
from rules.language.functions import FUNCTIONS

__all__ = ["unsafe"]


def unsafe(
    node: syntax.Expression, names: Iterable[str], quote: Callable[[ir.Span], str]
) -> list[RuleError]:
    """An error for each variable that is not bound by the condition it stands in.

    Args:
        node: the condition or the body of a clause.
        names: its free variables.
        quote: gives what stands at a place of the text.
    """
    bound = _bound(node)
    errors = []
    for name in names:
        if name not in bound:
            place, why, hint = _reason(node, name, quote)
            errors.append(RuleError(f"{name} is bound by nothing: {why}", span=place, hint=hint))
    return errors


def _bound(node: syntax.Expression) -> frozenset[str]:
    match node:
        case syntax.Negation() | syntax.Known(known=False):
            return frozenset()
        case syntax.Disjunction():
            first, *rest = map(_bound, node.operands)
            return first.intersection(*rest)
        case syntax.IfElse():
            branches = _bound(node.then) & _bound(node.otherwise)
            return _bound(node.condition) | branches
        case syntax.Quantified():
            if node.kind.text != "some":
                return frozenset()
            return _bound(node.body) - {parameter.name.text for parameter in node.bindings}
        case syntax.Apply() if node.function.text not in FUNCTIONS:
            return frozenset(_words(node))
    return frozenset[str]().union(*map(_bound, syntax.children(node)))


def _words(node: syntax.Apply) -> list[str]:
    return [item.text for item in node.arguments if isinstance(item, syntax.Name)]


def _reason(
    node: syntax.Expression, name: str, quote: Callable[[ir.Span], str]
) -> tuple[ir.Span, str, str]:
    """Where a variable stands first, what keeps it from being bound there, what to write."""
    path = _path(node, name)
    place = path[-1].span
    for step, below in itertools.pairwise(path):
        match step:
            case syntax.Negation():
                return (
                    place,
                    f"it stands only under not, which does not say which {name}",
                    f"for none at all write not some {name}: {quote(below.span)}",
                )
            case syntax.Known():
                return (
                    place,
                    f"is unknown does not say which {name}",
                    f"write some {name}: {quote(step.span)}",
                )
            case syntax.Disjunction():
                return (
                    place,
                    "it stands only in a part of this or",
                    f"write that part as (some {name}: {quote(below.span)})",
                )
            case syntax.Quantified(kind=kind):
                return (
                    place,
                    f"within {kind.text} it may be anything",
                    f"bind it in a condition beside this, or write some {name}: around the whole",
                )
    return (
        place,
        f"if-then-else does not say which {name}",
        f"write some {name}: around the whole",
    )


def _path(node: syntax.Expression, name: str) -> list[syntax.Expression]:
    """From the expression down to the name, at the first place where it is an argument."""
    if isinstance(node, syntax.Apply) and node.function.text not in FUNCTIONS:
        for item in node.arguments:
            if isinstance(item, syntax.Name) and item.text == name:
                return [node, item]
    for child in syntax.children(node):
        if below := _path(child, name):
            return [node, *below]
    return []
