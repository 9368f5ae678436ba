"""How good a trained network is on the test pictures, and what it finds strange."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict
from numpy.typing import NDArray

from experiments.headline import Headline
from experiments.images import baselines, output
from experiments.images.data import Data, Subject, foreign
from experiments.images.usable import Likeness, usability
from research.inference import Predictor, risk_coverage
from research.tasks import metrics

_POINTS = 400  # of a curve
_LEARNT = 5000  # training pictures that say what is usual


def evaluate(
    config: ConfigDict, subject: Subject, data: Data, predictor: Predictor
) -> dict[str, Any]:
    """Plain data with `models`, `published`, `likeness`, `usability`, `headline` and a `summary`.

    Args:
        config: of the run.
        subject: what the pictures show.
        data: its parts.
        predictor: trained.
    """
    test = data.parts["test"]
    ours = predictor({"pixels": test.images})["probabilities"]
    others = baselines.predict(
        data.examples("train"), test.images, examples=config.baselines, seed=config.seed
    )
    family = {"cnn": "CNN", "resnet": "ResNet", "convnext": "ConvNeXt", "separable": "MobileNet"}
    models = [
        _measured(name, probabilities, test.labels)
        for name, probabilities in {f"Rulax {family[config.model.family]}": ours, **others}.items()
    ]
    headline = Headline.of_first(
        models,
        "accuracy",
        data=f"{subject.name}, {len(test):,} test pictures",
        parameters=predictor.parameters,
        metric="accuracy",
    )

    learnt = data.parts["train"]
    likeness = Likeness.fit(
        predictor({"pixels": learnt.images[:_LEARNT]})["features"], learnt.labels[:_LEARNT]
    )

    def distances(images: NDArray[np.uint8]) -> NDArray[Any]:
        features = predictor({"pixels": images})["features"]
        return np.asarray(likeness.distance(jnp.asarray(features)))

    evaluation: dict[str, Any] = {
        "examples": {name: len(part) for name, part in data.parts.items()},
        "models": models,
        "baselines_fitted_on": min(config.baselines, len(data.parts["train"])),
        "published": [dataclasses.asdict(figure) for figure in subject.published],
        "usability": dataclasses.asdict(
            usability(
                distances(data.parts["validation"].images),
                distances(foreign(subject, len(data.parts["validation"]))),
                refused=config.refused,
            )
        ),
        "likeness": likeness.to_json(),
        "headline": dataclasses.asdict(headline),
    }
    return {**evaluation, "summary": output.evaluation_summary(evaluation)}


def _measured(name: str, probabilities: NDArray[Any], labels: NDArray[np.int32]) -> dict[str, Any]:
    curve = risk_coverage(probabilities.max(-1), probabilities.argmax(-1) != labels)
    given = probabilities[np.arange(len(labels)), labels]
    points = np.unique(np.linspace(0, len(curve.coverage) - 1, _POINTS).astype(int))
    return {
        "name": name,
        "accuracy": metrics.accuracy(probabilities, labels),
        # Where what is true was given no chance at all, the loss is infinite.
        "log_loss": None if (given == 0).any() else metrics.log_loss(probabilities, labels),
        "risk_coverage": {
            "thresholds": curve.thresholds[points].tolist(),
            "coverage": curve.coverage[points].tolist(),
            "risk": curve.risk[points].tolist(),
        },
    }
