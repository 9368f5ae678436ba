"""Our contestants on one case at a time, and on proofs."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import rules
from benchmarks.contest import Work
from benchmarks.deciding.cases import answer, columns, records, with_missing
from benchmarks.deciding.each import each
from benchmarks.deciding.policy import policy, proofs
from benchmarks.deciding.ruleset import ruleset
from rules.engines.backward import Query
from rules.engines.generated import generate


def generated(count: int, rows: int, *, missing: bool = False) -> Work:
    """The generated function; with `missing`, one value of each case is."""
    plain = policy(count)
    decide = generate(ruleset(plain))
    cases = records(rows)
    if not missing:
        return each(
            decide, cases, lambda verdicts: answer(plain, [verdict.rule for verdict in verdicts])
        )
    for number, case in enumerate(cases):
        case[list(case)[number % len(case)]] = None
    return each(decide, cases, lambda verdicts: {})


def decide(count: int, rows: int) -> Work:
    """`rules.decide`, which checks and encodes the case, tells its outcome and keeps it."""
    plain = policy(count)
    made = ruleset(plain)
    return each(
        lambda case: rules.decide(made, [case], fired=False),
        records(rows),
        lambda decided: answer(plain, [int(one.decisions.rule[0]) for one in decided]),
    )


def explain(count: int, rows: int) -> Work:
    """The decision with its proof as text."""
    made = ruleset(policy(count))
    return each(lambda case: str(rules.explain(made, case)), records(rows), lambda texts: {})


def proving(rows: int, *, proof: bool = False, failures: bool = False) -> Work:
    """The goal of a case, with the tree of its proof (if it holds, or in any case) or without."""
    plain = proofs()
    made = ruleset(plain)
    goal = made.rules[0].name

    def ask(case: dict[str, Any]) -> Any:
        query = Query(made, case)
        held = query.holds(goal)
        if proof and (held or failures):
            return query.prove(goal).value
        return held

    def truths(found: list[Any]) -> dict[str, Any]:
        return answer(plain, [0 if held else -1 for held in found])

    return each(ask, records(rows), truths)


def proving_all(rows: int) -> Work:
    """The goals of all cases by the compiled rule set."""
    plain = proofs()
    decider = rules.compile(ruleset(plain))
    given = {name: jnp.asarray(c) for name, c in with_missing(columns(rows), 0.0).items()}
    return Work(
        run=lambda: jax.block_until_ready(decider(given)),
        answer=lambda: answer(plain, np.asarray(decider(given).rule)),
        amount=rows,
    )
