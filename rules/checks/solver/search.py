"""Finds a case with a property, or proves that there is none.

The solver first sees arithmetic results as free variables. A model is a candidate: the
reference engine decides it. Where it turns out otherwise, the definitions of the results that
went wrong are added, and the solver is asked again. So a case that is found has been decided
by the engine, and "none" is a proof: what the solver was told is true of every case
(counterexample-guided abstraction refinement: Clarke, Grumberg, Jha, Lu and Veith, 2000).
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

import z3

from rules.checks.solver.formulas import Formula, Truth, when
from rules.checks.solver.model import Model
from rules.checks.solver.numbers import Definition, Space
from rules.checks.solver.nearby import Target, nearby
from rules.checks.solver.plain import plainer
from rules.checks.solver.symbolic_case import holds
from rules.engines.reference import Evaluation, evaluate

__all__ = ["Disagreement", "Found", "OutOfTime", "Search"]


PATIENCE = 5.0  # seconds for one question
EARLIER = 20  # cases that were found before, and that a search for numbers starts from


class OutOfTime(Exception):  # noqa: N818 (a question stays open, nothing went wrong)
    """The solver did not settle a question in time."""


class Disagreement(RuntimeError):
    """The solver's account of a rule set and the reference engine differ: a fault of ours."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Found:
    """A case with the property asked for.

    Attributes:
        case: as `rules.engines.world` takes it.
        evaluations: what the rule sets say about it.
        plainer: the same with a case that is easier to read.
    """

    case: dict[str, Any]
    evaluations: tuple[Evaluation, ...]
    plainer: Callable[[], Found]


