"""What scikit-learn reaches on the same split."""

from __future__ import annotations

import numpy as np

from research.data.features import Features
from research.data.tabular import TabularDataset


def predict(
    train: TabularDataset, test: TabularDataset, features: Features, *, seed: int
) -> dict[str, np.ndarray]:
    """Probabilities of the target `[N]` on the test part, by baseline.

    Both are fitted on the training part; the logistic regression on the same imputed and
    standardised features as the network, boosting on the raw columns, which it handles
    itself.

    Args:
        train: to fit on.
        test: to predict.
        features: fitted on the training part.
        seed: of the boosting's internal validation split.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    def prepared(part: TabularDataset) -> np.ndarray:
        return np.asarray(features(part.columns))

    categorical = [column.kind == "categorical" for column in train.schema.columns]
    logistic = LogisticRegression(max_iter=1000).fit(prepared(train), train.target)
    boosting = HistGradientBoostingClassifier(
        categorical_features=categorical, early_stopping=True, learning_rate=0.05, random_state=seed
    ).fit(_raw(train), train.target)
    return {
        "Logistic regression": logistic.predict_proba(prepared(test))[:, 1],
        "Gradient boosting": boosting.predict_proba(_raw(test))[:, 1],
    }


def _raw(part: TabularDataset) -> np.ndarray:
    """All columns as they are, float64 `[N, C]`, NaN for missing."""
    columns = (array.astype(np.float64) for array in part.columns.values())
    kinds = (column.kind for column in part.schema.columns)
    return np.stack(
        [
            np.where(c < 0, np.nan, c) if k == "categorical" else c
            for c, k in zip(columns, kinds, strict=True)
        ],
        axis=1,
    )
