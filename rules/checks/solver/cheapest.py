"""The cheapest case with a property, where only bounds that are crossed cost something.

A number moves to the nearest value beyond a bound, so what a change costs is at least a sum
over the bounds that it crosses. The solver is asked for a case below the cost of the best one
so far, until there is none: that proves the best one to be the cheapest.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import z3

from rules.checks.solver.formulas import Formula, conj, disj, neg
from rules.checks.solver.propagation import clauses
from rules.checks.solver.search import Found, OutOfTime, Search, model_of
from rules.checks.solver.splitting import first_broken, split

__all__ = ["Cheapest", "Level", "cheapest"]

# What should hold, and what it costs if it does not; levels are compared one after the other.
Level: TypeAlias = list[tuple[Formula, float]]
Costs: TypeAlias = tuple[float, ...]

MAX_ROUNDS = 1_000
PRECISION = 100_000_000  # the solver counts in parts of the best cost, in 32 bits
# What the solver does not look for: a case that costs less by no more than this part.
EXACT, CLOSE = 1e-5, 1e-3  # without arithmetic between inputs that may change, and with it


@dataclasses.dataclass(frozen=True, kw_only=True)
class Cheapest:
    """The best case that was found.

    Attributes:
        found: the case, decided by the engine.
        costs: by level.
        proved: no case costs less, but for a part of EXACT or CLOSE.
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
    solver = z3.SimpleSolver()
    solver.add(formula)
    told = 0
    part = CLOSE if search.ties_behind(formula) else EXACT
    for _ in range(MAX_ROUNDS):
        axioms = search.axioms()
        solver.add(*axioms[told:], _below(levels(), best.costs, part))
        told = len(axioms)
        try:
            model = model_of(solver, (), search.deadline)
        except OutOfTime:
            return best
        if model is None:
            return dataclasses.replace(best, proved=True)
        ties = search.ties_behind(formula)
        if reasons := clauses(ties, model):
            search.case.space.axioms += reasons
            continue
        case = near(model)
        if has_it(case):
            better = kept(case, best)
            if better is best:
                return best
            best = better
            continue
        wrong = first_broken(ties, model, search.case.keys(case))
        if wrong is None or not split(wrong, ties, model):
            return best
    return best


def _below(levels: Sequence[Level], costs: Costs, part: float) -> Formula:
    """Whether what is crossed costs less, as levels are compared."""
    less: list[Formula] = []
    no_more: list[Formula] = []
    for level, cost in zip(levels, costs, strict=True):
        less.append(conj(*no_more, _at_most(level, cost * (1 - part)) if cost else False))
        no_more.append(_at_most(level, cost))
    return disj(*less)


def _at_most(level: Level, cost: float) -> Formula:
    """Whether what is crossed costs no more than this, counted in parts of it."""
    unit = cost / PRECISION or 1.0
    most = PRECISION if cost else 0
    weights = []
    for wish, price in level:
        weight = min(int(price / unit), most) + 1 if price > cost else int(price / unit)
        missed = neg(wish)
        if missed is True:
            most -= weight
        elif missed is not False:
            weights.append((missed, weight))
    if most < 0 or not weights:
        return most >= 0
    return z3.PbLe(weights, most)
