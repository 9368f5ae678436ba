"""The same families as scikit-learn fits and predicts them."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import numpy as np

from research.models.classical import (
    Boosting,
    ClassicalModel,
    DecisionTree,
    KernelSVM,
    LinearSVM,
    LogisticRegression,
    RandomForest,
)


def scikit(model: ClassicalModel, *, examples: int, seed: int) -> Any:
    """scikit-learn's estimator of the same model, not fitted; None where it has none.

    Args:
        model: with the options to take over.
        examples: N, by which its penalties are counted.
        seed: of whatever is random.
    """
    match model:
        case LogisticRegression():
            return _logistic(model, examples)
        case DecisionTree() | RandomForest() | Boosting() | LinearSVM() | KernelSVM():
            return model.scikit(seed)
    return None


def logistic(inputs: np.ndarray, labels: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Probabilities of class 1 `[M]` by scikit-learn's logistic regression as it comes."""
    from sklearn.linear_model import LogisticRegression as Scikit

    fitted = Scikit(max_iter=1000).fit(inputs, labels)
    probabilities: np.ndarray = fitted.predict_proba(test)[:, 1]
    return probabilities


def scores(estimator: Any, rows: np.ndarray) -> np.ndarray:
    """What scikit-learn says of class 1 `[N]`: a probability, or an SVM's score."""
    if hasattr(estimator, "predict_proba"):
        return np.asarray(estimator.predict_proba(rows)[:, 1])
    return np.asarray(estimator.decision_function(rows))


def our_scores(model: ClassicalModel, outputs: Mapping[str, Any]) -> np.ndarray:
    """The same, of our outputs; in float64."""
    if "frequencies" in outputs:
        return np.asarray(outputs["frequencies"][:, 1], np.float64)
    logits = np.asarray(outputs["logits"], np.float64)
    score = logits[:, 1] - logits[:, 0]
    if isinstance(model, LinearSVM | KernelSVM):
        return score
    probability: np.ndarray = 1 / (1 + np.exp(-score))
    return probability


def _logistic(model: LogisticRegression, examples: int) -> Any:
    import sklearn
    from sklearn.linear_model import LogisticRegression as Scikit

    penalty = model.l1 + model.l2
    build = functools.partial(Scikit, C=1 / (examples * penalty), tol=1e-6, max_iter=5000)
    if not model.l1:
        return build(solver="newton-cholesky")
    ratio = {"solver": "saga", "l1_ratio": model.l1 / penalty}
    if tuple(map(int, sklearn.__version__.split(".")[:2])) < (1, 8):
        return build(penalty="elasticnet", **ratio)
    return build(**ratio)
