"""Trees in XLA beside scikit-learn: the same leaves, in less time.

    python benchmarks/classical.py

Scikit-learn and both forms of evaluation take
turns in one process, after their answers were found equal. Prints medians of a call in
milliseconds, and ratios.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from research.models.classical import Boosting, DecisionTree, RandomForest

ROUNDS = 9
FEATURES = 32
SIZES = (1, 100, 8192)
MODELS = {
    "tree, 64 leaves": DecisionTree(max_depth=6),
    "forest, 100 trees of 128 leaves at most": RandomForest(trees=100, max_depth=7, jobs=2),
    "forest, 100 whole trees": RandomForest(trees=100, jobs=2),
    "boosting, 100 trees of 8 leaves": Boosting(rounds=100, max_leaves=8),
    "boosting, 100 trees of 31 leaves": Boosting(rounds=100, max_leaves=31),
}


def data(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(count, FEATURES)).astype(np.float32)
    inputs[random.random(inputs.shape) < 0.02] = np.nan
    known = np.nan_to_num(inputs)
    signal = known[:, 0] * known[:, 1] + known[:, 2] + random.normal(size=count)
    return inputs, (signal > 0).astype(np.int64)


def medians(contestants: dict[str, Callable[[], Any]]) -> dict[str, float]:
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(ROUNDS + 1):
        for name, call in contestants.items():
            began = time.perf_counter()
            call()
            if turn:
                taken[name].append(1000 * (time.perf_counter() - began))
    return {name: statistics.median(times) for name, times in taken.items()}


def contestants(model: Any, variables: Any, fitted: Any, rows: np.ndarray) -> dict[str, Any]:
    predict = jax.jit(
        lambda variables, rows: jax.nn.softmax(model.predict(variables, rows)["logits"])
    )
    params = jax.tree.map(jax.numpy.asarray, variables.params)
    forms = {"gathers": {name: array for name, array in params.items() if name != "kept"}}
    if "kept" in params:
        forms["comparisons"] = params

    def ours(form: dict[str, Any]) -> Callable[[], np.ndarray]:
        return lambda: np.asarray(predict(variables._replace(params=form), rows))

    calls = {name: ours(form) for name, form in forms.items()}
    return {"scikit-learn": lambda: fitted.predict_proba(rows), **calls}


def main() -> None:
    inputs, labels = data(4000, 0)
    for title, model in MODELS.items():
        variables = model.fit(inputs, labels, 0)
        fitted = model.scikit(0).fit(inputs, labels)
        print(f"\n{title}")
        for size in SIZES:
            rows = data(size, 1)[0]
            calls = contestants(model, variables, fitted, rows)
            expected = calls["scikit-learn"]().argmax(1)
            for name, call in calls.items():
                assert np.array_equal(call().argmax(1), expected), name
            times = medians(calls)
            theirs = times["scikit-learn"]
            shown = ", ".join(
                f"{name} {taken:.2f}"
                + ("" if name == "scikit-learn" else f" ({theirs / taken:.1f}x)")
                for name, taken in times.items()
            )
            print(f"  {size:5} rows: {shown} ms")


if __name__ == "__main__":
    main()
