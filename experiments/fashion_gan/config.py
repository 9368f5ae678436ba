"""Garments from noise: a DCGAN on Fashion-MNIST, and a gate that lets only good samples pass.

    python launch.py --config=experiments/fashion_gan/config.py --workdir=runs/fashion_gan

First a small classifier is trained (the judge, in `judge/` of the workdir): it is the measure
of all samples. Then the GAN. Takes about eight minutes on 2 cores.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import jax
import numpy as np
import pyarrow as pa
from ml_collections import ConfigDict
from numpy.typing import NDArray

from experiments.decisions import case_identifiers, outcome_summary, write_decisions
from experiments.fashion_gan import data as garments
from experiments.fashion_gan import deciding, evaluation, judge, output, samples
from experiments.fashion_gan.data import Data
from experiments.fashion_gan.deciding import Gate
from experiments.fashion_gan.report import GanReport, render
from experiments.headline import Automation, Headline, record
from experiments.origin import origin
from experiments.overrides import settings
from experiments.policies import fitting
from research import training
from research.data.datasets import fashion
from research.data.tables import TableError, read_table
from research.inference import Predictor
from research.models import Discriminator, Generator, Network, Variables
from research.tasks import Adversarial
from research.workdir import Workdir, WorkdirError, read_metrics
from rules import Ruleset

AFTER_TRAINING = ("policy", "samples", "gate", "error_budget")
PRESETS = MappingProxyType(
    {
        "fast": {
            "data.limit": 8000,
            "data.validation": 1000,
            "judge.steps": 100,
            "training.steps": 200,
            "training.evaluate_every": 50,
            "samples.measured": 1000,
            "samples.decided": 500,
        },
        "best": {
            "model.generator": (256, 128, 64),
            "model.discriminator": (64, 128),
            "training.steps": 13_744,
        },
    }
)


def get_config() -> ConfigDict:
    """Every number of the experiment."""
    config = ConfigDict()
    config.seed = 0
    config.data = ConfigDict({"limit": 60_000, "validation": 5000})
    config.judge = ConfigDict(
        {
            "channels": (16, 32, 64),
            "dropout": 0.2,
            "learning_rate": 3e-3,
            "steps": 860,
            "batch_size": 128,
            "evaluate_every": 215,
        }
    )
    config.model = ConfigDict(
        {"latent": 100, "generator": (64, 32, 16), "discriminator": (32, 64), "norm": "batch"}
    )
    config.game = ConfigDict(
        {
            "loss": "non-saturating",
            "gradient_penalty": 0.0,
            "discriminator_steps": 1,
            "label_smoothing": 0.0,
        }
    )
    config.optimizer = ConfigDict(
        {"generator_rate": 5e-4, "discriminator_rate": 5e-4, "beta1": 0.5, "beta2": 0.999}
    )
    config.training = settings(
        training.defaults(
            steps=6872,
            batch_size=64,
            evaluate_every=859,
            monitor="kernel_distance",
            stepping={"ema": 0.999},
            saving={"every_minutes": 2.0},
        )
    )
    config.samples = ConfigDict({"measured": 10_000, "decided": 2000})
    config.error_budget = 0.05
    config.gate = ConfigDict({"strictness": 0.01})
    config.policy = ("experiments/fashion_gan/quality.rules",)
    return config


def load_data(config: ConfigDict) -> Data:
    """Loads the images; 5,000 of those for training validate."""
    return garments.load(config)


def training_examples(
    config: ConfigDict, data: Data, workdir: Workdir
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Images without labels; the judge is trained on both here, unless that is done."""
    train, validation = (
        {"inputs": part.images, "labels": part.labels} for part in (data.train, data.validation)
    )
    if workdir.has("config.json"):  # the folder of a dry run has none: nothing is to be trained
        judge.train(config, train, validation, judge_workdir(workdir))
    return {"inputs": data.train.images}, {"inputs": data.validation.images}


def judge_workdir(workdir: Workdir) -> Workdir:
    """Where the judge is trained and kept."""
    return Workdir(workdir.path / "judge", writes=workdir.writes)


def build_task(config: ConfigDict, workdir: Workdir) -> Adversarial:
    """Generator against discriminator; the judge measures their progress."""
    model, rates, judged = config.model, config.optimizer, judge_workdir(workdir)
    image = (28, 28, 1)

    def optimizer(rate: float) -> Any:
        return training.optimizer("adam", learning_rate=rate, b1=rates.beta1, b2=rates.beta2)

    return Adversarial(
        generator=Network.from_nnx(
            lambda rngs: Generator(model.latent, image=image, channels=model.generator, rngs=rngs)
        ),
        discriminator=Network.from_nnx(
            lambda rngs: Discriminator(
                image, channels=model.discriminator, norm=model.norm, rngs=rngs
            )
        ),
        latent=model.latent,
        generator_optimizer=optimizer(rates.generator_rate),
        discriminator_optimizer=optimizer(rates.discriminator_rate),
        features=judge.load(config, judged) if judged.has(judged.model.name) else None,
        **config.game,
    )


