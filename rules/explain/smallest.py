"""The smallest change that makes a rule set decide otherwise, by the solver."""

from __future__ import annotations

import copy
import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from rules.checks.solver.cheapest import Cheapest, Level, cheapest
from rules.checks.solver.expressions import settled_value
from rules.checks.solver.formulas import Formula, Truth, conj, disj, equal, neg
from rules.checks.solver.keys import predecessor, successor, to_value
from rules.checks.solver.leaves import case_like
from rules.checks.solver.model import Model
from rules.checks.solver.numbers import Variable, constant
from rules.checks.solver.search import OutOfTime, Search
from rules.checks.solver.space import Box
from rules.checks.solver.symbolic_case import BeyondFragment, Leaf, plainest
from rules.checks.solver.values import Coded, Numeric
from rules.checks.solver.verdict import Verdict
from rules.encoding.texts import texts
from rules.engines.reference import Evaluation
from rules.engines.values import Value
from rules.engines.world import World
from rules.explain.change import Change, Distance, InputChange
from rules.language import ir

__all__ = ["smallest_change"]

A_YEAR = 365.0  # days
MAX_PASSES = 5
PATIENCE = 2.0  # seconds for the changes of one input


def smallest_change(
    ruleset: ir.Ruleset, now: Evaluation, told: Change, distance: Distance, timeout: float
) -> Change:
    """See `rules.explain.change.what_would_change`.

    Args:
        ruleset: what decided.
        now: the evaluation of the case.
        told: what is known before the search.
        distance: what is small.
        timeout: seconds.
    """
    try:
        question = _Question(ruleset, now, told, distance, time.monotonic() + timeout)
        best = question.answer()
    except BeyondFragment as reason:
        return dataclasses.replace(told, status="open", reason=str(reason))
    except OutOfTime:
        return dataclasses.replace(told, status="open", reason=f"no answer in {timeout:g} s")
    if best is None:
        return dataclasses.replace(told, status="impossible")
    (after,) = best.found.evaluations
    return dataclasses.replace(
        told,
        status="smallest" if best.proved else "found",
        changes=tuple(question.changes(best.found.case)),
        after=after.outcome,
        rule_after="default" if after.rule < 0 else ruleset.ranked[after.rule].name,
        case=best.found.case,
        distance=best.costs,
    )


