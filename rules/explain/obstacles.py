"""What stands in the way of a condition: its failed literals, with distances."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Any

from rules.engines.robustness import slack
from rules.engines.semantics import NO_BINDING, Bound, Facts, rows, truth, value
from rules.engines.values import Value
from rules.engines.world import Objects
from rules.explain.formats import format_value, object_text, plain_value
from rules.explain.grounding import ground, objects_of
from rules.language import ir
from rules.language.printer import expression_text

__all__ = ["Obstacle", "Obstacles"]

SHOWN = 3  # alternatives shown of those about different objects, the nearest first
LEVELS = 40  # names and connectives followed down


@dataclasses.dataclass(frozen=True, kw_only=True)
class Obstacle:
    """A literal that is not as it would have to be, or several.

    Attributes:
        text: the literal; of several what they belong to.
        wanted: what it would have to be.
        held: what it is; None is unknown.
        left: of a comparison the value on the left, else None.
        right: of a comparison the value on the right, the threshold.
        type: of these values.
        distance: the signed slack of the comparison (see docs/numbers.md), else infinite.
        span: the place in the rule text.
        enough: of several, whether one of them is enough; else all are needed.
        parts: of several, each.
    """

    text: str
    wanted: bool
    held: bool | None
    left: Value | None = None
    right: Value | None = None
    type: ir.Type = ir.BOOL
    distance: float = math.inf
    span: ir.Span | None = None
    enough: bool = False
    parts: tuple[Obstacle, ...] = ()

    @property
    def literals(self) -> tuple[Obstacle, ...]:
        """The literals below, or this one."""
        return tuple(one for part in self.parts for one in part.literals) or (self,)

    @property
    def sentence(self) -> str:
        """The literal, its values and what is missing, in one line."""
        if self.parts:
            return f"{self.text}: {'one' if self.enough else 'all'} of"
        told = f"{self.text} is {format_value(self.held)}"
        if self.left is None and self.right is None:
            return told
        left, right = (format_value(side, "", self.type) for side in (self.left, self.right))
        told = f"{told}: {left} against {right}"
        if isinstance(self.left, bool) or not isinstance(self.left, int | float):
            return told
        if not isinstance(self.right, int | float):
            return told
        gap = abs(self.left - self.right)
        days = " days" if isinstance(self.type, ir.DateType) else ""
        return f"{told}, {gap:.6g}{days} apart" if gap else f"{told}, just at the threshold"

    def lines(self, indent: int = 0) -> Iterator[str]:
        """The tree as indented text."""
        yield f"{'  ' * indent}{self.sentence}"
        for part in self.parts:
            yield from part.lines(indent + 1)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        told: dict[str, Any] = {"text": self.text, "wanted": self.wanted, "held": self.held}
        if self.left is not None or self.right is not None:
            told["left"] = plain_value(self.left, self.type)
            told["right"] = plain_value(self.right, self.type)
        if math.isfinite(self.distance):
            told["distance"] = self.distance
        if self.span is not None:
            told["at"] = {"line": self.span.line, "column": self.span.column}
        if self.parts:
            told["needs"] = "one" if self.enough else "all"
            told["parts"] = [part.to_json() for part in self.parts]
        return told


class Obstacles:
    """Finds what stands in the way, in one case."""

    def __init__(self, ruleset: ir.Ruleset, facts: Facts) -> None:
        """Args: a checked rule set, and every param, input and derived value of a case."""
        self._facts = facts
        self._derived = {item.name: item for item in ruleset.derived}
        self._followed: dict[tuple[Any, ...], Obstacle] = {}

    def of(self, expr: ir.Expr, wanted: bool = True) -> Obstacle | None:
        """What keeps a condition from being true (or false); None when it is.

        Args:
            expr: a condition without free variables.
            wanted: what it should be.
        """
        return self._of(expr, wanted, NO_BINDING, frozenset(), LEVELS)

    def _of(
        self,
        expr: ir.Expr,
        wanted: bool,
        bound: Bound,
        above: frozenset[tuple[str, Objects]],
        levels: int,
    ) -> Obstacle | None:
        held = truth(expr, self._facts, bound)
        if held is wanted:
            return None
        if not levels:
            return self._literal(expr, wanted, held, bound)
        found: list[Obstacle | None]
        match expr:
            case ir.Not(operand=operand):
                return self._of(operand, not wanted, bound, above, levels - 1)
            case ir.And(operands=operands) | ir.Or(operands=operands):
                found = [self._of(item, wanted, bound, above, levels - 1) for item in operands]
                enough = isinstance(expr, ir.Or) is wanted
                return self._several(expr, bound, wanted, held, enough, found)
            case ir.Choose(condition=condition, then=then, otherwise=otherwise):
                chosen = truth(condition, self._facts, bound)
                if chosen is not None:
                    branch = then if chosen else otherwise
                    return self._of(branch, wanted, bound, above, levels - 1)
                return self._of(condition, True, bound, above, levels - 1)
            case ir.Quantified(kind=kind, bindings=bindings, body=body):
                enough = (kind == "some") is wanted
                found = []
                for row, present in rows(bindings, self._facts, bound):
                    one = self._of(body, wanted, row, above, levels - 1)
                    if one is None and enough:
                        one = _absent(bindings, row, present)
                    found.append(one)
                return self._several(expr, bound, wanted, held, enough, found)
            case ir.Ref(name=name) if name in self._derived:
                return self._of_derived(expr, wanted, bound, above, levels - 1)
            case ir.Compare():
                return self._of_comparison(expr, wanted, held, bound)
        return self._literal(expr, wanted, held, bound)

    def _of_derived(
        self,
        expr: ir.Ref,
        wanted: bool,
        bound: Bound,
        above: frozenset[tuple[str, Objects]],
        levels: int,
    ) -> Obstacle:
        objects = objects_of(expr, bound)
        fact = expr.name, objects
        held = truth(expr, self._facts, bound)
        if fact in above:  # it cannot help to make itself true
            return self._literal(expr, wanted, held, bound)
        # In whatever order the facts above were come by: facts that need one another have many.
        followed = fact, wanted, above, levels
        if followed not in self._followed:
            item = self._derived[expr.name]
            inner = {p.name: label for p, label in zip(item.parameters, objects, strict=True)}
            below = above | {fact}
            clauses = [self._of(clause, wanted, inner, below, levels) for clause in item.clauses]
            self._followed[followed] = self._several(expr, bound, wanted, held, wanted, clauses)
        return self._followed[followed]

    def _several(
        self,
        expr: ir.Expr,
        bound: Bound,
        wanted: bool,
        held: bool | None,
        enough: bool,
        found: Sequence[Obstacle | None],
    ) -> Obstacle:
        parts = [one for one in found if one is not None]
        if not parts:  # nobody is there
            return self._literal(expr, wanted, held, bound)
        if len(parts) == 1:
            return parts[0]
        if isinstance(expr, ir.Quantified) and enough:
            parts = sorted(parts, key=_effort)[:SHOWN]
        return Obstacle(
            text=expression_text(ground(expr, bound)),
            wanted=wanted,
            held=held,
            span=expr.span,
            enough=enough,
            parts=tuple(parts),
        )

    def _of_comparison(
        self, expr: ir.Compare, wanted: bool, held: bool | None, bound: Bound
    ) -> Obstacle:
        left, right = (value(side, self._facts, bound) for side in (expr.left, expr.right))
        found = self._literal(expr, wanted, held, bound)
        far = math.inf
        numbers = isinstance(expr.left.type, ir.FloatType | ir.IntType)
        if numbers and left is not None and right is not None:
            far = slack(expr.op, left, right)
        return dataclasses.replace(found, left=left, right=right, type=expr.left.type, distance=far)

    def _literal(self, expr: ir.Expr, wanted: bool, held: bool | None, bound: Bound) -> Obstacle:
        text = expression_text(ground(expr, bound))
        return Obstacle(text=text, wanted=wanted, held=held, span=expr.span)


def _absent(bindings: Sequence[ir.Binding], row: Bound, present: bool | None) -> Obstacle | None:
    """That an object may not be there, where this is all that is in the way."""
    if present is not None:
        return None
    names = ", ".join(f"{item.entity} {object_text(row[item.name])}" for item in bindings)
    return Obstacle(text=f"{names} is there", wanted=True, held=None)


def _effort(one: Obstacle) -> tuple[int, float]:
    """Few literals first, then near ones; what has no distance last."""
    distances = [abs(literal.distance) for literal in one.literals]
    return len(distances), max(distances)
