"""A rule set as a Python function, put together and compiled."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from rules.engines import hit_policy
from rules.engines.decisions import DEFAULT, UNKNOWN, VIOLATED
from rules.engines.generated.kleene_code import KleeneCode
from rules.engines.generated.plain import Plain
from rules.engines.generated.runtime import (
    PENDING,
    UnknownError,
    bounded,
    has_bounds,
    known,
    known_day,
    known_float32,
    to_day,
    to_float32,
    unknown,
)
from rules.engines.generated.thresholds import FIRST_FINITE, first_above, first_at_least
from rules.engines.values import FLOAT_MAX, admit
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
        code = KleeneCode(ruleset)
        names = [code.function(rule.condition) for rule in ruleset.ranked]
        broken = [code.function(item.condition) for item in ruleset.constraints]
        self.source = "\n".join(code.lines)
        scope = _scope(ruleset)
        exec(compile(self.source, f"<{ruleset.name}>", "exec"), scope)
        self._rules: list[Callable[[list[Any]], bool | None]] = [scope[name] for name in names]
        self._limits = [scope[name] for name in broken]
        self._beforehand = [
            (item, code.slots[item.name], scope[f"d{code.slots[item.name]}"])
            for item in _links(ruleset)
        ]
        self._slots = code.slots
        self._plain = self._compile_plain(scope)

    def __call__(self, case: Mapping[str, Any]) -> Verdict:
        """Decides one case.

        Args:
            case: input values by name; absent, None, not finite or out of bounds is missing.

        Raises:
            TypeError, ValueError: as `rules.engines.world.admit_case`.
        """
        return self._plain(case)

    # -------------------------------------------------------- three-valued

    def _general(self, case: Mapping[str, Any]) -> Verdict:
        c = self._state(case)
        verdict = self._verdict(c)
        if verdict.rule < DEFAULT or not self._limits:
            return verdict
        return self._constrained(c, verdict)

    def _state(self, case: Mapping[str, Any]) -> list[Any]:
        world = admit_case(self.ruleset, case)
        c: list[Any] = [world.objects[item.name] for item in self.ruleset.entities]
        c += [world.values[item.name] for item in self.ruleset.inputs]
        c += [{} if by_object else PENDING for by_object in self._by_object]
        for item, slot, function in self._beforehand:
            if not item.parameters:
                c[slot] = function(c)
                continue
            objects = [c[self._slots[binding.entity]] for binding in item.parameters]
            for key in itertools.product(*objects):
                c[slot][key] = function(c, *key)
        return c

    @functools.cached_property
    def _by_object(self) -> list[bool]:
        """Which derived values are computed object by object; a fixpoint makes all at once."""
        recursive = {item.name for group in self._recursive for item in group}
        return [
            bool(item.parameters) and item.name not in recursive for item in self.ruleset.derived
        ]

    @functools.cached_property
    def _recursive(self) -> list[Sequence[ir.Derived]]:
        return [group for group in self.ruleset.strata if is_recursive(group)]

    def _verdict(self, c: list[Any]) -> Verdict:
        if self._decision.policy not in ("first", "priority"):
            truths = [rule(c) for rule in self._rules]
            return Verdict(*hit_policy.decide(self._decision, self._outcomes, truths))
        open_outcomes: set[str] = set()
        for rank, rule in enumerate(self._rules):
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

    def _constrained(self, c: list[Any], verdict: Verdict) -> Verdict:
        truths = [condition(c) for condition in self._limits]
        outcome, rule, _ = hit_policy.constrain(
            self._decision, self.ruleset.constraints, truths, *verdict
        )
        return Verdict(outcome, rule)

    # ---------------------------------------------------------- two-valued

    def _compile_plain(self, scope: dict[str, Any]) -> Callable[[Mapping[str, Any]], Verdict]:
        if self.ruleset.entities or self._recursive:
            return self._general
        source = "\n".join(self._plain_lines(Plain(self.ruleset), scope))
        scope |= {
            "general": self._general,
            "UnknownError": UnknownError,
            "unknown": unknown,
            "known": known,
            "float32": known_float32,
            "day": known_day,
            "decided": self._decided,
        }
        try:
            exec(compile(source, f"<{self.ruleset.name}>", "exec"), scope)
        except (MemoryError, RecursionError, SyntaxError):  # parentheses nested too deep
            return self._general
        self.source += f"\n{source}"
        plain: Callable[[Mapping[str, Any]], Verdict] = scope["decide"]
        return plain

    def _decided(self, truths: Sequence[bool]) -> Verdict:
        return Verdict(*hit_policy.decide(self._decision, self._outcomes, truths))

    def _plain_lines(self, plain: Plain, scope: dict[str, Any]) -> list[str]:
        lines = ["def decide(case):"]
        for item in self.ruleset.inputs:
            local = plain.locals[item.name]
            lines += [f"    {local} = case.get({item.name!r})", *_admission(item, local, scope)]
            if isinstance(item.type, ir.FloatType) and item.name not in plain.raw:
                lines.append(f"    {local} = float32({local})")
        lines += [f"    {local} = PENDING" for local in plain.lazy]
        body = [f"{local} = {code}" for local, code in plain.statements]
        conditions = [plain(rule.condition) for rule in self.ruleset.ranked]
        if self._decision.policy in ("first", "priority"):
            for rank, condition in enumerate(conditions):
                verdict = self._plain_verdict(plain, self._outcomes[rank], rank, scope)
                body.append(f"if {condition}: return {verdict}")
            default = self._decision.default
            assert default is not None
            body.append(f"return {self._plain_verdict(plain, default, DEFAULT, scope)}")
        elif self.ruleset.constraints:
            body.append("return general(case)")
        else:
            body.append(f"return decided(({''.join(f'{code}, ' for code in conditions)}))")
        lines += ["    try:", *(f"        {line}" for line in body)]
        return [
            *lines,
            "    except (UnknownError, ZeroDivisionError):",
            "        return general(case)",
        ]

    def _plain_verdict(self, plain: Plain, outcome: str, rank: int, scope: dict[str, Any]) -> str:
        name, violated = f"V{rank + 1}", "violated"
        scope[name] = Verdict(outcome, rank)
        scope[violated] = Verdict(hit_policy.unknown_outcome(self._decision), VIOLATED)
        broken = [
            plain(item.condition)
            for item in self.ruleset.constraints
            if item.weight is None and outcome not in item.allowed
        ]
        return f"({violated} if {' or '.join(broken)} else {name})" if broken else name


def _admission(item: ir.Input, local: str, scope: dict[str, Any]) -> list[str]:
    """Statements that give up the fast path where an input is missing."""
    scope[f"admit_{local}"] = functools.partial(admit, item.name, item.type)
    match item.type:
        case ir.FloatType(low=low, high=high, low_open=low_open, high_open=high_open):
            least = FIRST_FINITE
            if low is not None:
                least = (first_above if low_open else first_at_least)(low)
            beyond = first_above(FLOAT_MAX)
            if high is not None:
                beyond = min(beyond, (first_at_least if high_open else first_above)(high))
            test = f"{local}.__class__ is float and {least!r} <= {local} < {beyond!r}"
        case ir.IntType(low=low, high=high):
            test = f"{local}.__class__ is int and {low} <= {local} <= {high}"
        case ir.BoolType():
            test = f"{local} is True or {local} is False"
        case ir.EnumType(members=members):
            scope[f"members_{local}"] = frozenset(members)
            test = f"{local}.__class__ is str and {local} in members_{local}"
        case ir.StringType():
            test = f"{local}.__class__ is str"
        case _:
            test = "False"
    return [
        f"    if not ({test}):",
        f"        {local} = admit_{local}({local})",
        f"        if {local} is None: return general(case)",
    ]


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
    bounds = {
        f"bounded_{item.name}": functools.partial(bounded, item.type)
        for item in ruleset.derived
        if has_bounds(item.type)
    }
    return bounds | {
        "PENDING": PENDING,
        "product": itertools.product,
        "to_float32": to_float32,
        "to_day": to_day,
        "floor": math.floor,
        "ceil": math.ceil,
    }