class _Question:
    def __init__(
        self,
        ruleset: ir.Ruleset,
        now: Evaluation,
        told: Change,
        distance: Distance,
        deadline: float,
    ) -> None:
        self.ruleset = ruleset
        self.now = now
        self.told = told
        self.wanted = told.wanted
        self.distance = distance
        self.deadline = deadline
        own = {*texts(ruleset), *_texts_of(ruleset, now.world)}
        self.case = case_like(ruleset, now.world, told.actionable, own)
        self.free = [
            leaf for leaf in self.case.leaves.values() if leaf.item.name in told.actionable
        ]
        self.case.space.axioms += [leaf.known for leaf in self.free if self.old(leaf) is not None]
        self.model = Model(ruleset, self.case)
        self.verdict = Verdict(self.model)
        self.search = Search([self.model], deadline=deadline)

    def old(self, leaf: Leaf) -> Value | None:
        """The value before any change."""
        return self.now.world.read(leaf.item.name, leaf.objects)

    def answer(self) -> Cheapest | None:
        """The cheapest case that is decided as wanted."""
        return cheapest(
            self.search,
            conj(self.verdict.decided, self._goal()),
            self._has,
            levels=self._levels,
            costs=lambda case: self._by_level(self._distances(case)),
            near=lambda model: self.case.case(model, pick=self._nearest),
            nearer=self._nearer,
            candidates=self._by_one_input(),
        )

    def _by_one_input(self) -> Iterator[dict[str, Any]]:
        """Cases in which a single input changes: often the cheapest, and quickly found."""
        names = self.told.actionable
        for name in names if len(names) > 1 else ():
            told = dataclasses.replace(self.told, actionable=(name,))
            deadline = min(self.deadline, time.monotonic() + PATIENCE)
            alone = _Question(self.ruleset, self.now, told, self.distance, deadline)
            try:
                best = alone.answer()
            except OutOfTime:
                continue
            if best is not None:
                yield best.found.case

    def _goal(self) -> Formula:
        given = self.verdict.given
        if self.wanted is not None:
            return given[self.wanted]
        before = self.now.outcome
        was = before if isinstance(before, frozenset) else {before}
        return disj(*(neg(equal(given[name], name in was)) for name in given))

    def _has(self, one: Evaluation) -> bool:
        if one.rule < -1:
            return False
        if self.wanted is None:
            return one.outcome != self.now.outcome
        came = one.outcome
        return self.wanted in came if isinstance(came, frozenset) else came == self.wanted

    # --------------------------------------------------------------------- what it costs

    def _levels(self) -> list[Level]:
        costs = {leaf: self._cost(leaf) for leaf in self.free}
        everything = [wish for level in costs.values() for wish in level]
        if self.distance == "fewest":
            return [[(neg(self._changed(leaf)), 1.0) for leaf in self.free], everything]
        if self.distance == "lexicographic":
            return [
                [wish for leaf in self.free if leaf.item.weight == weight for wish in costs[leaf]]
                for weight in self._weights()
            ]
        return [everything]

    def _weights(self) -> list[float]:
        return sorted({leaf.item.weight for leaf in self.free}, reverse=True)

    def _by_level(self, distances: Mapping[Leaf, float]) -> tuple[float, ...]:
        total = sum(distances.values())
        if self.distance == "fewest":
            return float(sum(distance > 0 for distance in distances.values())), total
        if self.distance == "lexicographic":
            return tuple(
                sum(d for leaf, d in distances.items() if leaf.item.weight == weight)
                for weight in self._weights()
            )
        return (total,)

    def _cost(self, leaf: Leaf) -> Level:
        """What leaving the old value costs, bound by bound."""
        old, number = self.old(leaf), _number(leaf)
        if old is None or number is None:
            return [(neg(self._changed(leaf)), leaf.item.weight)]
        start = constant(old).value
        self._changed(leaf)  # makes the bounds around the old value
        level: Level = []
        above = sorted(bound for bound in number.literals if bound > start)
        below = sorted((bound for bound in number.literals if bound <= start), reverse=True)
        paid = 0.0
        for bound in above:
            cost = self._moved(leaf, old, to_value(bound, is_float=number.is_float))
            level.append((neg(number.at_least(bound)), cost - paid))
            paid = cost
        paid = 0.0
        for bound in below:
            end = predecessor(bound, is_float=number.is_float)
            cost = self._moved(leaf, old, to_value(end, is_float=number.is_float))
            level.append((number.at_least(bound), cost - paid))
            paid = cost
        return level

    def _changed(self, leaf: Leaf) -> Formula:
        old = self.old(leaf)
        if old is None:
            return leaf.known
        before = settled_value(self.case.texts, leaf.item.type, old)
        match leaf.value, before:
            case Numeric(number=number), Numeric(number=start):
                key = start.low
                return disj(
                    neg(number.at_least(key)),
                    number.at_least(successor(key, is_float=number.is_float)),
                )
            case Coded(code=code), Coded(code=other):
                return neg(code == other)
            case Truth(holds=held), Truth(holds=was):
                return neg(equal(held, was))
        raise TypeError(f"found {leaf.value!r}, expected the kind of {before!r}")

    def _moved(self, leaf: Leaf, old: Value | None, new: Value) -> float:
        """The distance of a change, times its weight."""
        if old is None or isinstance(old, bool | str):
            return leaf.item.weight * (old != new)
        return leaf.item.weight * abs(float(new) - old) / _scale(leaf.item.type, old)

    def _distances(self, case: Mapping[str, Any]) -> dict[Leaf, float]:
        found = {}
        for leaf in self.free:
            new = _value(case, leaf)
            found[leaf] = 0.0 if new is None else self._moved(leaf, self.old(leaf), new)
        return found

    # ------------------------------------------------------------------------- cheap cases

    def _nearest(self, leaf: Leaf, box: Box) -> float | int:
        old, is_float = self.old(leaf), isinstance(leaf.item.type, ir.FloatType)
        if old is None:
            return plainest(leaf, box)
        key = min(max(constant(old).value, box[0]), box[1])
        return to_value(key, is_float=is_float)

    def _nearer(
        self, case: dict[str, Any], has_it: Callable[[dict[str, Any]], bool]
    ) -> dict[str, Any]:
        """Moves the values that changed back as far as the outcome allows, one by one."""
        for _ in range(MAX_PASSES):
            before, case = case, self._one_pass(case, has_it)
            if case == before:
                break
        return case

    def _one_pass(
        self, case: dict[str, Any], has_it: Callable[[dict[str, Any]], bool]
    ) -> dict[str, Any]:
        costly = sorted(self._distances(case).items(), key=lambda item: -item[1])
        for leaf, distance in costly:
            old = self.old(leaf)
            if distance == 0 or (old is None and _value(case, leaf) is None):
                continue
            back = _with(case, leaf, old)
            if has_it(back):
                case = back
            elif old is not None and (number := _number(leaf)) is not None:
                case = self._bisected(case, leaf, number, old, has_it)
        return case

    def _bisected(
        self,
        case: dict[str, Any],
        leaf: Leaf,
        number: Variable,
        old: Value,
        has_it: Callable[[dict[str, Any]], bool],
    ) -> dict[str, Any]:
        far, near = constant(_value(case, leaf) or 0).value, constant(old).value
        if number.is_float:
            far = constant(float(_value(case, leaf) or 0.0)).value
        while abs(far - near) > 1:
            middle = (far + near) // 2
            trial = _with(case, leaf, to_value(middle, is_float=number.is_float))
            if has_it(trial):
                case, far = trial, middle
            else:
                near = middle
        return case

    def changes(self, case: Mapping[str, Any]) -> Iterator[InputChange]:
        """What differs from the old case."""
        for leaf, distance in self._distances(case).items():
            after = _value(case, leaf)
            if distance > 0 and after is not None:
                yield InputChange(
                    name=leaf.item.name,
                    type=leaf.item.type,
                    objects=leaf.objects,
                    before=self.old(leaf),
                    after=after,
                    distance=distance,
                )


