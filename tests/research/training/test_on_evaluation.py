"""When evaluations are known, and who sees what was evaluated."""

import jax
import numpy as np
import pytest

from research import training
from research.training import run as loop
from research.training.evaluation import Evaluator
from research.training.executors import Executor
from tests.research.training.families import FAMILIES
from tests.research.training.loops import train
from tests.research.training.problems import assert_same


def test_the_evaluated_variables_are_shown_at_each_evaluation(tmp_path):
    task, examples = FAMILIES["mlp"]()
    seen = {}

    def look(step, variables):
        assert all(isinstance(leaf, np.ndarray) for leaf in jax.tree.leaves(variables))
        seen[step] = variables

    fitted = training.fit(
        task,
        examples,
        examples,
        steps=5,
        batch_size=8,
        evaluate_every=2,
        stepping=training.Stepping(ema=0.5),
        on_evaluation=look,
    )
    assert list(seen) == [2, 4, 5]
    kept = seen[fitted.progress.best_step]
    for found, expected in zip(
        jax.tree.leaves(kept), jax.tree.leaves(fitted.variables), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("small", [True, False])
def test_steps_go_on_while_an_evaluation_is_computed(monkeypatch, small):
    """Unless it would take much memory to keep what is evaluated."""
    expected = train()
    calls = []
    begin, dispatch = Evaluator.begin, Executor.__call__

    def watched(self, variables, **options):
        metrics = begin(self, variables, **options)
        number = len([call for call in calls if call.startswith("begin")])
        calls.append(f"begin {number}")

        def known():
            calls.append(f"known {number}")
            return metrics()

        return known

    def made(self, *arguments, **options):
        calls.append("steps")
        return dispatch(self, *arguments, **options)

    monkeypatch.setattr(Evaluator, "begin", watched)
    monkeypatch.setattr(Executor, "__call__", made)
    if not small:
        monkeypatch.setattr(loop, "_SPARE_BYTES", 0)
    fitted = train()
    two = ["steps", "steps"]
    waiting = [one for number in range(4) for one in (*two, f"begin {number}", f"known {number}")]
    if small:
        assert calls[:6] == [*two, "begin 0", *two, "known 0"]
    else:
        assert calls == waiting
    assert calls[-2:] == ["begin 3", "known 3"]
    assert fitted.progress == expected.progress
    assert fitted.history == expected.history
    assert_same(fitted.variables, expected.variables)


def test_no_steps_are_made_after_the_evaluation_that_ends_the_run(monkeypatch):
    made = []
    dispatch = Executor.__call__
    monkeypatch.setattr(
        Executor, "__call__", lambda *args, **kw: (made.append(1), dispatch(*args, **kw))[1]
    )
    fitted = train(steps=600, patience=2, steps_per_call=6, monitor="worst")  # the first is best
    assert fitted.progress.finished == "no improvement over 2 evaluations"
    assert 6 * len(made) == fitted.progress.step
