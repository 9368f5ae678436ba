"""A rule set as a program: what Python computes, what durable_rules matches, in which order.

Each part is a rule set of durable_rules of its own, small enough for its limits. A truth goes
to the first part that comes after everything it must wait for: values, and truths that it
denies. Truths that it only affirms may be in the same part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rules.engines.rete.definition import rule_definition
from rules.engines.rete.errors import ReteLimitError
from rules.engines.rete.normal_form import Normaliser
from rules.engines.rete.program import (
    GO,
    START,
    Chain,
    Computed,
    FactType,
    Found,
    Part,
    Predicate,
    Program,
    Rule,
)
from rules.language import ir
from rules.language.strata import is_recursive
from rules.language.walk import names, walk

__all__ = ["compile_program", "condition_name"]

# Limits of one rule set of durable_rules, with room to spare.
MAX_TYPES = 250  # alternatives under one node: 512 make it hang
MAX_TESTS = 60  # of one type of fact: a fact of which more than 64 hold is refused
MAX_USES = 240  # patterns that share all tests: lists have 256 places
MAX_RULES = 500


def condition_name(kind: str, number: int) -> str:
    """The name of the truth of a rule or a constraint; no name of a rule text has a space."""
    return f"{kind} {number}"


def compile_program(ruleset: ir.Ruleset) -> Program:
    """Compiles a rule set.

    Args:
        ruleset: a checked rule set.

    Raises:
        ReteLimitError: a recursive group of truths is beyond the limits of durable_rules.
    """
    texts = _texts(ruleset)
    normaliser = Normaliser(ruleset, {text: code for code, text in enumerate(texts)})
    planner = _Planner(ruleset, normaliser)
    for group in ruleset.strata:
        planner.derive(group)
    conditions = {
        condition_name("rule", number): rule.condition for number, rule in enumerate(ruleset.ranked)
    } | {
        condition_name("constraint", number): item.condition
        for number, item in enumerate(ruleset.constraints)
    }
    for name, condition in conditions.items():
        planner.place([normaliser.predicate(name, [condition])])
    return planner.program(texts)


class _Registry(dict[FactType, int]):
    """Numbers types of facts as they are met."""

    def __missing__(self, type_: FactType) -> int:
        self[type_] = len(self)
        return self[type_]


class _Draft:
    """A part that is being filled."""

    def __init__(self, barrier: bool) -> None:
        self.barrier = barrier
        self.predicates: list[Predicate] = []
        self.rules: list[Rule] = []
        self._uses: Counter[Chain] = Counter([(START, ())])
        self._tests: set[Chain] = {(START, ())}  # each is a node behind the one before it
        self._types: Counter[FactType] = Counter([START])

    def takes(self, rules: Sequence[Rule]) -> bool:
        """Whether there is room for more rules."""
        more = Counter(chain for rule in rules for chain in rule.chains)
        types = Counter(type_ for type_, _ in self._nodes(more))
        return (
            len(self.rules) + len(rules) <= MAX_RULES
            and len(self._types.keys() | types.keys()) <= MAX_TYPES
            and all(self._types[type_] + count <= MAX_TESTS for type_, count in types.items())
            and all(self._uses[chain] + count <= MAX_USES for chain, count in more.items())
        )

    def add(self, predicates: Iterable[Predicate], rules: Sequence[Rule]) -> None:
        """Takes predicates, and the rules of their clauses."""
        self.predicates.extend(predicates)
        self.rules.extend(rules)
        more = Counter(chain for rule in rules for chain in rule.chains)
        nodes = self._nodes(more)
        self._uses += more
        self._tests |= nodes
        self._types.update(type_ for type_, _ in nodes)

    def _nodes(self, chains: Iterable[Chain]) -> set[Chain]:
        """The tests that are not there yet; rules that begin alike share them."""
        return {
            (type_, tests[:length]) for type_, tests in chains for length in range(len(tests) + 1)
        } - self._tests

    def part(self, codes: _Registry) -> Part:
        """The finished part."""
        own = {type_ for item in self.predicates for type_ in item.types}
        read = {literal.type for item in self.predicates for literal in item.reads}
        found = []
        for item in self.predicates:
            true, other = (codes[type_] for type_ in item.types)
            found.append(
                Found(
                    name=item.name,
                    parameters=item.parameters,
                    dense=item.dense,
                    true=true,
                    other=other,
                )
            )
        return Part(
            found=tuple(found),
            rules=tuple(self.rules),
            barrier=self.barrier,
            reads=tuple(sorted((codes[type_], type_) for type_ in read - own)),
            feeds=frozenset(codes[type_] for type_ in read & own),
        )


class _Planner:
    """Puts truths into parts, and values between them."""

    def __init__(self, ruleset: ir.Ruleset, normaliser: Normaliser) -> None:
        self._normaliser = normaliser
        self._codes = _Registry({START: 0, GO: 1})
        self._drafts: list[_Draft] = []
        self._placed: dict[str, int] = {}  # what durable_rules finds -> its part
        # Everything else -> the first part that can read it.
        self._ready = {item.name: 0 for item in ruleset.inputs}
        self._ready |= {item.name: 0 for item in ruleset.params}
        self._computed: list[tuple[int, Computed]] = []
        self._ruleset = ruleset

    def derive(self, group: Sequence[ir.Derived]) -> None:
        """Takes a group of `ruleset.strata`."""
        if not isinstance(group[0].type, ir.BoolType):
            self._compute(group)
            return
        recursive = is_recursive(group)
        made = [
            self._normaliser.predicate(
                item.name, item.clauses, item.parameters, recursive=recursive
            )
            for item in group
        ]
        if not recursive:
            self.place(made)
            return
        unit = self._cycle(made)
        if unit is None:
            self._compute(group)
        else:
            self.place(unit)

    def place(self, unit: Sequence[Predicate]) -> None:
        """Puts predicates that may read each other into one part, and what they need before.

        Raises:
            ReteLimitError: they do not fit even an empty part.
        """
        members = [item.name for item in unit]
        literals = [literal for item in unit for literal in item.reads]
        first = 0
        for literal in literals:
            name = literal.type.name
            if name in members or literal.type.kind in ("listed", "present"):
                continue
            if name in self._normaliser.predicates and name not in self._placed:
                self.place([self._normaliser.predicates[name]])
            if name in self._placed:
                first = max(first, self._placed[name] + literal.negated)
            elif name in self._normaliser.leaves:
                first = max(first, self._after(names(self._normaliser.leaves[name].condition)))
            else:
                first = max(first, self._ready[name])
        rules = self._rules(unit)
        barrier = any(literal.negated for literal in literals)
        for number in range(first, len(self._drafts)):
            draft = self._drafts[number]
            if draft.barrier is barrier and draft.takes(rules):
                break
        else:
            number, draft = len(self._drafts), _Draft(barrier)
            if not draft.takes(rules):
                more = f" and {len(members) - 3} more" if len(members) > 3 else ""
                raise ReteLimitError(
                    f"rule set {self._ruleset.name}: the truths {', '.join(members[:3])}{more} are "
                    "more than durable_rules takes in one piece; split them, or use another engine"
                )
            self._drafts.append(draft)
        draft.add(unit, rules)
        self._placed |= dict.fromkeys(members, number)

    def program(self, texts: tuple[str, ...]) -> Program:
        """The finished program."""
        steps: list[Computed | Part] = []
        for number in range(len(self._drafts) + 1):
            steps.extend(step for ready, step in self._computed if ready == number)
            if number < len(self._drafts):
                steps.append(self._drafts[number].part(self._codes))
        return Program(
            ruleset=self._ruleset,
            steps=tuple(steps),
            leaves=self._normaliser.leaves,
            codes=dict(self._codes),
            texts=texts,
        )

    def _compute(self, group: Sequence[ir.Derived]) -> None:
        """Leaves a group to Python."""
        members = {item.name for item in group}
        read = {name for item in group for clause in item.clauses for name in names(clause)}
        ready = self._after(read - members)
        step = Computed(items=tuple(group), recursive=is_recursive(group))
        self._computed.append((ready, step))
        self._ready |= dict.fromkeys(members, ready)

    def _after(self, read: Iterable[str]) -> int:
        """The first part before which all names are known."""
        return max(
            (
                self._placed[name] + 1 if name in self._placed else self._ready[name]
                for name in read
            ),
            default=0,
        )

    def _cycle(self, members: Sequence[Predicate]) -> list[Predicate] | None:
        """A recursive group and our own predicates on its cycles.

        None where one is denied, as `all` does: durable_rules cannot count down a cycle.
        """
        group = {item.name: item for item in members}
        own = self._normaliser.predicates
        on_cycle = dict.fromkeys(group, True)

        def reaches(name: str) -> bool:
            if name not in on_cycle:
                on_cycle[name] = any(
                    [reaches(literal.type.name) for literal in own[name].reads]
                    if name in own and name not in self._placed
                    else []
                )
            return on_cycle[name]

        unit = dict(group)
        pending = list(members)
        while pending:
            for literal in pending.pop().reads:
                name = literal.type.name
                if literal.type.kind in ("listed", "present") or not reaches(name):
                    continue
                if literal.negated:
                    return None
                if name not in unit:
                    unit[name] = own[name]
                    pending.append(own[name])
        return list(unit.values())

    def _rules(self, unit: Iterable[Predicate]) -> list[Rule]:
        made: list[Rule] = []
        for item in unit:
            try:
                made.extend(rule_definition(clause, self._codes) for clause in item.clauses)
            except ValueError as error:
                raise ReteLimitError(
                    f"rule set {self._ruleset.name}: a condition of {item.name} needs {error}; "
                    "derive parts of it under names of their own, or use another engine"
                ) from None
        return made


def _texts(ruleset: ir.Ruleset) -> tuple[str, ...]:
    """The texts that conditions compare with, sorted."""
    conditions = [clause for item in ruleset.derived for clause in item.clauses]
    conditions += [item.condition for item in ruleset.ranked]
    conditions += [item.condition for item in ruleset.constraints]
    found = {
        str(node.value)
        for condition in conditions
        for node in walk(condition)
        if isinstance(node, ir.Const) and isinstance(node.type, ir.StringType)
    }
    found |= {str(item.value) for item in ruleset.params if isinstance(item.type, ir.StringType)}
    return tuple(sorted(found))
