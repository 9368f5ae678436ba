"""All families on one split: how good, how fast, and how near to scikit-learn."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import jax
import numpy as np

from experiments.binary.measures import measures, reliability
from experiments.classical import baselines
from experiments.classical.families import TITLES, build
from research.inference import Calibration
from research.models import Variables
from research.models.classical import ClassicalModel
from research.models.classical.model import one_thread_for_few

Part = Mapping[str, np.ndarray]
_ROUNDS = 7


def compare(
    options: Mapping[str, Mapping[str, Any]], parts: Mapping[str, Part], *, seed: int
) -> list[dict[str, Any]]:
    """Figures of each family, fitted on the training part and calibrated on validation.

    Args:
        options: of each family, by name; see `families.build`.
        parts: `train`, `validation` and `test`, each `inputs` `[N, D]` and `labels` `[N]`.
        seed: of whatever is random.

    Returns:
        By family `family`, `measures` of the test part, its `reliability`, how many
        `parameters` it has, `fit_seconds`, and for predicting the test part at once
        `xla_seconds`, `scikit_seconds` and the largest `difference` of the two in what they
        say; the last two are None where scikit-learn has no such model.
    """
    return [_figures(name, build(name, options[name]), parts, seed) for name in TITLES]


def _figures(
    family: str, model: ClassicalModel, parts: Mapping[str, Part], seed: int
) -> dict[str, Any]:
    train, test = parts["train"], parts["test"]
    began = time.perf_counter()
    variables = model.fit(train["inputs"], train["labels"], seed)
    fit_seconds = time.perf_counter() - began
    predict = jax.jit(model.predict)
    logits = np.asarray(predict(variables, parts["validation"]["inputs"])["logits"])
    calibration = Calibration.fit(logits, parts["validation"]["labels"])
    outputs = predict(variables, test["inputs"])
    probabilities = np.asarray(calibration(outputs["logits"]))[:, 1]
    return {
        "family": family,
        **measures(TITLES[family], probabilities, test["labels"]),
        "reliability": reliability(probabilities, test["labels"]),
        "parameters": parameters(variables),
        "fit_seconds": fit_seconds,
        **_beside_scikit(model, variables, parts, seed),
    }


def _beside_scikit(
    model: ClassicalModel, variables: Variables, parts: Mapping[str, Part], seed: int
) -> dict[str, float | None]:
    train, rows = parts["train"], parts["test"]["inputs"]
    predict = jax.jit(lambda variables, rows: model.predict(variables, rows)["logits"])
    # On the device once, as in a service; the arguments of a call are the rows.
    variables = jax.tree.map(jax.numpy.asarray, variables)

    def ours() -> Any:
        return np.asarray(predict(variables, rows))

    estimator = baselines.scikit(model, examples=len(train["labels"]), seed=seed)
    if estimator is None:
        return {"xla_seconds": _medians(ours)[0], "scikit_seconds": None, "difference": None}
    with one_thread_for_few(len(rows)):
        estimator.fit(train["inputs"], train["labels"])
    with one_thread_for_few(len(rows)):
        xla, scikit = _medians(ours, lambda: baselines.scores(estimator, rows))
    outputs = jax.jit(model.predict)(variables, rows)
    apart = baselines.our_scores(model, outputs) - baselines.scores(estimator, rows)
    return {
        "xla_seconds": xla,
        "scikit_seconds": scikit,
        "difference": float(np.abs(apart).max()),
    }


def _medians(*functions: Callable[[], Any]) -> list[float]:
    """Seconds of each, run in turns, after one run that is not counted."""
    taken: list[list[float]] = [[] for _ in functions]
    for turn in range(_ROUNDS + 1):
        for function, times in zip(functions, taken, strict=True):
            began = time.perf_counter()
            function()
            if turn:
                times.append(time.perf_counter() - began)
    return [float(np.median(times)) for times in taken]


def parameters(variables: Variables) -> int:
    """How many numbers were fitted: of trees one for each node, a threshold or a value."""
    params = variables.params
    if "size" in params:
        return int(np.asarray(params["size"]).sum())
    return sum(np.size(array) for array in params.values())
