"""The families of models, by the names that the configuration has for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from research.arguments import ArgumentError, did_you_mean
from research.models.classical import (
    Boosting,
    ClassicalModel,
    DecisionTree,
    KernelSVM,
    LinearSVM,
    LogisticRegression,
    RandomFeatureSVM,
    RandomForest,
)

TITLES = {
    "logistic": "Logistic regression",
    "elastic_net": "Elastic net",
    "linear_svm": "Linear SVM",
    "rbf_svm": "RBF SVM, exact",
    "random_features": "RBF SVM, random features",
    "tree": "Decision tree",
    "forest": "Random forest",
    "boosting": "Gradient boosting",
}


def build(family: str, options: Mapping[str, Any]) -> ClassicalModel:
    """A model of the family.

    Args:
        family: one of `TITLES`.
        options: of its class in `research.models.classical`.

    Raises:
        ArgumentError: for an unknown family, and for options that it doesn't take.
    """
    match family:
        case "logistic" | "elastic_net":
            return LogisticRegression(**options)
        case "linear_svm":
            return LinearSVM(**options)
        case "rbf_svm":
            return KernelSVM(**options)
        case "random_features":
            return RandomFeatureSVM(**options)
        case "tree":
            return DecisionTree(**options)
        case "forest":
            return RandomForest(**options)
        case "boosting":
            return Boosting(**options)
    raise ArgumentError(
        f"config.model.family is {family!r}, expected one of {', '.join(TITLES)}"
        f"{did_you_mean(family, TITLES)}"
    )
