"""Clauses as rules of durable_rules, in the only form that is known to be matched exactly.

One rule per conjunction, positive patterns first, then `go`, then all negations; no `|`; the
last term of each join is a tautology, without which the engine reads beyond the terms when an
inequality fails; `dist` 0, so that one fact can fill two places.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rules.engines.rete.program import (
    GO,
    START,
    Chain,
    Clause,
    Comparison,
    FactType,
    Head,
    Literal,
    Place,
    Rule,
    Test,
)

__all__ = ["MAX_PATTERNS", "rule_definition", "ruleset_json"]

MAX_PATTERNS = 16
MAX_JOINS = 28  # of one pattern: 32 terms with the tautology and the brackets
OPERATORS = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte", "!=": "$neq"}
MIRROR = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "!=": "!="}


def rule_definition(clause: Clause, codes: Mapping[FactType, int]) -> Rule:
    """The rule of a clause.

    Raises:
        ValueError: it has more patterns or joins than durable_rules takes.
    """
    builder = _Builder(clause, codes)
    for literal in _ordered(clause.positive):
        builder.add(f"f{len(builder.patterns)}", literal)
    if clause.negative:
        builder.add("go", Literal(GO))
    elif not builder.patterns:
        builder.add("f0", Literal(START))
    for literal in clause.negative:
        builder.add(f"n{len(builder.patterns)}$not", literal)
    if len(builder.patterns) > MAX_PATTERNS:
        raise ValueError(f"{len(builder.patterns)} patterns, expected at most {MAX_PATTERNS}")
    head = Head(
        code=codes[clause.head],
        terms=tuple(
            term if isinstance(term, int) else builder.places[term] for term in clause.terms
        ),
    )
    return Rule(patterns=tuple(builder.patterns), head=head, chains=tuple(builder.chains))


def ruleset_json(rules: Iterable[Rule], codes: Mapping[FactType, int]) -> str:
    """The text that durable_rules reads: rules named by their numbers, and one for `start`."""
    named: dict[str, Any] = {"start": {"all": [{"f0": {"t": codes[START]}}], "dist": 0}}
    for number, rule in enumerate(rules):
        named[str(number)] = {"all": list(rule.patterns), "dist": 0}
    return json.dumps(named)


class _Builder:
    """Adds patterns, and knows which one first held each variable."""

    def __init__(self, clause: Clause, codes: Mapping[FactType, int]) -> None:
        self.codes = codes
        self.patterns: list[dict[str, Any]] = []
        self.chains: list[Chain] = []
        self.places: dict[str, Place] = {}
        self.pending = list(clause.comparisons)

    def add(self, name: str, literal: Literal) -> None:
        """Adds a pattern; again where two of its own properties are compared."""
        here: dict[str, str] = {}  # variables first held by this pattern, by property
        tests: list[Test] = []
        joins: list[Any] = []
        within: list[Comparison] = []
        for number, term in enumerate(literal.terms):
            own = f"a{number}"
            if isinstance(term, int):
                tests.append(("=", own, term))
            elif term in self.places:
                joins.append(_term("=", own, self.places[term]))
            elif term in here:
                again = f"{term}/{own}"
                here[again] = own
                within.append(Comparison("=", again, term))
            else:
                here[term] = own
        if literal.value is not None:
            here[literal.value] = "v"
        tests.extend((op, "v", key) for op, key in literal.tests)
        for item in [item for item in self.pending if {item.left, item.right} & here.keys()]:
            if isinstance(item.right, int):
                tests.append((item.op, here[item.left], item.right))
            elif item.left in here and item.right in here:
                within.append(item)
            elif item.left in here and item.right in self.places:
                joins.append(_term(item.op, here[item.left], self.places[item.right]))
            elif item.right in here and item.left in self.places:
                joins.append(_term(MIRROR[item.op], here[item.right], self.places[item.left]))
            else:
                continue
            self.pending.remove(item)
        self._append(name, literal.type, tests, joins)
        self.places |= {variable: (name, own) for variable, own in here.items()}
        if within:
            both = [
                _term(item.op, here[item.left], self.places[str(item.right)]) for item in within
            ]
            same = [_term("=", own, self.places[variable]) for variable, own in here.items()]
            self._append(f"f{len(self.patterns)}", literal.type, tests, [*joins, *same, *both])

    def _append(
        self, name: str, type_: FactType, tests: Sequence[Test], joins: Sequence[Any]
    ) -> None:
        terms = [{"t": self.codes[type_]}, *(_term(*test) for test in sorted(set(tests)))]
        if self.patterns:
            first = next(iter(self.patterns[0]))
            terms += [*joins, {"one": {first: "one"}}]
        if len(joins) > MAX_JOINS:
            raise ValueError(f"{len(joins)} joins in a pattern, expected at most {MAX_JOINS}")
        self.patterns.append({name: {"$and": terms}})
        self.chains.append((type_, tuple(sorted(set(tests)))))


def _term(op: str, own: str, other: int | Place) -> dict[str, Any]:
    """One term: a property of the fact against a constant, or a property of another fact."""
    right = other if isinstance(other, int) else {other[0]: other[1]}
    return {own: right} if op == "=" else {OPERATORS[op]: {own: right}}


def _ordered(literals: Sequence[Literal]) -> list[Literal]:
    """Each next to those that it shares variables with; who is there comes last."""
    waiting = list(literals)
    bound: set[str] = set()
    ordered: list[Literal] = []

    def merit(literal: Literal) -> tuple[bool, int, int]:
        variables = {term for term in literal.terms if isinstance(term, str)}
        is_domain = literal.type.kind in ("listed", "present")
        unbound = len(variables - bound)
        return (is_domain and unbound > 0, unbound, -len(literal.tests) - len(literal.terms))

    while waiting:
        best = min(waiting, key=merit)
        waiting.remove(best)
        ordered.append(best)
        bound |= {term for term in best.terms if isinstance(term, str)}
    return ordered
