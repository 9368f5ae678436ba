"""Sentiment of short texts: a GRU with attention reads, moderation rules decide.

    python launch.py --config=experiments/sentiment/config.py --workdir=runs/sentiment

23,703 sentences and tweets with the mean rating of 15 or more people each (the data of VADER).
Takes about two minutes on 2 cores; expect the right polarity for .81 or more of the held-out
texts that have one.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from ml_collections import ConfigDict

from experiments.overrides import settings
from experiments.sentiment import baselines, figures, moderation, texts
from experiments.sentiment.encoding import Encoding
from experiments.sentiment.moderation import Moderation
from experiments.sentiment.texts import Data, negative
from research import training
from research.inference import Predictor
from research.models import GRUCell, LSTMCell, Network, SequenceClassifier, VanillaCell
from research.tasks import Graded, Task
from research.workdir import Workdir
from rules import Ruleset

AFTER_TRAINING = ("policy", "error_budget")
PRESETS = {
    "fast": {"training.steps": 150, "training.evaluate_every": 75, "data.limit": 6000},
    "few": {"training.steps": 200, "training.evaluate_every": 20, "data.labels": 200},
}
_CELLS = {"vanilla": VanillaCell, "gru": GRUCell, "lstm": LSTMCell}


def get_config() -> ConfigDict:
    """Every number of the experiment."""
    config = ConfigDict()
    config.seed = 0
    config.data = texts.options()
    config.text = ConfigDict({"length": 48, "at_least": 2, "buckets": 20_000, "parts": 12})
    config.model = ConfigDict(
        {
            "cell": "gru",
            "features": 64,
            "embedding_scale": 0.1,
            "hidden": 64,
            "layers": 1,
            "dropout": 0.4,
            "position_dropout": 0.1,
        }
    )
    config.task = ConfigDict({"grade_weight": 0.5})
    config.optimizer = ConfigDict(
        {"learning_rate": 2e-3, "warmup": 100, "weight_decay": 0.01, "clip": 1.0}
    )
    config.training = settings(
        training.defaults(
            steps=1040,
            batch_size=64,
            evaluate_every=130,
            saving={"every_steps": 520, "every_minutes": 1.0},
        )
    )
    config.error_budget = 0.1
    config.policy = ("experiments/sentiment/sentiment.rules",)
    return config


def load_data(config: ConfigDict) -> Data:
    """The distinct texts; sentences of one review or editorial stay together."""
    return texts.by_part(config)


def training_examples(
    config: ConfigDict, data: Data, workdir: Workdir
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Words numbered by a vocabulary of the training part, kept in the workdir."""
    encoding = Encoding.fit(data["train"].texts, **config.text)
    workdir.write_json("text.json", encoding.to_json())
    train, validation = (
        {
            "inputs": encoding(encoding.columns(part.texts)),
            "labels": negative(config, part).astype(np.int32),
            "grades": part.ratings,
        }
        for part in (data["train"], data["validation"])
    )
    return train, validation


def build_task(config: ConfigDict, workdir: Workdir) -> Task:
    """Whether a text is negative, and its mean rating, by one recurrent network."""
    vocabulary, buckets = len(build_prepare(config, workdir).vocabulary), config.text.buckets
    options = config.model.to_dict()
    cell = _CELLS[options.pop("cell")]

    def build(rngs: Any) -> SequenceClassifier:
        return SequenceClassifier(
            vocabulary=vocabulary,
            buckets=buckets,
            cell=cell,
            bidirectional=True,
            pooling="attention",
            outputs=2,
            regression=True,
            rngs=rngs,
            **options,
        )

    return Graded(
        network=Network.from_nnx(build, outputs=("logits", "mean", "attention")),
        optimizer=training.adamw(steps=config.training.steps, **config.optimizer),
        **config.task,
    )


def build_prepare(config: ConfigDict, workdir: Workdir) -> Encoding:
    """The fitted encoding: numbers words on the host, chooses the inputs inside the program."""
    return workdir.read_json("text.json", Encoding.from_json)


def evaluate(config: ConfigDict, data: Data, predictor: Predictor) -> dict[str, Any]:
    """Polarity, correlation and AUC beside the baselines, over all and by source."""
    test = data["test"]
    predictions = predictor(cast(Encoding, predictor.prepare).columns(test.texts))
    found = {"Rulax GRU": predictions["mean"], **baselines.scores(data["train"], test)}
    return figures.evaluation(found, data, negative(config, test), parameters=predictor.parameters)


def build_program(
    config: ConfigDict, predictor: Predictor, policy: Sequence[Ruleset], workdir: Workdir
) -> Moderation:
    """The network's estimates and facts about the text go to the rules."""
    (ruleset,) = policy
    return Moderation.under(ruleset, predictor, workdir, budget=config.error_budget)


def decide_test(config: ConfigDict, data: Data, program: Moderation, workdir: Workdir) -> str:
    """Decides the held-out texts; writes decisions.parquet and report.html."""
    return moderation.decide_test(config, data, program, workdir)


def decide_cases(config: ConfigDict, cases: Path, program: Moderation, out: Path) -> str:
    """Decides texts from a file with a column `text`."""
    return moderation.decide_cases(cases, program, out)
