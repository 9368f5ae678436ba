"""Which parentheses of an expression say nothing.

Needless are those that change neither the meaning nor the ease of reading: around `and`
within `or`, around a comparison after `not`, and around a quantifier before the colon of
another, parentheses stay if the author put them.
"""

from __future__ import annotations

from collections.abc import Iterator

from rules.language import syntax
from rules.language.ir import Span

__all__ = ["needless_parentheses"]

# _OPEN: ends with the body of a quantifier, which would take in what follows.
_CHOICE, _OPEN, _OR, _AND, _NOT, _COMPARISON, _SUM, _PRODUCT, _NEGATIVE, _ATOM = range(10)


def needless_parentheses(document: syntax.Document) -> Iterator[Span]:
    """The groups (span from `(` to `)`) that can be written without parentheses."""
    for declaration in document.declarations:
        match declaration:
            case syntax.DeriveDeclaration():
                yield from _needless(declaration.value, _OPEN if declaration.is_clause else _CHOICE)
            case syntax.RuleDeclaration():
                yield from _needless(declaration.condition, _OPEN)
            case syntax.ConstraintDeclaration():
                yield from _needless(declaration.condition, _OPEN)
                yield from _needless(declaration.consequence, _OPEN)
            case syntax.TestDeclaration():
                for item in declaration.expectations:
                    if isinstance(item, syntax.Holds):
                        yield from _needless(item.condition, _CHOICE)


def _needless(node: syntax.Expression, loosest: int) -> Iterator[Span]:
    """Walks an expression that stands where operators down to `loosest` need no parentheses."""
    if isinstance(node, syntax.Group):
        if _binding(node.inner) >= loosest:
            yield node.span
            yield from _needless(node.inner, loosest)
        else:
            yield from _needless(node.inner, _CHOICE)
        return
    for child, limit in zip(syntax.children(node), _limits(node), strict=True):
        yield from _needless(child, limit)


def _binding(node: syntax.Expression) -> int:
    match node:
        case syntax.IfElse():
            return _CHOICE
        case _ if _is_open(node):
            return _OPEN
        case syntax.Disjunction():
            return _OR
        case syntax.Conjunction():
            return _AND
        case syntax.Negation():
            return _NOT
        case syntax.Comparison() | syntax.Member() | syntax.Within() | syntax.Known():
            return _COMPARISON
        case syntax.Binary():
            return _SUM if node.op in "+-" else _PRODUCT
        case syntax.Negative():
            return _NEGATIVE
        case _:
            return _ATOM


def _is_open(node: syntax.Expression) -> bool:
    """Whether the last part of an expression is the body of a quantifier."""
    match node:
        case syntax.Quantified():
            return True
        case syntax.Negation() | syntax.Negative():
            return _is_open(node.operand)
        case syntax.Binary():
            return _is_open(node.right)
        case syntax.Comparison() | syntax.Conjunction() | syntax.Disjunction():
            return _is_open(node.operands[-1])
        case syntax.Within():
            return _is_open(node.high)
        case _:
            return False


def _limits(node: syntax.Expression) -> list[int]:
    count = len(syntax.children(node))
    match node:
        case syntax.IfElse():
            return [_OPEN, _OPEN, _CHOICE]
        case syntax.Quantified():
            return [_CHOICE] if node.where is None else [_OR, _CHOICE]
        case syntax.Disjunction():
            return [_OR if _is_disjunction(child) else _NOT for child in node.operands]
        case syntax.Conjunction():
            return [_AND] * count
        case syntax.Negation() | syntax.Comparison() | syntax.Member():
            return [_SUM] * count
        case syntax.Within() | syntax.Known():
            return [_SUM] * count
        case syntax.Binary():
            own = _SUM if node.op in "+-" else _PRODUCT
            return [own, own + 1]
        case syntax.Negative():
            return [_NEGATIVE]
        case _:
            return [_CHOICE] * count


def _is_disjunction(node: syntax.Expression) -> bool:
    return isinstance(node, syntax.Group) and isinstance(node.inner, syntax.Disjunction)
