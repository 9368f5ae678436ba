"""Train, evaluate, decide: the same three steps for every experiment."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
from ml_collections import ConfigDict

from experiments.console import plain_messages
from experiments.experiment import (
    Experiment,
    ExperimentError,
    load_experiment,
    located,
    stored_name,
)
from research import training
from research.data.datasets.errors import DatasetError
from research.data.sources import SourceError
from research.data.tables import TableError
from research.inference import Calibration, Predictor
from research.training import CheckpointError, Diverged, Preempted
from research.workdir import Workdir, WorkdirError
from rules import RuleError

RESUMABLE = 75  # sysexits' EX_TEMPFAIL: try the same command again
_EXPECTED = (
    CheckpointError,
    DatasetError,
    Diverged,
    ExperimentError,
    RuleError,
    SourceError,
    TableError,
    WorkdirError,
)
# What may change between runs of one workdir: it has no part in the training.
_FREE = ("policy", "economics")

Data = Callable[[], Any]


def run(
    *,
    config_file: str | None,
    config: ConfigDict | None,
    workdir: str,
    mode: str,
    cases: str | None = None,
    out: str | None = None,
    overwrite: bool = False,
) -> None:
    """What launch.py does; errors that a user can mend end the process with one message.

    Args:
        config_file: the experiment file; None takes the one the workdir remembers.
        config: its configuration, overrides applied.
        workdir: directory of the run.
        mode: `train`, `evaluate`, `decide`, or `all` of them.
        cases: file of new cases, with mode `decide`.
        out: where their decisions go; by default beside the cases.
        overwrite: discard what the workdir holds.
    """
    plain_messages()
    try:
        _run(config_file, config, Workdir(Path(workdir)), mode, cases, out, overwrite)
    except Preempted as stop:
        print(stop, file=sys.stderr)
        sys.exit(RESUMABLE)
    except _EXPECTED as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def _run(
    config_file: str | None,
    config: ConfigDict | None,
    workdir: Workdir,
    mode: str,
    cases: str | None,
    out: str | None,
    overwrite: bool,
) -> None:
    if cases and mode != "decide":
        raise ExperimentError("--cases needs --mode=decide: new cases are decided, not trained on")
    if out and not cases:
        raise ExperimentError("--out needs --cases: it names where their decisions go")
    if overwrite and mode not in ("all", "train"):
        raise ExperimentError(f"--overwrite would leave --mode={mode} without a model: train anew")
    if cases and not Path(cases).exists():
        raise ExperimentError(f"there is no file {cases}")
    training.configure()
    if config_file is None or config is None:
        stored = workdir.config()
        experiment = load_experiment(stored["experiment"])
        config = experiment.get_config()
        config.update(stored["config"])
    else:
        experiment = load_experiment(config_file)
        stored = {"experiment": stored_name(config_file), "config": config.to_dict()}
        workdir.claim(stored, free=tuple(f"config.{key}" for key in _FREE), overwrite=overwrite)

    data: Data = functools.cache(functools.partial(_load_data, experiment, config))
    if mode in ("all", "train"):
        train(experiment, config, workdir, data)
    if mode in ("all", "evaluate"):
        evaluate(experiment, config, workdir, data)
    if mode in ("all", "decide"):
        fresh = config_file is not None
        predictor = load_predictor(experiment, config, workdir)
        policy = _policy(config, workdir, fresh=fresh)
        program = experiment.build_program(config, predictor, policy)
        if fresh:  # and without an error: from now on the workdir decides by these
            for name, text in policy.items():
                workdir.write_text(name, text)
            workdir.write_json("config.json", stored)
        if cases:
            source = Path(cases)
            target = Path(out) if out else source.with_name(f"{source.stem}-decisions.parquet")
            print(experiment.decide_cases(config, source, program, target))
        else:
            print(experiment.decide_test(config, data(), program, workdir))


def train(experiment: Experiment, config: ConfigDict, workdir: Workdir, data: Data) -> None:
    """Trains to the end, or goes on where an earlier run stopped; then calibrates."""
    began = time.monotonic()
    examples, validation = experiment.training_examples(config, data(), workdir)
    task = experiment.build_task(config, workdir)
    fitted = training.fit(
        task, examples, validation, workdir=workdir, seed=config.seed, **config.training
    )
    now = fitted.progress
    logits = jax.jit(task.predict)(fitted.variables, validation["inputs"])["logits"]
    calibration = Calibration.fit(logits, validation["labels"])
    workdir.write_json("calibration.json", calibration.to_json())
    if fitted.resumed_at == now.step:
        print(f"training: finished earlier, at step {now.step} ({now.finished})")
    else:
        resumed = f", resumed at step {fitted.resumed_at}" if fitted.resumed_at else ""
        print(
            f"training: {now.step} steps in {time.monotonic() - began:.1f} s{resumed} "
            f"({now.finished}); best at step {now.best_step}, "
            f"validation loss {now.best_value:.4f}"
        )
    print(_calibrated(calibration))


def _calibrated(calibration: Calibration) -> str:
    if calibration == Calibration():
        return "calibration: the validation examples ask for none"
    shifted = " and shifted by class" if calibration.bias else ""
    return f"calibration: logits scaled by {calibration.scale:.3f}{shifted}"


def evaluate(experiment: Experiment, config: ConfigDict, workdir: Workdir, data: Data) -> None:
    """Measures the trained model on the held-out test set."""
    evaluation = experiment.evaluate(config, data(), load_predictor(experiment, config, workdir))
    summary = evaluation.pop("summary")
    workdir.write_json("evaluation.json", evaluation)
    print(summary)


def load_predictor(experiment: Experiment, config: ConfigDict, workdir: Workdir) -> Predictor:
    """The trained model of a workdir."""
    task = experiment.build_task(config, workdir)
    variables, step = training.load_model(workdir, task)
    calibration = workdir.read_json("calibration.json", made_by="--mode=train")
    return Predictor(
        task=task,
        variables=variables,
        prepare=experiment.build_prepare(config, workdir),
        calibration=Calibration.from_json(calibration),
        step=step,
    )


def _load_data(experiment: Experiment, config: ConfigDict) -> Any:
    return experiment.load_data(config)


def _policy(config: ConfigDict, workdir: Workdir, *, fresh: bool) -> dict[str, str]:
    """The rule texts by file name: the configured files, or the workdir's own copies."""
    names = [Path(path).name for path in config.policy]
    if fresh:
        files = [located(path) for path in config.policy]
    else:
        files = [workdir.require(name, made_by="--mode=decide --config=...") for name in names]
    return {name: file.read_text(encoding="utf-8") for name, file in zip(names, files, strict=True)}
