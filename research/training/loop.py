"""Training from the first step to the last, however often it is interrupted."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.sharding import Mesh

from research.arguments import require
from research.data.loading import Batches
from research.models.network import Variables
from research.tasks.task import Batch, Metrics, Task
from research.training.checkpoints import CheckpointError, Checkpoints
from research.training.executors import Carry, Executor, evaluator
from research.training.preemption import Preempted, stop_requests
from research.training.progress import Report, progress
from research.workdir import Workdir, WorkdirError, explained


class Diverged(Exception):
    """The loss is no longer finite; the message names the step and what to try."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a run stands: the host's side of a checkpoint, plain JSON.

    Attributes:
        step: updates made.
        best_step: the evaluation with the best monitored metric.
        best_value: that metric; None before the first evaluation.
        finished: why the run ended, or None.
    """

    step: int = 0
    best_step: int = 0
    best_value: float | None = None
    finished: str | None = None


class Fitted(NamedTuple):
    """A trained model.

    Attributes:
        variables: the networks' variables at the best evaluation.
        progress: how the run went.
        history: one record per evaluation: `step`, `train` and `validation` metrics.
        resumed_at: the step this call started from.
    """

    variables: Variables
    progress: Progress
    history: list[dict[str, Any]]
    resumed_at: int


class _Saved(NamedTuple):
    """The arrays of a checkpoint. The sums let an interval be resumed in its middle."""

    carry: Carry
    best: Variables


def fit(
    task: Task,
    train: Batch,
    validation: Batch,
    *,
    steps: int,
    batch_size: int,
    evaluate_every: int,
    seed: int = 0,
    patience: int | None = None,
    monitor: str = "loss",
    maximise: bool = False,
    steps_per_call: int = 1,
    checkpoint_every: int | None = None,
    workdir: Workdir | None = None,
    mesh: Mesh | None = None,
) -> Fitted:
    """Trains a task, keeping the variables of the best evaluation.

    With a workdir the run is resumable: killed at any moment, the same call goes on from
    the newest checkpoint and ends with bit-identical variables and metrics.

    Args:
        task: what to train.
        train: examples by name, leading axis N.
        validation: examples of the same names.
        steps: updates at most.
        batch_size: examples an update.
        evaluate_every: steps between evaluations.
        seed: of the initial variables, the order of the examples, and all noise.
        patience: evaluations without improvement after which to stop; None never stops.
        monitor: the validation metric that tells which evaluation is best.
        maximise: whether more of it is better.
        steps_per_call: updates a dispatch (`lax.scan`); leave 1 for convolutions on a CPU.
        checkpoint_every: steps between checkpoints, rounded up to an evaluation; None
            saves at every evaluation.
        workdir: where to keep checkpoints and metrics; None keeps nothing.
        mesh: devices to use, all by default.

    Raises:
        ArgumentError: when the examples or a number can't be used.
        WorkdirError: when the workdir holds a run of other arguments.
        Diverged: when the loss is not finite.
        Preempted: on SIGTERM or SIGINT, after saving.
    """
    for name, number in (
        ("steps", steps),
        ("batch_size", batch_size),
        ("evaluate_every", evaluate_every),
        ("steps_per_call", steps_per_call),
    ):
        require(number >= 1, f"{name} is {number}, expected 1 or more")
    require(0 <= seed < 2**32, f"seed is {seed}, expected 0 to 2**32 - 1")
    sizes = [_size(task, train, "training"), _size(task, validation, "validation")]
    identity = {
        "steps": steps,
        "batch_size": batch_size,
        "evaluate_every": evaluate_every,
        "seed": seed,
        "patience": patience,
        "monitor": monitor,
        "maximise": maximise,
        "examples": sizes,
    }
    batches = Batches(sizes[0], batch_size, seed=seed)
    executor = Executor(task, train, batch_size=batch_size, mesh=mesh)
    evaluate = evaluator(task, validation)
    state = task.init(seed)
    saved = _Saved(executor.start(state), jax.tree.map(jnp.copy, state.variables))
    now = Progress()

    with _checkpoints(workdir) as checkpoints, stop_requests() as stop_requested:
        restored = checkpoints.restore(saved) if checkpoints else None
        if checkpoints and restored:
            checkpoints.drop_after(restored.step)
            _require_same_run(restored.notes["run"], identity, workdir)
            now = Progress(**restored.notes["progress"])
            saved = _Saved(executor.place(restored.tree.carry), restored.tree.best)
        history = _History(workdir, through=now.step)
        carry, best = saved
        resumed_at = last_save = now.step

        def save() -> None:
            if checkpoints:
                notes = {"run": identity, "progress": dataclasses.asdict(now)}
                checkpoints.save(now.step, _Saved(carry, best), notes)

        with _progress(now, steps) as report:
            while now.finished is None:
                boundary = min((now.step // evaluate_every + 1) * evaluate_every, steps)
                count = min(steps_per_call, boundary - now.step)
                carry = executor(carry, batches.steps(now.step, count))
                now = dataclasses.replace(now, step=now.step + count)

                if now.step == boundary:
                    interval = boundary - (boundary - 1) // evaluate_every * evaluate_every
                    record = _record(
                        now.step, carry.sums, interval, evaluate(carry.state.variables)
                    )
                    history.append(record)
                    value = _monitored(record, monitor)
                    report(now.step, f"{monitor} {value:.4f}")
                    if _better(value, now.best_value, maximise):
                        now = dataclasses.replace(now, best_step=now.step, best_value=value)
                        best = jax.tree.map(jnp.copy, carry.state.variables)
                    carry = carry._replace(sums=jax.tree.map(jnp.zeros_like, carry.sums))
                    now = dataclasses.replace(
                        now, finished=_finished(now, steps, patience, evaluate_every)
                    )
                    if now.finished or now.step - last_save >= (checkpoint_every or 1):
                        save()
                        last_save = now.step

                if stop_requested() and now.finished is None:
                    save()
                    raise Preempted(now.step)
    # Off the mesh, so that they go with whatever arrays the caller has.
    best = jax.device_put(jax.device_get(best))
    if workdir:
        save_model(workdir, best, step=now.best_step)
    return Fitted(best, now, history.records, resumed_at)


def save_model(workdir: Workdir, variables: Variables, *, step: int) -> None:
    """Keeps the trained variables by themselves, for inference, if they are not kept yet."""
    with Checkpoints(workdir.model, keep=1) as model:
        try:
            kept = model.restore(variables)
        except CheckpointError:
            kept = None
        if kept is None or kept.step != step:
            model.drop_after(-1)
            model.save(step, variables, {})


def load_model(workdir: Workdir, task: Task) -> tuple[Variables, int]:
    """The trained variables of a finished run, and their step.

    Raises:
        WorkdirError: when training has not finished here.
        CheckpointError: when they can't be read, or belong to a task of another shape.
    """
    workdir.require(workdir.model.name, made_by="--mode=train")
    like = jax.eval_shape(lambda: task.init(0)).variables
    with Checkpoints(workdir.model, keep=1) as model:
        restored = model.restore(like)
    if restored is None:
        raise WorkdirError(f"{workdir.model} holds no model: run --mode=train to the end first")
    return restored.tree, restored.step


def _finished(now: Progress, steps: int, patience: int | None, evaluate_every: int) -> str | None:
    if now.step >= steps:
        return "all steps made"
    if patience is not None and now.step - now.best_step >= patience * evaluate_every:
        return f"no improvement over {patience} evaluations"
    return None


def _record(step: int, sums: Metrics, steps: int, validation: dict[str, float]) -> dict[str, Any]:
    train = {name: float(value) / steps for name, value in jax.device_get(sums).items()}
    for part, metrics in (("training", train), ("validation", validation)):
        for name, value in metrics.items():
            if not math.isfinite(value):
                raise Diverged(
                    f"{part} {name} is {value} at step {step}: lower the learning rate, clip "
                    "gradients harder, or look for extreme values in the inputs"
                )
    return {"step": step, "train": train, "validation": validation}


def _monitored(record: dict[str, Any], monitor: str) -> float:
    metrics = record["validation"]
    require(monitor in metrics, f"monitor is {monitor}, the task has {', '.join(sorted(metrics))}")
    value: float = metrics[monitor]
    return value


def _better(value: float, best: float | None, maximise: bool) -> bool:
    return best is None or (value > best if maximise else value < best)


def _size(task: Task, examples: Batch, what: str) -> int:
    """The number of examples, N; raises `ArgumentError` for what can't be used."""
    lengths = {name: len(array) for name, array in examples.items()}
    require(
        len(set(lengths.values())) == 1 and min(lengths.values()) > 0,
        f"the {what} examples have the lengths {lengths or '(nothing)'}, expected one and the same",
    )
    task.check(examples)
    return next(iter(lengths.values()))


