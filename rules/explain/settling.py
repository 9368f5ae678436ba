"""Which few facts could settle an undecided case, found by trying values and deciding again."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rules.engines.backward import Query
from rules.engines.decisions import UNKNOWN
from rules.engines.hit_policy import Outcome
from rules.engines.values import Value, admit
from rules.explain.formats import format_value
from rules.explain.needs import Need
from rules.language import ir
from rules.language.walk import walk

__all__ = ["Settling", "settling"]

TRIALS = 2_000  # cases decided at most


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settling:
    """A smallest set of facts of which some values settle the case.

    Attributes:
        needs: the facts.
        outcomes: what could come out, with an example of values for each.
        types: of the facts.
    """

    needs: tuple[Need, ...]
    outcomes: Mapping[Outcome, tuple[Value, ...]]
    types: tuple[ir.Type, ...]

    def __str__(self) -> str:
        told = []
        for outcome, values in self.outcomes.items():
            came = ", ".join(sorted(outcome)) if isinstance(outcome, frozenset) else outcome
            example = ", ".join(
                f"{need} = {format_value(value, '', type_)}"
                for need, value, type_ in zip(self.needs, values, self.types, strict=True)
            )
            told.append(f"{came or 'nothing'} if {example}")
        return f"{', '.join(map(str, self.needs))}: {'; '.join(told)}"


def settling(
    ruleset: ir.Ruleset, case: Mapping[str, Any], needs: Sequence[Need]
) -> tuple[Settling, ...]:
    """The smallest sets of needed facts that could settle a case.

    Sets of one fact, or where none does, of two. The values tried are those at, just above
    and just below every constant of the rules, so that each comparison with a constant comes
    out both ways. Each set found is proved by its examples; where derived values are compared
    a set may be missed.

    Args:
        ruleset: a rule set that decides.
        case: undecided.
        needs: as `lacking` finds them; who is there, and whole relations, are left out.
    """
    inputs = {item.name: item for item in ruleset.inputs}
    facts = [
        need
        for need in needs
        if need.name in inputs and len(need.objects) == len(inputs[need.name].parameters)
    ]
    constants = _constants(ruleset)
    candidates = {need: _candidates(inputs[need.name].type, constants) for need in facts}
    trials = 0
    for size in (1, 2):
        found = []
        for chosen in itertools.combinations(facts, size):
            outcomes: dict[Outcome, tuple[Value, ...]] = {}
            for values in itertools.product(*(candidates[need] for need in chosen)):
                trials += 1
                if trials > TRIALS:
                    break
                outcome, rule = Query(ruleset, _with(case, chosen, values)).decide()
                if rule != UNKNOWN:
                    outcomes.setdefault(outcome, values)
            if outcomes:
                types = tuple(inputs[need.name].type for need in chosen)
                found.append(Settling(needs=chosen, outcomes=outcomes, types=types))
        if found:
            return tuple(found)
    return ()


def _with(
    case: Mapping[str, Any], needs: Iterable[Need], values: Iterable[Value]
) -> dict[str, Any]:
    told = dict(case)
    for need, value in zip(needs, values, strict=True):
        if need.objects:
            key = need.objects if len(need.objects) > 1 else need.objects[0]
            told[need.name] = {**(told.get(need.name) or {}), key: value}
        else:
            told[need.name] = value
    return told


def _constants(ruleset: ir.Ruleset) -> set[tuple[type, Value]]:
    expressions = [clause for item in ruleset.derived for clause in item.clauses]
    expressions += [rule.condition for rule in ruleset.ranked]
    expressions += [item.condition for item in ruleset.constraints]
    found: set[tuple[type, Value]] = {(type(item.type), item.value) for item in ruleset.params}
    for expr in expressions:
        for node in walk(expr):
            if isinstance(node, ir.Const):
                found.add((type(node.type), node.value))
    return found


def _candidates(type_: ir.Type, constants: Iterable[tuple[type, Value]]) -> list[Value]:
    """Values of a type that tell apart what the rules tell apart."""
    match type_:
        case ir.BoolType():
            return [True, False]
        case ir.EnumType(members=members):
            return list(members)
        case ir.StringType():
            texts = sorted(str(value) for kind, value in constants if kind is ir.StringType)
            return [*texts, "another text"]
        case ir.FloatType(low=low, high=high) | ir.IntType(low=low, high=high):
            kinds: tuple[type, ...] = (ir.FloatType, ir.IntType)
        case ir.DateType(low=low, high=high):
            kinds = (ir.DateType,)
        case _:
            return []
    numbers = {float(value) for kind, value in constants if kind in kinds}
    numbers |= {float(bound) for bound in (low, high, 0) if bound is not None}
    whole = not isinstance(type_, ir.FloatType)
    near = {admit("", type_, number) for n in numbers for number in _around(n, whole)}
    # Those that read best first, for the examples.
    return sorted((v for v in near if v is not None), key=lambda v: (len(format_value(v)), v))


def _around(number: float, whole: bool) -> Iterator[float | int]:
    """A number, and others to each side of it."""
    if whole:
        yield from (round(number) - 1, round(number), round(number) + 1)
        return
    near = max(abs(number) * 2.0**-20, 2.0**-20)
    yield from (number - 1, number - near, number, number + near, number + 1)
