"""A rule set as a Python function, put together and compiled."""

from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from rules.engines import hit_policy
from rules.engines.decisions import DEFAULT, UNKNOWN, VIOLATED
from rules.engines.fixpoint import Fixpoint
from rules.engines.generated import unknown
from rules.engines.generated.kleene_code import KleeneCode
from rules.engines.generated.runtime import (
    PENDING,
    UnknownError,
    give_up,
    has_bounds,
    kleene_scope,
    known,
    known_day,
    known_float32,
)
from rules.engines.generated.single import SingleValues
from rules.engines.world import admit_case
from rules.language import ir
from rules.language.settings import refuse_undated
from rules.language.strata import is_recursive, reads

__all__ = ["GeneratedRuleset", "Verdict", "generate"]

_CHAIN = 100  # derived values that may read one another without being computed beforehand


class Verdict(NamedTuple):
    """The outcome, a set of outcomes under `collect`, and the rank of the deciding rule.

    The rank is that in `ruleset.ranked`, or DEFAULT, UNKNOWN, CONFLICT or VIOLATED.
    """

    outcome: hit_policy.Outcome
    rule: int


def generate(ruleset: ir.Ruleset) -> GeneratedRuleset:
    """Generates and compiles the functions of a rule set.

    Raises:
        ValueError: the rule set decides nothing, or for no certain day.
    """
    return GeneratedRuleset(ruleset)


