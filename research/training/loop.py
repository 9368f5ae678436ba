"""Training from the first step to the last, however often it is interrupted."""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax

from research.arguments import require
from research.data.feeds import Feed, Resident
from research.models.network import Variables
from research.tasks.task import Batch, Task
from research.training.boundaries import Boundaries
from research.training.checkpoints import Checkpoints
from research.training.dispatching import AUTO, dispatch_length
from research.training.evaluation import Evaluator
from research.training.executors import executor
from research.training.judging import Judge
from research.training.lock import locked
from research.training.monitoring import Monitor
from research.training.options import Watching
from research.training.preemption import stop_requests
from research.training.profiling import profile
from research.training.retention import Saving
from research.training.run import Fitted, Run
from research.training.sharding import Parallel
from research.training.step import Step, Stepping
from research.training.trained import save_model
from research.training.watchdog import watchdog
from research.workdir import Workdir


def fit(
    task: Task,
    train: Batch | Feed,
    validation: Batch,
    *,
    steps: int,
    batch_size: int,
    evaluate_every: int,
    seed: int = 0,
    patience: int | None = None,
    monitor: str = "loss",
    maximise: bool = False,
    steps_per_call: int | str = 1,
    stepping: Stepping = Stepping(),
    parallel: Parallel = Parallel(),
    saving: Saving = Saving(),
    watching: Watching = Watching(),
    workdir: Workdir | None = None,
    initial: Variables | None = None,
    notes: Mapping[str, Any] | None = None,
    on_evaluation: Callable[[int, Variables], None] | None = None,
    devices: Sequence[jax.Device] | None = None,
) -> Fitted:
    """Trains a task, keeping the variables of the best evaluation.

    With a workdir the run is resumable: killed at any moment, the same call goes on from
    the newest checkpoint and ends with bit-identical variables and metrics. It may go on
    with another executor, mesh or number of devices.

    Args:
        task: what to train.
        train: examples by name, leading axis N, which are then kept on every device; or a
            feed, such as `research.data.feeds.Streamed`.
        validation: examples of the same names.
        steps: updates at most.
        batch_size: examples an update, over all devices and processes.
        evaluate_every: steps between evaluations.
        seed: of the initial variables, the order of the examples, and all noise.
        patience: evaluations without improvement after which to stop; None never stops.
        monitor: the validation metric that tells which evaluation is best.
        maximise: whether more of it is better.
        steps_per_call: updates a dispatch (`lax.scan`); "auto" makes it about 10 ms of work.
            More than 1 is slow on a CPU for convolutions other than those of
            `research.models`; "auto" knows them.
        stepping: how a step is made.
        parallel: how it spreads over devices.
        saving: when checkpoints are saved, and which stay.
        watching: what the run shows of itself.
        workdir: where to keep checkpoints and metrics; None keeps nothing.
        initial: variables to start from instead of the task's own, as
            `research.training.load_into` gives for fine-tuning. A resumed run has its own.
        notes: plain JSON data to keep in every checkpoint.
        on_evaluation: called in every process with the step and the variables that were
            evaluated, as host arrays; a resumed run may repeat a call of the run before.
        devices: to use, all by default.

    Raises:
        ArgumentError: when the examples or a number can't be used.
        WorkdirError: when the workdir holds a run of other arguments, or another process
            trains there.
        Diverged: when a loss or gradient can't be used; see `Stepping.guard`.
        Preempted: on SIGTERM or SIGINT, after saving.
    """
    for name, number in (
        ("steps", steps),
        ("batch_size", batch_size),
        ("evaluate_every", evaluate_every),
        ("patience", patience),
    ):
        require(number is None or number >= 1, f"{name} is {number}, expected 1 or more")
    require(
        steps_per_call == AUTO or (isinstance(steps_per_call, int) and steps_per_call >= 1),
        f"steps_per_call is {steps_per_call!r}, expected 'auto', or 1 or more",
    )
    require(0 <= seed < 2**32, f"seed is {seed}, expected 0 to 2**32 - 1")
    feed = _feed(task, train, batch_size, seed)
    identity = {
        "steps": steps,
        "batch_size": batch_size,
        "evaluate_every": evaluate_every,
        "log_every": watching.log_every,
        "seed": seed,
        "patience": patience,
        "monitor": monitor,
        "maximise": maximise,
        "stepping": {**dataclasses.asdict(stepping), "accumulate": None},
        "examples": [feed.size, _count(task, validation, "validation")],
    }
    with contextlib.ExitStack() as stack:
        enter = stack.enter_context
        if workdir is not None:
            enter(locked(workdir.path))
        stop_requested = enter(stop_requests())
        shown = enter(
            Monitor(
                workdir,
                steps=steps,
                batch_size=batch_size,
                monitor=monitor,
                trackers=watching.trackers,
            )
        )
        stack.callback(feed.close)
        hang_report = workdir.path / f"hang-{jax.process_index()}.txt" if workdir else None
        alive = enter(watchdog(watching.hang_seconds, hang_report))
        with shown.phase("start"):
            alive("start")
            machine = executor(Step(task, stepping), feed, parallel, devices=devices)
            evaluate = Evaluator(task, validation, mesh=machine.mesh, axes=parallel.batch_axes)
            checkpoints = (
                enter(Checkpoints(workdir.checkpoints, saving=saving, maximise=maximise))
                if workdir
                else None
            )
        boundaries = Boundaries(
            steps=steps,
            evaluate_every=evaluate_every,
            log_every=watching.log_every,
            save_every=saving.every_steps or evaluate_every,
        )
        run = Run(
            boundaries=boundaries,
            identity=identity,
            notes=dict(notes or {}),
            seed=seed,
            initial=initial,
            steps_per_call=dispatch_length(
                machine, steps_per_call, steps=steps, every=boundaries.intervals
            ),
            judge=Judge(
                boundaries=boundaries, monitor=monitor, maximise=maximise, patience=patience
            ),
            every_minutes=saving.every_minutes,
            workdir=workdir,
            on_evaluation=on_evaluation,
            machine=machine,
            evaluate=evaluate,
            checkpoints=checkpoints,
            shown=shown,
            profile=enter(profile(watching.profiled, workdir)),
            alive=alive,
            stop_requested=stop_requested,
        )
        fitted = run()
        if workdir and jax.process_index() == 0 and fitted.resumed_at < fitted.progress.step:
            print(shown.summary, file=sys.stderr)
    if workdir:
        save_model(workdir, fitted.variables, step=fitted.progress.best_step)
    return fitted


def _feed(task: Task, train: Batch | Feed, batch_size: int, seed: int) -> Feed:
    if isinstance(train, dict):
        _count(task, train, "training")
        return Resident(examples=train, batch_size=batch_size, seed=seed)
    for name, ours, its in (
        ("batch_size", batch_size, train.batch_size),
        ("seed", seed, train.seed),
    ):
        require(ours == its, f"{name} is {ours}, the feed's is {its}: give both the same")
    task.check(train.head(1024))
    return train


def _count(task: Task, examples: Batch, what: str) -> int:
    """The number of examples, N; raises `ArgumentError` for what can't be used."""
    lengths = {name: len(array) for name, array in examples.items()}
    require(
        len(set(lengths.values())) == 1 and min(lengths.values()) > 0,
        f"the {what} examples have the lengths {lengths or '(nothing)'}, expected one and the same",
    )
    task.check(examples)
    return next(iter(lengths.values()))
