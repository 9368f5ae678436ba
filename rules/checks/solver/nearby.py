"""Looks for a case with a property among numbers near those of a candidate.

A model in which the results of arithmetic are free is right about everything else, so only
numbers that arithmetic reads are changed: populations of cases, decided at once by the NumPy
engine, of which those survive whose rules come closest to what the model says (a plain
evolution strategy: Rechenberg, 1973). The search takes the same steps every time.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
import z3

from rules.cases import encode
from rules.checks.solver.keys import number_of, to_value
from rules.checks.solver.numbers import Variable
from rules.checks.solver.plain import place_in
from rules.checks.solver.symbolic_case import Leaf, SymbolicCase
from rules.checks.solver.values import Numeric
from rules.engines.arrays import Extras, decide_numpy
from rules.language import ir

__all__ = ["Target", "nearby"]

GENERATIONS, POPULATION, PARENTS, TRIALS = 5, 400, 20, 4

Found = TypeVar("Found")
Floats = npt.NDArray[np.float64]
Columns = dict[str, npt.NDArray[Any]]


class Target(NamedTuple):
    """What some rules of a rule set should do."""

    ruleset: ir.Ruleset
    fires: dict[int, bool]  # by rank; other rules don't count

    @property
    def rules(self) -> ir.Ruleset:
        """Just these rules, in the order of `fires`; what is decided does not matter."""
        ranked = self.ruleset.ranked
        rules = [dataclasses.replace(ranked[rank], since=None, until=None) for rank in self.fires]
        decision = self.ruleset.decision
        assert decision is not None
        return dataclasses.replace(
            self.ruleset,
            rules=tuple(rules),
            decision=dataclasses.replace(
                decision, policy="first", dated=None, default=decision.unknown
            ),
            constraints=(),
        )


class _Free(NamedTuple):
    leaf: Leaf
    number: Variable
    place: tuple[int, ...]  # of its objects
    low: float  # between which numbers the model has it
    high: float


def nearby(
    symbolic: SymbolicCase,
    model: z3.ModelRef,
    case: dict[str, Any],
    earlier: Sequence[dict[str, Any]],
    targets: Sequence[Target],
    tried: Callable[[dict[str, Any]], Found | None],
) -> Found | None:
    """A witness that differs from a case in numbers only; None if luck fails.

    Args:
        symbolic: all cases.
        model: of the solver.
        case: the candidate, which is the case of this model.
        earlier: cases whose numbers served other questions.
        targets: what the rule sets are hoped to say about it.
        tried: whether a case is a witness; what it returns then is returned.
    """
    free = list(_free(symbolic, model, case))
    if not free:
        return None
    generator = np.random.default_rng(0)
    starts = [[_at(one, item, case) for item in free] for one in (case, *earlier)]
    small = [(item.rules, list(item.fires.values())) for item in targets]
    columns = [encode(rules, [case], missing_columns="unknown") for rules, _ in small]
    parents = np.array(starts, np.float64)
    for _ in range(GENERATIONS):
        children = _mutated(generator, parents, free)
        faults = np.zeros(len(children), np.int64)
        for (rules, fires), encoded in zip(small, columns, strict=True):
            faults += _faults(rules, fires, _filled(encoded, children, free))
        best = np.argsort(faults, kind="stable")
        for row in best[:TRIALS]:
            found = tried(_with(case, free, children[row]))
            if found is not None:
                return found
        parents = children[best[:PARENTS]]
    return None


def _free(symbolic: SymbolicCase, model: z3.ModelRef, case: dict[str, Any]) -> Iterator[_Free]:
    tied = symbolic.space.tied
    for leaf in symbolic.leaves.values():
        entries, place = place_in(case, leaf)
        number = leaf.value.number if isinstance(leaf.value, Numeric) else None
        if entries is None or entries[place] is None:
            continue
        if isinstance(number, Variable) and number in tied:
            index = [
                list(case.get(entity, symbolic.objects[entity])).index(label)
                for entity, label in zip(leaf.item.parameters, leaf.objects, strict=True)
            ]
            ends = (to_value(key, is_float=number.is_float) for key in number.reached(model))
            yield _Free(leaf, number, tuple(index), *ends)


def _at(case: dict[str, Any], item: _Free, fallback: dict[str, Any]) -> float:
    entries, place = place_in(case, item.leaf)
    if entries is None or entries[place] is None:
        return _at(fallback, item, fallback)
    return float(entries[place])


def _with(case: dict[str, Any], free: Sequence[_Free], row: Floats) -> dict[str, Any]:
    changed = copy.deepcopy(case)
    for item, value in zip(free, row.tolist(), strict=True):
        entries, place = place_in(changed, item.leaf)
        assert entries is not None
        entries[place] = value if item.number.is_float else int(value)
    return changed


def _mutated(generator: np.random.Generator, parents: Floats, free: Sequence[_Free]) -> Floats:
    """Children with some numbers changed, the parents themselves among them, `[N, F]`."""
    shape = (POPULATION, len(free))
    children = parents[generator.integers(0, len(parents), POPULATION)]
    children[: len(parents)] = parents
    common = 10.0 ** generator.integers(-1, 6, shape) * generator.integers(-20, 100, shape) / 10
    factors = generator.choice(np.array([0.1, 0.5, 0.8, 0.95, 1.05, 1.25, 2.0, 10.0]), shape)
    kinds = generator.integers(0, 3, shape)
    wishes = np.where(kinds == 0, common, children * factors)
    for column, item in enumerate(free):
        number = item.number
        bounds = [to_value(key, is_float=number.is_float) for key in number.literals]
        if bounds:
            chosen = generator.choice(np.array(bounds, np.float64), POPULATION)
            wishes[:, column] = np.where(kinds[:, column] == 1, chosen, wishes[:, column])
    change = generator.random(shape) < max(0.3, 1.5 / len(free))
    change[: len(parents)] = False
    children = np.where(change, wishes, children)
    inside = generator.random(shape) < 0.5
    for column, item in enumerate(free):
        values = np.where(
            inside[:, column],
            np.clip(children[:, column], item.low, item.high),
            children[:, column],
        )
        children[:, column] = _clipped(item.number, values)
    return children


def _clipped(number: Variable, values: Floats) -> Floats:
    if not number.is_float:
        return np.clip(np.round(values), number.low, number.high)
    return np.clip(values, number_of(number.low), number_of(number.high))


def _filled(encoded: Columns, children: Floats, free: Sequence[_Free]) -> Columns:
    """The encoded case, once for each child, `[N, ...]`."""
    columns = {name: np.repeat(column, len(children), axis=0) for name, column in encoded.items()}
    for row, item in enumerate(free):
        column = columns.get(item.leaf.item.name)
        if column is not None:
            place: tuple[Any, ...] = (slice(None), *item.place)
            column[place] = children[:, row]
    return columns


def _faults(rules: ir.Ruleset, fires: Sequence[bool], columns: Columns) -> npt.NDArray[np.int64]:
    """How many rules do not do what they should, for each case."""
    fired = decide_numpy(rules, columns, Extras(fired=True)).fired
    ranks = np.arange(len(fires))
    bits = (fired[:, ranks // 32] >> (ranks % 32).astype(np.uint32)) & 1
    found: npt.NDArray[np.int64] = (bits.astype(bool) != np.array(fires, bool)).sum(axis=1)
    return found