class GeneratedRuleset:
    """A rule set as a function of one case.

    Attributes:
        ruleset: what was compiled.
        source: the generated Python code.
    """

    def __init__(self, ruleset: ir.Ruleset) -> None:
        refuse_undated(ruleset)
        self.ruleset = ruleset
        self._decision = hit_policy.required_decision(ruleset)
        self._outcomes = [rule.outcome for rule in ruleset.ranked]
        self.source = ""
        self._scope = _scope(ruleset)
        self._decide = self._compile_single() or self._general

    def __call__(self, case: Mapping[str, Any]) -> Verdict:
        """Decides one case.

        Args:
            case: input values by name; absent, None, not finite or out of bounds is missing.

        Raises:
            TypeError, ValueError: as `rules.engines.world.admit_case`.
        """
        return self._decide(case)

    # ------------------------------------------------- three-valued, objects

    @functools.cached_property
    def _kleene(self) -> _Kleene:
        code = KleeneCode(self.ruleset)
        rules = [code.function(rule.condition) for rule in self.ruleset.ranked]
        limits = [code.function(item.condition) for item in self.ruleset.constraints]
        code.derive(code.derived)
        scope = self._compile(code.lines)
        derived = {name: scope[function] for name, function in code.derived.items()}
        return _Kleene(
            slots={name: int(slot) for name, slot in code.slots.items()},
            rules=[scope[name] for name in rules],
            limits=[scope[name] for name in limits],
            derived=derived,
            beforehand=_links(self.ruleset),
        )

    def _compile(self, lines: Sequence[str]) -> dict[str, Any]:
        source = "\n".join(lines)
        exec(compile(source, f"<{self.ruleset.name}>", "exec"), self._scope)
        self.source += f"{source}\n"
        return self._scope

    def _general(self, case: Mapping[str, Any]) -> Verdict:
        c = self._state(case)
        verdict = self._verdict(c)
        return self._constrained(verdict, (condition(c) for condition in self._kleene.limits))

    def _state(self, case: Mapping[str, Any]) -> list[Any]:
        world, code = admit_case(self.ruleset, case), self._kleene
        c: list[Any] = [world.objects[item.name] for item in self.ruleset.entities]
        c += [world.values[item.name] for item in self.ruleset.inputs]
        c += [{} if item.parameters else PENDING for item in self.ruleset.derived]
        for group in self._recursive:
            fixpoint = Fixpoint(lambda fact: code.derived[fact[0]](c, *fact[1]))
            for item in group:
                c[code.slots[item.name]] = fixpoint
        for item in code.beforehand:
            slot, function = code.slots[item.name], code.derived[item.name]
            if not item.parameters:
                c[slot] = function(c)
                continue
            objects = [c[code.slots[binding.entity]] for binding in item.parameters]
            for key in itertools.product(*objects):
                c[slot][key] = function(c, *key)
        return c

    @functools.cached_property
    def _recursive(self) -> list[Sequence[ir.Derived]]:
        return [group for group in self.ruleset.strata if is_recursive(group)]

    def _verdict(self, c: list[Any]) -> Verdict:
        if self._decision.policy not in ("first", "priority"):
            truths = [rule(c) for rule in self._kleene.rules]
            return Verdict(*hit_policy.decide(self._decision, self._outcomes, truths))
        open_outcomes: set[str] = set()
        for rank, rule in enumerate(self._kleene.rules):
            held = rule(c)
            if held is True:
                return self._settled(open_outcomes, self._outcomes[rank], rank)
            if held is None:
                open_outcomes.add(self._outcomes[rank])
        assert self._decision.default is not None
        return self._settled(open_outcomes, self._decision.default, DEFAULT)

    def _settled(self, open_outcomes: set[str], outcome: str, rule: int) -> Verdict:
        if open_outcomes <= {outcome}:
            return Verdict(outcome, rule)
        return Verdict(self._decision.unknown, UNKNOWN)

    def _constrained(self, verdict: Verdict, truths: Iterable[bool | None]) -> Verdict:
        if verdict.rule < DEFAULT or not self.ruleset.constraints:
            return verdict
        outcome, rule, _ = hit_policy.constrain(
            self._decision, self.ruleset.constraints, list(truths), *verdict
        )
        return Verdict(outcome, rule)

    # -------------------------------------------------------- single values

    def _compile_single(self) -> Callable[[Mapping[str, Any]], Verdict] | None:
        """The function of a case without objects.

        None where there are objects, or where parentheses are nested too deep for Python.
        """
        if self.ruleset.entities or self._recursive:
            return None
        unknown_outcome = hit_policy.unknown_outcome(self._decision)
        self._scope |= {
            "decided": self._decided,
            "verdict_unknown": Verdict(unknown_outcome, UNKNOWN),
            "violated": Verdict(unknown_outcome, VIOLATED),
        }
        for rank, outcome in enumerate(self._outcomes):
            self._scope[f"V{rank}"] = Verdict(outcome, rank)
        if self._decision.default is not None:
            self._scope["V_default"] = Verdict(self._decision.default, DEFAULT)
        single = SingleValues(self.ruleset)
        try:
            lines = single.lines()
            self._scope |= single.scope
            self._compile(lines)
        except (MemoryError, RecursionError, SyntaxError):
            return None
        decide: Callable[[Mapping[str, Any]], Verdict] = self._scope["decide"]
        return decide

    def _decided(self, truths: Sequence[bool | None], limits: Sequence[bool | None]) -> Verdict:
        verdict = Verdict(*hit_policy.decide(self._decision, self._outcomes, truths))
        return self._constrained(verdict, limits)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Kleene:
    """The three-valued functions.

    Attributes:
        slots: see `KleeneCode`.
        rules: of each rule, in order of precedence.
        limits: of each constraint.
        derived: of each derived name.
        beforehand: what to derive before it is read.
    """

    slots: Mapping[str, int]
    rules: Sequence[Callable[[list[Any]], bool | None]]
    limits: Sequence[Callable[[list[Any]], bool | None]]
    derived: Mapping[str, Callable[..., Any]]
    beforehand: Sequence[ir.Derived]


def _links(ruleset: ir.Ruleset) -> list[ir.Derived]:
    """Derived values to compute beforehand, so that no chain of them recurses too deep."""
    depth: dict[str, int] = {}
    links = []
    for group in ruleset.strata:
        below = 1 + max((depth.get(name, 0) for item in group for name in reads(item)), default=0)
        for item in group:
            depth[item.name] = below % _CHAIN
            if depth[item.name] == 0 and len(group) == 1 and item.name not in reads(item):
                links.append(item)
    return links


def _scope(ruleset: ir.Ruleset) -> dict[str, Any]:
    lenient = {
        f"known_{item.name}": functools.partial(unknown.bounded, item.type)
        for item in ruleset.derived
        if has_bounds(item.type)
    }
    return {
        **kleene_scope(ruleset),
        **lenient,
        "UnknownError": UnknownError,
        "unknown": give_up,
        "known": known,
        "day": known_day,
        "float32": known_float32,
        **unknown.FUNCTIONS,
    }
