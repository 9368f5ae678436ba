"""What is fitted in one go, not by steps: trees, closed forms, kernels."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from research.models.network import Variables
from research.tasks.task import Batch, Metrics


@runtime_checkable
class Estimator(Protocol):
    """A model that fits itself on the host, and predicts like any network inside jit."""

    def check(self, examples: Batch) -> None:
        """Raises `ArgumentError` for examples it can't be fitted on; host arrays `[N, ...]`."""
        ...

    def fit(self, examples: Batch, validation: Batch, seed: int) -> Variables:
        """Arrays by name, in dicts; their shapes may depend on the examples.

        The same examples and seed give the same variables.
        """
        ...

    def evaluate(self, variables: Variables, batch: Batch) -> Metrics:
        """See `Task.evaluate`."""
        ...

    def predict(self, variables: Variables, inputs: Any) -> Metrics:
        """See `Task.predict`: `logits` `[B, K]` of a classifier, `mean` `[B]` of a regression."""
        ...