class Search:
    """Questions about one or two rule sets over the same symbolic case.

    Attributes:
        models: of the rule sets.
    """

    def __init__(self, models: Iterable[Model], *, deadline: float) -> None:
        """Args: the deadline is a value of `time.monotonic`."""
        self.models = tuple(models)
        self.case = self.models[0].case
        self.deadline = deadline
        self._solver = z3.SimpleSolver()
        self._definitions = _Definitions(self.case.space)
        self._cases: list[dict[str, Any]] = []
        self._names_of: dict[z3.ExprRef, frozenset[str]] = {}
        self._guards: dict[Definition, z3.BoolRef] = {}
        self._convert = z3.Then("simplify", "fpa2bv", "simplify")

    def find(
        self,
        formula: Formula,
        has: Callable[..., bool],
        *,
        complete: bool | None = None,
    ) -> Found | None:
        """A case for which the formula is true; None is a proof that there is none.

        Args:
            formula: over the symbolic case.
            has: the same property of the evaluations of a case, one for each model.
            complete: True to look only at cases that lack nothing; None to prefer these.

        Raises:
            OutOfTime: neither was found in time.
        """
        if formula is False:
            return None
        space, everything = self.case.space, self.case.complete
        guard, whole = space.boolean("asked"), space.boolean("complete")
        space.axioms += [when(guard, formula), when(whole, everything)]
        found = None if complete is False else self._ask(formula, has, guard, whole)
        return found if found or complete else self._ask(formula, has, guard)

    def possible(self, formula: Formula) -> bool:
        """False is a proof that no case has the property; True means nothing."""
        guard = self.case.space.boolean("asked")
        self.case.space.axioms.append(when(guard, formula))
        self._tell(self.case.space.axioms)
        return self._solver.check(guard) != z3.unsat

    def _ask(
        self, formula: Formula, has: Callable[..., bool], *assumed: z3.BoolRef
    ) -> Found | None:
        def is_witness(case: dict[str, Any]) -> bool:
            return has(*self.decide(case))

        active: dict[Definition, z3.BoolRef] = {}
        deadline = min(self.deadline, time.monotonic() + PATIENCE)
        while True:
            self._tell(self.case.space.axioms)
            left = deadline - time.monotonic()
            if left <= 0:
                raise OutOfTime
            self._solver.set("timeout", int(left * 1000) + 1)
            answer = self._solver.check(*assumed, *active.values())
            if answer == z3.unsat:
                return None
            if answer == z3.unknown:
                raise OutOfTime
            model = self._solver.model()
            case = self._tried(model, formula, is_witness)
            if case is not None:
                self._cases.append(case)
                return self._found(case, is_witness)
            for item in self._misleading(model, formula, active):
                active[item] = self._guard(item)

    def _tried(
        self, model: z3.ModelRef, formula: Formula, is_witness: Callable[[dict[str, Any]], bool]
    ) -> dict[str, Any] | None:
        """The case of a model, or one near it, if it has the property."""
        case = self.case.case(model)
        if is_witness(case):
            return case
        about = self._names([formula])
        targets = [
            Target(
                symbolic.ruleset,
                {
                    rank: holds(model, truth.holds)
                    for rank, truth in enumerate(symbolic.truths)
                    if self._names(truth) <= about and not isinstance(truth.holds, bool)
                },
            )
            for symbolic in self.models
        ]
        return nearby(self.case, case, self._cases[-EARLIER:], targets, is_witness)

    def _names(self, formulas: Iterable[Formula]) -> frozenset[str]:
        """The variables in formulas, which share most of their parts with earlier ones."""
        found: set[str] = set()
        for formula in formulas:
            if isinstance(formula, bool):
                continue
            if formula not in self._names_of:
                parts = formula.children()
                inner = self._names(parts) if z3.is_and(formula) else names_in([formula])
                self._names_of[formula] = frozenset(inner)
            found |= self._names_of[formula]
        return frozenset(found)

    def _found(self, case: dict[str, Any], is_witness: Callable[[dict[str, Any]], bool]) -> Found:
        def plain() -> Found:
            return self._found(plainer(case, self.case, is_witness), is_witness)

        return Found(case=case, evaluations=self.decide(case), plainer=plain)

    def decide(self, case: dict[str, Any]) -> tuple[Evaluation, ...]:
        """What the rule sets say about a case."""
        return tuple(evaluate(model.ruleset, case, margin=False) for model in self.models)

    def _tell(self, axioms: list[Formula]) -> None:
        self._solver.add(*axioms)
        axioms.clear()

    def _misleading(
        self, model: z3.ModelRef, formula: Formula, active: Collection[Definition]
    ) -> list[Definition]:
        """Definitions that the model breaks and that led it astray: as few as possible."""
        wrong = [
            truth
            for symbolic, evaluation in zip(
                self.models, self.decide(self.case.case(model)), strict=True
            )
            for truth, held in zip(symbolic.truths, evaluation.truths, strict=True)
            if _of(model, truth) is not held
        ]
        broken = [self._broken(model, part, active) for part in (*wrong, (formula,))]
        if not any(broken):
            raise Disagreement(
                "the solver and the reference engine disagree about a rule set; please report it, "
                f"with this case: {self.case.case(model)}"
            )
        return min(filter(None, broken), key=len)

    def _broken(
        self, model: z3.ModelRef, formulas: Iterable[Formula], active: Collection[Definition]
    ) -> list[Definition]:
        return [
            item
            for item in self._definitions.behind(formulas)
            if item not in active
            and not z3.is_true(model.eval(item.formula, model_completion=True))
        ]

    def _guard(self, item: Definition) -> z3.BoolRef:
        """What makes the solver respect a definition; other questions need not."""
        if item not in self._guards:
            guard = self._guards[item] = self.case.space.boolean("defined")
            goal = z3.Goal()
            goal.add(item.formula)
            (converted,) = self._convert(goal)
            self._solver.add(*(z3.Implies(guard, part) for part in converted))
        return self._guards[item]


def _of(model: z3.ModelRef, truth: Truth) -> bool | None:
    if holds(model, truth.holds):
        return True
    return None if holds(model, truth.possible) else False


class _Definitions:
    """The definitions of a space, by the variables that they define."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._by_name: dict[str, Definition] = {}
        self._count = 0

    def behind(self, formulas: Iterable[Formula]) -> list[Definition]:
        """The costly ones that the formulas depend on."""
        for item in self._space.definitions[self._count :]:
            self._by_name.update(dict.fromkeys(item.names, item))
        self._count = len(self._space.definitions)
        found: dict[Definition, None] = {}
        pending = [item for item in formulas if not isinstance(item, bool)]
        while pending:
            items = {self._by_name[name] for name in names_in(pending) if name in self._by_name}
            new = [item for item in items if item not in found]
            found.update(dict.fromkeys(new))
            pending = [item.formula for item in new]
        return [item for item in found if item.costly]


def names_in(formulas: Iterable[z3.ExprRef]) -> set[str]:
    """The variables that formulas are about; of a bound that is reached, the number itself."""
    found: set[str] = set()
    seen: set[int] = set()
    pending = list(formulas)
    while pending:
        node = pending.pop()
        if node.get_id() in seen:
            continue
        seen.add(node.get_id())
        if z3.is_const(node) and node.decl().kind() == z3.Z3_OP_UNINTERPRETED:
            found.add(node.decl().name().split(">=")[0])
        pending.extend(node.children())
    return found
