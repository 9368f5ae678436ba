"""What went wrong in a step whose loss or gradient can't be used, and the means to repeat it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from research.tasks.task import Batch
from research.training.paths import by_path
from research.training.state import TrainState
from research.training.step import Step, first_not_finite
from research.workdir import Workdir


class Diverged(Exception):
    """A step can't be used; the message names the step, what went bad first, what to try."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Finding:
    """What a bad step looked like.

    Attributes:
        step: number of steps made before it.
        metric: the first metric that is not finite, or `loss` where that exploded.
        value: of that metric.
        path: the first parameter whose gradient is not finite, `layers/0/kernel`; None
            when all are finite.
        inputs: arrays of the batch that hold a NaN or an infinity themselves.
    """

    step: int
    metric: str
    value: float
    path: str | None
    inputs: tuple[str, ...]

    def __str__(self) -> str:
        lines = [f"{self.metric} is {self.value:g} at step {self.step}"]
        if self.path:
            lines.append(f"the first gradient that is not finite is that of {self.path}")
        if self.inputs:
            names = ", ".join(self.inputs)
            lines.append(f"the batch itself holds values that are not finite in {names}")
            lines.append("clean the inputs")
        else:
            lines.append(
                "lower the learning rate, clip gradients harder, or look for extreme values in the "
                "inputs"
            )
        return "; ".join(lines)


def diagnose(step: Step, state: TrainState, batch: Batch) -> Finding:
    """Repeats a bad step, update by update, and looks for what is not finite first.

    Args:
        step: that was made.
        state: before it.
        batch: of it, whole.
    """
    at = int(state.step)
    inputs = tuple(name for name, array in batch.items() if first_not_finite({name: array}))
    positions = jnp.arange(len(next(iter(batch.values()))), dtype=jnp.int32)
    move = jax.jit(step.move, static_argnums=(3, 4))
    losses: list[float] = []
    for index, count in step.moves():
        part = step.task.updates[index].part
        moved = move(state, batch, positions, index, count)
        found = {name: float(value) for name, value in moved.metrics.items()}
        bad = [name for name, value in found.items() if not np.isfinite(value)]
        bad.sort(key=lambda name: name.endswith("gradient_norm"))  # which follows from the rest
        path = first_not_finite(moved.gradient if part is None else {part: moved.gradient})
        if bad or path or not np.isfinite(float(moved.loss)):
            name = "loss" if "loss" in bad or not bad else bad[0]
            value = found.get(name, float(moved.loss))
            return Finding(step=at, metric=name, value=value, path=path, inputs=inputs)
        losses.append(float(moved.loss))
        state = moved.onto(state, index)
    return Finding(step=at, metric="loss", value=losses[0], path=None, inputs=inputs)


def keep_repro(workdir: Workdir, finding: Finding, state: TrainState, batch: Batch) -> Path:
    """Saves a bad step below `diverged/`, for `repeat`.

    Returns:
        The folder: `batch.npz`, `state.npz` (leaves by path) and `finding.json`.
    """
    folder = f"diverged/{finding.step}"
    for name, arrays in (("batch", batch), ("state", by_path(state))):
        with workdir.write(f"{folder}/{name}.npz") as path, path.open("wb") as file:
            named: Any = {key: np.asarray(leaf) for key, leaf in arrays.items()}
            np.savez(file, **named)
    workdir.write_json(f"{folder}/finding.json", dataclasses.asdict(finding))
    return workdir.path / folder


def repeat(step: Step, folder: Path | str) -> Finding:
    """Makes a kept bad step once more, with the same step or a changed one.

    Args:
        step: of the same task, or one with another loss or options.
        folder: of `keep_repro`.
    """
    folder = Path(folder)
    with np.load(folder / "state.npz") as kept, np.load(folder / "batch.npz") as batch:
        like = jax.eval_shape(step.init, 0)
        # NumPy's files know bfloat16 as two bytes of anything.
        leaves = [jnp.asarray(kept[name].view(leaf.dtype)) for name, leaf in by_path(like).items()]
        state = jax.tree.unflatten(jax.tree.structure(like), leaves)
        return diagnose(step, state, {name: jnp.asarray(batch[name]) for name in batch.files})