def watch_training(
    config: ConfigDict, task: Adversarial, workdir: Workdir
) -> Callable[[int, Variables], None]:
    """The same samples are drawn at each evaluation."""
    return samples.watch(task, workdir)


def build_prepare(config: ConfigDict, workdir: Workdir) -> Callable[[Any], jax.Array]:
    """A sample is named by its seed: the noise is drawn inside the program."""
    return lambda columns: samples.noise(columns["seed"], config.model.latent)


def evaluate(config: ConfigDict, data: Data, predictor: Predictor) -> dict[str, Any]:
    """The Frechet distance to test images, beside a baseline's and that of real images."""
    count = config.samples.measured
    images, _ = samples.made(predictor, count)
    measured = evaluation.measure(images, data, _judge_of(predictor), seed=config.seed)
    ours, baseline, _ = measured["generators"]
    headline = Headline(
        data=f"Fashion-MNIST, {count:,} samples beside {count:,} test images",
        parameters=predictor.parameters,
        metric="Frechet distance",
        value=ours["frechet"],
        better="lower",
        baseline=baseline["name"],
        baseline_value=baseline["frechet"],
    )
    return {
        **measured,
        "headline": dataclasses.asdict(headline),
        "summary": output.evaluation_summary(measured),
    }


def build_program(
    config: ConfigDict, predictor: Predictor, policy: Sequence[Ruleset], workdir: Workdir
) -> Gate:
    """Noise to image to critic and judge to decision, as one program.

    The limits of the rules are set by held-out real garments.
    """
    enough = judge.sure_enough(judge_workdir(workdir), config.error_budget).value
    with fitting(policy[0], ("accept", "reject")):
        return deciding.build(
            predictor,
            policy[0],
            _judge_of(predictor),
            load_data(config),
            enough=enough,
            strictness=config.gate.strictness,
        )


def decide_test(config: ConfigDict, data: Data, program: Gate, workdir: Workdir) -> str:
    """Decides the first samples by seed; writes decisions, report and figures."""
    decided = program.decide(np.arange(config.samples.decided, dtype=np.uint32))
    real = program.of_real(data.test.images[: config.samples.decided])
    write_decisions(decided.table, workdir.path / "decisions.parquet")
    figures = deciding.compare(decided, real, data, _judge_of(program.program.predictor))
    record(workdir, Automation(decisions=decided.table.num_rows, automated=figures["accepted"]))
    report = GanReport(
        config=config.to_dict(),
        evaluation=workdir.read_json("evaluation.json", dict, made_by="--mode=evaluate"),
        history=read_metrics(workdir.metrics),
        grids=samples.drawn(workdir),
        decided=decided,
        figures=figures,
        neighbours=deciding.neighbours(decided, data),
        between=samples.between(program.program.predictor, decided.seeds[decided.accepted][:6]),
        best_step=program.program.predictor.step,
        ruleset=program.program.decider.ruleset,
        **origin(
            name="Fashion-MNIST",
            source=fashion.CITATION,
            licence=fashion.LICENCE,
            rows=len(data.train.labels) + len(data.validation.labels) + len(data.test.labels),
        ),
    )
    workdir.write_text("report.html", render(report))
    summary = output.decision_summary(decided.table, figures)
    return f"{summary}\nwrote {workdir.path}/decisions.parquet and {workdir.path}/report.html"


def decide_cases(config: ConfigDict, cases: Path, program: Gate, out: Path) -> str:
    """Decides the samples of the seeds in a file: a column `seed` of whole numbers."""
    file = read_table(cases)
    table = program.decide(_seeds(file, cases), names=case_identifiers(file, "id")).table
    write_decisions(table, out)
    return f"{outcome_summary(table)}\nwrote {out}"


def _judge_of(predictor: Predictor) -> judge.Judge:
    found = cast(Adversarial, predictor.task).features
    if not isinstance(found, judge.Judge):
        raise WorkdirError(
            "the workdir has lost its judge/: run --mode=train, which trains it again"
        )
    return found


def _seeds(file: pa.Table, path: Path) -> NDArray[np.uint32]:
    if "seed" not in file.column_names:
        raise TableError(f"{path} has no column seed: each row needs a whole number")
    seeds = np.asarray(file["seed"].to_pylist())
    if seeds.dtype.kind not in "iu" or not ((seeds >= 0) & (seeds < 2**32)).all():
        raise TableError(f"{path}: every seed must be a whole number from 0 to 4,294,967,295")
    return seeds.astype(np.uint32)
