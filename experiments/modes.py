"""Train, evaluate, decide: the same three steps for every experiment."""

from __future__ import annotations

import contextlib
import functools
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
from ml_collections import ConfigDict

from experiments.console import plain_messages
from experiments.experiment import (
    Experiment,
    ExperimentError,
    Initialised,
    Watched,
    load_experiment,
    stored_name,
)
from experiments.policies import Policy, PolicyError, kept_policy, policy_files, read_policy
from experiments.selection import keep_validation
from research import training
from research.arguments import ArgumentError
from research.data.datasets.errors import DatasetError
from research.data.feeds import Resident
from research.data.hashing import sha256_of_arrays
from research.data.sources import SourceError
from research.data.tables import TableError
from research.inference import Calibration, Predictor
from research.inference.predictor import in_batches
from research.models import Variables
from research.provenance import add_attempt
from research.tasks import Estimator, Task
from research.tasks.task import Batch
from research.training import CheckpointError, Diverged, Fitted, Preempted
from research.training.hosts import wait_for_all
from research.training.lock import locked
from research.training.preemption import RESUMABLE, leave
from research.workdir import Workdir, WorkdirError
from research.writers import TrackerError
from rules import RuleError

_EXPECTED = (
    ArgumentError,
    CheckpointError,
    DatasetError,
    Diverged,
    ExperimentError,
    PolicyError,
    RuleError,
    SourceError,
    TableError,
    TrackerError,
    WorkdirError,
)

# A run may go on with others: they change where and how it computes, not what.
_ANY_TIME = (
    "training.parallel",
    "training.saving",
    "training.stepping.accumulate",
    "training.watching.hang_minutes",
    "training.watching.profile",
    "training.watching.trackers",
)

Data = Callable[[], Any]


def run(
    *,
    config_file: str | None,
    config: Callable[[], ConfigDict],
    workdir: str,
    mode: str,
    cases: str | None = None,
    out: str | None = None,
    overwrite: bool = False,
    profile: str | None = None,
    dry_run: bool = False,
) -> None:
    """What launch.py does; errors that a user can mend end the process with one message.

    Args:
        config_file: the experiment file; None takes the one the workdir remembers.
        config: gives its configuration, overrides applied; unused without `config_file`.
        workdir: directory of the run.
        mode: `train`, `evaluate`, `decide`, or `all` of them.
        cases: file of new cases, with mode `decide`.
        out: where their decisions go; by default beside the cases.
        overwrite: discard what the workdir holds.
        profile: "FIRST:LAST", steps to trace.
        dry_run: compile the training and show what it would be; nothing is written.
    """
    plain_messages()
    try:
        _check_flags(workdir, mode, cases, out, overwrite)
        training.configure()
        first = jax.process_index() == 0
        home = Workdir(Path(workdir), writes=first)
        if config_file is None:
            stored = home.config()
            experiment = load_experiment(stored["experiment"])
            current = experiment.get_config()
            current.update(stored["config"])
            policy = kept_policy(current.policy, home)
        else:
            experiment = load_experiment(config_file)
            current = config()
            policy = read_policy(current.policy, expected=len(experiment.get_config().policy))
        if dry_run:
            show_plan(experiment, current)
            return
        if config_file is not None:
            stored = {"experiment": stored_name(config_file), "config": current.to_dict()}
            free = tuple(f"config.{key}" for key in (*experiment.AFTER_TRAINING, *_ANY_TIME))
            if first:
                # A run that is going on is not to be discarded.
                discards = overwrite and home.has("config.json")
                with locked(home.path) if discards else contextlib.nullcontext():
                    home.claim(stored, free=free, overwrite=overwrite)
                if not home.has(home.checkpoints.name):  # the configuration became its own, too
                    _keep(policy, home)  # so that the workdir alone is enough to go on
            wait_for_all("workdir")
        if profile:  # of this call, not of the run
            current.training.watching.profile = profile

        data: Data = functools.cache(functools.partial(experiment.load_data, current))
        if mode in ("all", "train"):
            train(experiment, current, home, data, policy)
        if mode != "train":
            wait_for_all("training")
            predictor = load_predictor(experiment, current, home)
            if first:  # what follows is one process's work
                if mode in ("all", "evaluate"):
                    evaluate(experiment, current, home, data, predictor)
                if mode in ("all", "decide"):
                    program = experiment.build_program(current, predictor, policy, home)
                    if cases:
                        decide_cases(experiment, current, cases, out, program)
                    else:
                        print(experiment.decide_test(current, data(), program, home))
                    # Without an error: from now on the workdir decides by these.
                    _keep(policy, home)
                    home.write_json("config.json", stored)
        wait_for_all("end")
    except Preempted as stop:
        print(stop, file=sys.stderr)
        leave(RESUMABLE)
    except KeyboardInterrupt:
        print("stopped: run the same command to go on", file=sys.stderr)
        leave(RESUMABLE)
    except _EXPECTED as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


def _check_flags(
    workdir: str, mode: str, cases: str | None, out: str | None, overwrite: bool
) -> None:
    if not workdir:
        raise ExperimentError("--workdir is empty: name a directory")
    if cases and mode != "decide":
        raise ExperimentError("--cases needs --mode=decide: new cases are decided, not trained on")
    if out and not cases:
        raise ExperimentError("--out needs --cases: it names where their decisions go")
    if overwrite and mode not in ("all", "train"):
        raise ExperimentError(f"--overwrite would leave --mode={mode} without a model: train anew")
    if cases and not Path(cases).exists():
        raise ExperimentError(f"there is no file {cases}")
    if cases and out and Path(cases).resolve() == Path(out).resolve():
        raise ExperimentError("--out is the file of --cases: it would be lost, name another")


