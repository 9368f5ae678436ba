"""Answers one question at a time, and looks only at what it depends on.

Goal-directed evaluation with tabling (Tamaki and Sato, "OLD resolution with tabulation",
1986): each fact is found at most once, when it is first read. The facts of a recursive group
that a question reaches are raised together to their least fixpoint, so recursion ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from rules.engines import hit_policy
from rules.engines.closures import Prepared, prepare
from rules.engines.decisions import CONFLICT, UNKNOWN
from rules.engines.fixpoint import Fact, Rising
from rules.engines.joining import Joining
from rules.engines.prepared import once_per_ruleset
from rules.engines.semantics import NO_BINDING, truth
from rules.engines.single_goals import PENDING, Goal, SingleGoals
from rules.engines.values import Value
from rules.engines.world import Object, Objects, admit_case
from rules.errors import did_you_mean
from rules.language import ir
from rules.language.settings import refuse_undated
from rules.language.strata import is_recursive
from rules.language.walk import children

if TYPE_CHECKING:
    from rules.explain.proof import Proof

__all__ = ["Query"]

T = TypeVar("T")
# Nested levels of expressions evaluated on Python's stack, which has 1,000 frames by default.
LEVELS = 60


class Query:
    """Questions about one case.

    Attributes:
        ruleset: the rules.
        objects: who is present, see `World`.
    """

    def __init__(self, ruleset: ir.Ruleset, case: Mapping[str, Any]) -> None:
        """Takes a case; nothing is derived yet.

        Args:
            ruleset: a checked rule set.
            case: as for `rules.engines.reference.evaluate`.

        Raises:
            TypeError, ValueError: as there.
        """
        self.ruleset = ruleset
        self._program = _program(ruleset)
        self._world = admit_case(ruleset, case)
        self._joining = Joining(self._world, self._program.prepared)
        self.objects = self._world.objects
        # With what is derived about no objects.
        self._known: dict[str, Any] = {**self._program.pending, **self._world.values}
        self._table: dict[Fact, Value | None] = {}
        self._rising: dict[str, Rising] = {}
        self._truths: dict[int, bool | None] = {}
        self._stacked: int | None = None  # levels on the stack, None between questions

    @property
    def goals(self) -> frozenset[Fact]:
        """The derived facts that have been looked at so far."""
        rising = (fact for group in self._rising.values() for fact in group.truths)
        known = self._known
        single = ((name, ()) for name in self._program.pending if known[name] is not PENDING)
        return frozenset({*self._table, *rising, *single})

    @property
    def conditions(self) -> Mapping[int, bool | None]:
        """By rank, the truths of the rules that have been looked at so far."""
        return dict(self._truths)

    def ask(self, name: str, *objects: Object) -> Value | None:
        """The value of a param, input or derived name; None is unknown.

        Args:
            name: what to ask for.
            *objects: what it is about, as many as it has parameters.

        Raises:
            ValueError: there is no such name or object, or another number of objects.
        """
        self._check(name, objects, "param, input or derived name")
        return self.read(name, objects)

    def holds(self, question: str) -> bool | None:
        """Whether a rule fires, or a condition holds; None is unknown.

        Args:
            question: the name of a rule, or a condition as in a rule file:
                `some g: earns(g) > 50_000`.

        Raises:
            RuleError: something is wrong in the condition.
            ValueError: the rule set has no text to read the condition with.
        """
        if question in self._program.ranks:
            return self._fires(self._program.ranks[question])
        return self.truth(_condition(self.ruleset, question))

    def prove(self, name: str, *objects: Object) -> Proof:
        """How the value of a name, or the truth of a rule, comes about.

        Args:
            name: of a rule, param, input or derived value.
            *objects: what it is about, as many as it has parameters.

        Raises:
            ValueError: there is no such name or object, or another number of objects.
        """
        from rules.explain.prover import Prover

        prover = Prover(self.ruleset, self)
        if name in self._program.ranks:
            return prover.prove(self.ruleset.ranked[self._program.ranks[name]].condition)
        parameters = self._check(name, objects, "rule, param, input or derived name")
        arguments = tuple(
            ir.Const(value=label, type=self.ruleset.entity[entity].type)
            for label, entity in zip(objects, parameters, strict=True)
        )
        return prover.prove(ir.Ref(name=name, type=self.ruleset.types[name], arguments=arguments))

    def decide(self) -> tuple[hit_policy.Outcome, int]:
        """The outcome and the rank of the deciding rule, as `Evaluation` has them.

        Rules are looked at in order of precedence, and only those that can matter.

        Raises:
            ValueError: the rule set decides nothing.
        """
        decision, rules = self.ruleset.decision, self.ruleset.ranked
        if decision is None:
            raise ValueError(
                f"rule set {self.ruleset.name} decides nothing; ask for its derived values"
            )
        outcomes = [rule.outcome for rule in rules]
        truths: list[bool | None] = [False] * len(rules)
        fired: set[str] = set()
        for rank, outcome in enumerate(outcomes):
            if decision.policy in ("any", "collect") and outcome in fired:
                continue  # could not change the outcome
            truths[rank] = self._fires(rank)
            if truths[rank] is not True:
                continue
            settled = decision.policy in ("first", "priority")
            if settled or (fired and decision.policy in ("unique", "any")):
                break
            fired.add(outcome)
        decided, rule = hit_policy.decide(decision, outcomes, truths)
        if rule in (UNKNOWN, CONFLICT):
            return decided, rule
        return self._constrain(decision, decided, rule)

    def _constrain(
        self, decision: ir.Decision, outcome: hit_policy.Outcome, rule: int
    ) -> tuple[hit_policy.Outcome, int]:
        came = outcome if isinstance(outcome, frozenset) else {outcome}
        binding = [
            item
            for item in self.ruleset.constraints
            if item.weight is None and not came <= set(item.allowed)
        ]
        truths: list[bool | None] = [False] * len(binding)
        for number, item in enumerate(binding):
            truths[number] = self.truth(item.condition)
            if truths[number]:
                break
        outcome, rule, _ = hit_policy.constrain(decision, binding, truths, outcome, rule)
        return outcome, rule

    def truth(self, condition: ir.Expr) -> bool | None:
        """Whether a condition without free variables holds; None is unknown."""
        return self._answer(lambda: truth(condition, self), _levels(condition))

    def read(self, name: str, objects: Objects = ()) -> Value | None:
        """The value of a fact, for expressions; `ask` is for people."""
        if not objects and (known := self._known.get(name, PENDING)) is not PENDING:
            return cast("Value | None", known)
        if name not in self._program.derived:
            return self._world.read(name, objects)
        fact = name, objects
        if fact in self._table:
            return self._table[fact]
        if self._stacked is None:
            return self._answer(lambda: self._find(fact), 0)
        return self._find(fact)

    def _fires(self, rank: int) -> bool | None:
        if rank not in self._truths:
            goal = self._program.condition(rank)
            if goal is not None:
                found = goal(self._known)
            else:
                condition, levels = self._program.conditions[rank]
                held = self._program.prepared(condition)
                found = self._answer(lambda: held(self, NO_BINDING), levels)
            self._truths[rank] = cast("bool | None", found)
        return self._truths[rank]

    def _answer(self, question: Callable[[], T], levels: int) -> T:
        """Answers a question, which is asked again after what was too deep for the stack."""
        waiting: list[Fact] = []
        try:
            while True:
                self._stacked = 0 if waiting else levels
                try:
                    if not waiting:
                        return question()
                    self._find(waiting[-1])
                    waiting.pop()
                except _TooDeepError as deep:
                    waiting.append(deep.fact)
        finally:
            self._stacked = None

    def _find(self, fact: Fact) -> Value | None:
        name, objects = fact
        above, levels = self._stacked or 0, self._program.levels[name]
        if above and above + levels > LEVELS:
            raise _TooDeepError(fact)
        self._stacked = above + levels
        goal = self._program.goal(name)
        if goal is not None:
            found: Value | None = goal(self._known)
        elif name in self._program.groups:
            rising = self._group(name)
            found = rising.answer(fact)
        else:
            found = self._joining.derive(self._program.derived[name], objects, self)
        if objects:
            self._table[fact] = found
        else:
            self._known[name] = found
        self._stacked = above
        return found

    def _group(self, name: str) -> Rising:
        if name not in self._rising:
            group = self._program.groups[name]
            self._rising.update(dict.fromkeys(group, Rising(group, self, self._joining.derive)))
        return self._rising[name]

    def _check(self, name: str, objects: Objects, kind: str) -> tuple[str, ...]:
        """The entities that a name is about, after checking that it can be asked for."""
        parameters: dict[str, tuple[str, ...]] = dict.fromkeys(self.ruleset.types, ())
        parameters |= {item.name: item.parameters for item in self.ruleset.inputs}
        for item in self.ruleset.derived:
            parameters[item.name] = tuple(parameter.entity for parameter in item.parameters)
        if name not in parameters:
            raise ValueError(_no_such(kind, name, parameters))
        entities = parameters[name]
        if len(objects) != len(entities):
            about = f"is about ({', '.join(entities)})" if entities else "has no parameters"
            raise ValueError(f"{name} {about}: found {len(objects)} objects")
        for label, entity in zip(objects, entities, strict=True):
            if label not in self.objects[entity]:
                raise ValueError(_no_such(entity, str(label), map(str, self.objects[entity])))
        return entities


class _Program:
    """What is the same for all questions about a rule set.

    Attributes:
        derived: by name.
        pending: the derived names about no objects, each PENDING.
        levels: by derived name, how deeply its clauses are nested, or goals below it.
        groups: by name of a recursive truth, the group that it belongs to.
        ranks: by name of a rule.
        conditions: by rank of a rule, with its levels.
    """

    def __init__(self, ruleset: ir.Ruleset) -> None:
        refuse_undated(ruleset)
        self.derived = {item.name: item for item in ruleset.derived}
        self.pending = {item.name: PENDING for item in ruleset.derived if not item.parameters}
        self.levels = {item.name: max(map(_levels, item.clauses)) for item in ruleset.derived}
        self.groups: dict[str, Mapping[str, ir.Derived]] = {}
        for group in ruleset.strata:
            if is_recursive(group):
                members = {item.name: item for item in group}
                self.groups.update(dict.fromkeys(members, members))
        self.ranks = {item.name: rank for rank, item in enumerate(ruleset.ranked)}
        self._closures: dict[int, Prepared] = {}
        self.conditions = [(rule.condition, _levels(rule.condition)) for rule in ruleset.ranked]
        self._single = SingleGoals(ruleset, _levels)
        self.levels |= self._single.chains
        self._goals: dict[str | int, Goal | None] = {}

    def goal(self, name: str) -> Goal | None:
        """The function of a derived name, where it has one."""
        if name not in self._goals:
            self._goals[name] = self._single.of_derived(name)
        return self._goals[name]

    def condition(self, rank: int) -> Goal | None:
        """The function of the condition of a rule, where it has one."""
        if rank not in self._goals:
            self._goals[rank] = self._single.of_condition(self.conditions[rank][0])
        return self._goals[rank]

    def prepared(self, expr: ir.Expr) -> Prepared:
        """An expression of the rule set as a closure, made when it is first needed."""
        if id(expr) not in self._closures:
            self._closures[id(expr)] = prepare(expr)
        return self._closures[id(expr)]


_program = once_per_ruleset(_Program)


class _TooDeepError(Exception):
    """A fact must be found with less on the stack."""

    def __init__(self, fact: Fact) -> None:
        super().__init__(fact)
        self.fact = fact


def _condition(ruleset: ir.Ruleset, text: str) -> ir.Expr:
    """A condition over the names of a rule set."""
    from rules.language.load import parse

    if not ruleset.text:
        raise ValueError(
            f"rule set {ruleset.name} has no text, so no condition can be read; ask for a derived "
            "name or a rule, or load it from a rule file"
        )
    asked = "question"
    while asked in ruleset.types or asked in {rule.name for rule in ruleset.rules}:
        asked += "_"
    whole = parse(f"{ruleset.text}\nderive {asked} if {text}\n", filename=ruleset.filename)
    return next(item.clauses[0] for item in whole.derived if item.name == asked)


def _levels(expr: ir.Expr) -> int:
    """How deeply an expression is nested."""
    deepest, pending = 0, [(expr, 2)]
    while pending:
        node, level = pending.pop()
        deepest = max(deepest, level)
        pending.extend((child, level + 1) for child in children(node))
    return deepest


def _no_such(kind: str, found: str, known: Iterable[str]) -> str:
    known = list(known)
    hint = did_you_mean(found, known)
    names = ", ".join(known) or "none"
    return f"found no {kind} {found}, expected one of: {names}" + (f"; {hint}" if hint else "")