def _require_same_run(
    earlier: dict[str, Any], now: dict[str, Any], workdir: Workdir | None
) -> None:
    differences = [
        f"{name} is {now[name]}, was {earlier.get(name)}"
        for name in now
        if now[name] != earlier.get(name)
    ]
    if differences and workdir:
        raise WorkdirError(
            f"{workdir.path} holds a run of other arguments ({'; '.join(differences)}): use "
            "another workdir"
        )


@contextlib.contextmanager
def _checkpoints(workdir: Workdir | None) -> Iterator[Checkpoints | None]:
    if workdir is None:
        yield None
    else:
        with Checkpoints(workdir.checkpoints) as checkpoints:
            yield checkpoints


@contextlib.contextmanager
def _progress(now: Progress, steps: int) -> Iterator[Report]:
    if now.finished:
        yield lambda done, note: None
    else:
        with progress("training", steps, start=now.step) as report:
            yield report


class _History:
    """The evaluations so far, mirrored in `metrics.jsonl`."""

    def __init__(self, workdir: Workdir | None, *, through: int) -> None:
        self._path: Path | None = workdir.metrics if workdir else None
        self.records: list[dict[str, Any]] = []
        if workdir and self._path and self._path.exists():
            # Lines after the checkpoint, or cut off in the middle, will be written again.
            self.records = [r for r in read_metrics(self._path) if r["step"] <= through]
            workdir.write_text(
                self._path.name, "".join(json.dumps(record) + "\n" for record in self.records)
            )

    def append(self, record: dict[str, Any]) -> None:
        self.records.append(record)
        if self._path:
            with explained(self._path), self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")


def read_metrics(path: Path) -> list[dict[str, Any]]:
    """The complete records of a `metrics.jsonl`."""
    records = []
    for line in path.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(ValueError):
            records.append(json.loads(line))
    return records