def train(
    experiment: Experiment, config: ConfigDict, workdir: Workdir, data: Data, policy: Policy
) -> None:
    """Trains or fits, or goes on where an earlier run stopped; then calibrates."""
    began = time.monotonic()
    examples, validation = experiment.training_examples(config, data(), workdir)
    wait_for_all("examples")  # they may have left in the workdir what the task needs
    task = experiment.build_task(config, workdir)
    if jax.process_index() == 0:
        parts = {"train": examples, "validation": validation}
        data_hashes = {name: sha256_of_arrays(arrays) for name, arrays in parts.items()}
        add_attempt(workdir, seed=config.seed, data=data_hashes)
    if isinstance(task, Estimator):
        estimated = training.fit_estimator(
            task, examples, validation, seed=config.seed, workdir=workdir
        )
        variables = estimated.variables
        took = f"in {time.monotonic() - began:.1f} s"
        ended = f"training: fitted {'earlier' if estimated.earlier else took}"
    else:
        initial = watch = None
        if isinstance(experiment, Initialised):
            initial = experiment.initial_variables(config, task, workdir)
        if isinstance(experiment, Watched):
            watch = experiment.watch_training(config, task, workdir)
        fitted = training.fit(
            task,
            examples,
            validation,
            workdir=workdir,
            seed=config.seed,
            notes={
                "config": config.to_dict(),
                "rulesets": {ruleset.name: ruleset.sha256 for ruleset in policy},
            },
            initial=initial,
            on_evaluation=watch,
            **training.fit_options(config.training.to_dict()),
        )
        variables = fitted.variables
        ended = _ended(fitted, time.monotonic() - began, config.training.monitor)
    calibration = calibrate(task, variables, validation, workdir)
    if jax.process_index() == 0:
        print(ended)
        if calibration is not None:
            print(_calibrated(calibration))


def _ended(fitted: Fitted, seconds: float, monitor: str) -> str:
    now = fitted.progress
    if fitted.resumed_at == now.step:
        return f"training: finished earlier, at step {now.step} ({now.finished})"
    resumed = f", resumed at step {fitted.resumed_at}" if fitted.resumed_at else ""
    return (
        f"training: {now.step} steps in {seconds:.1f} s{resumed} "
        f"({now.finished}); best at step {now.best_step}, "
        f"validation {monitor} {now.best_value:.4f}"
    )


def calibrate(
    task: Task | Estimator, variables: Variables, validation: Batch, workdir: Workdir
) -> Calibration | None:
    """Fits a classifier's calibration on validation examples, and keeps how sure it is of them.

    Leaves `calibration.json`, which holds null for what is no classifier: its validation
    examples have no `labels`, or its predictions no `logits` `[N, K]`.
    """
    calibration = None
    if "labels" in validation:
        predict = functools.partial(jax.jit(lambda v, b: task.predict(v, b["inputs"])), variables)
        outputs = in_batches(predict, {"inputs": validation["inputs"]})
        if "logits" in outputs and outputs["logits"].ndim == 2:
            calibration = Calibration.fit(outputs["logits"], validation["labels"])
            probabilities = np.asarray(calibration(outputs["logits"]))
            keep_validation(workdir, probabilities, validation["labels"])
    workdir.write_json("calibration.json", calibration and calibration.to_json())
    return calibration


def show_plan(experiment: Experiment, config: ConfigDict) -> None:
    """Compiles the training and prints what it would be; leaves nothing behind."""
    with tempfile.TemporaryDirectory() as folder:
        home = Workdir(Path(folder))
        data = experiment.load_data(config)
        examples, _ = experiment.training_examples(config, data, home)
        task = experiment.build_task(config, home)
        if isinstance(task, Estimator):
            raise ExperimentError("--dry_run compiles a training: this model is fitted in one go")
        settings = training.fit_options(config.training.to_dict())
        feed = Resident(examples=examples, batch_size=settings["batch_size"], seed=config.seed)
        print(
            training.plan(
                task,
                feed,
                steps_per_call=settings["steps_per_call"],
                every=(settings["evaluate_every"],),
                stepping=settings["stepping"],
                parallel=settings["parallel"],
            )
        )


def _calibrated(calibration: Calibration) -> str:
    if calibration == Calibration():
        return "calibration: the validation examples ask for none"
    shifted = " and shifted by class" if calibration.bias else ""
    return f"calibration: logits scaled by {calibration.scale:.3f}{shifted}"


def evaluate(
    experiment: Experiment,
    config: ConfigDict,
    workdir: Workdir,
    data: Data,
    predictor: Predictor,
) -> None:
    """Measures the trained model on the held-out test set."""
    evaluation = experiment.evaluate(config, data(), predictor)
    summary = evaluation.pop("summary")
    workdir.write_json("evaluation.json", evaluation)
    print(summary)


def _keep(policy: Policy, workdir: Workdir) -> None:
    for name, text in policy_files(policy).items():
        workdir.write_text(name, text)


def decide_cases(
    experiment: Experiment, config: ConfigDict, cases: str, out: str | None, program: Any
) -> None:
    """Decides the cases of a file; by default their decisions go beside it."""
    source = Path(cases)
    target = Path(out) if out else source.with_name(f"{source.stem}-decisions.parquet")
    print(experiment.decide_cases(config, source, program, target))


def load_predictor(experiment: Experiment, config: ConfigDict, workdir: Workdir) -> Predictor:
    """The trained model of a workdir."""
    task = experiment.build_task(config, workdir)
    variables, step = training.load_model(workdir, task)
    calibration = workdir.read_json(
        "calibration.json", lambda data: data and Calibration.from_json(data)
    )
    return Predictor(
        task=task,
        variables=variables,
        prepare=experiment.build_prepare(config, workdir),
        calibration=calibration,
        step=step,
    )