def _number(leaf: Leaf) -> Variable | None:
    number = leaf.value.number if isinstance(leaf.value, Numeric) else None
    return number if isinstance(number, Variable) else None


def _scale(type_: ir.Type, old: float) -> float:
    match type_:
        case ir.FloatType(low=float(low), high=float(high)) if high > low:
            return high - low
        case ir.IntType(low=low, high=high) if low > ir.INT_MIN and high < ir.INT_MAX:
            return max(float(high - low), 1.0)
        case ir.DateType():
            return A_YEAR
        case _:
            return max(abs(old), 1.0)


def _value(case: Mapping[str, Any], leaf: Leaf) -> Value | None:
    value = case.get(leaf.item.name)
    found: Value | None = value.get(leaf.objects) if leaf.objects and value is not None else value
    return found


def _with(case: Mapping[str, Any], leaf: Leaf, value: Value | None) -> dict[str, Any]:
    changed = copy.deepcopy(dict(case))
    if leaf.objects:
        changed[leaf.item.name][leaf.objects] = value
    else:
        changed[leaf.item.name] = value
    return changed


def _texts_of(ruleset: ir.Ruleset, world: World) -> Iterator[str]:
    for item in ruleset.inputs:
        if isinstance(item.type, ir.StringType):
            value = world.values[item.name]
            values: Sequence[Any] = list(value.values()) if isinstance(value, Mapping) else [value]
            yield from (one for one in values if isinstance(one, str))
