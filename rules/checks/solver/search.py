"""Finds a case with a property, or proves that there is none.

The solver chooses truths, names, and which bounds numbers reach. A model of that is a
candidate: the reference engine decides it. Where it turns out otherwise, the solver is told
why its choice of bounds cannot be (`propagation`); where bounds cannot tell, numbers within
them are tried (`nearby`), ranges are cut in two (`splitting`), and at last z3 computes in floats
itself. So a case that is found has been decided by the engine, and "none" is a proof: what the
solver was told is true of every case (counterexample-guided abstraction refinement: Clarke,
Grumberg, Jha, Lu and Veith, 2000).
"""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import z3

from rules.checks.solver.formulas import Formula, when
from rules.checks.solver.model import Model
from rules.checks.solver.nearby import Target, nearby
from rules.checks.solver.plain import plainer
from rules.checks.solver.propagation import clauses
from rules.checks.solver.space import Space, Tie
from rules.checks.solver.splitting import first_broken, split
from rules.checks.solver.symbolic_case import holds
from rules.engines.reference import Evaluation, evaluate

__all__ = ["Disagreement", "Found", "OutOfTime", "Search", "model_of"]


PATIENCE = 15.0  # seconds for one question
MAX_SPLITS = 24  # of the range of a number, before z3 computes in floats
EARLIER = 20  # cases that were found before, and that a search for numbers starts from


class OutOfTime(Exception):
    """The solver did not settle a question in time."""


class Disagreement(RuntimeError):
    """The solver's account of a rule set and the reference engine differ: a fault of ours."""


