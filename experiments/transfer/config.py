"""Transfer: MiniLM's encoder reads texts, first frozen, then fine-tuned; moderation rules decide.

    python launch.py --config=experiments/transfer/config.py --workdir=runs/transfer

Stage 1: the published encoder stays as it is; linear heads are fitted on its embeddings, which
are computed once. Stage 2: from there on its last two layers move, too, at a small learning rate;
the embedding and the lower layers stay frozen by path. On 8,000 of the sentiment data's texts,
about three minutes on 2 cores; `--preset=few` learns from 200 labelled texts.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import Any, cast

import numpy as np
from ml_collections import ConfigDict

from experiments.overrides import settings
from experiments.sentiment import baselines, figures, texts
from experiments.sentiment import config as sentiment
from experiments.sentiment.texts import Data, negative
from experiments.transfer.heads import Heads, SentenceRater
from experiments.transfer.reader import Pieces
from research import training
from research.inference import Predictor
from research.models import Network, Variables
from research.models.pretrained import minilm
from research.models.pretrained.wordpiece import WordPiece
from research.tasks import Graded, Task
from research.training.optimizers import optimizer
from research.workdir import Workdir

AFTER_TRAINING = sentiment.AFTER_TRAINING
PRESETS = {
    "fast": {"training.steps": 6, "training.evaluate_every": 3, "data.limit": 500},
    "few": {"training.steps": 40, "training.evaluate_every": 10, "data.labels": 200},
}


build_program = sentiment.build_program
decide_test = sentiment.decide_test
decide_cases = sentiment.decide_cases

_published = functools.cache(minilm.load)  # 90 MB, and a program to embed with


def get_config() -> ConfigDict:
    """Every number of the experiment."""
    config = ConfigDict()
    config.seed = 0
    config.data = texts.options(limit=8000)
    config.text = ConfigDict({"length": 48})
    config.model = ConfigDict({"dropout": 0.1})
    config.task = ConfigDict({"grade_weight": 0.5})
    config.optimizer = ConfigDict(
        {
            "learning_rate": 1e-4,
            "warmup": 3,
            "weight_decay": 0.01,
            "clip": 1.0,
            "frozen": ("^encoder/embedding", "^encoder/positions", "^encoder/layers/[0-3]/"),
        }
    )
    config.training = settings(
        training.defaults(
            steps=100,
            batch_size=32,
            evaluate_every=25,
            saving={"keep_last": 1, "every_minutes": 2.0},
        )
    )
    config.error_budget = 0.1
    config.policy = ("experiments/sentiment/sentiment.rules",)
    return config


def load_data(config: ConfigDict) -> Data:
    """A sample of the sentiment data, split as there; fetches the encoder, too."""
    for file in (minilm.WEIGHTS, minilm.TOKENS):
        file.path()
    return texts.by_part(config)


def training_examples(
    config: ConfigDict, data: Data, workdir: Workdir
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tokens; stage 1, the heads on the frozen encoder's embeddings, stays in the workdir."""
    if not workdir.has("heads.json"):
        workdir.write_json("heads.json", dataclasses.asdict(_stage_one(config, data)))
    reader = build_prepare(config, workdir)
    train, validation = (
        {
            "inputs": reader.columns(part.texts)["read"],
            "labels": negative(config, part).astype(np.int32),
            "grades": part.ratings,
        }
        for part in (data["train"], data["validation"])
    )
    return train, validation


def build_task(config: ConfigDict, workdir: Workdir) -> Task:
    """Stage 2: whether a text is negative, and its rating; the lower layers are frozen by path."""
    options = config.optimizer.to_dict()
    warmup = options.pop("warmup")

    def build(rngs: Any) -> SentenceRater:
        return SentenceRater(rngs=rngs, **config.model)

    return Graded(
        network=Network.from_nnx(build, outputs=("logits", "mean")),
        optimizer=optimizer(
            "adamw",
            steps=config.training.steps,
            schedule={"name": "cosine", "warmup": warmup},
            **options,
        ),
        **config.task,
    )


def initial_variables(config: ConfigDict, task: Task, workdir: Workdir) -> Variables:
    """The published encoder, and the heads of stage 1."""
    heads = build_prepare(config, workdir).heads
    encoder = _published().variables.params
    return Variables(params={"encoder": encoder, **heads.params()}, statistics={})


def build_prepare(config: ConfigDict, workdir: Workdir) -> Pieces:
    """The encoder's tokenizer, and the heads of stage 1 to compare with."""
    return Pieces(
        tokenizer=WordPiece.read(minilm.TOKENS.path()),
        length=config.text.length,
        heads=workdir.read_json("heads.json", Heads.from_json),
    )


def evaluate(config: ConfigDict, data: Data, predictor: Predictor) -> dict[str, Any]:
    """Polarity, correlation and AUC of both stages beside the baselines."""
    train, test = data["train"], data["test"]
    reader = cast(Pieces, predictor.prepare)
    found = {
        "MiniLM, fine-tuned": predictor(reader.columns(test.texts))["mean"],
        "MiniLM, frozen": reader.heads.rating(_published().embed(test.texts)),
        **baselines.scores(train, test),
    }
    return figures.evaluation(found, data, negative(config, test), parameters=predictor.parameters)


def _stage_one(config: ConfigDict, data: Data) -> Heads:
    parts = data["train"], data["validation"]
    features = _published().embed([text for part in parts for text in part.texts])
    labels = np.concatenate([negative(config, part) for part in parts])
    grades = np.concatenate([part.ratings for part in parts])
    held_out = np.arange(len(labels)) >= len(parts[0])
    return Heads.fit(features, labels, grades, held_out=held_out)
