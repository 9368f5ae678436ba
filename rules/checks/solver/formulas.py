"""Formulas with constants folded, and Kleene's truths as pairs of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple, TypeAlias

import z3

__all__ = [
    "FALSE",
    "TRUE",
    "UNKNOWN",
    "Formula",
    "Truth",
    "conj",
    "disj",
    "equal",
    "k3_all",
    "k3_any",
    "k3_if",
    "k3_not",
    "neg",
    "select",
    "when",
]

# A Python bool is a formula that is settled: most of a rule set is, once inputs are fixed.
Formula: TypeAlias = bool | z3.BoolRef


def conj(*parts: Formula) -> Formula:
    """Their conjunction."""
    return _joined(parts, False, z3.And)


def disj(*parts: Formula) -> Formula:
    """Their disjunction."""
    return _joined(parts, True, z3.Or)


def _joined(parts: Iterable[Formula], absorbing: bool, join: type) -> Formula:
    kept: dict[int, z3.BoolRef] = {}
    for part in parts:
        if isinstance(part, bool):
            if part is absorbing:
                return absorbing
        else:
            kept[part.get_id()] = part
    if len(kept) > 1:
        return join(*kept.values())
    return next(iter(kept.values()), not absorbing)


def neg(part: Formula) -> Formula:
    """Its negation."""
    if isinstance(part, bool):
        return not part
    return part.arg(0) if z3.is_not(part) else z3.Not(part)


def when(condition: Formula, consequence: Formula) -> Formula:
    """The implication."""
    return disj(neg(condition), consequence)


def equal(left: Formula, right: Formula) -> Formula:
    """Whether both hold or neither does."""
    if isinstance(left, bool):
        return right if left else neg(right)
    if isinstance(right, bool):
        return left if right else neg(left)
    return left == right


def select(condition: Formula, then: Formula, otherwise: Formula) -> Formula:
    """`then` where the condition holds, else `otherwise`."""
    return disj(conj(condition, then), conj(neg(condition), otherwise))


class Truth(NamedTuple):
    """A truth of three values.

    Attributes:
        holds: it is true.
        possible: it is true or unknown; implied by `holds`.
    """

    holds: Formula
    possible: Formula

    @property
    def known(self) -> Formula:
        """It is true or false."""
        return disj(self.holds, neg(self.possible))


TRUE, FALSE, UNKNOWN = Truth(True, True), Truth(False, False), Truth(False, True)


def k3_not(truth: Truth) -> Truth:
    """Kleene's negation."""
    return Truth(neg(truth.possible), neg(truth.holds))


def k3_all(truths: Iterable[Truth]) -> Truth:
    """Kleene's conjunction."""
    parts = tuple(truths)
    return Truth(conj(*(p.holds for p in parts)), conj(*(p.possible for p in parts)))


def k3_any(truths: Iterable[Truth]) -> Truth:
    """Kleene's disjunction."""
    parts = tuple(truths)
    return Truth(disj(*(p.holds for p in parts)), disj(*(p.possible for p in parts)))


def k3_if(condition: Truth, then: Truth, otherwise: Truth) -> Truth:
    """The chosen truth; unknown where the condition is."""
    chosen, other = condition.holds, neg(condition.possible)
    return Truth(
        disj(conj(chosen, then.holds), conj(other, otherwise.holds)),
        conj(when(chosen, then.possible), when(other, otherwise.possible)),
    )
