"""Anomalies: a network that knows only digits, without labels, says what is no digit.

    python launch.py --config=experiments/anomalies/config.py --workdir=runs/anomalies

Learns on MNIST pictures alone; garments (Fashion-MNIST) and spoilt scans are what is strange.
`config.model.family` is autoencoder, pca or kmeans. Takes about a minute on 2 cores.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict
from numpy.typing import NDArray

import rules
from experiments.anomalies import output
from experiments.anomalies.corruptions import CORRUPTIONS
from experiments.anomalies.scores import Known, detectors, measures
from experiments.decisions import Program, decisions_table, outcome_summary, write_decisions
from experiments.headline import Automation, Headline, record
from experiments.images.cases import read_pictures
from experiments.overrides import settings
from experiments.policies import fitting
from research import training
from research.arguments import require
from research.data import augmentation
from research.data.datasets import fashion, mnist
from research.inference import Predictor
from research.models import Network
from research.models.autoencoder import Autoencoder
from research.models.unsupervised import PCA, KMeans
from research.tasks import Estimator, Task
from research.tasks.reconstruction import Reconstruction
from research.workdir import Workdir
from rules import Ruleset

AFTER_TRAINING = ("policy",)
PRESETS = {
    "fast": {
        "data.train": 4000,
        "data.validation": 1000,
        "data.test": 500,
        "data.foreign": 250,
        "training.steps": 200,
    }
}
OUTCOMES = ("read", "human", "refuse")
DIGIT = "digit"
_WHITE = np.zeros((1, 28, 28, 1), np.uint8)


def get_config() -> ConfigDict:
    """Every number of the experiment."""
    config = ConfigDict()
    config.seed = 0
    # Of each kind of strange picture there are `foreign`.
    config.data = ConfigDict({"train": 20000, "validation": 5000, "test": 2000, "foreign": 400})
    config.model = ConfigDict(
        {
            "family": "autoencoder",
            "hidden": (256, 64),
            "code": 16,
            "noise": 0.1,  # on what the autoencoder sees in training
            "components": 32,  # of PCA
            "clusters": 64,  # of k-means
        }
    )
    config.optimizer = ConfigDict(
        {"learning_rate": 3e-3, "warmup": 50, "weight_decay": 0.01, "clip": 1.0}
    )
    config.training = settings(
        training.defaults(steps=1500, batch_size=256, evaluate_every=100, steps_per_call=10)
    )
    config.policy = ("experiments/anomalies/strange.rules",)
    return config


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """Pictures float32 `[N, 28, 28, 1]`, 0 (paper) to 1 (ink).

    Attributes:
        train: digits to learn from.
        validation: digits that say what is rare.
        strange: held-out pictures by what they are; `digit` comes first.
    """

    train: NDArray[np.float32]
    validation: NDArray[np.float32]
    strange: dict[str, NDArray[np.float32]]

    @property
    def test(self) -> NDArray[np.float32]:
        """All held-out pictures, in the order of `strange`."""
        return np.concatenate(list(self.strange.values()))

    @property
    def kinds(self) -> NDArray[np.str_]:
        """What each of them is."""
        return np.repeat(list(self.strange), [len(p) for p in self.strange.values()])


def load_data(config: ConfigDict) -> Data:
    """Fetches both data sets; the strange pictures are never seen before the test.

    Raises:
        ArgumentError: when more pictures are asked for than there are.
    """
    wanted = config.data
    digits, garments = mnist.load(), fashion.load()
    learnt, held_out = wanted.train + wanted.validation, wanted.test + wanted.foreign
    for part, images in (("train", digits.train), ("test", digits.test)):
        needed = learnt if part == "train" else held_out
        require(
            needed <= len(images),
            f"data asks for {needed} {part} pictures, MNIST has {len(images)}",
        )
    known = _ink(digits.train.images[:learnt])
    test = _ink(digits.test.images[:held_out])
    spoilt = test[wanted.test :]  # other digits than those that are tested as they are
    return Data(
        train=known[: wanted.train],
        validation=known[wanted.train :],
        strange={
            DIGIT: test[: wanted.test],
            "garment": _ink(garments.test.images[: wanted.foreign]),
            **{name: spoil(spoilt, config.seed) for name, spoil in CORRUPTIONS.items()},
        },
    )


def training_examples(
    config: ConfigDict, data: Data, workdir: Workdir
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Pictures; nobody says what is on them."""
    return {"inputs": data.train}, {"inputs": data.validation}


