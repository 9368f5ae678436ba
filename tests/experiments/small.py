"""An experiment that trains in a moment: what the command does beside the science."""

import numpy as np
from ml_collections import ConfigDict

from experiments.overrides import settings
from research import training
from research.models import MLP, Network
from research.tasks import Classification

AFTER_TRAINING = ("policy",)
PRESETS = {"fast": {"training.steps": 5}}


def get_config():
    return ConfigDict(
        {
            "seed": 0,
            "slow": 0,  # hidden layers, for a run that takes its time
            "poison": False,
            "policy": (),
            "training": settings(
                training.defaults(steps=20, batch_size=16, evaluate_every=5, steps_per_call=5)
            ),
        }
    )


def load_data(config):
    random = np.random.default_rng(0)
    inputs = random.normal(size=(96, 4)).astype(np.float32)
    labels = (inputs[:, 0] > 0).astype(np.int32)
    if config.poison:
        inputs[7] = np.nan
    return {
        "train": {"inputs": inputs[:64], "labels": labels[:64]},
        "test": {"inputs": inputs[64:], "labels": labels[64:]},
    }


def training_examples(config, data, workdir):
    workdir.write_text("features.txt", "none")
    return data["train"], data["test"]


def build_task(config, workdir):
    return Classification(
        network=Network.from_nnx(
            lambda rngs: MLP(4, hidden=(8,) * (1 + config.slow), outputs=2, rngs=rngs)
        ),
        optimizer=training.adamw(learning_rate=0.01, steps=config.training.steps),
    )


def build_prepare(config, workdir):
    return lambda columns: columns["inputs"]


def evaluate(config, data, predictor):
    probabilities = predictor({"inputs": data["test"]["inputs"]})["probabilities"]
    accuracy = float((probabilities.argmax(-1) == data["test"]["labels"]).mean())
    return {"accuracy": accuracy, "summary": f"accuracy {accuracy:.2f}"}


def build_program(config, predictor, policy, workdir):
    return predictor


def decide_test(config, data, program, workdir):
    positive = program({"inputs": data["test"]["inputs"]})["probabilities"][:, 1] > 0.5
    workdir.write_json("decisions.json", positive.tolist())
    return f"decided {len(positive)} cases"


def decide_cases(config, cases, program, out):
    raise NotImplementedError
