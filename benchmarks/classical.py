"""Trees in XLA beside scikit-learn's: the same classes of the same rows, 32 features."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from benchmarks.contest import Contestant, Row, Work
from research.models.classical import Boosting, DecisionTree, RandomForest

FEATURES, EXAMPLES = 32, 4000
SIZES = (1, 100, 8192)
MODELS: dict[str, Any] = {
    "tree, 64 leaves": DecisionTree(max_depth=6),
    "forest, 100 trees of at most 128 leaves": RandomForest(trees=100, max_depth=7, jobs=2),
    "forest, 100 whole trees": RandomForest(trees=100, jobs=2),
    "boosting, 100 trees of 8 leaves": Boosting(rounds=100, max_leaves=8),
    "boosting, 100 trees of 31 leaves": Boosting(rounds=100, max_leaves=31),
}


def rows() -> tuple[Row, ...]:
    """Each model on one row, on a hundred, on thousands."""
    return tuple(
        Row(
            name=f"{model}, {size} rows",
            unit="rows",
            amount=size,
            contestants=tuple(
                Contestant(
                    name=name,
                    entry=f"benchmarks.classical:{function}",
                    options={"model": model, "size": size},
                )
                for name, function in (("ours", "ours"), ("scikit-learn", "scikit_learn"))
            ),
            variables={"JAX_PLATFORMS": "cpu"},
            block=0.2,
        )
        for model in MODELS
        for size in SIZES
    )


def data(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs float32 `[N, D]`, 2 % of them missing, and classes `[N]`."""
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(count, FEATURES)).astype(np.float32)
    inputs[random.random(inputs.shape) < 0.02] = np.nan
    known = np.nan_to_num(inputs)
    signal = known[:, 0] * known[:, 1] + known[:, 2] + random.normal(size=count)
    return inputs, (signal > 0).astype(np.int64)


def ours(model: str, size: int) -> Work:
    """Fitted by scikit-learn, evaluated in XLA."""
    family, asked = MODELS[model], data(size, 1)[0]
    variables = jax.tree.map(jax.numpy.asarray, family.fit(*data(EXAMPLES, 0), 0))
    predict = jax.jit(
        lambda variables, rows: jax.nn.softmax(family.predict(variables, rows)["logits"])
    )

    def run() -> np.ndarray:
        return np.asarray(predict(variables, asked))

    return Work(run=run, answer=lambda: run().argmax(1))


def scikit_learn(model: str, size: int) -> Work:
    """Scikit-learn's own evaluation."""
    fitted, asked = MODELS[model].scikit(0).fit(*data(EXAMPLES, 0)), data(size, 1)[0]
    return Work(
        run=lambda: fitted.predict_proba(asked),
        answer=lambda: fitted.predict_proba(asked).argmax(1),
    )
