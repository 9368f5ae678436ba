"""The cheapest case with a property, where only bounds that are crossed cost something.

A number moves to the nearest value beyond a bound, so what a change costs is a sum over the
bounds that it crosses, and the cheapest choice of bounds is a weighted MaxSAT problem. As long
as arithmetic is only known in part, its optimum is a lower limit of the cost; a case that the
engine confirms is an upper one. Where they meet the case is proved to be the cheapest.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import z3

from rules.checks.solver.formulas import Formula, neg
from rules.checks.solver.propagation import clauses
from rules.checks.solver.search import Found, OutOfTime, Search
from rules.checks.solver.splitting import first_broken, split
from rules.checks.solver.symbolic_case import holds

__all__ = ["Cheapest", "Level", "cheapest"]

# What should hold, and what it costs if it does not; levels are compared one after the other.
Level: TypeAlias = list[tuple[Formula, float]]
Costs: TypeAlias = tuple[float, ...]

MAX_ROUNDS = 300
PRECISION = 1_000_000  # the solver counts in millionths
CLOSE = 1e-3  # a relative difference that ends the search


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cheapest:
    """The best case that was found.

    Attributes:
        found: the case, decided by the engine.
        costs: by level.
        proved: no case costs less, but for a relative difference of CLOSE.
    """

    found: Found
    costs: Costs
    proved: bool


def cheapest(
    search: Search,
    formula: Formula,
    has: Callable[..., bool],
    *,
    levels: Callable[[], Sequence[Level]],
    costs: Callable[[dict[str, Any]], Costs],
    near: Callable[[z3.ModelRef], dict[str, Any]],
    nearer: Callable[[dict[str, Any], Callable[[dict[str, Any]], bool]], dict[str, Any]],
    candidates: Iterable[dict[str, Any]] = (),
) -> Cheapest | None:
    """Looks for the cheapest case; None is a proof that no case has the property.

    Args:
        search: over the cases.
        formula: the property.
        has: the same of evaluations.
        levels: what moving costs, by the bounds that there are now.
        costs: of a case.
        near: the cheapest case within the bounds of a model.
        nearer: makes a case with the property cheaper, step by step.
        candidates: cases that may be good; those without the property are left out.

    Raises:
        OutOfTime: nothing was found in time, and nothing excluded.
    """
    found = search.find(formula, has, complete=False)
    if found is None:
        return None

    def has_it(case: dict[str, Any]) -> bool:
        return has(*search.decide(case))

    def kept(case: dict[str, Any], best: Cheapest | None) -> Cheapest:
        case = nearer(case, has_it)
        if best is not None and costs(case) >= best.costs:
            return best
        again = Found(case=case, evaluations=search.decide(case), plainer=lambda: again)
        return Cheapest(found=again, costs=costs(case), proved=False)

    best = kept(found.case, None)
    for case in filter(has_it, candidates):
        best = kept(case, best)
    for _ in range(MAX_ROUNDS):
        try:
            model, least = _least(search, formula, levels())
        except OutOfTime:
            return best
        if _close(best.costs, least):
            return dataclasses.replace(best, proved=True)
        ties = search.ties_behind(formula)
        if told := clauses(ties, model):
            search.case.space.axioms += told
            continue
        case = near(model)
        if has_it(case):
            best = kept(case, best)
            return dataclasses.replace(best, proved=_close(best.costs, least))
        wrong = first_broken(ties, model, search.case.keys(case))
        if wrong is None or not split(wrong, ties, model):
            return best
    return best


def _close(upper: Costs, lower: Costs) -> bool:
    """Whether the first costs are no higher than the second, but for a little."""
    for high, low in zip(upper, lower, strict=True):
        if high > low * (1 + CLOSE) + 2 / PRECISION:
            return False
        if high < low:
            return True
    return True


def _least(search: Search, formula: Formula, levels: Sequence[Level]) -> tuple[z3.ModelRef, Costs]:
    """A cheapest model of what the solver knows, and what it costs."""
    optimize = z3.Optimize()
    optimize.add(*search.axioms(), formula)
    for number, level in enumerate(levels):
        for wish, cost in level:
            if not isinstance(wish, bool):
                optimize.add_soft(wish, max(1, round(cost * PRECISION)), id=f"level{number}")
    left = search.deadline - time.monotonic()
    if left <= 0:
        raise OutOfTime
    optimize.set("timeout", int(left * 1000) + 1)
    if optimize.check() != z3.sat:
        raise OutOfTime
    model = optimize.model()
    missed = [[cost for wish, cost in level if holds(model, neg(wish))] for level in levels]
    return model, tuple(sum(level) for level in missed)
