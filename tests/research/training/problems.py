"""A small task whose training takes milliseconds; as a script, a run to be killed."""

import sys
from pathlib import Path

import jax
import numpy as np

from research.models import MLP, Network
from research.tasks import Classification
from research.training import adamw, fit
from research.workdir import Workdir

OPTIONS = {"steps": 60, "batch_size": 16, "evaluate_every": 10, "steps_per_call": 5}

LONG = {"steps": 1000, "steps_per_call": 1, "evaluate_every": 20}


def task(**network):
    options = {"hidden": (16,), "outputs": 2, "dropout": 0.2} | network
    return Classification(
        network=Network.from_nnx(lambda rngs: MLP(4, rngs=rngs, **options)),
        optimizer=adamw(learning_rate=0.02, steps=300, weight_decay=0.01),
    )


def examples(seed, count=200):
    inputs = np.random.default_rng(seed).normal(size=(count, 4)).astype(np.float32)
    return {"inputs": inputs, "labels": (inputs[:, 0] * inputs[:, 1] > 0).astype(np.int32)}


def one_device():
    return jax.devices()[:1]


def assert_same(left, right):
    jax.tree.map(np.testing.assert_array_equal, left, right)


if __name__ == "__main__":
    # On one device like the undisturbed run, however many the environment makes.
    fit(
        task(),
        examples(0),
        examples(1, 50),
        devices=one_device(),
        workdir=Workdir(Path(sys.argv[1])),
        **OPTIONS | LONG,
    )
