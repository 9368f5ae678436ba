"""Rules for CLIPS: all cases in one working memory, truths as facts, decisions by salience."""

from __future__ import annotations

from typing import Any

import clips

from benchmarks.contest import Work
from benchmarks.deciding.cases import answer, records
from benchmarks.deciding.each import each
from benchmarks.deciding.policy import FIELDS, Comparison, Condition, Policy, policy


def constructs(policy: Policy) -> list[str]:
    """Templates and rules; a case is decided by the first rule of the agenda that fits."""
    slots = " ".join(f"(slot {name})" for name in ("id", *FIELDS))
    found = [f"(deftemplate case {slots})", "(deftemplate decided (slot id) (slot rank))"]
    salience = 10_000
    for stratum in policy.strata:
        salience -= 1
        found += [
            f"(defrule {truth.name}-{number} (declare (salience {salience})) {_all(clause)} "
            f"=> (assert ({truth.name} ?id)))"
            for truth in stratum
            for number, clause in enumerate(truth.clauses)
        ]
    found += [
        f"(defrule decide-{rule.name} (declare (salience {salience - 1 - rank})) "
        f"{_all(rule.condition)} (not (decided (id ?id))) "
        f"=> (assert (decided (id ?id) (rank {rank}))))"
        for rank, rule in enumerate(policy.ranked)
    ]
    return found


def environment(policy: Policy) -> clips.Environment:
    made = clips.Environment()
    for construct in constructs(policy):
        made.build(construct)
    return made


def facts(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Bools as the symbols that the rules name."""
    return [
        {"id": number}
        | {
            name: clips.Symbol("yes" if value else "no") if isinstance(value, bool) else value
            for name, value in case.items()
        }
        for number, case in enumerate(cases)
    ]


def _decide(memory: clips.Environment, given: list[dict[str, Any]]) -> list[int]:
    memory.reset()
    template = memory.find_template("case")
    for fact in given:
        template.assert_fact(**fact)
    memory.run()
    ranks = [-1] * len(given)
    for fact in memory.find_template("decided").facts():
        ranks[fact["id"]] = fact["rank"]
    return ranks


def bulk(count: int, rows: int) -> Work:
    plain = policy(count)
    memory, given = environment(plain), facts(records(rows))

    def run() -> list[int]:
        return _decide(memory, given)

    return Work(run=run, answer=lambda: answer(plain, run()), amount=rows)


def one(count: int, rows: int) -> Work:
    """Reset, assert, run for each case."""
    plain = policy(count)
    memory, given = environment(plain), [facts([case]) for case in records(rows)]
    return each(lambda case: _decide(memory, case)[0], given, lambda ranks: answer(plain, ranks))


def ready(count: int) -> Work:
    """From the plain policy to the first answer."""
    plain = policy(count)
    given = facts(records(1))

    def run() -> int:
        return _decide(environment(plain), given)[0]

    return Work(run=run, answer=lambda: answer(plain, [run()]))


def _all(condition: Condition) -> str:
    """One pattern for the case, one for each truth."""
    by_field: dict[str, list[Comparison]] = {}
    for literal in condition:
        if isinstance(literal, Comparison):
            by_field.setdefault(literal.field, []).append(literal)
    slots = " ".join(f"({field} {_slot(tests)})" for field, tests in by_field.items())
    truths = " ".join(f"({literal} ?id)" for literal in condition if isinstance(literal, str))
    return f"(case (id ?id) {slots}) {truths}" if slots else truths


def _slot(tests: list[Comparison]) -> str:
    field = tests[0].field
    if FIELDS[field] == "bool":
        return "&".join("yes" if test.value else "no" for test in tests)
    checks = "".join(
        f"&:({'=' if test.op == '==' else test.op} ?{field} {test.value!r})" for test in tests
    )
    return f"?{field}{checks}"
