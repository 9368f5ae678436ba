"""What scikit-learn reaches on the same pictures."""

from __future__ import annotations

from typing import Any

import numpy as np


def predict(
    train: dict[str, np.ndarray], images: np.ndarray, *, examples: int, seed: int
) -> dict[str, np.ndarray]:
    """Probabilities `[N, K]` of images uint8 `[N, 28, 28, 1]`, by baseline.

    Args:
        train: `inputs` and `labels` to fit on.
        images: to predict.
        examples: how many of the training examples to use at most.
        seed: of the forest.
    """
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    candidates: dict[str, Any] = {
        "Logistic regression": LogisticRegression(tol=1e-3, max_iter=200, C=0.05),
        "5 nearest neighbours": KNeighborsClassifier(5, weights="distance"),
        "Random forest": RandomForestClassifier(100, random_state=seed, n_jobs=-1),
    }

    def flat(pictures: np.ndarray) -> np.ndarray:
        return pictures.reshape(len(pictures), -1).astype(np.float32) / 255

    inputs, labels = flat(train["inputs"][:examples]), train["labels"][:examples]
    return {
        name: model.fit(inputs, labels).predict_proba(flat(images))
        for name, model in candidates.items()
    }
