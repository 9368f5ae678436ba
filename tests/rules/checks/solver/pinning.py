"""A symbolic case pinned to a concrete one: the solver must say what the engine says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rules.checks.solver.expressions import settled_value
from rules.checks.solver.formulas import Formula, Truth, conj, equal, neg
from rules.checks.solver.leaves import case_like
from rules.checks.solver.model import Model
from rules.checks.solver.symbolic_case import SymbolicCase
from rules.checks.solver.values import Coded, Numeric, SymbolicValue
from rules.checks.solver.verdict import Verdict
from rules.encoding import texts
from rules.engines.decisions import CONFLICT, UNKNOWN, VIOLATED
from rules.engines.reference import Evaluation
from rules.engines.world import World, admit_case
from rules.language import ir


def model_near(ruleset: ir.Ruleset, case: Mapping[str, Any], *, free: bool) -> Model:
    """The rule set over this case alone, or over all cases with its objects."""
    world = admit_case(ruleset, case)
    names = [item.name for item in ruleset.inputs] if free else []
    own = {*texts(ruleset), *(value for value in _values(ruleset, world) if isinstance(value, str))}
    return Model(ruleset, case_like(ruleset, world, names, own))


def pins(symbolic: SymbolicCase, world: World) -> Formula:
    """Every input has the value that it has in the world."""
    return conj(
        *(
            same(leaf.value, symbolic, leaf.item.type, world.read(leaf.item.name, leaf.objects))
            for leaf in symbolic.leaves.values()
        )
    )


def same(found: SymbolicValue, symbolic: SymbolicCase, type_: ir.Type, value: Any) -> Formula:
    """Whether a symbolic value is this one; None is unknown."""
    wanted = settled_value(symbolic.texts, type_, value)
    match found, wanted:
        case Truth(), Truth():
            return conj(equal(found.holds, wanted.holds), equal(found.possible, wanted.possible))
        case Numeric(known=known, number=number), Numeric(number=other):
            at_least = number.at_least(other.low)
            beyond = number.at_least(_next(other.low, is_float=number.is_float))
            return neg(known) if value is None else conj(known, at_least, neg(beyond))
        case Coded(known=known, code=code), Coded(code=other):
            return neg(known) if value is None else conj(known, code == other)
    raise TypeError(f"found {found!r}, expected the kind of {wanted!r}")


def _next(key: int, *, is_float: bool) -> int:
    from rules.checks.solver.keys import successor

    return successor(key, is_float=is_float)


def _values(ruleset: ir.Ruleset, world: World) -> list[Any]:
    found: list[Any] = []
    for item in ruleset.inputs:
        value = world.values[item.name]
        found += list(value.values()) if isinstance(value, Mapping) else [value]
    return found


def agreement(model: Model, evaluation: Evaluation) -> Formula:
    """The rules, constraints, derived values and the verdict are what the engine says."""
    parts: list[Formula] = []
    for truth, held in zip(model.truths, evaluation.truths, strict=True):
        parts.append(equal(truth.holds, held is True))
        parts.append(equal(truth.possible, held is not False))
    for item in model.ruleset.derived:
        found = evaluation.values[item.name]
        facts = found.items() if isinstance(found, Mapping) else [((), found)]
        for objects, value in facts:
            parts.append(same(model.read(item.name, objects), model.case, item.type, value))
    if model.ruleset.decision is not None:
        parts += _verdict(model, evaluation)
    return conj(*parts)


def _verdict(model: Model, evaluation: Evaluation) -> list[Formula]:
    verdict, came = Verdict(model), evaluation.outcome
    outcomes = came if isinstance(came, frozenset) else {came}
    decided = evaluation.rule not in (UNKNOWN, CONFLICT, VIOLATED)
    return [
        equal(verdict.decided, decided),
        equal(verdict.unknown, evaluation.rule == UNKNOWN),
        equal(verdict.conflict, evaluation.rule == CONFLICT),
        equal(verdict.violated, evaluation.rule == VIOLATED),
        *(equal(verdict.comes(name), name in outcomes) for name in verdict.decision.outcomes),
        *(
            equal(verdict.decides(rank), rank == evaluation.rule)
            for rank in range(len(verdict.rules))
        ),
    ]