def build_task(config: ConfigDict, workdir: Workdir) -> Task | Estimator:
    """An autoencoder that removes noise, or PCA, or k-means."""
    model = config.model
    match model.family:
        case "autoencoder":
            return Reconstruction(
                network=Network.from_nnx(
                    lambda rngs: Autoencoder(
                        _WHITE.shape[1:], hidden=model.hidden, code=model.code, rngs=rngs
                    )
                ),
                optimizer=training.adamw(steps=config.training.steps, **config.optimizer),
                corrupt=partial(augmentation.noise, scale=model.noise),
            )
        case "pca":
            return PCA(components=model.components)
        case "kmeans":
            return KMeans(clusters=model.clusters, restarts=1)
    families = "autoencoder, pca, kmeans"
    require(False, f"model.family is {model.family!r}, expected one of {families}")
    raise AssertionError


def build_prepare(config: ConfigDict, workdir: Workdir) -> Any:
    """Bytes to ink from 0 to 1."""
    return lambda columns: jnp.asarray(columns["pixels"], jnp.float32) / 255


def evaluate(config: ConfigDict, data: Data, predictor: Predictor) -> dict[str, Any]:
    """How well each detector's score tells digits from all else, by kind."""

    def ours(pictures: NDArray[np.float32]) -> NDArray[np.floating[Any]]:
        return predictor({"pixels": _bytes(pictures)})["score"]

    found = {f"Rulax {config.model.family}": ours, **detectors(config, data.train)}
    models = [measures(name, score, data.strange) for name, score in found.items()]
    kinds = len(data.strange) - 1
    headline = Headline.of_first(
        models,
        "auroc",
        data=f"MNIST, {len(data.test):,} held-out pictures, {kinds} kinds of strange ones",
        parameters=predictor.parameters,
        metric="AUROC",
    )
    evaluation = {
        "examples": {"train": len(data.train), "validation": len(data.validation)}
        | {kind: len(pictures) for kind, pictures in data.strange.items()},
        "models": models,
        "known": Known.of(ours(data.validation)).to_json(),
        "headline": dataclasses.asdict(headline),
    }
    return {**evaluation, "summary": output.evaluation_summary(evaluation)}


def build_program(
    config: ConfigDict, predictor: Predictor, policy: Sequence[Ruleset], workdir: Workdir
) -> Program:
    """How rare the score is among validation digits, and how much ink there is, to the rules."""
    (ruleset,) = policy
    evaluation = workdir.read_json("evaluation.json", dict, made_by="--mode=evaluate")
    known = Known.from_json(evaluation["known"])

    def present(predictions: Any, columns: Any) -> dict[str, jax.Array]:
        pixels = jnp.asarray(columns["pixels"], jnp.float32)
        return {
            "rarity": known.rarity(predictions["score"]),
            "excess": known.excess(predictions["score"]),
            "ink": pixels.reshape(len(pixels), -1).mean(1) / 255,
        }

    with fitting(ruleset, OUTCOMES):
        decider = rules.compile(ruleset, fired=True)
        program = Program(predictor=predictor, decider=decider, present=present)
        program.check({"pixels": _WHITE})
    return program


def decide_test(config: ConfigDict, data: Data, program: Program, workdir: Workdir) -> str:
    """Decides digits and strange pictures; writes decisions.parquet and report.html."""
    decided = program({"pixels": _bytes(data.test)})
    kinds = data.kinds
    table = decisions_table(
        [f"{kind}-{row}" for row, kind in enumerate(kinds)],
        {"kind": kinds.tolist(), **_shown(decided)},
        decided,
        program,
    )
    write_decisions(table, workdir.path / "decisions.parquet")
    outcomes = np.asarray(table["outcome"].to_pylist())
    automated = outcomes != "human"
    wrong = (outcomes == "read") != (kinds == DIGIT)
    record(workdir, Automation.of(automated, wrong))
    workdir.write_text(
        "report.html", output.report(config.to_dict(), data.test, decided, program, table, workdir)
    )
    summary = outcome_summary(table, rate=("no digit", kinds != DIGIT))
    return f"{summary}\nwrote {workdir.path}/decisions.parquet and {workdir.path}/report.html"


def decide_cases(config: ConfigDict, cases: Path, program: Program, out: Path) -> str:
    """Decides pictures of 28 x 28 bytes; see `experiments.images.cases`."""
    identifiers, pixels = read_pictures(cases)
    decided = program({"pixels": pixels})
    table = decisions_table(identifiers, _shown(decided), decided, program)
    write_decisions(table, out)
    return f"{outcome_summary(table)}\nwrote {out}"


def _shown(decided: Any) -> dict[str, Any]:
    return {"score": decided.predictions["score"], "rarity": decided.seen["rarity"]}


def _ink(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return images.astype(np.float32) / np.float32(255)


def _bytes(pictures: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(255 * pictures).astype(np.uint8)
