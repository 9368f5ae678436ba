"""What scikit-learn reaches on the same split."""

from __future__ import annotations

from typing import Any

import numpy as np

from research.data.features import Features


def predict(data: Any, features: Features, *, seed: int) -> dict[str, np.ndarray]:
    """Probabilities of default `[N]` on the test part, by baseline.

    Both are fitted on the training part; the logistic regression on the same imputed and
    standardised features as the network, boosting on the raw columns, which it handles
    itself.

    Args:
        data: the experiment's `Data`.
        features: fitted on the training part.
        seed: of the boosting's internal validation split.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    schema = data.applications.schema
    categorical = [column.kind == "categorical" for column in schema.columns]

    def raw(part: str) -> np.ndarray:
        columns = data.columns(part)
        stacked = np.stack([columns[c.name].astype(np.float64) for c in schema.columns], axis=1)
        stacked[:, categorical] = np.where(
            stacked[:, categorical] < 0, np.nan, stacked[:, categorical]
        )
        return stacked

    def prepared(part: str) -> np.ndarray:
        return np.asarray(features(data.columns(part)))

    labels = data.labels("train")
    logistic = LogisticRegression(max_iter=1000).fit(prepared("train"), labels)
    boosting = HistGradientBoostingClassifier(
        categorical_features=categorical, early_stopping=True, learning_rate=0.05, random_state=seed
    ).fit(raw("train"), labels)
    return {
        "Logistic regression": logistic.predict_proba(prepared("test"))[:, 1],
        "Gradient boosting": boosting.predict_proba(raw("test"))[:, 1],
    }
