"""Derived names in dependency order, and which of them may read themselves.

Recursion is for truths, through `and`, `or`, `some` and `all`: there the least fixpoint
exists and is unique. A cycle through anything else has no meaning that engines could agree
on, and its error shows the step that breaks it.
"""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from rules.errors import RuleError
from rules.language import ir, syntax
from rules.language.strata import components

__all__ = ["dependency_order"]

Declarations = Mapping[str, Sequence[syntax.DeriveDeclaration]]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Step:
    """One name read by another, and through what: None where recursion may pass."""

    name: str
    through: str | None
    span: ir.Span


def dependency_order(derived: Declarations) -> tuple[list[str], list[RuleError]]:
    """Sorts derived names so that each comes after those it reads; ties as in the text.

    Args:
        derived: the declarations of each name.

    Returns:
        The order, and an error with its path for each group of names whose recursion has no
        meaning; such names are left out of the order.
    """
    steps = {
        name: [step for node in nodes for step in _steps(node.value, None) if step.name in derived]
        for name, nodes in derived.items()
    }
    edges = {name: [step.name for step in reads] for name, reads in steps.items()}
    rank = {name: position for position, name in enumerate(derived)}
    order: list[str] = []
    errors = []
    for part in components(list(derived), edges):
        group = sorted(part, key=rank.__getitem__)
        error = None
        if len(group) > 1 or group[0] in edges[group[0]]:
            error = _forbidden(group, steps, derived)
        if error is None:
            order.extend(group)
        else:
            errors.append(error)
    return order, errors


def _steps(node: syntax.Expression, through: str | None) -> Iterator[_Step]:
    match node:
        case syntax.Name():
            yield _Step(name=node.text, through=through, span=node.span)
        case syntax.Apply():
            yield _Step(name=node.function.text, through=through, span=node.span)
    inner = through or _barrier(node)
    for child in syntax.children(node):
        yield from _steps(child, inner)


def _barrier(node: syntax.Expression) -> str | None:
    """What recursion may not pass through."""
    match node:
        case syntax.Group() | syntax.Conjunction() | syntax.Disjunction():
            return None
        case syntax.Quantified(kind=kind):
            return None if kind.text in ("some", "all") else kind.text
        case syntax.Negation():
            return "not"
        case syntax.Known(known=known):
            return "is known" if known else "is unknown"
        case syntax.Comparison() | syntax.Member() | syntax.Within():
            return "a comparison"
        case syntax.IfElse():
            return "if-then-else"
    return "arithmetic"


def _forbidden(
    group: Sequence[str], steps: Mapping[str, Sequence[_Step]], derived: Declarations
) -> RuleError | None:
    """The first step of a group that recursion may not take."""
    for name in group:
        is_value = not all(node.is_clause for node in derived[name])
        for step in steps[name]:
            if step.name not in group:
                continue
            if step.through is not None or is_value:
                path = _path(step.name, name, group, steps)
                return _error(name, step, path, is_value=is_value)
    return None


def _path(
    start: str, goal: str, group: Sequence[str], steps: Mapping[str, Sequence[_Step]]
) -> list[str]:
    """The shortest way along what reads what; within a group there is one."""
    before: dict[str, str | None] = {start: None}
    pending = deque([start])
    while goal not in before:
        name = pending.popleft()
        for step in steps[name]:
            if step.name in group and step.name not in before:
                before[step.name] = name
                pending.append(step.name)
    path: list[str] = []
    place: str | None = goal
    while place is not None:
        path.append(place)
        place = before[place]
    return path[::-1]


def _error(name: str, step: _Step, path: Sequence[str], *, is_value: bool) -> RuleError:
    is_plain = is_value or step.through is None
    arrow = "->" if is_plain else f"-[{step.through}]->"
    through = "" if is_plain else f" through {step.through}"
    return RuleError(
        f"{name} depends on itself{through}: {name} {arrow} {' -> '.join(path)}",
        span=step.span,
        hint="only truths (derive ... if ...) may read themselves"
        if is_value
        else "recursion goes through and, or, some and all only; derive what stands here from "
        "names that do not lead back",
    )
