"""What others make of the same split: linear models on TF-IDF, and VADER's lexicon and rules."""

from __future__ import annotations

from typing import Any

import numpy as np

from experiments.experiment import ExperimentError
from research.data.datasets.sentiment import Snippets

CLEAR = 0.5
"""From which distance from 0 on a mean rating has a polarity that one can be right about."""


def scores(train: Snippets, test: Snippets) -> dict[str, np.ndarray]:
    """How positive each test text seems `[N]`, above 0 for positive, by baseline.

    Raises:
        ExperimentError: when scikit-learn or vaderSentiment is not installed.
    """
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression, Ridge
        from sklearn.pipeline import make_pipeline, make_union
        from vaderSentiment.vaderSentiment import (  # type: ignore[import-untyped]
            SentimentIntensityAnalyzer,
        )
    except ImportError as error:
        raise ExperimentError(
            f"the baselines need {error.name}, which is not installed: "
            "pip install 'rulax[datasets]'"
        ) from None
    clear = np.abs(train.ratings) >= CLEAR
    clear_texts = [text for text, kept in zip(train.texts, clear, strict=True) if kept]
    positive = train.ratings[clear] > 0

    def word_pairs() -> Any:
        return TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)

    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True)
    linear = {
        "TF-IDF, logistic regression": word_pairs(),
        "TF-IDF with letters, logistic regression": make_union(word_pairs(), letters),
    }
    found: dict[str, np.ndarray] = {}
    for name, features in linear.items():
        model = make_pipeline(features, LogisticRegression(C=10, max_iter=300))
        found[name] = model.fit(clear_texts, positive).decision_function(test.texts)
    ridge = make_pipeline(word_pairs(), Ridge(1.0)).fit(train.texts, train.ratings)
    found["TF-IDF, ridge regression of the rating"] = ridge.predict(test.texts)
    analyzer = SentimentIntensityAnalyzer()
    compound = [analyzer.polarity_scores(text)["compound"] for text in test.texts]
    found["VADER (lexicon and rules)"] = np.array(compound)
    return found
