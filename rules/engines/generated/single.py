"""The function of a case without objects, put together from expressions.

`decide` admits the inputs and decides by the two-valued expressions of `plain.py`; where an
input is missing, or something turns out unknown, `decide_unsure` does, by those of `planes.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rules.engines.admission import admission
from rules.engines.generated.plain import Plain
from rules.engines.generated.planes import Planes
from rules.engines.generated.thresholds import FIRST_FINITE, first_above, first_at_least
from rules.engines.hit_policy import required_decision
from rules.engines.values import FLOAT_MAX
from rules.language import ir

__all__ = ["SingleValues"]


class SingleValues:
    """The source of the two functions of one rule set without objects.

    Attributes:
        scope: what they read beside their arguments, without verdicts: `V0` for the rule of
            rank 0, `V_default`, `verdict_unknown` and `violated`, and `decided`, which takes
            the truths of all rules and of all constraints.
    """

    def __init__(self, ruleset: ir.Ruleset) -> None:
        self.scope: dict[str, Any] = {}
        self._ruleset = ruleset
        self._decision = required_decision(ruleset)
        self._plain = Plain(ruleset)

    def lines(self) -> list[str]:
        """The lines of both functions."""
        planes = Planes(self._ruleset, self._plain)
        return [*self._plain_lines(self._plain), *self._plane_lines(self._plain, planes)]

    @property
    def _in_order(self) -> list[tuple[str, str, ir.Rule | None]]:
        """The verdicts in order of precedence: name, outcome, rule; the default is the last."""
        assert self._decision.default is not None
        named = [(f"V{rank}", rule.outcome, rule) for rank, rule in enumerate(self._ruleset.ranked)]
        return [*named, ("V_default", self._decision.default, None)]

    def _limits(self, outcome: str) -> list[ir.Expr]:
        """The conditions under which an outcome breaks a binding constraint."""
        return [
            item.condition
            for item in self._ruleset.constraints
            if item.weight is None and outcome not in item.allowed
        ]

    def _plain_lines(self, plain: Plain) -> list[str]:
        lines = ["def decide(case):", "    missing = False"]
        for item in self._ruleset.inputs:
            local = plain.locals[item.name]
            lines.append(f"    {local} = case.get({item.name!r})")
            rounded = isinstance(item.type, ir.FloatType) and item.name not in plain.raw
            lines += _admission(item, local, rounded, self.scope)
        unsure = f"return decide_unsure({', '.join(plain.locals.values())})"
        lines += [f"    if missing: {unsure}", *_pending(plain.sharing.lazy)]
        body = [f"{local} = {code}" for local, code in plain.sharing.statements]
        if self._decision.policy in ("first", "priority"):
            for name, outcome, rule in self._in_order:
                broken = " or ".join(map(plain, self._limits(outcome)))
                verdict = f"violated if {broken} else {name}" if broken else name
                test = "" if rule is None else f"if {plain(rule.condition)}: "
                body.append(f"{test}return {verdict}")
        else:
            body.append(f"return decided({_all(plain, self._ruleset)})")
        lines += ["    try:", *(f"        {line}" for line in body)]
        return [*lines, "    except (UnknownError, ZeroDivisionError):", f"        {unsure}"]

    def _plane_lines(self, plain: Plain, planes: Planes) -> list[str]:
        lines = [
            f"def decide_unsure({', '.join(plain.locals.values())}):",
            *_pending(planes.sharing.lazy),
        ]
        lines += [f"    {local} = {code}" for local, code in planes.sharing.statements]
        if self._decision.policy not in ("first", "priority"):
            return [*lines, f"    return decided({_all(planes.truth, self._ruleset)})"]
        lines.append("    pending = 0")  # the outcomes of rules that may fire, as bits
        for name, outcome, rule in self._in_order:
            bit = 1 << self._decision.outcomes.index(outcome)
            limits, verdict = self._limits(outcome), name
            if limits:
                broken = " or ".join(map(planes.holds, limits))
                doubted = " or ".join(map(planes.could, limits))
                verdict = f"violated if {broken} else verdict_unknown if {doubted} else {name}"
            settled = f"return verdict_unknown if pending & {~bit} else {verdict}"
            if rule is None:
                lines.append(f"    {settled}")
                continue
            lines += [
                f"    if {planes.could(rule.condition)}:",
                f"        if {planes.holds(rule.condition)}: {settled}",
                f"        if pending & {~bit}: return verdict_unknown",
                f"        pending = {bit}",
            ]
        return lines


def _pending(lazy: Sequence[str]) -> list[str]:
    return [f"    {' = '.join(lazy)} = PENDING"] if lazy else []


def _all(code: Callable[[ir.Expr], str], ruleset: ir.Ruleset) -> str:
    """Code for the truths of all rules and of all constraints."""
    rules = "".join(f"{code(rule.condition)}, " for rule in ruleset.ranked)
    limits = "".join(f"{code(item.condition)}, " for item in ruleset.constraints)
    return f"({rules}), ({limits})"


def _admission(item: ir.Input, local: str, rounded: bool, scope: dict[str, Any]) -> list[str]:
    """Statements that take an input; NaN or None is missing.

    Args:
        item: the input.
        local: the local variable that has its value.
        rounded: whether it is needed as a float32.
        scope: of the function.
    """
    scope[f"admit_{local}"] = admission(item.name, item.type)
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
    numeric = isinstance(item.type, ir.FloatType | ir.IntType | ir.DateType)
    none = f"{local}, missing = nan, True" if numeric else "missing = True"
    return [
        f"    if not ({test}):",
        f"        {local} = admit_{local}({local})",
        f"        if {local} is None: {none}",
        *([f"    else: {local} = float32({local})"] if rounded else []),
    ]
