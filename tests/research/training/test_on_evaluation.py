"""Who looks on at evaluations sees the variables that were evaluated."""

import jax
import numpy as np

from research import training
from tests.research.training.families import FAMILIES


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
