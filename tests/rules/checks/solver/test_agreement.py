"""The symbolic form of a rule set means what the reference engine does, bit by bit."""

from __future__ import annotations

import time

import pytest

from rules.checks.solver.formulas import conj, neg
from rules.checks.solver.search import Search
from rules.engines.agree import cases, generate
from rules.engines.agree.checking import settled
from rules.engines.reference import evaluate
from tests.rules.checks.solver.pinning import agreement, model_near, pins


@pytest.mark.parametrize("block", range(6))
def test_a_settled_case_folds_to_what_the_engine_says(block: int) -> None:
    """Random rule sets of the whole language; nothing is left for the solver."""
    for seed in range(block * 25, block * 25 + 25):
        ruleset = settled(generate(seed))
        for case in cases(ruleset, seed, 2):
            evaluation = evaluate(ruleset, case, margin=False)
            assert agreement(model_near(ruleset, case, free=False), evaluation) is True


@pytest.mark.parametrize("block", range(6))
def test_the_solver_proves_what_the_engine_says(block: int) -> None:
    """The same with variables for all inputs: a case that says otherwise is excluded."""
    for seed in range(1000 + block * 5, 1005 + block * 5):
        ruleset = settled(generate(seed))
        (case,) = cases(ruleset, seed, 1)
        evaluation = evaluate(ruleset, case, margin=False)
        model = model_near(ruleset, case, free=True)
        given, same = pins(model.case, evaluation.world), agreement(model, evaluation)
        search = Search([model], deadline=time.monotonic() + 60)
        assert search.find(given, lambda _one: True, complete=False) is not None
        assert search.find(conj(given, neg(same)), lambda _one: False, complete=False) is None
