"""The judge: a classifier of real garments, in whose features samples are compared with them."""

from __future__ import annotations

import dataclasses
from typing import Any

import jax
import numpy as np
from ml_collections import ConfigDict

from experiments.fashion_gan.trays import in_trays
from experiments.selection import keep_validation, selected
from research import training
from research.inference import Calibration, Threshold
from research.models import CNN, Network, Variables
from research.tasks import Classification
from research.workdir import Workdir

CLASSES = 10
_CALIBRATION = "calibration.json"


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Judge:
    """A trained classifier.

    Attributes:
        task: gives the pure `predict`.
        variables: trained.
        calibration: of its logits.
    """

    task: Classification
    variables: Variables
    calibration: Calibration

    def __call__(self, images: jax.Array) -> jax.Array:
        """Features `[B, D]` of images `[B, 28, 28, 1]` from -1 to 1; pure."""
        return self.look(images)["features"]

    def look(self, images: jax.Array) -> dict[str, jax.Array]:
        """`features` `[B, D]` and `probabilities` `[B, 10]` of images; pure."""
        outputs = self.task.predict(self.variables, images)
        return {
            "features": outputs["features"],
            "probabilities": self.calibration(outputs["logits"]),
        }


def build_task(config: ConfigDict) -> Classification:
    """A small CNN."""
    judge = config.judge
    return Classification(
        network=Network.from_nnx(
            lambda rngs: CNN(
                (28, 28, 1),
                channels=judge.channels,
                outputs=CLASSES,
                dropout=judge.dropout,
                rngs=rngs,
            )
        ),
        optimizer=training.adamw(
            learning_rate=judge.learning_rate, steps=judge.steps, warmup=judge.steps // 10
        ),
    )


def train(
    config: ConfigDict, train: dict[str, Any], validation: dict[str, Any], workdir: Workdir
) -> None:
    """Trains it in a workdir of its own, or goes on, or leaves it as it is.

    Args:
        config: of the experiment.
        train: `inputs` `[N, 28, 28, 1]` from -1 to 1, and `labels` `[N]`.
        validation: the same.
        workdir: the judge's.
    """
    task = build_task(config)
    fitted = training.fit(
        task,
        train,
        validation,
        steps=config.judge.steps,
        batch_size=config.judge.batch_size,
        evaluate_every=min(config.judge.evaluate_every, config.judge.steps),
        seed=config.seed,
        parallel=training.fit_options(config.training.to_dict())["parallel"],
        workdir=workdir,
    )
    predict = jax.jit(task.predict)
    logits = in_trays(
        lambda columns: predict(fitted.variables, columns["inputs"])["logits"],
        {"inputs": validation["inputs"]},
    )
    calibration = Calibration.fit(logits, validation["labels"])
    keep_validation(workdir, np.asarray(calibration(logits)), validation["labels"])
    workdir.write_json(_CALIBRATION, calibration.to_json())


def load(config: ConfigDict, workdir: Workdir) -> Judge:
    """The trained judge.

    Raises:
        WorkdirError: when it isn't trained to the end.
    """
    task = build_task(config)
    variables, _ = training.load_model(workdir, task)
    calibration = workdir.read_json(_CALIBRATION, Calibration.from_json)
    return Judge(task=task, variables=variables, calibration=calibration)


def sure_enough(workdir: Workdir, budget: float) -> Threshold:
    """From which confidence on the judge errs in no more than `budget` of real garments."""
    return selected(workdir, budget)