Tried: TypeAlias = "Callable[[dict[str, Any]], Found | None]"


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
        self._ties = _Ties(self.case.space)
        self._cases: list[dict[str, Any]] = []
        self._names_of: dict[int, tuple[z3.ExprRef, frozenset[str]]] = {}
        self._told: list[Formula] = []

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
        space, symbolic = self.case.space, self.case
        guard, whole, few = (space.boolean(name) for name in ("asked", "complete", "few"))
        space.axioms += [
            when(guard, formula),
            when(whole, symbolic.complete),
            when(few, symbolic.few_objects),
        ]
        assumptions = [(guard, whole), (guard,)]
        if symbolic.listed:  # most properties show with a few objects, which is easier to read
            assumptions.insert(0, (guard, whole, few))
        for assumed in assumptions:
            if complete is None or complete is (whole in assumed):
                found = self._ask(formula, has, *assumed)
                if found is not None:
                    return found
        return None

    def axioms(self) -> list[Formula]:
        """What holds in every case, as far as the solver has been told."""
        return [*self._told, *self.case.space.axioms]

    def ties_behind(self, formula: Formula) -> list[Tie]:
        """The arithmetic that a formula depends on, each part after those that it needs."""
        return self._ties.behind(self._names([formula]))

    def possible(self, formula: Formula) -> bool:
        """False is a proof that no case has the property; True means nothing."""
        guard = self.case.space.boolean("asked")
        self.case.space.axioms.append(when(guard, formula))
        return self._model([guard], self.deadline) is not None

    def _ask(
        self, formula: Formula, has: Callable[..., bool], *assumed: z3.BoolRef
    ) -> Found | None:
        def tried(case: dict[str, Any]) -> Found | None:
            return self._tried(case, has)

        deadline = min(self.deadline, time.monotonic() + PATIENCE)
        ties = self.ties_behind(formula)
        for splits in itertools.count():
            model = self._model(assumed, deadline)
            while model is not None and (told := clauses(ties, model)):
                self.case.space.axioms += told
                model = self._model(assumed, deadline)
            if model is None:
                return None
            case = self.case.case(model)
            found = tried(case)
            if found is None and splits in (0, MAX_SPLITS // 2):
                found = self._near(model, formula, case, tried)
            if found is not None:
                return found
            wrong = self._wrong(ties, model, case)
            if splits == MAX_SPLITS or not split(wrong, ties, model):
                break
        return self._ask_exactly(ties, assumed, tried, deadline)

    def _ask_exactly(
        self,
        ties: Sequence[Tie],
        assumed: Iterable[z3.BoolRef],
        tried: Tried,
        deadline: float,
    ) -> Found | None:
        """The answer of z3 itself, which computes in floats bit by bit."""
        space = self.case.space
        exact = [tie.exact() for tie in ties]
        while len(more := self._ties.behind(self._names(exact))) > len(exact):
            exact = [tie.exact() for tie in more]
        solver = z3.Then(*_EXACTLY).solver()
        solver.add(*self._told, *space.axioms, *space.links, *exact, *assumed)
        model = model_of(solver, (), deadline)
        if model is None:
            return None
        case = self.case.case(model, exact=True)
        found = tried(case)
        if found is None:
            raise self._disagreement(case)
        return found

    def _model(self, assumed: Iterable[z3.BoolRef], deadline: float) -> z3.ModelRef | None:
        """A model of what the solver knows; None if there is none."""
        axioms = self.case.space.axioms
        self._solver.add(*axioms)
        self._told += axioms
        axioms.clear()
        return model_of(self._solver, assumed, deadline)

    def _near(
        self,
        model: z3.ModelRef,
        formula: Formula,
        case: dict[str, Any],
        tried: Tried,
    ) -> Found | None:
        """A case with the property near that of a model."""
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
        return nearby(self.case, model, case, self._cases[-EARLIER:], targets, tried)

    def _wrong(self, ties: Sequence[Tie], model: z3.ModelRef, case: dict[str, Any]) -> Tie:
        """The first tie that the model breaks, with the numbers of its case."""
        found = first_broken(ties, model, self.case.keys(case))
        if found is None:
            raise self._disagreement(case)
        return found

    def _disagreement(self, case: dict[str, Any]) -> Disagreement:
        return Disagreement(
            "the solver and the reference engine disagree about a rule set; please report it, "
            f"with this case: {case}"
        )

    def _names(self, formulas: Iterable[Formula]) -> frozenset[str]:
        """The variables in formulas, which share most of their parts with earlier ones."""
        found: set[str] = set()
        for formula in formulas:
            if isinstance(formula, bool):
                continue
            key = formula.get_id()
            if key not in self._names_of:
                parts = formula.children()
                inner = self._names(parts) if z3.is_and(formula) else names_in([formula])
                self._names_of[key] = formula, frozenset(inner)
            found |= self._names_of[key][1]
        return frozenset(found)

    def _tried(self, case: dict[str, Any], has: Callable[..., bool]) -> Found | None:
        """The case as it was found, if it has the property."""
        evaluations = self.decide(case)
        if not has(*evaluations):
            return None
        self._cases.append(case)

        def plain() -> Found:
            tidy = plainer(case, self.case, lambda one: has(*self.decide(one)))
            return Found(case=tidy, evaluations=self.decide(tidy), plainer=lambda: plain())

        return Found(case=case, evaluations=evaluations, plainer=plain)

    def decide(self, case: dict[str, Any]) -> tuple[Evaluation, ...]:
        """What the rule sets say about a case."""
        return tuple(evaluate(model.ruleset, case, margin=False) for model in self.models)


_EXACTLY = (
    "simplify",
    "propagate-values",
    "fpa2bv",
    "simplify",
    "propagate-values",
    "solve-eqs",
    "simplify",
    "bit-blast",
    "sat",
)


def model_of(
    solver: z3.Solver, assumed: Iterable[z3.BoolRef], deadline: float
) -> z3.ModelRef | None:
    """A model of what a solver was told; None if there is none.

    Raises:
        OutOfTime: at the deadline.
    """
    left = deadline - time.monotonic()
    if left <= 0:
        raise OutOfTime
    solver.set("timeout", int(left * 1000) + 1)
    answer = solver.check(*assumed)
    if answer == z3.unknown:
        raise OutOfTime
    return None if answer == z3.unsat else solver.model()


class _Ties:
    """The ties of a space, by the variables that they define."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._by_name: dict[str, int] = {}
        self._count = 0

    def behind(self, names: Iterable[str]) -> list[Tie]:
        """Those that variables depend on, each after those that it needs."""
        for index in range(self._count, len(self._space.ties)):
            tie = self._space.ties[index]
            self._by_name.update(dict.fromkeys(tie.names, index))
        self._count = len(self._space.ties)
        found: set[int] = set()
        pending = {self._by_name[name] for name in names if name in self._by_name}
        while pending:
            found |= pending
            pending = {
                self._by_name[variable.name]
                for index in pending
                for operand in self._space.ties[index].operands
                for variable in operand.variables()
                if variable.name in self._by_name
            } - found
        return [self._space.ties[index] for index in sorted(found)]


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
