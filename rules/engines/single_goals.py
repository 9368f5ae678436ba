"""Goals that are about no objects, as generated functions of what is known.

Each takes a dictionary of names, PENDING for what nobody has asked yet, computes what it needs
and keeps it there. A function is made when it is first asked for, with those that it reads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from rules.engines.generated.kleene_code import KleeneCode
from rules.engines.generated.runtime import PENDING, kleene_scope
from rules.engines.values import Value
from rules.language import ir
from rules.language.strata import is_recursive
from rules.language.walk import walk

__all__ = ["PENDING", "Goal", "SingleGoals"]

Goal: TypeAlias = Callable[[dict[str, Any]], "Value | None"]
CHAIN = 40  # derived values that read one another, each a frame on Python's stack
NESTED = 40  # levels of an expression, of which each may be one of Python's 100 indentations


class SingleGoals:
    """The functions of one rule set.

    Attributes:
        chains: by name of a derived value that has a function, how many read one another there.
    """

    def __init__(self, ruleset: ir.Ruleset, levels: Callable[[ir.Expr], int]) -> None:
        """Args: a checked rule set, and what tells how deeply an expression is nested."""
        self._levels = levels
        self._inputs = {item.name for item in ruleset.params}
        self._inputs |= {item.name for item in ruleset.inputs}
        self.chains: dict[str, int] = {}
        for group in ruleset.strata:
            for item in group:
                chain = [self._chain(clause) for clause in item.clauses]
                if item.parameters or is_recursive(group) or None in chain:
                    continue
                longest = 1 + max(length or 0 for length in chain)
                if longest <= CHAIN:
                    self.chains[item.name] = longest
        self._code = KleeneCode(ruleset, by_name=True)
        self._scope = kleene_scope(ruleset)

    def _chain(self, expr: ir.Expr) -> int | None:
        """How many derived values read one another below; None where not all have functions."""
        if self._levels(expr) > NESTED:
            return None
        longest = 0
        for node in walk(expr):
            match node:
                case ir.Quantified() | ir.Aggregate():
                    return None
                case ir.Ref(name=name, arguments=arguments):
                    if arguments or not (name in self._inputs or name in self.chains):
                        return None
                    longest = max(longest, self.chains.get(name, 0))
        return longest

    def of_derived(self, name: str) -> Goal | None:
        """The function of a derived name; None where there is none."""
        if name not in self.chains:
            return None
        self._code.derive((name,))
        return self._made(self._code.derived[name])

    def of_condition(self, condition: ir.Expr) -> Goal | None:
        """The function of a condition without variables; None where there is none."""
        if self._chain(condition) is None:
            return None
        return self._made(self._code.function(condition))

    def _made(self, name: str) -> Goal:
        if self._code.lines:
            exec(compile("\n".join(self._code.lines), "<goals>", "exec"), self._scope)
            self._code.lines.clear()
        goal: Goal = self._scope[name]
        return goal
