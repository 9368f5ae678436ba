"""From named columns to calibrated predictions, and on to decisions: one XLA program."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import jax
import numpy as np

from research.arguments import require
from research.inference.calibration import Calibration
from research.inference.decider import Columns, Decider
from research.models.network import Variables
from research.tasks.estimator import Estimator
from research.tasks.task import Task

_LARGEST_BATCH = 8192
_LARGEST_INPUT = 1 << 20
_UNCALIBRATED = Calibration()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Predictor:
    """A trained model with everything that belongs to it.

    Attributes:
        task: gives the pure `predict`.
        variables: trained.
        prepare: named columns to the model's inputs, a pure JAX function.
        calibration: logits to probabilities; None where the model is no classifier.
        step: the checkpoint's step, for the record.
    """

    task: Task | Estimator
    variables: Variables
    prepare: Callable[[Columns], Any]
    calibration: Calibration | None = _UNCALIBRATED
    step: int = 0

    @property
    def parameters(self) -> int:
        """How many numbers were trained."""
        return sum(leaf.size for leaf in jax.tree.leaves(self.variables.params))

    def predict(self, variables: Variables, columns: Columns) -> dict[str, jax.Array]:
        """The pure function: the model's outputs, and a classifier's `probabilities` `[B, K]`."""
        outputs = self.task.predict(variables, self.prepare(columns))
        if self.calibration is None:
            return dict(outputs)
        return {**outputs, "probabilities": self.calibration(outputs["logits"])}

    def __call__(self, columns: Columns) -> dict[str, np.ndarray]:
        """Predicts any number of cases (host arrays, leading axis N)."""
        result: dict[str, np.ndarray] = in_batches(
            functools.partial(self._compiled, self.variables), columns
        )
        return result

    @functools.cached_property
    def _compiled(self) -> Callable[..., Any]:
        return jax.jit(self.predict)


class Decided(NamedTuple):
    """Host arrays for N cases.

    Attributes:
        predictions: the network's outputs, by name.
        seen: the columns as the decider saw them.
        decisions: the decider's.
    """

    predictions: dict[str, Any]
    seen: dict[str, Any]
    decisions: Any


D = TypeVar("D", bound=Decider)
Present = Callable[[Mapping[str, jax.Array], Columns], dict[str, jax.Array]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DecisionProgram(Generic[D]):
    """A predictor and a decider, compiled together.

    Attributes:
        predictor: makes the predictions.
        decider: decides by them.
        present: `(predictions, columns) -> named arrays for the decider`, pure JAX.
    """

    predictor: Predictor
    decider: D
    present: Present

    def run(self, variables: Variables, columns: Columns) -> Decided:
        """The pure function that is compiled."""
        predictions = self.predictor.predict(variables, columns)
        seen = self.present(predictions, columns)
        return Decided(predictions, seen, self.decider(seen))

    def check(self, columns: Columns) -> None:
        """Traces the program without running it, so that what doesn't fit is known early.

        Args:
            columns: of any number of cases, only shapes and dtypes matter.

        Raises:
            TypeError, ValueError: whatever the decider says of what it is given.
        """
        jax.eval_shape(self.run, self.predictor.variables, dict(columns))

    def __call__(self, columns: Columns) -> Decided:
        """Decides any number of cases (host arrays, leading axis N)."""
        compiled = functools.partial(self._compiled, self.predictor.variables)
        decided: Decided = in_batches(compiled, columns)
        return decided

    @functools.cached_property
    def _compiled(self) -> Callable[..., Any]:
        return jax.jit(self.run)


def in_batches(function: Callable[[dict[str, Any]], Any], columns: Columns) -> Any:
    """Applies a compiled function to N cases in few batch shapes.

    Batches have 8,192 rows, or, for fewer cases, the next power of two, so that any
    number of cases costs at most fourteen compilations in the life of a process. Where a case
    is large, as a picture is, they have fewer: about a million numbers go in at a time, for
    what a network makes of them takes many times the memory.

    Args:
        function: of columns with leading axis B; returns a pytree of arrays `[B, ...]`.
        columns: host arrays `[N, ...]`; N may be 0.

    Returns:
        The function's pytree with host arrays `[N, ...]`.

    Raises:
        ArgumentError: when there is no column, or their lengths differ.
    """
    lengths = {name: len(array) for name, array in columns.items()}
    require(bool(lengths), "found no columns, expected at least one")
    require(len(set(lengths.values())) == 1, f"columns differ in their number of cases: {lengths}")
    count = next(iter(lengths.values()))
    numbers = sum(math.prod(np.shape(array)[1:]) for array in columns.values())
    largest = 1 << max(_LARGEST_INPUT // max(numbers, 1), 1).bit_length() - 1
    size = min(1 << max(count - 1, 0).bit_length(), largest, _LARGEST_BATCH)
    parts = []
    for first in range(0, max(count, 1), size):
        batch = {
            name: _padded(array[first : first + size], size) for name, array in columns.items()
        }
        kept = min(size, count - first)
        result = jax.device_get(function(batch))
        parts.append(jax.tree.map(lambda leaf, kept=kept: np.asarray(leaf)[:kept], result))
    if len(parts) == 1:
        return parts[0]
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *parts)


def _padded(array: np.ndarray, size: int) -> np.ndarray:
    """Rows repeated (or zeros, where there is none) up to `size`."""
    if len(array) == size:
        return array
    if len(array) == 0:
        return np.zeros((size, *array.shape[1:]), array.dtype)
    return np.concatenate([array, np.repeat(array[-1:], size - len(array), axis=0)])
